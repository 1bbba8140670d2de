"""What nobody sends who means well: messages and commands that are wrong in each way. The server refuses them or closes the
connection; it lives on, knows what was wrong, and takes no memory for what is not there."""

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
import bson.codec_options  # noqa: E402
from pymongo import errors  # noqa: E402

from millpond import Server  # noqa: E402

OP_QUERY, OP_COMPRESSED, OP_MSG = 2004, 2012, 2013
INTERNAL_ERROR = 1
# Python's own dates end with the year 9999.
AS_NUMBERS = bson.codec_options.CodecOptions(datetime_conversion=bson.codec_options.DatetimeConversion.DATETIME_MS)
# What a server may grow by while all of this is sent. One message may have 48 MB, and some are under way at once.
GROWTH_BYTES = 700 << 20


@pytest.fixture(scope="module")
def server():
    server = Server(None)
    yield server
    alive, said = server.alive(), server.said()
    server.stop()
    assert alive and "panicked" not in said, said[-3000:]


@pytest.fixture(scope="module")
def client(server):
    with pymongo.MongoClient("127.0.0.1", server.mongo_port, serverSelectionTimeoutMS=5000, retryReads=False, retryWrites=False) as client:
        yield client


def resident(server):
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


@contextlib.contextmanager
def connection(server):
    with socket.create_connection(("127.0.0.1", server.mongo_port), timeout=20) as opened:
        yield opened


def message(op_code, body, length=None):
    return struct.pack("<iiii", 16 + len(body) if length is None else length, 1, 0, op_code) + body


def op_msg(document, flags=0, tail=b""):
    raw = document if isinstance(document, bytes) else bson.encode(document)
    return message(OP_MSG, struct.pack("<I", flags) + b"\0" + raw + tail)


def take(opened, count):
    taken = b""
    while len(taken) < count:
        part = opened.recv(count - len(taken))
        if not part:
            return None
        taken += part
    return taken


def answers(opened):
    """The replies until the connection is closed, or nothing is left to wait for."""
    found = []
    while True:
        try:
            head = take(opened, 16)
            if head is None:
                return found
            length, _, _, op_code = struct.unpack("<iiii", head)
            body = take(opened, length - 16)
        except ConnectionResetError:
            return found
        assert op_code == OP_MSG
        found.append(bson.decode(body[5:length - 16], AS_NUMBERS))


def send(server, *messages):
    """Sends all, says that no more comes, and gives the replies."""
    with connection(server) as opened:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for one in messages:
                opened.sendall(one)
            opened.shutdown(socket.SHUT_WR)
        return answers(opened)


def assert_refused(replies):
    for reply in replies:
        assert reply["ok"] == 0 and reply["code"] != INTERNAL_ERROR, reply


def nested(depth, kind=3):
    """A document, or array, of so many levels."""
    begins = [struct.pack("<iB", 5 + 8 * level, kind) + b"0\0" for level in range(depth, 0, -1)]
    return b"".join(begins) + b"\5\0\0\0\0" + b"\0" * depth


def with_element(kind, value, name=b"x"):
    """A ping with one element that no encoder would write."""
    body = b"\x10ping\0\1\0\0\0" + bytes([kind]) + name + b"\0" + value + b"\2$db\0\6\0\0\0admin\0"
    return struct.pack("<i", len(body) + 5) + body + b"\0"


PING = {"ping": 1, "$db": "admin"}
RAW = bson.encode(PING)

