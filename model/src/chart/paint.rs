//! The colours of charts: a closed set, each with its text in the page's CSS, on light and on dark.
//!
//! Plotters wants RGB, so marks are drawn in a stand-in colour of their `Paint`, and `themed` puts the theme's text in its
//! place afterwards. The table below is also the source of `style/_chart.css`.

use plotters::style::RGBColor;

use super::Theme;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Ink,
    Muted,
    Grid,
    Axis,
    Surface,
    /// The empty part of a bar.
    Track,
    Success,
    Failure,
    /// What is summed beyond the top groups.
    Other,
    Land,
    Coast,
    Bubble,
    Region,
    Flow,
    /// A step of the map's shading, the fewest events first.
    Scale(u8),
    /// A group: ten colours, told apart with colour-blind eyes in the order of use.
    Series(u8),
}

/// Steps of the map's shading.
pub const STEPS: usize = 6;
/// Colours of groups; further groups begin again.
pub const SERIES: usize = 10;

/// Name in CSS, on light, on dark: in the order of `Paint::index`.
const TABLE: [(&str, &str, &str); 30] = [
    ("ink", "#1b2430", "#e4e8ee"),
    ("muted", "#5a6575", "#9aa5b4"),
    ("grid", "#e7eaef", "#262d38"),
    ("axis", "#c2c9d3", "#3d4756"),
    ("surface", "#ffffff", "#12161d"),
    ("track", "#eff1f5", "#1d232d"),
    ("success", "#2b8ca6", "#46aec6"),
    ("failure", "#cf3a2b", "#ff7b68"),
    ("other", "#8891a0", "#737d8d"),
    ("land", "#e9ecf1", "#232a35"),
    ("coast", "#ffffff", "#12161d"),
    ("bubble", "#c46a00", "#f6b04a"),
    ("region", "#6438b5", "#c9b0ff"),
    ("flow", "#7a4fd0", "#a98bf5"),
    ("scale-0", "#cadff5", "#1f3d63"),
    ("scale-1", "#a3c6ec", "#285287"),
    ("scale-2", "#75a7de", "#3268a8"),
    ("scale-3", "#4a85c9", "#4b8bd2"),
    ("scale-4", "#2a64a9", "#7cb1ea"),
    ("scale-5", "#164279", "#bddafb"),
    ("series-0", "#486aff", "#87b7ff"),
    ("series-1", "#cc7f00", "#e79c06"),
    ("series-2", "#098880", "#57bea0"),
    ("series-3", "#6152bd", "#a96cf3"),
    ("series-4", "#e72f6a", "#da3b77"),
    ("series-5", "#7a6217", "#ffe062"),
    ("series-6", "#46709f", "#7faecb"),
    ("series-7", "#7f3a21", "#cf856f"),
    ("series-8", "#298954", "#c1cf47"),
    ("series-9", "#314468", "#b3c9f5"),
];

const FIRST_SCALE: usize = 14;
const FIRST_SERIES: usize = FIRST_SCALE + STEPS;

impl Paint {
    fn index(self) -> usize {
        match self {
            Paint::Ink => 0,
            Paint::Muted => 1,
            Paint::Grid => 2,
            Paint::Axis => 3,
            Paint::Surface => 4,
            Paint::Track => 5,
            Paint::Success => 6,
            Paint::Failure => 7,
            Paint::Other => 8,
            Paint::Land => 9,
            Paint::Coast => 10,
            Paint::Bubble => 11,
            Paint::Region => 12,
            Paint::Flow => 13,
            Paint::Scale(step) => FIRST_SCALE + usize::from(step).min(STEPS - 1),
            Paint::Series(at) => FIRST_SERIES + usize::from(at) % SERIES,
        }
    }

    /// As an SVG attribute's value.
    pub fn text(self, theme: Theme) -> String {
        let (name, light, dark) = TABLE[self.index()];
        match theme {
            Theme::Page => format!("var(--chart-{name})"),
            Theme::Light => light.to_owned(),
            Theme::Dark => dark.to_owned(),
        }
    }

