//! How changes of items are written into Kinesis streams.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html>

use std::fmt;
use std::sync::Arc;

use millpond_engine::Timestamp;

use crate::model::{ApproximateCreationDateTimePrecision, Identity, OperationType};
use crate::streams::Cause;
use crate::table::TableRecord;
use crate::value::{Item, item_size_bytes};

/// A change of an item, for whoever writes it into a stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableChange<'a> {
    /// The table.
    pub table_name: &'a str,
    /// What happened to the item.
    pub event_name: OperationType,
    /// When.
    pub time: Timestamp,
    /// How precisely that is to be said.
    pub precision: ApproximateCreationDateTimePrecision,
    /// The key of the item.
    pub keys: Item,
    /// The item after the change, if there is one.
    pub new_image: Option<&'a Item>,
    /// The item before the change, if there was one.
    pub old_image: Option<&'a Item>,
    /// Of the key and the images.
    pub size_bytes: u64,
    /// Who did it; `None` for a caller of the service.
    pub user_identity: Option<Identity>,
}

impl<'a> TableChange<'a> {
    /// `None` where nothing was and nothing is.
    pub(crate) fn of(
        table: &'a TableRecord,
        old_image: Option<&'a Item>,
        new_image: Option<&'a Item>,
        cause: Cause,
        time: Timestamp,
        precision: ApproximateCreationDateTimePrecision,
    ) -> Option<Self> {
        let event_name = OperationType::of(old_image.is_some(), new_image.is_some())?;
        let image = new_image.or(old_image)?;
        let keys = table.keys.of_item(image);
        let images = [Some(&keys), new_image, old_image];
        let size_bytes = images.into_iter().flatten().map(|image| item_size_bytes(image) as u64).sum();
        let user_identity = (cause == Cause::Expiry).then_some(Identity::TimeToLive);
        Some(TableChange {
            table_name: &table.name,
            event_name,
            time,
            precision,
            keys,
            new_image,
            old_image,
            size_bytes,
            user_identity,
        })
    }
}

/// Writes a change as the data of a record.
#[derive(Clone)]
pub struct ChangeFormat(Arc<Write>);

type Write = dyn Fn(&TableChange<'_>) -> Vec<u8> + Send + Sync;

impl ChangeFormat {
    /// A format by what writes it, which may be called more than once for a change.
    pub fn new(write: impl Fn(&TableChange<'_>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        ChangeFormat(Arc::new(write))
    }

    pub(crate) fn write(&self, change: &TableChange<'_>) -> Vec<u8> {
        (self.0)(change)
    }
}

impl fmt::Debug for ChangeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeFormat")
    }
}

impl PartialEq for ChangeFormat {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
