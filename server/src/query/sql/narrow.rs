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

use super::{
    known::{Ids, Known},
    partial::{BUCKET, SPAN, push_bucket},
    push_list,
    stretch::{self, Stretch},
};
use crate::query::{
    filter::{column, condition},
    measure::{self, Part},
    plan::Ask,
    reach::Visible,
};

/// What is asked of which tables, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// Those whose ids are counted.
    pub grouped: Vec<&'static str>,
    /// These, and those whose ids only choose rows.
    pub all: Vec<&'static str>,
    /// Whether the origin is asked for, which several tables tell together.
    pub origin: bool,
    /// Parts of the time that are told apart.
    pub times: Vec<Field>,
}

/// `None`: some field is the event's own.
pub fn tables(ask: &Ask<'_>) -> Option<Tables> {
    if ask.filter.is_audit() {
        return None;
    }
    let mut found = Tables::default();
    for group in ask.by {
        match group {
            Group::Field(field @ (Field::Weekday | Field::Hour)) => found.times.push(*field),
            Group::Field(field) => found.add(*field)?,
            Group::Class => {
                ask.classes.iter().try_for_each(|(_, filter)| each_field(filter, &mut |field| found.add(field)))?;
            }
        }
    }
    for measure in ask.measures {
        match measure::part(*measure) {
            Some(Part::Value(field)) => found.add(field)?,
            Some(Part::Aggregate("failures")) => found.add(Field::Outcome)?,
            Some(Part::Aggregate(_)) | None => {}
        }
    }
    found.filtered(ask.filter.all())
}

/// The same for what counts events under a filter.
pub fn tables_of(filter: &Ast) -> Option<Tables> {
    Tables::default().filtered(filter)
}

impl Tables {
    fn add(&mut self, field: Field) -> Option<()> {
        if field == Field::Origin {
            self.origin = true;
            self.grouped.extend(["identity", "session"]);
        } else {
            self.grouped.push(table(field)?);
        }
        Some(())
    }

    fn filtered(mut self, filter: &Ast) -> Option<Tables> {
        let mut known = Vec::new();
        for part in parts(filter) {
            match only_table(part) {
                Some(table) => known.push(table),
                None => each_field(part, &mut |field| self.add(field))?,
            }
        }
        let sorted = |mut tables: Vec<_>| {
            tables.sort_unstable();
            tables.dedup();
            tables
        };
        known.extend_from_slice(&self.grouped);
        Some(Tables { grouped: sorted(self.grouped), all: sorted(known), ..self })
    }

    /// Whether a condition becomes one upon ids: not where their table has about as many rows as are counted, and is joined
    /// anyway.
    fn by_id(&self, condition: &Ast) -> Option<&'static str> {
        only_table(condition).filter(|table| *table != MANY || !self.grouped.contains(table) || finds(condition))
    }

    /// For a rollup to take part, its hours must be within the parts of time that are told apart.
    fn step_ms(&self, bucket_ms: Option<i64>) -> Option<i64> {
        const HOUR_MS: i64 = 3_600_000;
        match bucket_ms {
            _ if self.times.is_empty() => bucket_ms,
            Some(width_ms) if width_ms % HOUR_MS != 0 => bucket_ms,
            _ => Some(HOUR_MS),
        }
    }
}

/// The table of which there is a row for every few events.
const MANY: &str = "target";

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

/// Where a field is stored, if not with the event.
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
        Field::Resource | Field::ErrorMessage => "target",
        Field::EventTime
        | Field::Weekday
        | Field::Hour
        | Field::EventId
        | Field::RequestId
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

/// Rows that stand for the events of the same ids (and bucket), with the names of these.
pub struct Scan<'a> {
    pub tables: &'a Tables,
    pub filter: &'a Visible,
    pub window: Window,
    pub bucket_ms: Option<i64>,
    /// Also by the hour or day of this length, as `span`.
    pub span_ms: Option<i64>,
    pub measures: &'a [Measure],
    pub known: &'a Known,
}

