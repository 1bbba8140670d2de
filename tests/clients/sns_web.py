"""A web server that subscribers run: it keeps what it is sent, and answers as it is told to."""

import collections
import http.server
import json
import queue
import socket
import threading

PATIENCE_SECONDS = 20
# So long nothing must come to say that nothing does.
SILENCE_SECONDS = 0.4


class Request:
    def __init__(self, handler):
        length = int(handler.headers["Content-Length"])
        self.path, self.headers, self.body = handler.path, dict(handler.headers.items()), handler.rfile.read(length)
        self.method = handler.command

    def header(self, name):
        found = [value for key, value in self.headers.items() if key.lower() == name.lower()]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.web.connections.append(self.connection)

    def do_POST(self):
        request = Request(self)
        web = self.server.web
        with web.lock:
            statuses = web.statuses[request.path]
            status = statuses.popleft() if statuses else 200
            web.requests[request.path].put(request)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Web:
    def __init__(self):
        self.lock, self.connections = threading.Lock(), []
        self.requests = collections.defaultdict(queue.Queue)
        self.statuses = collections.defaultdict(collections.deque)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads, self.server.web = True, self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def answers(self, path, *statuses):
        """What the next requests at a path are answered with; then it is 200."""
        with self.lock:
            self.statuses[path] = collections.deque(statuses)

    def take(self, path, within=PATIENCE_SECONDS):
        return self.requests[path].get(timeout=within)

    def silent(self, path, within=SILENCE_SECONDS):
        try:
            request = self.take(path, within)
        except queue.Empty:
            return
        raise AssertionError(f"{path} was sent {request.body[:200]} ({request.headers})")

    def after(self, path, advance, most, step=1.0):
        """Moves the clock in steps until a request comes; gives it and the seconds. On a machine that is slow to send it these are more."""
        seconds = 0
        while seconds <= most:
            try:
                return self.take(path, 0.2), seconds
            except queue.Empty:
                advance(step)
                seconds += step
        return self.take(path), seconds

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        # Those that are kept alive have threads of their own.
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client has closed it
