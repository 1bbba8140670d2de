"""Streams under boto3, unmodified but for the endpoint."""

import itertools

import pytest

_names = (f"stream.{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def kinesis(server):
    return server.client("kinesis")


@pytest.fixture
def stream(kinesis):
    name = next(_names)
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    yield name
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})


def test_records_are_put_and_read(kinesis, stream):
    put = kinesis.put_records(StreamName=stream, Records=[{"Data": bytes([n]), "PartitionKey": str(n)} for n in range(5)])
    assert put["FailedRecordCount"] == 0
    place = {"StreamName": stream, "ShardId": put["Records"][0]["ShardId"]}
    middle = kinesis.get_shard_iterator(
        **place, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=put["Records"][1]["SequenceNumber"]
    )["ShardIterator"]
    got = kinesis.get_records(ShardIterator=middle, Limit=2)
    assert [record["Data"] for record in got["Records"]] == [b"\x02", b"\x03"]
    assert got["MillisBehindLatest"] > 0 or got["Records"]
    first = got["Records"][0]["ApproximateArrivalTimestamp"]
    again = kinesis.get_shard_iterator(**place, ShardIteratorType="AT_TIMESTAMP", Timestamp=first)["ShardIterator"]
    assert kinesis.get_records(ShardIterator=again)["Records"]


def test_errors_are_exceptions(kinesis, stream):
    with pytest.raises(kinesis.exceptions.ResourceInUseException, match=f"Stream {stream} under account 000000000000 already exists."):
        kinesis.create_stream(StreamName=stream, ShardCount=1)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName="none")
    with pytest.raises(kinesis.exceptions.DryRunOperationException):
        kinesis.put_record(StreamName=stream, Data=b"", PartitionKey="a", DryRun=True)


def test_records_are_sent_to_a_subscriber(kinesis, stream):
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    assert kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE"
    start = {"ConsumerARN": consumer, "ShardId": "shardId-000000000000", "StartingPosition": {"Type": "TRIM_HORIZON"}}
    events = iter(kinesis.subscribe_to_shard(**start)["EventStream"])
    for data in (b"one", b"two"):
        kinesis.put_record(StreamName=stream, Data=data, PartitionKey="a")
        assert next(events)["SubscribeToShardEvent"]["Records"][0]["Data"] == data
    with pytest.raises(kinesis.exceptions.ResourceInUseException, match="Another active subscription"):
        kinesis.subscribe_to_shard(**start)
    kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey="7")
    end = next(events)["SubscribeToShardEvent"]
    assert {child["ShardId"] for child in end["ChildShards"]} == {"shardId-000000000001", "shardId-000000000002"}
    assert next(events, None) is None
