//! Reads of what was just appended: one producer, one reader, in turns.

use std::time::{Duration, Instant};

use crate::{
    Failure,
    append::{self, BATCH},
    measure::{self, Figure, Plan},
    record::Id,
    store::{Store, Subject},
};

/// How many records are appended before they are read: 8 MiB, which every store still has in memory.
const RECORDS: u32 = 8 << 10;

/// The rates at which all tails of a round were read together.
pub(crate) fn all(plan: Plan, subjects: &mut [Subject]) -> Result<Vec<Option<Figure>>, Failure> {
    measure::interleaved(plan, subjects.len(), |at| {
        let subject = subjects.get_mut(at).ok_or("no such subject")?;
        eprintln!("tail reads: {}", subject.name);
        let figure = round(plan, subject.store.as_mut());
        figure.map(Some).map_err(|error| format!("{}, tail reads: {error}", subject.name).into())
    })
}

fn round(plan: Plan, store: &mut dyn Store) -> Result<Figure, Failure> {
    store.clear()?;
    measure::sync_disk()?;
    let round = append::next_round();
    let (mut producer, mut reader) = (store.producer(0)?, store.reader()?);
    // It stands at the end before the first record comes, as a reader does that follows a log.
    let early = reader.page(&mut |_| Ok(()))?;
    if early > 0 {
        return Err(format!("{early} records in an empty log").into());
    }
    let (mut number, mut seen, mut pages) = (0, 0, Vec::new());
    for _ in 0..plan.tails {
        let end = number + RECORDS;
        while number < end {
            let batch = number..end.min(number + u32::try_from(BATCH)?);
            number = batch.end;
            let records: Vec<_> = batch.map(|number| Id { round, producer: 0, number }.record()).collect();
            producer.append(&records)?;
        }
        while seen < end {
            let started = Instant::now();
            let read = reader.page(&mut |record| {
                let (id, expected) = (Id::of(record)?, Id { round, producer: 0, number: seen });
                seen += 1;
                if id == expected { Ok(()) } else { Err(format!("{id:?} where {expected:?} was to come").into()) }
            })?;
            pages.push(started.elapsed());
            if read == 0 {
                return Err(format!("{end} records were appended, and only {seen} can be read").into());
            }
        }
    }
    let lasted: Duration = pages.iter().sum();
    Ok(Figure::of(u64::from(seen), lasted, pages))
}
