use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::queue::{MoveStatus, MoveTask, MoveTaskHandle, StartMove};
use serde::{Deserialize, Serialize};

use super::{
    Answered,
    address::{arn, given_arn, required_arn},
    checks,
    failure::{invalid, missing},
};
use crate::aws::{
    Call,
    json::{Integer, Word, members},
};

/// Tasks that are listed at most.
const MOST: usize = 10;

members! {
    StartRequest {
        source_arn: Word = "SourceArn",
        destination_arn: Word = "DestinationArn",
        max_per_second: Integer = "MaxNumberOfMessagesPerSecond",
    }
}
members! {
    CancelRequest { task_handle: Word = "TaskHandle" }
}
members! {
    ListRequest { source_arn: Word = "SourceArn", max_results: Integer = "MaxResults" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    task_handle: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Cancelled {
    approximate_number_of_messages_moved: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    started_timestamp: u64,
}

pub(super) fn start(call: &Call<'_>) -> Answered {
    let given: StartRequest = call.read()?;
    let source = required_arn(given.source_arn, "SourceArn")?;
    let destination = given.destination_arn.map(|arn| given_arn(&arn.0, "DestinationArn")).transpose()?;
    let rate = |Integer(rate)| {
        let reason = "You must enter a number that's between 1 and 500.";
        let rate = u32::try_from(rate).ok().filter(|rate| (1..=500).contains(rate));
        let refused = format!("Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: {reason}");
        rate.ok_or_else(|| invalid(refused))
    };
    let max_per_second = given.max_per_second.map(rate).transpose()?;
    let started = call.pond.queues().start_move(&StartMove { source, destination, max_per_second })?;
    call.write(&Started { task_handle: show(call, &started) })
}

pub(super) fn cancel(call: &Call<'_>) -> Answered {
    let given: CancelRequest = call.read()?;
    let handle = checks::text(given.task_handle).ok_or_else(|| missing("TaskHandle"))?;
    if handle.is_empty() {
        return Err(invalid("The TaskHandle parameter is required."));
    }
    let task = read(&handle).ok_or_else(|| invalid("Value for parameter TaskHandle is invalid."))?;
    let cancelled = call.pond.queues().cancel_move(&task)?;
    call.write(&Cancelled { approximate_number_of_messages_moved: cancelled.moved })
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    let source = required_arn(given.source_arn, "SourceArn")?;
    let reason = "You must enter a number that's between 1 and 10.";
    let max = checks::max_results(given.max_results, MOST, reason)?.unwrap_or(1);
    let tasks = call.pond.queues().moves(&source, max)?;
    call.write(&Listed { results: tasks.into_iter().map(|task| shown(call, task)).collect() })
}

fn shown(call: &Call<'_>, task: MoveTask) -> Shown {
    let is_running = task.status == MoveStatus::Running;
    Shown {
        task_handle: is_running.then(|| show(call, &task.handle)),
        status: match task.status {
            MoveStatus::Running => "RUNNING",
            MoveStatus::Completed => "COMPLETED",
            MoveStatus::Cancelled => "CANCELLED",
            MoveStatus::Failed => "FAILED",
        },
        source_arn: arn(call.region, &task.handle.source),
        destination_arn: task.destination.map(|name| arn(call.region, &name)),
        max_number_of_messages_per_second: task.max_per_second,
        approximate_number_of_messages_moved: task.moved,
        approximate_number_of_messages_to_move: task.to_move,
        failure_reason: task.failure_reason,
        started_timestamp: task.started.as_millis(),
    }
}

/// What a handle says, in Base64.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handle {
    task_id: String,
    source_arn: String,
}

fn show(call: &Call<'_>, task: &MoveTaskHandle) -> String {
    let handle = Handle { task_id: task.id.to_string(), source_arn: arn(call.region, &task.source) };
    // Two strings can always be written.
    STANDARD.encode(serde_json::to_vec(&handle).unwrap_or_default())
}

fn read(handle: &str) -> Option<MoveTaskHandle> {
    let handle: Handle = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    let source = given_arn(&handle.source_arn, "SourceArn").ok()?;
    Some(MoveTaskHandle { id: handle.task_id.parse().ok()?, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_a_task_and_the_queue_that_it_moves_from() {
        let handle = |json: &str| STANDARD.encode(json);
        let id = "6fb9b0c5-3d2d-4a4e-9d54-c3a1b6b0a9d7";
        let task = read(&handle(&format!(r#"{{"taskId":"{id}","sourceArn":"arn:aws:sqs:x:1:dead"}}"#))).unwrap();
        assert_eq!((task.id.to_string().as_str(), task.source.as_str()), (id, "dead"));
        for wrong in ["", "?", "e30=", &handle(r#"{"taskId":"x","sourceArn":"arn:aws:sqs:x:1:dead"}"#)] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
