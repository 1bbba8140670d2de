"""Applications of mobile platforms, endpoints of devices, and what is published to them: nothing leaves, and all can be read."""

import json
import re

import pytest
from sns import INVALID, MISSING, NOT_FOUND, UUID, arn, fresh, text
from sns_outbox import Outbox
from sqs import ACCOUNT, REGION

PLATFORMS = ["ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS", "WNS"]
CREDENTIALS = {"PlatformPrincipal": "me", "PlatformCredential": "secret"}
NO_APPLICATION, NO_ENDPOINT = "PlatformApplication does not exist", "Endpoint does not exist"
NO_TARGET = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
STRANGE = "5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
ATTRIBUTES = "Invalid parameter: Attributes Reason: "
NULL = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null"
ELEMENTS = "Invalid parameter: {} Reason: An ARN must have at least 6 elements, not {}"
SLASHES = "Invalid parameter: {} Reason: Wrong number of slashes in relative portion of the ARN."
NO_VALUE = "Invalid parameter: {} Reason: no value for required parameter"
TOO_LONG = "must be at most 2048 bytes long in UTF-8 encoding"
IOS = "Invalid parameter: Token Reason: iOS device tokens must be no more than 400 hexadecimal characters"


@pytest.fixture
def outbox(sns):
    return Outbox(sns.server)


@pytest.fixture
def application(sns):
    """Makes applications, gives their ARNs, and deletes them afterwards."""
    made = []

    def make(platform="GCM", **attributes):
        answer = sns("CreatePlatformApplication", Name=fresh("app"), Platform=platform, Attributes={**CREDENTIALS, **attributes})
        made.append(answer["PlatformApplicationArn"])
        return made[-1]

    yield make
    for each in made:
        assert sns("DeletePlatformApplication", PlatformApplicationArn=each) == {}


@pytest.fixture
def endpoint(sns, application):
    def make(platform="GCM", token="abcdef01", **attributes):
        request = {"Attributes": attributes} if attributes else {}
        made = sns("CreatePlatformEndpoint", PlatformApplicationArn=application(platform), Token=token, **request)
        return made["EndpointArn"]

    return make


def shown(sns, endpoint):
    return sns("GetEndpointAttributes", EndpointArn=endpoint)["Attributes"]


def application_of(endpoint):
    return endpoint.rsplit("/", 1)[0].replace(":endpoint/", ":app/")


# ---- applications


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_application_has_an_arn_with_its_platform(sns, platform):
    name = fresh("My_App.1")
    made = sns("CreatePlatformApplication", Name=name, Platform=platform, Attributes=CREDENTIALS)["PlatformApplicationArn"]
    assert made == f"arn:aws:sns:{REGION}:{ACCOUNT}:app/{platform}/{name}"
    found = sns("GetPlatformApplicationAttributes", PlatformApplicationArn=made)["Attributes"]
    assert found["Enabled"] == "true" and not {"PlatformCredential", "PlatformPrincipal"} & found.keys()
    sns("DeletePlatformApplication", PlatformApplicationArn=made)
    sns.refused(NOT_FOUND, NO_APPLICATION, "GetPlatformApplicationAttributes", PlatformApplicationArn=made)


@pytest.mark.parametrize("platform", ["FCM", "gcm", "", "APNS_PASSBOOK"])
def test_a_platform_may_not_be(sns, platform):
    sns.refused(INVALID, f"Invalid parameter: Platform Reason: {platform} is not supported", "CreatePlatformApplication",
                Name="a", Platform=platform, Attributes=CREDENTIALS)


@pytest.mark.parametrize("name, why", [
    ("", "cannot be empty"),
    ("a" * 257, "must be at most 256 characters long"),
    ("a b", "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"),
    ("a/b", "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"),
    ("ä", "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"),
])
def test_the_name_of_an_application_may_not_be(sns, name, why):
    sns.refused(INVALID, f"Invalid parameter: {name} Reason: {why}", "CreatePlatformApplication",
                Name=name, Platform="GCM", Attributes=CREDENTIALS)


