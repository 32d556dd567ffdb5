//! The statements: fixed fragments, columns by `filter::column`, values as binds.

use model::{
    field::{Field, Kind},
    filter::Target,
    time::Timestamp,
};
use sqlx::{Postgres, QueryBuilder};

use super::{
    super::{
        filter::{column, listed, push_id},
        sql::{Source, push_count},
    },
    ask::{Ask, Keyset, Value},
};
use crate::store::{instant, key::Key};

/// Which way from a place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the order of the list.
    On,
    /// And the event at the place itself.
    OnWithIt,
    /// Against it: the nearest rows first.
    Back,
}

/// A page of rows on one side of a place, the nearest first. Which ones is decided before anything is joined with them, and where
/// texts are read, which costs far more than the rest, they are read once for that and for `total`, how many there are.
pub fn page(ask: &Ask, from: Option<&Keyset>, way: Way, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("");
    let source = source(ask);
    if ask.by_time() && source.is_of_few() {
        push_selected(&mut sql, ask);
        sql.push("\nfrom (");
        source.push_first(&mut sql, (order_of_time(ask, way), limit), "\n  ", |sql, indent| {
            push_beyond(sql, ask, from, way, indent)
        });
        sql.push("\n").push(Source::CHOSEN);
        push_order(&mut sql, ask, way, "event_time", "\n");
        return sql;
    }
    if ask.by_time() && source.is_chosen_first() || ask.condition.is_audit() {
        push_rows(&mut sql, ask, from, way);
        sql.push("\nlimit ").push_bind(limit);
        return sql;
    }
    push_selected(&mut sql, ask);
    let total = from.is_none() && source.reads_text();
    sql.push(if total { ", total" } else { "" });
    sql.push("\nfrom (\n  select event_time as chosen_time, event_key as chosen_key");
    sql.push(if total { ", count(*) over () as total" } else { "" });
    push_chosen(&mut sql, ask, from, way, "\n  ");
    sql.push("\n  limit ").push_bind(limit).push("\n").push(Source::CHOSEN);
    push_order(&mut sql, ask, way, "event_time", "\n");
    sql
}

/// Rows on one side of a place, the nearest first.
pub fn push_rows(sql: &mut QueryBuilder<Postgres>, ask: &Ask, from: Option<&Keyset>, way: Way) {
    push_selected(sql, ask);
    push_chosen(sql, ask, from, way, "\n");
}

fn push_selected(sql: &mut QueryBuilder<Postgres>, ask: &Ask) {
    sql.push("select event_id as id, event_time as time");
    for (at, target) in ask.columns.iter().enumerate() {
        if let Target::Field(field) = target {
            sql.push(format_args!(", {} as c{at}", shown(*field)));
        }
    }
    if !ask.by_time() {
        sql.push(format_args!(", {} as sorted", shown(ask.sort.field)));
    }
    if ask.columns.iter().any(|column| matches!(column, Target::Path(_))) {
        sql.push(", coalesce(raw_json, raw) as document");
    }
    if ask.integrity {
        sql.push(", (select integrity from object_integrity where object_integrity.object_id = event.object_id) as integrity");
    }
    if ask.raw {
        sql.push(", raw as delivered");
    }
}

/// `from … where … order by …`
fn push_chosen(sql: &mut QueryBuilder<Postgres>, ask: &Ask, from: Option<&Keyset>, way: Way, indent: &str) {
    source(ask).push(sql, indent);
    push_beyond(sql, ask, from, way, indent);
    push_order(sql, ask, way, source(ask).time(), indent);
}

/// That rows are on one side of a place.
fn push_beyond(sql: &mut QueryBuilder<Postgres>, ask: &Ask, from: Option<&Keyset>, way: Way, indent: &str) {
    if let Some(from) = from {
        sql.push(format_args!("{indent}  and "));
        push_place(sql, ask, from, way);
    }
}

/// How many events there are.
pub fn count_all(ask: &Ask) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("");
    push_count(&mut sql, ask.window, &ask.condition, &ask.known);
    sql
}

/// How many events there are, and how many of them stand before `first`.
pub fn count(ask: &Ask, first: Option<&Keyset>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select count(*), ");
    match first {
        Some(first) => {
            sql.push("count(*) filter (where ");
            push_place(&mut sql, ask, first, Way::Back);
            sql.push(")");
        }
        None => {
            sql.push("0::bigint");
        }
    }
    source(ask).push(&mut sql, "\n");
    sql
}

