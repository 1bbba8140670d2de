//! The servers: each a process of its own, on a free port of the loopback, ended with the value that holds it.

use std::{
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Failure,
    arguments::Arguments,
    http::{Connection, Remote},
    store::{Client, Store, Subject},
};

/// The word that has this program serve dynoxide-rs, by the server of its library: `dynoxide PORT [FILE]`.
pub(crate) const DYNOXIDE: &str = "dynoxide";

const START: Duration = Duration::from_secs(30);

struct Server {
    process: Child,
    remote: Remote,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Store for Server {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        self.remote.client()
    }
}

impl Server {
    /// Starts a program, which is given the port to listen on, and waits until it answers.
    fn start(program: &Path, arguments: impl FnOnce(&mut Command, u16)) -> Result<Box<dyn Store>, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new(program);
        arguments(&mut command, port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Server { process, remote: Remote(address) };
        server.wait_for_answer(address).map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Box::new(server))
    }

    fn wait_for_answer(&mut self, address: SocketAddr) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            if Connection::open(address).is_ok_and(|mut connection| connection.is_served()) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("ended at its start: {status}").into());
            }
            if started.elapsed() > START {
                return Err("does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn millpond(arguments: &Arguments, dir: Option<&Path>) -> Result<Box<dyn Store>, Failure> {
    Server::start(&arguments.millpond, |command, port| {
        command.args(["serve", "--aws-addr", &format!("127.0.0.1:{port}")]);
        match dir {
            Some(dir) => command.arg("--data-dir").arg(dir),
            None => command.arg("--memory"),
        };
    })
}

fn dynoxide(file: Option<&Path>) -> Result<Box<dyn Store>, Failure> {
    Server::start(&std::env::current_exe()?, |command, port| {
        command.args([DYNOXIDE, &port.to_string()]).args(file);
    })
}

fn dynalite(script: &Path, dir: Option<&Path>) -> Result<Box<dyn Store>, Failure> {
    Server::start(Path::new("node"), |command, port| {
        command.arg(script).args(["--host", "127.0.0.1", "--port", &port.to_string(), "--createTableMs", "0"]);
        if let Some(dir) = dir {
            command.args([OsStr::new("--path"), dir.as_os_str()]);
        }
    })
}

pub(crate) fn on_file(arguments: &Arguments, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let mut subjects = vec![
        Subject {
            name: "Millpond",
            promise: "synced (its default)",
            store: millpond(arguments, Some(&dir.join("millpond-served")))?,
        },
        Subject {
            name: "dynoxide-rs",
            promise: "synced (its default: SQLite, WAL, synchronous=FULL)",
            store: dynoxide(Some(&dir.join("dynoxide-served.db")))?,
        },
    ];
    if let Some(script) = &arguments.dynalite {
        subjects.push(Subject {
            name: "dynalite",
            promise: "not synced (LevelDB's default; it has no option)",
            store: dynalite(script, Some(&dir.join("dynalite")))?,
        });
    }
    Ok(subjects)
}

pub(crate) fn in_memory(arguments: &Arguments) -> Result<Vec<Subject>, Failure> {
    let promise = "nothing is kept";
    let mut subjects = vec![
        Subject { name: "Millpond", promise, store: millpond(arguments, None)? },
        Subject { name: "dynoxide-rs", promise, store: dynoxide(None)? },
    ];
    if let Some(script) = &arguments.dynalite {
        subjects.push(Subject { name: "dynalite", promise, store: dynalite(script, None)? });
    }
    if let Some(program) = &arguments.moto {
        let start = |command: &mut Command, port: u16| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        };
        subjects.push(Subject { name: "moto", promise, store: Server::start(program, start)? });
    }
    Ok(subjects)
}

/// Serves dynoxide-rs until the process is ended.
pub(crate) fn serve_dynoxide(mut arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let port = arguments.next().ok_or("the port is missing")?.parse()?;
    let database = match arguments.next() {
        Some(file) => dynoxide::Database::new(&file)?,
        None => dynoxide::Database::memory()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(dynoxide::server::start("127.0.0.1", port, database))?)
}
