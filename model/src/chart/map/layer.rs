//! The map's layers, from the ground up.

use super::{
    data::{City, Data, Flow},
    shade::Shades,
};
use crate::{
    chart::{
        Land,
        canvas::{Canvas, n},
        format,
        paint::Paint,
        world::{self, Country, outline},
    },
    country,
    field::Field,
    filter::Ast,
    region::{REGIONS, Region, region},
    series::Cell,
};

/// From the world's grid to pixels.
pub(crate) struct Projected {
    pub scale: f64,
    pub left: f64,
    pub top: f64,
}

impl Projected {
    fn grid(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x * self.scale + self.left, y * self.scale + self.top)
    }

    fn place(&self, latitude: f64, longitude: f64) -> (f64, f64) {
        self.grid(world::project(latitude, longitude))
    }

    fn anchor(&self, country: &Country) -> (f64, f64) {
        self.grid(country.anchor)
    }
}

/// A country smaller than this, in pixels, is drawn as a point.
const SMALL: f64 = 3.5;

pub(crate) fn countries(canvas: &mut Canvas<'_>, view: &Projected, data: &Data, shades: &Shades) {
    // In a page strokes keep their width whatever the scale.
    let stroke = if canvas.is_file() { n(0.6 / view.scale) } else { "0.6".to_owned() };
    canvas.raw(&format!(
        "<g class=\"countries\" transform=\"translate({} {}) scale({:.5})\" stroke=\"{}\" stroke-width=\"{stroke}\" \
         stroke-linejoin=\"round\" fill=\"{}\">",
        n(view.left),
        n(view.top),
        view.scale,
        canvas.paint(Paint::Coast),
        canvas.paint(Paint::Land)
    ));
    land(canvas);
    for place in &data.places {
        let Some(country) = world::find(&place.code) else { continue };
        let fill = canvas.paint(shades.paint(place.counts.events));
        let sentence = place.counts.sentence(&place.name);
        canvas.link(Some(place.filter.clone()), "country", &sentence, |canvas| {
            shape(canvas, view, country, &fill, &sentence);
        });
    }
    canvas.close_group();
}

/// All land, as if nothing had happened anywhere.
fn land(canvas: &mut Canvas<'_>) {
    match canvas.land() {
        Land::Asset => canvas.raw(&format!("<use href=\"{}#{}\"/>", outline::address(), outline::LAND)),
        Land::Inline(outlines) => {
            for outline in outlines {
                canvas.raw(&format!("<path d=\"{}\"/>", outline.path));
            }
        }
    }
}

fn shape(canvas: &mut Canvas<'_>, view: &Projected, country: &Country, fill: &str, sentence: &str) {
    match canvas.land() {
        Land::Asset if country.extent > 0.0 => {
            canvas.raw(&format!("<use href=\"{}#{}\" fill=\"{fill}\">", outline::address(), country.code));
            // Else the outline's own title, the name alone, would be the tooltip.
            canvas.title(sentence);
            canvas.raw("</use>");
        }
        Land::Asset => {}
        Land::Inline(outlines) => {
            for outline in outlines.iter().filter(|outline| outline.code == Some(country.code)) {
                canvas.raw(&format!("<path fill=\"{fill}\" d=\"{}\"/>", outline.path));
            }
        }
    }
    if country.extent * view.scale < SMALL {
        let (x, y) = country.anchor;
        let width = if canvas.is_file() { 5.0 / view.scale } else { 5.0 };
        canvas.raw(&format!(
            "<path d=\"M{x} {y}h0\" stroke=\"{fill}\" stroke-width=\"{}\" stroke-linecap=\"round\"/>",
            n(width)
        ));
    }
}

/// AWS regions without traffic: there, and faint.
pub(crate) fn quiet_regions(canvas: &mut Canvas<'_>, view: &Projected, data: &Data) {
    if data.flows.is_empty() {
        return;
    }
    let fill = canvas.paint(Paint::Region);
    canvas.raw(&format!("<g class=\"regions\" fill=\"{fill}\" opacity=\"0.4\">"));
    for region in REGIONS.iter().filter(|region| events_of(data, region) == 0.0) {
        open_region(canvas, view, region);
        canvas.title(&format!("{} ({}): no events", region.code, region.name));
        canvas.raw(&format!("<path d=\"{}\"/></g>", diamond(2.6)));
    }
    canvas.close_group();
}

/// AWS regions with traffic: outlines, so that the bubble of a city at the same place is still seen and hit.
pub(crate) fn busy_regions(canvas: &mut Canvas<'_>, view: &Projected, data: &Data) {
    let (stroke, casing) = (canvas.paint(Paint::Region), canvas.paint(Paint::Surface));
    canvas.raw("<g class=\"regions\" fill=\"none\" stroke-linejoin=\"round\">");
    for region in REGIONS {
        let events = events_of(data, region);
        if events == 0.0 {
            continue;
        }
        let filter = Ast::equals(Field::AwsRegion, &Cell::Text(region.code.to_owned()));
        let title = format!("{} ({}): {} events", region.code, region.name, format::count(events as i64));
        open_region(canvas, view, region);
        let path = diamond(4.6);
        canvas.link(Some(filter), "", &title, |canvas| {
            for (colour, width) in [(&casing, "3.6"), (&stroke, "1.8")] {
                canvas.raw(&format!("<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>"));
            }
        });
        canvas.close_group();
    }
    canvas.close_group();
}

