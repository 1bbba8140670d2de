//! A web server of a few lines: it keeps what it is sent, and answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// What was posted.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    /// The next answers, each of which may have headers; 200 when there are none.
    answers: VecDeque<String>,
}

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::with(None)
    }

    /// Over TLS.
    pub(crate) fn with(tls: Option<Arc<ServerConfig>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, is_over) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (of_thread, ends) = (Arc::clone(&seen), Arc::clone(&is_over));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, ends) = (Arc::clone(&of_thread), Arc::clone(&ends));
                let tls = tls.clone();
                std::thread::spawn(move || match tls {
                    None => serve(stream, &seen, &ends),
                    Some(tls) => serve(StreamOwned::new(ServerConnection::new(tls).unwrap(), stream), &seen, &ends),
                });
            }
        });
        Server { address, seen, is_over }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Answers the next requests so.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        let answers = statuses.iter().map(|status| format!("HTTP/1.1 {status} Told\r\n"));
        self.seen.lock().answers.extend(answers);
    }

    /// Answers the next request with this line and these headers.
    pub(crate) fn answer_with(&self, head: &str) {
        self.seen.lock().answers.push_back(head.to_owned());
    }

    /// What was posted since this was last asked.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.seen.lock().requests)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: impl Read + Write, seen: &Mutex<Seen>, is_over: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) == 0 {
                return;
            }
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() || is_over.load(Ordering::SeqCst) {
            return;
        }
        let request = Request { line: line.trim_end().into(), headers, body: String::from_utf8(body).unwrap() };
        let head = {
            let mut seen = seen.lock();
            seen.requests.push(request);
            seen.answers.pop_front().unwrap_or_else(|| "HTTP/1.1 200 OK\r\n".into())
        };
        let answer = format!("{head}content-length: 2\r\n\r\nok");
        if reader.get_mut().write_all(answer.as_bytes()).and_then(|()| reader.get_mut().flush()).is_err() {
            return;
        }
    }
}
