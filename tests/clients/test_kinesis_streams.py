"""Streams: how they are made, named, described and deleted."""

import re

import pytest
from kinesis_faces import (ACCOUNT, EITHER, IN_USE, INVALID, LAST_HASH_KEY, LIMIT, NOT_FOUND, VALIDATION, arn, fresh, hash_range, hash_ranges,
                     no_stream, parts, shard_id)

ON_DEMAND, PROVISIONED = {"StreamMode": "ON_DEMAND"}, {"StreamMode": "PROVISIONED"}
# Of every operation that takes a stream: the rest of a request for it.
OF_A_STREAM = {
    "AddTagsToStream": {"Tags": {"a": "b"}},
    "DecreaseStreamRetentionPeriod": {"RetentionPeriodHours": 24},
    "DeleteStream": {},
    "DescribeStream": {},
    "DescribeStreamSummary": {},
    "DisableEnhancedMonitoring": {"ShardLevelMetrics": ["ALL"]},
    "EnableEnhancedMonitoring": {"ShardLevelMetrics": ["ALL"]},
    "IncreaseStreamRetentionPeriod": {"RetentionPeriodHours": 24},
    "ListShards": {},
    "ListTagsForStream": {},
    "MergeShards": {"ShardToMerge": shard_id(0), "AdjacentShardToMerge": shard_id(1)},
    "PutRecord": {"Data": b"", "PartitionKey": "a"},
    "PutRecords": {"Records": [{"Data": b"", "PartitionKey": "a"}]},
    "RemoveTagsFromStream": {"TagKeys": ["a"]},
    "SplitShard": {"ShardToSplit": shard_id(0), "NewStartingHashKey": "1000"},
    "StartStreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    "StopStreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    "UpdateShardCount": {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"},
}
BY_ARN_ALONE = {
    "ListStreamConsumers": {},
    "RegisterStreamConsumer": {"ConsumerName": "a"},
    "UpdateMaxRecordSize": {"MaxRecordSizeInKiB": 2048},
    "UpdateStreamMode": {"StreamModeDetails": PROVISIONED},
    "UpdateStreamRecordDistributionStrategy": {"RecordDistributionStrategy": "USER_PARTITION_KEY"},
}
ITERATOR = {"ShardId": shard_id(0), "ShardIteratorType": "LATEST"}


# ---- creating


@pytest.mark.parametrize("shards", [1, 2, 3, 5, 7, 16, 100])
def test_shards_share_the_hash_keys(kinesis, shards):
    name = kinesis.stream(shards)
    found = kinesis.shards(name)
    step = 2**128 // shards
    expected = [(nth * step, (nth + 1) * step - 1 if nth < shards - 1 else LAST_HASH_KEY) for nth in range(shards)]
    assert hash_ranges(found) == expected == [hash_range(shard) for shard in found]
    assert [shard["ShardId"] for shard in found] == [f"shardId-{nth:012}" for nth in range(shards)]
    assert not any("ParentShardId" in shard or "AdjacentParentShardId" in shard for shard in found)
    kinesis("DeleteStream", StreamName=name)


def test_shards_start_at_the_creation_of_the_stream(kinesis):
    name = kinesis.stream(3)
    created = kinesis.summary(name)["StreamCreationTimestamp"] // 1000
    starts = [parts(shard["SequenceNumberRange"]["StartingSequenceNumber"]) for shard in kinesis.shards(name)]
    assert [start["shard"] for start in starts] == [0, 1, 2]
    for start in starts:
        assert abs(start["created"] - created) <= 2 and start["time"] == start["created"]
        assert start["index"] == 0


@pytest.mark.parametrize("name", ["a", "A.b_c-D", "0", "." * 5, "-", "x" * 128])
def test_names(kinesis, name):
    kinesis.stream(1, name)
    assert kinesis.describe(name)["StreamName"] == name
    kinesis("DeleteStream", StreamName=name)


def test_a_stream_is_described(kinesis):
    name = kinesis.stream(2)
    described = kinesis.describe(name)
    created, shards = described.pop("StreamCreationTimestamp"), described.pop("Shards")
    assert abs(created - kinesis.now()) <= 1000 and created % 1000 == 0
    assert len(shards) == 2
    assert described == {
        "StreamName": name, "StreamARN": arn(name), "StreamStatus": "ACTIVE", "StreamModeDetails": PROVISIONED, "HasMoreShards": False,
        "RetentionPeriodHours": 24, "EnhancedMonitoring": [{"ShardLevelMetrics": []}], "EncryptionType": "NONE",
    }
    summary = kinesis.summary(name)
    assert summary == {
        "StreamName": name, "StreamARN": arn(name), "StreamStatus": "ACTIVE", "StreamModeDetails": PROVISIONED,
        "RetentionPeriodHours": 24, "StreamCreationTimestamp": created, "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE", "OpenShardCount": 2, "ConsumerCount": 0, "MaxRecordSizeInKiB": 1024, "ChannelCount": 0, "QueueCount": 0,
    }


def test_a_shard_is_described_with_what_it_has_alone(kinesis):
    [shard] = kinesis.describe(kinesis.stream())["Shards"]
    assert set(shard) == {"ShardId", "HashKeyRange", "SequenceNumberRange"}
    assert set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}
    assert shard["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(LAST_HASH_KEY)}


def test_a_stream_on_demand(kinesis):
    name = kinesis.on_demand()
    summary = kinesis.summary(name)
    assert summary["StreamModeDetails"] == ON_DEMAND
    assert (summary["OpenShardCount"], summary["RecordDistributionStrategy"]) == (4, "USER_PARTITION_KEY")
    assert "WarmThroughput" not in summary
    hash_ranges(kinesis.shards(name))


def test_without_a_count_and_a_mode_it_has_four_shards(kinesis):
    name = fresh("stream")
    kinesis("CreateStream", StreamName=name)
    assert kinesis.summary(name)["OpenShardCount"] == 4


def test_a_mode_and_a_count(kinesis):
    name = kinesis.stream(3, StreamModeDetails=PROVISIONED)
    summary = kinesis.summary(name)
    assert (summary["OpenShardCount"], summary["StreamModeDetails"]) == (3, PROVISIONED)


@pytest.mark.parametrize("kib", [1024, 5000, 10_240])
def test_a_largest_record_from_the_start(kinesis, kib):
    assert kinesis.summary(kinesis.stream(MaxRecordSizeInKiB=kib))["MaxRecordSizeInKiB"] == kib


@pytest.mark.parametrize("strategy", ["AUTO", "USER_PARTITION_KEY"])
def test_a_strategy_from_the_start(kinesis, strategy):
    name = kinesis.on_demand(RecordDistributionStrategy=strategy)
    assert kinesis.summary(name)["RecordDistributionStrategy"] == strategy


def test_tags_from_the_start(kinesis):
    name = kinesis.stream(Tags={"team": "a", "cost": ""})
    assert kinesis("ListTagsForStream", StreamName=name)["Tags"] == [{"Key": "cost", "Value": ""}, {"Key": "team", "Value": "a"}]


@pytest.mark.parametrize("code, request_", [
    (EITHER, {"ShardCount": 2, "StreamModeDetails": ON_DEMAND}),
    (EITHER, {"StreamModeDetails": PROVISIONED}),
    (EITHER, {"ShardCount": 1, "RecordDistributionStrategy": "AUTO"}),
    (EITHER, {"ShardCount": 1, "WarmThroughputMiBps": 10}),
    (EITHER, {"StreamModeDetails": ON_DEMAND, "WarmThroughputMiBps": 10}),
    (EITHER, {"ShardCount": 1, "Tags": {"a%": "b"}}),
    ((LIMIT, *EITHER), {"ShardCount": 1, "Tags": {str(nth): "" for nth in range(51)}}),
], ids=str)
def test_what_cannot_be_created(kinesis, code, request_):
    name = fresh("stream")
    kinesis.refused(code, None, "CreateStream", StreamName=name, **request_)
    kinesis.refused(NOT_FOUND, no_stream(name), "DescribeStream", StreamName=name)


def test_a_name_is_taken(kinesis):
    name = kinesis.stream()
    for more in ({"ShardCount": 1}, {"ShardCount": 2}, {}):
        kinesis.refused(IN_USE, f"Stream {name} under account {ACCOUNT} already exists.", "CreateStream", StreamName=name, **more)
    assert kinesis.summary(name)["OpenShardCount"] == 1


def test_names_have_cases(kinesis):
    name = kinesis.stream()
    kinesis.stream(2, name.upper())
    assert kinesis.summary(name)["OpenShardCount"] == 1


def test_more_shards_than_an_account_may_have(kinesis):
    limits = kinesis("DescribeLimits")
    limit, count = limits["ShardLimit"], limits["OpenShardCount"]
    text = (f"This request would exceed the shard limit for the account {ACCOUNT} in us-east-1. Current shard count for the account: {count}. "
            f"Limit: {limit}. Number of additional shards that would have resulted from this request: {limit + 1}. Refer to the AWS Service "
            "Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request "
            "higher limits.")
    kinesis.refused(LIMIT, text, "CreateStream", StreamName=fresh("stream"), ShardCount=limit + 1)
    # A number that no 32 bits hold is the largest that they do.
    kinesis.refused(LIMIT, re.compile(" 2147483647. Refer"), "CreateStream", StreamName=fresh("stream"), ShardCount=100_000_000_000)


def test_fifty_streams_on_demand(kinesis):
    limits = kinesis("DescribeLimits")
    assert limits["OnDemandStreamCountLimit"] == 50
    made = [kinesis.on_demand() for _ in range(limits["OnDemandStreamCountLimit"] - limits["OnDemandStreamCount"])]
    assert kinesis("DescribeLimits")["OnDemandStreamCount"] == 50
    kinesis.refused(LIMIT, None, "CreateStream", StreamName=fresh("stream"), StreamModeDetails=ON_DEMAND)
    for name in made:
        kinesis("DeleteStream", StreamName=name)


# ---- deleting


def test_a_stream_is_deleted(kinesis):
    name = kinesis.stream(Tags={"a": "b"})
    kinesis.put(name)
    kinesis("DeleteStream", StreamName=name)
    for operation in ("DescribeStream", "DeleteStream", "DescribeStreamSummary"):
        kinesis.refused(NOT_FOUND, no_stream(name), operation, StreamName=name)
    kinesis.stream(2, name)
    assert kinesis.summary(name)["OpenShardCount"] == 2
    assert kinesis.records(name) == [] == kinesis.records(name, 1)
    assert kinesis("ListTagsForStream", StreamName=name)["Tags"] == []


def test_a_stream_with_consumers_is_not_deleted(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    text = (f"DeleteStream can't delete {arn(name)} because there are consumers associated with this data stream. To delete {name} anyway, set "
            "the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it.")
    kinesis.refused(IN_USE, text, "DeleteStream", StreamName=name)
    kinesis.refused(IN_USE, text, "DeleteStream", StreamARN=arn(name), EnforceConsumerDeletion=False)
    kinesis("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
    kinesis.refused(NOT_FOUND, None, "DescribeStreamConsumer", ConsumerARN=consumer)
    kinesis.stream(1, name)
    assert kinesis("ListStreamConsumers", StreamARN=arn(name))["Consumers"] == []


def test_consumers_that_are_gone_do_not_matter(kinesis):
    name = kinesis.stream()
    kinesis("DeregisterStreamConsumer", ConsumerARN=kinesis.consumer(name))
    kinesis("DeleteStream", StreamName=name)


# ---- names and ARNs


@pytest.mark.parametrize("operation", OF_A_STREAM | {"GetShardIterator": ITERATOR})
def test_a_stream_that_is_not_there(kinesis, operation):
    rest = {**OF_A_STREAM, "GetShardIterator": ITERATOR}[operation]
    text = f"Shard {shard_id(0)} in stream none under account {ACCOUNT} does not exist" if operation == "GetShardIterator" else no_stream("none")
    kinesis.refused(NOT_FOUND, text, operation, StreamName="none", **rest)
    # Whether the text has the name or the ARN then is not known.
    kinesis.refused(NOT_FOUND, re.compile("none under account"), operation, StreamARN=arn("none"), **rest)


@pytest.mark.parametrize("operation", BY_ARN_ALONE)
def test_a_stream_that_is_not_there_by_its_arn(kinesis, operation):
    kinesis.refused(NOT_FOUND, re.compile("none under account"), operation, StreamARN=arn("none"), **BY_ARN_ALONE[operation])


@pytest.mark.parametrize("operation", OF_A_STREAM | {"GetShardIterator": ITERATOR, "UpdateStreamWarmThroughput": {}})
def test_a_stream_is_named_by_its_arn_or_both_or_not_at_all(kinesis, operation):
    rest = {**OF_A_STREAM, "GetShardIterator": ITERATOR, "UpdateStreamWarmThroughput": {"WarmThroughputMiBps": 1}}[operation]
    if operation == "UpdateStreamWarmThroughput":
        kinesis.refused(EITHER, None, operation, **rest)
        return
    for named in ("arn", "both"):
        name = kinesis.stream(2)
        kinesis(operation, StreamARN=arn(name), StreamName=name if named == "both" else None, **rest)
    text = "Either NextToken or StreamName should be provided." if operation == "ListShards" else None
    kinesis.refused(INVALID if text else EITHER, text, operation, **rest)
    other = kinesis.stream(2)
    kinesis.refused(EITHER, None, operation, StreamARN=arn(other), StreamName="another", **rest)


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_an_arn_of_any_region_names_a_stream(kinesis, region):
    name = kinesis.stream()
    assert kinesis("DescribeStream", StreamARN=arn(name, region))["StreamDescription"]["StreamName"] == name


def test_an_arn_has_the_region_that_was_signed_for(stream_server):
    from kinesis_faces import SIGNED, parse, post

    for protocol in ("application/x-amz-json-1.1", "application/x-amz-cbor-1.1"):
        name = fresh("stream")
        signed = SIGNED.replace("us-east-1", "eu-north-1")
        assert post(stream_server, protocol, "CreateStream", {"StreamName": name, "ShardCount": 1}, Authorization=signed)[0] == 200
        _, _, body = post(stream_server, protocol, "DescribeStreamSummary", {"StreamName": name}, Authorization=signed)
        assert parse(protocol, body)["StreamDescriptionSummary"]["StreamARN"] == arn(name, "eu-north-1")


@pytest.mark.parametrize("operation", ["DescribeStream", "PutRecord", "ListShards", "DeleteStream"])
def test_a_stream_id_is_checked_and_not_used(kinesis, operation):
    name = kinesis.stream()
    rest = OF_A_STREAM[operation]
    kinesis.refused(VALIDATION, re.compile("streamId"), operation, StreamName=name, StreamId="none", **rest)
    kinesis(operation, StreamName=name, StreamId="abcdefghij0123456789-a1b", **rest)


# ---- describing


def test_shards_of_a_description_come_in_pages(kinesis):
    name = kinesis.stream(7)
    first = kinesis.describe(name, Limit=3)
    assert ([shard["ShardId"] for shard in first["Shards"]], first["HasMoreShards"]) == ([shard_id(nth) for nth in range(3)], True)
    rest = kinesis.describe(name, Limit=4, ExclusiveStartShardId=shard_id(2))
    assert ([shard["ShardId"] for shard in rest["Shards"]], rest["HasMoreShards"]) == ([shard_id(nth) for nth in range(3, 7)], False)
    none = kinesis.describe(name, ExclusiveStartShardId=shard_id(6))
    assert (none["Shards"], none["HasMoreShards"]) == ([], False)


@pytest.mark.parametrize("limit", [None, 100, 101, 10_000])
def test_a_description_has_100_shards_at_most(kinesis, limit):
    name = kinesis.stream(101)
    described = kinesis.describe(name, **({"Limit": limit} if limit else {}))
    assert (len(described["Shards"]), described["HasMoreShards"]) == (100, True)
    kinesis("DeleteStream", StreamName=name)


def test_a_description_goes_on_after_a_shard_that_there_is_not(kinesis):
    name = kinesis.stream(3)
    assert kinesis.describe(name, ExclusiveStartShardId=shard_id(1000))["Shards"] == []
    assert len(kinesis.describe(name, ExclusiveStartShardId="shardId-1")["Shards"]) == 1
