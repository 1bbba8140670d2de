//! Applies the operations.

use std::{fs::OpenOptions, io::Write, path::Path};

use millpond_pubsub::{CreateOptions, Endpoint, Error, Protocol, PublishMessage, SubscribeOptions, Topic};

use crate::{
    Store,
    workload::{
        self, HANDLING, Operation, Outgoing, Own, SHARED, SHARED_ENVELOPED, SHARED_RAW, WAITING, WRITERS, operation,
    },
};

pub(crate) fn run(store: &Store, acks: &str, operations: u64, seed: u64) {
    create(store).expect("topics are created");
    let handling = store.attach();
    let mut acks = OpenOptions::new().create(true).append(true).open(Path::new(acks)).expect("the acknowledgements");
    let mut start = 0;
    while start < operations {
        let end = workload::group_end(seed, start, operations);
        store.engine.clock().set(workload::time_of(start)).expect("time goes on");
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                scope.spawn(move || {
                    for index in (start..end).filter(|index| index % WRITERS == writer) {
                        apply(store, seed, index).unwrap_or_else(|error| panic!("operation {index}: {error}"));
                    }
                });
            }
        });
        start = end;
        acks.write_all(&end.to_be_bytes()).expect("an acknowledgement is written");
    }
    drop(handling);
}

fn create(store: &Store) -> Result<(), Error> {
    let topic = |name: &str| -> Result<Topic, Error> {
        let options = CreateOptions::default();
        let is_fifo = name.ends_with(".fifo");
        store.topics.create(name, &if is_fifo { options.attribute("FifoTopic", "true") } else { options })
    };
    let raw = SubscribeOptions::default().raw_message_delivery(true);
    let enveloped = SubscribeOptions::default();
    let subscribe = |topic: &Topic, queue: &str, options: &SubscribeOptions| -> Result<(), Error> {
        store.queues.create(queue, &Default::default())?;
        topic.subscribe(&store.topics.queue_endpoint(queue), options).map(drop)
    };
    for writer in 0..WRITERS {
        let each = topic(&Own::Each.name(writer))?;
        subscribe(&each, &Own::Raw.name(writer), &raw)?;
        subscribe(&each, &Own::Enveloped.name(writer), &enveloped)?;
        store.queues.create(&Own::Side.name(writer), &Default::default())?;
        for function in [HANDLING, WAITING] {
            let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{function}");
            each.subscribe(&Endpoint::new(Protocol::Lambda, arn), &enveloped)?;
        }
        let line = topic(&Own::Line.name(writer))?;
        subscribe(&line, &Own::First.name(writer), &raw)?;
        subscribe(&line, &Own::Second.name(writer), &enveloped)?;
        subscribe(&line, &Own::Loose.name(writer), &raw)?;
    }
    let shared = topic(SHARED)?;
    subscribe(&shared, SHARED_RAW, &raw)?;
    subscribe(&shared, SHARED_ENVELOPED, &enveloped)
}

fn apply(store: &Store, seed: u64, index: u64) -> Result<(), Error> {
    let writer = index % WRITERS;
    let topic = |own: Own| store.topics.get(&own.name(writer));
    let text = |number: u64| workload::text(seed, number);
    match operation(seed, index) {
        Operation::Each(numbers) => match numbers.as_slice() {
            [number] => topic(Own::Each)?.publish(text(*number)).map(drop),
            several => topic(Own::Each)?.publish_all(several.iter().map(|number| text(*number))).map(drop),
        },
        Operation::Line(messages) => {
            let published =
                topic(Own::Line)?.publish_batch(messages.iter().map(|message| line(seed, writer, message)))?;
            published.into_iter().try_for_each(|published| published.map(drop))
        }
        Operation::Both(number, message) => {
            let (each, to_line) = (topic(Own::Each)?, topic(Own::Line)?);
            store.engine.transact(|tx| {
                each.publish_in(tx, text(number))?;
                to_line.publish_in(tx, line(seed, writer, &message))?;
                Ok(tx.put(&store.journal, index.to_be_bytes().to_vec(), "")?)
            })
        }
        Operation::Side => side(store, &topic(Own::Each)?, writer),
        Operation::Share(numbers) => {
            let shared = store.topics.get(SHARED)?;
            let message =
                |number: &u64| PublishMessage::new(text(*number)).group("all").deduplication(number.to_string());
            let tickets =
                numbers.iter().map(|number| shared.publish_async(message(number))).collect::<Result<Vec<_>, _>>()?;
            tickets.into_iter().try_for_each(|ticket| Ok(ticket.wait().map(drop)?))
        }
        Operation::Maintain => store.topics.maintain().map(drop),
    }
}

/// A message for a writer's first-in-first-out topic.
pub(crate) fn line(seed: u64, writer: u64, message: &Outgoing) -> PublishMessage {
    PublishMessage::new(workload::text(seed, message.number))
        .group(writer.to_string())
        .deduplication(message.id.to_string())
}

fn side(store: &Store, topic: &Topic, writer: u64) -> Result<(), Error> {
    let endpoint = store.topics.queue_endpoint(&Own::Side.name(writer));
    store.engine.transact(|tx| {
        let page = topic.subscriptions(None, 100)?;
        let found = page.subscriptions.iter().find(|subscription| subscription.endpoint == endpoint);
        match found {
            Some(subscription) => store.topics.subscription(subscription.id)?.unsubscribe_in(tx),
            None => {
                topic.subscribe_in(tx, &endpoint, &SubscribeOptions::default().raw_message_delivery(true)).map(drop)
            }
        }
    })
}
