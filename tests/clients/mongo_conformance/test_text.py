"""Text indexes and $text."""

from .cases import MANUAL, OK, conformance, refused, scenarios

PAGE = MANUAL + "reference/operator/query/text/"
ARTICLES = [
    {"_id": 1, "t": "coffee shop", "b": "the best coffee in town"},
    {"_id": 2, "t": "Coffee and cake", "b": "cakes"},
    {"_id": 3, "t": "baking cakes", "b": "sugar"},
    {"_id": 4, "t": "CAFÉ con leche", "b": "café"},
    {"_id": 5, "t": "running shoes", "b": "the runner runs"},
]


def searches(name, search, ids, key=None, options=None, **index):
    text = {"$search": search, **(options or {})} if isinstance(search, str) else search
    expected = ids if hasattr(ids, "code") else {"cursor": {"firstBatch": [{"_id": id} for id in ids]}}
    return (
        name, ({"insert": "c", "documents": ARTICLES}, OK), ({"createIndexes": "c", "indexes": [{"key": key or {"t": "text"}, "name": "t", **index}]}, OK),
        ({"find": "c", "filter": {"$text": text}, "sort": {"_id": 1}, "projection": {"_id": 1}}, expected),
    )


TEXT = scenarios(
    PAGE,
    searches("a word", "coffee", [1, 2]),
    searches("any of several words", "coffee shoes", [1, 2, 5]),
    searches("a word of another form", "cake", [2, 3]),
    searches("a stem", "run", [5]),
    searches("a phrase", '"coffee shop"', [1]),
    searches("a phrase and a word", '"coffee shop" cake', [1]),
    searches("without a word", "coffee -shop", [2]),
    searches("without a phrase", 'coffee -"coffee shop"', [2]),
    searches("only words that must not be", "-coffee", []),
    searches("a word that is not indexed", "and", []),
    searches("nothing", "", []),
    searches("without accents", "cafe", [4]),
    searches("with accents", "cafe", [], options={"$diacriticSensitive": True}),
    searches("with case", "coffee", [1], options={"$caseSensitive": True}),
    searches("with case, upper", "Coffee", [2], options={"$caseSensitive": True}),
    searches("in no language there are no stems", "cakes", [3], options={"$language": "none"}, default_language="none"),
    searches("of several fields", "sugar", [3], key={"t": "text", "b": "text"}),
    searches("of all fields", "town", [1], key={"$**": "text"}),
    searches("in an unknown language", "coffee", refused(2), options={"$language": "nope"}),
    searches("of a number", {"$search": 1}, refused(14)),
    searches("without text", {"$language": "en"}, refused(4)),
    searches("with case of a number", {"$search": "x", "$caseSensitive": 1}, refused(14)),
    searches("with an unknown option", {"$search": "x", "$nope": 1}, refused(2)),
    ("without an index", ({"insert": "c", "documents": ARTICLES}, OK), ({"find": "c", "filter": {"$text": {"$search": "x"}}}, refused(27))),
    (
        "by a score", ({"insert": "c", "documents": ARTICLES}, OK), ({"createIndexes": "c", "indexes": [{"key": {"t": "text", "b": "text"}, "weights": {"t": 10}, "name": "t"}]}, OK),
        ({"find": "c", "filter": {"$text": {"$search": "coffee"}}, "projection": {"score": {"$meta": "textScore"}, "t": 1}, "sort": {"score": {"$meta": "textScore"}}}, {"cursor": {"firstBatch": [{"_id": 1, "score": float}, {"_id": 2, "score": float}]}}),
    ),
    (
        "a score", ({"insert": "c", "documents": [{"_id": 1, "t": "shop"}]}, OK), ({"createIndexes": "c", "indexes": [{"key": {"t": "text"}, "name": "t"}]}, OK),
        ({"find": "c", "filter": {"$text": {"$search": "shop"}}, "projection": {"score": {"$meta": "textScore"}}}, {"cursor": {"firstBatch": [{"score": lambda score: abs(score - 1.1) < 1e-9}]}}),
    ),
    (
        "a document's language", ({"insert": "c", "documents": [{"_id": 1, "t": "the", "language": "spanish"}, {"_id": 2, "t": "the"}]}, OK), ({"createIndexes": "c", "indexes": [{"key": {"t": "text"}, "name": "t"}]}, OK),
        ({"find": "c", "filter": {"$text": {"$search": "the", "$language": "none"}}}, {"cursor": {"firstBatch": [{"_id": 1}]}}),
    ),
    (
        "in a pipeline", ({"insert": "c", "documents": ARTICLES}, OK), ({"createIndexes": "c", "indexes": [{"key": {"t": "text"}, "name": "t"}]}, OK),
        ({"aggregate": "c", "pipeline": [{"$match": {"$text": {"$search": "coffee"}}}, {"$count": "n"}], "cursor": {}}, {"cursor": {"firstBatch": [{"n": 2}]}}),
    ),
    (
        "in a later stage", ({"insert": "c", "documents": ARTICLES}, OK), ({"createIndexes": "c", "indexes": [{"key": {"t": "text"}, "name": "t"}]}, OK),
        ({"aggregate": "c", "pipeline": [{"$limit": 9}, {"$match": {"$text": {"$search": "coffee"}}}], "cursor": {}}, refused(17313)),
    ),
    ("a score without a search", ({"insert": "c", "documents": ARTICLES}, OK), ({"find": "c", "projection": {"score": {"$meta": "textScore"}}}, refused(40218))),
    ("an unknown score", ({"insert": "c", "documents": ARTICLES}, OK), ({"find": "c", "projection": {"score": {"$meta": "nope"}}}, refused(17308))),
    ("a score of a number", ({"insert": "c", "documents": ARTICLES}, OK), ({"find": "c", "projection": {"score": {"$meta": 1}}}, refused(17307))),
)

test_text = conformance(TEXT)
