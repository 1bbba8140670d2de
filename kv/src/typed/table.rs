//! Tables of Rust values.

use std::marker::PhantomData;
use std::sync::Arc;
use std::vec;

use millpond_engine::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Condition, Update, from_item, to_attribute_value, to_item};
use crate::expression::{self, KeySelection, SortCondition};
use crate::index::{IndexRecord, Scope};
use crate::kv::Kv;
use crate::layout::IndexId;
use crate::model::ReturnValuesOnConditionCheckFailure;
use crate::page::{self, Selection, Walk};
use crate::source::Source;
use crate::table::TableRecord;
use crate::update_item::{self, UpdatedRow};
use crate::value::{AttributeValue, Item};
use crate::write_item::{self, write_item};
use crate::{Error, Result, constraints, key, query, read_item, scan};

/// A table as a collection of Rust values, which serde turns into items and back.
///
/// The value's fields named like the table's key attributes are its key. Where a method takes a key, it takes the
/// partition key itself on a table without a sort key, the tuple `(partition key, sort key)` on one with it, or any
/// struct or map that holds just the key attributes.
///
/// The handle does not hold the table: if that is deleted, calls say so.
///
/// ```
/// # use millpond_kv::{model::*, Kv};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Order { customer: String, number: u32, total: u64 }
///
/// # let engine = millpond_engine::Engine::in_memory();
/// # let kv = Kv::open(&engine)?;
/// # let key = |name: &str, key_type| KeySchemaElement { attribute_name: name.into(), key_type };
/// # let of = |name: &str, attribute_type| AttributeDefinition { attribute_name: name.into(), attribute_type };
/// # kv.create_table(&CreateTableRequest {
/// #     table_name: "orders".into(),
/// #     key_schema: vec![key("customer", KeyType::Hash), key("number", KeyType::Range)],
/// #     attribute_definitions: vec![of("customer", ScalarAttributeType::S), of("number", ScalarAttributeType::N)],
/// #     billing_mode: Some(BillingMode::PayPerRequest),
/// #     ..Default::default()
/// # })?;
/// let orders = kv.table::<Order>("orders")?;
/// for number in 1..=3 {
///     orders.put(&Order { customer: "alice".into(), number, total: 10 * u64::from(number) })?;
/// }
/// assert_eq!(orders.get(&("alice", 2))?.map(|order| order.total), Some(20));
///
/// let latest = orders.query(&"alice")?.greater(&1)?.reverse().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(latest.iter().map(|order| order.number).collect::<Vec<_>>(), [3, 2]);
/// # Ok::<(), millpond_kv::Error>(())
/// ```
#[derive(Debug)]
pub struct Table<T> {
    kv: Kv,
    name: String,
    values: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Table { kv: self.kv.clone(), name: self.name.clone(), values: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Table<T> {
    pub(crate) fn open(kv: &Kv, name: &str) -> Result<Self> {
        let name = constraints::table_name(name)?;
        kv.catalog().need_named(&mut kv.engine().latest(), name)?;
        Ok(Table { kv: kv.clone(), name: name.to_owned(), values: PhantomData })
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn record(&self) -> Result<Arc<TableRecord>> {
        self.kv.catalog().need(&mut self.kv.engine().latest(), &self.name)
    }

    /// Writes a value, in the place of the one with the same key if there is one.
    ///
    /// # Errors
    /// [`Error::Serde`] if the value is not a struct or map that an item can hold, [`Error::Validation`] if its key
    /// does not fit the table or it is larger than 400 KB, and those of the engine.
    pub fn put(&self, value: &T) -> Result<()> {
        let item = checked_item(value)?;
        self.kv.engine().transact(|tx| self.set(tx, &item, Some(&item), None, false)).map(drop)
    }

    /// [`put`](Table::put), if a condition holds for the value in the same place, or for its absence.
    ///
    /// # Errors
    /// As [`put`](Table::put), [`Error::ConditionalCheckFailed`] with the item that is there, and what is wrong with the
    /// [`Condition`].
    pub fn put_if(&self, value: &T, condition: &Condition) -> Result<()> {
        let (item, condition) = (checked_item(value)?, condition.read()?);
        self.kv.engine().transact(|tx| self.set(tx, &item, Some(&item), Some(condition), false)).map(drop)
    }

    /// [`put`](Table::put) in the caller's transaction. Gives the value that was replaced.
    ///
    /// # Errors
    /// As [`put`](Table::put), and [`Error::Serde`] if the replaced item is no `T`.
    pub fn put_in(&self, tx: &mut Transaction, value: &T) -> Result<Option<T>> {
        let item = checked_item(value)?;
        self.set(tx, &item, Some(&item), None, true)
    }

    /// [`put_if`](Table::put_if) in the caller's transaction. Gives the value that was replaced.
    ///
    /// # Errors
    /// As [`put_if`](Table::put_if), and [`Error::Serde`] if the replaced item is no `T`.
    pub fn put_if_in(&self, tx: &mut Transaction, value: &T, condition: &Condition) -> Result<Option<T>> {
        let item = checked_item(value)?;
        self.set(tx, &item, Some(&item), Some(condition.read()?), true)
    }

    /// Changes the row of a key to another image. Gives the value before, if it is needed.
    fn set(
        &self,
        tx: &mut Transaction,
        key: &Item,
        new: Option<&Item>,
        condition: Option<&expression::Condition>,
        needed: bool,
    ) -> Result<Option<T>> {
        let catalog = self.kv.catalog();
        let table = catalog.need(tx, &self.name)?;
        let row = match new {
            Some(item) => key::of_item(&table, item)?,
            None => key::of_request(&table, key)?,
        };
        let before = write_item::before(tx, catalog, &table, &row, key, needed || condition.is_some())?;
        write_item::check_condition(condition, before.item(), ReturnValuesOnConditionCheckFailure::AllOld)?;
        let value = before.item().filter(|_| needed).map(|old| from_item(old.clone())).transpose()?;
        write_item(tx, catalog, &table, row, &before, new)?;
        Ok(value)
    }

    /// The value under a key, as the latest commit left it.
    ///
    /// # Errors
    /// [`Error::Validation`] if the key does not fit the table, [`Error::Serde`] if the item is no `T`, and those of
    /// the engine.
    pub fn get(&self, key: &impl Serialize) -> Result<Option<T>> {
        let table = self.record()?;
        let key = key_item(&table, key)?;
        let row = key::of_request(&table, &key)?;
        match self.kv.engine().get(&self.kv.catalog().items, &row)? {
            Some(value) => from_item(read_item::read_row(&table, value, &key, None)?.0).map(Some),
            None => Ok(None),
        }
    }

    /// [`get`](Table::get) in the caller's transaction.
    ///
    /// # Errors
    /// As [`get`](Table::get).
    pub fn get_in(&self, tx: &mut Transaction, key: &impl Serialize) -> Result<Option<T>> {
        let table = self.kv.catalog().need(tx, &self.name)?;
        let key = key_item(&table, key)?;
        let row = key::of_request(&table, &key)?;
        write_item::stored(tx, self.kv.catalog(), &table, &row, &key)?.map(from_item).transpose()
    }

    /// Deletes the value under a key. Deleting a missing one is no error.
    ///
    /// # Errors
    /// [`Error::Validation`] if the key does not fit the table, and those of the engine.
    pub fn delete(&self, key: &impl Serialize) -> Result<()> {
        let key = key_item(&*self.record()?, key)?;
        self.kv.engine().transact(|tx| self.set(tx, &key, None, None, false)).map(drop)
    }

    /// [`delete`](Table::delete), if a condition holds for the value.
    ///
    /// # Errors
    /// As [`delete`](Table::delete), [`Error::ConditionalCheckFailed`] with the item that is there, and what is wrong
    /// with the [`Condition`].
    pub fn delete_if(&self, key: &impl Serialize, condition: &Condition) -> Result<()> {
        let (key, condition) = (key_item(&*self.record()?, key)?, condition.read()?);
        self.kv.engine().transact(|tx| self.set(tx, &key, None, Some(condition), false)).map(drop)
    }

    /// [`delete`](Table::delete) in the caller's transaction. Gives the value that was deleted.
    ///
    /// # Errors
    /// As [`delete`](Table::delete), and [`Error::Serde`] if the deleted item is no `T`.
    pub fn delete_in(&self, tx: &mut Transaction, key: &impl Serialize) -> Result<Option<T>> {
        let key = key_item(&*self.kv.catalog().need(tx, &self.name)?, key)?;
        self.set(tx, &key, None, None, true)
    }

    /// [`delete_if`](Table::delete_if) in the caller's transaction. Gives the value that was deleted.
    ///
    /// # Errors
    /// As [`delete_if`](Table::delete_if), and [`Error::Serde`] if the deleted item is no `T`.
    pub fn delete_if_in(&self, tx: &mut Transaction, key: &impl Serialize, condition: &Condition) -> Result<Option<T>> {
        let key = key_item(&*self.kv.catalog().need(tx, &self.name)?, key)?;
        self.set(tx, &key, None, Some(condition.read()?), true)
    }

    /// Changes attributes of the value under a key, and gives the value after that. A missing value is made of the key and
    /// what is set; there is none after an update of a missing one that only takes away. If the result is no `T`, nothing
    /// is changed.
    ///
    /// ```
    /// # use millpond_kv::{model::*, Error, Kv, typed::{Update, attr}};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Debug, PartialEq)]
    /// # struct Flight { id: String, seats: u32, #[serde(default)] log: Vec<String> }
    /// # let engine = millpond_engine::Engine::in_memory();
    /// # let kv = Kv::open(&engine)?;
    /// # kv.create_table(&CreateTableRequest {
    /// #     table_name: "flights".into(),
    /// #     key_schema: vec![KeySchemaElement { attribute_name: "id".into(), key_type: KeyType::Hash }],
    /// #     attribute_definitions: vec![AttributeDefinition {
    /// #         attribute_name: "id".into(),
    /// #         attribute_type: ScalarAttributeType::S,
    /// #     }],
    /// #     billing_mode: Some(BillingMode::PayPerRequest),
    /// #     ..Default::default()
    /// # })?;
    /// let flights = kv.table::<Flight>("flights")?;
    /// flights.put_if(&Flight { id: "OS1".into(), seats: 1, log: vec![] }, &attr("id").is_missing())?;
    ///
    /// let book = Update::new().add("seats", &-1).append("log", &["booked"]);
    /// let free = attr("seats").greater(&0);
    /// assert_eq!(flights.update_if(&"OS1", &book, &free)?.map(|flight| flight.seats), Some(0));
    /// assert!(matches!(flights.update_if(&"OS1", &book, &free), Err(Error::ConditionalCheckFailed { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Validation`] if the key does not fit the table, the update changes it or cannot be made on what is there, or
    /// the value would be larger than 400 KB; [`Error::Serde`] if the result is no `T`; and those of the engine.
    pub fn update(&self, key: &impl Serialize, update: &Update) -> Result<Option<T>> {
        let update = update.read()?;
        self.kv.engine().transact(|tx| self.change(tx, key, &update, None))
    }

    /// [`update`](Table::update), if a condition holds for the value before.
    ///
    /// # Errors
    /// As [`update`](Table::update), [`Error::ConditionalCheckFailed`] with the item that is there, and what is wrong with
    /// the [`Condition`].
    pub fn update_if(&self, key: &impl Serialize, update: &Update, condition: &Condition) -> Result<Option<T>> {
        let (update, condition) = (update.read()?, condition.read()?);
        self.kv.engine().transact(|tx| self.change(tx, key, &update, Some(condition)))
    }

    /// [`update`](Table::update) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update`](Table::update).
    pub fn update_in(&self, tx: &mut Transaction, key: &impl Serialize, update: &Update) -> Result<Option<T>> {
        self.change(tx, key, &update.read()?, None)
    }

    /// [`update_if`](Table::update_if) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update_if`](Table::update_if).
    pub fn update_if_in(
        &self,
        tx: &mut Transaction,
        key: &impl Serialize,
        update: &Update,
        condition: &Condition,
    ) -> Result<Option<T>> {
        self.change(tx, key, &update.read()?, Some(condition.read()?))
    }

    fn change(
        &self,
        tx: &mut Transaction,
        key: &impl Serialize,
        update: &expression::Update,
        condition: Option<&expression::Condition>,
    ) -> Result<Option<T>> {
        let catalog = self.kv.catalog();
        let table = catalog.need(tx, &self.name)?;
        let key = key_item(&table, key)?;
        let condition = condition.map(|condition| (condition, ReturnValuesOnConditionCheckFailure::AllOld));
        let UpdatedRow { row, before, new, .. } =
            update_item::work_out(catalog, tx, &table, &key, Some(update), condition)?;
        // What is no `T` must be told before anything is written: the caller's transaction may go on.
        let value = new.clone().map(from_item).transpose()?;
        write_item(tx, catalog, &table, row, &before, new.as_ref())?;
        Ok(value)
    }

    /// The values under one partition key, by ascending sort key unless [`Query::reverse`] is called. Nothing is read
    /// before the first value is taken.
    ///
    /// # Errors
    /// [`Error::Validation`] if the partition key does not fit the table, and those of the engine.
    pub fn query(&self, partition_key: &impl Serialize) -> Result<Query<T>> {
        self.query_source(None, partition_key)
    }

    /// The values under one partition key of a secondary index, by ascending sort key of the index. A local index fetches
    /// what it does not hold from the table; a global one gives what it holds, so it should project all that `T` needs. A
    /// partition key of several attributes is a tuple; conditions are on the first attribute of the sort key.
    ///
    /// # Errors
    /// As [`query`](Table::query), and [`Error::Validation`] if the table has no such index.
    pub fn query_index(&self, index_name: &str, partition_key: &impl Serialize) -> Result<Query<T>> {
        self.query_source(Some(index_name), partition_key)
    }

    fn query_source(&self, index_name: Option<&str>, partition_key: &impl Serialize) -> Result<Query<T>> {
        let table = self.record()?;
        let source = Source::find(&table, index_name, false)?;
        let partition = match to_attribute_value(partition_key)? {
            AttributeValue::L(parts) => parts,
            value => vec![value],
        };
        if partition.len() != source.keys().partition_attributes().count() {
            return Err(Error::validation("The provided key element does not match the schema"));
        }
        let selected = KeySelection { partition, equal: Vec::new(), sort: None };
        query::check_types(source.keys(), &selected)?;
        let walk = query::walk(source, &selected)?;
        let index = source.index.map(|index| index.id);
        Ok(Query { values: Values::new(&self.kv, table, index, walk, selected.partition) })
    }

    /// All values, in no order that means anything. Nothing is read before the first value is taken.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`], and those of the engine.
    pub fn scan(&self) -> Result<Values<T>> {
        let table = self.record()?;
        let walk = scan::walk(Source { table: &table, index: None }, None);
        Ok(Values::new(&self.kv, table, None, walk, Vec::new()))
    }
}

fn checked_item<T: Serialize>(value: &T) -> Result<Item> {
    let item = to_item(value)?;
    write_item::check_item(&item)?;
    write_item::check_put_size(&item)?;
    Ok(item)
}

/// A key given as a scalar, a tuple, or a struct or map of the key attributes.
fn key_item(table: &TableRecord, key: &impl Serialize) -> Result<Item> {
    let parts = match to_attribute_value(key)? {
        AttributeValue::M(item) => return Ok(item),
        AttributeValue::L(parts) => parts,
        scalar => vec![scalar],
    };
    let names = table.keys.names();
    if parts.len() != 1 + usize::from(table.keys.sort.is_some()) {
        return Err(Error::validation("The provided key element does not match the schema"));
    }
    Ok(names.map(str::to_owned).zip(parts).collect())
}

/// A query that is still being refined, and the iterator over what it finds.
#[derive(Debug)]
pub struct Query<T> {
    values: Values<T>,
}

impl<T: DeserializeOwned> Query<T> {
    /// By descending sort key.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.values.walk.reverse = true;
        self
    }

    /// At most this many values.
    #[must_use]
    pub fn limit(mut self, values: usize) -> Self {
        self.values.left = values;
        self
    }

    /// Only values for which a condition holds. They are read all the same; conditions on the sort key read less.
    ///
    /// # Errors
    /// What is wrong with the [`Condition`].
    pub fn filter_by(mut self, condition: &Condition) -> Result<Self> {
        self.values = self.values.filter_by(condition)?;
        Ok(self)
    }

    /// Only values whose sort key is less than this.
    ///
    /// # Errors
    /// [`Error::Validation`] if it is not of the sort key's type.
    pub fn less(self, sort_key: &impl Serialize) -> Result<Self> {
        let bound = to_attribute_value(sort_key)?;
        self.sort(SortCondition::Less(bound))
    }

    /// Only values whose sort key is greater than this.
    ///
    /// # Errors
    /// [`Error::Validation`] if it is not of the sort key's type.
    pub fn greater(self, sort_key: &impl Serialize) -> Result<Self> {
        let bound = to_attribute_value(sort_key)?;
        self.sort(SortCondition::Greater(bound))
    }

    /// Only values whose sort key lies between these, both included.
    ///
    /// # Errors
    /// [`Error::Validation`] if they are not of the sort key's type.
    pub fn between(self, low: &impl Serialize, high: &impl Serialize) -> Result<Self> {
        let (low, high) = (to_attribute_value(low)?, to_attribute_value(high)?);
        self.sort(SortCondition::Between(low, high))
    }

    /// Only values whose sort key, a string or binary, begins with this.
    ///
    /// # Errors
    /// [`Error::Validation`] if it is not of the sort key's type.
    pub fn begins_with(self, start: &impl Serialize) -> Result<Self> {
        let start = to_attribute_value(start)?;
        if matches!(start, AttributeValue::N(_)) {
            return Err(Error::invalid_parameters("a number does not begin with another"));
        }
        self.sort(SortCondition::BeginsWith(start))
    }

    /// The last condition on the sort key counts.
    fn sort(mut self, sort: SortCondition) -> Result<Self> {
        let source = self.values.source()?;
        if source.keys().sort.is_none() {
            let name = source.index.map_or(source.table.name.as_str(), IndexRecord::name);
            return Err(Error::invalid_parameters(format_args!("{name} has no sort key")));
        }
        let partition = self.values.partition.clone();
        let selected = KeySelection { partition, equal: Vec::new(), sort: Some(sort) };
        query::check_types(source.keys(), &selected)?;
        let walk = query::walk(source, &selected)?;
        self.values.walk = Walk { reverse: self.values.walk.reverse, ..walk };
        Ok(self)
    }
}

impl<T: DeserializeOwned> Iterator for Query<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.values.next()
    }
}

