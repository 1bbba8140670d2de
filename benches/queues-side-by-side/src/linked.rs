//! Millpond in this process: no server, no protocol.

use std::path::Path;

use millpond_engine::Engine;
use millpond_queue::{CreateOptions, Message, Queue, Queues};

use crate::{
    Failure,
    queue::{Consumer, Producer, Promise, Store, Subject, WAIT},
};

pub(crate) fn start(dir: &Path) -> Result<Vec<Subject>, Failure> {
    let engine = Engine::open(dir.join("millpond-linked"))?;
    let queue = Queues::open(&engine)?.create("jobs", &CreateOptions::default())?;
    let settings = "its defaults: `send` and `delete` return when they are synced".to_owned();
    Ok(vec![Subject {
        name: "Millpond linked",
        promise: Promise::Synced,
        repeats: false,
        settings,
        store: Box::new(Linked(queue)),
    }])
}

struct Linked(Queue);

impl Store for Linked {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(Sender(self.0.clone())))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        Ok(Box::new(Worker { queue: self.0.clone(), received: Vec::new() }))
    }
}

struct Sender(Queue);

impl Producer for Sender {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        if let [body] = bodies {
            self.0.send(body.as_str())?;
        } else {
            self.0.send_batch(bodies.iter().map(String::as_str))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }
}

struct Worker {
    queue: Queue,
    received: Vec<Message>,
}

impl Consumer for Worker {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        self.received = self.queue.receive(most, WAIT)?;
        Ok(self.received.iter().map(|message| message.body().to_owned()).collect())
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        if let [message] = self.received.as_slice() {
            return Ok(message.delete()?);
        }
        let receipts: Vec<_> = self.received.iter().map(Message::receipt_handle).collect();
        Ok(self.queue.delete_batch(&receipts)?.into_iter().collect::<Result<_, _>>()?)
    }
}
