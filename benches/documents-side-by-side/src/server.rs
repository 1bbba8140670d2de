//! Millpond as a server: a process of its own on the loopback, ended with the value that holds it.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Failure;

const START: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts the program with its data in a directory, or, without one, in memory, and waits until it listens.
    pub(crate) fn start(program: &Path, dir: Option<&Path>) -> Result<Server, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.args(["serve", "--aws-addr", "127.0.0.1:0", "--mongo-addr", &address]);
        match dir {
            Some(dir) => command.arg("--data-dir").arg(dir),
            None => command.arg("--memory"),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut server = Server { process, address };
        let started = Instant::now();
        while TcpStream::connect(&server.address).is_err() {
            if let Some(status) = server.process.try_wait()? {
                return Err(format!("{} ended at its start: {status}", program.display()).into());
            }
            if started.elapsed() > START {
                return Err(format!("{} does not listen", program.display()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}
