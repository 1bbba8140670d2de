"""Places: 2dsphere and 2d indexes, $geoWithin, $geoIntersects, $near, $nearSphere, $geoNear."""

from .cases import MANUAL, OK, conformance, filters, refused, scenarios

PAGE = MANUAL + "reference/operator/query/"


def point(x, y):
    return {"type": "Point", "coordinates": [x, y]}


def polygon(*corners):
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]}


SQUARE = polygon((0, 0), (10, 0), (10, 10), (0, 10))
PLACES = [
    {"_id": 1, "at": point(1, 1)},
    {"_id": 2, "at": point(5, 5)},
    {"_id": 3, "at": point(20, 20)},
    {"_id": 4, "at": {"type": "LineString", "coordinates": [[-5, 5], [5, 5.5]]}},
    {"_id": 5, "at": polygon((2, 2), (4, 2), (4, 4), (2, 4))},
    {"_id": 6, "at": {"type": "MultiPoint", "coordinates": [[1, 1], [30, 30]]}},
    {"_id": 7},
]
GEOJSON = filters(
    f"{PAGE}geoWithin/",
    PLACES,
    ("within a polygon", {"at": {"$geoWithin": {"$geometry": SQUARE}}}, [1, 2, 5]),
    ("within several polygons", {"at": {"$geoWithin": {"$geometry": {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"], polygon((15, 15), (25, 15), (25, 25), (15, 25))["coordinates"]]}}}}, [1, 2, 3, 5]),
    ("within a polygon with a hole", {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [*SQUARE["coordinates"], *polygon((4.5, 4.5), (5.5, 4.5), (5.5, 5.7), (4.5, 5.7))["coordinates"]]}}}}, [1, 5]),
    ("within a circle on the sphere", {"at": {"$geoWithin": {"$centerSphere": [[0, 0], 0.05]}}}, [1]),
    ("intersects a polygon", {"at": {"$geoIntersects": {"$geometry": SQUARE}}}, [1, 2, 4, 5, 6]),
    ("intersects a line", {"at": {"$geoIntersects": {"$geometry": {"type": "LineString", "coordinates": [[3, 0], [3, 9]]}}}}, [4, 5]),
    ("intersects a point", {"at": {"$geoIntersects": {"$geometry": point(5, 5)}}}, [2]),
    ("intersects a point of several", {"at": {"$geoIntersects": {"$geometry": point(30, 30)}}}, [6]),
    ("within a point", {"at": {"$geoWithin": {"$geometry": point(1, 1)}}}, refused(2)),
    ("within an open ring", {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}}}}, refused(2)),
    ("within a ring of three", {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}}}}, refused(2)),
    ("intersects a place beyond the earth", {"at": {"$geoIntersects": {"$geometry": point(181, 0)}}}, refused(2)),
    ("intersects an unknown type", {"at": {"$geoIntersects": {"$geometry": {"type": "Nope", "coordinates": []}}}}, refused(2)),
    ("within nothing", {"at": {"$geoWithin": {}}}, refused(2)),
    ("within a number", {"at": {"$geoWithin": 1}}, refused(2)),
    ("near without an index", {"at": {"$near": {"$geometry": point(0, 0)}}}, refused(291), {"sort": {}}),
)

LEGACY = filters(
    f"{PAGE}box/",
    [{"_id": 1, "at": [1, 1]}, {"_id": 2, "at": [5, 5]}, {"_id": 3, "at": {"x": 20, "y": 20}}, {"_id": 4, "at": [[1, 1], [90, 90]]}, {"_id": 5, "at": "x"}],
    ("within a box", {"at": {"$geoWithin": {"$box": [[0, 0], [6, 6]]}}}, [1, 2, 4]),
    ("within a polygon", {"at": {"$geoWithin": {"$polygon": [[0, 0], [3, 0], [3, 3], [0, 3]]}}}, [1, 4]),
    ("within a circle", {"at": {"$geoWithin": {"$center": [[5, 5], 1]}}}, [2]),
    ("within a circle on the sphere", {"at": {"$geoWithin": {"$centerSphere": [[20, 20], 0.01]}}}, [3]),
    ("within by its old name", {"at": {"$within": {"$box": [[0, 0], [6, 6]]}}}, [1, 2, 4]),
    ("within a circle of a negative radius", {"at": {"$geoWithin": {"$center": [[5, 5], -1]}}}, refused(2)),
    ("within a box of one corner", {"at": {"$geoWithin": {"$box": [[0, 0]]}}}, refused(2)),
    ("within a polygon of two corners", {"at": {"$geoWithin": {"$polygon": [[0, 0], [1, 1]]}}}, refused(2)),
)


def near(name, kind, filter, ids, places=None):
    places = places or [{"_id": n, "at": point(n, 0) if kind == "2dsphere" else [n, 0]} for n in (3, 1, 2, 50)]
    expected = ids if hasattr(ids, "code") else {"cursor": {"firstBatch": [{"_id": id} for id in ids]}}
    return (
        name, ({"insert": "c", "documents": places}, OK), ({"createIndexes": "c", "indexes": [{"key": {"at": kind}, "name": "at"}]}, OK),
        ({"find": "c", "filter": filter, "projection": {"_id": 1}}, expected),
    )


