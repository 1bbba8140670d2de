use std::{cmp::Ordering, collections::BTreeSet};

/// How many keys of a row of messages are kept ahead of their consumers.
const MOST: usize = 10_000;

/// The first of the messages that nobody has received yet, in their order: what is known of them, and how far was looked.
///
/// All messages up to `next` are in `known`, claimed, or were received. What lies beyond is read when it is needed; so the
/// memory is bounded, and what is consumed from the front is not walked over again.
#[derive(Debug)]
pub(super) struct Window<K> {
    known: BTreeSet<K>,
    next: Option<K>,
    /// Nothing was beyond `next` when it was last looked, and whatever has come since was announced.
    is_caught_up: bool,
}

impl<K: Ord + Copy> Window<K> {
    /// Begins after a key that no message has or ever will have again.
    pub(super) fn new(after: Option<K>) -> Self {
        Window { known: BTreeSet::new(), next: after, is_caught_up: false }
    }

    /// Of one message, before and behind which there is none that nobody has received.
    pub(super) fn of(key: K) -> Self {
        Window { known: BTreeSet::from([key]), next: Some(key), is_caught_up: true }
    }

    /// How far was looked.
    pub(super) fn next(&self) -> Option<K> {
        self.next
    }

    /// A message was committed. Where messages come in the order of their keys, one that was passed already is not new.
    pub(super) fn announce(&mut self, key: K, is_rising: bool) {
        match self.next.map_or(Ordering::Greater, |next| key.cmp(&next)) {
            Ordering::Greater if self.is_caught_up && self.known.len() < MOST => {
                self.known.insert(key);
                self.next = Some(key);
            }
            Ordering::Greater => self.is_caught_up = false,
            Ordering::Equal | Ordering::Less if is_rising => {}
            Ordering::Equal | Ordering::Less => {
                self.known.insert(key);
                if self.known.len() > MOST {
                    self.known.pop_last();
                    self.next = self.known.last().copied();
                    self.is_caught_up = false;
                }
            }
        }
    }

    /// Whether there may be more than is known.
    pub(super) fn is_to_be_read(&self) -> bool {
        self.known.is_empty() && !self.is_caught_up
    }

    /// Takes in what was read beyond [`next`](Window::next): the keys of messages that nobody has received, and the last key that was looked at.
    pub(super) fn read(&mut self, keys: impl IntoIterator<Item = K>, last: Option<K>, is_exhausted: bool) {
        self.known.extend(keys);
        self.next = last.or(self.next);
        self.is_caught_up = is_exhausted;
    }

    pub(super) fn first(&self) -> Option<K> {
        self.known.first().copied()
    }

    pub(super) fn take_first(&mut self) -> Option<K> {
        self.known.pop_first()
    }

    /// Gives back what was taken and not used.
    pub(super) fn put_back(&mut self, key: K) {
        self.known.insert(key);
    }

    /// A message is gone.
    pub(super) fn remove(&mut self, key: K) {
        self.known.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_known_once_all_before_it_was_read() {
        let mut window = Window::new(None);
        window.announce(5, true);
        assert!(window.is_to_be_read());
        window.read([3, 5], Some(5), true);
        window.announce(5, true);
        window.announce(9, true);
        assert_eq!((window.take_first(), window.take_first(), window.take_first()), (Some(3), Some(5), Some(9)));
        assert_eq!(window.take_first(), None);
        assert!(!window.is_to_be_read());
        window.announce(9, true);
        assert_eq!(window.first(), None, "it was passed already");
        window.announce(4, false);
        assert_eq!(window.first(), Some(4), "where keys do not rise, a lower one is new");
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_lost() {
        for is_rising in [true, false] {
            let mut window = Window::new(None);
            window.read([], None, true);
            let keys: Vec<usize> = if is_rising { (0..MOST + 50).collect() } else { (0..MOST + 50).rev().collect() };
            keys.iter().for_each(|key| window.announce(*key, is_rising));
            assert!(window.known.len() <= MOST);
            let known = window.known.len();
            for key in 0..known {
                assert_eq!(window.take_first(), Some(key));
            }
            assert!(window.is_to_be_read());
            assert_eq!(window.next(), Some(known - 1));
        }
    }
}
