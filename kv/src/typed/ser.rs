use bytes::Bytes;
use serde::ser::{self, Error as _, Serialize};

use super::{BINARY_SET, NUMBER_SET, STRING_SET, SerdeError};
use crate::value::{AttributeValue, Item, MAX_DEPTH, Number};

type Result<T> = std::result::Result<T, SerdeError>;

/// Makes an attribute value, `depth` levels below the outermost.
#[derive(Clone, Copy)]
pub(super) struct Serializer {
    pub(super) depth: usize,
}

impl Serializer {
    fn deeper(self) -> Result<Serializer> {
        // An item itself is a map around its attributes, so one more level than a value has is let through here.
        if self.depth > MAX_DEPTH {
            return Err(SerdeError(format!("the value nests more than {MAX_DEPTH} levels deep")));
        }
        Ok(Serializer { depth: self.depth + 1 })
    }

    fn float(text: String) -> Result<AttributeValue> {
        text.parse::<Number>().map(AttributeValue::N).map_err(SerdeError::custom)
    }

    fn list(self, variant: Option<&'static str>, length: Option<usize>) -> Result<List> {
        // A claimed length is a hint: nothing is reserved beyond what a small item holds.
        Ok(List { inner: self.deeper()?, variant, values: Vec::with_capacity(length.unwrap_or(0).min(64)) })
    }

    fn map(self, variant: Option<&'static str>) -> Result<Map> {
        Ok(Map { inner: self.deeper()?, variant, key: None, item: Item::new() })
    }
}

fn in_variant(variant: Option<&'static str>, value: AttributeValue) -> AttributeValue {
    match variant {
        Some(name) => AttributeValue::M(Item::from([(name.to_owned(), value)])),
        None => value,
    }
}

fn as_set(name: &'static str, value: AttributeValue) -> Result<AttributeValue> {
    let AttributeValue::L(values) = value else {
        return Err(SerdeError("only a sequence can be stored as a set".into()));
    };
    let wrong = |value: &AttributeValue| SerdeError(format!("a set cannot hold a value of type {}", value.type_name()));
    let set = match name {
        STRING_SET => AttributeValue::string_set(
            values
                .into_iter()
                .map(|value| if let AttributeValue::S(text) = value { Ok(text) } else { Err(wrong(&value)) })
                .collect::<Result<_>>()?,
        ),
        NUMBER_SET => AttributeValue::number_set(
            values
                .into_iter()
                .map(|value| if let AttributeValue::N(number) = value { Ok(number) } else { Err(wrong(&value)) })
                .collect::<Result<_>>()?,
        ),
        _ => AttributeValue::binary_set(
            values
                .into_iter()
                .map(|value| binary(value).ok_or_else(|| SerdeError("a binary set holds byte strings".into())))
                .collect::<Result<_>>()?,
        ),
    };
    set.map_err(SerdeError::custom)
}

/// Bytes, or the list of small numbers that serde makes of a `Vec<u8>`.
fn binary(value: AttributeValue) -> Option<Bytes> {
    match value {
        AttributeValue::B(bytes) => Some(bytes),
        AttributeValue::L(values) => {
            let byte = |value: &AttributeValue| match value {
                AttributeValue::N(number) => number.to_i128().and_then(|n| u8::try_from(n).ok()),
                _ => None,
            };
            values.iter().map(byte).collect()
        }
        _ => None,
    }
}

macro_rules! integers {
    ($($method:ident: $integer:ty),*) => {$(
        fn $method(self, value: $integer) -> Result<AttributeValue> {
            Ok(AttributeValue::N(value.into()))
        }
    )*};
}

impl ser::Serializer for Serializer {
    type Ok = AttributeValue;
    type Error = SerdeError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Map;

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    integers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_i128(self, value: i128) -> Result<AttributeValue> {
        Self::float(value.to_string())
    }
    fn serialize_u128(self, value: u128) -> Result<AttributeValue> {
        Self::float(value.to_string())
    }
    fn serialize_f32(self, value: f32) -> Result<AttributeValue> {
        Self::float(value.to_string())
    }
    fn serialize_f64(self, value: f64) -> Result<AttributeValue> {
        Self::float(value.to_string())
    }
    fn serialize_bool(self, value: bool) -> Result<AttributeValue> {
        Ok(AttributeValue::Bool(value))
    }
    fn serialize_char(self, value: char) -> Result<AttributeValue> {
        Ok(AttributeValue::S(value.into()))
    }
    fn serialize_str(self, value: &str) -> Result<AttributeValue> {
        Ok(AttributeValue::S(value.to_owned()))
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<AttributeValue> {
        Ok(AttributeValue::B(Bytes::copy_from_slice(value)))
    }
    fn serialize_none(self) -> Result<AttributeValue> {
        Ok(AttributeValue::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<AttributeValue> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<AttributeValue> {
        Ok(AttributeValue::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<AttributeValue> {
        Ok(AttributeValue::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<AttributeValue> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<AttributeValue> {
        // A newtype can hold itself, so it counts as a level.
        let inner = value.serialize(self.deeper().map(|_| self)?)?;
        if [STRING_SET, NUMBER_SET, BINARY_SET].contains(&name) { as_set(name, inner) } else { Ok(inner) }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<AttributeValue> {
        Ok(in_variant(Some(variant), value.serialize(self.deeper()?)?))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List> {
        self.list(None, length)
    }
    fn serialize_tuple(self, length: usize) -> Result<List> {
        self.list(None, Some(length))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List> {
        self.list(None, Some(length))
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, length: usize) -> Result<List> {
        self.deeper()?.list(Some(variant), Some(length))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Map> {
        self.map(None)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map> {
        self.map(None)
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Map> {
        self.deeper()?.map(Some(variant))
    }
}

pub(super) struct List {
    inner: Serializer,
    variant: Option<&'static str>,
    values: Vec<AttributeValue>,
}

macro_rules! list {
    ($($compound:ident $method:ident),*) => {$(
        impl ser::$compound for List {
            type Ok = AttributeValue;
            type Error = SerdeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.values.push(value.serialize(self.inner)?);
                Ok(())
            }

            fn end(self) -> Result<AttributeValue> {
                Ok(in_variant(self.variant, AttributeValue::L(self.values)))
            }
        }
    )*};
}
list!(SerializeSeq serialize_element, SerializeTuple serialize_element);
list!(SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);

pub(super) struct Map {
    inner: Serializer,
    variant: Option<&'static str>,
    key: Option<String>,
    item: Item,
}

impl Map {
    fn field<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<()> {
        self.item.insert(name, value.serialize(self.inner)?);
        Ok(())
    }

    fn finish(self) -> AttributeValue {
        in_variant(self.variant, AttributeValue::M(self.item))
    }
}

impl ser::SerializeMap for Map {
    type Ok = AttributeValue;
    type Error = SerdeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(match key.serialize(self.inner)? {
            AttributeValue::S(text) => text,
            AttributeValue::N(number) => number.to_string(),
            AttributeValue::Bool(value) => value.to_string(),
            other => {
                return Err(SerdeError(format!("a value of type {} cannot be a map's key", other.type_name())));
            }
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(|| SerdeError("a map gave a value before its key".into()))?;
        self.field(key, value)
    }

    fn end(self) -> Result<AttributeValue> {
        Ok(self.finish())
    }
}

macro_rules! fields {
    ($($compound:ident),*) => {$(
        impl ser::$compound for Map {
            type Ok = AttributeValue;
            type Error = SerdeError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name.to_owned(), value)
            }

            fn end(self) -> Result<AttributeValue> {
                Ok(self.finish())
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);
