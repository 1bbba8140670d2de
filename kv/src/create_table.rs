//! Creating tables.

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::layout::{self, TableId};
use crate::model::{
    BillingMode, CreateTableOutput, CreateTableRequest, KeySchemaElement, KeyType, ProvisionedThroughput,
    SseSpecification,
};
use crate::table::{KeyAttribute, Settings, TableRecord};
use crate::{Error, Result, tags};

const MAX_CAPACITY_UNITS: i64 = 1_000_000_000_000;
const MAX_KEY_NAME_CHARACTERS: usize = 255;
/// The longest identifier of a key that the key service takes is an ARN.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
const MAX_KMS_KEY_CHARACTERS: usize = 2048;

/// A request whose own checks have passed.
pub(crate) struct Create<'a> {
    request: &'a CreateTableRequest,
    name: &'a str,
    partition_key: KeyAttribute,
    sort_key: Option<KeyAttribute>,
}

pub(crate) fn check(request: &CreateTableRequest) -> Result<Create<'_>> {
    let name = constraints::new_table_name(&request.table_name)?;
    check_constraints(request)?;
    check_throughput(request.billing_mode.unwrap_or_default(), request.provisioned_throughput)?;
    let keys = check_keys(request)?;
    refuse_unsupported(request)?;
    tags::check_tags(&request.tags)?;
    check_sse(request.sse_specification.as_ref())?;
    let mut attributes = keys.into_iter();
    let partition_key = attributes.next().ok_or_else(|| Error::validation("Invalid KeySchema: it is empty"))?;
    Ok(Create { request, name, partition_key, sort_key: attributes.next() })
}

fn check_constraints(request: &CreateTableRequest) -> Result<()> {
    let mut constraints = Constraints::default();
    check_throughput_values(&mut constraints, request.provisioned_throughput);
    let schema = &request.key_schema;
    if schema.is_empty() {
        constraints.breaks("[]", "keySchema", "Member must have length greater than or equal to 1");
    } else if schema.len() > 2 {
        let shown: Vec<String> = schema.iter().take(10).map(show).collect();
        let shown = format!("[{}]", shown.join(", "));
        constraints.breaks(shown, "keySchema", "Member must have length less than or equal to 2");
    }
    for (index, key) in schema.iter().enumerate() {
        check_name(&mut constraints, &key.attribute_name, &format!("keySchema.{}.member.attributeName", index + 1));
    }
    for (index, definition) in request.attribute_definitions.iter().enumerate() {
        let field = format!("attributeDefinitions.{}.member.attributeName", index + 1);
        check_name(&mut constraints, &definition.attribute_name, &field);
    }
    constraints.finish()
}

/// Checks the bounds of provisioned units.
pub(crate) fn check_throughput_values(constraints: &mut Constraints, throughput: Option<ProvisionedThroughput>) {
    let Some(throughput) = throughput else { return };
    let at_least_one = "Member must have value greater than or equal to 1";
    for (value, field) in [
        (throughput.write_capacity_units, "provisionedThroughput.writeCapacityUnits"),
        (throughput.read_capacity_units, "provisionedThroughput.readCapacityUnits"),
    ] {
        if value < 1 {
            constraints.breaks(value, field, at_least_one);
        }
    }
}

/// Checks the settings of encryption, which are kept and shown, no more.
pub(crate) fn check_sse(sse: Option<&SseSpecification>) -> Result<()> {
    let key = sse.and_then(|sse| sse.kms_master_key_id.as_deref()).unwrap_or_default();
    if key.chars().count() <= MAX_KMS_KEY_CHARACTERS {
        return Ok(());
    }
    let limit = MAX_KMS_KEY_CHARACTERS;
    Err(Error::invalid_parameters(format_args!("KMSMasterKeyId must have at most {limit} characters")))
}

