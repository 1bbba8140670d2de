//! Many producers and consumers at a time, of whom some crash: what each of them saw is kept, and the whole is checked
//! afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use millpond_engine::{Engine, Timestamp};
use millpond_queue::{Message, Queue, Receive};

use crate::support::*;

const PRODUCERS: usize = 16;
const CONSUMERS: usize = 16;
const MESSAGES: usize = 60;
const TIMEOUT: Duration = Duration::from_millis(150);

/// What a consumer has seen of one receive of a message.
#[derive(Debug)]
struct Seen {
    body: String,
    count: u32,
    number: Option<millpond_queue::SequenceNumber>,
    /// The receive was made no earlier than this and no later than that, by the engine's clock.
    asked: Timestamp,
    given: Timestamp,
    invisible_until: Timestamp,
    /// What has become of it by this receive.
    ended: Option<Ended>,
}

#[derive(Debug, Clone, Copy)]
enum Ended {
    /// Asked for at this time.
    Deleted(Timestamp),
    Released,
}

/// Random enough, and the same each time.
fn chance(state: &AtomicU64) -> u64 {
    let state = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)) >> 32
}

fn produce(world: &World, queue: &Queue, producer: usize) {
    for n in 0..MESSAGES {
        let body = format!("{producer}-{n:03}");
        let mut message = grouped(&producer.to_string(), &body);
        if !queue.is_fifo() {
            message.deduplication_id = None;
            message.group_id = message.group_id.filter(|_| producer.is_multiple_of(2));
            message.delay = (n % 5 == 0).then_some(Duration::from_millis(20));
        }
        match n % 3 {
            0 => drop(world.engine.transact(|tx| queue.send_in(tx, message.clone())).unwrap()),
            1 => drop(queue.send_async(message).unwrap().wait().unwrap()),
            _ => drop(queue.send(message).unwrap()),
        }
    }
}

struct Consumers<'a> {
    world: &'a World,
    queue: &'a Queue,
    seen: Mutex<Vec<Seen>>,
    deleted: Mutex<BTreeSet<String>>,
    chance: AtomicU64,
    receives: AtomicUsize,
    began: Instant,
}

impl Consumers<'_> {
    fn receive(&self, wait: Duration) -> (Timestamp, Vec<Message>) {
        let request = Receive::up_to(1 + (chance(&self.chance) % 5) as usize).visibility_timeout(TIMEOUT);
        let asked = self.world.now();
        let found = match self.receives.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => self.world.engine.transact(|tx| self.queue.receive_in(tx, &request)).unwrap(),
            1 => block_on(self.queue.receive_with_async(&request.wait(wait))).unwrap(),
            _ => self.queue.receive_with(&request.wait(wait)).unwrap(),
        };
        (asked, found)
    }

    fn consume(&self) {
        while !self.is_over() {
            let (asked, found) = self.receive(Duration::from_millis(100));
            let given = self.world.now();
            for message in found {
                let ended = self.end(&message);
                self.seen.lock().unwrap().push(Seen {
                    body: message.body().to_owned(),
                    count: message.receive_count(),
                    number: message.sequence_number(),
                    asked,
                    given,
                    invisible_until: message.invisible_until(),
                    ended,
                });
            }
        }
    }

    fn is_over(&self) -> bool {
        self.deleted.lock().unwrap().len() == PRODUCERS * MESSAGES || self.began.elapsed() > secs(30)
    }

    /// Deletes the message, releases it, or crashes, which does nothing.
    fn end(&self, message: &Message) -> Option<Ended> {
        let crashes = self.began.elapsed() < secs(2);
        match chance(&self.chance) % 16 {
            0 if crashes => return None,
            1 if crashes => return message.release().is_ok().then_some(Ended::Released),
            _ => {}
        }
        // It may come too late, and then another one has it.
        let at = self.world.now();
        self.world.engine.transact(|tx| message.delete_in(tx)).ok()?;
        let is_first = self.deleted.lock().unwrap().insert(message.body().to_owned());
        assert!(is_first, "{} was deleted twice", message.body());
        Some(Ended::Deleted(at))
    }
}

