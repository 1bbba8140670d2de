//! Operations that are being put together: each method of [`Database`](crate::Database) and
//! [`Collection`](crate::Collection) returns one of these. Options are set by methods, under the names that MongoDB's
//! driver has for them; `run` does it, `run_in` does it in the caller's transaction.
//!
//! Documents of options can be `doc! {}`, `rawdoc! {}` or anything else that becomes a `RawDocumentBuf`. One that does not
//! is refused when the operation runs.

mod aggregate;
mod bulk_write;
mod collections;
mod count;
mod delete;
mod distinct;
mod find;
mod find_and_modify;
mod indexes;
mod insert;
mod update;

pub use aggregate::Aggregate;
pub use bulk_write::BulkWrite;
pub use collections::{
    CreateCollection, DropCollection, DropDatabase, ListCollectionNames, ListCollections, ListDatabaseNames, Rename,
};
pub use count::{CountDocuments, EstimatedDocumentCount};
pub use delete::Delete;
pub use distinct::Distinct;
pub use find::{Find, FindOne};
pub use find_and_modify::{FindOneAndDelete, FindOneAndReplace, FindOneAndUpdate};
pub use indexes::{CreateIndex, CreateIndexes, DropIndex, ListIndexNames, ListIndexes};
pub use insert::{InsertMany, InsertOne};
pub use update::{ReplaceOne, Update};

pub(crate) use delete::Command as DeleteCommand;
pub(crate) use find_and_modify::Command as ModifyCommand;
pub(crate) use indexes::default_name;
pub(crate) use update::{Command as UpdateCommand, check_operators, check_replacement};

use bson::RawDocumentBuf;

use crate::{
    error::{Error, Result},
    model::Hint,
};

/// A command that is being put together. The first of its parts that could not be taken is why it will fail.
#[derive(Debug)]
pub(crate) struct Pending<C> {
    command: C,
    fault: Option<Error>,
}

impl<C> Pending<C> {
    pub(crate) fn new(command: C) -> Self {
        Pending { command, fault: None }
    }

    /// Puts a part in its place, if it is one.
    pub(crate) fn set<V, E: Into<Error>>(&mut self, value: Result<V, E>, place: impl FnOnce(&mut C, V)) {
        match value {
            Ok(value) => place(&mut self.command, value),
            Err(error) => self.fault = self.fault.take().or_else(|| Some(error.into())),
        }
    }

    /// The command, if all of its parts could be taken.
    pub(crate) fn finish(self) -> Result<C> {
        self.fault.map_or(Ok(self.command), Err)
    }
}

/// Documents in their order, if all of them can be had.
pub(crate) fn documents<D: TryInto<RawDocumentBuf, Error: Into<Error>>>(
    documents: impl IntoIterator<Item = D>,
) -> Result<Vec<RawDocumentBuf>> {
    documents.into_iter().map(|document| document.try_into().map_err(Into::into)).collect()
}

impl TryFrom<bson::Document> for Hint {
    type Error = Error;

    fn try_from(keys: bson::Document) -> Result<Hint> {
        Ok(Hint::Keys(RawDocumentBuf::try_from(keys)?))
    }
}

impl From<&str> for Hint {
    fn from(name: &str) -> Hint {
        Hint::Name(name.to_owned())
    }
}

impl From<String> for Hint {
    fn from(name: String) -> Hint {
        Hint::Name(name)
    }
}

/// The setters of options: their name, what they take, and where it goes in the command.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:tt => $($place:ident).+;)*) => {
        $($crate::action::setters!(@ $kind [$(#[$doc])*] $name $($place).+);)*
    };
    (@ document [$(#[$doc:meta])*] $name:ident $($place:ident).+) => {
        $(#[$doc])*
        pub fn $name(mut self, value: impl TryInto<bson::RawDocumentBuf, Error: Into<$crate::Error>>) -> Self {
            self.pending.set(value.try_into(), |command, value| command.$($place).+ = Some(value));
            self
        }
    };
    (@ documents [$(#[$doc:meta])*] $name:ident $($place:ident).+) => {
        $(#[$doc])*
        pub fn $name<D>(mut self, value: impl IntoIterator<Item = D>) -> Self
        where
            D: TryInto<bson::RawDocumentBuf, Error: Into<$crate::Error>>,
        {
            self.pending.set($crate::action::documents(value), |command, value| command.$($place).+ = value);
            self
        }
    };
    (@ hint [$(#[$doc:meta])*] $name:ident $($place:ident).+) => {
        $(#[$doc])*
        pub fn $name(mut self, value: impl TryInto<$crate::Hint, Error: Into<$crate::Error>>) -> Self {
            self.pending.set(value.try_into(), |command, value| command.$($place).+ = Some(value));
            self
        }
    };
    (@ (some $type:ty) [$(#[$doc:meta])*] $name:ident $($place:ident).+) => {
        $(#[$doc])*
        pub fn $name(mut self, value: $type) -> Self {
            self.pending.set(Ok::<_, $crate::Error>(value), |command, value| command.$($place).+ = Some(value));
            self
        }
    };
    (@ $type:ty [$(#[$doc:meta])*] $name:ident $($place:ident).+) => {
        $(#[$doc])*
        pub fn $name(mut self, value: $type) -> Self {
            self.pending.set(Ok::<_, $crate::Error>(value), |command, value| command.$($place).+ = value);
            self
        }
    };
}
pub(crate) use setters;

/// `run` and `run_in` of an action whose `execute` takes a runner.
macro_rules! runs {
    ($output:ty) => {
        /// Runs it in a transaction of its own.
        ///
        /// # Errors
        /// Those of what was asked for, and of the engine.
        pub fn run(self) -> $crate::Result<$output> {
            let store = std::sync::Arc::clone(&self.docdb.store);
            self.execute(&mut $crate::ops::Runner::Own(&store.engine))
        }

        /// Runs it in the caller's transaction, where it sees what that has written. A statement that fails leaves
        /// nothing behind in it.
        ///
        /// # Errors
        /// Those of [`run`](Self::run).
        pub fn run_in(self, tx: &mut millpond_engine::Transaction) -> $crate::Result<$output> {
            self.execute(&mut $crate::ops::Runner::Joined(tx))
        }
    };
}
pub(crate) use runs;
