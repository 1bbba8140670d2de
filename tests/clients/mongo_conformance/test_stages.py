"""Stages of pipelines."""

from bson import Int64

from .cases import MANUAL, conformance, pipelines, refused, scenarios, unordered

PAGE = MANUAL + "reference/operator/aggregation/"
ROWS = [
    {"_id": 1, "a": 1, "g": "x", "list": [1, 2], "o": {"k": 1}},
    {"_id": 2, "a": 2, "g": "x", "list": [], "o": {"k": 2}},
    {"_id": 3, "a": 3, "g": "y", "o": {"k": 1}},
    {"_id": 4, "a": 4, "g": None, "list": None},
    {"_id": 5, "a": 5, "list": 7},
]
ID = {"$project": {"_id": 1}}


def ids(*numbers):
    return [{"_id": number} for number in numbers]


SHAPE = pipelines(
    f"{PAGE}project/",
    ROWS,
    ("match", [{"$match": {"a": {"$gt": 3}}}, ID], ids(4, 5)),
    ("match of an expression", [{"$match": {"$expr": {"$eq": ["$a", 2]}}}, ID], ids(2)),
    ("match of no object", [{"$match": 1}], refused(15959)),
    ("project", [{"$match": {"_id": 1}}, {"$project": {"a": 1, "_id": 0}}], [{"a": 1}]),
    ("project an expression", [{"$match": {"_id": 1}}, {"$project": {"b": {"$add": ["$a", 1]}}}], [{"_id": 1, "b": 2}]),
    ("project a path of an object", [{"$match": {"_id": 1}}, {"$project": {"o.k": 1}}], [{"_id": 1, "o": {"k": 1}}]),
    ("project removes", [{"$match": {"_id": 1}}, {"$project": {"a": "$$REMOVE"}}], [{"_id": 1}]),
    ("project excludes", [{"$match": {"_id": 5}}, {"$project": {"list": 0}}], [{"_id": 5, "a": 5}]),
    ("project nothing", [{"$project": {}}], refused(51272)),
    ("project no object", [{"$project": 1}], refused(15969)),
    ("project both ways", [{"$project": {"a": 1, "g": 0}}], refused(31254)),
    ("project a position", [{"$project": {"list.$": 1}}], refused(31324)),
    ("addFields", [{"$match": {"_id": 5}}, {"$addFields": {"b": {"$add": ["$a", 1]}}}], [{"_id": 5, "a": 5, "list": 7, "b": 6}]),
    ("set", [{"$match": {"_id": 5}}, {"$set": {"a": "$list"}}], [{"_id": 5, "a": 7, "list": 7}]),
    ("set a path", [{"$match": {"_id": 5}}, {"$set": {"x.y": 1}}], [{"_id": 5, "a": 5, "list": 7, "x": {"y": 1}}]),
    ("set of items", [{"$match": {"_id": 1}}, {"$set": {"list.x": 1}}, {"$project": {"list": 1}}], [{"_id": 1, "list": [{"x": 1}, {"x": 1}]}]),
    ("set no object", [{"$set": 1}], refused(40272)),
    ("unset", [{"$match": {"_id": 5}}, {"$unset": "list"}], [{"_id": 5, "a": 5}]),
    ("unset several", [{"$match": {"_id": 5}}, {"$unset": ["list", "a"]}], ids(5)),
    ("unset nothing", [{"$unset": []}], refused(31119)),
    ("unset a number", [{"$unset": 1}], refused(31002)),
    ("unset numbers", [{"$unset": [1]}], refused(31120)),
    ("replaceRoot", [{"$match": {"_id": 1}}, {"$replaceRoot": {"newRoot": "$o"}}], [{"k": 1}]),
    ("replaceRoot of no object", [{"$replaceRoot": {"newRoot": "$a"}}], refused(40228)),
    ("replaceRoot without one", [{"$replaceRoot": {}}], refused(40414)),
    ("replaceWith", [{"$match": {"_id": 1}}, {"$replaceWith": {"x": "$a"}}], [{"x": 1}]),
    ("replaceWith of a missing field", [{"$replaceWith": "$absent"}], refused(40228)),
    ("limit", [{"$sort": {"_id": 1}}, {"$limit": 2}, ID], ids(1, 2)),
    ("limit zero", [{"$limit": 0}], refused(15958)),
    ("limit a negative", [{"$limit": -1}], refused(5107201)),
    ("limit text", [{"$limit": "x"}], refused(5107201)),
    ("skip", [{"$sort": {"_id": 1}}, {"$skip": 3}, ID], ids(4, 5)),
    ("skip a negative", [{"$skip": -1}], refused(5107200)),
    ("sort", [{"$sort": {"a": -1}}, ID], ids(5, 4, 3, 2, 1)),
    ("sort by two", [{"$sort": {"g": -1, "_id": -1}}, ID], ids(3, 2, 1, 5, 4)),
    ("sort by nothing", [{"$sort": {}}], refused(15976)),
    ("sort by a number", [{"$sort": 1}], refused(15973)),
    ("sort by text", [{"$sort": {"a": "x"}}], refused(15974)),
    ("sort by two as an order", [{"$sort": {"a": 2}}], refused(15975)),
    ("count", [{"$count": "n"}], [{"n": 5}]),
    ("count nothing", [{"$match": {"a": 99}}, {"$count": "n"}], []),
    ("count as a number", [{"$count": 1}], refused(40156)),
    ("count as nothing", [{"$count": ""}], refused(40157)),
    ("count with a dollar", [{"$count": "$a"}], refused(40158)),
    ("count with a dot", [{"$count": "a.b"}], refused(40160)),
    ("sample", [{"$sample": {"size": 2}}, {"$count": "n"}], [{"n": 2}]),
    ("sample more", [{"$sample": {"size": 99}}, {"$count": "n"}], [{"n": 5}]),
    ("sample no object", [{"$sample": 1}], refused(28745)),
    ("sample text", [{"$sample": {"size": "x"}}], refused(28746)),
    ("sample a negative", [{"$sample": {"size": -1}}], refused(28747)),
    ("sample with another field", [{"$sample": {"size": 1, "x": 1}}], refused(28748)),
    ("sample without a size", [{"$sample": {}}], refused(28749)),
    ("redact", [{"$redact": {"$cond": [{"$gt": ["$a", 3]}, "$$KEEP", "$$PRUNE"]}}, ID], ids(4, 5)),
    ("redact descends", [{"$match": {"_id": 1}}, {"$redact": {"$cond": [{"$eq": ["$k", 1]}, "$$PRUNE", "$$DESCEND"]}}], [{"_id": 1, "a": 1, "g": "x", "list": [1, 2]}]),
    ("redact to something else", [{"$redact": 1}], refused(17053)),
    ("an unknown stage", [{"$nope": {}}], refused(40324)),
    ("two stages in one", [{"$match": {}, "$limit": 1}], refused(40323)),
    ("a stage that is no object", [1], refused(14)),
    ("documents after another stage", [{"$match": {}}, {"$documents": []}], refused(40602)),
    ("1001 stages", [{"$match": {}}] * 1001, refused(7749501)),
)

