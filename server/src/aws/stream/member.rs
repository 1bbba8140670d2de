//! Members of requests, read alike from JSON and CBOR, and borrowed from the body where they can be. What does not fit is refused
//! with the text of the service's own deserializer; `null` is as good as absent.
//!
//! The texts were measured on the service by the author of kinesalite.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use millpond::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// A boolean, which the service also reads from some words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flag(pub(super) bool);

/// A whole number of 32 bits: others become the nearest one, and fractions are cut off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Integer(pub(super) i64);

/// A time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moment(pub(super) i64);

/// Bytes: Base64 in JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Blob<'a>(pub(super) Cow<'a, [u8]>);

/// More elements than this are not even looked at: an element may need a hundred times the memory of its text. No list
/// may have as many.
const MAX_ELEMENTS: usize = 10_001;

/// A list.
#[derive(Debug)]
pub(super) struct List<T> {
    pub(super) elements: Vec<T>,
    /// Where the first element that is null stood.
    pub(super) null_at: Option<usize>,
}

/// A map of texts, which in this service are tags.
#[derive(Debug, Default)]
pub(super) struct Tags(pub(super) BTreeMap<String, String>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List { elements: Vec::new(), null_at: None }
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Integer {
    /// Of a number whose limits have been checked.
    pub(super) fn count(self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }

    /// As [`count`](Self::count).
    pub(super) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or_default()
    }
}

impl Moment {
    /// What lies before 1970 is 1970.
    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(u64::try_from(self.0).unwrap_or_default())
    }
}

impl Blob<'_> {
    /// The bytes; those that are a part of the body keep it instead of being copied.
    pub(super) fn into_bytes(self, body: &Bytes) -> Bytes {
        match self.0 {
            Cow::Borrowed(bytes) => body.slice_ref(bytes),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

/// What a scalar makes of each kind of value.
trait Scalar<'a>: Sized {
    /// What others cannot be converted to.
    const KIND: &'static str;

    fn of_bool(_: bool) -> Result<Self, String> {
        Err(unconverted("class java.lang.Boolean", Self::KIND))
    }

    fn of_whole(_: i64) -> Result<Self, String> {
        Err(unconverted("class com.amazon.coral.value.json.numbers.TruncatingBigNumber", Self::KIND))
    }

    fn of_decimal(_: f64) -> Result<Self, String> {
        Self::of_whole(0)
    }

    fn of_text(_: Cow<'a, str>) -> Result<Self, String> {
        Err(unconverted("class java.lang.String", Self::KIND))
    }

    fn of_bytes(_: Cow<'a, [u8]>) -> Result<Self, String> {
        Err(unconverted("class java.nio.HeapByteBuffer", Self::KIND))
    }
}

fn unconverted(given: &str, kind: &str) -> String {
    format!("{given} can not be converted to {kind}")
}

impl<'a> Scalar<'a> for Text<'a> {
    const KIND: &'static str = "an String";

    fn of_text(value: Cow<'a, str>) -> Result<Self, String> {
        Ok(Text(value))
    }
}

impl Scalar<'_> for Flag {
    const KIND: &'static str = "an Boolean";

    fn of_bool(value: bool) -> Result<Self, String> {
        Ok(Flag(value))
    }

    fn of_text(value: Cow<'_, str>) -> Result<Self, String> {
        let word = value.to_uppercase();
        match word.as_str() {
            "TRUE" | "1" | "YES" => Ok(Flag(true)),
            "FALSE" | "0" | "NO" => Ok(Flag(false)),
            _ => Err(unconverted(&format!("'{word}'"), Self::KIND)),
        }
    }
}

impl Scalar<'_> for Integer {
    const KIND: &'static str = "an Integer";

    fn of_whole(value: i64) -> Result<Self, String> {
        Ok(Integer(value.clamp(i64::from(i32::MIN), i64::from(i32::MAX))))
    }

    fn of_decimal(value: f64) -> Result<Self, String> {
        // A cast of a float saturates.
        Self::of_whole(value.floor() as i64)
    }
}

/// Seconds, as JSON has them. CBOR has milliseconds where it has whole numbers.
impl Scalar<'_> for Moment {
    const KIND: &'static str = "milliseconds since epoch";

    fn of_whole(value: i64) -> Result<Self, String> {
        Ok(Moment(value.saturating_mul(1000)))
    }

    fn of_decimal(value: f64) -> Result<Self, String> {
        // A cast of a float saturates.
        Ok(Moment((value * 1000.0).round() as i64))
    }
}

