//! Random operations on a standard queue against a model of it: none is lost, none is received within its visibility, and the
//! counts are exact after each step.

use std::time::Duration;

use millpond_engine::{Clock, Durability, Engine, Timestamp};
use millpond_queue::{ChangeVisibility, Changes, Queue, ReceiptHandle, SendMessage};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::*;

pub(crate) const RETENTION: u64 = 60;

/// A service in memory or on a disk that can be opened again.
pub(crate) struct Home {
    dir: Option<tempfile::TempDir>,
    world: Option<World>,
}

impl Home {
    pub(crate) fn new(is_on_disk: bool) -> Home {
        let mut home = Home { dir: is_on_disk.then(|| tempfile::tempdir().unwrap()), world: None };
        home.world = Some(match is_on_disk {
            true => home.open(START),
            false => World::without_cooldowns(),
        });
        home
    }

    fn open(&self, now: Timestamp) -> World {
        let path = self.dir.as_ref().unwrap().path();
        // What is not synced survives the end of the process, which is what is tested here.
        let options = Engine::options().path(path).clock(Clock::manual(now)).durability(Durability::Buffered);
        World::without_cooldowns_of(&options.open().unwrap())
    }

    pub(crate) fn world(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    pub(crate) fn queue(&self, name: &str) -> Queue {
        self.world().queues.get(name).unwrap()
    }

    pub(crate) fn reopen(&mut self) {
        let now = self.world().now();
        let reopened = match &self.dir {
            Some(_) => {
                drop(self.world.take());
                self.open(now)
            }
            None => self.world().reopened(),
        };
        self.world = Some(reopened);
    }
}

#[derive(Debug, Clone)]
enum Op {
    Send { delay: Option<Duration>, group: Option<u8> },
    Receive { max: usize, timeout: Duration },
    Delete(Index),
    Change(Index, Duration),
    Pass(Duration),
    Purge,
    Reopen,
    Maintain,
}

pub(crate) fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (1..25_u64).prop_map(Duration::from_secs),
        (1..3000_u64).prop_map(Duration::from_millis)
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (proptest::option::of(durations()), proptest::option::of(0..3_u8)).prop_map(|(delay, group)| Op::Send { delay, group }),
        8 => (1..6_usize, durations()).prop_map(|(max, timeout)| Op::Receive { max, timeout }),
        5 => any::<Index>().prop_map(Op::Delete),
        3 => (any::<Index>(), durations()).prop_map(|(at, timeout)| Op::Change(at, timeout)),
        6 => durations().prop_map(Op::Pass),
        1 => Just(Op::Reopen),
        1 => Just(Op::Maintain),
    ]
}

fn some_ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    // A purge in every second case at most: it ends what came before.
    (vec(ops(), 1..most), proptest::option::of(any::<Index>())).prop_map(|(mut ops, purge)| {
        if let Some(at) = purge {
            ops.insert(at.index(ops.len()), Op::Purge);
        }
        ops
    })
}

#[derive(Debug)]
struct Known {
    body: String,
    sent: Timestamp,
    due: Timestamp,
    count: u32,
    visible: Option<Timestamp>,
}

#[derive(Default)]
struct Model {
    sent: usize,
    messages: Vec<Known>,
    /// Each with the body and the count of its receive.
    handles: Vec<(ReceiptHandle, String, u32)>,
}

impl Model {
    fn expire(&mut self, now: Timestamp) {
        self.messages.retain(|message| message.sent.saturating_add(secs(RETENTION)) > now);
    }

    fn counts(&self, now: Timestamp) -> (u64, u64, u64) {
        let in_flight =
            self.messages.iter().filter(|message| message.visible.is_some_and(|visible| visible > now)).count();
        let delayed = self.messages.iter().filter(|message| message.visible.is_none() && message.due > now).count();
        ((self.messages.len() - in_flight - delayed) as u64, in_flight as u64, delayed as u64)
    }

