//! What would have left, as a test reads it.

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_pubsub::{CapturedFilter, Error, MessageAttribute, Protocol, PublishMessage, Topics};
use millpond_queue::Queues;
use millpond_stream::Streams;

const ONE: &str = "+12065550101";
const TWO: &str = "+12065550102";

pub(crate) fn open(engine: &Engine) -> Topics {
    Topics::open(&Queues::open(engine).unwrap(), &Streams::open(engine).unwrap()).unwrap()
}

pub(crate) fn topics() -> (Clock, Topics) {
    let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
    let engine = Engine::options().clock(clock.clone()).open().unwrap();
    (clock, open(&engine))
}

fn bodies(topics: &Topics, which: &CapturedFilter) -> Vec<String> {
    let page = topics.outbox().list(which, None, 1000).unwrap();
    assert_eq!(page.next, None);
    page.entries.into_iter().map(|entry| entry.message.body).collect()
}

#[test]
fn an_outbox_begins_empty() {
    let (_, topics) = topics();
    assert_eq!(topics.outbox().list(&CapturedFilter::all(), None, 10).unwrap().entries, []);
    assert_eq!(topics.outbox().clear(&CapturedFilter::all()).unwrap(), 0);
}

#[test]
fn what_was_published_to_an_address_is_found_by_it() {
    let (_, topics) = topics();
    for (number, text) in [(ONE, "a"), (TWO, "b"), (ONE, "c")] {
        topics.publish_to_phone(number, text).unwrap();
    }
    assert_eq!(bodies(&topics, &CapturedFilter::all()), ["a", "b", "c"]);
    assert_eq!(bodies(&topics, &CapturedFilter::all().address(ONE)), ["a", "c"]);
    assert_eq!(bodies(&topics, &CapturedFilter::of(Protocol::Sms).address(TWO)), ["b"]);
    assert_eq!(bodies(&topics, &CapturedFilter::of(Protocol::Sms)), ["a", "b", "c"]);
    assert_eq!(bodies(&topics, &CapturedFilter::of(Protocol::Email)), [""; 0]);
    assert_eq!(bodies(&topics, &CapturedFilter::all().address("+1")), [""; 0]);
}

#[test]
fn a_message_is_kept_with_all_that_was_said_of_it() {
    let (clock, topics) = topics();
    let message = PublishMessage::new("text").subject("s").attribute("color", MessageAttribute::string("red"));
    let id = topics.publish_to_phone(ONE, message).unwrap();
    let page = topics.outbox().list(&CapturedFilter::all(), None, 10).unwrap();
    let [entry] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!(entry.captured_at, clock.now());
    let kept = &entry.message;
    assert_eq!((kept.kind, kept.address.as_str(), kept.message_id), (Protocol::Sms, ONE, Some(id)));
    assert_eq!((kept.body.as_str(), kept.subject.as_deref()), ("text", Some("s")));
    assert_eq!(kept.attributes["color"], MessageAttribute::string("red"));
    assert_eq!((&kept.topic_arn, &kept.subscription_arn, &kept.failure), (&None, &None, &None));
}

