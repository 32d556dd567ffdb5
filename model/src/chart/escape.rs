//! The one way for a string to enter an SVG: what readers send is hostile.

use std::borrow::Cow;

/// Text for element content and for attribute values alike: markup is escaped, what XML 1.0 forbids is left out,
/// line breaks and tabs are spaces, and what would turn or hide the text around it is shown as `U+202E`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text as a reader should see it, before markup is escaped: what is measured and shortened. Idempotent.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if plain(c) => out.push(c),
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if hides(c) => out.push_str(&format!("U+{:04X}", c as u32)),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// Whether a reader sees it as what it is: it breaks no line, moves no cursor, turns no text around.
pub fn plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') && !hides(c)
}

/// Bidirectional overrides, embeddings and isolates, and the invisible tag characters.
fn hides(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(escape(text), expected);
    }

    #[test]
    fn markup_is_escaped() {
        check(r#"<script>alert("x&y's")</script>"#, "&lt;script&gt;alert(&quot;x&amp;y&#39;s&quot;)&lt;/script&gt;");
        check("]]> <!-- -->", "]]&gt; &lt;!-- --&gt;");
    }

    #[test]
    fn what_xml_forbids_is_left_out() {
        check("a\0b\u{1}c\u{7f}d\u{9f}e\u{fffe}f\u{ffff}g", "abcdefg");
        check("line\nbreak\ttab\r\u{2028}", "line break tab  ");
    }

    #[test]
    fn what_turns_text_around_is_shown() {
        check("user\u{202e}nimda", "userU+202Enimda");
        check("\u{2066}x\u{2069}\u{feff}", "U+2066xU+2069U+FEFF");
        check("\u{e0041}", "U+E0041");
    }

    #[test]
    fn other_scripts_stay_as_they_are() {
        check("Ångström 東京 עברית 👩‍💻", "Ångström 東京 עברית 👩‍💻");
    }
}
