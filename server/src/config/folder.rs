//! Where the data folder is when none is named: the XDG base directories, or /var/lib for a root without a home.

use std::{ffi::OsString, path::PathBuf};

use anyhow::bail;

/// `variable` looks up the environment, so that tests need not change the process's own.
pub fn default(variable: impl Fn(&str) -> Option<OsString>, root: bool) -> anyhow::Result<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(data_home) = absolute("XDG_DATA_HOME") {
        return Ok(data_home.join("trailmap"));
    }
    match absolute("HOME").filter(|home| home.parent().is_some()) {
        Some(home) => Ok(home.join(".local/share/trailmap")),
        None if root => Ok(PathBuf::from("/var/lib/trailmap")),
        None => bail!("there is no home folder to keep data in: name one with --data-dir or TRAILMAP_DATA_DIR"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn follows_xdg_then_home_then_var_lib() {
        let folder = |variables: &'static [(&str, &str)], root| {
            let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            default(lookup, root).ok().map(|path| path.display().to_string())
        };
        let at = |path: &str| Some(path.to_owned());
        assert_eq!(folder(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")], false), at("/x/trailmap"));
        assert_eq!(folder(&[("XDG_DATA_HOME", "x"), ("HOME", "/h")], false), at("/h/.local/share/trailmap"));
        assert_eq!(folder(&[("HOME", "/")], true), at("/var/lib/trailmap"));
        assert_eq!(folder(&[], true), at("/var/lib/trailmap"));
        assert_eq!(folder(&[], false), None);
    }
}
