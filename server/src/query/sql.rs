//! The statements: fixed fragments, columns by `filter::column`, values as binds.

mod known;
mod name;
mod narrow;
mod nested;
mod partial;
mod source;
mod stretch;
mod tally;

use model::{
    chart::GROUP_EVENTS,
    field::{Field, Kind},
    panel::{Group, Mark, Measure},
    series::Column,
    time::Window,
};
use sqlx::{Postgres, QueryBuilder};

use self::name::{each, inner, push_class, push_place, push_shown};
use super::{
    counts::span::HOUR_MS,
    filter::listed,
    measure::{self, Sum},
    plan::{Ask, Inner, Plan},
    session::{Joins, Plans},
};
use crate::store::instant;

pub use self::{
    known::{Known, Questions},
    name::shown,
    partial::{Pass, push_count},
    source::Source,
    tally::{Counted, Reading, Rows, Tally},
};

/// What a row of an answer holds beyond its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    Nothing,
    /// `total`: events of all rows.
    Total,
    /// `other`: whether the row stands for the groups beyond the top; then `total`.
    OtherAndTotal,
    /// `total`; then `cut`, whether there are more groups.
    TotalAndCut,
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
    pub joins: Joins,
    pub plans: Plans,
}

/// Events of less than an hour are few, wherever they are found.
pub fn plans(windows: impl IntoIterator<Item = Window>) -> Plans {
    let is_short = |window: Window| window.to.0 - window.from.0 <= HOUR_MS;
    if windows.into_iter().all(is_short) { Plans::Kept } else { Plans::Anew }
}

impl Statement {
    pub fn text(&self) -> String {
        self.sql.sql().as_str().to_owned()
    }
}

/// The statements of a panel in the order in which they run, with the ids of the tables that they fill.
pub fn statements(plan: &Plan<'_>) -> Vec<(String, Statement)> {
    let mut all = Vec::new();
    let mut add = |id: &str, ask: &Ask<'_>, statement: Statement| {
        all.push((id.to_owned(), statement));
        if ask.beside {
            all.push(([id, " before"].concat().trim().to_owned(), grouped(&before(ask))));
        }
    };
    match plan.panel.mark {
        Mark::Text => {}
        Mark::List => {
            add("", &plan.main, list(&plan.main));
            plan.total.iter().for_each(|total| add("total", total, grouped(total)));
        }
        _ => add("", &plan.main, grouped(&plan.main)),
    }
    for (id, ask) in &plan.details {
        add(id, ask, grouped(ask));
    }
    all
}

/// What these count: of it, whole hours and days can be known before.
pub fn passes<'a>(plan: &'a Plan<'a>) -> Vec<Pass<'a>> {
    let main = plan.total.as_ref().unwrap_or(&plan.main);
    let details = plan.details.iter().map(|(_, ask)| ask);
    [main].into_iter().chain(details).flat_map(partial::passes).collect()
}

/// The same of the window before, of any group that there was.
pub fn before<'a>(ask: &Ask<'a>) -> Ask<'a> {
    const ANY: u32 = 1_000;
    Ask {
        window: ask.previous,
        limit: ask.limit.max(ANY),
        beside: false,
        filter: ask.filter.clone(),
        known: ask.known.clone(),
        counted: ask.counted.clone(),
        ..*ask
    }
}

/// The panel's own table.
pub fn table(mark: Mark, ask: &Ask<'_>) -> Statement {
    if mark == Mark::List { list(ask) } else { grouped(ask) }
}

