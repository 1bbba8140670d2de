use std::time::Duration;

use millpond::{
    Timestamp,
    kv::{Error, check_table_name},
};
use serde::de::IgnoredAny;

use super::{
    Answered, NAMESPACE,
    checks::{self, Checks},
    export::{
        self, DYNAMODB_JSON, Export, FULL_EXPORT, INCREMENTAL_EXPORT, ION, NEW_AND_OLD_IMAGES, NEW_IMAGE, Source,
        Window,
    },
    transfers::{EXPORTS, IN_PROGRESS, MAX_TOKEN_BYTES, Transfer, digest},
};
use crate::{
    aws::{
        Call,
        json::{self, Failure, Moment, Text, members},
    },
    buckets,
};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html>
const MIN_WINDOW: Duration = Duration::from_secs(15 * 60);
const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);

const BUCKET_PATTERN: &str = r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$";

members! {
    Request {
        table_arn: Text = "TableArn",
        export_time: Moment = "ExportTime",
        client_token: Text = "ClientToken",
        bucket: Text = "S3Bucket",
        bucket_owner: Text = "S3BucketOwner",
        prefix: Text = "S3Prefix",
        sse_algorithm: Text = "S3SseAlgorithm",
        sse_kms_key: Text = "S3SseKmsKeyId",
        export_format: Text = "ExportFormat",
        export_type: Text = "ExportType",
        incremental: Specification = "IncrementalExportSpecification",
        filter: IgnoredAny = "FilterSpecification",
    }
}
members! {
    Specification {
        from: Moment = "ExportFromTime",
        to: Moment = "ExportToTime",
        view: Text = "ExportViewType",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let (engine, now) = (call.pond.engine(), call.pond.clock().now());
    let (mut export, table_arn) = read(given, now)?;
    if !call.buckets.has_directory() {
        return Err(Failure::validation(NO_DIRECTORY));
    }
    let digest = digest(call.body);
    if let Some(known) = EXPORTS.repeated::<Export>(engine, export.transfer.client_token.as_ref(), &digest)? {
        return json::write(&known.describe(call.region));
    }
    let source = source(call, &mut export, &table_arn)?;
    EXPORTS.begin(engine, &mut export, &digest)?;
    let written = match call.buckets.find(&export.bucket) {
        Ok(bucket) => export::run(&mut export, source, &bucket, call.region, || engine.clock().now())
            .map_err(|error| ("S3InternalError", error.to_string())),
        Err(_) => Err(NO_SUCH_BUCKET).map_err(|(code, message)| (code, message.to_owned())),
    };
    export.transfer.end(engine.clock().now(), written.err());
    EXPORTS.update(engine, &export)?;
    json::write(&export.describe(call.region))
}

pub(super) const NO_DIRECTORY: &str = "this server has no directory in the place of S3: start it with --s3-dir DIR (or \
                                       MILLPOND_S3_DIR) and make a directory of the bucket's name in it";
/// Code and text of the service.
pub(super) const NO_SUCH_BUCKET: (&str, &str) = (
    "S3NoSuchBucket",
    "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)",
);

/// Checks what the request says by itself.
fn read(given: Request, now: Timestamp) -> Result<(Export, String), Failure> {
    let mut checks = Checks::default();
    let table_arn = checks::text(given.table_arn);
    checks.length(table_arn.as_deref(), "tableArn", (1, 1024));
    let table_arn = checks.required(table_arn, "tableArn");
    let bucket = checks.bucket(given.bucket, "s3Bucket");
    let bucket_owner = checks.bucket_owner(given.bucket_owner, "s3BucketOwner");
    let prefix = checks.prefix(given.prefix, "s3Prefix");
    let client_token = checks.client_token(given.client_token);
    let sse_kms_key = checks::text(given.sse_kms_key);
    checks.length(sse_kms_key.as_deref(), "s3SseKmsKeyId", (1, 2048));
    let sse = checks.one_of(given.sse_algorithm, "s3SseAlgorithm", &["AES256", "KMS"]);
    let format = checks.one_of(given.export_format, "exportFormat", &[DYNAMODB_JSON, ION]);
    let export_type = checks.one_of(given.export_type, "exportType", &[FULL_EXPORT, INCREMENTAL_EXPORT]);
    let (from, to, view) = match given.incremental {
        None => (None, None, None),
        Some(given) => {
            let field = "incrementalExportSpecification.exportViewType";
            (Some(given.from), given.to, checks.one_of(given.view, field, &[NEW_IMAGE, NEW_AND_OLD_IMAGES]))
        }
    };
    checks.finish()?;
    if !table_arn.starts_with("arn:") || !table_arn.contains(":table/") {
        return Err(invalid("tableArn is not a valid ARN"));
    }
    if given.filter.is_some() {
        return Err(invalid("FilterSpecification: filters of exports are not supported"));
    }
    if sse_kms_key.is_some() && sse != Some("KMS") {
        return Err(Failure::validation("Invalid Request: KMS Key Id is not supported for this encryption type"));
    }
    let window = window(export_type, from, to, view, now)?;
    let export = Export {
        transfer: Transfer {
            id: String::new(),
            table_name: check_table_name(&table_arn)?.to_owned(),
            table_id: String::new(),
            status: IN_PROGRESS.to_owned(),
            start_millis: now.as_millis(),
            end_millis: None,
            client_token,
            failure_code: None,
            failure_message: None,
        },
        bucket,
        bucket_owner,
        prefix,
        sse_algorithm: sse.unwrap_or("AES256").to_owned(),
        sse_kms_key,
        format: format.unwrap_or(DYNAMODB_JSON).to_owned(),
        export_type: export_type.map(str::to_owned),
        time_millis: window.is_none().then(|| given.export_time.map_or(now, Moment::timestamp).as_millis()),
        window,
        item_count: None,
        billed_size_bytes: None,
        manifest: None,
    };
    Ok((export, table_arn))
}

fn invalid(detail: &str) -> Failure {
    Failure::validation(format!("One or more parameter values were invalid: {detail}"))
}

/// What an incremental export covers; `from` is `None` where there is no specification of one.
fn window(
    export_type: Option<&str>,
    from: Option<Option<Moment>>,
    to: Option<Moment>,
    view: Option<&str>,
    now: Timestamp,
) -> Result<Option<Window>, Failure> {
    let wrong = |text: &str| Err(Failure::validation(format!("Invalid Request: {text}")));
    let from = match (export_type, from) {
        (Some(INCREMENTAL_EXPORT), Some(Some(from))) => from.timestamp(),
        (Some(INCREMENTAL_EXPORT), Some(None)) => {
            return wrong("ExportFromTime must be provided in IncrementalExportSpecification");
        }
        (Some(INCREMENTAL_EXPORT), None) => {
            return wrong("Incremental Export Specification expected when export type is set as Incremental Export");
        }
        (None, Some(_)) => {
            return wrong(
                "Export Type expected to be Incremental Export when incremental export specification is provided",
            );
        }
        (Some(_), Some(_)) => {
            return wrong("When Export Type is Full Export , Incremental Export Specification should not be provided");
        }
        (_, None) => return Ok(None),
    };
    let to = to.map_or(now, Moment::timestamp);
    let refused = |message: String| Err(Failure::client(NAMESPACE, "InvalidExportTimeException", message));
    if to > now {
        return refused(format!("Incremental export period to time cannot be greater than the current time : {to:.0}"));
    }
    let covered = to.saturating_since(from);
    if from > to || covered < MIN_WINDOW {
        return refused(
            "Difference between export period from time and export period to time is less than 15 minutes".into(),
        );
    }
    if covered > MAX_WINDOW {
        return refused(
            "Difference between export period from time and export period to time is more than 24 hours".into(),
        );
    }
    let view = view.unwrap_or(NEW_AND_OLD_IMAGES).to_owned();
    Ok(Some(Window { from_secs: from.as_secs(), to_secs: to.as_secs(), view }))
}

/// Opens what is to be exported, which tells whether it can be.
fn source(call: &Call<'_>, export: &mut Export, table_arn: &str) -> Result<Source, Failure> {
    let kv = call.pond.kv();
    let name = &export.transfer.table_name;
    let source = match &export.window {
        None => {
            let at = Timestamp::from_millis(export.time_millis.unwrap_or_default());
            kv.items_at(name, Some(at)).map(Source::Items)
        }
        Some(window) => {
            let (from, to) = (Timestamp::from_secs(window.from_secs), Timestamp::from_secs(window.to_secs));
            kv.changes_between(name, from, to).map(Source::Changes)
        }
    };
    let source = source.map_err(|error| match error {
        // The service names the table here as the request does.
        Error::TableNotFound { .. } => Error::TableNotFound { message: format!("Table not found: {table_arn}") },
        Error::InvalidExportTime { .. } if export.window.is_some() => {
            let from = export.window.as_ref().map_or(0, |window| window.from_secs);
            let from = Timestamp::from_secs(from);
            let message =
                format!("Incremental export period from time cannot be less than the table creation time : {from:.0}");
            Error::InvalidExportTime { message }
        }
        other => other,
    })?;
    export.transfer.table_id = match &source {
        Source::Items(pages) => pages.table().table_id,
        Source::Changes(pages) => pages.table().table_id,
    };
    Ok(source)
}

impl Checks {
    /// The name of a bucket.
    pub(super) fn bucket(&mut self, member: Option<Text>, field: &str) -> String {
        let bucket = self.required(checks::text(member), field);
        let given = Some(bucket.as_str()).filter(|bucket| !bucket.is_empty());
        self.length(given, field, (0, 255));
        let is_bucket = |name: &str| {
            let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
            let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            name.len() >= 2
                && is_outer(name.bytes().next())
                && is_outer(name.bytes().last())
                && name.bytes().all(is_inner)
        };
        self.pattern(given, field, is_bucket, BUCKET_PATTERN);
        bucket
    }

    pub(super) fn bucket_owner(&mut self, member: Option<Text>, field: &str) -> Option<String> {
        let owner = checks::text(member);
        let is_account = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        self.pattern(owner.as_deref(), field, is_account, "[0-9]{12}");
        owner
    }

    /// The beginning of keys: what stands between its slashes becomes directories.
    pub(super) fn prefix(&mut self, member: Option<Text>, field: &str) -> Option<String> {
        let prefix = checks::text(member);
        self.length(prefix.as_deref(), field, (0, 1024));
        let is_path = |prefix: &str| {
            let prefix = prefix.trim_matches('/');
            prefix.is_empty() || buckets::is_key(prefix)
        };
        self.pattern(prefix.as_deref(), field, is_path, "a path of names without '..'");
        prefix
    }

    pub(super) fn client_token(&mut self, member: Option<Text>) -> Option<String> {
        let token = checks::text(member);
        self.pattern(token.as_deref(), "clientToken", |token| !token.is_empty() && !token.contains('$'), r"^[^\$]+$");
        let is_too_long = token.as_deref().filter(|token| token.len() > MAX_TOKEN_BYTES);
        self.length(is_too_long, "clientToken", (0, MAX_TOKEN_BYTES / 4));
        token
    }
}
