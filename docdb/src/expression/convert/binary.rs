//! Binary data and how it is written as text.

use std::borrow::Cow;

use base64::{
    Engine, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    },
};
use bson::{Binary, RawBinaryRef, RawBson, RawBsonRef, Uuid, spec::BinarySubtype};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        arguments::type_of,
        convert::{failure, target::Target, text::shown, unsupported},
    },
    value::{MAX_DOCUMENT_BYTES, Value},
};

/// The code where a format is needed and none given; `onError` does not see it.
pub(super) const MISSING_FORMAT: Code = Code(4_341_115);

/// The subtype of UUIDs.
pub(super) const UUID: u8 = 4;

const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How binary data is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As UUID or base64, whatever it is.
    Auto,
    Base64,
    Base64Url,
    Hex,
    Utf8,
    Uuid,
}

impl Format {
    /// Reads `format`; none for null.
    pub(super) fn of(value: &Value<'_>) -> Result<Option<Format>> {
        match value.get() {
            _ if value.is_nullish() => Ok(None),
            Some(RawBsonRef::String(text)) => Ok(Some(match text {
                "auto" => Format::Auto,
                "base64" => Format::Base64,
                "base64url" => Format::Base64Url,
                "hex" => Format::Hex,
                "utf8" => Format::Utf8,
                "uuid" => Format::Uuid,
                text => return refuse(Code(4_341_125), format!("Invalid 'format' argument for $convert: {text}")),
            })),
            _ => refuse(
                Code(4_341_114),
                format!("$convert requires that 'format' be a string, found: {}", type_of(value)),
            ),
        }
    }
}

/// The order of the bytes of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// Reads `byteOrder`; little for null.
    pub(super) fn of(value: &Value<'_>) -> Result<ByteOrder> {
        match value.get() {
            _ if value.is_nullish() => Ok(ByteOrder::Little),
            Some(RawBsonRef::String("little")) => Ok(ByteOrder::Little),
            Some(RawBsonRef::String("big")) => Ok(ByteOrder::Big),
            Some(RawBsonRef::String(text)) => {
                refuse(Code(9_130_002), format!("Invalid 'byteOrder' argument for $convert: {text}"))
            }
            _ => refuse(
                Code(9_130_001),
                format!("$convert requires that 'byteOrder' be a string, found: {}", type_of(value)),
            ),
        }
    }

    /// Bytes of this order in little-endian one, and the other way round.
    pub(super) fn to_little<const N: usize>(self, mut bytes: [u8; N]) -> [u8; N] {
        if self == ByteOrder::Big {
            bytes.reverse();
        }
        bytes
    }
}

/// The bytes as they are stored: the old subtype has its length in front of them once more.
pub(super) fn payload(binary: RawBinaryRef<'_>) -> Cow<'_, [u8]> {
    if binary.subtype != BinarySubtype::BinaryOld {
        return Cow::Borrowed(binary.bytes);
    }
    let length = u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX);
    Cow::Owned([&length.to_le_bytes(), binary.bytes].concat())
}

pub(super) fn to_binary(
    value: RawBsonRef<'_>,
    target: Target,
    format: Option<Format>,
    order: ByteOrder,
) -> Result<RawBson> {
    let subtype = BinarySubtype::from(target.subtype);
    let bytes = match value {
        RawBsonRef::Binary(binary) if binary.subtype == subtype => binary.bytes.to_vec(),
        RawBsonRef::Binary(_) => {
            return Err(failure("Conversions between the subtypes of binary data are unsupported"));
        }
        RawBsonRef::Int32(number) => order.to_little(number.to_le_bytes()).to_vec(),
        RawBsonRef::Int64(number) => order.to_little(number.to_le_bytes()).to_vec(),
        RawBsonRef::Double(number) => order.to_little(number.to_le_bytes()).to_vec(),
        RawBsonRef::String(text) => decode(text, target, format)?,
        value => return unsupported(value, target),
    };
    Ok(RawBson::Binary(Binary { subtype, bytes }))
}

fn decode(text: &str, target: Target, format: Option<Format>) -> Result<Vec<u8>> {
    let Some(format) = format else {
        return refuse(MISSING_FORMAT, "Format must be specified when converting from 'string' to 'binData'");
    };
    if (format == Format::Uuid) != (target.subtype == UUID) {
        return Err(failure("The format 'uuid' and the UUID subtype go together"));
    }
    let decoded = match format {
        Format::Auto => None,
        Format::Base64 => STANDARD.decode(text).ok(),
        Format::Base64Url => URL_SAFE.decode(text).ok(),
        Format::Hex => decode_hex(text),
        Format::Utf8 => Some(text.as_bytes().to_vec()),
        Format::Uuid => decode_uuid(text),
    };
    decoded.ok_or_else(|| failure(format!("Input string '{}' does not have the format", shown(text))))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Only the form with dashes.
fn decode_uuid(text: &str) -> Option<Vec<u8>> {
    let dashes = text.match_indices('-').map(|(at, _)| at);
    if text.len() != 36 || !dashes.eq([8, 13, 18, 23]) {
        return None;
    }
    Uuid::parse_str(text).ok().map(|uuid| uuid.bytes().to_vec())
}

/// Binary data as text.
pub(super) fn encode(binary: RawBinaryRef<'_>, format: Option<Format>) -> Result<String> {
    let Some(format) = format else {
        return refuse(MISSING_FORMAT, "Format must be specified when converting from 'binData' to 'string'");
    };
    let bytes = payload(binary);
    // Hexadecimal digits are the longest.
    if bytes.len() >= MAX_DOCUMENT_BYTES / 2 && format != Format::Utf8 {
        return refuse(Code(16493), "the string that the conversion makes is too long");
    }
    let uuid = match binary.subtype {
        BinarySubtype::Uuid => <[u8; 16]>::try_from(&*bytes).ok(),
        _ => None,
    };
    match (format, uuid) {
        (Format::Auto | Format::Uuid, Some(uuid)) => Ok(Uuid::from_bytes(uuid).to_string()),
        (Format::Uuid, None) => Err(failure("Only 16 bytes of the UUID subtype are converted to a UUID string")),
        (Format::Auto | Format::Base64, _) => Ok(STANDARD.encode(bytes)),
        (Format::Base64Url, _) => Ok(URL_SAFE_NO_PAD.encode(bytes)),
        (Format::Hex, _) => Ok(bytes.iter().map(|byte| format!("{byte:02X}")).collect()),
        (Format::Utf8, _) => {
            String::from_utf8(bytes.into_owned()).map_err(|_| failure("The binary data is not valid UTF-8"))
        }
    }
}
