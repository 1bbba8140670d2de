"""Subscriptions: what can be subscribed, their attributes, confirmation, lists and end, and what of them is refused in which words."""

import json
import re

import pytest
from sns import INVALID, NO_SUBSCRIPTION, NO_TOPIC, NOT_FOUND, STRANGE_TOKEN, UUID, arn, fresh, queue_arn, redrive
from sqs import ACCOUNT, REGION

DIFFERENT = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
NUMBERS = (f"+1556{nth:07}" for nth in range(10_000))


def subscribe(sns, topic, protocol="sqs", endpoint=None, **attributes):
    endpoint = endpoint or queue_arn(sns.sqs.queue())
    return sns.subscribe(topic, protocol, endpoint, **attributes), endpoint


# ---- what can be subscribed

# Whether its owner has to confirm it.
ENDPOINTS = {
    "sqs": (f"arn:aws:sqs:{REGION}:{ACCOUNT}:any", False),
    "lambda": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:any", False),
    "firehose": (f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/any", False),
    "sms": ("+15551234567", False),
    "email": ("someone@example.com", True),
    "email-json": ("someone@example.com", True),
    "http": ("http://127.0.0.1:9/nobody", True),
    "https": ("https://127.0.0.1:9/nobody", True),
}
ROLE = "arn:aws:iam::000000000000:role/role"


def more_for(protocol):
    return {"SubscriptionRoleArn": ROLE} if protocol == "firehose" else {}


@pytest.mark.parametrize("protocol", ENDPOINTS)
def test_an_endpoint_is_subscribed(sns, protocol):
    endpoint, waits = ENDPOINTS[protocol]
    topic = sns.topic()
    subscription = sns.subscribe(topic, protocol, endpoint, **more_for(protocol))
    assert re.fullmatch(re.escape(topic) + ":" + UUID, subscription)
    found = sns.subscription_attributes(subscription)
    principal = found.pop("SubscriptionPrincipal")
    assert re.match(f"arn:aws:iam::{ACCOUNT}:", principal), principal
    for name in ("EffectiveDeliveryPolicy", "DeliveryPolicy"):
        assert protocol.startswith("http") or name not in found
        found.pop(name, None)
    assert found == {
        "ConfirmationWasAuthenticated": "false" if waits else "true", "Endpoint": endpoint, "Owner": ACCOUNT, "Protocol": protocol,
        "PendingConfirmation": "true" if waits else "false", "RawMessageDelivery": "false", "SubscriptionArn": subscription,
        "TopicArn": topic, **more_for(protocol),
    }


@pytest.mark.parametrize("protocol", ENDPOINTS)
def test_an_arn_is_given_to_those_who_need_not_confirm(sns, protocol):
    endpoint, waits = ENDPOINTS[protocol]
    topic = sns.topic()
    answer = sns("Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=more_for(protocol))["SubscriptionArn"]
    assert re.fullmatch("pending confirmation" if waits else re.escape(topic) + ":" + UUID, answer)
    listed = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert listed == [{"Endpoint": endpoint, "Owner": ACCOUNT, "Protocol": protocol, "TopicArn": topic,
                       "SubscriptionArn": "PendingConfirmation" if waits else answer}]


@pytest.mark.parametrize("protocol, endpoint, said", [
    ("test-protocol", "localstack@yopmail.com", "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"),
    ("SQS", ENDPOINTS["sqs"][0], "Invalid parameter: Amazon SNS does not support this protocol string: SQS"),
    ("", "a", None),
    ("sqs", "http://127.0.0.1:4566/000000000000/any", "Invalid parameter: SQS endpoint ARN"),
    ("sqs", "any", "Invalid parameter: SQS endpoint ARN"),
    ("sqs", "arn:aws:sqs:us-east-1", "Invalid parameter: SQS endpoint ARN"),
    ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:any.fifo",
     "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"),
    ("http", "https://127.0.0.1/", "Invalid parameter: Endpoint must match the specified protocol"),
    ("https", "http://127.0.0.1/", "Invalid parameter: Endpoint must match the specified protocol"),
    ("http", "127.0.0.1", "Invalid parameter: Endpoint must match the specified protocol"),
    ("sms", "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
    ("sms", "+1a234", "Invalid SMS endpoint: +1a234"),
    ("email", "someone", re.compile("^Invalid parameter: ")),
    ("lambda", "any", re.compile("^Invalid parameter: ")),
    ("firehose", "any", re.compile("^Invalid parameter: ")),
    ("application", "any", re.compile("^Invalid parameter: ")),
])
def test_what_cannot_be_subscribed(sns, protocol, endpoint, said):
    topic = sns.topic()
    sns.refused(INVALID, said, "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}


def test_an_endpoint_must_be_given(sns):
    sns.refused((INVALID, NOT_FOUND, "ValidationError"), None, "Subscribe", TopicArn=sns.topic(), Protocol="sqs")


def test_a_fifo_topic_has_queues_of_both_kinds(sns):
    topic = sns.topic(fifo=True)
    subscription, _ = subscribe(sns, topic)
    assert sns.subscription_attributes(subscription)["PendingConfirmation"] == "false"
    subscribe(sns, topic, endpoint=queue_arn(sns.sqs.queue(fifo=True)))


def test_a_large_topic_has_queues_alone(sns):
    topic = sns.topic(MaximumMessageSize="262145")
    subscribe(sns, topic)
    for protocol in ("http", "email", "sms"):
        sns.refused(INVALID, None, "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=ENDPOINTS[protocol][0])


# ---- once


def test_an_endpoint_is_subscribed_once(sns):
    topic = sns.topic()
    subscription, endpoint = subscribe(sns, topic, RawMessageDelivery="true")
    same = [
        {"RawMessageDelivery": "true"}, {"RawMessageDelivery": "TRUE"}, {}, {"FilterPolicyScope": "MessageAttributes"},
        {"RawMessageDelivery": "true", "FilterPolicyScope": "MessageAttributes"},
    ]
    for attributes in same:
        assert subscribe(sns, topic, endpoint=endpoint, **attributes)[0] == subscription
    for attributes in ({"RawMessageDelivery": "false", "FilterPolicyScope": "MessageBody"}, {"RawMessageDelivery": "false"},
                       {"FilterPolicy": '{"a":["b"]}'}, {"RedrivePolicy": redrive(sns.sqs.queue())}):
        sns.refused(INVALID, DIFFERENT, "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes=attributes)
    assert len(sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]) == 1


def test_an_endpoint_may_be_subscribed_to_several_topics(sns):
    first, endpoint = subscribe(sns, sns.topic())
    second, _ = subscribe(sns, sns.topic(), endpoint=endpoint)
    assert first != second


# ---- attributes


def test_attributes_are_given_when_it_is_made(sns):
    topic = sns.topic()
    subscription, endpoint = subscribe(sns, topic, RawMessageDelivery="TrUe", FilterPolicyScope="MessageBody", FilterPolicy="")
    found = sns.subscription_attributes(subscription)
    assert found["RawMessageDelivery"] == "true"
    assert not {"FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "DeliveryPolicy"} & found.keys()


def test_a_filter_policy_comes_with_its_scope(sns):
    policy = json.dumps({"attr1": [{"numeric": [">", 0, "<=", 100]}]})
    subscription, _ = subscribe(sns, sns.topic(), FilterPolicy=policy)
    found = sns.subscription_attributes(subscription)
    assert (json.loads(found["FilterPolicy"]), found["FilterPolicyScope"]) == (json.loads(policy), "MessageAttributes")
    sns.set_subscription(subscription, "FilterPolicyScope", "MessageBody")
    assert sns.subscription_attributes(subscription)["FilterPolicyScope"] == "MessageBody"
    for nothing in ("", "{}"):
        sns.set_subscription(subscription, "FilterPolicy", policy)
        sns.set_subscription(subscription, "FilterPolicy", nothing)
        found = sns.subscription_attributes(subscription)
        assert json.loads(found.get("FilterPolicy", "{}")) == {}


def test_attributes_are_set_and_shown(sns):
    subscription, _ = subscribe(sns, sns.topic())
    dead = sns.sqs.queue()
    for name, value in (("RawMessageDelivery", "true"), ("RawMessageDelivery", "false"), ("RedrivePolicy", redrive(dead)),
                        ("FilterPolicy", '{"a":["b"]}'), ("FilterPolicyScope", "MessageBody"), ("FilterPolicyScope", "MessageAttributes")):
        sns.set_subscription(subscription, name, value)
        assert sns.subscription_attributes(subscription)[name] == value
    sns.set_subscription(subscription, "RedrivePolicy", "")
    assert "RedrivePolicy" not in sns.subscription_attributes(subscription)


def test_a_delivery_policy_of_a_subscription(sns):
    topic = sns.topic(DeliveryPolicy=json.dumps({"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}}))
    retries = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 0, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
               "numMinDelayRetries": 0, "backoffFunction": "linear"}
    given = {"healthyRetryPolicy": retries, "throttlePolicy": {"maxReceivesPerSecond": 1000}}
    subscription = sns.subscribe(topic, "http", "http://127.0.0.1:9/", DeliveryPolicy=json.dumps(given))
    found = sns.subscription_attributes(subscription)
    policy = {**given, "sicklyRetryPolicy": None, "requestPolicy": None, "guaranteed": False}
    assert json.loads(found["DeliveryPolicy"]) == policy
    assert json.loads(found["EffectiveDeliveryPolicy"]) == {**policy, "requestPolicy": {"headerContentType": "application/json"}}


def test_the_default_delivery_policy_is_in_effect(sns):
    topic = sns.topic()
    given = {"requestPolicy": {"headerContentType": "text/csv"}}
    subscription = sns.subscribe(topic, "http", "http://127.0.0.1:9/", DeliveryPolicy=json.dumps(given), RawMessageDelivery="true")
    found = sns.subscription_attributes(subscription)
    nothing = {"healthyRetryPolicy": None, "sicklyRetryPolicy": None, "throttlePolicy": None, "guaranteed": False}
    assert json.loads(found["DeliveryPolicy"]) == {**nothing, **given}
    default = {"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
               "numMinDelayRetries": 0, "backoffFunction": "linear"}
    assert json.loads(found["EffectiveDeliveryPolicy"]) == {**nothing, **given, "healthyRetryPolicy": default}


@pytest.mark.parametrize("name, value, said", [
    ("FakeAttribute", "test-value", "AttributeName"),
    ("TopicArn", "test-value", "AttributeName"),
    ("PendingConfirmation", "false", "AttributeName"),
    ("RawMessageDelivery", "test-ValUe", "RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false."),
    ("RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."),
    ("RedrivePolicy", '{"deadLetterTargetArn": "fake-arn"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ("RedrivePolicy", "{invalidjson}", re.compile("^Invalid parameter: RedrivePolicy: failed to parse JSON. Unexpected character \\('i' "
                                                  "\\(code 105\\)\\): was expecting double-quote to start field name\n at \\[Source: .*; "
                                                  "line: 1, column: [23]\\]$")),
    ("RedrivePolicy", "[]", None),
    ("FilterPolicy", "{invalidjson}", re.compile("^Invalid parameter: FilterPolicy: failed to parse JSON. Unexpected character \\('i' "
                                                 "\\(code 105\\)\\): was expecting double-quote to start field name\n at \\[Source: .*; "
                                                 "line: 1, column: [23]\\]$")),
    ("FilterPolicyScope", "Message", re.compile("^Invalid parameter: FilterPolicyScope: ")),
    ("DeliveryPolicy", "{", re.compile("^Invalid parameter: ")),
    ("DeliveryPolicy", '{"healthyRetryPolicy":{"minDelayTarget":0,"maxDelayTarget":1,"numRetries":1}}', re.compile("^Invalid parameter: ")),
])
def test_what_an_attribute_may_not_be(sns, name, value, said):
    subscription, _ = subscribe(sns, sns.topic())
    before = sns.subscription_attributes(subscription)
    said = f"Invalid parameter: {said}" if isinstance(said, str) else said
    request = {"SubscriptionArn": subscription, "AttributeName": name, "AttributeValue": value}
    sns.refused(INVALID, said, "SetSubscriptionAttributes", **request)
    assert sns.subscription_attributes(subscription) == before


@pytest.mark.parametrize("name, value, said", [
    ("RawMessageDelivery", "wrongvalue", "Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."),
    ("RedrivePolicy", '{"deadLetterTargetArn": "fake-arn"}', "Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ("Other", "a", None),
])
def test_what_an_attribute_may_not_be_when_it_is_made(sns, name, value, said):
    topic = sns.topic()
    said = said and f"Invalid parameter: {said}"
    request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": ENDPOINTS["sqs"][0], "Attributes": {name: value}}
    sns.refused(INVALID, said, "Subscribe", **request)
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}


def test_the_dead_letters_of_a_fifo_queue_go_to_one(sns):
    topic = sns.topic(fifo=True)
    subscription, _ = subscribe(sns, topic, endpoint=queue_arn(sns.sqs.queue(fifo=True)))
    said = "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    request = {"SubscriptionArn": subscription, "AttributeName": "RedrivePolicy"}
    sns.refused(INVALID, said, "SetSubscriptionAttributes", AttributeValue=redrive(sns.sqs.queue()), **request)
    sns("SetSubscriptionAttributes", AttributeValue=redrive(sns.sqs.queue(fifo=True)), **request)


@pytest.mark.parametrize("operation, more", [
    ("GetSubscriptionAttributes", {}), ("SetSubscriptionAttributes", {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}),
])
def test_a_subscription_that_is_not_there(sns, operation, more):
    topic = sns.topic()
    subscription, _ = subscribe(sns, topic)
    nowhere = subscription[:-8] + "00000000"
    sns.refused(NOT_FOUND, NO_SUBSCRIPTION, operation, SubscriptionArn=nowhere, **more)
    sns("Unsubscribe", SubscriptionArn=subscription)
    sns.refused(NOT_FOUND, NO_SUBSCRIPTION, operation, SubscriptionArn=subscription, **more)


# ---- confirmation


@pytest.mark.parametrize("topic, token, said", [
    ("{topic}", "randomtoken", "Invalid token"),
    ("{topic}", STRANGE_TOKEN, "Invalid parameter: Token"),
    ("{topic}x", STRANGE_TOKEN, "Invalid parameter: Token"),
])
def test_a_token_that_nobody_was_sent(sns, topic, token, said):
    topic = topic.replace("{topic}", sns.topic())
    sns.refused(INVALID, said, "ConfirmSubscription", TopicArn=topic, Token=token)


def test_a_broken_topic_confirms_nothing(sns):
    sns.refused(INVALID, "Invalid parameter: Topic", "ConfirmSubscription", TopicArn="arn:aws:sns", Token=STRANGE_TOKEN)


# ---- lists and the end


def test_subscriptions_are_listed(sns):
    topics = [sns.topic(), sns.topic()]
    made = {}
    for topic in topics:
        for _ in range(3):
            subscription, endpoint = subscribe(sns, topic)
            made[subscription] = {"SubscriptionArn": subscription, "TopicArn": topic, "Endpoint": endpoint, "Owner": ACCOUNT, "Protocol": "sqs"}
    for topic in topics:
        listed = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
        assert {each["SubscriptionArn"]: each for each in listed} == {key: each for key, each in made.items() if each["TopicArn"] == topic}
    everything = [each for page in sns.pages("ListSubscriptions", "Subscriptions") for each in page]
    confirmed = [each["SubscriptionArn"] for each in everything if each["SubscriptionArn"] != "PendingConfirmation"]
    assert len(confirmed) == len(set(confirmed))
    assert [each for each in everything if each["SubscriptionArn"] in made and each != made[each["SubscriptionArn"]]] == []
    assert made.keys() <= set(confirmed)


def test_the_subscriptions_of_a_topic_are_listed_by_hundreds(sns):
    topic = sns.topic()
    made = {sns.subscribe(topic, "sms", next(NUMBERS)) for _ in range(201)}
    pages = sns.pages("ListSubscriptionsByTopic", "Subscriptions", TopicArn=topic)
    assert [len(page) for page in pages] == [100, 100, 1]
    assert {each["SubscriptionArn"] for page in pages for each in page} == made
    assert {len(page) for page in sns.pages("ListSubscriptions", "Subscriptions")[:-1]} == {100}


def test_a_subscription_ends_once(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    subscription = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    sns.publish(topic, "before")
    assert sns("Unsubscribe", SubscriptionArn=subscription) == {}
    assert sns("Unsubscribe", SubscriptionArn=subscription) == {}
    sns.publish(topic, "after")
    assert sns.bodies(url) == ["before"]
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}
    again = sns.subscribe(topic, "sqs", queue_arn(url))
    assert again != subscription


@pytest.mark.parametrize("subscription, said", [
    ("randomstring", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
    ("arn:aws:sns:us-east-1:random", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"),
    ("arn:aws:sns:us-east-1:111111111111:random", "Invalid parameter: SubscriptionId"),
])
def test_what_is_no_subscription_does_not_end(sns, subscription, said):
    sns.refused(INVALID, said, "Unsubscribe", SubscriptionArn=subscription)


def test_a_subscription_needs_its_topic(sns):
    name = fresh("nowhere")
    sns.refused(NOT_FOUND, NO_TOPIC, "Subscribe", TopicArn=arn(name), Protocol="sqs", Endpoint=ENDPOINTS["sqs"][0])


# ---- limits


def test_a_topic_has_200_filter_policies(sns):
    topic = sns.topic()
    for nth in range(200):
        sns.subscribe(topic, "sms", next(NUMBERS), FilterPolicy=json.dumps({"a": [str(nth)]}))
    request = {"TopicArn": topic, "Protocol": "sms", "Attributes": {"FilterPolicy": '{"a":["b"]}'}}
    sns.refused("FilterPolicyLimitExceeded", None, "Subscribe", Endpoint=next(NUMBERS), **request)
    without = sns.subscribe(topic, "sms", next(NUMBERS))
    sns.refused("FilterPolicyLimitExceeded", None, "SetSubscriptionAttributes", SubscriptionArn=without, AttributeName="FilterPolicy",
                AttributeValue='{"a":["b"]}')
