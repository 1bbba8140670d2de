//! Choosing between plans.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument};

use crate::{
    catalog::Collection,
    error::{Code, Result, refuse},
    exec,
    execution::Execution,
    filter::{Compare, Node},
    index::{FieldKind, Index, RecordId, bound},
    model::Hint,
    plan::{
        Cover, IndexScan, Plan, Query,
        candidate::{candidates, is_implied, predicates, provides, scans},
        interval::{Intervals, component},
        is_exact, shape,
    },
    store::Store,
    value::{Path, fields},
};

/// The plan for a query, and those that were not taken.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) plan: Plan,
    pub(crate) rejected: Vec<Plan>,
    /// Whether it was taken as before.
    pub(crate) from_cache: bool,
}

impl Chosen {
    fn only(plan: Plan) -> Chosen {
        Chosen { plan, rejected: Vec::new(), from_cache: false }
    }
}

/// The most plans that are tried against each other.
const MOST_TRIED: usize = 6;

/// Chooses a plan.
///
/// # Errors
/// [`Code::BAD_VALUE`] for a hint that no index fits.
pub(crate) fn choose(
    collection: Option<&Arc<Collection>>,
    query: &Query,
    store: &Arc<Store>,
    execution: &mut Execution<'_>,
) -> Result<Chosen> {
    let Some(collection) = collection else { return Ok(Chosen::only(Plan::Eof)) };
    if let Some(plan) = super::special::plan(collection, query)? {
        return Ok(Chosen::only(sorted(plan, query)));
    }
    if let Some(reverse) = hinted_natural(query.hint.as_ref())?.or(query.natural) {
        return Ok(Chosen::only(sorted_unless(query.natural.is_some(), scan_all(collection, query, reverse)?, query)));
    }
    if let Some(hint) = &query.hint {
        return hinted(collection, query, hint);
    }
    if query.min.is_some() || query.max.is_some() {
        return refuse(Code(51173), "When using min()/max() a hint of which index to use must be provided");
    }
    if let Some(plan) = by_id(collection, query) {
        return Ok(Chosen::only(plan));
    }
    let mut plans = plans(collection, query)?;
    match plans.len() {
        0 => Ok(Chosen::only(sorted(scan_all(collection, query, false)?, query))),
        1 => Ok(Chosen::only(plans.remove(0))),
        _ => by_trial(collection, query, plans, store, execution),
    }
}

/// All plans that use indexes, the likely best first.
fn plans(collection: &Collection, query: &Query) -> Result<Vec<Plan>> {
    let root = query.filter.root();
    let collation = query.context.collation.as_deref();
    if collection.clustered && bounds_id(root) {
        return Ok(Vec::new());
    }
    let mut scans = candidates(collection, root, collation);
    scans.sort_by_key(|scan| std::cmp::Reverse(rank(scan)));
    // A unique index with a point for each field finds one document at most: nothing is better.
    if let Some(best) = scans.iter().position(|scan| {
        scan.index.unique && scan.bounds.iter().all(Intervals::is_one_point) && !scan.index.is_multikey()
    }) {
        let best = scans.remove(best);
        scans = vec![best];
    }
    let mut plans: Vec<Plan> = scans.iter().map(|scan| finish(scan.clone(), query)).collect();
    if let Some(merged) = query.sort.as_ref().and_then(|_| scans.iter().find_map(|scan| merge(scan, query))) {
        plans.push(merged);
    }
    if plans.is_empty() {
        plans = either(collection, query)?;
    }
    if query.sort.is_some() && (plans.is_empty() || plans.iter().all(Plan::blocks)) {
        plans.extend(in_order(collection, query));
    }
    Ok(plans)
}

fn rank(scan: &IndexScan) -> (usize, bool, std::cmp::Reverse<usize>) {
    let points = scan.points();
    let range = scan.bounds.get(points).is_some_and(|bounds| !bounds.is_all());
    (points, range, std::cmp::Reverse(scan.bounds.len()))
}

/// Completes a scan: in the direction of the sort, with or without documents, sorted if it is not.
fn finish(mut scan: IndexScan, query: &Query) -> Plan {
    let collation = query.context.collation.as_deref();
    let direction = query.sort.as_ref().and_then(|sort| provides(&scan, sort, collation));
    scan.reverse = direction.unwrap_or(false);
    let plan = over(scan, query);
    sorted_unless(direction.is_some(), plan, query)
}

