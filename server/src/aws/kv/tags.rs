use millpond::kv::{ListTagsOfResourceRequest, Tag, TagResourceRequest, UntagResourceRequest};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, List, Text, members},
};

members! {
    TagRequest {
        resource_arn: Text = "ResourceArn",
        tags: List<GivenTag> = "Tags",
    }
}
members! {
    GivenTag { key: Text = "Key", value: Text = "Value" }
}
members! {
    UntagRequest {
        resource_arn: Text = "ResourceArn",
        tag_keys: List<Text> = "TagKeys",
    }
}
members! {
    ListRequest { resource_arn: Text = "ResourceArn" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    tags: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
}

pub(super) fn tag(call: &Call<'_>) -> Answered {
    let given: TagRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let tags = read_tags(checks.required(given.tags, "tags"), &mut checks);
    checks.finish()?;
    call.pond.kv().tag_resource(&TagResourceRequest { resource_arn: arn(given.resource_arn), tags })?;
    Ok(Vec::new())
}

pub(super) fn untag(call: &Call<'_>) -> Answered {
    let given: UntagRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let keys = checks.required(given.tag_keys, "tagKeys").0;
    checks.finish()?;
    let tag_keys = keys.into_iter().map(|key| key.0).collect();
    call.pond.kv().untag_resource(&UntagResourceRequest { resource_arn: arn(given.resource_arn), tag_keys })?;
    Ok(Vec::new())
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = json::parse(call.body)?;
    let request = ListTagsOfResourceRequest { resource_arn: arn(given.resource_arn) };
    let output = call.pond.kv().list_tags_of_resource(&request)?;
    let tags = output.tags.iter().map(|tag| Shown { key: &tag.key, value: &tag.value }).collect();
    json::write(&Output { tags, next_token: output.next_token.as_deref() })
}

/// An ARN that is missing is refused as one that is empty.
fn arn(member: Option<Text>) -> String {
    checks::text(member).unwrap_or_default()
}

/// The tags of a request; `checks` learns what is missing in them.
pub(super) fn read_tags(given: List<GivenTag>, checks: &mut Checks) -> Vec<Tag> {
    let tag = |(nth, tag): (usize, GivenTag)| Tag {
        key: checks.required(checks::text(tag.key), &format!("tags.{nth}.member.key")),
        value: checks.required(checks::text(tag.value), &format!("tags.{nth}.member.value")),
    };
    (1..).zip(given.0).map(tag).collect()
}
