//! `update`, `delete` and `findAndModify`, explained: documents are found, and nothing is written.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocumentBuf};

use crate::{
    error::{Code, Result, refuse},
    execution::Reader,
    model::{Delete, FindAndModify, Modification, Namespace, Update, Verbosity},
    ops::{
        self,
        explain::{Question, command, scene},
        find_and_modify::{remove_statement, update_statement},
        surroundings::Surroundings,
    },
    plan::{
        Plan, Query, choose,
        explain::{Stage, projection_stage},
    },
    store::Store,
};

/// What is explained.
struct Writing<'w> {
    store: &'w Arc<Store>,
    namespace: &'w Namespace,
    command: RawDocumentBuf,
    verbosity: Verbosity,
    projection: Option<RawDocumentBuf>,
    /// Whether the answer has the document.
    returns: bool,
}

/// Explains the one statement of an `update`.
pub(crate) fn update(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    update: &Update,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let [statement] = &*update.statements else {
        return refuse(Code::INVALID_LENGTH, "explained write batches must be of size 1");
    };
    let collection = store.collection(reader, namespace)?;
    let variables = update.variables.as_deref();
    let parsed = ops::update::parse(store, collection.as_deref(), statement, variables, true)?;
    let command = command("update", namespace, &[("q", Some(&*statement.filter))]);
    let writing = Writing { store, namespace, command, verbosity, projection: None, returns: false };
    writing.updating(reader, &parsed)
}

/// Explains the one statement of a `delete`.
pub(crate) fn delete(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    delete: &Delete,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let [statement] = &*delete.statements else {
        return refuse(Code::INVALID_LENGTH, "explained write batches must be of size 1");
    };
    let collection = store.collection(reader, namespace)?;
    let query = ops::delete::parse(store, collection.as_deref(), statement, delete.variables.as_deref())?;
    let command = command("delete", namespace, &[("q", Some(&*statement.filter))]);
    let writing = Writing { store, namespace, command, verbosity, projection: None, returns: false };
    writing.deleting(reader, &query)
}

/// Explains a `findAndModify`.
pub(crate) fn find_and_modify(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    asked: &FindAndModify,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let collection = store.collection(reader, namespace)?;
    let parts = [("query", Some(&*asked.filter)), ("sort", asked.sort.as_deref())];
    let writing = Writing {
        store,
        namespace,
        command: command("findAndModify", namespace, &parts),
        verbosity,
        projection: asked.projection.clone().filter(|projection| !projection.is_empty()),
        returns: true,
    };
    let variables = asked.variables.as_deref();
    match (&asked.modification, update_statement(asked)) {
        (Modification::Update { .. }, Some((statement, _))) => {
            let parsed = ops::update::parse(store, collection.as_deref(), &statement, variables, true)?;
            writing.updating(reader, &parsed)
        }
        _ => {
            let statement = remove_statement(asked);
            let mut query = ops::delete::parse(store, collection.as_deref(), &statement, variables)?;
            (query.sort, query.natural) = ops::update::sort(asked.sort.as_deref(), &query.context)?;
            writing.deleting(reader, &query)
        }
    }
}

impl Writing<'_> {
    fn updating(self, reader: &mut Reader<'_>, statement: &ops::update::Statement) -> Result<RawDocumentBuf> {
        let query = &statement.query;
        let modified = std::cell::Cell::new(0);
        let stage = |input: Stage, name: &'static str, found: u64| {
            let matched = input.done.found;
            let upserted = u64::from(statement.upsert && matched == 0 && input.done.works > 0);
            Stage::over(name, input, found)
                .counting("nMatched", matched)
                .counting("nWouldModify", modified.get())
                .counting("nWouldUpsert", upserted)
        };
        let names = ("UPDATE", "EXPRESS_UPDATE");
        self.answer(reader, query, names, &stage, |document| {
            let position =
                if statement.update.needs_position() { query.filter.position(document, &query.context)? } else { None };
            let changed = statement.update.apply(document, position, &query.context)?.is_some();
            modified.set(modified.get() + u64::from(changed));
            Ok(())
        })
    }

    fn deleting(self, reader: &mut Reader<'_>, query: &Query) -> Result<RawDocumentBuf> {
        let stage = |input: Stage, name: &'static str, found: u64| {
            let deleted = input.done.found;
            Stage::over(name, input, found).counting("nWouldDelete", deleted)
        };
        self.answer(reader, query, ("DELETE", "EXPRESS_DELETE"), &stage, |_| Ok(()))
    }

    fn answer(
        &self,
        reader: &mut Reader<'_>,
        query: &Query,
        names: (&'static str, &'static str),
        over: &dyn Fn(Stage, &'static str, u64) -> Stage,
        mut each: impl FnMut(&crate::value::Doc) -> Result<()>,
    ) -> Result<RawDocumentBuf> {
        let surroundings = Surroundings::new(self.store, self.namespace);
        let mut execution = ops::execution(reader, &surroundings, None);
        let collection = self.store.collection(&mut execution.reader, self.namespace)?;
        let chosen = choose(collection.as_ref(), query, self.store, &mut execution)?;
        let scene = scene(self.store, collection, query);
        let on_top = |stage: Stage, plan: &Plan| {
            let express = matches!(plan, Plan::IdLookup { .. });
            let found = if self.returns { stage.done.found.min(1) } else { 0 };
            let stage = over(stage, if express { names.1 } else { names.0 }, found);
            Ok(match &self.projection {
                Some(projection) => Stage::over(projection_stage(projection), stage, found)
                    .with("transformBy", RawBsonRef::Document(projection)),
                None => stage,
            })
        };
        let question = Question {
            namespace: self.namespace,
            query,
            chosen: &chosen,
            scene: &scene,
            enough: query.limit.unwrap_or(u64::MAX),
            on_top: &on_top,
        };
        question.answer(&self.command, self.verbosity, &mut execution, |member| match &member.doc {
            Some(document) => each(document),
            None => Ok(()),
        })
    }
}
