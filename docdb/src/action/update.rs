//! Updates and replacements.

use bson::Bson;

use crate::{
    action::{Pending, runs, setters},
    docdb::Docdb,
    error::{Error, Result},
    model::UpdateStatement,
    ops::{self, Runner},
    typed::{Name, UpdateResult},
    update::UpdateModifications,
    value::fields,
};

/// One statement, and what a command says for all of its statements.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) statement: UpdateStatement,
    pub(crate) bypass_document_validation: bool,
    pub(crate) variables: Option<bson::RawDocumentBuf>,
}

impl Command {
    pub(crate) fn new(statement: UpdateStatement) -> Command {
        Command { statement, bypass_document_validation: false, variables: None }
    }
}

/// An update: [`Collection::update_one`](crate::Collection::update_one),
/// [`Collection::update_many`](crate::Collection::update_many).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Update<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<Command>,
}

impl Update<'_> {
    setters! {
        /// Insert a document if none matches.
        upsert: bool => statement.upsert;
        /// Which items of arrays `$[name]` stands for.
        array_filters: documents => statement.array_filters;
        /// Which one to update: the first in this order. Not for many.
        sort: document => statement.sort;
        /// Which index to use.
        hint: hint => statement.hint;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => statement.collation;
        /// Variables, to be used as `$$name`.
        let_vars: document => variables;
        /// Write what the validator would refuse.
        bypass_document_validation: bool => bypass_document_validation;
    }

    runs!(UpdateResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<UpdateResult> {
        let command = self.pending.finish()?;
        check_operators(&command.statement.update)?;
        update(self.docdb, self.name, &command, runner)
    }
}

/// A replacement: [`Collection::replace_one`](crate::Collection::replace_one).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ReplaceOne<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<Command>,
}

impl ReplaceOne<'_> {
    setters! {
        /// Insert the document if none matches.
        upsert: bool => statement.upsert;
        /// Which one to replace: the first in this order.
        sort: document => statement.sort;
        /// Which index to use.
        hint: hint => statement.hint;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => statement.collation;
        /// Variables, to be used as `$$name`.
        let_vars: document => variables;
        /// Write what the validator would refuse.
        bypass_document_validation: bool => bypass_document_validation;
    }

    runs!(UpdateResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<UpdateResult> {
        let command = self.pending.finish()?;
        check_replacement(&command.statement.update)?;
        update(self.docdb, self.name, &command, runner)
    }
}

fn update(docdb: &Docdb, name: &Name, command: &Command, runner: &mut Runner<'_>) -> Result<UpdateResult> {
    let Command { statement, bypass_document_validation: bypass, variables } = command;
    let namespace = name.namespace()?;
    let done = ops::update::one(&docdb.store, runner, &namespace, statement, variables.as_deref(), *bypass, None)?;
    Ok(UpdateResult {
        matched_count: done.matched,
        modified_count: done.modified,
        upserted_id: done.upserted.map(Bson::try_from).transpose()?,
    })
}

/// An update that is a replacement by mistake would take a whole document away.
pub(crate) fn check_operators(update: &UpdateModifications) -> Result<()> {
    match update {
        UpdateModifications::Document(document) if !starts_with_operator(document) => Err(Error::new(
            crate::Code::BAD_VALUE,
            "an update document must have operators ($set, …) as its fields; replace_one replaces documents",
        )),
        _ => Ok(()),
    }
}

/// A replacement that has operators is an update by mistake.
pub(crate) fn check_replacement(update: &UpdateModifications) -> Result<()> {
    match update {
        UpdateModifications::Document(document) if starts_with_operator(document) => Err(Error::new(
            crate::Code::BAD_VALUE,
            "a replacement document must not have operators as its fields; update_one takes them",
        )),
        _ => Ok(()),
    }
}

fn starts_with_operator(document: &bson::RawDocument) -> bool {
    fields(document).next().is_some_and(|(name, _)| name.starts_with('$'))
}
