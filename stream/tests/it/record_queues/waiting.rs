//! Receives that wait.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
};

use super::*;

/// Waits in a thread while something is done; gives what the wait has come to.
fn waiting<T: Send>(queue: &RecordQueue, wait: impl FnOnce(&RecordQueue) -> T + Send, meanwhile: impl FnOnce()) -> T {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(queue));
        thread::yield_now();
        meanwhile();
        waiting.join().unwrap()
    })
}

#[test]
fn a_receive_waits_for_a_record_of_any_shard() {
    let (stream, queue) = queued();
    for hash_key in [0, u128::MAX / 2, u128::MAX] {
        let received = waiting(
            &queue,
            |queue| queue.receive(10, secs(20), None).unwrap(),
            || drop(stream.append(at(hash_key, "a")).unwrap()),
        );
        assert_eq!(received.len(), 1);
        assert!(all_ok(queue.acknowledge(&handles(&received))));
    }
}

#[test]
fn a_receive_waits_for_a_record_to_be_visible_again() {
    let (stream, queue) = queued();
    stream.append(("k", "a")).unwrap();
    let mut received = take(&queue);
    for again in [&(|_: ReceiptHandle| advance(&stream, secs(30))) as &dyn Fn(ReceiptHandle), &|handle| {
        assert!(all_ok(queue.change_visibility(&[(handle, NOW)])))
    }] {
        let handle = received[0].receipt_handle;
        received = waiting(&queue, |queue| queue.receive(10, secs(60), None).unwrap(), || again(handle));
        assert_eq!(received.len(), 1);
    }
}

#[test]
fn a_receive_of_dead_letters_waits_for_time_to_pass() {
    let dead_letters = DeadLetters::After { receives: 1 };
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
    stream.append(("k", "a")).unwrap();
    take(&queue);
    let dead = waiting(&queue, |queue| queue.receive_dead(10, secs(60), None).unwrap(), || advance(&stream, secs(30)));
    let received = waiting(
        &queue,
        |queue| queue.receive(10, secs(60), None).unwrap(),
        || assert!(all_ok(queue.restore(&handles(&dead)))),
    );
    assert_eq!(received[0].receive_count, 1);
}

#[test]
fn a_wait_ends_with_the_patience_or_with_the_queue() {
    let (stream, queue) = queued();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.receive(10, secs(9), None));
        // However late it begins to wait.
        while !waiting.is_finished() {
            advance(&stream, secs(1));
            thread::yield_now();
        }
        assert!(waiting.join().unwrap().unwrap().is_empty());
    });
    let gone = waiting(&queue, |queue| queue.receive(10, secs(9), None), || queue.delete().unwrap());
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

#[test]
fn on_the_systems_clock_a_wait_ends_by_itself() {
    let (stream, queue) = queued_with(&Engine::in_memory(), |options| options);
    assert!(queue.receive(1, Duration::from_millis(30), None).unwrap().is_empty());
    stream.append(("k", "a")).unwrap();
    assert_eq!(queue.receive(1, NOW, Some(Duration::from_millis(40))).unwrap().len(), 1);
    assert_eq!(queue.receive(1, secs(20), None).unwrap().len(), 1, "woken when it is due");
}

#[test]
fn a_future_is_woken_by_a_record() {
    let (stream, queue) = queued();
    let mut receive = pin!(queue.receive_async(10, secs(20), None));
    let mut context = Context::from_waker(Waker::noop());
    assert!(receive.as_mut().poll(&mut context).is_pending());
    stream.append(at(u128::MAX, "a")).unwrap();
    let Poll::Ready(received) = receive.as_mut().poll(&mut context) else { panic!("it was not woken") };
    assert_eq!(texts(&received.unwrap()), set(&["a"]));
    let mut dead = pin!(queue.receive_dead_async(10, secs(20), None));
    assert!(dead.as_mut().poll(&mut context).is_pending());
    advance(&stream, secs(20));
    let Poll::Ready(nothing) = dead.as_mut().poll(&mut context) else { panic!("its time was over") };
    assert!(nothing.unwrap().is_empty());
}

#[test]
fn many_who_wait_each_get_a_record() {
    let (stream, queue) = queued();
    let seen = thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..8).map(|_| scope.spawn(|| queue.receive(1, secs(600), Some(HOUR)).unwrap())).collect();
        for nth in 0..8 {
            stream.append((nth.to_string(), nth.to_string())).unwrap();
        }
        let received = waiting.into_iter().map(|waiting| waiting.join().unwrap());
        received.map(|received| texts(&received)).fold(BTreeSet::new(), |all, one| &all | &one)
    });
    assert_eq!(seen.len(), 8);
}
