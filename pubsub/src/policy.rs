//! The policy document of a topic: who may do what with it. It is kept and shown, and nothing is authorized by it.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value, json};

use crate::{Error, Result, layout::TopicRecord};

/// A document, with its members in the order in which the service shows them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// One may stand alone, without an array.
    #[serde(default, deserialize_with = "one_or_more")]
    statement: Vec<Statement>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effect: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What is said of a statement about other actions than those of topics.
pub(crate) const OUT_OF_SCOPE: &str = "Policy statement action out of service scope!";

/// The actions that a topic's policy may speak of.
pub(crate) const ACTIONS: [&str; 14] = [
    "AddPermission",
    "DeleteTopic",
    "GetDataProtectionPolicy",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "PutDataProtectionPolicy",
    "Receive",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
    "TagResource",
    "UntagResource",
];

/// Whether it is one of them, or a pattern of some.
fn is_action(action: &str) -> bool {
    match action.split_once(':') {
        Some((service, name)) => {
            service.eq_ignore_ascii_case("sns")
                && (name.contains(['*', '?']) || ACTIONS.iter().any(|known| name.eq_ignore_ascii_case(known)))
        }
        None => action == "*",
    }
}

/// What the owner of a topic may do with it, in the document that a topic has where none was set.
const OWNERS_ACTIONS: [&str; 8] = [
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
];

impl Document {
    /// The document of a topic.
    pub(crate) fn of(topic: &TopicRecord, account: &str) -> Result<Document> {
        match topic.attributes.get("Policy") {
            Some(text) => serde_json::from_str(text).map_err(Error::from),
            None => Ok(Document::new(&topic.arn, account)),
        }
    }

    /// That of a topic where none was set.
    fn new(arn: &str, account: &str) -> Document {
        let owners = Statement {
            sid: Some("__default_statement_ID".into()),
            effect: Some("Allow".into()),
            principal: Some(json!({ "AWS": "*" })),
            action: Some(json!(OWNERS_ACTIONS)),
            resource: Some(json!(arn)),
            condition: Some(json!({ "StringEquals": { "AWS:SourceOwner": account } })),
            rest: Map::new(),
        };
        Document {
            version: Some("2008-10-17".into()),
            id: Some("__default_policy_ID".into()),
            statement: vec![owners],
            rest: Map::new(),
        }
    }

    /// A document as it was given, if it is one.
    pub(crate) fn parse(text: &str) -> Option<Document> {
        serde_json::from_str(text).ok()
    }

    /// Whether all actions of its statements are those of topics.
    pub(crate) fn is_in_scope(&self) -> bool {
        let is_known = |action: &Value| action.as_str().is_some_and(is_action);
        self.statement.iter().filter_map(|statement| statement.action.as_ref()).all(|action| match action {
            Value::Array(actions) => actions.iter().all(is_known),
            action => is_known(action),
        })
    }

    pub(crate) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::from)
    }

    pub(crate) fn has(&self, label: &str) -> bool {
        self.statement.iter().any(|statement| statement.sid.as_deref() == Some(label))
    }

    /// With a statement that allows these accounts these actions.
    pub(crate) fn add(&mut self, label: &str, accounts: &[String], actions: &[String], topic: &str) {
        let accounts: Vec<String> = accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
        let actions: Vec<String> = actions.iter().map(|action| format!("SNS:{action}")).collect();
        let statement = Statement {
            sid: Some(label.to_owned()),
            effect: Some("Allow".into()),
            principal: Some(json!({ "AWS": one_or_many(accounts) })),
            action: Some(one_or_many(actions)),
            resource: Some(json!(topic)),
            condition: None,
            rest: Map::new(),
        };
        self.statement.push(statement);
    }

    pub(crate) fn remove(&mut self, label: &str) {
        self.statement.retain(|statement| statement.sid.as_deref() != Some(label));
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Statement>, D::Error> {
    let given = match Value::deserialize(from)? {
        Value::Array(statements) => statements,
        alone => vec![alone],
    };
    given.into_iter().map(|statement| serde_json::from_value(statement).map_err(D::Error::custom)).collect()
}

/// A value that stands alone where it is the only one.
fn one_or_many(mut values: Vec<String>) -> Value {
    match (values.len(), values.pop()) {
        (1, Some(only)) => json!(only),
        (_, last) => {
            values.extend(last);
            json!(values)
        }
    }
}
