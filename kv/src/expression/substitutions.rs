//! The names and values a request gives for the `#name` and `:value` references of its expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{PathRef, Step};
use super::error::{ExpressionError, Fault};
use super::path::{MAX_PATH_LEVELS, Path, PathElement};
use crate::value::{AttributeValue, MAX_ATTRIBUTE_NAME_BYTES, MAX_DEPTH};

/// Bytes a key of either map may have.
const MAX_KEY_BYTES: usize = 255;

/// Bytes that names and values may have together.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MAX_BYTES: usize = 2 << 20;

/// `ExpressionAttributeNames` and `ExpressionAttributeValues` of one request, and which of them its expressions used.
///
/// Give the same one to every expression of the request, then call [`Substitutions::finish`]: the service refuses names
/// and values that no expression uses.
#[derive(Debug)]
pub(crate) struct Substitutions<'a> {
    names: Option<&'a BTreeMap<String, String>>,
    values: Option<&'a BTreeMap<String, AttributeValue>>,
    // Copied once, however often the expressions use them.
    used_names: BTreeMap<&'a str, Arc<str>>,
    used_values: BTreeMap<&'a str, Arc<AttributeValue>>,
}

impl<'a> Substitutions<'a> {
    /// Checks the maps of a request.
    ///
    /// # Errors
    /// An empty map, a key that is not `#` or `:` with 1 to 254 letters, digits and underscores after it, an attribute
    /// name that is empty or has more than 65,535 bytes, a value nested deeper than 32 levels, or more than 2 MiB
    /// together.
    pub(crate) fn new(
        names: Option<&'a BTreeMap<String, String>>,
        values: Option<&'a BTreeMap<String, AttributeValue>>,
    ) -> Result<Self, ExpressionError> {
        if let Some(names) = names {
            check_keys("ExpressionAttributeNames", '#', names)?;
            if let Some((key, _)) = names.iter().find(|(_, name)| name.is_empty()) {
                return Err(ExpressionError::new(format!(
                    "ExpressionAttributeNames contains invalid value: Empty attribute name for key {key}"
                )));
            }
            if let Some((key, _)) = names.iter().find(|(_, name)| name.len() > MAX_ATTRIBUTE_NAME_BYTES) {
                return Err(ExpressionError::new(format!(
                    "ExpressionAttributeNames contains invalid value: Attribute name is too long for key {key}"
                )));
            }
        }
        if let Some(values) = values {
            check_keys("ExpressionAttributeValues", ':', values)?;
            if values.values().any(|value| value.depth() > MAX_DEPTH) {
                return Err(ExpressionError::new(
                    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                     supported limit",
                ));
            }
        }
        let name_bytes: usize = names.into_iter().flatten().map(|(key, name)| key.len() + name.len()).sum();
        let value_bytes: usize = values.into_iter().flatten().map(|(key, value)| key.len() + value.size_bytes()).sum();
        if name_bytes + value_bytes > MAX_BYTES {
            return Err(ExpressionError::new(format!(
                "The names and values of expressions have exceeded the maximum allowed size of {MAX_BYTES} bytes"
            )));
        }
        Ok(Self { names, values, used_names: BTreeMap::new(), used_values: BTreeMap::new() })
    }

    /// The attribute name behind a `#name`.
    fn name(&mut self, placeholder: &str) -> Result<Arc<str>, Fault> {
        match self.names.and_then(|names| names.get_key_value(placeholder)) {
            Some((key, name)) => Ok(Arc::clone(self.used_names.entry(key).or_insert_with(|| name.as_str().into()))),
            None => Err(Fault::UndefinedName(placeholder.to_owned())),
        }
    }

    /// The value behind a `:value`.
    pub(crate) fn value(&mut self, placeholder: &str) -> Result<Arc<AttributeValue>, Fault> {
        match self.values.and_then(|values| values.get_key_value(placeholder)) {
            Some((key, value)) => {
                Ok(Arc::clone(self.used_values.entry(key).or_insert_with(|| Arc::new(value.clone()))))
            }
            None => Err(Fault::UndefinedValue(placeholder.to_owned())),
        }
    }

    /// A written path with its names put in.
    pub(crate) fn path(&mut self, written: &PathRef) -> Result<Path, Fault> {
        let mut bound: Option<Path> = None;
        for step in &written.0 {
            let element = match step {
                Step::Literal(name) => PathElement::Name(Arc::clone(name)),
                Step::Placeholder(placeholder) => PathElement::Name(self.name(placeholder)?),
                Step::Index(index) => PathElement::Index(*index),
            };
            bound = match (bound, element) {
                (Some(path), element) => Some(path.then(element)),
                (None, PathElement::Name(name)) => Some(Path::name(name)),
                (None, PathElement::Index(index)) => Some(Path::name(format!("[{index}]"))),
            };
        }
        if written.0.len() > MAX_PATH_LEVELS {
            return Err(Fault::PathTooDeep(written.0.len()));
        }
        bound.ok_or(Fault::Empty)
    }

    /// Call once, after the last expression of the request.
    ///
    /// # Errors
    /// Names that no expression used, or else values that none used.
    pub(crate) fn finish(self) -> Result<(), ExpressionError> {
        let names: Vec<&str> = self.names.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let values: Vec<&str> = self.values.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        refuse_unused("ExpressionAttributeNames", &names, |key| self.used_names.contains_key(key))?;
        refuse_unused("ExpressionAttributeValues", &values, |key| self.used_values.contains_key(key))
    }
}

fn check_keys<V>(parameter: &str, sigil: char, map: &BTreeMap<String, V>) -> Result<(), ExpressionError> {
    if map.is_empty() {
        return Err(ExpressionError::new(format!("{parameter} must not be empty")));
    }
    for key in map.keys() {
        if key.len() > MAX_KEY_BYTES {
            return Err(ExpressionError::new(format!(
                "{parameter} contains invalid key: The expression attribute map contains a key that is too long; \
                 size of key: {}",
                key.len()
            )));
        }
        let is_key = key.strip_prefix(sigil).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !is_key {
            return Err(ExpressionError::new(format!(
                "{parameter} contains invalid key: Syntax error; key: \"{key}\""
            )));
        }
    }
    Ok(())
}

fn refuse_unused(parameter: &str, given: &[&str], is_used: impl Fn(&str) -> bool) -> Result<(), ExpressionError> {
    let mut unused: Vec<&str> = given.iter().copied().filter(|key| !is_used(key)).collect();
    if unused.is_empty() {
        return Ok(());
    }
    unused.sort_by_key(|key| hash_set_slot(key, given.len()));
    Err(ExpressionError::new(format!(
        "Value provided in {parameter} unused in expressions: keys: {{{}}}",
        unused.join(", ")
    )))
}

/// Where a Java `HashSet` built from `count` keys would iterate over `key`: the service lists some keys in that order.
pub(crate) fn hash_set_slot(key: &str, count: usize) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    let capacity = u32::try_from((count * 4 / 3 + 1).max(16).next_power_of_two()).unwrap_or(u32::MAX);
    (hash ^ (hash >> 16)) & (capacity - 1)
}
