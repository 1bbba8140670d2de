//! The operations, each derived from the seed and its number.

use millpond_engine::Timestamp;

pub(crate) const WRITERS: u64 = 8;
/// The messages of operation `i` have the numbers from `i * MESSAGES` on.
pub(crate) const MESSAGES: u64 = 8;
/// No message waits or is invisible for longer than this.
pub(crate) const LONGEST_SECS: u64 = 60;
/// For how long a side queue keeps its messages.
pub(crate) const RETENTION_SECS: u64 = 600;
/// The clock stands still within a group of operations, and moves on by so much for each of its operations.
const OPERATION_MILLIS: u64 = 500;
const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const GROUPS: u64 = 3;

/// A queue of a writer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Own {
    /// A standard queue.
    Work,
    /// Its dead-letter queue.
    Dead,
    /// A first-in-first-out queue.
    Line,
    /// Its dead-letter queue.
    Rest,
    /// A standard queue that is purged now and then.
    Side,
}

impl Own {
    pub(crate) const ALL: [Own; 5] = [Own::Work, Own::Dead, Own::Line, Own::Rest, Own::Side];

    pub(crate) fn name(self, writer: u64) -> String {
        match self {
            Own::Work => format!("work-{writer}"),
            Own::Dead => format!("dead-{writer}"),
            Own::Line => format!("line-{writer}.fifo"),
            Own::Rest => format!("rest-{writer}.fifo"),
            Own::Side => format!("side-{writer}"),
        }
    }

    /// Where its messages go that were received too often, and how often that is.
    pub(crate) fn dead_letters(self) -> Option<(Own, u32)> {
        match self {
            Own::Work => Some((Own::Dead, 2)),
            Own::Line => Some((Own::Rest, 3)),
            Own::Dead | Own::Rest | Own::Side => None,
        }
    }
}

/// The standard queue and the first-in-first-out queue that all writers share.
pub(crate) const SHARED: [&str; 2] = ["shared", "shared.fifo"];

/// A message to send to a queue of the writer's own.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) number: u64,
    pub(crate) delay_secs: u64,
    /// Of a first-in-first-out queue.
    pub(crate) deduplication_id: String,
}

/// What is done with messages once they were received.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    Delete,
    DeleteOneByOne,
    DeleteFirst,
    Leave,
    Hide(u64),
}

#[derive(Debug)]
pub(crate) enum Operation {
    Send {
        to: Own,
        messages: Vec<Outgoing>,
    },
    Receive {
        from: Own,
        most: usize,
        visible_secs: u64,
        then: Then,
    },
    /// Receives a message, handles it and deletes it in one transaction.
    Handle {
        from: Own,
    },
    Purge,
    Maintain,
    /// Sends to a shared queue, several messages without waiting for the one before.
    Share {
        to: &'static str,
        count: u64,
    },
    /// Receives from a shared queue, and perhaps deletes what came.
    Take {
        from: &'static str,
        most: usize,
        visible_secs: u64,
        deletes: bool,
    },
    HandleShared {
        from: &'static str,
    },
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
    let shared = SHARED[usize::from(numbers.below(2) == 1)];
    match numbers.below(100) {
        0..14 => send(&mut numbers, index, Own::Work, 1),
        14..19 => send(&mut numbers, index, Own::Work, MESSAGES),
        19..28 => send(&mut numbers, index, Own::Line, 1),
        28..32 => send(&mut numbers, index, Own::Line, MESSAGES),
        32..35 => send(&mut numbers, index, Own::Side, MESSAGES),
        35..46 => receive(&mut numbers, Own::Work),
        46..56 => receive(&mut numbers, Own::Line),
        56..59 => receive(&mut numbers, Own::Dead),
        59..62 => receive(&mut numbers, Own::Rest),
        62..68 => Operation::Handle { from: Own::Work },
        68..72 => Operation::Handle { from: Own::Line },
        72..73 => Operation::Purge,
        73..75 => Operation::Maintain,
        75..84 => Operation::Share { to: shared, count: 1 + numbers.below(3) },
        84..94 => Operation::Take {
            from: shared,
            most: 1 + numbers.below(4) as usize,
            visible_secs: 10 + numbers.below(41),
            deletes: numbers.below(3) > 0,
        },
        _ => Operation::HandleShared { from: shared },
    }
}

fn send(numbers: &mut Numbers, index: u64, to: Own, most: u64) -> Operation {
    let count = 1 + numbers.below(most);
    let message = |number: u64| {
        // Some are sent again under an id that the writer has used for another message lately.
        let deduplication_id = match numbers.below(5) {
            0 => format!("again-{}", index / (WRITERS * 6)),
            _ => number.to_string(),
        };
        let delay_secs = if numbers.below(4) == 0 && to == Own::Work { 5 + numbers.below(50) } else { 0 };
        Outgoing { number, delay_secs, deduplication_id }
    };
    Operation::Send { to, messages: (index * MESSAGES..index * MESSAGES + count).map(message).collect() }
}

fn receive(numbers: &mut Numbers, from: Own) -> Operation {
    let then = match numbers.below(8) {
        0..2 => Then::Delete,
        2 => Then::DeleteOneByOne,
        3 => Then::DeleteFirst,
        4..6 => Then::Leave,
        _ => Then::Hide(numbers.below(2) * numbers.below(LONGEST_SECS)),
    };
    Operation::Receive { from, most: 1 + numbers.below(6) as usize, visible_secs: 10 + numbers.below(41), then }
}

/// The group of a message of a first-in-first-out queue.
pub(crate) fn group_of(number: u64) -> String {
    format!("group-{}", (number / (MESSAGES * WRITERS) + number % MESSAGES) % GROUPS)
}

/// The body names the message and does not compress.
pub(crate) fn body(seed: u64, number: u64) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut numbers = Numbers::of(!seed, number);
    let bytes = match numbers.below(100) {
        0..80 => 100 + numbers.below(900),
        80..95 => 1_000 + numbers.below(9_000),
        95..99 => 10_000 + numbers.below(30_000),
        _ => 40_000 + numbers.below(60_000),
    };
    let mut body = format!("{number}:");
    for _ in 0..bytes / 10 {
        let random = numbers.next();
        body.extend((0..10).map(|sign| char::from(SIGNS[(random >> (6 * sign)) as usize % SIGNS.len()])));
    }
    body
}

/// The message that a body names.
pub(crate) fn number_of(body: &str) -> Option<u64> {
    body.split_once(':')?.0.parse().ok()
}

/// Groups of differing sizes, so that what is acknowledged at once is sometimes one commit and sometimes many.
pub(crate) fn group_end(seed: u64, start: u64, operations: u64) -> u64 {
    (start + 1 + Numbers(seed ^ start).below(40)).min(operations)
}

/// The time of the group of operations that begins so.
pub(crate) fn time_of(start: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + start * OPERATION_MILLIS)
}
