//! One listener: what waits for it, in the order of commits.

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use millpond_engine::{
    Position,
    wait::{Waiters, Waiting},
};
use parking_lot::Mutex;

use super::{Lag, closure::Closure, options::ListenOptions, spill::Run};
use crate::{Notification, filter::FilterPolicy};

/// Who listens to a topic in this program.
#[derive(Debug)]
pub(crate) struct Listener {
    /// No two of the program have the same.
    pub(crate) id: u64,
    pub(crate) topic: u64,
    pub(crate) lag: Lag,
    pub(crate) policy: Option<FilterPolicy>,
    pub(crate) wait_at_most: Duration,
    pub(crate) capacity: usize,
    /// What it runs for each message; `None` if it is a channel.
    pub(crate) closure: Option<Closure>,
    state: Mutex<State>,
    /// Those who wait for messages.
    receivers: Arc<Waiters>,
    /// Those who wait for room, and hold no room of any listener.
    room: Arc<Waiters>,
    /// Those who wait for room, and hold some.
    room_of_holders: Arc<Waiters>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    /// How many messages the queue has in memory.
    in_memory: usize,
    /// Room that transactions under way were given.
    reserved: usize,
    /// What was read of the run at the queue's front.
    read_back: VecDeque<Arc<Notification>>,
    /// Whether somebody reads from the run at the queue's front.
    is_reading: bool,
    /// Messages in rows that were not received, and those for which transactions under way write rows.
    spilled: u64,
    /// The latter of these.
    promised: u64,
    /// Whether a row was ever promised.
    has_rows: bool,
    /// Messages that were lost since the receiver was told.
    untold: u64,
    received: u64,
    lost: u64,
    /// No more messages come.
    is_over: bool,
    /// Whether its closure runs, or is about to.
    is_scheduled: bool,
    /// Whether somebody may wait for messages, and for room: so that the lines are looked at only then.
    is_waited_for: bool,
    room_is_waited_for: bool,
}

#[derive(Debug)]
enum Item {
    Message(Arc<Notification>),
    Spilled(Box<Run>),
}

/// What a look at a listener gives.
#[derive(Debug)]
pub(crate) enum Step {
    Message(Arc<Notification>),
    /// So many were lost.
    Lagged(u64),
    /// The next ones have to be read back, and [`Listener::has_read`] to be told of it.
    Read(Run),
    /// There is none now.
    Empty,
    /// There will be none any more.
    Ended,
}

/// Where a message is to wait for a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Memory,
    Row,
    /// It has to be waited for.
    Full,
    /// The listener has ended.
    Unwanted,
}

/// What is to be done for a listener that has got a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Nothing,
    /// Somebody waits for it.
    Wake,
    /// Its closure is to be run.
    Run,
    /// It has ended, and there are rows to be cleared away.
    Clear,
}

/// How a listener fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListenMetrics {
    /// Messages that were received; those given to a closure among them.
    pub received: u64,
    /// Messages that wait to be received, wherever they are.
    pub waiting: u64,
    /// Those of them that wait in the store.
    pub spilled: u64,
    /// Messages that were lost because there was no room for them.
    pub lost: u64,
    /// How often its closure has panicked.
    pub panics: u64,
}

impl Listener {
    pub(crate) fn new(
        id: u64,
        topic: u64,
        options: &ListenOptions,
        policy: Option<FilterPolicy>,
        closure: Option<Closure>,
    ) -> Self {
        let &ListenOptions { capacity, lag, wait_at_most, .. } = options;
        Listener {
            id,
            topic,
            lag,
            policy,
            wait_at_most,
            capacity,
            closure,
            state: Mutex::default(),
            receivers: Arc::default(),
            room: Arc::default(),
            room_of_holders: Arc::default(),
        }
    }

    /// Gives a message of a transaction under way its room, which is [filled](Listener::push) or [given back](Listener::give_back).
    /// Who holds room of any listener may be waited for by others, so it has to get on when receivers do.
    pub(crate) fn reserve(&self, is_holder: bool) -> Room {
        let mut state = self.state.lock();
        if state.is_over {
            return Room::Unwanted;
        }
        match self.lag {
            Lag::DropOldest => return Room::Memory,
            Lag::Block if !state.has_room(self.capacity, is_holder) => return Room::Full,
            // As long as any are in rows, those that follow are too: so there are few runs.
            Lag::Spill if state.spilled > 0 || !state.has_room(self.capacity, false) => {
                state.spilled += 1;
                state.promised += 1;
                state.has_rows = true;
                return Room::Row;
            }
            Lag::Block | Lag::Spill => {}
        }
        state.reserved += 1;
        Room::Memory
    }

