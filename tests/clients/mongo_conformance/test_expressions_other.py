"""Comparison, booleans, conditions, objects, variables and types in expressions."""

import datetime
import math

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp

from .cases import DATE, ID, MANUAL, MISSING, VALUES, conformance, expressions, later, literal, other_than, refused, size_of

PAGE = MANUAL + "reference/operator/aggregation/"

#: Values of all types in the order of the manual's page on comparison; each is less than the next.
ORDER = [
    ("minKey", MinKey()), ("missing", MISSING), ("null", None), ("NaN", math.nan), ("minus infinity", -math.inf), ("int", 1),
    ("double", 1.5), ("decimal", Decimal128("1.6")), ("infinity", math.inf), ("empty string", ""), ("string", "a"),
    ("longer string", "aa"), ("empty object", {}), ("object", {"a": 1}), ("empty array", []), ("array", [1]),
    ("short binary", Binary(b"z")), ("long binary", Binary(b"aa")), ("objectId", ID), ("false", False), ("true", True),
    ("early date", datetime.datetime(1960, 1, 1)), ("date", DATE), ("timestamp", Timestamp(1, 1)),
    ("regex", VALUES["regex"]), ("javascript", VALUES["javascript"]), ("javascriptWithScope", VALUES["javascriptWithScope"]),
    ("maxKey", MaxKey()),
]


def operand(value):
    return "$absent" if value is MISSING else literal(value)


COMPARE = expressions(
    MANUAL + "reference/bson-type-comparison-order/",
    *[
        (f"cmp {name} is less than {next_name}", {"$cmp": [operand(value), operand(next_value)]}, -1)
        for (name, value), (next_name, next_value) in zip(ORDER, ORDER[1:])
    ],
    *[(f"cmp {name} is equal to itself", {"$cmp": [operand(value), operand(value)]}, 0) for name, value in ORDER],
    *[
        (f"{operator} of {name} and maxKey", {f"${operator}": [operand(value), MaxKey()]}, expected)
        for name, value in ORDER[:-1:3]
        for operator, expected in (("lt", True), ("lte", True), ("gt", False), ("gte", False), ("eq", False), ("ne", True))
    ],
    ("eq of numbers of different types", {"$eq": [1, 1.0]}, True),
    ("eq of int and decimal", {"$eq": [1, Decimal128("1.00")]}, True),
    ("eq of zero and minus zero", {"$eq": [0.0, -0.0]}, True),
    ("eq of objects in another order", {"$eq": [literal({"a": 1, "b": 2}), literal({"b": 2, "a": 1})]}, False),
    ("eq of null and missing", {"$eq": [None, "$absent"]}, False),
    ("eq of a double and its decimal text", {"$eq": [0.1, Decimal128("0.1")]}, False),
    ("gt of strings by bytes", {"$gt": ["a", "B"]}, True),
    ("lt of a string and a number", {"$lt": ["a", 5]}, False),
    ("lt of a number and a string", {"$lt": [5, "a"]}, True),
    ("gte of equal arrays", {"$gte": [[1, 2], [1, 2]]}, True),
    ("lt of a shorter array", {"$lt": [[1], [1, 2]]}, True),
    ("cmp of a big long and its double", {"$cmp": [Int64(2**53 + 1), float(2**53)]}, 1),
    *[(f"{operator} of one", {f"${operator}": [1]}, refused(16020)) for operator in ("cmp", "eq", "ne", "gt", "gte", "lt", "lte")],
    *[(f"{operator} of three", {f"${operator}": [1, 2, 3]}, refused(16020)) for operator in ("cmp", "eq", "ne", "gt", "gte", "lt", "lte")],
)