@pytest.mark.parametrize("platform, attributes, why", [
    ("ADM", {"PlatformPrincipal": "x"}, "PlatformPrincipal attribute provided without PlatformCredential"),
    ("ADM", {"PlatformCredential": "x"}, "PlatformCredential attribute provided without PlatformPrincipal"),
    ("APNS", {"PlatformCredential": "x"}, "PlatformCredential attribute provided without PlatformPrincipal"),
    ("GCM", {"PlatformPrincipal": "x"}, "PlatformPrincipal attribute provided without PlatformCredential"),
    ("GCM", {"Enabled": "true"}, "Platform credentials are invalid"),
    ("GCM", {**CREDENTIALS, "Colour": "red"}, "Invalid attribute name: Colour"),
    ("GCM", {**CREDENTIALS, "Enabled": "yes"}, "Invalid value for attribute: Enabled: must be true or false"),
    ("GCM", {**CREDENTIALS, "SuccessFeedbackSampleRate": "101"},
     "Invalid value for attribute: SuccessFeedbackSampleRate: must be an integer between 0-100"),
    ("GCM", {**CREDENTIALS, "EventDeliveryFailure": "x"}, "Invalid value for attribute: EventDeliveryFailure: must be the ARN of a topic"),
])
def test_the_attributes_of_an_application_may_not_be(sns, platform, attributes, why):
    sns.refused(INVALID, ATTRIBUTES + why, "CreatePlatformApplication", Name="a", Platform=platform, Attributes=attributes)


def test_google_needs_no_principal(sns):
    made = sns("CreatePlatformApplication", Name=fresh("app"), Platform="GCM", Attributes={"PlatformCredential": "key"})
    found = sns("GetPlatformApplicationAttributes", **made)["Attributes"]
    assert found == {"Enabled": "true", "AuthenticationMethod": "key"}
    sns("DeletePlatformApplication", **made)


@pytest.mark.parametrize("absent, path", [("Name", "name"), ("Platform", "platform"), ("Attributes", "attributes")])
def test_an_application_is_not_made_without(sns, absent, path):
    request = {"Name": "a", "Platform": "GCM", "Attributes": CREDENTIALS, absent: None}
    sns.refused(MISSING, NULL.format(path), "CreatePlatformApplication", **request)


def test_the_attributes_of_an_application_are_set(sns, application):
    made = application("ADM")
    events = arn("events")
    settings = {"EventEndpointCreated": events, "Enabled": "false", "SuccessFeedbackSampleRate": "5", "PlatformCredential": "new"}
    assert sns("SetPlatformApplicationAttributes", PlatformApplicationArn=made, Attributes=settings) == {}
    del settings["PlatformCredential"]
    assert sns("GetPlatformApplicationAttributes", PlatformApplicationArn=made)["Attributes"] == settings
    sns.refused(INVALID, ATTRIBUTES + "Invalid attribute name: Token", "SetPlatformApplicationAttributes",
                PlatformApplicationArn=made, Attributes={"Token": "x"})
    sns.refused(MISSING, NULL.format("attributes"), "SetPlatformApplicationAttributes", PlatformApplicationArn=made)


@pytest.mark.parametrize("operation, more", [
    ("GetPlatformApplicationAttributes", {}), ("SetPlatformApplicationAttributes", {"Attributes": {"Enabled": "true"}}),
    ("CreatePlatformEndpoint", {"Token": "t"}), ("ListEndpointsByPlatformApplication", {}),
])
def test_an_application_that_is_not_there(sns, operation, more):
    for absent in [arn("app/GCM/none"), arn("app/NONE/none"), arn("application/GCM/none")]:
        sns.refused(NOT_FOUND, NO_APPLICATION, operation, PlatformApplicationArn=absent, **more)


