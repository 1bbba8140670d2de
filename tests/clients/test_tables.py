"""Tables: made, described, listed page by page, deleted."""

import time

import pytest
from botocore.exceptions import ClientError


def test_a_new_table_describes_itself(make_table, client):
    table = make_table("S", "N")
    described = client.describe_table(TableName=table.name)["Table"]
    assert described["TableName"] == table.name
    assert described["TableStatus"] == "ACTIVE"
    assert described["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    types = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "N"}
    assert described["TableArn"].endswith(f":table/{table.name}")
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["CreationDateTime"].year >= 2024


def test_provisioned_throughput_is_given_back(client):
    client.create_table(
        TableName="provisioned", BillingMode="PROVISIONED",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "B"}],
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 3},
    )
    throughput = client.describe_table(TableName="provisioned")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (7, 3)
    client.delete_table(TableName="provisioned")


def test_tables_are_listed_in_pages(make_table, client):
    made = {make_table().name for _ in range(7)}
    pages = list(client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 3}))
    names = [name for page in pages for name in page["TableNames"]]
    assert all(len(page["TableNames"]) <= 3 for page in pages)
    assert len(pages) >= 3
    assert made <= set(names)
    assert names == sorted(set(names))


def test_a_deleted_table_is_gone_with_its_items(make_table, client):
    table = make_table()
    table.put_item(Item={"pk": "a"})
    assert client.delete_table(TableName=table.name)["TableDescription"]["TableName"] == table.name
    client.get_waiter("table_not_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName=table.name, Key={"pk": {"S": "a"}})
    client.create_table(
        TableName=table.name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    assert "Item" not in table.get_item(Key={"pk": "a"}), "a table of the same name must not inherit the rows"


def test_a_table_cannot_be_made_twice(make_table, client):
    table = make_table()
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=table.name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )


def test_what_is_not_a_table_is_not_found(client):
    for call in (client.describe_table, client.delete_table):
        with pytest.raises(ClientError) as caught:
            call(TableName="never.made")
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_an_arn_names_the_table_too(make_table, client):
    table = make_table()
    table.put_item(Item={"pk": "a", "v": 1})
    arn = client.describe_table(TableName=table.name)["Table"]["TableArn"]
    assert client.get_item(TableName=arn, Key={"pk": {"S": "a"}})["Item"]["v"] == {"N": "1"}


def test_tags_are_set_listed_and_removed(make_table, client):
    arn = client.describe_table(TableName=make_table().name)["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "mill"}, {"Key": "stage", "Value": ""}])
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "pond"}])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [
        {"Key": "stage", "Value": ""}, {"Key": "team", "Value": "pond"}]
    client.untag_resource(ResourceArn=arn, TagKeys=["stage", "never"])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "pond"}]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_tags_of_resource(ResourceArn=arn + "x")


def test_items_expire_by_the_clock(make_table, client):
    table = make_table()
    specification = {"AttributeName": "until", "Enabled": True}
    answer = client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification)
    assert answer["TimeToLiveSpecification"] == specification
    described = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    now = int(time.time())
    for pk, until in {"past": now - 5, "future": now + 3600}.items():
        table.put_item(Item={"pk": pk, "until": until})
    deadline = time.monotonic() + 10
    while "Item" in table.get_item(Key={"pk": "past"}):
        assert time.monotonic() < deadline, "an expired item was not deleted"
        time.sleep(0.1)
    assert [item["pk"] for item in table.scan()["Items"]] == ["future"]
    client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification | {"Enabled": False})
    described = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}


@pytest.mark.parametrize("specification,message", [
    ({"AttributeName": "until", "Enabled": False}, "TimeToLive is already disabled"),
    ({"AttributeName": "", "Enabled": True}, "Member must have length greater than or equal to 1"),
    ({"AttributeName": "x" * 256, "Enabled": True}, "Member must have length less than or equal to 255"),
    ({}, "2 validation errors detected: Value null at 'timeToLiveSpecification.attributeName'"),
])
def test_wrong_times_to_live_are_refused(make_table, unchecked, specification, message):
    with pytest.raises(ClientError) as raised:
        unchecked.update_time_to_live(TableName=make_table().name, TimeToLiveSpecification=specification)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]
