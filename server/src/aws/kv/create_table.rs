use millpond::kv::CreateTableRequest;
use serde::de::IgnoredAny;

use super::{
    Answered,
    checks::{self, Checks},
    index::Index,
    policy_document::canonical,
    table::{Changed, Definition, Description, KeyElement, OnDemand, Sse, Stream, Throughput, Warm},
    tags::{GivenTag, read_tags},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        attribute_definitions: List<Definition> = "AttributeDefinitions",
        key_schema: List<KeyElement> = "KeySchema",
        billing_mode: Text = "BillingMode",
        provisioned_throughput: Throughput = "ProvisionedThroughput",
        on_demand_throughput: OnDemand = "OnDemandThroughput",
        warm_throughput: Warm = "WarmThroughput",
        table_class: Text = "TableClass",
        sse_specification: Sse = "SSESpecification",
        deletion_protection_enabled: Flag = "DeletionProtectionEnabled",
        tags: List<GivenTag> = "Tags",
        local_secondary_indexes: List<Index> = "LocalSecondaryIndexes",
        global_secondary_indexes: List<Index> = "GlobalSecondaryIndexes",
        stream_specification: Stream = "StreamSpecification",
        resource_policy: Text = "ResourcePolicy",
        global_table_source_arn: Text = "GlobalTableSourceArn",
        vector_indexes: List<IgnoredAny> = "VectorIndexes",
    }
}
pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().create_table(&request)?;
    json::write(&Changed { table_description: Description::new(&output.table_description, call.region) })
}

fn read(given: Request) -> Result<CreateTableRequest, Failure> {
    let table_name = checks::table_name(given.table_name)?;
    let mut checks = Checks::default();
    let attribute_definitions = checks.required(given.attribute_definitions, "attributeDefinitions");
    let attribute_definitions = checks.definitions(attribute_definitions, "attributeDefinitions");
    let billing_mode = checks.choice_if_any(given.billing_mode, "billingMode");
    let provisioned_throughput =
        given.provisioned_throughput.map(|given| checks.throughput(given, "provisionedThroughput"));
    let key_schema = checks.required(given.key_schema, "keySchema").0;
    let key_schema = checks.key_schema(key_schema, "keySchema");
    let table_class = checks.choice_if_any(given.table_class, "tableClass");
    let sse_specification = given.sse_specification.map(|given| checks.sse(given, "sSESpecification"));
    let stream_specification = given.stream_specification.map(|given| checks.stream(given));
    let tags = read_tags(given.tags.unwrap_or_default(), &mut checks);
    let local_secondary_indexes = checks.local_indexes(given.local_secondary_indexes, "localSecondaryIndexes");
    let global_secondary_indexes = checks.global_indexes(given.global_secondary_indexes, "globalSecondaryIndexes");
    checks.finish()?;
    if given.global_table_source_arn.is_some() {
        return Err(refused("GlobalTableSourceArn: there are no global tables to be a replica of"));
    }
    if !checks::list(given.vector_indexes).is_empty() {
        return Err(refused("VectorIndexes: vector indexes are not supported"));
    }
    let resource_policy = given.resource_policy.map(|policy| canonical(&policy.0)).transpose()?;
    Ok(CreateTableRequest {
        table_name,
        attribute_definitions,
        key_schema,
        billing_mode,
        provisioned_throughput,
        on_demand_throughput: given.on_demand_throughput.map(Into::into),
        warm_throughput: given.warm_throughput.map(Into::into),
        table_class,
        sse_specification,
        deletion_protection_enabled: checks::flag(given.deletion_protection_enabled),
        tags,
        local_secondary_indexes,
        global_secondary_indexes,
        stream_specification,
        resource_policy,
    })
}

fn refused(what: &str) -> Failure {
    Failure::validation(format!("One or more parameter values were invalid: {what}"))
}
