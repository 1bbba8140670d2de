"""boto3's resources and paginators for queues, and queues under many clients at once."""

import collections
import itertools
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError

from millpond import CREDENTIALS

BUSY_SECONDS = 3
WAKE_UP_SECONDS = 0.2
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture(scope="module")
def resource(server):
    return boto3.resource("sqs", endpoint_url=server.url, config=server.config(), **CREDENTIALS)


@pytest.fixture
def make_queue(resource):
    """Makes queues as boto3 Queue resources, and deletes them afterwards."""
    made = []

    def make(fifo=False, prefix="queue", **attributes):
        name = f"{prefix}-{next(_numbers)}"
        if fifo:
            name += ".fifo"
            attributes["FifoQueue"] = "true"
        made.append(resource.create_queue(QueueName=name, Attributes=attributes))
        return made[-1]

    yield make
    for queue in made:
        try:
            queue.delete()
        except queue.meta.client.exceptions.QueueDoesNotExist:
            pass  # the test deleted it itself


def arn(queue):
    return queue.attributes["QueueArn"]


def counts(queue):
    queue.load()
    names = ("", "NotVisible", "Delayed")
    return tuple(int(queue.attributes[f"ApproximateNumberOfMessages{name}"]) for name in names)


# Resources


def test_a_queue_is_made_found_loaded_changed_and_deleted(resource, make_queue):
    queue = make_queue(VisibilityTimeout="7", DelaySeconds="0")
    assert resource.get_queue_by_name(QueueName=queue.url.rsplit("/", 1)[1]) == queue
    assert queue.attributes["VisibilityTimeout"] == "7"
    queue.set_attributes(Attributes={"VisibilityTimeout": "8"})
    assert queue.attributes["VisibilityTimeout"] == "8"
    assert int(queue.attributes["CreatedTimestamp"]) <= int(queue.attributes["LastModifiedTimestamp"])
    queue.add_permission(Label="open", AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    assert json.loads(queue.attributes["Policy"])["Statement"][0]["Sid"] == "open"
    queue.remove_permission(Label="open")
    assert "Policy" not in queue.attributes
    queue.delete()
    with pytest.raises(queue.meta.client.exceptions.QueueDoesNotExist):
        queue.load()
    with pytest.raises(queue.meta.client.exceptions.QueueDoesNotExist):
        resource.get_queue_by_name(QueueName=queue.url.rsplit("/", 1)[1])


def test_messages_have_what_was_sent_and_what_was_asked_for(make_queue):
    queue = make_queue()
    attributes = {
        "author": {"DataType": "String", "StringValue": "Stanisław"},
        "year": {"DataType": "Number.int", "StringValue": "1961"},
        "cover": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff\x89PNG"},
    }
    body = 'Solaris "<&>"\r\n\t😀'
    queue.send_message(MessageBody=body, MessageAttributes=attributes)
    [plain] = queue.receive_messages(VisibilityTimeout=0)
    assert (plain.body, plain.attributes, plain.message_attributes) == (body, None, None)
    [message] = queue.receive_messages(AttributeNames=["All"], MessageAttributeNames=["All"], WaitTimeSeconds=1)
    assert message.message_id == plain.message_id
    assert message.queue_url == queue.url
    assert message.message_attributes == attributes
    assert message.attributes["ApproximateReceiveCount"] == "2"
    assert counts(queue) == (0, 1, 0)
    message.change_visibility(VisibilityTimeout=0)
    assert counts(queue) == (1, 0, 0)
    queue.Message(message.receipt_handle).delete()
    assert counts(queue) == (0, 0, 0)


def test_messages_go_and_come_in_batches(make_queue):
    queue = make_queue()
    sent = queue.send_messages(Entries=[
        {"Id": f"e{n}", "MessageBody": f"body {n}", "DelaySeconds": 900 if n == 9 else 0} for n in range(10)
    ])
    assert [entry["Id"] for entry in sent["Successful"]] == [f"e{n}" for n in range(10)]
    assert "Failed" not in sent
    messages = receive_all(queue, 9)
    assert sorted(message.body for message in messages) == [f"body {n}" for n in range(9)]
    assert counts(queue) == (0, 9, 1)
    changed = queue.change_message_visibility_batch(Entries=[
        {"Id": str(n), "ReceiptHandle": message.receipt_handle, "VisibilityTimeout": 600}
        for n, message in enumerate(messages)
    ])
    assert len(changed["Successful"]) == 9
    entries = [{"Id": str(n), "ReceiptHandle": message.receipt_handle} for n, message in enumerate(messages)]
    entries[0]["ReceiptHandle"] = "nonsense"
    deleted = queue.delete_messages(Entries=entries)
    assert len(deleted["Successful"]) == 8
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in deleted["Failed"]] == [
        ("0", "ReceiptHandleIsInvalid", True)
    ]
    assert counts(queue) == (0, 1, 1)
    queue.purge()
    assert counts(queue) == (0, 0, 0)


