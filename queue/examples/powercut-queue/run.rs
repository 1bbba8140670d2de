//! Applies the operations.

use std::{
    collections::{HashMap, HashSet},
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::Mutex,
    time::Duration,
};

use millpond_engine::{Keyspace, Timestamp};
use millpond_queue::{
    ChangeVisibility, Changes, CreateOptions, Error, Message, Queue, Receive, RedrivePolicy, SendMessage,
};

use crate::{
    Store,
    workload::{
        self, MESSAGES, Operation, Outgoing, Own, RETENTION_SECS, SHARED, Then, WRITERS, group_of, number_of, operation,
    },
};

/// What the consumers of the shared queues know of each other.
#[derive(Default)]
struct Seen {
    invisible_until: HashMap<u64, Timestamp>,
    deleted: HashSet<u64>,
}

struct Run<'a> {
    store: &'a Store,
    seed: u64,
    seen: Mutex<Seen>,
}

pub(crate) fn run(store: &Store, acks: &str, operations: u64, seed: u64) {
    create_queues(store).expect("queues are created");
    let run = Run { store, seed, seen: Mutex::default() };
    let mut acks = OpenOptions::new().create(true).append(true).open(Path::new(acks)).expect("the acknowledgements");
    let mut start = 0;
    while start < operations {
        let end = workload::group_end(seed, start, operations);
        store.engine.clock().set(workload::time_of(start)).expect("time goes on");
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let run = &run;
                scope.spawn(move || {
                    for index in (start..end).filter(|index| index % WRITERS == writer) {
                        run.apply(index).unwrap_or_else(|error| panic!("operation {index}: {error}"));
                    }
                });
            }
        });
        start = end;
        acks.write_all(&end.to_be_bytes()).expect("an acknowledgement is written");
    }
}

fn create_queues(store: &Store) -> Result<(), Error> {
    for writer in 0..WRITERS {
        // A dead-letter queue is made before the queue that names it.
        for own in [Own::Dead, Own::Rest, Own::Work, Own::Line, Own::Side] {
            let redrive_policy = own.dead_letters().map(|(to, max_receive_count)| {
                Some(RedrivePolicy { dead_letter_queue: to.name(writer), max_receive_count })
            });
            let retention = (own == Own::Side).then_some(Duration::from_secs(RETENTION_SECS));
            let changes = Changes { redrive_policy, retention, ..Default::default() };
            store.queues.create(&own.name(writer), &CreateOptions { changes, ..Default::default() })?;
        }
    }
    for name in SHARED {
        store.queues.create(name, &CreateOptions::default())?;
    }
    Ok(())
}