@pytest.mark.parametrize("operation, more", [
    ("GetPlatformApplicationAttributes", {}), ("SetPlatformApplicationAttributes", {"Attributes": {"Enabled": "true"}}),
    ("CreatePlatformEndpoint", {"Token": "t"}), ("ListEndpointsByPlatformApplication", {}), ("DeletePlatformApplication", {}),
])
def test_what_is_no_arn_of_an_application(sns, operation, more):
    name = "PlatformApplicationArn"
    sns.refused(INVALID, ELEMENTS.format(name, 1), operation, PlatformApplicationArn="app", **more)
    sns.refused(INVALID, ELEMENTS.format(name, 5), operation, PlatformApplicationArn="arn:aws:sns:a:b", **more)
    sns.refused(INVALID, SLASHES.format(name), operation, PlatformApplicationArn=arn("topic"), **more)
    sns.refused(INVALID, SLASHES.format(name), operation, PlatformApplicationArn=arn(f"endpoint/GCM/a/{STRANGE}"), **more)
    sns.refused(INVALID, NO_VALUE.format(name), operation, **more)


def test_deleting_an_application_twice_is_no_error(sns, application):
    made = application()
    for _ in range(2):
        assert sns("DeletePlatformApplication", PlatformApplicationArn=made) == {}


def test_applications_are_listed_in_pages_of_100(sns, application):
    made = sorted(application() for _ in range(205))
    pages = sns.pages("ListPlatformApplications", "PlatformApplications")
    assert [len(page) for page in pages[:2]] == [100, 100]
    found = {entry["PlatformApplicationArn"]: entry["Attributes"] for page in pages for entry in page}
    assert set(made) <= found.keys() and found[made[0]]["Enabled"] == "true"
    assert len(found) == sum(map(len, pages))


@pytest.mark.parametrize("token", ["x", "////", "YQ=="])
def test_what_is_no_token_of_a_list(sns, token):
    sns.refused(INVALID, re.compile("NextToken"), "ListPlatformApplications", NextToken=token)


# ---- endpoints


def test_an_endpoint_has_an_arn_below_its_application(sns, application):
    app = application("APNS")
    made = sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token="ABCDEF", CustomUserData="user")["EndpointArn"]
    assert re.fullmatch(re.escape(app.replace(":app/", ":endpoint/")) + f"/{UUID}", made)
    assert shown(sns, made) == {"CustomUserData": "user", "Enabled": "true", "Token": "abcdef"}
    assert sns("DeleteEndpoint", EndpointArn=made) == {}
    assert sns("DeleteEndpoint", EndpointArn=made) == {}
    sns.refused(NOT_FOUND, NO_ENDPOINT, "GetEndpointAttributes", EndpointArn=made)


def test_the_same_token_is_the_same_endpoint(sns, application):
    app = application()

    def make(**more):
        return sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token="token", **more)["EndpointArn"]

    made = make(CustomUserData="one")
    assert make(CustomUserData="one") == made
    assert make(Attributes={"CustomUserData": "one", "Enabled": "true"}) == made
    said = f"Invalid parameter: Token Reason: Endpoint {made} already exists with the same Token, but different attributes."
    for other in [{}, {"CustomUserData": "two"}, {"CustomUserData": "one", "Attributes": {"Enabled": "false"}}]:
        sns.refused(INVALID, said, "CreatePlatformEndpoint", PlatformApplicationArn=app, Token="token", **other)
    sns("SetEndpointAttributes", EndpointArn=made, Attributes={"Enabled": "false"})
    sns.refused(INVALID, said, "CreatePlatformEndpoint", PlatformApplicationArn=app, Token="token", CustomUserData="one")
    sns("DeleteEndpoint", EndpointArn=made)
    assert make() == made


@pytest.mark.parametrize("platform, token, said", [
    ("GCM", "", "Invalid parameter: Token Reason: cannot be empty"),
    ("GCM", "x" * 8193, "Invalid parameter: Token Reason: must be at most 8192 bytes long in UTF-8 encoding"),
    ("APNS", "no digits", IOS), ("APNS_SANDBOX", "a" * 401, IOS), ("APNS_VOIP", "ä", IOS), ("MACOS", "0x12", IOS),
])
def test_a_token_may_not_be(sns, application, platform, token, said):
    sns.refused(INVALID, said, "CreatePlatformEndpoint", PlatformApplicationArn=application(platform), Token=token)


