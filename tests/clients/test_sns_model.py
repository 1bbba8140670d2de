"""What botocore's model of SNS says, generated from it: every operation, every member that must be there, every member that is empty or of
another type, and every error."""

import pytest
from sns import EXCEPTIONS, MODEL, STATUS, STRANGE_TOKEN, Refused, arn, entry, form, fresh, text

OPERATIONS = MODEL.operation_names
NUMBERS = (f"+1557{nth:07}" for nth in range(10_000_000))


def sample(shape):
    """A value of a shape."""
    match shape.type_name:
        case "structure":
            return {name: sample(member) for name, member in shape.members.items()}
        case "list":
            return [sample(shape.member)]
        case "map":
            return {"a": sample(shape.value)}
        case "blob":
            return b"a"
    return {"boolean": True, "integer": 1}.get(shape.type_name, "a")


def sandbox_number(sns):
    """A number in the sandbox, which holds ten: it is made alone in it."""
    for each in sns("ListSMSSandboxPhoneNumbers")["PhoneNumbers"]:
        sns("DeleteSMSSandboxPhoneNumber", PhoneNumber=each["PhoneNumber"])
    number = next(NUMBERS)
    sns("CreateSMSSandboxPhoneNumber", PhoneNumber=number)
    return number


@pytest.fixture(scope="module")
def things(sns):
    """What requests are about."""
    topic = sns.topic(tags={"a": "b"})
    attributes = {"PlatformCredential": "secret", "PlatformPrincipal": "id"}
    application = sns("CreatePlatformApplication", Name=fresh("app"), Platform="GCM", Attributes=attributes)["PlatformApplicationArn"]
    endpoint = sns("CreatePlatformEndpoint", PlatformApplicationArn=application, Token=fresh("token"))["EndpointArn"]
    return {"topic": topic, "subscription": sns.subscribe(topic, "sms", next(NUMBERS)), "application": application, "endpoint": endpoint}


def good(operation, things, sns):
    """A request in which nothing is wrong; what it ends is made for it."""
    of_topic, of_resource = {"TopicArn": things["topic"]}, {"ResourceArn": things["topic"]}
    of_application, of_endpoint = {"PlatformApplicationArn": things["application"]}, {"EndpointArn": things["endpoint"]}
    match operation:
        case "CreateTopic":
            return {"Name": fresh("made"), "Attributes": {"DisplayName": "a"}, "Tags": [{"Key": "a", "Value": "b"}]}
        case "DeleteTopic":
            return {"TopicArn": sns.topic()}
        case "GetTopicAttributes" | "ListSubscriptionsByTopic":
            return of_topic
        case "SetTopicAttributes":
            return {**of_topic, "AttributeName": "DisplayName", "AttributeValue": "b"}
        case "AddPermission":
            return {**of_topic, "Label": fresh("label"), "AWSAccountId": ["111122223333"], "ActionName": ["Publish"]}
        case "RemovePermission":
            request = good("AddPermission", things, sns)
            sns("AddPermission", **request)
            return {**of_topic, "Label": request["Label"]}
        case "Subscribe":
            return {**of_topic, "Protocol": "sms", "Endpoint": next(NUMBERS), "Attributes": {"FilterPolicy": '{"a":["b"]}'},
                    "ReturnSubscriptionArn": True}
        case "Unsubscribe":
            return {"SubscriptionArn": sns.subscribe(things["topic"], "sms", next(NUMBERS))}
        case "GetSubscriptionAttributes":
            return {"SubscriptionArn": things["subscription"]}
        case "SetSubscriptionAttributes":
            return {"SubscriptionArn": things["subscription"], "AttributeName": "FilterPolicyScope", "AttributeValue": "MessageAttributes"}
        case "ConfirmSubscription":
            return {**of_topic, "Token": STRANGE_TOKEN, "AuthenticateOnUnsubscribe": "true"}
        case "Publish":
            return {**of_topic, "Message": "a", "Subject": "b", "MessageAttributes": {"a": text("b")}}
        case "PublishBatch":
            return {**of_topic, "PublishBatchRequestEntries": [entry("a"), entry("b", Subject="c")]}
        case "TagResource":
            return {**of_resource, "Tags": [{"Key": "c", "Value": "d"}]}
        case "UntagResource":
            return {**of_resource, "TagKeys": ["c"]}
        case "ListTagsForResource":
            return of_resource
        case "PutDataProtectionPolicy":
            return {**of_resource, "DataProtectionPolicy": '{"Name":"a","Version":"2021-06-01","Statement":[]}'}
        case "GetDataProtectionPolicy":
            sns("PutDataProtectionPolicy", **good("PutDataProtectionPolicy", things, sns))
            return of_resource
        case "CreatePlatformApplication":
            return {"Name": fresh("app"), "Platform": "GCM", "Attributes": {"PlatformCredential": "secret", "PlatformPrincipal": "id"}}
        case "DeletePlatformApplication":
            return {"PlatformApplicationArn": sns("CreatePlatformApplication", **good("CreatePlatformApplication", things, sns))["PlatformApplicationArn"]}
        case "GetPlatformApplicationAttributes" | "ListEndpointsByPlatformApplication":
            return of_application
        case "SetPlatformApplicationAttributes":
            return {**of_application, "Attributes": {"SuccessFeedbackSampleRate": "10"}}
        case "CreatePlatformEndpoint":
            return {**of_application, "Token": fresh("token"), "CustomUserData": "a"}
        case "DeleteEndpoint":
            return {"EndpointArn": sns("CreatePlatformEndpoint", **good("CreatePlatformEndpoint", things, sns))["EndpointArn"]}
        case "GetEndpointAttributes":
            return of_endpoint
        case "SetEndpointAttributes":
            return {**of_endpoint, "Attributes": {"CustomUserData": "b"}}
        case "CheckIfPhoneNumberIsOptedOut":
            return {"phoneNumber": "+15551234567"}
        case "OptInPhoneNumber":
            return {"phoneNumber": "+15551234567"}
        case "SetSMSAttributes":
            return {"attributes": {"DefaultSMSType": "Promotional"}}
        case "GetSMSAttributes":
            return {"attributes": ["DefaultSMSType"]}
        case "CreateSMSSandboxPhoneNumber":
            sandbox_number(sns)
            return {"PhoneNumber": next(NUMBERS), "LanguageCode": "en-US"}
        case "DeleteSMSSandboxPhoneNumber":
            return {"PhoneNumber": sandbox_number(sns)}
        case "VerifySMSSandboxPhoneNumber":
            return {"PhoneNumber": sandbox_number(sns), "OneTimePassword": "00000"}
        case "ListOriginationNumbers" | "ListSMSSandboxPhoneNumbers":
            return {"MaxResults": 3}
    return {}