WRONG_BSON = {
    "length of a text beyond the document": with_element(2, struct.pack("<i", 1 << 20) + b"a\0"),
    "negative length of a text": with_element(2, struct.pack("<i", -1) + b"a\0"),
    "no length of a text": with_element(2, struct.pack("<i", 0) + b"a\0"),
    "text without its end": with_element(2, struct.pack("<i", 2) + b"ab"),
    "text that is not UTF-8": with_element(2, struct.pack("<i", 3) + b"\xff\xfe\0"),
    "name that is not UTF-8": with_element(8, b"\1", b"\xff"),
    "truth that is neither": with_element(8, b"\2"),
    "length of a document beyond its own": with_element(3, struct.pack("<i", 1 << 30) + b"\0"),
    "negative length of a document": with_element(3, struct.pack("<i", -5) + b"\0"),
    "document without its end": with_element(3, struct.pack("<i", 5) + b"\1"),
    "length of an array that is too short": with_element(4, struct.pack("<i", 4) + b"\0"),
    "negative length of bytes": with_element(5, struct.pack("<i", -1) + b"\0"),
    "length of bytes beyond the document": with_element(5, struct.pack("<i", 2**31 - 1) + b"\0"),
    "old bytes whose lengths differ": with_element(5, struct.pack("<i", 8) + b"\2" + struct.pack("<i", 99) + b"abcd"),
    "code whose lengths differ": with_element(15, struct.pack("<ii", 40, 2) + b"f\0" + b"\5\0\0\0\0"),
    "regular expression cut off": with_element(11, b"abc"),
    "unknown type": with_element(0x42, b"\1"),
    "type 0 within": with_element(0, b"\1"),
    "document without its last byte": RAW[:-1] + b"\1",
    "document shorter than it says": struct.pack("<i", len(RAW) + 1) + RAW[4:],
    "document longer than it says": struct.pack("<i", len(RAW) - 1) + RAW[4:],
    "document of length 4": b"\4\0\0\0",
    "document of negative length": struct.pack("<i", -20) + RAW[4:],
    "document of the greatest length": struct.pack("<i", 2**31 - 1) + RAW[4:],
    "10,000 levels": with_element(3, nested(10_000)),
    "10,000 levels of arrays": with_element(4, nested(10_000, 4)),
    "200,000 levels": with_element(3, nested(200_000)),
    "no bytes at all": b"",
}


@pytest.mark.parametrize("what", WRONG_BSON)
def test_documents_that_are_none_are_refused(server, client, what):
    assert_refused(send(server, op_msg(WRONG_BSON[what])))
    assert client.admin.command("ping")["ok"] == 1


def sequence(name, *documents, length=None):
    content = name + b"\0" + b"".join(documents)
    return b"\1" + struct.pack("<i", 4 + len(content) if length is None else length) + content


INSERT = {"insert": "c", "$db": "attacks"}
DOCUMENT = bson.encode({"a": 1})

WRONG_MESSAGES = {
    "lengths below the header's": [message(OP_MSG, b"", length) for length in (0, 1, 15, -1, -(2**31))],
    "lengths beyond the limit": [message(OP_MSG, b"", length) for length in (48_000_001, 2**31 - 1)],
    "op codes of which there are none": [message(code, b"\0" * 20) for code in (0, 2, 1000, 2011, 2014, -1, 2**31 - 1)],
    "op codes that were": [message(code, b"\0" * 40) for code in (2001, 2002, 2005, 2006, 2007)],
    "answers": [message(1, b"\0" * 40)],
    "cut off": [op_msg(PING)[:length] for length in range(1, len(op_msg(PING)), 5)],
    "flags of which there are none": [op_msg(PING, 1 << bit) for bit in range(2, 16)],
    "checksums that are wrong": [op_msg(PING, 1, b"\1\2\3\4"), op_msg(PING, 1, b""), op_msg(PING, 1, b"\0")],
    "two bodies": [op_msg(PING, 0, b"\0" + RAW)],
    "kinds of sections of which there are none": [op_msg(PING, 0, bytes([kind])) for kind in (2, 3, 255)],
    "no body": [message(OP_MSG, struct.pack("<I", 0) + sequence(b"documents", DOCUMENT))],
    "sequence twice": [op_msg(INSERT, 0, sequence(b"documents", DOCUMENT) * 2)],
    "sequence and member": [op_msg({"insert": "c", "documents": [{}], "$db": "attacks"}, 0, sequence(b"documents", DOCUMENT))],
    "sequences of wrong lengths": [
        op_msg(INSERT, 0, sequence(b"documents", DOCUMENT, length=length)) for length in (-1, 0, 3, 4, 10, 20, 1 << 30, 2**31 - 1)],
    "sequence without the end of its name": [op_msg(INSERT, 0, b"\1" + struct.pack("<i", 13) + b"documents")],
    "sequence of a name within another": [op_msg(INSERT, 0, sequence(b"documents.a", DOCUMENT)), op_msg(INSERT, 0, sequence(b"", DOCUMENT))],
    "sequence whose last document is cut off": [op_msg(INSERT, 0, sequence(b"documents", DOCUMENT, DOCUMENT[:-3]))],
    "sequence beyond the next section": [
        op_msg(INSERT, 0, sequence(b"documents", DOCUMENT, length=14 + len(DOCUMENT) + 7) + sequence(b"documents", DOCUMENT))],
    "sequence of what is too deep": [op_msg(INSERT, 0, sequence(b"documents", nested(5000)))],
    "legacy queries": [
        message(OP_QUERY, struct.pack("<i", 0) + name + b"\0" + struct.pack("<ii", skip, limit) + document)
        for name, skip, limit, document in [
            (b"a.c", 0, -1, bson.encode({})), (b"", 0, -1, RAW), (b"admin.$cmd", 0, 5, RAW[:-2]), (b"admin.$cmd", 0, -1, nested(5000)),
            (b"\xff\xff.$cmd", 0, -1, RAW), (b"x" * 5000 + b".$cmd", 0, -1, RAW),
        ]],
    "legacy query without its end": [message(OP_QUERY, struct.pack("<i", 0) + b"admin.$cmd")],
}


