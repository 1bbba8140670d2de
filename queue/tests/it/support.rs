use std::time::Duration;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_queue::{Changes, CreateOptions, Error, Message, Options, Queue, Queues, RedrivePolicy};

pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);
pub(crate) const NOW: Duration = Duration::ZERO;

/// A service in memory, whose clock stands still until it is moved.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) queues: Queues,
}

impl World {
    pub(crate) fn new() -> World {
        World::of(&Engine::options().clock(Clock::manual(START)).open().unwrap())
    }

    pub(crate) fn of(engine: &Engine) -> World {
        let queues = Queues::open_with(engine, Options::default()).unwrap();
        World { engine: engine.clone(), queues }
    }

    /// The same store, with nothing in memory but what is read from it.
    pub(crate) fn reopened(&self) -> World {
        World::of(&self.engine)
    }

    pub(crate) fn create(&self, name: &str) -> Queue {
        self.queues.create(name, &CreateOptions::default()).unwrap()
    }

    pub(crate) fn create_with(&self, name: &str, changes: Changes) -> Queue {
        self.queues.create(name, &CreateOptions { changes, ..Default::default() }).unwrap()
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.engine.clock().advance(by).unwrap();
    }

    pub(crate) fn pass_secs(&self, seconds: u64) {
        self.pass(secs(seconds));
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn redrive(dead_letter_queue: &str, max_receive_count: u32) -> Changes {
    let policy = RedrivePolicy { dead_letter_queue: dead_letter_queue.into(), max_receive_count };
    Changes { redrive_policy: Some(Some(policy)), ..Default::default() }
}

/// The messages that can be received now.
pub(crate) fn receive(queue: &Queue, max: usize) -> Vec<Message> {
    queue.receive(max, NOW).unwrap()
}

pub(crate) fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::body).collect()
}

/// The bodies of the messages that can be received now.
pub(crate) fn take(queue: &Queue, max: usize) -> Vec<String> {
    receive(queue, max).into_iter().map(Message::into_body).collect()
}

/// Visible, in flight, delayed.
pub(crate) fn counts(queue: &Queue) -> (u64, u64, u64) {
    let counts = queue.metrics().unwrap().counts;
    (counts.visible, counts.in_flight, counts.delayed)
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}
