//! `distinct`.

use std::time::Duration;

use bson::Bson;

use crate::{
    action::{Pending, runs, setters},
    docdb::Docdb,
    error::Result,
    model,
    ops::{self, Runner, surroundings::Surroundings},
    typed::Name,
};

/// The values of a field: [`Collection::distinct`](crate::Collection::distinct).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Distinct<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Distinct>,
}

impl Distinct<'_> {
    setters! {
        /// Which index to use.
        hint: hint => hint;
        /// Which strings are the same, in the place of the collection's collation.
        collation: document => collation;
        /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
        max_time: (some Duration) => max_time;
    }

    runs!(Vec<Bson>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<Bson>> {
        let (store, namespace, distinct) = (&self.docdb.store, self.name.namespace()?, self.pending.finish()?);
        let surroundings = Surroundings::new(store, &namespace);
        let deadline = ops::deadline(store, distinct.max_time);
        let values = runner.read(|reader| {
            ops::distinct::distinct(store, &namespace, &distinct, &mut ops::execution(reader, &surroundings, deadline))
        })?;
        Ok(values.into_iter().map(Bson::try_from).collect::<Result<_, _>>()?)
    }
}
