//! The members of a command, taken one after the other, and refused as the server refuses them: those of a wrong type,
//! those that are missing, and those that nobody has asked for.

use std::{cell::Cell, time::Duration};

use bson::{RawArray, RawBsonRef, RawDocument, RawDocumentBuf, oid::ObjectId};
use millpond::docdb::Code;

use super::{failure::Failure, reply};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// What any command may carry; `call` has read it.
const GENERIC: &[&str] = &[
    "$audit",
    "$client",
    "$clusterTime",
    "$configServerState",
    "$configTime",
    "$db",
    "$oplogQueryData",
    "$queryOptions",
    "$readPreference",
    "$replData",
    "$topologyTime",
    "apiDeprecationErrors",
    "apiStrict",
    "apiVersion",
    "autocommit",
    "clientOperationKey",
    "comment",
    "coordinator",
    "databaseVersion",
    "help",
    "lsid",
    "maxTimeMS",
    "maxTimeMSOpOnly",
    "rawData",
    "readConcern",
    "requestGossipRoutingCache",
    "shardVersion",
    "startTransaction",
    "stmtId",
    "stmtIds",
    "txnNumber",
    "txnRetryCounter",
    "versionContext",
    "writeConcern",
];

/// Whether any command may carry a member of this name.
pub(crate) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name)
}

/// The members of a document of a command.
pub(crate) struct Arguments<'a> {
    /// By what the document is called in refusals: `find`, `update.updates`.
    path: String,
    members: Vec<(&'a str, RawBsonRef<'a>, Cell<bool>)>,
    /// Whether members of any command may be among them.
    generic: bool,
}

impl<'a> Arguments<'a> {
    /// The members of a command, whose first one is its name.
    pub(crate) fn of_command(command: &str, body: &'a RawDocument) -> Self {
        let arguments = Arguments { generic: true, ..Self::of(command.to_owned(), body) };
        if let Some((_, _, taken)) = arguments.members.first() {
            taken.set(true);
        }
        arguments
    }

    /// The members of a document within a command.
    pub(crate) fn of(path: String, document: &'a RawDocument) -> Self {
        let members = reply::fields(document).map(|(name, value)| (name, value, Cell::new(false))).collect();
        Arguments { path, members, generic: false }
    }