BOOLEAN = expressions(
    f"{PAGE}and/",
    ("and of nothing", {"$and": []}, True),
    ("and of true and one", {"$and": [True, 1]}, True),
    ("and of true and zero", {"$and": [True, 0]}, False),
    ("and of null", {"$and": [None]}, False),
    ("and of a missing field", {"$and": ["$absent"]}, False),
    ("and of text", {"$and": ["x", ""]}, True),
    ("or of nothing", {"$or": []}, False),
    ("or of false and zero", {"$or": [False, 0, None]}, False),
    ("or of false and an empty array", {"$or": [False, []]}, True),
    ("or stops at the first", {"$or": [True, {"$divide": ["$one", 0]}]}, True, {"one": 1}),
    ("and stops at the first", {"$and": [False, {"$divide": ["$one", 0]}]}, False, {"one": 1}),
    *[
        (f"not of {name}", {"$not": [literal(value)]}, name == "null")
        for name, value in VALUES.items()
    ],
    ("not of zero", {"$not": [0]}, True),
    ("not of a zero decimal", {"$not": [Decimal128("0")]}, True),
    ("not of a zero double", {"$not": [0.0]}, True),
    ("not of NaN", {"$not": [math.nan]}, False),
    ("not of a missing field", {"$not": ["$absent"]}, True),
    ("not of two", {"$not": [1, 2]}, refused(16020)),
)

CONDITION = expressions(
    f"{PAGE}switch/",
    ("cond of an object", {"$cond": {"if": True, "then": 1, "else": 2}}, 1),
    ("cond of an array", {"$cond": [False, 1, 2]}, 2),
    ("cond of null", {"$cond": [None, 1, 2]}, 2),
    ("cond to missing", {"$cond": [True, "$absent", 2]}, MISSING),
    ("cond evaluates one branch", {"$cond": ["$yes", 1, {"$divide": ["$yes", 0]}]}, 1, {"yes": 1}),
    ("cond of two", {"$cond": [True, 1]}, refused(16020)),
    ("cond without if", {"$cond": {"then": 1, "else": 2}}, refused(17080)),
    ("cond without then", {"$cond": {"if": 1, "else": 2}}, refused(17081)),
    ("cond without else", {"$cond": {"if": 1, "then": 2}}, refused(17082)),
    ("cond with another field", {"$cond": {"if": 1, "then": 2, "else": 3, "x": 4}}, refused(17083)),
    ("ifNull of a value", {"$ifNull": [1, 2]}, 1),
    ("ifNull of null", {"$ifNull": [None, 2]}, 2),
    ("ifNull of a missing field", {"$ifNull": ["$absent", 2]}, 2),
    ("ifNull of several", {"$ifNull": ["$absent", None, 3, 4]}, 3),
    ("ifNull to null", {"$ifNull": [None, None]}, None),
    ("ifNull of false", {"$ifNull": [False, 2]}, False),
    ("ifNull of one", {"$ifNull": [1]}, refused(1257300)),
    ("switch", {"$switch": {"branches": [{"case": False, "then": 1}, {"case": True, "then": 2}], "default": 3}}, 2),
    ("switch to the default", {"$switch": {"branches": [{"case": False, "then": 1}], "default": 3}}, 3),
    ("switch without a match", {"$switch": {"branches": [{"case": "$absent", "then": 1}]}}, refused(40066)),
    ("switch of no object", {"$switch": 1}, refused(40060)),
    ("switch of no array", {"$switch": {"branches": 1}}, refused(40061)),
    ("switch of a branch that is no object", {"$switch": {"branches": [1]}}, refused(40062)),
    ("switch of a branch with another field", {"$switch": {"branches": [{"case": 1, "then": 1, "x": 1}]}}, refused(40063)),
    ("switch of a branch without case", {"$switch": {"branches": [{"then": 1}]}}, refused(40064)),
    ("switch of a branch without then", {"$switch": {"branches": [{"case": 1}]}}, refused(40065)),
    ("switch with another field", {"$switch": {"branches": [{"case": 1, "then": 1}], "x": 1}}, refused(40067)),
    ("switch of no branches", {"$switch": {"branches": []}}, refused(40068)),
)

