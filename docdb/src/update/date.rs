//! `$currentDate`.

use bson::{RawBson, RawBsonRef, Timestamp};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::modifier::{At, Change, Modifier, Scope},
    value::{Value, fields, type_name},
};

#[derive(Debug)]
pub(super) enum CurrentDate {
    Date,
    Timestamp,
}

impl CurrentDate {
    pub(super) fn parse(_: &str, value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let document = match value {
            RawBsonRef::Boolean(_) => return Ok(Box::new(CurrentDate::Date)),
            RawBsonRef::Document(document) => document,
            other => {
                let message = format!(
                    "{} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression \
                     ({{$type: 'timestamp/date'}}).",
                    type_name(other)
                );
                return refuse(Code::BAD_VALUE, message);
            }
        };
        let mut found = None;
        for (name, value) in fields(document) {
            found = match (name, value) {
                ("$type", RawBsonRef::String("date")) => Some(CurrentDate::Date),
                ("$type", RawBsonRef::String("timestamp")) => Some(CurrentDate::Timestamp),
                ("$type", _) => None,
                (name, _) => return refuse(Code::BAD_VALUE, format!("Unrecognized $currentDate option: {name}")),
            };
        }
        match found {
            Some(kind) => Ok(Box::new(kind)),
            None => refuse(
                Code::BAD_VALUE,
                "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
            ),
        }
    }

    fn value(&self, context: &Context) -> RawBson {
        match self {
            CurrentDate::Date => RawBson::DateTime(context.now_bson()),
            CurrentDate::Timestamp => RawBson::Timestamp(timestamp(context)),
        }
    }
}

/// The operation's second as a timestamp.
pub(super) fn timestamp(context: &Context) -> Timestamp {
    Timestamp { time: u32::try_from(context.now.as_secs()).unwrap_or(u32::MAX), increment: 1 }
}

impl Modifier for CurrentDate {
    fn existing<'a>(&'a self, _: RawBsonRef<'_>, scope: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        Ok(Change::Set(self.value(scope.context).into()))
    }

    fn missing<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        Ok(self.value(scope.context).into())
    }
}
