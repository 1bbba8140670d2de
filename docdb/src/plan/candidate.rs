//! Which indexes can answer a filter, and with which bounds.

use std::{ops::Bound, sync::Arc};

use bson::{RawBsonRef, RawDocument};

use crate::{
    catalog::Collection,
    collation::Collation,
    filter::{Compare, Node},
    index::{FieldKind, Index, bound, encode::invert, hash_component},
    plan::{
        bounds::{intervals, matches_missing},
        interval::{Interval, Intervals, component},
    },
    sort::SortPattern,
    value::Path,
};

/// A condition on a path, out of the conjunction that a filter is.
#[derive(Debug, Clone)]
pub(crate) struct Predicate<'f> {
    pub(crate) path: Path,
    pub(crate) node: &'f Node,
    /// Conditions of one `$elemMatch` hold for the same item of an array; they share this.
    group: Option<Group>,
}

/// An `$elemMatch`: its number, and how many parts of its conditions' paths lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    number: usize,
    parts: usize,
}

impl Predicate<'_> {
    /// Within the item that its `$elemMatch` is about, the first name of the path.
    fn name_in_item(&self) -> Option<&str> {
        self.path.parts().get(self.group?.parts).map(|part| &*part.name)
    }
}

/// The conditions of a conjunction, those within `$elemMatch` with their whole paths.
pub(crate) fn predicates(root: &Node) -> Vec<Predicate<'_>> {
    let mut found = Vec::new();
    collect(root, None, None, &mut 0, &mut found);
    found
}

fn collect<'f>(
    node: &'f Node,
    prefix: Option<&Path>,
    group: Option<Group>,
    groups: &mut usize,
    found: &mut Vec<Predicate<'f>>,
) {
    match node {
        Node::And(all) => all.iter().for_each(|node| collect(node, prefix, group, groups, found)),
        Node::ElemMatchObject { path, filter } => {
            *groups += 1;
            let whole = prefix.map_or_else(|| path.clone(), |prefix| prefix.join(path));
            let group = Group { number: *groups, parts: whole.parts().len() };
            collect(filter, Some(&whole), Some(group), groups, found);
        }
        node => {
            if let Some(path) = path_of(node) {
                // An item that is an array has its indexes for names here, which keys of indexes do not.
                if group.is_some() && path.parts().first().is_some_and(|part| part.index.is_some()) {
                    return;
                }
                let path = match prefix {
                    Some(prefix) => prefix.join(path),
                    None => path.clone(),
                };
                found.push(Predicate { path, node, group });
            }
        }
    }
}

/// The path that a condition is on.
pub(crate) fn path_of(node: &Node) -> Option<&Path> {
    match node {
        Node::Compare { path, .. }
        | Node::In { path, .. }
        | Node::Exists { path }
        | Node::Type { path, .. }
        | Node::Regex { path, .. }
        | Node::Size { path, .. }
        | Node::Mod { path, .. }
        | Node::Bits { path, .. }
        | Node::ElemMatchValue { path, .. } => Some(path),
        Node::Not(inner) => path_of(inner),
        _ => None,
    }
}

/// Keys of an index without its id: from (inclusive), to (exclusive; `None` is the end of the index).
pub(crate) type KeyRange = (Vec<u8>, Option<Vec<u8>>);

/// The least key and the end of keys, each if it is given.
type Between = (Option<Vec<u8>>, Option<Vec<u8>>);

/// An index with the part of it that has to be scanned.
#[derive(Debug, Clone)]
pub(crate) struct IndexScan {
    pub(crate) index: Arc<Index>,
    /// For each field of the index, in the ascending order of values.
    pub(crate) bounds: Vec<Intervals>,
    pub(crate) reverse: bool,
    /// Of a wildcard index, the path that is scanned.
    pub(crate) wildcard_path: Option<Path>,
    /// `min` and `max`, encoded, in place of bounds.
    pub(crate) between: Option<Between>,
}

impl IndexScan {
    /// The whole index.
    pub(crate) fn whole(index: &Arc<Index>) -> IndexScan {
        let bounds = vec![Intervals::all(); index.fields.len()];
        IndexScan { index: Arc::clone(index), bounds, reverse: false, wildcard_path: None, between: None }
    }

