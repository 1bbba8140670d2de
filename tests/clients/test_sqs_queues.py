"""Queues: their names, attributes at each edge, policies and permissions, and what of them is refused in which words."""

import json
import re

import pytest
from sqs import ACCOUNT, BAD_NAME, BAD_VALUE, INVALID, LONG, MISSING, NO_QUEUE, REGION, arn, fresh, redrive

NAME_TEXT = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
FIFO_NAME_TEXT = ("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo "
                  "suffix and be 1 to 80 in length.")
RANGES = {
    "DelaySeconds": (0, 900), "MaximumMessageSize": (1024, 1_048_576), "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20), "VisibilityTimeout": (0, 43_200), "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
FRESH = {
    "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0", "DelaySeconds": "0", "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
FRESH_FIFO = {**FRESH, "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoQueue": "true",
              "FifoThroughputLimit": "perQueue"}
READ_ONLY = ("QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed",
             "ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp", "LastModifiedTimestamp")


def wrong(name):
    return f"Invalid value for the parameter {name}."


# ---- names


@pytest.mark.parametrize("name", ["a", "A-_9", "x" * 80, "7"])
def test_a_name_may_be(sqs, name):
    assert sqs("CreateQueue", QueueName=name)["QueueUrl"] == f"{sqs.server.url}/{ACCOUNT}/{name}"
    assert sqs("GetQueueUrl", QueueName=name)["QueueUrl"] == f"{sqs.server.url}/{ACCOUNT}/{name}"


@pytest.mark.parametrize("name", ["x" * 81, "a.b", "a b", "ä", "a/b", "a.fifo", ".fifo", "a.FIFO", "a$", "a\n"])
def test_a_name_may_not_be(sqs, name):
    sqs.refused(INVALID, NAME_TEXT, "CreateQueue", QueueName=name)


@pytest.mark.parametrize("name", ["a", "a.fif", "a.fifo.", "x" * 76 + ".fifo", "a b.fifo", "a.b.fifo", "ä.fifo", "a.FIFO"])
def test_the_name_of_a_fifo_queue_may_not_be(sqs, name):
    sqs.refused(INVALID, FIFO_NAME_TEXT, "CreateQueue", QueueName=name, Attributes={"FifoQueue": "true"})


def test_the_name_of_a_fifo_queue_has_80_characters_with_its_end(sqs):
    assert sqs("CreateQueue", QueueName="x" * 75 + ".fifo", Attributes={"FifoQueue": "true"})


@pytest.mark.parametrize("operation", ["CreateQueue", "GetQueueUrl"])
def test_a_name_must_be_given(sqs, operation):
    sqs.refused(INVALID, "Value for parameter QueueName is invalid. Reason: Must specify a queue name.", operation)
    sqs.refused(INVALID, "Queue name cannot be empty", operation, QueueName="")


# ---- attributes


@pytest.mark.parametrize("fifo", [False, True])
def test_all_attributes_of_a_fresh_queue(sqs, fifo):
    url = sqs.queue(fifo=fifo)
    found = sqs.attributes(url)
    created = found.pop("CreatedTimestamp")
    assert re.fullmatch("[0-9]{10}", created), "seconds"
    assert found.pop("LastModifiedTimestamp") == created
    assert found == {**(FRESH_FIFO if fifo else FRESH), "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"}


def test_only_the_attributes_that_are_asked_for_come(sqs):
    url = sqs.queue()
    assert sqs.attributes(url, "DelaySeconds", "VisibilityTimeout") == {"DelaySeconds": "0", "VisibilityTimeout": "30"}
    assert sqs("GetQueueAttributes", QueueUrl=url) == {}
    assert sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy", "RedrivePolicy", "KmsMasterKeyId"]) == {}
    sqs.refused(BAD_NAME, "Unknown Attribute Other.", "GetQueueAttributes", QueueUrl=url, AttributeNames=["Other"])
    sqs.refused(BAD_NAME, "Unknown Attribute Other.", "GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn", "Other"])


@pytest.mark.parametrize("name", RANGES)
def test_a_number_may_be_at_either_edge(sqs, name):
    url = sqs.queue(KmsMasterKeyId="key")
    for value in RANGES[name]:
        sqs("SetQueueAttributes", QueueUrl=url, Attributes={name: str(value)})
        assert sqs.attributes(url, name) == {name: str(value)}
        made = sqs.queue(KmsMasterKeyId="key", **{name: value})
        assert sqs.attributes(made, name) == {name: str(value)}


@pytest.mark.parametrize("name", RANGES)
def test_a_number_may_not_be_one_past_an_edge(sqs, name):
    url = sqs.queue()
    low, high = RANGES[name]
    for value in (low - 1, high + 1):
        sqs.refused(BAD_VALUE, wrong(name), "SetQueueAttributes", QueueUrl=url, Attributes={name: str(value)})
        sqs.refused(BAD_VALUE, wrong(name), "CreateQueue", QueueName=fresh("q"), Attributes={name: str(value)})


@pytest.mark.parametrize("value", ["", " 70", "65.2", "many", "true", "9" * 30, "0x50", "1e2"])
@pytest.mark.parametrize("name", RANGES)
def test_a_number_has_digits(sqs, name, value):
    sqs.refused(BAD_VALUE, wrong(name), "CreateQueue", QueueName=fresh("q"), Attributes={name: value})


def test_a_number_may_be_one_in_json(faces):
    sqs = faces["json"]
    url = sqs.queue()
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"MaximumMessageSize": 1024, "DelaySeconds": 5})
    assert sqs.attributes(url, "MaximumMessageSize", "DelaySeconds") == {"MaximumMessageSize": "1024", "DelaySeconds": "5"}
    made = sqs("CreateQueue", QueueName=fresh("q"), Attributes={"VisibilityTimeout": None})["QueueUrl"]
    assert sqs.attributes(made, "VisibilityTimeout") == {"VisibilityTimeout": "30"}


