//! Access policies of queues. They are kept as they are given, if they have the shape of one; nothing is authorized by them.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-customer-managed-policy-examples.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::{failure, invalid_attribute, invalid_value};
use crate::aws::json::Failure;

const MAX_STATEMENTS: usize = 20;
const VERSIONS: [&str; 2] = ["2008-10-17", "2012-10-17"];

/// What others can be allowed to do.
pub(super) const GRANTABLE: [&str; 8] = [
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];
/// What only the owner can do.
pub(super) const OWNERS: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// A policy, its members in the order in which the service writes them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) statement: Statements,
}

/// One, or a list of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Statements {
    List(Vec<Statement>),
    One(Box<Statement>),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct Statement {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<String>,
    pub(super) effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_principal: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_action: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<Value>,
}

impl Document {
    pub(super) fn parse(text: &str) -> Option<Document> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn into_statements(self) -> Vec<Statement> {
        match self.statement {
            Statements::List(statements) => statements,
            Statements::One(statement) => vec![*statement],
        }
    }
}

/// A policy as it is kept; an empty text takes away what is set.
///
/// # Errors
/// `InvalidAttributeValue`, `InvalidParameterValueException`, `OverLimit`.
pub(super) fn check(text: &str) -> Result<Option<String>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = || invalid_attribute("Policy");
    let document = Document::parse(text).ok_or_else(malformed)?;
    if document.version.as_deref().is_some_and(|version| !VERSIONS.contains(&version)) {
        return Err(malformed());
    }
    let statements = document.into_statements();
    let count = statements.len();
    if count > MAX_STATEMENTS {
        let message = format!("{count} statements were found in the submitted policy, max allowed is {MAX_STATEMENTS}");
        return Err(failure("OverLimit", message));
    }
    if count == 0 || !statements.iter().all(Statement::is_whole) {
        return Err(malformed());
    }
    match statements.iter().flat_map(Statement::actions).find(|action| !is_known(action)) {
        Some(action) => {
            let reason = "Please refer to the appropriate WSDL for a list of valid actions.";
            Err(invalid_value(action, "ActionName", reason))
        }
        None => Ok(Some(text.to_owned())),
    }
}

impl Statement {
    fn is_whole(&self) -> bool {
        ["Allow", "Deny"].contains(&self.effect.as_str())
            && self.principal.is_some() != self.not_principal.is_some()
            && self.action.is_some() != self.not_action.is_some()
    }

    fn actions(&self) -> impl Iterator<Item = &str> {
        let actions = self.action.iter().chain(&self.not_action);
        actions
            .flat_map(|actions| actions.as_array().map_or(std::slice::from_ref(actions), Vec::as_slice))
            .filter_map(Value::as_str)
    }
}

/// Actions of other services, and patterns, are not looked into.
fn is_known(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return true };
    let known = || GRANTABLE.iter().chain(&OWNERS).any(|known| known.eq_ignore_ascii_case(name));
    !service.eq_ignore_ascii_case(super::SERVICE) || name.contains(['*', '?']) || known()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(statement: &Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
    }

    #[test]
    fn a_policy_is_kept_as_it_is_given() {
        let statement =
            |action: Value| json!({ "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "x" });
        for statement in [
            statement(json!("sqs:SendMessage")),
            statement(json!("SQS:*")),
            statement(json!("*")),
            json!([statement(json!(["sqs:sendmessage", "sqs:Get*", "sns:Publish"]))]),
        ] {
            let text = format!(" {}", policy(&statement));
            assert_eq!(check(&text).unwrap(), Some(text.clone()));
        }
        assert_eq!(check("").unwrap(), None);
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let allow = json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage" });
        let many = |count| Value::from(vec![allow.clone(); count]);
        for (text, code) in [
            ("{".to_owned(), "InvalidAttributeValue"),
            ("[]".to_owned(), "InvalidAttributeValue"),
            (r#"{"Statement":[]}"#.to_owned(), "InvalidAttributeValue"),
            (json!({ "Version": "2020", "Statement": allow }).to_string(), "InvalidAttributeValue"),
            (json!({ "Statement": allow, "Other": 1 }).to_string(), "InvalidAttributeValue"),
            (policy(&json!({ "Effect": "Allow", "Action": "sqs:SendMessage" })), "InvalidAttributeValue"),
            (
                policy(&json!({ "Effect": "allow", "Principal": "*", "Action": "sqs:SendMessage" })),
                "InvalidAttributeValue",
            ),
            (
                policy(&json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:Juggle" })),
                "InvalidParameterValueException",
            ),
            (policy(&many(21)), "OverLimit"),
        ] {
            assert_eq!(check(&text).unwrap_err().code(), code, "{text}");
        }
        assert!(check(&policy(&many(20))).is_ok());
    }
}
