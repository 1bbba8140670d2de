//! The order over all values.

use std::cmp::Ordering;

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    collation::Collation,
    value::{Kind, Number, fields, items},
};

/// Orders two values of any types: by class first, then by value. Arrays are ordered as values here; how a sort or a
/// query looks into arrays is up to it.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>.
pub(crate) fn compare(a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> Ordering {
    Comparator::SIMPLE.compare(a, b)
}

/// Whether two values are the same in the order: `1` and `1.0` are.
pub(crate) fn values_equal(a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> bool {
    compare(a, b) == Ordering::Equal
}

/// Whether two documents are the same byte for byte, as an update that changes nothing leaves them.
pub(crate) fn same_document(a: &RawDocument, b: &RawDocument) -> bool {
    a.as_bytes() == b.as_bytes()
}

/// The order under a collation, which concerns strings wherever they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparator<'c> {
    pub(crate) collation: Option<&'c Collation>,
}

impl<'c> Comparator<'c> {
    /// Strings by their bytes.
    pub(crate) const SIMPLE: Comparator<'static> = Comparator { collation: None };

    pub(crate) fn new(collation: Option<&'c Collation>) -> Self {
        Comparator { collation }
    }

    pub(crate) fn equal(self, a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> bool {
        self.compare(a, b) == Ordering::Equal
    }

    pub(crate) fn compare(self, a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> Ordering {
        let (left, right) = (Kind::of(a), Kind::of(b));
        left.cmp(&right).then_with(|| self.compare_same_kind(a, b))
    }

    fn compare_same_kind(self, a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> Ordering {
        use RawBsonRef as V;
        match (a, b) {
            (V::String(a) | V::Symbol(a), V::String(b) | V::Symbol(b)) => self.compare_strings(a, b),
            (V::Document(a), V::Document(b)) => self.compare_documents(a, b),
            (V::Array(a), V::Array(b)) => self.compare_arrays(a, b),
            (V::Binary(a), V::Binary(b)) => (a.bytes.len().cmp(&b.bytes.len()))
                .then_with(|| u8::from(a.subtype).cmp(&u8::from(b.subtype)))
                .then_with(|| a.bytes.cmp(b.bytes)),
            (V::ObjectId(a), V::ObjectId(b)) => a.bytes().cmp(&b.bytes()),
            (V::Boolean(a), V::Boolean(b)) => a.cmp(&b),
            (V::DateTime(a), V::DateTime(b)) => a.timestamp_millis().cmp(&b.timestamp_millis()),
            (V::Timestamp(a), V::Timestamp(b)) => (a.time, a.increment).cmp(&(b.time, b.increment)),
            (V::RegularExpression(a), V::RegularExpression(b)) => {
                (a.pattern.as_str().cmp(b.pattern.as_str())).then_with(|| a.options.as_str().cmp(b.options.as_str()))
            }
            (V::DbPointer(_), V::DbPointer(_)) => format!("{a:?}").cmp(&format!("{b:?}")),
            (V::JavaScriptCode(a), V::JavaScriptCode(b)) => a.cmp(b),
            (V::JavaScriptCodeWithScope(a), V::JavaScriptCodeWithScope(b)) => {
                a.code.cmp(b.code).then_with(|| Comparator::SIMPLE.compare_documents(a.scope, b.scope))
            }
            _ => match (Number::of(a), Number::of(b)) {
                (Some(a), Some(b)) => a.compare(b),
                _ => Ordering::Equal,
            },
        }
    }

    pub(crate) fn compare_strings(self, a: &str, b: &str) -> Ordering {
        match self.collation {
            Some(collation) => collation.compare(a, b),
            None => a.as_bytes().cmp(b.as_bytes()),
        }
    }

    /// Field by field: the class of the value, then the name, then the value; a document that ends first is less.
    pub(crate) fn compare_documents(self, a: &RawDocument, b: &RawDocument) -> Ordering {
        let (mut left, mut right) = (fields(a), fields(b));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some((name_a, a)), Some((name_b, b))) => {
                    let order = (Kind::of(a).cmp(&Kind::of(b)))
                        .then_with(|| name_a.cmp(name_b))
                        .then_with(|| self.compare_same_kind(a, b));
                    if order.is_ne() {
                        return order;
                    }
                }
            }
        }
    }

    pub(crate) fn compare_arrays(self, a: &RawArray, b: &RawArray) -> Ordering {
        let (mut left, mut right) = (items(a), items(b));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some(a), Some(b)) => {
                    let order = self.compare(a, b);
                    if order.is_ne() {
                        return order;
                    }
                }
            }
        }
    }
}
