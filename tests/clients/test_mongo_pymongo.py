"""An application on PyMongo, from its first connection to its last: a plain Python list is the judge of what it reads."""

import collections
import contextlib
import datetime
import os
import re
import struct
import threading
import time

import pytest

pymongo = pytest.importorskip("pymongo")

import bson  # noqa: E402
import gridfs  # noqa: E402
from bson.raw_bson import RawBSONDocument  # noqa: E402
from pymongo import ASCENDING, DESCENDING, TEXT, errors, monitoring  # noqa: E402

import samples  # noqa: E402
from millpond import Server  # noqa: E402


def address(server, **options):
    return f"mongodb://127.0.0.1:{server.mongo_port}/?" + "&".join(f"{name}={value}" for name, value in options.items())


@pytest.fixture(scope="module")
def movies():
    return samples.movies()


@pytest.fixture(scope="module")
def films(mongo, movies):
    """All films, with the indexes of an application. Tests only read them."""
    collection = mongo.cinema.films
    collection.insert_many(movies)
    collection.create_indexes([
        pymongo.IndexModel([("Major Genre", ASCENDING), ("IMDB Rating", DESCENDING)], name="genre_rating"),
        pymongo.IndexModel("Director"),
        pymongo.IndexModel([("Title", TEXT)], default_language="english"),
        pymongo.IndexModel("US Gross", partialFilterExpression={"US Gross": {"$gt": 1_000_000}}, name="earners"),
    ])
    yield collection
    mongo.drop_database("cinema")


def stages(plan):
    """The names of a plan's stages, from its root on."""
    names = []
    while plan:
        names.append(plan["stage"])
        plan = plan.get("inputStage")
    return names


def number(value):
    return isinstance(value, (int, float))


# Queries


QUERIES = [
    ({"Major Genre": "Drama"}, lambda row: row["Major Genre"] == "Drama"),
    ({"Major Genre": None}, lambda row: row["Major Genre"] is None),
    ({"IMDB Rating": {"$gte": 8}}, lambda row: number(row["IMDB Rating"]) and row["IMDB Rating"] >= 8),
    ({"Major Genre": "Comedy", "IMDB Rating": {"$lt": 5}},
     lambda row: row["Major Genre"] == "Comedy" and number(row["IMDB Rating"]) and row["IMDB Rating"] < 5),
    ({"Major Genre": {"$in": ["Horror", "Western"]}}, lambda row: row["Major Genre"] in ("Horror", "Western")),
    ({"$or": [{"Director": "Steven Spielberg"}, {"MPAA Rating": "G"}]},
     lambda row: row["Director"] == "Steven Spielberg" or row["MPAA Rating"] == "G"),
    ({"Title": re.compile("^The ")}, lambda row: isinstance(row["Title"], str) and row["Title"].startswith("The ")),
    ({"Title": re.compile("love", re.I)}, lambda row: isinstance(row["Title"], str) and "love" in row["Title"].lower()),
    ({"Title": {"$type": "number"}}, lambda row: number(row["Title"])),
    ({"US Gross": {"$gt": 300_000_000}}, lambda row: number(row["US Gross"]) and row["US Gross"] > 300_000_000),
    ({"$expr": {"$gt": ["$Worldwide Gross", {"$multiply": ["$Production Budget", 10]}]}, "Production Budget": {"$gt": 0}},
     lambda row: number(row["Production Budget"]) and row["Production Budget"] > 0 and number(row["Worldwide Gross"])
     and row["Worldwide Gross"] > row["Production Budget"] * 10),
    ({"MPAA Rating": {"$not": {"$eq": "R"}}}, lambda row: row["MPAA Rating"] != "R"),
    ({"$nor": [{"Director": None}, {"Source": None}]}, lambda row: row["Director"] is not None and row["Source"] is not None),
]


@pytest.mark.parametrize("query, matches", QUERIES, ids=lambda value: str(value)[:50] if isinstance(value, dict) else "")
def test_queries_find_what_they_are_for(films, movies, query, matches):
    expected = [row for row in movies if matches(row)]
    found = sorted(films.find(query), key=lambda row: row["_id"])
    assert found == expected
    assert films.count_documents(query) == len(expected)
    assert sorted(row["_id"] for row in films.find(query, {"_id": 1}).hint([("$natural", 1)])) == [row["_id"] for row in expected]


