//! A document that is being changed: opened along the paths of an update only, all else as the bytes it was.

use std::borrow::Cow;

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, raw::CStr};

use crate::value::{Value, fields, items};

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

    /// Calls `look` with the value as it is now.
    pub(super) fn with_raw<T>(&self, look: impl FnOnce(RawBsonRef<'_>) -> T) -> T {
        match self {
            Tree::Ref(value) => look(*value),
            Tree::Owned(value) => look(value.as_raw_bson_ref()),
            Tree::Document(fields) => look(RawBsonRef::Document(&write_document(fields))),
            Tree::Array(items) => look(RawBsonRef::Array(&write_array(items))),
        }
    }

    /// The document that the tree is now.
    pub(super) fn finish(self) -> RawDocumentBuf {
        match &self {
            Tree::Document(fields) => write_document(fields),
            _ => RawDocumentBuf::new(),
        }
    }
}

fn write_document(fields: &[(Cow<'_, str>, Tree<'_>)]) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    for (name, value) in fields {
        // No name with a NUL can be in a document or in an update.
        if let Ok(name) = <&CStr>::try_from(name.as_ref()) {
            value.with_raw(|value| document.append(name, value));
        }
    }
    document
}

fn write_array(items: &[Tree<'_>]) -> RawArrayBuf {
    let mut array = RawArrayBuf::new();
    for item in items {
        item.with_raw(|value| array.push(value));
    }
    array
}
