//! From the command line to a listening server, and to its end.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use hyper_util::server::graceful::GracefulShutdown;
use millpond::{Clock, Pond, kv, pubsub, queue, stream};
use tokio::{net::TcpListener, sync::Semaphore};
use tracing::{debug, info, warn};

use crate::{
    aws,
    buckets::Buckets,
    cli::{MongoAddr, Options},
    connection::{self, Activity},
    http::Face,
    mongo,
};

/// Connections that are served at a time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// How often it is looked for items, messages and tokens that have expired, messages that are to be moved, shards that are to be split,
/// and records that are to be delivered.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for what streams, backups and recovery keep no longer; nobody can see it meanwhile.
const TRIM_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked for cursors of MongoDB's drivers that nobody reads any more.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// How long requests under way may take once the end has been asked for.
const CLOSING: Duration = Duration::from_secs(10);
/// A thread that parses nested documents needs more than the usual stack in an unoptimised build.
const STACK_BYTES: usize = 8 << 20;

/// Why the server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the log filter {filter:?} cannot be read")]
    Log { filter: String, source: tracing_subscriber::filter::ParseError },
    #[error("the threads cannot be started")]
    Threads(#[source] io::Error),
    #[error("the store cannot be opened")]
    Open(#[source] millpond::Error),
    #[error("the certificates in {path:?} cannot be read")]
    Certificates { path: PathBuf, source: io::Error },
    #[error(
        "{addr} cannot be listened on (another server may be using it: --aws-addr chooses an address, port 0 a free port)"
    )]
    Listen { addr: SocketAddr, source: io::Error },
    #[error(
        "{addr} cannot be listened on for MongoDB (another server may be using it: --mongo-addr chooses an address, port 0 a free port, off none)"
    )]
    ListenMongo { addr: SocketAddr, source: io::Error },
    #[error("signals cannot be waited for")]
    Signals(#[source] io::Error),
    #[error("the store was not closed cleanly")]
    Close(#[source] millpond::Error),
}

/// An error with everything that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Some errors of libraries say what their cause says already.
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Serves until a signal asks for the end.
///
/// # Errors
/// See [`Error`].
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    start_log(&options.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(Error::Threads)?;
    let pond = open(options)?;
    let buckets = Buckets::new(options.s3_dir.clone());
    aws::resume(&pond).map_err(Error::Open)?;
    for chore in CHORES {
        runtime.spawn(repeat(pond.clone(), buckets.clone(), chore));
    }
    let face = Arc::new(Face::new(pond.clone(), buckets));
    let settings = mongo::Settings {
        set_name: options.mongo_set_name.clone(),
        host: options.mongo_host.clone(),
        test_commands: options.mongo_test_commands,
    };
    let mongo = Arc::new(mongo::Face::open(&pond, settings).map_err(Error::Open)?);
    let served = runtime.block_on(listen(options, face, mongo));
    // Requests that are still running keep a clone; they fail once the store is closed.
    runtime.shutdown_timeout(CLOSING);
    served?;
    pond.close().map_err(Error::Close)
}

fn start_log(filter: &str) -> Result<(), Error> {
    let filter = tracing_subscriber::EnvFilter::builder()
        .parse(filter)
        .map_err(|source| Error::Log { filter: filter.to_owned(), source })?;
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();
    Ok(())
}

fn open(options: &Options) -> Result<Pond, Error> {
    let chosen = kv::Options::default().wording(options.wording.into()).throttle(options.throttle);
    let chosen = chosen.change_format(aws::kv::change_format());
    let queues = queue::Options::default().cooldowns(!options.no_cooldowns);
    let streams = stream::Options::default().throttle(options.throttle);
    let pond = Pond::options().kv(chosen).queue(queues).stream(streams).pubsub(topics(options)?);
    let pond = if options.manual_clock { pond.clock(Clock::manual(Clock::system().now())) } else { pond };
    let pond = if options.memory { pond } else { pond.path(&options.data_dir) };
    pond.open().map_err(Error::Open)
}

fn topics(options: &Options) -> Result<pubsub::Options, Error> {
    // What was left to be delivered may go out before the server listens.
    let chosen = pubsub::Options::default().public_url(public_url(options, options.aws_addr));
    let Some(path) = &options.trusted_certificates else { return Ok(chosen) };
    let certificates = std::fs::read_to_string(path);
    let failed = |source| Error::Certificates { path: path.clone(), source };
    Ok(chosen.trust_certificate(certificates.map_err(failed)?))
}

/// What a store needs done from time to time.
struct Chore {
    what: &'static str,
    every: Duration,
    /// Says how much there was to do.
    run: fn(&Pond, &Buckets) -> Result<u64, millpond::Error>,
}

const CHORES: &[Chore] = &[
    Chore { what: "expired items", every: EXPIRE_EVERY, run: |pond, _| Ok(pond.kv().expire_items()?) },
    Chore { what: "expired and moved messages", every: EXPIRE_EVERY, run: |pond, _| Ok(pond.queues().maintain()?) },
    Chore { what: "expired documents", every: EXPIRE_EVERY, run: |pond, _| Ok(pond.docdb().maintain()?) },
    Chore {
        what: "subscriptions that nobody confirmed",
        every: EXPIRE_EVERY,
        run: |pond, _| Ok(pond.topics().maintain()?),
    },
    Chore { what: "busy shards", every: EXPIRE_EVERY, run: |pond, _| Ok(pond.streams().split_hot_shards()?) },
    Chore { what: "records that channels deliver", every: EXPIRE_EVERY, run: aws::deliver },
    Chore { what: "old records of streams", every: TRIM_EVERY, run: |pond, _| Ok(pond.streams().maintain()?) },
    Chore { what: "old records of change streams", every: TRIM_EVERY, run: |pond, _| Ok(pond.kv().trim_streams()?) },
    Chore { what: "old backups and changes", every: TRIM_EVERY, run: |pond, _| Ok(pond.kv().trim_backups()?) },
];

/// Does once what is done from time to time.
///
/// # Errors
/// Those of the services.
pub(crate) fn maintain(pond: &Pond, buckets: &Buckets) -> Result<(), millpond::Error> {
    CHORES.iter().try_for_each(|chore| (chore.run)(pond, buckets).map(drop))
}

/// Does a chore again and again for as long as the server runs.
async fn repeat(pond: Pond, buckets: Buckets, &Chore { what, every, run }: &Chore) {
    let mut ticks = tokio::time::interval(every);
    // After a long deletion, or a sleep of the machine, once is enough.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (pond, buckets) = (pond.clone(), buckets.clone());
        match tokio::task::spawn_blocking(move || run(&pond, &buckets)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => debug!(what, count, "done"),
            Ok(Err(error)) => warn!(what, error = chain(&error), "not done"),
            Err(stopped) => warn!(what, %stopped, "not done"),
        }
    }
}

