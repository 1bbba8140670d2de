//! The subscriptions of one topic, so that those that want a message are found fast.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Notification, SubscriptionId};

use super::{
    Matched,
    target::{Target, Wants},
};

#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Those without a filter policy.
    all: BTreeMap<SubscriptionId, Arc<Target>>,
    filtered: BTreeMap<SubscriptionId, Arc<Target>>,
}

impl Entries {
    /// Says what a subscription is now; `None` if it gets no messages.
    pub(crate) fn set(&mut self, id: SubscriptionId, target: Option<Arc<Target>>) {
        self.all.remove(&id);
        self.filtered.remove(&id);
        let Some(target) = target else { return };
        let entries = if matches!(target.wants, Wants::All) { &mut self.all } else { &mut self.filtered };
        entries.insert(id, target);
    }

    /// Those that want a message: first those that want all, then those whose policies match, by their ids.
    pub(crate) fn matching(&self, message: &Notification) -> Matched {
        let mut targets: Vec<Arc<Target>> = self.all.values().cloned().collect();
        targets.extend(self.filtered.values().filter(|target| target.matches(message)).cloned());
        let filtered_out = (self.all.len() + self.filtered.len() - targets.len()) as u64;
        Matched { targets, filtered_out }
    }
}

impl Target {
    /// Whether it wants a message.
    pub(crate) fn matches(&self, message: &Notification) -> bool {
        match &self.wants {
            Wants::All => true,
            Wants::None => false,
            Wants::Some(policy) => {
                policy.matches(message.attributes(), message.text_for(self.record.endpoint.protocol.name()))
            }
        }
    }
}
