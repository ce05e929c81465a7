//! Ordered maps and sets for few items: sorted vectors with the names of the standard library's B-trees. Each B-tree
//! type that a program uses is some eight kilobytes of code, and together they were a quarter of the simulator in the
//! page; these are a tenth of that, and quicker to copy. Inserting and removing take time in proportion to the size, so
//! what grows with the data (entries, logs of writes) stays in B-trees, and many items at once are sorted in, not
//! inserted: a peer may send hundreds of thousands, in the order that suits it.

use crate::sort;
use alloc::vec::{self, Vec};
use core::iter;
use core::ops::{Bound, Index, RangeBounds};
use core::slice;

/// An ordered map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<K, V>(Vec<(K, V)>);

/// An ordered set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<K>(Map<K, ()>);

/// What an iterator over a map does to each item.
type Pairs<'a, K, V> = iter::Map<slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;
type PairsMut<'a, K, V> = iter::Map<slice::IterMut<'a, (K, V)>, fn(&'a mut (K, V)) -> (&'a K, &'a mut V)>;
type Keys<'a, K> = iter::Map<slice::Iter<'a, (K, ())>, fn(&'a (K, ())) -> &'a K>;
type IntoKeys<K> = iter::Map<vec::IntoIter<(K, ())>, fn((K, ())) -> K>;

impl<K, V> Map<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all items out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The items in the order of their keys.
    pub fn iter(&self) -> Pairs<'_, K, V> {
        self.into_iter()
    }

    /// The items in the order of their keys; the values can be changed.
    pub fn iter_mut(&mut self) -> PairsMut<'_, K, V> {
        self.into_iter()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The keys in order.
    pub fn into_keys(self) -> impl Iterator<Item = K> {
        self.0.into_iter().map(|(key, _)| key)
    }

    /// Keeps the items for which that is true.
    pub fn retain(&mut self, mut keeps: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keeps(key, value));
    }

    /// Takes the last item out.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        self.0.pop()
    }
}

impl<K: Ord, V> Map<K, V> {
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(at, _)| at.cmp(key))
    }

    /// The value for a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// The value for a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Is there a value for that key?
    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// Puts a value in. Returns the one whose place it takes.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => Some(core::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// The value for a key, which is made if there is none.
    pub fn or_insert_with(&mut self, key: K, fresh: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, fresh()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// The value for a key, by default the type's own.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// The items whose keys lie in a range, in order.
    pub fn range(&self, keys: impl RangeBounds<K>) -> Pairs<'_, K, V> {
        let from = match keys.start_bound() {
            Bound::Included(start) => self.0.partition_point(|(key, _)| key < start),
            Bound::Excluded(start) => self.0.partition_point(|(key, _)| key <= start),
            Bound::Unbounded => 0,
        };
        let upto = match keys.end_bound() {
            Bound::Included(end) => self.0.partition_point(|(key, _)| key <= end),
            Bound::Excluded(end) => self.0.partition_point(|(key, _)| key < end),
            Bound::Unbounded => self.0.len(),
        };
        self.0[from..upto.max(from)].iter().map(|(key, value)| (key, value))
    }
}

impl<K: Ord, V> Index<&K> for Map<K, V> {
    type Output = V;

    /// # Panics
    /// When there is no value for that key.
    fn index(&self, key: &K) -> &V {
        self.get(key).expect("the caller knows that there is a value for the key")
    }
}

impl<K> Set<K> {
    /// An empty set.
    pub const fn new() -> Self {
        Self(Map::new())
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all items out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The items in order.
    pub fn iter(&self) -> Keys<'_, K> {
        self.into_iter()
    }

    /// The least item.
    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }

    /// Takes the least item out.
    pub fn pop_first(&mut self) -> Option<K> {
        (!self.is_empty()).then(|| self.0.0.remove(0).0)
    }

    /// Keeps the items for which that is true.
    pub fn retain(&mut self, mut keeps: impl FnMut(&K) -> bool) {
        self.0.retain(|key, ()| keeps(key));
    }
}

impl<K: Ord> Set<K> {
    /// Is it in here?
    pub fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Puts an item in. False if it was here already.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    /// Takes an item out. True if it was here.
    pub fn remove(&mut self, key: &K) -> bool {
        self.0.remove(key).is_some()
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Pairs<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl<'a, K, V> IntoIterator for &'a mut Map<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = PairsMut<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K> IntoIterator for &'a Set<K> {
    type Item = &'a K;
    type IntoIter = Keys<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.0.iter().map(|(key, ())| key)
    }
}

