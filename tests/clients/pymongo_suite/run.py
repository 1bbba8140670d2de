"""Runs PyMongo's own tests against the binary, and compares with the list of those that pass.

The tests are those of PyMongo's source distribution on PyPI, in the version that requirements.txt pins; they are kept
below target/ and never committed. `passing.txt` names the tests that have to pass, and only grows: `--add` writes the
new ones. `not_eligible.txt` names the tests that are about something this server does not claim, each with its reason.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))

from millpond import Server  # noqa: E402

PASSING = HERE / "passing.txt"
NOT_ELIGIBLE = HERE / "not_eligible.txt"
# Each of these has a server and a process of its own, since the tests share databases and fail points. Most of the
# time of most of them is waiting. The slowest come first.
LANES = [
    [
        "test_client", "test_retryable_writes_unified", "test_versioned_api_integration",
        "test_sessions_unified", "test_session", "test_read_write_concern_spec", "test_command_monitoring",
        "test_command_logging", "test_index_management", "test_database",
    ],
    [
        "test_collection", "test_csot", "test_crud_unified", "test_run_command", "test_collation", "test_comment",
        "test_raw_bson", "test_common", "test_examples", "test_auth", "test_binary", "test_pooling",
    ],
    ["test_retryable_writes", "test_retryable_reads"],
    ["test_client_bulk_write", "test_bulk", "test_custom_types", "test_threads", "test_collection_management"],
    [
        "test_read_concern", "test_cursor", "test_retryable_reads_unified", "test_gridfs", "test_gridfs_bucket",
        "test_gridfs_spec", "test_grid_file", "test_handshake_unified", "test_causal_consistency",
        "test_create_entities", "test_unified_format", "test_json_util_integration",
    ],
    [
        "test_discovery_and_monitoring", "test_monitoring", "test_monitor", "test_read_preferences", "test_logger",
        "test_connection_logging", "test_server_selection_logging", "test_streaming_protocol",
        "test_heartbeat_monitoring", "test_client_backpressure", "test_client_metadata", "test_operation_id_retry",
        "test_connection_monitoring",
    ],
]
LANE_SECONDS = 900


def version():
    pins = (HERE.parent / "requirements.txt").read_text()
    return re.search(r"^pymongo==(\S+)$", pins, re.MULTILINE).group(1)


def suite():
    """The folder that holds PyMongo's package `test`, and none of its code: that comes from the installed wheel."""
    folder = ROOT / "target" / "pymongo-suite" / version()
    if not (folder / "test").exists():
        with tempfile.TemporaryDirectory() as download:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                 "--no-binary", "pymongo", "--dest", download, f"pymongo=={version()}"],
                check=True,
            )
            (archive,) = pathlib.Path(download).glob("pymongo-*.tar.gz")
            with tarfile.open(archive) as tar:
                members = [member for member in tar if "/test/" in member.name]
                tar.extractall(download, members=members, filter="data")
            folder.mkdir(parents=True, exist_ok=True)
            shutil.move(f"{download}/pymongo-{version()}/test", folder / "test")
    return folder


def not_eligible():
    """Patterns of tests, and why they are not asked of this server."""
    lines = [line for line in NOT_ELIGIBLE.read_text().splitlines() if line and not line.startswith("#")]
    return [re.split(r"\s+# ", line, maxsplit=1) for line in lines]


