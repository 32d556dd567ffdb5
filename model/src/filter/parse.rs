//! Text to `Ast`: recursive descent over the grammar of the module.

use super::{
    Ast, MAX_BYTES, MAX_DEPTH, Pattern, Target, Term,
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
        let Some(segments) = self.cursor.name()? else { return Err(self.no_term()) };
        let end = self.cursor.at;
        if !self.cursor.eat(':') {
            self.cursor.at = start;
            return Err(self.no_term());
        }
        let target = name::target(segments, start, end)?;
        self.cursor.skip_space();
        let open = self.cursor.at;
        if self.cursor.eat('(') { self.parentheses(open, Some(&target)) } else { self.value(&target) }
    }

    fn value(&mut self, target: &Target) -> Result<Ast, Error> {
        let start = self.cursor.at;
        let pattern = match self.cursor.peek() {
            None | Some(')' | '(') => return Err(self.no_value()),
            Some('"') => Pattern::Exactly(self.cursor.quoted()?),
            Some(_) => match self.cursor.keyword() {
                Some(keyword) => {
                    let message = format!("Expected a value. To look for the word {keyword}, write \"{keyword}\".");
                    return Err(mistake(message, start, self.cursor.word_end()));
                }
                None => self.cursor.word()?,
            },
        };
        let pattern = value::checked(target, pattern).map_err(|message| mistake(message, start, self.cursor.at))?;
        Ok(Ast::Term(Term { target: target.clone(), pattern }))
    }

    fn no_value(&self) -> Error {
        let at = self.cursor.at;
        let end = at + usize::from(self.cursor.peek().is_some());
        mistake("Expected a value: field:value, field:\"a value\", field:Begin* or field:* for any.", at, end)
    }

    /// There is no `field: value` where the cursor is.
    fn no_term(&self) -> Error {
        let start = self.cursor.at;
        const RIGHT: &str = "Write field: value, for example event_name: DeleteBucket.";
        match self.cursor.peek() {
            None => mistake(format!("Something is missing at the end. {RIGHT}"), start, start),
            Some(')') => mistake(format!("There is nothing before this parenthesis. {RIGHT}"), start, start + 1),
            _ => match self.cursor.keyword() {
                Some(keyword) => {
                    mistake(format!("There is nothing before this {keyword}. {RIGHT}"), start, self.cursor.word_end())
                }
                None => mistake(format!("This is no field with a value. {RIGHT}"), start, self.word_or_quoted_end()),
            },
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
        mistake(format!("{expected} A value with spaces needs quotes: field:\"a value\"."), start, end)
    }
}
