//! What every store can be asked, linked or over HTTP.

use crate::{
    Failure,
    workload::{Fields, Operation, PARTITION, fields},
};

/// A store, and what one has to know of it to compare it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// What an acknowledged write means here.
    pub(crate) promise: &'static str,
    pub(crate) store: Box<dyn Store>,
}

pub(crate) trait Store: Sync {
    /// Each client's thread has its own.
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure>;
}

pub(crate) trait Client {
    fn create_table(&mut self) -> Result<(), Failure>;

    /// Puts the 100 items of a partition in.
    fn fill(&mut self, partition: usize) -> Result<(), Failure>;

    /// What is measured: an error too if the answer is not the one that a store must give.
    fn run(&mut self, operation: Operation, row: usize) -> Result<(), Failure>;

    /// An item in full.
    fn get(&mut self, row: usize) -> Result<Option<Fields>, Failure>;

    /// The items of the row's partition in full.
    fn query(&mut self, row: usize) -> Result<Vec<Fields>, Failure>;
}

pub(crate) fn load(subject: &Subject, partitions: usize) -> Result<(), Failure> {
    let mut client = subject.store.client()?;
    client.create_table()?;
    (0..partitions).try_for_each(|partition| client.fill(partition))
}

/// Asks for everything once, and compares it in full.
pub(crate) fn check(subject: &Subject, partitions: usize) -> Result<(), Failure> {
    let mut client = subject.store.client()?;
    let row = partitions * PARTITION / 2 + 3;
    expect("get", &client.get(row)?, &Some(fields(row, 0)))?;
    let first = row - row % PARTITION;
    let all: Vec<_> = (first..first + PARTITION).map(|row| fields(row, 0)).collect();
    expect("query", &client.query(row)?, &all)?;
    for operation in Operation::ALL {
        client.run(operation, row)?;
    }
    client.run(Operation::Update, row)?;
    expect("update", &client.get(row)?, &Some(fields(row, 2)))?;
    client.run(Operation::Put, row)?;
    expect("put", &client.get(row)?, &Some(fields(row, 0)))?;
    let absent = partitions * PARTITION;
    expect("get of an absent item", &client.get(absent)?, &None)?;
    if client.run(Operation::Update, absent).is_ok() {
        return Err("an update passed whose condition does not hold".into());
    }
    expect("get after it", &client.get(absent)?, &None)
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, answer: &T, expected: &T) -> Result<(), Failure> {
    if answer == expected {
        return Ok(());
    }
    Err(format!("{what} gave {answer:?} where it must give {expected:?}").into())
}
