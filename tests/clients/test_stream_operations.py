"""Every operation of botocore's model of Kinesis: what is served is what ARCHITECTURE.md says, and no member of a request, whatever
stands there, gets anything but an answer or an error that the model or the protocol knows, in JSON and in CBOR."""

import json
import re
import struct

import botocore.session
import pytest
from millpond import ROOT, Server
from test_operations import HOLE, WRONG, holes, put
from test_wire import Wire

MODEL = botocore.session.get_session().get_service_model("kinesis")
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"
# Those that any operation may give.
COMMON = {"ValidationException", "SerializationException", "InvalidArgumentException", "ResourceNotFoundException",
          "DryRunOperationException", "ExpiredNextTokenException"}
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/sample"
# What a request has to say to be looked at to its end; the rest is filled in from the server.
KNOWN = {
    "StreamName": "sample", "StreamARN": ARN, "ResourceARN": ARN, "ShardId": "shardId-000000000000", "ShardToSplit": "0",
    "ShardToMerge": "0", "AdjacentShardToMerge": "1", "NewStartingHashKey": "7", "ExplicitHashKey": "7", "ShardCount": 2,
    "ConsumerName": "sample", "RetentionPeriodHours": 24, "TargetShardCount": 2, "MaxRecordSizeInKiB": 1024,
    "StreamId": "abcdefghij0123456789-abc", "Policy": '{"Statement":[]}', "Timestamp": 1.5,
    "QueueName": "sample", "TargetType": "BUILT_IN", "VisibilityTimeoutSeconds": 0, "ChannelName": "sample",
    "ServiceExecutionRoleARN": "arn:aws:iam::000000000000:role/sample", "BucketARN": "arn:aws:s3:::sample",
    "ExpectedBucketOwner": "000000000000", "RecordFormatType": "JSON", "DataFreshnessInSeconds": 300,
    "GSRSchemaARN": "arn:aws:glue:us-east-1:000000000000:schema/sample/sample",
    "TableBucketARN": "arn:aws:s3tables:us-east-1:000000000000:bucket/sample",
}
ON_DEMAND = "arn:aws:kinesis:us-east-1:000000000000:stream/auto"
STRANGE = [b'"\\u0000"', b'{"":"x"}', b'{"x":{}}', json.dumps("n" * 5000).encode(), b'"shardId-2147483648"', b"2147483648",
           b'"340282366920938463463374607431768211456"', b'"49578481031144599192696750682534686652010819674221576194"',
           json.dumps(ARN + "/consumer/sample:1").encode()]
