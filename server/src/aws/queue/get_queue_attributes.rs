use std::collections::BTreeMap;

use serde::Serialize;

use super::{Answered, address, attributes, checks};
use crate::aws::{
    Call,
    json::{List, Word, members},
};

members! {
    Request { queue_url: Word = "QueueUrl", attribute_names: List<Word> = "AttributeNames" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let names = attributes::asked(&checks::texts(given.attribute_names))?;
    let description = queue.describe()?;
    let value = |name| Some((name, attributes::value(call.region, queue.name(), &description, name)?));
    call.write(&Output { attributes: names.into_iter().filter_map(value).collect() })
}
