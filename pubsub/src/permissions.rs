//! Who may do what with a topic: kept, and nothing is authorized by it.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html>

use millpond_engine::Transaction;

use crate::{
    Error, Result, check,
    policy::{self, Document},
    shared::Shared,
};

/// The most bytes of a policy.
const MOST_BYTES: usize = 30_720;

pub(crate) fn add(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &str,
    label: &str,
    accounts: &[String],
    actions: &[String],
) -> Result<()> {
    let mut record = shared.need(tx, topic)?;
    let mut document = Document::of(&record, shared.options.account_id())?;
    if document.has(label) {
        return Err(Error::parameter("Statement already exists"));
    }
    if actions.is_empty() || !actions.iter().all(|action| policy::ACTIONS.contains(&action.as_str())) {
        return Err(Error::parameter(policy::OUT_OF_SCOPE));
    }
    if accounts.is_empty() || !accounts.iter().all(|account| is_account(account)) {
        return Err(Error::parameter("Policy Error: PrincipalNotFound"));
    }
    document.add(label, accounts, actions, &record.arn);
    let text = document.text()?;
    if text.len() > MOST_BYTES {
        return Err(Error::parameter("Policy Error: Policy too large"));
    }
    record.attributes.insert("Policy".into(), text);
    shared.keep(tx, &record)
}

pub(crate) fn remove(shared: &Shared, tx: &mut Transaction, topic: &str, label: &str) -> Result<()> {
    let mut record = shared.need(tx, topic)?;
    let mut document = Document::of(&record, shared.options.account_id())?;
    if !document.has(label) {
        return Err(Error::parameter("Statement does not exist"));
    }
    document.remove(label);
    record.attributes.insert("Policy".into(), document.text()?);
    shared.keep(tx, &record)
}

/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_PutDataProtectionPolicy.html>
pub(crate) fn protect(shared: &Shared, tx: &mut Transaction, topic: &str, policy: &str) -> Result<()> {
    let mut record = shared.need(tx, topic)?;
    check::data_protection_policy(policy)?;
    record.data_protection_policy = (!policy.is_empty()).then(|| policy.to_owned());
    shared.keep(tx, &record)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
