//! What a control at the top of a dashboard does with a filter: it holds some values of one field, and leaves the rest alone.

use super::{Ast, Pattern, Target, Term, parse, print};
use crate::{field::Field, series::Cell};

/// The values of `field` that the filter asks for in one of its top-level conditions (`field: a`, `field: (a or b)`), and the
/// filter without that. A filter that cannot be read asks for none.
pub fn chosen(filter: &str, field: Field) -> (Vec<String>, Ast) {
    let mut terms = parse(filter).map(|ast| ast.terms()).unwrap_or_default();
    let found = terms.iter().enumerate().find_map(|(at, term)| Some((at, values(term, field)?)));
    let Some((at, values)) = found else { return (Vec::new(), Ast::all_of(terms)) };
    terms.remove(at);
    (values, Ast::all_of(terms))
}

/// The filter with these values of `field` instead of those that were chosen.
pub fn choose(filter: &str, field: Field, values: &[String]) -> String {
    let (_, rest) = chosen(filter, field);
    let is = |value: &String| Ast::equals(field, &Cell::Text(value.clone()));
    let condition = if values.is_empty() { Ast::All } else { Ast::any_of(values.iter().map(is)) };
    print(&rest.and(condition))
}

fn values(term: &Ast, field: Field) -> Option<Vec<String>> {
    match term {
        Ast::Term(Term { target: Target::Field(of), pattern: Pattern::Exactly(value) }) if *of == field => {
            Some(vec![value.clone()])
        }
        Ast::Or(parts) => {
            parts.iter().map(|part| values(part, field)).collect::<Option<Vec<_>>>().map(|of| of.concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_holds_the_values_of_its_field() {
        fn check(filter: &str, expected: &[&str], rest: &str) {
            let (values, others) = chosen(filter, Field::AwsRegion);
            assert_eq!(
                (values, print(&others)),
                (expected.iter().map(|text| (*text).to_owned()).collect(), rest.into())
            );
        }
        check("", &[], "");
        check("aws_region:eu-west-1", &["eu-west-1"], "");
        check("outcome:failure and aws_region:(a or b)", &["a", "b"], "outcome:failure");
        check("awsRegion:a and actor:x", &["a"], "actor:x");
        // What is more than values is a condition of the reader's own.
        check("aws_region:eu-*", &[], "aws_region:eu-*");
        check("not aws_region:a", &[], "not aws_region:a");
        check("aws_region:a or actor:x", &[], "aws_region:a or actor:x");
        check("aws_region:(", &[], "");
    }

    #[test]
    fn choosing_replaces_what_was_chosen() {
        fn check(filter: &str, values: &[&str], expected: &str) {
            let values: Vec<_> = values.iter().map(|text| (*text).to_owned()).collect();
            let chosen_now = choose(filter, Field::Actor, &values);
            assert_eq!(chosen_now, expected);
            assert_eq!(chosen(&chosen_now, Field::Actor).0, values);
        }
        check("", &["a b"], "actor:\"a b\"");
        check("outcome:failure", &["x"], "outcome:failure and actor:x");
        check("actor:x and outcome:failure", &["x", "y*"], "outcome:failure and actor:(x or \"y*\")");
        check("actor:x and outcome:failure", &[], "outcome:failure");
        check("actor:(", &["x"], "actor:x");
    }
}
