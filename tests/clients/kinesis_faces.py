"""Speaks Kinesis in both of its protocols: JSON by boto3, CBOR by hand. A call gives the same dictionary in either, with times as
milliseconds.

Every answer is looked at here, whichever test asks for it: headers, the members that the model knows and their types, and how
numbers, bytes and times are written."""

import base64
import datetime
import hashlib
import http.client
import itertools
import json
import re
import threading

import botocore.session
import cbor2
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError

JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"
EVENTS = "application/vnd.amazon.eventstream"
TARGET = "Kinesis_20131202"
MODEL = botocore.session.get_session().get_service_model("kinesis")
ACCOUNT, REGION = "000000000000", "us-east-1"
# What the SDK would put there: services on one port are told apart by it.
SIGNED = (f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/kinesis/aws4_request, SignedHeaders=host, Signature=0")
ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LAST_HASH_KEY = 2**128 - 1
EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)

NOT_FOUND, IN_USE, INVALID = "ResourceNotFoundException", "ResourceInUseException", "InvalidArgumentException"
VALIDATION, LIMIT, DRY_RUN = "ValidationException", "LimitExceededException", "DryRunOperationException"
EXPIRED, EXPIRED_TOKEN = "ExpiredIteratorException", "ExpiredNextTokenException"
SERIALIZATION, UNKNOWN = "SerializationException", "UnknownOperationException"
THROTTLED = "ProvisionedThroughputExceededException"
# Of what no record is known the type is uncertain too.
EITHER = (INVALID, VALIDATION)
# Members that are null in the service's answers, and not just absent.
NULLABLE = {"KeyId", "NextShardIterator", "NextToken"}

_numbers = itertools.count(1)


class Time(int):
    """A time in milliseconds, to be written as each protocol does."""


class Refused(Exception):
    def __init__(self, code, message, status):
        super().__init__(f"{code} ({status}): {message}")
        self.code, self.message, self.status = code, message, status


# ---- both protocols, below any client


def write(protocol, value):
    """The body of a request."""
    if protocol == CBOR:
        return cbor2.dumps(translate(value, lambda time: cbor2.CBORTag(1, int(time)), bytes))
    return json.dumps(translate(value, lambda time: time / 1000, lambda data: base64.b64encode(data).decode())).encode()


def translate(value, of_time, of_bytes):
    match value:
        case Time():
            return of_time(value)
        case bytes() | bytearray():
            return of_bytes(value)
        case dict():
            return {key: translate(member, of_time, of_bytes) for key, member in value.items()}
        case list():
            return [translate(element, of_time, of_bytes) for element in value]
    return value


def _tagged_time(millis, _is_immutable):
    assert type(millis) is int, f"a time in CBOR is {millis!r}"
    return Time(millis)


def parse(protocol, body):
    """The body of an answer."""
    if protocol == CBOR:
        return cbor2.loads(body, semantic_decoders={1: _tagged_time}, allow_duplicate_keys=False)
    return json.loads(body)


def understand(protocol, shape, value, at="answer"):
    """The value of a parsed answer, after a look at all of its parts."""
    kind = shape.type_name
    if kind == "structure":
        assert type(value) is dict, f"{at} is {value!r}"
        assert set(value) <= set(shape.members), f"{at} has more than the model: {set(value) - set(shape.members)}"
        missing = [name for name in shape.required_members if name not in value]
        assert not missing, f"{at} lacks {missing}"
        nulls = {name for name, member in value.items() if member is None}
        assert nulls <= NULLABLE, f"{at} has nulls: {nulls}"
        return {
            name: understand(protocol, shape.members[name], member, f"{at}.{name}")
            for name, member in value.items() if member is not None
        }
    if kind == "list":
        assert type(value) is list, f"{at} is {value!r}"
        return [understand(protocol, shape.member, element, at) for element in value]
    if kind == "timestamp":
        if protocol == CBOR:
            assert type(value) is Time, f"{at} is {value!r}"
            return int(value)
        assert type(value) in (float, int), f"{at} is {value!r}"
        return round(value * 1000)
    if kind == "blob":
        if protocol == CBOR:
            assert type(value) is bytes, f"{at} is {value!r}"
            return value
        return base64.b64decode(value, validate=True)
    expected = {"string": str, "integer": int, "long": int, "boolean": bool}[kind]
    assert type(value) is expected, f"{at} is {value!r}"
    if shape.metadata.get("enum"):
        assert value in shape.metadata["enum"], f"{at} is {value!r}"
    return value


