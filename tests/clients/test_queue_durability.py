"""Producers and consumers at once, and the server killed under them."""

import random
import threading
import time
from collections import defaultdict

from botocore.exceptions import BotoCoreError, ClientError

from millpond import Server

TURNS = 4
VISIBILITY_SECONDS = 6
DELAY_SECONDS = 4
# A store that is opened after a kill takes it to be at most a second later than it is.
CLOCK_SECONDS = 1.5
QUEUES = ("load", "load.fifo")


def body_of(name, number):
    return f"{name} {number} " + str(number % 7) * (10 if number % 20 else 100_000)


def parse(body):
    """The name and the number of a message that is whole."""
    name, number = body.split(" ")[:2]
    assert body == body_of(name, int(number)), f"{name} {number} is not whole"
    return name, int(number)


class Ledger:
    """What the clients have done to one queue and were told of it, with the times on this side of the wire."""

    def __init__(self, name):
        self.name, self.is_fifo, self.lock = name, name.endswith(".fifo"), threading.Lock()
        self.send_began = {}                 # the first time
        self.sent = set()                    # acknowledged
        self.visible_from = {}               # of messages with a delay
        self.receives = []                   # (began, ended, [(message, message id)])
        self.delete_began = {}
        self.deleted = {}                    # when it was first acknowledged

    def check(self):
        """What no receive may have shown, by the receives so far."""
        last_received, ids = {}, defaultdict(set)
        of_group = defaultdict(list)
        for name, number in sorted(self.sent):
            of_group[name].append(number)
        for began, ended, messages in sorted(self.receives, key=lambda receive: receive[1]):
            for at, (message, message_id) in enumerate(messages):
                assert message in self.send_began, f"{message} was never sent"
                assert not self.deleted.get(message, began) < began, f"{message} came back after it was deleted"
                until = last_received.get(message, -VISIBILITY_SECONDS) + VISIBILITY_SECONDS - CLOCK_SECONDS
                assert ended >= until, f"{message} was received {until - ended:.3f} s before it was visible again"
                assert ended >= self.visible_from.get(message, 0) - CLOCK_SECONDS, f"{message} came before its time"
                last_received[message] = began
                ids[message].add(message_id)
                assert len(ids[message]) == 1, f"{message} is there twice"
                if self.is_fifo:
                    before = {(message[0], number) for number in of_group[message[0]] if number < message[1]}
                    before -= {other for other, _ in messages[:at]}
                    waiting = [other for other in before if not self.delete_began.get(other, ended) < ended]
                    assert not waiting, f"{message} came before {sorted(waiting)[:3]}"

    def count_bounds(self):
        least = len(self.sent - self.delete_began.keys())
        return least, len(self.send_began.keys() - self.deleted.keys())


class Turn:
    """One life of the server."""

    def __init__(self, server):
        self.server, self.acknowledged, self.killed = server, threading.Semaphore(0), threading.Event()

    def kill(self):
        self.killed.set()
        self.server.kill()
        assert "panicked" not in self.server.said(), self.server.said()


class Client(threading.Thread):
    """Works until the server is gone."""

    def __init__(self, turn, ledger):
        super().__init__()
        self.client, self.ledger, self.turn = turn.server.client("sqs"), ledger, turn
        self.queue = self.client.get_queue_url(QueueName=ledger.name)["QueueUrl"]
        self.failure = None

    def run(self):
        try:
            while True:
                self.work()
                self.turn.acknowledged.release()
        except Exception as error:
            is_killed = self.turn.killed.is_set() and isinstance(error, BotoCoreError)
            self.failure = None if is_killed else error


class Producer(Client):
    """Sends messages under a name of its own, which is also their group: one by one, or several at once."""

    def __init__(self, turn, ledger, name, number):
        super().__init__(turn, ledger)
        self.label, self.number = name, number

    def entry(self, number):
        entry = {"MessageBody": body_of(self.label, number)}
        if self.ledger.is_fifo:
            # A message whose first send was not acknowledged is sent again under the same id.
            entry |= {"MessageGroupId": self.label, "MessageDeduplicationId": f"{self.label}.{number}"}
        elif number % 9 == 0:
            entry["DelaySeconds"] = DELAY_SECONDS
        return entry

    def work(self):
        count = 4 if self.number % 5 == 1 else 1
        numbers = range(self.number, self.number + count)
        with self.ledger.lock:
            for number in numbers:
                began = self.ledger.send_began.setdefault((self.label, number), time.monotonic())
                if number % 9 == 0 and not self.ledger.is_fifo:
                    self.ledger.visible_from[self.label, number] = began + DELAY_SECONDS
        if count == 1:
            self.client.send_message(QueueUrl=self.queue, **self.entry(self.number))
        else:
            entries = [{"Id": str(number), **self.entry(number)} for number in numbers]
            answer = self.client.send_message_batch(QueueUrl=self.queue, Entries=entries)
            assert len(answer["Successful"]) == count, answer
        with self.ledger.lock:
            self.ledger.sent |= {(self.label, number) for number in numbers}
        self.number += count


