//! How often something may be tried: passwords, links.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// So many at once and then one by one, so many a minute, for each key.
#[derive(Debug)]
pub struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    asked: AtomicU32,
}

/// Keys that have not been used for long are forgotten after so many questions.
const SWEEP: u32 = 1024;

impl<K: Hash + Eq + Clone> Limit<K> {
    pub fn a_minute(times: NonZeroU32) -> Limit<K> {
        Limit::of(Quota::per_minute(times))
    }

    /// So many at once, and then one a minute.
    pub fn one_a_minute(at_once: NonZeroU32) -> Limit<K> {
        Limit::of(Quota::per_minute(NonZeroU32::MIN).allow_burst(at_once))
    }

    fn of(quota: Quota) -> Limit<K> {
        Limit { limiter: RateLimiter::keyed(quota), asked: AtomicU32::new(0) }
    }

    /// Errors: it was tried too often; again in so long.
    pub fn take(&self, key: &K) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_does_not_use_up_another() {
        let limit = Limit::a_minute(NonZeroU32::new(3).expect("three"));
        assert!((0..3).all(|_| limit.take(&"a").is_ok()));
        let wait = limit.take(&"a").expect_err("the fourth");
        assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(20), "{wait:?}");
        assert!(limit.take(&"b").is_ok());
        let slow = Limit::one_a_minute(NonZeroU32::new(2).expect("two"));
        assert!((0..2).all(|_| slow.take(&"a").is_ok()));
        assert!(slow.take(&"a").expect_err("the third") > Duration::from_secs(50));
    }
}
