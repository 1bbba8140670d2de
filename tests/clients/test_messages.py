"""Error codes and texts, as the real service gives them: one row for each wrong request.

`{table}` is a table under `pk` (S), `{sorted}` one under `pk` (S) and `sk` (S); both hold the item `a` (and `a`, `b`).
A text that starts with `~` is a regular expression to be found anywhere in the message. The texts are those of before June
2026; what malformed writes of items are told since then is derived from them.
"""

import re

import pytest
from botocore.exceptions import ClientError
from millpond import Server

VALIDATION, NOT_FOUND = "ValidationException", "ResourceNotFoundException"
NO_TABLE = "Requested resource not found"
CONSTRAINT = "failed to satisfy constraint: "
A, AB = {"pk": {"S": "a"}}, {"pk": {"S": "a"}, "sk": {"S": "b"}}
LONG = "a" * 256
MIXED = ("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
         "{%s} Expression parameters: {%s}")
INVALID = "One or more parameter values were invalid: "
DUPLICATES = "Provided list of item keys contains duplicates"


def attributes(*names, of="S"):
    return [{"AttributeName": name, "AttributeType": of} for name in names]


def schema(*names, second="RANGE"):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", second, second))]


def create(**changes):
    request = {"TableName": "not.made", "KeySchema": schema("pk"), "AttributeDefinitions": attributes("pk"),
               "BillingMode": "PAY_PER_REQUEST"}
    return {key: value for key, value in {**request, **changes}.items() if value is not None}


