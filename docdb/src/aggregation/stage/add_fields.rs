//! `$addFields` and `$set`.

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Scope,
        stage::{Stages, one, project::Project},
    },
    error::{Code, Result, refuse},
    projection::Projection,
};

pub(super) fn parse_add_fields(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    parse("$addFields", value, scope)
}

pub(super) fn parse_set(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    parse("$set", value, scope)
}

fn parse(name: &str, value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(40272), format!("{name} specification stage must be an object"));
    };
    one(Project(Projection::parse_add_fields(document, scope.context)?))
}
