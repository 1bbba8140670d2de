"""Indexes: kinds, options, what they refuse, what they are used for, and how explain shows that."""

from .cases import ANY, MANUAL, MISSING, OK, conformance, refused, scenarios

PAGE = MANUAL + "indexes/"


def make(key, collection="c", name=None, **options):
    return {"createIndexes": collection, "indexes": [{"key": key, "name": name or "_".join(f"{k}_{v}" for k, v in key.items()), **options}]}


def put(*documents, into="c"):
    return {"insert": into, "documents": list(documents)}, {"ok": 1, "n": len(documents)}


def listed(*expected, of="c"):
    return {"listIndexes": of}, {"ok": 1, "cursor": {"firstBatch": list(expected)}}


ID_INDEX = {"v": 2, "key": {"_id": 1}, "name": "_id_"}

KINDS = scenarios(
    MANUAL + "reference/command/createIndexes/",
    *[
        (name, (make(key, **options), {"ok": 1, "numIndexesBefore": 1, "numIndexesAfter": 2, "createdCollectionAutomatically": True}), listed(ID_INDEX, {"v": 2, "key": key, **options}))
        for name, key, options in (
            ("a single field", {"a": 1}, {}),
            ("descending", {"a": -1}, {}),
            ("compound", {"a": 1, "b": -1}, {}),
            ("a path", {"a.b": 1}, {}),
            ("unique", {"a": 1}, {"unique": True}),
            ("sparse", {"a": 1}, {"sparse": True}),
            ("hidden", {"a": 1}, {"hidden": True}),
            ("partial", {"a": 1}, {"partialFilterExpression": {"b": {"$gt": 1}}}),
            ("ttl", {"a": 1}, {"expireAfterSeconds": 60}),
            ("ttl of zero", {"a": 1}, {"expireAfterSeconds": 0}),
            ("hashed", {"a": "hashed"}, {}),
            ("hashed and more", {"a": 1, "b": "hashed"}, {}),
            ("2dsphere", {"a": "2dsphere"}, {}),
            ("2d", {"a": "2d"}, {}),
            ("wildcard", {"$**": 1}, {}),
            ("wildcard below a path", {"a.$**": 1}, {}),
            ("compound wildcard", {"a": 1, "b.$**": 1}, {}),
        )
    ],
    ("text", (make({"a": "text"}), OK), listed(ID_INDEX, {"key": {"_fts": "text", "_ftsx": 1}, "weights": {"a": 1}, "default_language": "english", "language_override": "language", "textIndexVersion": 3})),
    ("text as it is listed", (make({"_fts": "text", "_ftsx": 1}, name="t", weights={"a": 2}), OK), listed(ID_INDEX, {"key": {"_fts": "text", "_ftsx": 1}, "weights": {"a": 2}})),
    ("collation", (make({"a": 1}, collation={"locale": "en", "strength": 2}), OK), listed(ID_INDEX, {"key": {"a": 1}, "collation": {"locale": "en", "strength": 2, "caseLevel": False, "caseFirst": "off"}})),
    ("wildcard of some", (make({"$**": 1}, wildcardProjection={"a": 1}), OK), listed(ID_INDEX, {"key": {"$**": 1}, "wildcardProjection": {"a": 1}})),
    ("the same again", (make({"a": 1}), OK), (make({"a": 1}), {"ok": 1, "numIndexesBefore": 2, "numIndexesAfter": 2, "note": "all indexes already exist"})),
    ("several", ({"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}, {"key": {"b": 1}, "name": "b"}]}, {"numIndexesAfter": 3})),
)


def refuses(name, command, code):
    return name, (command, refused(code))


REFUSED = scenarios(
    MANUAL + "reference/command/createIndexes/",
    refuses("no indexes", {"createIndexes": "c", "indexes": []}, 2),
    refuses("indexes that are no array", {"createIndexes": "c", "indexes": 1}, 14),
    refuses("no list of indexes", {"createIndexes": "c"}, 40414),
    refuses("an empty key", make({}), 67),
    refuses("a key of zero", make({"a": 0}), 67),
    refuses("a key of an unknown kind", make({"a": "nope"}), 67),
    refuses("a key of true", make({"a": True}), 67),
    refuses("a name of a dollar", make({"$a": 1}), 67),
    refuses("an empty name of a field", make({"": 1}), 67),
    refuses("a path with an empty part", make({"a..b": 1}), 67),
    refuses("33 fields", make({f"f{n}": 1 for n in range(33)}), 67),
    refuses("an unknown option", make({"a": 1}, nope=1), 197),
    refuses("an index without a key", {"createIndexes": "c", "indexes": [{"name": "a"}]}, 9),
    refuses("an index without a name", {"createIndexes": "c", "indexes": [{"key": {"a": 1}}]}, 9),
    refuses("two hashed fields", make({"a": "hashed", "b": "hashed"}), 31303),
    refuses("a unique hashed index", make({"a": "hashed"}, unique=True), 16764),
    refuses("two text fields with a field between", make({"a": "text", "b": 1, "c": "text"}), 67),
    refuses("a partial index of no object", make({"a": 1}, partialFilterExpression=1), 14),
    refuses("a partial index of a filter that cannot be", make({"a": 1}, partialFilterExpression={"a": {"$ne": 1}}), 67),
    refuses("sparse and partial", make({"a": 1}, sparse=True, partialFilterExpression={"a": 1}), 67),
    refuses("ttl of two fields", make({"a": 1, "b": 1}, expireAfterSeconds=1), 67),
    refuses("ttl of _id", make({"_id": 1}, name="_id_", expireAfterSeconds=1), 197),
    refuses("ttl of a negative", make({"a": 1}, expireAfterSeconds=-1), 67),
    refuses("ttl of text", make({"a": 1}, expireAfterSeconds="x"), 14),
    refuses("a wildcard projection without a wildcard", make({"a": 1}, wildcardProjection={"a": 1}), 2),
    refuses("a unique wildcard", make({"$**": 1}, unique=True), 67),
    refuses("a hashed wildcard", make({"$**": "hashed"}), 67),
    refuses("two wildcards", make({"a.$**": 1, "b.$**": 1}), 67),
    refuses("an index version of zero", make({"a": 1}, v=0), 67),
    refuses("a collation of an unknown locale", make({"a": 1}, collation={"locale": "nope"}), 2),
    ("the same key by another name", (make({"a": 1}), OK), (make({"a": 1}, name="other"), refused(85))),
    ("the same name for another key", (make({"a": 1}, name="x"), OK), (make({"b": 1}, name="x"), refused(86))),
    ("the same with another option", (make({"a": 1}, name="x"), OK), (make({"a": 1}, name="x", unique=True), refused(86))),
    ("a second text index", (make({"a": "text"}), OK), (make({"b": "text"}), refused(85))),
    ("65 indexes", ({"createIndexes": "c", "indexes": [{"key": {f"f{n}": 1}, "name": f"n{n}"} for n in range(64)]}, refused(67))),
    ("an index of a view", ({"create": "v", "viewOn": "c", "pipeline": []}, OK), (make({"a": 1}, collection="v"), refused(166))),
    ("parallel arrays", (make({"a": 1, "b": 1}), OK), ({"insert": "c", "documents": [{"a": [1], "b": [2]}]}, refused(171))),
    ("an array in a hashed index", (make({"a": "hashed"}), OK), ({"insert": "c", "documents": [{"a": [1]}]}, refused(16766))),
    ("no place in a 2dsphere index", (make({"a": "2dsphere"}), OK), ({"insert": "c", "documents": [{"a": {"type": "Point", "coordinates": [500, 0]}}]}, refused(16755))),
    ("a place beyond a 2d index", (make({"a": "2d"}), OK), ({"insert": "c", "documents": [{"a": [500, 0]}]}, refused(13027))),
)

UNIQUE = scenarios(
    MANUAL + "core/index-unique/",
    ("unique refuses", (make({"a": 1}, unique=True), OK), put({"a": 1}), ({"insert": "c", "documents": [{"a": 1}]}, refused(11000))),
    ("unique takes numbers for equal", (make({"a": 1}, unique=True), OK), put({"a": 1}), ({"insert": "c", "documents": [{"a": 1.0}]}, refused(11000))),
    ("unique takes one missing field", (make({"a": 1}, unique=True), OK), put({"b": 1}), ({"insert": "c", "documents": [{"b": 2}]}, refused(11000))),
    ("unique takes null for missing", (make({"a": 1}, unique=True), OK), put({"b": 1}), ({"insert": "c", "documents": [{"a": None}]}, refused(11000))),
    ("unique and sparse takes missing fields", (make({"a": 1}, unique=True, sparse=True), OK), put({"b": 1}, {"b": 2})),
    ("unique and partial", (make({"a": 1}, unique=True, partialFilterExpression={"b": 1}), OK), put({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 1}), ({"insert": "c", "documents": [{"a": 1, "b": 1}]}, refused(11000))),
    ("unique in one document's array", (make({"a": 1}, unique=True), OK), put({"a": [1, 1]})),
    ("unique across arrays", (make({"a": 1}, unique=True), OK), put({"a": [1, 2]}), ({"insert": "c", "documents": [{"a": [2, 3]}]}, refused(11000))),
    ("unique of two fields", (make({"a": 1, "b": 1}, unique=True), OK), put({"a": 1, "b": 1}, {"a": 1, "b": 2}), ({"insert": "c", "documents": [{"a": 1, "b": 2}]}, refused(11000))),
    ("unique by a collation", (make({"a": 1}, unique=True, collation={"locale": "en", "strength": 2}), OK), put({"a": "x"}), ({"insert": "c", "documents": [{"a": "X"}]}, refused(11000))),
    ("unique by an update", (make({"a": 1}, unique=True), OK), put({"a": 1}, {"a": 2}), ({"update": "c", "updates": [{"q": {"a": 2}, "u": {"$set": {"a": 1}}}]}, refused(11000))),
    ("unique over what is there", put({"a": 1}, {"a": 1}), (make({"a": 1}, unique=True), refused(11000))),
    ("unique after a delete", (make({"a": 1}, unique=True), OK), put({"a": 1}), ({"delete": "c", "deletes": [{"q": {}, "limit": 0}]}, OK), put({"a": 1})),
    ("an _id twice", put({"_id": 1}), ({"insert": "c", "documents": [{"_id": 1.0}]}, refused(11000))),
)

DROP = scenarios(
    MANUAL + "reference/command/dropIndexes/",
    ("drop by name", (make({"a": 1}), OK), ({"dropIndexes": "c", "index": "a_1"}, {"nIndexesWas": 2}), listed(ID_INDEX)),
    ("drop by key", (make({"a": 1}), OK), ({"dropIndexes": "c", "index": {"a": 1}}, {"nIndexesWas": 2}), listed(ID_INDEX)),
    ("drop all", (make({"a": 1}), OK), (make({"b": 1}), OK), ({"dropIndexes": "c", "index": "*"}, {"nIndexesWas": 3}), listed(ID_INDEX)),
    ("drop several", (make({"a": 1}), OK), (make({"b": 1}), OK), ({"dropIndexes": "c", "index": ["a_1", "b_1"]}, {"nIndexesWas": 3}), listed(ID_INDEX)),
    ("drop an unknown name", (make({"a": 1}), OK), ({"dropIndexes": "c", "index": "nope"}, refused(27))),
    ("drop an unknown key", (make({"a": 1}), OK), ({"dropIndexes": "c", "index": {"b": 1}}, refused(27))),
    ("drop the index of _id", (make({"a": 1}), OK), ({"dropIndexes": "c", "index": "_id_"}, refused(72))),
    ("drop from a collection that is not there", ({"dropIndexes": "nope", "index": "*"}, refused(26))),
    ("drop without an index", (make({"a": 1}), OK), ({"dropIndexes": "c"}, refused(40414))),
    ("list of a collection that is not there", ({"listIndexes": "nope"}, refused(26))),
    ("list of a view", ({"create": "v", "viewOn": "c", "pipeline": []}, OK), ({"listIndexes": "v"}, refused(166))),
    ("list in batches", (make({"a": 1}), OK), ({"listIndexes": "c", "cursor": {"batchSize": 1}}, {"cursor": {"firstBatch": [ID_INDEX], "id": lambda id: id != 0}})),
    ("collMod hides", (make({"a": 1}), OK), ({"collMod": "c", "index": {"name": "a_1", "hidden": True}}, {"hidden_old": False, "hidden_new": True}), listed(ID_INDEX, {"name": "a_1", "hidden": True})),
    ("collMod changes an expiry", (make({"a": 1}, expireAfterSeconds=5), OK), ({"collMod": "c", "index": {"keyPattern": {"a": 1}, "expireAfterSeconds": 9}}, {"expireAfterSeconds_old": 5, "expireAfterSeconds_new": 9})),
    ("collMod of an unknown index", (make({"a": 1}), OK), ({"collMod": "c", "index": {"name": "nope", "hidden": True}}, refused(27))),
    ("reIndex", (make({"a": 1}), OK), ({"reIndex": "c"}, {"ok": 1})),
)


def stages(plan):
    """The names of a plan's stages, from the outermost."""
    found = []
    while plan:
        found.append(plan["stage"])
        plan = plan.get("inputStage") or (plan.get("inputStages") or [None])[0]
    return found


def planned(*names, **more):
    def check(plan):
        leaf = plan
        while leaf.get("inputStage"):
            leaf = leaf["inputStage"]
        return stages(plan) == list(names) and all(leaf.get(name) == value for name, value in more.items())

    return {"queryPlanner": {"winningPlan": check}}


def explains(name, find, expected, *before):
    documents = [{"_id": n, "a": n, "b": n % 3, "t": str(n)} for n in range(20)]
    return name, put(*documents), *[(one, OK) for one in before], ({"explain": {"find": "c", **find}}, expected)


EXPLAIN = scenarios(
    MANUAL + "reference/explain-results/",
    explains("without an index", {"filter": {"a": 5}}, planned("COLLSCAN", direction="forward")),
    explains("by an index", {"filter": {"a": 5}}, planned("FETCH", "IXSCAN", indexName="a_1", indexBounds={"a": ["[5, 5]"]}, direction="forward"), make({"a": 1})),
    explains("by a range", {"filter": {"a": {"$gt": 5, "$lte": 9}}}, planned("FETCH", "IXSCAN", indexBounds={"a": ["(5, 9]"]}), make({"a": 1})),
    explains("by a set", {"filter": {"a": {"$in": [1, 3]}}}, planned("FETCH", "IXSCAN", indexBounds={"a": ["[1, 1]", "[3, 3]"]}), make({"a": 1})),
    explains("by text that begins", {"filter": {"t": {"$regex": "^1"}}}, planned("FETCH", "IXSCAN", indexName="t_1"), make({"t": 1})),
    explains("covered", {"filter": {"a": 5}, "projection": {"a": 1, "_id": 0}}, planned("PROJECTION_COVERED", "IXSCAN"), make({"a": 1})),
    explains("sorted by an index", {"filter": {}, "sort": {"a": 1}}, planned("FETCH", "IXSCAN", direction="forward"), make({"a": 1})),
    explains("sorted backwards by an index", {"filter": {}, "sort": {"a": -1}}, planned("FETCH", "IXSCAN", direction="backward"), make({"a": 1})),
    explains("sorted without an index", {"filter": {}, "sort": {"a": 1}}, planned("SORT", "COLLSCAN")),
    explains("by a hint", {"filter": {}, "hint": {"a": 1}}, planned("FETCH", "IXSCAN", indexName="a_1"), make({"a": 1})),
    explains("by a hint of a name", {"filter": {}, "hint": "a_1"}, planned("FETCH", "IXSCAN", indexName="a_1"), make({"a": 1})),
    explains("by the natural order", {"filter": {"a": 1}, "hint": {"$natural": 1}}, planned("COLLSCAN"), make({"a": 1})),
    explains("by a hint that is not there", {"filter": {}, "hint": {"z": 1}}, refused(2)),
    explains("a hidden index", {"filter": {"a": 5}}, planned("COLLSCAN"), make({"a": 1}, hidden=True)),
    explains("a partial index that holds", {"filter": {"a": 5, "b": 2}}, planned("FETCH", "IXSCAN"), make({"a": 1}, partialFilterExpression={"b": {"$gt": 1}})),
    explains("a partial index that does not hold", {"filter": {"a": 5}}, planned("COLLSCAN"), make({"a": 1}, partialFilterExpression={"b": {"$gt": 1}})),
    explains("a sparse index and a missing field", {"filter": {"a": None}}, planned("COLLSCAN"), make({"a": 1}, sparse=True)),
    explains("an index of another collation", {"filter": {"t": "5"}}, planned("COLLSCAN"), make({"t": 1}, collation={"locale": "en"})),
    explains("an index of the same collation", {"filter": {"t": "5"}, "collation": {"locale": "en"}}, planned("FETCH", "IXSCAN"), make({"t": 1}, collation={"locale": "en"})),
    explains("an index of another collation for a number", {"filter": {"a": 5}}, planned("FETCH", "IXSCAN"), make({"a": 1}, collation={"locale": "en"})),
    explains("a wildcard index", {"filter": {"a": 5}}, planned("FETCH", "IXSCAN", indexName="$**_1"), make({"$**": 1})),
    explains("a hashed index", {"filter": {"a": 5}}, planned("FETCH", "IXSCAN", indexName="a_hashed"), make({"a": "hashed"})),
    explains("a hashed index and a range", {"filter": {"a": {"$gt": 5}}}, planned("COLLSCAN"), make({"a": "hashed"})),
    explains("a limit", {"filter": {"a": {"$gt": 1}}, "limit": 2}, planned("LIMIT", "FETCH", "IXSCAN"), make({"a": 1})),
    explains("a skip", {"filter": {}, "skip": 2}, planned("SKIP", "COLLSCAN")),
    explains("a projection", {"filter": {}, "projection": {"a": 1}}, planned("PROJECTION_SIMPLE", "COLLSCAN")),
    explains("an or by two indexes", {"filter": {"$or": [{"a": 1}, {"b": 1}]}}, {"queryPlanner": {"winningPlan": lambda plan: "OR" in stages(plan)}}, make({"a": 1}), make({"b": 1})),
    explains("equality before a range before a sort", {"filter": {"b": 1, "a": {"$gt": 2}}}, planned("FETCH", "IXSCAN", indexBounds={"b": ["[1, 1]"], "a": ["(2, inf]"]}), make({"b": 1, "a": 1})),
    explains("what was done", {"filter": {"a": 5}}, {"executionStats": {"nReturned": 1, "totalKeysExamined": 1, "totalDocsExamined": 1, "executionSuccess": True}}, make({"a": 1})),
    explains("what was done without an index", {"filter": {"a": 5}}, {"executionStats": {"nReturned": 1, "totalKeysExamined": 0, "totalDocsExamined": 20}}),
    ("an _id", put({"_id": 1}), ({"explain": {"find": "c", "filter": {"_id": 1}}}, {"queryPlanner": {"winningPlan": {"stage": lambda stage: stage in ("IDHACK", "EXPRESS_IXSCAN")}}})),
    ("a count", put({"a": 1}), ({"explain": {"count": "c", "query": {"a": 1}}}, {"queryPlanner": {"winningPlan": {"stage": "COUNT"}}})),
    ("a distinct", put({"a": 1}), (make({"a": 1}), OK), ({"explain": {"distinct": "c", "key": "a", "query": {}}}, {"queryPlanner": {"winningPlan": ANY}})),
    ("an aggregate", put({"a": 1}), ({"explain": {"aggregate": "c", "pipeline": [{"$match": {"a": 1}}], "cursor": {}}}, {"queryPlanner": {"winningPlan": {"stage": "COLLSCAN"}}})),
    ("an update changes nothing", put({"_id": 1, "a": 1}), ({"explain": {"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"a": 2}}}]}}, {"queryPlanner": {"winningPlan": {"stage": "UPDATE"}}}), ({"find": "c"}, {"cursor": {"firstBatch": [{"_id": 1, "a": 1}]}})),
    ("a delete changes nothing", put({"_id": 1, "a": 1}), ({"explain": {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0}]}}, {"queryPlanner": {"winningPlan": {"stage": lambda stage: stage in ("DELETE", "BATCHED_DELETE")}}}), ({"count": "c"}, {"n": 1})),
    ("the planner alone", put({"a": 1}), ({"explain": {"find": "c"}, "verbosity": "queryPlanner"}, {"queryPlanner": ANY, "executionStats": MISSING})),
    ("an unknown verbosity", put({"a": 1}), ({"explain": {"find": "c"}, "verbosity": "loud"}, refused(2))),
    ("an insert cannot be explained", ({"explain": {"insert": "c", "documents": [{}]}}, refused(20))),
)

#: What an index finds is what a scan of the collection finds.
EQUAL = scenarios(
    MANUAL + "core/indexes/index-types/index-multikey/",
    *[
        (f"{kind} and a filter on {filter}", put({"_id": 1, "a": 5}, {"_id": 2, "a": [1, 9]}, {"_id": 3}, {"_id": 4, "a": None}, {"_id": 5, "a": "x"}, {"_id": 6, "a": []}, {"_id": 7, "a": {"b": 1}}, {"_id": 8, "a": [[5]]}),
         (make(key, **options), OK), ({"find": "c", "filter": {"a": filter}, "sort": {"_id": 1}, "projection": {"_id": 1}}, {"cursor": {"firstBatch": [{"_id": id} for id in ids]}}))
        for kind, key, options in (("an ascending index", {"a": 1}, {}), ("a descending index", {"a": -1}, {}), ("a sparse index", {"a": 1}, {"sparse": True}), ("a wildcard index", {"$**": 1}, {}))
        for filter, ids in (
            (5, [1]), (9, [2]), (None, [3, 4]), ({"$gt": 4}, [1, 2]), ({"$gt": 4, "$lt": 6}, [1, 2]), ({"$lt": 2}, [2]),
            ({"$exists": True}, [1, 2, 4, 5, 6, 7, 8]), ({"$exists": False}, [3]), ({"$ne": 5}, [2, 3, 4, 5, 6, 7, 8]),
            ({"$in": [5, None]}, [1, 3, 4]), ({"$nin": [5, None]}, [2, 5, 6, 7, 8]), ([], [6]), ([1, 9], [2]), ([5], [8]),
            ({"b": 1}, [7]), ([[5]], [8]), ({"$gt": {}}, [7]), ({"$in": [{"b": 1}, 9]}, [2, 7]), ({"$type": "string"}, [5]), ({"$size": 0}, [6]), ({"$all": [1, 9]}, [2]), ({"$elemMatch": {"$gt": 4}}, [2]),
            ({"$gte": "a"}, [5]), ({"$not": {"$gt": 4}}, [3, 4, 5, 6, 7, 8]),
        )
    ],
)

test_kinds = conformance(KINDS)
test_refused = conformance(REFUSED)
test_unique = conformance(UNIQUE)
test_drop = conformance(DROP)
test_explain = conformance(EXPLAIN)
test_equal = conformance(EQUAL)


def test_duplicates_say_which_index_and_which_key(database):
    """Source: https://www.mongodb.com/docs/manual/core/index-unique/"""
    database.command(make({"a": 1, "b.c": -1}, collection="said", name="i", unique=True))
    documents = [{"_id": 1, "a": 1, "b": {"c": "x"}}, {"_id": 2, "a": 1, "b": {"c": "x"}}]
    reply = database.command({"insert": "said", "documents": documents})
    [error] = reply["writeErrors"]
    assert (error["index"], error["code"], error["keyPattern"]) == (1, 11000, {"a": 1, "b.c": -1})
    assert error["keyValue"] == {"a": 1, "b.c": "x"}
    expected = f'E11000 duplicate key error collection: {database.name}.said index: i dup key: {{ a: 1, b.c: "x" }}'
    assert error["errmsg"] == expected
