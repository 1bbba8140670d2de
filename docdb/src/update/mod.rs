//! Updates: operators, replacements, pipelines, applied to raw documents.

mod apply;
mod array;
mod array_filters;
mod check;
mod date;
mod modifier;
mod number;
mod operators;
mod pipeline;
mod pull;
mod push;
mod rename;
mod replacement;
mod set;
mod tree;
mod trie;
mod upsert;

#[cfg(test)]
mod tests;

use bson::{Document, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Error, Result, refuse},
    update::{operators::Operators, pipeline::Pipeline, replacement::Replacement},
    value::{fields, same_document},
};

pub(crate) use self::replacement::with_times;

/// An update as a caller writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateModifications {
    /// A document of operators, or a replacement.
    Document(RawDocumentBuf),
    /// A pipeline of `$set`, `$unset`, `$replaceWith` and their other names.
    Pipeline(Vec<RawDocumentBuf>),
}

impl Default for UpdateModifications {
    fn default() -> Self {
        UpdateModifications::Document(RawDocumentBuf::new())
    }
}

impl TryFrom<Document> for UpdateModifications {
    type Error = Error;

    fn try_from(update: Document) -> Result<Self> {
        Ok(UpdateModifications::Document(update.try_into()?))
    }
}

impl TryFrom<Vec<Document>> for UpdateModifications {
    type Error = Error;

    fn try_from(stages: Vec<Document>) -> Result<Self> {
        let stages = stages.into_iter().map(|stage| Ok(stage.try_into()?));
        Ok(UpdateModifications::Pipeline(stages.collect::<Result<_>>()?))
    }
}

impl From<RawDocumentBuf> for UpdateModifications {
    fn from(update: RawDocumentBuf) -> Self {
        UpdateModifications::Document(update)
    }
}

/// A parsed update.
#[derive(Debug)]
pub(crate) enum Update {
    Operators(Operators),
    Replacement(Replacement),
    Pipeline(Pipeline),
}

impl Update {
    /// Parses an update. `array_filters` are those of the command.
    pub(crate) fn parse(
        update: &UpdateModifications,
        array_filters: &[RawDocumentBuf],
        context: &Context,
    ) -> Result<Update> {
        match update {
            UpdateModifications::Pipeline(_) if !array_filters.is_empty() => {
                refuse(Code::FAILED_TO_PARSE, "arrayFilters may not be specified for pipeline-style updates")
            }
            UpdateModifications::Pipeline(stages) => Ok(Update::Pipeline(Pipeline::parse(stages, context)?)),
            UpdateModifications::Document(document) if is_operators(document) => {
                Ok(Update::Operators(Operators::parse(document, array_filters, context)?))
            }
            UpdateModifications::Document(_) if !array_filters.is_empty() => {
                refuse(Code::FAILED_TO_PARSE, "arrayFilters may not be specified for replacement-style updates")
            }
            UpdateModifications::Document(document) => {
                Ok(Update::Replacement(Replacement::parse(document.clone(), context)?))
            }
        }
    }

    /// Whether it is a replacement, which updates one document only.
    pub(crate) fn is_replacement(&self) -> bool {
        matches!(self, Update::Replacement(_))
    }

    /// Whether it uses the positional `$`, so that [`Filter::position`](crate::filter::Filter::position) is needed.
    pub(crate) fn needs_position(&self) -> bool {
        matches!(self, Update::Operators(operators) if operators.needs_position())
    }

    /// The paths that it may change, where these are known; what is below them may change as well. An index that has
    /// none of its fields at, above or below one of them stays as it is.
    #[cfg(test)]
    pub(crate) fn touches(&self) -> Option<Vec<crate::value::Path>> {
        match self {
            Update::Operators(operators) => operators.touches(),
            Update::Replacement(_) | Update::Pipeline(_) => None,
        }
    }

    /// The document after the update; `None` if it is the same.
    pub(crate) fn apply(
        &self,
        document: &RawDocument,
        position: Option<u32>,
        context: &Context,
    ) -> Result<Option<RawDocumentBuf>> {
        let updated = match self {
            Update::Operators(operators) => operators.apply(document, position, false, context)?,
            Update::Replacement(replacement) => Some(replacement.apply(document)),
            Update::Pipeline(pipeline) => Some(pipeline.apply(document, context)?),
        };
        let Some(updated) = updated.filter(|updated| !same_document(updated, document)) else { return Ok(None) };
        check::same_id(document, &updated)?;
        check::size(&updated, Code(17419), "Resulting document after update is larger than")?;
        Ok(Some(updated))
    }

    /// The document that an upsert inserts where `filter` found none, `_id` included and first.
    pub(crate) fn upsert(&self, filter: &RawDocument, context: &Context) -> Result<RawDocumentBuf> {
        let (base, inserted) = match self {
            Update::Operators(operators) => {
                let base = upsert::equalities(filter)?;
                let inserted = operators.apply(&base, None, true, context)?;
                (base, inserted)
            }
            Update::Replacement(replacement) => {
                let base = upsert::equal_id(filter)?;
                let inserted = replacement.apply(&base);
                (base, Some(inserted))
            }
            Update::Pipeline(pipeline) => {
                let base = upsert::equalities(filter)?;
                let inserted = pipeline.apply(&base, context)?;
                (base, Some(inserted))
            }
        };
        let inserted = upsert::with_id_first(inserted.unwrap_or_else(|| base.clone()), &base, context)?;
        check::valid_id(&inserted)?;
        check::size(&inserted, Code(17420), "Document to upsert is larger than")?;
        Ok(inserted)
    }
}

/// Whether a document is one of operators: its first field says so.
fn is_operators(document: &RawDocument) -> bool {
    fields(document).next().is_some_and(|(name, _)| name.starts_with('$'))
}
