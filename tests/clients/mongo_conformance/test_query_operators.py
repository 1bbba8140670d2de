"""Query operators: which documents a filter finds, by type and edge."""

import math

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, Regex

from .cases import DATE, MANUAL, MISSING, NUMBERS, VALUES, conformance, filters, matches, other_than, refused

PAGE = MANUAL + "reference/operator/query/"
TYPE_NUMBERS = {
    "double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "objectId": 7, "bool": 8, "date": 9, "null": 10, "regex": 11,
    "javascript": 13, "javascriptWithScope": 15, "int": 16, "timestamp": 17, "long": 18, "decimal": 19, "minKey": -1, "maxKey": 127,
}

EQUALITY = matches(
    f"{PAGE}eq/",
    *[(f"{name} equals itself", value, {"a": {"$eq": value}}, True) for name, value in other_than("regex").items()],
    *[(f"{name} does not differ from itself", value, {"a": {"$ne": value}}, False) for name, value in other_than("regex").items()],
    *[(f"{name} is not text", value, {"a": "some text"}, False) for name, value in VALUES.items()],
    *[(f"{name} differs from text", value, {"a": {"$ne": "some text"}}, True) for name, value in VALUES.items()],
    *[
        (f"{name} equals other types of its number", 3 if name == "int" else type_of(3), {"a": number}, True)
        for name, type_of in (("int", int), ("double", float), ("long", Int64), ("decimal", lambda n: Decimal128(str(n))))
        for number in [Decimal128("3.0")]
    ],
    ("null matches missing", MISSING, {"a": None}, True),
    ("null matches null", None, {"a": None}, True),
    ("null does not match a value", 1, {"a": None}, False),
    ("null matches an array with null", [1, None], {"a": None}, True),
    ("null does not match an empty array", [], {"a": None}, False),
    ("not null does not match missing", MISSING, {"a": {"$ne": None}}, False),
    ("eq null matches missing", MISSING, {"a": {"$eq": None}}, True),
    ("an item of an array", [1, 2], {"a": 2}, True),
    ("a whole array", [1, 2], {"a": [1, 2]}, True),
    ("a whole array in another order", [1, 2], {"a": [2, 1]}, False),
    ("an array within an array", [[1, 2], 3], {"a": [1, 2]}, True),
    ("ne of an item of an array", [1, 2], {"a": {"$ne": 2}}, False),
    ("a whole object", {"b": 1, "c": 2}, {"a": {"b": 1, "c": 2}}, True),
    ("a whole object in another order", {"b": 1, "c": 2}, {"a": {"c": 2, "b": 1}}, False),
    ("a part of an object", {"b": 1, "c": 2}, {"a": {"b": 1}}, False),
    ("an object with another type of number", {"b": 1}, {"a": {"b": 1.0}}, True),
    ("eq of a regex is the regex itself", "abc", {"a": {"$eq": Regex("a")}}, False),
    ("eq of a regex finds the regex", Regex("a"), {"a": {"$eq": Regex("a")}}, True),
    ("NaN equals NaN", math.nan, {"a": math.nan}, True),
    ("minus zero equals zero", -0.0, {"a": 0}, True),
    ("binary data of another subtype", Binary(b"x", 0), {"a": Binary(b"x", 5)}, False),
    ("true is not one", True, {"a": 1}, False),
    ("an unknown operator", 1, {"a": {"$nope": 1}}, refused(2)),
    ("an operator beside a field", 1, {"a": {"$gt": 1, "b": 1}}, refused(2)),
    ("an unknown operator at the top", 1, {"$nope": 1}, refused(2)),
)

