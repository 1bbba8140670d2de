//! Which subscriptions of a topic were changed last.

use crate::{Error, Result, SubscriptionId};

use super::TOPICS;

const CHANGE: u8 = 5;

/// So many of the last changes are known. Each takes the place of the one that was so many before it.
pub(crate) const KNOWN_CHANGES: u64 = 1024;

/// Before a topic's changes.
pub(crate) fn changes_prefix(topic: u64) -> Vec<u8> {
    [&[CHANGE][..], &topic.to_be_bytes()].concat()
}

/// The place of the change with which there are `version`.
pub(crate) fn change_key(topic: u64, version: u64) -> Vec<u8> {
    [&changes_prefix(topic)[..], &(version % KNOWN_CHANGES).to_be_bytes()].concat()
}

pub(crate) fn encode_change(version: u64, id: SubscriptionId) -> Vec<u8> {
    [&version.to_be_bytes()[..], &id.0].concat()
}

/// The count of changes with this one, and the subscription that was changed.
pub(crate) fn decode_change(row: &[u8]) -> Result<(u64, SubscriptionId)> {
    let corrupt = || Error::Corrupt { keyspace: TOPICS, detail: "a change is not 24 bytes" };
    let (version, id) = row.split_first_chunk::<8>().ok_or_else(corrupt)?;
    Ok((u64::from_be_bytes(*version), SubscriptionId(id.try_into().map_err(|_| corrupt())?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_takes_the_place_of_an_old_one() {
        let id = SubscriptionId([7; 16]);
        assert_eq!(decode_change(&encode_change(513, id)).unwrap(), (513, id));
        assert!(decode_change(&encode_change(513, id)[1..]).is_err() && decode_change(b"").is_err());
        assert_eq!(change_key(3, 5), change_key(3, 5 + KNOWN_CHANGES));
        assert_ne!(change_key(3, 5), change_key(3, 6));
        assert!(change_key(3, 5).starts_with(&changes_prefix(3)));
    }
}
