//! Servers that speak SNS and SQS: Millpond's own, and moto.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    Failure,
    http::{Connection, Service},
    linked::text_of,
    server::{self, Server},
    store::{Fan, Promise, Publisher, QUEUES, Store, Subject},
};

const VERSION: &str = "2010-03-31";
const COUNT: &str = "ApproximateNumberOfMessages";

pub(crate) const MILLPOND_RAW: &str = "Millpond HTTP, raw";
const MILLPOND_ENVELOPED: &str = "Millpond HTTP, enveloped";
pub(crate) const MOTO_RAW: &str = "moto, raw";
const MOTO_ENVELOPED: &str = "moto, enveloped";

pub(crate) fn millpond(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let port = server::free_port()?;
    let mut command = server::command(program);
    command.args(["serve", "--mongo-addr", "off", "--aws-addr", &format!("127.0.0.1:{port}"), "--data-dir"]);
    command.arg(dir.join("millpond-served"));
    let server = Server::start(&mut command, dir.join("millpond.log"))?;
    let settings = "its defaults: each answer is synced; forms over connections that are kept";
    subjects(server, port, [MILLPOND_RAW, MILLPOND_ENVELOPED], Promise::Synced, settings)
}

pub(crate) fn moto(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let port = server::free_port()?;
    let mut command = server::command(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let server = Server::start(&mut command, dir.join("moto.log"))?;
    let settings = "in memory; forms over connections that are kept for as long as it keeps them; it signs nothing";
    subjects(server, port, [MOTO_RAW, MOTO_ENVELOPED], Promise::NotSynced, settings)
}

fn subjects(
    mut server: Server,
    port: u16,
    names: [&'static str; 2],
    promise: Promise,
    settings: &str,
) -> Result<Vec<Subject>, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    server.wait(|| Connection::open(address)?.ask(Service::Sqs, "ListQueues", "{}").map(str::len))?;
    let server = Arc::new(server);
    let subject = |(name, is_raw)| Subject {
        name,
        promise,
        publishers: &[1, 8],
        settings: settings.to_owned(),
        store: Box::new(Sns { address, is_raw, _server: Arc::clone(&server) }),
    };
    Ok(names.into_iter().zip([true, false]).map(subject).collect())
}

struct Sns {
    address: SocketAddr,
    is_raw: bool,
    _server: Arc<Server>,
}

impl Store for Sns {
    fn fan(&self, round: u32) -> Result<Box<dyn Fan + '_>, Failure> {
        let mut connection = Connection::open(self.address)?;
        let create = format!("Action=CreateTopic&Version={VERSION}&Name=fan-{round}-{}", self.is_raw);
        let topic_arn = element(connection.ask(Service::Sns, "CreateTopic", &create)?, "TopicArn")?.to_owned();
        let mut queue_urls = Vec::new();
        for at in 0..QUEUES {
            let name = json!({ "QueueName": format!("fan-{round}-{at}-{}", self.is_raw) });
            let url = text(&ask(&mut connection, "CreateQueue", &name)?, "/QueueUrl")?;
            let attributes = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
            let arn = text(&ask(&mut connection, "GetQueueAttributes", &attributes)?, "/Attributes/QueueArn")?;
            let subscribe = format!(
                "Action=Subscribe&Version={VERSION}&TopicArn={topic_arn}&Protocol=sqs&Endpoint={arn}\
                 &Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value={}",
                self.is_raw
            );
            connection.ask(Service::Sns, "Subscribe", &subscribe)?;
            queue_urls.push(url);
        }
        Ok(Box::new(Ten { store: self, topic_arn, queue_urls }))
    }
}

fn ask(connection: &mut Connection, action: &str, request: &Value) -> Result<Value, Failure> {
    let answer = connection.ask(Service::Sqs, action, &request.to_string())?;
    Ok(if answer.is_empty() { Value::Null } else { serde_json::from_str(answer)? })
}

fn text(answer: &Value, path: &str) -> Result<String, Failure> {
    let found = answer.pointer(path).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("an answer without {path}: {answer}"))?.to_owned())
}

/// The text of an element of an answer, which has it once.
fn element<'a>(xml: &'a str, name: &str) -> Result<&'a str, Failure> {
    let inside = xml.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    Ok(inside.ok_or_else(|| format!("an answer without {name}: {xml}"))?.0)
}

struct Ten<'a> {
    store: &'a Sns,
    topic_arn: String,
    queue_urls: Vec<String>,
}

impl Fan for Ten<'_> {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, Failure> {
        let connection = Connection::open(self.store.address)?;
        Ok(Box::new(Client { connection, topic_arn: &self.topic_arn, form: String::new() }))
    }

    fn counts(&self) -> Result<Vec<u64>, Failure> {
        let mut connection = Connection::open(self.store.address)?;
        let count = |url| {
            let request = json!({ "QueueUrl": url, "AttributeNames": [COUNT] });
            let answer = ask(&mut connection, "GetQueueAttributes", &request)?;
            Ok(text(&answer, &format!("/Attributes/{COUNT}"))?.parse()?)
        };
        self.queue_urls.iter().map(count).collect()
    }

    fn some_of(&self, queue: usize) -> Result<Vec<String>, Failure> {
        let mut connection = Connection::open(self.store.address)?;
        let url = self.queue_urls.get(queue).ok_or("no such queue")?;
        let answer = ask(&mut connection, "ReceiveMessage", &json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }))?;
        let messages = answer.get("Messages").and_then(Value::as_array).into_iter().flatten();
        messages.map(|message| text_of(&text(message, "/Body")?, self.store.is_raw)).collect()
    }

    fn end(self: Box<Self>) -> Result<(), Failure> {
        let mut connection = Connection::open(self.store.address)?;
        let delete = format!("Action=DeleteTopic&Version={VERSION}&TopicArn={}", self.topic_arn);
        connection.ask(Service::Sns, "DeleteTopic", &delete)?;
        for url in &self.queue_urls {
            ask(&mut connection, "DeleteQueue", &json!({ "QueueUrl": url }))?;
        }
        Ok(())
    }
}

struct Client<'a> {
    connection: Connection,
    topic_arn: &'a str,
    form: String,
}

impl Publisher for Client<'_> {
    fn publish(&mut self, texts: &[String]) -> Result<(), Failure> {
        let topic_arn = self.topic_arn;
        self.form.clear();
        if let [text] = texts {
            write!(self.form, "Action=Publish&Version={VERSION}&TopicArn={topic_arn}&Message={text}")?;
            return element(self.connection.ask(Service::Sns, "Publish", &self.form)?, "MessageId").map(|_| ());
        }
        write!(self.form, "Action=PublishBatch&Version={VERSION}&TopicArn={topic_arn}")?;
        for (nth, text) in (1..).zip(texts) {
            let entry = format_args!("PublishBatchRequestEntries.member.{nth}");
            write!(self.form, "&{entry}.Id={nth}&{entry}.Message={text}")?;
        }
        let answer = self.connection.ask(Service::Sns, "PublishBatch", &self.form)?;
        if answer.matches("<MessageId>").count() == texts.len() {
            Ok(())
        } else {
            Err(format!("a batch of which some messages were not taken: {answer}").into())
        }
    }
}
