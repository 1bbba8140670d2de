use std::{collections::btree_map, vec};

use serde::de::{
    self, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::SerdeError;
use crate::value::{AttributeValue, Number};

type Result<T> = std::result::Result<T, SerdeError>;

/// Reads an attribute value. Its depth was bounded when the value was made.
pub(super) struct Deserializer(pub(super) AttributeValue);

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value> {
    match number.to_i128() {
        Some(whole) => match (u64::try_from(whole), i64::try_from(whole)) {
            (Ok(whole), _) => visitor.visit_u64(whole),
            (_, Ok(whole)) => visitor.visit_i64(whole),
            _ => visitor.visit_i128(whole),
        },
        None => visitor.visit_f64(number.to_f64()),
    }
}

fn visit_list<'de, V: Visitor<'de>>(values: Vec<AttributeValue>, visitor: V) -> Result<V::Value> {
    let mut list = List(values.into_iter());
    let value = visitor.visit_seq(&mut list)?;
    if list.0.len() > 0 {
        return Err(SerdeError(format!("{} more values than the type has a place for", list.0.len())));
    }
    Ok(value)
}

macro_rules! floats {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0 {
                AttributeValue::N(number) => visitor.$visit(number.to_f64() as _),
                other => Deserializer(other).deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Deserializer {
    type Error = SerdeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            AttributeValue::S(text) => visitor.visit_string(text),
            AttributeValue::N(number) => visit_number(&number, visitor),
            AttributeValue::B(bytes) => visitor.visit_byte_buf(bytes.into()),
            AttributeValue::Bool(value) => visitor.visit_bool(value),
            AttributeValue::Null => visitor.visit_unit(),
            AttributeValue::Ss(members) => visit_list(members.into_iter().map(AttributeValue::S).collect(), visitor),
            AttributeValue::Ns(members) => visit_list(members.into_iter().map(AttributeValue::N).collect(), visitor),
            AttributeValue::Bs(members) => visit_list(members.into_iter().map(AttributeValue::B).collect(), visitor),
            AttributeValue::L(values) => visit_list(values, visitor),
            AttributeValue::M(item) => visitor.visit_map(Map { entries: item.into_iter(), value: None }),
        }
    }

    floats!(deserialize_f32 visit_f32, deserialize_f64 visit_f64);

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.0 {
            AttributeValue::N(number) => match number.to_u128() {
                Some(whole) => visitor.visit_u128(whole),
                None => visit_number(number, visitor),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            AttributeValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            // A `Vec<u8>` asks for a sequence, also where it was stored as bytes.
            AttributeValue::B(bytes) => {
                visit_list(bytes.iter().map(|byte| AttributeValue::N((*byte).into())).collect(), visitor)
            }
            other => Deserializer(other).deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            AttributeValue::S(variant) => visitor.visit_enum(Enum { variant, value: None }),
            AttributeValue::M(item) if item.len() == 1 => match item.into_iter().next() {
                Some((variant, value)) => visitor.visit_enum(Enum { variant, value: Some(value) }),
                None => Err(SerdeError::invalid_length(0, &"a map of one entry")),
            },
            other => {
                let found = format!("a value of type {}", other.type_name());
                Err(SerdeError::invalid_type(Unexpected::Other(&found), &"a string or a map of one entry"))
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct List(vec::IntoIter<AttributeValue>);

impl<'de> SeqAccess<'de> for List {
    type Error = SerdeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.0.next().map(|value| seed.deserialize(Deserializer(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Map {
    entries: btree_map::IntoIter<String, AttributeValue>,
    value: Option<AttributeValue>,
}

impl<'de> MapAccess<'de> for Map {
    type Error = SerdeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((name, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Key(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = self.value.take().ok_or_else(|| SerdeError("a map's value was asked for before its key".into()))?;
        seed.deserialize(Deserializer(value))
    }
}

/// A map's key: text, which a type may want as a number or a boolean.
struct Key(String);

macro_rules! keys {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_string(self.0),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Key {
    type Error = SerdeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_string(self.0)
    }

    keys!(deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64);
    keys!(deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64);
    keys!(deserialize_i128 visit_i128, deserialize_u128 visit_u128, deserialize_bool visit_bool);
    keys!(deserialize_f32 visit_f32, deserialize_f64 visit_f64);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Enum {
    variant: String,
    value: Option<AttributeValue>,
}

impl<'de> EnumAccess<'de> for Enum {
    type Error = SerdeError;
    type Variant = Variant;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Variant)> {
        Ok((seed.deserialize(Key(self.variant))?, Variant(self.value)))
    }
}

struct Variant(Option<AttributeValue>);

impl Variant {
    fn content(self) -> Result<Deserializer> {
        self.0.map(Deserializer).ok_or_else(|| SerdeError("the variant has content, but only its name is there".into()))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = SerdeError;

    fn unit_variant(self) -> Result<()> {
        match self.0 {
            None | Some(AttributeValue::Null) => Ok(()),
            Some(_) => Err(SerdeError("the variant has no content, but some is there".into())),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        de::Deserializer::deserialize_seq(self.content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        de::Deserializer::deserialize_any(self.content()?, visitor)
    }
}
