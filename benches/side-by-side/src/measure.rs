//! Clients in threads, each asking as fast as it is answered.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    store::Subject,
    workload::{Draw, Operation, PARTITION, Step},
};

/// How much is stored and for how long it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) partitions: usize,
    /// Each figure is the median of its rounds; the stores take turns at going first.
    rounds: usize,
    round: Duration,
    /// What comes before a round, uncounted.
    warm_up: Duration,
    clients: &'static [usize],
}

impl Plan {
    pub(crate) const FULL: Plan = Plan {
        partitions: 200,
        rounds: 3,
        round: Duration::from_millis(1000),
        warm_up: Duration::from_millis(100),
        clients: &[1, 2, 8, 32],
    };
    /// To see that all of it works: its figures mean nothing.
    pub(crate) const QUICK: Plan = Plan {
        partitions: 10,
        rounds: 1,
        round: Duration::from_millis(150),
        warm_up: Duration::from_millis(10),
        clients: &[1, 2, 8, 32],
    };
}

/// One step by a number of clients: operations a second, store by store.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) clients: usize,
    pub(crate) rates: Vec<f64>,
}

pub(crate) fn all(plan: Plan, steps: &[Step], subjects: &[Subject]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for &(operation, name) in steps {
        for &clients in plan.clients {
            let mut rates = vec![Vec::new(); subjects.len()];
            for round in 0..plan.rounds {
                for turn in 0..subjects.len() {
                    let at = (turn + round) % subjects.len();
                    if let (Some(subject), Some(rates)) = (subjects.get(at), rates.get_mut(at)) {
                        let rate = rate(plan, operation, clients, round, subject);
                        rates.push(rate.map_err(|error| format!("{}: {error}", subject.name))?);
                    }
                }
            }
            lines.push(Line { name, clients, rates: rates.into_iter().map(median).collect() });
        }
    }
    Ok(lines)
}

fn rate(plan: Plan, operation: Operation, clients: usize, round: usize, subject: &Subject) -> Result<f64, Failure> {
    let rows = plan.partitions * PARTITION;
    let (counts, stops) = (AtomicBool::new(false), AtomicBool::new(false));
    // All connect and ask once before the time begins.
    let ready = Barrier::new(clients + 1);
    let client = |seed: usize| -> Result<u64, Failure> {
        let mut draw = Draw::new(seed);
        let first = subject.store.client().and_then(|mut client| {
            client.run(operation, draw.below(rows))?;
            Ok(client)
        });
        ready.wait();
        let mut client = first?;
        let mut answered = 0;
        while !stops.load(Ordering::Relaxed) {
            client.run(operation, draw.below(rows))?;
            answered += u64::from(counts.load(Ordering::Relaxed));
        }
        Ok(answered)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|at| {
                let client = &client;
                scope.spawn(move || client(round * 1000 + at))
            })
            .collect();
        ready.wait();
        thread::sleep(plan.warm_up);
        counts.store(true, Ordering::Relaxed);
        let started = Instant::now();
        thread::sleep(plan.round);
        let took = started.elapsed();
        stops.store(true, Ordering::Relaxed);
        let mut answered = 0;
        for thread in threads {
            answered += thread.join().map_err(|_| "a client panicked")??;
        }
        Ok(answered as f64 / took.as_secs_f64())
    })
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}
