use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
    time::Duration,
};

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_queue::{
    Changes, CreateOptions, Error, Message, Options, Queue, Queues, Receive, RedrivePolicy, Result, SendMessage,
};

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
        World::with(engine, Options::default())
    }

    /// Where queues are purged, deleted and made again without waiting.
    pub(crate) fn without_cooldowns() -> World {
        World::without_cooldowns_of(&World::new().engine)
    }

    pub(crate) fn without_cooldowns_of(engine: &Engine) -> World {
        World::with(engine, Options::default().cooldowns(false))
    }

    fn with(engine: &Engine, options: Options) -> World {
        let queues = Queues::open_with(engine, options).unwrap();
        World { engine: engine.clone(), queues }
    }

    /// The same store, with nothing in memory but what is read from it.
    pub(crate) fn reopened(&self) -> World {
        World::with(&self.engine, self.queues.options().clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock().now()
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

/// A message of a first-in-first-out queue, under a deduplication id of its own.
pub(crate) fn grouped(group: &str, body: &str) -> SendMessage {
    SendMessage::new(body).group(group).deduplication(body)
}

/// The messages that can be received now, for so long.
pub(crate) fn receive_for(queue: &Queue, max: usize, timeout: Duration) -> Vec<Message> {
    queue.receive_with(&Receive::up_to(max).visibility_timeout(timeout)).unwrap()
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

/// What an error is called and says.
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code(), error.to_string())
}

/// A future that is polled by hand.
pub(crate) struct Task<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    flag: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Task<'a, T> {
    pub(crate) fn new(future: impl Future<Output = T> + 'a) -> Self {
        Task { future: Box::pin(future), flag: Arc::default() }
    }

    /// What it gives, if it is done.
    pub(crate) fn poll(&mut self) -> Option<T> {
        let waker = Waker::from(Arc::clone(&self.flag));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Whether it was woken since it was last asked.
    pub(crate) fn was_woken(&self) -> bool {
        self.flag.0.swap(false, Ordering::SeqCst)
    }

    /// What it gives once it is woken, which it has to be by now.
    pub(crate) fn woken(&mut self) -> T {
        assert!(self.was_woken(), "nobody has woken it");
        self.poll().expect("it was woken for nothing")
    }
}

/// A receive of one message that waits for 20 seconds.
pub(crate) fn waiting(queue: &Queue) -> Task<'_, Result<Vec<Message>>> {
    let mut task = Task::new(queue.receive_async(1, secs(20)));
    assert!(task.poll().is_none(), "there is nothing to receive yet");
    task
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park_timeout(Duration::from_secs(30));
    }
}
