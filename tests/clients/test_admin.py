"""Operations on accounts and fleets: settings are kept and given back, and what is not there is said not to be.

The texts of errors and the order of states are those that ack-api-quirks measured on the service (services/dynamodb,
2026-10), and moto's tests that were verified on it (test_dynamodb_resource_policy.py)."""

import json

import pytest
from botocore.exceptions import ClientError

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
BULK = "arn:aws:dynamodb:us-east-1:000000000000:table/t/bulk/0123"
WRONG_STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "
LEGACY = (
    "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not supported. We recommend using "
    "DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."
)


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.fixture
def table(make_table):
    return make_table()


@pytest.fixture
def arn(table):
    return table.table_arn


def policy(action="dynamodb:GetItem", **members):
    statement = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": [action], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | members]}, indent=2)


def test_a_policy_is_given_back_in_the_services_own_form(client, arn):
    revision = client.put_resource_policy(ResourceArn=arn, Policy=policy())["RevisionId"]
    found = client.get_resource_policy(ResourceArn=arn)
    assert found["RevisionId"] == revision
    assert found["Policy"] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},'
        '"Action":"dynamodb:GetItem","Resource":"*"}]}'
    )
    assert client.put_resource_policy(ResourceArn=arn, Policy=found["Policy"])["RevisionId"] == revision
    changed = client.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:PutItem"), ExpectedRevisionId=revision)
    assert changed["RevisionId"] > revision
    assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == changed["RevisionId"]
    assert "RevisionId" not in client.delete_resource_policy(ResourceArn=arn)
    assert refused(client.get_resource_policy, ResourceArn=arn) == (
        "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}")


def test_a_table_is_created_with_a_policy(client):
    request = {
        "TableName": "with-policy", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST",
    }
    assert refused(client.create_table, **request, ResourcePolicy="{not json") == (
        "ValidationException",
        "One or more parameter values were invalid: Invalid policy document: This policy contains invalid Json")
    arn = client.create_table(**request, ResourcePolicy=policy())["TableDescription"]["TableArn"]
    assert "dynamodb:GetItem" in client.get_resource_policy(ResourceArn=arn)["Policy"]
    client.delete_table(TableName="with-policy")
    assert refused(client.get_resource_policy, ResourceArn=arn) == (
        "ResourceNotFoundException", "Requested resource not found: Table: with-policy not found")


@pytest.mark.parametrize("document, text", [
    ("", "Invalid policy document: This policy contains invalid Json"),
    ("[]", "Invalid policy document: This policy contains invalid Json"),
    ("null", "Invalid policy document: This text appears not to be a policy"),
    ('{"Statement":[]}', "Invalid policy document: Could not parse the policy: Statement is empty!"),
    ('{"Statement":[{}]}', "Invalid policy document: Missing required field Effect"),
    (" " * 20_481, "Maximum policy size of 20480 bytes exceeded"),
])
def test_what_is_no_policy_is_refused(client, arn, document, text):
    said = refused(client.put_resource_policy, ResourceArn=arn, Policy=document)
    assert said == ("ValidationException", f"One or more parameter values were invalid: {text}")


def test_a_policy_that_lets_everybody_in_is_refused(client, arn):
    code, text = refused(client.put_resource_policy, ResourceArn=arn, Policy=policy(Principal="*"))
    assert (code, text[:46]) == ("ValidationException", "Resource-based policy grants unbounded access ")
    client.put_resource_policy(ResourceArn=arn, Policy=policy(Principal="*", Effect="Deny"))


def test_insights_are_kept_for_table_and_index(client, table):
    name = table.name
    client.update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-pk", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}}}])
    fresh = client.describe_contributor_insights(TableName=name)
    assert {key: fresh[key] for key in fresh if key != "ResponseMetadata"} == {
        "TableName": name, "ContributorInsightsStatus": "DISABLED"}
    on = client.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    assert (on["ContributorInsightsStatus"], on["ContributorInsightsMode"]) == ("ENABLING", "ACCESSED_AND_THROTTLED_KEYS")
    on = client.update_contributor_insights(
        TableName=name, IndexName="by-pk", ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS")
    assert (on["IndexName"], on["ContributorInsightsMode"]) == ("by-pk", "THROTTLED_KEYS")
    described = client.describe_contributor_insights(TableName=name, IndexName="by-pk")
    assert described["ContributorInsightsStatus"] == "ENABLED" and described["LastUpdateDateTime"]
    assert client.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"] == [
        {"TableName": name, "ContributorInsightsStatus": "ENABLED",
         "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS"},
        {"TableName": name, "IndexName": "by-pk", "ContributorInsightsStatus": "ENABLED",
         "ContributorInsightsMode": "THROTTLED_KEYS"},
    ]
    off = client.update_contributor_insights(TableName=name, ContributorInsightsAction="DISABLE")
    assert off["ContributorInsightsStatus"] == "DISABLING"
    listed = client.list_contributor_insights(MaxResults=100)["ContributorInsightsSummaries"]
    assert [it.get("IndexName") for it in listed if it["TableName"] == name] == ["by-pk"]