BRACKETS = matches(
    MANUAL + "reference/bson-type-comparison-order/",
    *[(f"gt compares {name} with no number", value, {"a": {"$gt": 0}}, False) for name, value in other_than(*NUMBERS, "array").items()],
    *[(f"gt compares {name} with a number", VALUES[name], {"a": {"$gt": 0}}, True) for name in NUMBERS],
    *[(f"lt compares {name} with no text", value, {"a": {"$lt": "zzz"}}, False) for name, value in other_than("string", "array").items()],
    *[(f"gte of {name} and itself", value, {"a": {"$gte": value}}, True) for name, value in other_than("regex").items()],
    *[(f"lte of {name} and itself", value, {"a": {"$lte": value}}, True) for name, value in other_than("regex").items()],
    *[(f"gt of {name} and itself", value, {"a": {"$gt": value}}, False) for name, value in other_than("regex").items()],
    *[(f"lt of {name} and maxKey", value, {"a": {"$lt": MaxKey()}}, name != "maxKey") for name, value in VALUES.items()],
    *[(f"gt of {name} and minKey", value, {"a": {"$gt": MinKey()}}, name != "minKey") for name, value in VALUES.items()],
    ("gte null matches missing", MISSING, {"a": {"$gte": None}}, True),
    ("gt null does not match missing", MISSING, {"a": {"$gt": None}}, False),
    ("gt an item of an array", [1, 5], {"a": {"$gt": 4}}, True),
    ("gt and lt by different items", [1, 5], {"a": {"$gt": 4, "$lt": 2}}, True),
    ("gt an array", [2, 1], {"a": {"$gt": [1, 9]}}, True),
    ("lt NaN", 1, {"a": {"$lt": math.nan}}, False),
    ("NaN lte NaN", math.nan, {"a": {"$lte": math.nan}}, True),
    ("gt false", True, {"a": {"$gt": False}}, True),
    ("gt of objects", {"b": 2}, {"a": {"$gt": {"b": 1}}}, True),
    ("lt a long beyond doubles", Int64(2**53), {"a": {"$lt": Int64(2**53 + 1)}}, True),
    ("gt with a regex", "a", {"a": {"$gt": Regex("a")}}, refused(2)),
    ("ne with a regex", "a", {"a": {"$ne": Regex("a")}}, refused(2)),
)

SETS = matches(
    f"{PAGE}in/",
    *[(f"in finds {name}", value, {"a": {"$in": ["some text", value]}}, True) for name, value in other_than("regex").items()],
    *[(f"nin leaves {name} out", value, {"a": {"$nin": ["some text", value]}}, False) for name, value in other_than("regex").items()],
    ("in nothing", 1, {"a": {"$in": []}}, False),
    ("nin nothing", 1, {"a": {"$nin": []}}, True),
    ("in with null matches missing", MISSING, {"a": {"$in": [None]}}, True),
    ("nin with null does not match missing", MISSING, {"a": {"$nin": [None]}}, False),
    ("in with a regex", "abc", {"a": {"$in": [Regex("^a")]}}, True),
    ("in with a regex not", "xabc", {"a": {"$in": [Regex("^a")]}}, False),
    ("in matches an item", [1, 2], {"a": {"$in": [2]}}, True),
    ("in matches a whole array", [1, 2], {"a": {"$in": [[1, 2]]}}, True),
    ("in of no array", 1, {"a": {"$in": 1}}, refused(2)),
    ("nin of no array", 1, {"a": {"$nin": 1}}, refused(2)),
    ("in with an operator", 1, {"a": {"$in": [{"$gt": 1}]}}, refused(2)),
)

