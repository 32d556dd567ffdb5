//! Hearing from the server that events were stored, while the page is looked at.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

/// Where the server tells it: a number that grows, at first and whenever it has grown.
const ADDRESS: &str = "/live";
/// How often it is looked whether something is to be loaded.
const PACE: Duration = Duration::from_millis(500);

/// What is known of the server's number.
#[derive(Default)]
struct Heard {
    shown: Option<String>,
    last: Option<String>,
    source: Option<EventSource>,
}

impl Heard {
    fn is_behind(&self) -> bool {
        self.last.is_some() && self.shown != self.last
    }

    fn stop(&mut self) {
        if let Some(source) = self.source.take() {
            source.close();
        }
    }
}

/// Runs `reload` after events were stored, but not before the panels have what they asked for last; until the owner goes. A
/// hidden page neither listens nor loads; shown again, it loads what it missed.
pub fn listen(reload: impl Fn() + 'static) {
    let heard = Rc::new(RefCell::new(Heard::default()));
    let closure = {
        let heard = heard.clone();
        Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            let mut heard = heard.borrow_mut();
            heard.last = message.data().as_string();
            // What is shown was loaded just now.
            if heard.shown.is_none() {
                heard.shown = heard.last.clone();
            }
        })
    };
    let pace = {
        let heard = heard.clone();
        move || {
            let mut heard = heard.borrow_mut();
            if document().hidden() {
                return heard.stop();
            }
            if heard.source.is_none() {
                heard.source = EventSource::new(ADDRESS).ok().inspect(|source| {
                    source.set_onmessage(Some(closure.as_ref().unchecked_ref()));
                });
            }
            if heard.is_behind() && !is_loading() {
                heard.shown = heard.last.clone();
                reload();
            }
        }
    };
    if let Ok(handle) = set_interval_with_handle(pace, PACE) {
        let heard = send_wrapper::SendWrapper::new(heard);
        on_cleanup(move || {
            handle.clear();
            heard.borrow_mut().stop();
        });
    }
}

fn is_loading() -> bool {
    document().query_selector("[aria-busy=true]").is_ok_and(|found| found.is_some())
}
