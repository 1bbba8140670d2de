use super::{
    Answered, address,
    create_queue::{Output, queue_name},
};
use crate::aws::{
    Call,
    json::{Word, members},
};

members! {
    Request { queue_name: Word = "QueueName" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let queue = call.pond.queues().get(&queue_name(given.queue_name)?)?;
    call.write(&Output { queue_url: address::url(call, queue.name()) })
}
