//! What topics are made with.

use std::collections::BTreeMap;

/// What a topic is made with.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateOptions {
    /// Attributes by their names in the service, such as `DisplayName` or `ContentBasedDeduplication`.
    pub attributes: BTreeMap<String, String>,
    /// Tags by their keys.
    pub tags: BTreeMap<String, String>,
    /// A data protection policy, as JSON. It is kept, and nothing is done by it.
    pub data_protection_policy: Option<String>,
    /// The region that the topic's ARN names; that of the service's [`Options`](crate::Options) if `None`.
    pub region: Option<String>,
}

impl CreateOptions {
    /// With an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// With a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }
}

/// A topic in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSummary {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// A part of a list of topics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicPage {
    /// In the order of their names.
    pub topics: Vec<TopicSummary>,
    /// The name after which the next page begins, if there is one.
    pub next: Option<String>,
}
