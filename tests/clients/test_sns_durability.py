"""Publishers at once, and the server killed under them: a message is in all durable queues of its topic or in none, and one that was
acknowledged is in all of them, and reaches whoever else has subscribed."""

import collections
import json
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError

from millpond import Server
from sns import INVALID, Sns, queue_arn, text
from sns_web import Web

TURNS = 4
STANDARD_QUEUES, FIFO_QUEUES = 8, 4
PATIENCE_SECONDS = 90


def body_of(name, number):
    return f"{name} {number} " + str(number % 7) * (10 if number % 20 else 20_000)


def parse(body):
    """The name and the number of a message that is whole."""
    name, number = body.split(" ")[:2]
    assert body == body_of(name, int(number)), f"{name} {number} is not whole"
    return name, int(number)


class Ledger:
    """What was published to one topic, and what of it was acknowledged."""

    def __init__(self, topic, queues):
        self.topic, self.queues, self.lock = topic, queues, threading.Lock()
        self.is_fifo = topic.endswith(".fifo")
        self.began, self.acknowledged = set(), set()
        self.next = collections.defaultdict(int)


class Publisher(threading.Thread):
    """Publishes under a name of its own, which is also the group, until the server is gone: one by one, or several at once."""

    def __init__(self, server, ledger, name, killed, progress):
        super().__init__()
        self.client, self.ledger, self.label = server.client("sns"), ledger, name
        self.killed, self.progress, self.failure = killed, progress, None

    def more(self, number):
        # A message whose first publish was not acknowledged is published again under the same id.
        return {"MessageGroupId": self.label, "MessageDeduplicationId": f"{self.label}.{number}"} if self.ledger.is_fifo else {}

    def publish(self, number):
        count = 3 if number % 5 == 1 else 1
        numbers = range(number, number + count)
        with self.ledger.lock:
            self.ledger.began |= {(self.label, each) for each in numbers}
        if count == 1:
            self.client.publish(TopicArn=self.ledger.topic, Message=body_of(self.label, number), **self.more(number))
        else:
            entries = [{"Id": str(each), "Message": body_of(self.label, each), **self.more(each)} for each in numbers]
            answer = self.client.publish_batch(TopicArn=self.ledger.topic, PublishBatchRequestEntries=entries)
            assert len(answer["Successful"]) == count, answer
        with self.ledger.lock:
            self.ledger.acknowledged |= {(self.label, each) for each in numbers}
            self.ledger.next[self.label] = number + count

    def run(self):
        try:
            while True:
                self.publish(self.ledger.next[self.label])
                self.progress.release()
        except Exception as error:
            is_killed = self.killed.is_set() and isinstance(error, BotoCoreError)
            self.failure = None if is_killed else error


def drain(sns, url):
    """All that a queue has, in the order in which it comes."""
    found = []
    while True:
        messages = sns.sqs.receive(url, 10)
        if not messages:
            return found
        entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)]
        sns.sqs("DeleteMessageBatch", QueueUrl=url, Entries=entries)
        found += [parse(message["Body"]) for message in messages]


def start(directory, web):
    server = Server(directory / "store")
    sns = Sns(server)
    ledgers = []
    for fifo, count in ((False, STANDARD_QUEUES), (True, FIFO_QUEUES)):
        topic = sns.topic("load.fifo" if fifo else "load", fifo=fifo)
        ledgers.append(Ledger(topic, [sns.raw_queue(topic, fifo=fifo).rsplit("/", 1)[1] for _ in range(count)]))
    sns.subscribe(ledgers[0].topic, "http", web.url("/load"), RawMessageDelivery="true")
    sns.visit(web.take("/load").json()["SubscribeURL"])
    return server, ledgers


def turn(server, ledgers):
    """One life of the server, from now until it is killed."""
    killed, progress = threading.Event(), threading.Semaphore(0)
    publishers = [Publisher(server, ledger, name, killed, progress) for ledger in ledgers for name in ("a", "b", "c")]
    for publisher in publishers:
        publisher.start()
    for _ in range(random.randint(60, 250)):
        assert progress.acquire(timeout=60), "nothing was acknowledged for a minute"
    killed.set()
    server.kill()
    assert "panicked" not in server.said(), server.said()
    for publisher in publishers:
        publisher.join()
        if publisher.failure:
            raise publisher.failure
        if not publisher.ledger.is_fifo:
            # A standard topic would not know again what was under way.
            publisher.ledger.next[publisher.label] += 10


def check(ledger, found):
    """`found` are the messages of each queue."""
    one = sorted(found[0])
    for queue in found:
        assert sorted(queue) == one, f"a message is in some queues of {ledger.topic}, and not in others: {sorted(set(one) ^ set(queue))[:10]}"
        assert len(set(queue)) == len(queue), "a message is there twice"
    assert set(one) <= ledger.began, "a message was never published"
    lost = ledger.acknowledged - set(one)
    assert not lost, f"these were acknowledged, and are not there: {sorted(lost)[:10]}"
    assert len(ledger.acknowledged) > 50
    if ledger.is_fifo:
        for queue in found:
            for name in ("a", "b", "c"):
                numbers = [number for each, number in queue if each == name]
                assert numbers == sorted(numbers), f"{name} is out of order"


