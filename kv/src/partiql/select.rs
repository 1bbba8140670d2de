//! Reading what a `SELECT` asks for: some ranges of partitions, or all rows, a page at a time.

use millpond_engine::Read as EngineRead;

use super::ast::{Expr, Projection as Written};
use super::bind::Read;
use super::fault::{self, Result};
use super::key_plan::{self, KeyedRead, Plan};
use super::page_token::{self, Binding, PagePlace};
use super::path;
use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::expression::{Condition, Projection};
use crate::index::Scope;
use crate::model::{ConsumedCapacity, ReturnConsumedCapacity};
use crate::page::{self, Page, Selection, Walk};
use crate::query;
use crate::scan;
use crate::source::Source;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Error, key};

/// What a request wants of a `SELECT`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) limit: usize,
    pub(crate) next_token: Option<&'a str>,
    pub(crate) binding: Binding,
    pub(crate) consistent_read: bool,
    pub(crate) capacity: ReturnConsumedCapacity,
}

/// A page of a `SELECT`.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) items: Vec<Item>,
    pub(crate) next_token: Option<String>,
    pub(crate) last_evaluated_key: Option<Item>,
    pub(crate) consumed_capacity: Option<ConsumedCapacity>,
}

/// One range to read; `partition` is empty where rows of all partitions are read.
struct Range {
    partition: Vec<AttributeValue>,
    walk: Walk,
}

impl Read {
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The table as the statement names it.
    pub(crate) fn parameter(&self) -> &str {
        &self.parameter
    }

    pub(crate) fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], and those of the engine.
    pub(crate) fn run(&self, catalog: &Catalog, reader: &mut impl EngineRead, wanted: &Wanted<'_>) -> Result<Selected> {
        let table = catalog.need(reader, &self.table)?;
        let source = self.source(&table, wanted.consistent_read)?;
        let projection = self.projection()?;
        let fetch = self.fetches(source, projection.as_ref())?;
        let plan = key_plan::plan(source, self.condition.as_ref())?;
        self.check_order(source, &plan)?;
        let is_exact = matches!(plan, Plan::Keyed { is_exact: true, .. });
        let ranges = self.ranges(source, plan);
        let filter = self.condition.as_ref().filter(|_| !is_exact);
        self.check_paths(&table, projection.as_ref())?;
        let start = match wanted.next_token {
            Some(token) => PagePlace::decode(token, wanted.binding)?,
            None => PagePlace { range: 0, after: None },
        };
        let selection = Selection {
            partition: &[],
            filter,
            projection: projection.as_ref(),
            count_only: false,
            fetch,
            filters_entries: true,
        };
        let (page, next, consumption) = pages(catalog, reader, source, &ranges, &start, &selection, wanted)?;
        Ok(Selected {
            items: page.items,
            next_token: next.map(|place| place.encode(wanted.binding)),
            last_evaluated_key: page.last_evaluated_key,
            consumed_capacity: capacity::report(wanted.capacity, &self.parameter, &consumption),
        })
    }

    /// What is read. Some texts are not those of queries.
    pub(super) fn source<'t>(&self, table: &'t TableRecord, is_consistent: bool) -> Result<Source<'t>> {
        let name = self.index.as_deref();
        if let Some(name) = name {
            let index = table.index(name);
            let index = index.ok_or_else(|| Error::validation("The table does not have the specified index"))?;
            if is_consistent && index.scope() == Scope::Global {
                return Err(Error::validation("Strongly consistent read is not supported on Global Secondary Indexes"));
            }
        }
        let source = Source::find(table, name, is_consistent)?;
        self.check_keys(source)?;
        Ok(source)
    }

    fn check_keys(&self, source: Source<'_>) -> Result<()> {
        let keys = source.keys();
        if keys.more_partition.is_empty() && keys.more_sort.is_empty() {
            return Ok(());
        }
        Err(Error::validation(
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE \
             keys.",
        ))
    }

    /// What to return of each item; all if `None`.
    pub(crate) fn projection(&self) -> Result<Option<Projection>> {
        let columns = match &self.written.projection {
            Written::All => return Ok(None),
            Written::Unsupported(what) => return Err(Error::validation(format!("Unsupported operation: {what}"))),
            Written::Columns(columns) => columns,
        };
        let mut named = Vec::with_capacity(columns.len());
        for (node, has_alias) in columns {
            let Expr::Path(written) = &node.expr else {
                return Err(fault::at("Unexpected path component", node.at));
            };
            if *has_alias {
                return Err(Error::validation("Aliasing is not supported"));
            }
            let path = path::read(written)?;
            named.push((path::column(&path), path));
        }
        Ok(Some(Projection::of_columns(named)))
    }

    /// Whether items have to be fetched from the table, as local indexes do for what they do not hold.
    fn fetches(&self, source: Source<'_>, projection: Option<&Projection>) -> Result<bool> {
        let (Some(index), Some(projection)) = (source.index, projection) else { return Ok(false) };
        let names = projection.top_level_names();
        let missing: Vec<&str> = names.filter(|name| !index.holds(&source.table.keys, name)).collect();
        if missing.is_empty() || index.scope() == Scope::Local {
            return Ok(!missing.is_empty());
        }
        Err(Error::invalid_parameters(format_args!(
            "Global secondary index {} does not project [{}]",
            index.name(),
            missing.join(", ")
        )))
    }

    pub(crate) fn check_paths(&self, table: &TableRecord, projection: Option<&Projection>) -> Result<()> {
        let nested = projection.into_iter().flat_map(Projection::nested_names);
        key::check_paths(table, nested.chain(self.condition.iter().flat_map(Condition::nested_names)))
    }

    fn check_order(&self, source: Source<'_>, plan: &Plan) -> Result<()> {
        if self.written.order_by.is_empty() {
            return Ok(());
        }
        if self.condition.is_none() {
            return Err(Error::validation("Must have WHERE clause in the statement when using ORDER BY clause."));
        }
        let mut has_partition = false;
        for term in &self.written.order_by {
            let name = match &term.node.expr {
                Expr::Path(written) => path::column(&path::read(written)?),
                other => other.kind().to_owned(),
            };
            if !source.keys().names().any(|key| key == name) {
                return Err(Error::validation(format!(
                    "Attribute {name} in ORDER BY clause must be part of the primary key"
                )));
            }
            has_partition |= source.keys().partition.name == name;
        }
        match plan {
            Plan::All => Err(Error::validation(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
            )),
            Plan::Keyed { partitions: 2.., .. } if !has_partition => Err(Error::validation(
                "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE \
                 clause.",
            )),
            Plan::Keyed { .. } => Ok(()),
        }
    }

    /// Whether `ORDER BY` names an attribute, and whether descending.
    fn direction(&self, name: &str) -> Option<bool> {
        let is_named = |node: &Expr| matches!(node, Expr::Path(path) if path.steps.is_empty() && *path.root == *name);
        self.written.order_by.iter().find(|term| is_named(&term.node.expr)).map(|term| term.is_descending)
    }

    /// The ranges in the order in which they are read.
    fn ranges(&self, source: Source<'_>, plan: Plan) -> Vec<Range> {
        let Plan::Keyed { mut reads, .. } = plan else {
            return vec![Range { partition: Vec::new(), walk: scan::walk(source, None) }];
        };
        let sort = source.keys().sort.as_ref();
        // The service orders by a sort key that is not named in descending order, once anything is.
        let is_descending =
            !self.written.order_by.is_empty() && sort.and_then(|sort| self.direction(&sort.name)).unwrap_or(true);
        let descends_partitions = self.direction(&source.keys().partition.name).unwrap_or(false);
        if is_descending {
            reads.reverse();
        }
        if is_descending != descends_partitions {
            reads = turn_partitions(reads);
        }
        let range = |KeyedRead { partition, walk }| Range {
            partition: vec![partition],
            walk: Walk { reverse: is_descending, ..walk },
        };
        reads.into_iter().map(range).collect()
    }
}