OBJECTS = expressions(
    f"{PAGE}mergeObjects/",
    ("mergeObjects", {"$mergeObjects": [literal({"a": 1, "b": 1}), literal({"b": 2, "c": 3})]}, {"a": 1, "b": 2, "c": 3}),
    ("mergeObjects of nothing", {"$mergeObjects": []}, {}),
    ("mergeObjects with null", {"$mergeObjects": [None, literal({"a": 1})]}, {"a": 1}),
    ("mergeObjects of nulls", {"$mergeObjects": [None, "$absent"]}, {}),
    ("mergeObjects of one", {"$mergeObjects": "$a"}, {"b": 1}, {"a": {"b": 1}}),
    *[
        (f"mergeObjects of {name}", {"$mergeObjects": [literal(value)]}, refused(40400))
        for name, value in other_than("object", "null").items()
    ],
    ("getField", {"$getField": "a"}, 1, {"a": 1}),
    ("getField with a dot", {"$getField": "a.b"}, 1, {"a.b": 1}),
    ("getField with a dollar", {"$getField": literal("$a")}, 1, {"$a": 1}),
    ("getField of an input", {"$getField": {"field": "x", "input": "$a"}}, 2, {"a": {"x": 2}}),
    ("getField of an array is missing", {"$getField": {"field": "x", "input": "$a"}}, MISSING, {"a": [{"x": 2}]}),
    ("getField of null", {"$getField": {"field": "x", "input": None}}, None),
    ("getField of what is not there", {"$getField": "x"}, MISSING),
    ("getField of a number", {"$getField": 1}, refused(3041704)),
    ("getField without a field", {"$getField": {"input": 1}}, refused(3041702)),
    ("getField without an input", {"$getField": {"field": "x"}}, refused(3041703)),
    ("getField with another field", {"$getField": {"field": "x", "input": 1, "y": 1}}, refused(3041701)),
    ("setField", {"$setField": {"field": "b", "input": "$$ROOT", "value": 2}}, {"a": 1, "b": 2}, {"a": 1}),
    ("setField with a dot", {"$setField": {"field": "a.b", "input": "$$ROOT", "value": 2}}, {"a": 1, "a.b": 2}, {"a": 1}),
    ("setField removes", {"$setField": {"field": "a", "input": "$$ROOT", "value": "$$REMOVE"}}, {"b": 1}, {"a": 1, "b": 1}),
    ("setField of null", {"$setField": {"field": "a", "input": None, "value": 1}}, None),
    ("setField of no object", {"$setField": 1}, refused(4161100)),
    ("setField with another field", {"$setField": {"field": "a", "input": {}, "value": 1, "x": 1}}, refused(4161101)),
    ("setField without a field", {"$setField": {"input": {}, "value": 1}}, refused(4161102)),
    ("setField without a value", {"$setField": {"field": "a", "input": {}}}, refused(4161103)),
    ("setField of a number", {"$setField": {"field": "a", "input": 1, "value": 1}}, refused(4161105)),
    ("setField by a field", {"$setField": {"field": "$a", "input": {}, "value": 1}}, refused(4161108)),
    ("setField by a number", {"$setField": {"field": 1, "input": {}, "value": 1}}, refused(4161107)),
    ("setField without input", {"$setField": {"field": "a", "value": 1}}, refused(4161109)),
    ("unsetField", {"$unsetField": {"field": "a", "input": "$$ROOT"}}, {"b": 1}, {"a": 1, "b": 1}),
    ("unsetField of null", {"$unsetField": {"field": "a", "input": None}}, None),
    ("unsetField of what is not there", {"$unsetField": {"field": "x", "input": literal({"a": 1})}}, {"a": 1}),
)