PLANS = [
    ({"Major Genre": "Drama", "IMDB Rating": {"$gt": 7}}, ["FETCH", "IXSCAN"], "genre_rating"),
    ({"Director": "Steven Spielberg"}, ["FETCH", "IXSCAN"], "Director_1"),
    ({"US Gross": {"$gt": 200_000_000}}, ["FETCH", "IXSCAN"], "earners"),
    ({"US Gross": {"$gt": 5}}, ["COLLSCAN"], None),
    ({"MPAA Rating": "G"}, ["COLLSCAN"], None),
    ({"_id": 7}, ["EXPRESS_IXSCAN"], "_id_"),
]


@pytest.mark.parametrize("query, expected, index", PLANS, ids=lambda value: str(value)[:40])
def test_plans_use_the_indexes(films, query, expected, index):
    explained = films.find(query).explain()
    plan = explained["queryPlanner"]["winningPlan"]
    names = stages(plan)
    assert names == expected or names in (["IDHACK"], ["EXPRESS_CLUSTERED_IXSCAN"]) and "_id" in query, names
    if index and names[-1] == "IXSCAN":
        while "inputStage" in plan:
            plan = plan["inputStage"]
        assert plan["indexName"] == index
    told = explained["executionStats"]
    assert told["nReturned"] == films.count_documents(query)
    if names != ["COLLSCAN"]:
        assert told["totalDocsExamined"] == told["nReturned"]


def test_an_index_answers_without_documents_and_sorts(films, movies):
    explained = films.find({"Major Genre": "Western"}, {"_id": 0, "IMDB Rating": 1, "Major Genre": 1}).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 0
    found = [row["IMDB Rating"] for row in films.find({"Major Genre": "Drama"}).sort("IMDB Rating", -1)]
    plan = films.find({"Major Genre": "Drama"}).sort("IMDB Rating", -1).explain()["queryPlanner"]["winningPlan"]
    assert "SORT" not in stages(plan)
    ratings = [row["IMDB Rating"] for row in movies if row["Major Genre"] == "Drama"]
    assert found == sorted(ratings, key=lambda rating: -1 if rating is None else rating, reverse=True)


def test_pages_are_cut_where_they_are_asked_for(films, movies):
    ordered = sorted((row for row in movies if number(row["IMDB Votes"])), key=lambda row: (-row["IMDB Votes"], row["_id"]))
    for page in range(4):
        cursor = films.find({"IMDB Votes": {"$type": "number"}}).sort([("IMDB Votes", -1), ("_id", 1)]).skip(page * 7).limit(7)
        assert list(cursor) == ordered[page * 7:page * 7 + 7]


