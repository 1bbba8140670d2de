"""The protocol below the SDK, by hand: headers, compression, and what no SDK would send."""

import gzip
import http.client
import json
import socket
import zlib

import pytest

JSON = "application/x-amz-json-1.0"


class Wire:
    def __init__(self, server):
        self.server = server

    def send(self, operation, body, **headers):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        try:
            headers = {"Content-Type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
            if operation:
                headers["X-Amz-Target"] = operation if "." in operation else f"DynamoDB_20120810.{operation}"
            connection.request("POST", "/", body if isinstance(body, bytes) else json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@pytest.fixture
def wire(server):
    wire = Wire(server)
    yield wire
    # Whatever was sent, the server answers the next request.
    assert wire.send("ListTables", {})[0] == 200


def code(body):
    return json.loads(body)["__type"].split("#")[-1]


def test_an_answer_has_an_id_a_type_and_its_checksum(wire):
    status, headers, body = wire.send("ListTables", {})
    assert status == 200
    assert headers["content-type"] == JSON
    assert len(headers["x-amzn-requestid"]) >= 36
    assert int(headers["x-amz-crc32"]) == zlib.crc32(body)
    assert wire.send("ListTables", {})[1]["x-amzn-requestid"] != headers["x-amzn-requestid"]


def test_bodies_are_compressed_both_ways(wire, make_table):
    table = make_table()
    item = {"pk": {"S": "a"}, "v": {"S": "x" * 100_000}}
    packed = gzip.compress(json.dumps({"TableName": table.name, "Item": item}).encode())
    assert wire.send("PutItem", packed, Content_Encoding="gzip")[0] == 200
    status, headers, body = wire.send("Scan", {"TableName": table.name}, Accept_Encoding="gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert len(body) < 10_000
    assert int(headers["x-amz-crc32"]) == zlib.crc32(body), "the checksum is of the bytes that were sent"
    assert json.loads(gzip.decompress(body))["Items"] == [item]
    plain = wire.send("Scan", {"TableName": table.name})
    assert "content-encoding" not in plain[1]
    assert json.loads(plain[2])["Items"] == [item]


def test_one_connection_serves_many_requests(server):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(50):
        connection.request("POST", "/", b"{}", {"Content-Type": JSON, "X-Amz-Target": "DynamoDB_20120810.ListTables"})
        assert connection.getresponse().read().startswith(b"{")
        assert connection.sock.getsockname()[1] == port
    connection.close()


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"nonsense", b'{"TableName": ', b'{"TableName": "a" "b"}', b'{"TableName": 1e}', b"\xff\xfe{}",
    b'{"TableName": 7}', b'{"TableName": ["a"]}', b"[" * 100_000, b'{"a":' * 100_000,
])
def test_malformed_json_is_a_serialization_error(wire, body):
    status, _, answer = wire.send("DescribeTable", body)
    assert status == 400
    assert code(answer) in ("SerializationException", "ValidationException")


def test_json_of_a_wrong_shape_is_a_serialization_error(wire, make_table):
    table = make_table()
    for item in ("text", ["a"], {"pk": "a"}, {"pk": {"S": 1}}, {"pk": {"S": "a"}, "v": {"L": {}}}, {"pk": {"S": "a"}, "v": {"SS": "a"}}):
        status, _, answer = wire.send("PutItem", {"TableName": table.name, "Item": item})
        assert (status, code(answer)) == (400, "SerializationException"), item
    assert table.scan()["Count"] == 0


def test_what_is_no_operation_is_unknown(wire):
    for headers in ({"operation": "Juggle"}, {"operation": None}):
        status, _, answer = wire.send(headers["operation"], {})
        assert status in (400, 404)
        assert code(answer) in ("UnknownOperationException", "MissingAuthenticationTokenException", "InvalidAction")


def test_4096_parentheses_are_refused(wire, make_table):
    table = make_table()
    for text in ("(" * 4096, "(" * 2040 + "a=b" + ")" * 2040, "NOT " * 1000 + "a=b", "size(" * 800, "a" + "[0]" * 1300 + "=b"):
        status, _, answer = wire.send("Scan", {"TableName": table.name, "FilterExpression": text})
        assert (status, code(answer)) == (400, "ValidationException"), text[:20]
        assert json.loads(answer)["message"].startswith("Invalid FilterExpression: "), text[:20]


def test_values_nested_a_thousand_deep_are_refused(wire, make_table):
    table = make_table()
    for levels in (40, 1000, 100_000):
        value = b'{"L":[' * levels + b'{"S":"x"}' + b"]}" * levels
        body = b'{"TableName":"%s","Item":{"pk":{"S":"a"},"v":%s}}' % (table.name.encode(), value)
        status, _, answer = wire.send("PutItem", body)
        assert status == 400
        assert code(answer) in ("ValidationException", "SerializationException")
    assert table.scan()["Count"] == 0


def test_39_digits_are_refused(wire, make_table):
    table = make_table()
    body = {"TableName": table.name, "Item": {"pk": {"S": "a"}, "v": {"N": "9" * 39}}}
    status, _, answer = wire.send("PutItem", body)
    assert (status, code(answer)) == (400, "ValidationException")
    assert "Attempting to store more than 38 significant digits in a Number" in json.loads(answer)["message"]


def test_a_number_with_an_exponent_of_ten_digits_is_refused_at_once(wire, make_table):
    table = make_table()
    for number in ("1e1000000000", "1e-1000000000", "1e99999999999999999999", "1" * 100_000):
        status, _, answer = wire.send("PutItem", {"TableName": table.name, "Item": {"pk": {"S": "a"}, "v": {"N": number}}})
        assert (status, code(answer)) == (400, "ValidationException")


def send_raw(server, head, body_parts):
    """Sends without reading until the server has answered or closed: it may refuse a body before it has all of it."""
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        try:
            connection.sendall(head)
            for part in body_parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end: the answer may still be readable
        answer = b""
        try:
            while b"\r\n" not in answer:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        except ConnectionResetError:
            pass
        return answer


def head(*more):
    lines = ["POST / HTTP/1.1", "Host: x", f"Content-Type: {JSON}", "X-Amz-Target: DynamoDB_20120810.PutItem", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("framing", ["length", "length alone", "chunks", "gzip bomb"])
def test_a_body_of_17_mb_is_refused(wire, server, framing):
    size = 17 * 1000 * 1000
    if framing == "length":
        answer = send_raw(server, head(f"Content-Length: {size}"), [b" " * size])
    elif framing == "length alone":
        # The announced size is enough: a server that waited for the body would hang here.
        answer = send_raw(server, head(f"Content-Length: {size}"), [])
    elif framing == "chunks":
        chunk = b"%x\r\n%s\r\n" % (1_000_000, b" " * 1_000_000)
        answer = send_raw(server, head("Transfer-Encoding: chunked"), [chunk] * 17 + [b"0\r\n\r\n"])
    else:
        packed = gzip.compress(b" " * (200 * 1000 * 1000), 9)
        answer = send_raw(server, head(f"Content-Length: {len(packed)}", "Content-Encoding: gzip"), [packed])
    assert b" 413 " in answer.split(b"\r\n")[0] or not answer, answer[:200]
    if framing in ("length alone", "gzip bomb"):
        assert answer, "a body that was not sent in full cannot have reset the connection"


def test_a_broken_gzip_body_is_refused(wire):
    for body in (b"not gzip", gzip.compress(b"{}")[:-9]):
        status, _, answer = wire.send("ListTables", body, Content_Encoding="gzip")
        assert status == 400
        assert code(answer) == "SerializationException"


def test_noise_on_the_port_is_survived(wire, server):
    for noise in (b"\x00" * 1000, b"GET", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"):
        with socket.create_connection((server.host, server.port), timeout=20) as connection:
            connection.sendall(noise)
    assert server.alive()
