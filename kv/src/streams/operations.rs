//! The operations on change streams, on the service's handle.

use millpond_engine::Transaction;

use super::{describe_stream, get_records, get_shard_iterator, list_streams, trim};
use crate::model::{
    DescribeStreamOutput, DescribeStreamRequest, GetRecordsOutput, GetRecordsRequest, GetShardIteratorOutput,
    GetShardIteratorRequest, ListStreamsOutput, ListStreamsRequest,
};
use crate::{Kv, Result};

/// Change streams. What a transaction itself has changed is not in a stream before it is committed.
impl Kv {
    /// Lists the change streams of all tables or of one, those that were disabled less than a day ago included.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), and those of the engine.
    pub fn list_streams(&self, request: &ListStreamsRequest) -> Result<ListStreamsOutput> {
        list_streams::run(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`list_streams`](Kv::list_streams) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_streams`](Kv::list_streams).
    pub fn list_streams_in(&self, tx: &mut Transaction, request: &ListStreamsRequest) -> Result<ListStreamsOutput> {
        list_streams::run(self.catalog(), tx, request)
    }

    /// Describes a change stream and its shards.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and
    /// those of the engine.
    pub fn describe_stream(&self, request: &DescribeStreamRequest) -> Result<DescribeStreamOutput> {
        describe_stream::run(self.catalog(), &mut self.engine().snapshot()?, request)
    }

    /// [`describe_stream`](Kv::describe_stream) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_stream`](Kv::describe_stream).
    pub fn describe_stream_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeStreamRequest,
    ) -> Result<DescribeStreamOutput> {
        describe_stream::run(self.catalog(), tx, request)
    }

    /// Gives the place from which to read a shard.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::TrimmedDataAccess`](crate::Error::TrimmedDataAccess) for a sequence number that is not kept any more, and
    /// those of the engine.
    pub fn get_shard_iterator(&self, request: &GetShardIteratorRequest) -> Result<GetShardIteratorOutput> {
        let now = self.engine().clock().now();
        get_shard_iterator::run(self.catalog(), &mut self.engine().snapshot()?, now, request)
    }

    /// [`get_shard_iterator`](Kv::get_shard_iterator) in the caller's transaction.
    ///
    /// # Errors
    /// As [`get_shard_iterator`](Kv::get_shard_iterator).
    pub fn get_shard_iterator_in(
        &self,
        tx: &mut Transaction,
        request: &GetShardIteratorRequest,
    ) -> Result<GetShardIteratorOutput> {
        let now = tx.clock().now();
        get_shard_iterator::run(self.catalog(), tx, now, request)
    }

    /// Reads the records of a shard, up to 1,000 or 1 MB at a time.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::ExpiredIterator`](crate::Error::ExpiredIterator),
    /// [`Error::TrimmedDataAccess`](crate::Error::TrimmedDataAccess), and those of the engine.
    pub fn get_records(&self, request: &GetRecordsRequest) -> Result<GetRecordsOutput> {
        let now = self.engine().clock().now();
        get_records::run(self.catalog(), &mut self.engine().snapshot()?, now, request)
    }

    /// [`get_records`](Kv::get_records) in the caller's transaction: with it, what a record leads to and how far it was
    /// read are one commit.
    ///
    /// # Errors
    /// As [`get_records`](Kv::get_records).
    pub fn get_records_in(&self, tx: &mut Transaction, request: &GetRecordsRequest) -> Result<GetRecordsOutput> {
        let now = tx.clock().now();
        get_records::run(self.catalog(), tx, now, request)
    }

    /// Frees the space of records of change streams that are older than a day by the engine's clock, and gives their number.
    /// They are not read any more before that. The server calls this every minute; whoever links the crate calls it as
    /// often as the space matters.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn trim_streams(&self) -> Result<u64> {
        trim::run(self.engine(), self.catalog())
    }
}
