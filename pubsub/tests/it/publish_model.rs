//! Publishing beside a model of it: random subscribing, changing, publishing, receiving and waiting.

use std::collections::{BTreeMap, VecDeque};

use millpond_pubsub::{MessageAttribute, PublishMessage, Published, SubscribeOptions, Subscription, Topic};
use proptest::prelude::*;

use crate::world::{World, bodies};

const QUEUES: usize = 4;
const COLORS: [&str; 3] = ["red", "green", "blue"];

#[derive(Debug, Clone)]
enum Action {
    /// A queue, and which colors it wants: all if there are none.
    Subscribe(usize, Vec<usize>),
    Unsubscribe(usize),
    Filter(usize, Vec<usize>),
    Publish {
        color: usize,
        id: u8,
        group: u8,
    },
    /// Several in one transaction that may fail.
    Transact {
        colors: Vec<usize>,
        subscribes: Option<usize>,
        fails: bool,
    },
    Receive(usize),
    DeleteQueue(usize),
    Pass(u64),
    Maintain,
    Reopen,
}

fn colors() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..COLORS.len(), 0..3)
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let queue = || 0..QUEUES;
    let action = prop_oneof![
        3 => (queue(), colors()).prop_map(|(queue, colors)| Action::Subscribe(queue, colors)),
        1 => queue().prop_map(Action::Unsubscribe),
        1 => (queue(), colors()).prop_map(|(queue, colors)| Action::Filter(queue, colors)),
        8 => (0..COLORS.len(), 0..6_u8, 0..2_u8).prop_map(|(color, id, group)| Action::Publish { color, id, group }),
        2 => (prop::collection::vec(0..COLORS.len(), 1..4), prop::option::of(queue()), any::<bool>())
            .prop_map(|(colors, subscribes, fails)| Action::Transact { colors, subscribes, fails }),
        2 => queue().prop_map(Action::Receive),
        1 => queue().prop_map(Action::DeleteQueue),
        2 => prop_oneof![Just(1_u64), Just(100), Just(299), Just(300)].prop_map(Action::Pass),
        1 => Just(Action::Maintain),
        1 => Just(Action::Reopen),
    ];
    prop::collection::vec(action, 1..60)
}

fn policy(colors: &[usize]) -> String {
    let colors: Vec<&str> = colors.iter().map(|color| COLORS[*color]).collect();
    serde_json::json!({ "color": colors }).to_string()
}

/// What the model knows.
#[derive(Clone, Default)]
struct Model {
    now: u64,
    /// Of each queue that there is, what it holds.
    queues: BTreeMap<usize, VecDeque<String>>,
    /// Of each subscribed queue, the colors that it wants.
    wants: BTreeMap<usize, Vec<usize>>,
    /// Of each deduplication id, until when it is known, and what was told.
    known: BTreeMap<u8, (u64, Published)>,
}

impl Model {
    fn deliver(&mut self, color: usize, text: &str) {
        for (queue, colors) in &self.wants {
            if let Some(held) = self.queues.get_mut(queue)
                && (colors.is_empty() || colors.contains(&color))
            {
                held.push_back(text.to_owned());
            }
        }
    }
}

struct Run {
    world: World,
    topic: Topic,
    is_fifo: bool,
    subscriptions: BTreeMap<usize, Subscription>,
    model: Model,
    texts: u64,
}

impl Run {
    fn new(is_fifo: bool) -> Run {
        let world = World::new();
        let topic = world.topic(if is_fifo { "t.fifo" } else { "t" });
        Run { world, topic, is_fifo, subscriptions: BTreeMap::new(), model: Model::default(), texts: 0 }
    }

    fn queue_name(&self, queue: usize) -> String {
        // One of the queues of a first-in-first-out topic keeps no order.
        let suffix = if self.is_fifo && queue > 0 { ".fifo" } else { "" };
        format!("q{queue}{suffix}")
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        self.texts.to_string()
    }

    fn message(&self, text: &str, color: usize, id: &str, group: u8) -> PublishMessage {
        let message = PublishMessage::new(text).attribute("color", MessageAttribute::string(COLORS[color]));
        match self.is_fifo {
            true => message.group(group.to_string()).deduplication(id),
            false => message,
        }
    }

    fn options(colors: &[usize]) -> SubscribeOptions {
        let raw = SubscribeOptions::default().raw_message_delivery(true);
        if colors.is_empty() { raw } else { raw.filter_policy(policy(colors)) }
    }

