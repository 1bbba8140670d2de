"""Queues of the records of streams, and channels that deliver them, in JSON and in CBOR, with a clock that stands still until a
test moves it."""

import gzip
import itertools
import json
import re
import threading

import pytest
from kinesis_encodings import FACES, Millis, Refused
from millpond import Server

ARN = "arn:aws:kinesis:us-east-1:000000000000:"
ROLE = "arn:aws:iam::000000000000:role/delivery"
GONE, USED, WRONG = "ResourceNotFoundException", "ResourceInUseException", "ValidationException"
LIMIT, INVALID = "LimitExceededException", "InvalidArgumentException"
LONG = 30  # seconds that nothing takes

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def buckets(tmp_path_factory):
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="module")
def server(buckets):
    server = Server(None, "--manual-clock", "--s3-dir", buckets)
    yield server
    assert server.alive() and server.stop() == 0
    assert "panicked" not in server.said()


@pytest.fixture(scope="module", params=FACES)
def face(server, request):
    return FACES[request.param](server)


class Kinesis:
    """A stream, and what is done with it."""

    def __init__(self, server, face):
        self.server, self.face, self.call = server, face, face.call
        self.made = []
        self.stream = self.make_stream()

    def name(self):
        return f"{self.face.name}-{next(_numbers)}"

    def make_stream(self, **more):
        name = self.name()
        self.call("CreateStream", StreamName=name, **({"StreamModeDetails": {"StreamMode": "ON_DEMAND"}} | more))
        self.made.append(f"{ARN}stream/{name}")
        return self.made[-1]

    def end(self):
        """There may be only so many streams on demand."""
        streams = [{"StreamARN": stream} for stream in self.made]
        for queue in self.call("ListQueues", StreamFilter=streams)["QueueSummaries"]:
            self.call("DeleteQueue", QueueARN=queue["QueueARN"])
        for channel in self.call("ListChannels", StreamFilter=streams)["ChannelSummaries"]:
            self.call("DeleteChannel", ChannelARN=channel["ChannelARN"])
        for summary in self.call("ListStreams")["StreamSummaries"]:
            if summary["StreamARN"] in self.made:
                self.call("DeleteStream", StreamARN=summary["StreamARN"], EnforceConsumerDeletion=True)

    def put(self, *data):
        records = [{"Data": one if isinstance(one, bytes) else one.encode(), "PartitionKey": f"key {one}"} for one in data]
        assert self.call("PutRecords", StreamARN=self.stream, Records=records)["FailedRecordCount"] == 0

    def make(self, position="TRIM_HORIZON", **more):
        start = position if isinstance(position, dict) else {"Type": position}
        streams = [{"StreamARN": self.stream, "StartingPosition": start}]
        return self.call("CreateQueue", **{"QueueName": self.name(), "StreamConfigurationList": streams} | more)["QueueDescription"]

    def queue(self, **more):
        attributes = {}
        if "receives" in more:
            attributes["DeadLetterConfiguration"] = {"TargetType": "BUILT_IN", "MaxReceiveCount": more.pop("receives")}
        if "visibility" in more:
            attributes["VisibilityTimeoutSeconds"] = more.pop("visibility")
        return self.make(**({"QueueAttributes": attributes} if attributes else {}), **more)["QueueARN"]

    def describe(self, queue):
        return self.call("DescribeQueue", QueueARN=queue)["QueueDescription"]

    def receive(self, queue, dead=False, **more):
        operation = "ReceiveDeadLetterQueueRecords" if dead else "ReceiveQueueRecords"
        return self.call(operation, QueueARN=queue, **more)["QueueRecords"]

    def data(self, queue, **more):
        return sorted(record["Data"].decode() for record in self.receive(queue, **more))

    def wait(self, queue, meanwhile, **more):
        """Receives while something is done, which must end the wait."""
        got = []

        def receive():
            try:
                got.append(self.receive(queue, **more))
            except Refused as refused:
                got.append(refused)

        thread = threading.Thread(target=receive)
        thread.start()
        while thread.is_alive():
            thread.join(0.02)
            if thread.is_alive():
                meanwhile()
        (answer,) = got
        if isinstance(answer, Refused):
            raise answer
        return answer

    def empty(self, queue, **more):
        """Whether there is nothing for one to two seconds."""
        return self.wait(queue, lambda: self.server.advance(0.25), **{"WaitTimeSeconds": 1} | more) == []

    def entries(self, operation, queue, records, **more):
        entries = [{"ReceiptHandle": one if isinstance(one, str) else one["ReceiptHandle"], **more} for one in records]
        answer = self.call(operation, QueueARN=queue, Entries=entries)
        handles = [entry["ReceiptHandle"] for entry in answer["Successful"] + answer["Failed"]]
        assert sorted(handles) == sorted(entry["ReceiptHandle"] for entry in entries)
        assert all(entry["ErrorMessage"] for entry in answer["Failed"])
        return [entry["ErrorCode"] for entry in answer["Failed"]]

    def acknowledge(self, queue, records, dead=False):
        return self.entries("AcknowledgeDeadLetterQueueRecords" if dead else "AcknowledgeQueueRecords", queue, records)

    def hide(self, queue, records, seconds, dead=False):
        operation = "UpdateDeadLetterQueueRecordsVisibility" if dead else "UpdateQueueRecordsVisibility"
        return self.entries(operation, queue, records, VisibilityTimeoutSeconds=seconds)

    def restore(self, queue, records):
        return self.entries("RestoreDeadLetterQueueRecords", queue, records)

    def dead(self, *data):
        """A queue whose records are all dead letters."""
        queue = self.queue(receives=1)
        self.put(*data)
        assert self.hide(queue, self.receive(queue), 0) == []
        return queue


