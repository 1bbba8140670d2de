"""Message move tasks: from a dead-letter queue back, at a rate, with progress, one at a time."""

import base64
import json
import re

import pytest
from sqs import ACCOUNT, INVALID, MISSING, REGION, arn, entry, redrive

FORM = "You must use this format to specify the {}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
GONE = "The resource that you specified for the {} parameter doesn't exist."
NOT_FOUND = "ResourceNotFoundException"
NONE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"


@pytest.fixture
def pair(sqs):
    """A queue and its dead-letter queue."""
    dead = sqs.queue()
    return sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1)), dead


def die(sqs, source, *bodies):
    for start in range(0, len(bodies), 10):
        sqs("SendMessageBatch", QueueUrl=source, Entries=[entry(str(nth), body) for nth, body in enumerate(bodies[start:start + 10])])
    while sqs.counts(source)[0]:
        sqs.receive(source)


def start(sqs, dead, **more):
    return sqs("StartMessageMoveTask", SourceArn=arn(dead), **more)["TaskHandle"]


def tasks(sqs, dead, most=10):
    return sqs("ListMessageMoveTasks", SourceArn=arn(dead), MaxResults=most).get("Results", [])


def finish(sqs, dead):
    """Moves the clock until no task runs."""
    for _ in range(200):
        if tasks(sqs, dead, 1)[0]["Status"] not in ("RUNNING", "CANCELLING"):
            return tasks(sqs, dead, 1)[0]
        sqs.advance(1)
    raise AssertionError(f"it still runs: {tasks(sqs, dead)}")


def test_a_task_moves_messages_back_to_where_they_came_from(sqs, pair):
    source, dead = pair
    other = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    die(sqs, source, "a", "b")
    die(sqs, other, "c")
    assert sqs.counts(dead) == (3, 0, 0)
    start(sqs, dead)
    assert finish(sqs, dead)["Status"] == "COMPLETED"
    assert sqs.counts(dead) == (0, 0, 0)
    assert sorted(sqs.bodies(source)) == ["a", "b"]
    assert sqs.bodies(other) == ["c"]


def test_a_message_that_is_moved_back_is_a_new_one(sqs, pair):
    source, dead = pair
    sent = sqs.send(source)
    sqs.receive(source)
    sqs.receive(source)
    sqs.advance(50)
    start(sqs, dead)
    finish(sqs, dead)
    now = sqs.server.advance(0)
    (message,) = sqs.receive(source, AttributeNames=["All"])
    assert message["MessageId"] != sent["MessageId"]
    found = message["Attributes"]
    assert found["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in found
    assert now - int(found["SentTimestamp"]) < 50_000


def test_a_task_moves_messages_to_another_queue(sqs, pair):
    source, dead = pair
    target = sqs.queue()
    die(sqs, source, "a", "b", "c")
    start(sqs, dead, DestinationArn=arn(target))
    task = finish(sqs, dead)
    assert (task["Status"], task["DestinationArn"], task["SourceArn"]) == ("COMPLETED", arn(target), arn(dead))
    assert sorted(sqs.bodies(target)) == ["a", "b", "c"]
    assert sqs.counts(source) == (0, 0, 0)


def test_a_handle_names_task_and_source(sqs, pair):
    source, dead = pair
    die(sqs, source, "a")
    found = json.loads(base64.b64decode(start(sqs, dead)))
    assert set(found) == {"taskId", "sourceArn"}
    assert found["sourceArn"] == arn(dead)
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["taskId"])


