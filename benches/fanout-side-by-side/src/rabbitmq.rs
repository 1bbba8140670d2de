//! RabbitMQ: a durable fan-out exchange bound to durable queues, persistent messages, publisher confirms.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tokio::runtime::Runtime;

use crate::{
    Failure,
    server::{self, Server},
    store::{Fan, Promise, Publisher, QUEUES, Store, Subject},
};

const PERSISTENT: u8 = 2;
/// Publishers share them in turn: one alone would be read by one process of the server.
const CONNECTIONS: usize = 4;

/// Both kinds of queues are of one server.
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
    let mut connections = vec![server.wait(|| Ok(connect()?))?];
    while connections.len() < CONNECTIONS {
        connections.push(connect()?);
    }
    let version = version(&log)?;
    let next = AtomicUsize::new(0);
    let broker = Arc::new(Broker { connections, next, runtime, _server: server, _names: names });

    let subject = |name, kind: Kind, promise, said: &str| Subject {
        name,
        promise,
        publishers: &[1, 8, 64],
        settings: format!(
            "RabbitMQ {version}; a durable fan-out exchange bound to {QUEUES} {said}; persistent messages, publisher confirms, \
             {CONNECTIONS} connections and a channel for each publisher"
        ),
        store: Box::new(RabbitMq { broker: Arc::clone(&broker), kind }),
    };
    Ok(vec![
        subject(
            "RabbitMQ classic",
            Kind::Classic,
            Promise::NotSynced,
            "durable classic queues, version 2 (confirmed without a sync)",
        ),
        subject(
            "RabbitMQ quorum",
            Kind::Quorum,
            Promise::Synced,
            "quorum queues of one server (confirmed when its log is synced)",
        ),
    ])
}

/// As the banner of the server says; `rabbitmqctl` would start a register of names and leave it behind.
fn version(log: &Path) -> Result<String, Failure> {
    let log = fs::read_to_string(log)?;
    let (_, said) = log.split_once("##      RabbitMQ ").ok_or("RabbitMQ does not say its version")?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Classic,
    Quorum,
}

impl Kind {
    fn arguments(self) -> FieldTable {
        let mut table = FieldTable::default();
        let kind = match self {
            Kind::Classic => "classic",
            Kind::Quorum => "quorum",
        };
        table.insert("x-queue-type".into(), AMQPValue::LongString(kind.into()));
        if matches!(self, Kind::Classic) {
            table.insert("x-queue-version".into(), AMQPValue::LongInt(2));
        }
        table
    }
}

struct Broker {
    connections: Vec<Connection>,
    next: AtomicUsize,
    runtime: Runtime,
    _server: Server,
    _names: Server,
}

impl Broker {
    fn channel(&self) -> Result<Channel, Failure> {
        let at = self.next.fetch_add(1, Relaxed) % self.connections.len();
        let connection = self.connections.get(at).ok_or("no connection")?;
        Ok(self.runtime.block_on(connection.create_channel())?)
    }
}

struct RabbitMq {
    broker: Arc<Broker>,
    kind: Kind,
}

impl Store for RabbitMq {
    fn fan(&self, round: u32) -> Result<Box<dyn Fan + '_>, Failure> {
        let exchange = format!("fan-{round}-{:?}", self.kind);
        let queues: Vec<_> = (0..QUEUES).map(|at| format!("{exchange}-{at}")).collect();
        let channel = self.broker.channel()?;
        self.broker.runtime.block_on(async {
            let none = FieldTable::default;
            let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            channel.exchange_declare(exchange.as_str().into(), ExchangeKind::Fanout, durable, none()).await?;
            for queue in &queues {
                let queue = queue.as_str();
                channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), self.kind.arguments()).await?;
                let options = QueueBindOptions::default();
                channel.queue_bind(queue.into(), exchange.as_str().into(), "".into(), options, none()).await?;
            }
            Ok::<_, Failure>(())
        })?;
        Ok(Box::new(Ten { broker: &self.broker, exchange, queues, channel }))
    }
}

struct Ten<'a> {
    broker: &'a Broker,
    exchange: String,
    queues: Vec<String>,
    channel: Channel,
}

impl Fan for Ten<'_> {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, Failure> {
        let channel = self.broker.channel()?;
        self.broker.runtime.block_on(channel.confirm_select(ConfirmSelectOptions::default()))?;
        Ok(Box::new(Client { channel, exchange: &self.exchange, runtime: &self.broker.runtime }))
    }

    fn counts(&self) -> Result<Vec<u64>, Failure> {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let count = |queue: &String| {
            let declared = self.channel.queue_declare(queue.as_str().into(), passive, FieldTable::default());
            Ok(self.broker.runtime.block_on(declared)?.message_count().into())
        };
        self.queues.iter().map(count).collect()
    }

    fn some_of(&self, queue: usize) -> Result<Vec<String>, Failure> {
        let queue = self.queues.get(queue).ok_or("no such queue")?;
        let mut texts = Vec::new();
        for _ in 0..10 {
            let options = BasicGetOptions { no_ack: true };
            let got = self.broker.runtime.block_on(self.channel.basic_get(queue.as_str().into(), options))?;
            let Some(message) = got else { break };
            texts.push(String::from_utf8(message.delivery.data)?);
        }
        Ok(texts)
    }

    fn end(self: Box<Self>) -> Result<(), Failure> {
        self.broker.runtime.block_on(async {
            self.channel.exchange_delete(self.exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
            for queue in &self.queues {
                self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
            }
            self.channel.close(200, "done".into()).await?;
            Ok(())
        })
    }
}

struct Client<'a> {
    channel: Channel,
    exchange: &'a str,
    runtime: &'a Runtime,
}

impl Publisher for Client<'_> {
    fn publish(&mut self, texts: &[String]) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let mut published = Vec::with_capacity(texts.len());
            for text in texts {
                let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
                // What no queue takes would come back.
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let exchange = self.exchange.into();
                published
                    .push(self.channel.basic_publish(exchange, "".into(), options, text.as_bytes(), properties).await?);
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

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.channel.close(200, "done".into()));
    }
}
