"""Which of several faults of a request is told, and that those of its members are told together.

Measured on the service: paritysuite/dynamodb-conformance, tests/tier3/validation-ordering."""

import pytest
from botocore.exceptions import ClientError

PK = {"pk": {"S": "a"}}
CAPACITY = ("Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: "
            "[INDEXES, TOTAL, NONE]")
METRICS = ("Value 'BOGUS' at 'returnItemCollectionMetrics' failed to satisfy constraint: Member must satisfy enum value set: "
           "[SIZE, NONE]")
ONE, TWO = "1 validation error detected: ", "2 validation errors detected: "
UNUSED = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
SYNTAX = 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("'
TOO_DEEP = ("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
BAD = {"ReturnConsumedCapacity": "BOGUS"}
BOTH = BAD | {"ReturnItemCollectionMetrics": "BOGUS"}
NO_TABLE = ("ResourceNotFoundException", "Requested resource not found")


def deep(levels):
    value = {"S": "leaf"}
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


def put(table, **more):
    return {"Put": {"TableName": table, "Item": PK} | more}


def check(table, condition, **more):
    return {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "c"}}, "ConditionExpression": condition} | more}


def write(table):
    return {"RequestItems": {table: [{"PutRequest": {"Item": PK}}]}}


def read(table):
    return {"RequestItems": {table: {"Keys": [PK]}}}


def unused(table):
    return check(table, "attribute_not_exists(pk)", ExpressionAttributeValues={":v": {"S": "x"}})