#[test]
fn pages_go_on_where_they_ended() {
    let (_, topics) = topics();
    for number in 0..25 {
        topics.publish_to_phone(if number % 2 == 0 { ONE } else { TWO }, number.to_string()).unwrap();
    }
    for (which, expected) in [
        (CapturedFilter::all(), (0..25).collect::<Vec<_>>()),
        (CapturedFilter::all().address(ONE), (0..25).step_by(2).collect()),
        (CapturedFilter::of(Protocol::Sms), (0..25).collect()),
    ] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = topics.outbox().list(&which, after, 4).unwrap();
            assert!(page.entries.len() <= 4);
            read.extend(page.entries.iter().map(|entry| entry.message.body.parse::<i32>().unwrap()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(read, expected);
    }
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let (_, topics) = topics();
    let failed: Result<(), Error> = topics.engine().transact(|tx| {
        topics.publish_to_phone_in(tx, ONE, "never")?;
        topics.publish_to_phone_in(tx, "no number", "never").map(drop)
    });
    assert!(failed.is_err());
    topics
        .engine()
        .transact(|tx| {
            topics.publish_to_phone_in(tx, "no number", "never").unwrap_err();
            topics.publish_to_phone_in(tx, ONE, "sent")
        })
        .unwrap();
    assert_eq!(bodies(&topics, &CapturedFilter::all()), ["sent"]);
}

#[test]
fn clearing_removes_what_is_named_and_nothing_else() {
    let (_, topics) = topics();
    for (number, text) in [(ONE, "a"), (TWO, "b"), (ONE, "c")] {
        topics.publish_to_phone(number, text).unwrap();
    }
    let outbox = topics.outbox();
    assert_eq!(outbox.clear(&CapturedFilter::of(Protocol::Email)).unwrap(), 0);
    assert_eq!(outbox.clear(&CapturedFilter::all().address(ONE)).unwrap(), 2);
    assert_eq!(bodies(&topics, &CapturedFilter::all()), ["b"]);
    assert_eq!(bodies(&topics, &CapturedFilter::all().address(ONE)), [""; 0]);
    assert_eq!(outbox.clear(&CapturedFilter::all()).unwrap(), 1);
    assert_eq!(bodies(&topics, &CapturedFilter::all()), [""; 0]);
    topics.publish_to_phone(ONE, "d").unwrap();
    assert_eq!(bodies(&topics, &CapturedFilter::all()), ["d"]);
}

#[test]
fn clearing_ends_though_more_is_captured_than_one_transaction_removes() {
    let (_, topics) = topics();
    let many = |from: u32| {
        topics.engine().transact(|tx| -> Result<(), Error> {
            (from..from + 400).try_for_each(|number| topics.publish_to_phone_in(tx, ONE, number.to_string()).map(drop))
        })
    };
    (0..4).for_each(|part| many(part * 400).unwrap());
    assert_eq!(topics.outbox().clear(&CapturedFilter::all()).unwrap(), 1600);
    assert_eq!(bodies(&topics, &CapturedFilter::all()), [""; 0]);
}

#[test]
fn the_oldest_messages_give_way_to_new_ones() {
    let (_, topics) = topics();
    topics.outbox().keep(100, 1 << 20);
    for number in 0..1000 {
        topics.publish_to_phone(ONE, number.to_string()).unwrap();
    }
    let kept = bodies(&topics, &CapturedFilter::all());
    assert!((100..=200).contains(&kept.len()), "{} are kept", kept.len());
    let newest: Vec<String> = (1000 - kept.len()..1000).map(|number| number.to_string()).collect();
    assert_eq!(kept, newest);
    assert_eq!(bodies(&topics, &CapturedFilter::all().address(ONE)), newest);
}

#[test]
fn messages_give_way_by_their_bytes_too() {
    let (_, topics) = topics();
    topics.outbox().keep(1_000_000, 100_000);
    let text = "x".repeat(1000);
    for _ in 0..500 {
        topics.publish_to_phone(ONE, text.as_str()).unwrap();
    }
    let kept = bodies(&topics, &CapturedFilter::all()).len();
    assert!((50..=160).contains(&kept), "{kept} are kept");
}

#[test]
fn big_messages_give_way_as_fast_as_they_come() {
    let (_, topics) = topics();
    topics.outbox().keep(1_000_000, 2 << 20);
    let big = MessageAttribute::string("x".repeat(200 << 10));
    for number in 0..100 {
        let message = PublishMessage::new(number.to_string()).attribute("big", big.clone());
        topics.publish_to_phone(ONE, message).unwrap();
    }
    let kept = bodies(&topics, &CapturedFilter::all());
    assert!((10..=20).contains(&kept.len()), "{} are kept", kept.len());
    assert_eq!(kept.last().map(String::as_str), Some("99"));
}

#[test]
fn what_is_kept_is_counted_right_though_many_record_at_a_time() {
    let (_, topics) = topics();
    topics.outbox().keep(100, 1 << 20);
    let record = |from: u32| {
        for number in from..from + 150 {
            topics.publish_to_phone(if number % 2 == 0 { ONE } else { TWO }, number.to_string()).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..6 {
            scope.spawn(move || record(thread * 150));
        }
        scope.spawn(|| topics.outbox().clear(&CapturedFilter::all().address(TWO)).unwrap());
    });
    record(900);
    let kept = bodies(&topics, &CapturedFilter::all()).len();
    assert!((100..=250).contains(&kept), "{kept} are kept");
    let by_address = [ONE, TWO].map(|number| bodies(&topics, &CapturedFilter::all().address(number)).len());
    assert_eq!(by_address.iter().sum::<usize>(), kept);
    assert_eq!(topics.outbox().clear(&CapturedFilter::all()).unwrap(), u64::try_from(kept).unwrap());
    // A count that had gone astray would have the next ones removed, or kept, by mistake.
    record(2000);
    let kept = bodies(&topics, &CapturedFilter::all()).len();
    assert!((100..=150).contains(&kept), "{kept} are kept");
}

#[test]
fn what_was_captured_survives_the_store_being_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let id = open(&Engine::open(dir.path()).unwrap()).publish_to_phone(ONE, "kept").unwrap();
    let topics = open(&Engine::open(dir.path()).unwrap());
    let page = topics.outbox().list(&CapturedFilter::all().address(ONE), None, 10).unwrap();
    assert_eq!(page.entries[0].message.message_id, Some(id));
}
