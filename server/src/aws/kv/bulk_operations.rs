//! Loading many items from a bucket into a table that is there. That is not built, as imports into new tables are, so no
//! operation is started, and there is none to tell of.

use millpond::kv::DescribeTimeToLiveRequest;
use serde::Serialize;

use super::{
    Answered, NAMESPACE,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Text, Whole, members},
};

const LEAST_UNITS: i64 = 1024;
const ARN_CHARACTERS: (usize, usize) = (37, 1024);
const MAX_RESULTS: i64 = 25;

members! {
    StartRequest {
        table_name: Text = "TableName",
        input_s3_configuration: Input = "InputS3Configuration",
        output_s3_configuration: Output = "OutputS3Configuration",
        max_write_request_units: Whole = "MaxWriteRequestUnits",
        performance_tier: Text = "PerformanceTier",
    }
}
members! {
    Input {
        s3_bucket: Text = "S3Bucket",
        input_format: Text = "InputFormat",
        input_compression_type: Text = "InputCompressionType",
    }
}
members! {
    Output { output_type: List<Text> = "OutputType" }
}
members! {
    OneRequest { bulk_operation_arn: Text = "BulkOperationArn" }
}
members! {
    ListRequest { max_results: Whole = "MaxResults", next_token: Text = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    bulk_operations_summary_list: [(); 0],
}

pub(super) fn start(call: &Call<'_>) -> Answered {
    let given: StartRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    let input = checks.required(given.input_s3_configuration, "inputS3Configuration");
    checks.required(input.s3_bucket.map(|_| ()), "inputS3Configuration.s3Bucket");
    checks.required(input.input_format.as_ref().map(|_| ()), "inputS3Configuration.inputFormat");
    checks.one_of(input.input_format, "inputS3Configuration.inputFormat", &["DYNAMODB_JSON", "ION"]);
    let compression = "inputS3Configuration.inputCompressionType";
    checks.one_of(input.input_compression_type, compression, &["GZIP", "ZSTD", "NONE"]);
    let output = checks.required(given.output_s3_configuration, "outputS3Configuration");
    let kinds = checks.required(output.output_type, "outputS3Configuration.outputType").0;
    for (kind, nth) in kinds.into_iter().zip(1..) {
        let field = format!("outputS3Configuration.outputType.{nth}.member");
        checks.one_of(Some(kind), &field, &["ERROR", "CONDITION_CHECK_FAILURE"]);
    }
    if let Some(Whole(units)) = given.max_write_request_units.filter(|units| units.0 < LEAST_UNITS) {
        let constraint = format!("Member must have value greater than or equal to {LEAST_UNITS}");
        checks.breaks(units, "maxWriteRequestUnits", &constraint);
    }
    checks.one_of(given.performance_tier, "performanceTier", &["STANDARD", "ACCELERATED"]);
    checks.finish()?;
    // Only whether the table is there: its own description would count its items.
    call.pond.kv().describe_time_to_live(&DescribeTimeToLiveRequest { table_name })?;
    Err(Failure::validation("bulk operations are not supported, so none can be started"))
}

/// Of one operation: it is described, or cancelled.
pub(super) fn one(call: &Call<'_>) -> Answered {
    let given: OneRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let arn = checks.required(checks::text(given.bulk_operation_arn), "bulkOperationArn");
    checks.finish()?;
    let mut checks = Checks::default();
    checks.length(Some(&arn), "bulkOperationArn", ARN_CHARACTERS);
    checks.finish()?;
    let message = format!("Requested resource not found: Bulk operation: {arn} not found");
    Err(Failure::client(NAMESPACE, "ResourceNotFoundException", message))
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    checks.between(given.max_results.map(|most| most.0), "maxResults", 1..=MAX_RESULTS);
    checks.finish()?;
    if given.next_token.is_some() {
        // None was given out.
        return Err(Failure::validation("The provided NextToken is not valid"));
    }
    json::write(&Listed { bulk_operations_summary_list: [] })
}
