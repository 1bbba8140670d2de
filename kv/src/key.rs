//! Primary keys: taking them out of items and requests, with the service's checks and texts.

use crate::model::{KeySchemaElement, KeyType, ScalarAttributeType};
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};
use crate::{index, layout};

const MAX_PARTITION_KEY_BYTES: usize = 2048;
const MAX_SORT_KEY_BYTES: usize = 1024;

const NO_MATCH: &str = "The provided key element does not match the schema";

/// A key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyAttribute {
    pub(crate) name: String,
    pub(crate) attribute_type: ScalarAttributeType,
}

/// The key attributes of a table or of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) partition: KeyAttribute,
    pub(crate) sort: Option<KeyAttribute>,
}

impl Keys {
    /// The partition key, then the sort key.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.sort)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes().map(|attribute| attribute.name.as_str())
    }

    pub(crate) fn sort_name(&self) -> Option<&str> {
        self.sort.as_ref().map(|attribute| attribute.name.as_str())
    }

    pub(crate) fn schema(&self) -> Vec<KeySchemaElement> {
        let parts = self.attributes().zip([KeyType::Hash, KeyType::Range]);
        parts
            .map(|(attribute, key_type)| KeySchemaElement { attribute_name: attribute.name.clone(), key_type })
            .collect()
    }
}

/// The row key of an item that is about to be written whole. The keys of indexes are checked too.
pub(crate) fn of_item(table: &TableRecord, item: &Item) -> Result<Vec<u8>> {
    let partition = key_attribute(&table.keys.partition, item)?;
    let sort = table.keys.sort.as_ref().map(|sort| key_attribute(sort, item)).transpose()?;
    let row = row_key(table, partition, sort)?;
    index::check::check_item(table, item)?;
    Ok(row)
}

/// The row key that a `Key` parameter names: the key attributes and nothing else.
pub(crate) fn of_request(table: &TableRecord, key: &Item) -> Result<Vec<u8>> {
    if key.len() != table.keys.attributes().count() {
        return Err(Error::validation(NO_MATCH));
    }
    let (partition, sort) = parts(&table.keys, key)?;
    row_key(table, partition, sort)
}

/// The key attributes in a `Key` parameter.
pub(crate) fn parts<'a>(keys: &Keys, key: &'a Item) -> Result<(&'a AttributeValue, Option<&'a AttributeValue>)> {
    let find = |attribute: &KeyAttribute| match key.get(&attribute.name) {
        Some(value) if has_type(value, attribute.attribute_type) => Ok(value),
        _ => Err(Error::validation(NO_MATCH)),
    };
    let partition = find(&keys.partition)?;
    let sort = keys.sort.as_ref().map(find).transpose()?;
    Ok((partition, sort))
}

/// Refuses to look inside of key attributes, which are scalars. `nested` are the attributes that an expression looks
/// inside of.
pub(crate) fn check_paths<'n>(table: &TableRecord, mut nested: impl Iterator<Item = &'n str>) -> Result<()> {
    let is_key = |keys: &Keys, name: &str| keys.names().any(|key| key == name);
    let found = nested.find_map(|name| {
        let of_index = || table.indexes.iter().any(|index| is_key(index.keys(), name));
        let kind = if is_key(&table.keys, name) { Some("Key") } else { of_index().then_some("IndexKey") };
        Some((kind?, name))
    });
    match found {
        None => Ok(()),
        Some((kind, name)) => Err(Error::validation(format!(
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: {kind}: {name}"
        ))),
    }
}

/// Checks emptiness and sizes, and gives the row key.
pub(crate) fn row_key(
    table: &TableRecord,
    partition: &AttributeValue,
    sort: Option<&AttributeValue>,
) -> Result<Vec<u8>> {
    check_size(&table.keys.partition.name, partition, true)?;
    if let (Some(attribute), Some(sort)) = (&table.keys.sort, sort) {
        check_size(&attribute.name, sort, false)?;
    }
    layout::item_key(table.id, partition, sort)
}

pub(crate) fn has_type(value: &AttributeValue, expected: ScalarAttributeType) -> bool {
    value.type_name() == expected.as_str()
}

fn key_attribute<'a>(attribute: &KeyAttribute, item: &'a Item) -> Result<&'a AttributeValue> {
    let name = &attribute.name;
    let Some(value) = item.get(name) else {
        return Err(Error::invalid_parameters(format_args!("Missing the key {name} in the item")));
    };
    if !has_type(value, attribute.attribute_type) {
        let (expected, actual) = (attribute.attribute_type, value.type_name());
        return Err(Error::invalid_parameters(format_args!(
            "Type mismatch for key {name} expected: {expected} actual: {actual}"
        )));
    }
    Ok(value)
}

/// Checks that a key value is neither empty nor too long.
pub(crate) fn check_size(name: &str, value: &AttributeValue, partition: bool) -> Result<()> {
    let (bytes, kind) = match value {
        AttributeValue::S(text) => (text.len(), "string"),
        AttributeValue::B(bytes) => (bytes.len(), "binary"),
        _ => return Ok(()), // a number is never longer than 21 bytes
    };
    if bytes == 0 {
        return Err(Error::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
             empty {kind} value. Key: {name}"
        )));
    }
    if partition && bytes > MAX_PARTITION_KEY_BYTES {
        return Err(Error::invalid_parameters(format_args!(
            // The service leaves the space out, and tests match its text.
            "Size of hashkey has exceeded the maximum size limit of{MAX_PARTITION_KEY_BYTES} bytes"
        )));
    }
    if !partition && bytes > MAX_SORT_KEY_BYTES {
        return Err(Error::invalid_parameters(format_args!(
            "Aggregated size of all range keys has exceeded the size limit of {MAX_SORT_KEY_BYTES} bytes"
        )));
    }
    Ok(())
}
