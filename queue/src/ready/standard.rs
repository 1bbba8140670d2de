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

/// How many groups are known of at most. Of each some of the next messages are.
const MOST_GROUPS: usize = 120_000;
/// How many pages are looked through for groups in one step.
const PAGES_OF_GROUPS: usize = 10;
/// How many returned messages are known of at most; the others are found again by reading.
const MOST_RETURNED: usize = 200_000;
/// A group is noisy that has so many messages in flight, and more than a tenth of all.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
const NOISY: usize = 30;

/// A group's turn.
#[derive(Debug)]
struct Turn {
    /// Among the turns.
    at: usize,
    /// Its first message.
    first: Position,
    is_noisy: bool,
}

#[derive(Debug)]
pub(super) struct Standard {
    plain: Window<Position>,
    timed: Window<(Timestamp, Position)>,
    /// How far it was looked for groups, and whether all that has come since was announced.
    arrived: Option<Position>,
    is_caught_up: bool,
    /// The groups that have messages which nobody has received.
    groups: HashMap<GroupHash, Window<Position>>,
    /// The same, in the order of their turns.
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
            Place::Lane(group, position) => self.sent_to_group(group, position),
            Place::Timed(due, position) => self.timed.announce((due, position), false),
        }
    }

    fn sent_to_group(&mut self, group: GroupHash, position: Position) {
        let is_new = self.arrived.is_none_or(|arrived| position > arrived);
        if let Some(messages) = self.groups.get_mut(&group) {
            messages.announce(position, true);
        } else if !is_new {
            return;
        } else if self.is_caught_up && self.groups.len() < MOST_GROUPS {
            // It had no message: then all that it has is this one.
            self.add_group(group, Window::of(position));
        } else {
            self.is_caught_up = false;
            return;
        }
        if self.is_caught_up && is_new {
            self.arrived = Some(position);
        }
    }

    fn add_group(&mut self, group: GroupHash, messages: Window<Position>) {
        self.groups.insert(group, messages);
        self.turns.push_back(group);
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
            Place::Lane(group, position) => {
                if let Some(messages) = self.groups.get_mut(&group) {
                    messages.remove(position);
                }
            }
            Place::Timed(due, position) => self.timed.remove((due, position)),
        }
    }

    /// Takes the next message that is ready, if there is one.
    pub(super) fn claim(&mut self, rows: &Rows, now: Timestamp) -> Result<Option<Claimed>> {
        self.read(rows, now)?;
        let plain = self.plain.first().map(|position| position.time());
        let timed = self.timed.first().map(|(due, _)| due).filter(|due| *due <= now);
        let returned = self.returned.first().map(|(visible, _)| *visible);
        let turn = self.next_turn(rows)?;
        let oldest = [plain, timed, returned].into_iter().flatten().min();
        // A group that is not noisy has its turn beside the others; a noisy one, when nothing else is ready.
        let claimed = match (turn, oldest) {
            (Some(turn), Some(oldest)) if !turn.is_noisy && turn.first.time() <= oldest => self.claim_turn(&turn),
            (Some(turn), None) => self.claim_turn(&turn),
            (None, None) => None,
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
        // Some pages at a time, so that a group behind the backlog of another one is found soon, and nobody waits for all of it.
        for _ in 0..PAGES_OF_GROUPS {
            if self.is_caught_up || self.groups.len() >= MOST_GROUPS {
                break;
            }
            let page = rows.arrivals(self.arrived)?;
            for (position, group) in page.keys {
                if !self.groups.contains_key(&group) {
                    // Those before it were looked at.
                    self.add_group(group, Window::new(self.arrived));
                }
                self.arrived = Some(position);
            }
            self.is_caught_up = page.is_exhausted;
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

    /// Whose turn it is: the first group that is not noisy, or else the first. Groups whose messages were all received are
    /// dropped.
    fn next_turn(&mut self, rows: &Rows) -> Result<Option<Turn>> {
        loop {
            let is_noisy = |group: &GroupHash| {
                let own = self.in_flight_of_groups.get(group).copied().unwrap_or_default();
                own >= NOISY && own * 10 > self.in_flight.len()
            };
            // At most nine groups can each have more than a tenth.
            let quiet = self.turns.iter().take(10).position(|group| !is_noisy(group));
            let at = quiet.unwrap_or_default();
            let Some(group) = self.turns.get(at).copied() else { return Ok(None) };
            let Some(messages) = self.groups.get_mut(&group) else {
                self.turns.remove(at);
                continue;
            };
            while messages.is_to_be_read() {
                let page = rows.unreceived_of_group(group, messages.next())?;
                messages.read(page.keys, page.last, page.is_exhausted);
            }
            if let Some(first) = messages.first() {
                return Ok(Some(Turn { at, first, is_noisy: quiet.is_none() }));
            }
            self.groups.remove(&group);
            self.turns.remove(at);
        }
    }

    fn claim_turn(&mut self, turn: &Turn) -> Option<Claimed> {
        let group = self.turns.remove(turn.at)?;
        let position = self.groups.get_mut(&group)?.take_first()?;
        // Should it have no more, that is seen at its next turn.
        self.turns.push_back(group);
        Some(Claimed::Fresh(Place::Lane(group, position)))
    }

    /// Gives back what was claimed and not used.
    pub(super) fn unclaim(&mut self, claimed: &Claimed) {
        match *claimed {
            Claimed::Fresh(place) => {
                self.claimed.remove(&place);
                match place {
                    Place::Lane(GroupHash::NONE, position) => self.plain.put_back(position),
                    Place::Lane(group, position) => match self.groups.get_mut(&group) {
                        Some(messages) => messages.put_back(position),
                        None => self.add_group(group, Window::of(position)),
                    },
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
