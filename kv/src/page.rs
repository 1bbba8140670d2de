//! Walking a range of items a page at a time: what query and scan share.
//!
//! A page ends before the item that would bring the evaluated items over 1 MB, but holds at least one; or with the item
//! that reaches the request's limit. Items are counted before the filter, and by their whole size.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use millpond_engine::{RangeRequest, Read};

use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::expression::{Condition, Projection, legacy};
use crate::model::{self, ConditionalOperator, Select};
use crate::read_item::{attribute, partial, whole};
use crate::source::Source;
use crate::value::{AttributeValue, Item, ItemView};
use crate::write_item::check_partition;
use crate::{Error, Result, key, layout};

/// The most bytes of items that one page evaluates.
pub(crate) const MAX_PAGE_BYTES: usize = 1 << 20;

/// Where to walk.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) from: Bound<Vec<u8>>,
    pub(crate) to: Bound<Vec<u8>>,
    pub(crate) reverse: bool,
    /// Row key of the last item of the page before.
    pub(crate) resume_after: Option<Vec<u8>>,
    /// The most items to evaluate.
    pub(crate) limit: usize,
}

/// What to give back of the items on the way.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    /// The partition key that all rows must hold, attribute by attribute; empty where rows of many partitions are read.
    pub(crate) partition: &'a [AttributeValue],
    pub(crate) filter: Option<&'a Condition>,
    pub(crate) projection: Option<&'a Projection>,
    pub(crate) count_only: bool,
    /// Whether the items are taken from the table and not from the index.
    pub(crate) fetch: bool,
    /// Whether the filter sees no more than the index holds, also where items are fetched.
    pub(crate) filters_entries: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) count: usize,
    pub(crate) scanned_count: usize,
    pub(crate) scanned_bytes: usize,
    /// Consistent read units of what was fetched from the table.
    pub(crate) fetched_units: f64,
    pub(crate) last_evaluated_key: Option<Item>,
    /// The row key of the last item that was evaluated in the last range, if there was one.
    pub(crate) last_row: Option<Bytes>,
    /// Whether the page ended for its bounds.
    pub(crate) is_full: bool,
}

impl Page {
    /// What reading it cost.
    pub(crate) fn consumption(&self, source: Source<'_>, is_consistent: bool) -> Consumption {
        let units = capacity::read_units(self.scanned_bytes, is_consistent);
        source.consumption(units, if is_consistent { self.fetched_units } else { self.fetched_units / 2.0 })
    }
}

pub(crate) fn read(
    catalog: &Catalog,
    reader: &mut impl Read,
    source: Source<'_>,
    walk: &Walk,
    selection: &Selection<'_>,
) -> Result<Page> {
    let mut page = Page::default();
    extend(&mut page, catalog, reader, source, walk, selection)?;
    Ok(page)
}

/// Reads on in another range. What the page holds already counts for its bounds, and the walk's limit is of the whole page.
pub(crate) fn extend(
    page: &mut Page,
    catalog: &Catalog,
    reader: &mut impl Read,
    source: Source<'_>,
    walk: &Walk,
    selection: &Selection<'_>,
) -> Result<()> {
    (page.last_evaluated_key, page.last_row) = (None, None);
    let mut resume = walk.resume_after.clone();
    loop {
        let wanted = walk.limit.saturating_sub(page.scanned_count).clamp(1, 1000);
        let bounds = RangeRequest::between(borrow(&walk.from), borrow(&walk.to)).reverse_if(walk.reverse).limit(wanted);
        let request = match &resume {
            Some(key) => bounds.resume_after(key),
            None => bounds,
        };
        let rows = reader.range(source.keyspace(catalog), &request)?;
        let mut last: Option<(Bytes, ItemView)> = None;
        for (row, value) in rows.entries {
            let view = layout::view(value)?;
            let bytes = view.size_bytes();
            if page.scanned_count > 0 && page.scanned_bytes + bytes > MAX_PAGE_BYTES {
                page.is_full = true;
                // Where there is none, the last row came with the range page before, which has ended there.
                return last.map_or(Ok(()), |last| end_at(page, source, last));
            }
            page.scanned_count += 1;
            page.scanned_bytes += bytes;
            let fetched = if selection.fetch { Some(fetch(page, catalog, reader, source, &view)?) } else { None };
            select(page, source, &view, fetched.as_ref(), selection)?;
            last = Some((row, view));
            if page.scanned_count >= walk.limit {
                break;
            }
        }
        last.map_or(Ok(()), |last| end_at(page, source, last))?;
        if page.scanned_count >= walk.limit {
            page.is_full = true;
            return Ok(());
        }
        resume = match rows.resume {
            Some(key) => Some(key.to_vec()),
            None => {
                page.last_evaluated_key = None;
                return Ok(());
            }
        };
    }
}

