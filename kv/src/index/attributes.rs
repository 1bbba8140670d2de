//! The attributes of items that indexes are ordered by.

use super::IndexRecord;
use crate::key::{self, KeyAttribute, Keys};
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};

/// The values of an index's partition key and of its sort key, if the item can be in the index.
pub(crate) fn usable<'a>(keys: &Keys, item: &'a Item) -> Option<(Vec<&'a AttributeValue>, Vec<&'a AttributeValue>)> {
    let value = |attribute: &KeyAttribute| {
        let value = item.get(&attribute.name)?;
        (key::has_type(value, attribute.attribute_type) && !is_empty(value)).then_some(value)
    };
    let partition = keys.partition_attributes().map(value).collect::<Option<Vec<_>>>()?;
    let sort = keys.sort_attributes().map(value).collect::<Option<Vec<_>>>()?;
    let fits = |part: &[&AttributeValue], is_partition| {
        key::check_bytes(part.iter().map(|value| key::bytes(value)).sum(), is_partition).is_ok()
    };
    (fits(&partition, true) && fits(&sort, false)).then_some((partition, sort))
}

/// Checks the lengths of an index's keys, as far as the item has got the attributes.
fn check_lengths(keys: &Keys, item: &Item) -> Result<()> {
    let bytes = |attribute: &KeyAttribute| item.get(&attribute.name).map_or(0, key::bytes);
    key::check_bytes(keys.partition_attributes().map(bytes).sum(), true)?;
    key::check_bytes(keys.sort_attributes().map(bytes).sum(), false)
}

/// Refuses an item with an attribute that an index is ordered by and cannot be. It may well lack that attribute.
pub(crate) fn check_item(table: &TableRecord, item: &Item) -> Result<()> {
    first_by_name(table, |index| {
        each_key(index, item, |attribute, value| {
            check_type(index, attribute, value)?;
            check_not_empty(index, attribute, value)
        })?;
        check_lengths(index.keys(), item)
    })
}

/// The part of [`check_item`] that a transaction is refused for as a whole.
pub(crate) fn check_none_empty(table: &TableRecord, item: &Item) -> Result<()> {
    first_by_name(table, |index| each_key(index, item, |attribute, value| check_not_empty(index, attribute, value)))
}

/// As [`check_item`], for an update, which is only blamed for what it has changed.
pub(crate) fn check_updated(table: &TableRecord, old: Option<&Item>, new: &Item) -> Result<()> {
    check_changed(table, old, new, |_, attribute, value| {
        if key::has_type(value, attribute.attribute_type) {
            return Ok(());
        }
        Err(Error::validation("The update expression attempted to update the secondary index key to unsupported type"))
    })
}

/// As [`check_updated`], in a transaction, where the text for a wrong type is that of [`check_item`].
pub(crate) fn check_updated_in_transaction(table: &TableRecord, old: Option<&Item>, new: &Item) -> Result<()> {
    check_changed(table, old, new, check_type)
}

/// The part of [`check_updated`] that a transaction is refused for as a whole.
pub(crate) fn check_none_emptied(table: &TableRecord, old: Option<&Item>, new: &Item) -> Result<()> {
    first_by_name(table, |index| each_changed(index, old, new, |_, value| check_not_emptied(value)))
}

fn check_changed(
    table: &TableRecord,
    old: Option<&Item>,
    new: &Item,
    check_type: impl Fn(&IndexRecord, &KeyAttribute, &AttributeValue) -> Result<()>,
) -> Result<()> {
    first_by_name(table, |index| {
        each_changed(index, old, new, |attribute, value| {
            check_type(index, attribute, value)?;
            check_not_emptied(value)
        })?;
        let is_changed = |name: &str| old.and_then(|old| old.get(name)) != new.get(name);
        if index.keys().names().any(is_changed) { check_lengths(index.keys(), new) } else { Ok(()) }
    })
}

/// The key attributes of an index that an item has.
fn each_key(
    index: &IndexRecord,
    item: &Item,
    check: impl Fn(&KeyAttribute, &AttributeValue) -> Result<()>,
) -> Result<()> {
    let mut attributes = index.keys().attributes();
    attributes.try_for_each(|attribute| item.get(&attribute.name).map_or(Ok(()), |value| check(attribute, value)))
}

/// The key attributes of an index whose values an update has changed.
fn each_changed(
    index: &IndexRecord,
    old: Option<&Item>,
    new: &Item,
    check: impl Fn(&KeyAttribute, &AttributeValue) -> Result<()>,
) -> Result<()> {
    each_key(index, new, |attribute, value| {
        let is_changed = old.and_then(|old| old.get(&attribute.name)) != Some(value);
        if is_changed { check(attribute, value) } else { Ok(()) }
    })
}

fn check_type(index: &IndexRecord, attribute: &KeyAttribute, value: &AttributeValue) -> Result<()> {
    let KeyAttribute { name, attribute_type } = attribute;
    if key::has_type(value, *attribute_type) {
        return Ok(());
    }
    let (actual, index) = (value.type_name(), index.name());
    Err(Error::invalid_parameters(format_args!(
        "Type mismatch for Index Key {name} Expected: {attribute_type} Actual: {actual} IndexName: {index}"
    )))
}

fn check_not_empty(index: &IndexRecord, attribute: &KeyAttribute, value: &AttributeValue) -> Result<()> {
    if !is_empty(value) {
        return Ok(());
    }
    Err(Error::validation(format!(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty {} value. IndexName: {}, IndexKey: {}",
        kind(value),
        index.name(),
        attribute.name
    )))
}

fn check_not_emptied(value: &AttributeValue) -> Result<()> {
    if !is_empty(value) {
        return Ok(());
    }
    Err(Error::validation(format!(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a \
         value that is not supported. The AttributeValue for a key attribute cannot contain an empty {} value.",
        kind(value)
    )))
}

/// What is wrong with the first index by name, as the service has it.
fn first_by_name(table: &TableRecord, check: impl Fn(&IndexRecord) -> Result<()>) -> Result<()> {
    let faults = table.indexes.iter().filter_map(|index| check(index).err().map(|fault| (index.name(), fault)));
    faults.min_by_key(|(name, _)| *name).map_or(Ok(()), |(_, fault)| Err(fault))
}

fn is_empty(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::S(text) => text.is_empty(),
        AttributeValue::B(bytes) => bytes.is_empty(),
        _ => false,
    }
}

fn kind(value: &AttributeValue) -> &'static str {
    if matches!(value, AttributeValue::B(_)) { "binary" } else { "string" }
}
