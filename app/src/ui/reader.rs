//! Who reads, and what they can do about it: a menu in the bar at the top. Where nobody is asked to sign in, a notice of that.

use leptos::prelude::*;

use super::icon;
use crate::state::use_state;

#[component]
pub fn ReaderMenu() -> AnyView {
    let state = use_state();
    let who = state.who.get_value();
    if who.open {
        return view! {
            <span class="tag open" tabindex="0" data-role="open"
                title="Nobody is asked to sign in: whoever reaches this address sees and changes everything">
                "No sign-in"
            </span>
        }
        .into_any();
    }
    let to = move |path: &'static str, label: &'static str| {
        view! { <a href=move || state.view.get().across().href(path)>{label}</a> }.into_any()
    };
    let administration = who.administrates().then(|| vec![to("/users", "Users"), to("/audit", "Audit log")]);
    let shares = who.edits().then(|| vec![to("/shares", "Share links"), to("/reports", "Reports")]);
    let role = match who.accounts.as_str() {
        "*" => who.role.name().to_owned(),
        accounts => format!("{} · accounts {accounts}", who.role.name()),
    };
    let label = format!("Signed in as {}", who.name);
    view! {
        <details class="popover" data-role="reader">
            <summary class="control square" aria-label=label.clone() title=label>{icon::person()}</summary>
            <div class="popover-body menu reader-menu">
                <p class="reader-name">{who.name}</p>
                <p class="reader-role">{role}</p>
                {to("/account", "Your account")}
                {shares}
                {administration}
                <form method="post" action="/logout" rel="external"><button type="submit">"Sign out"</button></form>
            </div>
        </details>
    }
    .into_any()
}
