"""The Query protocol of SNS: how requests may be sent, what their answers look like, and what is no request at all."""

import http.client
import json
import re
import urllib.parse

import pytest
from sns import NAMESPACE, SIGNED, VERSION, Refused, arn, fresh, text
from sqs import FORM_TYPE, REGION

LIST = [("Action", "ListTopics"), ("Version", VERSION)]


@pytest.mark.parametrize("method, path", [("POST", "/"), ("GET", "/"), ("POST", "/?x=y")])
def test_a_request_is_a_form_or_an_address(sns, method, path):
    assert "Topics" in sns.ask(LIST, method, path)


def test_parameters_may_be_in_the_address_of_a_post(sns, topic_server):
    topic = sns.topic()
    url = sns.queue(topic)
    query = urllib.parse.urlencode({"Action": "Publish", "Version": VERSION, "TopicArn": topic, "Message": "test message direct post request"})
    status, _, body = topic_server.ask("POST", f"/?{query}", Authorization=SIGNED)
    assert (status, b"<PublishResponse" in body) == (200, True), body
    assert [envelope["Message"] for envelope in sns.envelopes(url)] == ["test message direct post request"]


@pytest.mark.parametrize("kind", [FORM_TYPE, f"{FORM_TYPE}; charset=utf-8", f"{FORM_TYPE}; charset=UTF-8", FORM_TYPE.upper()])
def test_the_type_of_a_form(topic_server, kind):
    body = urllib.parse.urlencode(LIST)
    status, headers, answer = topic_server.ask("POST", "/", body, Content_Type=kind, Authorization=SIGNED)
    assert status == 200, answer
    assert headers["content-type"].split(";")[0] == "text/xml"


def test_an_answer_is_in_the_namespace_and_says_its_request(sns, topic_server):
    body = urllib.parse.urlencode([("Action", "CreateTopic"), ("Version", VERSION), ("Name", fresh("topic"))])
    status, headers, answer = topic_server.ask("POST", "/", body, Content_Type=FORM_TYPE, Authorization=SIGNED)
    assert status == 200
    assert f'<CreateTopicResponse xmlns="{NAMESPACE}">'.encode() in answer
    assert f"<RequestId>{headers['x-amzn-requestid']}</RequestId>".encode() in answer
    assert int(headers["content-length"]) == len(answer)


def test_an_error_is_in_the_namespace_and_says_its_request(topic_server):
    body = urllib.parse.urlencode([("Action", "GetTopicAttributes"), ("Version", VERSION), ("TopicArn", arn("nowhere"))])
    status, headers, answer = topic_server.ask("POST", "/", body, Content_Type=FORM_TYPE, Authorization=SIGNED)
    assert status == 404
    answer = re.sub(rb">\s+<", b"><", answer.split(b"?>")[-1]).strip()
    assert answer.decode() == (f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist'
                               f"</Message></Error><RequestId>{headers['x-amzn-requestid']}</RequestId></ErrorResponse>")


def test_what_is_special_in_xml_is_escaped(sns):
    name = fresh("topic")
    topic = sns("CreateTopic", Name=name, Attributes={"DisplayName": "<a href=\"b\">'&amp;'</a>"})["TopicArn"]
    assert sns.topic_attributes(topic)["DisplayName"] == "<a href=\"b\">'&amp;'</a>"
    url = sns.queue(topic, FilterPolicy='{"<a>":["&amp;"]}')
    (subscription,) = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert subscription["Endpoint"].endswith(url.rsplit("/", 1)[1])
    assert sns.subscription_attributes(subscription["SubscriptionArn"])["FilterPolicy"] == '{"<a>":["&amp;"]}'


@pytest.mark.parametrize("pairs, code", [
    ([("Action", "Nothing"), ("Version", VERSION)], "InvalidAction"),
    ([("Action", ""), ("Version", VERSION)], ("InvalidAction", "MissingAction")),
])
def test_what_is_no_action(sns, pairs, code):
    sns.refuses(lambda: sns.ask(pairs), code, None, pairs)


