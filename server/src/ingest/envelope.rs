//! What a piece of JSON is: an event, something with events inside, a digest file, or nothing of ours. Told by content alone.

use std::io::Cursor;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    inflate::{Allowance, Inflate},
    json,
    moment::Moment,
    record::{self, Fallback, Record},
    scan::{KEPT_TEXT, Piece, Scanner},
};

/// Envelopes as text in envelopes; deeper ones are not opened.
const MOST_NESTING: u32 = 4;
/// Beyond so many bytes, a compressed record of Firehose must not look like a compression bomb.
const RATIO_FROM: u64 = 1 << 20;

/// What was found in a piece.
#[derive(Debug)]
pub enum Found {
    Event(Box<Record>),
    /// Not readable as an event.
    Rejected {
        reason: String,
        text: String,
        /// It is something else altogether, and no event that went wrong.
        alien: bool,
    },
    /// A CloudTrail digest file.
    Digest,
    /// Another file of CloudTrail without events: the signature of a Lake query, a control message.
    Other,
}

const KEYS: [&str; 17] = [
    "CloudTrailEvent",
    "EventTime",
    "detail",
    "detail-type",
    "source",
    "time",
    "account",
    "region",
    "message",
    "timestamp",
    "id",
    "digestStartTime",
    "logFiles",
    "hashSignature",
    "files",
    "messageType",
    "data",
];

/// Reads a piece and hands what is in it to `out`. `allowance` is of the whole object.
pub fn open(piece: &Piece<'_>, allowance: &Allowance, out: &mut dyn FnMut(Found)) {
    open_piece(piece, &Around { allowance, fallback: Fallback::default(), nesting: 0, wrapped: false }, out);
}

/// What is around a piece.
#[derive(Clone)]
struct Around<'a> {
    allowance: &'a Allowance,
    fallback: Fallback,
    /// How many envelopes.
    nesting: u32,
    /// One of them is no envelope that we know: then an event must have an id and a version to be believed.
    wrapped: bool,
}

impl Around<'_> {
    fn deeper(&self, fallback: Fallback) -> Self {
        Around { fallback, nesting: self.nesting + 1, ..*self }
    }
}

fn open_piece(piece: &Piece<'_>, around: &Around<'_>, out: &mut dyn FnMut(Found)) {
    if piece.digest && piece.problem.as_ref().is_none_or(|problem| problem.starts_with("larger")) {
        return out(Found::Digest);
    }
    match (&piece.problem, std::str::from_utf8(piece.bytes)) {
        (Some(problem), _) => out(rejected(problem.clone(), &String::from_utf8_lossy(piece.bytes))),
        (None, Err(error)) => {
            let at = piece.offset + error.valid_up_to() as u64;
            out(rejected(format!("invalid UTF-8 at byte {at}"), &String::from_utf8_lossy(piece.bytes)));
        }
        (None, Ok(text)) => open_text(text, around, out),
    }
}

fn rejected(reason: String, text: &str) -> Found {
    Found::Rejected { reason, text: json::cut(text, KEPT_TEXT).replace('\0', "\u{fffd}"), alien: false }
}

fn alien(reason: &str, text: &str) -> Found {
    match rejected(reason.to_owned(), text) {
        Found::Rejected { reason, text, .. } => Found::Rejected { reason, text, alien: true },
        found => found,
    }
}

/// Opens one JSON value.
fn open_text(raw: &str, around: &Around<'_>, out: &mut dyn FnMut(Found)) {
    if around.nesting > MOST_NESTING {
        return out(rejected("envelopes nested too deep".to_owned(), raw));
    }
    if raw.starts_with('"') {
        return match json::string(raw) {
            Some(text) if text.trim_start().starts_with(['{', '[']) => {
                open_nested(&text, &around.deeper(around.fallback.clone()), out)
            }
            _ => out(alien("not a JSON object", raw)),
        };
    }
    if !raw.starts_with('{') {
        return out(alien("not a JSON object", raw));
    }
    let cleaned = json::clean(raw);
    let text = cleaned.as_deref().unwrap_or(raw);
    let values = match json::object(text, &record::KEYS) {
        Ok(values) => values,
        Err(error) => return out(rejected(format!("broken JSON: {error}"), raw)),
    };
    if record::is_event(&values) && (!around.wrapped || record::is_whole(&values)) {
        let source = json::text(values[5]).unwrap_or_default();
        if source.starts_with("aws:") {
            return out(alien(&format!("a notification of {source}, not a CloudTrail event"), raw));
        }
        return out(match record::read(raw, cleaned.as_deref(), &values, &around.fallback) {
            Ok(record) => Found::Event(Box::new(record)),
            Err(reason) => rejected(reason, raw),
        });
    }
    open_envelope(raw, text, around, out);
}

