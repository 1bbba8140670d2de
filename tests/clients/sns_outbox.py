"""Reads what topics would have sent, and does to text messages what no client of the service can."""

import json
import urllib.parse


class Outbox:
    def __init__(self, server):
        self.server = server

    def ask(self, method, path, body=None, **parameters):
        """The status and the JSON of an answer."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        status, headers, answer = self.server.ask(method, f"/_millpond/{path}{query}", body and json.dumps(body))
        assert headers["content-type"] == "application/json", headers
        return status, json.loads(answer)

    def list(self, **parameters):
        status, answer = self.ask("GET", "outbox", **parameters)
        assert status == 200, answer
        return answer

    def to(self, address):
        """The messages for an address, the oldest first."""
        answer = self.list(address=address)
        assert answer["next"] is None
        return answer["messages"]

    def last(self, address):
        return self.to(address)[-1]

    def clear(self, **parameters):
        status, answer = self.ask("DELETE", "outbox", **parameters)
        assert status == 200, answer
        return answer["removed"]

    def text_messages(self, **change):
        status, answer = self.ask("POST", "text-messages", change)
        assert status == 200, answer
        return answer
