//! Which table counts which stretch of a window: rollups where they have all that is asked for, events at the edges.

use model::time::{Timestamp, Window};
use sqlx::{Postgres, QueryBuilder};

use crate::store::{
    instant,
    rollup::{ROLLUPS, Rollup},
};

/// Parts of a window that one table counts.
#[derive(Debug, PartialEq)]
pub struct Stretch {
    /// `None`: the events themselves.
    pub rollup: Option<&'static Rollup>,
    pub windows: Vec<Window>,
}

/// The window, exactly, as stretches. A rollup takes part if it tells apart what `tables` stand for, and if no bucket begins or
/// ends within one of its hours or days.
pub fn of(window: Window, bucket_ms: Option<i64>, tables: &[&str]) -> Vec<Stretch> {
    let mut left = vec![window];
    let mut stretches = Vec::new();
    for rollup in &ROLLUPS {
        let length_ms = rollup.grain.length_ms();
        let tells_all = tables.iter().all(|table| rollup.by.contains(table));
        if !tells_all || bucket_ms.is_some_and(|width_ms| width_ms % length_ms != 0) {
            continue;
        }
        let windows: Vec<Window> = left.iter().filter_map(|window| whole(*window, length_ms)).collect();
        if windows.is_empty() {
            continue;
        }
        left = left.into_iter().flat_map(|window| rest(window, whole(window, length_ms))).collect();
        stretches.push(Stretch { rollup: Some(rollup), windows });
    }
    if !left.is_empty() {
        stretches.push(Stretch { rollup: None, windows: left });
    }
    stretches
}

/// The whole hours (or days) within a window, if there are any.
fn whole(window: Window, length_ms: i64) -> Option<Window> {
    let from = (window.from.0 + length_ms - 1).div_euclid(length_ms) * length_ms;
    let to = window.to.0.div_euclid(length_ms) * length_ms;
    (from < to).then_some(Window { from: Timestamp(from), to: Timestamp(to) })
}

/// What a part leaves of a window.
fn rest(window: Window, part: Option<Window>) -> Vec<Window> {
    let Some(part) = part else { return vec![window] };
    let sides = [Window { from: window.from, to: part.from }, Window { from: part.to, to: window.to }];
    sides.into_iter().filter(|side| side.from < side.to).collect()
}

impl Stretch {
    pub fn table(&self) -> &'static str {
        self.rollup.map_or("stored_event", |rollup| rollup.table)
    }

    /// Its rows' time: an event's own, or when the hour or day begins.
    pub fn time(&self) -> &'static str {
        if self.rollup.is_some() { "start_time" } else { "event_time" }
    }

    /// How many events its rows stand for.
    pub fn events(&self) -> &'static str {
        if self.rollup.is_some() { "sum(events)::bigint" } else { "count(*)" }
    }

    pub fn push_windows(&self, sql: &mut QueryBuilder<Postgres>) {
        let (time, several) = (self.time(), self.windows.len() > 1);
        sql.push(if several { "(" } else { "" });
        for (at, window) in self.windows.iter().enumerate() {
            sql.push(if at > 0 { " or " } else { "" });
            sql.push(format_args!("{time} >= ")).push_bind(instant(window.from));
            sql.push(format_args!(" and {time} < ")).push_bind(instant(window.to));
        }
        sql.push(if several { ")" } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect(text)
    }

    fn check(window: [&str; 2], bucket_ms: Option<i64>, tables: &[&str], expected: Expect) {
        let stretches = of(Window { from: at(window[0]), to: at(window[1]) }, bucket_ms, tables);
        let lines = stretches.iter().flat_map(|stretch| {
            let table = stretch.table();
            stretch
                .windows
                .iter()
                .map(move |window| format!("{table} {} {}\n", window.from.rfc3339(), window.to.rfc3339()))
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn days_then_hours_then_events() {
        const RANGE: [&str; 2] = ["2026-01-01T20:30:00Z", "2026-01-04T03:15:00Z"];
        check(
            RANGE,
            None,
            &["address", "result"],
            expect![[r#"
            access_day 2026-01-02T00:00:00Z 2026-01-04T00:00:00Z
            access_hour 2026-01-01T21:00:00Z 2026-01-02T00:00:00Z
            access_hour 2026-01-04T00:00:00Z 2026-01-04T03:00:00Z
            stored_event 2026-01-01T20:30:00Z 2026-01-01T21:00:00Z
            stored_event 2026-01-04T03:00:00Z 2026-01-04T03:15:00Z
        "#]],
        );
        check(
            RANGE,
            Some(3 * 3_600_000),
            &["action"],
            expect![[r#"
            action_hour 2026-01-01T21:00:00Z 2026-01-04T03:00:00Z
            stored_event 2026-01-01T20:30:00Z 2026-01-01T21:00:00Z
            stored_event 2026-01-04T03:00:00Z 2026-01-04T03:15:00Z
        "#]],
        );
        check(
            RANGE,
            Some(1_800_000),
            &["action"],
            expect![[r#"
            stored_event 2026-01-01T20:30:00Z 2026-01-04T03:15:00Z
        "#]],
        );
        check(
            RANGE,
            None,
            &["agent"],
            expect![[r#"
            stored_event 2026-01-01T20:30:00Z 2026-01-04T03:15:00Z
        "#]],
        );
        check(
            ["2026-01-01T20:30:00Z", "2026-01-01T20:50:00Z"],
            None,
            &["action"],
            expect![[r#"
            stored_event 2026-01-01T20:30:00Z 2026-01-01T20:50:00Z
        "#]],
        );
    }

    proptest! {
        /// Every moment of the window is in one stretch, and no other is in any.
        #[test]
        fn a_window_is_covered_once(
            from in 0..400_000_000i64,
            length in 1..400_000_000i64,
            offsets in proptest::collection::vec(-10_000_000..410_000_000i64, 20),
            tables in proptest::sample::subsequence(vec!["scope", "identity", "address", "action", "result"], 1..4),
            bucket_ms in proptest::option::of(prop_oneof![Just(1_800_000), Just(3_600_000), Just(86_400_000)]),
        ) {
            let window = Window { from: Timestamp(from), to: Timestamp(from + length) };
            let stretches = of(window, bucket_ms, &tables);
            let edges = stretches.iter().flat_map(|stretch| &stretch.windows).flat_map(|part| [part.from.0, part.to.0]);
            let moments: Vec<i64> = edges.flat_map(|edge| [edge - 1, edge]).chain(offsets.iter().map(|at| from + at)).collect();
            for moment in moments {
                let holds = |part: &Window| part.from.0 <= moment && moment < part.to.0;
                let times = stretches.iter().flat_map(|stretch| &stretch.windows).filter(|part| holds(part)).count();
                prop_assert_eq!(times, usize::from(holds(&window)), "{} in {:?}", moment, stretches);
            }
        }
    }
}
