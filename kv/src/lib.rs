//! A partitioned key-value store with DynamoDB's model, embedded in a Rust program: tables of items under a partition
//! key and an optional sort key, on the storage engine that all Millpond services share.
//!
//! ```
//! use millpond_engine::Engine;
//! use millpond_kv::model::*;
//! use millpond_kv::{AttributeValue, Item, Kv};
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let kv = Kv::open(&engine)?;
//! kv.create_table(&CreateTableRequest {
//!     table_name: "users".into(),
//!     key_schema: vec![KeySchemaElement { attribute_name: "id".into(), key_type: KeyType::Hash }],
//!     attribute_definitions: vec![AttributeDefinition {
//!         attribute_name: "id".into(),
//!         attribute_type: ScalarAttributeType::S,
//!     }],
//!     billing_mode: Some(BillingMode::PayPerRequest),
//!     ..Default::default()
//! })?;
//!
//! let text = |text: &str| AttributeValue::S(text.into());
//! kv.put_item(&PutItemRequest {
//!     table_name: "users".into(),
//!     item: Item::from([("id".into(), text("u1")), ("name".into(), text("Ada"))]),
//!     condition_expression: Some("attribute_not_exists(id)".into()),
//!     ..Default::default()
//! })?;
//! let found = kv.get_item(&GetItemRequest {
//!     table_name: "users".into(),
//!     key: Item::from([("id".into(), text("u1"))]),
//!     ..Default::default()
//! })?;
//! assert_eq!(found.item.and_then(|mut item| item.remove("name")), Some(text("Ada")));
//! # Ok::<(), millpond_kv::Error>(())
//! ```
//!
//! Rust values go in and out through serde with [`Kv::table`] and [`Table`], under [`typed::Condition`]s and by
//! [`typed::Update`]s; those of the AWS SDK for Rust with the module
//! `aws_sdk` (cargo feature `aws-sdk`).
//!
//! # Backups and recovery
//! [`Kv::create_backup`] copies a table as one moment saw it; the copy outlives the table, and
//! [`Kv::restore_table_from_backup`] makes a new table of it, with its indexes. With
//! [`Kv::update_continuous_backups`] the changes of a table are kept for up to 35 days:
//! [`Kv::restore_table_to_point_in_time`] then makes a new table of what it was at the end of any second, and
//! [`Kv::items_at`] and [`Kv::changes_between`] read that without making one. [`Kv::load_table`] makes a table of many items
//! at once. What a crash cuts short is never taken for whole: the next [`Kv::open`] removes it.
//!
//! # Guarantees
//! - **Durability**: `Ok` from a change means that a power cut no longer takes it away (with the engine's default
//!   durability). Writers that wait at the same time share one sync.
//! - **Isolation**: every operation is atomic, and conditions are checked in the same transaction as the write they
//!   guard. Every read is strongly consistent; `consistent_read` only changes the capacity that is reported. One page
//!   of a query or scan, and one `BatchGetItem`, see one moment.
//! - **One commit across services**: each operation has a form that ends in `_in` and joins the caller's transaction.
//!   Inside `engine.transact` use these forms: the others read what was committed, not what the transaction wrote.
//! - **Errors**: [`Error::code`] is the service's exception name and `Display` its message, where that is known; regions differ,
//!   see [`Wording`].
//!
//! # Limits
//! Items of 400 KB (409,600 bytes), 32 levels deep; partition keys of 2,048 bytes, sort keys of 1,024; numbers of 38
//! digits below 1E126; pages of 1 MB of evaluated items; batches of 25 writes and of 100 reads or 16 MB; transactions of
//! 100 actions and 4 MB; expressions of 4,096 bytes and 300 operators, with names and values of 2 MB; PartiQL
//! statements of 8,192 characters and 300 operators, of which a batch has 25; 1,000,000 segments of a parallel scan; 5 local and 20 global secondary indexes of a table.
//!
//! # What it is not
//! It throttles nothing unless it is [told to](Options::throttle): capacity is reported, not enforced. It has no accounts or regions: a table is its name, and an
//! ARN stands for the name it ends in. The wire protocol is the server's.

#[cfg(feature = "aws-sdk")]
pub mod aws_sdk;
mod backup;
mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod capacity;
mod catalog;
mod change_format;
mod constraints;
mod contributor_insights;
mod create_table;
mod delete_item;
mod delete_table;
mod describe_table;
mod error;
mod execute_statement;
mod execute_transaction;
mod expression;
mod get_item;
mod index;
mod item_collection;
mod key;
mod kinesis_destination;
mod kv;
mod layout;
mod list_tables;
pub mod model;
mod options;
mod page;
mod partiql;
mod put_item;
mod query;
mod read_item;
mod record;
mod resource_policy;
mod scan;
mod settings;
mod source;
mod streams;
mod sweep;
mod table;
mod tags;
mod throttle;
mod time_to_live;
mod tokens;
mod transact_get_items;
mod transact_write_items;
mod transaction;
pub mod typed;
mod update_item;
mod update_table;
pub mod value;
mod wording;
mod write_item;

pub use backup::items::{ChangePages, ItemPages};
pub use backup::table_loader::TableLoader;
pub use change_format::{ChangeFormat, TableChange};
pub use constraints::{Constraints, named_table as check_named_table, table_name as check_table_name};
pub use error::{Error, Result};
pub use kv::Kv;
pub use model::*;
pub use options::Options;
pub use streams::ChangeLog;
pub use typed::Table;
pub use value::{AttributeValue, Item, Number};
pub use wording::Wording;
