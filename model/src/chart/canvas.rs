//! SVG being written: the only place where elements, links and text are put together.

use super::{Land, Link, Target, Theme, escape::escape, paint::Paint, text};
use crate::filter::Ast;

/// In pixels of the picture, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Rect {
        Rect { x, y, w: w.max(0.0), h: h.max(0.0) }
    }

    pub fn right(self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(self) -> f64 {
        self.y + self.h
    }

    /// The upper `height` pixels (no more than there are), and what is left under them and `gap`.
    pub fn split_top(self, height: f64, gap: f64) -> (Rect, Rect) {
        let height = height.clamp(0.0, self.h);
        let below = Rect::new(self.x, self.y + height + gap, self.w, self.h - height - gap);
        (Rect::new(self.x, self.y, self.w, height), below)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub size: f64,
    pub paint: Paint,
    pub anchor: Anchor,
    pub bold: bool,
}

impl Type {
    pub const LABEL: Type = Type { size: 12.0, paint: Paint::Ink, anchor: Anchor::Start, bold: false };
    pub const TICK: Type = Type { size: 11.0, paint: Paint::Muted, ..Type::LABEL };

    pub const fn anchor(self, anchor: Anchor) -> Type {
        Type { anchor, ..self }
    }

    pub const fn paint(self, paint: Paint) -> Type {
        Type { paint, ..self }
    }

    pub const fn size(self, size: f64) -> Type {
        Type { size, ..self }
    }

    pub const fn bold(self) -> Type {
        Type { bold: true, ..self }
    }
}

/// A number as SVG wants it: one decimal, never NaN.
pub(crate) fn n(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

pub(crate) struct Canvas<'a> {
    out: String,
    theme: Theme,
    link: Option<Link<'a>>,
    land: Land,
    /// Makes ids unique between the charts of a page.
    id: String,
    hatched: bool,
}

impl<'a> Canvas<'a> {
    pub fn new(panel_id: &str, target: Target<'a>) -> Canvas<'a> {
        let Target { theme, link, land, .. } = target;
        let id = panel_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Canvas { out: String::with_capacity(16 * 1024), theme, link, land, id, hatched: false }
    }

    pub fn theme(&self) -> Theme {
        self.theme
    }

    pub fn land(&self) -> Land {
        self.land
    }

    /// A picture that stands alone: no page, no style sheet, no links.
    pub fn is_file(&self) -> bool {
        self.link.is_none()
    }

    /// Markup of our own making: nothing of an event may be in it.
    pub fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    pub fn paint(&self, paint: Paint) -> String {
        paint.text(self.theme)
    }

    pub fn title(&mut self, text: &str) {
        self.title_lines(&[text]);
    }

    /// A tooltip of several lines.
    pub fn title_lines(&mut self, lines: &[&str]) {
        let lines: Vec<_> = lines.iter().map(|line| escape(line)).collect();
        self.out.push_str(&format!("<title>{}</title>", lines.join("\n")));
    }

    /// Text with its baseline at (x, y).
    pub fn text(&mut self, x: f64, y: f64, text: &str, set: Type) {
        let anchor = match set.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let size = if set.size == Type::LABEL.size { String::new() } else { format!(" font-size=\"{}\"", n(set.size)) };
        let fill = if set.paint == Paint::Ink { String::new() } else { format!(" fill=\"{}\"", self.paint(set.paint)) };
        let weight = if set.bold { " font-weight=\"600\"" } else { "" };
        let (x, y, text) = (n(x), n(y), escape(text));
        self.out.push_str(&format!("<text x=\"{x}\" y=\"{y}\"{anchor}{size}{fill}{weight}>{text}</text>"));
    }

    /// Text that is cut to `most` pixels; whoever cuts says the whole in a title.
    pub fn text_fit(&mut self, x: f64, y: f64, label: &str, most: f64, set: Type) {
        let wide = if set.bold { text::BOLD } else { 1.0 };
        let fitted = text::fit(label, set.size * wide, most).into_owned();
        if !fitted.is_empty() {
            self.text(x, y, &fitted, set);
        }
    }

    pub fn rect(&mut self, rect: Rect, paint: Paint, radius: f64) {
        let fill = self.paint(paint);
        self.rect_filled(rect, &fill, radius);
    }

    pub fn rect_filled(&mut self, rect: Rect, fill: &str, radius: f64) {
        let round = if radius > 0.0 { format!(" rx=\"{}\"", n(radius.min(rect.h / 2.0))) } else { String::new() };
        self.out.push_str(&format!("<rect {}{round} fill=\"{fill}\"/>", place(rect)));
    }

    /// An area to point at: its fill comes from the group around it or from the style sheet.
    pub fn hit(&mut self, rect: Rect) {
        self.out.push_str(&format!("<rect class=\"hit\" {} fill=\"transparent\"/>", place(rect)));
    }

    /// A mark that failures wear beside their colour.
    pub fn hatch(&mut self) -> String {
        self.hatched = true;
        format!("url(#{}-hatch)", self.id)
    }

    /// A swatch of a legend or a piece of a bar.
    pub fn swatch(&mut self, rect: Rect, paint: Paint, radius: f64) {
        self.rect(rect, paint, radius);
        if paint == Paint::Failure {
            let hatch = self.hatch();
            self.rect_filled(rect, &hatch, radius);
        }
    }

    /// A line of a chart; `dashes`: the how-manieth it is, so that lines differ in more than colour.
    pub fn line(&mut self, d: &str, paint: Paint, dashes: usize) {
        const DASHES: [&str; 5] = ["", "7 3", "2 3", "11 4", "7 3 2 3"];
        let dashes = match DASHES[dashes % DASHES.len()] {
            "" => String::new(),
            dashes => format!(" stroke-dasharray=\"{dashes}\""),
        };
        let stroke = self.paint(paint);
        self.out.push_str(&format!(
            "<path d=\"{d}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"{dashes}/>"
        ));
    }

    pub fn open_group(&mut self, class: &str) {
        self.out.push_str(&format!("<g class=\"{class}\">"));
    }

    pub fn close_group(&mut self) {
        self.out.push_str("</g>");
    }

    /// What `inner` draws, as a link that adds `filter` to the page's; a plain group without one or in a file.
    /// `name` is its tooltip and what a screen reader says.
    pub fn link(&mut self, filter: Option<Ast>, class: &str, name: &str, inner: impl FnOnce(&mut Self)) {
        self.link_with(filter, class, "", name, inner);
    }

    /// As `link`, but left out of the tab order: for marks whose legend entry is the same link.
    pub fn link_untabbed(&mut self, filter: Option<Ast>, class: &str, name: &str, inner: impl FnOnce(&mut Self)) {
        self.link_with(filter, class, " tabindex=\"-1\"", name, inner);
    }

    fn link_with(&mut self, filter: Option<Ast>, class: &str, more: &str, name: &str, inner: impl FnOnce(&mut Self)) {
        let href = self.link.zip(filter).map(|(link, filter)| link.view.and(&filter).href(link.path));
        match &href {
            Some(href) => self.out.push_str(&format!("<a href=\"{}\" class=\"{class}\"{more}>", escape(href))),
            None => self.open_group(class),
        }
        self.title(name);
        inner(self);
        self.out.push_str(if href.is_some() { "</a>" } else { "</g>" });
    }

    /// The elements so far, and the definitions that they need.
    pub fn finish(self) -> String {
        if !self.hatched {
            return self.out;
        }
        format!(
            "<defs><pattern id=\"{}-hatch\" patternUnits=\"userSpaceOnUse\" width=\"5\" height=\"5\" \
             patternTransform=\"rotate(45)\"><path d=\"M1 0V5\" stroke=\"{}\" stroke-width=\"1.5\" \
             stroke-opacity=\"0.32\"/></pattern></defs>{}",
            self.id,
            Paint::Surface.text(self.theme),
            self.out
        )
    }
}

pub(crate) fn place(rect: Rect) -> String {
    format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", n(rect.x), n(rect.y), n(rect.w), n(rect.h))
}
