//! Creating tables.

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::describe_table::Count;
use crate::index::{self, Definition};
use crate::key::Keys;
use crate::layout::{self, TableId};
use crate::model::{AttributeDefinition, BillingMode, CreateTableOutput, CreateTableRequest, KeySchemaElement};
use crate::settings::{check_on_demand, check_sse, check_sse_key, check_throughput, check_throughput_values};
use crate::table::{Settings, TableRecord};
use crate::{Error, Result, resource_policy, streams, tags};

pub(crate) const MAX_KEY_NAME_CHARACTERS: usize = 255;

/// A request whose own checks have passed.
pub(crate) struct Create<'a> {
    request: &'a CreateTableRequest,
    name: &'a str,
    keys: Keys,
    indexes: Vec<Definition>,
}

pub(crate) fn check(request: &CreateTableRequest) -> Result<Create<'_>> {
    let name = constraints::named_table(&request.table_name)?;
    check_constraints(request)?;
    check_throughput(request.billing_mode.unwrap_or_default(), request.provisioned_throughput)?;
    check_on_demand(request.billing_mode.unwrap_or_default(), request.on_demand_throughput, "table")?;
    let keys = check_keys(request)?;
    let indexes = index::check::definitions(request, &keys)?;
    streams::check_new(request.stream_specification)?;
    tags::check_tags(&request.tags)?;
    check_sse(request.sse_specification.as_ref())?;
    request.resource_policy.as_deref().map_or(Ok(()), resource_policy::check_size)?;
    Ok(Create { request, name, keys, indexes })
}

fn check_constraints(request: &CreateTableRequest) -> Result<()> {
    let mut constraints = Constraints::default();
    check_throughput_values(&mut constraints, request.provisioned_throughput, "provisionedThroughput");
    let schema = &request.key_schema;
    if schema.is_empty() {
        constraints.breaks("[]", "keySchema", "Member must have length greater than or equal to 1");
    } else if schema.len() > 2 {
        let shown: Vec<String> = schema.iter().take(10).map(show).collect();
        let shown = format!("[{}]", shown.join(", "));
        constraints.breaks(shown, "keySchema", "Member must have length less than or equal to 2");
    }
    index::check::constrain_key_names(&mut constraints, "keySchema", schema);
    check_definitions(&mut constraints, &request.attribute_definitions);
    check_sse_key(&mut constraints, request.sse_specification.as_ref());
    // The service tells of global indexes first.
    for (nth, index) in (1..).zip(request.global_secondary_indexes.iter().flatten()) {
        index::check::constrain_global(&mut constraints, &format!("globalSecondaryIndexes.{nth}.member"), index);
    }
    for (nth, index) in (1..).zip(request.local_secondary_indexes.iter().flatten()) {
        index::check::constrain_local(&mut constraints, &format!("localSecondaryIndexes.{nth}.member"), index);
    }
    constraints.finish()
}

fn show(key: &KeySchemaElement) -> String {
    format!("KeySchemaElement(attributeName={}, keyType={})", key.attribute_name, key.key_type)
}

/// Checks the names of attributes that a request defines.
pub(crate) fn check_definitions(constraints: &mut Constraints, definitions: &[AttributeDefinition]) {
    for (nth, definition) in (1..).zip(definitions) {
        let field = format!("attributeDefinitions.{nth}.member.attributeName");
        constraints.length(&definition.attribute_name, &field, 1, MAX_KEY_NAME_CHARACTERS);
    }
}

/// The table's own key, from what the request defines.
fn check_keys(request: &CreateTableRequest) -> Result<Keys> {
    let (types, schema) = (&request.attribute_definitions, &request.key_schema);
    let is_defined = |key: &KeySchemaElement| types.iter().any(|it| it.attribute_name == key.attribute_name);
    if let [first, second] = schema.as_slice() {
        let same_name = first.attribute_name == second.attribute_name && types.len() == 1;
        if same_name || !is_defined(first) || !is_defined(second) {
            return Err(Error::validation("Invalid KeySchema: Some index key attribute have no definition"));
        }
    }
    let keys = index::check::keys(types, schema)?;
    let mut names: Vec<&str> = types.iter().map(|definition| definition.attribute_name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        let name = pair.first().copied().unwrap_or_default();
        return Err(Error::validation(format!("Attribute Name is duplicated: {name}")));
    }
    Ok(keys)
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, create: &Create<'_>) -> Result<CreateTableOutput> {
    let record = TableRecord { id: next_id(catalog, tx)?, ..record_in(catalog, tx, create)? };
    tx.put(&catalog.tables, layout::table_key(&record.name), record.encode())?;
    if let Some(policy) = &create.request.resource_policy {
        resource_policy::create_in(catalog, tx, record.id, policy)?;
    }
    Ok(CreateTableOutput { table_description: record.describe(record.created, &Count::default()) })
}

/// The record of a new table, without an id.
pub(crate) fn record_in(catalog: &Catalog, tx: &mut Transaction, create: &Create<'_>) -> Result<TableRecord> {
    let Create { request, name, keys, indexes } = create;
    if let Some(table) = catalog.find(tx, name)? {
        let message = match table.loading {
            Some(_) => format!("Table is being used: {name}"),
            None => format!("Table already exists: {name}"),
        };
        return Err(Error::ResourceInUse { message });
    }
    let now = tx.clock().now();
    let pay_per_request = request.billing_mode == Some(BillingMode::PayPerRequest);
    let mut record = TableRecord {
        id: TableId(0),
        name: (*name).to_owned(),
        keys: keys.clone(),
        indexes: Vec::new(),
        expiry: None,
        stream: None,
        latest_stream_label: None,
        destination: None,
        recovery: None,
        loading: None,
        next_index: 0,
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
    for definition in indexes {
        record.add_index(definition.clone(), false)?;
    }
    if let Some(view_type) = request.stream_specification.and_then(|stream| stream.stream_view_type) {
        streams::enable(catalog, tx, &mut record, view_type)?;
    }
    Ok(record)
}

pub(crate) fn next_id(catalog: &Catalog, tx: &mut Transaction) -> Result<TableId> {
    let last = Read::get(tx, &catalog.tables, layout::LAST_TABLE_ID)?;
    let last = last.map_or(Ok(TableId(0)), |value| layout::read_table_id(&value))?;
    let next = last.0.checked_add(1).map(TableId).ok_or_else(|| Error::LimitExceeded {
        message: "Subscriber limit exceeded: this store has given out all table ids".into(),
    })?;
    tx.put(&catalog.tables, layout::LAST_TABLE_ID, layout::table_id_value(next))?;
    Ok(next)
}
