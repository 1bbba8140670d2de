//! Millpond in this process: no server, no protocol.

use std::{collections::VecDeque, path::Path};

use millpond_engine::{Durability, Engine, Ticket};
use millpond_queue::{CreateOptions, Message, Options, Queue, Queues};

use crate::{
    Failure,
    queue::{Consumer, Producer, Promise, Store, Subject, WAIT},
};

/// As it is by default.
pub(crate) const WAITING: &str = "Millpond linked";
/// Consumers go on as those of RabbitMQ do.
pub(crate) const PIPELINED: &str = "Millpond linked, pipelined";
/// So many deletes of a pipelined consumer may be on their way to the disk.
const ON_THEIR_WAY: usize = 100;

pub(crate) fn start(dir: &Path) -> Result<Vec<Subject>, Failure> {
    let waiting = "its defaults: `send`, `receive` and `delete` return when they are synced";
    let pipelined = "`send` returns when it is synced; `receive` waits for no sync (`Options::receives`), and a consumer takes the next \
         messages while its deletes are synced (`delete_async`), at most 100 of them";
    let options = Options::default().receives(Durability::Buffered);
    Ok(vec![
        subject(WAITING, waiting, &dir.join("millpond-linked"), Options::default())?,
        subject(PIPELINED, pipelined, &dir.join("millpond-pipelined"), options)?,
    ])
}

fn subject(name: &'static str, settings: &str, dir: &Path, options: Options) -> Result<Subject, Failure> {
    let engine = Engine::open(dir)?;
    let queue = Queues::open_with(&engine, options)?.create("jobs", &CreateOptions::default())?;
    let store = Box::new(Linked { queue, is_pipelined: name == PIPELINED });
    Ok(Subject { name, promise: Promise::Synced, repeats: false, settings: settings.to_owned(), store })
}

struct Linked {
    queue: Queue,
    is_pipelined: bool,
}

impl Store for Linked {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(Sender(self.queue.clone())))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        let queue = self.queue.clone();
        Ok(match self.is_pipelined {
            false => Box::new(Waiting { queue, received: Vec::new() }),
            true => Box::new(Pipelined { queue, received: Vec::new(), deletes: VecDeque::new() }),
        })
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

struct Waiting {
    queue: Queue,
    received: Vec<Message>,
}

impl Consumer for Waiting {
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

struct Pipelined {
    queue: Queue,
    received: Vec<Message>,
    deletes: VecDeque<Ticket<Vec<millpond_queue::Result<()>>>>,
}

impl Consumer for Pipelined {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        self.received = self.queue.receive(most, WAIT)?;
        Ok(self.received.iter().map(|message| message.body().to_owned()).collect())
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        let receipts: Vec<_> = self.received.iter().map(Message::receipt_handle).collect();
        self.deletes.push_back(self.queue.delete_batch_async(&receipts)?);
        while self.deletes.len() * receipts.len().max(1) > ON_THEIR_WAY
            && let Some(delete) = self.deletes.pop_front()
        {
            delete.wait()?.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(())
    }
}
