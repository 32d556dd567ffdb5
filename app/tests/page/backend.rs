//! A backend in memory: every panel has a few rows, made from its own description.

use std::sync::atomic::{AtomicUsize, Ordering};

use app::api::{
    About, Attribution, Backend, Dashboards, Discover, Entities, Event, Found, Info, Ingest, Ingests, Integrity,
    Listing, People, Profile, Quiet, Reports, Retry, Rows, Sharing, Source, Step, ValueCount,
};
use async_trait::async_trait;
use model::{
    dashboard,
    entity::{self, Entity},
    error::{Error, Kind},
    field::{self, Field},
    filter::Target,
    inspection::{Inspection, Statement},
    panel::{Group, Mark, Panel},
    series::{Cell, Column, Detail, PanelName, Series, Table},
    time::{Timestamp, Window},
    view::View,
};

/// 2026-11-24T12:00:00Z.
pub const NOW: i64 = 1_795_521_600_000;
pub const HOUR: i64 = 3_600_000;
/// What an attacker may put into a user's name.
pub const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}exe";

#[derive(Default)]
pub struct Memory {
    pub empty: bool,
    /// The panel that fails.
    pub fails: Option<&'static str>,
    /// The panel whose query panics.
    pub panics: Option<&'static str>,
    /// The panel whose answer cannot be drawn.
    pub broken: Option<&'static str>,
    /// The panel that is answered when all others of its dashboard have been.
    pub slow: Option<&'static str>,
    pub answered: AtomicUsize,
}

impl People for Memory {}

impl Reports for Memory {}

impl Sharing for Memory {}

#[async_trait]
impl Dashboards for Memory {
    async fn dashboard(&self, id: &str) -> Result<Found, Error> {
        let dashboard = dashboard::dashboard(id).ok_or_else(|| Error::not_found("There is no such dashboard."))?;
        Ok(Found { dashboard: dashboard.clone(), source: Source::BuiltIn, version: 0 })
    }

    async fn dashboards(&self) -> Result<Vec<Info>, Error> {
        let info = |dashboard: &dashboard::Dashboard| Info {
            id: dashboard.id.clone(),
            title: dashboard.title.clone(),
            description: dashboard.description.clone(),
            source: Source::BuiltIn,
        };
        Ok(dashboard::built_in().iter().map(info).collect())
    }
}

/// Nothing is read here, and nobody falls silent.
#[async_trait]
impl Ingests for Memory {
    async fn ingest(&self) -> Result<Ingest, Error> {
        Err(Error::new(Kind::Unavailable, "Nothing is read here."))
    }

    async fn retry(&self, _: &Retry) -> Result<u64, Error> {
        Ok(0)
    }

    async fn rejected_text(&self, _: i64) -> Result<String, Error> {
        Err(Error::not_found("Nothing was kept aside."))
    }

    async fn quiet(&self) -> Result<Quiet, Error> {
        Ok(Quiet { at: Timestamp(NOW), places: Vec::new() })
    }
}

