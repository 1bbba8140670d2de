"""First-in-first-out queues: order, groups, duplicates, attempts, sequence numbers, and their dead letters."""

import hashlib
import re

import pytest
from sqs import INVALID, MISSING, arn, entry, redrive, text

NO_ID = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
NO_GROUP = "The request must contain the parameter MessageGroupId."


@pytest.fixture
def url(sqs):
    return sqs.queue(fifo=True, ContentBasedDeduplication="true")


def fill(sqs, url, *bodies):
    """Sends `g1-m1` to the group `g1`, and so on."""
    for body in bodies:
        sqs.send(url, body, MessageGroupId=body.split("-")[0])


# ---- what a message must have


def test_a_message_must_have_a_group_and_an_id(sqs):
    url = sqs.queue(fifo=True)
    sqs.refused(MISSING, NO_GROUP, "SendMessage", QueueUrl=url, MessageBody="a", MessageDeduplicationId="d")
    sqs.refused(INVALID, NO_ID, "SendMessage", QueueUrl=url, MessageBody="a", MessageGroupId="g")
    good = entry("a", MessageGroupId="g", MessageDeduplicationId="d")
    sqs.refused(INVALID, NO_GROUP, "SendMessageBatch", QueueUrl=url, Entries=[good, entry("b", MessageDeduplicationId="e")])
    sqs.refused(INVALID, NO_ID, "SendMessageBatch", QueueUrl=url, Entries=[good, entry("b", MessageGroupId="g")])
    assert sqs.counts(url) == (0, 0, 0)


@pytest.mark.parametrize("value", ["", "x" * 129, "a b", "ä"], ids=["empty", "129", "blank", "umlaut"])
def test_a_deduplication_id_may_not_be(sqs, url, value):
    said = (f"Value {value} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include "
            "alphanumeric and punctuation characters. 1 to 128 in length.")
    sqs.refused(INVALID, said, "SendMessage", QueueUrl=url, MessageBody="a", MessageGroupId="g", MessageDeduplicationId=value)


@pytest.mark.parametrize("seconds", [1, 900])
def test_a_message_has_no_delay_of_its_own(sqs, url, seconds):
    said = (f"Value {seconds} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for "
            "this queue type.")
    sqs.refused(INVALID, said, "SendMessage", QueueUrl=url, MessageBody="a", MessageGroupId="g", DelaySeconds=seconds)


def test_a_delay_of_0_does_not_override_that_of_the_queue(sqs):
    url = sqs.queue(fifo=True, ContentBasedDeduplication="true", DelaySeconds=10)
    sqs.send(url, MessageGroupId="g", DelaySeconds=0)
    assert sqs.bodies(url) == []
    sqs.advance(10)
    assert sqs.bodies(url) == ["body"]


def test_sequence_numbers_have_20_digits_and_grow(sqs, url):
    found = [sqs.send(url, str(nth), MessageGroupId=f"g{nth % 3}")["SequenceNumber"] for nth in range(6)]
    answer = sqs("SendMessageBatch", QueueUrl=url, Entries=[entry(str(nth), f"b{nth}", MessageGroupId="g") for nth in range(10)])
    found += [each["SequenceNumber"] for each in answer["Successful"]]
    assert all(re.fullmatch("[0-9]{20}", number) for number in found)
    assert found == sorted(set(found))


# ---- duplicates