fn over(scan: IndexScan, query: &Query) -> Plan {
    if let Some(wanted) = wanted(query)
        && query.context.collation.is_none()
        && let Some(cover) = Cover::new(&scan, &wanted, query.filter.root())
    {
        return Plan::Covered { scan, cover, filter: query.filter.clone() };
    }
    Plan::Fetch { input: Box::new(Plan::IxScan(scan)), filter: Some(query.filter.clone()) }
}

/// The paths that the result is made of and is sorted by, if there is nothing else to it.
fn wanted(query: &Query) -> Option<Vec<Path>> {
    let mut wanted = query.covered.clone()?;
    if let Some(sort) = &query.sort {
        wanted.extend(sort.index_pattern()?.into_iter().map(|(path, _)| path.clone()));
    }
    Some(wanted)
}

fn sorted(plan: Plan, query: &Query) -> Plan {
    sorted_unless(false, plan, query)
}

fn sorted_unless(in_order: bool, plan: Plan, query: &Query) -> Plan {
    match &query.sort {
        Some(pattern) if !in_order && !pattern.is_empty() => {
            Plan::Sort { input: Box::new(plan), pattern: Arc::clone(pattern), limit: query.limit }
        }
        _ => plan,
    }
}

/// Whole indexes that have the order of the sort.
fn in_order(collection: &Collection, query: &Query) -> Vec<Plan> {
    let collation = query.context.collation.as_deref();
    let Some(sort) = &query.sort else { return Vec::new() };
    let root = query.filter.root();
    let usable = |index: &&Arc<Index>| index.is_plain() && !index.sparse && is_implied(index, root, collation);
    let in_order = collection.usable_indexes().filter(usable).filter_map(|index| {
        let mut scan = IndexScan::whole(index);
        scan.reverse = provides(&scan, sort, collation)?;
        Some(over(scan, query))
    });
    in_order.collect()
}

/// Plans for alternatives: one scan for each, if each has an index.
fn either(collection: &Collection, query: &Query) -> Result<Vec<Plan>> {
    let collation = query.context.collation.as_deref();
    let alternatives = query.filter.alternatives(&query.context)?;
    if alternatives.is_empty() {
        let any = match query.filter.root() {
            Node::Or(any) => Some(any),
            Node::And(all) => all.iter().find_map(|node| if let Node::Or(any) = node { Some(any) } else { None }),
            _ => None,
        };
        let best = |node| candidates(collection, node, collation).into_iter().max_by_key(rank).map(Plan::IxScan);
        let inputs: Option<Vec<Plan>> = any.and_then(|any| any.iter().map(best).collect());
        let plan = |inputs| {
            let any = Plan::Or { inputs };
            sorted(Plan::Fetch { input: Box::new(any), filter: Some(query.filter.clone()) }, query)
        };
        return Ok(inputs.map(plan).into_iter().collect());
    }
    let (mut inputs, mut ordered) = (Vec::new(), Vec::new());
    for alternative in alternatives {
        let mut scans = candidates(collection, alternative.root(), collation);
        scans.sort_by_key(|scan| std::cmp::Reverse(rank(scan)));
        let in_order = query.sort.as_ref().and_then(|sort| {
            scans.iter().find_map(|scan| Some(IndexScan { reverse: provides(scan, sort, collation)?, ..scan.clone() }))
        });
        let fetched = |scan| Plan::Fetch { input: Box::new(Plan::IxScan(scan)), filter: Some(alternative.clone()) };
        ordered.push(in_order.map(fetched));
        let Some(best) = scans.into_iter().next() else { return Ok(Vec::new()) };
        let exact = is_exact(alternative.root(), &best, &query.context);
        inputs.push(if exact { Plan::IxScan(best) } else { fetched(best) });
    }
    let all_fetched = inputs.iter().all(|input| matches!(input, Plan::Fetch { .. }));
    let any = Plan::Or { inputs };
    let fetched = || Plan::Fetch { input: Box::new(any.clone()), filter: Some(query.filter.clone()) };
    let mut plans = vec![sorted(if all_fetched { any.clone() } else { fetched() }, query)];
    let ordered: Option<Vec<Plan>> = ordered.into_iter().collect();
    if let (Some(inputs), Some(pattern)) = (ordered, &query.sort) {
        plans.insert(0, Plan::SortMerge { inputs, pattern: Arc::clone(pattern) });
    }
    Ok(plans)
}