def deep(levels):
    value = {"S": "leaf"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


PUT = "put_item"
CASES = [
    # name, operation, request, code, text
    ("create without a name", "create_table", create(TableName=None), VALIDATION,
     "The parameter 'TableName' is required but was not present in the request"),
    ("create with a name of two", "create_table", create(TableName="ab"), VALIDATION,
     f"~Value 'ab' at 'tableName' {CONSTRAINT}Member must have length greater than or equal to 3"),
    ("create with three keys", "create_table",
     create(KeySchema=schema("a", "b", "c"), AttributeDefinitions=attributes("a", "b", "c")), VALIDATION, "~."),
    ("create with one name twice", "create_table", create(KeySchema=schema("pk", "pk")), VALIDATION, "~."),
    ("create with a key type that is none", "create_table",
     create(KeySchema=[{"AttributeName": "pk", "KeyType": "INVALID"}]), VALIDATION,
     f"1 validation error detected: Value 'INVALID' at 'keySchema.1.member.keyType' {CONSTRAINT}"
     "Member must satisfy enum value set: [HASH, RANGE]"),
    ("create with an attribute type that is none", "create_table",
     create(AttributeDefinitions=attributes("pk", of="INVALID")), VALIDATION,
     f"1 validation error detected: Value 'INVALID' at 'attributeDefinitions.1.member.attributeType' {CONSTRAINT}"
     "Member must satisfy enum value set: [B, N, S]"),
    ("create with a bad name pattern", "create_table", create(TableName="bad table!@#"), VALIDATION, "~tableName"),

    ("put without a table", PUT, {"Item": A}, VALIDATION,
     f"1 validation error detected: Value null at 'tableName' {CONSTRAINT}Member must not be null"),
    ("put into an empty name", PUT, {"TableName": "", "Item": A}, VALIDATION,
     f"1 validation error detected: Value '' at 'tableName' {CONSTRAINT}Member must have length greater than or equal to 1"),
    ("put into a name of 256", PUT, {"TableName": LONG, "Item": A}, VALIDATION,
     f"1 validation error detected: Value '{LONG}' at 'tableName' {CONSTRAINT}"
     "Member must have length less than or equal to 255"),
    ("put into a bad name", PUT, {"TableName": "bad table!@#", "Item": A}, VALIDATION,
     f"1 validation error detected: Value 'bad table!@#' at 'tableName' {CONSTRAINT}"
     "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ("put with an empty string set", PUT, {"TableName": "{table}", "Item": {**A, "v": {"SS": []}}}, VALIDATION,
     INVALID + "An string set  may not be empty"),
    ("put with an empty number set", PUT, {"TableName": "{table}", "Item": {**A, "v": {"NS": []}}}, VALIDATION,
     INVALID + "An number set  may not be empty"),
    ("put with a string twice in a set", PUT, {"TableName": "{table}", "Item": {**A, "v": {"SS": ["a", "a"]}}},
     VALIDATION, INVALID + "Input collection [a, a] contains duplicates."),
    ("put with a null that is false", PUT, {"TableName": "{table}", "Item": {**A, "v": {"NULL": False}}}, VALIDATION,
     INVALID + "Null attribute value types must have the value of true"),
    ("put with Expected and a condition", PUT,
     {"TableName": "{table}", "Item": A, "Expected": {"v": {"Exists": False}}, "ConditionExpression": "attribute_exists(pk)"},
     VALIDATION, MIXED % ("Expected", "ConditionExpression")),
    ("put with values but no expression", PUT,
     {"TableName": "{table}", "Item": A, "ExpressionAttributeValues": {":v": {"S": "x"}}}, VALIDATION,
     "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"),
    ("put without its key", PUT, {"TableName": "{table}", "Item": {"v": {"S": "x"}}}, VALIDATION,
     INVALID + "Missing the key pk in the item"),
    ("put with a key of another type", PUT, {"TableName": "{table}", "Item": {"pk": {"N": "1"}}}, VALIDATION,
     INVALID + "Type mismatch for key pk expected: S actual: N"),
    ("put with an empty key", PUT, {"TableName": "{table}", "Item": {"pk": {"S": ""}}}, VALIDATION,
     "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
     "string value. Key: pk"),
    ("put with a key of 2,049 bytes", PUT, {"TableName": "{table}", "Item": {"pk": {"S": "x" * 2049}}}, VALIDATION,
     "~Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    ("put with a sort key of 1,025 bytes", PUT,
     {"TableName": "{sorted}", "Item": {"pk": {"S": "x"}, "sk": {"S": "x" * 1025}}}, VALIDATION,
     "~Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ("put with 39 digits", PUT, {"TableName": "{table}", "Item": {**A, "v": {"N": "1" * 39}}}, VALIDATION,
     "~Attempting to store more than 38 significant digits in a Number"),
    ("put with a number too large", PUT, {"TableName": "{table}", "Item": {**A, "v": {"N": "1E126"}}}, VALIDATION,
     "~Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("put with a number too small", PUT, {"TableName": "{table}", "Item": {**A, "v": {"N": "1E-131"}}}, VALIDATION,
     "~Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("put with what is no number", PUT, {"TableName": "{table}", "Item": {**A, "v": {"N": "abc"}}}, VALIDATION,
     "~The parameter cannot be converted to a numeric value"),
    ("put nested too deep", PUT, {"TableName": "{table}", "Item": {**A, "v": deep(32)}}, VALIDATION,
     "~Nesting Levels have exceeded supported limits"),
    ("put over 400 KiB", PUT, {"TableName": "{table}", "Item": {**A, "v": {"S": "x" * 409_600}}}, VALIDATION,
     "~Item size has exceeded the maximum allowed size"),
    ("put with three bad enums", PUT,
     {"TableName": "{table}", "Item": A, "ReturnValues": "X", "ReturnConsumedCapacity": "X",
      "ReturnItemCollectionMetrics": "X"}, VALIDATION,
     "~(?s)3 validation errors detected(?=.*returnConsumedCapacity)(?=.*returnItemCollectionMetrics)(?=.*returnValues)"),
    ("put into no table", PUT, {"TableName": "never.made", "Item": A}, NOT_FOUND, NO_TABLE),
    ("put under a condition that fails", PUT,
     {"TableName": "{table}", "Item": A, "ConditionExpression": "attribute_not_exists(pk)"},
     "ConditionalCheckFailedException", "The conditional request failed"),

    ("get from no table", "get_item", {"TableName": "never.made", "Key": A}, NOT_FOUND, NO_TABLE),
    ("get without the sort key", "get_item", {"TableName": "{sorted}", "Key": A}, VALIDATION,
     "The provided key element does not match the schema"),
    ("get with a broken projection", "get_item", {"TableName": "{table}", "Key": A, "ProjectionExpression": "!!"},
     VALIDATION, 'Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"'),
    ("get with a reserved word", "get_item", {"TableName": "{table}", "Key": A, "ProjectionExpression": "size"},
     VALIDATION, "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: size"),

    ("delete from no table", "delete_item", {"TableName": "never.made", "Key": A}, NOT_FOUND, NO_TABLE),
    ("delete without the sort key", "delete_item", {"TableName": "{sorted}", "Key": A}, VALIDATION,
     "The provided key element does not match the schema"),
    ("delete under a condition that fails", "delete_item",
     {"TableName": "{table}", "Key": A, "ConditionExpression": "attribute_not_exists(pk)"},
     "ConditionalCheckFailedException", "The conditional request failed"),
    ("delete from an empty name", "delete_item", {"TableName": "", "Key": A}, VALIDATION, "~tableName"),
    ("delete with two bad enums", "delete_item",
     {"TableName": "{table}", "Key": A, "ReturnValues": "X", "ReturnConsumedCapacity": "X"}, VALIDATION,
     "~2 validation errors detected.*returnConsumedCapacity|2 validation errors detected.*returnValues"),

    ("update the key", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALIDATION, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
    ("update the sort key", "update_item",
     {"TableName": "{sorted}", "Key": AB, "UpdateExpression": "SET sk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALIDATION, INVALID + "Cannot update attribute sk. This attribute is part of the key"),
    ("update with broken syntax", "update_item", {"TableName": "{table}", "Key": A, "UpdateExpression": "INVALID SYNTAX"},
     VALIDATION, 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
    ("update with an unused name", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "REMOVE v", "ExpressionAttributeNames": {"#unused": "x"}},
     VALIDATION, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"),
    ("update with an unused value", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "REMOVE v", "ExpressionAttributeValues": {":unused": {"S": "x"}}},
     VALIDATION, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"),
    ("update with a value not given", "update_item", {"TableName": "{table}", "Key": A, "UpdateExpression": "SET v = :v"},
     VALIDATION, "Invalid UpdateExpression: An expression attribute value used in expression is not defined; "
     "attribute value: :v"),
    ("update in both ways", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "REMOVE v", "AttributeUpdates": {"v": {"Action": "DELETE"}}},
     VALIDATION, MIXED % ("AttributeUpdates", "UpdateExpression")),
    ("update with nothing", "update_item", {"TableName": "{table}", "Key": A, "UpdateExpression": ""}, VALIDATION,
     "Invalid UpdateExpression: The expression can not be empty;"),
    ("update with paths that overlap", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "SET v.a = :v, v = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALIDATION, "~Invalid UpdateExpression: Two document paths overlap with each other"),
    ("update adds to a string", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "SET v = v + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}},
     VALIDATION, "An operand in the update expression has an incorrect data type"),
    ("update reads what is not there", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "SET v = nothing"}, VALIDATION,
     "The provided expression refers to an attribute that does not exist in the item"),
    ("update beyond 400 KiB", "update_item",
     {"TableName": "{table}", "Key": A, "UpdateExpression": "SET w = :v",
      "ExpressionAttributeValues": {":v": {"S": "x" * 409_600}}}, VALIDATION,
     "~Item size to update has exceeded the maximum allowed size"),
    ("update in no table", "update_item", {"TableName": "never.made", "Key": A, "UpdateExpression": "REMOVE v"},
     NOT_FOUND, NO_TABLE),

    ("query without the partition key", "query",
     {"TableName": "{sorted}", "KeyConditionExpression": "sk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALIDATION, "Query condition missed key schema element: pk"),
    ("query by what is no key", "query",
     {"TableName": "{table}", "KeyConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALIDATION, "Query condition missed key schema element: pk"),
    ("query with an unused name", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}},
      "ExpressionAttributeNames": {"#unused": "x"}}, VALIDATION,
     "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"),
    ("query with a bad Select", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}},
      "Select": "INVALID_VALUE"}, VALIDATION,
     f"1 validation error detected: Value 'INVALID_VALUE' at 'select' {CONSTRAINT}Member must satisfy enum value set: "
     "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"),
    ("query with a limit of nought", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}},
      "Limit": 0}, VALIDATION,
     f"1 validation error detected: Value at 'Limit' {CONSTRAINT}Member must have value greater than or equal to 1"),
    ("query with an empty condition", "query", {"TableName": "{table}", "KeyConditionExpression": ""}, VALIDATION,
     "Invalid KeyConditionExpression: The expression can not be empty;"),
    ("query with a name not given", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}},
      "FilterExpression": "#missing = :v"}, VALIDATION,
     "Invalid FilterExpression: An expression attribute name used in the document path is not defined; attribute name: "
     "#missing"),
    ("query with a filter on the key", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}},
      "FilterExpression": "pk = :v"}, VALIDATION,
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"),
    ("query with a key of another type", "query",
     {"TableName": "{table}", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}},
     VALIDATION, INVALID + "Condition parameter type does not match schema type"),
    ("query in no table", "query",
     {"TableName": "never.made", "KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     NOT_FOUND, NO_TABLE),

    ("scan a segment of none", "scan", {"TableName": "{table}", "Segment": 0}, VALIDATION,
     "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"),
    ("scan a segment beyond the last", "scan", {"TableName": "{table}", "Segment": 5, "TotalSegments": 5}, VALIDATION,
     "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than "
     "TotalSegments: 5"),
    ("scan segments but none named", "scan", {"TableName": "{table}", "TotalSegments": 5}, VALIDATION,
     "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"),
    ("scan with a limit of nought", "scan", {"TableName": "{table}", "Limit": 0}, VALIDATION,
     f"1 validation error detected: Value '0' at 'limit' {CONSTRAINT}Member must have value greater than or equal to 1"),
    ("scan no table", "scan", {"TableName": "never.made"}, NOT_FOUND, NO_TABLE),
    ("scan with a needless parenthesis", "scan", {"TableName": "{table}", "FilterExpression": "((attribute_exists(v)))"},
     VALIDATION, "Invalid FilterExpression: The expression has redundant parentheses;"),
    ("scan with 301 operators", "scan",
     {"TableName": "{table}", "FilterExpression": " OR ".join(["a=b"] * 151)}, VALIDATION,
     "~The expression contains too many operators; operator count: 301"),
    ("scan with 4,097 bytes", "scan",
     {"TableName": "{table}", "FilterExpression": "attribute_exists(" + "a" * 4079 + ")"}, VALIDATION,
     "~Expression size has exceeded the maximum allowed size"),

    ("batch get of nothing", "batch_get_item", {"RequestItems": {}}, VALIDATION,
     "The requestItems parameter is required for BatchGetItem"),
    ("batch get of 101", "batch_get_item",
     {"RequestItems": {"{table}": {"Keys": [{"pk": {"S": str(n)}} for n in range(101)]}}}, VALIDATION,
     f"1 validation error detected: Value at 'RequestItems.{{table}}.member.Keys' {CONSTRAINT}"
     "Member must have length less than or equal to 100"),
    ("batch get from no table", "batch_get_item", {"RequestItems": {"never.made": {"Keys": [A]}}}, NOT_FOUND, NO_TABLE),
    ("batch get of one key twice", "batch_get_item", {"RequestItems": {"{table}": {"Keys": [A, A]}}}, VALIDATION,
     DUPLICATES),
    ("batch write of nothing", "batch_write_item", {"RequestItems": {}}, VALIDATION,
     "The requestItems parameter is required for BatchWriteItem"),
    ("batch write of 26", "batch_write_item",
     {"RequestItems": {"{table}": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(26)]}}, VALIDATION,
     "~(?i)member must have length less than or equal to 25|too many items"),
    ("batch write of one key twice", "batch_write_item",
     {"RequestItems": {"{table}": [{"PutRequest": {"Item": A}}, {"DeleteRequest": {"Key": A}}]}}, VALIDATION, DUPLICATES),
    ("batch write into no table", "batch_write_item",
     {"RequestItems": {"never.made": [{"PutRequest": {"Item": A}}]}}, NOT_FOUND, NO_TABLE),
]


