"""The Celery application of test_celery.py: its workers import it, and what they run is told in a file."""

import json
import os
import pathlib
import time

import boto3
from celery import Celery
from celery.exceptions import Reject

# Queues that are there already, by their names for Celery. Without any, kombu makes what queues it needs.
QUEUES = json.loads(os.environ.get("CELERY_APP_QUEUES", "{}"))
RUNS = pathlib.Path(os.environ["CELERY_APP_DIR"]) / "runs"
HOLD_SECONDS = 2

app = Celery("celery_app", broker=os.environ["CELERY_APP_BROKER"], backend=(RUNS.parent / "results").as_uri())
app.conf.update(
    broker_connection_retry_on_startup=False,
    task_default_queue="tasks",
    worker_prefetch_multiplier=2,
    broker_transport_options={
        "is_secure": False,
        "region": "us-east-1",
        # Predefined queues that have it in their names would not be backed off, of which kombu knows only without it.
        "queue_name_prefix": "" if QUEUES else "celery-",
        "visibility_timeout": 60,
        "wait_time_seconds": 1,
        "polling_interval": 0,
        "fetch_message_attributes": {"MessageSystemAttributeNames": ["SentTimestamp"]},
        "predefined_queues": {
            name: {"url": url, "backoff_policy": {1: 1, 2: 1, 3: 1}, "backoff_tasks": ["celery_app.fails"]}
            for name, url in QUEUES.items()
        },
    },
)


def told(task, key):
    """Says that the task runs, in one write, as several processes do. Returns how often it has said so of this key."""
    line = f"{task.name.split('.')[-1]} {key} {time.time()}\n"
    with open(RUNS, "ab", buffering=0) as runs:
        runs.write(line.encode())
    return sum(line.split(" ")[:2] == run.split(" ")[:2] for run in RUNS.read_text().splitlines())


@app.task(bind=True)
def double(self, n):
    told(self, n)
    return n * 2


@app.task(bind=True, autoretry_for=(ConnectionError,), default_retry_delay=1, retry_jitter=False, max_retries=3)
def reconnects(self, n):
    if told(self, n) <= 2:
        raise ConnectionError("not yet")
    return self.request.retries


@app.task(bind=True, max_retries=1)
def gives_up(self, n):
    told(self, n)
    raise self.retry(countdown=0.5, exc=ValueError("never"))


@app.task(bind=True, acks_late=True)
def rejects_once(self, n):
    if told(self, n) == 1:
        raise Reject("later", requeue=True)


@app.task(bind=True, acks_late=True)
def long(self, seconds, extends):
    """Works for longer than its message is hidden: Celery does not extend that, so the task does."""
    told(self, seconds)
    end = time.monotonic() + seconds
    sqs = boto3.client("sqs", endpoint_url=os.environ["CELERY_APP_ENDPOINT"], region_name="us-east-1",
                       aws_access_key_id="any", aws_secret_access_key="any")
    url = QUEUES[self.request.delivery_info["routing_key"]]
    while time.monotonic() < end:
        if extends:
            sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=self.request.properties["delivery_tag"], VisibilityTimeout=HOLD_SECONDS
            )
        time.sleep(0.5)
    told(self, "done")


@app.task(bind=True, acks_late=True, acks_on_failure_or_timeout=False)
def fails(self, n):
    told(self, n)
    raise ValueError("always")


@app.task(bind=True, acks_late=True)
def in_order(self, group, n):
    told(self, f"{group}-{n}")
