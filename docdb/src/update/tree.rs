//! A document that is being changed: opened along the paths of an update only, all else as the bytes it was.

use std::borrow::Cow;

use bson::{
    RawBson, RawBsonRef, RawDocument, RawDocumentBuf,
    raw::{CStr, RawElement},
    spec::ElementType,
};

use crate::{
    error::{Code, Result, refuse},
    value::{MAX_DOCUMENT_BYTES, Value, as_document, fields, items},
};

/// A value of the document, open or as it was.
pub(super) enum Tree<'a> {
    /// As it was, not looked at so far.
    Was(Was<'a>),
    /// A value from elsewhere.
    Ref(RawBsonRef<'a>),
    /// A new value.
    Owned(RawBson),
    /// A document in which something changes.
    Document(Vec<(Cow<'a, str>, Tree<'a>)>),
    /// An array in which something changes.
    Array(Vec<Tree<'a>>),
}

/// An element of the document with the bytes of its value.
pub(super) struct Was<'a> {
    element: RawElement<'a>,
    bytes: &'a [u8],
}

impl<'a> Was<'a> {
    fn value(&self) -> RawBsonRef<'a> {
        self.element.value().unwrap_or(RawBsonRef::Null)
    }
}

/// The elements of a document, each with the bytes of its value.
fn elements(document: &RawDocument) -> impl Iterator<Item = (&str, Was<'_>)> {
    let mut at = 4;
    document.iter_elements().map_while(Result::ok).map_while(move |element| {
        let name = element.key().as_str();
        let start = at + 1 + name.len() + 1;
        at = start + element.size();
        let bytes = document.as_bytes().get(start..at)?;
        Some((name, Was { element, bytes }))
    })
}

impl<'a> Tree<'a> {
    pub(super) fn of(document: &'a RawDocument) -> Tree<'a> {
        Tree::Document(elements(document).map(|(name, was)| (Cow::Borrowed(name), Tree::Was(was))).collect())
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
        let value = match self {
            Tree::Was(was) => was.value(),
            Tree::Ref(value) => *value,
            Tree::Owned(RawBson::Document(document)) => {
                let fields = fields(document).map(|(name, value)| (Cow::Owned(name.into()), Tree::Owned(value.into())));
                *self = Tree::Document(fields.collect());
                return;
            }
            Tree::Owned(RawBson::Array(array)) => {
                *self = Tree::Array(items(array).map(|value| Tree::Owned(value.into())).collect());
                return;
            }
            Tree::Owned(_) | Tree::Document(_) | Tree::Array(_) => return,
        };
        match value {
            RawBsonRef::Document(document) => *self = Tree::of(document),
            RawBsonRef::Array(array) => {
                *self = Tree::Array(elements(as_document(array)).map(|(_, was)| Tree::Was(was)).collect());
            }
            _ => {}
        }
    }

    fn element_type(&self) -> ElementType {
        match self {
            Tree::Was(was) => was.element.element_type(),
            Tree::Ref(value) => value.element_type(),
            Tree::Owned(value) => value.element_type(),
            Tree::Document(_) => ElementType::EmbeddedDocument,
            Tree::Array(_) => ElementType::Array,
        }
    }

    /// Whether it is an array.
    pub(super) fn is_array(&self) -> bool {
        self.element_type() == ElementType::Array
    }

    /// Whether it is a document.
    pub(super) fn is_document(&self) -> bool {
        self.element_type() == ElementType::EmbeddedDocument
    }

    /// Calls `look` with the value as it is now. One that has grown too large for a document is an empty one; it is
    /// refused once the whole is written.
    pub(super) fn with_raw<T>(&self, look: impl FnOnce(RawBsonRef<'_>) -> T) -> T {
        match self {
            Tree::Was(was) => look(was.value()),
            Tree::Ref(value) => look(*value),
            Tree::Owned(value) => look(value.as_raw_bson_ref()),
            Tree::Document(_) | Tree::Array(_) => {
                let mut wrapped = Writer::default();
                let wrapped = match wrapped.document(std::iter::once(("", self))) {
                    Ok(()) => wrapped.finish(),
                    Err(_) => RawDocumentBuf::new(),
                };
                look(crate::value::field(&wrapped, "").unwrap_or(RawBsonRef::Null))
            }
        }
    }

    /// The document that the tree is now.
    ///
    /// # Errors
    /// 17419, `Location17419`, where it is too large.
    pub(super) fn finish(&self) -> Result<RawDocumentBuf> {
        let mut writer = Writer::default();
        match self {
            Tree::Document(fields) => writer.document(fields.iter().map(|(name, value)| (&**name, value)))?,
            _ => writer.document(std::iter::empty())?,
        }
        Ok(writer.finish())
    }
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn document<'t, 'a: 't>(&mut self, fields: impl Iterator<Item = (&'t str, &'t Tree<'a>)>) -> Result<()> {
        let start = self.begin();
        for (name, value) in fields {
            self.element(name, value)?;
        }
        self.end(start);
        Ok(())
    }

    fn array(&mut self, items: &[Tree<'_>]) -> Result<()> {
        let start = self.begin();
        for (index, item) in items.iter().enumerate() {
            self.element(&index.to_string(), item)?;
        }
        self.end(start);
        Ok(())
    }

    fn begin(&mut self) -> usize {
        let start = self.0.len();
        self.0.extend([0; 4]);
        start
    }

    /// Writes the length of what began at `start`, now that it is known.
    fn end(&mut self, start: usize) {
        self.0.push(0);
        let length = i32::try_from(self.0.len() - start).unwrap_or(i32::MAX);
        if let Some(place) = self.0.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn element(&mut self, name: &str, value: &Tree<'_>) -> Result<()> {
        self.0.push(value.element_type() as u8);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        match value {
            Tree::Was(was) => self.0.extend_from_slice(was.bytes),
            Tree::Ref(value) => self.value(*value),
            Tree::Owned(value) => self.value(value.as_raw_bson_ref()),
            Tree::Document(fields) => self.document(fields.iter().map(|(name, value)| (&**name, value)))?,
            Tree::Array(items) => self.array(items)?,
        }
        // One value may be put into very many places: the whole is measured while it grows.
        if self.0.len() > MAX_DOCUMENT_BYTES { too_large() } else { Ok(()) }
    }

    fn value(&mut self, value: RawBsonRef<'_>) {
        match value {
            RawBsonRef::Document(document) => self.0.extend_from_slice(document.as_bytes()),
            RawBsonRef::Array(array) => self.0.extend_from_slice(array.as_bytes()),
            value => {
                let mut alone = RawDocumentBuf::new();
                if let Ok(nameless) = <&CStr>::try_from("") {
                    alone.append(nameless, value);
                }
                // A length, a type and the end of the name before it; the end of the document behind it.
                let bytes = alone.as_bytes();
                self.0.extend_from_slice(bytes.get(6..bytes.len() - 1).unwrap_or_default());
            }
        }
    }

    fn finish(self) -> RawDocumentBuf {
        RawDocumentBuf::from_bytes(self.0).unwrap_or_default()
    }
}

pub(super) fn too_large<T>() -> Result<T> {
    refuse(Code(17419), format!("Resulting document after update is larger than {MAX_DOCUMENT_BYTES}"))
}