    /// The paths of the fields, a wildcard's being the path that is scanned.
    pub(crate) fn paths(&self) -> Vec<&Path> {
        self.index
            .fields
            .iter()
            .map(|field| match (&field.kind, &self.wildcard_path) {
                (FieldKind::Wildcard { .. }, Some(path)) => path,
                _ => &field.path,
            })
            .collect()
    }

    /// How many of the first fields have points only.
    pub(crate) fn points(&self) -> usize {
        self.bounds.iter().take_while(|bounds| bounds.are_points()).count()
    }

    /// Whether it is one range of keys: points, then at most one interval.
    pub(crate) fn is_one_range(&self) -> bool {
        let mut rest = self.bounds.iter().skip_while(|bounds| bounds.is_one_point());
        self.between.is_none() && rest.next().is_none_or(|bounds| bounds.0.len() == 1) && rest.all(Intervals::is_all)
    }

    /// The fields whose bounds the ranges of keys leave open: those behind the first that has more than points.
    pub(crate) fn open_fields(&self) -> Vec<usize> {
        if self.between.is_some() || !self.index.is_plain() {
            return Vec::new();
        }
        let behind = self.points() + 1;
        (behind..self.bounds.len()).filter(|at| self.bounds.get(*at).is_some_and(|bounds| !bounds.is_all())).collect()
    }

    /// Whether a document with one key in the index, of these values, may be within the bounds of some fields.
    pub(crate) fn admits(&self, values: &RawDocument, fields: &[usize]) -> bool {
        let mut all = crate::value::fields(values).map(|(_, value)| value);
        let mut next = 0;
        fields.iter().all(|at| {
            let value = all.nth(at - next);
            next = at + 1;
            let bounds = self.bounds.get(*at);
            value
                .zip(bounds)
                .is_none_or(|(value, bounds)| bounds.hold(&component(value, self.index.collation.as_ref())))
        })
    }

    /// Whether any field is bounded.
    pub(crate) fn is_bounded(&self) -> bool {
        self.bounds.first().is_some_and(|bounds| !bounds.is_all()) || self.wildcard_path.is_some()
    }

    /// The ranges of keys to scan, in the ascending order of keys.
    pub(crate) fn ranges(&self) -> Vec<KeyRange> {
        const MOST: usize = 4096;
        if let Some((min, max)) = &self.between {
            return vec![(min.clone().unwrap_or_default(), max.clone())];
        }
        let mut ranges = Vec::new();
        self.descend(0, Vec::new(), &mut ranges, MOST);
        // Points that keys are too short to tell apart are one range, so that no key is met twice.
        let mut apart: Vec<KeyRange> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match apart.last_mut() {
                Some((_, end)) if end.as_ref().is_none_or(|end| *end > from) => {
                    if end.is_some() && (to.is_none() || to > *end) {
                        *end = to;
                    }
                }
                _ => apart.push((from, to)),
            }
        }
        apart
    }

    fn descend(&self, at: usize, prefix: Vec<u8>, ranges: &mut Vec<KeyRange>, most: usize) {
        let (Some(bounds), Some(field)) = (self.bounds.get(at), self.index.fields.get(at)) else {
            let from = bound(&prefix).to_vec();
            let end = millpond_engine::key::prefix_end(&from);
            ranges.push((from, end));
            return;
        };
        let prefix = match (&field.kind, &self.wildcard_path) {
            (FieldKind::Wildcard { .. }, Some(path)) => {
                let mut prefix = prefix;
                prefix.extend_from_slice(&component(RawBsonRef::String(path.as_str()), None));
                prefix
            }
            _ => prefix,
        };
        let descending = matches!(field.kind, FieldKind::Descending | FieldKind::Wildcard { descending: true });
        let intervals: Box<dyn Iterator<Item = &Interval>> =
            if descending { Box::new(bounds.0.iter().rev()) } else { Box::new(bounds.0.iter()) };
        for interval in intervals {
            let (low, high) = oriented(interval, descending);
            if interval.is_point() && ranges.len() < most {
                let mut longer = prefix.clone();
                if let Bound::Included(value) = &low {
                    longer.extend_from_slice(value);
                }
                self.descend(at + 1, longer, ranges, most);
            } else {
                ranges.push(range(&prefix, &low, &high));
            }
        }
    }
}

fn oriented(interval: &Interval, descending: bool) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    if !descending {
        return (interval.low.clone(), interval.high.clone());
    }
    let inverted = |bound: &Bound<Vec<u8>>| {
        bound.as_ref().map(|value| {
            let mut value = value.clone();
            invert(&mut value);
            value
        })
    };
    (inverted(&interval.high), inverted(&interval.low))
}

