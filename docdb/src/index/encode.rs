//! Values as bytes whose order is the order of values: the components of index keys.
//!
//! A component is one byte for the class and the value's bytes; it delimits itself, and none is a prefix of another, so
//! components written one after the other order as tuples. A descending component has all its bytes inverted. Equal values
//! of different types (`1`, `1.0`) have equal bytes; what they were is kept beside the key. With a collation, strings
//! enter as their collation keys.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    collation::Collation,
    value::{Kind, Number, encode_number, fields, items},
};

/// Appends a value as a component.
pub(crate) fn encode(out: &mut Vec<u8>, value: RawBsonRef<'_>, collation: Option<&Collation>) {
    out.push(Kind::of(value) as u8);
    encode_content(out, value, collation);
}

fn encode_content(out: &mut Vec<u8>, value: RawBsonRef<'_>, collation: Option<&Collation>) {
    match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => match collation {
            Some(collation) => delimited(out, &collation.sort_key(text)),
            None => delimited(out, text.as_bytes()),
        },
        RawBsonRef::Document(document) => encode_document(out, document, collation),
        RawBsonRef::Array(array) => encode_array(out, array, collation),
        RawBsonRef::Binary(binary) => {
            // Lengths of values fit 32 bits: documents do.
            out.extend_from_slice(&u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.push(binary.subtype.into());
            out.extend_from_slice(binary.bytes);
        }
        RawBsonRef::ObjectId(id) => out.extend_from_slice(&id.bytes()),
        RawBsonRef::Boolean(value) => out.push(u8::from(value)),
        RawBsonRef::DateTime(date) => out.extend_from_slice(&signed(date.timestamp_millis())),
        RawBsonRef::Timestamp(timestamp) => {
            out.extend_from_slice(&timestamp.time.to_be_bytes());
            out.extend_from_slice(&timestamp.increment.to_be_bytes());
        }
        RawBsonRef::RegularExpression(regex) => {
            delimited(out, regex.pattern.as_str().as_bytes());
            delimited(out, regex.options.as_str().as_bytes());
        }
        RawBsonRef::DbPointer(_) => delimited(out, format!("{value:?}").as_bytes()),
        RawBsonRef::JavaScriptCode(code) => delimited(out, code.as_bytes()),
        RawBsonRef::JavaScriptCodeWithScope(code) => {
            delimited(out, code.code.as_bytes());
            encode_document(out, code.scope, None);
        }
        RawBsonRef::Null | RawBsonRef::Undefined | RawBsonRef::MinKey | RawBsonRef::MaxKey => {}
        RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Double(_) | RawBsonRef::Decimal128(_) => {
            if let Some(number) = Number::of(value) {
                encode_number(out, number);
            }
        }
    }
}

fn encode_document(out: &mut Vec<u8>, document: &RawDocument, collation: Option<&Collation>) {
    for (name, value) in fields(document) {
        out.push(Kind::of(value) as u8);
        delimited(out, name.as_bytes());
        encode_content(out, value, collation);
    }
    out.push(0);
}

fn encode_array(out: &mut Vec<u8>, array: &RawArray, collation: Option<&Collation>) {
    for value in items(array) {
        encode(out, value, collation);
    }
    out.push(0);
}

/// Bytes that end themselves and keep their order: `00` as `00 FF`, then `00 00`.
pub(crate) fn delimited(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn signed(value: i64) -> [u8; 8] {
    (value ^ i64::MIN).to_be_bytes()
}

/// Inverts the bytes of a descending component.
pub(crate) fn invert(component: &mut [u8]) {
    for byte in component {
        *byte = !*byte;
    }
}

#[cfg(test)]
mod tests {
    use bson::{RawBson, RawDocumentBuf, doc};
    use proptest::prelude::*;

    use super::encode;
    use crate::value::{compare, field, fields, testing::any_value};

    fn encoded(value: &RawBson) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, value.as_raw_bson_ref(), None);
        out
    }

    proptest! {
        #[test]
        fn the_order_of_bytes_is_the_order_of_values(a in any_value(), b in any_value()) {
            let order = compare(a.as_raw_bson_ref(), b.as_raw_bson_ref());
            prop_assert_eq!(encoded(&a).cmp(&encoded(&b)), order);
        }

        #[test]
        fn no_component_is_a_prefix_of_another(a in any_value(), b in any_value()) {
            let (a, b) = (encoded(&a), encoded(&b));
            prop_assert!(a == b || !b.starts_with(&a));
        }
    }

    #[test]
    fn classes_come_in_the_order_of_the_server() {
        let values = RawDocumentBuf::try_from(&doc! {
            "a": bson::Bson::MinKey, "b": bson::Bson::Null, "c": -1, "d": 1.5, "e": "", "f": "a", "g": {}, "h": { "a": 1 }, "i": [],
            "j": [1], "k": false, "l": true, "m": bson::Bson::MaxKey,
        })
        .unwrap();
        let keys: Vec<Vec<u8>> = fields(&values).map(|(_, value)| encoded(&value.into())).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert!(field(&values, "n").is_none());
    }
}