/// Where the newest so many segments of texts before `to` begin; no row where there are no more of them in the window. Of some
/// accounts, each event stands for a segment, so that how far it is looked tells nothing of the others'.
pub fn edge(ask: &Ask, to: Timestamp, segments: i64) -> QueryBuilder<Postgres> {
    if ask.condition.is_limited() {
        let mut sql = QueryBuilder::new("select event_time from stored_event where event_time >= ");
        sql.push_bind(instant(ask.window.from)).push(" and event_time < ").push_bind(instant(to));
        sql.push(" and scope_id = any(array(select scope_id from scope where true");
        ask.condition.push_scope(&mut sql);
        sql.push("))\norder by event_time desc offset ").push_bind(segments).push(" limit 1");
        return sql;
    }
    let mut sql = QueryBuilder::new("select last_time from segment where last_time >= ");
    sql.push_bind(instant(ask.window.from)).push(" and last_time < ").push_bind(instant(to));
    sql.push("\norder by last_time desc offset ").push_bind(segments).push(" limit 1");
    sql
}

/// The place of one event in this order, wherever it is.
pub fn place_of(ask: &Ask, event_id: &str) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select event_id as id, event_time as time");
    if !ask.by_time() {
        sql.push(format_args!(", {} as sorted", shown(ask.sort.field)));
    }
    sql.push(" from event where ");
    push_id(event_id, &mut sql);
    ask.condition.push_scope(&mut sql);
    sql
}

/// The events that are asked for.
pub fn source(ask: &Ask) -> Source<'_> {
    Source::new(ask.window, &ask.condition).knowing(&ask.known)
}

/// A field as it is selected: addresses as text, without a netmask.
pub fn shown(field: Field) -> String {
    match field.kind() {
        Kind::Address => format!("host({}) collate \"C\"", column(field)),
        _ => listed(field).to_owned(),
    }
}

/// That a row stands on the `way` side of a place.
///
/// By time alone it is one comparison of rows, which the index on time and id answers. By another column, events
/// without a value stand last, and ties are in the order of time, the newest first.
fn push_place(sql: &mut QueryBuilder<Postgres>, ask: &Ask, from: &Keyset, way: Way) {
    let (on, with_it) = (way != Way::Back, way == Way::OnWithIt);
    if ask.by_time() {
        return push_moment(sql, from, ask.sort.descending == on, with_it);
    }
    let key = column(ask.sort.field);
    match (&from.value, on) {
        (Some(value), _) => {
            sql.push(format_args!("({key} {} ", if ask.sort.descending == on { "<" } else { ">" }));
            push_value(sql, value);
            sql.push(format_args!(" or {}({key} = ", if on { format!("{key} is null or ") } else { String::new() }));
            push_value(sql, value);
            sql.push(" and ");
            push_moment(sql, from, on, with_it);
            sql.push("))");
        }
        (None, true) => {
            sql.push(format_args!("({key} is null and "));
            push_moment(sql, from, true, with_it);
            sql.push(")");
        }
        (None, false) => {
            sql.push(format_args!("({key} is not null or "));
            push_moment(sql, from, false, with_it);
            sql.push(")");
        }
    }
}

/// Earlier (or later) than an event, ids deciding among those of one moment.
fn push_moment(sql: &mut QueryBuilder<Postgres>, from: &Keyset, earlier: bool, with_it: bool) {
    let sign = match (earlier, with_it) {
        (true, false) => "<",
        (true, true) => "<=",
        (false, false) => ">",
        (false, true) => ">=",
    };
    // A moment by itself lies before all of its events.
    let key = if from.event_id.is_empty() { Key(0) } else { Key::of(&from.event_id) };
    sql.push(format_args!("(event_time, event_key) {sign} (")).push_bind(from.time);
    sql.push(", cast(").push_bind(key.to_string()).push(" as text)::uuid)");
}

fn push_value(sql: &mut QueryBuilder<Postgres>, value: &Value) {
    match value {
        Value::Text(text) => sql.push_bind(text.clone()),
        Value::Bool(yes) => sql.push_bind(*yes),
        Value::Integer(number) => sql.push_bind(*number),
        Value::Float(number) => sql.push_bind(*number),
        Value::Address(text) => sql.push("cast(").push_bind(text.clone()).push(" as text)::inet"),
    };
}

fn push_order(sql: &mut QueryBuilder<Postgres>, ask: &Ask, way: Way, time: &str, indent: &str) {
    let on = way != Way::Back;
    sql.push(format_args!("{indent}order by "));
    if !ask.by_time() {
        let nulls = if on { "last" } else { "first" };
        let (key, way) = (column(ask.sort.field), order(ask.sort.descending == on));
        sql.push(format_args!("event.{key} {way} nulls {nulls}, "));
    }
    let way = order_of_time(ask, way);
    sql.push(format_args!("{time} {way}, event_key {way}"));
}

fn order_of_time(ask: &Ask, way: Way) -> &'static str {
    let on = way != Way::Back;
    order(if ask.by_time() { ask.sort.descending == on } else { on })
}