def test_a_duplicate_is_answered_like_the_first_and_not_delivered(sqs):
    url = sqs.queue(fifo=True)
    first = sqs.send(url, "one", MessageGroupId="g", MessageDeduplicationId="d")
    again = sqs.send(url, "two", MessageGroupId="other", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert sqs.counts(url) == (1, 0, 0)
    (message,) = sqs.receive(url)
    assert message["Body"] == "one"
    sqs.delete(url, message)
    assert sqs.send(url, "three", MessageGroupId="g", MessageDeduplicationId="d")["MessageId"] == first["MessageId"]
    assert sqs.counts(url) == (0, 0, 0)


def test_an_id_is_remembered_for_5_minutes_from_the_first_send(sqs):
    url = sqs.queue(fifo=True)
    request = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = sqs.send(url, **request)["MessageId"]
    sqs.advance(299)
    assert sqs.send(url, **request)["MessageId"] == first
    sqs.advance(2)
    assert sqs.send(url, **request)["MessageId"] != first, "a duplicate does not make it longer"
    assert sqs.counts(url) == (2, 0, 0)


def test_the_id_of_a_body_is_its_sha_256(sqs, url):
    first = sqs.send(url, "one", MessageGroupId="g", MessageAttributes={"a": text("x")})
    again = sqs.send(url, "one", MessageGroupId="g", MessageAttributes={"a": text("y")})
    assert again["MessageId"] == first["MessageId"]
    own = sqs.send(url, "one", MessageGroupId="g", MessageDeduplicationId="own")
    assert own["MessageId"] != first["MessageId"], "an id that is given counts more"
    digest = hashlib.sha256(b"one").hexdigest()
    assert sqs.send(url, "other", MessageGroupId="g", MessageDeduplicationId=digest)["MessageId"] == first["MessageId"]
    found = [message["Attributes"]["MessageDeduplicationId"] for message in sqs.receive(url, AttributeNames=["MessageDeduplicationId"])]
    assert found == [digest, "own"]


@pytest.mark.parametrize("scope, delivered", [("queue", 1), ("messageGroup", 2)])
def test_ids_are_of_the_queue_or_of_the_group(sqs, scope, delivered):
    url = sqs.queue(fifo=True, DeduplicationScope=scope)
    for group in ("a", "b", "a"):
        sqs.send(url, MessageGroupId=group, MessageDeduplicationId="d")
    assert sqs.counts(url) == (delivered, 0, 0)


@pytest.mark.parametrize("before, after, delivered", [("queue", "messageGroup", 1), ("messageGroup", "queue", 2)])
def test_the_scope_stays_that_of_the_creation(sqs, before, after, delivered):
    url = sqs.queue(fifo=True, DeduplicationScope=before)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DeduplicationScope": after})
    assert sqs.attributes(url, "DeduplicationScope") == {"DeduplicationScope": after}
    for group in ("a", "b"):
        sqs.send(url, MessageGroupId=group, MessageDeduplicationId="d")
    assert sqs.counts(url) == (delivered, 0, 0)


def test_a_purge_forgets_ids(sqs, url):
    first = sqs.send(url, MessageGroupId="g")["MessageId"]
    sqs("PurgeQueue", QueueUrl=url)
    assert sqs.send(url, MessageGroupId="g")["MessageId"] != first
    assert sqs.bodies(url) == ["body"]


def test_a_duplicate_in_a_batch_is_found(sqs, url):
    answer = sqs("SendMessageBatch", QueueUrl=url, Entries=[entry(id, "same", MessageGroupId="g") for id in "abc"])
    assert len({each["MessageId"] for each in answer["Successful"]}) == 1
    assert [each["Id"] for each in answer["Successful"]] == ["a", "b", "c"]
    assert sqs.counts(url) == (1, 0, 0)


# ---- order and groups


def test_a_receive_takes_all_of_a_group_before_the_next(sqs, url):
    fill(sqs, url, "g1-m1", "g2-m1", "g1-m2", "g2-m2", "g1-m3")
    assert sqs.bodies(url, 4) == ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]


def test_a_batch_keeps_its_order(sqs, url):
    sqs("SendMessageBatch", QueueUrl=url, Entries=[entry(str(nth), str(nth), MessageGroupId="g") for nth in range(10)])
    assert sqs.bodies(url) == [str(nth) for nth in range(10)]


def test_a_group_is_blocked_while_one_of_its_messages_is_in_flight(sqs, url):
    fill(sqs, url, "g1-m1", "g1-m2", "g1-m3", "g2-m1")
    first, second = sqs.receive(url, 2)
    assert sqs.bodies(url) == ["g2-m1"]
    sqs.delete(url, first)
    assert sqs.bodies(url) == [], "one of two is still in flight"
    sqs.delete(url, second)
    assert sqs.bodies(url) == ["g1-m3"]


def test_deleting_what_is_in_flight_wakes_a_long_poll(sqs, url):
    fill(sqs, url, "g-m1", "g-m2")
    (first,) = sqs.receive(url, 1)
    waiting = sqs.waiting(url, WaitTimeSeconds=20)
    assert not waiting.is_over(0.1)
    sqs.delete(url, first)
    assert waiting.bodies() == ["g-m2"]