UNWIND = pipelines(
    f"{PAGE}unwind/",
    ROWS,
    ("unwind", [{"$unwind": "$list"}, {"$project": {"list": 1}}], [{"_id": 1, "list": 1}, {"_id": 1, "list": 2}, {"_id": 5, "list": 7}]),
    ("unwind an index", [{"$match": {"_id": 1}}, {"$unwind": {"path": "$list", "includeArrayIndex": "i"}}, {"$project": {"i": 1}}], [{"_id": 1, "i": Int64(0)}, {"_id": 1, "i": Int64(1)}]),
    ("unwind an index of no array", [{"$match": {"_id": 5}}, {"$unwind": {"path": "$list", "includeArrayIndex": "i"}}], [{"_id": 5, "a": 5, "list": 7, "i": None}]),
    ("unwind and keep", [{"$unwind": {"path": "$list", "preserveNullAndEmptyArrays": True}}, ID], ids(1, 1, 2, 3, 4, 5)),
    ("unwind and keep without an empty array", [{"$match": {"_id": 2}}, {"$unwind": {"path": "$list", "preserveNullAndEmptyArrays": True}}, {"$project": {"list": 1}}], ids(2)),
    ("unwind a number", [{"$unwind": 1}], refused(15981)),
    ("unwind without a path", [{"$unwind": {}}], refused(28812)),
    ("unwind a path of a number", [{"$unwind": {"path": 1}}], refused(28808)),
    ("unwind without a dollar", [{"$unwind": "list"}], refused(28818)),
    ("unwind and keep by a number", [{"$unwind": {"path": "$list", "preserveNullAndEmptyArrays": 1}}], refused(28809)),
    ("unwind an index of a number", [{"$unwind": {"path": "$list", "includeArrayIndex": 1}}], refused(28810)),
    ("unwind an index with a dollar", [{"$unwind": {"path": "$list", "includeArrayIndex": "$i"}}], refused(28822)),
    ("unwind with another field", [{"$unwind": {"path": "$list", "x": 1}}], refused(28811)),
)

