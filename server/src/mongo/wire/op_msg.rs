//! OP_MSG: a command as a document, whose longest member may stand beside it as a sequence of documents.

use std::ops::Range;

use bson::{RawDocument, RawDocumentBuf};
use bytes::Bytes;

use super::{Header, Malformed, OP_MSG, frame::HEADER_BYTES, reader::Reader};

const CHECKSUM_PRESENT: u32 = 1;
const MORE_TO_COME: u32 = 1 << 1;
const EXHAUST_ALLOWED: u32 = 1 << 16;
/// The bits that a server that does not know them has to refuse.
const REQUIRED_BITS: u32 = 0xffff;
const CHECKSUM_BYTES: usize = 4;

/// A command as it came.
pub(crate) struct Command {
    bytes: Bytes,
    body: Range<usize>,
    sequences: Vec<Sequence>,
    /// Whether nobody waits for the reply.
    pub(crate) more_to_come: bool,
    /// Whether the reply may be followed by others.
    pub(crate) exhaust_allowed: bool,
    /// Whether the message had a checksum, so that the reply gets one.
    pub(crate) has_checksum: bool,
}

struct Sequence {
    name: String,
    documents: Vec<Range<usize>>,
}

impl Command {
    /// A command without sequences.
    pub(super) fn plain(bytes: Bytes, body: Range<usize>) -> Command {
        let sequences = Vec::new();
        Command { bytes, body, sequences, more_to_come: false, exhaust_allowed: false, has_checksum: false }
    }

    /// A command as if it had come in a message.
    #[cfg(test)]
    pub(crate) fn of_document(body: &RawDocument) -> Command {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let length = bytes.len();
        Command::plain(bytes, 0..length)
    }

    /// The command's document.
    pub(crate) fn body(&self) -> &RawDocument {
        document(&self.bytes, &self.body)
    }

    /// The documents of a sequence, if there is one of this name.
    pub(crate) fn sequence(&self, name: &str) -> Option<impl ExactSizeIterator<Item = &RawDocument>> {
        let sequence = self.sequences.iter().find(|sequence| sequence.name == name)?;
        Some(sequence.documents.iter().map(|range| document(&self.bytes, range)))
    }

    /// The names of the sequences.
    pub(crate) fn sequence_names(&self) -> impl Iterator<Item = &str> {
        self.sequences.iter().map(|sequence| &*sequence.name)
    }

    /// Whether all documents are BSON throughout.
    pub(crate) fn validate(&self) -> Result<(), String> {
        super::validate(self.body())?;
        let documents = self.sequences.iter().flat_map(|sequence| &sequence.documents);
        documents.map(|range| document(&self.bytes, range)).try_for_each(super::validate)
    }
}

fn document<'a>(bytes: &'a Bytes, range: &Range<usize>) -> &'a RawDocument {
    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];
    let bytes = bytes.get(range.clone()).unwrap_or(EMPTY);
    // The length and the end were looked at when the message was taken apart.
    #[allow(clippy::unwrap_used, reason = "the empty document is one")]
    RawDocument::from_bytes(bytes).unwrap_or_else(|_| RawDocument::from_bytes(EMPTY).unwrap())
}

/// Understands the message behind a header.
pub(super) fn parse(header: &Header, bytes: Bytes) -> Result<Command, Malformed> {
    let mut reader = Reader::new(&bytes);
    let flags = reader.u32()?;
    let unknown = flags & REQUIRED_BITS & !(CHECKSUM_PRESENT | MORE_TO_COME);
    if unknown != 0 {
        return Err(Malformed::Flags(unknown));
    }
    let has_checksum = flags & CHECKSUM_PRESENT != 0;
    let end = match has_checksum {
        true => bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(Malformed::Short)?,
        false => bytes.len(),
    };
    if has_checksum {
        let (covered, checksum) = bytes.split_at_checked(end).ok_or(Malformed::Short)?;
        let expected = crc32c::crc32c_append(crc32c::crc32c(&header.to_bytes()), covered);
        if checksum != expected.to_le_bytes() {
            return Err(Malformed::Checksum);
        }
    }

    let mut bodies = Vec::new();
    let mut sequences: Vec<Sequence> = Vec::new();
    while reader.at() < end {
        match reader.u8()? {
            0 => bodies.push(reader.document()?),
            1 => {
                let section_end =
                    reader.at().checked_add(usize::try_from(reader.i32()?).map_err(|_| Malformed::Short)?);
                let section_end = section_end.filter(|section_end| *section_end <= end).ok_or(Malformed::Short)?;
                let name = reader.name()?.to_owned();
                if sequences.iter().any(|known| known.name == name) {
                    return Err(Malformed::SequenceTwice(name));
                }
                let mut documents = Vec::new();
                while reader.at() < section_end {
                    documents.push(reader.document()?);
                }
                if reader.at() != section_end {
                    return Err(Malformed::Short);
                }
                sequences.push(Sequence { name, documents });
            }
            other => return Err(Malformed::Section(other)),
        }
    }
    if reader.at() != end {
        return Err(Malformed::Short);
    }
    let [body] = &*bodies else { return Err(Malformed::Bodies(bodies.len())) };
    let body = body.clone();
    let command = Command {
        bytes,
        body,
        sequences,
        more_to_come: flags & MORE_TO_COME != 0,
        exhaust_allowed: flags & EXHAUST_ALLOWED != 0,
        has_checksum,
    };
    let twice = command.sequence_names().find(|name| matches!(command.body().get(*name), Ok(Some(_))));
    match twice {
        Some(name) => Err(Malformed::SequenceTwice(name.to_owned())),
        None => Ok(command),
    }
}

