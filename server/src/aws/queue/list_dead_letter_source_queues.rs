use serde::Serialize;

use super::{
    Answered, address,
    list_queues::{Asked, urls},
};
use crate::aws::{
    Call,
    json::{Integer, Word, members},
};

members! {
    Request { queue_url: Word = "QueueUrl", next_token: Word = "NextToken", max_results: Integer = "MaxResults" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    // Without the capital, in this operation alone.
    #[serde(rename = "queueUrls", skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let asked = Asked::read(given.next_token, given.max_results)?;
    let page = call.pond.queues().dead_letter_sources(queue.name(), asked.after.as_deref(), asked.max())?;
    call.write(&Output { queue_urls: urls(call, &page), next_token: asked.next_token(&page) })
}
