//! Primary keys: taking them out of items and requests, with the service's checks and texts.

use crate::model::{KeySchemaElement, KeyType, ScalarAttributeType};
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};
use crate::{index, layout};

const MAX_PARTITION_KEY_BYTES: usize = 2048;
const MAX_SORT_KEY_BYTES: usize = 1024;

/// A key is not the table's.
pub(crate) fn no_match() -> Error {
    Error::validation("The provided key element does not match the schema")
}

/// A key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyAttribute {
    pub(crate) name: String,
    pub(crate) attribute_type: ScalarAttributeType,
}

/// The key attributes of a table or of an index. Only a global index may have more than one of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) partition: KeyAttribute,
    pub(crate) more_partition: Vec<KeyAttribute>,
    pub(crate) sort: Option<KeyAttribute>,
    pub(crate) more_sort: Vec<KeyAttribute>,
}

impl Keys {
    /// Of attributes, of which the first so many make up the partition key; `None` if there is none.
    pub(crate) fn of(mut attributes: Vec<KeyAttribute>, partition: usize) -> Option<Keys> {
        let mut sort = attributes.split_off(partition.min(attributes.len())).into_iter();
        let mut partition = attributes.into_iter();
        Some(Keys {
            partition: partition.next()?,
            more_partition: partition.collect(),
            sort: sort.next(),
            more_sort: sort.collect(),
        })
    }

    /// What the partition key is made of.
    pub(crate) fn partition_attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.more_partition)
    }

    /// What the sort key is made of, in its order.
    pub(crate) fn sort_attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.sort.iter().chain(&self.more_sort)
    }

    /// The partition key, then the sort key.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.partition_attributes().chain(self.sort_attributes())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes().map(|attribute| attribute.name.as_str())
    }

    /// The key attributes that an item has, which are all of them in one that is stored.
    pub(crate) fn of_item(&self, item: &Item) -> Item {
        let own = self.names().filter_map(|name| item.get_key_value(name));
        own.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    pub(crate) fn schema(&self) -> Vec<KeySchemaElement> {
        let element = |key_type| {
            move |attribute: &KeyAttribute| KeySchemaElement { attribute_name: attribute.name.clone(), key_type }
        };
        let partition = self.partition_attributes().map(element(KeyType::Hash));
        partition.chain(self.sort_attributes().map(element(KeyType::Range))).collect()
    }
}

/// The row key of an item that is about to be written whole. The keys of indexes are checked too.
pub(crate) fn of_item(table: &TableRecord, item: &Item) -> Result<Vec<u8>> {
    let partition = key_attribute(&table.keys.partition, item)?;
    let sort = table.keys.sort.as_ref().map(|sort| key_attribute(sort, item)).transpose()?;
    let row = row_key(table, partition, sort)?;
    index::attributes::check_item(table, item)?;
    Ok(row)
}

/// The row key that a `Key` parameter names: the key attributes and nothing else.
pub(crate) fn of_request(table: &TableRecord, key: &Item) -> Result<Vec<u8>> {
    if key.len() != table.keys.attributes().count() {
        return Err(no_match());
    }
    let partition = part(&table.keys.partition, key)?;
    let sort = table.keys.sort.as_ref().map(|attribute| part(attribute, key)).transpose()?;
    row_key(table, partition, sort)
}

/// The key attributes in a `Key` parameter: those of the partition key, and those of the sort key.
pub(crate) fn parts<'a>(keys: &Keys, key: &'a Item) -> Result<(Vec<&'a AttributeValue>, Vec<&'a AttributeValue>)> {
    let partition = keys.partition_attributes().map(|attribute| part(attribute, key)).collect::<Result<_>>()?;
    Ok((partition, keys.sort_attributes().map(|attribute| part(attribute, key)).collect::<Result<_>>()?))
}

fn part<'a>(attribute: &KeyAttribute, key: &'a Item) -> Result<&'a AttributeValue> {
    match key.get(&attribute.name) {
        Some(value) if has_type(value, attribute.attribute_type) => Ok(value),
        _ => Err(no_match()),
    }
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

/// The bytes of a key value as they count for its limits. A number is never longer than 21 bytes, and counts for none.
pub(crate) fn bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Checks that a key value is neither empty nor too long.
pub(crate) fn check_size(name: &str, value: &AttributeValue, partition: bool) -> Result<()> {
    let kind = match value {
        AttributeValue::S(_) => "string",
        AttributeValue::B(_) => "binary",
        _ => return Ok(()),
    };
    let bytes = bytes(value);
    if bytes == 0 {
        return Err(Error::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
             empty {kind} value. Key: {name}"
        )));
    }
    check_bytes(bytes, partition)
}

/// Checks the bytes of a whole key.
pub(crate) fn check_bytes(bytes: usize, partition: bool) -> Result<()> {
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
