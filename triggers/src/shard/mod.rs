//! Reading sources with shards: a task that opens shards once their parents are done, and one for each lane of a shard.

mod commit;
mod gather;
mod invoke;
mod keeper;
mod lane;
mod plan;

pub(crate) use keeper::Keeper;
