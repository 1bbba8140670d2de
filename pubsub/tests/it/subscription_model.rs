//! Random histories of subscriptions beside a model that is a map: who is subscribed, who is confirmed, and what is counted.

use std::{collections::BTreeMap, time::Duration};

use millpond_pubsub::{CapturedFilter, Endpoint, Protocol, SubscribeOptions, SubscriptionId};
use proptest::prelude::*;

use crate::topics::{Service, service};

const TWO_DAYS: u64 = 2 * 24;
const TOPICS: [&str; 2] = ["one", "two"];
const ADDRESSES: [(Protocol, &str); 4] = [
    (Protocol::Sqs, "arn:aws:sqs:us-east-1:000000000000:q"),
    (Protocol::Sms, "+15551234567"),
    (Protocol::Email, "a@example.com"),
    (Protocol::Email, "b@example.com"),
];

#[derive(Debug, Clone)]
enum Step {
    Subscribe { topic: usize, address: usize },
    Unsubscribe { nth: usize, by_link: bool },
    Confirm { nth: usize, authenticate: bool },
    Pass { hours: u64 },
    Maintain,
    Delete { topic: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2_usize, 0..4_usize).prop_map(|(topic, address)| Step::Subscribe { topic, address }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(nth, by_link)| Step::Unsubscribe { nth, by_link }),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(nth, authenticate)| Step::Confirm { nth, authenticate }),
        3 => (1..40_u64).prop_map(|hours| Step::Pass { hours }),
        2 => Just(Step::Maintain),
        1 => (0..2_usize).prop_map(|topic| Step::Delete { topic }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Until that hour.
    Pending(u64),
    Confirmed {
        authenticated: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: SubscriptionId,
    state: State,
}

/// A token that an address was sent.
#[derive(Debug)]
struct Token {
    text: String,
    until: u64,
    topic: usize,
    /// How often the topic had been deleted.
    life: u32,
    address: usize,
    id: SubscriptionId,
    /// Whether it takes back what was ended.
    restores: bool,
}

#[derive(Debug, Default)]
struct Model {
    hour: u64,
    subscribed: BTreeMap<(usize, usize), Entry>,
    tokens: Vec<Token>,
    deleted: [i64; 2],
    lives: [u32; 2],
    exists: [bool; 2],
    /// All ids there ever were.
    ids: Vec<SubscriptionId>,
}

impl Model {
    fn forget_expired(&mut self) {
        let hour = self.hour;
        self.subscribed.retain(|_, entry| !matches!(entry.state, State::Pending(until) if until <= hour));
    }

    fn find(&self, id: SubscriptionId) -> Option<((usize, usize), Entry)> {
        self.subscribed.iter().find(|(_, entry)| entry.id == id).map(|(place, entry)| (*place, *entry))
    }

    /// What a token does: it gives the subscription that is confirmed.
    fn confirm(&mut self, nth: usize, authenticated: bool) -> Option<SubscriptionId> {
        let token = &self.tokens[nth];
        if token.until <= self.hour || token.life != self.lives[token.topic] || !self.exists[token.topic] {
            return None;
        }
        let place = (token.topic, token.address);
        match self.subscribed.get_mut(&place) {
            Some(entry) if entry.id == token.id => {
                if let State::Pending(_) = entry.state {
                    entry.state = State::Confirmed { authenticated };
                }
            }
            None if token.restores => {
                self.subscribed.insert(place, Entry { id: token.id, state: State::Confirmed { authenticated } });
                self.deleted[token.topic] -= 1;
            }
            _ => return None,
        }
        Some(token.id)
    }
}

/// The token in the last mail, if one was sent.
fn mailed(service: &Service) -> Option<String> {
    let page = service.topics.outbox().list(&CapturedFilter::of(Protocol::Email), None, 1000).unwrap();
    service.topics.outbox().clear(&CapturedFilter::all()).unwrap();
    let body = page.entries.last()?.message.body.clone();
    let from = body.find("Token=")? + "Token=".len();
    Some(body[from..].chars().take_while(char::is_ascii_hexdigit).collect())
}

fn run(service: &Service, model: &mut Model, step: &Step) {
    match *step {
        Step::Subscribe { topic, address } => {
            model.exists[topic] = true;
            let (protocol, text) = ADDRESSES[address];
            let endpoint = Endpoint::new(protocol, text);
            let made = service.topic(TOPICS[topic]).subscribe(&endpoint, &SubscribeOptions::default()).unwrap();
            let sent = mailed(service);
            match model.subscribed.get(&(topic, address)) {
                Some(entry) => {
                    assert_eq!(made.id(), entry.id);
                    assert_eq!(sent.is_some(), matches!(entry.state, State::Pending(_)));
                }
                None => {
                    assert!(!model.ids.contains(&made.id()));
                    model.ids.push(made.id());
                    let until = model.hour + TWO_DAYS;
                    let state = match protocol {
                        Protocol::Email => State::Pending(until),
                        _ => State::Confirmed { authenticated: true },
                    };
                    let life = model.lives[topic];
                    if let Some(text) = sent {
                        model.tokens.push(Token { text, until, topic, life, address, id: made.id(), restores: false });
                    }
                    model.subscribed.insert((topic, address), Entry { id: made.id(), state });
                }
            }
        }
        Step::Unsubscribe { nth, by_link } => {
            let Some(&id) = model.ids.get(nth % model.ids.len().max(1)) else { return };
            let found = model.find(id);
            let ended = if by_link { service.topics.unsubscribe_by_link(id) } else { service.topics.unsubscribe(id) };
            if by_link && found.is_some_and(|(_, entry)| entry.state == State::Confirmed { authenticated: true }) {
                assert_eq!(ended.unwrap_err().code(), "AuthorizationError");
                return;
            }
            ended.unwrap();
            let Some(((topic, address), _)) = found else { return };
            model.subscribed.remove(&(topic, address));
            model.deleted[topic] += 1;
            if let Some(text) = mailed(service) {
                let (until, life) = (model.hour + TWO_DAYS, model.lives[topic]);
                model.tokens.push(Token { text, until, topic, life, address, id, restores: true });
            }
        }
        Step::Confirm { nth, authenticate } => {
            if model.tokens.is_empty() {
                return;
            }
            let nth = nth % model.tokens.len();
            let confirmed = service.topics.confirm(&model.tokens[nth].text, authenticate);
            assert_eq!(confirmed.ok().map(|confirmed| confirmed.id()), model.confirm(nth, authenticate));
        }
        Step::Pass { hours } => {
            service.engine.clock().advance(Duration::from_secs(hours * 3600)).unwrap();
            model.hour += hours;
            model.forget_expired();
        }
        Step::Maintain => drop(service.topics.maintain().unwrap()),
        Step::Delete { topic } => {
            service.topics.delete(TOPICS[topic]).unwrap();
            model.subscribed.retain(|(of, _), _| *of != topic);
            model.lives[topic] += u32::from(model.exists[topic]);
            (model.exists[topic], model.deleted[topic]) = (false, 0);
        }
    }
}

fn compare(service: &Service, model: &Model) {
    let mut listed: Vec<(SubscriptionId, bool)> = Vec::new();
    for (number, name) in TOPICS.iter().enumerate().filter(|(number, _)| model.exists[*number]) {
        let topic = service.topics.get(name).unwrap();
        let page = topic.subscriptions(None, 100).unwrap();
        listed.extend(page.subscriptions.iter().map(|listed| (listed.id, listed.is_confirmed)));
        let shown = topic.attributes().unwrap();
        let confirmed = model
            .subscribed
            .iter()
            .filter(|((of, _), entry)| *of == number && matches!(entry.state, State::Confirmed { .. }));
        assert_eq!(shown["SubscriptionsConfirmed"], confirmed.count().to_string());
        assert_eq!(shown["SubscriptionsDeleted"], model.deleted[number].to_string());
    }
    let mut expected: Vec<(SubscriptionId, bool)> =
        model.subscribed.values().map(|entry| (entry.id, matches!(entry.state, State::Confirmed { .. }))).collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
    let all = service.topics.subscriptions(None, 100).unwrap().subscriptions;
    let all: Vec<(SubscriptionId, bool)> = all.iter().map(|listed| (listed.id, listed.is_confirmed)).collect();
    assert_eq!(all, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn histories_of_subscriptions_are_those_of_a_map(steps in prop::collection::vec(step(), 1..60)) {
        let (service, mut model) = (service(), Model::default());
        for step in &steps {
            run(&service, &mut model, step);
            compare(&service, &model);
        }
        service.topics.maintain().unwrap();
        for (number, name) in TOPICS.iter().enumerate().filter(|(number, _)| model.exists[*number]) {
            let pending = model.subscribed.iter().filter(|((of, _), entry)| {
                *of == number && matches!(entry.state, State::Pending(_))
            });
            let shown = service.topics.get(name).unwrap().attributes().unwrap();
            prop_assert_eq!(&shown["SubscriptionsPending"], &pending.count().to_string());
        }
    }
}
