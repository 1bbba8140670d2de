//! Text messages: what is taken, what is refused, and what the settings do.

use std::{collections::BTreeMap, time::Duration};

use millpond_pubsub::{
    Body, Captured, CapturedFilter, CreateOptions, Endpoint, Error, MessageAttribute, OriginationNumber, Protocol,
    PublishMessage, SubscribeOptions, Topics,
};

use crate::outbox::topics;

const NUMBER: &str = "+12065550101";

fn last(topics: &Topics) -> Captured {
    let page = topics.outbox().list(&CapturedFilter::of(Protocol::Sms), None, 1000).unwrap();
    page.entries.last().unwrap().message.clone()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn structured(texts: &[(&str, &str)]) -> PublishMessage {
    PublishMessage { body: Body::Structured(map(texts)), ..Default::default() }
}

fn said(error: &Error) -> (&'static str, String) {
    (error.code(), error.to_string())
}

#[test]
fn numbers_are_taken_with_and_without_a_plus() {
    let (_, topics) = topics();
    for number in ["+12065550101", "12065550101"] {
        topics.publish_to_phone(number, "hello").unwrap();
        assert_eq!(last(&topics).address, NUMBER);
    }
}

#[test]
fn what_is_no_number_is_refused() {
    let (_, topics) = topics();
    let long = "9".repeat(100_000);
    for number in ["", "+", "NAA+15551234567", "+1 206", "+0123456", "+1234567890123456", "\u{661}2345678", &long] {
        let error = topics.publish_to_phone(number, "hello").unwrap_err();
        let shown: String = number.chars().take(64).collect();
        let text = format!("Invalid parameter: PhoneNumber Reason: {shown} is not valid to publish to");
        assert_eq!(said(&error), ("InvalidParameter", text));
    }
}

#[test]
fn a_message_has_up_to_1600_characters() {
    let (_, topics) = topics();
    topics.publish_to_phone(NUMBER, "\u{e4}".repeat(1600)).unwrap();
    for (text, reason) in [
        ("x".repeat(1601), "Message Reason: Message must be less than 1600 characters long"),
        (String::new(), "Empty message"),
    ] {
        let error = topics.publish_to_phone(NUMBER, text).unwrap_err();
        assert_eq!(said(&error), ("InvalidParameter", format!("Invalid parameter: {reason}")));
    }
}

#[test]
fn a_message_for_each_protocol_gives_that_of_sms() {
    let (_, topics) = topics();
    topics.publish_to_phone(NUMBER, structured(&[("default", "d"), ("sms", "s")])).unwrap();
    assert_eq!(last(&topics).body, "s");
    topics.publish_to_phone(NUMBER, structured(&[("default", "d"), ("email", "e")])).unwrap();
    assert_eq!(last(&topics).body, "d");
    let error = topics.publish_to_phone(NUMBER, structured(&[("email", "e")])).unwrap_err();
    let text = "Invalid parameter: Message Structure - No default entry in JSON message body";
    assert_eq!(said(&error), ("InvalidParameter", text.to_owned()));
}

#[test]
fn carriers_are_told_what_is_set_and_what_a_message_says() {
    let (_, topics) = topics();
    topics.publish_to_phone(NUMBER, "1").unwrap();
    assert_eq!(last(&topics).details, map(&[("SMSType", "Promotional")]));
    let settings = map(&[("DefaultSMSType", "Transactional"), ("DefaultSenderID", "Millpond")]);
    topics.text_messages().set_attributes(&settings).unwrap();
    topics.publish_to_phone(NUMBER, "2").unwrap();
    assert_eq!(last(&topics).details, map(&[("SMSType", "Transactional"), ("SenderID", "Millpond")]));
    let message = PublishMessage::new("3")
        .attribute("AWS.SNS.SMS.SenderID", MessageAttribute::string("Other"))
        .attribute("AWS.SNS.SMS.SMSType", MessageAttribute::string("Promotional"))
        .attribute("AWS.SNS.SMS.MaxPrice", MessageAttribute::number("0.50"))
        .attribute("AWS.MM.SMS.EntityId", MessageAttribute::string("e-1"));
    topics.publish_to_phone(NUMBER, message).unwrap();
    let told = [("EntityId", "e-1"), ("MaxPrice", "0.50"), ("SMSType", "Promotional"), ("SenderID", "Other")];
    assert_eq!(last(&topics).details, map(&told));
}

#[test]
fn attributes_for_carriers_are_checked() {
    let (_, topics) = topics();
    for (name, value) in [
        ("AWS.SNS.SMS.SenderID", "123"),
        ("AWS.SNS.SMS.SenderID", "twelveletter"),
        ("AWS.SNS.SMS.SMSType", "promotional"),
        ("AWS.SNS.SMS.MaxPrice", "cheap"),
        ("AWS.SNS.SMS.MaxPrice", "NaN"),
        ("AWS.SNS.SMS.MaxPrice", "-1"),
    ] {
        let message = PublishMessage::new("x").attribute(name, MessageAttribute::string(value));
        let error = topics.publish_to_phone(NUMBER, message).unwrap_err();
        let text = format!("Invalid parameter: {name} Reason: {value} is not a valid value");
        assert_eq!(said(&error), ("InvalidParameter", text));
    }
}

#[test]
fn settings_are_given_back_all_or_by_name() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    assert_eq!(sms.attributes(&[]).unwrap(), map(&[("MonthlySpendLimit", "1")]));
    let all = map(&[
        ("DefaultSMSType", "Transactional"),
        ("DefaultSenderID", "Mill-pond1"),
        ("DeliveryStatusIAMRole", "arn:aws:iam::123456789012:role/sns-logs"),
        ("DeliveryStatusSuccessSamplingRate", "100"),
        ("MonthlySpendLimit", "50"),
        ("UsageReportS3Bucket", "reports.of-sms"),
    ]);
    sms.set_attributes(&all).unwrap();
    assert_eq!(sms.attributes(&[]).unwrap(), all);
    let some = sms.attributes(&["DefaultSenderID", "MonthlySpendLimit", "unknown"]).unwrap();
    assert_eq!(some, map(&[("DefaultSenderID", "Mill-pond1"), ("MonthlySpendLimit", "50")]));
    sms.set_attributes(&map(&[("MonthlySpendLimit", ""), ("DefaultSenderID", "")])).unwrap();
    assert_eq!(sms.attributes(&["DefaultSenderID", "MonthlySpendLimit"]).unwrap(), map(&[("MonthlySpendLimit", "1")]));
}

