use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use bytes::Bytes;

use super::Number;

/// How deep documents nest, the innermost value counted.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub const MAX_DEPTH: usize = 32;

/// Bytes that the name of an attribute may have.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(crate) const MAX_ATTRIBUTE_NAME_BYTES: usize = 65_535;

/// Bytes that an item may have, names included.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(crate) const MAX_ITEM_BYTES: usize = 409_600;

/// A named set of attributes.
pub type Item = BTreeMap<String, AttributeValue>;

/// The value of an attribute: one of the service's ten types.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AttributeValue {
    /// A string.
    S(String),
    /// A number.
    N(Number),
    /// Bytes.
    B(Bytes),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
    /// A set of strings, not empty; see [`string_set`](AttributeValue::string_set).
    Ss(BTreeSet<String>),
    /// A set of numbers, not empty.
    Ns(BTreeSet<Number>),
    /// A set of byte strings, not empty.
    Bs(BTreeSet<Bytes>),
    /// A list.
    L(Vec<AttributeValue>),
    /// A map.
    M(Item),
}

/// Why a value cannot be an attribute's. `Display` is the service's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text does not spell a number.
    #[error("The parameter cannot be converted to a numeric value{}{text}", if text.is_empty() { "" } else { ": " })]
    NotANumber {
        /// The text, its first 256 characters.
        text: String,
    },
    /// The number needs more than 38 digits.
    #[error("Attempting to store more than 38 significant digits in a Number")]
    NumberPrecision,
    /// The number is 1E126 or more, or -1E126 or less.
    #[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
    NumberOverflow,
    /// The number is nearer to zero than 1E-130.
    #[error("Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    NumberUnderflow,
    /// The bytes are not those of [`Number::order_key`].
    #[error("these bytes are not the sort form of a number")]
    NotAnOrderKey,
    /// A set has no member.
    #[error("One or more parameter values were invalid: An {kind} set  may not be empty")]
    EmptySet {
        /// `string`, `number` or `binary`.
        kind: &'static str,
    },
    /// A set names a member twice.
    #[error("One or more parameter values were invalid: Input collection [{members}] contains duplicates.")]
    DuplicateMember {
        /// The members as they were given, at most 1,000 characters of them.
        members: String,
    },
}

impl AttributeValue {
    /// A set of strings.
    ///
    /// # Errors
    /// [`ValueError::EmptySet`], [`ValueError::DuplicateMember`].
    pub fn string_set(members: Vec<String>) -> Result<AttributeValue, ValueError> {
        set("string", members, String::clone).map(AttributeValue::Ss)
    }

    /// A set of numbers; `1` and `1.0` are the same member.
    ///
    /// # Errors
    /// As [`string_set`](AttributeValue::string_set).
    pub fn number_set(members: Vec<Number>) -> Result<AttributeValue, ValueError> {
        set("number", members, Number::to_string).map(AttributeValue::Ns)
    }

    /// A set of byte strings.
    ///
    /// # Errors
    /// As [`string_set`](AttributeValue::string_set).
    pub fn binary_set(members: Vec<Bytes>) -> Result<AttributeValue, ValueError> {
        set("binary", members, |bytes| format!("{bytes:?}")).map(AttributeValue::Bs)
    }

    /// The service's name of the type: `S`, `N`, `B`, `BOOL`, `NULL`, `SS`, `NS`, `BS`, `L` or `M`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            AttributeValue::S(_) => "S",
            AttributeValue::N(_) => "N",
            AttributeValue::B(_) => "B",
            AttributeValue::Bool(_) => "BOOL",
            AttributeValue::Null => "NULL",
            AttributeValue::Ss(_) => "SS",
            AttributeValue::Ns(_) => "NS",
            AttributeValue::Bs(_) => "BS",
            AttributeValue::L(_) => "L",
            AttributeValue::M(_) => "M",
        }
    }

    /// The bytes that the service counts for the value.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>, and
    /// measurements for numbers.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number_size_bytes(number),
            AttributeValue::B(bytes) => bytes.len(),
            AttributeValue::Bool(_) | AttributeValue::Null => 1,
            AttributeValue::Ss(members) => members.iter().map(String::len).sum(),
            AttributeValue::Ns(members) => members.iter().map(number_size_bytes).sum(),
            AttributeValue::Bs(members) => members.iter().map(Bytes::len).sum(),
            AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value.size_bytes()).sum::<usize>(),
            AttributeValue::M(values) => 3 + values.len() + item_size_bytes(values),
        }
    }

    /// Levels of nesting: 1 for anything but a list or a map, one more than its deepest value for those.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            AttributeValue::L(values) => 1 + values.iter().map(AttributeValue::depth).max().unwrap_or(0),
            AttributeValue::M(values) => 1 + values.values().map(AttributeValue::depth).max().unwrap_or(0),
            _ => 1,
        }
    }
}

