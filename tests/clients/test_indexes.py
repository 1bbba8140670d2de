"""Secondary indexes: creation, queries, projections, changes of a table with items, and what is refused."""

import itertools
import random

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

_numbers = itertools.count(1)


def keys(partition, sort=None):
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])


def types(**attributes):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()]


def index(name, partition, sort=None, projection="ALL", attributes=None):
    rule = {"ProjectionType": projection} | ({"NonKeyAttributes": attributes} if attributes else {})
    return {"IndexName": name, "KeySchema": keys(partition, sort), "Projection": rule}


@pytest.fixture
def make(server, client):
    made = []

    def make_table(**more):
        name = f"indexed.{next(_numbers)}"
        client.create_table(**{
            "TableName": name, "KeySchema": keys("pk", "sk"), "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": types(pk="S", sk="N"), **more,
        })
        made.append(name)
        return server.resource().Table(name)

    yield make_table
    for name in made:
        client.delete_table(TableName=name)


@pytest.fixture
def games(make):
    return make(
        AttributeDefinitions=types(pk="S", sk="N", game="S", score="N"),
        LocalSecondaryIndexes=[index("by-score", "pk", "score", "KEYS_ONLY")],
        GlobalSecondaryIndexes=[
            index("best", "game", "score"),
            index("players", "game", None, "INCLUDE", ["nick"]),
        ],
    )


