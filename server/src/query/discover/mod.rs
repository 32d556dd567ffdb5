//! Events one by one for Discover and its exports: pages of a list by keyset, the values of a field, everything as a
//! stream.

mod ask;
mod export;
mod look;
mod rows;
mod sql;
mod values;

use std::time::Instant;

use app::api::{Discover, Listing};
use async_trait::async_trait;
use model::{discover, error::Error, field::Field, series::Series, view::View};

use super::{Query, session, session::Session, sql::Questions};
use ask::Ask;
pub use look::Patience;

#[async_trait]
impl Discover for Query {
    async fn discover(&self, view: &View, discover: &discover::Discover) -> Result<Series, Error> {
        let mut ask = Ask::new(view, discover, self.clock.now(), self.reach.accounts())?;
        let started = Instant::now();
        let answer = async {
            let _permit = self.panels.take().await?;
            let mut session = Session::begin(&self.reach).await?;
            ask.known = session.known(Questions::of([ask.condition.all()])).await?.into();
            let series = rows::read(&mut session, &ask, self.patience).await?;
            session.end().await?;
            Ok(series)
        };
        told(answer.await, &ask, started)
    }

    async fn field_values(&self, view: &View, field: Field, typed: &str, limit: u32) -> Result<Series, Error> {
        let wanted = values::Wanted { field, typed, limit };
        let mut ask = Ask::new(view, &discover::Discover::default(), self.clock.now(), self.reach.accounts())?;
        let started = Instant::now();
        let answer = async {
            let _permit = self.panels.take().await?;
            let mut session = Session::begin(&self.reach).await?;
            ask.known = session.known(Questions::of([ask.condition.all()])).await?.into();
            let series = values::read(&mut session, &ask, wanted).await?;
            session.end().await?;
            Ok(series)
        };
        told(answer.await, &ask, started)
    }

    async fn discover_all(&self, view: &View, discover: &discover::Discover) -> Result<Listing, Error> {
        let ask = Ask::new(view, discover, self.clock.now(), self.reach.accounts())?;
        let started = export::start(&self.reach, &self.exports, &ask).await;
        started.map_err(|trouble| trouble.tell("discover", &ask.filter))
    }
}

/// What kept it from being answered: the reader's own mistake, or trouble.
enum Failure {
    Reader(Error),
    Trouble(session::Trouble),
}

impl From<session::Trouble> for Failure {
    fn from(trouble: session::Trouble) -> Failure {
        Failure::Trouble(trouble)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::Trouble(error.into())
    }
}

fn told(answer: Result<Series, Failure>, ask: &Ask, started: Instant) -> Result<Series, Error> {
    let took_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
    match answer {
        Ok(series) => Ok(Series { took_ms, ..series }),
        Err(Failure::Reader(error)) => Err(error),
        Err(Failure::Trouble(trouble)) => Err(trouble.tell("discover", &ask.filter)),
    }
}
