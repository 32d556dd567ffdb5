//! Accounts and regions from which events come, and those that fell silent.

use leptos::prelude::*;
use model::{
    chart::format,
    discover,
    field::Field,
    filter::{self, Ast},
    series::Cell,
    time::Range,
    view::View,
};

use super::when;
use crate::api::{Ingest, Place, QuietAfter};

pub fn card(view: &View, ingest: &Ingest) -> Option<AnyView> {
    if ingest.places.is_empty() {
        return None;
    }
    let row = |place: &Place| {
        let Place { account, region, last_event, events, quiet } = place;
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "—".to_owned());
        let quiet = quiet.then(|| view! { <span class="state bad">"Quiet"</span> });
        view! {
            <tr>
                <td><a href=discover(view, place)><bdi>{name(account)}</bdi></a></td>
                <td><bdi>{name(region)}</bdi></td>
                <td class="number">{format::count(*events)}</td>
                <td>{when(*last_event, ingest.at)}" "{quiet}</td>
            </tr>
        }
        .into_any()
    };
    let mut places: Vec<_> = ingest.places.iter().collect();
    places.sort_by_key(|place| !place.quiet);
    let rows: Vec<_> = places.into_iter().map(row).collect();
    let QuietAfter { hours, times } = ingest.quiet_after;
    let times = if times == 2 { "twice".to_owned() } else { format!("{times} times") };
    let hint = format!(
        "Of the last 14 days. Quiet: for at least {hours} hours no events, and for {times} as long as ever in these days."
    );
    let card = view! {
        <section class="card" aria-labelledby="places" data-role="places">
            <div class="source-head"><h2 id="places">"Accounts and regions"</h2></div>
            <p class="hint">{hint}</p>
            <div class="scroll"><table class="plain">
                <thead><tr>
                    <th scope="col">"Account"</th><th scope="col">"Region"</th>
                    <th scope="col" class="number">"Events"</th><th scope="col">"Last event"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        </section>
    };
    Some(card.into_any())
}

/// The events of the place, the newest first.
fn discover(view: &View, place: &Place) -> String {
    let is = |field, value: &Option<String>| Ast::equals(field, &value.clone().map_or(Cell::Null, Cell::Text));
    let filter = filter::print(&is(Field::Account, &place.account).and(is(Field::AwsRegion, &place.region)));
    let range = Range::parse("14d").ok();
    View { filter, range, ..view.clone() }.href(discover::PATH)
}
