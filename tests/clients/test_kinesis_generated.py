"""What holds whatever is put: routing, numbers, ranges and lineage, on data and resharding that Hypothesis makes up."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinesis_faces import LAST_HASH_KEY, Refused, fresh, hash_key, hash_range, hash_ranges, parts, shard_id
from test_kinesis_shards import read_all

SOME = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
HASH_KEYS = st.one_of(st.integers(0, LAST_HASH_KEY), st.sampled_from([0, 1, 2**127 - 1, 2**127, LAST_HASH_KEY]))
RECORDS = st.lists(st.tuples(KEYS, st.binary(max_size=200), st.none() | HASH_KEYS), min_size=1, max_size=60)


def entries(records):
    for key, data, explicit in records:
        yield {"PartitionKey": key, "Data": data, **({"ExplicitHashKey": str(explicit)} if explicit is not None else {})}


@SOME
@given(shards=st.integers(1, 9), records=RECORDS)
def test_every_record_is_where_its_hash_key_is(kinesis, shards, records):
    name = kinesis.stream(shards)
    ranges = {shard["ShardId"]: hash_range(shard) for shard in kinesis.shards(name)}
    answer = kinesis("PutRecords", StreamName=name, Records=list(entries(records)))
    assert answer["FailedRecordCount"] == 0
    expected = {shard: [] for shard in ranges}
    for (key, data, explicit), put in zip(records, answer["Records"], strict=True):
        low, high = ranges[put["ShardId"]]
        assert low <= (hash_key(key) if explicit is None else explicit) <= high
        expected[put["ShardId"]].append((put["SequenceNumber"], key, data))
    for shard, mine in expected.items():
        found = [(record["SequenceNumber"], record["PartitionKey"], record["Data"]) for record in kinesis.records(name, shard)]
        assert found == mine and [int(number) for number, *_ in mine] == sorted({int(number) for number, *_ in mine})
    kinesis("DeleteStream", StreamName=name)


@SOME
@given(steps=st.lists(st.tuples(st.sampled_from(["split", "merge", "count", "put", "wait"]), st.integers(0, 2**64)), min_size=3, max_size=14))
def test_any_resharding_keeps_all_records_and_all_hash_keys(kinesis, steps):
    name = kinesis.stream(2)
    count = itertools.count()
    sent = []

    def put():
        records = [(f"key {nth % 11}", f"{nth % 11}:{nth}".encode()) for nth in itertools.islice(count, 12)]
        sent.extend(data for _, data in records)
        kinesis.put_all(name, records)

    put()
    for step, choice in steps:
        opened = sorted(kinesis.open_shards(name), key=hash_range)
        chosen = opened[choice % len(opened)]
        low, high = hash_range(chosen)
        try:
            match step:
                case "split":
                    at = low + 2 + choice * (high - low) // 2**65
                    kinesis("SplitShard", StreamName=name, ShardToSplit=chosen["ShardId"], NewStartingHashKey=str(at))
                case "merge" if len(opened) > 1:
                    low_one, high_one = list(itertools.pairwise(opened))[choice % (len(opened) - 1)]
                    kinesis("MergeShards", StreamName=name, ShardToMerge=low_one["ShardId"], AdjacentShardToMerge=high_one["ShardId"])
                case "count":
                    target = max(1, min(2 * len(opened), choice % 12))
                    kinesis("UpdateShardCount", StreamName=name, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
                    assert len(kinesis.open_shards(name)) == target
                case "wait":
                    kinesis.advance(choice % 100)
        except Refused as refused:
            # Beyond the half; or in a shard of three keys.
            assert refused.code == "LimitExceededException" or step == "split" and high - low < 8, refused
        hash_ranges(kinesis.open_shards(name))
        put()
    shards = {shard["ShardId"]: shard for shard in kinesis.shards(name)}
    assert list(shards) == [shard_id(nth) for nth in range(len(shards))]
    for shard in shards.values():
        numbers = shard["SequenceNumberRange"]
        parents = [shards[shard[which]] for which in ("ParentShardId", "AdjacentParentShardId") if which in shard]
        if parents:
            covered = (min(hash_range(parent)[0] for parent in parents), max(hash_range(parent)[1] for parent in parents))
            assert covered[0] <= hash_range(shard)[0] <= hash_range(shard)[1] <= covered[1]
        for parent in parents:
            assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"]) < int(numbers["StartingSequenceNumber"])
        if "EndingSequenceNumber" in numbers:
            assert parts(numbers["EndingSequenceNumber"])["created"] == parts(numbers["StartingSequenceNumber"])["created"]
    found = read_all(kinesis, name)
    assert sorted(found) == sorted(sent)
    for key in range(11):
        mine = [int(data.split(b":")[1]) for data in found if data.startswith(b"%d:" % key)]
        assert mine == sorted(mine), "the records of one key are read in the order in which they were put"
    kinesis("DeleteStream", StreamName=name)


@SOME
@given(sizes=st.lists(st.integers(0, 3), min_size=1, max_size=12), limit=st.integers(1, 7))
def test_pages_add_up(kinesis, sizes, limit):
    name = kinesis.stream()
    sent = []
    for nth, size in enumerate(sizes):
        batch = [("a", f"{nth}.{other}".encode()) for other in range(size)]
        if batch:
            kinesis.put_all(name, batch)
        sent += [data for _, data in batch]
        kinesis.advance(1)
    iterator, found = kinesis.iterator(name), []
    for _ in range(len(sent) // limit + 1):
        answer = kinesis.get(iterator, Limit=limit)
        assert len(answer["Records"]) <= limit
        found += [record["Data"] for record in answer["Records"]]
        assert (answer["MillisBehindLatest"] == 0) == (len(found) == len(sent))
        iterator = answer["NextShardIterator"]
    assert found == sent
    kinesis("DeleteStream", StreamName=name)


@pytest.mark.parametrize("shards", range(1, 41))
def test_hash_keys_at_the_edges_of_all_shards(stream_faces, shards):
    kinesis = stream_faces["cbor"]
    name = kinesis.stream(shards, fresh("edges"))
    records, expected = [], []
    for shard in kinesis.shards(name):
        for edge in hash_range(shard):
            records.append({"PartitionKey": "a", "Data": b"", "ExplicitHashKey": str(edge)})
            expected.append(shard["ShardId"])
    assert [put["ShardId"] for put in kinesis("PutRecords", StreamName=name, Records=records)["Records"]] == expected
    kinesis("DeleteStream", StreamName=name)
