//! The world's countries on a plane: Natural Earth's shapes in the Equal Earth projection, made by `generate.mjs`.

mod projection;

use std::sync::LazyLock;

pub(crate) use projection::project;

/// A point of the map's integer grid, y downwards.
pub(crate) type Point = (i32, i32);

pub(crate) struct Country {
    /// Two letters, or `-` for land without a code.
    pub code: &'static str,
    /// In the middle of the largest part.
    pub anchor: Point,
    /// Closed; none where the country is too small for a shape.
    pub rings: Vec<Vec<Point>>,
}

/// The land's extent on the grid.
pub(crate) const LEFT: f64 = -1840.0;
pub(crate) const RIGHT: f64 = 1960.0;
pub(crate) const TOP: f64 = -970.0;
pub(crate) const BOTTOM: f64 = 765.0;

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| include_str!("countries.tsv").lines().filter_map(country).collect());

/// All land but Antarctica.
pub(crate) fn countries() -> &'static [Country] {
    &COUNTRIES
}

pub(crate) fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

fn country(line: &'static str) -> Option<Country> {
    let mut columns = line.split('\t');
    let code = columns.next()?;
    let anchor = numbers(columns.next()?);
    let rings = columns.next()?.split_terminator('z').map(ring).collect();
    Some(Country { code, anchor: (*anchor.first()?, *anchor.get(1)?), rings })
}

/// `M10 20l1-2 3 4`: a start, then steps.
fn ring(path: &str) -> Vec<Point> {
    let (mut x, mut y) = (0, 0);
    numbers(path)
        .chunks_exact(2)
        .map(|step| {
            x += step[0];
            y += step[1];
            (x, y)
        })
        .collect()
}

fn numbers(text: &str) -> Vec<i32> {
    let mut found = Vec::new();
    let mut number: Option<(i32, i32)> = None;
    for c in text.chars() {
        match (c.to_digit(10), number) {
            (Some(digit), Some((sign, value))) => number = Some((sign, value * 10 + digit as i32)),
            (Some(digit), None) => number = Some((1, digit as i32)),
            (None, open) => {
                found.extend(open.map(|(sign, value)| sign * value));
                number = (c == '-').then_some((-1, 0));
            }
        }
    }
    found.extend(number.map(|(sign, value)| sign * value));
    found
}

/// The rings as an SVG path, in units of `step` lines of the grid: corners that fall together are one, which makes small
/// maps short. Neighbours round alike, so that no gaps open.
pub(crate) fn path(rings: &[Vec<Point>], step: i32) -> String {
    let mut out = String::new();
    for ring in rings {
        let round = |value: i32| (f64::from(value) / f64::from(step)).round() as i32;
        let mut points: Vec<Point> = ring.iter().map(|(x, y)| (round(*x), round(*y))).collect();
        points.dedup();
        if step > 1 && points.last() == points.first() {
            points.pop();
        }
        if points.len() < 3 {
            continue;
        }
        let mut last = points[0];
        let part = |value: i32, first: bool| if value < 0 || first { value.to_string() } else { format!(" {value}") };
        out.extend(["M", &part(last.0, true), &part(last.1, false), "l"]);
        for (at, point) in points.iter().enumerate().skip(1) {
            let (dx, dy) = (point.0 - last.0, point.1 - last.1);
            out.push_str(&part(dx, at == 1));
            out.push_str(&part(dy, false));
            last = *point;
        }
        out.push('z');
    }
    out
}

/// Width and height of the shape on the grid; zero without one.
pub(crate) fn extent(rings: &[Vec<Point>]) -> f64 {
    let points = || rings.iter().flatten();
    let span = |values: &mut dyn Iterator<Item = i32>| {
        let (least, most) = values.fold((i32::MAX, i32::MIN), |(least, most), v| (least.min(v), most.max(v)));
        if most >= least { f64::from(most - least) } else { 0.0 }
    };
    span(&mut points().map(|(x, _)| *x)).max(span(&mut points().map(|(_, y)| *y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `point` lies within the rings, by counting crossings.
    fn contains(country: &Country, (x, y): (f64, f64)) -> bool {
        let mut inside = false;
        for ring in &country.rings {
            for (at, &(x1, y1)) in ring.iter().enumerate() {
                let (x2, y2) = ring[(at + 1) % ring.len()];
                let (x1, y1, x2, y2) = (f64::from(x1), f64::from(y1), f64::from(x2), f64::from(y2));
                if (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 {
                    inside = !inside;
                }
            }
        }
        inside
    }

    #[test]
    fn places_lie_in_their_countries() {
        for (code, latitude, longitude) in [
            ("DE", 52.5, 13.4),
            ("US", 39.0, -98.0),
            ("BR", -15.8, -47.9),
            ("JP", 35.7, 139.4),
            ("AU", -25.0, 134.0),
            ("NZ", -43.5, 171.5),
            ("RU", 66.0, 175.0),
            ("ZA", -29.0, 24.0),
            ("IS", 64.9, -18.5),
        ] {
            let country = find(code).expect(code);
            assert!(contains(country, project(latitude, longitude)), "{code}");
        }
    }

    #[test]
    fn every_country_has_a_place_inside_of_the_extent() {
        for country in countries() {
            let points = country.rings.iter().flatten().chain([&country.anchor]);
            for (x, y) in points {
                assert!((LEFT..=RIGHT).contains(&f64::from(*x)), "{} {x}", country.code);
                assert!((TOP..=BOTTOM).contains(&f64::from(*y)), "{} {y}", country.code);
            }
        }
        for code in ["SG", "MT", "BH", "HK", "LU", "GI", "GF", "XK", "MC"] {
            assert!(find(code).is_some(), "{code}");
        }
        assert!(find("AQ").is_none());
    }

    #[test]
    fn path_is_what_the_file_says() {
        for line in include_str!("countries.tsv").lines() {
            let country = country(line).expect("present");
            assert_eq!(path(&country.rings, 1), line.split('\t').nth(2).expect("present"), "{}", country.code);
        }
    }
}
