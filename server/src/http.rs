//! Between hyper and the services: bounded bodies, compression both ways, checksums and request ids.

use std::{
    future::poll_fn,
    io::Read,
    io::Write,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use flate2::{Compression, read::DeflateDecoder, read::MultiGzDecoder, read::ZlibDecoder, write::GzEncoder};
use http_body_util::BodyExt;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue},
};
use millpond::{Pond, pubsub::Topics};
use tokio::sync::watch;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::error;

use crate::{
    aws::{self, Answer, Later, Reply, json::Failure},
    body::Body,
    buckets::Buckets,
    control,
};

/// The longest body, as it is sent and again when it is unpacked.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
const MAX_BODY_BYTES: usize = 16 << 20;
/// The bodies of all requests that are being read or answered; further ones wait. Decoded they need several times as much.
const MAX_BODIES_BYTES: usize = 16 * MAX_BODY_BYTES;
/// How long a client may pause within a body.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// How long a client may take for a whole body.
const BODY_TIME: Duration = Duration::from_secs(300);
/// Shorter answers are not worth compressing.
const MIN_COMPRESSED_BYTES: usize = 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const EXTENDED_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// The port that all AWS-like services share.
pub(crate) struct Face {
    pond: Pond,
    buckets: Buckets,
    /// A permit a byte.
    bodies: Arc<Semaphore>,
    /// Whether the end has begun: nobody waits any more.
    closing: watch::Sender<bool>,
}

impl Face {
    pub(crate) fn new(pond: Pond, buckets: Buckets) -> Face {
        let bodies = Arc::new(Semaphore::new(MAX_BODIES_BYTES));
        Face { pond, buckets, bodies, closing: watch::Sender::new(false) }
    }

    /// The topics of the store that it serves.
    pub(crate) fn topics(&self) -> &Topics {
        self.pond.topics()
    }

    /// Answers the requests that wait, now and from now on, so that their connections can end.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Answers one request; whatever is wrong with it is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let is_control = head.uri.path().starts_with(control::PATH);
        let compress = accepts_gzip(&head.headers);
        if head.method == Method::GET && !is_control && !aws::query::asks(&head) {
            let path = head.uri.path();
            return match aws::is_file(path) {
                true => respond_whole(run(false, || aws::file(&self.pond, path)).unwrap_or_else(stopped), compress),
                false => healthy(&head.headers),
            };
        }
        let answer = match self.take_body(&head.headers, body).await {
            Ok((body, room)) => {
                let is_packed = head.headers.contains_key(CONTENT_ENCODING);
                let is_brief = !is_packed && aws::is_brief(&self.pond, &head, body.len());
                let reply = || {
                    let _room = room; // until there is an answer
                    match unpack(&head.headers, body) {
                        Ok(body) if is_control => control::answer(&self.pond, &self.buckets, &head, &body).into(),
                        Ok(body) => aws::answer(&self.pond, &self.buckets, &head, &body),
                        Err(failure) => failure.into(),
                    }
                };
                match run(is_brief, reply).unwrap_or_else(|| stopped().into()) {
                    Reply::Now(answer) => answer,
                    Reply::Later(later) => self.wait(is_brief, later).await,
                    Reply::Events(answer, events) => {
                        let body = Body::events(events, self.closing.subscribe(), is_brief);
                        return respond(answer, body);
                    }
                }
            }
            Err(failure) => failure.into(),
        };
        respond_whole(answer, compress)
    }

    /// Waits for an answer, until the server ends.
    async fn wait(&self, is_brief: bool, later: Later) -> Answer {
        let Later { mut answer, otherwise } = later;
        let answer = poll_fn(|context| match run(is_brief, || answer.as_mut().poll(context)) {
            Some(poll) => poll,
            None => Poll::Ready(stopped()),
        });
        let mut closing = self.closing.subscribe();
        tokio::select! {
            answer = answer => answer,
            _ = closing.wait_for(|closing| *closing) => otherwise,
        }
    }

    /// Reads a body once there is room for it among the others.
    async fn take_body(
        &self,
        headers: &HeaderMap,
        body: Incoming,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
        let too_large = || Failure::too_large(MAX_BODY_BYTES);
        let announced = body.size_hint();
        if announced.lower() > MAX_BODY_BYTES as u64 {
            return Err(too_large());
        }
        // What is not known yet, or is to be unpacked, may become as long as any.
        let bytes = match announced.exact() {
            Some(bytes) if !headers.contains_key(CONTENT_ENCODING) => bytes,
            _ => MAX_BODY_BYTES as u64,
        };
        let permits = u32::try_from(bytes).map_err(|_| too_large())?;
        // The semaphore is never closed.
        let room = Arc::clone(&self.bodies).acquire_many_owned(permits).await.ok();
        let read = tokio::time::timeout(BODY_TIME, read_body(body)).await;
        Ok((read.unwrap_or_else(|_| Err(Failure::serialization("the body did not come in time")))?, room))
    }
}

