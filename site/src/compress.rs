//! `.br` and `.gz` beside each file that shrinks, so that the server never compresses the same bytes twice.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};

/// How long to look for a shorter text.
#[derive(Clone, Copy)]
pub enum Effort {
    /// For development: seconds matter more than bytes.
    Fast,
    Best,
}

/// Bytes of one file as it lies and as it travels.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub raw_bytes: usize,
    pub gzip_bytes: usize,
    pub brotli_bytes: usize,
}

/// Pictures and fonts are compressed already.
pub fn compressible(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "wasm" | "js" | "css" | "svg" | "txt" | "json" | "html" | "xml" | "webmanifest" | "ico")
}

/// Writes `path`, and its `.br` and `.gz` where its kind shrinks.
pub fn write(path: &Path, bytes: &[u8], effort: Effort) -> Result<Sizes> {
    let mut sizes = Sizes { raw_bytes: bytes.len(), gzip_bytes: bytes.len(), brotli_bytes: bytes.len() };
    let name = path.file_name().and_then(|name| name.to_str()).context("file names are UTF-8")?;
    put(path, bytes)?;
    if compressible(name) {
        let gzip = gzip(bytes, effort)?;
        let brotli = brotli(bytes, effort)?;
        (sizes.gzip_bytes, sizes.brotli_bytes) = (gzip.len(), brotli.len());
        put(&path.with_file_name(format!("{name}.gz")), &gzip)?;
        put(&path.with_file_name(format!("{name}.br")), &brotli)?;
    }
    Ok(sizes)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| path.display().to_string())
}

fn gzip(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let level = match effort {
        Effort::Fast => 1,
        Effort::Best => 9,
    };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let quality = match effort {
        Effort::Fast => 3,
        Effort::Best => 11,
    };
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Read;

    #[test]
    fn siblings_hold_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let text = "a{color:red}".repeat(1000);
        let sizes = write(&folder.path().join("a.css"), text.as_bytes(), Effort::Best).unwrap();
        assert!(sizes.brotli_bytes < 100 && sizes.gzip_bytes < 200 && sizes.raw_bytes == 12_000, "{sizes:?}");
        let mut back = String::new();
        let gzip = fs::read(folder.path().join("a.css.gz")).unwrap();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
        back.clear();
        let brotli = fs::read(folder.path().join("a.css.br")).unwrap();
        brotli::Decompressor::new(&brotli[..], 4096).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn pictures_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a.png"), b"png", Effort::Best).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