@pytest.mark.parametrize("more, said", [
    ({"CustomUserData": "ä" * 1025}, f"Invalid parameter: CustomUserData Reason: {TOO_LONG}"),
    ({"Attributes": {"CustomUserData": "x" * 2049}}, f"{ATTRIBUTES}Invalid value for attribute: CustomUserData: {TOO_LONG}"),
    ({"Attributes": {"Enabled": "on"}}, f"{ATTRIBUTES}Invalid value for attribute: Enabled: must be true or false"),
    ({"Attributes": {"Colour": "red"}}, f"{ATTRIBUTES}Invalid attribute name: Colour"),
    ({"Attributes": {"Token": ""}}, f"{ATTRIBUTES}Invalid value for attribute: Token: cannot be empty"),
])
def test_the_attributes_of_an_endpoint_may_not_be(sns, application, endpoint, more, said):
    sns.refused(INVALID, said, "CreatePlatformEndpoint", PlatformApplicationArn=application(), Token="t", **more)
    if "Attributes" in more:
        sns.refused(INVALID, said, "SetEndpointAttributes", EndpointArn=endpoint(), **more)


def test_user_data_has_2048_bytes(sns, application):
    made = sns("CreatePlatformEndpoint", PlatformApplicationArn=application(), Token="t", CustomUserData="ä" * 1024)
    assert shown(sns, made["EndpointArn"])["CustomUserData"] == "ä" * 1024


def test_a_token_must_be_given(sns, application):
    sns.refused(MISSING, NULL.format("token"), "CreatePlatformEndpoint", PlatformApplicationArn=application())


def test_the_token_of_an_endpoint_changes(sns, application):
    app = application()
    one, two = (sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token=token)["EndpointArn"] for token in ("one", "two"))
    said = f"Invalid parameter: Token Reason: Endpoint {one} already exists with the same Token, but different attributes."
    sns.refused(INVALID, said, "SetEndpointAttributes", EndpointArn=two, Attributes={"Token": "one"})
    assert sns("SetEndpointAttributes", EndpointArn=one, Attributes={"Token": "uno", "CustomUserData": "d"}) == {}
    assert shown(sns, one) == {"CustomUserData": "d", "Enabled": "true", "Token": "uno"}
    sns.refused(INVALID, "Invalid parameter: This endpoint is already registered with a different token.",
                "CreatePlatformEndpoint", PlatformApplicationArn=app, Token="one")
    sns("SetEndpointAttributes", EndpointArn=two, Attributes={"Token": "one"})
    assert sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token="one")["EndpointArn"] == two


@pytest.mark.parametrize("operation, more", [("GetEndpointAttributes", {}), ("SetEndpointAttributes", {"Attributes": {"Enabled": "true"}})])
def test_an_endpoint_that_is_not_there(sns, application, operation, more):
    app = application()
    for absent in [arn(f"endpoint/GCM/none/{STRANGE}"), f"{app.replace(':app/', ':endpoint/')}/{STRANGE}", arn("endpoint/GCM/none/x")]:
        sns.refused(NOT_FOUND, NO_ENDPOINT, operation, EndpointArn=absent, **more)


@pytest.mark.parametrize("operation, more", [
    ("GetEndpointAttributes", {}), ("SetEndpointAttributes", {"Attributes": {"Enabled": "true"}}), ("DeleteEndpoint", {}),
])
def test_what_is_no_arn_of_an_endpoint(sns, operation, more):
    sns.refused(INVALID, ELEMENTS.format("EndpointArn", 2), operation, EndpointArn="a:b", **more)
    sns.refused(INVALID, SLASHES.format("EndpointArn"), operation, EndpointArn=arn("app/GCM/x"), **more)
    sns.refused(INVALID, NO_VALUE.format("EndpointArn"), operation, **more)


