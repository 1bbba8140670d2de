"""PartiQL statements, as the SDK sends them: one row for each statement.

In statements `{t}` is a table under `pk` (S), `{r}` one under `pk` (S) and `sk` (N), `{i}` that one with its index `by-day`.
Expectations of the service were taken from its documentation and from public suites that were checked against it.
"""

import pytest
from botocore.exceptions import ClientError

VALIDATION = "ValidationException"
MALFORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = MALFORMED + "Unexpected token after expression"
OPERAND = "Incorrect operand type for operator or function; operator or function: "
INVALID = "One or more parameter values were invalid: "
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
OVERLAP = "Overlapping conditions with range keys are not supported in where clause"
ITEM = {
    "pk": {"S": "item"}, "s": {"S": "str"}, "n": {"N": "5"}, "flag": {"BOOL": True}, "nul": {"NULL": True},
    "ss": {"SS": ["a", "b", "c"]}, "ns": {"NS": ["1", "2"]}, "b": {"B": b"\x01\x02"},
    "m": {"M": {"sub": {"S": "deep"}, "items": {"L": [{"N": "1"}, {"N": "2"}]}}}, "l": {"L": [{"S": "x"}, {"S": "y"}]},
}
ROWS = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]


@pytest.fixture(scope="module")
def tables(client):
    names = {"t": "partiql.items", "r": "partiql.rows"}
    client.create_table(
        TableName=names["t"], BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    client.create_table(
        TableName=names["r"], BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                              for name, kind in (("pk", "S"), ("sk", "N"), ("day", "S"))],
        GlobalSecondaryIndexes=[{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    for pk, sk in ROWS:
        client.put_item(TableName=names["r"], Item={
            "pk": {"S": pk}, "sk": {"N": str(sk)}, "v": {"N": str(sk * 10)}, "day": {"S": f"day{sk}"}})
    yield names
    for name in names.values():
        client.delete_table(TableName=name)


@pytest.fixture
def execute(client, tables):
    """Runs a statement; `item` is there as it was at the start."""
    client.put_item(TableName=tables["t"], Item=ITEM)

    def execute(statement, parameters=None, **more):
        if parameters is not None:
            more["Parameters"] = parameters
        return client.execute_statement(Statement=put_tables(statement, tables), **more)

    return execute


def put_tables(statement, tables):
    names = {"t": f'"{tables["t"]}"', "r": f'"{tables["r"]}"', "i": f'"{tables["r"]}"."by-day"'}
    for name, quoted in names.items():
        statement = statement.replace("{%s}" % name, quoted)
    return statement


def refused(call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


HOLDS = [
    "attribute_exists(ss)", "attribute_not_exists(nope)", "NOT attribute_exists(nope)", "ATTRIBUTE_EXISTS(ss)",
    "(attribute_exists(nope) OR attribute_exists(ss))", "attribute_exists(ss) = true", 'attribute_exists("ss")',
    "attribute_exists(m.sub)", "attribute_exists(m.items[1])", "size(s) = 3", "size(ss) = 3", "attribute_type(ss, 'SS')",
    "nul IS NULL", "s IS NOT NULL", "nope IS NOT NULL", "flag IS BOOL", "s IS STRING", "m IS STRUCT", "ss IS BAG",
    "nope IS MISSING", "s IS NOT MISSING", "n = 5", "n = 5.0", "n = .5e1", "5 = n", "n <> 6", "n != 6", "nope <> 1",
    "n < 6 AND n <= 5 AND n > 4 AND n >= 5", "n BETWEEN 4 AND 6", "n NOT BETWEEN 6 AND 7", "n IN [4, 5]", "n IN (5)",
    "n NOT IN [6, 7]", "s < 'sts'", "begins_with(s, 'st')", "contains(s, 'tr')", "contains(ss, 'b')", "contains(l, 'x')",
    "m.sub = 'deep'", "m.items[0] = 1", "l[1] = 'y'", "ss = <<'c', 'a', 'b'>>", "ns = <<1, 2>>", "l = ['x', 'y']",
    "m = {'sub': 'deep', 'items': [1, 2]}", "flag = true", "nul = null", "n > -5", "n = - - 5", "n > -/* c */6 -- c",
]
FAILS = [
    "attribute_exists(nope)", "attribute_not_exists(ss)", "attribute_exists(m.nope)", "size(s) = 4", "s IS NULL",
    "nul IS NOT NULL", "s IS BOOL", "n = '5'", "nope = 1", "nope < 1", "NOT n = 5", "n IN ['5']", "ss = <<'a', 'b'>>",
    "l = ['y', 'x']", "n < 's'", "contains(nope, 'x')", "attribute_exists(n) = 1",
]


@pytest.mark.parametrize("condition", HOLDS)
def test_a_condition_holds(execute, condition):
    assert [item["pk"] for item in execute(f"SELECT pk FROM {{t}} WHERE pk = 'item' AND {condition}")["Items"]] == [ITEM["pk"]]


@pytest.mark.parametrize("condition", FAILS)
def test_a_condition_does_not_hold(execute, condition):
    assert execute(f"SELECT pk FROM {{t}} WHERE pk = 'item' AND {condition}")["Items"] == []
    update = f"UPDATE {{t}} SET n = 9 WHERE pk = 'item' AND {condition}"
    assert refused(lambda: execute(update)) == ("ConditionalCheckFailedException", "The conditional request failed")


@pytest.mark.parametrize("rest, expected", [
    ("{r} WHERE pk = 'a'", "a1 a2 a3"),
    ("{r} WHERE pk = 'a' ORDER BY sk DESC", "a3 a2 a1"),
    ("{r} WHERE pk = 'a' AND sk > 1", "a2 a3"),
    ("{r} WHERE pk = 'a' AND sk IN [3, 1]", "a1 a3"),
    ("{r} WHERE pk IN ['b', 'a'] AND sk = 2", "a2 b2"),
    ("{r} WHERE pk IN ['a', 'b'] ORDER BY pk DESC, sk ASC", "b1 b2 a1 a2 a3"),
    ("{r} WHERE pk = 'a' AND NOT sk = 1 OR pk = 'a' AND sk = 1", "a1 a2 a3"),
    ("{i} WHERE day = 'day3'", "a3"),
    ("{i} WHERE day IN ['day3', 'day9']", "a3"),
    ("{i} WHERE v = 10", ""),
    ("{r} WHERE v = 30", "a3"),
])
def test_a_select_finds_rows(execute, rest, expected):
    items = execute(f"SELECT pk, sk FROM {rest}")["Items"]
    assert [item["pk"]["S"] + item["sk"]["N"] for item in items] == expected.split()


@pytest.mark.parametrize("columns, expected", [
    ("*", ITEM),
    ("pk, n", {"pk": ITEM["pk"], "n": ITEM["n"]}),
    ("m.sub, l[1], nope", {"sub": {"S": "deep"}, "l[1]": {"S": "y"}}),
    ("m.items[0]", {"items[0]": {"N": "1"}}),
    ('"m"."items"', {"items": {"L": [{"N": "1"}, {"N": "2"}]}}),
])
def test_a_select_gives_columns(execute, columns, expected):
    item, = execute(f"SELECT {columns} FROM {{t}} WHERE pk = 'item'")["Items"]
    assert item == expected


@pytest.mark.parametrize("changes, name, expected", [
    ("SET n = n + 1", "n", {"N": "6"}),
    ("SET n = n - 10", "n", {"N": "-5"}),
    ("SET c = s", "c", {"S": "str"}),
    ("SET c = 7.31e6", "c", {"N": "7310000"}),
    ("SET c = 'it''s'", "c", {"S": "it's"}),
    ("SET c = {'x': [1, <<'a'>>, null]}", "c", {"M": {"x": {"L": [{"N": "1"}, {"SS": ["a"]}, {"NULL": True}]}}}),
    ("SET l = list_append(l, ['z'])", "l", {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]}),
    ("SET m.items = list_append([0], m.items)", "m", {"M": {"sub": {"S": "deep"}, "items": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}}}),
    ("SET ss = set_add(ss, <<'d'>>)", "ss", {"SS": ["a", "b", "c", "d"]}),
    ("SET ss = set_delete(ss, <<'a', 'z'>>)", "ss", {"SS": ["b", "c"]}),
    ("SET ss = SET_DELETE(ss, <<'a', 'b', 'c'>>)", "ss", None),
    ("SET fresh = set_add(fresh, <<1>>)", "fresh", {"NS": ["1"]}),
    ("SET n = 1 SET s = 'y' REMOVE flag", "flag", None),
    ("SET n = 1, s = 'y'", "s", {"S": "y"}),
    ("REMOVE l[0]", "l", {"L": [{"S": "y"}]}),
    ("REMOVE m.sub", "m", {"M": {"items": {"L": [{"N": "1"}, {"N": "2"}]}}}),
])
def test_an_update_changes_an_item(execute, client, tables, changes, name, expected):
    for statement in (f"UPDATE {{t}} {changes} WHERE pk = 'item'", f"FROM {{t}} WHERE pk = 'item' {changes}"):
        client.put_item(TableName=tables["t"], Item=ITEM)
        assert execute(statement)["Items"] == []
        assert client.get_item(TableName=tables["t"], Key={"pk": ITEM["pk"]})["Item"].get(name) == expected


@pytest.mark.parametrize("returning, expected", [
    ("ALL OLD", ITEM), ("ALL NEW", {**ITEM, "n": {"N": "6"}}),
    ("MODIFIED OLD", {"n": {"N": "5"}}), ("MODIFIED NEW", {"n": {"N": "6"}}),
])
def test_an_update_returns_what_is_asked_for(execute, returning, expected):
    assert execute(f"UPDATE {{t}} SET n = n + 1 WHERE pk = 'item' RETURNING {returning} *")["Items"] == [expected]


REFUSED = [
    ("SELECT * FROM {t} WHERE", MALFORMED + "Unexpected term"),
    ("SELECT * FROM {t} WHERE pk = 'a' foo", LEFTOVER),
    ("SELECT * FROM {t} ORDER BY pk WHERE pk = 'a'", LEFTOVER),
    ("SELECT * FROM {t} WHERE pk = 'a' AND", MALFORMED + "Missing right-hand side expression of infix operator"),
    ("SELECT * FROM {t} WHERE pk = 'a' AND x IS FOO", MALFORMED + "Expected type name"),
    ("SELECT * FROM {t} WHERE pk = LIKE", MALFORMED + "Unexpected operator"),
    ("SELECT * FROM {t} WHERE ORDER BY pk", MALFORMED + "Unexpected keyword"),
    ("SELECT * FROM {t} WHERE pk = 1e2147483648", MALFORMED),
    ("SELECT * FROM {t} WHERE pk = 'a' # note", MALFORMED),
    ("SLECT * FROM {t} WHERE pk = 'a'", MALFORMED + "Expected data manipulation"),
    ("DELETE FROM WHERE pk = 'a'", MALFORMED + "Expected identifier for simple path"),
    ("SELECT * FROM {t} x WHERE pk = 'a'", "Aliasing is not supported"),
    ("SELECT * FROM \"\" WHERE pk = 'a'", "Path component cannot be an empty string"),
    ("SELECT * FROM {i}.\"x\" WHERE pk = 'a'", "A path may contain at most 2 components in the FROM clause"),
    ("SELECT * FROM {r}.\"nope\" WHERE pk = 'a'", "The table does not have the specified index"),
    ("SELECT v FROM {i}", INVALID + "Global secondary index by-day does not project [v]"),
    ("SELECT pk FROM {i} WHERE day = 'x' AND v = 1",
     INVALID + "Secondary index by-day does not project one or more filter attributes: [v]"),
    ("SELECT pk FROM {t} WHERE pk = 'a' AND v < true", OPERAND + "<, operand type: BOOL"),
    ("SELECT pk FROM {t} WHERE pk = 'a' AND attribute_type(v, 1)", OPERAND + "attribute_type, operand type: N"),
    ("SELECT pk FROM {t} WHERE pk = 'a' AND attribute_type(v, 'X')",
     "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"),
    ("SELECT pk FROM {t} WHERE pk = 'a' AND attribute_exists(a, b)",
     "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2"),
    ("SELECT pk FROM {t} WHERE pk = 5", "Key attribute's data type should match its data type in table's schema: Key pk"),
    ("SELECT pk FROM {r} WHERE pk IN ['a', 'a']", OVERLAP),
    ("SELECT pk FROM {r} WHERE pk = 'a' AND v = 1 OR pk = 'a' AND sk = 2", OVERLAP),
    ("SELECT pk FROM {r} ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
    ("SELECT pk FROM {r} WHERE pk = 'a' ORDER BY v", "Attribute v in ORDER BY clause must be part of the primary key"),
    ("INSERT INTO {t} VALUE {'pk': 'x', 's': <<>>}", "Empty bags are not supported"),
    ("INSERT INTO {t} VALUE {'pk': 'x', 'l': [1, 1e126]}",
     "Number overflow. Attempting to store a number with magnitude larger than supported range under root[1]"),
    ("INSERT INTO {i} VALUE {'pk': 'x'}", "FROM clause may only contain a single table name"),
    ("INSERT INTO {t} VALUE {'n': 1}", INVALID + "Missing the key pk in the item"),
    ("UPDATE {i} SET a = 1 WHERE pk = 'a'", "This operation is not supported on an index"),
    ("UPDATE {t} SET a = 1", NO_KEY),
    ("UPDATE {r} SET a = 1 WHERE pk = 'a'", NO_KEY),
    ("DELETE FROM {t} WHERE n = 5", NO_KEY),
    ("UPDATE {t} SET pk = 'b' WHERE pk = 'item'", INVALID + "Cannot update attribute pk. This attribute is part of the key"),
    ("UPDATE {t} SET n = n + 'a' WHERE pk = 'item'", OPERAND + "+, operand type: S"),
    ("UPDATE {t} SET ss = set_add(ss, <<1>>) WHERE pk = 'item'",
     "An operand in the update expression has an incorrect data type"),
    ("DELETE FROM {t} WHERE pk = 'item' RETURNING ALL NEW *",
     "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."),
    ("EXISTS(SELECT * FROM {t} WHERE pk = 'a' AND b = 1)", "EXISTS can only be used in ExecuteTransaction write requests."),
]


@pytest.mark.parametrize("statement, message", REFUSED, ids=[statement for statement, _ in REFUSED])
def test_a_statement_is_refused(execute, client, tables, statement, message):
    assert refused(lambda: execute(statement)) == (VALIDATION, message)
    batch = client.batch_execute_statement(Statements=[{"Statement": put_tables(statement, tables)}])
    error = batch["Responses"][0]["Error"]
    assert error["Code"] == "ValidationError"
    if not statement.startswith("SELECT"):
        assert error["Message"] == message
    assert client.get_item(TableName=tables["t"], Key={"pk": ITEM["pk"]})["Item"] == ITEM


@pytest.mark.parametrize("parameter, message", [
    ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
    ({"SS": []}, INVALID + "An string set  may not be empty"),
    ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ({"N": "abc"}, "The parameter cannot be converted to a numeric value: abc"),
    ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
])
def test_a_parameter_is_refused_before_its_statement(execute, client, unchecked, parameter, message):
    statement = {"Statement": "UPDATE nonsense", "Parameters": [parameter]}
    assert refused(lambda: unchecked.execute_statement(**statement)) == (VALIDATION, message)
    assert refused(lambda: unchecked.execute_transaction(TransactStatements=[statement])) == (VALIDATION, message)
    good = {"Statement": "UPDATE {t}"}
    responses = unchecked.batch_execute_statement(Statements=[good, statement, good])["Responses"]
    assert responses[1] == {"Error": {"Code": "ValidationError", "Message": message}}
    assert [response["Error"]["Message"].startswith(MALFORMED) for response in responses] == [True, False, True]


def test_parameters_are_of_all_types(execute, client, tables):
    values = {name: value for name, value in ITEM.items() if name != "pk"}
    members = ", ".join(f"'{name}': ?" for name in values)
    execute(f"INSERT INTO {{t}} VALUE {{'pk': ?, {members}}}", [{"S": "copy"}, *values.values()])
    for name, value in values.items():
        found = execute(f"SELECT {name} FROM {{t}} WHERE pk = ? AND {name} = ?", [{"S": "copy"}, value])["Items"]
        assert found == [{name: value}]
    again = refused(lambda: execute("INSERT INTO {t} VALUE {'pk': 'copy'}"))
    assert again == ("DuplicateItemException", "Duplicate primary key exists in table")
    assert len(execute("DELETE FROM {t} WHERE pk = 'copy' RETURNING ALL OLD *")["Items"]) == 1
    assert execute("DELETE FROM {t} WHERE pk = 'copy' RETURNING ALL OLD *")["Items"] == []
    few = refused(lambda: execute("SELECT * FROM {t} WHERE pk = ?"))
    assert few == (VALIDATION, "Number of parameters in request and statement don't match.")


def test_a_failed_condition_gives_the_item_back(execute):
    with pytest.raises(ClientError) as caught:
        execute("UPDATE {t} SET n = 1 WHERE pk = 'item' AND n = 9", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == ITEM


def test_pages_go_on_by_token(execute, client):
    statement, found, token = "SELECT pk, sk FROM {r} WHERE pk IN ['a', 'b']", [], {}
    for _ in range(10):
        page = execute(statement, Limit=2, **token)
        found += [item["pk"]["S"] + item["sk"]["N"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk"}
        token = {"NextToken": page["NextToken"]}
    assert found == ["a1", "a2", "a3", "b1", "b2"]
    other = refused(lambda: execute("SELECT pk, sk FROM {r} WHERE pk = 'a'", **token))
    assert other == (VALIDATION, "NextToken does not match request")
    assert refused(lambda: execute(statement, NextToken="garbage")) == (VALIDATION, "Invalid NextToken")


def test_capacity_and_consistency_are_those_of_what_is_read(execute, tables):
    statement = "SELECT * FROM {t} WHERE pk = 'item'"
    for consistent, units in ((False, 0.5), (True, 1.0)):
        consumed = execute(statement, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
        assert consumed == {"TableName": tables["t"], "CapacityUnits": units}
    by_index = execute("SELECT * FROM {i} WHERE day = 'day1'", ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert by_index["GlobalSecondaryIndexes"] == {"by-day": {"CapacityUnits": 0.5}}
    assert by_index["Table"] == {"CapacityUnits": 0.0}
    consistent = refused(lambda: execute("SELECT * FROM {i} WHERE day = 'day1'", ConsistentRead=True))
    assert consistent == (VALIDATION, "Strongly consistent read is not supported on Global Secondary Indexes")


def test_a_batch_tells_of_each_statement(execute, client, tables):
    def batch(*statements, **more):
        members = [{"Statement": put_tables(statement, tables), **more} for statement in statements]
        return client.batch_execute_statement(Statements=members)["Responses"]

    name = tables["t"]
    written = batch(
        "INSERT INTO {t} VALUE {'pk': 'batch'}", "INSERT INTO {t} VALUE {'pk': 'item'}",
        "UPDATE {t} SET n = 9 WHERE pk = 'item' AND n = 1", "UPDATE {t} SET n = 9 WHERE pk = 'item' RETURNING MODIFIED NEW *",
        "DELETE FROM {t} WHERE pk = 'batch' RETURNING ALL OLD *", 'UPDATE "no.such.table" SET n = 9 WHERE pk = \'item\'',
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert written == [
        {"TableName": name},
        {"TableName": name, "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}},
        {"TableName": name, "Error": {
            "Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": ITEM}},
        {"TableName": name, "Item": {"n": {"N": "9"}}},
        {"TableName": name, "Item": {"pk": {"S": "batch"}}},
        {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
    ]
    key = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
    assert batch("SELECT n FROM {t} WHERE pk = 'item'", "SELECT n FROM {t} WHERE pk = 'none'", "SELECT n FROM {t}",
                 "SELECT * FROM {i} WHERE day = 'day1'") == [
        {"TableName": name, "Item": {"n": {"N": "9"}}}, {"TableName": name},
        *[{"Error": {"Code": "ValidationError", "Message": key}}] * 2,
    ]


def test_refused_parameters_are_the_fault_of_their_statement_alone(client, tables):
    def batch(*statements):
        return client.batch_execute_statement(Statements=[
            {"Statement": put_tables(statement, tables), "Parameters": parameters} for statement, parameters in statements])

    good = ("SELECT pk FROM {t} WHERE pk = ?", [{"S": "item"}])
    bad = ("DELETE FROM {t} WHERE pk = ?", [{"N": "one"}])
    faulty = {"Error": {"Code": "ValidationError",
                        "Message": "The parameter cannot be converted to a numeric value: one"}}
    found = {"TableName": tables["t"], "Item": {"pk": {"S": "item"}}}
    assert batch(good, bad, good)["Responses"] == [found, faulty, found]
    assert batch(bad)["Responses"] == [faulty]
    code, message = refused(lambda: batch(bad, *[good] * 25))
    assert code == VALIDATION and "Member must have length less than or equal to 25" in message
    _, message = refused(lambda: batch(bad, ("x" * 8193, [{"S": "item"}])))
    assert "'statements.2.member.statement' failed to satisfy constraint" in message


def test_a_transaction_is_all_or_nothing(execute, client, tables):
    def transact(*statements, **more):
        members = [{"Statement": put_tables(statement, tables)} for statement in statements]
        return client.execute_transaction(TransactStatements=members, **more)

    done = transact("UPDATE {t} SET n = n + 1 WHERE pk = 'item'", "INSERT INTO {t} VALUE {'pk': 'tx'}",
                    "EXISTS(SELECT * FROM {r} WHERE pk = 'a' AND sk = 1 AND v = 10)", ReturnConsumedCapacity="TOTAL")
    assert done["Responses"] == []
    assert {table["TableName"]: table["WriteCapacityUnits"] for table in done["ConsumedCapacity"]} == {
        tables["t"]: 4.0, tables["r"]: 2.0}
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        transact("UPDATE {t} SET n = n + 1 WHERE pk = 'item'", "INSERT INTO {t} VALUE {'pk': 'tx'}",
                 "EXISTS(SELECT * FROM {r} WHERE pk = 'a' AND sk = 1 AND v = 11)")
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "DuplicateItem", "ConditionalCheckFailed"]
    read = transact("SELECT n FROM {t} WHERE pk = 'item'", "SELECT n FROM {t} WHERE pk = 'none'")
    assert read["Responses"] == [{"Item": {"n": {"N": "6"}}}, {}]
    failed = refused(lambda: transact("SELECT n FROM {t} WHERE pk = 'item'", "SELECT n FROM {t}"))
    assert failed == (VALIDATION, "Validation failed in TransactStatements[1]: Select statements within ExecuteTransaction "
                                  "must specify the primary key in the where clause.")
    mixed = refused(lambda: transact("SELECT n FROM {t} WHERE pk = 'item'", "DELETE FROM {t} WHERE pk = 'tx'"))
    assert mixed == (VALIDATION, "ExecuteTransaction API does not support both read and write operations in the same request.")
    execute("DELETE FROM {t} WHERE pk = 'tx'")


def test_a_transaction_with_a_token_runs_once(execute, client, tables):
    def transact(by):
        statement = {"Statement": put_tables("UPDATE {t} SET n = n + ? WHERE pk = 'item'", tables), "Parameters": [{"N": by}]}
        return client.execute_transaction(TransactStatements=[statement], ClientRequestToken="partiql-token")

    transact("1")
    transact("1")
    assert execute("SELECT n FROM {t} WHERE pk = 'item'")["Items"] == [{"n": {"N": "6"}}]
    code, _ = refused(lambda: transact("2"))
    assert code == "IdempotentParameterMismatchException"
