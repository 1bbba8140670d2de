//! Channels and closures: who gets what, in which order, and what happens to those who do not keep up.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use millpond_engine::{Clock, Engine, RangeRequest, Timestamp, TransactOptions};
use millpond_pubsub::{
    Channel, CreateOptions, Error, Lag, ListenOptions, MessageAttribute, PublishMessage, RecvError, Topic, Topics,
};
use millpond_queue::Queues;
use millpond_stream::Streams;

pub(crate) fn engine() -> Engine {
    Engine::options().clock(Clock::manual(Timestamp::from_secs(1_000))).open().unwrap()
}

pub(crate) fn open(engine: &Engine) -> Topics {
    Topics::open(&Queues::open(engine).unwrap(), &Streams::open(engine).unwrap()).unwrap()
}

pub(crate) fn topic() -> (Engine, Topics, Topic) {
    let engine = engine();
    let topics = open(&engine);
    let topic = topics.create("orders", &CreateOptions::default()).unwrap();
    (engine, topics, topic)
}

fn of(lag: Lag, capacity: usize) -> ListenOptions {
    ListenOptions::default().lag(lag).capacity(capacity)
}

/// What a channel has, without waiting: texts, and `-n` for n lost ones.
fn drain(channel: &Channel) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        match channel.try_recv() {
            Ok(message) => texts.push(message.text().to_owned()),
            Err(RecvError::Lagged(lost)) => texts.push(format!("-{lost}")),
            Err(RecvError::Empty | RecvError::Ended) => return texts,
            Err(error) => panic!("{error}"),
        }
    }
}

fn rows(engine: &Engine) -> usize {
    let spilled = engine.keyspace("pubsub.spilled").unwrap();
    engine.snapshot().unwrap().scan(&spilled, &RangeRequest::all()).unwrap().count()
}

/// What was read back is deleted in its own time.
fn wait_until_no_row_is_left(engine: &Engine) {
    while rows(engine) > 0 {
        thread::yield_now();
    }
}

fn publish_all(topic: &Topic, texts: &[&str]) {
    for text in texts {
        topic.publish(*text).unwrap();
    }
}

