//! Messages as a connection carries them: their header, and how many bytes follow.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::Malformed;

/// The longest message, as it is sent and again when it is unpacked.
pub(crate) const MAX_MESSAGE_BYTES: usize = 48_000_000;
/// The longest message of a client that has to authenticate first: nothing that it may ask for is longer, and it is not to take
/// the room of those who have.
pub(crate) const MAX_UNKNOWN_BYTES: usize = 64 << 10;
/// The bytes of a header.
pub(crate) const HEADER_BYTES: usize = 16;
/// What each connection may read without asking for room.
const FREE_BYTES: usize = 128 << 10;
/// How long a client may take for a message that it has begun.
const MESSAGE_TIME: Duration = Duration::from_secs(120);

/// What stands before each message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// The bytes of the message, these of the header included.
    pub(crate) length: i32,
    pub(crate) request_id: i32,
    pub(crate) response_to: i32,
    pub(crate) op_code: i32,
}

impl From<[u8; HEADER_BYTES]> for Header {
    fn from(bytes: [u8; HEADER_BYTES]) -> Header {
        let [l0, l1, l2, l3, q0, q1, q2, q3, r0, r1, r2, r3, o0, o1, o2, o3] = bytes;
        Header {
            length: i32::from_le_bytes([l0, l1, l2, l3]),
            request_id: i32::from_le_bytes([q0, q1, q2, q3]),
            response_to: i32::from_le_bytes([r0, r1, r2, r3]),
            op_code: i32::from_le_bytes([o0, o1, o2, o3]),
        }
    }
}

impl Header {
    /// The header's bytes, as a checksum covers them and a reply begins.
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let fields = [self.length, self.request_id, self.response_to, self.op_code];
        for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// How many bytes follow the header.
    fn body_bytes(&self, most: usize) -> Result<usize, Malformed> {
        let length = usize::try_from(self.length).map_err(|_| Malformed::Length(self.length))?;
        match length {
            HEADER_BYTES.. if length <= most => Ok(length - HEADER_BYTES),
            _ => Err(Malformed::Length(self.length)),
        }
    }
}

/// Why there was no further message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the connection broke")]
    Io(#[from] std::io::Error),
    #[error("a message did not come in time")]
    Slow,
}

/// A message's bytes, and the room among those of all connections that they take until they are let go.
pub(crate) struct Frame {
    pub(crate) header: Header,
    pub(crate) body: Bytes,
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// Reads the next message, of at most so many bytes; `None` if the client has gone.
pub(crate) async fn read(
    from: &mut (impl AsyncRead + Unpin),
    room: &Arc<Semaphore>,
    most: usize,
) -> Result<Option<Frame>, ReadError> {
    let mut bytes = [0; HEADER_BYTES];
    match from.read_exact(&mut bytes).await {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let header = Header::from(bytes);
    let length = header.body_bytes(most)?;
    let (body, room) = tokio::time::timeout(MESSAGE_TIME, read_body(from, header, length, room))
        .await
        .map_err(|_| ReadError::Slow)??;
    Ok(Some(Frame { header, body, room }))
}

/// Reads what follows the header. Whoever only promises much takes neither memory nor the room of others: it is asked for once the
/// message has begun to come, and at once for all of it, so that no two wait for each other.
async fn read_body(
    from: &mut (impl AsyncRead + Unpin),
    header: Header,
    length: usize,
    room: &Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ReadError> {
    let mut body = Vec::with_capacity(length.min(FREE_BYTES));
    from.take(length.min(FREE_BYTES) as u64).read_to_end(&mut body).await?;
    let mut held = None;
    if body.len() == FREE_BYTES && length > FREE_BYTES {
        let permits = u32::try_from(length).map_err(|_| Malformed::Length(header.length))?;
        // The semaphore is never closed.
        held = Arc::clone(room).acquire_many_owned(permits).await.ok();
        from.take((length - FREE_BYTES) as u64).read_to_end(&mut body).await?;
    }
    match body.len() == length {
        true => Ok((body.into(), held)),
        false => Err(Malformed::Short.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_now(bytes: &[u8]) -> Result<Option<Frame>, ReadError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(read(&mut &*bytes, &Arc::new(Semaphore::new(MAX_MESSAGE_BYTES)), MAX_MESSAGE_BYTES))
    }

    #[test]
    fn a_message_is_as_long_as_its_header_says() {
        let header = Header { length: 18, request_id: 7, response_to: 0, op_code: 2013 };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend([1, 2, 3]);
        let frame = read_now(&bytes).unwrap().unwrap();
        assert_eq!((frame.header.request_id, &*frame.body), (7, &[1, 2][..]));
        assert!(read_now(&[]).unwrap().is_none());
        assert!(matches!(read_now(&bytes[..17]), Err(ReadError::Malformed(Malformed::Short))));
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_before_anything_is_read() {
        for length in [i32::MIN, -1, 0, 15, 48_000_001, i32::MAX] {
            let header = Header { length, request_id: 1, response_to: 0, op_code: 2013 };
            let refused = read_now(&header.to_bytes());
            assert!(matches!(refused, Err(ReadError::Malformed(Malformed::Length(_)))), "{length}");
        }
    }

    #[test]
    fn what_is_only_promised_takes_no_room() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let room = Arc::new(Semaphore::new(MAX_MESSAGE_BYTES));
            let header = Header { length: 48_000_000, request_id: 1, response_to: 0, op_code: 2013 };
            let (mut client, mut server) = tokio::io::duplex(1 << 20);
            tokio::io::AsyncWriteExt::write_all(&mut client, &header.to_bytes()).await.unwrap();
            let waiting =
                tokio::time::timeout(Duration::from_millis(20), read(&mut server, &room, MAX_MESSAGE_BYTES)).await;
            assert!(waiting.is_err() && room.available_permits() == MAX_MESSAGE_BYTES);
        });
    }
}
