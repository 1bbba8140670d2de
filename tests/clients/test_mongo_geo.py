"""Where the earth shook, asked by PyMongo; plain trigonometry over all of them is the judge."""

import math

import pytest

pymongo = pytest.importorskip("pymongo")

import samples  # noqa: E402

EARTH_METERS = 6_378_100
# Two ways to add up the same distance may differ in the last digits.
MARGIN = 1e-6
PLACES = [(-118.2437, 34.0522), (-149.9003, 61.2181), (121.6739, 24.0), (179.9, -20.0), (0, 0), (-155.5, 19.4), (10, 89.5)]


@pytest.fixture(scope="module")
def quakes():
    return samples.earthquakes()


@pytest.fixture(scope="module")
def collection(mongo, quakes):
    collection = mongo.earth.quakes
    collection.insert_many(quakes)
    collection.create_index([("geometry", "2dsphere"), ("properties.mag", -1)])
    # The same places as pairs, on a plane.
    mongo.earth.flat.insert_many([
        {"_id": quake["_id"], "at": quake["geometry"]["coordinates"][:2], "mag": quake["properties"]["mag"]} for quake in quakes])
    mongo.earth.flat.create_index([("at", "2d")])
    yield collection
    mongo.drop_database("earth")


@pytest.fixture(scope="module")
def flat(mongo, collection):
    return mongo.earth.flat


def place(quake):
    return quake["geometry"]["coordinates"][:2]


def radians(one, other):
    """The angle between two places. The haversine keeps its digits for near ones."""
    (lon, lat), (lon2, lat2) = (map(math.radians, pair) for pair in (one, other))
    h = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * math.asin(min(1, math.sqrt(h)))


def point(at):
    return {"type": "Point", "coordinates": list(at)}


def ids(cursor):
    return [one["_id"] for one in cursor]


def by_distance(quakes, at, within=math.inf, beyond=0):
    distances = {quake["_id"]: radians(place(quake), at) * EARTH_METERS for quake in quakes}
    return {name: distance for name, distance in sorted(distances.items(), key=lambda pair: pair[1]) if beyond <= distance <= within}


def assert_in_order(found, distances):
    assert len(set(found)) == len(found)
    for one, other in zip(found, found[1:]):
        assert distances[one] <= distances[other] * (1 + MARGIN) + 0.1, (one, other)


@pytest.mark.parametrize("at", PLACES)
def test_the_nearest_come_first(collection, quakes, at):
    distances = by_distance(quakes, at)
    found = ids(collection.find({"geometry": {"$near": {"$geometry": point(at)}}}, {"_id": 1}))
    assert set(found) == distances.keys()
    assert_in_order(found, distances)
    assert ids(collection.find({"geometry": {"$nearSphere": {"$geometry": point(at)}}}).limit(20)) == found[:20]


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("least, most", [(0, 1e5), (1e5, 1e6), (5e6, 1e7)])
def test_distances_are_bounds(collection, quakes, at, least, most):
    near = {"$geometry": point(at), "$minDistance": least, "$maxDistance": most}
    found = ids(collection.find({"geometry": {"$near": near}}))
    assert set(found) == by_distance(quakes, at, most, least).keys()
    strong = {"geometry": {"$near": near}, "properties.mag": {"$gte": 3}}
    expected = {quake["_id"] for quake in quakes if (quake["properties"]["mag"] or 0) >= 3} & set(found)
    assert set(ids(collection.find(strong))) == expected


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("radius", [0.001, 0.05, 1.0, 3.0])
def test_caps_of_the_sphere_hold_what_is_near(collection, quakes, at, radius):
    expected = {quake["_id"] for quake in quakes if radians(place(quake), at) <= radius}
    inside = {"geometry": {"$geoWithin": {"$centerSphere": [list(at), radius]}}}
    assert set(ids(collection.find(inside))) == expected
    assert set(ids(collection.find(inside).hint([("$natural", 1)]))) == expected
    plan = collection.find(inside).explain()
    assert plan["executionStats"]["nReturned"] == len(expected)


def side(one, other, at):
    """On which side of the great circle through two places a third one is."""
    def vector(pair):
        lon, lat = map(math.radians, pair)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
    (a, b, c), (d, e, f), (g, h, i) = vector(one), vector(other), vector(at)
    return (b * f - c * e) * g + (c * d - a * f) * h + (a * e - b * d) * i


