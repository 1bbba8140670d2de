"""Text messages: what is published to phone numbers, settings, numbers that opted out, and the sandbox."""

import itertools
import json
import re

import pytest
from sns import INVALID, MISSING, text
from sns_outbox import Outbox

FORMAT = "Invalid parameter: PhoneNumber Reason: input incorrectly formatted"
NULL = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null"
PATTERN = r"^(\+[0-9]{8,}|[0-9]{0,9})$"
BAD_PATTERN = ("1 validation error detected: Value at 'phoneNumber' failed to satisfy constraint: "
               f"Member must satisfy regular expression pattern: {PATTERN}")
LANGUAGES = "en-US, en-GB, es-419, es-ES, de-DE, fr-CA, fr-FR, it-IT, ja-JP, pt-BR, kr-KR, zh-CN, zh-TW"
SETTINGS = {
    "DefaultSMSType": "Transactional", "DefaultSenderID": "Millpond", "MonthlySpendLimit": "5",
    "DeliveryStatusIAMRole": "arn:aws:iam::123456789012:role/sns", "DeliveryStatusSuccessSamplingRate": "10",
    "UsageReportS3Bucket": "reports",
}

_numbers = itertools.count(1)


@pytest.fixture
def outbox(sns):
    return Outbox(sns.server)


@pytest.fixture
def number():
    """A phone number that no other test has."""
    return f"+1206555{next(_numbers):04}"


@pytest.fixture(autouse=True)
def settings(sns):
    """Each test begins with the settings that an account begins with, outside of the sandbox, which is empty."""
    yield
    sns("SetSMSAttributes", attributes=dict.fromkeys(SETTINGS, ""))
    Outbox(sns.server).text_messages(in_sandbox=False)
    for entry in sns("ListSMSSandboxPhoneNumbers")["PhoneNumbers"]:
        sns("DeleteSMSSandboxPhoneNumber", PhoneNumber=entry["PhoneNumber"])


def attributes(sns, *names):
    return sns("GetSMSAttributes", attributes=list(names) or None)["attributes"]


# ---- publishing


def test_a_message_to_a_phone_number_can_be_read_back(sns, outbox, number):
    answer = sns("Publish", PhoneNumber=number, Message="hello", Subject="s", MessageAttributes={"color": text("red")})
    [sent] = outbox.to(number)
    assert sent["message_id"] == answer["MessageId"] and answer.keys() == {"MessageId"}
    assert (sent["kind"], sent["body"], sent["subject"], sent["failure"]) == ("sms", "hello", "s", None)
    assert sent["attributes"] == {"color": {"type": "String", "value": "red"}}
    assert sent["details"] == {"SMSType": "Promotional"}
    assert (sent["topic_arn"], sent["subscription_arn"]) == (None, None)


def test_a_plus_may_be_left_out(sns, outbox, number):
    sns("Publish", PhoneNumber=number[1:], Message="hello")
    assert outbox.last(number)["address"] == number


@pytest.mark.parametrize("wrong", ["NAA+15551234567", "+1 206 555", "+1-206-555-0100", "+", "", "+0123456789", "+1234567890123456", "٣٤٥"])
def test_a_number_is_not_valid_to_publish_to(sns, wrong):
    said = f"Invalid parameter: PhoneNumber Reason: {wrong} is not valid to publish to"
    sns.refused(INVALID, said, "Publish", PhoneNumber=wrong, Message="a")


def test_a_message_has_1600_characters(sns, outbox, number):
    sns("Publish", PhoneNumber=number, Message="ä" * 1600)
    assert outbox.last(number)["body"] == "ä" * 1600
    said = "Invalid parameter: Message Reason: Message must be less than 1600 characters long"
    sns.refused(INVALID, said, "Publish", PhoneNumber=number, Message="x" * 1601)
    sns.refused(INVALID, "Invalid parameter: Empty message", "Publish", PhoneNumber=number, Message="")
    assert len(outbox.to(number)) == 1


def test_a_message_must_be_given(sns, number):
    sns.refused(MISSING, NULL.format("message"), "Publish", PhoneNumber=number)


def test_a_phone_gets_the_text_for_sms(sns, outbox, number):
    sns("Publish", PhoneNumber=number, Message=json.dumps({"default": "d", "sms": "s"}), MessageStructure="json")
    assert outbox.last(number)["body"] == "s"
    sns("Publish", PhoneNumber=number, Message=json.dumps({"default": "d"}), MessageStructure="json")
    assert outbox.last(number)["body"] == "d"
    said = "Invalid parameter: Message Structure - No default entry in JSON message body"
    sns.refused(INVALID, said, "Publish", PhoneNumber=number, Message='{"sms": "s"}', MessageStructure="json")


