//! The way between dashboards, Discover and the list of dashboards. On a narrow screen it is a menu: a popover that the
//! browser itself opens, so that it works without scripts.

use leptos::prelude::*;

use super::icon;
use crate::state::{FIRST, State, use_state};

/// Where the reader can go: address, name, and the letter that goes there after `g`.
pub fn places(state: State) -> Vec<(String, String, Option<&'static str>)> {
    let of = |(id, title): &(String, String)| (format!("/d/{id}"), title.clone(), letter(id));
    let mut places: Vec<_> = state.built_in.with_value(|built_in| built_in.iter().map(of).collect());
    places.push((model::discover::PATH.to_owned(), "Discover".to_owned(), Some("d")));
    places.push(("/dashboards".to_owned(), "Dashboards".to_owned(), Some("b")));
    places.push(("/ingest".to_owned(), "Ingest".to_owned(), Some("t")));
    places
}

/// The built-in dashboards have letters that stay, whatever else there is.
fn letter(dashboard: &str) -> Option<&'static str> {
    let letter = match dashboard {
        "overview" => "o",
        "sign-ins" => "s",
        "identity-and-access" => "i",
        "network" => "n",
        "errors" => "e",
        "changes" => "c",
        "data-and-audit" => "a",
        _ => return None,
    };
    Some(letter)
}

#[component]
pub fn Nav() -> AnyView {
    let places = places(use_state()).into_iter();
    let entries = places.map(|(path, name, letter)| entry(path, name, letter).into_any()).collect_view();
    view! {
        <button type="button" class="control square quiet nav-button" popovertarget="nav" aria-label="Pages">
            {icon::menu()}
        </button>
        <nav id="nav" class="nav" popover="auto" aria-label="Pages"><ul>{entries}</ul></nav>
    }
    .into_any()
}

fn entry(path: String, name: String, letter: Option<&'static str>) -> impl IntoView {
    let state = use_state();
    let title = letter.map(|letter| format!("{name} (g {letter})"));
    let path = StoredValue::new(path);
    let current = move || path.with_value(|path| state.path.with(|here| current(path, here)));
    let href = move || path.with_value(|path| state.view.get().across().href(path));
    view! { <li><a href=href title=title data-go=letter aria-current=current>{name}</a></li> }
}

/// `page` on the very page, `true` below it: on a panel of the dashboard.
fn current(path: &str, here: &str) -> Option<&'static str> {
    let is_first = here == "/" && path.strip_prefix("/d/") == Some(FIRST);
    match here.strip_prefix(path) {
        Some("") => Some("page"),
        Some(below) if below.starts_with('/') => Some("true"),
        _ => is_first.then_some("page"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_page_is_marked_also_from_below() {
        assert_eq!(current("/d/overview", "/"), Some("page"));
        assert_eq!(current("/d/overview", "/d/overview"), Some("page"));
        assert_eq!(current("/d/overview", "/d/overview/errors"), Some("true"));
        assert_eq!(current("/d/errors", "/d/errors-by-name"), None);
        assert_eq!(current("/d/errors", "/d/overview/errors"), None);
        assert_eq!(current("/discover", "/dashboards"), None);
    }
}
