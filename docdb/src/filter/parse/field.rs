//! Conditions on the value of a field.

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef, RawDocument};

use super::{Parser, all, argument, is_operators, is_pathless};
use crate::{
    error::{Code, Result, refuse},
    expression::truth::truthy,
    filter::tree::{BitTest, Compare, Node},
    geo::{Intersects, Near, Within},
    regex::Regex,
    value::{Path, fields, items, type_name},
};

impl Parser<'_> {
    /// `{ path: value }`: operators, a regular expression, or a value to be equal to.
    pub(super) fn field(self, path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
        if let Some(operators) = is_operators(value, false) {
            return self.operators(path, operators);
        }
        match value {
            RawBsonRef::RegularExpression(_) => regex_value(path, value),
            value => equal(path, value),
        }
    }

    /// `{ $gt: 1, $lt: 5 }`: all of them.
    pub(super) fn operators(self, path: &Path, operators: &RawDocument) -> Result<Node> {
        // Its siblings are its options.
        if fields(operators).next().is_some_and(|(name, _)| is_near(name)) {
            if self.within {
                return refuse(Code::BAD_VALUE, "geo $near must be top-level expr");
            }
            return Ok(Node::Near { path: path.clone(), near: Near::parse(operators)? });
        }
        let parser = self.deeper()?;
        let mut conditions = Vec::new();
        for (name, value) in fields(operators) {
            conditions.push(match name {
                "$regex" => regex_operator(path, value, operators)?,
                "$options" if fields(operators).any(|(name, _)| name == "$regex") => continue,
                name => parser.operator(path, name, value)?,
            });
        }
        Ok(all(conditions))
    }

    fn operator(self, path: &Path, name: &str, value: RawBsonRef<'_>) -> Result<Node> {
        let path_of = || path.clone();
        Ok(match name {
            "$eq" => equal(path, value)?,
            "$ne" => Node::Not(Box::new(comparison(path, name, Compare::Eq, value)?)),
            "$gt" => comparison(path, name, Compare::Gt, value)?,
            "$gte" => comparison(path, name, Compare::Gte, value)?,
            "$lt" => comparison(path, name, Compare::Lt, value)?,
            "$lte" => comparison(path, name, Compare::Lte, value)?,
            "$in" => self.list(path, name, value)?,
            "$nin" => Node::Not(Box::new(self.list(path, name, value)?)),
            "$not" => Node::Not(Box::new(self.not(path, value)?)),
            "$exists" => {
                let exists = Node::Exists { path: path_of() };
                if truthy(Some(value)) { exists } else { Node::Not(Box::new(exists)) }
            }
            "$type" => Node::Type { path: path_of(), types: argument::types(value)? },
            "$size" => Node::Size { path: path_of(), size: argument::size(value)? },
            "$mod" => argument::modulo(path, value)?,
            "$bitsAllSet" => bits(path, name, BitTest::AllSet, value)?,
            "$bitsAnySet" => bits(path, name, BitTest::AnySet, value)?,
            "$bitsAllClear" => bits(path, name, BitTest::AllClear, value)?,
            "$bitsAnyClear" => bits(path, name, BitTest::AnyClear, value)?,
            "$all" => self.all_of(path, value)?,
            "$elemMatch" => self.elem_match(path, value)?,
            "$geoWithin" | "$within" => Node::GeoWithin { path: path_of(), shape: Within::parse(value)? },
            "$geoIntersects" => Node::GeoIntersects { path: path_of(), shape: Intersects::parse(value)? },
            name if is_near(name) => return refuse(Code::BAD_VALUE, "$near has to be the first operator of its field"),
            "$options" => return refuse(Code::BAD_VALUE, "$options needs a $regex"),
            "$where" => return refuse(Code::BAD_VALUE, "$where cannot be applied to a field"),
            other => return refuse(Code::BAD_VALUE, format!("unknown operator: {other}")),
        })
    }

    fn not(self, path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
        match value {
            RawBsonRef::RegularExpression(_) => regex_value(path, value),
            RawBsonRef::Document(document) if document.is_empty() => refuse(Code::BAD_VALUE, "$not cannot be empty"),
            RawBsonRef::Document(document) => self.operators(path, document),
            _ => refuse(Code::BAD_VALUE, "$not needs a regex or a document"),
        }
    }

    /// The values of `$in` and `$nin`, in order and each once.
    fn list(self, path: &Path, name: &str, value: RawBsonRef<'_>) -> Result<Node> {
        let RawBsonRef::Array(array) = value else {
            return refuse(Code::BAD_VALUE, format!("{name} needs an array"));
        };
        let (mut values, mut regexes) = (Vec::new(), Vec::new());
        for item in items(array) {
            match item {
                RawBsonRef::RegularExpression(value) => {
                    regexes.push(Regex::new(value.pattern.as_str(), value.options.as_str())?);
                }
                RawBsonRef::Undefined => {
                    return refuse(Code::BAD_VALUE, "InMatchExpression equality cannot be undefined");
                }
                item if is_operators(item, false).is_some() => {
                    return refuse(Code::BAD_VALUE, format!("cannot nest $ under {name}"));
                }
                item => values.push(RawBson::from(item)),
            }
        }
        if values.is_empty() && regexes.is_empty() {
            return Ok(Node::False);
        }
        let comparator = self.comparator();
        let order = |a: &RawBson, b: &RawBson| comparator.compare(a.as_raw_bson_ref(), b.as_raw_bson_ref());
        values.sort_by(order);
        values.dedup_by(|a, b| order(a, b) == Ordering::Equal);
        Ok(Node::In { path: path.clone(), values, regexes })
    }

    /// `$all`: each of the values, or an item for each `$elemMatch`.
    fn all_of(self, path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
        let RawBsonRef::Array(array) = value else { return refuse(Code::BAD_VALUE, "$all needs an array") };
        let by_item = items(array).next().is_some_and(|item| only_elem_match(item).is_some());
        let mut conditions = Vec::new();
        for item in items(array) {
            conditions.push(match item {
                item if by_item => match only_elem_match(item) {
                    Some(filter) => self.elem_match(path, filter)?,
                    None => return refuse(Code::BAD_VALUE, "$all/$elemMatch has to be consistent"),
                },
                RawBsonRef::RegularExpression(_) => regex_value(path, item)?,
                item if is_operators(item, false).is_some() => {
                    return refuse(Code::BAD_VALUE, "no $ expressions in $all");
                }
                item => equal(path, item)?,
            });
        }
        Ok(if conditions.is_empty() { Node::False } else { all(conditions) })
    }

    fn elem_match(self, path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
        let RawBsonRef::Document(document) = value else {
            return refuse(Code::BAD_VALUE, "$elemMatch needs an Object");
        };
        let parser = self.inside_array();
        let on_values = is_operators(value, true)
            .and_then(|operators| fields(operators).next())
            .is_some_and(|(name, _)| !is_pathless(name));
        let path = path.clone();
        if on_values {
            let filter = Box::new(parser.operators(&Path::root(), document)?);
            return Ok(Node::ElemMatchValue { path, filter });
        }
        Ok(Node::ElemMatchObject { path, filter: Box::new(parser.document(document)?) })
    }
}

