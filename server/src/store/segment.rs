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
    /// As Postgres' json takes it.
    fn json(&self) -> &str {
        self.raw_json.unwrap_or(self.raw)
    }
}

/// What searches look at: a text with its escapes resolved, A to Z in lower case.
fn fold(event: &Kept<'_>) -> String {
    let mut text = event_text(event.json()).into_owned();
    text.make_ascii_lowercase();
    text
}

fn sketch(folded: &[Option<String>]) -> Vec<u8> {
    let mut sketch = Sketch::default();
    folded.iter().flatten().for_each(|text| sketch.add(text));
    sketch.bytes()
}

/// Events, each at its place, with what searches look at: their folded texts, and a sketch of these.
pub struct Segment<'a> {
    id: i64,
    events: Vec<Option<Kept<'a>>>,
    folded: Vec<Option<String>>,
    sketch: Vec<u8>,
}

impl<'a> Segment<'a> {
    pub fn new(id: i64, events: Vec<Option<Kept<'a>>>) -> Segment<'a> {
        let folded: Vec<_> = events.iter().map(|event| event.as_ref().map(fold)).collect();
        Segment { id, events, sketch: sketch(&folded), folded }
    }

    /// Leaves those places empty for which `kept` is false.
    pub fn keep(&mut self, kept: &[bool]) {
        if kept.iter().all(|kept| *kept) {
            return;
        }
        for (at, _) in kept.iter().enumerate().filter(|(_, kept)| !**kept) {
            (self.events[at], self.folded[at]) = (None, None);
        }
        self.sketch = sketch(&self.folded);
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

/// Writes segments; those without any event are left out.
pub async fn insert(connection: &mut PgConnection, segments: &[Segment<'_>]) -> sqlx::Result<()> {
    const COLUMNS: &str = "segment_id, first_time, last_time, object_id, raw, raw_json, folded, sketch";
    let written = || segments.iter().filter(|segment| segment.events.iter().any(Option::is_some));
    if written().next().is_none() {
        return Ok(());
    }
    let statement = format!("copy segment ({COLUMNS}) from stdin (format binary)");
    let mut copy = Copy::begin(connection, &statement).await?;
    for segment in written() {
        encode(&mut copy.rows, segment);
        copy.advance().await?;
    }
    copy.end().await?;
    Ok(())
}

fn encode(rows: &mut Rows, segment: &Segment<'_>) {
    let events = || segment.events.iter().map(Option::as_ref);
    let times = || events().flatten().map(|event| event.time);
    rows.begin(8);
    rows.int8(segment.id);
    rows.timestamptz(times().min().unwrap_or_default());
    rows.timestamptz(times().max().unwrap_or_default());
    rows.int8s(events().map(|event| event.map(|event| event.object_id)));
    rows.texts(events().map(|event| event.map(|event| event.raw)));
    let cleaned = events().map(|event| event.and_then(|event| event.raw_json));
    rows.option(cleaned.clone().any(|text| text.is_some()).then_some(cleaned), Rows::texts);
    rows.texts(segment.folded.iter().map(Option::as_deref));
    rows.bytea(&segment.sketch);
}
