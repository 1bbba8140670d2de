//! PostgreSQL: a table of jobs. A receive leases the first free rows for a while, as a visibility timeout does; a delete
//! takes them away.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use postgres::{Client, Config, NoTls, Statement, types::ToSql};

use crate::{
    Failure,
    queue::{Consumer, Producer, Promise, Store, Subject},
    server::{self, Server},
};

const USER: &str = "bench";
/// How long a consumer that has found nothing waits before it looks again.
const POLL: Duration = Duration::from_millis(1);

/// Rows change in place as often as can be: `visible_at` is in no index, and pages keep room for a second version.
const TABLE: &str = "CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visible_at timestamptz NOT NULL DEFAULT '-infinity',
    body text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)";

const INSERT: &str = "INSERT INTO jobs (body) SELECT unnest($1::text[])";

/// A lease that is lost in a crash is a message that is received again, so its commit need not wait for the disk.
const LEASE: &str = "UPDATE jobs SET visible_at = now() + interval '30 seconds'
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily
    WHERE id = ANY(ARRAY(
        SELECT id FROM jobs WHERE visible_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
    )) RETURNING id, body";

const DELETE: &str = "DELETE FROM jobs WHERE id = ANY($1)";

/// `programs` is the directory of `initdb` and `postgres`.
pub(crate) fn start(programs: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let (data, port) = (dir.join("postgresql"), server::free_port()?);
    let owner = owner()?;
    fs::create_dir(&data)?;
    if let Some((user, group)) = owner {
        chown(&data, Some(user), Some(group))?;
    }
    let program = |name: &str| {
        let mut command = server::command(programs.join(name));
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command.current_dir(&data).arg("-D").arg(&data);
        command
    };
    let made = program("initdb").args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]).output()?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into());
    }
    let mut command = program("postgres");
    for setting in [
        &format!("port={port}"),
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=on",
        "synchronous_commit=on",
        "shared_buffers=512MB",
        "max_wal_size=4GB",
        "autovacuum_naptime=1s",
    ] {
        command.args(["-c", setting]);
    }
    let mut server = Server::start(&mut command, dir.join("postgresql.log"))?;
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(USER).dbname("postgres");
    server.wait(|| Ok(config.connect(NoTls)?))?.batch_execute(TABLE)?;
    let settings = format!(
        "{}; `fsync` and `synchronous_commit` on, `shared_buffers` 512 MB, vacuumed each second; INSERT, then UPDATE … \
         FOR UPDATE SKIP LOCKED as a lease (the only commit that is not synced), then DELETE; consumers without work look \
         again after {POLL:?}",
        server::version(&programs.join("postgres"), "--version")?
    );
    let store = Box::new(PostgreSql { config, _server: server });
    Ok(vec![Subject { name: "PostgreSQL", promise: Promise::Synced, repeats: false, settings, store }])
}

/// The user to run as, who must not be root: Debian's `postgres` if this is root.
fn owner() -> Result<Option<(u32, u32)>, Failure> {
    let id = |arguments: &[&str]| -> Result<u32, Failure> {
        let said = Command::new("id").args(arguments).output()?;
        Ok(String::from_utf8(said.stdout)?.trim().parse()?)
    };
    if id(&["-u"])? == 0 { Ok(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?))) } else { Ok(None) }
}

struct PostgreSql {
    config: Config,
    _server: Server,
}

impl Store for PostgreSql {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        let mut client = self.config.connect(NoTls)?;
        let insert = client.prepare(INSERT)?;
        Ok(Box::new(Sender { client, insert }))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        let mut client = self.config.connect(NoTls)?;
        let (lease, delete) = (client.prepare(LEASE)?, client.prepare(DELETE)?);
        Ok(Box::new(Worker { client, lease, delete, received: Vec::new() }))
    }
}

struct Sender {
    client: Client,
    insert: Statement,
}

impl Producer for Sender {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        expect(self.client.execute(&self.insert, &[&bodies])?, bodies.len())
    }
}

struct Worker {
    client: Client,
    lease: Statement,
    delete: Statement,
    received: Vec<i64>,
}

impl Consumer for Worker {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        let most: &(dyn ToSql + Sync) = &i64::try_from(most)?;
        let rows = self.client.query(&self.lease, &[most])?;
        if rows.is_empty() {
            thread::sleep(POLL);
        }
        self.received = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        Ok(rows.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?)
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        expect(self.client.execute(&self.delete, &[&self.received])?, self.received.len())
    }
}

fn expect(rows: u64, messages: usize) -> Result<(), Failure> {
    if rows == messages as u64 { Ok(()) } else { Err(format!("{rows} rows for {messages} messages").into()) }
}
