use super::{Answered, address};
use crate::aws::{
    Call,
    json::{Word, members},
};

members! {
    Request { queue_url: Word = "QueueUrl" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    address::queue(call, given.queue_url)?.purge()?;
    Ok(Vec::new())
}
