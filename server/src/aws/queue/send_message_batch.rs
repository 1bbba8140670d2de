use millpond::queue::{Queue, SendMessage};

use super::{
    Answered, address,
    batch::{self, Output},
    failure::{invalid, missing},
    send_message::{self, Request as Message},
};
use crate::aws::{
    Call,
    json::{Failure, List, Word, members},
};

const ENTRY: &str = "SendMessageBatchRequestEntry";

members! {
    Request { queue_url: Word = "QueueUrl", entries: List<Message> = "Entries" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let mut entries = batch::entries(call, given.entries, ENTRY)?;
    let ids = batch::ids(entries.iter_mut().map(|entry| entry.id.take().map(|id| id.0)), ENTRY)?;
    if queue.is_fifo() {
        check_order(&queue, &entries)?;
    }
    let mut checksums = Vec::new();
    let read = |(nth, entry)| {
        let no_body = || missing(&format!("{ENTRY}.{nth}.MessageBody"));
        let (message, sums) = send_message::read(call, entry, queue.is_fifo(), no_body)?;
        checksums.push(sums);
        Ok::<SendMessage, Failure>(message)
    };
    let messages = (1..).zip(entries).map(read).collect();
    let sent = batch::run(messages, |messages| {
        let sent = queue.send_batch(messages)?;
        Ok(sent.into_iter().zip(checksums).map(|(sent, sums)| Ok((sent?, sums))).collect())
    })?;
    let output = |sent: Result<_, Failure>| match sent {
        Ok((sent, sums)) => Ok(send_message::Output::new(&sent, sums)),
        Err(failure) => Err(of_entry(failure)),
    };
    call.write(&Output::new(ids.into_iter().zip(sent.into_iter().map(output))))
}

/// What each message of a first-in-first-out queue needs is missed of the whole request.
fn check_order(queue: &Queue, entries: &[Message]) -> Result<(), Failure> {
    if entries.iter().any(|entry| entry.message_group_id.is_none()) {
        return Err(invalid("The request must contain the parameter MessageGroupId."));
    }
    let is_by_content =
        || Ok::<_, Failure>(queue.describe()?.settings.fifo.is_some_and(|fifo| fifo.content_based_deduplication));
    if entries.iter().any(|entry| entry.message_deduplication_id.is_none()) && !is_by_content()? {
        return Err(invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ));
    }
    Ok(())
}

/// What is said of a message in the words that the service has for it in a batch: without the value that is wrong.
fn of_entry(failure: Failure) -> Failure {
    const TYPE: &str = "The request include parameter MessageDeduplicationId which is not valid for this queue type";
    let message = failure.message();
    if message == TYPE {
        return invalid("The request include parameter that is not valid for this queue type");
    }
    if let Some(reason) = message.strip_prefix("One or more parameters are invalid. ") {
        return invalid(format!("One or more parameters cannot be validated. {reason}"));
    }
    match message.strip_prefix("Value ").and_then(|rest| rest.rsplit_once(" is invalid. Reason: ")) {
        Some((_, reason)) => invalid(reason.trim_end_matches('.')),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_of_entries_without_the_value() {
        for (message, told) in [
            ("Value a for parameter P is invalid. Reason: It is so.", "It is so"),
            (
                "One or more parameters are invalid. Reason: R.",
                "One or more parameters cannot be validated. Reason: R.",
            ),
            ("Other.", "Other."),
        ] {
            assert_eq!(of_entry(invalid(message)).message(), told);
        }
    }
}
