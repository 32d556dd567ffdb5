//! The map's layers, from the ground up.

use super::{
    data::{City, Data, Flow},
    shade::Shades,
};
use crate::{
    chart::{
        canvas::{Canvas, n},
        format,
        paint::Paint,
        world::{self, Country},
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
        self.grid((f64::from(country.anchor.0), f64::from(country.anchor.1)))
    }

    /// Too small to be read country by country: it is an overview, and kept light.
    fn small(&self) -> bool {
        self.scale * super::LAND_WIDTH < 480.0
    }

    /// Lines of the grid from corner to corner: about a pixel on a small map, all of them on one that is made to be zoomed.
    fn step(&self) -> i32 {
        if self.small() { ((0.8 / self.scale) as i32).max(1) } else { 1 }
    }

    /// Pixels of a unit of `world::path` at `step`.
    fn unit(&self) -> f64 {
        self.scale * f64::from(self.step())
    }
}

/// A country smaller than this, in pixels, is drawn as a point.
const SMALL: f64 = 3.5;

pub(crate) fn countries(canvas: &mut Canvas<'_>, view: &Projected, data: &Data, shades: &Shades) {
    // In a page the style sheet keeps the strokes' width whatever the scale.
    let stroke = if canvas.is_file() { 0.6 / view.unit() } else { 0.6 };
    canvas.raw(&format!(
        "<g class=\"countries\" transform=\"translate({} {}) scale({:.5})\" stroke=\"{}\" stroke-width=\"{}\" \
         stroke-linejoin=\"round\" fill=\"{}\">",
        n(view.left),
        n(view.top),
        view.unit(),
        canvas.paint(Paint::Coast),
        n(stroke),
        canvas.paint(Paint::Land)
    ));
    let quiet = |country: &&Country| !data.places.iter().any(|place| place.code == country.code);
    if view.small() {
        let land: String =
            world::countries().iter().filter(quiet).map(|country| world::path(&country.rings, view.step())).collect();
        canvas.raw(&format!("<path d=\"{land}\"/>"));
    }
    for country in world::countries().iter().filter(quiet).filter(|_| !view.small()) {
        let path = world::path(&country.rings, view.step());
        if path.is_empty() {
            continue;
        }
        canvas.raw(&format!("<path d=\"{path}\">"));
        if let Some(name) = country::name(country.code) {
            canvas.title(&format!("{name}: no events"));
        }
        canvas.raw("</path>");
    }
    for place in &data.places {
        let Some(country) = world::find(&place.code) else { continue };
        let fill = canvas.paint(shades.paint(place.counts.events));
        canvas.link(Some(place.filter.clone()), "country", &place.counts.sentence(&place.name), |canvas| {
            shape(canvas, view, country, &fill);
        });
    }
    canvas.close_group();
}

fn shape(canvas: &mut Canvas<'_>, view: &Projected, country: &Country, fill: &str) {
    let path = world::path(&country.rings, view.step());
    if !path.is_empty() {
        canvas.raw(&format!("<path fill=\"{fill}\" d=\"{path}\"/>"));
    }
    if world::extent(&country.rings) * view.scale < SMALL {
        let [x, y] = [country.anchor.0, country.anchor.1].map(|value| n(f64::from(value) / f64::from(view.step())));
        let width = if canvas.is_file() { 5.0 / view.unit() } else { 5.0 };
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
