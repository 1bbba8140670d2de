//! Following one shard.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use millpond_engine::{Position, Timestamp};

use crate::{
    ChildShard, Record, Result, ShardId, StartingPosition,
    get_records::{self, Found},
    iterator,
    kpl::{self, UserRecord},
    log::{LogId, Most, Watch},
    shared::Shared,
};

/// How many records a stream of single ones reads at once.
const AHEAD: usize = 1000;
/// How long one wait of such a stream is; it makes no difference to who polls it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads one shard from a place on, each record once. Reading does not change the shard: there can be any number of readers.
pub struct Reader {
    shared: Arc<Shared>,
    stream: Arc<str>,
    log: LogId,
    shard: ShardId,
    position: Position,
}

/// What a [`Reader`] has read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// The records in their order.
    pub records: Vec<Record>,
    /// How long ago the first was put that was not read yet; 0 where all are.
    pub millis_behind_latest: u64,
    /// Whether the shard is closed and nothing comes after these.
    pub is_end: bool,
    /// The shards that go on then.
    pub child_shards: Vec<ChildShard>,
}

impl Read {
    /// The user records in its records: see [`kpl`].
    pub fn user_records(&self) -> impl Iterator<Item = UserRecord> + '_ {
        self.records.iter().flat_map(kpl::deaggregate)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reader { stream, shard, position, .. } = self;
        f.debug_struct("Reader")
            .field("stream", stream)
            .field("shard", shard)
            .field("position", position)
            .finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        stream: &Arc<str>,
        shard: ShardId,
        start: &StartingPosition,
    ) -> Result<Reader> {
        let (log, position) = iterator::place(shared, stream, shard, start)?;
        Ok(Reader { shared: Arc::clone(shared), stream: Arc::clone(stream), log: log.id(), shard, position })
    }

    /// The shard that it reads.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// Where the next record will be, or later.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Goes on from another place of the shard.
    ///
    /// # Errors
    /// As [`Stream::reader`](crate::Stream::reader).
    pub fn seek(&mut self, start: &StartingPosition) -> Result<()> {
        self.position = iterator::place(&self.shared, &self.stream, self.shard, start)?.1;
        Ok(())
    }

    /// Reads at most so many records, of those that there are.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound) once it is deleted,
    /// [`Error::ShardDoesNotExist`](crate::Error::ShardDoesNotExist) once none of its records is kept, and those of the engine.
    pub fn try_read(&mut self, max: usize) -> Result<Read> {
        let Found { records, next, millis_behind_latest, is_end, child_shards } = self.look(max)?;
        self.position = next;
        Ok(Read { records, millis_behind_latest, is_end, child_shards })
    }

    fn look(&self, max: usize) -> Result<Found> {
        let most = Most { records: max.max(1), bytes: get_records::MAX_BYTES };
        let look = || {
            let view = self.shared.logs.view(&mut self.shared.engine.latest(), self.log)?;
            get_records::look(&self.shared, &view, (self.log, self.shard), self.position, most)
        };
        look().map_err(|error| get_records::gone(error, &self.stream, self.shard))
    }

    /// Reads at most so many records; if there is none it waits for one, so long by the engine's clock.
    ///
    /// # Errors
    /// As [`try_read`](Reader::try_read).
    pub fn read(&mut self, max: usize, wait: Duration) -> Result<Read> {
        let mut patience = Patience::new(self, wait);
        loop {
            match patience.look(self, max)? {
                Look::Over(read) => return Ok(read),
                Look::Wait(watch, deadline) => watch.block(deadline),
            }
        }
    }

    /// [`read`](Reader::read) as a future, for any runtime: it holds no thread while it waits. A future that is dropped has read
    /// nothing.
    ///
    /// # Errors
    /// As [`try_read`](Reader::try_read).
    pub async fn read_async(&mut self, max: usize, wait: Duration) -> Result<Read> {
        let mut patience = Patience::new(self, wait);
        loop {
            match patience.look(self, max)? {
                Look::Over(read) => return Ok(read),
                Look::Wait(watch, deadline) => watch.wait(deadline).await,
            }
        }
    }

    /// Its records one by one, as a stream for any runtime. It ends where the shard does.
    #[must_use]
    pub fn into_stream(self) -> RecordStream {
        RecordStream { state: State::Idle(Some(Box::new(self))), ready: Vec::new().into_iter(), is_end: false }
    }
}

/// How long a read may still wait.
struct Patience {
    deadline: Timestamp,
    /// Stands in line from the second look on: nothing that comes between a look and a wait is missed.
    watch: Option<Watch>,
}

enum Look {
    Over(Read),
    Wait(Watch, Timestamp),
}

impl Patience {
    fn new(reader: &Reader, wait: Duration) -> Self {
        Patience { deadline: reader.shared.engine.clock().now().saturating_add(wait), watch: None }
    }

    fn look(&mut self, reader: &mut Reader, max: usize) -> Result<Look> {
        loop {
            let read = reader.try_read(max)?;
            let now = reader.shared.engine.clock().now();
            if !read.records.is_empty() || read.is_end || now >= self.deadline || reader.shared.engine.in_transaction()
            {
                return Ok(Look::Over(read));
            }
            match self.watch.take() {
                Some(watch) => return Ok(Look::Wait(watch, self.deadline)),
                None => self.watch = Some(reader.shared.logs.watch(reader.log, reader.shard)),
            }
        }
    }
}

type Reading = Pin<Box<dyn Future<Output = (Box<Reader>, Result<Read>)> + Send>>;

/// The records of a shard one by one: see [`Reader::into_stream`].
pub struct RecordStream {
    state: State,
    ready: std::vec::IntoIter<Record>,
    is_end: bool,
}

enum State {
    Idle(Option<Box<Reader>>),
    Reading(Reading),
}

impl fmt::Debug for RecordStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStream").field("is_end", &self.is_end).finish_non_exhaustive()
    }
}

impl futures_core::Stream for RecordStream {
    type Item = Result<Record>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Record>>> {
        loop {
            if let Some(record) = self.ready.next() {
                return Poll::Ready(Some(Ok(record)));
            }
            if self.is_end {
                return Poll::Ready(None);
            }
            match &mut self.state {
                State::Idle(reader) => {
                    let Some(mut reader) = reader.take() else { return Poll::Ready(None) };
                    self.state = State::Reading(Box::pin(async move {
                        let read = reader.read_async(AHEAD, PATIENCE).await;
                        (reader, read)
                    }));
                }
                State::Reading(reading) => {
                    let (reader, read) = std::task::ready!(reading.as_mut().poll(context));
                    self.state = State::Idle(Some(reader));
                    match read {
                        Ok(read) => {
                            self.is_end = read.is_end;
                            self.ready = read.records.into_iter();
                        }
                        Err(error) => {
                            self.is_end = true;
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                }
            }
        }
    }
}
