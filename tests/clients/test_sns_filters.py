"""Filter policies over HTTP: the tables of `pubsub/tests/filters`, which say where each of their cases is from. A queue is subscribed with a policy,
a message is published, and the queue has it or has it not."""

import base64
import json

import pytest
from millpond import ROOT
from sns import INVALID, fresh, queue_arn, text

TABLES = ROOT / "pubsub" / "tests" / "filters"
CASES, REFUSALS = (json.loads((TABLES / f"{name}.json").read_text()) for name in ("cases", "refusals"))
# What the Rust API takes, and the service does not; and what matches nothing because it cannot be published.
SERVED = [case for case in CASES if "forms" not in case and "unpublishable" not in case]
REFUSED = [case for case in REFUSALS if "forms" not in case]


def attribute(value):
    if "BinaryValue" in value:
        return {**value, "BinaryValue": base64.b64decode(value["BinaryValue"])}
    return value


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=[f"{nth}: {case['name'][:80]}" for nth, case in enumerate(cases)])


@pytest.fixture(scope="module")
def queue(sns):
    """One queue, of which each case takes what it was sent."""
    return sns.sqs.queue()


def attributes(case):
    policy = case["policy"] if isinstance(case["policy"], str) else json.dumps(case["policy"])
    return {"FilterPolicy": policy, "FilterPolicyScope": case["scope"]}


@named(SERVED)
def test_a_policy_matches_or_does_not(sns, queue, case):
    topic = sns.topic(fresh("filtered"))
    sns.subscribe(topic, "sqs", queue_arn(queue), RawMessageDelivery="true", **attributes(case))
    given = {name: attribute(value) for name, value in case.get("attributes", {}).items()}
    if len(given) > 10 or any("$" in name for name in given):
        pytest.skip("a queue takes ten attributes, and no name has a dollar")
    body = case.get("body", "a message")
    body = body if isinstance(body, str) else json.dumps(body)
    sns.publish(topic, body, **({"MessageAttributes": given} if given else {}))
    assert sns.bodies(queue) == ([body] if case["matches"] else [])


@named(REFUSED)
def test_a_policy_is_refused(sns, queue, case):
    topic = sns.topic(fresh("filtered"))
    said = f"Invalid parameter: Attributes Reason: {case['error']}"
    sns.refused(INVALID, said, "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(queue), Attributes=attributes(case))
    subscription = sns.subscribe(topic, "sqs", queue_arn(queue))
    sns.set_subscription(subscription, "FilterPolicyScope", case["scope"])
    sns.refused(INVALID, f"Invalid parameter: {case['error']}", "SetSubscriptionAttributes", SubscriptionArn=subscription,
                AttributeName="FilterPolicy", AttributeValue=case["policy"])


@named([case for case in CASES + REFUSALS if "forms" in case])
def test_forms_of_the_rust_api_alone_are_refused(sns, queue, case):
    topic = sns.topic(fresh("filtered"))
    sns.refused(INVALID, None, "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(queue), Attributes=attributes(case))


def test_policies_of_many_subscriptions_are_told_apart(sns):
    topic = sns.topic()
    queues = [sns.raw_queue(topic, FilterPolicy=json.dumps({"number": [{"numeric": [">=", nth * 10, "<", nth * 10 + 15]}]})) for nth in range(20)]
    for number in range(0, 220, 5):
        sns.publish(topic, str(number), MessageAttributes={"number": text(str(number), "Number")})
    for nth, url in enumerate(queues):
        assert sorted(int(body) for body in sns.bodies(url)) == [nth * 10, nth * 10 + 5, nth * 10 + 10]


def test_a_changed_policy_counts_from_then_on(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic, FilterPolicy='{"kind":["one"]}')
    (subscription,) = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    for policy in ('{"kind":["one"]}', '{"kind":["two"]}', "", '{"kind":["none"]}'):
        sns.set_subscription(subscription["SubscriptionArn"], "FilterPolicy", policy)
        for kind in ("one", "two"):
            sns.publish(topic, f"{kind} by {policy}", MessageAttributes={"kind": text(kind)})
    assert sorted(sns.bodies(url)) == sorted(['one by {"kind":["one"]}', 'two by {"kind":["two"]}', "one by ", "two by "])


def test_the_body_of_a_structured_message_is_that_of_the_protocol(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic, FilterPolicy='{"a":["sqs"]}', FilterPolicyScope="MessageBody")
    message = {"default": '{"a":"default"}', "sqs": '{"a":"sqs"}'}
    sns.publish(topic, json.dumps(message), MessageStructure="json")
    assert sns.bodies(url) == ['{"a":"sqs"}']
