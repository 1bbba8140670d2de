//! Millpond's engine beside bare fjall: both in one process, in turns, as a table of ratios with the goals beside them.
//!
//! `ratios [rounds] [keys]`: 5 rounds over 500,000 keys of 16 bytes with values of 200 unless told otherwise. Each figure
//! is the median of its rounds; the two stores take turns at going first.

use std::{env, time::Duration};

use millpond_benches::{Bare, Failure, Keys, Millpond, Store, Values, load, per_second, settle, writers};
use millpond_engine::Durability;

/// How long each store is given to a measurement of durable commits.
const DURABLE: Duration = Duration::from_secs(1);

fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let keys: u64 = arguments.next().map_or(Ok(500_000), |text| text.parse())?;

    let values = Values::default();
    println!("{:<34}{:>12}{:>12}{:>9}{:>7}", "operations a second", "fjall", "millpond", "ratio", "goal");
    buffered(rounds.max(1), keys.max(1000), &values)?;
    durable(rounds.max(1), &values)
}

fn buffered(rounds: usize, keys: u64, values: &Values) -> Result<(), Failure> {
    let bare = Bare::new(Durability::Buffered)?;
    let millpond = Millpond::on_fjall(Durability::Buffered)?;
    load(&bare, keys, values)?;
    load(&millpond, keys, values)?;
    settle(&[bare.path(), millpond.path()]);

    let compare = |what: &str, goal: Option<f64>, measure: &dyn Fn(&dyn Store, u64) -> Result<f64, Failure>| {
        report(what, goal, rounds, |round| Ok((measure(&bare, round)?, 0)), |round| Ok((measure(&millpond, round)?, 0)))
    };
    compare("get, random", Some(0.9), &|store, round| {
        let draw = Keys::new(keys, round);
        per_second(100_000, |_| found(store.get(&draw.draw())?.is_some()))
    })?;
    compare("get, absent key", None, &|store, round| {
        per_second(100_000, |n| found(store.get(&Keys::nth(u64::MAX - round * 100_000 - n))?.is_none()))
    })?;
    compare("range of 100", None, &|store, round| {
        let draw = Keys::new(keys, round);
        per_second(2_000, |_| found(store.range(&draw.draw(), 100)? > 0))
    })?;
    compare("put, buffered", Some(0.7), &|store, round| {
        let draw = Keys::new(keys, round);
        per_second(100_000, |n| store.put(&draw.draw(), values.nth(n)))
    })?;
    compare("transaction 10 reads 10 writes", None, &|store, round| {
        let draw = Keys::new(keys, round);
        per_second(5_000, |n| {
            let (reads, writes) = (draw_ten(&draw), draw_ten(&draw));
            store.read_and_write(&reads, &writes, values.nth(n))
        })
    })
}

fn durable(rounds: usize, values: &Values) -> Result<(), Failure> {
    let bare = Bare::new(Durability::Sync)?;
    let millpond = Millpond::on_fjall(Durability::Sync)?;
    for (threads, goal) in [(1, None), (8, None), (64, Some(10.0))] {
        let measure = |store: &dyn Store, first| writers(store, threads, DURABLE, first, values);
        let (mut next_bare, mut next_millpond) = (0, 0);
        let what = format!("durable put, {threads} {}", if threads == 1 { "writer" } else { "writers" });
        report(
            &what,
            goal,
            rounds,
            |_| measure(&bare, next_bare).inspect(|(_, count)| next_bare += count),
            |_| measure(&millpond, next_millpond).inspect(|(_, count)| next_millpond += count),
        )?;
    }
    let statistics = millpond.engine.statistics();
    println!("millpond made {} durable commits with {} syncs", statistics.commits, statistics.syncs);
    Ok(())
}

/// Measures both in turns and prints a line. A measurement gives its rate, and what it counts beside it.
fn report(
    what: &str,
    goal: Option<f64>,
    rounds: usize,
    mut bare: impl FnMut(u64) -> Result<(f64, u64), Failure>,
    mut millpond: impl FnMut(u64) -> Result<(f64, u64), Failure>,
) -> Result<(), Failure> {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for round in 0..rounds as u64 {
        if round % 2 == 0 {
            theirs.push(bare(round)?.0);
            ours.push(millpond(round)?.0);
        } else {
            ours.push(millpond(round)?.0);
            theirs.push(bare(round)?.0);
        }
    }
    let (theirs, ours) = (median(theirs), median(ours));
    let ratio = ours / theirs;
    let verdict = match goal {
        Some(goal) if ratio >= goal => format!("{goal:>7}  met"),
        Some(goal) => format!("{goal:>7}  missed"),
        None => String::new(),
    };
    println!("{what:<34}{theirs:>12.0}{ours:>12.0}{ratio:>9.2}{verdict}");
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn draw_ten(keys: &Keys) -> [[u8; 16]; 10] {
    std::array::from_fn(|_| keys.draw())
}

/// A store that answers wrongly is not measured.
fn found(as_expected: bool) -> Result<(), Failure> {
    if as_expected { Ok(()) } else { Err("a store gave another answer than what was put in".into()) }
}
