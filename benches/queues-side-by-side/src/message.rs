//! What is sent: a body that says which message it is and when its send began, filled up to its size.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use crate::Failure;

const PATTERN: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
const LARGEST: usize = 4096;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static FILLER: LazyLock<String> = LazyLock::new(|| PATTERN.repeat(LARGEST / PATTERN.len() + 2));

/// Time since the first question, the same for all threads.
pub(crate) fn now() -> Duration {
    START.elapsed()
}

/// Which message of which round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) round: u32,
    pub(crate) producer: u16,
    pub(crate) number: u32,
}

impl Id {
    /// The message with its size and the time its send began.
    pub(crate) fn body(self, bytes: usize, sent: Duration) -> String {
        let Id { round, producer, number } = self;
        let mut body = format!("{round:08x} {producer:04x} {number:08x} {:016x} ", sent.as_nanos());
        body.push_str(filler(number, bytes - body.len()));
        body
    }

    /// Which message this is and when its send began: an error unless each byte is as it was sent.
    pub(crate) fn of(body: &str, bytes: usize) -> Result<(Id, Duration), Failure> {
        parse(body, bytes).ok_or_else(|| format!("a damaged message of {} bytes: {body:.80}", body.len()).into())
    }
}

fn parse(body: &str, bytes: usize) -> Option<(Id, Duration)> {
    let mut fields = body.splitn(5, ' ');
    let round = u32::from_str_radix(fields.next()?, 16).ok()?;
    let producer = u16::from_str_radix(fields.next()?, 16).ok()?;
    let number = u32::from_str_radix(fields.next()?, 16).ok()?;
    let sent = u64::from_str_radix(fields.next()?, 16).ok()?;
    let rest = fields.next()?;
    let is_whole = body.len() == bytes && rest == filler(number, rest.len());
    is_whole.then_some((Id { round, producer, number }, Duration::from_nanos(sent)))
}

/// Of any two neighbours each byte differs, so that a mixture does not pass.
fn filler(number: u32, bytes: usize) -> &'static str {
    let start = number as usize % PATTERN.len();
    FILLER.get(start..start + bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_its_message_and_a_damaged_one_is_found() {
        let id = Id { round: 7, producer: 63, number: 1_000_001 };
        for bytes in [200, LARGEST] {
            let body = id.body(bytes, Duration::from_nanos(42));
            assert_eq!(body.len(), bytes);
            assert_eq!(Id::of(&body, bytes).unwrap(), (id, Duration::from_nanos(42)));
            assert!(Id::of(&body[..bytes - 1], bytes).is_err());
            assert!(Id::of(&body.replace('k', "l"), bytes).is_err());
        }
    }
}
