"""Single items: all types, conditions, what an update returns."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import Binary

EVERY_TYPE = {
    "pk": "all",
    "string": "Le Fabuleux destin d'Amélie Poulain 🎬",
    "empty": "",
    "number": Decimal("-12.5"),
    "digits": Decimal("12345678901234567890123456789012345678"),
    "binary": Binary(bytes(range(256))),
    "no_bytes": Binary(b""),
    "true": True,
    "false": False,
    "null": None,
    "strings": {"a", "é", "z"},
    "numbers": {Decimal(1), Decimal("2.5"), Decimal(-3)},
    "binaries": {Binary(b"\x00"), Binary(b"\xff\xfe")},
    "list": [1, "two", [3, {"four": None}]],
    "map": {"a": {"b": {"c": [Decimal("0.1")]}}, "": 1},
}


def test_every_type_comes_back_as_it_went_in(make_table):
    table = make_table()
    table.put_item(Item=EVERY_TYPE)
    assert table.get_item(Key={"pk": "all"}, ConsistentRead=True)["Item"] == EVERY_TYPE


@pytest.mark.parametrize("sent,kept", [
    ("1.0", "1"), ("1e3", "1000"), ("-0", "0"), ("0.00100", "0.001"), ("007", "7"), ("-5.50E-1", "-0.55"),
])
def test_numbers_are_kept_in_their_plain_form(make_table, client, sent, kept):
    table = make_table()
    client.put_item(TableName=table.name, Item={"pk": {"S": "n"}, "v": {"N": sent}})
    assert client.get_item(TableName=table.name, Key={"pk": {"S": "n"}})["Item"]["v"] == {"N": kept}


@pytest.mark.parametrize("number", ["1E-130", "-1E-130", "9.9999999999999999999999999999999999999E+125", "-1E+125", "1E+38"])
def test_the_largest_and_smallest_numbers_are_exact(make_table, client, number):
    # By the low-level client: the resource refuses to read more than 38 digits, be they zeros.
    table = make_table()
    client.put_item(TableName=table.name, Item={"pk": {"S": "n"}, "v": {"N": number}})
    assert Decimal(client.get_item(TableName=table.name, Key={"pk": {"S": "n"}})["Item"]["v"]["N"]) == Decimal(number)


def test_equal_numbers_are_one_key(make_table, client):
    table = make_table("N")
    client.put_item(TableName=table.name, Item={"pk": {"N": "1"}, "v": {"S": "first"}})
    client.put_item(TableName=table.name, Item={"pk": {"N": "1.00"}, "v": {"S": "second"}})
    assert client.scan(TableName=table.name)["Count"] == 1
    assert client.get_item(TableName=table.name, Key={"pk": {"N": "10e-1"}})["Item"]["v"] == {"S": "second"}


def test_binary_keys_find_their_item(make_table):
    table = make_table("B", "B")
    for last in range(4):
        table.put_item(Item={"pk": b"\x00\xff", "sk": bytes([0, last]), "v": last})
    assert table.get_item(Key={"pk": b"\x00\xff", "sk": b"\x00\x02"})["Item"]["v"] == 2
    assert "Item" not in table.get_item(Key={"pk": b"\x00", "sk": b"\x00\x02"})


def test_a_projection_takes_parts_of_an_item(make_table):
    table = make_table()
    table.put_item(Item=EVERY_TYPE)
    got = table.get_item(
        Key={"pk": "all"}, ProjectionExpression="#m.a.b.c[0], #l[2][1], #t",
        ExpressionAttributeNames={"#m": "map", "#l": "list", "#t": "true"},
    )["Item"]
    assert got == {"map": {"a": {"b": {"c": [Decimal("0.1")]}}}, "list": [[{"four": None}]], "true": True}


def test_put_returns_what_it_replaced(make_table):
    table = make_table()
    assert "Attributes" not in table.put_item(Item={"pk": "a", "v": 1}, ReturnValues="ALL_OLD")
    assert table.put_item(Item={"pk": "a", "v": 2}, ReturnValues="ALL_OLD")["Attributes"] == {"pk": "a", "v": 1}
    assert "Attributes" not in table.put_item(Item={"pk": "a", "v": 3})


@pytest.mark.parametrize("wanted,expected", [
    ("NONE", None),
    ("ALL_OLD", {"pk": "a", "n": 1, "kept": "k", "gone": "g"}),
    ("UPDATED_OLD", {"n": 1, "gone": "g"}),
    ("ALL_NEW", {"pk": "a", "n": 6, "kept": "k", "new": ["x"]}),
    ("UPDATED_NEW", {"n": 6, "new": ["x"]}),
])
def test_update_returns_what_was_asked_for(make_table, wanted, expected):
    table = make_table()
    table.put_item(Item={"pk": "a", "n": 1, "kept": "k", "gone": "g"})
    answer = table.update_item(
        Key={"pk": "a"}, UpdateExpression="SET n = n + :five, #new = list_append(:none, :x) REMOVE gone",
        ExpressionAttributeNames={"#new": "new"},
        ExpressionAttributeValues={":five": 5, ":none": [], ":x": ["x"]}, ReturnValues=wanted,
    )
    assert answer.get("Attributes") == expected


def test_an_update_makes_the_item_that_is_not_there(make_table):
    table = make_table("S", "N")
    new = table.update_item(
        Key={"pk": "a", "sk": 1}, UpdateExpression="SET v = if_not_exists(v, :zero) ADD tags :tags",
        ExpressionAttributeValues={":zero": 0, ":tags": {"x", "y"}}, ReturnValues="ALL_NEW",
    )["Attributes"]
    assert new == {"pk": "a", "sk": 1, "v": 0, "tags": {"x", "y"}}


def test_update_clauses_work_on_nested_values_and_sets(make_table):
    table = make_table()
    table.put_item(Item={"pk": "a", "m": {"l": [1, 2, 3]}, "s": {1, 2, 3}, "w": "old"})
    table.update_item(
        Key={"pk": "a"}, UpdateExpression="SET m.l[1] = :v, m.k = w, w = :v REMOVE m.l[0] DELETE s :s",
        ExpressionAttributeValues={":v": "new", ":s": {2, 9}},
    )
    # What SET reads is the item as it was; list positions are those before the update.
    assert table.get_item(Key={"pk": "a"})["Item"] == {
        "pk": "a", "m": {"l": ["new", 3], "k": "old"}, "s": {1, 3}, "w": "new"
    }


def test_delete_returns_the_item_and_may_be_repeated(make_table):
    table = make_table()
    table.put_item(Item={"pk": "a", "v": 1})
    assert table.delete_item(Key={"pk": "a"}, ReturnValues="ALL_OLD")["Attributes"] == {"pk": "a", "v": 1}
    assert "Attributes" not in table.delete_item(Key={"pk": "a"}, ReturnValues="ALL_OLD")
    assert "Item" not in table.get_item(Key={"pk": "a"})


CONDITIONS = [
    (Attr("n").eq(5), True), (Attr("n").ne(5), False), (Attr("n").lt(5), False), (Attr("n").lte(5), True),
    (Attr("n").gt(Decimal("4.999")), True), (Attr("n").gte(6), False), (Attr("n").between(5, 9), True),
    (Attr("n").is_in([1, 3, 5]), True), (Attr("s").begins_with("hel"), True), (Attr("s").begins_with("ell"), False),
    (Attr("s").contains("ell"), True), (Attr("tags").contains("b"), True), (Attr("list").contains(2), True),
    (Attr("s").size().eq(5), True), (Attr("list").size().gt(3), False), (Attr("s").attribute_type("S"), True),
    (Attr("s").attribute_type("N"), False), (Attr("s").exists(), True), (Attr("none").exists(), False),
    (Attr("none").not_exists(), True), (Attr("map.k").eq("deep"), True), (Attr("list[1]").eq(2), True),
    (Attr("n").eq("5"), False), (Attr("none").eq(5), False), (~Attr("none").eq(5), True),
    (Attr("n").eq(1) | Attr("s").eq("hello") & Attr("n").eq(5), True),
    ((Attr("n").eq(1) | Attr("s").eq("hello")) & Attr("n").eq(6), False),
]


@pytest.mark.parametrize("place", range(len(CONDITIONS)))
def test_a_condition_decides_a_write(make_table, client, place):
    condition, holds = CONDITIONS[place]
    table = make_table()
    item = {"pk": "a", "n": 5, "s": "hello", "tags": {"a", "b"}, "list": [1, 2, 3], "map": {"k": "deep"}}
    table.put_item(Item=item)
    if holds:
        table.delete_item(Key={"pk": "a"}, ConditionExpression=condition)
        assert "Item" not in table.get_item(Key={"pk": "a"})
    else:
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            table.delete_item(Key={"pk": "a"}, ConditionExpression=condition)
        assert table.get_item(Key={"pk": "a"})["Item"] == item


def test_a_failed_condition_shows_the_item_if_asked(make_table, client):
    table = make_table()
    table.put_item(Item={"pk": "a", "v": "original"})
    for call in (
        lambda **more: client.put_item(TableName=table.name, Item={"pk": {"S": "a"}}, **more),
        lambda **more: client.delete_item(TableName=table.name, Key={"pk": {"S": "a"}}, **more),
        lambda **more: client.update_item(
            TableName=table.name, Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE v", **more),
    ):
        for asked, expected in (("NONE", None), ("ALL_OLD", {"pk": {"S": "a"}, "v": {"S": "original"}})):
            with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
                call(ConditionExpression="attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure=asked)
            assert caught.value.response["Error"]["Message"] == "The conditional request failed"
            assert caught.value.response.get("Item") == expected


def test_capacity_is_counted_when_asked_for(make_table):
    table = make_table()
    put = table.put_item(Item={"pk": "a", "v": "x" * 1500}, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert (put["TableName"], put["CapacityUnits"]) == (table.name, 2)
    for consistent, units in ((True, 1), (False, 0.5)):
        got = table.get_item(Key={"pk": "a"}, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
        assert got["ConsumedCapacity"]["CapacityUnits"] == units


def test_an_item_of_exactly_400_kib_is_taken_and_one_byte_more_refused(make_table, client):
    table = make_table()
    room = 409_600 - len("pk") - len("a") - len("v")
    table.put_item(Item={"pk": "a", "v": "x" * room})
    assert len(table.get_item(Key={"pk": "a"})["Item"]["v"]) == room
    with pytest.raises(client.exceptions.ClientError, match="Item size has exceeded the maximum allowed size"):
        table.put_item(Item={"pk": "a", "v": "x" * (room + 1)})
