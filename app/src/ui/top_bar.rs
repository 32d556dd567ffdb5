//! The bar at the top of every page.

use leptos::prelude::*;
use model::time::Range;

use super::{
    filter_bar::{FilterBar, Mistakes},
    icon,
    pills::Pills,
    refresh::Refresh,
    theme::ThemeToggle,
    time_picker::TimePicker,
    zone::ZoneToggle,
};
use crate::state::use_state;

/// `controls`: filter, range and refresh, on pages that show panels. `range`: what holds while the address names none.
#[component]
pub fn TopBar(
    children: Children,
    #[prop(optional)] controls: bool,
    #[prop(default = Range::DEFAULT)] range: Range,
) -> AnyView {
    let state = use_state();
    view! {
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <header class="top">
            <div class="top-row">
                <div class="brand">
                    <a class="brand-link" href=move || state.view.get().href("/") title="Trailmap">
                        {icon::logo()}
                        <span class="brand-name">"Trailmap"</span>
                    </a>
                    {children()}
                </div>
                {controls.then(|| view! { <FilterBar/> })}
                <div class="top-tools">
                    {controls.then(|| view! { <TimePicker default=range/> <Refresh/> })}
                    <ZoneToggle/>
                    <ThemeToggle/>
                </div>
            </div>
            {controls.then(|| view! { <Mistakes/> <Pills/> })}
        </header>
    }
    .into_any()
}
