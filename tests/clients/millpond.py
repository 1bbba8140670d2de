"""Starts the millpond binary and talks to it with boto3, unmodified but for the endpoint."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Nothing checks signatures yet; the SDK still wants something to sign with.
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
START_SECONDS = 30


def binary():
    """The program under test: $MILLPOND_BIN, else the newest one that cargo has built here."""
    if "MILLPOND_BIN" in os.environ:
        return os.environ["MILLPOND_BIN"]
    built = [path for path in (ROOT / "target" / mode / "millpond" for mode in ("debug", "release")) if path.exists()]
    if not built:
        raise RuntimeError("build the binary first: cargo build --release")
    return str(max(built, key=lambda path: path.stat().st_mtime))


class Server:
    """One running binary on a port of its own choice. `data_dir=None` keeps everything in memory."""

    def __init__(self, data_dir, *options):
        store = ["--memory"] if data_dir is None else ["--data-dir", str(data_dir)]
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [binary(), "serve", *store, "--aws-addr", "127.0.0.1:0", "--mongo-addr", "127.0.0.1:0", *map(str, options)],
            stdout=subprocess.PIPE, stderr=self.stderr, text=True,
        )
        # A server that neither speaks nor ends would hold the read below for ever.
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        said = []
        for line in self.process.stdout:
            said.append(line)
            match = re.match(r"aws http://([0-9.]+):([0-9]+)$", line.strip())
            if match:
                self.host, self.port = match.group(1), int(match.group(2))
            match = re.match(r"mongodb mongodb://[0-9.]+:([0-9]+)/$", line.strip())
            if match:
                self.mongo_port = int(match.group(1))
                break
        watchdog.cancel()
        if not hasattr(self, "mongo_port"):
            self.process.wait()
            raise RuntimeError(f"the server did not say where it listens: {''.join(said)}{self.said()}")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def config(self, **more):
        # Two attempts would hide an answer that the first one should have had.
        settings = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 64, "read_timeout": 60}
        return Config(**{**settings, **more})

    def client(self, service="dynamodb", **more):
        config = more.pop("config", None) or self.config(**more)
        return boto3.client(service, endpoint_url=self.url, config=config, **CREDENTIALS)

    def resource(self):
        return boto3.resource("dynamodb", endpoint_url=self.url, config=self.config(), **CREDENTIALS)

    def ask(self, method, path, body=None, **headers):
        """One request by hand: its status, its headers by their names in lower case, and its body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def advance(self, seconds):
        """Moves the clock of a server with `--manual-clock`. Gives the time that it shows then, in milliseconds."""
        status, _, body = self.ask("POST", "/_millpond/clock", json.dumps({"advance_seconds": seconds}))
        assert status == 200, body
        return json.loads(body)["now_millis"]

    def alive(self):
        return self.process.poll() is None

    def said(self):
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def kill(self):
        """As the kernel would: no chance to close anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an operator would. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)
