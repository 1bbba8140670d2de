//! The rounds: what is asked, by how many threads, for how long.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    movie::{Draw, Movies},
    store::{Client, Find, MOVIES, Subject},
};

/// How much is stored and for how long it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) documents: i64,
    /// Each figure is the median of its rounds; the stores take turns at going first.
    rounds: usize,
    pub(crate) round: Duration,
    /// How many documents there are to insert, or to delete, in a round, whose end they are.
    most: usize,
    threads: &'static [usize],
}

impl Plan {
    pub(crate) const FULL: Plan =
        Plan { documents: 50_000, rounds: 3, round: Duration::from_millis(1000), most: 40_000, threads: &[1, 8] };
    /// To see that all of it works: its figures mean little.
    pub(crate) const QUICK: Plan =
        Plan { documents: 10_000, rounds: 1, round: Duration::from_millis(200), most: 8_000, threads: &[1, 8] };
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many documents at once.
    Insert(usize),
    Find(Find),
    Update,
    Delete,
}

/// In this order: what is read has not been written to but for the loading.
pub(crate) const STEPS: [(Step, &str); 11] = [
    (Step::Find(Find::Id), "find by _id"),
    (Step::Find(Find::Code), "find by index, 1 result"),
    (Step::Find(Find::Group), "find by index, 10 results"),
    (Step::Find(Find::Projected), "the same, projected"),
    (Step::Find(Find::Covered), "the same, covered"),
    (Step::Find(Find::Page), "range, sort, limit 20"),
    (Step::Update, "update by _id"),
    (Step::Insert(1), "insert"),
    (Step::Insert(100), "insert of 100"),
    (Step::Insert(1000), "insert of 1000"),
    (Step::Delete, "delete by _id"),
];

/// What one store did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Operations a second; of inserts, documents a second.
    pub(crate) rate: f64,
    /// Half of the operations took no longer, in microseconds.
    pub(crate) p50: f64,
}

/// One step by a number of threads, store by store.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) threads: usize,
    pub(crate) figures: Vec<Option<Figures>>,
}

pub(crate) fn all(plan: Plan, movies: &Movies, subjects: &[Subject]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (step, name) in STEPS {
        for &threads in plan.threads {
            let mut all = vec![Vec::new(); subjects.len()];
            for round in 0..plan.rounds {
                for turn in 0..subjects.len() {
                    let at = (turn + round) % subjects.len();
                    if let (Some(subject), Some(all)) = (subjects.get(at), all.get_mut(at)) {
                        let done = self::round(plan, movies, step, threads, round, subject);
                        all.push(done.map_err(|error| format!("{}, {name}: {error}", subject.name))?);
                    }
                }
            }
            lines.push(Line { name, threads, figures: all.into_iter().map(median).collect() });
        }
    }
    Ok(lines)
}

/// How long each operation of a thread took, how many documents they were for, when it started and when it ended.
type Ran = (Vec<Duration>, usize, Instant, Instant);

/// What the threads of a round share.
struct Round<'r> {
    plan: Plan,
    movies: &'r Movies,
    step: Step,
    collection: String,
    /// The `_id`s of the documents to insert or to delete.
    next: AtomicI64,
    ready: Barrier,
    failed: AtomicU64,
}

