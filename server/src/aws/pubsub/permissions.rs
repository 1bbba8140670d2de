//! Who may do what with a topic.

use super::{Answered, arn, checks};
use crate::aws::{
    Call,
    json::{List, Word, members},
};

members! {
    AddRequest {
        topic_arn: Word = "TopicArn",
        label: Word = "Label",
        accounts: List<Word> = "AWSAccountId",
        actions: List<Word> = "ActionName",
    }
}
members! {
    RemoveRequest { topic_arn: Word = "TopicArn", label: Word = "Label" }
}

pub(super) fn add_permission(call: &Call<'_>) -> Answered {
    let given: AddRequest = call.read()?;
    checks::need([
        ("label", given.label.is_some()),
        ("aWSAccountId", given.accounts.is_some()),
        ("actionName", given.actions.is_some()),
    ])?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    topic.add_permission(&checks::text(given.label), &checks::texts(given.accounts), &checks::texts(given.actions))?;
    Ok(Vec::new())
}

pub(super) fn remove_permission(call: &Call<'_>) -> Answered {
    let given: RemoveRequest = call.read()?;
    checks::need([("label", given.label.is_some())])?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    topic.remove_permission(&checks::text(given.label))?;
    Ok(Vec::new())
}