def test_carriers_are_told_of_the_sender(sns, outbox, number):
    told = {
        "AWS.SNS.SMS.SenderID": text("Mill"), "AWS.SNS.SMS.SMSType": text("Transactional"),
        "AWS.SNS.SMS.MaxPrice": text("0.5", "Number"), "AWS.MM.SMS.EntityId": text("e"), "AWS.MM.SMS.TemplateId": text("t"),
        "AWS.MM.SMS.OriginationNumber": text("+12065550199"),
    }
    sns("Publish", PhoneNumber=number, Message="a", MessageAttributes=told)
    assert outbox.last(number)["details"] == {
        "SenderID": "Mill", "SMSType": "Transactional", "MaxPrice": "0.5", "EntityId": "e", "TemplateId": "t",
        "OriginationNumber": "+12065550199",
    }


@pytest.mark.parametrize("name, value", [
    ("AWS.SNS.SMS.SenderID", "12345"), ("AWS.SNS.SMS.SenderID", "twelveletter"), ("AWS.SNS.SMS.SMSType", "Spam"),
    ("AWS.SNS.SMS.MaxPrice", "cheap"),
])
def test_what_carriers_cannot_be_told(sns, number, name, value):
    sns.refused(INVALID, f"Invalid parameter: {name} Reason: {value} is not a valid value", "Publish",
                PhoneNumber=number, Message="a", MessageAttributes={name: text(value)})


def test_a_phone_that_subscribed_gets_what_is_published_to_the_topic(sns, outbox, number):
    topic = sns.topic()
    subscription = sns.subscribe(topic, "sms", f"{number[:2]}-{number[2:5]}.{number[5:]}")
    answer = sns.publish(topic, json.dumps({"default": "d", "sms": "s"}), MessageStructure="json")
    [sent] = outbox.to(number)
    assert (sent["body"], sent["topic_arn"], sent["subscription_arn"]) == ("s", topic, subscription)
    assert sent["message_id"] == answer["MessageId"]
    sns("DeleteTopic", TopicArn=topic)


# ---- settings


def test_an_account_begins_with_a_limit_of_one_dollar(sns):
    assert attributes(sns) == {"MonthlySpendLimit": "1"}


def test_settings_are_given_back(sns):
    assert sns("SetSMSAttributes", attributes=SETTINGS) == {}
    assert attributes(sns) == SETTINGS
    assert attributes(sns, "DefaultSMSType", "DefaultSenderID", "None") == {"DefaultSMSType": "Transactional", "DefaultSenderID": "Millpond"}
    sns("SetSMSAttributes", attributes={"DefaultSMSType": "Promotional"})
    assert attributes(sns) == {**SETTINGS, "DefaultSMSType": "Promotional"}
    sns("SetSMSAttributes", attributes=dict.fromkeys(SETTINGS, ""))
    assert attributes(sns) == {"MonthlySpendLimit": "1"}


@pytest.mark.parametrize("name, value", [
    ("DefaultSMSType", "transactional"), ("DefaultSMSType", "x"), ("DefaultSenderID", "123"), ("DefaultSenderID", "a b"),
    ("DefaultSenderID", "twelveletter"), ("MonthlySpendLimit", "-1"), ("MonthlySpendLimit", "1.5"), ("MonthlySpendLimit", "x"),
    ("DeliveryStatusSuccessSamplingRate", "101"), ("DeliveryStatusSuccessSamplingRate", "-1"), ("DeliveryStatusIAMRole", "role"),
    ("DeliveryStatusIAMRole", "arn:aws:iam::1:user/a"), ("UsageReportS3Bucket", "A"), ("UsageReportS3Bucket", "a_b"),
])
def test_a_setting_may_not_be(sns, name, value):
    sns.refused(INVALID, f"{name} is invalid", "SetSMSAttributes", attributes={name: value})
    assert attributes(sns) == {"MonthlySpendLimit": "1"}


@pytest.mark.parametrize("name", ["DefaultSendID", "x", "monthlySpendLimit"])
def test_a_setting_that_is_none(sns, name):
    sns.refused(INVALID, f"{name} is not a valid attribute", "SetSMSAttributes", attributes={name: "1"})


def test_settings_must_be_given(sns):
    sns.refused(MISSING, NULL.format("attributes"), "SetSMSAttributes")
    sns.refused(MISSING, NULL.format("attributes"), "SetSMSAttributes", attributes={})


