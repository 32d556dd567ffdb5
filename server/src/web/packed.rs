//! A page as gzip, compressed once for all its readers, although the inline scripts of each carry another nonce.
//!
//! What stands between nonces is compressed by itself: each piece ends at a whole byte and refers to nothing before it, as
//! Deflate's full flush has it. Nonces lie between, uncompressed. The checksum of the whole follows from those of its pieces.

use std::{io, sync::Arc};

use bytes::{BufMut, Bytes};
use flate2::{Compress, Compression, Crc, FlushCompress};
use memchr::memmem;

/// Part of a page.
#[derive(Clone)]
pub enum Piece {
    Text(Arc<Text>),
    /// Each reader's own.
    Nonce,
}

pub struct Text {
    deflated: Bytes,
    crc: Crc,
}

/// Makes pieces of a page as it is rendered.
pub struct Packer {
    /// The nonce that it is rendered with, which nobody is sent.
    nonce: memmem::Finder<'static>,
    compress: Compress,
}

impl Packer {
    pub fn new(nonce: &str) -> Packer {
        let nonce = memmem::Finder::new(nonce).into_owned();
        Packer { nonce, compress: Compress::new(Compression::default(), false) }
    }

    /// The pieces of what comes next. A nonce is always in one part: rendering ends none within an attribute.
    pub fn pack(&mut self, part: &[u8]) -> io::Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut begin = 0;
        while let Some(before) = self.nonce.find(&part[begin..]) {
            pieces.push(self.text(&part[begin..begin + before])?);
            pieces.push(Piece::Nonce);
            begin += before + self.nonce.needle().len();
        }
        pieces.push(self.text(&part[begin..])?);
        Ok(pieces)
    }

    fn text(&mut self, text: &[u8]) -> io::Result<Piece> {
        let mut crc = Crc::new();
        crc.update(text);
        let mut deflated = Vec::with_capacity(text.len() / 4 + 64);
        let before = self.compress.total_in();
        loop {
            let rest = &text[(self.compress.total_in() - before) as usize..];
            self.compress.compress_vec(rest, &mut deflated, FlushCompress::Full)?;
            if deflated.len() < deflated.capacity() {
                return Ok(Piece::Text(Arc::new(Text { deflated: deflated.into(), crc })));
            }
            deflated.reserve(deflated.capacity());
        }
    }
}

/// Puts the pieces together for one reader.
pub struct Reading {
    nonce: String,
    crc: Crc,
}

impl Reading {
    /// What is sent before all pieces: gzip's head, without a name and a time.
    pub const BEGIN: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

    pub fn new(nonce: String) -> Reading {
        Reading { nonce, crc: Crc::new() }
    }

    pub fn push(&mut self, piece: &Piece, out: &mut impl BufMut) {
        match piece {
            Piece::Text(text) => {
                out.put_slice(&text.deflated);
                self.crc.combine(&text.crc);
            }
            Piece::Nonce => {
                let length = self.nonce.len() as u16;
                // A block that is stored, and not the last one.
                out.put_u8(0);
                out.put_u16_le(length);
                out.put_u16_le(!length);
                out.put_slice(self.nonce.as_bytes());
                self.crc.update(self.nonce.as_bytes());
            }
        }
    }

    /// What is sent after them: an empty last block, the checksum, the length.
    pub fn end(&self, out: &mut impl BufMut) {
        out.put_slice(&[0x03, 0x00]);
        out.put_u32_le(self.crc.sum());
        out.put_u32_le(self.crc.amount());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn sent(parts: &[String], nonce: &str) -> String {
        let mut packer = Packer::new("rendered");
        let (mut reading, mut out) = (Reading::new(nonce.to_owned()), Reading::BEGIN.to_vec());
        for part in parts {
            packer.pack(part.as_bytes()).unwrap().iter().for_each(|piece| reading.push(piece, &mut out));
        }
        reading.end(&mut out);
        let mut text = String::new();
        let mut decoder = GzDecoder::new(&out[..]);
        decoder.read_to_string(&mut text).unwrap();
        assert!(decoder.into_inner().is_empty());
        text
    }

    #[test]
    fn a_reader_gets_the_page_with_a_nonce_of_his_own() {
        let long = "<script nonce=\"rendered\">1</script><p>".repeat(3000);
        // Nothing that repeats: larger than what it is compressed into at first.
        let noise: String =
            (0..200_000u32).map(|n| char::from(b' ' + (n.wrapping_mul(2_654_435_761) >> 25) as u8)).collect();
        for parts in [
            vec![],
            vec![String::new()],
            vec!["rendered".to_owned()],
            vec!["renderedrendered".to_owned(), "x".to_owned(), String::new(), "rendered y".to_owned()],
            vec![long, noise],
        ] {
            let expected = parts.concat().replace("rendered", "ANOTHER one");
            assert!(sent(&parts, "ANOTHER one") == expected, "{}", expected.len());
        }
    }
}
