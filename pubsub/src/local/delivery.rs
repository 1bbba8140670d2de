//! One message on its way to the listeners of its topic.

use std::sync::Arc;

use millpond_engine::{Appended, Transaction};

use super::{
    Lag, closure,
    here::{self, Holding},
    listener::{Listener, Room},
    pool::Job,
    registry::{Audience, TopicListeners},
    room::{self, Wait},
    spill,
};
use crate::{Notification, Result, layout, shared::Shared};

/// So many who wait are woken by the commit itself: to wake a thread takes a microsecond or two.
const WAKE_AT_ONCE: usize = 16;

/// A message with those that get it, and the room that it has with them. It is given back if this is dropped.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    topic: Arc<TopicListeners>,
    audience: Arc<Audience>,
    message: Arc<Notification>,
    /// Those that are given no room before, of those with a filter policy.
    chosen: Vec<Arc<Listener>>,
    places: Vec<Place>,
    holding: Option<Holding>,
}

struct Place {
    listener: Arc<Listener>,
    row: Option<Row>,
}

enum Row {
    Promised,
    Written(Appended),
}

impl Delivery {
    pub(crate) fn new(shared: &Arc<Shared>, topic: Arc<TopicListeners>, message: &Arc<Notification>) -> Self {
        Delivery {
            shared: Arc::clone(shared),
            audience: topic.audience(),
            topic,
            message: Arc::clone(message),
            chosen: Vec::new(),
            places: Vec::new(),
            holding: None,
        }
    }

    /// Finds who wants the message, and has room made for it.
    ///
    /// # Errors
    /// [`Error::WouldBlock`](crate::Error::WouldBlock), and those of the engine.
    pub(crate) fn gather(&mut self, tx: &mut Transaction) -> Result<()> {
        let (audience, matching) = (Arc::clone(&self.audience), self.topic.matching(&self.message));
        let (mut blocking, mut spilling) = (Vec::new(), Vec::new());
        for listener in audience.with_room.iter().chain(&matching) {
            match listener.lag {
                Lag::DropOldest => self.chosen.push(Arc::clone(listener)),
                Lag::Block => blocking.push(listener),
                Lag::Spill => spilling.push(listener),
            }
        }
        if !blocking.is_empty() {
            self.reserve(tx, &blocking)?;
        }
        if !spilling.is_empty() {
            self.reserve_or_write(tx, &spilling)?;
        }
        Ok(())
    }

    fn reserve(&mut self, tx: &Transaction, blocking: &[&Arc<Listener>]) -> Result<()> {
        let mut wait = Wait::default();
        loop {
            let is_holder = here::is_holder();
            let full = blocking.iter().find(|listener| {
                let room = listener.reserve(is_holder);
                if room == Room::Memory {
                    self.places.push(Place { listener: Arc::clone(listener), row: None });
                }
                room == Room::Full
            });
            let Some(full) = full else { break };
            self.give_back();
            room::wait_in(&mut wait, &self.shared, tx, full, is_holder)?;
        }
        self.holding = Some(Holding::new());
        Ok(())
    }

    fn reserve_or_write(&mut self, tx: &mut Transaction, spilling: &[&Arc<Listener>]) -> Result<()> {
        let mut encoded = None;
        for listener in spilling {
            let room = listener.reserve(false);
            if room == Room::Memory {
                self.places.push(Place { listener: Arc::clone(listener), row: None });
            }
            if room != Room::Row {
                continue;
            }
            self.places.push(Place { listener: Arc::clone(listener), row: Some(Row::Promised) });
            let value = match &encoded {
                Some(value) => bytes::Bytes::clone(value),
                None => encoded.insert(layout::encode(&*self.message)?.into()).clone(),
            };
            let prefix = layout::spilled_prefix(listener.id).to_vec();
            let appended = tx.append(&self.shared.locals.spilled, prefix, 1, value)?;
            if let Some(place) = self.places.last_mut() {
                place.row = Some(Row::Written(appended));
            }
        }
        Ok(())
    }

    /// Hands the message, which is committed, to those that get it.
    pub(crate) fn deliver(mut self) {
        let places = std::mem::take(&mut self.places);
        let mut left_over = Vec::new();
        {
            let _order = self.topic.order.lock();
            for listener in self.audience.free.iter().chain(&self.chosen) {
                listener.push(&self.message, None);
            }
            for Place { listener, row } in &places {
                let position = match row {
                    Some(Row::Written(appended)) => appended.position(),
                    Some(Row::Promised) | None => None,
                };
                let is_left_over = match (row, position) {
                    (Some(_), None) => listener.give_back(true),
                    (_, position) => listener.push(&self.message, position),
                };
                if is_left_over {
                    left_over.push(listener.id);
                }
            }
        }
        self.holding = None;
        self.tell(places.iter().map(|place| &place.listener));
        left_over.into_iter().for_each(|listener| spill::clear_elsewhere(&self.shared, listener));
    }

    /// Wakes those who wait, and has closures run. Other commits wait for this one's effects, so much of it is left to others.
    fn tell<'a>(&'a self, placed: impl Iterator<Item = &'a Arc<Listener>>) {
        let (mut woken, mut to_wake, mut jobs) = (0, Vec::new(), Vec::new());
        let all = self.audience.free.iter().chain(&self.chosen).chain(placed);
        for listener in all.filter(|listener| listener.is_to_be_told()) {
            if listener.closure.is_some() {
                let (shared, listener) = (Arc::clone(&self.shared), Arc::clone(listener));
                jobs.push(Box::new(move || closure::run(shared, listener)) as Job);
            } else if woken < WAKE_AT_ONCE {
                woken += 1;
                listener.wake();
            } else {
                to_wake.push(Arc::clone(listener));
            }
        }
        if !to_wake.is_empty() {
            jobs.push(Box::new(move || to_wake.iter().for_each(|listener| listener.wake())));
        }
        if !jobs.is_empty() {
            self.shared.locals.registry.pool.run_all(jobs.into_iter());
        }
    }

    fn give_back(&mut self) {
        for Place { listener, row } in self.places.drain(..) {
            if listener.give_back(row.is_some()) {
                spill::clear_elsewhere(&self.shared, listener.id);
            }
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.give_back();
    }
}