fn order(descending: bool) -> &'static str {
    if descending { "desc" } else { "asc" }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::{access::Accounts, discover::Discover, view::View};

    use super::*;

    fn check(query: &str, way: Way, expected: Expect) {
        let (view, discover) = (View::from_query(query).0, Discover::from_query(query).0);
        let ask = Ask::new(&view, &discover, Timestamp(0), &Accounts::All).expect(query);
        let from = match &ask.from {
            super::super::ask::From::After(from) | super::super::ask::From::Before(from) => Some(from),
            _ => None,
        };
        expected.assert_eq(&(page(&ask, from, way, 1).into_string() + "\n"));
    }

    #[test]
    fn pages_are_keysets() {
        const RANGE: &str = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&columns=source_ip";
        check(
            RANGE,
            Way::On,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0
                from event
                where event_time >= $1 and event_time < $2
                order by event_time desc, event_key desc
                limit $3
            "#]],
        );
        check(
            &format!("{RANGE}&after=1,2,id"),
            Way::On,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0
                from event
                where event_time >= $1 and event_time < $2
                  and (event_time, event_key) < ($3, cast($4 as text)::uuid)
                order by event_time desc, event_key desc
                limit $5
            "#]],
        );
        check(
            &format!("{RANGE}&sort=event_time:asc&before=1,2,id"),
            Way::Back,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0
                from event
                where event_time >= $1 and event_time < $2
                  and (event_time, event_key) < ($3, cast($4 as text)::uuid)
                order by event_time desc, event_key desc
                limit $5
            "#]],
        );
        check(
            &format!("{RANGE}&sort=source_ip&after=1,2,id,10.0.0.1"),
            Way::On,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0, host(source_ip) collate "C" as sorted
                from (
                  select event_time as chosen_time, event_key as chosen_key
                  from event
                  where event_time >= $1 and event_time < $2
                    and (source_ip > cast($3 as text)::inet or source_ip is null or (source_ip = cast($4 as text)::inet and (event_time, event_key) < ($5, cast($6 as text)::uuid)))
                  order by event.source_ip asc nulls last, event_time desc, event_key desc
                  limit $7
                ) as chosen
                cross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key offset 0) as event
                order by event.source_ip asc nulls last, event_time desc, event_key desc
            "#]],
        );
        check(
            &format!("{RANGE}&sort=actor:desc&before=1,2,id,bob"),
            Way::Back,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0, actor as sorted
                from (
                  select event_time as chosen_time, event_key as chosen_key
                  from event
                  where event_time >= $1 and event_time < $2
                    and (actor > $3 or (actor = $4 and (event_time, event_key) > ($5, cast($6 as text)::uuid)))
                  order by event.actor asc nulls first, event_time asc, event_key asc
                  limit $7
                ) as chosen
                cross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key offset 0) as event
                order by event.actor asc nulls first, event_time asc, event_key asc
            "#]],
        );
        check(
            &format!("{RANGE}&sort=actor&after=1,2,id&raw=true"),
            Way::On,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0, actor as sorted, raw as delivered
                from (
                  select event_time as chosen_time, event_key as chosen_key
                  from event
                  where event_time >= $1 and event_time < $2
                    and (actor is null and (event_time, event_key) < ($3, cast($4 as text)::uuid))
                  order by event.actor asc nulls last, event_time desc, event_key desc
                  limit $5
                ) as chosen
                cross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key offset 0) as event
                order by event.actor asc nulls last, event_time desc, event_key desc
            "#]],
        );
        // For the rows of the page, not for all that are sorted.
        check(
            &format!("{RANGE},origin&sort=actor"),
            Way::On,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as c1, actor as sorted
                from (
                  select event_time as chosen_time, event_key as chosen_key
                  from event
                  where event_time >= $1 and event_time < $2
                  order by event.actor asc nulls last, event_time desc, event_key desc
                  limit $3
                ) as chosen
                cross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key offset 0) as event
                order by event.actor asc nulls last, event_time desc, event_key desc
            "#]],
        );
        check(
            &format!("{RANGE},requestParameters.x&sort=actor&before=1,2,id"),
            Way::Back,
            expect![[r#"
                select event_id as id, event_time as time, host(source_ip) collate "C" as c0, actor as sorted, coalesce(raw_json, raw) as document
                from (
                  select event_time as chosen_time, event_key as chosen_key
                  from event
                  where event_time >= $1 and event_time < $2
                    and (actor is not null or (event_time, event_key) > ($3, cast($4 as text)::uuid))
                  order by event.actor desc nulls first, event_time asc, event_key asc
                  limit $5
                ) as chosen
                cross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key offset 0) as event
                order by event.actor desc nulls first, event_time asc, event_key asc
            "#]],
        );
    }
}
