//! Writing replies.

use bson::{
    RawBsonRef, RawDocument, RawDocumentBuf,
    raw::{BindRawBsonRef, CStr},
};

/// Appends a field whose name is not known before. A name with a NUL in it, which cannot be written, is left out.
pub(crate) fn append(document: &mut RawDocumentBuf, name: &str, value: impl BindRawBsonRef) {
    if let Ok(name) = <&CStr>::try_from(name) {
        document.append(name, value);
    }
}

/// Appends all fields of another document.
pub(crate) fn append_all(document: &mut RawDocumentBuf, other: &RawDocument) {
    for (name, value) in fields(other) {
        append(document, name, value);
    }
}

/// The fields of a document, which has been validated.
pub(crate) fn fields(document: &RawDocument) -> impl Iterator<Item = (&str, RawBsonRef<'_>)> {
    document.iter_elements().map_while(|element| {
        let element = element.ok()?;
        Some((element.key().as_str(), element.value().ok()?))
    })
}

/// The items of an array, which has been validated.
pub(crate) fn items(array: &bson::RawArray) -> impl Iterator<Item = RawBsonRef<'_>> {
    array.iter_elements().map_while(|element| element.ok()?.value().ok())
}

/// An integer as the server writes counts: 32 bits if they are enough.
pub(crate) fn count(number: u64) -> bson::RawBson {
    match i32::try_from(number) {
        Ok(number) => number.into(),
        Err(_) => i64::try_from(number).unwrap_or(i64::MAX).into(),
    }
}
