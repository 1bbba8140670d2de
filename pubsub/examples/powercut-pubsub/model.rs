//! What a writer's queues hold after its operations.

use std::collections::BTreeMap;

use crate::workload::{KNOWN_MILLIS, Operation, Outgoing};

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) view: View,
    is_side_subscribed: bool,
    /// Of each deduplication id, until when it is known and the message that was first.
    pub(crate) known: BTreeMap<u64, (u64, u64)>,
}

/// The numbers of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// In the queues of the standard topic, sorted.
    pub(crate) each: Vec<u64>,
    pub(crate) side: Vec<u64>,
    /// In those of the first-in-first-out topic, in order.
    pub(crate) line: Vec<u64>,
    /// The operations that have left a row.
    pub(crate) journal: Vec<u64>,
}

impl Model {
    pub(crate) fn apply(&mut self, index: u64, operation: &Operation, now: u64) {
        match operation {
            Operation::Each(numbers) => numbers.iter().for_each(|number| self.each(*number)),
            Operation::Line(messages) => messages.iter().for_each(|message| self.line(message, now)),
            Operation::Both(number, message) => {
                self.each(*number);
                self.line(message, now);
                self.view.journal.push(index);
            }
            Operation::Side => self.is_side_subscribed = !self.is_side_subscribed,
            Operation::Share(_) | Operation::Maintain => {}
        }
    }

    fn each(&mut self, number: u64) {
        self.view.each.push(number);
        if self.is_side_subscribed {
            self.view.side.push(number);
        }
    }

    fn line(&mut self, message: &Outgoing, now: u64) {
        if self.known.get(&message.id).is_some_and(|(until, _)| now < *until) {
            return;
        }
        self.known.insert(message.id, (now + KNOWN_MILLIS, message.number));
        self.view.line.push(message.number);
    }
}
