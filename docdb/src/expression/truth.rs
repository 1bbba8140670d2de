//! What counts as true.

use bson::RawBsonRef;

use crate::value::{Decimal, Number};

/// Whether a value counts as true: all but missing, null, undefined, false and zero. Empty strings and arrays do, and NaN
/// does.
pub(crate) fn truthy(value: Option<RawBsonRef<'_>>) -> bool {
    match value {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => false,
        Some(RawBsonRef::Boolean(value)) => value,
        Some(value) => match Number::of(value) {
            Some(Number::Int32(number)) => number != 0,
            Some(Number::Int64(number)) => number != 0,
            Some(Number::Double(number)) => number != 0.0,
            Some(Number::Decimal(Decimal::Finite { coefficient, .. })) => coefficient != 0,
            Some(Number::Decimal(_)) | None => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use bson::{RawArrayBuf, RawBson, RawDocumentBuf};

    use super::*;

    #[test]
    fn only_nothing_null_false_and_zeros_are_false() {
        let decimal = |text: &str| RawBson::Decimal128(text.parse().unwrap());
        let table = [
            (RawBson::Null, false),
            (RawBson::Undefined, false),
            (RawBson::Boolean(false), false),
            (RawBson::Boolean(true), true),
            (RawBson::Int32(0), false),
            (RawBson::Int64(0), false),
            (RawBson::Int64(-1), true),
            (RawBson::Double(-0.0), false),
            (RawBson::Double(f64::NAN), true),
            (decimal("-0E+10"), false),
            (decimal("NaN"), true),
            (decimal("Infinity"), true),
            (RawBson::String(String::new()), true),
            (RawBson::Array(RawArrayBuf::new()), true),
            (RawBson::Document(RawDocumentBuf::new()), true),
            (RawBson::MinKey, true),
        ];
        for (value, expected) in table {
            assert_eq!(truthy(Some(value.as_raw_bson_ref())), expected, "{value:?}");
        }
        assert!(!truthy(None));
    }
}
