//! The world map: countries shaded by events, cities as bubbles, AWS regions and the flows to them.
//!
//! `svg.map-view > g.map-layer` holds the map; a page zooms and pans by that view's `viewBox`, which begins as
//! `0 0 width height`. Bubbles are strokes without length, so that `vector-effect` keeps their size; regions follow
//! the CSS variable `--map-zoom-inverse`.

pub(crate) mod data;
mod key;
mod layer;
mod shade;

use self::{data::Data, key::Key, layer::Projected, shade::Shades};
use super::{
    bars::{self, Bar},
    canvas::{Canvas, Rect, n, place},
    paint::Paint,
    world,
};

const LAND_WIDTH: f64 = world::RIGHT - world::LEFT;
const LAND_HEIGHT: f64 = world::BOTTOM - world::TOP;

/// Room for the key in the empty Pacific, to the left of South America.
const KEY_OVER_MAP: (f64, f64) = (820.0, 330.0);

/// The map with its key; on a high and narrow frame, the countries with most events stand under it.
pub(crate) fn draw(canvas: &mut Canvas<'_>, body: Rect, data: &Data, total: f64) {
    let shades = shades(data);
    let key = Key::new(&shades, data);
    if body.w >= KEY_OVER_MAP.0 && body.h >= KEY_OVER_MAP.1 {
        view(canvas, body, data, &shades);
        let height = key.column_height();
        key.draw_column(canvas, body.x + 2.0, body.bottom() - height);
        return;
    }
    let key_height = if body.h < 170.0 { 0.0 } else { key.flow_height(body.w) };
    let natural = body.w * LAND_HEIGHT / LAND_WIDTH;
    let (map, below) = body.split_top(natural.min(body.h - key_height - 6.0), 6.0);
    view(canvas, map, data, &shades);
    let (key_place, list) = below.split_top(key_height, 8.0);
    if key_height > 0.0 {
        key.draw_flow(canvas, key_place);
    }
    if list.h >= 2.0 * bars::ROW {
        let mut bars = countries(data);
        bars.truncate((list.h / bars::ROW) as usize);
        bars::draw(canvas, list, &bars, total);
    }
}

/// The map alone, for where other lists stand beside it.
pub(crate) fn draw_plain(canvas: &mut Canvas<'_>, body: Rect, data: &Data) {
    let shades = shades(data);
    let key = Key::shades_only(&shades, data);
    let key_height = if body.h < 140.0 { 0.0 } else { key.flow_height(body.w) };
    let natural = body.w * LAND_HEIGHT / LAND_WIDTH;
    let map_height = natural.min(body.h - key_height - 6.0).max(0.0);
    let above = ((body.h - map_height - key_height - 6.0) / 2.0).max(0.0);
    let map = Rect::new(body.x, body.y + above, body.w, map_height);
    view(canvas, map, data, &shades);
    if key_height > 0.0 {
        key.draw_flow(canvas, Rect::new(body.x, map.bottom() + 6.0, body.w, key_height));
    }
}

/// The height that the map alone takes at `width`, with its key.
pub(crate) fn plain_height(width: f64, data: &Data) -> f64 {
    width * LAND_HEIGHT / LAND_WIDTH + 6.0 + Key::shades_only(&shades(data), data).flow_height(width)
}

fn shades(data: &Data) -> Shades {
    let events = || data.places.iter().map(|place| place.counts.events);
    Shades::new(events().fold(f64::INFINITY, f64::min), events().fold(1.0, f64::max))
}

fn view(canvas: &mut Canvas<'_>, body: Rect, data: &Data, shades: &Shades) {
    let scale = (body.w / LAND_WIDTH).min(body.h / LAND_HEIGHT);
    let view = Projected {
        scale,
        left: (body.w - LAND_WIDTH * scale) / 2.0 - world::LEFT * scale,
        top: (body.h - LAND_HEIGHT * scale) / 2.0 - world::TOP * scale,
    };
    canvas.raw(&format!(
        "<svg class=\"map-view\" {} viewBox=\"0 0 {} {}\" overflow=\"hidden\"><g class=\"map-layer\">",
        place(body),
        n(body.w),
        n(body.h)
    ));
    layer::countries(canvas, &view, data, shades);
    layer::quiet_regions(canvas, &view, data);
    layer::flows(canvas, &view, data);
    layer::cities(canvas, &view, data);
    layer::busy_regions(canvas, &view, data);
    canvas.raw("</g></svg>");
}

pub(crate) fn countries(data: &Data) -> Vec<Bar> {
    data.places
        .iter()
        .map(|place| Bar {
            label: place.name.clone(),
            title: place.counts.sentence(&place.name),
            pieces: vec![
                (place.counts.events - place.counts.failures.min(place.counts.events), Paint::Success),
                (place.counts.failures.min(place.counts.events), Paint::Failure),
            ],
            filter: Some(place.filter.clone()),
        })
        .collect()
}
