//! Turns at an API that takes two requests a second of an account in a region.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex as Lock, PoisonError},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};

/// A little more than half a second: clocks and networks are not exact.
const APART: Duration = Duration::from_millis(520);
const LONGEST: Duration = Duration::from_secs(30);

/// An address that is asked (empty: AWS's own), an account and a region.
type Place = (String, String, String);

/// Shared by all who ask for an account in a region.
#[derive(Clone, Default)]
pub struct Pace(Arc<Mutex<Option<Instant>>>);

impl Pace {
    /// The one of a place, whichever source asks.
    pub fn of(endpoint: Option<&str>, account: &str, region: &str) -> Pace {
        static ALL: LazyLock<Lock<HashMap<Place, Pace>>> = LazyLock::new(Lock::default);
        let place = (endpoint.unwrap_or_default().to_owned(), account.to_owned(), region.to_owned());
        ALL.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default().clone()
    }

    /// Waits for the next turn.
    pub async fn turn(&self) {
        let mut free = self.0.lock().await;
        if let Some(at) = *free {
            tokio::time::sleep_until(at).await;
        }
        *free = Some(Instant::now() + APART);
    }

    /// Nobody asks for a while: longer after each attempt, and not the same everywhere.
    pub async fn back_off(&self, attempt: u32) {
        let most = LONGEST.min(Duration::from_millis(500) * 2u32.pow(attempt.min(7)));
        let wait = most.mul_f64(rand::random_range(0.5..=1.0));
        let mut free = self.0.lock().await;
        let until = Instant::now() + wait;
        *free = Some(free.map_or(until, |at| at.max(until)));
    }
}
