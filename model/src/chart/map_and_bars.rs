//! The map beside two short lists: by country and by AWS region, successes and failures stacked.

use super::{
    bars::{self, Bar},
    canvas::{Canvas, Rect, Type},
    map::{self, data::Data},
    paint::Paint,
    stack::amount,
};
use crate::{
    field::Field,
    filter::Ast,
    order::sort_by,
    region,
    series::{Cell, Series, Table},
};

/// Under this width the lists stand under the map.
const NARROW: f64 = 560.0;
const HEADING: f64 = 22.0;
const GAP: f64 = 20.0;
const MAP_GAP: f64 = 14.0;

/// What map and lists need to be shown whole.
pub(crate) fn height(series: &Series, width: f64) -> f64 {
    let data = Data::new(&series.table, None, None);
    let list = |rows: usize| HEADING + rows as f64 * bars::ROW;
    let (countries, regions) = (list(data.places.len()), list(regions(&series.table).len()));
    if width < NARROW {
        let lists = countries + regions + 18.0;
        return lists + map::plain_height(width, &data).min(lists);
    }
    (map::plain_height(map_width(width), &data) + MAP_GAP + regions).max(countries) + 1.0
}

fn map_width(width: f64) -> f64 {
    ((width - GAP) * 0.56).round()
}

pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, series: &Series) {
    let data = Data::new(&series.table, None, None);
    let total = series.table.total as f64;
    let countries = map::countries(&data);
    let regions = regions(&series.table);
    let places = places(body, &data, [countries.len(), regions.len()]);
    map::draw_plain(canvas, places.map, &data);
    for (place, (heading, list)) in places.lists.into_iter().zip([("Country", countries), ("AWS region", regions)]) {
        canvas.text(place.x, place.y + 13.0, heading, Type::TICK.paint(Paint::Muted).bold());
        bars::draw(canvas, Rect::new(place.x, place.y + HEADING, place.w, place.h - HEADING), &list, total);
    }
}

/// Where the map and the lists of countries and of regions stand.
struct Places {
    map: Rect,
    lists: [Rect; 2],
}

fn places(body: Rect, data: &Data, rows: [usize; 2]) -> Places {
    if body.w < NARROW {
        let (map, below) = body.split_top(map::plain_height(body.w, data).min(body.h * 0.55), 10.0);
        return Places { map, lists: split(below, rows) };
    }
    let left = Rect { w: map_width(body.w), ..body };
    let right = Rect::new(left.right() + GAP, body.y, body.right() - left.right() - GAP, body.h);
    let natural = map::plain_height(left.w, data);
    let (map, under_map) = left.split_top(natural, MAP_GAP);
    // Room under the map is the regions'; countries, which are many, have the whole height beside it.
    if under_map.h >= HEADING + 3.0 * bars::ROW {
        Places { map, lists: [right, under_map] }
    } else {
        Places { map: left, lists: split(right, rows) }
    }
}

/// Each list gets what it needs, and half at least where both need more than there is. Low frames set them side by side.
fn split(place: Rect, [first, second]: [usize; 2]) -> [Rect; 2] {
    if place.h < 2.0 * HEADING + 4.0 * bars::ROW {
        let width = (place.w - GAP) / 2.0;
        return [Rect { w: width, ..place }, Rect { x: place.x + width + GAP, w: width, ..place }];
    }
    let rows = ((place.h - 2.0 * HEADING - 8.0) / bars::ROW).floor() as usize;
    let upper = first.min((rows - rows / 2).max(rows.saturating_sub(second)));
    let (above, below) = place.split_top(HEADING + upper as f64 * bars::ROW, 8.0);
    [above, below]
}

/// Summed by AWS region, the most events first.
fn regions(table: &Table) -> Vec<Bar> {
    let mut sums: Vec<(Cell, f64, f64)> = Vec::new();
    for row in &table.rows {
        let cell = table.cell(row, Field::AwsRegion.key());
        let events = amount(table.cell(row, "events"));
        let failures = amount(table.cell(row, "failures")).min(events);
        match sums.iter_mut().find(|(known, ..)| known == cell) {
            Some(sum) => {
                sum.1 += events;
                sum.2 += failures;
            }
            None => sums.push((cell.clone(), events, failures)),
        }
    }
    sort_by(&mut sums, |a, b| b.1.total_cmp(&a.1));
    sums.into_iter().map(|(cell, events, failures)| bar(&cell, events, failures)).collect()
}

fn bar(cell: &Cell, events: f64, failures: f64) -> Bar {
    let label = super::format::group(Field::AwsRegion, cell);
    let name = match region::region(&label) {
        Some(region) => format!("{label} ({})", region.name),
        None => label.clone(),
    };
    let counts = map::data::Counts { events, failures, actors: None };
    Bar {
        label,
        title: counts.sentence(&name),
        pieces: vec![(events - failures, Paint::Success), (failures, Paint::Failure)],
        filter: Some(Ast::equals(Field::AwsRegion, cell)),
    }
}