VARIABLES = expressions(
    MANUAL + "reference/aggregation-variables/",
    ("let", {"$let": {"vars": {"x": 2}, "in": {"$add": ["$$x", 1]}}}, 3),
    ("let sees what is around it", {"$let": {"vars": {"x": "$a"}, "in": "$$x"}}, 5, {"a": 5}),
    ("let hides what is around it", {"$let": {"vars": {"x": 1}, "in": {"$let": {"vars": {"x": 2}, "in": "$$x"}}}}, 2),
    ("let of a path", {"$let": {"vars": {"x": literal({"y": 3})}, "in": "$$x.y"}}, 3),
    ("let of CURRENT", {"$let": {"vars": {"CURRENT": "$a"}, "in": "$b"}}, 7, {"a": {"b": 7}}),
    ("let of no object", {"$let": 1}, refused(16874)),
    ("let with another field", {"$let": {"vars": {}, "in": 1, "x": 1}}, refused(16875)),
    ("let without vars", {"$let": {"in": 1}}, refused(16876)),
    ("let without in", {"$let": {"vars": {}}}, refused(16877)),
    ("let of an upper case name", {"$let": {"vars": {"X": 1}, "in": 1}}, refused(9)),
    ("an unknown variable", "$$nope", refused(17276)),
    ("ROOT", "$$ROOT", {"a": 1}, {"a": 1}),
    ("ROOT of a path", "$$ROOT.a", 1, {"a": 1}),
    ("CURRENT", "$$CURRENT.a", 1, {"a": 1}),
    ("REMOVE", "$$REMOVE", MISSING),
    ("NOW is a date", {"$type": "$$NOW"}, "date"),
    ("CLUSTER_TIME is a timestamp", {"$type": "$$CLUSTER_TIME"}, "timestamp"),
    ("a path through an array", "$a.b", [1, 2], {"a": [{"b": 1}, {"b": 2}, {"c": 3}, 4]}),
    ("a path through an array by number", "$a.0", [], {"a": [1, 2]}),
    ("a path through a value", "$a.b", MISSING, {"a": 1}),
    ("an object of expressions", {"x": {"$add": [1, 1]}, "y": "$a"}, {"x": 2, "y": 5}, {"a": 5}),
    ("an object leaves missing fields out", {"x": "$absent", "y": 1}, {"y": 1}),
    ("an array shows missing fields as null", ["$absent", 1], [None, 1]),
    ("an empty path", "$", refused(16872)),
    ("a path with an empty part", "$a..b", refused(15998)),
    ("a path that ends with a dot", "$a.", refused(40353)),
    ("an unknown operator", {"$nope": 1}, refused(168)),
    ("two operators", {"$add": [1], "$subtract": [1, 2]}, refused(15983)),
    ("an operator beside a field", {"$add": [1], "x": 1}, refused(15983)),
    ("literal", {"$literal": "$a"}, "$a", {"a": 1}),
    ("literal of an operator", {"$literal": {"$add": [1, 2]}}, {"$add": [1, 2]}),
    ("rand is below one", {"$lt": [{"$rand": {}}, 1]}, True),
    ("rand is not negative", {"$gte": [{"$rand": {}}, 0]}, True),
    ("rand of something", {"$rand": {"x": 1}}, refused(3040501)),
)

TYPES = expressions(
    f"{PAGE}type/",
    *[(f"type of {name}", {"$type": literal(value)}, name) for name, value in VALUES.items()],
    ("type of a missing field", {"$type": "$absent"}, "missing"),
    ("type of two", {"$type": [1, 2]}, refused(16020)),
    *[
        (f"isNumber of {name}", {"$isNumber": literal(value)}, name in ("double", "int", "long", "decimal"))
        for name, value in VALUES.items()
    ],
    ("isNumber of a missing field", {"$isNumber": "$absent"}, False),
    ("binarySize of text", {"$binarySize": "é1"}, 3),
    ("binarySize of binary data", {"$binarySize": Binary(b"abc")}, 3),
    ("binarySize of null", {"$binarySize": None}, None),
    ("binarySize of a number", {"$binarySize": 1}, refused(51276)),
    ("bsonSize of an object", {"$bsonSize": literal({"a": 1})}, size_of({"a": 1})),
    ("bsonSize of null", {"$bsonSize": None}, None),
    ("bsonSize of a number", {"$bsonSize": 1}, refused(31393)),
    ("tsSecond", {"$tsSecond": Timestamp(5, 6)}, Int64(5)),
    ("tsIncrement", {"$tsIncrement": Timestamp(5, 6)}, Int64(6)),
    ("tsSecond of null", {"$tsSecond": None}, None),
    ("tsIncrement of a missing field", {"$tsIncrement": "$absent"}, None),
    ("tsSecond of a number", {"$tsSecond": 1}, refused(5687301)),
    ("tsIncrement of a date", {"$tsIncrement": DATE}, refused(5687302)),
    ("toHashedIndexKey is a long", {"$type": {"$toHashedIndexKey": "x"}}, "long"),
    ("toHashedIndexKey of the manual", {"$toHashedIndexKey": "string to hash"}, Int64(763543691661428748)),
    ("toHashedIndexKey of equal numbers", {"$eq": [{"$toHashedIndexKey": 1}, {"$toHashedIndexKey": 1.0}]}, True),
)

