"""Topics: their names, attributes, delivery policies, permissions, tags and lists, and what of them is refused in which words.

What the service says was recorded of it by others; where no record is known, only the code is asked for."""

import json
import re

import pytest
from sns import INVALID, NO_TOPIC, NOT_FOUND, arn, fresh, text
from sqs import ACCOUNT

NAME = "Invalid parameter: Topic Name"
FIFO_NAME = re.compile("^(Invalid parameter: Topic Name|Invalid parameter: .*|Fifo Topic names must end with .fifo .*)$")
ELEMENTS = "Invalid parameter: {} Reason: An ARN must have at least 6 elements, not {}"
ACTIONS = ["GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
           "ListSubscriptionsByTopic", "Publish"]
RETRIES = {"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
           "numMinDelayRetries": 0, "backoffFunction": "linear"}
PLAIN = {"headerContentType": "text/plain; charset=UTF-8"}
EFFECTIVE = {"http": {"defaultHealthyRetryPolicy": RETRIES, "disableSubscriptionOverrides": False, "defaultRequestPolicy": PLAIN}}
COUNTS = ["SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted"]


def default_policy(topic):
    return {
        "Version": "2008-10-17", "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in ACTIONS], "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }],
    }


def attributes(sns, topic):
    found = sns.topic_attributes(topic)
    for name in ("Policy", "EffectiveDeliveryPolicy", "DeliveryPolicy"):
        if name in found:
            found[name] = json.loads(found[name])
    return found


# ---- names


@pytest.mark.parametrize("name", ["a", "A-_9", "x" * 256, "7", "-", "_"])
def test_a_name_may_be(sns, name):
    assert sns("CreateTopic", Name=name)["TopicArn"] == arn(name)


@pytest.mark.parametrize("name", ["x" * 257, "a.b", "a b", "ä", "a/b", "a$", "a\n", "a:b", "", ".fifo", "a*", "a.fifo", "a.FIFO"])
def test_a_name_may_not_be(sns, name):
    sns.refused(INVALID, NAME, "CreateTopic", Name=name)


@pytest.mark.parametrize("name", ["a", "a.fif", "a.fifo.", "a b.fifo", "a.b.fifo", "ä.fifo", "a.FIFO", ".fifo", "x" * 257 + ".fifo"])
def test_the_name_of_a_fifo_topic_may_not_be(sns, name):
    sns.refused(INVALID, FIFO_NAME, "CreateTopic", Name=name, Attributes={"FifoTopic": "true"})


def test_the_name_of_a_fifo_topic_has_256_characters_with_its_end(sns):
    name = "x" * 251 + ".fifo"
    assert sns.topic(name, fifo=True) == arn(name)


@pytest.mark.parametrize("operation, member", [
    ("GetTopicAttributes", "TopicArn"), ("SetTopicAttributes", "TopicArn"), ("ListSubscriptionsByTopic", "TopicArn"),
    ("Subscribe", "TopicArn"), ("Publish", "TopicArn"), ("DeleteTopic", "TopicArn"), ("PublishBatch", "TopicArn"),
])
@pytest.mark.parametrize("topic, elements", [("topic", 1), ("arn:aws", 2), ("arn:aws:sns:us-east-1:000000000000", 5)])
def test_an_arn_has_six_elements(sns, operation, member, topic, elements):
    more = {"SetTopicAttributes": {"AttributeName": "DisplayName", "AttributeValue": "a"}, "Publish": {"Message": "a"},
            "Subscribe": {"Protocol": "sms", "Endpoint": "+15551234567"},
            "PublishBatch": {"PublishBatchRequestEntries": [{"Id": "a", "Message": "a"}]}}
    sns.refused(INVALID, ELEMENTS.format(member, elements), operation, TopicArn=topic, **more.get(operation, {}))


def test_an_empty_arn_is_none(sns):
    sns.refused(INVALID, ELEMENTS.format("TopicArn", 1), "Publish", TopicArn="", Message="a")


