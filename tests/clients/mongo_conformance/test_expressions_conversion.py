"""Conversion in expressions: what each type becomes, and what cannot."""

import datetime
import math

from bson import Binary, Decimal128, Int64

from .cases import DATE, ID, MANUAL, VALUES, conformance, expressions, literal, refused

PAGE = MANUAL + "reference/operator/aggregation/"
MILLIS = 1709212455678
SHORT = {
    "double": "toDouble", "string": "toString", "objectId": "toObjectId", "bool": "toBool", "date": "toDate",
    "int": "toInt", "long": "toLong", "decimal": "toDecimal",
}
#: What the values of all types become, by the manual's table for each target; what is not named is refused.
BECOMES = {
    "double": {"double": 1.5, "bool": 1.0, "date": float(MILLIS), "int": 3.0, "long": 4.0, "decimal": 2.5},
    "string": {
        "double": "1.5", "string": "text", "objectId": str(ID), "bool": "true", "date": "2024-02-29T13:14:15.678Z",
        "int": "3", "long": "4", "decimal": "2.5",
    },
    "objectId": {"objectId": ID},
    "bool": {name: True for name in ("double", "string", "objectId", "bool", "date", "int", "long", "decimal", "object", "array")}
    | {name: True for name in ("binData", "regex", "javascript", "javascriptWithScope", "timestamp", "minKey", "maxKey")},
    "date": {
        "double": datetime.datetime(1970, 1, 1, 0, 0, 0, 1000), "date": DATE, "objectId": ID.generation_time.replace(tzinfo=None),
        "timestamp": datetime.datetime(1970, 1, 1, 0, 0, 5), "long": datetime.datetime(1970, 1, 1, 0, 0, 0, 4000),
        "decimal": datetime.datetime(1970, 1, 1, 0, 0, 0, 2000),
    },
    "int": {"double": 1, "bool": 1, "int": 3, "long": 4, "decimal": 2},
    "long": {"double": Int64(1), "bool": Int64(1), "date": Int64(MILLIS), "int": Int64(3), "long": Int64(4), "decimal": Int64(2)},
    "decimal": {
        "double": Decimal128("1.50000000000000"), "bool": Decimal128("1"), "date": Decimal128(str(MILLIS)), "int": Decimal128("3"),
        "long": Decimal128("4"), "decimal": Decimal128("2.5"),
    },
}


def convert(value, to, **more):
    return {"$convert": {"input": value, "to": to, **more}}


#: Binary data becomes text and numbers by rules of its own.
TABLE = expressions(
    f"{PAGE}convert/",
    *[
        (f"convert {name} to {target}", convert(literal(value), target), BECOMES[target].get(name, None if name == "null" else refused(241)))
        for target in BECOMES
        for name, value in VALUES.items()
        if name != "binData" or target == "bool"
    ],
    *[
        (f"{SHORT[target]} of {name}", {f"${SHORT[target]}": literal(value)}, BECOMES[target][name])
        for target in BECOMES
        for name, value in VALUES.items()
        if name in BECOMES[target] and name != "array"
    ],
    *[(f"{operator} of null", {f"${operator}": None}, None) for operator in SHORT.values()],
    *[(f"{operator} of a missing field", {f"${operator}": "$absent"}, None) for operator in SHORT.values()],
    *[(f"{operator} of two", {f"${operator}": [1, 2]}, refused(50723)) for operator in SHORT.values()],
)

