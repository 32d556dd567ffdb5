//! The bars at the top of every page: the way to other pages, and below it what this page shows.

use leptos::prelude::*;
use model::time::Range;

use super::{
    filter_bar::{FilterBar, Mistakes},
    help::Help,
    icon,
    kiosk::{KioskBar, KioskLink},
    nav::Nav,
    pills::Pills,
    reader::ReaderMenu,
    refresh::RefreshControl,
    theme::ThemeToggle,
    time_picker::TimePicker,
    zone::ZoneToggle,
};
use crate::state::use_state;

/// `children`: what the page is called, or the way up. `controls`: filter, range and refresh, on pages that show panels.
/// `range`: what holds while the address names none.
#[component]
pub fn TopBar(
    children: Children,
    #[prop(optional)] controls: bool,
    #[prop(default = Range::DEFAULT)] range: Range,
) -> AnyView {
    let state = use_state();
    view! {
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <header class="top" class:kiosk=move || state.view.get().kiosk>
            <div class="top-row pages">
                <a class="brand-link" href=move || state.view.get().across().href("/") title="Trailmap">
                    {icon::logo()}
                    <span class="brand-name">"Trailmap"</span>
                </a>
                <Nav/>
                <div class="top-tools">
                    <ZoneToggle/>
                    <ThemeToggle/>
                    <Help/>
                    <ReaderMenu/>
                </div>
            </div>
            <div class="top-row page" class:has-controls=controls>
                <div class="crumbs">{children()}</div>
                {controls.then(|| view! { <FilterBar/> })}
                {controls.then(|| view! {
                    <div class="top-tools">
                        <TimePicker default=range/>
                        <RefreshControl/>
                        <KioskLink/>
                    </div>
                })}
                <KioskBar range/>
            </div>
            {controls.then(|| view! { <Mistakes/> <Pills/> })}
        </header>
    }
    .into_any()
}
