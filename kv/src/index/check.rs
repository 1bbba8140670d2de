//! Checks of what requests say of indexes.

use std::collections::BTreeSet;

use super::{Definition, Projected, Scope};
use crate::constraints::{self, Constraints};
use crate::create_table::MAX_KEY_NAME_CHARACTERS;
use crate::key::{KeyAttribute, Keys};
use crate::model::{
    AttributeDefinition, BillingMode, CreateTableRequest, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, Projection, ProjectionType, ProvisionedThroughput,
};
use crate::settings::{check_on_demand, check_throughput_values};
use crate::{Error, Result};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MAX_LOCAL: usize = 5;
pub(crate) const MAX_GLOBAL: usize = 20;
/// Attributes of a global index's partition key, and of its sort key.
const MAX_KEY_ATTRIBUTES: usize = 4;
const MAX_INCLUDED: usize = 20;
/// Over all indexes of a table.
const MAX_INCLUDED_TOGETHER: usize = 100;

/// Single parameters of a local index that break constraints.
pub(crate) fn constrain_local(broken: &mut Constraints, field: &str, index: &LocalSecondaryIndex) {
    let LocalSecondaryIndex { index_name, key_schema, projection } = index;
    if key_schema.len() > 2 {
        broken.breaks_at(&format!("{field}.keySchema"), "Member must have length less than or equal to 2");
    }
    constrain(broken, field, index_name, key_schema, projection, None);
}

/// As [`constrain_local`], for a global index.
pub(crate) fn constrain_global(broken: &mut Constraints, field: &str, index: &GlobalSecondaryIndex) {
    let GlobalSecondaryIndex { index_name, key_schema, projection, provisioned_throughput, .. } = index;
    constrain(broken, field, index_name, key_schema, projection, *provisioned_throughput);
}

/// The names in a key schema that break constraints.
pub(crate) fn constrain_key_names(broken: &mut Constraints, field: &str, schema: &[KeySchemaElement]) {
    for (nth, key) in (1..).zip(schema) {
        broken.length(&key.attribute_name, &format!("{field}.{nth}.member.attributeName"), 1, MAX_KEY_NAME_CHARACTERS);
    }
}

fn constrain(
    broken: &mut Constraints,
    field: &str,
    index_name: &str,
    schema: &[KeySchemaElement],
    projection: &Projection,
    throughput: Option<ProvisionedThroughput>,
) {
    constraints::index_name(broken, index_name, &format!("{field}.indexName"));
    if schema.is_empty() {
        broken.breaks_at(&format!("{field}.keySchema"), "Member must have length greater than or equal to 1");
    }
    constrain_key_names(broken, &format!("{field}.keySchema"), schema);
    let included = projection.non_key_attributes.as_deref();
    let field_of_included = format!("{field}.projection.nonKeyAttributes");
    let is_name = |name: &String| (1..=MAX_KEY_NAME_CHARACTERS).contains(&name.chars().count());
    if included.is_some_and(<[String]>::is_empty) {
        broken.breaks("[]", &field_of_included, "Member must have length greater than or equal to 1");
    } else if included.is_some_and(|names| names.len() > MAX_INCLUDED) {
        broken.breaks_at(&field_of_included, "Member must have length less than or equal to 20");
    } else if let Some(names) = included.filter(|names| !names.iter().all(is_name)) {
        broken.breaks(
            format_args!("[{}]", names.join(", ")),
            &field_of_included,
            "Member must satisfy constraint: [Member must have length less than or equal to 255, Member must have length \
             greater than or equal to 1]",
        );
    }
    check_throughput_values(broken, throughput, &format!("{field}.provisionedThroughput"));
}

/// The indexes of a new table, in the order in which they are asked for.
///
/// # Errors
/// The first fault, in the service's order: local indexes before global ones.
pub(crate) fn definitions(request: &CreateTableRequest, keys: &Keys) -> Result<Vec<Definition>> {
    let mut found: Vec<Definition> = Vec::new();
    let types = &request.attribute_definitions;
    check_all_used(request, keys)?;
    if let Some(indexes) = &request.local_secondary_indexes {
        if indexes.is_empty() {
            return Err(Error::invalid_parameters("List of LocalSecondaryIndexes is empty"));
        }
        if keys.sort.is_none() {
            return Err(Error::invalid_parameters(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
            ));
        }
        if indexes.len() > MAX_LOCAL {
            return Err(Error::invalid_parameters("Number of LocalSecondaryIndexes exceeds per-table limit of 5"));
        }
        for index in indexes {
            let definition = local(types, index, keys)?;
            add(&mut found, definition)?;
        }
    }
    if let Some(indexes) = &request.global_secondary_indexes {
        if indexes.is_empty() {
            return Err(Error::invalid_parameters("List of GlobalSecondaryIndexes is empty"));
        }
        if indexes.len() > MAX_GLOBAL {
            return Err(Error::invalid_parameters("GlobalSecondaryIndex count exceeds the per-table limit of 20"));
        }
        for index in indexes {
            let definition = global(types, index, request.billing_mode.unwrap_or_default())?;
            add(&mut found, definition)?;
        }
    }
    check_included_together(found.iter())?;
    Ok(found)
}

