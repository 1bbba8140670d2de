"""A stream on a server whose clock the tests move, and what is done with its queues and channels, in JSON and in CBOR."""

import itertools
import threading

import pytest
from kinesis_faces import FACES, Refused
from millpond import Server

ARN = "arn:aws:kinesis:us-east-1:000000000000:"
GONE, USED, WRONG = "ResourceNotFoundException", "ResourceInUseException", "ValidationException"
LIMIT, INVALID = "LimitExceededException", "InvalidArgumentException"

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
        self.server, self.face, self.call = server, face, face
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
