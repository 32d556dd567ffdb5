//! Pages as the server sends them, over a backend in memory: what is readable and which links work without scripts.
#![allow(clippy::unwrap_used)]

mod backend;
mod dashboard;
mod discover;
mod edges;
mod entity;

use std::sync::{Arc, Mutex};

use app::{
    Preferences,
    api::{Backend, Named},
    shell,
    status::PageStatus,
};
use backend::Memory;
use futures::StreamExt;
use hydration_context::{SharedContext, SsrSharedContext};
use leptos::prelude::*;
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;

/// An answer: status and document.
struct Page {
    status: u16,
    html: String,
}

impl Page {
    #[track_caller]
    fn has(&self, text: &str) {
        assert!(self.html.contains(text), "no {text:?} in:\n{}", self.html);
    }

    #[track_caller]
    fn has_not(&self, text: &str) {
        assert!(!self.html.contains(text), "{text:?} in:\n{}", self.html);
    }

    fn count(&self, text: &str) -> usize {
        self.html.matches(text).count()
    }

    /// From one text on, up to another.
    #[track_caller]
    fn between(&self, from: &str, to: &str) -> &str {
        let start = self.html.find(from).unwrap_or_else(|| panic!("no {from:?}"));
        let end = self.html[start..].find(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}"));
        &self.html[start..start + end]
    }
}

async fn get(path: &str) -> Page {
    get_as(path, Memory::default(), Preferences::default()).await
}

/// The page as a browser without scripts gets it: rendered in order, to the end.
async fn get_as(path: &str, backend: Memory, preferences: Preferences) -> Page {
    let _ = any_spawner::Executor::init_tokio();
    let shared = Arc::new(SsrSharedContext::new()) as Arc<dyn SharedContext + Send + Sync>;
    let owner = Owner::new_root(Some(shared));
    let status = Arc::new(Mutex::new(200));
    let set = status.clone();
    let (meta, _output) = ServerMetaContext::new();
    let named = Named::of(&backend, path).await;
    let stream = owner.with(|| {
        provide_context(RequestUrl::new(path));
        provide_context(meta);
        provide_context(Arc::new(backend) as Arc<dyn Backend>);
        provide_context(named);
        provide_context(preferences);
        provide_context(PageStatus(Arc::new(move |code| *set.lock().unwrap() = code)));
        shell().to_html_stream_in_order()
    });
    let html = stream.collect::<String>().await;
    let status = *status.lock().unwrap();
    owner.unset_with_forced_cleanup();
    // Markers for hydration stand between texts.
    Page { status, html: html.replace("<!>", "") }
}