@pytest.mark.parametrize("name", ["Other", "All", "visibilityTimeout", *READ_ONLY])
def test_an_attribute_that_cannot_be_set(sqs, name):
    url = sqs.queue()
    said = f"Unknown Attribute {name}."
    sqs.refused(BAD_NAME, said, "CreateQueue", QueueName=fresh("q"), Attributes={name: "1"})
    sqs.refused(BAD_NAME, said, "SetQueueAttributes", QueueUrl=url, Attributes={name: "1"})


@pytest.mark.parametrize("name, value, said", [
    ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
    ("FifoQueue", "no", "Unknown Attribute FifoQueue."),
    ("ContentBasedDeduplication", "true", "Unknown Attribute ContentBasedDeduplication."),
    ("ContentBasedDeduplication", "false", "Unknown Attribute ContentBasedDeduplication."),
    ("DeduplicationScope", "queue", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
    ("FifoThroughputLimit", "perQueue", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
])
def test_what_only_fifo_queues_have(sqs, name, value, said):
    sqs.refused(BAD_NAME, said, "CreateQueue", QueueName=fresh("q"), Attributes={name: value})
    sqs.refused(BAD_NAME, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={name: value})


def test_the_type_of_a_queue_cannot_be_changed(sqs):
    sqs.refused(BAD_NAME, "Unknown Attribute FifoQueue.", "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"FifoQueue": "true"})
    url = sqs.queue(fifo=True)
    said = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    sqs.refused(BAD_VALUE, said, "SetQueueAttributes", QueueUrl=url, Attributes={"FifoQueue": "false"})
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"FifoQueue": "true"})


@pytest.mark.parametrize("name, value", [
    ("DeduplicationScope", "group"), ("DeduplicationScope", ""), ("FifoThroughputLimit", "perGroup"),
    ("FifoThroughputLimit", ""), ("ContentBasedDeduplication", "maybe"),
])
def test_what_fifo_attributes_may_not_be(sqs, name, value):
    sqs.refused(BAD_VALUE, wrong(name), "SetQueueAttributes", QueueUrl=sqs.queue(fifo=True), Attributes={name: value})


def test_high_throughput_needs_the_scope_of_groups(sqs):
    limit = {"FifoThroughputLimit": "perMessageGroupId"}
    said = re.compile("perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup")
    sqs.refused(BAD_VALUE, said, "CreateQueue", QueueName=fresh("q") + ".fifo", Attributes={"FifoQueue": "true", **limit})
    sqs.refused(BAD_VALUE, said, "SetQueueAttributes", QueueUrl=sqs.queue(fifo=True), Attributes=limit)
    url = sqs.queue(fifo=True, DeduplicationScope="messageGroup")
    assert sqs.attributes(url, "FifoThroughputLimit", "DeduplicationScope") == {
        "FifoThroughputLimit": "perQueue", "DeduplicationScope": "messageGroup"}
    sqs("SetQueueAttributes", QueueUrl=url, Attributes=limit)
    assert sqs.attributes(url, "FifoThroughputLimit") == limit


@pytest.mark.parametrize("given, shown", [("True", "true"), ("False", "false"), ("TRUE", "true")])
def test_truth_is_told_in_any_case(sqs, given, shown):
    url = sqs("CreateQueue", QueueName=fresh("q") + ".fifo",
              Attributes={"FifoQueue": "True", "ContentBasedDeduplication": given})["QueueUrl"]
    assert sqs.attributes(url, "FifoQueue", "ContentBasedDeduplication") == {"FifoQueue": "true", "ContentBasedDeduplication": shown}


def test_a_key_of_ones_own_replaces_that_of_the_service(sqs):
    url = sqs.queue()
    key = {"KmsMasterKeyId": "testKeyId", "KmsDataKeyReusePeriodSeconds": "6000"}
    sqs("SetQueueAttributes", QueueUrl=url, Attributes=key)
    shown = (*key, "SqsManagedSseEnabled")
    assert sqs.attributes(url, *shown) == {**key, "SqsManagedSseEnabled": "false"}
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"})
    assert sqs.attributes(url, *shown) == {"SqsManagedSseEnabled": "false"}
    said = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
    both = {"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
    sqs.refused(BAD_NAME, said, "SetQueueAttributes", QueueUrl=url, Attributes=both)
    sqs.refused(BAD_NAME, said, "CreateQueue", QueueName=fresh("q"), Attributes=both)


def test_a_key_is_reused_for_300_seconds_if_nothing_is_said(sqs):
    url = sqs.queue(KmsMasterKeyId="testKeyId")
    assert sqs.attributes(url, "KmsDataKeyReusePeriodSeconds") == {"KmsDataKeyReusePeriodSeconds": "300"}


def test_setting_attributes_moves_the_time_of_the_last_change(sqs):
    url = sqs.queue()
    before = sqs.attributes(url, "CreatedTimestamp", "LastModifiedTimestamp")
    sqs.advance(100)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "3"})
    after = sqs.attributes(url, "CreatedTimestamp", "LastModifiedTimestamp")
    assert after["CreatedTimestamp"] == before["CreatedTimestamp"]
    assert int(after["LastModifiedTimestamp"]) == int(before["LastModifiedTimestamp"]) + 100


