//! Counting by ids first: where all that a panel asks for is in what events share, its rows are counted by the ids of that,
//! and names are put to the few that result.

use std::collections::BTreeMap;

use model::{
    field::Field,
    filter::{Ast, Pattern, Target, Term},
    panel::{Group, Measure},
    time::Window,
};
use sqlx::{Postgres, QueryBuilder};

use super::stretch::{self, Stretch};
use crate::query::{
    filter::condition,
    measure::{self, Part},
    plan::Ask,
};

/// Tables, in their order.
#[derive(Debug, PartialEq, Eq)]
pub struct Tables {
    /// Those whose ids are counted.
    pub grouped: Vec<&'static str>,
    /// These, and those whose ids only choose rows.
    pub all: Vec<&'static str>,
}

/// What is asked of which tables; none where some field is the event's own.
pub fn tables(ask: &Ask<'_>) -> Option<Tables> {
    let mut grouped = Vec::new();
    let mut add = |field: Field| -> Option<()> {
        grouped.push(table(field)?);
        Some(())
    };
    for group in ask.by {
        match group {
            Group::Field(field) => add(*field)?,
            Group::Class => ask.classes.iter().try_for_each(|(_, filter)| each_field(filter, &mut add))?,
        }
    }
    for measure in ask.measures {
        match measure::part(*measure) {
            Some(Part::Value(field)) => add(field)?,
            Some(Part::Aggregate("failures", _)) => add(Field::Outcome)?,
            Some(Part::Aggregate(..)) | None => {}
        }
    }
    let mut known = Vec::new();
    for part in parts(&ask.filter) {
        match only_table(part) {
            Some(table) => known.push(table),
            None => each_field(part, &mut add)?,
        }
    }
    let sorted = |mut tables: Vec<_>| {
        tables.sort_unstable();
        tables.dedup();
        tables
    };
    known.extend_from_slice(&grouped);
    Some(Tables { grouped: sorted(grouped), all: sorted(known) })
}

fn each_field(ast: &Ast, add: &mut impl FnMut(Field) -> Option<()>) -> Option<()> {
    match ast {
        Ast::All => Some(()),
        Ast::Term(term) => match term.target {
            Target::Field(field) => add(field),
            Target::Path(_) | Target::Event => None,
        },
        Ast::Not(inner) => each_field(inner, add),
        Ast::And(parts) | Ast::Or(parts) => parts.iter().try_for_each(|part| each_field(part, add)),
    }
}

/// Where a field is stored, if not with the event. Resources are left out: nearly every event has its own.
fn table(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::EventName | Field::EventSource | Field::EventType | Field::EventCategory | Field::ReadOnly => "action",
        Field::Account | Field::AwsRegion => "scope",
        Field::Actor
        | Field::IdentityType
        | Field::IdentityAccount
        | Field::InvokedBy
        | Field::MfaUsed
        | Field::CrossAccount => "identity",
        Field::Session | Field::ActorArn | Field::AccessKey | Field::SourceIdentity => "session",
        Field::SourceAddress
        | Field::VpcEndpoint
        | Field::SourceIp
        | Field::Country
        | Field::City
        | Field::Latitude
        | Field::Longitude
        | Field::TimeZone
        | Field::AsNumber
        | Field::AsOrganisation => "address",
        Field::UserAgent | Field::Client | Field::Console | Field::TlsVersion => "agent",
        Field::Outcome | Field::ErrorCode => "result",
        Field::ErrorMessage => "target",
        Field::EventTime
        | Field::Weekday
        | Field::Hour
        | Field::EventId
        | Field::RequestId
        | Field::Resource
        | Field::Origin
        | Field::IssuedAccessKey => return None,
    })
}

/// An aggregate of events, by its name in `partial`, over rows that stand for several.
pub fn summed(name: &str) -> &'static str {
    match name {
        "failures" => "coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint",
        "first_seen" => "min(summed.first_seen)",
        "last_seen" => "max(summed.last_seen)",
        _ => "coalesce(sum(summed.events), 0)::bigint",
    }
}

/// From `from` on: rows that stand for the events of the same ids (and bucket), with the names of these.
pub fn push_scan(
    sql: &mut QueryBuilder<Postgres>,
    ask: &Ask<'_>,
    (window, bucket_ms): (Window, Option<i64>),
    tables: &Tables,
    keys: &[&str],
) {
    let Tables { grouped, all } = tables;
    for (at, stretch) in stretch::of(window, bucket_ms, all).iter().enumerate() {
        sql.push(if at > 0 { "\n    union all\n    " } else { "\n  from (\n    " });
        push_stretch(sql, ask, bucket_ms, grouped, stretch);
    }
    sql.push("\n  ) as summed");
    for table in grouped {
        sql.push(format_args!("\n  left join {table} using ({table}_id)"));
    }
    let mut before = "\n  where ";
    for part in parts(&ask.filter).iter().filter(|part| only_table(part).is_none()) {
        sql.push(before).push("(");
        condition(part, sql);
        sql.push(")");
        before = " and ";
    }
    if !keys.is_empty() {
        sql.push("\n  group by ");
        super::push_list(sql, keys);
    }
    sql.push("\n)");
}

