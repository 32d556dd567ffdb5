//! Finding Postgres' programs: those on PATH, and those that Debian keeps beside it by version.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use super::Settings;

/// The oldest major version that Trailmap works with.
const OLDEST: u32 = 15;

/// One installation of Postgres.
#[derive(Clone, Debug, PartialEq)]
pub struct Programs {
    /// The folder with initdb, pg_ctl and postgres.
    pub bin: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The programs for the cluster at `data`: of its version when it exists, else those on PATH or the newest.
    pub fn choose(settings: &Settings, data: &Path) -> anyhow::Result<Programs> {
        let found = find(settings);
        match version_of(data)? {
            Some(major) => for_version(found, major, data),
            None => newest(found, settings),
        }
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// The major version of the cluster at `data`, when there is one.
fn version_of(data: &Path) -> anyhow::Result<Option<u32>> {
    let file = data.join("PG_VERSION");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !data.exists() => return Ok(None),
        Err(error) => bail!("{}: this folder holds no Postgres cluster that can be used ({error})", data.display()),
    };
    match text.trim().parse() {
        Ok(major) => Ok(Some(major)),
        Err(_) => bail!("{}: not a Postgres version: {}", file.display(), text.trim()),
    }
}

fn for_version(found: Vec<Programs>, major: u32, data: &Path) -> anyhow::Result<Programs> {
    if let Some(programs) = found.iter().find(|programs| programs.major == major) {
        return Ok(programs.clone());
    }
    let here: Vec<_> =
        found.iter().map(|programs| format!("{} in {}", programs.major, programs.bin.display())).collect();
    let here = if here.is_empty() { "none".to_owned() } else { here.join(", ") };
    bail!(
        "the cluster in {folder} was made by Postgres {major}, and the programs on this machine are: {here}. A cluster \
         cannot be opened by another version. Either install Postgres {major} (apt-get install postgresql-{major}); or \
         move the data by pg_dump with version {major} and psql with the new one; or choose another --data-dir and \
         ingest again",
        folder = data.display(),
    )
}

fn newest(found: Vec<Programs>, settings: &Settings) -> anyhow::Result<Programs> {
    let too_old = found.iter().map(|programs| programs.bin.display().to_string()).collect::<Vec<_>>().join(", ");
    if let Some(programs) = found.into_iter().find(|programs| programs.major >= OLDEST) {
        return Ok(programs);
    }
    let found = if too_old.is_empty() { String::new() } else { format!("; too old: {too_old}") };
    bail!(
        "no Postgres was found: Trailmap needs the programs initdb, pg_ctl and postgres, version {OLDEST} or newer, on \
         PATH or in {}/*/bin{found}. Install them (apt-get install --no-install-recommends postgresql), or name a \
         database with --database-url",
        settings.versions.display()
    )
}

/// All installations: those on PATH in its order, then the others from new to old.
fn find(settings: &Settings) -> Vec<Programs> {
    let on_path = settings.path.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
    let mut found: Vec<Programs> = on_path.filter_map(|folder| installation(&folder)).collect();
    let versions = fs::read_dir(&settings.versions).into_iter().flatten().flatten();
    let mut others: Vec<_> = versions.filter_map(|entry| installation(&entry.path().join("bin"))).collect();
    // By number: as text, 9 would be newer than 15.
    others.sort_by_key(|programs| std::cmp::Reverse(programs.major));
    found.append(&mut others);
    found
}

fn installation(bin: &Path) -> Option<Programs> {
    // A link on PATH leads to the folder where the programs are together.
    let bin = bin.join("initdb").canonicalize().ok()?.parent()?.to_owned();
    let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|name| bin.join(name).is_file());
    let output = complete.then(|| Command::new(bin.join("postgres")).arg("--version").output().ok())??;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs { bin, major })
}

/// From `postgres (PostgreSQL) 15.17 (Debian 15.17-0+deb12u1)` or `… 18beta1`.
fn major(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn install(root: &Path, folder: &str, version: &str) -> PathBuf {
        let bin = root.join(folder);
        fs::create_dir_all(&bin).unwrap();
        for name in ["initdb", "pg_ctl", "postgres"] {
            fs::write(bin.join(name), format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        // A process that another test begins meanwhile still holds the file open for writing, for a moment.
        let busy = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ExecutableFileBusy;
        while Command::new(bin.join("postgres")).output().is_err_and(|error| busy(&error)) {}
        bin.canonicalize().unwrap()
    }

    fn settings(root: &Path, path: Option<&Path>) -> Settings {
        let path = Some(path.map(Path::as_os_str).unwrap_or_default().to_owned());
        Settings { path, versions: root.to_owned(), ..Settings::new(root) }
    }

    #[test]
    fn versions_are_numbers() {
        assert_eq!(major("postgres (PostgreSQL) 15.17 (Debian 15.17-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("psql"), None);
    }

    #[test]
    fn path_first_then_the_newest() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "9/bin", "9.6.24");
        let fifteen = install(root.path(), "15/bin", "15.17 (Debian)");
        let nowhere = root.path().join("data");
        let chosen = Programs::choose(&settings(root.path(), None), &nowhere).unwrap();
        assert_eq!(chosen, Programs { bin: fifteen, major: 15 });
        let own = install(root.path(), "own", "16.1");
        assert_eq!(Programs::choose(&settings(root.path(), Some(&own)), &nowhere).unwrap().bin, own);
    }

    #[test]
    fn an_existing_cluster_gets_its_own_version_or_a_reason() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "17/bin", "17.2");
        let data = root.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "15\n").unwrap();
        let error = Programs::choose(&settings(root.path(), None), &data).unwrap_err().to_string();
        for part in ["made by Postgres 15", "17 in ", "/17/bin", "postgresql-15", "pg_dump", "--data-dir"] {
            assert!(error.contains(part), "{part} is missing: {error}");
        }
        install(root.path(), "15/bin", "15.3");
        assert_eq!(Programs::choose(&settings(root.path(), None), &data).unwrap().major, 15);
    }

    #[test]
    fn nothing_or_only_old_programs() {
        let root = tempfile::tempdir().unwrap();
        let choose = || Programs::choose(&settings(root.path(), None), &root.path().join("data"));
        assert!(choose().unwrap_err().to_string().contains("apt-get install --no-install-recommends postgresql"));
        install(root.path(), "13/bin", "13.2");
        assert!(choose().unwrap_err().to_string().contains("too old: "));
    }
}
