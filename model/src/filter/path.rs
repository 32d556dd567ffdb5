//! Paths into an event's own JSON.

use serde_json::Value;

use crate::series::Cell;

/// What stands at `path` in an event, as `eval_values` compares it: lists on the way and at its end count as their
/// elements (one level each), missing values and nulls not at all, texts as they are, numbers and booleans by their
/// JSON text, and what has no text of its own (an object, a list in a list) as `Cell::Null`.
///
/// A number's text is serde_json's: one that fits no `i64`, `u64` or `f64` exactly compares by its rounded text.
pub fn path_values(event: &Value, path: &[String]) -> Vec<Cell> {
    let mut found = vec![event];
    for segment in path {
        found = found.into_iter().filter_map(|value| value.as_object()?.get(segment)).flat_map(elements).collect();
    }
    found.into_iter().filter_map(cell).collect()
}

fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}

fn cell(value: &Value) -> Option<Cell> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cell::Text(text.clone())),
        Value::Bool(value) => Some(Cell::Text(value.to_string())),
        Value::Number(number) => Some(Cell::Text(number.to_string())),
        Value::Array(_) | Value::Object(_) => Some(Cell::Null),
    }
}