    fn apply(&mut self, action: &Action) {
        match action {
            Action::Subscribe(queue, colors) => {
                let (queue, name) = (*queue, self.queue_name(*queue));
                self.world.queue(&name);
                self.model.queues.entry(queue).or_default();
                if self.model.wants.contains_key(&queue) {
                    return;
                }
                let endpoint = self.world.topics.queue_endpoint(&name);
                let subscription = self.topic.subscribe(&endpoint, &Run::options(colors)).unwrap();
                self.subscriptions.insert(queue, subscription);
                self.model.wants.insert(queue, colors.clone());
            }
            Action::Unsubscribe(queue) => {
                if let Some(subscription) = self.subscriptions.remove(queue) {
                    subscription.unsubscribe().unwrap();
                    self.model.wants.remove(queue);
                }
            }
            Action::Filter(queue, colors) => {
                if let Some(subscription) = self.subscriptions.get(queue) {
                    let policy = if colors.is_empty() { String::new() } else { policy(colors) };
                    subscription.set_filter_policy(&policy).unwrap();
                    self.model.wants.insert(*queue, colors.clone());
                }
            }
            Action::Publish { color, id, group } => {
                let text = self.text();
                let message = self.message(&text, *color, &id.to_string(), *group);
                let published = self.topic.publish(message).unwrap();
                if self.is_fifo {
                    if let Some((until, first)) = self.model.known.get(id)
                        && self.model.now < *until
                    {
                        assert_eq!(published, *first);
                        return;
                    }
                    self.model.known.insert(*id, (self.model.now + 300, published));
                }
                self.model.deliver(*color, &text);
            }
            Action::Transact { colors, subscribes, fails } => self.transact(colors, *subscribes, *fails),
            Action::Receive(queue) => self.receive(*queue),
            Action::DeleteQueue(queue) => {
                if self.model.queues.remove(queue).is_some() {
                    self.world.queues.delete(&self.queue_name(*queue)).unwrap();
                }
            }
            Action::Pass(seconds) => {
                self.world.pass_secs(*seconds);
                self.model.now += seconds;
            }
            Action::Maintain => {
                self.world.topics.maintain().unwrap();
            }
            Action::Reopen => {
                self.world = self.world.reopened();
                self.topic = self.world.topics.get(self.topic.name()).unwrap();
                for subscription in self.subscriptions.values_mut() {
                    *subscription = self.world.topics.subscription(subscription.id()).unwrap();
                }
            }
        }
    }

    /// Publishes one after the other, and subscribes a queue after the first, in one transaction.
    fn transact(&mut self, colors: &[usize], subscribes: Option<usize>, fails: bool) {
        let subscribes =
            subscribes.filter(|queue| self.model.queues.contains_key(queue) && !self.model.wants.contains_key(queue));
        let texts: Vec<String> = colors.iter().map(|_| self.text()).collect();
        let mut model = self.model.clone();
        let mut subscribed = None;
        let done = self.world.engine.transact(|tx| -> Result<(), millpond_pubsub::Error> {
            model = self.model.clone();
            for (nth, (text, color)) in texts.iter().zip(colors).enumerate() {
                self.topic.publish_in(tx, self.message(text, *color, &format!("own{text}"), 0))?;
                model.deliver(*color, text);
                if let Some(queue) = subscribes.filter(|_| nth == 0) {
                    let endpoint = self.world.topics.queue_endpoint(&self.queue_name(queue));
                    subscribed = Some((queue, self.topic.subscribe_in(tx, &endpoint, &Run::options(&[]))?));
                    model.wants.insert(queue, Vec::new());
                }
            }
            if fails { Err(millpond_pubsub::Error::EndpointDisabled) } else { Ok(()) }
        });
        assert_eq!(done.is_err(), fails);
        if !fails {
            self.model = model;
            self.subscriptions.extend(subscribed);
        }
    }

    fn receive(&mut self, queue: usize) {
        let Some(held) = self.model.queues.get_mut(&queue) else { return };
        let held: Vec<String> = held.drain(..).collect();
        let queue = self.world.queues.get(&self.queue_name(queue)).unwrap();
        let mut taken = bodies(&queue);
        // Groups take turns, so that only each of them is in order.
        taken.sort_by_key(|text| text.parse::<u64>().unwrap());
        assert_eq!(taken, held, "{}", queue.name());
    }
}

fn run(is_fifo: bool, actions: &[Action]) {
    let mut run = Run::new(is_fifo);
    for action in actions {
        run.apply(action);
    }
    (0..QUEUES).for_each(|queue| run.receive(queue));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_standard_topic_does_what_its_model_does(actions in actions()) {
        run(false, &actions);
    }

    #[test]
    fn a_first_in_first_out_topic_does_what_its_model_does(actions in actions()) {
        run(true, &actions);
    }
}
