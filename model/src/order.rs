//! Sorting that is compiled once. `slice::sort_by` is 4 kB of code for each type that is sorted, which adds up in what the
//! browser loads.

use std::{cmp::Ordering, mem};

/// As `slice::sort_by`: what compares as equal stays in its order.
pub fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let mut order: Vec<usize> = (0..items.len()).collect();
    sort(&mut order, &|a, b| compare(&items[a], &items[b]));
    let mut old: Vec<Option<T>> = mem::take(items).into_iter().map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| old[at].take()));
}

fn sort(order: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    order.sort_by(|a, b| compare(*a, *b));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_same_as_the_standard_library(items: Vec<(u8, u32)>) {
            let by_first = |a: &(u8, u32), b: &(u8, u32)| b.0.cmp(&a.0);
            let (mut ours, mut theirs) = (items.clone(), items);
            sort_by(&mut ours, by_first);
            theirs.sort_by(by_first);
            prop_assert_eq!(ours, theirs);
        }
    }
}