/// Checks that provisioned units are given where, and only where, the billing mode has them.
pub(crate) fn check_throughput(mode: BillingMode, throughput: Option<ProvisionedThroughput>) -> Result<()> {
    match (mode, throughput) {
        (BillingMode::PayPerRequest, Some(_)) => Err(Error::invalid_parameters(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (BillingMode::Provisioned, None) => Err(Error::invalid_parameters(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        (BillingMode::PayPerRequest, None) => Ok(()),
        (BillingMode::Provisioned, Some(throughput)) => {
            for (value, name) in [
                (throughput.read_capacity_units, "ReadCapacityUnits"),
                (throughput.write_capacity_units, "WriteCapacityUnits"),
            ] {
                if value > MAX_CAPACITY_UNITS {
                    return Err(Error::validation(format!("Given value {value} for {name} is out of bounds")));
                }
            }
            Ok(())
        }
    }
}

fn show(key: &KeySchemaElement) -> String {
    format!("KeySchemaElement(attributeName={}, keyType={})", key.attribute_name, key.key_type)
}

fn check_name(constraints: &mut Constraints, name: &str, field: &str) {
    if name.is_empty() {
        constraints.breaks(name, field, "Member must have length greater than or equal to 1");
    } else if name.chars().count() > MAX_KEY_NAME_CHARACTERS {
        constraints.breaks(name, field, "Member must have length less than or equal to 255");
    }
}

fn check_keys(request: &CreateTableRequest) -> Result<Vec<KeyAttribute>> {
    let definitions = &request.attribute_definitions;
    let keys: Vec<&str> = request.key_schema.iter().map(|key| key.attribute_name.as_str()).collect();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.attribute_name.as_str()).collect();
    let undefined = keys.iter().any(|key| !names.contains(key));
    let same_name = keys.len() == 2 && keys.first() == keys.last();
    if keys.len() == 2 && (undefined || same_name && names.len() == 1) {
        return Err(Error::validation("Invalid KeySchema: Some index key attribute have no definition"));
    }
    if undefined {
        return Err(undefined_keys(&keys, &names));
    }
    check_order(&request.key_schema)?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        let name = pair.first().copied().unwrap_or_default();
        return Err(Error::invalid_parameters(format_args!("Duplicate AttributeName in AttributeDefinitions: {name}")));
    }
    let has_indexes = request.local_secondary_indexes.is_some() || request.global_secondary_indexes.is_some();
    if !has_indexes && keys.len() != names.len() {
        return Err(Error::invalid_parameters(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in \
             AttributeDefinitions",
        ));
    }
    let attribute = |name: &&str| {
        let definition = definitions.iter().find(|definition| definition.attribute_name == *name)?;
        Some(KeyAttribute { name: (*name).to_owned(), attribute_type: definition.attribute_type })
    };
    Ok(keys.iter().filter_map(attribute).collect())
}

fn undefined_keys(keys: &[&str], names: &[&str]) -> Error {
    Error::invalid_parameters(format_args!(
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
        keys.join(", "),
        names.join(", ")
    ))
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

/// Refuses what would otherwise be promised and not done.
fn refuse_unsupported(request: &CreateTableRequest) -> Result<()> {
    let mut names = Vec::new();
    if let Some(indexes) = &request.local_secondary_indexes {
        if indexes.is_empty() {
            return Err(Error::invalid_parameters("List of LocalSecondaryIndexes is empty"));
        }
        if request.key_schema.len() != 2 {
            return Err(Error::invalid_parameters(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
            ));
        }
        names.extend(indexes.iter().map(|index| &index.index_name));
    }
    if let Some(indexes) = &request.global_secondary_indexes {
        if indexes.is_empty() {
            return Err(Error::invalid_parameters("List of GlobalSecondaryIndexes is empty"));
        }
        names.extend(indexes.iter().map(|index| &index.index_name));
    }
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        let name = pair.first().map_or("", |name| name.as_str());
        return Err(Error::invalid_parameters(format_args!("Duplicate index name: {name}")));
    }
    if !names.is_empty() {
        return Err(Error::invalid_parameters("Secondary indexes are not supported yet"));
    }
    if request.stream_specification.is_some_and(|stream| stream.stream_enabled) {
        return Err(Error::invalid_parameters("StreamSpecification: change streams are not supported yet"));
    }
    Ok(())
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, create: &Create<'_>) -> Result<CreateTableOutput> {
    let Create { request, name, partition_key, sort_key } = create;
    if catalog.find(tx, name)?.is_some() {
        return Err(Error::ResourceInUse { message: format!("Table already exists: {name}") });
    }
    let id = next_id(catalog, tx)?;
    let now = tx.clock().now();
    let pay_per_request = request.billing_mode == Some(BillingMode::PayPerRequest);
    let record = TableRecord {
        id,
        name: (*name).to_owned(),
        partition_key: partition_key.clone(),
        sort_key: sort_key.clone(),
        created: now,
        settings: Settings {
            billing_mode: request.billing_mode,
            pay_per_request_since: pay_per_request.then_some(now),
            throughput: request.provisioned_throughput.unwrap_or_default(),
            on_demand: request.on_demand_throughput,
            warm: request.warm_throughput,
            table_class: request.table_class,
            sse: request.sse_specification.clone(),
            deletion_protection: request.deletion_protection_enabled.unwrap_or(false),
            tags: request.tags.clone(),
            ..Settings::default()
        },
    };
    tx.put(&catalog.tables, layout::table_key(name), record.encode())?;
    Ok(CreateTableOutput { table_description: record.describe(now, 0, 0) })
}

fn next_id(catalog: &Catalog, tx: &mut Transaction) -> Result<TableId> {
    let last = Read::get(tx, &catalog.tables, layout::LAST_TABLE_ID)?;
    let last = last.map_or(Ok(TableId(0)), |value| layout::read_table_id(&value))?;
    let next = last.0.checked_add(1).map(TableId).ok_or_else(|| Error::LimitExceeded {
        message: "Subscriber limit exceeded: this store has given out all table ids".into(),
    })?;
    tx.put(&catalog.tables, layout::LAST_TABLE_ID, layout::table_id_value(next))?;
    Ok(next)
}
