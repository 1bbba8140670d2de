"""Every operation of botocore's model of SQS: what is served is what ARCHITECTURE.md says, and no member of a request, whatever
stands there, gets anything but an answer or an error that the model or the protocol knows, in JSON and in the Query protocol."""

import http.client
import json
import random
import re
import xml.dom.minidom

import botocore.session
import pytest
from millpond import ROOT, Server
from test_operations import HOLE, WRONG, holes, put
from test_wire import Wire, code

MODEL = botocore.session.get_session().get_service_model("sqs")
# Those that any operation may give.
COMMON = {"InvalidParameterValueException", "MissingRequiredParameterException", "SerializationException", "InvalidAttributeName",
          "InvalidAttributeValue"}
ARN = "arn:aws:sqs:us-east-1:000000000000:sample"
# What a request has to say to be looked at to its end.
KNOWN = {"QueueUrl": "sample", "QueueName": "sample", "SourceArn": ARN, "WaitTimeSeconds": 0, "DataType": "String",
         "AWSAccountIds": ["123456789012"], "Actions": ["SendMessage"], "Attributes": {"VisibilityTimeout": "30"}}
STRANGE = [b'"\\u0000"', b'{"":"x"}', b'{"x":{}}', b'{"x":{"DataType":"String","StringValue":""}}', json.dumps("n" * 5000).encode()]
# What names and values of forms are put together from.
PARTS = ["Attribute", "1", "2", "Name", "Value", "DataType", "StringValue", "BinaryValue", "Tag", "Key", "AttributeName", "Id",
         "SendMessageBatchRequestEntry", "MessageBody", "MessageAttribute", "QueueUrl", "DelaySeconds", "entry", "member", "",
         "999999999999", "-1", "Attributes", "Entries", "QueueName", "ReceiptHandle"]
VALUES = ["", "x", "sample", "1", "-1", "All", "%00", "%FF", "%C3%A4", "99999999999999999999", "http://x/1/sample"]


def documented():
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## Operations of SQS")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return sorted(name for names, _, _ in rows for name in re.findall(r"[A-Z]\w+", names))


@pytest.fixture(scope="module")
def wire():
    server = Server(None, "--no-cooldowns")
    yield Wire(server)
    assert server.alive()
    assert server.stop() == 0
    assert "panicked" not in server.said()


def sample(shape, is_whole, name=None):
    if name in KNOWN:
        return KNOWN[name]
    match shape.type_name:
        case "structure":
            members = shape.members.items()
            return {
                name: sample(member, is_whole, name)
                for name, member in members if is_whole or name in shape.required_members
            }
        case "list":
            return [sample(shape.member, is_whole)]
        case "map":
            return {"AWSTraceHeader": sample(shape.value, is_whole)}
        case "string":
            return shape.enum[0] if shape.enum else "sample"
        case "blob":
            return "AAEC"
        case _:
            return 1


def test_the_list_of_operations_is_the_models():
    assert documented() == sorted(MODEL.operation_names)


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_whatever_stands_in_a_request_it_is_answered(wire, operation):
    model = MODEL.operation_model(operation)
    known = COMMON | {error.name for error in model.error_shapes}
    for is_whole in (True, False):
        request = sample(model.input_shape, is_whole)
        for path in holes(request):
            text = json.dumps(put(request, path, HOLE)).encode()
            for wrong in WRONG + STRANGE:
                wire.send("AmazonSQS.CreateQueue", {"QueueName": "sample"})
                body = text.replace(json.dumps(HOLE).encode(), wrong)
                status, headers, answer = wire.send(f"AmazonSQS.{operation}", body)
                if status == 200:
                    assert isinstance(json.loads(answer or "{}"), dict)
                else:
                    assert status in (400, 403, 404) and code(answer) in known, (path, wrong, status, answer)
                    assert headers["x-amzn-query-error"].endswith(";Sender")


def test_whatever_stands_in_a_form_it_is_answered(wire):
    choice = random.Random(1)
    connection = http.client.HTTPConnection(wire.server.host, wire.server.port, timeout=60)
    for _ in range(3000):
        operation = choice.choice(MODEL.operation_names)
        form = [f"Action={operation}&Version=2012-11-05"]
        for _ in range(choice.randrange(8)):
            form.append(".".join(choice.choices(PARTS, k=choice.randint(1, 6))) + "=" + choice.choice(VALUES))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", choice.choice(["/", "/000000000000/sample"]), "&".join(form), headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status in (200, 400, 403, 404), (form, body)
        xml.dom.minidom.parseString(body)
