//! Text to `Ast`: recursive descent over the grammar of the module.

use super::{
    Ast, Comparison, MAX_BYTES, MAX_DEPTH, Pattern, Target, Term,
    lex::{Cursor, is_delimiter},
    mistake, name, value,
};
use crate::error::Error;

/// Errors name the parameter `q` and the span of the mistake, and say what was expected.
pub fn parse(text: &str) -> Result<Ast, Error> {
    if text.len() > MAX_BYTES {
        let (kept, all) = (text[..text.floor_char_boundary(MAX_BYTES)].chars().count(), text.chars().count());
        return Err(mistake(format!("A filter has at most {} KiB.", MAX_BYTES / 1024), kept, all));
    }
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0 };
    parser.cursor.skip_space();
    if parser.cursor.peek().is_none() {
        return Ok(Ast::All);
    }
    let ast = parser.or(None)?;
    parser.end()?;
    Ok(ast)
}

/// The field or path of this name. Errors as `parse`.
pub fn target(name: &str) -> Result<Target, Error> {
    let mut cursor = Cursor::new(name);
    let segments = cursor.name()?.filter(|_| cursor.peek().is_none());
    let end = name.chars().count();
    name::target(segments.ok_or_else(|| mistake("Expected the name of a field.", 0, end))?, 0, end)
}

struct Parser {
    cursor: Cursor,
    depth: usize,
}

/// In parentheses after `field:`, values stand where terms do; this is their field.
type Values<'a> = Option<&'a Target>;

impl Parser {
    fn or(&mut self, values: Values<'_>) -> Result<Ast, Error> {
        let mut parts = vec![self.and(values)?];
        while self.cursor.eat_keyword("or") {
            parts.push(self.and(values)?);
        }
        Ok(Ast::any_of(parts))
    }

    fn and(&mut self, values: Values<'_>) -> Result<Ast, Error> {
        let mut parts = vec![self.not(values)?];
        while self.cursor.eat_keyword("and") {
            parts.push(self.not(values)?);
        }
        Ok(Ast::all_of(parts))
    }

    fn not(&mut self, values: Values<'_>) -> Result<Ast, Error> {
        self.cursor.skip_space();
        let start = self.cursor.at;
        if self.cursor.eat_keyword("not") {
            return Ok(self.deeper(start, |parser| parser.not(values))?.negated());
        }
        if self.cursor.eat('(') {
            return self.parentheses(start, values);
        }
        match values {
            None => self.term(),
            Some(target) => self.value(target),
        }
    }

    /// Counts the nesting around `inner`, which begins at `start`.
    fn deeper(&mut self, start: usize, inner: impl FnOnce(&mut Self) -> Result<Ast, Error>) -> Result<Ast, Error> {
        if self.depth == MAX_DEPTH {
            let message = format!("This is nested too deep: at most {MAX_DEPTH} parentheses and nots.");
            return Err(mistake(message, start, self.cursor.at));
        }
        self.depth += 1;
        let ast = inner(self);
        self.depth -= 1;
        ast
    }

    /// What follows the parenthesis at `start`.
    fn parentheses(&mut self, start: usize, values: Values<'_>) -> Result<Ast, Error> {
        let ast = self.deeper(start, |parser| parser.or(values))?;
        if self.cursor.eat(')') {
            return Ok(ast);
        }
        if self.cursor.peek().is_none() {
            return Err(mistake("This parenthesis is never closed.", start, start + 1));
        }
        Err(self.unexpected("Expected and, or, or a closing parenthesis."))
    }

    fn term(&mut self) -> Result<Ast, Error> {
        let start = self.cursor.at;
        if self.cursor.peek() == Some('*') && self.cursor.word_end() == start + 1 {
            self.cursor.at += 1;
            return Ok(Ast::All);
        }
        let Some(segments) = self.cursor.name()? else { return self.text(start) };
        let end = self.cursor.at;
        if self.cursor.eat(':') {
            let target = name::target(segments, start, end)?;
            self.cursor.skip_space();
            let open = self.cursor.at;
            return if self.cursor.eat('(') { self.parentheses(open, Some(&target)) } else { self.value(&target) };
        }
        if let Some(comparison) = self.cursor.eat_comparison() {
            let target = name::target(segments, start, end)?;
            return self.range(target, comparison);
        }
        if let Some(sign) = ["!=", "="].into_iter().find(|sign| self.cursor.is_next(sign)) {
            let not = if sign == "!=" { "not " } else { "" };
            let message = format!(
                "There is no sign {sign}. Write {not}{}:value; to look for this as text, put it in quotes.",
                self.cursor.slice(start, end)
            );
            return Err(mistake(message, self.cursor.at, self.cursor.at + sign.len()));
        }
        self.cursor.at = start;
        self.text(start)
    }