def test_cursors_bring_all_in_batches(mongo_server, films, movies):
    seen = collections.Counter()

    class Listener(monitoring.CommandListener):
        def started(self, event):
            seen[event.command_name] += 1

        def succeeded(self, event):
            pass

        def failed(self, event):
            pytest.fail(str(event))

    with pymongo.MongoClient(address(mongo_server), event_listeners=[Listener()]) as client:
        found = list(client.cinema.films.find().sort("_id", 1).batch_size(40))
        assert [row["_id"] for row in found] == list(range(len(movies)))
        assert seen["find"] == 1 and seen["getMore"] in (len(movies) // 40, len(movies) // 40 + 1)
        cursor = client.cinema.films.find().batch_size(10)
        next(cursor)
        cursor.close()
        assert seen["killCursors"] == 1
        raw = b"".join(client.cinema.films.find_raw_batches(batch_size=50))
        assert len(bson.decode_all(raw)) == len(movies)
        assert sum(1 for _ in client.cinema.films.find(cursor_type=pymongo.CursorType.EXHAUST, batch_size=20)) == len(movies)


def test_texts_are_searched(films, movies):
    found = {row["_id"]: row["score"] for row in films.find({"$text": {"$search": "\"love\" -story"}}, {"score": {"$meta": "textScore"}})}
    expected = {
        row["_id"] for row in movies
        if isinstance(row["Title"], str) and "love" in row["Title"].lower()
        and {"love", "loves", "loved", "loving", "lovely"} & set(re.findall(r"\w+", row["Title"].lower()))
        and not {"story", "stories"} & set(re.findall(r"\w+", row["Title"].lower()))
    }
    assert found.keys() == expected and all(score > 0 for score in found.values())
    ranked = list(films.find({"$text": {"$search": "last love"}}, {"score": {"$meta": "textScore"}}).sort([("score", {"$meta": "textScore"})]))
    scores = [row["score"] for row in ranked]
    assert scores == sorted(scores, reverse=True)


# Aggregation


def test_groups_are_summed_up(films, movies):
    found = {row["_id"]: row for row in films.aggregate([
        {"$match": {"IMDB Rating": {"$ne": None}}},
        {"$group": {
            "_id": "$Major Genre", "count": {"$sum": 1}, "best": {"$max": "$IMDB Rating"}, "mean": {"$avg": "$IMDB Rating"},
            "directors": {"$addToSet": "$Director"},
        }},
        {"$sort": {"count": -1, "_id": 1}},
    ])}
    groups = collections.defaultdict(list)
    for row in movies:
        if row["IMDB Rating"] is not None:
            groups[row["Major Genre"]].append(row)
    assert found.keys() == groups.keys()
    for genre, rows in groups.items():
        ratings = [row["IMDB Rating"] for row in rows]
        assert found[genre]["count"] == len(rows) and found[genre]["best"] == max(ratings)
        assert found[genre]["mean"] == pytest.approx(sum(ratings) / len(ratings))
        assert set(found[genre]["directors"]) == {row["Director"] for row in rows}
    counts = [row["count"] for row in found.values()]
    assert counts == sorted(counts, reverse=True)


def test_collections_are_joined(mongo, films, movies):
    directors = collections.Counter(row["Director"] for row in movies if row["Director"])
    mongo.cinema.directors.insert_many([{"_id": name, "films": count} for name, count in directors.items()])
    joined = mongo.cinema.directors.aggregate([
        {"$match": {"films": {"$gte": 2}}},
        {"$lookup": {"from": "films", "localField": "_id", "foreignField": "Director", "as": "made"}},
        {"$project": {"count": {"$size": "$made"}, "films": 1}},
    ])
    joined = list(joined)
    assert {row["_id"]: row["count"] for row in joined} == {name: count for name, count in directors.items() if count >= 2}
    [best] = mongo.cinema.directors.aggregate([
        {"$match": {"_id": "Steven Spielberg"}},
        {"$lookup": {
            "from": "films", "let": {"who": "$_id"}, "as": "made",
            "pipeline": [
                {"$match": {"$expr": {"$eq": ["$Director", "$$who"]}}}, {"$sort": {"IMDB Rating": -1, "_id": 1}}, {"$limit": 1},
                {"$project": {"_id": 0, "Title": 1}},
            ],
        }},
        {"$unwind": "$made"},
        {"$replaceRoot": {"newRoot": "$made"}},
    ]) if directors["Steven Spielberg"] else [None]
    if best:
        mine = [row for row in movies if row["Director"] == "Steven Spielberg"]
        assert best == {"Title": max(mine, key=lambda row: (row["IMDB Rating"] or -1, -row["_id"]))["Title"]}


def test_one_pass_answers_several_questions(films, movies):
    [faceted] = films.aggregate([{"$facet": {
        "ratings": [{"$sortByCount": "$MPAA Rating"}],
        "gross": [
            {"$match": {"US Gross": {"$type": "number"}}},
            {"$bucket": {"groupBy": "$US Gross", "boundaries": [0, 10_000_000, 100_000_000, 10_000_000_000], "output": {"n": {"$sum": 1}}}},
        ],
        "newest": [{"$sort": {"_id": -1}}, {"$limit": 3}, {"$project": {"Title": 1}}],
        "count": [{"$count": "n"}],
    }}])
    assert {row["_id"]: row["count"] for row in faceted["ratings"]} == collections.Counter(row["MPAA Rating"] for row in movies)
    bounds = [0, 10_000_000, 100_000_000, 10_000_000_000]
    expected = collections.Counter(
        max(bound for bound in bounds if bound <= row["US Gross"]) for row in movies if number(row["US Gross"]))
    assert {row["_id"]: row["n"] for row in faceted["gross"]} == expected
    assert [row["_id"] for row in faceted["newest"]] == [row["_id"] for row in movies[:-4:-1]]
    assert faceted["count"] == [{"n": len(movies)}]


def test_words_are_unwound_and_counted(films, movies):
    found = list(films.aggregate([
        {"$match": {"Title": {"$type": "string"}}},
        {"$project": {"word": {"$split": [{"$toLower": "$Title"}, " "]}}},
        {"$unwind": "$word"},
        {"$group": {"_id": "$word", "n": {"$sum": 1}}},
        {"$sort": {"n": -1, "_id": 1}},
        {"$limit": 20},
    ]))
    ascii_lower = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})
    words = collections.Counter(
        word for row in movies if isinstance(row["Title"], str) for word in row["Title"].translate(ascii_lower).split(" "))
    assert [(row["_id"], row["n"]) for row in found] == sorted(words.items(), key=lambda pair: (-pair[1], pair[0].encode()))[:20]


