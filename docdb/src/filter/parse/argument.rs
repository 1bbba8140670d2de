//! Arguments of operators that are numbers, types, masks.

use bson::{RawBsonRef, spec::ElementType};

use crate::{
    error::{Code, Result, refuse},
    filter::tree::{BitMask, Node},
    value::{Kind, Number, Path, TypeSet, as_whole_i64, items, type_name},
};

/// The 1 of `$alwaysTrue` and `$alwaysFalse`.
pub(super) fn one(name: &str, value: RawBsonRef<'_>) -> Result<()> {
    match as_whole_i64(value) {
        Some(1) => Ok(()),
        _ => refuse(Code::FAILED_TO_PARSE, format!("{name} must be an integer value of 1")),
    }
}

/// The share of `$sampleRate`.
pub(super) fn rate(value: RawBsonRef<'_>) -> Result<f64> {
    let Some(rate) = Number::of(value).map(Number::to_double) else {
        return refuse(Code::BAD_VALUE, "argument to $sampleRate must be a numeric type");
    };
    if (0.0..=1.0).contains(&rate) {
        return Ok(rate);
    }
    refuse(Code::BAD_VALUE, "numeric argument to $sampleRate must be in [0, 1]")
}

/// The length of `$size`.
pub(super) fn size(value: RawBsonRef<'_>) -> Result<u32> {
    let failed = |what: &str| refuse(Code::BAD_VALUE, format!("Failed to parse $size. Expected {what}"));
    if Number::of(value).is_none() {
        return failed(&format!("a number, but got a value of type {}", type_name(value)));
    }
    match as_whole_i64(value) {
        None => failed("an integer"),
        Some(size) if size < 0 => failed("a non-negative number"),
        Some(size) if size > i64::from(i32::MAX) => failed("an integer of 32 bits"),
        Some(size) => Ok(u32::try_from(size).unwrap_or(u32::MAX)),
    }
}

/// `$mod`, whose argument is `[divisor, remainder]`.
pub(super) fn modulo(path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
    let malformed = |what: &str| refuse(Code::BAD_VALUE, format!("malformed mod, {what}"));
    let RawBsonRef::Array(array) = value else { return malformed("needs to be an array") };
    let mut parts = items(array);
    let (Some(divisor), Some(remainder), None) = (parts.next(), parts.next(), parts.next()) else {
        return malformed(if items(array).count() < 2 { "not enough elements" } else { "too many elements" });
    };
    let Some(divisor) = Number::of(divisor) else { return malformed("divisor not a number") };
    let Some(divisor) = divisor.to_i64() else { return malformed("divisor value is invalid") };
    let Some(remainder) = Number::of(remainder) else { return malformed("remainder not a number") };
    let Some(remainder) = remainder.to_i64() else { return malformed("remainder value is invalid") };
    if divisor == 0 {
        return refuse(Code::BAD_VALUE, "divisor cannot be 0");
    }
    Ok(Node::Mod { path: path.clone(), divisor, remainder })
}

/// The types of `$type`: an alias, a number, or an array of them.
pub(super) fn types(value: RawBsonRef<'_>) -> Result<TypeSet> {
    let RawBsonRef::Array(array) = value else { return type_set(value) };
    let mut set = TypeSet::default();
    for item in items(array) {
        set = set.union(type_set(item)?);
    }
    if set.is_empty() {
        return refuse(Code::FAILED_TO_PARSE, "$type must match at least one type");
    }
    Ok(set)
}

fn type_set(value: RawBsonRef<'_>) -> Result<TypeSet> {
    match value {
        RawBsonRef::String(alias) => TypeSet::of_alias(alias),
        value if Kind::of(value) == Kind::Number => match as_whole_i64(value).and_then(|code| i32::try_from(code).ok())
        {
            Some(0) => refuse(Code::BAD_VALUE, "Invalid numerical type code: 0. Instead use {$exists:false}."),
            Some(code) => TypeSet::of_number(code),
            None => refuse(Code::BAD_VALUE, format!("Invalid numerical type code: {value:?}")),
        },
        _ => refuse(Code::TYPE_MISMATCH, "type must be represented as a number or a string"),
    }
}

/// The bits of `$bitsAllSet` and its kin: a number, a binary, or an array of positions.
pub(super) fn mask(name: &str, value: RawBsonRef<'_>) -> Result<BitMask> {
    match value {
        RawBsonRef::Binary(binary) => Ok(BitMask::Bytes(binary.bytes.into())),
        RawBsonRef::Array(array) => {
            let positions: Result<Box<[u32]>> = items(array).map(position).collect();
            Ok(BitMask::Positions(positions?))
        }
        value if value.element_type() != ElementType::Double && Number::of(value).is_none() => refuse(
            Code::BAD_VALUE,
            format!("{name} takes an Array, a number, or a BinData but received: {}", type_name(value)),
        ),
        value => match as_whole_i64(value) {
            None => refuse(Code::FAILED_TO_PARSE, "Expected an integer"),
            Some(mask) if mask < 0 => refuse(Code::FAILED_TO_PARSE, "Expected a non-negative number"),
            Some(mask) => Ok(BitMask::Bytes(mask.to_le_bytes().into())),
        },
    }
}

fn position(value: RawBsonRef<'_>) -> Result<u32> {
    match as_whole_i64(value).map(i32::try_from) {
        Some(Ok(position)) => match u32::try_from(position) {
            Ok(position) => Ok(position),
            Err(_) => refuse(Code::BAD_VALUE, "bit positions must be >= 0"),
        },
        Some(Err(_)) => refuse(Code::BAD_VALUE, "bit positions cannot be represented as a 32-bit signed integer"),
        None => refuse(Code::BAD_VALUE, "bit positions must be an integer"),
    }
}
