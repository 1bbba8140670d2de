//! The subscriptions of one topic, so that those that want a message are found fast: what it costs goes by those that
//! are found.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Body, Notification, Protocol, SubscriptionId,
    filter::{Event, FilterScope, Matcher},
};

use super::{
    Matched,
    changes::Changed,
    target::{Target, Wants},
};

#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Those without a filter policy.
    all: BTreeMap<SubscriptionId, Arc<Target>>,
    filtered: BTreeMap<SubscriptionId, Arc<Target>>,
    by_attributes: Matcher<SubscriptionId>,
    by_body: Matcher<SubscriptionId>,
}

impl Entries {
    /// Says what a subscription is now; `None` if it gets no messages.
    pub(crate) fn set(&mut self, id: SubscriptionId, target: Option<Arc<Target>>) {
        self.remove(id);
        let Some(target) = target else { return };
        match &target.wants {
            Wants::All => {
                self.all.insert(id, target);
                return;
            }
            Wants::None => {}
            Wants::Some(policy) => match policy.scope() {
                FilterScope::MessageAttributes => self.by_attributes.insert(id, policy),
                FilterScope::MessageBody => self.by_body.insert(id, policy),
            },
        }
        self.filtered.insert(id, target);
    }

    fn remove(&mut self, id: SubscriptionId) {
        self.all.remove(&id);
        if self.filtered.remove(&id).is_some() {
            self.by_attributes.remove(id);
            self.by_body.remove(id);
        }
    }

    /// Those that want a message: first those that want all, then those whose policies match, by their ids.
    pub(crate) fn matching(&self, message: &Notification) -> Matched {
        let mut targets: Vec<Arc<Target>> = self.all.values().cloned().collect();
        let mut found = Vec::new();
        if !self.by_attributes.is_empty() {
            self.by_attributes.matching(&Event::of_attributes(&message.attributes), &mut found);
            targets.extend(found.iter().filter_map(|id| self.filtered.get(id)).cloned());
        }
        if !self.by_body.is_empty() {
            self.match_body(message, &mut found, &mut targets);
        }
        let filtered_out = (self.all.len() + self.filtered.len()).saturating_sub(targets.len()) as u64;
        Matched { targets, filtered_out }
    }

    /// As [`matching`](Entries::matching), if these subscriptions were changed so.
    pub(crate) fn matching_with(&self, message: &Notification, changed: &Changed) -> Matched {
        let is_known = |id: &SubscriptionId| self.all.contains_key(id) || self.filtered.contains_key(id);
        let mut targets = self.matching(message).targets;
        targets.retain(|target| !changed.contains_key(&target.record.id));
        targets.extend(changed.values().flatten().filter(|target| target.matches(message)).cloned());
        let before = self.all.len() + self.filtered.len() - changed.keys().filter(|id| is_known(id)).count();
        let total = before + changed.values().flatten().count();
        Matched { filtered_out: (total - targets.len()) as u64, targets }
    }

    /// Of a message with texts by protocol, a policy looks at the one that its subscription gets.
    fn match_body(&self, message: &Notification, found: &mut Vec<SubscriptionId>, targets: &mut Vec<Arc<Target>>) {
        let mut add = |text: &str, protocol: Option<Protocol>| {
            self.by_body.matching(&Event::of_body(text), found);
            let of_protocol =
                |target: &&Arc<Target>| protocol.is_none_or(|protocol| target.record.endpoint.protocol == protocol);
            targets.extend(found.iter().filter_map(|id| self.filtered.get(id)).filter(of_protocol).cloned());
        };
        match &message.body {
            Body::Text(text) => add(text, None),
            Body::Structured(_) => {
                Protocol::ALL.iter().for_each(|protocol| add(message.text_for(protocol.name()), Some(*protocol)));
            }
        }
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
