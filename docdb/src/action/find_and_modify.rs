//! One document that is found and changed at once.

use std::{marker::PhantomData, time::Duration};

use bson::RawDocumentBuf;
use serde::de::DeserializeOwned;

use crate::{
    action::{
        Pending, runs, setters,
        update::{check_operators, check_replacement},
    },
    docdb::Docdb,
    error::{Error, Result},
    model::{FindAndModify, Modification},
    ops::{self, Runner},
    typed::{Name, ReturnDocument},
    update::UpdateModifications,
};

/// A `findAndModify` with the parts of its update apart.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) command: FindAndModify,
    /// Nothing for a delete.
    pub(crate) update: Option<UpdateModifications>,
    pub(crate) array_filters: Vec<RawDocumentBuf>,
    pub(crate) upsert: bool,
    pub(crate) return_document: ReturnDocument,
}

impl Command {
    pub(crate) fn new() -> Command {
        Command {
            command: FindAndModify {
                filter: RawDocumentBuf::new(),
                sort: None,
                modification: Modification::Remove,
                projection: None,
                hint: None,
                collation: None,
                variables: None,
                bypass_document_validation: false,
                retry: None,
                max_time: None,
            },
            update: None,
            array_filters: Vec::new(),
            upsert: false,
            return_document: ReturnDocument::Before,
        }
    }

    fn execute<T: DeserializeOwned>(self, docdb: &Docdb, name: &Name, runner: &mut Runner<'_>) -> Result<Option<T>> {
        let Command { mut command, update, array_filters, upsert, return_document } = self;
        if let Some(update) = update {
            let return_new = return_document == ReturnDocument::After;
            command.modification = Modification::Update { update, array_filters, upsert, return_new };
        }
        let reply = ops::find_and_modify::find_and_modify(&docdb.store, runner, &name.namespace()?, &command)?;
        Ok(reply.value.map(|value| bson::deserialize_from_slice(value.as_bytes())).transpose()?)
    }
}

macro_rules! find_one_and {
    ($(#[$doc:meta])* $name:ident, $check:expr, { $($setters:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[must_use = "nothing happens until it runs"]
        pub struct $name<'a, T> {
            pub(crate) docdb: &'a Docdb,
            pub(crate) name: &'a Name,
            pub(crate) pending: Pending<Command>,
            pub(crate) of: PhantomData<fn() -> T>,
        }

        impl<T> $name<'_, T> {
            setters! {
                /// Which fields of the document are shown.
                projection: document => command.projection;
                /// Which document: the first in this order.
                sort: document => command.sort;
                /// Which index to use.
                hint: hint => command.hint;
                /// How strings are compared, in the place of the collection's collation.
                collation: document => command.collation;
                /// Variables, to be used as `$$name`.
                let_vars: document => command.variables;
                /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
                max_time: (some Duration) => command.max_time;
                $($setters)*
            }
        }

        impl<T: DeserializeOwned> $name<'_, T> {
            runs!(Option<T>);

            fn execute(self, runner: &mut Runner<'_>) -> Result<Option<T>> {
                let command = self.pending.finish()?;
                let check: fn(&UpdateModifications) -> Result<(), Error> = $check;
                command.update.as_ref().map_or(Ok(()), check)?;
                command.execute(self.docdb, self.name, runner)
            }
        }
    };
}

find_one_and! {
    /// A document that is deleted and returned: [`Collection::find_one_and_delete`](crate::Collection::find_one_and_delete).
    FindOneAndDelete, |_| Ok(()), {}
}

find_one_and! {
    /// A document that is replaced and returned: [`Collection::find_one_and_replace`](crate::Collection::find_one_and_replace).
    FindOneAndReplace, check_replacement, {
        /// Return the document as it was before, which is the default, or as it is after.
        return_document: ReturnDocument => return_document;
        /// Insert the document if none matches.
        upsert: bool => upsert;
        /// Write what the validator would refuse.
        bypass_document_validation: bool => command.bypass_document_validation;
    }
}

find_one_and! {
    /// A document that is updated and returned: [`Collection::find_one_and_update`](crate::Collection::find_one_and_update).
    FindOneAndUpdate, check_operators, {
        /// Return the document as it was before, which is the default, or as it is after.
        return_document: ReturnDocument => return_document;
        /// Insert a document if none matches.
        upsert: bool => upsert;
        /// Which items of arrays `$[name]` stands for.
        array_filters: documents => array_filters;
        /// Write what the validator would refuse.
        bypass_document_validation: bool => command.bypass_document_validation;
    }
}
