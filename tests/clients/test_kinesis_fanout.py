"""Consumers, and what they subscribe to: events over HTTP/1.1 by hand, by boto3, and over HTTP/2."""

import asyncio
import re
import threading
import time

import httpx
import pytest
from botocore.eventstream import EventStreamBuffer
from kinesis_faces import (ACCOUNT, CBOR, DRY_RUN, EITHER, EVENTS, IN_USE, INVALID, JSON, LIMIT, NOT_FOUND, SIGNED, TARGET, VALIDATION,
                           Json, Refused, Time, arn, broken, fresh, least, most, no_shard, no_stream, null, parse, parts, pattern, shard_id, write)
from millpond import Server
from test_kinesis_shards import merge, split

CONSUMER_ARN = r"^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+"


# ---- consumers


def test_a_consumer_is_registered_and_described(kinesis):
    name, called = kinesis.stream(), fresh("consumer")
    registered = kinesis("RegisterStreamConsumer", StreamARN=arn(name), ConsumerName=called)["Consumer"]
    created = registered["ConsumerCreationTimestamp"]
    assert created == kinesis.now() // 1000 * 1000
    assert registered == {
        "ConsumerName": called, "ConsumerARN": f"{arn(name)}/consumer/{called}:{created // 1000}", "ConsumerStatus": "CREATING",
        "ConsumerCreationTimestamp": created,
    }
    active = {**registered, "ConsumerStatus": "ACTIVE"}
    for named in (
        {"ConsumerARN": registered["ConsumerARN"]}, {"StreamARN": arn(name), "ConsumerName": called},
        {"ConsumerARN": registered["ConsumerARN"], "StreamARN": arn(name), "ConsumerName": called},
    ):
        described = kinesis("DescribeStreamConsumer", **named)["ConsumerDescription"]
        assert described == {**active, "StreamARN": arn(name)}
    assert kinesis("ListStreamConsumers", StreamARN=arn(name)) == {"Consumers": [active]}
    assert kinesis.summary(name)["ConsumerCount"] == 1


@pytest.mark.parametrize("by", ["ConsumerARN", "names", "all"])
def test_a_consumer_is_deregistered(kinesis, by):
    name, called = kinesis.stream(), fresh("consumer")
    consumer = kinesis.consumer(name, called)
    names = {"StreamARN": arn(name), "ConsumerName": called}
    request = {"ConsumerARN": {"ConsumerARN": consumer}, "names": names, "all": {"ConsumerARN": consumer, **names}}[by]
    kinesis("DeregisterStreamConsumer", **request)
    for operation in ("DescribeStreamConsumer", "DeregisterStreamConsumer"):
        kinesis.refused(NOT_FOUND, re.compile(called), operation, **request)
    assert kinesis("ListStreamConsumers", StreamARN=arn(name)) == {"Consumers": []}
    assert kinesis.summary(name)["ConsumerCount"] == 0


def test_a_name_is_taken_in_its_stream(kinesis):
    name, called = kinesis.stream(), fresh("consumer")
    kinesis.consumer(name, called)
    kinesis.refused(IN_USE, re.compile(called), "RegisterStreamConsumer", StreamARN=arn(name), ConsumerName=called)
    kinesis.consumer(kinesis.stream(), called)


def test_one_of_the_same_name_is_another_one(kinesis):
    name, called = kinesis.stream(), fresh("consumer")
    before = kinesis.consumer(name, called)
    kinesis("DeregisterStreamConsumer", ConsumerARN=before)
    kinesis.advance(10)
    assert kinesis.consumer(name, called) != before
    kinesis.refused(NOT_FOUND, None, "DescribeStreamConsumer", ConsumerARN=before)


def test_twenty_consumers_are_the_most(kinesis):
    name = kinesis.stream()
    for _ in range(20):
        kinesis.consumer(name)
    kinesis.refused(LIMIT, None, "RegisterStreamConsumer", StreamARN=arn(name), ConsumerName="one-more")
    assert kinesis.summary(name)["ConsumerCount"] == 20


def test_consumers_come_in_pages(kinesis):
    name = kinesis.stream()
    made = sorted(fresh("consumer") for _ in range(7))
    for called in made:
        kinesis.consumer(name, called)
    answer = kinesis("ListStreamConsumers", StreamARN=arn(name), MaxResults=3)
    found = answer["Consumers"]
    while "NextToken" in answer:
        answer = kinesis("ListStreamConsumers", StreamARN=arn(name), MaxResults=3, NextToken=answer["NextToken"])
        found += answer["Consumers"]
    assert sorted(each["ConsumerName"] for each in found) == made


