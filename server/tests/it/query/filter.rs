//! Random events and random filters: the rows that Postgres chooses are the rows that `model` says match.

use std::{collections::BTreeSet, net::IpAddr};

use model::{
    field::{Field, Kind},
    filter::{Ast, Comparison, Pattern, Target, Term, eval_values, event_text, parse, path_values, print},
    series::Cell,
    time::{Timestamp, Window},
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use server::query::{Source, filter::column};
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::fixture::{self, insert_row};

/// What breaks quoting, escaping, patterns and comparisons.
const TEXTS: [&str; 30] = [
    "alice",
    "Alice",
    "alice%",
    "a%b",
    "a_b",
    "axb",
    r"a\b",
    r"a\\b",
    r"\%",
    "it's",
    "say \"hi\"",
    "ü",
    "日本",
    "",
    "and",
    "*",
    "a*b",
    " a",
    "x y",
    "(p)",
    "a\nb",
    "true",
    "443",
    "$1;--",
    "arn:aws:s3:::logs/*",
    "{\"Effect\":\"Allow\"}",
    r"\\u0041",
    "-1.50",
    "1e2",
    "\t\u{8}\u{1f600}É",
];
const KEYS: [&str; 7] = ["bucketName", "items", "a b", "k.x", "ünï", "0", "it's"];
const ADDRESSES: [&str; 5] = ["198.51.100.7", "198.51.100.77", "10.0.0.1", "2001:db8::1", "2001:db8:0:1::1"];

struct Event {
    /// One for each of `Field::ALL`.
    cells: Vec<Cell>,
    raw: String,
    /// As the column: only where `raw` has what Postgres' json refuses.
    raw_json: Option<String>,
}

fn text(rng: &mut ChaCha8Rng) -> String {
    (*TEXTS.choose(rng).unwrap()).to_owned()
}

fn cell(rng: &mut ChaCha8Rng, field: Field, number: usize) -> Cell {
    match field {
        Field::EventId => return Cell::Text(format!("event-{number}")),
        Field::Outcome => return Cell::Text(["success", "failure"].choose(rng).unwrap().to_string()),
        Field::Country => return Cell::Text(["DE", "US", "SG"].choose(rng).unwrap().to_string()),
        Field::EventTime => {
            return Cell::Time(Timestamp(
                1_764_000_000_000 + rng.random_range(0..8) * 500 + rng.random_range(0..9) * 31 * 3_600_000,
            ));
        }
        _ if rng.random_bool(0.25) => return Cell::Null,
        _ => {}
    }
    match field.kind() {
        Kind::Text => Cell::Text(text(rng)),
        Kind::List => Cell::List((0..rng.random_range(1..4)).map(|_| text(rng)).collect()),
        Kind::Bool => Cell::Bool(rng.random()),
        Kind::Address => Cell::Text((*ADDRESSES.choose(rng).unwrap()).to_owned()),
        Kind::Integer => Cell::Int(rng.random_range(0..5)),
        Kind::Float => Cell::Float(f64::from(rng.random_range(-4..4)) * 0.1),
        Kind::Time => unreachable!("event_time is the only one"),
    }
}

fn value(rng: &mut ChaCha8Rng, depth: u32) -> Value {
    match rng.random_range(0..if depth == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => json!(rng.random::<bool>()),
        2 => json!(rng.random_range(-3..500)),
        3 => json!(1.5),
        4 | 5 => json!(text(rng)),
        6 | 7 => (0..rng.random_range(0..4)).map(|_| value(rng, depth - 1)).collect(),
        _ => object(rng, depth - 1),
    }
}

fn object(rng: &mut ChaCha8Rng, depth: u32) -> Value {
    let entries = (0..rng.random_range(0..5)).map(|_| ((*KEYS.choose(rng).unwrap()).to_owned(), value(rng, depth)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn event(rng: &mut ChaCha8Rng, number: usize) -> Event {
    let mut cells: Vec<_> = Field::ALL.iter().map(|field| cell(rng, *field, number)).collect();
    // As the view `event` has it, where no key tells more.
    let at = |field| Field::ALL.iter().position(|other| *other == field).unwrap();
    if cells[at(Field::Origin)].is_null() {
        cells[at(Field::Origin)] = cells[at(Field::SourceIdentity)].clone();
    }
    // These follow from the time.
    let Cell::Time(time) = cells[at(Field::EventTime)] else { unreachable!("every event has a time") };
    let time = time::OffsetDateTime::from_unix_timestamp(time.0 / 1_000).unwrap();
    cells[at(Field::Weekday)] = Cell::Int(time.weekday().number_from_monday().into());
    cells[at(Field::Hour)] = Cell::Int(time.hour().into());
    let mut raw = Map::new();
    for key in ["requestParameters", "responseElements"] {
        if rng.random_bool(0.9) {
            raw.insert(key.to_owned(), if rng.random_bool(0.8) { object(rng, 3) } else { value(rng, 2) });
        }
    }
    let raw = Value::Object(raw);
    if rng.random_bool(0.1) {
        let with_nul = json!({"requestParameters": {"bucketName": "a\0b"}, "rest": raw});
        return Event { cells, raw: with_nul.to_string(), raw_json: Some(raw.to_string()) };
    }
    Event { cells, raw: written(rng, &raw), raw_json: None }
}

/// The same event as another program may write it: over several lines, with escapes that need not be.
fn written(rng: &mut ChaCha8Rng, event: &Value) -> String {
    let text = if rng.random_bool(0.2) { serde_json::to_string_pretty(event).unwrap() } else { event.to_string() };
    let escapes = rng.random_bool(0.3);
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '/' if escapes => written.push_str(r"\/"),
            c if escapes && !c.is_ascii() => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| written.push_str(&format!("\\u{unit:04X}")));
            }
            c => written.push(c),
        }
    }
    written
}

