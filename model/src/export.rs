//! A series as data for others: JSON and CSV, with the same keys as the filter language and times in RFC 3339, UTC.

use serde_json::{Map, Value, json};

use crate::{
    inspection::Inspection,
    series::{Cell, Column, Series, Table},
    time::Window,
};

/// The series as one JSON object: panel, window, filter, columns, rows, total, truncated; `previous` and `details`
/// where the panel has them.
pub fn json(series: &Series) -> Value {
    let mut value = json!({
        "panel": { "id": series.panel.id, "title": series.panel.title },
        "window": window(series.window),
        "filter": series.filter,
        "columns": columns(&series.table),
        "rows": rows(&series.table),
        "total": series.table.total,
        "truncated": series.table.truncated,
    });
    if let Some(previous) = series.previous {
        value["previous"] = window(previous);
    }
    if !series.details.is_empty() {
        let details = series.details.iter().map(|detail| {
            let table = json!({ "columns": columns(&detail.table), "rows": rows(&detail.table) });
            (detail.id.clone(), table)
        });
        value["details"] = Value::Object(details.collect());
    }
    value
}

/// How a panel is answered, with the same words as its data.
pub fn inspection(inspection: &Inspection) -> Value {
    let mut value = json!({
        "panel": { "id": inspection.panel.id, "title": inspection.panel.title },
        "window": window(inspection.window),
        "filter": inspection.filter,
        "bucket_ms": inspection.bucket_ms,
        "statements": inspection.statements,
    });
    if let Some(previous) = inspection.previous {
        value["previous"] = window(previous);
    }
    value
}

/// Both edges in RFC 3339.
pub fn window(window: Window) -> Value {
    json!({ "from": window.from.rfc3339(), "to": window.to.rfc3339() })
}

fn columns(table: &Table) -> Value {
    table.columns.iter().map(column).collect()
}

/// What a column holds: key, type, label.
pub fn column(column: &Column) -> Value {
    json!({ "key": column.key, "type": column.kind, "label": column.label })
}

fn rows(table: &Table) -> Value {
    table.rows.iter().map(|cells| row(&table.columns, cells)).collect()
}

/// One row as an object.
pub fn row(columns: &[Column], cells: &[Cell]) -> Value {
    let pairs = columns.iter().zip(cells).map(|(column, cell)| (column.key.clone(), value(cell)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// A value as JSON: times as text.
pub fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Int(number) => json!(number),
        Cell::Float(number) => json!(number),
        Cell::Bool(yes) => json!(yes),
        Cell::Time(at) => json!(at.rfc3339()),
        Cell::List(texts) => json!(texts),
    }
}

/// The panel's own table as CSV (RFC 4180: a header, lines that end in CRLF, quotes where they are needed).
/// Text that a spreadsheet would take for a formula is prefixed with `'`.
pub fn csv(series: &Series) -> String {
    let mut text = csv_head(&series.table.columns);
    for row in &series.table.rows {
        push_csv_row(&mut text, row);
    }
    text
}

/// The first line of a CSV: the columns' keys, which can be paths.
pub fn csv_head(columns: &[Column]) -> String {
    let mut text = String::new();
    push_line(&mut text, columns.iter().map(|column| inert(&column.key)));
    text
}

/// One line of a CSV.
pub fn push_csv_row(text: &mut String, cells: &[Cell]) {
    push_line(text, cells.iter().map(plain));
}

fn push_line(text: &mut String, cells: impl Iterator<Item = String>) {
    let before = text.len();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    // A line of one empty cell would be a blank line, which readers skip.
    if text.len() == before {
        text.push_str("\"\"");
    }
    text.push_str("\r\n");
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => inert(text),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Time(at) => at.rfc3339(),
        Cell::List(texts) => inert(&texts.join("; ")),
    }
}