/// Several points and then the order of the sort: one scan for each point, merged.
fn merge(scan: &IndexScan, query: &Query) -> Option<Plan> {
    const MOST: usize = 200;
    let sort = query.sort.as_ref()?;
    let collation = query.context.collation.as_deref();
    let at = scan.bounds.iter().position(|bounds| !bounds.is_one_point())?;
    let points = scan.bounds.get(at).filter(|bounds| bounds.are_points() && bounds.0.len() <= MOST)?;
    if scan.index.is_multikey() {
        return None;
    }
    let mut inputs = Vec::with_capacity(points.0.len());
    for point in &points.0 {
        let mut part = scan.clone();
        *part.bounds.get_mut(at)? = Intervals(vec![point.clone()]);
        part.reverse = provides(&part, sort, collation)?;
        inputs.push(Plan::Fetch { input: Box::new(Plan::IxScan(part)), filter: Some(query.filter.clone()) });
    }
    Some(Plan::SortMerge { inputs, pattern: Arc::clone(sort) })
}

/// `{ _id: value }` and nothing else.
fn by_id(collection: &Collection, query: &Query) -> Option<Plan> {
    let Node::Compare { path, op: Compare::Eq, value } = query.filter.root() else { return None };
    // What is only counted needs no document.
    if query.covered.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let value_ref = value.as_raw_bson_ref();
    let same =
        query.context.collation.as_deref() == collection.collation.as_deref() || !super::bounds::has_strings(value_ref);
    let plain = !matches!(value_ref, RawBsonRef::Array(_) | RawBsonRef::RegularExpression(_) | RawBsonRef::Null);
    (path.as_str() == "_id" && same && plain && (collection.clustered || collection.id_index().is_some()))
        .then(|| Plan::IdLookup { id: value.clone() })
}

fn bounds_id(root: &Node) -> bool {
    predicates(root).iter().any(|predicate| predicate.path.as_str() == "_id")
}

/// All documents; of a clustered collection those between the bounds of `_id`.
fn scan_all(collection: &Collection, query: &Query, reverse: bool) -> Result<Plan> {
    let (mut from, mut to) = (None, None);
    if collection.clustered {
        let collation = query.context.collation.as_deref();
        let mut bounds = Intervals::all();
        for predicate in predicates(query.filter.root()).iter().filter(|predicate| predicate.path.as_str() == "_id") {
            let order = collection.collation.as_deref() == collation;
            if let Some(more) = super::bounds::record_intervals(predicate.node, order, collation) {
                bounds = bounds.intersect(&more);
            }
        }
        let low = bounds.0.first().map(|interval| &interval.low);
        let high = bounds.0.last().map(|interval| &interval.high);
        if bounds.0.is_empty() {
            return Ok(Plan::Eof);
        }
        from = low.and_then(|low| record_bound(low, true));
        to = high.and_then(|high| record_bound(high, false));
    }
    Ok(Plan::CollScan { reverse, from, to, filter: query.filter.clone() })
}

/// The record that a scan starts at (inclusive), or ends before.
fn record_bound(bound: &std::ops::Bound<Vec<u8>>, low: bool) -> Option<RecordId> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    match (bound, low) {
        (Unbounded, _) => None,
        (Included(value), true) | (Excluded(value), false) => Some(RecordId(value.clone().into())),
        (Excluded(value), true) | (Included(value), false) => {
            millpond_engine::key::prefix_end(value).map(|value| RecordId(value.into()))
        }
    }
}

fn hinted_natural(hint: Option<&Hint>) -> Result<Option<bool>> {
    match hint {
        Some(Hint::Keys(keys)) => crate::sort::natural(keys),
        _ => Ok(None),
    }
}

/// The index that a hint means.
pub(crate) fn find_index<'c>(collection: &'c Collection, hint: &Hint) -> Result<&'c Arc<Index>> {
    let found =
        collection.indexes.iter().filter(|index| !index.row.building && !index.hidden).find(|index| match hint {
            Hint::Name(name) => *index.name == **name,
            Hint::Keys(keys) => same_keys(&index.key_pattern, keys),
        });
    match found {
        Some(index) => Ok(index),
        None => refuse(
            Code::BAD_VALUE,
            "error processing query: planner returned error: hint provided does not correspond to an existing index",
        ),
    }
}

pub(crate) fn same_keys(a: &RawDocument, b: &RawDocument) -> bool {
    let (mut left, mut right) = (fields(a), fields(b));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some((name, a)), Some((other, b))) if name == other && crate::value::values_equal(a, b) => {}
            _ => return false,
        }
    }
}

