"""Asks a MongoDB server or mongomock: python.py ADDRESS|mongomock DOCUMENTS SECONDS. Prints a step, its rate and its median a line."""
import itertools
import json
import random
import sys
import time

address, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
if address == "mongomock":
    import mongomock
    database = mongomock.MongoClient().bench
else:
    import pymongo
    database = pymongo.MongoClient(address).bench
    database.client.drop_database("bench")

with open(path) as file:
    documents = [json.loads(line) for line in file]
draw = random.Random(1)


def create(name, all_indexes):
    collection = database[name]
    collection.create_index("code")
    collection.create_index("group")
    if all_indexes:
        collection.create_index("rank")
        collection.create_index([("group", 1), ("rating", 1)])
    return collection


def measure(name, operation, each=1):
    times, done, started = [], 0, time.perf_counter()
    before = started
    while before - started < seconds:
        if operation() is False:
            break
        after = time.perf_counter()
        times.append(after - before)
        before = after
        done += each
    times.sort()
    print(name, done / (before - started), times[len(times) // 2] * 1e6, sep="\t", flush=True)


def finds(expected, filter, *more, **options):
    def find():
        found = len(list(movies.find(filter(draw.randrange(len(documents) - 10)), *more, **options)))
        assert found == expected, f"{found} results for {expected}"
    return find


movies = create("movies", True)
for first in range(0, len(documents), 1000):
    movies.insert_many([dict(document) for document in documents[first:first + 1000]])

group = lambda id: {"group": id // 10}
measure("find by _id", finds(1, lambda id: {"_id": id}))
measure("find by index, 1 result", finds(1, lambda id: {"code": f"c{id:09}"}))
measure("find by index, 10 results", finds(10, group))
measure("the same, projected", finds(10, group, {"Title": 1, "rating": 1}))
measure("the same, covered", finds(10, group, {"_id": 0, "group": 1, "rating": 1}))
measure("range, sort, limit 20", finds(20, lambda id: {"rank": {"$gte": (id * 40503 & 0xFFFF) // 2}}, sort=[("rank", 1)], limit=20))


def update():
    change = {"$set": {"Distributor": "Another Distributor"}, "$inc": {"views": 1}}
    assert movies.update_one({"_id": draw.randrange(len(documents))}, change).modified_count == 1


measure("update by _id", update)

for size in 1, 100, 1000:
    inserted = create(f"inserted-{size}", False)
    numbers = itertools.count()

    def insert():
        batch = []
        for number in itertools.islice(numbers, size):
            batch.append({**documents[number % len(documents)], "_id": number})
        if size == 1:
            inserted.insert_one(batch[0])
        else:
            inserted.insert_many(batch)

    measure("insert" if size == 1 else f"insert of {size}", insert, size)

deleted = create("deleted", False)
most = min(len(documents), 8000)
for first in range(0, most, 1000):
    deleted.insert_many([dict(document) for document in documents[first:first + 1000]])
numbers = iter(range(most))


def delete():
    number = next(numbers, None)
    if number is None:
        return False
    assert deleted.delete_one({"_id": number}).deleted_count == 1


measure("delete by _id", delete)