fn open_envelope(raw: &str, text: &str, around: &Around<'_>, out: &mut dyn FnMut(Found)) {
    let outer = &around.fallback;
    let Ok(values) = json::object(text, &KEYS) else { return out(rejected("broken JSON".to_owned(), raw)) };
    let [event, event_time, detail, detail_type, source, time, account, region, message, timestamp, id, ..] = values;
    let [.., digest_start, log_files, signature, files, message_type, data] = values;
    // LookupEvents: the record as text.
    if let Some(event) = event {
        let fallback = Fallback { time: Moment::of(event_time).or(outer.time), ..outer.clone() };
        return open_text(event.get(), &around.deeper(fallback), out);
    }
    // EventBridge.
    if let Some(detail) =
        detail.filter(|detail| detail.get().starts_with('{') && (detail_type.is_some() || source.is_some()))
    {
        let owned = |value| json::text(value).map(|text| json::cut(&text.replace('\0', "\u{fffd}"), 64).to_owned());
        let fallback = Fallback { time: Moment::of(time), account: owned(account), region: owned(region) };
        return open_text(detail.get(), &around.deeper(fallback), out);
    }
    // A line of CloudWatch Logs.
    if let Some(message) = json::text(message).filter(|_| timestamp.is_some() || id.is_some()) {
        let fallback = Fallback { time: Moment::of(timestamp).or(outer.time), ..outer.clone() };
        return if message.trim_start().starts_with(['{', '[']) {
            open_nested(&message, &around.deeper(fallback), out)
        } else if message.starts_with("CWL CONTROL MESSAGE") {
            out(Found::Other)
        } else {
            out(alien("a log line that is not JSON", raw))
        };
    }
    if digest_start.is_some() && log_files.is_some() {
        return out(Found::Digest);
    }
    if signature.is_some() && files.is_some() || json::text(message_type).as_deref() == Some("CONTROL_MESSAGE") {
        return out(Found::Other);
    }
    if open_wrapped(text, around, out) {
        return;
    }
    match data.and_then(|data| json::string(data.get())) {
        Some(data) => open_data(&data, raw, around, out),
        None => out(alien("not a CloudTrail event: it has no eventName, eventSource or eventType", raw)),
    }
}

/// A record of Firehose, or what a subscription of CloudWatch Logs hands to a function: base64 of any envelope, compressed or not. What is damaged
/// is kept as it came.
fn open_data(data: &str, raw: &str, around: &Around<'_>, out: &mut dyn FnMut(Found)) {
    let bytes = match BASE64_STANDARD.decode(data) {
        Ok(bytes) if bytes.is_empty() => return out(Found::Other),
        Ok(bytes) => bytes,
        Err(error) => return out(alien(&format!("data is not base64: {error}"), raw)),
    };
    let inside = around.deeper(around.fallback.clone());
    let mut input = Inflate::of_many(Cursor::new(bytes), RATIO_FROM);
    let (mut scanner, mut chunk) = (Scanner::default(), Vec::new());
    let damage = loop {
        match input.chunk(&mut chunk) {
            Err(damage) => break Some(damage.to_string()),
            Ok(()) if chunk.is_empty() => break None,
            Ok(()) => {
                if let Err(bomb) = around.allowance.take(chunk.len()) {
                    break Some(bomb.to_string());
                }
                if let Err(error) = scanner.push(&chunk, &mut |piece| open_piece(&piece, &inside, out)) {
                    break Some(error.to_string());
                }
            }
        }
    };
    // What ends in the middle is handed out as a piece with its problem.
    let _ = scanner.finish(&mut |piece| open_piece(&piece, &inside, out));
    if let Some(damage) = damage {
        out(rejected(format!("data: {damage}"), raw));
    }
}

/// Log shippers wrap events in objects of their own, as `{"aws":{"cloudtrail":{…}}}`: looks into every object and array inside.
/// False when there is no event, and nothing was handed out.
fn open_wrapped(text: &str, around: &Around<'_>, out: &mut dyn FnMut(Found)) -> bool {
    let mut any = false;
    let inside = Around { wrapped: true, ..around.deeper(around.fallback.clone()) };
    if around.nesting < MOST_NESTING {
        for value in json::nested(text).unwrap_or_default() {
            open_nested(value.get(), &inside, &mut |inner| {
                if !matches!(inner, Found::Rejected { alien: true, .. } | Found::Other | Found::Digest) {
                    any = true;
                    out(inner);
                }
            });
        }
    }
    any
}

/// Opens text that was inside of a string: again any envelope.
fn open_nested(text: &str, around: &Around<'_>, out: &mut dyn FnMut(Found)) {
    let mut scanner = Scanner::default();
    let mut sink = |piece: Piece<'_>| open_piece(&piece, around, out);
    let pushed = scanner.push(text.as_bytes(), &mut sink);
    // What ends in the middle was handed out as a piece with its problem.
    let _ = scanner.finish(&mut sink);
    if pushed.is_err() {
        out(rejected("not JSON inside of a string".to_owned(), text));
    }
}
