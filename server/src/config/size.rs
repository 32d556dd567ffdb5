//! A size in bytes, as people write it.

use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let text = text.trim();
        if text == "0" {
            return Ok(Size(0));
        }
        let parsed = UNITS.iter().find_map(|(unit, bytes)| {
            let number = text.strip_suffix(unit)?.trim_end();
            let number: u64 =
                if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok()? } else { return None };
            number.checked_mul(*bytes)
        });
        parsed.map(Size).ok_or_else(|| "not a size such as 500MB, 2GB, 512MiB or 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let parse = |text: &str| text.parse().map(|Size(bytes)| bytes).ok();
        assert_eq!(parse("500MB"), Some(500_000_000));
        assert_eq!(parse(" 2 GiB "), Some(2 << 30));
        assert_eq!((parse("0"), parse("12B")), (Some(0), Some(12)));
        for wrong in ["", "12", "MB", "-1MB", "1.5GB", "5mb", "5 PB", "99999999999TB"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
