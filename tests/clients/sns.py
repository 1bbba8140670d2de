"""Speaks SNS by boto3, and by hand where no SDK would say it.

Every answer is looked at here, whichever test asks for it: content type, request id, the form of the envelope, and that each of
its elements is one of botocore's model."""

import base64
import itertools
import json
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.serialize
import botocore.session
from botocore.exceptions import ClientError
from sqs import ACCOUNT, FORM_TYPE, REGION, Json, Refused
from sqs import arn as queue_arn

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
VERSION = "2010-03-31"
MODEL = botocore.session.get_session().get_service_model("sns")
SERIALIZER = botocore.serialize.create_serializer("query", include_validation=False)
SIGNED = f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/sns/aws4_request, SignedHeaders=host, Signature=0"
EXCEPTIONS = [MODEL.shape_for(name) for name in MODEL.shape_names if MODEL.shape_for(name).metadata.get("exception")]
STATUS = {
    **{shape.error_code: shape.metadata["error"]["httpStatusCode"] for shape in EXCEPTIONS if "error" in shape.metadata},
    "VerificationException": 400, "ValidationError": 400, "InvalidAction": 400, "MissingAction": 400, "MalformedInput": 400,
}
INVALID, VALUE, NOT_FOUND, MISSING = "InvalidParameter", "ParameterValueInvalid", "NotFound", "ValidationError"
NO_TOPIC, NO_SUBSCRIPTION = "Topic does not exist", "Subscription does not exist"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Of a token that could have been one.
STRANGE_TOKEN = "51b2ff3edb475b7d91550e0ab6edf0c1" * 9
ENVELOPE = ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
            "UnsubscribeURL", "MessageAttributes"]
# A first-in-first-out topic signs nothing.
FIFO_ENVELOPE = ["Type", "MessageId", "SequenceNumber", "TopicArn", "Subject", "Message", "Timestamp", "UnsubscribeURL", "MessageAttributes"]

_numbers = itertools.count(1)


def fresh(start):
    """A name that no other test has."""
    return f"{start}-{next(_numbers)}"


def arn(name):
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


def text(value, kind="String"):
    return {"DataType": kind, "StringValue": value}


def blob(value, kind="Binary"):
    return {"DataType": kind, "BinaryValue": value}


def entry(id, message="message", **more):
    return {"Id": id, "Message": message, **more}


def form(operation, request):
    """The parameters that an SDK would send, in a list that can be meddled with."""
    body = SERIALIZER.serialize_to_request(request, MODEL.operation_model(operation))["body"]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in body.items()]


def tag_of(element):
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def read_xml(shape, element):
    """The value of an element, of which every child is accounted for."""
    match shape.type_name:
        case "structure":
            children = {tag_of(child): child for child in element}
            assert len(children) == len(element), f"something came twice in {ElementTree.tostring(element)}"
            assert children.keys() <= shape.members.keys(), f"what is {children.keys() - shape.members.keys()}?"
            for name in shape.required_members:
                assert name in children, f"no {name} in {ElementTree.tostring(element)}"
            return {name: read_xml(shape.members[name], child) for name, child in children.items()}
        case "list":
            assert {tag_of(child) for child in element} <= {"member"}, ElementTree.tostring(element)
            return [read_xml(shape.member, child) for child in element]
        case "map":
            key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
            pairs = [{tag_of(child): child for child in entry} for entry in element]
            assert all(tag_of(entry) == "entry" for entry in element) and all(list(pair) == [key, value] for pair in pairs)
            read = {pair[key].text or "": read_xml(shape.value, pair[value]) for pair in pairs}
            assert len(read) == len(pairs), "a key came twice"
            return read
        case "integer" | "long":
            return int(element.text)
        case "boolean":
            return {"true": True, "false": False}[element.text]
        case "timestamp":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", element.text), element.text
            return element.text
        case "blob":
            return base64.b64decode(element.text or "")
    return element.text or ""