def test_a_kinesis_destination_is_kept_and_nothing_is_promised(client, table):
    name = table.name
    assert client.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"] == []
    enabled = client.enable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
    assert (enabled["DestinationStatus"], enabled["EnableKinesisStreamingConfiguration"]) == ("ENABLING", {})
    [shown] = client.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
    assert (shown["StreamArn"], shown["DestinationStatus"]) == (STREAM, "ACTIVE")
    assert "delivers nothing" in shown["DestinationStatusDescription"]
    precision = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    updated = client.update_kinesis_streaming_destination(
        TableName=name, StreamArn=STREAM, UpdateKinesisStreamingConfiguration=precision)
    assert (updated["DestinationStatus"], updated["UpdateKinesisStreamingConfiguration"]) == ("UPDATING", precision)
    assert refused(client.enable_kinesis_streaming_destination, TableName=name, StreamArn=STREAM) == (
        "ValidationException", WRONG_STATE + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to "
        "perform ENABLE operation.")
    assert refused(client.disable_kinesis_streaming_destination, TableName=name, StreamArn=STREAM,
                   EnableKinesisStreamingConfiguration=precision) == (
        "ValidationException", "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
    disabled = client.disable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
    assert disabled["DestinationStatus"] == "DISABLING"
    [shown] = client.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
    assert shown["DestinationStatus"] == "DISABLED" and "DestinationStatusDescription" not in shown


def test_there_are_no_global_tables(client, table):
    name = table.name
    assert client.list_global_tables()["GlobalTables"] == []
    group = [{"RegionName": "us-east-1"}]
    assert refused(client.create_global_table, GlobalTableName=name, ReplicationGroup=group) == ("ValidationException", LEGACY)
    update = {"GlobalTableName": name, "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
    assert refused(client.update_global_table, **update) == ("ValidationException", LEGACY)
    missing = f"Global table with name: '{name}' does not exist."
    update["ReplicaUpdates"] = [{"Delete": {"RegionName": "eu-west-1"}}]
    for call, request in [(client.describe_global_table, {"GlobalTableName": name}), (client.update_global_table, update)]:
        assert refused(call, **request) == ("GlobalTableNotFoundException", f"Global table not found: {missing}")
    for call in (client.describe_global_table_settings, client.update_global_table_settings):
        assert refused(call, GlobalTableName=name) == ("GlobalTableNotFoundException", missing)
    for call in (client.describe_table_replica_auto_scaling, client.update_table_replica_auto_scaling):
        assert refused(call, TableName=name) == ("ResourceNotFoundException", missing)


@pytest.mark.parametrize("updates, text", [
    ([{"Create": {"RegionName": "eu-west-1"}}],
     "Region eu-west-1 is not supported. The latest version of global tables are only supported in the following regions: "
     "[us-east-1]"),
    ([{"Create": {"RegionName": "us-east-1"}}],
     "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as "
     "required."),
    ([{"Delete": {"RegionName": "eu-west-1"}}],
     "Update global table operation failed because one or more replicas were not part of the global table. Please retry the "
     "request without these replicas: [eu-west-1]."),
    ([{}], "There are no actions specified in the Replica Update Action of the request."),
    ([{"Create": {"RegionName": "eu-west-1"}}, {"Create": {"RegionName": "eu-west-2"}}],
     "Update table operation with more than one create or delete replica actions not allowed"),
])
def test_a_table_is_given_no_replica(client, table, updates, text):
    assert refused(client.update_table, TableName=table.name, ReplicaUpdates=updates) == ("ValidationException", text)


def test_no_bulk_operation_is_started_listed_or_found(client, table):
    start = {
        "TableName": table.name, "InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"OutputType": ["ERROR"]},
    }
    code, text = refused(client.start_bulk_put_items, **start)
    assert code == "ValidationException" and "bulk operations are not supported" in text
    start["TableName"] = "absent"
    assert refused(client.start_bulk_put_items, **start)[0] == "ResourceNotFoundException"
    assert client.list_bulk_operations()["BulkOperationsSummaryList"] == []
    for call in (client.describe_bulk_operation, client.cancel_bulk_operation):
        assert refused(call, BulkOperationArn=BULK)[0] == "ResourceNotFoundException"


def test_there_is_no_vector_index_to_search(client, table):
    search = {"TableName": table.name, "IndexName": "vectors", "SearchVector": [{"N": "1"}], "TopK": 1}
    assert refused(client.search_vectors, **search) == (
        "ValidationException", "The table does not have the specified index: vectors")
    assert refused(client.search_vectors, **search | {"TopK": 101}) == (
        "ValidationException", "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive")
    vectors = [{"IndexName": "vectors", "VectorAttribute": {"AttributeName": "v"}, "Dimensions": 3,
                "DistanceFunction": "COSINE", "Projection": {"ProjectionType": "ALL"}}]
    code, text = refused(
        client.create_table, TableName="vectors", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST",
        VectorIndexes=vectors)
    assert code == "ValidationException" and "vector indexes are not supported" in text
