"""What Shoryuken, the queue worker of Ruby, asks for with an SDK that speaks the Query protocol: by plain HTTP.

Neither it nor an SDK is here: the requests are those that it makes, unsigned, and the answers are read as XML.
"""

import base64
import collections
import hashlib
import http.client
import itertools
import json
import struct
import threading
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest

VERSION = "2012-11-05"
NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
VISIBILITY_SECONDS = 2
MESSAGES = 200
WORKERS = 6
MAX_RECEIVES = 3
_numbers = itertools.count(1)


class Refused(Exception):
    def __init__(self, status, error):
        self.status = status
        self.kind, self.code, self.message = (error.findtext(name) for name in ("Type", "Code", "Message"))
        super().__init__(f"{status} {self.code}: {self.message}")


def flat(parameters):
    """Parameters as the protocol writes them: {"A": [{"B": 1}]} is A.1.B=1. Lists count from 1 and have no "member"."""
    for name, value in parameters.items():
        if isinstance(value, dict):
            pairs = value
        elif isinstance(value, list):
            pairs = {str(n): part for n, part in enumerate(value, 1)}
        else:
            yield name, str(value)
            continue
        yield from ((f"{name}.{rest}", text) for rest, text in flat(pairs))


class Query:
    """A client of one thread, on one connection."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=30)

    def send(self, action, path="/", method="POST", **parameters):
        """The status, headers and root element of an answer."""
        form = urllib.parse.urlencode(
            sorted({"Action": action, "Version": VERSION, **dict(flat(parameters))}.items()), quote_via=urllib.parse.quote
        )
        if method == "GET":
            self.connection.request("GET", f"{path}?{form}")
        else:
            headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Accept-Encoding": ""}
            self.connection.request(method, path, form, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        assert text.startswith('<?xml version="1.0"?><'), text
        # No element has another namespace, so it may go, for paths that are easy to read.
        assert text.count("xmlns") == text.count(f'xmlns="{NAMESPACE}"') == 1, text
        root = ElementTree.fromstring(text.replace(f' xmlns="{NAMESPACE}"', "", 1))
        return answer.status, answer.headers, root

    def call(self, action, path="/", **parameters):
        """The result of an action that is not refused."""
        status, headers, root = self.send(action, path, **parameters)
        assert headers.get_content_type() == "text/xml"
        if status != 200:
            assert [child.tag for child in root] == ["Error", "RequestId"] and root.tag == "ErrorResponse"
            raise Refused(status, root.find("Error"))
        assert root.tag == f"{action}Response"
        request_id = root.findtext("ResponseMetadata/RequestId")
        assert str(uuid.UUID(request_id)) == request_id == headers["x-amzn-RequestId"]
        return root.find(f"{action}Result")

    def at(self, url, action, **parameters):
        """An action of a queue: at its own address, and with it."""
        return self.call(action, urllib.parse.urlsplit(url).path, QueueUrl=url, **parameters)


def md5_of(attributes):
    """As the SDK sums up attributes, which are `(name, type, value)`."""
    digest = hashlib.md5()
    for name, kind, value in sorted(attributes):
        for part in (name, kind):
            digest.update(struct.pack(">I", len(part.encode())) + part.encode())
        value = value if isinstance(value, bytes) else value.encode()
        digest.update((b"\x02" if kind.startswith("Binary") else b"\x01") + struct.pack(">I", len(value)) + value)
    return digest.hexdigest()


class Message:
    """A message as it is received, whose checksums are right."""

    def __init__(self, element):
        self.id, self.handle, self.body = (element.findtext(name) for name in ("MessageId", "ReceiptHandle", "Body"))
        assert element.findtext("MD5OfBody") == hashlib.md5(self.body.encode()).hexdigest()
        self.system = {found.findtext("Name"): found.findtext("Value") for found in element.findall("Attribute")}
        self.attributes = []
        for found in element.findall("MessageAttribute"):
            value = found.find("Value")
            binary = value.findtext("BinaryValue")
            content = base64.b64decode(binary) if binary is not None else value.findtext("StringValue")
            self.attributes.append((found.findtext("Name"), value.findtext("DataType"), content))
        expected = md5_of(self.attributes) if self.attributes else None
        assert element.findtext("MD5OfMessageAttributes") == expected


def named(attributes):
    """Attributes that are sent, of their names, types and values."""
    return [
        {"Name": name, "Value": {"DataType": kind} | (
            {"BinaryValue": base64.b64encode(value).decode()} if isinstance(value, bytes) else {"StringValue": value}
        )}
        for name, kind, value in attributes
    ]


@pytest.fixture
def query(server):
    query = Query(server)
    yield query
    query.connection.close()


@pytest.fixture
def make_queue(query):
    made = []

    def make(suffix="", **attributes):
        given = [{"Name": name, "Value": value} for name, value in attributes.items()]
        result = query.call("CreateQueue", QueueName=f"shoryuken-{next(_numbers)}{suffix}", Attribute=given)
        made.append(result.findtext("QueueUrl"))
        return made[-1]

    yield make
    for url in made:
        assert query.at(url, "DeleteQueue") is None


def queue_attributes(query, url, *names):
    result = query.at(url, "GetQueueAttributes", AttributeName=list(names))
    return {found.findtext("Name"): found.findtext("Value") for found in result.findall("Attribute")}


def left(query, url):
    found = queue_attributes(query, url, "All")
    return [int(found[f"ApproximateNumberOfMessages{name}"]) for name in ("", "NotVisible", "Delayed")]


# What a worker asks when it starts


def test_a_worker_learns_of_its_queues(query, make_queue):
    dead = make_queue()
    [dead_arn] = queue_attributes(query, dead, "QueueArn").values()
    policy = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}
    url = make_queue(VisibilityTimeout=VISIBILITY_SECONDS, RedrivePolicy=json.dumps(policy))
    ordered = make_queue(".fifo", FifoQueue="true")
    name = url.rsplit("/", 1)[1]
    assert query.call("GetQueueUrl", QueueName=name).findtext("QueueUrl") == url
    assert queue_attributes(query, url, "VisibilityTimeout") == {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    assert json.loads(queue_attributes(query, url, "RedrivePolicy")["RedrivePolicy"]) == policy
    # Asked of a queue that is none of FIFO, the attribute is not there, which is how Shoryuken tells them apart.
    assert queue_attributes(query, url, "FifoQueue") == {}
    assert queue_attributes(query, ordered, "FifoQueue") == {"FifoQueue": "true"}
    assert dead_arn.rsplit(":", 1)[1] == dead.rsplit("/", 1)[1]
    urls = query.call("ListQueues", QueueNamePrefix="shoryuken-").findall("QueueUrl")
    assert {dead, url, ordered} <= {found.text for found in urls}
    sources = query.at(dead, "ListDeadLetterSourceQueues").findall("QueueUrl")
    assert [found.text for found in sources] == [url]


def test_what_is_refused_is_an_error_of_the_service(query, make_queue):
    url = make_queue()
    nowhere = url + "-not"
    for request, status, code, message in [
        ({"action": "GetQueueUrl", "QueueName": "nowhere"}, 400, "AWS.SimpleQueueService.NonExistentQueue",
         "The specified queue does not exist for this wsdl version."),
        ({"action": "ReceiveMessage", "QueueUrl": nowhere}, 400, "AWS.SimpleQueueService.NonExistentQueue",
         "The specified queue does not exist for this wsdl version."),
        ({"action": "DeleteMessage", "QueueUrl": url, "ReceiptHandle": '<"&">'}, 404, "ReceiptHandleIsInvalid",
         'The input receipt handle "<"&">" is not a valid receipt handle.'),
        ({"action": "ReceiveMessage", "QueueUrl": url, "MaxNumberOfMessages": 11}, 400, "InvalidParameterValue",
         "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."),
        ({"action": "SendMessage", "QueueUrl": url}, 400, "MissingParameter",
         "The request must contain the parameter MessageBody."),
    ]:
        with pytest.raises(Refused) as raised:
            query.call(**request)
        refused = raised.value
        assert (refused.status, refused.kind, refused.code, refused.message) == (status, "Sender", code, message)


# How messages go and come


def test_messages_keep_their_texts_and_attributes(query, make_queue):
    url = make_queue()
    attributes = [
        ("shoryuken_class", "String", "ActiveJob::QueueAdapters::ShoryukenAdapter::JobWrapper"),
        ("pi", "Number.float", "3.14"), ("raw", "Binary.gzip", bytes(range(256))), ("name", "String", "Zażółć <&> 😀"),
    ]
    for body in ['{"job": "<&>\'\\"", "name": "Zażółć 😀"}', "a+b %41 &amp; \t\r\n\n end ", "]]>", " "]:
        sent = query.at(url, "SendMessage", MessageBody=body, MessageAttribute=named(attributes), DelaySeconds=0)
        assert sent.findtext("MD5OfMessageBody") == hashlib.md5(body.encode()).hexdigest()
        assert sent.findtext("MD5OfMessageAttributes") == md5_of(attributes)
        [element] = query.at(
            url, "ReceiveMessage", MaxNumberOfMessages=10, AttributeName=["All"], MessageAttributeName=["All"],
        ).findall("Message")
        message = Message(element)
        assert (message.id, message.body) == (sent.findtext("MessageId"), body)
        assert sorted(message.attributes) == sorted(attributes)
        assert sorted(message.system) == [
            "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp"
        ]
        assert query.at(url, "DeleteMessage", ReceiptHandle=message.handle) is None
    assert len(query.at(url, "ReceiveMessage")) == 0


def test_batches_tell_of_each_entry(query, make_queue):
    url = make_queue()
    attributes = [("shoryuken_class", "String", "Worker")]
    sent = query.at(url, "SendMessageBatch", SendMessageBatchRequestEntry=[
        {"Id": "good", "MessageBody": "1", "MessageAttribute": named(attributes)},
        {"Id": "late", "MessageBody": "2", "DelaySeconds": 900},
        {"Id": "bad", "MessageBody": "3", "DelaySeconds": 901},
    ])
    good, late = sent.findall("SendMessageBatchResultEntry")
    assert (good.findtext("Id"), good.findtext("MD5OfMessageAttributes")) == ("good", md5_of(attributes))
    assert (late.findtext("Id"), late.find("MD5OfMessageAttributes")) == ("late", None)
    [bad] = sent.findall("BatchResultErrorEntry")
    assert [bad.findtext(name) for name in ("Id", "Code", "SenderFault")] == ["bad", "InvalidParameterValue", "true"]
    [element] = query.at(url, "ReceiveMessage", MaxNumberOfMessages=10).findall("Message")
    handle = Message(element).handle
    changed = query.at(url, "ChangeMessageVisibilityBatch", ChangeMessageVisibilityBatchRequestEntry=[
        {"Id": "0", "ReceiptHandle": handle, "VisibilityTimeout": 100},
        {"Id": "1", "ReceiptHandle": "x", "VisibilityTimeout": 100},
    ])
    assert sorted((entry.tag, entry.findtext("Id")) for entry in changed) == [
        ("BatchResultErrorEntry", "1"), ("ChangeMessageVisibilityBatchResultEntry", "0")
    ]
    deleted = query.at(url, "DeleteMessageBatch", DeleteMessageBatchRequestEntry=[{"Id": "0", "ReceiptHandle": handle}])
    assert [(entry.tag, entry.findtext("Id")) for entry in deleted] == [("DeleteMessageBatchResultEntry", "0")]
    assert left(query, url) == [0, 0, 1]


def test_older_clients_send_less_and_more(query, make_queue):
    """GET at the queue's address, without QueueUrl but with a signature of version 2, and names that are not numbered."""
    path = urllib.parse.urlsplit(make_queue()).path
    signed = {
        "AWSAccessKeyId": "any", "SignatureVersion": 2, "SignatureMethod": "HmacSHA256", "Signature": "bm90IGNoZWNrZWQ=",
        "Timestamp": "2013-01-01T00:00:00Z",
    }
    sent = query.call("SendMessage", path, method="GET", MessageBody="a b+c", **signed, **{
        "MessageAttribute.1.Name": "k", "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "v",
    })
    found = query.call("ReceiveMessage", path, method="GET", AttributeName="All", MessageAttributeName="All", **signed)
    message = Message(found.find("Message"))
    assert (message.id, message.body, message.attributes) == (sent.findtext("MessageId"), "a b+c", [("k", "String", "v")])
    assert message.system["ApproximateReceiveCount"] == "1"
    assert query.call("DeleteMessage", path, method="GET", ReceiptHandle=message.handle, **signed) is None