fn publish_numbers(topic: &Topic, range: std::ops::Range<usize>) {
    for number in range {
        topic.publish(number.to_string()).unwrap();
    }
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn every_channel_gets_every_message_once_in_its_order_and_they_share_it() {
    let (_, _, topic) = topic();
    let channels = [(); 3].map(|()| topic.channel(&ListenOptions::default()).unwrap());
    assert!(matches!(channels[0].try_recv(), Err(RecvError::Empty)));
    publish_all(&topic, &["1", "2", "3"]);
    let firsts: Vec<_> = channels.iter().map(|channel| channel.recv().unwrap()).collect();
    assert!(firsts.iter().all(|message| Arc::ptr_eq(message, &firsts[0])));
    assert_eq!(firsts[0].text(), "1");
    for channel in &channels {
        assert_eq!(drain(channel), ["2", "3"]);
        assert_eq!(channel.metrics().received, 3);
    }
}

#[test]
fn a_channel_gets_what_is_published_while_it_is_there() {
    let (_, topics, topic) = topic();
    topic.publish("before").unwrap();
    let first = topic.channel(&ListenOptions::default()).unwrap();
    topic.publish("while").unwrap();
    let other = topics.create("other", &CreateOptions::default()).unwrap();
    other.publish("elsewhere").unwrap();
    assert_eq!(drain(&first), ["while"]);
    drop(first);
    topic.publish("after").unwrap();
    assert!(matches!(topics.get("nowhere").map(drop), Err(Error::NotFound { .. })));
}

#[test]
fn a_topic_that_is_not_there_has_no_channel() {
    let (_, topics, topic) = topic();
    topics.delete("orders").unwrap();
    assert!(matches!(topic.channel(&ListenOptions::default()), Err(Error::NotFound { .. })));
    assert!(matches!(topic.on_message(&ListenOptions::default(), |_| ()), Err(Error::NotFound { .. })));
}

#[test]
fn what_fails_delivers_nothing_and_what_runs_again_delivers_once() {
    let (engine, _, topic) = topic();
    for lag in [Lag::Block, Lag::DropOldest, Lag::Spill] {
        let channel = topic.channel(&of(lag, 1)).unwrap();
        let failed: Result<(), Error> = engine.transact(|tx| {
            topic.publish_in(tx, "never")?;
            Err(Error::WouldBlock)
        });
        assert!(failed.is_err());
        assert_eq!(drain(&channel), [""; 0]);

        let keyspace = engine.keyspace("test").unwrap();
        let mut runs = 0;
        let published: Result<(), Error> = engine.transact(|tx| {
            runs += 1;
            tx.get(&keyspace, b"key")?;
            topic.publish_in(tx, format!("run {runs}"))?;
            if runs == 1 {
                // Another commit comes between.
                let (engine, keyspace) = (engine.clone(), keyspace.clone());
                let other = thread::spawn(move || {
                    engine.transact(|tx| tx.put(&keyspace, "key", "other")).unwrap();
                });
                other.join().unwrap();
            }
            tx.put(&keyspace, "key", "own")?;
            Ok(())
        });
        published.unwrap();
        assert_eq!((runs, drain(&channel)), (2, vec!["run 2".to_owned()]), "{lag:?}");

        // A part that fails is taken back alone.
        let kept: Result<(), Error> = engine.transact(|tx| {
            let failed: Result<(), Error> = tx.savepoint(|tx| {
                topic.publish_in(tx, "taken back")?;
                Err(Error::WouldBlock)
            });
            assert!(failed.is_err());
            topic.publish_in(tx, "kept")?;
            Ok(())
        });
        kept.unwrap();
        assert_eq!(drain(&channel), ["kept"], "{lag:?}");
        drop(channel);
        assert_eq!(rows(&engine), 0);
    }
}

#[test]
fn nothing_is_delivered_before_it_is_committed() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&ListenOptions::default()).unwrap();
    let published: Result<(), Error> = engine.transact(|tx| {
        topic.publish_in(tx, "1")?;
        topic.publish_in(tx, "2")?;
        assert_eq!(drain(&channel), [""; 0]);
        Ok(())
    });
    published.unwrap();
    assert_eq!(drain(&channel), ["1", "2"]);
}

#[test]
fn eight_publishers_are_seen_in_one_order_by_all() {
    let (engine, _, topic) = topic();
    let log = engine.keyspace("test.log").unwrap();
    let lags = [Lag::Block, Lag::DropOldest, Lag::Spill, Lag::Spill];
    let capacities = [16, 10_000, 10_000, 3];
    let channels: Vec<Channel> =
        lags.iter().zip(capacities).map(|(lag, capacity)| topic.channel(&of(*lag, capacity)).unwrap()).collect();
    let (published, publishers) = (200, 8);
    let received: Vec<Vec<String>> = thread::scope(|scope| {
        for publisher in 0..publishers {
            let (topic, engine, log) = (&topic, &engine, &log);
            scope.spawn(move || {
                for number in 0..published {
                    let text = format!("{publisher}:{number}");
                    let done: Result<(), Error> = engine.transact(|tx| {
                        tx.append(log, "log", 1, text.clone())?;
                        topic.publish_in(tx, text.as_str())?;
                        Ok(())
                    });
                    done.unwrap();
                }
            });
        }
        let receive = |channel: &Channel| {
            let texts = (0..published * publishers).map(|_| channel.recv().unwrap().text().to_owned());
            texts.collect::<Vec<_>>()
        };
        let receivers: Vec<_> = channels.iter().map(|channel| scope.spawn(move || receive(channel))).collect();
        receivers.into_iter().map(|receiver| receiver.join().unwrap()).collect()
    });
    let page = engine.snapshot().unwrap();
    let order: Vec<String> = page
        .scan(&log, &RangeRequest::all())
        .unwrap()
        .map(|row| String::from_utf8(row.unwrap().1.to_vec()).unwrap())
        .collect();
    assert_eq!(order.len(), published * publishers);
    for texts in received {
        assert!(texts == order, "not the order of commits");
    }
    wait_until_no_row_is_left(&engine);
}

