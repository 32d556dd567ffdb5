//! A whole dashboard as one picture: its panels' pictures on the grid of the page.

use super::{
    Land, Size, Target, Theme,
    canvas::{Anchor, Canvas, Rect, Type, n},
    frame::FONTS,
    paint::Paint,
};
use crate::{dashboard::Place, error::Error};

const WIDTH: f64 = 1440.0;
const MARGIN: f64 = 24.0;
const GAP: f64 = 12.0;
const COLUMNS: u32 = 12;
const HEAD: f64 = 52.0;
const FOOT: f64 = 28.0;
const RADIUS: f64 = 8.0;
/// Of a panel that could not be answered.
const MESSAGE: Size = Size { width: 0, height: 96 };

/// One panel: where it stands, and its picture by `chart::svg` for a file, as wide as `width`; or what is to be told instead.
pub struct Cell {
    pub place: Place,
    pub title: String,
    pub picture: Result<String, Error>,
}

/// Pixels of a panel's picture.
pub fn width(place: Place) -> u32 {
    let columns = f64::from(place.columns.clamp(1, COLUMNS));
    (columns * column() + (columns - 1.0) * GAP).round() as u32
}

fn column() -> f64 {
    (WIDTH - 2.0 * MARGIN - f64::from(COLUMNS - 1) * GAP) / f64::from(COLUMNS)
}

/// `<svg>` of a dashboard. `notes` stand below its title and at its foot.
pub fn sheet(title: &str, notes: [&str; 2], cells: &[Cell], theme: Theme) -> String {
    let target = Target { size: MESSAGE, theme, link: None, land: Land::Asset };
    let mut canvas = Canvas::new("sheet", target);
    let mut top = MARGIN + HEAD;
    for row in rows(cells) {
        let height = row.iter().map(|cell| height(cell)).fold(0.0, f64::max);
        let mut x = MARGIN;
        for cell in row {
            let frame = Rect::new(x, top, f64::from(width(cell.place)), height);
            draw(&mut canvas, frame, cell);
            x = frame.right() + GAP;
        }
        top += height + GAP;
    }
    let height = top + FOOT;
    let most = WIDTH - 2.0 * MARGIN;
    canvas.text_fit(MARGIN, MARGIN + 18.0, title, most, Type::LABEL.size(22.0).bold());
    canvas.text_fit(MARGIN, MARGIN + 38.0, notes[0], most, Type::LABEL.paint(Paint::Muted));
    canvas.text_fit(MARGIN, height - 16.0, notes[1], most - 100.0, Type::TICK);
    canvas.text(WIDTH - MARGIN, height - 16.0, "Trailmap", Type::TICK.anchor(Anchor::End));
    let (ground, ink) = (ground(theme), canvas.paint(Paint::Ink));
    let (width, height) = (n(WIDTH), n(height));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-size=\"12\"{FONTS} fill=\"{ink}\"><rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>{}</svg>",
        canvas.finish()
    )
}

/// As on the page: one after the other; what has no room left begins the next row.
fn rows(cells: &[Cell]) -> Vec<Vec<&Cell>> {
    let mut rows: Vec<Vec<&Cell>> = Vec::new();
    let mut used = 0;
    for cell in cells {
        let columns = cell.place.columns.clamp(1, COLUMNS);
        used += columns;
        match rows.last_mut().filter(|_| used <= COLUMNS) {
            Some(row) => row.push(cell),
            None => {
                rows.push(vec![cell]);
                used = columns;
            }
        }
    }
    rows
}

fn draw(canvas: &mut Canvas<'_>, frame: Rect, cell: &Cell) {
    canvas.rect(frame, Paint::Surface, RADIUS);
    match &cell.picture {
        Ok(svg) => {
            let inner = svg.strip_prefix("<svg ").unwrap_or_default();
            canvas.raw(&format!("<svg x=\"{}\" y=\"{}\" {inner}", n(frame.x), n(frame.y)));
        }
        Err(error) => {
            let (x, most) = (frame.x + 20.0, frame.w - 40.0);
            canvas.text_fit(x, frame.y + 31.0, &cell.title, most, Type::LABEL.size(16.0).bold());
            canvas.text_fit(x, frame.y + 56.0, &error.message, most, Type::LABEL.paint(Paint::Failure));
        }
    }
    let line = canvas.paint(Paint::Grid);
    canvas.raw(&format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{RADIUS}\" fill=\"none\" stroke=\"{line}\"/>",
        n(frame.x),
        n(frame.y),
        n(frame.w),
        n(frame.h)
    ));
}

/// As the picture itself tells it.
fn height(cell: &Cell) -> f64 {
    let svg = cell.picture.as_deref().unwrap_or_default();
    let told = svg.split_once(" height=\"").and_then(|(_, rest)| rest.split_once('"'));
    told.and_then(|(height, _)| height.parse().ok()).unwrap_or(f64::from(MESSAGE.height))
}

/// What lies around panels: the page's `--ground`.
fn ground(theme: Theme) -> &'static str {
    match theme {
        Theme::Page => "var(--ground)",
        Theme::Light => "#f5f6f8",
        Theme::Dark => "#0b0e13",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(columns: u32, height: u32) -> Cell {
        let picture = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"{height}\"></svg>");
        Cell { place: Place { columns, height }, title: String::new(), picture: Ok(picture) }
    }

    #[test]
    fn panels_stand_as_on_the_page() {
        let cells = [cell(12, 100), cell(8, 200), cell(4, 300), cell(6, 50), cell(8, 60)];
        let rows: Vec<Vec<_>> =
            rows(&cells).iter().map(|row| row.iter().map(|cell| cell.place.columns).collect()).collect();
        assert_eq!(rows, [vec![12], vec![8, 4], vec![6], vec![8]]);
        assert_eq!(width(cells[0].place), 1392);
        assert_eq!(width(cells[1].place) + width(cells[2].place) + 12, 1392);
        let svg = sheet("T", ["", ""], &cells, Theme::Light);
        let height = 24.0 + 52.0 + [100.0, 300.0, 50.0, 60.0].iter().map(|height| height + 12.0).sum::<f64>() + 28.0;
        assert!(svg.contains(&format!("width=\"1440\" height=\"{height}\"")), "{svg}");
    }

    #[test]
    fn what_is_missing_is_told_and_escaped() {
        let error = Error::invalid("q", "No <such> field.");
        let cells = [Cell { place: Place { columns: 12, height: 100 }, title: "A & B".into(), picture: Err(error) }];
        let svg = sheet("<T>", ["", ""], &cells, Theme::Dark);
        for text in ["&lt;T&gt;", "A &amp; B", "No &lt;such&gt; field."] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
