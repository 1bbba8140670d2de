"""Limits on what is kept and asked: at the edge it is taken, one past it refused. Those of single members of requests are in
test_constraints.py.

Sizes follow https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html; what each number costs, and
which surface refuses with which words, was measured on the service (paritysuite/dynamodb-conformance, tests/tier3/limits)."""

import itertools

import pytest
from botocore.exceptions import ClientError

VALIDATION = "ValidationException"
MAX_ITEM = 409_600
PUT_TOO_LARGE = "Item size has exceeded the maximum allowed size"
UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
TOO_DEEP = "Nesting Levels have exceeded supported limits"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
NO_NUMBER = "The parameter cannot be converted to a numeric value"
PK = {"pk": {"S": "a"}}


@pytest.fixture(scope="module")
def name(client):
    """One table for the tests of this module; each has keys of its own."""
    client.create_table(
        TableName="limits", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    yield "limits"
    client.delete_table(TableName="limits")


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"], caught.value.response


# Items of 400 KB, by each way in which they are written.

def put(client, name, value):
    client.put_item(TableName=name, Item=PK | {"v": value})


def batch(client, name, value):
    client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": PK | {"v": value}}}]})


def transact_put(client, name, value):
    client.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": PK | {"v": value}}}])


UPDATE = {"Key": PK, "UpdateExpression": "SET v = :v"}


def update(client, name, value):
    client.update_item(TableName=name, **UPDATE, ExpressionAttributeValues={":v": value})


def legacy_update(client, name, value):
    client.update_item(TableName=name, Key=PK, AttributeUpdates={"v": {"Action": "PUT", "Value": value}})


def transact_update(client, name, value):
    client.transact_write_items(
        TransactItems=[{"Update": {"TableName": name, **UPDATE, "ExpressionAttributeValues": {":v": value}}}])


SURFACES = {write.__name__: (write, text) for write, text in [
    (put, PUT_TOO_LARGE), (batch, PUT_TOO_LARGE), (transact_put, PUT_TOO_LARGE), (update, UPDATE_TOO_LARGE),
    (legacy_update, UPDATE_TOO_LARGE), (transact_update, UPDATE_TOO_LARGE)]}
ROOM = MAX_ITEM - len("pk") - len("a") - len("v")


@pytest.mark.parametrize("surface", SURFACES)
def test_an_item_of_400_kb_is_written_and_no_larger_one(client, name, surface):
    write, text = SURFACES[surface]
    client.delete_item(TableName=name, Key=PK)
    write(client, name, {"S": "x" * ROOM})
    assert len(client.get_item(TableName=name, Key=PK)["Item"]["v"]["S"]) == ROOM
    client.delete_item(TableName=name, Key=PK)
    code, message, response = refused(write, client=client, name=name, value={"S": "x" * (ROOM + 1)})
    if surface == "transact_update":
        # What an update makes is known only once the transaction runs.
        assert code == "TransactionCanceledException"
        [reason] = response["CancellationReasons"]
        assert reason["Code"] == "ValidationError" and text in reason["Message"]
    else:
        assert code == VALIDATION and text in message
    assert "Item" not in client.get_item(TableName=name, Key=PK)


@pytest.mark.parametrize("value, size", [
    ({"S": "é" * 10}, 20), ({"B": b"\x00" * 10}, 10), ({"BOOL": True}, 1), ({"NULL": True}, 1), ({"L": []}, 3), ({"M": {}}, 3),
    ({"L": [{"S": "abc"}]}, 3 + 1 + 3), ({"M": {"abc": {"S": "de"}}}, 3 + 1 + 3 + 2), ({"SS": ["ab", "cd"]}, 4),
    ({"BS": [b"ab", b"c"]}, 3), ({"NS": ["1", "22"]}, 4), ({"L": [{"L": []}, {"NULL": True}]}, 3 + 1 + 3 + 1 + 1),
    # One byte, and one for each two digits before the point and each two behind it; a sign costs one more.
    ({"N": "0"}, 1), ({"N": "1"}, 2), ({"N": "-1"}, 3), ({"N": "12"}, 2), ({"N": "123"}, 3), ({"N": "100"}, 2),
    ({"N": "0.5"}, 2), ({"N": "3.14159"}, 5), ({"N": "123456"}, 4), ({"N": "-12.5"}, 4), ({"N": "1E125"}, 2),
    ({"N": "0042.1200"}, 3), ({"N": "1" * 38}, 20),
], ids=str)
def test_what_a_value_counts(client, name, value, size):
    # Beside it just as much as fits, so its own size decides.
    room = MAX_ITEM - len("pk" "a" "v" "w") - size
    client.put_item(TableName=name, Item=PK | {"v": value, "w": {"S": "x" * room}})
    code, message, _ = refused(
        client.put_item, TableName=name, Item=PK | {"v": value, "w": {"S": "x" * (room + 1)}})
    assert code == VALIDATION and PUT_TOO_LARGE in message


# Keys.

@pytest.fixture(scope="module")
def typed(client):
    names = {}
    for partition, sort in itertools.product("SB", repeat=2):
        names[partition, sort] = f"limits.{partition}.{sort}"
        client.create_table(
            TableName=names[partition, sort], BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": partition},
                                  {"AttributeName": "sk", "AttributeType": sort}])
    yield names
    for made in names.values():
        client.delete_table(TableName=made)