#[test]
fn several_threads_share_a_channel_and_each_message_is_received_once() {
    let (_, _, topic) = topic();
    for (lag, capacity) in [(Lag::Block, 4), (Lag::Spill, 4), (Lag::Spill, 100_000)] {
        let channel = topic.channel(&of(lag, capacity)).unwrap();
        let total = 4_000;
        let counted = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while counted.load(Ordering::SeqCst) < total {
                        match channel.recv() {
                            Ok(message) if message.text() == "end" => break,
                            Ok(_) => counted.fetch_add(1, Ordering::SeqCst),
                            Err(error) => panic!("{error}"),
                        };
                    }
                });
            }
            for _ in 0..4 {
                let topic = &topic;
                scope.spawn(move || {
                    publish_numbers(topic, 0..total / 4);
                    topic.publish("end").unwrap();
                });
            }
        });
        assert_eq!(counted.load(Ordering::SeqCst), total);
    }
}

#[test]
fn filter_policies_choose_by_attributes_and_by_the_body() {
    let (_, _, topic) = topic();
    let policy = |policy: &str| ListenOptions::default().filter_policy(policy);
    let paid = topic.channel(&policy(r#"{"state": ["paid"]}"#)).unwrap();
    let wild = topic.channel(&policy(r#"{"state": [{"wildcard": "p*d"}]}"#).lag(Lag::DropOldest)).unwrap();
    let large = topic
        .channel(&policy(r#"{"order": {"total": [{"numeric": [">", 100]}]}}"#).filter_on_body(true).lag(Lag::Block));
    let large = large.unwrap();
    let all = topic.channel(&ListenOptions::default()).unwrap();
    for (state, total) in [("new", 50), ("paid", 500), ("parked", 101), ("paid", 7)] {
        let message = PublishMessage::new(format!(r#"{{"order": {{"total": {total}}}}}"#));
        topic.publish(message.attribute("state", MessageAttribute::string(state))).unwrap();
    }
    let totals = |channel: &Channel| -> Vec<String> {
        drain(channel).iter().map(|text| text.chars().filter(char::is_ascii_digit).collect()).collect()
    };
    assert_eq!(totals(&paid), ["500", "7"]);
    assert_eq!(totals(&wild), ["500", "101", "7"]);
    assert_eq!(totals(&large), ["500", "101"]);
    assert_eq!(totals(&all), ["50", "500", "101", "7"]);
    match topic.channel(&policy("{")) {
        Err(error @ Error::InvalidParameter { .. }) => assert!(error.to_string().contains("FilterPolicy: ")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_structured_by_protocol_has_the_text_for_all_others() {
    let (_, _, topic) = topic();
    let channel = topic.channel(&ListenOptions::default()).unwrap();
    let texts =
        BTreeMap::from([("default".to_owned(), "for all".to_owned()), ("sqs".to_owned(), "for queues".to_owned())]);
    let message = PublishMessage { body: millpond_pubsub::Body::Structured(texts), ..PublishMessage::default() };
    topic.publish(message).unwrap();
    assert_eq!(channel.recv().unwrap().text(), "for all");
}

#[test]
fn publishers_wait_until_there_is_room() {
    let (_, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Block, 2)).unwrap();
    publish_all(&topic, &["1", "2"]);
    let published = AtomicUsize::new(2);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for text in ["3", "4", "5"] {
                topic.publish(text).unwrap();
                published.fetch_add(1, Ordering::SeqCst);
            }
        });
        for number in 1..=5 {
            assert!(published.load(Ordering::SeqCst) <= number + 1);
            assert_eq!(channel.recv().unwrap().text(), number.to_string());
        }
        publisher.join().unwrap();
    });
    assert_eq!(channel.metrics().waiting, 0);
}

#[test]
fn a_publisher_waits_as_long_as_it_may_by_the_clock() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Block, 1).wait_at_most(Duration::from_secs(60))).unwrap();
    topic.publish("1").unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let publishers = [
            scope.spawn(|| topic.publish("2").map(drop)),
            scope.spawn(|| {
                let done: Result<(), Error> = engine.transact(|tx| topic.publish_in(tx, "3").map(drop));
                done
            }),
        ];
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                engine.clock().advance(Duration::from_secs(1)).unwrap();
                thread::yield_now();
            }
        });
        for publisher in publishers {
            let failed = publisher.join().unwrap().unwrap_err();
            assert!(matches!(failed, Error::WouldBlock));
            assert_eq!(failed.code(), "Throttled");
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(engine.clock().now() >= Timestamp::from_secs(1_060));
    assert_eq!(drain(&channel), ["1"]);
    // No room is left with those that have failed.
    topic.publish("4").unwrap();
    assert_eq!(drain(&channel), ["4"]);
}

#[test]
fn dropping_a_channel_lets_those_go_on_who_wait_for_its_room() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Block, 1)).unwrap();
    let other = topic.channel(&of(Lag::Spill, 10)).unwrap();
    topic.publish("0").unwrap();
    thread::scope(|scope| {
        let publishers: Vec<_> = (1..5)
            .map(|number| {
                let (topic, engine) = (&topic, &engine);
                scope.spawn(move || match number % 2 {
                    0 => topic.publish(number.to_string()).map(drop),
                    _ => engine.transact(|tx| topic.publish_in(tx, number.to_string()).map(drop)),
                })
            })
            .collect();
        // However far they have come.
        drop(channel);
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap().unwrap());
    });
    let mut texts = drain(&other);
    texts.sort();
    assert_eq!(texts, numbers(0..5));
}

