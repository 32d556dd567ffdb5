//! Delivery as CloudTrail does it: gzip files by account, region and five minutes, some minutes after the events.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{BufWriter, Write},
    path::PathBuf,
};

use anyhow::Context;
use flate2::{Compression, GzBuilder};

use super::{
    Summary,
    clock::{MINUTE, SECOND, civil, day, stamp},
    dice::Dice,
    event::Event,
};

/// Events of these minutes come in one file.
const WINDOW: i64 = 5 * MINUTE;
/// More events than this are split over several files.
const LARGEST: usize = 300;
/// How often an event comes a second time, in a later file.
const REDELIVERED: f64 = 0.005;

/// Account, region, insight or not, window: what one file, or several, are of.
type Lot = (&'static str, &'static str, bool, i64);

pub struct Delivery {
    out: PathBuf,
    dice: Dice,
    folders: HashSet<PathBuf>,
    summary: Summary,
}

impl Delivery {
    pub fn new(out: PathBuf, seed: u64) -> Delivery {
        Delivery { out, dice: Dice::new(seed, "delivery", 0), folders: HashSet::new(), summary: Summary::default() }
    }

    /// Writes the files of these events, which may be in any order.
    pub fn deliver(&mut self, mut events: Vec<Event>) -> anyhow::Result<()> {
        events.sort_by_key(|event| event.time);
        self.summary.events += events.len() as u64;
        let mut lots: BTreeMap<Lot, Vec<Event>> = BTreeMap::new();
        for event in events {
            let window = event.time.div_euclid(WINDOW);
            let lot = |window| (event.account, event.region, event.insight, window);
            if self.dice.chance(REDELIVERED) {
                let later = window + self.dice.between(1, 6);
                lots.entry(lot(later)).or_default().push(event.clone());
            }
            lots.entry(lot(window)).or_default().push(event);
        }
        for (lot, events) in &lots {
            for part in events.chunks(LARGEST) {
                self.file(*lot, part)?;
            }
        }
        Ok(())
    }

    pub fn finish(self) -> Summary {
        self.summary
    }

    fn file(&mut self, (account, region, insight, window): Lot, events: &[Event]) -> anyhow::Result<()> {
        let delivered = (window + 1) * WINDOW + self.dice.between(90, 290) * SECOND;
        let kind = if insight { "CloudTrail-Insight" } else { "CloudTrail" };
        let date = day(civil(delivered).date(), '/');
        let folder = self.out.join(format!("AWSLogs/{account}/{kind}/{region}/{date}"));
        if self.folders.insert(folder.clone()) {
            fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let random = self.dice.alphanumeric(16);
        let path = folder.join(format!("{account}_{kind}_{region}_{}_{random}.json.gz", stamp(delivered)));
        let bytes = write(&path, events).with_context(|| path.display().to_string())?;
        self.summary.files += 1;
        self.summary.bytes += bytes;
        Ok(())
    }
}

/// Writes one file and returns its size. Without a time in gzip's header, so that the same events give the same bytes.
fn write(path: &PathBuf, events: &[Event]) -> std::io::Result<u64> {
    let mut gzip = GzBuilder::new().mtime(0).write(BufWriter::new(File::create(path)?), Compression::new(6));
    gzip.write_all(b"{\"Records\":[")?;
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            gzip.write_all(b",")?;
        }
        gzip.write_all(event.json.as_bytes())?;
    }
    gzip.write_all(b"]}")?;
    let mut file = gzip.finish()?;
    file.flush()?;
    file.get_ref().metadata().map(|file| file.len())
}
