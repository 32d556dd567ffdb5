//! The user who runs Postgres: ourselves, or another when we are root, as which Postgres refuses to run.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, bail};
use nix::unistd::{Uid, User, geteuid};

pub struct Owner {
    pub name: String,
    uid: u32,
    gid: u32,
    /// We are root and become this user for every program that we start.
    switch: bool,
}

impl Owner {
    /// The owner of the cluster at `data` when there is one, else who would own a new one.
    pub fn of(data: &Path) -> anyhow::Result<Owner> {
        let us = geteuid();
        let existing = fs::metadata(data).ok().map(|folder| Uid::from_raw(folder.uid()));
        let user = match (us.is_root(), existing) {
            (true, Some(owner)) if owner.is_root() => bail!(
                "{} belongs to root, as whom Postgres refuses to run: give it to its user again (chown -R postgres {0})",
                data.display()
            ),
            (true, Some(owner)) => named(owner)?,
            (true, None) => match User::from_name("postgres")?.filter(|user| !user.uid.is_root()) {
                Some(user) => user,
                None => User::from_name("nobody")?.context("there is neither a user `postgres` nor `nobody`")?,
            },
            (false, Some(owner)) if owner != us => bail!(
                "{} belongs to the user with id {owner} and you are {us}: run trailmap as that user, or choose another \
                 --data-dir",
                data.display()
            ),
            (false, _) => named(us)?,
        };
        Ok(Owner { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), switch: us.is_root() })
    }

    /// A command that runs as this user, in `/`, with no environment but what Postgres needs.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        // A group of its own: Ctrl-C is for us, who then stop Postgres in order.
        command.current_dir("/").stdin(Stdio::null()).process_group(0);
        if self.switch {
            // Without groups of its own choice, the standard library drops root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Runs a command to its end. Errors: it cannot run, or fails; with what it said.
    pub fn run(&self, command: &mut Command) -> anyhow::Result<Output> {
        let name = command.get_program().to_string_lossy().into_owned();
        let output = command.output().with_context(|| format!("cannot run {name} as the user {}", self.name))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            bail!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&said).trim());
        }
        Ok(output)
    }

    /// Whether this user can reach what is in `folder`: asked of the system itself, which knows of ACLs and the like.
    pub fn may_enter(&self, folder: &Path) -> bool {
        !self.switch || self.run(self.command("/bin/sh").args(["-c", r#"cd -- "$1""#, "sh"]).arg(folder)).is_ok()
    }

    /// A new folder that this user alone may enter.
    pub fn create_folder(&self, folder: &Path) -> anyhow::Result<()> {
        let created = fs::DirBuilder::new().mode(0o700).create(folder);
        created.and_then(|()| self.give(folder)).with_context(|| folder.display().to_string())
    }

    /// Makes this user the owner of a file or folder of ours.
    pub fn give(&self, path: &Path) -> std::io::Result<()> {
        if self.switch { std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// Writes a file as this user, so that root never follows a link that this user has placed. It stays as it was where the
    /// new text cannot be written whole.
    pub fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let mut command = self.command("/bin/sh");
        command
            .args(["-c", r#"umask 077; cat > "$1.new" && mv -f "$1.new" "$1""#, "sh"])
            .arg(path)
            .stdin(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run sh as the user {}", self.name))?;
        child.stdin.take().context("stdin")?.write_all(text.as_bytes())?;
        let status = child.wait()?;
        if !status.success() {
            bail!("{} cannot be written as the user {}", path.display(), self.name);
        }
        Ok(())
    }

    /// Whether `folder` is a real folder (no link) of this user's that nobody else may enter.
    pub fn alone_in(&self, folder: &Path) -> std::io::Result<bool> {
        let found = fs::symlink_metadata(folder)?;
        Ok(found.is_dir() && found.uid() == self.uid && found.permissions().mode() & 0o077 == 0)
    }
}

fn named(uid: Uid) -> anyhow::Result<User> {
    let user = User::from_uid(uid)?;
    user.with_context(|| {
        format!(
            "Postgres needs a user with a name, and user id {uid} has none on this system: run trailmap as a named \
             user, or give it a database with --database-url"
        )
    })
}
