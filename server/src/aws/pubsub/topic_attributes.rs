//! The attributes of topics.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Answered, arn, checks};
use crate::aws::{
    Call,
    json::{Word, members},
};

members! {
    GetRequest { topic_arn: Word = "TopicArn" }
}
members! {
    SetRequest {
        topic_arn: Word = "TopicArn",
        attribute_name: Word = "AttributeName",
        attribute_value: Word = "AttributeValue",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    attributes: BTreeMap<String, String>,
}

pub(super) fn get_topic_attributes(call: &Call<'_>) -> Answered {
    let given: GetRequest = call.read()?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    call.write(&Got { attributes: topic.attributes()? })
}

pub(super) fn set_topic_attributes(call: &Call<'_>) -> Answered {
    let given: SetRequest = call.read()?;
    checks::need([("attributeName", given.attribute_name.is_some())])?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    topic.set_attribute(&checks::text(given.attribute_name), &checks::text(given.attribute_value))?;
    Ok(Vec::new())
}