fn hinted(collection: &Arc<Collection>, query: &Query, hint: &Hint) -> Result<Chosen> {
    let is_cluster = |keys: &RawDocument| collection.clustered && fields(keys).map(|(name, _)| name).eq(["_id"]);
    if matches!(hint, Hint::Keys(keys) if is_cluster(keys)) {
        return Ok(Chosen::only(sorted(scan_all(collection, query, false)?, query)));
    }
    let index = find_index(collection, hint)?;
    let collation = query.context.collation.as_deref();
    let root = query.filter.root();
    if query.min.is_some() || query.max.is_some() {
        return Ok(Chosen::only(between(index, query)?));
    }
    let mut ways = scans(index, root, &predicates(root), collation);
    ways.sort_by_key(|scan| std::cmp::Reverse(rank(scan)));
    let wildcard = index.fields.iter().any(|field| matches!(field.kind, FieldKind::Wildcard { .. }));
    let scan = match ways.into_iter().next() {
        Some(scan) => scan,
        None if wildcard => {
            return refuse(
                Code::NO_QUERY_EXECUTION_PLANS,
                "error processing query: planner returned error: No query solutions",
            );
        }
        None => IndexScan::whole(index),
    };
    Ok(Chosen::only(finish(scan, query)))
}

/// A scan between `min` and `max`.
fn between(index: &Arc<Index>, query: &Query) -> Result<Plan> {
    let mut scan = IndexScan::whole(index);
    let fits = |bound: &RawDocument| {
        index.is_plain() && fields(bound).map(|(name, _)| name).eq(fields(&index.key_pattern).map(|(name, _)| name))
    };
    for bound in query.min.iter().chain(&query.max) {
        if !fits(bound) {
            return refuse(
                Code(51174),
                "The index chosen is not compatible with min/max: the keys of the index and of the bound differ",
            );
        }
    }
    let encoded = |bound: &RawDocument| {
        let mut components = Vec::new();
        for (index_field, (_, value)) in index.fields.iter().zip(fields(bound)) {
            let mut part = component(value, index.collation.as_ref());
            if index_field.kind == FieldKind::Descending {
                crate::index::encode::invert(&mut part);
            }
            components.extend_from_slice(&part);
        }
        components
    };
    let low = query.min.as_deref().map(|min| bound(&encoded(min)).to_vec());
    let high = query.max.as_deref().map(encoded).and_then(|max| match bound(&max) {
        cut if cut.len() < max.len() => millpond_engine::key::prefix_end(cut),
        _ => Some(max),
    });
    scan.between = Some((low, high));
    if let (Some(min), Some(max)) = (&query.min, &query.max)
        && encoded(min) >= encoded(max)
    {
        return refuse(
            Code(51175),
            "The value provided for min() does not come before the value provided for max() in the index",
        );
    }
    let direction = query.sort.as_ref().and_then(|sort| provides(&scan, sort, query.context.collation.as_deref()));
    scan.reverse = direction.unwrap_or(false);
    Ok(sorted_unless(direction.is_some(), over(scan, query), query))
}

/// Runs plans a little, by turns, and takes the one that finds most for its work.
fn by_trial(
    collection: &Arc<Collection>,
    query: &Query,
    mut plans: Vec<Plan>,
    store: &Arc<Store>,
    execution: &mut Execution<'_>,
) -> Result<Chosen> {
    let shape = shape(query);
    let known = collection.plans.lock().get(&shape).cloned();
    if let Some(name) = known
        && let Some(at) = plans.iter().position(|plan| signature(plan) == name)
    {
        let plan = plans.swap_remove(at);
        return Ok(Chosen { plan, rejected: plans, from_cache: true });
    }
    plans.truncate(MOST_TRIED);
    let scores = exec::trial(collection, &plans, query, store, execution)?;
    let best = scores
        .iter()
        .enumerate()
        .max_by(|(at, a), (other, b)| a.total_cmp(b).then(other.cmp(at)))
        .map_or(0, |(at, _)| at);
    let plan = plans.remove(best);
    const MOST_REMEMBERED: usize = 1000;
    let mut remembered = collection.plans.lock();
    if remembered.len() < MOST_REMEMBERED {
        remembered.insert(shape, signature(&plan));
    }
    drop(remembered);
    Ok(Chosen { plan, rejected: plans, from_cache: false })
}

/// What tells the plans of one query apart.
fn signature(plan: &Plan) -> String {
    let mut text = if plan.blocks() { "sort".to_owned() } else { String::new() };
    if matches!(plan, Plan::SortMerge { .. }) {
        text.push_str("merge");
    }
    for scan in plan.scans() {
        text.push_str(&scan.index.name);
        text.push_str(scan.wildcard_path.as_ref().map_or("", |path| path.as_str()));
        text.push(if scan.is_bounded() { '+' } else { '-' });
    }
    text
}
