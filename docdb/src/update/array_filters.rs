//! `arrayFilters`: which items `$[identifier]` stands for.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    filter::Filter,
    update::{is_operators, modifier::show},
    value::{DocumentBuilder, fields, items},
};

/// All filters of an update by their identifiers. Each looks at a document that has the item under the identifier.
#[derive(Debug, Default)]
pub(super) struct ArrayFilters(HashMap<Box<str>, Filter>);

impl ArrayFilters {
    pub(super) fn parse(documents: &[RawDocumentBuf], context: &Context) -> Result<ArrayFilters> {
        let mut filters = HashMap::new();
        for document in documents {
            let (identifier, filter) = parse(document, context)?;
            match filters.entry(identifier) {
                Entry::Vacant(entry) => entry.insert(filter),
                Entry::Occupied(entry) => {
                    let message =
                        format!("Found multiple array filters with the same top-level field name {}", entry.key());
                    return refuse(Code::FAILED_TO_PARSE, message);
                }
            };
        }
        Ok(ArrayFilters(filters))
    }

    pub(super) fn has(&self, identifier: &str) -> bool {
        self.0.contains_key(identifier)
    }

    /// Refuses filters that no path uses.
    pub(super) fn check_all_used(&self, used: &HashSet<&str>, update: &RawDocument) -> Result<()> {
        match self.0.keys().find(|identifier| !used.contains(&***identifier)) {
            None => Ok(()),
            Some(unused) => {
                let message = format!(
                    "The array filter for identifier '{unused}' was not used in the update {}",
                    show(RawBsonRef::Document(update))
                );
                refuse(Code::FAILED_TO_PARSE, message)
            }
        }
    }

    /// Whether an identifier stands for an item. The empty one stands for all.
    pub(super) fn matches(&self, identifier: &str, item: RawBsonRef<'_>, context: &Context) -> Result<bool> {
        match self.0.get(identifier) {
            None => Ok(identifier.is_empty()),
            Some(filter) => {
                let mut wrapped = DocumentBuilder::new();
                wrapped.append(identifier, item);
                filter.matches(&wrapped.finish(), context)
            }
        }
    }
}

fn parse(document: &RawDocument, context: &Context) -> Result<(Box<str>, Filter)> {
    refuse_special(document)?;
    let mut identifier = None;
    find_identifier(document, &mut identifier)?;
    let Some(identifier) = identifier else {
        let message = "Cannot use an expression without a top-level field name in arrayFilters";
        return refuse(Code::FAILED_TO_PARSE, message);
    };
    let mut letters = identifier.bytes();
    let is_valid = letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric());
    if !is_valid {
        let message = format!(
            "Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string \
             beginning with a lowercase letter, found '{identifier}'"
        );
        return refuse(Code::BAD_VALUE, message);
    }
    Ok((identifier.into(), Filter::parse(document, context)?))
}

/// Refuses what a filter within an update cannot have: what needs an index, the whole document, or a language.
pub(super) fn refuse_special(document: &RawDocument) -> Result<()> {
    for (name, value) in fields(document) {
        match (name, value) {
            ("$expr", _) => return refuse(Code::QUERY_FEATURE_NOT_ALLOWED, "$expr is not allowed in this context"),
            ("$text" | "$where" | "$near" | "$nearSphere" | "$geoNear", _) => {
                return refuse(Code::BAD_VALUE, format!("{name} is not allowed in this context"));
            }
            ("$not" | "$elemMatch", RawBsonRef::Document(within)) => refuse_special(within)?,
            // A document without operators is a value.
            (name, RawBsonRef::Document(within)) if !name.starts_with('$') && is_operators(within) => {
                refuse_special(within)?;
            }
            ("$and" | "$or" | "$nor", RawBsonRef::Array(branches)) => {
                for branch in items(branches) {
                    if let RawBsonRef::Document(branch) = branch {
                        refuse_special(branch)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// All conditions must be on one top-level field.
fn find_identifier<'d>(document: &'d RawDocument, found: &mut Option<&'d str>) -> Result<()> {
    for (name, value) in fields(document) {
        match (name, value) {
            ("$and" | "$or" | "$nor", RawBsonRef::Array(branches)) => {
                for branch in items(branches) {
                    if let RawBsonRef::Document(branch) = branch {
                        find_identifier(branch, found)?;
                    }
                }
            }
            (name, _) if name.starts_with('$') => {}
            (name, _) => {
                let top = name.split_once('.').map_or(name, |(top, _)| top);
                match found {
                    Some(known) if *known != top => {
                        let message = format!(
                            "Error parsing array filter :: caused by :: Expected a single top-level field name, found \
                             '{known}' and '{top}'"
                        );
                        return refuse(Code::FAILED_TO_PARSE, message);
                    }
                    _ => *found = Some(top),
                }
            }
        }
    }
    Ok(())
}
