//! The certificate by which subscribers verify messages: a file at the address that messages give.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use hyper::StatusCode;
use millpond::Pond;

use crate::{
    aws::{Answer, answer::request_id, json::Failure},
    serve::chain,
};

const CONTENT_TYPE: &str = "application/x-pem-file";

/// Whether a certificate may be at this path.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with("/SimpleNotificationService-") && path.ends_with(".pem")
}

pub(super) fn answer(pond: &Pond, path: &str) -> Answer {
    match pond.topics().signing_certificate() {
        Ok((certificate, at)) if at == path => {
            Answer { body: certificate.into_bytes(), ..Answer::new(CONTENT_TYPE, request_id()) }
        }
        Ok(_) => Answer { status: StatusCode::NOT_FOUND, ..Answer::new(CONTENT_TYPE, request_id()) },
        Err(error) => {
            let text = chain(&error);
            tracing::error!(error = text, "a request failed");
            Failure::internal(text).into()
        }
    }
}
