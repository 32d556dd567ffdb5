//! Secrets of others that have to be read again: addresses of webhooks. Encrypted with a key that is not in the database.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

const KEY_BYTES: usize = 32;

/// The key's file; cheap to clone.
#[derive(Clone)]
pub struct Seal {
    file: PathBuf,
    /// It may be made where there is none.
    made: bool,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.file.display())
    }
}

impl Seal {
    /// A file that somebody made. Errors: it holds no key.
    pub fn open(file: &Path) -> anyhow::Result<Seal> {
        let seal = Seal { file: file.to_owned(), made: false };
        seal.key()?;
        Ok(seal)
    }

    /// A file of our own, made when it is first needed.
    pub fn within(folder: &Path) -> Seal {
        Seal { file: folder.join("secret.key"), made: true }
    }

    /// `about`: what it is, so that one secret cannot stand in the place of another.
    pub fn close(&self, text: &str, about: &str) -> anyhow::Result<Vec<u8>> {
        let key = match self.key() {
            Err(error) if self.made && is_missing(&error) => {
                self.make()?;
                self.key()?
            }
            key => key?,
        };
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| anyhow!("the system gives no random bytes"))?;
        let mut sealed = text.as_bytes().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
            .map_err(|_| anyhow!("a secret cannot be encrypted"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub fn read(&self, sealed: &[u8], about: &str) -> anyhow::Result<String> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().context("what is stored is no secret")?;
        let (key, mut rest) = (self.key()?, rest.to_vec());
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(about), &mut rest);
        let opened =
            opened.map_err(|_| anyhow!("it was encrypted with another key than that of {}", self.file.display()))?;
        Ok(String::from_utf8(opened.to_vec())?)
    }

    fn key(&self) -> anyhow::Result<LessSafeKey> {
        let text =
            fs::read_to_string(&self.file).with_context(|| format!("{}: cannot be read", self.file.display()))?;
        let bytes = BASE64_STANDARD.decode(text.trim()).unwrap_or_default();
        ensure!(
            bytes.len() == KEY_BYTES,
            "{}: no key is in it: 32 bytes in base64 are expected, as `openssl rand -base64 32` writes them",
            self.file.display()
        );
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| anyhow!("the key cannot be used"))?;
        Ok(LessSafeKey::new(key))
    }

    /// Whole or not at all; of two servers that make it at the same time, the first one's stays.
    fn make(&self) -> anyhow::Result<()> {
        let named = || self.file.display().to_string();
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("the system gives no random bytes"))?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(named)?;
        }
        let unfinished = self.file.with_extension(format!("{}.unfinished", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .with_context(named)?;
        writeln!(file, "{}", BASE64_STANDARD.encode(bytes)).and_then(|()| file.sync_all()).with_context(named)?;
        let linked = fs::hard_link(&unfinished, &self.file);
        let _ = fs::remove_file(&unfinished);
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(named),
            _ => Ok(()),
        }
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_read_with_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::within(&folder.path().join("deep"));
        let sealed = seal.close("https://hooks.example/canary", "webhook").unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
        assert_ne!(seal.close("https://hooks.example/canary", "webhook").unwrap(), sealed, "a nonce each time");
        assert_eq!(seal.read(&sealed, "webhook").unwrap(), "https://hooks.example/canary");
        let file = folder.path().join("deep/secret.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Seal::open(&file).unwrap().read(&sealed, "webhook").unwrap(), "https://hooks.example/canary");

        assert!(seal.read(&sealed, "password").is_err(), "it is no other secret");
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert!(seal.read(&changed, "webhook").is_err() && seal.read(&sealed[..5], "webhook").is_err());
        let other = Seal::within(&folder.path().join("other"));
        other.close("x", "webhook").unwrap();
        assert!(other.read(&sealed, "webhook").unwrap_err().to_string().contains("another key"));
        assert!(Seal::within(&folder.path().join("none")).read(&sealed, "webhook").is_err(), "reading makes no key");
        fs::write(&file, "short").unwrap();
        assert!(format!("{:#}", Seal::open(&file).unwrap_err()).contains("openssl rand -base64 32"));
    }
}