fn range(prefix: &[u8], low: &Bound<Vec<u8>>, high: &Bound<Vec<u8>>) -> (Vec<u8>, Option<Vec<u8>>) {
    let with = |value: &[u8]| {
        let mut whole = prefix.to_vec();
        whole.extend_from_slice(value);
        let cut = bound(&whole).len() < whole.len();
        whole.truncate(bound(&whole).len());
        (whole, cut)
    };
    let past = |whole: Vec<u8>| millpond_engine::key::prefix_end(&whole);
    let from = match low {
        Bound::Unbounded => bound(prefix).to_vec(),
        Bound::Included(value) => with(value).0,
        Bound::Excluded(value) => match with(value) {
            (whole, true) => whole,
            (whole, false) => past(whole).unwrap_or_default(),
        },
    };
    let to = match high {
        Bound::Unbounded => past(bound(prefix).to_vec()),
        Bound::Included(value) => past(with(value).0),
        Bound::Excluded(value) => match with(value) {
            (whole, true) => past(whole),
            (whole, false) => Some(whole),
        },
    };
    (from, to)
}

/// The scans of all indexes that narrow a conjunction down.
pub(crate) fn candidates(collection: &Collection, root: &Node, collation: Option<&Collation>) -> Vec<IndexScan> {
    let predicates = predicates(root);
    let mut found = Vec::new();
    for index in collection.usable_indexes() {
        found.extend(scans(index, root, &predicates, collation).into_iter().filter(IndexScan::is_bounded));
    }
    found
}