@pytest.mark.parametrize("operation, more", [
    ("GetTopicAttributes", {}), ("ListSubscriptionsByTopic", {}), ("Publish", {"Message": "a"}),
    ("SetTopicAttributes", {"AttributeName": "DisplayName", "AttributeValue": "a"}),
    ("Subscribe", {"Protocol": "sms", "Endpoint": "+15551234567"}),
    ("PublishBatch", {"PublishBatchRequestEntries": [{"Id": "a", "Message": "a"}]}),
    ("AddPermission", {"Label": "a", "AWSAccountId": ["111122223333"], "ActionName": ["Publish"]}),
    ("RemovePermission", {"Label": "a"}),
])
def test_a_topic_that_is_not_there(sns, operation, more):
    sns.refused(NOT_FOUND, NO_TOPIC, operation, TopicArn=arn("nowhere"), **more)


# ---- making and deleting


def test_a_topic_is_made_once(sns):
    name = fresh("topic")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    made = sns("CreateTopic", Name=name, Tags=tags)
    for again in (tags, tags[:1], []):
        assert sns("CreateTopic", Name=name, Tags=again) == made
    assert sns("CreateTopic", Name=name) == made


def test_a_topic_cannot_be_made_with_other_tags_or_attributes(sns):
    name = fresh("topic")
    sns.topic(name, DisplayName="one")
    said = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    sns.refused(INVALID, said, "CreateTopic", Name=name, Tags=[{"Key": "a", "Value": "1"}])
    said = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    sns.refused(INVALID, said, "CreateTopic", Name=name, Attributes={"DisplayName": "two"})
    sns.topic(name, DisplayName="one")
    assert sns("ListTagsForResource", ResourceArn=arn(name)) == {"Tags": []}


def test_a_deleted_topic_leaves_nothing_behind(sns):
    name = fresh("topic")
    topic = sns.topic(name, tags={"Name": "pqr"}, DisplayName="one")
    url = sns.raw_queue(topic)
    sns("DeleteTopic", TopicArn=topic)
    sns("DeleteTopic", TopicArn=topic)
    sns.refused(NOT_FOUND, NO_TOPIC, "GetTopicAttributes", TopicArn=topic)
    assert topic not in sum(([each["TopicArn"] for each in page] for page in sns.pages("ListTopics", "Topics")), [])
    assert sns.topic(name, tags={"Name": "abc"}) == topic
    assert sns.topic_attributes(topic)["DisplayName"] == ""
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}
    sns.publish(topic)
    assert sns.bodies(url) == []


def test_a_subscription_of_a_deleted_topic_is_gone(sns):
    topic = sns.topic()
    subscription = sns.subscribe(topic, "sms", "+15551230001")
    sns("DeleteTopic", TopicArn=topic)
    sns.topic(topic.rsplit(":", 1)[1])
    sns.refused(NOT_FOUND, "Subscription does not exist", "GetSubscriptionAttributes", SubscriptionArn=subscription)


# ---- attributes


@pytest.mark.parametrize("fifo", [False, True])
def test_all_attributes_of_a_fresh_topic(sns, fifo):
    topic = sns.topic(fifo=fifo)
    found = attributes(sns, topic)
    assert found.pop("FifoThroughputScope", "Topic") == "Topic"
    expected = {"DisplayName": "", "EffectiveDeliveryPolicy": EFFECTIVE, "Owner": ACCOUNT, "Policy": default_policy(topic),
                "TopicArn": topic, **{name: "0" for name in COUNTS}}
    assert found == {**expected, **({"ContentBasedDeduplication": "false", "FifoTopic": "true"} if fifo else {})}


def test_attributes_are_given_when_a_topic_is_made(sns):
    topic = sns.topic(fifo=True, DisplayName="TestTopic", SignatureVersion="2")
    found = sns.topic_attributes(topic)
    assert (found["DisplayName"], found["SignatureVersion"], found["FifoTopic"]) == ("TestTopic", "2", "true")


KEPT = {
    "DisplayName": ["", "A name", "ä"], "KmsMasterKeyId": ["alias/aws/sns"], "SignatureVersion": ["1", "2"], "TracingConfig": ["Active", "PassThrough"],
    "MaximumMessageSize": ["1024", "262144", "1048576"],
    **{f"{of}{what}": [value]
       for of in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
       for what, value in (("SuccessFeedbackRoleArn", "arn:aws:iam::000000000000:role/role"), ("SuccessFeedbackSampleRate", "100"),
                           ("FailureFeedbackRoleArn", "arn:aws:iam::000000000000:role/role"))},
}


