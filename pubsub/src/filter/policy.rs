//! Policies as they are written.

use std::{collections::BTreeMap, sync::Arc};

use super::{evaluate::Alternative, event::Event, parse};
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
    /// All: `wildcard`, and `anything-but` with a suffix, a wildcard or regardless of case, each also with lists.
    All,
}

/// Why a policy cannot be used.
///
/// `Display` is what the service's error `InvalidParameter` says behind `Invalid parameter: ` when the attribute of a
/// subscription is set, and behind `Invalid parameter: Attributes Reason: ` when it is subscribed with the attribute:
/// `FilterPolicy: ` and what is wrong, with the line and column that its reader had come to. A policy that does not fit
/// its scope is told without `FilterPolicy: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if *.is_of_scope { "" } else { "FilterPolicy: " })]
pub struct PolicyError {
    pub(crate) message: String,
    /// That the text stands alone, not behind `FilterPolicy: `.
    pub(super) is_of_scope: bool,
}

impl PolicyError {
    pub(super) fn new(message: impl Into<String>) -> PolicyError {
        PolicyError { message: message.into(), is_of_scope: false }
    }

    pub(super) fn too_complex() -> PolicyError {
        PolicyError::new("Filter policy is too complex")
    }

    /// The text of `Display`: what stands behind `Invalid parameter: `.
    #[must_use]
    pub fn reason(&self) -> String {
        self.to_string()
    }
}

/// A filter policy that was checked: which messages a subscription wants.
///
/// ```
/// use millpond_pubsub::filter::{FilterPolicy, FilterScope, Forms};
///
/// let policy = r#"{"type": ["paid", {"prefix": "refund-"}], "price": [{"numeric": [">=", 100]}]}"#;
/// let policy = FilterPolicy::parse(policy, FilterScope::MessageBody, Forms::Service)?;
/// assert!(policy.matches(&Default::default(), r#"{"type": "refund-partly", "price": 120}"#));
/// assert!(!policy.matches(&Default::default(), r#"{"type": "paid", "price": 80}"#));
/// # Ok::<(), millpond_pubsub::filter::PolicyError>(())
/// ```
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>
#[derive(Debug, Clone)]
pub struct FilterPolicy {
    scope: FilterScope,
    pub(super) alternatives: Arc<[Alternative]>,
}

impl FilterPolicy {
    /// Reads a policy.
    ///
    /// The empty policy, `{}` or no text at all, wants every message: by it the service removes the policy of a
    /// subscription.
    ///
    /// Limits, as in the service: 256 KiB of text, five keys (of nested ones those at the top count), and 150
    /// combinations of values: the product over all keys of their values times, for those of bodies, how deep they are
    /// nested; the alternatives of a `$or` are added. And one of our own: the alternatives that `$or` stands for have
    /// 10,000 fields in all.
    ///
    /// # Errors
    /// [`PolicyError`] with the service's text.
    pub fn parse(text: &str, scope: FilterScope, forms: Forms) -> Result<FilterPolicy, PolicyError> {
        let alternatives = parse::alternatives(text, scope, forms)?.into();
        Ok(FilterPolicy { scope, alternatives })
    }

    /// What the policy looks at.
    #[must_use]
    pub fn scope(&self) -> FilterScope {
        self.scope
    }

    /// Whether it is the empty policy, which wants every message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alternatives.iter().any(|alternative| alternative.fields.is_empty())
    }

    /// Whether a message with these attributes and this body is wanted. For many policies use a
    /// [`Matcher`](super::Matcher).
    #[must_use]
    pub fn matches(&self, attributes: &BTreeMap<String, MessageAttribute>, body: &str) -> bool {
        self.matches_event(&match self.scope {
            FilterScope::MessageAttributes => Event::of_attributes(attributes),
            FilterScope::MessageBody => Event::of_body(body),
        })
    }

    /// Whether a message is wanted, which was read for the scope of this policy.
    #[must_use]
    pub fn matches_event(&self, event: &Event<'_>) -> bool {
        self.alternatives.iter().any(|alternative| alternative.holds(event))
    }
}