/// The ways to scan one index: one, but for a wildcard index, which is as many as there are paths.
pub(crate) fn scans(
    index: &Arc<Index>,
    root: &Node,
    predicates: &[Predicate<'_>],
    collation: Option<&Collation>,
) -> Vec<IndexScan> {
    if !is_implied(index, root, collation) {
        return Vec::new();
    }
    let special = |kind: FieldKind| matches!(kind, FieldKind::Text | FieldKind::TwoD | FieldKind::TwoDSphere);
    if index.fields.iter().any(|field| special(field.kind)) {
        return Vec::new();
    }
    match index.fields.iter().position(|field| matches!(field.kind, FieldKind::Wildcard { .. })) {
        None => vec![scan(index, predicates, collation, None)],
        Some(at) => {
            let Some(field) = index.fields.get(at) else { return Vec::new() };
            let mut paths: Vec<&Path> = predicates
                .iter()
                .filter(|predicate| is_of_leaves(predicate.node))
                .map(|predicate| &predicate.path)
                .filter(|path| field.path.as_str().is_empty() || path.starts_with(&field.path))
                .filter(|path| index.wildcard.as_ref().is_none_or(|projection| projection.covers(path.as_str())))
                .filter(|path| path.parts().iter().all(|part| part.index.is_none()))
                .collect();
            paths.sort_unstable();
            paths.dedup();
            paths
                .into_iter()
                .map(|path| scan(index, predicates, collation, Some(path)))
                .filter(|scan| !scan.bounds.get(at).is_none_or(Intervals::is_all) || at > 0)
                .collect()
        }
    }
}

fn scan(
    index: &Arc<Index>,
    predicates: &[Predicate<'_>],
    collation: Option<&Collation>,
    wildcard_path: Option<&Path>,
) -> IndexScan {
    let mut bounds = Vec::with_capacity(index.fields.len());
    // What the fields so far are bounded by, where arrays may be on the way.
    let mut used: Vec<&Predicate<'_>> = Vec::new();
    for (at, field) in index.fields.iter().enumerate() {
        let wildcard = matches!(field.kind, FieldKind::Wildcard { .. });
        let path = if wildcard { wildcard_path.unwrap_or(&field.path) } else { &field.path };
        let multikey = wildcard || index.row.multikey.get(at).copied().unwrap_or(false);
        let here = predicates
            .iter()
            .filter(|predicate| predicate.path == *path && (!wildcard || is_of_leaves(predicate.node)))
            .filter(|predicate| is_told(predicate, multikey));
        if !multikey {
            let all = here.filter_map(|predicate| field_intervals(index, field.kind, predicate.node, collation));
            bounds.push(all.fold(Intervals::all(), |bounds, more| bounds.intersect(&more)));
            continue;
        }
        // Each condition may hold for another item of an array, so that one of them bounds the scan.
        let best = here
            .filter(|predicate| used.iter().all(|other| are_together(other, predicate)))
            .filter_map(|predicate| Some((field_intervals(index, field.kind, predicate.node, collation)?, predicate)))
            .max_by_key(|(intervals, _)| tightness(intervals));
        let Some((intervals, predicate)) = best else {
            bounds.push(Intervals::all());
            continue;
        };
        if !intervals.is_all() {
            used.push(predicate);
        }
        bounds.push(intervals);
    }
    IndexScan { index: Arc::clone(index), bounds, reverse: false, wildcard_path: wildcard_path.cloned(), between: None }
}

/// Whether one key of a document meets two conditions if the document does: their paths part before any array, or they are
/// of one `$elemMatch` and part at once within its item.
fn are_together(a: &Predicate<'_>, b: &Predicate<'_>) -> bool {
    a.path.head() != b.path.head() || (a.group.is_some() && a.group == b.group && a.name_in_item() != b.name_in_item())
}

/// Whether a document that meets a condition has a key within its intervals. Paths may lead nowhere at all, through arrays or
/// by an index, where a key is null nonetheless.
fn is_told(predicate: &Predicate<'_>, multikey: bool) -> bool {
    let by_index = predicate.path.parts().iter().any(|part| part.index.is_some());
    match predicate.node {
        Node::Not(_) if by_index => false,
        Node::Not(inner) if multikey && predicate.path.parts().len() > 1 => {
            matches!(**inner, Node::Exists { .. }) || !matches_missing(inner)
        }
        node => !by_index || !matches_missing(node),
    }
}

/// Whether a condition is on single values, which a wildcard index has all of: documents and arrays are in it by what they
/// contain, and what is missing is not.
fn is_of_leaves(node: &Node) -> bool {
    let leaf = |value: RawBsonRef<'_>| {
        !matches!(
            value,
            RawBsonRef::Document(_)
                | RawBsonRef::Array(_)
                | RawBsonRef::Null
                | RawBsonRef::Undefined
                | RawBsonRef::MinKey
                | RawBsonRef::MaxKey
        )
    };
    match node {
        Node::Compare { value, .. } => leaf(value.as_raw_bson_ref()),
        Node::In { values, .. } => values.iter().all(|value| leaf(value.as_raw_bson_ref())),
        Node::Regex { .. } | Node::Mod { .. } => true,
        Node::ElemMatchValue { filter, .. } => is_of_leaves(filter),
        Node::And(all) => all.iter().all(is_of_leaves),
        _ => false,
    }
}

fn tightness(intervals: &Intervals) -> u8 {
    if intervals.0.is_empty() {
        4
    } else if intervals.is_one_point() {
        3
    } else if intervals.are_points() {
        2
    } else {
        u8::from(!intervals.is_all())
    }
}

fn field_intervals(index: &Index, kind: FieldKind, node: &Node, collation: Option<&Collation>) -> Option<Intervals> {
    if matches!(kind, FieldKind::Wildcard { .. }) && asks_for_an_object(node) {
        return None;
    }
    if kind != FieldKind::Hashed {
        return intervals(node, index, collation);
    }
    if index.collation.as_ref() != collation || index.collation.is_some() {
        return None;
    }
    let shown = |value: RawBsonRef<'_>| {
        let component = hash_component(value);
        let number = crate::index::hash_of(value);
        let shown = (format!("[{number}"), format!("{number}]"));
        Interval { low: Bound::Included(component.clone()), high: Bound::Included(component), shown }
    };
    match node {
        Node::Compare { op: Compare::Eq, value, .. } if value.as_array().is_none() => {
            Some(Intervals(vec![shown(value.as_raw_bson_ref())]))
        }
        Node::In { values, regexes, .. }
            if regexes.is_empty() && !values.iter().any(|value| value.as_array().is_some()) =>
        {
            let points = values.iter().map(|value| shown(value.as_raw_bson_ref())).collect();
            Some(Intervals::none().union(Intervals(points)))
        }
        _ => None,
    }
}

