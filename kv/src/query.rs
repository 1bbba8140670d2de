//! Reading the items of one partition.

use std::ops::Bound;

use millpond_engine::{Read, key::prefix_end};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::expression::{
    self, Condition, KeyCondition, KeySelection, Kind, Projection, SortCondition, Substitutions, legacy,
};
use crate::key::{KeyAttribute, Keys, check_size, has_type};
use crate::model::{QueryOutput, QueryRequest};
use crate::page::{self, Selection, Walk};
use crate::source::Source;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result, capacity, key};

/// A request whose own checks have passed.
pub(crate) struct Query<'a> {
    request: &'a QueryRequest,
    table_name: &'a str,
    key_condition: KeyCondition,
    filter: Option<Condition>,
    projection: Option<Projection>,
    count_only: bool,
}

pub(crate) fn check(request: &QueryRequest) -> Result<Query<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    check_constraints(request)?;
    let (names, values) = (request.expression_attribute_names.as_ref(), request.expression_attribute_values.as_ref());
    let key_text = request.key_condition_expression.as_deref();
    let (filter, projection) = (request.filter_expression.as_deref(), request.projection_expression.as_deref());
    let expressions = [(Kind::Projection, projection), (Kind::Filter, filter), (Kind::KeyCondition, key_text)];
    let legacy = [
        ("AttributesToGet", request.attributes_to_get.is_some()),
        ("QueryFilter", request.query_filter.is_some()),
        ("ConditionalOperator", request.conditional_operator.is_some()),
        // It may stand beside expressions, but not beside the one that replaces it.
        ("KeyConditions", request.key_conditions.is_some() && key_text.is_some()),
    ];
    expression::check_parameters(&expressions, &legacy, names.is_some(), values.is_some())?;
    let (legacy_filter, legacy_projection) = page::legacy(
        request.query_filter.as_ref(),
        request.conditional_operator,
        request.attributes_to_get.as_deref(),
    )?;
    let mut substitutions = Substitutions::new(names, values)?;
    let key_condition = match (key_text, &request.key_conditions) {
        (Some(text), _) => expression::key_condition(text, &mut substitutions)?,
        (None, Some(conditions)) => legacy::key_conditions(conditions)?,
        (None, None) => {
            return Err(Error::validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
            ));
        }
    };
    let filter = filter.map(|text| expression::condition(Kind::Filter, text, &mut substitutions)).transpose()?;
    let projection = projection.map(|text| expression::projection(text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    if request.index_name.is_none() {
        key_condition.check_count()?;
    }
    let (filter, projection) = (filter.or(legacy_filter), projection.or(legacy_projection));
    let has_index = request.index_name.is_some();
    let projected_by = page::projected_by(projection.is_some(), request.attributes_to_get.is_some());
    let count_only = page::check_select(request.select, projected_by, has_index, "Querying")?;
    Ok(Query { request, table_name, key_condition, filter, projection, count_only })
}

fn check_constraints(request: &QueryRequest) -> Result<()> {
    let mut constraints = Constraints::default();
    if let Some(name) = &request.index_name {
        constraints::index_name(&mut constraints, name, "indexName");
    }
    if request.limit.is_some_and(|limit| limit < 1) {
        // Unlike a scan's, this text does not repeat the value.
        constraints.breaks_at("Limit", "Member must have value greater than or equal to 1");
    }
    constraints.finish()
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, query: &Query<'_>) -> Result<QueryOutput> {
    let request = query.request;
    let table = catalog.need(reader, query.table_name)?;
    let source = Source::find(&table, request.index_name.as_deref(), request.consistent_read)?;
    let keys = source.keys();
    let selected = query.key_condition.resolve(keys)?;
    check_types(keys, &selected)?;
    let filter_name = if request.query_filter.is_some() { "QueryFilter" } else { "Filter Expression" };
    check_filter(keys, query.filter.as_ref(), filter_name)?;
    let nested = query.projection.iter().flat_map(Projection::nested_names);
    let nested = nested.chain(query.filter.iter().flat_map(Condition::nested_names));
    key::check_paths(&table, nested)?;
    let filtered = query.filter.iter().flat_map(Condition::top_level_names);
    let fetch = source.fetches(request.select, query.projection.as_ref(), filtered)?;
    let mut walk = walk(source, &selected)?;
    walk.reverse = request.scan_index_forward == Some(false);
    walk.limit = page::limit(request.limit);
    if let Some(start) = &request.exclusive_start_key {
        walk.resume_after = Some(start_row(source, start, &selected, &walk)?);
    }
    let selection = Selection {
        partition: &selected.partition,
        filter: query.filter.as_ref(),
        projection: query.projection.as_ref(),
        count_only: query.count_only,
        fetch,
        filters_entries: false,
    };
    let page = page::read(catalog, reader, source, &walk, &selection)?;
    let consumption = page.consumption(source, request.consistent_read);
    Ok(QueryOutput {
        items: (!query.count_only).then_some(page.items),
        count: page.count,
        scanned_count: page.scanned_count,
        last_evaluated_key: page.last_evaluated_key,
        consumed_capacity: capacity::report(request.return_consumed_capacity, &request.table_name, &consumption),
    })
}

pub(crate) fn check_types(keys: &Keys, selected: &KeySelection) -> Result<()> {
    let check = |attribute: &KeyAttribute, value: &AttributeValue, partition: bool| {
        if !has_type(value, attribute.attribute_type) {
            return Err(Error::invalid_parameters("Condition parameter type does not match schema type"));
        }
        check_size(&attribute.name, value, partition)
    };
    for (attribute, value) in keys.partition_attributes().zip(&selected.partition) {
        check(attribute, value, true)?;
    }
    let mut sort_attributes = keys.sort_attributes();
    for (value, attribute) in selected.equal.iter().zip(&mut sort_attributes) {
        check(attribute, value, false)?;
    }
    if let (Some(sort), Some(attribute)) = (&selected.sort, sort_attributes.next()) {
        sort.operands().try_for_each(|operand| check(attribute, operand, false))?;
    }
    Ok(())
}

fn check_filter(keys: &Keys, filter: Option<&Condition>, parameter: &str) -> Result<()> {
    let mut names = filter.into_iter().flat_map(Condition::top_level_names);
    match names.find(|name| keys.names().any(|key| key == *name)) {
        Some(name) => Err(Error::validation(format!(
            "{parameter} can only contain non-primary key attributes: Primary key attribute: {name}"
        ))),
        None => Ok(()),
    }
}

/// The rows that a key condition selects, all of them and ascending.
pub(crate) fn walk(source: Source<'_>, selected: &KeySelection) -> Result<Walk> {
    let prefix = source.partition_prefix(&selected.partition, &selected.equal)?;
    let first = |sort: &AttributeValue| source.first(&prefix, sort);
    let last = |sort: &AttributeValue| source.last(&prefix, sort);
    let start = Bound::Included(prefix.clone());
    let end = prefix_end(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
    let (from, to) = match &selected.sort {
        None => (start, end),
        Some(SortCondition::Equal(sort)) => (Bound::Included(first(sort)?), last(sort)?),
        Some(SortCondition::Less(sort)) => (start, Bound::Excluded(first(sort)?)),
        Some(SortCondition::LessOrEqual(sort)) => (start, last(sort)?),
        Some(SortCondition::Greater(sort)) => (source.beyond(&prefix, sort)?, end),
        Some(SortCondition::GreaterOrEqual(sort)) => (Bound::Included(first(sort)?), end),
        Some(SortCondition::Between(low, high)) => (Bound::Included(first(low)?), last(high)?),
        Some(SortCondition::BeginsWith(start)) => {
            (Bound::Included(first(start)?), source.end_of_start(&prefix, start)?)
        }
    };
    Ok(Walk { from, to, reverse: false, resume_after: None, limit: usize::MAX })
}

fn start_row(source: Source<'_>, start: &Item, selected: &KeySelection, walk: &Walk) -> Result<Vec<u8>> {
    let row = source.start_row(start)?;
    let keys = source.keys();
    let mut partition = keys.partition_attributes().zip(&selected.partition);
    if !partition.all(|(attribute, value)| start.get(&attribute.name) == Some(value)) {
        return Err(Error::validation(
            "The provided starting key is outside query boundaries based on provided conditions",
        ));
    }
    // An index may hold many items of one key.
    let is_unique = source.index.is_none();
    if is_unique && (keys.sort.is_none() || matches!(selected.sort, Some(SortCondition::Equal(_)))) {
        return Err(Error::validation("The query can return at most one row and cannot be restarted"));
    }
    if !contains(walk, &row) {
        return Err(Error::validation("The provided starting key does not match the range key predicate"));
    }
    Ok(row)
}

pub(crate) fn contains(walk: &Walk, row: &[u8]) -> bool {
    let above = match &walk.from {
        Bound::Included(from) => row >= from.as_slice(),
        Bound::Excluded(from) => row > from.as_slice(),
        Bound::Unbounded => true,
    };
    let below = match &walk.to {
        Bound::Included(to) => row <= to.as_slice(),
        Bound::Excluded(to) => row < to.as_slice(),
        Bound::Unbounded => true,
    };
    above && below
}
