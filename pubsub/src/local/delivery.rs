//! One message on its way to the listeners of its topic.

use std::sync::Arc;

use millpond_engine::{Appended, Transaction};

use super::{
    Lag,
    here::{self, Holding},
    listener::{Listener, Next, Room},
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
        let mut tasks = Tasks::default();
        {
            let _order = self.topic.order.lock();
            for listener in self.audience.free.iter().chain(&self.chosen) {
                tasks.add(listener, listener.push(&self.message, None));
            }
            for Place { listener, row } in &places {
                let next = match row {
                    None => listener.push(&self.message, None),
                    Some(Row::Written(appended)) if appended.position().is_some() => {
                        listener.push(&self.message, appended.position())
                    }
                    // Not of a transaction that was committed.
                    Some(Row::Written(_) | Row::Promised) => match listener.give_back(true) {
                        true => Next::Clear,
                        false => Next::Nothing,
                    },
                };
                tasks.add(listener, next);
            }
        }
        self.holding = None;
        tasks.run(&self.shared);
    }

    fn give_back(&mut self) {
        for Place { listener, row } in self.places.drain(..) {
            if listener.give_back(row.is_some()) {
                spill::clear_elsewhere(&self.shared, listener.id);
            }
        }
    }
}

/// What is to be done when all listeners have a message. Other commits wait for this one's effects, so much of it is left to
/// other threads.
#[derive(Default)]
struct Tasks {
    to_wake: Vec<Arc<Listener>>,
    jobs: Vec<Job>,
    to_clear: Vec<u64>,
}

impl Tasks {
    fn add(&mut self, listener: &Arc<Listener>, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Wake => self.to_wake.push(Arc::clone(listener)),
            Next::Run => self.jobs.push(Job::Closure(Arc::clone(listener))),
            Next::Clear => self.to_clear.push(listener.id),
        }
    }

    fn run(mut self, shared: &Arc<Shared>) {
        let later = self.to_wake.split_off(WAKE_AT_ONCE.min(self.to_wake.len()));
        self.to_wake.iter().for_each(|listener| listener.wake());
        if !later.is_empty() {
            self.jobs.push(Job::Other(Box::new(move || later.iter().for_each(|listener| listener.wake()))));
        }
        if !self.jobs.is_empty() {
            shared.locals.registry.pool.run_all(self.jobs.into_iter());
        }
        self.to_clear.into_iter().for_each(|listener| spill::clear_elsewhere(shared, listener));
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.give_back();
    }
}
