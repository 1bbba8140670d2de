//! The sandbox of text messages: whether one is in it, and the numbers that are reached from it.

use millpond::pubsub::TextMessages;
use serde::Serialize;

use super::{
    Answered, checks,
    constraints::{Constraints, max_results},
    lists::{position, token},
    sms::Nothing,
};
use crate::aws::{
    Call,
    json::{Integer, Word, members},
};

/// Numbers that a page has at most.
const MOST: usize = 100;
members! {
    CreateRequest { phone_number: Word = "PhoneNumber", language_code: Word = "LanguageCode" }
}
members! {
    NumberRequest { phone_number: Word = "PhoneNumber" }
}
members! {
    VerifyRequest { phone_number: Word = "PhoneNumber", one_time_password: Word = "OneTimePassword" }
}
members! {
    ListRequest { next_token: Word = "NextToken", max_results: Integer = "MaxResults" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    is_in_sandbox: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    phone_numbers: Vec<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Number {
    phone_number: String,
    status: &'static str,
}

pub(super) fn create_sms_sandbox_phone_number(call: &Call<'_>) -> Answered {
    let given: CreateRequest = call.read()?;
    checks::need([("phoneNumber", given.phone_number.is_some())])?;
    let (number, language) = (checks::text(given.phone_number), given.language_code.map(|language| language.0));
    let mut constraints = Constraints::default();
    check_number(&mut constraints, &number);
    if let Some(language) = language.as_deref().filter(|language| !TextMessages::SANDBOX_LANGUAGES.contains(language)) {
        let text = format!("Member must satisfy enum value set: [{}]", TextMessages::SANDBOX_LANGUAGES.join(", "));
        constraints.wrong(Some(language), "languageCode", &text);
    }
    constraints.done()?;
    call.pond.topics().text_messages().add_sandbox_number(&number, language.as_deref())?;
    call.write(&Nothing {})
}

pub(super) fn delete_sms_sandbox_phone_number(call: &Call<'_>) -> Answered {
    let given: NumberRequest = call.read()?;
    checks::need([("phoneNumber", given.phone_number.is_some())])?;
    let number = checks::text(given.phone_number);
    let mut constraints = Constraints::default();
    check_number(&mut constraints, &number);
    constraints.done()?;
    call.pond.topics().text_messages().delete_sandbox_number(&number)?;
    call.write(&Nothing {})
}

pub(super) fn verify_sms_sandbox_phone_number(call: &Call<'_>) -> Answered {
    let given: VerifyRequest = call.read()?;
    checks::need([
        ("phoneNumber", given.phone_number.is_some()),
        ("oneTimePassword", given.one_time_password.is_some()),
    ])?;
    let (number, password) = (checks::text(given.phone_number), checks::text(given.one_time_password));
    let mut constraints = Constraints::default();
    check_number(&mut constraints, &number);
    check_password(&mut constraints, &password);
    constraints.done()?;
    call.pond.topics().text_messages().verify_sandbox_number(&number, &password)?;
    call.write(&Nothing {})
}

pub(super) fn get_sms_sandbox_account_status(call: &Call<'_>) -> Answered {
    call.write(&Status { is_in_sandbox: call.pond.topics().text_messages().is_in_sandbox()? })
}

pub(super) fn list_sms_sandbox_phone_numbers(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    let max = max_results(given.max_results, MOST)?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().text_messages().sandbox_numbers(after.as_deref(), max)?;
    let shown = page.numbers.into_iter().map(|number| Number {
        phone_number: number.number,
        status: if number.is_verified { "Verified" } else { "Pending" },
    });
    call.write(&Listed { phone_numbers: shown.collect(), next_token: page.next.as_deref().map(token) })
}

/// What the model says of a number: up to 20 characters, and `^(\+[0-9]{8,}|[0-9]{0,9})$`.
fn check_number(constraints: &mut Constraints, number: &str) {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_long_enough = if number.starts_with('+') { digits.len() >= 8 } else { digits.len() <= 9 };
    if number.chars().count() > 20 {
        constraints.wrong(None, "phoneNumber", "Member must have length less than or equal to 20");
    }
    if !is_long_enough || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = r"Member must satisfy regular expression pattern: ^(\+[0-9]{8,}|[0-9]{0,9})$";
        constraints.wrong(None, "phoneNumber", text);
    }
}

/// What the model says of a password: 5 to 8 characters, and `^[0-9]+$`.
fn check_password(constraints: &mut Constraints, password: &str) {
    let mut wrong = |text| constraints.wrong(Some(password), "oneTimePassword", text);
    match password.chars().count() {
        0..5 => wrong("Member must have length greater than or equal to 5"),
        9.. => wrong("Member must have length less than or equal to 8"),
        _ => {}
    }
    if password.is_empty() || !password.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong("Member must satisfy regular expression pattern: ^[0-9]+$");
    }
}
