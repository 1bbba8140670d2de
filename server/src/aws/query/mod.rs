//! The AWS Query protocol, which SQS spoke before JSON and SNS speaks alone: a request is a form of flat names
//! (`Attribute.1.Name`), an answer is XML.
//!
//! Operations are written once, for bodies of JSON. A [`Service`] says how its members are called here, and by that a form becomes
//! the JSON that an operation reads, and the JSON of its answer becomes XML.
//!
//! There are two dialects. In the flat one the elements of a list stand beside each other under a name of their own
//! (`TagKey.1`, `<QueueUrl>`). In the other they stand within the list (`TagKeys.member.1`, `<Topics><member>`), and so do the
//! entries of a map (`Attributes.entry.1.key`, `<Attributes><entry><key>`).
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

mod parameters;
mod tree;
mod xml;

pub(crate) use parameters::Parameters;

use hyper::{
    StatusCode,
    header::CONTENT_TYPE,
    http::{Method, request::Parts},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Answer, Reply,
    answer::request_id,
    json::{self, Failure},
};

/// The content type of answers.
const ANSWER_TYPE: &str = "text/xml";
/// The content type of requests.
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// How a service speaks this protocol.
pub(crate) struct Service {
    /// Of its XML.
    pub(crate) namespace: &'static str,
    /// Whether elements of lists and entries of maps stand in the place of the list or map, and not within it.
    pub(crate) flat: bool,
    /// Whether errors have an element for details; it is empty.
    pub(crate) has_detail: bool,
    /// Lists of requests: how an element is called here, and how the list is called in JSON. A `*` stands for the operation's
    /// name.
    pub(crate) lists: &'static [(&'static str, &'static str)],
    /// Lists of answers, likewise.
    pub(crate) answered_lists: &'static [(&'static str, &'static str)],
    /// Maps: how an entry is called here, with its key and its value, and how the map is called in JSON.
    pub(crate) maps: &'static [(Entry, &'static str)],
    /// Members that are numbers. All others are text here.
    pub(crate) numbers: &'static [&'static str],
    /// Members of answers that come before all others, in this order.
    pub(crate) first: &'static [&'static str],
}

/// How an entry of a map is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
}

/// An operation of a service, spoken in this protocol.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) service: &'static Service,
    pub(crate) operation: &'static str,
}

impl Dialect {
    /// Reads a request as if it had come in JSON.
    ///
    /// # Errors
    /// As [`json::parse`].
    pub(crate) fn read<T: DeserializeOwned>(self, parameters: &Parameters) -> Result<T, Failure> {
        json::read(tree::build(self, parameters)?)
    }

    /// Writes the element that holds what an operation answers.
    ///
    /// # Errors
    /// `InternalServerError` for what cannot be serialized.
    pub(crate) fn write(self, output: &impl Serialize) -> Result<Vec<u8>, Failure> {
        xml::result(self, &json::tree(output)?)
    }

    /// Puts it into its envelope. An operation that answers nothing gives no bytes.
    pub(crate) fn answer(self, result: &[u8], request_id: String) -> Answer {
        answer(StatusCode::OK, xml::answer(self, result, &request_id), request_id)
    }
}

impl Service {
    /// An error, whichever operation it is of.
    pub(crate) fn refuse(&self, status: StatusCode, code: &str, message: &str, request_id: String) -> Answer {
        answer(status, xml::error(self, status, code, message, &request_id), request_id)
    }
}

fn answer(status: StatusCode, body: Vec<u8>, request_id: String) -> Answer {
    Answer { status, body, ..Answer::new(ANSWER_TYPE, request_id) }
}

/// Writes what an operation answers: in JSON, or in this protocol.
///
/// # Errors
/// `InternalServerError` for what cannot be serialized.
pub(crate) fn write(dialect: Option<Dialect>, output: &impl Serialize) -> Result<Vec<u8>, Failure> {
    match dialect {
        Some(dialect) => dialect.write(output),
        None => json::write(output),
    }
}

/// Refuses a request that is of no service's.
pub(crate) fn refuse(failure: &Failure) -> Reply {
    let code = match failure.code() {
        "UnknownOperationException" => "InvalidAction",
        _ => "MalformedInput",
    };
    NOBODY.refuse(failure.status(), code, failure.message(), request_id()).into()
}

/// Who speaks where no service does.
const NOBODY: Service = Service {
    namespace: "http://webservices.amazon.com/AWSFault/2005-15-09",
    flat: true,
    has_detail: true,
    lists: &[],
    answered_lists: &[],
    maps: &[],
    numbers: &[],
    first: &[],
};

/// Whether a request that names no target is one of this protocol.
pub(crate) fn is_spoken(head: &Parts, body: &[u8]) -> bool {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form = content_type.get(..FORM_TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM_TYPE));
    let names_action = body.starts_with(b"Action=") || asks(head);
    names_action || (is_form && head.method == Method::POST)
}

/// Whether a request's address names an action.
pub(crate) fn asks(head: &Parts) -> bool {
    let query = head.uri.query().unwrap_or_default();
    query.starts_with("Action=") || query.contains("&Action=")
}