def test_results_are_written_and_merged(mongo, films):
    films.aggregate([{"$group": {"_id": "$Major Genre", "n": {"$sum": 1}}}, {"$out": "genres"}])
    assert mongo.cinema.genres.find_one({"_id": "Drama"})["n"] == films.count_documents({"Major Genre": "Drama"})
    films.aggregate([
        {"$group": {"_id": "$Major Genre", "best": {"$max": "$IMDB Rating"}}},
        {"$merge": {"into": "genres", "whenMatched": "merge", "whenNotMatched": "fail"}},
    ])
    assert set(mongo.cinema.genres.find_one({"_id": "Drama"})) == {"_id", "n", "best"}


# Writes


def test_elements_of_arrays_are_updated_where_they_match(database):
    orders = database.orders
    orders.create_index("lines.sku")
    orders.insert_many([
        {"_id": order, "lines": [{"sku": f"s{line}", "n": line + order, "tags": ["a", "b"]} for line in range(4)]}
        for order in range(20)
    ])
    assert "IXSCAN" in stages(orders.find({"lines.sku": "s2"}).explain()["queryPlanner"]["winningPlan"])
    updated = orders.update_many(
        {"lines.sku": "s2"}, {"$inc": {"lines.$[line].n": 100}, "$set": {"lines.$[line].tags.$[tag]": "c"}},
        array_filters=[{"line.sku": {"$in": ["s1", "s2"]}, "line.n": {"$gte": 10}}, {"tag": "b"}],
    )
    assert updated.matched_count == 20
    expected = 0
    for order in orders.find():
        touched = 0
        for number_, line in enumerate(order["lines"]):
            before = number_ + order["_id"]
            hit = line["sku"] in ("s1", "s2") and before >= 10
            assert line == {"sku": f"s{number_}", "n": before + 100 * hit, "tags": ["a", "c" if hit else "b"]}
            touched |= hit
        expected += touched
    assert updated.modified_count == expected
    orders.update_one({"_id": 3, "lines.sku": "s3"}, {"$set": {"lines.$.n": -1}})
    assert orders.find_one({"_id": 3})["lines"][3]["n"] == -1
    orders.update_one({"_id": 3}, {"$push": {"lines": {"$each": [{"sku": "new"}], "$position": 0, "$slice": 2}}, "$currentDate": {"at": True}})
    changed = orders.find_one({"_id": 3})
    assert [line["sku"] for line in changed["lines"]] == ["new", "s0"] and isinstance(changed["at"], datetime.datetime)
    orders.update_one({"_id": 4}, [{"$set": {"total": {"$sum": "$lines.n"}}}, {"$unset": "lines"}])
    assert orders.find_one({"_id": 4}) == {"_id": 4, "total": 4 + 5 + 6 + 7}


