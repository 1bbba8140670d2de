"""What each operation is charged, as TOTAL and as INDEXES.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; that a transaction is
charged twice on its table and once on its indexes, and a batch item by item, was measured (paritysuite/dynamodb-conformance)."""

import pytest

KB = 1024
PK, SK = {"S": "p"}, {"N": "1"}
KEY = {"pk": PK, "sk": SK}


@pytest.fixture
def indexed(client):
    """A table under `pk` and `sk`, with a local index by `l` and a global one by `g` that copies keys only."""
    client.create_table(
        TableName="charged", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                              for name, kind in (("pk", "S"), ("sk", "N"), ("l", "S"), ("g", "S"))],
        LocalSecondaryIndexes=[{
            "IndexName": "local", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}],
        GlobalSecondaryIndexes=[{
            "IndexName": "global", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}])
    yield "charged"
    client.delete_table(TableName="charged")


@pytest.fixture
def plain(make_table):
    return make_table("S", "N").name


def item(size, **more):
    """An item of so many bytes."""
    rest = KEY | {name: {"S": value} for name, value in more.items()}
    counted = len("pk" "p" "sk") + 2 + sum(len(name) + len(value) for name, value in more.items()) + len("v")
    return rest | {"v": {"S": "x" * (size - counted)}}


def parts(consumed):
    """Units of the table and of each index."""
    indexes = {**consumed.get("LocalSecondaryIndexes", {}), **consumed.get("GlobalSecondaryIndexes", {})}
    found = {name: one["CapacityUnits"] for name, one in indexes.items()}
    if "Table" in consumed:
        found["table"] = consumed["Table"]["CapacityUnits"]
        assert consumed["CapacityUnits"] == sum(found.values())
    return found


WRITES = [
    # what is there, what is written, what it costs on the table
    (None, 1, 1), (None, KB, 1), (None, KB + 1, 2), (None, 3 * KB, 3), (None, 10 * KB + 1, 11), (None, 400 * KB, 400),
    # The larger of both images counts.
    (3 * KB, 1, 3), (1, 3 * KB, 3), (5 * KB, None, 5), (None, None, 1),
]


@pytest.mark.parametrize("before, after, units", WRITES)
@pytest.mark.parametrize("way", ["single", "batch", "transaction"])
def test_a_write_costs_a_unit_for_each_kilobyte(client, plain, way, before, after, units):
    if before:
        client.put_item(TableName=plain, Item=item(max(before, 20)))
    put = {"Item": item(max(after, 20))} if after else None
    asked = {"ReturnConsumedCapacity": "TOTAL"}
    if way == "single":
        answer = client.put_item(TableName=plain, **put, **asked) if put else client.delete_item(TableName=plain, Key=KEY, **asked)
        consumed = answer["ConsumedCapacity"]
    elif way == "batch":
        request = {"PutRequest": put} if put else {"DeleteRequest": {"Key": KEY}}
        [consumed] = client.batch_write_item(RequestItems={plain: [request]}, **asked)["ConsumedCapacity"]
    else:
        action = {"Put": {"TableName": plain, **put}} if put else {"Delete": {"TableName": plain, "Key": KEY}}
        [consumed] = client.transact_write_items(TransactItems=[action], **asked)["ConsumedCapacity"]
        assert consumed["WriteCapacityUnits"] == 2 * units
        units *= 2
    assert (consumed["TableName"], consumed["CapacityUnits"]) == (plain, units)
    assert "Table" not in consumed


READS = [(1, 1), (4 * KB, 1), (4 * KB + 1, 2), (100 * KB, 25), (400 * KB, 100), (None, 1)]


@pytest.mark.parametrize("size, units", READS)
@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("way", ["get", "batch", "query", "scan", "transaction"])
def test_a_read_costs_a_unit_for_each_four_kilobytes_and_half_if_it_need_not_be_consistent(
        client, plain, way, consistent, size, units):
    if size:
        client.put_item(TableName=plain, Item=item(max(size, 20)))
    asked = {"ReturnConsumedCapacity": "TOTAL"}
    if way == "get":
        consumed = client.get_item(TableName=plain, Key=KEY, ConsistentRead=consistent, **asked)["ConsumedCapacity"]
    elif way == "batch":
        request = {plain: {"Keys": [KEY], "ConsistentRead": consistent}}
        [consumed] = client.batch_get_item(RequestItems=request, **asked)["ConsumedCapacity"]
    elif way == "query":
        consumed = client.query(TableName=plain, ConsistentRead=consistent, KeyConditionExpression="pk = :p",
                                ExpressionAttributeValues={":p": PK}, **asked)["ConsumedCapacity"]
    elif way == "scan":
        consumed = client.scan(TableName=plain, ConsistentRead=consistent, **asked)["ConsumedCapacity"]
    else:
        [consumed] = client.transact_get_items(
            TransactItems=[{"Get": {"TableName": plain, "Key": KEY}}], **asked)["ConsumedCapacity"]
        assert consumed["ReadCapacityUnits"] == 2 * units
    factor = 2 if way == "transaction" else 1 if consistent else 0.5
    assert (consumed["TableName"], consumed["CapacityUnits"]) == (plain, units * factor)


