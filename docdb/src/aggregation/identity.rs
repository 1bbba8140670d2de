//! Bytes that are equal where values are equal, so that values can be keys of hash maps.

use bson::{RawBsonRef, RawDocument};

use crate::{
    collation::Collation,
    value::{Kind, Number, fields, items},
};

/// Bytes that two values share exactly if they are equal in the order of values under the collation: `1` and `1.0` do.
pub(crate) fn identity(value: RawBsonRef<'_>, collation: Option<&Collation>) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, value, collation);
    out
}

/// Appends the bytes of a value. They tell their own end.
pub(super) fn append(out: &mut Vec<u8>, value: RawBsonRef<'_>, collation: Option<&Collation>) {
    use RawBsonRef as V;
    out.push(Kind::of(value) as u8);
    match value {
        V::String(text) | V::Symbol(text) => match collation {
            Some(collation) => counted(out, &collation.sort_key(text)),
            None => counted(out, text.as_bytes()),
        },
        V::Document(document) => append_document(out, document, collation),
        V::Array(array) => {
            for item in items(array) {
                append(out, item, collation);
            }
            out.push(0);
        }
        V::Binary(binary) => {
            out.push(binary.subtype.into());
            counted(out, binary.bytes);
        }
        V::ObjectId(id) => out.extend(id.bytes()),
        V::Boolean(value) => out.push(value.into()),
        V::DateTime(date) => out.extend(date.timestamp_millis().to_be_bytes()),
        V::Timestamp(timestamp) => {
            out.extend(timestamp.time.to_be_bytes());
            out.extend(timestamp.increment.to_be_bytes());
        }
        V::RegularExpression(regex) => {
            counted(out, regex.pattern.as_str().as_bytes());
            counted(out, regex.options.as_str().as_bytes());
        }
        V::DbPointer(_) => counted(out, format!("{value:?}").as_bytes()),
        V::JavaScriptCode(code) => counted(out, code.as_bytes()),
        V::JavaScriptCodeWithScope(code) => {
            counted(out, code.code.as_bytes());
            append_document(out, code.scope, None);
        }
        _ => {
            if let Some(number) = Number::of(value) {
                crate::value::encode_number(out, number);
            }
        }
    }
}

fn append_document(out: &mut Vec<u8>, document: &RawDocument, collation: Option<&Collation>) {
    for (name, value) in fields(document) {
        append(out, value, collation);
        counted(out, name.as_bytes());
    }
    out.push(0);
}

fn counted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use bson::RawBson;

    use super::*;
    use crate::value::values_equal;

    #[test]
    fn values_share_bytes_exactly_if_they_are_equal() {
        let decimal = |text: &str| RawBson::Decimal128(text.parse().unwrap());
        let values: Vec<RawBson> = vec![
            1.into(),
            1_i64.into(),
            1.0.into(),
            decimal("1.00"),
            0.into(),
            (-0.0).into(),
            decimal("-0"),
            f64::NAN.into(),
            decimal("NaN"),
            0.1.into(),
            decimal("0.1"),
            decimal("0.5"),
            0.5.into(),
            f64::INFINITY.into(),
            decimal("Infinity"),
            (1_i64 << 53).into(),
            ((1_i64 << 53) + 1).into(),
            9_007_199_254_740_992.0.into(),
            RawBson::Null,
            RawBson::Undefined,
            "".into(),
            "a".into(),
            RawBson::Symbol("a".to_owned()),
            true.into(),
            bson::rawdoc! { "a": 1 }.into(),
            bson::rawdoc! { "a": 1.0 }.into(),
            bson::rawdoc! { "b": 1 }.into(),
            bson::rawdoc! {}.into(),
            RawBson::Array(bson::RawArrayBuf::new()),
            RawBson::Array([1, 2].into_iter().collect()),
            RawBson::Array([1.0, 2.0].into_iter().collect()),
        ];
        for a in &values {
            for b in &values {
                let (a, b) = (a.as_raw_bson_ref(), b.as_raw_bson_ref());
                assert_eq!(identity(a, None) == identity(b, None), values_equal(a, b), "{a:?} and {b:?}");
            }
        }
    }
}
