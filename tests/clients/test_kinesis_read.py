"""GetShardIterator and GetRecords: places in shards, pages of records, and how long they are good for."""

import base64
import random
import re

import pytest
from kinesis_faces import (ACCOUNT, DRY_RUN, EITHER, EXPIRED, INVALID, NOT_FOUND, VALIDATION, Time, arn, broken, fresh, least, most, no_shard,
                           null, number, one_of, parts, pattern, shard_does_not_exist, shard_id)

MIB = 1_048_576
BY_NUMBER = ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"]
MUST_EITHER = ("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and "
               "no StartingSequenceNumber. Request specified ")
TYPES = one_of("AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON")


def filled(kinesis, count=5, apart=0):
    """A stream of one shard with numbered records, and what the puts of them answered."""
    name = kinesis.stream()
    placed = []
    for nth in range(count):
        placed.append(kinesis.put(name, f"{nth}".encode()))
        if apart:
            kinesis.advance(apart)
    return name, [put["SequenceNumber"] for put in placed]


def told(data):
    return "".join(each.decode() for each in data)


# ---- where an iterator begins


def test_from_the_first_record(kinesis):
    name, _ = filled(kinesis)
    assert told(kinesis.data(name)) == "01234"


def test_from_now_on(kinesis):
    name, _ = filled(kinesis)
    latest = kinesis.iterator(name, kind="LATEST")
    answer = kinesis.get(latest)
    assert answer["Records"] == [] and answer["MillisBehindLatest"] == 0
    kinesis.put(name, b"5")
    # It is pinned to when it was given out, and can be used again.
    for iterator in (latest, latest, answer["NextShardIterator"]):
        assert told(record["Data"] for record in kinesis.get(iterator)["Records"]) == "5"
    assert kinesis.data(name, kind="LATEST") == []


@pytest.mark.parametrize("nth", [0, 2, 4])
def test_from_a_number_on_and_after_it(kinesis, nth):
    name, numbers = filled(kinesis)
    for kind, expected in zip(BY_NUMBER, ("01234"[nth:], "01234"[nth + 1:])):
        assert told(kinesis.data(name, kind=kind, StartingSequenceNumber=numbers[nth])) == expected


def test_from_the_number_of_the_shard_itself(kinesis):
    name, _ = filled(kinesis)
    [shard] = kinesis.shards(name)
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    for kind in BY_NUMBER:
        assert told(kinesis.data(name, kind=kind, StartingSequenceNumber=start)) == "01234"


def test_from_a_number_that_no_record_has(kinesis):
    name, numbers = filled(kinesis, 2)
    made = parts(numbers[-1])
    later = number(created=made["created"], index=made["index"] + 2**40, time=made["time"])
    for kind in BY_NUMBER:
        assert kinesis.data(name, kind=kind, StartingSequenceNumber=later) == []


def test_from_a_time_on(kinesis):
    kinesis.advance(1 - kinesis.now() % 1000 / 1000)
    name, _ = filled(kinesis, apart=10)
    now = kinesis.now()
    times = [record["ApproximateArrivalTimestamp"] for record in kinesis.records(name)]
    assert [now - time for time in times] == [50_000, 40_000, 30_000, 20_000, 10_000]
    for nth, time in enumerate(times):
        for millis, expected in ((time, nth), (time - 1, nth), (time + 1, nth + 1), (time + 9_999, nth + 1)):
            assert told(kinesis.data(name, kind="AT_TIMESTAMP", Timestamp=Time(millis))) == "01234"[expected:]
    for millis in (1, 0, times[0] - 86_400_000):
        assert told(kinesis.data(name, kind="AT_TIMESTAMP", Timestamp=Time(millis))) == "01234"


def test_from_a_time_after_the_last_record(kinesis):
    name, _ = filled(kinesis, 2, apart=10)
    iterator = kinesis.iterator(name, kind="AT_TIMESTAMP", Timestamp=Time(kinesis.now() - 1000))
    answer = kinesis.get(iterator)
    assert answer["Records"] == []
    kinesis.put(name, b"later")
    for iterator in (iterator, answer["NextShardIterator"]):
        assert [record["Data"] for record in kinesis.get(iterator)["Records"]] == [b"later"]


