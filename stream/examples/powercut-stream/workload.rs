//! The operations, each derived from the seed and its number.

use millpond_engine::Timestamp;
use millpond_stream::NewRecord;

pub(crate) const WRITERS: u64 = 8;
/// The records of operation `i` have the numbers from `i * RECORDS` on.
pub(crate) const RECORDS: u64 = 16;
/// The clock stands still within a group of operations, and moves on by so much for each of its operations: so records grow too
/// old to be kept on the way.
const OPERATION_MILLIS: u64 = 120_000;
const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const KEYS: u64 = 5;

/// A stream of a writer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Own {
    /// Its shards are split and merged.
    Left,
    /// Its retention is changed.
    Right,
    /// It is deleted and made again.
    Side,
}

impl Own {
    pub(crate) const ALL: [Own; 3] = [Own::Left, Own::Right, Own::Side];

    pub(crate) fn name(self, writer: u64) -> String {
        match self {
            Own::Left => format!("left-{writer}"),
            Own::Right => format!("right-{writer}"),
            Own::Side => format!("side-{writer}"),
        }
    }
}

/// The stream that all writers share.
pub(crate) const SHARED: &str = "shared";
/// Streams begin with so many shards.
pub(crate) const SHARDS: u32 = 2;

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// Puts records in one commit.
    Append {
        to: Own,
        records: Vec<u64>,
    },
    /// Puts records into both streams of the writer in one transaction: `left` of them into the first.
    Both {
        records: Vec<u64>,
        left: usize,
    },
    /// Puts records into one of the writer's streams and into the shared one in one transaction.
    BothShared {
        records: Vec<u64>,
        left: usize,
    },
    /// Puts records into the shared stream in one commit.
    Share {
        records: Vec<u64>,
    },
    /// The same, each in a commit of its own, without waiting for the one before.
    ShareEach {
        records: Vec<u64>,
    },
    /// Splits the open shard of that place among those of the stream in the middle, or merges it with the next.
    Split {
        nth: u64,
    },
    Merge {
        nth: u64,
    },
    /// The same of the shared stream; others may be faster.
    SplitShared {
        nth: u64,
    },
    MergeShared {
        nth: u64,
    },
    Retain {
        hours: u32,
    },
    /// Registers a consumer, or takes it away if it is there.
    Consumer {
        name: String,
    },
    /// Deletes the side stream, or makes it if it is not there.
    Remake,
    Maintain,
}

/// A stream of numbers from a seed (SplitMix64).
pub(crate) struct Numbers(u64);

impl Numbers {
    fn of(seed: u64, index: u64) -> Self {
        Numbers(seed.wrapping_mul(0x1_0000_0001) ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

pub(crate) fn operation(seed: u64, index: u64) -> Operation {
    let mut numbers = Numbers::of(seed, index);
    let kind = numbers.below(100);
    let nth = numbers.next();
    let mut records = |most: u64| -> Vec<u64> {
        let count = 1 + numbers.below(most);
        (index * RECORDS..index * RECORDS + count).collect()
    };
    match kind {
        0..14 => Operation::Append { to: Own::Left, records: records(1) },
        14..22 => Operation::Append { to: Own::Left, records: records(RECORDS) },
        22..30 => Operation::Append { to: Own::Right, records: records(4) },
        30..38 => Operation::Append { to: Own::Side, records: records(4) },
        38..46 => {
            let records = records(RECORDS);
            Operation::Both { left: nth as usize % (records.len() + 1), records }
        }
        46..52 => {
            let records = records(8);
            Operation::BothShared { left: nth as usize % (records.len() + 1), records }
        }
        52..60 => Operation::Share { records: records(1) },
        60..64 => Operation::Share { records: records(RECORDS) },
        64..70 => Operation::ShareEach { records: records(6) },
        70..76 => Operation::Split { nth },
        76..81 => Operation::Merge { nth },
        81..84 => Operation::SplitShared { nth },
        84..86 => Operation::MergeShared { nth },
        86..89 => Operation::Retain { hours: [24, 30, 48][nth as usize % 3] },
        89..93 => Operation::Consumer { name: format!("fan-{}", nth % 4) },
        93..96 => Operation::Remake,
        _ => Operation::Maintain,
    }
}

/// The key of a record.
pub(crate) fn key_of(number: u64) -> String {
    format!("key-{}-{}", writer_of(number), (number / (RECORDS * WRITERS) + number % RECORDS) % KEYS)
}

pub(crate) fn writer_of(number: u64) -> u64 {
    number / RECORDS % WRITERS
}

/// A record; its data names it and does not compress.
pub(crate) fn record(seed: u64, number: u64) -> NewRecord {
    (key_of(number), body(seed, number)).into()
}

pub(crate) fn body(seed: u64, number: u64) -> Vec<u8> {
    let mut numbers = Numbers::of(!seed, number);
    let bytes = match numbers.below(100) {
        0..80 => 50 + numbers.below(900),
        80..95 => 1_000 + numbers.below(9_000),
        95..99 => 10_000 + numbers.below(40_000),
        // Of some such a batch makes several rows.
        _ => 60_000 + numbers.below(120_000),
    };
    let mut body = number.to_be_bytes().to_vec();
    body.extend((0..bytes / 8).flat_map(|_| numbers.next().to_be_bytes()));
    body
}

/// The record that its data names.
pub(crate) fn number_of(body: &[u8]) -> Option<u64> {
    body.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Groups of differing sizes, so that what is acknowledged at once is sometimes one commit and sometimes many.
pub(crate) fn group_end(seed: u64, start: u64, operations: u64) -> u64 {
    (start + 1 + Numbers(seed ^ start).below(40)).min(operations)
}

/// The time of the group of operations that begins so.
pub(crate) fn time_of(start: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + start * OPERATION_MILLIS)
}
