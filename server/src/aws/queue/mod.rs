//! The queue service as SQS speaks, in JSON and in the Query protocol: one file an operation or a small family of them.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>

mod address;
mod attributes;
mod batch;
mod change_message_visibility;
mod checks;
mod create_queue;
mod delete_message;
mod delete_queue;
mod failure;
mod get_queue_attributes;
mod get_queue_url;
mod list_dead_letter_source_queues;
mod list_queues;
mod message_attributes;
mod move_tasks;
mod permissions;
mod policy_document;
mod purge_queue;
mod receive_message;
mod redrive;
mod send_message;
mod send_message_batch;
mod set_queue_attributes;
mod tags;

use hyper::StatusCode;
use millpond::Pond;

use super::{
    Answer, Call, Reply,
    answer::request_id,
    json::Failure,
    query::{Dialect, Entry, Parameters, Service},
};

/// The prefix of this service's targets.
pub(super) const TARGET: &str = "AmazonSQS";
/// The name of this service in a credential scope.
pub(super) const SERVICE: &str = "sqs";
/// The version that requests in the Query protocol name.
pub(super) const VERSION: &str = "2012-11-05";

type Answered = Result<Vec<u8>, Failure>;
type Operation = fn(&Call<'_>) -> Answered;

/// The one operation that may wait for its answer.
const RECEIVE: &str = "ReceiveMessage";

/// What each other operation is answered by.
const OPERATIONS: &[(&str, Operation)] = &[
    ("AddPermission", permissions::add),
    ("CancelMessageMoveTask", move_tasks::cancel),
    ("ChangeMessageVisibility", change_message_visibility::answer),
    ("ChangeMessageVisibilityBatch", change_message_visibility::batch),
    ("CreateQueue", create_queue::answer),
    ("DeleteMessage", delete_message::answer),
    ("DeleteMessageBatch", delete_message::batch),
    ("DeleteQueue", delete_queue::answer),
    ("GetQueueAttributes", get_queue_attributes::answer),
    ("GetQueueUrl", get_queue_url::answer),
    ("ListDeadLetterSourceQueues", list_dead_letter_source_queues::answer),
    ("ListMessageMoveTasks", move_tasks::list),
    ("ListQueueTags", tags::list),
    ("ListQueues", list_queues::answer),
    ("PurgeQueue", purge_queue::answer),
    ("RemovePermission", permissions::remove),
    ("SendMessage", send_message::answer),
    ("SendMessageBatch", send_message_batch::answer),
    ("SetQueueAttributes", set_queue_attributes::answer),
    ("StartMessageMoveTask", move_tasks::start),
    ("TagQueue", tags::tag),
    ("UntagQueue", tags::untag),
];

/// What the address of a queue is no endpoint for.
const NOT_OF_A_QUEUE: [&str; 2] = ["CreateQueue", "ListQueues"];

const ATTRIBUTE: Entry = Entry { name: "Attribute", key: "Name", value: "Value" };

/// How the service speaks the Query protocol.
///
/// Source: botocore's model of the service up to version 1.33.
const QUERY: Service = Service {
    namespace: "http://queue.amazonaws.com/doc/2012-11-05/",
    flat: true,
    has_detail: true,
    lists: &[
        ("AWSAccountId", "AWSAccountIds"),
        ("ActionName", "Actions"),
        ("AttributeName", "AttributeNames"),
        ("BinaryListValue", "BinaryListValues"),
        ("MessageAttributeName", "MessageAttributeNames"),
        ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
        ("StringListValue", "StringListValues"),
        ("TagKey", "TagKeys"),
        ("*RequestEntry", "Entries"),
    ],
    answered_lists: &[
        ("BatchResultErrorEntry", "Failed"),
        ("Message", "Messages"),
        ("QueueUrl", "QueueUrls"),
        ("QueueUrl", "queueUrls"),
        ("*ResultEntry", "Results"),
        ("*ResultEntry", "Successful"),
    ],
    maps: &[
        (ATTRIBUTE, "Attributes"),
        (Entry { name: "MessageAttribute", ..ATTRIBUTE }, "MessageAttributes"),
        (Entry { name: "MessageSystemAttribute", ..ATTRIBUTE }, "MessageSystemAttributes"),
        (Entry { name: "Tag", key: "Key", value: "Value" }, "Tags"),
    ],
    numbers: &[
        "DelaySeconds",
        "MaxNumberOfMessages",
        "MaxNumberOfMessagesPerSecond",
        "MaxResults",
        "VisibilityTimeout",
        "WaitTimeSeconds",
    ],
    first: &["Id", "MessageId", "ReceiptHandle", "MD5OfMessageBody", "MD5OfBody", "Body", "Successful"],
};

/// Whether an operation is over sooner than another thread has begun: it touches little, and waits for no sync.
pub(super) fn is_brief(pond: &Pond, operation: &str) -> bool {
    let is_small = matches!(
        operation,
        "ChangeMessageVisibility" | "DeleteMessage" | "GetQueueAttributes" | "GetQueueUrl" | RECEIVE | "SendMessage"
    );
    is_small && !pond.engine().capabilities().persistent
}

/// Whether an operation is one of this service.
pub(super) fn knows(operation: &str) -> bool {
    find(operation).is_some()
}

/// Answers a request in JSON.
pub(super) fn answer(call: &Call<'_>, operation: &str) -> Reply {
    match find(operation) {
        Some(operation) => run(call, operation),
        None => finish(None, Err(unknown(operation))).into(),
    }
}

/// Answers a request in the Query protocol.
pub(super) fn answer_form(call: &Call<'_>, action: Option<&str>, parameters: &Parameters) -> Reply {
    let Some(action) = action else { return no_action().into() };
    match find(action).filter(|name| address::path(call).is_none() || !NOT_OF_A_QUEUE.contains(name)) {
        Some(operation) => {
            let dialect = Dialect { service: &QUERY, operation };
            run(&Call { form: Some((dialect, parameters)), ..*call }, operation)
        }
        None => failure::refuse(&QUERY, &unknown(action)).into(),
    }
}

fn find(operation: &str) -> Option<&'static str> {
    let names = OPERATIONS.iter().map(|(name, _)| *name);
    names.chain([RECEIVE]).find(|name| *name == operation)
}

fn run(call: &Call<'_>, operation: &'static str) -> Reply {
    match OPERATIONS.iter().find(|(name, _)| *name == operation) {
        Some((_, answer)) => finish(call.dialect(), answer(call)).into(),
        None => receive_message::answer(call),
    }
}

/// Puts what an operation has answered into the form of its protocol.
fn finish(dialect: Option<Dialect>, answered: Answered) -> Answer {
    match (answered, dialect) {
        (Ok(body), None) => Answer { body, ..Answer::new(super::json::CONTENT_TYPE, request_id()) },
        (Ok(result), Some(dialect)) => dialect.answer(&result, request_id()),
        (Err(refused), None) => failure::refuse_in_json(refused),
        (Err(refused), Some(dialect)) => failure::refuse(dialect.service, &refused),
    }
}

fn unknown(operation: &str) -> Failure {
    Failure::unknown_operation(format!("The action {operation} is not valid for this endpoint."))
}

fn no_action() -> Answer {
    let body = b"<UnknownOperationException/>\n".to_vec();
    Answer { status: StatusCode::NOT_FOUND, body, ..Answer::new("text/xml", request_id()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_the_services_23_operations() {
        assert_eq!(OPERATIONS.len() + 1, 23);
        assert!(OPERATIONS.is_sorted_by_key(|(name, _)| *name));
        assert!(NOT_OF_A_QUEUE.iter().all(|name| knows(name)));
    }
}
