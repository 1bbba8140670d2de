"""Strings and regular expressions in expressions."""

from bson import Decimal128, Int64, Regex

from .cases import DATE, MANUAL, VALUES, conformance, expressions, literal, other_than, refused

PAGE = MANUAL + "reference/operator/aggregation/"

CONCAT = expressions(
    f"{PAGE}concat/",
    ("concat", {"$concat": ["a", "b", "c"]}, "abc"),
    ("concat of nothing", {"$concat": []}, ""),
    ("concat of one", {"$concat": "a"}, "a"),
    ("concat with null", {"$concat": ["a", None]}, None),
    ("concat with a missing field", {"$concat": ["a", "$absent"]}, None),
    *[(f"concat with {name}", {"$concat": ["a", literal(value)]}, refused(16702)) for name, value in other_than("string", "null").items()],
)

LENGTH = expressions(
    f"{PAGE}strLenCP/",
    ("strLenBytes", {"$strLenBytes": "abc"}, 3),
    ("strLenBytes of letters of several bytes", {"$strLenBytes": "é€😀"}, 9),
    ("strLenBytes of nothing", {"$strLenBytes": ""}, 0),
    ("strLenCP of letters of several bytes", {"$strLenCP": "é€😀"}, 3),
    ("strLenCP of nothing", {"$strLenCP": ""}, 0),
    ("strLenCP of a combination", {"$strLenCP": "e\u0301"}, 2),
    ("strLenBytes of a missing field", {"$strLenBytes": "$absent"}, refused(34473)),
    ("strLenCP of a missing field", {"$strLenCP": "$absent"}, refused(34471)),
    *[(f"strLenBytes of {name}", {"$strLenBytes": literal(value)}, refused(34473)) for name, value in other_than("string").items()],
    *[(f"strLenCP of {name}", {"$strLenCP": literal(value)}, refused(34471)) for name, value in other_than("string").items()],
)

INDEX = expressions(
    f"{PAGE}indexOfBytes/",
    ("indexOfBytes", {"$indexOfBytes": ["foobar", "bar"]}, 3),
    ("indexOfBytes of nothing", {"$indexOfBytes": ["foobar", ""]}, 0),
    ("indexOfBytes of what is not there", {"$indexOfBytes": ["foobar", "x"]}, -1),
    ("indexOfBytes from", {"$indexOfBytes": ["abcab", "ab", 1]}, 3),
    ("indexOfBytes from and to", {"$indexOfBytes": ["abcab", "ab", 1, 4]}, -1),
    ("indexOfBytes from beyond", {"$indexOfBytes": ["abc", "a", 9]}, -1),
    ("indexOfBytes counts bytes", {"$indexOfBytes": ["é=1", "="]}, 2),
    ("indexOfCP counts letters", {"$indexOfCP": ["é=1", "="]}, 1),
    ("indexOfBytes of null", {"$indexOfBytes": [None, "a"]}, None),
    ("indexOfBytes of a missing field", {"$indexOfBytes": ["$absent", "a"]}, None),
    ("indexOfBytes of a number", {"$indexOfBytes": [1, "a"]}, refused(40091)),
    ("indexOfBytes a number", {"$indexOfBytes": ["a", 1]}, refused(40092)),
    ("indexOfBytes null", {"$indexOfBytes": ["a", None]}, refused(40092)),
    ("indexOfBytes from text", {"$indexOfBytes": ["a", "a", "x"]}, refused(40096)),
    ("indexOfBytes from a half", {"$indexOfBytes": ["a", "a", 0.5]}, refused(40096)),
    ("indexOfBytes from a negative", {"$indexOfBytes": ["a", "a", -1]}, refused(40097)),
    ("indexOfBytes of one", {"$indexOfBytes": ["a"]}, refused(28667)),
    ("indexOfCP", {"$indexOfCP": ["foobar", "bar"]}, 3),
    ("indexOfCP from", {"$indexOfCP": ["abcab", "ab", 1]}, 3),
    ("indexOfCP to before from", {"$indexOfCP": ["abcab", "ab", 3, 1]}, -1),
    ("indexOfCP of null", {"$indexOfCP": [None, "a"]}, None),
    ("indexOfCP of a number", {"$indexOfCP": [1, "a"]}, refused(40093)),
    ("indexOfCP a number", {"$indexOfCP": ["a", 1]}, refused(40094)),
    ("indexOfCP from a negative", {"$indexOfCP": ["a", "a", -1]}, refused(40097)),
)

