use millpond::queue::CreateOptions;
use serde::Serialize;

use super::{
    Answered, address,
    attributes::{self, Target},
    failure::invalid,
    redrive, tags,
};
use crate::aws::{
    Call,
    json::{Failure, Map, Word, members},
};

members! {
    Request {
        queue_name: Word = "QueueName",
        attributes: Map<Word> = "Attributes",
        tags: Map<Word> = "tags",
        // As all other tags are called, and those of the Query protocol.
        other_tags: Map<Word> = "Tags",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    pub(super) queue_url: String,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let name = queue_name(given.queue_name)?;
    let attributes = given.attributes.unwrap_or_default().0;
    let changes = attributes::changes(&attributes, Target::New { name: &name })?;
    let tags = tags::read(given.tags.or(given.other_tags));
    let options = CreateOptions { changes, tags };
    let created = call.pond.queues().create(&name, &options);
    created.map_err(|error| redrive::explain(error.into(), &attributes))?;
    call.write(&Output { queue_url: address::url(call, &name) })
}

/// The name that a request has to give.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn queue_name(given: Option<Word>) -> Result<String, Failure> {
    match given {
        None => Err(invalid("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")),
        Some(name) if name.0.is_empty() => Err(invalid("Queue name cannot be empty")),
        Some(name) => Ok(name.0),
    }
}
