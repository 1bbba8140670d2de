//! Rounds, and the threads of a round.

use std::{
    process::Command,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::Failure;

/// For how long what is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Each figure is the median of its rounds; the competitors take turns at going first.
    pub(crate) rounds: usize,
    round: Duration,
    /// What comes before a round, uncounted.
    warm_up: Duration,
    /// How many times a tail is appended and read in a round.
    pub(crate) tails: usize,
}

impl Plan {
    pub(crate) const FULL: Plan =
        Plan { rounds: 3, round: Duration::from_secs(2), warm_up: Duration::from_millis(200), tails: 16 };
    /// To see that all of it works: its figures mean nothing.
    pub(crate) const QUICK: Plan =
        Plan { rounds: 1, round: Duration::from_millis(300), warm_up: Duration::from_millis(50), tails: 4 };
}

/// What was measured of one competitor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Records a second.
    pub(crate) rate: f64,
    /// Seconds that a call took, or a record until it was acknowledged; no number if there was none.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Figure {
    /// Of so many records, and what each call took.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn of(records: u64, lasted: Duration, mut took: Vec<Duration>) -> Figure {
        took.sort_unstable();
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).map_or(f64::NAN, Duration::as_secs_f64);
        Figure { rate: records as f64 / lasted.as_secs_f64(), p50: at(0.50), p99: at(0.99) }
    }
}

/// What one thread of a round does over and over.
pub(crate) trait Work: Send {
    /// Does it once. Says how many records that were, and adds what the calls took.
    fn work(&mut self, took: &mut Vec<Duration>) -> Result<usize, Failure>;

    /// What is still to be awaited when the round is over.
    fn finish(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// The medians of all rounds, competitor by competitor. `None` is one that cannot do what is measured.
pub(crate) fn interleaved(
    plan: Plan,
    competitors: usize,
    mut measure: impl FnMut(usize) -> Result<Option<Figure>, Failure>,
) -> Result<Vec<Option<Figure>>, Failure> {
    let mut figures = vec![Vec::new(); competitors];
    for round in 0..plan.rounds {
        for turn in 0..competitors {
            let at = (turn + round) % competitors;
            if let (Some(figures), Some(figure)) = (figures.get_mut(at), measure(at)?) {
                figures.push(figure);
            }
        }
    }
    Ok(figures.iter().map(|figures| median(figures)).collect())
}

/// What an earlier round has left to be written is not the next one's to wait for.
pub(crate) fn sync_disk() -> Result<(), Failure> {
    Command::new("sync").status()?;
    Ok(())
}

/// One round: each worker in a thread of its own. Counted is what was done between the warm-up and the end.
pub(crate) fn race<'a>(plan: Plan, workers: &mut [Box<dyn Work + 'a>]) -> Result<Figure, Failure> {
    let round = Round {
        starts: Barrier::new(workers.len() + 1),
        counts: AtomicBool::new(false),
        stops: AtomicBool::new(false),
        counted: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let round = &round;
        let workers: Vec<_> =
            workers.iter_mut().map(|worker| scope.spawn(move || round.run(worker.as_mut()))).collect();
        round.starts.wait();
        thread::sleep(plan.warm_up);
        let started = Instant::now();
        round.counts.store(true, Relaxed);
        thread::sleep(plan.round);
        round.counts.store(false, Relaxed);
        let counted = round.counted.load(Relaxed);
        let lasted = started.elapsed();
        round.stops.store(true, Relaxed);

        let (mut took, mut failure) = (Vec::new(), None);
        for worker in workers {
            match worker.join().map_err(|_| "a client panicked")? {
                Ok(more) => took.extend(more),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        Ok(Figure::of(counted, lasted, took))
    })
}

/// Known to all threads of a round.
struct Round {
    starts: Barrier,
    counts: AtomicBool,
    stops: AtomicBool,
    counted: AtomicU64,
}

impl Round {
    fn run(&self, worker: &mut dyn Work) -> Result<Vec<Duration>, Failure> {
        self.starts.wait();
        let mut took = Vec::new();
        let outcome = self.repeat(worker, &mut took);
        // The others need not go on for nothing.
        self.stops.fetch_or(outcome.is_err(), Relaxed);
        outcome.map(|()| took)
    }

    fn repeat(&self, worker: &mut dyn Work, took: &mut Vec<Duration>) -> Result<(), Failure> {
        while !self.stops.load(Relaxed) {
            let before = took.len();
            let records = worker.work(took)?;
            if self.counts.load(Relaxed) {
                self.counted.fetch_add(records as u64, Relaxed);
            } else {
                took.truncate(before);
            }
        }
        worker.finish()
    }
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