fn add(found: &mut Vec<Definition>, definition: Definition) -> Result<()> {
    if found.iter().any(|other| other.name == definition.name) {
        return Err(Error::invalid_parameters(format_args!("Duplicate index name: {}", definition.name)));
    }
    found.push(definition);
    Ok(())
}

fn local(types: &[AttributeDefinition], index: &LocalSecondaryIndex, table: &Keys) -> Result<Definition> {
    let name = &index.index_name;
    let keys = keys(types, &index.key_schema)?;
    if keys.sort.is_none() {
        return Err(Error::invalid_parameters(format_args!(
            "Index KeySchema does not have a range key for index: {name}"
        )));
    }
    if keys.partition != table.partition {
        return Err(Error::invalid_parameters(format_args!(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. index hash \
             key: {}, table hash key: {}",
            keys.partition.name, table.partition.name
        )));
    }
    Ok(Definition {
        name: name.clone(),
        scope: Scope::Local,
        keys,
        projected: projected(&index.projection)?,
        throughput: ProvisionedThroughput::default(),
        on_demand: None,
        warm: None,
    })
}

/// A global index, of a new table or of one that exists.
pub(crate) fn global(
    types: &[AttributeDefinition],
    index: &GlobalSecondaryIndex,
    billing: BillingMode,
) -> Result<Definition> {
    let name = &index.index_name;
    let keys = global_keys(types, &index.key_schema)?;
    let projected = projected(&index.projection)?;
    match (billing, index.provisioned_throughput) {
        (BillingMode::PayPerRequest, Some(_)) => {
            return Err(Error::invalid_parameters(format_args!(
                "ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            )));
        }
        (BillingMode::Provisioned, None) => {
            return Err(Error::invalid_parameters(format_args!(
                "ProvisionedThroughput is not specified for index: {name}"
            )));
        }
        _ => {}
    }
    check_on_demand(billing, index.on_demand_throughput, &format!("index : {name}"))?;
    Ok(Definition {
        name: name.clone(),
        scope: Scope::Global,
        keys,
        projected,
        throughput: index.provisioned_throughput.unwrap_or_default(),
        on_demand: index.on_demand_throughput,
        warm: index.warm_throughput,
    })
}

/// The key of a table or of a local index, with types: one attribute or two.
pub(crate) fn keys(types: &[AttributeDefinition], schema: &[KeySchemaElement]) -> Result<Keys> {
    let attributes = typed(types, schema)?;
    check_order(schema)?;
    Keys::of(attributes, 1).ok_or_else(empty_schema)
}

/// The key of a global index, with types: up to [`MAX_KEY_ATTRIBUTES`] of each kind.
fn global_keys(types: &[AttributeDefinition], schema: &[KeySchemaElement]) -> Result<Keys> {
    if schema.len() <= 2 && schema.iter().filter(|element| element.key_type == KeyType::Hash).count() < 2 {
        return keys(types, schema);
    }
    let partition = check_long_schema(schema)?;
    Keys::of(typed(types, schema)?, partition).ok_or_else(empty_schema)
}

fn empty_schema() -> Error {
    Error::validation("Invalid KeySchema: it is empty")
}

/// The attributes of a key schema with their types.
fn typed(types: &[AttributeDefinition], schema: &[KeySchemaElement]) -> Result<Vec<KeyAttribute>> {
    let find = |element: &KeySchemaElement| {
        let found = types.iter().find(|definition| definition.attribute_name == element.attribute_name)?;
        Some(KeyAttribute { name: found.attribute_name.clone(), attribute_type: found.attribute_type })
    };
    schema.iter().map(|element| find(element).ok_or_else(|| undefined_keys(schema, types))).collect()
}

/// Attributes of the partition key first, those of the sort key after them, under different names. Gives the number of
/// the former.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html>
fn check_long_schema(schema: &[KeySchemaElement]) -> Result<usize> {
    if schema.first().is_some_and(|first| first.key_type != KeyType::Hash) {
        return Err(Error::validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
    }
    let is_hash = |element: &&KeySchemaElement| element.key_type == KeyType::Hash;
    let partition = schema.iter().take_while(is_hash).count();
    let hashes = schema.iter().filter(is_hash).count();
    if hashes > partition {
        return Err(Error::invalid_parameters(
            "All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ));
    }
    for (kind, count) in [(KeyType::Hash, partition), (KeyType::Range, schema.len() - partition)] {
        if count > MAX_KEY_ATTRIBUTES {
            return Err(Error::invalid_parameters(format_args!(
                "The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )));
        }
    }
    let names: BTreeSet<&str> = schema.iter().map(|element| element.attribute_name.as_str()).collect();
    if names.len() < schema.len() {
        return Err(Error::validation("The KeySchema contains multiple key attributes with the same name"));
    }
    Ok(partition)
}

/// Partition key first, sort key second, under different names.
fn check_order(schema: &[KeySchemaElement]) -> Result<()> {
    let text = match schema {
        [first, second] if first.attribute_name == second.attribute_name => {
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        }
        [first, ..] if first.key_type != KeyType::Hash => {
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        }
        [_, second] if second.key_type != KeyType::Range => {
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        }
        _ => return Ok(()),
    };
    Err(Error::validation(text))
}

fn undefined_keys(schema: &[KeySchemaElement], types: &[AttributeDefinition]) -> Error {
    let keys: Vec<&str> = schema.iter().map(|element| element.attribute_name.as_str()).collect();
    let defined: Vec<&str> = types.iter().map(|definition| definition.attribute_name.as_str()).collect();
    Error::invalid_parameters(format_args!(
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
        keys.join(", "),
        defined.join(", ")
    ))
}

fn projected(projection: &Projection) -> Result<Projected> {
    let Some(rule) = projection.projection_type else {
        return Err(Error::invalid_parameters("Unknown ProjectionType: null"));
    };
    match (rule, &projection.non_key_attributes) {
        (ProjectionType::Include, Some(names)) => {
            let mut seen = BTreeSet::new();
            match names.iter().find(|name| !seen.insert(name.as_str())) {
                None => Ok(Projected::Include(names.clone())),
                Some(name) => {
                    Err(Error::invalid_parameters(format_args!("Duplicate element in NonKeyAttributes: {name}")))
                }
            }
        }
        (ProjectionType::Include, None) => {
            Err(Error::invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified"))
        }
        (_, Some(_)) => {
            Err(Error::invalid_parameters(format_args!("ProjectionType is {rule}, but NonKeyAttributes is specified")))
        }
        (ProjectionType::All, None) => Ok(Projected::All),
        (ProjectionType::KeysOnly, None) => Ok(Projected::KeysOnly),
    }
}

pub(crate) fn check_included_together<'a>(indexes: impl Iterator<Item = &'a Definition>) -> Result<()> {
    let included = indexes.map(|index| match &index.projected {
        Projected::Include(names) => names.len(),
        Projected::All | Projected::KeysOnly => 0,
    });
    let included: usize = included.sum();
    if included <= MAX_INCLUDED_TOGETHER {
        return Ok(());
    }
    Err(Error::invalid_parameters(format_args!(
        "Number of NonKeyAttributes of all indexes exceeds per-table limit of {MAX_INCLUDED_TOGETHER}"
    )))
}

/// Types are defined for key attributes and for no others. What has no type is found with its index.
fn check_all_used(request: &CreateTableRequest, keys: &Keys) -> Result<()> {
    let types = &request.attribute_definitions;
    let local = request.local_secondary_indexes.iter().flatten().map(|index| &index.key_schema);
    let global = request.global_secondary_indexes.iter().flatten().map(|index| &index.key_schema);
    let of_indexes: BTreeSet<&str> =
        local.chain(global).flatten().map(|element| element.attribute_name.as_str()).collect();
    let used: BTreeSet<&str> = keys.names().chain(of_indexes.iter().copied()).collect();
    let defined: Vec<&str> = types.iter().map(|definition| definition.attribute_name.as_str()).collect();
    let is_undefined = !used.is_subset(&defined.iter().copied().collect());
    if is_undefined || defined.iter().all(|name| used.contains(name)) {
        return Ok(());
    }
    if of_indexes.is_empty() {
        return Err(Error::invalid_parameters(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in \
             AttributeDefinitions",
        ));
    }
    let used: Vec<&str> = used.into_iter().collect();
    Err(Error::invalid_parameters(format_args!(
        "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
        defined.join(", "),
        used.join(", ")
    )))
}
