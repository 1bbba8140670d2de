"""Arithmetic, trigonometry and bits in expressions: what each operator gives for each type, and what it refuses."""

import datetime
import math

from bson import Decimal128, Int64

from .cases import DATE, MANUAL, NUMBERS, VALUES, conformance, expressions, literal, other_than, refused

PAGE = MANUAL + "reference/operator/aggregation/"
INFINITY, NAN = math.inf, math.nan
MAX_INT, MIN_INT, MAX_LONG, MIN_LONG = 2**31 - 1, -(2**31), Int64(2**63 - 1), Int64(-(2**63))


def decimal(text):
    return Decimal128(text)


def of_one_number(operator, code=28765):
    """Null for null and for a field that is not there; refused for whatever is not a number, and for two arguments."""
    wrong = other_than(*NUMBERS, "null")
    return expressions(
        f"{PAGE}{operator}/",
        (f"{operator} of null is null", {f"${operator}": None}, None),
        (f"{operator} of a missing field is null", {f"${operator}": "$absent"}, None),
        (f"{operator} of two arguments", {f"${operator}": [1, 2]}, refused(16020)),
        (f"{operator} of no arguments", {f"${operator}": []}, refused(16020)),
        *[(f"{operator} of {name}", {f"${operator}": [literal(value)]}, refused(code)) for name, value in wrong.items()],
    )


def is_near(operator, *rows):
    """Rows of an argument and a value, compared to 13 digits."""
    return expressions(
        f"{PAGE}{operator}/",
        *[
            (
                f"{operator} of {argument} is about {value:.4f}",
                {"$lt": [{"$abs": {"$subtract": [{f"${operator}": argument}, value]}}, 1e-13]},
                True,
            )
            for argument, value in rows
        ],
    )


ONE_NUMBER = [
    of_one_number(operator)
    for operator in ("abs", "ceil", "exp", "floor", "ln", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan")
    + ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "degreesToRadians", "radiansToDegrees")
]

ABS = expressions(
    f"{PAGE}abs/",
    ("abs of an int", {"$abs": -5}, 5),
    ("abs of a long", {"$abs": Int64(-5)}, Int64(5)),
    ("abs of a double", {"$abs": -5.5}, 5.5),
    ("abs of a decimal", {"$abs": decimal("-5.50")}, decimal("5.50")),
    ("abs of the least int is a long", {"$abs": MIN_INT}, Int64(2**31)),
    ("abs of the least long overflows", {"$abs": MIN_LONG}, refused(28680)),
    ("abs of minus infinity", {"$abs": -INFINITY}, INFINITY),
    ("abs of NaN", {"$abs": NAN}, NAN),
    ("abs of minus zero", {"$abs": -0.0}, 0.0),
)

ROUNDING = expressions(
    f"{PAGE}round/",
    ("ceil of a double", {"$ceil": 7.2}, 8.0),
    ("ceil of a negative double", {"$ceil": -2.8}, -2.0),
    ("ceil of an int", {"$ceil": 5}, 5),
    ("ceil of a long", {"$ceil": Int64(5)}, Int64(5)),
    ("ceil of a decimal", {"$ceil": decimal("1.1")}, decimal("2")),
    ("ceil of infinity", {"$ceil": INFINITY}, INFINITY),
    ("floor of a double", {"$floor": 7.8}, 7.0),
    ("floor of a negative double", {"$floor": -2.3}, -3.0),
    ("floor of an int", {"$floor": -5}, -5),
    ("floor of a long", {"$floor": Int64(-5)}, Int64(-5)),
    ("floor of a decimal", {"$floor": decimal("-1.1")}, decimal("-2")),
    ("floor of NaN", {"$floor": NAN}, NAN),
    ("round half to even down", {"$round": [10.5, 0]}, 10.0),
    ("round half to even up", {"$round": [11.5, 0]}, 12.0),
    ("round without a place", {"$round": [2.6]}, 3.0),
    ("round to a digit", {"$round": [19.25, 1]}, 19.2),
    ("round to tens", {"$round": [25, -1]}, 20),
    ("round an int to a digit", {"$round": [25, 1]}, 25),
    ("round a long to hundreds", {"$round": [Int64(750), -2]}, Int64(800)),
    ("round an int beyond ints", {"$round": [MAX_INT, -1]}, Int64(2147483650)),
    ("round a decimal", {"$round": [decimal("2.675"), 2]}, decimal("2.68")),
    ("round to a missing place", {"$round": [1.5, "$absent"]}, None),
    ("round of null", {"$round": [None, 1]}, None),
    ("round of infinity", {"$round": [INFINITY, 2]}, INFINITY),
    ("round of NaN", {"$round": [NAN, 2]}, NAN),
    ("round to place 101", {"$round": [1.5, 101]}, refused(51083)),
    ("round to place -21", {"$round": [1.5, -21]}, refused(51083)),
    ("round to a half place", {"$round": [1.5, 0.5]}, refused(51082)),
    ("round of text", {"$round": ["x", 1]}, refused(51081)),
    ("round to place of text", {"$round": [1.5, "x"]}, refused(16004)),
    ("round of three", {"$round": [1, 2, 3]}, refused(28667)),
    ("trunc of a double", {"$trunc": 7.85}, 7.0),
    ("trunc of a negative double", {"$trunc": -2.3}, -2.0),
    ("trunc to a digit", {"$trunc": [19.25, 1]}, 19.2),
    ("trunc to tens", {"$trunc": [28, -1]}, 20),
    ("trunc of a decimal", {"$trunc": [decimal("1.99"), 1]}, decimal("1.9")),
    ("trunc of an int", {"$trunc": 7}, 7),
    ("trunc of null", {"$trunc": None}, None),
    ("trunc of text", {"$trunc": "x"}, refused(51081)),
    ("trunc to place 101", {"$trunc": [1.5, 101]}, refused(51083)),
)

