"""ListStreams, ListShards and its filters, pages and their tokens."""

import base64
import re

import pytest
from kinesis_faces import (EITHER, EXPIRED_TOKEN, INVALID, NOT_FOUND, VALIDATION, Time, arn, broken, fresh, hash_ranges, least, most, no_stream, null,
                           one_of, shard_id)
from test_kinesis_shards import merge, scale, split

FILTERS = one_of("AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP")


def ids(shards):
    return [int(shard["ShardId"].removeprefix("shardId-")) for shard in shards]


def filtered(kinesis, name, kind, **more):
    return ids(kinesis("ListShards", StreamName=name, ShardFilter={"Type": kind, **more})["Shards"])


# ---- streams


@pytest.fixture
def family(kinesis):
    """Streams whose names begin alike."""
    start = fresh("zz.family")
    names = [f"{start}.{letter}" for letter in "dbeac"]
    for name in names:
        kinesis.stream(1, name)
    yield sorted(names)
    for name in names:
        kinesis("DeleteStream", StreamName=name)


def test_streams_are_listed_by_name(kinesis, family):
    answer = kinesis("ListStreams", ExclusiveStartStreamName=family[0][:-1])
    assert answer["StreamNames"] == family and answer["HasMoreStreams"] is False and "NextToken" not in answer
    assert [each["StreamName"] for each in answer["StreamSummaries"]] == family
    described = kinesis.describe(family[0])
    summary = answer["StreamSummaries"][0]
    assert summary == {name: described[name] for name in ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")}


def test_a_list_goes_on_after_a_name(kinesis, family):
    first = kinesis("ListStreams", ExclusiveStartStreamName=family[0], Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (family[1:3], True)
    rest = kinesis("ListStreams", ExclusiveStartStreamName=family[2])
    assert (rest["StreamNames"], rest["HasMoreStreams"]) == (family[3:], False)
    between = kinesis("ListStreams", ExclusiveStartStreamName=family[1] + "-not-there")
    assert between["StreamNames"] == family[2:]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_a_list_goes_on_by_a_token(kinesis, family, limit):
    found, more = [], {"ExclusiveStartStreamName": family[0][:-1]}
    while True:
        answer = kinesis("ListStreams", Limit=limit, **more)
        found += answer["StreamNames"]
        assert answer["HasMoreStreams"] == ("NextToken" in answer)
        if not answer["HasMoreStreams"]:
            break
        assert len(answer["StreamNames"]) == limit
        more = {"NextToken": answer["NextToken"]}
    assert found == family


def test_a_hundred_streams_are_the_most_of_a_page(kinesis):
    names = [kinesis.stream(1, f"zzz.{fresh('many')}") for _ in range(101)]
    for limit in ({}, {"Limit": 100}, {"Limit": 10_000}):
        answer = kinesis("ListStreams", ExclusiveStartStreamName="zzz", **limit)
        assert (len(answer["StreamNames"]), answer["HasMoreStreams"]) == (100, True)
    for name in names:
        kinesis("DeleteStream", StreamName=name)


def test_there_may_be_none(kinesis):
    answer = kinesis("ListStreams", ExclusiveStartStreamName="zzzz")
    assert answer == {"StreamNames": [], "HasMoreStreams": False, "StreamSummaries": []}


@pytest.mark.parametrize("request_, constraint", [
    ({"Limit": 0}, broken(0, "limit", least())), ({"Limit": 10_001}, broken(10_001, "limit", most(10_000))),
])
def test_limits_of_a_list_of_streams(kinesis, request_, constraint):
    kinesis.invalid(constraint, "ListStreams", **request_)


# ---- shards


def test_shards_are_listed_in_their_order(kinesis):
    name = kinesis.stream(5)
    answer = kinesis("ListShards", StreamName=name)
    assert set(answer) == {"Shards"} and ids(answer["Shards"]) == list(range(5))
    assert answer["Shards"] == kinesis.describe(name)["Shards"] == kinesis("ListShards", StreamARN=arn(name))["Shards"]


@pytest.mark.parametrize("most_of_page", [1, 2, 3, 7, 10_000])
def test_shards_come_in_pages(kinesis, most_of_page):
    name = kinesis.stream(7)
    answer = kinesis("ListShards", StreamName=name, MaxResults=most_of_page)
    found = ids(answer["Shards"])
    while "NextToken" in answer:
        assert len(answer["Shards"]) == most_of_page
        answer = kinesis("ListShards", NextToken=answer["NextToken"], MaxResults=most_of_page)
        found += ids(answer["Shards"])
    assert found == list(range(7))


def test_a_thousand_shards_are_the_most_of_a_page_unless_more_are_asked_for(kinesis):
    name = kinesis.stream(1001)
    answer = kinesis("ListShards", StreamName=name)
    assert len(answer["Shards"]) == 1000
    assert len(kinesis("ListShards", NextToken=answer["NextToken"])["Shards"]) == 1
    assert len(kinesis("ListShards", StreamName=name, MaxResults=1001)["Shards"]) in (1000, 1001), "which of them is not sure"
    kinesis("DeleteStream", StreamName=name)


def test_a_page_may_be_asked_for_twice(kinesis):
    name = kinesis.stream(3)
    token = kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"]
    assert kinesis("ListShards", NextToken=token) == kinesis("ListShards", NextToken=token)


@pytest.mark.parametrize("start, expected", [("shardId-000000000001", [2, 3]), ("shardId-1", [2, 3]), ("2", [3]), ("3", []), ("1000", [])])
def test_shards_after_one(kinesis, start, expected):
    assert ids(kinesis("ListShards", StreamName=kinesis.stream(4), ExclusiveStartShardId=start)["Shards"]) == expected


@pytest.mark.parametrize("other", ["StreamName", "StreamARN", "ExclusiveStartShardId", "ShardFilter", "StreamCreationTimestamp"])
def test_a_token_stands_alone(kinesis, other):
    name = kinesis.stream(3)
    token = kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"]
    given = {
        "StreamName": name, "StreamARN": arn(name), "ExclusiveStartShardId": shard_id(0), "ShardFilter": {"Type": "AT_LATEST"},
        "StreamCreationTimestamp": Time(kinesis.summary(name)["StreamCreationTimestamp"]),
    }
    text = f"NextToken and {other} cannot be provided together."
    kinesis.refused(INVALID, text if other != "StreamCreationTimestamp" else None, "ListShards", NextToken=token, **{other: given[other]})


def test_a_list_of_shards_needs_a_stream(kinesis):
    kinesis.refused(INVALID, "Either NextToken or StreamName should be provided.", "ListShards")
    kinesis.refused(NOT_FOUND, no_stream("none"), "ListShards", StreamName="none")


def test_the_creation_of_a_stream_tells_it_from_another(kinesis):
    name = kinesis.stream()
    created = kinesis.summary(name)["StreamCreationTimestamp"]
    assert ids(kinesis("ListShards", StreamName=name, StreamCreationTimestamp=Time(created))["Shards"]) == [0]
    kinesis.refused((NOT_FOUND, *EITHER), None, "ListShards", StreamName=name, StreamCreationTimestamp=Time(created - 5000))


def test_a_filter_and_pages(kinesis):
    name = kinesis.stream(4)
    merge(kinesis, name)
    first = kinesis("ListShards", StreamName=name, ShardFilter={"Type": "AT_LATEST"}, MaxResults=2)
    rest = kinesis("ListShards", NextToken=first["NextToken"], MaxResults=2)
    assert (ids(first["Shards"]), ids(rest["Shards"]), "NextToken" in rest) == ([2, 3], [4], False)


def test_filters_by_time(kinesis):
    kinesis.advance(1 - kinesis.now() % 1000 / 1000)
    name = kinesis.stream(2)
    began = kinesis.now()
    kinesis.advance(100)
    split(kinesis, name, 0, 1000)
    at_split = kinesis.now()
    kinesis.advance(100)
    merge(kinesis, name, 3, 1)
    at_merge = kinesis.now()
    kinesis.advance(100)
    # 0 and 1; then 1, 2 and 3; then 2 and 4.
    assert filtered(kinesis, name, "AT_LATEST") == [2, 4]
    assert filtered(kinesis, name, "AT_TRIM_HORIZON") == [0, 1]
    assert filtered(kinesis, name, "FROM_TRIM_HORIZON") == [0, 1, 2, 3, 4]
    for seconds, open_then, from_then in (
        (began + 50_000, [0, 1], [0, 1, 2, 3, 4]), (at_split + 50_000, [1, 2, 3], [1, 2, 3, 4]), (at_merge + 50_000, [2, 4], [2, 4]),
    ):
        assert filtered(kinesis, name, "AT_TIMESTAMP", Timestamp=Time(seconds)) == open_then
        assert filtered(kinesis, name, "FROM_TIMESTAMP", Timestamp=Time(seconds)) == from_then
    assert filtered(kinesis, name, "FROM_TIMESTAMP", Timestamp=Time(1000)) == [0, 1, 2, 3, 4]
    assert set(filtered(kinesis, name, "AT_TIMESTAMP", Timestamp=Time(at_split))) in ({0, 1, 2, 3}, {1, 2, 3}), "both ends are within"


def test_the_shards_of_a_time_have_all_hash_keys(kinesis):
    name = kinesis.stream(2)
    for target in (4, 3, 6):
        kinesis.advance(10)
        scale(kinesis, name, target)
    for kind in ("AT_LATEST", "AT_TRIM_HORIZON"):
        hash_ranges(kinesis("ListShards", StreamName=name, ShardFilter={"Type": kind})["Shards"])
    for ago in (5, 15, 25):
        at = {"Type": "AT_TIMESTAMP", "Timestamp": Time(kinesis.now() - ago * 1000)}
        shards = kinesis("ListShards", StreamName=name, ShardFilter=at)["Shards"]
        assert hash_ranges(shards)


def test_trimmed_shards_are_beyond_the_horizon(kinesis):
    name = kinesis.stream()
    split(kinesis, name)
    kinesis.advance(20 * 3600)
    split(kinesis, name, 1, 1000)
    kinesis.advance(5 * 3600)
    # The first was closed more than a day ago, the second was not.
    assert filtered(kinesis, name, "AT_TRIM_HORIZON") == [1, 2]
    assert filtered(kinesis, name, "FROM_TRIM_HORIZON") == [1, 2, 3, 4]
    assert filtered(kinesis, name, "FROM_TIMESTAMP", Timestamp=Time(1000)) == [1, 2, 3, 4]


@pytest.mark.parametrize("shard, expected", [("0", [1, 2, 3]), (shard_id(2), [3]), ("x-3", []), ("77", [])])
def test_a_filter_by_shard(kinesis, shard, expected):
    assert filtered(kinesis, kinesis.stream(4), "AFTER_SHARD_ID", ShardId=shard) == expected


@pytest.mark.parametrize("wrong", [
    {"Type": "AFTER_SHARD_ID"}, {"Type": "AT_TIMESTAMP"}, {"Type": "FROM_TIMESTAMP"}, {"Type": "AT_LATEST", "ShardId": "0"},
    {"Type": "AT_LATEST", "Timestamp": Time(1000)}, {"Type": "AFTER_SHARD_ID", "ShardId": "0", "Timestamp": Time(1000)},
    {"Type": "AT_TIMESTAMP", "ShardId": "0", "Timestamp": Time(1000)},
], ids=lambda wrong: "-".join(map(str, wrong.values())))
def test_filters_that_are_none(kinesis, wrong):
    kinesis.refused(EITHER, None, "ListShards", StreamName=kinesis.stream(), ShardFilter=wrong)


def test_members_of_a_filter_are_checked(kinesis):
    name = kinesis.stream()
    kinesis.invalid(null("shardFilter.type"), "ListShards", StreamName=name, ShardFilter={})
    found = kinesis.refused(VALIDATION, None, "ListShards", StreamName=name, ShardFilter={"Type": "HERE"})
    listed = re.search(r"Value 'HERE' at 'shardFilter.type' failed to satisfy constraint: Member must satisfy enum value set: \[(.*)\]$", found.message)
    assert sorted(listed.group(1).split(", ")) == sorted(re.search(r"\[(.*)\]", FILTERS).group(1).split(", "))
    kinesis.refused(EITHER, None, "ListShards", StreamName=name, ExclusiveStartShardId="0", ShardFilter={"Type": "AFTER_SHARD_ID", "ShardId": "0"})


@pytest.mark.parametrize("request_, constraint", [
    ({"MaxResults": 0}, broken(0, "maxResults", least())), ({"MaxResults": 10_001}, broken(10_001, "maxResults", most(10_000))),
])
def test_limits_of_a_list_of_shards(kinesis, request_, constraint):
    kinesis.invalid(constraint, "ListShards", StreamName="any", **request_)


def test_an_id_that_is_none(kinesis):
    # The service failed at this in 2018; what it says today is not known.
    kinesis.refused((NOT_FOUND, *EITHER), None, "ListShards", StreamName=kinesis.stream(), ExclusiveStartShardId="nonsense")


# ---- tokens


def tokens(kinesis):
    """An operation with a token of its own each, and what else it needs."""
    streams = sorted([kinesis.stream(3), kinesis.stream()])
    of_streams = kinesis("ListStreams", Limit=1)
    for _ in range(2):
        kinesis.consumer(streams[0])
    name = next(name for name in streams if len(kinesis.shards(name)) == 3)
    yield "ListStreams", of_streams["NextToken"], {}
    yield "ListShards", kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"], {}
    of_stream = {"StreamARN": arn(streams[0])}
    yield "ListStreamConsumers", kinesis("ListStreamConsumers", MaxResults=1, **of_stream)["NextToken"], of_stream


def test_tokens_last_five_minutes(kinesis):
    given = list(tokens(kinesis))
    kinesis.advance(300)
    for operation, token, rest in given:
        kinesis(operation, NextToken=token, **rest)
    kinesis.advance(1)
    for operation, token, rest in given:
        kinesis.refused(EXPIRED_TOKEN, None, operation, NextToken=token, **rest)


def test_a_token_is_of_its_operation(kinesis):
    given = list(tokens(kinesis))
    for operation, _, rest in given:
        for other, token, _ in given:
            if other != operation:
                kinesis.refused(INVALID, None, operation, NextToken=token, **rest)


@pytest.mark.parametrize("token", ["a", "AAAA", "%", "\u00e9", "x" * 10_000, base64.b64encode(b'{"a": 1}').decode(), "0"], ids=lambda token: ascii(token[:9]))
def test_what_is_no_token(kinesis, token):
    name = kinesis.stream()
    for operation, rest in (("ListStreams", {}), ("ListShards", {}), ("ListStreamConsumers", {"StreamARN": arn(name)})):
        kinesis.refused(INVALID, None, operation, NextToken=token, **rest)


def test_an_empty_token(kinesis):
    for operation, rest in (("ListStreams", {}), ("ListShards", {}), ("ListStreamConsumers", {"StreamARN": arn("any")})):
        found = kinesis.refused(VALIDATION, None, operation, NextToken="", **rest)
        assert "at 'nextToken'" in found.message


def test_a_token_and_a_name_to_start_after(kinesis):
    _, token, _ = next(tokens(kinesis))
    kinesis.refused(EITHER, None, "ListStreams", NextToken=token, ExclusiveStartStreamName="a")


def test_a_token_of_a_stream_that_is_gone(kinesis):
    name = kinesis.stream(3)
    token = kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"]
    kinesis("DeleteStream", StreamName=name)
    kinesis.refused(NOT_FOUND, no_stream(name), "ListShards", NextToken=token)
