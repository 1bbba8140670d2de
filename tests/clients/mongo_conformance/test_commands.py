"""Commands: the shape of their replies, and what all of them refuse alike."""

import datetime

from bson import Int64, Regex, Timestamp

from .cases import ANY, MANUAL, MISSING, OK, conformance, later, on_admin, refused, scenarios

PAGE = MANUAL + "reference/command/"


def put(*documents, into="c"):
    return {"insert": into, "documents": list(documents)}, {"ok": 1, "n": len(documents)}


def asks(name, command, expected, *before):
    return name, *before, (command, expected)


#: Commands that take arguments, with what they cannot do without.
STRICT = {
    "find": {}, "aggregate": {"pipeline": [], "cursor": {}}, "count": {}, "distinct": {"key": "a"}, "insert": {"documents": [{}]},
    "update": {"updates": []}, "delete": {"deletes": []}, "findAndModify": {"remove": True}, "create": {}, "drop": {},
    "collMod": {}, "createIndexes": {"indexes": [{"key": {"a": 1}, "name": "a"}]}, "dropIndexes": {"index": "*"}, "listIndexes": {},
}
UNKNOWN = scenarios(
    PAGE,
    *[asks(f"{name} with an unknown field", {name: "c", **more, "nope": 1}, refused(40415), put({"_id": 1})) for name, more in STRICT.items()],
    *[asks(f"{name} with an unknown field", {name: 1, "nope": 1}, refused(40415)) for name in ("listCollections", "dropDatabase")],
    *[asks(f"{name} of a collection that is a number", {name: 1, **more}, refused(73)) for name, more in STRICT.items() if name not in ("aggregate", "create")],
    *[asks(f"{name} of an empty name", {name: "", **more}, refused(73)) for name, more in STRICT.items()],
    *[
        asks(f"{name} without {field}", {name: "c"}, refused(40414))
        for name, field in (("insert", "documents"), ("update", "updates"), ("delete", "deletes"), ("distinct", "key"), ("createIndexes", "indexes"))
    ],
    *[
        asks(f"{name} with {field} of {what}", {name: "c", **STRICT[name], field: value}, refused(14))
        for name, field, what, value in (
            ("find", "filter", "a number", 1), ("find", "sort", "a number", 1), ("find", "projection", "text", "x"), ("find", "limit", "text", "x"),
            ("find", "skip", "text", "x"), ("find", "batchSize", "text", "x"), ("find", "singleBatch", "text", "x"), ("find", "let", "a number", 1),
            ("find", "collation", "a number", 1), ("find", "min", "a number", 1), ("find", "maxTimeMS", "text", "x"), ("find", "max", "text", "x"),
            ("aggregate", "pipeline", "a number", 1), ("aggregate", "cursor", "a number", 1), ("aggregate", "allowDiskUse", "text", "x"), ("aggregate", "let", "a number", 1),
            ("count", "query", "a number", 1), ("count", "limit", "text", "x"), ("distinct", "key", "a number", 1), ("distinct", "query", "a number", 1),
            ("insert", "ordered", "text", "x"), ("update", "ordered", "text", "x"),
            ("findAndModify", "query", "a number", 1), ("findAndModify", "remove", "text", "x"), ("findAndModify", "fields", "a number", 1),
            ("create", "capped", "text", "x"), ("createIndexes", "indexes", "text", "x"),
        )
    ],
    *[
        asks(f"{name} with a statement of {what}", {name: "c", field: [statement]}, refused(code))
        for name, field, what, statement, code in (
            ("update", "updates", "no filter", {"u": {}}, 40414), ("update", "updates", "no update", {"q": {}}, 40414), ("update", "updates", "an unknown field", {"q": {}, "u": {}, "nope": 1}, 40415),
            ("update", "updates", "a filter of a number", {"q": 1, "u": {}}, 14), ("update", "updates", "multi of text", {"q": {}, "u": {}, "multi": "x"}, 14),
            ("delete", "deletes", "no filter", {"limit": 1}, 40414), ("delete", "deletes", "no limit", {"q": {}}, 40414), ("delete", "deletes", "an unknown field", {"q": {}, "limit": 1, "nope": 1}, 40415),
            ("delete", "deletes", "a limit of two", {"q": {}, "limit": 2}, 9), ("delete", "deletes", "a filter of a number", {"q": 1, "limit": 1}, 14),
        )
    ],
    asks("an unknown command", {"nope": 1}, refused(59)),
    asks("a command of another case", {"FIND": "c"}, refused(59)),
    asks("no documents", {"insert": "c", "documents": []}, refused(16)),
    asks("no updates", {"update": "c", "updates": []}, refused(16)),
    asks("no deletes", {"delete": "c", "deletes": []}, refused(16)),
    asks("100,001 deletes", {"delete": "c", "deletes": [{"q": {}, "limit": 1}] * 100_001}, refused(16)),
    asks("an unknown level of read concern", {"find": "c", "readConcern": {"level": "nope"}}, refused(2)),
    asks("an unknown API version", {"ping": 1, "apiVersion": "2"}, refused(322)),
    asks("strictness without a version", {"ping": 1, "apiStrict": True}, refused(4886600)),
    asks("a command that is not in version 1", {"distinct": "c", "key": "a", "apiVersion": "1", "apiStrict": True}, refused(323)),
    asks("findAndModify with neither", {"findAndModify": "c"}, refused(9)),
    asks("findAndModify with both", {"findAndModify": "c", "remove": True, "update": {}}, refused(9)),
    asks("findAndModify removing what is new", {"findAndModify": "c", "remove": True, "new": True}, refused(9)),
    asks("findAndModify removing with upsert", {"findAndModify": "c", "remove": True, "upsert": True}, refused(9)),
    asks("aggregate without a cursor", {"aggregate": "c", "pipeline": []}, refused(9)),
    asks("count of a negative skip", {"count": "c", "skip": -1}, refused(2)),
)