def test_no_job_is_taken_twice(database):
    jobs, count = database.jobs, 240
    jobs.create_index([("state", 1), ("priority", -1)])
    jobs.insert_many([{"_id": job, "state": "new", "priority": job % 5} for job in range(count)])
    taken, failures = collections.defaultdict(list), []

    def work(worker):
        try:
            while job := jobs.find_one_and_update(
                {"state": "new"}, {"$set": {"state": "taken", "by": worker}, "$inc": {"times": 1}}, sort=[("priority", -1)],
                return_document=pymongo.ReturnDocument.AFTER,
            ):
                assert job["by"] == worker and job["times"] == 1
                taken[worker].append(job["_id"])
        except Exception as failure:
            failures.append(failure)

    workers = [threading.Thread(target=work, args=[worker]) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert sorted(job for one in taken.values() for job in one) == list(range(count))
    assert jobs.count_documents({"state": "taken", "times": 1}) == count


def test_counters_lose_no_increment(database):
    database.counters.insert_one({"_id": "c", "n": 0})
    failures = []

    def count():
        try:
            for _ in range(50):
                database.counters.update_one({"_id": "c"}, {"$inc": {"n": 1}})
                database.counters.update_one({"_id": "made"}, {"$inc": {"n": 1}}, upsert=True)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [one["n"] for one in database.counters.find().sort("_id", 1)] == [300, 300]


@contextlib.contextmanager
def failing(mongo, mode, **data):
    mongo.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})
    try:
        yield
    finally:
        mongo.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_writes_survive_dropped_connections_and_happen_once(mongo_server, mongo, database):
    commands = ["insert", "update", "delete", "findAndModify"]
    with pymongo.MongoClient(address(mongo_server, retryWrites="true", appName="retries")) as client:
        collection = client[database.name].c
        collection.insert_one({"_id": 0, "n": 0})
        for turn in range(1, 9):
            with failing(mongo, {"times": 1}, failCommands=commands, closeConnection=True, appName="retries"):
                if turn % 4 == 0:
                    collection.insert_many([{"_id": f"{turn}.{one}"} for one in range(5)])
                elif turn % 4 == 1:
                    collection.update_one({"_id": 0}, {"$inc": {"n": 1}})
                elif turn % 4 == 2:
                    assert collection.find_one_and_update({"_id": 0}, {"$inc": {"n": 1}}, return_document=True)["n"] > 0
                else:
                    collection.bulk_write([pymongo.UpdateOne({"_id": 0}, {"$inc": {"n": 1}}), pymongo.InsertOne({"_id": turn})])
        assert collection.find_one({"_id": 0})["n"] == 6
        assert collection.count_documents({}) == 1 + 10 + 2
        with client.start_session(causal_consistency=True) as session:
            collection.insert_one({"_id": "mine"}, session=session)
            assert collection.find_one({"_id": "mine"}, session=session)
            assert session.operation_time and session.cluster_time
        # Not retryable: the driver must not try it again.
        with failing(mongo, {"times": 1}, failCommands=["update"], closeConnection=True, appName="retries"):
            with pytest.raises(errors.AutoReconnect):
                collection.update_many({}, {"$inc": {"n": 1}})


def test_what_nobody_waits_for_is_done_as_well(mongo_server, database):
    with pymongo.MongoClient(address(mongo_server, w=0)) as client:
        collection = client[database.name].c
        assert not collection.insert_one({"_id": 1}).acknowledged
        collection.insert_one({"_id": 1})  # a duplicate that nobody is told of
        collection.update_one({"_id": 1}, {"$set": {"a": 1}})
        collection.insert_many([{"_id": 100 + number_} for number_ in range(50)])
        collection.delete_one({"_id": 149})
        end = time.monotonic() + 10
        while database.c.count_documents({}) != 50 or database.c.find_one({"_id": 149}):
            assert time.monotonic() < end
    assert database.c.find_one({"_id": 1}) == {"_id": 1, "a": 1}


@pytest.mark.parametrize("compressor", ["snappy", "zlib", "zstd"])
def test_bulk_loads_go_through_each_compressor(mongo_server, database, movies, compressor):
    with pymongo.MongoClient(address(mongo_server, compressors=compressor)) as client:
        collection = client[database.name].c
        collection.insert_many(movies)
        assert sorted(collection.find(), key=lambda row: row["_id"]) == movies
        result = collection.bulk_write(
            [pymongo.ReplaceOne({"_id": row["_id"]}, {"title": row["Title"]}) for row in movies[:100]]
            + [pymongo.DeleteMany({"_id": {"$gte": 100}})], ordered=False)
        assert (result.matched_count, result.deleted_count) == (100, len(movies) - 100)


def test_clients_write_to_several_collections_at_once(mongo, database):
    name = database.name
    result = mongo.bulk_write([
        pymongo.InsertOne({"_id": 1, "n": 1}, namespace=f"{name}.a"),
        pymongo.InsertOne({"_id": 1}, namespace=f"{name}.b"),
        pymongo.UpdateMany({}, {"$inc": {"n": 1}}, namespace=f"{name}.a"),
        pymongo.ReplaceOne({"_id": 2}, {"x": 1}, upsert=True, namespace=f"{name}.b"),
        pymongo.DeleteOne({"_id": 1}, namespace=f"{name}.b"),
    ], verbose_results=True)
    assert (result.inserted_count, result.modified_count, result.upserted_count, result.deleted_count) == (2, 1, 1, 1)
    assert result.insert_results[0].inserted_id == 1 and result.update_results[3].upserted_id == 2
    with pytest.raises(errors.ClientBulkWriteException) as refused:
        mongo.bulk_write([pymongo.InsertOne({"_id": 1}, namespace=f"{name}.a"), pymongo.InsertOne({"_id": 3}, namespace=f"{name}.a")],
                         ordered=False)
    [error] = refused.value.write_errors
    assert error["code"] == 11000 and refused.value.partial_result.inserted_count == 1


