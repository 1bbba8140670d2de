//! What is left of a filter once an index has been scanned: the conditions that the bounds do not say all of.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    filter::{Compare, Filter, Node},
    index::FieldKind,
    plan::{IndexScan, bounds::intervals, candidate::path_of},
    value::{ArrayBuilder, DocumentBuilder, fields, items},
};

/// The conditions of a filter that the scan does not answer, as they are shown; `None` if it answers all.
pub(crate) fn residual(scan: &IndexScan, filter: &Filter, context: &Context) -> Option<RawDocumentBuf> {
    let printed = filter.to_bson();
    let mut left = Vec::new();
    for condition in conditions(&printed) {
        if !Filter::parse(condition, context).is_ok_and(|parsed| is_exact(parsed.root(), scan, context)) {
            left.push(condition);
        }
    }
    join(&left)
}

fn join(conditions: &[&RawDocument]) -> Option<RawDocumentBuf> {
    match conditions {
        [] => None,
        [only] => Some((*only).to_owned()),
        several => {
            let (mut array, mut document) = (ArrayBuilder::new(), DocumentBuilder::new());
            several.iter().for_each(|condition| array.push(RawBsonRef::Document(condition)));
            document.append("$and", &*array.finish());
            Some(document.finish())
        }
    }
}

/// The conditions of a conjunction that has been printed.
fn conditions(printed: &RawDocument) -> Vec<&RawDocument> {
    match fields(printed).next() {
        None => Vec::new(),
        Some(("$and", RawBsonRef::Array(all))) => items(all).filter_map(|item| item.as_document()).collect(),
        Some(_) => vec![printed],
    }
}

/// Whether what is within the bounds is what matches.
pub(crate) fn is_exact(node: &Node, scan: &IndexScan, context: &Context) -> bool {
    let collation = context.collation.as_deref();
    if let Node::And(all) = node {
        return all.iter().all(|node| is_exact(node, scan, context));
    }
    let Some(path) = path_of(node) else { return false };
    let Some(at) = scan.paths().iter().position(|own| *own == path) else { return false };
    let (Some(field), Some(bounds)) = (scan.index.fields.get(at), scan.bounds.get(at)) else { return false };
    let multikey = scan.index.row.multikey.get(at).copied().unwrap_or(false);
    let told = match node {
        Node::Compare { op, value, .. } => tells(*op, value.as_raw_bson_ref()),
        Node::In { values, regexes, .. } => {
            regexes.is_empty() && values.iter().all(|value| tells(Compare::Eq, value.as_raw_bson_ref()))
        }
        Node::Regex { regex, .. } => regex.prefix_is_all && collation.is_none() && scan.index.collation.is_none(),
        Node::Not(inner) => match &**inner {
            Node::Compare { op: Compare::Eq, value, .. } => !multikey && tells(Compare::Eq, value.as_raw_bson_ref()),
            _ => false,
        },
        _ => false,
    };
    told && scan.between.is_none()
        && field.kind != FieldKind::Hashed
        && intervals(node, &scan.index, collation).is_some_and(|own| bounds.are_within(&own))
}

/// Whether a key says if a comparison holds.
fn tells(op: Compare, value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Null | RawBsonRef::Undefined | RawBsonRef::Array(_) => false,
        RawBsonRef::MinKey | RawBsonRef::MaxKey => op == Compare::Eq,
        _ => true,
    }
}
