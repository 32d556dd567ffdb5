//! How wide text is, without a font: estimated from the widths of a usual sans serif.

use std::borrow::Cow;

use super::escape::visible;

/// Widths of U+0020 to U+007E in hundredths of the font's size, in the widest of the usual interface fonts.
const ASCII: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 56, 102, 68, 69, 72, 77, 67, 61, 78, 75, 29, 50, 67, 56, 86, 75, 79, 67, 79, 72, 67, 61, 73, 68, 99, 69,
    67, 69, 39, 34, 39, 84, 56, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63,
    59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// Estimated width in pixels, on the wide side.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

fn advance(c: char) -> f64 {
    match c as u32 {
        code @ 0x20..=0x7e => f64::from(ASCII[code as usize - 0x20]) / 100.0,
        // Marks that stand over the letter before, and joiners.
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0.0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60 | 0x1f000.. => 1.05,
        0x2026 | 0x25b2 | 0x25bc => 1.0,
        0x2013 => 0.5,
        _ => 0.68,
    }
}

/// As `width`, of bold text.
pub(crate) fn width_bold(text: &str, size: f64) -> f64 {
    width(text, size) * BOLD
}

/// How much wider bold letters are.
pub(crate) const BOLD: f64 = 1.1;

/// The text as far as it fits into `most` pixels, with `…` where it was cut. Empty where not even that fits.
pub(crate) fn fit(text: &str, size: f64, most: f64) -> Cow<'_, str> {
    let text = visible(text);
    if width(&text, size) <= most {
        return text;
    }
    let ellipsis = advance('…') * size;
    let mut used = ellipsis;
    let mut kept = String::new();
    for c in text.chars() {
        used += advance(c) * size;
        if used > most {
            break;
        }
        kept.push(c);
    }
    if kept.is_empty() && ellipsis > most {
        return Cow::Borrowed("");
    }
    Cow::Owned(format!("{}…", kept.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_text_fits() {
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let cut = fit("AssumeRoleWithWebIdentity", 12.0, 80.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 80.0, "{cut}");
        assert_eq!(fit("AssumeRole", 12.0, 3.0), "");
        assert_eq!(fit("東京都港区", 12.0, 40.0), "東京…");
    }
}