/// Events one by one, newest first.
pub fn list(ask: &Ask<'_>) -> Statement {
    let mut sql = QueryBuilder::new("select ");
    for (at, group) in ask.by.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        match group {
            Group::Field(field) => {
                sql.push(shown(listed(*field), *field));
            }
            Group::Class => push_class(&mut sql, ask, |sql| push_place(sql, ask)),
        }
    }
    let (source, limit) = (source(ask, ask.window), i64::from(ask.limit) + 1);
    if source.is_of_few() {
        sql.push("\nfrom (");
        source.push_first(&mut sql, ("desc", limit), "\n  ", |_, _| {});
        sql.push("\n").push(Source::CHOSEN).push("\norder by event_time desc, event_key desc");
    } else {
        source.push(&mut sql, "\n");
        sql.push(format_args!("\norder by {} desc, event_key desc\nlimit ", source.time())).push_bind(limit);
    }
    let columns: Vec<Column> = ask.by.iter().map(|group| list_column(*group)).collect();
    let (groups, limit, joins) = (columns.len(), Some(ask.limit as usize), source.joins());
    Statement { sql, columns, groups, tail: Tail::Nothing, limit, joins, plans: Plans::Anew }
}

/// Groups with their measures: the largest first, or by time.
pub fn grouped(ask: &Ask<'_>) -> Statement {
    let in_time = ask.bucket_ms.is_some();
    let with_other = in_time && !ask.by.is_empty();
    let plans = plans(partial::read(ask));
    let mut sql = QueryBuilder::new("with ");
    partial::push(&mut sql, ask);
    push_rest(&mut sql, ask);
    if ask.measures.contains(&Measure::Change) {
        partial::push_before(&mut sql, ask);
    }
    let mut columns: Vec<Column> = in_time.then(|| list_column(Group::Field(Field::EventTime))).into_iter().collect();
    columns.extend(ask.by.iter().map(|group| group_column(*group)));
    let groups = columns.len();
    columns.extend(ask.measures.iter().map(|measure| measure_column(*measure)));
    if let (Some(inner), [first, second]) = (ask.inner, ask.by) {
        nested::push(&mut sql, ask, inner, (*first, *second));
        if let Inner::Within(_) = inner {
            let label = format!("Events of {}", first.label().to_lowercase());
            columns.push(Column { key: GROUP_EVENTS.to_owned(), kind: Kind::Integer, label });
        }
        return Statement { sql, columns, groups, tail: Tail::TotalAndCut, limit: None, joins: Joins::AnyOrder, plans };
    }
    if with_other {
        push_labelled(&mut sql, ask);
    }
    push_sums(&mut sql, ask, with_other);
    push_order(&mut sql, ask, groups, with_other);
    let limited = !in_time && groups > 0;
    Statement {
        sql,
        columns,
        groups,
        tail: if with_other { Tail::OtherAndTotal } else { Tail::Total },
        limit: limited.then_some(ask.limit as usize),
        joins: Joins::AnyOrder,
        plans,
    }
}

/// Whether an event may count under several groups, so that the groups do not add up to the whole.
fn has_list(ask: &Ask<'_>) -> bool {
    ask.by.iter().any(|group| each(*group).is_some())
}

/// `partial` with the groups beyond the top as one, `other`, that shows no group's values. A group without any value
/// always stands alone, and is not counted among the top.
fn push_labelled(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let keys: Vec<&str> = ask.by.iter().map(|group| inner(*group)).collect();
    let list = keys.join(", ");
    if partial::is_labelled(ask) {
        sql.push(",\nlabelled as (\n  select *, ");
        push_list(sql, keys.iter().enumerate().map(|(at, key)| format!("{key} as group_{at}")));
        sql.push("\n  from partial\n)");
        return;
    }
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
    let name = |at: usize, group: Group| if with_other { format!("group_{at}") } else { inner(group).to_owned() };
    let by: Vec<(String, Group)> = ask.by.iter().enumerate().map(|(at, group)| (name(at, *group), *group)).collect();
    let mut groups: Vec<String> = ask.bucket_ms.map(|_| "bucket".to_owned()).into_iter().collect();
    groups.extend(by.iter().map(|(name, _)| name.clone()));
    groups.extend(with_other.then(|| "other".to_owned()));

    sql.push("\nselect ");
    if ask.bucket_ms.is_some() {
        sql.push("bucket as event_time, ");
    }
    for (name, group) in &by {
        push_shown(sql, *group, name, ask);
        sql.push(", ");
    }
    for sum in sums(ask, source, &groups) {
        sql.push(sum).push(", ");
    }
    if with_other {
        sql.push("other, ");
    }
    sql.push(format_args!("{} as total\nfrom {}", total(ask), weighed(ask, source, &groups)));
    if !groups.is_empty() {
        sql.push("\ngroup by ");
        push_list(sql, &groups);
    }
}

