//! What is ready in a standard queue.
//!
//! A message is in one of these places: not yet received, among those without a group, those of a group, or those that wait
//! for their time; in flight; returned, because its visibility timeout is over; or claimed by a receive under way. Of those
//! that are ready, the one that has been so for the longest comes first. Groups get their turns instead, one message a turn, and
//! those that have more than their share in flight come last.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use millpond_engine::{Position, Timestamp};

use super::{Claimed, Rows, window::Window};
use crate::{
    Result,
    layout::{GroupHash, Place},
    receive::MAX_IN_FLIGHT,
};

/// How many messages with a group are known of at most before they are received, as in first-in-first-out queues.
const MOST_IN_GROUPS: usize = 120_000;
/// How many returned messages are known of at most; the others are found again by reading.
const MOST_RETURNED: usize = 200_000;
/// A group is noisy that has so many messages in flight, and more than a tenth of all.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
const NOISY: usize = 30;

#[derive(Debug)]
pub(super) struct Standard {
    plain: Window<Position>,
    timed: Window<(Timestamp, Position)>,
    /// How far it was looked for messages with a group, and whether all that has come since was announced.
    arrived: Option<Position>,
    is_caught_up: bool,
    groups: HashMap<GroupHash, BTreeSet<Position>>,
    in_groups: usize,
    /// The groups that have messages, in the order of their turns.
    turns: VecDeque<GroupHash>,
    in_flight: BTreeSet<(Timestamp, Place)>,
    in_flight_of_groups: HashMap<GroupHash, usize>,
    returned: BTreeSet<(Timestamp, Place)>,
    /// Not all returned messages are known of.
    has_more_returned: bool,
    claimed: HashSet<Place>,
}

impl Standard {
    /// What there is, as far as it has to be known from the start: what was received.
    pub(super) fn load(rows: &Rows, now: Timestamp) -> Result<Self> {
        let mut standard = Standard {
            plain: Window::new(rows.front(crate::layout::Lane::Plain)?),
            timed: Window::new(None),
            arrived: rows.front(crate::layout::Lane::Arrivals)?,
            is_caught_up: false,
            groups: HashMap::new(),
            in_groups: 0,
            turns: VecDeque::new(),
            in_flight: BTreeSet::new(),
            in_flight_of_groups: HashMap::new(),
            returned: BTreeSet::new(),
            has_more_returned: false,
            claimed: HashSet::new(),
        };
        rows.received(|place, visible| standard.note(place, visible, now))?;
        Ok(standard)
    }

    /// A message was received, and is invisible until then.
    fn note(&mut self, place: Place, visible: Timestamp, now: Timestamp) {
        if visible > now {
            self.enter_flight(visible, place);
        } else if self.returned.len() < MOST_RETURNED {
            self.returned.insert((visible, place));
        } else {
            self.has_more_returned = true;
        }
    }

    fn enter_flight(&mut self, visible: Timestamp, place: Place) {
        if self.in_flight.insert((visible, place))
            && let Place::Lane(group, _) = place
            && group != GroupHash::NONE
        {
            *self.in_flight_of_groups.entry(group).or_default() += 1;
        }
    }

    fn leave_flight(&mut self, visible: Timestamp, place: Place) -> bool {
        let was_there = self.in_flight.remove(&(visible, place));
        if was_there
            && let Place::Lane(group, _) = place
            && let Some(count) = self.in_flight_of_groups.get_mut(&group)
        {
            *count -= 1;
            if *count == 0 {
                self.in_flight_of_groups.remove(&group);
            }
        }
        was_there
    }

