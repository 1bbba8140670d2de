"""Speaks Kinesis in both of its encodings: JSON by boto3, CBOR by hand. A call gives the same dictionary in either; times are
milliseconds since 1970, and data is bytes."""

import datetime
import http.client
import struct

import botocore.session
from botocore.exceptions import ClientError

MODEL = botocore.session.get_session().get_service_model("kinesis")
CBOR = "application/x-amz-cbor-1.1"
EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Millis(int):
    """A time in a request."""


class Json:
    name = "json"

    def __init__(self, server):
        self.client = server.client("kinesis", parameter_validation=False)

    def call(self, operation, **given):
        method = getattr(self.client, self.methods[operation])
        try:
            answer = method(**self.put(given))
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        answer.pop("ResponseMetadata")
        return self.taken(answer)

    methods = {name: botocore.xform_name(name) for name in MODEL.operation_names}

    def put(self, value):
        match value:
            case Millis():
                return EPOCH + datetime.timedelta(milliseconds=value)
            case dict():
                return {name: self.put(member) for name, member in value.items() if member is not None}
            case list():
                return [self.put(element) for element in value]
        return value

    def taken(self, value):
        match value:
            case datetime.datetime():
                return round((value - EPOCH) / datetime.timedelta(milliseconds=1))
            case dict():
                return {name: self.taken(member) for name, member in value.items()}
            case list():
                return [self.taken(element) for element in value]
        return value


class Cbor:
    name = "cbor"

    def __init__(self, server):
        self.server = server

    def call(self, operation, **given):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        try:
            headers = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": CBOR}
            connection.request("POST", "/", written(given), headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.getheader("Content-Type") == CBOR
        value, rest = read(body) if body else ({}, b"")
        assert rest == b""
        if answer.status != 200:
            raise Refused(value["__type"], value.get("message", value.get("Message")))
        output = MODEL.operation_model(operation).output_shape
        check(value, output)
        return value


FACES = {"json": Json, "cbor": Cbor}


def check(value, shape):
    """An answer has no members but those of the model, and all that it says it has."""
    if value is None:
        pass  # as good as absent
    elif shape is None:
        assert value == {}
    elif shape.type_name == "structure":
        assert set(value) <= set(shape.members), (shape.name, value)
        assert set(shape.required_members) <= set(value), (shape.name, value)
        for name, member in value.items():
            check(member, shape.members[name])
    elif shape.type_name == "list":
        for element in value:
            check(element, shape.member)
    elif shape.type_name in ("string", "blob", "boolean"):
        assert isinstance(value, {"string": str, "blob": bytes, "boolean": bool}[shape.type_name]), (shape.name, value)
        assert not getattr(shape, "enum", None) or value in shape.enum, (shape.name, value)
    elif shape.type_name == "timestamp":
        assert isinstance(value, Millis), (shape.name, value)
    elif shape.type_name in ("integer", "long"):
        assert isinstance(value, int), (shape.name, value)


def head(major, length):
    return bytes([major << 5 | length]) if length < 24 else struct.pack(">BI", major << 5 | 26, length)


def written(value):
    match value:
        case Millis():
            return b"\xc1" + struct.pack(">BQ", 27, value)
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            return head(3, len(value.encode())) + value.encode()
        case bytes():
            return head(2, len(value)) + value
        case list():
            return b"\x9f" + b"".join(map(written, value)) + b"\xff"
        case dict():
            return b"\xbf" + b"".join(written(name) + written(member) for name, member in value.items()) + b"\xff"
    raise TypeError(value)


def read(data):
    """A value, and what follows it."""
    first, data = data[0], data[1:]
    major, info = first >> 5, first & 31
    if major == 7:
        sizes = {25: ">e", 26: ">f", 27: ">d"}
        if info in sizes:
            size = struct.calcsize(sizes[info])
            return struct.unpack(sizes[info], data[:size])[0], data[size:]
        return {20: False, 21: True, 22: None}[info], data
    if info == 31:
        length = None
    elif info < 24:
        length = info
    else:
        size = 1 << (info - 24)
        length, data = int.from_bytes(data[:size], "big"), data[size:]
    if major == 0:
        return length, data
    if major == 1:
        return -1 - length, data
    if major in (2, 3):
        value, data = data[:length], data[length:]
        return (value if major == 2 else value.decode()), data
    if major == 6:
        value, data = read(data)
        assert length == 1 and isinstance(value, int)
        return Millis(value), data
    elements = []
    while (data[0] != 0xFF) if length is None else len(elements) < length * (major - 3):
        element, data = read(data)
        elements.append(element)
    data = data[1:] if length is None else data
    return (elements if major == 4 else dict(zip(elements[::2], elements[1::2]))), data
