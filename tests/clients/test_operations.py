"""Every operation of botocore's model: what is served is what ARCHITECTURE.md says, and no member of a request, whatever
stands there, gets anything but an answer or an error that the model or the protocol knows."""

import json
import re

import botocore.session
import pytest
from millpond import ROOT, Server
from test_wire import Wire, code

MODELS = [botocore.session.get_session().get_service_model(name) for name in ("dynamodb", "dynamodbstreams")]
OPERATIONS = {name: (model, model.operation_model(name)) for model in MODELS for name in model.operation_names}
# Those that any operation may give.
COMMON = {"ValidationException", "SerializationException"}
# What JSON can hold where something else is expected; `1e400` is no double.
WRONG = [b"null", b"true", b"0", b"-1", b"1e400", b"99999999999999999999", b'""', b'"x"', b'"\\ud83d\\ude00"', b"[]", b"[null]",
         b"[[]]", b"{}", b'{"":null}', b'{"S":"x"}', b'{"N":"x"}', b'{"B":"?"}']
TABLE = {
    "TableName": "sample", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
# Names that have to be asked for: by their shape in the model.
KNOWN = {}
HOLE = "\x00hole\x00"


def documented():
    """The operations that ARCHITECTURE.md lists: those that are served, and those that are not."""
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## Operations of DynamoDB")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    listed = {name: is_served.strip() != "no" for names, is_served, _ in rows for name in re.findall(r"[A-Z]\w+", names)}
    assert len(listed) == sum(len(re.findall(r"[A-Z]\w+", names)) for names, _, _ in rows), "listed twice"
    return {name for name, served in listed.items() if served}, {name for name, served in listed.items() if not served}


SERVED, UNSERVED = documented()


def send(wire, operation, body):
    target = OPERATIONS[operation][0].metadata["targetPrefix"]
    return wire.send(f"{target}.{operation}", body)


def ask(wire, operation, body):
    status, _, answer = send(wire, operation, body)
    assert status == 200, answer
    return json.loads(answer)


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    # With a bucket of the name that all samples have.
    directory = tmp_path_factory.mktemp("s3")
    (directory / "pk").mkdir()
    server = Server(None, "--s3-dir", directory)
    wire = Wire(server)
    ask(wire, "CreateTable", TABLE)
    stream = {"StreamArn": ask(wire, "DescribeTable", {"TableName": "sample"})["Table"]["LatestStreamArn"]}
    shard = ask(wire, "DescribeStream", stream)["StreamDescription"]["Shards"][0]
    place = stream | {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    KNOWN.update(
        stream, ShardId=shard["ShardId"], ShardIterator=ask(wire, "GetShardIterator", place)["ShardIterator"],
        SequenceNumber=shard["SequenceNumberRange"]["StartingSequenceNumber"],
    )
    yield wire
    assert server.alive()
    assert server.stop() == 0
    assert "panicked" not in server.said()


def test_the_list_of_operations_is_the_models():
    assert SERVED | UNSERVED == set(OPERATIONS)
    assert not SERVED & UNSERVED


def test_what_is_not_served_is_an_unknown_operation(wire):
    for operation in ["NoSuchOperation", "", *UNSERVED]:
        status, _, body = wire.send(f"DynamoDB_20120810.{operation}", {})
        assert (status, code(body)) == (400, "UnknownOperationException"), operation


def sample(shape, is_whole, depth=0):
    """A request with all its members, good enough to be looked at, or with those it needs, good enough for an answer."""
    if shape.name == "AttributeValue" and not is_whole:
        return {"S": "pk"}
    match shape.type_name:
        case "structure":
            members = shape.members.items() if depth < 6 else ()
            return {
                name: sample(member, is_whole, depth + 1)
                for name, member in members if is_whole or name in shape.required_members
            }
        case "list":
            return [sample(shape.member, is_whole, depth + 1)] if depth < 6 else []
        case "map":
            key = "sample" if shape.key.name in ("TableName", "TableArn") else "pk"
            return {key: sample(shape.value, is_whole, depth + 1)} if depth < 6 else {}
        case "string":
            if shape.name in ("TableName", "TableArn"):
                return "sample"
            if shape.name in KNOWN:
                return KNOWN[shape.name]
            return shape.enum[0] if shape.enum else "pk"
        case "blob":
            return "AAEC"
        case "boolean":
            return False
        case "timestamp" | "double":
            return 1.5
        case _:
            return 1


def requests(shape):
    """One with all members, one with those it needs, and one more for each of the others."""
    whole, least = (sample(shape, True), sample(shape, False)) if shape else ({}, {})
    yield from (whole, least)
    for name in whole.keys() - least.keys():
        yield least | {name: whole[name]}


def holes(value, path=()):
    """Every place in a request."""
    yield path
    for key, member in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from holes(member, (*path, key))


def put(value, path, new):
    if not path:
        return new
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = put(value[key], rest, new)
    return copy


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_whatever_stands_in_a_request_it_is_answered(wire, operation):
    _, model = OPERATIONS[operation]
    known = COMMON | {error.name for error in model.error_shapes}
    for request in requests(model.input_shape):
        wire.send("CreateTable", TABLE)
        status, _, answer = send(wire, operation, request)
        assert status in (200, 400), (request, answer)
        for place, path in enumerate(holes(request)):
            text = json.dumps(put(request, path, HOLE)).encode()
            # The outer places see everything, the many inner ones take turns.
            for wrong in WRONG if len(path) < 3 else [WRONG[place % len(WRONG)]]:
                body = text.replace(json.dumps(HOLE).encode(), wrong)
                status, _, answer = send(wire, operation, body)
                assert status == 200 or (status == 400 and code(answer) in known), (path, wrong, status, answer)
                assert json.loads(answer or "{}") is not None


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_a_required_member_is_missed(wire, operation):
    shape = OPERATIONS[operation][1].input_shape
    whole = sample(shape, True) if shape else {}
    for name in shape.required_members if shape else []:
        request = {key: value for key, value in whole.items() if key != name}
        status, _, answer = send(wire, operation, request)
        assert (status, code(answer)) == (400, "ValidationException"), (name, answer)