    /// Moves on what time has made visible.
    pub(super) fn pass(&mut self, now: Timestamp) {
        while let Some((visible, place)) = self.in_flight.first().copied().filter(|(visible, _)| *visible <= now) {
            self.leave_flight(visible, place);
            self.note(place, visible, now);
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether as many messages are in flight as may be.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight.len() >= MAX_IN_FLIGHT
    }

    /// When something becomes ready without anybody's doing.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let in_flight = self.in_flight.first().map(|(visible, _)| *visible);
        // Where as many are in flight as may be, others are not received though they are due.
        let timed = self.timed.first().map(|(due, _)| due).filter(|_| !self.is_full());
        [in_flight, timed].into_iter().flatten().min()
    }

    pub(super) fn sent(&mut self, place: Place) {
        match place {
            Place::Lane(GroupHash::NONE, position) => self.plain.announce(position, true),
            Place::Lane(group, position) => {
                if self.arrived.is_some_and(|arrived| position <= arrived) {
                    return;
                }
                if self.is_caught_up && self.in_groups < MOST_IN_GROUPS {
                    self.arrived = Some(position);
                    self.add_to_group(group, position);
                } else {
                    self.is_caught_up = false;
                }
            }
            Place::Timed(due, position) => self.timed.announce((due, position), false),
        }
    }

    fn add_to_group(&mut self, group: GroupHash, position: Position) {
        let messages = self.groups.entry(group).or_default();
        if messages.is_empty() {
            self.turns.push_back(group);
        }
        self.in_groups += usize::from(messages.insert(position));
    }

    /// A message's visibility timeout was set, by a receive or since.
    pub(super) fn received(&mut self, place: Place, before: Option<Timestamp>, visible: Timestamp, now: Timestamp) {
        self.forget(place, before);
        self.note(place, visible, now);
    }

    /// A message is gone.
    pub(super) fn forget(&mut self, place: Place, before: Option<Timestamp>) {
        if let Some(before) = before {
            let was_in_flight = self.leave_flight(before, place);
            if !was_in_flight {
                self.returned.remove(&(before, place));
            }
            return;
        }
        match place {
            Place::Lane(GroupHash::NONE, position) => self.plain.remove(position),
            Place::Lane(group, position) => self.remove_from_group(group, position),
            Place::Timed(due, position) => self.timed.remove((due, position)),
        }
    }

    fn remove_from_group(&mut self, group: GroupHash, position: Position) {
        let Some(messages) = self.groups.get_mut(&group) else { return };
        self.in_groups -= usize::from(messages.remove(&position));
        if messages.is_empty() {
            self.groups.remove(&group);
            self.turns.retain(|turn| *turn != group);
        }
    }

    /// Takes the next message that is ready, if there is one.
    pub(super) fn claim(&mut self, rows: &Rows, now: Timestamp) -> Result<Option<Claimed>> {
        self.read(rows, now)?;
        let plain = self.plain.first().map(|position| position.time());
        let timed = self.timed.first().map(|(due, _)| due).filter(|due| *due <= now);
        let returned = self.returned.first().map(|(visible, _)| *visible);
        let turn = self.next_turn();
        let grouped = turn.and_then(|(at, _)| self.first_of_turn(at));
        let quiet = turn.is_some_and(|(_, is_noisy)| !is_noisy);
        let oldest = [plain, timed, returned].into_iter().flatten().min();
        // A group that is not noisy has its turn beside the others; a noisy one, when nothing else is ready.
        let claimed = match (grouped, oldest) {
            (Some(first), Some(oldest)) if quiet && first.time() <= oldest => self.claim_turn(turn),
            (Some(_), None) => self.claim_turn(turn),
            (_, None) => None,
            (_, Some(oldest)) if returned == Some(oldest) => {
                self.returned.pop_first().map(|(visible, place)| Claimed::Returned(visible, place))
            }
            (_, Some(oldest)) if timed == Some(oldest) => {
                self.timed.take_first().map(|(due, position)| Claimed::Fresh(Place::Timed(due, position)))
            }
            _ => self.plain.take_first().map(|position| Claimed::Fresh(Place::Lane(GroupHash::NONE, position))),
        };
        if let Some(Claimed::Fresh(place) | Claimed::Returned(_, place)) = claimed {
            self.claimed.insert(place);
        }
        Ok(claimed)
    }