#[test]
fn a_transaction_publishes_more_than_there_is_room_for_once_it_has_begun() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Block, 2)).unwrap();
    let done: Result<(), Error> =
        engine.transact(|tx| (0..5).try_for_each(|number| topic.publish_in(tx, number.to_string()).map(drop)));
    done.unwrap();
    assert_eq!(channel.metrics().waiting, 5);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| topic.publish("5").unwrap());
        for number in 0..6 {
            assert_eq!(channel.recv().unwrap().text(), number.to_string());
        }
        publisher.join().unwrap();
    });
}

#[test]
fn publishers_to_several_full_channels_do_not_wait_for_each_other() {
    let (engine, topics, first) = topic();
    let second = topics.create("second", &CreateOptions::default()).unwrap();
    let channels = [&first, &second, &first, &second].map(|topic| topic.channel(&of(Lag::Block, 1)).unwrap());
    let rounds = 200;
    thread::scope(|scope| {
        for publisher in 0..4 {
            let (engine, first, second) = (&engine, &first, &second);
            scope.spawn(move || {
                for _ in 0..rounds {
                    let [one, two] = if publisher % 2 == 0 { [first, second] } else { [second, first] };
                    let done: Result<(), Error> = engine.transact(|tx| {
                        one.publish_in(tx, "one")?;
                        two.publish_in(tx, "two")?;
                        Ok(())
                    });
                    done.unwrap();
                }
            });
        }
        for channel in &channels {
            scope.spawn(move || (0..4 * rounds).for_each(|_| drop(channel.recv().unwrap())));
        }
    });
    for channel in &channels {
        assert_eq!((channel.metrics().received, channel.metrics().waiting), (4 * rounds, 0));
    }
}

#[test]
fn a_transaction_that_runs_alone_cannot_wait() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Block, 1)).unwrap();
    let alone = TransactOptions::default().serialized();
    let publish = || -> Result<(), Error> { engine.transact_with(&alone, |tx| topic.publish_in(tx, "1").map(drop)) };
    publish().unwrap();
    assert!(matches!(publish(), Err(Error::WouldBlock)));
    assert_eq!(drain(&channel), ["1"]);
    publish().unwrap();
    assert_eq!(drain(&channel), ["1"]);
}