@pytest.mark.parametrize("name", KEPT)
def test_an_attribute_is_kept(sns, name):
    topic = sns.topic()
    for value in KEPT[name]:
        sns.set_topic(topic, name, value)
        assert sns.topic_attributes(topic)[name] == value
        made = sns.topic(**{name: value})
        assert sns.topic_attributes(made)[name] == value


@pytest.mark.parametrize("name", ["Other", "FifoTopic", "TopicArn", "Owner", "SubscriptionsConfirmed", "EffectiveDeliveryPolicy", "displayName"])
def test_an_attribute_that_cannot_be_set(sns, name):
    topic = sns.topic()
    sns.refused(INVALID, "Invalid parameter: AttributeName", "SetTopicAttributes", TopicArn=topic, AttributeName=name, AttributeValue="true")


def test_an_unknown_attribute_makes_no_topic(sns):
    name = fresh("topic")
    sns.refused(INVALID, None, "CreateTopic", Name=name, Attributes={"Other": "1"})
    sns.refused(NOT_FOUND, NO_TOPIC, "GetTopicAttributes", TopicArn=arn(name))


@pytest.mark.parametrize("name, value", [
    ("SignatureVersion", "3"), ("SignatureVersion", ""), ("TracingConfig", "active"), ("MaximumMessageSize", "1023"),
    ("MaximumMessageSize", "1048577"), ("MaximumMessageSize", "many"), ("Policy", "{"), ("Policy", "[]"), ("DeliveryPolicy", "{"),
    ("SQSSuccessFeedbackSampleRate", "101"), ("SQSSuccessFeedbackSampleRate", "-1"), ("HTTPSuccessFeedbackSampleRate", "x"),
    ("DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 0, "maxDelayTarget": 20, "numRetries": 3}}})),
    ("DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 30, "maxDelayTarget": 20, "numRetries": 3}}})),
    ("DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 20, "maxDelayTarget": 3601, "numRetries": 3}}})),
    ("DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 101}}})),
    ("DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": {
        "minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 1, "backoffFunction": "cubic"}}})),
])
def test_an_attribute_may_not_be(sns, name, value):
    topic = sns.topic()
    before = sns.topic_attributes(topic)
    sns.refused(INVALID, re.compile("^Invalid parameter: "), "SetTopicAttributes", TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert sns.topic_attributes(topic) == before
    sns.refused(INVALID, re.compile("^Invalid parameter: "), "CreateTopic", Name=fresh("topic"), Attributes={name: value})


@pytest.mark.parametrize("name, value", [
    ("ContentBasedDeduplication", "true"), ("FifoThroughputScope", "MessageGroup"), ("ArchivePolicy", '{"MessageRetentionPeriod":"30"}'),
])
def test_what_only_fifo_topics_have(sns, name, value):
    sns.refused(INVALID, None, "SetTopicAttributes", TopicArn=sns.topic(), AttributeName=name, AttributeValue=value)
    sns.refused(INVALID, None, "CreateTopic", Name=fresh("topic"), Attributes={name: value})
    topic = sns.topic(fifo=True)
    sns.set_topic(topic, name, value)
    assert sns.topic_attributes(topic)[name] == value


@pytest.mark.parametrize("name, value", [
    ("ContentBasedDeduplication", "yes"), ("FifoThroughputScope", "Queue"), ("ArchivePolicy", '{"MessageRetentionPeriod":"0"}'),
    ("ArchivePolicy", '{"MessageRetentionPeriod":"366"}'), ("ArchivePolicy", "30"), ("ArchivePolicy", "{"),
])
def test_what_an_attribute_of_a_fifo_topic_may_not_be(sns, name, value):
    sns.refused(INVALID, None, "SetTopicAttributes", TopicArn=sns.topic(fifo=True), AttributeName=name, AttributeValue=value)


# ---- delivery policies


def test_a_delivery_policy_is_filled_up(sns):
    given = {"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}}
    topic = sns.topic(DeliveryPolicy=json.dumps(given))
    found = attributes(sns, topic)
    assert found["DeliveryPolicy"] == {"http": {"disableSubscriptionOverrides": False, **given["http"]}}
    assert found["EffectiveDeliveryPolicy"] == {"http": {**EFFECTIVE["http"], **given["http"]}}

    retries = {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}
    sns.set_topic(topic, "DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": retries}}))
    found = attributes(sns, topic)
    assert found["DeliveryPolicy"] == {"http": {"defaultHealthyRetryPolicy": retries, "disableSubscriptionOverrides": False}}
    assert found["EffectiveDeliveryPolicy"] == {"http": {**EFFECTIVE["http"], "defaultHealthyRetryPolicy": {**RETRIES, **retries}}}

    sns.set_topic(topic, "DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": None}}))
    found = attributes(sns, topic)
    assert found["DeliveryPolicy"] == {"http": {"disableSubscriptionOverrides": False}}
    assert found["EffectiveDeliveryPolicy"] == EFFECTIVE

    sns.set_topic(topic, "DeliveryPolicy", "")
    found = attributes(sns, topic)
    assert "DeliveryPolicy" not in found
    assert found["EffectiveDeliveryPolicy"] == EFFECTIVE


# ---- permissions


def test_permissions_are_statements_of_the_policy(sns):
    topic = sns.topic()
    one = {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "SNS:Publish", "Resource": topic}
    both = {"Sid": "both", "Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{each}:root" for each in ("111122223333", "444455556666")]},
            "Action": ["SNS:Publish", "SNS:Subscribe"], "Resource": topic}
    sns("AddPermission", TopicArn=topic, Label="one", AWSAccountId=["111122223333"], ActionName=["Publish"])
    sns("AddPermission", TopicArn=topic, Label="both", AWSAccountId=["111122223333", "444455556666"], ActionName=["Publish", "Subscribe"])
    policy = default_policy(topic)
    assert attributes(sns, topic)["Policy"] == {**policy, "Statement": [*policy["Statement"], one, both]}
    sns("RemovePermission", TopicArn=topic, Label="one")
    assert attributes(sns, topic)["Policy"] == {**policy, "Statement": [*policy["Statement"], both]}
    sns("RemovePermission", TopicArn=topic, Label="both")
    assert attributes(sns, topic)["Policy"] == policy


