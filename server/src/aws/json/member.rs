//! Members of request bodies. What does not fit is refused with the text of the service's own deserializer, and `null` is
//! as good as absent.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use millpond::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

/// A boolean, which the service also reads from some words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag(pub(crate) bool);

/// A whole number; a fraction is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole(pub(crate) i64);

/// A time, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) f64);

impl Moment {
    /// To the millisecond. What lies before 1970 is 1970, and what is no number too.
    pub(crate) fn timestamp(self) -> Timestamp {
        // A cast of a float saturates.
        Timestamp::from_millis((self.0 * 1000.0).round() as u64)
    }
}

/// Bytes, in Base64.
#[derive(Debug, Clone)]
pub(crate) struct Blob(pub(crate) Bytes);

/// An array of at most `MAX` elements. No operation takes as many as the default, and an element may need a hundred times
/// the memory of its text.
#[derive(Debug)]
pub(crate) struct List<T, const MAX: usize = 10_000>(pub(crate) Vec<T>);

/// An array in the client's own data, whose length only that of the body bounds.
pub(crate) type Elements<T> = List<T, { usize::MAX }>;

/// An object whose names are the client's.
#[derive(Debug)]
pub(crate) struct Map<T>(pub(crate) BTreeMap<String, T>);

// Derived, these would ask for a default of the elements.
impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map(BTreeMap::new())
    }
}

/// What a scalar makes of each kind of JSON scalar.
pub(super) trait Scalar: Sized {
    /// The service's own name of the type.
    const CLASS: &'static str;

    fn from_bool(value: bool) -> Result<Self, String> {
        Err(format!("{} cannot be converted to {}", if value { "TRUE_VALUE" } else { "FALSE_VALUE" }, Self::CLASS))
    }

    fn from_whole(_: i64) -> Result<Self, String> {
        Err(format!("NUMBER_VALUE cannot be converted to {}", Self::CLASS))
    }

    fn from_decimal(_: f64) -> Result<Self, String> {
        Err(format!("DECIMAL_VALUE cannot be converted to {}", Self::CLASS))
    }

    fn from_text(_: &str) -> Result<Self, String> {
        Err(format!("STRING_VALUE cannot be converted to {}", Self::CLASS))
    }

    /// For text that need not be copied.
    fn from_string(value: String) -> Result<Self, String> {
        Self::from_text(&value)
    }
}

impl Scalar for Text {
    const CLASS: &'static str = "String";

    fn from_text(value: &str) -> Result<Self, String> {
        Ok(Text(value.to_owned()))
    }

    fn from_string(value: String) -> Result<Self, String> {
        Ok(Text(value))
    }
}

impl Scalar for Flag {
    const CLASS: &'static str = "Boolean";

    fn from_bool(value: bool) -> Result<Self, String> {
        Ok(Flag(value))
    }

    fn from_text(value: &str) -> Result<Self, String> {
        match value.to_ascii_uppercase().as_str() {
            "TRUE" | "1" | "YES" => Ok(Flag(true)),
            "FALSE" | "0" | "NO" => Ok(Flag(false)),
            _ => Err("Unexpected token received from parser".to_owned()),
        }
    }
}

impl Scalar for Whole {
    const CLASS: &'static str = "Long";

    fn from_whole(value: i64) -> Result<Self, String> {
        Ok(Whole(value))
    }

    fn from_decimal(value: f64) -> Result<Self, String> {
        // A cast of a float saturates.
        Ok(Whole(value.trunc() as i64))
    }
}

impl Scalar for Moment {
    const CLASS: &'static str = "Date";

    fn from_whole(value: i64) -> Result<Self, String> {
        Ok(Moment(value as f64))
    }

    fn from_decimal(value: f64) -> Result<Self, String> {
        Ok(Moment(value))
    }
}

const NOT_BASE64: &str = "only base-64-encoded strings are convertible to bytes";

