//! Values of the AWS SDK for Rust and back (cargo feature `aws-sdk`), for programs that move between the service and this
//! crate, or use both.
//!
//! ```
//! use std::collections::HashMap;
//!
//! use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
//! use millpond_kv::{AttributeValue, Number, aws_sdk};
//!
//! let fetched = HashMap::from([("year".to_owned(), SdkValue::N("2001.0".into()))]);
//! let item = aws_sdk::from_item(fetched)?;
//! assert_eq!(item["year"], AttributeValue::N(Number::from(2001)));
//! assert_eq!(aws_sdk::to_item(item)["year"], SdkValue::N("2001".into()));
//! # Ok::<(), aws_sdk::ConversionError>(())
//! ```

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue as SdkValue};
use bytes::Bytes;

use crate::value::{AttributeValue, Item, MAX_DEPTH, Number, ValueError};

/// Why a value of the SDK is none of this crate. `Display` is the service's text where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// A number is no number or outside the service's range; a set is empty or has a member twice.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// `Null(false)`.
    #[error("One or more parameter values were invalid: Null attribute value types must have the value of true")]
    FalseNull,
    /// Deeper than [`MAX_DEPTH`] levels.
    #[error(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    )]
    TooDeep,
    /// A type that this version of the SDK did not know when it read the value, or that this crate does not know.
    #[error("the value is of a type that is not known here")]
    UnknownType,
}

/// An item of the SDK as one of this crate.
///
/// # Errors
/// What [`ConversionError`] names. The size of the item is not checked: writes do that.
pub fn from_item(item: HashMap<String, SdkValue>) -> Result<Item, ConversionError> {
    map(item, 1)
}

/// An item of this crate as one of the SDK.
pub fn to_item(item: Item) -> HashMap<String, SdkValue> {
    item.into_iter().map(|(name, value)| (name, value.into())).collect()
}

impl TryFrom<SdkValue> for AttributeValue {
    type Error = ConversionError;

    /// # Errors
    /// What [`ConversionError`] names.
    fn try_from(value: SdkValue) -> Result<AttributeValue, ConversionError> {
        read(value, 1)
    }
}

fn map(members: HashMap<String, SdkValue>, depth: usize) -> Result<Item, ConversionError> {
    members.into_iter().map(|(name, value)| Ok((name, read(value, depth)?))).collect()
}

fn read(value: SdkValue, depth: usize) -> Result<AttributeValue, ConversionError> {
    if depth > MAX_DEPTH {
        return Err(ConversionError::TooDeep);
    }
    let bytes = |blob: Blob| Bytes::from(blob.into_inner());
    Ok(match value {
        SdkValue::S(text) => AttributeValue::S(text),
        SdkValue::N(text) => AttributeValue::N(text.parse()?),
        SdkValue::B(blob) => AttributeValue::B(bytes(blob)),
        SdkValue::Bool(flag) => AttributeValue::Bool(flag),
        SdkValue::Null(true) => AttributeValue::Null,
        SdkValue::Null(false) => return Err(ConversionError::FalseNull),
        SdkValue::Ss(members) => AttributeValue::string_set(members)?,
        SdkValue::Ns(members) => {
            let members: Result<Vec<Number>, ValueError> = members.iter().map(|text| text.parse()).collect();
            AttributeValue::number_set(members?)?
        }
        SdkValue::Bs(members) => AttributeValue::binary_set(members.into_iter().map(bytes).collect())?,
        SdkValue::L(members) => {
            let members: Result<Vec<_>, _> = members.into_iter().map(|member| read(member, depth + 1)).collect();
            AttributeValue::L(members?)
        }
        SdkValue::M(members) => AttributeValue::M(map(members, depth + 1)?),
        _ => return Err(ConversionError::UnknownType),
    })
}

impl From<AttributeValue> for SdkValue {
    fn from(value: AttributeValue) -> SdkValue {
        let blob = |bytes: Bytes| Blob::new(Vec::from(bytes));
        match value {
            AttributeValue::S(text) => SdkValue::S(text),
            AttributeValue::N(number) => SdkValue::N(number.to_string()),
            AttributeValue::B(bytes) => SdkValue::B(blob(bytes)),
            AttributeValue::Bool(flag) => SdkValue::Bool(flag),
            AttributeValue::Null => SdkValue::Null(true),
            AttributeValue::Ss(members) => SdkValue::Ss(members.into_iter().collect()),
            AttributeValue::Ns(members) => SdkValue::Ns(members.iter().map(Number::to_string).collect()),
            AttributeValue::Bs(members) => SdkValue::Bs(members.into_iter().map(blob).collect()),
            AttributeValue::L(members) => SdkValue::L(members.into_iter().map(Into::into).collect()),
            AttributeValue::M(members) => SdkValue::M(to_item(members)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::value::codec::tests::any_item;

    proptest! {
        #[test]
        fn an_item_comes_back_from_the_sdks_types(item in any_item()) {
            prop_assert_eq!(from_item(to_item(item.clone())), Ok(item));
        }
    }

    #[test]
    fn what_the_service_refuses_is_refused() {
        let read = |value: SdkValue| AttributeValue::try_from(value).unwrap_err();
        let text = |text: &str| text.to_owned();
        assert!(matches!(read(SdkValue::N(text("x"))), ConversionError::Value(ValueError::NotANumber { .. })));
        assert!(matches!(read(SdkValue::Ss(vec![])), ConversionError::Value(ValueError::EmptySet { .. })));
        let twice = SdkValue::Ns(vec![text("1"), text("1.0")]);
        assert!(matches!(read(twice), ConversionError::Value(ValueError::DuplicateMember { .. })));
        assert_eq!(read(SdkValue::Null(false)), ConversionError::FalseNull);
        let nested = |levels| (1..levels).fold(SdkValue::Bool(true), |inner, _| SdkValue::L(vec![inner]));
        assert!(AttributeValue::try_from(nested(MAX_DEPTH)).is_ok());
        assert_eq!(read(nested(MAX_DEPTH + 1)), ConversionError::TooDeep);
    }

    #[test]
    fn members_of_sets_and_bytes_are_kept() {
        let set = BTreeSet::from([Bytes::from_static(b"\0"), Bytes::from_static(b"\xff")]);
        let value = AttributeValue::Bs(set);
        let there = SdkValue::from(value.clone());
        assert_eq!(there, SdkValue::Bs(vec![Blob::new([0]), Blob::new([255])]));
        assert_eq!(AttributeValue::try_from(there), Ok(value));
    }
}
