//! Topics with SNS's model, embedded in a Rust program, on the storage engine that all Millpond services share: a message that is
//! published reaches every subscription that wants it, and its durable ones in the commit that publishes it.
//!
//! ```ignore
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_pubsub::{CreateOptions, Endpoint, SubscribeOptions, Topics};
//! use millpond_queue::Queues;
//! use millpond_stream::Streams;
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let queues = Queues::open(&engine)?;
//! let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
//!
//! let orders = topics.create("orders", &CreateOptions::default())?;
//! let mails = queues.create("mails", &Default::default())?;
//! orders.subscribe(&topics.queue_endpoint("mails"), &SubscribeOptions::default().raw_message_delivery(true))?;
//! orders.publish("order 1 was paid")?;
//!
//! let received = mails.receive(10, Duration::ZERO)?;
//! assert_eq!(received[0].body(), "order 1 was paid");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(dead_code, unused)] // While it is being built.

mod archive;
mod check;
mod check_endpoint;
mod confirm;
mod create_topic;
mod deferred;
mod delete_topic;
mod delivery_policy;
mod envelope;
mod error;
pub mod filter;
mod index;
mod layout;
mod list;
mod local;
mod maintain;
mod mobile;
mod model;
mod options;
mod outbox;
mod permissions;
mod policy;
mod publish;
mod replay;
mod set_subscription_attributes;
mod set_topic_attributes;
mod shared;
mod sms;
mod subscribe;
mod subscription;
mod tags;
mod topic;
mod topics;
mod typed;
mod unsubscribe;

pub use deferred::{Attached, DeliveryCounts, Post, PostError, Transport};
pub use error::{Error, Result};
pub use local::{Channel, Lag, ListenMetrics, ListenOptions, Listening, Messages, RecvError};
pub use mobile::{Applications, Described, DescribedPage, Platform};
pub use model::{
    AttributeValue, Body, CreateOptions, Endpoint, MessageAttribute, MessageId, Notification, Protocol, PublishMessage,
    Published, SequenceNumber, SubscribeOptions, SubscriptionId, SubscriptionPage, SubscriptionSummary, TopicPage,
    TopicSummary,
};
pub use options::Options;
pub use outbox::{Captured, CapturedFilter, Outbox, OutboxEntry, OutboxPage};
pub use publish::TopicMetrics;
pub use sms::{NumbersPage, OriginationNumber, OriginationPage, SandboxNumber, SandboxPage, TextMessages};
pub use subscription::Subscription;
pub use topic::Topic;
pub use topics::Topics;
pub use typed::{Envelope, EnvelopeAttribute, TypedChannel, TypedTopic};
