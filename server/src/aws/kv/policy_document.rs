//! Policy documents, in the one form in which the service gives them back whatever form they came in: without white space,
//! members in a fixed order, lists of one as the one. Two documents that are equal in this form are the same policy.
//!
//! Principals, actions and conditions are not looked into, since nothing is authorized by them; but what would let
//! everybody in is refused, as the service does.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>; the form and the texts were
//! measured on the service.

use std::collections::HashSet;

use millpond::kv::PutResourcePolicyRequest;
use serde_json::{Map, Value};

use crate::aws::json::Failure;

/// The version of a document that does not name one.
const FIRST_VERSION: &str = "2008-10-17";
/// The members of a statement in their order, each with what may stand in its place.
const STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
/// Each must be there in one of its two forms.
const NEEDED: [(&str, &str); 4] =
    [("Effect", "Effect"), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")];

/// A document in the form that is kept.
///
/// # Errors
/// A `ValidationException` that says what is wrong with it.
pub(super) fn canonical(document: &str) -> Result<String, Failure> {
    let most = PutResourcePolicyRequest::MAX_POLICY_BYTES;
    if document.len() > most {
        return Err(invalid(format_args!("Maximum policy size of {most} bytes exceeded")));
    }
    let mut document = match serde_json::from_str(document) {
        Ok(Value::Object(document)) => document,
        Ok(Value::Array(_)) | Err(_) => return Err(malformed("This policy contains invalid Json")),
        Ok(_) => return Err(malformed("This text appears not to be a policy")),
    };
    let statements = match document.remove("Statement") {
        None => return Err(malformed("Syntax error at position (1,3)")),
        Some(Value::Array(statements)) if statements.is_empty() => {
            return Err(malformed("Could not parse the policy: Statement is empty!"));
        }
        Some(Value::Array(statements)) => statements,
        Some(statement) => vec![statement],
    };
    let statements = statements.into_iter().map(statement).collect::<Result<Vec<_>, _>>()?;
    let mut ids = HashSet::new();
    if !statements.iter().filter_map(|(sid, _)| sid.as_ref()).all(|sid| ids.insert(sid)) {
        return Err(malformed("The Statement Ids in the policy are not unique"));
    }
    let version = document.remove("Version").unwrap_or_else(|| FIRST_VERSION.into());
    let id = document.remove("Id").map(|id| format!("\"Id\":{id},")).unwrap_or_default();
    let statements: Vec<String> = statements.into_iter().map(|(_, statement)| statement).collect();
    Ok(format!("{{\"Version\":{version},{id}\"Statement\":[{}]}}", statements.join(",")))
}

/// A statement's id and its text.
fn statement(given: Value) -> Result<(Option<String>, String), Failure> {
    let Value::Object(mut given) = given else { return Err(malformed("This policy contains invalid Json")) };
    if let Some((name, _)) = NEEDED.iter().find(|(name, not)| !given.contains_key(*name) && !given.contains_key(*not)) {
        return Err(malformed(format_args!("Missing required field {name}")));
    }
    let sid = given.get("Sid").map(Value::to_string);
    let is_allowing = match given.get("Effect").and_then(Value::as_str) {
        Some(effect) if effect.eq_ignore_ascii_case("Allow") => true,
        Some(effect) if effect.eq_ignore_ascii_case("Deny") => false,
        _ => return Err(malformed("Invalid effect in policy document")),
    };
    given.insert("Effect".to_owned(), if is_allowing { "Allow" } else { "Deny" }.into());
    if let Some(principal) = given.remove("Principal") {
        if is_allowing && is_everybody(&principal) && !given.contains_key("Condition") {
            return Err(Failure::validation(
                "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to \
                 ensure least-privilege form of access",
            ));
        }
        given.insert("Principal".to_owned(), principals(principal));
    }
    let member = |name: &str| Some(format!("\"{name}\":{}", single(given.get(name)?.clone())));
    let members: Vec<String> = STATEMENT.iter().filter_map(|name| member(name)).collect();
    Ok((sid, format!("{{{}}}", members.join(","))))
}

fn is_everybody(principal: &Value) -> bool {
    match principal {
        Value::String(name) => name == "*",
        Value::Array(names) => names.iter().any(is_everybody),
        Value::Object(kinds) => kinds.values().any(is_everybody),
        _ => false,
    }
}

/// Principals with accounts as the ARNs of their roots, each once.
fn principals(given: Value) -> Value {
    let Value::Object(kinds) = given else { return given };
    let once = |names: Value| match names {
        Value::Array(names) => {
            let mut seen = HashSet::new();
            Value::Array(names.into_iter().map(root).filter(|name| seen.insert(name.to_string())).collect())
        }
        name => root(name),
    };
    Value::Object(kinds.into_iter().map(|(kind, names)| (kind, once(names))).collect::<Map<_, _>>())
}

fn root(name: Value) -> Value {
    match name.as_str() {
        Some(id) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("arn:aws:iam::{id}:root").into()
        }
        _ => name,
    }
}

