"""What time does to messages, with a clock that stands still until a test moves it: visibility, delays, retention, long polls,
counts, dead letters, and the minute after a purge."""

import time

import pytest
from sqs import INVALID, LONG, arn, redrive, text

HOUR, DAY = 3600, 86_400
AT_ONCE = 10  # seconds within which a thread must have come back; nothing is slept for


@pytest.fixture
def url(sqs):
    return sqs.queue()


# ---- visibility


@pytest.mark.parametrize("of_queue, of_receive, hidden", [(None, None, 30), (5, None, 5), (5, 50, 50), (30, 1, 1), (43_200, None, 43_200), (1, 43_200, 43_200)])
def test_a_message_is_invisible_until_its_timeout_passes(sqs, of_queue, of_receive, hidden):
    url = sqs.queue(**({} if of_queue is None else {"VisibilityTimeout": of_queue}))
    sqs.send(url)
    more = {} if of_receive is None else {"VisibilityTimeout": of_receive}
    (first,) = sqs.receive(url, **more)
    assert sqs.counts(url) == (0, 1, 0)
    sqs.advance(hidden - 0.001)
    assert sqs.bodies(url) == []
    sqs.advance(0.001)
    assert sqs.counts(url) == (1, 0, 0)
    (second,) = sqs.receive(url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


@pytest.mark.parametrize("of_queue", [True, False])
def test_a_message_that_is_hidden_for_0_seconds_comes_again(sqs, of_queue):
    url = sqs.queue(VisibilityTimeout=0) if of_queue else sqs.queue()
    sqs.send(url)
    more = {} if of_queue else {"VisibilityTimeout": 0}
    handles = set()
    for count in "123":
        (message,) = sqs.receive(url, AttributeNames=["ApproximateReceiveCount"], **more)
        assert message["Attributes"] == {"ApproximateReceiveCount": count}
        handles.add(message["ReceiptHandle"])
    assert len(handles) == 3
    assert sqs.counts(url) == (1, 0, 0)


@pytest.mark.parametrize("seconds", [0, 1, 10, 100, 43_000])
def test_a_change_counts_from_when_it_is_made(sqs, url, seconds):
    sqs.send(url)
    (message,) = sqs.receive(url)
    sqs.advance(20)
    sqs.hide(url, message, seconds)
    if seconds:
        sqs.advance(seconds - 0.001)
        assert sqs.bodies(url) == []
        sqs.advance(0.001)
    assert len(sqs.bodies(url)) == 1


@pytest.mark.parametrize("passed, seconds", [(1, 43_200), (100, 43_101), (40_000, 3201)])
def test_a_message_is_in_flight_for_at_most_12_hours_in_all(sqs, url, passed, seconds):
    sqs.send(url)
    (message,) = sqs.receive(url, VisibilityTimeout=43_200)
    sqs.advance(passed)
    said = (f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond "
            "the limit [43200 seconds]")
    refused = sqs.refused(INVALID, None, "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds)
    assert refused.message.rstrip(".") == said
    sqs.hide(url, message, 43_200 - passed - 1)


def test_a_message_that_is_deleted_is_gone(sqs, url):
    sqs.send(url)
    (message,) = sqs.receive(url)
    for _ in range(3):
        sqs.delete(url, message)
    assert sqs.counts(url) == (0, 0, 0)
    sqs.advance(31)
    assert sqs.bodies(url) == []
    handle = message["ReceiptHandle"]
    said = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
    sqs.refused(INVALID, said, "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)


def test_a_handle_whose_time_is_over_still_deletes(sqs, url):
    sqs.send(url)
    (message,) = sqs.receive(url)
    sqs.advance(31)
    sqs.delete(url, message)
    assert sqs.counts(url) == (0, 0, 0)


def test_deleting_with_the_handle_of_an_earlier_receive_is_no_error(sqs, url):
    sqs.send(url)
    (first,) = sqs.receive(url)
    sqs.advance(31)
    (second,) = sqs.receive(url)
    sqs.delete(url, first)
    sqs.delete(url, second)
    assert sqs.counts(url) == (0, 0, 0)


def test_a_message_that_is_visible_again_can_be_hidden_again(sqs, url):
    sqs.send(url)
    (message,) = sqs.receive(url)
    sqs.hide(url, message, 0)
    sqs.hide(url, message, 10)
    assert sqs.counts(url) == (0, 1, 0)
    assert sqs.bodies(url) == []
    sqs.advance(11)
    assert sqs.counts(url) == (1, 0, 0)
    sqs.hide(url, message, 10)
    assert sqs.counts(url) == (0, 1, 0)


# ---- delays


@pytest.mark.parametrize("of_queue, of_message, delay", [(10, None, 10), (10, 20, 20), (900, 1, 1), (0, 900, 900), (900, None, 900)])
def test_a_message_is_delayed(sqs, of_queue, of_message, delay):
    url = sqs.queue(DelaySeconds=of_queue)
    sqs.send(url, **({} if of_message is None else {"DelaySeconds": of_message}))
    assert sqs.counts(url) == (0, 0, 1)
    sqs.advance(delay - 0.001)
    assert sqs.bodies(url) == []
    sqs.advance(0.001)
    assert sqs.counts(url) == (1, 0, 0)
    assert sqs.bodies(url) == ["body"]


def test_a_delay_of_0_overrides_that_of_the_queue(sqs):
    url = sqs.queue(DelaySeconds=900)
    sqs.send(url, DelaySeconds=0)
    assert sqs.bodies(url) == ["body"]


def test_a_new_delay_of_a_standard_queue_is_for_new_messages(sqs):
    url = sqs.queue(DelaySeconds=10)
    sqs.send(url, "old")
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "100"})
    sqs.send(url, "new")
    sqs.advance(11)
    assert sqs.bodies(url) == ["old"]


def test_delays_in_a_batch_are_of_each_entry(sqs, url):
    entries = [{"Id": str(nth), "MessageBody": str(nth), "DelaySeconds": nth} for nth in range(4)]
    sqs("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert sqs.counts(url) == (1, 0, 3)
    for nth in range(4):
        assert sqs.bodies(url) == [str(nth)]
        sqs.advance(1)


# ---- retention


@pytest.mark.parametrize("retention", [60, HOUR, 345_600, 1_209_600])
def test_a_message_is_kept_for_as_long_as_its_queue_says(sqs, retention):
    url = sqs.queue(MessageRetentionPeriod=retention)
    sqs.send(url)
    sqs.advance(retention - 1)
    assert len(sqs.receive(url, VisibilityTimeout=0)) == 1
    sqs.advance(2)
    assert sqs.bodies(url) == []
    assert sqs.counts(url) == (0, 0, 0)


def test_a_message_in_flight_ends_with_its_retention(sqs):
    url = sqs.queue(MessageRetentionPeriod=60)
    sqs.send(url)
    (message,) = sqs.receive(url, VisibilityTimeout=HOUR)
    sqs.advance(61)
    assert sqs.counts(url) == (0, 0, 0)
    sqs.delete(url, message)
    sqs.advance(HOUR)
    assert sqs.bodies(url) == []


def test_a_delayed_message_ends_with_its_retention(sqs):
    url = sqs.queue(MessageRetentionPeriod=60)
    sqs.send(url, DelaySeconds=900)
    sqs.advance(61)
    assert sqs.counts(url) == (0, 0, 0)
    sqs.advance(900)
    assert sqs.bodies(url) == []


def test_a_new_retention_is_for_messages_that_are_there_too(sqs):
    url = sqs.queue(MessageRetentionPeriod=DAY)
    sqs.send(url)
    sqs.advance(100)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    assert sqs.bodies(url) == []


# ---- long polls


def test_a_long_poll_is_woken_by_a_message(sqs, url):
    waiting = sqs.waiting(url, WaitTimeSeconds=20)
    assert not waiting.is_over(0.1)
    sqs.send(url, "woken")
    assert waiting.bodies() == ["woken"]


@pytest.mark.parametrize("of_queue", [True, False])
def test_a_long_poll_is_ended_by_the_clock(sqs, of_queue):
    url = sqs.queue(ReceiveMessageWaitTimeSeconds=10) if of_queue else sqs.queue()
    waiting = sqs.waiting(url, **({} if of_queue else {"WaitTimeSeconds": 10}))
    assert not waiting.is_over(0.1)
    sqs.advance(9.9)
    assert not waiting.is_over(0.1)
    sqs.advance(0.2)
    assert waiting.bodies() == []
    assert waiting.answer == {}


@pytest.mark.parametrize("change", ["timeout", "delay", "visibility", "redrive"])
def test_a_long_poll_is_woken_by_what_becomes_visible(sqs, url, change):
    if change == "redrive":
        source = sqs.queue(RedrivePolicy=redrive(url, 1), VisibilityTimeout=0)
        sqs.send(source)
        sqs.receive(source)
    elif change == "delay":
        sqs.send(url, DelaySeconds=10)
    else:
        sqs.send(url)
        (message,) = sqs.receive(url, VisibilityTimeout=10)
    waiting = sqs.waiting(url, WaitTimeSeconds=20)
    assert not waiting.is_over(0.1)
    if change == "visibility":
        sqs.hide(url, message, 0)
    elif change == "redrive":
        sqs.receive(source)
    else:
        sqs.advance(10)
    assert waiting.bodies() == ["body"]


def test_a_wait_of_0_overrides_that_of_the_queue(sqs):
    url = sqs.queue(ReceiveMessageWaitTimeSeconds=20)
    before = time.monotonic()
    assert sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=0) == {}
    assert time.monotonic() - before < AT_ONCE


def test_a_long_poll_does_not_wait_for_more(sqs, url):
    sqs.send(url)
    assert sqs.bodies(url, 10, WaitTimeSeconds=20) == ["body"]


def test_one_message_wakes_one_of_many_long_polls(sqs, url):
    waiting = [sqs.waiting(url, WaitTimeSeconds=20) for _ in range(5)]
    assert not waiting[0].is_over(0.1)
    for nth in range(3):
        sqs.send(url, str(nth))
    time.sleep(0.05)
    sqs.advance(21)
    found = [body for each in waiting for body in each.bodies()]
    assert sorted(found) == ["0", "1", "2"]


def test_a_long_poll_of_a_queue_that_is_deleted_ends(sqs, url):
    waiting = sqs.waiting(url, WaitTimeSeconds=20)
    assert not waiting.is_over(0.1)
    sqs("DeleteQueue", QueueUrl=url)
    sqs.advance(21)
    assert waiting.is_over(AT_ONCE)


# ---- dead letters


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_message_moves_at_the_receive_after_the_last_that_is_allowed(sqs, most):
    dead = sqs.queue()
    url = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, most))
    sent = sqs.send(url, MessageAttributes={"a": text("x")}, MessageSystemAttributes={"AWSTraceHeader": text("Root=1")})
    at = sqs.receive(url, AttributeNames=["SentTimestamp"])[0]["Attributes"]["SentTimestamp"]
    for _ in range(most - 1):
        assert len(sqs.receive(url)) == 1
    sqs.advance(100)
    assert (sqs.counts(url), sqs.counts(dead)) == ((1, 0, 0), (0, 0, 0)), "time alone moves nothing"
    assert sqs.bodies(url) == []
    assert (sqs.counts(url), sqs.counts(dead)) == ((0, 0, 0), (1, 0, 0))
    (moved,) = sqs.receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (moved["MessageId"], moved["MessageAttributes"]) == (sent["MessageId"], {"a": text("x")})
    found = moved["Attributes"]
    assert (found["DeadLetterQueueSourceArn"], found["AWSTraceHeader"], found["SentTimestamp"]) == (arn(url), "Root=1", at)
    assert found["ApproximateReceiveCount"] == str(most + 1)


