//! How many deliveries a second a topic makes to a thousand subscribers in the program: channels that one thread reads, closures, and
//! channels that a thread each waits at.
//!
//! `cargo run --release -p millpond-pubsub --example fanout`
#![allow(clippy::print_stdout, reason = "it tells what it has measured")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use millpond_engine::Engine;
use millpond_pubsub::{Channel, CreateOptions, Lag, ListenOptions, RecvError, Topic, Topics};
use millpond_queue::Queues;
use millpond_stream::Streams;

const SUBSCRIBERS: usize = 1_000;
const MESSAGES: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{MESSAGES} messages to {SUBSCRIBERS} subscribers each:");
    tell("channels that one thread reads after each message", read_by_one()?);
    tell("closures", closures()?);
    tell("channels that a thread each waits at", threads()?);
    Ok(())
}

fn tell(what: &str, took: Duration) {
    println!("{:>12.0} deliveries a second: {what}", (MESSAGES * SUBSCRIBERS) as f64 / took.as_secs_f64());
}

fn topic() -> Result<Topic, Box<dyn Error>> {
    let engine = Engine::in_memory();
    let topics = Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
    Ok(topics.create("orders", &CreateOptions::default())?)
}

/// None is lost: publishers wait for those that do not keep up.
fn options() -> ListenOptions {
    ListenOptions::default().lag(Lag::Block).capacity(64)
}

fn read_by_one() -> Result<Duration, Box<dyn Error>> {
    let topic = topic()?;
    let channels: Vec<Channel> = (0..SUBSCRIBERS).map(|_| topic.channel(&options())).collect::<Result<_, _>>()?;
    let began = Instant::now();
    for _ in 0..MESSAGES {
        topic.publish("a message")?;
        for channel in &channels {
            channel.try_recv()?;
        }
    }
    Ok(began.elapsed())
}

fn closures() -> Result<Duration, Box<dyn Error>> {
    let (topic, received) = (topic()?, Arc::new(AtomicUsize::new(0)));
    let mut listening = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let received = Arc::clone(&received);
        listening.push(topic.on_message(&options(), move |_| {
            received.fetch_add(1, Ordering::Relaxed);
        })?);
    }
    let began = Instant::now();
    for _ in 0..MESSAGES {
        topic.publish("a message")?;
    }
    while received.load(Ordering::Relaxed) < MESSAGES * SUBSCRIBERS {
        thread::yield_now();
    }
    Ok(began.elapsed())
}

fn threads() -> Result<Duration, Box<dyn Error>> {
    let topic = topic()?;
    let channels: Vec<Channel> = (0..SUBSCRIBERS).map(|_| topic.channel(&options())).collect::<Result<_, _>>()?;
    let began = thread::scope(|scope| -> Result<Instant, Box<dyn Error>> {
        let receive =
            |channel: &Channel| -> Result<(), RecvError> { (0..MESSAGES).try_for_each(|_| channel.recv().map(drop)) };
        let mut receivers = Vec::new();
        for channel in &channels {
            let thread = thread::Builder::new().stack_size(64 << 10);
            receivers.push(thread.spawn_scoped(scope, move || receive(channel))?);
        }
        let began = Instant::now();
        for _ in 0..MESSAGES {
            topic.publish("a message")?;
        }
        for receiver in receivers {
            receiver.join().map_err(|_| "a receiver panicked")??;
        }
        Ok(began)
    })?;
    Ok(began.elapsed())
}
