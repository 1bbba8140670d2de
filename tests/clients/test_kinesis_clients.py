"""Clients of Kinesis that others have written: boto3's paginators and waiters, async-kinesis, and aggregated records."""

import asyncio
import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import aws_kinesis_agg.aggregator
import aws_kinesis_agg.deaggregator
import pytest
from botocore.exceptions import ClientError, WaiterError
from kinesis import Consumer, MemoryCheckPointer, Producer
from kinesis.processors import JsonLineProcessor, KPLJsonProcessor
from kinesis_faces import arn, fresh, hash_key, hash_range, shard_id
from millpond import CREDENTIALS, Server

SECONDS = 20


@pytest.fixture(scope="module")
def client(server):
    """Of a server whose time passes."""
    return server.client("kinesis")


@pytest.fixture
def stream(client):
    name = fresh("client")
    client.create_stream(StreamName=name, ShardCount=2)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    yield name
    client.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def read(client, name):
    """The records of all shards, parents first."""
    for shard in client.list_shards(StreamName=name)["Shards"]:
        iterator = client.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            answer = client.get_records(ShardIterator=iterator)
            yield from answer["Records"]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                break


# ---- boto3


def test_paginators(client):
    names = [fresh("zz.page") for _ in range(5)]
    for name in names:
        client.create_stream(StreamName=name, ShardCount=3)
    pages = client.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2})
    found = [name for page in pages for name in page["StreamNames"]]
    assert len(found) == len(set(found)) and set(names) <= set(found)

    pages = list(client.get_paginator("describe_stream").paginate(StreamName=names[0], PaginationConfig={"PageSize": 1}))
    shards = [shard["ShardId"] for page in pages for shard in page["StreamDescription"]["Shards"]]
    assert shards == [shard_id(nth) for nth in range(3)] and len(pages) == 3
    [page] = client.get_paginator("list_shards").paginate(StreamName=names[0])
    assert len(page["Shards"]) == 3
    # It repeats the name with the token, which the service refuses.
    with pytest.raises(client.exceptions.InvalidArgumentException, match="NextToken and StreamName cannot be provided together"):
        list(client.get_paginator("list_shards").paginate(StreamName=names[0], PaginationConfig={"PageSize": 1}))

    for _ in range(5):
        client.register_stream_consumer(StreamARN=arn(names[0]), ConsumerName=fresh("consumer"))
    pages = list(client.get_paginator("list_stream_consumers").paginate(StreamARN=arn(names[0]), PaginationConfig={"PageSize": 2}))
    assert [len(page["Consumers"]) for page in pages] == [2, 2, 1]
    assert all(consumer["ConsumerStatus"] == "ACTIVE" for page in pages for consumer in page["Consumers"])
    for name in names:
        client.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def test_waiters(client):
    name = fresh("wait")
    quickly = {"Delay": 1, "MaxAttempts": 1}
    with pytest.raises(WaiterError):
        client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig=quickly)
    client.create_stream(StreamName=name, ShardCount=1)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig=quickly)
    with pytest.raises(WaiterError):
        client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig=quickly)
    client.delete_stream(StreamName=name)
    client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig=quickly)


def test_records_of_many_threads(client, stream):
    def put(thread):
        for nth in range(20):
            data = json.dumps([thread, nth]).encode()
            if nth % 4:
                client.put_record(StreamName=stream, Data=data, PartitionKey=f"{thread}")
            else:
                client.put_records(StreamName=stream, Records=[{"Data": data, "PartitionKey": f"{thread}"}])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(16)))
    records = list(read(client, stream))
    assert len({record["SequenceNumber"] for record in records}) == len(records) == 320
    for thread in range(16):
        mine = [json.loads(record["Data"])[1] for record in records if record["PartitionKey"] == f"{thread}"]
        assert mine == list(range(20)), "what one thread puts one after the other stays so"


