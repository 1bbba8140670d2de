//! Deliveries that are still to be made.

use millpond_engine::{Engine, Keyspace};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Endpoint, Notification, Result, SubscriptionId, envelope::Told};

pub(crate) const DELIVERIES: &str = "pubsub.deliveries";

/// Before the ids of subscriptions.
pub(crate) const LANE_PREFIX: &[u8] = &[1];
const MESSAGE: u8 = 2;
const COUNT: u8 = 3;
const ID_BYTES: usize = 16;

pub(crate) fn open(engine: &Engine) -> Result<Keyspace> {
    Ok(engine.keyspace(DELIVERIES)?)
}

/// What a message that several deliveries share is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ContentId([u8; ID_BYTES]);

impl ContentId {
    pub(crate) fn random() -> Self {
        ContentId(Uuid::new_v4().into_bytes())
    }
}

/// When a delivery is due, in milliseconds, and its place among all rows: by which it is known within its subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct DeliveryKey {
    pub(crate) due: u64,
    pub(crate) position: u64,
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeliveryRecord {
    pub(crate) content: Content,
    /// How many attempts have failed.
    pub(crate) attempts: u32,
    /// Why the last one did.
    pub(crate) last_error: Option<String>,
}

/// What is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Content {
    /// A message of its own.
    Own(Box<Notification>),
    /// A message that other deliveries share.
    Shared(ContentId),
    /// That it was subscribed, or no longer is: to an address that may have no subscription any more.
    Told(Told, Endpoint),
}

/// Before the deliveries of a subscription.
pub(crate) fn lane_prefix(subscription: SubscriptionId) -> Vec<u8> {
    [LANE_PREFIX, &subscription.0].concat()
}

/// Before the deliveries of a subscription that are due at that time.
pub(crate) fn due_prefix(subscription: SubscriptionId, due: u64) -> Vec<u8> {
    [LANE_PREFIX, &subscription.0, &due.to_be_bytes()].concat()
}

pub(crate) fn delivery_key(subscription: SubscriptionId, key: DeliveryKey) -> Vec<u8> {
    [LANE_PREFIX, &subscription.0, &key.due.to_be_bytes(), &key.position.to_be_bytes()].concat()
}

/// The subscription and the delivery of a key.
pub(crate) fn read_delivery_key(key: &[u8]) -> Option<(SubscriptionId, DeliveryKey)> {
    let (id, rest) = key.strip_prefix(LANE_PREFIX)?.split_first_chunk::<ID_BYTES>()?;
    let (due, position) = rest.split_first_chunk::<8>()?;
    let position = u64::from_be_bytes(position.try_into().ok()?);
    Some((SubscriptionId(*id), DeliveryKey { due: u64::from_be_bytes(*due), position }))
}

pub(crate) fn content_key(id: ContentId) -> Vec<u8> {
    [&[MESSAGE][..], &id.0].concat()
}

pub(crate) fn content_count_key(id: ContentId) -> Vec<u8> {
    [&[COUNT][..], &id.0].concat()
}

impl DeliveryKey {
    /// The first key that may come after it.
    pub(crate) fn next(self) -> Self {
        match self.position.checked_add(1) {
            Some(position) => DeliveryKey { position, ..self },
            None => DeliveryKey { due: self.due.saturating_add(1), position: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_stand_in_the_order_of_their_times() {
        let id = SubscriptionId::random();
        let keys = [(0, 9), (1, 0), (1, 2), (256, 1), (u64::MAX, u64::MAX)];
        let keys = keys.map(|(due, position)| DeliveryKey { due, position });
        let rows = keys.map(|key| delivery_key(id, key));
        assert!(rows.is_sorted());
        for (key, row) in keys.into_iter().zip(&rows) {
            assert_eq!(read_delivery_key(row), Some((id, key)));
            assert!(row.starts_with(&due_prefix(id, key.due)) && row.starts_with(&lane_prefix(id)));
        }
        assert_eq!(read_delivery_key(&rows[0][..20]), None);
        assert_eq!(read_delivery_key(&content_key(ContentId::random())), None);
    }
}
