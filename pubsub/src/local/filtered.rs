//! The listeners of a topic that want some of its messages.

use std::{collections::HashMap, sync::Arc};

use super::listener::Listener;
use crate::{
    Notification,
    filter::{Event, FilterScope, Matcher},
};

/// Listeners with filter policies: those that look at the attributes of messages, and those that look at their bodies.
#[derive(Debug, Default)]
pub(crate) struct Filtered {
    listeners: HashMap<u64, Arc<Listener>>,
    by_attributes: Matcher<u64>,
    by_body: Matcher<u64>,
}

impl Filtered {
    /// Adds a listener, if it has a filter policy.
    pub(crate) fn insert(&mut self, listener: &Arc<Listener>) {
        let Some(policy) = &listener.policy else { return };
        match policy.scope() {
            FilterScope::MessageAttributes => self.by_attributes.insert(listener.id, policy),
            FilterScope::MessageBody => self.by_body.insert(listener.id, policy),
        }
        self.listeners.insert(listener.id, Arc::clone(listener));
    }

    pub(crate) fn remove(&mut self, listener: &Listener) {
        if self.listeners.remove(&listener.id).is_some() && !self.by_attributes.remove(listener.id) {
            self.by_body.remove(listener.id);
        }
    }

    /// Those that want a message, in the order in which they came.
    pub(crate) fn matching(&self, message: &Notification) -> Vec<Arc<Listener>> {
        let (mut ids, mut by_body) = (Vec::new(), Vec::new());
        if !self.by_attributes.is_empty() {
            self.by_attributes.matching(&Event::of_attributes(message.attributes()), &mut ids);
        }
        if !self.by_body.is_empty() {
            self.by_body.matching(&Event::of_body(message.text()), &mut by_body);
        }
        ids.append(&mut by_body);
        ids.iter().filter_map(|id| self.listeners.get(id)).cloned().collect()
    }
}
