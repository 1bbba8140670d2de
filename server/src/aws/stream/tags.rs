//! Tags: of streams by their names, and of anything by its ARN.

use std::collections::BTreeMap;

use millpond::stream::Resource;
use serde::Serialize;

use super::{
    Answered, Call,
    checks::Limits,
    limits,
    member::{Integer, List, Tags, Text},
    names, nothing,
    request::request,
};
use crate::aws::json::Failure;

request! {
    AddRequest<'a> {
        tags: Tags = "Tags" => limits::TAGS.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    RemoveRequest<'a> {
        tag_keys: List<Text<'a>> = "TagKeys" => limits::TAG_KEYS.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    ListRequest<'a> {
        limit: Integer = "Limit" => Limits::between(1, 50),
        exclusive_start_tag_key: Text<'a> = "ExclusiveStartTagKey" => limits::TAG_KEY,
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    TagRequest<'a> {
        tags: Tags = "Tags" => limits::TAGS.required(),
        resource_arn: Text<'a> = "ResourceARN" => limits::RESOURCE_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    UntagRequest<'a> {
        tag_keys: List<Text<'a>> = "TagKeys" => limits::TAG_KEYS.required(),
        resource_arn: Text<'a> = "ResourceARN" => limits::RESOURCE_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    ListOfResourceRequest<'a> {
        resource_arn: Text<'a> = "ResourceARN" => limits::RESOURCE_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    tags: Vec<Tag<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more_tags: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

pub(super) fn add(call: &Call<'_>) -> Answered {
    let given: AddRequest<'_> = call.read()?;
    let stream = stream(given.stream_name, given.stream_arn)?;
    call.streams().tag(&stream, &given.tags.unwrap_or_default().0)?;
    nothing()
}

pub(super) fn remove(call: &Call<'_>) -> Answered {
    let given: RemoveRequest<'_> = call.read()?;
    let stream = stream(given.stream_name, given.stream_arn)?;
    call.streams().untag(&stream, &keys(given.tag_keys))?;
    nothing()
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest<'_> = call.read()?;
    let all = call.streams().tags(&stream(given.stream_name, given.stream_arn)?)?;
    let after = given.exclusive_start_tag_key;
    let mut rest = all.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key.as_str() > &**after));
    let tags = rest.by_ref().take(given.limit.map_or(usize::MAX, Integer::size)).map(Tag::from).collect();
    call.write(&Listed { tags, has_more_tags: Some(rest.next().is_some()) })
}

pub(super) fn tag_resource(call: &Call<'_>) -> Answered {
    let given: TagRequest<'_> = call.read()?;
    let resource = names::resource(call, &given.resource_arn.unwrap_or_default())?;
    call.streams().tag(&resource, &given.tags.unwrap_or_default().0)?;
    nothing()
}

pub(super) fn untag_resource(call: &Call<'_>) -> Answered {
    let given: UntagRequest<'_> = call.read()?;
    let resource = names::resource(call, &given.resource_arn.unwrap_or_default())?;
    call.streams().untag(&resource, &keys(given.tag_keys))?;
    nothing()
}

pub(super) fn list_of_resource(call: &Call<'_>) -> Answered {
    let given: ListOfResourceRequest<'_> = call.read()?;
    let tags: BTreeMap<_, _> = call.streams().tags(&names::resource(call, &given.resource_arn.unwrap_or_default())?)?;
    call.write(&Listed { tags: tags.iter().map(Tag::from).collect(), has_more_tags: None })
}

fn stream(name: Option<Text<'_>>, arn: Option<Text<'_>>) -> Result<Resource, Failure> {
    Ok(Resource::Stream { name: names::stream(name, arn)? })
}

fn keys(given: Option<List<Text<'_>>>) -> Vec<String> {
    given.unwrap_or_default().elements.into_iter().map(|key| key.0.into_owned()).collect()
}

impl<'a> From<(&'a String, &'a String)> for Tag<'a> {
    fn from((key, value): (&'a String, &'a String)) -> Tag<'a> {
        Tag { key, value }
    }
}
