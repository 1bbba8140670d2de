//! Where the messages go that a task moves.

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::Transaction;

use crate::{
    Result,
    layout::{QueueRecord, TaskRow},
    message::Content,
    send::{self, Added},
    shared::Shared,
};

/// The queues that one step of a task moves messages to.
pub(crate) struct Targets<'a> {
    shared: &'a Shared,
    task: TaskRow,
    is_fifo: bool,
    queues: BTreeMap<String, (Arc<QueueRecord>, Added)>,
}

impl<'a> Targets<'a> {
    pub(crate) fn new(shared: &'a Shared, task: &TaskRow, is_fifo: bool) -> Self {
        Targets { shared, task: task.clone(), is_fifo, queues: BTreeMap::new() }
    }

    /// Adds a message to the queue that it goes to; or tells, in the service's words, why there is none.
    pub(crate) fn add(
        &mut self,
        tx: &mut Transaction,
        came_from: Option<&str>,
        content: &Content,
    ) -> Result<Result<(), &'static str>> {
        let Some(name) = self.task.destination.as_deref().or(came_from).map(str::to_owned) else {
            return Ok(Err("CouldNotDetermineMessageSource"));
        };
        if !self.queues.contains_key(&name) {
            let found = self.shared.find(tx, &name)?.filter(|record| record.is_fifo() == self.is_fifo);
            let Some(record) = found else { return Ok(Err("AWS.SimpleQueueService.NonExistentQueue")) };
            let added = Added::new(record.store);
            self.queues.insert(name.clone(), (record, added));
        }
        if let Some((record, added)) = self.queues.get_mut(&name) {
            send::moved(self.shared, tx, record, content, added)?;
        }
        Ok(Ok(()))
    }

    pub(crate) fn finish(self, tx: &mut Transaction) -> Result<()> {
        self.queues.into_values().try_for_each(|(_, added)| added.finish(self.shared, tx))
    }
}
