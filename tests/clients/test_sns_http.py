"""Subscribers over HTTP: a real web server that confirms, verifies signatures, fails and gets its retries by the clock, and unsubscribes."""

import json
import queue
import re
import time
import urllib.parse

import pytest
from millpond import Server
from sns import ENVELOPE, INVALID, NO_SUBSCRIPTION, NOT_FOUND, UUID, Sns, fresh, redrive, text
from sns_message_validator.exceptions import SignatureVerificationFailureException
from sns_web import Web
from sqs import Refused
from test_sns_delivery import validator

DAY = 86_400
CONFIRMATION = ["Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"]
AGENT = "Amazon Simple Notification Service Agent"
PLAIN = "text/plain; charset=UTF-8"


@pytest.fixture(scope="module")
def web():
    web = Web()
    yield web
    web.stop()


def check_headers(request, kind, topic, message_id, subscription=None, raw=False, content_type=PLAIN):
    headers = {name.lower(): value for name, value in request.headers.items()}
    expected = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": message_id, "x-amz-sns-topic-arn": topic, "user-agent": AGENT,
                "content-type": content_type}
    if subscription:
        expected["x-amz-sns-subscription-arn"] = subscription
    if raw:
        expected["x-amz-sns-rawdelivery"] = "true"
    found = {name: value for name, value in headers.items() if name.startswith("x-amz-sns-") or name in expected}
    assert (request.method, found) == ("POST", expected)


class Subscriber:
    """An address that has subscribed, and what it knows of that."""

    def __init__(self, sns, web, topic, confirms=True, **attributes):
        self.sns, self.web, self.topic = sns, web, topic
        self.path = f"/{fresh('subscriber')}"
        self.arn = sns.subscribe(topic, "http", web.url(self.path), **attributes)
        self.asked = self.take()
        self.token = self.asked.json()["Token"]
        if confirms:
            assert self.visit(self.asked.json()["SubscribeURL"]) == {"SubscriptionArn": self.arn}

    def visit(self, url):
        return self.sns.visit(url)

    def take(self):
        return self.web.take(self.path)

    def silent(self):
        self.web.silent(self.path)

    def answers(self, *statuses):
        self.web.answers(self.path, *statuses)

    def after(self, most, step=1.0):
        return self.web.after(self.path, self.sns.advance, most, step)

    def attributes(self):
        return self.sns.subscription_attributes(self.arn)


# ---- confirmation


def test_an_address_is_asked_to_confirm(sns, web, topic_server):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, confirms=False)
    asked = subscriber.asked.json()
    assert set(asked) == set(CONFIRMATION)
    check_headers(subscriber.asked, "SubscriptionConfirmation", topic, asked["MessageId"])
    assert (asked["Type"], asked["TopicArn"]) == ("SubscriptionConfirmation", topic)
    assert re.fullmatch(UUID, asked["MessageId"])
    assert asked["Message"] == (f"You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included "
                                "in this message.")
    assert asked["SubscribeURL"] == f"{topic_server.url}/?Action=ConfirmSubscription&TopicArn={topic}&Token={asked['Token']}"
    assert re.fullmatch("[0-9a-f]{288}", asked["Token"]), "of this form are the service's"
    validator(topic_server).validate_message(asked)
    for name in ("Message", "Token", "SubscribeURL"):
        with pytest.raises(SignatureVerificationFailureException):
            validator(topic_server).validate_message({**asked, name: asked[name] + "x"})
    assert subscriber.attributes()["PendingConfirmation"] == "true"


def test_nothing_is_delivered_before_it_confirms(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, confirms=False)
    sns.publish(topic, "before")
    subscriber.silent()
    answer = subscriber.visit(subscriber.asked.json()["SubscribeURL"])
    assert answer == {"SubscriptionArn": subscriber.arn}
    found = subscriber.attributes()
    assert (found["PendingConfirmation"], found["ConfirmationWasAuthenticated"]) == ("false", "false")
    subscriber.silent()
    sns.publish(topic, "after")
    assert subscriber.take().json()["Message"] == "after"
    assert subscriber.visit(subscriber.asked.json()["SubscribeURL"]) == answer, "twice is once"


def test_a_token_confirms_by_the_api(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, confirms=False)
    answer = sns("ConfirmSubscription", TopicArn=topic, Token=subscriber.token, AuthenticateOnUnsubscribe="true")
    assert answer == {"SubscriptionArn": subscriber.arn}
    found = subscriber.attributes()
    assert (found["PendingConfirmation"], found["ConfirmationWasAuthenticated"]) == ("false", "true")
    sns.publish(topic)
    unsubscribe = subscriber.take().json()["UnsubscribeURL"]
    # It was to be ended by its owner alone, and a browser is nobody.
    sns.refuses(lambda: subscriber.visit(unsubscribe), "AuthorizationError", None, unsubscribe)
    assert subscriber.attributes()["PendingConfirmation"] == "false"
    sns("Unsubscribe", SubscriptionArn=subscriber.arn)
    sns.refused(NOT_FOUND, NO_SUBSCRIPTION, "GetSubscriptionAttributes", SubscriptionArn=subscriber.arn)


