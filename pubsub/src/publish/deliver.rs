//! Delivering a message: to queues and streams in the transaction that publishes it, to all others after it.

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::Transaction;
use millpond_queue::{Error as QueueError, MessageAttribute as QueueAttribute, Queue, SendMessage};
use millpond_stream::{Error as StreamError, Stream};

use crate::{
    AttributeValue, Notification, Result, deferred,
    envelope::Envelopes,
    index::{Target, To},
    layout::TopicRecord,
    shared::Shared,
};

use super::metrics::Tally;

/// Delivers a message to these subscriptions.
pub(crate) fn deliver(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    targets: &[Arc<Target>],
    message: &Arc<Notification>,
    tally: &mut Tally,
) -> Result<()> {
    let mut delivery = Delivery { shared, topic, message, envelopes: Envelopes::new(shared, topic, message), tally };
    let mut later = Vec::new();
    for target in targets {
        match &target.to {
            To::Queue(queue) => delivery.send(tx, target, queue)?,
            To::Stream(stream) => delivery.append(tx, target, stream)?,
            To::Later => later.push(Arc::clone(&target.record)),
        }
    }
    match later.is_empty() {
        true => Ok(()),
        false => deferred::notify(shared, tx, topic, &later, message),
    }
}

/// One message on its way.
struct Delivery<'a> {
    shared: &'a Arc<Shared>,
    topic: &'a TopicRecord,
    message: &'a Notification,
    envelopes: Envelopes<'a>,
    tally: &'a mut Tally,
}

impl Delivery<'_> {
    fn send(&mut self, tx: &mut Transaction, target: &Target, queue: &Queue) -> Result<()> {
        let message = self.for_queue(target, queue.is_fifo())?;
        match queue.send_in(tx, message) {
            Ok(_) => self.tally.delivered += 1,
            Err(error @ (QueueError::Engine(_) | QueueError::Corrupt { .. })) => return Err(error.into()),
            Err(refused) => {
                let undelivered = self.for_queue(target, queue.is_fifo())?;
                self.fail(tx, target, undelivered, &refused.to_string())?;
            }
        }
        Ok(())
    }

    fn append(&mut self, tx: &mut Transaction, target: &Target, stream: &Stream) -> Result<()> {
        let mut data = self.text(target)?;
        // What a delivery stream gathers in one object is told apart by lines.
        data.push('\n');
        let key = self.message.group_id.clone().unwrap_or_else(|| self.message.id.to_string());
        match stream.append_in(tx, (key, data)) {
            Ok(_) => self.tally.delivered += 1,
            Err(error @ (StreamError::Engine(_) | StreamError::Corrupt { .. } | StreamError::Log(_))) => {
                return Err(error.into());
            }
            Err(refused) => {
                let undelivered = self.for_queue(target, self.topic.is_fifo())?;
                self.fail(tx, target, undelivered, &refused.to_string())?;
            }
        }
        Ok(())
    }

    /// The message as a queue gets it.
    fn for_queue(&mut self, target: &Target, is_fifo: bool) -> Result<SendMessage> {
        let attributes = match target.is_raw {
            true => queue_attributes(self.message),
            false => BTreeMap::new(),
        };
        // A group is of use where order is kept on both sides, or on neither: there it makes queues fair.
        let group_id = self.message.group_id.clone().filter(|_| self.topic.is_fifo() == is_fifo);
        let deduplication_id = self.message.deduplication_id.clone().filter(|_| is_fifo);
        let trace_header = self.message.trace_header.clone();
        let body = self.text(target)?;
        Ok(SendMessage { body, attributes, group_id, deduplication_id, trace_header, ..Default::default() })
    }

    /// Its text, in an envelope unless the subscription wants it raw.
    fn text(&mut self, target: &Target) -> Result<String> {
        match target.is_raw {
            true => Ok(self.message.text_for(target.record.endpoint.protocol.name()).to_owned()),
            false => self.envelopes.notification(&target.record),
        }
    }

    fn fail(&mut self, tx: &mut Transaction, target: &Target, undelivered: SendMessage, reason: &str) -> Result<()> {
        self.tally.failed += 1;
        let is_kept = deferred::dead_letter(self.shared, tx, &target.record, undelivered, reason)?;
        self.tally.redriven += u64::from(is_kept);
        Ok(())
    }
}

/// The attributes of a message that is delivered raw, as queues have them.
pub(crate) fn queue_attributes(message: &Notification) -> BTreeMap<String, QueueAttribute> {
    message.attributes.iter().map(|(name, value)| (name.clone(), queue_attribute(value))).collect()
}

/// An attribute as queues have it. An array is a string with a label there, as in the service.
fn queue_attribute(attribute: &crate::MessageAttribute) -> QueueAttribute {
    let value = match &attribute.value {
        AttributeValue::Text(text) => millpond_queue::AttributeValue::Text(text.clone()),
        AttributeValue::Binary(bytes) => millpond_queue::AttributeValue::Binary(bytes.clone().into()),
    };
    // A queue takes no array for a number, and would refuse the message.
    let data_type = match attribute.data_type.as_str() {
        "Number.Array" => "String.Array".to_owned(),
        data_type => data_type.to_owned(),
    };
    QueueAttribute { data_type, value }
}
