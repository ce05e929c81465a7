//! Sorting for programs that must stay small. The standard library's sorts are compiled anew, several kilobytes each
//! time, for every type and every comparison; in the page they were a tenth of all code. Here only the numbers of the
//! items are sorted, by one copy of that code.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// So few items are put in their places one after the other, without any memory. The same number as the standard
/// library's.
const FEW: usize = 20;

/// Sorts so that equal items keep their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() <= FEW {
        for end in 1..items.len() {
            let mut at = end;
            while at > 0 && compare(&items[at], &items[at - 1]).is_lt() {
                items.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    let mut places = places(items.len(), &|a, b| compare(&items[a], &items[b]));
    for at in 0..items.len() {
        // Each swap brings one item to its place for good.
        while places[at] != at {
            let place = places[at];
            items.swap(at, place);
            places.swap(at, place);
        }
    }
}

/// Sorts by the items' own order; equal items keep theirs.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// For each item its place among all.
fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    let mut places = alloc::vec![0; count];
    for (place, item) in order.into_iter().enumerate() {
        places[item] = place;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn it_sorts_as_the_standard_library_does_and_keeps_the_order_of_equals() {
        let mut rng = Rng::new(5);
        for count in (0..40).chain([200, 3_000]) {
            let items: Vec<(u64, usize)> =
                (0..count).map(|at| (rng.below(count as u64 / 2 + 1), at)).collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            sort_by(&mut ours, |a, b| a.0.cmp(&b.0));
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
            ours.reverse();
            sort(&mut ours);
            assert_eq!(ours, theirs);
        }
    }
}