# Collections


def test_rules_are_kept_and_changed(database):
    rule = {"$jsonSchema": {
        "bsonType": "object", "required": ["name", "age"],
        "properties": {"name": {"bsonType": "string", "minLength": 2}, "age": {"bsonType": "int", "minimum": 0}},
    }}
    people = database.create_collection("people", validator=rule)
    people.insert_one({"_id": 1, "name": "Ada", "age": 36})
    with pytest.raises(errors.WriteError) as refused:
        people.insert_one({"_id": 2, "name": "B", "age": -1})
    assert refused.value.code == 121 and refused.value.details["errInfo"]["details"]["operatorName"] == "$jsonSchema"
    with pytest.raises(errors.WriteError):
        people.update_one({"_id": 1}, {"$set": {"age": "old"}})
    people.with_options().database.command("insert", "people", documents=[{"_id": 3}], bypassDocumentValidation=True)
    database.command("collMod", "people", validationLevel="moderate")
    people.update_one({"_id": 3}, {"$set": {"name": 5}})  # it broke the rule before
    database.command("collMod", "people", validator={"age": {"$lt": 10}}, validationLevel="strict", validationAction="error")
    with pytest.raises(errors.WriteError):
        people.insert_one({"age": 11})
    database.command("collMod", "people", validationAction="warn")
    people.insert_one({"age": 11})
    [info] = database.list_collections(filter={"name": "people"})
    assert info["options"] == {"validator": {"age": {"$lt": 10}}, "validationLevel": "strict", "validationAction": "warn"}


def test_who_follows_a_log_is_told(mongo, database):
    database.create_collection("log", capped=True, size=1 << 16, max=100)
    database.log.insert_one({"_id": 0})
    seen, done = [], threading.Event()

    def follow():
        cursor = database.log.find(cursor_type=pymongo.CursorType.TAILABLE_AWAIT).max_await_time_ms(500)
        while cursor.alive and not done.is_set():
            for entry in cursor:
                seen.append(entry["_id"])
                if len(seen) == 41:
                    done.set()

    reader = threading.Thread(target=follow)
    reader.start()
    for entry in range(1, 41):
        database.log.insert_one({"_id": entry, "text": "x" * 100})
    assert done.wait(20), seen
    reader.join()
    assert seen == list(range(41))
    database.log.insert_many([{"_id": 100 + entry} for entry in range(200)])
    assert [entry["_id"] for entry in database.log.find()] == list(range(200, 300))


def test_files_are_stored_and_read_back(database):
    bucket = gridfs.GridFSBucket(database, chunk_size_bytes=10_000)
    content = os.urandom(123_456)
    with bucket.open_upload_stream("noise.bin", metadata={"kind": "noise"}) as stream:
        for at in range(0, len(content), 7777):
            stream.write(content[at:at + 7777])
    assert database.fs.chunks.count_documents({}) == 13
    with bucket.open_download_stream_by_name("noise.bin") as stream:
        stream.seek(50_001)
        assert stream.read(30_000) == content[50_001:80_001]
    second = bucket.upload_from_stream("noise.bin", b"newer")
    assert bucket.open_download_stream_by_name("noise.bin").read() == b"newer"
    assert bucket.open_download_stream_by_name("noise.bin", revision=0).read() == content
    [found] = bucket.find({"metadata.kind": "noise"})
    assert found.length == len(content)
    bucket.rename(second, "other.bin")
    bucket.delete(second)
    with pytest.raises(gridfs.NoFile):
        bucket.open_download_stream(second)
    plain = gridfs.GridFS(database, collection="plain")
    name = plain.put(b"hello", filename="a.txt", encoding="utf-8")
    assert plain.get(name).read() == b"hello" and plain.exists({"filename": "a.txt"})
    assert set(database.fs.files.index_information()) == {"_id_", "filename_1_uploadDate_1"}


EPOCH = datetime.datetime(1970, 1, 1)


