"""PutRecord and PutRecords: where records go, how they are numbered, and what is refused."""

import random
import re

import pytest
from kinesis_faces import (ACCOUNT, DRY_RUN, EITHER, INVALID, LAST_HASH_KEY, NOT_FOUND, VALIDATION, arn, broken, fresh, hash_key, hash_range,
                     longest, no_stream, null, number, parts, pattern, shard_id, shortest)

KIB, MIB = 1024, 1_048_576
HASH_KEY, SEQUENCE = r"0|([1-9]\d{0,38})", r"0|([1-9]\d{0,128})"


def holder(shards, key):
    """The shard of a hash key."""
    [shard] = [shard["ShardId"] for shard in shards if hash_range(shard)[0] <= key <= hash_range(shard)[1]]
    return shard


# ---- one record


def test_an_answer_has_a_shard_and_a_number_alone(kinesis):
    answer = kinesis.put(kinesis.stream())
    assert set(answer) == {"ShardId", "SequenceNumber"} and answer["ShardId"] == shard_id(0)


@pytest.mark.parametrize("data", [b"", b"\0", b"a" * 3, bytes(range(256)), "\u00fcber \U0001f986".encode(), b"x" * (MIB - 3)], ids=len)
def test_data_comes_back(kinesis, data):
    name = kinesis.stream()
    kinesis.put(name, data)
    assert kinesis.data(name) == [data]


@pytest.mark.parametrize("key", ["a", " ", "\0", "\u00e9", "\U0001f986", "x" * 256, "\u00fc" * 256, "\"\\/\b\n"], ids=ascii)
def test_a_partition_key_comes_back_and_chooses_the_shard(kinesis, key):
    name = kinesis.stream(5)
    put = kinesis.put(name, key=key)
    assert put["ShardId"] == holder(kinesis.shards(name), hash_key(key))
    [record] = kinesis.records(name, put["ShardId"])
    assert record["PartitionKey"] == key


def test_random_keys_go_to_the_shards_of_their_hashes(kinesis):
    name = kinesis.stream(7)
    shards = kinesis.shards(name)
    keys = [fresh(f"key-{random.random()}") for _ in range(300)]
    placed = kinesis.put_all(name, [(key, b"") for key in keys])
    assert [put["ShardId"] for put in placed] == [holder(shards, hash_key(key)) for key in keys]
    assert len({put["ShardId"] for put in placed}) == 7


@pytest.mark.parametrize("key, shard", [(0, 0), (1, 0), (2**127 - 1, 0), (2**127, 1), (LAST_HASH_KEY, 1)])
def test_an_explicit_hash_key_chooses_the_shard(kinesis, key, shard):
    name = kinesis.stream(2)
    put = kinesis.put(name, ExplicitHashKey=str(key))
    assert put["ShardId"] == shard_id(shard)
    [record] = kinesis.records(name, shard)
    assert set(record) == {"SequenceNumber", "ApproximateArrivalTimestamp", "Data", "PartitionKey"}
    [put] = kinesis("PutRecords", StreamName=name, Records=[{"Data": b"", "PartitionKey": "a", "ExplicitHashKey": str(key)}])["Records"]
    assert put["ShardId"] == shard_id(shard)


@pytest.mark.parametrize("key", [2**128, 2**128 + 1, 10**39 - 1])
def test_a_hash_key_beyond_all(kinesis, key):
    name = kinesis.stream()
    text = f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {key}"
    kinesis.refused(INVALID, text, "PutRecord", StreamName=name, Data=b"", PartitionKey="a", ExplicitHashKey=str(key))
    records = [{"Data": b"", "PartitionKey": "a"}, {"Data": b"", "PartitionKey": "a", "ExplicitHashKey": str(key)}]
    kinesis.refused(INVALID, text, "PutRecords", StreamName=name, Records=records)
    assert kinesis.records(name) == [], "the first one was not to be written without the second"


@pytest.mark.parametrize("key", ["", "a", "-1", "01", "1.0", "1e3", " 1", "0x1", "1" * 40, "\u0661"])
def test_a_hash_key_that_is_none(kinesis, key):
    name = kinesis.stream()
    kinesis.invalid(broken(key, "explicitHashKey", pattern(HASH_KEY)), "PutRecord",
                    StreamName=name, Data=b"", PartitionKey="a", ExplicitHashKey=key)
    kinesis.invalid(broken(key, "records.1.member.explicitHashKey", pattern(HASH_KEY)), "PutRecords",
                    StreamName=name, Records=[{"Data": b"", "PartitionKey": "a", "ExplicitHashKey": key}])


