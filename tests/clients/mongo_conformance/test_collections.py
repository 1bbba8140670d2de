"""Collections: capped, clustered, views, validators, collations; create, collMod, rename, drop and lists."""

from bson import Int64

from .cases import ANY, MANUAL, OK, conformance, on_admin, refused, scenarios

PAGE = MANUAL + "reference/command/create/"


def put(*documents, into="c"):
    return {"insert": into, "documents": list(documents)}, {"ok": 1, "n": len(documents)}


def found(*documents, of="c", **options):
    return {"find": of, "sort": {"_id": 1}, **options}, {"cursor": {"firstBatch": list(documents)}}


def create(name="c", **options):
    return {"create": name, **options}, OK


def refuses(name, command, code):
    return name, (command, refused(code))


CREATE = scenarios(
    PAGE,
    ("create", create(), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"name": "c", "type": "collection", "options": {}, "info": {"readOnly": False, "uuid": ANY}, "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}}]}})),
    ("create twice", create(), create()),
    ("create twice with other options", create(), ({"create": "c", "capped": True, "size": 4096}, refused(48))),
    ("an insert creates", put({"_id": 1}), ({"listCollections": 1, "nameOnly": True}, {"cursor": {"firstBatch": [{"name": "c", "type": "collection"}]}})),
    ("list by a filter", create("a"), create("b"), ({"listCollections": 1, "filter": {"name": "b"}, "nameOnly": True}, {"cursor": {"firstBatch": [{"name": "b"}]}})),
    ("list in batches", create("a"), create("b"), ({"listCollections": 1, "cursor": {"batchSize": 1}}, {"cursor": {"firstBatch": [ANY], "id": lambda id: id != 0}})),
    ("changeStreamPreAndPostImages", create(changeStreamPreAndPostImages={"enabled": True}), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"options": {"changeStreamPreAndPostImages": {"enabled": True}}}]}})),
    ("what GridFS needs", ({"createIndexes": "fs.chunks", "indexes": [{"key": {"files_id": 1, "n": 1}, "name": "files_id_1_n_1", "unique": True}]}, OK), ({"createIndexes": "fs.files", "indexes": [{"key": {"filename": 1, "uploadDate": 1}, "name": "filename_1_uploadDate_1"}]}, OK), put({"_id": 1, "files_id": 7, "n": 1, "data": b"b"}, {"_id": 2, "files_id": 7, "n": 0, "data": b"a"}, into="fs.chunks"), ({"find": "fs.chunks", "filter": {"files_id": 7}, "sort": {"n": 1}}, {"cursor": {"firstBatch": [{"data": b"a"}, {"data": b"b"}]}}), ({"insert": "fs.chunks", "documents": [{"files_id": 7, "n": 1}]}, refused(11000))),
    refuses("an unknown option", {"create": "c", "nope": 1}, 40415),
    refuses("a name of a number", {"create": 1}, 73),
    refuses("an empty name", {"create": ""}, 73),
    refuses("a name with a dollar", {"create": "a$b"}, 73),
    refuses("a name with a null byte", {"create": "a\0b"}, 73),
    refuses("a name that begins with a dot", {"create": ".a"}, 73),
    refuses("a name of 256 bytes", {"create": "a" * 256}, 73),
    refuses("capped without a size", {"create": "c", "capped": True}, 72),
    refuses("a size without capped", {"create": "c", "size": 4096}, 72),
    refuses("a size of a negative", {"create": "c", "capped": True, "size": -1}, 2),
    refuses("a validator of no object", {"create": "c", "validator": 1}, 14),
    refuses("a validator with an unknown operator", {"create": "c", "validator": {"a": {"$nope": 1}}}, 2),
    refuses("a validator with near", {"create": "c", "validator": {"a": {"$near": [0, 0]}}}, 5626500),
    refuses("an unknown level", {"create": "c", "validationLevel": "nope"}, 2),
    refuses("an unknown action", {"create": "c", "validationAction": "nope"}, 2),
    refuses("a collation of an unknown locale", {"create": "c", "collation": {"locale": "nope"}}, 2),
    ("drop", create(), ({"drop": "c"}, {"ok": 1, "nIndexesWas": 1}), ({"listCollections": 1}, {"cursor": {"firstBatch": []}})),
    ("drop what is not there", ({"drop": "nope"}, OK)),
    ("drop the database", create(), ({"dropDatabase": 1}, OK), ({"listCollections": 1}, {"cursor": {"firstBatch": []}})),
    refuses("drop the database by two", {"dropDatabase": 2}, 5255100),
)


