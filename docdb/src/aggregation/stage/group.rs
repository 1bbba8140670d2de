//! `$group`.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        accumulator::{self, Fold},
        identity,
        rows::{AllRows, all},
        stage::{Field, Stage, Stages, bucket::Buckets, one},
    },
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Env, Expression, Names},
    sort::MEMORY_BYTES,
    value::{DocumentBuilder, empty, fields},
};

/// Makes one document of all documents of a group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: Id,
    pub(super) fields: Vec<Field>,
}

/// What the documents of a group have in common.
#[derive(Debug)]
pub(super) enum Id {
    Expression(Expression),
    /// An object of expressions. Unlike an expression that makes an object it takes fields by number as inclusions, to
    /// refuse them.
    Object(Vec<(Box<str>, Expression)>),
    /// The ranges of a `$bucket`.
    Buckets(Buckets),
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(15947), "a group's fields must be specified in an object");
    };
    let names = Names::new(scope.context);
    let (mut id, mut accumulators) = (None, Vec::new());
    for (name, value) in fields(document) {
        if name == "_id" {
            if id.is_some() {
                return refuse(Code(15948), "a group's _id may only be specified once");
            }
            id = Some(parse_id(value, &names)?);
        } else {
            check_name(name)?;
            accumulators.push((name.into(), accumulator::parse(name, value, &names)?));
        }
    }
    match id {
        Some(id) => one(Group { id, fields: accumulators }),
        None => refuse(Code(15955), "a group specification must include an _id"),
    }
}

/// Whether a field may be named so that an accumulator makes.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.contains('.') {
        return refuse(Code(40235), format!("The field name '{name}' cannot contain '.'"));
    }
    if name.starts_with('$') {
        return refuse(Code(40236), format!("The field name '{name}' cannot be an operator name"));
    }
    Ok(())
}

fn parse_id(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Id> {
    match value {
        RawBsonRef::Document(document) if fields(document).next().is_some_and(|(first, _)| !first.starts_with('$')) => {
            parse_id_object(document, names)
        }
        value => Ok(Id::Expression(Expression::parse_within(value, names)?)),
    }
}

fn parse_id_object(document: &RawDocument, names: &Names<'_>) -> Result<Id> {
    // As an expression first, for the rules of its names.
    Expression::parse_within(RawBsonRef::Document(document), names)?;
    let mut parts = Vec::new();
    for (name, value) in fields(document) {
        if matches!(
            value,
            RawBsonRef::Boolean(_)
                | RawBsonRef::Int32(_)
                | RawBsonRef::Int64(_)
                | RawBsonRef::Double(_)
                | RawBsonRef::Decimal128(_)
        ) {
            return refuse(Code(17390), "$group does not support inclusion-style expressions");
        }
        parts.push((name.into(), Expression::parse_within(value, names)?));
    }
    Ok(Id::Object(parts))
}

impl Id {
    fn of(&self, env: &Env<'_>) -> Result<RawBson> {
        match self {
            Id::Expression(expression) => Ok(expression.evaluate(env)?.into_owned().unwrap_or(RawBson::Null)),
            Id::Buckets(buckets) => buckets.id(env),
            Id::Object(parts) => {
                let mut id = DocumentBuilder::new();
                for (name, part) in parts {
                    if let Some(value) = part.evaluate(env)?.get() {
                        id.append(name, value);
                    }
                }
                Ok(RawBson::Document(id.finish()))
            }
        }
    }
}

impl Stage for Group {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }
}

/// The groups so far, in the order of their first documents.
#[derive(Default)]
struct Groups {
    places: HashMap<Vec<u8>, usize>,
    groups: Vec<(RawBson, Vec<Box<dyn Fold>>)>,
    bytes: usize,
}

impl AllRows for Group {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        let mut groups = Groups::default();
        while let Some(row) = input.next(execution)? {
            let env = Env::new(context, &row.doc, &row.metadata);
            self.add(&mut groups, &env)?;
            if groups.bytes > MEMORY_BYTES && !execution.allow_disk_use {
                return refuse(
                    Code::QUERY_EXCEEDED_MEMORY_LIMIT,
                    "Exceeded memory limit for $group, but didn't allow external sort. Pass allowDiskUse:true to opt in.",
                );
            }
        }
        let fields: Vec<Box<str>> = self.fields.iter().map(|(name, _)| name.clone()).collect();
        Ok(Box::new(Finished { groups: groups.groups.into_iter(), fields }))
    }
}

impl Group {
    fn add(&self, groups: &mut Groups, env: &Env<'_>) -> Result<()> {
        let id = self.id.of(env)?;
        let key = identity(id.as_raw_bson_ref(), env.context.collation.as_deref());
        let place = match groups.places.entry(key) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let folds = self.start(&id, env.context)?;
                groups.bytes += 2 * entry.key().len() + size_of::<(RawBson, Vec<Box<dyn Fold>>)>() + 64 * folds.len();
                groups.groups.push((id, folds));
                *entry.insert(groups.groups.len() - 1)
            }
        };
        let Some((_, folds)) = groups.groups.get_mut(place) else { return Ok(()) };
        for ((_, accumulate), fold) in self.fields.iter().zip(folds) {
            let before = fold.len_bytes();
            fold.add(accumulate.argument(env)?.get())?;
            groups.bytes = (groups.bytes + fold.len_bytes()).saturating_sub(before);
        }
        Ok(())
    }

    fn start(&self, id: &RawBson, context: &Context) -> Result<Vec<Box<dyn Fold>>> {
        let root = match id {
            RawBson::Document(document) => document,
            _ => empty(),
        };
        let metadata = Metadata::default();
        let env = Env::new(context, root, &metadata);
        self.fields.iter().map(|(_, accumulate)| accumulate.start(&env)).collect()
    }
}

struct Finished {
    groups: std::vec::IntoIter<(RawBson, Vec<Box<dyn Fold>>)>,
    fields: Vec<Box<str>>,
}

impl Rows for Finished {
    fn next(&mut self, _: &mut Execution<'_>) -> Result<Option<Row>> {
        let Some((id, folds)) = self.groups.next() else { return Ok(None) };
        let mut document = DocumentBuilder::new();
        document.append_owned("_id", &id);
        for (name, mut fold) in self.fields.iter().zip(folds) {
            document.append_owned(name, &fold.finish()?.unwrap_or(RawBson::Null));
        }
        Ok(Some(Row::new(bounded(document)?)))
    }
}

/// A document that a stage made, if it is not larger than a document may be between stages.
pub(in crate::aggregation) fn bounded(document: DocumentBuilder) -> Result<RawDocumentBuf> {
    if document.len_bytes() > MEMORY_BYTES {
        return refuse(
            Code::BSON_OBJECT_TOO_LARGE,
            format!("BSONObj size: {} is invalid. Size must be between 0 and {MEMORY_BYTES}", document.len_bytes()),
        );
    }
    Ok(document.finish())
}
