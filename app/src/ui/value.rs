//! One value as a link that adds it to the filter.

use leptos::{either::Either, prelude::*};
use model::{
    chart::{format, visible},
    country,
    field::Field,
    filter::Ast,
    series::Cell,
    time::Timestamp,
};

use super::zone;
use crate::state::use_state;

/// The text in a cell of a table, short where it has a well-known end: `s3` for `s3.amazonaws.com`.
pub fn short(field: Field, cell: &Cell) -> String {
    match (field, cell) {
        (_, Cell::Null) => "–".to_owned(),
        (Field::EventSource, Cell::Text(text)) => {
            visible(text.strip_suffix(".amazonaws.com").unwrap_or(text)).into_owned()
        }
        (Field::Resource, Cell::Text(arn)) => visible(arn_end(arn)).into_owned(),
        (Field::Country, Cell::Text(code)) => country::name(code).map_or_else(|| code.clone(), str::to_owned),
        (Field::Weekday | Field::Hour, cell) => format::cell(field.key(), cell),
        _ => visible(&plain(cell)).into_owned(),
    }
}

/// What an ARN names, without service, region and account: `trail/main`. Any other text as it is.
fn arn_end(text: &str) -> &str {
    let end = text.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    end.filter(|end| !end.is_empty()).unwrap_or(text)
}

/// The whole value as text.
pub fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Time(time) => time.rfc3339(),
        Cell::List(texts) => texts.join("; "),
    }
}

/// Links to this page with `field: cell` added to the filter. Times and coordinates are no links: nobody filters by a
/// second.
#[component]
pub fn Value(field: Field, cell: Cell, #[prop(optional_no_strip)] now: Option<Timestamp>) -> impl IntoView {
    if let Cell::Time(time) = cell {
        return Either::Left(view! { <zone::Time time now/> });
    }
    let state = use_state();
    let ast = Ast::equals(field, &cell);
    Either::Right(link(field, &cell, false, move || state.and(&ast, None)))
}

/// A value that is no time, with the address that it leads to. `whole`: a resource's whole ARN, where there is room for it.
pub fn link(field: Field, cell: &Cell, whole: bool, href: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let whole = whole && field == Field::Resource;
    let text = if whole { visible(&plain(cell)).into_owned() } else { short(field, cell) };
    let code = match (field, cell) {
        (Field::Country, Cell::Text(code)) if *code != text => Some(code.clone()),
        _ => None,
    };
    let title = match cell {
        Cell::Null => format!("Events without {}", field.label().to_ascii_lowercase()),
        _ => visible(&plain(cell)).into_owned(),
    };
    view! {
        <a class="value" class:none=cell.is_null() href=href title=title>
            <bdi>{text}</bdi>
            {code.map(|code| view! { <span class="code">{code}</span> })}
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_by_the_end_of_their_arn() {
        let short = |text: &str| short(Field::Resource, &Cell::Text(text.to_owned()));
        assert_eq!(short("arn:aws:cloudtrail:eu-west-1:123456789012:trail/main"), "trail/main");
        assert_eq!(short("arn:aws:s3:::exports/2026/a:b.csv"), "exports/2026/a:b.csv");
        assert_eq!(short("arn:aws:lambda:eu-west-1:123456789012:function:pay"), "function:pay");
        assert_eq!(short("sg-0123456789abcdef0"), "sg-0123456789abcdef0");
        assert_eq!(short("arn:aws:s3:::"), "arn:aws:s3:::");
    }
}
