//! The one place that asks what time it is.

use model::time::Timestamp;

/// The time that requests are answered for; tests set it.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    System,
    Fixed(Timestamp),
}

impl Clock {
    pub fn now(self) -> Timestamp {
        match self {
            Clock::Fixed(now) => now,
            Clock::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(since.as_millis() as i64)
            }
        }
    }
}
