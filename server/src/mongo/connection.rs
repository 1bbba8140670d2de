//! One connection, for as long as it lasts: a message, its answer, the next message.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
};

use bson::RawDocumentBuf;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tracing::{debug, warn};

use super::{
    Face,
    call::{self, Answer},
    client::Client,
    wire::{self, Compressor, Request, compressed, frame, op_msg, op_query},
};

/// What is read ahead.
const READ_BYTES: usize = 32 << 10;

/// The ids of replies, which are only for logs.
static NEXT_ID: AtomicI32 = AtomicI32::new(1);

/// Serves a client until one of the two ends it.
pub(crate) async fn serve(mut stream: TcpStream, peer: SocketAddr, face: Arc<Face>) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "a connection keeps its delay");
    }
    let reached = stream.local_addr().unwrap_or(peer);
    let client = Arc::new(Client::new(face.next_connection(), peer, reached));
    face.open_connections.fetch_add(1, Ordering::Relaxed);
    let (read, mut write) = stream.split();
    let mut read = BufReader::with_capacity(READ_BYTES, read);
    if let Err(ended) = converse(&mut read, &mut write, &face, &client).await {
        match ended {
            frame::ReadError::Io(error) => debug!(%peer, %error, "a connection broke"),
            malformed => warn!(%peer, error = crate::serve::chain(&malformed), "a connection was closed"),
        }
    }
    face.open_connections.fetch_sub(1, Ordering::Relaxed);
}

async fn converse(
    read: &mut BufReader<impl AsyncRead + Unpin>,
    write: &mut (impl AsyncWriteExt + Unpin),
    face: &Arc<Face>,
    client: &Arc<Client>,
) -> Result<(), frame::ReadError> {
    let mut closing = face.closing.subscribe();
    loop {
        let must_authenticate = client.user().is_none() && face.users.any();
        let most = if must_authenticate { frame::MAX_UNKNOWN_BYTES } else { frame::MAX_MESSAGE_BYTES };
        let frame = tokio::select! {
            frame = frame::read(read, &face.room, most) => frame?,
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        let Some(frame::Frame { header, body, room }) = frame else { return Ok(()) };
        let request = wire::parse(header, body)?;
        let mut response_to = request.request_id;
        loop {
            let answer = tokio::select! {
                answer = call::answer(face, client, &request) => answer,
                // A client that has gone leaves what it waited for.
                () = gone(read) => return Ok(()),
            };
            let Answer { document, close, more } = answer;
            if close {
                return Ok(());
            }
            if request.command.more_to_come {
                break;
            }
            let more = more && request.command.exhaust_allowed && !*closing.borrow();
            let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
            write.write_all(&reply(&request, id, response_to, &document, more)).await?;
            write.flush().await?;
            if !more {
                break;
            }
            // The answers to one request are a chain.
            response_to = id;
        }
        drop(room);
    }
}

/// Ends when the client has closed the connection; not at all if it has sent something more.
async fn gone(read: &mut BufReader<impl AsyncRead + Unpin>) {
    match read.fill_buf().await {
        Ok(bytes) if !bytes.is_empty() => std::future::pending().await,
        Ok(_) | Err(_) => {}
    }
}

fn reply(request: &Request, id: i32, response_to: i32, document: &RawDocumentBuf, more: bool) -> Vec<u8> {
    let message = match request.legacy {
        true => op_query::write_reply(id, response_to, document),
        false => op_msg::write(id, response_to, document, more, request.command.has_checksum),
    };
    match request.compressor {
        None | Some(Compressor::Noop) => message,
        Some(compressor) => compressed::pack(message, compressor),
    }
}