impl Scan<'_> {
    /// `from … where …`
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        let Tables { grouped, all, origin, .. } = self.tables;
        let step_ms = [self.tables.step_ms(self.bucket_ms), self.span_ms].into_iter().flatten().min();
        let stretches = stretch::of(self.window, step_ms, all);
        for (at, stretch) in stretches.iter().enumerate() {
            let before = if at > 0 { "  union all" } else { "from (" };
            sql.push(format_args!("{indent}{before}{indent}  "));
            self.push_stretch(sql, stretch, &[indent, "  "].concat());
        }
        sql.push(format_args!("{indent}) as summed"));
        for table in grouped {
            sql.push(format_args!("{indent}left join {table} using ({table}_id)"));
        }
        if *origin {
            sql.push(format_args!(
                "{indent}left join (select access_key as issued_key, origin as issued_origin from credential) as issued \
                 on issued_key = session.access_key\
                 {indent}cross join lateral (\
                 select coalesce(identity.own_origin, issued_origin, session.source_identity) as origin) as began"
            ));
        }
        let mut before = "where ";
        for part in parts(self.filter.all()).iter().filter(|part| self.tables.by_id(part).is_none()) {
            sql.push(format_args!("{indent}{before}("));
            condition(part, sql);
            sql.push(")");
            before = "  and ";
        }
    }

    /// The rows of one table: a group for each combination of ids (and bucket).
    fn push_stretch(&self, sql: &mut QueryBuilder<Postgres>, stretch: &Stretch, indent: &str) {
        let Tables { grouped, times, .. } = self.tables;
        let mut keys: Vec<String> = grouped.iter().map(|table| format!("{table}_id")).collect();
        sql.push("select ");
        for (width_ms, name) in [(self.span_ms, SPAN), (self.bucket_ms, BUCKET)] {
            if let Some(width_ms) = width_ms {
                push_bucket(sql, width_ms, stretch.time(), name);
                sql.push(", ");
            }
        }
        for key in &keys {
            sql.push(key).push(", ");
        }
        for field in times {
            sql.push(column(*field).replace("event_time", stretch.time()));
            sql.push(format_args!(" as {}, ", field.key()));
        }
        let own = stretch.rollup.is_none();
        // A session is over within hours: there is hardly anything to sum up.
        let as_they_are = !own && grouped.contains(&"session");
        sql.push(if as_they_are { "events".to_owned() } else { format!("{} as events", stretch.events()) });
        for (measure, aggregate, column) in
            [(Measure::FirstSeen, "min", "first_seen"), (Measure::LastSeen, "max", "last_seen")]
        {
            match self.measures.contains(&measure) {
                true if as_they_are => drop(sql.push(format_args!(", {column}"))),
                true => drop(
                    sql.push(format_args!(", {aggregate}({}) as {column}", if own { "event_time" } else { column })),
                ),
                false => {}
            }
        }
        sql.push(format_args!("{indent}from {}{indent}where ", stretch.table()));
        stretch.push_windows(sql);
        push_by_id(sql, self.known, by_table(self.filter.all(), |part| self.tables.by_id(part)), own, indent);
        keys.extend(times.iter().map(|field| field.key().to_owned()));
        keys.extend(self.bucket_ms.map(|_| BUCKET.to_owned()));
        keys.extend(self.span_ms.map(|_| SPAN.to_owned()));
        if !keys.is_empty() && !as_they_are {
            sql.push(format_args!("{indent}group by "));
            push_list(sql, &keys);
        }
    }
}

