use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};

use millpond_engine::{Clock, Engine, Keyspace, RangeRequest, Timestamp};
use millpond_kv::{
    AttributeDefinition, AttributeValue, BillingMode, CreateTableRequest, Item, KeySchemaElement, KeyType, Kv,
    PutItemRequest, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use millpond_queue::{Changes, Queue, Queues};
use millpond_stream::{Stream, Streams};
use millpond_triggers::{Batch, Options, Record, Triggers};
use parking_lot::Mutex;

/// A multiple of all windows in these tests.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_100);

/// A store in memory with all services, whose clock stands still until it is moved.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) queues: Queues,
    pub(crate) streams: Streams,
    pub(crate) kv: Kv,
    pub(crate) triggers: Triggers,
}

impl World {
    pub(crate) fn new() -> World {
        World::over(Engine::options().clock(Clock::manual(START)).open().unwrap())
    }

    pub(crate) fn over(engine: Engine) -> World {
        World::with(engine, Options::default().threads(8))
    }

    pub(crate) fn with(engine: Engine, options: Options) -> World {
        World {
            queues: Queues::open(&engine).unwrap(),
            streams: Streams::open(&engine).unwrap(),
            kv: Kv::open(&engine).unwrap(),
            triggers: Triggers::open_with(&engine, options).unwrap(),
            engine,
        }
    }

    /// The same store in a program that was started anew.
    pub(crate) fn restarted(self) -> World {
        let World { engine, queues, streams, kv, triggers } = self;
        triggers.stop();
        drop((queues, streams, kv, triggers));
        World::over(engine)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock().now()
    }

    pub(crate) fn idle(&self) {
        self.triggers.wait_until_idle();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.engine.clock().advance(secs(seconds)).unwrap();
        self.idle();
    }

    /// So much time that any retry is due.
    pub(crate) fn pass_until(&self, is_over: impl Fn() -> bool) {
        for _ in 0..1000 {
            if is_over() {
                return;
            }
            self.pass(60);
        }
        panic!("it does not come to an end");
    }

    pub(crate) fn stream(&self, name: &str, shards: u32) -> Stream {
        self.streams.create(name, &millpond_stream::CreateOptions::shards(shards)).unwrap()
    }

    pub(crate) fn queue(&self, name: &str) -> Queue {
        self.queues.create(name, &millpond_queue::CreateOptions::default()).unwrap()
    }

    pub(crate) fn queue_with(&self, name: &str, changes: Changes) -> Queue {
        self.queues.create(name, &millpond_queue::CreateOptions { changes, ..Default::default() }).unwrap()
    }

    /// A table with a change stream.
    pub(crate) fn table(&self, name: &str) {
        let request = CreateTableRequest {
            table_name: name.into(),
            key_schema: vec![KeySchemaElement { attribute_name: "pk".into(), key_type: KeyType::Hash }],
            attribute_definitions: vec![AttributeDefinition {
                attribute_name: "pk".into(),
                attribute_type: ScalarAttributeType::S,
            }],
            billing_mode: Some(BillingMode::PayPerRequest),
            stream_specification: Some(StreamSpecification {
                stream_enabled: true,
                stream_view_type: Some(StreamViewType::NewAndOldImages),
            }),
            ..Default::default()
        };
        self.kv.create_table(&request).unwrap();
    }

    pub(crate) fn put(&self, table: &str, pk: &str, value: i64) {
        let item = Item::from([
            ("pk".to_owned(), AttributeValue::S(pk.into())),
            ("value".to_owned(), AttributeValue::N(value.into())),
        ]);
        let request = PutItemRequest { table_name: table.into(), item, ..Default::default() };
        self.kv.put_item(&request).unwrap();
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The text of a record.
pub(crate) fn text(record: &Record) -> String {
    record.text().unwrap().to_owned()
}

pub(crate) fn texts(batch: &Batch) -> Vec<String> {
    batch.records().iter().map(text).collect()
}

/// What a handler was called with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone + Debug> Log<T> {
    pub(crate) fn new() -> Self {
        Log(Arc::default())
    }

    pub(crate) fn add(&self, entry: T) {
        self.0.lock().push(entry);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().clone()
    }

    /// What came since it was last taken.
    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// The batches, as the texts of their records.
pub(crate) type Batches = Log<Vec<String>>;

pub(crate) fn append(stream: &Stream, key: &str, texts: &[&str]) {
    for text in texts {
        stream.append((key, text.to_string())).unwrap();
    }
}

pub(crate) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|nth| format!("{nth:04}")).collect()
}

pub(crate) fn append_all(stream: &Stream, key: &str, texts: &[String]) {
    let records = texts.iter().map(|text| (key.to_owned(), text.clone()));
    stream.append_batch(records).unwrap().into_iter().for_each(|placed| drop(placed.unwrap()));
}

/// The messages that a queue has now, as JSON.
pub(crate) fn documents(queue: &Queue) -> Vec<serde_json::Value> {
    let messages = queue.receive(1000, Duration::ZERO).unwrap();
    messages.iter().map(|message| serde_json::from_str(message.body()).unwrap()).collect()
}

/// The bodies of the messages that can be received now.
pub(crate) fn bodies(queue: &Queue) -> Vec<String> {
    queue.receive(1000, Duration::ZERO).unwrap().into_iter().map(millpond_queue::Message::into_body).collect()
}

pub(crate) fn rows(engine: &Engine, keyspace: &Keyspace) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let snapshot = engine.snapshot().unwrap();
    let rows = snapshot.scan(keyspace, &RangeRequest::all()).unwrap();
    rows.map(|row| row.unwrap()).map(|(key, value)| (text(&key), text(&value))).collect()
}

pub(crate) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
