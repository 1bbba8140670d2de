//! Plans by text and by distance.

use std::sync::Arc;

use crate::{
    catalog::Collection,
    collation::Collation,
    error::{Code, Result, refuse},
    exec::{CellScan, Exec, NearScan, Scene, TextScan},
    filter::{Compare, Filter, Node},
    geo::{KeyRange, Near, index2dsphere, near::Unit},
    index::{
        FieldKind, Index, bound,
        encode::{encode, invert},
    },
    plan::{
        Plan, Query,
        bounds::has_strings,
        candidate::{candidates, is_implied, predicates},
    },
    text::Search,
    value::Path,
};

/// What only an index of a special kind can answer.
#[derive(Debug, Clone)]
pub(crate) enum Special {
    /// What a `$text` finds, with its score. The filter is checked.
    Text { index: Arc<Index>, prefix: Vec<u8>, search: Arc<Search>, filter: Filter },
    /// What a `$near` finds, nearest first, with its distance. The filter is checked.
    Near { index: Arc<Index>, path: Path, prefix: Option<Vec<u8>>, near: Near, filter: Filter },
    /// Records that have a geometry in some cells.
    Cells { index: Arc<Index>, prefix: Vec<u8>, cells: Vec<KeyRange> },
}

impl Special {
    /// Opens it.
    pub(crate) fn open(&self, scene: &Scene) -> Box<dyn Exec> {
        match self {
            Special::Text { index, prefix, search, filter } => {
                Box::new(TextScan::new(scene.clone(), index, prefix, search, filter.clone()))
            }
            Special::Near { index, path, prefix, near, filter } => {
                Box::new(NearScan::new(scene.clone(), index, path.clone(), prefix.as_deref(), near, filter.clone()))
            }
            Special::Cells { index, prefix, cells } => {
                Box::new(CellScan::new(scene.clone(), index, ranges(prefix, cells)))
            }
        }
    }

    pub(crate) fn index(&self) -> &Arc<Index> {
        match self {
            Special::Text { index, .. } | Special::Near { index, .. } | Special::Cells { index, .. } => index,
        }
    }

    /// The name of the stage.
    pub(crate) fn stage(&self) -> &'static str {
        match self {
            Special::Text { .. } => "TEXT_MATCH",
            Special::Near { index, .. } if index.two_d.is_some() => "GEO_NEAR_2D",
            Special::Near { .. } => "GEO_NEAR_2DSPHERE",
            Special::Cells { .. } => "IXSCAN",
        }
    }
}

/// The ranges of an index's keys with these cells after a prefix.
pub(crate) fn ranges(prefix: &[u8], cells: &[KeyRange]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let after = |cell: u64| [prefix, &cell.to_be_bytes()].concat();
    let range = |(first, last): &KeyRange| {
        let end = match last.checked_add(1) {
            Some(end) => Some(after(end)),
            None => millpond_engine::key::prefix_end(&after(*last)),
        };
        (after(*first), end)
    };
    cells.iter().map(range).collect()
}

/// The plan of a filter that has `$text` or `$near`, or of one on places for which there is no better index.
///
/// # Errors
/// [`Code::INDEX_NOT_FOUND`] for `$text` without an index, [`Code::NO_QUERY_EXECUTION_PLANS`] for `$near` without one, and for
/// either where no index can be used.
pub(crate) fn plan(collection: &Collection, query: &Query) -> Result<Option<Plan>> {
    let root = query.filter.root();
    let has_text = query.filter.has_text();
    if has_text && query.filter.has_near() {
        return refuse(Code::BAD_VALUE, "text and geoNear not allowed in same query");
    }
    if has_text {
        return text(collection, query).map(Some);
    }
    if query.filter.has_near() {
        return near(collection, query).map(Some);
    }
    let is_place = |node: &Node| matches!(node, Node::GeoWithin { .. } | Node::GeoIntersects { .. });
    let is_free = query.hint.is_none() && query.natural.is_none();
    if !is_free || !conditions(root).into_iter().any(is_place) {
        return Ok(None);
    }
    if !candidates(collection, root, query.context.collation.as_deref()).is_empty() {
        return Ok(None);
    }
    Ok(place(collection, query))
}

/// The conditions of a conjunction.
fn conditions(root: &Node) -> Vec<&Node> {
    match root {
        Node::And(all) => all.iter().flat_map(conditions).collect(),
        node => vec![node],
    }
}

fn usable<'c>(collection: &'c Collection, query: &'c Query) -> impl Iterator<Item = &'c Arc<Index>> {
    let collation = query.context.collation.as_deref();
    collection.usable_indexes().filter(move |index| is_implied(index, query.filter.root(), collation))
}

fn text(collection: &Collection, query: &Query) -> Result<Plan> {
    let root = query.filter.root();
    let Some((index, spec)) = usable(collection, query).find_map(|index| Some((index, index.text.as_ref()?.spec())))
    else {
        return refuse(Code::INDEX_NOT_FOUND, "text index required for $text query");
    };
    let wanted =
        conditions(root).into_iter().find_map(|node| if let Node::Text(text) = node { Some(text) } else { None });
    let Some(wanted) = wanted else {
        return refuse(Code::NO_QUERY_EXECUTION_PLANS, "Failed to produce a solution for TEXT under OR");
    };
    if query.hint.is_some() {
        return refuse(Code::BAD_VALUE, "text and hint not allowed in same query");
    }
    let Some(prefix) = prefix(index, FieldKind::Text, root, query.context.collation.as_deref()) else {
        let message = "failed to use text index to satisfy $text query (if text index is compound, are equality \
                       predicates given for all prefix fields?)";
        return refuse(Code::NO_QUERY_EXECUTION_PLANS, message);
    };
    Ok(Plan::Special(Special::Text {
        index: Arc::clone(index),
        prefix,
        search: Arc::new(wanted.search(spec)),
        filter: query.filter.clone(),
    }))
}

