//! What holds for every digest, with whatever signature and public keys it comes.
//!
//! The input is three parts with an empty line between them: the digest's content, its signature in hexadecimal, a list of public keys.

use std::io::Cursor;

use ring::digest;
use server::integrity::{
    chain::{self, Link, Trust, Yardstick},
    digest::{Digest, parse},
    files, inflate, name,
    signature::{self, PublicKeys, string_to_sign},
};

/// A digest as CloudTrail writes it, signed with a key of our own.
pub const SIGNED: &[u8] = include_bytes!("corpus/digest/signed");
/// As strangers send one, a digest may inflate to so much here.
const MOST: u64 = 1 << 20;

/// How far the input's digest is relied on; `None`: it is none. Panics where that is too far, or where it takes the trust of another.
pub fn check(bytes: &[u8]) -> Option<Trust> {
    if let Ok(whole) = inflate::whole(Cursor::new(bytes), MOST) {
        assert!(whole.len() as u64 <= MOST);
    }
    let [content, hex, list] = parts(bytes);
    let digest = parse(content).ok()?;
    let hash: String =
        digest::digest(&digest::SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest.hash, hash);
    assert!(digest.start <= digest.end && string_to_sign(&digest).contains(&hash));
    name::digest(&digest.key);
    digest.log_files.iter().for_each(|file| drop(name::log_file(&file.key)));
    let hex = String::from_utf8_lossy(hex).into_owned();
    let mut keys = PublicKeys::default();
    let listed = keys.add_list(list).is_ok();
    let trust = judged(vec![link(digest.clone(), Some(&hex))], &keys)[0];
    let [signed, signature, signers] = parts(SIGNED);
    let same = signature::bytes(&hex).is_some_and(|bytes| Some(bytes) == signature::bytes(&text(signature)));
    match trust {
        Trust::Valid => assert!(listed && same && content == signed, "what was changed is valid"),
        _ => assert!(!same || content != signed || list != signers, "what is signed is not valid"),
    }
    beside_a_signed_one(digest, &hex);
    Some(trust)
}

/// What is signed stays so, whatever another says about it.
fn beside_a_signed_one(other: Digest, hex: &str) {
    let [content, signature, list] = parts(SIGNED);
    let signed = parse(content).expect("it is a digest");
    if other.key == signed.key {
        return;
    }
    let mut keys = PublicKeys::default();
    keys.add_list(list).expect("it is a list of keys");
    for hex in [None, Some(hex)] {
        let links = vec![link(other.clone(), hex), link(signed.clone(), Some(&text(signature)))];
        let key = &signed.key;
        let (judged, _) = chain::judge(links, yardstick(&keys));
        for judged in judged {
            assert_eq!(judged.trust == Trust::Valid, judged.link.key == *key, "{}", judged.link.key);
        }
    }
}

fn judged(links: Vec<Link>, keys: &PublicKeys) -> Vec<Trust> {
    chain::judge(links, yardstick(keys)).0.iter().map(|judged| judged.trust).collect()
}

fn yardstick(keys: &PublicKeys) -> Yardstick<'_> {
    Yardstick { keys: Some(keys), bucket: None, from: None, to: None }
}

/// A digest that lies where it says.
fn link(digest: Digest, hex: Option<&str>) -> Link {
    let signature = hex.map(|hex| files::Signature { hex: hex.to_owned(), algorithm: None });
    let (key, time) = (digest.key.clone(), digest.end);
    Link { key, time, backfill: false, digest: Ok(digest), signature, witness: false }
}

fn parts(bytes: &[u8]) -> [&[u8]; 3] {
    let (content, rest) = split(bytes);
    let (hex, list) = split(rest);
    [content, hex, list]
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, b""),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
