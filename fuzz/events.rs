//! What holds for every file that is read as events, whatever its bytes are.

use std::{
    io::{self, Cursor, Read, Write},
    ops::ControlFlow,
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use server::ingest::{
    decode::{self, Item, Outcome},
    envelope::{self, Found},
    inflate::{Allowance, Inflate},
    json,
    record::Record,
    scan::Piece,
};

/// What stands before and after the bytes, and must be read whatever they are.
const GOOD: &str =
    r#"{"eventVersion":"1.11","eventTime":"2026-01-02T03:04:05Z","eventName":"PutObject","eventID":"good"}"#;
/// A small file may give so many bytes of texts, small bombs in it included.
const MOST_BYTES: usize = 80 << 20;

/// Panics where reading depends on how the bytes come, where an event is not what stands in them, or where one is lost beside what is
/// broken.
pub fn check(bytes: &[u8]) {
    let (items, outcome) = decoded(bytes, usize::MAX);
    counted(&items, &outcome);
    let mut kept = 0;
    for item in &items {
        match &item.content {
            Ok(record) => {
                kept += record.raw.len();
                same_when_read_again(record);
            }
            Err(rejected) => {
                kept += rejected.text.len();
                assert!(!rejected.reason.is_empty() && !rejected.text.contains('\0'), "{rejected:?}");
            }
        }
    }
    assert!(kept <= MOST_BYTES, "{} bytes give {kept}", bytes.len());
    let compressed = bytes.first() == Some(&0x1f);
    for size in [1, 2, 3, 64] {
        let (again, end) = decoded(bytes, size);
        // How much is had of what is compressed and damaged depends on how it came.
        if !compressed || outcome.error.is_none() {
            assert_eq!((lines(&again), &end.error), (lines(&items), &outcome.error), "in parts of {size}");
        }
    }
    if !compressed {
        let (again, end) = decoded(&gzip(bytes), usize::MAX);
        assert_eq!((lines(&again), &end.error), (lines(&items), &outcome.error), "compressed");
        beside_good_ones(bytes, &items, &outcome);
    }
}

/// Everything in a file, of which so many bytes are to be had at a time.
pub fn decoded(bytes: &[u8], at_a_time: usize) -> (Vec<Item>, Outcome) {
    let mut items = Vec::new();
    let source = Slow { inner: Cursor::new(bytes.to_vec()), at_a_time };
    let outcome = decode::decode(Inflate::new(source, Arc::default()), &mut |item| {
        items.push(item);
        ControlFlow::Continue(())
    });
    (items, outcome)
}

struct Slow {
    inner: Cursor<Vec<u8>>,
    at_a_time: usize,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.at_a_time);
        self.inner.read(&mut buffer[..most])
    }
}

/// Each record has its number, and none is passed over in silence.
fn counted(items: &[Item], outcome: &Outcome) {
    for (number, item) in (0..).zip(items) {
        assert!(item.ordinal == number || outcome.rejected_unkept > 0, "{item:?} is the {number}th");
    }
    if !items.is_empty() {
        assert_eq!(outcome.kind, "events");
    }
}

/// An event's text alone is the same event, and its JSON is what Postgres takes.
fn same_when_read_again(record: &Record) {
    let piece = Piece { offset: 0, bytes: record.raw.as_bytes(), problem: None, digest: false };
    let mut again = Vec::new();
    envelope::open(&piece, &Allowance::default(), &mut |found| again.push(found));
    match &again[..] {
        [Found::Event(other)] => {
            assert_eq!((&other.raw, &other.raw_json), (&record.raw, &record.raw_json));
            assert_eq!((&other.event_id, &other.event_name), (&record.event_id, &record.event_name));
        }
        // Its time was that of its envelope.
        [Found::Rejected { reason, .. }] if reason.contains("eventTime") => {}
        other => panic!("{other:?} is in the text of {record:?}"),
    }
    let stored = record.raw_json.as_ref().unwrap_or(&record.raw);
    assert_eq!(json::clean(stored), None, "{stored}");
    let texts = [&record.event_name, &record.event_source, &record.actor, &record.session, &record.user_agent];
    let texts = texts.into_iter().flatten().chain(&record.resource).chain([&record.event_id]);
    for text in texts {
        assert!(!text.contains('\0'), "{text:?}");
    }
}

/// What is right is read before the bytes, and after them where they end.
fn beside_good_ones(bytes: &[u8], items: &[Item], outcome: &Outcome) {
    let good = |item: &Item| matches!(&item.content, Ok(record) if record.raw == GOOD);
    let (before, _) = decoded(&[GOOD.as_bytes(), b"\n", bytes].concat(), usize::MAX);
    assert!(before.first().is_some_and(good), "lost before it");
    let full = outcome.rejected_unkept > 0;
    if outcome.error.is_none() && !full {
        let (after, _) = decoded(&[bytes, b"\n", GOOD.as_bytes()].concat(), usize::MAX);
        assert!(after.last().is_some_and(good), "lost after it");
        assert_eq!(events(&after).len(), events(items).len() + 1, "others are lost");
        assert_eq!(after.len(), items.len() + 1, "others are counted");
    }
}

fn events(items: &[Item]) -> Vec<&Record> {
    items.iter().filter_map(|item| item.content.as_deref().ok()).collect()
}

/// All that is told of each record.
fn lines(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| format!("{item:?}")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