def test_a_message_whose_time_is_over_comes_again_before_later_ones(sqs, url):
    fill(sqs, url, "g-m1", "g-m2")
    assert sqs.bodies(url, 1) == ["g-m1"]
    sqs.advance(31)
    assert sqs.bodies(url) == ["g-m1", "g-m2"]


@pytest.mark.parametrize("extended, delivered", [(0, []), (1, ["g-m0"]), (2, ["g-m0", "g-m1"])])
def test_what_comes_before_a_message_that_is_hidden_longer_is_delivered(sqs, url, extended, delivered):
    fill(sqs, url, "g-m0", "g-m1", "g-m2")
    received = sqs.receive(url, VisibilityTimeout=1)
    sqs.hide(url, received[extended], 4)
    sqs.advance(2.5)
    assert sqs.bodies(url) == delivered


def test_a_message_made_visible_comes_after_other_groups_and_alone(sqs, url):
    fill(sqs, url, "g1-m1", "g1-m2", "g2-m1")
    first, _ = sqs.receive(url, 2)
    sqs.hide(url, first, 0)
    assert sqs.bodies(url) == ["g2-m1", "g1-m1"]


def test_groups_take_turns(sqs, url):
    fill(sqs, url, "g1-m1", "g1-m2", "g2-m1", "g2-m2", "g3-m1")
    assert sqs.bodies(url, 3, VisibilityTimeout=0) == ["g1-m1", "g1-m2", "g2-m1"]
    assert sqs.bodies(url) == ["g3-m1", "g1-m1", "g1-m2", "g2-m1", "g2-m2"]


def test_blocked_messages_count_as_there(sqs, url):
    fill(sqs, url, "g1-m1", "g1-m2", "g2-m1", "g2-m2", "g3-m1", "g3-m2")
    assert len(sqs.receive(url, 2)) == 2
    assert sqs.counts(url) == (4, 2, 0)


def test_a_thousand_groups_do_not_wait_for_each_other(sqs, url):
    names = [f"g{nth}-m" for nth in range(100)]
    for start in range(0, 100, 10):
        sqs("SendMessageBatch", QueueUrl=url, Entries=[
            entry(str(nth), names[start + nth], MessageGroupId=names[start + nth]) for nth in range(10)])
    found = [body for _ in range(10) for body in sqs.bodies(url)]
    assert sorted(found) == sorted(names)


# ---- handles