LOGIC = matches(
    f"{PAGE}and/",
    ("and", 5, {"$and": [{"a": {"$gt": 1}}, {"a": {"$lt": 9}}]}, True),
    ("and not", 5, {"$and": [{"a": 5}, {"a": 6}]}, False),
    ("or", 5, {"$or": [{"a": 1}, {"a": 5}]}, True),
    ("or not", 5, {"$or": [{"a": 1}, {"a": 2}]}, False),
    ("nor", 5, {"$nor": [{"a": 1}, {"a": 2}]}, True),
    ("nor not", 5, {"$nor": [{"a": 5}, {"a": 2}]}, False),
    ("not", 5, {"a": {"$not": {"$gt": 9}}}, True),
    ("not matches missing", MISSING, {"a": {"$not": {"$gt": 9}}}, True),
    ("not matches another type", "x", {"a": {"$not": {"$gt": 9}}}, True),
    ("not of a regex", "x", {"a": {"$not": Regex("^a")}}, True),
    ("not of a regex operator", "abc", {"a": {"$not": {"$regex": "^a"}}}, False),
    ("not of every item", [1, 10], {"a": {"$not": {"$gt": 9}}}, False),
    *[
        (f"{operator} of {what}", 1, {f"${operator}": value}, refused(2))
        for operator in ("and", "or", "nor")
        for what, value in (("nothing", []), ("a number", 1), ("an object", {}), ("numbers", [1]))
    ],
    ("not of a value", 1, {"a": {"$not": 1}}, refused(2)),
    ("not of an empty object", 1, {"a": {"$not": {}}}, refused(2)),
    ("not at the top", 1, {"$not": {"a": 1}}, refused(2)),
    ("comment", 1, {"a": 1, "$comment": "why"}, True),
)

ELEMENT = matches(
    f"{PAGE}type/",
    *[(f"exists finds {name}", value, {"a": {"$exists": True}}, True) for name, value in VALUES.items()],
    ("exists finds no missing field", MISSING, {"a": {"$exists": True}}, False),
    ("exists false finds a missing field", MISSING, {"a": {"$exists": False}}, True),
    ("exists false finds no null", None, {"a": {"$exists": False}}, False),
    ("exists of one", 1, {"a": {"$exists": 1}}, True),
    ("exists of zero", MISSING, {"a": {"$exists": 0}}, True),
    *[(f"type {name} by alias", value, {"a": {"$type": name}}, True) for name, value in VALUES.items()],
    *[(f"type {name} by number", value, {"a": {"$type": TYPE_NUMBERS[name]}}, True) for name, value in VALUES.items()],
    *[(f"type number of {name}", value, {"a": {"$type": "number"}}, name in NUMBERS or name == "array") for name, value in VALUES.items()],
    ("type of several", "x", {"a": {"$type": ["int", "string"]}}, True),
    ("type of an item", [1, "x"], {"a": {"$type": "string"}}, True),
    ("type array of an array", [], {"a": {"$type": "array"}}, True),
    ("type of a missing field", MISSING, {"a": {"$type": "null"}}, False),
    ("type of an unknown alias", 1, {"a": {"$type": "nope"}}, refused(2)),
    ("type of an unknown number", 1, {"a": {"$type": 99}}, refused(2)),
    ("type zero", 1, {"a": {"$type": 0}}, refused(2)),
    ("type of nothing", 1, {"a": {"$type": []}}, refused(9)),
    ("type of a bool", 1, {"a": {"$type": True}}, refused(14)),
)