def test_nothing_is_set_if_anything_is_refused(sqs):
    url = sqs.queue()
    sqs.refused(BAD_VALUE, None, "SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "5", "VisibilityTimeout": "-1"})
    assert sqs.attributes(url, "DelaySeconds") == {"DelaySeconds": "0"}


# ---- creating again


def test_creating_again_gives_the_queue(sqs):
    url = sqs.queue(VisibilityTimeout=40)
    name = url.rsplit("/", 1)[1]
    assert sqs("CreateQueue", QueueName=name)["QueueUrl"] == url
    assert sqs("CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "40"})["QueueUrl"] == url
    assert sqs("CreateQueue", QueueName=name, Attributes={"DelaySeconds": "0"})["QueueUrl"] == url


@pytest.mark.parametrize("name, value", [
    ("DelaySeconds", "1"), ("MaximumMessageSize", "1024"), ("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "31"),
    ("ReceiveMessageWaitTimeSeconds", "1"), ("SqsManagedSseEnabled", "false"), ("KmsMasterKeyId", "key"),
])
def test_creating_again_with_another_value_is_refused(sqs, name, value):
    queue = sqs.queue().rsplit("/", 1)[1]
    said = f"A queue already exists with the same name and a different value for attribute {name}"
    sqs.refused("QueueAlreadyExists", said, "CreateQueue", QueueName=queue, Attributes={name: value})


def test_what_was_set_later_counts_when_a_queue_is_created_again(sqs):
    url = sqs.queue(DelaySeconds=1)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "2"})
    name = url.rsplit("/", 1)[1]
    assert sqs("CreateQueue", QueueName=name, Attributes={"DelaySeconds": "2"})["QueueUrl"] == url
    said = "A queue already exists with the same name and a different value for attribute DelaySeconds"
    sqs.refused("QueueAlreadyExists", said, "CreateQueue", QueueName=name, Attributes={"DelaySeconds": "1"})


def test_a_name_is_free_60_seconds_after_its_queue_was_deleted(sqs):
    url = sqs.queue()
    name = url.rsplit("/", 1)[1]
    sqs.send(url)
    sqs("DeleteQueue", QueueUrl=url)
    said = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    sqs.refused(LONG + "QueueDeletedRecently", said, "CreateQueue", QueueName=name)
    sqs.advance(59)
    sqs.refused(LONG + "QueueDeletedRecently", said, "CreateQueue", QueueName=name)
    sqs.advance(2)
    assert sqs.queue(name) == url
    assert sqs.counts(url) == (0, 0, 0)


def test_a_deleted_queue_is_gone(sqs):
    url = sqs.queue()
    sqs("DeleteQueue", QueueUrl=url)
    sqs.refused(NO_QUEUE, None, "DeleteQueue", QueueUrl=url)
    sqs.refused(NO_QUEUE, None, "GetQueueUrl", QueueName=url.rsplit("/", 1)[1])
    assert sqs("ListQueues", QueueNamePrefix=url.rsplit("/", 1)[1]) == {}


# ---- redrive policies


@pytest.mark.parametrize("name", ["RedrivePolicy", "RedriveAllowPolicy", "Policy"])
def test_an_empty_text_takes_a_policy_away(sqs, name):
    url, dead = sqs.queue(), sqs.queue()
    value = {
        "RedrivePolicy": redrive(dead, 3), "RedriveAllowPolicy": '{"redrivePermission":"denyAll"}',
        "Policy": json.dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn(url)}]}),
    }[name]
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={name: ""})
    assert name not in sqs.attributes(url)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={name: value})
    assert name in sqs.attributes(url)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={name: ""})
    assert name not in sqs.attributes(url)