ADD = expressions(
    f"{PAGE}add/",
    ("add of nothing", {"$add": []}, 0),
    ("add of one", {"$add": [1]}, 1),
    ("add without an array", {"$add": 5}, 5),
    ("add of ints", {"$add": [1, 2, 3]}, 6),
    ("add of int and long", {"$add": [1, Int64(2)]}, Int64(3)),
    ("add of int and double", {"$add": [1, 2.5]}, 3.5),
    ("add of long and double", {"$add": [Int64(1), 2.0]}, 3.0),
    ("add of double and decimal", {"$add": [1.5, decimal("2.5")]}, decimal("4.00000000000000")),
    ("add of int and decimal", {"$add": [1, decimal("2.50")]}, decimal("3.50")),
    ("add of ints beyond ints is a long", {"$add": [MAX_INT, 1]}, Int64(2**31)),
    ("add of longs beyond longs is a double", {"$add": [MAX_LONG, 1]}, 9.223372036854775808e18),
    ("add of tenths", {"$add": [0.1, 0.2]}, 0.30000000000000004),
    ("add of decimal tenths", {"$add": [decimal("0.1"), decimal("0.2")]}, decimal("0.3")),
    ("add of infinities", {"$add": [INFINITY, -INFINITY]}, NAN),
    ("add of null", {"$add": [1, None]}, None),
    ("add of a missing field", {"$add": [1, "$absent"]}, None),
    ("add of date and int", {"$add": [DATE, 1000]}, DATE + datetime.timedelta(seconds=1)),
    ("add of int and date", {"$add": [1000, DATE]}, DATE + datetime.timedelta(seconds=1)),
    ("add of date and double is rounded", {"$add": [DATE, 1.5]}, DATE + datetime.timedelta(milliseconds=2)),
    ("add of date and null", {"$add": [DATE, None]}, None),
    ("add of two dates", {"$add": [DATE, DATE]}, refused(16612)),
    ("add of a date beyond dates", {"$add": [DATE, MAX_LONG]}, refused(15)),
    *[
        (f"add of 1 and {name}", {"$add": [1, literal(value)]}, refused(14))
        for name, value in other_than(*NUMBERS, "null", "date").items()
    ],
)

