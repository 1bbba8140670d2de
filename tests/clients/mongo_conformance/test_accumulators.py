"""Accumulators of `$group`."""

import math

from bson import Decimal128, Int64

from .cases import MANUAL, VALUES, conformance, other_than, read, refused, table

PAGE = MANUAL + "reference/operator/aggregation/"


def of_values(source, *rows):
    """Rows of name, the values of the field `v` of the documents of a group, an accumulator, and what it gives."""

    def make(name, values, accumulator, expected):
        def run(database):
            documents = [{"s": place} if value is VALUES else {"s": place, "v": value} for place, value in enumerate(values)]
            pipeline = [{"$documents": {"$literal": documents}}, {"$group": {"_id": None, "r": accumulator}}]
            found = read(database, {"aggregate": 1, "pipeline": pipeline, "cursor": {}})
            return found[0]["r"] if isinstance(found, list) else found

        return name, expected, run

    return table(source, rows, make)


GONE = VALUES  # a document without the field

SUMS = of_values(
    f"{PAGE}sum/",
    ("sum of ints", [1, 2], {"$sum": "$v"}, 3),
    ("sum of int and long", [1, Int64(2)], {"$sum": "$v"}, Int64(3)),
    ("sum of int and double", [1, 2.5], {"$sum": "$v"}, 3.5),
    ("sum of int and decimal", [1, Decimal128("2.5")], {"$sum": "$v"}, Decimal128("3.5")),
    ("sum beyond ints", [2**31 - 1, 1], {"$sum": "$v"}, Int64(2**31)),
    ("sum beyond longs", [Int64(2**63 - 1), 1], {"$sum": "$v"}, 9.223372036854775808e18),
    ("sum of text", ["x"], {"$sum": "$v"}, 0),
    ("sum of missing fields", [GONE], {"$sum": "$v"}, 0),
    ("sum of ones", [1, 2, 3], {"$sum": 1}, 3),
    ("sum of arrays", [[1, 2]], {"$sum": "$v"}, 0),
    *[(f"sum leaves {name} out", [1, value], {"$sum": "$v"}, 1) for name, value in other_than("int", "long", "double", "decimal").items()],
    ("avg of ints", [1, 2], {"$avg": "$v"}, 1.5),
    ("avg of decimals", [Decimal128("1"), 2], {"$avg": "$v"}, Decimal128("1.5")),
    ("avg of text", ["x"], {"$avg": "$v"}, None),
    *[(f"avg leaves {name} out", [1, value], {"$avg": "$v"}, 1.0) for name, value in other_than("int", "long", "double", "decimal").items()],
    ("stdDevPop", [2, 4], {"$stdDevPop": "$v"}, 1.0),
    ("stdDevPop of one", [2], {"$stdDevPop": "$v"}, 0.0),
    ("stdDevPop of text", ["x"], {"$stdDevPop": "$v"}, None),
    ("stdDevSamp", [1, 2, 3], {"$stdDevSamp": "$v"}, 1.0),
    ("stdDevSamp of one", [1], {"$stdDevSamp": "$v"}, None),
    ("count", [1, GONE, 3], {"$count": {}}, 3),
    ("count of something", [1], {"$count": 1}, refused(14)),
    ("sum of NaN", [math.nan, 1], {"$sum": "$v"}, math.nan),
)