@pytest.mark.parametrize("count", [1, "1", 1000, "1000"])
def test_a_redrive_policy_comes_back_in_one_form(sqs, count):
    dead = sqs.queue()
    policy = json.dumps({"maxReceiveCount": count, "deadLetterTargetArn": arn(dead)}, indent=1)
    url = sqs.queue(RedrivePolicy=policy)
    said = '{"deadLetterTargetArn":"%s","maxReceiveCount":%d}' % (arn(dead), int(count))
    assert sqs.attributes(url, "RedrivePolicy") == {"RedrivePolicy": said}


REDRIVE_TEXTS = [
    ("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
    ('{"deadLetterTargetArn":"{dead}"}', "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
    ('{"maxReceiveCount":1}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
    ('{"deadLetterTargetArn":"{dead}","maxReceiveCount":0}',
     "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."),
    ('{"deadLetterTargetArn":"{dead}","maxReceiveCount":1001}',
     "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."),
    ('{"deadLetterTargetArn":"{dead}","maxReceiveCount":"1001"}',
     "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."),
    ('{"deadLetterTargetArn":"{none}","maxReceiveCount":1}', "Dead letter target does not exist."),
    ('{"deadLetterTargetArn":"{fifo}","maxReceiveCount":1}', "Dead-letter queue must be same type of queue as the source.."),
    ('{"deadLetterTargetArn":"{sns}","maxReceiveCount":1}', "Only SQS queues are valid resources for deadLetterTargetArn."),
    ('{"deadLetterTargetArn":"{dead}","maxReceiveCount":1,"other":2}',
     "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."),
    # The first that is wrong is told.
    ('{"maxReceiveCount":0}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
    ('{"deadLetterTargetArn":"x","maxReceiveCount":0,"other":1}',
     "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."),
    ('{"deadLetterTargetArn":"{sns}","maxReceiveCount":1,"other":1}',
     "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."),
    # Two texts of two years.
    ('{"deadLetterTargetArn":"x","maxReceiveCount":1}',
     re.compile("Dead-letter target ARN should be fully qualified ARN.|Invalid value for deadLetterTargetArn.")),
]


@pytest.mark.parametrize("policy, reason", REDRIVE_TEXTS, ids=range(len(REDRIVE_TEXTS)))
def test_a_redrive_policy_may_not_be(sqs, policy, reason):
    arns = {"dead": arn(sqs.queue()), "fifo": arn(sqs.queue(fifo=True)), "none": f"arn:aws:sqs:{REGION}:{ACCOUNT}:none",
            "sns": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"}
    for name, value in arns.items():
        policy = policy.replace("{%s}" % name, value)
    said = reason if isinstance(reason, re.Pattern) else f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}"
    sqs.refused(INVALID, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"RedrivePolicy": policy})
    sqs.refused(INVALID, said, "CreateQueue", QueueName=fresh("q"), Attributes={"RedrivePolicy": policy})


@pytest.mark.parametrize("policy", ["{", "x", "[]", "7", '"x"'])
def test_a_redrive_policy_is_a_map(sqs, policy):
    said = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
    sqs.refused(BAD_VALUE, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"RedrivePolicy": policy})


@pytest.mark.parametrize("name", ["RedrivePolicy", "RedriveAllowPolicy", "Policy", "KmsMasterKeyId"])
def test_an_empty_text_at_the_creation_is_nothing(sqs, name):
    assert name not in sqs.attributes(sqs.queue(**{name: ""}))


def test_a_queue_may_be_its_own_dead_letter_queue(sqs):
    url = sqs.queue()
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": redrive(url, 3)})


ALLOW_FORM = "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format."
ALLOW = "Amazon SQS can't create the redrive allow policy. "


@pytest.mark.parametrize("policy", ["{", "[]", "{}", '{"redrivePermission":"some"}', '{"redrivePermission":"denyAll","x":1}',
                                    '{"redrivePermission":"byQueue","sourceQueueArns":[1]}'])
def test_a_redrive_allow_policy_has_a_form(sqs, policy):
    said = f"Invalid value for the parameter RedriveAllowPolicy. Reason: {ALLOW_FORM}"
    sqs.refused(BAD_VALUE, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"RedriveAllowPolicy": policy})


SOURCES = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:source-{nth}" for nth in range(11)]


@pytest.mark.parametrize("policy, reason", [
    ({"redrivePermission": "byQueue"},
     "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."),
    ({"redrivePermission": "byQueue", "sourceQueueArns": []},
     "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."),
    ({"redrivePermission": "allowAll", "sourceQueueArns": SOURCES[:1]},
     "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."),
    ({"redrivePermission": "denyAll", "sourceQueueArns": SOURCES[:1]},
     "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."),
    ({"redrivePermission": "byQueue", "sourceQueueArns": SOURCES}, "The maximum number of source queue ARNs you can specify is 10."),
], ids=["no sources", "empty sources", "all and sources", "none and sources", "11 sources"])
def test_a_redrive_allow_policy_may_not_be(sqs, policy, reason):
    policy = json.dumps(policy)
    said = f"Value {policy} for parameter RedriveAllowPolicy is invalid. Reason: {ALLOW}{reason}"
    sqs.refused(INVALID, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"RedriveAllowPolicy": policy})