def test_resharding_while_others_put(client, stream):
    over = threading.Event()
    sent = [[] for _ in range(4)]

    def put(thread):
        while not over.is_set():
            data = f"{thread}.{len(sent[thread])}".encode()
            client.put_record(StreamName=stream, Data=data, PartitionKey=f"{thread}")
            sent[thread].append(data)

    threads = [threading.Thread(target=put, args=(nth,)) for nth in range(4)]
    for thread in threads:
        thread.start()
    for target in (4, 3, 6, 3, 2):
        time.sleep(0.1)
        client.update_shard_count(StreamName=stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    over.set()
    for thread in threads:
        thread.join()
    found = [record["Data"] for record in read(client, stream)]
    assert sorted(found) == sorted(data for each in sent for data in each) and len(found) > 40
    for nth, each in enumerate(sent):
        assert [data for data in found if data.startswith(b"%d." % nth)] == each


def test_a_follower_sees_records_at_once(client, stream):
    iterator = client.get_shard_iterator(StreamName=stream, ShardId=shard_id(0), ShardIteratorType="LATEST")["ShardIterator"]
    for nth in range(20):
        client.put_record(StreamName=stream, Data=f"{nth}".encode(), PartitionKey="a", ExplicitHashKey="0")
        answer = client.get_records(ShardIterator=iterator)
        assert [record["Data"] for record in answer["Records"]] == [f"{nth}".encode()], "what was answered is there"
        iterator = answer["NextShardIterator"]


def test_streams_outlive_the_server(tmp_path):
    server = Server(tmp_path)
    client = server.client("kinesis")
    client.create_stream(StreamName="kept", ShardCount=2, Tags={"a": "b"})
    put = [client.put_record(StreamName="kept", Data=f"{nth}".encode(), PartitionKey=f"{nth}") for nth in range(50)]
    client.split_shard(StreamName="kept", ShardToSplit=shard_id(0), NewStartingHashKey="1000")
    consumer = client.register_stream_consumer(StreamARN=arn("kept"), ConsumerName="reader")["Consumer"]["ConsumerARN"]
    shards = client.list_shards(StreamName="kept")["Shards"]
    iterator = client.get_shard_iterator(StreamName="kept", ShardId=shard_id(1), ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    before = list(read(client, "kept"))
    # Nothing that was answered waits for a better moment.
    server.kill()
    server = Server(tmp_path)
    try:
        client = server.client("kinesis")
        assert client.list_shards(StreamName="kept")["Shards"] == shards
        assert list(read(client, "kept")) == before and len(before) == 50
        assert {record["SequenceNumber"] for record in before} == {each["SequenceNumber"] for each in put}
        assert client.get_records(ShardIterator=iterator)["Records"]
        assert client.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE"
        assert client.list_tags_for_stream(StreamName="kept")["Tags"] == [{"Key": "a", "Value": "b"}]
        later = client.put_record(StreamName="kept", Data=b"later", PartitionKey="a", ExplicitHashKey=str(2**128 - 1))
        assert int(later["SequenceNumber"]) > max(int(each["SequenceNumber"]) for each in put if each["ShardId"] == later["ShardId"])
    finally:
        assert server.stop() == 0


# ---- aggregated records


def test_aggregated_records_pass_untouched(client, stream):
    aggregator = aws_kinesis_agg.aggregator.RecordAggregator()
    for nth in range(100):
        assert aggregator.add_user_record(f"key {nth % 5}", json.dumps({"nth": nth}).encode(), str(nth)) is None
    whole = aggregator.clear_and_get()
    partition_key, explicit, data = whole.get_contents()
    assert data.startswith(b"\xf3\x89\x9a\xc2")
    client.put_record(StreamName=stream, Data=data, PartitionKey=partition_key, ExplicitHashKey=explicit)
    [record] = read(client, stream)
    assert record["Data"] == data
    events = [{"kinesis": {
        "kinesisSchemaVersion": "1.0", "partitionKey": record["PartitionKey"], "sequenceNumber": record["SequenceNumber"], "data": record["Data"],
        "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
    }}]
    events[0]["kinesis"]["data"] = base64.b64encode(record["Data"]).decode()
    single = aws_kinesis_agg.deaggregator.deaggregate_records(events)
    assert [json.loads(base64.b64decode(each["kinesis"]["data"]))["nth"] for each in single] == list(range(100))
    assert [each["kinesis"]["partitionKey"] for each in single] == [f"key {nth % 5}" for nth in range(100)]
    assert {each["kinesis"]["sequenceNumber"] for each in single} == {record["SequenceNumber"]}


# ---- async-kinesis


@pytest.fixture
def credentials(monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv({"region_name": "AWS_DEFAULT_REGION"}.get(name, name.upper()), value)


def consumer(server, name, **more):
    reader = Consumer(name, endpoint_url=server.url, region_name="us-east-1", sleep_time_no_records=0.05, shard_fetch_rate=50, **more)
    # It looks for new shards once a minute.
    reader._shard_refresh_interval = 0.2
    return reader


async def consume(reader, count):
    """So many items, or all that come in a time."""
    found, until = [], time.monotonic() + SECONDS
    while len(found) < count and time.monotonic() < until:
        async for item in reader:
            found.append(item)
            if len(found) >= count:
                break
    return found


@pytest.mark.parametrize("use_list_shards", [False, True])
def test_async_kinesis_follows_a_split_and_a_merge(server, client, stream, credentials, use_list_shards):
    async def run():
        found = []
        async with Producer(stream, endpoint_url=server.url, region_name="us-east-1", buffer_time=0.05) as producer:
            async with consumer(server, stream, use_list_shards=use_list_shards, idle_timeout=0.3) as reader:
                for step in range(3):
                    for nth in range(40):
                        await producer.put({"step": step, "nth": nth}, partition_key=f"{nth % 10}")
                    await producer.flush()
                    if step == 0:
                        client.split_shard(StreamName=stream, ShardToSplit=shard_id(0), NewStartingHashKey=str(2**126))
                    if step == 1:
                        client.merge_shards(StreamName=stream, ShardToMerge=shard_id(3), AdjacentShardToMerge=shard_id(1))
                    found += await consume(reader, 40)
        return found

    found = asyncio.run(run())
    assert sorted((item["step"], item["nth"]) for item in found) == [(step, nth) for step in range(3) for nth in range(40)]
    assert len(client.list_shards(StreamName=stream)["Shards"]) == 5
    assert {len([item for item in found if item["step"] == step]) for step in range(3)} == {40}


def test_async_kinesis_goes_on_at_its_checkpoint(server, client, stream, credentials):
    checkpointer = MemoryCheckPointer(name="test")
    client.merge_shards(StreamName=stream, ShardToMerge=shard_id(0), AdjacentShardToMerge=shard_id(1))

    def put(start):
        client.put_records(StreamName=stream, Records=[{"Data": json.dumps(nth).encode(), "PartitionKey": "a"} for nth in range(start, start + 30)])

    async def run():
        async with consumer(server, stream, checkpointer=checkpointer, idle_timeout=1) as reader:
            # Until nothing comes for a second. What it has given out before that is checkpointed.
            return [item async for item in reader]

    put(0)
    first = asyncio.run(run())
    assert first == list(range(30)) and set(checkpointer.get_all_checkpoints()) <= {shard_id(nth) for nth in range(3)}
    put(30)
    assert asyncio.run(run()) == list(range(30, 60))


@pytest.mark.parametrize("processor", [JsonLineProcessor, KPLJsonProcessor])
def test_async_kinesis_aggregates(server, client, stream, credentials, processor):
    async def run():
        async with Producer(stream, endpoint_url=server.url, region_name="us-east-1", buffer_time=0.05, processor=processor()) as producer:
            async with consumer(server, stream, idle_timeout=0.3, processor=processor()) as reader:
                for nth in range(50):
                    await producer.put({"nth": nth})
                await producer.flush()
                return await consume(reader, 50)

    assert sorted(item["nth"] for item in asyncio.run(run())) == list(range(50))
    assert len(list(read(client, stream))) < 50


def test_async_kinesis_makes_its_stream(server, client, credentials):
    name = fresh("made")

    async def run():
        async with Producer(name, endpoint_url=server.url, region_name="us-east-1", create_stream=True, create_stream_shards=3, buffer_time=0.05) as producer:
            await producer.put({"a": 1})
            await producer.flush()

    asyncio.run(run())
    assert len(client.list_shards(StreamName=name)["Shards"]) == 3
    [record] = read(client, name)
    [holder] = [shard for shard in client.list_shards(StreamName=name)["Shards"]
                if hash_range(shard)[0] <= hash_key(record["PartitionKey"]) <= hash_range(shard)[1]]
    assert holder and json.loads(record["Data"]) == {"a": 1}
    client.delete_stream(StreamName=name)
    with pytest.raises(ClientError):
        client.describe_stream(StreamName=name)
