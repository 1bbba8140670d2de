"""Exports to and imports from the directory that stands for S3, by boto3."""

import base64
import datetime
import gzip
import hashlib
import json
import time

import pytest
from botocore.exceptions import ClientError
from millpond import Server

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table"
ITEM_ERRORS = (
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details."
)
VALUES = {
    "s": {"S": "żółw \"\\\n"}, "n": {"N": "-1.5"}, "b": {"B": b"\x00\xff"}, "t": {"BOOL": True}, "z": {"NULL": True},
    "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": [b"a"]}, "l": {"L": [{"N": "1"}, {"M": {}}]},
    "m": {"M": {"a b": {"S": ""}}},
}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    directory = tmp_path_factory.mktemp("s3")
    (directory / "bucket").mkdir()
    return directory


@pytest.fixture(scope="module")
def own(s3, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("store"), "--s3-dir", s3)
    yield server
    assert server.alive() and server.stop() == 0
    assert "panicked" not in server.said()


@pytest.fixture(scope="module")
def client(own):
    return own.client()


@pytest.fixture(scope="module")
def raw(own):
    return own.client(parameter_validation=False)


def table_of(name, **more):
    return {
        "TableName": name, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST", **more,
    }


def create(client, name, recovery=True):
    client.create_table(**table_of(name))
    if recovery:
        client.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    return f"{ARN}/{name}"


def items(client, name):
    return sorted(client.scan(TableName=name)["Items"], key=lambda item: item["pk"]["S"])


