//! The fields of a policy: names, nested objects and `$or`.
//!
//! Tokens are taken in the order in which the service takes them, so that its errors come in their order.

use std::sync::Arc;

use super::{
    super::{
        lexer::Kind,
        pattern::Pattern,
        policy::{Forms, PolicyError},
    },
    conditions,
    limits::MOST_DEPTH,
    tokens::Tokens,
};

/// Names that no field in an `$or` may have: with one of them `$or` is a name itself.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// What a policy asks, as it is written.
#[derive(Debug)]
pub(super) enum Asked {
    Field {
        path: Arc<str>,
        /// The name at the top of the policy that it stands below.
        top: Arc<str>,
        patterns: Arc<[Pattern]>,
        /// One for those at the top.
        depth: u64,
    },
    Or(Vec<Vec<Asked>>),
}

/// What `$or` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Or {
    IsOperator,
    IsName,
}

/// Why the fields cannot be read.
#[derive(Debug)]
pub(super) enum Failure {
    Refused(PolicyError),
    /// There is an `$or` that is no operator.
    OrIsName,
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Failure {
        Failure::Refused(error)
    }
}

/// Reads a whole policy.
pub(super) fn read(tokens: Tokens<'_>, forms: Forms, or: Or) -> Result<Vec<Asked>, Failure> {
    let mut reader = Reader { tokens, forms, or, depth: 0 };
    if reader.tokens.next() != Kind::StartObject {
        return Ok(reader.tokens.error("Filter is not an object")?);
    }
    let mut asked = Vec::new();
    reader.object(&Place { path: String::new(), top: None, depth: 1, is_in_or: false }, &mut asked)?;
    Ok(asked)
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    forms: Forms,
    or: Or,
    /// How many objects are open.
    depth: usize,
}

/// Where an object stands.
struct Place {
    path: String,
    top: Option<Arc<str>>,
    depth: u64,
    is_in_or: bool,
}

impl Reader<'_> {
    /// Reads the fields of an object that has begun.
    fn object(&mut self, place: &Place, asked: &mut Vec<Asked>) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(PolicyError::too_complex().into());
        }
        let mut is_empty = true;
        while self.tokens.next() != Kind::EndObject {
            is_empty = false;
            let name = self.tokens.name();
            if name == "$or" && self.or == Or::IsOperator {
                asked.push(self.or(place)?);
                continue;
            }
            if place.is_in_or && RESERVED.contains(&&*name) {
                return Err(Failure::OrIsName);
            }
            let top = place.top.clone().unwrap_or_else(|| name.as_ref().into());
            let path = if place.depth > 1 { format!("{}.{name}", place.path) } else { name.clone().into_owned() };
            match self.tokens.next() {
                Kind::StartObject => {
                    let inner = Place { path, top: Some(top), depth: place.depth + 1, is_in_or: place.is_in_or };
                    self.object(&inner, asked)?;
                }
                Kind::StartArray => {
                    let patterns = conditions::read(&mut self.tokens, self.forms)?.into();
                    asked.push(Asked::Field { path: path.into(), top, patterns, depth: place.depth });
                }
                _ => return Ok(self.tokens.error(format!("\"{name}\" must be an object or an array"))?),
            }
        }
        self.depth -= 1;
        if is_empty { Ok(self.tokens.error("Empty objects are not allowed")?) } else { Ok(()) }
    }

    /// Reads what stands behind `$or`: an array of at least two objects.
    fn or(&mut self, place: &Place) -> Result<Asked, Failure> {
        if self.tokens.next() != Kind::StartArray {
            return Err(Failure::OrIsName);
        }
        let mut alternatives = Vec::new();
        loop {
            match self.tokens.next() {
                Kind::EndArray => break,
                Kind::StartObject => {}
                _ => return Err(Failure::OrIsName),
            }
            let mut alternative = Vec::new();
            let top = place.top.clone().unwrap_or_else(|| "$or".into());
            let inner = Place { path: place.path.clone(), top: Some(top), depth: place.depth, is_in_or: true };
            self.object(&inner, &mut alternative)?;
            alternatives.push(alternative);
        }
        if alternatives.len() < 2 { Err(Failure::OrIsName) } else { Ok(Asked::Or(alternatives)) }
    }
}