def renamed(name, before, source, target, expected, *after, **options):
    def command(_, database):
        return {"renameCollection": f"{database}.{source}", "to": f"{database}.{target}", **options}

    return name, *before, (on_admin(command), expected), *after


RENAME = scenarios(
    MANUAL + "reference/command/renameCollection/",
    renamed("rename", [put({"_id": 1})], "c", "d", OK, found({"_id": 1}, of="d"), found()),
    renamed("rename keeps indexes", [put({"_id": 1}), ({"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}]}, OK)], "c", "d", OK, ({"listIndexes": "d"}, {"cursor": {"firstBatch": [ANY, {"name": "a"}]}})),
    renamed("rename to what is there", [put({"_id": 1}), create("d")], "c", "d", refused(48)),
    renamed("rename over what is there", [put({"_id": 1}), put({"_id": 2}, into="d")], "c", "d", OK, found({"_id": 1}, of="d"), dropTarget=True),
    renamed("rename to itself", [put({"_id": 1})], "c", "c", refused(20)),
    renamed("rename what is not there", [], "c", "d", refused(26)),
    renamed("rename to a name with a dollar", [create()], "c", "a$b", refused(73)),
    ("rename elsewhere than on admin", ({"renameCollection": "a.b", "to": "a.c"}, refused(13))),
)

CAPPED = scenarios(
    MANUAL + "core/capped-collections/",
    ("capped by count", create(capped=True, size=4096, max=2), put({"_id": 1}, {"_id": 2}, {"_id": 3}), found({"_id": 2}, {"_id": 3})),
    ("capped by size", create(capped=True, size=4096), put(*[{"_id": n, "x": "y" * 1000} for n in range(10)]), ({"count": "c"}, {"n": lambda n: n <= 4})),
    ("capped keeps the order of inserts", create(capped=True, size=4096), put({"_id": 3}, {"_id": 1}, {"_id": 2}), ({"find": "c"}, {"cursor": {"firstBatch": [{"_id": 3}, {"_id": 1}, {"_id": 2}]}})),
    ("capped backwards", create(capped=True, size=4096), put({"_id": 3}, {"_id": 1}), ({"find": "c", "sort": {"$natural": -1}}, {"cursor": {"firstBatch": [{"_id": 1}, {"_id": 3}]}})),
    ("capped is listed", create(capped=True, size=4096, max=5), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"options": {"capped": True, "size": 4096, "max": 5}}]}})),
    ("capped takes deletes", create(capped=True, size=4096), put({"_id": 1}), ({"delete": "c", "deletes": [{"q": {}, "limit": 0}]}, {"n": 1})),
    ("tailable waits", create(capped=True, size=4096), put({"_id": 1}), ({"find": "c", "tailable": True}, {"cursor": {"firstBatch": [{"_id": 1}], "id": lambda id: id != 0}}), put({"_id": 2}), (lambda answers, _: {"getMore": Int64(answers[2]["cursor"]["id"]), "collection": "c"}, {"cursor": {"nextBatch": [{"_id": 2}], "id": lambda id: id != 0}})),
    ("tailable of another collection", put({"_id": 1}), ({"find": "c", "tailable": True}, refused(2))),
    ("awaitData without tailable", ({"find": "c", "awaitData": True}, refused(9))),
    ("tailable and sorted", create(capped=True, size=4096), ({"find": "c", "tailable": True, "sort": {"a": 1}}, refused(2))),
    ("capped changed in size", create(capped=True, size=4096), ({"collMod": "c", "cappedSize": 8192}, OK), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"options": {"size": 8192}}]}})),
)

