"""SplitShard, MergeShards and UpdateShardCount: lineage, ranges, numbers, and how readers go from parents to children."""

import itertools

import pytest
from kinesis_faces import (ACCOUNT, INVALID, LAST_HASH_KEY, LIMIT, NOT_FOUND, VALIDATION, arn, broken, hash_key, hash_range, hash_ranges,
                           least, no_shard, no_stream, null, on_demand_refused, one_of, parts, pattern, shard_id)

HALF = 2**127


def split(kinesis, name, shard=0, at=HALF):
    kinesis("SplitShard", StreamName=name, ShardToSplit=shard_id(shard), NewStartingHashKey=str(at))


def merge(kinesis, name, shard=0, adjacent=1):
    kinesis("MergeShards", StreamName=name, ShardToMerge=shard_id(shard), AdjacentShardToMerge=shard_id(adjacent))


def scale(kinesis, name, target):
    return kinesis("UpdateShardCount", StreamName=name, TargetShardCount=target, ScalingType="UNIFORM_SCALING")


def over(shard, name):
    return (f"Shard {shard_id(shard)} in stream {name} under account {ACCOUNT} has already been merged or split, and thus is not eligible for "
            "merging or splitting.")


def read_all(kinesis, name):
    """The data of all records, parents before their children, as a consumer of the service reads them."""
    found, ended, waiting = [], set(), {shard["ShardId"]: shard for shard in kinesis.shards(name)}
    while waiting:
        ready = [shard for shard in waiting.values()
                 if not {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} & set(waiting)]
        for shard in ready:
            del waiting[shard["ShardId"]]
            iterator = kinesis.iterator(name, shard["ShardId"])
            while True:
                answer = kinesis.get(iterator, Limit=3)
                found += [record["Data"] for record in answer["Records"]]
                iterator = answer.get("NextShardIterator")
                if iterator is None:
                    ended.add(shard["ShardId"])
                    break
                if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                    break
    closed = {shard["ShardId"] for shard in kinesis.shards(name) if "EndingSequenceNumber" in shard["SequenceNumberRange"]}
    assert ended == closed
    return found


# ---- splitting


@pytest.mark.parametrize("at", [2, 3, HALF, 12345, LAST_HASH_KEY - 1])
def test_a_shard_is_split(kinesis, at):
    name = kinesis.stream()
    split(kinesis, name, at=at)
    parent, low, high = kinesis.shards(name)
    assert [shard["ShardId"] for shard in (parent, low, high)] == [shard_id(nth) for nth in range(3)]
    assert (hash_range(parent), hash_range(low), hash_range(high)) == ((0, LAST_HASH_KEY), (0, at - 1), (at, LAST_HASH_KEY))
    for child in (low, high):
        assert child["ParentShardId"] == shard_id(0) and "AdjacentParentShardId" not in child
        assert set(child["SequenceNumberRange"]) == {"StartingSequenceNumber"}
    summary = kinesis.summary(name)
    assert (summary["StreamStatus"], summary["OpenShardCount"]) == ("ACTIVE", 2)
    assert kinesis.describe(name)["Shards"] == [parent, low, high]