impl Run<'_> {
    fn apply(&self, index: u64) -> Result<(), Error> {
        let queues = &self.store.queues;
        let own = |own: Own| queues.get(&own.name(index % WRITERS));
        match operation(self.seed, index) {
            Operation::Send { to, messages } => self.send(&own(to)?, &messages),
            Operation::Receive { from, most, visible_secs, then } => {
                self.receive(&own(from)?, index, &request(most, visible_secs), then)
            }
            Operation::Handle { from } => self.handle(&own(from)?, index).map(drop),
            Operation::Purge => own(Own::Side)?.purge(),
            Operation::Maintain => queues.maintain().map(drop),
            Operation::Share { to, count } => self.share(&queues.get(to)?, index, count),
            Operation::Take { from, most, visible_secs, deletes } => {
                self.take(&queues.get(from)?, index, &request(most, visible_secs), deletes)
            }
            Operation::HandleShared { from } => {
                let handled = self.handle(&queues.get(from)?, index)?;
                self.seen().deleted.extend(handled);
                Ok(())
            }
        }
    }

    fn message(&self, queue: &Queue, number: u64) -> SendMessage {
        let message = SendMessage::new(workload::body(self.seed, number));
        match queue.is_fifo() {
            true => message.group(group_of(number)).deduplication(number.to_string()),
            false => message,
        }
    }

    fn send(&self, queue: &Queue, messages: &[Outgoing]) -> Result<(), Error> {
        let message = |outgoing: &Outgoing| {
            let message = self.message(queue, outgoing.number);
            match (queue.is_fifo(), outgoing.delay_secs) {
                (true, _) => message.deduplication(outgoing.deduplication_id.clone()),
                (false, 0) => message,
                (false, delay) => message.delay(Duration::from_secs(delay)),
            }
        };
        match messages {
            [one] => queue.send(message(one)).map(drop),
            several => queue.send_batch(several.iter().map(message))?.into_iter().try_for_each(|sent| sent.map(drop)),
        }
    }

    fn receive(&self, queue: &Queue, index: u64, request: &Receive, then: Then) -> Result<(), Error> {
        let received = self.store.engine.transact(|tx| -> Result<_, Error> {
            let received = queue.receive_in(tx, request)?;
            tx.put(&self.store.journal, index.to_be_bytes().to_vec(), encode(&numbers(&received)))?;
            Ok(received)
        })?;
        match then {
            Then::Delete => {
                let receipts: Vec<_> = received.iter().map(Message::receipt_handle).collect();
                queue.delete_batch(&receipts)?.into_iter().collect()
            }
            Then::DeleteOneByOne => received.iter().try_for_each(Message::delete),
            Then::DeleteFirst => received.first().map_or(Ok(()), Message::delete),
            Then::Leave => Ok(()),
            Then::Hide(secs) => {
                let timeout = Duration::from_secs(secs);
                let change =
                    |message: &Message| ChangeVisibility { receipt_handle: message.receipt_handle().clone(), timeout };
                let changes: Vec<_> = received.iter().map(change).collect();
                queue.change_visibility_batch(&changes)?.into_iter().collect()
            }
        }
    }

    fn handle(&self, queue: &Queue, index: u64) -> Result<Option<u64>, Error> {
        self.store.engine.transact(|tx| {
            let received = queue.receive_in(tx, &Receive::up_to(1))?;
            let Some(message) = received.first() else { return Ok(None) };
            let number = number_of(message.body()).expect("a body names its message");
            let key = number.to_be_bytes().to_vec();
            assert!(tx.get(&self.store.effects, &key)?.is_none(), "{number} is handled twice");
            tx.put(&self.store.effects, key, index.to_be_bytes().to_vec())?;
            message.delete_in(tx)?;
            Ok(Some(number))
        })
    }

    fn share(&self, queue: &Queue, index: u64, count: u64) -> Result<(), Error> {
        let send = |number| queue.send_async(self.message(queue, number));
        let tickets = (index * MESSAGES..index * MESSAGES + count).map(send).collect::<Result<Vec<_>, _>>()?;
        for ticket in tickets {
            ticket.wait()?;
        }
        Ok(())
    }

    fn take(&self, queue: &Queue, index: u64, request: &Receive, deletes: bool) -> Result<(), Error> {
        let received = queue.receive_with(request)?;
        let numbers = numbers(&received);
        self.note_received(&received, &numbers);
        self.note(&self.store.claims, index, &numbers)?;
        if deletes {
            let delete = |message: &Message| queue.delete_async(message.receipt_handle());
            let tickets = received.iter().map(delete).collect::<Result<Vec<_>, _>>()?;
            for ticket in tickets {
                ticket.wait()?;
            }
            self.seen().deleted.extend(&numbers);
        }
        self.note(&self.store.done, index, if deletes { &numbers } else { &[] })
    }

    fn note(&self, keyspace: &Keyspace, index: u64, numbers: &[u64]) -> Result<(), Error> {
        self.store.engine.transact(|tx| Ok(tx.put(keyspace, index.to_be_bytes().to_vec(), encode(numbers))?))
    }

    fn note_received(&self, received: &[Message], numbers: &[u64]) {
        let now = self.store.engine.clock().now();
        let mut seen = self.seen();
        for (message, number) in received.iter().zip(numbers) {
            assert!(!seen.deleted.contains(number), "{number} is received after it was deleted");
            let before = seen.invisible_until.insert(*number, message.invisible_until());
            assert!(before.is_none_or(|until| until <= now), "{number} is received while it is invisible");
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no other consumer has failed")
    }
}

fn request(most: usize, visible_secs: u64) -> Receive {
    Receive::up_to(most).visibility_timeout(Duration::from_secs(visible_secs))
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| number_of(message.body()).expect("a body names its message")).collect()
}

fn encode(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
