//! The fuzz corpus, replayed: what once broke the filter language, and what reaches its corners.

use std::{fs, path::Path};

#[path = "../../fuzz/filter.rs"]
mod filter;

#[test]
fn every_filter_of_the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/filter");
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        // The fuzzer skips what is no text, too.
        let Ok(text) = String::from_utf8(fs::read(&path).expect("a file of the corpus")) else { continue };
        println!("{}", path.display());
        filter::check(&text);
        replayed += 1;
    }
    assert!(replayed >= 30, "only {replayed} filters in {}", folder.display());
}
