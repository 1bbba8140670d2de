"""A plugin for pytest: leaves out what is not eligible, ends what hangs, and writes what came of each test."""

import fnmatch
import json
import os
import signal
import time

import pytest

TEST_SECONDS = 60


def name(nodeid):
    return nodeid.removeprefix("test/").replace(".py::", "::", 1)


def pytest_collection_modifyitems(items, config):
    patterns = json.loads(os.environ["NOT_ELIGIBLE"])
    only = json.loads(os.environ["ONLY"])

    def is_left_out(item):
        test = name(item.nodeid)
        other = only and not any(fnmatch.fnmatchcase(test, pattern) for pattern in only)
        return other or any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns)

    left_out = [item for item in items if is_left_out(item)]
    items[:] = [item for item in items if not is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)


def too_long(*_):
    raise TimeoutError(f"took more than {TEST_SECONDS} s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)


class Outcomes:
    def __init__(self):
        self.file = open(os.environ["OUTCOMES"], "w")
        self.outcome, self.began = None, 0

    def pytest_runtest_logstart(self, nodeid):
        self.outcome, self.began = None, time.monotonic()

    def pytest_runtest_logreport(self, report):
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.outcome = (crash.message if crash else str(report.longrepr)).replace("\n", " ")[:600]
        elif self.outcome is None and report.skipped:
            self.outcome = "passed" if hasattr(report, "wasxfail") else "skipped"
        elif self.outcome is None and report.when == "call":
            self.outcome = "passed"

    def pytest_runtest_logfinish(self, nodeid):
        seconds = round(time.monotonic() - self.began, 2)
        self.file.write(json.dumps({"id": name(nodeid), "outcome": self.outcome, "seconds": seconds}) + "\n")
        self.file.flush()


def pytest_configure(config):
    config.pluginmanager.register(Outcomes())