def test_a_batch_is_charged_item_by_item_and_a_query_for_all_of_them_together(client, plain):
    for number in range(8):
        client.put_item(TableName=plain, Item=item(KB) | {"sk": {"N": str(number)}})
    keys = [KEY | {"sk": {"N": str(number)}} for number in range(8)]
    request = {plain: {"Keys": keys, "ConsistentRead": True}}
    [consumed] = client.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert consumed["CapacityUnits"] == 8
    query = {"TableName": plain, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": PK},
             "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    assert client.query(**query)["ConsumedCapacity"]["CapacityUnits"] == 2
    # What is looked at counts, whatever is given back of it.
    for more in ({"FilterExpression": "attribute_not_exists(v)"}, {"ProjectionExpression": "sk"}, {"Select": "COUNT"}):
        assert client.query(**query, **more)["ConsumedCapacity"]["CapacityUnits"] == 2
    assert client.query(**query, Limit=4)["ConsumedCapacity"]["CapacityUnits"] == 1


# How an item changes, and what that costs on the table and on its indexes.
CHANGES = {
    "new in both indexes": (None, {"l": "a", "g": "b"}, {"table": 1, "local": 1, "global": 1}),
    "new in one index": (None, {"l": "a"}, {"table": 1, "local": 1}),
    "new in none": (None, {}, {"table": 1}),
    "an index key changes": ({"l": "a", "g": "b"}, {"l": "c", "g": "b"}, {"table": 1, "local": 2}),
    "both index keys change": ({"l": "a", "g": "b"}, {"l": "c", "g": "d"}, {"table": 1, "local": 2, "global": 2}),
    "what is copied changes": ({"l": "a", "g": "b"}, {"l": "a", "g": "b", "w": "w"}, {"table": 1, "local": 1}),
    "nothing changes": ({"l": "a", "g": "b"}, {"l": "a", "g": "b"}, {"table": 1}),
    "it leaves an index": ({"l": "a", "g": "b"}, {"l": "a"}, {"table": 1, "local": 1, "global": 1}),
    "it comes into an index": ({"l": "a"}, {"l": "a", "g": "b"}, {"table": 1, "local": 1, "global": 1}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("way", ["single", "batch", "transaction"])
def test_a_write_is_charged_on_the_indexes_that_it_changes(client, indexed, way, change):
    before, after, expected = CHANGES[change]
    if before is not None:
        client.put_item(TableName=indexed, Item=item(100, **before))
    written = item(100, **after)
    if before == after:
        written = item(100, **before)
    asked = {"ReturnConsumedCapacity": "INDEXES"}
    if way == "single":
        consumed = client.put_item(TableName=indexed, Item=written, **asked)["ConsumedCapacity"]
    elif way == "batch":
        [consumed] = client.batch_write_item(
            RequestItems={indexed: [{"PutRequest": {"Item": written}}]}, **asked)["ConsumedCapacity"]
    else:
        [consumed] = client.transact_write_items(
            TransactItems=[{"Put": {"TableName": indexed, "Item": written}}], **asked)["ConsumedCapacity"]
        expected = expected | {"table": 2}
    assert parts(consumed) == expected


def test_a_deletion_is_charged_on_the_indexes_that_the_item_was_in(client, indexed):
    client.put_item(TableName=indexed, Item=item(2 * KB, l="a", g="b"))
    consumed = client.delete_item(TableName=indexed, Key=KEY, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert parts(consumed) == {"table": 2, "local": 2, "global": 1}


@pytest.mark.parametrize("index, more, expected", [
    ("local", {}, {"table": 0, "local": 1}), ("global", {}, {"table": 0, "global": 0.5}),
    ("local", {"ConsistentRead": True}, {"table": 0, "local": 2}), ("local", {"Select": "COUNT"}, {"table": 0, "local": 1}),
    ("local", {"ProjectionExpression": "v"}, {"table": 0, "local": 1}),
    ("global", {"ProjectionExpression": "pk"}, {"table": 0, "global": 0.5}),
])
@pytest.mark.parametrize("operation", ["query", "scan"])
def test_a_read_of_an_index_is_charged_on_the_index(client, indexed, operation, index, more, expected):
    client.put_item(TableName=indexed, Item=item(5 * KB, l="a", g="b"))
    request = {"TableName": indexed, "IndexName": index, "ReturnConsumedCapacity": "INDEXES", **more}
    if operation == "query":
        name, value = ("pk", PK) if index == "local" else ("g", {"S": "b"})
        request |= {"KeyConditionExpression": f"{name} = :k", "ExpressionAttributeValues": {":k": value}}
    assert parts(getattr(client, operation)(**request)["ConsumedCapacity"]) == expected


def test_a_local_index_that_fetches_from_its_table_is_charged_there_too(client):
    client.create_table(
        TableName="fetching", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"), ("l", "S"))],
        LocalSecondaryIndexes=[{
            "IndexName": "local", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}])
    for number in range(3):
        client.put_item(TableName="fetching", Item=item(5 * KB, l=str(number)) | {"sk": {"N": str(number)}})
    query = {"TableName": "fetching", "IndexName": "local", "KeyConditionExpression": "pk = :p",
             "ExpressionAttributeValues": {":p": PK}, "ReturnConsumedCapacity": "INDEXES"}
    assert parts(client.query(**query)["ConsumedCapacity"]) == {"table": 0, "local": 0.5}
    whole = client.query(**query, Select="ALL_ATTRIBUTES")
    assert all("v" in one for one in whole["Items"])
    # Each item is fetched on its own: two half units for five kilobytes.
    assert parts(whole["ConsumedCapacity"]) == {"table": 3, "local": 0.5}
    client.delete_table(TableName="fetching")


NOTHING = [
    ("put_item", lambda table: {"TableName": table, "Item": KEY}),
    ("get_item", lambda table: {"TableName": table, "Key": KEY}),
    ("delete_item", lambda table: {"TableName": table, "Key": KEY}),
    ("update_item", lambda table: {"TableName": table, "Key": KEY, "UpdateExpression": "REMOVE v"}),
    ("scan", lambda table: {"TableName": table}),
    ("query", lambda table: {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": PK}}),
    ("batch_get_item", lambda table: {"RequestItems": {table: {"Keys": [KEY]}}}),
    ("batch_write_item", lambda table: {"RequestItems": {table: [{"PutRequest": {"Item": KEY}}]}}),
    ("transact_get_items", lambda table: {"TransactItems": [{"Get": {"TableName": table, "Key": KEY}}]}),
    ("transact_write_items", lambda table: {"TransactItems": [{"Put": {"TableName": table, "Item": KEY}}]}),
]


@pytest.mark.parametrize("operation, request_", NOTHING, ids=[one[0] for one in NOTHING])
def test_capacity_is_told_only_to_those_who_ask(client, plain, operation, request_):
    call = getattr(client, operation)
    for asked in ({}, {"ReturnConsumedCapacity": "NONE"}):
        assert not call(**request_(plain), **asked).get("ConsumedCapacity")
    for asked, has_table in (("TOTAL", False), ("INDEXES", True)):
        consumed = call(**request_(plain), ReturnConsumedCapacity=asked)["ConsumedCapacity"]
        consumed = consumed[0] if isinstance(consumed, list) else consumed
        assert consumed["CapacityUnits"] > 0 and ("Table" in consumed) == has_table


def test_a_repeated_transaction_is_charged_for_reading(client, plain):
    request = {"TransactItems": [{"Put": {"TableName": plain, "Item": item(5 * KB)}}], "ClientRequestToken": "once",
               "ReturnConsumedCapacity": "TOTAL"}
    [first] = client.transact_write_items(**request)["ConsumedCapacity"]
    assert (first["CapacityUnits"], first["WriteCapacityUnits"]) == (10, 10)
    [again] = client.transact_write_items(**request)["ConsumedCapacity"]
    assert (again["CapacityUnits"], again["ReadCapacityUnits"]) == (4, 4)


def test_a_condition_that_fails_writes_nothing_and_reports_no_capacity(client, plain):
    client.put_item(TableName=plain, Item=item(100))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(TableName=plain, Item=item(50), ConditionExpression="attribute_not_exists(pk)",
                        ReturnConsumedCapacity="TOTAL")
    assert "ConsumedCapacity" not in caught.value.response
