"""Deliveries to queues and streams: envelopes and their signatures, raw messages, attributes, and dead letters."""

import base64
import datetime
import json
import re
import threading

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from sns import SIGNED, Sns, blob, entry, form, fresh, queue_arn, redrive, text
from sns_message_validator import SNSMessageValidator
from sns_message_validator.exceptions import SignatureVerificationFailureException
from sqs import ACCOUNT, REGION

ATTRIBUTES = {"an-attribute-key": text("an-attribute-value"), "binary-attribute": blob(b"\x02\x03\x04"), "number": text("99.12", "Number"),
              "array": text('["a", 1, true]', "String.Array"), "custom": text("x", "String.custom")}
ENVELOPED = {"an-attribute-key": {"Type": "String", "Value": "an-attribute-value"}, "binary-attribute": {"Type": "Binary", "Value": "AgME"},
             "number": {"Type": "Number", "Value": "99.12"}, "array": {"Type": "String.Array", "Value": '["a", 1, true]'},
             "custom": {"Type": "String.custom", "Value": "x"}}


def validator(server):
    return SNSMessageValidator(cert_url_regex="^" + re.escape(server.url) + "/SimpleNotificationService-[0-9a-f]+\\.pem$")


def certificate(server, envelope):
    url = envelope["SigningCertURL"]
    assert url.startswith(server.url + "/")
    status, headers, body = server.ask("GET", url.removeprefix(server.url))
    assert status == 200, body
    return x509.load_pem_x509_certificate(body)


# ---- envelopes


def test_a_queue_gets_the_message_in_an_envelope(sns):
    topic = sns.topic()
    url = sns.queue(topic)
    before = sns.advance(1)
    sent = sns.publish(topic, "test_message", Subject="test-subject", MessageAttributes=ATTRIBUTES)
    (message,) = sns.received(url)
    assert "MessageAttributes" not in message and set(message["Attributes"]) == {
        "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    assert message["MessageId"] != sent["MessageId"]
    envelope = sns.envelope(message["Body"])
    found = {name: envelope[name] for name in ("MessageId", "TopicArn", "Subject", "Message", "SignatureVersion", "MessageAttributes")}
    assert found == {"MessageId": sent["MessageId"], "TopicArn": topic, "Subject": "test-subject", "Message": "test_message",
                     "SignatureVersion": "1", "MessageAttributes": ENVELOPED}
    at = datetime.datetime.fromisoformat(envelope["Timestamp"]).timestamp() * 1000
    assert before <= at <= sns.advance(0) + 1


def test_what_is_not_given_is_not_there(sns):
    topic = sns.topic()
    url = sns.queue(topic)
    sns.publish(topic, "öß§a1\"_!?,. £$-\n\U0001f986</>\\")
    (envelope,) = sns.envelopes(url)
    assert envelope["Message"] == "öß§a1\"_!?,. £$-\n\U0001f986</>\\"
    assert not {"Subject", "MessageAttributes", "SequenceNumber"} & envelope.keys()


def test_all_queues_get_the_same_message(sns):
    topic = sns.topic()
    urls = [sns.queue(topic) for _ in range(20)]
    sent = sns.publish(topic)
    envelopes = [sns.envelopes(url) for url in urls]
    assert [[each["MessageId"] for each in some] for some in envelopes] == [[sent["MessageId"]]] * 20
    assert len({each["UnsubscribeURL"] for some in envelopes for each in some}) == 20
    assert len({each["Timestamp"] for some in envelopes for each in some}) == 1


def test_subscribers_come_and_go_while_others_publish(sns):
    topic = sns.topic()
    failures = []

    def run(name):
        try:
            face = Sns(sns.server)
            url = face.sqs.queue(fresh(f"comes-{name}"))
            for turn in range(6):
                # Alone by its filter policy: what the others publish is not for it.
                subscription = face.subscribe(topic, "sqs", queue_arn(url), RawMessageDelivery="true", FilterPolicy=json.dumps({"for": [name]}))
                face.publish(topic, f"{turn}", MessageAttributes={"for": text(name)})
                face("Unsubscribe", SubscriptionArn=subscription)
                face.publish(topic, "nobody's", MessageAttributes={"for": text(name)})
                assert face.bodies(url) == [f"{turn}"]
        except Exception as error:  # noqa: BLE001 -- shown below
            failures.append(f"{name}: {error!r}")

    threads = [threading.Thread(target=run, args=(f"{nth}",)) for nth in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert sns("ListSubscriptionsByTopic", TopicArn=topic) == {"Subscriptions": []}
    assert [sns.topic_attributes(topic)[name] for name in ("SubscriptionsConfirmed", "SubscriptionsDeleted")] == ["0", "48"]


def test_only_what_is_published_later_comes(sns):
    topic = sns.topic()
    sns.publish(topic, "before")
    url = sns.queue(topic)
    sns.publish(topic, "after")
    assert [envelope["Message"] for envelope in sns.envelopes(url)] == ["after"]


@pytest.mark.parametrize("version, hash_of", [(None, hashes.SHA1()), ("1", hashes.SHA1()), ("2", hashes.SHA256())])
@pytest.mark.parametrize("subject", [None, "a subject"])
def test_an_envelope_is_signed(sns, topic_server, version, hash_of, subject):
    topic = sns.topic(**({"SignatureVersion": version} if version else {}))
    url = sns.queue(topic)
    sns.publish(topic, "test signature value with attributes \U0001f986\n", Subject=subject, MessageAttributes={"attr1": text("1", "Number")})
    (envelope,) = sns.envelopes(url)
    assert envelope["SignatureVersion"] == (version or "1")
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope).encode()
    key = certificate(topic_server, envelope).public_key()
    key.verify(base64.b64decode(envelope["Signature"]), signed, PKCS1v15(), hash_of)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(envelope["Signature"]), signed + b"\n", PKCS1v15(), hash_of)