EXTREMES = of_values(
    f"{PAGE}max/",
    ("min", [3, 1, 2], {"$min": "$v"}, 1),
    ("max", [3, 1, 2], {"$max": "$v"}, 3),
    ("min leaves null out", [None, 5, GONE], {"$min": "$v"}, 5),
    ("max of nulls", [None, GONE], {"$max": "$v"}, None),
    ("min of types", ["x", 5, {"a": 1}], {"$min": "$v"}, 5),
    ("max of types", ["x", 5, {"a": 1}], {"$max": "$v"}, {"a": 1}),
    ("max of arrays", [[1], [2]], {"$max": "$v"}, [2]),
    ("first", [3, 1], {"$first": "$v"}, 3),
    ("first of a missing field", [GONE, 1], {"$first": "$v"}, None),
    ("last", [3, 1], {"$last": "$v"}, 1),
    ("push", [3, 1, 3], {"$push": "$v"}, [3, 1, 3]),
    ("push leaves missing fields out", [3, GONE, None], {"$push": "$v"}, [3, None]),
    ("push of an object", [1], {"$push": {"x": "$v"}}, [{"x": 1}]),
    ("addToSet of equals", [1, 1.0, 1], {"$addToSet": "$v"}, [1]),
    ("addToSet of an array", [[1, 2], [1, 2]], {"$addToSet": "$v"}, [[1, 2]]),
    ("addToSet leaves missing fields out", [GONE], {"$addToSet": "$v"}, []),
    ("mergeObjects", [{"a": 1, "b": 1}, {"b": 2}], {"$mergeObjects": "$v"}, {"a": 1, "b": 2}),
    ("mergeObjects of null", [None, {"b": 2}], {"$mergeObjects": "$v"}, {"b": 2}),
    ("mergeObjects of text", ["x"], {"$mergeObjects": "$v"}, refused(40400)),
    ("firstN", [3, 1, 2], {"$firstN": {"input": "$v", "n": 2}}, [3, 1]),
    ("firstN of missing fields", [GONE], {"$firstN": {"input": "$v", "n": 2}}, [None]),
    ("lastN", [3, 1, 2], {"$lastN": {"input": "$v", "n": 2}}, [1, 2]),
    ("minN", [3, 1, None, 2], {"$minN": {"input": "$v", "n": 2}}, [1, 2]),
    ("maxN", [3, 1, None, 2], {"$maxN": {"input": "$v", "n": 9}}, [3, 2, 1]),
    ("top", [3, 1, 2], {"$top": {"sortBy": {"v": 1}, "output": "$s"}}, 1),
    ("bottom", [3, 1, 2], {"$bottom": {"sortBy": {"v": 1}, "output": "$s"}}, 0),
    ("topN", [3, 1, 2], {"$topN": {"sortBy": {"v": -1}, "output": "$v", "n": 2}}, [3, 2]),
    ("bottomN", [3, 1, 2], {"$bottomN": {"sortBy": {"v": -1}, "output": "$v", "n": 2}}, [2, 1]),
    ("topN of arrays of expressions", [3, 1], {"$topN": {"sortBy": {"v": 1}, "output": ["$v", "$s"], "n": 1}}, [[1, 1]]),
    ("median", [5, 1, 3], {"$median": {"input": "$v", "method": "approximate"}}, 3.0),
    ("percentile", [1, 2, 3, 4], {"$percentile": {"input": "$v", "p": [0.5, 1.0], "method": "approximate"}}, [2.0, 4.0]),
    ("percentile of text", ["x"], {"$percentile": {"input": "$v", "p": [0.5], "method": "approximate"}}, [None]),
    *[(f"{operator} of n {what}", [1], {f"${operator}": {"input": "$v", "n": n}}, refused(code))
      for operator in ("firstN", "lastN", "minN", "maxN") for what, n, code in (("zero", 0, 7548606), ("negative", -1, 7548606), ("text", "x", 7548606), ("null", None, 7548606))],
    *[(f"{operator} without n", [1], {f"${operator}": {"input": "$v"}}, refused(5787906)) for operator in ("firstN", "lastN", "minN", "maxN")],
    ("firstN without input", [1], {"$firstN": {"n": 1}}, refused(5787907)),
    ("firstN of no object", [1], {"$firstN": 1}, refused(5787900)),
    ("topN without n", [1], {"$topN": {"sortBy": {"v": 1}, "output": "$v"}}, refused(5788003)),
    ("topN without an order", [1], {"$topN": {"output": "$v", "n": 1}}, refused(5788005)),
    ("topN without output", [1], {"$topN": {"sortBy": {"v": 1}, "n": 1}}, refused(5788004)),
    ("top with n", [1], {"$top": {"sortBy": {"v": 1}, "output": "$v", "n": 1}}, refused(5788002)),
    ("an unknown accumulator", [1], {"$nope": 1}, refused(15952)),
    ("an accumulator that is none", [1], {"$add": [1, 2]}, refused(15952)),
    ("two accumulators", [1], {"$sum": 1, "$avg": 1}, refused(40238)),
    ("an accumulator of no object", [1], 1, refused(40234)),
    ("an accumulator of two arguments", [1], {"$sum": ["$v", 1]}, refused(40237)),
)

#: Both came with 8.1; the manual of 8.0 does not have them.
LATER = of_values(
    "https://www.mongodb.com/docs/v8.1/reference/operator/aggregation/concatArrays/",
    ("concatArrays of arrays", [[1], [2, 3]], {"$concatArrays": "$v"}, [1, 2, 3]),
    ("concatArrays of missing fields", [[1], GONE], {"$concatArrays": "$v"}, [1]),
    ("setUnion of arrays", [[1, 2], [2]], {"$setUnion": "$v"}, [1, 2]),
)

test_sums = conformance(SUMS)
test_extremes = conformance(EXTREMES)
test_of_8_1 = conformance(LATER)
