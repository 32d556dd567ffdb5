//! Gzip as strictly as integrity asks for: one stream, complete, with nothing after it.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

/// Why a content is not known.
#[derive(Debug, PartialEq)]
pub enum Problem {
    /// It is not what CloudTrail delivered.
    Damaged(String),
    /// It could not be read, for reasons outside of it.
    Unreadable(String),
}

const BUFFER: usize = 64 << 10;

/// Hands the inflated content on in parts, at most `most` bytes of it.
fn inflate(content: impl Read, most: u64, out: &mut dyn FnMut(&[u8])) -> Result<(), Problem> {
    let mut decoder = GzDecoder::new(BufReader::with_capacity(BUFFER, content));
    let mut buffer = vec![0; BUFFER];
    let mut inflated = 0;
    loop {
        let read = match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(problem(&error)),
        };
        inflated += read as u64;
        if inflated > most {
            return Err(Problem::Damaged(format!("it inflates to more than {most} bytes")));
        }
        out(&buffer[..read]);
    }
    // What follows would be no part of the hash, and still be read by others.
    match decoder.into_inner().fill_buf() {
        Ok([]) => Ok(()),
        Ok(_) => Err(Problem::Damaged("data follows after the end of the gzip stream".to_owned())),
        Err(error) => Err(problem(&error)),
    }
}

fn problem(error: &io::Error) -> Problem {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => Problem::Damaged("the gzip stream ends early".to_owned()),
        InvalidData | InvalidInput => Problem::Damaged(format!("the gzip stream is damaged: {error}")),
        _ => Problem::Unreadable(error.to_string()),
    }
}

/// The whole content, of at most `most` bytes.
pub fn whole(content: impl Read, most: u64) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    inflate(content, most, &mut |part| whole.extend_from_slice(part))?;
    Ok(whole)
}

/// The SHA-256 of the inflated content in hexadecimal; the content is not kept.
pub fn hash(content: impl Read, most: u64) -> Result<String, Problem> {
    let mut hash = Sha256::new();
    inflate(content, most, &mut |part| hash.update(part))?;
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn one_complete_stream_and_nothing_else() {
        let good = gzip(b"abc");
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&good[..], 3).unwrap(), of_abc);
        assert_eq!(whole(&good[..], 3).unwrap(), b"abc");
        let damage = |bytes: &[u8], most| match hash(bytes, most) {
            Err(Problem::Damaged(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(damage(&good, 2).contains("more than 2 bytes"));
        assert!(damage(&good[..good.len() - 1], 9).contains("ends early"));
        assert!(damage(&[good.clone(), gzip(b"")].concat(), 9).contains("follows"));
        assert!(damage(b"{}", 9).contains("ends early") && damage(b"", 9).contains("ends early"));
        assert!(damage(b"{\"Records\":[]}", 99).contains("damaged"));
    }
}