GROUP = pipelines(
    f"{PAGE}group/",
    ROWS,
    ("group", [{"$group": {"_id": "$g", "n": {"$sum": "$a"}}}], unordered({"_id": "x", "n": 3}, {"_id": "y", "n": 3}, {"_id": None, "n": 9})),
    ("group all", [{"$group": {"_id": None, "n": {"$sum": 1}}}], [{"_id": None, "n": 5}]),
    ("group by an object", [{"$group": {"_id": {"k": "$o.k"}, "n": {"$sum": 1}}}], unordered({"_id": {"k": 1}, "n": 2}, {"_id": {"k": 2}, "n": 1}, {"_id": {}, "n": 2})),
    ("group by an expression", [{"$group": {"_id": {"$mod": ["$a", 2]}}}], unordered({"_id": 0}, {"_id": 1})),
    ("group nothing", [{"$match": {"a": 99}}, {"$group": {"_id": None, "n": {"$sum": 1}}}], []),
    ("group without _id", [{"$group": {"n": {"$sum": 1}}}], refused(15955)),
    ("group of no object", [{"$group": 1}], refused(15947)),
    ("group with a dot", [{"$group": {"_id": 1, "a.b": {"$sum": 1}}}], refused(40235)),
    ("group with a dollar", [{"$group": {"_id": 1, "$a": {"$sum": 1}}}], refused(40236)),
    ("group of a value", [{"$group": {"_id": 1, "a": 1}}], refused(40234)),
    ("sortByCount", [{"$match": {"g": {"$ne": None}}}, {"$sortByCount": "$g"}], [{"_id": "x", "count": 2}, {"_id": "y", "count": 1}]),
    ("sortByCount of text", [{"$sortByCount": "g"}], refused(40148)),
    ("bucket", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 3, 6]}}], [{"_id": 1, "count": 2}, {"_id": 3, "count": 3}]),
    ("bucket with a default", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 3], "default": "more"}}], [{"_id": 1, "count": 2}, {"_id": "more", "count": 3}]),
    ("bucket with output", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 9], "output": {"s": {"$sum": "$a"}}}}], [{"_id": 1, "s": 15}]),
    ("bucket without a place", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 3]}}], refused(40066)),
    ("bucket of one boundary", [{"$bucket": {"groupBy": "$a", "boundaries": [1]}}], refused(40192)),
    ("bucket of boundaries of types", [{"$bucket": {"groupBy": "$a", "boundaries": [1, "x"]}}], refused(40193)),
    ("bucket of boundaries backwards", [{"$bucket": {"groupBy": "$a", "boundaries": [3, 1]}}], refused(40194)),
    ("bucket of no array", [{"$bucket": {"groupBy": "$a", "boundaries": 1}}], refused(40200)),
    ("bucket with output of a number", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 9], "output": 1}}], refused(40196)),
    ("bucket with another field", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 9], "x": 1}}], refused(40197)),
    ("bucket without boundaries", [{"$bucket": {"groupBy": "$a"}}], refused(40198)),
    ("bucket with a default within", [{"$bucket": {"groupBy": "$a", "boundaries": [1, 9], "default": 5}}], refused(40199)),
    ("bucket of no object", [{"$bucket": 1}], refused(40201)),
    ("bucket by a value", [{"$bucket": {"groupBy": 1, "boundaries": [1, 9]}}], refused(40202)),
    ("bucketAuto", [{"$bucketAuto": {"groupBy": "$a", "buckets": 2}}], [{"_id": {"min": 1, "max": 4}, "count": 3}, {"_id": {"min": 4, "max": 5}, "count": 2}]),
    ("bucketAuto of powers", [{"$bucketAuto": {"groupBy": "$a", "buckets": 1, "granularity": "POWERSOF2"}}], [{"_id": {"min": 0.5, "max": 8}, "count": 5}]),
    ("bucketAuto of no buckets", [{"$bucketAuto": {"groupBy": "$a", "buckets": 0}}], refused(40243)),
    ("bucketAuto of text", [{"$bucketAuto": {"groupBy": "$a", "buckets": "x"}}], refused(40241)),
    ("bucketAuto of an unknown granularity", [{"$bucketAuto": {"groupBy": "$a", "buckets": 1, "granularity": "x"}}], refused(40257)),
    ("facet", [{"$facet": {"n": [{"$count": "c"}], "m": [{"$match": {"a": 5}}, ID]}}], [{"n": [{"c": 5}], "m": ids(5)}]),
    ("facet of nothing", [{"$facet": {}}], refused(40169)),
    ("facet of no object", [{"$facet": 1}], refused(40169)),
    ("facet of no pipeline", [{"$facet": {"a": 1}}], refused(40170)),
    ("facet in facet", [{"$facet": {"a": [{"$facet": {"b": []}}]}}], refused(40600)),
    ("facet with out", [{"$facet": {"a": [{"$out": "x"}]}}], refused(40600)),
)

