//! Making and deleting topics.

use millpond::pubsub::CreateOptions;
use serde::Serialize;

use super::{
    Answered, arn, checks,
    tags::{self, Tag},
};
use crate::aws::{
    Call,
    json::{List, Map, Word, members},
};

members! {
    CreateRequest {
        name: Word = "Name",
        attributes: Map<Word> = "Attributes",
        tags: List<Tag> = "Tags",
        data_protection_policy: Word = "DataProtectionPolicy",
    }
}
members! {
    DeleteRequest { topic_arn: Word = "TopicArn" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    topic_arn: String,
}

pub(super) fn create_topic(call: &Call<'_>) -> Answered {
    let given: CreateRequest = call.read()?;
    checks::need([("name", given.name.is_some())])?;
    let options = CreateOptions {
        attributes: checks::map(given.attributes),
        tags: tags::read(given.tags)?,
        data_protection_policy: given.data_protection_policy.map(|policy| policy.0),
        region: Some(call.region.to_owned()),
    };
    let topic = call.pond.topics().create(&checks::text(given.name), &options)?;
    call.write(&Created { topic_arn: topic.arn()? })
}

pub(super) fn delete_topic(call: &Call<'_>) -> Answered {
    let given: DeleteRequest = call.read()?;
    call.pond.topics().delete(&arn::topic(given.topic_arn, "TopicArn")?)?;
    Ok(Vec::new())
}
