//! Objects read and decoded on blocking threads, a few ahead of the writer, handed on in order and in bounded parts.

use std::{
    io::{self, Read},
    ops::{ControlFlow, RangeInclusive},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc;

use super::{
    decode::{self, Item, Outcome},
    enrich::GeoIp,
    inflate::Inflate,
    source::Object,
};
use crate::{
    integrity,
    store::{
        dimension::{self, Dimensions},
        event::Row,
        rejected,
    },
};

/// A part is handed on when it has so many bytes.
const PART_BYTES: usize = 1 << 20;
/// Parts of one object that wait for the writer.
const PARTS_AHEAD: usize = 2;

/// Some records of an object, ready for the database.
#[derive(Debug, Default)]
pub struct Part {
    pub rows: Vec<Row>,
    row_bytes: usize,
    pub new: dimension::New,
    /// With the object's number in this run for the object id.
    pub rejected: Vec<rejected::New>,
    rejected_bytes: usize,
    /// Of what was known to be stored when the part was begun: that is not in `new`.
    pub generation: i64,
}

impl Part {
    pub fn bytes(&self) -> usize {
        self.row_bytes + self.new.bytes + self.rejected_bytes
    }

    pub fn records(&self) -> u64 {
        (self.rows.len() + self.rejected.len()) as u64
    }

    /// From the first to the last of its events, in microseconds since 1970.
    pub fn times(&self) -> Option<RangeInclusive<i64>> {
        let times = || self.rows.iter().map(Row::time);
        Some(times().min()?..=times().max()?)
    }
}

#[derive(Debug)]
pub enum Message {
    Part(Box<Part>),
    /// The last one of an object.
    End(Outcome),
}

/// An object that is being read.
pub struct Reading {
    pub number: i64,
    pub object: Object,
    pub messages: mpsc::Receiver<Message>,
}

impl Reading {
    /// It is read again from its beginning: until then nothing of it is stored.
    pub fn broke_off(&self, outcome: &Outcome) -> bool {
        outcome.trouble.is_some() && self.object.is_repeatable()
    }
}

/// What all readers share.
#[derive(Clone)]
pub struct Reader {
    pub geoip: GeoIp,
    pub dimensions: Dimensions,
    /// Compressed bytes read so far, of all objects.
    pub compressed: Arc<AtomicU64>,
}

impl Reader {
    /// Begins to read the objects in order; as many at a time as `ahead` takes. Ends when the receiver is gone.
    pub async fn run(self, objects: Vec<(i64, Object)>, ahead: mpsc::Sender<Reading>) {
        for (number, object) in objects {
            let Ok(permit) = ahead.reserve().await else { return };
            let (sender, messages) = mpsc::channel(PARTS_AHEAD);
            let reader = self.clone();
            let source = object.clone();
            tokio::task::spawn_blocking(move || reader.read(number, &source, &sender));
            permit.send(Reading { number, object, messages });
        }
    }

    /// Reads one object; a receiver that is gone ends it.
    fn read(&self, number: i64, object: &Object, sender: &mpsc::Sender<Message>) {
        let source = match object.open() {
            Ok(source) => source,
            Err(error) => {
                let (trouble, error) = (Some(error.kind()), Some(format!("cannot be opened: {error}")));
                let outcome = Outcome { kind: "empty", error, trouble, ..Outcome::default() };
                let _ = sender.blocking_send(Message::End(outcome));
                return;
            }
        };
        let own = Arc::new(AtomicU64::new(0));
        let mut told = 0;
        let mut tell = || {
            let now = own.load(Ordering::Relaxed);
            self.compressed.fetch_add(now - told, Ordering::Relaxed);
            told = now;
        };
        let mut part = Part::default();
        let trouble = Arc::default();
        let watched = Watched { inner: source, trouble: Arc::clone(&trouble) };
        let input = Inflate::new(watched, own.clone()).hashed(integrity::may_be_signed(&object.uri));
        let mut outcome = decode::decode(input, &mut |item| {
            self.add(&mut part, number, item);
            if part.bytes() < PART_BYTES {
                return ControlFlow::Continue(());
            }
            tell();
            match sender.blocking_send(Message::Part(Box::new(std::mem::take(&mut part)))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome.trouble = trouble.get().copied();
        tell();
        // Nobody listens any more when the run was broken off.
        if part.records() > 0 && sender.blocking_send(Message::Part(Box::new(part))).is_err() {
            return;
        }
        let _ = sender.blocking_send(Message::End(outcome));
    }

    fn add(&self, part: &mut Part, number: i64, item: Item) {
        if part.records() == 0 {
            part.generation = self.dimensions.generation();
        }
        let Item { ordinal, byte_offset, content } = item;
        match content {
            Ok(mut record) => {
                record.place = record.source_ip.map(|address| self.geoip.place(address)).unwrap_or_default();
                let row = Row::new(number, *record, &self.dimensions, &mut part.new);
                part.row_bytes += row.bytes();
                part.rows.push(row);
            }
            Err(decode::Rejected { reason, text }) => {
                part.rejected_bytes += reason.len() + text.len() + 100;
                part.rejected.push(rejected::New { object_id: number, ordinal, byte_offset, reason, text });
            }
        }
    }
}

/// Notes that the object itself could not be read on, whatever its content: then it is worth another try.
struct Watched {
    inner: Box<dyn Read + Send>,
    trouble: Arc<OnceLock<io::ErrorKind>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            let _ = self.trouble.set(error.kind());
        }
        read
    }
}
