//! `$match`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        rows::{EachRow, each},
        stage::{Stage, Stages, View, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    filter::Filter,
    value::{ArrayBuilder, DocumentBuilder, fields, items},
};

/// Lets documents pass that match a filter.
#[derive(Debug)]
pub(crate) struct Match {
    document: RawDocumentBuf,
    pub(crate) filter: Filter,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(15959), "the match filter must be an expression in an object");
    };
    if mentions(document, &["$near", "$nearSphere", "$geoNear"]) {
        return refuse(Code(5_626_500), "$geoNear, $near, and $nearSphere are not allowed in this context");
    }
    one(Match::parse(document.to_owned(), scope.context)?)
}

impl Match {
    pub(super) fn parse(document: RawDocumentBuf, context: &Context) -> Result<Match> {
        let filter = Filter::parse(&document, context)?;
        Ok(Match { document, filter })
    }

    /// What both let pass.
    pub(in crate::aggregation) fn and(&self, other: &Match, context: &Context) -> Result<Match> {
        let mut both = ArrayBuilder::new();
        // Side by side, so that many stages after each other do not nest.
        let mut first = fields(&self.document);
        match (first.next(), first.next()) {
            (Some(("$and", RawBsonRef::Array(array))), None) => both.push_all(array),
            _ => both.push(RawBsonRef::Document(&self.document)),
        }
        both.push(RawBsonRef::Document(&other.document));
        let mut document = DocumentBuilder::new();
        document.append_owned("$and", &RawBson::Array(both.finish()));
        Match::parse(document.finish(), context)
    }

    /// Whether the filter searches for text, which only an index can answer.
    pub(in crate::aggregation) fn is_text(&self) -> bool {
        mentions(&self.document, &["$text"])
    }
}

/// Whether a filter has one of these operators at a place where an operator stands.
fn mentions(filter: &RawDocument, operators: &[&str]) -> bool {
    fields(filter).any(|(name, value)| match value {
        _ if operators.contains(&name) => true,
        RawBsonRef::Array(array) if matches!(name, "$and" | "$or" | "$nor") => {
            items(array).any(|item| matches!(item, RawBsonRef::Document(filter) if mentions(filter, operators)))
        }
        RawBsonRef::Document(inner) if !name.starts_with('$') => {
            fields(inner).next().is_some_and(|(first, _)| first.starts_with('$'))
                && fields(inner).any(|(name, _)| operators.contains(&name))
        }
        _ => false,
    })
}

impl Stage for Match {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        each(self, input, context)
    }

    fn view(&self) -> View<'_> {
        View::Match(self)
    }
}

impl EachRow for Match {
    fn each(&self, row: Row, context: &Context, _: &mut Execution<'_>) -> Result<Option<Row>> {
        Ok(self.filter.matches(&row.doc, context)?.then_some(row))
    }
}