# ---- sequence numbers


def test_a_sequence_number_has_the_parts_of_the_service(kinesis):
    name = kinesis.stream(20)
    shards = kinesis.shards(name)
    for nth in (0, 1, 17, 19):
        low, _ = hash_range(shards[nth])
        put = parts(kinesis.put(name, ExplicitHashKey=str(low))["SequenceNumber"])
        start = parts(shards[nth]["SequenceNumberRange"]["StartingSequenceNumber"])
        assert put["shard"] == nth and put["created"] == start["created"]
        assert put["time"] == kinesis.now() // 1000


def test_sequence_numbers_rise(kinesis):
    name = kinesis.stream(2)
    numbers = [[], []]
    for nth in range(40):
        if nth % 10 == 9:
            kinesis.advance(1)
        if nth % 3:
            placed = [kinesis.put(name, key=str(nth))]
        else:
            placed = kinesis.put_all(name, [(f"{nth} {other}", b"") for other in range(7)])
        for put in placed:
            assert len(put["SequenceNumber"]) == 56 and put["SequenceNumber"].startswith("49")
            numbers[int(put["ShardId"][-1])].append(int(put["SequenceNumber"]))
    for shard, found in enumerate(numbers):
        start = int(kinesis.shards(name)[shard]["SequenceNumberRange"]["StartingSequenceNumber"])
        assert start < found[0] and found == sorted(set(found)) and len(found) > 20
        assert [int(record["SequenceNumber"]) for record in kinesis.records(name, shard)] == found


def test_a_record_comes_after_the_one_that_it_names(kinesis):
    name = kinesis.stream()
    last = "0"
    for _ in range(3):
        put = kinesis.put(name, SequenceNumberForOrdering=last if last != "0" else None)
        assert int(put["SequenceNumber"]) > int(last)
        last = put["SequenceNumber"]
    # One of another shard, or of another stream, is as good.
    other = kinesis.put(kinesis.stream(5), ExplicitHashKey=str(LAST_HASH_KEY))["SequenceNumber"]
    kinesis.put(name, SequenceNumberForOrdering=other)


@pytest.mark.parametrize("given", [str(2**129), str(2**185), str(2**186), number(version=4), number(version=9), "9" * 129], ids=lambda given: given[:8] + given[-8:])
def test_a_number_to_come_after_that_is_none(kinesis, given):
    name = kinesis.stream()
    text = f"ExclusiveMinimumSequenceNumber {given} used in PutRecord on stream {name} under account {ACCOUNT} is invalid."
    kinesis.refused(INVALID, text, "PutRecord", StreamName=name, Data=b"", PartitionKey="a", SequenceNumberForOrdering=given)


def test_a_number_of_the_future(kinesis):
    name = kinesis.stream()
    now = kinesis.now() // 1000
    kinesis.put(name, SequenceNumberForOrdering=number(time=now))
    given = number(time=now + 2)
    text = f"ExclusiveMinimumSequenceNumber {given} used in PutRecord on stream {name} under account {ACCOUNT} is invalid."
    kinesis.refused(INVALID, text, "PutRecord", StreamName=name, Data=b"", PartitionKey="a", SequenceNumberForOrdering=given)


@pytest.mark.parametrize("given", ["", "a", "-1", "01", "1" * 130])
def test_a_number_that_is_none(kinesis, given):
    kinesis.invalid(broken(given, "sequenceNumberForOrdering", pattern(SEQUENCE)), "PutRecord",
                    StreamName="any", Data=b"", PartitionKey="a", SequenceNumberForOrdering=given)


# ---- sizes


@pytest.mark.parametrize("kib", [1024, 2048])
def test_data_and_key_are_bounded_together(kinesis, kib):
    name = kinesis.stream(MaxRecordSizeInKiB=kib)
    kinesis.put(name, b"x" * (kib * KIB - 10), "k" * 10)
    kinesis.refused(EITHER, None, "PutRecord", StreamName=name, Data=b"x" * (kib * KIB - 9), PartitionKey="k" * 10)
    kinesis.refused(EITHER, None, "PutRecords", StreamName=name, Records=[
        {"Data": b"", "PartitionKey": "a"}, {"Data": b"x" * (kib * KIB), "PartitionKey": "k"}])
    # A key is measured in bytes.
    kinesis.refused(EITHER, None, "PutRecord", StreamName=name, Data=b"x" * (kib * KIB - 19), PartitionKey="\u00fc" * 10)
    assert len(kinesis.records(name)) == 1