fn near(collection: &Collection, query: &Query) -> Result<Plan> {
    let root = query.filter.root();
    let wanted = conditions(root).into_iter().find_map(|node| match node {
        Node::Near { path, near } => Some((path, near)),
        _ => None,
    });
    let Some((path, near)) = wanted else {
        return refuse(Code::BAD_VALUE, "geo $near must be top-level expr");
    };
    by_distance(collection, query, path, near)
}

/// The plan of `$geoNear` for the documents that the query's filter matches. Without a key it is the field that has an index of
/// places, if only one has.
///
/// # Errors
/// [`Code::INDEX_NOT_FOUND`] without a key and such a field, [`Code::NO_QUERY_EXECUTION_PLANS`] if the field's index cannot
/// measure so.
pub(crate) fn geo_near(collection: &Collection, query: &Query, key: Option<&Path>, near: &Near) -> Result<Plan> {
    if let Some(path) = key {
        return by_distance(collection, query, path, near);
    }
    let fields = |kind: FieldKind| -> Vec<&Path> {
        let fields = usable(collection, query).flat_map(|index| &index.fields);
        fields.filter(|field| field.kind == kind).map(|field| &field.path).collect()
    };
    match (fields(FieldKind::TwoD).as_slice(), fields(FieldKind::TwoDSphere).as_slice()) {
        ([path], _) | ([], [path]) => by_distance(collection, query, path, near),
        ([], []) => refuse(Code::INDEX_NOT_FOUND, "$geoNear requires a 2d or 2dsphere index, but none were found"),
        _ => refuse(
            Code::INDEX_NOT_FOUND,
            format!("There is more than one geo index on {}; unsure which to use for $geoNear", collection.namespace),
        ),
    }
}

fn by_distance(collection: &Collection, query: &Query, path: &Path, near: &Near) -> Result<Plan> {
    let root = query.filter.root();
    let kinds: &[FieldKind] = match near.unit() {
        Unit::Metres => &[FieldKind::TwoDSphere],
        Unit::Radians => &[FieldKind::TwoDSphere, FieldKind::TwoD],
        Unit::Plane => &[FieldKind::TwoD],
    };
    let found = kinds.iter().find_map(|kind| {
        let has = |index: &&Arc<Index>| index.fields.iter().any(|field| field.kind == *kind && field.path == *path);
        usable(collection, query).find(has).map(|index| (index, *kind))
    });
    let Some((index, kind)) = found else {
        return refuse(
            Code::NO_QUERY_EXECUTION_PLANS,
            "error processing query: planner returned error: unable to find index for $geoNear query",
        );
    };
    let prefix = match index.fields.iter().find(|field| field.kind == kind) {
        Some(field) if field.path == *path => prefix(index, kind, root, query.context.collation.as_deref()),
        _ => None,
    };
    Ok(Plan::Special(Special::Near {
        index: Arc::clone(index),
        path: path.clone(),
        prefix,
        near: near.clone(),
        filter: query.filter.clone(),
    }))
}

/// A scan for `$geoWithin` or `$geoIntersects`, if an index has the place.
fn place(collection: &Collection, query: &Query) -> Option<Plan> {
    let root = query.filter.root();
    let collation = query.context.collation.as_deref();
    for condition in conditions(root) {
        for index in usable(collection, query) {
            let kind = if index.two_d.is_some() { FieldKind::TwoD } else { FieldKind::TwoDSphere };
            let Some(field) = index.fields.iter().find(|field| field.kind == kind) else { continue };
            let cells = match (condition, &index.two_d) {
                (Node::GeoWithin { path, .. } | Node::GeoIntersects { path, .. }, _) if *path != field.path => None,
                (Node::GeoWithin { shape, .. }, None) => index2dsphere::of_within(shape),
                (Node::GeoWithin { shape, .. }, Some(grid)) => grid.grid().of_within(shape),
                (Node::GeoIntersects { shape, .. }, None) => Some(index2dsphere::of_intersects(shape)),
                _ => None,
            };
            if let (Some(cells), Some(prefix)) = (cells, prefix(index, kind, root, collation)) {
                let scan = Plan::Special(Special::Cells { index: Arc::clone(index), prefix, cells });
                return Some(Plan::Fetch { input: Box::new(scan), filter: Some(query.filter.clone()) });
            }
        }
    }
    None
}

/// The components of the fields before the first one of a kind; none unless each is compared for equality.
fn prefix(index: &Index, kind: FieldKind, root: &Node, collation: Option<&Collation>) -> Option<Vec<u8>> {
    let predicates = predicates(root);
    let mut prefix = Vec::new();
    for field in index.fields.iter().take_while(|field| field.kind != kind) {
        let value = predicates.iter().find_map(|predicate| match predicate.node {
            Node::Compare { op: Compare::Eq, value, .. } if predicate.path == field.path => {
                Some(value.as_raw_bson_ref())
            }
            _ => None,
        })?;
        let is_plain = matches!(field.kind, FieldKind::Ascending | FieldKind::Descending);
        let is_same = index.collation.as_ref() == collation || !has_strings(value);
        // What arrays and undefined values match is more than their own key.
        if !is_plain || !is_same || matches!(value, bson::RawBsonRef::Array(_) | bson::RawBsonRef::Undefined) {
            return None;
        }
        let start = prefix.len();
        encode(&mut prefix, value, index.collation.as_ref());
        if field.kind == FieldKind::Descending {
            invert(prefix.get_mut(start..)?);
        }
    }
    (bound(&prefix).len() == prefix.len()).then_some(prefix)
}

#[cfg(test)]
mod tests;
