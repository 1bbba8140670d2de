//! Applications of mobile platforms.

use std::collections::BTreeMap;

use millpond::pubsub::{Described, Platform};
use serde::Serialize;

use super::{
    Answered, checks,
    failure::{missing, reason},
    lists::{position, token},
};
use crate::aws::{
    Call,
    json::{Failure, Map, Word, members},
};

/// Entries that a page has at most.
pub(super) const MOST: usize = 100;

members! {
    CreateRequest { name: Word = "Name", platform: Word = "Platform", attributes: Map<Word> = "Attributes" }
}
members! {
    Request { arn: Word = "PlatformApplicationArn", attributes: Map<Word> = "Attributes" }
}
members! {
    ListRequest { next_token: Word = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    platform_application_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown {
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    platform_applications: Vec<Application>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Application {
    platform_application_arn: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn create_platform_application(call: &Call<'_>) -> Answered {
    let given: CreateRequest = call.read()?;
    let attributes = checks::map(given.attributes);
    checks::need([
        ("name", given.name.is_some()),
        ("platform", given.platform.is_some()),
        ("attributes", !attributes.is_empty()),
    ])?;
    let (name, platform) = (checks::text(given.name), checks::text(given.platform));
    let platform =
        Platform::of_name(&platform).ok_or_else(|| reason("Platform", format_args!("{platform} is not supported")))?;
    let applications = call.pond.topics().applications();
    let arn = applications.create(&name, platform, &attributes, Some(call.region))?;
    call.write(&Created { platform_application_arn: arn })
}

pub(super) fn delete_platform_application(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    call.pond.topics().applications().delete(&application_arn(given.arn)?)?;
    Ok(Vec::new())
}

pub(super) fn get_platform_application_attributes(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let attributes = call.pond.topics().applications().attributes(&application_arn(given.arn)?)?;
    call.write(&Shown { attributes })
}

pub(super) fn set_platform_application_attributes(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let attributes = checks::map(given.attributes);
    checks::need([("attributes", !attributes.is_empty())])?;
    call.pond.topics().applications().set_attributes(&application_arn(given.arn)?, &attributes)?;
    Ok(Vec::new())
}

pub(super) fn list_platform_applications(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().applications().list(after.as_deref(), MOST)?;
    let shown = |Described { arn, attributes, .. }| Application { platform_application_arn: arn, attributes };
    call.write(&Listed {
        platform_applications: page.entries.into_iter().map(shown).collect(),
        next_token: page.next.as_deref().map(token),
    })
}

/// The ARN of an application, which a request has to give.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn application_arn(given: Option<Word>) -> Result<String, Failure> {
    given.map(|arn| arn.0).ok_or_else(|| missing("PlatformApplicationArn"))
}