def test_a_handle_whose_time_is_over_is_refused(sqs, url):
    fill(sqs, url, "g-m1")
    (message,) = sqs.receive(url)
    sqs.advance(31)
    handle = message["ReceiptHandle"]
    said = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    sqs.refused(INVALID, said, "DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    failed = sqs("DeleteMessageBatch", QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handle}])["Failed"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in failed] == [("a", INVALID, True)]
    assert sqs.bodies(url) == ["g-m1"]


def test_a_handle_lives_as_long_as_its_message_is_hidden(sqs, url):
    fill(sqs, url, "g-m1")
    (message,) = sqs.receive(url)
    sqs.advance(20)
    sqs.hide(url, message, 60)
    sqs.advance(40)
    sqs.delete(url, message)
    assert sqs.counts(url) == (0, 0, 0)


def test_deleting_twice_is_no_error(sqs, url):
    fill(sqs, url, "g-m1")
    (message,) = sqs.receive(url)
    sqs.delete(url, message)
    sqs.delete(url, message)


# ---- attempts


def test_an_attempt_that_is_made_again_gives_the_same(sqs, url):
    fill(sqs, url, "g-m1", "g-m2", "h-m1")
    first = sqs.receive(url, 2, ReceiveRequestAttemptId="try")
    again = sqs.receive(url, 2, ReceiveRequestAttemptId="try")
    assert [message["Body"] for message in first] == ["g-m1", "g-m2"]
    assert [(message["Body"], message["ReceiptHandle"]) for message in again] == [(message["Body"], message["ReceiptHandle"]) for message in first]
    assert sqs.bodies(url, ReceiveRequestAttemptId="other") == ["h-m1"]


def test_an_attempt_made_again_hides_its_messages_anew(sqs, url):
    fill(sqs, url, "g-m1")
    sqs.receive(url, ReceiveRequestAttemptId="try")
    sqs.advance(20)
    assert len(sqs.receive(url, ReceiveRequestAttemptId="try")) == 1
    sqs.advance(20)
    assert sqs.bodies(url) == []
    sqs.advance(10)
    assert sqs.bodies(url) == ["g-m1"]


@pytest.mark.xfail(strict=True, reason="such an attempt is a new one here")
def test_an_attempt_whose_messages_are_deleted_is_refused(sqs, url):
    fill(sqs, url, "g-m1")
    (message,) = sqs.receive(url, ReceiveRequestAttemptId="try")
    sqs.delete(url, message)
    sqs.refused(INVALID, None, "ReceiveMessage", QueueUrl=url, ReceiveRequestAttemptId="try")


@pytest.mark.parametrize("value", ["x" * 129, "a b", "ä"], ids=["129", "blank", "umlaut"])
def test_an_attempt_id_may_not_be(sqs, url, value):
    sqs.refused(INVALID, None, "ReceiveMessage", QueueUrl=url, ReceiveRequestAttemptId=value)


# ---- dead letters


def test_dead_letters_keep_group_and_id(sqs, url):
    dead = sqs.queue(fifo=True)
    source = sqs.queue(fifo=True, VisibilityTimeout=0, RedrivePolicy=redrive(dead, 1))
    sent = sqs.send(source, MessageGroupId="g", MessageDeduplicationId="d")
    now = sqs.server.advance(0)
    sqs.receive(source)
    sqs.advance(7)
    assert sqs.bodies(source) == []
    (moved,) = sqs.receive(dead, AttributeNames=["All"])
    found = moved["Attributes"]
    assert moved["MessageId"] == sent["MessageId"]
    assert (found["MessageGroupId"], found["MessageDeduplicationId"], found["DeadLetterQueueSourceArn"]) == ("g", "d", arn(source))
    assert found["ApproximateReceiveCount"] == "2"
    assert found["SentTimestamp"] == str(now + 7000), "its retention starts anew"


def test_a_group_goes_on_when_one_of_its_messages_is_dead(sqs):
    dead = sqs.queue(fifo=True)
    url = sqs.queue(fifo=True, ContentBasedDeduplication="true", RedrivePolicy=redrive(dead, 1))
    fill(sqs, url, "g-m1", "g-m2", "h-m1")
    assert sqs.bodies(url, 1, VisibilityTimeout=0) == ["g-m1"]
    found = [body for _ in range(3) for body in sqs.bodies(url, 1)]
    assert sorted(found) == ["g-m2", "h-m1"]
    assert sqs.bodies(dead) == ["g-m1"]


def test_a_dead_letter_queue_is_of_the_same_type(sqs, url):
    sqs.refused(INVALID, None, "SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": redrive(sqs.queue(), 1)})


# ---- delays and purges


def test_a_delayed_message_waits_with_its_queue(sqs):
    url = sqs.queue(fifo=True, ContentBasedDeduplication="true", DelaySeconds=10)
    fill(sqs, url, "g-m1")
    sqs.advance(5)
    fill(sqs, url, "g-m2")
    assert sqs.counts(url) == (0, 0, 2)
    sqs.advance(5)
    assert sqs.bodies(url) == ["g-m1"]


def test_a_purge_frees_groups(sqs, url):
    fill(sqs, url, "g-m1", "g-m2")
    sqs.receive(url, 1)
    sqs("PurgeQueue", QueueUrl=url)
    fill(sqs, url, "g-m3")
    assert sqs.bodies(url) == ["g-m3"]


def test_high_throughput_keeps_the_order_of_groups(sqs):
    url = sqs.queue(fifo=True, ContentBasedDeduplication="true", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    fill(sqs, url, *(f"g{nth % 3}-{nth:02}" for nth in range(30)))
    found = []
    while received := sqs.receive(url):
        found += [message["Body"] for message in received]
        for message in received:
            sqs.delete(url, message)
    for group in ("g0", "g1", "g2"):
        of_group = [body for body in found if body.startswith(group)]
        assert len(of_group) == 10 and of_group == sorted(of_group)
