"""Producers, readers and a stream that is resharded, and the server killed under them."""

import random
import threading
import time

from botocore.exceptions import BotoCoreError

from millpond import Server

TURNS = 4
STREAM = "load"
# What was under way when the server was killed may be there or not: its numbers are not used again.
SKIPPED = 100


def data_of(key, number):
    return f"{key} {number} " + str(number % 7) * (10 if number % 20 else 100_000)


def parse(record):
    """The key and the number of a record that is whole."""
    key, number = record["Data"].decode().split(" ")[:2]
    assert record["Data"].decode() == data_of(key, int(number)), f"{key} {number} is not whole"
    assert record["PartitionKey"] == key
    return key, int(number)


class Turn:
    """One life of the server."""

    def __init__(self, server):
        self.server, self.acknowledged, self.killed = server, threading.Semaphore(0), threading.Event()

    def kill(self):
        self.killed.set()
        self.server.kill()
        assert "panicked" not in self.server.said(), self.server.said()


class Client(threading.Thread):
    """Works until the server is gone, or there is nothing left to do."""

    def __init__(self, turn):
        super().__init__()
        self.client, self.turn, self.failure = turn.server.client("kinesis"), turn, None

    def run(self):
        try:
            while self.work():
                pass
        except Exception as error:
            is_killed = self.turn.killed.is_set() and isinstance(error, BotoCoreError)
            self.failure = None if is_killed else error


class Producer(Client):
    """Puts records under keys of its own: one by one, or many at once, which are there all or not at all."""

    def __init__(self, turn, name, number, puts):
        super().__init__(turn)
        self.name, self.number, self.puts, self.random = name, number, puts, random.Random(f"{name} {number}")

    def work(self):
        count = self.random.choice([1, 1, 5, 60])
        records = []
        for number in range(self.number, self.number + count):
            key = f"{self.name}{self.random.randrange(4)}"
            records.append({"PartitionKey": key, "Data": data_of(key, number).encode()})
        put = {"records": [parse(record) for record in records], "numbers": None}
        self.puts.append(put)
        if count == 1:
            answers = [self.client.put_record(StreamName=STREAM, **records[0])]
        else:
            answer = self.client.put_records(StreamName=STREAM, Records=records)
            assert answer["FailedRecordCount"] == 0, answer
            answers = answer["Records"]
        put["numbers"] = [(answer["ShardId"], int(answer["SequenceNumber"])) for answer in answers]
        self.number += count
        self.turn.acknowledged.release()
        return True


class Resharder(Client):
    """Splits a shard, or merges two."""

    def work(self):
        time.sleep(0.05)
        shards = self.client.list_shards(StreamName=STREAM, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        at = random.randrange(len(shards))
        if len(shards) < 5:
            first, last = (int(shards[at]["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
            middle = str((first + last) // 2)
            self.client.split_shard(StreamName=STREAM, ShardToSplit=shards[at]["ShardId"], NewStartingHashKey=middle)
        elif at + 1 < len(shards):
            pair = [shard["ShardId"] for shard in shards[at:at + 2]]
            self.client.merge_shards(StreamName=STREAM, ShardToMerge=pair[0], AdjacentShardToMerge=pair[1])
        return True


class Place:
    """How far a reader has come. It outlives the server: an iterator is as good afterwards."""

    def __init__(self):
        self.iterators, self.parents, self.ended, self.seen, self.last = {}, {}, set(), [], {}


class Reader(Client):
    """Reads each shard to its end, and then those that go on where it ended."""

    def __init__(self, turn, place, until_over=False):
        super().__init__(turn)
        self.place, self.until_over, self.random = place, until_over, random.Random(7)

    def begin(self, shard, **where):
        kind = where or {"ShardIteratorType": "TRIM_HORIZON"}
        answer = self.client.get_shard_iterator(StreamName=STREAM, ShardId=shard, **kind)
        self.place.iterators[shard] = answer["ShardIterator"]

    def work(self):
        place, found = self.place, 0
        for shard in list(place.iterators):
            answer = self.client.get_records(ShardIterator=place.iterators[shard], Limit=self.random.randint(1, 200))
            for record in answer["Records"]:
                place.seen.append((parse(record), (shard, int(record["SequenceNumber"]))))
                place.last[shard] = record["SequenceNumber"]
            found += len(answer["Records"])
            place.iterators[shard] = answer.get("NextShardIterator")
            if place.iterators[shard] is None:
                place.ended.add(shard)
                del place.iterators[shard]
                for child in answer["ChildShards"]:
                    place.parents[child["ShardId"]] = set(child["ParentShards"])
            elif shard in place.last and self.random.random() < 0.2:
                # The number of a record is as good as an iterator.
                kind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": place.last[shard]}
                self.begin(shard, **kind)
        for child in [child for child, parents in place.parents.items() if parents <= place.ended]:
            self.begin(child)
            del place.parents[child]
            found += 1
        return found > 0 or not self.until_over


def check(puts, seen):
    """Each record that was acknowledged was read once, under its number; the records of a key in their order."""
    given, last = {}, {}
    for (key, number), place in seen:
        assert last.get(key, -1) < number, f"{key} {number} was read after {last[key]}"
        last[key] = number
        given[key, number] = place
    for put in puts:
        there = [given.get(record) for record in put["records"]]
        if put["numbers"] is None:
            assert all(there) or not any(there), f"some of {put['records']} are there: {there}"
        else:
            assert there == put["numbers"], f"{put['records']} were put as {put['numbers']}, and read as {there}"
    assert given.keys() <= {record for put in puts for record in put["records"]}
    places = [place for _, place in seen]
    assert len(places) == len(set(places))


def test_what_was_acknowledged_of_streams_survives_kills_under_load(tmp_path):
    server = Server(tmp_path / "store")
    try:
        server.client("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
        puts, places, numbers = [], [Place(), Place()], dict.fromkeys("abcd", 0)
        for place in places:
            reader = Reader(Turn(server), place)
            for shard in reader.client.list_shards(StreamName=STREAM)["Shards"]:
                reader.begin(shard["ShardId"])
        for _ in range(TURNS):
            turn = Turn(server)
            producers = [Producer(turn, name, number, puts) for name, number in numbers.items()]
            everyone = [*producers, Resharder(turn), *(Reader(turn, place) for place in places)]
            for client in everyone:
                client.start()
            for _ in range(random.randint(100, 400)):
                assert turn.acknowledged.acquire(timeout=60), "nothing was acknowledged for a minute"
            turn.kill()
            for client in everyone:
                client.join()
            for client in everyone:
                if client.failure:
                    raise client.failure
            for producer in producers:
                numbers[producer.name] = producer.number + SKIPPED
            server = Server(tmp_path / "store")
        for place in places:
            reader = Reader(Turn(server), place, until_over=True)
            reader.run()
            assert reader.failure is None, reader.failure
            check(puts, place.seen)
            assert len(place.seen) > 100 and len(place.ended) > 5
    finally:
        server.kill()
