//! Holding events against patterns.

use serde_json::Value;

use super::{Fields, Matcher, Node, Pattern};

impl Pattern {
    /// Whether an event is one that the pattern asks for.
    pub(crate) fn matches(&self, event: &Value) -> bool {
        self.root.matches(Some(event))
    }
}

impl Fields {
    /// A field that is not there is looked into as well: `exists` may ask for that.
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            // Of a list, one member has to have all of the fields.
            Some(Value::Array(members)) => members.iter().any(|member| self.matches(Some(member))),
            Some(Value::Object(object)) => {
                self.named.iter().all(|(name, node)| node.matches(object.get(name)))
                    && self.alternatives.iter().all(|group| group.iter().any(|fields| fields.matches(value)))
            }
            _ => {
                self.named.iter().all(|(_, node)| node.matches(None))
                    && self.alternatives.iter().all(|group| group.iter().any(|fields| fields.matches(None)))
            }
        }
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Node::Object(fields) => fields.matches(value),
            Node::Leaf(matchers) => matchers.iter().any(|matcher| matcher.allows(value)),
        }
    }
}

impl Matcher {
    fn allows(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Matcher::Exists(exists), _) => *exists == value.is_some_and(|value| !value.is_object()),
            (_, Some(Value::Array(members))) => members.iter().any(|member| self.allows(Some(member))),
            (_, Some(value)) => self.allows_one(value),
            (_, None) => false,
        }
    }

    fn allows_one(&self, value: &Value) -> bool {
        match (self, value) {
            (Matcher::Equals(wanted), value) => wanted == value,
            (Matcher::Numeric(comparisons), value) => comparisons.iter().all(|comparison| comparison.allows(value)),
            (Matcher::AnythingBut(excluded), Value::String(_) | Value::Number(_)) => {
                !excluded.iter().any(|matcher| matcher.allows_one(value))
            }
            (Matcher::EqualsIgnoreCase(wanted), Value::String(text)) => text.to_lowercase() == *wanted,
            (Matcher::Prefix(prefix), Value::String(text)) => text.starts_with(prefix),
            (Matcher::PrefixIgnoreCase(prefix), Value::String(text)) => text.to_lowercase().starts_with(prefix),
            (Matcher::Suffix(suffix), Value::String(text)) => text.ends_with(suffix),
            (Matcher::SuffixIgnoreCase(suffix), Value::String(text)) => text.to_lowercase().ends_with(suffix),
            _ => false,
        }
    }
}
