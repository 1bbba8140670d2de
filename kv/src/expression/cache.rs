//! Parsed expressions by their text.
//!
//! Programs send the same few expressions again and again with other values, so the tree of a text is kept. The cache is
//! two generations of at most [`GENERATION`] trees: a hit in the old one moves to the young one, and when the young one
//! is full it becomes the old one and the old one is dropped. So it holds at least the [`GENERATION`] most recently used
//! trees and never more than twice that, and a lookup costs one hash of the text under a short lock. A text is at most
//! 4,096 bytes; only texts that parsed are kept.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Trees in one generation.
const GENERATION: usize = 256;

struct Generations<T> {
    young: HashMap<Box<str>, Arc<T>>,
    old: HashMap<Box<str>, Arc<T>>,
}

/// The cache of one grammar's trees.
pub(crate) struct Cache<T>(Mutex<Generations<T>>);

impl<T> Cache<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }))
    }

    /// The tree of `text`, from the cache or else from `parse`, which runs outside the lock.
    pub(crate) fn get_or_parse<E>(&self, text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(found) = self.0.lock().find(text) {
            return Ok(found);
        }
        let parsed = Arc::new(parse(text)?);
        self.0.lock().keep(text.into(), Arc::clone(&parsed));
        Ok(parsed)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let generations = self.0.lock();
        generations.young.len() + generations.old.len()
    }
}

impl<T> Generations<T> {
    fn find(&mut self, text: &str) -> Option<Arc<T>> {
        if let Some(found) = self.young.get(text) {
            return Some(Arc::clone(found));
        }
        let (text, found) = self.old.remove_entry(text)?;
        self.keep(text, Arc::clone(&found));
        Some(found)
    }

    fn keep(&mut self, text: Box<str>, parsed: Arc<T>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, parsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn parse(text: &str) -> Result<usize, Infallible> {
        Ok(text.len())
    }

    #[test]
    fn a_text_is_parsed_once_while_it_stays_in_use() {
        let cache = Cache::new();
        let first = cache.get_or_parse("a = :a", parse).unwrap();
        for other in 0..10 * GENERATION {
            cache.get_or_parse(&format!("b{other} = :b"), parse).unwrap();
            let again =
                cache.get_or_parse("a = :a", |_| -> Result<usize, Infallible> { panic!("parsed again") }).unwrap();
            assert!(Arc::ptr_eq(&first, &again));
        }
    }

    #[test]
    fn the_cache_never_holds_more_than_two_generations() {
        let cache = Cache::new();
        for text in 0..10 * GENERATION {
            cache.get_or_parse(&text.to_string(), parse).unwrap();
            assert!(cache.len() <= 2 * GENERATION);
        }
    }

    #[test]
    fn a_text_that_does_not_parse_is_not_kept() {
        let cache: Cache<usize> = Cache::new();
        assert_eq!(cache.get_or_parse("x", |_| Err("bad")).unwrap_err(), "bad");
        assert_eq!(cache.len(), 0);
        assert_eq!(*cache.get_or_parse("x", parse).unwrap(), 1);
    }
}
