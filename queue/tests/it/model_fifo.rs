//! Random operations on a first-in-first-out queue against a model of it: order within groups, what holds them up, what was
//! sent before, and exact counts after each step.

use std::{collections::BTreeMap, time::Duration};

use millpond_engine::Timestamp;
use millpond_queue::{Changes, MessageId, ReceiptHandle, SendMessage, SequenceNumber};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    model::{Home, RETENTION, durations},
    support::*,
};

#[derive(Debug, Clone)]
enum Op {
    Send { group: u8, deduplication: Option<u8> },
    Receive { max: usize, timeout: Duration },
    Delete(Index),
    Change(Index, Duration),
    Pass(Duration),
    Delay(u64),
    Purge,
    Reopen,
    Maintain,
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        9 => (0..4_u8, proptest::option::weighted(0.3, 0..6_u8)).prop_map(|(group, deduplication)| Op::Send { group, deduplication }),
        8 => (1..6_usize, durations()).prop_map(|(max, timeout)| Op::Receive { max, timeout }),
        5 => any::<Index>().prop_map(Op::Delete),
        3 => (any::<Index>(), durations()).prop_map(|(at, timeout)| Op::Change(at, timeout)),
        6 => durations().prop_map(Op::Pass),
        1 => prop_oneof![Just(0), Just(3), Just(12)].prop_map(Op::Delay),
        1 => Just(Op::Reopen),
        1 => Just(Op::Maintain),
    ]
}

fn some_ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
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
    group: u8,
    sent: Timestamp,
    count: u32,
    visible: Option<Timestamp>,
}

#[derive(Default)]
struct Model {
    sent: usize,
    delay: u64,
    /// In the order in which they were sent.
    messages: Vec<Known>,
    handles: Vec<(ReceiptHandle, String, u32)>,
    first: BTreeMap<u8, (MessageId, SequenceNumber, Timestamp)>,
    last_number: Option<SequenceNumber>,
}

impl Model {
    fn expire(&mut self, now: Timestamp) {
        self.messages.retain(|message| message.sent.saturating_add(secs(RETENTION)) > now);
    }

    fn is_in_flight(message: &Known, now: Timestamp) -> bool {
        message.visible.is_some_and(|visible| visible > now)
    }

    fn is_delayed(&self, message: &Known, now: Timestamp) -> bool {
        message.sent.saturating_add(secs(self.delay)) > now
    }

    fn counts(&self, now: Timestamp) -> (u64, u64, u64) {
        let in_flight = self.messages.iter().filter(|message| Model::is_in_flight(message, now)).count();
        let delayed = self
            .messages
            .iter()
            .filter(|message| !Model::is_in_flight(message, now) && self.is_delayed(message, now))
            .count();
        ((self.messages.len() - in_flight - delayed) as u64, in_flight as u64, delayed as u64)
    }

    /// What a receive can get of a group, in its order.
    fn deliverable(&self, group: u8, now: Timestamp) -> Vec<String> {
        let of_group = self.messages.iter().filter(|message| message.group == group);
        let free = of_group.take_while(|message| !Model::is_in_flight(message, now) && !self.is_delayed(message, now));
        free.map(|message| message.body.clone()).collect()
    }

    fn send(&mut self, home: &Home, group: u8, deduplication: Option<u8>) {
        let now = home.world().now();
        let body = self.sent.to_string();
        self.sent += 1;
        let id = deduplication.map_or(format!("own-{body}"), |id| id.to_string());
        let sent =
            home.queue("q.fifo").send(SendMessage::new(&body).group(group.to_string()).deduplication(id)).unwrap();
        let number = sent.sequence_number().unwrap();
        let first =
            deduplication.and_then(|id| self.first.get(&id)).filter(|(.., at)| at.saturating_add(secs(300)) > now);
        if let Some((id, first, _)) = first {
            assert_eq!((sent.message_id(), number), (*id, *first));
            return;
        }
        assert!(Some(number) > self.last_number, "numbers rise");
        self.last_number = Some(number);
        if let Some(id) = deduplication {
            self.first.insert(id, (sent.message_id(), number, now));
        }
        self.messages.push(Known { body, group, sent: now, count: 0, visible: None });
    }