# Workers at work


class Worker:
    """Fetches, handles, extends, backs off and deletes, as Shoryuken's middleware does."""

    def __init__(self, server, url, finished):
        self.query, self.extender = Query(server), Query(server)
        self.url, self.finished = url, finished
        self.attempts = []  # of messages: body, receive count, when it was received
        self.held, self.lock = {}, threading.Lock()

    def run(self):
        while not self.finished.is_set():
            received = self.query.at(
                self.url, "ReceiveMessage", MaxNumberOfMessages=10, WaitTimeSeconds=1,
                AttributeName=["All"], MessageAttributeName=["All"],
            )
            messages = [Message(element) for element in received.findall("Message")]
            if not messages:
                continue
            for message in messages:
                self.attempts.append((message.body, int(message.system["ApproximateReceiveCount"]), time.monotonic()))
            self.held = {message.id: message for message in messages}
            done = threading.Event()
            with ThreadPoolExecutor(1) as pool:
                extending = pool.submit(self.extend, done)
                try:
                    for message in messages:
                        self.handle(message)
                finally:
                    done.set()
                extending.result(timeout=10)
            self.delete(list(self.held.values()))

    def handle(self, message):
        assert message.attributes == [("shoryuken_class", "String", "Worker")]
        count = int(message.system["ApproximateReceiveCount"])
        if kind(message) == "poison" or (kind(message) == "flaky" and count == 1):
            with self.lock:
                del self.held[message.id]
                self.hide(self.query, message, 2 ** (count - 1))  # exponential backoff: 1 s, 2 s, 4 s
        if kind(message) == "slow":
            time.sleep(1.5 * VISIBILITY_SECONDS)

    def extend(self, done):
        """Keeps the messages hidden that are not done."""
        while not done.wait(VISIBILITY_SECONDS / 4):
            with self.lock:
                for message in self.held.values():
                    self.hide(self.extender, message, VISIBILITY_SECONDS)

    def hide(self, query, message, seconds):
        changed = query.at(self.url, "ChangeMessageVisibility", ReceiptHandle=message.handle, VisibilityTimeout=seconds)
        assert changed is None

    def delete(self, messages):
        if messages:
            entries = [{"Id": n, "ReceiptHandle": message.handle} for n, message in enumerate(messages)]
            deleted = self.query.at(self.url, "DeleteMessageBatch", DeleteMessageBatchRequestEntry=entries)
            results = deleted.findall("DeleteMessageBatchResultEntry")
            assert [entry.findtext("Id") for entry in results] == [str(n) for n in range(len(messages))]