@pytest.mark.parametrize("what", WRONG_MESSAGES)
def test_messages_that_are_none_are_refused(server, client, what):
    for one in WRONG_MESSAGES[what]:
        with connection(server) as opened:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                opened.sendall(one)
                opened.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while opened.recv(1 << 16):
                    pass
    assert client.admin.command("ping")["ok"] == 1
    assert client.attacks.c.count_documents({}) == 0


def compressed(inner, compressor, size=None, op_code=OP_MSG):
    return message(OP_COMPRESSED, struct.pack("<iiB", op_code, len(inner) if size is None else size, compressor) + inner)


def test_what_unpacks_to_more_than_it_says_is_not_unpacked(server, client):
    zstandard = pytest.importorskip("backports.zstd")
    snappy = pytest.importorskip("snappy")
    before = resident(server)
    bomb = b"\0" * (400 << 20)
    packed = {2: zlib.compress(bomb, 9), 3: zstandard.compress(bomb), 1: bytes(snappy.compress(bomb[:60 << 20]))}
    del bomb
    for compressor, inner in packed.items():
        for size in (len(inner), 100, 47_000_000, 48_000_000, 2**31 - 1, -1, 0):
            assert send(server, compressed(inner, compressor, size)) == []
    # A length that promises what does not come.
    for inner in (b"", b"\xff" * 20, struct.pack("<I", 2**32 - 1)):
        for compressor in range(5):
            assert send(server, compressed(inner, compressor, 40_000_000)) == []
    # One message within another, and another.
    inner = op_msg(PING)[16:]
    for _ in range(50):
        inner = struct.pack("<iiB", OP_MSG, len(inner), 0) + inner
    assert send(server, compressed(inner, 0, op_code=OP_COMPRESSED)) == []
    assert resident(server) - before < GROWTH_BYTES
    assert client.admin.command("ping")["ok"] == 1


def test_promises_of_long_messages_take_no_memory(server, client):
    before = resident(server)
    with contextlib.ExitStack() as opened:
        for _ in range(200):
            one = opened.enter_context(connection(server))
            one.sendall(message(OP_MSG, b"\0" * 100, 48_000_000))
        time.sleep(0.5)
        assert client.admin.command("ping")["ok"] == 1
        assert resident(server) - before < 200 << 20
    assert client.admin.command("ping")["ok"] == 1


