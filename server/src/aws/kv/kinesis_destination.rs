use millpond::kv::{
    ApproximateCreationDateTimePrecision as Precision, DescribeKinesisStreamingDestinationRequest, DestinationStatus,
    DisableKinesisStreamingDestinationRequest, EnableKinesisStreamingDestinationRequest,
    KinesisStreamingDestinationOutput, UpdateKinesisStreamingDestinationRequest,
};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Failure, Text, members},
};

/// What is said of a destination that is active: it gets nothing.
const NOTHING_IS_DELIVERED: &str = "Millpond keeps this setting, and delivers nothing to Kinesis streams yet";

members! {
    Request {
        table_name: Text = "TableName",
        stream_arn: Text = "StreamArn",
        enable_kinesis_streaming_configuration: Configuration = "EnableKinesisStreamingConfiguration",
        update_kinesis_streaming_configuration: Configuration = "UpdateKinesisStreamingConfiguration",
    }
}
members! {
    Configuration { approximate_creation_date_time_precision: Text = "ApproximateCreationDateTimePrecision" }
}
members! {
    DescribeRequest { table_name: Text = "TableName" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Changed<'a> {
    table_name: &'a str,
    stream_arn: &'a str,
    destination_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_kinesis_streaming_configuration: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_kinesis_streaming_configuration: Option<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_creation_date_time_precision: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    table_name: &'a str,
    kinesis_data_stream_destinations: Vec<Destination<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    stream_arn: &'a str,
    destination_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_status_description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_creation_date_time_precision: Option<&'static str>,
}

pub(super) fn enable(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let (table_name, stream_arn) = named(given.table_name, given.stream_arn, &mut checks);
    let precision = precision(
        given.enable_kinesis_streaming_configuration,
        "enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
        &mut checks,
    );
    checks.finish()?;
    let request = EnableKinesisStreamingDestinationRequest { table_name, stream_arn, precision };
    let output = call.pond.kv().enable_kinesis_streaming_destination(&request)?;
    json::write(&Changed { enable_kinesis_streaming_configuration: Some(Shown::new(precision)), ..changed(&output) })
}

pub(super) fn disable(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let (table_name, stream_arn) = named(given.table_name, given.stream_arn, &mut checks);
    checks.finish()?;
    if given.enable_kinesis_streaming_configuration.is_some() {
        return Err(Failure::validation(
            "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters",
        ));
    }
    let request = DisableKinesisStreamingDestinationRequest { table_name, stream_arn };
    json::write(&changed(&call.pond.kv().disable_kinesis_streaming_destination(&request)?))
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let (table_name, stream_arn) = named(given.table_name, given.stream_arn, &mut checks);
    let precision = precision(
        given.update_kinesis_streaming_configuration,
        "updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
        &mut checks,
    );
    checks.finish()?;
    let request = UpdateKinesisStreamingDestinationRequest { table_name, stream_arn, precision };
    let output = call.pond.kv().update_kinesis_streaming_destination(&request)?;
    json::write(&Changed { update_kinesis_streaming_configuration: Some(Shown::new(precision)), ..changed(&output) })
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let given: DescribeRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    checks.finish()?;
    let request = DescribeKinesisStreamingDestinationRequest { table_name };
    let output = call.pond.kv().describe_kinesis_streaming_destination(&request)?;
    let destinations = output.destinations.iter().map(|it| Destination {
        stream_arn: &it.stream_arn,
        destination_status: it.destination_status.as_str(),
        destination_status_description: (it.destination_status == DestinationStatus::Active)
            .then_some(NOTHING_IS_DELIVERED),
        approximate_creation_date_time_precision: it.precision.map(Precision::as_str),
    });
    let kinesis_data_stream_destinations = destinations.collect();
    json::write(&Described { table_name: &output.table_name, kinesis_data_stream_destinations })
}

impl Shown {
    fn new(precision: Option<Precision>) -> Shown {
        Shown { approximate_creation_date_time_precision: precision.map(Precision::as_str) }
    }
}

fn named(table: Option<Text>, stream: Option<Text>, checks: &mut Checks) -> (String, String) {
    (checks.named_table(table), checks.required(checks::text(stream), "streamArn"))
}

fn precision(given: Option<Configuration>, field: &str, checks: &mut Checks) -> Option<Precision> {
    checks.choice_if_any(given?.approximate_creation_date_time_precision, field)
}

fn changed(output: &KinesisStreamingDestinationOutput) -> Changed<'_> {
    Changed {
        table_name: &output.table_name,
        stream_arn: &output.stream_arn,
        destination_status: output.destination_status.as_str(),
        enable_kinesis_streaming_configuration: None,
        update_kinesis_streaming_configuration: None,
    }
}
