//! What messages may be, and that they arrive as they were sent.

use millpond_queue::{AttributeValue, Changes, MessageAttribute, SendMessage};

use crate::support::*;

fn text(data_type: &str, value: &str) -> MessageAttribute {
    MessageAttribute { data_type: data_type.into(), value: AttributeValue::Text(value.into()) }
}

fn bytes(data_type: &str, value: &[u8]) -> MessageAttribute {
    MessageAttribute { data_type: data_type.into(), value: AttributeValue::Binary(value.to_vec().into()) }
}

#[test]
fn a_message_arrives_as_it_was_sent() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let message = SendMessage {
        body: "a body with ü, 水 and \t\r\n\u{10FFFF}".into(),
        trace_header: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
        ..grouped("g", "d")
    };
    let message = message
        .attribute("string", MessageAttribute::string("s"))
        .attribute("number", MessageAttribute::number(-1.5))
        .attribute("binary", MessageAttribute::binary(vec![0, 255]))
        .attribute("labelled", text("Number.float", "1e9"));
    let sent = queue.send(message.clone()).unwrap();
    world.pass_secs(2);
    let found = receive(&queue, 1).remove(0);
    assert_eq!(
        (found.id(), found.body(), found.attributes()),
        (sent.message_id(), &*message.body, &message.attributes)
    );
    assert_eq!((found.group_id(), found.deduplication_id()), (Some("g"), Some("d")));
    assert_eq!(found.trace_header(), message.trace_header.as_deref());
    assert_eq!((found.sequence_number(), found.receive_count()), (sent.sequence_number(), 1));
    let received = START.saturating_add(secs(2));
    assert_eq!((found.sent(), found.first_received()), (START, received));
    assert_eq!(found.invisible_until(), received.saturating_add(secs(30)));
    assert_eq!((found.queue().name(), found.dead_letter_source()), ("q.fifo", None));
    assert_eq!(
        found.receipt_handle().to_string().parse::<millpond_queue::ReceiptHandle>().unwrap(),
        *found.receipt_handle()
    );
}

#[test]
fn a_message_of_a_standard_queue_keeps_its_group_and_has_no_number() {
    let world = World::new();
    let queue = world.create("q");
    let sent = queue.send(SendMessage::new("m").group("g")).unwrap();
    let found = receive(&queue, 1).remove(0);
    assert_eq!((sent.sequence_number(), found.sequence_number()), (None, None));
    assert_eq!((found.group_id(), found.deduplication_id()), (Some("g"), None));
}

#[test]
fn bodies_and_attributes_together_are_as_long_as_the_queue_allows() {
    let world = World::new();
    let queue = world.create_with("q", Changes { maximum_message_bytes: Some(1024), ..Default::default() });
    let with = |body: usize| SendMessage::new("b".repeat(body)).attribute("name", MessageAttribute::string("value"));
    let refused = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.".to_owned();
    // The name, the type and the value count.
    for (message, fits) in [
        (SendMessage::new("b".repeat(1024)), true),
        (SendMessage::new("b".repeat(1025)), false),
        (SendMessage::new("ä".repeat(512)), true),
        (SendMessage::new("ä".repeat(513)), false),
        (with(1024 - 15), true),
        (with(1024 - 14), false),
    ] {
        match queue.send(message) {
            Ok(_) => assert!(fits),
            error => assert_eq!((told(error), fits), (("InvalidParameterValueException", refused.clone()), false)),
        }
    }
    let queue = world.create("largest");
    queue.send("b".repeat(1 << 20)).unwrap();
    assert_eq!(code(queue.send("b".repeat((1 << 20) + 1))), "InvalidParameterValueException");
    assert_eq!(receive(&queue, 10)[0].body().len(), 1 << 20);
}

#[test]
fn bodies_are_of_the_characters_of_xml() {
    let world = World::new();
    let queue = world.create("q");
    assert_eq!(
        told(queue.send("")),
        ("MissingRequiredParameterException", "The request must contain the parameter MessageBody.".to_owned())
    );
    for (body, wrong) in [("a\0", "#x0"), ("\u{FFFF}", "#xFFFF"), ("ab\u{8}\0", "#x8")] {
        let (code, text) = told(queue.send(body));
        assert_eq!(code, "InvalidMessageContents");
        assert!(
            text.starts_with(&format!("Invalid binary character '{wrong}' was found in the message body")),
            "{text}"
        );
    }
    assert_eq!(counts(&queue), (0, 0, 0));
}

#[test]
fn attributes_are_at_most_ten_and_of_known_types() {
    let world = World::new();
    let queue = world.create("q");
    let many = |count: usize| {
        (0..count)
            .fold(SendMessage::new("m"), |message, n| message.attribute(n.to_string(), MessageAttribute::number(n)))
    };
    queue.send(many(10)).unwrap();
    let with = |attribute| SendMessage::new("m").attribute("n", attribute);
    let long = format!("String.{}", "x".repeat(249));
    queue.send(with(text(&long, "v"))).unwrap();
    for (message, start) in [
        (many(11), "Number of message attributes [11] exceeds the allowed maximum [10]."),
        (with(text("", "v")), "The message (user) attribute 'n' must contain a non-empty message attribute type."),
        (with(text("string", "v")), "The type of message (user) attribute 'n' is invalid."),
        (with(text("Strings", "v")), "The type of message (user) attribute 'n' is invalid."),
        (with(text("String", "")), "Message (user) attribute 'n' must contain a non-empty value of type 'String'."),
        (with(bytes("Binary", b"")), "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'."),
        (with(text("Number", "x")), "Can't cast the value of message (user) attribute 'n' to a number."),
        (with(text("Binary", "x")), "Message (user) attribute 'n' with type 'Binary' must use field 'Binary'."),
        (with(bytes("String", b"x")), "Message (user) attribute 'n' with type 'String' must use field 'String'."),
        (with(text(&format!("{long}x"), "v")), "Message (user) attribute type must be shorter than 256 bytes."),
        (with(text("String", "\0")), "Invalid binary character '#x0' was found in the message attribute 'n' value"),
        (
            SendMessage::new("m").attribute("AWS.n", MessageAttribute::string("v")),
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon'.",
        ),
    ] {
        let (code, text) = told(queue.send(message));
        assert!(code == "InvalidParameterValueException" && text.starts_with(start), "{code} {text}");
    }
    assert_eq!(counts(&queue), (2, 0, 0));
}