#[test]
fn publishers_to_an_ordered_topic_wait_outside_of_the_commits() {
    let engine = engine();
    let topics = open(&engine);
    let topic = topics.create("orders.fifo", &CreateOptions::default().attribute("FifoTopic", "true")).unwrap();
    let channel = topic.channel(&of(Lag::Block, 1)).unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    thread::scope(|scope| {
        for publisher in 0..4 {
            let topic = &topic;
            scope.spawn(move || {
                for number in 0..20 {
                    let text = format!("{publisher}:{number}");
                    let message = PublishMessage::new(text.as_str()).group("group").deduplication(text.as_str());
                    topic.publish(message).unwrap();
                }
            });
        }
        let mut last = None;
        for _ in 0..80 {
            // Whoever receives can commit between.
            engine.transact(|tx| tx.put(&keyspace, "key", "value")).unwrap();
            let message = channel.recv().unwrap();
            assert!(message.sequence_number() > last, "not the order of sequence numbers");
            last = message.sequence_number();
        }
    });
}

#[test]
fn the_oldest_are_lost_and_the_receiver_is_told_how_many() {
    let (_, _, topic) = topic();
    let channel = topic.channel(&of(Lag::DropOldest, 2)).unwrap();
    publish_all(&topic, &["1", "2"]);
    assert_eq!(channel.recv().unwrap().text(), "1");
    publish_all(&topic, &["3", "4", "5"]);
    assert_eq!(channel.metrics().lost, 2);
    assert_eq!(drain(&channel), ["-2", "4", "5"]);
    publish_all(&topic, &["6", "7", "8"]);
    assert_eq!(drain(&channel), ["-1", "7", "8"]);
    let metrics = channel.metrics();
    assert_eq!((metrics.received, metrics.lost, metrics.waiting), (5, 3, 0));
}

#[test]
fn racing_receivers_and_publishers_lose_only_what_is_counted() {
    let (_, _, topic) = topic();
    let channel = topic.channel(&of(Lag::DropOldest, 5)).unwrap();
    let total = 4_000;
    thread::scope(|scope| {
        for publisher in 0..4 {
            let topic = &topic;
            scope.spawn(move || (0..1_000).for_each(|number| drop(topic.publish(format!("{publisher}:{number}")))));
        }
        let (mut seen, mut lasts) = (0, [None; 4]);
        while seen < total {
            match channel.recv() {
                Ok(message) => {
                    let (publisher, number) = message.text().split_once(':').unwrap();
                    let last = &mut lasts[publisher.parse::<usize>().unwrap()];
                    let number = Some(number.parse::<u32>().unwrap());
                    assert!(number > *last);
                    *last = number;
                    seen += 1;
                }
                Err(RecvError::Lagged(lost)) => seen += lost,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(seen, total);
    });
}

#[test]
fn what_there_is_no_room_for_is_spilled_and_read_back_in_order() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Spill, 3)).unwrap();
    publish_numbers(&topic, 0..10);
    let metrics = channel.metrics();
    assert_eq!((metrics.waiting, metrics.spilled, rows(&engine)), (10, 7, 7));
    assert_eq!(channel.recv().unwrap().text(), "0");
    // As long as some are spilled, those behind them are too.
    topic.publish("10").unwrap();
    assert_eq!(channel.metrics().spilled, 8);
    assert_eq!(drain(&channel), numbers(1..11));
    assert_eq!((channel.metrics().spilled, channel.metrics().lost), (0, 0));
    wait_until_no_row_is_left(&engine);
    topic.publish("11").unwrap();
    assert_eq!((channel.metrics().spilled, drain(&channel)), (0, numbers(11..12)));
}

