"""Many clients at once, and the server killed under them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from millpond import Server


def create(client, name):
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
    )


def test_32_clients_count_to_6400_together(make_table, server):
    table = make_table()
    ready = threading.Barrier(32)

    def increments(_):
        client = server.client()
        ready.wait()
        seen = []
        for _ in range(200):
            answer = client.update_item(
                TableName=table.name, Key={"pk": {"S": "counter"}}, UpdateExpression="ADD tally :one",
                ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="UPDATED_NEW")
            seen.append(int(answer["Attributes"]["tally"]["N"]))
        return seen

    with ThreadPoolExecutor(32) as threads:
        seen = [number for part in threads.map(increments, range(32)) for number in part]
    assert table.get_item(Key={"pk": "counter"}, ConsistentRead=True)["Item"]["tally"] == 6400
    assert sorted(seen) == list(range(1, 6401)), "each increment was told a number of its own"


class Writer:
    """Writes items of its own and one counter until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, name):
        self.client, self.name, self.items, self.counter = server.client(), name, [], 0

    def run(self, acknowledged):
        number = 0
        try:
            while True:
                size = 10 if number % 20 else 100_000
                self.client.put_item(TableName="load", Item={
                    "pk": {"S": self.name}, "sk": {"N": str(number)}, "v": {"S": str(number % 7) * size}})
                self.items.append((number, size))
                answer = self.client.update_item(
                    TableName="load", Key={"pk": {"S": f"{self.name} counter"}, "sk": {"N": "0"}},
                    UpdateExpression="ADD tally :one", ExpressionAttributeValues={":one": {"N": "1"}},
                    ReturnValues="UPDATED_NEW")
                self.counter = int(answer["Attributes"]["tally"]["N"])
                acknowledged.release()
                number += 1
        except (BotoCoreError, ClientError):
            pass  # killed

    def check(self, client):
        found = {}
        for page in client.get_paginator("query").paginate(
            TableName="load", ConsistentRead=True, KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": self.name}},
        ):
            found.update({int(item["sk"]["N"]): item["v"]["S"] for item in page["Items"]})
        lost = [number for number, size in self.items if found.get(number) != str(number % 7) * size]
        assert not lost, f"{self.name} was told that these are safe: {lost}"
        assert len(found) <= len(self.items) + 1, "at most one item was under way"
        total = client.get_item(TableName="load", ConsistentRead=True,
                                Key={"pk": {"S": f"{self.name} counter"}, "sk": {"N": "0"}})
        total = int(total["Item"]["tally"]["N"]) if "Item" in total else 0
        assert total in (self.counter, self.counter + 1), "acknowledged, and counted once"


@pytest.mark.parametrize("rounds", [3])
def test_what_was_acknowledged_survives_a_kill_under_load(tmp_path, rounds):
    server = Server(tmp_path / "store")
    try:
        create(server.client(), "load")
        everyone = []
        for turn in range(rounds):
            acknowledged = threading.Semaphore(0)
            writers = [Writer(server, f"turn {turn} writer {number}") for number in range(8)]
            threads = [threading.Thread(target=writer.run, args=(acknowledged,)) for writer in writers]
            for thread in threads:
                thread.start()
            for _ in range(200 + 97 * turn):
                assert acknowledged.acquire(timeout=60), "no write was acknowledged for a minute"
            server.kill()
            for thread in threads:
                thread.join()
            server = Server(tmp_path / "store")
            everyone += writers
            for writer in everyone:
                writer.check(server.client())
        assert sum(len(writer.items) for writer in everyone) > 600
    finally:
        server.kill()


def test_a_clean_stop_keeps_everything_and_frees_the_directory(tmp_path):
    first = Server(tmp_path / "store")
    create(first.client(), "load")
    first.client().put_item(TableName="load", Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
    assert first.stop() == 0
    second = Server(tmp_path / "store")
    assert second.client().scan(TableName="load")["Count"] == 1
    assert second.stop() == 0


def test_a_directory_serves_one_server_at_a_time(tmp_path):
    first = Server(tmp_path / "store")
    with pytest.raises(RuntimeError, match="(?i)lock|in use|another process"):
        Server(tmp_path / "store")
    create(first.client(), "load")
    assert first.stop() == 0


def test_memory_needs_no_directory_and_forgets():
    first = Server(None)
    create(first.client(), "load")
    first.kill()
    second = Server(None)
    assert second.client().list_tables()["TableNames"] == []
    assert second.stop() == 0
