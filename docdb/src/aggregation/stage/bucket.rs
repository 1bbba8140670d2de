//! `$bucket`: a `$group` by ranges, and a `$sort`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef, rawdoc};

use crate::{
    aggregation::{
        Scope, accumulator,
        stage::{
            Field, Stages,
            group::{self, Group, Id},
            sort::Sort,
            sort_by_count::count,
        },
    },
    context::Context,
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names},
    sort::SortPattern,
    value::{Comparator, Kind, fields, items},
};

/// Ranges that documents are put into.
#[derive(Debug)]
pub(super) struct Buckets {
    group_by: Expression,
    /// In order; each is the least value of a range, the last one the end.
    boundaries: Vec<RawBson>,
    default: Option<RawBson>,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(40201), "Argument to $bucket stage must be an object");
    };
    let (mut group_by, mut boundaries, mut default, mut output) = (None, None, None, None);
    for (name, value) in fields(document) {
        match name {
            "groupBy" => group_by = Some(parse_group_by("$bucket", Code(40202), value, scope)?),
            "boundaries" => boundaries = Some(parse_boundaries(value, scope.context)?),
            "default" => default = Some(parse_constant(value, scope.context)?),
            "output" => output = Some(parse_output("$bucket", Code(40196), value, scope)?),
            _ => return refuse(Code(40197), format!("Unrecognized option to $bucket: {name}.")),
        }
    }
    let (Some(group_by), Some(boundaries)) = (group_by, boundaries) else {
        return refuse(Code(40198), "$bucket requires 'groupBy' and 'boundaries' to be specified.");
    };
    check_default(&boundaries, default.as_ref(), scope.context)?;
    let fields = match output {
        Some(fields) => fields,
        None => vec![count(scope)?],
    };
    let group = Group { id: Id::Buckets(Buckets { group_by, boundaries, default }), fields };
    let pattern = SortPattern::parse(&rawdoc! { "_id": 1 }, scope.context)?;
    Ok(vec![Arc::new(group), Arc::new(Sort { pattern: Arc::new(pattern), limit: None })])
}

/// An expression: a path with its `$`, or an object of one operator.
pub(super) fn parse_group_by(stage: &str, code: Code, value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Expression> {
    let is_expression = match value {
        RawBsonRef::String(text) => text.starts_with('$'),
        RawBsonRef::Document(document) => fields(document).next().is_some_and(|(name, _)| name.starts_with('$')),
        _ => false,
    };
    if !is_expression {
        return refuse(
            code,
            format!("The {stage} 'groupBy' field must be defined as a $-prefixed path or an expression"),
        );
    }
    Expression::parse(value, scope.context)
}

/// The accumulators of `output`.
pub(super) fn parse_output(stage: &str, code: Code, value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Vec<Field>> {
    let RawBsonRef::Document(output) = value else {
        return refuse(code, format!("The {stage} 'output' field must be an object"));
    };
    let names = Names::new(scope.context);
    let field = |(name, value): (&str, RawBsonRef<'_>)| {
        if name == "_id" {
            return refuse(Code(15948), "a group's _id may only be specified once");
        }
        group::check_name(name)?;
        Ok((name.into(), accumulator::parse(name, value, &names)?))
    };
    fields(output).map(field).collect()
}

fn parse_constant(value: RawBsonRef<'_>, context: &Context) -> Result<RawBson> {
    match Expression::parse(value, context)?.constant() {
        Some(constant) => Ok(constant.into()),
        None => refuse(Code(40195), "The $bucket 'default' field must be a less than or greater than constant value"),
    }
}

fn parse_boundaries(value: RawBsonRef<'_>, context: &Context) -> Result<Vec<RawBson>> {
    let RawBsonRef::Array(array) = value else {
        return refuse(Code(40200), "The $bucket 'boundaries' field must be an array of values");
    };
    let mut boundaries: Vec<RawBson> = Vec::new();
    for value in items(array) {
        let boundary = Expression::parse(value, context)?;
        let Some(boundary) = boundary.constant() else {
            return refuse(Code(40191), "The $bucket 'boundaries' field must be an array of constant values");
        };
        boundaries.push(boundary.into());
    }
    if boundaries.len() < 2 {
        return refuse(Code(40192), "The $bucket 'boundaries' field must have at least 2 values");
    }
    let comparator = Comparator::new(context.collation.as_deref());
    for (low, high) in boundaries.iter().zip(boundaries.iter().skip(1)) {
        let (low, high) = (low.as_raw_bson_ref(), high.as_raw_bson_ref());
        if Kind::of(low) != Kind::of(high) {
            return refuse(Code(40193), "All values in the 'boundaries' option to $bucket must have the same type");
        }
        if comparator.compare(low, high).is_ge() {
            return refuse(Code(40194), "The 'boundaries' option to $bucket must be sorted in ascending order");
        }
    }
    Ok(boundaries)
}

fn check_default(boundaries: &[RawBson], default: Option<&RawBson>, context: &Context) -> Result<()> {
    let (Some(default), Some(low), Some(high)) = (default, boundaries.first(), boundaries.last()) else {
        return Ok(());
    };
    let comparator = Comparator::new(context.collation.as_deref());
    let default = default.as_raw_bson_ref();
    if comparator.compare(default, low.as_raw_bson_ref()).is_ge()
        && comparator.compare(default, high.as_raw_bson_ref()).is_lt()
    {
        return refuse(
            Code(40199),
            "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary",
        );
    }
    Ok(())
}

impl Buckets {
    /// The least value of the range that a document falls into.
    pub(super) fn id(&self, env: &Env<'_>) -> Result<RawBson> {
        let comparator = Comparator::new(env.context.collation.as_deref());
        let value = self.group_by.evaluate(env)?;
        let value = value.get().unwrap_or(RawBsonRef::Null);
        let above = self.boundaries.partition_point(|low| comparator.compare(low.as_raw_bson_ref(), value).is_le());
        let within = above < self.boundaries.len();
        let low = above.checked_sub(1).filter(|_| within).and_then(|index| self.boundaries.get(index));
        match low.or(self.default.as_ref()) {
            Some(id) => Ok(id.clone()),
            None => refuse(
                Code(40066),
                "$switch could not find a matching branch for an input, and no default was specified.",
            ),
        }
    }
}
