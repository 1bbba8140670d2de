"""Change streams through boto3's own client of them."""

import collections
import re
import time

import pytest
from botocore.exceptions import ClientError

TEXTS = {
    "enable-without-view": "One or more parameter values were invalid: If stream is being enabled then UpdateViewType is required",
    "disable-with-view":
        "One or more parameter values were invalid: If stream is being disabled, then UpdateViewType must not be specified",
}


@pytest.fixture(scope="module")
def streams(server):
    return server.client("dynamodbstreams")


@pytest.fixture
def streamed(client, make_table):
    """Makes a table with a stream, and gives both."""

    def make(view="NEW_AND_OLD_IMAGES", **keys):
        table = make_table(**keys)
        specification = {"StreamEnabled": True, "StreamViewType": view}
        described = client.update_table(TableName=table.name, StreamSpecification=specification)["TableDescription"]
        assert described["StreamSpecification"] == specification
        return table, described["LatestStreamArn"]

    return make


def shards(streams, arn):
    found, start = [], {}
    while True:
        page = streams.describe_stream(StreamArn=arn, **start)["StreamDescription"]
        found += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            return found
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def read(streams, iterator, limit=None):
    """All that is there from a place on, and the next place."""
    records = []
    while True:
        page = streams.get_records(ShardIterator=iterator, **({"Limit": limit} if limit else {}))
        records += page["Records"]
        iterator = page.get("NextShardIterator")
        if not page["Records"] or not iterator:
            return records, iterator


def iterator(streams, arn, shard, kind="TRIM_HORIZON", **more):
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def everything(streams, arn):
    records = []
    for shard in shards(streams, arn):
        records += read(streams, iterator(streams, arn, shard["ShardId"]))[0]
    return sorted(records, key=lambda record: int(record["dynamodb"]["SequenceNumber"]))


