//! The editor's icons, on a grid of 16.

use leptos::prelude::*;

/// What a button does, as a picture.
pub fn icon(of: &str) -> AnyView {
    let path = match of {
        "earlier" => "M10 3L5 8l5 5",
        "later" => "M6 3l5 5-5 5",
        "narrower" => "M1.5 8h4M4 5.5L6.500 8L4 10.500M14.500 8h-4M12 5.500L9.500 8l2.500 2.500",
        "wider" => "M2 8h12M11 5l3 3-3 3M5 5L2 8l3 3",
        "lower" => "M8 1.500v4M5.500 4L8 6.500L10.500 4M8 14.500v-4M5.500 12L8 9.500l2.500 2.500",
        "higher" => "M8 2v12M5 5l3-3 3 3M5 11l3 3 3-3",
        "edit" => "M3 13l.7-3L10.500 3.200l2.300 2.300L6 12.300zM9 4.700L11.300 7",
        "duplicate" => "M6 6h7.500v7.500H6zM3 10.500V2.500h7.500",
        _ => "M4 4l8 8M12 4l-8 8",
    };
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"></path>
        </svg>
    }
    .into_any()
}
