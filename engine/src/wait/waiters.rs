//! Who waits, and being woken.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

/// Those who wait for one thing, the longest first.
#[derive(Debug, Default)]
pub struct Waiters {
    waiting: Mutex<VecDeque<Arc<Waiter>>>,
    count: AtomicUsize,
}

/// Who waits in one place.
#[derive(Debug, Default)]
pub struct Waiter {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_woken: bool,
    waker: Option<Waker>,
}

impl Waiter {
    /// Has it look again.
    pub fn wake(&self) {
        let mut state = self.state.lock();
        state.is_woken = true;
        self.changed.notify_one();
        let waker = state.waker.take();
        // A waker may poll at once, and look here.
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Waiters {
    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Has so many of those who wait look again.
    pub fn wake(&self, count: usize) {
        if self.is_empty() {
            return;
        }
        let woken: Vec<Arc<Waiter>> = {
            let mut waiting = self.waiting.lock();
            let count = count.min(waiting.len());
            let woken = waiting.drain(..count).collect();
            self.count.store(waiting.len(), Ordering::SeqCst);
            woken
        };
        woken.iter().for_each(|waiter| waiter.wake());
    }

    fn add(&self, waiter: &Arc<Waiter>) {
        let mut waiting = self.waiting.lock();
        waiting.push_back(Arc::clone(waiter));
        self.count.store(waiting.len(), Ordering::SeqCst);
    }

    fn remove(&self, waiter: &Arc<Waiter>) {
        let mut waiting = self.waiting.lock();
        waiting.retain(|other| !Arc::ptr_eq(other, waiter));
        self.count.store(waiting.len(), Ordering::SeqCst);
    }
}

/// A place among those who wait. Whoever goes without having looked has another one look when this is dropped: it may have been
/// woken, or it alone may have known what the others wait for.
#[derive(Debug)]
pub struct Waiting {
    waiters: Arc<Waiters>,
    waiter: Arc<Waiter>,
    has_looked: bool,
}

impl Waiting {
    /// Stands in line, as the last.
    #[must_use]
    pub fn new(waiters: &Arc<Waiters>) -> Self {
        Waiting::stand(waiters, Arc::default())
    }

    /// Stands in another line too, as the last: whoever waits for any of several things has a place in the line of each, and is
    /// woken in all places by the first.
    #[must_use]
    pub fn beside(&self, waiters: &Arc<Waiters>) -> Self {
        Waiting::stand(waiters, Arc::clone(&self.waiter))
    }

    fn stand(waiters: &Arc<Waiters>, waiter: Arc<Waiter>) -> Self {
        waiters.add(&waiter);
        Waiting { waiters: Arc::clone(waiters), waiter, has_looked: false }
    }

    /// Who is to be woken, for a [`Timer`](super::Timer).
    #[must_use]
    pub fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    /// Whether it was woken.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.waiter.state.lock();
        if state.is_woken {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Blocks until it is woken, or for so long.
    pub fn block(&self, limit: Option<Duration>) {
        let mut state = self.waiter.state.lock();
        if state.is_woken {
            return;
        }
        match limit {
            Some(limit) => {
                self.waiter.changed.wait_for(&mut state, limit);
            }
            None => self.waiter.changed.wait(&mut state),
        }
    }

    /// Ends the wait: its owner is about to look.
    pub fn look(mut self) {
        self.has_looked = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waiters.remove(&self.waiter);
        if !self.has_looked {
            self.waiters.wake(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_waiting_is_woken_first_and_hands_on_what_it_does_not_use() {
        let waiters = Arc::new(Waiters::default());
        let is_woken = |waiting: &Waiting| waiting.waiter.state.lock().is_woken;
        let [first, second, third] = [(); 3].map(|()| Waiting::new(&waiters));
        waiters.wake(1);
        assert_eq!([is_woken(&first), is_woken(&second), is_woken(&third)], [true, false, false]);
        drop(first);
        assert_eq!([is_woken(&second), is_woken(&third)], [true, false]);
        second.look();
        assert!(!is_woken(&third));
        let fourth = Waiting::new(&waiters);
        drop(third);
        assert!(is_woken(&fourth), "it may have known what the others do not");
        drop(fourth);
        assert!(waiters.is_empty());
        waiters.wake(1);
    }

    #[test]
    fn one_who_stands_in_several_lines_is_woken_by_any_of_them() {
        let lines = [(); 3].map(|()| Arc::new(Waiters::default()));
        for woken in &lines {
            let first = Waiting::new(&lines[0]);
            let places = [first.beside(&lines[1]), first.beside(&lines[2]), first];
            woken.wake(1);
            for place in places {
                assert!(place.waiter.state.lock().is_woken);
                place.look();
            }
            assert!(lines.iter().all(|line| line.is_empty()));
        }
    }
}