@pytest.fixture
def kinesis(server, face):
    kinesis = Kinesis(server, face)
    yield kinesis
    kinesis.end()


def refused(code, call, *args, **more):
    with pytest.raises(Refused) as error:
        call(*args, **more)
    assert error.value.code == code, error.value
    return error.value.message


# ---- queues: making, describing, changing, deleting


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
    made = kinesis.make({"Type": "AT_TIMESTAMP", "Timestamp": Millis(time)})
    assert made["StreamConfigurationList"][0]["StartingPosition"] == {"Type": "AT_TIMESTAMP", "Timestamp": time}
    assert kinesis.data(made["QueueARN"]) == ["new"]
    early = kinesis.make({"Type": "AT_TIMESTAMP", "Timestamp": Millis(1000)})["QueueARN"]
    start = kinesis.describe(early)["StreamConfigurationList"][0]["StartingPosition"]
    assert 1000 < start["Timestamp"] < time, "the earliest time of the stream"
    assert kinesis.data(early) == ["new", "old"]


@pytest.mark.parametrize("start", [
    {"Type": "AT_TIMESTAMP"}, {"Type": "LATEST", "Timestamp": Millis(1000)}, {"Type": "TRIM_HORIZON", "Timestamp": Millis(1000)},
    {"Type": "AFTER_SEQUENCE_NUMBER"}, {"Timestamp": Millis(1000)},
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
    exact = [{"StreamARN": kinesis.stream, "StreamCreationTimestamp": Millis(stream["StreamCreationTimestamp"])}]
    other = [{"StreamARN": kinesis.stream, "StreamCreationTimestamp": Millis(5000)}]
    assert len(kinesis.call("ListQueues", StreamFilter=exact)["QueueSummaries"]) == 5
    assert kinesis.call("ListQueues", StreamFilter=other)["QueueSummaries"] == []
    assert kinesis.call("ListQueues", StreamFilter=[{"StreamARN": ARN + "stream/none"}])["QueueSummaries"] == []
    assert len(kinesis.call("ListQueues", MaxResults=10_000)["QueueSummaries"]) >= 5
    refused(INVALID, kinesis.call, "ListQueues", NextToken="AAAA")
    refused(WRONG, kinesis.call, "ListQueues", MaxResults=10_001)
    kinesis.server.advance(301)
    refused("ExpiredNextTokenException", kinesis.call, "ListQueues", NextToken=page["NextToken"])


# ---- queues: receiving and acknowledging


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


# ---- queues: waiting


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


# ---- queues: dead letters


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


# ---- channels


def s3(bucket="landing", compression="NONE", **more):
    storage = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": "000000000000", "CompressionType": compression}
    storage |= more.pop("storage", {})
    return {"S3DestinationConfiguration": {"StorageConfiguration": storage, **more}}


def tables(**more):
    table = {"TableBucketARN": "arn:aws:s3tables:us-east-1:000000000000:bucket/lake", "Namespace": "clicks", "TableName": "raw",
             "CompressionType": "ZSTD", "PartitionSpec": {"PartitionFields": [{"Transform": "TIME_HOUR", "SourceName": "at"}]}}
    errors = {"BucketARN": "arn:aws:s3:::errors", "ExpectedBucketOwner": "000000000000"}
    return {"S3TablesDestinationConfiguration": {"S3TablesConfigurationList": [table | more], "DeadLetterQueueS3Configuration": errors}}


SCHEMA = "arn:aws:glue:us-east-1:000000000000:schema/registry/clicks"


def channel(kinesis, destination, format="JSON", schema=None, **more):
    records = {"RecordFormatType": format} | ({"GSRSchemaARN": schema} if schema else {})
    given = {"ChannelName": kinesis.name(), "ServiceExecutionRoleARN": ROLE,
             "StreamConfigurationList": [{"StreamARN": kinesis.stream, "RecordConfiguration": records}]}
    return kinesis.call("CreateChannel", **given | destination | more)["ChannelDescription"]


def objects(buckets, bucket):
    return {path.relative_to(buckets / bucket).as_posix(): path.read_bytes()
            for path in (buckets / bucket).rglob("*") if path.is_file()}


@pytest.fixture
def bucket(kinesis, buckets):
    name = f"bucket-{kinesis.name()}"
    (buckets / name).mkdir()
    return name


def test_a_channel_is_creating_and_then_active(kinesis):
    made = channel(kinesis, s3(), Tags={"team": "blue"})
    assert made["ChannelStatus"] == "CREATING"
    assert made["ChannelARN"] == f"{ARN}channel/{made['ChannelId']}"
    shown = kinesis.call("DescribeChannel", ChannelARN=made["ChannelARN"])["ChannelDescription"]
    assert shown == made | {"ChannelStatus": "ACTIVE"}
    (stream,) = shown["StreamConfigurationList"]
    assert (stream["StreamARN"], stream["RecordConfiguration"]) == (kinesis.stream, {"RecordFormatType": "JSON"})
    destination = shown["S3DestinationConfiguration"]
    assert destination["DataFreshnessInSeconds"] == 300
    assert destination["StorageConfiguration"]["StorageClass"] == "STANDARD"
    assert destination["DeadLetterQueueS3Configuration"]["BucketARN"] == "arn:aws:s3:::landing"
    assert shown["LoggingConfiguration"]["CloudWatchLogs"] == {
        "Enabled": False, "LogGroupName": f"/aws/kinesis/{made['ChannelName']}/{made['ChannelId']}", "LogStreamName": "DestinationDelivery"}
    assert "S3TablesDestinationConfiguration" not in shown and "EncryptionConfiguration" not in shown
    assert kinesis.call("ListTagsForResource", ResourceARN=made["ChannelARN"])["Tags"] == [{"Key": "team", "Value": "blue"}]


def test_a_channel_to_tables_is_kept_and_shown(kinesis):
    encryption = {"EncryptionType": "KMS", "KeyId": "alias/mine"}
    logging = {"CloudWatchLogs": {"Enabled": True, "LogGroupName": "mine"}}
    made = channel(kinesis, tables(), "GSR_JSON", SCHEMA, EncryptionConfiguration=encryption, LoggingConfiguration=logging)
    given = tables()["S3TablesDestinationConfiguration"]["S3TablesConfigurationList"]
    assert made["S3TablesDestinationConfiguration"]["S3TablesConfigurationList"] == given
    assert (made["EncryptionConfiguration"], made["LoggingConfiguration"]["CloudWatchLogs"]["LogGroupName"]) == (encryption, "mine")
    assert made["StreamConfigurationList"][0]["RecordConfiguration"] == {"RecordFormatType": "GSR_JSON", "GSRSchemaARN": SCHEMA}


@pytest.mark.parametrize("destination, format, schema", [
    ({}, "JSON", None), (s3() | tables(), "JSON", SCHEMA), (s3(), "GSR_JSON", SCHEMA), (s3(), "XML", None),
    (tables(), "STRING", SCHEMA), (tables(), "BYTE_ARRAY", SCHEMA), (tables(), "JSON", None), (tables(), "JSON", "schema"),
    (s3(DataFreshnessInSeconds=299), "JSON", None), (s3(DataFreshnessInSeconds=901), "JSON", None), (s3("ab"), "JSON", None),
    (s3(compression="SNAPPY"), "JSON", None), (s3(storage={"ExpectedBucketOwner": "me"}), "JSON", None),
    (s3(storage={"OutputKeyTemplate": "a b"}), "JSON", None), (s3(storage={"OutputKeyTemplate": "!{year}"}), "JSON", None),
    (s3(storage={"OutputKeyTemplate": "/a"}), "JSON", None), (s3(storage={"StorageClass": "GLACIER"}), "JSON", None),
    (tables(TableName="A"), "JSON", SCHEMA), (tables(TableBucketARN="arn:aws:s3:::lake"), "JSON", SCHEMA),
    (tables(PartitionSpec={"PartitionFields": []}), "JSON", SCHEMA),
])
def test_a_channel_that_cannot_be_is_refused(kinesis, destination, format, schema):
    assert refused(WRONG, channel, kinesis, destination, format, schema)


@pytest.mark.parametrize("wrong", [
    {"ChannelName": "a b"}, {"ChannelName": None}, {"ServiceExecutionRoleARN": "me"}, {"StreamConfigurationList": []},
    {"EncryptionConfiguration": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}},
    {"EncryptionConfiguration": {"EncryptionType": "NONE", "KeyId": "alias/mine"}},
    {"LoggingConfiguration": {"CloudWatchLogs": {}}}, {"LoggingConfiguration": {"CloudWatchLogs": {"Enabled": True, "LogGroupName": "a b"}}},
])
def test_what_a_channel_cannot_have_is_refused(kinesis, wrong):
    assert refused(WRONG, channel, kinesis, s3(), **wrong)


def test_a_stream_has_one_channel_of_each_kind(kinesis):
    made = channel(kinesis, s3())
    refused(LIMIT, channel, kinesis, s3())
    refused(USED, channel, kinesis, s3(), ChannelName=made["ChannelName"])
    channel(kinesis, tables(), "JSON", SCHEMA)
    summary = kinesis.call("DescribeStreamSummary", StreamARN=kinesis.stream)["StreamDescriptionSummary"]
    assert summary["ChannelCount"] == 2
    refused(USED, kinesis.call, "DeleteStream", StreamARN=kinesis.stream)
    kinesis.stream = kinesis.make_stream(StreamModeDetails={"StreamMode": "PROVISIONED"}, ShardCount=1)
    refused(WRONG, channel, kinesis, s3())
    kinesis.stream = ARN + "stream/none"
    refused(GONE, channel, kinesis, s3())


def test_channels_are_listed_by_stream_and_deleted(kinesis):
    streams = [kinesis.stream]
    made = [channel(kinesis, s3()), channel(kinesis, tables(), "JSON", SCHEMA)]
    kinesis.stream = kinesis.make_stream()
    streams.append(kinesis.stream)
    made.append(channel(kinesis, s3()))
    both = [{"StreamARN": stream} for stream in streams]
    page = kinesis.call("ListChannels", StreamFilter=both, MaxResults=2)
    rest = kinesis.call("ListChannels", StreamFilter=both, NextToken=page["NextToken"])
    summaries = page["ChannelSummaries"] + rest["ChannelSummaries"]
    assert sorted(summary["ChannelARN"] for summary in summaries) == sorted(one["ChannelARN"] for one in made)
    assert sorted(summary["ChannelDestinationType"] for summary in summaries) == ["S3", "S3", "S3_TABLES"]
    assert "NextToken" not in rest and summaries[0]["ChannelStatus"] == "ACTIVE"
    for one in made:
        assert kinesis.call("DeleteChannel", ChannelARN=one["ChannelARN"]) == {}
        refused(GONE, kinesis.call, "DescribeChannel", ChannelARN=one["ChannelARN"])
        refused(GONE, kinesis.call, "DeleteChannel", ChannelARN=one["ChannelARN"])
    assert kinesis.call("ListChannels", StreamFilter=both)["ChannelSummaries"] == []
    refused(WRONG, kinesis.call, "DescribeChannel", ChannelARN=ARN + "queue/a")
    for stream in streams:
        kinesis.call("DeleteStream", StreamARN=stream)


def test_freshness_and_logging_of_a_channel_can_be_changed(kinesis):
    arn = channel(kinesis, s3())["ChannelARN"]
    update = lambda **more: kinesis.call("UpdateChannel", ChannelARN=arn, **more)["ChannelDescription"]
    changed = update(S3DestinationConfiguration={"DataFreshnessInSeconds": 900})
    assert (changed["ChannelStatus"], changed["S3DestinationConfiguration"]["DataFreshnessInSeconds"]) == ("UPDATING", 900)
    update(LoggingConfiguration={"CloudWatchLogs": {"Enabled": True}})
    shown = kinesis.call("DescribeChannel", ChannelARN=arn)["ChannelDescription"]
    assert shown["ChannelStatus"] == "ACTIVE" and shown["LoggingConfiguration"]["CloudWatchLogs"]["Enabled"]
    refused(WRONG, update, S3DestinationConfiguration={"DataFreshnessInSeconds": 1000})
    refused(WRONG, update, S3DestinationConfiguration={})
    refused(WRONG, update, S3TablesDestinationConfiguration={"DataFreshnessInSeconds": 600})
    refused(GONE, kinesis.call, "UpdateChannel", ChannelARN=ARN + "channel/none")


@pytest.mark.parametrize("compression, unpack", [("NONE", bytes), ("GZIP", gzip.decompress)])
def test_records_are_delivered_when_they_are_old_enough(kinesis, buckets, bucket, compression, unpack):
    kinesis.put('{"early":1}')
    made = channel(kinesis, s3(bucket, compression))
    data = ['{"nth":%d}' % nth for nth in range(30)]
    kinesis.put(*data[:20])
    kinesis.server.advance(250)
    kinesis.put(*data[20:])
    assert objects(buckets, bucket) == {}
    kinesis.server.advance(50)
    kinesis.server.advance(250)
    found = objects(buckets, bucket)
    assert sorted(line for content in found.values() for line in unpack(content).decode().splitlines()) == sorted(data)
    extension = ".json" + (".gz" if compression == "GZIP" else "")
    prefix = f"kinesis-channel/{made['ChannelName']}/{made['ChannelId']}/"
    assert all(key.startswith(prefix) and key.endswith(extension) for key in found)
    kinesis.server.advance(1000)
    assert objects(buckets, bucket) == found, "each record once"


def test_records_that_are_not_what_they_should_be_are_put_aside(kinesis, buckets, bucket):
    template = {"OutputKeyTemplate": "raw/!{yyyy}/!{channel-name}"}
    errors = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": "000000000000", "ErrorOutputPrefix": "bad/"}
    channel(kinesis, s3(bucket, storage=template, DeadLetterQueueS3Configuration=errors), "STRING")
    kinesis.put("good", b"\xff\xfe")
    kinesis.server.advance(300)
    found = objects(buckets, bucket)
    (good,) = (content for key, content in found.items() if key.startswith("raw/20"))
    (bad,) = (json.loads(content) for key, content in found.items() if key.startswith("bad/"))
    assert (good, bad["rawData"]) == (b"good\n", "//4=")


def test_bytes_are_delivered_as_they_are(kinesis, buckets, bucket):
    channel(kinesis, s3(bucket, DataFreshnessInSeconds=400), "BYTE_ARRAY")
    kinesis.put(b"\x00\xff")
    kinesis.server.advance(399)
    assert objects(buckets, bucket) == {}
    kinesis.server.advance(1)
    assert list(objects(buckets, bucket).values()) == [b"\x00\xff"]


def test_what_has_no_bucket_yet_is_delivered_once_there_is_one(kinesis, buckets):
    name = f"later-{kinesis.name()}"
    channel(kinesis, s3(name))
    kinesis.put("1")
    kinesis.server.advance(301)
    (buckets / name).mkdir()
    kinesis.server.advance(1)
    assert list(objects(buckets, name).values()) == [b"1\n"]
