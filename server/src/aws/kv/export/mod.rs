//! Exports of tables: what is asked for, what is written, and how that is described.

pub(super) mod ion;
mod write;

use millpond::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use write::{Source, run};

use super::{
    table::{seconds, table_arn},
    transfers::{EXPORTS, Record, Transfer},
};

pub(super) const DYNAMODB_JSON: &str = "DYNAMODB_JSON";
pub(super) const ION: &str = "ION";
pub(super) const FULL_EXPORT: &str = "FULL_EXPORT";
pub(super) const INCREMENTAL_EXPORT: &str = "INCREMENTAL_EXPORT";
pub(super) const NEW_IMAGE: &str = "NEW_IMAGE";
pub(super) const NEW_AND_OLD_IMAGES: &str = "NEW_AND_OLD_IMAGES";

/// An export as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Export {
    #[serde(flatten)]
    pub(super) transfer: Transfer,
    pub(super) bucket: String,
    pub(super) bucket_owner: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) sse_algorithm: String,
    pub(super) sse_kms_key: Option<String>,
    pub(super) format: String,
    /// As it was asked for.
    pub(super) export_type: Option<String>,
    /// Of a full export.
    pub(super) time_millis: Option<u64>,
    /// Of an incremental one.
    pub(super) window: Option<Window>,
    pub(super) item_count: Option<u64>,
    pub(super) billed_size_bytes: Option<u64>,
    pub(super) manifest: Option<String>,
}

/// What an incremental export covers: from the beginning of a second to the beginning of another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) from_secs: u64,
    pub(super) to_secs: u64,
    pub(super) view: String,
}

impl Record for Export {
    fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    fn transfer_mut(&mut self) -> &mut Transfer {
        &mut self.transfer
    }
}

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportDescription.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description<'a> {
    export_arn: String,
    export_status: &'a str,
    start_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_manifest: Option<&'a str>,
    table_arn: String,
    table_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    #[serde(rename = "S3Bucket")]
    bucket: &'a str,
    #[serde(rename = "S3BucketOwner", skip_serializing_if = "Option::is_none")]
    bucket_owner: Option<&'a str>,
    #[serde(rename = "S3Prefix", skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    #[serde(rename = "S3SseAlgorithm")]
    sse_algorithm: &'a str,
    #[serde(rename = "S3SseKmsKeyId", skip_serializing_if = "Option::is_none")]
    sse_kms_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<&'a str>,
    export_format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    billed_size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incremental_export_specification: Option<DescribedWindow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedWindow<'a> {
    export_from_time: f64,
    export_to_time: f64,
    export_view_type: &'a str,
}

/// What asking for an export and describing one answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<'a> {
    pub(super) export_description: Description<'a>,
}

impl Export {
    /// The full or incremental kind that it is.
    pub(super) fn kind(&self) -> &'static str {
        if self.window.is_some() { INCREMENTAL_EXPORT } else { FULL_EXPORT }
    }

    pub(super) fn describe(&self, region: &str) -> Output<'_> {
        let transfer = &self.transfer;
        let millis = |millis: u64| seconds(Timestamp::from_millis(millis));
        let secs = |secs: u64| seconds(Timestamp::from_secs(secs));
        let export_description = Description {
            export_arn: EXPORTS.arn(region, transfer),
            export_status: &transfer.status,
            start_time: millis(transfer.start_millis),
            end_time: transfer.end_millis.map(millis),
            export_manifest: self.manifest.as_deref(),
            table_arn: table_arn(region, &transfer.table_name),
            table_id: &transfer.table_id,
            export_time: self.time_millis.map(millis),
            client_token: transfer.client_token.as_deref(),
            bucket: &self.bucket,
            bucket_owner: self.bucket_owner.as_deref(),
            prefix: self.prefix.as_deref(),
            sse_algorithm: &self.sse_algorithm,
            sse_kms_key: self.sse_kms_key.as_deref(),
            failure_code: transfer.failure_code.as_deref(),
            failure_message: transfer.failure_message.as_deref(),
            export_format: &self.format,
            billed_size_bytes: self.billed_size_bytes,
            item_count: self.item_count,
            export_type: self.export_type.as_deref(),
            incremental_export_specification: self.window.as_ref().map(|window| DescribedWindow {
                export_from_time: secs(window.from_secs),
                export_to_time: secs(window.to_secs),
                export_view_type: &window.view,
            }),
        };
        Output { export_description }
    }
}
