"""What the service's model says of each member, tried on each operation that has it, and in which words that is refused."""

import re

import pytest
from kinesis_faces import (CBOR, JSON, MODEL, SERIALIZATION, VALIDATION, Time, arn, error, least, longest, most, pattern, post, shard_id, shortest)
from test_kinesis_model import OPERATIONS

# Where the service prints another pattern than its model has today: the anchors are not printed in any record of it.
PRINTED = {r"^(0|([1-9]\d{0,38}))$": r"0|([1-9]\d{0,38})", r"^(0|([1-9]\d{0,128}))$": r"0|([1-9]\d{0,128})"}


def members(shape, path=(), at=""):
    """Every member of a structure and of the structures in it: its names, where it stands as the service says it, and its shape."""
    for name, member in shape.members.items():
        here = f"{at}{'.' if at else ''}{name[0].lower()}{name[1:]}"
        yield (*path, name), here, member
        if member.type_name == "structure":
            yield from members(member, (*path, name), here)
        elif member.type_name == "list" and member.member.type_name == "structure":
            yield from members(member.member, (*path, name, 0), f"{here}.1.member")


ALL = [(operation, path, at, shape) for operation in OPERATIONS for path, at, shape in members(MODEL.operation_model(operation).input_shape)]


def request(path, value):
    """A request that has this member alone."""
    for name in reversed(path):
        value = [value] if name == 0 else {name: value}
    return value


def constraint(shape, which):
    """How a constraint of a shape is told."""
    metadata = shape.metadata
    of_number = shape.type_name in ("integer", "long")
    match which:
        case "min":
            return (least if of_number else shortest)(metadata["min"])
        case "max":
            return (most if of_number else longest)(metadata["max"])
        case "pattern":
            return pattern(PRINTED.get(metadata["pattern"], metadata["pattern"]))
    raise AssertionError(which)


def wrong_values():
    """For each member and each of its constraints a value that breaks it."""
    for operation, path, at, shape in ALL:
        metadata, kind = shape.metadata, shape.type_name
        if kind in ("integer", "long"):
            for which, by in (("min", -1), ("max", 1)):
                if which in metadata:
                    yield operation, path, at, metadata[which] + by, constraint(shape, which)
        elif kind == "string":
            if metadata.get("enum"):
                yield operation, path, at, "NONE-OF-THEM", re.compile(r"Member must satisfy enum value set: \[(.*)\]")
            if metadata.get("min"):
                yield operation, path, at, "", constraint(shape, "min")
            if "max" in metadata and metadata["max"] < 100_000:
                yield operation, path, at, "x" * (metadata["max"] + 1), constraint(shape, "max")
            if "pattern" in metadata:
                for value in ("\u00e9", "a b"):
                    yield operation, path, at, value, constraint(shape, "pattern")
        elif kind == "list" and metadata.get("min") and shape.member.type_name == "string":
            yield operation, path, at, [], constraint(shape, "min")
        elif kind == "map":
            yield operation, path, at, {}, constraint(shape, "min")


WRONG = list(wrong_values())


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("protocol", [JSON, CBOR], ids=["json", "cbor"])
def test_each_constraint_of_each_member(stream_server, protocol, operation):
    count = 0
    for of, path, at, value, told in WRONG:
        if of != operation:
            continue
        code, message = error(stream_server, protocol, operation, request(path, value))
        assert code == VALIDATION, (at, value, code, message)
        shown = f"'{value}'" if isinstance(value, (str, int)) else "'[]'" if value == [] else "'{}'"
        start = f"Value {shown} at '{at}' failed to satisfy constraint: "
        if isinstance(told, re.Pattern):
            [found] = re.findall(re.escape(start) + told.pattern, message)
            shape = next(shape for other, names, _, shape in ALL if (other, names) == (operation, path))
            # In which order they are told is not known of most.
            assert set(found.split(", ")) == set(shape.metadata["enum"])
        else:
            assert start + told in message.split(": ", 1)[1].split("; "), (message, told)
        count += 1
    if not count:
        assert operation in ("DescribeAccountSettings", "DescribeLimits")


def required():
    for operation in OPERATIONS:
        shape = MODEL.operation_model(operation).input_shape
        for path, at, member in [((), "", shape), *members(shape)]:
            element = member.member if member.type_name == "list" else member
            if element.type_name != "structure":
                continue
            inner = (*path, 0) if member.type_name == "list" else path
            for name in element.required_members:
                where = f"{at}{'.1.member' if member.type_name == 'list' else ''}{'.' if at else ''}{name[0].lower()}{name[1:]}"
                yield operation, inner, where


