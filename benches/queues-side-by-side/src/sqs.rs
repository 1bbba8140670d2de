//! Servers that speak SQS: Millpond's own, and moto.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Failure,
    http::Connection,
    queue::{Consumer, Producer, Promise, Store, Subject},
    server::{self, Server},
};

/// The least that the protocol lets a receive wait.
const WAIT_SECONDS: u32 = 1;

pub(crate) fn millpond(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let port = server::free_port()?;
    let mut command = server::command(program);
    command.args(["serve", "--aws-addr", &format!("127.0.0.1:{port}"), "--data-dir"]).arg(dir.join("millpond-served"));
    let server = Server::start(&mut command, dir.join("millpond.log"))?;
    let settings = "its defaults: each answer is synced; SQS's JSON protocol over connections that are kept".to_owned();
    let store = Box::new(Sqs::open(server, port)?);
    Ok(vec![Subject { name: "Millpond HTTP", promise: Promise::Synced, repeats: false, settings, store }])
}

pub(crate) fn moto(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let port = server::free_port()?;
    let mut command = server::command(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let server = Server::start(&mut command, dir.join("moto.log"))?;
    let settings =
        "in memory; SQS's JSON protocol; it gives a message to two receivers now and then, which is let pass"
            .to_owned();
    let store = Box::new(Sqs::open(server, port)?);
    Ok(vec![Subject { name: "moto", promise: Promise::NotSynced, repeats: true, settings, store }])
}

struct Sqs {
    address: SocketAddr,
    queue_url: String,
    _server: Server,
}

impl Sqs {
    fn open(mut server: Server, port: u16) -> Result<Sqs, Failure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let queue_url = server.wait(|| {
            let create = json!({ "QueueName": "jobs" }).to_string();
            let answer: Value = serde_json::from_slice(Connection::open(address)?.ask("CreateQueue", &create)?)?;
            Ok(answer.get("QueueUrl").and_then(Value::as_str).ok_or("a queue without a URL")?.to_owned())
        })?;
        Ok(Sqs { address, queue_url, _server: server })
    }

    fn client(&self) -> Result<Client<'_>, Failure> {
        let connection = Connection::open(self.address)?;
        Ok(Client { connection, queue_url: &self.queue_url, body: String::new(), received: Vec::new() })
    }
}

impl Store for Sqs {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(self.client()?))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        Ok(Box::new(self.client()?))
    }
}

struct Client<'a> {
    connection: Connection,
    queue_url: &'a str,
    body: String,
    /// The receipt handles.
    received: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Messages {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    body: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outcomes {
    #[serde(default)]
    successful: Vec<Value>,
}

impl Client<'_> {
    fn ask<'a, T: Deserialize<'a>>(&'a mut self, action: &str) -> Result<T, Failure> {
        Ok(serde_json::from_slice(self.connection.ask(action, &self.body)?)?)
    }

    /// Asks for the same with each of up to ten entries, and sees that all of them went well.
    fn ask_batch(&mut self, action: &str, name: &str, values: &[String]) -> Result<(), Failure> {
        let queue_url = self.queue_url;
        self.body.clear();
        write!(self.body, r#"{{"QueueUrl":"{queue_url}","Entries":["#)?;
        for (at, value) in values.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(self.body, r#"{comma}{{"Id":"{at}","{name}":"{value}"}}"#)?;
        }
        self.body.push_str("]}");
        let outcomes: Outcomes = self.ask(action)?;
        let successful = outcomes.successful.len();
        if successful == values.len() {
            Ok(())
        } else {
            Err(format!("{action}: {successful} of {}", values.len()).into())
        }
    }
}

impl Producer for Client<'_> {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        let [body] = bodies else { return self.ask_batch("SendMessageBatch", "MessageBody", bodies) };
        let queue_url = self.queue_url;
        self.body.clear();
        write!(self.body, r#"{{"QueueUrl":"{queue_url}","MessageBody":"{body}"}}"#)?;
        let sent: Value = self.ask("SendMessage")?;
        sent.get("MessageId").map(|_| ()).ok_or_else(|| "a message without an id".into())
    }
}

impl Consumer for Client<'_> {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        let queue_url = self.queue_url;
        self.body.clear();
        write!(
            self.body,
            r#"{{"QueueUrl":"{queue_url}","MaxNumberOfMessages":{most},"WaitTimeSeconds":{WAIT_SECONDS}}}"#
        )?;
        let Messages { messages } = self.ask("ReceiveMessage")?;
        let (bodies, received) = messages.into_iter().map(|message| (message.body, message.receipt_handle)).unzip();
        self.received = received;
        Ok(bodies)
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        let received = std::mem::take(&mut self.received);
        let [receipt_handle] = received.as_slice() else {
            return self.ask_batch("DeleteMessageBatch", "ReceiptHandle", &received);
        };
        let queue_url = self.queue_url;
        self.body.clear();
        write!(self.body, r#"{{"QueueUrl":"{queue_url}","ReceiptHandle":"{receipt_handle}"}}"#)?;
        self.connection.ask("DeleteMessage", &self.body)?;
        Ok(())
    }
}
