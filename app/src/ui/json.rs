//! Lays raw JSON out over lines, touching nothing but the space between its parts: numbers, order and duplicates stay
//! as they were delivered, and text that is no JSON comes through unharmed.

/// Two spaces a level.
pub fn pretty(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len() * 2);
    let mut depth = 0_usize;
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => string(&mut out, &mut chars),
            '{' | '[' => {
                out.push(char);
                skip_space(&mut chars);
                if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ if char.is_ascii_whitespace() => {}
            _ => out.push(char),
        }
    }
    out
}

/// A hostile event may be thousands of levels deep: beyond this, lines are no longer moved in.
const DEEPEST: usize = 40;

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str("  ");
    }
}

fn skip_space(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(char::is_ascii_whitespace).is_some() {}
}

fn string(out: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    out.push('"');
    while let Some(char) = chars.next() {
        out.push(char);
        match char {
            '\\' => out.extend(chars.next()),
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn lays_out_nested_json() {
        let text = pretty(r#"{"a":[1,{"b":"x, {y} \" z"}],"e":{},"f":[ ],"n":1.50}"#);
        let want = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y} \\\" z\"\n    }\n  ],\n  \"e\": {},\n  \"f\": [],\n  \"n\": 1.50\n}";
        assert_eq!(text, want);
    }

    #[test]
    fn only_space_changes() {
        for raw in ["{\"a\" : 1,", "not json", "{]}", "\"open", "", "[[[[", "{\"a\":\"\\"] {
            let bare = |text: &str| text.split_ascii_whitespace().collect::<String>();
            assert_eq!(bare(&pretty(raw)), bare(raw), "{raw}");
        }
    }
}
