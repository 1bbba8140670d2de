"""What MongoDB has and this server does not have yet: each is refused with a clear error, and nothing is passed over in silence."""

from bson import Int64

from .cases import MANUAL, conformance, later, on_admin, pipelines, refused, scenarios

PAGE = MANUAL + "reference/operator/aggregation/"
NOT_SUPPORTED = refused(115)
ROWS = [{"_id": 1, "a": 1}]


def window(function):
    return [{"$setWindowFields": {"sortBy": {"a": 1}, "output": {"r": function}}}]


STAGES = pipelines(
    f"{PAGE}setWindowFields/",
    ROWS,
    *[
        (f"setWindowFields with {name}", window({f"${name}": argument}), NOT_SUPPORTED)
        for name, argument in (
            ("covariancePop", ["$a", "$a"]), ("covarianceSamp", ["$a", "$a"]), ("denseRank", {}), ("derivative", {"input": "$a"}), ("documentNumber", {}),
            ("expMovingAvg", {"input": "$a", "N": 2}), ("integral", {"input": "$a"}), ("linearFill", "$a"), ("locf", "$a"), ("rank", {}),
            ("shift", {"output": "$a", "by": 1}), ("sum", "$a"), ("push", "$a"),
        )
    ],
    ("densify", [{"$densify": {"field": "a", "range": {"step": 1, "bounds": "full"}}}], NOT_SUPPORTED),
    ("fill", [{"$fill": {"output": {"a": {"value": 0}}}}], NOT_SUPPORTED),
    ("changeStream", [{"$changeStream": {}}], NOT_SUPPORTED),
    ("changeStreamSplitLargeEvent", [{"$changeStreamSplitLargeEvent": {}}], NOT_SUPPORTED),
    ("search", [{"$search": {"text": {"query": "x", "path": "a"}}}], NOT_SUPPORTED),
    ("searchMeta", [{"$searchMeta": {}}], NOT_SUPPORTED),
    ("vectorSearch", [{"$vectorSearch": {"index": "i", "path": "a", "queryVector": [1.0], "limit": 1, "numCandidates": 1}}], NOT_SUPPORTED),
    ("listSearchIndexes", [{"$listSearchIndexes": {}}], refused(31082)),
    ("rankFusion", [{"$rankFusion": {"input": {"pipelines": {}}}}], NOT_SUPPORTED),
    ("planCacheStats", [{"$planCacheStats": {}}], NOT_SUPPORTED),
    ("listSampledQueries", [{"$listSampledQueries": {}}], NOT_SUPPORTED),
    ("setWindowFields within facet", [{"$facet": {"x": window({"$rank": {}})}}], NOT_SUPPORTED),
    ("changeStream within facet", [{"$facet": {"x": [{"$changeStream": {}}]}}], refused(40600)),
)


def agg(stage, collection=1):
    return {"aggregate": collection, "pipeline": [stage], "cursor": {}}


OTHER = scenarios(
    MANUAL + "reference/command/",
    ("listSessions", (agg({"$listSessions": {}}, "system.sessions"), NOT_SUPPORTED)),
    ("a change stream of all", (on_admin(agg({"$changeStream": {"allChangesForCluster": True}})), NOT_SUPPORTED)),
    ("querySettings", (on_admin(agg({"$querySettings": {}})), NOT_SUPPORTED)),
    ("mapReduce", ({"mapReduce": "c", "map": "function() {}", "reduce": "function() {}", "out": {"inline": 1}}, NOT_SUPPORTED)),
    ("where", ({"find": "c", "filter": {"$where": "true"}}, refused(2))),
    ("createRole", ({"createRole": "r", "privileges": [], "roles": []}, NOT_SUPPORTED)),
    ("updateRole", ({"updateRole": "r", "privileges": []}, NOT_SUPPORTED)),
    ("dropRole", ({"dropRole": "r"}, NOT_SUPPORTED)),
    ("commitTransaction", (on_admin({"commitTransaction": 1}), NOT_SUPPORTED)),
    ("abortTransaction", (on_admin({"abortTransaction": 1}), NOT_SUPPORTED)),
    ("a transaction", ({"find": "c", "txnNumber": Int64(1), "autocommit": False, "startTransaction": True}, refused(263))),
    later(
        "time series are kept as plain collections",
        ("time series", ({"create": "c", "timeseries": {"timeField": "t"}}, {"ok": 1}), ({"listCollections": 1, "filter": {"name": "c"}}, {"cursor": {"firstBatch": [{"type": "timeseries"}]}})),
    ),
    own_session=True,
)

JAVASCRIPT = pipelines(
    f"{PAGE}function/",
    ROWS,
    ("function", [{"$project": {"r": {"$function": {"body": "function() {}", "args": [], "lang": "js"}}}}], refused(31264)),
    ("accumulator", [{"$group": {"_id": None, "r": {"$accumulator": {"init": "function() {}", "accumulate": "function() {}", "accumulateArgs": [], "merge": "function() {}", "lang": "js"}}}}], NOT_SUPPORTED),
)

test_stages = conformance(STAGES)
test_other = conformance(OTHER)
test_javascript = conformance(JAVASCRIPT)
