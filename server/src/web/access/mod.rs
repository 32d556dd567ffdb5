//! Who asks, and whether they may: before any route is reached.
//!
//! `guard` finds out who asks, and hands the routes a backend in that one's name; nothing behind it can read in another. Which
//! addresses need nobody is decided in `policy`, and all others need somebody. What somebody may do beyond looking is decided by the backend.

pub mod cookie;
mod door;
mod factor;
mod guard;
mod note;
mod peer;
pub mod policy;
mod provider;
mod share;

use std::{collections::BTreeSet, sync::Arc};

use app::api::Backend;
use axum::{
    Router,
    routing::{get, post},
};
use ipnet::IpNet;
use model::access::Accounts;

pub use door::next;
pub use guard::{bearer, check};

use crate::{
    access::{Access, oidc::CALLBACK},
    query::Query,
};

/// What the guard needs.
#[derive(Clone)]
pub struct Gate {
    pub access: Access,
    pub query: Query,
    /// Where proxies are that tell for whom they ask.
    pub proxies: Arc<[IpNet]>,
}

impl Gate {
    /// For what shows nothing of what is stored: a backend that could show nothing.
    fn nobody(&self) -> Arc<dyn Backend> {
        Arc::new(self.query.within(Accounts::Only(BTreeSet::new())))
    }

    fn backend(&self, reader: crate::access::Reader) -> Arc<dyn Backend> {
        Arc::new(self.query.read_by(&self.access, reader))
    }
}

/// The pages of who is not signed in.
pub fn routes(gate: Gate) -> Router {
    Router::new()
        .route("/login", get(door::login).post(door::sign_in))
        .route("/login/code", get(door::code).post(door::prove))
        .route(factor::PATH, get(factor::show).post(factor::set_up))
        .route("/login/provider", get(provider::leave))
        .route(CALLBACK, get(provider::back))
        .route("/logout", post(door::sign_out))
        .route("/welcome", get(door::welcome).post(door::accept))
        .route("/s/{link}", get(share::show).post(share::unlock))
        .route("/s/{link}/{file}", get(share::take))
        .route("/go/{code}", get(share::go))
        .with_state(gate)
}