#[test]
fn settings_are_checked_and_set_together_or_not_at_all() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    for (name, value, text) in [
        ("DefaultSendID", "x", "DefaultSendID is not a valid attribute"),
        ("", "", " is not a valid attribute"),
        ("DefaultSMSType", "transactional", "DefaultSMSType is invalid"),
        ("DefaultSenderID", "12345", "DefaultSenderID is invalid"),
        ("DefaultSenderID", "with space", "DefaultSenderID is invalid"),
        ("DefaultSenderID", "twelveletter", "DefaultSenderID is invalid"),
        ("MonthlySpendLimit", "-1", "MonthlySpendLimit is invalid"),
        ("MonthlySpendLimit", "1.5", "MonthlySpendLimit is invalid"),
        ("DeliveryStatusSuccessSamplingRate", "101", "DeliveryStatusSuccessSamplingRate is invalid"),
        ("DeliveryStatusSuccessSamplingRate", "ten", "DeliveryStatusSuccessSamplingRate is invalid"),
        ("DeliveryStatusIAMRole", "role", "DeliveryStatusIAMRole is invalid"),
        ("DeliveryStatusIAMRole", "arn:aws:iam::1:user/me", "DeliveryStatusIAMRole is invalid"),
        ("UsageReportS3Bucket", "Upper", "UsageReportS3Bucket is invalid"),
        ("UsageReportS3Bucket", "ab", "UsageReportS3Bucket is invalid"),
    ] {
        let error = sms.set_attributes(&map(&[("DefaultSMSType", "Promotional"), (name, value)])).unwrap_err();
        assert_eq!(said(&error), ("InvalidParameter", text.to_owned()));
    }
    assert_eq!(sms.attributes(&[]).unwrap(), map(&[("MonthlySpendLimit", "1")]));
}

#[test]
fn who_opted_out_is_not_reached_and_the_service_takes_the_message() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    sms.opt_out("12065550101").unwrap();
    assert!(sms.is_opted_out(NUMBER).unwrap());
    topics.publish_to_phone(NUMBER, "hello").unwrap();
    assert_eq!(last(&topics).failure.as_deref(), Some("Phone number is opted out"));
    topics.publish_to_phone("+12065550102", "hello").unwrap();
    assert_eq!(last(&topics).failure, None);
}