def kind(message):
    return message.body.split()[0]


def test_workers_handle_all_messages_with_retries_and_dead_letters(server, query, make_queue):
    dead = make_queue()
    [dead_arn] = queue_attributes(query, dead, "QueueArn").values()
    url = make_queue(
        VisibilityTimeout=VISIBILITY_SECONDS,
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": MAX_RECEIVES}),
    )
    attribute = named([("shoryuken_class", "String", "Worker")])
    kinds = {0: "flaky", 10: "poison", 20: "flaky", 25: "slow", 30: "poison"}
    bodies = [f"{kinds.get(n % 40, 'plain')} {n}" for n in range(MESSAGES)]
    for start in range(0, MESSAGES, 10):
        sent = query.at(url, "SendMessageBatch", SendMessageBatchRequestEntry=[
            {"Id": n, "MessageBody": bodies[n], "MessageAttribute": attribute} for n in range(start, start + 10)
        ])
        assert len(sent.findall("SendMessageBatchResultEntry")) == 10

    finished = threading.Event()
    workers = [Worker(server, url, finished) for _ in range(WORKERS)]
    poison = sorted(body for body in bodies if body.startswith("poison"))
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(worker.run) for worker in workers]
        end = time.monotonic() + 40
        while left(query, url) != [0, 0, 0] and time.monotonic() < end and not any(run.done() for run in running):
            time.sleep(0.1)
        finished.set()
        for run in running:
            run.result(timeout=20)
    assert left(query, url) == [0, 0, 0]

    attempts = collections.defaultdict(list)
    for body, count, at in sorted(itertools.chain(*(worker.attempts for worker in workers)), key=lambda seen: seen[2]):
        attempts[body].append((count, at))
    expected = {"plain": 1, "slow": 1, "flaky": 2, "poison": MAX_RECEIVES}
    counts = {body: [count for count, _ in attempts[body]] for body in bodies}
    assert counts == {body: list(range(1, expected[body.split()[0]] + 1)) for body in bodies}
    for times in attempts.values():
        for n, ((_, before), (_, after)) in enumerate(itertools.pairwise(times)):
            assert after - before > 2 ** n - 0.1, "it came again before its backoff was over"

    assert left(query, dead) == [len(poison), 0, 0]
    buried = []
    while len(buried) < len(poison):
        received = query.at(dead, "ReceiveMessage", MaxNumberOfMessages=10, AttributeName=["All"], MessageAttributeName=["All"])
        assert len(received)
        buried += [Message(element) for element in received]
    assert sorted(message.body for message in buried) == poison
    for message in buried:
        assert message.system["DeadLetterQueueSourceArn"].rsplit(":", 1)[1] == url.rsplit("/", 1)[1]
        assert message.system["ApproximateReceiveCount"] == str(MAX_RECEIVES + 1)
        assert message.attributes == [("shoryuken_class", "String", "Worker")]
