//! The operations, each derived from the seed and its number.

use millpond_engine::Timestamp;

pub(crate) const WRITERS: u64 = 4;
/// The messages of operation `i` have the numbers from `i * MESSAGES` on.
pub(crate) const MESSAGES: u64 = 4;
/// The clock stands still within a group of operations, and moves on by so much for each of its operations.
const OPERATION_MILLIS: u64 = 2000;
/// For how long a deduplication id is known.
pub(crate) const KNOWN_MILLIS: u64 = 300_000;
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A function that is attached, and one that is not before the check.
pub(crate) const HANDLING: &str = "handling";
pub(crate) const WAITING: &str = "waiting";

/// The topic that all writers share, and its queues.
pub(crate) const SHARED: &str = "shared.fifo";
pub(crate) const SHARED_RAW: &str = "shared-raw.fifo";
pub(crate) const SHARED_ENVELOPED: &str = "shared-enveloped.fifo";

/// What a writer has of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Own {
    /// A standard topic.
    Each,
    /// Its queues.
    Raw,
    Enveloped,
    /// One that is subscribed and unsubscribed.
    Side,
    /// A first-in-first-out topic.
    Line,
    /// Its queues.
    First,
    Second,
    /// A standard one.
    Loose,
}

impl Own {
    pub(crate) fn name(self, writer: u64) -> String {
        match self {
            Own::Each => format!("each-{writer}"),
            Own::Raw => format!("raw-{writer}"),
            Own::Enveloped => format!("enveloped-{writer}"),
            Own::Side => format!("side-{writer}"),
            Own::Line => format!("line-{writer}.fifo"),
            Own::First => format!("first-{writer}.fifo"),
            Own::Second => format!("second-{writer}.fifo"),
            Own::Loose => format!("loose-{writer}"),
        }
    }
}

/// A message for the first-in-first-out topic: its number, and that by which it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing {
    pub(crate) number: u64,
    pub(crate) id: u64,
}

#[derive(Debug)]
pub(crate) enum Operation {
    Each(Vec<u64>),
    Line(Vec<Outgoing>),
    /// To both, and a row, in one transaction.
    Both(u64, Outgoing),
    /// Subscribes or unsubscribes the side queue.
    Side,
    /// Several to the shared topic, without waiting for the one before.
    Share(Vec<u64>),
    Maintain,
}

/// A stream of numbers from a seed (SplitMix64).
struct Numbers(u64);

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
    let first = index * MESSAGES;
    match numbers.below(100) {
        0..35 => Operation::Each((first..first + 1 + numbers.below(MESSAGES)).collect()),
        35..62 => {
            let count = 1 + numbers.below(MESSAGES);
            Operation::Line((first..first + count).map(|number| outgoing(&mut numbers, number)).collect())
        }
        62..78 => Operation::Both(first, outgoing(&mut numbers, first + 1)),
        78..86 => Operation::Side,
        86..97 => Operation::Share((first..first + 1 + numbers.below(MESSAGES)).collect()),
        _ => Operation::Maintain,
    }
}

/// Now and then under the id of an earlier message of the writer.
fn outgoing(numbers: &mut Numbers, number: u64) -> Outgoing {
    let back = WRITERS * MESSAGES * numbers.below(60);
    let is_again = numbers.below(3) == 0;
    Outgoing { number, id: if is_again { number.checked_sub(back).unwrap_or(number) } else { number } }
}

/// The text of a message: its number, and as much after it as is drawn from the seed.
pub(crate) fn text(seed: u64, number: u64) -> String {
    let mut numbers = Numbers::of(!seed, number);
    let length = if numbers.below(20) == 0 { 20_000 } else { numbers.below(600) };
    let letters = (0..length).map(|_| char::from(b'a' + u8::try_from(numbers.below(26)).unwrap_or(0)));
    format!("{number}:").chars().chain(letters).collect()
}

pub(crate) fn number_of(text: &str) -> Option<u64> {
    text.split_once(':')?.0.parse().ok()
}

/// Where the group of operations ends that begins so.
pub(crate) fn group_end(seed: u64, start: u64, operations: u64) -> u64 {
    (start + 1 + Numbers(seed ^ start).below(30)).min(operations)
}

/// The time of the group of operations that begins so.
pub(crate) fn time_of(start: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + start * OPERATION_MILLIS)
}
