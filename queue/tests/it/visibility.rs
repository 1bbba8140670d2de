//! For how long messages that were received are kept from others, and by which receipts that can be changed.

use millpond_queue::{ChangeVisibility, Changes, ReceiptHandle, Receive};

use crate::support::*;

const TIMEOUT: &str = "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";

#[test]
fn a_receive_chooses_for_how_long_or_takes_what_the_queue_is_set_to() {
    let world = World::new();
    let queue = world.create_with("q", Changes { visibility_timeout: Some(secs(7)), ..Default::default() });
    queue.send("m").unwrap();
    assert_eq!(receive(&queue, 1)[0].invisible_until(), world.now().saturating_add(secs(7)));
    world.pass_secs(7);
    receive_for(&queue, 1, secs(43_200));
    world.pass_secs(43_199);
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    world.pass_secs(1);
    assert_eq!(take(&queue, 1), ["m"]);
    let long = Receive::up_to(1).visibility_timeout(secs(43_201));
    assert_eq!(
        told(queue.receive_with(&long)),
        (
            "InvalidParameterValueException",
            "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."
                .into()
        )
    );
}

#[test]
fn a_message_that_is_received_for_no_time_can_be_received_again_at_once() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        queue.send(if queue.is_fifo() { grouped("g", "m") } else { "m".into() }).unwrap();
        let mut handles = Vec::new();
        for count in 1..=3 {
            let found = receive_for(&queue, 10, NOW).remove(0);
            assert_eq!((found.receive_count(), counts(&queue)), (count, (1, 0, 0)));
            handles.push(found.receipt_handle().to_string());
        }
        handles.dedup();
        assert_eq!(handles.len(), 3, "each receive has a handle of its own");
    }
}

#[test]
fn a_timeout_can_be_made_longer_shorter_and_nothing() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        queue.send(if queue.is_fifo() { grouped("g", "m") } else { "m".into() }).unwrap();
        let found = receive(&queue, 1).remove(0);
        world.pass_secs(29);
        found.extend(secs(30)).unwrap();
        world.pass_secs(29);
        assert_eq!((take(&queue, 1).len(), counts(&queue)), (0, (0, 1, 0)));
        found.extend(secs(2)).unwrap();
        world.pass_secs(1);
        assert_eq!(take(&queue, 1).len(), 0);
        found.release().unwrap();
        assert_eq!(counts(&queue), (1, 0, 0));
        let again = receive(&queue, 1).remove(0);
        assert_eq!((again.receive_count(), again.first_received()), (2, found.first_received()));
        world.pass_secs(30);
        assert_eq!(take(&queue, 1), ["m"]);
    }
}

#[test]
fn a_timeout_ends_twelve_hours_after_the_receive_however_often_it_is_changed() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        queue.send(if queue.is_fifo() { grouped("g", "m") } else { "m".into() }).unwrap();
        let found = receive_for(&queue, 1, secs(100)).remove(0);
        found.extend(secs(43_200)).unwrap();
        world.pass_secs(1);
        assert_eq!(told(found.extend(secs(43_200))), ("InvalidParameterValueException", TIMEOUT.into()));
        found.extend(secs(43_199)).unwrap();
        world.pass_secs(43_198);
        found.extend(secs(1)).unwrap();
        assert_eq!(code(found.extend(secs(2))), "InvalidParameterValueException");
        assert_eq!(
            told(found.extend(secs(43_201))),
            (
                "InvalidParameterValueException",
                "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.".into()
            )
        );
        world.pass_secs(1);
        let again = receive(&queue, 1).remove(0);
        again.extend(secs(43_200)).unwrap();
    }
}

#[test]
fn a_message_whose_timeout_is_over_is_hidden_again_or_deleted_by_its_last_receipt() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let found = receive(&queue, 1).remove(0);
    world.pass_secs(30);
    found.extend(secs(10)).unwrap();
    assert_eq!((take(&queue, 1).len(), counts(&queue)), (0, (0, 1, 0)));
    found.release().unwrap();
    found.extend(secs(10)).unwrap();
    assert_eq!((take(&queue, 1).len(), counts(&queue)), (0, (0, 1, 0)));
    world.pass_secs(10);
    found.delete().unwrap();
    assert_eq!((take(&queue, 1).len(), counts(&queue)), (0, (0, 0, 0)));
}

