"""Channels that deliver the records of streams, in JSON and in CBOR, with a clock that stands still until a test moves it."""

import gzip
import json

import pytest
from kinesis_records import ARN, GONE, LIMIT, USED, WRONG, buckets, face, kinesis, refused, server  # noqa: F401

ROLE = "arn:aws:iam::000000000000:role/delivery"


def s3(bucket="landing", compression="NONE", **more):
    storage = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": "000000000000", "CompressionType": compression}
    storage |= more.pop("storage", {})
    return {"S3DestinationConfiguration": {"StorageConfiguration": storage, **more}}


def tables(**more):
    table = {"TableBucketARN": "arn:aws:s3tables:us-east-1:000000000000:bucket/lake", "Namespace": "clicks", "TableName": "raw",
             "CompressionType": "ZSTD", "PartitionSpec": {"PartitionFields": [{"Transform": "TIME_HOUR", "SourceName": "at"}]}}
    errors = {"BucketARN": "arn:aws:s3:::errors", "ExpectedBucketOwner": "000000000000"}
    return {"S3TablesDestinationConfiguration": {"S3TablesConfigurationList": [table | more], "DeadLetterQueueS3Configuration": errors}}


SCHEMA = "arn:aws:glue:us-east-1:000000000000:schema/registry/clicks"


def channel(kinesis, destination, format="JSON", schema=None, **more):
    records = {"RecordFormatType": format} | ({"GSRSchemaARN": schema} if schema else {})
    given = {"ChannelName": kinesis.name(), "ServiceExecutionRoleARN": ROLE,
             "StreamConfigurationList": [{"StreamARN": kinesis.stream, "RecordConfiguration": records}]}
    return kinesis.call("CreateChannel", **given | destination | more)["ChannelDescription"]


def objects(buckets, bucket):
    return {path.relative_to(buckets / bucket).as_posix(): path.read_bytes()
            for path in (buckets / bucket).rglob("*") if path.is_file()}


@pytest.fixture
def bucket(kinesis, buckets):
    name = f"bucket-{kinesis.name()}"
    (buckets / name).mkdir()
    return name


def test_a_channel_is_creating_and_then_active(kinesis):
    made = channel(kinesis, s3(), Tags={"team": "blue"})
    assert made["ChannelStatus"] == "CREATING"
    assert made["ChannelARN"] == f"{ARN}channel/{made['ChannelId']}"
    shown = kinesis.call("DescribeChannel", ChannelARN=made["ChannelARN"])["ChannelDescription"]
    assert shown == made | {"ChannelStatus": "ACTIVE"}
    (stream,) = shown["StreamConfigurationList"]
    assert (stream["StreamARN"], stream["RecordConfiguration"]) == (kinesis.stream, {"RecordFormatType": "JSON"})
    destination = shown["S3DestinationConfiguration"]
    assert destination["DataFreshnessInSeconds"] == 300
    assert destination["StorageConfiguration"]["StorageClass"] == "STANDARD"
    assert destination["DeadLetterQueueS3Configuration"]["BucketARN"] == "arn:aws:s3:::landing"
    assert shown["LoggingConfiguration"]["CloudWatchLogs"] == {
        "Enabled": False, "LogGroupName": f"/aws/kinesis/{made['ChannelName']}/{made['ChannelId']}", "LogStreamName": "DestinationDelivery"}
    assert "S3TablesDestinationConfiguration" not in shown and "EncryptionConfiguration" not in shown
    assert kinesis.call("ListTagsForResource", ResourceARN=made["ChannelARN"])["Tags"] == [{"Key": "team", "Value": "blue"}]


def test_a_channel_to_tables_is_kept_and_shown(kinesis):
    encryption = {"EncryptionType": "KMS", "KeyId": "alias/mine"}
    logging = {"CloudWatchLogs": {"Enabled": True, "LogGroupName": "mine"}}
    made = channel(kinesis, tables(), "GSR_JSON", SCHEMA, EncryptionConfiguration=encryption, LoggingConfiguration=logging)
    given = tables()["S3TablesDestinationConfiguration"]["S3TablesConfigurationList"]
    assert made["S3TablesDestinationConfiguration"]["S3TablesConfigurationList"] == given
    assert (made["EncryptionConfiguration"], made["LoggingConfiguration"]["CloudWatchLogs"]["LogGroupName"]) == (encryption, "mine")
    assert made["StreamConfigurationList"][0]["RecordConfiguration"] == {"RecordFormatType": "GSR_JSON", "GSRSchemaARN": SCHEMA}


