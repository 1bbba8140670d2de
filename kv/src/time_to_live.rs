//! Switching the expiry of a table's items on and off.

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::index::expiry::{self, Expiry};
use crate::layout::{self, IndexId};
use crate::model::{
    DescribeTimeToLiveOutput, DescribeTimeToLiveRequest, TimeToLiveDescription, TimeToLiveStatus,
    UpdateTimeToLiveRequest,
};
use crate::table::TableRecord;
use crate::{Error, Result};

const MAX_ATTRIBUTE_CHARACTERS: usize = 255;

pub(crate) fn check(request: &UpdateTimeToLiveRequest) -> Result<&str> {
    let name = constraints::named_table(&request.table_name)?;
    let attribute = &request.time_to_live_specification.attribute_name;
    let mut broken = Constraints::default();
    let field = "timeToLiveSpecification.attributeName";
    if attribute.is_empty() {
        broken.breaks(attribute, field, "Member must have length greater than or equal to 1");
    } else if attribute.chars().count() > MAX_ATTRIBUTE_CHARACTERS {
        broken.breaks(attribute, field, "Member must have length less than or equal to 255");
    }
    broken.finish()?;
    Ok(name)
}

/// A table after a change, and what that leaves to do.
pub(crate) struct Updated {
    pub(crate) table: TableRecord,
    /// Has to be filled.
    pub(crate) created: Option<IndexId>,
    /// Has to be cleared away.
    pub(crate) dropped: Option<IndexId>,
}

pub(crate) fn update_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    name: &str,
    request: &UpdateTimeToLiveRequest,
) -> Result<Updated> {
    let specification = &request.time_to_live_specification;
    let mut table = TableRecord::clone(&*catalog.need_named(tx, name)?);
    let (mut created, mut dropped) = (None, None);
    match (&table.expiry, specification.enabled) {
        (Some(expiry), _) if expiry.attribute != specification.attribute_name => {
            return Err(Error::validation(format!(
                "TimeToLive is active on a different AttributeName: current AttributeName is {}",
                expiry.attribute
            )));
        }
        (Some(_), true) => return Err(Error::validation("TimeToLive is already enabled")),
        (None, false) => return Err(Error::validation("TimeToLive is already disabled")),
        (None, true) => {
            let index = table.new_index_id()?;
            let attribute = specification.attribute_name.clone();
            table.expiry = Some(Expiry { attribute, index, is_backfilling: true });
            tx.put(&catalog.tables, layout::expiring_key(table.id), table.name.clone())?;
            created = Some(index);
        }
        (Some(expiry), false) => {
            dropped = Some(expiry.index);
            tx.put(&catalog.tables, layout::dropped_key(table.id, expiry.index), "")?;
            expiry::forget(tx, catalog, table.id, expiry)?;
            table.expiry = None;
        }
    }
    tx.put(&catalog.tables, layout::table_key(name), table.encode())?;
    Ok(Updated { table, created, dropped })
}

pub(crate) fn describe(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeTimeToLiveRequest,
) -> Result<DescribeTimeToLiveOutput> {
    let table = catalog.need_named(reader, constraints::named_table(&request.table_name)?)?;
    let time_to_live_status = match &table.expiry {
        None => TimeToLiveStatus::Disabled,
        Some(expiry) if expiry.is_backfilling => TimeToLiveStatus::Enabling,
        Some(_) => TimeToLiveStatus::Enabled,
    };
    let attribute_name = table.expiry.as_ref().map(|expiry| expiry.attribute.clone());
    let time_to_live_description = TimeToLiveDescription { time_to_live_status, attribute_name };
    Ok(DescribeTimeToLiveOutput { time_to_live_description })
}
