"""Speaks SQS in both of its protocols: JSON by boto3, Query by hand. A call gives the same dictionary in either.

Every answer is looked at here, whichever test asks for it: content type, request id, the form of the envelope, and the
checksums of messages."""

import base64
import hashlib
import http.client
import itertools
import json
import re
import struct
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.session
from botocore.exceptions import ClientError

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
VERSION = "2012-11-05"
JSON_TYPE = "application/x-amz-json-1.0"
FORM_TYPE = "application/x-www-form-urlencoded"
MODEL = botocore.session.get_session().get_service_model("sqs")
ACCOUNT, REGION = "000000000000", "us-east-1"
# What the SDK would put there: services on one port are told apart by it.
SIGNED = (f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0")

SERVICE, FRAMEWORK = "com.amazonaws.sqs#", "com.amazon.coral.service#"
LONG = "AWS.SimpleQueueService."
# The code that Query shows, and JSON in a header: the type that JSON shows, and the status.
ERRORS = {
    LONG + "NonExistentQueue": (SERVICE + "QueueDoesNotExist", 400),
    "QueueAlreadyExists": (SERVICE + "QueueNameExists", 400),
    LONG + "QueueDeletedRecently": (SERVICE + "QueueDeletedRecently", 400),
    LONG + "PurgeQueueInProgress": (SERVICE + "PurgeQueueInProgress", 403),
    "InvalidAttributeName": (SERVICE + "InvalidAttributeName", 400),
    "InvalidAttributeValue": (SERVICE + "InvalidAttributeValue", 400),
    "InvalidParameterValue": (FRAMEWORK + "InvalidParameterValueException", 400),
    "MissingParameter": (FRAMEWORK + "MissingRequiredParameterException", 400),
    "InvalidMessageContents": (SERVICE + "InvalidMessageContents", 400),
    LONG + "EmptyBatchRequest": (SERVICE + "EmptyBatchRequest", 400),
    LONG + "TooManyEntriesInBatchRequest": (SERVICE + "TooManyEntriesInBatchRequest", 400),
    LONG + "BatchEntryIdsNotDistinct": (SERVICE + "BatchEntryIdsNotDistinct", 400),
    LONG + "InvalidBatchEntryId": (SERVICE + "InvalidBatchEntryId", 400),
    LONG + "BatchRequestTooLong": (SERVICE + "BatchRequestTooLong", 400),
    "ReceiptHandleIsInvalid": (SERVICE + "ReceiptHandleIsInvalid", 404),
    "OverLimit": (SERVICE + "OverLimit", 403),
    LONG + "UnsupportedOperation": (SERVICE + "UnsupportedOperation", 400),
    "ResourceNotFoundException": (SERVICE + "ResourceNotFoundException", 404),
    "InvalidAddress": (SERVICE + "InvalidAddress", 404),
    "InvalidAction": (FRAMEWORK + "UnknownOperationException", 400),
    "MalformedInput": (FRAMEWORK + "SerializationException", 400),
}
INVALID, MISSING, NO_QUEUE = "InvalidParameterValue", "MissingParameter", LONG + "NonExistentQueue"
BAD_NAME, BAD_VALUE = "InvalidAttributeName", "InvalidAttributeValue"
# The only text that depends on the protocol.
NO_SUCH_QUEUE = {
    "json": "The specified queue does not exist.",
    "query": "The specified queue does not exist for this wsdl version.",
}

# How Query calls what JSON calls otherwise: lists, and maps with the names of their keys.
LISTS = {
    "AWSAccountIds": "AWSAccountId", "Actions": "ActionName", "AttributeNames": "AttributeName", "TagKeys": "TagKey",
    "MessageAttributeNames": "MessageAttributeName", "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "StringListValues": "StringListValue", "BinaryListValues": "BinaryListValue",
}
MAPS = {
    "Attributes": ("Attribute", "Name"), "MessageAttributes": ("MessageAttribute", "Name"), "tags": ("Tag", "Key"),
    "MessageSystemAttributes": ("MessageSystemAttribute", "Name"), "Tags": ("Tag", "Key"),
}
ANSWERED_LISTS = {
    "Messages": "Message", "QueueUrls": "QueueUrl", "queueUrls": "QueueUrl", "Failed": "BatchResultErrorEntry",
    "Successful": "{}ResultEntry", "Results": "{}ResultEntry",
}

_numbers = itertools.count(1)


class Refused(Exception):
    def __init__(self, code, message, status, kind=None):
        super().__init__(f"{code} ({status}, {kind}): {message}")
        self.code, self.message, self.status, self.kind = code, message, status, kind


def flatten(value, prefix=""):
    """The parameters of a form, as pairs."""
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, dict):
        yield prefix, base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
        return
    for name, member in value.items():
        here = f"{prefix}.{name}" if prefix else name
        if isinstance(member, list):
            for nth, element in enumerate(member, 1):
                yield from flatten(element, f"{prefix}.{LISTS[name]}.{nth}" if prefix else f"{LISTS.get(name, name)}.{nth}")
        elif name in MAPS and isinstance(member, dict):
            element, key = MAPS[name]
            for nth, (its_name, its_value) in enumerate(member.items(), 1):
                at = f"{prefix}.{element}.{nth}" if prefix else f"{element}.{nth}"
                yield f"{at}.{key}", its_name
                yield from flatten(its_value, f"{at}.Value")
        elif member is not None:
            yield from flatten(member, here)


