//! One event as a line of NDJSON or CSV.

use model::{
    export,
    series::{Cell, Column},
};
use serde_json::value::RawValue;

/// The form of a file's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    Json,
    Csv,
}

impl Lines {
    /// What stands before the first event.
    pub fn head(self, columns: &[Column]) -> String {
        match self {
            Lines::Json => String::new(),
            Lines::Csv => export::csv_head(columns),
        }
    }

    pub fn push(self, text: &mut String, columns: &[Column], row: &[Cell]) {
        match self {
            Lines::Csv => export::push_csv_row(text, row),
            Lines::Json => {
                let from = text.len();
                push_object(text, columns, row);
                // Within JSON, a break can only stand between two parts: in a string it would be escaped.
                if text[from..].contains(['\n', '\r']) {
                    let line = text[from..].replace(['\n', '\r'], " ");
                    text.replace_range(from.., &line);
                }
                text.push('\n');
            }
        }
    }
}

/// The row as an object. The event itself, `raw`, stands in it as it was delivered, every digit and key of it: as JSON
/// where it is JSON, else as a string.
pub fn push_object(text: &mut String, columns: &[Column], row: &[Cell]) {
    let delivered = match (columns.last(), row.last()) {
        (Some(column), Some(Cell::Text(raw))) if column.key == "raw" => Some(raw),
        _ => None,
    };
    let Some(raw) = delivered.filter(|raw| serde_json::from_str::<&RawValue>(raw).is_ok()) else {
        text.push_str(&export::row(columns, row).to_string());
        return;
    };
    let fields = columns.len() - 1;
    text.push_str(&export::row(&columns[..fields], &row[..fields]).to_string());
    text.pop();
    text.push_str(if fields == 0 { "\"raw\":" } else { ",\"raw\":" });
    text.push_str(raw);
    text.push('}');
}

#[cfg(test)]
mod tests {
    use model::field::Kind;

    use super::*;

    fn line(raw: &str) -> String {
        let column = |key: &str| Column { key: key.into(), kind: Kind::Text, label: key.into() };
        let mut text = String::new();
        let columns = [column("actor"), column("raw")];
        Lines::Json.push(&mut text, &columns, &[Cell::Text("a\nb".into()), Cell::Text(raw.into())]);
        text
    }

    #[test]
    fn the_event_is_as_it_was_delivered_but_on_one_line() {
        assert_eq!(
            line("{\"n\": 1.10,\r\n \"n\": \"\\u0000\\ud800\"}"),
            "{\"actor\":\"a\\nb\",\"raw\":{\"n\": 1.10,   \"n\": \"\\u0000\\ud800\"}}\n"
        );
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        assert!(line(&deep).contains(&deep));
    }

    #[test]
    fn what_is_no_json_is_a_string() {
        assert_eq!(line("{\"a\": }\n"), "{\"actor\":\"a\\nb\",\"raw\":\"{\\\"a\\\": }\\n\"}\n");
        assert_eq!(line("{} {}"), "{\"actor\":\"a\\nb\",\"raw\":\"{} {}\"}\n");
    }
}
