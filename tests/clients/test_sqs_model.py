"""What botocore's model of SQS says, generated from it: every operation in every way to ask it, every member that must be there,
every member of another type, and every error."""

import json
import re
import urllib.parse

import pytest
from sqs import (ERRORS, INVALID, JSON_TYPE, MISSING, MODEL, NO_QUEUE, SERVICE, Query, Refused, arn, entry, form,
                 fresh, redrive)

OPERATIONS = MODEL.operation_names
AT_QUEUES = [name for name in OPERATIONS if name not in ("CreateQueue", "ListQueues")]


@pytest.fixture(scope="module")
def things(faces):
    """What requests are about."""
    sqs = faces["json"]
    dead = sqs.queue()
    url = sqs.queue(RedrivePolicy=redrive(dead, 9))
    sqs.send(dead)
    return {"url": url, "dead": dead, "handle": sqs.receive(dead, VisibilityTimeout=43_000)[0]["ReceiptHandle"]}


def good(operation, things, sqs):
    """A request in which nothing is wrong; what it ends is made for it."""
    url, dead = things["url"], things["dead"]
    of_queue = {"QueueUrl": url}
    receipt = {"QueueUrl": dead, "ReceiptHandle": things["handle"]}
    match operation:
        case "CreateQueue":
            return {"QueueName": fresh("made"), "Attributes": {"DelaySeconds": "1"}, "tags": {"a": "b"}}
        case "DeleteQueue" | "PurgeQueue":
            return {"QueueUrl": sqs.queue()}
        case "GetQueueUrl":
            return {"QueueName": url.rsplit("/", 1)[1]}
        case "ListQueues":
            return {"QueueNamePrefix": "made", "MaxResults": 3}
        case "ListDeadLetterSourceQueues":
            return {"QueueUrl": dead, "MaxResults": 3}
        case "SendMessage":
            return {**of_queue, "MessageBody": "a", "DelaySeconds": 900, "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": b"\0"}}}
        case "SendMessageBatch":
            return {**of_queue, "Entries": [entry("a", DelaySeconds=900), entry("b", "\0")]}
        case "ReceiveMessage":
            return {**of_queue, "AttributeNames": ["All"], "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        case "DeleteMessage":
            return receipt
        case "ChangeMessageVisibility":
            return {**receipt, "VisibilityTimeout": 43_000}
        case "DeleteMessageBatch":
            return {"QueueUrl": dead, "Entries": [{"Id": "a", "ReceiptHandle": things["handle"]}]}
        case "ChangeMessageVisibilityBatch":
            return {"QueueUrl": dead, "Entries": [{"Id": "a", "ReceiptHandle": things["handle"], "VisibilityTimeout": 1}]}
        case "GetQueueAttributes":
            return {**of_queue, "AttributeNames": ["All"]}
        case "SetQueueAttributes":
            return {**of_queue, "Attributes": {"VisibilityTimeout": "31"}}
        case "TagQueue":
            return {**of_queue, "Tags": {"a": "b"}}
        case "UntagQueue":
            return {**of_queue, "TagKeys": ["a"]}
        case "AddPermission":
            return {**of_queue, "Label": fresh("label"), "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
        case "RemovePermission":
            request = good("AddPermission", things, sqs)
            sqs("AddPermission", **request)
            return {**of_queue, "Label": request["Label"]}
        case "StartMessageMoveTask" | "CancelMessageMoveTask":
            fresh_dead = sqs.queue()
            sqs.queue(RedrivePolicy=redrive(fresh_dead, 1))
            if operation.startswith("Start"):
                return {"SourceArn": arn(fresh_dead), "DestinationArn": arn(url), "MaxNumberOfMessagesPerSecond": 1}
            for _ in range(3):
                sqs.send(fresh_dead)
            return sqs("StartMessageMoveTask", SourceArn=arn(fresh_dead), DestinationArn=arn(url), MaxNumberOfMessagesPerSecond=1)
        case "ListMessageMoveTasks":
            return {"SourceArn": arn(dead), "MaxResults": 3}
    return of_queue


WAYS = {
    "JSON": None, "POST": ("POST", False), "GET": ("GET", False), "POST to the queue": ("POST", True), "GET of the queue": ("GET", True),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("way", WAYS)
def test_an_operation_answers(faces, things, operation, way):
    if operation.startswith("Delete") or "Visibility" in operation:
        things = {**things, "handle": receipt(faces["json"], things["dead"])}
    request = good(operation, things, faces["json"])
    face = faces["json"] if WAYS[way] is None else Query(faces["query"].server, *WAYS[way])
    answer = face(operation, **request)
    shape = MODEL.operation_model(operation).output_shape
    assert set(answer) <= set(shape.members if shape else ())
    if operation in ("CreateQueue", "GetQueueUrl"):
        assert answer["QueueUrl"].endswith("/" + request["QueueName"])


def receipt(sqs, url):
    sqs.send(url)
    return sqs.receive(url, 1, VisibilityTimeout=43_000)[0]["ReceiptHandle"]


@pytest.mark.parametrize("operation", AT_QUEUES)
def test_the_address_of_a_queue_is_enough(faces, things, operation):
    if "QueueUrl" not in MODEL.operation_model(operation).input_shape.members:
        pytest.skip("it is about no queue")
    if operation.startswith("Delete") or "Visibility" in operation:
        things = {**things, "handle": receipt(faces["json"], things["dead"])}
    request = good(operation, things, faces["json"])
    path = urllib.parse.urlsplit(request.pop("QueueUrl")).path
    sqs = Query(faces["query"].server, at_queue=True)
    sqs.ask(operation, form(operation, request), path)


# ---- members that must be there


def required():
    for operation in OPERATIONS:
        for name in MODEL.operation_model(operation).input_shape.required_members:
            yield operation, name


NAME = (INVALID, "Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
# What is said in place of `The request must contain the parameter X.`
OTHER_WORDS = {
    ("CreateQueue", "QueueName"): NAME, ("GetQueueUrl", "QueueName"): NAME,
    ("AddPermission", "Actions"): (MISSING, "The request must contain the parameter ActionName."),
    ("UntagQueue", "TagKeys"): (INVALID, "Tag keys must be between 1 and 128 characters in length."),
    ("SetQueueAttributes", "Attributes"): (None, None),
}


@pytest.mark.parametrize("operation, name", list(required()))
def test_a_member_must_be_there(sqs, faces, things, operation, name):
    request = {key: value for key, value in good(operation, things, faces["json"]).items() if key != name}
    code, said = OTHER_WORDS.get((operation, name), (MISSING, f"The request must contain the parameter {name}."))
    if name == "QueueUrl":
        code, said = (NO_QUEUE, None) if sqs.name == "json" else ("InvalidAddress", None)
    if name == "Entries" and sqs.name == "query":
        code = None
    if code is None:
        # Of this no record is known: it must be the client's fault, or nothing.
        try:
            sqs.call(operation, request)
        except Refused as refused:
            assert refused.status == 400
        return
    sqs.refused(code, said, operation, **request)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_of_nothing_is_answered(sqs, operation):
    try:
        sqs.call(operation, {})
    except Refused as refused:
        assert refused.status in (400, 404)
    else:
        assert operation == "ListQueues"


# ---- members of another type


def members():
    for operation in OPERATIONS:
        for name, shape in MODEL.operation_model(operation).input_shape.members.items():
            yield operation, name, shape.type_name


def post(server, operation, body):
    status, headers, answer = server.ask("POST", "/", json.dumps(body), X_Amz_Target=f"AmazonSQS.{operation}", Content_Type=JSON_TYPE)
    assert status < 500, answer
    return status, headers.get("x-amzn-query-error"), json.loads(answer or b"{}").get("__type")


MALFORMED = (400, "MalformedInput;Sender", "com.amazon.coral.service#SerializationException")
OF_OTHER_TYPES = {"string": [{}, {"a": "b"}, [], ["a"]], "integer": [{}, [], "x", "1", [1]], "list": ["x", 1, {"a": "b"}, True], "map": ["x", 1, ["a"], True]}


IGNORED = pytest.mark.xfail(strict=True, reason="QueueOwnerAWSAccountId is not looked at")


@pytest.mark.parametrize("operation, name, kind", [
    pytest.param(*each, marks=IGNORED if each[1] == "QueueOwnerAWSAccountId" else ()) for each in members()])
def test_a_member_of_another_type_is_malformed(faces, things, operation, name, kind):
    sqs = faces["json"]
    base = {"QueueUrl": things["url"], "QueueName": "some-name"}
    for value in OF_OTHER_TYPES[kind]:
        assert post(sqs.server, operation, {**base, name: value}) == MALFORMED, value


@pytest.mark.parametrize("operation, name, kind", list(members()))
def test_a_member_with_an_odd_value_is_survived(faces, things, operation, name, kind):
    sqs = faces["json"]
    base = {"QueueUrl": things["url"], "QueueName": "some-name"}
    odd = {
        "string": [None, 0, -1, 1e300, True, "\0", "\ud800", "x" * 10_000, "%", "a\r\nb"],
        "integer": [None, -(2**31), 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, True, "1", "", " 1"],
        "list": [None, [], [None], [[]], [{}], [0], ["\0"], ["x"] * 10_000, [{"Id": None}], [{"Id": {}}]],
        "map": [None, {}, {"": ""}, {"a": None}, {"a": []}, {"a": {}}, {"a": {"DataType": []}}, {"\0": "\0"}, {str(nth): "x" for nth in range(10_000)}],
    }[kind]
    for value in odd:
        post(sqs.server, operation, {**base, name: value})
    url = sqs.queue()
    assert sqs.counts(url) == (0, 0, 0)


@pytest.mark.parametrize("operation, name, kind", list(members()))
def test_a_parameter_with_an_odd_value_is_survived(faces, things, operation, name, kind):
    query = faces["query"]
    base = [("Action", operation), ("QueueUrl", things["url"]), ("QueueName", "some-name")]
    base = [pair for pair in base if pair[0] != name]
    single = form(operation, {name: {"list": ["a"], "map": {"a": "b"}}.get(kind, "a")})[2:]
    for key, _ in single:
        for odd in (key, f"{key}.", f"{key}.x", f"{key}.1", key.replace(".1", ".0"), key.replace(".1", ".-1"), key.replace(".1", ".99999999999"),
                    f".{key}", f"{key}.1.1.1.1", key.split(".")[0]):
            for value in ("", "\0", "x", "0"):
                try:
                    query.ask(operation, [*base, (odd, value)])
                except Refused as refused:
                    assert refused.status < 500


# ---- errors

# That no request gives: of keys of KMS, of throttling, and what nobody has seen the service say.
UNPROVOKED = {"InvalidIdFormat", "InvalidSecurity", "RequestThrottled", "MessageNotInflight", "KmsAccessDenied", "KmsDisabled",
              "KmsInvalidKeyUsage", "KmsInvalidState", "KmsNotFound", "KmsOptInRequired", "KmsThrottled"}
PROVOCATIONS = {
    "BatchEntryIdsNotDistinct": ("SendMessageBatch", {"Entries": [entry("a"), entry("a")]}),
    "BatchRequestTooLong": ("SendMessageBatch", {"Entries": [entry("a", "x" * 1_000_000), entry("b", "x" * 1_000_000)]}),
    "EmptyBatchRequest": ("SendMessageBatch", {"Entries": []}),
    "InvalidAddress": ("PurgeQueue", {"QueueUrl": None}),
    "InvalidAttributeName": ("SetQueueAttributes", {"Attributes": {"Other": "1"}}),
    "InvalidAttributeValue": ("SetQueueAttributes", {"Attributes": {"DelaySeconds": "901"}}),
    "InvalidBatchEntryId": ("SendMessageBatch", {"Entries": [entry("a b")]}),
    "InvalidMessageContents": ("SendMessage", {"MessageBody": "\0"}),
    "OverLimit": ("AddPermission", {"Label": "a", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"] * 8}),
    "PurgeQueueInProgress": ("PurgeQueue", {}),
    "QueueDeletedRecently": ("CreateQueue", {"QueueName": "{deleted}"}),
    "QueueDoesNotExist": ("PurgeQueue", {"QueueUrl": "none"}),
    "QueueNameExists": ("CreateQueue", {"QueueName": "{name}", "Attributes": {"DelaySeconds": "1"}}),
    "ReceiptHandleIsInvalid": ("DeleteMessage", {"ReceiptHandle": "x"}),
    "ResourceNotFoundException": ("ListMessageMoveTasks", {"SourceArn": "arn:aws:sqs:us-east-1:000000000000:none"}),
    "TooManyEntriesInBatchRequest": ("SendMessageBatch", {"Entries": [entry(str(nth)) for nth in range(11)]}),
    "UnsupportedOperation": ("SendMessage", {"MessageBody": "a", "MessageAttributes": {"a": {"DataType": "String", "StringListValues": ["x"]}}}),
}


def test_every_error_of_the_model_is_provoked_or_known_not_to_be():
    exceptions = {name for name in MODEL.shape_names if MODEL.shape_for(name).metadata.get("exception")}
    assert exceptions == UNPROVOKED | set(PROVOCATIONS)
    assert exceptions - UNPROVOKED == {kind.removeprefix(SERVICE) for kind, _ in ERRORS.values() if kind.startswith(SERVICE)}


@pytest.mark.parametrize("error", PROVOCATIONS)
def test_an_error_has_its_code_its_type_and_its_status(sqs, error):
    if (error, sqs.name) == ("InvalidAddress", "json"):
        pytest.skip("JSON says that the queue does not exist")
    if (error, sqs.name) == ("EmptyBatchRequest", "query"):
        pytest.skip("a form cannot have an empty list")
    url = sqs.queue()
    name = url.rsplit("/", 1)[1]
    operation, request = PROVOCATIONS[error]
    request = {key: {"{name}": name, "{deleted}": name}.get(value, value) if isinstance(value, str) else value for key, value in request.items()}
    if "QueueUrl" in MODEL.operation_model(operation).input_shape.members:
        request = {"QueueUrl": url, **request}
    if error == "QueueDeletedRecently":
        sqs("DeleteQueue", QueueUrl=url)
    if error == "PurgeQueueInProgress":
        sqs("PurgeQueue", QueueUrl=url)
    code = next(code for code, (kind, _) in ERRORS.items() if kind == SERVICE + error)
    sqs.refused(code, None, operation, **{key: value for key, value in request.items() if value is not None})


@pytest.mark.parametrize("error", [code for code in ERRORS if code not in ("InvalidAddress",)])
def test_boto3_raises_the_exception_of_the_model(faces, error):
    kind = ERRORS[error][0].split("#")[1]
    if kind not in PROVOCATIONS:
        pytest.skip("not of the model")
    sqs = faces["json"]
    url = sqs.queue()
    name = url.rsplit("/", 1)[1]
    operation, request = PROVOCATIONS[kind]
    request = {key: name if value in ("{name}", "{deleted}") else value for key, value in request.items()}
    if "QueueUrl" in MODEL.operation_model(operation).input_shape.members:
        request = {"QueueUrl": url, **request}
    if kind == "QueueDeletedRecently":
        sqs("DeleteQueue", QueueUrl=url)
    if kind == "PurgeQueueInProgress":
        sqs("PurgeQueue", QueueUrl=url)
    with pytest.raises(getattr(sqs.client.exceptions, kind)) as raised:
        sqs.client._make_api_call(operation, request)
    assert raised.value.response["Error"]["Code"] == error
    assert raised.value.response["Error"]["QueryErrorCode"] == kind
    assert re.fullmatch(".+", raised.value.response["Error"]["Message"], re.DOTALL)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_spelt_exactly(faces, operation):
    for name in (operation.lower(), operation + "s", operation[:-1]):
        status, code, kind = post(faces["json"].server, name, {})
        assert (status, code, kind) == (400, "InvalidAction;Sender", "com.amazon.coral.service#UnknownOperationException")
        with pytest.raises(Refused) as refused:
            faces["query"].ask(name, [("Action", name)])
        found = refused.value
        assert (found.code, found.status, found.message) == ("InvalidAction", 400, f"The action {name} is not valid for this endpoint.")
