use super::{
    Answered, address,
    attributes::{self, Target},
    failure::missing,
    redrive,
};
use crate::aws::{
    Call,
    json::{Map, Word, members},
};

members! {
    Request { queue_url: Word = "QueueUrl", attributes: Map<Word> = "Attributes" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let attributes = given.attributes.ok_or_else(|| missing("Attributes"))?.0;
    let changes = attributes::changes(&attributes, Target::Existing { name: queue.name() })?;
    queue.set(&changes).map_err(|error| redrive::explain(error.into(), &attributes))?;
    Ok(Vec::new())
}