# Bytes that stand for a value in CBOR, or for none.
STRANGE_CBOR = [b"\xf6", b"\xf7", b"\xf5", b"\x00", b"\x20", b"\x1b" + b"\xff" * 8, b"\x3b" + b"\xff" * 8, b"\xf9\x7e\x00", b"\xf9\x7c\x00",
                b"\xfb\x7f\xef" + b"\xff" * 6, b"\x40", b"\x42\xff\xfe", b"\x5f\x41\x00\xff", b"\x60", b"\x61x", b"\x62\xc3\x28",
                b"\x7f\x61a\xff", b"\x80", b"\x81\xf6", b"\x9f\xff", b"\xa0", b"\xa1\x61x\x60", b"\xa1\x01\x01", b"\xbf\xff",
                b"\xc1\x00", b"\xc1\xf6", b"\xc1\x60", b"\xc1" * 50 + b"\x00", b"\xff", b"\x1c", b"\x5b" + b"\xff" * 8,
                b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\x81" * 5000, b""]


def documented():
    """The operations that ARCHITECTURE.md lists: those that are served, and those that are not."""
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## Operations of Kinesis")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    listed = {name: served.strip() != "no" for names, served, _ in rows for name in re.findall(r"[A-Z]\w+", names)}
    return {name for name, served in listed.items() if served}, {name for name, served in listed.items() if not served}


SERVED, UNSERVED = documented()


@pytest.fixture(scope="module")
def wire():
    server = Server(None)
    wire = Wire(server)
    for name in ("sample", "other"):
        send(wire, "CreateStream", json.dumps({"StreamName": name, "ShardCount": 2}).encode())
    consumer = {"StreamARN": ARN, "ConsumerName": "sample"}
    KNOWN["ConsumerARN"] = ask(wire, "RegisterStreamConsumer", consumer)["Consumer"]["ConsumerARN"]
    place = {"StreamName": "sample", "ShardId": "0", "ShardIteratorType": "TRIM_HORIZON"}
    KNOWN["ShardIterator"] = ask(wire, "GetShardIterator", place)["ShardIterator"]
    token = ask(wire, "ListShards", {"StreamName": "sample", "MaxResults": 1})["NextToken"]
    first = ask(wire, "ListShards", {"StreamName": "sample"})["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    make_queues(wire)
    KNOWN.update({name: first for name in ("SequenceNumber", "StartingSequenceNumber", "SequenceNumberForOrdering")},
                 NextToken=token)
    yield wire
    assert server.alive()
    assert server.stop() == 0
    assert "panicked" not in server.said()


def make_queues(wire):
    """Queues that always have a record, and a dead letter: a receive of nothing would wait."""
    send(wire, "CreateStream", b'{"StreamName":"auto","StreamModeDetails":{"StreamMode":"ON_DEMAND"}}')
    letters = {"live": {"TargetType": "NONE"}, "dead": {"TargetType": "BUILT_IN", "MaxReceiveCount": 1}}
    for name, handling in letters.items():
        KNOWN[name] = ask(wire, "CreateQueue", {
            "QueueName": name, "StreamConfigurationList": [{"StreamARN": ON_DEMAND}],
            "QueueAttributes": {"VisibilityTimeoutSeconds": 0, "DeadLetterConfiguration": handling}})["QueueDescription"]["QueueARN"]
    records = [{"Data": "AAEC", "PartitionKey": str(nth)} for nth in range(500)]
    ask(wire, "PutRecords", {"StreamARN": ON_DEMAND, "Records": records})
    for _ in range(50):
        received = ask(wire, "ReceiveQueueRecords", {"QueueARN": KNOWN["dead"]})["QueueRecords"]
    KNOWN["ReceiptHandle"] = received[0]["ReceiptHandle"]
    destination = {"StorageConfiguration": {name: KNOWN[name] for name in ("BucketARN", "ExpectedBucketOwner")} | {"CompressionType": "NONE"}}
    records = {"StreamARN": ON_DEMAND, "RecordConfiguration": {"RecordFormatType": "JSON"}}
    KNOWN["ChannelARN"] = ask(wire, "CreateChannel", {
        "ChannelName": "first", "ServiceExecutionRoleARN": KNOWN["ServiceExecutionRoleARN"], "StreamConfigurationList": [records],
        "S3DestinationConfiguration": destination})["ChannelDescription"]["ChannelARN"]


def send(wire, operation, body, content_type=JSON):
    return wire.send(f"Kinesis_20131202.{operation}", body, Content_Type=content_type)


def ask(wire, operation, body):
    status, _, answer = send(wire, operation, json.dumps(body).encode())
    assert status == 200, answer
    return json.loads(answer)


def sample(shape, is_whole, name=None):
    if name in KNOWN:
        return KNOWN[name]
    match shape.type_name:
        case "structure":
            members = shape.members.items()
            return {
                name: sample(member, is_whole, name)
                for name, member in members if is_whole or name in shape.required_members
            }
        case "list":
            return [sample(shape.member, is_whole)]
        case "map":
            return {"key": sample(shape.value, is_whole)}
        case "string":
            return shape.enum[0] if shape.enum else "sample"
        case "blob":
            return "AAEC"
        case "boolean":
            return False
        case "timestamp":
            return 1.5
        case _:
            return 1


def requests(shape):
    """One with all members, one with those it needs, and one more for each of the others."""
    whole, least = (sample(shape, True), sample(shape, False)) if shape else ({}, {})
    yield from (whole, least)
    for name in whole.keys() - least.keys():
        yield least | {name: whole[name]}


def cbor(value):
    """A value as the SDK for Java writes it; texts that are a hole or Base64 stay what they are."""
    def head(major, length):
        return struct.pack(">BI", major << 5 | 26, length)
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case float():
            return b"\xc1" + head(0, int(value * 1000))
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return b"\x9f" + b"".join(map(cbor, value)) + b"\xff"
        case dict():
            return b"\xbf" + b"".join(cbor(name) + cbor(member) for name, member in value.items()) + b"\xff"


def restore(wire, operation):
    """What an operation may have taken away."""
    if operation in ("DeleteStream", "SplitShard", "MergeShards", "UpdateShardCount", "UpdateStreamMode", "CreateStream"):
        send(wire, "DeleteStream", b'{"StreamName":"sample","EnforceConsumerDeletion":true}')
        send(wire, "CreateStream", b'{"StreamName":"sample","ShardCount":2}')


def check(operation, known, path, wrong, answer):
    status, headers, body = answer
    content_type = headers["content-type"]
    if status == 200:
        assert content_type in (JSON, CBOR) or operation == "SubscribeToShard"
        return
    assert status == 400, (operation, path, wrong, status, body)
    code = json.loads(body)["__type"] if content_type == JSON else re.search(rb"f__type.?.?([A-Z]\w+(Exception|Required))", body)[1].decode()
    assert code in known, (operation, path, wrong, body)


def test_the_list_of_operations_is_the_models():
    assert SERVED | UNSERVED == set(MODEL.operation_names)
    assert not SERVED & UNSERVED


def test_what_is_not_served_is_an_unknown_operation(wire):
    for operation in ["NoSuchOperation", "", *UNSERVED]:
        status, _, body = send(wire, operation, b"{}")
        assert (status, json.loads(body)) == (400, {"__type": "UnknownOperationException"}), operation


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_whatever_stands_in_a_request_it_is_answered(wire, operation):
    model = MODEL.operation_model(operation)
    known = COMMON | {error.name for error in model.error_shapes}
    KNOWN["QueueARN"] = KNOWN["dead" if "DeadLetter" in operation else "live"]
    KNOWN["StreamARN"] = ON_DEMAND if "Queue" in operation or "Channel" in operation else ARN
    # A subscription goes on for minutes; what is wrong with it is told before.
    dry = {"DryRun": True} if operation == "SubscribeToShard" else {}
    for request in requests(model.input_shape):
        request = request | dry
        for path in holes(request):
            if dry and path == ["DryRun"]:
                continue
            text = json.dumps(put(request, path, HOLE)).encode()
            for wrong in WRONG + STRANGE:
                answer = send(wire, operation, text.replace(json.dumps(HOLE).encode(), wrong))
                check(operation, known, path, wrong, answer)
                if answer[0] == 200:
                    restore(wire, operation)
            binary = cbor(put(request, path, HOLE))
            for wrong in STRANGE_CBOR:
                answer = send(wire, operation, binary.replace(cbor(HOLE), wrong), CBOR)
                check(operation, known, path, wrong, answer)
                if answer[0] == 200:
                    restore(wire, operation)


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_a_body_that_ends_early_is_refused(wire, operation):
    request = sample(MODEL.operation_model(operation).input_shape, True)
    for body, content_type in ((json.dumps(request).encode(), JSON), (cbor(request), CBOR)):
        for end in range(1, len(body), 7):
            status, _, answer = send(wire, operation, body[:end], content_type)
            assert status == 400 and b"SerializationException" in answer, (operation, body[:end], answer)
