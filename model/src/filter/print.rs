//! `Ast` to its canonical text: keys, and no more quotes and parentheses than it needs.

use std::fmt::Write;

use super::{
    Ast, Pattern, Target, Term,
    lex::{KEYWORDS, is_delimiter, is_name, is_operator},
    name,
};

/// The canonical text of a filter.
pub fn print(ast: &Ast) -> String {
    let mut out = String::new();
    if *ast != Ast::All {
        write_ast(&mut out, ast, Binding::Or);
    }
    out
}

/// A field or path as it stands before a `:`.
pub fn print_target(target: &Target) -> String {
    let mut out = String::new();
    write_target(&mut out, target);
    out
}

/// A whole value as it stands behind a `:`.
pub fn print_value(text: &str) -> String {
    let mut out = String::new();
    write_exactly(&mut out, text, |_| false);
    out
}

/// How strongly what stands around binds; what binds less strongly needs parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
}

fn write_ast(out: &mut String, ast: &Ast, around: Binding) {
    match ast {
        Ast::All => out.push('*'),
        Ast::Term(term) => write_term(out, term),
        Ast::Not(inner) => {
            out.push_str("not ");
            write_ast(out, inner, Binding::Not);
        }
        Ast::And(parts) if parts.is_empty() => out.push('*'),
        Ast::And(parts) => write_parts(out, parts, " and ", Binding::And, around),
        Ast::Or(parts) if parts.is_empty() => out.push_str("not *"),
        Ast::Or(parts) => match listed_target(parts) {
            Some(target) => write_values(out, target, parts),
            None => write_parts(out, parts, " or ", Binding::Or, around),
        },
    }
}

fn write_parts(out: &mut String, parts: &[Ast], between: &str, binding: Binding, around: Binding) {
    if let [only] = parts {
        return write_ast(out, only, around);
    }
    let parentheses = around > binding;
    if parentheses {
        out.push('(');
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write_ast(out, part, binding);
    }
    if parentheses {
        out.push(')');
    }
}

fn write_term(out: &mut String, term: &Term) {
    write_target(out, &term.target);
    match (&term.target, &term.pattern) {
        (Target::Event, Pattern::Exactly(text)) => write_exactly(out, text, is_operator),
        (Target::Event, Pattern::Wildcard(pieces)) => write_pieces(out, pieces, is_operator),
        (_, Pattern::Range(comparison, bound)) => {
            out.extend([" ", comparison.sign(), " "]);
            write_exactly(out, bound, |_| false);
        }
        (Target::Event, Pattern::Exists) => out.push('*'),
        (Target::Field(_) | Target::Path(_), pattern) => {
            out.push(':');
            write_value(out, pattern);
        }
    }
}

/// The target that all parts ask of, where they are several and can stand as a list of values.
fn listed_target(parts: &[Ast]) -> Option<&Target> {
    fn target(part: &Ast) -> Option<&Target> {
        match part {
            Ast::Term(Term { target: Target::Event, .. } | Term { pattern: Pattern::Range(..), .. }) => None,
            Ast::Term(Term { target, .. }) => Some(target),
            _ => None,
        }
    }
    let first = target(parts.first()?)?;
    (parts.len() > 1 && parts.iter().all(|part| target(part) == Some(first))).then_some(first)
}

/// `field:(a or b)`.
fn write_values(out: &mut String, target: &Target, parts: &[Ast]) {
    write_target(out, target);
    out.push_str(":(");
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(" or ");
        }
        if let Ast::Term(term) = part {
            write_value(out, &term.pattern);
        }
    }
    out.push(')');
}

fn write_target(out: &mut String, target: &Target) {
    let path = match target {
        Target::Field(field) => return out.push_str(field.key()),
        Target::Path(path) => path,
        Target::Event => return,
    };
    for (at, segment) in path.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        let plain = !segment.is_empty() && segment.chars().all(is_name) && (at > 0 || name::is_known(path));
        if plain { out.push_str(segment) } else { write_quoted(out, segment) }
    }
}

/// What stands behind a `:`, or in a list.
fn write_value(out: &mut String, pattern: &Pattern) {
    match pattern {
        Pattern::Exists => out.push('*'),
        Pattern::Exactly(text) => write_exactly(out, text, |_| false),
        Pattern::Wildcard(pieces) => write_pieces(out, pieces, |_| false),
        // Never in a list.
        Pattern::Range(_, bound) => write_exactly(out, bound, |_| false),
    }
}

/// A whole text, in quotes where it needs them; it does for what is `special` here.
fn write_exactly(out: &mut String, text: &str, special: impl Fn(char) -> bool) {
    let special = |c: char| is_delimiter(c) || matches!(c, '*' | '\\') || is_invisible(c) || special(c);
    let keyword = KEYWORDS.iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    if text.is_empty() || keyword || text.contains(special) { write_quoted(out, text) } else { out.push_str(text) }
}

fn write_pieces(out: &mut String, pieces: &[String], special: impl Fn(char) -> bool) {
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            out.push('*');
        }
        piece.chars().for_each(|c| write_char(out, c, |c| is_delimiter(c) || c == '*' || special(c)));
    }
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    text.chars().for_each(|c| write_char(out, c, |c| c == '"'));
    out.push('"');
}

/// `c`, escaped where it must be: a backslash, what nobody can see, and what is `special` here.
fn write_char(out: &mut String, c: char, special: impl Fn(char) -> bool) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_invisible(c) || (special(c) && c.is_whitespace() && c != ' ') => {
            // All of these lie within four digits.
            write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string");
        }
        _ if c == '\\' || special(c) => out.extend(['\\', c]),
        _ => out.push(c),
    }
}

/// Control characters, and those that turn or hide text: a filter shows what it looks for.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}')
}
