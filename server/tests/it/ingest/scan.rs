//! The scanner alone: where records begin and end, and how it finds back after mistakes.

use proptest::prelude::*;
use server::ingest::scan::{MOST_RECORD, ScanError, Scanner};

use super::fixture;

type Cut = (u64, Vec<u8>, Option<String>);

/// Scans `bytes` in chunks of the given sizes, over and over.
fn scan_in(bytes: &[u8], sizes: &[usize]) -> (Vec<Cut>, Result<(), ScanError>) {
    let mut pieces = Vec::new();
    let mut scanner = Scanner::default();
    let mut rest = bytes;
    let mut result = Ok(());
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at((*size).clamp(1, rest.len().max(1)).min(rest.len()));
        result =
            result.and_then(|()| scanner.push(chunk, &mut |p| pieces.push((p.offset, p.bytes.to_vec(), p.problem))));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let finished = scanner.finish(&mut |p| pieces.push((p.offset, p.bytes.to_vec(), p.problem)));
    (pieces, result.and(finished))
}

/// Offset and text of every piece; those with a problem begin with `!`.
fn scan(text: &str) -> (Vec<String>, Result<(), ScanError>) {
    let (pieces, result) = scan_in(text.as_bytes(), &[7]);
    let show = |(offset, bytes, problem): Cut| {
        let mark = if problem.is_some() { "!" } else { "" };
        format!("{mark}{offset} {}", String::from_utf8(bytes).unwrap())
    };
    (pieces.into_iter().map(show).collect(), result)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(scan(text), (expected.iter().map(|&line| line.to_owned()).collect(), Ok(())), "{text}");
}

