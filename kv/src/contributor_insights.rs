//! Contributor insights: whether they are on, of tables and their global indexes. That is kept and shown; no keys are
//! counted, so there are no rules that would tell of them.

use std::fmt::Write as _;

use bytes::Bytes;
use millpond_engine::{RangeRequest, Read, Timestamp, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::index::{IndexRecord, Scope};
use crate::layout::{self, TableId, attached};
use crate::model::{
    ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus, ContributorInsightsSummary,
    DescribeContributorInsightsOutput, DescribeContributorInsightsRequest, ListContributorInsightsOutput,
    ListContributorInsightsRequest, UpdateContributorInsightsOutput, UpdateContributorInsightsRequest,
};
use crate::record::Fields;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item, Number, codec};
use crate::{Error, Kv, Result};

const MAX_RESULTS: i64 = 100;
const INDEX_NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=255;

impl Kv {
    /// Switches contributor insights of a table or a global index on or off.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], and those of the engine.
    pub fn update_contributor_insights(
        &self,
        request: &UpdateContributorInsightsRequest,
    ) -> Result<UpdateContributorInsightsOutput> {
        self.engine().transact(|tx| self.update_contributor_insights_in(tx, request))
    }

    /// [`update_contributor_insights`](Kv::update_contributor_insights) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update_contributor_insights`](Kv::update_contributor_insights).
    pub fn update_contributor_insights_in(
        &self,
        tx: &mut Transaction,
        request: &UpdateContributorInsightsRequest,
    ) -> Result<UpdateContributorInsightsOutput> {
        update_in(self.catalog(), tx, request)
    }

    /// Describes the contributor insights of a table or a global index.
    ///
    /// # Errors
    /// As [`update_contributor_insights`](Kv::update_contributor_insights).
    pub fn describe_contributor_insights(
        &self,
        request: &DescribeContributorInsightsRequest,
    ) -> Result<DescribeContributorInsightsOutput> {
        describe(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`describe_contributor_insights`](Kv::describe_contributor_insights) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_contributor_insights`](Kv::describe_contributor_insights).
    pub fn describe_contributor_insights_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeContributorInsightsRequest,
    ) -> Result<DescribeContributorInsightsOutput> {
        describe(self.catalog(), tx, request)
    }

    /// Lists the contributor insights that are on, of one table or of all.
    ///
    /// # Errors
    /// As [`update_contributor_insights`](Kv::update_contributor_insights).
    pub fn list_contributor_insights(
        &self,
        request: &ListContributorInsightsRequest,
    ) -> Result<ListContributorInsightsOutput> {
        list(self.catalog(), &mut self.engine().snapshot()?, request)
    }

    /// [`list_contributor_insights`](Kv::list_contributor_insights) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_contributor_insights`](Kv::list_contributor_insights).
    pub fn list_contributor_insights_in(
        &self,
        tx: &mut Transaction,
        request: &ListContributorInsightsRequest,
    ) -> Result<ListContributorInsightsOutput> {
        list(self.catalog(), tx, request)
    }
}

/// What is kept of insights that are or were on.
#[derive(Debug, PartialEq, Eq)]
struct InsightsRecord {
    /// For the lists, which come upon the row and not upon the table.
    table_name: String,
    is_on: bool,
    mode: ContributorInsightsMode,
    changed: Timestamp,
}

impl InsightsRecord {
    fn status(&self) -> ContributorInsightsStatus {
        if self.is_on { ContributorInsightsStatus::Enabled } else { ContributorInsightsStatus::Disabled }
    }

    fn encode(&self) -> Vec<u8> {
        codec::encode(&Item::from([
            ("table_name".to_owned(), AttributeValue::S(self.table_name.clone())),
            ("on".to_owned(), AttributeValue::Bool(self.is_on)),
            ("mode".to_owned(), AttributeValue::S(self.mode.as_str().to_owned())),
            ("changed".to_owned(), AttributeValue::N(Number::from(self.changed.as_millis()))),
        ]))
    }

    fn decode(value: &Bytes) -> Result<InsightsRecord> {
        let item = codec::decode(value).map_err(|error| layout::corrupt(attached::ATTACHED, error))?;
        let fields = Fields(&item);
        let record = || {
            Some(InsightsRecord {
                table_name: fields.text("table_name")?,
                is_on: fields.flag("on")?,
                mode: fields.choice("mode", ContributorInsightsMode::from_name)?,
                changed: fields.time("changed")?,
            })
        };
        record().ok_or_else(|| layout::corrupt(attached::ATTACHED, "contributor insights lack an attribute"))
    }
}

fn update_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &UpdateContributorInsightsRequest,
) -> Result<UpdateContributorInsightsOutput> {
    let table = find(catalog, tx, &request.table_name, request.index_name.as_deref())?;
    let index = index_of(&table, request.index_name.as_deref())?;
    let key = attached::insights_key(table.id, index.map(|index| index.id));
    let present = read(catalog, tx, &key)?;
    let (was_on, mode) = (present.as_ref().is_some_and(|it| it.is_on), present.as_ref().map(|it| it.mode));
    let changed = match request.action {
        ContributorInsightsAction::Enable => {
            if index.is_some_and(|index| index.is_backfilling) {
                return Err(Error::validation(
                    "Table or Index is not in a valid state to update Key Access Insights: IndexStatus must be ACTIVE \
                     to enable ContributorInsights.",
                ));
            }
            let asked = request.mode.unwrap_or_default();
            (!was_on || mode != Some(asked)).then_some((true, asked, ContributorInsightsStatus::Enabling))
        }
        ContributorInsightsAction::Disable => {
            mode.filter(|_| was_on).map(|mode| (false, mode, ContributorInsightsStatus::Disabling))
        }
    };
    let (status, mode) = match changed {
        Some((is_on, mode, status)) => {
            let changed = tx.clock().now();
            let record = InsightsRecord { table_name: table.name.clone(), is_on, mode, changed };
            tx.put(&catalog.attached, key, record.encode())?;
            (status, Some(mode))
        }
        None => (present.map_or(ContributorInsightsStatus::Disabled, |it| it.status()), mode),
    };
    Ok(UpdateContributorInsightsOutput {
        table_name: table.name.clone(),
        index_name: request.index_name.clone(),
        status,
        mode,
    })
}