DEEP = {"Item": PK | {"d": deep(32)}}
CASES = [
    # name, operation, request of a table that is there, what is said
    ("batch write, capacity", "batch_write_item", lambda t: write(t) | BAD, ONE + CAPACITY),
    ("batch write, metrics", "batch_write_item", lambda t: write(t) | {"ReturnItemCollectionMetrics": "BOGUS"}, ONE + METRICS),
    ("batch write, both", "batch_write_item", lambda t: write(t) | BOTH, f"{TWO}{CAPACITY}; {METRICS}"),
    ("batch write, no table", "batch_write_item", lambda t: write("never.made") | BAD, ONE + CAPACITY),
    ("batch write, malformed table", "batch_write_item", lambda t: write("bad!name") | BAD, ONE + CAPACITY),
    ("batch get, capacity", "batch_get_item", lambda t: read(t) | BAD, ONE + CAPACITY),
    ("batch get, no table", "batch_get_item", lambda t: read("never.made") | BAD, ONE + CAPACITY),
    ("transact write, capacity", "transact_write_items", lambda t: {"TransactItems": [put(t)]} | BAD, ONE + CAPACITY),
    ("transact write, both", "transact_write_items", lambda t: {"TransactItems": [put(t)]} | BOTH,
     f"{TWO}{CAPACITY}; {METRICS}"),
    ("transact write, no table", "transact_write_items", lambda t: {"TransactItems": [put("never.made")]} | BAD, ONE + CAPACITY),
    ("transact write, one item twice", "transact_write_items", lambda t: {"TransactItems": [put(t), put(t)]} | BAD,
     ONE + CAPACITY),
    ("transact write, no action", "transact_write_items", lambda t: {"TransactItems": [{}]} | BAD, ONE + CAPACITY),
    ("transact get, capacity", "transact_get_items",
     lambda t: {"TransactItems": [{"Get": {"TableName": t, "Key": PK}}]} | BAD, ONE + CAPACITY),
    ("transact get, no table", "transact_get_items",
     lambda t: {"TransactItems": [{"Get": {"TableName": "never.made", "Key": PK}}]} | BAD, ONE + CAPACITY),
    ("syntax before no table", "transact_write_items",
     lambda t: {"TransactItems": [put("never.made"), check(t, "attribute_not_exists(")]}, SYNTAX),
    ("syntax before depth behind it", "transact_write_items",
     lambda t: {"TransactItems": [check(t, "attribute_not_exists("), put(t, **DEEP)]}, SYNTAX),
    ("depth before syntax behind it", "transact_write_items",
     lambda t: {"TransactItems": [put(t, **DEEP), check(t, "attribute_not_exists(")]}, TOO_DEEP),
    ("an unused value before no table", "transact_write_items",
     lambda t: {"TransactItems": [put("never.made"), unused(t)]}, UNUSED),
    ("an unused value before no table behind it", "transact_write_items",
     lambda t: {"TransactItems": [unused(t), put("never.made")]}, UNUSED),
    ("depth before an empty name behind it", "transact_write_items",
     lambda t: {"TransactItems": [put(t, **DEEP), put(t, Item={"pk": {"S": "b"}, "": {"S": "x"}})]}, TOO_DEEP),
    ("an empty name before depth behind it", "transact_write_items",
     lambda t: {"TransactItems": [put(t, Item={"pk": {"S": "b"}, "": {"S": "x"}}), put(t, **DEEP)]}, "Empty attribute name"),
    ("an empty name before depth in the same item", "transact_write_items",
     lambda t: {"TransactItems": [put(t, Item=PK | {"d": deep(40), "": {"S": "x"}})]}, "Empty attribute name"),
    ("a syntax error before the depth of the key beside it", "transact_write_items",
     lambda t: {"TransactItems": [{"Delete": {"TableName": t, "Key": {"pk": deep(40)},
                                              "ConditionExpression": "attribute_not_exists("}}]}, SYNTAX),
    ("a depth beyond all reason", "put_item", lambda t: {"TableName": t, "Item": PK | {"d": deep(100)}}, TOO_DEEP),
    ("put, members before no table", "put_item", lambda t: {"TableName": "never.made", "Item": PK} | BOTH,
     f"{TWO}{CAPACITY}; ReturnItemCollectionMetrics can only be SIZE or NONE"),
    ("put, syntax before no table", "put_item",
     lambda t: {"TableName": "never.made", "Item": PK, "ConditionExpression": "attribute_not_exists("}, SYNTAX),
    ("put, a needless value before no table", "put_item",
     lambda t: {"TableName": "never.made", "Item": PK, "ConditionExpression": "attribute_exists(a)",
                "ExpressionAttributeValues": {":v": {"S": "x"}}}, UNUSED),
    ("put, no table before a key that is missing", "put_item",
     lambda t: {"TableName": "never.made", "Item": {"v": {"S": "x"}}}, NO_TABLE),
    ("put, a key that is missing before a condition that fails", "put_item",
     lambda t: {"TableName": t, "Item": {"v": {"S": "x"}}, "ConditionExpression": "attribute_exists(pk)"},
     "One or more parameter values were invalid: Missing the key pk in the item"),
    ("get, syntax before no table", "get_item",
     lambda t: {"TableName": "never.made", "Key": PK, "ProjectionExpression": "a,,b"},
     'Invalid ProjectionExpression: Syntax error; token: ",", near: ",,b"'),
    ("get, no table before a key that does not fit", "get_item",
     lambda t: {"TableName": "never.made", "Key": {"other": {"S": "x"}}}, NO_TABLE),
    ("update, operands before no table", "update_item",
     lambda t: {"TableName": "never.made", "Key": PK, "UpdateExpression": "ADD v :v",
                "ExpressionAttributeValues": {":v": {"S": "x"}}},
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: "
     "ALLOWED_FOR_ADD_OPERAND"),
    ("update, operands before a condition that fails", "update_item",
     lambda t: {"TableName": t, "Key": PK, "UpdateExpression": "SET v = :v", "ConditionExpression": "size(:v) < :v",
                "ExpressionAttributeValues": {":v": {"N": "1"}}},
     "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: size, operand type: N"),
    ("query, syntax before no table", "query",
     lambda t: {"TableName": "never.made", "KeyConditionExpression": "pk = :v AND",
                "ExpressionAttributeValues": {":v": {"S": "x"}}},
     'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "AND"'),
    ("query, no table before a key that is missing", "query",
     lambda t: {"TableName": "never.made", "KeyConditionExpression": "nokey = :v",
                "ExpressionAttributeValues": {":v": {"S": "x"}}}, NO_TABLE),
    ("scan, segments before no table", "scan", lambda t: {"TableName": "never.made", "Segment": 3, "TotalSegments": 2},
     "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 3 is not less than "
     "TotalSegments: 2"),
    ("scan, a filter before no table", "scan", lambda t: {"TableName": "never.made", "FilterExpression": "a = "},
     'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "="'),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_first_fault_is_told(unchecked, make_table, case):
    _, operation, request, said = case
    table = make_table()
    with pytest.raises(ClientError) as caught:
        getattr(unchecked, operation)(**request(table.name))
    error = caught.value.response["Error"]
    code, said = said if isinstance(said, tuple) else ("ValidationException", said)
    assert error["Code"] == code, error
    # The newer layer of checks opens what the older one says with a count.
    assert error["Message"] in (said, ONE + said)
    assert table.scan()["Count"] == 0


def short(name, member):
    return (f"Value '{name}' at '{member}.1.member.indexName' failed to satisfy constraint: Member must have length greater "
            "than or equal to 3")


def test_global_indexes_are_looked_at_first(unchecked):
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    index = {"KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    with pytest.raises(ClientError) as caught:
        unchecked.create_table(
            TableName="not.made", KeySchema=schema, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            LocalSecondaryIndexes=[index | {"IndexName": "aa"}], GlobalSecondaryIndexes=[index | {"IndexName": "zz"}])
    assert caught.value.response["Error"]["Message"] == (
        f"{TWO}{short('zz', 'globalSecondaryIndexes')}; {short('aa', 'localSecondaryIndexes')}")


@pytest.mark.parametrize("operation", ["describe_table", "delete_table", "update_table", "describe_time_to_live",
                                       "describe_kinesis_streaming_destination", "describe_contributor_insights"])
@pytest.mark.parametrize("name, faults", [
    ("", ["length greater than or equal to 3", "pattern"]), ("ab", ["length greater than or equal to 3"]),
    ("a!", ["length greater than or equal to 3", "pattern"]), ("a b c", ["pattern"]),
    ("a" * 256, ["length less than or equal to 255"]),
])
def test_operations_on_tables_tell_all_that_is_wrong_with_a_name(unchecked, operation, name, faults):
    pattern = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    said = [f"Value '{name}' at 'tableName' failed to satisfy constraint: Member must "
            + (pattern if fault == "pattern" else f"have {fault}") for fault in faults]
    with pytest.raises(ClientError) as caught:
        getattr(unchecked, operation)(TableName=name)
    plural = "s" if len(said) > 1 else ""
    assert caught.value.response["Error"]["Message"] == f"{len(said)} validation error{plural} detected: {'; '.join(said)}"
