//! `$set`, `$setOnInsert`, `$unset`, and the moving half of `$rename`.

use bson::{RawBson, RawBsonRef};

use crate::{
    error::Result,
    update::modifier::{At, Blocked, Change, Modifier, Scope},
    value::Value,
};

#[derive(Debug)]
pub(super) struct Set(RawBson);

impl Set {
    pub(super) fn new(value: RawBsonRef<'_>) -> Set {
        Set(value.into())
    }
}

impl Modifier for Set {
    fn existing<'a>(&'a self, _: RawBsonRef<'_>, _: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        Ok(Change::Set(Value::Ref(self.0.as_raw_bson_ref())))
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Ref(self.0.as_raw_bson_ref()))
    }
}

#[derive(Debug)]
pub(super) struct Unset;

impl Modifier for Unset {
    fn existing<'a>(&'a self, _: RawBsonRef<'_>, _: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        Ok(Change::Remove)
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Missing)
    }

    fn blocked(&self, _: &Scope<'_>) -> Blocked {
        Blocked::Ignore
    }
}

/// Puts what a `$rename` moves to its new place, if there is anything.
#[derive(Debug)]
pub(super) struct Moved(pub(super) usize);

impl Moved {
    fn value<'a>(&self, scope: &Scope<'a>) -> Value<'a> {
        Value::from(scope.moved.get(self.0).copied().flatten())
    }
}

impl Modifier for Moved {
    fn existing<'a>(&'a self, _: RawBsonRef<'_>, scope: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        Ok(match self.value(scope) {
            Value::Missing => Change::Keep,
            value => Change::Set(value),
        })
    }

    fn missing<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        Ok(self.value(scope))
    }

    fn blocked(&self, scope: &Scope<'_>) -> Blocked {
        if matches!(self.value(scope), Value::Missing) { Blocked::Ignore } else { Blocked::Create }
    }
}