/// A message, or a reply, of one document.
pub(crate) fn write(
    request_id: i32,
    response_to: i32,
    document: &RawDocumentBuf,
    more_to_come: bool,
    checksum: bool,
) -> Vec<u8> {
    let document = document.as_bytes();
    let length = HEADER_BYTES + 4 + 1 + document.len() + if checksum { CHECKSUM_BYTES } else { 0 };
    let mut flags = 0;
    if more_to_come {
        flags |= MORE_TO_COME;
    }
    if checksum {
        flags |= CHECKSUM_PRESENT;
    }
    let header = Header { length: i32::try_from(length).unwrap_or(i32::MAX), request_id, response_to, op_code: OP_MSG };
    let mut message = Vec::with_capacity(length);
    message.extend(header.to_bytes());
    message.extend(flags.to_le_bytes());
    message.push(0);
    message.extend(document);
    if checksum {
        message.extend(crc32c::crc32c(&message).to_le_bytes());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::rawdoc;

    fn parse_message(message: &[u8]) -> Result<Command, Malformed> {
        let field = |at: usize| i32::from_le_bytes(message[at..at + 4].try_into().unwrap());
        let header = Header { length: field(0), request_id: field(4), response_to: field(8), op_code: field(12) };
        parse(&header, Bytes::copy_from_slice(&message[HEADER_BYTES..]))
    }

    fn sections(flags: u32, parts: &[&[u8]]) -> Result<Command, Malformed> {
        let header = Header { length: 0, request_id: 1, response_to: 0, op_code: OP_MSG };
        parse(&header, [&flags.to_le_bytes()[..], &parts.concat()].concat().into())
    }

    fn sequence(name: &str, documents: &[RawDocumentBuf]) -> Vec<u8> {
        let documents: Vec<u8> = documents.iter().flat_map(|document| document.as_bytes().to_vec()).collect();
        let length = 4 + name.len() + 1 + documents.len();
        [&[1][..], &i32::try_from(length).unwrap().to_le_bytes(), name.as_bytes(), &[0], &documents].concat()
    }

    #[test]
    fn a_message_comes_back_as_it_was_written() {
        for checksum in [false, true] {
            let mut message = write(7, 0, &rawdoc! { "ping": 1 }, true, checksum);
            let command = parse_message(&message).unwrap();
            assert_eq!(command.body(), &*rawdoc! { "ping": 1 });
            assert!(command.more_to_come);
            assert_eq!(command.has_checksum, checksum);
            *message.last_mut().unwrap() ^= 1;
            assert!(parse_message(&message).is_err());
        }
    }

    #[test]
    fn sequences_stand_beside_the_body_in_any_order() {
        let body = [&[0][..], rawdoc! { "insert": "c" }.as_bytes()].concat();
        let documents = sequence("documents", &[rawdoc! { "a": 1 }, rawdoc! { "a": 2 }]);
        for parts in [[&*body, &*documents], [&*documents, &*body]] {
            let command = sections(0, &parts).unwrap();
            let documents: Vec<_> = command.sequence("documents").unwrap().map(ToOwned::to_owned).collect();
            assert_eq!(documents, [rawdoc! { "a": 1 }, rawdoc! { "a": 2 }]);
            assert!(command.sequence("updates").is_none());
        }
    }

    #[test]
    fn malformed_messages_are_refused() {
        let body = [&[0][..], rawdoc! { "insert": "c", "documents": [] }.as_bytes()].concat();
        let documents = sequence("documents", &[rawdoc! { "a": 1 }]);
        let others = sequence("others", &[rawdoc! { "a": 1 }]);
        let mut long = others.clone();
        long[1] += 1;
        let mut short = others.clone();
        short[1] -= 1;
        let cases: &[(&str, u32, &[&[u8]])] = &[
            ("no body", 0, &[&documents]),
            ("nothing", 0, &[]),
            ("two bodies", 0, &[&body, &body]),
            ("a sequence that is in the body too", 0, &[&body, &documents]),
            ("the same sequence twice", 0, &[&body, &others, &others]),
            ("a section of an unknown kind", 0, &[&body, &[2, 0, 0, 0]]),
            ("an unknown required flag", 1 << 3, &[&body]),
            ("a sequence beyond the message", 0, &[&body, &long]),
            ("a sequence that ends within a document", 0, &[&body, &short]),
            ("a document of no length", 0, &[&[0, 0, 0, 0, 0]]),
            ("a document of a negative length", 0, &[&[0, 255, 255, 255, 255]]),
        ];
        for (what, flags, parts) in cases {
            assert!(sections(*flags, parts).is_err(), "{what}");
        }
        assert!(sections(1 << 20, &[&body]).is_ok(), "optional flags may be unknown");
    }
}