@pytest.mark.parametrize("destination, format, schema", [
    ({}, "JSON", None), (s3() | tables(), "JSON", SCHEMA), (s3(), "GSR_JSON", SCHEMA), (s3(), "XML", None),
    (tables(), "STRING", SCHEMA), (tables(), "BYTE_ARRAY", SCHEMA), (tables(), "JSON", None), (tables(), "JSON", "schema"),
    (s3(DataFreshnessInSeconds=299), "JSON", None), (s3(DataFreshnessInSeconds=901), "JSON", None), (s3("ab"), "JSON", None),
    (s3(compression="SNAPPY"), "JSON", None), (s3(storage={"ExpectedBucketOwner": "me"}), "JSON", None),
    (s3(storage={"OutputKeyTemplate": "a b"}), "JSON", None), (s3(storage={"OutputKeyTemplate": "!{year}"}), "JSON", None),
    (s3(storage={"OutputKeyTemplate": "/a"}), "JSON", None), (s3(storage={"StorageClass": "GLACIER"}), "JSON", None),
    (tables(TableName="A"), "JSON", SCHEMA), (tables(TableBucketARN="arn:aws:s3:::lake"), "JSON", SCHEMA),
    (tables(PartitionSpec={"PartitionFields": []}), "JSON", SCHEMA),
])
def test_a_channel_that_cannot_be_is_refused(kinesis, destination, format, schema):
    assert refused(WRONG, channel, kinesis, destination, format, schema)


@pytest.mark.parametrize("wrong", [
    {"ChannelName": "a b"}, {"ChannelName": None}, {"ServiceExecutionRoleARN": "me"}, {"StreamConfigurationList": []},
    {"EncryptionConfiguration": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}},
    {"EncryptionConfiguration": {"EncryptionType": "NONE", "KeyId": "alias/mine"}},
    {"LoggingConfiguration": {"CloudWatchLogs": {}}}, {"LoggingConfiguration": {"CloudWatchLogs": {"Enabled": True, "LogGroupName": "a b"}}},
])
def test_what_a_channel_cannot_have_is_refused(kinesis, wrong):
    assert refused(WRONG, channel, kinesis, s3(), **wrong)


def test_a_stream_has_one_channel_of_each_kind(kinesis):
    made = channel(kinesis, s3())
    refused(LIMIT, channel, kinesis, s3())
    refused(USED, channel, kinesis, s3(), ChannelName=made["ChannelName"])
    channel(kinesis, tables(), "JSON", SCHEMA)
    summary = kinesis.call("DescribeStreamSummary", StreamARN=kinesis.stream)["StreamDescriptionSummary"]
    assert summary["ChannelCount"] == 2
    refused(USED, kinesis.call, "DeleteStream", StreamARN=kinesis.stream)
    kinesis.stream = kinesis.make_stream(StreamModeDetails={"StreamMode": "PROVISIONED"}, ShardCount=1)
    refused(WRONG, channel, kinesis, s3())
    kinesis.stream = ARN + "stream/none"
    refused(GONE, channel, kinesis, s3())


def test_channels_are_listed_by_stream_and_deleted(kinesis):
    streams = [kinesis.stream]
    made = [channel(kinesis, s3()), channel(kinesis, tables(), "JSON", SCHEMA)]
    kinesis.stream = kinesis.make_stream()
    streams.append(kinesis.stream)
    made.append(channel(kinesis, s3()))
    both = [{"StreamARN": stream} for stream in streams]
    page = kinesis.call("ListChannels", StreamFilter=both, MaxResults=2)
    rest = kinesis.call("ListChannels", StreamFilter=both, NextToken=page["NextToken"])
    summaries = page["ChannelSummaries"] + rest["ChannelSummaries"]
    assert sorted(summary["ChannelARN"] for summary in summaries) == sorted(one["ChannelARN"] for one in made)
    assert sorted(summary["ChannelDestinationType"] for summary in summaries) == ["S3", "S3", "S3_TABLES"]
    assert "NextToken" not in rest and summaries[0]["ChannelStatus"] == "ACTIVE"
    for one in made:
        assert kinesis.call("DeleteChannel", ChannelARN=one["ChannelARN"]) == {}
        refused(GONE, kinesis.call, "DescribeChannel", ChannelARN=one["ChannelARN"])
        refused(GONE, kinesis.call, "DeleteChannel", ChannelARN=one["ChannelARN"])
    assert kinesis.call("ListChannels", StreamFilter=both)["ChannelSummaries"] == []
    refused(WRONG, kinesis.call, "DescribeChannel", ChannelARN=ARN + "queue/a")
    for stream in streams:
        kinesis.call("DeleteStream", StreamARN=stream)


