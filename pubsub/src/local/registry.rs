//! Who listens to which topic.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use millpond_engine::{Engine, Keyspace, RangeRequest};
use parking_lot::{Mutex, RwLock};

use super::{Lag, filtered::Filtered, listener::Listener, pool::Pool, spill};
use crate::{Notification, Result};

/// The id of a listener: no two of the program have the same.
pub(crate) fn new_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// The listeners of an engine: all handles of the service share them, and a fork begins with none.
#[derive(Default)]
pub(crate) struct Registry {
    /// How many topics have listeners.
    count: AtomicUsize,
    topics: RwLock<HashMap<u64, Arc<TopicListeners>>>,
    pub(crate) pool: Pool,
    opened: Mutex<Option<Watcher>>,
}

/// Has those who wait by a clock that is moved by hand look at it.
type Watcher = Arc<dyn Fn() + Send + Sync>;

/// The listeners of one topic.
#[derive(Debug, Default)]
pub(crate) struct TopicListeners {
    /// By their ids.
    listeners: Mutex<BTreeMap<u64, Arc<Listener>>>,
    /// Those of them that want some messages.
    filtered: RwLock<Filtered>,
    /// Those of them that want all messages, as publishers need them; `None` when the listeners have changed.
    audience: RwLock<Option<Arc<Audience>>>,
    /// Held while a message is handed to listeners, so that all have the same order.
    pub(crate) order: Mutex<()>,
}

/// The listeners that get each message, by what has to be done for them.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// Those that are given no room before.
    pub(crate) free: Vec<Arc<Listener>>,
    /// Those that are.
    pub(crate) with_room: Vec<Arc<Listener>>,
}

impl Audience {
    fn of(listeners: &BTreeMap<u64, Arc<Listener>>) -> Self {
        let mut audience = Audience::default();
        for listener in listeners.values().filter(|listener| listener.policy.is_none()) {
            let class = match listener.lag {
                Lag::DropOldest => &mut audience.free,
                Lag::Block | Lag::Spill => &mut audience.with_room,
            };
            class.push(Arc::clone(listener));
        }
        audience
    }
}

impl Registry {
    /// Once for each engine: clears away what an earlier run of the program has left, and watches the clock.
    pub(crate) fn open(self: &Arc<Self>, engine: &Engine, spilled: &Keyspace) -> Result<()> {
        let mut opened = self.opened.lock();
        if opened.is_some() {
            return Ok(());
        }
        spill::clear_range(engine, spilled, RangeRequest::all())?;
        // The engine keeps the registry, which is not to keep itself.
        let registry: Weak<Registry> = Arc::downgrade(self);
        let watcher: Watcher = Arc::new(move || {
            if let Some(registry) = registry.upgrade() {
                registry.wake_all();
            }
        });
        if engine.clock().is_manual() {
            engine.clock().watch(&watcher);
        }
        *opened = Some(watcher);
        Ok(())
    }

    /// Who listens to a topic, if anybody does.
    pub(crate) fn of(&self, topic: u64) -> Option<Arc<TopicListeners>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.topics.read().get(&topic).cloned()
    }

    pub(crate) fn add(&self, listener: &Arc<Listener>) {
        let mut topics = self.topics.write();
        let topic = topics.entry(listener.topic).or_default();
        topic.listeners.lock().insert(listener.id, Arc::clone(listener));
        topic.filtered.write().insert(listener);
        *topic.audience.write() = None;
        self.count.store(topics.len(), Ordering::Release);
    }

    pub(crate) fn remove(&self, listener: &Listener) {
        let mut topics = self.topics.write();
        let Some(topic) = topics.get(&listener.topic) else { return };
        let mut listeners = topic.listeners.lock();
        listeners.remove(&listener.id);
        topic.filtered.write().remove(listener);
        *topic.audience.write() = None;
        let is_empty = listeners.is_empty();
        drop(listeners);
        if is_empty {
            topics.remove(&listener.topic);
        }
        self.count.store(topics.len(), Ordering::Release);
    }

    /// Ends the listeners of a topic that is no more.
    pub(crate) fn end(&self, topic: u64) {
        let ended = {
            let mut topics = self.topics.write();
            let ended = topics.remove(&topic);
            self.count.store(topics.len(), Ordering::Release);
            ended
        };
        if let Some(topic) = ended {
            let _order = topic.order.lock();
            topic.listeners.lock().values().for_each(|listener| listener.end());
        }
    }

    fn wake_all(&self) {
        let topics: Vec<Arc<TopicListeners>> = self.topics.read().values().cloned().collect();
        for topic in topics {
            let listeners: Vec<Arc<Listener>> = topic.listeners.lock().values().cloned().collect();
            listeners.iter().for_each(|listener| listener.wake_all());
        }
    }
}

impl TopicListeners {
    /// Those that want some messages, this one among them.
    pub(crate) fn matching(&self, message: &Notification) -> Vec<Arc<Listener>> {
        self.filtered.read().matching(message)
    }

    /// Those that want all messages.
    pub(crate) fn audience(&self) -> Arc<Audience> {
        if let Some(audience) = &*self.audience.read() {
            return Arc::clone(audience);
        }
        let listeners = self.listeners.lock();
        let audience = Arc::new(Audience::of(&listeners));
        // Under the lock of the listeners, so that no change falls between.
        *self.audience.write() = Some(Arc::clone(&audience));
        audience
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("topics", &self.count).finish_non_exhaustive()
    }
}
