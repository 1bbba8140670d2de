"""The kinds of tables, and how a case of each is run.

A table is the page that justifies it and its rows; a row is a name, what is asked, and what the page promises: a value, or
`refused(code)`. Values are compared with their BSON types, so that an int is not a long; replies of commands are compared with
what the row names of them. `later(reason, row)` marks what the server does not do yet.
"""

import dataclasses
import datetime
import itertools
import math
import re
import struct

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

MANUAL = "https://www.mongodb.com/docs/manual/"
MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
ANY = type("Any", (), {"__repr__": lambda self: "ANY"})()

_collections = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Refused:
    code: int


def refused(code):
    return Refused(code)


@dataclasses.dataclass(frozen=True)
class Unordered:
    rows: list


def unordered(*rows):
    """Documents in any order."""
    return Unordered(list(rows))


@dataclasses.dataclass(frozen=True)
class Later:
    reason: str
    row: tuple


def later(reason, row):
    return Later(reason, row)


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    run: object
    expected: object
    compare: object
    source: str
    reason: str | None

    def check(self, database):
        answer = self.run(database)
        assert self.compare(answer, self.expected), f"\n  source:   {self.source}\n  expected: {self.expected!r}\n  answered: {answer!r}"


def conformance(*tables):
    """A test of all rows of the tables."""
    cases = [case for table in tables for case in table]
    seen = set()
    for case in cases:
        assert case.name not in seen, f"two cases are called {case.name}"
        seen.add(case.name)
    marks = [[pytest.mark.xfail(reason=case.reason, strict=True)] if case.reason else [] for case in cases]

    @pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=mark) for case, mark in zip(cases, marks)])
    def test(database, case):
        case.check(database)

    return test


# Comparing


def exact(value):
    """A value with its BSON type."""
    match value:
        case bool():
            return ("bool", value)
        case Int64():
            return ("long", int(value))
        case int():
            return ("int" if -(2**31) <= value < 2**31 else "long", value)
        case float():
            return ("double", "NaN" if math.isnan(value) else repr(value))
        case Decimal128():
            return ("decimal", str(value))
        case datetime.datetime():
            return ("date", value.replace(tzinfo=None))
        case re.Pattern():
            return exact(Regex.from_native(value))
        case Regex():
            return ("regex", value.pattern, value.flags)
        case Code():
            return ("code", str(value), exact(value.scope) if value.scope is not None else None)
        case Binary():
            return ("binary", value.subtype, bytes(value))
        case bytes():
            return ("binary", 0, value)
        case DBRef():
            return exact(value.as_doc())
        case dict():
            return ("object", tuple((name, exact(member)) for name, member in value.items()))
        case list() | tuple():
            return ("array", tuple(exact(item) for item in value))
    return (type(value).__name__, value)


def equals(answer, expected):
    if isinstance(answer, Refused) or isinstance(expected, Refused):
        return answer == expected
    if isinstance(expected, Unordered):
        return sorted(map(repr, map(exact, answer))) == sorted(map(repr, map(exact, expected.rows)))
    return exact(answer) == exact(expected)


def contains(answer, expected):
    """Whether a reply has what is expected of it. A type stands for any value of it, a function for its own judgement."""
    if expected is ANY:
        return answer is not MISSING
    if isinstance(expected, type):
        return isinstance(answer, expected)
    if callable(expected):
        return answer is not MISSING and not isinstance(answer, Refused) and bool(expected(answer))
    if expected is MISSING:
        return answer is MISSING
    if isinstance(answer, Refused) or isinstance(expected, Refused):
        return answer == expected
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(contains(answer.get(name, MISSING), value) for name, value in expected.items())
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(contains, answer, expected))
    if isinstance(expected, (bool, Decimal128)) or isinstance(answer, bool):
        return exact(answer) == exact(expected)
    return answer == expected


# Asking


def ask(database, command, session=None):
    """The reply to a command, or what it is refused with: by the command, or by the first of its statements."""
    reply = database.command(command, check=False, session=session)
    if not reply["ok"]:
        return Refused(reply["code"])
    if reply.get("writeErrors"):
        return Refused(reply["writeErrors"][0]["code"])
    return reply


def read(database, command):
    """All documents that a command finds."""
    reply = ask(database, command)
    if isinstance(reply, Refused):
        return reply
    found, cursor = list(reply["cursor"]["firstBatch"]), reply["cursor"]
    while cursor["id"]:
        reply = ask(database, {"getMore": Int64(cursor["id"]), "collection": cursor["ns"].split(".", 1)[1]})
        if isinstance(reply, Refused):
            return reply
        cursor = reply["cursor"]
        found += cursor["nextBatch"]
    return found


def fill(database, documents, name=None):
    """A collection of the documents. Documents without an `_id` are numbered."""
    name = name or f"c{next(_collections)}"
    numbered = [document if "_id" in document else {"_id": number, **document} for number, document in enumerate(documents, 1)]
    if numbered:
        reply = ask(database, {"insert": name, "documents": numbered})
        assert not isinstance(reply, Refused), reply
    else:
        ask(database, {"create": name})
    return name


class Shared:
    """A collection that the read-only cases of a table share."""

    def __init__(self, documents):
        self.documents, self.name = documents, None

    def of(self, database):
        if self.name is None:
            self.name = fill(database, self.documents)
        return self.name


# Tables


def table(source, rows, make, compare=equals):
    cases = []
    for row in rows:
        reason = None
        if isinstance(row, Later):
            reason, row = row.reason, row.row
        name, expected, run = make(*row)
        cases.append(Case(name, run, expected, compare, source, reason))
    return cases


