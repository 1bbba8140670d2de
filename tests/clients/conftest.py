import itertools
import sys

import pytest

pytest.register_assert_rewrite("sqs", "sns", "sns_outbox", "kinesis_faces", "kinesis_records")

import kinesis_faces  # noqa: E402
from millpond import Server  # noqa: E402
from sns import Sns  # noqa: E402
from sqs import FACES  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server on disk for all tests; each makes its own tables. It must have survived them all."""
    yield from living(Server(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="session")
def queue_server(tmp_path_factory):
    """One server whose clock the tests move, for all tests of queues."""
    yield from living(Server(tmp_path_factory.mktemp("queues"), "--manual-clock"))


@pytest.fixture(scope="session")
def faces(queue_server):
    return {name: face(queue_server) for name, face in FACES.items()}


@pytest.fixture(params=FACES)
def sqs(faces, request):
    """Each of the protocols of SQS in turn."""
    return faces[request.param]


@pytest.fixture(scope="session")
def topic_server(tmp_path_factory):
    """One server whose clock the tests move, for all tests of topics."""
    yield from living(Server(tmp_path_factory.mktemp("topics"), "--manual-clock"))


@pytest.fixture(scope="session")
def sns(topic_server):
    return Sns(topic_server)


@pytest.fixture(scope="session")
def stream_server(tmp_path_factory):
    """One server whose clock the tests move, for all tests of streams."""
    yield from living(Server(tmp_path_factory.mktemp("streams"), "--manual-clock"))


@pytest.fixture(scope="session")
def stream_faces(stream_server):
    return {name: face(stream_server) for name, face in kinesis_faces.FACES.items()}


@pytest.fixture(params=kinesis_faces.FACES)
def kinesis(stream_faces, request):
    """Each of the protocols of Kinesis in turn. The streams of a test end with it."""
    yield stream_faces[request.param]
    stream_faces[request.param].clear()


@pytest.fixture(scope="session")
def mongo_server():
    """One server in memory for all tests of documents, with the commands for tests."""
    yield from living(Server(None, "--mongo-test-commands"))


@pytest.fixture(scope="session")
def mongo(mongo_server):
    """A client of it. Tests use databases of their own."""
    pymongo = pytest.importorskip("pymongo")
    with pymongo.MongoClient("127.0.0.1", mongo_server.mongo_port, serverSelectionTimeoutMS=5000) as client:
        yield client


@pytest.fixture
def database(mongo):
    """A database that ends with the test."""
    name = f"test{next(_numbers)}"
    yield mongo[name]
    mongo.drop_database(name)


def living(server):
    yield server
    lived = server.alive()
    status = server.stop() if lived else server.process.returncode
    if "panicked" in server.said():
        sys.stderr.write(server.said())
        pytest.fail("something panicked in the server: see its log above")
    assert lived, f"the server ended during the tests with {status}: {server.said()[-2000:]}"
    assert status == 0, f"SIGTERM ended the server with {status}"


@pytest.fixture(scope="session")
def client(server):
    return server.client()


@pytest.fixture(scope="session")
def unchecked(server):
    """A client that sends what it is given: the SDK's own checks would stop most wrong requests."""
    return server.client(parameter_validation=False)


@pytest.fixture
def make_table(server, client):
    """Makes tables of the key types asked for, as boto3 Table resources, and deletes them afterwards."""
    made = []

    def make(partition="S", sort=None):
        name = f"table.{next(_numbers)}"
        schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
        definitions = [{"AttributeName": "pk", "AttributeType": partition}]
        if sort:
            schema.append({"AttributeName": "sk", "KeyType": "RANGE"})
            definitions.append({"AttributeName": "sk", "AttributeType": sort})
        client.create_table(
            TableName=name, KeySchema=schema, AttributeDefinitions=definitions, BillingMode="PAY_PER_REQUEST"
        )
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        made.append(name)
        return server.resource().Table(name)

    yield make
    for name in made:
        try:
            client.delete_table(TableName=name)
        except client.exceptions.ResourceNotFoundException:
            pass  # the test deleted it itself
