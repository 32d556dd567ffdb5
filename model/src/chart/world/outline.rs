//! The outlines of all land but Antarctica: heavy, so that pages refer to one file that browsers keep, and only pictures
//! that stand alone carry them. The browser half draws maps without having them.

use std::sync::LazyLock;

use crate::country;

/// One piece of land.
pub struct Outline {
    /// Two letters; none for land without a code.
    pub code: Option<&'static str>,
    /// An SVG path on the map's grid.
    pub path: &'static str,
}

const FILE: &str = include_str!("outlines.tsv");

static OUTLINES: LazyLock<Vec<Outline>> = LazyLock::new(|| {
    let outline = |line: &'static str| {
        let (code, path) = line.split_once('\t')?;
        Some(Outline { code: (code != "-").then_some(code), path })
    };
    FILE.lines().filter_map(outline).collect()
});

/// For `Land::Inline`: whoever calls this has the outlines in its program.
pub fn outlines() -> &'static [Outline] {
    &OUTLINES
}

/// Counted up when `asset` writes the same outlines in another way: its address is kept for ever.
const FORMAT: u64 = 1;

/// FNV-1a.
const HASH: u64 = {
    let (bytes, mut hash, mut at) = (FILE.as_bytes(), 0xcbf2_9ce4_8422_2325 ^ FORMAT, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
};

/// Where the server answers with `asset`; it carries a hash of the content.
pub fn address() -> String {
    format!("/pkg/world.{:012x}.svg", HASH >> 16)
}

/// The id of all land in the asset; a country's is its code.
pub(crate) const LAND: &str = "land";

/// The outlines as a file that maps on pages refer to, piece by piece.
pub fn asset() -> String {
    let mut out =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-1840 -970 3800 1735\"><g id=\"{LAND}\">");
    for outline in outlines() {
        let id = outline.code.map(|code| format!("id=\"{code}\" ")).unwrap_or_default();
        // The page's styles do not reach in here: strokes keep their width when the map is zoomed.
        out.push_str(&format!("<path {id}vector-effect=\"non-scaling-stroke\" d=\"{}\">", outline.path));
        if let Some(name) = outline.code.and_then(country::name) {
            out.push_str(&format!("<title>{name}</title>"));
        }
        out.push_str("</path>");
    }
    out + "</g></svg>"
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::expect;

    use super::*;

    /// The corners of a country's parts.
    pub fn rings(code: &str) -> Vec<Vec<(i32, i32)>> {
        let outline = outlines().iter().find(|outline| outline.code == Some(code));
        outline.map(|outline| outline.path.split_terminator('z').map(ring).collect()).unwrap_or_default()
    }

    /// `M10 20l1-2 3 4`: a start, then steps.
    fn ring(path: &str) -> Vec<(i32, i32)> {
        let spaced = path.replace('-', " -").replace(['M', 'l'], " ");
        let numbers: Vec<i32> = spaced.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        let mut at = (0, 0);
        let step = |step: &[i32]| {
            at = (at.0 + step[0], at.1 + step[1]);
            at
        };
        numbers.chunks_exact(2).map(step).collect()
    }

    #[test]
    fn each_country_once_and_nothing_but_a_path() {
        let mut codes: Vec<_> = outlines().iter().filter_map(|outline| outline.code).collect();
        let all = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!((codes.len(), outlines().len()), (all, FILE.lines().count()));
        for outline in outlines() {
            assert!(outline.path.bytes().all(|b| b.is_ascii_digit() || b" -Mlz".contains(&b)), "{:?}", outline.code);
        }
    }

    /// Where this fails because `asset` writes something else, count `FORMAT` up: browsers keep the old file for ever.
    #[test]
    fn another_file_has_another_address() {
        let hash = asset().bytes().fold(7u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        expect!["/pkg/world.4d8bcec7258b.svg 91672b86a1694eb4"].assert_eq(&format!("{} {hash:016x}", address()));
    }
}