SUBTRACT = expressions(
    f"{PAGE}subtract/",
    ("subtract ints", {"$subtract": [5, 7]}, -2),
    ("subtract long from int", {"$subtract": [5, Int64(7)]}, Int64(-2)),
    ("subtract double from int", {"$subtract": [5, 0.5]}, 4.5),
    ("subtract decimal from double", {"$subtract": [5.0, decimal("0.5")]}, decimal("4.50000000000000")),
    ("subtract beyond ints", {"$subtract": [MIN_INT, 1]}, Int64(-(2**31) - 1)),
    ("subtract beyond longs", {"$subtract": [MIN_LONG, 1]}, -9.223372036854775808e18),
    ("subtract dates is milliseconds", {"$subtract": [DATE, DATE - datetime.timedelta(hours=1)]}, Int64(3_600_000)),
    ("subtract milliseconds from a date", {"$subtract": [DATE, 678]}, DATE.replace(microsecond=0)),
    ("subtract a date from a number", {"$subtract": [1, DATE]}, refused(14)),
    ("subtract null", {"$subtract": [1, None]}, None),
    ("subtract from a missing field", {"$subtract": ["$absent", 1]}, None),
    ("subtract one", {"$subtract": [1]}, refused(16020)),
    ("subtract three", {"$subtract": [1, 2, 3]}, refused(16020)),
    *[
        (f"subtract {name}", {"$subtract": [1, literal(value)]}, refused(14))
        for name, value in other_than(*NUMBERS, "null", "date").items()
    ],
)

MULTIPLY = expressions(
    f"{PAGE}multiply/",
    ("multiply nothing", {"$multiply": []}, 1),
    ("multiply one", {"$multiply": 3}, 3),
    ("multiply ints", {"$multiply": [3, 4]}, 12),
    ("multiply int and long", {"$multiply": [3, Int64(4)]}, Int64(12)),
    ("multiply int and double", {"$multiply": [3, 0.5]}, 1.5),
    ("multiply int and decimal", {"$multiply": [3, decimal("1.50")]}, decimal("4.50")),
    ("multiply beyond ints", {"$multiply": [MAX_INT, 2]}, Int64(4294967294)),
    ("multiply beyond longs", {"$multiply": [MAX_LONG, 2]}, 1.8446744073709552e19),
    ("multiply infinity by zero", {"$multiply": [INFINITY, 0]}, NAN),
    ("multiply null", {"$multiply": [2, None]}, None),
    ("multiply a missing field", {"$multiply": [2, "$absent"]}, None),
    *[
        (f"multiply 2 by {name}", {"$multiply": [2, literal(value)]}, refused(14))
        for name, value in other_than(*NUMBERS, "null").items()
    ],
)

DIVIDE = expressions(
    f"{PAGE}divide/",
    ("divide ints is a double", {"$divide": [80, 8]}, 10.0),
    ("divide ints with a fraction", {"$divide": [1, 4]}, 0.25),
    ("divide longs is a double", {"$divide": [Int64(9), Int64(2)]}, 4.5),
    ("divide by a decimal", {"$divide": [1, decimal("8")]}, decimal("0.125")),
    ("divide infinity", {"$divide": [INFINITY, 2]}, INFINITY),
    ("divide by infinity", {"$divide": [1, INFINITY]}, 0.0),
    ("divide null", {"$divide": [None, 2]}, None),
    ("divide by null", {"$divide": [2, None]}, None),
    ("divide by zero", {"$divide": [1, 0]}, refused(2)),
    ("divide by a zero double", {"$divide": [1, 0.0]}, refused(2)),
    ("divide by a zero decimal", {"$divide": [1, decimal("0")]}, refused(2)),
    ("divide one", {"$divide": [1]}, refused(16020)),
    *[
        (f"divide 2 by {name}", {"$divide": [2, literal(value)]}, refused(14))
        for name, value in other_than(*NUMBERS, "null").items()
    ],
)

MOD = expressions(
    f"{PAGE}mod/",
    ("mod of ints", {"$mod": [80, 7]}, 3),
    ("mod takes the sign of the dividend", {"$mod": [-7, 3]}, -1),
    ("mod by a negative", {"$mod": [7, -3]}, 1),
    ("mod of int and long", {"$mod": [7, Int64(4)]}, Int64(3)),
    ("mod of doubles", {"$mod": [6.5, 4]}, 2.5),
    ("mod of an int by a whole double", {"$mod": [7, 4.0]}, 3.0),
    ("mod of a decimal", {"$mod": [decimal("6.5"), 4]}, decimal("2.5")),
    ("mod of infinity", {"$mod": [INFINITY, 4]}, NAN),
    ("mod of null", {"$mod": [None, 4]}, None),
    ("mod by null", {"$mod": [4, None]}, None),
    ("mod by zero", {"$mod": [4, 0]}, refused(16610)),
    *[
        (f"mod of {name}", {"$mod": [literal(value), 2]}, refused(16611))
        for name, value in other_than(*NUMBERS, "null").items()
    ],
)