/// All events that the panel counts.
fn total(ask: &Ask<'_>) -> String {
    format!("coalesce({}, 0)::bigint", all(ask))
}

fn all(ask: &Ask<'_>) -> String {
    let shown = if has_list(ask) { "sum(sum(whole)) over ()" } else { "sum(sum(events)) over ()" };
    if partial::rest(ask) == 0 { shown.to_owned() } else { format!("({shown} + (select events from rest))") }
}

/// `rest as (…)`: the events of the groups that are left out.
fn push_rest(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let rest = partial::rest(ask);
    if rest > 0 {
        sql.push(",\nrest as (select ").push_bind(rest).push(" as events)");
    }
}

/// The measures over the rows of `source` that are the same in `groups`.
fn sums(ask: &Ask<'_>, source: &str, groups: &[String]) -> Vec<String> {
    let all = all(ask);
    let of = |measure: &Measure| match measure::sum(*measure) {
        Sum::Expression(expression) => expression.to_owned(),
        Sum::Distinct(field) if is_apart(ask, field) => format!(
            "(\n    select count(distinct element) from {source} as own, unnest(own.{field}) as element where true{same}\n  )",
            field = field.key(),
            same = same(source, groups)
        ),
        Sum::Distinct(field) if partial::is_one_row(ask) => {
            format!("coalesce(sum({}), 0)::bigint", tally::values_of(field.key()))
        }
        Sum::Distinct(field) if is_told_alone(ask, field, source) => format!("count({})", field.key()),
        Sum::Distinct(field) => format!("count(distinct {})", field.key()),
        Sum::MostFrequent(field) => most_frequent(ask, field, source, groups),
        Sum::Share => format!("(sum(events) / nullif({all}, 0))::double precision"),
        Sum::Change => format!(
            "(sum(events) / nullif((\n    select sum(own.events) from before as own where true{}\n  ), 0) - 1)::double precision",
            same(source, groups)
        ),
    };
    ask.measures.iter().map(|measure| format!("{} as {}", of(measure), measure.key())).collect()
}

/// Whether the field is a list that the groups did not take apart.
fn is_apart(ask: &Ask<'_>, field: Field) -> bool {
    field.kind() == Kind::List && !ask.by.contains(&Group::Field(field))
}

/// That a row of `own` is of the same group.
fn same(source: &str, groups: &[String]) -> String {
    groups.iter().map(|group| format!("\n      and own.{group} is not distinct from {source}.{group}")).collect()
}

/// The value of the field with the most events among the rows of the same group, the first of several.
fn most_frequent(ask: &Ask<'_>, field: Field, source: &str, groups: &[String]) -> String {
    let key = field.key();
    let shown = |value: &str| if field.kind() == Kind::Address { format!("host({value})") } else { value.to_owned() };
    if is_apart(ask, field) {
        return format!(
            "(\n    select {} from {source} as own, unnest(own.{key}) as element where element is not null{}\
             \n    group by element order by sum(own.events) desc, element limit 1\n  )",
            shown("element"),
            same(source, groups)
        );
    }
    let weight = if is_told_alone(ask, field, source) { "events".to_owned() } else { weight(field) };
    shown(&format!("(array_agg({key} order by {weight} desc, {key}) filter (where {key} is not null))[1]"))
}

