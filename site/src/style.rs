//! `style/main.css` with its `@import`s put in place, comments and needless blanks removed.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

/// One style sheet from `main` and all that it imports, each file once for each `@import`.
pub fn join(main: &Path) -> Result<String> {
    Ok(shrink(&inline(main, &mut Vec::new())?))
}

/// `open` holds the files that are being read, to refuse a circle.
fn inline(file: &Path, open: &mut Vec<std::path::PathBuf>) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    if open.iter().any(|path| path == file) {
        bail!("{} imports itself", file.display());
    }
    open.push(file.to_owned());
    let mut css = String::new();
    for line in text.lines() {
        match import(line) {
            Some((name, layer)) => {
                let path = file.parent().unwrap_or(Path::new("")).join(name);
                let part = inline(&path, open).with_context(|| format!("imported by {}", file.display()))?;
                match layer {
                    Some(layer) => css.push_str(&format!("@layer {layer} {{\n{part}}}\n")),
                    None => css.push_str(&part),
                }
            }
            None => {
                css.push_str(line);
                css.push('\n');
            }
        }
    }
    open.pop();
    Ok(css)
}

/// The path and the layer of a line `@import "x.css";`, `@import url("x.css") layer(name);`.
fn import(line: &str) -> Option<(&str, Option<&str>)> {
    let rest = line.trim().strip_prefix("@import")?.trim().strip_suffix(';')?.trim();
    let rest = rest.strip_prefix("url(").unwrap_or(rest);
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let (name, rest) = rest[1..].split_once(quote)?;
    let rest = rest.trim_start_matches(')').trim();
    let layer = rest.strip_prefix("layer(").and_then(|rest| rest.strip_suffix(')'));
    Some((name, layer))
}

/// Comments out, runs of blanks to one, none beside `{ } ; ,`. Strings stay as they are.
fn shrink(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut before = ' ';
                for c in rest.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            '"' | '\'' => {
                out.push(c);
                string(c, &mut rest, &mut out);
            }
            c if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ',']) {
                    out.push(' ');
                }
            }
            '{' | '}' | ';' | ',' => {
                if out.ends_with(' ') {
                    out.pop();
                }
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Copies up to and with the closing `quote`.
fn string(quote: char, rest: &mut impl Iterator<Item = char>, out: &mut String) {
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '\\' {
            out.extend(rest.next());
        } else if c == quote {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shrinks_without_touching_strings() {
        let css = "/* why */\n.a > .b ,\n.c {\n  content: \"a  /* b */ \\\" {\";\n  margin: 0  calc(1px + 2px);\n}\n\n@media (min-width: 3px) { a { b: c } }\n";
        assert_eq!(
            shrink(css),
            ".a > .b,.c{content: \"a  /* b */ \\\" {\";margin: 0 calc(1px + 2px);}@media (min-width: 3px){a{b: c}}"
        );
    }

    #[test]
    fn a_descendant_is_not_glued_to_its_ancestor() {
        assert_eq!(shrink(".a\n  :hover { b: c }"), ".a :hover{b: c}");
        assert_eq!(shrink(".a /* x */ .b{}"), ".a .b{}");
    }

    #[test]
    fn imports_are_put_in_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "@import \"a.css\";\n@import url('b.css') layer(base);\nc{d:e}")
            .unwrap();
        fs::write(folder.path().join("a.css"), "a{}").unwrap();
        fs::write(folder.path().join("b.css"), "b{}").unwrap();
        assert_eq!(join(&folder.path().join("main.css")).unwrap(), "a{}@layer base{b{}}c{d:e}");
    }

    #[test]
    fn a_missing_import_names_both_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "@import \"gone.css\";\n").unwrap();
        let error = format!("{:#}", join(&folder.path().join("main.css")).unwrap_err());
        assert!(error.contains("main.css") && error.contains("gone.css"), "{error}");
    }

    #[test]
    fn a_circle_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.css"), "@import \"a.css\";\n").unwrap();
        let error = format!("{:#}", join(&folder.path().join("a.css")).unwrap_err());
        assert!(error.contains("imports itself"), "{error}");
    }
}
