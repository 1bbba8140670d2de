//! What the owners of phones do, and what the service's staff decides: numbers that opt out, the sandbox, numbers that messages
//! come from.

use hyper::Method;
use millpond::{
    Pond,
    pubsub::{Error, OriginationNumber},
};
use serde::Deserialize;
use serde_json::json;

use super::{Answered, Refused, broken, not_allowed, read, refused};

/// What is to be changed; all of it or nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Change {
    /// Numbers whose owners have answered `STOP`.
    opt_out: Vec<String>,
    in_sandbox: Option<bool>,
    add_origination_numbers: Vec<String>,
    remove_origination_numbers: Vec<String>,
}

const EXAMPLE: &str = "{\"opt_out\": [\"+12065550100\"], \"in_sandbox\": true, \"add_origination_numbers\": [], \
                       \"remove_origination_numbers\": []}, each of which may be left out,";

/// Changes what only a test can, and tells whether one is in the sandbox.
pub(super) fn answer(pond: &Pond, method: &Method, body: &[u8]) -> Answered {
    let texts = pond.topics().text_messages();
    match *method {
        Method::GET => {}
        Method::POST => {
            let change: Change = read(body, EXAMPLE)?;
            pond.engine().transact(|_| apply(&texts, &change)).map_err(refuse)?;
        }
        _ => return Err(not_allowed("text messages are shown by GET and set by POST")),
    }
    Ok(json!({ "in_sandbox": texts.is_in_sandbox().map_err(refuse)? }))
}

fn apply(texts: &millpond::pubsub::TextMessages, change: &Change) -> Result<(), Error> {
    change.opt_out.iter().try_for_each(|number| texts.opt_out(number))?;
    let added = change.add_origination_numbers.iter();
    added.map(OriginationNumber::new).try_for_each(|number| texts.add_origination_number(&number))?;
    change.remove_origination_numbers.iter().try_for_each(|number| texts.remove_origination_number(number))?;
    change.in_sandbox.map_or(Ok(()), |is_in_sandbox| texts.set_in_sandbox(is_in_sandbox))
}

fn refuse(error: Error) -> Refused {
    match error.code() {
        "InternalError" => broken(&error),
        _ => refused(error.to_string()),
    }
}