TRIM = expressions(
    f"{PAGE}trim/",
    ("trim white space", {"$trim": {"input": " \n\t x y \u00a0"}}, "x y"),
    ("trim a null byte", {"$trim": {"input": "\0x\0"}}, "x"),
    ("trim letters", {"$trim": {"input": "xxabcx", "chars": "xa"}}, "bc"),
    ("trim letters keeps white space", {"$trim": {"input": " x ", "chars": "x"}}, " x "),
    ("trim everything", {"$trim": {"input": "xxx", "chars": "x"}}, ""),
    ("trim of null", {"$trim": {"input": None}}, None),
    ("trim null letters", {"$trim": {"input": "x", "chars": None}}, None),
    ("ltrim", {"$ltrim": {"input": "  x  "}}, "x  "),
    ("ltrim letters", {"$ltrim": {"input": "aabaa", "chars": "a"}}, "baa"),
    ("rtrim", {"$rtrim": {"input": "  x  "}}, "  x"),
    ("rtrim letters", {"$rtrim": {"input": "aabaa", "chars": "a"}}, "aab"),
    ("trim of a number", {"$trim": {"input": 1}}, refused(50699)),
    ("trim numbers", {"$trim": {"input": "x", "chars": 1}}, refused(50700)),
    ("trim without input", {"$trim": {"chars": "x"}}, refused(50695)),
    ("trim with another field", {"$trim": {"input": "x", "y": 1}}, refused(50694)),
    ("trim of no object", {"$trim": "x"}, refused(50696)),
    *[(f"ltrim of {name}", {"$ltrim": {"input": literal(value)}}, refused(50699)) for name, value in other_than("string", "null").items()],
)

REPLACE = expressions(
    f"{PAGE}replaceAll/",
    ("replaceOne", {"$replaceOne": {"input": "abab", "find": "a", "replacement": "x"}}, "xbab"),
    ("replaceAll", {"$replaceAll": {"input": "abab", "find": "a", "replacement": "x"}}, "xbxb"),
    ("replaceAll of an empty text", {"$replaceAll": {"input": "ab", "find": "", "replacement": "-"}}, "-a-b-"),
    ("replaceOne of an empty text", {"$replaceOne": {"input": "ab", "find": "", "replacement": "-"}}, "-ab"),
    ("replaceOne of what is not there", {"$replaceOne": {"input": "ab", "find": "x", "replacement": "-"}}, "ab"),
    ("replaceOne of null", {"$replaceOne": {"input": None, "find": "x", "replacement": "-"}}, None),
    ("replaceOne finds null", {"$replaceOne": {"input": "x", "find": None, "replacement": "-"}}, None),
    ("replaceAll by null", {"$replaceAll": {"input": "x", "find": "x", "replacement": None}}, None),
    ("replaceOne without find", {"$replaceOne": {"input": "x", "replacement": "x"}}, refused(51748)),
    ("replaceOne without replacement", {"$replaceOne": {"input": "x", "find": "x"}}, refused(51747)),
    ("replaceOne without input", {"$replaceOne": {"find": "x", "replacement": "x"}}, refused(51749)),
    ("replaceOne with another field", {"$replaceOne": {"input": "x", "find": "x", "replacement": "x", "y": 1}}, refused(51750)),
    ("replaceOne of no object", {"$replaceOne": "x"}, refused(51751)),
)

SPLIT = expressions(
    f"{PAGE}split/",
    ("split", {"$split": ["a,b,c", ","]}, ["a", "b", "c"]),
    ("split with empty parts", {"$split": [",a,,b,", ","]}, ["", "a", "", "b", ""]),
    ("split of nothing", {"$split": ["", ","]}, [""]),
    ("split by what is not there", {"$split": ["abc", "-"]}, ["abc"]),
    ("split by several letters", {"$split": ["a--b-c", "--"]}, ["a", "b-c"]),
    ("split of null", {"$split": [None, ","]}, None),
    ("split by null", {"$split": ["a", None]}, None),
    ("split by nothing", {"$split": ["a", ""]}, refused(40087)),
    ("split of a number", {"$split": [1, ","]}, refused(40085)),
    ("split of one", {"$split": ["a"]}, refused(16020)),
)

