"""Each constraint of botocore's model of Kinesis on each member of each request that is served: what lies one past the edge of it
is refused, in the words of the service and at the right place; what lies at the edge is not complained of."""

import json

import botocore.session
import pytest
from millpond import Server
from test_stream_operations import ARN, KNOWN, SERVED, sample, send
from test_wire import Wire

MODEL = botocore.session.get_session().get_service_model("kinesis")
# No text is that long here.
SHORT = 100_000


@pytest.fixture(scope="module")
def wire():
    server = Server(None)
    wire = Wire(server)
    send(wire, "CreateStream", b'{"StreamName":"sample","ShardCount":2}')
    KNOWN["ConsumerARN"] = ARN + "/consumer/sample:1"
    KNOWN["ShardIterator"] = KNOWN["NextToken"] = "AAAA"
    KNOWN.update({name: "7" for name in ("SequenceNumber", "StartingSequenceNumber", "SequenceNumberForOrdering")})
    yield wire
    assert server.alive()
    assert server.stop() == 0


def members(shape, path=(), field=()):
    """Every member of a request: where it stands, how the service calls that, its shape, and whether it has to be there."""
    for name, member in shape.members.items() if shape.type_name == "structure" else ():
        inner, called = (*path, name), (*field, name[0].lower() + name[1:])
        yield inner, ".".join(called), member, name in shape.required_members
        if member.type_name == "list":
            yield from members(member.member, (*inner, 0), (*called, "1", "member"))
        else:
            yield from members(member, inner, called)


def wrong(shape, is_required):
    """Values that are refused, with what is said of them, and one beside each that is not."""
    limits, kind = shape.metadata, shape.type_name
    if is_required:
        yield None, "not be null", ...
    if shape.enum if kind == "string" else ():
        yield "NO", "satisfy enum value set: [", shape.enum[-1]
    if "pattern" in limits:
        text = limits["pattern"]
        anchored = text.startswith("^(0|") and text[1:-1].startswith("(") and text[2:-2]
        yield "a b%$:*", f"satisfy regular expression pattern: {anchored or text}", ...
    what = "value" if kind == "integer" else "length"
    make = {"integer": int, "string": "a".__mul__, "map": lambda n: {f"k{nth}": "v" for nth in range(n)},
            "list": lambda n: [sample(shape.member, False)] * n, "blob": None}.get(kind)
    for bound, by, words in (("min", -1, "greater"), ("max", 1, "less")):
        edge = limits.get(bound)
        if make and edge is not None and edge < SHORT and (kind == "integer" or edge + by >= 0):
            yield make(edge + by), f"have {what} {words} than or equal to {edge}", make(edge)


def along(request, path, value):
    key, *rest = path
    if rest:
        return request | {key: along(request[key], rest, value)} if isinstance(request, dict) else [along(request[0], rest, value)]
    return {name: member for name, member in (request | {key: value}).items() if member is not None}


CASES = [
    pytest.param(operation, path, field, *case, id=f"{operation}-{field}-{case[1].split(':')[0]}")
    for operation in sorted(SERVED) for path, field, shape, is_required in members(MODEL.operation_model(operation).input_shape)
    for case in wrong(shape, is_required)
]


@pytest.mark.parametrize("operation, path, field, value, said, right", CASES)
def test_what_lies_past_an_edge_is_refused(wire, operation, path, field, value, said, right):
    whole = sample(MODEL.operation_model(operation).input_shape, True)
    status, _, body = send(wire, operation, json.dumps(along(whole, path, value)).encode())
    answer = json.loads(body)
    assert (status, answer["__type"]) == (400, "ValidationException"), answer
    assert f"at '{field}' failed to satisfy constraint: Member must {said}" in answer["message"], answer
    if right is not ...:
        _, _, body = send(wire, operation, json.dumps(along(whole, path, right)).encode())
        assert f"at '{field}' failed to satisfy constraint: Member must {said.split()[0]}" not in body.decode()