/// Whether a condition may hold for an object: a wildcard index has the object's fields, but not the object.
fn asks_for_an_object(node: &Node) -> bool {
    match node {
        Node::Compare { op: Compare::Eq, value, .. } => has_object(value.as_raw_bson_ref()),
        Node::Compare { value, .. } => value.as_document().is_some() || has_object(value.as_raw_bson_ref()),
        Node::In { values, .. } => values.iter().any(|value| has_object(value.as_raw_bson_ref())),
        Node::ElemMatchValue { filter, .. } => asks_for_an_object(filter),
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().any(asks_for_an_object),
        Node::Not(inner) => asks_for_an_object(inner),
        _ => false,
    }
}

/// Whether a value is an object with fields, or an array with one. The nesting of values is bounded.
fn has_object(value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Document(document) => !document.is_empty(),
        RawBsonRef::Array(array) => crate::value::items(array).any(has_object),
        _ => false,
    }
}

/// Whether all documents that match are in the index: it is not partial, or the filter implies its condition.
pub(crate) fn is_implied(index: &Index, root: &Node, collation: Option<&Collation>) -> bool {
    match &index.partial {
        Some(partial) => implies(root, partial.root(), index, collation),
        None => true,
    }
}

/// Whether a document that matches `query` matches `condition`.
fn implies(query: &Node, condition: &Node, index: &Index, collation: Option<&Collation>) -> bool {
    match (query, condition) {
        (_, Node::And(all)) => all.iter().all(|condition| implies(query, condition, index, collation)),
        (Node::Or(any), condition) if !any.is_empty() => {
            any.iter().all(|query| implies(query, condition, index, collation))
        }
        (_, Node::Or(any)) => any.iter().any(|condition| implies(query, condition, index, collation)),
        (Node::And(all), _) => all.iter().any(|query| implies(query, condition, index, collation)),
        (query, Node::Exists { path }) => {
            path_of(query) == Some(path) && !matches!(query, Node::Not(_)) && !matches_missing(query)
        }
        (Node::Type { path, types }, Node::Type { path: of, types: wanted }) => path == of && types == wanted,
        (
            Node::Compare { path, .. } | Node::In { path, .. },
            Node::Compare { path: of, .. } | Node::In { path: of, .. },
        ) => {
            let same = index.collation.as_ref() == collation;
            let within = |query: &Node, condition: &Node| {
                Some(intervals(query, index, collation)?.are_within(&intervals(condition, index, collation)?))
            };
            // The intervals of these conditions hold more than what matches.
            let wide = |value: &bson::RawBson| {
                matches!(value, bson::RawBson::Array(_) | bson::RawBson::MinKey | bson::RawBson::MaxKey)
            };
            let is_wide = match condition {
                Node::Compare { value, .. } => wide(value),
                Node::In { values, .. } => values.iter().any(wide),
                _ => true,
            };
            path == of && same && !is_wide && within(query, condition) == Some(true)
        }
        _ => false,
    }
}

/// Whether a scan yields documents in the order of a sort, and then in which direction it has to go.
pub(crate) fn provides(scan: &IndexScan, sort: &SortPattern, collation: Option<&Collation>) -> Option<bool> {
    let wanted = sort.index_pattern()?;
    let index = &scan.index;
    if index.row.truncated || scan.wildcard_path.is_some() || index.collation.as_ref() != collation {
        return None;
    }
    // The first key of a document within the bounds is the one that it is sorted by, unless bounds leave out some of its keys.
    let is_multikey = |at: usize| index.row.multikey.get(at).copied().unwrap_or(false);
    let narrowed = scan.bounds.iter().enumerate().any(|(at, bounds)| is_multikey(at) && !bounds.is_all());
    let mut wanted = wanted.into_iter().peekable();
    let mut reverse = None;
    for (at, (field, bounds)) in index.fields.iter().zip(&scan.bounds).enumerate() {
        let multikey = is_multikey(at);
        let pinned = bounds.is_one_point() && !multikey;
        let Some((path, descending)) = wanted.peek() else { break };
        let matches = **path == field.path && matches!(field.kind, FieldKind::Ascending | FieldKind::Descending);
        if matches && pinned {
            wanted.next();
            continue;
        }
        if matches && (!multikey || !narrowed) {
            let backwards = *descending != (field.kind == FieldKind::Descending);
            if *reverse.get_or_insert(backwards) != backwards {
                return None;
            }
            wanted.next();
            continue;
        }
        if !pinned {
            return None;
        }
    }
    // A sort by what is pinned all over has one value only.
    wanted.peek().is_none().then(|| reverse.unwrap_or(false))
}
