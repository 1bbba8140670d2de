//! Deletes.

use crate::{
    action::{Pending, runs, setters},
    docdb::Docdb,
    error::Result,
    model::DeleteStatement,
    ops::{self, Runner},
    typed::{DeleteResult, Name},
};

/// One statement, and what a command says for all of its statements.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) statement: DeleteStatement,
    pub(crate) variables: Option<bson::RawDocumentBuf>,
}

impl Command {
    pub(crate) fn new(statement: DeleteStatement) -> Command {
        Command { statement, variables: None }
    }
}

/// A delete: [`Collection::delete_one`](crate::Collection::delete_one),
/// [`Collection::delete_many`](crate::Collection::delete_many).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Delete<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<Command>,
}

impl Delete<'_> {
    setters! {
        /// Which index to use.
        hint: hint => statement.hint;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => statement.collation;
        /// Variables, to be used as `$$name` within `$expr`.
        let_vars: document => variables;
    }

    runs!(DeleteResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<DeleteResult> {
        let Command { statement, variables } = self.pending.finish()?;
        let (store, namespace) = (&self.docdb.store, self.name.namespace()?);
        let done = ops::delete::one(store, runner, &namespace, &statement, variables.as_deref(), None)?;
        Ok(DeleteResult { deleted_count: done.deleted })
    }
}