/// The bytes that the service counts for an item: names in UTF-8 and values.
#[must_use]
pub fn item_size_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size_bytes()).sum()
}

/// One byte, one for each two digits on either side of the point, one for a minus sign.
fn number_size_bytes(number: &Number) -> usize {
    let (negative, coefficient, exponent) = number.parts();
    if coefficient == 0 {
        return 1;
    }
    let digits = coefficient.ilog10() as usize + 1;
    let zeros_or_fraction = exponent.unsigned_abs() as usize;
    let (whole, fraction) = if exponent >= 0 {
        // Zeros at the end do not count, but stand in pairs.
        ((digits + zeros_or_fraction).div_ceil(2) - zeros_or_fraction / 2, 0)
    } else if zeros_or_fraction >= digits {
        let leading_zeros = zeros_or_fraction - digits;
        (0, zeros_or_fraction.div_ceil(2) - leading_zeros / 2)
    } else {
        ((digits - zeros_or_fraction).div_ceil(2), zeros_or_fraction.div_ceil(2))
    };
    1 + whole + fraction + usize::from(negative)
}

fn set<T: Ord + Clone, D: Display>(
    kind: &'static str,
    members: Vec<T>,
    show: impl Fn(&T) -> D,
) -> Result<BTreeSet<T>, ValueError> {
    if members.is_empty() {
        return Err(ValueError::EmptySet { kind });
    }
    let distinct: BTreeSet<T> = members.iter().cloned().collect();
    if distinct.len() == members.len() {
        return Ok(distinct);
    }
    let mut shown = String::new();
    for (at, member) in members.iter().enumerate() {
        if shown.len() > 1000 {
            break;
        }
        let separator = if at == 0 { "" } else { ", " };
        shown.push_str(&format!("{separator}{}", show(member)));
    }
    Err(ValueError::DuplicateMember { members: shown.chars().take(1000).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.parse().unwrap())
    }

    #[test]
    fn sizes_are_those_of_the_service() {
        for (text, bytes) in [
            ("0", 1),
            ("1", 2),
            ("-1", 3),
            ("12", 2),
            ("123", 3),
            ("1.5", 3),
            ("100", 2),
            ("1000", 2),
            ("0.01", 2),
            ("0.5", 2),
            ("0.001", 2),
            ("12.345", 4),
            ("-12.345", 5),
            ("99999999999999999999999999999999999999", 20),
        ] {
            assert_eq!(number(text).size_bytes(), bytes, "{text}");
        }
        let text = |text: &str| AttributeValue::S(text.into());
        assert_eq!(text("żółw").size_bytes(), 7);
        assert_eq!(AttributeValue::L(vec![]).size_bytes(), 3);
        assert_eq!(AttributeValue::L(vec![text("ab"), AttributeValue::Null]).size_bytes(), 3 + 1 + 2 + 1 + 1);
        assert_eq!(AttributeValue::M(Item::from([("k".into(), text("ab"))])).size_bytes(), 3 + 1 + 1 + 2);
        assert_eq!(AttributeValue::string_set(vec!["a".into(), "bc".into()]).unwrap().size_bytes(), 3);
        assert_eq!(item_size_bytes(&Item::from([("name".into(), text("ab"))])), 6);
    }

    #[test]
    fn sets_have_distinct_members_and_at_least_one() {
        let said = |result: Result<AttributeValue, ValueError>| result.unwrap_err().to_string();
        let prefix = "One or more parameter values were invalid:";
        assert_eq!(said(AttributeValue::string_set(vec![])), format!("{prefix} An string set  may not be empty"));
        assert_eq!(said(AttributeValue::number_set(vec![])), format!("{prefix} An number set  may not be empty"));
        assert_eq!(said(AttributeValue::binary_set(vec![])), format!("{prefix} An binary set  may not be empty"));
        let twice = AttributeValue::string_set(vec!["a".into(), "a".into()]);
        assert_eq!(said(twice), format!("{prefix} Input collection [a, a] contains duplicates."));
        let spelled_twice = AttributeValue::number_set(vec!["1".parse().unwrap(), "1.0".parse().unwrap()]);
        assert_eq!(said(spelled_twice), format!("{prefix} Input collection [1, 1] contains duplicates."));
    }

    #[test]
    fn depth_counts_the_innermost_value() {
        let wrapped = (0..31).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
        assert_eq!(wrapped.depth(), MAX_DEPTH);
        assert_eq!(AttributeValue::M(Item::new()).depth(), 1);
    }
}