@pytest.mark.parametrize("meddle, said", [
    (lambda topic, token: (topic, token[:-1] + ("0" if token[-1] != "0" else "1")), "Invalid parameter: Token"),
    (lambda topic, token: ("arn:aws:sns", token), "Invalid parameter: Topic"),
])
def test_a_broken_address_confirms_nothing(sns, web, topic_server, meddle, said):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, confirms=False)
    broken = dict(zip(("TopicArn", "Token"), meddle(topic, subscriber.token)))
    url = f"{topic_server.url}/?{urllib.parse.urlencode({'Action': 'ConfirmSubscription', **broken})}"
    sns.refuses(lambda: subscriber.visit(url), INVALID, said, url)
    assert subscriber.attributes()["PendingConfirmation"] == "true"


def test_a_second_subscribe_asks_again(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, confirms=False)
    sns("Subscribe", TopicArn=topic, Protocol="http", Endpoint=web.url(subscriber.path))
    again = subscriber.take().json()
    assert again["Type"] == "SubscriptionConfirmation"
    subscriber.visit(again["SubscribeURL"])
    assert subscriber.attributes()["PendingConfirmation"] == "false"
    assert len(sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]) == 1


def test_a_token_ends_after_two_days(sns, web):
    topic = sns.topic()
    late, punctual = Subscriber(sns, web, topic, confirms=False), Subscriber(sns, web, topic, confirms=False)
    sns.advance(2 * DAY - 60)
    punctual.visit(punctual.asked.json()["SubscribeURL"])
    sns.advance(120)
    url = late.asked.json()["SubscribeURL"]
    sns.refuses(lambda: late.visit(url), INVALID, "Invalid parameter: Token", url)
    listed = [each["SubscriptionArn"] for each in sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]]
    assert listed == [punctual.arn], "who never confirms was never there"


# ---- notifications


def test_a_notification_is_signed(sns, web, topic_server):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    sent = sns.publish(topic, "test_external_http_endpoint", Subject="a subject", MessageAttributes={"a": text("b")})
    request = subscriber.take()
    check_headers(request, "Notification", topic, sent["MessageId"], subscriber.arn)
    got = request.json()
    assert list(got) == ENVELOPE
    assert (got["Message"], got["Subject"], got["MessageAttributes"]) == ("test_external_http_endpoint", "a subject",
                                                                          {"a": {"Type": "String", "Value": "b"}})
    assert got["UnsubscribeURL"] == f"{topic_server.url}/?Action=Unsubscribe&SubscriptionArn={subscriber.arn}"
    validator(topic_server).validate_message(got)
    with pytest.raises(SignatureVerificationFailureException):
        validator(topic_server).validate_message({**got, "Message": "other"})


def test_a_raw_message_is_the_body(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, RawMessageDelivery="true")
    sent = sns.publish(topic, "öß§a1 \U0001f986", Subject="unseen", MessageAttributes={"a": text("b")})
    request = subscriber.take()
    check_headers(request, "Notification", topic, sent["MessageId"], subscriber.arn, raw=True)
    assert request.body.decode() == "öß§a1 \U0001f986"


