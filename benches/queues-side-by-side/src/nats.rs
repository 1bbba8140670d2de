//! NATS JetStream: a stream on file from which a message is taken when it is acknowledged, and one durable pull consumer.

use std::{fs, path::Path};

use async_nats::jetstream::{
    self, AckKind, Context, Message,
    consumer::{AckPolicy, PullConsumer, pull},
    stream::{self, RetentionPolicy, StorageType},
};
use futures_util::{FutureExt as _, StreamExt as _, future::try_join_all};
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    Failure,
    queue::{Consumer, PREFETCH, Producer, Promise, Store, Subject, WAIT},
    server::{self, Server},
};

const STREAM: &str = "jobs";
const WORKERS: &str = "workers";

pub(crate) fn start(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let (data, port) = (dir.join("nats"), server::free_port()?);
    fs::create_dir(&data)?;
    let version = server::version(program, "--version")?;
    let syncs = syncs(&version);
    let file = dir.join("nats.conf");
    let sync_interval = if syncs { "sync_interval: always" } else { "" };
    fs::write(
        &file,
        format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\"\n{sync_interval} }}\n", data.display()),
    )?;
    let mut server = Server::start(server::command(program).arg("-c").arg(&file), dir.join("nats.log"))?;
    let address = format!("127.0.0.1:{port}");
    let runtime = runtime()?;
    server.wait(|| runtime.block_on(create(&address)))?;
    let (promise, sync) = match syncs {
        true => (Promise::Synced, "`sync_interval: always`"),
        false => (Promise::NotSynced, "this version has no `sync_interval` and syncs every two minutes"),
    };
    let settings = format!(
        "{version}; file storage, work-queue retention, {sync}; publishes are acknowledged, acknowledgements too; a pull \
         consumer with {PREFETCH} messages ahead"
    );
    let store = Box::new(Nats { address, _server: server });
    Ok(vec![Subject { name: "NATS JetStream", promise, repeats: false, settings, store }])
}

/// `sync_interval` came with 2.10.
fn syncs(version: &str) -> bool {
    let numbers = version.split('v').next_back().unwrap_or_default();
    let mut numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(2), Some(10))
}

async fn create(address: &str) -> Result<(), Failure> {
    let context = jetstream::new(async_nats::connect(address).await?);
    let stream = stream::Config {
        name: STREAM.to_owned(),
        storage: StorageType::File,
        retention: RetentionPolicy::WorkQueue,
        ..stream::Config::default()
    };
    let consumer = pull::Config {
        durable_name: Some(WORKERS.to_owned()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: 10_000,
        ..pull::Config::default()
    };
    context.create_stream(stream).await?.create_consumer(consumer).await?;
    Ok(())
}

/// Each client runs on its own thread, as those of the other stores do.
fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

struct Nats {
    address: String,
    _server: Server,
}

impl Store for Nats {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        let runtime = runtime()?;
        let connect = async { Ok::<_, Failure>(jetstream::new(async_nats::connect(&self.address).await?)) };
        let context = runtime.block_on(connect)?;
        Ok(Box::new(Sender { context, runtime }))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        let runtime = runtime()?;
        let messages = runtime.block_on(async {
            let context = jetstream::new(async_nats::connect(&self.address).await?);
            let consumer: PullConsumer =
                context.get_stream(STREAM).await?.get_consumer(WORKERS).await.map_err(stringly)?;
            Ok::<_, Failure>(consumer.stream().max_messages_per_batch(PREFETCH).messages().await?)
        })?;
        Ok(Box::new(Worker { messages, received: Vec::new(), runtime }))
    }
}

/// The client's own errors that are not `Send + Sync + 'static` by name.
fn stringly(error: impl ToString) -> Failure {
    error.to_string().into()
}

struct Sender {
    context: Context,
    runtime: Runtime,
}

impl Producer for Sender {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let mut published = Vec::with_capacity(bodies.len());
            for body in bodies {
                published.push(self.context.publish(STREAM, body.clone().into()).await?.into_future());
            }
            try_join_all(published).await?;
            Ok(())
        })
    }
}

struct Worker {
    messages: pull::Stream,
    received: Vec<Message>,
    runtime: Runtime,
}

impl Consumer for Worker {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        self.received.clear();
        self.runtime.block_on(async {
            let mut next = timeout(WAIT, self.messages.next()).await.ok().flatten();
            while let Some(message) = next {
                self.received.push(message?);
                next = if self.received.len() < most { self.messages.next().now_or_never().flatten() } else { None };
            }
            Ok::<_, Failure>(())
        })?;
        let text = |message: &Message| Ok(std::str::from_utf8(&message.payload)?.to_owned());
        self.received.iter().map(text).collect()
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        let acknowledged = self.received.iter().map(|message| message.double_ack_with(AckKind::Ack));
        self.runtime.block_on(try_join_all(acknowledged))?;
        Ok(())
    }
}
