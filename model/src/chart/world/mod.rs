//! The world's countries on a plane: Natural Earth's shapes in the Equal Earth projection, made by `generate.mjs`.

pub mod outline;
mod projection;

use std::sync::LazyLock;

pub(crate) use projection::project;

/// Where a country stands on the map's integer grid, y downwards.
pub(crate) struct Country {
    /// Two letters.
    pub code: &'static str,
    /// In the middle of the largest part.
    pub anchor: (f64, f64),
    /// The longer side of its outline; zero for a country that is too small for one.
    pub extent: f64,
}

/// The land's extent on the grid.
pub(crate) const LEFT: f64 = -1840.0;
pub(crate) const RIGHT: f64 = 1960.0;
pub(crate) const TOP: f64 = -970.0;
pub(crate) const BOTTOM: f64 = 765.0;

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| include_str!("countries.tsv").lines().filter_map(country).collect());

pub(crate) fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

fn country(line: &'static str) -> Option<Country> {
    let mut columns = line.split('\t');
    let code = columns.next()?;
    let (x, y) = columns.next()?.split_once(' ')?;
    let extent = columns.next()?.parse().ok()?;
    Some(Country { code, anchor: (x.parse().ok()?, y.parse().ok()?), extent })
}

#[cfg(test)]
mod tests {
    use super::{outline::tests::rings, *};

    /// Whether `point` lies within the rings, by counting crossings.
    fn contains(rings: &[Vec<(i32, i32)>], (x, y): (f64, f64)) -> bool {
        let mut inside = false;
        for ring in rings {
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
            assert!(contains(&rings(code), project(latitude, longitude)), "{code}");
        }
    }

    #[test]
    fn every_country_has_a_place_inside_of_the_extent() {
        assert_eq!(COUNTRIES.len(), include_str!("countries.tsv").lines().count());
        for country in COUNTRIES.iter() {
            let (x, y) = country.anchor;
            assert!((LEFT..=RIGHT).contains(&x) && (TOP..=BOTTOM).contains(&y), "{} {x} {y}", country.code);
        }
        for code in ["SG", "MT", "BH", "HK", "LU", "GI", "GF", "XK", "MC"] {
            assert!(find(code).is_some(), "{code}");
        }
        assert!(find("AQ").is_none());
    }

    #[test]
    fn extents_are_those_of_the_outlines() {
        for country in COUNTRIES.iter() {
            let rings = rings(country.code);
            let points = || rings.iter().flatten();
            let span = |values: Vec<i32>| values.iter().max().unwrap_or(&0) - values.iter().min().unwrap_or(&0);
            let (xs, ys) = (points().map(|(x, _)| *x).collect(), points().map(|(_, y)| *y).collect());
            assert_eq!(country.extent, f64::from(span(xs).max(span(ys))), "{}", country.code);
        }
    }
}