def test_the_text_is_that_of_the_protocol(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    sns.publish(topic, json.dumps({"default": "d", "http": "for http", "https": "for https"}), MessageStructure="json")
    assert subscriber.take().json()["Message"] == "for http"


def test_the_content_type_is_chosen(sns, web):
    topic = sns.topic(DeliveryPolicy=json.dumps({"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}}))
    by_topic = Subscriber(sns, web, topic)
    own = Subscriber(sns, web, topic, DeliveryPolicy=json.dumps({"requestPolicy": {"headerContentType": "text/csv"}}), RawMessageDelivery="true")
    assert by_topic.asked.header("Content-Type") == PLAIN, "it is asked in the form of all"
    sns.publish(topic)
    assert by_topic.take().header("Content-Type") == "application/json"
    assert own.take().header("Content-Type") == "text/csv"


def test_a_filter_policy_keeps_messages_from_it(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic, FilterPolicy='{"kind":["wanted"]}')
    for kind in ("other", "wanted"):
        sns.publish(topic, kind, MessageAttributes={"kind": text(kind)})
    assert subscriber.take().json()["Message"] == "wanted"
    subscriber.silent()


def test_an_address_may_have_a_query_and_a_name(sns, web):
    topic = sns.topic()
    path = f"/{fresh('subscriber')}?a=b&c=%20d"
    subscription = sns.subscribe(topic, "http", web.url(path).replace("//", "//user:secret@"))
    asked = web.take(path)
    assert asked.header("Authorization") == "Basic dXNlcjpzZWNyZXQ="
    sns.visit(asked.json()["SubscribeURL"])
    sns.publish(topic)
    assert web.take(path).header("Authorization") == "Basic dXNlcjpzZWNyZXQ="
    assert sns.subscription_attributes(subscription)["PendingConfirmation"] == "false"


def test_who_waits_for_long_keeps_nobody_else_waiting(sns, web):
    topic = sns.topic()
    failing, other = Subscriber(sns, web, topic), Subscriber(sns, web, topic)
    failing.answers(*[500] * 10)
    sns.publish(topic, "one")
    failing.take()
    assert other.take().json()["Message"] == "one"
    sns.publish(topic, "two")
    assert other.take().json()["Message"] == "two"


# ---- retries


def test_it_fails_twice_and_gets_its_retry_by_the_clock(sns, web, topic_server):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    subscriber.answers(500, 503)
    sent = sns.publish(topic, "again")
    first = subscriber.take().json()
    subscriber.silent()
    # By default it is tried again three times, each after 20 seconds.
    second, seconds = subscriber.after(40)
    assert 19 <= seconds <= 27
    third, seconds = subscriber.after(40)
    assert 19 <= seconds <= 27
    assert first == second.json() == third.json()
    assert first["MessageId"] == sent["MessageId"]
    validator(topic_server).validate_message(first)
    sns.advance(120)
    subscriber.silent()


@pytest.mark.parametrize("raw", [True, False])
def test_it_is_dead_lettered_after_the_last(sns, web, raw):
    topic = sns.topic()
    dead = sns.sqs.queue()
    subscriber = Subscriber(sns, web, topic, RedrivePolicy=redrive(dead), RawMessageDelivery=str(raw).lower())
    subscriber.answers(500, 500, 500, 500)
    sent = sns.publish(topic, "undeliverable", MessageAttributes={"a": text("b")})
    subscriber.take()
    for _ in range(3):
        assert sns.bodies(dead) == []
        subscriber.after(60, step=10)
    (message,) = eventually(lambda: sns.received(dead))
    if raw:
        assert (message["Body"], message["MessageAttributes"]["a"]) == ("undeliverable", text("b"))
    else:
        envelope = sns.envelope(message["Body"])
        assert (envelope["Message"], envelope["MessageId"]) == ("undeliverable", sent["MessageId"])
    sns.advance(3600)
    subscriber.silent()
    sns.publish(topic, "next")
    assert b"next" in subscriber.take().body


def eventually(look, within=200):
    for _ in range(within):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_who_refuses_is_not_asked_again(sns, web, status):
    topic = sns.topic()
    dead = sns.sqs.queue()
    subscriber = Subscriber(sns, web, topic, RedrivePolicy=redrive(dead))
    subscriber.answers(status)
    sns.publish(topic, "refused")
    subscriber.take()
    (envelope,) = eventually(lambda: sns.envelopes(dead))
    assert envelope["Message"] == "refused"
    sns.advance(600)
    subscriber.silent()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_who_is_busy_is_asked_again(sns, web, status):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    subscriber.answers(status)
    sns.publish(topic, "busy")
    subscriber.take()
    assert subscriber.after(60, step=10)[0].json()["Message"] == "busy"


def test_who_is_not_there_gets_dead_letters(sns, web):
    topic = sns.topic()
    dead = sns.sqs.queue()
    web_of_its_own = Web()
    subscriber = Subscriber(sns, web_of_its_own, topic, RedrivePolicy=redrive(dead))
    web_of_its_own.stop()
    sns.publish(topic, "nobody")
    for _ in range(60):
        sns.advance(21)
        time.sleep(0.1)
        found = sns.envelopes(dead)
        if found:
            break
    assert [envelope["Message"] for envelope in found] == ["nobody"]
    assert subscriber.attributes()["PendingConfirmation"] == "false"


def test_the_phases_of_a_retry_policy(sns, web):
    retries = {"minDelayTarget": 5, "maxDelayTarget": 10, "numRetries": 4, "numNoDelayRetries": 1, "numMinDelayRetries": 1, "numMaxDelayRetries": 1,
               "backoffFunction": "linear"}
    topic = sns.topic()
    dead = sns.sqs.queue()
    policy = json.dumps({"healthyRetryPolicy": retries})
    subscriber = Subscriber(sns, web, topic, DeliveryPolicy=policy, RedrivePolicy=redrive(dead))
    subscriber.answers(*[500] * 5)
    sns.publish(topic, "phases")
    subscriber.take()
    waits = [subscriber.after(15)[1] for _ in range(4)]
    assert waits[0] <= 3, "at once"
    assert 4 <= waits[1] <= 8, "after the least"
    assert 4 <= waits[2] <= 13, "in between"
    assert 9 <= waits[3] <= 14, "after the most"
    (envelope,) = eventually(lambda: sns.envelopes(dead))
    assert envelope["Message"] == "phases"


def test_a_topic_may_forbid_policies_of_its_subscribers(sns, web):
    policy = {"http": {"disableSubscriptionOverrides": True, "defaultHealthyRetryPolicy": {"minDelayTarget": 2, "maxDelayTarget": 2, "numRetries": 1}}}
    topic = sns.topic(DeliveryPolicy=json.dumps(policy))
    dead = sns.sqs.queue()
    own = json.dumps({"healthyRetryPolicy": {"minDelayTarget": 60, "maxDelayTarget": 60, "numRetries": 10}})
    subscriber = Subscriber(sns, web, topic, DeliveryPolicy=own, RedrivePolicy=redrive(dead))
    subscriber.answers(500, 500)
    sns.publish(topic, "forbidden")
    subscriber.take()
    assert subscriber.after(40)[1] <= 10, "not after a minute"
    assert eventually(lambda: sns.envelopes(dead))


def test_an_address_is_throttled(sns, web):
    topic = sns.topic()
    policy = json.dumps({"throttlePolicy": {"maxReceivesPerSecond": 2}})
    subscriber = Subscriber(sns, web, topic, DeliveryPolicy=policy)
    sns.advance(2)
    for nth in range(6):
        sns.publish(topic, f"{nth}")
    found = []
    for _ in range(3):
        found += [subscriber.take().json()["Message"] for _ in range(2)]
        subscriber.silent()
        sns.advance(1)
    assert sorted(found) == [f"{nth}" for nth in range(6)]


def test_deliveries_outlive_a_restart(sns, web, tmp_path):
    server = Server(tmp_path / "store", "--manual-clock")
    try:
        there = Sns(server)
        topic = there.topic()
        subscriber = Subscriber(there, web, topic)
        subscriber.answers(500)
        sent = there.publish(topic, "kept")
        subscriber.take()
        server.kill()
        server = Server(tmp_path / "store", "--manual-clock")
        request, _ = web.after(subscriber.path, server.advance, 60)
        assert request.json()["MessageId"] == sent["MessageId"]
    finally:
        server.kill()


# ---- the end


def test_an_address_unsubscribes_and_may_come_back(sns, web, topic_server):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    sns.publish(topic, "one")
    assert subscriber.visit(subscriber.take().json()["UnsubscribeURL"]) == {}
    request = subscriber.take()
    told = request.json()
    check_headers(request, "UnsubscribeConfirmation", topic, told["MessageId"], request.header("x-amz-sns-subscription-arn"))
    assert set(told) == set(CONFIRMATION)
    assert told["Message"] == (f"You have chosen to deactivate subscription {subscriber.arn}.\nTo cancel this operation and restore the "
                               "subscription, visit the SubscribeURL included in this message.")
    validator(topic_server).validate_message(told)
    sns.publish(topic, "two")
    subscriber.silent()
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}
    restored = subscriber.visit(told["SubscribeURL"])["SubscriptionArn"]
    assert restored.startswith(topic + ":")
    sns.publish(topic, "three")
    assert subscriber.take().json()["Message"] == "three"


def test_the_owner_ends_it_by_the_api(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    sns("Unsubscribe", SubscriptionArn=subscriber.arn)
    sns.publish(topic, "nobody hears")
    try:
        assert subscriber.web.take(subscriber.path, 0.5).json()["Type"] == "UnsubscribeConfirmation"
    except queue.Empty:
        pass  # who is not told of it has asked for it
    subscriber.silent()


def test_a_deleted_topic_delivers_no_more(sns, web):
    topic = sns.topic()
    subscriber = Subscriber(sns, web, topic)
    subscriber.answers(500, 500)
    sns.publish(topic, "one")
    subscriber.take()
    sns("DeleteTopic", TopicArn=topic)
    for _ in range(4):
        sns.advance(30)
    subscriber.silent()
    try:
        subscriber.visit(subscriber.asked.json()["SubscribeURL"])
    except Refused as refused:
        assert refused.status in (400, 404)
