//! Reading parts of JSON without ever failing on their types.

use std::{borrow::Cow, fmt};

use memchr::{memchr, memchr2};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A longer number, or one with a larger exponent, is beyond what Postgres' numeric takes.
const MOST_DIGITS: usize = 300;

/// The values of `keys` in the object that `text` is, each as its JSON text; of a key that comes twice, the last.
/// Errors: `text` is not valid JSON, or not an object.
pub fn object<'a, const N: usize>(
    text: &'a str,
    keys: &[&str; N],
) -> Result<[Option<&'a RawValue>; N], serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = Keys(keys).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

/// As `object`, of a value that may be anything: nothing found in what is no object.
pub fn inner<'a, const N: usize>(value: Option<&'a RawValue>, keys: &[&str; N]) -> [Option<&'a RawValue>; N] {
    let text = value.map_or("", RawValue::get);
    if text.starts_with('{') { object(text, keys).unwrap_or([None; N]) } else { [None; N] }
}

/// The values of an object that are objects or arrays themselves. Errors as `object`.
pub fn nested(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    struct Nested;
    impl<'de> Visitor<'de> for Nested {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some((IgnoredAny, value)) = map.next_entry::<_, &RawValue>()? {
                found.extend(value.get().starts_with(['{', '[']).then_some(value));
            }
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Nested)
}

struct Keys<'k, const N: usize>(&'k [&'k str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Keys<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Keys<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(at) = map.next_key_seed(Key(self.0))? {
            match at {
                Some(at) => found[at] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Which of the keys it is; reads a key without keeping it.
struct Key<'k>(&'k [&'k str]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        // Of those that are as long, the last letter tells most: comparing whole ones is a call.
        let last = key.as_bytes().last();
        let is = |known: &&str| known.len() == key.len() && known.as_bytes().last() == last && *known == key;
        Ok(self.0.iter().position(is))
    }
}

/// A value as text: a string's content, nothing for null and for an empty string, the JSON text of anything else.
pub fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = value?.get();
    let text = match json.as_bytes().first()? {
        b'n' => return None,
        b'"' => string(json)?,
        _ => Cow::Borrowed(json),
    };
    (!text.is_empty()).then_some(text)
}

/// The content of a JSON string; nothing where it is none.
pub fn string(json: &str) -> Option<Cow<'_, str>> {
    let content = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', content.as_bytes()).is_none() {
        return Some(Cow::Borrowed(content));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// `true`, `"True"`, `"yes"` and their opposites.
pub fn boolean(value: Option<&RawValue>) -> Option<bool> {
    let text = text(value)?;
    if ["true", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(true)
    } else if ["false", "no"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(false)
    } else {
        None
    }
}

/// `json` without what Postgres' json refuses: U+0000 and lone surrogates become U+FFFD, and numbers beyond its numeric become
/// strings. Nothing where there is nothing to change. `json` must be valid.
pub fn clean(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let mut cleaned = String::new();
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = clean_string(json, at + 1, &mut copied, &mut cleaned),
            b'-' | b'0'..=b'9' => {
                let rest = &bytes[at..];
                let length =
                    rest.iter().position(|b| !b.is_ascii_digit() && !b"+-.eE".contains(b)).unwrap_or(rest.len());
                let number = &json[at..at + length];
                if !number_fits(number) {
                    cleaned.push_str(&json[copied..at]);
                    cleaned.extend(["\"", number, "\""]);
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    cleaned.push_str(&json[copied..]);
    Some(cleaned)
}

fn number_fits(number: &str) -> bool {
    let exponent = number.find(['e', 'E']).map_or("0", |at| &number[at + 1..]);
    number.len() <= MOST_DIGITS
        && exponent.parse::<i64>().is_ok_and(|exponent| exponent.unsigned_abs() <= MOST_DIGITS as u64)
}

/// From after the opening quote to after the closing one.
fn clean_string(json: &str, mut at: usize, copied: &mut usize, cleaned: &mut String) -> usize {
    let bytes = json.as_bytes();
    while let Some(n) = memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += n;
        if bytes[at] == b'"' {
            return at + 1;
        }
        let unit = escaped_unit(bytes, at);
        let length = match unit {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(escaped_unit(bytes, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0 | 0xd800..=0xdfff) => {
                cleaned.push_str(&json[*copied..at]);
                cleaned.push_str("\\ufffd");
                *copied = at + 6;
                6
            }
            Some(_) => 6,
        };
        at += length;
    }
    bytes.len()
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The first `most` bytes of a text, cut between characters.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