EVALUATION = matches(
    f"{PAGE}mod/",
    ("mod", 12, {"a": {"$mod": [4, 0]}}, True),
    ("mod not", 13, {"a": {"$mod": [4, 0]}}, False),
    ("mod of a double", 12.7, {"a": {"$mod": [4, 0]}}, True),
    ("mod of a negative", -13, {"a": {"$mod": [4, -1]}}, True),
    ("mod of a decimal", Decimal128("12"), {"a": {"$mod": [4, 0]}}, True),
    ("mod of text", "12", {"a": {"$mod": [4, 0]}}, False),
    ("mod of an item", [1, 12], {"a": {"$mod": [4, 0]}}, True),
    ("mod of NaN", math.nan, {"a": {"$mod": [4, 0]}}, False),
    ("mod by zero", 1, {"a": {"$mod": [0, 0]}}, refused(2)),
    ("mod of one", 1, {"a": {"$mod": [4]}}, refused(2)),
    ("mod of three", 1, {"a": {"$mod": [4, 1, 2]}}, refused(2)),
    ("mod of no array", 1, {"a": {"$mod": 4}}, refused(2)),
    ("mod by text", 1, {"a": {"$mod": ["x", 0]}}, refused(2)),
    ("mod by NaN", 1, {"a": {"$mod": [math.nan, 0]}}, refused(2)),
    ("regex", "abc", {"a": {"$regex": "b"}}, True),
    ("regex is case sensitive", "ABC", {"a": {"$regex": "b"}}, False),
    ("regex with options", "ABC", {"a": {"$regex": "b", "$options": "i"}}, True),
    ("regex over lines", "x\nabc", {"a": {"$regex": "^a", "$options": "m"}}, True),
    ("regex with a dot of all", "a\nc", {"a": {"$regex": "a.c", "$options": "s"}}, True),
    ("regex with comments", "abc", {"a": {"$regex": "a b #c\n c", "$options": "x"}}, True),
    ("regex ahead", "foobar", {"a": {"$regex": "foo(?=bar)"}}, True),
    ("regex not ahead", "foobar", {"a": {"$regex": "foo(?!bar)"}}, False),
    ("regex behind", "foobar", {"a": {"$regex": "(?<=foo)bar"}}, True),
    ("regex of what was found", "xx", {"a": {"$regex": "(x)\\1"}}, True),
    ("regex of Unicode", "É", {"a": {"$regex": "é", "$options": "i"}}, True),
    ("regex of an item", ["x", "abc"], {"a": {"$regex": "^a"}}, True),
    ("regex of a number", 1, {"a": {"$regex": "1"}}, False),
    ("regex finds the same regex", Regex("b"), {"a": Regex("b")}, True),
    ("regex as a value", "abc", {"a": Regex("^AB", "i")}, True),
    ("regex with a bad pattern", "a", {"a": {"$regex": "("}}, refused(51091)),
    ("regex with bad options", "a", {"a": {"$regex": "a", "$options": "q"}}, refused(51108)),
    ("regex of a number as pattern", "a", {"a": {"$regex": 1}}, refused(2)),
    ("options without a regex", "a", {"a": {"$options": "i"}}, refused(2)),
    ("options twice", "a", {"a": {"$regex": Regex("a", "i"), "$options": "m"}}, refused(51075)),
    ("expr", 5, {"$expr": {"$gt": ["$a", 3]}}, True),
    ("expr of a missing field", MISSING, {"$expr": "$a"}, False),
    ("expr compares types", "x", {"$expr": {"$gt": ["$a", 3]}}, True),
    ("expr with an unknown operator", 1, {"$expr": {"$nope": 1}}, refused(168)),
    ("expr of two arguments for one", 1, {"$expr": {"$abs": [1, 2]}}, refused(16020)),
    ("sampleRate of one", 1, {"$sampleRate": 1.0}, True),
    ("sampleRate of zero", 1, {"$sampleRate": 0.0}, False),
    ("sampleRate beyond one", 1, {"$sampleRate": 2.0}, refused(2)),
    ("rand below", 1, {"$expr": {"$lt": [{"$rand": {}}, 1]}}, True),
    ("where is not there", 1, {"$where": "true"}, refused(2)),
)

