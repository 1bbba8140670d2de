//! Switching the expiry of a table's items on and off.

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::index::backfill;
use crate::index::expiry::{self, Expiry};
use crate::layout::{self, IndexId};
use crate::model::{
    DescribeTimeToLiveOutput, DescribeTimeToLiveRequest, TimeToLiveDescription, TimeToLiveStatus,
    UpdateTimeToLiveOutput, UpdateTimeToLiveRequest,
};
use crate::table::TableRecord;
use crate::{Error, Kv, Result};

const MAX_ATTRIBUTE_CHARACTERS: usize = 255;

impl Kv {
    /// Switches the expiry of a table's items on or off. Once it is on, [`expire_items`](Kv::expire_items) deletes the items
    /// whose time has come. The items that are there are looked through before this returns.
    ///
    /// # Errors
    /// [`Error::Validation`],
    /// [`Error::ResourceNotFound`], and those of the engine.
    pub fn update_time_to_live(&self, request: &UpdateTimeToLiveRequest) -> Result<UpdateTimeToLiveOutput> {
        if self.engine().in_transaction() {
            return self.engine().transact(|tx| self.update_time_to_live_in(tx, request));
        }
        let name = check(request)?;
        let updated = self.engine().transact(|tx| update_in(self.catalog(), tx, name, request))?;
        if let Some(index) = updated.created {
            backfill::fill(self.engine(), self.catalog(), name, index)?;
        }
        if let Some(index) = updated.dropped {
            self.sweep_index(name, updated.table.id, index);
        }
        Ok(UpdateTimeToLiveOutput { time_to_live_specification: request.time_to_live_specification.clone() })
    }

    /// [`update_time_to_live`](Kv::update_time_to_live) in the caller's transaction, which has to have room for an entry of
    /// each item that expires.
    ///
    /// # Errors
    /// As [`update_time_to_live`](Kv::update_time_to_live).
    pub fn update_time_to_live_in(
        &self,
        tx: &mut Transaction,
        request: &UpdateTimeToLiveRequest,
    ) -> Result<UpdateTimeToLiveOutput> {
        let name = check(request)?;
        tx.savepoint(|tx| {
            let mut updated = update_in(self.catalog(), tx, name, request)?;
            if let Some(index) = updated.created {
                backfill::fill_in(self.catalog(), tx, &mut updated.table, index)?;
            }
            Ok(UpdateTimeToLiveOutput { time_to_live_specification: request.time_to_live_specification.clone() })
        })
    }

    /// Tells whether the items of a table expire, and by which attribute.
    ///
    /// # Errors
    /// [`Error::Validation`],
    /// [`Error::ResourceNotFound`], and those of the engine.
    pub fn describe_time_to_live(&self, request: &DescribeTimeToLiveRequest) -> Result<DescribeTimeToLiveOutput> {
        describe(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`describe_time_to_live`](Kv::describe_time_to_live) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_time_to_live`](Kv::describe_time_to_live).
    pub fn describe_time_to_live_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeTimeToLiveRequest,
    ) -> Result<DescribeTimeToLiveOutput> {
        describe(self.catalog(), tx, request)
    }

    /// Deletes the items whose time has come by the engine's clock, of all tables, and gives their number. Until then they
    /// are read like any other, as the service has it too. Their records in a change stream say who deleted them. The server calls this every second; whoever links the crate
    /// calls it as often as it matters. It costs nothing while no table's items expire.
    ///
    /// # Errors
    /// Those of the engine. What was deleted before one stays deleted.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>
    pub fn expire_items(&self) -> Result<u64> {
        expiry::expire(self.engine(), self.catalog())
    }
}

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