fn describe(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeContributorInsightsRequest,
) -> Result<DescribeContributorInsightsOutput> {
    let table = find(catalog, reader, &request.table_name, request.index_name.as_deref())?;
    let index = index_of(&table, request.index_name.as_deref())?;
    let record = read(catalog, reader, &attached::insights_key(table.id, index.map(|index| index.id)))?;
    Ok(DescribeContributorInsightsOutput {
        table_name: table.name.clone(),
        index_name: request.index_name.clone(),
        status: record.as_ref().map_or(ContributorInsightsStatus::Disabled, InsightsRecord::status),
        last_update_date_time: record.as_ref().map(|record| record.changed),
        mode: record.map(|record| record.mode),
    })
}

fn list(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &ListContributorInsightsRequest,
) -> Result<ListContributorInsightsOutput> {
    let mut broken = Constraints::default();
    if let Some(most) = request.max_results {
        broken.between(most, "maxResults", 1, MAX_RESULTS);
    }
    broken.finish()?;
    let rows = match &request.table_name {
        None => RangeRequest::prefix(attached::INSIGHTS_PREFIX),
        Some(name) => {
            let table = catalog.need_named(reader, constraints::named_table(name)?)?;
            RangeRequest::prefix(&attached::insights_prefix(table.id))
        }
    };
    let most = request.max_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_RESULTS as usize);
    let mut rows = rows.limit(most);
    if let Some(token) = &request.next_token {
        rows = rows.resume_after(&read_token(token)?);
    }
    let page = reader.range(&catalog.attached, &rows)?;
    let mut output = ListContributorInsightsOutput {
        next_token: page.resume.as_ref().map(|key| token(key)),
        ..ListContributorInsightsOutput::default()
    };
    for (key, value) in &page.entries {
        let record = InsightsRecord::decode(value)?;
        output.summaries.extend(summary(catalog, reader, key, &record)?);
    }
    Ok(output)
}

/// What a list tells of a row: nothing if they are off, or if its table or index has been deleted.
fn summary(
    catalog: &Catalog,
    reader: &mut impl Read,
    key: &[u8],
    record: &InsightsRecord,
) -> Result<Option<ContributorInsightsSummary>> {
    let Some(table) = catalog.find(reader, &record.table_name)?.filter(|_| record.is_on) else { return Ok(None) };
    let index_name = if key == attached::insights_key(table.id, None) {
        None
    } else {
        let is_it = |index: &&IndexRecord| key == attached::insights_key(table.id, Some(index.id));
        let Some(index) = table.indexes.iter().find(is_it) else { return Ok(None) };
        Some(index.name().to_owned())
    };
    let (table_name, status, mode) = (record.table_name.clone(), record.status(), record.mode);
    Ok(Some(ContributorInsightsSummary { table_name, index_name, status, mode }))
}

fn find(
    catalog: &Catalog,
    reader: &mut impl Read,
    table: &str,
    index: Option<&str>,
) -> Result<std::sync::Arc<TableRecord>> {
    let name = constraints::named_table(table)?;
    if index.is_some_and(|index| !INDEX_NAME_CHARACTERS.contains(&index.chars().count())) {
        return Err(Error::validation("IndexName must be at least 3 characters long and at most 255 characters long"));
    }
    catalog.need_named(reader, name)
}

/// The global index of that name; a local one has no insights of its own.
fn index_of<'a>(table: &'a TableRecord, name: Option<&str>) -> Result<Option<&'a IndexRecord>> {
    let Some(name) = name else { return Ok(None) };
    let index = table.index(name).filter(|index| index.scope() == Scope::Global);
    index.map(Some).ok_or_else(|| Error::ResourceNotFound {
        message: format!("Requested resource not found: Index: {name} not found for table: {}", table.name),
    })
}

fn read(catalog: &Catalog, reader: &mut impl Read, key: &[u8]) -> Result<Option<InsightsRecord>> {
    reader.get(&catalog.attached, key)?.as_ref().map(InsightsRecord::decode).transpose()
}

/// A row's key as clients keep it.
fn token(key: &[u8]) -> String {
    key.iter().fold(String::new(), |mut token, byte| {
        // Writing to a string does not fail.
        let _ = write!(token, "{byte:02x}");
        token
    })
}

fn read_token(token: &str) -> Result<Vec<u8>> {
    let digits: Option<Vec<u8>> = token.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0).map(|digits| {
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect::<Vec<u8>>()
    });
    // Whatever a client makes up must not lead into what is attached besides.
    let longest = attached::insights_key(TableId(0), Some(layout::IndexId(0))).len();
    pairs
        .filter(|key| key.starts_with(attached::INSIGHTS_PREFIX) && key.len() <= longest)
        .ok_or_else(|| Error::validation("Invalid NextToken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_key_it_was_made_of_and_nothing_else_is_one() {
        let key = attached::insights_key(TableId(0xAB01), Some(layout::IndexId(7)));
        assert_eq!(read_token(&token(&key)).unwrap(), key);
        for wrong in ["", "0", "01", "zz", "02é", &"02".repeat(1000)] {
            assert!(read_token(wrong).is_err(), "{wrong}");
        }
    }
}