TRIANGLES = {
    "california": [(-125, 32), (-114, 32), (-120, 42)],
    "alaska": [(-170, 52), (-130, 55), (-150, 72)],
    "across the date line": [(165, -30), (-165, -30), (179, 5)],
    "pacific rim": [(90, -10), (150, -10), (120, 45)],
}


@pytest.mark.parametrize("name", TRIANGLES)
def test_polygons_hold_what_is_left_of_their_sides(collection, quakes, name):
    corners = TRIANGLES[name]
    expected = {
        quake["_id"] for quake in quakes
        if all(side(one, other, place(quake)) > 0 for one, other in zip(corners, corners[1:] + corners[:1]))
    }
    polygon = {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}
    for operator in ("$geoWithin", "$geoIntersects"):
        query = {"geometry": {operator: {"$geometry": polygon}}}
        assert set(ids(collection.find(query))) == expected
        assert collection.count_documents(query, hint={"$natural": 1}) == len(expected)
    assert expected or name != "california"


@pytest.mark.parametrize("at", PLACES)
def test_the_stage_tells_distances(collection, quakes, at):
    distances = by_distance(quakes, at, within=2e6)
    found = list(collection.aggregate([
        {"$geoNear": {
            "near": point(at), "distanceField": "distance.meters", "includeLocs": "distance.place", "key": "geometry",
            "maxDistance": 2e6, "query": {"properties.type": "earthquake"}, "spherical": True,
        }},
        {"$project": {"distance": 1}},
    ]))
    kinds = {quake["_id"]: quake["properties"]["type"] for quake in quakes}
    assert {one["_id"] for one in found} == {name for name in distances if kinds[name] == "earthquake"}
    for one in found:
        assert one["distance"]["meters"] == pytest.approx(distances[one["_id"]], rel=1e-6, abs=0.1)
        assert one["distance"]["place"]["type"] == "Point"
    assert_in_order([one["_id"] for one in found], distances)
    kilometers = list(collection.aggregate([
        {"$geoNear": {"near": point(at), "distanceField": "km", "distanceMultiplier": 0.001, "maxDistance": 2e6}}, {"$limit": 1}]))
    if kilometers:
        assert kilometers[0]["km"] == pytest.approx(min(distances.values()) / 1000, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("at", [place for place in PLACES if abs(place[1]) < 89])
def test_a_plane_is_asked_as_well(flat, quakes, at):
    distances = {quake["_id"]: math.dist(place(quake), at) for quake in quakes}
    found = ids(flat.find({"at": {"$near": list(at), "$maxDistance": 30}}))
    assert set(found) == {name for name, distance in distances.items() if distance <= 30}
    assert [distances[name] for name in found] == sorted(distances[name] for name in found)
    center = {"at": {"$geoWithin": {"$center": [list(at), 12.5]}}}
    assert set(ids(flat.find(center))) == {name for name, distance in distances.items() if distance <= 12.5}
    low, high = [at[0] - 8, at[1] - 3], [at[0] + 5, at[1] + 20]
    box = {"at": {"$geoWithin": {"$box": [low, high]}}}
    expected = {quake["_id"] for quake in quakes if all(a <= c <= b for a, b, c in zip(low, high, place(quake)))}
    assert set(ids(flat.find(box))) == set(ids(flat.find(box).hint([("$natural", 1)]))) == expected


def test_places_that_are_none_are_refused(database):
    database.c.create_index([("at", "2dsphere")])
    for wrong in (point((200, 0)), {"type": "Circle", "coordinates": [0, 0]}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, [1, "x"], 5,
                  [point((1, 2)), point((3, 4))]):
        with pytest.raises(pymongo.errors.WriteError) as refused:
            database.c.insert_one({"at": wrong})
        assert refused.value.code in (16755, 16572), refused.value
    database.c.insert_many([{}, {"at": None}, {"at": point((1, 2))}, {"at": [3, 4]}])
    assert len(ids(database.c.find({"at": {"$near": {"$geometry": point((1, 2))}}}))) == 2
    with pytest.raises(pymongo.errors.OperationFailure) as refused:
        list(database.c.find({"other": {"$near": {"$geometry": point((1, 2))}}}))
    assert refused.value.code == 291
