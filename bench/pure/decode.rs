//! How long it takes to read delivered files, without a database: `make bench-pure`.

use std::{
    fs,
    hint::black_box,
    io::Cursor,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::time::Timestamp;
use server::{
    ingest::{decode, inflate::Inflate},
    sample,
};

const EVENTS: u64 = 2_000;

/// A sample's files as they were delivered; the same each time.
fn delivered() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    sample::write(&sample::Settings {
        events: EVENTS,
        days: 1,
        seed: 1,
        out: folder.path().to_owned(),
        until: Timestamp::parse("2026-11-24T00:00:00Z").expect("a time"),
    })
    .expect("a sample");
    let mut paths = files(folder.path());
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn decoding(criterion: &mut Criterion) {
    let files = delivered();
    let read = |files: &[Vec<u8>]| {
        let mut events = 0;
        for file in files {
            let outcome = decode::decode(Inflate::new(Cursor::new(file.clone()), Arc::default()), &mut |item| {
                events += u64::from(item.content.is_ok());
                black_box(item);
                ControlFlow::Continue(())
            });
            assert_eq!(outcome.error, None);
        }
        events
    };
    // With those that are delivered twice.
    let events = read(&files);
    assert!(events >= EVENTS, "{events} events");
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(events));
    group.bench_function("sample", |bench| bench.iter(|| read(black_box(&files))));
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
