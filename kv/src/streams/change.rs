//! What a stream keeps of a change of an item.
//!
//! A version byte, a letter for the kind, a byte for the cause, a byte for the view type, then keys, new image and old
//! image: each an encoded item after its length (u32), which is 0 where there is none.

use bytes::{Buf, BufMut, Bytes};
use millpond_engine::Timestamp;
use millpond_stream::log::{LogId, Record as Stored};

use super::names;
use crate::Result;
use crate::layout;
use crate::model::{Identity, OperationType, Record, StreamViewType};
use crate::table::TableRecord;
use crate::value::{Item, item_size_bytes};

const VERSION: u8 = 1;
/// Where changes are stored.
const LOG: &str = "stream.records";

/// Who changes an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A caller.
    Request,
    /// Its expiry.
    Expiry,
}

/// A change of an item, with as much as its stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    kind: OperationType,
    cause: Cause,
    view_type: StreamViewType,
    keys: Item,
    new: Option<Item>,
    old: Option<Item>,
}

impl Change {
    /// `None` where nothing was and nothing is.
    pub(crate) fn of(
        table: &TableRecord,
        view_type: StreamViewType,
        old: Option<&Item>,
        new: Option<&Item>,
        cause: Cause,
    ) -> Option<Change> {
        let kind = OperationType::of(old.is_some(), new.is_some())?;
        let image = new.or(old)?;
        let (has_new, has_old) = match view_type {
            StreamViewType::KeysOnly => (false, false),
            StreamViewType::NewImage => (true, false),
            StreamViewType::OldImage => (false, true),
            StreamViewType::NewAndOldImages => (true, true),
        };
        Some(Change {
            kind,
            cause,
            view_type,
            keys: table.keys.of_item(image),
            new: new.filter(|_| has_new).cloned(),
            old: old.filter(|_| has_old).cloned(),
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, kind_letter(self.kind), u8::from(self.cause == Cause::Expiry)];
        bytes.push(view_number(self.view_type));
        for image in [Some(&self.keys), self.new.as_ref(), self.old.as_ref()] {
            let encoded = image.map(layout::encode).unwrap_or_default();
            // An item is far shorter than that.
            bytes.put_u32(u32::try_from(encoded.len()).unwrap_or(u32::MAX));
            bytes.put(encoded);
        }
        bytes
    }

    pub(crate) fn decode(mut bytes: Bytes) -> Result<Change> {
        let bad = |detail: &str| layout::corrupt(LOG, format_args!("a change {detail}"));
        let cut = |_| bad("is cut off");
        if bytes.try_get_u8().map_err(cut)? != VERSION {
            return Err(bad("is of an unknown version"));
        }
        let kind = read_kind(bytes.try_get_u8().map_err(cut)?).ok_or_else(|| bad("is of no known kind"))?;
        let cause = if bytes.try_get_u8().map_err(cut)? == 0 { Cause::Request } else { Cause::Expiry };
        let view_type = read_view(bytes.try_get_u8().map_err(cut)?).ok_or_else(|| bad("has no known view type"))?;
        let mut image = || -> Result<Option<Item>> {
            let length = usize::try_from(bytes.try_get_u32().map_err(cut)?).unwrap_or(usize::MAX);
            if length > bytes.len() {
                return Err(bad("is cut off"));
            }
            let encoded = bytes.split_to(length);
            if encoded.is_empty() { Ok(None) } else { layout::decode(&encoded).map(Some) }
        };
        let keys = image()?.ok_or_else(|| bad("has no key"))?;
        Ok(Change { kind, cause, view_type, keys, new: image()?, old: image()? })
    }

    /// The record of a stored change.
    pub(crate) fn record(log: LogId, stored: Stored) -> Result<Record> {
        let Stored { position, data, .. } = stored;
        let change = Change::decode(data)?;
        let images = [Some(&change.keys), change.new.as_ref(), change.old.as_ref()];
        let size_bytes = images.into_iter().flatten().map(|image| item_size_bytes(image) as u64).sum();
        Ok(Record {
            event_id: names::event(log, position),
            event_name: change.kind,
            approximate_creation_date_time: Timestamp::from_secs(position.time().as_secs()),
            keys: change.keys,
            new_image: change.new,
            old_image: change.old,
            sequence_number: names::sequence_number(position),
            size_bytes,
            stream_view_type: change.view_type,
            user_identity: (change.cause == Cause::Expiry).then_some(Identity::TimeToLive),
        })
    }
}

fn kind_letter(kind: OperationType) -> u8 {
    match kind {
        OperationType::Insert => b'I',
        OperationType::Modify => b'M',
        OperationType::Remove => b'R',
    }
}

fn read_kind(letter: u8) -> Option<OperationType> {
    [OperationType::Insert, OperationType::Modify, OperationType::Remove]
        .into_iter()
        .find(|kind| kind_letter(*kind) == letter)
}

fn view_number(view_type: StreamViewType) -> u8 {
    match view_type {
        StreamViewType::KeysOnly => 0,
        StreamViewType::NewImage => 1,
        StreamViewType::OldImage => 2,
        StreamViewType::NewAndOldImages => 3,
    }
}

fn read_view(number: u8) -> Option<StreamViewType> {
    use StreamViewType::{KeysOnly, NewAndOldImages, NewImage, OldImage};
    [KeysOnly, NewImage, OldImage, NewAndOldImages].into_iter().find(|view_type| view_number(*view_type) == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::AttributeValue;

    #[test]
    fn a_change_is_read_back_as_it_was_written_or_not_at_all() {
        let item = |text: &str| Item::from([("pk".to_owned(), AttributeValue::S(text.into()))]);
        let full = Change {
            kind: OperationType::Modify,
            cause: Cause::Expiry,
            view_type: StreamViewType::NewAndOldImages,
            keys: item("k"),
            new: Some(item("new")),
            old: Some(item("old")),
        };
        let bytes = Bytes::from(full.encode());
        assert_eq!(Change::decode(bytes.clone()).unwrap(), full);
        for end in 0..bytes.len() {
            assert!(Change::decode(bytes.slice(..end)).is_err(), "{end}");
        }
        for (kind, view_type) in [
            (OperationType::Insert, StreamViewType::KeysOnly),
            (OperationType::Remove, StreamViewType::OldImage),
            (OperationType::Insert, StreamViewType::NewImage),
        ] {
            let bare = Change { kind, view_type, cause: Cause::Request, new: None, old: None, ..full.clone() };
            assert_eq!(Change::decode(bare.encode().into()).unwrap(), bare);
        }
    }
}