ARRAYS = matches(
    f"{PAGE}all/",
    ("all", [1, 2, 3], {"a": {"$all": [3, 1]}}, True),
    ("all not", [1, 2], {"a": {"$all": [3, 1]}}, False),
    ("all of a single value", 5, {"a": {"$all": [5]}}, True),
    ("all of nothing", [1], {"a": {"$all": []}}, False),
    ("all of a whole array", [1, 2], {"a": {"$all": [[1, 2]]}}, True),
    ("all with a regex", ["abc", "x"], {"a": {"$all": [Regex("^a"), "x"]}}, True),
    ("all of elemMatch", [{"b": 1}, {"b": 2}], {"a": {"$all": [{"$elemMatch": {"b": 1}}, {"$elemMatch": {"b": 2}}]}}, True),
    ("all of elemMatch not", [{"b": 1}], {"a": {"$all": [{"$elemMatch": {"b": 1}}, {"$elemMatch": {"b": 2}}]}}, False),
    ("all of null matches missing", MISSING, {"a": {"$all": [None]}}, True),
    ("all of no array", 1, {"a": {"$all": 1}}, refused(2)),
    ("all of an operator", 1, {"a": {"$all": [{"$gt": 1}]}}, refused(2)),
    ("elemMatch of objects", [{"b": 1, "c": 2}], {"a": {"$elemMatch": {"b": 1, "c": 2}}}, True),
    ("elemMatch by different items", [{"b": 1}, {"c": 2}], {"a": {"$elemMatch": {"b": 1, "c": 2}}}, False),
    ("elemMatch of values", [1, 5, 9], {"a": {"$elemMatch": {"$gt": 4, "$lt": 6}}}, True),
    ("elemMatch of values not", [1, 9], {"a": {"$elemMatch": {"$gt": 4, "$lt": 6}}}, False),
    ("elemMatch of no array", 5, {"a": {"$elemMatch": {"$gt": 4}}}, False),
    ("elemMatch of an object that is no array", {"b": 1}, {"a": {"$elemMatch": {"b": 1}}}, False),
    ("elemMatch of arrays within", [[1, 2]], {"a": {"$elemMatch": {"$elemMatch": {"$eq": 2}}}}, True),
    ("elemMatch of a number", [1], {"a": {"$elemMatch": 1}}, refused(2)),
    ("size", [1, 2], {"a": {"$size": 2}}, True),
    ("size not", [1, 2], {"a": {"$size": 1}}, False),
    ("size of nothing", [], {"a": {"$size": 0}}, True),
    ("size of no array", "ab", {"a": {"$size": 2}}, False),
    ("size of a whole double", [1, 2], {"a": {"$size": 2.0}}, True),
    ("size of a half", [1], {"a": {"$size": 0.5}}, refused(2)),
    ("size of a negative", [1], {"a": {"$size": -1}}, refused(2)),
    ("size of text", [1], {"a": {"$size": "x"}}, refused(2)),
    ("size does not count within", [[1, 2]], {"a": {"$size": 2}}, False),
)

BITS = matches(
    f"{PAGE}bitsAllSet/",
    ("bitsAllSet of a mask", 20, {"a": {"$bitsAllSet": 20}}, True),
    ("bitsAllSet of places", 20, {"a": {"$bitsAllSet": [2, 4]}}, True),
    ("bitsAllSet not", 20, {"a": {"$bitsAllSet": [1, 4]}}, False),
    ("bitsAllSet of binary data", Binary(b"\x14"), {"a": {"$bitsAllSet": [2, 4]}}, True),
    ("bitsAllSet by binary data", 20, {"a": {"$bitsAllSet": Binary(b"\x14")}}, True),
    ("bitsAnySet", 20, {"a": {"$bitsAnySet": [1, 4]}}, True),
    ("bitsAnySet not", 20, {"a": {"$bitsAnySet": [0, 1]}}, False),
    ("bitsAllClear", 20, {"a": {"$bitsAllClear": [0, 1]}}, True),
    ("bitsAllClear not", 20, {"a": {"$bitsAllClear": [0, 2]}}, False),
    ("bitsAnyClear", 20, {"a": {"$bitsAnyClear": [0, 2]}}, True),
    ("bitsAnyClear not", 20, {"a": {"$bitsAnyClear": [2, 4]}}, False),
    ("bits of a negative extend their sign", -1, {"a": {"$bitsAllSet": [200]}}, True),
    ("bits of a whole double", 20.0, {"a": {"$bitsAllSet": 20}}, True),
    ("bits of a half", 20.5, {"a": {"$bitsAllSet": 20}}, False),
    ("bits of text", "x", {"a": {"$bitsAllClear": 20}}, False),
    ("bits of an item", [1, 20], {"a": {"$bitsAllSet": 20}}, True),
    *[
        (f"{operator} of {what}", 1, {"a": {f"${operator}": value}}, refused(code))
        for operator in ("bitsAllSet", "bitsAnySet", "bitsAllClear", "bitsAnyClear")
        for what, value, code in (("a negative", -1, 9), ("a half", 0.5, 9), ("text", "x", 2), ("a negative place", [-1], 2))
    ],
)

