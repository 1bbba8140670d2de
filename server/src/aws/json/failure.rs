use hyper::StatusCode;
use serde_json::{Map, Value};

/// An error as the JSON protocols carry it: a status, a type with its namespace, and a message.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    namespace: &'static str,
    code: &'static str,
    message: String,
    /// Members besides type and message.
    members: Map<String, Value>,
}

/// Where the service framework's own errors live.
const FRAMEWORK: &str = "com.amazon.coral.service";
/// Where the errors of request validation live.
const VALIDATION: &str = "com.amazon.coral.validate";

impl Failure {
    /// A client's fault that a service has a name for.
    pub(crate) fn client(namespace: &'static str, code: &'static str, message: impl Into<String>) -> Failure {
        Failure { status: StatusCode::BAD_REQUEST, namespace, code, message: message.into(), members: Map::new() }
    }

    /// The body cannot be read as what the operation takes.
    pub(crate) fn serialization(message: impl Into<String>) -> Failure {
        Failure::client(FRAMEWORK, "SerializationException", message)
    }

    /// The body can be read, and says what is not allowed.
    pub(crate) fn validation(message: impl Into<String>) -> Failure {
        Failure::client(VALIDATION, "ValidationException", message)
    }

    /// More is asked for than there is capacity for: the SDKs try again.
    pub(crate) fn throttling(message: impl Into<String>) -> Failure {
        Failure::client("com.amazon.coral.availability", "ThrottlingException", message)
    }

    /// There is no such operation here.
    pub(crate) fn unknown_operation(message: impl Into<String>) -> Failure {
        Failure::client(FRAMEWORK, "UnknownOperationException", message)
    }

    /// The body is longer than the service takes.
    pub(crate) fn too_large(limit_bytes: usize) -> Failure {
        let message = format!("the body is longer than {limit_bytes} bytes");
        let failure = Failure::client(FRAMEWORK, "RequestEntityTooLargeException", message);
        Failure { status: StatusCode::PAYLOAD_TOO_LARGE, ..failure }
    }

    /// Not the client's fault: the SDKs try again.
    pub(crate) fn internal(message: impl Into<String>) -> Failure {
        let failure = Failure::client("com.amazonaws", "InternalServerError", message);
        Failure { status: StatusCode::INTERNAL_SERVER_ERROR, ..failure }
    }

    /// Adds a member to the body.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Failure {
        self.members.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn body(self) -> Vec<u8> {
        let mut body = self.members;
        body.insert("__type".to_owned(), format!("{}#{}", self.namespace, self.code).into());
        // The service spells it with a capital where it could not read the request, and beside cancellation reasons.
        let capital = ["SerializationException", "TransactionCanceledException"].contains(&self.code);
        let message = if capital { "Message" } else { "message" };
        body.insert(message.to_owned(), self.message.into());
        Value::Object(body).to_string().into_bytes()
    }
}