fn events_of(data: &Data, region: &Region) -> f64 {
    data.flows.iter().filter(|flow| flow.region == region.code).map(|flow| flow.events).sum()
}

fn open_region(canvas: &mut Canvas<'_>, view: &Projected, region: &Region) {
    let (x, y) = view.place(region.latitude, region.longitude);
    canvas.raw(&format!("<g class=\"region\" transform=\"translate({} {})\">", n(x), n(y)));
}

/// Around the origin, `half` as high, in pixels.
fn diamond(half: f64) -> String {
    let half = n(half);
    format!("M0-{half}L{half} 0 0 {half}-{half} 0z")
}

const MOST_FLOWS: usize = 25;

pub(crate) fn flows(canvas: &mut Canvas<'_>, view: &Projected, data: &Data) {
    let shown = &data.flows[..data.flows.len().min(MOST_FLOWS)];
    let Some(most) = shown.first().map(|flow| flow.events) else { return };
    canvas.raw(&format!(
        "<g class=\"flows\" fill=\"none\" stroke=\"{}\" stroke-opacity=\"0.5\" stroke-linecap=\"round\">",
        canvas.paint(Paint::Flow)
    ));
    for flow in shown.iter().rev() {
        curve(canvas, view, flow, most);
    }
    canvas.close_group();
}

fn curve(canvas: &mut Canvas<'_>, view: &Projected, flow: &Flow, most: f64) {
    let (Some(country), Some(region)) = (world::find(&flow.country), region(&flow.region)) else { return };
    let (x1, y1) = view.anchor(country);
    let (x2, y2) = view.place(region.latitude, region.longitude);
    let (dx, dy) = (x2 - x1, y2 - y1);
    // Bent upwards, the more the longer it is.
    let side = if dx < 0.0 { 1.0 } else { -1.0 };
    let (cx, cy) = ((x1 + x2) / 2.0 - dy * 0.18 * side, (y1 + y2) / 2.0 + dx * 0.18 * side);
    let width = 0.7 + 2.3 * flow.events.ln_1p() / most.ln_1p().max(f64::EPSILON);
    let from = country::name(&flow.country).unwrap_or(&flow.country).to_owned();
    let title = format!("{from} → {} ({}): {} events", region.code, region.name, format::count(flow.events as i64));
    canvas.link_untabbed(Some(flow.filter.clone()), "flow", &title, |canvas| {
        canvas.raw(&format!(
            "<path d=\"M{} {}Q{} {} {} {}\" stroke-width=\"{}\"/>",
            n(x1),
            n(y1),
            n(cx),
            n(cy),
            n(x2),
            n(y2),
            n(width)
        ));
    });
}

/// Area grows with events; the smallest can still be seen and hit.
const SMALLEST_BUBBLE: f64 = 4.0;
const LARGEST_BUBBLE: f64 = 26.0;

pub(crate) fn cities(canvas: &mut Canvas<'_>, view: &Projected, data: &Data) {
    let Some(most) = data.cities.first().map(|city| city.counts.events) else { return };
    let width = super::LAND_WIDTH * view.scale;
    let largest = (width * 0.03).clamp(12.0, LARGEST_BUBBLE);
    canvas.raw("<g class=\"cities\" fill=\"none\" stroke-linecap=\"round\">");
    for city in &data.cities {
        let diameter = (city.counts.events / most).sqrt() * largest;
        bubble(canvas, view, city, diameter.max(SMALLEST_BUBBLE));
    }
    canvas.close_group();
}

/// A disc of events; failures are its outer ring, of their share of the area.
fn bubble(canvas: &mut Canvas<'_>, view: &Projected, city: &City, diameter: f64) {
    let (x, y) = view.place(city.latitude, city.longitude);
    let failed = city.counts.failed();
    canvas.link(Some(city.filter.clone()), "city", &city.counts.sentence(&city.name), |canvas| {
        disc(canvas, (x, y), diameter + 1.6, Paint::Surface);
        if failed > 0.0 {
            disc(canvas, (x, y), diameter, Paint::Failure);
        }
        // A ring of less than half a pixel would not be seen.
        let inner = if failed > 0.0 { (diameter * (1.0 - failed).sqrt()).min(diameter - 1.2) } else { diameter };
        if inner > 0.4 {
            disc(canvas, (x, y), inner, Paint::Bubble);
        }
    });
}

/// In a page a stroke without length, which keeps its width when the map is zoomed.
pub(crate) fn disc(canvas: &mut Canvas<'_>, (x, y): (f64, f64), diameter: f64, paint: Paint) {
    let (x, y, colour) = (n(x), n(y), canvas.paint(paint));
    let element = if canvas.is_file() {
        format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\" fill=\"{colour}\"/>", n(diameter / 2.0))
    } else {
        format!("<path d=\"M{x} {y}h0\" stroke=\"{colour}\" stroke-width=\"{}\"/>", n(diameter))
    };
    canvas.raw(&element);
}
