//! The attributes of subscriptions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Answered, arn, checks};
use crate::aws::{
    Call,
    json::{Word, members},
};

members! {
    GetRequest { subscription_arn: Word = "SubscriptionArn" }
}
members! {
    SetRequest {
        subscription_arn: Word = "SubscriptionArn",
        attribute_name: Word = "AttributeName",
        attribute_value: Word = "AttributeValue",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    attributes: BTreeMap<String, String>,
}

pub(super) fn get_subscription_attributes(call: &Call<'_>) -> Answered {
    let given: GetRequest = call.read()?;
    let subscription = call.pond.topics().subscription(arn::subscription(given.subscription_arn)?)?;
    call.write(&Got { attributes: subscription.attributes()? })
}

pub(super) fn set_subscription_attributes(call: &Call<'_>) -> Answered {
    let given: SetRequest = call.read()?;
    checks::need([("attributeName", given.attribute_name.is_some())])?;
    let subscription = call.pond.topics().subscription(arn::subscription(given.subscription_arn)?)?;
    subscription.set_attribute(&checks::text(given.attribute_name), &checks::text(given.attribute_value))?;
    Ok(Vec::new())
}
