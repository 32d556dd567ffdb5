//! What groups are called within a statement, and how their values are read from an event and shown.

use model::{
    field::{Field, Kind},
    panel::Group,
};
use sqlx::{Postgres, QueryBuilder};

use crate::query::{filter::column, plan::Ask};

/// The group's name within a statement. A class is its place among the classes, so that it sorts as they stand.
pub fn inner(group: Group) -> &'static str {
    match group {
        Group::Field(field) => field.key(),
        Group::Class => "class_at",
    }
}

/// The values of a list, one a row, or one null: an event counts under each of them.
pub fn each(group: Group) -> Option<&'static str> {
    (group == Group::Field(Field::Resource)).then_some("unnest(coalesce(resource, '{null}'))")
}

/// The field's value under its key.
pub fn shown_name(field: Field) -> String {
    match column(field) {
        column if column == field.key() => column.to_owned(),
        expression => format!("{expression} as {}", field.key()),
    }
}

/// The group's value, as it is told apart, under its name.
pub fn push_value(sql: &mut QueryBuilder<Postgres>, group: Group, ask: &Ask<'_>) {
    match group {
        Group::Field(field) => {
            sql.push(shown_name(field));
        }
        Group::Class => {
            push_place(sql, ask);
            sql.push(" as class_at");
        }
    }
}

/// The place of the first class that has the event; null where none has.
pub fn push_place(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>) {
    let source = super::source(ask, ask.window);
    sql.push("case");
    for (at, (_, filter)) in ask.classes.iter().enumerate() {
        sql.push(" when ");
        source.condition(filter, sql);
        sql.push(format_args!(" then {at}"));
    }
    sql.push(" end");
}

/// The group's value as it is shown: an address without a netmask, a class by its id. `name`: what holds it.
pub fn push_shown(sql: &mut QueryBuilder<Postgres>, group: Group, name: &str, ask: &Ask<'_>) {
    match group {
        Group::Field(field) => {
            sql.push(shown(name, field));
        }
        Group::Class => push_class(sql, ask, |sql| {
            sql.push(name);
        }),
    }
}

/// The id of the class whose place `place` pushes.
pub fn push_class(sql: &mut QueryBuilder<Postgres>, ask: &Ask<'_>, place: impl FnOnce(&mut QueryBuilder<Postgres>)) {
    let ids: Vec<String> = ask.classes.iter().map(|(id, _)| id.clone()).collect();
    sql.push("(").push_bind(ids).push("::text[])[");
    place(sql);
    sql.push(" + 1] as class");
}

/// `name`, which holds `field`'s values, as it is selected: addresses as text, without a netmask.
pub fn shown(name: &str, field: Field) -> String {
    match field.kind() {
        Kind::Address => format!("host({name}) collate \"C\" as {}", field.key()),
        _ if name == field.key() => name.to_owned(),
        _ => format!("{name} as {}", field.key()),
    }
}