class Consumer(Client):
    """Receives messages, and deletes most of them: one by one, or all at once."""

    def __init__(self, turn, ledger, seed):
        super().__init__(turn, ledger)
        self.random = random.Random(seed)

    def receive(self, count, wait):
        """The messages, and until when they certainly are this consumer's."""
        began = time.monotonic()
        answer = self.client.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=count, WaitTimeSeconds=wait)
        messages = [(parse(message["Body"]), message) for message in answer.get("Messages", [])]
        with self.ledger.lock:
            self.ledger.receives.append(
                (began, time.monotonic(), [(name, message["MessageId"]) for name, message in messages]))
        return messages, began + VISIBILITY_SECONDS - CLOCK_SECONDS

    def delete(self, messages, until, at_once):
        with self.ledger.lock:
            self.ledger.delete_began.update({name: time.monotonic() for name, _ in messages})
        handles = [message["ReceiptHandle"] for _, message in messages]
        try:
            if at_once and handles:
                entries = [{"Id": str(at), "ReceiptHandle": handle} for at, handle in enumerate(handles)]
                answer = self.client.delete_message_batch(QueueUrl=self.queue, Entries=entries)
                assert len(answer["Successful"]) == len(handles) or time.monotonic() > until, answer
            else:
                for handle in handles:
                    self.client.delete_message(QueueUrl=self.queue, ReceiptHandle=handle)
        except ClientError:
            # The receipts of a first-in-first-out queue end with the visibility timeout.
            if time.monotonic() <= until:
                raise
        # On a machine that slow it may have been another consumer's by then: what was answered says nothing.
        if time.monotonic() <= until:
            with self.ledger.lock:
                for name, _ in messages:
                    self.ledger.deleted.setdefault(name, time.monotonic())

    def work(self):
        messages, until = self.receive(self.random.randint(1, 10), wait=self.random.randint(0, 1))
        # A message that is left holds up its group until it is visible again.
        kept = len(messages) if self.random.random() < 0.1 else 0
        self.delete(messages[: len(messages) - self.random.randint(0, kept)], until, at_once=self.random.random() < 0.5)


def counts(client, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    attributes = client.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return [int(attributes[name]) for name in names]


def drain(server, ledger):
    """Receives and deletes everything, until the queue says that there is nothing left."""
    consumer = Consumer(Turn(server), ledger, seed=0)
    end = time.monotonic() + 120
    while any(counts(consumer.client, consumer.queue)):
        assert time.monotonic() < end, f"{ledger.name} does not become empty: {counts(consumer.client, consumer.queue)}"
        consumer.delete(*consumer.receive(10, wait=1), at_once=True)


def test_what_was_acknowledged_of_queues_survives_kills_under_load(tmp_path):
    server = Server(tmp_path / "store")
    try:
        ledgers = [Ledger(name) for name in QUEUES]
        for ledger in ledgers:
            kind = {"FifoQueue": "true"} if ledger.is_fifo else {}
            server.client("sqs").create_queue(
                QueueName=ledger.name, Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS), **kind})
        numbers = defaultdict(int)
        for number in range(TURNS):
            turn = Turn(server)
            everyone = []
            for ledger in ledgers:
                everyone += [Producer(turn, ledger, name, numbers[ledger.name, name]) for name in ("a", "b", "c")]
                everyone += [Consumer(turn, ledger, f"{number} {consumer}") for consumer in range(3)]
            for client in everyone:
                client.start()
            for _ in range(random.randint(150, 600)):
                assert turn.acknowledged.acquire(timeout=60), "nothing was acknowledged for a minute"
            turn.kill()
            for client in everyone:
                client.join()
            for client in everyone:
                if client.failure:
                    raise client.failure
                if isinstance(client, Producer):
                    # A standard queue would not know again what was under way.
                    numbers[client.ledger.name, client.label] = client.number + (0 if client.ledger.is_fifo else 10)
            server = Server(tmp_path / "store")
            for ledger in ledgers:
                client = server.client("sqs")
                found = sum(counts(client, client.get_queue_url(QueueName=ledger.name)["QueueUrl"]))
                least, most = ledger.count_bounds()
                assert least <= found <= most, f"{ledger.name} counts {found}, not {least} to {most}"
                ledger.check()
        for ledger in ledgers:
            drain(server, ledger)
            ledger.check()
            # The last receive of each has deleted it.
            lost = ledger.sent - ledger.delete_began.keys()
            assert not lost, f"{ledger.name} has acknowledged these, and they are not there: {sorted(lost)[:10]}"
            assert len(ledger.sent) > 100
    finally:
        server.kill()