def test_bytes_that_are_changed_at_random_do_no_harm(server, client):
    chance = random.Random(7)
    sources = [
        op_msg({"find": "c", "filter": {"a": {"$gt": 1, "$in": [1, "x", None]}}, "sort": {"a": 1}, "limit": 5, "$db": "attacks"}),
        op_msg({"insert": "c", "documents": [{"a": 1, "b": [1, {"c": "text"}]}], "ordered": True, "$db": "attacks_random"}),
        op_msg({"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"b.$[x]": 2}}, "arrayFilters": [{"x": 1}]}], "$db": "attacks_random"}),
        op_msg({"aggregate": "c", "pipeline": [{"$group": {"_id": "$a", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}], "cursor": {}, "$db": "attacks"}),
        op_msg(INSERT | {"$db": "attacks_random"}, 0, sequence(b"documents", DOCUMENT, DOCUMENT)),
    ]
    for turn in range(1500):
        changed = bytearray(chance.choice(sources))
        for _ in range(chance.choice([1, 1, 2, 5])):
            # Not the length itself: whoever waits for more is not yet wrong.
            changed[chance.randrange(12, len(changed))] = chance.randrange(256)
        for reply in send(server, bytes(changed)):
            assert reply.get("code") != INTERNAL_ERROR, (reply, bytes(changed))
    assert client.admin.command("ping")["ok"] == 1


# Commands

VALUES = [
    None, True, 0, -1, 1, 2**31 - 1, bson.Int64(2**63 - 1), bson.Int64(-(2**63)), 1.5, float("nan"), float("inf"), -1e300, bson.Decimal128("1"),
    bson.Decimal128("NaN"), "", "x", "$", "a\0b", "$$ROOT", {}, {"a": 1}, {"$x": 1}, {"": 1}, [], [1], [{}], [[]], ["$x"], [None], b"", bson.ObjectId(),
    bson.DatetimeMS(2**63 - 1), bson.Timestamp(0, 0), bson.Regex("("), bson.Code("f", {}), bson.MinKey(), bson.MaxKey(), bson.Binary(b"x" * 16, 4), nested,
]
DEEP = {"x": 1}
for _ in range(90):
    DEEP = {"x": DEEP}
VALUES[-1] = DEEP

# Commands with members that are right, each of which is replaced in turn.
COMMANDS = [
    {"find": "c", "filter": {}, "sort": {"a": 1}, "projection": {"a": 1}, "hint": "_id_", "skip": 0, "limit": 1, "batchSize": 1, "singleBatch": True,
     "comment": 1, "maxTimeMS": 1000, "max": {"_id": 1}, "min": {"_id": 0}, "returnKey": False, "showRecordId": False, "tailable": False,
     "awaitData": False, "noCursorTimeout": False, "allowPartialResults": False, "collation": {"locale": "en"}, "allowDiskUse": True, "let": {},
     "readConcern": {"level": "local"}},
    {"insert": "c", "documents": [{}], "ordered": True, "bypassDocumentValidation": False, "writeConcern": {"w": 1}, "comment": 1, "maxTimeMS": 1000},
    {"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 1}}}], "ordered": True, "let": {}, "bypassDocumentValidation": False, "writeConcern": {}},
    {"delete": "c", "deletes": [{"q": {"_id": 1}, "limit": 1}], "ordered": True, "let": {}, "writeConcern": {}},
    {"findAndModify": "c", "query": {}, "sort": {"a": 1}, "update": {"$set": {"a": 1}}, "new": True, "fields": {"a": 1}, "upsert": False,
     "arrayFilters": [], "collation": {"locale": "en"}, "hint": "_id_", "let": {}, "remove": False, "bypassDocumentValidation": False},
    {"aggregate": "c", "pipeline": [], "cursor": {}, "allowDiskUse": True, "explain": False, "hint": "_id_", "let": {}, "collation": {"locale": "en"},
     "bypassDocumentValidation": False, "maxTimeMS": 1000, "comment": 1},
    {"count": "c", "query": {}, "limit": 1, "skip": 0, "hint": "_id_", "collation": {"locale": "en"}},
    {"distinct": "c", "key": "a", "query": {}, "collation": {"locale": "en"}, "hint": "_id_"},
    {"bulkWrite": 1, "ops": [{"insert": 0, "document": {}}], "nsInfo": [{"ns": "attacks.c"}], "ordered": True, "errorsOnly": False, "let": {}, "cursor": {}},
    {"create": "new", "capped": True, "size": 4096, "max": 5},
    {"create": "new", "validator": {}, "validationLevel": "strict", "validationAction": "error", "collation": {"locale": "en"}, "storageEngine": {},
     "indexOptionDefaults": {}, "changeStreamPreAndPostImages": {"enabled": False}, "expireAfterSeconds": 1},
    {"create": "new", "viewOn": "c", "pipeline": []},
    {"create": "new", "clusteredIndex": {"key": {"_id": 1}, "unique": True, "name": "x"}},
    {"create": "new", "timeseries": {"timeField": "t", "metaField": "m", "granularity": "seconds"}},
    {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}], "commitQuorum": 1},
    {"dropIndexes": "c", "index": "nope"}, {"listIndexes": "c", "cursor": {}}, {"drop": "nope"},
    {"collMod": "c", "index": {"name": "a_1", "hidden": True}, "validator": {}, "validationLevel": "off", "validationAction": "warn"},
    {"collMod": "c", "viewOn": "d", "pipeline": []}, {"collMod": "c", "cappedSize": 4096, "cappedMax": 5},
    {"collStats": "c", "scale": 1}, {"dbStats": 1, "scale": 1, "freeStorage": 0}, {"validate": "c", "full": True}, {"dataSize": "attacks.c", "keyPattern": {"a": 1}},
    {"dbHash": 1, "collections": ["c"]}, {"listCollections": 1, "filter": {}, "nameOnly": True, "cursor": {}, "authorizedCollections": True},
    {"getMore": bson.Int64(1), "collection": "c", "batchSize": 1, "maxTimeMS": 1}, {"killCursors": "c", "cursors": [bson.Int64(1)]},
    {"explain": {"find": "c", "filter": {}}, "verbosity": "queryPlanner"}, {"convertToCapped": "nope", "size": 4096}, {"compact": "c"}, {"reIndex": "c"},
    {"connectionStatus": 1, "showPrivileges": True}, {"hello": 1, "saslSupportedMechs": "a.b", "topologyVersion": {}, "maxAwaitTimeMS": 1, "compression": [],
     "client": {}, "speculativeAuthenticate": {}, "loadBalanced": False, "helloOk": True},
    {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": b"n,,n=x,r=y", "options": {}}, {"saslContinue": 1, "conversationId": 1, "payload": b"x"},
    {"startSession": 1}, {"endSessions": []}, {"refreshSessions": []}, {"killSessions": []}, {"usersInfo": 1, "showCredentials": True, "filter": {}},
    {"rolesInfo": 1, "showPrivileges": True}, {"updateUser": "nope", "pwd": "x", "roles": [], "mechanisms": ["SCRAM-SHA-1"]}, {"dropUser": "nope"},
    {"grantRolesToUser": "nope", "roles": ["read"]}, {"revokeRolesFromUser": "nope", "roles": ["read"]}, {"ping": 1, "comment": 1, "apiVersion": "1",
     "apiStrict": False, "apiDeprecationErrors": False, "$readPreference": {"mode": "primary"}, "$clusterTime": {}, "lsid": {"id": bson.Binary(b"x" * 16, 4)}},
    {"insert": "c", "documents": [{}], "lsid": {"id": bson.Binary(b"y" * 16, 4)}, "txnNumber": bson.Int64(1), "autocommit": False, "startTransaction": True,
     "stmtId": 1, "stmtIds": [1]},
    {"commitTransaction": 1, "lsid": {"id": bson.Binary(b"z" * 16, 4)}, "txnNumber": bson.Int64(1), "autocommit": False}, {"abortTransaction": 1},
]
ADMIN_COMMANDS = [
    {"renameCollection": "nope.a", "to": "nope.b", "dropTarget": False}, {"listDatabases": 1, "filter": {}, "nameOnly": True, "authorizedDatabases": True},
    {"buildInfo": 1}, {"serverStatus": 1, "repl": 1}, {"hostInfo": 1}, {"getCmdLineOpts": 1}, {"getLog": "global"}, {"getParameter": 1, "logLevel": 1},
    {"setParameter": 1, "logLevel": 0}, {"replSetGetStatus": 1}, {"replSetGetConfig": 1}, {"currentOp": 1, "$all": True, "$ownOps": False}, {"killOp": 1, "op": 1},
    {"fsync": 1, "lock": False}, {"top": 1}, {"whatsmyuri": 1}, {"features": 1}, {"listCommands": 1}, {"logRotate": 1}, {"getDefaultRWConcern": 1},
    {"setDefaultRWConcern": 1, "defaultReadConcern": {"level": "local"}}, {"killAllSessions": []}, {"setFeatureCompatibilityVersion": "8.0", "confirm": True},
    {"fsyncUnlock": 1}, {"replSetStepDown": 1, "force": True}, {"configureFailPoint": "failCommand", "mode": "off"},
]


def ask(opened, command, database):
    raw = bson.encode({**command, "$db": database})
    opened.sendall(op_msg(raw))
    head = take(opened, 16)
    if head is None:
        return None
    length = struct.unpack("<i", head[:4])[0]
    return bson.decode(take(opened, length - 16)[5:], AS_NUMBERS)


def variants(command):
    """The command with each of its members replaced, and with what is within its first levels."""
    def replaced(value):
        for other in VALUES:
            yield other
        if isinstance(value, dict):
            for name in value:
                for other in replaced(value[name]):
                    yield {**value, name: other}
        elif isinstance(value, list) and value:
            for other in replaced(value[0]):
                yield [other, *value[1:]]
    names = list(command)
    for name in names:
        for other in replaced(command[name]):
            yield {**command, name: other}
        if name != names[0]:
            yield {one: value for one, value in command.items() if one != name}
    yield {**command, "unknownMember": 1}


@pytest.mark.parametrize("command, database", [(one, "attacks") for one in COMMANDS] + [(one, "admin") for one in ADMIN_COMMANDS],
                         ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_members_of_commands_may_be_anything(server, client, command, database):
    if "c" not in client.attacks.list_collection_names():
        client.attacks.c.insert_many([{"_id": number, "a": number} for number in range(3)])
    wrong = []
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(connection(server))
        for variant in variants(command):
            if "maxAwaitTimeMS" in variant and isinstance(variant["maxAwaitTimeMS"], (int, float)) and variant["maxAwaitTimeMS"] > 1000:
                continue  # it may wait as long as it was asked to
            try:
                reply = ask(opened, variant, database)
            except (ConnectionError, TimeoutError) as failure:
                reply, failure = None, failure
            if reply is None:
                assert server.alive(), (variant, server.said()[-2000:])
                wrong.append((variant, "closed the connection or did not answer"))
                opened = stack.enter_context(connection(server))
            elif reply["ok"] != 1 and (reply["code"] == INTERNAL_ERROR or not reply["errmsg"]):
                wrong.append((variant, reply["code"], reply["errmsg"]))
            elif len(reply.get("errmsg", "")) > 20_000:
                wrong.append((variant, "a long message", len(reply["errmsg"])))
            if next(iter(command)) == "create":
                ask(opened, {"drop": "new"}, database)
    assert not wrong, wrong[:5]


def test_operators_may_be_given_anything(server, client):
    """Each operator by its name, with each value, where operators stand."""
    names = sorted(set(
        "eq ne gt gte lt lte in nin not and or nor exists type expr jsonSchema mod regex options text where all elemMatch size bitsAllSet bitsAnyClear "
        "geoWithin geoIntersects near nearSphere comment rand sampleRate alwaysTrue slice meta inc mul min max set unset setOnInsert rename currentDate push "
        "pull pullAll addToSet pop bit abs add ceil divide exp floor ln log log10 multiply pow round sqrt subtract trunc arrayElemAt arrayToObject concatArrays "
        "filter first firstN indexOfArray isArray last lastN map maxN minN objectToArray range reduce reverseArray sortArray zip cmp cond ifNull switch "
        "function accumulator bitAnd bitNot bsonSize binarySize dateAdd dateDiff dateFromParts dateFromString dateSubtract dateToParts dateToString dateTrunc "
        "dayOfMonth year getField setField unsetField let literal mergeObjects concat indexOfBytes indexOfCP ltrim regexFind regexFindAll regexMatch "
        "replaceAll replaceOne rtrim split strcasecmp strLenBytes strLenCP substr substrBytes substrCP toLower toUpper trim acos atan2 sin tanh "
        "degreesToRadians convert toBool toDate toDecimal toDouble toInt toLong toObjectId toString isNumber toUUID allElementsTrue anyElementTrue "
        "setDifference setEquals setIntersection setIsSubset setUnion tsSecond tsIncrement sum avg stdDevPop stdDevSamp count top topN bottom bottomN median "
        "percentile addFields bucket bucketAuto collStats changeStream densify documents facet fill geoNear graphLookup group indexStats limit lookup match "
        "merge out project redact replaceRoot replaceWith sample search setWindowFields skip sort sortByCount unionWith unwind currentOp listSessions "
        "planCacheStats rank shift derivative integral expMovingAvg linearFill locf".split()))
    client.attacks.o.drop()
    client.attacks.o.insert_many([{"_id": 1, "a": [1, "x", {"b": None}], "s": "text", "d": bson.DatetimeMS(0)}, {"_id": 2, "a": -1.5}])
    wrong = []
    values = [*VALUES, ["$a", "$s"], ["$s", 1, 2], ["$d", "$a"], {"input": "$a", "as": "x", "in": "$$x"}, {"date": "$d"}, {"format": "%"}]
    with connection(server) as opened:
        for name in names:
            for value in values:
                operator = {f"${name}": value}
                for command in (
                    {"find": "o", "filter": operator}, {"find": "o", "filter": {"a": operator}}, {"find": "o", "projection": {"a": operator}},
                    {"update": "o", "updates": [{"q": {"_id": 9}, "u": {f"${name}": {"a": value}}}]},
                    {"aggregate": "o", "pipeline": [operator, {"$limit": 1}], "cursor": {}},
                    {"aggregate": "o", "pipeline": [{"$project": {"x": operator}}], "cursor": {}},
                    {"aggregate": "o", "pipeline": [{"$group": {"_id": None, "x": operator}}], "cursor": {}},
                    {"aggregate": "o", "pipeline": [{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"x": operator}}}], "cursor": {}},
                ):
                    reply = ask(opened, command, "attacks")
                    assert reply is not None, (command, server.said()[-2000:])
                    if reply["ok"] == 1 and reply.get("writeErrors"):
                        reply = {"ok": 0, **reply["writeErrors"][0]}
                    if reply["ok"] != 1 and reply["code"] == INTERNAL_ERROR:
                        wrong.append((command, reply["errmsg"]))
    assert not wrong, (len(wrong), wrong[:10])


def test_patterns_and_pipelines_that_take_for_ever_are_ended(server, client):
    database = client.attacks
    database.slow.drop()
    database.slow.insert_many([{"_id": number, "text": "a" * 5000 + "b"} for number in range(50)])
    began = time.monotonic()
    for pipeline in (
        [{"$match": {"text": {"$regex": "(a+)+$"}}}],
        [{"$match": {"text": {"$regex": "(?=(a+)+c)"}}}],
        [{"$project": {"x": {"$reduce": {"input": {"$range": [0, 10_000_000]}, "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}}}],
        [{"$lookup": {"from": "slow", "pipeline": [{"$lookup": {"from": "slow", "pipeline": [{"$lookup": {
            "from": "slow", "pipeline": [], "as": "x"}}], "as": "x"}}], "as": "x"}}, {"$count": "n"}],
    ):
        with contextlib.suppress(errors.OperationFailure):
            list(database.slow.aggregate(pipeline, maxTimeMS=1000))
    assert time.monotonic() - began < 40
    assert client.admin.command("ping")["ok"] == 1


def test_values_that_grow_are_refused_before_they_take_the_memory(server, client):
    before = resident(server)
    database = client.attacks
    database.grow.drop()
    database.grow.insert_one({"_id": 1, "text": "x" * (1 << 20), "list": list(range(1000))})
    doubled = "$text"
    for _ in range(10):
        doubled = {"$concat": [doubled, doubled]}
    lists = "$list"
    for _ in range(12):
        lists = {"$concatArrays": [lists, lists]}
    for expression in (
        doubled, lists, {"$range": [0, 2**31 - 1]},
        {"$reduce": {"input": {"$range": [0, 60]}, "initialValue": "$text", "in": {"$concat": ["$$value", "$$value"]}}},
        {"$reduce": {"input": {"$range": [0, 60]}, "initialValue": ["$text"], "in": {"$concatArrays": ["$$value", "$$value"]}}},
        {"$map": {"input": {"$range": [0, 100_000]}, "in": "$text"}},
        {"$replaceAll": {"input": "$text", "find": "x", "replacement": "$text"}},
        {"$zip": {"inputs": [{"$range": [0, 1_000_000]}] * 50}},
    ):
        with pytest.raises(errors.PyMongoError) as refused:
            list(database.grow.aggregate([{"$project": {"x": expression}}], maxTimeMS=20_000))
        assert getattr(refused.value, "code", None) != INTERNAL_ERROR
    with pytest.raises(errors.PyMongoError):
        database.grow.update_one({"_id": 1}, {"$set": {"list.2000000000": 1}})
    assert resident(server) - before < GROWTH_BYTES
    assert client.admin.command("ping")["ok"] == 1


def test_hundreds_of_connections_that_do_nothing_are_no_trouble(server, client):
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connection(server)) for _ in range(300)]
        for one in opened[::2]:
            one.sendall(op_msg(PING)[:17])
        failures = []

        def work():
            try:
                for number in range(20):
                    client.attacks.busy.update_one({"_id": number % 5}, {"$inc": {"n": 1}}, upsert=True)
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
    assert sum(one["n"] for one in client.attacks.busy.find()) == 80