BY_ID = {"key": {"_id": 1}, "unique": True}
CLUSTERED = scenarios(
    MANUAL + "core/clustered-collections/",
    ("clustered", create(clusteredIndex=BY_ID), put({"_id": 3}, {"_id": 1}), ({"find": "c"}, {"cursor": {"firstBatch": [{"_id": 1}, {"_id": 3}]}})),
    ("clustered is listed", create(clusteredIndex={**BY_ID, "name": "ci"}), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"options": {"clusteredIndex": {"v": 2, "key": {"_id": 1}, "name": "ci", "unique": True}}}]}})),
    ("clustered among its indexes", create(clusteredIndex=BY_ID), ({"listIndexes": "c"}, {"cursor": {"firstBatch": [{"key": {"_id": 1}, "clustered": True}]}})),
    ("clustered refuses an _id twice", create(clusteredIndex=BY_ID), put({"_id": 1}), ({"insert": "c", "documents": [{"_id": 1}]}, refused(11000))),
    ("clustered by a range", create(clusteredIndex=BY_ID), put(*[{"_id": n} for n in range(9)]), found({"_id": 7}, {"_id": 8}, filter={"_id": {"$gt": 6}})),
    refuses("clustered without unique", {"create": "c", "clusteredIndex": {"key": {"_id": 1}, "unique": False}}, 5979700),
    refuses("clustered by another field", {"create": "c", "clusteredIndex": {"key": {"a": 1}, "unique": True}}, 197),
    refuses("clustered without a key", {"create": "c", "clusteredIndex": {"unique": True}}, 40414),
    refuses("clustered and capped", {"create": "c", "clusteredIndex": BY_ID, "capped": True, "size": 4096}, 6049200),
    refuses("clustered as a view", {"create": "c", "clusteredIndex": BY_ID, "viewOn": "x"}, 6026500),
    ("clustered index dropped", create(clusteredIndex=BY_ID), ({"dropIndexes": "c", "index": "_id_"}, refused(5979800))),
    ("clustered index hidden", create(clusteredIndex=BY_ID), ({"collMod": "c", "index": {"name": "_id_", "hidden": True}}, refused(6011800))),
)

VIEW = create("v", viewOn="c", pipeline=[{"$match": {"a": {"$gt": 1}}}])
VIEWS = scenarios(
    MANUAL + "core/views/",
    ("a view", put({"_id": 1, "a": 1}, {"_id": 2, "a": 2}), VIEW, found({"_id": 2, "a": 2}, of="v")),
    ("a view with a projection", put({"_id": 1, "a": 2, "b": 3}), create("v", viewOn="c", pipeline=[{"$project": {"b": 1}}]), found({"_id": 1, "b": 3}, of="v")),
    ("a view on a view", put({"_id": 1, "a": 2}, {"_id": 2, "a": 5}), VIEW, create("w", viewOn="v", pipeline=[{"$match": {"a": {"$lt": 5}}}]), found({"_id": 1, "a": 2}, of="w")),
    ("a view is counted", put({"_id": 1, "a": 2}), VIEW, ({"count": "v"}, {"n": 1})),
    ("a view's distinct", put({"_id": 1, "a": 2}), VIEW, ({"distinct": "v", "key": "a"}, {"values": [2]})),
    ("a view is aggregated", put({"_id": 1, "a": 2}), VIEW, ({"aggregate": "v", "pipeline": [{"$count": "n"}], "cursor": {}}, {"cursor": {"firstBatch": [{"n": 1}]}})),
    ("a view is listed", VIEW, ({"listCollections": 1, "filter": {"type": "view"}}, {"cursor": {"firstBatch": [{"name": "v", "type": "view", "options": {"viewOn": "c", "pipeline": [ANY]}, "info": {"readOnly": True}}]}})),
    ("a view of nothing", VIEW, found(of="v")),
    *[
        (f"{command} on a view", VIEW, ({command: "v", **more}, refused(166)))
        for command, more in (
            ("insert", {"documents": [{}]}), ("update", {"updates": [{"q": {}, "u": {"$set": {"a": 1}}}]}), ("delete", {"deletes": [{"q": {}, "limit": 0}]}),
            ("findAndModify", {"remove": True}), ("createIndexes", {"indexes": [{"key": {"a": 1}, "name": "a"}]}), ("listIndexes", {}), ("collStats", {}), ("reIndex", {}),
        )
    ],
    ("a view of a cycle", VIEW, ({"create": "c", "viewOn": "v", "pipeline": []}, refused(5))),
    ("a view with out", ({"create": "v", "viewOn": "c", "pipeline": [{"$out": "x"}]}, refused(167))),
    ("a view with a pipeline that is none", ({"create": "v", "viewOn": "c", "pipeline": [{"$nope": 1}]}, refused(40324))),
    ("a pipeline without viewOn", ({"create": "v", "pipeline": []}, refused(72))),
    ("a view by another collation", create(collation={"locale": "fr"}), VIEW, ({"find": "v", "collation": {"locale": "en"}}, refused(167))),
    ("collMod of a view", put({"_id": 1, "a": 1}), VIEW, ({"collMod": "v", "viewOn": "c", "pipeline": []}, OK), found({"_id": 1, "a": 1}, of="v")),
    ("a view dropped", put({"_id": 1}), VIEW, ({"drop": "v"}, OK), found({"_id": 1})),
    renamed("a view renamed", [VIEW], "v", "w", refused(166)),
)

