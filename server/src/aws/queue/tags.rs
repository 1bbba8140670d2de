use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Answered, address, checks,
    failure::{invalid, missing},
};
use crate::aws::{
    Call,
    json::{List, Map, Word, members},
};

members! {
    TagRequest { queue_url: Word = "QueueUrl", tags: Map<Word> = "Tags" }
}
members! {
    UntagRequest { queue_url: Word = "QueueUrl", tag_keys: List<Word> = "TagKeys" }
}
members! {
    ListRequest { queue_url: Word = "QueueUrl" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(call: &Call<'_>) -> Answered {
    let given: TagRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let tags = read(given.tags);
    if tags.is_empty() {
        return Err(missing("Tags"));
    }
    queue.tag(&tags)?;
    Ok(Vec::new())
}

pub(super) fn untag(call: &Call<'_>) -> Answered {
    let given: UntagRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let keys = checks::texts(given.tag_keys);
    if keys.is_empty() {
        return Err(invalid("Tag keys must be between 1 and 128 characters in length."));
    }
    queue.untag(&keys)?;
    Ok(Vec::new())
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    let tags = address::queue(call, given.queue_url)?.tags()?;
    call.write(&Output { tags })
}

pub(super) fn read(tags: Option<Map<Word>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().0.into_iter().map(|(key, value)| (key, value.0)).collect()
}
