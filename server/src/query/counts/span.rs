//! Whole hours and days of a window, and what is left of it.

use model::time::{Timestamp, Window};

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A window in whole days, whole hours beside them, and what is less than that.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// When each begins, in milliseconds since 1970.
    pub days: Vec<i64>,
    pub hours: Vec<i64>,
    pub left: Vec<Window>,
}

impl Cover {
    /// Of days and hours those only within which no bucket begins or ends, or which begin and end with buckets.
    pub fn of(window: Window, bucket_ms: Option<i64>) -> Cover {
        let fits = |length_ms: i64| bucket_ms.is_none_or(|width| width % length_ms == 0 || length_ms % width == 0);
        let mut cover = Cover { left: vec![window], ..Cover::default() };
        if fits(DAY_MS) {
            cover.days = take(&mut cover.left, DAY_MS);
        }
        if fits(HOUR_MS) {
            cover.hours = take(&mut cover.left, HOUR_MS);
        }
        cover
    }

    /// From the first whole hour or day to the end of the last, if there is any.
    pub fn whole(&self) -> Option<(i64, i64)> {
        let ends = |length_ms: i64| move |from: &i64| (*from, *from + length_ms);
        let spans = self.days.iter().map(ends(DAY_MS)).chain(self.hours.iter().map(ends(HOUR_MS)));
        spans.reduce(|(from, to), (begin, end)| (from.min(begin), to.max(end)))
    }
}

/// Takes whole spans out of windows.
fn take(left: &mut Vec<Window>, length_ms: i64) -> Vec<i64> {
    let mut taken = Vec::new();
    let mut rest = Vec::new();
    for window in left.drain(..) {
        let from = window.from.0.div_euclid(length_ms) * length_ms;
        let from = if from < window.from.0 { from + length_ms } else { from };
        let to = window.to.0.div_euclid(length_ms) * length_ms;
        if from >= to {
            rest.push(window);
            continue;
        }
        taken.extend((from..to).step_by(length_ms as usize));
        let sides = [(window.from.0, from), (to, window.to.0)];
        rest.extend(
            sides
                .into_iter()
                .filter(|(from, to)| from < to)
                .map(|(from, to)| Window { from: Timestamp(from), to: Timestamp(to) }),
        );
    }
    *left = rest;
    taken
}

/// Spans that follow each other, as windows: in the order of time.
pub fn runs(mut spans: Vec<i64>, length_ms: i64) -> Vec<Window> {
    spans.sort_unstable();
    let mut runs: Vec<Window> = Vec::new();
    for from in spans {
        let to = Timestamp(from + length_ms);
        match runs.last_mut() {
            Some(run) if run.to.0 == from => run.to = to,
            _ => runs.push(Window { from: Timestamp(from), to }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: i64, to: i64) -> Window {
        Window { from: Timestamp(from), to: Timestamp(to) }
    }

    #[test]
    fn days_then_hours_then_the_rest() {
        let cover = Cover::of(window(20 * HOUR_MS + 1, 3 * DAY_MS + 2 * HOUR_MS + 5), None);
        assert_eq!(cover.days, [DAY_MS, 2 * DAY_MS]);
        assert_eq!(cover.hours, [21, 22, 23, 72, 73].map(|hour| hour * HOUR_MS));
        let left = [(20 * HOUR_MS + 1, 21 * HOUR_MS), (3 * DAY_MS + 2 * HOUR_MS, 3 * DAY_MS + 2 * HOUR_MS + 5)];
        assert_eq!(cover.left, left.map(|(from, to)| window(from, to)));
        assert_eq!(cover.whole(), Some((21 * HOUR_MS, 74 * HOUR_MS)));
        assert_eq!(Cover::of(window(5, HOUR_MS), None).whole(), None);
    }

    #[test]
    fn no_bucket_is_cut() {
        let lengths = |bucket_ms| {
            let cover = Cover::of(window(0, 2 * DAY_MS), Some(bucket_ms));
            (cover.days.len(), cover.hours.len(), cover.left.len())
        };
        assert_eq!(lengths(HOUR_MS / 2), (2, 0, 0));
        assert_eq!(lengths(3 * HOUR_MS), (2, 0, 0));
        assert_eq!(lengths(7 * DAY_MS), (2, 0, 0));
        assert_eq!(lengths(5 * HOUR_MS), (0, 48, 0), "some days begin within one");
        assert_eq!(lengths(7 * 60_000), (0, 0, 1));
    }

    #[test]
    fn spans_in_a_row_are_one_window() {
        assert_eq!(
            runs(vec![HOUR_MS, 0, 5 * HOUR_MS], HOUR_MS),
            [window(0, 2 * HOUR_MS), window(5 * HOUR_MS, 6 * HOUR_MS)]
        );
    }

    proptest! {
        /// Every moment of the window is in one part, and no other is in any; before 1970 too.
        #[test]
        fn a_window_is_covered_once(
            from in -200_000_000..400_000_000i64,
            length in 1..400_000_000i64,
            bucket_ms in proptest::option::of(prop_oneof![Just(1_800_000), Just(5 * HOUR_MS), Just(12 * HOUR_MS), Just(9 * DAY_MS)]),
        ) {
            let cover = Cover::of(window(from, from + length), bucket_ms);
            let spans = |starts: &[i64], length_ms| starts.iter().map(|from| window(*from, from + length_ms)).collect::<Vec<_>>();
            let mut parts = [spans(&cover.days, DAY_MS), spans(&cover.hours, HOUR_MS), cover.left].concat();
            parts.sort_by_key(|part| part.from);
            prop_assert_eq!(parts.first().map(|part| part.from.0), Some(from));
            prop_assert_eq!(parts.last().map(|part| part.to.0), Some(from + length));
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
        }
    }
}