CASE = expressions(
    f"{PAGE}toUpper/",
    ("toUpper", {"$toUpper": "abc1"}, "ABC1"),
    ("toUpper of letters beyond ASCII", {"$toUpper": "é"}, "é"),
    ("toUpper of null", {"$toUpper": None}, ""),
    ("toUpper of a missing field", {"$toUpper": "$absent"}, ""),
    ("toUpper of a number", {"$toUpper": 12}, "12"),
    ("toLower", {"$toLower": "ABC"}, "abc"),
    ("toLower of letters beyond ASCII", {"$toLower": "É"}, "É"),
    ("toLower of null", {"$toLower": None}, ""),
    ("toLower of a date", {"$toLower": DATE}, "2024-02-29t13:14:15.678z"),
    ("toUpper of a date", {"$toUpper": DATE}, "2024-02-29T13:14:15.678Z"),
    ("toUpper of a long", {"$toUpper": Int64(5)}, "5"),
    ("toUpper of a double", {"$toUpper": 1.5}, "1.5"),
    ("toUpper of a decimal", {"$toUpper": Decimal128("1.50")}, "1.50"),
    *[
        (f"{operator} of {name}", {f"${operator}": literal(VALUES[name])}, refused(16007))
        for operator in ("toLower", "toUpper")
        for name in ("object", "array", "binData", "objectId", "bool", "regex", "minKey", "maxKey")
    ],
    ("strcasecmp of equals", {"$strcasecmp": ["abc", "ABC"]}, 0),
    ("strcasecmp of a lesser", {"$strcasecmp": ["abc", "ABD"]}, -1),
    ("strcasecmp of a greater", {"$strcasecmp": ["abd", "ABC"]}, 1),
    ("strcasecmp with null", {"$strcasecmp": ["abc", None]}, 1),
    ("strcasecmp of nulls", {"$strcasecmp": [None, "$absent"]}, 0),
    ("strcasecmp with a number", {"$strcasecmp": ["1", 1]}, 0),
    ("strcasecmp with an array", {"$strcasecmp": ["1", literal([1])]}, refused(16007)),
    ("strcasecmp of one", {"$strcasecmp": ["a"]}, refused(16020)),
)

SUBSTRING = expressions(
    f"{PAGE}substrBytes/",
    ("substr", {"$substr": ["abcdef", 1, 3]}, "bcd"),
    ("substrBytes", {"$substrBytes": ["abcdef", 0, 2]}, "ab"),
    ("substrBytes to the end", {"$substrBytes": ["abcdef", 3, -1]}, "def"),
    ("substrBytes beyond", {"$substrBytes": ["abc", 9, 1]}, ""),
    ("substrBytes longer than the text", {"$substrBytes": ["abc", 1, 99]}, "bc"),
    ("substrBytes of null", {"$substrBytes": [None, 0, 1]}, ""),
    ("substrBytes of a number", {"$substrBytes": [123, 0, 2]}, "12"),
    ("substrBytes of a date", {"$substrBytes": [DATE, 0, 4]}, "2024"),
    ("substrBytes within a letter", {"$substrBytes": ["é", 1, 1]}, refused(28656)),
    ("substrBytes up to within a letter", {"$substrBytes": ["é", 0, 1]}, refused(28657)),
    ("substrBytes from a negative", {"$substrBytes": ["abc", -1, 1]}, refused(50752)),
    ("substrBytes from text", {"$substrBytes": ["abc", "x", 1]}, refused(16034)),
    ("substrBytes by text", {"$substrBytes": ["abc", 0, "x"]}, refused(16035)),
    ("substrBytes of two", {"$substrBytes": ["abc", 0]}, refused(16020)),
    ("substrCP", {"$substrCP": ["héllo", 1, 2]}, "él"),
    ("substrCP beyond", {"$substrCP": ["abc", 9, 1]}, ""),
    ("substrCP longer than the text", {"$substrCP": ["abc", 1, 99]}, "bc"),
    ("substrCP of null", {"$substrCP": [None, 0, 1]}, ""),
    ("substrCP from text", {"$substrCP": ["abc", "x", 1]}, refused(34450)),
    ("substrCP from a half", {"$substrCP": ["abc", 0.5, 1]}, refused(34451)),
    ("substrCP by text", {"$substrCP": ["abc", 0, "x"]}, refused(34452)),
    ("substrCP by a half", {"$substrCP": ["abc", 0, 0.5]}, refused(34453)),
    ("substrCP by a negative", {"$substrCP": ["abc", 0, -1]}, refused(34454)),
    ("substrCP from a negative", {"$substrCP": ["abc", -1, 1]}, refused(34455)),
)


def found(text, place, *captures):
    return {"match": text, "idx": place, "captures": list(captures)}