def read_answer(operation, status, headers, body):
    """What an answer says, after a look at all of its form."""
    assert headers["content-type"].split(";")[0] == "text/xml", headers
    root = ElementTree.fromstring(body)
    assert all(element.tag.startswith(f"{{{NAMESPACE}}}") for element in root.iter()), body
    requests = root.findall(f".//{{{NAMESPACE}}}RequestId")
    assert [element.text for element in requests] == [headers["x-amzn-requestid"]], (headers, body)
    assert re.fullmatch(UUID, requests[0].text), requests[0].text
    names = [tag_of(child) for child in root]
    if status != 200:
        assert tag_of(root) == "ErrorResponse" and names == ["Error", "RequestId"], body
        error = {tag_of(child): child.text or "" for child in root[0]}
        assert list(error) == ["Type", "Code", "Message"], body
        assert error["Type"] == ("Sender" if status < 500 else "Receiver"), body
        raise Refused(error["Code"], error["Message"], status)
    shape = MODEL.operation_model(operation).output_shape
    assert tag_of(root) == f"{operation}Response"
    assert names == ([f"{operation}Result"] if shape else []) + ["ResponseMetadata"], body
    return read_xml(shape, root[0]) if shape else {}


class Sns:
    """Calling it is calling an operation: `sns("Publish", TopicArn=topic, Message="a")`. Its `sqs` is the queues of the same server."""

    def __init__(self, server):
        self.server = server
        self.client = server.client("sns", parameter_validation=False)
        self.sqs = Json(server)
        self.seen = threading.local()
        self.client.meta.events.register("before-parse.sns", self.see)

    def see(self, response_dict, **_):
        self.seen.answer = response_dict

    def __call__(self, operation, **request):
        """Gives what boto3 makes of an answer, which must be what is in it."""
        request = {name: value for name, value in request.items() if value is not None}
        try:
            answer = self.client._make_api_call(operation, request)
        except ClientError as raised:
            answer = raised
        seen = self.seen.answer
        headers = {name.lower(): value for name, value in seen["headers"].items()}
        read = read_answer(operation, seen["status_code"], headers, seen["body"])
        assert isinstance(answer, dict), answer
        assert answer.pop("ResponseMetadata")["RequestId"] == headers["x-amzn-requestid"]
        for name in read:
            if not (isinstance(answer.get(name), list) and answer[name] and "CreatedAt" in answer[name][0]):
                assert answer.get(name) == read[name], f"boto3 reads {answer!r}"
        return answer

    def ask(self, pairs, method="POST", path="/", authorization=SIGNED, operation=None):
        """Sends parameters as they are."""
        operation = operation or dict(pairs).get("Action")
        fields = urllib.parse.urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])
        headers = {"Authorization": authorization} if authorization else {}
        if method == "GET":
            status, headers, body = self.server.ask("GET", f"{path}?{fields}", **headers)
        else:
            status, headers, body = self.server.ask(method, path, fields.encode(), Content_Type=FORM_TYPE, **headers)
        return read_answer(operation, status, headers, body)

    def visit(self, url):
        """As a browser that knows nothing of signatures would."""
        parts = urllib.parse.urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == self.server.url, f"{url} is elsewhere"
        operation = dict(urllib.parse.parse_qsl(parts.query))["Action"]
        status, headers, body = self.server.ask("GET", f"{parts.path}?{parts.query}")
        return read_answer(operation, status, headers, body)

    def refused(self, code, said, operation, **request):
        """Asserts that a request is refused, and how. `said` may be a pattern, or `None` where it is not known."""
        return self.refuses(lambda: self(operation, **request), code, said, operation)

    def refuses(self, call, code, said, what):
        try:
            answer = call()
        except Refused as refused:
            found = refused
        else:
            raise AssertionError(f"{what} was not refused as {code}: {answer}")
        codes = [code] if isinstance(code, str) else code
        assert found.code in codes and found.status == STATUS[found.code], found
        if isinstance(said, re.Pattern):
            assert said.search(found.message), found.message
        elif said is not None:
            assert found.message == said
        return found

    # ---- topics, queues and what is between them

    def topic(self, name=None, fifo=False, tags=None, **attributes):
        """Makes a topic, and gives its ARN."""
        name = name or fresh("topic") + (".fifo" if fifo else "")
        if fifo:
            attributes["FifoTopic"] = "true"
        request = {"Attributes": attributes} if attributes else {}
        if tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return self("CreateTopic", Name=name, **request)["TopicArn"]

    def subscribe(self, topic, protocol, endpoint, **attributes):
        """Subscribes an endpoint, and gives the subscription's ARN, confirmed or not."""
        answer = self("Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True,
                      **({"Attributes": attributes} if attributes else {}))
        return answer["SubscriptionArn"]

    def queue(self, topic, fifo=False, **attributes):
        """Subscribes a new queue to a topic, and gives its URL."""
        url = self.sqs.queue(fifo=fifo)
        self.subscribe(topic, "sqs", queue_arn(url), **attributes)
        return url

    def raw_queue(self, topic, fifo=False, **attributes):
        return self.queue(topic, fifo, RawMessageDelivery="true", **attributes)

    def publish(self, topic, message="message", **more):
        return self("Publish", TopicArn=topic, Message=message, **more)

    def topic_attributes(self, topic):
        return self("GetTopicAttributes", TopicArn=topic)["Attributes"]

    def subscription_attributes(self, subscription):
        return self("GetSubscriptionAttributes", SubscriptionArn=subscription)["Attributes"]

    def set_topic(self, topic, name, value=None):
        return self("SetTopicAttributes", TopicArn=topic, AttributeName=name, AttributeValue=value)

    def set_subscription(self, subscription, name, value=None):
        return self("SetSubscriptionAttributes", SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)

    def pages(self, operation, member, **request):
        """The pages of a list, to its end."""
        pages, token = [], {}
        while True:
            answer = self(operation, **request, **token)
            pages.append(answer[member])
            if "NextToken" not in answer:
                return pages
            token = {"NextToken": answer["NextToken"]}

    def received(self, url, most=10):
        """Receives and deletes what is in a queue."""
        messages = []
        while len(messages) < most:
            some = self.sqs.receive(url, min(10, most - len(messages)), MessageAttributeNames=["All"], AttributeNames=["All"])
            if not some:
                break
            for message in some:
                self.sqs.delete(url, message)
            messages += some
        return messages

    def bodies(self, url, most=10):
        return [message["Body"] for message in self.received(url, most)]

    def envelopes(self, url, most=10):
        """What a queue without raw delivery has, after a look at which members there are, and in which order."""
        return [self.envelope(body) for body in self.bodies(url, most)]

    def envelope(self, body):
        pairs = json.loads(body, object_pairs_hook=list)
        envelope = json.loads(body)
        order = FIFO_ENVELOPE if envelope["TopicArn"].endswith(".fifo") else ENVELOPE
        optional = {"Subject", "MessageAttributes"}
        names = [name for name, _ in pairs if name != "Replayed"]
        assert names == [name for name in order if name not in optional or name in envelope], names
        assert envelope["Type"] == "Notification"
        assert re.fullmatch(UUID, envelope["MessageId"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", envelope["Timestamp"]), envelope["Timestamp"]
        base = self.server.url
        unsubscribe = re.escape(f"{base}/?Action=Unsubscribe&SubscriptionArn={envelope['TopicArn']}:") + UUID
        assert re.fullmatch(unsubscribe, envelope["UnsubscribeURL"]), envelope["UnsubscribeURL"]
        if "SigningCertURL" in envelope:
            certificate = re.escape(base) + "/SimpleNotificationService-[0-9a-f]+\\.pem"
            assert re.fullmatch(certificate, envelope["SigningCertURL"]), envelope["SigningCertURL"]
            assert len(base64.b64decode(envelope["Signature"], validate=True)) == 256, "a key of 2048 bits"
        return envelope

    def advance(self, seconds):
        return self.server.advance(seconds)


def redrive(url):
    return json.dumps({"deadLetterTargetArn": queue_arn(url)})