POWERS = expressions(
    f"{PAGE}pow/",
    ("pow of ints", {"$pow": [5, 2]}, 25),
    ("pow of ints to zero", {"$pow": [5, 0]}, 1),
    ("pow of ints to a negative", {"$pow": [5, -2]}, 0.04),
    ("pow of int and long", {"$pow": [2, Int64(40)]}, Int64(1 << 40)),
    ("pow beyond ints", {"$pow": [2, 31]}, Int64(1 << 31)),
    ("pow beyond longs", {"$pow": [2, 64]}, 1.8446744073709552e19),
    ("pow to a half", {"$pow": [9, 0.5]}, 3.0),
    ("pow of a negative to a half", {"$pow": [-2, 0.5]}, NAN),
    ("pow of a decimal", {"$pow": [decimal("2"), 3]}, decimal("8.000000000000000000000000000000000")),
    ("pow of null", {"$pow": [None, 2]}, None),
    ("pow to null", {"$pow": [2, None]}, None),
    ("pow of zero to a negative", {"$pow": [0, -1]}, refused(28764)),
    ("pow of text", {"$pow": ["x", 1]}, refused(28762)),
    ("pow to text", {"$pow": [1, "x"]}, refused(28763)),
    ("exp of zero", {"$exp": 0}, 1.0),
    ("exp of minus infinity", {"$exp": -INFINITY}, 0.0),
    ("exp of a decimal", {"$exp": decimal("0")}, decimal("1")),
    ("exp beyond doubles", {"$exp": 1000}, INFINITY),
    ("sqrt of 25", {"$sqrt": 25}, 5.0),
    ("sqrt of zero", {"$sqrt": 0}, 0.0),
    ("sqrt of a decimal", {"$sqrt": decimal("30.25")}, decimal("5.5")),
    ("sqrt of a negative", {"$sqrt": -1}, refused(28714)),
    ("sqrt of NaN", {"$sqrt": NAN}, NAN),
    ("ln of one", {"$ln": 1}, 0.0),
    ("ln of infinity", {"$ln": INFINITY}, INFINITY),
    ("ln of zero", {"$ln": 0}, refused(28766)),
    ("ln of a negative", {"$ln": -10}, refused(28766)),
    ("log10 of 1000", {"$log10": 1000}, 3.0),
    ("log10 of a decimal", {"$log10": decimal("100")}, decimal("2")),
    ("log10 of zero", {"$log10": 0}, refused(28761)),
    ("log of 100 to 10", {"$log": [100, 10]}, 2.0),
    ("log of 8 to 2", {"$log": [8, 2]}, 3.0),
    ("log of null", {"$log": [None, 10]}, None),
    ("log to null", {"$log": [10, None]}, None),
    ("log of zero", {"$log": [0, 10]}, refused(28758)),
    ("log to one", {"$log": [10, 1]}, refused(28759)),
    ("log to a negative", {"$log": [10, -2]}, refused(28759)),
    ("log of text", {"$log": ["x", 10]}, refused(28756)),
    ("log to text", {"$log": [10, "x"]}, refused(28757)),
    ("log of one argument", {"$log": [10]}, refused(16020)),
)

TRIGONOMETRY = [
    is_near("sin", (0.5, 0.479425538604203), (-2, -0.9092974268256817)),
    is_near("cos", (0.5, 0.8775825618903728), (-2, -0.4161468365471424)),
    is_near("tan", (0.5, 0.5463024898437905), (-2, 2.185039863261519)),
    is_near("asin", (0.5, 0.5235987755982989), (-1, -1.5707963267948966)),
    is_near("acos", (0.5, 1.0471975511965979), (-1, 3.141592653589793)),
    is_near("atan", (0.5, 0.4636476090008061), (-1, -0.7853981633974483)),
    is_near("sinh", (0.5, 0.5210953054937474), (-2, -3.626860407847019)),
    is_near("cosh", (0.5, 1.1276259652063807), (-2, 3.7621956910836314)),
    is_near("tanh", (0.5, 0.46211715726000973), (-2, -0.9640275800758169)),
    is_near("asinh", (0.5, 0.48121182505960347), (-2, -1.4436354751788103)),
    is_near("acosh", (1, 0.0), (3, 1.762747174039086)),
    is_near("atanh", (0.5, 0.5493061443340548), (-0.5, -0.5493061443340548)),
    is_near("degreesToRadians", (180, math.pi), (-90, -math.pi / 2)),
    is_near("radiansToDegrees", (math.pi, 180.0), (-math.pi / 2, -90.0)),
]