def test_settings_hold_for_messages_that_say_nothing_else(sns, outbox, number):
    sns("SetSMSAttributes", attributes={"DefaultSMSType": "Transactional", "DefaultSenderID": "Millpond"})
    sns("Publish", PhoneNumber=number, Message="a")
    assert outbox.last(number)["details"] == {"SMSType": "Transactional", "SenderID": "Millpond"}
    sns("Publish", PhoneNumber=number, Message="a", MessageAttributes={"AWS.SNS.SMS.SMSType": text("Promotional")})
    assert outbox.last(number)["details"] == {"SMSType": "Promotional", "SenderID": "Millpond"}


def test_without_a_budget_nobody_is_reached(sns, outbox, number):
    sns("SetSMSAttributes", attributes={"MonthlySpendLimit": "0"})
    sns("Publish", PhoneNumber=number, Message="a")
    assert outbox.last(number)["failure"] == "No quota left for account"


# ---- numbers that opted out


def test_who_opted_out_is_not_reached(sns, outbox, number):
    assert sns("CheckIfPhoneNumberIsOptedOut", phoneNumber=number) == {"isOptedOut": False}
    outbox.text_messages(opt_out=[number])
    assert sns("CheckIfPhoneNumberIsOptedOut", phoneNumber=number) == {"isOptedOut": True}
    assert number in sns("ListPhoneNumbersOptedOut")["phoneNumbers"]
    assert "MessageId" in sns("Publish", PhoneNumber=number, Message="a")
    assert outbox.last(number)["failure"] == "Phone number is opted out"


def test_a_number_is_opted_in_once_in_30_days(sns, outbox, number):
    outbox.text_messages(opt_out=[number])
    assert sns("OptInPhoneNumber", phoneNumber=number) == {}
    assert sns("CheckIfPhoneNumberIsOptedOut", phoneNumber=number) == {"isOptedOut": False}
    assert sns("OptInPhoneNumber", phoneNumber=number) == {}
    outbox.text_messages(opt_out=[number])
    said = "Invalid parameter: PhoneNumber Reason: a phone number can be opted in only once every 30 days"
    sns.refused(INVALID, said, "OptInPhoneNumber", phoneNumber=number)
    sns.server.advance(30 * 86_400)
    assert sns("OptInPhoneNumber", phoneNumber=number) == {}
    assert number not in sns("ListPhoneNumbersOptedOut")["phoneNumbers"]


def test_numbers_that_opted_out_are_listed_in_pages_of_100(sns, outbox):
    made = [f"+4930{number:07}" for number in range(205)]
    outbox.text_messages(opt_out=made)
    pages, token = [], {}
    while not pages or token:
        answer = sns("ListPhoneNumbersOptedOut", **token)
        pages.append(answer["phoneNumbers"])
        token = {"nextToken": answer["nextToken"]} if "nextToken" in answer else {}
    assert [len(page) for page in pages[:2]] == [100, 100]
    found = [number for page in pages for number in page]
    assert set(made) <= set(found) and len(found) == len(set(found))
    sns.refused(INVALID, re.compile("NextToken"), "ListPhoneNumbersOptedOut", nextToken="x")


@pytest.mark.parametrize("operation", ["CheckIfPhoneNumberIsOptedOut", "OptInPhoneNumber"])
@pytest.mark.parametrize("wrong", ["", "x", "+1 206", "+1234567890123456", "0"])
def test_a_number_is_incorrectly_formatted(sns, operation, wrong):
    sns.refused(INVALID, FORMAT, operation, phoneNumber=wrong)


@pytest.mark.parametrize("operation", ["CheckIfPhoneNumberIsOptedOut", "OptInPhoneNumber"])
def test_a_number_must_be_given(sns, operation):
    sns.refused(MISSING, NULL.format("phoneNumber"), operation)


# ---- the sandbox


def password(outbox, number):
    return outbox.last(number)["details"]["OneTimePassword"]


def numbers(sns):
    return {entry["PhoneNumber"]: entry["Status"] for entry in sns("ListSMSSandboxPhoneNumbers")["PhoneNumbers"]}


def test_an_account_is_not_in_the_sandbox_unless_a_test_wants_it(sns, outbox):
    assert sns("GetSMSSandboxAccountStatus") == {"IsInSandbox": False}
    assert outbox.text_messages(in_sandbox=True) == {"in_sandbox": True}
    assert sns("GetSMSSandboxAccountStatus") == {"IsInSandbox": True}
    assert outbox.ask("GET", "text-messages") == (200, {"in_sandbox": True})


