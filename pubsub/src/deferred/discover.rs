//! Finding in the store what is to be delivered: a part at a time, so that memory does not grow with what waits.

use std::{ops::Bound, sync::Arc, time::Duration};

use millpond_engine::RangeRequest;

use crate::{
    Result, SubscriptionId,
    layout::deferred::{DeliveryKey, LANE_PREFIX, delivery_key, lane_prefix, read_delivery_key},
    shared::Shared,
};

/// How long to wait until the store is read again when it cannot be.
pub(super) const REST: Duration = Duration::from_secs(1);
/// So many lanes are looked for in one view of the store.
const LANES_A_VIEW: usize = 256;

/// Finds the subscriptions that have deliveries, each by a look at its first one.
pub(super) fn lanes(shared: &Arc<Shared>) {
    let runner = &shared.deferred.runner;
    if let Err(error) = find_lanes(shared) {
        // What is published from now on is delivered; the rest when the store is opened again.
        tracing::error!(%error, "deliveries that were left over could not be found");
    }
    runner.with(|state, _| state.lanes.are_all_found = true);
}

fn find_lanes(shared: &Arc<Shared>) -> Result<()> {
    let mut from: Option<SubscriptionId> = None;
    loop {
        let view = shared.engine.snapshot()?;
        for _ in 0..LANES_A_VIEW {
            let request = RangeRequest::prefix(LANE_PREFIX).limit(1);
            let request = match from {
                None => request,
                // Behind all of that lane.
                Some(id) => request.resume_after(&delivery_key(id, DeliveryKey { due: u64::MAX, position: u64::MAX })),
            };
            let page = view.range(&shared.deferred.rows, &request)?;
            let Some((id, _)) = page.entries.first().and_then(|(key, _)| read_delivery_key(key)) else {
                return Ok(());
            };
            shared.deferred.runner.with(|state, now| state.lanes.found(id, now));
            from = Some(id);
        }
    }
}

/// Finds the next deliveries of a subscription.
pub(super) fn deliveries(shared: &Arc<Shared>, id: SubscriptionId, from: DeliveryKey, most: usize) {
    let read = read(shared, id, from, most);
    shared.deferred.runner.with(|state, now| match read {
        Ok((keys, next)) => state.lanes.read(id, &keys, next, now),
        Err(error) => {
            tracing::warn!(%error, "deliveries could not be read");
            state.lanes.not_read(id, now.saturating_add(REST), now);
        }
    });
}

fn read(
    shared: &Arc<Shared>,
    id: SubscriptionId,
    from: DeliveryKey,
    most: usize,
) -> Result<(Vec<DeliveryKey>, Option<DeliveryKey>)> {
    let last = delivery_key(id, DeliveryKey { due: u64::MAX, position: u64::MAX });
    let from = delivery_key(id, from);
    let request = RangeRequest::between(Bound::Included(&from), Bound::Included(&last)).limit(most);
    let page = shared.engine.snapshot()?.range(&shared.deferred.rows, &request)?;
    let keys: Vec<DeliveryKey> =
        page.entries.iter().filter_map(|(key, _)| read_delivery_key(key)).map(|(_, key)| key).collect();
    let next = page.resume.as_ref().and_then(|_| keys.last()).map(|last| last.next());
    debug_assert!(
        keys.len() == page.entries.len() && page.entries.iter().all(|(key, _)| key.starts_with(&lane_prefix(id)))
    );
    Ok((keys, next))
}