#[async_trait]
impl Backend for Memory {
    async fn panel(&self, dashboard: &str, panel: &str, view: &View) -> Result<Series, Error> {
        let of = dashboard::dashboard(dashboard).ok_or_else(|| Error::not_found("There is no such dashboard."))?;
        let panel = &of.tile(panel).ok_or_else(|| Error::not_found("There is no such panel."))?.panel;
        if self.slow == Some(&panel.id) {
            for _ in 0..100_000 {
                if self.answered.load(Ordering::Relaxed) == of.tiles.len() - 1 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            assert_eq!(self.answered.load(Ordering::Relaxed), of.tiles.len() - 1, "a panel waits for another");
        }
        if self.fails == Some(&panel.id) {
            return Err(Error::new(Kind::Timeout, "The query took longer than 30 seconds. Choose a shorter range."));
        }
        assert_ne!(self.panics, Some(&*panel.id), "as a defect would");
        model::filter::parse(&view.filter)?;
        let broken = self.broken == Some(&panel.id);
        let mut series = series(panel, view, self.empty || broken);
        if broken {
            // No day is before this one: saying when the last event was overflows.
            series.last_event = Some(Timestamp(i64::MIN));
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(series)
    }

    async fn inspect(&self, dashboard: &str, panel: &str, view: &View) -> Result<Inspection, Error> {
        let series = self.panel(dashboard, panel, view).await?;
        let statement = Statement {
            id: String::new(),
            sql: "select count(*) from event where actor = $1".into(),
            binds: vec![HOSTILE.into()],
            took_ms: 1.5,
            rows: 1,
            rows_read: Some(1),
            tables: vec!["event".into()],
        };
        let Series { panel, window, previous, filter, bucket_ms, .. } = series;
        Ok(Inspection { panel, window, previous, filter, bucket_ms, statements: vec![statement] })
    }

    async fn event(&self, event_id: &str) -> Result<Event, Error> {
        if event_id != "event-1" {
            return Err(Error::not_found("There is no event with this id."));
        }
        let fields = vec![
            (Field::EventTime, Cell::Time(Timestamp(NOW))),
            (Field::EventName, Cell::Text("CreateUser".into())),
            (Field::Actor, Cell::Text(HOSTILE.into())),
        ];
        let raw = r#"{"eventName":"CreateUser","requestParameters":{"userName":"</script>"}}"#.into();
        let integrity = Integrity::Failed { reason: HOSTILE.into() };
        Ok(Event { fields, raw, object: "s3://trail/a.json.gz".into(), integrity })
    }

    async fn values(&self, _: &str, _: &Target, typed: &str, _: &View) -> Result<Vec<ValueCount>, Error> {
        let values = ["alice", HOSTILE].into_iter().filter(|text| text.contains(typed));
        Ok(values.map(|text| ValueCount { text: text.into(), events: 7 }).collect())
    }

    async fn about(&self) -> Result<About, Error> {
        let source = Attribution { label: "Places by Example".into(), url: "https://example.com/".into() };
        let last_event = Some(Timestamp(NOW));
        Ok(About { version: "9.9.9".into(), events_estimate: 1_234, last_event, attributions: vec![source] })
    }
}

#[async_trait]
impl Entities for Memory {
    async fn entity(&self, entity: &Entity) -> Result<Profile, Error> {
        if entity.value == "nobody" {
            return Err(Error::not_found("Actor “nobody” is in no event that is stored."));
        }
        let text = |text: &str| Some(text.to_owned());
        let caller = Step { actor: text(HOSTILE), session: None, access_key: text("AKIA1"), event_id: text("event-1") };
        let last = Step { actor: text("Prod"), session: text("p"), access_key: text("ASIA1"), event_id: None };
        Ok(Profile {
            entity: entity.clone(),
            first_seen: Timestamp(NOW - HOUR),
            last_seen: Timestamp(NOW),
            facts: vec![(Field::Origin, Cell::Text(HOSTILE.into()))],
            chain: if entity.kind == entity::Kind::AccessKey { vec![caller, last] } else { Vec::new() },
        })
    }
}

#[async_trait]
impl Discover for Memory {
    async fn discover(&self, view: &View, discover: &model::discover::Discover) -> Result<Series, Error> {
        model::filter::parse(&view.filter)?;
        let panel = &model::discover::dashboard().tiles[0].panel;
        let columns = discover.columns.iter().map(|target| match target {
            model::filter::Target::Field(field) => column(field.key(), field.kind(), field.label()),
            _ => column(&model::discover::name(target), field::Kind::List, ""),
        });
        let columns: Vec<_> = columns.collect();
        let rows = if self.empty { 0 } else { 3 };
        let rows = (0..rows).map(|at| columns.iter().map(|column| cell(column, at)).collect()).collect();
        let table = Table { columns, rows, total: if self.empty { 0 } else { 1_500 }, truncated: true };
        let place = ["offset", "after", "before", "looked"].map(|key| column(key, field::Kind::Text, key)).into();
        let text = |text: &str| Cell::Text(text.to_owned());
        // Of a word, only a day is looked at.
        let row = match view.filter.as_str() {
            "zeppelin" => {
                vec![Cell::Int(0), text("1,1795521600000000,"), Cell::Null, Cell::Time(Timestamp(1_795_521_600_000))]
            }
            "uncounted" => vec![Cell::Null, text("1,2,event-2"), text("1,2,event-0"), Cell::Null],
            _ => vec![Cell::Int(0), text("1,2,event-2"), Cell::Null, Cell::Null],
        };
        let place = Table { columns: place, rows: vec![row], ..Table::default() };
        let details = vec![Detail { id: model::discover::PLACE.into(), table: place }];
        Ok(Series { table, details, ..series(panel, view, self.empty) })
    }

    async fn field_values(&self, view: &View, field: Field, _: &str, _: u32) -> Result<Series, Error> {
        let panel = &model::discover::dashboard().tiles[0].panel;
        let columns =
            vec![column(field.key(), field.kind(), field.label()), column("events", field::Kind::Integer, "Events")];
        let rows = (0..3).map(|at| columns.iter().map(|column| cell(column, at)).collect()).collect();
        let counts = ["present", "distinct"].map(|key| column(key, field::Kind::Integer, key)).into();
        let counts = Table { columns: counts, rows: vec![vec![Cell::Int(3_000), Cell::Int(7)]], ..Table::default() };
        Ok(Series {
            panel: PanelName { id: field.key().into(), title: field.label().into() },
            table: Table { columns, rows, total: 6_000, truncated: true },
            details: vec![Detail { id: model::discover::COUNTS.into(), table: counts }],
            ..series(panel, view, false)
        })
    }

    async fn discover_all(&self, _: &View, _: &model::discover::Discover) -> Result<Listing, Error> {
        let window = Window { from: Timestamp(0), to: Timestamp(NOW) };
        Ok(Listing { columns: Vec::new(), window, rows: Box::new(Nothing) })
    }
}

/// No events at all.
struct Nothing;

#[async_trait]
impl Rows for Nothing {
    async fn next(&mut self) -> Result<Vec<Vec<Cell>>, Error> {
        Ok(Vec::new())
    }
}

fn series(panel: &Panel, view: &View, empty: bool) -> Series {
    let window = Window { from: Timestamp(NOW - 24 * HOUR), to: Timestamp(NOW) };
    let table = if empty { nothing(panel) } else { table(panel) };
    Series {
        panel: PanelName { id: panel.id.clone(), title: panel.title.clone() },
        window,
        previous: Some(window.previous()),
        filter: view.filter.clone(),
        bucket_ms: Some(HOUR),
        table,
        details: panel.details.iter().map(|of| Detail { id: of.id.clone(), table: Table::default() }).collect(),
        last_event: Some(Timestamp(NOW - 100 * HOUR)),
        took_ms: 1,
    }
}

fn nothing(panel: &Panel) -> Table {
    Table { rows: Vec::new(), total: 0, ..table(panel) }
}

fn table(panel: &Panel) -> Table {
    let mut fields = panel.by.clone();
    if panel.bucket.is_some() {
        fields.insert(0, Group::Field(Field::EventTime));
    }
    let mut columns: Vec<_> = fields.iter().map(|field| column(field.key(), field.kind(), field.label())).collect();
    for measure in &panel.measures {
        columns.push(column(&measure.key(), measure.kind(), &measure.label()));
        if panel.mark == Mark::Figures {
            columns.push(column(&format!("{}_previous", measure.key()), measure.kind(), &measure.label()));
        }
    }
    let rows = if panel.mark == Mark::Figures { 1 } else { 3 };
    let rows = (0..rows).map(|at| columns.iter().map(|column| cell(column, at)).collect()).collect();
    Table { columns, rows, total: 1_500, truncated: false }
}

fn column(key: &str, kind: field::Kind, label: &str) -> Column {
    Column { key: key.to_owned(), kind, label: label.to_owned() }
}

fn cell(column: &Column, at: i64) -> Cell {
    match (column.key.as_str(), column.kind) {
        ("actor", _) if at == 0 => Cell::Text(HOSTILE.into()),
        ("country", _) => Cell::Text(["DE", "US", "SG"][at as usize].into()),
        ("outcome", _) => Cell::Text(if at == 1 { "failure" } else { "success" }.into()),
        ("event_id", _) => Cell::Text(format!("event-{at}")),
        ("source_ip", _) => Cell::Text(format!("198.51.100.{at}")),
        (_, field::Kind::Time) => Cell::Time(Timestamp(NOW - (at + 1) * HOUR)),
        (_, field::Kind::Integer) => Cell::Int(1_500 - at * 500),
        (_, field::Kind::Float) => Cell::Float(0.25),
        (_, field::Kind::Bool) => Cell::Bool(at == 0),
        (key, _) => Cell::Text(format!("{key}-{at}")),
    }
}
