//! What is known in memory of the deliveries that are due: for each subscription that has any, its next ones. All of it is a hint:
//! a delivery that is known but gone costs a look, and one that is not known is read when those before it are done.
//!
//! A lane knows all its rows up to a place, and has to read from there on, or it knows that there are no more.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use millpond_engine::Timestamp;

use crate::{SubscriptionId, layout::deferred::DeliveryKey};

/// So many deliveries of one subscription are made at a time.
const PER_LANE: usize = 4;
/// So many deliveries of one subscription are known before the others are left to be read.
const MOST_KNOWN: usize = if cfg!(test) { 8 } else { 1024 };
/// And so many once all lanes together know [`MANY_KNOWN`].
const FEW_KNOWN: usize = 8;
const MANY_KNOWN: usize = 1 << 18;

/// What a thread is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Find the deliveries of a lane from this one on, at most so many.
    Read(SubscriptionId, DeliveryKey, usize),
    /// Make a delivery.
    Attempt(SubscriptionId, DeliveryKey),
}

/// What a lane waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// A moment.
    Until(Timestamp),
    /// A function of that name.
    Function(Arc<str>),
}

#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<SubscriptionId, Lane>,
    ready: VecDeque<SubscriptionId>,
    alarms: BTreeSet<(Timestamp, SubscriptionId)>,
    /// How many deliveries all lanes know.
    known: usize,
    /// How many are being made or read.
    running: usize,
    /// Whether all lanes of the store have been found.
    pub(super) are_all_found: bool,
}

#[derive(Debug, Default)]
struct Lane {
    window: BTreeSet<DeliveryKey>,
    /// From where on it has to read; `None` if it knows all.
    beyond: Option<DeliveryKey>,
    is_reading: bool,
    in_flight: BTreeSet<DeliveryKey>,
    hold: Option<Hold>,
    /// When the second began in which so many attempts were made.
    second: Option<(Timestamp, u32)>,
    is_ready: bool,
    alarm: Option<Timestamp>,
}

impl Lanes {
    /// A delivery was written.
    pub(super) fn added(&mut self, id: SubscriptionId, key: DeliveryKey, now: Timestamp) {
        let most = self.most();
        let beyond = (!self.are_all_found).then(DeliveryKey::default);
        let lane = self.lanes.entry(id).or_insert_with(|| Lane { beyond, ..Lane::default() });
        // While the lane is read, what is read may not yet show it.
        if !lane.is_reading && lane.beyond.is_some_and(|beyond| key >= beyond) {
            return self.settle(id, now);
        }
        // It may have been read, and be under way, before this was told.
        if !lane.in_flight.contains(&key) && lane.window.insert(key) {
            self.known += 1;
        }
        if !lane.is_reading {
            self.known -= lane.trim(most);
        }
        self.settle(id, now);
    }

    /// A lane was found in the store.
    pub(super) fn found(&mut self, id: SubscriptionId, now: Timestamp) {
        self.lanes.entry(id).or_insert_with(|| Lane { beyond: Some(DeliveryKey::default()), ..Lane::default() });
        self.settle(id, now);
    }

    /// Deliveries of a lane were read, and from where on there may be more.
    pub(super) fn read(&mut self, id: SubscriptionId, keys: &[DeliveryKey], next: Option<DeliveryKey>, now: Timestamp) {
        self.running = self.running.saturating_sub(1);
        let most = self.most();
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.is_reading = false;
        lane.beyond = next;
        for key in keys.iter().filter(|key| !lane.in_flight.contains(key)) {
            self.known += usize::from(lane.window.insert(*key));
        }
        self.known -= lane.trim(most);
        self.settle(id, now);
    }

