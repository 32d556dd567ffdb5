//! The statements: fixed fragments, columns by `filter::column`, values as binds.

use model::{
    field::{Field, Kind},
    panel::{Mark, Measure},
    series::Column,
    time::{Timestamp, Window},
};
use sqlx::{Postgres, QueryBuilder, postgres::types::PgInterval};
use time::OffsetDateTime;

use super::{
    filter::{column, condition},
    measure::{self, Part, Sum},
    plan::{Ask, Plan},
};

/// What a row of an answer holds beyond its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    Nothing,
    /// `total`: events of all rows.
    Total,
    /// `other`: whether the row stands for the groups beyond the top; then `total`.
    OtherAndTotal,
}

/// A statement and how its rows are read.
pub struct Statement {
    pub sql: QueryBuilder<Postgres>,
    pub columns: Vec<Column>,
    /// How many of the columns, from the first, are groups.
    pub groups: usize,
    pub tail: Tail,
    /// Rows to show; one more is asked for, to know whether there are more.
    pub limit: Option<usize>,
}

impl Statement {
    pub fn text(&self) -> String {
        self.sql.sql().as_str().to_owned()
    }
}

/// The statements of a panel in the order in which they run, with the ids of the tables that they fill.
pub fn statements(plan: &Plan<'_>) -> Vec<(String, Statement)> {
    let mut all = vec![(String::new(), table(plan.panel.mark, &plan.main))];
    if plan.panel.mark == Mark::List {
        all.push(("total".to_owned(), count(&plan.main)));
    }
    all.extend(plan.details.iter().map(|(id, ask)| ((*id).to_owned(), grouped(ask))));
    all
}

/// The panel's own table.
pub fn table(mark: Mark, ask: &Ask<'_>) -> Statement {
    if mark == Mark::List { list(ask) } else { grouped(ask) }
}

/// Events one by one, newest first.
pub fn list(ask: &Ask<'_>) -> Statement {
    let mut sql = QueryBuilder::new("select ");
    push_list(&mut sql, ask.by.iter().map(|field| shown(column(*field), *field)));
    sql.push("\nfrom event");
    push_where(&mut sql, ask);
    sql.push("\norder by event_time desc, event_id desc\nlimit ").push_bind(i64::from(ask.limit) + 1);
    let columns: Vec<Column> = ask.by.iter().map(|field| field_column(*field)).collect();
    Statement { sql, groups: columns.len(), columns, tail: Tail::Nothing, limit: Some(ask.limit as usize) }
}

/// How many events match.
pub fn count(ask: &Ask<'_>) -> Statement {
    let mut sql = QueryBuilder::new("select count(*)\nfrom event");
    push_where(&mut sql, ask);
    Statement { sql, columns: Vec::new(), groups: 0, tail: Tail::Total, limit: None }
}

/// Groups with their measures: the largest first, or by time.
pub fn grouped(ask: &Ask<'_>) -> Statement {
    let in_time = ask.bucket_ms.is_some();
    let with_other = in_time && !ask.by.is_empty();
    let mut sql = QueryBuilder::new("with ");
    push_partial(&mut sql, ask);
    if with_other {
        push_labelled(&mut sql, ask);
    }
    push_sums(&mut sql, ask, with_other);

    let mut columns: Vec<Column> = in_time.then(|| field_column(Field::EventTime)).into_iter().collect();
    columns.extend(ask.by.iter().map(|field| group_column(*field)));
    let groups = columns.len();
    push_order(&mut sql, ask, groups, with_other);
    columns.extend(ask.measures.iter().map(|measure| measure_column(*measure)));
    let limited = !in_time && groups > 0;
    Statement {
        sql,
        columns,
        groups,
        tail: if with_other { Tail::OtherAndTotal } else { Tail::Total },
        limit: limited.then_some(ask.limit as usize),
    }
}

/// One pass over the events: a row for each group and each combination of values that a measure tells apart.
fn push_partial(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let mut keys: Vec<&str> = ask.by.iter().map(|field| column(*field)).collect();
    let mut aggregates = Vec::new();
    for part in ask.measures.iter().filter_map(|measure| measure::part(*measure)) {
        match part {
            Part::Value(field) if !keys.contains(&column(field)) => keys.push(column(field)),
            Part::Aggregate(name, expression) if !aggregates.contains(&(name, expression)) => {
                aggregates.push((name, expression));
            }
            Part::Value(_) | Part::Aggregate(..) => {}
        }
    }
    sql.push("partial as (\n  select ");
    if let Some(width_ms) = ask.bucket_ms {
        let width = PgInterval { months: 0, days: 0, microseconds: width_ms * 1000 };
        sql.push("date_bin(").push_bind(width).push(", event_time, 'epoch') as bucket, ");
        keys.insert(0, "bucket");
    }
    let named = keys.iter().filter(|key| **key != "bucket").map(|key| match each(key) {
        Some(each) => format!("{each} as {key}"),
        None => (*key).to_owned(),
    });
    let counted = aggregates.iter().map(|(name, expression)| format!("{expression} as {name}"));
    push_list(sql, named.chain(["count(*) as events".to_owned()]).chain(counted));
    sql.push("\n  from event");
    push_where(sql, ask);
    if !keys.is_empty() {
        sql.push("\n  group by ");
        push_list(sql, keys.iter().map(|key| each(key).unwrap_or(key)));
    }
    sql.push("\n)");
}

/// The values of a list, one a row, or one null: an event counts under each of them.
fn each(key: &str) -> Option<&'static str> {
    (key == column(Field::Resource)).then_some("unnest(coalesce(resource, '{null}'))")
}

