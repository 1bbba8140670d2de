//! Producers and consumers in threads: each producer waits for its acknowledgement before it sends again, each consumer
//! deletes what it has received before it receives again.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    message::{self, Id},
    queue::{Consumer, Producer, Subject},
};

/// Producers pause while more messages than this are not received, so that latency is not the age of a backlog that grows.
const BACKLOG: u64 = 5_000;
const PAUSE: Duration = Duration::from_micros(200);
const CONSUMERS: usize = 8;
/// A store that gives nothing for so long, though messages are missing, has lost them.
const PATIENCE: Duration = Duration::from_secs(45);

/// For how long what is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Each figure is the median of its rounds; the stores take turns at going first.
    rounds: usize,
    round: Duration,
    /// What comes before a round, uncounted.
    warm_up: Duration,
    /// How many messages are drained.
    pub(crate) drained: u32,
}

impl Plan {
    pub(crate) const FULL: Plan =
        Plan { rounds: 3, round: Duration::from_millis(2000), warm_up: Duration::from_millis(200), drained: 1_000_000 };
    /// To see that all of it works: its figures mean nothing.
    pub(crate) const QUICK: Plan =
        Plan { rounds: 1, round: Duration::from_millis(300), warm_up: Duration::from_millis(50), drained: 10_000 };
}

/// How the messages are sent and received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) producers: usize,
    pub(crate) batch: usize,
    bytes: usize,
}

/// What was measured of one store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Messages a second that were sent, received and deleted.
    pub(crate) rate: f64,
    /// Seconds from the start of the send to the receive; no number if nothing was received.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// One shape, store by store.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) shape: Shape,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) fn all(plan: Plan, bytes: usize, subjects: &[Subject]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for producers in [1, 8, 64] {
        for batch in [1, 10] {
            let shape = Shape { producers, batch, bytes };
            eprintln!("{shape:?}");
            let mut figures = vec![Vec::new(); subjects.len()];
            for round in 0..plan.rounds {
                for turn in 0..subjects.len() {
                    let at = (turn + round) % subjects.len();
                    if let (Some(subject), Some(figures)) = (subjects.get(at), figures.get_mut(at)) {
                        let figure = measure(plan, shape, subject);
                        figures.push(figure.map_err(|error| format!("{}, {shape:?}: {error}", subject.name))?);
                    }
                }
            }
            lines.push(Line { shape, figures: figures.iter().map(|figures| median(figures)).collect() });
        }
    }
    Ok(lines)
}

/// One round, known to all its threads.
struct Round {
    number: u32,
    shape: Shape,
    counts: AtomicBool,
    stops: AtomicBool,
    fails: AtomicBool,
    producing: AtomicUsize,
    sent: AtomicU64,
    received: AtomicU64,
    deleted_in_time: AtomicU64,
}

/// What one consumer has seen.
#[derive(Default)]
struct Seen {
    ids: Vec<Id>,
    latencies: Vec<Duration>,
}

fn measure(plan: Plan, shape: Shape, subject: &Subject) -> Result<Figure, Failure> {
    static ROUNDS: AtomicUsize = AtomicUsize::new(1);
    // What an earlier round has left to be written is not this round's.
    std::process::Command::new("sync").status()?;
    let round = Round {
        number: u32::try_from(ROUNDS.fetch_add(1, Relaxed))?,
        shape,
        counts: AtomicBool::new(false),
        stops: AtomicBool::new(false),
        fails: AtomicBool::new(false),
        producing: AtomicUsize::new(shape.producers),
        sent: AtomicU64::new(0),
        received: AtomicU64::new(0),
        deleted_in_time: AtomicU64::new(0),
    };
    // All are connected before the time begins.
    let producers: Vec<_> = (0..shape.producers).map(|_| subject.store.producer()).collect::<Result<_, _>>()?;
    let consumers = 0..shape.producers.min(CONSUMERS);
    let consumers: Vec<_> = consumers.map(|_| subject.store.consumer()).collect::<Result<_, _>>()?;
    thread::scope(|scope| {
        let round = &round;
        let producers: Vec<_> =
            producers.into_iter().zip(0..).map(|(client, at)| scope.spawn(move || round.produce(at, client))).collect();
        let consumers: Vec<_> =
            consumers.into_iter().map(|client| scope.spawn(move || round.consume(client))).collect();
        thread::sleep(plan.warm_up);
        round.counts.store(true, Relaxed);
        let started = Instant::now();
        thread::sleep(plan.round);
        round.counts.store(false, Relaxed);
        let took = started.elapsed();
        round.stops.store(true, Relaxed);

        let (mut sent, mut seen, mut failures) = (Vec::new(), Seen::default(), Vec::new());
        for producer in producers {
            match producer.join().map_err(|_| "a producer panicked")? {
                Ok(count) => sent.push(count),
                Err(error) => failures.push(error),
            }
        }
        for consumer in consumers {
            match consumer.join().map_err(|_| "a consumer panicked")? {
                Ok(Seen { ids, latencies }) => {
                    seen.ids.extend(ids);
                    seen.latencies.extend(latencies);
                }
                Err(error) => failures.push(error),
            }
        }
        if let Some(failure) = failures.into_iter().next() {
            return Err(failure);
        }
        if subject.repeats {
            seen.ids.sort_unstable();
            seen.ids.dedup();
        }
        check(round.number, &sent, &mut seen.ids)?;
        seen.latencies.sort_unstable();
        let at = |share: f64| {
            let rank = (seen.latencies.len() as f64 * share) as usize;
            seen.latencies.get(rank).map_or(f64::NAN, Duration::as_secs_f64)
        };
        let rate = round.deleted_in_time.load(Relaxed) as f64 / took.as_secs_f64();
        Ok(Figure { rate, p50: at(0.50), p99: at(0.99) })
    })
}

