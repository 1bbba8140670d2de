"""Backups, restores and recovery to a point in time, by boto3."""

import datetime
import time

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table"
NOWHERE = f"{ARN}/none/backup/01700000000000-0a1b2c3d"


def refused(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def items(client, name):
    return sorted(client.scan(TableName=name)["Items"], key=str)


@pytest.fixture
def restored(client):
    """Names for tables that tests restore; they are deleted afterwards."""
    names = []

    def name(text):
        names.append(f"restored.{text}")
        return names[-1]

    yield name
    for table in names:
        try:
            client.delete_table(TableName=table)
        except client.exceptions.ResourceNotFoundException:
            pass


def test_a_backup_is_made_described_restored_and_deleted(make_table, client, restored):
    table = make_table(sort="N")
    for number in range(3):
        table.put_item(Item={"pk": "a", "sk": number, "text": "ż" * number})
    before = items(client, table.name)
    details = client.create_backup(TableName=table.name, BackupName="nightly")["BackupDetails"]
    assert details["BackupArn"].startswith(f"{ARN}/{table.name}/backup/0")
    assert details["BackupType"] == "USER" and details["BackupName"] == "nightly"
    assert "BackupExpiryDateTime" not in details
    table.delete_item(Key={"pk": "a", "sk": 0})
    described = client.describe_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert described["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    assert described["BackupDetails"]["BackupCreationDateTime"] == details["BackupCreationDateTime"]
    source = described["SourceTableDetails"]
    assert (source["TableName"], source["ItemCount"], source["BillingMode"]) == (table.name, 3, "PAY_PER_REQUEST")
    assert source["ProvisionedThroughput"] == {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert source["TableId"] == client.describe_table(TableName=table.name)["Table"]["TableId"]
    assert described["SourceTableFeatureDetails"] == {}

    target = restored("whole")
    new = client.restore_table_from_backup(TargetTableName=target, BackupArn=details["BackupArn"])["TableDescription"]
    assert new["TableName"] == target and new["TableId"] != source["TableId"]
    client.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    assert items(client, target) == before
    assert "RestoreSummary" not in client.describe_table(TableName=target)["Table"]

    deleted = client.delete_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    assert refused(client.describe_backup, BackupArn=details["BackupArn"]) == (
        "BackupNotFoundException", f"Backup not found: {details['BackupArn']}",
    )
    assert items(client, target) == before


def test_features_are_described_and_restored_as_they_were(client, restored):
    name = "backups.features"
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    index = {
        "IndexName": "by-owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]}, "ProvisionedThroughput": units,
    }
    client.create_table(
        TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units, GlobalSecondaryIndexes=[index],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "owner")],
        SSESpecification={"Enabled": True}, Tags=[{"Key": "a", "Value": "b"}],
    )
    client.put_item(TableName=name, Item={key: {"S": key} for key in ("pk", "owner", "state", "other")})
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    arn = client.create_backup(TableName=f"{ARN}/{name}", BackupName="one")["BackupDetails"]["BackupArn"]
    assert arn.startswith(f"{ARN}/{name}/backup/")
    client.delete_table(TableName=name)
    features = client.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableFeatureDetails"]
    assert features["GlobalSecondaryIndexes"] == [index]
    assert features["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    assert features["SSEDescription"]["Status"] == "ENABLED"

    target = restored("features")
    client.restore_table_from_backup(TargetTableName=target, BackupArn=arn)
    table = client.describe_table(TableName=target)["Table"]
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-owner"]
    assert client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
    assert client.describe_time_to_live(TableName=target)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    found = client.query(
        TableName=target, IndexName="by-owner", KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":o": {"S": "owner"}},
    )["Items"]
    assert [sorted(item) for item in found] == [["owner", "pk", "state"]]

    # An empty list is no index, an absent one is all of them.
    bare = restored("bare")
    client.restore_table_from_backup(
        TargetTableName=bare, BackupArn=arn, BillingModeOverride="PAY_PER_REQUEST", GlobalSecondaryIndexOverride=[],
        SSESpecificationOverride={"Enabled": False},
    )
    table = client.describe_table(TableName=bare)["Table"]
    assert "GlobalSecondaryIndexes" not in table and "SSEDescription" not in table
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    client.delete_backup(BackupArn=arn)


def test_backups_are_listed(make_table, client):
    table, other = make_table(), make_table()
    made = [client.create_backup(TableName=table.name, BackupName="same")["BackupDetails"] for _ in range(3)]
    client.create_backup(TableName=other.name, BackupName="same")
    arns = [details["BackupArn"] for details in made]
    listed = client.list_backups(TableName=table.name)
    assert [summary["BackupArn"] for summary in listed["BackupSummaries"]] == sorted(arns)
    assert "LastEvaluatedBackupArn" not in listed
    summary = listed["BackupSummaries"][0]
    assert (summary["TableName"], summary["TableArn"]) == (table.name, f"{ARN}/{table.name}")
    pages = client.get_paginator("list_backups").paginate(
        TableName=table.name, PaginationConfig={"PageSize": 2},
    )
    sizes = [len(page["BackupSummaries"]) for page in pages]
    assert sizes == [2, 1]
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    assert client.list_backups(TableName=table.name, TimeRangeLowerBound=now)["BackupSummaries"] == []
    assert len(client.list_backups(TableName=table.name, TimeRangeUpperBound=now)["BackupSummaries"]) == 3
    assert client.list_backups(TableName="no.such.table")["BackupSummaries"] == []
    for kind, count in [("USER", 3), ("ALL", 3), ("SYSTEM", 0), ("AWS_BACKUP", 0)]:
        assert len(client.list_backups(TableName=table.name, BackupType=kind)["BackupSummaries"]) == count


@pytest.mark.parametrize("operation, parameters, code, message", [
    ("create_backup", {"TableName": "none", "BackupName": "one"}, "TableNotFoundException", "Table not found: none"),
    (
        "create_backup", {"TableName": "none", "BackupName": "a/b"}, "ValidationException",
        "1 validation error detected: Value 'a/b' at 'backupName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9_.-]+",
    ),
    ("describe_backup", {"BackupArn": NOWHERE}, "BackupNotFoundException", f"Backup not found: {NOWHERE}"),
    ("describe_backup", {"BackupArn": "x" * 48}, "ValidationException", "Invalid Backup ARN"),
    (
        "describe_backup", {"BackupArn": "short"}, "ValidationException",
        "1 validation error detected: Value 'short' at 'backupArn' failed to satisfy constraint: Member must have length "
        "greater than or equal to 37",
    ),
    ("delete_backup", {"BackupArn": NOWHERE}, "BackupNotFoundException", f"Backup not found: {NOWHERE}"),
    (
        "restore_table_from_backup", {"BackupArn": NOWHERE, "TargetTableName": "new"},
        "BackupNotFoundException", f"Backup not found: {NOWHERE}",
    ),
    (
        "list_backups", {"BackupType": "user"}, "ValidationException",
        "1 validation error detected: Value 'user' at 'backupType' failed to satisfy constraint: Member must satisfy "
        "enum value set: [USER, SYSTEM, AWS_BACKUP, ALL]",
    ),
    (
        "list_backups", {"TimeRangeLowerBound": 2, "TimeRangeUpperBound": 1}, "ValidationException",
        "Time range lower bound must be less than or equal to upper bound",
    ),
    (
        "restore_table_to_point_in_time", {"TargetTableName": "new", "UseLatestRestorableTime": True},
        "ValidationException", "The parameter 'TableName' is required but was not present in the request",
    ),
    (
        "restore_table_to_point_in_time",
        {"TargetTableName": "new", "SourceTableName": "one", "SourceTableArn": f"{ARN}/one", "UseLatestRestorableTime": True},
        "ValidationException", "Must provide exactly one of: sourceTableArn, sourceTableName",
    ),
    (
        "restore_table_to_point_in_time", {"TargetTableName": "new", "SourceTableName": "one"}, "ValidationException",
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
    ),
    (
        "restore_table_to_point_in_time",
        {"TargetTableName": "new", "SourceTableName": "none", "UseLatestRestorableTime": True},
        "TableNotFoundException", "Table not found: none",
    ),
])
def test_what_cannot_be_done_is_refused_with_the_services_text(unchecked, operation, parameters, code, message):
    assert refused(getattr(unchecked, operation), **parameters) == (code, message)


def test_a_table_is_restored_to_a_second_of_its_past(make_table, client, restored):
    table = make_table()
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    assert refused(
        client.restore_table_to_point_in_time, SourceTableName=table.name, TargetTableName="new",
        UseLatestRestorableTime=True,
    ) == (
        "PointInTimeRecoveryUnavailableException",
        f"Point in time recovery is not enabled for table '{table.name}'",
    )
    table.put_item(Item={"pk": "a", "n": 1})
    described = client.update_continuous_backups(TableName=table.name, **recovery)["ContinuousBackupsDescription"]
    since = described["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"]
    while time.time() < since.timestamp() + 1:
        time.sleep(0.05)  # the server's clock is the system's: a second has to pass
    table.put_item(Item={"pk": "a", "n": 2})
    table.put_item(Item={"pk": "b"})
    past, latest = restored("past"), restored("latest")
    client.restore_table_to_point_in_time(
        SourceTableName=table.name, TargetTableName=past, RestoreDateTime=since,
    )
    assert items(client, past) == [{"pk": {"S": "a"}, "n": {"N": "1"}}]
    client.restore_table_to_point_in_time(
        SourceTableArn=f"{ARN}/{table.name}", TargetTableName=latest, UseLatestRestorableTime=True,
    )
    assert items(client, latest) == items(client, table.name)
    off = client.describe_continuous_backups(TableName=latest)["ContinuousBackupsDescription"]
    assert off["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    code, message = refused(
        client.restore_table_to_point_in_time, SourceTableName=table.name, TargetTableName="new",
        RestoreDateTime=since - datetime.timedelta(days=2),
    )
    assert code == "InvalidRestoreTimeException"
    assert message.startswith("RestoreDateTime '") and "must be within EarliestRestorableDateTime '" in message
    assert refused(
        client.restore_table_to_point_in_time, SourceTableName=table.name, TargetTableName=past, RestoreDateTime=since,
    ) == ("TableAlreadyExistsException", f"Table already exists: {past}")


def test_a_deleted_table_is_rescued_from_its_system_backup(make_table, client, restored):
    table = make_table()
    client.update_continuous_backups(
        TableName=table.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    table.put_item(Item={"pk": "a"})
    table.delete()
    [summary] = client.list_backups(TableName=table.name, BackupType="SYSTEM")["BackupSummaries"]
    assert summary["BackupName"] == f"{table.name}$DeletedTableBackup"
    assert summary["BackupArn"].endswith("-00000000") and summary["BackupSizeBytes"] == 3
    kept = summary["BackupExpiryDateTime"] - summary["BackupCreationDateTime"]
    assert kept == datetime.timedelta(days=35)
    code, message = refused(client.delete_backup, BackupArn=summary["BackupArn"])
    assert code == "ValidationException" and message.startswith("User is not allowed to delete the system backup")
    target = restored("rescued")
    client.restore_table_from_backup(TargetTableName=target, BackupArn=summary["BackupArn"])
    assert items(client, target) == [{"pk": {"S": "a"}}]
