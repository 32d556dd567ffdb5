//! The fuzz corpus of addresses and shares, replayed.

use std::{fs, path::Path};

#[path = "../../fuzz/share.rs"]
mod share;

#[test]
fn every_address_of_the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/share");
    let mut shares = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        let Ok(text) = String::from_utf8(fs::read(&path).expect("a file of the corpus")) else { continue };
        println!("{}", path.display());
        share::check(&text);
        shares += usize::from(serde_json::from_str::<model::share::Share>(&text).is_ok());
    }
    assert_eq!(shares, 2, "a search and a panel are read");
}