# What no request that is made up can get through with.
REFUSED = {"ConfirmSubscription": "InvalidParameter", "VerifySMSSandboxPhoneNumber": "VerificationException"}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("method", ["boto3", "POST", "GET"])
def test_an_operation_answers(sns, things, operation, method):
    request = good(operation, things, sns)
    call = (lambda: sns(operation, **request)) if method == "boto3" else (lambda: sns.ask(form(operation, request), method))
    if operation in REFUSED:
        sns.refuses(call, REFUSED[operation], None, operation)
        return
    shape = MODEL.operation_model(operation).output_shape
    assert set(call()) <= set(shape.members if shape else ())


def test_what_is_served_is_what_the_model_has(sns):
    assert len(OPERATIONS) == 42
    for operation in OPERATIONS:
        try:
            sns.ask([("Action", operation), ("Version", "2010-03-31")])
        except Refused as refused:
            assert refused.code != "InvalidAction", operation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_spelt_exactly(sns, operation):
    for name in (operation.lower(), operation + "s", operation[:-1], f" {operation}"):
        said = f"The action {name} is not valid for this endpoint."
        if name not in OPERATIONS:
            sns.refuses(lambda: sns.ask([("Action", name), ("Version", "2010-03-31")]), "InvalidAction", None, said)


# ---- members


def required():
    for operation in OPERATIONS:
        for name in MODEL.operation_model(operation).input_shape.required_members:
            yield operation, name


def members(*kinds):
    for operation in OPERATIONS:
        for name, shape in MODEL.operation_model(operation).input_shape.members.items():
            if not kinds or shape.type_name in kinds:
                yield operation, name, shape.type_name


CLIENT = ("ValidationError", "InvalidParameter", "NotFound", "ResourceNotFound", "ParameterValueInvalid", "EmptyBatchRequest", "ValidationException",
          "MalformedInput", "InvalidBatchEntryId", "VerificationException")


@pytest.mark.parametrize("operation, name", list(required()))
def test_a_member_must_be_there(sns, things, operation, name):
    request = {key: value for key, value in good(operation, things, sns).items() if key != name}
    refused = sns.refused(CLIENT, None, operation, **request)
    assert refused.message


@pytest.mark.parametrize("operation, name, kind", list(members("list", "map")))
def test_an_empty_list_is_survived(sns, things, operation, name, kind):
    request = {**good(operation, things, sns), name: [] if kind == "list" else {}}
    if name not in MODEL.operation_model(operation).input_shape.required_members and operation not in REFUSED:
        sns(operation, **request)
        return
    try:
        sns(operation, **request)
    except Refused as refused:
        assert refused.code in CLIENT and STATUS[refused.code] == refused.status, refused


@pytest.mark.parametrize("operation, name, kind", list(members("string")))
def test_an_empty_text_is_survived(sns, things, operation, name, kind):
    try:
        sns(operation, **{**good(operation, things, sns), name: ""})
    except Refused as refused:
        assert refused.code in CLIENT + ("InvalidState", "OptedOut", "UserError") and STATUS[refused.code] == refused.status, refused


