//! OP_COMPRESSED: another message behind one of four compressors.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use ruzstd::{decoding::StreamingDecoder, encoding::CompressionLevel};

use super::{
    Header, Malformed, OP_COMPRESSED,
    frame::{HEADER_BYTES, MAX_MESSAGE_BYTES},
    reader::Reader,
};

/// How messages are compressed, in the order in which a server prefers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compressor {
    Noop,
    Snappy,
    Zlib,
    Zstd,
}

impl Compressor {
    /// Those that a client may ask for.
    const OFFERED: [Compressor; 3] = [Compressor::Snappy, Compressor::Zstd, Compressor::Zlib];

    /// The name, as `hello` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Compressor::Noop => "noop",
            Compressor::Snappy => "snappy",
            Compressor::Zlib => "zlib",
            Compressor::Zstd => "zstd",
        }
    }

    /// The one of a name that a client offers.
    pub(crate) fn offered(name: &str) -> Option<Compressor> {
        Self::OFFERED.into_iter().find(|compressor| compressor.name() == name)
    }

    fn id(self) -> u8 {
        match self {
            Compressor::Noop => 0,
            Compressor::Snappy => 1,
            Compressor::Zlib => 2,
            Compressor::Zstd => 3,
        }
    }

    fn from_id(id: u8) -> Result<Compressor, Malformed> {
        match id {
            0 => Ok(Compressor::Noop),
            1 => Ok(Compressor::Snappy),
            2 => Ok(Compressor::Zlib),
            3 => Ok(Compressor::Zstd),
            other => Err(Malformed::Compressor(other)),
        }
    }

    fn compress(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Compressor::Noop => Some(bytes.to_vec()),
            Compressor::Snappy => snap::raw::Encoder::new().compress_vec(bytes).ok(),
            Compressor::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()
            }
            Compressor::Zstd => Some(ruzstd::encoding::compress_to_vec(bytes, CompressionLevel::Fastest)),
        }
    }

    /// Unpacks what must become exactly `length` bytes.
    fn decompress(self, bytes: &[u8], length: usize) -> Result<Bytes, Malformed> {
        let unpacked = match self {
            Compressor::Noop => bytes.to_vec(),
            Compressor::Snappy => match snap::raw::decompress_len(bytes) {
                Ok(said) if said == length => {
                    snap::raw::Decoder::new().decompress_vec(bytes).map_err(|_| Malformed::Unpack)?
                }
                _ => return Err(Malformed::Unpack),
            },
            Compressor::Zlib => read_bounded(ZlibDecoder::new(bytes), length)?,
            Compressor::Zstd => {
                let decoder = StreamingDecoder::new_with_max_window_size(bytes, MAX_MESSAGE_BYTES as u64);
                read_bounded(decoder.map_err(|_| Malformed::Unpack)?, length)?
            }
        };
        match unpacked.len() == length {
            true => Ok(unpacked.into()),
            false => Err(Malformed::Unpack),
        }
    }
}

fn read_bounded(reader: impl Read, length: usize) -> Result<Vec<u8>, Malformed> {
    let mut unpacked = Vec::new();
    reader.take(length as u64 + 1).read_to_end(&mut unpacked).map_err(|_| Malformed::Unpack)?;
    Ok(unpacked)
}

/// The message within, its kind and its compressor.
pub(super) fn unpack(bytes: &Bytes) -> Result<(i32, Compressor, Bytes), Malformed> {
    let mut reader = Reader::new(bytes);
    let op_code = reader.i32()?;
    if op_code == OP_COMPRESSED {
        return Err(Malformed::OpCode(op_code));
    }
    let said = reader.i32()?;
    let length = usize::try_from(said).ok().filter(|length| *length <= MAX_MESSAGE_BYTES - HEADER_BYTES);
    let length = length.ok_or(Malformed::Length(said))?;
    let compressor = Compressor::from_id(reader.u8()?)?;
    let unpacked = compressor.decompress(reader.take(reader.left())?, length)?;
    Ok((op_code, compressor, unpacked))
}

/// The same message, compressed; as it is if that fails.
pub(crate) fn pack(message: Vec<u8>, compressor: Compressor) -> Vec<u8> {
    const PACKED_BYTES: usize = 9;
    let Some((header, body)) = message.split_first_chunk::<HEADER_BYTES>() else { return message };
    let Some(packed) = compressor.compress(body) else { return message };
    let length = HEADER_BYTES + PACKED_BYTES + packed.len();
    let (Ok(length), Ok(unpacked_length)) = (i32::try_from(length), i32::try_from(body.len())) else { return message };
    let header = Header::from(*header);
    let op_code = header.op_code;
    let header = Header { length, op_code: OP_COMPRESSED, ..header };
    let mut whole = Vec::with_capacity(HEADER_BYTES + PACKED_BYTES + packed.len());
    whole.extend(header.to_bytes());
    whole.extend(op_code.to_le_bytes());
    whole.extend(unpacked_length.to_le_bytes());
    whole.push(compressor.id());
    whole.extend(packed);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mongo::wire::op_msg;
    use bson::rawdoc;

    const ALL: [Compressor; 4] = [Compressor::Noop, Compressor::Snappy, Compressor::Zlib, Compressor::Zstd];

    #[test]
    fn a_message_comes_back_from_each_compressor() {
        let message = op_msg::write(1, 2, &rawdoc! { "text": "abc".repeat(10_000) }, false, false);
        for compressor in ALL {
            let packed = pack(message.clone(), compressor);
            let unpacked = unpack(&Bytes::copy_from_slice(&packed[HEADER_BYTES..])).unwrap();
            assert_eq!((unpacked.0, unpacked.1), (2013, compressor));
            assert_eq!(unpacked.2, &message[HEADER_BYTES..], "{compressor:?}");
            assert!(compressor == Compressor::Noop || packed.len() < message.len() / 5, "{compressor:?}");
        }
    }

    #[test]
    fn what_unpacks_to_another_length_is_refused() {
        let message = op_msg::write(1, 2, &rawdoc! { "text": "abc".repeat(100) }, false, false);
        for compressor in ALL {
            for change in [-1, 1] {
                let mut packed = pack(message.clone(), compressor);
                packed[20] = packed[20].wrapping_add_signed(change);
                assert!(unpack(&packed.split_off(HEADER_BYTES).into()).is_err(), "{compressor:?} {change}");
            }
        }
        let mut packed = pack(message, Compressor::Zlib).split_off(HEADER_BYTES);
        packed[4..8].copy_from_slice(&48_000_000_i32.to_le_bytes());
        assert!(matches!(unpack(&packed.into()), Err(Malformed::Length(_))));
    }

    #[test]
    fn only_what_is_offered_can_be_asked_for() {
        assert_eq!(Compressor::offered("snappy"), Some(Compressor::Snappy));
        assert_eq!(Compressor::offered("lz4"), None);
    }
}
