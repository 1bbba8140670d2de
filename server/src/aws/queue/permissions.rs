use millpond::queue::{Error, Queue};
use serde_json::{Value, json};

use super::{
    Answered, address, checks,
    failure::{failure, invalid_attribute, invalid_value, missing},
    policy_document::{Document, GRANTABLE, OWNERS, Statement, Statements},
};
use crate::aws::{
    Call,
    json::{Failure, List, Word, members},
};

const MAX_ACTIONS: usize = 7;
const MAX_STATEMENTS: usize = 20;
const VERSION: &str = "2008-10-17";

members! {
    AddRequest {
        queue_url: Word = "QueueUrl",
        label: Word = "Label",
        aws_account_ids: List<Word> = "AWSAccountIds",
        actions: List<Word> = "Actions",
    }
}
members! {
    RemoveRequest { queue_url: Word = "QueueUrl", label: Word = "Label" }
}

pub(super) fn add(call: &Call<'_>) -> Answered {
    let given: AddRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let label = checks::required(given.label, "Label")?;
    let actions = actions(&checks::texts(given.actions))?;
    let principals = principals(&checks::texts(given.aws_account_ids))?;
    let arn = address::arn(call.region, queue.name());
    change(&queue, |policy| {
        let added = Statement {
            sid: Some(label.clone()),
            effect: "Allow".to_owned(),
            principal: Some(json!({ "AWS": one_or_all(&principals) })),
            action: Some(one_or_all(&actions)),
            resource: Some(arn.as_str().into()),
            ..Statement::default()
        };
        let mut document = match policy {
            Some(policy) => Document::parse(policy).ok_or_else(|| invalid_attribute("Policy"))?,
            None => Document {
                version: Some(VERSION.to_owned()),
                id: Some(format!("{arn}/SQSDefaultPolicy")),
                statement: Statements::List(Vec::new()),
            },
        };
        let (version, id) = (document.version.take(), document.id.take());
        let mut statements = document.into_statements();
        match statements.iter().find(|statement| statement.sid == added.sid) {
            Some(same) if *same == added => {}
            Some(_) => return Err(invalid_value(&label, "Label", "Already exists.")),
            None => statements.push(added),
        }
        if statements.len() > MAX_STATEMENTS {
            let count = statements.len();
            let message = format!("{count} Statements were found, maximum allowed is {MAX_STATEMENTS}.");
            return Err(failure("OverLimit", message));
        }
        write(&Document { version, id, statement: Statements::List(statements) }).map(Some)
    })
}

pub(super) fn remove(call: &Call<'_>) -> Answered {
    let given: RemoveRequest = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let label = checks::required(given.label, "Label")?;
    change(&queue, |policy| {
        let unknown = || invalid_value(&label, "Label", "can't find label.");
        let mut document = policy.and_then(Document::parse).ok_or_else(unknown)?;
        let (version, id) = (document.version.take(), document.id.take());
        let mut statements = document.into_statements();
        let before = statements.len();
        statements.retain(|statement| statement.sid.as_ref() != Some(&label));
        match statements.len() {
            0 if before > 0 => Ok(None),
            after if after == before => Err(unknown()),
            _ => write(&Document { version, id, statement: Statements::List(statements) }).map(Some),
        }
    })
}

/// Changes the policy, and says what the change itself has refused.
fn change(queue: &Queue, edit: impl Fn(Option<&str>) -> Result<Option<String>, Failure>) -> Answered {
    let mut refused = None;
    let changed = queue.change_policy(|policy| {
        refused = None;
        edit(policy).map_err(|failure| {
            let message = failure.message().to_owned();
            refused = Some(failure);
            Error::InvalidParameterValue { message }
        })
    });
    match (changed, refused) {
        (Ok(()), _) => Ok(Vec::new()),
        (Err(_), Some(failure)) => Err(failure),
        (Err(error), None) => Err(error.into()),
    }
}

fn write(document: &Document) -> Result<String, Failure> {
    serde_json::to_string(document).map_err(|error| Failure::internal(format!("the policy cannot be written: {error}")))
}

/// What is allowed, as policies say it.
fn actions(names: &[String]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Err(missing("ActionName"));
    }
    if names.len() > MAX_ACTIONS {
        let count = names.len();
        let message = format!("{count} Actions were found, maximum allowed is {MAX_ACTIONS}.");
        return Err(failure("OverLimit", message));
    }
    let refused = |name: &str, reason: &str| invalid_value(format_args!("SQS:{name}"), "ActionName", reason);
    let action = |name: &String| match name.as_str() {
        name if name == "*" || GRANTABLE.contains(&name) => Ok(format!("SQS:{name}")),
        name if OWNERS.contains(&name) => Err(refused(name, "Only the queue owner is allowed to invoke this action.")),
        name => Err(refused(name, "Please refer to the appropriate WSDL for a list of valid actions. ")),
    };
    names.iter().map(action).collect()
}

/// Who is allowed it.
fn principals(accounts: &[String]) -> Result<Vec<String>, Failure> {
    if accounts.is_empty() {
        return Err(missing("AWSAccountIds"));
    }
    let is_account = |account: &String| account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    match accounts.iter().find(|account| !is_account(account)) {
        Some(account) => Err(invalid_value(format_args!("[{account}]"), "PrincipalId", "Unable to verify.")),
        None => Ok(accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect()),
    }
}

/// One needs no list.
fn one_or_all(texts: &[String]) -> Value {
    match texts {
        [one] => one.as_str().into(),
        all => all.into(),
    }
}