async fn insert(pool: &PgPool, events: &[Event]) {
    let object: i64 = sqlx::query_scalar(
        "insert into object (uri, version, state, kind, events_read, events_inserted, events_duplicate, events_rejected, \
         bytes_uncompressed) values ('memory:filter', '1', 'done', 'records', 0, 0, 0, 0, 0) returning object_id",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    for event in events {
        let mut row = json!({ "object_id": object, "raw": event.raw, "raw_json": event.raw_json });
        for (field, cell) in Field::ALL.iter().zip(&event.cells).filter(|(field, _)| !field.is_virtual()) {
            let name = if *field == Field::Origin { "own_origin" } else { column(*field) };
            row[name] = match cell {
                Cell::Null => Value::Null,
                Cell::Text(text) => json!(text),
                Cell::List(texts) => json!(texts),
                Cell::Int(value) => json!(value),
                Cell::Float(value) => json!(value),
                Cell::Bool(value) => json!(value),
                Cell::Time(at) => json!(at.rfc3339()),
            };
        }
        insert_row(pool, &row).await;
    }
}

/// Pieces of a text with stars between them, sometimes of another text.
fn wildcard(rng: &mut ChaCha8Rng, text: &str) -> Pattern {
    let chars: Vec<char> = text.chars().collect();
    let (start, end) = (rng.random_range(0..=chars.len()), rng.random_range(0..=chars.len()));
    let (start, end) = (start.min(end), start.max(end));
    let piece = |part: &[char]| part.iter().collect::<String>();
    let pieces = match rng.random_range(0..4) {
        0 => vec![piece(&chars[..end]), String::new()],
        1 => vec![String::new(), piece(&chars[start..])],
        2 => vec![String::new(), piece(&chars[start..end]), String::new()],
        _ => vec![piece(&chars[..start]), piece(&chars[end..])],
    };
    let inner_empty = pieces.len() == 3 && pieces[1].is_empty();
    if inner_empty || pieces.iter().all(String::is_empty) { Pattern::Exists } else { Pattern::Wildcard(pieces) }
}

/// A part of an event's text, in other case, sometimes with a star in it.
fn of_text(rng: &mut ChaCha8Rng, event: &Event) -> Pattern {
    let text = event_text(event.raw_json.as_deref().unwrap_or(&event.raw)).to_uppercase();
    let chars: Vec<char> = text.chars().filter(|c| *c != '\0').collect();
    let piece = |rng: &mut ChaCha8Rng, length: usize| {
        let start = rng.random_range(0..chars.len());
        chars[start..].iter().take(length).collect::<String>()
    };
    if rng.random_bool(0.5) {
        return Pattern::Exactly(piece(rng, 4));
    }
    Pattern::Wildcard(vec![piece(rng, 2), piece(rng, 1)])
}

fn term(rng: &mut ChaCha8Rng, events: &[Event]) -> Ast {
    let term = |target, pattern| Ast::Term(Term { target, pattern });
    let sample = events.choose(rng).unwrap();
    if rng.random_bool(0.15) {
        let pattern = of_text(rng, sample);
        return term(Target::Event, pattern);
    }
    let comparison = *Comparison::ALL.choose(rng).unwrap();
    if rng.random_bool(0.4) {
        let mut path = vec![["requestParameters", "responseElements", "missing"].choose(rng).unwrap().to_string()];
        path.extend((0..rng.random_range(0..4)).map(|_| KEYS.choose(rng).unwrap().to_string()));
        let values: Vec<_> = path_values(&serde_json::from_str(&sample.raw).unwrap(), &path)
            .into_iter()
            .filter_map(|cell| cell.text().map(str::to_owned))
            .filter(|text| !text.contains('\0'))
            .collect();
        let text = values.choose(rng).cloned().unwrap_or_else(|| text(rng));
        let pattern = match rng.random_range(0..6) {
            0 => Pattern::Exists,
            1 => wildcard(rng, &text),
            2 | 3 => Pattern::Range(comparison, text),
            _ => Pattern::Exactly(text),
        };
        return term(Target::Path(path), pattern);
    }
    let at = rng.random_range(0..Field::ALL.len());
    let (field, cell) = (Field::ALL[at], &sample.cells[at]);
    let equals = Ast::equals(field, cell);
    match (rng.random_range(0..6), field.kind(), cell) {
        (3 | 4, kind, cell) if kind != Kind::Bool && !cell.is_null() => match equals {
            Ast::Term(Term { target, pattern: Pattern::Exactly(bound) }) => {
                term(target, Pattern::Range(comparison, bound))
            }
            other => other,
        },
        (0, ..) => term(Target::Field(field), Pattern::Exists),
        (1, Kind::Address, _) => {
            let network =
                ["198.51.100.0/24", "198.51.100.0/26", "2001:db8::/32", "0.0.0.0/0", "::/0"].choose(rng).unwrap();
            term(Target::Field(field), Pattern::Exactly(network.to_string()))
        }
        (1 | 2, Kind::Text | Kind::Address, Cell::Text(text)) => {
            let pattern = wildcard(rng, text);
            term(Target::Field(field), pattern)
        }
        (1 | 2, _, Cell::List(texts)) => {
            let text = texts.choose(rng).unwrap().clone();
            let pattern = wildcard(rng, &text);
            term(Target::Field(field), pattern)
        }
        _ => equals,
    }
}

fn ast(rng: &mut ChaCha8Rng, events: &[Event], depth: u32) -> Ast {
    if depth == 0 {
        return term(rng, events);
    }
    let parts =
        |rng: &mut ChaCha8Rng| (0..rng.random_range(1..4)).map(|_| ast(rng, events, depth - 1)).collect::<Vec<_>>();
    match rng.random_range(0..6) {
        0 => Ast::all_of(parts(rng)),
        1 | 2 => Ast::any_of(parts(rng)),
        3 | 4 => ast(rng, events, depth - 1).negated(),
        _ => term(rng, events),
    }
}

/// The ids that `model` chooses.
fn chosen(ast: &Ast, events: &[Event]) -> BTreeSet<String> {
    let matches = |event: &&Event| {
        let raw = event.raw_json.as_deref().unwrap_or(&event.raw);
        let json = serde_json::from_str(raw).unwrap();
        eval_values(ast, &|target| match target {
            Target::Event => vec![Cell::Text(event_text(raw).into_owned())],
            Target::Path(path) => path_values(&json, path),
            Target::Field(field) => {
                let at = Field::ALL.iter().position(|other| other == field).unwrap();
                Some(event.cells[at].clone()).filter(|cell| !cell.is_null()).into_iter().collect()
            }
        })
    };
    let id = Field::ALL.iter().position(|field| *field == Field::EventId).unwrap();
    events.iter().filter(matches).map(|event| event.cells[id].text().unwrap().to_owned()).collect()
}

async fn selected(ast: &Ast, pool: &PgPool) -> BTreeSet<String> {
    let ever = Window { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
    let mut sql = QueryBuilder::<Postgres>::new("select event_id");
    let visible = fixture::query(pool).visible(ast.clone());
    Source::new(ever, &visible).push(&mut sql, " ");
    let ids: Vec<String> = sql.build_query_scalar().fetch_all(pool).await.unwrap_or_else(|error| {
        panic!("{}: {error}", print(ast));
    });
    ids.into_iter().collect()
}

#[tokio::test]
async fn filter_selects_what_eval_matches() {
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_124);
    let pool = crate::support::database().await;
    let events: Vec<_> = (0..300).map(|number| event(&mut rng, number)).collect();
    insert(&pool, &events).await;

    let mut telling = 0;
    for _ in 0..1000 {
        let depth = rng.random_range(0..4);
        let ast = ast(&mut rng, &events, depth);
        let expected = chosen(&ast, &events);
        assert_eq!(selected(&ast, &pool).await, expected, "{}", print(&ast));
        assert_eq!(parse(&print(&ast)).as_ref(), Ok(&ast), "{}", print(&ast));
        telling += usize::from(!expected.is_empty() && expected.len() < events.len());
    }
    // Filters that choose nothing or everything prove little.
    assert!(telling > 500, "only {telling} filters choose some of the events");
}

#[tokio::test]
async fn filter_columns_exist() {
    let pool = crate::support::database().await;
    let columns: Vec<String> =
        sqlx::query_scalar("select column_name::text from information_schema.columns where table_name = 'event'")
            .fetch_all(&pool)
            .await
            .unwrap();
    for field in Field::ALL.iter().filter(|field| !field.is_virtual()) {
        assert!(columns.iter().any(|name| name == column(*field)), "{}", field.key());
        assert_eq!(column(*field), field.key(), "a field's key is its column");
    }
}

/// What a reader can type but no column can hold.
#[tokio::test]
async fn filter_of_impossible_values_selects_nothing() {
    let pool = crate::support::database().await;
    let event = Event {
        cells: Field::ALL
            .iter()
            .map(|field| match field {
                Field::EventId => Cell::Text("only".to_owned()),
                Field::EventTime => Cell::Time(Timestamp(0)),
                Field::Outcome => Cell::Text("success".to_owned()),
                _ => Cell::Null,
            })
            .collect(),
        // More than any float or Postgres' numeric holds: the search must not fail on it.
        raw: r#"{"requestParameters":{"size":1e999999,"name":"x"}}"#.to_owned(),
        raw_json: None,
    };
    insert(&pool, &[event]).await;
    let count = async |text: &str| selected(&parse(text).unwrap(), &pool).await.len();
    assert_eq!(count(r#"event_id:"\u0000""#).await, 0);
    assert_eq!(count(r#"event_id:("\u0000" or only)"#).await, 1);
    assert_eq!(count(r"event_id:*\u0000*").await, 0);
    assert_eq!(count(r#"not event_id:"\u0000""#).await, 1);
    assert_eq!(count(r#"requestParameters."\u0000":x"#).await, 0);
    assert_eq!(count(r"requestParameters.size:1e999999").await, 1);
    assert_eq!(count(r"requestParameters.name:x and event_time:1970-01-01T00:00:00Z").await, 1);
    assert_eq!(count("event_time:9999-12-31T23:59:59.999Z").await, 0);
    assert_eq!(count("as_number:9223372036854775807 or latitude:1e308").await, 0);
}

/// The column is finer than a filter's times, which are milliseconds: an event belongs to the one that it lies in.
#[tokio::test]
async fn filter_times_are_whole_milliseconds() {
    let pool = crate::support::database().await;
    fixture::insert(&pool, [json!({ "event_time": "2026-11-24T11:00:00.0005Z" })]).await;
    for (text, expected) in [
        ("event_time:2026-11-24T11:00:00Z", 1),
        ("event_time > 2026-11-24T11:00:00Z", 0),
        ("event_time <= 2026-11-24T11:00:00Z", 1),
        ("event_time >= 2026-11-24T11:00:00.001Z", 0),
        ("event_time < 2026-11-24T11:00:00.001Z", 1),
        ("event_time < 2026-11-24T11:00:00Z", 0),
        ("event_time > 9999-12-31T23:59:59.999Z", 0),
    ] {
        assert_eq!(selected(&parse(text).unwrap(), &pool).await.len(), expected, "{text}");
    }
}

/// `host()` of Postgres and Rust write the same address alike, or wildcards on it would differ.
#[tokio::test]
async fn filter_addresses_are_written_alike() {
    let pool = crate::support::database().await;
    for address in
        ["198.51.100.7", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "::1", "::ffff:198.51.100.7", "fe80::1:0:0:1"]
    {
        let host: String =
            sqlx::query_scalar("select host(cast($1 as text)::inet)").bind(address).fetch_one(&pool).await.unwrap();
        assert_eq!(host, address.parse::<IpAddr>().unwrap().to_string());
    }
}
