//! Bodies of answers: whole, or event after event for as long as somebody reads them.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;

use crate::http::run;

/// Where events come from. Each is asked for when the one before has been sent, so a client that reads slowly holds none but
/// its own back.
pub(crate) trait Events: Send {
    /// Waits for the next event, without holding a thread; `None` is the end.
    fn next(self: Box<Self>) -> NextEvent;
}

/// The next event, and what comes after it.
pub(crate) type NextEvent = Pin<Box<dyn Future<Output = Option<(Bytes, Box<dyn Events>)>> + Send>>;

/// A body.
pub(crate) enum Body {
    /// One that is there.
    Whole(Bytes),
    /// One that comes.
    Events { next: NextEvent, closing: Pin<Box<dyn Future<Output = ()> + Send>>, is_brief: bool },
}

impl Body {
    /// A body of events, which ends when the server does. What it takes to get one may block, unless it `is_brief`.
    pub(crate) fn events(events: Box<dyn Events>, mut closing: watch::Receiver<bool>, is_brief: bool) -> Body {
        let closing = async move {
            // Nobody is left to say so if it fails.
            let _ended = closing.wait_for(|closing| *closing).await;
        };
        Body::Events { next: events.next(), closing: Box::pin(closing), is_brief }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut *self {
            Body::Whole(bytes) => Some(mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Body::Events { next, closing, is_brief } => match closing.as_mut().poll(context) {
                Poll::Ready(()) => None,
                Poll::Pending => {
                    // A panic has been logged, and the client can only be told by an end.
                    let polled = run(*is_brief, || next.as_mut().poll(context)).unwrap_or(Poll::Ready(None));
                    ready!(polled).map(|(event, events)| {
                        *next = events.next();
                        event
                    })
                }
            },
        };
        if bytes.is_none() {
            *self = Body::Whole(Bytes::new());
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Events { .. } => SizeHint::default(),
        }
    }
}
