//! Where only texts tell which events match, and the window has many of them, a page is looked for in slices of the window, the
//! newest first: it ends when it is full, or when time is up and it says how far it looked. Whoever asks for the next page looks on
//! from there.

use std::time::{Duration, Instant};

use model::time::{Timestamp, Window};
use sqlx::{Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{
    super::{
        read,
        session::{Session, Trouble, is_timeout},
    },
    Failure,
    ask::{Ask, Keyset},
    rows::{row_at, side},
    sql::{self, Way},
};

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Segments of a slice at most, which take a second or so. A window that has no more is looked at as a whole.
    pub segments: i64,
    /// No further slice is begun after this.
    pub time: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { segments: 16_384, time: Duration::from_secs(4) }
    }
}

/// A slice is given up then, as everything is after ten seconds.
const LONGEST: Duration = Duration::from_secs(9);
/// The first slice is a part of the largest; each has four times what the one before has.
const FIRST_PART: i64 = 16;

/// What is known after that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// Events that were found from the beginning of the window on; `None` where it was begun somewhere else.
    pub total: Option<i64>,
    /// How far; `None`: to the end.
    pub to: Option<Timestamp>,
}

/// Whether the window has too many texts to look at all of them.
pub async fn is_wide(session: &mut Session, ask: &Ask, patience: Patience) -> Result<bool, Failure> {
    Ok(sql::source(ask).reads_text() && edge(session, ask, ask.window.to, patience.segments).await?.is_some())
}

/// The rows after a place, whether there are more of them, and what is known of all. `None`: nothing is to be taken in slices.
pub async fn back(
    session: &mut Session,
    ask: &Ask,
    from: Option<&Keyset>,
    limit: usize,
    patience: Patience,
) -> Result<Option<(Vec<PgRow>, bool, Looked)>, Failure> {
    if !(ask.by_time() && ask.sort.descending && is_wide(session, ask, patience).await?) {
        return Ok(None);
    }
    let began = Instant::now();
    let newest = from.map_or(ask.window.to, |from| ask.window.to.min(just_after(from.time)));
    let mut looked = Looked { total: from.is_none().then_some(0), to: None };
    let mut segments = patience.segments / FIRST_PART;
    let (mut rows, mut place, mut to) = (Vec::new(), from, newest);
    while to > ask.window.from {
        let begin = edge(session, ask, to, segments.max(1)).await?.unwrap_or(ask.window.from);
        let slice = Ask { window: Window { from: begin, to }, ..ask.clone() };
        session.limit(LONGEST.saturating_sub(began.elapsed())).await?;
        let (more, is_full) = match side(session, &slice, place, Way::On, limit - rows.len()).await {
            Ok(found) => found,
            // Something must be looked at, or nobody gets any further.
            Err(Failure::Trouble(Trouble::Database(error))) if is_timeout(&error) && to < newest => {
                session.unlimited().await?;
                looked.to = Some(to);
                break;
            }
            Err(failure) => return Err(failure),
        };
        session.unlimited().await?;
        looked.total = match (looked.total, more.first()) {
            (Some(total), Some(first)) => Some(total + first.try_get::<i64, _>(row_at(first, "total")?)?),
            (total, _) => total,
        };
        rows.extend(more);
        let is_rest = begin <= ask.window.from;
        if is_full || !is_rest && began.elapsed() >= patience.time {
            looked.to = (!is_rest).then_some(begin);
            return Ok(Some((rows, is_full, looked)));
        }
        (to, place, segments) = (begin, None, (segments * 4).min(patience.segments));
    }
    Ok(Some((rows, false, looked)))
}

/// Where so many segments before `to` begin; `None`: there are no more.
async fn edge(session: &mut Session, ask: &Ask, to: Timestamp, segments: i64) -> Result<Option<Timestamp>, Failure> {
    let found = session.fetch(&mut sql::edge(ask, to, segments)).await?;
    Ok(match found.first() {
        Some(row) => Some(read::timestamp(row.try_get::<OffsetDateTime, _>(0)?)),
        None => None,
    })
}

/// Events are stored to the microsecond, windows are to the millisecond.
fn just_after(time: OffsetDateTime) -> Timestamp {
    Timestamp(read::timestamp(time).0 + 1)
}