#[test]
fn ids_are_of_letters_digits_and_punctuation() {
    let world = World::new();
    let (queue, standard) = (world.create("q.fifo"), world.create("q"));
    let longest = "~".repeat(128);
    for id in ["a", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", &longest] {
        queue.send(SendMessage::new("m").group(id).deduplication(id)).unwrap();
        standard.send(SendMessage::new("m").group(id)).unwrap();
    }
    for id in ["", "a b", "ä", &"x".repeat(129)] {
        let refused = |name| {
            let text = format!(
                "Value {id} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
            );
            ("InvalidParameterValueException", text)
        };
        assert_eq!(told(queue.send(SendMessage::new("m").group(id).deduplication("d"))), refused("MessageGroupId"));
        assert_eq!(
            told(queue.send(SendMessage::new("m").group("g").deduplication(id))),
            refused("MessageDeduplicationId")
        );
        assert_eq!(told(standard.send(SendMessage::new("m").group(id))), refused("MessageGroupId"));
    }
}

#[test]
fn each_type_of_queue_needs_what_the_other_does_not_take() {
    let world = World::new();
    let (queue, standard) = (world.create("q.fifo"), world.create("q"));
    let message = || grouped("g", "d");
    for (result, error, start) in [
        (
            queue.send("m"),
            "MissingRequiredParameterException",
            "The request must contain the parameter MessageGroupId.",
        ),
        (
            queue.send(SendMessage::new("m").group("g")),
            "InvalidParameterValueException",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ),
        (
            queue.send(message().delay(secs(1))),
            "InvalidParameterValueException",
            "Value 1 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
        ),
        (
            standard.send(message()),
            "InvalidParameterValueException",
            "The request include parameter MessageDeduplicationId which is not valid for this queue type",
        ),
        (
            standard.send(SendMessage::new("m").delay(secs(901))),
            "InvalidParameterValueException",
            "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        ),
    ] {
        assert_eq!(told(result), (error, start.to_owned()));
    }
    queue.send(message().delay(NOW)).unwrap();
    standard.send(SendMessage::new("m").delay(secs(900))).unwrap();
}

#[test]
fn entries_of_a_batch_are_accepted_or_refused_on_their_own() {
    let world = World::new();
    let queue = world.create_with("q", Changes { maximum_message_bytes: Some(1024), ..Default::default() });
    let messages = ["one", "", "two", "\0", &"x".repeat(1025), "three"];
    let sent = queue.send_batch(messages).unwrap();
    let codes: Vec<_> = sent.iter().map(|sent| sent.as_ref().err().map(millpond_queue::Error::code)).collect();
    let (missing, contents, parameter) =
        ("MissingRequiredParameterException", "InvalidMessageContents", "InvalidParameterValueException");
    assert_eq!(codes, [None, Some(missing), None, Some(contents), Some(parameter), None]);
    let found = receive(&queue, 10);
    assert_eq!(bodies(&found), ["one", "two", "three"]);
    let ids: Vec<_> = sent.iter().flatten().map(millpond_queue::Sent::message_id).collect();
    assert_eq!(ids, found.iter().map(millpond_queue::Message::id).collect::<Vec<_>>());
}

#[test]
fn a_batch_has_at_most_1000_entries_and_a_mebibyte() {
    let world = World::new();
    let queue = world.create("q");
    assert_eq!(queue.send_batch([] as [&str; 0]).unwrap().len(), 0);
    assert_eq!(queue.send_batch(vec!["m"; 1000]).unwrap().len(), 1000);
    assert_eq!(
        told(queue.send_batch(vec!["m"; 1001])),
        (
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 1000. You have sent 1001.".to_owned()
        )
    );
    let half = "x".repeat(1 << 19);
    queue.send_batch([half.clone(), half.clone()]).unwrap();
    assert_eq!(
        told(queue.send_batch([half.clone(), half, "x".to_owned()])),
        (
            "BatchRequestTooLong",
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.".to_owned()
        )
    );
    assert_eq!(counts(&queue), (1002, 0, 0));
    let receipts = vec![receive(&queue, 1)[0].receipt_handle().clone(); 1001];
    assert_eq!(code(queue.delete_batch(&receipts)), "TooManyEntriesInBatchRequest");
    assert_eq!(queue.delete_batch(&receipts[..1000]).unwrap().len(), 1000);
    assert_eq!(counts(&queue), (1001, 0, 0));
}

#[test]
fn a_message_can_be_sent_without_waiting_for_its_commit() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let sent = queue.send_async(grouped("g", "a")).unwrap().wait().unwrap();
    let batch = block_on(queue.send_batch_async([grouped("g", "b"), grouped("g", "c")]).unwrap()).unwrap();
    let numbers: Vec<_> =
        [Ok(sent)].into_iter().chain(batch).map(|sent| sent.unwrap().sequence_number().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert_eq!(take(&queue, 10), ["a", "b", "c"]);
    assert_eq!(code(queue.send_async("").map(drop)), "MissingRequiredParameterException");
}