def test_a_list_of_consumers_knows_the_creation_of_its_stream(kinesis):
    name = kinesis.stream()
    created = kinesis.summary(name)["StreamCreationTimestamp"]
    for _ in range(2):
        kinesis.consumer(name)
    page = kinesis("ListStreamConsumers", StreamARN=arn(name), StreamCreationTimestamp=Time(created), MaxResults=1)
    kinesis.refused((NOT_FOUND, *EITHER), None, "ListStreamConsumers", StreamARN=arn(name), StreamCreationTimestamp=Time(created - 5000))
    kinesis.refused(EITHER, None, "ListStreamConsumers", StreamARN=arn(name), StreamCreationTimestamp=Time(created), NextToken=page["NextToken"])


def test_a_consumer_has_tags(kinesis):
    consumer = kinesis.consumer(kinesis.stream(), Tags={"a": "b"})
    assert kinesis("ListTagsForResource", ResourceARN=consumer)["Tags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize("operation", ["DescribeStreamConsumer", "DeregisterStreamConsumer"])
@pytest.mark.parametrize("members", [(), ("StreamARN",), ("ConsumerName",)], ids=str)
def test_a_consumer_must_be_named(kinesis, operation, members):
    request = {"StreamARN": arn(kinesis.stream()), "ConsumerName": "a"}
    kinesis.refused(EITHER, None, operation, **{name: request[name] for name in members})


def test_names_of_a_consumer_that_do_not_agree(kinesis):
    name, called = kinesis.stream(), fresh("consumer")
    consumer = kinesis.consumer(name, called)
    for other in ({"ConsumerName": "other"}, {"StreamARN": arn(kinesis.stream())}):
        kinesis.refused((NOT_FOUND, *EITHER), None, "DescribeStreamConsumer", ConsumerARN=consumer, **other)


@pytest.mark.parametrize("called", ["", "a b", "x" * 129, "\u00e9", "a/b"])
def test_names_that_are_none(kinesis, called):
    found = kinesis.refused(VALIDATION, None, "RegisterStreamConsumer", StreamARN=arn("any"), ConsumerName=called)
    assert "at 'consumerName'" in found.message


def test_members_of_consumers_are_checked(kinesis):
    kinesis.invalid([null("streamARN"), null("consumerName")], "RegisterStreamConsumer")
    kinesis.invalid(null("streamARN"), "ListStreamConsumers")
    kinesis.invalid(broken(0, "maxResults", least()), "ListStreamConsumers", StreamARN=arn("any"), MaxResults=0)
    kinesis.invalid(broken(10_001, "maxResults", most(10_000)), "ListStreamConsumers", StreamARN=arn("any"), MaxResults=10_001)
    kinesis.invalid(broken("none", "consumerARN", pattern(CONSUMER_ARN)), "DescribeStreamConsumer", ConsumerARN="none")
    kinesis.refused(NOT_FOUND, no_stream("none"), "RegisterStreamConsumer", StreamARN=arn("none"), ConsumerName="a")
    kinesis.refused(NOT_FOUND, None, "DescribeStreamConsumer", ConsumerARN=f"{arn('none')}/consumer/a:1")


# ---- events


def event_data(event):
    return [record["Data"] for record in event["Records"]]


def test_records_come_as_they_are_put(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"before")
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        first = events.next()
        [record] = first["Records"]
        assert record == kinesis.records(name)[0] and first["MillisBehindLatest"] == 0 and "ChildShards" not in first
        for nth in range(5):
            kinesis.put_all(name, [("a", f"{nth}".encode())] * 3)
            assert events.data(3) == [f"{nth}".encode()] * 3


def test_latest_is_from_now_on(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"before")
    with kinesis.subscribe(kinesis.consumer(name), kind="LATEST") as events:
        kinesis.put(name, b"after")
        assert events.data(1) == [b"after"]


def test_from_a_number_and_a_time(kinesis):
    name = kinesis.stream()
    numbers = []
    for nth in range(4):
        numbers.append(kinesis.put(name, f"{nth}".encode())["SequenceNumber"])
        kinesis.advance(10)
    for kind, more, expected in (
        ("AT_SEQUENCE_NUMBER", {"SequenceNumber": numbers[1]}, b"123"), ("AFTER_SEQUENCE_NUMBER", {"SequenceNumber": numbers[1]}, b"23"),
        ("AT_TIMESTAMP", {"Timestamp": Time(kinesis.now() - 15_000)}, b"3"), ("TRIM_HORIZON", {}, b"0123"),
    ):
        with kinesis.subscribe(kinesis.consumer(name), kind=kind, **more) as events:
            assert b"".join(events.data(len(expected))) == expected


def test_a_consumer_goes_on_after_its_last_event(kinesis):
    name = kinesis.stream()
    consumer, found, start = kinesis.consumer(name), [], {"kind": "TRIM_HORIZON"}
    for nth in range(4):
        kinesis.put(name, f"{nth}".encode())
        with kinesis.subscribe(consumer, **start) as events:
            event = events.next()
            found += event_data(event)
        start = {"kind": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": event["ContinuationSequenceNumber"]}
        kinesis.advance(6)
    assert found == [b"0", b"1", b"2", b"3"]


def test_silence_is_told_of(kinesis):
    name = kinesis.stream()
    kinesis.put(name)
    with kinesis.subscribe(kinesis.consumer(name), kind="LATEST") as events:
        numbers = []
        for _ in range(3):
            kinesis.advance(6)
            event = events.next()
            assert event["Records"] == [] and event["MillisBehindLatest"] == 0
            numbers.append(event["ContinuationSequenceNumber"])
            assert parts(numbers[-1])["shard"] == 0
        kinesis.put(name, b"a")
        assert events.data(1) == [b"a"]
    for at in numbers:
        assert kinesis.data(name, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=at) == [b"a"]


def test_five_minutes_and_no_longer(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    with kinesis.subscribe(consumer) as events:
        kinesis.advance(299)
        assert events.next()["Records"] == []
        kinesis.put(name, b"last")
        assert events.data(1) == [b"last"]
        kinesis.advance(2)
        assert events.next() is None
    with kinesis.subscribe(consumer) as events:
        assert events.data(1) == [b"last"]


def test_the_end_of_a_closed_shard(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"a")
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        assert events.data(1) == [b"a"]
        split(kinesis, name)
        last = events.next()
        children = kinesis.shards(name)[1:]
        assert last["ChildShards"] == [
            {"ShardId": child["ShardId"], "ParentShards": [shard_id(0)], "HashKeyRange": child["HashKeyRange"]} for child in children]
        assert events.next() is None
    # One that was closed before ends at once.
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        found, event = [], {}
        while "ChildShards" not in event:
            event = events.next()
            found += event_data(event)
        assert found == [b"a"] and events.next() is None


def test_both_parents_are_told_of_at_a_merge(kinesis):
    name = kinesis.stream(2)
    with kinesis.subscribe(kinesis.consumer(name), 1) as events:
        merge(kinesis, name)
        assert [child["ParentShards"] for child in events.next()["ChildShards"]] == [[shard_id(0), shard_id(1)]]


def test_consumers_do_not_know_of_each_other(kinesis):
    name = kinesis.stream(2)
    first, second = kinesis.consumer(name), kinesis.consumer(name)
    with kinesis.subscribe(first) as one, kinesis.subscribe(second) as two, kinesis.subscribe(first, 1) as other:
        kinesis.put(name, b"0", ExplicitHashKey="0")
        kinesis.put(name, b"1", ExplicitHashKey=str(2**128 - 1))
        assert (one.data(1), two.data(1), other.data(1)) == ([b"0"], [b"0"], [b"1"])


def test_a_second_subscription_within_five_seconds(kinesis):
    name, called = kinesis.stream(), fresh("consumer")
    consumer = kinesis.consumer(name, called)
    text = f"Another active subscription exists for this consumer: {ACCOUNT}:{name}:{shard_id(0)}:{called}"
    with kinesis.subscribe(consumer) as events:
        kinesis.advance(4)
        with pytest.raises(Refused) as refused:
            kinesis.subscribe(consumer)
        assert (refused.value.code, refused.value.message) == (IN_USE, text)
        kinesis.put(name, b"a")
        assert events.data(1) == [b"a"]


def test_a_second_subscription_takes_over(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    with kinesis.subscribe(consumer) as before:
        kinesis.advance(5)
        with kinesis.subscribe(consumer) as after:
            kinesis.put(name, b"a")
            assert after.data(1) == [b"a"]
            # It ends, or is told why: which of the two is not known.
            try:
                while before.next() is not None:
                    pass
            except Refused as refused:
                assert refused.code == IN_USE and refused.message.startswith("Another active subscription exists for this consumer")


@pytest.mark.parametrize("ended_by", ["DeregisterStreamConsumer", "DeleteStream"])
def test_the_end_of_a_consumer_or_stream_ends_it(kinesis, ended_by):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    with kinesis.subscribe(consumer) as events:
        if ended_by == "DeleteStream":
            kinesis("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
        else:
            kinesis("DeregisterStreamConsumer", ConsumerARN=consumer)
        kinesis.advance(6)
        try:
            while (event := events.next()) is not None:
                assert event["Records"] == []
        except Refused as refused:
            assert refused.code in (NOT_FOUND, IN_USE)


@pytest.mark.parametrize("size, count", [(1000, 500), (1_000_000, 5)])
def test_many_records_and_large_ones(kinesis, size, count):
    name = kinesis.stream()
    sent = [f"{nth:06}".encode() + b"x" * (size - 6) for nth in range(count)]
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        thread = threading.Thread(target=lambda: [kinesis.put_all(name, [("a", data) for data in sent[start:start + 100]])
                                                  for start in range(0, count, 100)] if size < 10_000 else [kinesis.put(name, data) for data in sent])
        thread.start()
        assert events.data(count) == sent
        thread.join()


def test_records_of_an_encrypted_stream_say_so(kinesis):
    name = kinesis.stream()
    kinesis("StartStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.put(name)
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        assert events.next()["Records"][0]["EncryptionType"] == "KMS"


# ---- what cannot be subscribed to


def refused(kinesis, code, text, **request):
    with pytest.raises(Refused) as found:
        kinesis.subscribe(**request).close()
    assert found.value.code == code or found.value.code in code and isinstance(code, tuple), found.value
    assert found.value.status == 400
    if text is not None:
        assert found.value.message == text


def test_what_is_not_there(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    refused(kinesis, NOT_FOUND, None, consumer=consumer, shard=1)
    refused(kinesis, NOT_FOUND, no_shard("abc", name), consumer=consumer, shard="abc")
    refused(kinesis, NOT_FOUND, None, consumer=f"{arn('none')}/consumer/a:1")
    refused(kinesis, NOT_FOUND, None, consumer=f"{arn(name)}/consumer/a:1")
    kinesis("DeregisterStreamConsumer", ConsumerARN=consumer)
    refused(kinesis, NOT_FOUND, None, consumer=consumer)


def test_positions_that_are_none(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    put = kinesis.put(name)["SequenceNumber"]
    other = kinesis.put(kinesis.stream(6), ExplicitHashKey=str(2**128 - 1))["SequenceNumber"]
    refused(kinesis, EITHER, None, consumer=consumer, kind="LATEST", SequenceNumber=put)
    refused(kinesis, EITHER, None, consumer=consumer, kind="AT_SEQUENCE_NUMBER")
    refused(kinesis, EITHER, None, consumer=consumer, kind="AT_TIMESTAMP")
    refused(kinesis, EITHER, None, consumer=consumer, kind="AT_TIMESTAMP", Timestamp=Time(kinesis.now() + 5000))
    refused(kinesis, INVALID, f"Invalid StartingSequenceNumber. It encodes {shard_id(5)}, while it was used in a call to a shard with {shard_id(0)}",
            consumer=consumer, kind="AT_SEQUENCE_NUMBER", SequenceNumber=other)
    refused(kinesis, VALIDATION, None, consumer=consumer, kind="HERE")
    refused(kinesis, VALIDATION, None, consumer="none")


def test_members_of_a_subscription_are_checked(kinesis):
    kinesis.invalid([null("consumerARN"), null("shardId"), null("startingPosition")], "SubscribeToShard")
    kinesis.invalid(null("startingPosition.type"), "SubscribeToShard", ConsumerARN=f"{arn('a')}/consumer/a:1", ShardId="0", StartingPosition={})


def test_a_dry_run_subscribes_nobody(kinesis):
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    request = {"ConsumerARN": consumer, "ShardId": shard_id(0), "StartingPosition": {"Type": "LATEST"}, "DryRun": True}
    kinesis.refused(DRY_RUN, None, "SubscribeToShard", **request)
    kinesis.refused(NOT_FOUND, None, "SubscribeToShard", **{**request, "ShardId": shard_id(1)})
    with kinesis.subscribe(consumer):
        pass


# ---- other clients


def test_boto3_reads_events(stream_server, stream_faces):
    kinesis = stream_faces["json"]
    name = kinesis.stream()
    kinesis.put(name, b"a")
    client = stream_server.client("kinesis")
    answer = client.subscribe_to_shard(ConsumerARN=kinesis.consumer(name), ShardId=shard_id(0), StartingPosition={"Type": "TRIM_HORIZON"})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    events = iter(answer["EventStream"])
    first = next(events)["SubscribeToShardEvent"]
    assert event_data(first) == [b"a"] and first["MillisBehindLatest"] == 0 and first["ContinuationSequenceNumber"]
    split(kinesis, name)
    assert len(next(events)["SubscribeToShardEvent"]["ChildShards"]) == 2
    assert list(events) == []


@pytest.mark.parametrize("protocol", [JSON, CBOR])
def test_events_over_http_2(stream_server, stream_faces, protocol):
    kinesis = stream_faces["json"]
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    headers = {"x-amz-target": f"{TARGET}.SubscribeToShard", "content-type": protocol, "authorization": SIGNED}
    body = write(protocol, {"ConsumerARN": consumer, "ShardId": shard_id(0), "StartingPosition": {"Type": "TRIM_HORIZON"}})
    found, buffer = [], EventStreamBuffer()
    with httpx.Client(http1=False, http2=True, timeout=20) as client:
        with client.stream("POST", stream_server.url, content=body, headers=headers) as answer:
            assert (answer.http_version, answer.status_code, answer.headers["content-type"]) == ("HTTP/2", 200, EVENTS)
            kinesis.put(name, b"0")
            for part in answer.iter_raw():
                buffer.add_data(part)
                for frame in buffer:
                    if frame.headers[":event-type"] == "initial-response":
                        continue
                    event = parse(protocol, frame.payload)
                    found += [record["Data"] for record in event["Records"]]
                    if len(found) < 3:
                        kinesis.put(name, f"{len(found)}".encode())
                    elif len(found) == 3 and "ChildShards" not in event:
                        split(kinesis, name)
        assert len(found) == 3 and "ChildShards" in event
        # Others are answered on the same connection.
        headers["x-amz-target"] = f"{TARGET}.ListShards"
        answer = client.post(stream_server.url, content=write(protocol, {"StreamName": name}), headers=headers)
        assert (answer.http_version, len(parse(protocol, answer.content)["Shards"])) == ("HTTP/2", 3)


def test_many_subscriptions_share_a_connection(stream_server, stream_faces):
    kinesis = stream_faces["cbor"]
    name = kinesis.stream(12)
    shards = kinesis.shards(name)
    consumer = kinesis.consumer(name)
    headers = {"x-amz-target": f"{TARGET}.SubscribeToShard", "content-type": CBOR, "authorization": SIGNED}

    async def follow(client, shard):
        buffer, found = EventStreamBuffer(), []
        body = write(CBOR, {"ConsumerARN": consumer, "ShardId": shard["ShardId"], "StartingPosition": {"Type": "TRIM_HORIZON"}})
        async with client.stream("POST", stream_server.url, content=body, headers=headers) as answer:
            assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)
            async for part in answer.aiter_raw():
                buffer.add_data(part)
                for frame in buffer:
                    found += [record["Data"] for record in parse(CBOR, frame.payload).get("Records", [])]
                if len(found) == 3:
                    return found
                if not found:
                    # It is answered while all others wait on the same connection.
                    start = shard["HashKeyRange"]["StartingHashKey"]
                    await asyncio.to_thread(kinesis.put_each, name, start, [b"0", b"1", b"2"])

    async def run():
        async with httpx.AsyncClient(http1=False, http2=True, timeout=20, limits=httpx.Limits(max_connections=1)) as client:
            return await asyncio.gather(*(follow(client, shard) for shard in shards))

    assert asyncio.run(run()) == [[b"0", b"1", b"2"]] * 12


def test_a_reader_that_goes_away_is_forgotten(stream_server, stream_faces):
    kinesis = stream_faces["json"]
    name = kinesis.stream()
    consumer = kinesis.consumer(name)
    for _ in range(50):
        kinesis.subscribe(consumer).close()
        kinesis.advance(5)
    kinesis.put(name, b"a")
    with kinesis.subscribe(consumer) as events:
        assert events.data(1) == [b"a"]


def test_the_end_of_the_server_ends_subscriptions(tmp_path):
    server = Server(None)
    kinesis = Json(server)
    name = kinesis.stream()
    with kinesis.subscribe(kinesis.consumer(name)) as events:
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        while events.frame() is not None:
            pass