@pytest.mark.parametrize("policy", [
    {"redrivePermission": "denyAll"}, {"redrivePermission": "allowAll"},
    {"redrivePermission": "byQueue", "sourceQueueArns": SOURCES[:1]}, {"redrivePermission": "byQueue", "sourceQueueArns": SOURCES[:10]},
], ids=["none", "all", "one", "ten"])
def test_a_redrive_allow_policy_comes_back_in_one_form(sqs, policy):
    url = sqs.queue()
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedriveAllowPolicy": json.dumps(policy, indent=2)})
    assert sqs.attributes(url, "RedriveAllowPolicy") == {"RedriveAllowPolicy": json.dumps(policy, separators=(",", ":"))}


def test_a_dead_letter_queue_says_whose_it_is(sqs):
    name = fresh("source")
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    denied = sqs.queue(RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    sqs.refused(INVALID, None, "CreateQueue", QueueName=name, Attributes={"RedrivePolicy": redrive(denied, 1)})
    named = sqs.queue(RedriveAllowPolicy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [source]}))
    sqs.refused(INVALID, None, "CreateQueue", QueueName=fresh("other"), Attributes={"RedrivePolicy": redrive(named, 1)})
    assert sqs.queue(name, RedrivePolicy=redrive(named, 1))
    anyone = sqs.queue(RedriveAllowPolicy='{"redrivePermission":"allowAll"}')
    assert sqs.queue(RedrivePolicy=redrive(anyone, 1))


