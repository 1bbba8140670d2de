//! Intervals of integers, and which of them hold one.
//!
//! An interval stands at the center of the smallest block of a power of two that holds it whole: the number in the
//! middle of that block is in the interval, or the interval is a single number. A number is in one block of each size,
//! so it asks one center for each size that is in use, and each center gives the intervals that hold it without looking
//! at others: on the left of the center those that begin early enough, on its right those that end late enough.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

#[derive(Debug)]
pub(super) struct Intervals<T> {
    centers: HashMap<Block, Center<T>>,
    /// How many centers there are of each size.
    sizes: BTreeMap<u32, usize>,
}

/// The numbers that are the same but for their last bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Block {
    bits: u32,
    head: u128,
}

#[derive(Debug)]
struct Center<T> {
    by_first: BTreeMap<(u128, u128), T>,
    /// Last and first.
    by_last: BTreeSet<(u128, u128)>,
}

impl Block {
    fn around(first: u128, last: u128) -> Block {
        Block::of(first, u128::BITS - (first ^ last).leading_zeros())
    }

    fn of(number: u128, bits: u32) -> Block {
        Block { bits, head: number.checked_shr(bits).unwrap_or(0) }
    }

    /// The first number of its second half.
    fn center(self) -> u128 {
        let Some(half) = self.bits.checked_sub(1) else { return self.head };
        self.head.checked_shl(self.bits).unwrap_or(0) | 1 << half
    }
}

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Intervals { centers: HashMap::new(), sizes: BTreeMap::new() }
    }
}

impl<T: Default> Intervals<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.centers.is_empty()
    }

    /// Changes what belongs to an interval; it is made for this, and removed when it is empty afterwards. No number is
    /// in an interval that ends before it begins, so nothing belongs to it.
    pub(super) fn at(&mut self, first: u128, last: u128, is_empty: impl Fn(&T) -> bool, change: impl FnOnce(&mut T)) {
        if first > last {
            return;
        }
        let block = Block::around(first, last);
        let center = self.centers.entry(block).or_insert_with(|| {
            *self.sizes.entry(block.bits).or_default() += 1;
            Center { by_first: BTreeMap::new(), by_last: BTreeSet::new() }
        });
        let value = center.by_first.entry((first, last)).or_insert_with(|| {
            center.by_last.insert((last, first));
            T::default()
        });
        change(value);
        if is_empty(value) {
            center.by_first.remove(&(first, last));
            center.by_last.remove(&(last, first));
        }
        if center.by_first.is_empty() {
            self.centers.remove(&block);
            if let Some(count) = self.sizes.get_mut(&block.bits) {
                *count -= 1;
                if *count == 0 {
                    self.sizes.remove(&block.bits);
                }
            }
        }
    }

    /// Adds what belongs to the intervals that hold a number.
    pub(super) fn find<'n>(&'n self, number: u128, next: &mut Vec<&'n T>) {
        for bits in self.sizes.keys() {
            let block = Block::of(number, *bits);
            let Some(center) = self.centers.get(&block) else { continue };
            if number < block.center() {
                let early = center.by_first.range((Bound::Unbounded, Bound::Included((number, u128::MAX))));
                next.extend(early.map(|(_, value)| value));
            } else {
                let late = center.by_last.range((Bound::Included((number, 0)), Bound::Unbounded));
                next.extend(late.filter_map(|(last, first)| center.by_first.get(&(*first, *last))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = u128> {
        prop_oneof![
            0..40_u128,
            Just(u128::MAX),
            Just(u128::MAX - 1),
            Just(1 << 127),
            Just((1 << 127) - 1),
            any::<u128>()
        ]
    }

    proptest! {
        #[test]
        fn finds_the_intervals_that_hold_a_number(
            intervals in proptest::collection::vec((number(), number()), 0..30),
            removed in 0..30_usize,
            numbers in proptest::collection::vec(number(), 1..10),
        ) {
            let mut index: Intervals<Option<(u128, u128)>> = Intervals::default();
            for (first, last) in &intervals {
                index.at(*first, *last, Option::is_none, |value| *value = Some((*first, *last)));
            }
            let (gone, kept) = intervals.split_at(removed.min(intervals.len()));
            for (first, last) in gone {
                index.at(*first, *last, Option::is_none, |value| *value = None);
            }
            for number in numbers {
                let mut found = Vec::new();
                index.find(number, &mut found);
                let mut found: Vec<_> = found.into_iter().flatten().copied().collect();
                found.sort_unstable();
                let holds = |interval: &&(u128, u128)| (interval.0..=interval.1).contains(&number) && !gone.contains(interval);
                let mut expected: Vec<_> = kept.iter().filter(holds).copied().collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(found, expected);
            }
            for (first, last) in kept {
                index.at(*first, *last, Option::is_none, |value| *value = None);
            }
            prop_assert!(index.is_empty() && index.sizes.is_empty());
        }
    }
}