def expressions(source, *rows):
    """Rows of name, expression, its value, and the document it sees."""

    def make(name, expression, expected, document=None):
        def run(database):
            pipeline = [{"$documents": [literal(document or {})]}, {"$replaceWith": {"value": expression}}]
            found = read(database, {"aggregate": 1, "pipeline": pipeline, "cursor": {}})
            return found if isinstance(found, Refused) else found[0].get("value", MISSING)

        return name, expected, run

    return table(source, rows, make)


def filters(source, documents, *rows):
    """Rows of name, filter, and the `_id`s of the documents that it finds, in their order. Options are those of `find`."""
    shared = Shared(documents)

    def make(name, filter, expected, options=None):
        def run(database):
            found = read(database, {"find": shared.of(database), "filter": filter, "sort": {"_id": 1}, **(options or {})})
            return found if isinstance(found, Refused) else [document["_id"] for document in found]

        return name, expected, run

    return table(source, rows, make)


def matches(source, *rows):
    """Rows of name, value of the field `a`, filter, and whether it matches."""

    def make(name, value, filter, expected):
        def run(database):
            document = {} if value is MISSING else {"a": value}
            pipeline = [{"$documents": [literal(document)]}, {"$match": filter}]
            found = read(database, {"aggregate": 1, "pipeline": pipeline, "cursor": {}})
            return found if isinstance(found, Refused) else bool(found)

        return name, expected, run

    return table(source, rows, make)


def finds(source, documents, *rows):
    """Rows of name, the options of `find`, and the documents."""
    shared = Shared(documents)

    def make(name, options, expected):
        return name, expected, lambda database: read(database, {"find": shared.of(database), **options})

    return table(source, rows, make)


def pipelines(source, documents, *rows):
    """Rows of name, pipeline, and the documents. Documents by name are several collections; the pipeline is run on `c`, and
    stages name the others as `other("name")`."""

    shared = None

    def make(name, pipeline, expected, options=None):
        def run(database):
            nonlocal shared
            if shared is None:
                shared = Shared(documents)
            command = {"aggregate": shared.of(database), "pipeline": pipeline, "cursor": {}, **(options or {})}
            return read(database, command)

        return name, expected, run

    return table(source, rows, make)


def updates(source, *rows):
    """Rows of name, the document before, the update, the document after, and the options of the statement. Several documents
    before are a list, and so are those after. An `_id` that is not named after is not compared."""

    def make(name, before, update, expected, options=None):
        def run(database):
            several = isinstance(before, list)
            collection = fill(database, before if several else [before])
            options_ = dict(options or {})
            filter = options_.pop("q", {} if several else {"_id": before.get("_id", 1)})
            reply = ask(database, {"update": collection, "updates": [{"q": filter, "u": update, **options_}]})
            after = read(database, {"find": collection, "sort": {"_id": 1}})
            database.drop_collection(collection)
            if isinstance(reply, Refused):
                return reply
            if several:
                return after
            return after[0] if "_id" in expected else {name: value for name, value in after[0].items() if name != "_id"}

        return name, expected, run

    return table(source, rows, make)


def scenarios(source, *rows, own_session=False):
    """Rows of name and steps; a step is a command and what is expected of its reply. Each begins with an empty database. With
    `own_session` no other case has used its session: transaction numbers begin anew."""

    def make(name, *steps):
        def run(database):
            client = database.client
            if own_session:
                client = type(client)(*client.address)
            scratch = client[f"{database.name}_scratch"]
            database.client.drop_database(scratch.name)
            answers = []
            with client.start_session() as session:
                for command, expected in steps:
                    where = scratch
                    if isinstance(command, In):
                        where, command = client[command.database], command.command
                    if callable(command):
                        command = command(answers, scratch.name)
                    answer = ask(where, command, session)
                    answers.append(answer)
                    if not contains(answer, expected):
                        break
                else:
                    command = None
            database.client.drop_database(scratch.name)
            if own_session:
                client.close()
            return command and {"step": str(command)[:500], "expected": expected, "answered": answer}

        return name, None, run

    return table(source, rows, make, compare=lambda answer, _: answer is None)


@dataclasses.dataclass(frozen=True)
class In:
    """A command for another database."""

    database: str
    command: object


def on_admin(command):
    return In("admin", command)


OK = {"ok": 1}


# Values

DATE = datetime.datetime(2024, 2, 29, 13, 14, 15, 678000)
ID = ObjectId("65e08e77f3a1b2c3d4e5f607")

#: A value of each BSON type, by the type's alias.
VALUES = {
    "double": 1.5,
    "string": "text",
    "object": {"b": 1},
    "array": [1, 2],
    "binData": Binary(b"\x01\x02", 0),
    "objectId": ID,
    "bool": True,
    "date": DATE,
    "null": None,
    "regex": Regex("^a", "i"),
    "javascript": Code("f"),
    "javascriptWithScope": Code("f", {"x": 1}),
    "int": 3,
    "timestamp": Timestamp(5, 6),
    "long": Int64(4),
    "decimal": Decimal128("2.5"),
    "minKey": MinKey(),
    "maxKey": MaxKey(),
}
NUMBERS = ("double", "int", "long", "decimal")


def literal(value):
    """The value as an expression, whatever it looks like."""
    return {"$literal": value}


def other_than(*types):
    """The values of all types but these, by alias."""
    return {name: value for name, value in VALUES.items() if name not in types}


def size_of(document):
    return len(bson.encode(document))


def double_bits(bits):
    return struct.unpack(">d", struct.pack(">Q", bits))[0]
