//! Rust values as items, through serde.
//!
//! Structs and maps become maps, sequences and tuples lists, integers of up to 38 digits and finite floats numbers,
//! byte buffers (`serde_bytes`, `bytes::Bytes`) binaries, `None` and `()` null. Enums are written as serde is told to;
//! by default a unit variant is a string and any other a map of one entry. A `None` field is kept as a null attribute;
//! `#[serde(skip_serializing_if = "Option::is_none")]` leaves it out. Sets are asked for by [`sets`].

mod de;
mod expressions;
mod ser;
pub mod sets;
mod table;

pub use expressions::{Attr, Condition, Update, attr};
pub use table::{Query, Table, Values};

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, Result,
    value::{AttributeValue, Item},
};

/// The names of the newtypes by which [`sets`] are told from lists.
const STRING_SET: &str = "$millpond::SS";
const NUMBER_SET: &str = "$millpond::NS";
const BINARY_SET: &str = "$millpond::BS";

/// Why a Rust value is no attribute value, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct SerdeError(String);

impl serde::ser::Error for SerdeError {
    fn custom<T: Display>(message: T) -> Self {
        SerdeError(message.to_string())
    }
}

impl serde::de::Error for SerdeError {
    fn custom<T: Display>(message: T) -> Self {
        SerdeError(message.to_string())
    }
}

impl From<SerdeError> for Error {
    fn from(error: SerdeError) -> Self {
        Error::Serde { message: error.0 }
    }
}

/// A Rust value as an attribute value.
///
/// # Errors
/// [`Error::Serde`] for floats that are not finite, numbers outside the limits, empty sets, keys of maps that are not
/// strings, characters, numbers or booleans, and nesting beyond 32 levels.
pub fn to_attribute_value<T: Serialize + ?Sized>(value: &T) -> Result<AttributeValue> {
    Ok(value.serialize(ser::Serializer { depth: 0 })?)
}

/// A struct or a map as an item.
///
/// # Errors
/// As [`to_attribute_value`], and [`Error::Serde`] for anything that is not a map.
///
/// ```
/// use millpond_kv::{AttributeValue, typed};
///
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Film { title: String, year: u16, genre: Option<String> }
///
/// let film = Film { title: "Stalker".into(), year: 1979, genre: None };
/// let item = typed::to_item(&film)?;
/// assert_eq!(item["year"], AttributeValue::N(1979.into()));
/// assert_eq!(typed::from_item::<Film>(item)?, film);
/// # Ok::<(), millpond_kv::Error>(())
/// ```
pub fn to_item<T: Serialize + ?Sized>(value: &T) -> Result<Item> {
    match to_attribute_value(value)? {
        AttributeValue::M(item) => Ok(item),
        other => Err(Error::Serde {
            message: format!("a struct or map was expected, not a value of type {}", other.type_name()),
        }),
    }
}

/// An attribute value as a Rust value.
///
/// # Errors
/// [`Error::Serde`] if it does not fit the type.
pub fn from_attribute_value<T: DeserializeOwned>(value: AttributeValue) -> Result<T> {
    Ok(T::deserialize(de::Deserializer(value))?)
}