fn end_at(page: &mut Page, source: Source<'_>, (row, view): (Bytes, ItemView)) -> Result<()> {
    page.last_evaluated_key = Some(stored_key(source, &view)?);
    page.last_row = Some(row);
    Ok(())
}

/// The item that an entry of an index stands for.
fn fetch(
    page: &mut Page,
    catalog: &Catalog,
    reader: &mut impl Read,
    source: Source<'_>,
    entry: &ItemView,
) -> Result<ItemView> {
    let key = partial(entry, source.table.keys.names())?;
    let row = key::of_request(source.table, &key)?;
    let stored = reader.get(&catalog.items, &row)?;
    let item = layout::view(stored.ok_or_else(|| layout::corrupt(layout::INDEXES, "an entry's item is not there"))?)?;
    page.fetched_units += capacity::read_units(item.size_bytes(), true);
    Ok(item)
}

fn select(
    page: &mut Page,
    source: Source<'_>,
    entry: &ItemView,
    fetched: Option<&ItemView>,
    selection: &Selection<'_>,
) -> Result<()> {
    let view = fetched.unwrap_or(entry);
    let filtered = if selection.filters_entries { entry } else { view };
    // An item that is given back whatever it holds is decoded once, for this check too.
    let gives_all = selection.filter.is_none() && selection.projection.is_none() && !selection.count_only;
    let decoded = gives_all.then(|| whole(view)).transpose()?;
    for (key, asked) in source.keys().partition_attributes().zip(selection.partition) {
        match &decoded {
            Some(item) => check_partition(source.table, Some(asked), item.get(&key.name))?,
            None => check_partition(source.table, Some(asked), attribute(view, &key.name)?.as_ref())?,
        }
    }
    if let Some(filter) = selection.filter
        && !filter.evaluate(Some(&partial(filtered, filter.top_level_names())?))
    {
        return Ok(());
    }
    page.count += 1;
    if !selection.count_only {
        page.items.push(match (decoded, selection.projection) {
            (Some(item), _) => item,
            (None, Some(projection)) => projection.apply(&partial(view, projection.top_level_names())?),
            (None, None) => whole(view)?,
        });
    }
    Ok(())
}

fn stored_key(source: Source<'_>, view: &ItemView) -> Result<Item> {
    partial(view, source.key_names().into_iter())
}

fn borrow(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// The `Limit` parameter as a number of items.
pub(crate) fn limit(limit: Option<i64>) -> usize {
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The filter and the projection in the parameters from before expressions.
pub(crate) fn legacy(
    filter: Option<&BTreeMap<String, model::Condition>>,
    operator: Option<ConditionalOperator>,
    attributes_to_get: Option<&[String]>,
) -> Result<(Option<Condition>, Option<Projection>)> {
    legacy::check_operator(operator, filter.map_or(0, BTreeMap::len))?;
    let projection = attributes_to_get.map(legacy::attributes_to_get).transpose()?;
    let filter = filter.map(|filter| legacy::filter(filter, operator)).transpose()?.flatten();
    Ok((filter, projection))
}

/// Checks `Limit`.
pub(crate) fn check_limit(constraints: &mut Constraints, limit: Option<i64>) {
    if let Some(limit) = limit {
        constraints.between(limit, "limit", 1, i64::from(i32::MAX));
    }
}

/// The parameter that tells which parts of items to return.
pub(crate) fn projected_by(has_projection: bool, is_legacy: bool) -> Option<&'static str> {
    has_projection.then_some(if is_legacy { "AttributesToGet" } else { "ProjectionExpression" })
}

/// Checks that `Select` goes with the other parameters, and says whether only a count is wanted.
///
/// `projection` is the parameter that has one, `verb` what the operation calls itself.
pub(crate) fn check_select(
    select: Option<Select>,
    projection: Option<&str>,
    has_index: bool,
    verb: &str,
) -> Result<bool> {
    match select {
        Some(Select::AllProjectedAttributes) if !has_index => Err(Error::invalid_parameters(format_args!(
            "ALL_PROJECTED_ATTRIBUTES can be used only when {verb} using an IndexName"
        ))),
        Some(Select::SpecificAttributes) if projection.is_none() => Err(Error::invalid_parameters(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        )),
        Some(select @ (Select::Count | Select::AllAttributes | Select::AllProjectedAttributes)) => match projection {
            None => Ok(select == Select::Count),
            Some(parameter) => {
                let got = if select == Select::Count { "only the Count" } else { select.as_str() };
                Err(Error::validation(format!("Cannot specify the {parameter} when choosing to get {got}")))
            }
        },
        None | Some(Select::SpecificAttributes) => Ok(false),
    }
}
