"""Details of MongoDB's behaviour that only a driver's own tests have asked for."""

import pytest

pymongo = pytest.importorskip("pymongo")

from pymongo import errors  # noqa: E402
from pymongo.cursor import CursorType  # noqa: E402


def test_an_empty_collation_is_none(database):
    database.c.insert_one({"_id": 1})
    assert database.c.delete_many({}, {}).deleted_count == 1


def test_background_is_shown_as_it_was_given_and_tells_no_index_from_another(database):
    database.c.create_index("a", background=True)
    database.c.create_index("a")
    assert database.c.index_information()["a_1"]["background"] is True


def test_a_tailable_cursor_that_has_lost_its_place_ends(database):
    database.create_collection("c", capped=True, size=4096, max=2)
    database.c.insert_one({"x": 0})
    cursor = database.c.find(cursor_type=CursorType.TAILABLE)
    assert [document["x"] for document in cursor] == [0]
    database.c.insert_many([{"x": 1}, {"x": 2}])
    assert list(cursor) == [] and not cursor.alive


def test_return_key_shows_the_key_alone(database):
    database.c.insert_one({"_id": 1, "a": 2})
    database.c.create_index("a")
    found = database.c.find({"a": 2}, return_key=True, show_record_id=True)
    assert list(found) == [{"a": 2}]


def test_a_pipeline_that_writes_tells_of_its_write_concern(database):
    database.c.insert_one({"_id": 1})
    unsatisfiable = database.c.with_options(write_concern=pymongo.WriteConcern(w=2, wtimeout=1))
    with pytest.raises(errors.WriteConcernError):
        unsatisfiable.aggregate([{"$out": "d"}])
    assert database.d.count_documents({}) == 1


def test_a_write_that_fails_tells_of_its_write_concern_as_well(database):
    database.create_collection("c")
    with pytest.raises(errors.OperationFailure) as refused:
        database.command("create", "c", capped=True, size=4096, writeConcern={"w": 2, "wtimeout": 1})
    assert refused.value.code == 48 and refused.value.details["writeConcernError"]["code"] == 100


def test_the_sessions_there_are_include_the_one_that_asks(mongo):
    with mongo.start_session() as session:
        found = list(mongo.admin.aggregate([{"$listLocalSessions": {}}], session=session))
        assert session.session_id["id"] in [found["_id"]["id"] for found in found]
