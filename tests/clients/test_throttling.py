"""Throttling by provisioned capacity, where it was asked for: what clients see of it."""

import pytest
from botocore.exceptions import ClientError

from millpond import Server

TOO_MUCH = ("The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
            "level with the UpdateTable API.")
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


@pytest.fixture(scope="module")
def throttled():
    server = Server(None, "--throttle")
    yield server
    assert server.stop() == 0
    assert "panicked" not in server.said()


@pytest.fixture
def drained(throttled, request):
    """A table of one unit whose burst has been written away by one item of 300 KB."""
    client, name = throttled.client(), "drained." + request.node.name.split("[")[0][-40:]
    client.create_table(
        TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    client.put_item(TableName=name, Item={"pk": {"S": "large"}, "v": {"S": "x" * 390 * 1024}})
    return name


def test_a_write_beyond_the_capacity_is_refused(throttled, drained):
    client = throttled.client()
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException) as caught:
        client.put_item(TableName=drained, Item={"pk": {"S": "a"}})
    assert caught.value.response["Error"]["Message"] == TOO_MUCH
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "Item" not in client.get_item(TableName=drained, Key={"pk": {"S": "a"}})


def test_a_batch_gives_back_what_it_has_not_done(throttled, drained):
    client = throttled.client()
    client.create_table(
        TableName="free", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    write = [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]
    assert client.batch_write_item(RequestItems={drained: write, "free": write})["UnprocessedItems"] == {drained: write}
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.batch_write_item(RequestItems={drained: write})


def test_a_transaction_is_cancelled(throttled, drained):
    client = throttled.client()
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[{"Put": {"TableName": drained, "Item": {"pk": {"S": "a"}}}}])
    assert caught.value.response["CancellationReasons"] == [{"Code": "ProvisionedThroughputExceeded", "Message": TOO_MUCH}]


def test_a_client_that_tries_again_counts_it_as_throttling(throttled, drained):
    client = throttled.client(config=throttled.config(retries={"total_max_attempts": 2, "mode": "standard"}))
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName=drained, Item={"pk": {"S": "a"}})
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_cap_on_demand_throttles_in_its_own_words(throttled):
    client = throttled.client()
    client.create_table(
        TableName="capped", BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxWriteRequestUnits": 1},
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    client.put_item(TableName="capped", Item={"pk": {"S": "large"}, "v": {"S": "x" * 390 * 1024}})
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName="capped", Item={"pk": {"S": "a"}})
    assert caught.value.response["Error"] == {
        "Code": "ThrottlingException", "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index"}
