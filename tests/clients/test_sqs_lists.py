"""Tags, lists in pages, and the many ways to say which queue is meant."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqs import ACCOUNT, FORM_TYPE, INVALID, JSON_TYPE, MISSING, NO_QUEUE, SIGNED, Query, Refused, arn, fresh, redrive

# ---- tags


@pytest.fixture
def url(sqs):
    return sqs.queue()


def tags(sqs, url):
    return sqs("ListQueueTags", QueueUrl=url).get("Tags", {})


@pytest.mark.parametrize("key, value", [
    ("a", "b"), ("a", ""), ("k" * 128, "v" * 256), ("ä _.:/=+-@", "ö _.:/=+-@"), ("A", "x"), ("1", "2"), ("\U0001d400", "x"),
], ids=["plain", "empty value", "longest", "symbols", "capital", "digits", "letter beyond the BMP"])
def test_a_tag_may_be(sqs, url, key, value):
    sqs("TagQueue", QueueUrl=url, Tags={key: value})
    assert tags(sqs, url) == {key: value}
    assert tags(sqs, sqs.queue(tags={key: value})) == {key: value}


@pytest.mark.parametrize("key, value, said", [
    ("", "x", None), ("k" * 129, "x", None), ("a", "v" * 257, None),
    ("a!", "x", re.compile("Tag keys may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = \\+ - @")),
    ("<", "x", re.compile("Tag keys may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = \\+ - @")),
], ids=["empty key", "129", "257", "mark", "bracket"])
def test_a_tag_may_not_be(sqs, url, key, value, said):
    sqs.refused(INVALID, said, "TagQueue", QueueUrl=url, Tags={"good": "x", key: value})
    sqs.refused(INVALID, said, "CreateQueue", QueueName=fresh("q"), **{"tags": {key: value}})
    assert tags(sqs, url) == {}


def test_tags_are_added_replaced_and_taken_away(sqs):
    url = sqs.queue(tags={"a": "1", "b": "2"})
    sqs("TagQueue", QueueUrl=url, Tags={"b": "3", "B": "4"})
    assert tags(sqs, url) == {"a": "1", "b": "3", "B": "4"}
    sqs("UntagQueue", QueueUrl=url, TagKeys=["a", "unknown", "b"])
    assert tags(sqs, url) == {"B": "4"}
    sqs("UntagQueue", QueueUrl=url, TagKeys=["B"])
    assert sqs("ListQueueTags", QueueUrl=url) == {}


def test_50_tags_are_the_most(sqs, url):
    many = {f"k{nth}": "v" for nth in range(50)}
    sqs("TagQueue", QueueUrl=url, Tags=many)
    sqs("TagQueue", QueueUrl=url, Tags={"k0": "w"})
    name = url.rsplit("/", 1)[1]
    sqs.refused(INVALID, f"Too many tags added for queue {name}.", "TagQueue", QueueUrl=url, Tags={"one more": "v"})
    assert tags(sqs, url) == {**many, "k0": "w"}


def test_tags_and_keys_must_be_given(sqs, url):
    sqs.refused(MISSING, "The request must contain the parameter Tags.", "TagQueue", QueueUrl=url)
    sqs.refused(INVALID, "Tag keys must be between 1 and 128 characters in length.", "UntagQueue", QueueUrl=url)


def test_tags_are_not_compared_when_a_queue_is_created_again(sqs):
    url = sqs.queue(tags={"a": "1"})
    assert sqs("CreateQueue", QueueName=url.rsplit("/", 1)[1])["QueueUrl"] == url


def test_tags_of_a_new_queue_are_in_small_letters_in_json(faces):
    name = fresh("q")
    status, _, _ = faces["json"].server.ask(
        "POST", "/", json.dumps({"QueueName": name, "tags": {"a": "b"}}), X_Amz_Target="AmazonSQS.CreateQueue", Content_Type=JSON_TYPE)
    assert status == 200
    assert tags(faces["json"], name) == {"a": "b"}


# ---- lists of queues


def names(answer, member="QueueUrls"):
    return [url.rsplit("/", 1)[1] for url in answer.get(member, [])]


def pages(sqs, operation, member="QueueUrls", **request):
    found, token = [], {}
    while True:
        answer = sqs(operation, **request, **token)
        found.append(names(answer, member))
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def test_queues_are_listed_by_name_in_pages(sqs):
    start = fresh("list")
    made = [f"{start}-{letter}" for letter in "eBacd"]
    for name in made:
        sqs.queue(name)
    made.sort()
    assert names(sqs("ListQueues", QueueNamePrefix=start)) == made
    assert pages(sqs, "ListQueues", QueueNamePrefix=start, MaxResults=2) == [made[:2], made[2:4], made[4:]]
    assert pages(sqs, "ListQueues", QueueNamePrefix=start, MaxResults=1000) == [made]
    assert sqs("ListQueues", QueueNamePrefix=start.upper()) == {}
    assert sqs("ListQueues", QueueNamePrefix="no such start") == {}
    assert set(made) <= set(names(sqs("ListQueues")))


@pytest.mark.parametrize("operation", ["ListQueues", "ListDeadLetterSourceQueues"])
@pytest.mark.parametrize("most", [0, -1, 1001])
def test_a_page_may_not_have(sqs, url, operation, most):
    more = {"QueueUrl": url} if operation != "ListQueues" else {}
    said = "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000."
    sqs.refused(INVALID, said, operation, MaxResults=most, **more)


@pytest.mark.parametrize("token", ["garbage", "!!!", "x" * 1000])
def test_a_token_that_is_none(sqs, url, token):
    sqs.refused(INVALID, None, "ListQueues", MaxResults=1, NextToken=token)


def test_a_thousand_queues_are_listed_without_pages(faces):
    sqs = faces["json"]
    start = fresh("many")
    made = sorted(f"{start}-{nth}" for nth in range(1001))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(sqs.queue, made))
    for face in faces.values():
        answer = face("ListQueues", QueueNamePrefix=start)
        assert names(answer) == made[:1000]
        assert "NextToken" not in answer
        assert pages(face, "ListQueues", QueueNamePrefix=start, MaxResults=1000) == [made[:1000], made[1000:]]


def test_sources_of_a_dead_letter_queue(sqs, url):
    assert sqs("ListDeadLetterSourceQueues", QueueUrl=url) == {}
    sources = sorted(sqs.queue(RedrivePolicy=redrive(url, 3)).rsplit("/", 1)[1] for _ in range(5))
    assert sorted(names(sqs("ListDeadLetterSourceQueues", QueueUrl=url), "queueUrls")) == sources
    found = pages(sqs, "ListDeadLetterSourceQueues", "queueUrls", QueueUrl=url, MaxResults=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert sorted(sum(found, [])) == sources
    sqs("SetQueueAttributes", QueueUrl=sources[0], Attributes={"RedrivePolicy": ""})
    sqs("DeleteQueue", QueueUrl=sources[1])
    assert sorted(names(sqs("ListDeadLetterSourceQueues", QueueUrl=url), "queueUrls")) == sources[2:]


# ---- which queue is meant


@pytest.mark.parametrize("address", [
    "{name}", "{url}", "https://sqs.us-east-1.amazonaws.com/000000000000/{name}", "https://queue.amazonaws.com/000000000000/{name}",
    "https://us-east-1.queue.amazonaws.com/000000000000/{name}", "http://localhost:4566/000000000000/{name}",
    "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/{name}", "/000000000000/{name}",
])
def test_a_queue_may_be_called(sqs, url, address):
    address = address.format(url=url, name=url.rsplit("/", 1)[1])
    sqs.send(address, "found")
    assert sqs.bodies(address) == ["found"]
    assert sqs.attributes(address, "QueueArn") == {"QueueArn": arn(url)}


@pytest.mark.parametrize("operation, request_", [
    ("SendMessage", {"MessageBody": "a"}), ("ReceiveMessage", {}), ("PurgeQueue", {}), ("GetQueueAttributes", {"AttributeNames": ["All"]}),
    ("SetQueueAttributes", {"Attributes": {"DelaySeconds": "1"}}), ("ListQueueTags", {}), ("TagQueue", {"Tags": {"a": "b"}}),
    ("UntagQueue", {"TagKeys": ["a"]}), ("DeleteQueue", {}), ("DeleteMessage", {"ReceiptHandle": "x"}),
    ("ChangeMessageVisibility", {"ReceiptHandle": "x", "VisibilityTimeout": 1}), ("ListDeadLetterSourceQueues", {}),
    ("SendMessageBatch", {"Entries": [{"Id": "a", "MessageBody": "b"}]}), ("DeleteMessageBatch", {"Entries": [{"Id": "a", "ReceiptHandle": "b"}]}),
    ("ChangeMessageVisibilityBatch", {"Entries": [{"Id": "a", "ReceiptHandle": "b", "VisibilityTimeout": 1}]}),
    ("AddPermission", {"Label": "a", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}), ("RemovePermission", {"Label": "a"}),
])
def test_a_queue_that_is_not_there(sqs, operation, request_):
    for name in ("none", f"{sqs.server.url}/{ACCOUNT}/none"):
        sqs.refused(NO_QUEUE, None, operation, QueueUrl=name, **request_)
    # No queue is named at all.
    if sqs.name == "json":
        sqs.refused(NO_QUEUE, None, operation, **request_)
    else:
        said = f"The address {sqs.server.url}/ is not valid for this endpoint."
        sqs.refused("InvalidAddress", said, operation, **request_)


def test_a_name_that_is_not_there(sqs):
    sqs.refused(NO_QUEUE, None, "GetQueueUrl", QueueName="none")


def test_a_url_has_the_host_that_the_client_has_used(sqs, url):
    name = url.rsplit("/", 1)[1]
    for host in ("queues.example:9324", "localhost:1", "sqs"):
        if sqs.name == "json":
            _, _, body = sqs.server.ask("POST", "/", json.dumps({"QueueName": name}), Host=host, X_Amz_Target="AmazonSQS.GetQueueUrl", Content_Type=JSON_TYPE)
            assert json.loads(body) == {"QueueUrl": f"http://{host}/{ACCOUNT}/{name}"}
        else:
            form = f"Action=GetQueueUrl&Version=2012-11-05&QueueName={name}"
            _, _, body = sqs.server.ask("POST", "/", form, Host=host, Content_Type=FORM_TYPE, Authorization=SIGNED)
            assert f"<QueueUrl>http://{host}/{ACCOUNT}/{name}</QueueUrl>" in body.decode()


def test_a_url_in_the_request_counts_more_than_the_address(faces):
    sqs = faces["query"]
    url, other = sqs.queue(), sqs.queue()
    at = f"/{ACCOUNT}/{url.rsplit('/', 1)[1]}"
    at_queue = Query(sqs.server, at_queue=True)
    at_queue.ask("SendMessage", [("Action", "SendMessage"), ("MessageBody", "here")], at)
    at_queue.ask("SendMessage", [("Action", "SendMessage"), ("MessageBody", "there"), ("QueueUrl", other)], at)
    assert sqs.bodies(url) == ["here"]
    assert sqs.bodies(other) == ["there"]


def test_json_may_be_posted_to_a_queue(faces):
    sqs = faces["json"]
    url = sqs.queue()
    path = f"/{ACCOUNT}/{url.rsplit('/', 1)[1]}"
    for body in ({"QueueUrl": url, "MessageBody": "a"}, {"MessageBody": "b"}):
        status, _, _ = sqs.server.ask("POST", path, json.dumps(body), X_Amz_Target="AmazonSQS.SendMessage", Content_Type=JSON_TYPE)
        if "QueueUrl" in body:
            assert status == 200
    assert "a" in sqs.bodies(url)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_at_a_queue_no_queue_is_made_or_listed(faces, method):
    url = faces["query"].queue()
    sqs = Query(faces["query"].server, method, at_queue=True)
    at = f"/{ACCOUNT}/{url.rsplit('/', 1)[1]}"
    for action in ("CreateQueue", "ListQueues", "Juggle"):
        with pytest.raises(Refused) as refused:
            sqs.ask(action, [("Action", action), ("QueueName", "x")], at)
        found = refused.value
        assert (found.code, found.status, found.message) == ("InvalidAction", 400, f"The action {action} is not valid for this endpoint.")
    other = faces["query"].queue()
    found = sqs.ask("GetQueueUrl", [("Action", "GetQueueUrl"), ("QueueName", other.rsplit("/", 1)[1])], at)
    assert found == {"QueueUrl": other}


def test_the_account_of_the_owner_may_be_said(sqs, url):
    assert sqs("GetQueueUrl", QueueName=url.rsplit("/", 1)[1], QueueOwnerAWSAccountId=ACCOUNT) == {"QueueUrl": url}