def refused(call, **parameters):
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_records_have_the_form_that_the_service_gives_them(streams, streamed):
    before = int(time.time())
    table, arn = streamed()
    table.put_item(Item={"pk": "a", "v": 1})
    table.update_item(Key={"pk": "a"}, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": b"\x00\xff"})
    table.delete_item(Key={"pk": "a"})
    records = everything(streams, arn)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert len({record["eventID"] for record in records}) == 3
    for record in records:
        assert set(record) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
        assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == ("1.1", "aws:dynamodb", "us-east-1")
        body = record["dynamodb"]
        assert body["Keys"] == {"pk": {"S": "a"}}
        assert body["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert re.fullmatch(r"[0-9]{21,40}", body["SequenceNumber"])
        created = body["ApproximateCreationDateTime"].timestamp()
        assert created == int(created) and before - 1 <= created <= time.time()
    insert, modify, remove = (record["dynamodb"] for record in records)
    assert insert["NewImage"] == {"pk": {"S": "a"}, "v": {"N": "1"}} and "OldImage" not in insert
    assert modify["NewImage"]["v"] == {"B": b"\x00\xff"} and modify["OldImage"] == insert["NewImage"]
    assert remove["OldImage"] == modify["NewImage"] and "NewImage" not in remove
    assert insert["SizeBytes"] == 3 + 3 + 3


@pytest.mark.parametrize("view, images", [
    ("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"}),
    ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
])
def test_a_view_type_chooses_the_images(streams, streamed, view, images):
    table, arn = streamed(view)
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamViewType"] == view
    table.put_item(Item={"pk": "a", "v": 1})
    table.put_item(Item={"pk": "a", "v": 2})
    modified = everything(streams, arn)[1]["dynamodb"]
    assert modified["StreamViewType"] == view
    assert set(modified) & {"NewImage", "OldImage"} == images


def test_a_stream_is_described_with_the_shards_of_its_table(client, streams, streamed):
    table, arn = streamed(sort="N")
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    listed = client.describe_table(TableName=table.name)["Table"]
    assert arn == f"{listed['TableArn']}/stream/{listed['LatestStreamLabel']}" == description["StreamArn"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", listed["LatestStreamLabel"])
    assert description["StreamStatus"] == "ENABLED"
    assert description["TableName"] == table.name
    assert description["KeySchema"] == listed["KeySchema"]
    assert len(description["Shards"]) == 4, "a table on demand begins with four partitions"
    for shard in description["Shards"]:
        assert 28 <= len(shard["ShardId"]) <= 65 and "ParentShardId" not in shard
        assert 21 <= len(shard["SequenceNumberRange"]["StartingSequenceNumber"]) <= 40
        assert "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    page = streams.describe_stream(StreamArn=arn, Limit=3)["StreamDescription"]
    assert page["LastEvaluatedShardId"] == page["Shards"][-1]["ShardId"]
    rest = streams.describe_stream(StreamArn=arn, ExclusiveStartShardId=page["LastEvaluatedShardId"])["StreamDescription"]
    assert page["Shards"] + rest["Shards"] == description["Shards"]
    children = {"Type": "CHILD_SHARDS", "ShardId": page["Shards"][0]["ShardId"]}
    assert streams.describe_stream(StreamArn=arn, ShardFilter=children)["StreamDescription"]["Shards"] == []


def test_the_changes_of_an_item_are_in_order_and_in_one_shard(streams, streamed):
    table, arn = streamed(sort="N")
    for nth in range(60):
        table.put_item(Item={"pk": f"p{nth % 7}", "sk": nth % 3, "nth": nth})
    seen = collections.defaultdict(list)
    places = collections.defaultdict(set)
    for shard in shards(streams, arn):
        for record in read(streams, iterator(streams, arn, shard["ShardId"]), limit=7)[0]:
            item = record["dynamodb"]["NewImage"]
            seen[item["pk"]["S"], item["sk"]["N"]].append(int(item["nth"]["N"]))
            places[item["pk"]["S"]].add(shard["ShardId"])
    assert sorted(nth for written in seen.values() for nth in written) == list(range(60))
    assert all(written == sorted(written) for written in seen.values())
    assert all(len(of_partition) == 1 for of_partition in places.values())
    assert len(set.union(*places.values())) > 1, "not all of them in the same"


def test_iterators_begin_where_they_are_asked_to(streams, streamed):
    table, arn = streamed()
    table.put_item(Item={"pk": "a", "v": 0})
    place = next(s["ShardId"] for s in shards(streams, arn) if read(streams, iterator(streams, arn, s["ShardId"]))[0])
    for v in (1, 2):
        table.put_item(Item={"pk": "a", "v": v})

    def values(kind, **more):
        records, following = read(streams, iterator(streams, arn, place, kind, **more))
        assert following, "an open shard goes on"
        return [int(record["dynamodb"]["NewImage"]["v"]["N"]) for record in records]

    numbers = [r["dynamodb"]["SequenceNumber"] for r in read(streams, iterator(streams, arn, place))[0]]
    latest = iterator(streams, arn, place, "LATEST")
    assert values("TRIM_HORIZON") == [0, 1, 2]
    assert values("LATEST") == []
    assert values("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == [1, 2]
    assert values("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == [2]
    assert values("AT_TIMESTAMP", Timestamp=time.time() - 3600) == [0, 1, 2]
    assert values("AT_TIMESTAMP", Timestamp=time.time() - 0.001) == []
    table.put_item(Item={"pk": "a", "v": 3})
    for _ in range(2):  # it can be used again
        assert [r["dynamodb"]["NewImage"]["v"]["N"] for r in read(streams, latest)[0]] == ["3"]
    assert latest.startswith(f"{arn}|1|") and len(latest) <= 2048


def test_what_writes_nothing_is_no_record_and_a_transaction_is_one_of_each(client, streams, streamed):
    table, arn = streamed()
    for _ in range(2):
        table.put_item(Item={"pk": "same"})
    table.delete_item(Key={"pk": "never"})
    table.update_item(Key={"pk": "same"}, UpdateExpression="REMOVE nothing")
    with table.batch_writer() as batch:
        for nth in range(3):
            batch.put_item(Item={"pk": f"b{nth}"})
    put = {"Put": {"TableName": table.name, "Item": {"pk": {"S": "t"}}}}
    delete = {"Delete": {"TableName": table.name, "Key": {"pk": {"S": "same"}}}}
    impossible = {"ConditionCheck": {
        "TableName": table.name, "Key": {"pk": {"S": "b0"}}, "ConditionExpression": "attribute_not_exists(pk)",
    }}
    assert refused(client.transact_write_items, TransactItems=[put, impossible])[0] == "TransactionCanceledException"
    client.transact_write_items(TransactItems=[put, delete])
    told = [(record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in everything(streams, arn)]
    assert told[0] == ("INSERT", "same")
    assert sorted(told[1:4]) == [("INSERT", "b0"), ("INSERT", "b1"), ("INSERT", "b2")]
    assert sorted(told[4:]) == [("INSERT", "t"), ("REMOVE", "same")]


def test_an_expired_item_is_removed_by_the_service(client, streams, streamed):
    table, arn = streamed()
    client.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True},
    )
    table.put_item(Item={"pk": "a", "until": int(time.time()) - 10})
    deadline = time.monotonic() + 20
    while len(records := everything(streams, arn)) < 2:
        assert time.monotonic() < deadline, "the server expires items by itself, every second"
        time.sleep(0.2)
    assert records[1]["eventName"] == "REMOVE"
    assert records[1]["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def test_streams_are_listed_by_table_and_outlive_it(client, streams, streamed):
    table, arn = streamed()
    disabled = client.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": False})["TableDescription"]
    assert "StreamSpecification" not in disabled and disabled["LatestStreamArn"] == arn
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    client.update_table(TableName=table.name, StreamSpecification=specification)
    first = streams.list_streams(TableName=table.name, Limit=1)
    assert [stream["StreamArn"] for stream in first["Streams"]] == [arn] == [first["LastEvaluatedStreamArn"]]
    second = streams.list_streams(TableName=table.name, ExclusiveStartStreamArn=arn)
    assert len(second["Streams"]) == 1 and "LastEvaluatedStreamArn" not in second
    client.delete_table(TableName=table.name)
    assert len(streams.list_streams(TableName=table.name)["Streams"]) == 2
    assert arn in [stream["StreamArn"] for stream in streams.list_streams()["Streams"]]
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert description["StreamStatus"] == "DISABLED"
    for shard in description["Shards"]:
        assert shard["SequenceNumberRange"]["EndingSequenceNumber"] >= shard["SequenceNumberRange"]["StartingSequenceNumber"]
        page = streams.get_records(ShardIterator=iterator(streams, arn, shard["ShardId"]))
        assert "NextShardIterator" not in page, "nothing will come any more"


def test_switching_has_the_services_texts(client, streamed, make_table):
    table, _ = streamed()
    name = table.name

    def switch(**specification):
        return refused(client.update_table, TableName=name, StreamSpecification=specification)

    already = ("ValidationException", f"Table already has an enabled stream: TableName: {name}")
    assert switch(StreamEnabled=True, StreamViewType="NEW_AND_OLD_IMAGES") == already
    assert switch(StreamEnabled=True, StreamViewType="KEYS_ONLY") == already
    assert switch(StreamEnabled=True) == ("ValidationException", TEXTS["enable-without-view"])
    assert switch(StreamEnabled=False, StreamViewType="KEYS_ONLY") == ("ValidationException", TEXTS["disable-with-view"])
    client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    assert switch(StreamEnabled=False) == ("ValidationException", f"Table has no stream to disable: TableName: {name}")


@pytest.mark.parametrize("operation, parameters, text", [
    ("list_streams", {"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    ("list_streams", {"Limit": 101}, "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"),
    ("describe_stream", {"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    ("describe_stream", {"StreamArn": "short"}, "Value 'short' at 'streamArn' failed to satisfy constraint: Member must have length greater than or equal to 37"),
    ("describe_stream", {"ExclusiveStartShardId": "x" * 27}, f"Value '{'x' * 27}' at 'exclusiveStartShardId' failed to satisfy constraint: Member must have length greater than or equal to 28"),
    ("describe_stream", {"ExclusiveStartShardId": "x" * 66}, f"Value '{'x' * 66}' at 'exclusiveStartShardId' failed to satisfy constraint: Member must have length less than or equal to 65"),
    ("get_shard_iterator", {"SequenceNumber": "1" * 20}, f"Value '{'1' * 20}' at 'sequenceNumber' failed to satisfy constraint: Member must have length greater than or equal to 21"),
    ("get_shard_iterator", {"ShardIteratorType": "MIDDLE"}, "Value 'MIDDLE' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, AT_TIMESTAMP]"),
    ("get_records", {"ShardIterator": ""}, "Value '' at 'shardIterator' failed to satisfy constraint: Member must have length greater than or equal to 1"),
    ("get_records", {"Limit": 1001}, "Value '1001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000"),
])
def test_members_are_held_to_the_models_bounds(server, streams, streamed, operation, parameters, text):
    unchecked = server.client("dynamodbstreams", parameter_validation=False)
    _, arn = streamed()
    shard = shards(streams, arn)[0]["ShardId"]
    whole = {
        "list_streams": {},
        "describe_stream": {"StreamArn": arn},
        "get_shard_iterator": {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST"},
        "get_records": {"ShardIterator": iterator(streams, arn, shard)},
    }[operation]
    assert refused(getattr(unchecked, operation), **{**whole, **parameters}) == (
        "ValidationException", f"1 validation error detected: {text}",
    )


def test_what_is_not_there_is_not_found_and_what_was_made_up_is_invalid(streams, streamed):
    _, arn = streamed()
    shard = shards(streams, arn)[0]["ShardId"]
    unknown = arn[:-23] + "2020-01-01T00:00:00.000"
    missing = ("ResourceNotFoundException", f"Requested resource not found: Stream: {unknown} not found")
    assert refused(streams.describe_stream, StreamArn=unknown) == missing
    assert refused(streams.get_shard_iterator, StreamArn=unknown, ShardId=shard, ShardIteratorType="LATEST") == missing
    other = "shardId-00000000000000000099-00000000"
    code, _ = refused(streams.get_shard_iterator, StreamArn=arn, ShardId=other, ShardIteratorType="LATEST")
    assert code == "ResourceNotFoundException"
    good = iterator(streams, arn, shard)
    for made_up in ("x", good[:-4], good.replace("|1|", "|"), good.replace("stream/2", "stream/3"), good + "AAAA"):
        assert refused(streams.get_records, ShardIterator=made_up) == ("ValidationException", "Invalid ShardIterator")