@pytest.mark.parametrize("operation, name, kind", list(members("integer", "boolean")))
@pytest.mark.parametrize("value", ["", "x", "1.5", "-1", "99999999999999999999", "TRUE", "\0"])
def test_a_member_of_another_type_is_refused_or_not_looked_at(sns, things, operation, name, kind, value):
    pairs = [pair for pair in form(operation, good(operation, things, sns)) if pair[0] != name]
    try:
        sns.ask([*pairs, (name, value)])
    except Refused as refused:
        assert refused.code in CLIENT, refused


@pytest.mark.parametrize("operation, name, kind", list(members()))
def test_a_parameter_with_an_odd_value_is_survived(sns, things, operation, name, kind):
    base = [pair for pair in form(operation, good(operation, things, sns)) if pair[0].split(".")[0] != name]
    if operation in ("CreateTopic", "CreatePlatformApplication"):
        base = [pair for pair in base if pair[0] != "Name"] + [("Name", fresh("odd"))]
    shape = MODEL.operation_model(operation).input_shape.members[name]
    for key, _ in form(operation, {name: sample(shape)})[2:]:
        for odd in {key, f"{key}.", f"{key}.x", f"{key}.1", key.replace(".1", ".0"), key.replace(".1", ".-1"), key.replace(".1", ".99999999999"),
                    f".{key}", f"{key}.1.1.1.1", key.split(".")[0], key.replace("member", "").replace("entry", ""), "." * 100}:
            for value in ("", "\0", "x", "0"):
                try:
                    sns.ask([*base, (odd, value)])
                except Refused as refused:
                    assert refused.status < 500, refused


@pytest.mark.parametrize("operation, name, kind", list(members("string")))
def test_a_text_of_any_kind_is_survived(sns, things, operation, name, kind):
    pairs = [pair for pair in form(operation, good(operation, things, sns)) if pair[0] != name]
    for value in ("\0", "x" * 10_000, "%", "a\r\nb", "<&>\"'", "ä" * 300, "arn:aws:sns:::::::", ":" * 50, "{}", "[" * 5_000, "9" * 400):
        try:
            sns.ask([*pairs, (name, value)])
        except Refused as refused:
            assert refused.status < 500, (value[:20], refused)


# ---- errors

# Nothing here has keys of KMS, is throttled, or knows who somebody is; the limits of an account are not those of a test.
UNPROVOKED = {"KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSOptInRequired", "KMSThrottling", "Throttled", "InternalError",
              "AuthorizationError", "InvalidSecurity", "ConcurrentAccess", "StaleTag", "TagPolicy", "TopicLimitExceeded",
              "SubscriptionLimitExceeded", "ReplayLimitExceeded", "PlatformApplicationDisabled", "ValidationException", "UserError", "OptedOut"}
# Provoked where they are tried: in the tests of subscriptions, tags, archives, devices and the sandbox.
ELSEWHERE = {"FilterPolicyLimitExceeded", "TagLimitExceeded", "InvalidState", "EndpointDisabled", "VerificationException"}
PROVOCATIONS = {
    "BatchEntryIdsNotDistinct": ("PublishBatch", {"PublishBatchRequestEntries": [entry("a"), entry("a")]}),
    "BatchRequestTooLong": ("PublishBatch", {"PublishBatchRequestEntries": [entry("a", "x" * 200_000), entry("b", "x" * 200_000)]}),
    "EmptyBatchRequest": ("PublishBatch", {"PublishBatchRequestEntries": []}),
    "InvalidBatchEntryId": ("PublishBatch", {"PublishBatchRequestEntries": [entry("a b")]}),
    "TooManyEntriesInBatchRequest": ("PublishBatch", {"PublishBatchRequestEntries": [entry(str(nth)) for nth in range(11)]}),
    "InvalidParameter": ("Publish", {"Message": ""}),
    "ParameterValueInvalid": ("Publish", {"Message": "a", "MessageAttributes": {"a": text("")}}),
    "NotFound": ("GetTopicAttributes", {"TopicArn": arn("nowhere")}),
    "ResourceNotFound": ("ListTagsForResource", {"ResourceArn": arn("nowhere")}),
}


def code_of(shape):
    return shape.error_code if "error" in shape.metadata else shape.name


def test_every_error_of_the_model_is_provoked_or_known_not_to_be():
    assert {code_of(shape) for shape in EXCEPTIONS} == UNPROVOKED | ELSEWHERE | set(PROVOCATIONS)


@pytest.mark.parametrize("code", PROVOCATIONS)
def test_boto3_raises_the_exception_of_the_model(sns, things, code):
    operation, request = PROVOCATIONS[code]
    if "TopicArn" in MODEL.operation_model(operation).input_shape.members:
        request = {"TopicArn": things["topic"], **request}
    name = next(shape.name for shape in EXCEPTIONS if code_of(shape) == code)
    with pytest.raises(getattr(sns.client.exceptions, name)) as raised:
        sns.client._make_api_call(operation, request)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == STATUS[code]
    error = raised.value.response["Error"]
    assert (error["Code"], error["Type"]) == (code, "Sender") and error["Message"]
