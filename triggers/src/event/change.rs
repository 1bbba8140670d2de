//! Changes of items.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond_kv::{AttributeValue, Item, Record as Change};
use serde_json::{Map, Value, json};

use super::Origin;

impl Origin {
    pub(super) fn change(&self, change: &Change) -> Value {
        let mut record = json!({
            "eventID": change.event_id,
            "eventName": change.event_name.as_str(),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": dynamodb(change),
            "eventSourceARN": self.arn,
        });
        if let (Some(_), Some(members)) = (change.user_identity, record.as_object_mut()) {
            members.insert("userIdentity".into(), identity(change));
        }
        record
    }
}

pub(super) fn identity(change: &Change) -> Value {
    change.user_identity.map_or(
        Value::Null,
        |identity| json!({ "type": identity.identity_type(), "principalId": identity.principal_id() }),
    )
}

pub(super) fn dynamodb(change: &Change) -> Value {
    let mut dynamodb = json!({
        "ApproximateCreationDateTime": change.approximate_creation_date_time.as_secs(),
        "Keys": item(&change.keys),
        "SequenceNumber": change.sequence_number,
        "SizeBytes": change.size_bytes,
        "StreamViewType": change.stream_view_type.as_str(),
    });
    if let Some(members) = dynamodb.as_object_mut() {
        members.extend(change.new_image.as_ref().map(|image| ("NewImage".to_owned(), item(image))));
        members.extend(change.old_image.as_ref().map(|image| ("OldImage".to_owned(), item(image))));
    }
    dynamodb
}

fn item(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>())
}

fn attribute(value: &AttributeValue) -> Value {
    let shown = match value {
        AttributeValue::S(text) => Value::from(text.as_str()),
        AttributeValue::N(number) => number.to_string().into(),
        AttributeValue::B(bytes) => STANDARD.encode(bytes).into(),
        AttributeValue::Bool(value) => (*value).into(),
        AttributeValue::Null => true.into(),
        AttributeValue::Ss(members) => members.iter().map(String::as_str).collect(),
        AttributeValue::Ns(members) => members.iter().map(ToString::to_string).collect(),
        AttributeValue::Bs(members) => members.iter().map(|bytes| STANDARD.encode(bytes)).collect(),
        AttributeValue::L(values) => values.iter().map(attribute).collect(),
        AttributeValue::M(values) => item(values),
    };
    json!({ value.type_name(): shown })
}
