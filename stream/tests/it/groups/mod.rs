//! Consumer groups: who is given which records, and when.

mod checkpoints;
mod handlers;
mod leases;
mod places;

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use millpond_stream::{Batch, Member, NewRecord, Stream};

use crate::streams::texts;

pub(crate) const NOW: Duration = Duration::ZERO;
/// Of the leases, unless told otherwise.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// A record of which the hash key is known.
pub(crate) fn at(hash_key: u128, data: &str) -> NewRecord {
    NewRecord { explicit_hash_key: Some(hash_key), ..("key", data.to_owned()).into() }
}

/// A hash key within the `nth` of so many shards of a new stream.
pub(crate) fn of_shard(nth: u32, shards: u32) -> u128 {
    u128::MAX / u128::from(shards) * u128::from(nth) + 1
}

pub(crate) fn pass(stream: &Stream, by: Duration) {
    stream.streams().engine().clock().advance(by).unwrap();
}

/// The batch that there is now.
pub(crate) fn batch(member: &Member) -> Option<Batch> {
    member.poll(1000, NOW).unwrap()
}

pub(crate) fn data(batch: &Batch) -> Vec<&str> {
    texts(batch.records())
}

/// All that a member is given until there is nothing more, checkpointed; the data sorted.
pub(crate) fn drain(member: &Member) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(batch) = batch(member) {
        all.extend(data(&batch).into_iter().map(str::to_owned));
        batch.checkpoint().unwrap();
    }
    all.sort();
    all
}

/// Has members look until nothing moves any more; gives how many shards each has.
pub(crate) fn settle<const N: usize>(members: [&Member; N]) -> [usize; N] {
    for _ in 0..20 {
        members.iter().for_each(|member| member.renew().unwrap());
    }
    members.map(|member| member.shards().len())
}

/// Waits for what another thread is about to do.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not happen");
        std::thread::yield_now();
    }
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
        match pin!(&mut self.future).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// What it gives once it is woken, which it has to be by now.
    pub(crate) fn woken(&mut self) -> Option<T> {
        assert!(self.flag.0.swap(false, Ordering::SeqCst), "nobody has woken it");
        self.poll()
    }
}
