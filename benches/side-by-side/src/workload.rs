//! What is stored and what is asked of it, in words that every store can be told.

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) const TABLE: &str = "side-by-side";
/// Items of one partition, which is what one query reads.
pub(crate) const PARTITION: usize = 100;
pub(crate) const KEY_CONDITION: &str = "pk = :p";
pub(crate) const UPDATE: &str = "SET amount = amount + :one";
pub(crate) const CONDITION: &str = "attribute_exists(pk) AND amount >= :zero";

/// Two texts that bring an item to 400 bytes as the service counts them.
pub(crate) static NAME: LazyLock<String> = LazyLock::new(|| "x".repeat(100));
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(|| "y".repeat(274));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Get,
    /// One partition of 100 items.
    Query,
    /// Adds to a number, where the item is there and the number not negative.
    Update,
}

impl Operation {
    pub(crate) const ALL: [Operation; 4] = [Operation::Get, Operation::Query, Operation::Put, Operation::Update];
}

/// What is measured, in this order, and what it is called.
pub(crate) type Step = (Operation, &'static str);

pub(crate) const READS_AND_WRITES: &[Step] = &[
    (Operation::Get, "get"),
    (Operation::Query, "query of 100"),
    PUT,
    UPDATE_STEP,
    // The store holds what the writes have left behind by now.
    (Operation::Query, "query of 100, overwritten"),
];
pub(crate) const WRITES: &[Step] = &[PUT, UPDATE_STEP];

const PUT: Step = (Operation::Put, "put");
const UPDATE_STEP: Step = (Operation::Update, "conditional update");

pub(crate) fn partition_key(row: usize) -> String {
    format!("p{}", row / PARTITION)
}

pub(crate) fn sort_key(row: usize) -> usize {
    row % PARTITION
}

/// An item's attributes as text, whatever their types: what a store must give back.
pub(crate) type Fields = BTreeMap<String, String>;

pub(crate) fn fields(row: usize, amount: usize) -> Fields {
    [
        ("pk", partition_key(row)),
        ("sk", sort_key(row).to_string()),
        ("name", NAME.clone()),
        ("text", TEXT.clone()),
        ("amount", amount.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Draws rows, the same ones for every store.
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: usize) -> Draw {
        Draw((seed as u64).wrapping_mul(7919) + 1)
    }

    pub(crate) fn below(&mut self, rows: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % rows
    }
}
