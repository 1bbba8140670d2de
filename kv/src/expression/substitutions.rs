//! The names and values a request gives for the `#name` and `:value` references of its expressions.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{PathRef, Step};
use super::error::{ExpressionError, Fault};
use super::path::{MAX_PATH_LEVELS, Path, PathElement};
use crate::value::AttributeValue;

/// Bytes a key of either map may have.
const MAX_KEY_BYTES: usize = 255;

/// Levels of nesting a value may have, the value itself included.
const MAX_VALUE_LEVELS: usize = 32;

/// `ExpressionAttributeNames` and `ExpressionAttributeValues` of one request, and which of them its expressions used.
///
/// Give the same one to every expression of the request, then call [`Substitutions::finish`]: the service refuses names
/// and values that no expression uses.
#[derive(Debug)]
pub struct Substitutions<'a> {
    names: Option<&'a BTreeMap<String, String>>,
    values: Option<&'a BTreeMap<String, AttributeValue>>,
    used_names: BTreeSet<&'a str>,
    used_values: BTreeSet<&'a str>,
}

impl<'a> Substitutions<'a> {
    /// Checks the maps of a request outside a transaction.
    ///
    /// # Errors
    /// An empty map, a key that is not `#` or `:` with 1 to 254 letters, digits and underscores after it, an empty
    /// attribute name, or a value nested deeper than 32 levels.
    pub fn new(
        names: Option<&'a BTreeMap<String, String>>,
        values: Option<&'a BTreeMap<String, AttributeValue>>,
    ) -> Result<Self, ExpressionError> {
        let checked = Self::in_transaction(names, values)?;
        if values.is_some_and(|values| values.values().any(|value| value.depth() > MAX_VALUE_LEVELS)) {
            return Err(ExpressionError::new(
                "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                 supported limit",
            ));
        }
        Ok(checked)
    }

    /// As [`Substitutions::new`] without the check of nesting, which the service does not make in `TransactWriteItems`
    /// (the item that results is checked there all the same).
    ///
    /// # Errors
    /// As [`Substitutions::new`], save for nesting.
    pub fn in_transaction(
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
        }
        if let Some(values) = values {
            check_keys("ExpressionAttributeValues", ':', values)?;
        }
        Ok(Self { names, values, used_names: BTreeSet::new(), used_values: BTreeSet::new() })
    }

    /// The attribute name behind a `#name`.
    pub(crate) fn name(&mut self, placeholder: &str) -> Result<&'a str, Fault> {
        match self.names.and_then(|names| names.get_key_value(placeholder)) {
            Some((key, name)) => {
                self.used_names.insert(key);
                Ok(name)
            }
            None => Err(Fault::UndefinedName(placeholder.to_owned())),
        }
    }

    /// The value behind a `:value`.
    pub(crate) fn value(&mut self, placeholder: &str) -> Result<&'a AttributeValue, Fault> {
        match self.values.and_then(|values| values.get_key_value(placeholder)) {
            Some((key, value)) => {
                self.used_values.insert(key);
                Ok(value)
            }
            None => Err(Fault::UndefinedValue(placeholder.to_owned())),
        }
    }

    /// A written path with its names put in.
    pub(crate) fn path(&mut self, written: &PathRef) -> Result<Path, Fault> {
        let mut bound: Option<Path> = None;
        for step in &written.0 {
            let element = match step {
                Step::Literal(name) => PathElement::Name(name.clone()),
                Step::Placeholder(placeholder) => PathElement::Name(self.name(placeholder)?.to_owned()),
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
    pub fn finish(self) -> Result<(), ExpressionError> {
        let names: Vec<&str> = self.names.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let values: Vec<&str> = self.values.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        refuse_unused("ExpressionAttributeNames", &names, &self.used_names)?;
        refuse_unused("ExpressionAttributeValues", &values, &self.used_values)
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

fn refuse_unused(parameter: &str, given: &[&str], used: &BTreeSet<&str>) -> Result<(), ExpressionError> {
    let mut unused: Vec<&str> = given.iter().copied().filter(|key| !used.contains(key)).collect();
    if unused.is_empty() {
        return Ok(());
    }
    unused.sort_by_key(|key| hash_set_slot(key, given.len()));
    Err(ExpressionError::new(format!(
        "Value provided in {parameter} unused in expressions: keys: {{{}}}",
        unused.join(", ")
    )))
}

/// Where a Java `HashSet` built from `count` keys would iterate over `key`: the service lists unused keys in that order.
fn hash_set_slot(key: &str, count: usize) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    let capacity = u32::try_from((count * 4 / 3 + 1).max(16).next_power_of_two()).unwrap_or(u32::MAX);
    (hash ^ (hash >> 16)) & (capacity - 1)
}
