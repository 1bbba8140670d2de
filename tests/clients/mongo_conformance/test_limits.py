"""Limits, names, the order of all types, retryable writes, and expiry by the clock."""

import datetime
import functools
import math

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from .cases import DATE, ID, MANUAL, OK, conformance, finds, refused, scenarios

LIMITS_PAGE = MANUAL + "reference/limits/"


def put(*documents, into="c"):
    return {"insert": into, "documents": list(documents)}, {"ok": 1, "n": len(documents)}


def nested(levels):
    document = {}
    for _ in range(levels - 1):
        document = {"a": document}
    return document


MIB = 1 << 20
LIMITS = scenarios(
    LIMITS_PAGE,
    ("a document of nearly 16 MiB", put({"_id": 1, "a": "x" * (16 * MIB - 100)}), ({"count": "c"}, {"n": 1})),
    ("a document of more than 16 MiB", ({"insert": "c", "documents": [{"_id": 1, "a": "x" * (16 * MIB)}]}, refused(10334))),
    ("a document that grows beyond 16 MiB", put({"_id": 1, "a": "x" * (10 * MIB)}), ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"b": "x" * (10 * MIB)}}}]}, refused(17419))),
    ("a document of 100 levels", put(nested(100))),
    ("a document beyond 100 levels", ({"insert": "c", "documents": [nested(150)]}, refused(15))),
    ("a name of a collection of 255 bytes", (lambda _, name: {"create": "c" * (255 - len(name) - 1)}, OK)),
    ("a name of a collection of 256 bytes", (lambda _, name: {"create": "c" * (256 - len(name) - 1)}, refused(73))),
    ("64 indexes", ({"createIndexes": "c", "indexes": [{"key": {f"f{n}": 1}, "name": f"n{n}"} for n in range(63)]}, {"numIndexesAfter": 64}), ({"createIndexes": "c", "indexes": [{"key": {"z": 1}, "name": "z"}]}, refused(67))),
    ("32 fields of an index", ({"createIndexes": "c", "indexes": [{"key": {f"f{n}": 1 for n in range(32)}, "name": "n"}]}, OK)),
    ("1000 stages", ({"aggregate": "c", "pipeline": [{"$match": {}}] * 1000, "cursor": {}}, OK)),
    ("a view on 19 views", put({"_id": 1}), *[({"create": f"v{n}", "viewOn": f"v{n - 1}" if n else "c", "pipeline": []}, OK) for n in range(20)], ({"count": "v19"}, {"n": 1})),
    ("a view on 20 views", put({"_id": 1}), *[({"create": f"v{n}", "viewOn": f"v{n - 1}" if n else "c", "pipeline": []}, OK) for n in range(20)], ({"create": "v20", "viewOn": "v19", "pipeline": []}, refused(165))),
    ("pipelines within pipelines", ({"aggregate": "c", "pipeline": functools.reduce(lambda inner, _: [{"$unionWith": {"coll": "c", "pipeline": inner}}], range(30), []), "cursor": {}}, refused(232))),
    ("a distinct beyond 16 MiB", put({"a": "x" * (9 * MIB)}), put({"a": "y" * (9 * MIB)}), ({"distinct": "c", "key": "a"}, refused(17217))),
)

#: Values of all types in the order of the manual; `_id` is their place.
ORDER = [
    MinKey(), None, math.nan, -math.inf, -5, Decimal128("-0.5"), 0, 1.5, Int64(2), 10, math.inf, "", "A", "a", "aa", {}, {"a": 1},
    {"a": 2}, {"b": 1}, Binary(b""), Binary(b"b"), Binary(b"aa"), Binary(b"aa", 5), ObjectId("0" * 24), ID, False, True,
    datetime.datetime(1960, 1, 1), DATE, Timestamp(1, 1), Timestamp(2, 0), Regex("a"), Regex("b"), Code("a"), Code("b"),
    Code("a", {"x": 1}), MaxKey(),
]
PLACES = [{"_id": place, "v": value} for place, value in enumerate(ORDER)]
SHUFFLED = PLACES[1::2] + PLACES[::2]
IN_ORDER = [{"_id": place} for place in range(len(ORDER))]
TYPES = finds(
    MANUAL + "reference/bson-type-comparison-order/",
    SHUFFLED,
    ("all types upwards", {"sort": {"v": 1}, "projection": {"_id": 1}}, IN_ORDER),
    ("all types downwards", {"sort": {"v": -1}, "projection": {"_id": 1}}, IN_ORDER[::-1]),
    *[
        (f"place {place} equals one value", {"filter": {"v": value}, "projection": {"_id": 1}}, [{"_id": place}])
        for place, value in enumerate(ORDER)
        if not isinstance(value, Regex)
    ],
)