def test_documents_expire_when_their_time_has_come():
    server = Server(None, "--manual-clock")
    try:
        with pymongo.MongoClient(address(server)) as client:
            now = EPOCH + datetime.timedelta(milliseconds=server.advance(1))
            sessions = client.app.sessions
            sessions.create_index("at", expireAfterSeconds=3600)
            sessions.insert_many([{"_id": hours, "at": now - datetime.timedelta(hours=hours)} for hours in (-2, -1, 0)])
            sessions.insert_many([
                {"_id": "none"}, {"_id": "text", "at": "2000"}, {"_id": "several", "at": [now, now + datetime.timedelta(days=1)]},
            ])
            def left():
                return {one["_id"] for one in sessions.find()}
            server.advance(3500)
            assert left() == {-2, -1, 0, "none", "text", "several"}
            server.advance(200)
            assert left() == {-2, -1, "none", "text"}
            client.app.command("collMod", "sessions", index={"name": "at_1", "expireAfterSeconds": 0})
            server.advance(61)
            assert left() == {-2, "none", "text"}
            server.advance(4000)
            assert left() == {"none", "text"}
    finally:
        assert server.stop() == 0


# Connections


def test_servers_are_watched_by_a_stream(mongo_server):
    beats, awaited = threading.Event(), []

    class Heartbeats(monitoring.ServerHeartbeatListener):
        def started(self, event):
            pass

        def succeeded(self, event):
            awaited.append(event.awaited)
            if awaited.count(True) >= 2:
                beats.set()

        def failed(self, event):
            pass  # the end of the client ends what it waits for

    options = {"serverMonitoringMode": "stream", "heartbeatFrequencyMS": 500}
    with pymongo.MongoClient(address(mongo_server, **options), event_listeners=[Heartbeats()]) as client:
        assert client.admin.command("ping")["ok"] == 1
        assert beats.wait(20), awaited
        assert client.is_primary
    for mode in ("poll", "auto"):
        with pymongo.MongoClient(address(mongo_server, serverMonitoringMode=mode)) as client:
            assert client.admin.command("ping")["ok"] == 1


def test_passwords_are_asked_for(tmp_path):
    server = Server(tmp_path / "store")
    try:
        with pymongo.MongoClient(address(server)) as client:
            client.admin.command("createUser", "root", pwd="pencil", roles=["root"])
        with pymongo.MongoClient(f"mongodb://root:pencil@127.0.0.1:{server.mongo_port}/?compressors=zlib") as root:
            root.app.command("createUser", "app", pwd="päss", roles=["readWrite"])
        app = pymongo.MongoClient("127.0.0.1", server.mongo_port, username="app", password="päss", authSource="app")
        with app:
            app.app.things.insert_one({"_id": 1})
            with pytest.raises(errors.OperationFailure) as refused:
                app.admin.things.insert_one({"_id": 1})
            assert refused.value.code == 13
        for name, password, source in (("app", "pass", "app"), ("app", "päss", "admin"), ("nobody", "pencil", "admin")):
            with pymongo.MongoClient("127.0.0.1", server.mongo_port, username=name, password=password, authSource=source) as wrong:
                with pytest.raises(errors.OperationFailure) as refused:
                    wrong.app.things.find_one()
                assert refused.value.code == 18
        with pymongo.MongoClient(address(server)) as nobody, pytest.raises(errors.OperationFailure) as refused:
            nobody.app.things.find_one()
        assert refused.value.code == 13
    finally:
        assert server.stop() == 0


# Values


def double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


EDGES = {
    "doubles": [0.0, -0.0, float("inf"), float("-inf"), double(0x7FF8000000000001), double(0xFFF8000000000000), 5e-324, 1.7976931348623157e308],
    "integers": [0, -1, 2**31 - 1, -(2**31), bson.Int64(2**63 - 1), bson.Int64(-(2**63)), bson.Int64(1)],
    "decimals": [bson.Decimal128(text) for text in (
        "0", "-0", "1.50", "NaN", "-NaN", "Infinity", "-Infinity", "9.999999999999999999999999999999999E+6144", "1E-6176", "0E+6111")],
    "texts": ["", "a\0b", "ä€😀", "\ufeff", "x" * 70_000],
    "binaries": [b"", bson.Binary(b"\0" * 16, 4), bson.Binary(b"\1" * 16, 3), bson.Binary(b"x", 0x80), bson.Binary(b"md5-md5-md5-md5-", 5),
                 bson.Binary(b"old", 2), bson.Binary(b"\x27\x00\x01\x02", 9)],
    "dates": [bson.DatetimeMS(0), bson.DatetimeMS(-1), bson.DatetimeMS(2**63 - 1), bson.DatetimeMS(-(2**63))],
    "others": [None, True, False, bson.ObjectId(b"\0" * 12), bson.Timestamp(0, 0), bson.Timestamp(2**32 - 1, 2**32 - 1), bson.MinKey(), bson.MaxKey(),
               bson.Regex("", ""), bson.Regex("a/b", "imx"), bson.Code("f()"), bson.Code("f()", {"x": 1}), bson.DBRef("c", 1)],
    "nested": [[], {}, [[]], [{}], {"": 1}, {"a": {"b": {"c": [[[{}]]]}}}],
    "names": [{"with space": 1, "ünï": 1, "a.b": 1, "$x": 1, "0": 1}],
}