def form(operation, request):
    request = {f"{operation}RequestEntry" if name == "Entries" else name: value for name, value in request.items()}
    return [("Action", operation), ("Version", VERSION), *flatten(request)]


def read_xml(shape, element, operation):
    """The value of an element, of which every child is accounted for."""
    match shape.type_name:
        case "structure":
            read, left = {}, list(element)
            for name, member in shape.members.items():
                tag = ANSWERED_LISTS.get(name, name).format(operation)
                if member.type_name == "map":
                    tag = MAPS[name][0]
                found = [child for child in left if child.tag == f"{{{NAMESPACE}}}{tag}"]
                left = [child for child in left if child not in found]
                if not found:
                    continue
                if member.type_name == "list":
                    read[name] = [read_xml(member.member, child, operation) for child in found]
                elif member.type_name == "map":
                    key = MAPS[name][1]
                    pairs = [{child.tag.split("}")[1]: child for child in entry} for entry in found]
                    assert all(list(pair) == [key, "Value"] for pair in pairs), pairs
                    read[name] = {pair[key].text or "": read_xml(member.value, pair["Value"], operation) for pair in pairs}
                    assert len(read[name]) == len(pairs), "a key came twice"
                else:
                    assert len(found) == 1, f"{tag} came {len(found)} times"
                    read[name] = read_xml(member, found[0], operation)
            assert not left, f"{operation}: what is {[child.tag for child in left]}?"
            return read
        case "integer" | "long":
            return int(element.text)
        case "boolean":
            return {"true": True, "false": False}[element.text]
        case "blob":
            return base64.b64decode(element.text or "")
    return element.text or ""


def md5_of_attributes(attributes):
    """As the developer guide describes it."""
    total = hashlib.md5()
    for name, attribute in sorted(attributes.items()):
        binary = "BinaryValue" in attribute
        value = attribute["BinaryValue"] if binary else attribute["StringValue"].encode()
        for part in (name.encode(), attribute["DataType"].encode()):
            total.update(struct.pack(">I", len(part)) + part)
        total.update((b"\2" if binary else b"\1") + struct.pack(">I", len(value)) + value)
    return total.hexdigest()


def check_sums(message):
    assert message["MD5OfBody"] == hashlib.md5(message["Body"].encode()).hexdigest()
    attributes = message.get("MessageAttributes")
    assert ("MD5OfMessageAttributes" in message) == bool(attributes)
    if attributes:
        assert message["MD5OfMessageAttributes"] == md5_of_attributes(attributes)