fn is_near(name: &str) -> bool {
    matches!(name, "$near" | "$nearSphere" | "$geoNear")
}

/// The filter of `{ $elemMatch: filter }`.
fn only_elem_match(value: RawBsonRef<'_>) -> Option<RawBsonRef<'_>> {
    let RawBsonRef::Document(document) = value else { return None };
    fields(document).next().filter(|(name, _)| *name == "$elemMatch").map(|(_, filter)| filter)
}

/// Equality with any value; a regular expression here is one to be equal to.
pub(super) fn equal(path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
    if value == RawBsonRef::Undefined {
        return refuse(Code::BAD_VALUE, "cannot compare to undefined");
    }
    Ok(Node::Compare { path: path.clone(), op: Compare::Eq, value: value.into() })
}

fn comparison(path: &Path, name: &str, op: Compare, value: RawBsonRef<'_>) -> Result<Node> {
    match value {
        RawBsonRef::RegularExpression(_) => {
            refuse(Code::BAD_VALUE, format!("Can't have RegEx as arg to predicate over field '{path}': {name}"))
        }
        RawBsonRef::Undefined => refuse(Code::BAD_VALUE, "cannot compare to undefined"),
        value => Ok(Node::Compare { path: path.clone(), op, value: value.into() }),
    }
}

fn bits(path: &Path, name: &str, test: BitTest, value: RawBsonRef<'_>) -> Result<Node> {
    Ok(Node::Bits { path: path.clone(), test, mask: argument::mask(name, value)? })
}

/// A value that is a regular expression.
fn regex_value(path: &Path, value: RawBsonRef<'_>) -> Result<Node> {
    let RawBsonRef::RegularExpression(value) = value else {
        return refuse(Code::BAD_VALUE, format!("not a regular expression: {}", type_name(value)));
    };
    let regex = Regex::new(value.pattern.as_str(), value.options.as_str())?;
    Ok(Node::Regex { path: path.clone(), regex })
}

/// `$regex` with the `$options` before or after it.
fn regex_operator(path: &Path, value: RawBsonRef<'_>, operators: &RawDocument) -> Result<Node> {
    let options = match fields(operators).find(|(name, _)| *name == "$options") {
        None => None,
        Some((_, RawBsonRef::String(options))) => Some(options),
        Some(_) => return refuse(Code::BAD_VALUE, "$options has to be a string"),
    };
    let (pattern, options) = match value {
        RawBsonRef::String(pattern) => (pattern, options.unwrap_or("")),
        RawBsonRef::RegularExpression(value) => {
            let own = value.options.as_str();
            if let (Some(options), false) = (options, own.is_empty()) {
                let first = fields(operators).find(|(name, _)| matches!(*name, "$regex" | "$options"));
                let code = match first {
                    Some(("$regex", _)) => Some(51075),
                    _ if !options.is_empty() => Some(51074),
                    _ => None,
                };
                if let Some(code) = code {
                    return refuse(Code(code), "options set in both $regex and $options");
                }
            }
            let options = options.filter(|options| !options.is_empty());
            (value.pattern.as_str(), options.unwrap_or(own))
        }
        _ => return refuse(Code::BAD_VALUE, "$regex has to be a string"),
    };
    Ok(Node::Regex { path: path.clone(), regex: Regex::new(pattern, options)? })
}