    /// Takes room back from a transaction that has failed. Tells whether there are rows to be cleared away.
    pub(crate) fn give_back(&self, has_row: bool) -> bool {
        let mut state = self.state.lock();
        if has_row {
            state.spilled -= 1;
            state.promised -= 1;
        } else {
            state.reserved -= 1;
        }
        let is_left_over = state.is_left_over();
        let is_waited_for = self.room_is_waited_for(&mut state);
        drop(state);
        if is_waited_for {
            self.tell_of_room();
        }
        is_left_over
    }

    /// Adds a message that was committed, in the row at that position if it has one.
    pub(crate) fn push(&self, message: &Arc<Notification>, row: Option<Position>) -> Next {
        let mut state = self.state.lock();
        if row.is_some() {
            state.promised -= 1;
        } else if self.lag != Lag::DropOldest {
            state.reserved -= 1;
        }
        if state.is_over {
            state.spilled -= u64::from(row.is_some());
            return if row.is_some() && state.is_left_over() { Next::Clear } else { Next::Nothing };
        }
        match row {
            Some(position) => match state.queue.back_mut() {
                Some(Item::Spilled(run)) => run.extend(position),
                _ => state.queue.push_back(Item::Spilled(Box::new(Run::of(position)))),
            },
            None => {
                state.queue.push_back(Item::Message(Arc::clone(message)));
                state.in_memory += 1;
            }
        }
        let next = self.next(&mut state);
        if self.lag == Lag::DropOldest && state.in_memory > self.capacity {
            state.in_memory -= 1;
            state.lost += 1;
            state.untold += 1;
            let oldest = state.queue.pop_front();
            drop(state);
            drop(oldest);
        }
        next
    }

    fn next(&self, state: &mut State) -> Next {
        if self.closure.is_some() {
            let is_scheduled = std::mem::replace(&mut state.is_scheduled, true);
            return if is_scheduled { Next::Nothing } else { Next::Run };
        }
        state.is_waited_for = state.is_waited_for && !self.receivers.is_empty();
        if state.is_waited_for { Next::Wake } else { Next::Nothing }
    }

    /// Has one who waits for a message look for it.
    pub(crate) fn wake(&self) {
        self.receivers.wake(1);
    }

    /// The next message, if there is one.
    pub(crate) fn take(&self) -> Step {
        let mut state = self.state.lock();
        if state.untold > 0 {
            return Step::Lagged(std::mem::take(&mut state.untold));
        }
        if let Some(message) = state.read_back.pop_front() {
            state.spilled -= 1;
            state.received += 1;
            return Step::Message(message);
        }
        match state.queue.front() {
            Some(Item::Message(_)) => {}
            Some(Item::Spilled(_)) if state.is_reading => return Step::Empty,
            Some(Item::Spilled(run)) => {
                let run = **run;
                state.is_reading = true;
                return Step::Read(run);
            }
            None => {
                state.is_scheduled = false;
                return if state.is_over { Step::Ended } else { Step::Empty };
            }
        }
        let Some(Item::Message(message)) = state.queue.pop_front() else { return Step::Empty };
        state.in_memory -= 1;
        state.received += 1;
        let is_waited_for = self.room_is_waited_for(&mut state);
        drop(state);
        if is_waited_for {
            self.tell_of_room();
        }
        Step::Message(message)
    }

