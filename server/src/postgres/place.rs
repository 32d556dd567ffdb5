//! Where the cluster, its socket and its log lie.

use std::{
    fs,
    io::ErrorKind,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::{Settings, owner::Owner};

/// A socket's whole path may have 107 bytes; `/.s.PGSQL.5432` takes 14 of them.
const SOCKET_FOLDER_BYTES: usize = 93;
/// A log beyond this is put aside when the cluster starts.
const LOG_BYTES: u64 = 16 << 20;

#[derive(Debug)]
pub struct Place {
    /// Holds all of the following but, perhaps, the socket.
    pub home: PathBuf,
    /// Postgres' data directory.
    pub data: PathBuf,
    /// The folder of the socket.
    pub socket: PathBuf,
    pub log: PathBuf,
}

impl Place {
    /// Chooses the place and makes its folders, though not the cluster's own.
    pub fn choose(settings: &Settings) -> anyhow::Result<(Place, Owner)> {
        let data_dir = create(&settings.data_dir)?;
        // pg_ctl puts paths between double quotes into a shell's command.
        if data_dir.as_os_str().as_bytes().iter().any(|byte| b"\"$`\\\n".contains(byte)) {
            bail!("{}: Postgres cannot have \" $ ` \\ in a path: choose another --data-dir", data_dir.display());
        }
        let hash = hash(&data_dir);
        let aside = settings.fallback.join(&hash);
        let beside = data_dir.join("postgres");
        // A cluster that exists decides; otherwise whether its owner-to-be gets into the data folder.
        let owner = Owner::of(&beside)?;
        let home = if owner.may_enter(&data_dir) && !aside.join("postgres").exists() {
            data_dir
        } else if beside.exists() {
            bail!("{}: {}", data_dir.display(), not_enterable(&owner));
        } else {
            tracing::info!(
                folder = %aside.display(),
                "the user {} cannot enter {}: the private Postgres is kept elsewhere",
                owner.name,
                data_dir.display()
            );
            create(&aside)?
        };
        let data = home.join("postgres");
        let owner = Owner::of(&data)?;
        if !owner.may_enter(&home) {
            bail!("{}: {}", home.display(), not_enterable(&owner));
        }
        let socket = socket(&data, &hash);
        Ok((Place { log: home.join("postgres.log"), home, data, socket }, owner))
    }

    /// Makes the socket's folder when it is not the cluster's own, and refuses one that somebody else has put there.
    pub fn prepare_socket(&self, owner: &Owner) -> anyhow::Result<()> {
        if self.socket == self.data {
            return Ok(());
        }
        match owner.create_folder(&self.socket) {
            Err(error) if !self.socket.exists() => return Err(error),
            _ => {}
        }
        if !owner.alone_in(&self.socket)? {
            bail!("{} is not a private folder of the user {}: remove it", self.socket.display(), owner.name);
        }
        Ok(())
    }

    /// Makes the log, writable by Postgres; one that has grown large is kept as `postgres.log.1`.
    pub fn prepare_log(&self, owner: &Owner) -> anyhow::Result<()> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES) {
            fs::rename(&self.log, self.log.with_extension("log.1"))?;
        }
        let made = fs::OpenOptions::new().append(true).create_new(true).mode(0o600).open(&self.log);
        match made {
            Ok(_) => owner.give(&self.log).with_context(|| self.log.display().to_string()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error).with_context(|| self.log.display().to_string()),
        }
    }
}

fn not_enterable(owner: &Owner) -> String {
    format!(
        "the user {}, who runs Postgres because it refuses to run as root, cannot enter this folder: let others enter \
         it and the folders above it (chmod o+x), or choose another --data-dir",
        owner.name
    )
}

/// Root's folders can be entered by the user who runs Postgres; ours are ours alone.
fn create(folder: &Path) -> anyhow::Result<PathBuf> {
    let mode = if geteuid().is_root() { 0o755 } else { 0o700 };
    let created = fs::DirBuilder::new().recursive(true).mode(mode).create(folder);
    created.and_then(|()| folder.canonicalize()).with_context(|| format!("data folder {}", folder.display()))
}

/// Sixteen hexadecimal digits that stand for a data folder.
fn hash(data_dir: &Path) -> String {
    Sha256::digest(data_dir.as_os_str().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// In the cluster's own folder, which is private already, where the path is short enough for a socket.
fn socket(data: &Path, hash: &str) -> PathBuf {
    let fits = |folder: &Path| folder.as_os_str().len() <= SOCKET_FOLDER_BYTES;
    if fits(data) {
        return data.to_owned();
    }
    let name = format!("trailmap-{hash}");
    let temporary = std::env::temp_dir().join(&name);
    if fits(&temporary) { temporary } else { Path::new("/tmp").join(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_have_their_socket_elsewhere() {
        let short = Path::new("/data/postgres");
        assert_eq!(socket(short, "0123"), short);
        let long = PathBuf::from(format!("/{}/postgres", "x".repeat(90)));
        let socket = socket(&long, "0123456789abcdef");
        assert!(socket.ends_with("trailmap-0123456789abcdef") && socket.as_os_str().len() <= SOCKET_FOLDER_BYTES);
    }
}
