//! What is done to several records at a time, each on its own.

use std::{borrow::Cow, time::Duration};

use millpond::stream::{self, ReceiptHandle, RecordQueue};
use serde::Serialize;

use super::{QUEUE_ARN, VISIBILITY, find};
use crate::aws::{
    json::Failure,
    stream::{
        Answered, Call,
        checks::Limits,
        failure,
        member::{Integer, List, Text},
        request::request,
    },
};

const ENTRIES: Limits = Limits::between(1, 10).required();
const HANDLE: Limits = Limits::between(1, 1024).required();

request! {
    Request<'a> {
        queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN,
        entries: List<Entry<'a>> = "Entries" => ENTRIES,
    }
    Entry<'a> {
        receipt_handle: Text<'a> = "ReceiptHandle" => HANDLE,
    }
    VisibilityRequest<'a> {
        queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN,
        entries: List<VisibilityEntry<'a>> = "Entries" => ENTRIES,
    }
    VisibilityEntry<'a> {
        receipt_handle: Text<'a> = "ReceiptHandle" => HANDLE,
        visibility_timeout_seconds: Integer = "VisibilityTimeoutSeconds" => VISIBILITY.required(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    successful: Vec<Successful<'a>>,
    failed: Vec<Failed<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Successful<'a> {
    receipt_handle: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed<'a> {
    receipt_handle: Cow<'a, str>,
    error_code: &'static str,
    error_message: String,
}

type Results = stream::Result<Vec<stream::Result<()>>>;

pub(super) fn acknowledge(call: &Call<'_>) -> Answered {
    of_handles(call, RecordQueue::acknowledge)
}

pub(super) fn acknowledge_dead(call: &Call<'_>) -> Answered {
    of_handles(call, RecordQueue::acknowledge_dead)
}

pub(super) fn restore(call: &Call<'_>) -> Answered {
    of_handles(call, RecordQueue::restore)
}

pub(super) fn change_visibility(call: &Call<'_>) -> Answered {
    of_times(call, RecordQueue::change_visibility)
}

pub(super) fn change_dead_visibility(call: &Call<'_>) -> Answered {
    of_times(call, RecordQueue::change_dead_visibility)
}

fn of_handles(call: &Call<'_>, run: impl FnOnce(&RecordQueue, &[ReceiptHandle]) -> Results) -> Answered {
    let given: Request<'_> = call.read()?;
    let queue = find(call, given.queue_arn)?;
    let entries = given.entries.unwrap_or_default().elements;
    let entries = entries.into_iter().map(|entry| (entry.receipt_handle.unwrap_or_default().0, ())).collect();
    each(call, entries, |handles| {
        let handles: Vec<_> = handles.iter().map(|(handle, ())| *handle).collect();
        run(&queue, &handles)
    })
}

fn of_times(call: &Call<'_>, run: impl FnOnce(&RecordQueue, &[(ReceiptHandle, Duration)]) -> Results) -> Answered {
    let given: VisibilityRequest<'_> = call.read()?;
    let queue = find(call, given.queue_arn)?;
    let entries = given.entries.unwrap_or_default().elements.into_iter().map(|entry| {
        let secs = entry.visibility_timeout_seconds.map_or(0, Integer::count);
        (entry.receipt_handle.unwrap_or_default().0, Duration::from_secs(u64::from(secs)))
    });
    each(call, entries.collect(), |changes| run(&queue, changes))
}

/// Does something to those entries whose handles are any, and tells of each entry what has become of it.
fn each<T: Copy>(
    call: &Call<'_>,
    entries: Vec<(Cow<'_, str>, T)>,
    run: impl FnOnce(&[(ReceiptHandle, T)]) -> Results,
) -> Answered {
    let read: Vec<stream::Result<ReceiptHandle>> = entries.iter().map(|(text, _)| text.parse()).collect();
    let readable = read.iter().zip(&entries).filter_map(|(handle, (_, what))| Some((*handle.as_ref().ok()?, *what)));
    let mut results = run(&readable.collect::<Vec<_>>())?.into_iter();
    let mut output = Output { successful: Vec::new(), failed: Vec::new() };
    for ((receipt_handle, _), handle) in entries.into_iter().zip(read) {
        match handle.and_then(|_| results.next().unwrap_or(Ok(()))) {
            Ok(()) => output.successful.push(Successful { receipt_handle }),
            Err(error) => {
                let refused = Failure::from(error);
                let (error_code, error_message) = (failure::code(&refused), refused.message().to_owned());
                output.failed.push(Failed { receipt_handle, error_code, error_message });
            }
        }
    }
    call.write(&output)
}