    /// A lane could not be read.
    pub(super) fn not_read(&mut self, id: SubscriptionId, until: Timestamp, now: Timestamp) {
        self.running = self.running.saturating_sub(1);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.is_reading = false;
            lane.hold = Some(Hold::Until(until));
        }
        self.settle(id, now);
    }

    /// What is to be done now, if there is anything.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Work> {
        self.ring(now);
        while let Some(id) = self.ready.pop_front() {
            let most = self.most();
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            lane.is_ready = false;
            let work = lane.take(id, most, now);
            if matches!(work, Some(Work::Attempt(..))) {
                self.known -= 1;
            }
            self.running += usize::from(work.is_some());
            self.settle(id, now);
            if work.is_some() {
                return work;
            }
        }
        None
    }

    /// Whether a delivery that was taken may be made now, where there may be so many in a second. If not it is put back.
    pub(super) fn permit(&mut self, id: SubscriptionId, key: DeliveryKey, most: u32, now: Timestamp) -> bool {
        let Some(lane) = self.lanes.get_mut(&id) else { return true };
        let (began, count) = match lane.second {
            Some((began, count)) if now < second_after(began) => (began, count),
            _ => (now, 0),
        };
        if count < most {
            lane.second = Some((began, count + 1));
            return true;
        }
        self.put_back(id, key, Some(Hold::Until(second_after(began))), now);
        false
    }

    /// A delivery that was taken is not made yet.
    pub(super) fn put_back(&mut self, id: SubscriptionId, key: DeliveryKey, hold: Option<Hold>, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&id)
            && lane.in_flight.remove(&key)
        {
            self.running = self.running.saturating_sub(1);
            self.known += usize::from(lane.window.insert(key));
            lane.hold = hold;
        }
        self.settle(id, now);
    }

    /// The row of a delivery that was taken is gone.
    pub(super) fn done(&mut self, id: SubscriptionId, key: DeliveryKey, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&id)
            && lane.in_flight.remove(&key)
        {
            self.running = self.running.saturating_sub(1);
        }
        self.settle(id, now);
    }

    /// There is a function of that name now.
    pub(super) fn attached(&mut self, name: &str, now: Timestamp) {
        let waits = |lane: &Lane| matches!(&lane.hold, Some(Hold::Function(waits)) if **waits == *name);
        let waiting = self.lanes.iter().filter(|(_, lane)| waits(lane));
        let waiting: Vec<SubscriptionId> = waiting.map(|(id, _)| *id).collect();
        for id in waiting {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.hold = None;
            }
            self.settle(id, now);
        }
    }

    /// Makes ready what was to wait until now.
    pub(super) fn ring(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.alarms.first().copied()
            && at <= now
        {
            self.alarms.remove(&(at, id));
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.alarm = None;
            }
            self.settle(id, now);
        }
    }

    /// The next moment for which something waits.
    pub(super) fn next_alarm(&self) -> Option<Timestamp> {
        self.alarms.first().map(|(at, _)| *at)
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether nothing is done, and nothing can be until time passes or a function is attached.
    pub(super) fn are_at_rest(&self) -> bool {
        self.running == 0 && self.ready.is_empty() && self.are_all_found
    }

    /// Puts a lane where it belongs: among those that are ready, or those that wait for a moment, or nowhere.
    fn settle(&mut self, id: SubscriptionId, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if lane.is_over(now) {
            self.known -= lane.window.len();
            if let Some(alarm) = lane.alarm {
                self.alarms.remove(&(alarm, id));
            }
            self.lanes.remove(&id);
            return;
        }
        let next = lane.next(now);
        let alarm = next.filter(|at| *at > now);
        if alarm != lane.alarm {
            lane.alarm.map(|old| self.alarms.remove(&(old, id)));
            self.alarms.extend(alarm.map(|at| (at, id)));
            lane.alarm = alarm;
        }
        if next.is_some() && alarm.is_none() && !lane.is_ready {
            lane.is_ready = true;
            self.ready.push_back(id);
        }
    }

    fn most(&self) -> usize {
        if self.known < MANY_KNOWN { MOST_KNOWN } else { FEW_KNOWN }
    }
}

impl Lane {
    /// When there is something to do; `None` where it waits for something else than time.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_reading || self.in_flight.len() >= PER_LANE {
            return None;
        }
        let held = match &self.hold {
            Some(Hold::Function(_)) => return None,
            Some(Hold::Until(until)) => *until,
            None => Timestamp::default(),
        };
        let due = match (self.window.first(), self.beyond) {
            (Some(first), _) => Timestamp::from_millis(first.due),
            (None, Some(_)) => now,
            (None, None) => return None,
        };
        Some(due.max(held))
    }

    fn take(&mut self, id: SubscriptionId, most: usize, now: Timestamp) -> Option<Work> {
        self.next(now).filter(|at| *at <= now)?;
        self.hold = None;
        if let Some(key) = self.window.pop_first() {
            self.in_flight.insert(key);
            return Some(Work::Attempt(id, key));
        }
        self.is_reading = true;
        self.beyond.map(|from| Work::Read(id, from, most))
    }

    /// Forgets the last of more than so many, and says how many.
    fn trim(&mut self, most: usize) -> usize {
        let before = self.window.len();
        while self.window.len() > most {
            let forgotten = self.window.pop_last();
            // What was told while it was read may lie further than what was read.
            self.beyond = self.beyond.into_iter().chain(forgotten).min();
        }
        before - self.window.len()
    }

    /// Whether nothing is to be remembered of it.
    fn is_over(&self, now: Timestamp) -> bool {
        let is_empty = self.window.is_empty() && self.beyond.is_none() && self.in_flight.is_empty();
        let counts = self.second.is_some_and(|(began, _)| now < second_after(began));
        // Who delivers slowly enough that a second passes is not held up by forgetting.
        is_empty && !self.is_reading && !counts
    }
}

fn second_after(began: Timestamp) -> Timestamp {
    began.saturating_add(std::time::Duration::from_secs(1))
}
