//! The rows of one group, read and written.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use millpond_engine::{Durability, RangeRequest, Read, TransactOptions, Transaction};

use super::{
    layout::{self, GROUPS, GroupRecord, LeaseRow, MemberRow},
    line::{Line, Lines},
};
use crate::{
    Error, Result, ShardId,
    layout::{decode_of, encode},
    log::{Error as LogError, LogId, View},
    shared::Shared,
};

/// A group of a stream, as its members and their batches know it.
pub(crate) struct Group {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) log: LogId,
    pub(crate) line: Arc<Line>,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Group").field(&self.stream).field(&self.name).finish()
    }
}

/// What moves leases: a power cut ends all members, so nothing is lost if it takes the last of these moves away. A checkpoint is
/// synced, and all that was committed before it.
pub(crate) fn unsynced() -> TransactOptions {
    TransactOptions::default().durability(Durability::Buffered)
}

impl Group {
    pub(crate) fn new(shared: &Arc<Shared>, stream: &Arc<str>, name: &Arc<str>, log: LogId) -> Self {
        let line = Lines::line(&shared.engine, log, name);
        Group { shared: Arc::clone(shared), stream: Arc::clone(stream), name: Arc::clone(name), log, line }
    }

    pub(crate) fn record(&self, reader: &mut impl Read) -> Result<Option<GroupRecord>> {
        let stored = reader.get(&self.shared.groups, &layout::group_key(self.log, &self.name))?;
        stored.map(|stored| decode_of(GROUPS, &stored)).transpose()
    }

    pub(crate) fn need(&self, reader: &mut impl Read) -> Result<GroupRecord> {
        let missing = || Error::GroupNotFound { stream: self.stream.to_string(), group: self.name.to_string() };
        self.record(reader)?.ok_or_else(missing)
    }

    pub(crate) fn put_record(&self, tx: &mut Transaction, record: &GroupRecord) -> Result<()> {
        Ok(tx.put(&self.shared.groups, layout::group_key(self.log, &self.name), encode(record)?)?)
    }

    /// The log, and its shards.
    pub(crate) fn view(&self, reader: &mut impl Read) -> Result<View> {
        self.shared.logs.view(reader, self.log).map_err(|error| match error {
            LogError::NoLog { .. } => Error::StreamNotFound { stream: self.stream.to_string() },
            error => error.into(),
        })
    }

    pub(crate) fn member(&self, reader: &mut impl Read, member: &str) -> Result<Option<MemberRow>> {
        let stored = reader.get(&self.shared.groups, &layout::member_key(self.log, &self.name, member))?;
        stored.map(|stored| decode_of(GROUPS, &stored)).transpose()
    }

    pub(crate) fn put_member(&self, tx: &mut Transaction, member: &str, row: &MemberRow) -> Result<()> {
        Ok(tx.put(&self.shared.groups, layout::member_key(self.log, &self.name, member), encode(row)?)?)
    }

    pub(crate) fn remove_member(&self, tx: &mut Transaction, member: &str) -> Result<()> {
        Ok(tx.delete(&self.shared.groups, layout::member_key(self.log, &self.name, member))?)
    }

    pub(crate) fn members(&self, reader: &mut impl Read) -> Result<BTreeMap<String, MemberRow>> {
        let rows = all(&self.shared, reader, &layout::members_prefix(self.log, &self.name))?;
        let decode = |(key, value): (Bytes, Bytes)| {
            Ok((layout::member_name(&self.name, &key)?, decode_of::<MemberRow>(GROUPS, &value)?))
        };
        rows.into_iter().map(decode).collect()
    }

    pub(crate) fn lease(&self, reader: &mut impl Read, shard: ShardId) -> Result<Option<LeaseRow>> {
        let stored = reader.get(&self.shared.groups, &layout::lease_key(self.log, &self.name, shard))?;
        stored.map(|stored| decode_of(GROUPS, &stored)).transpose()
    }

    pub(crate) fn put_lease(&self, tx: &mut Transaction, shard: ShardId, lease: &LeaseRow) -> Result<()> {
        Ok(tx.put(&self.shared.groups, layout::lease_key(self.log, &self.name, shard), encode(lease)?)?)
    }

    pub(crate) fn remove_lease(&self, tx: &mut Transaction, shard: ShardId) -> Result<()> {
        Ok(tx.delete(&self.shared.groups, layout::lease_key(self.log, &self.name, shard))?)
    }

    pub(crate) fn leases(&self, reader: &mut impl Read) -> Result<BTreeMap<ShardId, LeaseRow>> {
        let rows = all(&self.shared, reader, &layout::leases_prefix(self.log, &self.name))?;
        let decode =
            |(key, value): (Bytes, Bytes)| Ok((layout::lease_shard(&key)?, decode_of::<LeaseRow>(GROUPS, &value)?));
        rows.into_iter().map(decode).collect()
    }

    /// Has all members look at the rows once the transaction is committed.
    pub(crate) fn changes(&self, tx: &mut Transaction) {
        let line = Arc::clone(&self.line);
        tx.on_commit(move || line.changed());
    }
}

/// All rows of a range.
pub(crate) fn all(shared: &Shared, reader: &mut impl Read, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>> {
    let (mut rows, mut request) = (Vec::new(), RangeRequest::prefix(prefix));
    loop {
        let page = reader.range(&shared.groups, &request)?;
        rows.extend(page.entries);
        match page.resume {
            Some(key) => request = request.resume_after(&key),
            None => return Ok(rows),
        }
    }
}
