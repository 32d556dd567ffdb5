//! How a panel was answered, as HTML: what was asked for, each statement with its values, the data. Written by the server
//! alone; everything goes through `escape`.

use model::{
    chart::{escape, format},
    field::Kind,
    inspection::{Inspection, Statement},
    series::{Column, Series, Table},
    time::Window,
};

/// Rows of the data that stand on the page; the exports have all of them.
const MOST_ROWS: usize = 100;

pub fn html(inspection: &Inspection, series: &Series) -> String {
    let statements: String = inspection.statements.iter().map(statement).collect();
    format!(
        "<section class=\"panel inspect\"><h2>Query</h2>{}{}</section><section class=\"panel inspect\"><h2>Data</h2>{}</section>",
        facts(inspection),
        if statements.is_empty() { "<p>This panel asks nothing of the database.</p>".to_owned() } else { statements },
        data(&series.table)
    )
}

fn facts(inspection: &Inspection) -> String {
    let window = |window: Window| format!("{} – {}", window.from.rfc3339(), window.to.rfc3339());
    let mut facts = vec![("Window", window(inspection.window))];
    facts.extend(inspection.previous.map(|previous| ("Window before", window(previous))));
    facts.extend(inspection.bucket_ms.map(|width| ("Width of a bucket", format!("{} s", width as f64 / 1_000.0))));
    let filter = if inspection.filter.is_empty() { "none: all events" } else { &inspection.filter };
    facts.push(("Filter", filter.to_owned()));
    let took: f64 = inspection.statements.iter().fold(0.0, |sum, statement| sum + statement.took_ms);
    facts.push(("Database", format!("{took:.1} ms in {} statements", inspection.statements.len())));
    list(&facts)
}

fn list(facts: &[(&str, String)]) -> String {
    let row =
        |(name, value): &(&str, String)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
    format!("<dl class=\"facts\">{}</dl>", facts.iter().map(row).collect::<String>())
}

fn statement(statement: &Statement) -> String {
    let name = if statement.id.is_empty() { "main" } else { &statement.id };
    let noun = |count: u64| if count == 1 { "row" } else { "rows" };
    let rows = noun(statement.rows.into());
    let read = statement.rows_read.map(|rows| format!("{} {} ", format::count(rows as i64), noun(rows)));
    let read = read.unwrap_or_default();
    let bind = |(at, value): (usize, &String)| format!("<div><dt>${}</dt><dd>{}</dd></div>", at + 1, escape(value));
    let binds: String = statement.binds.iter().enumerate().map(bind).collect();
    format!(
        "<article data-statement=\"{id}\"><h3>{}</h3>\
         <p class=\"took\"><b>{:.2} ms</b> <span>{read}read from <code>{}</code></span> <span>{} {rows} given</span></p>\
         <pre class=\"sql\" tabindex=\"0\" aria-label=\"SQL\">{}</pre><dl class=\"facts binds\">{binds}</dl></article>",
        escape(name),
        statement.took_ms,
        escape(&statement.tables.join(", ")),
        format::count(i64::from(statement.rows)),
        statement.sql.lines().map(escape).collect::<Vec<_>>().join("\n"),
        id = escape(&statement.id),
    )
}

fn data(table: &Table) -> String {
    if table.rows.is_empty() {
        return "<p>No rows.</p>".to_owned();
    }
    let heads =
        table.columns.iter().map(|column| format!("<th scope=\"col\"{}>{}</th>", align(column), escape(&column.label)));
    let heads: String = heads.collect();
    let row = |row: &Vec<_>| {
        let cells =
            table.columns.iter().zip(row).map(|(column, cell)| (column, escape(&format::cell(&column.key, cell))));
        let cells: String = cells
            .map(|(column, cell)| format!("<td data-key=\"{}\"{}>{cell}</td>", escape(&column.key), align(column)))
            .collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = table.rows.iter().take(MOST_ROWS).map(row).collect();
    let more = if table.rows.len() > MOST_ROWS {
        format!("<p>The first {MOST_ROWS} of {} rows.</p>", format::count(table.rows.len() as i64))
    } else {
        String::new()
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Data: rows\">\
         <table data-role=\"rows\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )
}

/// Numbers stand below each other.
fn align(column: &Column) -> &'static str {
    if matches!(column.kind, Kind::Integer | Kind::Float) { " class=\"num\"" } else { "" }
}

#[cfg(test)]
mod tests {
    use model::{
        series::{Cell, PanelName},
        time::Timestamp,
    };

    use super::*;

    #[test]
    fn strings_of_events_stay_text() {
        const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}";
        let panel = PanelName { id: "p".into(), title: HOSTILE.into() };
        let window = Window { from: Timestamp(0), to: Timestamp(60_000) };
        let statement = Statement {
            id: "cities before".into(),
            sql: "select 1\nwhere 1 < $1".into(),
            binds: vec![HOSTILE.into()],
            took_ms: 1.5,
            rows: 1,
            rows_read: Some(1_234),
            tables: vec!["a".into(), "b".into()],
        };
        let inspection = Inspection {
            panel: panel.clone(),
            window,
            previous: None,
            filter: format!("actor:\"{HOSTILE}\""),
            bucket_ms: Some(1_500),
            statements: vec![statement],
        };
        let column = Column { key: "actor".into(), kind: Kind::Text, label: "Actor".into() };
        let rows = vec![vec![Cell::Text(HOSTILE.into())]; 101];
        let table = Table { columns: vec![column], rows, ..Table::default() };
        let series = Series {
            panel,
            window,
            previous: None,
            filter: String::new(),
            bucket_ms: None,
            table,
            details: Vec::new(),
            last_event: None,
            took_ms: 1,
        };
        let html = html(&inspection, &series);
        assert!(!html.contains("<img") && !html.contains('\u{202e}'), "{html}");
        for part in [
            "select 1\nwhere 1 &lt; $1",
            "<dt>$1</dt>",
            "1.50 ms",
            "1 row given",
            "1,234 rows read from <code>a, b</code>",
            "1.5 s",
            "The first 100 of 101 rows.",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
