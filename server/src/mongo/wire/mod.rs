//! MongoDB's wire protocol: messages in and out, as bytes.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>.
//!
//! [`frame`] reads a message off a connection, [`op_msg`], [`op_query`] and [`compressed`] know the three kinds that are still sent. Everything that is
//! wrong with a message is a [`Malformed`], after which the connection is of no use any more.

pub(crate) mod compressed;
pub(crate) mod frame;
pub(crate) mod op_msg;
pub(crate) mod op_query;
mod reader;
mod validate;

pub(crate) use compressed::Compressor;
pub(crate) use frame::{Header, MAX_MESSAGE_BYTES};
pub(crate) use op_msg::Command;
pub(crate) use validate::validate;

/// The legacy reply.
pub(crate) const OP_REPLY: i32 = 1;
/// The legacy query, by which a driver says hello.
pub(crate) const OP_QUERY: i32 = 2004;
/// A compressed message of another kind.
pub(crate) const OP_COMPRESSED: i32 = 2012;
/// A command, or a reply to it.
pub(crate) const OP_MSG: i32 = 2013;

/// Why a connection was ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("a message says that it has {0} bytes")]
    Length(i32),
    #[error("messages of kind {0} are not understood")]
    OpCode(i32),
    #[error("a message ends before its parts do")]
    Short,
    #[error("a message has {0} bytes after its last part")]
    Trailing(usize),
    #[error("the bits {0:#x} of a message's flags are not known")]
    Flags(u32),
    #[error("sections of kind {0} are not understood")]
    Section(u8),
    #[error("a message has {0} bodies")]
    Bodies(usize),
    #[error("the document sequence {0:?} is there twice, or also in the body")]
    SequenceTwice(String),
    #[error("a message's checksum does not fit it")]
    Checksum,
    #[error("a document in a message is malformed")]
    Document,
    #[error("a name in a message is not UTF-8")]
    Name,
    #[error("compressor {0} is not known")]
    Compressor(u8),
    #[error("a compressed message cannot be unpacked")]
    Unpack,
    #[error("a legacy query for {0:?}: only commands are answered")]
    Query(String),
}

/// A command and how it came.
pub(crate) struct Request {
    pub(crate) request_id: i32,
    pub(crate) command: Command,
    /// Whether it is a legacy query, which wants a legacy reply.
    pub(crate) legacy: bool,
    /// By what the reply is to be compressed.
    pub(crate) compressor: Option<Compressor>,
}

/// Understands a whole message.
pub(crate) fn parse(header: Header, body: bytes::Bytes) -> Result<Request, Malformed> {
    match header.op_code {
        OP_COMPRESSED => {
            let (op_code, compressor, body) = compressed::unpack(&body)?;
            let request = parse_plain(Header { op_code, ..header }, body)?;
            Ok(Request { compressor: Some(compressor), ..request })
        }
        _ => parse_plain(header, body),
    }
}

fn parse_plain(header: Header, body: bytes::Bytes) -> Result<Request, Malformed> {
    let (command, legacy) = match header.op_code {
        OP_MSG => (op_msg::parse(&header, body)?, false),
        OP_QUERY => (op_query::parse(&body)?, true),
        other => return Err(Malformed::OpCode(other)),
    };
    Ok(Request { request_id: header.request_id, command, legacy, compressor: None })
}