def receive_all(queue, count, **options):
    """Ten at most come at a time, and fewer may, so it takes a loop."""
    messages = []
    deadline = time.monotonic() + 10
    while len(messages) < count and time.monotonic() < deadline:
        messages += queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=1, **options)
    return messages


def test_queues_are_listed_by_their_prefix(resource, make_queue):
    made = [make_queue(prefix="Listed") for _ in range(3)] + [make_queue(prefix="listed")]
    assert sorted(queue.url for queue in resource.queues.filter(QueueNamePrefix="Listed-")) == sorted(
        queue.url for queue in made[:3]
    )
    assert list(resource.queues.filter(QueueNamePrefix="unlisted")) == []
    assert {queue.url for queue in made} <= {queue.url for queue in resource.queues.all()}
    assert len(list(resource.queues.filter(QueueNamePrefix="Listed-").limit(2))) == 2


def test_a_dead_letter_queue_knows_its_sources(make_queue):
    dead = make_queue(prefix="dead")
    assert list(dead.dead_letter_source_queues.all()) == []
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1})
    sources = [make_queue(prefix="source", RedrivePolicy=policy) for _ in range(3)]
    assert {queue.url for queue in dead.dead_letter_source_queues.all()} == {queue.url for queue in sources}
    sent = sources[0].send_message(MessageBody="poison", MessageAttributes={
        "why": {"DataType": "String", "StringValue": "because"}
    })
    assert len(sources[0].receive_messages(VisibilityTimeout=0)) == 1
    assert sources[0].receive_messages() == []
    [message] = dead.receive_messages(AttributeNames=["All"], MessageAttributeNames=[".*"], WaitTimeSeconds=5)
    assert (message.message_id, message.body) == (sent["MessageId"], "poison")
    assert message.message_attributes["why"]["StringValue"] == "because"
    assert message.attributes["DeadLetterQueueSourceArn"] == arn(sources[0])


# Paginators


def test_paginators_see_every_queue_once(sqs, make_queue):
    dead = make_queue(prefix="paged-dead")
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 3})
    urls = sorted(make_queue(prefix="paged-source", RedrivePolicy=policy).url for _ in range(7))
    for name, field, request in [
        ("list_queues", "QueueUrls", {"QueueNamePrefix": "paged-source"}),
        ("list_dead_letter_source_queues", "queueUrls", {"QueueUrl": dead.url}),
    ]:
        paginator = sqs.get_paginator(name)
        for size, sizes in [(3, [3, 3, 1]), (7, [7]), (None, [7])]:
            pages = [page[field] for page in paginator.paginate(**request, PaginationConfig={"PageSize": size})
                     if field in page]
            assert [len(page) for page in pages] == sizes, (name, size)
            assert sorted(itertools.chain(*pages)) == urls
        first = paginator.paginate(**request, PaginationConfig={"PageSize": 2, "MaxItems": 4}).build_full_result()
        rest = paginator.paginate(
            **request, PaginationConfig={"PageSize": 2, "StartingToken": first["NextToken"]}
        ).build_full_result()
        assert (len(first[field]), sorted(first[field] + rest[field])) == (4, urls)


# Limits