/// Where MongoDB's drivers are listened for if nothing else is asked for.
const MONGO_ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 27017);

/// Begins to listen for MongoDB's drivers. That the usual port is taken, by a MongoDB most likely, is no reason not to serve the others.
async fn listen_mongo(options: &Options) -> Result<Option<(TcpListener, SocketAddr)>, Error> {
    let (addr, asked) = match options.mongo_addr {
        Some(MongoAddr::Off) => return Ok(None),
        Some(MongoAddr::At(addr)) => (addr, true),
        None => (MONGO_ADDR, false),
    };
    let bound = match TcpListener::bind(addr).await {
        Ok(listener) => listener.local_addr().map(|addr| (listener, addr)),
        Err(error) => Err(error),
    };
    match bound {
        Ok(bound) => Ok(Some(bound)),
        Err(source) if asked => Err(Error::ListenMongo { addr, source }),
        Err(error) => {
            warn!(%error, "{addr} is taken: MongoDB's drivers are not served (--mongo-addr chooses an address, port 0 a free port)");
            Ok(None)
        }
    }
}

/// Serves MongoDB's drivers for as long as it is polled. Connections end by themselves when the face is closed.
async fn serve_mongo(listener: TcpListener, face: Arc<mongo::Face>, connections: &mut tokio::task::JoinSet<()>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        while connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ticks.tick() => {
                face.sweep();
                continue;
            }
        };
        match accepted {
            Ok((stream, peer)) => drop(connections.spawn(mongo::serve(stream, peer, Arc::clone(&face)))),
            Err(error) => {
                warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn listen(options: &Options, face: Arc<Face>, mongo: Arc<mongo::Face>) -> Result<(), Error> {
    let failed = |source| Error::Listen { addr: options.aws_addr, source };
    let listener = TcpListener::bind(options.aws_addr).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    let mongo_listener = listen_mongo(options).await?;
    let mut end = Box::pin(end_signal()?);
    face.topics().set_public_url(&public_url(options, addr));
    greet(options, addr, mongo_listener.as_ref().map(|(_, addr)| *addr));
    let mut mongo_connections = tokio::task::JoinSet::new();
    let mongo_served = async {
        match mongo_listener {
            Some((listener, _)) => serve_mongo(listener, Arc::clone(&mongo), &mut mongo_connections).await,
            None => std::future::pending().await,
        }
    };
    let mut mongo_served = Box::pin(mongo_served);

    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (listener.accept().await, slot)
        };
        tokio::select! {
            (connection, slot) = accepted => match connection {
                Ok((stream, peer)) => {
                    let activity = Arc::new(Activity::default());
                    let connection = connection::serve(stream, Arc::clone(&face), Arc::clone(&activity));
                    let connection = graceful.watch(connection);
                    tokio::spawn(async move {
                        tokio::select! {
                            ended = connection => if let Err(error) = ended {
                                debug!(%peer, %error, "a connection ended early");
                            },
                            () = activity.silence(connection::SILENCE) => debug!(%peer, "a silent connection was ended"),
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, or a client that is gone already; trying at once again would spin.
                    warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            () = &mut mongo_served => {}
            signal = &mut end => {
                info!(signal, "closing");
                break;
            }
        }
    }
    drop((listener, mongo_served));
    face.close();
    mongo.close();
    let rest = async { while mongo_connections.join_next().await.is_some() {} };
    if tokio::time::timeout(CLOSING, rest).await.is_err() {
        warn!("commands were still running after {CLOSING:?}");
    }
    if tokio::time::timeout(CLOSING, graceful.shutdown()).await.is_err() {
        warn!("requests were still running after {CLOSING:?}");
    }
    Ok(())
}

#[cfg(unix)]
fn end_signal() -> Result<impl Future<Output = &'static str>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(not(unix))]
fn end_signal() -> Result<impl Future<Output = &'static str>, Error> {
    Ok(async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            // Without a signal to wait for there is no end but the operating system's.
            Err(_) => std::future::pending().await,
        }
    })
}

/// Where subscribers reach this server: what listens on all addresses has no one that others could use.
fn public_url(options: &Options, addr: SocketAddr) -> String {
    match &options.public_url {
        Some(url) => url.clone(),
        None if addr.ip().is_unspecified() => format!("http://localhost:{}", addr.port()),
        None => format!("http://{addr}"),
    }
}

/// One line for each face, which programs may read, then what a person may do with it.
fn greet(options: &Options, addr: SocketAddr, mongo: Option<SocketAddr>) {
    use std::io::Write as _;
    let store = match options.memory {
        true => "in memory: nothing is kept".to_owned(),
        false => format!("in {}", options.data_dir.display()),
    };
    let mongo_line = mongo.map(|mongo| format!("mongodb mongodb://{mongo}/\n")).unwrap_or_default();
    let mongo_use = mongo.map(|mongo| format!(", and a MongoDB driver mongodb://{mongo}/")).unwrap_or_default();
    let greeting = format!(
        "aws http://{addr}\n{mongo_line}\n\
         The store is {store}. Signatures are not verified. Try it:\n\n  \
         export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-east-1\n  \
         aws dynamodb list-tables --endpoint-url http://{addr}\n  \
         aws sqs list-queues --endpoint-url http://{addr}\n  \
         aws sns list-topics --endpoint-url http://{addr}\n  \
         aws kinesis list-streams --endpoint-url http://{addr}\n\n\
         or give any AWS SDK the endpoint http://{addr}{mongo_use}. Ctrl-C ends it.\n"
    );
    let mut out = io::stdout().lock();
    // Nobody may be reading any more; that is no reason not to serve.
    if let Err(error) = out.write_all(greeting.as_bytes()).and_then(|()| out.flush()) {
        warn!(%error, "the greeting was not written");
    }
}
