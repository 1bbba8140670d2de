//! The labels of tables.

use std::collections::{BTreeMap, BTreeSet};

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::model::{
    ListTagsOfResourceOutput, ListTagsOfResourceRequest, Tag, TagResourceRequest, UntagResourceRequest,
};
use crate::table::TableRecord;
use crate::{Error, Result, constraints, layout};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html>
const MAX_TAGS: usize = 50;
const MAX_KEY_CHARACTERS: usize = 128;
const MAX_VALUE_CHARACTERS: usize = 256;

pub(crate) fn tag_in(catalog: &Catalog, tx: &mut Transaction, request: &TagResourceRequest) -> Result<()> {
    let name = table_name(&request.resource_arn)?;
    if request.tags.is_empty() {
        return Err(Error::validation("Atleast one Tag needs to be provided as Input."));
    }
    check_tags(&request.tags)?;
    change(catalog, tx, name, &request.resource_arn, |tags| {
        tags.extend(request.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    })
}

pub(crate) fn untag_in(catalog: &Catalog, tx: &mut Transaction, request: &UntagResourceRequest) -> Result<()> {
    let name = table_name(&request.resource_arn)?;
    if request.tag_keys.is_empty() {
        return Err(Error::validation("Atleast one Tag Key needs to be provided as Input."));
    }
    request.tag_keys.iter().try_for_each(|key| check_key(key))?;
    change(catalog, tx, name, &request.resource_arn, |tags| tags.retain(|key, _| !request.tag_keys.contains(key)))
}

pub(crate) fn list(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &ListTagsOfResourceRequest,
) -> Result<ListTagsOfResourceOutput> {
    let table = find(catalog, reader, table_name(&request.resource_arn)?, &request.resource_arn)?;
    Ok(ListTagsOfResourceOutput { tags: table.settings.tags.clone(), next_token: None })
}

/// The name of the table that an ARN stands for.
fn table_name(arn: &str) -> Result<&str> {
    if arn.is_empty() {
        return Err(Error::validation("Invalid TableArn"));
    }
    if !arn.starts_with("arn:") || !arn.contains(":table/") {
        return Err(Error::validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}")));
    }
    constraints::table_name(arn)
}

fn find(catalog: &Catalog, reader: &mut impl Read, name: &str, arn: &str) -> Result<std::sync::Arc<TableRecord>> {
    catalog.find_usable(reader, name)?.ok_or_else(|| Error::ResourceNotFound {
        // The service's own spelling.
        message: format!("Requested resource not found: ResourcArn: {arn} not found"),
    })
}

fn change(
    catalog: &Catalog,
    tx: &mut Transaction,
    name: &str,
    arn: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<()> {
    let mut table = TableRecord::clone(&*find(catalog, tx, name, arn)?);
    let mut tags = table.settings.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    change(&mut tags);
    table.settings.tags = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    check_tags(&table.settings.tags)?;
    tx.put(&catalog.tables, layout::table_key(name), table.encode())?;
    Ok(())
}

/// Checks the tags that a request gives, or that a table would have.
pub(crate) fn check_tags(tags: &[Tag]) -> Result<()> {
    let mut keys = BTreeSet::new();
    for Tag { key, value } in tags {
        check_key(key)?;
        if value.chars().count() > MAX_VALUE_CHARACTERS || !value.chars().all(is_legal) {
            return Err(Error::validation(format!("The Tag Value provided is invalid, Value: {value}")));
        }
        if !keys.insert(key) {
            return Err(Error::validation(format!(
                "Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
            )));
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(Error::validation("Number of Tags exceed the current limit for the provided ResourceArn"));
    }
    Ok(())
}

fn check_key(key: &str) -> Result<()> {
    if key.to_lowercase().starts_with("aws:") {
        return Err(Error::validation(format!("Tag Key cannot be prefixed with aws:, Key: {key}")));
    }
    if key.is_empty() || key.chars().count() > MAX_KEY_CHARACTERS || !key.chars().all(is_legal) {
        return Err(Error::validation(format!("The Tag Key provided is invalid, Key: {key}")));
    }
    Ok(())
}

/// Letters, digits, white space and some signs.
fn is_legal(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@".contains(character)
}
