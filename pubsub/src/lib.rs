//! Topics with SNS's model, embedded in a Rust program, on the storage engine that all Millpond services share: a message that is
//! published reaches every subscription that wants it, and its durable ones in the commit that publishes it.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_pubsub::{CreateOptions, MessageAttribute, PublishMessage, SubscribeOptions, Topics};
//! use millpond_queue::Queues;
//! use millpond_stream::Streams;
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let queues = Queues::open(&engine)?;
//! let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
//!
//! let orders = topics.create("orders", &CreateOptions::default())?;
//! let mails = queues.create("mails", &Default::default())?;
//! let paid = SubscribeOptions::default().raw_message_delivery(true).filter_policy(r#"{"state": ["paid"]}"#);
//! orders.subscribe(&topics.queue_endpoint("mails"), &paid)?;
//!
//! orders.publish(PublishMessage::new("order 1").attribute("state", MessageAttribute::string("paid")))?;
//! orders.publish(PublishMessage::new("order 2").attribute("state", MessageAttribute::string("new")))?;
//!
//! let received = mails.receive(10, Duration::ZERO)?;
//! assert_eq!(received.iter().map(|message| message.body()).collect::<Vec<_>>(), ["order 1"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is published can be one commit with what it tells of: either both are there, or neither.
//!
//! ```
//! # use millpond_engine::Engine;
//! # use millpond_pubsub::{CreateOptions, Error, Topics};
//! # use millpond_queue::Queues;
//! # use millpond_stream::Streams;
//! # let engine = Engine::in_memory();
//! # let topics = Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
//! # let orders = topics.create("orders", &CreateOptions::default())?;
//! let states = engine.keyspace("orders")?;
//! engine.transact(|tx| -> Result<(), Error> {
//!     tx.put(&states, "order 1", "paid")?;
//!     orders.publish_in(tx, "order 1 was paid")?;
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Who can subscribe
//! [`Topic::subscribe`] takes an [`Endpoint`]: a queue, a stream in the place of a delivery stream, a function, an address over
//! HTTP or HTTPS, a mail address, a phone number, or an app on a device. The subscription is a row of the store and lasts until it
//! is ended. Addresses over HTTP and mail are asked to confirm ([`Topics::confirm`]) before they get messages. Mails, text messages
//! and messages to apps are captured for a test to read ([`Topics::outbox`]), and never leave.
//!
//! Those who listen in the program itself, for as long as it runs, have [`Topic::channel`] and [`Topic::on_message`]. A function
//! that is subscribed by its ARN is a closure that was attached under its name ([`Topics::attach`]). [`Topic::typed`] publishes
//! and receives Rust values.
//!
//! The program itself listens through a channel ([`Topic::channel`]) or a closure ([`Topic::on_message`]) for as long as it runs, or
//! wants to. [`Lag`] is what is done when it does not keep up.
//!
//! # Guarantees
//! - **Durability**: `Ok` from a change means that a power cut no longer takes it away (with the engine's default durability).
//! - **Atomicity**: queues and streams that are subscribed have a message in the commit that publishes it, all of them or none. For
//!   all other endpoints that commit keeps what is to be delivered: it is delivered at least once, tried again by the delivery
//!   policy, and goes to the subscription's dead-letter queue after the last attempt.
//! - **Order**: a first-in-first-out topic (a name that ends in `.fifo`) gives queues its messages in the order of its sequence
//!   numbers, and knows a message that is published again within five minutes. A standard topic promises no order. Channels and closures
//!   of any topic get messages once, in the order of their commits. (A transaction that only publishes to channels and closures writes
//!   nothing: its message may come before one whose commit has just become visible.)
//! - **Filters** are exact: a subscription gets a message if and only if its policy, as it was when the message was published, wants
//!   it. See [`filter`].
//! - **Time** is the engine's clock: deduplication, retries, the two days in which a subscription can be confirmed, archives and
//!   replays. A test moves it by hand.
//! - **One commit across services**: each operation that changes something has a form that ends in `_in` and joins the caller's
//!   transaction.
//! - **Errors**: [`Error::code`] is the service's error code and `Display` its message, where that is known.
//! - **Threads**: handles are cheap to clone and can be used from any thread. Open the service once and clone it.
//!
//! # Limits
//! Messages, and batches together, of 256 KiB with their attributes, or as the topic's `MaximumMessageSize` says, up to 1 MiB.
//! Topic names of 256 characters, 50 tags and a policy of 30,720 bytes for each topic. Filter policies of the forms that the service takes:
//! five keys, 150 combinations of values, 200 for each topic; those of the Rust interface
//! ([`SubscribeOptions::filter_policy`]) are not counted. Topics and subscriptions are limited by the store only.
//!
//! # What it is not
//! It has no accounts or regions besides those in its ARNs, and encrypts and authorizes nothing: policies, keys and roles are kept
//! and shown. It sends no mail and no text message. It is no broker: one process holds the store, and the wire protocol is the
//! server's.

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
mod large_messages;
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
mod signing_certificate;
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
