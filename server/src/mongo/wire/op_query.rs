//! OP_QUERY, by which drivers say hello before they know what the server speaks, and OP_REPLY, the answer to it.

use bson::RawDocumentBuf;
use bytes::Bytes;

use super::{Command, Header, Malformed, OP_REPLY, frame::HEADER_BYTES, reader::Reader};

/// That the server waits for data at the end of a capped collection; set in all replies.
const AWAIT_CAPABLE: i32 = 8;

/// Understands a query for one document of `<database>.$cmd`: anything else has not been sent for years.
pub(super) fn parse(bytes: &Bytes) -> Result<Command, Malformed> {
    let mut reader = Reader::new(bytes);
    let _flags = reader.u32()?;
    let collection = reader.name()?;
    let database = collection.strip_suffix(".$cmd").ok_or_else(|| Malformed::Query(collection.to_owned()))?;
    let _skip = reader.i32()?;
    let _count = reader.i32()?;
    let place = reader.document()?;
    if reader.left() > 0 {
        let _projection = reader.document()?;
    }
    if reader.left() > 0 {
        return Err(Malformed::Trailing(reader.left()));
    }
    let query = Command::plain(bytes.clone(), place);
    // Some drivers put the command into `$query` to set a read preference beside it.
    let body = match query.body().get("$query") {
        Ok(Some(inner)) => inner.as_document().ok_or(Malformed::Document)?,
        _ => query.body(),
    };
    let mut body = RawDocumentBuf::from_bytes(body.as_bytes().to_vec()).map_err(|_| Malformed::Document)?;
    if !matches!(body.get("$db"), Ok(Some(_))) {
        body.append(bson::raw::cstr!("$db"), database);
    }
    let body = Bytes::from(body.into_bytes());
    let length = body.len();
    Ok(Command::plain(body, 0..length))
}

/// A reply of one document.
pub(crate) fn write_reply(request_id: i32, response_to: i32, document: &RawDocumentBuf) -> Vec<u8> {
    const REPLY_BYTES: usize = 20;
    let document = document.as_bytes();
    let length = HEADER_BYTES + REPLY_BYTES + document.len();
    let header =
        Header { length: i32::try_from(length).unwrap_or(i32::MAX), request_id, response_to, op_code: OP_REPLY };
    let mut message = Vec::with_capacity(length);
    message.extend(header.to_bytes());
    message.extend(AWAIT_CAPABLE.to_le_bytes());
    message.extend(0_i64.to_le_bytes()); // no cursor
    message.extend(0_i32.to_le_bytes()); // from the first document
    message.extend(1_i32.to_le_bytes()); // one document
    message.extend(document);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::rawdoc;

    fn query(collection: &str, query: &RawDocumentBuf) -> Bytes {
        let numbers: Vec<u8> = [0_i32, -1].iter().flat_map(|number| number.to_le_bytes()).collect();
        [&[4, 0, 0, 0][..], collection.as_bytes(), &[0], &numbers, query.as_bytes()].concat().into()
    }

    #[test]
    fn a_hello_in_a_query_names_its_database() {
        let expected = rawdoc! { "isMaster": 1, "$db": "admin" };
        let plain = parse(&query("admin.$cmd", &rawdoc! { "isMaster": 1 })).unwrap();
        assert_eq!(plain.body(), &*expected);
        let wrapped = rawdoc! { "$query": { "isMaster": 1 }, "$readPreference": { "mode": "primary" } };
        assert_eq!(parse(&query("admin.$cmd", &wrapped)).unwrap().body(), &*expected);
    }

    #[test]
    fn queries_of_collections_are_refused() {
        assert!(matches!(parse(&query("test.things", &rawdoc! {})), Err(Malformed::Query(_))));
        let mut long = query("admin.$cmd", &rawdoc! { "isMaster": 1 }).to_vec();
        long.push(1);
        assert!(parse(&long.into()).is_err());
    }
}
