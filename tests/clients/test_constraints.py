"""Each constraint of botocore's model on each member of each request: what lies at the edge of it is not complained of, what
lies one past it is, in the words of the service and at the right place.

Botocore's model is not the whole truth. Where the service has words of its own, or looks elsewhere, `OWN` says so; what
belongs to things that are not here (`ABSENT`) is refused as a whole, whatever stands in it."""

import json
import re

import pytest
from millpond import Server
from test_operations import OPERATIONS, SERVED, send
from test_wire import Wire, code

SINGLE = "failed to satisfy constraint: Member must "
ABSENT = re.compile(
    r"^(SearchVectors|UpdateTableReplicaAutoScaling|UpdateGlobalTableSettings: (?!globalTableBilling|globalTableName)|"
    r"StartBulkPutItems: (clientToken|\w+\.s3)|ListBulkOperations: nextToken|DisableKinesis\w+: enable|"
    # Whose own words are in the tests of imports.
    r"ImportTable: (.*vectorIndex|s3BucketSource\.s3(BucketOwner: pattern|KeyPrefix: max)|.*delimiter)|"
    r"(Create|Update)Table: (vectorIndex|globalTable|replicaUpdates|multiRegion|disassociation))")
# Those of backups and exports have their own tests.
ELSEWHERE = re.compile(r"Backup|Export|Restore|(Describe|List)Imports?")

TABLE_MISSING = "The parameter 'TableName' is required but was not present in the request"
TABLE_NAME = "TableName must be at least 3 characters long and at most 255 characters long"
INDEX_NAME = "IndexName must be at least 3 characters long and at most 255 characters long"
# What is said instead; `None` where nothing is wrong. The first match counts.
OWN = [(re.compile(case), said) for case, said in [
    (r"^(Create|Delete|Describe|Update)Table: tableName: missing", TABLE_MISSING),
    (r": globalTableName: (min|max)", TABLE_NAME),
    (r"^(Create|Update)GlobalTable: globalTableName: pattern", "^One or more parameter values were invalid"),
    (r": globalTableName: pattern", "does not exist"),
    (r"ContributorInsights: indexName: (min|max)", INDEX_NAME),
    (r"ContributorInsights: indexName: pattern", "Index: a b%\\$ not found for table: sample"),
    (r"^ListGlobalTables: exclusiveStartGlobalTableName: pattern", None),
    (r"^(Tag|Untag|ListTagsOf)Resource: resourceArn", "Invalid TableArn"),
    (r": tags\.1\.member\.key: (min|max)|: tagKeys\.1\.member: (min|max)", "The Tag Key provided is invalid, Key: "),
    (r": tags\.1\.member\.value: max", "The Tag Value provided is invalid, Value: "),
    # Measured in the newer layer of checks, which repeats no value.
    (r"^(Put|Update|Delete)Item: tableName: min",
     "Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1"),
    (r"^(Put|Update|Delete)Item: returnValues: enum",
     r"Failed to satisfy constraint: Member must satisfy enum value set: \[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE\]"),
    (r"^(Put|Update|Delete)Item: returnItemCollectionMetrics: enum", "ReturnItemCollectionMetrics can only be SIZE or NONE"),
    (r"^Query: limit: min", "Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    (r"nonKeyAttributes: max", r"Value at '[\w.]+\.nonKeyAttributes' failed to satisfy constraint: Member must have length less "
                               "than or equal to 20"),
    (r"nonKeyAttributes\.1\.member: (min|max)",
     r"at '[\w.]+\.nonKeyAttributes' failed to satisfy constraint: Member must satisfy constraint: \[Member must have length "
     r"less than or equal to 255, Member must have length greater than or equal to 1\]"),
    (r"SecondaryIndex\w*\.1\.member(\.create)?\.keySchema: min",
     r"Value at '[\w.]+\.keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1"),
    (r"^(GetItem|Query|Scan): attributesToGet\.1\.member: max", None),
    # The list is not repeated: it would be written as Java writes its objects.
    (r": transactItems: max", "Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal "
                              "to 100"),
    (r"^(Batch)?Execute\w+: (?!clientRequestToken)[\w.]+: max", "Value at '[\\w.]+' failed to satisfy constraint: Member must have length less than or equal "
                                        "to [0-9]+"),
    # A blank is fine there, and a percent sign.
    (r"^ImportTable: .*headerList\.1\.member: pattern", None),
    (r"^Query: attributesToGet: min", "Can not use both expression and non-expression parameters in the same request"),
    (r"attributesToGet: min", r"at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal "
                              "to 1"),
]]
# Names of tables are bounded by what a name may have, not by the 1,024 characters that the model allows an ARN; and the
# operations on tables know that it has at least three.
NAME_CHARACTERS = {"min": 3, "max": 255}
ON_ITEMS = {"DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem"}

ITEM = {"pk": {"S": "a"}}
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
TABLE = {
    "TableName": "sample", "KeySchema": KEYS, "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
}
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/sample"
PUT = {"Put": {"TableName": "sample", "Item": ITEM}}
# Requests in which nothing else is wrong.
BASE = {
    "CreateTable": TABLE, "TransactWriteItems": {"TransactItems": [PUT]},
    "Query": {"TableName": "sample", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}},
    "TagResource": {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "b"}]},
    "UntagResource": {"ResourceArn": ARN, "TagKeys": ["a"]},
    "PutResourcePolicy": {"ResourceArn": ARN, "Policy": "{}"},
    "BatchGetItem": {"RequestItems": {"sample": {"Keys": [ITEM]}}},
    "BatchWriteItem": {"RequestItems": {"sample": [{"PutRequest": {"Item": ITEM}}]}},
    "UpdateTimeToLive": {"TableName": "sample", "TimeToLiveSpecification": {"AttributeName": "a", "Enabled": True}},
}


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    server = Server(None, "--s3-dir", str(tmp_path_factory.mktemp("buckets")))
    wire = Wire(server)
    wire.send("CreateTable", TABLE)
    yield wire
    assert server.stop() == 0
    assert "panicked" not in server.said()


