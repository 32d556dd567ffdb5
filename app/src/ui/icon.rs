//! The few icons, drawn on a grid of 16, in the colour of the text around them.

use leptos::prelude::*;

fn icon(path: &'static str) -> AnyView {
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
    .into_any()
}

pub fn refresh() -> AnyView {
    icon("M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3")
}

pub fn contrast() -> AnyView {
    icon("M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11M10 5v6M12 6.5v3")
}

pub fn clock() -> AnyView {
    icon("M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8 5v3l2 1.5")
}

pub fn search() -> AnyView {
    icon("M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.5 10.5l3 3")
}

pub fn dots() -> AnyView {
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <circle cx="3" cy="8" r="1.25" fill="currentColor"></circle>
            <circle cx="8" cy="8" r="1.25" fill="currentColor"></circle>
            <circle cx="13" cy="8" r="1.25" fill="currentColor"></circle>
        </svg>
    }
    .into_any()
}

pub fn table() -> AnyView {
    icon("M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6 6.5v6")
}

pub fn person() -> AnyView {
    icon("M8 2.5a2.75 2.75 0 1 0 0 5.5a2.75 2.75 0 0 0 0-5.5M2.75 13.5a5.25 4 0 0 1 10.5 0")
}

pub fn cross() -> AnyView {
    icon("M4.5 4.5l7 7M11.5 4.5l-7 7")
}

pub fn negate() -> AnyView {
    icon("M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6")
}

pub fn chevron() -> AnyView {
    icon("M6 4l4 4l-4 4")
}

pub fn left() -> AnyView {
    icon("M10 4l-4 4l4 4")
}

pub fn plus() -> AnyView {
    icon("M8 3.5v9M3.5 8h9")
}

pub fn minus() -> AnyView {
    icon("M3.5 8h9")
}

pub fn home() -> AnyView {
    icon("M3 6V3h3M13 6V3h-3M3 10v3h3M13 10v3h-3")
}

pub fn menu() -> AnyView {
    icon("M2.5 4h11M2.5 8h11M2.5 12h11")
}

pub fn expand() -> AnyView {
    icon("M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.5 4.5M2.5 13.5l4.5-4.5")
}

pub fn keyboard() -> AnyView {
    icon("M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M12 7h.01M5 9.2h6")
}

pub fn pin() -> AnyView {
    icon("M6 2.5h4l-.5 4 2 2.5h-7l2-2.5zM8 9v4.5")
}

pub fn flag() -> AnyView {
    icon("M4 13.5v-11h8l-2 3 2 3H4")
}

/// A trail between two places.
pub fn logo() -> AnyView {
    view! {
        <svg class="logo" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <rect width="24" height="24" rx="6" class="logo-ground"></rect>
            <path
                d="M6.5 17.5C6.5 12 17.5 13.5 17.5 7"
                fill="none"
                class="logo-trail"
                stroke-width="2"
                stroke-linecap="round"
                stroke-dasharray="0.1 3.6"
            ></path>
            <circle cx="6.5" cy="17.5" r="2.4" class="logo-mark"></circle>
            <circle cx="17.5" cy="6.8" r="2.9" class="logo-mark"></circle>
        </svg>
    }
    .into_any()
}
