//! The one place where items change.
//!
//! Every change passes [`write_item`]; what follows from a change (index entries, change records) belongs here, in the same
//! transaction. A write that needs no image before does not read it: a transaction that has read no more than its table's
//! record conflicts with nothing but a change of the table.

use std::collections::BTreeMap;

use millpond_engine::Transaction;

use crate::backup::history;
use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::expression::{self, Condition, Kind, Substitutions, legacy};
use crate::index::entry::{self, Image};
use crate::index::expiry;
use crate::kinesis_destination;
use crate::model::{ConditionalOperator, ExpectedAttributeValue, ReturnValuesOnConditionCheckFailure};
use crate::streams::{self, Cause};
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item, MAX_ATTRIBUTE_NAME_BYTES, MAX_DEPTH, MAX_ITEM_BYTES, item_size_bytes};
use crate::{Error, Result, layout};

/// The stored item under a row key. `key` holds the key attributes that led to it.
pub(crate) fn stored(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    key: &Item,
) -> Result<Option<Item>> {
    let Some(value) = tx.get(&catalog.items, row)? else {
        return Ok(None);
    };
    let item = layout::decode(&value)?;
    check_partition(table, key.get(&table.keys.partition.name), item.get(&table.keys.partition.name))?;
    Ok(Some(item))
}

/// What a write knows of the image before it.
pub(crate) enum Before {
    /// Neither the operation nor its table needs it.
    Unread,
    /// It was read in the same transaction.
    Read(Option<Item>),
}

impl Before {
    pub(crate) fn item(&self) -> Option<&Item> {
        match self {
            Before::Unread => None,
            Before::Read(item) => item.as_ref(),
        }
    }

    pub(crate) fn into_item(self) -> Option<Item> {
        match self {
            Before::Unread => None,
            Before::Read(item) => item,
        }
    }
}

/// The image before a write, if it is needed.
pub(crate) fn before(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    key: &Item,
    needed: bool,
) -> Result<Before> {
    if needed || table.derives() { stored(tx, catalog, table, row, key).map(Before::Read) } else { Ok(Before::Unread) }
}

/// Two partition keys with one hash are refused, so that neither reads the other's items.
pub(crate) fn check_partition(
    table: &TableRecord,
    asked: Option<&AttributeValue>,
    found: Option<&AttributeValue>,
) -> Result<()> {
    if asked == found && found.is_some() {
        return Ok(());
    }
    Err(layout::corrupt(
        layout::ITEMS,
        format_args!("a row of table {} holds another partition key than its hash stands for", table.name),
    ))
}

/// Changes a row to another image, and what follows from it; `None` is no item. Gives the units that it costs, as far as
/// the image before it is known.
pub(crate) fn write_item(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: Vec<u8>,
    before: &Before,
    new: Option<&Item>,
) -> Result<Consumption> {
    write_item_for(Cause::Request, tx, catalog, table, row, before, new)
}

/// As [`write_item`], for whoever changes it.
pub(crate) fn write_item_for(
    cause: Cause,
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: Vec<u8>,
    before: &Before,
    new: Option<&Item>,
) -> Result<Consumption> {
    let mut consumption = Consumption::of_table(capacity::write_units(size(before.item()), size(new)));
    if let Before::Read(old) = before
        && old.as_ref() == new
    {
        return Ok(consumption); // the row was read in this transaction, so it is still so when it commits
    }
    let encoded = new.map(layout::encode);
    let image = new.zip(encoded.as_ref()).map(|(item, encoded)| Image { item, encoded });
    entry::change(tx, catalog, table, &row, before.item(), image, &mut consumption)?;
    expiry::change(tx, catalog, table, &row, before.item(), new)?;
    streams::capture(tx, catalog, table, &row, (before.item(), new), cause)?;
    kinesis_destination::deliver(tx, catalog, table, &row, (before.item(), new), cause)?;
    history::remember(tx, catalog, table, &row)?;
    match encoded {
        Some(encoded) => tx.put(&catalog.items, row, encoded)?,
        None => tx.delete(&catalog.items, row)?,
    }
    Ok(consumption)
}