DOCUMENTS = [
    {"_id": 1, "a": {"b": 1}, "list": [{"x": 1}, {"x": 2}], "n": [[1, 2], [3]]},
    {"_id": 2, "a": [{"b": 1}, {"b": 2}], "list": [5, 6, 7]},
    {"_id": 3, "a": {"0": "zero"}, "list": {"0": 5}},
    {"_id": 4, "a": None, "list": []},
    {"_id": 5, "a": [None, {"b": None}]},
    {"_id": 6},
]
PATHS = filters(
    MANUAL + "tutorial/query-array-of-documents/",
    DOCUMENTS,
    ("a path", {"a.b": 1}, [1, 2]),
    ("a path of null", {"a.b": None}, [3, 4, 5, 6]),
    ("a path that exists", {"a.b": {"$exists": True}}, [1, 2, 5]),
    ("a path through an array by number", {"list.0": 5}, [2, 3]),
    ("a path by number and field", {"list.1.x": 2}, [1]),
    ("a path by number beyond", {"list.9": {"$exists": True}}, []),
    ("a path through items", {"list.x": 2}, [1]),
    ("a path to an array within, as it is", {"n.0": [1, 2]}, [1]),
    ("a path to an array within, not to its items", {"n.1": 3}, []),
    ("a path with a field that is a number", {"a.0": "zero"}, [3]),
    ("a path that does not exist", {"a.b.c": {"$exists": False}}, [1, 2, 3, 4, 5, 6]),
    ("gt through items", {"a.b": {"$gt": 1}}, [2]),
    ("ne through items", {"a.b": {"$ne": 1}}, [3, 4, 5, 6]),
    ("elemMatch on a path", {"list": {"$elemMatch": {"x": {"$gte": 2}}}}, [1]),
    ("size on a path", {"list": {"$size": 3}}, [2]),
    ("nothing finds all", {}, [1, 2, 3, 4, 5, 6]),
    ("expr with a path", {"$expr": {"$eq": ["$a.b", 1]}}, [1]),
    ("a filter that is no object", 1, refused(14)),
    ("alwaysTrue", {"$alwaysTrue": 1}, [1, 2, 3, 4, 5, 6]),
    ("alwaysFalse", {"$alwaysFalse": 1}, []),
)


def schema(rules):
    return {"$jsonSchema": rules}