@pytest.mark.parametrize("kind", EDGES)
def test_values_come_back_bit_by_bit(database, kind):
    raw = bson.encode({"_id": kind, "values": EDGES[kind]})
    collection = database.get_collection("values", codec_options=bson.CodecOptions(document_class=RawBSONDocument))
    collection.insert_one(RawBSONDocument(raw))
    assert collection.find_one({"_id": kind}).raw == raw
    assert next(collection.aggregate([{"$match": {"_id": kind}}])).raw == raw
    # Each is found by its own value as well, through an index and without one.
    database.each.create_index("v")
    for at, value in enumerate(EDGES[kind]):
        if isinstance(value, (bson.Regex, list, dict)) or isinstance(value, str) and len(value) > 1000:
            continue
        if value == bson.Timestamp(0, 0):
            continue  # at the top of a document it becomes the time of the insert
        database.each.insert_one({"_id": at, "v": value})
        for hint in ("v_1", [("$natural", 1)]):
            assert at in [one["_id"] for one in database.each.find({"v": {"$eq": value}}, {"_id": 1}, hint=hint)], value


def test_every_type_takes_its_place_in_the_order(database):
    ordered = [
        bson.MinKey(), None, -5, 1.5, bson.Decimal128("7"), "a", {"a": 1}, bson.Binary(b"x", 5), bson.ObjectId(), False, True,
        bson.DatetimeMS(5), bson.Timestamp(1, 1), bson.Regex("a"), bson.MaxKey(),
    ]
    database.c.insert_many([{"_id": at, "v": value} for at, value in reversed(list(enumerate(ordered)))])
    assert [one["_id"] for one in database.c.find({}, {"_id": 1}).sort("v", 1)] == list(range(len(ordered)))
    database.c.create_index("v")
    assert [one["_id"] for one in database.c.find({}, {"_id": 1}).sort("v", -1)] == list(range(len(ordered)))[::-1]


# Shells


def test_what_compass_and_mongosh_ask_for(mongo, database):
    admin, name = mongo.admin, database.name
    database.c.insert_many([{"_id": number, "a": number} for number in range(5)])
    database.c.create_index("a")
    assert admin.command("buildInfo")["version"].startswith("8.") and admin.command("hostInfo")["system"] is not None
    assert admin.command("getCmdLineOpts")["parsed"] is not None
    told = admin.command({"connectionStatus": 1, "showPrivileges": True})["authInfo"]
    assert told.keys() == {"authenticatedUsers", "authenticatedUserRoles", "authenticatedUserPrivileges"}
    [listed] = [one for one in admin.command({"listDatabases": 1, "nameOnly": True})["databases"] if one["name"] == name]
    assert listed == {"name": name}
    assert admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})["ok"] == 1
    assert admin.command("replSetGetStatus")["set"] == "rs0" and admin.command("serverStatus")["connections"]["current"] >= 1
    statistics = database.command("dbStats")
    assert (statistics["collections"], statistics["indexes"], statistics["objects"]) == (1, 2, 5)
    [stored] = database.c.aggregate([{"$collStats": {"storageStats": {}, "count": {}}}])
    assert (stored["count"], stored["storageStats"]["count"], stored["storageStats"]["nindexes"]) == (5, 5, 2)
    used = {one["name"]: one["key"] for one in database.c.aggregate([{"$indexStats": {}}])}
    assert used == {"_id_": {"_id": 1}, "a_1": {"a": 1}}
    sampled = [one["_id"] for one in database.c.aggregate([{"$sample": {"size": 3}}])]
    assert len(sampled) == len(set(sampled)) == 3
    database.texts.create_index([("kind", 1), ("title", "text"), ("body", "text")], weights={"title": 5})
    shown = database.texts.index_information()["kind_1_title_text_body_text"]
    assert shown["key"] == [("kind", 1), ("_fts", "text"), ("_ftsx", 1)] and shown["weights"] == {"title": 5, "body": 1}
