use super::{cut::most_frequent, *};

fn tally(groups: usize, distinct: &[usize], aggregates: &[&'static str]) -> Tally {
    Tally {
        keys: ["actor", "country", "session"].map(|name| (name, "text")).to_vec(),
        groups,
        distinct: distinct.to_vec(),
        aggregates: aggregates.to_vec(),
        bucket_ms: None,
        filters: Vec::new(),
        of_origin: false,
    }
}

fn rows<const N: usize>(all: &[([&str; 3], [i64; N])]) -> Rows {
    let mut rows = Rows::default();
    for (keys, numbers) in all {
        let mut key = Vec::new();
        keys.iter().for_each(|text| push_key((*text != "-").then_some(*text), &mut key));
        rows.push(&key, *numbers);
    }
    rows
}

/// The keys of each row, joined.
fn keys(rows: &Rows, count: usize) -> Vec<String> {
    let columns = rows.columns(count);
    let line =
        |at: usize| columns.iter().map(|column| column[at].as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ");
    (0..rows.len()).map(line).collect()
}

/// Each row with its numbers, sorted.
fn lines(rows: &Rows, width: usize) -> Vec<String> {
    let numbers = rows.numbers.chunks_exact(width);
    let mut lines: Vec<_> =
        keys(rows, 3).into_iter().zip(numbers).map(|(key, numbers)| format!("{key} {numbers:?}")).collect();
    lines.sort();
    lines
}

fn shown(tally: &Tally, rows: &Rows) -> Vec<String> {
    lines(rows, tally.aggregates.len())
}

#[test]
fn rows_of_a_key_are_summed_up() {
    let tally = tally(1, &[], &["events", "first_seen", "last_seen"]);
    let one = rows(&[(["änn", "-", "s"], [2, 10, 20]), (["", "CH", "s"], [1, 5, 5])]);
    let other = rows(&[(["änn", "-", "s"], [3, 9, 15])]);
    let sum = tally.sum([&one, &other, &Rows::default()]);
    assert_eq!(shown(&tally, &sum), [" CH s [1, 5, 5]", "änn - s [5, 9, 20]"]);
}

#[test]
fn values_that_are_only_counted_need_no_combinations() {
    let tally = tally(1, &[1, 2], &["events", "last_seen"]);
    let all = rows(&[
        (["ann", "CH", "s"], [2, 10]),
        (["ann", "CH", "t"], [1, 11]),
        (["ann", "DE", "t"], [4, 9]),
        (["bob", "-", "t"], [5, 5]),
    ]);
    let expected = [
        "ann - - [7, 11]",
        "ann - s [0, 10]",
        "ann - t [0, 11]",
        "ann CH - [0, 11]",
        "ann DE - [0, 9]",
        "bob - - [5, 5]",
        "bob - t [0, 5]",
    ];
    let unfold = |rows: &Rows| {
        let mut sum = Sum::new(&tally);
        rows.rows(2).for_each(|(key, numbers)| sum.unfold(key, numbers));
        sum.rows()
    };
    let unfolded = unfold(&all);
    assert_eq!(shown(&tally, &unfolded), expected);
    assert_eq!(shown(&tally, &unfold(&unfolded)), expected);
}

#[test]
fn the_top_groups_are_cut_out() {
    let tally = tally(1, &[], &["events"]);
    let sum = |all: &[([&str; 3], [i64; 1])]| tally.sum([&rows(all)]);
    let kept = sum(&[
        (["ann", "-", "s"], [2]),
        (["ann", "-", "t"], [2]),
        (["bob", "-", "s"], [3]),
        (["cat", "-", "s"], [1]),
        (["-", "-", "s"], [3]),
    ]);
    let more = sum(&[(["cat", "-", "s"], [4]), (["dan", "-", "s"], [3])]);
    let cut = |limit, by_text| {
        let (rows, rest) = tally.top(&kept, &more, Top { limit, by: "events", by_text });
        (shown(&tally, &rows), rest)
    };
    let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(cut(2, true), (lines(&["ann - s [2]", "ann - t [2]", "cat - s [1]", "cat - s [4]"]), 9));
    let (three, rest) = cut(3, true);
    assert_eq!((three.len(), rest), (5, 6), "bob before dan, and nulls last: {three:?}");
    assert!(three.contains(&"bob - s [3]".to_owned()));
    assert_eq!(cut(3, false).1, 0, "all that have as many");
    assert_eq!(cut(9, true).1, 0);
}

#[test]
fn groups_are_ranked_by_when_they_were_seen_too() {
    let tally = tally(1, &[], &["events", "first_seen", "last_seen"]);
    let kept = rows(&[(["ann", "-", "s"], [9, 1, 8]), (["ann", "-", "t"], [9, 3, 6]), (["bob", "-", "s"], [1, 2, 7])]);
    let more = rows(&[(["bob", "-", "t"], [1, 7, 9]), (["cat", "-", "t"], [1, 8, 8])]);
    let first = |by| {
        let (rows, rest) = tally.top(&kept, &more, Top { limit: 1, by, by_text: true });
        (keys(&rows, 3).join(", "), rest)
    };
    assert_eq!(first("events"), ("ann - s, ann - t".to_owned(), 3));
    assert_eq!(first("last_seen"), ("bob - s, bob - t".to_owned(), 19));
    assert_eq!(first("first_seen"), ("cat - t".to_owned(), 20));
}

#[test]
fn over_time_the_others_are_one_group() {
    // The first key is the bucket.
    let tally = tally(2, &[], &["events"]);
    let sum = |all: &[([&str; 3], [i64; 1])]| tally.sum([&rows(all)]);
    let kept = sum(&[
        (["1", "ann", "s"], [2]),
        (["1", "bob", "s"], [3]),
        (["1", "cat", "s"], [1]),
        (["1", "-", "s"], [1]),
        (["2", "cat", "s"], [1]),
        (["2", "cat", "t"], [1]),
    ]);
    let more = sum(&[(["2", "dan", "s"], [2]), (["2", "bob", "s"], [1])]);
    let others = |limit| {
        let all = tally.others(&kept, &more, Top { limit, by: "events", by_text: true });
        let numbers = all.numbers.iter();
        let mut lines: Vec<_> =
            keys(&all, 4).into_iter().zip(numbers).map(|(key, number)| format!("{key} {number}")).collect();
        lines.sort();
        lines
    };
    let expected =
        ["false 1 - s 1", "false 1 bob s 3", "false 2 bob s 1", "true 1 - s 3", "true 2 - s 3", "true 2 - t 1"];
    assert_eq!(others(1), expected);
    assert_eq!(others(2).len(), 8, "cat before ann and dan: {:?}", others(2));
    assert!(others(2).contains(&"false 2 cat t 1".to_owned()));
    assert!(others(9).iter().all(|line| line.starts_with("false")));
    assert!(others(0).iter().all(|line| line.starts_with("true") || line.starts_with("false 1 - s")));
}

#[test]
fn a_group_is_one_row() {
    let tally = tally(1, &[2], &["events", "last_seen"]);
    let unfold = |all: &[([&str; 3], [i64; 2])]| {
        let mut sum = Sum::new(&tally);
        rows(all).rows(2).for_each(|(key, numbers)| sum.unfold(key, numbers));
        sum.rows()
    };
    let kept = unfold(&[
        (["ann", "CH", "s"], [2, 10]),
        (["ann", "DE", "t"], [3, 11]),
        (["bob", "-", "-"], [1, 12]),
        (["cat", "IT", "s"], [1, 1]),
        (["cat", "FR", "s"], [1, 1]),
    ]);
    let more = unfold(&[(["ann", "CH", "t"], [1, 30]), (["ann", "CH", "u"], [1, 20])]);
    let (cut, rest) = tally.cut(&kept, &more, Cut { shown: Shown::All, one_row: true });
    // Events, last_seen, then how many countries and sessions.
    assert_eq!(lines(&cut, 4), ["ann CH - [7, 30, 2, 3]", "bob - - [1, 12, 0, 0]", "cat FR - [2, 1, 2, 1]"]);
    assert_eq!(rest, 0);
}

#[test]
fn of_addresses_the_first_is_not_the_first_text() {
    let field = |text| {
        let mut key = Vec::new();
        push_key(Some(text), &mut key);
        key
    };
    let all = ["203.0.113.7", "9.0.0.1", "2001:db8::1"].map(field);
    let values = all.iter().map(|value| (value.as_slice(), 1)).collect();
    assert_eq!(most_frequent(&values, "inet"), Some(&*all[1]));
    assert_eq!(most_frequent(&values, "text"), Some(&*all[2]));
    assert_eq!(most_frequent(&HashMap::new(), "text"), None);
}
