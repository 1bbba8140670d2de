//! Publishers in threads, each of which waits for its acknowledgement before it publishes again. Afterwards each queue must have
//! as many messages as were acknowledged, and what is looked at must be as it was published.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    message::Id,
    store::{Fan, Publisher, QUEUES, Subject},
};

/// A store that has not got all messages into its queues by then has lost them.
const PATIENCE: Duration = Duration::from_secs(20);

/// For how long what is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Each figure is the median of its rounds; the stores take turns at going first.
    rounds: u32,
    round: Duration,
    /// What comes before a round, uncounted.
    warm_up: Duration,
    /// The sizes of messages.
    pub(crate) bytes: &'static [usize],
}

impl Plan {
    pub(crate) const FULL: Plan = Plan {
        rounds: 3,
        round: Duration::from_millis(2000),
        warm_up: Duration::from_millis(300),
        bytes: &[200, 4096],
    };
    /// One size, and one round of each.
    pub(crate) const SHORT: Plan =
        Plan { rounds: 1, round: Duration::from_millis(700), warm_up: Duration::from_millis(100), bytes: &[200] };
}

/// What was measured of one store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Messages a second that were published: each of them into all queues.
    pub(crate) rate: f64,
    /// Seconds that a publish takes.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// How the messages are published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) publishers: usize,
    /// So many messages are acknowledged at once.
    pub(crate) batch: usize,
    bytes: usize,
}

/// One shape, store by store; `None` where the store is not measured with so many publishers.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) shape: Shape,
    pub(crate) figures: Vec<Option<Figure>>,
}

pub(crate) fn all(plan: Plan, bytes: usize, subjects: &[Subject]) -> Result<Vec<Line>, Failure> {
    let mut number = 0;
    let mut lines = Vec::new();
    for (publishers, batch) in [(1, 1), (1, 10), (8, 1), (8, 10), (64, 1), (64, 10)] {
        let shape = Shape { publishers, batch, bytes };
        eprintln!("{shape:?}");
        let mut figures = vec![Vec::new(); subjects.len()];
        for round in 0..plan.rounds as usize {
            for turn in 0..subjects.len() {
                let at = (turn + round) % subjects.len();
                let (Some(subject), Some(figures)) = (subjects.get(at), figures.get_mut(at)) else { continue };
                if subject.publishers.contains(&publishers) {
                    number += 1;
                    let figure = measure(plan, shape, number, subject);
                    figures.push(figure.map_err(|error| format!("{}, {shape:?}: {error}", subject.name))?);
                }
            }
        }
        lines.push(Line { shape, figures: figures.iter().map(|figures| median(figures)).collect() });
    }
    Ok(lines)
}

/// One round, known to all its threads.
struct Round {
    number: u32,
    shape: Shape,
    counts: AtomicBool,
    stops: AtomicBool,
}

/// What one publisher has done.
#[derive(Default)]
struct Done {
    acknowledged: u32,
    /// Of those whose time counts.
    took: Vec<Duration>,
}

fn measure(plan: Plan, shape: Shape, number: u32, subject: &Subject) -> Result<Figure, Failure> {
    let fan = subject.store.fan(number)?;
    // What an earlier round has left to be written is not this round's.
    std::process::Command::new("sync").status()?;
    let round = Round { number, shape, counts: AtomicBool::new(false), stops: AtomicBool::new(false) };
    // All are connected before the time begins.
    let clients: Vec<_> = (0..shape.publishers).map(|_| fan.publisher()).collect::<Result<_, _>>()?;
    let (done, time) = thread::scope(|scope| {
        let round = &round;
        let threads: Vec<_> =
            clients.into_iter().zip(0..).map(|(client, at)| scope.spawn(move || round.publish(at, client))).collect();
        thread::sleep(plan.warm_up);
        round.counts.store(true, Relaxed);
        let started = Instant::now();
        thread::sleep(plan.round);
        round.counts.store(false, Relaxed);
        let time = started.elapsed();
        round.stops.store(true, Relaxed);
        let done: Vec<Done> = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Failure::from("a publisher panicked"))?)
            .collect::<Result<_, _>>()?;
        Ok::<_, Failure>((done, time))
    })?;
    let acknowledged: Vec<_> = done.iter().map(|done| done.acknowledged).collect();
    check(&round, &acknowledged, fan.as_ref())?;
    fan.end()?;

    let mut took: Vec<_> = done.into_iter().flat_map(|done| done.took).collect();
    took.sort_unstable();
    let at = |share: f64| {
        let rank = (took.len() as f64 * share) as usize;
        took.get(rank).map_or(f64::NAN, Duration::as_secs_f64)
    };
    let rate = (took.len() * shape.batch) as f64 / time.as_secs_f64();
    Ok(Figure { rate, p50: at(0.50), p99: at(0.99) })
}

impl Round {
    /// Publishes until it is told to stop.
    fn publish(&self, publisher: u16, mut client: Box<dyn Publisher + '_>) -> Result<Done, Failure> {
        let mut done = Done::default();
        while !self.stops.load(Relaxed) {
            let numbers = done.acknowledged..done.acknowledged + self.shape.batch as u32;
            let id = |number| Id { round: self.number, publisher, number };
            let texts: Vec<_> = numbers.clone().map(|number| id(number).text(self.shape.bytes)).collect();
            let started = Instant::now();
            client.publish(&texts)?;
            let took = started.elapsed();
            done.acknowledged = numbers.end;
            if self.counts.load(Relaxed) {
                done.took.push(took);
            }
        }
        Ok(done)
    }
}

/// That each queue has what was acknowledged.
fn check(round: &Round, acknowledged: &[u32], fan: &dyn Fan) -> Result<(), Failure> {
    let published: u64 = acknowledged.iter().copied().map(u64::from).sum();
    let expected = vec![published; QUEUES];
    let asked = Instant::now();
    loop {
        let counts = fan.counts()?;
        if counts == expected {
            break;
        }
        if asked.elapsed() > PATIENCE {
            return Err(format!("{published} messages were acknowledged, and the queues have {counts:?}").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    for queue in 0..QUEUES {
        let texts = fan.some_of(queue)?;
        if texts.is_empty() && published > 0 {
            return Err(format!("queue {queue} gives nothing").into());
        }
        for text in texts {
            let id = Id::of(&text, round.shape.bytes)?;
            let is_known = acknowledged.get(usize::from(id.publisher)).is_some_and(|count| id.number < *count);
            if id.round != round.number || !is_known {
                return Err(format!("queue {queue} has {id:?}, which was not published").into());
            }
        }
    }
    Ok(())
}

fn median(figures: &[Figure]) -> Option<Figure> {
    let middle = |of: fn(&Figure) -> f64| {
        let mut values: Vec<_> = figures.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(Figure {
        rate: middle(|figure| figure.rate)?,
        p50: middle(|figure| figure.p50)?,
        p99: middle(|figure| figure.p99)?,
    })
}
