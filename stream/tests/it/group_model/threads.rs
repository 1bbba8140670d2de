//! Many threads: sixteen producers, handlers that come and go, and somebody who splits and merges.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Instant,
};

use millpond_engine::{Read, Transaction};
use millpond_stream::{Batch, ConsumerGroup, Error, Running};

use super::*;

const RECORDS: u32 = 60;

/// Random enough.
fn chance(state: &AtomicU32) -> usize {
    let state = state.fetch_add(0x9E37_79B9, Ordering::Relaxed);
    ((state ^ (state >> 15)).wrapping_mul(0x85EB_CA6B) >> 8) as usize
}

/// Runs a history until all that is put was handled, as `handled` tells it.
fn run(home: &Home, moves_clock: bool, start: impl Fn(&ConsumerGroup) -> Running + Sync, handled: impl Fn() -> u64) {
    let stream = home.stream();
    let group = stream.consumer_group("g").batch_records(9).retry(Duration::ZERO, Duration::ZERO);
    let (is_over, random) = (AtomicBool::new(false), AtomicU32::new(7));
    let began = Instant::now();
    let goes_on = || !is_over.load(Ordering::SeqCst);
    thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                scope.spawn(move || {
                    for nth in 0..RECORDS {
                        stream.append(record(producer, nth)).unwrap();
                        thread::sleep(Duration::from_micros(500));
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while goes_on() {
                let pick = chance(&random);
                reshard(stream, pick, pick.is_multiple_of(2));
                thread::sleep(Duration::from_millis(3));
            }
        });
        scope.spawn(|| {
            while moves_clock && goes_on() {
                home.pass(Duration::from_secs(2));
                thread::sleep(Duration::from_millis(2));
            }
        });
        scope.spawn(|| {
            let mut all: Vec<Running> = Vec::new();
            while goes_on() {
                match chance(&random) % 4 {
                    0 if !all.is_empty() => {
                        let nth = chance(&random) % all.len();
                        all.remove(nth).stop().unwrap();
                    }
                    _ if all.len() < 4 => all.push(start(&group)),
                    _ => {}
                }
                thread::sleep(Duration::from_millis(7));
            }
        });
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        while handled() < u64::from(PRODUCERS * RECORDS) {
            assert!(began.elapsed() < Duration::from_secs(60), "{} were handled: {:?}", handled(), group.metrics());
            thread::sleep(Duration::from_millis(1));
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(group.metrics().unwrap().is_caught_up());
    assert_eq!(handled(), u64::from(PRODUCERS * RECORDS));
}

#[test]
fn without_a_crash_each_record_is_handled_once_and_in_its_order() {
    let home = Home::new(false);
    let next: Arc<Vec<AtomicU32>> = Arc::new((0..PRODUCERS).map(|_| AtomicU32::new(0)).collect());
    let is_bad = Arc::new(AtomicBool::new(false));
    let handler = {
        let (next, is_bad) = (Arc::clone(&next), Arc::clone(&is_bad));
        move |batch: &Batch| {
            for record in batch.records() {
                let (producer, nth) = parse(&record.data);
                if next[producer as usize].fetch_add(1, Ordering::SeqCst) != nth {
                    is_bad.store(true, Ordering::SeqCst);
                }
            }
            Ok::<(), Error>(())
        }
    };
    let handled = || next.iter().map(|next| u64::from(next.load(Ordering::SeqCst))).sum();
    run(&home, false, |group| group.run(2, handler.clone()).unwrap(), handled);
    assert!(!is_bad.load(Ordering::SeqCst), "a record was handled twice, or before another one");
}

#[test]
fn records_take_effect_exactly_once_though_leases_are_lost() {
    let home = Home::new(false);
    let engine = home.engine();
    let effects = engine.keyspace("effects").unwrap();
    let handler = {
        let effects = effects.clone();
        move |tx: &mut Transaction, batch: &Batch| -> Result<(), Error> {
            for record in batch.records() {
                let (producer, nth) = parse(&record.data);
                let key = producer.to_be_bytes();
                let next = tx.get(&effects, &key)?;
                let next = next.map_or(0, |next| u32::from_be_bytes(next.as_ref().try_into().unwrap()));
                if next != nth {
                    tx.put(&effects, "bad", "")?;
                }
                tx.put(&effects, key.to_vec(), (next + 1).to_be_bytes().to_vec())?;
            }
            Ok(())
        }
    };
    let handled = || {
        let mut snapshot = engine.snapshot().unwrap();
        let of = |producer: u32| Read::get(&mut snapshot, &effects, &producer.to_be_bytes()).unwrap();
        let counts = (0..PRODUCERS).filter_map(of);
        counts.map(|count| u64::from(u32::from_be_bytes(count.as_ref().try_into().unwrap()))).sum()
    };
    run(&home, true, |group| group.run_in(2, handler.clone()).unwrap(), handled);
    assert_eq!(engine.get(&effects, b"bad").unwrap(), None, "an effect was had twice, or before another one");
}
