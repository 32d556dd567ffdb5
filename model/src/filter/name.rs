//! Names of fields and paths, and what a misspelt one probably means.

use super::{MAX_SEGMENTS, Target, lex::Segment, mistake};
use crate::{error::Error, field::Field};

/// CloudTrail's own names at the top of an event.
pub(super) const TOP: [&str; 33] = [
    "accountId",
    "addendum",
    "additionalEventData",
    "apiVersion",
    "awsRegion",
    "edgeDeviceDetails",
    "errorCode",
    "errorMessage",
    "eventCategory",
    "eventContext",
    "eventID",
    "eventId",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "insightDetails",
    "managementEvent",
    "readOnly",
    "recipientAccountId",
    "requestID",
    "requestParameters",
    "resources",
    "responseElements",
    "serviceEventDetails",
    "sessionCredentialFromConsole",
    "sharedEventID",
    "sourceIPAddress",
    "tlsDetails",
    "userAgent",
    "userIdentity",
    "vpcEndpointId",
];

/// What a name at `start..end` means.
pub(super) fn target(segments: Vec<Segment>, start: usize, end: usize) -> Result<Target, Error> {
    if segments.len() > MAX_SEGMENTS {
        return Err(mistake(format!("A path has at most {MAX_SEGMENTS} parts."), start, end));
    }
    let first_quoted = segments[0].quoted;
    let path: Vec<String> = segments.into_iter().map(|segment| segment.text).collect();
    if let Some(field) = field(&path) {
        return Ok(Target::Field(field));
    }
    if first_quoted || is_known(&path) {
        return Ok(Target::Path(path));
    }
    let name = &path[0];
    let message = match suggestion(name, path.len() == 1) {
        Some(near) => format!("There is no field {name}. Did you mean {near}?"),
        None => format!(
            "There is no field {name}. Write a field such as event_name, or a path such as requestParameters.bucketName; \
             to look for this as text, put it in quotes."
        ),
    };
    let end = if path.len() == 1 { end } else { start + name.chars().count() };
    Err(mistake(message, start, end))
}

/// The field of this key or of CloudTrail's path to it.
pub(super) fn field(path: &[String]) -> Option<Field> {
    if path.iter().any(|segment| segment.contains('.')) {
        return None;
    }
    let joined = path.join(".");
    Field::from_key(&joined).or_else(|| Field::from_path(&joined))
}

/// Whether the path's first segment may stand without quotes. CloudTrail may grow names that we do not know:
/// a longer path is only refused when its first segment is nearly a known name, or none at all (`10.0.0.1`).
pub(super) fn is_known(path: &[String]) -> bool {
    let is_name = path[0].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    TOP.contains(&path[0].as_str()) || (path.len() > 1 && is_name && suggestion(&path[0], false).is_none())
}

/// The known name that `name` probably means: the field that has it as a part (`region`: `aws_region`), else the
/// nearest by spelling.
fn suggestion(name: &str, alone: bool) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    // The beginning of an ARN, which belongs in quotes: no field is meant.
    if lower == "arn" {
        return None;
    }
    // A longer path may well begin with a name that is new: there only a slip counts.
    let most = if alone { 3 } else { 2 };
    let keys = Field::ALL.iter().map(|field| field.key()).filter(|_| alone);
    if let Some(key) = keys.clone().find(|key| key.split('_').any(|part| part == lower)) {
        return Some(key);
    }
    keys.chain(TOP)
        .map(|known| (strsim::osa_distance(&lower, &known.to_ascii_lowercase()), known))
        .filter(|(distance, known)| *distance <= most.min(known.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