def of(kind, size):
    return {kind: "k" * size if kind == "S" else b"k" * size}


KEY_OPERATIONS = {
    "put_item": lambda table, key: {"TableName": table, "Item": key},
    "get_item": lambda table, key: {"TableName": table, "Key": key},
    "delete_item": lambda table, key: {"TableName": table, "Key": key},
    "update_item": lambda table, key: {"TableName": table, "Key": key, "UpdateExpression": "REMOVE v"},
    "batch_write_item": lambda table, key: {"RequestItems": {table: [{"PutRequest": {"Item": key}}]}},
    "batch_get_item": lambda table, key: {"RequestItems": {table: {"Keys": [key]}}},
}


@pytest.mark.parametrize("operation", KEY_OPERATIONS)
@pytest.mark.parametrize("partition, sort", list(itertools.product("SB", repeat=2)))
def test_keys_of_2048_and_1024_bytes_are_the_longest(client, typed, operation, partition, sort):
    call, request = getattr(client, operation), KEY_OPERATIONS[operation]
    table = typed[partition, sort]
    call(**request(table, {"pk": of(partition, 2048), "sk": of(sort, 1024)}))
    code, message, _ = refused(call, **request(table, {"pk": of(partition, 2049), "sk": of(sort, 1)}))
    assert code == VALIDATION and "Size of hashkey has exceeded the maximum size limit of2048 bytes" in message
    code, message, _ = refused(call, **request(table, {"pk": of(partition, 1), "sk": of(sort, 1025)}))
    assert code == VALIDATION and "Aggregated size of all range keys has exceeded the size limit of 1024 bytes" in message


@pytest.mark.parametrize("attribute", ["pk", "sk"])
@pytest.mark.parametrize("kind, words", [("S", "string"), ("B", "binary")])
@pytest.mark.parametrize("operation", KEY_OPERATIONS)
def test_keys_are_not_empty(client, typed, operation, kind, words, attribute):
    key = {"pk": of(kind, 1), "sk": of(kind, 1)} | {attribute: of(kind, 0)}
    code, message, _ = refused(getattr(client, operation), **KEY_OPERATIONS[operation](typed[kind, kind], key))
    assert code == VALIDATION
    assert message.endswith(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        f"{words} value. Key: {attribute}")


# Numbers.

@pytest.mark.parametrize("number, kept", [
    ("9" * 38, "9" * 38), ("-" + "9" * 38, "-" + "9" * 38), ("0." + "9" * 38, "0." + "9" * 38), ("1E125", "1" + "0" * 125),
    ("0e125", "0"), ("0E-130", "0"), ("-0.0", "0"), ("1" + "0" * 60, "1" + "0" * 60), ("+5", "5"), ("5.", "5"), (".5", "0.5"),
    ("1e+2", "100"), ("12345678901234567890123456789012345678.000", "12345678901234567890123456789012345678"),
])
def test_numbers_at_the_edge_are_kept_in_full(client, name, number, kept):
    client.put_item(TableName=name, Item=PK | {"v": {"N": number}})
    assert client.get_item(TableName=name, Key=PK)["Item"]["v"] == {"N": kept}


