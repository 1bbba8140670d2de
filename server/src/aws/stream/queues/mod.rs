//! Queues of the records of streams: one file a family of operations.

mod batch;
mod create;
mod delete;
mod describe;
mod list;
mod receive;
mod shown;
mod update;

use millpond::stream::RecordQueue;

use super::{
    Call, Operation, Operation::Now, Operation::Reply as Later, checks::Limits, failure::failure, limits, member::Text,
    names,
};
use crate::aws::json::Failure;

/// What each operation is answered by.
pub(super) const OPERATIONS: &[(&str, Operation)] = &[
    ("AcknowledgeDeadLetterQueueRecords", Now(batch::acknowledge_dead)),
    ("AcknowledgeQueueRecords", Now(batch::acknowledge)),
    ("CreateQueue", Now(create::answer)),
    ("DeleteQueue", Now(delete::answer)),
    ("DescribeQueue", Now(describe::answer)),
    ("ListQueues", Now(list::answer)),
    ("ReceiveDeadLetterQueueRecords", Later(receive::dead)),
    ("ReceiveQueueRecords", Later(receive::live)),
    ("RestoreDeadLetterQueueRecords", Now(batch::restore)),
    ("UpdateDeadLetterQueueRecordsVisibility", Now(batch::change_dead_visibility)),
    ("UpdateQueue", Now(update::answer)),
    ("UpdateQueueRecordsVisibility", Now(batch::change_visibility)),
];

const VISIBILITY: Limits = Limits::between(0, 43_200);
const TARGET_TYPE: Limits = Limits::one_of(&["BUILT_IN", "NONE"]);
const MAX_RECEIVE_COUNT: Limits = Limits::between(1, 1000);
const QUEUE_ARN: Limits = limits::QUEUE_ARN.required();

/// The queue that a request names.
fn find(call: &Call<'_>, arn: Option<Text<'_>>) -> Result<RecordQueue, Failure> {
    let arn = arn.unwrap_or_default();
    let missing =
        || failure("ResourceNotFoundException", format!("Queue {} under account {} not found.", &*arn, names::ACCOUNT));
    Ok(call.streams().queue(names::queue(&arn).ok_or_else(missing)?)?)
}
