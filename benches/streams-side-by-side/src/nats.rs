//! NATS JetStream: one stream on file, each publish acknowledged, and a pull consumer that acknowledges nothing.

use std::{collections::VecDeque, fs, path::Path};

use async_nats::jetstream::{
    self, Context,
    consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
    context::PublishAckFuture,
    stream::{self, StorageType},
};
use futures_util::{StreamExt as _, future::try_join_all};
use tokio::runtime::Runtime;

use crate::{
    Failure,
    record::Record,
    server::{self, Process},
    store::{AHEAD, PAGE, Pipeline, Producer, Promise, Reader, See, Store, Subject},
};

const STREAM: &str = "log";

pub(crate) fn start(program: &Path, dir: &Path) -> Result<Subject, Failure> {
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
    let mut process = Process::start(server::command(program).arg("-c").arg(&file), dir.join("nats.log"))?;
    let address = format!("127.0.0.1:{port}");
    let runtime = runtime()?;
    process.wait(|| runtime.block_on(create(&address)))?;
    let (promise, sync) = if syncs {
        (Promise::Synced, "`sync_interval: always`")
    } else {
        (Promise::NotSynced, "this version has no `sync_interval` and syncs every two minutes")
    };
    let settings = format!(
        "{version}; one stream with file storage, {sync}; publishes are acknowledged; read by a pull consumer without \
         acknowledgements, {PAGE} messages a fetch"
    );
    let store = Box::new(Nats { address, _process: process });
    Ok(Subject { name: "NATS JetStream", promise, settings, store })
}

/// `sync_interval` came with 2.10.
fn syncs(version: &str) -> bool {
    let numbers = version.split('v').next_back().unwrap_or_default();
    let mut numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(2), Some(10))
}

/// Each client runs on its own thread, as those of the other stores do.
fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn connect(address: &str) -> Result<Context, Failure> {
    Ok(jetstream::new(async_nats::connect(address).await?))
}

async fn create(address: &str) -> Result<(), Failure> {
    let stream = stream::Config { name: STREAM.to_owned(), storage: StorageType::File, ..stream::Config::default() };
    connect(address).await?.create_stream(stream).await?;
    Ok(())
}

struct Nats {
    address: String,
    _process: Process,
}

impl Nats {
    fn sender(&self) -> Result<Sender, Failure> {
        let runtime = runtime()?;
        let context = runtime.block_on(connect(&self.address))?;
        Ok(Sender { context, waiting: VecDeque::new(), runtime })
    }
}

impl Store for Nats {
    fn clear(&mut self) -> Result<(), Failure> {
        runtime()?.block_on(async {
            connect(&self.address).await?.delete_stream(STREAM).await?;
            create(&self.address).await
        })
    }

    fn producer(&self, _number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(self.sender()?))
    }

    fn pipeline(&self, _number: usize) -> Result<Option<Box<dyn Pipeline + '_>>, Failure> {
        Ok(Some(Box::new(self.sender()?)))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        let runtime = runtime()?;
        let config =
            pull::Config { ack_policy: AckPolicy::None, deliver_policy: DeliverPolicy::All, ..pull::Config::default() };
        let consumer = runtime.block_on(async {
            let stream = connect(&self.address).await?.get_stream(STREAM).await?;
            Ok::<_, Failure>(stream.create_consumer(config).await?)
        })?;
        Ok(Box::new(Pages { consumer, runtime }))
    }
}

struct Sender {
    context: Context,
    waiting: VecDeque<PublishAckFuture>,
    runtime: Runtime,
}

impl Producer for Sender {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let mut published = Vec::with_capacity(records.len());
            for record in records {
                published.push(self.context.publish(STREAM, record.to_vec().into()).await?.into_future());
            }
            try_join_all(published).await?;
            Ok(())
        })
    }
}

impl Pipeline for Sender {
    fn append(&mut self, record: &Record) -> Result<usize, Failure> {
        self.runtime.block_on(async {
            self.waiting.push_back(self.context.publish(STREAM, record.to_vec().into()).await?);
            let mut acknowledged = 0;
            while self.waiting.len() > AHEAD
                && let Some(oldest) = self.waiting.pop_front()
            {
                oldest.await?;
                acknowledged += 1;
            }
            Ok(acknowledged)
        })
    }

    fn settle(&mut self) -> Result<usize, Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        Ok(self.runtime.block_on(try_join_all(waiting.into_iter().map(IntoFuture::into_future)))?.len())
    }
}

struct Pages {
    consumer: PullConsumer,
    runtime: Runtime,
}

impl Reader for Pages {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        self.runtime.block_on(async {
            let mut count = 0;
            let mut messages = self.consumer.fetch().max_messages(PAGE).messages().await?;
            while let Some(message) = messages.next().await {
                see(&message?.payload)?;
                count += 1;
            }
            Ok(count)
        })
    }
}