    /// The message of a handle, if that is of its last receive.
    fn own(&mut self, at: Index) -> Option<(ReceiptHandle, Option<&mut Known>)> {
        if self.handles.is_empty() {
            return None;
        }
        let (handle, body, count) = at.get(&self.handles).clone();
        let own = self.messages.iter_mut().find(|message| message.body == body && message.count == count);
        Some((handle, own))
    }
}

fn apply(home: &mut Home, model: &mut Model, op: &Op) {
    let (queue, now) = (home.queue("q"), home.world().now());
    match op {
        Op::Send { delay, group } => {
            let body = model.sent.to_string();
            model.sent += 1;
            let group_id = group.map(|group| group.to_string());
            queue.send(SendMessage { delay: *delay, group_id, ..SendMessage::new(&body) }).unwrap();
            let due = now.saturating_add(delay.unwrap_or_default());
            model.messages.push(Known { body, sent: now, due, count: 0, visible: None });
        }
        Op::Receive { max, timeout } => {
            let ready = model.counts(now).0;
            let found = receive_for(&queue, *max, *timeout);
            assert_eq!(found.len() as u64, ready.min(*max as u64), "all that is ready is received");
            for message in found {
                let known = model.messages.iter_mut().find(|known| known.body == message.body());
                let known = known.expect("it was sent and not deleted");
                assert!(known.visible.unwrap_or(known.due) <= now, "{} is not visible", known.body);
                known.count += 1;
                known.visible = Some(now.saturating_add(*timeout));
                assert_eq!(message.receive_count(), known.count);
                assert_eq!(Some(message.invisible_until()), known.visible);
                let receipt = message.receipt_handle().clone();
                assert!(
                    !model.handles.iter().any(|(other, ..)| *other == receipt),
                    "each receive has a handle of its own"
                );
                model.handles.push((receipt, known.body.clone(), known.count));
            }
        }
        Op::Delete(at) => {
            let Some((handle, own)) = model.own(*at) else { return };
            let body = own.map(|own| own.body.clone());
            queue.delete(&handle).unwrap();
            model.messages.retain(|message| Some(&message.body) != body.as_ref());
        }
        Op::Change(at, timeout) => {
            let Some((handle, own)) = model.own(*at) else { return };
            let change = ChangeVisibility { receipt_handle: handle, timeout: *timeout };
            let changed = queue.change_visibility_batch(&[change]).unwrap().remove(0);
            assert_eq!(changed.is_ok(), own.is_some());
            if let Some(own) = own {
                own.visible = Some(now.saturating_add(*timeout));
            }
        }
        Op::Pass(by) => home.world().pass(*by),
        Op::Purge => {
            queue.purge().unwrap();
            model.messages.clear();
        }
        Op::Reopen => {
            drop(queue);
            home.reopen();
        }
        Op::Maintain => drop(home.world().queues.maintain().unwrap()),
    }
}

fn check(is_on_disk: bool, ops: &[Op]) {
    let mut home = Home::new(is_on_disk);
    home.world().create_with("q", Changes { retention: Some(secs(RETENTION)), ..Default::default() });
    let mut model = Model::default();
    for op in ops {
        apply(&mut home, &mut model, op);
        let now = home.world().now();
        model.expire(now);
        assert_eq!(counts(&home.queue("q")), model.counts(now), "after {op:?}");
    }
    // Whatever has happened: in the end all that is left can be received.
    home.world().pass_secs(25);
    model.expire(home.world().now());
    let mut left = take(&home.queue("q"), 1000);
    left.sort();
    let mut expected: Vec<_> = model.messages.into_iter().map(|message| message.body).collect();
    expected.sort();
    assert_eq!(left, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_standard_queue_does_as_its_model(ops in some_ops(60)) {
        check(false, &ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_standard_queue_on_a_disk_does_as_its_model(ops in some_ops(40)) {
        check(true, &ops);
    }
}
