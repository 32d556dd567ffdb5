//! How much runs at once: of all readers together, and of each of them, so that one cannot keep the others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::session::{LONGEST_WAIT, Trouble};

/// Those of one reader.
#[derive(Clone, Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
    /// How many one reader may have.
    each: usize,
    readers: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

/// Held until dropped.
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    /// So many at once, half of them for one reader. Who is not named is alone.
    pub fn new(all: usize) -> Turns {
        Turns {
            all: Arc::new(Semaphore::new(all)),
            own: Arc::new(Semaphore::new(all)),
            each: all.div_ceil(2),
            readers: Arc::default(),
        }
    }

    /// Those of the reader of this name, on whichever page.
    pub fn of(&self, reader: &str) -> Turns {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|_, turns| turns.strong_count() > 0);
        let own = readers.get(reader).and_then(Weak::upgrade).unwrap_or_else(|| {
            let own = Arc::new(Semaphore::new(self.each));
            readers.insert(reader.to_owned(), Arc::downgrade(&own));
            own
        });
        Turns { own, ..self.clone() }
    }

    /// Errors: none is free for long.
    pub async fn take(&self) -> Result<Turn, Trouble> {
        let take = async {
            // One's own first: who waits for oneself must not hold what others wait for.
            let _own = self.own.clone().acquire_owned().await.ok()?;
            let _all = self.all.clone().acquire_owned().await.ok()?;
            Some(Turn { _own, _all })
        };
        tokio::time::timeout(LONGEST_WAIT, take).await.ok().flatten().ok_or(Trouble::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_reader_leaves_turns_to_the_others() {
        let turns = Turns::new(4);
        let (greedy, other) = (turns.of("greedy"), turns.of("other"));
        let again = turns.of("greedy");
        let held = [greedy.take().await, again.take().await];
        assert!(held.iter().all(Result::is_ok));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(50), again.take()).await.is_err(), "waits");
        assert!(other.take().await.is_ok());
        drop(held);
        assert!(again.take().await.is_ok());
        drop((greedy, again, other));
        turns.of("last");
        assert!(turns.readers.lock().is_ok_and(|readers| readers.len() <= 1), "who has gone is forgotten");
    }
}