#[test]
fn finds_the_records_of_every_envelope() {
    check("", &[]);
    check(" \n ", &[]);
    check("\u{feff}{\"a\":1}", &["3 {\"a\":1}"]);
    check(r#"{"a":1}"#, &[r#"0 {"a":1}"#]);
    check("{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", &[r#"0 {"a":1}"#, r#"8 {"a":2}"#, r#"18 {"a":3}"#]);
    check(r#"{"a":1}{"a":2}"#, &[r#"0 {"a":1}"#, r#"7 {"a":2}"#]);
    check(r#"[{"a":1}, {"b":[{}, 2]}]"#, &[r#"1 {"a":1}"#, r#"10 {"b":[{}, 2]}"#]);
    check(r#"{"Records":[{"a":1},{"a":2}]}"#, &[r#"12 {"a":1}"#, r#"20 {"a":2}"#]);
    check(r#"{"x": {"Records": 1}, "Records" : [ {"a":1} ] , "y": [1]}"#, &[r#"36 {"a":1}"#]);
    check(r#"[{"Records":[{"a":1}]},{"Records":[]},[{"a":2}]]"#, &[r#"13 {"a":1}"#, r#"39 {"a":2}"#]);
    check(r#"{"Records":[{"detail":{"Records":[1]}}]}"#, &[r#"12 {"detail":{"Records":[1]}}"#]);
    check(r#"{"Records":[]}"#, &[]);
    check(r#"["{\"a\":1}", 12, null,true]"#, &[r#"1 "{\"a\":1}""#, "14 12", "18 null", "23 true"]);
}

#[test]
fn an_event_keeps_its_own_arrays() {
    let event = r#"{"eventVersion":"1","Events":[{"a":1}]}"#;
    check(event, &[&format!("0 {event}")]);
}

#[test]
fn a_broken_record_does_not_take_the_next_ones_with_it() {
    // Balanced: the record ends where its brackets do.
    check(r#"[{"a":1,},{"b":2}]"#, &[r#"!1 {"a":1,}"#, r#"10 {"b":2}"#]);
    check(r#"[{a:1},{'b':2},{"b":2}]"#, &["!1 {a:1}", "!7 {'b':2}", r#"15 {"b":2}"#]);
    // A line is cut off inside of a string, or misses a bracket.
    check("{\"a\":\"x\n{\"b\":2}", &["!0 {\"a\":\"x", r#"8 {"b":2}"#]);
    check("{\"a\":{\"x\":1}\n{\"b\":2}", &["!0 {\"a\":{\"x\":1}", r#"13 {"b":2}"#]);
    // An unclosed bracket or string in one line with what follows.
    let next = r#"{"eventVersion":"1"}"#;
    check(&format!(r#"{{"Records":[{{"a":[1,2}},{next}]}}"#), &["!12 {\"a\":[1,2}", &format!("23 {next}")]);
    check(
        &format!(r#"{{"Records":[{{"a":"x}},{next},{next}]}}"#),
        &["!12 {\"a\":\"x}", &format!("21 {next}"), &format!("42 {next}")],
    );
    check(&format!(r#"[{{"a":{{"b":1}},{next}]"#), &["!1 {\"a\":{\"b\":1}", &format!("14 {next}")]);
    // Text between documents.
    check("{\"a\":1}\nINFO {x}\n{\"b\":2}", &[r#"0 {"a":1}"#, "!8 INFO {x}", r#"17 {"b":2}"#]);
    check(r#"{"a":1}}}{"b":2}"#, &[r#"0 {"a":1}"#, "!7 }}", r#"9 {"b":2}"#]);
    check(r#"[{"a":1} : {"b":2}]"#, &[r#"1 {"a":1}"#, "!9 : ", r#"11 {"b":2}"#]);
}

#[test]
fn the_end_in_the_middle_is_told_with_its_place() {
    let ends = |text: &str| scan(text);
    assert_eq!(
        ends(r#"{"Records":[{"a":1},{"a":"#),
        (vec![r#"12 {"a":1}"#.into(), r#"!20 {"a":"#.into()], Err(ScanError::Ends(25)))
    );
    assert_eq!(ends(r#"[{"a":1}"#), (vec![r#"1 {"a":1}"#.into()], Err(ScanError::Ends(8))));
    assert_eq!(ends("{\"a\":1}\n{\"b"), (vec![r#"0 {"a":1}"#.into(), "!8 {\"b".into()], Err(ScanError::Ends(11))));
    assert_eq!(ends("time,name\n1,2"), (vec![], Err(ScanError::NotJson(0))));
    assert_eq!(ends("\0\0\0"), (vec![], Err(ScanError::NotJson(0))));
    assert_eq!(ends(r#"{"Records":[{"a":1}}"#), (vec![r#"12 {"a":1}"#.into()], Err(ScanError::Unclosed(19))));
}

#[test]
fn size_and_depth_are_bounded() {
    let large = format!(r#"[{{"a":"{}"}},{{"b":2}}]"#, "x".repeat(MOST_RECORD));
    let (pieces, result) = scan_in(large.as_bytes(), &[65536]);
    assert_eq!(result, Ok(()));
    assert_eq!(pieces[0].1.len(), 1 << 20);
    assert_eq!(pieces[0].2.as_deref(), Some(&*format!("larger than 4 MiB ({} bytes)", MOST_RECORD + 8)));
    assert_eq!(pieces[1].1, br#"{"b":2}"#);

    let depth = 100_000;
    let deep = format!(r#"[{{"a":{}{}}},{{"b":2}}]"#, "[".repeat(depth), "]".repeat(depth));
    let (pieces, result) = scan_in(deep.as_bytes(), &[65536]);
    assert_eq!((pieces.len(), result), (2, Ok(())));
    assert_eq!(pieces[0].2.as_deref(), Some("nested deeper than 120"));

    let (pieces, result) = scan_in("[".repeat(depth).as_bytes(), &[65536]);
    assert_eq!((pieces.len(), result), (1, Err(ScanError::Ends(depth as u64))));
}

#[test]
fn hostile_marks_take_linear_time() {
    const TIMES: usize = 8;
    let quickest = |hostile: String| {
        let scan = |_| {
            let began = std::time::Instant::now();
            let _ = scan_in(hostile.as_bytes(), &[65536]);
            began.elapsed()
        };
        // Of several, since a busy machine delays some.
        (0..5).map(scan).min().unwrap().as_secs_f64()
    };
    for (mark, count) in [(r#"{"eventVersion":"#, 6_000), ("{\n", 30_000), ("{\"a\":\"\n", 12_000), ("[\"", 30_000)] {
        let (few, many) = (quickest(mark.repeat(count)), quickest(mark.repeat(count * TIMES)));
        // In quadratic time it would be 64 times as long.
        assert!(many / few < 32.0, "{mark}: {count} take {few} s, {TIMES} times as many {many} s");
    }
}

fn json_like() -> impl Strategy<Value = Vec<u8>> {
    const TOKENS: [&[u8]; 20] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\n",
        b" ",
        b"\"Records\":[",
        b"{\"eventVersion\":\"1\"}",
        b"{\"eventVersion\"",
        b"\"a\":1",
        b"12",
        b"null",
        b"x",
        b"\xff",
        b"\n{",
        b"{\"a\":1}",
    ];
    let token = prop::sample::select(&TOKENS[..]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn chunks_make_no_difference(bytes in json_like(), sizes in prop::collection::vec(1usize..20, 1..8)) {
        prop_assert_eq!(scan_in(&bytes, &[usize::MAX >> 1]), scan_in(&bytes, &sizes));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = fixture::decode(bytes.clone());
        let _ = fixture::decode([b"[{\"a\":".to_vec(), bytes].concat());
    }

    #[test]
    fn every_event_is_found_among_junk(junk in prop::collection::vec("[^{}\\[\\]\n]{0,20}", 0..6)) {
        let mut text = fixture::event(0).to_string();
        for (number, junk) in (1..).zip(&junk) {
            text += &format!("\n{junk}\n{}", fixture::event(number));
        }
        let (items, _) = fixture::decode(text);
        let found = items.iter().filter(|item| item.content.is_ok()).count();
        prop_assert_eq!(found, junk.len() + 1);
    }
}