#[test]
fn an_older_receipt_changes_nothing() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let old = receive_for(&queue, 1, NOW).remove(0);
    let new = receive(&queue, 1).remove(0);
    old.delete().unwrap();
    assert_eq!(code(old.extend(secs(99))), "InvalidParameterValueException");
    assert_eq!(code(old.release()), "InvalidParameterValueException");
    assert_eq!(counts(&queue), (0, 1, 0));
    new.delete().unwrap();
    let (code, text) = told(new.extend(secs(1)));
    let end = "Reason: Message does not exist or is not available for visibility timeout change.";
    assert!(code == "InvalidParameterValueException" && text.ends_with(end), "{text}");
}

#[test]
fn a_receipt_of_a_first_in_first_out_queue_ends_with_its_timeout() {
    let world = World::new();
    let queue = world.create("q.fifo");
    queue.send(grouped("g", "m")).unwrap();
    let old = receive(&queue, 1).remove(0);
    world.pass_secs(30);
    let expired = |result| {
        let text = format!(
            "Value {} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
            old.receipt_handle()
        );
        assert_eq!(told(result), ("InvalidParameterValueException", text));
    };
    let new = {
        expired(old.delete());
        expired(old.extend(secs(1)));
        receive(&queue, 1).remove(0)
    };
    expired(old.delete());
    expired(old.release());
    new.delete().unwrap();
    old.delete().unwrap();
    new.delete().unwrap();
}

#[test]
fn handles_of_other_queues_and_texts_that_are_none_are_told_apart() {
    let world = World::new();
    let (queue, other) = (world.create("q"), world.create("other"));
    queue.send("m").unwrap();
    let found = receive(&queue, 1).remove(0);
    let receipt = found.receipt_handle();
    let text = format!("The receipt handle \"{receipt}\" is not valid for this queue.");
    for result in [other.delete(receipt), other.change_visibility(receipt, NOW)] {
        assert_eq!(told(result), ("ReceiptHandleIsInvalid", text.clone()));
    }
    let entries = other.delete_batch(&[receipt]).unwrap();
    assert_eq!(entries.into_iter().map(|entry| told(entry).0).collect::<Vec<_>>(), ["ReceiptHandleIsInvalid"]);
    assert_eq!(
        told("garbage".parse::<ReceiptHandle>()),
        ("ReceiptHandleIsInvalid", "The input receipt handle \"garbage\" is not a valid receipt handle.".into())
    );
    queue.delete(&receipt.to_string().parse().unwrap()).unwrap();
    assert_eq!(counts(&queue), (0, 0, 0));
}

#[test]
fn entries_of_a_batch_of_changes_count_on_their_own() {
    let world = World::new();
    let queue = world.create("q");
    for n in 0..4 {
        queue.send(format!("{n}")).unwrap();
    }
    let found = receive(&queue, 4);
    found[3].delete().unwrap();
    let change = |n: usize, timeout| ChangeVisibility { receipt_handle: found[n].receipt_handle().clone(), timeout };
    let changes = [change(0, NOW), change(1, secs(60)), change(2, secs(43_201)), change(3, NOW), change(1, secs(90))];
    let changed = queue.change_visibility_batch(&changes).unwrap();
    assert_eq!(changed.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false, true]);
    assert_eq!(counts(&queue), (1, 2, 0));
    world.pass_secs(30);
    assert_eq!(take(&queue, 4), ["0", "2"]);
    world.pass_secs(60);
    let found = receive(&queue, 4);
    assert_eq!(bodies(&found), ["0", "2", "1"]);
    let receipts = [found[0].receipt_handle(), found[0].receipt_handle(), found[1].receipt_handle()];
    assert!(queue.delete_batch(&receipts).unwrap().iter().all(Result::is_ok));
    assert_eq!(counts(&queue), (0, 1, 0));
}