fn round(
    plan: Plan,
    movies: &Movies,
    step: Step,
    threads: usize,
    round: usize,
    subject: &Subject,
) -> Result<Option<Figures>, Failure> {
    let mut client = subject.store.client()?;
    let collection = match step {
        Step::Insert(size) => format!("inserted-{size}-{threads}-{round}"),
        Step::Delete => format!("deleted-{threads}-{round}"),
        Step::Find(find) => {
            if client.find(find, 1)?.is_none() {
                return Ok(None);
            }
            MOVIES.to_owned()
        }
        Step::Update => MOVIES.to_owned(),
    };
    if matches!(step, Step::Insert(_) | Step::Delete) {
        client.create(&collection, false)?;
    }
    if step == Step::Delete {
        client.take((0..plan.most as i64).map(|id| movies.get(id)).collect());
        while client.insert(&collection, 1000)? > 0 {}
    }
    drop(client);
    let shared = Round {
        plan,
        movies,
        step,
        collection,
        next: AtomicI64::new(0),
        ready: Barrier::new(threads),
        failed: AtomicU64::new(0),
    };
    let results = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|at| {
                let shared = &shared;
                scope.spawn(move || shared.thread(subject, threads, round * 1000 + at))
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Failure::from("a thread panicked"))?)
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let mut times = Vec::new();
    let mut done = 0;
    // From the first start to the last end: threads may run one after the other where the documents run out soon.
    let started = results.iter().map(|(.., started, _)| *started).min();
    let ended = results.iter().map(|(.., ended)| *ended).max();
    let took = started.zip(ended).map_or(Duration::ZERO, |(started, ended)| ended - started);
    for (its_times, its_done, ..) in results {
        done += its_done;
        times.extend(its_times);
    }
    if done == 0 {
        return Err("nothing was done".into());
    }
    times.sort_unstable();
    let p50 = times.get(times.len() / 2).copied().unwrap_or_default();
    let rate = done as f64 / took.as_secs_f64();
    Ok(Some(Figures { rate, p50: p50.as_secs_f64() * 1e6 }))
}

impl Round<'_> {
    fn thread(&self, subject: &Subject, threads: usize, seed: usize) -> Result<Ran, Failure> {
        let ready = self.prepare(subject, threads, seed);
        if ready.is_err() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        self.ready.wait();
        let mut client = ready?;
        if self.failed.load(Ordering::Relaxed) > 0 {
            return Err("another thread could not begin".into());
        }
        let mut draw = Draw::new(seed);
        let (mut times, mut done) = (Vec::with_capacity(1 << 16), 0);
        let started = Instant::now();
        let mut before = started;
        loop {
            let now_done = self.one(&mut *client, &mut draw)?;
            let after = Instant::now();
            if now_done == 0 {
                break;
            }
            done += now_done;
            times.push(after - before);
            before = after;
            if after - started >= self.plan.round {
                break;
            }
        }
        Ok((times, done, started, before))
    }

    fn prepare<'s>(&self, subject: &'s Subject, threads: usize, seed: usize) -> Result<Box<dyn Client + 's>, Failure> {
        let mut client = subject.store.client()?;
        match self.step {
            Step::Insert(size) => {
                let most = (self.plan.most / threads).max(2 * size) as i64;
                let first = self.next.fetch_add(most, Ordering::Relaxed);
                client.take((first..first + most).map(|id| self.movies.get(id)).collect());
            }
            Step::Find(find) => {
                client.find(find, seed as i64 % self.plan.documents)?;
            }
            Step::Update | Step::Delete => {}
        }
        Ok(client)
    }

    /// One operation: how many documents it was for, 0 if there are none left. An error too if the answer is not right.
    fn one(&self, client: &mut dyn Client, draw: &mut Draw) -> Result<usize, Failure> {
        let documents = self.plan.documents as usize;
        match self.step {
            Step::Insert(size) => client.insert(&self.collection, size),
            Step::Find(find) => match client.find(find, draw.below(documents - 10) as i64)? {
                Some(found) if found == find.results() => Ok(1),
                found => Err(format!("{found:?} results").into()),
            },
            Step::Update => {
                let id = draw.below(documents) as i64;
                if client.update(id)? { Ok(1) } else { Err(format!("document {id} was not updated").into()) }
            }
            Step::Delete => {
                let id = self.next.fetch_add(1, Ordering::Relaxed);
                if id >= self.plan.most as i64 {
                    return Ok(0);
                }
                if client.delete(&self.collection, id)? { Ok(1) } else { Err("nothing was deleted".into()) }
            }
        }
    }
}

fn median(rounds: Vec<Option<Figures>>) -> Option<Figures> {
    let mut rounds: Vec<Figures> = rounds.into_iter().collect::<Option<_>>()?;
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rounds.get(rounds.len() / 2).copied()
}