/// The reads with their partitions in the opposite order, those of each partition as they are.
fn turn_partitions(reads: Vec<KeyedRead>) -> Vec<KeyedRead> {
    let mut partitions: Vec<Vec<KeyedRead>> = Vec::new();
    for read in reads {
        match partitions.last_mut() {
            Some(last) if last.first().is_some_and(|first| first.partition == read.partition) => last.push(read),
            _ => partitions.push(vec![read]),
        }
    }
    partitions.into_iter().rev().flatten().collect()
}

/// Reads range after range until the page is full: what it holds, where to go on, and what it cost.
fn pages(
    catalog: &Catalog,
    reader: &mut impl EngineRead,
    source: Source<'_>,
    ranges: &[Range],
    start: &PagePlace,
    selection: &Selection<'_>,
    wanted: &Wanted<'_>,
) -> Result<(Page, Option<PagePlace>, Consumption)> {
    let mut page = Page::default();
    let mut units = 0.0;
    let first = usize::try_from(start.range).unwrap_or(usize::MAX);
    if first >= ranges.len().max(1) {
        return Err(page_token::other());
    }
    for (number, range) in ranges.iter().enumerate().skip(first) {
        let after = start.after.as_ref().filter(|_| number == first);
        if after.is_some_and(|row| !query::contains(&range.walk, row)) {
            return Err(page_token::other());
        }
        let walk = Walk {
            from: range.walk.from.clone(),
            to: range.walk.to.clone(),
            reverse: range.walk.reverse,
            resume_after: after.cloned(),
            limit: wanted.limit,
        };
        let (bytes, count) = (page.scanned_bytes, page.scanned_count);
        page::extend(
            &mut page,
            catalog,
            reader,
            source,
            &walk,
            &Selection { partition: &range.partition, ..*selection },
        )?;
        if page.scanned_count > count || !page.is_full {
            units += capacity::read_units(page.scanned_bytes - bytes, wanted.consistent_read);
        }
        if page.is_full {
            let row = page.last_row.as_ref().map(|row| row.to_vec()).or_else(|| after.cloned());
            let place = PagePlace { range: u32::try_from(number).unwrap_or(u32::MAX), after: row };
            let consumption = consumption(source, units, &page, wanted);
            return Ok((page, Some(place), consumption));
        }
    }
    let units = if ranges.is_empty() { capacity::read_units(0, wanted.consistent_read) } else { units };
    let consumption = consumption(source, units, &page, wanted);
    Ok((page, None, consumption))
}

fn consumption(source: Source<'_>, units: f64, page: &Page, wanted: &Wanted<'_>) -> Consumption {
    let fetched = if wanted.consistent_read { page.fetched_units } else { page.fetched_units / 2.0 };
    source.consumption(units, fetched)
}
