//! `findAndModify`.

use std::sync::Arc;

use bson::RawDocumentBuf;

use crate::{
    context::Metadata,
    error::{Code, Result, refuse},
    model::{DeleteStatement, FindAndModify, FindAndModifyReply, Modification, Namespace, Retry, UpdateStatement},
    ops::{
        self, Runner,
        update::{self, Statement, Updated},
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
        ops::context(store, collection.as_deref(), command.collation.as_deref(), command.variables.as_deref())?
            .until(ops::deadline(store, command.max_time).as_ref());
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
        let value = |document: &Doc| self.shown(Some(document.clone()), &query);
        let once = ops::delete::Once { retry: self.retry(), value: &value };
        let done = ops::delete::single(self.store, runner, self.namespace, &query, once)?;
        Ok(FindAndModifyReply { value: done.value, found: done.deleted > 0, upserted: None, retried: done.retried })
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
        let value = |done: &Updated| {
            let document = if return_new { &done.after } else { &done.before };
            self.shown(document.clone(), &parsed.query)
        };
        let once = update::Once { retry: self.retry(), value: &value };
        let done = update::run(self.store, runner, self.namespace, &parsed, once)?;
        let Updated { matched, value, upserted, retried, .. } = done;
        Ok(FindAndModifyReply { value, found: matched > 0, upserted, retried })
    }

    fn retry(&self) -> Option<(&Retry, i32)> {
        self.command.retry.as_ref().map(|retry| (retry, retry.statement(0)))
    }

    fn shown(&self, document: Option<Doc>, query: &Query) -> Result<Option<RawDocumentBuf>> {
        let Some(document) = document else { return Ok(None) };
        let Some(projection) = &self.projection else { return Ok(Some(document.raw().to_owned())) };
        let position =
            if projection.needs_position() { query.filter.position(&document, &query.context)? } else { None };
        Ok(Some(projection.apply(&document, &Metadata::default(), position, &query.context)?))
    }
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
