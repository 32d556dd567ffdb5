//! HTTP statuses that pages and server functions set. `app` knows no HTTP server: it is handed two callbacks.

use std::sync::Arc;

use leptos::prelude::use_context;

type Set = Arc<dyn Fn(u16) + Send + Sync>;

/// Sets the status of the page that is being rendered. In context while a page is rendered.
#[derive(Clone)]
pub struct PageStatus(pub Set);

/// Sets the status of a server function's answer that is called over HTTP. The same function, called by a page that is being
/// rendered, must not touch the page's status: there, if it is in context, it hears that something failed.
#[derive(Clone)]
pub struct CallStatus(pub Set);

/// The page's status; nothing in the browser.
pub fn page(code: u16) {
    if let Some(PageStatus(set)) = use_context() {
        set(code);
    }
}

/// The answer's status; nothing in the browser.
pub fn call(code: u16) {
    if let Some(CallStatus(set)) = use_context() {
        set(code);
    }
}
