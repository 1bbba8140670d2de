//! What is told of records that were given up: not the records, but where they are.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>

use millpond_engine::{Timestamp, Transaction};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Record, Result, config::Kind, job::Job};

/// Why records were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The handler has failed as often as it may.
    RetryAttemptsExhausted,
    /// They are older than those that are handled, or are not kept any more.
    RecordAgeExceeded,
}

impl Condition {
    fn as_str(self) -> &'static str {
        match self {
            Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Condition::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

/// Records that were given up.
pub(crate) struct GivenUp<'a> {
    pub(crate) kind: Kind,
    pub(crate) shard: &'a str,
    pub(crate) records: &'a [Record],
    pub(crate) condition: Condition,
    /// How often the handler was called with them.
    pub(crate) invocations: u32,
}

/// Tells the trigger's destination, if it has one, in the transaction that passes over the records.
pub(crate) fn tell(job: &Job, tx: &mut Transaction, given_up: &GivenUp<'_>) -> Result<()> {
    let Some(queue) = &job.destination else { return Ok(()) };
    queue.send_in(tx, document(job, given_up, tx.began()).to_string())?;
    Ok(())
}

fn document(job: &Job, given_up: &GivenUp<'_>, now: Timestamp) -> Value {
    let (first, last) = (given_up.records.first(), given_up.records.last());
    let arrived = |record: Option<&Record>| record.map(|record| record.arrived().to_string());
    let name = if given_up.kind == Kind::Table { "DDBStreamBatchInfo" } else { "KinesisBatchInfo" };
    // What was never tried has no answer.
    let response = (given_up.invocations > 0)
        .then(|| json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" }));
    json!({
        "requestContext": {
            "requestId": Uuid::new_v4().to_string(),
            "functionArn": job.origin.function_arn(),
            "condition": given_up.condition.as_str(),
            "approximateInvokeCount": given_up.invocations,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": now.to_string(),
        name: {
            "shardId": given_up.shard,
            "startSequenceNumber": first.map(Record::id),
            "endSequenceNumber": last.map(Record::id),
            "approximateArrivalOfFirstRecord": arrived(first),
            "approximateArrivalOfLastRecord": arrived(last),
            "batchSize": given_up.records.len(),
            "streamArn": job.origin.arn,
        },
    })
}