#[test]
fn a_hundred_thousand_messages_are_spilled_with_little_memory_and_none_is_lost() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Spill, 100)).unwrap();
    let total = 100_000;
    for first in (0..total).step_by(1_000) {
        let done: Result<(), Error> = engine.transact(|tx| {
            (first..first + 1_000).try_for_each(|number| topic.publish_in(tx, number.to_string()).map(drop))
        });
        done.unwrap();
    }
    let metrics = channel.metrics();
    assert_eq!((metrics.waiting, metrics.spilled), (total as u64, total as u64 - 100));
    for number in 0..total {
        assert_eq!(channel.try_recv().unwrap().text(), number.to_string());
    }
    assert_eq!(drain(&channel), [""; 0]);
    wait_until_no_row_is_left(&engine);
}

#[test]
fn dropping_a_channel_clears_what_was_spilled_for_it() {
    let (engine, _, topic) = topic();
    let [gone, kept] = [(); 2].map(|()| topic.channel(&of(Lag::Spill, 1)).unwrap());
    publish_all(&topic, &["1", "2", "3"]);
    assert_eq!(rows(&engine), 4);
    drop(gone);
    assert_eq!(rows(&engine), 2);
    assert_eq!(drain(&kept), ["1", "2", "3"]);
    drop(kept);
    assert_eq!(rows(&engine), 0);
}

#[test]
fn a_channel_that_is_dropped_while_messages_are_spilled_for_it_leaves_none_behind() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Spill, 1)).unwrap();
    topic.publish("1").unwrap();
    let mut channel = Some(channel);
    let done: Result<(), Error> = engine.transact(|tx| {
        topic.publish_in(tx, "2")?;
        drop(channel.take());
        Ok(())
    });
    done.unwrap();
    // They are cleared away by another thread, since a commit cannot write.
    wait_until_no_row_is_left(&engine);
}

#[test]
fn what_an_earlier_run_has_spilled_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    let open_engine = || Engine::options().path(dir.path()).open().unwrap();
    {
        let engine = open_engine();
        let topics = open(&engine);
        let topic = topics.create("orders", &CreateOptions::default()).unwrap();
        let channel = topic.channel(&of(Lag::Spill, 1)).unwrap();
        publish_all(&topic, &["1", "2", "3"]);
        assert_eq!(rows(&engine), 2);
        // As when the program is killed.
        engine.close().unwrap();
        drop(channel);
    }
    let engine = open_engine();
    assert_eq!(rows(&engine), 2);
    let topics = open(&engine);
    assert_eq!(rows(&engine), 0);
    let topic = topics.get("orders").unwrap();
    let channel = topic.channel(&of(Lag::Spill, 1)).unwrap();
    publish_all(&topic, &["4", "5"]);
    // A second handle of the same store clears nothing, and shares who listens.
    open(&engine).get("orders").unwrap().publish("6").unwrap();
    assert_eq!(drain(&channel), ["4", "5", "6"]);
}

#[test]
fn a_fork_begins_with_nobody_who_listens() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&of(Lag::Spill, 1)).unwrap();
    publish_all(&topic, &["1", "2"]);
    let fork = engine.fork().unwrap();
    let forked = open(&fork).get("orders").unwrap();
    assert_eq!(rows(&fork), 0);
    forked.publish("in the fork").unwrap();
    let in_fork = forked.channel(&ListenOptions::default()).unwrap();
    topic.publish("3").unwrap();
    assert_eq!((drain(&in_fork), drain(&channel)), (vec![], numbers(1..4)));
}