impl Round {
    fn produce(&self, at: u16, mut client: Box<dyn Producer + '_>) -> Result<u32, Failure> {
        let outcome = self.send_all(at, client.as_mut());
        self.fails.fetch_or(outcome.is_err(), Relaxed);
        self.producing.fetch_sub(1, Relaxed);
        outcome
    }

    fn consume(&self, mut client: Box<dyn Consumer + '_>) -> Result<Seen, Failure> {
        let outcome = self.receive_all(client.as_mut());
        self.fails.fetch_or(outcome.is_err(), Relaxed);
        outcome
    }

    /// Sends until it is told to stop. Gives how many messages were acknowledged.
    fn send_all(&self, producer: u16, client: &mut dyn Producer) -> Result<u32, Failure> {
        let mut number = 0;
        while !self.stops.load(Relaxed) && !self.fails.load(Relaxed) {
            if self.sent.load(Relaxed).saturating_sub(self.received.load(Relaxed)) > BACKLOG {
                thread::sleep(PAUSE);
                continue;
            }
            let started = message::now();
            let numbers = number..number + self.shape.batch as u32;
            number = numbers.end;
            let id = |number| Id { round: self.number, producer, number };
            let bodies: Vec<_> = numbers.map(|number| id(number).body(self.shape.bytes, started)).collect();
            client.send(&bodies)?;
            self.sent.fetch_add(bodies.len() as u64, Relaxed);
        }
        Ok(number)
    }

    /// Receives and deletes until all that was sent is there and no more comes.
    fn receive_all(&self, client: &mut dyn Consumer) -> Result<Seen, Failure> {
        let (mut seen, mut waits_since) = (Seen::default(), Instant::now());
        while !self.fails.load(Relaxed) {
            let bodies = client.receive(self.shape.batch)?;
            let received = message::now();
            if bodies.is_empty() {
                if self.all_received() {
                    break;
                }
                if waits_since.elapsed() > PATIENCE {
                    return Err(self.missing());
                }
                continue;
            }
            let counts = self.counts.load(Relaxed);
            for body in &bodies {
                let (id, sent) = Id::of(body, self.shape.bytes)?;
                seen.ids.push(id);
                if counts {
                    seen.latencies.push(received - sent);
                }
            }
            client.acknowledge()?;
            if self.counts.load(Relaxed) {
                self.deleted_in_time.fetch_add(bodies.len() as u64, Relaxed);
            }
            self.received.fetch_add(bodies.len() as u64, Relaxed);
            waits_since = Instant::now();
        }
        Ok(seen)
    }

    fn all_received(&self) -> bool {
        self.producing.load(Relaxed) == 0 && self.received.load(Relaxed) >= self.sent.load(Relaxed)
    }

    fn missing(&self) -> Failure {
        let (sent, received) = (self.sent.load(Relaxed), self.received.load(Relaxed));
        format!("of {sent} messages sent {received} were received, and no more came").into()
    }
}

/// That each message of each producer was received, and once.
pub(crate) fn check(round: u32, sent: &[u32], received: &mut [Id]) -> Result<(), Failure> {
    received.sort_unstable();
    let expected = sent
        .iter()
        .zip(0..)
        .flat_map(|(count, producer)| (0..*count).map(move |number| Id { round, producer, number }));
    if received.iter().copied().eq(expected) {
        return Ok(());
    }
    let sent: u64 = sent.iter().copied().map(u64::from).sum();
    let twice = received.array_windows().filter(|[one, next]| one == next).count();
    let strange = received.iter().filter(|id| id.round != round).count();
    let count = received.len();
    Err(format!("of {sent} messages sent {count} were received, {twice} of them twice and {strange} of another round")
        .into())
}

fn median(figures: &[Figure]) -> Figure {
    let middle = |of: fn(&Figure) -> f64| {
        let mut values: Vec<_> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Figure { rate: middle(|figure| figure.rate), p50: middle(|figure| figure.p50), p99: middle(|figure| figure.p99) }
}