def test_permissions_that_are_refused(sns):
    topic = sns.topic()
    good = {"TopicArn": topic, "Label": "one", "AWSAccountId": ["111122223333"], "ActionName": ["Publish"]}
    sns("AddPermission", **good)
    sns.refused(INVALID, "Invalid parameter: Statement already exists", "AddPermission", **good)
    said = "Invalid parameter: Policy statement action out of service scope!"
    for wrong in ("Fly", "publish", "SNS:Publish", "CreateTopic", "SendMessage"):
        sns.refused(INVALID, said, "AddPermission", **{**good, "Label": "two", "ActionName": ["Publish", wrong]})


def test_a_policy_is_replaced_and_given_back(sns):
    topic = sns.topic()
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "SNS:Publish", "Resource": topic}]}
    sns.set_topic(topic, "Policy", json.dumps(policy))
    assert attributes(sns, topic)["Policy"] == policy
    sns("AddPermission", TopicArn=topic, Label="one", AWSAccountId=["111122223333"], ActionName=["Publish"])
    assert [each["Sid"] for each in attributes(sns, topic)["Policy"]["Statement"]] == ["a", "one"]


# ---- tags and data protection


def tags(sns, topic):
    return {tag["Key"]: tag["Value"] for tag in sns("ListTagsForResource", ResourceArn=topic)["Tags"]}


