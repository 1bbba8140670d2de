//! Endpoints of mobile devices.

use std::collections::BTreeMap;

use millpond::pubsub::Described;
use serde::Serialize;

use super::{
    Answered,
    applications::{MOST, Shown, application_arn},
    checks,
    failure::missing,
    lists::{position, token},
};
use crate::aws::{
    Call,
    json::{Failure, Map, Word, members},
};

members! {
    CreateRequest {
        application_arn: Word = "PlatformApplicationArn",
        token: Word = "Token",
        custom_user_data: Word = "CustomUserData",
        attributes: Map<Word> = "Attributes",
    }
}
members! {
    Request { arn: Word = "EndpointArn", attributes: Map<Word> = "Attributes" }
}
members! {
    ListRequest { application_arn: Word = "PlatformApplicationArn", next_token: Word = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    endpoint_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    endpoints: Vec<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    endpoint_arn: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn create_platform_endpoint(call: &Call<'_>) -> Answered {
    let given: CreateRequest = call.read()?;
    checks::need([("token", given.token.is_some())])?;
    let application = application_arn(given.application_arn)?;
    let (token, data) = (checks::text(given.token), given.custom_user_data.map(|data| data.0));
    let attributes = checks::map(given.attributes);
    let applications = call.pond.topics().applications();
    let endpoint_arn = applications.create_endpoint(&application, &token, data.as_deref(), &attributes)?;
    call.write(&Created { endpoint_arn })
}

pub(super) fn delete_endpoint(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    call.pond.topics().applications().delete_endpoint(&arn(given.arn)?)?;
    Ok(Vec::new())
}

pub(super) fn get_endpoint_attributes(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let attributes = call.pond.topics().applications().endpoint_attributes(&arn(given.arn)?)?;
    call.write(&Shown { attributes })
}

pub(super) fn set_endpoint_attributes(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let attributes = checks::map(given.attributes);
    checks::need([("attributes", !attributes.is_empty())])?;
    call.pond.topics().applications().set_endpoint_attributes(&arn(given.arn)?, &attributes)?;
    Ok(Vec::new())
}

pub(super) fn list_endpoints_by_platform_application(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    let application = application_arn(given.application_arn)?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().applications().endpoints(&application, after.as_deref(), MOST)?;
    let shown = |Described { arn, attributes, .. }| Endpoint { endpoint_arn: arn, attributes };
    call.write(&Listed {
        endpoints: page.entries.into_iter().map(shown).collect(),
        next_token: page.next.as_deref().map(token),
    })
}

fn arn(given: Option<Word>) -> Result<String, Failure> {
    given.map(|arn| arn.0).ok_or_else(|| missing("EndpointArn"))
}
