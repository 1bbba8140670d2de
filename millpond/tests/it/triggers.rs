//! Triggers of a pond.

use std::time::Duration;

use millpond::{Clock, Pond, Timestamp, engine, queue::CreateOptions};

fn moving(pond: &Pond) {
    let (jobs, done) = (pond.queues().get("jobs").unwrap(), pond.queues().get("done").unwrap());
    let builder = pond.triggers().on_queue("move", &jobs).unwrap();
    builder
        .run_in(move |tx, batch| {
            for job in batch {
                done.send_in(tx, job.text().unwrap_or_default())?;
            }
            Ok(())
        })
        .unwrap();
    pond.triggers().wait_until_idle();
}

fn done(pond: &Pond) -> Vec<String> {
    let messages = pond.queues().get("done").unwrap().receive(10, Duration::ZERO).unwrap();
    messages.into_iter().map(|message| message.into_body()).collect()
}

#[test]
fn a_trigger_goes_on_in_a_pond_that_was_closed_and_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    for round in ["first", "second"] {
        let pond = Pond::open(dir.path()).unwrap();
        for queue in ["jobs", "done"] {
            pond.queues().create(queue, &CreateOptions::default()).unwrap();
        }
        moving(&pond);
        pond.queues().get("jobs").unwrap().send(round).unwrap();
        pond.triggers().wait_until_idle();
        assert_eq!(done(&pond), [round]);
        let messages = pond.engine().clone();
        pond.close().unwrap();
        assert!(matches!(messages.keyspace("any"), Err(engine::Error::Closed)));
        drop(messages);
    }
}

#[test]
fn a_fork_has_the_triggers_and_runs_none_of_them() {
    let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
    let pond = Pond::options().clock(clock).open().unwrap();
    for queue in ["jobs", "done"] {
        pond.queues().create(queue, &CreateOptions::default()).unwrap();
    }
    moving(&pond);
    let fork = pond.fork().unwrap();
    fork.queues().get("jobs").unwrap().send("in the fork").unwrap();
    fork.triggers().wait_until_idle();
    assert_eq!(done(&fork), [""; 0]);
    assert_eq!(fork.triggers().list().unwrap().len(), 1);
    moving(&fork);
    assert_eq!((done(&fork), done(&pond)), (vec!["in the fork".to_owned()], vec![]));
}