/// The parameters that make up the condition of a write which takes no other expression.
pub(crate) struct Conditional<'a> {
    pub(crate) expression: Option<&'a str>,
    pub(crate) names: Option<&'a BTreeMap<String, String>>,
    pub(crate) values: Option<&'a Item>,
    pub(crate) expected: Option<&'a BTreeMap<String, ExpectedAttributeValue>>,
    pub(crate) operator: Option<ConditionalOperator>,
}

impl Conditional<'_> {
    pub(crate) fn read(&self) -> Result<Option<Condition>> {
        let Conditional { expression: text, names, values, expected, operator } = *self;
        let legacy = [("Expected", expected.is_some()), ("ConditionalOperator", operator.is_some())];
        expression::check_parameters(&[(Kind::Condition, text)], &legacy, names.is_some(), values.is_some())?;
        if let Some(condition) = legacy_condition(expected, operator)? {
            return Ok(Some(condition));
        }
        if text.is_none() && names.is_none() && values.is_none() {
            return Ok(None);
        }
        let mut substitutions = Substitutions::new(names, values)?;
        let condition =
            text.map(|text| expression::condition(Kind::Condition, text, &mut substitutions)).transpose()?;
        substitutions.finish()?;
        Ok(condition)
    }
}

/// The condition in the parameters from before expressions.
pub(crate) fn legacy_condition(
    expected: Option<&BTreeMap<String, ExpectedAttributeValue>>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>> {
    legacy::check_operator(operator, expected.map_or(0, BTreeMap::len))?;
    Ok(expected.map(|expected| legacy::expected(expected, operator)).transpose()?.flatten())
}

/// Refuses the write if its condition does not hold for the present item.
pub(crate) fn check_condition(
    condition: Option<&Condition>,
    present: Option<&Item>,
    on_failure: ReturnValuesOnConditionCheckFailure,
) -> Result<()> {
    if condition.is_none_or(|condition| condition.evaluate(present)) {
        return Ok(());
    }
    let item = match on_failure {
        ReturnValuesOnConditionCheckFailure::None => None,
        ReturnValuesOnConditionCheckFailure::AllOld => present.cloned(),
    };
    Err(Error::ConditionalCheckFailed { item })
}

/// The checks on an item that a request carries, apart from those that need its table.
pub(crate) fn check_item(item: &Item) -> Result<()> {
    for (name, value) in item {
        if name.is_empty() || name.len() > MAX_ATTRIBUTE_NAME_BYTES {
            return Err(Error::validation(
                "1 validation error detected: Value at 'item' failed to satisfy constraint: Map keys must satisfy \
                 constraint: [Member must have length less than or equal to 65535, Member must have length greater \
                 than or equal to 1]",
            ));
        }
        check_nesting(value)?;
        check_sets(value)?;
    }
    Ok(())
}

/// What is said of values that nest deeper than the service stores.
pub(crate) const TOO_DEEP: &str = "Nesting Levels have exceeded supported limits: Attributes in the item have nested \
                                   levels beyond supported limit";

/// Refuses values nested deeper than the service stores.
pub(crate) fn check_nesting(value: &AttributeValue) -> Result<()> {
    if value.depth() <= MAX_DEPTH {
        return Ok(());
    }
    Err(Error::validation(TOO_DEEP))
}

fn check_sets(value: &AttributeValue) -> Result<()> {
    let empty = match value {
        AttributeValue::Ss(set) => set.is_empty().then_some("string"),
        AttributeValue::Ns(set) => set.is_empty().then_some("number"),
        AttributeValue::Bs(set) => set.is_empty().then_some("binary"),
        AttributeValue::L(list) => return list.iter().try_for_each(check_sets),
        AttributeValue::M(map) => return map.values().try_for_each(check_sets),
        _ => None,
    };
    // Two spaces, as the service has them.
    empty.map_or(Ok(()), |kind| Err(Error::invalid_parameters(format_args!("An {kind} set  may not be empty"))))
}

/// Refuses an item that a put would store and that is too large.
pub(crate) fn check_put_size(item: &Item) -> Result<()> {
    if item_size_bytes(item) <= MAX_ITEM_BYTES {
        return Ok(());
    }
    Err(Error::validation("Item size has exceeded the maximum allowed size"))
}

pub(crate) fn size(item: Option<&Item>) -> usize {
    item.map_or(0, item_size_bytes)
}