RULE = {"$jsonSchema": {"required": ["a"], "properties": {"a": {"bsonType": "int", "minimum": 5}}}}
VALIDATORS = scenarios(
    MANUAL + "core/schema-validation/",
    ("a validator holds", create(validator=RULE), put({"a": 5})),
    ("a validator refuses an insert", create(validator=RULE), ({"insert": "c", "documents": [{"a": 1}]}, refused(121))),
    ("a validator refuses an update", create(validator=RULE), put({"_id": 1, "a": 5}), ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 1}}}]}, refused(121))),
    ("a validator refuses findAndModify", create(validator=RULE), put({"_id": 1, "a": 5}), ({"findAndModify": "c", "query": {}, "update": {"$set": {"a": 1}}}, refused(121))),
    ("a validator is passed by", create(validator=RULE), ({"insert": "c", "documents": [{"a": 1}], "bypassDocumentValidation": True}, {"n": 1})),
    ("a validator of operators", create(validator={"a": {"$gt": 5}}), ({"insert": "c", "documents": [{"a": 1}]}, refused(121))),
    ("a validator of an expression", create(validator={"$expr": {"$gt": ["$a", "$b"]}}), put({"a": 2, "b": 1}), ({"insert": "c", "documents": [{"a": 1, "b": 2}]}, refused(121))),
    ("a validator that warns", create(validator=RULE, validationAction="warn"), put({"a": 1})),
    ("a moderate validator", put({"_id": 1, "a": 1}), ({"collMod": "c", "validator": RULE, "validationLevel": "moderate"}, OK), ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 2}}}]}, {"nModified": 1})),
    ("a strict validator", put({"_id": 1, "a": 1}), ({"collMod": "c", "validator": RULE, "validationLevel": "strict"}, OK), ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 2}}}]}, refused(121))),
    ("a validator that is off", create(validator=RULE, validationLevel="off"), put({"a": 1})),
    ("a validator taken away", create(validator=RULE), ({"collMod": "c", "validator": {}}, OK), put({"a": 1})),
    ("a validator is listed", create(validator=RULE, validationLevel="moderate", validationAction="error"), ({"listCollections": 1}, {"cursor": {"firstBatch": [{"options": {"validator": RULE, "validationLevel": "moderate", "validationAction": "error"}}]}})),
    ("collMod of what is not there", ({"collMod": "nope", "validator": {}}, refused(26))),
    ("collMod of an unknown option", create(), ({"collMod": "c", "nope": 1}, refused(40415))),
)


def texts(*words):
    return put(*[{"_id": n, "t": word} for n, word in enumerate(words)])


def by(collation, *ids, words, **options):
    return (texts(*words), ({"find": "c", "collation": collation, "projection": {"_id": 1}, **options}, {"cursor": {"firstBatch": [{"_id": id} for id in ids]}}))