def test_a_receive_moves_some_and_gives_others(sqs):
    dead = sqs.queue()
    url = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    sqs.send(url, "tired")
    assert sqs.bodies(url) == ["tired"]
    sqs.send(url, "new")
    assert sqs.bodies(url) == ["new"]
    assert sqs.bodies(dead) == ["tired"]


def test_retention_of_a_dead_letter_runs_from_when_it_was_sent(sqs):
    dead = sqs.queue(MessageRetentionPeriod=100)
    url = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    sqs.send(url)
    sqs.receive(url)
    sqs.advance(80)
    sqs.receive(url)
    assert sqs.counts(dead) == (1, 0, 0)
    sqs.advance(21)
    assert sqs.counts(dead) == (0, 0, 0)


def test_without_a_policy_nothing_moves(sqs):
    dead = sqs.queue()
    url = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    sqs.send(url)
    sqs.receive(url)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": ""})
    for _ in range(3):
        assert len(sqs.receive(url)) == 1


def test_two_queues_that_are_each_others_dead_letter_queues(sqs):
    one = sqs.queue(VisibilityTimeout=0)
    other = sqs.queue(VisibilityTimeout=0, RedrivePolicy=redrive(one, 1))
    sqs("SetQueueAttributes", QueueUrl=one, Attributes={"RedrivePolicy": redrive(other, 1)})
    sqs.send(one)
    assert len(sqs.receive(one)) == 1
    for url in (one, other, one, other):
        sqs.receive(url)
    assert sum(sum(sqs.counts(url)) for url in (one, other)) == 1