def fill(value, names):
    if isinstance(value, str):
        return value.replace("{table}", names["table"]).replace("{sorted}", names["sorted"])
    if isinstance(value, list):
        return [fill(one, names) for one in value]
    if isinstance(value, dict):
        return {fill(key, names): fill(one, names) for key, one in value.items()}
    return value


# Since June 2026 most regions say of malformed writes of single items how many faults there are, and some things otherwise.
ENVELOPE = "1 validation error detected: "
NO_TABLE_NAME = f"{ENVELOPE}Value at 'TableName' {CONSTRAINT}Member must have length greater than or equal to 1"
BAD_VALUES = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
BAD_CAPACITY = f"Value 'X' at 'returnConsumedCapacity' {CONSTRAINT}Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
CURRENT = {
    "put into an empty name": NO_TABLE_NAME,
    "delete from an empty name": NO_TABLE_NAME,
    "put with values but no expression": ENVELOPE + "ExpressionAttributeValues can only be specified when using expressions",
    "put with three bad enums":
        f"3 validation errors detected: {BAD_CAPACITY}; {BAD_VALUES}; ReturnItemCollectionMetrics can only be SIZE or NONE",
    "delete with two bad enums": f"2 validation errors detected: {BAD_CAPACITY}; {BAD_VALUES}",
    "update with two bad enums": ENVELOPE + BAD_VALUES,
}
# What depends on the table is said as before.
LATE = re.compile(
    "Missing the key|Type mismatch|empty string value|empty binary value|does not match the schema|part of the key|Cannot do operations"
    "|Item size|conditional request|maximum size limit|size limit of|incorrect data type|provided in the update expression"
    "|provided expression refers|Number overflow|not found"
)


