//! The files of an export. The summary comes last: where there is none the export is not complete.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html>

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use millpond::{
    Timestamp,
    kv::{ChangePages, Item, ItemChange, ItemPages, value::item_size_bytes},
};
use serde::Serialize;
use serde_json::json;

use super::{Export, ION, NEW_IMAGE, Window, ion};
use crate::{
    aws::kv::{table::table_arn, transfers::EXPORTS, value::Shown},
    buckets::Bucket,
};

/// A data file is ended after about so many bytes, before they are compressed.
const FILE_BYTES: u64 = 256 << 20;

/// What is exported.
pub(in crate::aws::kv) enum Source {
    Items(ItemPages),
    Changes(ChangePages),
}

/// Why an export has failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::aws::kv) enum Failed {
    #[error("the bucket cannot be written to: {0}")]
    Bucket(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] millpond::kv::Error),
    #[error("a line cannot be written: {0}")]
    Line(#[from] serde_json::Error),
}

/// Writes all files of an export, and notes in it what was written.
pub(in crate::aws::kv) fn run(
    export: &mut Export,
    source: Source,
    bucket: &Bucket,
    region: &str,
    now: impl Fn() -> Timestamp,
) -> Result<(), Failed> {
    let prefix = export.prefix.as_deref().unwrap_or_default().trim_matches('/');
    let root = if prefix.is_empty() { "AWSDynamoDB".to_owned() } else { format!("{prefix}/AWSDynamoDB") };
    let own = format!("{root}/{}", export.transfer.id);
    put(bucket, &format!("{own}/_started"), b"")?;
    // Data files of incremental exports share a directory.
    let data = if export.window.is_some() { format!("{root}/data") } else { format!("{own}/data") };
    let mut files = Files { bucket, data, export, open: None, done: Vec::new(), items: 0, bytes: 0 };
    match source {
        Source::Items(mut pages) => {
            while let Some(items) = pages.next_page()? {
                items.iter().try_for_each(|item| files.item(item))?;
            }
        }
        Source::Changes(mut pages) => {
            while let Some(changes) = pages.next_page()? {
                changes.iter().try_for_each(|change| files.change(change))?;
            }
        }
    }
    let (done, items, bytes) = files.finish()?;
    let list: String = done.iter().map(|file| format!("{file}\n")).collect();
    let manifest_files = format!("{own}/manifest-files.json");
    put_summed(bucket, &manifest_files, &list)?;
    export.item_count = Some(items);
    export.billed_size_bytes = Some(bytes);
    let manifest = format!("{own}/manifest-summary.json");
    let summary = summary(export, &manifest_files, region, now());
    put_summed(bucket, &manifest, &summary.to_string())?;
    export.manifest = Some(manifest);
    Ok(())
}

fn summary(export: &Export, files: &str, region: &str, end: Timestamp) -> serde_json::Value {
    let transfer = &export.transfer;
    let millis = |millis: u64| Timestamp::from_millis(millis).to_string();
    let mut summary = json!({
        "version": "2020-06-30",
        "exportArn": EXPORTS.arn(region, transfer),
        "startTime": millis(transfer.start_millis),
        "endTime": end.to_string(),
        "tableArn": table_arn(region, &transfer.table_name),
        "tableId": transfer.table_id,
        "s3Bucket": export.bucket,
        "s3Prefix": export.prefix,
        "s3SseAlgorithm": export.sse_algorithm,
        "s3SseKmsKeyId": export.sse_kms_key,
        "manifestFilesS3Key": files,
        "billedSizeBytes": export.billed_size_bytes,
        "itemCount": export.item_count,
        "outputFormat": export.format,
        "exportType": export.kind(),
    });
    let mut add = |name: &str, value: String| {
        if let Some(members) = summary.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    };
    match &export.window {
        None => add("exportTime", millis(export.time_millis.unwrap_or_default())),
        Some(Window { from_secs, to_secs, view }) => {
            add("version", "2023-08-01".into());
            add("exportFromTime", Timestamp::from_secs(*from_secs).to_string());
            add("exportToTime", Timestamp::from_secs(*to_secs).to_string());
            add("outputView", view.clone());
        }
    }
    summary
}

