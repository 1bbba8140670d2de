//! Random operations against a list of records.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const RETENTION_SECS: u64 = 24 * 3600;
const RECEIVES: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    Append {
        records: usize,
    },
    Receive {
        max: usize,
        visibility: u64,
    },
    ReceiveDead {
        max: usize,
        visibility: u64,
    },
    /// Of the handles that were ever given, this one and the next few.
    Acknowledge {
        from: usize,
        count: usize,
    },
    Visibility {
        from: usize,
        secs: u64,
    },
    Restore {
        from: usize,
    },
    Advance {
        secs: u64,
    },
    Maintain,
    Grow,
    /// As if the store had been opened again: no hints.
    Fork,
}

fn step() -> impl Strategy<Value = Step> {
    let visibility = prop_oneof![Just(0_u64), 1..40_u64];
    prop_oneof![
        4 => (1..6_usize).prop_map(|records| Step::Append { records }),
        6 => (1..6_usize, visibility.clone()).prop_map(|(max, visibility)| Step::Receive { max, visibility }),
        3 => (1..6_usize, visibility.clone()).prop_map(|(max, visibility)| Step::ReceiveDead { max, visibility }),
        4 => (any::<usize>(), 1..4_usize).prop_map(|(from, count)| Step::Acknowledge { from, count }),
        3 => (any::<usize>(), visibility).prop_map(|(from, secs)| Step::Visibility { from, secs }),
        3 => any::<usize>().prop_map(|from| Step::Restore { from }),
        4 => prop_oneof![8 => 1..50_u64, 1 => Just(RETENTION_SECS / 3)].prop_map(|secs| Step::Advance { secs }),
        1 => Just(Step::Maintain),
        1 => Just(Step::Grow),
        1 => Just(Step::Fork),
    ]
}

/// What becomes of a record.
#[derive(Clone, Debug)]
struct Known {
    put: u64,
    is_done: bool,
    count: u32,
    visible: u64,
    /// The last receive, and whether it was of a dead letter.
    last: Option<(ReceiptHandle, bool)>,
}

impl Known {
    fn is_kept(&self, now: u64) -> bool {
        !self.is_done && now - self.put <= RETENTION_SECS
    }

    fn is_dead(&self, now: u64) -> bool {
        let was_dead = self.last.is_some_and(|(_, is_dead)| is_dead);
        was_dead || (self.count >= RECEIVES && self.visible <= now)
    }
}

struct World {
    stream: Stream,
    queue: RecordQueue,
    known: BTreeMap<String, Known>,
    given: Vec<(ReceiptHandle, String, bool)>,
    now: u64,
}

impl World {
    fn new() -> World {
        let dead_letters = DeadLetters::After { receives: RECEIVES };
        let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
        stream.streams().set_commitment(true).unwrap();
        World { stream, queue, known: BTreeMap::new(), given: Vec::new(), now: 0 }
    }

    fn visible(&self, dead: bool) -> usize {
        let is_visible =
            |known: &&Known| known.is_kept(self.now) && known.visible <= self.now && known.is_dead(self.now) == dead;
        self.known.values().filter(is_visible).count()
    }

    fn received(&mut self, records: Vec<QueueRecord>, max: usize, visibility: u64, dead: bool) {
        assert_eq!(records.len(), max.min(self.visible(dead)), "dead: {dead}");
        for record in records {
            let text = String::from_utf8(record.data().to_vec()).unwrap();
            let now = self.now;
            let known = self.known.get_mut(&text).unwrap();
            assert!(known.is_kept(now) && known.visible <= now && known.is_dead(now) == dead, "{text}");
            known.count += 1;
            assert_eq!(record.receive_count, known.count);
            known.visible = now + visibility;
            known.last = Some((record.receipt_handle, dead));
            self.given.push((record.receipt_handle, text, dead));
        }
    }

    fn nth(&self, from: usize) -> Option<(ReceiptHandle, String, bool)> {
        (!self.given.is_empty()).then(|| self.given[from % self.given.len()].clone())
    }

    /// Whether a handle is good; of records that are not kept any more either may be so.
    fn owns(&self, handle: ReceiptHandle, text: &str, dead: bool) -> Option<bool> {
        let known = &self.known[text];
        let is_last = !known.is_done && known.last == Some((handle, dead)) && known.is_dead(self.now) == dead;
        (known.is_done || known.is_kept(self.now)).then_some(is_last)
    }

    fn run(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Append { records } => {
                let first = self.known.len();
                let texts: Vec<String> = (first..first + records).map(|nth| nth.to_string()).collect();
                self.stream.append_batch(texts.iter().map(|text| (text.clone(), text.clone()))).unwrap();
                let fresh = Known { put: now, is_done: false, count: 0, visible: 0, last: None };
                self.known.extend(texts.into_iter().map(|text| (text, fresh.clone())));
            }
            Step::Receive { max, visibility } => {
                let records = self.queue.receive(max, NOW, Some(secs(visibility))).unwrap();
                self.received(records, max, visibility, false);
            }
            Step::ReceiveDead { max, visibility } => {
                let records = self.queue.receive_dead(max, NOW, Some(secs(visibility))).unwrap();
                self.received(records, max, visibility, true);
            }
            Step::Acknowledge { from, count } => {
                for nth in 0..count {
                    let Some((handle, text, dead)) = self.nth(from.wrapping_add(nth)) else { return };
                    let owns = self.owns(handle, &text, dead);
                    let result = match dead {
                        true => self.queue.acknowledge_dead(&[handle]),
                        false => self.queue.acknowledge(&[handle]),
                    };
                    let is_ok = all_ok(result);
                    assert!(owns.is_none_or(|owns| owns == is_ok), "{text} {owns:?}");
                    self.known.get_mut(&text).unwrap().is_done |= is_ok;
                }
            }
            Step::Visibility { from, secs: after } => {
                let Some((handle, text, dead)) = self.nth(from) else { return };
                let owns = self.owns(handle, &text, dead);
                let change = [(handle, secs(after))];
                let result = match dead {
                    true => self.queue.change_dead_visibility(&change),
                    false => self.queue.change_visibility(&change),
                };
                let is_ok = all_ok(result);
                assert!(owns.is_none_or(|owns| owns == is_ok), "{text} {owns:?}");
                if is_ok {
                    self.known.get_mut(&text).unwrap().visible = now + after;
                }
            }
            Step::Restore { from } => {
                let Some((handle, text, dead)) = self.nth(from) else { return };
                let owns = self.owns(handle, &text, dead).map(|owns| owns && dead);
                let is_ok = all_ok(self.queue.restore(&[handle]));
                assert!(owns.is_none_or(|owns| owns == is_ok), "{text} {owns:?}");
                if is_ok {
                    let known = self.known.get_mut(&text).unwrap();
                    (known.count, known.visible, known.last) = (0, now, None);
                }
            }
            Step::Advance { secs: by } => {
                self.now += by;
                advance(&self.stream, secs(by));
            }
            Step::Maintain => drop(self.stream.streams().maintain().unwrap()),
            Step::Grow => {
                let open = self.stream.describe().unwrap().open_shards;
                if open < 12 {
                    self.stream.set_warm_throughput(open + 2).unwrap();
                }
            }
            Step::Fork => {
                let engine = self.stream.streams().engine().fork().unwrap();
                let streams = Streams::open(&engine).unwrap();
                self.stream = streams.get("clicks").unwrap();
                self.queue = streams.queue(self.queue.id()).unwrap();
            }
        }
    }
}

proptest! {
    #[test]
    fn a_queue_is_what_a_list_of_records_would_be(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
        }
    }
}
