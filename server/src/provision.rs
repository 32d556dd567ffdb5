//! Dashboards from a folder of JSON files, read when the server starts. They cannot be changed here.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::{
    dashboard::{self, Dashboard},
    error::Error,
};

/// The dashboards of all `.json` files, in the order of their names. A file that cannot be read is told in the log, by
/// name and key, and left out.
pub fn read(folder: &Path) -> Vec<Dashboard> {
    let files = match files(folder) {
        Ok(files) => files,
        Err(error) => {
            tracing::error!(folder = %folder.display(), %error, "the folder of dashboards cannot be read");
            return Vec::new();
        }
    };
    let mut all: Vec<Dashboard> = Vec::new();
    for file in files {
        match one(&file).and_then(|found| unlike(&all, found)) {
            Ok(dashboard) => all.push(dashboard),
            Err(error) => tracing::error!(file = %file.display(), error = error.message, "a dashboard is left out"),
        }
    }
    tracing::info!(folder = %folder.display(), dashboards = all.len(), "dashboards are read");
    all
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn one(file: &Path) -> Result<Dashboard, Error> {
    let text = fs::read_to_string(file).map_err(|error| Error::invalid("file", error.to_string()))?;
    Dashboard::from_json(&text)
}

/// Ids are addresses: of two dashboards with one id, the first stays.
fn unlike(all: &[Dashboard], found: Dashboard) -> Result<Dashboard, Error> {
    let taken = dashboard::dashboard(&found.id).is_some() || all.iter().any(|other| other.id == found.id);
    if taken {
        return Err(Error::invalid("id", format!("id: there is a dashboard {} already. Choose another id.", found.id)));
    }
    Ok(found)
}