def test_a_number_is_verified_by_its_password(sns, outbox, number):
    assert sns("CreateSMSSandboxPhoneNumber", PhoneNumber=number, LanguageCode="de-DE") == {}
    assert numbers(sns) == {number: "Pending"}
    sent = outbox.last(number)
    assert re.fullmatch(r"\d{6}", password(outbox, number)) and password(outbox, number) in sent["body"]
    assert sent["details"]["LanguageCode"] == "de-DE"
    wrong = "000000" if password(outbox, number) != "000000" else "000001"
    sns.refused("VerificationException", "The one-time password is invalid", "VerifySMSSandboxPhoneNumber",
                PhoneNumber=number, OneTimePassword=wrong)
    assert numbers(sns) == {number: "Pending"}
    assert sns("VerifySMSSandboxPhoneNumber", PhoneNumber=number, OneTimePassword=password(outbox, number)) == {}
    assert numbers(sns) == {number: "Verified"}
    assert sns("DeleteSMSSandboxPhoneNumber", PhoneNumber=number) == {}
    assert numbers(sns) == {}


def test_from_the_sandbox_only_verified_numbers_are_reached(sns, outbox, number):
    outbox.text_messages(in_sandbox=True)
    sns("Publish", PhoneNumber=number, Message="1")
    assert outbox.last(number)["failure"] == "Phone number is not verified in the SMS sandbox"
    sns("CreateSMSSandboxPhoneNumber", PhoneNumber=number)
    sns("VerifySMSSandboxPhoneNumber", PhoneNumber=number, OneTimePassword=password(outbox, number))
    sns("Publish", PhoneNumber=number, Message="2")
    assert outbox.last(number)["failure"] is None


@pytest.mark.parametrize("operation, more", [("DeleteSMSSandboxPhoneNumber", {}), ("VerifySMSSandboxPhoneNumber", {"OneTimePassword": "123456"})])
def test_a_number_that_is_not_in_the_sandbox(sns, number, operation, more):
    sns.refused("ResourceNotFound", f"Phone number {number} is not in the SMS sandbox", operation, PhoneNumber=number, **more)


@pytest.mark.parametrize("operation, more", [
    ("CreateSMSSandboxPhoneNumber", {}), ("DeleteSMSSandboxPhoneNumber", {}), ("VerifySMSSandboxPhoneNumber", {"OneTimePassword": "123456"}),
])
def test_the_models_form_of_a_number(sns, operation, more):
    for wrong in ["x", "+1234567", "1234567890", "+1 2065550100"]:
        sns.refused("ValidationError", BAD_PATTERN, operation, PhoneNumber=wrong, **more)
    sns.refused("ValidationError", "1 validation error detected: Value at 'phoneNumber' failed to satisfy constraint: "
                "Member must have length less than or equal to 20", operation, PhoneNumber="+" + "1" * 20, **more)
    sns.refused(INVALID, FORMAT, operation, PhoneNumber="", **more)
    sns.refused(MISSING, NULL.format("phoneNumber"), operation, **more)


@pytest.mark.parametrize("wrong, said", [
    ("1234", "Member must have length greater than or equal to 5"),
    ("123456789", "Member must have length less than or equal to 8"),
    ("12a45", "Member must satisfy regular expression pattern: ^[0-9]+$"),
])
def test_the_models_form_of_a_password(sns, number, wrong, said):
    sns.refused("ValidationError", f"1 validation error detected: Value '{wrong}' at 'oneTimePassword' failed to satisfy constraint: {said}",
                "VerifySMSSandboxPhoneNumber", PhoneNumber=number, OneTimePassword=wrong)


def test_a_password_must_be_given(sns, number):
    sns.refused(MISSING, NULL.format("oneTimePassword"), "VerifySMSSandboxPhoneNumber", PhoneNumber=number)


def test_a_language_that_is_none(sns, number):
    said = ("1 validation error detected: Value 'tlh' at 'languageCode' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{LANGUAGES}]")
    sns.refused("ValidationError", said, "CreateSMSSandboxPhoneNumber", PhoneNumber=number, LanguageCode="tlh")


def test_the_sandbox_holds_ten_numbers_and_nobody_who_opted_out(sns, outbox, number):
    made = [f"+4940000{each:03}" for each in range(10)]
    for each in made:
        sns("CreateSMSSandboxPhoneNumber", PhoneNumber=each)
    sns.refused("UserError", None, "CreateSMSSandboxPhoneNumber", PhoneNumber=number)
    outbox.text_messages(opt_out=[number])
    sns.refused("OptedOut", None, "CreateSMSSandboxPhoneNumber", PhoneNumber=number)
    pages = sns.pages("ListSMSSandboxPhoneNumbers", "PhoneNumbers", MaxResults=4)
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [entry["PhoneNumber"] for page in pages for entry in page] == made