REGEX = expressions(
    f"{PAGE}regexFind/",
    ("regexFind", {"$regexFind": {"input": "xay", "regex": "a"}}, found("a", 1)),
    ("regexFind of a regex", {"$regexFind": {"input": "xAy", "regex": Regex("a", "i")}}, found("A", 1)),
    ("regexFind with options", {"$regexFind": {"input": "xAy", "regex": "a", "options": "i"}}, found("A", 1)),
    ("regexFind captures", {"$regexFind": {"input": "a1b2", "regex": "([a-z])([0-9])"}}, found("a1", 0, "a", "1")),
    ("regexFind captures what is not there", {"$regexFind": {"input": "b", "regex": "(a)?b"}}, found("b", 0, None)),
    ("regexFind counts letters", {"$regexFind": {"input": "éa", "regex": "a"}}, found("a", 1)),
    ("regexFind of what is not there", {"$regexFind": {"input": "x", "regex": "a"}}, None),
    ("regexFind of null", {"$regexFind": {"input": None, "regex": "a"}}, None),
    ("regexFind null", {"$regexFind": {"input": "x", "regex": None}}, None),
    ("regexFind over lines", {"$regexFind": {"input": "a\nb", "regex": "^b", "options": "m"}}, found("b", 2)),
    ("regexFind a dot of all", {"$regexFind": {"input": "a\nb", "regex": "a.b", "options": "s"}}, found("a\nb", 0)),
    ("regexFind with comments", {"$regexFind": {"input": "ab", "regex": "a b # both", "options": "x"}}, found("ab", 0)),
    ("regexFind what is ahead", {"$regexFind": {"input": "ab", "regex": "a(?=b)"}}, found("a", 0)),
    ("regexFind what was before", {"$regexFind": {"input": "abab", "regex": "(ab)\\1"}}, found("abab", 0, "ab")),
    ("regexFindAll", {"$regexFindAll": {"input": "aXa", "regex": "a"}}, [found("a", 0), found("a", 2)]),
    ("regexFindAll of nothing", {"$regexFindAll": {"input": "x", "regex": "a"}}, []),
    ("regexFindAll of null", {"$regexFindAll": {"input": None, "regex": "a"}}, []),
    (
        "regexFindAll captures",
        {"$regexFindAll": {"input": "a1b2", "regex": "([a-z])[0-9]"}},
        [found("a1", 0, "a"), found("b2", 2, "b")],
    ),
    ("regexMatch", {"$regexMatch": {"input": "hay", "regex": "A", "options": "i"}}, True),
    ("regexMatch not", {"$regexMatch": {"input": "hay", "regex": "A"}}, False),
    ("regexMatch of null", {"$regexMatch": {"input": None, "regex": "a"}}, False),
    ("regexMatch of a missing field", {"$regexMatch": {"input": "$absent", "regex": "a"}}, False),
    ("regexMatch of no object", {"$regexMatch": "x"}, refused(51103)),
    ("regexMatch of a number", {"$regexMatch": {"input": 1, "regex": "a"}}, refused(51104)),
    ("regexMatch with a number", {"$regexMatch": {"input": "a", "regex": 1}}, refused(51105)),
    ("regexMatch with options that are numbers", {"$regexMatch": {"input": "a", "regex": "a", "options": 1}}, refused(51106)),
    ("regexMatch with options twice", {"$regexMatch": {"input": "a", "regex": Regex("a", "i"), "options": "i"}}, refused(51107)),
    ("regexMatch with unknown options", {"$regexMatch": {"input": "a", "regex": "a", "options": "q"}}, refused(51108)),
    ("regexMatch with a null byte", {"$regexMatch": {"input": "a", "regex": "a\0b"}}, refused(51109)),
    ("regexMatch with a null byte among options", {"$regexMatch": {"input": "a", "regex": "a", "options": "i\0"}}, refused(51110)),
    ("regexMatch with a bad pattern", {"$regexMatch": {"input": "a", "regex": "("}}, refused(51111)),
    ("regexMatch without input", {"$regexMatch": {"regex": "a"}}, refused(31022)),
    ("regexMatch without regex", {"$regexMatch": {"input": "a"}}, refused(31023)),
    ("regexMatch with another field", {"$regexMatch": {"input": "a", "regex": "a", "x": 1}}, refused(31024)),
)

test_strings = conformance(CONCAT, LENGTH, INDEX, TRIM, REPLACE, SPLIT, CASE, SUBSTRING)
test_regex = conformance(REGEX)
