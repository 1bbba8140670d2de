//! BSON values as the server sees them: raw, in one order over all types, compared and copied without being decoded.
//!
//! Documents are checked once, when they come in ([`validate`]); what reads them here ends quietly at a malformed
//! element instead of carrying an error that cannot happen.

mod builder;
mod compare;
mod decimal;
mod hash;
mod key;
mod kind;
mod number;
mod path;
#[cfg(test)]
pub(crate) mod testing;
mod validate;

pub(crate) use builder::{ArrayBuilder, DocumentBuilder};
pub(crate) use compare::{Comparator, compare, same_document, values_equal};
pub use decimal::Decimal;
pub(crate) use decimal::Rounding;
pub(crate) use hash::hash64;
pub(crate) use key::encode_number;
pub(crate) use kind::{Kind, TypeSet, type_name, type_of_alias, type_of_number};
pub(crate) use number::{Number, Pair, as_whole_i64};
pub(crate) use path::{Part, Path};
pub(crate) use validate::{MAX_DEPTH, MAX_DOCUMENT_BYTES, as_document, depth, validate};

use bson::{RawArray, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};
use bytes::Bytes;

/// A document that shares its bytes with whoever else holds it, such as the engine's cache.
#[derive(Clone, PartialEq)]
pub struct Doc(Bytes);

impl Doc {
    /// Takes bytes that [`validate`] has accepted.
    pub(crate) fn from_bytes(bytes: Bytes) -> Doc {
        Doc(bytes)
    }

    /// The document, to be read in place.
    #[must_use]
    pub fn raw(&self) -> &RawDocument {
        RawDocument::from_bytes(&self.0).unwrap_or_else(|_| empty())
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl std::fmt::Debug for Doc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.raw().fmt(f)
    }
}

impl std::ops::Deref for Doc {
    type Target = RawDocument;

    fn deref(&self) -> &RawDocument {
        self.raw()
    }
}

impl From<RawDocumentBuf> for Doc {
    fn from(document: RawDocumentBuf) -> Doc {
        Doc(document.into_bytes().into())
    }
}

impl From<&RawDocument> for Doc {
    fn from(document: &RawDocument) -> Doc {
        Doc(Bytes::copy_from_slice(document.as_bytes()))
    }
}

/// The document without fields.
pub(crate) fn empty() -> &'static RawDocument {
    const EMPTY: &[u8] = &[5, 0, 0, 0, 0];
    #[allow(clippy::unwrap_used, reason = "these bytes are a document")]
    RawDocument::from_bytes(EMPTY).unwrap()
}

/// The fields of a document in their order.
pub(crate) fn fields(document: &RawDocument) -> impl Iterator<Item = (&str, RawBsonRef<'_>)> {
    document.iter_elements().map_while(|element| {
        let element = element.ok()?;
        Some((element.key().as_str(), element.value().ok()?))
    })
}

/// The items of an array in their order.
pub(crate) fn items(array: &RawArray) -> impl Iterator<Item = RawBsonRef<'_>> {
    array.iter_elements().map_while(|element| element.ok()?.value().ok())
}

/// The value of a top-level field; the first one, where a name is there twice.
pub(crate) fn field<'a>(document: &'a RawDocument, name: &str) -> Option<RawBsonRef<'a>> {
    document.iter_elements().map_while(Result::ok).find(|element| element.key().as_str() == name)?.value().ok()
}

/// The item of an array at an index.
pub(crate) fn item(array: &RawArray, index: usize) -> Option<RawBsonRef<'_>> {
    array.iter_elements().map_while(Result::ok).nth(index)?.value().ok()
}

/// A value that an expression yields: nothing at all, one that is somewhere in a document, or a new one.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// No value: a field that is not there.
    Missing,
    /// A value in place.
    Ref(RawBsonRef<'a>),
    /// A value made by an expression.
    Owned(RawBson),
}

impl<'a> Value<'a> {
    /// The value, if there is one.
    pub(crate) fn get(&self) -> Option<RawBsonRef<'_>> {
        match self {
            Value::Missing => None,
            Value::Ref(value) => Some(*value),
            Value::Owned(value) => Some(value.as_raw_bson_ref()),
        }
    }

    /// Whether there is no value, or null, or undefined: most expressions yield null for these.
    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self.get(), None | Some(RawBsonRef::Null | RawBsonRef::Undefined))
    }

    /// The value as one that borrows nothing.
    pub(crate) fn into_owned(self) -> Option<RawBson> {
        match self {
            Value::Missing => None,
            Value::Ref(value) => Some(value.into()),
            Value::Owned(value) => Some(value),
        }
    }
}

impl<'a> From<Option<RawBsonRef<'a>>> for Value<'a> {
    fn from(value: Option<RawBsonRef<'a>>) -> Self {
        value.map_or(Value::Missing, Value::Ref)
    }
}

impl<'a> From<RawBsonRef<'a>> for Value<'a> {
    fn from(value: RawBsonRef<'a>) -> Self {
        Value::Ref(value)
    }
}

impl From<RawBson> for Value<'_> {
    fn from(value: RawBson) -> Self {
        Value::Owned(value)
    }
}