/// A line of a full export.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    item: Shown<&'a Item>,
}

/// A line of an incremental one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeLine<'a> {
    metadata: serde_json::Value,
    keys: Shown<&'a Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<Shown<&'a Item>>,
}

/// Writes a small object.
fn put(bucket: &Bucket, key: &str, content: &[u8]) -> io::Result<()> {
    let mut file = bucket.create(key)?;
    file.write_all(content)?;
    bucket.sync(key, &file)
}

/// Writes a manifest and its checksum beside it.
fn put_summed(bucket: &Bucket, key: &str, content: &str) -> io::Result<()> {
    put(bucket, key, content.as_bytes())?;
    let sum = STANDARD.encode(Md5::digest(content));
    put(bucket, &key.replace(".json", ".md5"), sum.as_bytes())
}

/// The data files.
struct Files<'a> {
    bucket: &'a Bucket,
    data: String,
    export: &'a Export,
    open: Option<DataFile>,
    /// Their lines in the manifest.
    done: Vec<serde_json::Value>,
    items: u64,
    /// The bytes of the items by the service's rule.
    bytes: u64,
}

struct DataFile {
    key: String,
    packed: GzEncoder<Summed>,
    items: u64,
    bytes: u64,
}

/// A file, and the checksum of what is written to it.
struct Summed {
    file: BufWriter<File>,
    sum: Md5,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Files<'_> {
    fn item(&mut self, item: &Item) -> Result<(), Failed> {
        let line = match self.export.format.as_str() {
            ION => format!("{} {{Item:{}}}", ion::VERSION_MARKER, ion::item(item)),
            _ => serde_json::to_string(&Line { item: Shown(item) })?,
        };
        self.line(&line, item_size_bytes(item))
    }

    fn change(&mut self, change: &ItemChange) -> Result<(), Failed> {
        let view = self.export.window.as_ref().map_or("", |window| window.view.as_str());
        let old = change.old_image.as_ref().filter(|_| view != NEW_IMAGE);
        let images = [("OldImage", old), ("NewImage", change.new_image.as_ref())];
        let images = || images.iter().filter_map(|(name, image)| Some((*name, (*image)?)));
        // What is kept of a change is its second.
        let micros = change.last_written.as_secs().saturating_mul(1_000_000);
        let line = match self.export.format.as_str() {
            ION => {
                let images: String = images().map(|(name, image)| format!(",{name}:{}", ion::item(image))).collect();
                let (marker, keys) = (ion::VERSION_MARKER, ion::item(&change.keys));
                format!("{marker} {{Metadata:{{WriteTimestampMicros:{micros}.}},Keys:{keys}{images}}}")
            }
            _ => serde_json::to_string(&ChangeLine {
                metadata: json!({ "WriteTimestampMicros": { "N": micros.to_string() } }),
                keys: Shown(&change.keys),
                old_image: old.map(Shown),
                new_image: change.new_image.as_ref().map(Shown),
            })?,
        };
        let bytes = images().map(|(_, image)| item_size_bytes(image)).sum();
        self.line(&line, bytes)
    }

    fn line(&mut self, line: &str, item_bytes: usize) -> Result<(), Failed> {
        let file = match &mut self.open {
            Some(file) => file,
            None => self.begin()?,
        };
        file.packed.write_all(line.as_bytes())?;
        file.packed.write_all(b"\n")?;
        file.items += 1;
        file.bytes += line.len() as u64 + 1;
        let is_full = file.bytes >= FILE_BYTES;
        self.items += 1;
        self.bytes += item_bytes as u64;
        if is_full { self.end() } else { Ok(()) }
    }

    fn begin(&mut self) -> io::Result<&mut DataFile> {
        let name = Md5::digest(format!("{} {}", self.export.transfer.id, self.done.len()));
        let name: String = name.iter().take(13).map(|byte| format!("{byte:02x}")).collect();
        let ending = if self.export.format == ION { "ion" } else { "json" };
        let key = format!("{}/{name}.{ending}.gz", self.data);
        let file = BufWriter::new(self.bucket.create(&key)?);
        let packed = GzEncoder::new(Summed { file, sum: Md5::new() }, Compression::default());
        Ok(self.open.insert(DataFile { key, packed, items: 0, bytes: 0 }))
    }