def test_a_time_to_come(kinesis):
    name, _ = filled(kinesis, 1)
    now = kinesis.now()
    text = ("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {now + 1000}, currentTimestampInMillis: {now}")
    kinesis.refused(INVALID, text, "GetShardIterator", StreamName=name, ShardId=shard_id(0), ShardIteratorType="AT_TIMESTAMP", Timestamp=Time(now + 1000))
    assert kinesis.data(name, kind="AT_TIMESTAMP", Timestamp=Time(now)) == [b"0"]


@pytest.mark.parametrize("shard", ["shardId-000000000001", "shardId-1", "shard-1", "x-1", "1", "-00000000001", "0001", "a-1-2"])
def test_a_shard_may_be_spelt_in_many_ways(kinesis, shard):
    name = kinesis.stream(3)
    kinesis.put(name, b"in 1", ExplicitHashKey=str(2**127))
    assert kinesis.data(name, shard) == [b"in 1"]


@pytest.mark.parametrize("shard", ["shardId", "ABKLFD8", "2.14E4", "2147483648", "shardId-2147483648", "a-b-1", "shardId-1.0", "."])
def test_what_is_no_shard_at_all(kinesis, shard):
    name = kinesis.stream()
    for of in (name, "none"):
        kinesis.refused(NOT_FOUND, no_shard(shard, of), "GetShardIterator", StreamName=of, ShardId=shard, ShardIteratorType="LATEST")


@pytest.mark.parametrize("shard", [1, 2147483647])
def test_a_shard_that_is_not_there(kinesis, shard):
    name = kinesis.stream()
    for of in (name, "none"):
        kinesis.refused(NOT_FOUND, shard_does_not_exist(shard, of), "GetShardIterator", StreamName=of, ShardId=f"x-{shard}", ShardIteratorType="LATEST")


def test_a_number_with_the_wrong_type(kinesis):
    name, numbers = filled(kinesis, 1)
    for kind in ("TRIM_HORIZON", "LATEST"):
        kinesis.refused(INVALID, MUST_EITHER + f"{kind} and also a StartingSequenceNumber.", "GetShardIterator", StreamName=name,
                        ShardId=shard_id(0), ShardIteratorType=kind, StartingSequenceNumber=numbers[0])
    for kind in BY_NUMBER:
        kinesis.refused(INVALID, MUST_EITHER + f"{kind} and no StartingSequenceNumber.", "GetShardIterator", StreamName=name,
                        ShardId=shard_id(0), ShardIteratorType=kind)
    kinesis.refused(INVALID, "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
                    "GetShardIterator", StreamName=name, ShardId=shard_id(0), ShardIteratorType="AT_TIMESTAMP")


def refused_number(kinesis, name, given, text, shard=0):
    for kind in BY_NUMBER:
        kinesis.refused(INVALID, text, "GetShardIterator", StreamName=name, ShardId=shard_id(shard), ShardIteratorType=kind, StartingSequenceNumber=given)


@pytest.mark.parametrize("given", [str(2**129), str(2**185), str(2**185 + 2**184), number(version=3), number(version=15), number(index=2**63),
                                   number(created=16_025_175_000), "9" * 129], ids=lambda given: given[:12])
def test_a_number_that_is_none(kinesis, given):
    name = kinesis.stream()
    if given == number(version=3):
        # The service fails at this one.
        kinesis.refused(EITHER, None, "GetShardIterator", StreamName=name, ShardId=shard_id(0), ShardIteratorType=BY_NUMBER[0], StartingSequenceNumber=given)
        return
    text = f"StartingSequenceNumber {given} used in GetShardIterator on shard {shard_id(0)} in stream {name} under account {ACCOUNT} is invalid."
    refused_number(kinesis, name, given, text)


