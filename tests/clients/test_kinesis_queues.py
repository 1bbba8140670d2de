"""Queues of the records of streams, in JSON and in CBOR, with a clock that stands still until a test moves it."""

import re
import threading

import pytest
from kinesis_faces import Time
from kinesis_records import ARN, GONE, INVALID, LIMIT, USED, WRONG, buckets, face, kinesis, refused, server  # noqa: F401

LONG = 30  # seconds that nothing takes


# ---- making, describing, changing, deleting


def test_a_queue_is_creating_and_then_active(kinesis):
    made = kinesis.make()
    assert made["QueueStatus"] == "CREATING"
    assert re.fullmatch(re.escape(ARN) + r"queue/[a-z0-9]+", made["QueueARN"])
    assert made["QueueName"] not in made["QueueARN"]
    assert made["QueueAttributes"] == {
        "VisibilityTimeoutSeconds": 30, "DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 6}}
    (stream,) = made["StreamConfigurationList"]
    assert stream == {"StreamARN": kinesis.stream, "StartingPosition": {"Type": "TRIM_HORIZON"}}
    shown = kinesis.describe(made["QueueARN"])
    assert shown["QueueStatus"] == "ACTIVE"
    assert shown["StreamConfigurationList"][0]["StartingPosition"]["Timestamp"] > 0
    same = ["QueueName", "QueueARN", "QueueCreationTimestamp", "QueueAttributes"]
    assert [shown[name] for name in same] == [made[name] for name in same]


def test_a_queue_begins_with_new_records_unless_told_otherwise(kinesis):
    kinesis.put("old")
    streams = [{"StreamARN": kinesis.stream}]
    made = kinesis.call("CreateQueue", QueueName=kinesis.name(), StreamConfigurationList=streams)["QueueDescription"]
    assert made["StreamConfigurationList"][0]["StartingPosition"] == {"Type": "LATEST"}
    kinesis.put("new")
    assert kinesis.data(made["QueueARN"]) == ["new"]
    start = kinesis.describe(made["QueueARN"])["StreamConfigurationList"][0]["StartingPosition"]
    assert start["Timestamp"] // 1000 == made["QueueCreationTimestamp"] // 1000


def test_a_queue_begins_at_a_time(kinesis):
    kinesis.put("old")
    time = kinesis.server.advance(5)
    kinesis.put("new")
    made = kinesis.make({"Type": "AT_TIMESTAMP", "Timestamp": Time(time)})
    assert made["StreamConfigurationList"][0]["StartingPosition"] == {"Type": "AT_TIMESTAMP", "Timestamp": time}
    assert kinesis.data(made["QueueARN"]) == ["new"]
    early = kinesis.make({"Type": "AT_TIMESTAMP", "Timestamp": Time(1000)})["QueueARN"]
    start = kinesis.describe(early)["StreamConfigurationList"][0]["StartingPosition"]
    assert 1000 < start["Timestamp"] < time, "the earliest time of the stream"
    assert kinesis.data(early) == ["new", "old"]


@pytest.mark.parametrize("start", [
    {"Type": "AT_TIMESTAMP"}, {"Type": "LATEST", "Timestamp": Time(1000)}, {"Type": "TRIM_HORIZON", "Timestamp": Time(1000)},
    {"Type": "AFTER_SEQUENCE_NUMBER"}, {"Timestamp": Time(1000)},
])
def test_a_position_that_is_none_is_refused(kinesis, start):
    refused(WRONG, kinesis.make, start)


@pytest.mark.parametrize("wrong", [
    {"QueueName": "a b"}, {"QueueName": ""}, {"QueueName": "x" * 129}, {"QueueName": None}, {"StreamConfigurationList": []},
    {"StreamConfigurationList": None}, {"StreamConfigurationList": [{"StreamARN": "clicks"}]},
    {"StreamConfigurationList": [{"StreamARN": ARN + "stream/a"}, {"StreamARN": ARN + "stream/b"}]},
    {"QueueAttributes": {"VisibilityTimeoutSeconds": 43_201}}, {"QueueAttributes": {"VisibilityTimeoutSeconds": -1}},
    {"QueueAttributes": {"DeadLetterConfiguration": {"TargetType": "BUILT_IN"}}},
    {"QueueAttributes": {"DeadLetterConfiguration": {"TargetType": "S3"}}},
    {"QueueAttributes": {"DeadLetterConfiguration": {"MaxReceiveCount": 1}}},
    {"QueueAttributes": {"DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 1001}}},
    {"Tags": {"": "x"}},
])
def test_a_queue_that_cannot_be_is_refused(kinesis, wrong):
    assert refused(WRONG, kinesis.make, **wrong)


def test_names_are_given_once_and_streams_must_be_there(kinesis):
    made = kinesis.make()
    refused(USED, kinesis.make, QueueName=made["QueueName"])
    refused(GONE, kinesis.make, StreamConfigurationList=[{"StreamARN": ARN + "stream/none"}])


def test_only_streams_on_demand_have_queues(kinesis):
    fixed = kinesis.make_stream(StreamModeDetails={"StreamMode": "PROVISIONED"}, ShardCount=1)
    refused(WRONG, kinesis.make, StreamConfigurationList=[{"StreamARN": fixed}])
    queue = kinesis.queue()
    provisioned = {"StreamARN": kinesis.stream, "StreamModeDetails": {"StreamMode": "PROVISIONED"}}
    refused(WRONG, kinesis.call, "UpdateStreamMode", **provisioned)
    refused(USED, kinesis.call, "DeleteStream", StreamARN=kinesis.stream, EnforceConsumerDeletion=True)
    kinesis.call("DeleteQueue", QueueARN=queue)
    kinesis.call("UpdateStreamMode", **provisioned)
    kinesis.call("DeleteStream", StreamARN=kinesis.stream)


def test_queues_and_consumers_share_a_limit(kinesis):
    for nth in range(10):
        kinesis.queue()
        kinesis.call("RegisterStreamConsumer", StreamARN=kinesis.stream, ConsumerName=f"fan-{nth}")
    refused(LIMIT, kinesis.queue)
    refused(LIMIT, kinesis.call, "RegisterStreamConsumer", StreamARN=kinesis.stream, ConsumerName="more")
    summary = kinesis.call("DescribeStreamSummary", StreamARN=kinesis.stream)["StreamDescriptionSummary"]
    assert (summary["QueueCount"], summary["ConsumerCount"]) == (10, 10)


def test_a_change_leaves_the_rest_as_it_is(kinesis):
    queue = kinesis.queue(visibility=5, receives=3)
    update = lambda **attributes: kinesis.call("UpdateQueue", QueueARN=queue, QueueAttributes=attributes)["QueueDescription"]
    changed = update(VisibilityTimeoutSeconds=7)
    assert changed["QueueStatus"] == "UPDATING"
    assert changed["QueueAttributes"] == {
        "VisibilityTimeoutSeconds": 7, "DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 3}}
    update(DeadLetterConfiguration={"TargetType": "NONE"})
    shown = kinesis.describe(queue)
    assert (shown["QueueStatus"], shown["QueueAttributes"]) == (
        "ACTIVE", {"VisibilityTimeoutSeconds": 7, "DeadLetterConfiguration": {"TargetType": "NONE"}})
    refused(WRONG, update, DeadLetterConfiguration={"TargetType": "BUILT_IN"})
    refused(WRONG, update, VisibilityTimeoutSeconds=43_201)
    refused(WRONG, kinesis.call, "UpdateQueue", QueueARN=queue)


def test_a_deleted_queue_is_gone(kinesis):
    queue = kinesis.queue()
    kinesis.put("a")
    received = kinesis.receive(queue)
    assert kinesis.call("DeleteQueue", QueueARN=queue) == {}
    for operation in ("DescribeQueue", "DeleteQueue", "ReceiveQueueRecords", "ReceiveDeadLetterQueueRecords"):
        refused(GONE, kinesis.call, operation, QueueARN=queue)
    refused(GONE, kinesis.call, "UpdateQueue", QueueARN=queue, QueueAttributes={})
    refused(GONE, kinesis.acknowledge, queue, received)
    refused(GONE, kinesis.hide, queue, received, 1)
    refused(GONE, kinesis.restore, queue, received)
    refused(GONE, kinesis.call, "ListTagsForResource", ResourceARN=queue)


@pytest.mark.parametrize("arn", ["", "queue", ARN + "queue/", ARN + "stream/a", None])
def test_an_arn_that_is_none_is_refused(kinesis, arn):
    for operation in ("DescribeQueue", "DeleteQueue", "ReceiveQueueRecords"):
        refused(WRONG, kinesis.call, operation, QueueARN=arn)


def test_queues_have_tags(kinesis):
    queue = kinesis.make(Tags={"team": "blue"})["QueueARN"]
    kinesis.call("TagResource", ResourceARN=queue, Tags={"cost": "1"})
    kinesis.call("UntagResource", ResourceARN=queue, TagKeys=["team"])
    assert kinesis.call("ListTagsForResource", ResourceARN=queue)["Tags"] == [{"Key": "cost", "Value": "1"}]


def test_queues_are_listed_by_stream_a_page_at_a_time(kinesis):
    made = [kinesis.make()["QueueName"] for _ in range(5)]
    ours = [{"StreamARN": kinesis.stream}]
    page = kinesis.call("ListQueues", StreamFilter=ours, MaxResults=3)
    rest = kinesis.call("ListQueues", NextToken=page["NextToken"], MaxResults=3)
    assert len(page["QueueSummaries"]) == 3 and "NextToken" not in rest
    summaries = page["QueueSummaries"] + rest["QueueSummaries"]
    assert sorted(summary["QueueName"] for summary in summaries) == sorted(made)
    (stream,) = summaries[0]["Streams"]
    assert (stream["StreamARN"], summaries[0]["QueueStatus"]) == (kinesis.stream, "ACTIVE")
    exact = [{"StreamARN": kinesis.stream, "StreamCreationTimestamp": Time(stream["StreamCreationTimestamp"])}]
    other = [{"StreamARN": kinesis.stream, "StreamCreationTimestamp": Time(5000)}]
    assert len(kinesis.call("ListQueues", StreamFilter=exact)["QueueSummaries"]) == 5
    assert kinesis.call("ListQueues", StreamFilter=other)["QueueSummaries"] == []
    assert kinesis.call("ListQueues", StreamFilter=[{"StreamARN": ARN + "stream/none"}])["QueueSummaries"] == []
    assert len(kinesis.call("ListQueues", MaxResults=10_000)["QueueSummaries"]) >= 5
    refused(INVALID, kinesis.call, "ListQueues", NextToken="AAAA")
    refused(WRONG, kinesis.call, "ListQueues", MaxResults=10_001)
    kinesis.server.advance(301)
    refused("ExpiredNextTokenException", kinesis.call, "ListQueues", NextToken=page["NextToken"])


# ---- receiving and acknowledging


def test_a_record_is_what_was_put(kinesis):
    queue = kinesis.queue()
    now = kinesis.server.advance(1)
    kinesis.put(b"\x00\xff")
    (record,) = kinesis.receive(queue)
    assert (record["Data"], record["PartitionKey"], record["ReceiveCount"]) == (b"\x00\xff", r"key b'\x00\xff'", 1)
    assert record["ApproximateArrivalTimestamp"] == record["FirstReceiveTimestamp"] == now
    assert re.fullmatch("[a-z0-9]{1,64}", record["RecordId"]) and len(record["ReceiptHandle"]) <= 1024


def test_a_record_comes_back_until_it_is_acknowledged(kinesis):
    queue = kinesis.queue()
    kinesis.put("a")
    (first,) = kinesis.receive(queue)
    kinesis.server.advance(25)
    assert kinesis.empty(queue)
    kinesis.server.advance(5)
    (second,) = kinesis.receive(queue)
    assert (second["ReceiveCount"], second["RecordId"]) == (2, first["RecordId"])
    assert second["FirstReceiveTimestamp"] == first["FirstReceiveTimestamp"]
    assert kinesis.acknowledge(queue, [first]) == [GONE]
    assert kinesis.acknowledge(queue, [second]) == []
    assert kinesis.acknowledge(queue, [second]) == [GONE]
    kinesis.server.advance(100)
    assert kinesis.empty(queue)


@pytest.mark.parametrize("of_queue, of_receive, hidden", [(None, None, 30), (5, None, 5), (5, 50, 50), (43_200, 3, 3)])
def test_how_long_a_record_is_invisible(kinesis, of_queue, of_receive, hidden):
    queue = kinesis.queue() if of_queue is None else kinesis.queue(visibility=of_queue)
    kinesis.put("a")
    kinesis.receive(queue, **({} if of_receive is None else {"VisibilityTimeoutSeconds": of_receive}))
    kinesis.server.advance(hidden - 2.5)
    assert kinesis.empty(queue)
    kinesis.server.advance(2.5)
    assert kinesis.data(queue) == ["a"]


def test_a_change_of_visibility_counts_from_when_it_is_made(kinesis):
    queue = kinesis.queue()
    kinesis.put("a")
    received = kinesis.receive(queue)
    kinesis.server.advance(20)
    assert kinesis.hide(queue, received, 60) == []
    kinesis.server.advance(50)
    assert kinesis.empty(queue)
    assert kinesis.hide(queue, received, 0) == []
    assert kinesis.data(queue) == ["a"]
    assert kinesis.hide(queue, received, 5) == [GONE]
    refused(WRONG, kinesis.hide, queue, received, 43_201)
    refused(WRONG, kinesis.hide, queue, received, -1)
    refused(WRONG, kinesis.call, "UpdateQueueRecordsVisibility", QueueARN=queue, Entries=[{"ReceiptHandle": "a"}])


def test_each_entry_has_a_result_of_its_own(kinesis):
    queue, other = kinesis.queue(), kinesis.queue()
    kinesis.put("a", "b")
    here, there = kinesis.receive(queue), kinesis.receive(other)
    handles = [here[0], "nonsense", there[0], here[1], here[1]]
    assert sorted(kinesis.acknowledge(queue, handles)) == [INVALID, GONE, GONE]
    assert {record["RecordId"] for record in here} == {record["RecordId"] for record in there}
    assert kinesis.acknowledge(other, there) == []


@pytest.mark.parametrize("operation", ["AcknowledgeQueueRecords", "AcknowledgeDeadLetterQueueRecords", "RestoreDeadLetterQueueRecords"])
@pytest.mark.parametrize("entries", [None, [], [{}], [{"ReceiptHandle": ""}], [{"ReceiptHandle": "x" * 1025}], [{"ReceiptHandle": "x"}] * 11])
def test_entries_that_are_none_are_refused(kinesis, operation, entries):
    refused(WRONG, kinesis.call, operation, QueueARN=kinesis.queue(), Entries=entries)


@pytest.mark.parametrize("wrong", [
    {"Limit": 0}, {"Limit": 11}, {"WaitTimeSeconds": 0}, {"WaitTimeSeconds": 21}, {"VisibilityTimeoutSeconds": -1},
    {"VisibilityTimeoutSeconds": 43_201},
])
def test_a_receive_outside_of_its_limits_is_refused(kinesis, wrong):
    queue = kinesis.queue()
    for dead in (False, True):
        refused(WRONG, kinesis.receive, queue, dead=dead, **wrong)


def test_no_more_are_received_than_asked_for(kinesis):
    queue = kinesis.queue()
    kinesis.put(*(f"{nth:02}" for nth in range(25)))
    pages = [kinesis.receive(queue, Limit=7), kinesis.receive(queue), kinesis.receive(queue)]
    assert [len(page) for page in pages] == [7, 10, 8]
    assert sorted(record["Data"].decode() for page in pages for record in page) == [f"{nth:02}" for nth in range(25)]


def test_records_without_a_partition_key_have_none(kinesis):
    kinesis.stream = kinesis.make_stream(RecordDistributionStrategy="AUTO")
    queue = kinesis.queue()
    kinesis.call("PutRecord", StreamARN=kinesis.stream, Data=b"a")
    (record,) = kinesis.receive(queue)
    assert "PartitionKey" not in record


def test_acknowledging_does_not_touch_the_stream(kinesis):
    one, other = kinesis.queue(), kinesis.queue()
    kinesis.put("a")
    assert kinesis.acknowledge(one, kinesis.receive(one)) == []
    assert kinesis.data(other) == ["a"]
    shards = kinesis.call("ListShards", StreamARN=kinesis.stream)["Shards"]
    found = []
    for shard in shards:
        place = {"StreamARN": kinesis.stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.call("GetShardIterator", **place)["ShardIterator"]
        found += kinesis.call("GetRecords", ShardIterator=iterator)["Records"]
    assert [record["Data"] for record in found] == [b"a"]


def test_records_are_delivered_for_as_long_as_the_stream_keeps_them(kinesis):
    queue = kinesis.queue()
    kinesis.put("old")
    received = kinesis.receive(queue)
    kinesis.server.advance(24 * 3600 + 1)
    kinesis.put("new")
    assert kinesis.data(queue) == ["new"]
    assert len(received) == 1


# ---- waiting


def test_a_receive_waits_for_a_record(kinesis):
    queue = kinesis.queue()
    got = kinesis.wait(queue, lambda: kinesis.put("a"), Limit=1)
    assert [record["Data"] for record in got] == [b"a"]


def test_a_receive_waits_for_nine_seconds_unless_told_otherwise(kinesis):
    queue = kinesis.queue()
    for wait, least, most in ((None, 9, 11), (1, 1, 3), (20, 20, 22)):
        steps = []
        more = {} if wait is None else {"WaitTimeSeconds": wait}
        assert kinesis.wait(queue, lambda: steps.append(kinesis.server.advance(0.5)), **more) == []
        assert least <= len(steps) / 2 <= most + 8, "some steps may come before the request"


def test_a_receive_waits_for_a_record_to_be_visible_again(kinesis):
    queue = kinesis.queue(visibility=3)
    kinesis.put("a")
    kinesis.receive(queue)
    (again,) = kinesis.wait(queue, lambda: kinesis.server.advance(1), WaitTimeSeconds=20)
    assert again["ReceiveCount"] == 2


def test_a_wait_ends_with_its_queue(kinesis):
    queue = kinesis.queue()
    deleted = []

    def delete():
        if not deleted:
            deleted.append(kinesis.call("DeleteQueue", QueueARN=queue))

    refused(GONE, kinesis.wait, queue, delete)


def test_receivers_at_a_time_get_each_record_once(kinesis):
    queue = kinesis.queue(visibility=43_200)
    kinesis.put(*map(str, range(60)))
    seen = []

    def receive():
        for record in kinesis.receive(queue, Limit=5):
            seen.append(record["Data"])

    threads = [threading.Thread(target=receive) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert sorted(seen) == sorted(str(nth).encode() for nth in range(60))


# ---- dead letters


def test_a_record_that_is_received_too_often_is_a_dead_letter(kinesis):
    queue = kinesis.queue(visibility=10, receives=2)
    kinesis.put("bad")
    for count in (1, 2):
        (record,) = kinesis.receive(queue)
        assert record["ReceiveCount"] == count
        kinesis.server.advance(10)
    assert kinesis.empty(queue)
    assert kinesis.acknowledge(queue, [record]) == [GONE]
    (dead,) = kinesis.receive(queue, dead=True)
    assert (dead["Data"], dead["RecordId"], dead["PartitionKey"]) == (b"bad", record["RecordId"], "key bad")
    assert dead["FirstReceiveTimestamp"] < dead["ApproximateArrivalTimestamp"] + 1000
    assert kinesis.empty(queue, dead=True)
    assert kinesis.acknowledge(queue, [dead], dead=True) == []
    kinesis.server.advance(100)
    assert kinesis.empty(queue, dead=True)


def test_without_dead_letters_records_come_again_and_again(kinesis):
    queue = kinesis.make(QueueAttributes={"DeadLetterConfiguration": {"TargetType": "NONE"}})["QueueARN"]
    kinesis.put("a")
    for count in range(1, 12):
        (record,) = kinesis.receive(queue, VisibilityTimeoutSeconds=0)
        assert record["ReceiveCount"] == count


def test_six_receives_are_what_a_record_has(kinesis):
    queue = kinesis.queue()
    kinesis.put("a")
    for _ in range(6):
        assert len(kinesis.receive(queue, VisibilityTimeoutSeconds=0)) == 1
    assert kinesis.empty(queue)
    assert kinesis.data(queue, dead=True) == ["a"]


def test_a_restored_record_begins_anew(kinesis):
    queue = kinesis.dead("a", "b")
    dead = kinesis.receive(queue, dead=True)
    assert kinesis.restore(queue, dead) == []
    assert kinesis.restore(queue, dead) == [GONE, GONE]
    again = kinesis.receive(queue)
    assert [record["ReceiveCount"] for record in again] == [1, 1]
    assert kinesis.acknowledge(queue, again) == []
    assert kinesis.empty(queue, dead=True)


def test_dead_letters_have_a_visibility_of_their_own(kinesis):
    queue = kinesis.dead("a")
    dead = kinesis.receive(queue, dead=True, VisibilityTimeoutSeconds=100)
    kinesis.server.advance(50)
    assert kinesis.empty(queue, dead=True)
    assert kinesis.hide(queue, dead, 0, dead=True) == []
    assert kinesis.data(queue, dead=True) == ["a"]


def test_handles_are_of_dead_letters_or_of_others(kinesis):
    queue = kinesis.dead("a")
    dead = kinesis.receive(queue, dead=True)
    kinesis.put("b")
    live = kinesis.receive(queue)
    assert kinesis.acknowledge(queue, dead) == kinesis.hide(queue, dead, 1) == [INVALID]
    assert kinesis.acknowledge(queue, live, dead=True) == kinesis.restore(queue, live) == [INVALID]
    assert kinesis.hide(queue, live, 1, dead=True) == [INVALID]


def test_a_receive_of_dead_letters_waits(kinesis):
    queue = kinesis.queue(visibility=3, receives=1)
    kinesis.put("a")
    kinesis.receive(queue)
    (dead,) = kinesis.wait(queue, lambda: kinesis.server.advance(1), dead=True, WaitTimeSeconds=20)
    assert dead["Data"] == b"a"
