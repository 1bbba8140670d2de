//! What is published: a text that says which message it is, filled up to its size. It has no character that a form would escape.

use std::sync::LazyLock;

use crate::Failure;

const PATTERN: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
const LARGEST: usize = 4096;

static FILLER: LazyLock<String> = LazyLock::new(|| PATTERN.repeat(LARGEST / PATTERN.len() + 2));

/// Which message of which round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) round: u32,
    pub(crate) publisher: u16,
    pub(crate) number: u32,
}

impl Id {
    pub(crate) fn text(self, bytes: usize) -> String {
        let Id { round, publisher, number } = self;
        let mut text = format!("{round:08x}.{publisher:04x}.{number:08x}.");
        text.push_str(filler(number, bytes - text.len()));
        text
    }

    /// Which message this is: an error unless each byte is as it was published.
    pub(crate) fn of(text: &str, bytes: usize) -> Result<Id, Failure> {
        parse(text, bytes).ok_or_else(|| format!("a damaged message of {} bytes: {text:.80}", text.len()).into())
    }
}

fn parse(text: &str, bytes: usize) -> Option<Id> {
    let mut fields = text.splitn(4, '.');
    let round = u32::from_str_radix(fields.next()?, 16).ok()?;
    let publisher = u16::from_str_radix(fields.next()?, 16).ok()?;
    let number = u32::from_str_radix(fields.next()?, 16).ok()?;
    let rest = fields.next()?;
    let is_whole = text.len() == bytes && rest == filler(number, rest.len());
    is_whole.then_some(Id { round, publisher, number })
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
    fn a_text_names_its_message_and_a_damaged_one_is_found() {
        let id = Id { round: 7, publisher: 63, number: 1_000_001 };
        for bytes in [200, LARGEST] {
            let text = id.text(bytes);
            assert_eq!(text.len(), bytes);
            assert_eq!(Id::of(&text, bytes).unwrap(), id);
            assert!(Id::of(&text[..bytes - 1], bytes).is_err());
            assert!(Id::of(&text.replace('k', "l"), bytes).is_err());
        }
    }
}