class Face:
    """One protocol. Calling it is calling an operation: `sqs("SendMessage", QueueUrl=url, MessageBody="a")`."""

    def __init__(self, server):
        self.server = server

    def __call__(self, operation, **request):
        answer = self.call(operation, request)
        for message in answer.get("Messages", []):
            check_sums(message)
        return answer

    def refused(self, code, text, operation, **request):
        """Asserts that a request is refused, and how. `text` may be a pattern, or `None` where it is not known."""
        try:
            answer = self.call(operation, request)
        except Refused as refused:
            found = refused
        else:
            raise AssertionError(f"{operation} was not refused as {code}: {answer}")
        kind, status = ERRORS[code]
        if self.name == "query":
            kind = None
        assert (found.code, found.status, found.kind) == (code, status, kind), found
        if code == NO_QUEUE:
            text = NO_SUCH_QUEUE[self.name]
        if isinstance(text, re.Pattern):
            assert text.search(found.message), found.message
        elif text is not None:
            assert found.message == text
        return found

    def attributes(self, url, *names):
        return self("GetQueueAttributes", QueueUrl=url, AttributeNames=list(names or ["All"])).get("Attributes", {})

    def counts(self, url):
        """Messages that are there, in flight, and delayed."""
        names = ["ApproximateNumberOfMessages" + of for of in ("", "NotVisible", "Delayed")]
        found = self.attributes(url, *names)
        return tuple(int(found[name]) for name in names)

    def send(self, url, body="body", **more):
        return self("SendMessage", QueueUrl=url, MessageBody=body, **more)

    def receive(self, url, most=10, **more):
        more.setdefault("WaitTimeSeconds", 0)
        return self("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=most, **more).get("Messages", [])

    def bodies(self, url, most=10, **more):
        return [message["Body"] for message in self.receive(url, most, **more)]

    def delete(self, url, message):
        self("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, url, message, seconds):
        handle = message["ReceiptHandle"]
        self("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds)

    def advance(self, seconds):
        self.server.advance(seconds)

    def queue(self, name=None, fifo=False, tags=None, **attributes):
        """Makes a queue, and gives its URL."""
        name = name or fresh("queue") + (".fifo" if fifo else "")
        if fifo:
            attributes["FifoQueue"] = "true"
        more = {"tags": tags} if tags else {}
        return self("CreateQueue", QueueName=name, Attributes={key: str(value) for key, value in attributes.items()}, **more)["QueueUrl"]

    def waiting(self, url, **more):
        """A receive that waits in a thread of its own."""
        return Waiting(self, url, more)


class Waiting:
    def __init__(self, face, url, request):
        self.answer, self.error = None, None

        def receive():
            try:
                self.answer = face("ReceiveMessage", QueueUrl=url, **request)
            except Exception as error:  # noqa: BLE001 -- shown by the thread that waits for it
                self.error = error

        self.thread = threading.Thread(target=receive, daemon=True)
        self.thread.start()

    def is_over(self, within):
        self.thread.join(within)
        return not self.thread.is_alive()

    def bodies(self):
        assert self.is_over(20), "the receive still waits"
        if self.error:
            raise self.error
        return [message["Body"] for message in self.answer.get("Messages", [])]


class Json(Face):
    name = "json"

    def __init__(self, server):
        super().__init__(server)
        self.client = server.client("sqs", parameter_validation=False)
        self.seen = threading.local()
        self.client.meta.events.register("before-parse.sqs", self.see)

    def see(self, response_dict, **_):
        self.seen.answer = response_dict

    def call(self, operation, request):
        shape = MODEL.operation_model(operation).output_shape
        request = {name: value for name, value in request.items() if value is not None}
        try:
            answer = self.client._make_api_call(operation, request)
        except ClientError:
            pass
        seen = self.seen.answer
        headers = {name.lower(): value for name, value in seen["headers"].items()}
        status, body = seen["status_code"], seen["body"]
        assert headers["content-type"] == JSON_TYPE
        assert len(headers["x-amzn-requestid"]) == 36
        if status == 200:
            assert "x-amzn-query-error" not in headers
            assert (body == b"") == (shape is None), f"{operation} answered {body[:100]!r}"
            raw = json.loads(body or b"{}")
            assert not [name for name, value in raw.items() if value in ([], {}, None)], f"empty members in {body!r}"
            answer.pop("ResponseMetadata")
            return answer
        error = json.loads(body)
        if error["__type"].endswith("#SerializationException") and "Message" in error:
            error["message"] = error.pop("Message")  # which of the two the service writes in this one is not recorded
        assert set(error) == {"__type", "message"}, error
        code, fault = headers["x-amzn-query-error"].split(";")
        assert fault == "Sender", f"{operation}: {status} {body!r}"
        raise Refused(code, error.get("message"), status, error["__type"])


class Query(Face):
    """Forms posted to `/`, unless another method or path is asked for."""

    name = "query"

    def __init__(self, server, method="POST", at_queue=False):
        super().__init__(server)
        self.method, self.at_queue = method, at_queue

    def call(self, operation, request):
        return self.ask(operation, form(operation, request), urllib.parse.urlsplit(str(request.get("QueueUrl"))).path)

    def ask(self, operation, pairs, path=""):
        fields = urllib.parse.urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])
        path = path if self.at_queue and path.count("/") == 2 else "/"
        if self.method == "GET":
            status, headers, body = self.server.ask("GET", f"{path}?{fields}", Authorization=SIGNED)
        else:
            status, headers, body = self.server.ask("POST", path, fields.encode(), Content_Type=FORM_TYPE, Authorization=SIGNED)
        return read_answer(operation, status, headers, body)


def read_answer(operation, status, headers, body):
    """What a Query answer says, after a look at all of its form."""
    assert headers["content-type"].split(";")[0] == "text/xml", headers
    assert body.startswith(b'<?xml version="1.0"?>'), body[:80]
    root = ElementTree.fromstring(body)
    requests = root.findall(f".//{{{NAMESPACE}}}RequestId")
    assert [element.text for element in requests] == [headers["x-amzn-requestid"]]
    assert len(requests[0].text) == 36
    names = [child.tag.replace(f"{{{NAMESPACE}}}", "") for child in root]
    if status != 200:
        assert root.tag == f"{{{NAMESPACE}}}ErrorResponse" and names == ["Error", "RequestId"], body
        error = {child.tag.replace(f"{{{NAMESPACE}}}", ""): child.text for child in root[0]}
        assert list(error) == ["Type", "Code", "Message", "Detail"] and error["Detail"] is None, body
        assert error["Type"] == "Sender", body
        raise Refused(error["Code"], error["Message"], status)
    shape = MODEL.operation_model(operation).output_shape
    assert root.tag == f"{{{NAMESPACE}}}{operation}Response"
    assert names == ([f"{operation}Result"] if shape else []) + ["ResponseMetadata"], body
    return read_xml(shape, root[0], operation) if shape else {}


FACES = {"json": Json, "query": Query}


def fresh(start):
    """A name that no other test has."""
    return f"{start}-{next(_numbers)}"


def arn(url):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"


def entry(id, body="body", **more):
    return {"Id": id, "MessageBody": body, **more}


def redrive(dead, most):
    return json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": most})


def text(value, kind="String"):
    return {"DataType": kind, "StringValue": value}


def blob(value, kind="Binary"):
    return {"DataType": kind, "BinaryValue": value}