# ---- policies


def statement(action="sqs:SendMessage", **more):
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", **more}


def policy(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def test_a_policy_comes_back(sqs):
    url = sqs.queue()
    given = policy(statement(), Id="mine")
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": given})
    assert json.loads(sqs.attributes(url, "Policy")["Policy"]) == json.loads(given)


@pytest.mark.parametrize("given", [
    "{", "x", "[]", '{"Statement": 7}', policy(), policy(statement(Other=1)), policy(statement(), Other=1),
    policy(statement(), Version="2020-01-01"),
], ids=["half", "word", "list", "number", "no statement", "unknown field", "unknown member", "version"])
def test_a_policy_may_not_be(sqs, given):
    sqs.refused(BAD_VALUE, wrong("Policy"), "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"Policy": given})


def test_a_policy_names_actions_that_there_are(sqs):
    said = "Value sqs:Juggle for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions."
    sqs.refused(INVALID, said, "SetQueueAttributes", QueueUrl=sqs.queue(), Attributes={"Policy": policy(statement("sqs:Juggle"))})


def test_a_policy_has_at_most_20_statements(sqs):
    url = sqs.queue()
    many = [statement(Sid=f"s{nth}") for nth in range(21)]
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy(*many[:20])})
    said = "21 statements were found in the submitted policy, max allowed is 20"
    sqs.refused("OverLimit", said, "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy(*many)})


# ---- permissions


def permit(sqs, url, label, accounts=("111122223333",), actions=("ReceiveMessage",)):
    sqs("AddPermission", QueueUrl=url, Label=label, AWSAccountIds=list(accounts), Actions=list(actions))


def test_a_permission_is_a_statement_of_the_policy(sqs):
    url = sqs.queue()
    permit(sqs, url, "one")
    first = ('{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},'
             '"Action":"SQS:ReceiveMessage","Resource":"%s"}') % arn(url)
    whole = '{"Version":"2008-10-17","Id":"%s/SQSDefaultPolicy","Statement":[%s]}'
    assert sqs.attributes(url, "Policy") == {"Policy": whole % (arn(url), first)}
    permit(sqs, url, "one")
    assert sqs.attributes(url, "Policy") == {"Policy": whole % (arn(url), first)}, "the same once more changes nothing"
    permit(sqs, url, "two", ["111122223333", "444455556666"], ["SendMessage", "*"])
    found = json.loads(sqs.attributes(url, "Policy")["Policy"])["Statement"]
    assert [each["Sid"] for each in found] == ["one", "two"]
    assert sorted(found[1]["Principal"]["AWS"]) == [f"arn:aws:iam::{account}:root" for account in ("111122223333", "444455556666")]
    assert sorted(found[1]["Action"]) == ["SQS:*", "SQS:SendMessage"]
    sqs("RemovePermission", QueueUrl=url, Label="two")
    assert sqs.attributes(url, "Policy") == {"Policy": whole % (arn(url), first)}
    sqs("RemovePermission", QueueUrl=url, Label="one")
    assert sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"]) == {}


GRANTABLE = ("*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
             "PurgeQueue", "ReceiveMessage", "SendMessage")
OWNERS = ("AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues", "ListQueueTags",
          "RemovePermission", "StartMessageMoveTask", "TagQueue", "UntagQueue", "SetQueueAttributes")


@pytest.mark.parametrize("action", GRANTABLE)
def test_a_permission_can_be_given_for(sqs, action):
    url = sqs.queue()
    permit(sqs, url, "a", actions=[action])
    assert json.loads(sqs.attributes(url, "Policy")["Policy"])["Statement"][0]["Action"] == f"SQS:{action}"


PERMISSION = {"Label": "a", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
REFUSED_PERMISSIONS = [
    *[(action, {"Actions": [action]}, INVALID,
       f"Value SQS:{action} for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.")
      for action in OWNERS],
    *[(action, {"Actions": [action]}, INVALID, re.compile(
        f"^Value SQS:{action} for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. ?$"))
      for action in ("Juggle", "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")],
    ("eight actions", {"Actions": ["SendMessage"] * 8}, "OverLimit", "8 Actions were found, maximum allowed is 7."),
    ("no action", {"Actions": None}, MISSING, "The request must contain the parameter ActionName."),
    ("no account", {"AWSAccountIds": None}, MISSING, "The request must contain the parameter AWSAccountIds."),
    ("no label", {"Label": None}, MISSING, "The request must contain the parameter Label."),
    ("an empty label", {"Label": ""}, MISSING, "The request must contain the parameter Label."),
    ("a bad account", {"AWSAccountIds": ["7"]}, INVALID, re.compile("^Value \\[7\\] for parameter PrincipalId is invalid. Reason: Unable to verify")),
]


@pytest.mark.parametrize("changes, code, said", [row[1:] for row in REFUSED_PERMISSIONS], ids=[row[0] for row in REFUSED_PERMISSIONS])
def test_a_permission_is_refused(sqs, changes, code, said):
    request = {name: value for name, value in {**PERMISSION, **changes}.items() if value is not None}
    sqs.refused(code, said, "AddPermission", QueueUrl=sqs.queue(), **request)


def test_a_label_stands_for_one_permission(sqs):
    url = sqs.queue()
    permit(sqs, url, "a")
    again = {**PERMISSION, "Actions": ["DeleteMessage"]}
    sqs.refused(INVALID, "Value a for parameter Label is invalid. Reason: Already exists.", "AddPermission", QueueUrl=url, **again)
    said = "Value b for parameter Label is invalid. Reason: can't find label."
    sqs.refused(INVALID, re.compile("^" + re.escape(said[:-1])), "RemovePermission", QueueUrl=url, Label="b")
    sqs.refused(INVALID, said, "RemovePermission", QueueUrl=sqs.queue(), Label="b")
    sqs.refused(MISSING, "The request must contain the parameter Label.", "RemovePermission", QueueUrl=url)


def test_20_permissions_are_the_most(sqs):
    url = sqs.queue()
    for nth in range(20):
        permit(sqs, url, f"label-{nth}")
    sqs.refused("OverLimit", "21 Statements were found, maximum allowed is 20.", "AddPermission", QueueUrl=url, **PERMISSION)