fn run(world: &World, name: &str) -> Vec<Seen> {
    let queue = world.create(name);
    let consumers = Consumers {
        world,
        queue: &queue,
        seen: Mutex::default(),
        deleted: Mutex::default(),
        chance: AtomicU64::new(42),
        receives: AtomicUsize::new(0),
        began: Instant::now(),
    };
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for producer in 0..PRODUCERS {
            let queue = &queue;
            threads.push(scope.spawn(move || produce(world, queue, producer)));
        }
        for _ in 0..CONSUMERS {
            threads.push(scope.spawn(|| consumers.consume()));
        }
        while !threads.iter().all(|thread| thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(10));
            if world.engine.clock().is_manual() {
                world.pass(Duration::from_millis(10));
            }
            let (visible, in_flight, delayed) = counts(&queue);
            assert!(visible + in_flight + delayed <= (PRODUCERS * MESSAGES) as u64);
        }
    });
    assert_eq!(consumers.deleted.lock().unwrap().len(), PRODUCERS * MESSAGES, "some were lost");
    assert_eq!(counts(&queue), (0, 0, 0));
    assert_eq!(counts(&world.reopened().queues.get(name).unwrap()), (0, 0, 0));
    consumers.seen.into_inner().unwrap()
}

fn check(seen: Vec<Seen>, is_fifo: bool) {
    let mut receives: HashMap<&str, Vec<&Seen>> = HashMap::new();
    for receive in &seen {
        receives.entry(&receive.body).or_default().push(receive);
    }
    assert_eq!(receives.len(), PRODUCERS * MESSAGES, "all that was sent was received");
    for (body, receives) in &mut receives {
        receives.sort_by_key(|receive| receive.count);
        let counted: Vec<_> = receives.iter().map(|receive| receive.count).collect();
        assert_eq!(
            counted,
            (1..=counted.len() as u32).collect::<Vec<_>>(),
            "{body}: each receive has a count of its own"
        );
        for pair in receives.windows(2) {
            let is_over = pair[0].invisible_until <= pair[1].given;
            let is_released = matches!(pair[0].ended, Some(Ended::Released));
            assert!(is_over || is_released, "{body} was received within its visibility: {pair:?}");
            assert!(
                !matches!(pair[0].ended, Some(Ended::Deleted(_))),
                "{body} was received after it was deleted: {pair:?}"
            );
        }
    }
    if is_fifo {
        check_order(&seen);
    }
}

/// A message is received for the first time only when all before it in its group were deleted, or with them in one receive.
fn check_order(seen: &[Seen]) {
    let mut groups: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for receive in seen.iter().filter(|receive| receive.count == 1) {
        groups.entry(receive.body.split_once('-').unwrap().0).or_default().push(receive);
    }
    for first_receives in groups.values_mut() {
        first_receives.sort_by(|a, b| a.body.cmp(&b.body));
        assert!(first_receives.is_sorted_by(|a, b| a.number < b.number), "numbers are in the order of the sends");
        for pair in first_receives.windows(2) {
            assert!(pair[0].asked <= pair[1].given, "order is broken: {pair:?}");
            let together = pair[0].asked == pair[1].asked && pair[0].given == pair[1].given;
            let deleted = seen.iter().filter(|other| other.body == pair[0].body).find_map(|other| match other.ended {
                Some(Ended::Deleted(at)) => Some(at),
                _ => None,
            });
            // Received again and again, together with what is behind it, is in order too.
            let together_later = seen
                .iter()
                .filter(|other| other.body == pair[0].body)
                .any(|other| other.asked == pair[1].asked && other.given == pair[1].given);
            let is_after = deleted.is_some_and(|deleted| deleted <= pair[1].given);
            assert!(together || together_later || is_after, "order is broken: {pair:?}");
        }
    }
}

#[test]
fn nothing_is_lost_or_received_within_its_visibility_on_the_clock_of_the_system() {
    let world = World::of(&Engine::in_memory());
    check(run(&world, "q"), false);
}

#[test]
fn groups_keep_their_order_on_the_clock_of_the_system() {
    let world = World::of(&Engine::in_memory());
    check(run(&world, "q.fifo"), true);
}

#[test]
fn nothing_is_lost_or_received_within_its_visibility_on_a_clock_moved_by_hand() {
    let world = World::new();
    check(run(&world, "q"), false);
}

#[test]
fn groups_keep_their_order_on_a_clock_moved_by_hand() {
    let world = World::new();
    check(run(&world, "q.fifo"), true);
}