    fn receive(&mut self, home: &Home, max: usize, timeout: Duration) {
        let now = home.world().now();
        let mut deliverable: BTreeMap<u8, Vec<String>> =
            (0..4).map(|group| (group, self.deliverable(group, now))).collect();
        let total: usize = deliverable.values().map(Vec::len).sum();
        let found = receive_for(&home.queue("q.fifo"), max, timeout);
        assert_eq!(found.len(), total.min(max), "{:?} of {deliverable:?}", bodies(&found));
        let mut last = None;
        for message in found {
            let group: u8 = message.group_id().unwrap().parse().unwrap();
            if last.is_some_and(|last| last != group) {
                assert!(deliverable[&last.unwrap()].is_empty(), "a group is drained before the next one");
            }
            last = Some(group);
            assert_eq!(message.body(), deliverable.get_mut(&group).unwrap().remove(0), "groups keep their order");
            let known = self.messages.iter_mut().find(|known| known.body == message.body()).unwrap();
            known.count += 1;
            known.visible = Some(now.saturating_add(timeout));
            assert_eq!((message.receive_count(), Some(message.invisible_until())), (known.count, known.visible));
            self.handles.push((message.receipt_handle().clone(), known.body.clone(), known.count));
        }
    }

    /// A handle, where its message stands, and whether it still is this receive's.
    fn own(&self, at: Index, now: Timestamp) -> Option<(ReceiptHandle, Option<usize>, bool)> {
        if self.handles.is_empty() {
            return None;
        }
        let (handle, body, count) = at.get(&self.handles);
        let place = self.messages.iter().position(|message| message.body == *body);
        let is_own = place
            .and_then(|place| self.messages.get(place))
            .is_some_and(|message| message.count == *count && Model::is_in_flight(message, now));
        Some((handle.clone(), place, is_own))
    }
}

fn apply(home: &mut Home, model: &mut Model, op: &Op) {
    let (queue, now) = (home.queue("q.fifo"), home.world().now());
    match op {
        Op::Send { group, deduplication } => model.send(home, *group, *deduplication),
        Op::Receive { max, timeout } => model.receive(home, *max, *timeout),
        Op::Delete(at) => {
            let Some((handle, place, is_own)) = model.own(*at, now) else { return };
            let deleted = queue.delete(&handle);
            assert_eq!(deleted.is_ok(), is_own || place.is_none());
            if let Some(place) = place.filter(|_| is_own) {
                model.messages.remove(place);
            }
        }
        Op::Change(at, timeout) => {
            let Some((handle, place, is_own)) = model.own(*at, now) else { return };
            assert_eq!(queue.change_visibility(&handle, *timeout).is_ok(), is_own);
            if let Some(message) = place.filter(|_| is_own).and_then(|place| model.messages.get_mut(place)) {
                message.visible = Some(now.saturating_add(*timeout));
            }
        }
        Op::Pass(by) => home.world().pass(*by),
        Op::Delay(seconds) => {
            queue.set(&Changes { delay: Some(secs(*seconds)), ..Default::default() }).unwrap();
            model.delay = *seconds;
        }
        Op::Purge => {
            queue.purge().unwrap();
            model.messages.clear();
            model.first.clear();
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
    home.world().create_with("q.fifo", Changes { retention: Some(secs(RETENTION)), ..Default::default() });
    let mut model = Model::default();
    for op in ops {
        apply(&mut home, &mut model, op);
        let now = home.world().now();
        model.expire(now);
        assert_eq!(counts(&home.queue("q.fifo")), model.counts(now), "after {op:?}");
    }
    home.world().pass_secs(25);
    model.expire(home.world().now());
    model.receive(&home, 1000, secs(30));
    assert_eq!(model.counts(home.world().now()).0, 0, "all that is left can be received");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_first_in_first_out_queue_does_as_its_model(ops in some_ops(60)) {
        check(false, &ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_first_in_first_out_queue_on_a_disk_does_as_its_model(ops in some_ops(40)) {
        check(true, &ops);
    }
}
