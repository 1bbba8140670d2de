//! `update`.

use std::sync::Arc;

use bson::{RawBson, RawDocument, RawDocumentBuf};
use millpond_engine::Transaction;

use crate::{
    catalog::Collection,
    context::Context,
    error::{Code, Error, Result, refuse},
    expression::command_let,
    filter::Filter,
    model::{Namespace, Retry, Update, UpdateReply, UpdateStatement, Upserted, WriteError},
    ops::{
        self, Runner,
        batches::ends_all,
        create, insert,
        retry::Kept,
        targets::{Target, change_all, change_one},
    },
    plan::Query,
    record,
    sort::{SortPattern, natural},
    store::Store,
    update::{Update as Parsed, UpdateModifications},
    value::{Doc, field},
};

/// What one statement did.
#[derive(Debug, Default)]
pub(crate) struct Updated {
    pub(crate) matched: u64,
    pub(crate) modified: u64,
    pub(crate) upserted: Option<RawBson>,
    /// Before and after, of a single document.
    pub(crate) before: Option<Doc>,
    pub(crate) after: Option<Doc>,
    /// What [`Once::value`] made of them.
    pub(crate) value: Option<RawDocumentBuf>,
    /// Whether it had been done before.
    pub(crate) retried: bool,
}

/// What is kept of a statement, so that it is done once, and what it answers with.
#[derive(Clone, Copy)]
pub(crate) struct Once<'r> {
    /// With the statement's number.
    pub(crate) retry: Option<(&'r Retry, i32)>,
    /// The document that it answers with, if it does with one. Where that fails nothing is done.
    pub(crate) value: &'r dyn Fn(&Updated) -> Result<Option<RawDocumentBuf>>,
}

/// A statement, parsed.
pub(crate) struct Statement {
    pub(crate) query: Query,
    pub(crate) filter_document: RawDocumentBuf,
    pub(crate) update: Parsed,
    pub(crate) multi: bool,
    pub(crate) upsert: bool,
    pub(crate) bypass: bool,
}

/// Runs the statements of an `update`. Each stands for itself.
pub(crate) fn update(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    update: &Update,
) -> Result<UpdateReply> {
    let mut reply = UpdateReply::default();
    for (index, statement) in update.statements.iter().enumerate() {
        let retry = update.retry.as_ref().map(|retry| (retry, retry.statement(index)));
        let variables = update.variables.as_deref();
        match one(store, runner, namespace, statement, variables, update.bypass_document_validation, retry) {
            Ok(done) => {
                reply.matched += done.matched;
                reply.modified += done.modified;
                reply.upserted.extend(done.upserted.map(|id| Upserted { index, id }));
                reply.retried.extend(retry.filter(|_| done.retried).map(|(_, statement)| statement));
            }
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                reply.errors.push(WriteError { index, error });
                if !update.unordered {
                    break;
                }
            }
        }
    }
    Ok(reply)
}

/// Parses a statement for a collection as it is now.
pub(crate) fn parse(
    store: &Arc<Store>,
    collection: Option<&Collection>,
    statement: &UpdateStatement,
    variables: Option<&RawDocument>,
    bypass: bool,
) -> Result<Statement> {
    if let Some(collection) = collection {
        ops::refuse_view(collection, "it cannot be updated")?;
    }
    let context = ops::context(store, collection, statement.collation.as_deref(), variables)?;
    if statement.constants.is_some() && !matches!(statement.update, UpdateModifications::Pipeline(_)) {
        return refuse(Code(51198), "Constant values may only be specified for pipeline updates");
    }
    let update_context = match &statement.constants {
        Some(constants) => command_let(constants, &context)?,
        None => context.clone(),
    };
    let update = Parsed::parse(&statement.update, &statement.array_filters, &update_context)?;
    if statement.multi && update.is_replacement() {
        return refuse(Code::FAILED_TO_PARSE, "multi update is not supported for replacement-style update");
    }
    let filter = Filter::parse(&statement.filter, &context)?;
    if statement.multi && statement.sort.is_some() {
        return refuse(Code::FAILED_TO_PARSE, "Cannot specify sort with multi=true");
    }
    let mut query = Query::new(filter, Arc::new(update_context));
    (query.sort, query.natural) = sort(statement.sort.as_deref(), &context)?;
    query.hint = statement.hint.clone();
    query.limit = (!statement.multi).then_some(1);
    Ok(Statement {
        query,
        filter_document: statement.filter.clone(),
        update,
        multi: statement.multi,
        upsert: statement.upsert,
        bypass,
    })
}

pub(crate) fn sort(sort: Option<&RawDocument>, context: &Context) -> Result<(Option<Arc<SortPattern>>, Option<bool>)> {
    let Some(sort) = sort.filter(|sort| !sort.is_empty()) else { return Ok((None, None)) };
    let natural = natural(sort)?;
    match natural {
        Some(_) => Ok((None, natural)),
        None => Ok((Some(Arc::new(SortPattern::parse(sort, context)?)), None)),
    }
}

