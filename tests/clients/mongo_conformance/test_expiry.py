"""TTL indexes, by the server's clock, which the tests move."""

import datetime

import pytest

from .cases import MANUAL

SOURCE = MANUAL + "core/index-ttl/"
#: Name, the seconds of the index, the values of the field by the time, how far the clock is moved, and which documents are left.
EXPIRIES = [
    ("a date in the past", 10, lambda now: [now - datetime.timedelta(60)], 120, []),
    ("a date that is not yet due", 10_000, lambda now: [now], 120, [0]),
    ("a date that becomes due", 100, lambda now: [now], 300, []),
    ("no seconds at all", 0, lambda now: [now - datetime.timedelta(seconds=5), now + datetime.timedelta(days=9)], 120, [1]),
    ("the earliest of several dates", 10, lambda now: [[now + datetime.timedelta(9), now - datetime.timedelta(1)]], 120, []),
    ("an array without a date", 10, lambda now: [["x", 1]], 120, [0]),
    ("a number", 10, lambda now: [1], 120, [0]),
    ("text", 10, lambda now: [now.isoformat()], 120, [0]),
    ("null", 10, lambda now: [None], 120, [0]),
]


def passes(server, seconds):
    """Moves the clock; the monitor looks each minute of it, and has looked when a document that is long due is gone."""
    server.advance(seconds)


@pytest.mark.parametrize("case", EXPIRIES, ids=lambda case: case[0])
def test_expiry(conformance_server, database, case):
    name, seconds, values, later, left = case
    collection = database[name.replace(" ", "_")]
    now = datetime.datetime.fromtimestamp(conformance_server.advance(0) / 1000, datetime.timezone.utc).replace(tzinfo=None)
    collection.insert_many([{"_id": place, "at": value} for place, value in enumerate(values(now))])
    collection.insert_one({"_id": "canary", "at": now - datetime.timedelta(9999)})
    collection.create_index("at", expireAfterSeconds=seconds)
    passes(conformance_server, later)
    wait_until(lambda: collection.count_documents({"_id": "canary"}) == 0)
    assert [one["_id"] for one in collection.find(sort=[("_id", 1)])] == left, SOURCE
    collection.drop()


@pytest.mark.parametrize("kind", ["partial", "clustered", "changed"])
def test_expiry_of_kinds(conformance_server, database, kind):
    now = datetime.datetime.fromtimestamp(conformance_server.advance(0) / 1000, datetime.timezone.utc).replace(tzinfo=None)
    old = now - datetime.timedelta(9)
    if kind == "clustered":
        collection = database.create_collection(kind, clusteredIndex={"key": {"_id": 1}, "unique": True}, expireAfterSeconds=10)
        collection.insert_many([{"_id": old}, {"_id": now + datetime.timedelta(9)}, {"_id": "x"}])
        left = 2
    elif kind == "partial":
        collection = database[kind]
        collection.insert_many([{"at": old, "n": 1}, {"at": old, "n": 2}])
        collection.create_index("at", expireAfterSeconds=10, partialFilterExpression={"n": 1})
        left = 1
    else:
        collection = database[kind]
        collection.insert_many([{"at": old}, {"at": now + datetime.timedelta(9)}])
        collection.create_index("at", expireAfterSeconds=2**31 - 1)
        database.command({"collMod": kind, "index": {"keyPattern": {"at": 1}, "expireAfterSeconds": 10}})
        left = 1
    passes(conformance_server, 120)
    wait_until(lambda: collection.count_documents({}) <= left)
    assert collection.count_documents({}) == left, SOURCE
    collection.drop()


def wait_until(holds):
    """The monitor runs in a thread of its own, which moving the clock wakes."""
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=10)
    while not holds():
        assert datetime.datetime.now() < deadline, "the monitor did not run"