    /// Whether a claim would give something, as far as is known without reading.
    pub(super) fn has_ready(&self, now: Timestamp) -> bool {
        let is_there = self.plain.first().is_some()
            || self.plain.is_to_be_read()
            || self.timed.first().is_some_and(|(due, _)| due <= now)
            || !self.returned.is_empty()
            || !self.turns.is_empty()
            || !self.is_caught_up;
        is_there && !self.is_full()
    }

    /// Reads on where all that was known is taken.
    fn read(&mut self, rows: &Rows, now: Timestamp) -> Result<()> {
        while self.plain.is_to_be_read() {
            let page = rows.unreceived_plain(self.plain.next())?;
            self.plain.read(page.keys, page.last, page.is_exhausted);
        }
        while self.timed.is_to_be_read() {
            let page = rows.unreceived_timed(self.timed.next())?;
            self.timed.read(page.keys, page.last, page.is_exhausted);
        }
        while !self.is_caught_up && self.in_groups < MOST_IN_GROUPS {
            let page = rows.unreceived_arrivals(self.arrived)?;
            self.arrived = page.last.or(self.arrived);
            self.is_caught_up = page.is_exhausted;
            page.keys.into_iter().for_each(|(position, group)| self.add_to_group(group, position));
        }
        if self.has_more_returned && self.returned.is_empty() {
            self.has_more_returned = false;
            let claimed = std::mem::take(&mut self.claimed);
            let read = rows.received(|place, visible| {
                if visible <= now && !claimed.contains(&place) {
                    self.note(place, visible, now);
                }
            });
            self.claimed = claimed;
            read?;
        }
        Ok(())
    }

    fn first_of_turn(&self, at: usize) -> Option<Position> {
        self.turns.get(at).and_then(|group| self.groups.get(group)).and_then(|messages| messages.first().copied())
    }

    /// Whose turn it is, and whether that group is noisy: the first that is not, or else the first.
    fn next_turn(&self) -> Option<(usize, bool)> {
        if self.turns.is_empty() {
            return None;
        }
        let is_noisy = |group: &GroupHash| {
            let own = self.in_flight_of_groups.get(group).copied().unwrap_or_default();
            own >= NOISY && own * 10 > self.in_flight.len()
        };
        // At most nine groups can each have more than a tenth.
        let quiet = self.turns.iter().take(10).position(|group| !is_noisy(group));
        Some(quiet.map_or((0, true), |at| (at, false)))
    }

    fn claim_turn(&mut self, turn: Option<(usize, bool)>) -> Option<Claimed> {
        let group = self.turns.remove(turn?.0)?;
        let messages = self.groups.get_mut(&group)?;
        let position = messages.pop_first()?;
        self.in_groups -= 1;
        if messages.is_empty() {
            self.groups.remove(&group);
        } else {
            self.turns.push_back(group);
        }
        Some(Claimed::Fresh(Place::Lane(group, position)))
    }

    /// Gives back what was claimed and not used.
    pub(super) fn unclaim(&mut self, claimed: &Claimed) {
        match *claimed {
            Claimed::Fresh(place) => {
                self.claimed.remove(&place);
                match place {
                    Place::Lane(GroupHash::NONE, position) => self.plain.put_back(position),
                    Place::Lane(group, position) => self.add_to_group(group, position),
                    Place::Timed(due, position) => self.timed.put_back((due, position)),
                }
            }
            Claimed::Returned(visible, place) => {
                self.claimed.remove(&place);
                self.returned.insert((visible, place));
            }
            Claimed::Group(_) => {}
        }
    }

    /// What was claimed was used; what has become of it is told by itself.
    pub(super) fn settle(&mut self, claimed: &Claimed) {
        if let Claimed::Fresh(place) | Claimed::Returned(_, place) = claimed {
            self.claimed.remove(place);
        }
    }
}