/// An iterator over values of a table. It reads a page of up to 1 MB at a time, each page as one moment saw it; values
/// that change between pages are seen before or after their change. It ends after an error of reading; an item that does not fit
/// the type is an error of its own, and the next ones follow.
#[derive(Debug)]
pub struct Values<T> {
    kv: Kv,
    table: Arc<TableRecord>,
    index: Option<IndexId>,
    walk: Walk,
    /// The values of the partition key's attributes; none for a scan.
    partition: Vec<AttributeValue>,
    filter: Option<expression::Condition>,
    left: usize,
    page: vec::IntoIter<Item>,
    is_done: bool,
    values: PhantomData<fn() -> T>,
}

impl<T> Values<T> {
    fn new(
        kv: &Kv,
        table: Arc<TableRecord>,
        index: Option<IndexId>,
        walk: Walk,
        partition: Vec<AttributeValue>,
    ) -> Self {
        Values {
            kv: kv.clone(),
            table,
            index,
            walk,
            partition,
            filter: None,
            left: usize::MAX,
            page: Vec::new().into_iter(),
            is_done: false,
            values: PhantomData,
        }
    }

    /// Only values for which a condition holds. They are read all the same.
    ///
    /// # Errors
    /// What is wrong with the [`Condition`].
    pub fn filter_by(mut self, condition: &Condition) -> Result<Self> {
        self.filter = Some(condition.read()?.clone());
        Ok(self)
    }

