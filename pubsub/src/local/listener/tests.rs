//! Listeners alone, without a store.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{Body, MessageId};

fn listener(lag: Lag, capacity: usize) -> Listener {
    Listener::new(1, 1, &ListenOptions::default().lag(lag).capacity(capacity), None, None)
}

fn message() -> Arc<Notification> {
    Arc::new(Notification {
        id: MessageId::random(),
        topic_arn: String::new(),
        published: 0,
        body: Body::default(),
        subject: None,
        attributes: BTreeMap::new(),
        group_id: None,
        deduplication_id: None,
        sequence_number: None,
        is_replayed: false,
        trace_header: None,
    })
}

#[test]
fn a_hundred_thousand_spilled_messages_take_the_memory_of_one() {
    let (listener, message) = (listener(Lag::Spill, 10), message());
    for number in 1..=100_000_u64 {
        let room = listener.reserve(false);
        assert_eq!(room, if number <= 10 { Room::Memory } else { Room::Row });
        listener.push(&message, (room == Room::Row).then(|| Position::new(number)));
    }
    assert_eq!((listener.kept(), listener.metrics().spilled), (11, 99_990));
    for _ in 0..10 {
        assert!(matches!(listener.take(), Step::Message(_)));
    }
    let Step::Read(run) = listener.take() else { panic!("the rows come next") };
    assert_eq!((run.from, run.to, run.count), (Position::new(11), Position::new(100_000), 99_990));
    // Nobody else reads meanwhile, and what comes is added behind.
    assert!(matches!(listener.take(), Step::Empty));
    assert_eq!(listener.reserve(false), Room::Row);
    listener.push(&message, Some(Position::new(100_007)));
    let rest = Run { from: Position::new(13), to: run.to, count: run.count - 2 };
    listener.has_read(run, vec![Arc::clone(&message); 2], Some(rest));
    assert!(matches!((listener.take(), listener.take()), (Step::Message(_), Step::Message(_))));
    let Step::Read(run) = listener.take() else { panic!("there are more rows") };
    assert_eq!((run.from, run.to, run.count), (rest.from, Position::new(100_007), rest.count + 1));
    // Rows that are not there any more are not waited for.
    listener.has_read(run, vec![message], None);
    assert!(matches!(listener.take(), Step::Lagged(lost) if lost == run.count - 1));
    assert!(matches!((listener.take(), listener.take()), (Step::Message(_), Step::Empty)));
    assert_eq!(listener.metrics().waiting, 0);
}

#[test]
fn room_is_given_back_and_is_for_those_who_commit() {
    let (listener, message) = (listener(Lag::Block, 2), message());
    assert_eq!([(); 3].map(|()| listener.reserve(false)), [Room::Memory, Room::Memory, Room::Full]);
    // Who holds room waits for receivers only.
    assert_eq!(listener.reserve(true), Room::Memory);
    assert!(!listener.give_back(false) && !listener.give_back(false));
    assert_eq!(listener.reserve(false), Room::Memory);
    listener.push(&message, None);
    listener.push(&message, None);
    assert_eq!([true, false].map(|is_holder| listener.has_room(is_holder)), [false; 2]);
    assert_eq!(listener.reserve(true), Room::Full);
    listener.end();
    assert_eq!(listener.reserve(false), Room::Unwanted);
    assert!(matches!(
        (listener.take(), listener.take(), listener.take()),
        (Step::Message(_), Step::Message(_), Step::Ended)
    ));
}

#[test]
fn rows_of_a_listener_that_is_gone_are_to_be_cleared_by_the_last_who_writes_one() {
    let (listener, message) = (listener(Lag::Spill, 1), message());
    assert_eq!([(); 4].map(|()| listener.reserve(false)), [Room::Memory, Room::Row, Room::Row, Room::Row]);
    listener.push(&message, None);
    listener.push(&message, Some(Position::new(1)));
    assert!(!listener.abandon(), "two rows are still to come");
    assert_eq!(listener.push(&message, Some(Position::new(2))), Next::Nothing);
    assert!(listener.give_back(true));
    assert!(matches!(listener.take(), Step::Ended));
    assert_eq!(listener.metrics().waiting, 0);
}

#[derive(Debug, Clone)]
enum Act {
    Begin,
    Commit(prop::sample::Index),
    Fail(prop::sample::Index),
    /// Takes one; should rows have to be read, so many at once.
    Take(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Begin),
        3 => any::<prop::sample::Index>().prop_map(Act::Commit),
        1 => any::<prop::sample::Index>().prop_map(Act::Fail),
        2 => (1..5_usize).prop_map(Act::Take),
    ]
}

/// A listener with the rows of the store.
struct Stored {
    listener: Listener,
    rows: BTreeMap<Position, Arc<Notification>>,
}

impl Stored {
    fn take(&mut self, at_once: usize) -> Option<Arc<Notification>> {
        loop {
            match self.listener.take() {
                Step::Message(message) => return Some(message),
                Step::Read(run) => {
                    let rows: Vec<_> = self.rows.range(run.from..=run.to).take(at_once).map(|(at, _)| *at).collect();
                    let messages = rows.iter().map(|at| self.rows.remove(at).unwrap()).collect();
                    let count = run.count - rows.len() as u64;
                    let from = rows.last().unwrap().next();
                    self.listener.has_read(run, messages, (count > 0).then_some(Run { from, count, ..run }));
                }
                Step::Empty => return None,
                other => panic!("{other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_commits_and_fails_comes_once_and_in_the_order_of_commits(acts in prop::collection::vec(act(), 1..200)) {
        for (lag, capacity) in [(Lag::Spill, 3), (Lag::Block, 3)] {
            let mut stored = Stored { listener: listener(lag, capacity), rows: BTreeMap::new() };
            let (mut under_way, mut committed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
            for act in &acts {
                match act {
                    Act::Begin => {
                        let room = stored.listener.reserve(false);
                        prop_assert!(room != Room::Unwanted && (room == Room::Memory || lag != Lag::Block || room == Room::Full));
                        under_way.extend((room != Room::Full).then_some(room));
                    }
                    Act::Commit(index) if !under_way.is_empty() => {
                        let row = (under_way.swap_remove(index.index(under_way.len())) == Room::Row)
                            .then(|| Position::new(committed.len() as u64 + 1));
                        let message = message();
                        stored.rows.extend(row.map(|row| (row, Arc::clone(&message))));
                        stored.listener.push(&message, row);
                        committed.push(message.id);
                    }
                    Act::Fail(index) if !under_way.is_empty() => {
                        let room = under_way.swap_remove(index.index(under_way.len()));
                        stored.listener.give_back(room == Room::Row);
                    }
                    Act::Commit(_) | Act::Fail(_) => {}
                    Act::Take(at_once) => taken.extend(stored.take(*at_once).map(|message| message.id)),
                }
                let in_memory = stored.listener.state.lock().in_memory;
                prop_assert!(in_memory <= capacity && stored.listener.kept() <= 2 * capacity + 1 + 5);
            }
            for room in under_way {
                stored.listener.give_back(room == Room::Row);
            }
            while let Some(message) = stored.take(2) {
                taken.push(message.id);
            }
            prop_assert_eq!(taken, committed);
            prop_assert_eq!((stored.rows.len(), stored.listener.metrics().waiting), (0, 0));
            prop_assert!(stored.listener.reserve(false) == Room::Memory);
        }
    }
}
