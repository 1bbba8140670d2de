//! Waking futures at a time: a thread that is started when one is first asked for, since no runtime is assumed.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Weak},
    time::Instant,
};

use parking_lot::{Condvar, Mutex};

use super::Waiter;

/// Wakes waiters at a time. Its thread ends with it.
#[derive(Debug, Default)]
pub struct Timer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    alarms: BinaryHeap<Reverse<Alarm>>,
    is_running: bool,
    is_over: bool,
}

#[derive(Debug)]
struct Alarm {
    at: Instant,
    /// A wait that is over needs no waking.
    waiter: Weak<Waiter>,
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Timer {
    /// Wakes a waiter at a time. Should no thread be had for that, it is woken at once and again whenever it asks.
    pub fn wake_at(&self, at: Instant, waiter: &Arc<Waiter>) {
        let mut state = self.0.state.lock();
        if !state.is_running {
            let shared = Arc::clone(&self.0);
            match std::thread::Builder::new().name("millpond-timer".into()).spawn(move || shared.run()) {
                Ok(_) => state.is_running = true,
                Err(error) => {
                    tracing::warn!(%error, "no thread could be started for those who wait");
                    return waiter.wake();
                }
            }
        }
        state.alarms.push(Reverse(Alarm { at, waiter: Arc::downgrade(waiter) }));
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = self.state.lock();
        while !state.is_over {
            let now = Instant::now();
            match state.alarms.peek() {
                Some(Reverse(alarm)) if alarm.at <= now => {
                    let due = state.alarms.pop().and_then(|Reverse(alarm)| alarm.waiter.upgrade());
                    if let Some(waiter) = due {
                        waiter.wake();
                    }
                }
                Some(Reverse(alarm)) => {
                    let at = alarm.at;
                    self.changed.wait_until(&mut state, at);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.state.lock().is_over = true;
        self.0.changed.notify_one();
    }
}