/// What a filter says of single tables, as conditions upon their ids in `stored_event` or a rollup. What is not known is asked once
/// and remembered by hashing: `is true` keeps Postgres from making joins of it, whose order it has to guess. Of what is found by
/// an index, the ids come as a list.
fn push_by_id(
    sql: &mut QueryBuilder<Postgres>,
    known: &Known,
    parts: BTreeMap<&'static str, Vec<&Ast>>,
    by_index: bool,
    indent: &str,
) {
    for (table, parts) in parts {
        match known.get(table, &parts) {
            Some(Ids::AllBut(ids)) if ids.is_empty() => continue,
            Some(Ids::AllBut(ids)) => {
                sql.push(format_args!("{indent}  and {table}_id <> all(")).push_bind(ids.clone()).push(")");
                continue;
            }
            // Of each id in a list, Postgres reckons for each partition how often it occurs: of thousands for longer than it then reads.
            // What is found by an index is worth it.
            Some(Ids::Only(ids)) if ids.len() > MOST_RECKONED && !parts.iter().any(|part| finds(part)) => {
                sql.push(format_args!("{indent}  and ({table}_id in (select unnest(")).push_bind(ids.clone());
                sql.push("::bigint[]))) is true");
                continue;
            }
            // Of one, the index by id and time has them in the order of time.
            Some(Ids::Only(ids)) if let [id] = ids[..] => {
                sql.push(format_args!("{indent}  and {table}_id = ")).push_bind(id);
                continue;
            }
            Some(Ids::Only(ids)) => {
                sql.push(format_args!("{indent}  and {table}_id = any(")).push_bind(ids.clone()).push(")");
                continue;
            }
            None => {}
        }
        let listed = by_index && parts.iter().any(|part| finds(part));
        sql.push(format_args!("{indent}  and {}", if listed { "" } else { "(" }));
        sql.push(format_args!("{table}_id {}(", if listed { "= any(array" } else { "in " }));
        sql.push(format_args!("select {table}_id from {table} where "));
        for (at, part) in parts.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ") and (" });
            condition(part, sql);
        }
        sql.push(if listed { ")))" } else { "))) is true" });
    }
}

const MOST_RECKONED: usize = 200;

/// All that a filter says of single tables, of events.
pub fn push_known(sql: &mut QueryBuilder<Postgres>, known: &Known, filter: &Ast, indent: &str) {
    push_by_id(sql, known, by_table(filter, only_table), true, indent);
}

/// The same where all tables are joined, of the conditions for which `known` holds.
pub fn push_chosen(sql: &mut QueryBuilder<Postgres>, ids: &Known, filter: &Ast, indent: &str) {
    push_by_id(sql, ids, known_parts(filter), true, indent);
}

/// The parts of a filter for which `known` holds, by the table of each.
pub fn known_parts(filter: &Ast) -> BTreeMap<&'static str, Vec<&Ast>> {
    by_table(filter, known)
}

/// The one table that a condition is upon, if its rows are few or it finds some of them by an index.
pub fn known(condition: &Ast) -> Option<&'static str> {
    only_table(condition).filter(|table| *table != MANY || finds(condition))
}

/// Whether the event's row and ids tell all that a filter asks, so that nothing is joined for it.
pub fn is_told_by_row(filter: &Ast) -> bool {
    let own = |field| matches!(field, Field::EventTime | Field::EventId | Field::RequestId | Field::IssuedAccessKey);
    let is_own = |part| each_field(part, &mut |field| own(field).then_some(())).is_some();
    parts(filter).iter().all(|part| known(part).is_some() || is_own(part))
}

/// Ids at most that are looked up one after the other.
const MOST_APART: usize = 16;

/// Several ids, but few, by which and the time an index finds events, where a filter leaves no others.
pub fn few<'a>(asked: &'a Known, filter: &Ast) -> Option<(&'static str, &'a [i64])> {
    let by_table = by_table(filter, known);
    ["identity", "action"].into_iter().find_map(|table| match asked.get(table, by_table.get(table)?)? {
        Ids::Only(ids) if (2..=MOST_APART).contains(&ids.len()) => Some((table, &ids[..])),
        _ => None,
    })
}

/// Whether a filter names one event, or one request.
pub fn names_one(filter: &Ast) -> bool {
    let named = |part: &Ast| match part {
        Ast::Term(Term { target: Target::Field(field), pattern: Pattern::Exactly(_), .. }) => {
            matches!(field, Field::EventId | Field::RequestId)
        }
        _ => false,
    };
    parts(filter).iter().any(named)
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
    let mut found = None;
    each_field(condition, &mut |field| {
        let table = table(field)?;
        (*found.get_or_insert(table) == table).then_some(())
    })?;
    found
}