NEAR = scenarios(
    f"{PAGE}near/",
    near("near", "2dsphere", {"at": {"$near": {"$geometry": point(0, 0)}}}, [1, 2, 3, 50]),
    near("near up to a distance", "2dsphere", {"at": {"$near": {"$geometry": point(0, 0), "$maxDistance": 250_000}}}, [1, 2]),
    near("near from a distance", "2dsphere", {"at": {"$near": {"$geometry": point(0, 0), "$minDistance": 250_000}}}, [3, 50]),
    near("nearSphere", "2dsphere", {"at": {"$nearSphere": {"$geometry": point(60, 0)}}}, [50, 3, 2, 1]),
    near("nearSphere of a pair", "2dsphere", {"at": {"$nearSphere": [0, 0], "$maxDistance": 0.04}}, [1, 2]),
    near("near and another condition", "2dsphere", {"at": {"$near": {"$geometry": point(0, 0)}}, "_id": {"$gt": 1}}, [2, 3, 50]),
    near("near on a plane", "2d", {"at": {"$near": [0, 0]}}, [1, 2, 3, 50]),
    near("near on a plane up to a distance", "2d", {"at": {"$near": [0, 0], "$maxDistance": 2}}, [1, 2]),
    near("nearSphere on a plane's index", "2d", {"at": {"$nearSphere": [0, 0], "$maxDistance": 0.04}}, [1, 2]),
    near("near within or", "2dsphere", {"$or": [{"at": {"$near": {"$geometry": point(0, 0)}}}, {"_id": 1}]}, refused(2)),
    near("near twice", "2dsphere", {"$and": [{"at": {"$near": {"$geometry": point(0, 0)}}}, {"at": {"$near": {"$geometry": point(0, 0)}}}]}, refused(2)),
    near("near a negative distance", "2dsphere", {"at": {"$near": {"$geometry": point(0, 0), "$maxDistance": -1}}}, refused(16900)),
    near("near no point", "2dsphere", {"at": {"$near": {"$geometry": SQUARE}}}, refused(2)),
    near("within by an index", "2dsphere", {"at": {"$geoWithin": {"$geometry": polygon((0.5, -1), (2.5, -1), (2.5, 1), (0.5, 1))}}}, [1, 2]),
    near("within a box by an index", "2d", {"at": {"$geoWithin": {"$box": [[0.5, -1], [2.5, 1]]}}}, [1, 2]),
)


def geo_near(name, expected, *after, **options):
    places = [{"_id": n, "at": point(n, 0), "k": n % 2} for n in (3, 1, 2)]
    return (
        name, ({"insert": "c", "documents": places}, OK), ({"createIndexes": "c", "indexes": [{"key": {"at": "2dsphere"}, "name": "at"}]}, OK),
        ({"aggregate": "c", "pipeline": [{"$geoNear": options}, *after], "cursor": {}}, expected),
    )


def about(number):
    return lambda value: abs(value - number) < number * 0.001 + 0.001


def batch(*documents):
    return {"cursor": {"firstBatch": list(documents)}}


GEO_NEAR = scenarios(
    MANUAL + "reference/operator/aggregation/geoNear/",
    geo_near("geoNear", batch({"_id": 1, "d": about(111_319.49)}, {"_id": 2, "d": about(222_638.98)}, {"_id": 3, "d": about(333_958.47)}), near=point(0, 0), distanceField="d", spherical=True),
    geo_near("geoNear up to a distance", batch({"_id": 1}), near=point(0, 0), distanceField="d", maxDistance=150_000),
    geo_near("geoNear from a distance", batch({"_id": 2}, {"_id": 3}), near=point(0, 0), distanceField="d", minDistance=150_000),
    geo_near("geoNear of a query", batch({"_id": 1}, {"_id": 3}), near=point(0, 0), distanceField="d", query={"k": 1}),
    geo_near("geoNear in kilometres", batch({"d": about(111.31949)}, {}, {}), near=point(0, 0), distanceField="d", distanceMultiplier=0.001),
    geo_near("geoNear with the places", batch({"where": point(1, 0)}, {}, {}), near=point(0, 0), distanceField="d", includeLocs="where"),
    geo_near("geoNear by a key", batch({"_id": 1}, {"_id": 2}, {"_id": 3}), near=point(0, 0), distanceField="d", key="at"),
    geo_near("geoNear and a limit", batch({"_id": 1}), {"$limit": 1}, near=point(0, 0), distanceField="d"),
    geo_near("geoNear without a place", refused(5860400), distanceField="d"),
    geo_near("geoNear with a distance field of a number", refused(16606), near=point(0, 0), distanceField=1),
    geo_near("geoNear with places in a number", refused(16607), near=point(0, 0), distanceField="d", includeLocs=1),
    ("geoNear not first", ({"insert": "c", "documents": [{}]}, OK), ({"aggregate": "c", "pipeline": [{"$match": {}}, {"$geoNear": {"near": point(0, 0), "distanceField": "d"}}], "cursor": {}}, refused(40603))),
    ("geoNear without an index", ({"insert": "c", "documents": [{}]}, OK), ({"aggregate": "c", "pipeline": [{"$geoNear": {"near": point(0, 0), "distanceField": "d"}}], "cursor": {}}, refused(27))),
)

test_geojson = conformance(GEOJSON)
test_legacy = conformance(LEGACY)
test_near = conformance(NEAR)
test_geo_near = conformance(GEO_NEAR)