#: Pipelines that read or write other collections.
ORDERS = {"insert": "orders", "documents": [{"_id": 1, "sku": "a", "n": 2}, {"_id": 2, "sku": "b", "n": 1}, {"_id": 3}]}
STOCK = {"insert": "stock", "documents": [{"_id": 1, "sku": "a", "left": 5}, {"_id": 2, "sku": "b", "left": 0}, {"_id": 3, "sku": None}]}
TREE = {"insert": "tree", "documents": [{"_id": "a"}, {"_id": "b", "up": "a"}, {"_id": "c", "up": "b"}, {"_id": "d", "up": ["b", "c"]}]}


def agg(collection, *stages, **more):
    return {"aggregate": collection, "pipeline": list(stages), "cursor": {}, **more}


def batch(*documents):
    return {"ok": 1, "cursor": {"firstBatch": list(documents), "id": 0}}


def joined(name, stage, *found, **more):
    expected = found[0] if hasattr(found[0], "code") else batch(*found)
    return name, (ORDERS, {"n": 3}), (STOCK, {"n": 3}), (agg("orders", *([stage] if isinstance(stage, dict) else stage), **more), expected)


LOOKUP = scenarios(
    f"{PAGE}lookup/",
    joined(
        "lookup by equality",
        [{"$lookup": {"from": "stock", "localField": "sku", "foreignField": "sku", "as": "s"}}, {"$project": {"s._id": 1}}],
        {"_id": 1, "s": [{"_id": 1}]}, {"_id": 2, "s": [{"_id": 2}]}, {"_id": 3, "s": [{"_id": 3}]},
    ),
    joined(
        "lookup by a pipeline",
        [{"$match": {"_id": 1}}, {"$lookup": {"from": "stock", "let": {"n": "$n"}, "pipeline": [{"$match": {"$expr": {"$gt": ["$left", "$$n"]}}}], "as": "s"}}, {"$project": {"s._id": 1}}],
        {"_id": 1, "s": [{"_id": 1}]},
    ),
    joined(
        "lookup by both",
        [{"$match": {"_id": 2}}, {"$lookup": {"from": "stock", "localField": "sku", "foreignField": "sku", "pipeline": [{"$project": {"left": 1, "_id": 0}}], "as": "s"}}],
        {"_id": 2, "sku": "b", "n": 1, "s": [{"left": 0}]},
    ),
    joined("lookup in a collection that is not there", [{"$match": {"_id": 3}}, {"$lookup": {"from": "nope", "localField": "a", "foreignField": "a", "as": "s"}}], {"_id": 3, "s": []}),
    joined("lookup without as", {"$lookup": {"from": "stock", "localField": "a", "foreignField": "a"}}, refused(40414)),
    joined("lookup with a number as from", {"$lookup": {"from": 1, "localField": "a", "foreignField": "a", "as": "s"}}, refused(9)),
    joined("lookup with half an equality", {"$lookup": {"from": "stock", "localField": "a", "as": "s"}}, refused(9)),
    joined("lookup with out within", {"$lookup": {"from": "stock", "pipeline": [{"$out": "x"}], "as": "s"}}, refused(51047)),
    joined("unionWith", [{"$unionWith": "stock"}, {"$count": "n"}], {"n": 6}),
    joined("unionWith a pipeline", [{"$match": {"_id": 1}}, {"$project": {"sku": 1}}, {"$unionWith": {"coll": "stock", "pipeline": [{"$match": {"left": 0}}, {"$project": {"sku": 1}}]}}], {"_id": 1, "sku": "a"}, {"_id": 2, "sku": "b"}),
    joined("unionWith what is not there", [{"$unionWith": "nope"}, {"$count": "n"}], {"n": 3}),
    joined("unionWith with out within", {"$unionWith": {"coll": "stock", "pipeline": [{"$out": "x"}]}}, refused(31441)),
    joined("unionWith of a number", {"$unionWith": 1}, refused(9)),
)

