//! The servers: each a process of its own, on a free port of the loopback, ended with the value that holds it.

use std::{
    ffi::OsStr,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Failure;

/// For its start.
const START: Duration = Duration::from_secs(60);
/// For its end.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A program that ends with this process, however that ends.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

pub(crate) struct Server {
    process: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a [`command`], which writes what it has to say to `log`.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Result<Server, Failure> {
        let file = fs::File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Server { process: command.spawn()?, log })
    }

    /// Tries until the server answers.
    pub(crate) fn wait<T>(&mut self, mut asks: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        let started = Instant::now();
        loop {
            let answer = asks();
            if answer.is_ok() {
                return answer;
            }
            let ended = self.process.try_wait()?.is_some();
            if ended || started.elapsed() > START {
                let log = fs::read_to_string(&self.log)?;
                return answer.map_err(|error| format!("does not answer: {error}; it has said:\n{log}").into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    /// Each is asked first: RabbitMQ has processes of its own to end.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