    /// What the document is called.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A member, whatever it is; null is as good as none.
    pub(crate) fn any(&self, name: &str) -> Option<RawBsonRef<'a>> {
        self.given(name).filter(|value| !matches!(value, RawBsonRef::Null | RawBsonRef::Undefined))
    }

    /// A member, null as well.
    pub(crate) fn given(&self, name: &str) -> Option<RawBsonRef<'a>> {
        let (_, value, taken) = self.members.iter().find(|(known, ..)| *known == name)?;
        taken.set(true);
        Some(*value)
    }

    /// Ignores members, whatever they are.
    pub(crate) fn ignore(&self, names: &[&str]) {
        names.iter().for_each(|name| {
            let _ = self.given(name);
        });
    }

    fn typed<T>(&self, name: &str, expected: &[&str], read: impl Fn(RawBsonRef<'a>) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.any(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.wrong_type(name, value, expected))
    }

    /// The refusal of a member's type.
    pub(crate) fn wrong_type(&self, name: &str, value: RawBsonRef<'_>, expected: &[&str]) -> Failure {
        wrong_type(&format!("{}.{name}", self.path), value, expected)
    }

    /// The refusal of a member that is not there.
    pub(crate) fn missing(&self, name: &str) -> Failure {
        let message = format!("BSON field '{}.{name}' is missing but a required field", self.path);
        Failure::new(Code::MISSING_FIELD, message)
    }

    /// What has to be there.
    pub(crate) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        self.typed(name, &["string"], RawBsonRef::as_str)
    }

    pub(crate) fn document(&self, name: &str) -> Result<Option<&'a RawDocument>> {
        self.typed(name, &["object"], RawBsonRef::as_document)
    }

    pub(crate) fn owned(&self, name: &str) -> Result<Option<RawDocumentBuf>> {
        Ok(self.document(name)?.map(ToOwned::to_owned))
    }

    pub(crate) fn array(&self, name: &str) -> Result<Option<&'a RawArray>> {
        self.typed(name, &["array"], RawBsonRef::as_array)
    }

    /// An array of documents.
    pub(crate) fn documents(&self, name: &str) -> Result<Option<Vec<RawDocumentBuf>>> {
        let Some(array) = self.array(name)? else { return Ok(None) };
        let items = reply::items(array).enumerate().map(|(index, item)| {
            let document = item.as_document().map(ToOwned::to_owned);
            document.ok_or_else(|| self.wrong_type(&format!("{name}.{index}"), item, &["object"]))
        });
        items.collect::<Result<_>>().map(Some)
    }

    /// A boolean.
    pub(crate) fn strict_bool(&self, name: &str) -> Result<Option<bool>> {
        self.typed(name, &["bool"], RawBsonRef::as_bool)
    }

    /// A boolean, or a number in its place.
    pub(crate) fn bool(&self, name: &str) -> Result<bool> {
        let read = |value: RawBsonRef<'a>| value.as_bool().or_else(|| number(value).map(|number| number != 0.0));
        Ok(self.typed(name, &["bool", "long", "int", "decimal", "double"], read)?.unwrap_or(false))
    }

    /// An integer, or another number that is cut to one.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.typed(name, &["long", "int", "decimal", "double"], integer)
    }

    /// An integer that is not negative.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>> {
        let Some(number) = self.integer(name)? else { return Ok(None) };
        let refused = |_| {
            let message = format!("BSON field '{name}' value must be >= 0, actual value '{number}'");
            Failure::new(Code::BAD_VALUE, message)
        };
        u64::try_from(number).map(Some).map_err(refused)
    }

    /// A time in milliseconds: a whole number.
    pub(crate) fn millis(&self, name: &str) -> Result<Option<Duration>> {
        let Some(number) = self.integer(name)? else { return Ok(None) };
        let is_whole = match self.any(name) {
            Some(value @ (RawBsonRef::Double(_) | RawBsonRef::Decimal128(_))) => {
                self::number(value).is_some_and(|number| number.fract() == 0.0 && number.abs() < 9e18)
            }
            _ => true,
        };
        if !is_whole {
            return Err(Failure::new(Code::FAILED_TO_PARSE, format!("{name} has to be an integer")));
        }
        match i32::try_from(number).and_then(u32::try_from) {
            Ok(millis) => Ok(Some(Duration::from_millis(millis.into()))),
            Err(_) => {
                let message = format!("{number} value for {name} is out of range [0, 2147483647]");
                Err(Failure::new(Code::BAD_VALUE, message))
            }
        }
    }

    pub(crate) fn object_id(&self, name: &str) -> Result<Option<ObjectId>> {
        self.typed(name, &["objectId"], RawBsonRef::as_object_id)
    }

    /// Whether anything of a name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, ..)| *known == name)
    }

    /// Refuses what nobody has asked for, and what is there twice.
    pub(crate) fn finish(&self) -> Result<()> {
        for (index, (name, _, taken)) in self.members.iter().enumerate() {
            if self.members.iter().take(index).any(|(known, ..)| known == name) {
                let message = format!("BSON field '{}.{name}' is a duplicate field", self.path);
                return Err(Failure::new(Code(40413), message));
            }
            let is_generic = self.generic && GENERIC.contains(name);
            if !taken.get() && !is_generic {
                let message = format!("BSON field '{}.{name}' is an unknown field.", self.path);
                return Err(Failure::new(Code::UNKNOWN_FIELD, message));
            }
        }
        Ok(())
    }
}

/// The refusal of a value's type.
pub(crate) fn wrong_type(path: &str, value: RawBsonRef<'_>, expected: &[&str]) -> Failure {
    let actual = type_name(value);
    let expected = match expected {
        [one] => format!("expected type '{one}'"),
        several => format!("expected types '[{}]'", several.join(", ")),
    };
    let message = format!("BSON field '{path}' is the wrong type '{actual}', {expected}");
    Failure::new(Code::TYPE_MISMATCH, message)
}