def test_a_task_has_a_rate_and_shows_its_progress(sqs, pair):
    source, dead = pair
    die(sqs, source, *(str(nth) for nth in range(40)))
    now = sqs.server.advance(0)
    handle = start(sqs, dead, MaxNumberOfMessagesPerSecond=5)
    (task,) = tasks(sqs, dead)
    assert (task["Status"], task["TaskHandle"], task["StartedTimestamp"]) == ("RUNNING", handle, now)
    assert (task["SourceArn"], task["MaxNumberOfMessagesPerSecond"]) == (arn(dead), 5)
    assert (task["ApproximateNumberOfMessagesToMove"], "DestinationArn" in task) == (40, False)
    sqs.advance(2)
    moved = tasks(sqs, dead)[0]["ApproximateNumberOfMessagesMoved"]
    assert 5 <= moved <= 15
    assert sqs.counts(dead)[0] == 40 - moved
    task = finish(sqs, dead)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 40)
    assert 6_000 <= sqs.server.advance(0) - now <= 10_000
    assert "TaskHandle" not in task


def test_a_task_is_cancelled(sqs, pair):
    source, dead = pair
    die(sqs, source, *(str(nth) for nth in range(20)))
    handle = start(sqs, dead, MaxNumberOfMessagesPerSecond=1)
    sqs.advance(3)
    moved = sqs("CancelMessageMoveTask", TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    assert 1 <= moved <= 5
    assert tasks(sqs, dead)[0]["Status"] in ("CANCELLING", "CANCELLED")
    task = finish(sqs, dead)
    assert (task["Status"], "TaskHandle" in task) == ("CANCELLED", False)
    left = sqs.counts(dead)[0]
    sqs.advance(60)
    assert sqs.counts(dead)[0] == left >= 15
    sqs.refused(INVALID, "Only active tasks can be cancelled.", "CancelMessageMoveTask", TaskHandle=handle)


def test_one_task_runs_at_a_time(sqs, pair):
    source, dead = pair
    die(sqs, source, *"abcdef")
    start(sqs, dead, MaxNumberOfMessagesPerSecond=1)
    said = "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
    sqs.refused(INVALID, said, "StartMessageMoveTask", SourceArn=arn(dead))
    finish(sqs, dead)
    start(sqs, dead)


def test_tasks_are_listed_newest_first(sqs, pair):
    source, dead = pair
    started = []
    for nth in range(12):
        die(sqs, source, "a")
        start(sqs, dead)
        finish(sqs, dead)
        started.append(tasks(sqs, dead, 1)[0]["StartedTimestamp"])
        sqs.bodies(source, VisibilityTimeout=43_200)
        sqs.advance(1)
    found = [task["StartedTimestamp"] for task in tasks(sqs, dead)]
    assert found == sorted(started, reverse=True)[:10]
    assert len(sqs("ListMessageMoveTasks", SourceArn=arn(dead))["Results"]) == 1
    assert len(tasks(sqs, dead, 3)) == 3


def test_a_queue_without_tasks_has_none(sqs, pair):
    assert sqs("ListMessageMoveTasks", SourceArn=arn(pair[1])) == {}


def test_a_task_whose_destination_is_deleted_fails(sqs, pair):
    source, dead = pair
    target = sqs.queue()
    die(sqs, source, *(str(nth) for nth in range(10)))
    start(sqs, dead, DestinationArn=arn(target), MaxNumberOfMessagesPerSecond=1)
    sqs("DeleteQueue", QueueUrl=target)
    task = finish(sqs, dead)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")


def test_a_task_does_not_know_where_messages_belong_that_were_sent_to_the_dead_letter_queue(sqs, pair):
    _, dead = pair
    sqs.send(dead)
    start(sqs, dead)
    task = finish(sqs, dead)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert sqs.counts(dead) == (1, 0, 0)


def test_a_task_of_fifo_queues_keeps_their_order(sqs):
    dead = sqs.queue(fifo=True)
    source = sqs.queue(fifo=True, ContentBasedDeduplication="true", VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    for nth in range(5):
        sqs.send(source, str(nth), MessageGroupId="g")
    for _ in range(2):
        sqs.receive(source)
    assert sqs.counts(dead) == (5, 0, 0)
    start(sqs, dead)
    assert finish(sqs, dead)["Status"] == "COMPLETED"
    assert sqs.bodies(source) == list("01234")


REFUSED_STARTS = [
    ("no source", {}, MISSING, "The request must contain the parameter SourceArn."),
    ("a name as source", {"SourceArn": "queue"}, INVALID, FORM.format("SourceArn")),
    ("a source that is gone", {"SourceArn": NONE}, NOT_FOUND, GONE.format("SourceArn")),
    ("a source that is not one", {"SourceArn": "{source}"}, INVALID, "Source queue must be configured as a Dead Letter Queue."),
    ("a destination that is gone", {"SourceArn": "{dead}", "DestinationArn": NONE}, NOT_FOUND, GONE.format("DestinationArn")),
    ("a name as destination", {"SourceArn": "{dead}", "DestinationArn": "queue"}, INVALID, FORM.format("DestinationArn")),
    ("nothing that is right", {"SourceArn": "{source}", "DestinationArn": NONE}, INVALID, "Source queue must be configured as a Dead Letter Queue."),
    ("back to itself", {"SourceArn": "{dead}", "DestinationArn": "{dead}"}, INVALID, "Source queue arn and destination queue arn cannot be the same."),
    ("into a fifo queue", {"SourceArn": "{dead}", "DestinationArn": "{fifo}"}, INVALID,
     "The source queue and destination queue must be of the same queue type."),
    *[(f"at {rate} a second", {"SourceArn": "{dead}", "MaxNumberOfMessagesPerSecond": rate}, INVALID,
       "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.")
      for rate in (0, -1, 501)],
]


@pytest.mark.parametrize("request_, code, said", [row[1:] for row in REFUSED_STARTS], ids=[row[0] for row in REFUSED_STARTS])
def test_a_task_may_not_be_started(sqs, pair, request_, code, said):
    arns = {"{source}": arn(pair[0]), "{dead}": arn(pair[1]), "{fifo}": arn(sqs.queue(fifo=True))}
    sqs.refused(code, said, "StartMessageMoveTask", **{name: arns.get(value, value) for name, value in request_.items()})


@pytest.mark.parametrize("rate", [1, 500])
def test_a_rate_may_be_at_either_edge(sqs, pair, rate):
    source, dead = pair
    die(sqs, source, "a")
    start(sqs, dead, MaxNumberOfMessagesPerSecond=rate)
    assert finish(sqs, dead)["ApproximateNumberOfMessagesMoved"] == 1


def task_handle(source, task="0" * 8 + "-0000-0000-0000-" + "0" * 12):
    return base64.b64encode(json.dumps({"taskId": task, "sourceArn": source}, separators=(",", ":")).encode()).decode()


def test_a_task_may_not_be_cancelled(sqs, pair):
    cancel = "CancelMessageMoveTask"
    sqs.refused(MISSING, "The request must contain the parameter TaskHandle.", cancel)
    for handle in ("garbage", "!!!", base64.b64encode(b"{}").decode()):
        sqs.refused(INVALID, "Value for parameter TaskHandle is invalid.", cancel, TaskHandle=handle)
    sqs.refused(NOT_FOUND, GONE.format("SourceArn"), cancel, TaskHandle=task_handle(NONE))
    sqs.refused(NOT_FOUND, "Task does not exist.", cancel, TaskHandle=task_handle(arn(pair[1])))


def test_an_empty_task_handle_has_a_text_of_its_own(sqs):
    sqs.refused(INVALID, "The TaskHandle parameter is required.", "CancelMessageMoveTask", TaskHandle="")


def test_tasks_may_not_be_listed(sqs, pair):
    tasks = "ListMessageMoveTasks"
    sqs.refused(MISSING, "The request must contain the parameter SourceArn.", tasks)
    sqs.refused(INVALID, FORM.format("SourceArn"), tasks, SourceArn="queue")
    sqs.refused(NOT_FOUND, GONE.format("SourceArn"), tasks, SourceArn=NONE)
    for most in (0, 11, -1):
        said = "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10."
        sqs.refused(INVALID, said, tasks, SourceArn=arn(pair[1]), MaxResults=most)