# ---- counts and purges


def test_counts_are_of_what_is_there_in_flight_and_delayed(sqs, url):
    for _ in range(5):
        sqs.send(url)
    for _ in range(2):
        sqs.send(url, DelaySeconds=60)
    assert sqs.counts(url) == (5, 0, 2)
    received = sqs.receive(url, 3)
    assert sqs.counts(url) == (2, 3, 2)
    sqs.delete(url, received[0])
    sqs.hide(url, received[1], 0)
    assert sqs.counts(url) == (3, 1, 2)
    sqs.advance(60)
    assert sqs.counts(url) == (6, 0, 0)


def test_a_purge_takes_all_and_may_come_once_a_minute(sqs, url):
    for _ in range(3):
        sqs.send(url)
    sqs.send(url, DelaySeconds=10)
    (message,) = sqs.receive(url, 1)
    sqs("PurgeQueue", QueueUrl=url)
    assert sqs.counts(url) == (0, 0, 0)
    sqs.delete(url, message)
    sqs.advance(59)
    assert sqs.bodies(url) == []
    name = url.rsplit("/", 1)[1]
    said = f"Only one PurgeQueue operation on {name} is allowed every 60 seconds."
    sqs.refused(LONG + "PurgeQueueInProgress", said, "PurgeQueue", QueueUrl=url)
    sqs.send(url, "after")
    sqs.advance(2)
    sqs("PurgeQueue", QueueUrl=url)
    assert sqs.counts(url) == (0, 0, 0)


def test_purges_of_two_queues_do_not_meet(sqs, url):
    sqs("PurgeQueue", QueueUrl=url)
    sqs("PurgeQueue", QueueUrl=sqs.queue())


# ---- fair queues


def test_a_noisy_group_does_not_starve_others(sqs, url):
    # One tenant has a backlog and much in flight; a quiet one comes late and is served soon.
    for start in range(0, 200, 10):
        sqs("SendMessageBatch", QueueUrl=url, Entries=[
            {"Id": str(nth), "MessageBody": f"noisy {start + nth}", "MessageGroupId": "noisy"} for nth in range(10)])
    for _ in range(5):
        assert len(sqs.receive(url)) == 10
    sqs.send(url, "quiet", MessageGroupId="quiet")
    found = [body for _ in range(3) for body in sqs.bodies(url)]
    assert "quiet" in found


def test_messages_of_one_group_of_a_standard_queue_do_not_block_each_other(sqs, url):
    for nth in range(3):
        sqs.send(url, str(nth), MessageGroupId="g")
    assert sorted(body for _ in range(3) for body in sqs.bodies(url, 1)) == ["0", "1", "2"]
