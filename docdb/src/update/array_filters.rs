//! `arrayFilters`: which items `$[identifier]` stands for.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    filter::Filter,
    update::modifier::show,
    value::{DocumentBuilder, fields, items},
};

/// One filter with its identifier. It looks at a document that has the item under the identifier.
#[derive(Debug)]
pub(super) struct ArrayFilter {
    identifier: Box<str>,
    filter: Filter,
}

/// All filters of an update.
#[derive(Debug, Default)]
pub(super) struct ArrayFilters(Vec<ArrayFilter>);

impl ArrayFilters {
    pub(super) fn parse(documents: &[RawDocumentBuf], context: &Context) -> Result<ArrayFilters> {
        let mut filters: Vec<ArrayFilter> = Vec::new();
        for document in documents {
            let filter = ArrayFilter::parse(document, context)?;
            if filters.iter().any(|other| other.identifier == filter.identifier) {
                let message =
                    format!("Found multiple array filters with the same top-level field name {}", filter.identifier);
                return refuse(Code::FAILED_TO_PARSE, message);
            }
            filters.push(filter);
        }
        Ok(ArrayFilters(filters))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, identifier: &str) -> bool {
        self.0.iter().any(|filter| *filter.identifier == *identifier)
    }

    /// Refuses filters that no path uses.
    pub(super) fn check_all_used(&self, used: &[&str], update: &RawDocument) -> Result<()> {
        match self.0.iter().find(|filter| !used.contains(&&*filter.identifier)) {
            None => Ok(()),
            Some(unused) => {
                let message = format!(
                    "The array filter for identifier '{}' was not used in the update {}",
                    unused.identifier,
                    show(RawBsonRef::Document(update))
                );
                refuse(Code::FAILED_TO_PARSE, message)
            }
        }
    }

    /// Whether an identifier stands for an item. The empty one stands for all.
    pub(super) fn matches(&self, identifier: &str, item: RawBsonRef<'_>, context: &Context) -> Result<bool> {
        match self.0.iter().find(|filter| *filter.identifier == *identifier) {
            _ if identifier.is_empty() => Ok(true),
            None => Ok(false),
            Some(filter) => {
                let mut wrapped = DocumentBuilder::new();
                wrapped.append(identifier, item);
                filter.filter.matches(&wrapped.finish(), context)
            }
        }
    }
}

impl ArrayFilter {
    fn parse(document: &RawDocument, context: &Context) -> Result<ArrayFilter> {
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
        Ok(ArrayFilter { identifier: identifier.into(), filter: Filter::parse(document, context)? })
    }
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
            ("$comment", _) => {}
            ("$expr", _) => return refuse(Code::QUERY_FEATURE_NOT_ALLOWED, "$expr is not allowed in this context"),
            (name, _) if name.starts_with('$') => {
                return refuse(Code::BAD_VALUE, format!("{name} is not allowed in this context"));
            }
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