GRAPH = scenarios(
    f"{PAGE}graphLookup/",
    *[
        (name, (TREE, {"n": 4}), (agg("tree", {"$match": {"_id": start}}, {"$graphLookup": {"from": "tree", "startWith": "$up", "connectFromField": "up", "connectToField": "_id", "as": "all", **options}}, {"$project": {"n": {"$sortArray": {"input": "$all", "sortBy": {"_id": 1}}}}}), expected))
        for name, start, options, expected in (
            ("graphLookup", "c", {}, batch({"_id": "c", "n": [{"_id": "a"}, {"_id": "b", "up": "a"}]})),
            ("graphLookup through arrays", "d", {}, batch({"_id": "d", "n": [{"_id": "a"}, {"_id": "b", "up": "a"}, {"_id": "c", "up": "b"}]})),
            ("graphLookup to a depth", "c", {"maxDepth": 0}, batch({"_id": "c", "n": [{"_id": "b", "up": "a"}]})),
            ("graphLookup with depths", "c", {"depthField": "d"}, batch({"_id": "c", "n": [{"_id": "a", "d": 1}, {"_id": "b", "up": "a", "d": 0}]})),
            ("graphLookup of some", "c", {"restrictSearchWithMatch": {"_id": {"$ne": "b"}}}, batch({"_id": "c", "n": []})),
            ("graphLookup to a negative depth", "c", {"maxDepth": -1}, refused(40101)),
            ("graphLookup with another field", "c", {"x": 1}, refused(40104)),
        )
    ],
)


def found(collection, *documents):
    return {"find": collection, "sort": {"_id": 1}}, batch(*documents)


A, B = {"insert": "a", "documents": [{"_id": 1, "x": 1}, {"_id": 2, "x": 2}]}, {"insert": "b", "documents": [{"_id": 2, "y": 2}, {"_id": 9}]}


def merge(**options):
    return agg("a", {"$merge": {"into": "b", **options}})


