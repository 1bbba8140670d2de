//! A client that costs little beside any server: one connection that is kept, requests written as text, answers read into
//! a buffer that is used again. The signature is one that is never verified by any of these servers.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::Failure;

/// A server that hangs ends the run.
const PATIENCE: Duration = Duration::from_secs(60);

/// The service that is asked, which the servers know by what a request claims to be signed for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    /// Forms.
    Sns,
    /// JSON.
    Sqs,
}

pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Connection, Failure> {
        Ok(Connection { address, stream: connect(address)?, request: Vec::new(), answer: Vec::new() })
    }

    /// Asks for an action, and gives the answer's body if its status is 200.
    pub(crate) fn ask(&mut self, service: Service, action: &str, body: &str) -> Result<&str, Failure> {
        let (scope, kind, target) = match service {
            Service::Sns => ("sns", "application/x-www-form-urlencoded; charset=utf-8", String::new()),
            Service::Sqs => ("sqs", "application/x-amz-json-1.0", format!("X-Amz-Target: AmazonSQS.{action}\r\n")),
        };
        self.request.clear();
        write!(
            self.request,
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\n{target}X-Amz-Date: 20260101T000000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{scope}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        )?;
        self.stream.write_all(&self.request)?;
        let head = self.receive()?;
        if !head.keeps {
            self.stream = connect(self.address)?;
        }
        let content = self.answer.get(head.bytes..head.bytes + head.length).unwrap_or_default();
        let content = std::str::from_utf8(content)?;
        if head.status != 200 {
            return Err(format!("{action}: status {}: {content}", head.status).into());
        }
        Ok(content)
    }

    fn receive(&mut self) -> Result<Head, Failure> {
        let mut read = 0;
        let head = loop {
            read += self.read_some(read)?;
            if let Some(head) = head(self.answer.get(..read).unwrap_or_default())? {
                break head;
            }
        };
        while read < head.bytes + head.length {
            read += self.read_some(read)?;
        }
        Ok(head)
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
