//! Data protection policies.

use serde::Serialize;

use super::{Answered, arn, checks};
use crate::aws::{
    Call,
    json::{Word, members},
};

members! {
    GetRequest { resource_arn: Word = "ResourceArn" }
}
members! {
    PutRequest { resource_arn: Word = "ResourceArn", data_protection_policy: Word = "DataProtectionPolicy" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    #[serde(skip_serializing_if = "Option::is_none")]
    data_protection_policy: Option<String>,
}

pub(super) fn get_data_protection_policy(call: &Call<'_>) -> Answered {
    let given: GetRequest = call.read()?;
    let topic = arn::find_topic(call, given.resource_arn, "ResourceArn")?;
    call.write(&Got { data_protection_policy: topic.data_protection_policy()? })
}

pub(super) fn put_data_protection_policy(call: &Call<'_>) -> Answered {
    let given: PutRequest = call.read()?;
    checks::need([("dataProtectionPolicy", given.data_protection_policy.is_some())])?;
    let topic = arn::find_topic(call, given.resource_arn, "ResourceArn")?;
    topic.set_data_protection_policy(&checks::text(given.data_protection_policy))?;
    Ok(Vec::new())
}
