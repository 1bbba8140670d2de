//! A document that is being changed: opened along the paths of an update only, all else as the bytes it was.

use std::borrow::Cow;

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, raw::CStr};

use crate::{
    error::{Code, Result, refuse},
    value::{MAX_DOCUMENT_BYTES, Value, fields, items},
};

/// A value of the document, open or as it was.
#[derive(Debug)]
pub(super) enum Tree<'a> {
    /// As it was.
    Ref(RawBsonRef<'a>),
    /// New.
    Owned(RawBson),
    /// A document in which something changes.
    Document(Vec<(Cow<'a, str>, Tree<'a>)>),
    /// An array in which something changes.
    Array(Vec<Tree<'a>>),
}

impl<'a> Tree<'a> {
    pub(super) fn of(document: &'a RawDocument) -> Tree<'a> {
        Tree::Document(fields(document).map(|(name, value)| (Cow::Borrowed(name), Tree::Ref(value))).collect())
    }

    /// A new value; `None` for a missing one.
    pub(super) fn of_value(value: Value<'a>) -> Option<Tree<'a>> {
        match value {
            Value::Missing => None,
            Value::Ref(value) => Some(Tree::Ref(value)),
            Value::Owned(value) => Some(Tree::Owned(value)),
        }
    }

    /// Opens a document or an array. Others stay what they are.
    pub(super) fn open(&mut self) {
        match self {
            Tree::Ref(RawBsonRef::Document(document)) => *self = Tree::of(document),
            Tree::Ref(RawBsonRef::Array(array)) => *self = Tree::Array(items(array).map(Tree::Ref).collect()),
            Tree::Owned(RawBson::Document(document)) => {
                let owned =
                    fields(document).map(|(name, value)| (Cow::Owned(name.to_owned()), Tree::Owned(value.into())));
                *self = Tree::Document(owned.collect());
            }
            Tree::Owned(RawBson::Array(array)) => {
                *self = Tree::Array(items(array).map(|value| Tree::Owned(value.into())).collect());
            }
            _ => {}
        }
    }

    /// Whether it is an array.
    pub(super) fn is_array(&self) -> bool {
        matches!(self, Tree::Array(_) | Tree::Ref(RawBsonRef::Array(_)) | Tree::Owned(RawBson::Array(_)))
    }

    /// Whether it is a document.
    pub(super) fn is_document(&self) -> bool {
        matches!(self, Tree::Document(_) | Tree::Ref(RawBsonRef::Document(_)) | Tree::Owned(RawBson::Document(_)))
    }

    /// Calls `look` with the value as it is now. One that has grown too large for a document is an empty one; it is
    /// refused once the whole is written.
    pub(super) fn with_raw<T>(&self, look: impl FnOnce(RawBsonRef<'_>) -> T) -> T {
        match self {
            Tree::Ref(value) => look(*value),
            Tree::Owned(value) => look(value.as_raw_bson_ref()),
            Tree::Document(fields) => look(RawBsonRef::Document(&write_document(fields).unwrap_or_default())),
            Tree::Array(items) => look(RawBsonRef::Array(&write_array(items).unwrap_or_default())),
        }
    }

    /// The document that the tree is now.
    ///
    /// # Errors
    /// 17419, `Location17419`, where it is too large.
    pub(super) fn finish(self) -> Result<RawDocumentBuf> {
        match &self {
            Tree::Document(fields) => write_document(fields),
            _ => Ok(RawDocumentBuf::new()),
        }
    }
}

fn write_document(fields: &[(Cow<'_, str>, Tree<'_>)]) -> Result<RawDocumentBuf> {
    let mut document = RawDocumentBuf::new();
    for (name, value) in fields {
        // No name with a NUL can be in a document or in an update.
        let Ok(name) = <&CStr>::try_from(name.as_ref()) else { continue };
        match value {
            Tree::Ref(value) => document.append(name, *value),
            Tree::Owned(value) => document.append(name, value.as_raw_bson_ref()),
            Tree::Document(fields) => document.append(name, write_document(fields)?),
            Tree::Array(items) => document.append(name, write_array(items)?),
        }
        check(document.as_bytes())?;
    }
    Ok(document)
}

fn write_array(items: &[Tree<'_>]) -> Result<RawArrayBuf> {
    let mut array = RawArrayBuf::new();
    for item in items {
        match item {
            Tree::Ref(value) => array.push(*value),
            Tree::Owned(value) => array.push(value.as_raw_bson_ref()),
            Tree::Document(fields) => array.push(write_document(fields)?),
            Tree::Array(items) => array.push(write_array(items)?),
        }
        check(array.as_bytes())?;
    }
    Ok(array)
}

/// One value may be put into very many places: the whole is measured while it grows.
fn check(written: &[u8]) -> Result<()> {
    if written.len() > MAX_DOCUMENT_BYTES { too_large() } else { Ok(()) }
}

pub(super) fn too_large<T>() -> Result<T> {
    refuse(Code(17419), format!("Resulting document after update is larger than {MAX_DOCUMENT_BYTES}"))
}
