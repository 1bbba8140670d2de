"""First-in-first-out topics: order, deduplication and its scope, and what they keep to be replayed."""

import datetime
import hashlib
import json
import re
import threading

import pytest
from sns import INVALID, entry, queue_arn, text

WINDOW = 300
DAY = 86_400


def publish(sns, topic, message, group="group", deduplication=None, **more):
    return sns.publish(topic, message, MessageGroupId=group, **({"MessageDeduplicationId": deduplication} if deduplication else {}), **more)


def drained(sns, url):
    """The bodies in the order in which they come, group by group."""
    found, some = [], True
    while some:
        some = sns.bodies(url)
        found += some
    return found


# ---- order


def test_a_message_has_its_place(sns):
    topic = sns.topic(fifo=True)
    url = sns.queue(topic, fifo=True)
    sent = [publish(sns, topic, f"{nth}", deduplication=f"{nth}") for nth in range(5)]
    numbers = [each["SequenceNumber"] for each in sent]
    assert all(re.fullmatch("[0-9]{20}", number) for number in numbers) and numbers == sorted(set(numbers))
    messages = sns.received(url)
    envelopes = [sns.envelope(message["Body"]) for message in messages]
    assert [(each["MessageId"], each["SequenceNumber"]) for each in envelopes] == [(each["MessageId"], each["SequenceNumber"]) for each in sent]
    assert [each["Attributes"]["MessageDeduplicationId"] for each in messages] == [f"{nth}" for nth in range(5)]
    assert {each["Attributes"]["MessageGroupId"] for each in messages} == {"group"}


def test_each_queue_has_the_order_of_the_topic(sns):
    topic = sns.topic(fifo=True, ContentBasedDeduplication="true")
    urls = [sns.raw_queue(topic, fifo=True) for _ in range(4)]
    for nth in range(12):
        publish(sns, topic, f"{nth}", group=f"{nth % 3}")
    entries = [entry(f"e{nth}", f"{nth}", MessageGroupId=f"{nth % 3}") for nth in range(12, 22)]
    sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    for url in urls:
        found = [int(body) for body in drained(sns, url)]
        assert sorted(found) == list(range(22))
        for group in range(3):
            assert [nth for nth in found if nth % 3 == group] == list(range(group, 22, 3))


