//! The labels of tables.

use std::collections::BTreeMap;

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
    catalog.find(reader, name)?.ok_or_else(|| Error::ResourceNotFound {
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
    if tags.len() > MAX_TAGS {
        return Err(Error::invalid_parameters(format_args!("Too many tags: at most {MAX_TAGS} are allowed")));
    }
    let mut keys = std::collections::BTreeSet::new();
    for tag in tags {
        let (key, value) = (tag.key.chars().count(), tag.value.chars().count());
        if key == 0 || key > MAX_KEY_CHARACTERS || value > MAX_VALUE_CHARACTERS {
            return Err(Error::invalid_parameters(format_args!(
                "a tag's Key must have 1 to {MAX_KEY_CHARACTERS} characters and its Value at most {MAX_VALUE_CHARACTERS}"
            )));
        }
        if !keys.insert(&tag.key) {
            return Err(Error::invalid_parameters(format_args!("Duplicate tag Key: {}", tag.key)));
        }
    }
    Ok(())
}
