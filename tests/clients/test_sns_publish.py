"""Publishing: limits at each edge, attributes, subjects, message structures and batches, and what of them is refused in which words."""

import json
import re

import pytest
from sns import INVALID, NO_TOPIC, NOT_FOUND, UUID, VALUE, Refused, arn, blob, entry, fresh, text

MOST = 262_144
NO_DEFAULT = "Invalid parameter: Message Structure - No default entry in JSON message body"
NOT_JSON = "Invalid parameter: Message Structure - JSON message body failed to parse"
NO_GROUP = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
NO_DEDUPLICATION = ("Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                    "explicitly")


@pytest.fixture(scope="module")
def topic(sns):
    return sns.topic()


def test_a_publish_gives_the_message_an_id(sns, topic):
    one, other = sns.publish(topic), sns.publish(topic)
    assert list(one) == ["MessageId"] and re.fullmatch(UUID, one["MessageId"])
    assert one["MessageId"] != other["MessageId"]


def test_a_topic_may_be_a_target(sns, topic):
    assert sns("Publish", TargetArn=topic, Message="a")["MessageId"]
    sns.refused(NOT_FOUND, NO_TOPIC, "Publish", TargetArn=arn("nowhere"), Message="a")


@pytest.mark.parametrize("where, said", [
    ({}, re.compile("^Invalid parameter: ")),
    ({"TopicArn": "{topic}", "TargetArn": "{topic}"}, re.compile("^Invalid parameter: ")),
    ({"TopicArn": "{topic}", "PhoneNumber": "+15551234567"}, re.compile("^Invalid parameter: ")),
    ({"PhoneNumber": "+1a234"}, "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to"),
    ({"PhoneNumber": "NAA+15551234567"}, "Invalid parameter: PhoneNumber Reason: NAA+15551234567 is not valid to publish to"),
    ({"TargetArn": arn("endpoint/APNS/abcdef/0f7d5971-aa8b-4bd5-b585-0826e9f93a66")},
     "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"),
])
def test_where_nothing_can_be_published(sns, topic, where, said):
    where = {name: value.replace("{topic}", topic) for name, value in where.items()}
    sns.refused(INVALID, said, "Publish", Message="a", **where)


# ---- the message


@pytest.mark.parametrize("message", ["a", " ", "\n", "x" * MOST, "ä" * (MOST // 2), "\U0001f986", "öß§a1\"_!?,. £$-", '{"a": 1}', "\x7f", "<&>"])
def test_a_message_may_be(sns, topic, message):
    url = sns.raw_queue(topic)
    try:
        sns.publish(topic, message)
        assert sns.bodies(url) == [message]
    finally:
        sns.sqs("DeleteQueue", QueueUrl=url)


@pytest.mark.parametrize("message, said", [
    ("", "Invalid parameter: Empty message"), ("x" * (MOST + 1), "Invalid parameter: Message too long"),
    ("ä" * (MOST // 2) + "x", "Invalid parameter: Message too long"), ("This is a test message" * 12_000, "Invalid parameter: Message too long"),
])
def test_a_message_may_not_be(sns, topic, message, said):
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message=message)


def test_attributes_count_to_the_size(sns, topic):
    attributes = {"name": text("value"), "b": blob(b"1234")}
    counted = len("name" + "String" + "value" + "b" + "Binary" + "1234")
    sns.publish(topic, "x" * (MOST - counted), MessageAttributes=attributes)
    sns.refused(INVALID, "Invalid parameter: Message too long", "Publish", TopicArn=topic, Message="x" * (MOST - counted + 1),
                MessageAttributes=attributes)


@pytest.mark.parametrize("size", [1024, 1_048_576])
def test_the_largest_message_is_the_topics(sns, size):
    topic = sns.topic(MaximumMessageSize=str(size))
    url = sns.raw_queue(topic)
    sns.publish(topic, "x" * size)
    sns.refused(INVALID, "Invalid parameter: Message too long", "Publish", TopicArn=topic, Message="x" * (size + 1))
    assert [len(body) for body in sns.bodies(url)] == [size]


# ---- the subject


@pytest.mark.parametrize("subject", ["a", "x" * 99, "!", "A subject: with, punctuation?", "\U0001f986 ducks", "a  b"])
def test_a_subject_may_be(sns, topic, subject):
    url = sns.queue(topic)
    try:
        sns.publish(topic, Subject=subject)
        assert [envelope["Subject"] for envelope in sns.envelopes(url)] == [subject]
    finally:
        sns.sqs("DeleteQueue", QueueUrl=url)


@pytest.mark.parametrize("subject", ["", "x" * 101, "a\nb", "a\rb", "a\x07b"])
def test_a_subject_may_not_be(sns, topic, subject):
    said = "Invalid parameter: Subject" if subject == "" else re.compile("^Invalid parameter: Subject")
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message="a", Subject=subject)


# ---- attributes

EMPTY = "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type '{}'."
FIELD = "The message attribute 'attr1' with type '{}' must use field '{}'."
TYPE = ("The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and "
        "String.")
CHARACTER = ("Invalid non-alphanumeric character '#x{}' was found in the message attribute name. Can only include alphanumeric characters, "
             "hyphens, underscores, or dots.")


@pytest.mark.parametrize("attributes, said", [
    ({"attr1": text("")}, EMPTY.format("String")),
    ({"attr1": {"DataType": "String"}}, EMPTY.format("String")),
    ({"attr1": {"DataType": "Number"}}, EMPTY.format("Number")),
    ({"attr1": blob(b"")}, EMPTY.format("Binary")),
    ({"attr1": {"DataType": "Binary"}}, EMPTY.format("Binary")),
    ({"attr1": {"DataType": "String", "BinaryValue": b"123"}}, FIELD.format("String", "String")),
    ({"attr1": {"DataType": "Number", "BinaryValue": b"123"}}, FIELD.format("Number", "String")),
    ({"attr1": {"DataType": "Binary", "StringValue": "123"}}, FIELD.format("Binary", "Binary")),
    ({"attr1": text("a", "InvalidType")}, TYPE),
    ({"attr1": text("a", "Stringprefixed")}, TYPE),
    ({"attr1": text("a", "string")}, TYPE),
    ({"attr1": text("a", "DataType")}, TYPE),
    ({"a" * 257: text("a")}, "Length of message attribute name must be less than 256 bytes."),
    ({"a^b": text("a")}, CHARACTER.format("5E")),
    ({"a b": text("a")}, CHARACTER.format("20")),
    ({"a/b": text("a")}, CHARACTER.format("2F")),
    ({".attr1": text("a")}, "Invalid message attribute name starting with character '.' was found."),
    ({"attr1.": text("a")}, "Invalid message attribute name ending with character '.' was found."),
    ({"attr..1": text("a")}, "Message attribute name can not have successive '.' character."),
])
def test_what_an_attribute_may_not_be(sns, topic, attributes, said):
    sns.refused(VALUE, said, "Publish", TopicArn=topic, Message="a", MessageAttributes=attributes)
    entries = [entry("a"), entry("b", MessageAttributes=attributes)]
    sns.refused(VALUE, said, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)


@pytest.mark.parametrize("value", ["abc", "1,000", "0x10", "one", "", "NaN", "--1"])
def test_a_number_must_be_one(sns, topic, value):
    sns.refused((VALUE, INVALID), None, "Publish", TopicArn=topic, Message="a", MessageAttributes={"a": text(value, "Number")})


@pytest.mark.parametrize("value", ["abc", "{}", "1", '"a"', "[", '[{"a": 1}]', "[[1]]"])
def test_what_is_no_array_of_plain_values_is_survived(sns, topic, value):
    # That the service refuses it is not on record.
    url = sns.queue(topic, FilterPolicy='{"a":["b"]}')
    try:
        sns.publish(topic, MessageAttributes={"a": text(value, "String.Array")})
    except Refused as refused:
        assert refused.code in (VALUE, INVALID)
    assert sns.bodies(url) == []
    sns.sqs("DeleteQueue", QueueUrl=url)


def test_an_attribute_needs_a_type(sns, topic):
    said = ("1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must "
            "not be null")
    attributes = {"attr1": {"StringValue": "a"}}
    sns.refused("ValidationError", said, "Publish", TopicArn=topic, Message="a", MessageAttributes=attributes)


@pytest.mark.parametrize("attributes", [
    {"a": text("b")}, {"a" * 256: text("b")}, {"A-_.9": text("b")}, {"a": text("b", "String.prefixed")}, {"a": text("12", "Number.int")},
    {"a": blob(b"\0\xff", "Binary.gif")}, {"a": text('["b", 1, true, null]', "String.Array")}, {"a": text("-1.5e3", "Number")},
    {f"a{nth}": text("b") for nth in range(10)},
])
def test_attributes_may_be(sns, topic, attributes):
    url = sns.queue(topic)
    try:
        sns.publish(topic, MessageAttributes=attributes)
        (envelope,) = sns.envelopes(url)
        found = {name: each["Type"] for name, each in envelope["MessageAttributes"].items()}
        assert found == {name: each["DataType"] for name, each in attributes.items()}
    finally:
        sns.sqs("DeleteQueue", QueueUrl=url)


# ---- the structure


@pytest.mark.parametrize("message, said", [
    ('{"sqs": "Test message"}', NO_DEFAULT), ('{"default": "This is a default message"} }', NOT_JSON), ('{"default": {"object": "test"}}', NO_DEFAULT),
    ('{"default": null}', NO_DEFAULT), ('{"default": 1}', NO_DEFAULT), ("{}", NO_DEFAULT), ("default", NOT_JSON),
])
def test_what_a_structured_message_may_not_be(sns, topic, message, said):
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message=message, MessageStructure="json")
    entries = [entry("a", message, MessageStructure="json")]
    sns.refused(INVALID, said, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)


@pytest.mark.parametrize("structure", ["xml", "JSON", "string"])
def test_the_only_structure_is_json(sns, topic, structure):
    sns.refused(INVALID, None, "Publish", TopicArn=topic, Message='{"default": "a"}', MessageStructure=structure)


@pytest.mark.parametrize("message, got", [
    ({"default": "default field", "sqs": '{"field": "value"}'}, '{"field": "value"}'), ({"default": "default field"}, "default field"),
    ({"default": "d", "http": "h", "email": "e", "sms": "s", "lambda": "l"}, "d"), ({"default": "d", "sqs": 1}, "d"),
    ({"default": "d", "other": {"a": 1}}, "d"), ({"default": "d", "SQS": "s"}, "d"),
])
def test_a_queue_gets_the_text_of_its_protocol(sns, topic, message, got):
    raw, enveloped = sns.raw_queue(topic), sns.queue(topic)
    try:
        sns.publish(topic, json.dumps(message), MessageStructure="json")
        assert sns.bodies(raw) == [got]
        assert [envelope["Message"] for envelope in sns.envelopes(enveloped)] == [got]
    finally:
        for url in (raw, enveloped):
            sns.sqs("DeleteQueue", QueueUrl=url)


def test_a_key_may_come_twice(sns, topic):
    # The documentation forbids it; the service takes it.
    assert sns.publish(topic, '{"default": "This is a default message", "default": "Duplicate"}', MessageStructure="json")


def test_without_the_structure_json_is_a_text(sns, topic):
    url = sns.raw_queue(topic)
    sns.publish(topic, '{"default": "a", "sqs": "b"}')
    assert sns.bodies(url) == ['{"default": "a", "sqs": "b"}']
    sns.sqs("DeleteQueue", QueueUrl=url)


# ---- groups


@pytest.mark.parametrize("more, said", [
    ({}, NO_GROUP), ({"MessageDeduplicationId": "a"}, NO_GROUP), ({"MessageGroupId": "a"}, NO_DEDUPLICATION),
])
def test_what_a_fifo_topic_needs(sns, more, said):
    topic = sns.topic(fifo=True)
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message="a", **more)
    entries = [entry("a", **more), entry("b", MessageGroupId="a", MessageDeduplicationId="b")]
    sns.refused(INVALID, said, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)


@pytest.mark.parametrize("name", ["MessageGroupId", "MessageDeduplicationId"])
@pytest.mark.parametrize("value", ["", "x" * 129, "a b", "ä", "a\n"])
def test_what_an_id_of_a_fifo_topic_may_not_be(sns, name, value):
    topic = sns.topic(fifo=True)
    good = {"MessageGroupId": "a", "MessageDeduplicationId": "b"}
    sns.refused(INVALID, None, "Publish", TopicArn=topic, Message="a", **{**good, name: value})


@pytest.mark.parametrize("value", ["x" * 128, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "0"])
def test_what_an_id_of_a_fifo_topic_may_be(sns, value):
    topic = sns.topic(fifo=True)
    assert sns.publish(topic, MessageGroupId=value, MessageDeduplicationId=value)["SequenceNumber"]


def test_a_standard_topic_knows_groups_and_no_deduplication(sns, topic):
    said = ("Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this "
            "topic type")
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message="a", MessageDeduplicationId="a")
    sns.refused(INVALID, said, "Publish", TopicArn=topic, Message="a", MessageDeduplicationId="a", MessageGroupId="a")
    url = sns.raw_queue(topic)
    assert list(sns.publish(topic, "fair", MessageGroupId="tenant")) == ["MessageId"]
    (message,) = sns.received(url)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("fair", "tenant")
    sns.sqs("DeleteQueue", QueueUrl=url)


# ---- batches


def batch(sns, topic, entries):
    return sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)