def members(shape, path=(), field=(), depth=0):
    """Every member below a shape: its way in the request, its field in messages, its shape, and whether it must be there."""
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if not member.serialization.get("location"):  # not a header
                    here = (*path, name), (*field, name[0].lower() + name[1:])
                    yield *here, member, name in shape.required_members
                    if depth < 6 and member.name != "AttributeValue":
                        yield from members(member, *here, depth + 1)
        case "list":
            here = (*path, 0), (*field, "1", "member")
            yield *here, shape.member, False
            if shape.member.name != "AttributeValue":
                yield from members(shape.member, *here, depth + 1)


def edges(operation, field, member, required):
    """What may be wrong with a member: its name, the value, what is said of it, and the value that is just right."""
    limits, kind = member.metadata, member.type_name
    if required:
        yield "missing", None, "not be null", ...
    if "enum" in limits:
        yield "enum", "INVALID", "satisfy enum value set: [", limits["enum"][0]
    if "pattern" in limits and "enum" not in limits:
        yield "pattern", "a b%$", f"satisfy regular expression pattern: {limits['pattern']}", "a-b_c.1"
    what, of = ("value", int) if kind in ("integer", "long") else ("length", lambda n: n)
    for bound, by, words in (("min", -1, "greater"), ("max", 1, "less")):
        if bound in limits and kind in ("integer", "long", "string", "list"):
            edge = limits[bound]
            if field == "tableName" and (bound == "max" or operation not in ON_ITEMS) or field.endswith(".tableName") and bound == "max":
                edge = NAME_CHARACTERS[bound]
            if edge + by >= 0 or kind in ("integer", "long"):
                yield bound, of(edge + by), f"have {what} {words} than or equal to {edge}", of(edge)


def cases():
    for operation in sorted(SERVED):
        shape = OPERATIONS[operation][1].input_shape
        for path, field, member, required in members(shape) if shape and not ELSEWHERE.search(operation) else ():
            for edge, wrong, said, right in edges(operation, ".".join(field), member, required):
                case = f"{operation}: {'.'.join(field)}: {edge}"
                if not ABSENT.search(case):
                    yield case, operation, path, ".".join(field), wrong, said, right


CASES = list(cases())


def fit(shape):
    """The least value of a shape that nothing is wrong with."""
    match shape.type_name:
        case "structure" if shape.name == "AttributeValue":
            return {"S": "a"}
        case "structure":
            return {name: fit(shape.members[name]) for name in shape.required_members}
        case "list":
            return [fit(shape.member)]
        case "map":
            return {"pk": fit(shape.value)}
        case "string" if shape.name in ("TableName", "TableArn"):
            return "sample"
        case "string" if shape.name == "ResourceArnString":
            return ARN
        case "string":
            return shape.enum[0] if shape.enum else "a" * max(shape.metadata.get("min", 0), 3)
        case "boolean":
            return False
        case "timestamp" | "double":
            return 1.5
        case _:
            return max(shape.metadata.get("min", 0), 1)


def along(shape, path, value, base=None):
    """A request with `value` at a path, or without the member there, and what must be beside it."""
    if not path:
        if isinstance(value, int) and shape.type_name == "string":
            return "a" * value
        if isinstance(value, int) and shape.type_name == "list":
            return [PUT if shape.member.name == "TransactWriteItem" else fit(shape.member)] * value
        return value
    step, *rest = path
    if shape.type_name == "list":
        return [along(shape.member, rest, value)]
    request = fit(shape) if base is None else base
    if rest or value is not None:
        return request | {step: along(shape.members[step], rest, value)}
    return {name: member for name, member in request.items() if name != step}


def answer(wire, operation, path, value):
    shape = OPERATIONS[operation][1].input_shape
    status, _, body = send(wire, operation, along(shape, path, value, BASE.get(operation)))
    said = json.loads(body or "{}") if status != 200 else {}
    return (code(body) if status != 200 else "OK"), said.get("message") or said.get("Message") or ""


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_lies_past_the_edge_is_refused(wire, case):
    name, operation, path, field, wrong, said, _ = case
    found, message = answer(wire, operation, path, wrong)
    own = next((own for own in OWN if own[0].search(name)), None)
    if own:
        assert re.search(own[1], message) if own[1] else "constraint" not in message, (found, message)
        return
    assert found == "ValidationException", message
    assert re.match(r"\d+ validation errors? detected: Value ('|null )", message), message
    assert f" at '{field}' {SINGLE}{said}" in message
    if said.endswith("["):
        names = message.split(f"at '{field}' {SINGLE}{said}")[1].split("]")[0].split(", ")
        shape = OPERATIONS[operation][1].input_shape
        for step in path:
            shape = shape.member if step == 0 else shape.members[step]
        assert sorted(names) == sorted(shape.enum)


AT_THE_EDGE = [case for case in CASES if case[6] is not ...]


@pytest.mark.parametrize("case", AT_THE_EDGE, ids=[case[0] for case in AT_THE_EDGE])
def test_what_lies_at_the_edge_is_not_complained_of(wire, case):
    _, operation, path, field, _, _, right = case
    found, message = answer(wire, operation, path, right)
    assert f"at '{field}' failed" not in message, (found, message)
    wire.send("CreateTable", TABLE)  # where it was deleted
