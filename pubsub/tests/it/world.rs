//! A service beside its queues and streams, on a clock that stands still until it is moved.

use std::time::Duration;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_pubsub::{CreateOptions, Endpoint, Result, SubscribeOptions, Subscription, Topic, Topics};
use millpond_queue::{Message, Queue, Queues};
use millpond_stream::{Stream, Streams};

pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) queues: Queues,
    pub(crate) streams: Streams,
    pub(crate) topics: Topics,
}

impl World {
    pub(crate) fn new() -> World {
        World::of(&Engine::options().clock(Clock::manual(START)).open().unwrap())
    }

    pub(crate) fn of(engine: &Engine) -> World {
        let queues = Queues::open_with(engine, millpond_queue::Options::default().cooldowns(false)).unwrap();
        let streams = Streams::open(engine).unwrap();
        let topics = Topics::open(&queues, &streams).unwrap();
        World { engine: engine.clone(), queues, streams, topics }
    }

    /// The same store, with nothing in memory but what is read from it.
    pub(crate) fn reopened(&self) -> World {
        World::of(&self.engine)
    }

    pub(crate) fn pass_secs(&self, seconds: u64) {
        self.engine.clock().advance(Duration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock().now()
    }

    pub(crate) fn topic(&self, name: &str) -> Topic {
        self.topic_with(name, &[])
    }

    pub(crate) fn topic_with(&self, name: &str, attributes: &[(&str, &str)]) -> Topic {
        let options =
            attributes.iter().fold(CreateOptions::default(), |options, (name, value)| options.attribute(*name, *value));
        let options = if name.ends_with(".fifo") { options.attribute("FifoTopic", "true") } else { options };
        self.topics.create(name, &options).unwrap()
    }

    pub(crate) fn queue(&self, name: &str) -> Queue {
        self.queues.create(name, &millpond_queue::CreateOptions::default()).unwrap()
    }

    pub(crate) fn stream(&self, name: &str) -> Stream {
        self.streams.create(name, &Default::default()).unwrap()
    }

    /// A queue of that name, which gets the topic's messages raw.
    pub(crate) fn raw(&self, topic: &Topic, queue: &str) -> Queue {
        self.subscribed(topic, queue, SubscribeOptions::default().raw_message_delivery(true)).0
    }

    pub(crate) fn subscribed(&self, topic: &Topic, queue: &str, options: SubscribeOptions) -> (Queue, Subscription) {
        let created = self.queue(queue);
        let subscription = self.try_subscribe(topic, &self.topics.queue_endpoint(queue), options).unwrap();
        (created, subscription)
    }

    pub(crate) fn try_subscribe(
        &self,
        topic: &Topic,
        endpoint: &Endpoint,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        topic.subscribe(endpoint, &options)
    }
}

/// The messages that can be received now. They stay in flight.
pub(crate) fn receive(queue: &Queue) -> Vec<Message> {
    queue.receive(1000, Duration::ZERO).unwrap()
}

/// Takes all messages that there are.
pub(crate) fn take(queue: &Queue) -> Vec<Message> {
    let mut taken = Vec::new();
    loop {
        let received = receive(queue);
        if received.is_empty() {
            return taken;
        }
        received.iter().for_each(|message| message.delete().unwrap());
        taken.extend(received);
    }
}

/// The bodies of all messages that there are, which are taken.
pub(crate) fn bodies(queue: &Queue) -> Vec<String> {
    take(queue).into_iter().map(Message::into_body).collect()
}

/// What an error is called and says.
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T>) -> (&'static str, String) {
    let error = result.unwrap_err();
    (error.code(), error.to_string())
}
