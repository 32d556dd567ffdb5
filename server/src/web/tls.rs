//! Encrypted connections without a proxy: certificate and key from files, read again when they change.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use axum_server::tls_rustls::RustlsConfig;

/// How often the files are looked at: whoever renews a certificate need not restart anything.
const LOOKED_AT: Duration = Duration::from_secs(60);

/// Certificate and key, PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
}

impl Tls {
    /// Errors name the file that cannot be read or is no certificate or key.
    pub async fn open(certificate: &Path, key: &Path) -> anyhow::Result<Tls> {
        for file in [certificate, key] {
            std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?;
        }
        let config = RustlsConfig::from_pem_file(certificate, key).await;
        let named =
            || format!("{} and {} are no certificate and its key, as PEM", certificate.display(), key.display());
        Ok(Tls { certificate: certificate.to_owned(), key: key.to_owned(), config: config.with_context(named)? })
    }

    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Reads the files again whenever they have changed, for ever. What cannot be used leaves the old certificate in place.
    pub async fn follow(self) {
        let mut known = self.changed();
        loop {
            tokio::time::sleep(LOOKED_AT).await;
            let now = self.changed();
            if now == known {
                continue;
            }
            match self.config.reload_from_pem_file(&self.certificate, &self.key).await {
                Ok(()) => {
                    tracing::info!(certificate = %self.certificate.display(), "the certificate is read again");
                    known = now;
                }
                Err(error) => {
                    tracing::warn!(%error, certificate = %self.certificate.display(), "the new certificate cannot be used")
                }
            }
        }
    }

    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|file| std::fs::metadata(file).and_then(|meta| meta.modified()).ok())
    }
}