def test_the_largest_record_of_all(kinesis):
    name = kinesis.stream(MaxRecordSizeInKiB=10_240)
    data = random.randbytes(10_240 * KIB - 1)
    kinesis.put(name, data, "a")
    assert kinesis.data(name) == [data]
    too_long = b"x" * (10_240 * KIB + 1)
    kinesis.invalid(broken(..., "data", longest(10_485_760)), "PutRecord", StreamName=name, Data=too_long, PartitionKey="a")


def test_records_are_bounded_together(kinesis):
    name = kinesis.stream(MaxRecordSizeInKiB=2048)
    five = [{"PartitionKey": str(nth), "Data": b"x" * (2 * MIB - 1)} for nth in range(5)]
    assert len(kinesis("PutRecords", StreamName=name, Records=five)["Records"]) == 5
    kinesis.refused(EITHER, None, "PutRecords", StreamName=name, Records=[*five, {"PartitionKey": "", "Data": b""} | {"PartitionKey": "a"}])
    assert len(kinesis.records(name)) == 5


# ---- many records


def test_records_of_one_shard_keep_their_order(kinesis):
    name = kinesis.stream(3)
    sent = [(f"key {nth % 20}", f"{nth}".encode()) for nth in range(500)]
    placed = kinesis.put_all(name, sent)
    assert len(placed) == 500 and all(set(put) == {"SequenceNumber", "ShardId"} for put in placed)
    assert len({put["SequenceNumber"] for put in placed}) == 500
    for shard in range(3):
        mine = [(put, record) for put, record in zip(placed, sent) if put["ShardId"] == shard_id(shard)]
        found = [(record["SequenceNumber"], record["PartitionKey"], record["Data"]) for record in kinesis.records(name, shard)]
        assert found == [(put["SequenceNumber"], key, data) for put, (key, data) in mine]


def test_an_answer_to_many_is_not_encrypted(kinesis):
    answer = kinesis("PutRecords", StreamName=kinesis.stream(), Records=[{"PartitionKey": "a", "Data": b""}])
    assert set(answer) == {"FailedRecordCount", "Records"} and answer["FailedRecordCount"] == 0


@pytest.mark.parametrize("count", [0, 501])
def test_too_few_and_too_many(kinesis, count):
    records = [{"PartitionKey": "a", "Data": b""}] * count
    found = kinesis.refused(VALIDATION, None, "PutRecords", StreamName=kinesis.stream(), Records=records)
    assert (longest(500) if count else shortest()) in found.message and "at 'records'" in found.message


def test_each_record_is_checked(kinesis):
    records = [
        {"PartitionKey": "a", "Data": b""}, {"PartitionKey": "a"}, {"PartitionKey": "", "Data": b""},
        {"PartitionKey": "x" * 257, "Data": b""}, {"PartitionKey": "a", "Data": b"", "ExplicitHashKey": "b"},
    ]
    kinesis.invalid([
        null("records.2.member.data"), broken("", "records.3.member.partitionKey", shortest()),
        broken("x" * 257, "records.4.member.partitionKey", longest(256)),
        broken("b", "records.5.member.explicitHashKey", pattern(HASH_KEY)),
    ], "PutRecords", StreamName=kinesis.stream(), Records=records)


def test_ten_errors_are_told_at_most(kinesis):
    found = kinesis.refused(VALIDATION, None, "PutRecords", StreamName="any", Records=[{"PartitionKey": "", "Data": b""}] * 20)
    assert found.message.startswith("10 validation errors detected: ") and found.message.count("; ") == 9
    assert "records.10.member.partitionKey" in found.message and "records.11" not in found.message


# ---- what is refused


def test_a_record_needs_a_key_and_data(kinesis):
    name = kinesis.stream()
    kinesis.invalid(null("data"), "PutRecord", StreamName=name, PartitionKey="a")
    kinesis.invalid(null("records"), "PutRecords", StreamName=name)
    # Only where the stream distributes records itself there may be none; the type is not sure.
    for operation, rest in (("PutRecord", {"Data": b""}), ("PutRecords", {"Records": [{"Data": b""}]})):
        kinesis.refused(EITHER, re.compile("(?i)partition ?key"), operation, StreamName=name, **rest)
    assert kinesis.records(name) == []


