"""The parameters from before expressions: what they do, what they may not be mixed with, and what is refused."""

from decimal import Decimal

import pytest
from botocore.exceptions import ClientError

KEY = {"pk": "p"}


@pytest.fixture
def table(make_table):
    return make_table()


@pytest.fixture
def sorted_table(make_table):
    table = make_table("S", "N")
    for n in range(10):
        table.put_item(Item={"pk": "p", "sk": n, "even": n % 2 == 0, "name": f"n{n}"})
    return table


# Malformed writes of single items are told how many faults there are.
ENVELOPE = "1 validation error detected: "
WRITES = ("put_item", "update_item", "delete_item")


def refused(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    return raised.value.response["Error"]["Message"]


def is_let(table, expected, **more):
    """Whether a write with these expectations happens."""
    try:
        table.update_item(
            Key=KEY, AttributeUpdates={"written": {"Value": 1, "Action": "ADD"}}, Expected=expected, **more,
        )
        return True
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return False


ITEM = {
    "pk": "p", "n": 5, "s": "hello", "b": b"\x01\x02", "ss": {"a", "b"}, "ns": {1, 2}, "l": ["x", 7], "t": True, "m": {"k": 1},
}


@pytest.mark.parametrize("name,operator,values,holds", [
    ("n", "EQ", [5], True), ("n", "EQ", [Decimal("5.0")], True), ("n", "EQ", ["5"], False), ("absent", "EQ", [5], False),
    ("ss", "EQ", [{"b", "a"}], True), ("l", "EQ", [["x", 7]], True), ("m", "EQ", [{"k": 1}], True), ("t", "EQ", [True], True),
    ("n", "NE", [5], False), ("n", "NE", [6], True), ("n", "NE", ["5"], True), ("absent", "NE", [5], True),
    ("n", "LT", [6], True), ("n", "LT", [5], False), ("s", "LT", ["world"], True), ("s", "LT", [6], False),
    ("absent", "LT", [6], False), ("n", "LE", [5], True), ("n", "LE", [4], False), ("n", "GT", [4], True),
    ("n", "GT", [5], False), ("n", "GE", [5], True), ("b", "GE", [b"\x01"], True), ("b", "GT", [b"\x01\x03"], False),
    ("n", "NOT_NULL", [], True), ("absent", "NOT_NULL", [], False), ("absent", "NULL", [], True), ("n", "NULL", [], False),
    ("s", "CONTAINS", ["ell"], True), ("s", "CONTAINS", ["xyz"], False), ("ss", "CONTAINS", ["a"], True),
    ("ns", "CONTAINS", [2], True), ("ns", "CONTAINS", ["2"], False), ("l", "CONTAINS", [7], True),
    ("b", "CONTAINS", [b"\x02"], True), ("absent", "CONTAINS", ["a"], False),
    ("s", "NOT_CONTAINS", ["ell"], False), ("s", "NOT_CONTAINS", ["xyz"], True), ("ss", "NOT_CONTAINS", ["c"], True),
    ("absent", "NOT_CONTAINS", ["a"], False),
    ("s", "BEGINS_WITH", ["he"], True), ("s", "BEGINS_WITH", ["lo"], False), ("b", "BEGINS_WITH", [b"\x01"], True),
    ("n", "IN", [1, 5, 9], True), ("n", "IN", [1], False), ("absent", "IN", [1], False), ("s", "IN", ["hello"], True),
    ("n", "BETWEEN", [4, 6], True), ("n", "BETWEEN", [5, 5], True), ("n", "BETWEEN", [6, 9], False),
    ("s", "BETWEEN", ["a", "i"], True), ("absent", "BETWEEN", [1, 2], False),
])
def test_expectations_hold_as_filters_do(table, name, operator, values, holds):
    table.put_item(Item=ITEM)
    condition = {"ComparisonOperator": operator, "AttributeValueList": values}
    assert is_let(table, {name: condition}) == holds
    if name != "pk":
        assert table.scan(ScanFilter={name: condition})["Count"] == holds
        if len(values) == 1:
            assert is_let(table, {name: {"ComparisonOperator": operator, "Value": values[0]}}) == holds


@pytest.mark.parametrize("expected,holds", [
    ({"n": {"Value": 5}}, True), ({"n": {"Value": 5, "Exists": True}}, True), ({"n": {"Value": 6}}, False),
    ({"n": {"Exists": False}}, False), ({"absent": {"Exists": False}}, True), ({}, True),
    ({"n": {"Value": 5}, "s": {"Value": "hello"}}, True), ({"n": {"Value": 5}, "s": {"Value": "x"}}, False),
])
def test_an_expected_value_must_be_there(table, expected, holds):
    table.put_item(Item=ITEM)
    assert is_let(table, expected) == holds


def test_expectations_are_joined_as_asked(table):
    table.put_item(Item=ITEM)
    mixed = {"n": {"Value": 5}, "s": {"Value": "x"}}
    assert is_let(table, mixed, ConditionalOperator="OR")
    assert not is_let(table, mixed, ConditionalOperator="AND")
    filters = {name: {"ComparisonOperator": "EQ", "AttributeValueList": [given["Value"]]} for name, given in mixed.items()}
    assert table.scan(ScanFilter=filters, ConditionalOperator="OR")["Count"] == 1
    assert table.scan(ScanFilter=filters)["Count"] == 0


def test_puts_and_deletes_take_expectations_too(table):
    table.put_item(Item=KEY, Expected={"pk": {"Exists": False}})
    failed = table.meta.client.exceptions.ConditionalCheckFailedException
    with pytest.raises(failed):
        table.put_item(Item=KEY, Expected={"pk": {"Exists": False}})
    with pytest.raises(failed):
        table.delete_item(Key=KEY, Expected={"n": {"Value": 1}})
    table.delete_item(Key=KEY, Expected={"pk": {"Value": "p"}})
    assert "Item" not in table.get_item(Key=KEY)


@pytest.mark.parametrize("expected,message", [
    ({"a": {"Value": 1, "AttributeValueList": [1], "ComparisonOperator": "EQ"}},
     "Value and AttributeValueList cannot be used together for Attribute: a"),
    ({"a": {"Exists": True, "Value": 1, "ComparisonOperator": "EQ"}},
     "Exists and ComparisonOperator cannot be used together for Attribute: a"),
    ({"a": {"ComparisonOperator": "EQ"}},
     "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
    ({"a": {"AttributeValueList": [1]}}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
    ({"a": {}}, "Value must be provided when Exists is null for Attribute: a"),
    ({"a": {"Exists": True}}, "Value must be provided when Exists is true for Attribute: a"),
    ({"a": {"Exists": False, "Value": 1}}, "Value cannot be used when Exists is false for Attribute: a"),
    ({"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [1]}},
     "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    ({"a": {"ComparisonOperator": "NULL", "AttributeValueList": [1]}},
     "Invalid number of argument(s) for the NULL ComparisonOperator"),
    ({"a": {"ComparisonOperator": "IN", "AttributeValueList": []}},
     "Invalid number of argument(s) for the IN ComparisonOperator"),
    ({"a": {"ComparisonOperator": "IN", "AttributeValueList": [1, "1"]}},
     "AttributeValues inside AttributeValueList must be of same type"),
    ({"a": {"ComparisonOperator": "LT", "AttributeValueList": [{1}]}},
     "ComparisonOperator LT is not valid for NS AttributeValue type"),
    ({"a": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [1]}},
     "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
])
def test_wrong_expectations_are_refused(table, expected, message):
    got = refused(table.put_item, Item=KEY, Expected=expected)
    assert got == f"{ENVELOPE}One or more parameter values were invalid: {message}"


def test_the_bounds_of_a_range_are_in_order(table):
    bounds = {"ComparisonOperator": "BETWEEN", "AttributeValueList": [2, 1]}
    expected = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    assert refused(table.scan, ScanFilter={"a": bounds}) == expected


def test_operators_are_known_ones(unchecked, table):
    got = refused(unchecked.scan, TableName=table.name, ScanFilter={"a": {"ComparisonOperator": "LIKE"}})
    assert got.startswith(
        "1 validation error detected: Value 'LIKE' at 'scanFilter.a.member.comparisonOperator' failed to satisfy "
        "constraint: Member must satisfy enum value set: [IN, NULL, BETWEEN, "
    )
    got = refused(unchecked.update_item, TableName=table.name, Key={"pk": {"S": "p"}}, AttributeUpdates={"a": {"Action": "GET"}})
    assert "attributeUpdates.a.member.action" in got


@pytest.mark.parametrize("before,updates,after", [
    ({}, {"a": {"Value": 1}}, {"a": 1}),
    ({"a": 1}, {"a": {"Value": "x", "Action": "PUT"}}, {"a": "x"}),
    ({"a": 1, "b": 2}, {"a": {"Action": "DELETE"}}, {"b": 2}),
    ({"a": 7}, {"a": {"Value": Decimal("-3.5"), "Action": "ADD"}}, {"a": Decimal("3.5")}),
    ({}, {"a": {"Value": 2, "Action": "ADD"}}, {"a": 2}),
    ({"a": {1, 2}}, {"a": {"Value": {2, 3}, "Action": "ADD"}}, {"a": {1, 2, 3}}),
    ({}, {"a": {"Value": {"x"}, "Action": "ADD"}}, {"a": {"x"}}),
    ({"a": [1, 2]}, {"a": {"Value": [3, "x"], "Action": "ADD"}}, {"a": [1, 2, 3, "x"]}),
    ({}, {"a": {"Value": [3], "Action": "ADD"}}, {"a": [3]}),
    ({"a": {1, 2, 3}}, {"a": {"Value": {2, 9}, "Action": "DELETE"}}, {"a": {1, 3}}),
    ({"a": {1}}, {"a": {"Value": {1}, "Action": "DELETE"}}, {}),
    ({"a": 1}, {}, {"a": 1}),
    ({"a": 1}, {"a": {"Action": "DELETE"}, "b": {"Value": True}, "c": {"Value": 1, "Action": "ADD"}}, {"b": True, "c": 1}),
])
def test_updates_of_attributes(table, before, updates, after):
    table.put_item(Item=KEY | before)
    answer = table.update_item(Key=KEY, AttributeUpdates=updates, ReturnValues="ALL_NEW")
    assert answer["Attributes"] == table.get_item(Key=KEY)["Item"] == KEY | after


def test_updates_of_a_missing_item_make_it_unless_they_only_delete(table):
    for updates, made in [
        ({"a": {"Action": "DELETE"}}, None), ({"a": {"Value": {4}, "Action": "DELETE"}}, None),
        ({}, KEY), ({"a": {"Value": [1], "Action": "ADD"}}, KEY | {"a": [1]}),
    ]:
        table.delete_item(Key=KEY)
        table.update_item(Key=KEY, AttributeUpdates=updates)
        assert table.get_item(Key=KEY).get("Item") == made


def test_updates_give_back_what_they_touched(table):
    table.put_item(Item=KEY | {"a": 1, "b": 2})
    update = {"a": {"Value": 5}, "c": {"Value": 6}}
    assert table.update_item(Key=KEY, AttributeUpdates=update, ReturnValues="UPDATED_OLD")["Attributes"] == {"a": 1}
    assert table.update_item(Key=KEY, AttributeUpdates=update, ReturnValues="UPDATED_NEW")["Attributes"] == {"a": 5, "c": 6}


@pytest.mark.parametrize("updates,message", [
    ({"a": {"Action": "PUT"}}, "Only DELETE action is allowed when no attribute value is specified"),
    ({"a": {"Value": "x", "Action": "DELETE"}}, "DELETE action with value is not supported for the type S"),
    ({"a": {"Value": [1], "Action": "DELETE"}}, "DELETE action with value is not supported for the type L"),
    ({"a": {"Value": "x", "Action": "ADD"}}, "ADD action is not supported for the type S"),
    ({"a": {"Value": {"k": 1}, "Action": "ADD"}}, "ADD action is not supported for the type M"),
    ({"pk": {"Value": "x"}}, "Cannot update attribute pk. This attribute is part of the key"),
])
def test_wrong_updates_are_refused(table, updates, message):
    got = refused(table.update_item, Key=KEY, AttributeUpdates=updates)
    counted = "" if "part of the key" in message else ENVELOPE  # which depends on the table
    assert got == f"{counted}One or more parameter values were invalid: {message}"


@pytest.mark.parametrize("present,update", [
    (1, {"Value": {1}, "Action": "ADD"}), ({1}, {"Value": {"x"}, "Action": "ADD"}), ("x", {"Value": 1, "Action": "ADD"}),
    ({1}, {"Value": {"x"}, "Action": "DELETE"}), (1, {"Value": {1}, "Action": "DELETE"}), (1, {"Value": [1], "Action": "ADD"}),
])
def test_updates_fit_the_present_type(table, present, update):
    table.put_item(Item=KEY | {"a": present})
    assert refused(table.update_item, Key=KEY, AttributeUpdates={"a": update}) == "Type mismatch for attribute to update"


def condition(operator, *values):
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


@pytest.mark.parametrize("conditions,expected", [
    ({}, range(10)), ({"sk": condition("EQ", 3)}, [3]), ({"sk": condition("LT", 2)}, [0, 1]),
    ({"sk": condition("LE", 2)}, [0, 1, 2]), ({"sk": condition("GT", 7)}, [8, 9]), ({"sk": condition("GE", 8)}, [8, 9]),
    ({"sk": condition("BETWEEN", 2, 4)}, [2, 3, 4]),
])
def test_key_conditions(sorted_table, conditions, expected):
    conditions = {"pk": condition("EQ", "p")} | conditions
    answer = sorted_table.query(KeyConditions=conditions)
    assert [item["sk"] for item in answer["Items"]] == list(expected)
    # The newer parameters for what is not a key may stand beside it.
    answer = sorted_table.query(KeyConditions=conditions, ProjectionExpression="sk", FilterExpression="even = :t",
                                ExpressionAttributeValues={":t": True})
    assert [item["sk"] for item in answer["Items"]] == [n for n in expected if n % 2 == 0]


@pytest.mark.parametrize("conditions,message", [
    ({}, "Conditions can be of length 1 or 2 only"),
    ({"pk": condition("EQ", "p"), "sk": condition("EQ", 1), "name": condition("EQ", "x")}, "Conditions can be of length 1 or 2 only"),
    ({"sk": condition("EQ", 1)}, "Query condition missed key schema element: pk"),
    ({"pk": condition("EQ", "p"), "name": condition("EQ", "x")}, "Query condition missed key schema element: sk"),
    ({"pk": condition("GT", "p")}, "Query key condition not supported"),
    ({"pk": condition("EQ", "p"), "sk": condition("NE", 1)}, "Attempted conditional constraint is not an indexable operation"),
    ({"pk": condition("EQ", "p"), "sk": condition("NOT_NULL")}, "Attempted conditional constraint is not an indexable operation"),
    ({"pk": condition("EQ", 1)},
     "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    ({"pk": condition("EQ", "p", "q")},
     "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"),
])
def test_wrong_key_conditions_are_refused(sorted_table, conditions, message):
    assert refused(sorted_table.query, KeyConditions=conditions) == message


def test_query_filters_and_attributes_to_get(sorted_table):
    conditions = {"pk": condition("EQ", "p")}
    answer = sorted_table.query(
        KeyConditions=conditions, QueryFilter={"even": condition("EQ", False)}, AttributesToGet=["sk", "name", "absent"],
    )
    assert answer["Items"] == [{"sk": n, "name": f"n{n}"} for n in range(1, 10, 2)]
    assert (answer["Count"], answer["ScannedCount"]) == (5, 10)
    got = refused(sorted_table.query, KeyConditions=conditions, QueryFilter={"sk": condition("EQ", 1)})
    assert got == "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
    got = refused(sorted_table.query, KeyConditions=conditions, AttributesToGet=["sk"], Select="COUNT")
    assert got == "Cannot specify the AttributesToGet when choosing to get only the Count"
    assert sorted_table.scan(ScanFilter={"sk": condition("GT", 5)})["Count"] == 4


def test_attributes_to_get_everywhere(sorted_table, client):
    key = {"pk": "p", "sk": 3}
    assert sorted_table.get_item(Key=key, AttributesToGet=["name", "absent"])["Item"] == {"name": "n3"}
    assert sorted_table.scan(AttributesToGet=["sk"], Limit=2)["Items"] == [{"sk": 0}, {"sk": 1}]
    answer = client.batch_get_item(RequestItems={sorted_table.name: {
        "Keys": [{"pk": {"S": "p"}, "sk": {"N": "3"}}], "AttributesToGet": ["even"]}})
    assert answer["Responses"][sorted_table.name] == [{"even": {"BOOL": False}}]
    got = refused(sorted_table.get_item, Key=key, AttributesToGet=["a", "b", "a"])
    assert got == "One or more parameter values were invalid: Duplicate value in attribute name: a"


WITHOUT = "ConditionalOperator cannot be used without Filter or Expected"
ONE = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
EQ_X = condition("EQ", {"S": "x"})


@pytest.mark.parametrize("operation,parameters,message", [
    ("scan", {}, WITHOUT), ("scan", {"ScanFilter": {}}, WITHOUT), ("scan", {"ScanFilter": {"a": EQ_X}}, ONE),
    ("scan", {"AttributesToGet": ["a", "b"]}, WITHOUT), ("query", {}, WITHOUT),
    ("query", {"KeyConditions": {"pk": EQ_X}}, WITHOUT), ("query", {"KeyConditions": {"pk": EQ_X}, "QueryFilter": {"a": EQ_X}}, ONE),
    ("put_item", {"Item": {"pk": {"S": "k"}}}, WITHOUT), ("put_item", {"Item": {"pk": {"S": "k"}}, "Expected": {"a": EQ_X}}, ONE),
    ("delete_item", {"Key": {"pk": {"S": "k"}}}, WITHOUT), ("delete_item", {"Key": {"pk": {"S": "k"}}, "Expected": {"a": EQ_X}}, ONE),
    ("update_item", {"Key": {"pk": {"S": "k"}}}, WITHOUT),
    ("update_item", {"Key": {"pk": {"S": "k"}}, "AttributeUpdates": {"a": {"Value": {"S": "v"}}}}, WITHOUT),
])
def test_the_operator_needs_two_conditions(table, client, operation, parameters, message):
    call = getattr(client, operation)
    counted = ENVELOPE if operation in WRITES else ""
    assert refused(call, TableName=table.name, ConditionalOperator="AND", **parameters) == counted + message


VALUES = {"ExpressionAttributeValues": {":v": {"S": "x"}}}
UPDATE = {"AttributeUpdates": {"a": {"Value": {"S": "v"}}}}


@pytest.mark.parametrize("operation,parameters,older,newer", [
    ("scan", {"ConditionalOperator": "AND", "FilterExpression": "a = :v"} | VALUES, "ConditionalOperator", "FilterExpression"),
    ("scan", {"ConditionalOperator": "AND", "ProjectionExpression": "a"}, "ConditionalOperator", "ProjectionExpression"),
    ("scan", {"AttributesToGet": ["a"], "ScanFilter": {"a": EQ_X}, "ConditionalOperator": "AND", "FilterExpression": "a = :v",
              "ProjectionExpression": "b"} | VALUES,
     "AttributesToGet, ScanFilter, ConditionalOperator", "ProjectionExpression, FilterExpression"),
    ("scan", {"ScanFilter": {"a": EQ_X}, "ProjectionExpression": "b"}, "ScanFilter", "ProjectionExpression"),
    ("query", {"ConditionalOperator": "AND", "KeyConditionExpression": "pk = :v"} | VALUES, "ConditionalOperator",
     "KeyConditionExpression"),
    ("query", {"KeyConditions": {"pk": EQ_X}, "QueryFilter": {"a": EQ_X}, "ConditionalOperator": "AND",
               "KeyConditionExpression": "pk = :v", "FilterExpression": "a = :v", "ProjectionExpression": "b"} | VALUES,
     "QueryFilter, ConditionalOperator, KeyConditions", "ProjectionExpression, FilterExpression, KeyConditionExpression"),
    ("query", {"QueryFilter": {"a": EQ_X}, "KeyConditionExpression": "pk = :v"} | VALUES, "QueryFilter", "KeyConditionExpression"),
    ("put_item", {"Item": {"pk": {"S": "k"}}, "ConditionalOperator": "AND", "ConditionExpression": "attribute_exists(pk)"},
     "ConditionalOperator", "ConditionExpression"),
    ("put_item", {"Item": {"pk": {"S": "k"}}, "Expected": {"a": EQ_X}, "ConditionalOperator": "AND",
                  "ConditionExpression": "attribute_exists(pk)"}, "Expected, ConditionalOperator", "ConditionExpression"),
    ("delete_item", {"Key": {"pk": {"S": "k"}}, "Expected": {"a": EQ_X}, "ConditionExpression": "attribute_exists(pk)"},
     "Expected", "ConditionExpression"),
    ("update_item", {"Key": {"pk": {"S": "k"}}, "ConditionalOperator": "AND", "UpdateExpression": "SET a = :v"} | VALUES,
     "ConditionalOperator", "UpdateExpression"),
    ("update_item", {"Key": {"pk": {"S": "k"}}, "Expected": {"a": EQ_X}, "ConditionalOperator": "AND",
                     "UpdateExpression": "SET a = :v", "ConditionExpression": "attribute_exists(pk)"} | UPDATE | VALUES,
     "AttributeUpdates, Expected, ConditionalOperator", "UpdateExpression, ConditionExpression"),
    ("get_item", {"Key": {"pk": {"S": "k"}}, "AttributesToGet": ["a"], "ProjectionExpression": "a"}, "AttributesToGet",
     "ProjectionExpression"),
])
def test_old_and_new_parameters_do_not_mix(table, client, operation, parameters, older, newer):
    assert refused(getattr(client, operation), TableName=table.name, **parameters) == (
        f"{ENVELOPE if operation in WRITES else ''}Can not use both expression and non-expression parameters in the same request: "
        f"Non-expression parameters: {{{older}}} Expression parameters: {{{newer}}}"
    )