def test_freshness_and_logging_of_a_channel_can_be_changed(kinesis):
    arn = channel(kinesis, s3())["ChannelARN"]
    update = lambda **more: kinesis.call("UpdateChannel", ChannelARN=arn, **more)["ChannelDescription"]
    changed = update(S3DestinationConfiguration={"DataFreshnessInSeconds": 900})
    assert (changed["ChannelStatus"], changed["S3DestinationConfiguration"]["DataFreshnessInSeconds"]) == ("UPDATING", 900)
    update(LoggingConfiguration={"CloudWatchLogs": {"Enabled": True}})
    shown = kinesis.call("DescribeChannel", ChannelARN=arn)["ChannelDescription"]
    assert shown["ChannelStatus"] == "ACTIVE" and shown["LoggingConfiguration"]["CloudWatchLogs"]["Enabled"]
    refused(WRONG, update, S3DestinationConfiguration={"DataFreshnessInSeconds": 1000})
    refused(WRONG, update, S3DestinationConfiguration={})
    refused(WRONG, update, S3TablesDestinationConfiguration={"DataFreshnessInSeconds": 600})
    refused(GONE, kinesis.call, "UpdateChannel", ChannelARN=ARN + "channel/none")


@pytest.mark.parametrize("compression, unpack", [("NONE", bytes), ("GZIP", gzip.decompress)])
def test_records_are_delivered_when_they_are_old_enough(kinesis, buckets, bucket, compression, unpack):
    kinesis.put('{"early":1}')
    made = channel(kinesis, s3(bucket, compression))
    data = ['{"nth":%d}' % nth for nth in range(30)]
    kinesis.put(*data[:20])
    kinesis.server.advance(250)
    kinesis.put(*data[20:])
    assert objects(buckets, bucket) == {}
    kinesis.server.advance(50)
    kinesis.server.advance(250)
    found = objects(buckets, bucket)
    assert sorted(line for content in found.values() for line in unpack(content).decode().splitlines()) == sorted(data)
    extension = ".json" + (".gz" if compression == "GZIP" else "")
    prefix = f"kinesis-channel/{made['ChannelName']}/{made['ChannelId']}/"
    assert all(key.startswith(prefix) and key.endswith(extension) for key in found)
    kinesis.server.advance(1000)
    assert objects(buckets, bucket) == found, "each record once"


def test_records_that_are_not_what_they_should_be_are_put_aside(kinesis, buckets, bucket):
    template = {"OutputKeyTemplate": "raw/!{yyyy}/!{channel-name}"}
    errors = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": "000000000000", "ErrorOutputPrefix": "bad/"}
    channel(kinesis, s3(bucket, storage=template, DeadLetterQueueS3Configuration=errors), "STRING")
    kinesis.put("good", b"\xff\xfe")
    kinesis.server.advance(300)
    found = objects(buckets, bucket)
    (good,) = (content for key, content in found.items() if key.startswith("raw/20"))
    (bad,) = (json.loads(content) for key, content in found.items() if key.startswith("bad/"))
    assert (good, bad["rawData"]) == (b"good\n", "//4=")


def test_bytes_are_delivered_as_they_are(kinesis, buckets, bucket):
    channel(kinesis, s3(bucket, DataFreshnessInSeconds=400), "BYTE_ARRAY")
    kinesis.put(b"\x00\xff")
    kinesis.server.advance(399)
    assert objects(buckets, bucket) == {}
    kinesis.server.advance(1)
    assert list(objects(buckets, bucket).values()) == [b"\x00\xff"]


def test_what_has_no_bucket_yet_is_delivered_once_there_is_one(kinesis, buckets):
    name = f"later-{kinesis.name()}"
    channel(kinesis, s3(name))
    kinesis.put("1")
    kinesis.server.advance(301)
    (buckets / name).mkdir()
    kinesis.server.advance(1)
    assert list(objects(buckets, name).values()) == [b"1\n"]