    fn source(&self) -> Result<Source<'_>> {
        let table = &*self.table;
        let Some(id) = self.index else { return Ok(Source { table, index: None }) };
        match table.indexes.iter().find(|index| index.id == id) {
            Some(index) => Ok(Source { table, index: Some(index) }),
            None => Err(Error::ResourceNotFound { message: "the index was deleted".into() }),
        }
    }

    fn read_page(&mut self) -> Result<()> {
        let mut snapshot = self.kv.engine().snapshot()?;
        let catalog = self.kv.catalog();
        let table = catalog.need(&mut snapshot, &self.table.name)?;
        if table.id != self.table.id {
            return Err(Error::ResourceNotFound { message: "the table was deleted and created again".into() });
        }
        self.table = table;
        // Of the items on the way, a filter takes who knows how many.
        self.walk.limit = if self.filter.is_some() { usize::MAX } else { self.left };
        let source = self.source()?;
        let fetch = source.index.is_some_and(|index| index.scope() == Scope::Local);
        let partition = &self.partition;
        let filter = self.filter.as_ref();
        let selection =
            Selection { partition, filter, projection: None, count_only: false, fetch, filters_entries: false };
        let page = page::read(catalog, &mut snapshot, source, &self.walk, &selection)?;
        match page.last_evaluated_key {
            Some(key) => self.walk.resume_after = Some(source.start_row(&key)?),
            None => self.is_done = true,
        }
        self.page = page.items.into_iter();
        Ok(())
    }
}

impl<T: DeserializeOwned> Iterator for Values<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.left == 0 {
                return None;
            }
            if let Some(item) = self.page.next() {
                self.left -= 1;
                return Some(from_item(item));
            }
            if self.is_done {
                return None;
            }
            if let Err(error) = self.read_page() {
                self.is_done = true;
                return Some(Err(error));
            }
        }
    }
}
