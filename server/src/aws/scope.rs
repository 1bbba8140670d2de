//! The credential scope of a signature: the region and the service that a request was signed for. Nothing is verified.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use hyper::{header::AUTHORIZATION, http::request::Parts};

/// The region of requests that name none.
const DEFAULT_REGION: &str = "us-east-1";

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    region: Option<String>,
    service: Option<String>,
}

impl Scope {
    /// Of the `Authorization` header, or of a presigned address.
    pub(crate) fn of(head: &Parts) -> Scope {
        let header = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let credential = header
            .and_then(|header| after(header, "Credential="))
            .or_else(|| after(head.uri.query()?, "X-Amz-Credential="));
        credential
            .map(|credential| Scope::parse(&credential.replace("%2F", "/").replace("%2f", "/")))
            .unwrap_or_default()
    }

    /// Of `key id/date/region/service/aws4_request`. Key ids may hold slashes, so it is read from its end.
    fn parse(credential: &str) -> Scope {
        let mut parts = credential.rsplit('/');
        if parts.next() != Some("aws4_request") {
            return Scope::default();
        }
        let mut part = || parts.next().filter(|part| is_name(part)).map(str::to_owned);
        let service = part();
        Scope { region: part(), service }
    }

    pub(crate) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or(DEFAULT_REGION)
    }

    pub(crate) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }
}

/// What stands between `name` and the next separator.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = text.split_once(name)?;
    value.split([',', '&', ' ']).next()
}

/// Regions and services enter ARNs and messages, so only what can be one is taken.
fn is_name(part: &str) -> bool {
    (1..=32).contains(&part.len())
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn scope(uri: &str, authorization: &str) -> (String, Option<String>) {
        let request = Request::builder().uri(uri).header(AUTHORIZATION, authorization).body(()).unwrap();
        let scope = Scope::of(&request.into_parts().0);
        (scope.region().to_owned(), scope.service().map(str::to_owned))
    }

    #[test]
    fn the_scope_is_that_of_the_signature() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/dynamodb/aws4_request, SignedHeaders=host, Signature=ab";
        assert_eq!(scope("/", signed), ("eu-west-3".to_owned(), Some("dynamodb".to_owned())));
        let slashes = "AWS4-HMAC-SHA256 Credential=a/b/c/20260101/eu-west-3/sqs/aws4_request,SignedHeaders=host";
        assert_eq!(scope("/", slashes), ("eu-west-3".to_owned(), Some("sqs".to_owned())));
        let presigned =
            "/?X-Amz-Algorithm=x&X-Amz-Credential=AKID%2F20260101%2Fus-west-2%2Fdynamodb%2Faws4_request&X-Amz-Date=x";
        assert_eq!(scope(presigned, ""), ("us-west-2".to_owned(), Some("dynamodb".to_owned())));
    }

    #[test]
    fn what_is_no_scope_is_none() {
        for authorization in ["", "Basic abc", "Credential=", "Credential=a/b", "Credential=a/d/<x>/\"y\"/aws4_request"]
        {
            assert_eq!(scope("/", authorization), ("us-east-1".to_owned(), None), "{authorization}");
        }
    }
}
