"""Projections of find: inclusion, exclusion, slices, items, positions and expressions; and sort, skip and limit."""

from bson import Int64

from .cases import MANUAL, conformance, finds, refused

PAGE = MANUAL + "reference/operator/projection/"
DOCUMENTS = [
    {"_id": 1, "a": 1, "b": {"x": 1, "y": 2}, "list": [1, 2, 3, 4, 5], "items": [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}]},
]


def of_one(*rows):
    """Rows of name, projection, the only document, and other options."""
    return [
        (name, {"projection": projection, **(options[0] if options else {})}, expected if hasattr(expected, "code") else [expected])
        for name, projection, expected, *options in rows
    ]


PROJECTION = finds(
    MANUAL + "tutorial/project-fields-from-query-results/",
    DOCUMENTS,
    *of_one(
        ("include", {"a": 1}, {"_id": 1, "a": 1}),
        ("include by true", {"a": True}, {"_id": 1, "a": 1}),
        ("include by another number", {"a": 5.5}, {"_id": 1, "a": 1}),
        ("include without _id", {"a": 1, "_id": 0}, {"a": 1}),
        ("include what is not there", {"zzz": 1}, {"_id": 1}),
        ("include keeps the document's order", {"b.x": 1, "a": 1}, {"_id": 1, "a": 1, "b": {"x": 1}}),
        ("include a path", {"b.x": 1}, {"_id": 1, "b": {"x": 1}}),
        ("include an object", {"b": {"x": 1}}, {"_id": 1, "b": {"x": 1}}),
        ("include through items", {"items.k": 1}, {"_id": 1, "items": [{"k": 1}, {"k": 2}]}),
        ("include a path through values", {"list.x": 1}, {"_id": 1, "list": []}),
        ("exclude", {"list": 0, "items": 0, "b": 0}, {"_id": 1, "a": 1}),
        ("exclude a path", {"b.x": 0, "list": 0, "items": 0}, {"_id": 1, "a": 1, "b": {"y": 2}}),
        ("exclude _id alone", {"_id": 0, "list": 0, "items": 0, "b": 0}, {"a": 1}),
        ("exclude through items", {"items.v": 0, "list": 0, "b": 0, "a": 0}, {"_id": 1, "items": [{"k": 1}, {"k": 2}]}),
        ("nothing", {}, DOCUMENTS[0]),
        ("include and exclude", {"a": 1, "b": 0}, refused(31254)),
        ("exclude and include", {"a": 0, "b": 1}, refused(31253)),
        ("include a path and its parent", {"b": 1, "b.x": 1}, refused(31249)),
        ("include a path before its parent", {"b.x": 1, "b": 1}, refused(31250)),
        ("an empty object", {"a": {}}, refused(51270)),
        ("a path with an empty part", {"a..b": 1}, refused(15998)),
        ("a name that begins with a dollar", {"$a": 1}, refused(16410)),
        ("slice the first", {"list": {"$slice": 2}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": [1, 2]}),
        ("slice the last", {"list": {"$slice": -2}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": [4, 5]}),
        ("slice from", {"list": {"$slice": [1, 2]}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": [2, 3]}),
        ("slice from the end", {"list": {"$slice": [-3, 2]}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": [3, 4]}),
        ("slice beyond", {"list": {"$slice": [9, 2]}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": []}),
        ("slice nothing", {"list": {"$slice": 0}, "items": 0, "b": 0}, {"_id": 1, "a": 1, "list": []}),
        ("slice beside an inclusion", {"list": {"$slice": 1}, "a": 1}, {"_id": 1, "a": 1, "list": [1]}),
        ("slice of no array", {"a": {"$slice": 1}, "items": 0, "b": 0, "list": 0}, {"_id": 1, "a": 1}),
        ("slice by text", {"list": {"$slice": "x"}}, refused(28667)),
        ("slice by a negative count", {"list": {"$slice": [1, -1]}}, refused(28724)),
        ("slice by three", {"list": {"$slice": [1, 2, 3]}}, refused(28724)),
        ("elemMatch", {"items": {"$elemMatch": {"k": 2}}}, {"_id": 1, "items": [{"k": 2, "v": "b"}]}),
        ("elemMatch of values", {"list": {"$elemMatch": {"$gt": 3}}}, {"_id": 1, "list": [4]}),
        ("elemMatch without a match", {"items": {"$elemMatch": {"k": 9}}}, {"_id": 1}),
        ("elemMatch of no array", {"a": {"$elemMatch": {"$gt": 0}}}, {"_id": 1}),
        ("elemMatch beside an inclusion", {"a": 1, "items": {"$elemMatch": {"k": 1}}}, {"_id": 1, "a": 1, "items": [{"k": 1, "v": "a"}]}),
        ("elemMatch of a path", {"items.k": {"$elemMatch": {"k": 1}}}, refused(31275)),
        ("elemMatch of no object", {"items": {"$elemMatch": 1}}, refused(31274)),
        ("the item that matched", {"list.$": 1}, {"_id": 1, "list": [3]}, {"filter": {"list": 3}}),
        ("the item that matched by elemMatch", {"items.$": 1}, {"_id": 1, "items": [{"k": 2, "v": "b"}]}, {"filter": {"items": {"$elemMatch": {"k": 2}}}}),
        ("the item that matched a range", {"list.$": 1}, {"_id": 1, "list": [4]}, {"filter": {"list": {"$gt": 3}}}),
        ("two items that matched", {"list.$": 1, "items.$": 1}, refused(31276), {"filter": {"list": 3}}),
        ("the item that matched within a path", {"list.$.x": 1}, refused(31394), {"filter": {"list": 3}}),
        ("the item that matched and elemMatch", {"list.$": 1, "items": {"$elemMatch": {"k": 1}}}, refused(31255), {"filter": {"list": 3}}),
        ("the item that matched without a match", {"list.$": 1}, refused(51246), {"filter": {"a": 1}}),
        ("an expression", {"sum": {"$add": ["$a", 1]}}, {"_id": 1, "sum": 2}),
        ("a path as an expression", {"x": "$b.x"}, {"_id": 1, "x": 1}),
        ("text is a value", {"x": "text"}, {"_id": 1, "x": "text"}),
        ("an array of expressions", {"x": ["$a", "$b.y"]}, {"_id": 1, "x": [1, 2]}),
        ("a literal", {"x": {"$literal": 1}}, {"_id": 1, "x": 1}),
        ("an unknown expression", {"x": {"$nope": 1}}, refused(31325)),
        ("an expression in an exclusion", {"a": 0, "x": {"$add": [1, 1]}}, refused(31252)),
        ("text in an exclusion", {"a": 0, "x": "text"}, refused(31310)),
        ("expressions of an object", {"x": {"y": "$a"}}, {"_id": 1, "x": {"y": 1}}),
        ("a projection that is no object", 1, refused(14)),
    ),
)

ROWS = [
    {"_id": 1, "a": 3, "t": "b"}, {"_id": 2, "a": 1, "t": "B"}, {"_id": 3, "a": 2, "t": "a"},
    {"_id": 4, "a": [0, 9], "t": "A"}, {"_id": 5, "a": "x"}, {"_id": 6, "a": None}, {"_id": 7}, {"_id": 8, "a": []},
]


def by(*ids):
    return [{"_id": id} for id in ids]


def ordered(sort, *more):
    return {"sort": sort, "projection": {"_id": 1}, **{name: value for one in more for name, value in one.items()}}


SORT = finds(
    MANUAL + "reference/method/cursor.sort/",
    ROWS,
    ("sort upwards", ordered({"a": 1, "_id": 1}), by(8, 6, 7, 4, 2, 3, 1, 5)),
    ("sort downwards", ordered({"a": -1, "_id": 1}), by(5, 4, 1, 3, 2, 6, 7, 8)),
    ("sort by two", ordered({"t": 1, "_id": -1}), by(8, 7, 6, 5, 4, 2, 3, 1)),
    ("sort with a collation", ordered({"t": 1, "_id": 1}, {"filter": {"t": {"$exists": True}}, "collation": {"locale": "en"}}), by(3, 4, 1, 2)),
    ("sort, skip and limit", ordered({"_id": 1}, {"skip": 2, "limit": 3}), by(3, 4, 5)),
    ("skip beyond", ordered({"_id": 1}, {"skip": 99}), []),
    ("limit zero is all", ordered({"_id": 1}, {"limit": 0}), by(*range(1, 9))),
    ("a single batch", ordered({"_id": 1}, {"limit": 2, "singleBatch": True}), by(1, 2)),
    ("natural order backwards", ordered({"$natural": -1}, {"limit": 2}), by(8, 7)),
    ("sort by no order", ordered({"a": 0}), refused(15975)),
    ("sort by text", ordered({"a": "x"}), refused(15974)),
    ("sort by an empty name", ordered({"": 1}), refused(40352)),
    ("natural order and another", ordered({"$natural": 1, "a": 1}), refused(2)),
    ("sort by 33 fields", ordered({f"f{number}": 1 for number in range(33)}), refused(13103)),
    ("min and max without a hint", ordered({}, {"min": {"_id": 2}}), refused(51173)),
    ("min and max by a hint", ordered({}, {"hint": {"_id": 1}, "min": {"_id": 2}, "max": {"_id": 4}}), by(2, 3)),
    ("returnKey", {"returnKey": True, "hint": {"_id": 1}, "limit": 1}, [{"_id": 1}]),
    ("variables", ordered({"_id": 1}, {"filter": {"$expr": {"$eq": ["$a", "$$x"]}}, "let": {"x": 2}}), by(3)),
    ("a variable that is not given", ordered({}, {"filter": {"$expr": "$$x"}}), refused(17276)),
    ("a limit of a long", ordered({"_id": 1}, {"limit": Int64(1)}), by(1)),
    ("a negative limit", ordered({"_id": 1}, {"limit": -1}), refused(2)),
    ("a negative skip", ordered({"_id": 1}, {"skip": -1}), refused(2)),
    ("a negative batch size", ordered({"_id": 1}, {"batchSize": -1}), refused(2)),
    ("batches of two", ordered({"_id": 1}, {"batchSize": 2}), by(*range(1, 9))),
)

test_projection = conformance(PROJECTION)
test_sort = conformance(SORT)
