//! A panic stays where it happened: one panel that cannot be asked for or drawn does not take the page with it.
//!
//! On the server. The browser's build aborts on a panic, and keeps what the server drew.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use model::error::{Error, Kind};

fn failed() -> Error {
    Error::new(Kind::Internal, "This could not be shown. The server's log says why.")
}

/// What `make` makes. The panic hook has written to the log why it did not.
pub fn made<T>(make: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|_| failed())
}

/// The answer of `future`.
pub async fn answered<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut future = pin!(future);
    poll_fn(|context| match made(|| future.as_mut().poll(context)) {
        Ok(poll) => poll,
        Err(error) => Poll::Ready(Err(error)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(made(|| 1), Ok(1));
        assert_eq!(made(|| -> u8 { panic!("no") }), Err(failed()));
    }

    #[tokio::test]
    async fn a_future_that_panics_becomes_an_error() {
        assert_eq!(answered(async { Ok(1) }).await, Ok(1));
        let panics = async {
            tokio::task::yield_now().await;
            if failed().status() == 500 { panic!("no") } else { Ok(()) }
        };
        assert_eq!(answered(panics).await, Err(failed()));
    }
}
