//! The types of BSON: their order, their names, their numbers.

use bson::{RawBsonRef, spec::ElementType};

use crate::error::{Code, Result, refuse};

/// The classes of the order over all types, lowest first. Values of different classes are ordered by their class; a
/// query's `$gt` and its kin only look at values of the class of their operand.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Kind {
    MinKey = 10,
    Undefined = 15,
    Null = 20,
    Number = 30,
    String = 60,
    Document = 70,
    Array = 80,
    Binary = 90,
    ObjectId = 100,
    Bool = 110,
    Date = 120,
    Timestamp = 130,
    Regex = 140,
    DbPointer = 150,
    Code = 160,
    CodeWithScope = 170,
    MaxKey = 240,
}

impl Kind {
    pub(crate) fn of(value: RawBsonRef<'_>) -> Kind {
        match value {
            RawBsonRef::MinKey => Kind::MinKey,
            RawBsonRef::Undefined => Kind::Undefined,
            RawBsonRef::Null => Kind::Null,
            RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Double(_) | RawBsonRef::Decimal128(_) => {
                Kind::Number
            }
            RawBsonRef::String(_) | RawBsonRef::Symbol(_) => Kind::String,
            RawBsonRef::Document(_) => Kind::Document,
            RawBsonRef::Array(_) => Kind::Array,
            RawBsonRef::Binary(_) => Kind::Binary,
            RawBsonRef::ObjectId(_) => Kind::ObjectId,
            RawBsonRef::Boolean(_) => Kind::Bool,
            RawBsonRef::DateTime(_) => Kind::Date,
            RawBsonRef::Timestamp(_) => Kind::Timestamp,
            RawBsonRef::RegularExpression(_) => Kind::Regex,
            RawBsonRef::DbPointer(_) => Kind::DbPointer,
            RawBsonRef::JavaScriptCode(_) => Kind::Code,
            RawBsonRef::JavaScriptCodeWithScope(_) => Kind::CodeWithScope,
            RawBsonRef::MaxKey => Kind::MaxKey,
        }
    }
}

/// Every type with its number and the alias that `$type` knows it by.
const TYPES: [(ElementType, i32, &str); 21] = [
    (ElementType::Double, 1, "double"),
    (ElementType::String, 2, "string"),
    (ElementType::EmbeddedDocument, 3, "object"),
    (ElementType::Array, 4, "array"),
    (ElementType::Binary, 5, "binData"),
    (ElementType::Undefined, 6, "undefined"),
    (ElementType::ObjectId, 7, "objectId"),
    (ElementType::Boolean, 8, "bool"),
    (ElementType::DateTime, 9, "date"),
    (ElementType::Null, 10, "null"),
    (ElementType::RegularExpression, 11, "regex"),
    (ElementType::DbPointer, 12, "dbPointer"),
    (ElementType::JavaScriptCode, 13, "javascript"),
    (ElementType::Symbol, 14, "symbol"),
    (ElementType::JavaScriptCodeWithScope, 15, "javascriptWithScope"),
    (ElementType::Int32, 16, "int"),
    (ElementType::Timestamp, 17, "timestamp"),
    (ElementType::Int64, 18, "long"),
    (ElementType::Decimal128, 19, "decimal"),
    (ElementType::MinKey, -1, "minKey"),
    (ElementType::MaxKey, 127, "maxKey"),
];

/// The alias of a value's type, as `$type` and error messages name it: `"int"`, `"binData"`.
pub(crate) fn type_name(value: RawBsonRef<'_>) -> &'static str {
    let element = value.element_type();
    TYPES.iter().find(|(kind, ..)| *kind == element).map_or("missing", |(_, _, alias)| alias)
}

/// The type of an alias.
pub(crate) fn type_of_alias(alias: &str) -> Option<ElementType> {
    TYPES.iter().find(|(.., name)| *name == alias).map(|(element, ..)| *element)
}

/// The type of a number.
pub(crate) fn type_of_number(number: i64) -> Option<ElementType> {
    TYPES.iter().find(|(_, code, _)| i64::from(*code) == number).map(|(element, ..)| *element)
}

/// A set of types, as `$type` and `bsonType` are given one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TypeSet(u32);

impl TypeSet {
    /// All four types of numbers.
    pub(crate) fn numbers() -> TypeSet {
        let mut set = TypeSet::default();
        for element in [ElementType::Double, ElementType::Int32, ElementType::Int64, ElementType::Decimal128] {
            set.insert(element);
        }
        set
    }

    /// The alias of one type.
    pub(crate) fn name_of(element: ElementType) -> &'static str {
        TYPES.iter().find(|(kind, ..)| *kind == element).map_or("missing", |(.., alias)| alias)
    }

    fn bit(element: ElementType) -> u32 {
        TYPES.iter().position(|(kind, ..)| *kind == element).map_or(0, |index| 1 << index)
    }

    pub(crate) fn insert(&mut self, element: ElementType) {
        self.0 |= Self::bit(element);
    }

    pub(crate) fn union(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }

    pub(crate) fn contains(self, element: ElementType) -> bool {
        self.0 & Self::bit(element) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set of one alias, `"number"` among them.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`] for an unknown one.
    pub(crate) fn of_alias(alias: &str) -> Result<TypeSet> {
        if alias == "number" {
            return Ok(Self::numbers());
        }
        match TYPES.iter().find(|(.., name)| *name == alias) {
            Some((element, ..)) => {
                let mut set = TypeSet::default();
                set.insert(*element);
                Ok(set)
            }
            None => refuse(Code::BAD_VALUE, format!("Unknown type name alias: {alias}")),
        }
    }

    /// The set of one number.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`] for an unknown one.
    pub(crate) fn of_number(number: i32) -> Result<TypeSet> {
        match TYPES.iter().find(|(_, code, _)| *code == number) {
            Some((element, ..)) => {
                let mut set = TypeSet::default();
                set.insert(*element);
                Ok(set)
            }
            None => refuse(Code::BAD_VALUE, format!("Invalid numerical type code: {number}")),
        }
    }
}