    /// Takes what was read of the run that [`take`](Listener::take) gave: what is beyond `rest`, which is `None` if nothing is
    /// left of it.
    pub(crate) fn has_read(&self, run: Run, messages: Vec<Arc<Notification>>, rest: Option<Run>) {
        let mut state = self.state.lock();
        state.is_reading = false;
        if state.is_over && state.queue.is_empty() {
            return;
        }
        let left = rest.map_or(0, |rest| rest.count);
        // Should rows be gone, they count as lost.
        let missing = (run.count - left).saturating_sub(messages.len() as u64);
        state.spilled -= missing;
        state.lost += missing;
        state.untold += missing;
        if let Some(Item::Spilled(front)) = state.queue.front_mut() {
            // It may have grown meanwhile.
            front.count -= run.count - left;
            front.from = rest.map_or(run.to.next(), |rest| rest.from);
            if front.count == 0 {
                state.queue.pop_front();
            }
        }
        state.read_back.extend(messages);
        drop(state);
        self.receivers.wake(usize::MAX);
    }

    /// Leaves the run that [`take`](Listener::take) gave as it is: it could not be read.
    pub(crate) fn has_not_read(&self) {
        let mut state = self.state.lock();
        // The next message has its closure look again.
        (state.is_reading, state.is_scheduled) = (false, false);
        drop(state);
        self.receivers.wake(1);
    }

    /// Whether a message would find room, or is not wanted.
    pub(crate) fn has_room(&self, is_holder: bool) -> bool {
        let state = self.state.lock();
        state.is_over || state.has_room(self.capacity, is_holder)
    }

    /// Stands in line for room. Some may have come before this is told of it: it is to be looked for once more.
    pub(crate) fn wait_for_room(&self, is_holder: bool) -> Waiting {
        let waiting = Waiting::new(if is_holder { &self.room_of_holders } else { &self.room });
        self.state.lock().room_is_waited_for = true;
        waiting
    }

    /// Stands in line for messages. One may have come before this is told of it: they are to be looked for once more.
    pub(crate) fn wait(&self) -> Waiting {
        let waiting = Waiting::new(&self.receivers);
        self.state.lock().is_waited_for = true;
        waiting
    }

    /// Who stands in line says so behind that, under the lock that is held here: so nobody is overlooked.
    fn room_is_waited_for(&self, state: &mut State) -> bool {
        let lines = [&self.room, &self.room_of_holders];
        state.room_is_waited_for = state.room_is_waited_for && lines.iter().any(|line| !line.is_empty());
        state.room_is_waited_for
    }

    fn tell_of_room(&self) {
        self.room_of_holders.wake(usize::MAX);
        self.room.wake(1);
    }

    /// Lets the next one have room, if there is some: who was told of it may not have used it.
    pub(crate) fn pass_on_room(&self) {
        if !self.room.is_empty() && self.has_room(false) {
            self.room.wake(1);
        }
    }

    /// Has all who wait look at the clock.
    pub(crate) fn wake_all(&self) {
        for line in [&self.receivers, &self.room, &self.room_of_holders] {
            line.wake(usize::MAX);
        }
    }

    /// No more messages come; those that are there can be received.
    pub(crate) fn end(&self) {
        self.state.lock().is_over = true;
        self.wake_all();
    }

    /// Ends it with all that waits for it. Tells whether there are rows to be cleared away.
    pub(crate) fn abandon(&self) -> bool {
        let mut state = self.state.lock();
        state.is_over = true;
        state.untold = 0;
        state.in_memory = 0;
        state.spilled = state.promised;
        let (queue, read_back) = (std::mem::take(&mut state.queue), std::mem::take(&mut state.read_back));
        let is_left_over = state.is_left_over();
        drop(state);
        drop((queue, read_back));
        self.wake_all();
        is_left_over
    }

    pub(crate) fn metrics(&self) -> ListenMetrics {
        let state = self.state.lock();
        let spilled = state.spilled - state.promised;
        ListenMetrics {
            received: state.received,
            waiting: state.in_memory as u64 + spilled,
            spilled,
            lost: state.lost,
            panics: self.closure.as_ref().map_or(0, Closure::panics),
        }
    }

    /// How many messages and runs it keeps in memory.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        let state = self.state.lock();
        state.queue.len() + state.read_back.len()
    }
}

impl State {
    fn has_room(&self, capacity: usize, is_holder: bool) -> bool {
        let reserved = if is_holder { 0 } else { self.reserved };
        self.in_memory + reserved < capacity
    }

    /// Whether it has ended with rows that nobody will read, and none will come.
    fn is_left_over(&self) -> bool {
        self.is_over && self.has_rows && self.promised == 0 && self.queue.is_empty()
    }
}
