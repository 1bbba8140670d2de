//! The service's handle.

use std::{collections::HashMap, fmt, sync::Arc};

use millpond_engine::{Engine, Position, Transaction};
use millpond_kv::Kv;
use millpond_queue::Queue;
use millpond_stream::Stream;
use parking_lot::Mutex;

use crate::{
    Error, Options, Registered, Result, Trigger,
    builder::{Source, TriggerBuilder},
    config::StartingPosition,
    job::Job,
    layout::{Rows, SourceName, TriggerRecord},
    runner::Runner,
    source::{stream::StreamLog, table::TableLog},
};

/// The triggers of one engine, and the threads that they run on. Cheap to clone, and usable from any thread; open it once.
///
/// A trigger runs from [`TriggerBuilder::run`] on until it or all triggers are stopped, or the last clone of this and of the handles
/// of its triggers is dropped. What it has done is in the store: when the program runs again and makes the trigger again, under
/// the same name, that goes on where it was.
#[derive(Clone)]
pub struct Triggers {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) rows: Rows,
    pub(crate) runner: Runner,
    pub(crate) running: Mutex<HashMap<String, Arc<Job>>>,
}

impl fmt::Debug for Triggers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Triggers").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.runner.stop();
    }
}

impl Triggers {
    /// Opens the triggers of an engine. None runs before it is made.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(engine: &Engine) -> Result<Triggers> {
        Triggers::open_with(engine, Options::default())
    }

    /// [`open`](Triggers::open) with options of one's own.
    ///
    /// # Errors
    /// As [`open`](Triggers::open).
    pub fn open_with(engine: &Engine, options: Options) -> Result<Triggers> {
        let rows = Rows::open(engine)?;
        let runner = Runner::new(engine.clock(), options.threads);
        let inner = Inner { engine: engine.clone(), options, rows, runner, running: Mutex::default() };
        Ok(Triggers { inner: Arc::new(inner) })
    }

    /// The options that it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// A trigger on the messages of a queue of the same engine.
    ///
    /// # Errors
    /// [`Error::Queue`] where there is no such queue.
    pub fn on_queue(&self, name: &str, queue: &Queue) -> Result<TriggerBuilder> {
        // Asked for so that a wrong name is told of now.
        queue.tags()?;
        TriggerBuilder::new(self, name, Source::Queue(queue.clone()))
    }

    /// A trigger on the records of a stream. One that is deleted and made again is another source.
    ///
    /// # Errors
    /// [`Error::Stream`] where there is no such stream.
    pub fn on_stream(&self, name: &str, stream: &Stream) -> Result<TriggerBuilder> {
        TriggerBuilder::new(self, name, Source::Stream(StreamLog::open(stream)?))
    }

    /// A trigger on the changes of a table's items: on the change stream that the table has now, to its end. A stream
    /// that is enabled anew is another source.
    ///
    /// # Errors
    /// [`Error::Kv`] where there is no such table, [`Error::NoChangeStream`] where it has no stream.
    pub fn on_table(&self, name: &str, kv: &Kv, table: &str) -> Result<TriggerBuilder> {
        let log = TableLog::open(kv, table)?;
        TriggerBuilder::new(self, name, Source::Table(log))
    }

    /// The triggers that are registered, whether they run or not, by name.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self) -> Result<Vec<Registered>> {
        let records = self.inner.rows.all_triggers(&mut self.inner.engine.snapshot()?)?;
        Ok(records.iter().map(TriggerRecord::registered).collect())
    }

    /// A trigger that runs.
    ///
    /// # Errors
    /// [`Error::TriggerNotFound`] where none of that name runs.
    pub fn get(&self, name: &str) -> Result<Trigger> {
        let job = self.inner.running.lock().get(name).cloned();
        let job = job.ok_or_else(|| Error::TriggerNotFound { name: name.into() })?;
        Ok(Trigger::new(Arc::clone(&self.inner), job))
    }

    /// Stops a trigger and forgets it, its checkpoints included. When it is made again it begins at its starting position. Not to be
    /// called by a handler of its own in a transaction, which could not commit then.
    ///
    /// # Errors
    /// [`Error::TriggerNotFound`], and those of the engine.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.inner.stop(name);
        let inner = &self.inner;
        inner.engine.transact(|tx| {
            let record = inner.need(tx, name)?;
            inner.rows.remove_trigger(tx, &record)
        })
    }

    /// Waits until all triggers have done what there is to do at the present moment of the engine's clock: until all wait for
    /// records or for a later moment. With a clock that is moved by hand a test then knows what has become of what it did.
    /// Not to be called by a handler.
    pub fn wait_until_idle(&self) {
        self.inner.runner.wait_for_rest();
    }

    /// Stops all triggers: those that are handling a batch finish it, the others hand back what they hold. They stay registered, and
    /// none can be started any more.
    pub fn stop(&self) {
        let running = std::mem::take(&mut *self.inner.running.lock());
        for job in running.values() {
            job.end();
        }
        self.inner.runner.stop();
    }
}

impl Inner {
    pub(crate) fn need(&self, tx: &mut Transaction, name: &str) -> Result<TriggerRecord> {
        self.rows.trigger(tx, name)?.ok_or_else(|| Error::TriggerNotFound { name: name.into() })
    }

    /// Stops a trigger, if it runs, and waits for the end of what it does.
    pub(crate) fn stop(&self, name: &str) {
        let job = self.running.lock().remove(name);
        if let Some(job) = job {
            job.end();
            self.runner.wait_for_end(job.group);
        }
    }

    /// Notes a trigger with its settings. One that is registered goes on where it was.
    pub(crate) fn register(&self, tx: &mut Transaction, wanted: &TriggerRecord) -> Result<TriggerRecord> {
        let mut record = wanted.clone();
        match self.rows.trigger(tx, &wanted.name)? {
            Some(before) if before.source != wanted.source => {
                return Err(Error::OtherSource {
                    name: wanted.name.clone(),
                    registered: before.source.to_string(),
                    given: wanted.source.to_string(),
                });
            }
            Some(before) => {
                record.config.starting_position = before.config.starting_position;
                record = TriggerRecord { config: record.config, ..before };
            }
            None => {
                record.id = self.rows.next_id(tx)?;
                record.created = tx.began();
                record.start = match record.config.starting_position {
                    StartingPosition::TrimHorizon => Position::default(),
                    // What can be seen now has a lower position, and what is committed later a higher one.
                    StartingPosition::Latest => self.engine.last_position().next(),
                    StartingPosition::AtTimestamp(at) => Position::first_at(at),
                };
            }
        }
        self.rows.put_trigger(tx, &record)?;
        Ok(record)
    }
}

impl Source {
    pub(crate) fn name(&self) -> SourceName {
        match self {
            Source::Queue(queue) => SourceName::Queue { name: queue.name().to_owned() },
            Source::Table(table) => SourceName::Table { stream: table.stream(), log: log_number(table) },
            Source::Stream(stream) => SourceName::Stream { name: stream.name().to_owned(), log: log_number(stream) },
        }
    }
}

fn log_number(log: &impl crate::source::Log) -> u64 {
    log.id().get()
}