def look_at_head(headers, content_type):
    assert headers["content-type"] == content_type, headers
    assert ID.fullmatch(headers["x-amzn-requestid"]), headers
    assert len(base64.b64decode(headers["x-amz-id-2"], validate=True)) >= 72, headers
    assert "x-amzn-errortype" not in headers


def understand_answer(operation, protocol, status, headers, body):
    """What an answer says, after a look at all of its form."""
    look_at_head(headers, protocol)
    assert int(headers["content-length"]) == len(body)
    if status == 200:
        shape = MODEL.operation_model(operation).output_shape
        assert (body == b"") == (shape is None), f"{operation} answered {body[:100]!r}"
        return understand(protocol, shape, parse(protocol, body)) if shape else {}
    raise refusal(status, parse(protocol, body))


def refusal(status, error):
    assert type(error.get("__type")) is str and "#" not in error["__type"], error
    # One that could not be read spells it with a capital, and may say nothing.
    name = "Message" if error["__type"] == SERIALIZATION else "message"
    assert set(error) - {name} == {"__type"}, error
    if error["__type"] not in (SERIALIZATION, UNKNOWN, "InternalFailure"):
        assert error[name], error
    assert status == (500 if error["__type"] == "InternalFailure" else 400), f"{status} {error}"
    return Refused(error["__type"], error.get(name), status)


def post(server, protocol, operation, body, path="/", **headers):
    """One request by hand: its status, headers and body."""
    target = {"X_Amz_Target": operation if "." in operation else f"{TARGET}.{operation}"} if operation else {}
    body = body if isinstance(body, bytes) else write(protocol, body)
    return server.ask("POST", path, body, **{"Content_Type": protocol, "Authorization": SIGNED, **target, **headers})


def error(server, protocol, operation, body, **headers):
    """How a request by hand is refused."""
    status, answered, said = post(server, protocol, operation, body, **headers)
    look_at_head(answered, protocol)
    assert status != 200, said
    found = refusal(status, parse(protocol, said))
    return found.code, found.message


# ---- faces


