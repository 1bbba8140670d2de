//! Reading queues: a task that receives messages and makes batches of them, and one for each batch that is handled.

mod handle;
mod poller;

pub(crate) use poller::Poller;
