//! What holds for every text of a filter. The fuzz target and a test of `model`, which replays the corpus, share it.

use std::sync::LazyLock;

use model::{
    field::Field,
    filter::{self, Ast, Target, complete, eval_values, event_text, path_values},
    series::Cell,
};
use serde_json::Value;

/// An event with lists, escapes and odd types: what a filter is evaluated on.
const EVENT: &str = r#"{"eventName":"PutObject","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.7","readOnly":false,
"requestParameters":{"bucketName":"audit \"logs\" \u00e9\/","maxKeys":1000,"items":[{"port":443},{"port":"22"},null,[]]}}"#;

static JSON: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(EVENT).expect("the event is JSON"));

/// Panics where a filter is not the same after its text, does not say the same of an event, or a mistake or the
/// cursor's place lies outside of the text.
pub fn check(text: &str) {
    let length = text.chars().count();
    match filter::parse(text) {
        Ok(ast) => same_after_its_text(&ast),
        Err(error) => {
            let span = error.span.expect("a mistake has a place");
            assert!(span.start <= span.end && span.end as usize <= length, "{span:?} of {length} characters");
        }
    }
    for cursor in [0, length / 2, length] {
        let Some(place) = complete::place(text, cursor) else { continue };
        assert!(place.start <= cursor && cursor <= place.end && place.end <= length, "{place:?}");
        filter::parse(&place.rest).expect("what holds at the cursor is a filter");
        for suggestion in complete::suggestions(&place) {
            complete::accepted(text, &place, &suggestion);
        }
    }
}

fn same_after_its_text(ast: &Ast) {
    let printed = filter::print(ast);
    // What is written with more signs than it was read may be too long.
    if printed.len() > filter::MAX_BYTES {
        return;
    }
    let again = filter::parse(&printed).expect("a printed filter can be read");
    assert_eq!(*ast, again, "{printed}");
    let matches = eval_values(ast, &values);
    assert_ne!(matches, eval_values(&ast.clone().negated(), &values), "{printed}");
}

fn values(target: &Target) -> Vec<Cell> {
    match target {
        Target::Field(Field::SourceIp | Field::SourceAddress) => vec![Cell::Text("198.51.100.7".to_owned())],
        Target::Field(Field::ReadOnly) => vec![Cell::Bool(false)],
        Target::Field(Field::AsNumber) => vec![Cell::Int(64500)],
        Target::Field(Field::Latitude) => vec![Cell::Float(52.5)],
        Target::Field(Field::Resource) => vec![Cell::List(vec!["arn:aws:s3:::logs".to_owned(), "logs".to_owned()])],
        Target::Field(field) => {
            let at = |path: &&str| path_values(&JSON, &path.split('.').map(str::to_owned).collect::<Vec<_>>());
            field.paths().iter().map(at).find(|found| !found.is_empty()).unwrap_or_default()
        }
        Target::Path(path) => path_values(&JSON, path),
        Target::Event => vec![Cell::Text(event_text(EVENT).into_owned())],
    }
}