def test_a_number_of_another_shard(kinesis):
    name = kinesis.stream(6)
    put = kinesis.put(name, ExplicitHashKey=str(2**128 - 1))
    assert put["ShardId"] == shard_id(5)
    text = f"Invalid StartingSequenceNumber. It encodes {shard_id(5)}, while it was used in a call to a shard with {shard_id(0)}"
    refused_number(kinesis, name, put["SequenceNumber"], text)
    negative = number(shard=2**31)
    refused_number(kinesis, name, negative, f"Invalid StartingSequenceNumber. It encodes shardId--02147483648, while it was used in a call to a shard with {shard_id(0)}")


def test_a_number_of_another_stream(kinesis):
    name = kinesis.stream()
    made = parts(kinesis.put(name)["SequenceNumber"])
    given = number(**{**made, "created": made["created"] - 5000})
    text = (f"StartingSequenceNumber {given} used in GetShardIterator on shard {shard_id(0)} in stream {name} under account {ACCOUNT} is invalid "
            "because it did not come from this stream.")
    refused_number(kinesis, name, given, text)


@pytest.mark.parametrize("given", ["", "a", "-1", "01", "1.0", "1" * 130], ids=lambda given: given[:5])
def test_a_number_in_no_form_at_all(kinesis, given):
    kinesis.invalid(broken(given, "startingSequenceNumber", pattern(r"0|([1-9]\d{0,128})")), "GetShardIterator", StreamName="any", ShardId="0",
                    ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=given)


def test_a_type_that_is_none(kinesis):
    kinesis.invalid(broken("HERE", "shardIteratorType", TYPES), "GetShardIterator", StreamName="any", ShardId="0", ShardIteratorType="HERE")
    kinesis.invalid([null("shardId"), null("shardIteratorType")], "GetShardIterator", StreamName="any")


def test_a_dry_run_for_an_iterator(kinesis):
    name = kinesis.stream()
    request = {"ShardId": shard_id(0), "ShardIteratorType": "LATEST", "DryRun": True}
    kinesis.refused(DRY_RUN, None, "GetShardIterator", StreamName=name, **request)
    kinesis.refused(NOT_FOUND, None, "GetShardIterator", StreamName="none", **request)
    kinesis.refused(NOT_FOUND, None, "GetShardIterator", StreamName=name, **{**request, "ShardId": shard_id(1)})
    kinesis.refused(INVALID, None, "GetShardIterator", StreamName=name, **{**request, "ShardIteratorType": "AT_TIMESTAMP"})


# ---- records


def test_a_record_has_its_members_alone(kinesis):
    kinesis.advance(0.123)
    name = kinesis.stream()
    put = kinesis.put(name, b"\0\1", "a")
    answer = kinesis.get(kinesis.iterator(name))
    assert answer["Records"] == [{
        "SequenceNumber": put["SequenceNumber"], "ApproximateArrivalTimestamp": kinesis.now(), "Data": b"\0\1", "PartitionKey": "a"}]
    assert set(answer) == {"Records", "NextShardIterator", "MillisBehindLatest"} and answer["MillisBehindLatest"] == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 10_000])
