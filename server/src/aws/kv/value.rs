//! Attribute values as JSON: an object with one member, named by the type.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>

use std::{borrow::Cow, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use millpond::kv::{AttributeValue, Item, Number};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

use crate::aws::json::{Blob, Elements, Failure, Flag, List, Text, member::refuse_scalars};

/// A value, or why the service would not take it. What is no value at all is an error of the deserializer instead: the
/// service tells the two apart, and reports the latter first.
pub(super) struct Attribute(Checked);

/// Attributes by name: an item, a key, or the values of an expression. One that is refused refuses them all.
pub(super) struct Attributes(Result<Item, Refused>);

impl Default for Attributes {
    fn default() -> Self {
        Attributes(Ok(Item::new()))
    }
}

/// The first attribute that was refused, and why.
struct Refused {
    name: String,
    message: Cow<'static, str>,
}

impl Attribute {
    /// The value.
    pub(super) fn value(self) -> Result<AttributeValue, Failure> {
        self.0.map_err(Failure::validation)
    }
}

impl Attributes {
    /// The attributes of an item or a key.
    pub(super) fn item(self) -> Result<Item, Failure> {
        self.0.map_err(|refused| Failure::validation(refused.message))
    }

    /// The values of an expression; the service names the one that it refuses.
    pub(super) fn expression_values(self) -> Result<Item, Failure> {
        self.0.map_err(|Refused { name, message }| {
            Failure::validation(format!("ExpressionAttributeValues contains invalid value: {message} for key {name}"))
        })
    }

    /// Where a page starts; the service says so except where it reads numbers and sets.
    pub(super) fn starting_key(self) -> Result<Item, Failure> {
        self.0.map_err(|Refused { message, .. }| {
            let plain =
                ["contains duplicates", "number set", "numeric value", "significant digits", "number with magnitude"];
            Failure::validation(match plain.iter().any(|part| message.contains(part)) {
                true => message.into_owned(),
                false => format!("The provided starting key is invalid: {message}"),
            })
        })
    }
}

const EMPTY: &str = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const SEVERAL: &str =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
const FALSE_NULL: &str =
    "One or more parameter values were invalid: Null attribute value types must have the value of true";

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AttributeVisitor)
    }
}

struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = Attribute;

    refuse_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Attribute, A::Error> {
        Err(A::Error::custom("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut types: A) -> Result<Attribute, A::Error> {
        let mut found = None;
        while let Some(name) = types.next_key::<TypeName>()? {
            let Some(value) = read(name, &mut types)? else { continue };
            found = Some(match found {
                None => value,
                // The first fault counts, and a value too many is the last one to be looked for.
                Some(Err(message)) => Err(message),
                Some(Ok(_)) => value.and(Err(SEVERAL.into())),
            });
        }
        Ok(Attribute(found.unwrap_or_else(|| Err(EMPTY.into()))))
    }
}

/// The names of the types; unknown ones are passed over, as all unknown members are.
#[derive(Deserialize)]
enum TypeName {
    S,
    N,
    B,
    #[serde(rename = "BOOL")]
    Bool,
    #[serde(rename = "NULL")]
    Null,
    #[serde(rename = "SS")]
    Ss,
    #[serde(rename = "NS")]
    Ns,
    #[serde(rename = "BS")]
    Bs,
    L,
    M,
    #[serde(other)]
    Unknown,
}

/// A value, or what the service says of it. The commonest faults are not worth the memory of a copy.
type Checked = Result<AttributeValue, Cow<'static, str>>;

fn read<'de, A: MapAccess<'de>>(name: TypeName, types: &mut A) -> Result<Option<Checked>, A::Error> {
    Ok(match name {
        TypeName::S => types.next_value::<Option<Text>>()?.map(|text| Ok(AttributeValue::S(text.0))),
        TypeName::N => types.next_value::<Option<Text>>()?.map(|text| number(&text).map(AttributeValue::N)),
        TypeName::B => types.next_value::<Option<Blob>>()?.map(|bytes| Ok(AttributeValue::B(bytes.0))),
        TypeName::Bool => types.next_value::<Option<Flag>>()?.map(|flag| Ok(AttributeValue::Bool(flag.0))),
        TypeName::Null => types.next_value::<Option<Flag>>()?.map(|null| match null.0 {
            true => Ok(AttributeValue::Null),
            false => Err(FALSE_NULL.into()),
        }),
        TypeName::Ss => types.next_value::<Option<Elements<Text>>>()?.map(|List(texts)| {
            AttributeValue::string_set(texts.into_iter().map(|text| text.0).collect())
                .map_err(|error| error.to_string().into())
        }),
        TypeName::Ns => types.next_value::<Option<Elements<Text>>>()?.map(|List(texts)| {
            let numbers = texts.iter().map(number).collect::<Result<Vec<Number>, _>>()?;
            AttributeValue::number_set(numbers).map_err(|error| error.to_string().into())
        }),
        TypeName::Bs => types.next_value::<Option<Elements<Blob>>>()?.map(|List(blobs)| {
            AttributeValue::binary_set(blobs.into_iter().map(|blob| blob.0).collect())
                .map_err(|error| error.to_string().into())
        }),
        TypeName::L => types.next_value::<Option<Elements<Attribute>>>()?.map(|List(values)| {
            values.into_iter().map(|value| value.0).collect::<Result<_, _>>().map(AttributeValue::L)
        }),
        TypeName::M => types
            .next_value::<Option<Attributes>>()?
            .map(|Attributes(item)| item.map(AttributeValue::M).map_err(|refused| refused.message)),
        TypeName::Unknown => types.next_value::<IgnoredAny>().map(|_| None)?,
    })
}

fn number(text: &Text) -> Result<Number, Cow<'static, str>> {
    text.0.parse().map_err(|error: millpond::kv::value::ValueError| error.to_string().into())
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AttributesVisitor)
    }
}

