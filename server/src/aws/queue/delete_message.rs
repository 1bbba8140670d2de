use millpond::queue::ReceiptHandle;

use super::{
    Answered, address,
    batch::{self, Nothing, Output},
    checks,
    failure::missing,
};
use crate::aws::{
    Call,
    json::{List, Word, members},
};

const ENTRY: &str = "DeleteMessageBatchRequestEntry";

members! {
    Request { queue_url: Word = "QueueUrl", receipt_handle: Word = "ReceiptHandle" }
}
members! {
    BatchRequest { queue_url: Word = "QueueUrl", entries: List<Entry> = "Entries" }
}
members! {
    Entry { id: Word = "Id", receipt_handle: Word = "ReceiptHandle" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    queue.delete(&checks::required(given.receipt_handle, "ReceiptHandle")?.parse()?)?;
    Ok(Vec::new())
}

pub(super) fn batch(call: &Call<'_>) -> Answered {
    let given: BatchRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let mut entries = batch::entries(call, given.entries, ENTRY)?;
    let ids = batch::ids(entries.iter_mut().map(|entry| checks::text(entry.id.take())), ENTRY)?;
    let receipt = |(nth, entry): (usize, Entry)| {
        let handle = checks::text(entry.receipt_handle).filter(|handle| !handle.is_empty());
        let handle = handle.ok_or_else(|| missing(&format!("{ENTRY}.{nth}.ReceiptHandle")))?;
        Ok(handle.parse::<ReceiptHandle>()?)
    };
    let receipts = (1..).zip(entries).map(receipt).collect();
    let deleted = batch::run(receipts, |receipts| queue.delete_batch(&receipts))?;
    let outcomes = deleted.into_iter().map(|deleted| deleted.map(|()| Nothing {}));
    call.write(&Output::new(ids.into_iter().zip(outcomes)))
}