ROWS = put(*[{"_id": n, "a": n % 3, "list": [n, n + 1]} for n in range(6)])
CRUD = scenarios(
    PAGE,
    asks("insert", {"insert": "c", "documents": [{"_id": 1}, {"_id": 2}]}, {"ok": 1.0, "n": 2, "writeErrors": MISSING}),
    asks("insert in order stops", {"insert": "c", "documents": [{"_id": 1}, {"_id": 1}, {"_id": 2}]}, refused(11000)),
    asks("what insert in order stopped", {"count": "c"}, {"n": 1}, ({"insert": "c", "documents": [{"_id": 1}, {"_id": 1}, {"_id": 2}]}, refused(11000))),
    asks("insert without order goes on", {"count": "c"}, {"n": 2}, ({"insert": "c", "documents": [{"_id": 1}, {"_id": 1}, {"_id": 2}], "ordered": False}, refused(11000))),
    asks("insert gives an _id, first", {"find": "c"}, {"cursor": {"firstBatch": [lambda document: list(document) == ["_id", "a"]]}}, put({"a": 1})),
    asks("insert moves the _id to the front", {"find": "c"}, {"cursor": {"firstBatch": [lambda document: list(document) == ["_id", "a"]]}}, put({"a": 1, "_id": 2})),
    asks("find", {"find": "c", "filter": {"a": 1}}, {"cursor": {"firstBatch": [{"_id": 1}, {"_id": 4}], "id": 0, "ns": lambda ns: ns.endswith(".c")}}, ROWS),
    asks("find what is not there", {"find": "nope"}, {"cursor": {"firstBatch": [], "id": 0}}),
    asks("find one batch", {"find": "c", "batchSize": 2, "singleBatch": True}, {"cursor": {"firstBatch": [ANY, ANY], "id": 0}}, ROWS),
    asks("find an empty batch", {"find": "c", "batchSize": 0}, {"cursor": {"firstBatch": [], "id": lambda id: id != 0}}, ROWS),
    asks("find with a record's id", {"find": "c", "showRecordId": True, "limit": 1}, {"cursor": {"firstBatch": [{"$recordId": ANY}]}}, ROWS),
    asks("count", {"count": "c"}, {"n": 6}, ROWS),
    asks("count of a query", {"count": "c", "query": {"a": 1}}, {"n": 2}, ROWS),
    asks("count of a query of null", {"count": "c", "query": None}, {"n": 6}, ROWS),
    asks("count with a limit", {"count": "c", "limit": 4}, {"n": 4}, ROWS),
    asks("count with a negative limit", {"count": "c", "limit": -4}, {"n": 4}, ROWS),
    asks("count with a skip", {"count": "c", "skip": 4}, {"n": 2}, ROWS),
    asks("count of what is not there", {"count": "nope"}, {"n": 0}),
    asks("distinct", {"distinct": "c", "key": "a"}, {"values": [0, 1, 2]}, ROWS),
    asks("distinct of items", {"distinct": "c", "key": "list", "query": {"_id": 0}}, {"values": [0, 1]}, ROWS),
    asks("distinct of a path with a number", {"distinct": "c", "key": "list.0", "query": {"_id": {"$lt": 2}}}, {"values": [0, 1]}, ROWS),
    asks("distinct of a missing field", {"distinct": "c", "key": "zzz"}, {"values": []}, ROWS),
    asks("distinct of null", {"distinct": "c", "key": "a"}, {"values": [None, 1]}, put({"a": None}, {"a": 1}, {})),
    asks("update one", {"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"b": 1}}}]}, {"n": 1, "nModified": 1}, ROWS),
    asks("update many", {"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True}]}, {"n": 2, "nModified": 2}, ROWS),
    asks("update to the same", {"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}]}, {"n": 1, "nModified": 0}, ROWS),
    asks("update what is not there", {"update": "c", "updates": [{"q": {"a": 99}, "u": {"$set": {"b": 1}}}]}, {"n": 0, "nModified": 0}, ROWS),
    asks("update or insert", {"update": "c", "updates": [{"q": {"_id": 99}, "u": {"$set": {"b": 1}}, "upsert": True}]}, {"n": 1, "nModified": 0, "upserted": [{"index": 0, "_id": 99}]}, ROWS),
    asks("delete one", {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}]}, {"n": 1}, ROWS),
    asks("delete many", {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0}]}, {"n": 2}, ROWS),
    asks("delete by a hint", {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0, "hint": "_id_"}]}, {"n": 2}, ROWS),
    asks("delete by an unknown hint", {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0, "hint": "nope"}]}, refused(2), ROWS),
    asks("findAndModify gives what was", {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": 9}}}, {"value": {"a": 1}, "lastErrorObject": {"n": 1, "updatedExisting": True}}, ROWS),
    asks("findAndModify gives what is", {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": 9}}, "new": True}, {"value": {"a": 9}}, ROWS),
    asks("findAndModify by an order", {"findAndModify": "c", "query": {"a": 1}, "sort": {"_id": -1}, "update": {"$set": {"a": 9}}}, {"value": {"_id": 4}}, ROWS),
    asks("findAndModify of some fields", {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": 9}}, "fields": {"a": 1, "_id": 0}}, {"value": lambda value: value == {"a": 1}}, ROWS),
    asks("findAndModify removes", {"findAndModify": "c", "query": {"_id": 1}, "remove": True}, {"value": {"_id": 1}, "lastErrorObject": {"n": 1}}, ROWS),
    asks("findAndModify finds nothing", {"findAndModify": "c", "query": {"_id": 99}, "update": {"$set": {"a": 1}}}, {"value": None, "lastErrorObject": {"n": 0, "updatedExisting": False}}, ROWS),
    asks("findAndModify inserts", {"findAndModify": "c", "query": {"_id": 99}, "update": {"$set": {"a": 1}}, "upsert": True, "new": True}, {"value": {"_id": 99, "a": 1}, "lastErrorObject": {"n": 1, "upserted": 99}}, ROWS),
    asks("findAndModify by a pipeline", {"findAndModify": "c", "query": {"_id": 1}, "update": [{"$set": {"b": "$a"}}], "new": True}, {"value": {"b": 1}}, ROWS),
    asks("findAndModify of filtered items", {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"list.$[n]": 0}}, "arrayFilters": [{"n": 2}], "new": True}, {"value": {"list": [1, 0]}}, ROWS),
    asks("findandmodify in lower case", {"findandmodify": "c", "query": {"_id": 1}, "remove": True}, {"value": {"_id": 1}}, ROWS),
    asks("dollars in names within", {"find": "c"}, {"cursor": {"firstBatch": [{"a": {"$b": 1}, "c.d": 1}]}}, put({"a": {"$b": 1}, "c.d": 1})),
    asks("an _id of an array", {"insert": "c", "documents": [{"_id": [1]}]}, refused(53)),
    asks("an _id of a regex", {"insert": "c", "documents": [{"_id": Regex("a")}]}, refused(53)),
    asks("an _id of null", {"find": "c"}, {"cursor": {"firstBatch": [{"_id": None}]}}, put({"_id": None})),
    asks("an _id with a dollar", {"insert": "c", "documents": [{"_id": {"$a": 1}}]}, refused(52)),
)


def bulk(*operations, **more):
    return on_admin(lambda _, name: {"bulkWrite": 1, "ops": list(operations), "nsInfo": [{"ns": f"{name}.c"}], **more})


COUNTS = ("nInserted", "nMatched", "nModified", "nUpserted", "nDeleted", "nErrors")
BULK = scenarios(
    PAGE + "bulkWrite/",
    ("bulkWrite", (bulk({"insert": 0, "document": {"_id": 1}}, {"update": 0, "filter": {"_id": 1}, "updateMods": {"$set": {"a": 1}}}, {"delete": 0, "filter": {"_id": 1}}), dict(zip(COUNTS, (1, 1, 1, 0, 1, 0))))),
    ("bulkWrite upserts", (bulk({"update": 0, "filter": {"_id": 1}, "updateMods": {"a": 1}, "upsert": True}), {**dict(zip(COUNTS, (0, 0, 0, 1, 0, 0))), "cursor": {"firstBatch": [{"ok": 1, "idx": 0, "n": 1, "upserted": {"_id": 1}}]}})),
    ("bulkWrite stops at an error", (bulk({"insert": 0, "document": {"_id": 1}}, {"insert": 0, "document": {"_id": 1}}, {"insert": 0, "document": {"_id": 2}}), {"nInserted": 1, "nErrors": 1, "cursor": {"firstBatch": [{"ok": 1}, {"ok": 0, "idx": 1, "code": 11000}]}})),
    ("bulkWrite without order goes on", (bulk({"insert": 0, "document": {"_id": 1}}, {"insert": 0, "document": {"_id": 1}}, {"insert": 0, "document": {"_id": 2}}, ordered=False), {"nInserted": 2, "nErrors": 1})),
    ("bulkWrite of errors only", (bulk({"insert": 0, "document": {"_id": 1}}, errorsOnly=True), {"nInserted": 1, "cursor": {"firstBatch": []}})),
    ("bulkWrite updates many", put({"a": 1}, {"a": 1}), (bulk({"update": 0, "filter": {"a": 1}, "updateMods": {"$set": {"a": 2}}, "multi": True}), {"nMatched": 2, "nModified": 2})),
    ("bulkWrite of a namespace that is not there", (bulk({"insert": 5, "document": {}}), refused(2))),
    ("bulkWrite of nothing", (bulk(), refused(16))),
    ("bulkWrite elsewhere than on admin", ({"bulkWrite": 1, "ops": [], "nsInfo": []}, refused(13))),
)


def more(answers, **options):
    cursor = answers[1]["cursor"]
    return {"getMore": Int64(cursor["id"]), "collection": "c", **options}


CURSORS = scenarios(
    PAGE + "getMore/",
    ("getMore", ROWS, ({"find": "c", "batchSize": 4}, OK), (lambda answers, _: more(answers), {"cursor": {"nextBatch": [{"_id": 4}, {"_id": 5}], "id": 0}})),
    ("getMore by batches", ROWS, ({"find": "c", "batchSize": 1}, OK), (lambda answers, _: more(answers, batchSize=2), {"cursor": {"nextBatch": [{"_id": 1}, {"_id": 2}], "id": lambda id: id != 0}})),
    ("getMore of an aggregate", ROWS, ({"aggregate": "c", "pipeline": [{"$match": {}}], "cursor": {"batchSize": 4}}, OK), (lambda answers, _: more(answers), {"cursor": {"nextBatch": [ANY, ANY], "id": 0}})),
    ("getMore after the end", ROWS, ({"find": "c", "batchSize": 5}, OK), (lambda answers, _: more(answers), OK), (lambda answers, _: more(answers), refused(43))),
    ("getMore of another collection", ROWS, ({"find": "c", "batchSize": 1}, OK), (lambda answers, _: {**more(answers), "collection": "d"}, refused(13))),
    ("getMore of an unknown cursor", ({"getMore": Int64(12345), "collection": "c"}, refused(43))),
    ("getMore of an int", ({"getMore": 12345, "collection": "c"}, refused(14))),
    ("getMore without a collection", ({"getMore": Int64(12345)}, refused(40414))),
    ("getMore with maxTimeMS", ROWS, ({"find": "c", "batchSize": 1}, OK), (lambda answers, _: more(answers, maxTimeMS=10), refused(2))),
    ("a cursor sees the order of its first batch", ROWS, ({"find": "c", "sort": {"_id": -1}, "batchSize": 1}, OK), (lambda answers, _: more(answers), {"cursor": {"nextBatch": [{"_id": n} for n in (4, 3, 2, 1, 0)]}})),
    ("killCursors", ROWS, ({"find": "c", "batchSize": 1}, OK), (lambda answers, _: {"killCursors": "c", "cursors": [Int64(answers[1]["cursor"]["id"])]}, {"cursorsKilled": [ANY], "cursorsNotFound": [], "cursorsAlive": [], "cursorsUnknown": []}), (lambda answers, _: more(answers), refused(43))),
    ("killCursors of an unknown cursor", ({"killCursors": "c", "cursors": [Int64(12345)]}, {"cursorsKilled": [], "cursorsNotFound": [12345]})),
    later(
        "a cursor reads on in its snapshot",
        ("a dropped collection ends its cursors", ROWS, ({"find": "c", "batchSize": 1}, OK), ({"drop": "c"}, OK), (lambda answers, _: more(answers), refused(175))),
    ),
)


def told(name, command, expected, on="admin"):
    return name, ((on_admin(command) if on == "admin" else command), expected)


SERVER = scenarios(
    PAGE + "nav-diagnostic/",
    told("ping", {"ping": 1}, {"ok": 1.0}),
    told("hello", {"hello": 1}, {"isWritablePrimary": True, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000, "localTime": datetime.datetime, "logicalSessionTimeoutMinutes": 30, "connectionId": int, "minWireVersion": 0, "maxWireVersion": 25, "readOnly": False}),
    told("isMaster", {"isMaster": 1}, {"ismaster": True}),
    told("ismaster", {"ismaster": 1}, {"ismaster": True}),
    told("buildInfo", {"buildInfo": 1}, {"version": lambda v: v.startswith("8."), "versionArray": lambda v: len(v) == 4, "bits": 64, "maxBsonObjectSize": 16777216, "gitVersion": str, "modules": list, "storageEngines": list}),
    told("buildinfo", {"buildinfo": 1}, OK),
    told("serverStatus", {"serverStatus": 1}, {"host": str, "version": str, "process": str, "pid": ANY, "uptime": ANY, "localTime": datetime.datetime, "connections": {"current": int}, "opcounters": dict, "storageEngine": {"name": str}, "mem": dict, "network": dict, "asserts": dict}),
    told("getParameter of all", {"getParameter": "*"}, OK),
    told("getParameter", {"getParameter": 1, "featureCompatibilityVersion": 1}, {"featureCompatibilityVersion": {"version": "8.0"}}),
    told("getParameter of an unknown one", {"getParameter": 1, "nope": 1}, refused(72)),
    told("setParameter", {"setParameter": 1, "logLevel": 0}, {"was": ANY}),
    told("setParameter of an unknown one", {"setParameter": 1, "nope": 1}, refused(72)),
    told("getCmdLineOpts", {"getCmdLineOpts": 1}, {"argv": list, "parsed": dict}),
    told("connectionStatus", {"connectionStatus": 1}, {"authInfo": {"authenticatedUsers": list, "authenticatedUserRoles": list}}),
    told("hostInfo", {"hostInfo": 1}, {"system": {"hostname": str, "numCores": ANY, "cpuArch": str}, "os": dict, "extra": dict}),
    told("whatsmyuri", {"whatsmyuri": 1}, {"you": lambda you: ":" in you}),
    told("listCommands", {"listCommands": 1}, {"commands": lambda commands: "find" in commands}),
    told("listDatabases", {"listDatabases": 1}, {"databases": list, "totalSize": ANY}),
    told("listDatabases by name", {"listDatabases": 1, "nameOnly": True}, {"databases": lambda all: all == [] or set(all[0]) == {"name"}}),
    told("getLog", {"getLog": "global"}, {"log": list, "totalLinesWritten": int}),
    told("getLog of all", {"getLog": "*"}, {"names": list}),
    told("getLog of an unknown one", {"getLog": "nope"}, refused(96)),
    told("currentOp", {"currentOp": 1}, {"inprog": list}),
    told("killAllSessions", {"killAllSessions": []}, OK),
    told("replSetGetStatus", {"replSetGetStatus": 1}, {"set": str, "myState": 1, "members": [{"stateStr": "PRIMARY", "self": True}]}),
    told("replSetGetConfig", {"replSetGetConfig": 1}, {"config": {"_id": str, "members": [ANY]}}),
    told("fsync", {"fsync": 1}, OK),
    told("getDefaultRWConcern", {"getDefaultRWConcern": 1}, {"defaultReadConcern": dict}),
    told("configureFailPoint", {"configureFailPoint": "failCommand", "mode": "off"}, OK),
    told("logRotate", {"logRotate": 1}, OK),
    told("top", {"top": 1}, {"totals": dict}),
    told("listDatabases elsewhere than on admin", {"listDatabases": 1}, refused(13), on=None),
    told("startSession", {"startSession": 1}, {"id": {"id": ANY}, "timeoutMinutes": 30}),
    told("mapReduce is not there", {"mapReduce": "c", "map": "function() {}", "reduce": "function() {}", "out": {"inline": 1}}, refused(115), on=None),
    told("currentOp as a stage", {"aggregate": 1, "pipeline": [{"$currentOp": {}}], "cursor": {}}, {"cursor": {"firstBatch": list}}),
    told("listLocalSessions", {"aggregate": 1, "pipeline": [{"$listLocalSessions": {}}], "cursor": {}}, {"cursor": {"firstBatch": list}}),
    told("a reply tells the time", {"ping": 1}, {"operationTime": Timestamp, "$clusterTime": {"clusterTime": Timestamp, "signature": dict}}),
)

STATISTICS = scenarios(
    PAGE + "collStats/",
    asks("collStats", {"collStats": "c"}, {"ns": str, "count": 6, "size": int, "avgObjSize": int, "storageSize": int, "nindexes": 1, "indexSizes": {"_id_": int}, "totalIndexSize": int, "totalSize": int, "capped": False, "scaleFactor": 1}, ROWS),
    asks("collStats of what is not there", {"collStats": "nope"}, {"ok": 1, "count": 0}),
    asks("collStats by a scale of zero", {"collStats": "c", "scale": 0}, refused(2), ROWS),
    asks("dbStats", {"dbStats": 1}, {"db": str, "collections": 1, "views": 0, "objects": 6, "avgObjSize": float, "dataSize": float, "indexes": 1, "indexSize": float, "scaleFactor": 1}, ROWS),
    asks("dbstats in lower case", {"dbstats": 1}, OK, ROWS),
    asks("dataSize", lambda _, name: {"dataSize": f"{name}.c"}, {"numObjects": 6, "size": lambda size: size > 0}, ROWS),
    asks("validate", {"validate": "c"}, {"valid": True, "nrecords": 6, "nIndexes": 1, "keysPerIndex": {"_id_": 6}, "errors": []}, ROWS),
    asks("validate in full", {"validate": "c", "full": True}, {"valid": True}, ROWS),
    asks("validate of what is not there", {"validate": "nope"}, refused(26)),
    asks("dbHash", {"dbHash": 1}, {"collections": {"c": str}, "md5": lambda md5: len(md5) == 32}, ROWS),
    asks("profile", {"profile": -1}, {"was": 0, "slowms": int}),
    asks("planCacheClear", {"planCacheClear": "c"}, OK, ROWS),
    asks("compact", {"compact": "c"}, {"ok": 1}, ROWS),
    asks("usersInfo", {"usersInfo": 1}, {"users": []}),
    asks("dropUser of nobody", {"dropUser": "nobody"}, refused(11)),
    asks("createUser with an unknown role", {"createUser": "bob", "pwd": "x", "roles": ["nope"]}, refused(31)),
)

test_unknown = conformance(UNKNOWN)
test_crud = conformance(CRUD)
test_bulk = conformance(BULK)
test_cursors = conformance(CURSORS)
test_server = conformance(SERVER)
test_statistics = conformance(STATISTICS)