    fn end(&mut self) -> Result<(), Failed> {
        let Some(file) = self.open.take() else { return Ok(()) };
        let Summed { file: written, sum } = file.packed.finish()?;
        let written = written.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.bucket.sync(&file.key, &written)?;
        let sum = sum.finalize();
        // That of an object that was uploaded in one part.
        let etag: String = Md5::digest(sum).iter().map(|byte| format!("{byte:02x}")).collect();
        self.done.push(json!({
            "itemCount": file.items,
            "md5Checksum": STANDARD.encode(sum),
            "etag": format!("{etag}-1"),
            "dataFileS3Key": file.key,
        }));
        Ok(())
    }

    fn finish(mut self) -> Result<(Vec<serde_json::Value>, u64, u64), Failed> {
        if self.done.is_empty() && self.open.is_none() {
            self.begin()?; // an empty table is an empty file
        }
        self.end()?;
        Ok((self.done, self.items, self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read, time::Duration};

    use flate2::read::MultiGzDecoder;
    use millpond::{
        Clock, Pond,
        kv::{
            AttributeDefinition, AttributeValue, BillingMode, CreateTableRequest, DeleteItemRequest, KeySchemaElement,
            KeyType, PutItemRequest, ScalarAttributeType, UpdateContinuousBackupsRequest,
        },
    };
    use serde_json::Value;

    use super::*;
    use crate::{
        aws::kv::{
            export::{DYNAMODB_JSON, INCREMENTAL_EXPORT, NEW_AND_OLD_IMAGES},
            transfers::Transfer,
        },
        buckets::Buckets,
    };

    const START: u64 = 1_700_000_000;

    fn pond() -> Pond {
        let pond = Pond::options().clock(Clock::manual(Timestamp::from_secs(START))).open().unwrap();
        let name = || "pk".to_owned();
        let kv = pond.kv();
        kv.create_table(&CreateTableRequest {
            table_name: "tab".into(),
            key_schema: vec![KeySchemaElement { attribute_name: name(), key_type: KeyType::Hash }],
            attribute_definitions: vec![AttributeDefinition {
                attribute_name: name(),
                attribute_type: ScalarAttributeType::S,
            }],
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
        kv.update_continuous_backups(&UpdateContinuousBackupsRequest {
            table_name: "tab".into(),
            point_in_time_recovery_enabled: true,
            recovery_period_in_days: None,
        })
        .unwrap();
        pond
    }

    fn key(pk: &str) -> Item {
        Item::from([("pk".to_owned(), AttributeValue::S(pk.into()))])
    }

    fn put(pond: &Pond, pk: &str, value: i64) {
        let mut item = key(pk);
        item.insert("n".into(), AttributeValue::N(value.into()));
        pond.kv().put_item(&PutItemRequest { table_name: "tab".into(), item, ..Default::default() }).unwrap();
    }

    fn delete(pond: &Pond, pk: &str) {
        let request = DeleteItemRequest { table_name: "tab".into(), key: key(pk), ..Default::default() };
        pond.kv().delete_item(&request).unwrap();
    }

    fn export(view: &str, format: &str, from_secs: u64, to_secs: u64) -> Export {
        let text = str::to_owned;
        Export {
            transfer: Transfer {
                id: "01700000000000-0a1b2c3d".into(),
                table_name: "tab".into(),
                table_id: "id".into(),
                status: "IN_PROGRESS".into(),
                start_millis: START * 1000,
                end_millis: None,
                client_token: None,
                failure_code: None,
                failure_message: None,
            },
            bucket: "bucket".into(),
            bucket_owner: None,
            prefix: Some(format!("/{view}/{format}/")),
            sse_algorithm: "AES256".into(),
            sse_kms_key: None,
            format: text(format),
            export_type: Some(text(INCREMENTAL_EXPORT)),
            time_millis: None,
            window: Some(Window { from_secs, to_secs, view: text(view) }),
            item_count: None,
            billed_size_bytes: None,
            manifest: None,
        }
    }

    #[test]
    fn an_incremental_export_tells_what_items_were_and_what_they_became() {
        let pond = pond();
        let wait = |secs| pond.clock().advance(Duration::from_secs(secs)).unwrap();
        put(&pond, "changed", 1);
        put(&pond, "deleted", 1);
        put(&pond, "same", 1);
        wait(10);
        let from = START + 10;
        put(&pond, "changed", 2);
        put(&pond, "brief", 1);
        wait(5);
        put(&pond, "changed", 3);
        delete(&pond, "deleted");
        delete(&pond, "brief");
        put(&pond, "added", 1);
        wait(5);
        let to = START + 20;
        put(&pond, "changed", 4);
        put(&pond, "late", 1);
        delete(&pond, "added");

        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("bucket")).unwrap();
        let bucket = Buckets::new(Some(directory.path().to_owned())).find("bucket").unwrap();
        let at = Timestamp::from_secs;
        let written = |view: &str, format: &str| -> (Value, Vec<String>) {
            let mut export = export(view, format, from, to);
            let source = Source::Changes(pond.kv().changes_between("tab", at(from), at(to)).unwrap());
            run(&mut export, source, &bucket, "eu-west-3", || at(to)).unwrap();
            let read = |key: &str| std::fs::read(directory.path().join("bucket").join(key)).unwrap();
            let summary: Value = serde_json::from_slice(&read(export.manifest.as_deref().unwrap())).unwrap();
            let files = read(summary["manifestFilesS3Key"].as_str().unwrap());
            let file: Value = serde_json::from_slice(&files).unwrap();
            let data = file["dataFileS3Key"].as_str().unwrap();
            assert!(data.starts_with(&format!("{view}/{format}/AWSDynamoDB/data/")), "{data}");
            let mut lines = String::new();
            MultiGzDecoder::new(&*read(data)).read_to_string(&mut lines).unwrap();
            (summary, lines.lines().map(str::to_owned).collect())
        };
        let changes = |lines: &[String]| -> BTreeMap<String, (Value, Value, Value)> {
            let parse = |line: &String| {
                let line: Value = serde_json::from_str(line).unwrap();
                let of = |image: &str| line[image]["n"]["N"].clone();
                let written = line["Metadata"]["WriteTimestampMicros"]["N"].clone();
                (line["Keys"]["pk"]["S"].as_str().unwrap().to_owned(), (of("OldImage"), of("NewImage"), written))
            };
            lines.iter().map(parse).collect()
        };
        let (summary, lines) = written(NEW_AND_OLD_IMAGES, DYNAMODB_JSON);
        let micros = |secs: u64| Value::from((secs * 1_000_000).to_string());
        let number = |number: &str| Value::from(number);
        let expected = |old: fn(&str) -> Value| {
            BTreeMap::from([
                ("added".to_owned(), (Value::Null, number("1"), micros(START + 15))),
                ("changed".to_owned(), (old("1"), number("3"), micros(START + 15))),
                ("deleted".to_owned(), (old("1"), Value::Null, micros(START + 15))),
            ])
        };
        assert_eq!(changes(&lines), expected(|old| Value::from(old)));
        assert_eq!(
            (&summary["version"], &summary["exportType"], &summary["outputView"], &summary["itemCount"]),
            (&"2023-08-01".into(), &INCREMENTAL_EXPORT.into(), &NEW_AND_OLD_IMAGES.into(), &3.into())
        );
        assert_eq!(summary["exportFromTime"], "2023-11-14T22:13:30.000Z");
        assert_eq!(summary["exportToTime"], "2023-11-14T22:13:40.000Z");
        assert_eq!(summary["tableArn"], "arn:aws:dynamodb:eu-west-3:000000000000:table/tab");
        assert_eq!(summary.get("exportTime"), None);
        let (_, lines) = written(NEW_IMAGE, DYNAMODB_JSON);
        assert_eq!(changes(&lines), expected(|_| Value::Null));
        let (_, mut lines) = written(NEW_AND_OLD_IMAGES, ION);
        lines.sort();
        assert_eq!(
            lines[0],
            "$ion_1_0 {Metadata:{WriteTimestampMicros:1700000015000000.},Keys:{pk:\"added\"},NewImage:{n:1.,pk:\"added\"}}"
        );
    }
}
