//! Segments: the texts of some events together, as they were delivered.

use model::filter::event_text;
use sqlx::PgConnection;

use super::{
    copy::{Copy, Rows},
    sketch::Sketch,
};

/// Events of a segment at most; with more, reading one event costs more and space is hardly won.
pub const EVENTS: usize = 64;

/// What a segment keeps of an event.
pub struct Kept<'a> {
    pub object_id: i64,
    /// Microseconds since 1970.
    pub time: i64,
    pub raw: &'a str,
    /// Where `raw` has what Postgres' json refuses: a copy without it.
    pub raw_json: Option<&'a str>,
}

impl Kept<'_> {
    /// What a search for text looks at.
    fn folded(&self) -> String {
        let mut text = event_text(self.raw_json.unwrap_or(self.raw)).into_owned();
        text.make_ascii_lowercase();
        text
    }
}

/// So many new ids; not always in a row.
pub async fn reserve(connection: &mut PgConnection, count: usize) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar("select nextval('segment_id_sequence') from generate_series(1, $1)")
        .bind(count as i64)
        .fetch_all(connection)
        .await
}

/// No segment has a later id yet. Only while nobody stores any, it says so of those that are not committed.
pub async fn last(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select last_value from segment_id_sequence").fetch_one(connection).await
}

/// Writes segments with their ids. An event that is none of theirs any more leaves its place empty; a segment without any is
/// left out.
pub async fn insert(connection: &mut PgConnection, segments: &[(i64, Vec<Option<Kept<'_>>>)]) -> sqlx::Result<()> {
    const COLUMNS: &str = "segment_id, first_time, last_time, object_id, raw, raw_json, folded, sketch";
    let is_written = |events: &[Option<Kept<'_>>]| events.iter().any(Option::is_some);
    if !segments.iter().any(|(_, events)| is_written(events)) {
        return Ok(());
    }
    let statement = format!("copy segment ({COLUMNS}) from stdin (format binary)");
    let mut copy = Copy::begin(connection, &statement).await?;
    for (id, events) in segments {
        if is_written(events) {
            encode(&mut copy.rows, *id, events);
            copy.advance().await?;
        }
    }
    copy.end().await?;
    Ok(())
}

fn encode(rows: &mut Rows, id: i64, events: &[Option<Kept<'_>>]) {
    let times = || events.iter().flatten().map(|event| event.time);
    rows.begin(8);
    rows.int8(id);
    rows.timestamptz(times().min().unwrap_or_default());
    rows.timestamptz(times().max().unwrap_or_default());
    rows.int8s(events.iter().map(|event| event.as_ref().map(|event| event.object_id)));
    rows.texts(events.iter().map(|event| event.as_ref().map(|event| event.raw)));
    let cleaned = events.iter().map(|event| event.as_ref().and_then(|event| event.raw_json));
    rows.option(cleaned.clone().any(|text| text.is_some()).then_some(cleaned), Rows::texts);
    let folded: Vec<_> = events.iter().map(|event| event.as_ref().map(Kept::folded)).collect();
    rows.texts(folded.iter().map(Option::as_deref));
    let mut sketch = Sketch::default();
    folded.iter().flatten().for_each(|text| sketch.add(text));
    rows.bytea(&sketch.bytes());
}
