//! Policies as they are written.

use std::collections::BTreeMap;

use crate::MessageAttribute;

/// What a policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterScope {
    /// The attributes of a message.
    MessageAttributes,
    /// The body of a message, which is JSON.
    MessageBody,
}

/// Which forms a policy may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forms {
    /// Those that the service takes.
    Service,
    /// All: `wildcard`, and `anything-but` with a suffix, a wildcard or regardless of case.
    All,
}

/// Why a policy cannot be used. `Display` is the service's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    pub(crate) message: String,
}

/// A filter policy that was checked.
#[derive(Debug, Clone)]
pub struct FilterPolicy {}

impl FilterPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with the service's text.
    pub fn parse(_text: &str, _scope: FilterScope, _forms: Forms) -> Result<FilterPolicy, PolicyError> {
        Ok(FilterPolicy {})
    }

    /// Whether a message with these attributes and this body is wanted.
    #[must_use]
    pub fn matches(&self, _attributes: &BTreeMap<String, MessageAttribute>, _body: &str) -> bool {
        true
    }
}
