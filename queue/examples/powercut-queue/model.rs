//! What a writer's queues hold after its operations, as far as that is promised: in a standard queue, which of the ready
//! messages is received is taken from what the operations have noted.

use std::collections::BTreeMap;

use crate::workload::{Outgoing, Own, RETENTION_SECS, Then, group_of};

const DEDUPLICATION_MILLIS: u64 = 300_000;

/// Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
struct Kept {
    number: u64,
    sent: u64,
    /// From when on it can be received.
    visible: u64,
    /// How often it was received from the queue that it was sent to.
    count: u32,
    /// How often it was received from the dead-letter queue.
    dead_count: u32,
}

/// A queue that messages are sent to, together with its dead-letter queue: a message that was received too often is moved by
/// some receive, and by which does not matter.
#[derive(Debug, Default)]
struct Pair(Vec<Kept>);

#[derive(Debug, Default)]
pub(crate) struct Model {
    work: Pair,
    line: Pair,
    side: Pair,
    /// Deduplication ids, and until when they are known.
    pub(crate) ids: BTreeMap<String, u64>,
}

/// Visible, in flight and delayed.
pub(crate) type Counted = (u64, u64, u64);

/// What can be seen of a writer's queues.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Of each queue together with its dead-letter queue, by the queue.
    pub(crate) counts: BTreeMap<Own, Counted>,
    /// When all is visible: the number of each message, and how often it was received, the last time included. In standard
    /// queues in the order of the numbers, in the others group by group in the order of the group.
    pub(crate) messages: BTreeMap<Own, Vec<(u64, u32)>>,
}

impl View {
    /// Says where they differ.
    pub(crate) fn difference(&self, expected: &View) -> Option<String> {
        let of_counts = Own::ALL.into_iter().find(|own| self.counts.get(own) != expected.counts.get(own));
        let of_messages = Own::ALL.into_iter().find(|own| self.messages.get(own) != expected.messages.get(own));
        if let Some(own) = of_messages {
            let (found, expected) = (&self.messages[&own], &expected.messages[&own]);
            let missing: Vec<_> = expected.iter().filter(|message| !found.contains(message)).collect();
            let unexpected: Vec<_> = found.iter().filter(|message| !expected.contains(message)).collect();
            return Some(match missing.is_empty() && unexpected.is_empty() {
                true => format!("{own:?} is out of order: {found:?}"),
                false => format!("{own:?} lacks {missing:?} and has {unexpected:?}"),
            });
        }
        of_counts.map(|own| format!("{own:?} counts {:?}, not {:?}", self.counts.get(&own), expected.counts.get(&own)))
    }
}

impl Model {
    fn pair(&mut self, own: Own) -> &mut Pair {
        match own {
            Own::Work | Own::Dead => &mut self.work,
            Own::Line | Own::Rest => &mut self.line,
            Own::Side => &mut self.side,
        }
    }

    pub(crate) fn send(&mut self, to: Own, messages: &[Outgoing], now: u64) {
        for message in messages {
            if to == Own::Line {
                if self.ids.get(&message.deduplication_id).is_some_and(|until| now < *until) {
                    continue;
                }
                self.ids.insert(message.deduplication_id.clone(), now + DEDUPLICATION_MILLIS);
            }
            let visible = now + message.delay_secs * 1000;
            self.pair(to).0.push(Kept { number: message.number, sent: now, visible, count: 0, dead_count: 0 });
        }
    }

