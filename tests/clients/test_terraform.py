"""The calls that Terraform's AWS provider makes for a table: to create, read back, change and destroy it."""

import pytest
from botocore.exceptions import ClientError


def read(client, name):
    """What the provider reads to compare with its state."""
    table = client.describe_table(TableName=name)["Table"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    return table, backups, expiry, {tag["Key"]: tag["Value"] for tag in tags}


def test_a_table_is_created_read_back_changed_and_destroyed(client):
    name = "terraform.orders"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", "owner")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        }],
        BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        TableClass="STANDARD", DeletionProtectionEnabled=False,
        Tags=[{"Key": "Environment", "Value": "test"}],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True},
    )
    table, backups, expiry, tags = read(client, name)
    assert table["TableStatus"] == "ACTIVE"
    assert [index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]] == ["ACTIVE"]
    assert backups == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    assert tags == {"Environment": "test"}

    # One change a call, as the provider makes them: billing with its indexes, an index, protection, tags, expiry.
    units = {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}
    client.update_table(
        TableName=name, ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-owner", "ProvisionedThroughput": units}}],
    )
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    client.update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "state", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-state", "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }}],
    )
    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-owner"}}])
    client.update_table(TableName=name, DeletionProtectionEnabled=True)
    client.untag_resource(ResourceArn=table["TableArn"], TagKeys=["Environment"])
    client.tag_resource(ResourceArn=table["TableArn"], Tags=[{"Key": "Team", "Value": "mill"}])
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"AttributeName": "until", "Enabled": False},
    )
    table, _, expiry, tags = read(client, name)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-state"]
    assert (expiry["TimeToLiveStatus"], tags) == ("DISABLED", {"Team": "mill"})

    with pytest.raises(client.exceptions.ClientError):
        client.delete_table(TableName=name)
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    with pytest.raises(client.exceptions.TableNotFoundException) as raised:
        client.describe_continuous_backups(TableName=name)
    assert raised.value.response["Error"]["Message"] == f"Table not found: {name}"


def test_recovery_is_switched_on_and_off(make_table, client, unchecked):
    call = unchecked.update_continuous_backups
    table = make_table()
    on = client.update_continuous_backups(
        TableName=table.name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert (on["PointInTimeRecoveryStatus"], on["RecoveryPeriodInDays"]) == ("ENABLED", 7)
    assert on["EarliestRestorableDateTime"] <= on["LatestRestorableDateTime"]
    described = client.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
    recovery = described["PointInTimeRecoveryDescription"]
    assert recovery["EarliestRestorableDateTime"] == on["EarliestRestorableDateTime"]
    off = client.update_continuous_backups(
        TableName=table.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert off == {"PointInTimeRecoveryStatus": "DISABLED"}
    for specification, message in [
        (
            {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 36},
            "1 validation error detected: Value '36' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed "
            "to satisfy constraint: Member must have value less than or equal to 35",
        ),
        (
            {"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 3},
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        ),
        (
            {},
            "1 validation error detected: Value null at 'pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled' "
            "failed to satisfy constraint: Member must not be null",
        ),
    ]:
        with pytest.raises(ClientError) as raised:
            call(TableName=table.name, PointInTimeRecoverySpecification=specification)
        error = raised.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("ValidationException", message)


def test_limits_and_endpoints_are_those_of_a_new_account_here(client, server):
    limits = client.describe_limits()
    assert (limits["AccountMaxReadCapacityUnits"], limits["TableMaxWriteCapacityUnits"]) == (80_000, 40_000)
    [endpoint] = client.describe_endpoints()["Endpoints"]
    assert client.meta.endpoint_url == f"http://{endpoint['Address']}"