@pytest.mark.parametrize("operation, most", [("ListSMSSandboxPhoneNumbers", 100), ("ListOriginationNumbers", 30)])
def test_how_many_a_page_may_have(sns, operation, most):
    at = "1 validation error detected: Value '{}' at 'maxResults' failed to satisfy constraint: Member must have value {} than or equal to {}"
    sns.refused("ValidationError", at.format(0, "greater", 1), operation, MaxResults=0)
    sns.refused("ValidationError", at.format(most + 1, "less", most), operation, MaxResults=most + 1)
    assert sns(operation, MaxResults=most)["PhoneNumbers"] == []
    sns.refused(INVALID, re.compile("NextToken"), operation, NextToken="x")


def test_numbers_that_messages_come_from_are_those_that_a_test_adds(sns, outbox):
    assert sns("ListOriginationNumbers") == {"PhoneNumbers": []}
    outbox.text_messages(add_origination_numbers=["+18005550001", "+18005550000"])
    [one, two] = sns("ListOriginationNumbers")["PhoneNumbers"]
    assert (one["PhoneNumber"], two["PhoneNumber"]) == ("+18005550000", "+18005550001")
    del one["CreatedAt"], one["PhoneNumber"]
    assert one == {"Status": "ACTIVE", "Iso2CountryCode": "US", "RouteType": "Transactional", "NumberCapabilities": ["SMS"]}
    assert [len(page) for page in sns.pages("ListOriginationNumbers", "PhoneNumbers", MaxResults=1)] == [1, 1]
    outbox.text_messages(remove_origination_numbers=["+18005550001", "+18005550000"])
    assert sns("ListOriginationNumbers") == {"PhoneNumbers": []}


# ---- the outbox


def test_the_outbox_gives_pages(sns, outbox, number):
    for each in range(5):
        sns("Publish", PhoneNumber=number, Message=str(each))
    bodies, after = [], {}
    while True:
        page = outbox.list(kind="sms", address=number, max=2, **after)
        bodies.append([message["body"] for message in page["messages"]])
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert bodies == [["0", "1"], ["2", "3"], ["4"]]
    # A plus that nobody has written as %2B.
    status, _, body = sns.server.ask("GET", f"/_millpond/outbox?address={number}")
    assert status == 200 and len(json.loads(body)["messages"]) == 5
    assert outbox.list(kind="email", address=number) == {"messages": [], "next": None}


def test_the_outbox_is_emptied(sns, outbox, number):
    sns("Publish", PhoneNumber=number, Message="a")
    assert outbox.clear(kind="email", address=number) == 0
    assert outbox.clear(kind="sms", address=number) == 1
    assert outbox.to(number) == []


@pytest.mark.parametrize("parameters, said", [
    ({"kind": "pigeon"}, 'kind is one of sqs, firehose, lambda, http, https, email, email-json, sms, application, and not "pigeon"'),
    ({"max": "many"}, 'max is a number, and not "many"'),
    ({"after": "-1"}, 'after is a number, and not "-1"'),
    ({"adress": "+1"}, 'there is no parameter "adress"; there are kind, address, after, max'),
])
def test_what_the_outbox_cannot_be_asked(outbox, parameters, said):
    assert outbox.ask("GET", "outbox", **parameters) == (400, {"message": said})
    assert outbox.ask("DELETE", "outbox", **parameters) == (400, {"message": said})


def test_what_cannot_be_done_to_text_messages(outbox, sns):
    assert outbox.ask("POST", "outbox") == (405, {"message": "what was captured is shown by GET and removed by DELETE"})
    assert outbox.ask("PUT", "text-messages")[0] == 405
    for body in [{"opt_out": "+12065550100"}, {"sandbox": True}, ["a"]]:
        status, answer = outbox.ask("POST", "text-messages", body)
        assert status == 400 and "is expected" in answer["message"]
    # All of it or nothing.
    status, answer = outbox.ask("POST", "text-messages", {"opt_out": ["+12065559998", "x"], "in_sandbox": True})
    assert (status, answer) == (400, {"message": FORMAT})
    assert sns("CheckIfPhoneNumberIsOptedOut", phoneNumber="+12065559998") == {"isOptedOut": False}
    assert sns("GetSMSSandboxAccountStatus") == {"IsInSandbox": False}
    assert outbox.ask("GET", "nothing") == (
        404, {"message": "there is no /_millpond/nothing; there are /_millpond/clock, /_millpond/outbox and /_millpond/text-messages"})
