//! What a query or a scan reads: a table, or one of its indexes. They differ in where their rows are and in how the keys of
//! the rows are made.

use std::ops::Bound;

use millpond_engine::{Keyspace, key::prefix_end};

use crate::capacity::Consumption;
use crate::catalog::Catalog;
use crate::expression::Projection;
use crate::index::{IndexRecord, Scope};
use crate::key::{self, Keys};
use crate::layout;
use crate::model::Select;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};

/// A table or one of its indexes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) table: &'a TableRecord,
    pub(crate) index: Option<&'a IndexRecord>,
}

impl<'a> Source<'a> {
    /// What a request names.
    pub(crate) fn find(table: &'a TableRecord, index_name: Option<&str>, is_consistent: bool) -> Result<Self> {
        let Some(name) = index_name else { return Ok(Source { table, index: None }) };
        let Some(index) = table.index(name) else {
            return Err(Error::validation(format!("The table does not have the specified index: {name}")));
        };
        if is_consistent && index.scope() == Scope::Global {
            return Err(Error::validation("Consistent reads are not supported on global secondary indexes"));
        }
        if index.is_backfilling {
            return Err(Error::validation(format!("Cannot read from backfilling global secondary index: {name}")));
        }
        Ok(Source { table, index: Some(index) })
    }

    pub(crate) fn keys(&self) -> &'a Keys {
        self.index.map_or(&self.table.keys, IndexRecord::keys)
    }

    /// The names in the key that a page ends with: those of the index, then what else is in the table's.
    pub(crate) fn key_names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.keys().names().collect();
        names.extend(self.table.keys.names().filter(|name| !self.keys().names().any(|key| key == *name)));
        names
    }

    pub(crate) fn keyspace<'c>(&self, catalog: &'c Catalog) -> &'c Keyspace {
        if self.index.is_some() { &catalog.indexes } else { &catalog.items }
    }

    /// Prefix of the keys of all rows.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        match self.index {
            Some(index) => layout::index_prefix(self.table.id, index.id).to_vec(),
            None => layout::items_prefix(self.table.id).to_vec(),
        }
    }

    /// Prefix of the keys of the rows with these values of the attributes of the partition key, and of the first ones of the
    /// sort key.
    pub(crate) fn partition_prefix(&self, partition: &[AttributeValue], sort: &[AttributeValue]) -> Result<Vec<u8>> {
        let mut key = layout::partition_prefix(&self.prefix(), &partition.iter().collect::<Vec<_>>())?;
        for sort in sort {
            layout::push_grouped_sort_key(&mut key, sort)?;
        }
        Ok(key)
    }

    /// Where, below a prefix, the rows with one value of the sort key begin.
    pub(crate) fn first(&self, partition: &[u8], sort: &AttributeValue) -> Result<Vec<u8>> {
        let mut key = partition.to_vec();
        match self.index {
            Some(_) => layout::push_grouped_sort_key(&mut key, sort)?,
            None => layout::push_sort_key(&mut key, sort)?,
        }
        Ok(key)
    }

    /// Where they end, as the upper bound of a range.
    pub(crate) fn last(&self, partition: &[u8], sort: &AttributeValue) -> Result<Bound<Vec<u8>>> {
        let first = self.first(partition, sort)?;
        Ok(match self.index {
            Some(_) => end_of(&first),
            // A table has but one.
            None => Bound::Included(first),
        })
    }

    /// Where those with the next greater sort key begin, as the lower bound of a range.
    pub(crate) fn beyond(&self, partition: &[u8], sort: &AttributeValue) -> Result<Bound<Vec<u8>>> {
        let first = self.first(partition, sort)?;
        Ok(match self.index {
            Some(_) => prefix_end(&first).map_or(Bound::Excluded(first), Bound::Included),
            None => Bound::Excluded(first),
        })
    }

    /// Where the rows end whose sort key begins with `start`.
    pub(crate) fn end_of_start(&self, partition: &[u8], start: &AttributeValue) -> Result<Bound<Vec<u8>>> {
        let mut key = partition.to_vec();
        match self.index {
            Some(_) => layout::push_grouped_sort_key_start(&mut key, start)?,
            None => layout::push_sort_key(&mut key, start)?,
        }
        Ok(end_of(&key))
    }

    /// The row key of an `ExclusiveStartKey`.
    pub(crate) fn start_row(&self, start: &Item) -> Result<Vec<u8>> {
        let invalid = |error| match error {
            Error::Validation { message } => {
                Error::validation(format!("The provided starting key is invalid: {message}"))
            }
            other => other,
        };
        let Some(index) = self.index else { return key::of_request(self.table, start).map_err(invalid) };
        let names = self.key_names();
        if start.len() != names.len() || !names.iter().all(|name| start.contains_key(*name)) {
            return Err(Error::validation("The provided starting key is invalid"));
        }
        let row = key::of_request(self.table, &self.table.keys.of_item(start)).map_err(invalid)?;
        let (partition, sort) = key::parts(index.keys(), start)?;
        layout::index_key(self.table.id, index.id, &partition, &sort, &row)
    }

    /// Whether items have to be fetched from the table to answer what is asked for, as local indexes do.
    ///
    /// # Errors
    /// It is asked of a global index, which does not do that.
    pub(crate) fn fetches<'n>(
        &self,
        select: Option<Select>,
        projection: Option<&Projection>,
        mut filtered: impl Iterator<Item = &'n str>,
    ) -> Result<bool> {
        let Some(index) = self.index else { return Ok(false) };
        let holds = |name: &str| index.holds(&self.table.keys, name);
        let mut missing: Vec<&str> =
            projection.into_iter().flat_map(Projection::top_level_names).filter(|name| !holds(name)).collect();
        let wants_all =
            select == Some(Select::AllAttributes) && index.definition.projected != crate::index::Projected::All;
        if index.scope() == Scope::Local {
            return Ok(wants_all || !missing.is_empty() || filtered.any(|name| !holds(name)));
        }
        let name = index.name();
        if wants_all {
            return Err(Error::invalid_parameters(format_args!(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index {name} because its projection \
                 type is not ALL"
            )));
        }
        if missing.is_empty() {
            return Ok(false);
        }
        missing.sort_unstable();
        missing.dedup();
        Err(Error::invalid_parameters(format_args!(
            "Global secondary index {name} does not project [{}]",
            missing.join(", ")
        )))
    }

    /// What a read costs: the units of what was read here, and of what was fetched from the table.
    pub(crate) fn consumption(&self, units: f64, fetched: f64) -> Consumption {
        match self.index {
            Some(index) => Consumption::of_index(index.arm(), units, fetched),
            None => Consumption::of_table(units),
        }
    }
}

fn end_of(prefix: &[u8]) -> Bound<Vec<u8>> {
    prefix_end(prefix).map_or(Bound::Unbounded, Bound::Excluded)
}
