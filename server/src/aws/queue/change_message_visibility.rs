use std::time::Duration;

use millpond::queue::{ChangeVisibility, ReceiptHandle};

use super::{
    Answered, address,
    batch::{self, Nothing, Output},
    checks,
    failure::{invalid_value, missing},
};
use crate::aws::{
    Call,
    json::{Failure, Integer, List, Word, members},
};

const ENTRY: &str = "ChangeMessageVisibilityBatchRequestEntry";
const TIMEOUT: &str = "VisibilityTimeout";

members! {
    Request {
        queue_url: Word = "QueueUrl",
        receipt_handle: Word = "ReceiptHandle",
        visibility_timeout: Integer = "VisibilityTimeout",
    }
}
members! {
    BatchRequest { queue_url: Word = "QueueUrl", entries: List<Entry> = "Entries" }
}
members! {
    Entry { id: Word = "Id", receipt_handle: Word = "ReceiptHandle", visibility_timeout: Integer = "VisibilityTimeout" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let handle = checks::required(given.receipt_handle, "ReceiptHandle")?;
    let timeout = timeout(given.visibility_timeout, "Must be between 0 and 43200.")?;
    let timeout = timeout.ok_or_else(|| missing(TIMEOUT))?;
    queue.change_visibility(&handle.parse()?, timeout)?;
    Ok(Vec::new())
}

pub(super) fn batch(call: &Call<'_>) -> Answered {
    let given: BatchRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let mut entries = batch::entries(call, given.entries, ENTRY)?;
    let ids = batch::ids(entries.iter_mut().map(|entry| checks::text(entry.id.take())), ENTRY)?;
    let change = |(nth, entry): (usize, Entry)| {
        let lacks = |name| missing(&format!("{ENTRY}.{nth}.{name}"));
        let handle = checks::text(entry.receipt_handle).filter(|handle| !handle.is_empty());
        let handle = handle.ok_or_else(|| lacks("ReceiptHandle"))?;
        let timeout = timeout(entry.visibility_timeout, "VisibilityTimeout must be an integer between 0 and 43200.")?;
        let timeout = timeout.ok_or_else(|| lacks(TIMEOUT))?;
        Ok(ChangeVisibility { receipt_handle: handle.parse::<ReceiptHandle>()?, timeout })
    };
    let changes = (1..).zip(entries).map(change).collect();
    let changed = batch::run(changes, |changes| queue.change_visibility_batch(&changes))?;
    let outcomes = changed.into_iter().map(|changed| changed.map(|()| Nothing {}));
    call.write(&Output::new(ids.into_iter().zip(outcomes)))
}

fn timeout(given: Option<Integer>, reason: &str) -> Result<Option<Duration>, Failure> {
    checks::seconds(given, 0..=43_200, |seconds| invalid_value(seconds, TIMEOUT, reason))
}