def run_lane(modules, folder, only):
    """The outcomes of the tests of these modules: by test, `passed`, `skipped` or what went wrong, and its seconds."""
    server = Server(None, "--mongo-test-commands")
    try:
        with tempfile.TemporaryDirectory() as scratch:
            outcomes = pathlib.Path(scratch, "outcomes")
            environment = {
                **os.environ, "DB_IP": "127.0.0.1", "DB_PORT": str(server.mongo_port), "OUTCOMES": str(outcomes),
                "NOT_ELIGIBLE": json.dumps([pattern for pattern, _ in not_eligible()]), "ONLY": json.dumps(only),
                "PYTHONPATH": f"{HERE}:{folder}", "PYTHONDONTWRITEBYTECODE": "1",
            }
            with open(folder / f"{modules[0]}.log", "w") as log:
                subprocess.run(
                    [sys.executable, "-m", "pytest", "-q", "-p", "outcomes", "-p", "no:cacheprovider", "--tb=short",
                     "--strict-markers", "-W", "ignore", "-c", str(HERE / "suite.ini"), "--rootdir", str(folder),
                     *(f"test/{module}.py" for module in modules)],
                    cwd=folder, env=environment, stdout=log, stderr=log, timeout=LANE_SECONDS,
                )
            lines = outcomes.read_text().splitlines() if outcomes.exists() else []
            assert server.alive(), f"the server ended: {server.said()[-2000:]}"
            assert "panicked" not in server.said(), server.said()
            return [json.loads(line) for line in lines]
    finally:
        if server.alive():
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--add", action="store_true", help="add the tests that pass now to passing.txt")
    parser.add_argument("--module", action="append", help="run this module only (may be given more than once)")
    parser.add_argument("--only", help="run only tests whose names match this pattern")
    parser.add_argument("--slowest", type=int, default=0, help="show that many of the slowest tests")
    options = parser.parse_args()

    folder = suite()
    lanes = LANES
    if options.module:
        lanes = [[module for module in lane if module in options.module] for lane in LANES]
        lanes = [lane for lane in lanes if lane]
    only = [f"*{options.only}*"] if options.only else []
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        ran = [test for lane in pool.map(lambda lane: run_lane(lane, folder, only), lanes) for test in lane]

    modules = {module for lane in lanes for module in lane}
    listed = {line for line in PASSING.read_text().splitlines() if line and not line.startswith("#")}
    refused = [pattern for pattern, _ in not_eligible()]
    contradictions = [test for test in listed if any(fnmatch.fnmatchcase(test, pattern) for pattern in refused)]
    outcome = {test["id"]: test["outcome"] for test in ran}
    eligible = {test: what for test, what in outcome.items() if what != "skipped"}
    passed = {test for test, what in eligible.items() if what == "passed"}
    asked = {
        test for test in listed
        if test.split("::")[0] in modules and (not only or fnmatch.fnmatchcase(test, only[0]))
    }
    # Many of the tests measure time, which a busy machine takes from them: they have a second chance, on an idle one.
    again = sorted(asked - passed)
    if again:
        lane = sorted({test.split("::")[0] for test in again})
        escaped = [re.sub(r"([*?[])", r"[\1]", test) for test in again]
        second = {test["id"]: test["outcome"] for test in run_lane(lane, folder, escaped)}
        outcome.update(second)
        for test in again:
            print(f"run again: {test}: {second.get(test, 'did not run')}; before: {eligible.get(test, 'did not run')}")
        eligible = {test: what for test, what in outcome.items() if what != "skipped"}
        passed = {test for test, what in eligible.items() if what == "passed"}
    lost = sorted(asked - passed)
    gained = sorted(passed - listed)

    for test in sorted(eligible.keys() - passed):
        print(f"fails: {test}: {eligible[test]}")
    for test in sorted(ran, key=lambda test: -test["seconds"])[: options.slowest]:
        print(f"{test['seconds']:7.2f} s {test['id']}")
    by_module = collections.Counter(test.split("::")[0] for test in eligible)
    passed_by_module = collections.Counter(test.split("::")[0] for test in passed)
    for module, count in sorted(by_module.items()):
        print(f"{module:40} {passed_by_module[module]:5} of {count:5}")
    share = 100 * len(passed) / max(1, len(eligible))
    skipped = len(outcome) - len(eligible)
    print(
        f"PyMongo {version()}: {len(passed)} of {len(eligible)} eligible tests pass ({share:.2f} %), "
        f"{skipped} skipped by their own requirements, in {time.monotonic() - began:.0f} s"
    )
    if options.add and gained:
        PASSING.write_text("".join(f"{test}\n" for test in sorted(listed | set(gained))))
        print(f"{len(gained)} added to {PASSING.name}")
    elif gained:
        print(f"{len(gained)} pass that are not in {PASSING.name}: run with --add. The first: {gained[:5]}")
    for test in contradictions:
        print(f"in {PASSING.name} and not eligible: {test}")
    for test in lost:
        print(f"LOST: {test}: {outcome.get(test, 'did not run')}")
    sys.exit(bool(lost or contradictions))


if __name__ == "__main__":
    main()
