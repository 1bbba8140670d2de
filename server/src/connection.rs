//! One connection: HTTP/1.1 or HTTP/2, for as long as it is of use.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulConnection},
};
use tokio::net::TcpStream;
use tracing::debug;

use crate::{body::Body, http::Face};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may be silent. Clients that keep connections open open them anew.
pub(crate) const SILENCE: Duration = Duration::from_secs(300);
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to answer.
const PING: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));
/// How many requests of an HTTP/2 connection are answered at a time.
const MAX_STREAMS: u32 = 128;

/// What goes on in a connection.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request that is being answered.
struct Request(Arc<Activity>);

impl Request {
    fn begin(activity: &Arc<Activity>) -> Request {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        Request(Arc::clone(activity))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer: until it has been written, its request is under way.
struct Watched {
    body: Body,
    _under_way: Request,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Activity {
    /// Ends when no request was under way for as long as `limit`, give or take as much again.
    pub(crate) async fn silence(&self, limit: Duration) {
        let mut before = Some(0);
        loop {
            tokio::time::sleep(limit).await;
            // In this order a request that ends in between still looks as if it were under way.
            let (ended, begun) = (self.ended.load(Ordering::Relaxed), self.begun.load(Ordering::Relaxed));
            let idle = (begun == ended).then_some(begun);
            if idle.is_some() && idle == before {
                return;
            }
            before = idle;
        }
    }
}

/// Answers the requests of a connection until its end.
pub(crate) fn serve(
    stream: TcpStream,
    face: Arc<Face>,
    activity: Arc<Activity>,
) -> impl GracefulConnection<Error: std::fmt::Display> + Send {
    // Answers are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection keeps its delay");
    }
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .max_concurrent_streams(MAX_STREAMS);
    let service = hyper::service::service_fn(move |request| {
        let face = Arc::clone(&face);
        let under_way = Request::begin(&activity);
        async move {
            let answer = face.answer(request).await;
            Ok::<_, Infallible>(answer.map(|body| Watched { body, _under_way: under_way }))
        }
    });
    builder.serve_connection(TokioIo::new(stream), service).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Runs with a clock that moves on whenever all tasks wait.
    fn paused(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(test);
    }

    async fn silent_within(activity: &Activity, time: Duration) -> bool {
        tokio::time::timeout(time, activity.silence(LIMIT)).await.is_ok()
    }

    #[test]
    fn a_connection_that_never_asks_is_silent() {
        paused(async {
            assert!(silent_within(&Activity::default(), LIMIT * 2).await);
        });
    }

    #[test]
    fn a_connection_is_not_silent_while_it_waits_for_an_answer() {
        paused(async {
            let activity = Arc::new(Activity::default());
            let request = Request::begin(&activity);
            assert!(!silent_within(&activity, LIMIT * 50).await);
            drop(request);
            assert!(silent_within(&activity, LIMIT * 3).await);
        });
    }

    #[test]
    fn a_connection_that_goes_on_asking_is_not_silent() {
        paused(async {
            let activity = Arc::new(Activity::default());
            let asking = async {
                loop {
                    drop(Request::begin(&activity));
                    tokio::time::sleep(LIMIT / 2).await;
                }
            };
            tokio::select! {
                () = asking => {}
                () = activity.silence(LIMIT) => panic!("it was called silent"),
                () = tokio::time::sleep(LIMIT * 50) => {}
            }
        });
    }
}
