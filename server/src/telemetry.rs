//! Logs: structured, to standard error, so that standard output stays for results.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use model::chart::plain;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts logging for the whole process. Errors: `filter` cannot be read.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("--log: cannot read the filter `{filter}`"))?;
    let coloured = format == LogFormat::Text && io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || Lines { format, coloured });
    match format {
        LogFormat::Text => logs.with_ansi(coloured).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Standard error, which each record reaches as one line.
struct Lines {
    format: LogFormat,
    coloured: bool,
}

impl Write for Lines {
    /// Takes one record, as `tracing_subscriber` writes it: whole.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(line(&String::from_utf8_lossy(record), self.format, self.coloured).as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What strangers wrote into names, paths and bodies can stand in a record: it shall not look like another one, nor steer a
/// terminal. In JSON such characters stand within strings alone.
fn line(record: &str, format: LogFormat, coloured: bool) -> String {
    let mut line = String::with_capacity(record.len());
    for c in record.trim_end_matches('\n').chars() {
        match (c, format) {
            (c, _) if plain(c) => line.push(c),
            // Colours are ours: in values they are taken out before.
            ('\u{1b}', LogFormat::Text) if coloured => line.push(c),
            (c, LogFormat::Text) => line.extend(c.escape_default()),
            (c, LogFormat::Json) => {
                line.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_in_which_all_is_seen() {
        let check = |record: &str, format, expected: &str| assert_eq!(line(record, format, false), expected);
        check("a \"b\"\tc\r\nd\n", LogFormat::Text, "a \"b\"\\tc\\r\\nd\n");
        check("\u{1b}[2J\u{9b}1m\u{202e}é\n", LogFormat::Text, "\\u{1b}[2J\\u{9b}1m\\u{202e}é\n");
        check("{\"a\":\"\u{9b}\u{202e}\u{e0041}é\"}\n", LogFormat::Json, "{\"a\":\"\\u009b\\u202e\\udb40\\udc41é\"}\n");
        assert_eq!(line("\u{1b}[2mx\u{1b}[0m\u{9d}\n", LogFormat::Text, true), "\u{1b}[2mx\u{1b}[0m\\u{9d}\n");
    }
}