/// Whether a group's rows are told apart by this field alone, so that each value has one.
fn is_told_alone(ask: &Ask<'_>, field: Field, source: &str) -> bool {
    source == "partial" && partial::values(ask) == [field]
}

/// What holds the events of a row's group that have the row's value.
fn weight(field: Field) -> String {
    format!("{}_events", field.key())
}

/// `source`, its rows with the weights that the most frequent values are found by.
fn weighed(ask: &Ask<'_>, source: &str, groups: &[String]) -> String {
    let mut weights: Vec<String> = Vec::new();
    for measure in ask.measures {
        if let Sum::MostFrequent(field) = measure::sum(*measure)
            && !is_apart(ask, field)
            && !is_told_alone(ask, field, source)
        {
            let keys: Vec<&str> = groups.iter().map(String::as_str).chain([field.key()]).collect();
            let weight = format!(", sum(events) over (partition by {}) as {}", keys.join(", "), weight(field));
            if !weights.contains(&weight) {
                weights.push(weight);
            }
        }
    }
    if weights.is_empty() {
        source.to_owned()
    } else {
        format!("(select *{} from {source}) as {source}", weights.concat())
    }
}

fn push_order(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>, groups: usize, with_other: bool) {
    if groups == 0 {
        return;
    }
    let mut keys = (1..=groups).map(|at| at.to_string());
    sql.push("\norder by ");
    if ask.bucket_ms.is_some() {
        // `other` last in its bucket: the drawing stacks in this order.
        let other = with_other.then(|| "other".to_owned());
        push_list(sql, keys.next().into_iter().chain(other).chain(keys));
        return;
    }
    push_list(sql, order(ask, groups).into_iter().chain(keys));
    sql.push("\nlimit ").push_bind(i64::from(ask.limit) + 1);
}

/// The panel's own order, else the largest first; by place among the columns, classes by theirs among the classes.
fn order(ask: &Ask<'_>, groups: usize) -> Option<String> {
    let Some(order) = ask.order else {
        return (!ask.measures.is_empty()).then(|| format!("{} desc nulls last", groups + 1));
    };
    let direction = if order.ascending { "asc" } else { "desc" };
    let group = ask.by.iter().position(|group| group.key() == order.by);
    let measure = || ask.measures.iter().position(|measure| measure.key() == order.by);
    let column = match group {
        Some(at) if ask.by[at] == Group::Class => inner(Group::Class).to_owned(),
        Some(at) => (at + 1).to_string(),
        None => (groups + measure()? + 1).to_string(),
    };
    Some(format!("{column} {direction} nulls last"))
}

fn source<'a>(ask: &'a Ask<'_>, window: Window) -> Source<'a> {
    let of_classes = ask.classes.iter().filter(|_| ask.by.contains(&Group::Class)).map(|(_, filter)| filter);
    Source::new(window, &ask.filter).knowing(&ask.known).and(of_classes)
}

fn push_list<T: std::fmt::Display>(sql: &mut QueryBuilder<Postgres>, items: impl IntoIterator<Item = T>) {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            sql.push(", ");
        }
        sql.push(item);
    }
}

fn push_times(sql: &mut QueryBuilder<Postgres>, window: Window) {
    sql.push("event_time >= ").push_bind(instant(window.from));
    sql.push(" and event_time < ").push_bind(instant(window.to));
}

fn list_column(group: Group) -> Column {
    Column { key: group.key().to_owned(), kind: group.kind(), label: group.label().to_owned() }
}

/// Grouped by a list, a row has one of its values.
fn group_column(group: Group) -> Column {
    let column = list_column(group);
    let kind = if column.kind == Kind::List { Kind::Text } else { column.kind };
    Column { kind, ..column }
}

fn measure_column(measure: Measure) -> Column {
    let kind = if measure.kind() == Kind::List { Kind::Text } else { measure.kind() };
    Column { key: measure.key().into_owned(), kind, label: measure.label().into_owned() }
}
