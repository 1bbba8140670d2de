//! Indexes.

use bson::Document;

use crate::{
    action::{Pending, runs},
    docdb::Docdb,
    error::Result,
    model::IndexSelection,
    ops::{self, Runner},
    typed::{CreateIndexResult, CreateIndexesResult, IndexModel, Name},
};

/// A new index: [`Collection::create_index`](crate::Collection::create_index).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct CreateIndex<'a> {
    pub(crate) all: CreateIndexes<'a>,
    pub(crate) docdb: &'a Docdb,
}

impl CreateIndex<'_> {
    runs!(CreateIndexResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<CreateIndexResult> {
        let made = self.all.execute(runner)?;
        Ok(CreateIndexResult { index_name: made.index_names.into_iter().next().unwrap_or_default() })
    }
}

/// New indexes: [`Collection::create_indexes`](crate::Collection::create_indexes).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct CreateIndexes<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) models: Pending<Vec<IndexModel>>,
}

impl CreateIndexes<'_> {
    runs!(CreateIndexesResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<CreateIndexesResult> {
        let models = self.models.finish()?;
        let definitions = models.iter().map(IndexModel::definition).collect::<Result<Vec<_>>>()?;
        ops::indexes::create(&self.docdb.store, runner, &self.name.namespace()?, &definitions)?;
        Ok(CreateIndexesResult { index_names: models.iter().map(IndexModel::name).collect() })
    }
}

/// An index, or all of them but that of `_id`, to be dropped: [`Collection::drop_index`](crate::Collection::drop_index),
/// [`Collection::drop_indexes`](crate::Collection::drop_indexes).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct DropIndex<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) selection: IndexSelection,
}

impl DropIndex<'_> {
    runs!(());

    fn execute(self, runner: &mut Runner<'_>) -> Result<()> {
        ops::indexes::drop(&self.docdb.store, runner, &self.name.namespace()?, &self.selection)?;
        Ok(())
    }
}

/// The indexes: [`Collection::list_indexes`](crate::Collection::list_indexes).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ListIndexes<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
}

impl ListIndexes<'_> {
    runs!(Vec<IndexModel>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<IndexModel>> {
        let namespace = self.name.namespace()?;
        let found = runner.read(|reader| ops::list::indexes(&self.docdb.store, reader, &namespace))?;
        found.iter().map(|index| Ok(bson::deserialize_from_slice(index.definition.as_bytes())?)).collect()
    }
}

/// The names of the indexes: [`Collection::list_index_names`](crate::Collection::list_index_names).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ListIndexNames<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
}

impl ListIndexNames<'_> {
    runs!(Vec<String>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<String>> {
        let namespace = self.name.namespace()?;
        let found = runner.read(|reader| ops::list::indexes(&self.docdb.store, reader, &namespace))?;
        Ok(found.into_iter().map(|index| index.name).collect())
    }
}

/// `{ a: 1, b: -1 }` is called `a_1_b_-1`.
pub(crate) fn default_name(keys: &Document) -> String {
    let part = |(name, value): (&String, &bson::Bson)| match value {
        bson::Bson::String(kind) => format!("{name}_{kind}"),
        other => format!("{name}_{other}"),
    };
    keys.iter().map(part).collect::<Vec<_>>().join("_")
}
