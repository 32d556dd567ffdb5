//! Properties of any filter and any text.

use proptest::prelude::*;

use super::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c*\\\\\"() :\n\u{a0}\u{202e}]{0,6}", "and|OR|not|true|[0-9]{1,3}", any::<String>()]
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        Just(Pattern::Exists),
        any_text().prop_map(Pattern::Exactly),
        prop::collection::vec(any_text(), 2..5).prop_map(lex::pattern),
        (prop::sample::select(&Comparison::ALL[..]), any_text()).prop_map(|(sign, bound)| Pattern::Range(sign, bound)),
    ]
}

/// Terms as `parse` makes them: known names as fields, values in their one spelling.
fn any_term() -> impl Strategy<Value = Ast> {
    let segment = prop_oneof!["[a-zA-Z0-9_@-]{1,8}", any_text()];
    let first = prop_oneof![Just("requestParameters".to_owned()), Just("requestParameter".to_owned()), segment.clone()];
    let path = (first, prop::collection::vec(segment, 0..4)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        name::field(&rest).map_or(Target::Path(rest), Target::Field)
    });
    let target = prop_oneof![prop::sample::select(Field::ALL).prop_map(Target::Field), path];
    let target = prop_oneof![3 => target, 1 => Just(Target::Event)];
    (target, any_pattern()).prop_map(|(target, pattern)| match (target, pattern) {
        (Target::Event, Pattern::Exists | Pattern::Range(..)) => Ast::All,
        (target, pattern) => match value::checked(&target, pattern) {
            Ok(pattern) => Ast::Term(Term { target, pattern }),
            Err(_) if target == Target::Event => Ast::All,
            Err(_) => Ast::Term(Term { target, pattern: Pattern::Exists }),
        },
    })
}

fn any_ast() -> impl Strategy<Value = Ast> {
    prop_oneof![4 => any_term(), 1 => Just(Ast::All)].prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Ast::negated),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Ast::all_of),
            prop::collection::vec(inner, 0..4).prop_map(Ast::any_of),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_filter_is_the_same_after_its_text(ast in any_ast()) {
        let text = print(&ast);
        if text.len() <= MAX_BYTES {
            prop_assert_eq!(parse(&text), Ok(ast), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), "(not |and |or |\\(|\\)|\"|:|>=|<|=|\\*|\\\\|actor|as_number|read_only| |requestParameters|\\.|x|é){0,20}"]) {
        match parse(&text) {
            Ok(ast) => {
                prop_assert_eq!(parse(&print(&ast)), Ok(ast));
            }
            Err(error) => {
                let span = error.span.expect("a span");
                prop_assert!(span.start <= span.end && span.end as usize <= text.chars().count());
            }
        }
    }

    #[test]
    fn the_cursor_may_stand_anywhere(text in "(not |and |or |\\(|\\)|\"|:|>=|\\*|\\\\|actor|as_number| |requestParameters|\\.|x|é){0,20}", cursor in 0..40_usize) {
        let length = text.chars().count();
        let Some(place) = complete::place(&text, cursor.min(length)) else { return Ok(()) };
        prop_assert!(place.start <= cursor.min(length) && cursor.min(length) <= place.end && place.end <= length);
        prop_assert!(parse(&place.rest).is_ok(), "{}", place.rest);
        for suggestion in complete::suggestions(&place) {
            let (text, cursor) = complete::accepted(&text, &place, &suggestion);
            prop_assert!(cursor <= text.chars().count());
        }
    }

    #[test]
    fn wildcards_match_what_they_are_made_of(pieces in prop::collection::vec("[ab]{0,2}", 2..5), between in prop::collection::vec("[ab]{0,2}", 4)) {
        let text: String = pieces.iter().enumerate().map(|(at, piece)| if at == 0 { piece.clone() } else { between[at - 1].clone() + piece }).collect();
        let term = Ast::Term(Term { target: Target::Field(Field::Actor), pattern: lex::pattern(pieces) });
        prop_assert!(eval(&term, &|_| Cell::Text(text.clone())));
    }
}
