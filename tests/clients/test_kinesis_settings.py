"""What streams are set to, the account, tags and policies."""

import json
import re

import pytest
from kinesis_faces import (ACCOUNT, EITHER, INVALID, LIMIT, NOT_FOUND, VALIDATION, arn, broken, fresh, least, longest, most, no_stream, null,
                           shortest)

KMS = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
METRICS = ["IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
           "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds"]
ON_DEMAND, PROVISIONED = {"StreamMode": "ON_DEMAND"}, {"StreamMode": "PROVISIONED"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kinesis:GetRecords", "Resource": "*"}]})


# ---- retention


def longer(kinesis, name, hours):
    kinesis("IncreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=hours)


def shorter(kinesis, name, hours):
    kinesis("DecreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=hours)


@pytest.mark.parametrize("hours", [24, 25, 168, 8760])
def test_retention_is_increased_and_decreased(kinesis, hours):
    name = kinesis.stream()
    longer(kinesis, name, hours)
    assert kinesis.describe(name)["RetentionPeriodHours"] == kinesis.summary(name)["RetentionPeriodHours"] == hours
    longer(kinesis, name, hours)
    shorter(kinesis, name, hours)
    shorter(kinesis, name, 24)
    assert kinesis.summary(name)["RetentionPeriodHours"] == 24


@pytest.mark.parametrize("operation", ["IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"])
@pytest.mark.parametrize("hours, text", [
    (0, "Minimum allowed retention period is 24 hours. Requested retention period (0 hours) is too short."),
    (23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."),
    (8761, "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."),
    (2**31 - 1, "Maximum allowed retention period is 8760 hours. Requested retention period (2147483647 hours) is too long."),
    (-1, re.compile("^Minimum allowed retention period is 24 hours.")),
])
def test_retention_has_bounds(kinesis, operation, hours, text):
    kinesis.refused(INVALID, text, operation, StreamName=kinesis.stream(), RetentionPeriodHours=hours)


def test_retention_goes_the_way_that_is_said(kinesis):
    name = kinesis.stream()
    longer(kinesis, name, 48)
    kinesis.refused(INVALID, f"Requested retention period (47 hours) for stream {name} can not be shorter than existing retention period (48 hours). Use "
                    "DecreaseRetentionPeriod API.", "IncreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=47)
    kinesis.refused(INVALID, f"Requested retention period (49 hours) for stream {name} can not be longer than existing retention period (48 hours). Use "
                    "IncreaseRetentionPeriod API.", "DecreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=49)
    kinesis.invalid(null("retentionPeriodHours"), "IncreaseStreamRetentionPeriod", StreamName=name)
    kinesis.invalid(null("retentionPeriodHours"), "DecreaseStreamRetentionPeriod", StreamName=name)


# ---- encryption


@pytest.mark.parametrize("key", [
    "alias/aws/kinesis", "alias/mine", "12345678-1234-1234-1234-123456789012", "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
])
def test_encryption_is_started_and_stopped(kinesis, key):
    name = kinesis.stream()
    kinesis("StartStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId=key)
    for described in (kinesis.describe(name), kinesis.summary(name)):
        assert (described["EncryptionType"], described["KeyId"]) == ("KMS", key)
    kinesis("StopStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId=key)
    for described in (kinesis.describe(name), kinesis.summary(name)):
        assert described["EncryptionType"] == "NONE" and "KeyId" not in described


@pytest.mark.parametrize("operation", ["StartStreamEncryption", "StopStreamEncryption"])
def test_encryption_is_by_a_key(kinesis, operation):
    name = kinesis.stream()
    kinesis.refused(EITHER, None, operation, StreamName=name, EncryptionType="NONE", KeyId="alias/a")
    kinesis.invalid([null("encryptionType"), null("keyId")], operation, StreamName=name)
    found = kinesis.refused(VALIDATION, None, operation, StreamName=name, EncryptionType="AES", KeyId="")
    assert "Value 'AES' at 'encryptionType'" in found.message and shortest() in found.message
    kinesis.invalid(broken("x" * 2049, "keyId", longest(2048)), operation, StreamName=name, EncryptionType="KMS", KeyId="x" * 2049)


# ---- monitoring


def test_metrics_are_enabled_and_disabled(kinesis):
    name = kinesis.stream()

    def change(operation, *metrics):
        answer = kinesis(operation, StreamName=name, ShardLevelMetrics=list(metrics))
        assert (answer["StreamName"], answer["StreamARN"]) == (name, arn(name))
        shown = [kinesis.describe(name)["EnhancedMonitoring"], kinesis.summary(name)["EnhancedMonitoring"]]
        assert shown == [[{"ShardLevelMetrics": answer["DesiredShardLevelMetrics"]}]] * 2
        return [set(answer[which + "ShardLevelMetrics"]) for which in ("Current", "Desired")]

    assert change("EnableEnhancedMonitoring", "IncomingBytes", "OutgoingBytes") == [set(), {"IncomingBytes", "OutgoingBytes"}]
    assert change("EnableEnhancedMonitoring", "IncomingBytes", "IncomingRecords")[1] == {"IncomingBytes", "OutgoingBytes", "IncomingRecords"}
    assert change("DisableEnhancedMonitoring", "OutgoingBytes", "OutgoingRecords")[1] == {"IncomingBytes", "IncomingRecords"}
    assert change("EnableEnhancedMonitoring", "ALL")[1] in (set(METRICS), {"ALL"})
    assert change("DisableEnhancedMonitoring", "ALL")[1] == set()


@pytest.mark.parametrize("metric", METRICS)
def test_each_metric(kinesis, metric):
    name = kinesis.stream()
    assert kinesis("EnableEnhancedMonitoring", StreamName=name, ShardLevelMetrics=[metric])["DesiredShardLevelMetrics"] == [metric]
    assert kinesis("DisableEnhancedMonitoring", StreamName=name, ShardLevelMetrics=[metric])["CurrentShardLevelMetrics"] == [metric]


@pytest.mark.parametrize("operation", ["EnableEnhancedMonitoring", "DisableEnhancedMonitoring"])
@pytest.mark.parametrize("metrics", [[], ["Other"], ["ALL"] * 8, None])
def test_metrics_that_are_none(kinesis, operation, metrics):
    found = kinesis.refused(VALIDATION, None, operation, StreamName=kinesis.stream(), ShardLevelMetrics=metrics)
    assert "at 'shardLevelMetrics'" in found.message


# ---- modes, and what only streams on demand have


def test_modes_are_changed_and_shards_stay(kinesis):
    name = kinesis.stream(2)
    shards = kinesis.shards(name)
    for details in (ON_DEMAND, PROVISIONED):
        kinesis("UpdateStreamMode", StreamARN=arn(name), StreamModeDetails=details)
        assert kinesis.describe(name)["StreamModeDetails"] == kinesis.summary(name)["StreamModeDetails"] == details
        assert kinesis.shards(name) == shards
    assert "RecordDistributionStrategy" not in kinesis.summary(name)
    kinesis.put(name)


def test_modes_that_are_none(kinesis):
    kinesis.invalid([null("streamARN"), null("streamModeDetails")], "UpdateStreamMode")
    kinesis.invalid(null("streamModeDetails.streamMode"), "UpdateStreamMode", StreamARN=arn("any"), StreamModeDetails={})
    found = kinesis.refused(VALIDATION, None, "UpdateStreamMode", StreamARN=arn("any"), StreamModeDetails={"StreamMode": "BOTH"})
    assert "Value 'BOTH' at 'streamModeDetails.streamMode' failed to satisfy constraint: Member must satisfy enum value set: [" in found.message


def test_modes_are_counted(kinesis):
    before = kinesis("DescribeLimits")
    name = kinesis.on_demand()
    after = kinesis("DescribeLimits")
    assert after["OnDemandStreamCount"] == before["OnDemandStreamCount"] + 1 and after["OpenShardCount"] == before["OpenShardCount"] + 4
    kinesis("UpdateStreamMode", StreamARN=arn(name), StreamModeDetails=PROVISIONED)
    assert kinesis("DescribeLimits")["OnDemandStreamCount"] == before["OnDemandStreamCount"]
    kinesis("DeleteStream", StreamName=name)
    assert kinesis("DescribeLimits") == before


@pytest.mark.parametrize("kib", [1024, 1025, 10_240])
def test_the_largest_record_is_changed(kinesis, kib):
    name = kinesis.stream()
    kinesis("UpdateMaxRecordSize", StreamARN=arn(name), MaxRecordSizeInKiB=kib)
    assert kinesis.summary(name)["MaxRecordSizeInKiB"] == kib
    assert "MaxRecordSizeInKiB" not in kinesis.describe(name)


@pytest.mark.parametrize("kib, constraint", [(1023, least(1024)), (0, least(1024)), (10_241, most(10_240))])
def test_largest_records_that_are_none(kinesis, kib, constraint):
    kinesis.invalid(broken(kib, "maxRecordSizeInKiB", constraint), "UpdateMaxRecordSize", StreamARN=arn("any"), MaxRecordSizeInKiB=kib)
    kinesis.invalid(broken(kib, "maxRecordSizeInKiB", constraint), "CreateStream", StreamName="any", MaxRecordSizeInKiB=kib)
    kinesis.invalid(null("maxRecordSizeInKiB"), "UpdateMaxRecordSize", StreamARN=arn("any"))


def test_records_are_distributed_by_the_stream_or_its_clients(kinesis):
    name = kinesis.on_demand()
    for strategy in ("AUTO", "AUTO", "USER_PARTITION_KEY"):
        kinesis("UpdateStreamRecordDistributionStrategy", StreamARN=arn(name), RecordDistributionStrategy=strategy)
        summary = kinesis.summary(name)
        assert (summary["RecordDistributionStrategy"], summary["StreamStatus"]) == (strategy, "ACTIVE")
    provisioned = kinesis.stream()
    kinesis.refused(INVALID, None, "UpdateStreamRecordDistributionStrategy", StreamARN=arn(provisioned), RecordDistributionStrategy="AUTO")
    kinesis("UpdateStreamRecordDistributionStrategy", StreamARN=arn(provisioned), RecordDistributionStrategy="USER_PARTITION_KEY")


def test_strategies_that_are_none(kinesis):
    kinesis.invalid([null("streamARN"), null("recordDistributionStrategy")], "UpdateStreamRecordDistributionStrategy")
    found = kinesis.refused(VALIDATION, None, "UpdateStreamRecordDistributionStrategy", StreamARN=arn("any"), RecordDistributionStrategy="OTHER")
    assert "Value 'OTHER' at 'recordDistributionStrategy' failed to satisfy constraint: Member must satisfy enum value set: [" in found.message


# ---- the account


def commitment(kinesis, status=None):
    if status is None:
        return kinesis("DescribeAccountSettings")["MinimumThroughputBillingCommitment"]
    answer = kinesis("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": status})
    return answer["MinimumThroughputBillingCommitment"]


@pytest.fixture
def committed(kinesis):
    if commitment(kinesis)["Status"] != "ENABLED":
        commitment(kinesis, "ENABLED")
    yield
    kinesis.advance(25 * 3600)
    commitment(kinesis, "DISABLED")


def test_a_commitment_lasts_a_day(kinesis):
    assert commitment(kinesis)["Status"] == "DISABLED"
    now = kinesis.now()
    began = {"Status": "ENABLED", "StartedAt": now, "EarliestAllowedEndAt": now + 86_400_000}
    assert commitment(kinesis, "ENABLED") == began == commitment(kinesis)
    kinesis.advance(3600)
    assert commitment(kinesis, "ENABLED") == began
    ending = commitment(kinesis, "DISABLED")
    assert ending["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END" and ending["EarliestAllowedEndAt"] == now + 86_400_000
    assert commitment(kinesis)["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    # It can be cancelled, and begun anew.
    assert commitment(kinesis, "ENABLED")["Status"] == "ENABLED"
    commitment(kinesis, "DISABLED")
    kinesis.advance(23 * 3600 + 1)
    ended = commitment(kinesis)
    assert ended["Status"] == "DISABLED" and ended.get("EndedAt", now + 86_400_000) == now + 86_400_000
    assert commitment(kinesis, "ENABLED")["Status"] == "ENABLED"
    kinesis.advance(24 * 3600 + 1)
    assert commitment(kinesis)["Status"] == "ENABLED"
    assert commitment(kinesis, "DISABLED")["Status"] == "DISABLED"


def test_commitments_that_are_none(kinesis):
    kinesis.invalid(null("minimumThroughputBillingCommitment"), "UpdateAccountSettings")
    kinesis.invalid(null("minimumThroughputBillingCommitment.status"), "UpdateAccountSettings", MinimumThroughputBillingCommitment={})
    found = kinesis.refused(VALIDATION, None, "UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED_UNTIL_EARLIEST_ALLOWED_END"})
    assert "at 'minimumThroughputBillingCommitment.status'" in found.message


def test_warm_throughput_needs_a_commitment(kinesis):
    name = kinesis.on_demand()
    for stream in (name, kinesis.stream()):
        kinesis.refused(EITHER, None, "UpdateStreamWarmThroughput", StreamName=stream, WarmThroughputMiBps=10)
    kinesis.refused(EITHER, None, "UpdateStreamMode", StreamARN=arn(kinesis.stream()), StreamModeDetails=ON_DEMAND, WarmThroughputMiBps=10)
    kinesis.invalid(null("warmThroughputMiBps"), "UpdateStreamWarmThroughput", StreamName=name)
    kinesis.invalid(broken(-1, "warmThroughputMiBps", least(0)), "UpdateStreamWarmThroughput", StreamName=name, WarmThroughputMiBps=-1)


def test_streams_are_warmed(kinesis, committed):
    name = kinesis.on_demand()
    answer = kinesis("UpdateStreamWarmThroughput", StreamName=name, WarmThroughputMiBps=10)
    assert (answer["StreamName"], answer["StreamARN"], answer["WarmThroughput"]["TargetMiBps"]) == (name, arn(name), 10)
    assert kinesis.summary(name)["WarmThroughput"]["TargetMiBps"] == 10
    kinesis("UpdateStreamWarmThroughput", StreamARN=arn(name), WarmThroughputMiBps=5)
    assert kinesis.summary(name)["WarmThroughput"]["TargetMiBps"] == 5
    kinesis.refused(EITHER, None, "UpdateStreamWarmThroughput", StreamName=kinesis.stream(), WarmThroughputMiBps=10)
    kinesis.refused((LIMIT, *EITHER), None, "UpdateStreamWarmThroughput", StreamName=name, WarmThroughputMiBps=1_000_000)
    created = kinesis.on_demand(WarmThroughputMiBps=8)
    assert kinesis.summary(created)["WarmThroughput"]["TargetMiBps"] == 8
    moved = kinesis.stream()
    kinesis("UpdateStreamMode", StreamARN=arn(moved), StreamModeDetails=ON_DEMAND, WarmThroughputMiBps=6)
    assert kinesis.summary(moved)["WarmThroughput"]["TargetMiBps"] == 6
    for stream in (name, created, moved):
        kinesis("DeleteStream", StreamName=stream)


def test_more_consumers_by_a_commitment(kinesis, committed):
    name = kinesis.stream()
    for _ in range(50):
        kinesis.consumer(name)
    kinesis.refused(LIMIT, None, "RegisterStreamConsumer", StreamARN=arn(name), ConsumerName="one-more")
    kinesis("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)


def test_limits_are_told(kinesis):
    limits = kinesis("DescribeLimits")
    assert set(limits) == {"ShardLimit", "OpenShardCount", "OnDemandStreamCount", "OnDemandStreamCountLimit", "ChannelCount", "ChannelCountLimit"}
    name = kinesis.stream(3)
    assert kinesis("DescribeLimits")["OpenShardCount"] == limits["OpenShardCount"] + 3
    kinesis("MergeShards", StreamName=name, ShardToMerge="0", AdjacentShardToMerge="1")
    assert kinesis("DescribeLimits")["OpenShardCount"] == limits["OpenShardCount"] + 2
    kinesis("DeleteStream", StreamName=name)
    assert kinesis("DescribeLimits") == limits


# ---- tags


def things(kinesis):
    """What can have tags and policies, by its ARN."""
    name = kinesis.stream()
    return [arn(name), kinesis.consumer(name)]


def tags_of(kinesis, resource):
    return {tag["Key"]: tag["Value"] for tag in kinesis("ListTagsForResource", ResourceARN=resource)["Tags"]}


def test_tags_of_a_stream(kinesis):
    name = kinesis.stream()
    assert kinesis("ListTagsForStream", StreamName=name) == {"Tags": [], "HasMoreTags": False}
    kinesis("AddTagsToStream", StreamName=name, Tags={"b": "1", "a": "2", "C": ""})
    kinesis("AddTagsToStream", StreamARN=arn(name), Tags={"b": "3"})
    listed = kinesis("ListTagsForStream", StreamName=name)
    assert listed == {"Tags": [{"Key": "C", "Value": ""}, {"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}], "HasMoreTags": False}
    kinesis("RemoveTagsFromStream", StreamName=name, TagKeys=["a", "none"])
    assert tags_of(kinesis, arn(name)) == {"C": "", "b": "3"}


def test_tags_come_in_pages(kinesis):
    name = kinesis.stream()
    tags = {f"key-{nth:02}": str(nth) for nth in range(50)}
    kinesis("AddTagsToStream", StreamName=name, Tags=tags)
    assert len(kinesis("ListTagsForStream", StreamName=name)["Tags"]) == 50
    found, more, after = [], True, {}
    while more:
        page = kinesis("ListTagsForStream", StreamName=name, Limit=20, **after)
        found, more = found + page["Tags"], page["HasMoreTags"]
        after = {"ExclusiveStartTagKey": found[-1]["Key"]}
    assert {tag["Key"]: tag["Value"] for tag in found} == tags
    page = kinesis("ListTagsForStream", StreamName=name, ExclusiveStartTagKey="key-47x", Limit=1)
    assert page == {"Tags": [{"Key": "key-48", "Value": "48"}], "HasMoreTags": True}


def test_tags_of_anything(kinesis):
    for resource in things(kinesis):
        assert tags_of(kinesis, resource) == {}
        kinesis("TagResource", ResourceARN=resource, Tags={"a": "1", "b": "2"})
        kinesis("TagResource", ResourceARN=resource, Tags={"b": "3"})
        kinesis("UntagResource", ResourceARN=resource, TagKeys=["a", "none"])
        assert tags_of(kinesis, resource) == {"b": "3"}


@pytest.mark.parametrize("tag", ["\u00e9\u00df", "a b", "_./=+-@", "x" * 128, "\u05d0", ":"])
def test_tags_that_are_allowed(kinesis, tag):
    name = kinesis.stream()
    kinesis("AddTagsToStream", StreamName=name, Tags={tag: tag})
    assert tags_of(kinesis, arn(name)) == {tag: tag}
    kinesis("RemoveTagsFromStream", StreamName=name, TagKeys=[tag])
    kinesis("TagResource", ResourceARN=arn(name), Tags={tag: tag})
    kinesis("UntagResource", ResourceARN=arn(name), TagKeys=[tag])
    assert tags_of(kinesis, arn(name)) == {}


INVALID_CHARACTERS = "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @."


@pytest.mark.parametrize("tags", [{"a;b": "x"}, {"x": "a;b"}, {"\u2603": "a"}, {"a": "\U0001f986"}, {"a*": "b"}, {"<": "b"}, {"a": "b\\"}], ids=ascii)
def test_tags_with_other_characters(kinesis, tags):
    name = kinesis.stream()
    kinesis.refused(INVALID, INVALID_CHARACTERS, "AddTagsToStream", StreamName=name, Tags=tags)
    kinesis.refused(EITHER, None, "TagResource", ResourceARN=arn(name), Tags=tags)
    assert tags_of(kinesis, arn(name)) == {}


def test_keys_with_other_characters_are_not_removed(kinesis):
    kinesis.refused(INVALID, INVALID_CHARACTERS, "RemoveTagsFromStream", StreamName=kinesis.stream(), TagKeys=["a;b"])


@pytest.mark.parametrize("operation, request_, verb, to", [
    ("AddTagsToStream", {"Tags": {"a%": "b"}}, "add", "to"), ("AddTagsToStream", {"Tags": {"a": "%"}}, "add", "to"),
    ("RemoveTagsFromStream", {"TagKeys": ["a%"]}, "remove", "from"),
])
def test_a_percent_sign_is_allowed_in_words_only(kinesis, operation, request_, verb, to):
    name = kinesis.stream()
    text = (f"Failed to {verb} tags {to} stream {name} under account {ACCOUNT} because some tags contained illegal characters. The allowed characters are "
            "Unicode letters, white-spaces, '_',',','/','=','+','-','@'.")
    kinesis.refused(INVALID, text, operation, StreamName=name, **request_)


def test_fifty_tags_are_the_most(kinesis):
    name = kinesis.stream()
    kinesis("AddTagsToStream", StreamName=name, Tags={str(nth): "" for nth in range(50)})
    found = kinesis.refused((INVALID, LIMIT), None, "AddTagsToStream", StreamName=name, Tags={"50": ""})
    assert found.message.startswith(f"Failed to add tags to stream {name} under account {ACCOUNT} because a given stream cannot have more than ")
    kinesis("AddTagsToStream", StreamName=name, Tags={"49": "changed"})
    kinesis.refused((LIMIT, *EITHER), None, "TagResource", ResourceARN=arn(name), Tags={"50": ""})
    assert len(tags_of(kinesis, arn(name))) == 50


LENGTHS = "[Member must have length less than or equal to {}, Member must have length greater than or equal to {}]"
KEYS, VALUES = f"Map keys must satisfy constraint: {LENGTHS.format(128, 1)}", f"Map value must satisfy constraint: {LENGTHS.format(256, 0)}"


@pytest.mark.parametrize("tags, constraint", [
    ({}, broken("{}", "tags", shortest())), ({"": "a"}, broken("{=a}", "tags", KEYS)), ({"x" * 129: "a"}, broken("{" + "x" * 129 + "=a}", "tags", KEYS)),
    ({"a": "x" * 257}, broken("{a=" + "x" * 257 + "}", "tags", VALUES)), (None, null("tags")),
    ({"a": "b", "": "c"}, None), ({str(nth): "" for nth in range(201)}, None),
], ids=lambda value: str(value)[:12])
def test_tags_that_are_none(kinesis, tags, constraint):
    for operation, named in (("AddTagsToStream", {"StreamName": "any"}), ("TagResource", {"ResourceARN": arn("any")})):
        if constraint:
            kinesis.invalid(constraint, operation, Tags=tags, **named)
        else:
            assert "at 'tags'" in kinesis.refused(VALIDATION, None, operation, Tags=tags, **named).message


@pytest.mark.parametrize("keys, constraint", [
    ([], broken("[]", "tagKeys", shortest())), (["a", ""], broken("[a, ]", "tagKeys", f"Member must satisfy constraint: {LENGTHS.format(128, 1)}")),
    (["a"] * 51, broken("[" + ", ".join(["a"] * 51) + "]", "tagKeys", longest(50))), (None, null("tagKeys")),
], ids=lambda value: str(value)[:12])
def test_keys_that_are_none(kinesis, keys, constraint):
    for operation, named in (("RemoveTagsFromStream", {"StreamName": "any"}), ("UntagResource", {"ResourceARN": arn("any")})):
        kinesis.invalid(constraint, operation, TagKeys=keys, **named)


@pytest.mark.parametrize("request_, constraint", [
    ({"Limit": 0}, broken(0, "limit", least())), ({"Limit": 51}, broken(51, "limit", most(50))),
    ({"ExclusiveStartTagKey": ""}, broken("", "exclusiveStartTagKey", shortest())),
    ({"ExclusiveStartTagKey": "x" * 129}, broken("x" * 129, "exclusiveStartTagKey", longest(128))),
], ids=str)
def test_pages_of_tags_that_are_none(kinesis, request_, constraint):
    kinesis.invalid(constraint, "ListTagsForStream", StreamName="any", **request_)


# ---- policies


def test_policies_are_kept(kinesis):
    for resource in things(kinesis):
        kinesis("PutResourcePolicy", ResourceARN=resource, Policy=POLICY)
        assert json.loads(kinesis("GetResourcePolicy", ResourceARN=resource)["Policy"]) == json.loads(POLICY)
        other = POLICY.replace("111122223333", "444455556666")
        kinesis("PutResourcePolicy", ResourceARN=resource, Policy=other)
        assert json.loads(kinesis("GetResourcePolicy", ResourceARN=resource)["Policy"]) == json.loads(other)
        kinesis("DeleteResourcePolicy", ResourceARN=resource)
        kinesis.refused(NOT_FOUND, f"No resource policy found for resource ARN {resource}.", "DeleteResourcePolicy", ResourceARN=resource)


def test_a_resource_without_a_policy(kinesis):
    for resource in things(kinesis):
        assert kinesis("GetResourcePolicy", ResourceARN=resource) == {"Policy": "{}"}


@pytest.mark.parametrize("policy", ["", "a", "[]", "{}", "{\"Version\":", "1"])
def test_policies_that_are_none(kinesis, policy):
    name = kinesis.stream()
    kinesis.refused(EITHER, None, "PutResourcePolicy", ResourceARN=arn(name), Policy=policy)


# ---- resources


OF_RESOURCES = {
    "DeleteResourcePolicy": {}, "GetResourcePolicy": {}, "ListTagsForResource": {}, "PutResourcePolicy": {"Policy": POLICY}, "TagResource": {"Tags": {"a": "b"}},
    "UntagResource": {"TagKeys": ["a"]},
}


@pytest.mark.parametrize("operation", OF_RESOURCES)
def test_a_resource_that_is_not_there(kinesis, operation):
    name = kinesis.stream()
    for resource in (arn("none"), f"{arn(name)}/consumer/none:1", f"{arn('none')}/consumer/none:1"):
        kinesis.refused(NOT_FOUND, None, operation, ResourceARN=resource, **OF_RESOURCES[operation])


@pytest.mark.parametrize("operation", ["DeleteResourcePolicy", "GetResourcePolicy"])
def test_a_policy_of_a_stream_that_is_not_there(kinesis, operation):
    # The text has the ARN where it otherwise has the name.
    text = re.compile(f"^(Stream {arn('none')} under account {ACCOUNT} not found.|{re.escape(no_stream('none'))})$")
    kinesis.refused(NOT_FOUND, text, operation, ResourceARN=arn("none"))


@pytest.mark.parametrize("operation", OF_RESOURCES)
def test_what_names_no_resource(kinesis, operation):
    kinesis.invalid(null("resourceARN"), operation, **OF_RESOURCES[operation])
    for resource in ("none", "arn:aws:sqs:us-east-1:000000000000:a", arn("x" * 2048)):
        found = kinesis.refused(VALIDATION, None, operation, ResourceARN=resource, **OF_RESOURCES[operation])
        assert "at 'resourceARN'" in found.message


@pytest.mark.parametrize("operation", OF_RESOURCES)
def test_a_stream_that_is_deleted_takes_its_tags_and_policies_with_it(kinesis, operation):
    name = fresh("stream")
    kinesis.stream(1, name)
    kinesis("TagResource", ResourceARN=arn(name), Tags={"a": "b"})
    kinesis("PutResourcePolicy", ResourceARN=arn(name), Policy=POLICY)
    kinesis("DeleteStream", StreamName=name)
    kinesis.refused(NOT_FOUND, None, operation, ResourceARN=arn(name), **OF_RESOURCES[operation])
    kinesis.stream(1, name)
    assert tags_of(kinesis, arn(name)) == {}
    assert kinesis("GetResourcePolicy", ResourceARN=arn(name)) == {"Policy": "{}"}