NUMBERS = [
    ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ("0." + "1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ("1" * 20 + "." + "1" * 19, "Attempting to store more than 38 significant digits in a Number"),
    ("1E126", OVERFLOW), ("-1E126", OVERFLOW), ("9.99E126", OVERFLOW), ("1e2147483648", OVERFLOW), ("1e99999999999", OVERFLOW),
    ("0e126", OVERFLOW), ("1E-131", UNDERFLOW), ("-1E-131", UNDERFLOW), ("1e-99999999999", UNDERFLOW), ("0e-131", UNDERFLOW),
    ("1e9223372036854775808", NO_NUMBER), ("", NO_NUMBER), ("abc", NO_NUMBER), ("1.2.3", NO_NUMBER), (" 1", NO_NUMBER),
    ("1 ", NO_NUMBER), ("0x10", NO_NUMBER), ("1e", NO_NUMBER), ("NaN", NO_NUMBER), ("Infinity", NO_NUMBER), ("--1", NO_NUMBER),
]


@pytest.mark.parametrize("number, text", NUMBERS)
def test_what_no_number_can_be_is_refused(client, name, number, text):
    for value in ({"N": number}, {"NS": ["7", number]}, {"L": [{"M": {"k": {"N": number}}}]}):
        code, message, _ = refused(client.put_item, TableName=name, Item=PK | {"v": value})
        assert code == VALIDATION and text in message


@pytest.mark.parametrize("operation, request_", [
    ("update_item", {"Key": PK, "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"N": "1e126"}}}),
    ("put_item", {"Item": PK, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1e126"}}}),
    ("delete_item", {"Key": PK, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1e126"}}}),
    ("query", {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"N": "1e126"}}}),
    ("scan", {"FilterExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1e126"}}}),
    ("get_item", {"Key": {"pk": {"N": "1e126"}}}),
])
def test_numbers_are_looked_at_wherever_they_stand(client, name, operation, request_):
    code, message, _ = refused(getattr(client, operation), TableName=name, **request_)
    assert code == VALIDATION and OVERFLOW in message


@pytest.mark.parametrize("expression, value, text", [
    ("SET v = v + :v", "1", "Attempting to store more than 38 significant digits in a Number"),
    ("SET v = v + :v", "1E125", OVERFLOW), ("ADD v :v", "9.9E125", OVERFLOW), ("SET v = v - :v", "-1E125", OVERFLOW),
])
def test_sums_stay_numbers(client, name, expression, value, text):
    client.put_item(TableName=name, Item=PK | {"v": {"N": "9E125"}})
    code, message, _ = refused(
        client.update_item, TableName=name, Key=PK, UpdateExpression=expression, ExpressionAttributeValues={":v": {"N": value}})
    assert code == VALIDATION and text in message


# Nesting.

def deep(levels, kind="M"):
    value = {"S": "leaf"}
    for _ in range(levels):
        value = {"M": {"n": value}} if kind == "M" else {"L": [value]}
    return value


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("kind", "ML")
def test_values_nest_32_levels(client, name, surface, kind):
    write, _ = SURFACES[surface]
    write(client, name, deep(31, kind))
    assert client.get_item(TableName=name, Key=PK)["Item"]["v"] == deep(31, kind)
    code, message, response = refused(write, client=client, name=name, value=deep(32, kind))
    if code == "TransactionCanceledException":
        message = response["CancellationReasons"][0]["Message"]
    assert TOO_DEEP in message


def test_values_of_conditions_nest_32_levels(client, name):
    client.put_item(TableName=name, Item=PK)
    request = {"TableName": name, "Key": PK, "UpdateExpression": "SET t = :t", "ConditionExpression": "d = :d"}
    values = {":t": {"S": "t"}, ":d": deep(31)}
    assert refused(client.update_item, **request, ExpressionAttributeValues=values)[0] == "ConditionalCheckFailedException"
    code, message, _ = refused(client.update_item, **request, ExpressionAttributeValues=values | {":d": deep(32)})
    assert code == VALIDATION and TOO_DEEP in message


def test_sets_make_values_no_larger_than_they_are_and_paths_reach_the_deepest_level(client, name):
    client.put_item(TableName=name, Item=PK | {"v": deep(31)})
    path = ".".join(["v"] + ["n"] * 31)
    got = client.get_item(TableName=name, Key=PK, ProjectionExpression=path)["Item"]
    assert got == {"v": deep(31)}
    code, message, _ = refused(client.get_item, TableName=name, Key=PK, ProjectionExpression=path + ".n")
    assert code == VALIDATION and "nesting levels" in message


# Expressions.

def padded(bytes_, head="", join=" AND ", clause="attribute_not_exists({})"):
    """An expression of so many bytes: clauses with long names, joined."""
    parts = []
    while len(head + join.join([*parts, clause.format(f"a{len(parts):049}")])) <= bytes_:
        parts.append(clause.format(f"a{len(parts):049}"))
    short = bytes_ - len(head + join.join(parts))
    parts[-1] = clause.format(f"a{len(parts) - 1:0{49 + short}}")
    text = head + join.join(parts)
    assert len(text) == bytes_
    return text


EXPRESSIONS = {
    "condition of put": ("put_item", "ConditionExpression", {"Item": {"pk": {"S": "condition"}}}, padded),
    "condition of delete": ("delete_item", "ConditionExpression", {"Key": {"pk": {"S": "none"}}}, padded),
    "condition of update": ("update_item", "ConditionExpression", {"Key": {"pk": {"S": "none"}}}, padded),
    "update": ("update_item", "UpdateExpression", {"Key": {"pk": {"S": "none"}}},
               lambda n: padded(n, "REMOVE ", ", ", "{}")),
    "projection of get": ("get_item", "ProjectionExpression", {"Key": PK}, lambda n: padded(n, "", ", ", "{}")),
    "projection of scan": ("scan", "ProjectionExpression", {}, lambda n: padded(n, "", ", ", "{}")),
    "filter of scan": ("scan", "FilterExpression", {}, padded),
    "filter of query": ("query", "FilterExpression",
                        {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}, padded),
}


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_expressions_have_4096_bytes(client, name, place):
    operation, member, request, build = EXPRESSIONS[place]
    call = getattr(client, operation)
    call(TableName=name, **request, **{member: build(4096)})
    code, message, _ = refused(call, TableName=name, **request, **{member: build(4097)})
    assert code == VALIDATION
    assert f"Invalid {member}: Expression size has exceeded the maximum allowed size" in message


def test_names_that_stand_for_longer_ones_do_not_make_an_expression_longer(client, name):
    names = {f"#a{n}": "n" * 250 + str(n) for n in range(30)}
    client.get_item(TableName=name, Key=PK, ProjectionExpression=", ".join(names), ExpressionAttributeNames=names)


@pytest.mark.parametrize("operators, clause, join", [
    (300, "a=b", " OR "), (300, "a<b", " AND "), (300, "NOT a=b", " OR "), (300, "a BETWEEN b AND c", " OR "),
])
def test_conditions_have_300_operators(client, name, operators, clause, join):
    def expression(count):
        each = 3 if clause.startswith("NOT") else 2  # the operators of a clause, and what joins it to the next
        whole, rest = divmod(count + 1, each)
        return join.join([clause] * whole + (["attribute_exists(z)"] if rest else []))

    client.scan(TableName=name, FilterExpression=expression(operators - 1))
    code, message, _ = refused(client.scan, TableName=name, FilterExpression=expression(operators + 3))
    assert code == VALIDATION and "The expression contains too many operators; operator count: 30" in message


def test_in_takes_100_operands(client, name):
    names = {f":v{n}": {"N": str(n)} for n in range(101)}
    few = dict(itertools.islice(names.items(), 100))
    client.scan(TableName=name, FilterExpression=f"a IN ({', '.join(few)})", ExpressionAttributeValues=few)
    code, message, _ = refused(
        client.scan, TableName=name, FilterExpression=f"a IN ({', '.join(names)})", ExpressionAttributeValues=names)
    assert code == VALIDATION and "Invalid FilterExpression: The IN operator is provided with too many operands" in message


@pytest.mark.parametrize("member, make, sign", [
    ("ExpressionAttributeNames", lambda key: {key: "v"}, "#"), ("ExpressionAttributeValues", lambda key: {key: {"S": "v"}}, ":"),
])
def test_what_stands_for_names_and_values_has_255_bytes(client, name, member, make, sign):
    def request(length):
        key = sign + "k" * (length - 1)
        text = f"{key} = pk" if sign == "#" else f"pk = {key}"
        return {"TableName": name, "FilterExpression": text, member: make(key)}

    client.scan(**request(255))
    code, message, _ = refused(client.scan, **request(256))
    assert (code, message) == (VALIDATION, f"{member} contains invalid key: The expression attribute map contains a key that is "
                               "too long; size of key: 256")


# Names of attributes.

def test_attributes_have_names_of_65535_bytes(client, name):
    client.put_item(TableName=name, Item=PK | {"n" * 65_535: {"S": "v"}})
    code, _, _ = refused(client.put_item, TableName=name, Item=PK | {"n" * 65_536: {"S": "v"}})
    assert code == VALIDATION


def test_an_attribute_has_a_name(client, name):
    item = PK | {"": {"S": "v"}}
    code, message, _ = refused(client.put_item, TableName=name, Item=item)
    assert code == VALIDATION and "Map keys must satisfy constraint" in message
    writes = [{"PutRequest": {"Item": item}}]
    assert refused(client.batch_write_item, RequestItems={name: writes})[:2] == (VALIDATION, "Empty attribute name")
    action = {"Put": {"TableName": name, "Item": item}}
    assert refused(client.transact_write_items, TransactItems=[action])[:2] == (VALIDATION, "Empty attribute name")
    client.put_item(TableName=name, Item=PK | {"m": {"M": {"": {"S": "within a map it may be empty"}}}})


# Many at once.

def keys(count):
    return [{"pk": {"S": f"many-{number}"}} for number in range(count)]


def test_a_batch_writes_25_and_reads_100(client, name):
    for start in range(0, 100, 25):
        writes = [{"PutRequest": {"Item": key}} for key in keys(100)[start:start + 25]]
        assert client.batch_write_item(RequestItems={name: writes})["UnprocessedItems"] == {}
    got = client.batch_get_item(RequestItems={name: {"Keys": keys(100)}})
    assert len(got["Responses"][name]) == 100 and got["UnprocessedKeys"] == {}


def test_a_batch_is_bounded_over_all_its_tables(client, name, typed):
    other = typed["S", "S"]
    writes = {name: [{"PutRequest": {"Item": key}} for key in keys(13)],
              other: [{"PutRequest": {"Item": key | {"sk": {"S": "s"}}}} for key in keys(13)]}
    code, message, _ = refused(client.batch_write_item, RequestItems=writes)
    assert code == VALIDATION and "Too many items requested for the BatchWriteItem call" in message
    reads = {name: {"Keys": keys(51)}, other: {"Keys": [key | {"sk": {"S": "s"}} for key in keys(50)]}}
    code, message, _ = refused(client.batch_get_item, RequestItems=reads)
    assert code == VALIDATION and "Too many items requested for the BatchGetItem call" in message


def test_a_transaction_has_100_actions(client, name):
    client.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": key}} for key in keys(100)])
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": key}} for key in keys(100)])
    assert len(got["Responses"]) == 100


def test_a_transaction_has_4_mb(client, name):
    def puts(last):
        sizes = [400_000] * 10 + [last]
        return [{"Put": {"TableName": name, "Item": key | {"v": {"S": "x" * size}}}} for key, size in zip(keys(11), sizes)]

    room = (4 << 20) - 10 * 400_000 - 11 * len("pkv") - sum(len(key["pk"]["S"]) for key in keys(11))
    client.transact_write_items(TransactItems=puts(room))
    code, message, response = refused(client.transact_write_items, TransactItems=puts(room + 1))
    assert code in (VALIDATION, "TransactionCanceledException")
    assert "4 MB" in message or any("4 MB" in reason.get("Message", "") for reason in response["CancellationReasons"])


# Tables and indexes.

def attributes(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(number, sort=None, include=None):
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": include} if include else {"ProjectionType": "KEYS_ONLY"}
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}] + ([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])
    return {"IndexName": f"index-{number}", "KeySchema": schema, "Projection": projection}


def made(client, **request):
    """Makes a table and deletes it again."""
    request = {"TableName": "limits.made", "BillingMode": "PAY_PER_REQUEST"} | request
    client.create_table(**request)
    client.delete_table(TableName="limits.made")


SORTED = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


def test_a_table_has_5_local_and_20_global_indexes(client):
    local = {"KeySchema": SORTED, "AttributeDefinitions": attributes("pk", "sk", *[f"s{n}" for n in range(6)])}
    few = local | {"AttributeDefinitions": attributes("pk", "sk", *[f"s{n}" for n in range(5)])}
    made(client, **few, LocalSecondaryIndexes=[index(n, f"s{n}") for n in range(5)])
    code, message, _ = refused(made, client=client, **local, LocalSecondaryIndexes=[index(n, f"s{n}") for n in range(6)])
    assert (code, message) == (VALIDATION, "One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds "
                               "per-table limit of 5")
    global_ = {"KeySchema": SORTED[:1], "AttributeDefinitions": attributes("pk")}
    made(client, **global_, GlobalSecondaryIndexes=[index(n) for n in range(20)])
    code, message, _ = refused(made, client=client, **global_, GlobalSecondaryIndexes=[index(n) for n in range(21)])
    assert (code, message) == (VALIDATION, "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the "
                               "per-table limit of 20")


def test_indexes_include_100_attributes_together(client):
    def indexes(last):
        counts = [20] * 4 + [last]
        return [index(n, include=[f"a{n}-{m}" for m in range(count)]) for n, count in enumerate(counts)]

    request = {"KeySchema": SORTED[:1], "AttributeDefinitions": attributes("pk")}
    made(client, **request, GlobalSecondaryIndexes=indexes(20))
    more = indexes(20) + [index(5, include=["one-more"])]
    code, message, _ = refused(made, client=client, **request, GlobalSecondaryIndexes=more)
    assert code == VALIDATION and "100" in message


@pytest.mark.parametrize("length, fits", [(3, True), (255, True), (256, False), (2, False)])
def test_names_of_tables_and_indexes_have_3_to_255_characters(client, unchecked, length, fits):
    request = {"KeySchema": SORTED[:1], "AttributeDefinitions": attributes("pk"), "BillingMode": "PAY_PER_REQUEST"}
    named = "n" * length
    for request, field in (
        (request | {"TableName": named}, "tableName"),
        (request | {"TableName": "limits.named", "GlobalSecondaryIndexes": [index(0) | {"IndexName": named}]},
         "globalSecondaryIndexes.1.member.indexName"),
    ):
        if fits:
            client.create_table(**request)
            client.delete_table(TableName=request["TableName"])
        else:
            bound = "greater than or equal to 3" if length < 3 else "less than or equal to 255"
            code, message, _ = refused(unchecked.create_table, **request)
            assert (code, message) == (VALIDATION, f"1 validation error detected: Value '{named}' at '{field}' failed to "
                                       f"satisfy constraint: Member must have length {bound}")


def test_a_table_has_50_tags_of_128_and_256_characters(client, unchecked, name):
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    tags = [{"Key": f"{number:02}" + "k" * 126, "Value": "v" * 256} for number in range(51)]
    client.tag_resource(ResourceArn=arn, Tags=tags[:50])
    assert len(client.list_tags_of_resource(ResourceArn=arn)["Tags"]) == 50
    code, message, _ = refused(client.tag_resource, ResourceArn=arn, Tags=tags[50:])
    assert (code, message) == (VALIDATION, "Number of Tags exceed the current limit for the provided ResourceArn")
    client.untag_resource(ResourceArn=arn, TagKeys=[tag["Key"] for tag in tags])


# Reading.

@pytest.mark.parametrize("segment, total, fits", [
    (0, 1, True), (999_999, 1_000_000, True), (0, 1_000_001, False), (-1, 5, False), (1_000_000, 1_000_001, False), (0, 0, False),
])
def test_a_scan_has_a_million_segments(unchecked, name, segment, total, fits):
    request = {"TableName": name, "Segment": segment, "TotalSegments": total, "Limit": 1}
    if fits:
        unchecked.scan(**request)
    else:
        code, message, _ = refused(unchecked.scan, **request)
        assert code == VALIDATION and "failed to satisfy constraint: Member must have value" in message


@pytest.mark.parametrize("limit", [1, 2**31 - 1])
def test_a_limit_is_any_positive_number(client, name, limit):
    client.put_item(TableName=name, Item=PK)
    got = client.query(TableName=name, Limit=limit, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": PK["pk"]})
    assert got["Count"] == 1


def test_a_page_is_full_at_one_mebibyte_to_the_byte(client, make_table):
    """What is looked at counts, names and all, and the item that fills the page is its last."""
    table = make_table("S", "N")
    size = (1 << 20) // 4
    overhead = len("pk" "p" "sk" "v") + 2
    for number in range(1, 6):
        client.put_item(TableName=table.name, Item={
            "pk": {"S": "p"}, "sk": {"N": str(number)}, "v": {"S": "x" * (size - overhead)}})
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    for operation, request in (("query", query), ("scan", {})):
        page = getattr(client, operation)(TableName=table.name, **request)
        assert page["Count"] == 4
        assert page["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"N": "4"}}
        rest = getattr(client, operation)(TableName=table.name, ExclusiveStartKey=page["LastEvaluatedKey"], **request)
        assert rest["Count"] == 1 and "LastEvaluatedKey" not in rest