def by_index(*rows):
    """The same order out of an index, as keys and in reverse."""
    return scenarios(
        MANUAL + "reference/bson-type-comparison-order/",
        *[
            (name, put(*SHUFFLED), ({"createIndexes": "c", "indexes": [{"key": key, "name": "i"}]}, OK), ({"find": "c", "sort": sort, "hint": "i", "projection": {"_id": 1}}, {"cursor": {"firstBatch": expected}}))
            for name, key, sort, expected in rows
        ],
    )


INDEXED = by_index(
    ("all types by an index", {"v": 1}, {"v": 1}, IN_ORDER),
    ("all types by an index backwards", {"v": 1}, {"v": -1}, IN_ORDER[::-1]),
    ("all types by a descending index", {"v": -1}, {"v": -1}, IN_ORDER[::-1]),
    ("all types by a descending index backwards", {"v": -1}, {"v": 1}, IN_ORDER),
    ("all types by a compound index", {"v": 1, "_id": -1}, {"v": 1, "_id": -1}, IN_ORDER),
)


def numbered(number, command, **more):
    return {**command, "txnNumber": Int64(number), **more}


INSERT = {"insert": "c", "documents": [{"_id": 1}]}
RETRIES = scenarios(
    MANUAL + "core/retryable-writes/",
    ("an insert again", (numbered(1, INSERT), {"n": 1}), (numbered(1, INSERT), {"n": 1, "retriedStmtIds": [0]}), ({"count": "c"}, {"n": 1})),
    ("an insert of two again", (numbered(1, {"insert": "c", "documents": [{}, {}]}), {"n": 2}), (numbered(1, {"insert": "c", "documents": [{}, {}]}), {"n": 2, "retriedStmtIds": [0, 1]}), ({"count": "c"}, {"n": 2})),
    ("an update again", put({"_id": 1, "a": 1}), (numbered(1, {"update": "c", "updates": [{"q": {}, "u": {"$inc": {"a": 1}}}]}), {"nModified": 1}), (numbered(1, {"update": "c", "updates": [{"q": {}, "u": {"$inc": {"a": 1}}}]}), {"nModified": 1, "retriedStmtIds": [0]}), ({"find": "c"}, {"cursor": {"firstBatch": [{"a": 2}]}})),
    ("an upsert again", (numbered(1, {"update": "c", "updates": [{"q": {"_id": 5}, "u": {"$inc": {"a": 1}}, "upsert": True}]}), {"upserted": [{"_id": 5}]}), (numbered(1, {"update": "c", "updates": [{"q": {"_id": 5}, "u": {"$inc": {"a": 1}}, "upsert": True}]}), {"upserted": [{"_id": 5}], "retriedStmtIds": [0]}), ({"find": "c"}, {"cursor": {"firstBatch": [{"a": 1}]}})),
    ("a delete again", put({"a": 1}, {"a": 1}), (numbered(1, {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}]}), {"n": 1}), (numbered(1, {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}]}), {"n": 1, "retriedStmtIds": [0]}), ({"count": "c"}, {"n": 1})),
    ("a findAndModify again gives the same", put({"_id": 1, "a": 1}), (numbered(1, {"findAndModify": "c", "query": {}, "update": {"$inc": {"a": 1}}}), {"value": {"a": 1}}), (numbered(1, {"findAndModify": "c", "query": {}, "update": {"$inc": {"a": 1}}}), {"value": {"a": 1}, "retriedStmtId": 0}), ({"find": "c"}, {"cursor": {"firstBatch": [{"a": 2}]}})),
    ("a findAndModify that removes again", put({"_id": 1, "a": 1}), (numbered(1, {"findAndModify": "c", "query": {}, "remove": True}), {"value": {"a": 1}}), (numbered(1, {"findAndModify": "c", "query": {}, "remove": True}), {"value": {"a": 1}, "retriedStmtId": 0})),
    ("the next number", (numbered(1, INSERT), {"n": 1}), (numbered(2, {"insert": "c", "documents": [{"_id": 2}]}), {"n": 1}), ({"count": "c"}, {"n": 2})),
    ("an earlier number", (numbered(2, INSERT), {"n": 1}), (numbered(1, INSERT), refused(225))),
    ("a failed insert again", put({"_id": 1}), (numbered(1, INSERT), refused(11000)), (numbered(1, INSERT), refused(11000))),
    ("an update of many", (numbered(1, {"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 1}}, "multi": True}]}), refused(72))),
    ("a delete of many", (numbered(1, {"delete": "c", "deletes": [{"q": {}, "limit": 0}]}), refused(72))),
    ("a number of an int", ({**INSERT, "txnNumber": 1}, refused(14))),
    ("a number of a negative", (numbered(-1, INSERT), refused(72))),
    ("a number for a command that makes indexes", (numbered(1, {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}]}), refused(50768))),
    own_session=True,
)

test_limits = conformance(LIMITS)
test_types = conformance(TYPES)
test_types_by_index = conformance(INDEXED)
test_retries = conformance(RETRIES)

