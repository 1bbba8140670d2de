//! What a policy wants of one value.

use std::borrow::Cow;

use super::{
    address::{AddressRange, address_of},
    number::{Number, Range},
    wildcard::Wildcard,
};

/// A value of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar<'m> {
    Null,
    True,
    False,
    Number(Number),
    Text(Cow<'m, str>),
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Exact {
    Null,
    True,
    False,
    Number(Number),
    Text(Box<str>),
}

impl Exact {
    pub(super) fn is(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Exact::Null, Scalar::Null) | (Exact::True, Scalar::True) | (Exact::False, Scalar::False) => true,
            (Exact::Number(number), Scalar::Number(value)) => number == value,
            (Exact::Text(text), Scalar::Text(value)) => **text == **value,
            _ => false,
        }
    }
}

/// What a value may look like. Patterns that are equal want the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Pattern {
    Exact(Exact),
    /// A text, [`folded`].
    EqualsIgnoreCase(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Numeric(Range),
    Cidr(AddressRange),
    Wildcard(Wildcard),
    /// Any value but those that one of the patterns wants.
    AnythingBut(Box<[Pattern]>),
    Exists,
    /// No value at all.
    Absent,
}

impl Pattern {
    /// Whether a value that is there is wanted.
    pub(super) fn wants(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Pattern::Exact(exact), value) => exact.is(value),
            (Pattern::EqualsIgnoreCase(text), Scalar::Text(value)) => text.chars().eq(in_lower_case(value)),
            (Pattern::Prefix(prefix), Scalar::Text(value)) => value.starts_with(&**prefix),
            (Pattern::Suffix(suffix), Scalar::Text(value)) => value.ends_with(&**suffix),
            (Pattern::Numeric(range), Scalar::Number(value)) => range.holds(value),
            (Pattern::Cidr(range), Scalar::Text(value)) => {
                address_of(value).is_some_and(|address| range.holds(address))
            }
            (Pattern::Wildcard(wildcard), Scalar::Text(value)) => wildcard.holds(value),
            (Pattern::AnythingBut(patterns), value) => !patterns.iter().any(|pattern| pattern.wants(value)),
            (Pattern::Exists, _) => true,
            _ => false,
        }
    }
}

/// A text as it is compared regardless of case: each character in lower case.
pub(super) fn folded(text: &str) -> String {
    in_lower_case(text).collect()
}

fn in_lower_case(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}
