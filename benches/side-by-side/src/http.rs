//! A client that costs little beside any server: one connection that is kept, requests written as text, answers read into
//! a buffer that is used again. The signature is one that is never verified by any of these servers.

use std::{
    fmt::Write as _,
    io::{Read, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use memchr::memmem;
use serde_json::{Value, json};

use crate::{
    Failure,
    store::{Client, Store},
    workload::{
        CONDITION, Fields, KEY_CONDITION, NAME, Operation, PARTITION, TABLE, TEXT, UPDATE, partition_key, sort_key,
    },
};

/// A server that hangs ends the run.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn table() -> String {
    json!({
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    })
    .to_string()
}

/// A server's address.
pub(crate) struct Remote(pub(crate) SocketAddr);

impl Store for Remote {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(Connection::open(self.0)?))
    }
}

pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    body: String,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Where in `answer` the body is.
    content: std::ops::Range<usize>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Connection, Failure> {
        let (body, request, answer) = (String::new(), Vec::new(), Vec::new());
        Ok(Connection { address, stream: connect(address)?, body, request, answer, content: 0..0 })
    }

    /// Sends `self.body`, and gives the answer's if its status is 200.
    pub(crate) fn ask(&mut self, target: &str) -> Result<&[u8], Failure> {
        self.request.clear();
        write!(
            self.request,
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: \
             DynamoDB_20120810.{target}\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=any/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, \
             Signature=0\r\nContent-Length: {}\r\n\r\n{}",
            self.address,
            self.body.len(),
            self.body
        )?;
        self.stream.write_all(&self.request)?;
        let (status, keeps) = self.receive()?;
        if !keeps {
            self.stream = connect(self.address)?;
        }
        let content = self.answer.get(self.content.clone()).unwrap_or_default();
        if status != 200 {
            return Err(format!("{target}: status {status}: {}", String::from_utf8_lossy(content)).into());
        }
        Ok(content)
    }

    fn receive(&mut self) -> Result<(u16, bool), Failure> {
        let mut read = 0;
        let head = loop {
            read += self.read_some(read)?;
            if let Some(head) = head(self.answer.get(..read).unwrap_or_default())? {
                break head;
            }
        };
        self.content = head.bytes..head.bytes + head.length;
        while read < self.content.end {
            read += self.read_some(read)?;
        }
        Ok((head.status, head.keeps))
    }

    fn read_some(&mut self, at: usize) -> Result<usize, Failure> {
        if self.answer.len() < at + (32 << 10) {
            self.answer.resize(at + (64 << 10), 0);
        }
        match self.stream.read(self.answer.get_mut(at..).unwrap_or_default())? {
            0 => Err("the server closed the connection in the middle of an answer".into()),
            count => Ok(count),
        }
    }

    fn ask_json(&mut self, target: &str) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(self.ask(target)?)?)
    }

    fn write_request(&mut self, operation: Operation, row: usize) -> std::fmt::Result {
        self.body.clear();
        let body = &mut self.body;
        match operation {
            Operation::Put => {
                write!(body, r#"{{"TableName":"{TABLE}","Item":"#)?;
                write_item(body, row)?;
                body.write_str("}")
            }
            Operation::Get => write!(body, r#"{{"TableName":"{TABLE}","Key":{{{}}}}}"#, Key(row)),
            Operation::Query => write!(
                body,
                r#"{{"TableName":"{TABLE}","KeyConditionExpression":"{KEY_CONDITION}","ExpressionAttributeValues":{{":p":{{"S":"{}"}}}}}}"#,
                partition_key(row)
            ),
            Operation::Update => write!(
                body,
                r#"{{"TableName":"{TABLE}","Key":{{{}}},"UpdateExpression":"{UPDATE}","ConditionExpression":"{CONDITION}","ExpressionAttributeValues":{{":one":{{"N":"1"}},":zero":{{"N":"0"}}}},"ReturnValues":"UPDATED_NEW"}}"#,
                Key(row)
            ),
        }
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// What an answer begins with.
struct Head {
    bytes: usize,
    length: usize,
    status: u16,
    keeps: bool,
}

/// `None` if more of it has to be read.
fn head(bytes: &[u8]) -> Result<Option<Head>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let length = value("content-length").ok_or("an answer without Content-Length")?.parse()?;
    let keeps = match value("connection") {
        Some(connection) => !connection.eq_ignore_ascii_case("close"),
        None => response.version == Some(1),
    };
    Ok(Some(Head { bytes: head, length, status: response.code.unwrap_or(0), keeps }))
}

/// The members of a key.
struct Key(usize);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, r#""pk":{{"S":"{}"}},"sk":{{"N":"{}"}}"#, partition_key(self.0), sort_key(self.0))
    }
}

