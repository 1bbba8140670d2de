"""MongoDB's wire protocol, by hand and by PyMongo: framing, hello, compression, errors, cursors, users, fail points."""

import contextlib
import random
import socket
import struct
import threading
import time
import zlib

import pytest

pymongo = pytest.importorskip("pymongo")

import bson  # noqa: E402
import bson.raw_bson  # noqa: E402
from bson.codec_options import CodecOptions  # noqa: E402
from pymongo import errors  # noqa: E402

from millpond import Server  # noqa: E402

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
CHECKSUM, MORE_TO_COME, EXHAUST = 1, 2, 1 << 16


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Wire:
    """A connection that sends what it is given."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.mongo_port), timeout=10)
        self.next = 0

    def send(self, op_code, body, length=None):
        self.next += 1
        length = 16 + len(body) if length is None else length
        self.socket.sendall(struct.pack("<iiii", length, self.next, 0, op_code) + body)
        return self.next

    def send_msg(self, document, flags=0, sequences=()):
        body = struct.pack("<I", flags) + b"\0" + bson.encode(document)
        for name, documents in sequences:
            content = name.encode() + b"\0" + b"".join(map(bson.encode, documents))
            body += b"\1" + struct.pack("<i", len(content) + 4) + content
        if flags & CHECKSUM:
            header = struct.pack("<iiii", 16 + len(body) + 4, self.next + 1, 0, OP_MSG)
            body += struct.pack("<I", crc32c(header + body))
        return self.send(OP_MSG, body)

    def take(self, count):
        taken = b""
        while len(taken) < count:
            part = self.socket.recv(count - len(taken))
            if not part:
                raise EOFError
            taken += part
        return taken

    def read(self):
        """The next message: its op code, what it answers, and its bytes."""
        length, _, response_to, op_code = struct.unpack("<iiii", self.take(16))
        return op_code, response_to, self.take(length - 16)

    def read_msg(self):
        op_code, response_to, body = self.read()
        assert op_code == OP_MSG
        flags, kind = struct.unpack("<IB", body[:5])
        assert kind == 0
        end = len(body) - 4 if flags & CHECKSUM else len(body)
        return flags, response_to, bson.decode(body[5:end])

    def ask(self, document, flags=0, sequences=()):
        asked = self.send_msg(document, flags, sequences)
        _, response_to, reply = self.read_msg()
        assert response_to == asked
        return reply

    def is_closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def wire(mongo_server):
    wire = Wire(mongo_server)
    with contextlib.closing(wire.socket):
        yield wire


# Framing


def test_a_legacy_hello_is_answered_in_kind(wire):
    body = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"isMaster": 1, "helloOk": True})
    asked = wire.send(OP_QUERY, body)
    op_code, response_to, reply = wire.read()
    assert (op_code, response_to) == (OP_REPLY, asked)
    flags, cursor, start, count = struct.unpack("<iqii", reply[:20])
    assert (cursor, start, count) == (0, 0, 1)
    hello = bson.decode(reply[20:])
    assert hello["ok"] == 1 and hello["ismaster"] is True and hello["helloOk"] is True
    assert hello["maxWireVersion"] == 25


def test_a_checksum_is_verified_and_answered_with_one(wire):
    wire.send_msg({"ping": 1, "$db": "admin"}, CHECKSUM)
    flags, _, reply = wire.read_msg()
    assert flags & CHECKSUM and reply["ok"] == 1
    body = struct.pack("<I", CHECKSUM) + b"\0" + bson.encode({"ping": 1, "$db": "admin"}) + b"\1\2\3\4"
    wire.send(OP_MSG, body)
    assert wire.is_closed()


def test_nobody_is_answered_who_does_not_ask_for_it(wire):
    wire.send_msg({"ping": 1, "$db": "admin"}, MORE_TO_COME)
    assert wire.ask({"hello": 1, "$db": "admin"})["ok"] == 1


MALFORMED = {
    "negative length": (OP_MSG, b"", -1),
    "short length": (OP_MSG, b"", 15),
    "too long": (OP_MSG, b"", 48_000_001),
    "unknown op code": (4242, b"\0" * 8, None),
    "unknown flag": (OP_MSG, struct.pack("<I", 1 << 5) + b"\0" + bson.encode({"ping": 1, "$db": "admin"}), None),
    "no sections": (OP_MSG, struct.pack("<I", 0), None),
    "unknown section": (OP_MSG, struct.pack("<I", 0) + b"\7", None),
    "document beyond the message": (OP_MSG, struct.pack("<I", 0) + b"\0" + struct.pack("<i", 100) + b"\0", None),
    "sequence beyond the message": (OP_MSG, struct.pack("<I", 0) + b"\1" + struct.pack("<i", 1000) + b"a\0", None),
    "unknown compressor": (OP_COMPRESSED, struct.pack("<iiB", OP_MSG, 10, 9) + b"x" * 10, None),
    "compressed garbage": (OP_COMPRESSED, struct.pack("<iiB", OP_MSG, 1000, 2) + b"x" * 10, None),
    "compressed beyond the limit": (OP_COMPRESSED, struct.pack("<iiB", OP_MSG, 1 << 30, 1) + b"x" * 10, None),
    "compressed in itself": (OP_COMPRESSED, struct.pack("<iiB", OP_COMPRESSED, 10, 0) + b"x" * 10, None),
    "legacy query of a collection": (OP_QUERY, struct.pack("<i", 0) + b"a.b\0" + struct.pack("<ii", 0, 1) + bson.encode({}), None),
    "legacy query cut off": (OP_QUERY, struct.pack("<i", 0) + b"admin.$cmd", None),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_messages_end_their_connection_and_no_other(mongo, wire, what):
    op_code, body, length = MALFORMED[what]
    wire.send(op_code, body, length)
    assert wire.is_closed()
    assert mongo.admin.command("ping")["ok"] == 1


def test_messages_with_bytes_changed_at_random_do_no_harm(mongo_server, mongo):
    choose = random.Random(4)
    document = bson.encode({"find": "c", "filter": {"a": {"$in": [1, "x", None]}}, "$db": "changed"})
    documents = b"documents\0" + bson.encode({"_id": 1, "a": [1.5, {"b": True}]})
    messages = [
        (OP_MSG, struct.pack("<I", 0) + b"\0" + document),
        (OP_MSG, struct.pack("<I", 0) + b"\0" + bson.encode({"insert": "c", "$db": "changed"}) + b"\1" + struct.pack("<i", len(documents) + 4) + documents),
        (OP_QUERY, struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"isMaster": 1})),
        (OP_COMPRESSED, struct.pack("<iiB", OP_MSG, len(document) + 5, 2) + zlib.compress(struct.pack("<I", 0) + b"\0" + document)),
        (OP_COMPRESSED, struct.pack("<iiB", OP_MSG, len(document) + 5, 0) + struct.pack("<I", 0) + b"\0" + document),
    ]
    for _ in range(1500):
        op_code, body = choose.choice(messages)
        body = bytearray(body)
        for _ in range(choose.randint(1, 3)):
            body[choose.randrange(len(body))] = choose.choice([0, 1, 2, 4, 5, 127, 128, 255, choose.randrange(256)])
        wire = Wire(mongo_server)
        with contextlib.closing(wire.socket):
            wire.send(op_code, bytes(body))
            wire.socket.shutdown(socket.SHUT_WR)
            while wire.socket.recv(1 << 16):
                pass
    assert mongo.admin.command("ping")["ok"] == 1
    mongo.drop_database("changed")


def test_a_command_that_is_not_bson_throughout_is_refused(wire):
    inner = bytearray(bson.encode({"ping": 1, "x": {"y": "zzz"}, "$db": "admin"}))
    place = inner.index(b"zzz") - 4
    inner[place] = 200
    wire.send(OP_MSG, struct.pack("<I", 0) + b"\0" + bytes(inner))
    assert wire.read_msg()[2]["code"] == 22


def test_documents_beside_a_command_are_its_member(wire):
    ask = {"insert": "c", "$db": "beside"}
    assert wire.ask(ask, sequences=[("documents", [{"_id": 1}, {"_id": 2}])])["n"] == 2
    assert wire.ask(ask, sequences=[("papers", [{"_id": 3}])])["code"] in (40414, 40415)
    assert wire.ask({"dropDatabase": 1, "$db": "beside"})["ok"] == 1


# Hello


def test_hello_describes_a_replica_set_of_one(mongo_server, mongo):
    hello = mongo.admin.command("hello")
    address = f"127.0.0.1:{mongo_server.mongo_port}"
    assert hello["isWritablePrimary"] is True and hello["secondary"] is False
    assert hello["setName"] == "rs0" and hello["hosts"] == [address] and hello["me"] == hello["primary"] == address
    assert hello["maxBsonObjectSize"] == 16 << 20 and hello["maxMessageSizeBytes"] == 48_000_000
    assert hello["maxWriteBatchSize"] == 100_000 and hello["logicalSessionTimeoutMinutes"] == 30
    assert (hello["minWireVersion"], hello["maxWireVersion"]) == (0, 25)
    assert hello["readOnly"] is False and hello["$clusterTime"]["clusterTime"] and hello["operationTime"]
    assert hello["lastWrite"]["opTime"]["t"] == 1 and hello["electionId"] and hello["connectionId"] > 0


def test_hello_waits_for_a_change_and_then_tells_again(wire):
    version = wire.ask({"hello": 1, "$db": "admin"})["topologyVersion"]
    ask = {"hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 300, "$db": "admin"}
    began = time.monotonic()
    assert wire.ask(ask)["ok"] == 1
    assert 0.25 < time.monotonic() - began < 5
    other = {"processId": bson.ObjectId(), "counter": bson.Int64(3)}
    began = time.monotonic()
    assert wire.ask({**ask, "topologyVersion": other, "maxAwaitTimeMS": 60_000})["ok"] == 1
    assert time.monotonic() - began < 5
    assert wire.ask({"hello": 1, "maxAwaitTimeMS": 1, "$db": "admin"})["ok"] == 0


def test_hello_streams_to_whoever_allows_it(wire):
    version = wire.ask({"hello": 1, "$db": "admin"})["topologyVersion"]
    asked = wire.send_msg({"hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 50, "$db": "admin"}, EXHAUST)
    answered = []
    for _ in range(3):
        flags, response_to, reply = wire.read_msg()
        assert flags & MORE_TO_COME and reply["ok"] == 1
        answered.append(response_to)
    # Each answers the one before.
    assert answered[0] == asked and answered[1] < answered[2]


def test_metadata_is_said_once(wire):
    client = {"driver": {"name": "x", "version": "1"}, "os": {"type": "x"}}
    assert wire.ask({"hello": 1, "client": client, "$db": "admin"})["ok"] == 1
    assert wire.ask({"hello": 1, "client": client, "$db": "admin"})["code"] == 186


@pytest.mark.parametrize("compressor", ["snappy", "zlib", "zstd"])
def test_compressors_are_agreed_on_and_used(mongo_server, wire, compressor):
    hello = wire.ask({"hello": 1, "compression": ["lz4", compressor], "$db": "admin"})
    assert hello["compression"] == [compressor]
    address = f"mongodb://127.0.0.1:{mongo_server.mongo_port}/?compressors={compressor}"
    with pymongo.MongoClient(address) as client:
        text = "millpond " * 10_000
        assert client.compressed.c.insert_one({"_id": 1, "text": text}).inserted_id == 1
        assert client.compressed.c.find_one({"_id": 1})["text"] == text
        client.drop_database("compressed")


def test_drivers_find_the_set_in_each_way(mongo_server):
    for options in ("", "replicaSet=rs0", "directConnection=true"):
        address = f"mongodb://127.0.0.1:{mongo_server.mongo_port}/?serverSelectionTimeoutMS=3000&{options}".rstrip("&")
        with pymongo.MongoClient(address) as client:
            assert client.admin.command("ping")["ok"] == 1


# What all commands have in common

REFUSED = [
    ({"nope": 1}, 59, "no such command: 'nope'"),
    ({"find": "c", "foo": 1}, 40415, "BSON field 'find.foo' is an unknown field."),
    ({"find": "c", "limit": "x"}, 14, "BSON field 'find.limit' is the wrong type 'string', expected types '[long, int, decimal, double]'"),
    ({"find": "c", "filter": 1}, 14, "BSON field 'find.filter' is the wrong type 'int', expected type 'object'"),
    ({"find": 1}, 73, None),
    ({"find": ""}, 73, None),
    ({"find": "c", "skip": -1}, 2, None),
    ({"find": "c", "awaitData": True}, 9, None),
    ({"delete": "c"}, 40414, "BSON field 'delete.deletes' is missing but a required field"),
    ({"delete": "c", "deletes": [{"q": {}}]}, 40414, "BSON field 'delete.deletes.limit' is missing but a required field"),
    ({"delete": "c", "deletes": [{"q": {}, "limit": 2}]}, 9, None),
    ({"insert": "c", "documents": []}, 16, None),
    ({"update": "c", "updates": [{"q": {}, "u": 1}]}, 9, None),
    ({"aggregate": "c", "pipeline": []}, 9, None),
    ({"aggregate": "c", "pipeline": {}}, 14, None),
    ({"aggregate": 2, "pipeline": [], "cursor": {}}, 2, None),
    ({"aggregate": True, "pipeline": [], "cursor": {}}, 73, None),
    ({"find": "c", "hint": None}, 9, None),
    ({"find": "c", "maxTimeMS": 1.5}, 9, None),
    ({"distinct": "c", "key": "a\0b"}, 31032, None),
    ({"distinct": "c", "key": "a", "writeConcern": {"w": 1}}, 72, None),
    ({"insert": "c", "documents": [{}], "readConcern": {"level": "majority"}}, 72, None),
    ({"insert": "c", "documents": [{}], "writeConcern": {"w": 51}}, 9, None),
    ({"validate": "c", "metadata": True, "full": True}, 72, None),
    ({"dbStats": 1, "scale": 0}, 2, None),
    ({"ping": 1, "odd": 1}, 40415, None),
    ({"listIndexes": "c", "cursor": {"batchSize": -1}}, 2, None),
    ({"findAndModify": "c"}, 9, None),
    ({"findAndModify": "c", "remove": True, "update": {}}, 9, None),
    ({"createIndexes": "c", "indexes": []}, 2, None),
    ({"create": "c", "capped": True}, 72, None),
    ({"bulkWrite": 1, "ops": [], "nsInfo": []}, 13, None),
    ({"killCursors": "c", "cursors": [1]}, 14, None),
    ({"getMore": 1, "collection": "c"}, 14, None),
    ({"getMore": bson.Int64(12345), "collection": "c"}, 43, "cursor id 12345 not found"),
    ({"ping": 1, "apiVersion": "2"}, 322, None),
    ({"ping": 1, "apiStrict": True}, 4886600, None),
    ({"distinct": "c", "key": "a", "apiVersion": "1", "apiStrict": True}, 323, None),
    ({"find": "c", "readConcern": {"level": "odd"}}, 2, None),
    ({"find": "c", "maxTimeMS": -1}, 2, None),
    ({"insert": "c", "documents": [{}], "txnNumber": bson.Int64(1)}, 72, None),
    ({"find": "c", "lsid": {"id": 1}}, 14, None),
    ({"explain": {"nope": 1}}, 59, None),
    ({"explain": {"find": "c"}, "verbosity": "loud"}, 2, None),
    ({"listDatabases": 1}, 13, None),
]


@pytest.mark.parametrize("command, code, message", REFUSED, ids=lambda value: str(value)[:60])
def test_commands_are_refused_as_the_server_does(wire, command, code, message):
    reply = wire.ask({**command, "$db": "refused"})
    assert reply["ok"] == 0 and reply["code"] == code, reply
    assert message is None or reply["errmsg"] == message
    assert reply["codeName"]


def test_a_database_has_to_be_named(wire):
    assert wire.ask({"ping": 1})["code"] == 40571
    assert wire.ask({"ping": 1, "$db": "a b"})["code"] == 73


def test_a_transaction_of_several_commands_is_refused_clearly(mongo):
    with mongo.start_session() as session:
        with pytest.raises(errors.OperationFailure) as refused, session.start_transaction():
            mongo.transactions.c.insert_one({}, session=session)
        assert refused.value.code == 263


@pytest.mark.parametrize("concern, code", [({"w": 3}, 100), ({"w": "moon"}, 79)])
def test_write_concerns_that_cannot_be_fulfilled_are_told_after_the_write(wire, concern, code):
    reply = wire.ask({"insert": "c", "documents": [{}], "writeConcern": concern, "$db": "concerns"})
    assert reply["ok"] == 1 and reply["n"] == 1 and reply["writeConcernError"]["code"] == code
    wire.ask({"dropDatabase": 1, "$db": "concerns"})


def test_time_moves_on_with_each_write(wire):
    before = wire.ask({"ping": 1, "$db": "admin"})["operationTime"]
    after = wire.ask({"insert": "c", "documents": [{}], "$db": "times"})["operationTime"]
    assert after > before
    wire.ask({"dropDatabase": 1, "$db": "times"})


TOLD = [
    "buildInfo", "connectionStatus", "features", "getCmdLineOpts", "getDefaultRWConcern", "getFreeMonitoringStatus", "hello",
    "hostInfo", "isMaster", "listCommands", "listDatabases", "logRotate", "replSetGetConfig", "replSetGetStatus", "serverStatus",
    "startSession", "top", "whatsmyuri", "currentOp", "dbStats", "usersInfo", "rolesInfo", "killAllSessions", "fsync", "listCollections",
]


@pytest.mark.parametrize("command", TOLD)
def test_what_the_server_tells_of_itself(mongo, command):
    argument = [] if command == "killAllSessions" else 1
    assert mongo.admin.command({command: argument})["ok"] == 1


def test_parameters_are_shown_and_set(mongo):
    assert mongo.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})["featureCompatibilityVersion"] == {"version": "8.0"}
    assert mongo.admin.command({"setParameter": 1, "logLevel": 2})["was"] == 0
    assert mongo.admin.command({"setParameter": 1, "logLevel": 0})["was"] == 2
    assert "quiet" in mongo.admin.command({"getParameter": "*"})
    with pytest.raises(errors.OperationFailure):
        mongo.admin.command({"getParameter": 1, "nope": 1})


# Documents


def test_what_is_inserted_is_found_changed_and_deleted(database):
    collection = database.things
    assert len(collection.insert_many([{"_id": number, "n": number % 3} for number in range(10)]).inserted_ids) == 10
    assert [one["_id"] for one in collection.find({"n": 1}, sort=[("_id", -1)])] == [7, 4, 1]
    assert collection.count_documents({}) == 10 and collection.estimated_document_count() == 10
    updated = collection.update_many({"n": 2}, {"$set": {"seen": True}})
    assert (updated.matched_count, updated.modified_count) == (3, 3)
    upserted = collection.update_one({"_id": 99}, {"$set": {"n": 9}}, upsert=True)
    assert (upserted.upserted_id, upserted.matched_count) == (99, 0)
    assert collection.find_one_and_update({"_id": 99}, {"$inc": {"n": 1}}, return_document=True) == {"_id": 99, "n": 10}
    assert collection.find_one_and_delete({"_id": 99})["n"] == 10
    assert collection.find_one_and_delete({"_id": 99}) is None
    assert sorted(collection.distinct("n")) == [0, 1, 2]
    assert collection.delete_many({"n": 0}).deleted_count == 4
    grouped = collection.aggregate([{"$group": {"_id": "$n", "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}])
    assert list(grouped) == [{"_id": 1, "count": 3}, {"_id": 2, "count": 3}]


def test_write_errors_say_which_statement_and_why(database):
    database.c.create_index("n", unique=True)
    with pytest.raises(errors.BulkWriteError) as refused:
        database.c.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 1}, {"_id": 3, "n": 3}], ordered=False)
    [error] = refused.value.details["writeErrors"]
    assert (error["index"], error["code"], error["keyPattern"], error["keyValue"]) == (1, 11000, {"n": 1}, {"n": 1})
    assert refused.value.details["nInserted"] == 2


def test_writes_that_are_tried_again_are_done_once(wire):
    session = {"id": bson.Binary(bytes(range(16)), 4)}
    ask = {"insert": "c", "documents": [{"_id": 1}], "lsid": session, "txnNumber": bson.Int64(1), "$db": "again"}
    first = wire.ask(ask)
    assert first["n"] == 1 and "retriedStmtIds" not in first
    second = wire.ask(ask)
    assert second["n"] == 1 and second["retriedStmtIds"] == [0]
    assert wire.ask({**ask, "txnNumber": bson.Int64(0)})["code"] == 225
    wire.ask({"dropDatabase": 1, "$db": "again"})


def test_bulk_writes_go_to_several_collections(mongo, database):
    name = database.name
    reply = mongo.admin.command({
        "bulkWrite": 1,
        "ops": [
            {"insert": 0, "document": {"_id": 1}},
            {"insert": 1, "document": {"_id": 1}},
            {"update": 0, "filter": {"_id": 1}, "updateMods": {"$set": {"a": 1}}},
            {"update": 0, "filter": {"_id": 2}, "updateMods": {"$set": {"a": 1}}, "upsert": True},
            {"delete": 1, "filter": {"_id": 1}},
        ],
        "nsInfo": [{"ns": f"{name}.a"}, {"ns": f"{name}.b"}],
    })
    counts = {key: reply[key] for key in ("nInserted", "nMatched", "nModified", "nUpserted", "nDeleted", "nErrors")}
    assert counts == {"nInserted": 2, "nMatched": 1, "nModified": 1, "nUpserted": 1, "nDeleted": 1, "nErrors": 0}
    batch = reply["cursor"]["firstBatch"]
    assert [one["idx"] for one in batch] == [0, 1, 2, 3, 4] and batch[3]["upserted"] == {"_id": 2}


# Collections and indexes


def test_collections_are_made_listed_renamed_and_dropped(database):
    database.create_collection("a")
    database.create_collection("capped", capped=True, size=4096, max=2)
    database.create_collection("seen", viewOn="a", pipeline=[{"$match": {}}])
    assert {"a", "capped", "seen"} <= set(database.list_collection_names())
    [info] = database.list_collections(filter={"name": "capped"})
    assert info["options"]["capped"] is True and info["options"]["max"] == 2 and info["info"]["uuid"]
    assert [one["name"] for one in database.list_collections(filter={"type": "view"})] == ["seen"]
    database.a.rename("b")
    assert "b" in database.list_collection_names()
    database.drop_collection("b")
    assert "b" not in database.list_collection_names()
    with pytest.raises(errors.CollectionInvalid):
        database.create_collection("capped")


def test_indexes_are_made_listed_and_dropped(database):
    assert database.c.create_index([("a", 1), ("b", -1)]) == "a_1_b_-1"
    assert list(database.c.index_information()) == ["_id_", "a_1_b_-1"]
    database.c.drop_index("a_1_b_-1")
    assert list(database.c.index_information()) == ["_id_"]
    with pytest.raises(errors.OperationFailure) as refused:
        database.c.drop_index("nope")
    assert refused.value.code == 27


def test_sizes_are_told(database):
    database.c.insert_many([{"n": number} for number in range(5)])
    statistics = database.command("collStats", "c")
    assert statistics["count"] == 5 and statistics["nindexes"] == 1 and statistics["size"] > 0
    assert database.command("dbStats")["objects"] == 5
    assert database.command("validate", "c")["valid"] is True
    assert database.command("dbHash")["collections"]["c"]


def test_a_plan_is_explained(database):
    database.c.insert_one({"a": 1})
    explained = database.command({"explain": {"find": "c", "filter": {"a": 1}}, "verbosity": "queryPlanner"})
    assert explained["queryPlanner"]["winningPlan"] and explained["serverInfo"]["version"].startswith("8.")
    assert explained["command"]["find"] == "c"


# Cursors


def test_results_come_in_batches(wire):
    ask = {"$db": "batches"}
    wire.ask({"insert": "c", "documents": [{"_id": number} for number in range(250)], **ask})
    first = wire.ask({"find": "c", **ask})["cursor"]
    assert len(first["firstBatch"]) == 101 and first["id"] != 0 and first["ns"] == "batches.c"
    second = wire.ask({"getMore": bson.Int64(first["id"]), "collection": "c", "batchSize": 10, **ask})["cursor"]
    assert [one["_id"] for one in second["nextBatch"]] == list(range(101, 111)) and second["id"] == first["id"]
    rest = wire.ask({"getMore": bson.Int64(first["id"]), "collection": "c", **ask})["cursor"]
    assert len(rest["nextBatch"]) == 139 and rest["id"] == 0
    assert wire.ask({"find": "c", "batchSize": 0, **ask})["cursor"]["firstBatch"] == []
    assert wire.ask({"find": "c", "limit": 5, "batchSize": 5, **ask})["cursor"]["id"] == 0
    assert wire.ask({"find": "c", "batchSize": 5, "singleBatch": True, **ask})["cursor"]["id"] == 0
    opened = wire.ask({"aggregate": "c", "pipeline": [], "cursor": {"batchSize": 3}, **ask})["cursor"]
    assert wire.ask({"getMore": bson.Int64(opened["id"]), "collection": "x", **ask})["code"] == 13
    killed = wire.ask({"killCursors": "c", "cursors": [bson.Int64(opened["id"]), bson.Int64(7)], **ask})
    assert killed["cursorsKilled"] == [opened["id"]] and killed["cursorsNotFound"] == [7]
    assert wire.ask({"getMore": bson.Int64(opened["id"]), "collection": "c", **ask})["code"] == 43
    wire.ask({"dropDatabase": 1, **ask})


def test_a_cursor_streams_to_whoever_allows_it(wire):
    ask = {"$db": "exhaust"}
    wire.ask({"insert": "c", "documents": [{"_id": number} for number in range(10)], **ask})
    first = wire.ask({"find": "c", "batchSize": 2, **ask})["cursor"]
    wire.send_msg({"getMore": bson.Int64(first["id"]), "collection": "c", "batchSize": 3, **ask}, EXHAUST)
    found = []
    while True:
        flags, _, reply = wire.read_msg()
        found += [one["_id"] for one in reply["cursor"]["nextBatch"]]
        if not flags & MORE_TO_COME:
            break
    assert found == list(range(2, 10)) and reply["cursor"]["id"] == 0
    wire.ask({"dropDatabase": 1, **ask})


def test_large_documents_come_one_by_one(database):
    text = "x" * (9 << 20)
    for number in range(3):
        database.c.insert_one({"_id": number, "text": text})
    assert [len(one["text"]) for one in database.c.find()] == [len(text)] * 3


def test_the_end_of_a_capped_collection_is_waited_at(mongo, database):
    database.create_collection("log", capped=True, size=1 << 20)
    database.log.insert_one({"n": 1})
    cursor = database.log.find(cursor_type=pymongo.CursorType.TAILABLE_AWAIT).max_await_time_ms(10_000)
    assert next(cursor)["n"] == 1
    writer = threading.Timer(0.3, lambda: database.log.insert_one({"n": 2}))
    writer.start()
    began = time.monotonic()
    assert next(cursor)["n"] == 2
    assert time.monotonic() - began < 5
    cursor.close()


# Sessions


def test_sessions_begin_and_end(mongo):
    with mongo.start_session() as session:
        mongo.sessions.c.find_one({}, session=session)
        assert session.cluster_time
    begun = mongo.admin.command("startSession")
    assert begun["timeoutMinutes"] == 30
    assert mongo.admin.command("refreshSessions", [begun["id"]])["ok"] == 1
    assert mongo.admin.command("endSessions", [begun["id"]])["ok"] == 1
    assert mongo.admin.command("killSessions", [begun["id"]])["ok"] == 1


def test_a_snapshot_is_of_a_time_and_none_is_kept(mongo, database):
    database.c.insert_one({"_id": 1})
    with mongo.start_session(snapshot=True) as session:
        assert database.c.find_one({}, session=session) == {"_id": 1}
        with pytest.raises(errors.OperationFailure) as refused:
            database.c.find_one({}, session=session)
        assert refused.value.code == 246


# Fail points


@contextlib.contextmanager
def failing(mongo, mode, **data):
    mongo.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})
    try:
        yield
    finally:
        mongo.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_commands_fail_as_asked_for(mongo_server, mongo):
    address = f"mongodb://127.0.0.1:{mongo_server.mongo_port}/?retryReads=false&retryWrites=false"
    with pymongo.MongoClient(address) as client:
        with failing(mongo, "alwaysOn", failCommands=["find"], errorCode=8):
            with pytest.raises(errors.OperationFailure) as refused:
                client.fails.c.find_one()
            assert refused.value.code == 8
        with failing(mongo, {"times": 1}, failCommands=["find"], errorCode=10107):
            with pytest.raises(errors.NotPrimaryError):
                client.fails.c.find_one()
        with failing(mongo, {"times": 1}, failCommands=["find"], closeConnection=True):
            with pytest.raises(errors.AutoReconnect):
                client.fails.c.find_one()
        with failing(mongo, {"times": 1}, failCommands=["ping"], blockConnection=True, blockTimeMS=300):
            began = time.monotonic()
            client.admin.command("ping")
            assert time.monotonic() - began > 0.25
        with failing(mongo, {"times": 1}, failCommands=["insert"], writeConcernError={"code": 91, "errmsg": "x"}):
            with pytest.raises(errors.WriteConcernError) as refused:
                client.fails.c.insert_one({})
            assert refused.value.code == 91


def test_a_driver_tries_again_what_failed_once(mongo, database):
    # Not an error of state: the driver would wait for the next word from its monitor first.
    with failing(mongo, {"times": 1}, failCommands=["insert"], errorCode=6, errorLabels=["RetryableWriteError"]):
        database.c.insert_one({"_id": 1})
    with failing(mongo, {"times": 1}, failCommands=["find"], errorCode=6):
        assert database.c.find_one() == {"_id": 1}
    with failing(mongo, {"times": 1}, failCommands=["insert"], closeConnection=True):
        database.c.insert_one({"_id": 2})
    assert database.c.count_documents({}) == 2


def test_fail_points_are_only_for_tests(tmp_path):
    server = Server(None)
    try:
        with pymongo.MongoClient("127.0.0.1", server.mongo_port) as client:
            with pytest.raises(errors.OperationFailure) as refused:
                client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
            assert refused.value.code == 59
    finally:
        assert server.stop() == 0


# Users


@pytest.fixture
def guarded(tmp_path):
    """A server with an administrator, on disk."""
    server = Server(tmp_path / "store")
    with pymongo.MongoClient("127.0.0.1", server.mongo_port) as client:
        client.admin.command("createUser", "root", pwd="pencil", roles=["root"])
    yield server
    assert server.stop() == 0


def as_user(server, name, password, source="admin", mechanism="DEFAULT"):
    return pymongo.MongoClient(
        "127.0.0.1", server.mongo_port, username=name, password=password, authSource=source, authMechanism=mechanism,
        serverSelectionTimeoutMS=5000,
    )


@pytest.mark.parametrize("mechanism", ["DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_users_prove_their_passwords(guarded, mechanism):
    with as_user(guarded, "root", "pencil", mechanism=mechanism) as client:
        client.test.c.insert_one({"_id": 1})
        status = client.admin.command("connectionStatus")["authInfo"]
        assert status["authenticatedUsers"] == [{"user": "root", "db": "admin"}]
        assert status["authenticatedUserRoles"] == [{"role": "root", "db": "admin"}]
    for name, password in (("root", "pen"), ("nobody", "pencil")):
        with as_user(guarded, name, password, mechanism=mechanism) as client:
            with pytest.raises(errors.OperationFailure) as refused:
                client.test.c.find_one()
            assert refused.value.code == 18


def test_once_there_are_users_everybody_has_to_say_who_they_are(guarded):
    with pymongo.MongoClient("127.0.0.1", guarded.mongo_port) as client:
        assert client.admin.command("ping")["ok"] == 1
        with pytest.raises(errors.OperationFailure) as refused:
            client.test.c.find_one()
        assert refused.value.code == 13


def test_roles_allow_what_they_are_for(guarded):
    with as_user(guarded, "root", "pencil") as root:
        root.shop.things.insert_one({"_id": 1})
        root.shop.command("createUser", "reader", pwd="r", roles=["read"])
        root.shop.command("createUser", "writer", pwd="w", roles=[{"role": "readWrite", "db": "shop"}], mechanisms=["SCRAM-SHA-256"])
        with pytest.raises(errors.OperationFailure) as refused:
            root.shop.command("createUser", "reader", pwd="r", roles=[])
        assert refused.value.code == 51003
        with pytest.raises(errors.OperationFailure) as refused:
            root.shop.command("createUser", "odd", pwd="r", roles=["king"])
        assert refused.value.code == 31

    def code(run):
        try:
            run()
        except errors.OperationFailure as refused:
            return refused.code

    with as_user(guarded, "reader", "r", "shop") as reader, as_user(guarded, "writer", "w", "shop") as writer:
        assert reader.shop.things.find_one() == {"_id": 1}
        assert code(lambda: reader.shop.things.insert_one({})) == 13
        assert reader.list_database_names() == ["shop"]
        assert code(lambda: reader.other.things.find_one()) == 13
        assert code(lambda: list(reader.shop.things.aggregate([{"$out": "copy"}]))) == 13
        assert code(lambda: reader.admin.command("serverStatus")) == 13
        assert code(lambda: writer.shop.things.insert_one({"_id": 2})) is None
        assert code(lambda: writer.shop.command("createUser", "x", pwd="x", roles=[])) == 13
        assert code(lambda: writer.admin["system.users"].find_one()) == 13
        with as_user(guarded, "root", "pencil") as root:
            root.shop.command("grantRolesToUser", "reader", roles=["readWrite"])
            assert code(lambda: reader.shop.things.insert_one({"_id": 3})) is None
            root.shop.command("revokeRolesFromUser", "reader", roles=["readWrite"])
            assert code(lambda: reader.shop.things.insert_one({"_id": 4})) == 13
            [shown] = root.shop.command("usersInfo", "reader")["users"]
            assert shown["roles"] == [{"role": "read", "db": "shop"}] and "credentials" not in shown
            assert len(root.shop.command("usersInfo")["users"]) == 2
            root.shop.command("updateUser", "reader", pwd="new")
            root.shop.command("dropUser", "writer")
            assert code(lambda: root.shop.command("dropUser", "writer")) == 11
    with as_user(guarded, "reader", "new", "shop") as reader:
        assert reader.shop.things.count_documents({}) == 3


def test_users_are_there_after_a_restart(tmp_path):
    server = Server(tmp_path)
    with pymongo.MongoClient("127.0.0.1", server.mongo_port) as client:
        client.admin.command("createUser", "röot", pwd="pa,ss=wörd", roles=["root"])
    assert server.stop() == 0
    server = Server(tmp_path)
    with as_user(server, "röot", "pa,ss=wörd") as client:
        assert client.admin.command("listDatabases")["ok"] == 1
    assert server.stop() == 0


def test_raw_documents_come_back_byte_for_byte(database):
    options = CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
    collection = database.get_collection("c", codec_options=options)
    document = bson.encode({"_id": 1, "z": 1, "a": {"b": [1, 2.5, None, bson.Decimal128("1.50"), bson.Timestamp(1, 2)]}})
    collection.insert_one(bson.raw_bson.RawBSONDocument(document))
    assert collection.find_one().raw == document