def refused(call, code="ValidationException", **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    assert raised.value.response["Error"]["Code"] == code
    return raised.value.response["Error"]["Message"]


def pages(call, **parameters):
    while True:
        answer = call(**parameters)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def test_a_leaderboard_is_read_best_first_in_pages(games):
    chance = random.Random(7)
    rows = [
        {"pk": f"p{n % 17}", "sk": n, "game": f"g{n % 3}", "score": chance.randrange(20), "nick": f"n{n}"}
        for n in range(300)
    ]
    with games.batch_writer() as batch:
        for row in rows:
            batch.put_item(Item=row)
    for game in ("g0", "g1", "g2"):
        best = list(pages(
            games.query, IndexName="best", KeyConditionExpression=Key("game").eq(game), ScanIndexForward=False, Limit=7,
        ))
        expected = [row for row in rows if row["game"] == game]
        assert [row["score"] for row in best] == sorted((row["score"] for row in expected), reverse=True)
        assert sorted(best, key=lambda row: row["sk"]) == expected
    high = list(pages(
        games.query, IndexName="best", KeyConditionExpression=Key("game").eq("g1") & Key("score").gte(15),
        FilterExpression=Attr("nick").exists(), Limit=5,
    ))
    assert {row["sk"] for row in high} == {row["sk"] for row in rows if row["game"] == "g1" and row["score"] >= 15}


def test_the_last_evaluated_key_holds_the_keys_of_index_and_table(games):
    for n in (1, 2):
        games.put_item(Item={"pk": "p", "sk": n, "game": "g", "score": 5})
    answer = games.query(IndexName="best", KeyConditionExpression=Key("game").eq("g"), Limit=1)
    assert set(answer["LastEvaluatedKey"]) == {"pk", "sk", "game", "score"}
    answer = games.scan(IndexName="players", Limit=1)
    assert set(answer["LastEvaluatedKey"]) == {"pk", "sk", "game"}


def test_projections_decide_what_an_index_gives(games):
    games.put_item(Item={"pk": "p", "sk": 1, "game": "g", "score": 5, "nick": "x", "rest": "y"})
    assert games.scan(IndexName="players")["Items"] == [{"pk": "p", "sk": 1, "game": "g", "nick": "x"}]
    assert games.scan(IndexName="by-score")["Items"] == [{"pk": "p", "sk": 1, "score": 5}]
    local = {"IndexName": "by-score", "KeyConditionExpression": Key("pk").eq("p")}
    assert games.query(**local, Select="ALL_ATTRIBUTES")["Items"][0]["rest"] == "y"
    assert games.query(**local, ProjectionExpression="rest")["Items"] == [{"rest": "y"}]
    assert games.query(**local, Select="COUNT")["Count"] == 1
    assert games.query(**local, ConsistentRead=True)["Count"] == 1
    assert games.query(**local, Select="ALL_PROJECTED_ATTRIBUTES")["Items"] == [{"pk": "p", "sk": 1, "score": 5}]


def test_a_global_index_gives_no_more_than_it_holds(games):
    whole = {"IndexName": "players", "KeyConditionExpression": Key("game").eq("g")}
    assert "does not project [rest]" in refused(games.query, **whole, ProjectionExpression="rest")
    assert "its projection type is not ALL" in refused(games.query, **whole, Select="ALL_ATTRIBUTES")
    assert "its projection type is not ALL" in refused(games.scan, IndexName="players", Select="ALL_ATTRIBUTES")
    assert refused(games.query, **whole, ConsistentRead=True) == (
        "Consistent reads are not supported on global secondary indexes"
    )
    assert refused(games.scan, IndexName="nowhere") == "The table does not have the specified index: nowhere"


@pytest.mark.parametrize("key,message", [
    ({"pk": "p", "sk": 1}, "The provided starting key is invalid"),
    ({"pk": "p", "sk": 1, "game": "g", "score": 1, "more": 1}, "The provided starting key is invalid"),
    ({"pk": "p", "sk": 1, "game": "other", "score": 1},
     "The provided starting key is outside query boundaries based on provided conditions"),
    ({"pk": "p", "sk": 1, "game": "g", "score": "x"}, "The provided key element does not match the schema"),
    ({"pk": 1, "sk": 1, "game": "g", "score": 1},
     "The provided starting key is invalid: The provided key element does not match the schema"),
])
def test_wrong_starting_keys_are_refused(games, key, message):
    condition = Key("game").eq("g")
    assert refused(games.query, IndexName="best", KeyConditionExpression=condition, ExclusiveStartKey=key) == message


def test_a_filter_may_not_name_a_key_of_the_index_but_may_name_the_tables(games):
    whole = {"IndexName": "best", "KeyConditionExpression": Key("game").eq("g")}
    assert refused(games.query, **whole, FilterExpression=Attr("score").gt(1)) == (
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: score"
    )
    assert games.query(**whole, FilterExpression=Attr("sk").gt(1))["Count"] == 0


def test_items_with_a_key_attribute_of_another_type_are_refused(games):
    assert refused(games.put_item, Item={"pk": "p", "sk": 1, "game": 5}) == (
        "One or more parameter values were invalid: Type mismatch for Index Key game Expected: S Actual: N IndexName: best"
    )
    assert "IndexName: best, IndexKey: game" in refused(games.put_item, Item={"pk": "p", "sk": 1, "game": ""})
    message = refused(
        games.update_item, Key={"pk": "p", "sk": 1}, UpdateExpression="SET score = :s",
        ExpressionAttributeValues={":s": "high"},
    )
    assert message == "The update expression attempted to update the secondary index key to unsupported type"


def test_a_table_is_described_with_its_indexes(games, client):
    games.put_item(Item={"pk": "p", "sk": 1, "game": "g", "score": 1})
    table = client.describe_table(TableName=games.name)["Table"]
    assert table["AttributeDefinitions"] == types(game="S", pk="S", score="N", sk="N")
    [local] = table["LocalSecondaryIndexes"]
    assert local["IndexArn"] == f"{table['TableArn']}/index/by-score"
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    best, players = table["GlobalSecondaryIndexes"]
    assert best["KeySchema"] == keys("game", "score")
    assert (best["IndexStatus"], best["ItemCount"]) == ("ACTIVE", 1)
    assert "Backfilling" not in best
    assert best["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert players["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["nick"]}


def test_an_index_is_added_to_a_table_with_items_and_removed(make, client):
    table = make()
    with table.batch_writer() as batch:
        for n in range(1000):
            batch.put_item(Item={"pk": f"p{n}", "sk": n} | ({"team": f"t{n % 5}"} if n % 2 else {}))
    changed = client.update_table(
        TableName=table.name, AttributeDefinitions=types(team="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("by-team", "team", "sk")}],
    )["TableDescription"]
    [described] = changed["GlobalSecondaryIndexes"]
    assert (described["IndexStatus"], described["Backfilling"], changed["TableStatus"]) == ("CREATING", True, "UPDATING")
    [described] = client.describe_table(TableName=table.name)["Table"]["GlobalSecondaryIndexes"]
    assert (described["IndexStatus"], described["ItemCount"]) == ("ACTIVE", 500)
    team = [row["sk"] for row in pages(table.query, IndexName="by-team", KeyConditionExpression=Key("team").eq("t3"), Limit=30)]
    assert team == [n for n in range(1000) if n % 2 and n % 5 == 3]
    table.delete_item(Key={"pk": "p3", "sk": 3})
    assert table.query(IndexName="by-team", KeyConditionExpression=Key("team").eq("t3"), Select="COUNT")["Count"] == 99

    gone = client.update_table(
        TableName=table.name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-team"}}],
    )["TableDescription"]
    assert [described["IndexStatus"] for described in gone["GlobalSecondaryIndexes"]] == ["DELETING"]
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName=table.name)["Table"]
    assert refused(table.scan, IndexName="by-team") == "The table does not have the specified index: by-team"


@pytest.mark.parametrize("updates,code,message", [
    ([{"Create": index("best", "game")}], "ValidationException", "Attempting to create an index which already exists"),
    ([{"Delete": {"IndexName": "absent"}}], "ResourceNotFoundException", "Requested resource not found"),
    ([{"Update": {"IndexName": "absent", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}],
     "ValidationException", "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: absent"),
    ([{"Delete": {"IndexName": "by-score"}}], "ValidationException",
     "Cannot delete an index that is not a GlobalSecondaryIndex: by-score"),
    ([{"Delete": {"IndexName": "best"}, "Create": index("more", "game")}], "ValidationException",
     "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"),
    ([{"Delete": {"IndexName": "best"}}, {"Delete": {"IndexName": "players"}}], "LimitExceededException",
     "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"),
    ([{}], "ValidationException", "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create"),
    ([{"Create": index("by-nick", "nick")}], "ValidationException",
     "AttributeDefinitions is not specified for index: by-nick"),
    ([{"Create": {"IndexName": "by-nick"}}], "ValidationException",
     "Value null at 'globalSecondaryIndexUpdates.1.member.create.keySchema' failed to satisfy constraint"),
    ([{"Delete": {}}], "ValidationException",
     "Value null at 'globalSecondaryIndexUpdates.1.member.delete.indexName' failed to satisfy constraint"),
])
def test_wrong_changes_of_indexes_are_refused(games, unchecked, updates, code, message):
    assert message in refused(
        unchecked.update_table, code, TableName=games.name, GlobalSecondaryIndexUpdates=updates,
    )


def test_an_attribute_has_one_type_in_all_keys(games, client):
    message = refused(
        client.update_table, TableName=games.name, AttributeDefinitions=types(game="N"),
        GlobalSecondaryIndexUpdates=[{"Create": index("again", "game")}],
    )
    assert "Attributes cannot be redefined" in message


def test_capacity_is_told_for_table_and_indexes(games):
    answer = games.put_item(
        Item={"pk": "p", "sk": 1, "game": "g", "score": 1}, ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"]
    assert answer["CapacityUnits"] == 4
    assert answer["Table"] == {"CapacityUnits": 1}
    assert answer["LocalSecondaryIndexes"] == {"by-score": {"CapacityUnits": 1}}
    assert answer["GlobalSecondaryIndexes"] == {"best": {"CapacityUnits": 1}, "players": {"CapacityUnits": 1}}
    answer = games.scan(IndexName="best", ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert answer["GlobalSecondaryIndexes"] == {"best": {"CapacityUnits": 0.5}}
    assert (answer["CapacityUnits"], answer["Table"]) == (0.5, {"CapacityUnits": 0})


def test_transactions_keep_indexes_and_charge_the_table_twice(games, client):
    answer = client.transact_write_items(
        TransactItems=[{"Put": {"TableName": games.name, "Item": {
            "pk": {"S": "p"}, "sk": {"N": "1"}, "game": {"S": "g"}, "score": {"N": "1"}}}}],
        ReturnConsumedCapacity="INDEXES",
    )["ConsumedCapacity"][0]
    assert (answer["CapacityUnits"], answer["Table"]["WriteCapacityUnits"]) == (5, 2)
    assert games.scan(IndexName="best")["Count"] == 1


@pytest.mark.parametrize("path,text", [("pk.x", "Key: pk"), ("sk[0]", "Key: sk"), ("game.x", "IndexKey: game")])
def test_nothing_is_inside_of_a_key(games, path, text):
    message = f"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: {text}"
    key = {"pk": "p", "sk": 1}
    assert refused(games.get_item, Key=key, ProjectionExpression=path) == message
    assert refused(games.scan, ProjectionExpression=path) == message
    assert refused(games.scan, FilterExpression=f"attribute_exists({path})") == message
    assert refused(games.query, KeyConditionExpression=Key("pk").eq("p"), ProjectionExpression=path) == message
    request = {games.name: {"Keys": [key], "ProjectionExpression": path}}
    assert refused(games.meta.client.batch_get_item, RequestItems=request) == message


def test_a_global_index_has_keys_of_several_attributes(make):
    schema = [{"AttributeName": name, "KeyType": "HASH"} for name in ("cup", "area")]
    schema += [{"AttributeName": name, "KeyType": "RANGE"} for name in ("round", "bracket")]
    matches = make(
        AttributeDefinitions=types(pk="S", sk="N", cup="S", area="S", round="N", bracket="S"),
        GlobalSecondaryIndexes=[{"IndexName": "by-round", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}],
    )
    for n in range(24):
        matches.put_item(Item={
            "pk": f"m{n}", "sk": n, "cup": f"c{n % 2}", "area": "eu", "round": n % 3, "bracket": f"b{n // 6}",
        })
    matches.put_item(Item={"pk": "lacks", "sk": 0, "cup": "c0", "area": "eu", "round": 1})
    assert matches.global_secondary_indexes[0]["KeySchema"] == schema

    in_cup = Key("cup").eq("c0") & Key("area").eq("eu")
    of_cup = list(pages(matches.query, IndexName="by-round", KeyConditionExpression=in_cup, Limit=5))
    assert [(row["round"], row["bracket"]) for row in of_cup] == sorted((n % 3, f"b{n // 6}") for n in range(0, 24, 2))
    late = in_cup & Key("round").eq(1) & Key("bracket").gte("b2")
    late = matches.query(IndexName="by-round", KeyConditionExpression=late, ScanIndexForward=False)["Items"]
    assert [row["sk"] for row in late] == [22, 16]

    message = refused(matches.query, IndexName="by-round", KeyConditionExpression=in_cup & Key("bracket").eq("b1"))
    assert message == (
        "RANGE key attributes round must have equality conditions specified in the query because a condition is "
        "present on key attribute bracket"
    )
    message = refused(matches.query, IndexName="by-round", KeyConditionExpression=Key("cup").eq("c0"))
    assert message == "Query condition missed key schema element: area"