def test_attributes_must_be_given_to_be_set(sns, endpoint):
    sns.refused(MISSING, NULL.format("attributes"), "SetEndpointAttributes", EndpointArn=endpoint())


def test_endpoints_are_listed_in_pages_of_100(sns, application):
    app, other = application(), application()
    made = {sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token=str(number))["EndpointArn"]: str(number)
            for number in range(101)}
    pages = sns.pages("ListEndpointsByPlatformApplication", "Endpoints", PlatformApplicationArn=app)
    assert [len(page) for page in pages] == [100, 1]
    found = {entry["EndpointArn"]: entry["Attributes"] for page in pages for entry in page}
    assert {endpoint: attributes["Token"] for endpoint, attributes in found.items()} == made
    assert sns("ListEndpointsByPlatformApplication", PlatformApplicationArn=other) == {"Endpoints": []}


def test_an_application_takes_its_endpoints_with_it(sns, endpoint, outbox):
    made = endpoint()
    sns("DeletePlatformApplication", PlatformApplicationArn=application_of(made))
    sns.refused(NOT_FOUND, NO_ENDPOINT, "GetEndpointAttributes", EndpointArn=made)
    sns.refused(INVALID, NO_TARGET, "Publish", TargetArn=made, Message="a")
    assert outbox.to(made) == []


# ---- publishing


def test_a_device_gets_a_message(sns, endpoint, outbox):
    made = endpoint(CustomUserData="user 1")
    ttl = {"AWS.SNS.MOBILE.GCM.TTL": text("60", "Number")}
    answer = sns("Publish", TargetArn=made, Message="hello", Subject="subject", MessageAttributes=ttl)
    sent = outbox.last(made)
    assert (sent["kind"], sent["address"], sent["body"], sent["subject"]) == ("application", made, "hello", "subject")
    assert sent["message_id"] == answer["MessageId"] and "SequenceNumber" not in answer
    assert sent["details"] == {"Platform": "GCM", "Token": "abcdef01", "CustomUserData": "user 1"}
    assert sent["attributes"] == {"AWS.SNS.MOBILE.GCM.TTL": {"type": "Number", "value": "60"}}
    assert sent["topic_arn"] is None and sent["failure"] is None


@pytest.mark.parametrize("platform", PLATFORMS[:5] + PLATFORMS[6:])
def test_a_device_gets_the_text_of_its_platform(sns, endpoint, outbox, platform):
    made = endpoint(platform)
    texts = {each: json.dumps({"for": each}) for each in PLATFORMS}
    sns("Publish", TargetArn=made, Message=json.dumps({**texts, "default": "all"}), MessageStructure="json")
    assert outbox.last(made)["body"] == texts[platform]
    sns("Publish", TargetArn=made, Message=json.dumps({platform: texts[platform]}), MessageStructure="json")
    assert outbox.last(made)["body"] == texts[platform]
    del texts[platform]
    sns("Publish", TargetArn=made, Message=json.dumps({**texts, "default": "all"}), MessageStructure="json")
    assert outbox.last(made)["body"] == "all"


@pytest.mark.parametrize("platform, message, said", [
    ("GCM", {"APNS": "{}"}, "Message Structure - No default entry in JSON message body"),
    ("APNS", {"APNS": "text"}, "Message Reason: Invalid notification for protocol APNS: Notification is malformed"),
    ("APNS", {"default": "x" * 4097}, "Message Reason: Invalid notification for protocol APNS: Notification is too long"),
    ("GCM", {"default": "x" * 4097}, "Message Reason: Invalid notification for protocol GCM: Notification data is larger than allowed limit"),
    ("ADM", {"ADM": json.dumps({"a": "x" * 6144})}, "Message Reason: Invalid notification for protocol ADM: Notification is too long"),
])
def test_a_message_is_none_for_the_platform(sns, endpoint, outbox, platform, message, said):
    made = endpoint(platform)
    sns.refused(INVALID, f"Invalid parameter: {said}", "Publish", TargetArn=made, Message=json.dumps(message), MessageStructure="json")
    assert outbox.to(made) == []


