//! Servers that speak Kinesis: Millpond's own, ferrokinesis and kinesalite, each in memory and on disk.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Failure,
    http::Connection,
    server::{self, Process},
    store::Promise,
    wire::Encoding,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server, and what one has to know of it to compare it.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) promise: Promise,
    pub(crate) settings: String,
    pub(crate) address: SocketAddr,
    /// Pages of records can be had in CBOR. kinesalite gives data as a list of numbers there, and cuts long answers off.
    pub(crate) reads_in_cbor: bool,
    _process: Process,
}

pub(crate) const MILLPOND_ON_DISK: &str = "Millpond on disk";
pub(crate) const MILLPOND_IN_MEMORY: &str = "Millpond in memory";
pub(crate) const FERROKINESIS_ON_DISK: &str = "ferrokinesis on disk";
pub(crate) const FERROKINESIS_IN_MEMORY: &str = "ferrokinesis in memory";

pub(crate) fn millpond(program: &Path, dir: &Path) -> Result<Vec<Server>, Failure> {
    let serve = |name, promise, settings: &str, file: &str| {
        start(name, promise, settings, &dir.join(file), |port| {
            let mut command = server::command(program);
            command.args(["serve", "--aws-addr", &format!("127.0.0.1:{port}")]);
            match promise {
                Promise::Synced => command.arg("--data-dir").arg(dir.join("millpond-served")),
                Promise::NotSynced => command.arg("--memory"),
            };
            command
        })
    };
    Ok(vec![
        serve(MILLPOND_ON_DISK, Promise::Synced, "its defaults: each answer is synced", "millpond-disk.log")?,
        serve(MILLPOND_IN_MEMORY, Promise::NotSynced, "`--memory`", "millpond-memory.log")?,
    ])
}

pub(crate) fn ferrokinesis(program: &Path, dir: &Path) -> Result<Vec<Server>, Failure> {
    let version = "ferrokinesis 0.7.0";
    let state = dir.join("ferrokinesis");
    let serve = |name, promise, settings: &str, file: &str| {
        start(name, promise, &format!("{version}; {settings}"), &dir.join(file), |port| {
            let mut command = server::command(program);
            command.args(["--port", &port.to_string(), "--log-level", "error", "--shard-limit", "100"]);
            command.args(["--create-stream-ms", "0", "--delete-stream-ms", "0", "--update-stream-ms", "0"]);
            if promise == Promise::Synced {
                command.arg("--state-dir").arg(&state);
            }
            command
        })
    };
    Ok(vec![
        serve(FERROKINESIS_IN_MEMORY, Promise::NotSynced, "its defaults", "ferrokinesis-memory.log")?,
        serve(
            FERROKINESIS_ON_DISK,
            Promise::Synced,
            "`--state-dir`: each write puts all there is into its log once more, as JSON, and syncs it",
            "ferrokinesis-disk.log",
        )?,
    ])
}

pub(crate) fn kinesalite(script: &Path, dir: &Path) -> Result<Vec<Server>, Failure> {
    let version = "kinesalite 3.3.3";
    let data = dir.join("kinesalite");
    let serve = |name, path: Option<&Path>, settings: &str, file: &str| {
        start(name, Promise::NotSynced, &format!("{version}; {settings}"), &dir.join(file), |port| {
            let mut command = server::command("node");
            command.arg(script).args(["--port", &port.to_string(), "--shardLimit", "100"]);
            command.args(["--createStreamMs", "0", "--deleteStreamMs", "0", "--updateStreamMs", "0"]);
            if let Some(path) = path {
                command.arg("--path").arg(path);
            }
            command
        })
    };
    Ok(vec![
        serve("kinesalite in memory", None, "its defaults", "kinesalite-memory.log")?,
        serve("kinesalite on disk", Some(&data), "`--path`: LevelDB, which is not synced", "kinesalite-disk.log")?,
    ])
}

fn start(
    name: &'static str,
    promise: Promise,
    settings: &str,
    log: &Path,
    command: impl FnOnce(u16) -> std::process::Command,
) -> Result<Server, Failure> {
    let port = server::free_port()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut process = Process::start(&mut command(port), log.to_owned())?;
    process.wait(|| ask(address, "ListStreams", &json!({}))).map_err(|error| format!("{name}: {error}"))?;
    let reads_in_cbor = !name.starts_with("kinesalite");
    Ok(Server { name, promise, settings: settings.to_owned(), address, reads_in_cbor, _process: process })
}

/// What is not measured is asked in JSON.
fn ask(address: SocketAddr, action: &str, request: &Value) -> Result<Value, Failure> {
    let body = request.to_string();
    let mut connection = Connection::open(address)?;
    let answer = connection.ask(action, Encoding::Json, body.as_bytes())?;
    if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(answer)?) }
}

impl Server {
    /// A stream, as soon as it can be written to.
    pub(crate) fn create(&self, stream: &str, shards: usize) -> Result<(), Failure> {
        ask(self.address, "CreateStream", &json!({ "StreamName": stream, "ShardCount": shards }))?;
        let status = || -> Result<bool, Failure> {
            let answer = ask(self.address, "DescribeStreamSummary", &json!({ "StreamName": stream }))?;
            Ok(answer.pointer("/StreamDescriptionSummary/StreamStatus") == Some(&json!("ACTIVE")))
        };
        until(status)
    }

    /// Comes back when nothing of it is left.
    pub(crate) fn delete(&self, stream: &str) -> Result<(), Failure> {
        ask(self.address, "DeleteStream", &json!({ "StreamName": stream }))?;
        until(|| match ask(self.address, "DescribeStreamSummary", &json!({ "StreamName": stream })) {
            Ok(_) => Ok(false),
            Err(error) if error.to_string().contains("ResourceNotFoundException") => Ok(true),
            Err(error) => Err(error),
        })
    }

    /// At the first record of each shard.
    pub(crate) fn iterators(&self, stream: &str) -> Result<Vec<String>, Failure> {
        let listed = ask(self.address, "ListShards", &json!({ "StreamName": stream }))?;
        let shards = listed.get("Shards").and_then(Value::as_array).ok_or("ListShards: no shards")?;
        let iterator = |shard: &Value| -> Result<String, Failure> {
            let shard = shard.get("ShardId").ok_or("a shard without an id")?;
            let request = json!({ "StreamName": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
            let answer = ask(self.address, "GetShardIterator", &request)?;
            let iterator = answer.get("ShardIterator").and_then(Value::as_str);
            Ok(iterator.ok_or("GetShardIterator: no iterator")?.to_owned())
        };
        shards.iter().map(iterator).collect()
    }
}

fn until(mut is_so: impl FnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    let asked = Instant::now();
    while !is_so()? {
        if asked.elapsed() > PATIENCE {
            return Err("a stream does not change its state".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