OUTPUT = scenarios(
    f"{PAGE}merge/",
    ("out", (A, {"n": 2}), (agg("a", {"$out": "b"}), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "x": 2})),
    ("out replaces", (A, {"n": 2}), (B, {"n": 2}), (agg("a", {"$match": {"x": 1}}, {"$out": "b"}), batch()), found("b", {"_id": 1, "x": 1})),
    ("out to another database", (A, {"n": 2}), (lambda _, name: agg("a", {"$out": {"db": name, "coll": "b"}}), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "x": 2})),
    ("out before another stage", (A, {"n": 2}), (agg("a", {"$out": "b"}, {"$limit": 1}), refused(40601))),
    ("out to a number", (A, {"n": 2}), (agg("a", {"$out": 1}), refused(16990))),
    ("out to a capped collection", (A, {"n": 2}), ({"create": "b", "capped": True, "size": 4096}, {"ok": 1}), (agg("a", {"$out": "b"}), refused(17152))),
    ("merge", (A, {"n": 2}), (B, {"n": 2}), (merge(), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "y": 2, "x": 2}, {"_id": 9})),
    ("merge and replace", (A, {"n": 2}), (B, {"n": 2}), (merge(whenMatched="replace"), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "x": 2}, {"_id": 9})),
    ("merge and keep", (A, {"n": 2}), (B, {"n": 2}), (merge(whenMatched="keepExisting"), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "y": 2}, {"_id": 9})),
    ("merge and fail", (A, {"n": 2}), (B, {"n": 2}), (merge(whenMatched="fail"), refused(11000))),
    ("merge and discard", (A, {"n": 2}), (B, {"n": 2}), (merge(whenNotMatched="discard"), batch()), found("b", {"_id": 2, "y": 2, "x": 2}, {"_id": 9})),
    ("merge and fail what is new", (A, {"n": 2}), (B, {"n": 2}), (merge(whenNotMatched="fail"), refused(13113))),
    ("merge by a pipeline", (A, {"n": 2}), (B, {"n": 2}), (merge(whenMatched=[{"$set": {"z": "$$new.x"}}]), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "y": 2, "z": 2}, {"_id": 9})),
    ("merge by variables", (A, {"n": 2}), (B, {"n": 2}), (merge(let={"v": 5}, whenMatched=[{"$set": {"z": "$$v"}}]), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "y": 2, "z": 5}, {"_id": 9})),
    ("merge on a field without an index", (A, {"n": 2}), (B, {"n": 2}), (merge(on="x"), refused(51183))),
    ("merge on a field", (A, {"n": 2}), ({"createIndexes": "b", "indexes": [{"key": {"x": 1}, "name": "x", "unique": True}]}, {"ok": 1}), (merge(on="x"), batch()), found("b", {"_id": 1, "x": 1}, {"_id": 2, "x": 2})),
    ("merge on a number", (A, {"n": 2}), (merge(on=1), refused(51186))),
    ("merge on nothing", (A, {"n": 2}), (merge(on=[]), refused(51187))),
    ("merge in an unknown way", (A, {"n": 2}), (merge(whenMatched="nope"), refused(2))),
    ("merge into a number", (A, {"n": 2}), (agg("a", {"$merge": {"into": 1}}), refused(51178))),
)

STATISTICS = scenarios(
    f"{PAGE}collStats/",
    ("collStats counts", (A, {"n": 2}), (agg("a", {"$collStats": {"count": {}}}), batch({"count": 2}))),
    ("collStats of sizes", (A, {"n": 2}), (agg("a", {"$collStats": {"storageStats": {}}}), batch({"storageStats": {"count": 2, "nindexes": 1, "capped": False}}))),
    ("collStats not first", (A, {"n": 2}), (agg("a", {"$match": {}}, {"$collStats": {}}), refused(40602))),
    ("collStats of no object", (A, {"n": 2}), (agg("a", {"$collStats": 1}), refused(5447000))),
    ("indexStats", (A, {"n": 2}), (agg("a", {"$indexStats": {}}), batch({"name": "_id_", "key": {"_id": 1}}))),
    ("indexStats of something", (A, {"n": 2}), (agg("a", {"$indexStats": {"x": 1}}), refused(28803))),
    ("indexStats not first", (A, {"n": 2}), (agg("a", {"$match": {}}, {"$indexStats": {}}), refused(40602))),
    ("documents", (agg(1, {"$documents": [{"a": 1}, {"a": {"$add": [1, 1]}}]}), batch({"a": 1}, {"a": 2}))),
    ("documents of a collection", (agg("a", {"$documents": [{"a": 1}]}), refused(73))),
    ("documents of no array", (agg(1, {"$documents": 1}), refused(5858203))),
    ("documents of numbers", (agg(1, {"$documents": [1]}), refused(40228))),
)

test_shape = conformance(SHAPE)
test_unwind = conformance(UNWIND)
test_group = conformance(GROUP)
test_lookup = conformance(LOOKUP)
test_graph = conformance(GRAPH)
test_output = conformance(OUTPUT)
test_statistics = conformance(STATISTICS)
