//! One message to a thousand subscribers in the program, from the call that publishes it until the last one has received it.
#![allow(missing_docs, reason = "criterion's macros make public functions without docs")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millpond_engine::Engine;
use millpond_pubsub::{Channel, CreateOptions, Lag, ListenOptions, Topic, Topics};
use millpond_queue::Queues;
use millpond_stream::Streams;

const SUBSCRIBERS: usize = 1_000;
/// So many messages are published before the first is waited for, where subscribers run beside the publisher.
const AHEAD: usize = 16;

fn topic() -> Topic {
    let engine = Engine::in_memory();
    let topics = Topics::open(&Queues::open(&engine).unwrap(), &Streams::open(&engine).unwrap()).unwrap();
    topics.create("orders", &CreateOptions::default()).unwrap()
}

fn options(lag: Lag) -> ListenOptions {
    ListenOptions::default().lag(lag).capacity(AHEAD)
}

/// What subscribers that run beside the publisher have received.
#[derive(Default)]
struct Received {
    count: AtomicUsize,
}

impl Received {
    fn one(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn publish(&self, topic: &Topic, messages: usize) {
        let all = self.count.load(Ordering::Relaxed) + messages * SUBSCRIBERS;
        (0..messages).for_each(|_| drop(topic.publish_async("a message").unwrap()));
        while self.count.load(Ordering::Relaxed) < all {
            thread::yield_now();
        }
    }
}

fn channels(c: &mut Criterion) {
    let mut group = c.benchmark_group("one message to 1,000 subscribers");
    group.throughput(Throughput::Elements(SUBSCRIBERS as u64));
    for lag in [Lag::Spill, Lag::DropOldest, Lag::Block] {
        let topic = topic();
        let channels: Vec<Channel> = (0..SUBSCRIBERS).map(|_| topic.channel(&options(lag)).unwrap()).collect();
        group.bench_function(format!("channels, {lag:?}, one thread"), |b| {
            b.iter(|| {
                topic.publish("a message").unwrap();
                channels.iter().for_each(|channel| drop(channel.try_recv().unwrap()));
            });
        });
    }
    group.finish();
}

fn beside(c: &mut Criterion) {
    let mut group = c.benchmark_group(format!("{AHEAD} messages to 1,000 subscribers"));
    group.throughput(Throughput::Elements((AHEAD * SUBSCRIBERS) as u64));

    let (closures, received) = (topic(), Arc::<Received>::default());
    let listening: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| {
            let received = Arc::clone(&received);
            closures.on_message(&options(Lag::Block), move |_| received.one()).unwrap()
        })
        .collect();
    group.bench_function("closures", |b| b.iter(|| received.publish(&closures, AHEAD)));
    drop(listening);

    let (tasks, received) = (topic(), Arc::<Received>::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for _ in 0..SUBSCRIBERS {
        let (received, channel) = (Arc::clone(&received), tasks.channel(&options(Lag::Block)).unwrap());
        runtime.spawn(async move {
            while channel.recv_async().await.is_ok() {
                received.one();
            }
        });
    }
    group.bench_function("tokio tasks", |b| b.iter(|| received.publish(&tasks, AHEAD)));
    drop(runtime);

    let (threads, received) = (topic(), Received::default());
    let channels: Vec<Channel> = (0..SUBSCRIBERS).map(|_| threads.channel(&options(Lag::Block)).unwrap()).collect();
    let receive = |channel: &Channel| {
        while channel.recv().is_ok_and(|message| message.text() != "end") {
            received.one();
        }
    };
    thread::scope(|scope| {
        for channel in &channels {
            let receive = &receive;
            thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, move || receive(channel)).unwrap();
        }
        group.bench_function("threads", |b| b.iter(|| received.publish(&threads, AHEAD)));
        threads.publish("end").unwrap();
    });
    group.finish();
}

criterion_group!(benches, channels, beside);
criterion_main!(benches);