/// An item as a Rust value.
///
/// # Errors
/// As [`from_attribute_value`].
pub fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    from_attribute_value(AttributeValue::M(item))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Deserialize;

    use super::*;

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) -> AttributeValue {
        let attribute = to_attribute_value(&value).unwrap();
        assert_eq!(from_attribute_value::<T>(attribute.clone()).unwrap(), value);
        attribute
    }

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.parse().unwrap())
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Shape {
        Empty,
        Circle(f64),
        Line(i8, i8),
        Box { width: u64 },
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { n: i64 },
        B,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
        Many(Vec<Either>),
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Sets {
        #[serde(with = "sets::strings")]
        strings: BTreeSet<String>,
        #[serde(with = "sets::numbers")]
        numbers: BTreeSet<i64>,
        #[serde(with = "sets::binaries")]
        binaries: Vec<Vec<u8>>,
    }

    #[test]
    fn scalars_have_their_attribute_types() {
        assert_eq!(round_trip(true), AttributeValue::Bool(true));
        assert_eq!(round_trip('ż'), AttributeValue::S("ż".into()));
        assert_eq!(round_trip(String::from("zażółć")), AttributeValue::S("zażółć".into()));
        assert_eq!(round_trip(i64::MIN), number("-9223372036854775808"));
        assert_eq!(round_trip(u64::MAX), number("18446744073709551615"));
        assert_eq!(round_trip(10_i128.pow(37)), number("1e37"));
        assert_eq!(round_trip(2 * 10_u128.pow(38)), number("2e38"));
        assert_eq!(round_trip(0.1_f64), number("0.1"));
        assert_eq!(round_trip(1e-10_f32), number("0.0000000001"));
        assert_eq!(round_trip(()), AttributeValue::Null);
        assert_eq!(round_trip(None::<u8>), AttributeValue::Null);
        assert_eq!(round_trip(Some(7_u8)), number("7"));
        assert_eq!(round_trip(bytes::Bytes::from_static(b"x")), AttributeValue::B(bytes::Bytes::from_static(b"x")));
    }

    #[test]
    fn all_forms_of_enums_come_back() {
        assert_eq!(round_trip(Shape::Empty), AttributeValue::S("Empty".into()));
        round_trip(Shape::Circle(1.5));
        round_trip(Shape::Line(-1, 2));
        round_trip(Shape::Box { width: 3 });
        round_trip(Tagged::A { n: 1 });
        round_trip(Tagged::B);
        round_trip(Either::Many(vec![Either::Number(3), Either::Text("x".into())]));
    }

    #[test]
    fn maps_and_sequences_come_back() {
        round_trip((1_u8, String::from("two"), Some(3.5_f64), [4_u8, 5]));
        let by_number = BTreeMap::from([(-1_i32, "a".to_owned()), (20, "b".to_owned())]);
        assert!(matches!(round_trip(by_number), AttributeValue::M(map) if map.contains_key("-1")));
        round_trip(BTreeMap::from([('x', vec![Some(1), None])]));
        round_trip(BTreeMap::from([(true, 1)]));
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Degrees(f64);
        impl Eq for Degrees {}
        impl PartialOrd for Degrees {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for Degrees {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.0.total_cmp(&other.0)
            }
        }
        round_trip(BTreeMap::from([(Degrees(-1.5), 1), (Degrees(1e20), 2)]));
    }

    #[test]
    fn sets_are_sets() {
        let sets = Sets { strings: ["a".to_owned()].into(), numbers: [3, 1].into(), binaries: vec![vec![1], vec![2]] };
        let AttributeValue::M(item) = round_trip(sets) else { panic!("a map") };
        assert_eq!(item["strings"].type_name(), "SS");
        assert_eq!(item["numbers"].type_name(), "NS");
        assert_eq!(item["binaries"].type_name(), "BS");
        let empty = Sets { strings: [].into(), numbers: [1].into(), binaries: vec![vec![1]] };
        assert!(to_attribute_value(&empty).unwrap_err().to_string().contains("may not be empty"));
    }

    #[test]
    fn real_rows_come_back_as_they_were() {
        let rows = r#"[{"Title": "Amélie", "US Gross": 33201661, "MPAA Rating": null, "IMDB Rating": 8.6},
                       {"Title": 300, "Cast": ["Gerard Butler", {"as": "Leonidas"}], "Running Time min": 117, "x": {}}]"#;
        let rows: Vec<serde_json::Value> = serde_json::from_str(rows).unwrap();
        for row in rows {
            assert_eq!(from_item::<serde_json::Value>(to_item(&row).unwrap()).unwrap(), row);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |result: Result<AttributeValue>| matches!(result, Err(Error::Serde { .. }));
        assert!(refused(to_attribute_value(&f64::NAN)));
        assert!(refused(to_attribute_value(&f64::INFINITY)));
        assert!(refused(to_attribute_value(&f64::MAX)));
        assert!(refused(to_attribute_value(&u128::MAX)));
        assert!(refused(to_attribute_value(&BTreeMap::from([(vec![1], 1)]))));
        assert!(to_item(&vec![1]).is_err());
        assert!(from_attribute_value::<u8>(number("256")).is_err());
        assert!(from_attribute_value::<u8>(number("1.5")).is_err());
        assert!(from_attribute_value::<String>(number("1")).is_err());
        assert!(from_attribute_value::<Shape>(AttributeValue::S("Sphere".into())).is_err());
        #[derive(Serialize)]
        struct Chain(Option<Box<Chain>>, ());
        let deep = (0..100_000).fold(Chain(None, ()), |inner, _| Chain(Some(Box::new(inner)), ()));
        assert!(refused(to_attribute_value(&deep)));
        // Dropping it the usual way would recurse as deeply as it nests.
        std::mem::forget(deep);
    }
}