def test_the_numbers_of_parents_and_children(kinesis):
    name = kinesis.stream()
    put = kinesis.put(name)["SequenceNumber"]
    kinesis.advance(10)
    split(kinesis, name)
    parent, *children = kinesis.shards(name)
    start, end = (parent["SequenceNumberRange"][which] for which in ("StartingSequenceNumber", "EndingSequenceNumber"))
    assert int(start) < int(put) < int(end)
    assert parts(end) == {**parts(start), "index": 0x7fff_ffff_ffff_ffff, "time": kinesis.now() // 1000}
    for child in children:
        begun = parts(child["SequenceNumberRange"]["StartingSequenceNumber"])
        assert begun["index"] == 0 and begun["created"] == begun["time"] == kinesis.now() // 1000 + 1
        placed = kinesis.put(name, ExplicitHashKey=str(hash_range(child)[0]))
        assert placed["ShardId"] == child["ShardId"]
        assert int(end) < int(child["SequenceNumberRange"]["StartingSequenceNumber"]) < int(placed["SequenceNumber"])


def test_a_number_of_a_new_shard_can_be_used_at_once(kinesis):
    name = kinesis.stream()
    # Each of these is opened in a second of its own, though the clock stands.
    for shard, at in ((0, HALF), (1, 2**126), (3, 2**125), (5, 2**124)):
        split(kinesis, name, shard, at)
    put = kinesis.put(name, ExplicitHashKey="0")
    assert put["ShardId"] == shard_id(7) and parts(put["SequenceNumber"])["time"] == kinesis.now() // 1000 + 4
    again = kinesis.put(name, ExplicitHashKey="0", SequenceNumberForOrdering=put["SequenceNumber"])
    assert int(again["SequenceNumber"]) > int(put["SequenceNumber"])
    for kind, count in (("AT_SEQUENCE_NUMBER", 2), ("AFTER_SEQUENCE_NUMBER", 1)):
        assert len(kinesis.records(name, 7, kind, StartingSequenceNumber=put["SequenceNumber"])) == count


@pytest.mark.parametrize("at", [0, 1, LAST_HASH_KEY, 2**128])
def test_where_a_shard_cannot_be_split(kinesis, at):
    name = kinesis.stream()
    text = (f"NewStartingHashKey {at} used in SplitShard() on shard {shard_id(0)} in stream {name} under account {ACCOUNT} is not both greater than "
            f"one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey {LAST_HASH_KEY}.")
    kinesis.refused(INVALID, text, "SplitShard", StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(at))
    assert len(kinesis.shards(name)) == 1


@pytest.mark.parametrize("at", [HALF - 5, HALF, HALF + 1, 2**127 + 2**126])
def test_where_the_second_shard_can_be_split(kinesis, at):
    name = kinesis.stream(2)
    if at <= HALF + 1:
        found = kinesis.refused(INVALID, None, "SplitShard", StreamName=name, ShardToSplit=shard_id(1), NewStartingHashKey=str(at))
        assert f"StartingHashKey {HALF} and" in found.message
    else:
        split(kinesis, name, 1, at)
        hash_ranges(kinesis.open_shards(name))


def test_a_shard_is_split_once(kinesis):
    name = kinesis.stream()
    split(kinesis, name)
    kinesis.refused(INVALID, over(0, name), "SplitShard", StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey="1000")


def test_what_cannot_be_split(kinesis):
    name = kinesis.stream()
    request = {"NewStartingHashKey": "1000"}
    kinesis.refused(NOT_FOUND, no_shard(1, name), "SplitShard", StreamName=name, ShardToSplit="shard-1", **request)
    for of in (name, "none"):
        kinesis.refused(NOT_FOUND, no_shard("abc", of), "SplitShard", StreamName=of, ShardToSplit="abc", **request)
    kinesis.refused(NOT_FOUND, no_stream("none"), "SplitShard", StreamName="none", ShardToSplit="0", **request)
    kinesis.invalid([null("shardToSplit"), null("newStartingHashKey")], "SplitShard", StreamName=name)
    kinesis.invalid(broken("-1", "newStartingHashKey", pattern(r"0|([1-9]\d{0,38})")), "SplitShard", StreamName=name, ShardToSplit="0",
                    NewStartingHashKey="-1")


def test_an_empty_shard_is_split(kinesis):
    name = kinesis.stream()
    split(kinesis, name)
    answer = kinesis.get(kinesis.iterator(name))
    assert answer["Records"] == [] and [child["ShardId"] for child in answer["ChildShards"]] == [shard_id(1), shard_id(2)]


# ---- merging


def test_shards_are_merged(kinesis):
    name = kinesis.stream(3)
    merge(kinesis, name, 1, 2)
    shards = kinesis.shards(name)
    child = shards[3]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (shard_id(1), shard_id(2))
    assert hash_range(child) == (hash_range(shards[1])[0], LAST_HASH_KEY)
    assert ["EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in shards] == [False, True, True, False]
    assert kinesis.summary(name)["OpenShardCount"] == 2
    for parent in (1, 2):
        [told] = kinesis.get(kinesis.iterator(name, parent))["ChildShards"]
        assert told == {"ShardId": shard_id(3), "ParentShards": [shard_id(1), shard_id(2)], "HashKeyRange": child["HashKeyRange"]}


@pytest.mark.parametrize("shard, adjacent", [(1, 0), (0, 2), (2, 0), (0, 0), (2, 1)])
def test_what_is_not_adjacent(kinesis, shard, adjacent):
    name = kinesis.stream(3)
    text = (f"Shards {shard_id(shard)} and {shard_id(adjacent)} in stream {name} under account {ACCOUNT} are not an adjacent pair of shards "
            "eligible for merging")
    kinesis.refused(INVALID, text, "MergeShards", StreamName=name, ShardToMerge=f"a-{shard}", AdjacentShardToMerge=f"{adjacent}")


def test_what_cannot_be_merged(kinesis):
    name = kinesis.stream(2)
    for of in (name, "none"):
        kinesis.refused(NOT_FOUND, no_shard("abc", of), "MergeShards", StreamName=of, ShardToMerge="abc", AdjacentShardToMerge="def")
        kinesis.refused(NOT_FOUND, no_shard("def", of), "MergeShards", StreamName=of, ShardToMerge="0", AdjacentShardToMerge="def")
    kinesis.refused(NOT_FOUND, no_stream("none"), "MergeShards", StreamName="none", ShardToMerge="0", AdjacentShardToMerge="1")
    kinesis.refused(NOT_FOUND, no_shard(5, name), "MergeShards", StreamName=name, ShardToMerge="5", AdjacentShardToMerge="6")
    kinesis.refused(NOT_FOUND, no_shard(6, name), "MergeShards", StreamName=name, ShardToMerge="0", AdjacentShardToMerge="6")
    kinesis.invalid([null("shardToMerge"), null("adjacentShardToMerge")], "MergeShards", StreamName=name)


def test_a_shard_is_merged_once(kinesis):
    name = kinesis.stream(2)
    merge(kinesis, name)
    kinesis.refused(INVALID, over(0, name), "MergeShards", StreamName=name, ShardToMerge="0", AdjacentShardToMerge="1")
    kinesis.refused(INVALID, over(0, name), "SplitShard", StreamName=name, ShardToSplit="0", NewStartingHashKey="1000")


# ---- readers


def test_a_reader_goes_from_a_parent_to_its_children(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"before")
    iterator = kinesis.iterator(name)
    latest = kinesis.iterator(name, kind="LATEST")
    split(kinesis, name)
    answer = kinesis.get(iterator)
    assert [record["Data"] for record in answer["Records"]] == [b"before"]
    if "NextShardIterator" in answer:  # whether the end comes with the last records or after them is not known
        answer = kinesis.get(answer["NextShardIterator"])
        assert answer["Records"] == []
    low, high = kinesis.shards(name)[1:]
    assert answer["ChildShards"] == [
        {"ShardId": child["ShardId"], "ParentShards": [shard_id(0)], "HashKeyRange": child["HashKeyRange"]} for child in (low, high)]
    ended = kinesis.get(latest)
    assert ended["Records"] == [] and ended["ChildShards"] == answer["ChildShards"] and "NextShardIterator" not in ended
    # A closed shard can be read again, and from its end.
    assert kinesis.data(name) == [b"before"]
    assert kinesis.records(name, kind="LATEST") == []


@pytest.mark.parametrize("limit", [1, 3, 5, 100])
def test_a_closed_shard_is_read_to_its_end(kinesis, limit):
    name = kinesis.stream()
    for nth in range(5):
        kinesis.put(name, f"{nth}".encode())
    split(kinesis, name)
    kinesis.put(name, b"in a child")
    iterator, found = kinesis.iterator(name), []
    while iterator:
        answer = kinesis.get(iterator, Limit=limit)
        found += [record["Data"] for record in answer["Records"]]
        iterator = answer.get("NextShardIterator")
    assert b"".join(found) == b"01234"


def test_a_reader_after_the_last_record_of_a_closed_shard(kinesis):
    name = kinesis.stream()
    put = kinesis.put(name)["SequenceNumber"]
    split(kinesis, name)
    end = kinesis.shards(name)[0]["SequenceNumberRange"]["EndingSequenceNumber"]
    for kind, at in (("AFTER_SEQUENCE_NUMBER", put), ("AT_SEQUENCE_NUMBER", end), ("AFTER_SEQUENCE_NUMBER", end)):
        answer = kinesis.get(kinesis.iterator(name, kind=kind, StartingSequenceNumber=at))
        assert answer["Records"] == [] and len(answer["ChildShards"]) == 2


def test_nothing_is_lost_or_out_of_order_through_splits_and_merges(kinesis):
    name = kinesis.stream()
    count = itertools.count()

    def fill():
        kinesis.put_all(name, [(f"key {nth % 7}", f"{nth % 7}:{nth}".encode()) for nth in itertools.islice(count, 21)])

    fill()
    split(kinesis, name)
    fill()
    split(kinesis, name, 1, 2**126)
    fill()
    merge(kinesis, name, 4, 2)
    fill()
    scale(kinesis, name, 4)
    fill()
    scale(kinesis, name, 2)
    fill()
    found = [data.decode().split(":") for data in read_all(kinesis, name)]
    assert sorted(int(nth) for _, nth in found) == list(range(126))
    for key in map(str, range(7)):
        mine = [int(nth) for of, nth in found if of == key]
        assert mine == sorted(mine) and len(mine) == 18


def test_closed_shards_go_with_their_records(kinesis):
    name = kinesis.stream()
    kinesis.put(name)
    split(kinesis, name)
    kinesis.advance(24 * 3600 - 1)
    assert len(kinesis.shards(name)) == 3
    kinesis.advance(2)
    assert [shard["ShardId"] for shard in kinesis.shards(name)] == [shard_id(1), shard_id(2)]
    assert len(kinesis.describe(name)["Shards"]) == 2
    # Who still reads it is told its children, or that it is not there.
    kinesis.refused(NOT_FOUND, None, "GetShardIterator", StreamName=name, ShardId=shard_id(0), ShardIteratorType="TRIM_HORIZON")
    split(kinesis, name, 1, 1000)
    assert [shard["ShardId"] for shard in kinesis.shards(name)] == [shard_id(nth) for nth in (1, 2, 3, 4)]


# ---- to a number


# The ids of the open shards, and how many there are in all. The first two and 4 to 5 are what the service has done; the others
# follow from what explains these.
@pytest.mark.parametrize("before, after, opened, count", [
    (4, 3, [6, 9, 10], 11), (4, 5, None, 15), (1, 2, [1, 2], 3), (2, 4, [2, 3, 4, 5], 6), (4, 2, [4, 5], 6), (2, 1, [2], 3), (5, 3, None, 13),
    (3, 2, None, 7), (2, 3, None, 7), (3, 6, list(range(3, 9)), 9), (6, 3, [6, 7, 8], 9),
])
def test_shards_are_split_and_merged_to_a_number(kinesis, before, after, opened, count):
    name = kinesis.stream(before)
    answer = scale(kinesis, name, after)
    assert answer == {"StreamName": name, "CurrentShardCount": before, "TargetShardCount": after, "StreamARN": arn(name)}
    assert len(kinesis.shards(name)) == count
    found = kinesis.open_shards(name)
    if opened:
        assert [shard["ShardId"] for shard in found] == [shard_id(nth) for nth in opened]
    even(found, after)


def even(found, count):
    """Shares of one size, but for a few keys: where a shard ends already, none is made for what rounding leaves over."""
    ranges = hash_ranges(found)
    assert len(ranges) == count
    assert all(abs(start - nth * 2**128 // count) <= 2 * count for nth, (start, _) in enumerate(ranges))


@pytest.mark.parametrize("before, after", [pair for pair in itertools.product(range(1, 9), repeat=2) if pair[0] <= 2 * pair[1] <= 4 * pair[0]])
def test_all_numbers_to_all_that_are_allowed(kinesis, before, after):
    name = kinesis.stream(before)
    keys = [f"{nth}" for nth in range(40)]
    kinesis.put_all(name, [(key, key.encode()) for key in keys])
    scale(kinesis, name, after)
    shards = kinesis.open_shards(name)
    even(shards, after)
    assert kinesis.summary(name)["OpenShardCount"] == after
    ids = [shard["ShardId"] for shard in kinesis.shards(name)]
    assert ids == [shard_id(nth) for nth in range(len(ids))]
    if before == after:
        assert len(ids) == before, "there is nothing to do"
    for shard in kinesis.shards(name)[before:]:
        assert shard["ParentShardId"] < shard["ShardId"] and shard.get("AdjacentParentShardId", "") < shard["ShardId"]
    for key, put in zip(keys, kinesis.put_all(name, [(key, key.encode()) for key in keys])):
        [holder] = [shard["ShardId"] for shard in shards if hash_range(shard)[0] <= hash_key(key) <= hash_range(shard)[1]]
        assert put["ShardId"] == holder
    assert sorted(read_all(kinesis, name)) == sorted(key.encode() for key in keys * 2)
    kinesis("DeleteStream", StreamName=name)


@pytest.mark.parametrize("before, after", [(1, 3), (1, 4), (2, 5), (3, 7), (8, 17)])
def test_beyond_the_double(kinesis, before, after):
    name = kinesis.stream(before)
    text = ("UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: "
            f"{before} Target shard count: {after}")
    kinesis.refused(LIMIT, text, "UpdateShardCount", StreamName=name, TargetShardCount=after, ScalingType="UNIFORM_SCALING")


@pytest.mark.parametrize("before, after", [(3, 1), (4, 1), (5, 2), (8, 3)])
def test_below_the_half(kinesis, before, after):
    name = kinesis.stream(before)
    text = ("UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: "
            f"{before} Target shard count: {after}")
    kinesis.refused(LIMIT, text, "UpdateShardCount", StreamName=name, TargetShardCount=after, ScalingType="UNIFORM_SCALING")


def test_beyond_all_shards(kinesis):
    found = kinesis.refused(LIMIT, None, "UpdateShardCount", StreamName=kinesis.stream(), TargetShardCount=1_000_000, ScalingType="UNIFORM_SCALING")
    assert found.message.startswith("Target shard count or number of open shards cannot be greater than 10000. Current open shard count: 1")


@pytest.mark.xfail(strict=True, reason="limits per day are not enforced: they would only be in the way of tests")
def test_ten_times_a_day(kinesis):
    name = kinesis.stream(1)
    for nth in range(10):
        scale(kinesis, name, 2 - nth % 2)
    kinesis.refused(LIMIT, None, "UpdateShardCount", StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    kinesis.advance(24 * 3600 + 1)
    scale(kinesis, name, 2)


def test_what_is_no_number(kinesis):
    name = kinesis.stream()
    kinesis.invalid([null("targetShardCount"), null("scalingType")], "UpdateShardCount", StreamName=name)
    kinesis.invalid([broken(0, "targetShardCount", least()), broken("BIG", "scalingType", one_of("UNIFORM_SCALING"))], "UpdateShardCount",
                    StreamName=name, TargetShardCount=0, ScalingType="BIG")


def test_streams_on_demand_decide_themselves(kinesis):
    name = kinesis.on_demand()
    text = on_demand_refused(name)
    kinesis.refused(VALIDATION, text, "SplitShard", StreamName=name, ShardToSplit="0", NewStartingHashKey="1000")
    kinesis.refused(VALIDATION, text, "MergeShards", StreamName=name, ShardToMerge="0", AdjacentShardToMerge="1")
    kinesis.refused(VALIDATION, text, "UpdateShardCount", StreamName=name, TargetShardCount=8, ScalingType="UNIFORM_SCALING")


def test_more_shards_than_an_account_may_have(kinesis):
    limits = kinesis("DescribeLimits")
    rest = limits["ShardLimit"] - limits["OpenShardCount"]
    name = kinesis.stream(rest)
    for operation, request in (
        ("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "1000"}), ("CreateStream", {"StreamName": "more", "ShardCount": 1}),
    ):
        found = kinesis.refused(LIMIT, None, operation, **{"StreamName": name, **request})
        assert found.message.startswith(f"This request would exceed the shard limit for the account {ACCOUNT} in us-east-1. Current shard count for the "
                                        f"account: {limits['ShardLimit']}. Limit: {limits['ShardLimit']}. Number of additional shards that would have "
                                        "resulted from this request: 1.")
    kinesis("DeleteStream", StreamName=name)
