//! Applies the operations.

use std::{fs::OpenOptions, io::Write, path::Path};

use millpond_stream::{CreateOptions, Error, NewRecord, Placed, Shard, ShardFilter, Stream};

use crate::{
    Store,
    model::middle,
    workload::{self, Operation, Own, SHARDS, SHARED, WRITERS, operation, record},
};

struct Run<'a> {
    store: &'a Store,
    seed: u64,
}

pub(crate) fn run(store: &Store, acks: &str, operations: u64, seed: u64) {
    let options = CreateOptions::shards(SHARDS);
    store.streams.create(SHARED, &options).expect("a stream is created");
    for writer in 0..WRITERS {
        for own in Own::ALL {
            store.streams.create(&own.name(writer), &options).expect("a stream is created");
        }
    }
    let mut acks = OpenOptions::new().create(true).append(true).open(Path::new(acks)).expect("the acknowledgements");
    let mut start = 0;
    while start < operations {
        let end = workload::group_end(seed, start, operations);
        store.engine.clock().set(workload::time_of(start)).expect("time goes on");
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                scope.spawn(move || {
                    for index in (start..end).filter(|index| index % WRITERS == writer) {
                        let run = Run { store, seed };
                        run.apply(index).unwrap_or_else(|error| panic!("operation {index}: {error}"));
                    }
                });
            }
        });
        start = end;
        acks.write_all(&end.to_be_bytes()).expect("an acknowledgement is written");
    }
}

impl Run<'_> {
    fn apply(&self, index: u64) -> Result<(), Error> {
        let (streams, engine) = (&self.store.streams, &self.store.engine);
        let own = |own: Own| streams.get(&own.name(index % WRITERS));
        match operation(self.seed, index) {
            Operation::Append { to, records } => match own(to) {
                Err(Error::StreamNotFound { .. }) if to == Own::Side => Ok(()),
                stream => self.append(&stream?, &records),
            },
            Operation::Both { records, left } => {
                let (one, other) = (own(Own::Left)?, own(Own::Right)?);
                let placed = engine.transact(|tx| {
                    let mut placed = one.append_batch_in(tx, self.records(&records[..left]))?;
                    placed.extend(other.append_batch_in(tx, self.records(&records[left..]))?);
                    Ok::<_, Error>(placed)
                })?;
                self.note(&records, &placed)
            }
            Operation::BothShared { records, left } => {
                let (one, other) = (own(Own::Left)?, streams.get(SHARED)?);
                let placed = engine.transact(|tx| {
                    let mut placed = other.append_batch_in(tx, self.records(&records[left..]))?;
                    placed.splice(..0, one.append_batch_in(tx, self.records(&records[..left]))?);
                    Ok::<_, Error>(placed)
                })?;
                self.note(&records, &placed)
            }
            Operation::Share { records } => self.append(&streams.get(SHARED)?, &records),
            Operation::ShareEach { records } => {
                let shared = streams.get(SHARED)?;
                let append = |number: &u64| shared.append_async(record(self.seed, *number));
                let tickets = records.iter().map(append).collect::<Result<Vec<_>, _>>()?;
                let placed = tickets.into_iter().map(|ticket| ticket.wait()).collect::<Result<Vec<_>, _>>()?;
                self.note(&records, &placed)
            }
            Operation::Split { nth } => split(&own(Own::Left)?, nth),
            Operation::Merge { nth } => merge(&own(Own::Left)?, nth),
            Operation::SplitShared { nth } => unless_over(split(&streams.get(SHARED)?, nth)),
            Operation::MergeShared { nth } => unless_over(merge(&streams.get(SHARED)?, nth)),
            Operation::Retain { hours } => {
                let stream = own(Own::Right)?;
                match hours >= stream.describe()?.retention_hours {
                    true => stream.increase_retention(hours),
                    false => stream.decrease_retention(hours),
                }
            }
            Operation::Consumer { name } => {
                let stream = own(Own::Left)?;
                match stream.deregister_consumer(&name) {
                    Err(Error::ConsumerNotFound { .. }) => {
                        stream.register_consumer(&name, &[("of".to_owned(), name.clone())].into()).map(drop)
                    }
                    deregistered => deregistered,
                }
            }
            Operation::Remake => {
                let name = Own::Side.name(index % WRITERS);
                match streams.delete(&name, false) {
                    Err(Error::StreamNotFound { .. }) => {
                        streams.create(&name, &CreateOptions::shards(SHARDS)).map(drop)
                    }
                    deleted => deleted,
                }
            }
            Operation::Maintain => streams.maintain().map(drop),
        }
    }

    fn records(&self, numbers: &[u64]) -> Vec<NewRecord> {
        numbers.iter().map(|number| record(self.seed, *number)).collect()
    }

    fn append(&self, stream: &Stream, records: &[u64]) -> Result<(), Error> {
        let placed = match records {
            [one] => vec![stream.append(record(self.seed, *one))?],
            several => stream.append_batch(self.records(several))?.into_iter().collect::<Result<Vec<_>, _>>()?,
        };
        self.note(records, &placed)
    }

    /// Notes which numbers the records were given.
    fn note(&self, records: &[u64], placed: &[Placed]) -> Result<(), Error> {
        assert_eq!(records.len(), placed.len());
        self.store.engine.transact(|tx| {
            for (record, placed) in records.iter().zip(placed) {
                let number = placed.sequence_number().expect("it is committed");
                tx.put(&self.store.numbers, record.to_be_bytes().to_vec(), number.to_string())?;
            }
            Ok(())
        })
    }
}

/// The open shards by their hash keys.
pub(crate) fn open_shards(stream: &Stream) -> Result<Vec<Shard>, Error> {
    let mut open = stream.shards(Some(&ShardFilter::AtLatest))?;
    open.sort_by_key(|shard| *shard.hash_keys.start());
    Ok(open)
}

fn split(stream: &Stream, nth: u64) -> Result<(), Error> {
    let open = open_shards(stream)?;
    let shard = &open[nth as usize % open.len()];
    let middle = middle((*shard.hash_keys.start(), *shard.hash_keys.end()));
    middle.map_or(Ok(()), |at| stream.split_shard(shard.id, at))
}

fn merge(stream: &Stream, nth: u64) -> Result<(), Error> {
    let open = open_shards(stream)?;
    let nth = nth as usize % open.len();
    open.get(nth + 1).map_or(Ok(()), |next| stream.merge_shards(open[nth].id, next.id))
}

/// In the shared stream another writer may have been faster.
fn unless_over(resharded: Result<(), Error>) -> Result<(), Error> {
    match resharded {
        Err(Error::ShardOver { .. }) => Ok(()),
        resharded => resharded,
    }
}