@pytest.mark.parametrize("operation, path, at", list(required()), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("protocol", [JSON, CBOR], ids=["json", "cbor"])
def test_each_member_that_must_be_there(stream_server, protocol, operation, path, at):
    code, message = error(stream_server, protocol, operation, request(path, {}) if path else {})
    assert code == VALIDATION
    assert f"Value null at '{at}' failed to satisfy constraint: Member must not be null" in message.split(": ", 1)[1].split("; "), message
    count = message.count("failed to satisfy constraint")
    assert message.startswith(f"{count} validation error{'s' if count > 1 else ''} detected: ")


# A value of the wrong type for each type, as each protocol may have it.
OTHER_TYPES = {
    "string": [True, 5, [], {}], "integer": ["5", True, [], {}], "long": ["5", True, [], {}], "boolean": [5, "maybe", [], {}], "blob": [True, 5, [], {}],
    "timestamp": ["5", True, [], {}], "list": ["a", 5, True, {}], "map": ["a", 5, True, []], "structure": ["a", 5, True, []],
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("protocol", [JSON, CBOR], ids=["json", "cbor"])
def test_each_member_of_another_type(stream_server, protocol, operation):
    for of, path, at, shape in ALL:
        if of == operation:
            for value in OTHER_TYPES[shape.type_name]:
                code, message = error(stream_server, protocol, operation, request(path, value))
                assert code == SERIALIZATION and message, (at, value)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("protocol", [JSON, CBOR], ids=["json", "cbor"])
def test_each_member_with_an_odd_value_is_survived(stream_server, protocol, operation):
    odd = {
        "string": [None, "\0", "x" * 300, "%", "a\r\nb", "\U0001f986", arn("none"), "-1", "9" * 40, "shardId-99999999999999999999", "-"],
        "integer": [None, -(2**31), 2**31, 2**63, -(2**63), 0.5, -0.0, 1e300], "long": [None, -1, 2**63],
        "boolean": [None, "true", "yes"], "blob": [None, b"", b"\0" * 1000],
        "timestamp": [None, Time(0), Time(-1), Time(2**52), Time(-(2**52)), 1e300, -1e300], "list": [None, [None], [[]], [{}], ["\0"], [""]],
        "map": [None, {"": ""}, {"a": None}, {"\0": "\0"}], "structure": [None, {}, {"other": 1}],
    }
    base = {"StreamName": "none", "ShardId": shard_id(0), "StreamARN": arn("none"), "ResourceARN": arn("none")}
    known = MODEL.operation_model(operation).input_shape.members
    for of, path, _, shape in ALL:
        if of == operation:
            for value in odd[shape.type_name]:
                body = {**{name: member for name, member in base.items() if name in known}, **request(path, value)}
                status, _, answer = post(stream_server, protocol, operation, body)
                assert status < 500, (path, value, answer)


def test_constraints_come_together(kinesis):
    kinesis.invalid([
        "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        "Value '?' at 'exclusiveStartShardId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ], "DescribeStream", StreamName="", Limit=0, ExclusiveStartShardId="?")


@pytest.mark.parametrize("operation, request_, order", [
    ("CreateStream", {"ShardCount": 0}, ["shardCount", "streamName"]),
    ("DescribeStream", {"Limit": 0, "ExclusiveStartShardId": "?", "StreamName": "?"}, ["limit", "exclusiveStartShardId", "streamName"]),
    ("ListStreams", {"Limit": 0, "ExclusiveStartStreamName": "?"}, ["limit", "exclusiveStartStreamName"]),
    ("GetRecords", {"Limit": 0}, ["limit", "shardIterator"]),
    ("GetShardIterator", {"StartingSequenceNumber": "?", "StreamName": "?"}, ["shardId", "shardIteratorType", "startingSequenceNumber", "streamName"]),
    ("PutRecord", {"SequenceNumberForOrdering": "?", "PartitionKey": "", "ExplicitHashKey": "?", "StreamName": "?"},
     ["sequenceNumberForOrdering", "partitionKey", "explicitHashKey", "data", "streamName"]),
    ("AddTagsToStream", {"StreamName": "?"}, ["tags", "streamName"]), ("RemoveTagsFromStream", {"StreamName": "?"}, ["tagKeys", "streamName"]),
    ("ListTagsForStream", {"Limit": 0, "ExclusiveStartTagKey": "", "StreamName": "?"}, ["limit", "exclusiveStartTagKey", "streamName"]),
    ("MergeShards", {"StreamName": "?"}, ["shardToMerge", "adjacentShardToMerge", "streamName"]),
    ("SplitShard", {"StreamName": "?"}, ["newStartingHashKey", "streamName", "shardToSplit"]),
    ("IncreaseStreamRetentionPeriod", {"StreamName": "?"}, ["retentionPeriodHours", "streamName"]),
    ("UpdateShardCount", {"StreamName": "?"}, ["scalingType", "streamName", "targetShardCount"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_order_in_which_they_are_told(stream_server, operation, request_, order):
    _, message = error(stream_server, JSON, operation, request_)
    assert list(dict.fromkeys(re.findall("at '([^']+)'", message))) == order
