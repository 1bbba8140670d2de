//! Text messages: settings, numbers that opted out, and numbers that messages come from.
//!
//! Members of some of these operations begin with a small letter on the wire.

use std::collections::BTreeMap;

use millpond::pubsub::OriginationNumber;
use serde::Serialize;

use super::{
    Answered, checks,
    constraints::max_results,
    lists::{position, token},
};
use crate::aws::{
    Call,
    json::{Integer, List, Map, Word, members},
};

/// Numbers that opted out which a page has at most.
const MOST_OPTED_OUT: usize = 100;
/// Numbers that messages come from which a page has at most.
const MOST_ORIGINATING: usize = 30;

members! {
    NumberRequest { phone_number: Word = "phoneNumber" }
}
members! {
    GetRequest { attributes: List<Word> = "attributes" }
}
members! {
    SetRequest { attributes: Map<Word> = "attributes" }
}
members! {
    OptedOutRequest { next_token: Word = "nextToken" }
}
members! {
    OriginationRequest { next_token: Word = "NextToken", max_results: Integer = "MaxResults" }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    is_opted_out: bool,
}

#[derive(Serialize)]
struct Shown {
    attributes: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OptedOut {
    phone_numbers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Originating {
    phone_numbers: Vec<Originator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Originator {
    created_at: String,
    phone_number: String,
    status: String,
    iso2_country_code: String,
    route_type: String,
    number_capabilities: Vec<String>,
}

impl From<OriginationNumber> for Originator {
    fn from(number: OriginationNumber) -> Originator {
        Originator {
            created_at: number.created_at().to_string(),
            phone_number: number.number,
            status: number.status,
            iso2_country_code: number.country,
            route_type: number.route_type,
            number_capabilities: number.capabilities,
        }
    }
}

/// What an operation answers that has nothing to tell.
#[derive(Serialize)]
pub(super) struct Nothing {}

pub(super) fn check_if_phone_number_is_opted_out(call: &Call<'_>) -> Answered {
    let given: NumberRequest = call.read()?;
    checks::need([("phoneNumber", given.phone_number.is_some())])?;
    let is_opted_out = call.pond.topics().text_messages().is_opted_out(&checks::text(given.phone_number))?;
    call.write(&Checked { is_opted_out })
}

pub(super) fn get_sms_attributes(call: &Call<'_>) -> Answered {
    let given: GetRequest = call.read()?;
    let names = checks::texts(given.attributes);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    call.write(&Shown { attributes: call.pond.topics().text_messages().attributes(&names)? })
}

pub(super) fn set_sms_attributes(call: &Call<'_>) -> Answered {
    let given: SetRequest = call.read()?;
    let attributes = checks::map(given.attributes);
    checks::need([("attributes", !attributes.is_empty())])?;
    call.pond.topics().text_messages().set_attributes(&attributes)?;
    call.write(&Nothing {})
}

pub(super) fn list_phone_numbers_opted_out(call: &Call<'_>) -> Answered {
    let given: OptedOutRequest = call.read()?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().text_messages().opted_out(after.as_deref(), MOST_OPTED_OUT)?;
    call.write(&OptedOut { phone_numbers: page.numbers, next_token: page.next.as_deref().map(token) })
}

pub(super) fn opt_in_phone_number(call: &Call<'_>) -> Answered {
    let given: NumberRequest = call.read()?;
    checks::need([("phoneNumber", given.phone_number.is_some())])?;
    call.pond.topics().text_messages().opt_in(&checks::text(given.phone_number))?;
    call.write(&Nothing {})
}

pub(super) fn list_origination_numbers(call: &Call<'_>) -> Answered {
    let given: OriginationRequest = call.read()?;
    let max = max_results(given.max_results, MOST_ORIGINATING)?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().text_messages().origination_numbers(after.as_deref(), max)?;
    call.write(&Originating {
        phone_numbers: page.numbers.into_iter().map(Originator::from).collect(),
        next_token: page.next.as_deref().map(token),
    })
}