    pub(crate) fn receive(&mut self, from: Own, numbers: &[u64], now: u64, visible: u64) -> Result<(), String> {
        for (at, number) in numbers.iter().enumerate() {
            let pair = self.pair(from);
            let wrong = |what: &str| format!("{number} of {from:?} was received, which {what}");
            let kept = pair.0.iter().find(|kept| kept.number == *number).ok_or_else(|| wrong("is not there"))?;
            if kept.visible > now {
                return Err(wrong("is invisible"));
            }
            let max = from.dead_letters().map(|(_, max)| max);
            if max.is_some_and(|max| kept.count >= max || kept.dead_count > 0) {
                return Err(wrong("was received too often"));
            }
            let is_before = |other: &&Kept| {
                let is_due = max.is_some_and(|max| other.count >= max) && other.visible <= now;
                let is_gone = is_due || other.dead_count > 0 || numbers[..at].contains(&other.number);
                group_of(other.number) == group_of(*number) && !is_gone
            };
            if from == Own::Line
                && let Some(first) = pair.0.iter().take_while(|other| other.number != *number).find(is_before)
            {
                return Err(wrong(&format!("stands behind {}", first.number)));
            }
            let kept = pair.0.iter_mut().find(|kept| kept.number == *number).ok_or_else(|| wrong("is not there"))?;
            kept.visible = visible;
            match from {
                Own::Dead | Own::Rest => kept.dead_count += 1,
                Own::Work | Own::Line | Own::Side => kept.count += 1,
            }
        }
        Ok(())
    }

    /// What is done with messages once they were received, commit by commit.
    pub(crate) fn steps(then: Then, numbers: &[u64]) -> Vec<(Then, &[u64])> {
        match then {
            Then::Leave => Vec::new(),
            Then::DeleteFirst => numbers.chunks(1).take(1).map(|first| (then, first)).collect(),
            Then::DeleteOneByOne => numbers.chunks(1).map(|one| (then, one)).collect(),
            Then::Delete | Then::Hide(_) => vec![(then, numbers)],
        }
    }

    pub(crate) fn step(&mut self, from: Own, (then, numbers): (Then, &[u64]), now: u64) {
        let kept = &mut self.pair(from).0;
        match then {
            Then::Hide(secs) => {
                let these = kept.iter_mut().filter(|kept| numbers.contains(&kept.number));
                these.for_each(|kept| kept.visible = now + secs * 1000);
            }
            _ => kept.retain(|kept| !numbers.contains(&kept.number)),
        }
    }

    /// A message that was handled: received and deleted at once.
    pub(crate) fn handle(&mut self, from: Own, number: u64, now: u64) -> Result<(), String> {
        self.receive(from, &[number], now, now + 1)?;
        self.step(from, (Then::Delete, &[number]), now);
        Ok(())
    }

    pub(crate) fn purge(&mut self) {
        self.side.0.clear();
    }

    /// What is to be seen: counted at one time, and received at another.
    pub(crate) fn view(&self, counted: u64, received: u64) -> View {
        let mut view = View::default();
        for (own, pair) in [(Own::Work, &self.work), (Own::Line, &self.line), (Own::Side, &self.side)] {
            let kept = |now: u64| {
                let is_kept = move |kept: &&Kept| own != Own::Side || kept.sent + RETENTION_SECS * 1000 > now;
                pair.0.iter().filter(is_kept)
            };
            let is_delayed = |kept: &&Kept| kept.visible > counted && kept.count == 0;
            let delayed = kept(counted).filter(is_delayed).count() as u64;
            let in_flight = kept(counted).filter(|kept| kept.visible > counted && kept.count > 0).count() as u64;
            let visible = kept(counted).count() as u64 - in_flight - delayed;
            view.counts.insert(own, (visible, in_flight, delayed));
            let max = own.dead_letters().map_or(u32::MAX, |(_, max)| max);
            let of = |kept: &Kept| (kept.number, kept.count + kept.dead_count + 1);
            view.messages.insert(own, kept(received).filter(|kept| kept.count < max).map(of).collect());
            if let Some((dead, _)) = own.dead_letters() {
                view.messages.insert(dead, kept(received).filter(|kept| kept.count >= max).map(of).collect());
            }
        }
        for (own, messages) in &mut view.messages {
            sort(*own, messages);
        }
        view
    }
}

/// Into the order of a [`View`].
pub(crate) fn sort(own: Own, messages: &mut [(u64, u32)]) {
    match own {
        Own::Line | Own::Rest => messages.sort_by_key(|(number, _)| group_of(*number)),
        Own::Work | Own::Dead | Own::Side => messages.sort_unstable(),
    }
}
