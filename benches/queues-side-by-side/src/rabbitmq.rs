//! RabbitMQ: a durable classic queue (version 2) and a quorum queue of one server, persistent messages, publisher confirms.

use std::{fs, path::Path, sync::Arc};

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    Failure,
    queue::{Consumer, PREFETCH, Producer, Promise, Store, Subject, WAIT},
    server::{self, Server},
};

const CLASSIC: &str = "classic";
const QUORUM: &str = "quorum";
const PERSISTENT: u8 = 2;

/// Both queues are of one server.
pub(crate) fn start(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let data = dir.join("rabbitmq");
    fs::create_dir(&data)?;
    let (port, node_port, names_port) = (server::free_port()?, server::free_port()?, server::free_port()?);
    let none = data.join("none");
    fs::write(&none, "")?;
    fs::write(data.join("enabled_plugins"), "[].")?;

    let log = dir.join("rabbitmq.log");
    // Erlang's register of names, which a node would else start for itself and leave behind.
    let mut names = server::command("epmd");
    names.args(["-port", &names_port.to_string(), "-address", "127.0.0.1"]);
    let names = Server::start(&mut names, dir.join("epmd.log"))?;
    let mut command = server::command(program);
    command
        .current_dir(&data)
        .env("HOME", &data) // of the cookie, which Erlang makes
        .env("ERL_EPMD_PORT", names_port.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RUNNING_UNDER_SYSTEMD", "true") // the script becomes the server, and does not stay beside it
        .env("HOSTNAME", "localhost")
        .env("RABBITMQ_NODENAME", format!("bench{port}@localhost"))
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_DIST_PORT", node_port.to_string())
        .env("RABBITMQ_MNESIA_BASE", data.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", data.join("log"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", data.join("config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", data.join("enabled_plugins"))
        .env("RABBITMQ_PID_FILE", data.join("pid"))
        .env("RABBITMQ_CONF_ENV_FILE", &none)
        .env("RABBITMQ_CONFIG_FILE", data.join("rabbitmq"));
    let mut server = Server::start(&mut command, log.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let address = format!("amqp://127.0.0.1:{port}/%2f");
    let connect = || runtime.block_on(Connection::connect(&address, ConnectionProperties::default()));
    let publishes = server.wait(|| Ok(connect()?))?;
    let consumes = connect()?;
    runtime.block_on(declare(&publishes))?;
    let version = version(&log)?;
    let broker = Arc::new(Broker { publishes, consumes, runtime, _server: server, _names: names });

    let subject = |queue, name, promise, said: &str| {
        let settings = format!(
            "RabbitMQ {version}; {said}, persistent messages, publisher confirms, {PREFETCH} messages ahead of the consumer; \
             acknowledgements are not answered by this protocol"
        );
        let store = Box::new(RabbitMq { broker: Arc::clone(&broker), queue });
        Subject { name, promise, repeats: false, settings, store }
    };
    Ok(vec![
        subject(
            CLASSIC,
            "RabbitMQ classic",
            Promise::NotSynced,
            "durable classic queue, version 2 (confirmed without a sync)",
        ),
        subject(
            QUORUM,
            "RabbitMQ quorum",
            Promise::Synced,
            "quorum queue of one server (confirmed when its log is synced)",
        ),
    ])
}

/// As the banner of the server says; `rabbitmqctl` would start a register of names and leave it behind.
fn version(log: &Path) -> Result<String, Failure> {
    let log = fs::read_to_string(log)?;
    let (_, said) = log.split_once("##      RabbitMQ ").ok_or("RabbitMQ does not say its version")?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

async fn declare(connection: &Connection) -> Result<(), Failure> {
    let channel = connection.create_channel().await?;
    for (queue, options) in [
        (
            CLASSIC,
            [("x-queue-type", AMQPValue::LongString("classic".into())), ("x-queue-version", AMQPValue::LongInt(2))]
                .as_slice(),
        ),
        (QUORUM, [("x-queue-type", AMQPValue::LongString("quorum".into()))].as_slice()),
    ] {
        let mut table = FieldTable::default();
        for (name, value) in options {
            table.insert((*name).into(), value.clone());
        }
        channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), table).await?;
    }
    Ok(())
}

/// Producers and consumers have a connection each, as its makers advise, and a channel for each client.
struct Broker {
    publishes: Connection,
    consumes: Connection,
    runtime: Runtime,
    _server: Server,
    _names: Server,
}

struct RabbitMq {
    broker: Arc<Broker>,
    queue: &'static str,
}

impl Store for RabbitMq {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        let Broker { publishes, runtime, .. } = &*self.broker;
        let channel = runtime.block_on(async {
            let channel = publishes.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok::<_, Failure>(channel)
        })?;
        Ok(Box::new(Sender { channel, queue: self.queue, runtime }))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        let Broker { consumes, runtime, .. } = &*self.broker;
        let (channel, messages) = runtime.block_on(async {
            let channel = consumes.create_channel().await?;
            channel.basic_qos(PREFETCH as u16, BasicQosOptions::default()).await?;
            let options = BasicConsumeOptions::default();
            let messages = channel.basic_consume(self.queue.into(), "".into(), options, FieldTable::default()).await?;
            Ok::<_, Failure>((channel, messages))
        })?;
        Ok(Box::new(Worker { channel, messages, last: None, runtime }))
    }
}

struct Sender<'a> {
    channel: Channel,
    queue: &'static str,
    runtime: &'a Runtime,
}

impl Producer for Sender<'_> {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let mut published = Vec::with_capacity(bodies.len());
            for body in bodies {
                let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let queue = self.queue.into();
                published
                    .push(self.channel.basic_publish("".into(), queue, options, body.as_bytes(), properties).await?);
            }
            for confirmed in published {
                let confirmed = confirmed.await?;
                if !confirmed.is_ack() || confirmed.take_message().is_some() {
                    return Err("a message was not taken".into());
                }
            }
            Ok(())
        })
    }
}

struct Worker<'a> {
    channel: Channel,
    messages: lapin::Consumer,
    /// The tag of the last message received; an acknowledgement is of all before it.
    last: Option<u64>,
    runtime: &'a Runtime,
}

impl Consumer for Worker<'_> {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        let mut bodies = Vec::new();
        self.runtime.block_on(async {
            let mut next = timeout(WAIT, self.messages.next()).await.ok().flatten();
            while let Some(message) = next {
                let message = message?;
                self.last = Some(message.delivery_tag);
                bodies.push(String::from_utf8(message.data)?);
                next = if bodies.len() < most { self.messages.next().now_or_never().flatten() } else { None };
            }
            Ok(bodies)
        })
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        let Some(tag) = self.last.take() else { return Ok(()) };
        Ok(self.runtime.block_on(self.channel.basic_ack(tag, BasicAckOptions { multiple: true }))?)
    }
}

impl Drop for Worker<'_> {
    /// Else the channel keeps its consumer.
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.channel.close(200, "done".into()));
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.channel.close(200, "done".into()));
    }
}