    /// A value without a field.
    fn text(&mut self, start: usize) -> Result<Ast, Error> {
        if self.cursor.peek().is_none_or(|c| matches!(c, '(' | ')')) || self.cursor.keyword().is_some() {
            return Err(self.no_term());
        }
        let pattern = if self.cursor.peek() == Some('"') {
            Pattern::Exactly(self.cursor.quoted()?)
        } else if let Some(sign) = self.cursor.operator_in_word() {
            let message = format!(
                "Before {sign} stands a field, for example event_name. To look for this as text, put it in quotes."
            );
            return Err(mistake(message, start, self.cursor.word_end()));
        } else {
            self.cursor.word()?
        };
        match pattern {
            Pattern::Exists => Ok(Ast::All),
            pattern => self.checked(Target::Event, pattern, start),
        }
    }

    /// What follows `field >=`.
    fn range(&mut self, target: Target, comparison: Comparison) -> Result<Ast, Error> {
        self.cursor.skip_space();
        let start = self.cursor.at;
        match self.pattern()? {
            Pattern::Exactly(bound) => self.checked(target, Pattern::Range(comparison, bound), start),
            _ => Err(mistake("A range takes a whole value, without stars.", start, self.cursor.at)),
        }
    }

    fn value(&mut self, target: &Target) -> Result<Ast, Error> {
        let start = self.cursor.at;
        let pattern = self.pattern()?;
        self.checked(target.clone(), pattern, start)
    }

    /// A word or a quoted text, in the place of a value.
    fn pattern(&mut self) -> Result<Pattern, Error> {
        match self.cursor.peek() {
            None | Some(')' | '(') => Err(self.no_value()),
            Some('"') => Ok(Pattern::Exactly(self.cursor.quoted()?)),
            Some(_) => match self.cursor.keyword() {
                Some(keyword) => {
                    let message = format!("Expected a value. To look for the word {keyword}, write \"{keyword}\".");
                    Err(mistake(message, self.cursor.at, self.cursor.word_end()))
                }
                None => self.cursor.word(),
            },
        }
    }

    /// The term of a pattern that began at `start`, if it is one for this target.
    fn checked(&self, target: Target, pattern: Pattern, start: usize) -> Result<Ast, Error> {
        let pattern = value::checked(&target, pattern).map_err(|message| mistake(message, start, self.cursor.at))?;
        Ok(Ast::Term(Term { target, pattern }))
    }

    fn no_value(&self) -> Error {
        let at = self.cursor.at;
        let end = at + usize::from(self.cursor.peek().is_some());
        mistake("Expected a value: field:value, field:\"a value\", field:Begin* or field:* for any.", at, end)
    }

    /// There is no term where the cursor is.
    fn no_term(&self) -> Error {
        let start = self.cursor.at;
        const RIGHT: &str = "Write field: value, for example event_name: DeleteBucket.";
        match (self.cursor.peek(), self.cursor.keyword()) {
            (None, _) => mistake(format!("Something is missing at the end. {RIGHT}"), start, start),
            (_, Some(keyword)) => {
                mistake(format!("There is nothing before this {keyword}. {RIGHT}"), start, self.cursor.word_end())
            }
            _ => mistake(format!("There is nothing before this parenthesis. {RIGHT}"), start, start + 1),
        }
    }

    /// The end of the word or quoted text that begins here.
    fn word_or_quoted_end(&self) -> usize {
        if self.cursor.peek() == Some('"') { self.cursor.quoted_end() } else { self.cursor.word_end() }
    }

    fn end(&mut self) -> Result<(), Error> {
        self.cursor.skip_space();
        match self.cursor.peek() {
            None => Ok(()),
            Some(')') => {
                let at = self.cursor.at;
                Err(mistake("No parenthesis is open that this one could close.", at, at + 1))
            }
            Some(_) => Err(self.unexpected("Expected and, or, or the end of the filter.")),
        }
    }

    /// Something else than what may follow a whole term.
    fn unexpected(&self, expected: &str) -> Error {
        let (start, end) = (self.cursor.at, self.word_or_quoted_end());
        let end = if self.cursor.peek().is_some_and(is_delimiter) { end.max(start + 1) } else { end };
        mistake(format!("{expected} Text with spaces needs quotes: \"two words\"."), start, end)
    }
}