impl Scalar for Blob {
    const CLASS: &'static str = "ByteBuffer";

    fn from_bool(_: bool) -> Result<Self, String> {
        Err(NOT_BASE64.to_owned())
    }

    fn from_whole(_: i64) -> Result<Self, String> {
        Err(NOT_BASE64.to_owned())
    }

    fn from_decimal(_: f64) -> Result<Self, String> {
        Err(NOT_BASE64.to_owned())
    }

    fn from_text(value: &str) -> Result<Self, String> {
        if !value.len().is_multiple_of(4) {
            let length = value.len();
            return Err(format!("Base64 encoded length is expected a multiple of 4 bytes but found: {length}"));
        }
        STANDARD.decode(value).map(|bytes| Blob(bytes.into())).map_err(|error| match error {
            DecodeError::InvalidByte(_, byte) => format!("Invalid Base64 character: '{}'", char::from(byte)),
            _ => "Invalid last non-pad Base64 character dectected".to_owned(),
        })
    }
}

pub(super) struct ScalarVisitor<T>(pub(super) PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::CLASS)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        T::from_bool(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        T::from_whole(value).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        T::from_whole(i64::try_from(value).unwrap_or(i64::MAX)).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        T::from_decimal(value).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        T::from_text(value).map_err(E::custom)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<T, E> {
        T::from_string(value).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Err(E::custom(format_args!("NULL_VALUE cannot be converted to {}", T::CLASS)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        let package = if T::CLASS == Blob::CLASS { "java.nio" } else { "java.lang" };
        Err(A::Error::custom(format_args!("Unrecognized collection type class {package}.{}", T::CLASS)))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(A::Error::custom(STRUCTURE))
    }
}

macro_rules! scalars {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(ScalarVisitor(PhantomData))
            }
        }
    )*};
}
scalars!(Text, Flag, Whole, Moment, Blob);
pub(super) use scalars;

const STRUCTURE: &str = "Start of structure or map found where not expected";
pub(crate) const NO_COLLECTION: &str = "Unexpected field type";

/// Refuses whatever is neither an array nor an object.
macro_rules! refuse_scalars {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a collection")
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(E::custom($crate::aws::json::member::NO_COLLECTION))
        }
    };
}
pub(crate) use refuse_scalars;

struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = List<T, MAX>;

    refuse_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List<T, MAX>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            if list.len() == MAX {
                return Err(A::Error::custom(format_args!("the list has more than {MAX} elements")));
            }
            list.push(element);
        }
        Ok(List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<List<T, MAX>, A::Error> {
        Err(A::Error::custom(STRUCTURE))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct MapVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
    type Value = Map<T>;

    refuse_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Map<T>, A::Error> {
        Err(A::Error::custom("Unrecognized collection type java.util.Map"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Map<T>, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry::<String, Option<T>>()? {
            if let Some(value) = value {
                map.insert(name, value);
            }
        }
        Ok(Map(map))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }
}

/// Declares an object with known members, all of them optional.
macro_rules! members {
    ($(#[$meta:meta])* $name:ident { $($member:ident: $type:ty = $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Default)]
        pub(super) struct $name { $(pub(super) $member: Option<$type>),* }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
                use std::fmt;

                struct Members;

                impl<'de> Visitor<'de> for Members {
                    type Value = $name;

                    $crate::aws::json::member::refuse_scalars!();

                    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<$name, A::Error> {
                        Err(A::Error::custom("Unrecognized collection type class"))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<$name, A::Error> {
                        let mut members = $name::default();
                        while let Some(name) = given.next_key::<String>()? {
                            match name.as_str() {
                                $($wire => members.$member = given.next_value()?,)*
                                _ => { given.next_value::<IgnoredAny>()?; }
                            }
                        }
                        Ok(members)
                    }
                }

                deserializer.deserialize_any(Members)
            }
        }
    };
}
pub(crate) use members;