#[test]
fn deleting_the_topic_ends_its_channels_behind_their_last_message() {
    let (engine, topics, topic) = topic();
    let channels = [Lag::Block, Lag::DropOldest, Lag::Spill].map(|lag| topic.channel(&of(lag, 2)).unwrap());
    publish_all(&topic, &["1", "2"]);
    let waits = topic.channel(&ListenOptions::default()).unwrap();
    thread::scope(|scope| {
        let ended = scope.spawn(|| waits.recv());
        topics.delete("orders").unwrap();
        assert!(matches!(ended.join().unwrap(), Err(RecvError::Ended)));
    });
    // One of the same name is another one.
    let again = topics.create("orders", &CreateOptions::default()).unwrap();
    again.publish("3").unwrap();
    for channel in &channels {
        let texts: Vec<_> = channel.iter().map(|message| message.unwrap().text().to_owned()).collect();
        assert_eq!(texts, ["1", "2"]);
        assert!(matches!(channel.recv(), Err(RecvError::Ended)));
        assert!(matches!(channel.recv_timeout(Duration::from_secs(1)), Err(RecvError::Ended)));
    }
    drop(channels);
    assert_eq!(rows(&engine), 0);
}

#[test]
fn a_receiver_waits_by_the_clock() {
    let (engine, _, topic) = topic();
    let channel = topic.channel(&ListenOptions::default()).unwrap();
    assert!(matches!(channel.recv_timeout(Duration::ZERO), Err(RecvError::Empty)));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let received = channel.recv_timeout(Duration::from_secs(20));
            is_over.store(true, Ordering::SeqCst);
            received
        });
        while !is_over.load(Ordering::SeqCst) {
            engine.clock().advance(Duration::from_secs(1)).unwrap();
            thread::yield_now();
        }
        assert!(matches!(waits.join().unwrap(), Err(RecvError::Empty)));
        assert!(engine.clock().now() >= Timestamp::from_secs(1_020));
        let waits = scope.spawn(|| channel.recv_timeout(Duration::from_secs(20)));
        topic.publish("in time").unwrap();
        assert_eq!(waits.join().unwrap().unwrap().text(), "in time");
    });
}

/// Counts how often a future is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_future_is_woken_by_a_message_and_hands_on_what_it_does_not_take() {
    let (_, topics, topic) = topic();
    let channel = topic.channel(&ListenOptions::default()).unwrap();
    let woken: [Arc<Woken>; 2] = Default::default();
    let wakers = woken.clone().map(Waker::from);
    let count = |index: usize| woken[index].0.load(Ordering::SeqCst);
    let mut second = pin!(channel.recv_async());
    {
        let mut first = pin!(channel.recv_async());
        assert!(first.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&wakers[1])).is_pending());
        topic.publish("1").unwrap();
        assert_eq!((count(0), count(1)), (1, 0));
        // It is dropped without having looked.
    }
    assert_eq!(count(1), 1);
    match second.as_mut().poll(&mut Context::from_waker(&wakers[1])) {
        Poll::Ready(Ok(message)) => assert_eq!(message.text(), "1"),
        other => panic!("{other:?}"),
    }
    let mut ends = pin!(channel.recv_async());
    assert!(ends.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
    topics.delete("orders").unwrap();
    assert_eq!(count(0), 2);
    assert!(matches!(ends.as_mut().poll(&mut Context::from_waker(&wakers[0])), Poll::Ready(Err(RecvError::Ended))));
}

#[test]
fn closures_run_one_message_after_the_other_in_order() {
    let (_, _, topic) = topic();
    for lag in [Lag::Block, Lag::Spill, Lag::DropOldest] {
        let (sender, receiver) = mpsc::channel();
        let inside = Arc::new(AtomicUsize::new(0));
        let options = of(lag, if lag == Lag::DropOldest { 1_000 } else { 2 });
        let listening = topic.on_message(&options, move |message| {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            sender.send(message.text().to_owned()).unwrap();
            inside.fetch_sub(1, Ordering::SeqCst);
        });
        let listening = listening.unwrap();
        publish_numbers(&topic, 0..500);
        let texts: Vec<String> = receiver.iter().take(500).collect();
        assert_eq!(texts, numbers(0..500));
        assert_eq!((listening.metrics().received, listening.metrics().panics), (500, 0));
    }
}