    /// What Plotters draws with until `themed`.
    pub(crate) fn stand_in(self) -> RGBColor {
        RGBColor(STAND_IN_RED, STAND_IN_GREEN, self.index() as u8)
    }
}

const STAND_IN_RED: u8 = 0xF5;
const STAND_IN_GREEN: u8 = 0x0A;
const STAND_IN: &str = "#F50A";

/// Plotters' SVG with each stand-in colour replaced by the theme's text. Only for text without anything of an event in it.
pub(crate) fn themed(svg: &str, theme: Theme) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find(STAND_IN) {
        let (before, after) = rest.split_at(at);
        let (code, tail) = after.split_at(STAND_IN.len() + 2);
        let index = usize::from_str_radix(&code[STAND_IN.len()..], 16).unwrap_or(0);
        let (name, light, dark) = TABLE[index.min(TABLE.len() - 1)];
        out.push_str(before);
        match theme {
            Theme::Page => out.extend(["var(--chart-", name, ")"]),
            Theme::Light => out.push_str(light),
            Theme::Dark => out.push_str(dark),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The style sheet that a page with charts needs: the variables of `Theme::Page` and the few rules that SVG attributes
/// cannot say. Kept as `style/_chart.css`.
pub fn css() -> String {
    let variables = |indent: &str, dark: bool| -> String {
        TABLE
            .iter()
            .map(|(name, on_light, on_dark)| {
                format!("{indent}--chart-{name}: {};\n", if dark { on_dark } else { on_light })
            })
            .collect()
    };
    format!(
        "/* Colours and rules of charts. Made from the table in model/src/chart/paint.rs; a test keeps the two equal. */\n\
         :root {{\n{}}}\n\n[data-theme=\"dark\"] {{\n{}}}\n\n@media (prefers-color-scheme: dark) {{\n  \
         :root:not([data-theme=\"light\"]) {{\n{}  }}\n}}\n{RULES}",
        variables("  ", false),
        variables("  ", true),
        variables("    ", true),
    )
}

const RULES: &str = "
.chart {
  display: block;
  font-variant-numeric: tabular-nums;
}

.chart a {
  cursor: pointer;
  text-decoration: none;
}

.chart a:focus-visible {
  outline: 2px solid var(--chart-ink);
  outline-offset: 1px;
}

.chart a:hover text {
  text-decoration: underline;
}

/* Marks over what Plotters drew: transparent until pointed at, then the whole layer is lit. */
.chart .mark > :hover {
  fill: var(--chart-surface);
  fill-opacity: 0.25;
}

/* Lines: pointed at, they are thicker; at a point, there is a dot. */
.chart .line:hover > path {
  stroke-width: 2.6;
}

.chart .line > .point:hover {
  fill: var(--chart-ink);
  fill-opacity: 0.35;
}

.chart .heat .cell:hover > rect:last-of-type {
  stroke: var(--chart-ink);
}

.chart .row > .hit {
  fill: transparent;
}

.chart a.row:hover > .hit {
  fill: var(--chart-ink);
  fill-opacity: 0.05;
}

/* Zooming the map changes the viewBox of .map-view: lines and bubbles keep their width, regions by the variable. */
.chart .map-layer path {
  vector-effect: non-scaling-stroke;
}

.chart .region path {
  transform: scale(var(--map-zoom-inverse, 1));
}

.chart .countries a:hover > :is(path, use) {
  stroke: var(--chart-ink);
  stroke-width: 1.2;
}

.chart .cities a:hover {
  opacity: 0.8;
}

.chart .flows a:hover > path {
  stroke-opacity: 1;
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheet_is_made_from_the_table() {
        expect_test::expect_file!["../../../style/_chart.css"].assert_eq(&css());
    }

    #[test]
    fn stand_ins_become_the_themes_text() {
        let drawn = "<rect fill=\"#F50A07\"/><rect fill=\"#F50A14\"/>";
        assert_eq!(themed(drawn, Theme::Light), "<rect fill=\"#cf3a2b\"/><rect fill=\"#486aff\"/>");
        assert_eq!(
            themed(drawn, Theme::Page),
            "<rect fill=\"var(--chart-failure)\"/><rect fill=\"var(--chart-series-0)\"/>"
        );
        let RGBColor(red, green, index) = Paint::Series(3).stand_in();
        assert_eq!(format!("#{red:02X}{green:02X}{index:02X}"), format!("{STAND_IN}17"));
    }

    /// WCAG's relative luminance of `#rrggbb`.
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("present")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn marks_and_text_stand_out_from_the_surface() {
        for theme in [Theme::Light, Theme::Dark] {
            let surface = Paint::Surface.text(theme);
            for (name, light, dark) in TABLE {
                let least = match name {
                    "ink" | "muted" => 4.5,
                    "grid" | "axis" | "surface" | "track" | "land" | "coast" => continue,
                    name if name.starts_with("scale") => continue,
                    _ => 3.0,
                };
                let colour = if theme == Theme::Light { light } else { dark };
                let found = contrast(colour, &surface);
                assert!(found >= least, "{name} {colour} on {surface}: {found:.2}");
            }
        }
    }

    /// As `heat_map` sets its numbers.
    #[test]
    fn numbers_stand_out_from_their_cells() {
        for theme in [Theme::Light, Theme::Dark] {
            for (step, paint) in
                [(0, Paint::Ink), (1, Paint::Ink), (2, Paint::Ink), (4, Paint::Surface), (5, Paint::Surface)]
            {
                let found = contrast(&paint.text(theme), &Paint::Scale(step).text(theme));
                assert!(found >= 4.5, "{theme:?} {step}: {found:.2}");
            }
        }
    }

    /// `#rrggbb` as linear light.
    fn linear(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("present")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// What eyes without the cones of one kind see: Machado, Oliveira and Fernandes 2009, severity 1.
    const SIGHTS: [(&str, [[f64; 3]; 3]); 3] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        ),
        (
            "deuteranopia",
            [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        ),
    ];

    /// The distance of two colours in Oklab, times 100: 2 is just seen side by side.
    fn distance(a: &str, b: &str, sight: [[f64; 3]; 3]) -> f64 {
        let oklab = |hex: &str| {
            let seen = times(sight, linear(hex)).map(|value| value.clamp(0.0, 1.0));
            let cones = times(
                [
                    [0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005],
                ],
                seen,
            );
            times(
                [
                    [0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660],
                ],
                cones.map(f64::cbrt),
            )
        };
        let (a, b) = (oklab(a), oklab(b));
        (0..3).map(|at| (a[at] - b[at]).powi(2)).sum::<f64>().sqrt() * 100.0
    }

    /// All groups are told apart also by eyes without red or green cones, the first six and those that touch in a stack
    /// well; so are success and failure, which also wear a pattern.
    #[test]
    fn colours_are_told_apart_by_colour_blind_eyes() {
        let series = |at: usize| Paint::Series(at as u8);
        let pairs = (0..SERIES).flat_map(|a| (0..a).map(move |b| (a, b)));
        let pairs = pairs.map(|(a, b)| {
            let least = match (a - b, a) {
                (1, _) => 11.0,
                (_, 0..6) => 9.0,
                _ => 6.0,
            };
            (series(a), series(b), least)
        });
        let mut close = Vec::new();
        for (a, b, least) in pairs.chain([(Paint::Success, Paint::Failure, 12.0)]) {
            for theme in [Theme::Light, Theme::Dark] {
                for (sight, matrix) in SIGHTS {
                    let found = distance(&a.text(theme), &b.text(theme), matrix);
                    if found < least {
                        close.push(format!("{a:?} and {b:?}, {theme:?}, {sight}: {found:.1}"));
                    }
                }
            }
        }
        assert_eq!(close, Vec::<String>::new());
    }

    #[test]
    fn shading_steps_grow_away_from_the_land() {
        for theme in [Theme::Light, Theme::Dark] {
            let land = Paint::Land.text(theme);
            let steps: Vec<f64> =
                (0..STEPS as u8).map(|step| contrast(&Paint::Scale(step).text(theme), &land)).collect();
            assert!(steps.windows(2).all(|pair| pair[1] > pair[0] * 1.15), "{steps:?}");
        }
    }
}
