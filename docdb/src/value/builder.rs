//! Building documents and arrays out of raw values.

use bson::{RawArray, RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, raw::CStr};

use crate::value::fields;

/// A document that is being written, field by field.
#[derive(Debug, Clone)]
pub(crate) struct DocumentBuilder(RawDocumentBuf);

impl DocumentBuilder {
    pub(crate) fn new() -> Self {
        // Growing by each field costs more than a few bytes too many do.
        const FIRST: usize = 120;
        let mut bytes = Vec::with_capacity(FIRST);
        bytes.extend_from_slice(&[5, 0, 0, 0, 0]);
        Self(RawDocumentBuf::from_bytes(bytes).unwrap_or_default())
    }

    /// Appends a field. Names with a NUL in them cannot be written; none can come in either, so such a field is left out.
    pub(crate) fn append<'a>(&mut self, name: &str, value: impl Into<RawBsonRef<'a>>) {
        if let Ok(name) = <&CStr>::try_from(name) {
            self.0.append(name, value.into());
        }
    }

    /// Appends a field that an expression made.
    pub(crate) fn append_owned(&mut self, name: &str, value: &RawBson) {
        self.append(name, value.as_raw_bson_ref());
    }

    /// Appends all fields of a document.
    pub(crate) fn append_all(&mut self, document: &RawDocument) {
        for (name, value) in fields(document) {
            self.append(name, value);
        }
    }

    /// The number of bytes it has now.
    pub(crate) fn len_bytes(&self) -> usize {
        self.0.as_bytes().len()
    }

    pub(crate) fn finish(self) -> RawDocumentBuf {
        self.0
    }
}

/// An array that is being written, item by item.
#[derive(Debug, Default, Clone)]
pub(crate) struct ArrayBuilder(RawArrayBuf);

impl ArrayBuilder {
    pub(crate) fn new() -> Self {
        Self(RawArrayBuf::new())
    }

    pub(crate) fn push<'a>(&mut self, value: impl Into<RawBsonRef<'a>>) {
        self.0.push(value.into());
    }

    /// The number of bytes it has now.
    pub(crate) fn len_bytes(&self) -> usize {
        self.0.as_bytes().len()
    }

    pub(crate) fn push_all(&mut self, array: &RawArray) {
        for value in crate::value::items(array) {
            self.push(value);
        }
    }

    pub(crate) fn finish(self) -> RawArrayBuf {
        self.0
    }
}