/// Runs one statement.
pub(crate) fn one(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    statement: &UpdateStatement,
    variables: Option<&RawDocument>,
    bypass: bool,
    retry: Option<(&Retry, i32)>,
) -> Result<Updated> {
    let collection = runner.read(|reader| store.collection(reader, namespace))?;
    let parsed = parse(store, collection.as_deref(), statement, variables, bypass)?;
    run(store, runner, namespace, &parsed, Once { retry, value: &|_| Ok(None) })
}

/// Runs a statement that has been parsed.
pub(crate) fn run(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    statement: &Statement,
    once: Once<'_>,
) -> Result<Updated> {
    if statement.multi {
        if once.retry.is_some() {
            return refuse(Code::INVALID_OPTIONS, "Cannot use (or request) retryable writes with multi=true");
        }
        return many(store, runner, namespace, statement);
    }
    let mut update = || {
        change_one(store, runner, namespace, &statement.query, once.retry, |tx, target| {
            let mut done = match target {
                Some(target) => apply(store, tx, statement, target)?,
                None if statement.upsert => upsert(store, tx, namespace, statement)?,
                None => Updated::default(),
            };
            done.value = (once.value)(&done)?;
            Ok(done)
        })
    };
    match update() {
        // Two upserts of one key: the other one's document is there now.
        Err(Error::DuplicateKey(_)) if statement.upsert => update(),
        done => done,
    }
}

impl From<&Updated> for Kept {
    fn from(done: &Updated) -> Kept {
        Kept {
            statements: 1,
            n: done.matched.cast_signed(),
            modified: done.modified.cast_signed(),
            upserted: done.upserted.clone(),
            value: done.value.clone(),
        }
    }
}

impl From<Kept> for Updated {
    fn from(kept: Kept) -> Updated {
        Updated {
            matched: kept.n.cast_unsigned(),
            modified: kept.modified.cast_unsigned(),
            upserted: kept.upserted,
            value: kept.value,
            retried: true,
            ..Updated::default()
        }
    }
}

/// Updates one document.
fn apply(store: &Arc<Store>, tx: &mut Transaction, statement: &Statement, target: &Target) -> Result<Updated> {
    let Target { collection, record, document: before } = target;
    let context = &statement.query.context;
    let position =
        if statement.update.needs_position() { statement.query.filter.position(before, context)? } else { None };
    let mut done = Updated { matched: 1, before: Some(before.clone()), ..Updated::default() };
    if let Some(after) = statement.update.apply(before, position, context)? {
        record::check(&after)?;
        if !statement.bypass {
            record::validate(collection, &after, Some(before), context)?;
        }
        if collection.capped.is_some() && after.as_bytes().len() > before.as_bytes().len() {
            let bytes = store.counts(tx, collection.id)?.1;
            let grown = (after.as_bytes().len() - before.as_bytes().len()) as u64;
            if collection.capped.is_some_and(|capped| bytes + grown > capped.size_bytes) {
                return refuse(
                    Code(10003),
                    "Cannot change the size of a document in a capped collection beyond its bounds",
                );
            }
        }
        store.replace_record(tx, collection, record, before, &after, context)?;
        done.modified = 1;
        done.after = Some(after.into());
    } else {
        done.after = Some(before.clone());
    }
    Ok(done)
}

fn upsert(store: &Arc<Store>, tx: &mut Transaction, namespace: &Namespace, statement: &Statement) -> Result<Updated> {
    let context = &statement.query.context;
    let collection = create::ensure(store, tx, namespace)?;
    ops::refuse_view(&collection, "documents cannot be inserted into it")?;
    let document = statement.update.upsert(&statement.filter_document, context)?;
    let document = record::prepare(document, context)?;
    insert::one(store, tx, &collection, &document, statement.bypass, context)?;
    let upserted = field(&document, "_id").map(RawBson::from);
    Ok(Updated { upserted, after: Some(document.into()), ..Updated::default() })
}

/// Updates all that match, as they were found at one moment; those that have changed since must still match.
fn many(store: &Arc<Store>, runner: &mut Runner<'_>, namespace: &Namespace, statement: &Statement) -> Result<Updated> {
    let mut done = Updated::default();
    let commit = |batch: Updated| {
        done.matched += batch.matched;
        done.modified += batch.modified;
    };
    let found = change_all(store, runner, namespace, &statement.query, commit, |tx, target, batch: &mut Updated| {
        let updated = apply(store, tx, statement, target)?;
        batch.matched += 1;
        batch.modified += updated.modified;
        let written = updated.after.filter(|_| updated.modified > 0);
        Ok(written.map_or(0, |after| after.as_bytes().len()))
    })?;
    if found == 0 && statement.upsert {
        return runner.transact(|tx| upsert(store, tx, namespace, statement));
    }
    Ok(done)
}