def test_a_message_is_in_all_queues_or_in_none_after_kills_under_load(tmp_path):
    web = Web()
    server, ledgers = start(tmp_path, web)
    try:
        for _ in range(TURNS):
            turn(server, ledgers)
            server = Server(tmp_path / "store")
        sns = Sns(server)
        for ledger in ledgers:
            urls = [sns.sqs("GetQueueUrl", QueueName=name)["QueueUrl"] for name in ledger.queues]
            assert {each["Endpoint"] for each in sns("ListSubscriptionsByTopic", TopicArn=ledger.topic)["Subscriptions"]
                    if each["Protocol"] == "sqs"} == {queue_arn(url) for url in urls}
            check(ledger, [drain(sns, url) for url in urls])
        heard, end = set(), time.monotonic() + PATIENCE_SECONDS
        while not ledgers[0].acknowledged <= heard:
            assert time.monotonic() < end, f"these never came: {sorted(ledgers[0].acknowledged - heard)[:10]}"
            heard.add(parse(web.take("/load", PATIENCE_SECONDS).body.decode()))
        assert heard <= ledgers[0].began
    finally:
        server.kill()
        web.stop()


@pytest.mark.parametrize("kills", [True, False])
def test_all_that_is_known_of_topics_is_known_after_a_restart(tmp_path, kills):
    def restart(server=None):
        if server and kills:
            server.kill()
        elif server:
            assert server.stop() == 0
        server = Server(tmp_path / "store", "--manual-clock")
        return server, Sns(server)

    server, sns = restart()
    web = Web()
    try:
        policy = '{"kind":["wanted",{"prefix":"a"}]}'
        topic = sns.topic("kept", tags={"a": "b"}, DisplayName="shown", SignatureVersion="2")
        sns("PutDataProtectionPolicy", ResourceArn=topic, DataProtectionPolicy='{"Name":"a","Version":"2021-06-01","Statement":[]}')
        sns("AddPermission", TopicArn=topic, Label="one", AWSAccountId=["111122223333"], ActionName=["Publish"])
        name = sns.raw_queue(topic, FilterPolicy=policy).rsplit("/", 1)[1]
        sns.subscribe(topic, "http", web.url("/pending"))
        asked = web.take("/pending").json()
        fifo = sns.topic("kept.fifo", fifo=True, ArchivePolicy='{"MessageRetentionPeriod":"30"}')
        once = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
        first = sns.publish(fifo, "once", **once)
        shown = [sns.topic_attributes(each) for each in (topic, fifo)]
        listed = sns("ListSubscriptionsByTopic", TopicArn=topic)

        server, sns = restart(server)
        # The address that clients use is another one, and what was given before is not told by it.
        again = [sns.topic_attributes(each) for each in (topic, fifo)]
        for each in (*shown, *again):
            each.pop("BeginningArchiveTime", None)
        assert again == shown
        assert sns("ListSubscriptionsByTopic", TopicArn=topic) == listed
        assert sns("ListTagsForResource", ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "b"}]
        assert json.loads(sns("GetDataProtectionPolicy", ResourceArn=topic)["DataProtectionPolicy"])["Name"] == "a"
        assert sns("ConfirmSubscription", TopicArn=topic, Token=asked["Token"])["SubscriptionArn"].startswith(topic)
        assert sns.publish(fifo, "once", **once) == first, "it is known again"
        assert sns.publish(fifo, "next", **{**once, "MessageDeduplicationId": "e"})["SequenceNumber"] > first["SequenceNumber"]
        for kind in ("wanted", "other", "also"):
            sns.publish(topic, kind, MessageAttributes={"kind": text(kind)})
        assert sorted(sns.bodies(sns.sqs("GetQueueUrl", QueueName=name)["QueueUrl"])) == ["also", "wanted"]
        got = {web.take("/pending").json()["Message"] for _ in range(3)}
        assert got == {"wanted", "other", "also"}
        sns.refused(INVALID, None, "CreateTopic", Name="kept", Attributes={"DisplayName": "other"})
    finally:
        server.kill()
        web.stop()


def test_the_key_is_kept(tmp_path):
    server = Server(tmp_path / "store")
    certificates = []
    try:
        for _ in range(2):
            sns = Sns(server)
            url = sns.queue(sns.topic())
            (subscription,) = [each for page in sns.pages("ListSubscriptions", "Subscriptions") for each in page if each["Endpoint"] == queue_arn(url)]
            sns.publish(subscription["TopicArn"])
            (envelope,) = sns.envelopes(url)
            certificates.append(server.ask("GET", envelope["SigningCertURL"].removeprefix(server.url))[2])
            server.kill()
            server = Server(tmp_path / "store")
        assert certificates[0] == certificates[1]
    finally:
        server.kill()