@pytest.mark.parametrize("subject", [None, "a subject"])
def test_a_validator_of_others_takes_it(sns, topic_server, subject):
    topic = sns.topic()
    url = sns.queue(topic)
    sns.publish(topic, "a message", Subject=subject)
    (envelope,) = sns.envelopes(url)
    validator(topic_server).validate_message(envelope)
    for name in ("Message", "MessageId", "Timestamp", "TopicArn", *(["Subject"] if subject else [])):
        with pytest.raises(SignatureVerificationFailureException):
            validator(topic_server).validate_message({**envelope, name: envelope[name] + "x"})


def test_the_certificate_is_one(sns, topic_server):
    topic = sns.topic()
    url = sns.queue(topic)
    sns.publish(topic)
    (envelope,) = sns.envelopes(url)
    found = certificate(topic_server, envelope)
    assert found.public_key().key_size == 2048
    found.verify_directly_issued_by(found)
    status, _, _ = topic_server.ask("GET", "/SimpleNotificationService-00000000000000000000000000000000.pem")
    assert status == 404


# ---- raw


def test_a_raw_message_has_its_attributes(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    sns.publish(topic, "This is a test message", Subject="unseen", MessageAttributes=ATTRIBUTES)
    (message,) = sns.received(url)
    assert (message["Body"], message["MessageAttributes"]) == ("This is a test message", ATTRIBUTES)


def test_the_sum_of_raw_attributes_is_that_of_the_service(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    sns.publish(topic, "Test msg", MessageAttributes={"attr1": text("99.12", "Number")})
    (message,) = sns.received(url)
    assert message["MD5OfMessageAttributes"] == "d302007e9aa062660afc85fd0a482472"  # recorded


def test_raw_or_not_is_changed(sns):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    (subscription,) = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    sns.publish(topic, "raw")
    sns.set_subscription(subscription["SubscriptionArn"], "RawMessageDelivery", "false")
    sns.publish(topic, "enveloped")
    sns.set_subscription(subscription["SubscriptionArn"], "RawMessageDelivery", "True")
    sns.publish(topic, "raw again")
    raw, enveloped, again = sorted(sns.bodies(url), key=lambda body: ("raw", "{", "raw again").index("{" if body[0] == "{" else body))
    assert (raw, again, sns.envelope(enveloped)["Message"]) == ("raw", "raw again", "enveloped")


@pytest.mark.parametrize("count", [10, 11])
def test_a_raw_message_has_at_most_ten_attributes(sns, count):
    topic = sns.topic()
    dead = sns.sqs.queue()
    raw = sns.raw_queue(topic, RedrivePolicy=redrive(dead))
    enveloped = sns.queue(topic)
    sns.publish(topic, "many", MessageAttributes={f"a{nth}": text("b") for nth in range(count)})
    (envelope,) = sns.envelopes(enveloped)
    assert len(envelope["MessageAttributes"]) == count
    assert (len(sns.bodies(raw)), len(sns.bodies(dead))) == ((1, 0) if count == 10 else (0, 1))


def test_a_trace_goes_with_the_message(sns, topic_server):
    topic = sns.topic()
    url = sns.raw_queue(topic)
    trace = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    body = "&".join(f"{name}={value.replace(':', '%3A')}" for name, value in form("Publish", {"TopicArn": topic, "Message": "traced"}))
    status, _, answer = topic_server.ask("POST", "/", body, Content_Type="application/x-www-form-urlencoded", Authorization=SIGNED,
                                         X_Amzn_Trace_Id=trace)
    assert status == 200, answer
    (message,) = sns.sqs.receive(url, AttributeNames=["AWSTraceHeader"], MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": trace}


# ---- queues that do not take it


@pytest.mark.parametrize("raw", [True, False])
def test_what_a_deleted_queue_does_not_get_goes_to_the_dead_letters(sns, raw):
    topic = sns.topic()
    dead = sns.sqs.queue()
    url = sns.queue(topic, RawMessageDelivery=str(raw).lower(), RedrivePolicy=redrive(dead))
    sns.sqs("DeleteQueue", QueueUrl=url)
    attributes = {"attr1": text("111", "Number"), "attr2": blob(b"\x02\x03\x04")}
    sent = sns.publish(topic, "test_dlq_after_sqs_endpoint_deleted", MessageAttributes=attributes)
    (message,) = sns.received(dead)
    if raw:
        assert (message["Body"], message["MessageAttributes"]) == ("test_dlq_after_sqs_endpoint_deleted", attributes)
        return
    envelope = sns.envelope(message["Body"])
    assert (envelope["MessageId"], envelope["Message"]) == (sent["MessageId"], "test_dlq_after_sqs_endpoint_deleted")
    assert envelope["MessageAttributes"] == {"attr1": {"Type": "Number", "Value": "111"}, "attr2": {"Type": "Binary", "Value": "AgME"}}


def test_a_queue_that_is_not_there_holds_up_nobody(sns):
    topic = sns.topic()
    gone = sns.raw_queue(topic)
    there = sns.raw_queue(topic)
    sns.sqs("DeleteQueue", QueueUrl=gone)
    for message in ("one", "two"):
        sns.publish(topic, message)
    assert sorted(sns.bodies(there)) == ["one", "two"]
    (first, _) = sns("ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    assert sns.subscription_attributes(first["SubscriptionArn"])["PendingConfirmation"] == "false", "it is still subscribed"


def test_dead_letters_that_have_no_queue_are_dropped(sns):
    topic = sns.topic()
    dead = sns.sqs.queue()
    url = sns.raw_queue(topic, RedrivePolicy=redrive(dead))
    other = sns.raw_queue(topic)
    for each in (url, dead):
        sns.sqs("DeleteQueue", QueueUrl=each)
    sns.publish(topic, "lost")
    assert sns.bodies(other) == ["lost"]


def test_what_is_too_long_for_a_queue_goes_to_the_dead_letters(sns):
    topic = sns.topic()
    dead = sns.sqs.queue()
    small = sns.sqs.queue(MaximumMessageSize=1024)
    sns.subscribe(topic, "sqs", queue_arn(small), RawMessageDelivery="true", RedrivePolicy=redrive(dead))
    sns.publish(topic, "x" * 1024)
    sns.publish(topic, "y" * 1025)
    assert (sns.bodies(small), sns.bodies(dead)) == (["x" * 1024], ["y" * 1025])


def test_a_fifo_queue_has_fifo_dead_letters(sns):
    topic = sns.topic(fifo=True)
    dead = sns.sqs.queue(fifo=True)
    url = sns.raw_queue(topic, fifo=True, RedrivePolicy=redrive(dead))
    sns.sqs("DeleteQueue", QueueUrl=url)
    sns.publish(topic, "test-message", MessageGroupId="group", MessageDeduplicationId="id")
    entries = [entry(str(nth), f"{nth}", MessageGroupId="other", MessageDeduplicationId=f"id-{nth}") for nth in range(3)]
    sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    found = [(message["Body"], message["Attributes"]["MessageGroupId"], message["Attributes"]["MessageDeduplicationId"])
             for message in sns.received(dead)]
    assert sorted(found) == [("0", "other", "id-0"), ("1", "other", "id-1"), ("2", "other", "id-2"), ("test-message", "group", "id")]


# ---- streams


@pytest.mark.parametrize("raw", [True, False])
def test_a_stream_stands_for_a_delivery_stream(sns, topic_server, raw):
    kinesis = topic_server.client("kinesis")
    name = fresh("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    sns.advance(60)
    topic = sns.topic()
    sns.subscribe(topic, "firehose", f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}", RawMessageDelivery=str(raw).lower(),
                  SubscriptionRoleArn="arn:aws:iam::000000000000:role/role")
    sent = sns.publish(topic, "to the stream", MessageAttributes={"a": text("b")})
    shard = kinesis.describe_stream(StreamName=name)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    body = record["Data"].decode().rstrip("\n")
    if raw:
        assert body == "to the stream"
    else:
        envelope = json.loads(body)
        assert (envelope["MessageId"], envelope["Message"], envelope["TopicArn"]) == (sent["MessageId"], "to the stream", topic)