struct AttributesVisitor;

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = Attributes;

    refuse_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Attributes, A::Error> {
        let class = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>";
        Err(A::Error::custom(format_args!("Unrecognized collection type {class}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut attributes: A) -> Result<Attributes, A::Error> {
        let mut item = Ok(Item::new());
        while let Some((name, value)) = attributes.next_entry::<String, Option<Attribute>>()? {
            let (Ok(taken), Some(Attribute(value))) = (&mut item, value) else { continue };
            match value {
                Ok(value) => {
                    taken.insert(name, value);
                }
                Err(message) => item = Err(Refused { name, message }),
            }
        }
        Ok(Attributes(item))
    }
}

/// An item or a value as it is sent.
pub(super) struct Shown<T>(pub(super) T);

impl Serialize for Shown<&Item> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Shown(value))))
    }
}

impl Serialize for Shown<&Vec<Item>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Shown))
    }
}

impl Serialize for Shown<&AttributeValue> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(1))?;
        let name = self.0.type_name();
        match self.0 {
            AttributeValue::S(text) => object.serialize_entry(name, text)?,
            AttributeValue::N(number) => object.serialize_entry(name, &Plain(number))?,
            AttributeValue::B(bytes) => object.serialize_entry(name, &base64(bytes))?,
            AttributeValue::Bool(value) => object.serialize_entry(name, value)?,
            AttributeValue::Null => object.serialize_entry(name, &true)?,
            AttributeValue::Ss(members) => object.serialize_entry(name, members)?,
            AttributeValue::Ns(members) => {
                object.serialize_entry(name, &members.iter().map(Plain).collect::<Vec<_>>())?;
            }
            AttributeValue::Bs(members) => {
                object.serialize_entry(name, &members.iter().map(base64).collect::<Vec<_>>())?;
            }
            AttributeValue::L(values) => {
                object.serialize_entry(name, &values.iter().map(Shown).collect::<Vec<_>>())?;
            }
            AttributeValue::M(item) => object.serialize_entry(name, &Shown(item))?,
        }
        object.end()
    }
}

struct Plain<'a>(&'a Number);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

fn base64(bytes: &Bytes) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::json;

    fn item(body: &str) -> Result<Item, Failure> {
        json::parse::<Attributes>(body.as_bytes())?.item()
    }

    #[test]
    fn all_ten_types_go_in_and_out() {
        let body = concat!(
            r#"{"b":{"B":"AQID"},"bool":{"BOOL":false},"bs":{"BS":["AQ==","Ag=="]},"l":{"L":[{"S":"x"},{"L":[]}]},"#,
            r#""m":{"M":{"k":{"NULL":true}}},"n":{"N":"-1.5"},"ns":{"NS":["1","2"]},"null":{"NULL":true},"#,
            r#""s":{"S":"żółw \"\\ \u0001"},"ss":{"SS":["a","b"]}}"#
        );
        let item = item(body).unwrap();
        assert_eq!(item.len(), 10);
        assert_eq!(serde_json::to_string(&Shown(&item)).unwrap(), body);
    }

    #[test]
    fn numbers_go_out_in_normal_form() {
        let item = item(r#"{"n":{"N":"+01.500e1"},"ns":{"NS":["1e2"]}}"#).unwrap();
        assert_eq!(serde_json::to_string(&Shown(&item)).unwrap(), r#"{"n":{"N":"15"},"ns":{"NS":["100"]}}"#);
    }

    #[test]
    fn values_that_the_service_refuses_are_validation_errors() {
        for (value, message) in [
            ("{}", EMPTY),
            (r#"{"S":null}"#, EMPTY),
            (r#"{"Q":"x"}"#, EMPTY),
            (r#"{"S":"a","N":"1"}"#, SEVERAL),
            (r#"{"N":"a","S":"1"}"#, "The parameter cannot be converted to a numeric value: a"),
            (r#"{"S":"1","N":"a"}"#, "The parameter cannot be converted to a numeric value: a"),
            (r#"{"NULL":false}"#, FALSE_NULL),
            (r#"{"SS":[]}"#, "One or more parameter values were invalid: An string set  may not be empty"),
            (
                r#"{"NS":["1","1.0"]}"#,
                "One or more parameter values were invalid: Input collection [1, 1] contains duplicates.",
            ),
            (r#"{"L":[{"M":{"x":{}}}]}"#, EMPTY),
        ] {
            let failure = item(&format!(r#"{{"fine":{{"S":"x"}},"v":{value}}}"#)).unwrap_err();
            assert_eq!((failure.code(), failure.message()), ("ValidationException", message), "{value}");
        }
    }

    #[test]
    fn what_is_no_value_is_a_serialization_error() {
        for value in
            [r#""x""#, "1", r#"["x"]"#, r#"{"S":1}"#, r#"{"L":{}}"#, r#"{"SS":"a"}"#, r#"{"B":"a"}"#, r#"{"M":[]}"#]
        {
            let failure = item(&format!(r#"{{"v":{value}}}"#)).unwrap_err();
            assert_eq!(failure.code(), "SerializationException", "{value}");
        }
        // Before any refusal, wherever it stands.
        assert_eq!(item(r#"{"a":{},"b":1}"#).unwrap_err().code(), "SerializationException");
    }

    #[test]
    fn nesting_is_bounded_before_the_stack_is() {
        for levels in [60, 1000, 100_000] {
            let body = format!("{{\"v\":{}{{\"S\":\"x\"}}{}}}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
            let deep = item(&body);
            assert!(levels == 60 || deep.is_err_and(|failure| failure.message().starts_with("Nesting Levels")));
        }
    }
}