fn write_item(body: &mut String, row: usize) -> std::fmt::Result {
    let (name, text) = (NAME.as_str(), TEXT.as_str());
    write!(body, r#"{{{},"name":{{"S":"{name}"}},"text":{{"S":"{text}"}},"amount":{{"N":"0"}}}}"#, Key(row))
}

fn contains(answer: &[u8], part: &str) -> bool {
    memmem::find(answer, part.as_bytes()).is_some()
}

/// Servers differ in whether a space stands behind the colon.
fn counts(answer: &[u8], count: usize) -> bool {
    contains(answer, &format!("\"Count\":{count}")) || contains(answer, &format!("\"Count\": {count}"))
}

fn fields(item: &Value) -> Result<Fields, Failure> {
    let item = item.as_object().ok_or("an item is no object")?;
    let field = |(name, value): (&String, &Value)| {
        let text = value.get("S").or_else(|| value.get("N")).and_then(Value::as_str);
        Ok((name.clone(), text.ok_or_else(|| format!("{name} is {value}"))?.to_owned()))
    };
    item.iter().map(field).collect()
}

impl Connection {
    /// Whether a server answers at all.
    pub(crate) fn is_served(&mut self) -> bool {
        self.body = "{}".to_owned();
        self.ask("ListTables").is_ok()
    }
}

impl Client for Connection {
    fn create_table(&mut self) -> Result<(), Failure> {
        self.body = table();
        self.ask("CreateTable")?;
        self.body = json!({ "TableName": TABLE }).to_string();
        for _ in 0..100 {
            if contains(self.ask("DescribeTable")?, "\"ACTIVE\"") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the table does not become active".into())
    }

    fn fill(&mut self, partition: usize) -> Result<(), Failure> {
        let rows: Vec<usize> = (partition * PARTITION..(partition + 1) * PARTITION).collect();
        for rows in rows.chunks(25) {
            self.body.clear();
            write!(self.body, r#"{{"RequestItems":{{"{TABLE}":["#)?;
            for (at, row) in rows.iter().enumerate() {
                self.body.push_str(if at == 0 { r#"{"PutRequest":{"Item":"# } else { r#",{"PutRequest":{"Item":"# });
                write_item(&mut self.body, *row)?;
                self.body.push_str("}}");
            }
            self.body.push_str("]}}");
            self.ask("BatchWriteItem")?;
        }
        Ok(())
    }

    fn run(&mut self, operation: Operation, row: usize) -> Result<(), Failure> {
        self.write_request(operation, row)?;
        let is_right = match operation {
            Operation::Put => !contains(self.ask("PutItem")?, "__type"),
            Operation::Get => contains(self.ask("GetItem")?, TEXT.as_str()),
            Operation::Query => counts(self.ask("Query")?, PARTITION),
            Operation::Update => contains(self.ask("UpdateItem")?, "\"amount\""),
        };
        if is_right { Ok(()) } else { Err(format!("a wrong answer to {operation:?}").into()) }
    }

    fn get(&mut self, row: usize) -> Result<Option<Fields>, Failure> {
        self.write_request(Operation::Get, row)?;
        self.ask_json("GetItem")?.get("Item").map(fields).transpose()
    }

    fn query(&mut self, row: usize) -> Result<Vec<Fields>, Failure> {
        self.write_request(Operation::Query, row)?;
        let answer = self.ask_json("Query")?;
        answer.get("Items").and_then(Value::as_array).ok_or("a query without items")?.iter().map(fields).collect()
    }
}
