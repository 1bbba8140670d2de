//! Queues of Rust values.

use millpond_queue::{Receive, TypedQueue};
use serde::{Deserialize, Serialize};

use crate::support::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    name: String,
    width: u32,
}

fn job(width: u32) -> Job {
    Job { name: "pond".into(), width }
}

#[test]
fn values_arrive_as_they_were_sent_beside_their_messages() {
    let world = World::new();
    let jobs: TypedQueue<Job> = world.create("q").typed();
    jobs.send(&job(1)).unwrap();
    jobs.queue().send(jobs.message(&job(2)).unwrap().delay(secs(1))).unwrap();
    world.engine.transact(|tx| jobs.send_in(tx, &job(3)).map(drop)).unwrap();
    for (width, message) in [1, 3].into_iter().zip(jobs.receive(10, NOW).unwrap()) {
        assert_eq!((message.0.unwrap(), message.1.receive_count()), (job(width), 1));
        message.1.delete().unwrap();
    }
    world.pass_secs(1);
    let found = world.engine.transact(|tx| jobs.receive_in(tx, &Receive::up_to(1))).unwrap();
    assert_eq!(found[0].0.as_ref().unwrap(), &job(2));
    assert_eq!(block_on(jobs.receive_async(1, NOW)).unwrap().len(), 0);
}

#[test]
fn a_body_that_is_no_such_value_is_an_error_beside_its_message() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("no JSON").unwrap();
    let found = queue.typed::<Job>().receive(1, NOW).unwrap();
    assert_eq!(found[0].0.as_ref().unwrap_err().code(), "InvalidParameterValueException");
    found[0].1.delete().unwrap();
    assert_eq!(counts(&queue), (0, 0, 0));
}