def test_a_message_of_a_mebibyte_goes_through(make_queue):
    queue = make_queue()
    for body in ["x" * 1_048_576, "ż" * 524_288, '"\\\n<&' * 209_715]:
        queue.send_message(MessageBody=body)
        [message] = queue.receive_messages(WaitTimeSeconds=5)
        assert message.body == body
        message.delete()
    with pytest.raises(ClientError) as raised:
        queue.send_message(MessageBody="x" * 1_048_577)
    assert raised.value.response["Error"] == {
        "Type": "Sender",
        "Code": "InvalidParameterValue",
        "QueryErrorCode": "InvalidParameterValueException",
        "Message": "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    }
    half = {"MessageBody": "x" * 524_288}
    assert len(queue.send_messages(Entries=[{"Id": "a", **half}, {"Id": "b", **half}])["Successful"]) == 2
    with pytest.raises(queue.meta.client.exceptions.BatchRequestTooLong):
        queue.send_messages(Entries=[{"Id": "a", **half}, {"Id": "b", **half}, {"Id": "c", "MessageBody": "x"}])
    assert counts(queue) == (2, 0, 0)


def test_ten_attributes_of_bytes_come_back(make_queue):
    queue = make_queue()
    attributes = {f"blob{n}": {"DataType": "Binary", "BinaryValue": os.urandom(100_000)} for n in range(10)}
    queue.send_message(MessageBody="x", MessageAttributes=attributes)
    [message] = queue.receive_messages(MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert message.message_attributes == attributes
    [message] = queue.receive_messages(MessageAttributeNames=["blob3", "nothing"], VisibilityTimeout=0)
    assert message.message_attributes == {"blob3": attributes["blob3"]}
    with pytest.raises(ClientError) as raised:
        queue.send_message(MessageBody="x", MessageAttributes={
            **attributes, "eleventh": {"DataType": "String", "StringValue": "1"}
        })
    assert raised.value.response["Error"]["Message"] == (
        "Number of message attributes [11] exceeds the allowed maximum [10]."
    )


# Many clients at once


def in_threads(*works):
    """Runs all at once; what one of them raises is raised here."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(work) for work in works]]


def test_waiting_receivers_wake_up_at_once(sqs, make_queue):
    queue, receivers, messages = make_queue(), 8, 40
    received = []

    def receive():
        while len(received) < messages:
            answer = sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=2, MaxNumberOfMessages=10)
            now = time.monotonic()
            for message in answer.get("Messages", []):
                received.append((message["Body"], now))
                sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])

    sent = {}

    def send():
        for n in range(messages):
            time.sleep(0.05)
            sqs.send_message(QueueUrl=queue.url, MessageBody=str(n))
            # From here on it can be received; what the sender itself takes, at first for its connection, is not counted.
            sent[str(n)] = time.monotonic()

    in_threads(send, *[receive] * receivers)
    assert sorted(body for body, _ in received) == sorted(sent)
    late = sorted((at - sent[body] for body, at in received), reverse=True)
    assert late[0] < WAKE_UP_SECONDS, f"the slowest wake-ups took {late[:5]} s"


def test_an_empty_queue_is_waited_for_as_long_as_was_asked(sqs, make_queue):
    queue = make_queue(ReceiveMessageWaitTimeSeconds="1")
    for options, least, most in [({}, 0.9, 1.8), ({"WaitTimeSeconds": 0}, 0, 0.5), ({"WaitTimeSeconds": 2}, 1.9, 2.8)]:
        start = time.monotonic()
        assert "Messages" not in sqs.receive_message(QueueUrl=queue.url, **options)
        assert least <= time.monotonic() - start < most, options


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_nothing_is_lost_or_doubled_under_load(sqs, make_queue, fifo):
    """Each group is written by one producer, so its order is known."""
    queue = make_queue(fifo=fifo, VisibilityTimeout="120")
    workers = 16
    received, lock, produced = [], threading.Lock(), threading.Event()
    until = time.monotonic() + BUSY_SECONDS
    sent = collections.Counter()

    def produce(worker):
        for batch in itertools.count():
            if time.monotonic() > until:
                return
            entries = []
            for n in range(batch * 5, batch * 5 + 5):
                entry = {"Id": str(n), "MessageBody": f"{worker} {n}"}
                if fifo:
                    # Two groups a producer; ids that other producers have sent too would be duplicates.
                    entry |= {"MessageGroupId": f"{worker}-{n % 2}", "MessageDeduplicationId": f"{worker}-{n}"}
                entries.append(entry)
            answer = sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)
            assert "Failed" not in answer
            sent[worker] += 5

    def consume():
        while True:
            last = produced.is_set()
            answer = sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            if not messages and last:
                return
            if not messages:
                continue
            with lock:
                received.extend(message["Body"] for message in messages)
            answer = sqs.delete_message_batch(QueueUrl=queue.url, Entries=[
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)
            ])
            assert "Failed" not in answer

    with ThreadPoolExecutor(2 * workers) as pool:
        consumers = [pool.submit(consume) for _ in range(workers)]
        try:
            for producer in [pool.submit(produce, worker) for worker in range(workers)]:
                producer.result(timeout=30)
        finally:
            produced.set()
        for consumer in consumers:
            consumer.result(timeout=60)

    expected = {f"{worker} {n}" for worker in range(workers) for n in range(sent[worker])}
    assert len(expected) >= 16 * 5
    doubled = [body for body, times in collections.Counter(received).items() if times > 1]
    assert not doubled, f"received twice: {doubled[:10]}"
    assert set(received) == expected, f"lost: {sorted(expected - set(received))[:10]}"
    assert counts(queue) == (0, 0, 0)
    if fifo:
        # A consumer notes its messages before it deletes them, which is what lets the next ones of the group go.
        for worker, half in itertools.product(range(workers), range(2)):
            order = [int(n) for w, n in map(str.split, received) if int(w) == worker and int(n) % 2 == half]
            assert order == sorted(order), f"group {worker}-{half} came out of order"