/// The rows of one table: a group for each combination of ids (and bucket).
fn push_stretch(
    sql: &mut QueryBuilder<Postgres>,
    ask: &Ask<'_>,
    bucket_ms: Option<i64>,
    tables: &[&str],
    stretch: &Stretch,
) {
    let mut keys: Vec<String> = tables.iter().map(|table| format!("{table}_id")).collect();
    sql.push("select ");
    if let Some(width_ms) = bucket_ms {
        super::push_bucket(sql, width_ms, stretch.time());
        sql.push(", ");
    }
    for key in &keys {
        sql.push(key).push(", ");
    }
    sql.push(format_args!("{} as events", stretch.events()));
    let own = stretch.rollup.is_none();
    for (measure, aggregate, column) in
        [(Measure::FirstSeen, "min", "first_seen"), (Measure::LastSeen, "max", "last_seen")]
    {
        if ask.measures.contains(&measure) {
            sql.push(format_args!(", {aggregate}({}) as {column}", if own { "event_time" } else { column }));
        }
    }
    sql.push(format_args!("\n    from {}\n    where ", stretch.table()));
    stretch.push_windows(sql);
    push_known(sql, &ask.filter, stretch.rollup.is_none());
    keys.extend(bucket_ms.map(|_| "bucket".to_owned()));
    if !keys.is_empty() {
        sql.push("\n    group by ");
        super::push_list(sql, &keys);
    }
}

/// What a filter says of single tables, as a condition upon their ids in `stored_event` or a rollup. Each is asked once and remembered
/// by hashing: `is true` keeps Postgres from making joins of them, whose order it has to guess. Of what is found by an index, the
/// ids come as a list.
pub fn push_known(sql: &mut QueryBuilder<Postgres>, filter: &Ast, by_index: bool) {
    for (table, parts) in by_table(filter, only_table) {
        if by_index && parts.iter().any(|part| finds(part)) {
            push_found_in(sql, table, &parts, "\n    ");
            continue;
        }
        sql.push(format_args!("\n      and ({table}_id in ("));
        push_ids(sql, table, &parts);
        sql.push(")) is true");
    }
}

/// Besides the filter itself: conditions upon ids by which few events are found through an index.
pub fn push_found(sql: &mut QueryBuilder<Postgres>, filter: &Ast, indent: &str) {
    for (table, parts) in by_table(filter, |part| finds(part).then(|| one_table(part, home)).flatten()) {
        push_found_in(sql, table, &parts, indent);
    }
}

fn push_found_in(sql: &mut QueryBuilder<Postgres>, table: &str, parts: &[&Ast], indent: &str) {
    sql.push(format_args!("{indent}  and {table}_id = any(array("));
    push_ids(sql, table, parts);
    sql.push("))");
}

fn push_ids(sql: &mut QueryBuilder<Postgres>, table: &str, parts: &[&Ast]) {
    sql.push(format_args!("select {table}_id from {table} where "));
    for (at, part) in parts.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ") and (" });
        condition(part, sql);
    }
    sql.push(")");
}

/// The parts of a filter by the table of each.
fn by_table(filter: &Ast, table: impl Fn(&Ast) -> Option<&'static str>) -> BTreeMap<&'static str, Vec<&Ast>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for part in parts(filter) {
        if let Some(table) = table(part) {
            found.entry(table).or_default().push(part);
        }
    }
    found
}

/// Whether a condition names what it is about, so that few ids are expected: Postgres reckons with ten.
fn finds(condition: &Ast) -> bool {
    match condition {
        Ast::All | Ast::Not(_) => false,
        Ast::And(parts) => parts.iter().any(finds),
        Ast::Or(parts) => parts.iter().all(finds),
        Ast::Term(Term { target: Target::Field(field), pattern }) => match (field, pattern) {
            (Field::IdentityType, Pattern::Exactly(kind)) => kind == "Root",
            (
                Field::EventName
                | Field::EventSource
                | Field::Actor
                | Field::Session
                | Field::ActorArn
                | Field::AccessKey
                | Field::SourceAddress
                | Field::SourceIp
                | Field::Resource,
                Pattern::Exactly(text),
            ) => !(*field == Field::SourceIp && text.contains('/')),
            (Field::EventName, Pattern::Wildcard(parts)) => parts.first().is_some_and(|text| !text.is_empty()),
            _ => false,
        },
        Ast::Term(_) => false,
    }
}

/// Whether `push_known` has anything to say.
pub fn knows(filter: &Ast) -> bool {
    parts(filter).iter().any(|part| only_table(part).is_some())
}

/// All of which must hold.
pub fn parts(filter: &Ast) -> &[Ast] {
    match filter {
        Ast::And(parts) => parts,
        Ast::All => &[],
        one => std::slice::from_ref(one),
    }
}

/// The one table that a condition is upon.
fn only_table(condition: &Ast) -> Option<&'static str> {
    one_table(condition, table)
}

/// As `table`, but resources too.
fn home(field: Field) -> Option<&'static str> {
    if field == Field::Resource { Some("target") } else { table(field) }
}

fn one_table(condition: &Ast, table: fn(Field) -> Option<&'static str>) -> Option<&'static str> {
    let mut found = None;
    each_field(condition, &mut |field| {
        let table = table(field)?;
        (*found.get_or_insert(table) == table).then_some(())
    })?;
    found
}
