//! The AWS JSON protocols: bodies in, bodies out, and failures as the SDKs parse them.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>

mod blob;
mod failure;
pub(crate) mod lenient;
pub(crate) mod member;

pub(crate) use failure::Failure;
pub(crate) use lenient::{Integer, Word};
pub(crate) use member::{Blob, Elements, Flag, List, Map, Moment, Text, Whole, members};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The content type of version 1.0.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What the service says of values that are nested too deep.
const TOO_DEEP: &str =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

/// Reads a request's body.
///
/// # Errors
/// `SerializationException`, with the service's text where it has one.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(refused)
}

/// Reads a request that was made JSON here.
///
/// # Errors
/// As [`parse`].
pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, Failure> {
    serde_json::from_value(body).map_err(refused)
}

fn refused(error: serde_json::Error) -> Failure {
    let text = error.to_string();
    if !error.is_data() {
        // Only values nest as deep as clients like; what is too deep to be read is far beyond what may be kept.
        return match text.starts_with("recursion limit exceeded") {
            true => Failure::validation(TOO_DEEP),
            false => Failure::serialization(format!("the body is not JSON: {text}")),
        };
    }
    // The service does not say where; serde_json does, at the end.
    let end = text.rfind(" at line ").unwrap_or(text.len());
    Failure::serialization(text.get(..end).unwrap_or_default())
}

/// Writes an answer's body; bytes become Base64.
///
/// # Errors
/// `InternalServerError` for what cannot be serialized.
pub(crate) fn write(output: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut body, blob::Blobs);
    output.serialize(&mut serializer).map_err(unwritten)?;
    Ok(body)
}

/// An answer as a tree, to be written in another form.
///
/// # Errors
/// As [`write()`].
pub(crate) fn tree(output: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(unwritten)
}

fn unwritten(error: serde_json::Error) -> Failure {
    Failure::internal(format!("the answer cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    members! { Inner { whole: Whole = "Whole", flag: Flag = "Flag" } }
    members! { Outer { text: Text = "Text", inner: Inner = "Inner", list: List<Text> = "List", map: Map<Text> = "Map", blob: Blob = "Blob" } }

    fn said(body: &str) -> String {
        match parse::<Outer>(body.as_bytes()) {
            Ok(_) => "fine".to_owned(),
            Err(failure) => failure.message().to_owned(),
        }
    }

    #[test]
    fn members_are_read_by_name_and_unknown_ones_are_passed_over() {
        let body = br#"{"Text":"a","Inner":{"Whole":-3,"Flag":true,"No":[{}]},"List":["x"],"Map":{"k":"v"},"Blob":"AQI=","Other":{"a":[1]}}"#;
        let outer = parse::<Outer>(body).unwrap();
        assert_eq!(outer.text.unwrap().0, "a");
        let inner = outer.inner.unwrap();
        assert_eq!((inner.whole.unwrap().0, inner.flag.unwrap().0), (-3, true));
        assert_eq!(outer.list.unwrap().0[0].0, "x");
        assert_eq!(outer.map.unwrap().0["k"].0, "v");
        assert_eq!(&outer.blob.unwrap().0[..], [1, 2]);
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let outer = parse::<Outer>(br#"{"Text":null,"Inner":null,"List":null}"#).unwrap();
        assert!(outer.text.is_none() && outer.inner.is_none() && outer.list.is_none());
    }

    #[test]
    fn wrong_types_get_the_services_text() {
        for (body, text) in [
            (r#"{"Text":7}"#, "NUMBER_VALUE cannot be converted to String"),
            (r#"{"Text":7.5}"#, "DECIMAL_VALUE cannot be converted to String"),
            (r#"{"Text":true}"#, "TRUE_VALUE cannot be converted to String"),
            (r#"{"Text":["a"]}"#, "Unrecognized collection type class java.lang.String"),
            (r#"{"Text":{"a":1}}"#, "Start of structure or map found where not expected"),
            (r#"{"Inner":"a"}"#, "Unexpected field type"),
            (r#"{"Inner":[1,true]}"#, "Unrecognized collection type class"),
            (r#"{"Inner":{"Whole":"1"}}"#, "STRING_VALUE cannot be converted to Long"),
            (r#"{"Inner":{"Whole":false}}"#, "FALSE_VALUE cannot be converted to Long"),
            (r#"{"Inner":{"Flag":1}}"#, "NUMBER_VALUE cannot be converted to Boolean"),
            (r#"{"Inner":{"Flag":"perhaps"}}"#, "Unexpected token received from parser"),
            (r#"{"List":"a"}"#, "Unexpected field type"),
            (r#"{"List":{"a":1}}"#, "Start of structure or map found where not expected"),
            (r#"{"Map":["a"]}"#, "Unrecognized collection type java.util.Map"),
            (r#"{"Map":3}"#, "Unexpected field type"),
            (r#"{"Blob":3}"#, "only base-64-encoded strings are convertible to bytes"),
            (r#"{"Blob":"abc"}"#, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
            (r#"{"Blob":"ab!="}"#, "Invalid Base64 character: '!'"),
            ("[]", "Unrecognized collection type class"),
            ("null", "Unexpected field type"),
            (r#"{"Inner":{"Flag":"true","Whole":3.9}}"#, "fine"),
        ] {
            assert_eq!(said(body), text, "{body}");
        }
    }

    #[test]
    fn lists_of_members_are_bounded_and_lists_of_data_are_not() {
        let list = format!("[{}\"a\"]", "\"a\",".repeat(10_000));
        assert_eq!(said(&format!("{{\"List\":{list}}}")), "the list has more than 10000 elements");
        assert_eq!(parse::<Elements<Text>>(list.as_bytes()).unwrap().0.len(), 10_001);
    }

    #[test]
    fn fractions_are_cut_off() {
        let whole = |text: &str| parse::<Whole>(text.as_bytes()).unwrap().0;
        assert_eq!((whole("3.9"), whole("-3.9"), whole("1e300")), (3, -3, i64::MAX));
    }

    #[test]
    fn times_are_seconds_to_the_millisecond() {
        let millis = |text: &str| parse::<Moment>(text.as_bytes()).unwrap().timestamp().as_millis();
        assert_eq!(
            (millis("1791316726.48"), millis("7"), millis("-1"), millis("1e300")),
            (1_791_316_726_480, 7000, 0, u64::MAX)
        );
    }

    #[test]
    fn bytes_are_written_as_base64_whatever_their_length() {
        struct Raw(Vec<u8>);
        impl Serialize for Raw {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }
        for length in [0, 1, 2, 3, 3071, 3072, 3073, 10_000] {
            let bytes: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let written = write(&Raw(bytes.clone())).unwrap();
            let read: Blob = serde_json::from_slice(&written).unwrap();
            assert_eq!(read.0, bytes);
        }
    }

    #[test]
    fn what_is_not_json_is_refused_whatever_its_depth() {
        for body in
            ["", "{", "nonsense", "{\"Text\": \"a\" \"b\"}", &"[".repeat(100_000), &"{\"Inner\":".repeat(100_000)]
        {
            assert_ne!(said(body), "fine");
        }
        let deep = format!("{{\"Other\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(said(&deep), "fine", "nothing is kept of what is passed over");
    }
}
