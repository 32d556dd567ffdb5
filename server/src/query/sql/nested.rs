//! Two groups with a limit each: the top of the first, and of the second within each of them or over all.

use model::panel::Group;
use sqlx::{Postgres, QueryBuilder};

use super::{
    name::{inner, push_shown},
    order, push_list, sums, total, weighed,
};
use crate::query::plan::{Ask, Inner};

/// After `partial`: the pairs summed up, placed, and those within both limits chosen.
pub fn push(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>, limit: Inner, groups: (Group, Group)) {
    let (first, second) = (inner(groups.0), inner(groups.1));
    let both = [first.to_owned(), second.to_owned()];
    sql.push(format_args!(",\nsummed as (\n  select {first}, {second}, "));
    for sum in sums(ask, "partial", &both) {
        sql.push(sum).push(", ");
    }
    sql.push(format_args!(
        "sum(events) as pair_events, {} as total\n  from {}\n  group by {first}, {second}\n),\n",
        total(ask),
        weighed(ask, "partial", &both)
    ));
    sql.push(format_args!(
        "totalled as (\n  select *, (sum(pair_events) over (partition by {first}))::bigint as group_events, \
         sum(pair_events) over (partition by {second}) as other_events\n  from summed\n),\n"
    ));
    let within = match limit {
        Inner::Within(_) => format!("row_number() over (partition by {first} order by {}, {second})", ordered(ask)),
        Inner::Across(_) => format!("dense_rank() over (order by other_events desc, {second})"),
    };
    sql.push(format_args!(
        "placed as (\n  select *, dense_rank() over (order by group_events desc, {first}) as outer_place, \
         {within} as inner_place\n  from totalled\n),\n\
         fitting as (\n  select *, outer_place <= "
    ));
    let (Inner::Within(inner_limit) | Inner::Across(inner_limit)) = limit;
    sql.push_bind(i64::from(ask.limit)).push(" and inner_place <= ").push_bind(i64::from(inner_limit));
    sql.push(" as fits\n  from placed\n),\ntold as (\n  select *, not bool_and(fits) over () as cut\n  from fitting\n)\nselect ");
    push_shown(sql, groups.0, first, ask);
    sql.push(", ");
    push_shown(sql, groups.1, second, ask);
    sql.push(", ");
    let measures = ask.measures.iter().map(|measure| measure.key().into_owned());
    push_list(sql, measures);
    if let Inner::Within(_) = limit {
        sql.push(", group_events");
    }
    sql.push(", total, cut\nfrom told\nwhere fits\norder by outer_place, inner_place");
}

/// The order of the pairs by column name, where `order` has it by place.
fn ordered(ask: &Ask<'_>) -> String {
    const GROUPS: usize = 2;
    let Some(order) = order(ask, GROUPS) else { return "pair_events desc".to_owned() };
    let Some((place, direction)) = order.split_once(' ') else { return order };
    let column = match place.parse::<usize>() {
        Ok(place) if place <= GROUPS => inner(ask.by[place - 1]).to_owned(),
        Ok(place) => ask.measures[place - 1 - GROUPS].key().into_owned(),
        Err(_) => place.to_owned(),
    };
    format!("{column} {direction}")
}
