//! `trailmap rejected`: what could not be read as an event.

use std::process::ExitCode;

use serde_json::json;

use super::database::Database;
use crate::{
    config::{Global, OutputFormat},
    store::rejected::{self, Rejected},
};

pub async fn run(global: &Global, settings: &crate::config::Rejected) -> anyhow::Result<ExitCode> {
    let database = Database::open(global, 1).await?;
    let limit = i64::from(settings.limit);
    let pieces = database.with(async |pool| Ok(rejected::list(pool, limit).await?)).await?;
    let mut out = String::new();
    for piece in &pieces {
        match settings.format {
            OutputFormat::Json => out.push_str(&object(piece)),
            OutputFormat::Text => out.push_str(&line(piece)),
        }
        out.push('\n');
    }
    if pieces.is_empty() && settings.format == OutputFormat::Text {
        out.push_str("Nothing was kept aside.\n");
    }
    super::print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn object(piece: &Rejected) -> String {
    json!({
        "object": piece.object,
        "ordinal": piece.ordinal,
        "byte_offset": piece.byte_offset,
        "reason": piece.reason,
        "text": piece.text,
    })
    .to_string()
}

/// One line for people: control characters, which could move a terminal's cursor, are escaped.
fn line(piece: &Rejected) -> String {
    const SHOWN: usize = 120;
    let start: String = piece.text.chars().take(SHOWN).collect();
    let more = if piece.text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    let place = format!("{} record {} at byte {}", piece.object, piece.ordinal, piece.byte_offset);
    super::printable(&format!("{place}: {}: {start}{more}", piece.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_harmless() {
        let text = format!("\u{1b}[2J{}", "x".repeat(200));
        let piece = Rejected { object: "a".into(), ordinal: 1, byte_offset: 9, reason: "no\njson".into(), text };
        let shown = line(&piece);
        assert!(shown.starts_with("a record 1 at byte 9: no\\njson: \\u{1b}[2Jxxx"), "{shown}");
        assert!(shown.ends_with("x…") && shown.chars().count() < 180);
    }
}
