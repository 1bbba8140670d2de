//! One queue filled first and drained then: what a message costs must not depend on how many lie before or behind it.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure, flow,
    message::{self, Id},
    queue::Subject,
};

const BYTES: usize = 200;
const BATCH: u32 = 10;
const PRODUCERS: usize = 64;
/// No other round has this number.
const ROUND: u32 = u32::MAX;
const PATIENCE: Duration = Duration::from_secs(45);

/// Messages a second.
#[derive(Debug)]
pub(crate) struct Drained {
    pub(crate) filled: f64,
    /// Tenth by tenth.
    pub(crate) tenths: Vec<f64>,
}

pub(crate) fn drain(messages: u32, subject: &Subject) -> Result<Drained, Failure> {
    eprintln!("drain: {}", subject.name);
    let drained = fill(messages, subject).and_then(|filled| Ok(Drained { filled, tenths: empty(messages, subject)? }));
    drained.map_err(|error| format!("{}, drain: {error}", subject.name).into())
}

fn fill(messages: u32, subject: &Subject) -> Result<f64, Failure> {
    let next = AtomicU32::new(0);
    let started = Instant::now();
    let produce = || -> Result<(), Failure> {
        let mut producer = subject.store.producer()?;
        loop {
            let first = next.fetch_add(BATCH, Relaxed);
            if first >= messages {
                return Ok(());
            }
            let numbers = first..messages.min(first + BATCH);
            let bodies = numbers.map(|number| Id { round: ROUND, producer: 0, number }.body(BYTES, message::now()));
            producer.send(&bodies.collect::<Vec<_>>())?;
        }
    };
    thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS).map(|_| scope.spawn(produce)).collect();
        producers.into_iter().try_for_each(|producer| producer.join().map_err(|_| "a producer panicked")?)
    })?;
    Ok(f64::from(messages) / started.elapsed().as_secs_f64())
}

fn empty(messages: u32, subject: &Subject) -> Result<Vec<f64>, Failure> {
    let mut consumer = subject.store.consumer()?;
    let tenth = messages as usize / 10;
    let (mut ids, mut tenths) = (Vec::new(), Vec::new());
    let (mut counted, mut since, mut waits_since) = (0, Instant::now(), Instant::now());
    while ids.len() < messages as usize {
        let bodies = consumer.receive(BATCH as usize)?;
        if bodies.is_empty() {
            if waits_since.elapsed() > PATIENCE {
                return Err(format!("{} of {messages} messages were received, and no more came", ids.len()).into());
            }
            continue;
        }
        for body in &bodies {
            ids.push(Id::of(body, BYTES)?.0);
        }
        consumer.acknowledge()?;
        waits_since = Instant::now();
        if ids.len() - counted >= tenth {
            tenths.push((ids.len() - counted) as f64 / since.elapsed().as_secs_f64());
            (counted, since) = (ids.len(), Instant::now());
        }
    }
    flow::check(ROUND, &[messages], &mut ids)?;
    Ok(tenths)
}