def test_a_request_need_not_be_signed(sns):
    assert "Topics" in sns.ask(LIST, authorization=None)


def test_the_version_tells_services_apart(sns, topic_server):
    # Without a signature that names its service, a form of SNS is known by its version.
    name = fresh("topic")
    made = sns.ask([("Action", "CreateTopic"), ("Version", VERSION), ("Name", name)], authorization=None)
    assert made == {"TopicArn": arn(name)}
    permission = [("Action", "AddPermission"), ("Version", VERSION), ("TopicArn", arn(name)), ("Label", "a"), ("AWSAccountId.member.1", "111122223333"),
                  ("ActionName.member.1", "Publish")]
    assert sns.ask(permission, authorization=None) == {}


def test_lists_and_maps_are_read_by_their_numbers(sns):
    name = fresh("topic")
    pairs = [("Action", "CreateTopic"), ("Version", VERSION), ("Name", name), ("Tags.member.2.Key", "b"), ("Tags.member.1.Value", "1"),
             ("Tags.member.2.Value", "2"), ("Tags.member.1.Key", "a"), ("Attributes.entry.1.value", "shown"), ("Attributes.entry.1.key", "DisplayName")]
    sns.ask(pairs)
    assert sns("ListTagsForResource", ResourceArn=arn(name))["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert sns.topic_attributes(arn(name))["DisplayName"] == "shown"


def test_parameters_that_nobody_knows_are_let_pass(sns):
    assert "Topics" in sns.ask([*LIST, ("Unknown", "x"), ("Unknown.member.1", "y")])


def test_keep_alive(topic_server):
    connection = http.client.HTTPConnection(topic_server.host, topic_server.port, timeout=60)
    for _ in range(3):
        connection.request("POST", "/", urllib.parse.urlencode(LIST), {"Content-Type": FORM_TYPE, "Authorization": SIGNED})
        assert connection.getresponse().read().startswith((b"<?xml", b"<ListTopics"))
    connection.close()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"%zz=%", b"a" * 100_000, b"&" * 10_000, b"=", b"Action=Publish&Message=%ff%fe", b"Action=%00", b"{}",
                                  b"Action=ListTopics&" + b"A.member.1=x&" * 20_000])
def test_what_is_no_form_is_survived(sns, topic_server, body):
    status, _, answer = topic_server.ask("POST", "/", body, Content_Type=FORM_TYPE, Authorization=SIGNED)
    assert status < 500, answer
    assert "Topics" in sns.ask(LIST)


def test_json_is_not_spoken(topic_server):
    status, _, _ = topic_server.ask("POST", "/", json.dumps({}), Content_Type="application/x-amz-json-1.0", Authorization=SIGNED,
                                    X_Amz_Target="AmazonSimpleNotificationService.ListTopics")
    assert 400 <= status < 500


def test_a_large_form_is_taken_and_a_larger_one_is_not(sns, topic_server):
    topic = sns.topic(MaximumMessageSize="1048576")
    # Each byte is three in a form.
    sns.publish(topic, "ä" * (1_048_576 // 2))
    try:
        sns.publish(topic, "x" * 20_000_000)
    except Refused as refused:
        assert 400 <= refused.status < 500
    except Exception as error:  # noqa: BLE001 -- it may close the connection, or answer without XML
        assert topic_server.alive(), error


def test_thousands_of_attributes_are_refused(sns):
    topic = sns.topic()
    attributes = {f"a{nth}": text("b") for nth in range(5_000)}
    try:
        sns.publish(topic, MessageAttributes=attributes)
    except Refused as refused:
        assert refused.status == 400


def test_services_share_the_port(sns, topic_server):
    assert topic_server.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert topic_server.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert topic_server.client("kinesis").list_streams()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert topic_server.client("sns").list_topics()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert REGION in sns.topic()