def said(case, wording):
    """What a case is told: the texts of the table are the earlier ones."""
    name, operation, _, _, text = case
    if wording == "earlier" or operation not in (PUT, "update_item", "delete_item"):
        return text
    if name in CURRENT:
        return CURRENT[name]
    is_counted = re.match("~?[0-9] validation error", text)
    return text if is_counted or LATE.search(text) or text.startswith("~") else ENVELOPE + text


@pytest.fixture(scope="module")
def worded():
    """Clients of servers with each wording, and the names of tables there."""
    servers, clients = [], {}
    for wording in ("current", "earlier"):
        server = Server(None, "--wording", wording)
        client = server.client(parameter_validation=False)
        names = {"table": "messages", "sorted": "messages.sorted"}
        for name, sort in (("messages", []), ("messages.sorted", ["sk"])):
            client.create_table(
                TableName=name, BillingMode="PAY_PER_REQUEST",
                KeySchema=schema("pk", *sort), AttributeDefinitions=attributes("pk", *sort),
            )
        client.put_item(TableName=names["table"], Item={**A, "v": {"S": "text"}})
        client.put_item(TableName=names["sorted"], Item=AB)
        servers.append(server)
        clients[wording] = client, names
    yield clients
    assert [server.stop() for server in servers] == [0, 0]


@pytest.mark.parametrize("wording", ["current", "earlier"])
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_wrong_request_is_told_what_is_wrong(worded, case, wording):
    _, operation, request, code, _ = case
    unchecked, tables = worded[wording]
    text = said(case, wording)
    with pytest.raises(ClientError) as caught:
        getattr(unchecked, operation)(**fill(request, tables))
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    expected = fill(text, tables)
    if expected.startswith("~"):
        assert re.search(expected[1:], error["Message"]), error["Message"]
    else:
        assert error["Message"] == expected
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    # Nothing is half done.
    assert unchecked.scan(TableName=tables["table"])["Items"] == [{**A, "v": {"S": "text"}}]
    assert unchecked.scan(TableName=tables["sorted"])["Items"] == [AB]
