//! The fuzz corpora of what strangers send, replayed: files of events, digests, cookies and tokens.

use std::{fs, path::Path};

use server::integrity::chain::Trust;

#[path = "../../../fuzz/digest.rs"]
mod digest;
#[path = "../../../fuzz/events.rs"]
mod events;
#[path = "../../../fuzz/token.rs"]
mod token;

/// Hands each file of a corpus to `check`, and counts those that it says yes to.
fn replay(name: &str, mut check: impl FnMut(&[u8]) -> bool) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            println!("{}", path.display());
            check(&fs::read(path).unwrap())
        })
        .count()
}

#[test]
fn every_file_of_events_holds() {
    let with_events = replay("events", |bytes| {
        events::check(bytes);
        events::decoded(bytes, usize::MAX).0.iter().any(|item| item.content.is_ok())
    });
    assert!(with_events >= 15, "{with_events}");
}

#[test]
fn every_digest_holds_and_what_is_signed_is_valid() {
    assert_eq!(replay("digest", |bytes| digest::check(bytes) == Some(Trust::Valid)), 2);
    // Any byte of the content or of its signature; a key's fingerprint may be written otherwise.
    let whole = digest::SIGNED;
    let list = whole.len() - whole.rsplit(|byte| *byte == b'\n').next().unwrap().len();
    for at in 0..list {
        let mut changed = whole.to_vec();
        changed[at] ^= 1;
        assert_ne!(digest::check(&changed), Some(Trust::Valid), "byte {at}");
    }
}

#[test]
fn every_token_and_cookie_holds_and_what_is_signed_is_believed() {
    let believed = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(token::token);
    let signed = replay("token", |bytes| {
        token::check(bytes);
        believed(bytes)
    });
    assert_eq!(signed, token::SIGNED.len());
    for whole in token::SIGNED {
        for at in 0..whole.len() {
            let mut changed = whole.as_bytes().to_vec();
            changed[at] ^= 1;
            assert!(!believed(&changed), "byte {at} of {whole}");
        }
    }
}
