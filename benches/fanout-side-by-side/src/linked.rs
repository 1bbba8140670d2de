//! Millpond in this process: no server, no protocol.

use std::{path::Path, time::Duration};

use millpond_engine::Engine;
use millpond_pubsub::{CreateOptions, SubscribeOptions, Topic, Topics};
use millpond_queue::{Queue, Queues};
use millpond_stream::Streams;

use crate::{
    Failure,
    store::{Fan, Promise, Publisher, QUEUES, Store, Subject},
};

pub(crate) const RAW: &str = "Millpond linked, raw";
pub(crate) const ENVELOPED: &str = "Millpond linked, enveloped";

pub(crate) fn start(dir: &Path) -> Result<Vec<Subject>, Failure> {
    let mut subjects = Vec::new();
    for (name, is_raw, directory) in [(RAW, true, "linked-raw"), (ENVELOPED, false, "linked-enveloped")] {
        let engine = Engine::open(dir.join(directory))?;
        let queues = Queues::open(&engine)?;
        let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
        let form = if is_raw { "raw delivery" } else { "SNS's signed JSON around each message" };
        subjects.push(Subject {
            name,
            promise: Promise::Synced,
            publishers: &[1, 8, 64],
            settings: format!("its defaults: `publish` returns when the message is synced in all queues; {form}"),
            store: Box::new(Linked { topics, queues, is_raw }),
        });
    }
    Ok(subjects)
}

struct Linked {
    topics: Topics,
    queues: Queues,
    is_raw: bool,
}

impl Store for Linked {
    fn fan(&self, round: u32) -> Result<Box<dyn Fan + '_>, Failure> {
        let topic = self.topics.create(&format!("fan-{round}"), &CreateOptions::default())?;
        let mut queues = Vec::new();
        for at in 0..QUEUES {
            let name = format!("fan-{round}-{at}");
            queues.push(self.queues.create(&name, &millpond_queue::CreateOptions::default())?);
            let options = SubscribeOptions::default().raw_message_delivery(self.is_raw);
            topic.subscribe(&self.topics.queue_endpoint(&name), &options)?;
        }
        Ok(Box::new(Ten { store: self, topic, queues }))
    }
}

struct Ten<'a> {
    store: &'a Linked,
    topic: Topic,
    queues: Vec<Queue>,
}

impl Fan for Ten<'_> {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, Failure> {
        Ok(Box::new(Client(self.topic.clone())))
    }

    fn counts(&self) -> Result<Vec<u64>, Failure> {
        self.queues.iter().map(|queue| Ok(queue.metrics()?.counts.visible)).collect()
    }

    fn some_of(&self, queue: usize) -> Result<Vec<String>, Failure> {
        let queue = self.queues.get(queue).ok_or("no such queue")?;
        let received = queue.receive(10, Duration::ZERO)?;
        received.iter().map(|message| text_of(message.body(), self.store.is_raw)).collect()
    }

    fn end(self: Box<Self>) -> Result<(), Failure> {
        for queue in &self.queues {
            self.store.queues.delete(queue.name())?;
        }
        // What is left of them is not the next round's work.
        while self.store.queues.maintain()? > 0 {}
        Ok(())
    }
}

/// The message in what a queue has.
pub(crate) fn text_of(body: &str, is_raw: bool) -> Result<String, Failure> {
    if is_raw {
        return Ok(body.to_owned());
    }
    let envelope: serde_json::Value = serde_json::from_str(body)?;
    Ok(envelope.get("Message").and_then(serde_json::Value::as_str).ok_or("an envelope without a message")?.to_owned())
}

struct Client(Topic);

impl Publisher for Client {
    fn publish(&mut self, texts: &[String]) -> Result<(), Failure> {
        if let [text] = texts {
            self.0.publish(text.as_str())?;
        } else {
            self.0.publish_batch(texts.iter().map(String::as_str))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }
}