/// `partial` with the groups beyond the top as one, `other`, that shows no group's values. A group without any value
/// always stands alone, and is not counted among the top.
fn push_labelled(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let keys: Vec<&str> = ask.by.iter().map(|field| column(*field)).collect();
    let list = keys.join(", ");
    let valueless = keys.iter().map(|key| format!("{key} is null")).collect::<Vec<_>>().join(" and ");
    sql.push(format_args!(
        ",\ntotalled as (\n  select *, sum(events) over (partition by {list}) as group_events\n  from partial\n),\n\
         ranked as (\n  select *, dense_rank() over (order by {valueless}, group_events desc, {list}) as place\n  \
         from totalled\n),\n\
         marked as (\n  select *, not ({valueless}) and place > "
    ));
    sql.push_bind(i64::from(ask.limit));
    sql.push(" as other\n  from ranked\n),\nlabelled as (\n  select *, ");
    let numbered = keys.iter().enumerate();
    push_list(sql, numbered.map(|(at, key)| format!("case when not other then {key} end as group_{at}")));
    sql.push("\n  from marked\n)");
}

/// The groups summed up.
fn push_sums(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>, with_other: bool) {
    let source = if with_other { "labelled" } else { "partial" };
    let by: Vec<(String, Field)> = ask
        .by
        .iter()
        .enumerate()
        .map(|(at, field)| (if with_other { format!("group_{at}") } else { column(*field).to_owned() }, *field))
        .collect();
    let mut groups: Vec<String> = ask.bucket_ms.map(|_| "bucket".to_owned()).into_iter().collect();
    groups.extend(by.iter().map(|(name, _)| name.clone()));
    groups.extend(with_other.then(|| "other".to_owned()));

    let bucket = ask.bucket_ms.map(|_| "bucket as event_time".to_owned());
    let shown = by.iter().map(|(name, field)| shown(name, *field));
    let sums = ask.measures.iter().map(|measure| match measure::sum(*measure) {
        Sum::Expression(expression) => format!("{expression} as {}", measure.key()),
        Sum::MostFrequent(field) => format!("{} as {}", most_frequent(column(field), source, &groups), measure.key()),
    });
    let other = with_other.then(|| "other".to_owned());
    let total = "coalesce(sum(sum(events)) over (), 0)::bigint as total".to_owned();
    sql.push("\nselect ");
    push_list(sql, bucket.into_iter().chain(shown).chain(sums).chain(other).chain([total]));
    sql.push(format_args!("\nfrom {source}"));
    if !groups.is_empty() {
        sql.push("\ngroup by ");
        push_list(sql, &groups);
    }
}

/// The value of `key` with the most events among the rows of the same group.
fn most_frequent(key: &str, source: &str, groups: &[String]) -> String {
    let same = groups.iter().map(|group| format!("\n      and own.{group} is not distinct from {source}.{group}"));
    format!(
        "(\n    select own.{key} from {source} as own where own.{key} is not null{}\
         \n    group by own.{key} order by sum(own.events) desc, own.{key} limit 1\n  )",
        same.collect::<String>()
    )
}

fn push_order(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>, groups: usize, with_other: bool) {
    if groups == 0 {
        return;
    }
    let keys = (1..=groups).map(|at| at.to_string());
    sql.push("\norder by ");
    if ask.bucket_ms.is_some() {
        // `other` last in its bucket: the drawing stacks in this order.
        let other = with_other.then(|| "other".to_owned());
        let mut keys = keys;
        push_list(sql, keys.next().into_iter().chain(other).chain(keys));
        return;
    }
    let first_measure = (!ask.measures.is_empty()).then(|| format!("{} desc nulls last", groups + 1));
    push_list(sql, first_measure.into_iter().chain(keys));
    sql.push("\nlimit ").push_bind(i64::from(ask.limit) + 1);
}

fn push_where(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let Window { from, to } = ask.window;
    sql.push("\n  where event_time >= ").push_bind(instant(from));
    sql.push(" and event_time < ").push_bind(instant(to));
    sql.push("\n    and (");
    condition(&ask.filter, sql);
    sql.push(")");
}

fn push_list<T: std::fmt::Display>(sql: &mut QueryBuilder<Postgres>, items: impl IntoIterator<Item = T>) {
    push_joined(sql, items, ", ");
}

fn push_joined<T: std::fmt::Display>(
    sql: &mut QueryBuilder<Postgres>,
    items: impl IntoIterator<Item = T>,
    between: &str,
) {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            sql.push(between);
        }
        sql.push(item);
    }
}

/// `name`, which holds `field`'s values, as it is selected: addresses as text, without a netmask.
pub fn shown(name: &str, field: Field) -> String {
    match field.kind() {
        Kind::Address => format!("host({name}) collate \"C\" as {}", column(field)),
        _ if name == column(field) => name.to_owned(),
        _ => format!("{name} as {}", column(field)),
    }
}

/// Postgres' time of `at`, within the years 1 to 9999.
pub fn instant(at: Timestamp) -> OffsetDateTime {
    const FIRST: i64 = -62_135_596_800_000;
    const LAST: i64 = 253_402_300_799_999;
    let at_ms = at.0.clamp(FIRST, LAST);
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).expect("within the years 1 to 9999")
}

fn field_column(field: Field) -> Column {
    Column { key: field.key().to_owned(), kind: field.kind(), label: field.label().to_owned() }
}

/// Grouped by a list, a row has one of its values.
fn group_column(field: Field) -> Column {
    let column = field_column(field);
    let kind = if column.kind == Kind::List { Kind::Text } else { column.kind };
    Column { kind, ..column }
}

fn measure_column(measure: Measure) -> Column {
    Column { key: measure.key().to_owned(), kind: measure.kind(), label: measure.label().to_owned() }
}
