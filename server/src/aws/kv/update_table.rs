use millpond::kv::UpdateTableRequest;
use serde::de::IgnoredAny;

use super::{
    Answered,
    checks::{self, Checks},
    global_tables::{ReplicaUpdate, refuse_replica_updates},
    index::Update,
    table::{Changed, Definition, Description, OnDemand, Sse, Stream, Throughput, Warm},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        attribute_definitions: List<Definition> = "AttributeDefinitions",
        billing_mode: Text = "BillingMode",
        provisioned_throughput: Throughput = "ProvisionedThroughput",
        on_demand_throughput: OnDemand = "OnDemandThroughput",
        warm_throughput: Warm = "WarmThroughput",
        table_class: Text = "TableClass",
        sse_specification: Sse = "SSESpecification",
        deletion_protection_enabled: Flag = "DeletionProtectionEnabled",
        stream_specification: Stream = "StreamSpecification",
        global_secondary_index_updates: List<Update> = "GlobalSecondaryIndexUpdates",
        replica_updates: List<ReplicaUpdate> = "ReplicaUpdates",
        vector_index_updates: List<IgnoredAny> = "VectorIndexUpdates",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?, call.region)?;
    let output = call.pond.kv().update_table(&request)?;
    json::write(&Changed { table_description: Description::new(&output.table_description, call.region) })
}

fn read(given: Request, region: &str) -> Result<UpdateTableRequest, Failure> {
    let table_name = checks::table_name(given.table_name)?;
    let mut checks = Checks::default();
    let attribute_definitions =
        given.attribute_definitions.map(|given| checks.definitions(given, "attributeDefinitions"));
    let provisioned_throughput =
        given.provisioned_throughput.map(|given| checks.throughput(given, "provisionedThroughput"));
    let billing_mode = checks.choice_if_any(given.billing_mode, "billingMode");
    let table_class = checks.choice_if_any(given.table_class, "tableClass");
    let sse_specification = given.sse_specification.map(|given| checks.sse(given, "sSESpecification"));
    let stream_specification = given.stream_specification.map(|given| checks.stream(given));
    let global_secondary_index_updates = checks.index_updates(given.global_secondary_index_updates)?;
    checks.finish()?;
    refuse_replica_updates(&checks::list(given.replica_updates), region)?;
    if !checks::list(given.vector_index_updates).is_empty() {
        return Err(Failure::validation(
            "One or more parameter values were invalid: VectorIndexUpdates: vector indexes are not supported",
        ));
    }
    Ok(UpdateTableRequest {
        table_name,
        attribute_definitions,
        billing_mode,
        provisioned_throughput,
        on_demand_throughput: given.on_demand_throughput.map(Into::into),
        warm_throughput: given.warm_throughput.map(Into::into),
        table_class,
        sse_specification,
        deletion_protection_enabled: checks::flag(given.deletion_protection_enabled),
        stream_specification,
        global_secondary_index_updates,
    })
}
