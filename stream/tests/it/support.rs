//! What several modules need.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
    time::Duration,
};

use millpond_engine::{Clock, Durability, Engine, Timestamp};
use millpond_stream::{Options, Streams};

pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A service in memory or on a disk that can be opened again. Its clock stands still until it is moved.
pub(crate) struct Home {
    dir: Option<tempfile::TempDir>,
    options: Options,
    streams: Option<Streams>,
}

impl Home {
    pub(crate) fn new(is_on_disk: bool, options: Options) -> Home {
        let mut home = Home { dir: is_on_disk.then(|| tempfile::tempdir().unwrap()), options, streams: None };
        home.streams = Some(home.open(START));
        home
    }

    fn open(&self, now: Timestamp) -> Streams {
        let options = Engine::options().clock(Clock::manual(now));
        let engine = match &self.dir {
            // What is not synced survives the end of the process, which is what is tested here.
            Some(dir) => options.path(dir.path()).durability(Durability::Buffered).open(),
            None => options.open(),
        };
        Streams::open_with(&engine.unwrap(), self.options.clone()).unwrap()
    }

    pub(crate) fn streams(&self) -> &Streams {
        self.streams.as_ref().unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.streams().engine().clock().now()
    }

    /// The same store, with nothing in memory but what is read from it: on a disk. In memory it is a fork of the store.
    pub(crate) fn reopen(&mut self) {
        let now = self.now();
        let streams = match &self.dir {
            Some(_) => {
                drop(self.streams.take());
                self.open(now)
            }
            None => Streams::open_with(&self.streams().engine().fork().unwrap(), self.options.clone()).unwrap(),
        };
        self.streams = Some(streams);
    }
}

/// Random enough, and the same each time.
#[derive(Debug)]
pub(crate) struct Chance(AtomicU64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(AtomicU64::new(seed))
    }

    pub(crate) fn below(&self, end: u64) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 27)) >> 32) % end
    }
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
