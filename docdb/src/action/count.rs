//! Counts.

use std::time::Duration;

use crate::{
    action::{Pending, runs, setters},
    docdb::Docdb,
    error::Result,
    model,
    ops::{self, Runner, surroundings::Surroundings},
    typed::Name,
};

/// A count: [`Collection::count_documents`](crate::Collection::count_documents).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct CountDocuments<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Count>,
}

impl CountDocuments<'_> {
    setters! {
        /// How many are not counted.
        skip: u64 => skip;
        /// At most so many; 0 is no limit.
        limit: u64 => limit;
        /// Which index to use.
        hint: hint => hint;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => collation;
        /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
        max_time: (some Duration) => max_time;
    }

    runs!(u64);

    fn execute(self, runner: &mut Runner<'_>) -> Result<u64> {
        count(self.docdb, self.name, &self.pending.finish()?, runner)
    }
}

fn count(docdb: &Docdb, name: &Name, count: &model::Count, runner: &mut Runner<'_>) -> Result<u64> {
    let namespace = name.namespace()?;
    let surroundings = Surroundings::new(&docdb.store, &namespace);
    let deadline = ops::deadline(&docdb.store, count.max_time);
    runner.read(|reader| {
        ops::count::count(&docdb.store, &namespace, count, &mut ops::execution(reader, &surroundings, deadline))
    })
}

/// How many documents there are:
/// [`Collection::estimated_document_count`](crate::Collection::estimated_document_count). The number is kept, not counted.
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct EstimatedDocumentCount<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
}

impl EstimatedDocumentCount<'_> {
    runs!(u64);

    fn execute(self, runner: &mut Runner<'_>) -> Result<u64> {
        count(self.docdb, self.name, &model::Count::default(), runner)
    }
}