#[test]
fn a_closure_that_panics_goes_on_with_the_next_message() {
    let (_, _, topic) = topic();
    let (sender, receiver) = mpsc::channel();
    let listening = topic.on_message(&ListenOptions::default(), move |message| {
        assert_ne!(message.text(), "bad", "as it should");
        sender.send(message.text().to_owned()).unwrap();
    });
    let listening = listening.unwrap();
    publish_all(&topic, &["1", "bad", "2", "bad", "3"]);
    assert_eq!(receiver.iter().take(3).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(listening.metrics().panics, 2);
}

#[test]
fn a_closure_ends_with_its_guard_and_is_dropped() {
    let (_, _, topic) = topic();
    let counted = Arc::new(AtomicUsize::new(0));
    let kept = Arc::clone(&counted);
    let [begun, go_on] = [(); 2].map(|()| Arc::new(Barrier::new(2)));
    let (in_closure, until) = (Arc::clone(&begun), Arc::clone(&go_on));
    let listening = topic.on_message(&of(Lag::Block, 2), move |_| {
        in_closure.wait();
        until.wait();
        kept.fetch_add(1, Ordering::SeqCst);
    });
    let listening = listening.unwrap();
    topic.publish("1").unwrap();
    begun.wait();
    publish_all(&topic, &["2", "3"]);
    let stopper = thread::spawn(move || listening.stop());
    // There is room for this one only when it has ended.
    topic.publish("4").unwrap();
    assert!(!stopper.is_finished(), "the first call is under way");
    go_on.wait();
    stopper.join().unwrap();
    assert_eq!(counted.load(Ordering::SeqCst), 1, "those that waited are not made");
    assert_eq!(Arc::strong_count(&counted), 1, "it is dropped");
}

#[test]
fn closures_that_wait_for_each_other_are_all_run() {
    let (_, _, topic) = topic();
    let together = 24;
    let barrier = Arc::new(Barrier::new(together + 1));
    let listening: Vec<_> = (0..together)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            topic.on_message(&ListenOptions::default(), move |_| _ = barrier.wait()).unwrap()
        })
        .collect();
    topic.publish("all at once").unwrap();
    barrier.wait();
    listening.into_iter().for_each(|listening| listening.stop());
}

#[test]
fn a_closure_publishes_to_its_own_topic_as_long_as_it_has_room() {
    let (_, _, topic) = topic();
    let (sender, receiver) = mpsc::channel();
    let own = topic.clone();
    let listening = topic.on_message(&of(Lag::Block, 1), move |message| {
        if message.text() == "again" {
            let published = [own.publish("last").map(drop), own.publish("too much").map(drop)];
            sender.send(published.map(|published| published.is_ok())).unwrap();
        } else {
            sender.send([true; 2]).unwrap();
        }
    });
    topic.publish("again").unwrap();
    assert_eq!(receiver.recv().unwrap(), [true, false]);
    assert_eq!(receiver.recv().unwrap(), [true; 2]);
    drop(listening);
}

#[test]
fn a_closure_may_end_itself() {
    let (_, _, topic) = topic();
    let (sender, receiver) = mpsc::channel();
    let (to_closure, own) = mpsc::channel::<millpond_pubsub::Listening>();
    let listening = topic.on_message(&ListenOptions::default(), move |_| {
        own.recv().unwrap().stop();
        sender.send(()).unwrap();
    });
    to_closure.send(listening.unwrap()).unwrap();
    publish_all(&topic, &["1", "2"]);
    receiver.recv().unwrap();
    assert!(receiver.recv().is_err(), "the closure is dropped");
}

#[test]
fn messages_are_received_in_a_transaction_too() {
    let (engine, _, topic) = topic();
    let keyspace = engine.keyspace("test").unwrap();
    let channel = topic.channel(&of(Lag::Spill, 1)).unwrap();
    publish_all(&topic, &["1", "2", "3", "4"]);
    let received: Result<Vec<String>, Error> = engine.transact(|tx| {
        tx.put(&keyspace, "key", "value")?;
        Ok(drain(&channel))
    });
    assert_eq!(received.unwrap(), numbers(1..5));
    while rows(&engine) > 0 {
        thread::yield_now();
    }
}