def refused(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def export(client, arn, **more):
    return client.export_table_to_point_in_time(TableArn=arn, S3Bucket="bucket", **more)["ExportDescription"]


def load(client, name, prefix, **more):
    request = {
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": prefix}, "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": table_of(name), **more,
    }
    started = client.import_table(**request)["ImportTableDescription"]
    return client.describe_import(ImportArn=started["ImportArn"])["ImportTableDescription"]


def counts(imported):
    return (
        imported["ImportStatus"], imported["ProcessedItemCount"], imported["ImportedItemCount"], imported["ErrorCount"],
    )


def data_lines(s3, exported):
    manifest = json.loads((s3 / "bucket" / exported["ExportManifest"]).read_text())
    files = (s3 / "bucket" / manifest["manifestFilesS3Key"]).read_text().splitlines()
    lines = []
    for file in map(json.loads, files):
        packed = (s3 / "bucket" / file["dataFileS3Key"]).read_bytes()
        digest = hashlib.md5(packed).digest()
        assert file["md5Checksum"] == base64.b64encode(digest).decode()
        assert file["etag"] == hashlib.md5(digest).hexdigest() + "-1"
        found = gzip.decompress(packed).decode().splitlines()
        assert len(found) == file["itemCount"]
        lines += found
    return manifest, lines


def test_an_export_has_the_services_files_and_can_be_imported(client, s3):
    arn = create(client, "exported")
    for number in range(30):
        client.put_item(TableName="exported", Item={"pk": {"S": f"row {number:02}"}, **VALUES})
    exported = export(client, arn, S3Prefix="some/where", ClientToken="once")
    assert exported["ExportStatus"] == "COMPLETED" and exported["ItemCount"] == 30
    assert exported["ExportFormat"] == "DYNAMODB_JSON" and exported["S3SseAlgorithm"] == "AES256"
    assert exported["ExportArn"].startswith(f"{arn}/export/0")
    identifier = exported["ExportArn"].rsplit("/", 1)[1]
    root = s3 / "bucket" / "some/where/AWSDynamoDB" / identifier
    assert {path.name for path in root.iterdir()} == {
        "_started", "data", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5",
    }
    for name in ("manifest-files", "manifest-summary"):
        digest = hashlib.md5((root / f"{name}.json").read_bytes()).digest()
        assert (root / f"{name}.md5").read_text() == base64.b64encode(digest).decode()
    manifest, lines = data_lines(s3, exported)
    assert (manifest["version"], manifest["exportType"], manifest["itemCount"]) == ("2020-06-30", "FULL_EXPORT", 30)
    assert manifest["exportArn"] == exported["ExportArn"] and manifest["tableArn"] == arn
    assert manifest["outputFormat"] == "DYNAMODB_JSON" and manifest["startTime"].endswith("Z")
    first = json.loads(lines[0])["Item"]
    assert first["l"] == {"L": [{"N": "1"}, {"M": {}}]} and first["b"] == {"B": "AP8="}

    assert client.describe_export(ExportArn=exported["ExportArn"])["ExportDescription"] == exported
    again = export(client, arn, S3Prefix="some/where", ClientToken="once")
    assert again["ExportArn"] == exported["ExportArn"]
    assert refused(
        client.export_table_to_point_in_time, TableArn=arn, S3Bucket="bucket", S3Prefix="else", ClientToken="once",
    ) == ("ExportConflictException", "Export conflict: Duplicate request detected with conflicting parameters")

    prefix = f"some/where/AWSDynamoDB/{identifier}/data/"
    imported = load(client, "imported", prefix, InputCompressionType="GZIP")
    assert counts(imported) == ("COMPLETED", 30, 30, 0)
    assert imported["TableArn"] == f"{ARN}/imported" and imported["ProcessedSizeBytes"] > 30 * 100
    assert items(client, "imported") == items(client, "exported")
    # What is no data in the export is told, and the items are there all the same.
    imported = load(client, "everything", f"some/where/AWSDynamoDB/{identifier}/", InputCompressionType="GZIP")
    assert counts(imported) == ("FAILED", 34, 30, 4)
    assert (imported["FailureCode"], imported["FailureMessage"]) == ("ItemValidationError", ITEM_ERRORS)
    assert len(items(client, "everything")) == 30


def test_an_empty_table_is_one_empty_file(client, s3):
    exported = export(client, create(client, "empty"))
    assert (exported["ExportStatus"], exported["ItemCount"], exported["BilledSizeBytes"]) == ("COMPLETED", 0, 0)
    manifest, lines = data_lines(s3, exported)
    assert lines == [] and manifest["manifestFilesS3Key"].startswith("AWSDynamoDB/0")


def test_an_export_is_of_the_time_that_was_asked_for(client, s3):
    arn = create(client, "past")
    client.put_item(TableName="past", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    at = datetime.datetime.fromtimestamp(int(time.time()), datetime.timezone.utc)
    while time.time() < at.timestamp() + 1.01:
        time.sleep(0.05)  # the server's clock is the system's: a second has to pass
    client.put_item(TableName="past", Item={"pk": {"S": "a"}, "n": {"N": "2"}})
    client.put_item(TableName="past", Item={"pk": {"S": "b"}})
    before, now = export(client, arn, ExportTime=at), export(client, arn)
    assert [json.loads(line) for line in data_lines(s3, before)[1]] == [{"Item": {"pk": {"S": "a"}, "n": {"N": "1"}}}]
    assert before["ExportTime"] == at and len(data_lines(s3, now)[1]) == 2
    for wrong in (at - datetime.timedelta(days=1), at + datetime.timedelta(days=1)):
        assert refused(
            client.export_table_to_point_in_time, TableArn=arn, S3Bucket="bucket", ExportTime=wrong,
        ) == ("InvalidExportTimeException", "Export Time is invalid")


def test_an_export_in_ion(client, s3):
    arn = create(client, "ion")
    client.put_item(TableName="ion", Item={"pk": {"S": "a"}, "Id": {"N": "103"}, "in": {"BOOL": False}})
    exported = export(client, arn, ExportFormat="ION")
    manifest, lines = data_lines(s3, exported)
    assert manifest["outputFormat"] == "ION"
    assert lines == ['$ion_1_0 {Item:{Id:103.,in:false,pk:"a"}}']
    for number in range(10):
        client.put_item(TableName="ion", Item={"pk": {"S": f"row {number}"}, **VALUES})
    exported = export(client, arn, ExportFormat="ION", S3Prefix="as.ion")
    options = {"InputFormat": "ION", "InputCompressionType": "GZIP"}
    imported = load(client, "from.ion", exported["ExportManifest"].rsplit("/", 1)[0] + "/data/", **options)
    assert counts(imported) == ("COMPLETED", 11, 11, 0)
    assert items(client, "from.ion") == items(client, "ion")
    write(s3, "ion.bad/a", '$ion_1_0 {Item:{pk:"a"}}\n{Item:{pk:symbol}}\n{Item:{n:1.}}\n{Item:{pk:"b"}} {Item:{pk:"c"}}\n{]\n{}')
    assert counts(load(client, "bad.ion", "ion.bad/", InputFormat="ION")) == ("FAILED", 6, 3, 3)


def test_exports_that_cannot_be_done(client, raw, unchecked):
    arn = create(client, "without", recovery=False)
    on = create(client, "with")
    cases = [
        (
            {"TableArn": arn}, "PointInTimeRecoveryUnavailableException",
            "Point in time recovery is not enabled for table 'without'",
        ),
        ({"TableArn": f"{ARN}/none"}, "TableNotFoundException", f"Table not found: {ARN}/none"),
        (
            {"TableArn": "with"}, "ValidationException",
            "One or more parameter values were invalid: tableArn is not a valid ARN",
        ),
        (
            {"TableArn": on, "S3SseKmsKeyId": "key"}, "ValidationException",
            "Invalid Request: KMS Key Id is not supported for this encryption type",
        ),
        (
            {"TableArn": on, "ExportFormat": "CSV"}, "ValidationException",
            "1 validation error detected: Value 'CSV' at 'exportFormat' failed to satisfy constraint: Member must satisfy "
            "enum value set: [DYNAMODB_JSON, ION]",
        ),
        (
            {"TableArn": on, "ExportType": "INCREMENTAL_EXPORT"}, "ValidationException",
            "Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export",
        ),
        (
            {"TableArn": on, "IncrementalExportSpecification": {"ExportFromTime": 1}}, "ValidationException",
            "Invalid Request: Export Type expected to be Incremental Export when incremental export specification is "
            "provided",
        ),
        (
            {"TableArn": on, "ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {}},
            "ValidationException", "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
        ),
        (
            {
                "TableArn": on, "ExportType": "INCREMENTAL_EXPORT",
                "IncrementalExportSpecification": {"ExportFromTime": int(time.time()) - 60},
            },
            "InvalidExportTimeException",
            "Difference between export period from time and export period to time is less than 15 minutes",
        ),
    ]
    for parameters, code, message in cases:
        assert refused(raw.export_table_to_point_in_time, S3Bucket="bucket", **parameters) == (code, message)
    for prefix in ("../out", "a/../../b", "a//b"):
        code, _ = refused(raw.export_table_to_point_in_time, S3Bucket="bucket", TableArn=on, S3Prefix=prefix)
        assert code == "ValidationException"
    for bucket in ("..", "a/b", ".", "/tmp"):
        code, _ = refused(raw.export_table_to_point_in_time, S3Bucket=bucket, TableArn=on)
        assert code == "ValidationException"
    failed = client.export_table_to_point_in_time(TableArn=on, S3Bucket="no.such.bucket")["ExportDescription"]
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert failed["FailureMessage"].startswith("The specified bucket does not exist")
    missing = f"{on}/export/01700000000000-0a1b2c3d"
    assert refused(client.describe_export, ExportArn=missing) == (
        "ExportNotFoundException", f"Export not found: Export not found: {missing}",
    )
    assert refused(client.describe_export, ExportArn=on + "x" * 40) == ("ValidationException", "Invalid Export ARN")
    # A server without a directory says how to have one.
    code, message = refused(unchecked.export_table_to_point_in_time, TableArn=on, S3Bucket="bucket")
    assert code == "ValidationException" and "--s3-dir" in message


def test_exports_are_listed_newest_first_a_page_at_a_time(client):
    arn = create(client, "listed")
    arns = [export(client, arn)["ExportArn"] for _ in range(5)]
    found, token = [], {}
    while True:
        page = client.list_exports(TableArn=arn, MaxResults=2, **token)
        found += [(summary["ExportArn"], summary["ExportStatus"]) for summary in page["ExportSummaries"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [(arn, "COMPLETED") for arn in sorted(arns, reverse=True)]
    assert len(client.list_exports()["ExportSummaries"]) >= 5
    code, message = refused(client.list_exports, NextToken="x")
    assert (code, message) == ("ValidationException", "Invalid Request: Provided nextToken is invalid: x")


LINES = [{"Item": {"pk": {"S": f"row {number}"}, "n": {"N": str(number)}}} for number in range(10)]


def write(s3, key, content):
    path = s3 / "bucket" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def lines(values):
    return "".join(json.dumps(value) + "\n" for value in values)


def test_what_is_no_item_is_counted_and_passed_over(client, s3):
    joined = lines(LINES[:5]) + "".join(map(json.dumps, LINES[5:]))
    large = {"Item": {"pk": {"S": "large"}, "text": {"S": "x" * 409_600}}}
    for name, content, expected in [
        ("joined", joined, ("COMPLETED", 10, 10, 0)),
        ("blank", "\n\n" + lines(LINES[:2]) + "\n  \n", ("COMPLETED", 2, 2, 0)),
        ("twice", lines(LINES[:2] * 2), ("COMPLETED", 4, 4, 0)),
        ("nothing", "", ("COMPLETED", 0, 0, 0)),
        ("no.key", lines([*LINES[:4], {"Item": {"n": {"N": "1"}}}, *LINES[4:9]]), ("FAILED", 10, 9, 1)),
        ("no.item", lines([{"pk": {"S": "a"}}, *LINES]), ("FAILED", 11, 10, 1)),
        ("wrong.type", lines([{"Item": {"pk": {"N": "1"}}}, {"Item": {"pk": "a"}}, {"Item": 7}, *LINES]), ("FAILED", 13, 10, 3)),
        ("wrong.value", lines([{"Item": {"pk": {"S": "a"}, "n": {"N": "x"}}}, *LINES]), ("FAILED", 11, 10, 1)),
        ("large", lines([large, *LINES]), ("FAILED", 11, 10, 1)),
        # What follows something that is no JSON is not looked at, as in the service.
        ("garbage", lines(LINES[:5]) + "no json\n" + lines(LINES[5:]), ("FAILED", 6, 5, 1)),
        ("deep", '{"Item":{"pk":{"S":"a"},"l":' + '{"L":[' * 5000 + "]}" * 5000 + "}}\n", ("FAILED", 1, 0, 1)),
        ("long", lines(LINES[:1]) + "x" * (5 << 20), ("FAILED", 2, 1, 1)),
        ("binary", bytes(range(256)) * 10, ("FAILED", 1, 0, 1)),
    ]:
        write(s3, f"cases/{name}/data", content)
        table = f"case.{name}"
        imported = load(client, table, f"cases/{name}/")
        assert counts(imported) == expected, name
        if expected[0] == "FAILED":
            assert (imported["FailureCode"], imported["FailureMessage"]) == ("ItemValidationError", ITEM_ERRORS)
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
        stored = client.scan(TableName=table)["Count"]
        assert stored == (2 if name == "twice" else expected[2])


def test_a_prefix_is_the_beginning_of_keys(client, s3):
    for number, key in enumerate(["pre/a", "pre/b/c", "pre2/d", "pre.bak", "other"]):
        write(s3, key, lines(LINES[number:number + 1]))
    for number, (prefix, count) in enumerate([("pre", 4), ("pre/", 2), ("pre/b", 1), ("pre.", 1), ("none", 0)]):
        imported = load(client, f"prefix.{number}", prefix)
        assert counts(imported) == ("COMPLETED", count, count, 0), prefix


def test_packed_objects_are_unpacked(client, s3):
    write(s3, "packed/gz/a", gzip.compress(lines(LINES[:5]).encode()) + gzip.compress(lines(LINES[5:]).encode()))
    assert counts(load(client, "gzipped", "packed/gz/", InputCompressionType="GZIP")) == ("COMPLETED", 10, 10, 0)
    # Two lines as `zstd` packs them: no module of the standard library does.
    packed = "28b52ffd04583d010004027b224974656d223a7b22706b223a7b2253223a2261227d7d7d0a62227d7d7d0a0100363dc761c2185d"
    write(s3, "packed/zst/a", bytes.fromhex(packed) * 2)
    assert counts(load(client, "zstandard", "packed/zst/", InputCompressionType="ZSTD")) == ("COMPLETED", 4, 4, 0)
    for name, compression, prefix in [
        ("not.gzip", "GZIP", "packed/zst/"), ("not.zstd", "ZSTD", "packed/gz/"), ("not.plain", "NONE", "packed/gz/"),
    ]:
        imported = load(client, name, prefix, InputCompressionType=compression)
        assert counts(imported) == ("FAILED", 1, 0, 1), name


def test_csv_is_read_with_the_types_of_the_keys(client, s3):
    table = table_of(
        "csv",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "hash", "AttributeType": "B"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-hash", "KeySchema": [{"AttributeName": "hash", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
    )
    content = 'pk,sk,hash,text\na,1,AQI=,"one, ""two""\nthree"\nb,2.50,AQI=,4\nc,x,AQI=,5\nd,4,AQI=\ne,5,?,6\n'
    write(s3, "csv/a", content)
    imported = load(client, "csv", "csv/", InputFormat="CSV", TableCreationParameters=table)
    assert counts(imported) == ("FAILED", 5, 2, 3)
    assert items(client, "csv") == [
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "hash": {"B": b"\x01\x02"}, "text": {"S": 'one, "two"\nthree'}},
        {"pk": {"S": "b"}, "sk": {"N": "2.5"}, "hash": {"B": b"\x01\x02"}, "text": {"S": "4"}},
    ]
    found = client.query(
        TableName="csv", IndexName="by-hash", KeyConditionExpression="#h = :h", ExpressionAttributeNames={"#h": "hash"},
        ExpressionAttributeValues={":h": {"B": b"\x01\x02"}},
    )
    assert found["Count"] == 2
    # A field without an end takes no more memory than a record may.
    write(s3, "endless/a", "pk,text\na,1\nb,\"" + "x" * (9 << 20))
    imported = load(client, "endless", "endless/", InputFormat="CSV")
    assert counts(imported) == ("FAILED", 2, 1, 1) and imported["ProcessedSizeBytes"] < 5 << 20
    # Another delimiter, and names that are given instead of a first line.
    write(s3, "tabs/a", "a\t1\nb\t2\n")
    options = {"Csv": {"Delimiter": "\t", "HeaderList": ["pk", "value"]}}
    imported = load(client, "tabs", "tabs/", InputFormat="CSV", InputFormatOptions=options)
    assert counts(imported) == ("COMPLETED", 2, 2, 0) and imported["InputFormatOptions"] == options
    assert items(client, "tabs")[0] == {"pk": {"S": "a"}, "value": {"S": "1"}}


def test_imports_are_described_listed_and_not_repeated(client, s3):
    write(s3, "small/a", lines(LINES))
    request = {
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "small/"}, "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": table_of("described"), "ClientToken": "import-once",
    }
    first = client.import_table(**request)["ImportTableDescription"]
    assert first["TableCreationParameters"] == request["TableCreationParameters"]
    assert first["S3BucketSource"]["S3BucketOwner"] == "000000000000"
    assert (first["InputCompressionType"], first["ClientToken"]) == ("NONE", "import-once")
    assert first["TableId"] == client.describe_table(TableName="described")["Table"]["TableId"]
    assert client.import_table(**request)["ImportTableDescription"]["ImportArn"] == first["ImportArn"]
    other = {**request, "TableCreationParameters": table_of("described.again")}
    assert refused(client.import_table, **other) == (
        "ImportConflictException", "Import conflict: Duplicate request detected with conflicting parameters",
    )
    again = {**request, "ClientToken": "another"}
    assert refused(client.import_table, **again) == ("ResourceInUseException", "Table already exists: described")
    client.delete_table(TableName="described")
    [summary] = client.list_imports(TableArn=f"{ARN}/described")["ImportSummaryList"]
    assert (summary["ImportArn"], summary["ImportStatus"]) == (first["ImportArn"], "COMPLETED")
    assert client.describe_import(ImportArn=first["ImportArn"])["ImportTableDescription"] == first
    everything, token = [], {}
    while True:
        page = client.list_imports(PageSize=3, **token)
        everything += [summary["ImportArn"] for summary in page["ImportSummaryList"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert len(everything) == len(set(everything)) and first["ImportArn"] in everything


def test_imports_that_cannot_be_done(client, raw, unchecked):
    source = {"S3Bucket": "bucket"}
    cases = [
        (
            {"TableCreationParameters": table_of("bad", BillingMode="PROVISIONED")},
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED",
        ),
        (
            {"InputCompressionType": "BZIP2"},
            "1 validation error detected: Value 'BZIP2' at 'inputCompressionType' failed to satisfy constraint: Member "
            "must satisfy enum value set: [ZSTD, NONE, GZIP]",
        ),
        (
            {"InputFormatOptions": {"Csv": {"Delimiter": ","}}},
            "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON.",
        ),
        (
            {"InputFormat": "CSV", "InputFormatOptions": {"Csv": {"Delimiter": "x"}}},
            "1 validation error detected: Value 'x' at 'inputFormatOptions.csv.delimiter' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [,;:|\\t ]",
        ),
    ]
    for parameters, message in cases:
        request = {
            "S3BucketSource": source, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": table_of("bad"), **parameters,
        }
        assert refused(raw.import_table, **request) == ("ValidationException", message)
    failed = client.import_table(
        S3BucketSource={"S3Bucket": "no.such.bucket"}, InputFormat="DYNAMODB_JSON",
        TableCreationParameters=table_of("bad"),
    )["ImportTableDescription"]
    assert (failed["ImportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert "bad" not in client.list_tables()["TableNames"]
    assert refused(client.describe_import, ImportArn=f"{ARN}/bad") == ("ValidationException", "Invalid Import ARN")
    code, _ = refused(client.describe_import, ImportArn=f"{ARN}/bad/import/01700000000000-0a1b2c3d")
    assert code == "ImportNotFoundException"
    code, message = refused(
        unchecked.import_table, S3BucketSource=source, InputFormat="CSV", TableCreationParameters=table_of("bad"),
    )
    assert code == "ValidationException" and "--s3-dir" in message


def test_records_outlive_the_server(s3, tmp_path):
    server = Server(tmp_path / "store", "--s3-dir", s3)
    client = server.client()
    exported = export(client, create(client, "kept"))
    assert server.stop() == 0
    server = Server(tmp_path / "store", "--s3-dir", s3)
    try:
        described = server.client().describe_export(ExportArn=exported["ExportArn"])["ExportDescription"]
        assert described == exported
    finally:
        assert server.stop() == 0