class Face:
    """One protocol. Calling it is calling an operation: `kinesis("ListStreams", Limit=3)`."""

    def __init__(self, server):
        self.server = server
        self.made = []

    def __call__(self, operation, **request):
        return self.call(operation, {name: value for name, value in request.items() if value is not None})

    def refused(self, code, text, operation, **request):
        """Asserts that a request is refused, and how. `text` may be a pattern, or `None` where it is not known; so may `code` be one
        of several."""
        try:
            answer = self(operation, **request)
        except Refused as refused:
            found = refused
        else:
            raise AssertionError(f"{operation} was not refused as {code}: {answer}")
        assert found.code == code or found.code in code and isinstance(code, tuple), found
        assert found.status == 400, found
        if isinstance(text, re.Pattern):
            assert text.search(found.message), found.message
        elif text is not None:
            assert found.message == text
        return found

    def invalid(self, constraints, operation, **request):
        """Asserts that a request breaks these constraints, told in any order."""
        constraints = [constraints] if isinstance(constraints, str) else constraints
        found = self.refused(VALIDATION, None, operation, **request)
        counted, _, told = found.message.partition(" detected: ")
        assert counted == f"{len(constraints)} validation error{'s' if len(constraints) > 1 else ''}", found.message
        assert sorted(told.split("; ")) == sorted(constraints), found.message

    # ---- streams

    def stream(self, shards=1, name=None, **more):
        """Makes a stream, and gives its name. No shards: on demand."""
        name = name or fresh("stream")
        self("CreateStream", StreamName=name, ShardCount=shards or None, **more)
        self.made.append(name)
        return name

    def clear(self):
        """Deletes the streams that were made this way: the more there are, the longer each step of the clock takes."""
        made, self.made = self.made, []
        for name in made:
            post(self.server, CBOR, "DeleteStream", {"StreamName": name, "EnforceConsumerDeletion": True})

    def on_demand(self, **more):
        return self.stream(None, StreamModeDetails={"StreamMode": "ON_DEMAND"}, **more)

    def describe(self, name, **more):
        return self("DescribeStream", StreamName=name, **more)["StreamDescription"]

    def summary(self, name):
        return self("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]

    def shards(self, name, **more):
        return self("ListShards", StreamName=name, **more)["Shards"]

    def open_shards(self, name):
        return [each for each in self.shards(name) if "EndingSequenceNumber" not in each["SequenceNumberRange"]]

    # ---- records

    def put(self, name, data=b"data", key="key", **more):
        return self("PutRecord", StreamName=name, Data=data, PartitionKey=key, **more)

    def put_each(self, name, hash_key, data):
        """Puts records at one hash key, one after the other."""
        for each in data:
            self.put(name, each, ExplicitHashKey=hash_key)

    def put_all(self, name, records):
        """Puts pairs of key and data."""
        entries = [{"PartitionKey": key, "Data": data} for key, data in records]
        answer = self("PutRecords", StreamName=name, Records=entries)
        assert answer["FailedRecordCount"] == 0
        return answer["Records"]

    def iterator(self, name, shard=0, kind="TRIM_HORIZON", **more):
        return self("GetShardIterator", StreamName=name, ShardId=shard_id(shard), ShardIteratorType=kind, **more)["ShardIterator"]

    def get(self, iterator, **more):
        answer = self("GetRecords", ShardIterator=iterator, **more)
        # What the clients of this service demand of it.
        assert ("NextShardIterator" in answer) != bool(answer.get("ChildShards"))
        assert all(child["ParentShards"] for child in answer.get("ChildShards", []))
        assert "MillisBehindLatest" in answer and "Records" in answer
        return answer

    def records(self, name, shard=0, kind="TRIM_HORIZON", **more):
        """All records of a shard from a place on."""
        return self.get(self.iterator(name, shard, kind, **more))["Records"]

    def data(self, *arguments, **more):
        return [record["Data"] for record in self.records(*arguments, **more)]

    # ---- consumers

    def consumer(self, name, called=None, **more):
        """Registers a consumer, and gives its ARN."""
        answer = self("RegisterStreamConsumer", StreamARN=arn(name), ConsumerName=called or fresh("consumer"), **more)
        return answer["Consumer"]["ConsumerARN"]

    def subscribe(self, consumer, shard=0, kind="TRIM_HORIZON", **more):
        request = {"ConsumerARN": consumer, "ShardId": shard_id(shard), "StartingPosition": {"Type": kind, **more}}
        return Subscription(self.server, self.protocol, request)

    # ---- time

    def advance(self, seconds):
        return self.server.advance(seconds)

    def now(self):
        return json.loads(self.server.ask("GET", "/_millpond/clock")[2])["now_millis"]


class Json(Face):
    name, protocol = "json", JSON

    def __init__(self, server):
        super().__init__(server)
        self.client = server.client("kinesis", parameter_validation=False)
        self.seen = threading.local()
        self.client.meta.events.register("before-parse.kinesis", self.see)

    def see(self, response_dict, **_):
        self.seen.answer = response_dict

    def call(self, operation, request):
        if "StreamId" in request:
            # By it the SDK knows an address of its own, whatever endpoint it was given.
            return understand_answer(operation, JSON, *post(self.server, JSON, operation, request))
        request = translate(request, lambda time: EPOCH + datetime.timedelta(milliseconds=time), bytes)
        try:
            answer = self.client._make_api_call(operation, request)
        except ClientError:
            answer = None
        seen = self.seen.answer
        headers = {name.lower(): value for name, value in seen["headers"].items()}
        understood = understand_answer(operation, JSON, seen["status_code"], headers, seen["body"])
        answer.pop("ResponseMetadata")
        assert without_dates(answer) == understood
        return understood


def without_dates(value):
    match value:
        case datetime.datetime():
            return round((value - EPOCH) / datetime.timedelta(milliseconds=1))
        case dict():
            return {key: without_dates(member) for key, member in value.items()}
        case list():
            return [without_dates(element) for element in value]
    return value


class Cbor(Face):
    name, protocol = "cbor", CBOR

    def call(self, operation, request):
        return understand_answer(operation, CBOR, *post(self.server, CBOR, operation, request))


FACES = {"json": Json, "cbor": Cbor}


class Subscription:
    """The events of a subscription, over HTTP/1.1."""

    def __init__(self, server, protocol, request):
        self.protocol = protocol
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        headers = {"X-Amz-Target": f"{TARGET}.SubscribeToShard", "Content-Type": protocol, "Authorization": SIGNED}
        self.connection.request("POST", "/", write(protocol, request), headers)
        self.answer = self.connection.getresponse()
        head = {name.lower(): value for name, value in self.answer.getheaders()}
        if self.answer.status != 200:
            body = self.answer.read()
            self.connection.close()
            understand_answer("SubscribeToShard", protocol, self.answer.status, head, body)
        look_at_head(head, EVENTS)
        self.buffer = EventStreamBuffer()
        first = self.frame()
        assert first.headers[":event-type"] == "initial-response" and parse(protocol, first.payload) == {}

    def frame(self):
        """The next frame; `None` at the end."""
        while True:
            try:
                frame = next(self.buffer)
            except StopIteration:
                part = self.answer.read1(65536)
                if not part:
                    return None
                self.buffer.add_data(part)
                continue
            assert frame.headers[":content-type"] == self.protocol, frame.headers
            assert frame.headers[":message-type"] in ("event", "exception"), frame.headers
            return frame

    def next(self):
        """The next event; `None` at the end."""
        frame = self.frame()
        if frame is None:
            return None
        said = parse(self.protocol, frame.payload)
        if frame.headers[":message-type"] == "exception":
            raise Refused(frame.headers[":exception-type"], said["message"], None)
        assert frame.headers[":event-type"] == "SubscribeToShardEvent"
        event = understand(self.protocol, MODEL.shape_for("SubscribeToShardEvent"), {"ContinuationSequenceNumber": "", **said})
        if "ContinuationSequenceNumber" not in said:
            del event["ContinuationSequenceNumber"]
        # What the clients of this service demand of it.
        assert ("ContinuationSequenceNumber" in event) != bool(event.get("ChildShards"))
        return event

    def data(self, count):
        """The data of so many records."""
        found = []
        while len(found) < count:
            event = self.next()
            assert event is not None, f"it ended after {found}"
            found += [record["Data"] for record in event["Records"]]
        return found

    def close(self):
        self.answer.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- names and numbers


def fresh(start):
    """A name that no other test has."""
    return f"{start}-{next(_numbers)}"


def shard_id(shard):
    return f"shardId-{shard:012}" if isinstance(shard, int) else shard


def arn(name, region=REGION):
    return f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{name}"


def hash_key(partition_key):
    return int(hashlib.md5(partition_key.encode()).hexdigest(), 16)


def hash_range(shard):
    keys = shard["HashKeyRange"]
    return int(keys["StartingHashKey"]), int(keys["EndingHashKey"])


def hash_ranges(shards):
    """Those of some shards, after a look at whether they leave out nothing."""
    ranges = sorted(map(hash_range, shards))
    assert ranges[0][0] == 0 and ranges[-1][1] == LAST_HASH_KEY, ranges
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(ranges)), ranges
    return ranges


