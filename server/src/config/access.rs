//! `[access]` of the configuration: what is asked of users.

use toml::de::DeTable;

use super::source::entry::{Entry, Mistake};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// As `--require-second-factor`.
    pub require_second_factor: bool,
}

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &DeTable<'_>) -> Result<Access, Mistake> {
    let mut entry = Entry::of("access", at, table);
    let access = Access { require_second_factor: entry.boolean("require_second_factor", false)? };
    entry.finish("[access]")?;
    Ok(access)
}

#[cfg(test)]
mod tests {
    use crate::config::file;

    #[test]
    fn a_second_factor_is_asked_for_or_not() {
        let read = |text: &str| file::parse(text).map(|file| file.access.require_second_factor);
        assert_eq!(read(""), Ok(false));
        assert_eq!(read("[access]\nrequire_second_factor = true\n"), Ok(true));
        for (text, told) in [
            (
                "[access]\nrequire_second_factor = 1\n",
                "line 2: access: require_second_factor: true or false is expected",
            ),
            ("[access]\nsecond_factor = true\n", "line 2: access: second_factor: unknown key"),
            ("access = true\n", "line 1: access is a table"),
        ] {
            let mistake = read(text).expect_err(text);
            assert!(mistake.contains(told), "{told}: {mistake}");
        }
    }
}
