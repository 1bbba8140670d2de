//! Consumer groups: the shards of a stream, shared among members that come and go.
//!
//! What must hold:
//! - The rows of the group say who has which shard and how far it has come (`layout.rs`); what members know in memory is a hint
//!   (`state.rs`), and what they hand out is looked up first (`member.rs`).
//! - A lease has a counter that rises with each change of owner. A checkpoint reads the lease's row: who has lost it cannot move it, and
//!   what is committed with the checkpoint is not committed either (`checkpoint.rs`).
//! - A shard is begun when all that it goes on from is done with (`lineage.rs`): so records of one key are given in their order.
//! - A live member gives a lease away only while it works on none of its records (`keeper.rs`): so a record is given twice only after
//!   a member was taken for gone, or has given it back itself.

mod balance;
mod batch;
mod checkpoint;
mod consumer_group;
mod keeper;
mod layout;
mod line;
mod lineage;
mod member;
mod metrics;
mod rows;
mod running;
mod state;

pub(crate) use consumer_group::{clear, names};
pub(crate) use layout::GROUPS;

pub use batch::Batch;
pub use consumer_group::ConsumerGroup;
pub use member::Member;
pub use metrics::{GroupMember, GroupMetrics, ShardLag};
pub use running::Running;
