import pytest
from millpond import Server

pytest.register_assert_rewrite("mongo_conformance.cases")


@pytest.fixture(scope="session")
def conformance_server(tmp_path_factory):
    """One server for the whole suite; the tests of time move its clock."""
    server = Server(tmp_path_factory.mktemp("conformance"), "--manual-clock", "--mongo-test-commands")
    yield server
    assert server.alive(), server.said()[-2000:]
    assert server.stop() == 0
    assert "panicked" not in server.said(), server.said()[-4000:]


@pytest.fixture(scope="session")
def conformance_client(conformance_server):
    pymongo = pytest.importorskip("pymongo")
    with pymongo.MongoClient("127.0.0.1", conformance_server.mongo_port, serverSelectionTimeoutMS=5000) as client:
        yield client


@pytest.fixture(scope="module")
def database(conformance_client, request):
    """A database for each module of tests."""
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    yield conformance_client[name]
    conformance_client.drop_database(name)