TEXT = expressions(
    f"{PAGE}convert/",
    ("toInt of text", {"$toInt": "42"}, 42),
    ("toInt of negative text", {"$toInt": "-42"}, -42),
    ("toInt of text with a fraction", {"$toInt": "4.2"}, refused(241)),
    ("toInt of text beyond", {"$toInt": "2147483648"}, refused(241)),
    ("toInt of hexadecimal text", {"$toInt": "0x10"}, refused(241)),
    ("toInt of text with a space", {"$toInt": " 1"}, refused(241)),
    ("toInt of empty text", {"$toInt": ""}, refused(241)),
    ("toInt of a long beyond", {"$toInt": Int64(2**31)}, refused(241)),
    ("toInt of a double beyond", {"$toInt": 1e10}, refused(241)),
    ("toInt of NaN", {"$toInt": math.nan}, refused(241)),
    ("toInt of infinity", {"$toInt": math.inf}, refused(241)),
    ("toInt cuts off", {"$toInt": -1.9}, -1),
    ("toInt of false", {"$toInt": False}, 0),
    ("toLong of text", {"$toLong": "123456789012"}, Int64(123456789012)),
    ("toLong of a double beyond", {"$toLong": 1e20}, refused(241)),
    ("toLong of a decimal beyond", {"$toLong": Decimal128("1E30")}, refused(241)),
    ("toDouble of text", {"$toDouble": "-5.5e3"}, -5500.0),
    ("toDouble of text that is no number", {"$toDouble": "x"}, refused(241)),
    ("toDouble of infinite text", {"$toDouble": "Infinity"}, math.inf),
    ("toDecimal of text", {"$toDecimal": "1.50"}, Decimal128("1.50")),
    ("toDecimal of a tenth", {"$toDecimal": 0.1}, Decimal128("0.100000000000000")),
    ("toBool of zero", {"$toBool": 0}, False),
    ("toBool of a zero decimal", {"$toBool": Decimal128("0")}, False),
    ("toBool of empty text", {"$toBool": ""}, True),
    ("toBool of the text false", {"$toBool": "false"}, True),
    ("toDate of text", {"$toDate": "2024-02-29"}, datetime.datetime(2024, 2, 29)),
    ("toDate of text that is no date", {"$toDate": "x"}, refused(241)),
    ("toDate of an int", {"$toDate": 1}, refused(241)),
    ("toObjectId of text", {"$toObjectId": str(ID)}, ID),
    ("toObjectId of short text", {"$toObjectId": "abc"}, refused(241)),
    ("toObjectId of text that is not hexadecimal", {"$toObjectId": "z" * 24}, refused(241)),
    ("toString of a whole double", {"$toString": 5.0}, "5"),
    ("toString of a large double", {"$toString": 1e20}, "1e+20"),
    ("toString of NaN", {"$toString": math.nan}, "NaN"),
    ("toString of infinity", {"$toString": -math.inf}, "-Infinity"),
    ("toUUID of text", {"$toUUID": "0e3b9063-8abd-4eb3-9f9f-f4c59fd30a60"}, Binary(bytes.fromhex("0e3b90638abd4eb39f9ff4c59fd30a60"), 4)),
    ("toUUID of other text", {"$toUUID": "x"}, refused(241)),
    ("toUUID of null", {"$toUUID": None}, None),
    ("toString of a UUID", {"$toString": Binary(bytes(16), 4)}, "00000000-0000-0000-0000-000000000000"),
)

CONVERT = expressions(
    f"{PAGE}convert/",
    ("to a number of a type", convert("5", 16), 5),
    ("to a number of a type, a bool", convert(1, 8), True),
    ("to a type of an object", convert("5", {"type": "int"}), 5),
    ("with onError", convert("x", "int", onError="bad"), "bad"),
    ("with onError that is missing", {"$ifNull": [convert("x", "int", onError="$absent"), "gone"]}, "gone"),
    ("with onNull", convert(None, "int", onNull="none"), "none"),
    ("onError is for no null", convert(None, "int", onError="bad"), None),
    ("to null", convert("5", None), None),
    ("to an unknown type", convert("5", "nope"), refused(2)),
    ("to a number of an unknown type", convert("5", 99), refused(9)),
    ("to a half", convert("5", 1.5), refused(9)),
    ("to a bool", convert("5", True), refused(9)),
    ("to an array", convert("5", "array"), refused(241)),
    ("without input", {"$convert": {"to": "int"}}, refused(9)),
    ("without a type", {"$convert": {"input": 1}}, refused(9)),
    ("with another field", convert(1, "int", x=1), refused(9)),
    ("of no object", {"$convert": 1}, refused(9)),
    ("binary data of base64", convert("aGVsbG8=", {"type": "binData", "subtype": 0}, format="base64"), b"hello"),
    ("binary data of hex", convert("ff00", {"type": "binData", "subtype": 5}, format="hex"), Binary(b"\xff\x00", 5)),
    ("binary data of utf8", convert("é", "binData", format="utf8"), "é".encode()),
    ("binary data to base64", convert(b"hello", "string", format="base64"), "aGVsbG8="),
    ("binary data to hex", convert(b"\xff", "string", format="hex"), "FF"),
    ("binary data without a format", convert("x", "binData"), refused(4341115)),
    ("binary data of an unknown format", convert("x", "binData", format="nope"), refused(4341125)),
    ("binary data of bad base64", convert("!", "binData", format="base64"), refused(241)),
)

test_table = conformance(TABLE)
test_text = conformance(TEXT)
test_convert = conformance(CONVERT)
