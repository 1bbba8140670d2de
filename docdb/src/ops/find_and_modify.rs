//! `findAndModify`.

use std::sync::Arc;

use bson::RawDocumentBuf;

use crate::{
    context::Metadata,
    error::{Code, Result, refuse},
    filter::Filter,
    model::{DeleteStatement, FindAndModify, FindAndModifyReply, Modification, Namespace, UpdateStatement},
    ops::{
        self, Runner,
        retry::{self, Kept},
        update::{self, Statement},
    },
    plan::Query,
    projection::Projection,
    store::Store,
    value::Doc,
};

/// Changes or deletes one document and answers with it.
pub(crate) fn find_and_modify(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    command: &FindAndModify,
) -> Result<FindAndModifyReply> {
    let collection = runner.read(|reader| store.collection(reader, namespace))?;
    if let Some(collection) = &collection {
        ops::refuse_view(collection, "it cannot be changed")?;
    }
    let context =
        ops::context(store, collection.as_deref(), command.collation.as_deref(), command.variables.as_deref())?;
    let projection = command
        .projection
        .as_ref()
        .filter(|projection| !projection.is_empty())
        .map(|projection| Projection::parse_find(projection, &context))
        .transpose()?;
    let whole = Whole { store, namespace, command, projection };
    match &command.modification {
        Modification::Remove => whole.remove(runner, collection.as_deref()),
        Modification::Update { .. } => whole.update(runner, collection.as_deref()),
    }
}

struct Whole<'c> {
    store: &'c Arc<Store>,
    namespace: &'c Namespace,
    command: &'c FindAndModify,
    projection: Option<Projection>,
}

impl Whole<'_> {
    fn remove(
        &self,
        runner: &mut Runner<'_>,
        collection: Option<&crate::catalog::Collection>,
    ) -> Result<FindAndModifyReply> {
        let statement = remove_statement(self.command);
        let mut query = ops::delete::parse(self.store, collection, &statement, self.command.variables.as_deref())?;
        (query.sort, query.natural) = update::sort(self.command.sort.as_deref(), &query.context)?;
        self.once(runner, |runner| {
            let done = ops::delete::single(self.store, runner, self.namespace, &query, None)?;
            Ok(FindAndModifyReply {
                value: self.shown(done.document, &query)?,
                found: done.deleted > 0,
                upserted: None,
                retried: false,
            })
        })
    }

    fn update(
        &self,
        runner: &mut Runner<'_>,
        collection: Option<&crate::catalog::Collection>,
    ) -> Result<FindAndModifyReply> {
        let Some((statement, return_new)) = update_statement(self.command) else {
            return refuse(Code::FAILED_TO_PARSE, "Either an update or remove=true must be specified");
        };
        let parsed: Statement = update::parse(
            self.store,
            collection,
            &statement,
            self.command.variables.as_deref(),
            self.command.bypass_document_validation,
        )?;
        self.once(runner, |runner| {
            let done = update::run(self.store, runner, self.namespace, &parsed, None)?;
            let value = if return_new { done.after } else { done.before };
            Ok(FindAndModifyReply {
                value: self.shown(value, &parsed.query)?,
                found: done.matched > 0,
                upserted: done.upserted,
                retried: false,
            })
        })
    }

    /// Does it once, if it is retryable: then all of it is one transaction, with its answer.
    fn once(
        &self,
        runner: &mut Runner<'_>,
        mut run: impl FnMut(&mut Runner<'_>) -> Result<FindAndModifyReply>,
    ) -> Result<FindAndModifyReply> {
        let Some(retry) = &self.command.retry else { return run(runner) };
        let number = retry.statement(0);
        runner.transact(|tx| {
            if let Some(kept) = retry::before(self.store, tx, retry, number)? {
                return Ok(FindAndModifyReply {
                    value: kept.value,
                    found: kept.n > 0,
                    upserted: kept.upserted,
                    retried: true,
                });
            }
            let reply = run(&mut Runner::Joined(tx))?;
            let kept = Kept {
                statements: 1,
                n: i64::from(reply.found),
                modified: 0,
                upserted: reply.upserted.clone(),
                value: reply.value.clone(),
            };
            retry::keep(self.store, tx, retry, number, &kept)?;
            Ok(reply)
        })
    }

    fn shown(&self, document: Option<Doc>, query: &Query) -> Result<Option<RawDocumentBuf>> {
        let Some(document) = document else { return Ok(None) };
        let Some(projection) = &self.projection else { return Ok(Some(document.raw().to_owned())) };
        let position = if projection.needs_position() { position(&query.filter, &document, query)? } else { None };
        Ok(Some(projection.apply(&document, &Metadata::default(), position, &query.context)?))
    }
}

fn position(filter: &Filter, document: &Doc, query: &Query) -> Result<Option<u32>> {
    filter.position(document, &query.context)
}

/// The `delete` that a `findAndModify` is.
pub(crate) fn remove_statement(command: &FindAndModify) -> DeleteStatement {
    DeleteStatement {
        filter: command.filter.clone(),
        multi: false,
        hint: command.hint.clone(),
        collation: command.collation.clone(),
    }
}

/// The `update` that a `findAndModify` is, and whether the new document is wanted.
pub(crate) fn update_statement(command: &FindAndModify) -> Option<(UpdateStatement, bool)> {
    let Modification::Update { update, array_filters, upsert, return_new } = &command.modification else { return None };
    let statement = UpdateStatement {
        filter: command.filter.clone(),
        update: update.clone(),
        constants: None,
        multi: false,
        upsert: *upsert,
        array_filters: array_filters.clone(),
        sort: command.sort.clone(),
        hint: command.hint.clone(),
        collation: command.collation.clone(),
    };
    Some((statement, *return_new))
}