/// Does a part of a request's work; `None` if it panics, which is logged.
pub(crate) fn run<T>(is_brief: bool, work: impl FnOnce() -> T) -> Option<T> {
    let caught = || catch_unwind(AssertUnwindSafe(work)).ok();
    let done = match is_brief {
        true => caught(),
        // Reading a store and waiting for its syncs both block: this thread's other work goes to another one.
        false => tokio::task::block_in_place(caught),
    };
    if done.is_none() {
        error!("a request was not answered");
    }
    done
}

/// The answer to a request whose work panicked.
fn stopped() -> Answer {
    Failure::internal("the request was stopped").into()
}

async fn read_body(mut body: Incoming) -> Result<Bytes, Failure> {
    // There is room for it among the bodies, and it is taken when the second part is there.
    let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
    let mut first = None;
    let mut whole = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(BODY_PAUSE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(Failure::serialization(format!("the body ended early: {error}"))),
            Err(_) => return Err(Failure::serialization("the body did not come in time")),
        };
        let Ok(part) = frame.into_data() else { continue };
        if whole.len() + first.as_ref().map_or(0, Bytes::len) + part.len() > MAX_BODY_BYTES {
            return Err(Failure::too_large(MAX_BODY_BYTES));
        }
        // Most bodies are one frame, which then is not copied.
        match (first.take(), whole.is_empty()) {
            (None, true) => first = Some(part),
            (Some(start), _) => {
                whole.reserve(announced.min(MAX_BODY_BYTES));
                whole.extend_from_slice(&start);
                whole.extend_from_slice(&part);
            }
            (None, false) => whole.extend_from_slice(&part),
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

/// Undoes the body's encodings.
fn unpack(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Failure> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(body) };
    match encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" | "aws-chunked" => Ok(body),
        "gzip" | "x-gzip" => read_bounded(MultiGzDecoder::new(&*body)),
        // Half of the world sends the bare stream under this name.
        "deflate" => match read_bounded(ZlibDecoder::new(&*body)) {
            Err(failure) if failure.status() == StatusCode::BAD_REQUEST => read_bounded(DeflateDecoder::new(&*body)),
            unpacked => unpacked,
        },
        other => {
            Err(Failure::serialization(format!("the content encoding {other:?} is not known; gzip and deflate are")))
        }
    }
}

fn read_bounded(reader: impl Read) -> Result<Bytes, Failure> {
    let mut unpacked = Vec::new();
    let limit = MAX_BODY_BYTES as u64 + 1;
    let read = reader.take(limit).read_to_end(&mut unpacked);
    read.map_err(|error| Failure::serialization(format!("the body cannot be unpacked: {error}")))?;
    if unpacked.len() > MAX_BODY_BYTES {
        return Err(Failure::too_large(MAX_BODY_BYTES));
    }
    Ok(unpacked.into())
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|encoding| {
        let (name, quality) = encoding.split_once(';').unwrap_or((encoding, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|quality| quality.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn respond_whole(mut answer: Answer, compress: bool) -> Response<Body> {
    let mut encoding = None;
    if compress && answer.body.len() >= MIN_COMPRESSED_BYTES {
        let mut encoder = GzEncoder::new(Vec::with_capacity(answer.body.len() / 2), Compression::fast());
        // Writing to a vector does not fail; if it did, the answer would go out as it is.
        if let Ok(packed) = encoder.write_all(&answer.body).and_then(|()| encoder.finish()) {
            answer.body = packed;
            encoding = Some(HeaderValue::from_static("gzip"));
        }
    }
    let checksum = answer.has_checksum.then(|| crc32fast::hash(&answer.body));
    let body = Body::Whole(mem::take(&mut answer.body).into());
    let mut response = respond(answer, body);
    let headers = response.headers_mut();
    headers.extend(checksum.map(|checksum| (CRC32, HeaderValue::from(checksum))));
    headers.extend(encoding.map(|encoding| (CONTENT_ENCODING, encoding)));
    response
}

/// The head of an answer above `body`.
fn respond(answer: Answer, body: Body) -> Response<Body> {
    let mut response = with_id(Response::new(body), &answer.request_id);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.extend(answer.content_type.map(|content_type| (CONTENT_TYPE, HeaderValue::from_static(content_type))));
    headers.extend(answer.query_error.map(|error| (QUERY_ERROR, error)));
    headers.extend(answer.extended_id.map(|id| (EXTENDED_ID, id)));
    response
}

/// What the service says to whoever just looks whether it is there.
fn healthy(headers: &HeaderMap) -> Response<Body> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("millpond");
    let response = Response::new(Body::Whole(format!("healthy: {host} ").into()));
    let mut response = with_id(response, &aws::long_request_id());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn with_id<B>(mut response: Response<B>, id: &str) -> Response<B> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