SCHEMA = matches(
    f"{PAGE}jsonSchema/",
    ("required", 1, schema({"required": ["a"]}), True),
    ("required is missing", MISSING, schema({"required": ["a"]}), False),
    *[(f"bsonType {name}", value, schema({"properties": {"a": {"bsonType": name}}}), True) for name, value in VALUES.items()],
    *[(f"bsonType bool of {name}", value, schema({"properties": {"a": {"bsonType": "bool"}}}), name == "bool") for name, value in VALUES.items()],
    ("bsonType of several", "x", schema({"properties": {"a": {"bsonType": ["int", "string"]}}}), True),
    ("bsonType number", 1.5, schema({"properties": {"a": {"bsonType": "number"}}}), True),
    ("type string", "x", schema({"properties": {"a": {"type": "string"}}}), True),
    ("type object not", "x", schema({"properties": {"a": {"type": "object"}}}), False),
    ("a property that is missing", MISSING, schema({"properties": {"a": {"bsonType": "int"}}}), True),
    ("enum", 2, schema({"properties": {"a": {"enum": [1, 2]}}}), True),
    ("enum not", 3, schema({"properties": {"a": {"enum": [1, 2]}}}), False),
    ("minimum", 5, schema({"properties": {"a": {"minimum": 5}}}), True),
    ("exclusive minimum", 5, schema({"properties": {"a": {"minimum": 5, "exclusiveMinimum": True}}}), False),
    ("maximum", 6, schema({"properties": {"a": {"maximum": 5}}}), False),
    ("minimum of text", "x", schema({"properties": {"a": {"minimum": 5}}}), True),
    ("multipleOf", 9, schema({"properties": {"a": {"multipleOf": 3}}}), True),
    ("multipleOf not", 10, schema({"properties": {"a": {"multipleOf": 3}}}), False),
    ("minLength counts letters", "é", schema({"properties": {"a": {"minLength": 2}}}), False),
    ("maxLength", "abc", schema({"properties": {"a": {"maxLength": 2}}}), False),
    ("pattern", "abc", schema({"properties": {"a": {"pattern": "^a"}}}), True),
    ("pattern not", "xbc", schema({"properties": {"a": {"pattern": "^a"}}}), False),
    ("items", [1, 2], schema({"properties": {"a": {"items": {"bsonType": "int"}}}}), True),
    ("items not", [1, "x"], schema({"properties": {"a": {"items": {"bsonType": "int"}}}}), False),
    ("items by place", [1, "x"], schema({"properties": {"a": {"items": [{"bsonType": "int"}, {"bsonType": "string"}]}}}), True),
    ("additionalItems", [1, 2], schema({"properties": {"a": {"items": [{}], "additionalItems": False}}}), False),
    ("minItems", [1], schema({"properties": {"a": {"minItems": 2}}}), False),
    ("maxItems", [1, 2, 3], schema({"properties": {"a": {"maxItems": 2}}}), False),
    ("uniqueItems", [1, 1.0], schema({"properties": {"a": {"uniqueItems": True}}}), False),
    ("minProperties", {"b": 1}, schema({"properties": {"a": {"minProperties": 2}}}), False),
    ("maxProperties", {"b": 1}, schema({"properties": {"a": {"maxProperties": 0}}}), False),
    ("additionalProperties", 1, schema({"properties": {}, "additionalProperties": False}), False),
    ("patternProperties", {"x1": "no"}, schema({"properties": {"a": {"patternProperties": {"^x": {"bsonType": "int"}}}}}), False),
    ("dependencies", {"b": 1}, schema({"properties": {"a": {"dependencies": {"b": ["c"]}}}}), False),
    ("allOf", 5, schema({"properties": {"a": {"allOf": [{"minimum": 1}, {"maximum": 4}]}}}), False),
    ("anyOf", 5, schema({"properties": {"a": {"anyOf": [{"minimum": 9}, {"maximum": 6}]}}}), True),
    ("oneOf", 5, schema({"properties": {"a": {"oneOf": [{"minimum": 1}, {"maximum": 6}]}}}), False),
    ("not of a schema", 5, schema({"properties": {"a": {"not": {"bsonType": "int"}}}}), False),
    ("title and description", 5, schema({"title": "t", "description": "d"}), True),
    ("an unknown word", 5, schema({"nope": 1}), refused(9)),
    ("a word that is not supported", 5, schema({"$ref": "x"}), refused(9)),
    ("a schema that is no object", 5, schema(1), refused(14)),
    ("bsonType of an unknown type", 5, schema({"properties": {"a": {"bsonType": "nope"}}}), refused(2)),
    ("required of nothing", 5, schema({"required": []}), refused(9)),
)

test_comparison = conformance(EQUALITY, BRACKETS)
test_sets_and_logic = conformance(SETS, LOGIC)
test_element = conformance(ELEMENT)
test_evaluation = conformance(EVALUATION)
test_arrays_and_bits = conformance(ARRAYS, BITS)
test_paths = conformance(PATHS)
test_schema = conformance(SCHEMA)
