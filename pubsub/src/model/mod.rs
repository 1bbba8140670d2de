//! Plain types: topics, subscriptions and messages, with what may be said of each.

mod endpoint;
mod message;
mod subscription;
mod topic;

pub use endpoint::{Endpoint, Protocol};
pub(crate) use message::no_default;
pub use message::{
    AttributeValue, Body, MessageAttribute, MessageId, Notification, PublishMessage, Published, SequenceNumber,
};
pub use subscription::{SubscribeOptions, SubscriptionId, SubscriptionPage, SubscriptionSummary};
pub use topic::{CreateOptions, TopicPage, TopicSummary};