/// Lists of one as the one, however deep.
fn single(value: Value) -> Value {
    match value {
        Value::Array(mut values) if values.len() == 1 => values.pop().map_or(Value::Null, single),
        Value::Array(values) => Value::Array(values.into_iter().map(single).collect()),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, single(value))).collect(),
        other => other,
    }
}

fn malformed(detail: impl std::fmt::Display) -> Failure {
    invalid(format_args!("Invalid policy document: {detail}"))
}

fn invalid(detail: impl std::fmt::Display) -> Failure {
    Failure::validation(format!("One or more parameter values were invalid: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"dynamodb:GetItem","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"1"}}}]}"#;

    #[test]
    fn the_form_that_is_kept_is_kept_as_it_is() {
        assert_eq!(canonical(PLAIN).unwrap(), PLAIN);
    }

    #[test]
    fn other_forms_become_the_one_that_is_kept() {
        let scrambled = r#" { "Statement" : { "Resource": ["*"], "Action": ["dynamodb:GetItem"], "Effect": "allow",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ["1"]}},
            "Principal": {"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]}, "Sid": "a" },
            "Version": "2012-10-17" } "#;
        assert_eq!(canonical(scrambled).unwrap(), PLAIN);
        let several = r#"{"Statement":[{"Effect":"Deny","Principal":"*","NotAction":["b","a","a"],"Resource":"r"}]}"#;
        assert_eq!(
            canonical(several).unwrap(),
            r#"{"Version":"2008-10-17","Statement":[{"Effect":"Deny","Principal":"*","NotAction":["b","a","a"],"Resource":"r"}]}"#
        );
    }

    #[test]
    fn what_is_no_policy_is_refused_with_the_services_texts() {
        let allow = |principal: &str| {
            format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"a","Resource":"*"}}]}}"#)
        };
        for (document, text) in [
            ("", "Invalid policy document: This policy contains invalid Json"),
            ("{not json", "Invalid policy document: This policy contains invalid Json"),
            ("[]", "Invalid policy document: This policy contains invalid Json"),
            (&"[".repeat(10_000), "Invalid policy document: This policy contains invalid Json"),
            ("null", "Invalid policy document: This text appears not to be a policy"),
            ("{}", "Invalid policy document: Syntax error at position (1,3)"),
            (r#"{"Statement":[]}"#, "Invalid policy document: Could not parse the policy: Statement is empty!"),
            (r#"{"Statement":[{}]}"#, "Invalid policy document: Missing required field Effect"),
            (
                r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"a"}]}"#,
                "Invalid policy document: Missing required field Resource",
            ),
            (
                r#"{"Statement":[{"Sid":"x","Effect":"Deny","Principal":"*","Action":"a","Resource":"*"},
                    {"Sid":"x","Effect":"Deny","Principal":"*","Action":"b","Resource":"*"}]}"#,
                "Invalid policy document: The Statement Ids in the policy are not unique",
            ),
            (&" ".repeat(20_481), "Maximum policy size of 20480 bytes exceeded"),
        ] {
            let said = canonical(document).unwrap_err();
            assert_eq!(said.message(), format!("One or more parameter values were invalid: {text}"));
        }
        for everybody in [r#""*""#, r#"{"AWS":"*"}"#, r#"{"AWS":["123456789012","*"]}"#] {
            let said = canonical(&allow(everybody)).unwrap_err();
            assert!(said.message().starts_with("Resource-based policy grants unbounded access"));
        }
        assert!(canonical(&allow(r#"{"AWS":"123456789012"}"#)).is_ok());
    }
}
