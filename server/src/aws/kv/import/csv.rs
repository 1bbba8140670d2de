//! Items as records of CSV. Key attributes have the types of the table's definitions, all others are strings.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html>

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use csv::{ReaderBuilder, StringRecord};
use millpond::kv::{AttributeDefinition, AttributeValue, Item, ScalarAttributeType};

use super::{
    CsvOptions,
    json_lines::Found,
    objects::{Allowance, Content},
};

const DEFAULT_DELIMITER: char = ',';

/// The types of key attributes, by name.
pub(super) type Types = BTreeMap<String, ScalarAttributeType>;

pub(super) fn types(definitions: &[AttributeDefinition]) -> Types {
    definitions.iter().map(|it| (it.attribute_name.clone(), it.attribute_type)).collect()
}

/// Calls `f` with each item of an object, until it asks to end.
pub(super) fn each<E>(
    content: Content,
    allowance: &Allowance,
    options: &CsvOptions,
    types: &Types,
    mut f: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let delimiter = u8::try_from(options.delimiter.unwrap_or(DEFAULT_DELIMITER)).unwrap_or(b',');
    let mut records = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(content);
    let mut header = options.header.clone();
    let mut record = StringRecord::new();
    loop {
        match records.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => allowance.renew(),
            // What is no UTF-8 is one record; what cannot be read ends the object.
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                allowance.renew();
                f(Found::Wrong)?;
                continue;
            }
            Err(_) => return f(Found::Broken),
        }
        match &header {
            None => header = Some(record.iter().map(str::to_owned).collect()),
            Some(names) => f(item(names, &record, types).map_or(Found::Wrong, Found::Item))?,
        }
    }
}

/// The item of a record; `None` if it is none.
fn item(names: &[String], record: &StringRecord, types: &Types) -> Option<Item> {
    if names.len() != record.len() {
        return None;
    }
    let mut item = Item::new();
    for (name, text) in names.iter().zip(record.iter()) {
        let value = match types.get(name) {
            Some(ScalarAttributeType::N) => AttributeValue::N(text.parse().ok()?),
            Some(ScalarAttributeType::B) => AttributeValue::B(STANDARD.decode(text).ok()?.into()),
            Some(ScalarAttributeType::S) | None => AttributeValue::S(text.to_owned()),
        };
        item.insert(name.clone(), value);
    }
    Some(item)
}