#[test]
fn a_number_is_opted_in_once_in_thirty_days() {
    let (clock, topics) = topics();
    let sms = topics.text_messages();
    sms.opt_in(NUMBER).unwrap();
    sms.opt_out(NUMBER).unwrap();
    sms.opt_in(NUMBER).unwrap();
    assert!(!sms.is_opted_out(NUMBER).unwrap());
    sms.opt_out(NUMBER).unwrap();
    clock.advance(Duration::from_secs(30 * 86_400 - 1)).unwrap();
    assert_eq!(sms.opt_in(NUMBER).unwrap_err().code(), "InvalidParameter");
    assert!(sms.is_opted_out(NUMBER).unwrap());
    clock.advance(Duration::from_secs(1)).unwrap();
    sms.opt_in(NUMBER).unwrap();
    assert!(!sms.is_opted_out(NUMBER).unwrap());
}

#[test]
fn numbers_that_opted_out_are_listed_page_by_page() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    let all: Vec<String> = (0..250).map(|number| format!("+1206555{number:04}")).collect();
    all.iter().rev().for_each(|number| sms.opt_out(number).unwrap());
    let (mut read, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = sms.opted_out(after.as_deref(), 100).unwrap();
        read.extend(page.numbers);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((read, pages), (all, 3));
}

#[test]
fn the_format_of_a_number_is_looked_at_first() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    let text = "Invalid parameter: PhoneNumber Reason: input incorrectly formatted".to_owned();
    for refused in [
        sms.opt_out("x").unwrap_err(),
        sms.opt_in("x").unwrap_err(),
        sms.is_opted_out("+1-206").unwrap_err(),
        sms.add_sandbox_number("x", None).unwrap_err(),
        sms.verify_sandbox_number("x", "123456").unwrap_err(),
        sms.delete_sandbox_number("x").unwrap_err(),
        sms.add_origination_number(&OriginationNumber::new("x")).unwrap_err(),
    ] {
        assert_eq!(said(&refused), ("InvalidParameter", text.clone()));
    }
}

fn password(topics: &Topics, number: &str) -> String {
    let page = topics.outbox().list(&CapturedFilter::of(Protocol::Sms).address(number), None, 1000).unwrap();
    let message = &page.entries.last().unwrap().message;
    let password = message.details["OneTimePassword"].clone();
    assert!(message.body.contains(&password) && password.len() == 6);
    password
}

#[test]
fn a_number_is_verified_by_the_password_that_it_was_sent() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    sms.add_sandbox_number(NUMBER, Some("de-DE")).unwrap();
    let listed = || sms.sandbox_numbers(None, 10).unwrap().numbers;
    assert_eq!((listed()[0].number.as_str(), listed()[0].is_verified), (NUMBER, false));
    let right = password(&topics, NUMBER);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let error = sms.verify_sandbox_number(NUMBER, wrong).unwrap_err();
    assert_eq!(said(&error), ("VerificationException", "The one-time password is invalid".to_owned()));
    assert!(!listed()[0].is_verified);
    sms.verify_sandbox_number(NUMBER, &right).unwrap();
    assert!(listed()[0].is_verified);
    // A second time does no harm, and neither sends nor forgets anything.
    sms.add_sandbox_number(NUMBER, None).unwrap();
    sms.verify_sandbox_number(NUMBER, &right).unwrap();
    assert!(listed()[0].is_verified);
    sms.delete_sandbox_number(NUMBER).unwrap();
    assert_eq!(listed(), []);
    assert_eq!(sms.delete_sandbox_number(NUMBER).unwrap_err().code(), "ResourceNotFound");
    assert_eq!(sms.verify_sandbox_number(NUMBER, &right).unwrap_err().code(), "ResourceNotFound");
}

#[test]
fn a_number_that_is_added_again_gets_another_password() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    sms.add_sandbox_number(NUMBER, None).unwrap();
    let first = password(&topics, NUMBER);
    sms.add_sandbox_number(NUMBER, None).unwrap();
    let second = password(&topics, NUMBER);
    if first != second {
        assert_eq!(sms.verify_sandbox_number(NUMBER, &first).unwrap_err().code(), "VerificationException");
    }
    sms.verify_sandbox_number(NUMBER, &second).unwrap();
}

