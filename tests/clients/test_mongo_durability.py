"""Clients that write documents, and the server killed under them."""

import random
import threading

import pytest

pymongo = pytest.importorskip("pymongo")

from pymongo import errors  # noqa: E402

from millpond import Server  # noqa: E402

TURNS = 3
WRITERS = 5


class Writer(threading.Thread):
    """Writes documents under numbers of its own until the server is gone, and notes what was acknowledged."""

    def __init__(self, name, books):
        super().__init__()
        self.label, self.books, self.failure = name, books, None

    def begin(self, server, acknowledged, killed):
        turn = Writer(self.label, self.books)
        turn.server, turn.acknowledged, turn.killed = server, acknowledged, killed
        turn.start()
        return turn

    def run(self):
        client = pymongo.MongoClient(
            "127.0.0.1", self.server.mongo_port, serverSelectionTimeoutMS=500, retryWrites=False, timeoutMS=60_000)
        with client:
            collection = client.load.documents
            try:
                while True:
                    self.work(collection)
                    self.acknowledged.release()
            except errors.PyMongoError as failure:
                if not self.killed.is_set() or isinstance(failure, (errors.WriteError, errors.BulkWriteError)):
                    self.failure = failure
            except Exception as failure:
                self.failure = failure

    def work(self, collection):
        books = self.books
        number = books["next"]
        books["next"] += 4
        kind = number // 4 % 5
        key = f"{self.label}.{number}"
        if kind in (0, 1):
            numbers = range(number, number + 1 + kind * 3)
            made = [{"_id": f"{self.label}.{one}", "writer": self.label, "n": 0, "unique": f"{self.label}.{one}", "text": "x" * (one % 5000)}
                    for one in numbers]
            books["doubtful"] |= {one["_id"] for one in made}
            collection.insert_many(made)
            books["there"].update({one["_id"]: 0 for one in made})
            books["doubtful"] -= {one["_id"] for one in made}
        elif kind == 2 and books["there"]:
            key = random.choice(list(books["there"]))
            books["unsure"][key] = books["there"][key] + 1
            assert collection.update_one({"_id": key}, {"$inc": {"n": 1}}).modified_count == 1
            books["there"][key] = books["unsure"].pop(key)
        elif kind == 3 and len(books["there"]) > 10:
            key = random.choice(list(books["there"]))
            del books["there"][key]
            books["doubtful"].add(key)
            assert collection.delete_one({"_id": key}).deleted_count == 1
            books["doubtful"].discard(key)
            books["deleted"].add(key)
        elif books["there"]:
            with pytest.raises(errors.DuplicateKeyError):
                collection.insert_one({"unique": random.choice(list(books["there"]))})


class Indexer(Writer):
    """Builds and drops an index all the time."""

    def work(self, collection):
        collection.create_index([("writer", 1), ("n", -1)], name="built")
        collection.drop_index("built")


def test_what_was_acknowledged_of_documents_survives_kills_under_load(tmp_path):
    server = Server(tmp_path / "store")
    try:
        with pymongo.MongoClient("127.0.0.1", server.mongo_port) as client:
            client.load.documents.create_index("unique", unique=True)
            client.load.documents.create_index("writer")
        writers = [Writer(f"w{number}", {"next": 0, "there": {}, "doubtful": set(), "unsure": {}, "deleted": set()}) for number in range(WRITERS)]
        everyone = [*writers, Indexer("indexer", {})]
        for turn in range(TURNS):
            acknowledged, killed = threading.Semaphore(0), threading.Event()
            working = [writer.begin(server, acknowledged, killed) if not isinstance(writer, Indexer) else None for writer in everyone]
            indexer = Indexer("indexer", {})
            indexer.server, indexer.acknowledged, indexer.killed = server, threading.Semaphore(0), killed
            indexer.start()
            for _ in range(random.randint(100, 300)):
                assert acknowledged.acquire(timeout=60), "nothing was acknowledged for a minute"
            killed.set()
            server.kill()
            assert "panicked" not in server.said(), server.said()
            for one in [*filter(None, working), indexer]:
                one.join()
                if one.failure:
                    raise one.failure
            server = Server(tmp_path / "store")
            with pymongo.MongoClient("127.0.0.1", server.mongo_port) as client:
                collection = client.load.documents
                found = {one["_id"]: one["n"] for one in collection.find()}
                assert client.load.command("validate", "documents", full=True)["valid"]
                assert collection.count_documents({}, hint="unique_1") == len(found)
                for writer in writers:
                    books = writer.books
                    for key, n in books["there"].items():
                        allowed = {n, books["unsure"].get(key, n)}
                        assert found.get(key) in allowed, f"turn {turn}: {key} was acknowledged with {n}, and is {found.get(key)}"
                        books["there"][key] = found[key]
                    assert not books["deleted"] & found.keys()
                    # What was under way is there wholly or not at all, and is known from here on.
                    books["there"].update({key: found[key] for key in books["doubtful"] & found.keys()})
                    books["doubtful"], books["unsure"] = set(), {}
                    books["next"] += 4
                    through_index = {one["_id"] for one in collection.find({"writer": writer.label}).hint("writer_1")}
                    assert through_index == {key for key in found if key.startswith(writer.label + ".")} == books["there"].keys()
        assert sum(len(writer.books["there"]) for writer in writers) > 100
    finally:
        server.kill()