def test_tags_are_added_replaced_and_removed(sns):
    topic = sns.topic()
    assert tags(sns, topic) == {}
    sns("TagResource", ResourceArn=topic, Tags=[{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": "v2"}])
    assert tags(sns, topic) == {"k1": "v1", "k2": "v2"}
    sns("UntagResource", ResourceArn=topic, TagKeys=["k1", "unknown"])
    sns("TagResource", ResourceArn=topic, Tags=[{"Key": "k2", "Value": "v2b"}, {"Key": "x" * 128, "Value": "y" * 256}, {"Key": "K2", "Value": ""}])
    assert tags(sns, topic) == {"k2": "v2b", "x" * 128: "y" * 256, "K2": ""}


def test_tags_that_are_refused(sns):
    topic = sns.topic(tags={"a": "b"})
    twice = [{"Key": "k2", "Value": "v2"}] * 2
    sns.refused(INVALID, "Invalid parameter: Duplicated keys are not allowed.", "TagResource", ResourceArn=topic, Tags=twice)
    for wrong in ({"Key": "x" * 129, "Value": "a"}, {"Key": "a", "Value": "y" * 257}, {"Key": "", "Value": "a"}):
        sns.refused((INVALID, "ValidationError"), None, "TagResource", ResourceArn=topic, Tags=[wrong])
    many = [{"Key": f"k{nth}", "Value": ""} for nth in range(51)]
    sns.refused(("TagLimitExceeded", INVALID), None, "TagResource", ResourceArn=topic, Tags=many)
    assert tags(sns, topic) == {"a": "b"}


@pytest.mark.parametrize("operation, more", [
    ("ListTagsForResource", {}), ("TagResource", {"Tags": [{"Key": "a", "Value": "b"}]}), ("UntagResource", {"TagKeys": ["a"]}),
])
def test_what_is_not_there_has_no_tags(sns, operation, more):
    sns.refused("ResourceNotFound", None, operation, ResourceArn=arn("nowhere"), **more)


def test_a_data_protection_policy_is_kept(sns):
    policy = json.dumps({"Name": "a", "Description": "b", "Version": "2021-06-01", "Statement": []})
    topic = sns.topic()
    assert sns("GetDataProtectionPolicy", ResourceArn=topic).get("DataProtectionPolicy", "") == ""
    sns("PutDataProtectionPolicy", ResourceArn=topic, DataProtectionPolicy=policy)
    assert sns("GetDataProtectionPolicy", ResourceArn=topic) == {"DataProtectionPolicy": policy}
    made = sns("CreateTopic", Name=fresh("topic"), DataProtectionPolicy=policy)["TopicArn"]
    assert sns("GetDataProtectionPolicy", ResourceArn=made) == {"DataProtectionPolicy": policy}
    sns.refused(NOT_FOUND, None, "GetDataProtectionPolicy", ResourceArn=arn("nowhere"))
    sns.refused(INVALID, None, "PutDataProtectionPolicy", ResourceArn=topic, DataProtectionPolicy="{")


# ---- lists and counts


def test_topics_are_listed_by_hundreds(sns):
    made = {sns.topic(fresh("listed")) for _ in range(201)}
    pages = sns.pages("ListTopics", "Topics")
    assert {len(page) for page in pages[:-1]} == {100} and 0 < len(pages[-1]) <= 100
    listed = [topic["TopicArn"] for page in pages for topic in page]
    assert len(listed) == len(set(listed)) and made <= set(listed)
    for topic in made:
        sns("DeleteTopic", TopicArn=topic)
    assert not made & {topic["TopicArn"] for page in sns.pages("ListTopics", "Topics") for topic in page}


@pytest.mark.parametrize("operation, more", [("ListTopics", {}), ("ListSubscriptions", {}), ("ListSubscriptionsByTopic", {"TopicArn": None})])
def test_a_token_of_nobody_is_refused(sns, operation, more):
    if more:
        more = {"TopicArn": sns.topic()}
    sns.refused(INVALID, None, operation, NextToken="nobody's", **more)


def test_subscriptions_are_counted(sns):
    topic = sns.topic()
    subscriptions = [sns.subscribe(topic, "sms", f"+1555123{nth:04}") for nth in range(3)]
    sns.subscribe(topic, "email", "someone@example.com")
    found = sns.topic_attributes(topic)
    assert [found[name] for name in COUNTS] == ["3", "1", "0"]
    sns("Unsubscribe", SubscriptionArn=subscriptions[0])
    sns("Unsubscribe", SubscriptionArn=subscriptions[0])
    found = sns.topic_attributes(topic)
    assert [found[name] for name in COUNTS] == ["2", "1", "1"]


def test_a_region_is_that_of_the_client(sns, topic_server):
    import boto3

    west = boto3.client("sns", endpoint_url=topic_server.url, region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
    name = fresh("west")
    topic = west.create_topic(Name=name)["TopicArn"]
    assert topic == f"arn:aws:sns:us-west-2:{ACCOUNT}:{name}"
    assert west.get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
    assert west.publish(TopicArn=topic, Message="a", MessageAttributes={"a": text("b")})["MessageId"]