def test_a_batch_is_published(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    entries = [
        entry("1", "Test Message with two attributes", MessageAttributes={"attr1": text("99.12", "Number"), "attr2": text("109.12", "Number")}),
        entry("2", "Test Message with one attribute", MessageAttributes={"attr1": text("19.12", "Number")}),
        entry("3", "Test Message without attribute", Subject="Subject"),
        entry("4", "Test Message without subject"),
        entry("5", json.dumps({"default": "default", "sqs": "test sqs"}), MessageStructure="json", Subject="Subject"),
    ]
    answer = batch(sns, topic, entries)
    assert set(answer) == {"Successful", "Failed"} and answer["Failed"] == []
    assert [each["Id"] for each in answer["Successful"]] == ["1", "2", "3", "4", "5"]
    assert all(list(each) == ["Id", "MessageId"] and re.fullmatch(UUID, each["MessageId"]) for each in answer["Successful"])
    messages = {message["Body"]: message for message in sns.received(url)}
    # As recorded from the service.
    sums = {"Test Message with two attributes": "9b720b3af309c1c4b0d395c53b08c502", "Test Message with one attribute": "1f07082409022a373fa2a2601f82b3cb"}
    assert messages.keys() == {*sums, "Test Message without attribute", "Test Message without subject", "test sqs"}
    assert {body: message.get("MD5OfMessageAttributes") for body, message in messages.items()} == {body: sums.get(body) for body in messages}


@pytest.mark.parametrize("id", ["a", "x" * 80, "A-_9"])
def test_an_entry_may_be_called(sns, topic, id):
    assert [each["Id"] for each in batch(sns, topic, [entry(id)])["Successful"]] == [id]


@pytest.mark.parametrize("id", ["", "x" * 81, "a b", "a.b", "ä"])
def test_an_entry_may_not_be_called(sns, topic, id):
    sns.refused(("InvalidBatchEntryId", INVALID), None, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=[entry(id)])


@pytest.mark.parametrize("entries, code, said", [
    ([entry(str(nth)) for nth in range(11)], "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."),
    ([entry("a"), entry("b"), entry("a")], "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."),
    ([entry("a", "x" * MOST), entry("b", "x")], "BatchRequestTooLong", "The length of all the messages put together is more than the limit."),
    ([entry("a", "x" * (MOST - 10)), entry("b", "x", MessageAttributes={"name": text("value")})], "BatchRequestTooLong",
     "The length of all the messages put together is more than the limit."),
])
def test_a_batch_may_not_be(sns, topic, entries, code, said):
    sns.refused(code, said, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)


def test_a_batch_has_entries(sns, topic):
    sns.refused(("EmptyBatchRequest", "ValidationError", INVALID), None, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=[])


def test_a_batch_needs_its_topic(sns):
    sns.refused(NOT_FOUND, NO_TOPIC, "PublishBatch", TopicArn=arn(fresh("nowhere")), PublishBatchRequestEntries=[entry("a")])


def test_a_batch_of_ten_of_all_sizes_is_published_whole(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    entries = [entry(str(nth), "x" * (MOST // 10)) for nth in range(10)]
    assert len(batch(sns, topic, entries)["Successful"]) == 10
    assert len(sns.received(url, 20)) == 10


def test_a_refused_batch_publishes_nothing(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    sns.refused(VALUE, None, "PublishBatch", TopicArn=topic, PublishBatchRequestEntries=[entry("a"), entry("b", MessageAttributes={"a": text("")})])
    assert sns.bodies(url) == []
