//! Writes every mark in both themes and several sizes as one HTML page: `cargo run -p model --example gallery > gallery.html`.

#[path = "../tests/chart/fixture.rs"]
mod fixture;

use model::{
    chart::{Land, Link, Size, Target, Theme, paint, svg, world::outline::outlines},
    view::View,
};

/// Width and height of each panel's frame on a wide screen and on a phone.
const FRAMES: [(&str, u32, u32); 33] = [
    ("line", 664, 300),
    ("rates", 664, 300),
    ("donut", 440, 300),
    ("calendar", 664, 300),
    ("denied", 664, 320),
    ("nested", 440, 340),
    ("levels", 780, 260),
    ("line", 358, 260),
    ("donut", 340, 300),
    ("calendar", 340, 280),
    ("denied", 340, 300),
    ("nested", 340, 300),
    ("levels", 340, 300),
    ("key-figures", 1376, 104),
    ("access-map", 900, 440),
    ("events-by-outcome", 440, 440),
    ("events-by-name", 664, 300),
    ("sign-ins", 664, 300),
    ("sign-ins-by-region", 664, 340),
    ("ranking", 664, 340),
    ("source-addresses", 780, 400),
    ("errors", 550, 400),
    ("recent-events", 1376, 460),
    ("empty", 664, 200),
    ("access-map", 358, 300),
    ("events-by-name", 358, 300),
    ("sign-ins", 358, 240),
    ("sign-ins-by-region", 358, 420),
    ("errors", 358, 400),
    ("ranking", 358, 240),
    ("key-figures", 358, 276),
    ("events-by-outcome", 200, 100),
    ("access-map", 620, 360),
];

fn main() {
    let view = View::default();
    let link = Some(Link { path: "/d/overview", view: &view });
    let mut body = String::new();
    for theme in ["light", "dark"] {
        body.push_str(&format!("<section data-theme=\"{theme}\"><h2>{theme}</h2>"));
        for (id, width, height) in FRAMES {
            let (panel, series) = fixture::example(id);
            let drawn = svg(
                &panel,
                &series,
                Target { size: Size { width, height }, theme: Theme::Page, link, land: Land::Inline(outlines()) },
            );
            body.push_str(&format!("<figure><figcaption>{id} {width}×{height}</figcaption>{drawn}</figure>"));
        }
        body.push_str("</section>");
    }
    for theme in [Theme::Light, Theme::Dark] {
        body.push_str("<section class=\"files\"><h2>files</h2>");
        for id in fixture::EXAMPLES {
            let (panel, mut series) = fixture::example(id);
            series.filter = "outcome:failure and not actor:ci".to_owned();
            let target =
                Target { size: Size { width: 900, height: 480 }, theme, link: None, land: Land::Inline(outlines()) };
            body.push_str(&format!("<figure>{}</figure>", svg(&panel, &series, target)));
        }
        body.push_str("</section>");
    }
    println!("<!doctype html><meta charset=\"utf-8\"><style>{}{STYLE}</style>{body}", paint::css());
}

const STYLE: &str = "
body { margin: 0; font-family: Inter, system-ui, 'Helvetica Neue', Arial, sans-serif }
section { padding: 16px; background: var(--chart-surface); color: var(--chart-ink); display: flex; flex-wrap: wrap; gap: 16px }
section h2 { width: 100%; margin: 0 }
figure { margin: 0; padding: 12px; border: 1px solid var(--chart-grid); border-radius: 8px }
figcaption { font-size: 12px; margin-bottom: 8px; color: var(--chart-muted) }
.files { background: #889 }
";