def test_publishers_at_once_have_one_order(sns, topic_server):
    topic = sns.topic(fifo=True)
    urls = [sns.raw_queue(topic, fifo=True) for _ in range(3)]
    sent, lock = {}, threading.Lock()

    def run(name):
        client = topic_server.client("sns")
        for nth in range(12):
            body = f"{name}.{nth}"
            # One group for all: they share one order.
            answer = client.publish(TopicArn=topic, Message=body, MessageGroupId="all", MessageDeduplicationId=body)
            with lock:
                sent[answer["SequenceNumber"]] = body

    threads = [threading.Thread(target=run, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order = [sent[number] for number in sorted(sent)]
    assert len(order) == 96
    assert [drained(sns, url) for url in urls] == [order] * 3


def test_a_standard_queue_gets_no_group(sns):
    topic = sns.topic(fifo=True, ContentBasedDeduplication="true")
    url = sns.queue(topic)
    publish(sns, topic, "Test")
    (message,) = sns.received(url)
    assert not {"MessageGroupId", "MessageDeduplicationId", "SequenceNumber"} & message["Attributes"].keys()
    assert sns.envelope(message["Body"])["Message"] == "Test"


def test_raw_messages_have_their_attributes(sns):
    topic = sns.topic(fifo=True)
    url = sns.raw_queue(topic, fifo=True)
    publish(sns, topic, "raw", deduplication="a", MessageAttributes={"a": text("b")})
    (message,) = sns.received(url)
    assert (message["Body"], message["MessageAttributes"]) == ("raw", {"a": text("b")})


# ---- deduplication


@pytest.mark.parametrize("by_content", [True, False])
def test_a_message_is_published_once_in_five_minutes(sns, by_content):
    topic = sns.topic(fifo=True, ContentBasedDeduplication=str(by_content).lower())
    url = sns.raw_queue(topic, fifo=True)
    again = {} if by_content else {"deduplication": "message-deduplication-id-1"}
    first = publish(sns, topic, "Test", **again)
    assert publish(sns, topic, "Test", **again) == first
    sns.advance(WINDOW - 1)
    assert publish(sns, topic, "Test" if by_content else "other", **again) == first
    (message,) = sns.received(url)
    expected = hashlib.sha256(b"Test").hexdigest() if by_content else "message-deduplication-id-1"
    assert message["Attributes"]["MessageDeduplicationId"] == expected
    sns.advance(2)
    second = publish(sns, topic, "Test", **again)
    assert second["MessageId"] != first["MessageId"] and second["SequenceNumber"] > first["SequenceNumber"]
    assert sns.bodies(url) == ["Test"]


def test_an_id_that_is_given_comes_before_the_content(sns):
    topic = sns.topic(fifo=True, ContentBasedDeduplication="true")
    url = sns.raw_queue(topic, fifo=True)
    for deduplication in ("a", "b", None, hashlib.sha256(b"same").hexdigest()):
        publish(sns, topic, "same", deduplication=deduplication)
    assert sns.bodies(url) == ["same"] * 3


def test_attributes_are_no_content(sns):
    topic = sns.topic(fifo=True, ContentBasedDeduplication="true")
    url = sns.raw_queue(topic, fifo=True)
    publish(sns, topic, "same", MessageAttributes={"a": text("b")})
    publish(sns, topic, "same", MessageAttributes={"a": text("c")})
    assert sns.bodies(url) == ["same"]


@pytest.mark.parametrize("scope, bodies", [(None, ["a"]), ("Topic", ["a"]), ("MessageGroup", ["a", "b"])])
def test_the_scope_of_deduplication(sns, scope, bodies):
    topic = sns.topic(fifo=True, **({"FifoThroughputScope": scope} if scope else {}))
    url = sns.sqs.queue(fifo=True, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    sns.subscribe(topic, "sqs", queue_arn(url), RawMessageDelivery="true")
    publish(sns, topic, "a", "one", "same")
    publish(sns, topic, "b", "other", "same")
    assert sorted(drained(sns, url)) == bodies


def test_a_batch_is_deduplicated(sns):
    topic = sns.topic(fifo=True, ContentBasedDeduplication="true")
    url = sns.raw_queue(topic, fifo=True)
    entries = [entry("1", "a", MessageGroupId="g"), entry("2", "b", MessageGroupId="g"), entry("3", "a", MessageGroupId="g")]
    answer = sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert answer["Failed"] == []
    one, two, three = answer["Successful"]
    assert (one["MessageId"], one["SequenceNumber"]) == (three["MessageId"], three["SequenceNumber"])
    assert one["SequenceNumber"] < two["SequenceNumber"]
    assert sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"] == answer["Successful"]
    assert sns.bodies(url) == ["a", "b"]


def test_topics_do_not_know_the_ids_of_each_other(sns):
    first, second = sns.topic(fifo=True), sns.topic(fifo=True)
    url = sns.raw_queue(second, fifo=True)
    publish(sns, first, "a", deduplication="same")
    publish(sns, second, "b", deduplication="same")
    assert sns.bodies(url) == ["b"]


def test_a_filter_drops_messages_of_a_group(sns):
    topic = sns.topic(fifo=True)
    url = sns.raw_queue(topic, fifo=True, FilterPolicy='{"kind":["wanted"]}')
    for nth in range(6):
        publish(sns, topic, f"{nth}", deduplication=f"{nth}", MessageAttributes={"kind": text("wanted" if nth % 2 else "other")})
    assert sns.bodies(url) == ["1", "3", "5"]


# ---- the archive


def iso(millis):
    return datetime.datetime.fromtimestamp(millis / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def archive(sns, days=30, **more):
    return sns.topic(fifo=True, ArchivePolicy=json.dumps({"MessageRetentionPeriod": str(days)}), ContentBasedDeduplication="true", **more)


def replay(start, end=None):
    return json.dumps({"PointType": "Timestamp", "StartingPoint": iso(start), **({"EndingPoint": iso(end)} if end else {})})


def replayed(sns, topic, start, end=None, **attributes):
    """Has a new queue get what was published from then on; gives the queue and the subscription."""
    url = sns.sqs.queue(fifo=True)
    attributes = {"RawMessageDelivery": "true", **attributes}
    subscription = sns.subscribe(topic, "sqs", queue_arn(url), ReplayPolicy=replay(start, end), **attributes)
    return url, subscription


def complete(sns, subscription):
    """The replay is made beside the requests: it is waited for."""
    for _ in range(2_000):
        status = sns.subscription_attributes(subscription)["ReplayStatus"]
        if status == "Completed":
            return
        assert status in ("Pending", "In progress"), status
        sns.advance(0.01)
    raise AssertionError(f"the replay is {status}")


def test_an_archive_is_replayed_from_a_time(sns):
    topic = archive(sns)
    times = []
    for body in "abcdef":
        times.append(sns.advance(10))
        publish(sns, topic, body)
        sns.advance(10)
    url, subscription = replayed(sns, topic, times[2])
    complete(sns, subscription)
    assert drained(sns, url) == ["c", "d", "e", "f"]
    publish(sns, topic, "g")
    assert drained(sns, url) == ["g"]


def test_a_replay_ends_at_a_time_and_nothing_comes_after_it(sns):
    topic = archive(sns)
    times = []
    for body in "abcdef":
        times.append(sns.advance(10))
        publish(sns, topic, body)
        sns.advance(10)
    url, subscription = replayed(sns, topic, times[1], times[4] - 5_000)
    complete(sns, subscription)
    assert drained(sns, url) == ["b", "c", "d"]
    publish(sns, topic, "g")
    assert drained(sns, url) == []


def test_what_is_replayed_is_the_same_message(sns):
    topic = archive(sns)
    first = sns.queue(topic, fifo=True)
    start = sns.advance(10)
    sent = publish(sns, topic, "kept", Subject="subject", MessageAttributes={"a": text("b")})
    (original,) = sns.envelopes(first)
    sns.advance(DAY)
    url, subscription = replayed(sns, topic, start, RawMessageDelivery="false")
    complete(sns, subscription)
    (again,) = sns.envelopes(url)
    for name in ("MessageId", "SequenceNumber", "Timestamp", "Message", "Subject", "MessageAttributes"):
        assert again[name] == original[name], name
    assert again["MessageId"] == sent["MessageId"]


def test_a_replay_looks_at_the_filter_policy(sns):
    topic = archive(sns)
    start = sns.advance(10)
    for nth in range(6):
        publish(sns, topic, f"{nth}", MessageAttributes={"kind": text("wanted" if nth % 2 else "other")})
    url, subscription = replayed(sns, topic, start, FilterPolicy='{"kind":["wanted"]}')
    complete(sns, subscription)
    assert drained(sns, url) == ["1", "3", "5"]


def test_an_archive_forgets(sns):
    topic = archive(sns, days=1)
    start = sns.advance(10)
    publish(sns, topic, "old")
    sns.advance(DAY / 2)
    publish(sns, topic, "younger")
    sns.advance(DAY / 2 + 60)
    beginning = sns.topic_attributes(topic)["BeginningArchiveTime"]
    assert datetime.datetime.fromisoformat(beginning).timestamp() * 1000 > start
    url, subscription = replayed(sns, topic, sns.advance(0) - int(DAY * 1000 * 0.9))
    complete(sns, subscription)
    assert drained(sns, url) == ["younger"]


def test_a_subscription_is_replayed_later(sns):
    topic = archive(sns)
    start = sns.advance(10)
    url = sns.raw_queue(topic, fifo=True)
    publish(sns, topic, "a")
    assert drained(sns, url) == ["a"]
    sns.advance(WINDOW * 2)  # else the queue itself would know them again
    (subscription,) = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    sns.set_subscription(subscription["SubscriptionArn"], "ReplayPolicy", replay(start))
    complete(sns, subscription["SubscriptionArn"])
    assert drained(sns, url) == ["a"]


def test_a_topic_with_an_archive_is_not_deleted(sns):
    topic = archive(sns)
    sns.refused(("InvalidState", INVALID), None, "DeleteTopic", TopicArn=topic)
    sns.set_topic(topic, "ArchivePolicy", "{}")
    sns("DeleteTopic", TopicArn=topic)


@pytest.mark.parametrize("policy", [
    "{", "[]", '{"PointType":"Timestamp"}', '{"PointType":"Offset","StartingPoint":"2026-01-01T00:00:00.000Z"}',
    '{"PointType":"Timestamp","StartingPoint":"yesterday"}',
])
def test_what_a_replay_policy_may_not_be(sns, policy):
    topic = archive(sns)
    request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue_arn(sns.sqs.queue(fifo=True))}
    sns.refused(INVALID, None, "Subscribe", Attributes={"ReplayPolicy": policy}, **request)


def test_a_replay_needs_an_archive(sns):
    topic = sns.topic(fifo=True)
    request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue_arn(sns.sqs.queue(fifo=True))}
    sns.refused(INVALID, None, "Subscribe", Attributes={"ReplayPolicy": replay(sns.advance(0))}, **request)
