//! Reading all items of a table, or of one of several equal shares of it.

use std::ops::Bound;

use millpond_engine::Read;

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::expression::{self, Condition, Kind, Projection, Substitutions};
use crate::model::{ScanOutput, ScanRequest};
use crate::page::{self, Selection, Walk};
use crate::source::Source;
use crate::value::Item;
use crate::{Error, Result, capacity, key, layout};

const MAX_SEGMENTS: i64 = 1_000_000;

/// A share of a table: which one, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) segment: u32,
    pub(crate) total: u32,
}

/// A request whose own checks have passed.
pub(crate) struct Scan<'a> {
    request: &'a ScanRequest,
    table_name: &'a str,
    segment: Option<Segment>,
    filter: Option<Condition>,
    projection: Option<Projection>,
    count_only: bool,
}

pub(crate) fn check(request: &ScanRequest) -> Result<Scan<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    check_constraints(request)?;
    let segment = segment(request.segment, request.total_segments)?;
    let (names, values) = (request.expression_attribute_names.as_ref(), request.expression_attribute_values.as_ref());
    let (filter, projection) = (request.filter_expression.as_deref(), request.projection_expression.as_deref());
    let expressions = [(Kind::Projection, projection), (Kind::Filter, filter)];
    let legacy = [
        ("AttributesToGet", request.attributes_to_get.is_some()),
        ("ScanFilter", request.scan_filter.is_some()),
        ("ConditionalOperator", request.conditional_operator.is_some()),
    ];
    expression::check_parameters(&expressions, &legacy, names.is_some(), values.is_some())?;
    let (legacy_filter, legacy_projection) =
        page::legacy(request.scan_filter.as_ref(), request.conditional_operator, request.attributes_to_get.as_deref())?;
    let mut substitutions = Substitutions::new(names, values)?;
    let filter = filter.map(|text| expression::condition(Kind::Filter, text, &mut substitutions)).transpose()?;
    let projection = projection.map(|text| expression::projection(text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    let (filter, projection) = (filter.or(legacy_filter), projection.or(legacy_projection));
    let has_index = request.index_name.is_some();
    let projected_by = page::projected_by(projection.is_some(), request.attributes_to_get.is_some());
    let count_only = page::check_select(request.select, projected_by, has_index, "Scanning")?;
    Ok(Scan { request, table_name, segment, filter, projection, count_only })
}

fn check_constraints(request: &ScanRequest) -> Result<()> {
    let mut constraints = Constraints::default();
    if let Some(name) = &request.index_name {
        constraints::index_name(&mut constraints, name, "indexName");
    }
    page::check_limit(&mut constraints, request.limit);
    if let Some(segment) = request.segment {
        constraints.between(segment, "segment", 0, MAX_SEGMENTS - 1);
    }
    if let Some(total) = request.total_segments {
        constraints.between(total, "totalSegments", 1, MAX_SEGMENTS);
    }
    constraints.finish()
}

fn segment(segment: Option<i64>, total: Option<i64>) -> Result<Option<Segment>> {
    match (segment, total) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Error::validation(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is \
             present",
        )),
        (None, Some(_)) => Err(Error::validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is \
             present",
        )),
        (Some(segment), Some(total)) => match (u32::try_from(segment), u32::try_from(total)) {
            (Ok(segment), Ok(total)) if segment < total => Ok(Some(Segment { segment, total })),
            _ => Err(Error::validation(format!(
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: \
                 {segment} is not less than TotalSegments: {total}"
            ))),
        },
    }
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, scan: &Scan<'_>) -> Result<ScanOutput> {
    let request = scan.request;
    let table = catalog.need(reader, scan.table_name)?;
    let source = Source::find(&table, request.index_name.as_deref(), request.consistent_read)?;
    let nested = scan.projection.iter().flat_map(Projection::nested_names);
    let nested = nested.chain(scan.filter.iter().flat_map(Condition::nested_names));
    key::check_paths(&table, nested)?;
    let filtered = scan.filter.iter().flat_map(Condition::top_level_names);
    let fetch = source.fetches(request.select, scan.projection.as_ref(), filtered)?;
    let mut walk = walk(source, scan.segment);
    walk.limit = page::limit(request.limit);
    if let Some(start) = &request.exclusive_start_key {
        walk.resume_after = Some(start_row(source, start, scan.segment, &walk)?);
    }
    let selection = Selection {
        partition: &[],
        filter: scan.filter.as_ref(),
        projection: scan.projection.as_ref(),
        count_only: scan.count_only,
        fetch,
        filters_entries: false,
    };
    let page = page::read(catalog, reader, source, &walk, &selection)?;
    let consumption = page.consumption(source, request.consistent_read);
    Ok(ScanOutput {
        items: (!scan.count_only).then_some(page.items),
        count: page.count,
        scanned_count: page.scanned_count,
        last_evaluated_key: page.last_evaluated_key,
        consumed_capacity: capacity::report(request.return_consumed_capacity, &request.table_name, &consumption),
    })
}

/// All rows of a segment; without one, of the table or the index.
pub(crate) fn walk(source: Source<'_>, segment: Option<Segment>) -> Walk {
    let Segment { segment, total } = segment.unwrap_or(Segment { segment: 0, total: 1 });
    let (from, to) = layout::segment_bounds(&source.prefix(), segment, total);
    Walk { from, to, reverse: false, resume_after: None, limit: usize::MAX }
}

fn start_row(source: Source<'_>, start: &Item, segment: Option<Segment>, walk: &Walk) -> Result<Vec<u8>> {
    let row = source.start_row(start)?;
    if let (Some(Segment { segment, total }), Bound::Included(from), Bound::Excluded(to)) =
        (segment, &walk.from, &walk.to)
        && !(from.as_slice() <= row.as_slice() && row.as_slice() < to.as_slice())
    {
        return Err(Error::validation(format!(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with \
             correct Segment. TotalSegments: {total} Segment: {segment}"
        )));
    }
    Ok(row)
}