impl<K> IntoIterator for Set<K> {
    type Item = K;
    type IntoIter = IntoKeys<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.0.into_iter().map(|(key, ())| key)
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
        let sorted = self.0.len();
        self.0.extend(items);
        if self.0[sorted.saturating_sub(1)..].is_sorted_by(|(a, _), (b, _)| a < b) {
            return;
        }
        // Of equal keys the last one counts: they keep their order, and each takes the place of the one before.
        sort::sort_by(&mut self.0, |(a, _), (b, _)| a.cmp(b));
        self.0.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                core::mem::swap(later, earlier);
            }
            same
        });
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut map = Self::new();
        map.extend(items);
        map
    }
}

impl<K: Ord> Extend<K> for Set<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, items: I) {
        self.0.extend(items.into_iter().map(|key| (key, ())));
    }
}

impl<K: Ord> FromIterator<K> for Set<K> {
    fn from_iter<I: IntoIterator<Item = K>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use alloc::collections::{BTreeMap, BTreeSet};

    #[test]
    fn many_at_once_are_taken_in_as_b_trees_do_it_and_without_a_step_for_each_pair() {
        let mut rng = Rng::new(4);
        let (mut ours, mut theirs) = (Map::new(), BTreeMap::new());
        for turn in 0..300 {
            let items: Vec<(u64, u64)> =
                (0..rng.below(60)).map(|n| (rng.below(90), turn * 100 + n)).collect();
            if rng.below(4) == 0 {
                ours = items.iter().copied().collect();
                theirs = items.iter().copied().collect();
            } else {
                ours.extend(items.iter().copied());
                theirs.extend(items.iter().copied());
            }
            assert!(ours.iter().eq(theirs.iter()));
        }
        // Counted, since time is no measure: what a hostile peer sends is compared n log n times.
        #[derive(Clone)]
        struct Counted<'a>(u32, &'a core::cell::Cell<u64>);
        impl PartialEq for Counted<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }
        impl Eq for Counted<'_> {}
        impl PartialOrd for Counted<'_> {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for Counted<'_> {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.1.set(self.1.get() + 1);
                self.0.cmp(&other.0)
            }
        }
        let compared = core::cell::Cell::new(0);
        let descending = (0..20_000).rev().map(|n| (Counted(n, &compared), n));
        let map: Map<Counted<'_>, u32> = descending.collect();
        assert_eq!(map.len(), 20_000);
        assert!(compared.get() < 20_000 * 40, "{}", compared.get());
    }

    #[test]
    fn they_do_what_b_trees_do() {
        let mut rng = Rng::new(3);
        let (mut ours, mut theirs) = (Map::new(), BTreeMap::new());
        let (mut our_set, mut their_set) = (Set::new(), BTreeSet::new());
        for turn in 0..4_000 {
            let key = rng.below(40);
            match rng.below(9) {
                0..=2 => assert_eq!(ours.insert(key, turn), theirs.insert(key, turn)),
                3 | 4 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                5 => assert_eq!(*ours.or_insert_with(key, || turn), *theirs.entry(key).or_insert(turn)),
                6 => {
                    let (a, b) = (rng.below(40), rng.below(40));
                    let (low, high) = (a.min(b), a.max(b));
                    assert!(ours.range(low..=high).rev().eq(theirs.range(low..=high).rev()));
                    assert!(ours.range(low..high).eq(theirs.range(low..high)));
                    assert!(ours.range(..low).eq(theirs.range(..low)));
                }
                7 => {
                    ours.retain(|key, value| (key + *value) % 5 > 0);
                    theirs.retain(|key, value| (key + *value) % 5 > 0);
                }
                _ => assert_eq!(ours.pop_last(), theirs.pop_last()),
            }
            match rng.below(6) {
                0..=2 => assert_eq!(our_set.insert(key), their_set.insert(key)),
                3 | 4 => assert_eq!(our_set.remove(&key), their_set.remove(&key)),
                _ => assert_eq!(our_set.pop_first(), their_set.pop_first()),
            }
            assert!(ours.iter().eq(theirs.iter()) && ours.get(&key) == theirs.get(&key));
            assert!(
                our_set.iter().eq(their_set.iter()) && our_set.contains(&key) == their_set.contains(&key)
            );
        }
    }
}