/// Event text is an attacker's to choose: no spreadsheet may run it. Whoever opens the file may have told theirs, or have been
/// given by their language, that another character than the comma ends a cell; then a quote within a line keeps nothing
/// together, either.
fn inert(text: &str) -> String {
    const SIGNS: [char; 4] = ['=', '+', '-', '@'];
    let mut out = String::with_capacity(text.len() + 1);
    let mut begins = text.starts_with(SIGNS) || text.starts_with(['\t', '\r', '\n', '\0']);
    for (at, c) in text.char_indices() {
        if begins {
            out.push('\'');
        }
        out.push(c);
        let rest = &text[at + c.len_utf8()..];
        begins = matches!(c, ';' | '\t' | '\r' | '\n') && rest.trim_start_matches(['"', '\0', ' ']).starts_with(SIGNS);
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        field::Kind,
        series::{Detail, PanelName},
        time::Timestamp,
    };

    fn column(key: &str, kind: Kind) -> Column {
        Column { key: key.into(), kind, label: key.to_ascii_uppercase() }
    }

    fn series(table: Table) -> Series {
        Series {
            panel: PanelName { id: "actors".into(), title: "Actors".into() },
            window: Window { from: Timestamp(0), to: Timestamp(86_400_000) },
            previous: None,
            filter: "country: DE".into(),
            bucket_ms: None,
            table,
            details: Vec::new(),
            last_event: None,
            took_ms: 1,
        }
    }

    fn hostile() -> Table {
        let texts = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "\0x",
            "a,b",
            "say \"hi\"",
            "two\r\nlines",
            "'quoted",
            " =1",
            "ünïcödé\u{202e}",
            "",
            "=cmd|' /C calc'!A0,\"x\"",
        ];
        Table {
            columns: vec![column("actor", Kind::Text), column("events", Kind::Integer)],
            rows: texts.iter().map(|text| vec![Cell::Text((*text).into()), Cell::Int(-1)]).collect(),
            total: 16,
            truncated: true,
        }
    }

    #[test]
    fn no_cell_of_the_csv_is_a_formula() {
        expect![[r#"
            "actor,events\r\n"
            "'=1+1,-1\r\n"
            "'+1,-1\r\n"
            "'-1,-1\r\n"
            "'@SUM(A1),-1\r\n"
            "'\tx,-1\r\n"
            "\"'\rx\",-1\r\n"
            "\"'\n"
            "x\",-1\r\n"
            "'\0x,-1\r\n"
            "\"a,b\",-1\r\n"
            "\"say \"\"hi\"\"\",-1\r\n"
            "\"two\r\n"
            "lines\",-1\r\n"
            "'quoted,-1\r\n"
            " =1,-1\r\n"
            "ünïcödé\u{202e},-1\r\n"
            ",-1\r\n"
            "\"'=cmd|' /C calc'!A0,\"\"x\"\"\",-1\r\n"
        "#]]
        .assert_eq(
            &csv(&series(hostile())).split_inclusive('\n').map(|line| format!("{line:?}\n")).collect::<String>(),
        );
    }

    /// The cells of a CSV as a spreadsheet takes them apart: quotes count where a cell begins with one.
    fn cells(csv: &str, separator: char) -> Vec<String> {
        let (mut cells, mut cell) = (Vec::new(), String::new());
        let (mut begins, mut quoted) = (true, false);
        let mut chars = csv.chars().peekable();
        while let Some(c) = chars.next() {
            let began = std::mem::take(&mut begins);
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' if quoted || began => quoted = !quoted,
                c if !quoted && (c == separator || c == '\n' || c == '\r') => {
                    cells.push(std::mem::take(&mut cell));
                    begins = true;
                }
                c => cell.push(c),
            }
        }
        cells
    }

    proptest! {
        #[test]
        fn whatever_ends_a_cell_none_is_a_formula(texts in vec(r#"[=+@;,|\t\r\n"' \x00a1\-]{0,8}"#, 1..4)) {
            let row: Vec<_> = texts.iter().map(|text| Cell::Text(text.clone())).collect();
            let mut csv = String::new();
            push_csv_row(&mut csv, &row);
            for separator in [',', ';', '\t'] {
                for cell in cells(&csv, separator) {
                    prop_assert!(!cell.trim_start_matches(['\0', ' ']).starts_with(['=', '+', '-', '@']) || cell.starts_with(' '), "{cell:?} of {csv:?}");
                }
            }
            // Taken apart as it was written, it has the texts, but for the signs that were set before.
            let end = csv.strip_suffix("\r\n").unwrap();
            let kept = cells(&format!("{end},"), ',');
            let bare = |text: &str| text.replace('\'', "");
            prop_assert_eq!(kept.iter().map(|cell| bare(cell)).collect::<Vec<_>>(), texts.iter().map(|text| bare(text)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_kind_of_cell_has_its_text() {
        let table = Table {
            columns: ["a", "b", "c", "d", "e"].map(|key| column(key, Kind::Text)).into(),
            rows: vec![
                vec![
                    Cell::Null,
                    Cell::Bool(true),
                    Cell::Float(0.25),
                    Cell::Int(i64::MIN),
                    Cell::Time(Timestamp(1_500)),
                ],
                vec![Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Null],
            ],
            ..Table::default()
        };
        expect![[r#"
            a,b,c,d,e
            ,true,0.25,-9223372036854775808,1970-01-01T00:00:01.500Z
            ,,,,
        "#]]
        .assert_eq(&csv(&series(table)).replace("\r\n", "\n"));
    }

    #[test]
    fn a_line_of_one_empty_cell_is_still_a_line() {
        let table =
            Table { columns: vec![column("actor", Kind::Text)], rows: vec![vec![Cell::Null]], ..Table::default() };
        assert_eq!(csv(&series(table)), "actor\r\n\"\"\r\n");
    }

    #[test]
    fn the_json_has_keys_types_and_times() {
        let mut series = series(Table {
            columns: vec![
                column("event_time", Kind::Time),
                column("actor", Kind::Text),
                column("error_rate", Kind::Float),
            ],
            rows: vec![
                vec![Cell::Time(Timestamp(1_000)), Cell::Text("</script>\"\u{0}".into()), Cell::Float(0.5)],
                vec![Cell::Null, Cell::Null, Cell::Float(f64::NAN)],
            ],
            total: 7,
            truncated: true,
        });
        series.previous = Some(Window { from: Timestamp(-86_400_000), to: Timestamp(0) });
        series.details.push(Detail {
            id: "timeline".into(),
            table: Table {
                columns: vec![column("events", Kind::Integer)],
                rows: vec![vec![Cell::Int(3)]],
                ..Table::default()
            },
        });
        expect![[r#"
            {
              "panel": {
                "id": "actors",
                "title": "Actors"
              },
              "window": {
                "from": "1970-01-01T00:00:00Z",
                "to": "1970-01-02T00:00:00Z"
              },
              "filter": "country: DE",
              "columns": [
                {
                  "key": "event_time",
                  "type": "time",
                  "label": "EVENT_TIME"
                },
                {
                  "key": "actor",
                  "type": "text",
                  "label": "ACTOR"
                },
                {
                  "key": "error_rate",
                  "type": "float",
                  "label": "ERROR_RATE"
                }
              ],
              "rows": [
                {
                  "event_time": "1970-01-01T00:00:01Z",
                  "actor": "</script>\"\u0000",
                  "error_rate": 0.5
                },
                {
                  "event_time": null,
                  "actor": null,
                  "error_rate": null
                }
              ],
              "total": 7,
              "truncated": true,
              "previous": {
                "from": "1969-12-31T00:00:00Z",
                "to": "1970-01-01T00:00:00Z"
              },
              "details": {
                "timeline": {
                  "columns": [
                    {
                      "key": "events",
                      "type": "integer",
                      "label": "EVENTS"
                    }
                  ],
                  "rows": [
                    {
                      "events": 3
                    }
                  ]
                }
              }
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&json(&series)).unwrap());
    }

    #[test]
    fn a_plain_series_has_no_previous_and_no_details() {
        let value = json(&series(Table::default()));
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["panel", "window", "filter", "columns", "rows", "total", "truncated"]);
        assert_eq!(value["window"], json!({ "from": "1970-01-01T00:00:00Z", "to": "1970-01-02T00:00:00Z" }));
    }
}
