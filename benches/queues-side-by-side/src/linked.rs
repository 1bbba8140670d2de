//! Millpond in this process: no server, no protocol.

use std::path::Path;

use millpond_engine::{Durability, Engine};
use millpond_queue::{CreateOptions, Message, Options, Queue, Queues};

use crate::{
    Failure,
    queue::{Consumer, Producer, Promise, Store, Subject, WAIT},
};

/// As it is by default.
pub(crate) const ALL_SYNCED: &str = "Millpond linked";
/// As in most of its rivals a power cut brings messages back that were in flight.
pub(crate) const RECEIVES_UNSYNCED: &str = "Millpond linked, receives not synced";

pub(crate) fn start(dir: &Path) -> Result<Vec<Subject>, Failure> {
    let synced = "its defaults: `send`, `receive` and `delete` return when they are synced";
    let unsynced = "`send` and `delete` return when they are synced, `receive` waits for nothing (`Options::receives`)";
    Ok(vec![
        subject(ALL_SYNCED, synced, &dir.join("millpond-linked"), Options::default())?,
        subject(
            RECEIVES_UNSYNCED,
            unsynced,
            &dir.join("millpond-unsynced"),
            Options::default().receives(Durability::Buffered),
        )?,
    ])
}

fn subject(name: &'static str, settings: &str, dir: &Path, options: Options) -> Result<Subject, Failure> {
    let engine = Engine::open(dir)?;
    let queue = Queues::open_with(&engine, options)?.create("jobs", &CreateOptions::default())?;
    let store = Box::new(Linked(queue));
    Ok(Subject { name, promise: Promise::Synced, repeats: false, settings: settings.to_owned(), store })
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
