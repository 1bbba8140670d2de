"""Celery: workers of their own processes take their tasks from queues, by kombu's SQS transport."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest

from millpond import CREDENTIALS

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_SECONDS = 25


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture(scope="module")
def celery(server, tmp_path_factory):
    """The application, which this process sends with and the workers run."""
    directory = tmp_path_factory.mktemp("celery")
    (directory / "results").mkdir()
    environment = {
        "CELERY_APP_DIR": str(directory),
        "CELERY_APP_BROKER": f"sqs://any:any@{server.host}:{server.port}//",
        "CELERY_APP_ENDPOINT": server.url,
        "AWS_DEFAULT_REGION": CREDENTIALS["region_name"],
        "PYTHONPATH": str(HERE),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        import celery_app

        celery_app.RUNS.touch()
        yield celery_app
        celery_app.app.close()


@pytest.fixture
def start_worker(celery, tmp_path):
    started = []

    def start(*options, **environment):
        started.append(Worker(tmp_path / f"worker{len(started)}.log", options, environment))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


class Worker:
    """A Celery worker in its own processes."""

    def __init__(self, log, options, environment):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--loglevel=INFO", *options],
                cwd=log.parent, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self):
        """Warmly: it ends the tasks that it runs."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=PATIENCE_SECONDS) == 0, self.said()
        assert "CRITICAL" not in self.said(), self.said()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def said(self):
        return self.log.read_text(errors="replace")


def runs(celery, task):
    """When the task ran, by what it was called with."""
    times = collections.defaultdict(list)
    for run in celery.RUNS.read_text().splitlines():
        name, key, at = run.split(" ")
        if name == task:
            times[key].append(float(at))
    return times


def run_counts(celery, task):
    return {key: len(times) for key, times in runs(celery, task).items()}


def until(condition, worker):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert worker.process.poll() is None and time.monotonic() < end, worker.said()[-4000:]
        time.sleep(0.05)


def left(sqs, url):
    names = [f"ApproximateNumberOfMessages{name}" for name in ("", "NotVisible", "Delayed")]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return [int(attributes[name]) for name in names]


def make_queue(sqs, name, **attributes):
    return sqs.create_queue(QueueName=f"celery-{name}", Attributes=attributes)["QueueUrl"]


def predefined(*urls):
    return {"CELERY_APP_QUEUES": json.dumps({url.rsplit("/celery-")[1]: url for url in urls})}


def test_tasks_run_once_and_are_retried_delayed_and_requeued(celery, sqs, start_worker):
    plain = [celery.double.delay(n) for n in range(100)]
    url = sqs.get_queue_url(QueueName="celery-tasks")["QueueUrl"]  # kombu has made it
    worker = start_worker("--pool=prefork", "--concurrency=4")
    retried = [celery.reconnects.delay(n) for n in range(5)]
    given_up = celery.gives_up.delay(1)
    requeued = celery.rejects_once.delay(1)
    eta = datetime.now(timezone.utc) + timedelta(seconds=3)
    later = celery.double.apply_async(["eta"], eta=eta)
    delayed_from = time.time()
    delayed = celery.double.apply_async(["delayed"], delay_seconds=2)

    assert [result.get(timeout=PATIENCE_SECONDS) for result in plain] == [n * 2 for n in range(100)]
    assert [result.get(timeout=PATIENCE_SECONDS) for result in retried] == [2] * 5
    with pytest.raises(ValueError, match="never"):
        given_up.get(timeout=PATIENCE_SECONDS)
    requeued.get(timeout=PATIENCE_SECONDS)
    assert (later.get(timeout=PATIENCE_SECONDS), delayed.get(timeout=PATIENCE_SECONDS)) == ("etaeta", "delayeddelayed")
    until(lambda: left(sqs, url) == [0, 0, 0], worker)
    worker.stop()

    expected = {str(n): 1 for n in range(100)} | {"eta": 1, "delayed": 1}
    assert run_counts(celery, "double") == expected
    assert run_counts(celery, "reconnects") == {str(n): 3 for n in range(5)}
    assert run_counts(celery, "gives_up") == {"1": 2}
    assert run_counts(celery, "rejects_once") == {"1": 2}
    for first, second, third in runs(celery, "reconnects").values():
        assert second - first > 0.9 and third - second > 0.9
    assert runs(celery, "double")["eta"][0] >= eta.timestamp()
    assert runs(celery, "double")["delayed"][0] >= delayed_from + 1.9
    assert left(sqs, url) == [0, 0, 0]


def test_messages_are_kept_hidden_backed_off_and_buried(celery, sqs, start_worker):
    dead = make_queue(sqs, "dead")
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    failing = make_queue(
        sqs, "failing", VisibilityTimeout="60",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}),
    )
    working = make_queue(sqs, "working", VisibilityTimeout=str(celery.HOLD_SECONDS))
    # It has threads to spare that would take the long task again, were its message seen.
    worker = start_worker("--pool=threads", "--concurrency=4", "-Q", "working,failing", **predefined(working, failing))
    kept = celery.long.apply_async([2.5 * celery.HOLD_SECONDS, True], queue="working")
    celery.fails.apply_async([1], queue="failing")
    kept.get(timeout=PATIENCE_SECONDS)
    until(lambda: left(sqs, dead) == [1, 0, 0], worker)
    until(lambda: left(sqs, working) == left(sqs, failing) == [0, 0, 0], worker)
    worker.stop()

    assert run_counts(celery, "long") == {"5.0": 1, "done": 1}
    [times] = runs(celery, "fails").values()
    assert len(times) == 3
    assert all(later - earlier > 0.9 for earlier, later in zip(times, times[1:]))
    [message] = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "4"


def test_a_killed_workers_task_is_run_by_the_next_worker_and_groups_keep_their_order(celery, sqs, start_worker):
    held = make_queue(sqs, "held", VisibilityTimeout=str(celery.HOLD_SECONDS))
    ordered = make_queue(sqs, "ordered.fifo", FifoQueue="true")
    for n in range(20):
        celery.in_order.apply_async(["ab"[n % 2], n], queue="ordered.fifo", MessageGroupId="ab"[n % 2])
    for _ in range(2):
        celery.in_order.apply_async(["c", 0], queue="ordered.fifo", MessageGroupId="c", MessageDeduplicationId="c0")
    task = celery.long.apply_async([1.25, False], queue="held")
    first = start_worker("--pool=prefork", "--concurrency=1", "-Q", "held", **predefined(held))
    until(lambda: "1.25" in runs(celery, "long"), first)
    first.kill()
    assert not task.ready()
    second = start_worker("--pool=solo", "-Q", "held,ordered.fifo", **predefined(held, ordered))
    task.get(timeout=PATIENCE_SECONDS)
    until(lambda: left(sqs, held) == left(sqs, ordered) == [0, 0, 0], second)
    second.stop()

    [started] = [times for key, times in runs(celery, "long").items() if key == "1.25"]
    assert len(started) == 2 and started[1] - started[0] > celery.HOLD_SECONDS - 0.1
    order = [key for key, times in sorted(runs(celery, "in_order").items(), key=lambda run: run[1])]
    for group, count in [("a", range(0, 20, 2)), ("b", range(1, 20, 2)), ("c", range(1))]:
        assert [key for key in order if key[0] == group] == [f"{group}-{n}" for n in count]
    assert set(run_counts(celery, "in_order").values()) == {1}