def number(**parts):
    """A sequence number in the service's form, of its parts."""
    parts = {"created": 0x1_9000_0000, "shard": 0, "index": 0, "time": 0x1_9000_0000, "version": 2, **parts}
    low = parts["shard"] % 16
    text = f"2{parts['created']:09x}{low:x}{parts['index']:016x}00{parts['time']:09x}{parts['shard']:08x}{parts['version']:x}"
    return str(int(text, 16))


def parts(sequence_number):
    """The parts of a sequence number."""
    text = f"{int(sequence_number):x}"
    assert len(text) == 47 and len(sequence_number) == 56, sequence_number
    assert text[0] == "2" and text[-1] == "2" and text[27:29] == "00", text
    cut = {"created": text[1:10], "low": text[10], "index": text[11:27], "time": text[29:38], "shard": text[38:46]}
    found = {name: int(part, 16) for name, part in cut.items()}
    assert found["shard"] % 16 == found.pop("low"), text
    return found


# ---- the service's words


def no_stream(name):
    return f"Stream {name} under account {ACCOUNT} not found."


def no_shard(shard, name):
    """Where one is to be changed, or its name is none."""
    return f"Could not find shard {shard_id(shard)} in stream {name} under account {ACCOUNT}."


def shard_does_not_exist(shard, name):
    """Where one is to be read."""
    return f"Shard {shard_id(shard)} in stream {name} under account {ACCOUNT} does not exist"


def on_demand_refused(name):
    return f"Request is invalid. Stream {name} under account {ACCOUNT} is in On-Demand mode."


def broken(value, at, constraint):
    """What is said of a member that breaks a constraint; `None` is null, and `...` a value that is not repeated."""
    shown = "Value null" if value is None else "Value" if value is ... else f"Value '{value}'"
    return f"{shown} at '{at}' failed to satisfy constraint: {constraint}"


def null(at):
    return broken(None, at, "Member must not be null")


NAME = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"


def longest(length):
    return f"Member must have length less than or equal to {length}"


def shortest(length=1):
    return f"Member must have length greater than or equal to {length}"


def most(value):
    return f"Member must have value less than or equal to {value}"


def least(value=1):
    return f"Member must have value greater than or equal to {value}"


def one_of(*values):
    return f"Member must satisfy enum value set: [{', '.join(values)}]"


def pattern(text):
    return f"Member must satisfy regular expression pattern: {text}"
