//! The Equal Earth projection (Šavrič, Patterson, Jenny, 2018): equal areas, pleasant shapes.

/// The central meridian, degrees east, and grid units: as in `generate.mjs`.
const MERIDIAN: f64 = 11.0;
const SCALE: f64 = 740.0;

/// The polynomial's coefficients as published.
const A1: f64 = 1.340264;
const A2: f64 = -0.081106;
const A3: f64 = 0.000893;
const A4: f64 = 0.003796;

/// Degrees north and east to the grid of the map, y downwards.
pub(crate) fn project(latitude: f64, longitude: f64) -> (f64, f64) {
    let east = (longitude - MERIDIAN + 540.0).rem_euclid(360.0) - 180.0;
    let half_root_3 = 3f64.sqrt() / 2.0;
    let theta = (half_root_3 * latitude.clamp(-90.0, 90.0).to_radians().sin()).asin();
    let square = theta * theta;
    let sixth = square * square * square;
    let slope = A1 + 3.0 * A2 * square + sixth * (7.0 * A3 + 9.0 * A4 * square);
    let x = east.to_radians() * theta.cos() / (half_root_3 * slope);
    let y = theta * (A1 + A2 * square + sixth * (A3 + A4 * square));
    (x * SCALE, -y * SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_extent() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.5, "{a} {b}");
        // At the equator the globe is 2 * 2.70663 wide, from pole to pole 2 * 1.31737 high.
        near(project(0.0, MERIDIAN + 180.0 - 1e-9).0, 2.70663 * SCALE);
        near(project(90.0, MERIDIAN).1, -1.31737 * SCALE);
        assert_eq!(project(0.0, MERIDIAN), (0.0, 0.0));
    }

    #[test]
    fn longitudes_wrap() {
        let (x, y) = project(10.0, -175.0);
        let (same_x, same_y) = project(10.0, 185.0);
        assert!((x - same_x).abs() < 1e-6 && (y - same_y).abs() < 1e-6);
    }
}