impl<'a> Scalar<'a> for Blob<'a> {
    const KIND: &'static str = "a Blob";

    fn of_text(value: Cow<'a, str>) -> Result<Self, String> {
        let refused = |reason: &str| Err(format!("'{value}' can not be converted to a Blob: {reason}"));
        if !value.len().is_multiple_of(4) {
            let length = value.len();
            return refused(&format!("Base64 encoded length is expected a multiple of 4 bytes but found: {length}"));
        }
        match STANDARD.decode(value.as_bytes()) {
            Ok(bytes) => Ok(Blob(Cow::Owned(bytes))),
            Err(DecodeError::InvalidByte(_, byte)) => {
                refused(&format!("Invalid Base64 character: '{}'", char::from(byte)))
            }
            Err(_) => refused("Invalid last non-pad Base64 character dectected"),
        }
    }

    fn of_bytes(value: Cow<'a, [u8]>) -> Result<Self, String> {
        Ok(Blob(value))
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<'a, T: Scalar<'a>> Visitor<'a> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::KIND)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        T::of_bool(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        T::of_whole(value).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        T::of_whole(i64::try_from(value).unwrap_or(i64::MAX)).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        T::of_decimal(value).map_err(E::custom)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<T, E> {
        T::of_text(Cow::Borrowed(value)).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        T::of_text(Cow::Owned(value.to_owned())).map_err(E::custom)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<T, E> {
        T::of_text(Cow::Owned(value)).map_err(E::custom)
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'a [u8]) -> Result<T, E> {
        T::of_bytes(Cow::Borrowed(value)).map_err(E::custom)
    }

    fn visit_byte_buf<E: Error>(self, value: Vec<u8>) -> Result<T, E> {
        T::of_bytes(Cow::Owned(value)).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<T, A::Error> {
        Err(A::Error::custom(LIST))
    }

    fn visit_map<A: MapAccess<'a>>(self, _: A) -> Result<T, A::Error> {
        Err(A::Error::custom(STRUCTURE))
    }
}

pub(super) const LIST: &str = "Start of list found where not expected";
pub(super) const STRUCTURE: &str = "Start of structure or map found where not expected.";

macro_rules! scalars {
    ($($name:ty),*) => {$(
        impl<'a> Deserialize<'a> for $name {
            fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(ScalarVisitor(PhantomData))
            }
        }
    )*};
}
scalars!(Text<'a>, Flag, Integer, Blob<'a>);

impl<'a> Deserialize<'a> for Moment {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        /// A time in CBOR.
        struct Millis(i64);

        impl Scalar<'_> for Millis {
            const KIND: &'static str = Moment::KIND;

            fn of_whole(value: i64) -> Result<Self, String> {
                Ok(Millis(value))
            }

            fn of_decimal(value: f64) -> Result<Self, String> {
                Moment::of_decimal(value).map(|moment| Millis(moment.0))
            }
        }

        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(ScalarVisitor(PhantomData));
        }
        let Millis(millis) = deserializer.deserialize_any(ScalarVisitor(PhantomData))?;
        Ok(Moment(millis))
    }
}

/// Refuses all scalars in the words that a collection has for them.
macro_rules! refuse_scalars {
    ($words:literal) => {
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str($words)
        }

        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Err(E::custom($words))
        }
    };
}
pub(super) use refuse_scalars;

struct ListVisitor<T>(PhantomData<T>);

impl<'a, T: Deserialize<'a>> Visitor<'a> for ListVisitor<T> {
    type Value = List<T>;

    refuse_scalars!("Expected list or null");

    fn visit_seq<A: SeqAccess<'a>>(self, mut given: A) -> Result<List<T>, A::Error> {
        let mut list = List::default();
        while let Some(element) = given.next_element::<Option<T>>()? {
            if list.elements.len() == MAX_ELEMENTS {
                return Err(A::Error::custom(format_args!("the list has more than {MAX_ELEMENTS} elements")));
            }
            match element {
                Some(element) => list.elements.push(element),
                None => {
                    list.null_at.get_or_insert(list.elements.len());
                }
            }
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'a>>(self, _: A) -> Result<List<T>, A::Error> {
        Err(A::Error::custom(STRUCTURE))
    }
}

impl<'a, T: Deserialize<'a>> Deserialize<'a> for List<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct TagsVisitor;

impl<'a> Visitor<'a> for TagsVisitor {
    type Value = Tags;

    refuse_scalars!("Expected map or null");

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Tags, A::Error> {
        Err(A::Error::custom(LIST))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Tags, A::Error> {
        let mut tags = BTreeMap::new();
        while let Some((Text(name), value)) = entries.next_entry::<Text<'_>, Option<Text<'_>>>()? {
            if tags.len() == MAX_ELEMENTS {
                return Err(A::Error::custom(format_args!("the map has more than {MAX_ELEMENTS} entries")));
            }
            if let Some(Text(value)) = value {
                tags.insert(name.into_owned(), value.into_owned());
            }
        }
        Ok(Tags(tags))
    }
}

impl<'a> Deserialize<'a> for Tags {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}
