//! Trailmap's pages: rendered on the server, hydrated in the browser.
//!
//! The server renders `shell` and answers the server functions of `api`. In context it provides:
//! - `Arc<dyn api::Backend>`, for pages and server functions;
//! - for pages: `api::Named`, `api::Opened`, `api::Who`, `Assets`, `Preferences`, `status::PageStatus`;
//! - for server functions: `status::CallStatus`.

pub mod api;
pub mod assets;
#[cfg(feature = "ssr")]
pub mod door;
#[cfg(feature = "ssr")]
mod fragment;
pub mod guard;
#[cfg(feature = "ssr")]
mod inspection;
pub mod page;
pub mod preferences;
#[cfg(feature = "ssr")]
pub mod served;
#[cfg(feature = "ssr")]
pub mod shared;
pub mod state;
pub mod status;
pub mod ui;
pub mod wire;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

pub use assets::Assets;
pub use preferences::Preferences;

// Both halves must write and read the same marks in the HTML.
const _: () = assert!(
    cfg!(erase_components),
    "build from inside of the project: .cargo/config.toml sets `--cfg erase_components`"
);

/// The document around every page.
pub fn shell() -> impl IntoView {
    let Assets { js, wasm, start, css } = use_context().unwrap_or_default();
    let theme = use_context::<Preferences>().unwrap_or_default().theme();
    let scripts = (!start.is_empty()).then(|| {
        view! {
            <link rel="modulepreload" href=js/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
            <script type="module" src=start nonce=use_nonce()></script>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {(!css.is_empty()).then(|| view! { <link rel="stylesheet" href=css/> })}
                {scripts}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The routes. Pages are readable without scripts, so no route streams out of order.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <state::Provider>
                <FlatRoutes fallback=page::not_found::NotFound>
                    <Route path=path!("/") view=page::dashboard::Dashboard ssr=SsrMode::InOrder/>
                    <Route path=path!("/d/:dashboard") view=page::dashboard::Dashboard ssr=SsrMode::InOrder/>
                    <Route path=path!("/dashboards") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/ingest") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/account") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/share") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/shares") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/reports") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/users") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/audit") view=page::dashboard::Dashboard ssr=SsrMode::InOrder/>
                    <Route path=path!("/d/:dashboard/edit") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/d/:dashboard/history") view=page::served::ServedPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/d/:dashboard/:panel") view=page::panel::PanelAlone ssr=SsrMode::Async/>
                    <Route path=path!("/d/:dashboard/:panel/inspect") view=page::inspect::Inspect ssr=SsrMode::Async/>
                    <Route path=path!("/discover") view=page::discover::Discover ssr=SsrMode::InOrder/>
                    <Route path=path!("/entity/:kind/:value") view=page::entity::EntityPage ssr=SsrMode::InOrder/>
                    <Route path=path!("/event/:id") view=page::event::EventAlone ssr=SsrMode::Async/>
                </FlatRoutes>
            </state::Provider>
        </Router>
    }
}

/// Called by the start script once the wasm is there.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