OF_ARRAYS = expressions(
    f"{PAGE}sum/",
    ("sum of arguments", {"$sum": [1, 2, 3]}, 6),
    ("sum of an array", {"$sum": "$a"}, 6, {"a": [1, 2, 3]}),
    ("sum leaves text out", {"$sum": "$a"}, 1, {"a": [1, "x", None]}),
    ("sum of several arguments does not look into arrays", {"$sum": ["$a", 1]}, 1, {"a": [1, 2]}),
    ("sum of nothing", {"$sum": "$absent"}, 0),
    ("sum of int and long", {"$sum": [1, Int64(2)]}, Int64(3)),
    ("sum of int and decimal", {"$sum": [1, Decimal128("2.5")]}, Decimal128("3.5")),
    ("sum beyond ints", {"$sum": [2**31 - 1, 1]}, Int64(2**31)),
    ("avg of arguments", {"$avg": [1, 2]}, 1.5),
    ("avg of an array", {"$avg": "$a"}, 2.0, {"a": [1, 2, 3]}),
    ("avg of text", {"$avg": "$a"}, None, {"a": ["x"]}),
    ("avg of nothing", {"$avg": "$absent"}, None),
    ("avg of decimals", {"$avg": [Decimal128("1"), Decimal128("2")]}, Decimal128("1.5")),
    ("min of an array", {"$min": "$a"}, 1, {"a": [3, 1, 2]}),
    ("min leaves null out", {"$min": [None, 5]}, 5),
    ("min of types", {"$min": ["x", 5]}, 5),
    ("min of nothing", {"$min": "$absent"}, None),
    ("max of an array", {"$max": "$a"}, 3, {"a": [3, 1, 2]}),
    ("max of types", {"$max": ["x", 5]}, "x"),
    ("max of nothing", {"$max": []}, None),
    ("stdDevPop of arguments", {"$stdDevPop": [1, 3]}, 1.0),
    ("stdDevPop of text", {"$stdDevPop": "$a"}, None, {"a": ["x"]}),
    ("stdDevSamp of arguments", {"$stdDevSamp": [1, 2, 3]}, 1.0),
    ("stdDevSamp of one", {"$stdDevSamp": "$a"}, None, {"a": [1]}),
    ("median", {"$median": {"input": "$a", "method": "approximate"}}, 2.0, {"a": [3, 1, 2]}),
    ("median of null", {"$median": {"input": "$absent", "method": "approximate"}}, None),
    ("median by another method", {"$median": {"input": [1], "method": "nope"}}, refused(2)),
    ("percentile", {"$percentile": {"input": "$a", "p": [0.5, 1], "method": "approximate"}}, [2.0, 3.0], {"a": [3, 1, 2]}),
    ("percentile of nothing", {"$percentile": {"input": [], "p": [0.5], "method": "approximate"}}, [None]),
    ("percentile beyond one", {"$percentile": {"input": [1], "p": [2], "method": "approximate"}}, refused(7750303)),
    ("percentile of no array", {"$percentile": {"input": [1], "p": 0.5, "method": "approximate"}}, refused(7750301)),
    ("percentile without a method", {"$percentile": {"input": [1], "p": [0.5]}}, refused(40414)),
)

test_comparison = conformance(COMPARE)
test_conditions = conformance(BOOLEAN, CONDITION)
test_objects = conformance(OBJECTS)
test_variables = conformance(VARIABLES)
test_types = conformance(TYPES, OF_ARRAYS)