/// A number as a double.
pub(crate) fn number(value: RawBsonRef<'_>) -> Option<f64> {
    match value {
        RawBsonRef::Int32(number) => Some(number.into()),
        #[allow(clippy::cast_precision_loss, reason = "whether it is 0 is not lost")]
        RawBsonRef::Int64(number) => Some(number as f64),
        RawBsonRef::Double(number) => Some(number),
        RawBsonRef::Decimal128(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// A number as an integer, which ends at the ends; none is 0.
pub(crate) fn integer(value: RawBsonRef<'_>) -> Option<i64> {
    match value {
        RawBsonRef::Int32(number) => Some(number.into()),
        RawBsonRef::Int64(number) => Some(number),
        // Decimals are rounded to even, doubles are cut.
        #[allow(clippy::cast_possible_truncation, reason = "a cast ends at the ends, as the server does")]
        RawBsonRef::Decimal128(_) => number(value).map(|number| number.round_ties_even() as i64),
        #[allow(clippy::cast_possible_truncation, reason = "a cast cuts as the server does")]
        other => number(other).map(|number| number as i64),
    }
}

/// A type as messages call it.
pub(crate) fn type_name(value: RawBsonRef<'_>) -> &'static str {
    match value {
        RawBsonRef::Double(_) => "double",
        RawBsonRef::String(_) => "string",
        RawBsonRef::Array(_) => "array",
        RawBsonRef::Document(_) => "object",
        RawBsonRef::Boolean(_) => "bool",
        RawBsonRef::Null => "null",
        RawBsonRef::RegularExpression(_) => "regex",
        RawBsonRef::JavaScriptCode(_) => "javascript",
        RawBsonRef::JavaScriptCodeWithScope(_) => "javascriptWithScope",
        RawBsonRef::Int32(_) => "int",
        RawBsonRef::Int64(_) => "long",
        RawBsonRef::Timestamp(_) => "timestamp",
        RawBsonRef::Binary(_) => "binData",
        RawBsonRef::ObjectId(_) => "objectId",
        RawBsonRef::DateTime(_) => "date",
        RawBsonRef::Symbol(_) => "symbol",
        RawBsonRef::Decimal128(_) => "decimal",
        RawBsonRef::Undefined => "undefined",
        RawBsonRef::MaxKey => "maxKey",
        RawBsonRef::MinKey => "minKey",
        RawBsonRef::DbPointer(_) => "dbPointer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::rawdoc;

    fn refused<T: std::fmt::Debug>(result: Result<T>) -> (i32, String) {
        let failure = result.unwrap_err();
        (failure.code.0, failure.message)
    }

    #[test]
    fn wrong_types_missing_and_unknown_members_are_refused_in_the_servers_words() {
        let body = rawdoc! { "find": "c", "limit": "x", "foo": 1, "filter": {}, "skip": -1, "$db": "d" };
        let arguments = Arguments::of_command("find", &body);
        assert!(arguments.document("filter").unwrap().is_some());
        assert_eq!(
            refused(arguments.integer("limit")),
            (
                14,
                "BSON field 'find.limit' is the wrong type 'string', expected types '[long, int, decimal, double]'"
                    .to_owned()
            )
        );
        assert_eq!(
            refused(arguments.text("filter")),
            (14, "BSON field 'find.filter' is the wrong type 'object', expected type 'string'".to_owned())
        );
        assert_eq!(refused(arguments.count("skip")).0, 2);
        assert_eq!(
            refused(arguments.required("sort", arguments.document("sort").unwrap())),
            (40414, "BSON field 'find.sort' is missing but a required field".to_owned())
        );
        assert_eq!(refused(arguments.finish()), (40415, "BSON field 'find.foo' is an unknown field.".to_owned()));
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let body = rawdoc! { "find": "c", "limit": null };
        assert_eq!(Arguments::of_command("find", &body).integer("limit").unwrap(), None);
    }
}
