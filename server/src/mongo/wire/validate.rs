//! Whether a document is BSON throughout. What looks into a command afterwards would take a malformed element for its end.

use bson::{RawBsonRef, RawDocument};

/// How deep a command's documents may be nested: a document of 100 levels within an update within a pipeline.
const MAX_DEPTH: usize = 180;

/// Checks every element of a document, or says what is wrong with it.
pub(crate) fn validate(document: &RawDocument) -> Result<(), String> {
    check(document, 0)
}

fn check(document: &RawDocument, depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("BSONObj exceeds maximum nested object depth: {MAX_DEPTH}"));
    }
    for element in document.iter_elements() {
        let value = element.and_then(|element| element.value()).map_err(|error| error.to_string())?;
        match value {
            RawBsonRef::Document(inner) => check(inner, depth + 1)?,
            RawBsonRef::Array(inner) => {
                let inner = RawDocument::from_bytes(inner.as_bytes()).map_err(|error| error.to_string())?;
                check(inner, depth + 1)?;
            }
            RawBsonRef::JavaScriptCodeWithScope(code) => check(code.scope, depth + 1)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{RawDocumentBuf, rawdoc};

    #[test]
    fn nesting_and_malformed_elements_are_found() {
        assert_eq!(validate(&rawdoc! { "a": [{ "b": 1 }], "c": "d" }), Ok(()));
        let mut deep = rawdoc! {};
        for _ in 0..=MAX_DEPTH {
            deep = rawdoc! { "a": deep };
        }
        assert!(validate(&deep).is_err());
        // A string that says it is longer than the document.
        let mut bytes = rawdoc! { "a": { "b": "xyz" } }.into_bytes();
        let place = bytes.windows(3).position(|window| window == b"xyz").unwrap() - 4;
        bytes[place] = 100;
        assert!(validate(&RawDocumentBuf::from_bytes(bytes).unwrap()).is_err());
    }
}