def test_an_empty_message_is_refused(sns, endpoint):
    sns.refused(INVALID, "Invalid parameter: Empty message", "Publish", TargetArn=endpoint(), Message="")


def test_what_is_disabled_gets_nothing(sns, endpoint, outbox):
    made = endpoint(Enabled="false")
    sns.refused("EndpointDisabled", "Endpoint is disabled", "Publish", TargetArn=made, Message="a")
    app = application_of(made)
    sns("SetPlatformApplicationAttributes", PlatformApplicationArn=app, Attributes={"Enabled": "false"})
    sns.refused("PlatformApplicationDisabled", "Platform application is disabled", "Publish", TargetArn=made, Message="a")
    assert outbox.to(made) == []
    sns("SetPlatformApplicationAttributes", PlatformApplicationArn=app, Attributes={"Enabled": "true"})
    sns("SetEndpointAttributes", EndpointArn=made, Attributes={"Enabled": "true"})
    sns("Publish", TargetArn=made, Message="a")
    assert [message["body"] for message in outbox.to(made)] == ["a"]


@pytest.mark.parametrize("target", ["endpoint/GCM/none/" + STRANGE, "endpoint/NONE/none/" + STRANGE, "endpoint/GCM/none/x"])
def test_a_target_that_is_not_there(sns, target):
    sns.refused(INVALID, NO_TARGET, "Publish", TargetArn=arn(target), Message="a")


def test_a_target_that_is_an_application(sns, application):
    sns.refused(INVALID, SLASHES.format("TargetArn"), "Publish", TargetArn=application(), Message="a")


def test_a_device_that_subscribed_gets_what_is_published_to_the_topic(sns, endpoint, outbox):
    topic, device = sns.topic(), endpoint("APNS_SANDBOX")
    subscription = sns.subscribe(topic, "application", device)
    aps = json.dumps({"aps": {"alert": "hi"}})
    answer = sns.publish(topic, json.dumps({"default": "all", "APNS_SANDBOX": aps}), MessageStructure="json")
    sent = outbox.last(device)
    assert (sent["body"], sent["topic_arn"], sent["subscription_arn"]) == (aps, topic, subscription)
    assert sent["message_id"] == answer["MessageId"]
    sns.publish(topic, "plain")
    assert [message["body"] for message in outbox.to(device)] == [aps, "plain"]
    sns("DeleteTopic", TopicArn=topic)


def test_a_topic_is_told_of_the_endpoints_of_an_application(sns, application):
    topic = sns.topic()
    queue = sns.queue(topic)
    app = application(EventEndpointCreated=topic, EventEndpointUpdated=topic, EventEndpointDeleted=topic)
    made = sns("CreatePlatformEndpoint", PlatformApplicationArn=app, Token="1")["EndpointArn"]
    sns("SetEndpointAttributes", EndpointArn=made, Attributes={"Enabled": "false"})
    sns("DeleteEndpoint", EndpointArn=made)
    told = [json.loads(body) for body in sns.bodies(queue)]
    events = [json.loads(each["Message"]) for each in told]
    assert {event.pop("EventType") for event in events} == {"EndpointCreated", "EndpointUpdated", "EndpointDeleted"}
    assert {each["Subject"].split()[0] for each in told} == {"EndpointCreated", "EndpointUpdated", "EndpointDeleted"}
    for event in events:
        assert (event["EndpointArn"], event["Resource"], event["Service"]) == (made, app, "SNS")
    sns("DeleteTopic", TopicArn=topic)


def test_direct_messages_are_checked_as_those_to_topics(sns, endpoint, outbox):
    made = endpoint()
    sns.refused(INVALID, "Invalid parameter: Subject", "Publish", TargetArn=made, Message="a", Subject="a\nb")
    sns.refused(INVALID, "Invalid parameter: Message too long", "Publish", TargetArn=made, Message="a",
                MessageAttributes={"a": text("x" * (256 << 10))})
    assert outbox.to(made) == []