def test_what_is_wrong_is_told_in_its_order(kinesis):
    beyond = str(2**128)
    # The members, then the stream, then the hash key, then the number.
    kinesis.refused(VALIDATION, None, "PutRecord", StreamName="none", Data=b"", PartitionKey="", ExplicitHashKey=beyond)
    kinesis.refused(NOT_FOUND, no_stream("none"), "PutRecord", StreamName="none", Data=b"", PartitionKey="a", ExplicitHashKey=beyond)
    name = kinesis.stream()
    kinesis.refused(INVALID, re.compile("^Invalid ExplicitHashKey"), "PutRecord", StreamName=name, Data=b"", PartitionKey="a",
                    ExplicitHashKey=beyond, SequenceNumberForOrdering=str(2**186))


@pytest.mark.parametrize("operation, rest", [
    ("PutRecord", {"Data": b"", "PartitionKey": "a"}), ("PutRecords", {"Records": [{"Data": b"", "PartitionKey": "a"}]})])
def test_a_dry_run_writes_nothing(kinesis, operation, rest):
    name = kinesis.stream()
    kinesis.refused(DRY_RUN, "The request was rejected because the DryRun parameter was specified.", operation, StreamName=name, DryRun=True, **rest)
    kinesis.refused(NOT_FOUND, no_stream("none"), operation, StreamName="none", DryRun=True, **rest)
    assert kinesis.records(name) == []
    kinesis(operation, StreamName=name, DryRun=False, **rest)
    assert len(kinesis.records(name)) == 1


def test_a_dry_run_finds_what_is_wrong(kinesis):
    name = kinesis.stream()
    beyond = str(2**128)
    kinesis.refused(INVALID, None, "PutRecord", StreamName=name, Data=b"", PartitionKey="a", ExplicitHashKey=beyond, DryRun=True)
    kinesis.refused(EITHER, None, "PutRecord", StreamName=name, Data=b"x" * MIB, PartitionKey="a", DryRun=True)
    kinesis.refused(EITHER, None, "PutRecords", StreamName=name, Records=[{"Data": b"x" * MIB, "PartitionKey": "a"}], DryRun=True)


# ---- streams that distribute records themselves


def test_records_without_keys_are_distributed(kinesis):
    name = kinesis.on_demand(RecordDistributionStrategy="AUTO")
    placed = [kinesis("PutRecord", StreamName=name, Data=f"{nth}".encode()) for nth in range(40)]
    placed += kinesis("PutRecords", StreamName=name, Records=[{"Data": f"{nth}".encode()} for nth in range(40, 100)])["Records"]
    assert len({put["ShardId"] for put in placed}) == 4
    found = [record for shard in range(4) for record in kinesis.records(name, shard)]
    assert sorted(int(record["Data"]) for record in found) == list(range(100))
    assert not any("PartitionKey" in record for record in found)


def test_keys_are_kept_and_not_used_there(kinesis):
    name = kinesis.on_demand(RecordDistributionStrategy="AUTO")
    placed = [kinesis.put(name, key="same", ExplicitHashKey="0") for _ in range(40)]
    assert len({put["ShardId"] for put in placed}) == 4
    assert {record["PartitionKey"] for shard in range(4) for record in kinesis.records(name, shard)} == {"same"}


def test_an_encrypted_stream_says_so(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"before")
    kinesis("StartStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert kinesis.put(name, b"with")["EncryptionType"] == "KMS"
    assert kinesis("PutRecords", StreamName=name, Records=[{"Data": b"with", "PartitionKey": "a"}])["EncryptionType"] == "KMS"
    kinesis("StopStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert "EncryptionType" not in kinesis.put(name, b"after")
    assert [record.get("EncryptionType") for record in kinesis.records(name)] == [None, "KMS", "KMS", None]


def test_a_record_is_put_by_an_arn_of_its_stream(kinesis):
    name = kinesis.stream()
    kinesis("PutRecord", StreamARN=arn(name), Data=b"a", PartitionKey="a")
    kinesis("PutRecords", StreamARN=arn(name), StreamName=name, Records=[{"Data": b"b", "PartitionKey": "a"}])
    assert kinesis.data(name) == [b"a", b"b"]
