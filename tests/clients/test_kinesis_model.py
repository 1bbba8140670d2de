"""Every operation that botocore's model of Kinesis has, every member of its inputs and answers, and every error."""

import pytest
from kinesis_faces import (ACCOUNT, DRY_RUN, MODEL, Json, Refused, Time, arn, fresh, post, shard_id)
from millpond import Server
from test_kinesis_settings import KMS, METRICS, ON_DEMAND, POLICY, PROVISIONED

# Queues and channels have tests of their own.
OF_QUEUES = {operation for operation in MODEL.operation_names if "Queue" in operation}
OF_CHANNELS = {operation for operation in MODEL.operation_names if "Channel" in operation}
OPERATIONS = sorted(set(MODEL.operation_names) - OF_QUEUES - OF_CHANNELS)
STREAM_ID = "abcdefghij0123456789-a1b"


def requests(operation, kinesis):
    """Requests in which nothing is wrong, and which have all of its members together."""
    name = kinesis.stream(2)
    named = {"StreamName": name, "StreamARN": arn(name), "StreamId": STREAM_ID}
    by_arn = {"StreamARN": arn(name), "StreamId": STREAM_ID}
    resource = {"ResourceARN": arn(name), "StreamId": STREAM_ID}
    called = fresh("consumer")
    hash_key = str(2**126)
    match operation:
        case "AddTagsToStream":
            return [{**named, "Tags": {"a": "b"}}]
        case "CreateStream":
            return [
                {"StreamName": fresh("made"), "ShardCount": 1, "StreamModeDetails": PROVISIONED, "Tags": {"a": "b"}, "MaxRecordSizeInKiB": 2048,
                 "RecordDistributionStrategy": "USER_PARTITION_KEY"},
                {"StreamName": fresh("made"), "StreamModeDetails": ON_DEMAND, "WarmThroughputMiBps": 4, "RecordDistributionStrategy": "AUTO"},
            ]
        case "DecreaseStreamRetentionPeriod" | "IncreaseStreamRetentionPeriod":
            return [{**named, "RetentionPeriodHours": 24}]
        case "DeleteResourcePolicy" | "GetResourcePolicy":
            kinesis("PutResourcePolicy", ResourceARN=arn(name), Policy=POLICY)
            return [resource]
        case "DeleteStream":
            return [{**named, "EnforceConsumerDeletion": True}]
        case "DeregisterStreamConsumer" | "DescribeStreamConsumer":
            return [{**by_arn, "ConsumerName": called, "ConsumerARN": kinesis.consumer(name, called)}]
        case "DescribeAccountSettings" | "DescribeLimits":
            return [{}]
        case "DescribeStream":
            return [{**named, "Limit": 1, "ExclusiveStartShardId": shard_id(0)}]
        case "DescribeStreamSummary":
            return [named]
        case "DisableEnhancedMonitoring" | "EnableEnhancedMonitoring":
            return [{**named, "ShardLevelMetrics": METRICS}, {**named, "ShardLevelMetrics": ["ALL"]}]
        case "GetRecords":
            return [{**by_arn, "ShardIterator": kinesis.iterator(name), "Limit": 1, "DryRun": False}]
        case "GetShardIterator":
            put = kinesis.put(name, ExplicitHashKey="0")["SequenceNumber"]
            shard = {**named, "ShardId": shard_id(0), "DryRun": False}
            return [
                {**shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": put},
                {**shard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": put},
                {**shard, "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": Time(kinesis.now())},
                {**shard, "ShardIteratorType": "TRIM_HORIZON"}, {**shard, "ShardIteratorType": "LATEST"},
            ]
        case "ListShards":
            created = Time(kinesis.summary(name)["StreamCreationTimestamp"])
            token = kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"]
            return [
                {**named, "ExclusiveStartShardId": shard_id(0), "MaxResults": 1, "StreamCreationTimestamp": created, "ShardFilter": {"Type": "AT_LATEST"}},
                {**named, "ShardFilter": {"Type": "AFTER_SHARD_ID", "ShardId": shard_id(0)}},
                {**named, "ShardFilter": {"Type": "AT_TIMESTAMP", "Timestamp": created}}, {**named, "ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": created}},
                {**named, "ShardFilter": {"Type": "AT_TRIM_HORIZON"}}, {**named, "ShardFilter": {"Type": "FROM_TRIM_HORIZON"}}, {"NextToken": token},
            ]
        case "ListStreamConsumers":
            for _ in range(2):
                kinesis.consumer(name)
            created = Time(kinesis.summary(name)["StreamCreationTimestamp"])
            token = kinesis("ListStreamConsumers", StreamARN=arn(name), MaxResults=1)["NextToken"]
            return [{**by_arn, "MaxResults": 1, "StreamCreationTimestamp": created}, {**by_arn, "NextToken": token}]
        case "ListStreams":
            kinesis.stream()
            return [{"Limit": 1, "ExclusiveStartStreamName": "a"}, {"NextToken": kinesis("ListStreams", Limit=1)["NextToken"]}]
        case "ListTagsForResource":
            return [resource]
        case "ListTagsForStream":
            return [{**named, "ExclusiveStartTagKey": "a", "Limit": 1}]
        case "MergeShards":
            return [{**named, "ShardToMerge": shard_id(0), "AdjacentShardToMerge": shard_id(1)}]
        case "PutRecord":
            return [{**named, "Data": b"a", "PartitionKey": "a", "ExplicitHashKey": hash_key, "DryRun": False,
                     "SequenceNumberForOrdering": kinesis.put(name)["SequenceNumber"]}]
        case "PutRecords":
            return [{**named, "Records": [{"Data": b"a", "PartitionKey": "a", "ExplicitHashKey": hash_key}], "DryRun": False}]
        case "PutResourcePolicy":
            return [{**resource, "Policy": POLICY}]
        case "RegisterStreamConsumer":
            return [{**by_arn, "ConsumerName": called, "Tags": {"a": "b"}}]
        case "RemoveTagsFromStream":
            return [{**named, "TagKeys": ["a"]}]
        case "SplitShard":
            return [{**named, "ShardToSplit": shard_id(0), "NewStartingHashKey": hash_key}]
        case "StartStreamEncryption" | "StopStreamEncryption":
            return [{**named, **KMS}]
        case "SubscribeToShard":
            put = kinesis.put(name, ExplicitHashKey="0")["SequenceNumber"]
            shard = {"StreamId": STREAM_ID, "ShardId": shard_id(0), "DryRun": True}
            return [{**shard, "ConsumerARN": kinesis.consumer(name), "StartingPosition": start} for start in (
                {"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": put}, {"Type": "AT_TIMESTAMP", "Timestamp": Time(kinesis.now())}, {"Type": "LATEST"},
                {"Type": "TRIM_HORIZON"}, {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": put},
            )]
        case "TagResource":
            return [{**resource, "Tags": {"a": "b"}}]
        case "UntagResource":
            return [{**resource, "TagKeys": ["a"]}]
        case "UpdateAccountSettings":
            return [{"MinimumThroughputBillingCommitment": {"Status": "ENABLED"}}, {"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}}]
        case "UpdateMaxRecordSize":
            return [{**by_arn, "MaxRecordSizeInKiB": 2048}]
        case "UpdateShardCount":
            return [{**named, "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}]
        case "UpdateStreamMode":
            return [{**by_arn, "StreamModeDetails": PROVISIONED}, {**by_arn, "StreamModeDetails": ON_DEMAND, "WarmThroughputMiBps": 5}]
        case "UpdateStreamRecordDistributionStrategy":
            kinesis("UpdateStreamMode", StreamARN=arn(name), StreamModeDetails=ON_DEMAND)
            return [{**by_arn, "RecordDistributionStrategy": strategy} for strategy in ("AUTO", "USER_PARTITION_KEY")]
        case "UpdateStreamWarmThroughput":
            kinesis("UpdateStreamMode", StreamARN=arn(name), StreamModeDetails=ON_DEMAND)
            return [{**named, "WarmThroughputMiBps": 5}]
    raise AssertionError(f"nothing is known of {operation}")


@pytest.fixture(scope="module")
def committed_server():
    """A server of its own whose account has a commitment, for what needs one."""
    server = Server(None, "--manual-clock")
    yield server
    assert server.stop() == 0


@pytest.fixture
def face(kinesis, committed_server):
    other = type(kinesis)(committed_server)
    # As though a stream before each of these had left its on-demand slot: fifty are all that there may be.
    for name in other("ListStreams")["StreamNames"]:
        other("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
    other("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    return other


def test_every_operation_is_served_or_known_not_to_be():
    assert len(OF_QUEUES) == 12 and len(OF_CHANNELS) == 5 and len(OPERATIONS) == 40
    assert set(OPERATIONS) | OF_QUEUES | OF_CHANNELS == set(MODEL.operation_names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers(face, operation):
    for request in requests(operation, face):
        try:
            # Of what it answers the face looks at every member.
            face(operation, **request)
        except Refused as refused:
            assert refused.code == DRY_RUN and request.get("DryRun")


def paths(shape, value, at=()):
    """The members that a value has, by their names."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield (*at, name)
            yield from paths(shape.members[name], member, (*at, name))
    elif shape.type_name == "list":
        for element in value:
            yield from paths(shape.member, element, at)


def model_paths(shape, at=()):
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield (*at, name)
            yield from model_paths(member, (*at, name))
    elif shape.type_name == "list":
        yield from model_paths(shape.member, at)


def choices(shape, value, at=()):
    """The values of members that have just some."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from choices(shape.members[name], member, (*at, name))
    elif shape.type_name == "list":
        for element in value:
            yield from choices(shape.member, element, at)
    elif shape.metadata.get("enum"):
        yield at, value


def model_choices(shape, at=()):
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from model_choices(member, (*at, name))
    elif shape.type_name == "list":
        yield from model_choices(shape.member, at)
    elif shape.metadata.get("enum"):
        yield from ((at, value) for value in shape.metadata["enum"])


# What there is no request for in which nothing is wrong.
NEVER_RIGHT = {("EncryptionType",): {"NONE"}}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_member_and_every_choice_is_asked_for(face, operation):
    shape = MODEL.operation_model(operation).input_shape
    given = requests(operation, face)
    assert {path for request in given for path in paths(shape, request)} == set(model_paths(shape))
    chosen = {choice for request in given for choice in choices(shape, request)}
    expected = {(at, value) for at, value in model_choices(shape) if value not in NEVER_RIGHT.get(at, ())}
    assert chosen == expected


# ---- answers


# That no answer has, for now or for ever.
NEVER_ANSWERED = {
    "StreamId": "reserved by the service",
    "ErrorCode": "of a record that limits refuse: test_kinesis_wire", "ErrorMessage": "likewise",
    "EventStream": "looked at frame by frame: test_kinesis_fanout",
    "EndedAt": "of a commitment that is over: test_kinesis_settings",
}


def test_every_member_of_answers_is_answered(face):
    seen, every = set(), set()
    name = face.stream(3)
    face("StartStreamEncryption", StreamName=name, **KMS)
    face("EnableEnhancedMonitoring", StreamName=name, ShardLevelMetrics=["ALL"])
    face("MergeShards", StreamName=name, ShardToMerge="0", AdjacentShardToMerge="1")
    face.put(name)
    face("AddTagsToStream", StreamName=name, Tags={"a": "b"})
    consumer = face.consumer(name)
    face.consumer(name)
    warm = face.on_demand(WarmThroughputMiBps=4)
    face("PutResourcePolicy", ResourceARN=arn(name), Policy=POLICY)
    named = {"StreamName": name}
    full = {
        "DescribeAccountSettings": {}, "DescribeLimits": {}, "DescribeStream": named, "DescribeStreamConsumer": {"ConsumerARN": consumer},
        "EnableEnhancedMonitoring": {**named, "ShardLevelMetrics": ["ALL"]}, "DisableEnhancedMonitoring": {**named, "ShardLevelMetrics": ["ALL"]},
        "GetResourcePolicy": {"ResourceARN": arn(name)}, "GetShardIterator": {**named, "ShardId": "0", "ShardIteratorType": "LATEST"},
        "ListShards": {**named, "MaxResults": 3}, "ListStreamConsumers": {"StreamARN": arn(name), "MaxResults": 1}, "ListStreams": {"Limit": 1},
        "ListTagsForResource": {"ResourceARN": arn(name)}, "ListTagsForStream": named, "PutRecord": {**named, "Data": b"", "PartitionKey": "a"},
        "PutRecords": {**named, "Records": [{"Data": b"", "PartitionKey": "a"}]}, "RegisterStreamConsumer": {"StreamARN": arn(name), "ConsumerName": "new"},
        "UpdateAccountSettings": {"MinimumThroughputBillingCommitment": {"Status": "ENABLED"}},
        "UpdateShardCount": {**named, "TargetShardCount": 3, "ScalingType": "UNIFORM_SCALING"}, "UpdateStreamWarmThroughput": {"StreamName": warm, "WarmThroughputMiBps": 4},
    }
    answers = [(operation, face(operation, **request)) for operation, request in full.items()]
    face("StartStreamEncryption", StreamName=warm, **KMS)
    answers += [("DescribeStreamSummary", face("DescribeStreamSummary", StreamName=stream)) for stream in (name, warm)]
    answers += [("ListShards", face("ListShards", StreamName=name))]
    for shard in face.shards(name):
        answers.append(("GetRecords", face.get(face.iterator(name, shard["ShardId"]))))
    for operation, answer in answers:
        seen |= {(operation, *path) for path in paths(MODEL.operation_model(operation).output_shape, answer)}
    for operation in OPERATIONS:
        shape = MODEL.operation_model(operation).output_shape
        if shape and operation != "SubscribeToShard":
            every |= {(operation, *path) for path in model_paths(shape)}
    assert {path for path in every - seen if path[-1] not in NEVER_ANSWERED} == set()


# ---- errors


# That no request gives, and why.
UNPROVOKED = {
    "AccessDeniedException": "policies are kept, and nothing is authorized by them",
    "InternalFailureException": "nothing fails on purpose",
    "KMSAccessDeniedException": "there are no keys: a name of one is kept",
    "KMSDisabledException": "likewise", "KMSInvalidStateException": "likewise", "KMSNotFoundException": "likewise", "KMSOptInRequired": "likewise",
    "KMSThrottlingException": "likewise",
    "ProvisionedThroughputExceededException": "where limits are enforced alone: test_kinesis_wire",
    "ThrottlingException": "of queues",
}
PROVOCATIONS = {
    "DryRunOperationException": ("PutRecord", {"StreamName": "{name}", "Data": b"", "PartitionKey": "a", "DryRun": True}),
    "ExpiredIteratorException": ("GetRecords", {"ShardIterator": "{iterator}"}),
    "ExpiredNextTokenException": ("ListShards", {"NextToken": "{token}"}),
    "InvalidArgumentException": ("GetRecords", {"ShardIterator": "AAAA"}),
    "LimitExceededException": ("UpdateShardCount", {"StreamName": "{name}", "TargetShardCount": 5, "ScalingType": "UNIFORM_SCALING"}),
    "ResourceInUseException": ("CreateStream", {"StreamName": "{name}", "ShardCount": 1}),
    "ResourceNotFoundException": ("DescribeStream", {"StreamName": "none"}),
    "ValidationException": ("SplitShard", {"StreamName": "{demand}", "ShardToSplit": "0", "NewStartingHashKey": "1000"}),
}


def test_every_error_of_the_model_is_provoked_or_known_not_to_be():
    exceptions = {name for name in MODEL.shape_names if MODEL.shape_for(name).metadata.get("exception")}
    assert exceptions == set(UNPROVOKED) | set(PROVOCATIONS)
    # Each of them is one of the operation that it is provoked in.
    for error, (operation, _) in PROVOCATIONS.items():
        assert error in {shape.name for shape in MODEL.operation_model(operation).error_shapes}


@pytest.mark.parametrize("error", PROVOCATIONS)
def test_boto3_raises_the_exception_of_the_model(face, error):
    kinesis = Json(face.server)
    name = kinesis.stream(2)
    there = {
        "{name}": name, "{iterator}": kinesis.iterator(name), "{token}": kinesis("ListShards", StreamName=name, MaxResults=1)["NextToken"],
        "{demand}": kinesis.on_demand(),
    }
    operation, request = PROVOCATIONS[error]
    request = {key: there.get(value, value) if isinstance(value, str) else value for key, value in request.items()}
    if error.startswith("Expired"):
        kinesis.advance(301)
    face.refused(error, None, operation, **request)
    with pytest.raises(getattr(kinesis.client.exceptions, error)) as raised:
        kinesis.client._make_api_call(operation, request)
    assert raised.value.response["Error"]["Code"] == error and raised.value.response["Error"]["Message"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_spelt_exactly(stream_server, operation):
    for spelt in (operation.lower(), operation + "s", operation[:-1]):
        if spelt not in MODEL.operation_names:
            assert b"UnknownOperationException" in post(stream_server, "application/x-amz-json-1.1", spelt, {})[2]


def test_the_account_is_the_same_everywhere(face):
    assert face.summary(face.stream())["StreamARN"].split(":")[4] == ACCOUNT