ANGLES = expressions(
    f"{PAGE}atan2/",
    ("atan2 of 1 and 1", {"$atan2": [1, 1]}, math.pi / 4),
    ("atan2 of 0 and -1", {"$atan2": [0, -1]}, math.pi),
    ("atan2 of null", {"$atan2": [None, 1]}, None),
    ("atan2 of text", {"$atan2": ["x", 1]}, refused(51044)),
    ("atan2 to text", {"$atan2": [1, "x"]}, refused(51045)),
    ("sin of infinity", {"$sin": INFINITY}, refused(50989)),
    ("cos of infinity", {"$cos": INFINITY}, refused(50989)),
    ("tan of infinity", {"$tan": -INFINITY}, refused(50989)),
    ("asin beyond one", {"$asin": 1.5}, refused(50989)),
    ("acos beyond one", {"$acos": -1.5}, refused(50989)),
    ("acosh below one", {"$acosh": 0.5}, refused(50989)),
    ("atanh beyond one", {"$atanh": 2}, refused(50989)),
    ("atanh of one", {"$atanh": 1}, INFINITY),
    ("sin of NaN", {"$sin": NAN}, NAN),
    ("sinh of infinity", {"$sinh": INFINITY}, INFINITY),
    ("cos of a decimal is a decimal", {"$type": {"$cos": decimal("0.5")}}, "decimal"),
    ("degreesToRadians of a long", {"$degreesToRadians": Int64(0)}, 0.0),
)

SIGMOID = expressions(
    f"{PAGE}sigmoid/",
    ("sigmoid of zero", {"$sigmoid": 0}, 0.5),
    ("sigmoid of infinity", {"$sigmoid": INFINITY}, 1.0),
    ("sigmoid of minus infinity", {"$sigmoid": -INFINITY}, 0.0),
    ("sigmoid of null", {"$sigmoid": None}, None),
    ("sigmoid of a missing field", {"$sigmoid": "$absent"}, None),
)

BITS = expressions(
    f"{PAGE}bitAnd/",
    ("bitAnd of ints", {"$bitAnd": [12, 10]}, 8),
    ("bitAnd of nothing", {"$bitAnd": []}, -1),
    ("bitAnd of int and long", {"$bitAnd": [12, Int64(10)]}, Int64(8)),
    ("bitAnd of null", {"$bitAnd": [12, None]}, None),
    ("bitOr of ints", {"$bitOr": [12, 10]}, 14),
    ("bitOr of nothing", {"$bitOr": []}, 0),
    ("bitOr of a missing field", {"$bitOr": [12, "$absent"]}, None),
    ("bitXor of ints", {"$bitXor": [12, 10]}, 6),
    ("bitXor of longs", {"$bitXor": [Int64(12), Int64(10)]}, Int64(6)),
    ("bitNot of an int", {"$bitNot": 5}, -6),
    ("bitNot of a long", {"$bitNot": Int64(-1)}, Int64(0)),
    ("bitNot of null", {"$bitNot": None}, None),
    ("bitNot of two", {"$bitNot": [1, 2]}, refused(16020)),
    *[
        (f"{operator} of {name}", {f"${operator}": [1, literal(VALUES[name])]}, refused(14))
        for operator in ("bitAnd", "bitOr", "bitXor")
        for name in ("double", "decimal", "string", "bool")
    ],
    *[(f"bitNot of {name}", {"$bitNot": literal(VALUES[name])}, refused(28765)) for name in ("string", "bool", "date")],
    *[(f"bitNot of {name}", {"$bitNot": literal(VALUES[name])}, refused(14)) for name in ("double", "decimal")],
)

test_arithmetic = conformance(ABS, ROUNDING, ADD, SUBTRACT, MULTIPLY, DIVIDE, MOD, POWERS, SIGMOID, BITS)
test_one_number = conformance(*ONE_NUMBER)
test_trigonometry = conformance(*TRIGONOMETRY, ANGLES)
