//! Tests of the filter language.

mod ast;
mod completion;
mod free_text;
mod matching;
mod mistake;
mod property;
mod range;
mod syntax;

use expect_test::Expect;

use super::*;

/// The canonical text of a filter and its structure, or the mistake under its text.
fn check(text: &str, expected: Expect) {
    let seen = match parse(text) {
        Ok(ast) => {
            assert_eq!(parse(&print(&ast)).as_ref(), Ok(&ast), "{text} printed and read again");
            match ast {
                Ast::All => "everything\n".to_owned(),
                ast => format!("{}\n", print(&ast)),
            }
        }
        Err(error) => {
            assert_eq!(error.parameter.as_deref(), Some("q"));
            format!("{}\n{}\n", caret(text, error.span.expect("a span")), error.message)
        }
    };
    expected.assert_eq(&seen);
}