def test_records_come_in_pages(kinesis, limit):
    name, numbers = filled(kinesis, 7)
    iterator, found, pages = kinesis.iterator(name), [], 0
    while len(found) < 7:
        answer = kinesis.get(iterator, Limit=limit)
        found += [record["SequenceNumber"] for record in answer["Records"]]
        assert answer["NextShardIterator"] != iterator
        iterator, pages = answer["NextShardIterator"], pages + 1
    assert found == numbers and pages == -(-7 // limit)
    assert kinesis.get(iterator)["Records"] == []


def test_ten_thousand_records_are_the_most(kinesis):
    name = kinesis.stream()
    for start in range(0, 10_500, 500):
        kinesis.put_all(name, [("a", f"{nth}".encode()) for nth in range(start, start + 500)])
    first = kinesis.get(kinesis.iterator(name))
    rest = kinesis.get(first["NextShardIterator"])
    assert (len(first["Records"]), len(rest["Records"])) == (10_000, 500)
    assert [int(record["Data"]) for record in rest["Records"]] == list(range(10_000, 10_500))


def test_ten_mebibytes_are_the_most(kinesis):
    name = kinesis.stream()
    sent = [random.randbytes(MIB - 1) for _ in range(13)]
    for data in sent:
        kinesis.put(name, data, "a")
    iterator, found, pages = kinesis.iterator(name), [], []
    while len(found) < 13:
        answer = kinesis.get(iterator)
        iterator = answer["NextShardIterator"]
        pages.append(len(answer["Records"]))
        found += [record["Data"] for record in answer["Records"]]
    assert found == sent
    assert pages[0] in (10, 11), "whether the record that goes beyond is the first of the next page is not known"


def test_an_empty_shard_gives_a_new_iterator_each_time(kinesis):
    iterator = kinesis.iterator(kinesis.stream())
    seen = {iterator}
    for _ in range(4):
        # What a place is does not change while nothing happens; time does.
        kinesis.advance(1)
        answer = kinesis.get(iterator)
        iterator = answer["NextShardIterator"]
        assert answer["Records"] == [] and iterator not in seen
        seen.add(iterator)


def test_how_far_behind_a_reader_is(kinesis):
    name, _ = filled(kinesis, 4, apart=10)
    kinesis.advance(5)
    iterator, behind = kinesis.iterator(name), []
    for _ in range(5):
        answer = kinesis.get(iterator, Limit=1)
        iterator = answer["NextShardIterator"]
        behind.append(answer["MillisBehindLatest"])
    # Of which record the age is told is not known: that of the last one read, or of the first one left.
    assert behind[:3] in ([45_000, 35_000, 25_000], [35_000, 25_000, 15_000])
    assert behind[3:] == [0, 0]


def test_an_iterator_may_be_used_again(kinesis):
    name, _ = filled(kinesis, 3)
    iterator = kinesis.iterator(name)
    assert len({str(kinesis.get(iterator)["Records"]) for _ in range(3)}) == 1


def test_an_iterator_in_quotation_marks(kinesis):
    name, _ = filled(kinesis, 3)
    assert len(kinesis.get(f'"{kinesis.iterator(name)}"')["Records"]) == 3


def test_an_iterator_lasts_five_minutes(kinesis):
    name, _ = filled(kinesis, 2)
    iterator = kinesis.iterator(name)
    following = kinesis.get(iterator, Limit=1)["NextShardIterator"]
    kinesis.advance(300)
    following = kinesis.get(following, Limit=1)["NextShardIterator"]
    assert len(kinesis.get(iterator)["Records"]) == 2
    kinesis.advance(1)
    time = "[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC [0-9]{4}"
    text = re.compile(f"^Iterator expired. The iterator was created at time {time} while right now it is {time} which is further in the future than the "
                      "tolerated delay of 300000 milliseconds.$")
    kinesis.refused(EXPIRED, text, "GetRecords", ShardIterator=iterator)
    assert kinesis.get(following)["Records"] == []
    kinesis("DeleteStream", StreamName=name)
    kinesis.refused(EXPIRED, text, "GetRecords", ShardIterator=iterator)


def test_iterators_of_one_length(kinesis):
    for length in (1, 20, 128):
        name = kinesis.stream(1, ("x" * length)[len(fresh("")):] + fresh(""))
        iterator = kinesis.iterator(name)
        assert len(iterator) <= 512 and base64.b64decode(iterator, validate=True)
        assert kinesis.get(iterator)["Records"] == []
        kinesis("DeleteStream", StreamName=name)


@pytest.mark.parametrize("text", ["a", "AAAA", "%", "x" * 512, "\u00e9", "A" * 152, base64.b64encode(b"\0" * 7 + b"\1" + b"x" * 112).decode()],
                         ids=lambda text: ascii(text[:5]))
def test_what_is_no_iterator(kinesis, text):
    kinesis.refused(INVALID, "Invalid ShardIterator.", "GetRecords", ShardIterator=text)


@pytest.mark.parametrize("change", ["cut", "grown", "changed", "in lower case"])
def test_an_iterator_that_was_changed(kinesis, change):
    iterator = kinesis.iterator(kinesis.stream())
    for at in (5, 40, -8):
        other = "A" if iterator[at] != "A" else "B"
        changed = {
            "cut": iterator[:at // 4 * 4], "grown": iterator + "AAAA", "changed": iterator[:at] + other + iterator[at:][1:],
            "in lower case": iterator.lower(),
        }[change]
        kinesis.refused(INVALID, "Invalid ShardIterator.", "GetRecords", ShardIterator=changed)


def test_an_iterator_of_a_stream_that_is_gone(kinesis):
    name, _ = filled(kinesis, 1)
    iterator = kinesis.iterator(name)
    kinesis("DeleteStream", StreamName=name)
    kinesis.refused(NOT_FOUND, shard_does_not_exist(0, name), "GetRecords", ShardIterator=iterator)
    kinesis.stream(1, name)
    kinesis.put(name, b"new")
    # The one of the same name that was made since is as good.
    assert [record["Data"] for record in kinesis.get(iterator)["Records"]] in ([b"new"], [])


@pytest.mark.parametrize("limit, constraint", [(0, least()), (-1, least()), (10_001, most(10_000)), (2**40, None)])
def test_a_limit_that_is_none(kinesis, limit, constraint):
    iterator = kinesis.iterator(kinesis.stream())
    shown = limit if constraint else 2**31 - 1
    kinesis.invalid(broken(shown, "limit", constraint or most(10_000)), "GetRecords", ShardIterator=iterator, Limit=limit)


def test_an_iterator_must_be_there(kinesis):
    kinesis.invalid(null("shardIterator"), "GetRecords")
    found = kinesis.refused(VALIDATION, None, "GetRecords", ShardIterator="")
    assert "at 'shardIterator'" in found.message


def test_the_arn_beside_an_iterator(kinesis):
    name, _ = filled(kinesis, 1)
    iterator = kinesis.iterator(name)
    assert len(kinesis.get(iterator, StreamARN=arn(name))["Records"]) == 1
    kinesis.refused(EITHER, None, "GetRecords", ShardIterator=iterator, StreamARN=arn(kinesis.stream()))


def test_a_dry_run_for_records(kinesis):
    name, _ = filled(kinesis, 1)
    kinesis.refused(DRY_RUN, None, "GetRecords", ShardIterator=kinesis.iterator(name), DryRun=True)
    kinesis.refused(INVALID, "Invalid ShardIterator.", "GetRecords", ShardIterator="AAAA", DryRun=True)
    assert len(kinesis.get(kinesis.iterator(name), DryRun=False)["Records"]) == 1


# ---- retention


def test_records_are_kept_for_a_day(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"old")
    kinesis.advance(3600)
    put = kinesis.put(name, b"newer")
    kinesis.advance(23 * 3600 - 1)
    assert kinesis.data(name) == [b"old", b"newer"]
    kinesis.advance(2)
    assert kinesis.data(name) == [b"newer"]
    kinesis.advance(3600)
    answer = kinesis.get(kinesis.iterator(name))
    assert answer["Records"] == [] and answer["MillisBehindLatest"] == 0
    # What is before all that is kept is where that begins.
    kinesis.put(name, b"newest")
    assert kinesis.data(name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=put["SequenceNumber"]) == [b"newest"]
    assert kinesis.data(name, kind="AT_TIMESTAMP", Timestamp=Time(1000)) == [b"newest"]


def test_longer_retention_keeps_what_is_still_there(kinesis):
    name = kinesis.stream()
    kinesis.put(name, b"old")
    kinesis("IncreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=48)
    kinesis.advance(47 * 3600)
    assert kinesis.data(name) == [b"old"]
    kinesis("DecreaseStreamRetentionPeriod", StreamName=name, RetentionPeriodHours=24)
    assert kinesis.data(name) == []


def test_an_iterator_outlives_what_it_points_at(kinesis):
    name = kinesis.stream()
    for nth in range(3):
        kinesis.put(name, f"{nth}".encode())
        kinesis.advance(3600)
    kinesis.advance(21 * 3600 - 60)
    iterator = kinesis.iterator(name)
    kinesis.advance(120)
    assert told(record["Data"] for record in kinesis.get(iterator)["Records"]) == "12"