WORDS = ("apple", "Apple", "äpple", "b10", "b9", "B9", "co-op", "coop")
COLLATIONS = scenarios(
    MANUAL + "reference/collation/",
    ("strength 1 takes case and accents for equal", *by({"locale": "en", "strength": 1}, 0, 1, 2, words=WORDS, filter={"t": "APPLE"})),
    ("strength 2 takes case for equal", *by({"locale": "en", "strength": 2}, 0, 1, words=WORDS, filter={"t": "APPLE"})),
    ("strength 3 takes nothing for equal", *by({"locale": "en", "strength": 3}, 0, words=WORDS, filter={"t": "apple"})),
    ("numbers in order", *by({"locale": "en", "numericOrdering": True}, 4, 5, 3, words=WORDS, filter={"t": {"$gte": "b", "$lt": "c"}}, sort={"t": 1})),
    ("numbers by digits", *by({"locale": "en"}, 3, 4, 5, words=WORDS, filter={"t": {"$gte": "b", "$lt": "c"}}, sort={"t": 1})),
    ("upper case first", *by({"locale": "en", "caseFirst": "upper"}, 1, 0, words=WORDS[:2], sort={"t": 1})),
    ("lower case first", *by({"locale": "en", "caseFirst": "lower"}, 0, 1, words=WORDS[:2], sort={"t": 1})),
    ("punctuation is ignored", *by({"locale": "en", "alternate": "shifted", "strength": 1}, 6, 7, words=WORDS, filter={"t": "coop"})),
    ("Swedish order", *by({"locale": "sv"}, 0, 2, 1, words=("z", "ö", "å"), sort={"t": 1})),
    ("German order", *by({"locale": "de"}, 1, 0, words=("z", "ö"), sort={"t": 1})),
    ("the simple collation", *by({"locale": "simple"}, 1, 0, words=("a", "B"), sort={"t": 1})),
    ("a regex knows no collation", *by({"locale": "en", "strength": 1}, 0, words=WORDS, filter={"t": {"$regex": "^apple"}})),
    ("in by a collation", *by({"locale": "en", "strength": 2}, 0, 1, words=WORDS, filter={"t": {"$in": ["APPLE"]}})),
    ("a collection's collation", create(collation={"locale": "en", "strength": 2}), texts(*WORDS), ({"count": "c", "query": {"t": "APPLE"}}, {"n": 2})),
    ("a collection's collation is inherited", create(collation={"locale": "en", "strength": 2}), ({"createIndexes": "c", "indexes": [{"key": {"t": 1}, "name": "t"}]}, OK), ({"listIndexes": "c"}, {"cursor": {"firstBatch": [ANY, {"collation": {"locale": "en", "strength": 2}}]}})),
    ("a collection's collation is passed by", create(collation={"locale": "en", "strength": 2}), texts(*WORDS), ({"count": "c", "query": {"t": "APPLE"}, "collation": {"locale": "simple"}}, {"n": 0})),
    ("distinct by a collation", texts(*WORDS[:2]), ({"distinct": "c", "key": "t", "collation": {"locale": "en", "strength": 2}}, {"values": ["apple"]})),
    ("group by a collation", texts(*WORDS[:2]), ({"aggregate": "c", "pipeline": [{"$group": {"_id": "$t", "n": {"$sum": 1}}}], "cursor": {}, "collation": {"locale": "en", "strength": 2}}, {"cursor": {"firstBatch": [{"n": 2}]}})),
    ("delete by a collation", texts(*WORDS[:2]), ({"delete": "c", "deletes": [{"q": {"t": "APPLE"}, "limit": 0, "collation": {"locale": "en", "strength": 2}}]}, {"n": 2})),
    ("findAndModify by a collation", texts("x"), ({"findAndModify": "c", "query": {"t": "X"}, "remove": True, "collation": {"locale": "en", "strength": 2}}, {"value": {"t": "x"}})),
    *[
        refuses(f"a collation with {what}", {"find": "c", "collation": collation}, code)
        for what, collation, code in (
            ("no locale", {"strength": 1}, 40414), ("an unknown locale", {"locale": "nope"}, 2), ("strength 6", {"locale": "en", "strength": 6}, 2),
            ("strength of text", {"locale": "en", "strength": "x"}, 14), ("an unknown field", {"locale": "en", "nope": 1}, 40415),
            ("an unknown caseFirst", {"locale": "en", "caseFirst": "nope"}, 2), ("an unknown alternate", {"locale": "en", "alternate": "nope"}, 2),
            ("a locale of a number", {"locale": 1}, 14), ("no object", 1, 14),
        )
    ],
)

test_create = conformance(CREATE)
test_rename = conformance(RENAME)
test_capped = conformance(CAPPED)
test_clustered = conformance(CLUSTERED)
test_views = conformance(VIEWS)
test_validators = conformance(VALIDATORS)
test_collations = conformance(COLLATIONS)