#[test]
fn passwords_languages_and_counts_of_the_sandbox_are_checked() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    assert_eq!(sms.add_sandbox_number(NUMBER, Some("tlh")).unwrap_err().code(), "InvalidParameter");
    for password in ["1234", "123456789", "12a45", ""] {
        assert_eq!(sms.verify_sandbox_number(NUMBER, password).unwrap_err().code(), "InvalidParameter");
    }
    (0..10).for_each(|number| sms.add_sandbox_number(&format!("+120655501{number:02}"), None).unwrap());
    assert_eq!(sms.add_sandbox_number("+12065550110", None).unwrap_err().code(), "UserError");
    sms.opt_out("+12065550120").unwrap();
    assert_eq!(sms.add_sandbox_number("+12065550120", None).unwrap_err().code(), "OptedOut");
    let page = sms.sandbox_numbers(Some("+12065550103"), 3).unwrap();
    let numbers: Vec<&str> = page.numbers.iter().map(|number| number.number.as_str()).collect();
    assert_eq!(numbers, ["+12065550104", "+12065550105", "+12065550106"]);
    assert_eq!(page.next.as_deref(), Some("+12065550106"));
}

#[test]
fn in_the_sandbox_only_verified_numbers_are_reached() {
    let (_, topics) = topics();
    let sms = topics.text_messages();
    assert!(!sms.is_in_sandbox().unwrap());
    sms.set_in_sandbox(true).unwrap();
    assert!(sms.is_in_sandbox().unwrap());
    topics.publish_to_phone(NUMBER, "1").unwrap();
    assert_eq!(last(&topics).failure.as_deref(), Some("Phone number is not verified in the SMS sandbox"));
    sms.add_sandbox_number(NUMBER, None).unwrap();
    sms.verify_sandbox_number(NUMBER, &password(&topics, NUMBER)).unwrap();
    topics.publish_to_phone(NUMBER, "2").unwrap();
    assert_eq!(last(&topics).failure, None);
    sms.set_in_sandbox(false).unwrap();
    topics.publish_to_phone("+12065550102", "3").unwrap();
    assert_eq!(last(&topics).failure, None);
}

#[test]
fn who_may_spend_nothing_reaches_nobody() {
    let (_, topics) = topics();
    topics.text_messages().set_attributes(&map(&[("MonthlySpendLimit", "0")])).unwrap();
    topics.publish_to_phone(NUMBER, "1").unwrap();
    assert_eq!(last(&topics).failure.as_deref(), Some("No quota left for account"));
}

#[test]
fn numbers_that_messages_come_from_are_those_that_were_added() {
    let (clock, topics) = topics();
    let sms = topics.text_messages();
    assert_eq!(sms.origination_numbers(None, 30).unwrap().numbers, []);
    for number in ["+12065550199", "+12065550150"] {
        sms.add_origination_number(&OriginationNumber::new(number)).unwrap();
    }
    let page = sms.origination_numbers(None, 1).unwrap();
    assert_eq!((page.numbers[0].number.as_str(), page.numbers[0].created_at()), ("+12065550150", clock.now()));
    assert_eq!(page.next.as_deref(), Some("+12065550150"));
    let page = sms.origination_numbers(page.next.as_deref(), 1).unwrap();
    assert_eq!((page.numbers[0].number.as_str(), page.next), ("+12065550199", None));
    sms.remove_origination_number("+12065550199").unwrap();
    assert_eq!(sms.origination_numbers(None, 30).unwrap().numbers.len(), 1);
}

#[test]
fn a_phone_that_subscribed_gets_what_is_published_to_the_topic() {
    let (_, topics) = topics();
    topics.text_messages().set_attributes(&map(&[("DefaultSMSType", "Transactional")])).unwrap();
    let topic = topics.create("news", &CreateOptions::default()).unwrap();
    topic.subscribe(&Endpoint::new(Protocol::Sms, "+1-206.555/0101"), &SubscribeOptions::default()).unwrap();
    let id = topic.publish(structured(&[("default", "for all"), ("sms", "short")])).unwrap().message_id;
    let sent = last(&topics);
    assert_eq!((sent.address.as_str(), sent.body.as_str(), sent.message_id), (NUMBER, "short", Some(id)));
    assert_eq!(sent.details, map(&[("SMSType", "Transactional")]));
    assert!(sent.topic_arn.is_some() && sent.subscription_arn.is_some());
    topics.text_messages().opt_out(NUMBER).unwrap();
    topic.publish("again").unwrap();
    assert_eq!(last(&topics).failure.as_deref(), Some("Phone number is opted out"));
    topic.publish("x".repeat(1601)).unwrap();
    assert_eq!(last(&topics).body, "again");
}
