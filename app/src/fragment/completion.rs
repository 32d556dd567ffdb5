//! What a filter can be completed with: fields, operators, what joins them, and values that events have.

use leptos::prelude::*;
use model::{
    chart::{format, visible},
    error::Error,
    filter::complete::{self, Place, Suggestion, Wanted},
    view::View,
};

use crate::api::{Backend, ValueCount};

/// Options of a list box; each holds the whole filter with it taken, and where the cursor stands then. Empty where
/// nothing can be suggested. `cursor`, there and here, counts UTF-16 units, as browsers do.
pub async fn html(
    backend: &dyn Backend,
    dashboard: &str,
    text: &str,
    cursor: usize,
    view: View,
) -> Result<String, Error> {
    let Some(place) = complete::place(text, characters(text, cursor)) else { return Ok(String::new()) };
    let items = match &place.wanted {
        Wanted::Value(target) => {
            let view = View { filter: place.rest.clone(), ..view };
            backend.values(dashboard, target, &place.typed, &view).await?.into_iter().map(value).collect()
        }
        _ => complete::suggestions(&place),
    };
    Ok(items.into_iter().enumerate().map(|(at, item)| option(at, &item, text, &place)).collect_view().to_html())
}

fn value(ValueCount { text, events }: ValueCount) -> Suggestion {
    complete::of_value(&text, format::events(events))
}

fn option(at: usize, item: &Suggestion, text: &str, place: &Place) -> AnyView {
    let (text, cursor) = complete::accepted(text, place, item);
    let cursor: usize = text.chars().take(cursor).map(char::len_utf16).sum();
    view! {
        <li id=format!("q-option-{at}") role="option" aria-selected="false" data-text=text data-cursor=cursor.to_string()>
            <span class="completion-label">{visible(&item.label).into_owned()}</span>
            <span class="completion-help">{item.help.clone()}</span>
        </li>
    }
    .into_any()
}

/// The characters in the first so many UTF-16 units.
fn characters(text: &str, units: usize) -> usize {
    let ends = text.chars().scan(0, |end, c| {
        *end += c.len_utf16();
        Some(*end)
    });
    ends.take_while(|end| *end <= units).count()
}

#[cfg(test)]
mod tests {
    use super::characters;

    #[test]
    fn the_cursor_is_counted_in_characters() {
        assert_eq!(characters("a😀b", 0), 0);
        assert_eq!(characters("a😀b", 1), 1);
        assert_eq!(characters("a😀b", 3), 2);
        assert_eq!(characters("a😀b", 9), 3);
    }
}
