//! The operations on items where capacity bounds them: each is done, told what it consumed, and undone if that is not there.

use std::collections::BTreeMap;

use millpond_engine::Transaction;

use super::{Access, Charge, Throttle, charges};
use crate::model::*;
use crate::{Error, Kv, Result, batch_get_item, get_item, query, scan, transact_get_items};

/// Everything that was consumed is asked for, whatever the request asks for.
pub(super) const ALL: ReturnConsumedCapacity = ReturnConsumedCapacity::Indexes;

impl Throttle {
    pub(crate) fn put_item(&self, kv: &Kv, request: &PutItemRequest) -> Result<PutItemOutput> {
        let asked = PutItemRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output = self.write(kv, |tx| kv.put_item_in(tx, &asked), |output| output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn update_item(&self, kv: &Kv, request: &UpdateItemRequest) -> Result<UpdateItemOutput> {
        let asked = UpdateItemRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output =
            self.write(kv, |tx| kv.update_item_in(tx, &asked), |output| output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn delete_item(&self, kv: &Kv, request: &DeleteItemRequest) -> Result<DeleteItemOutput> {
        let asked = DeleteItemRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output =
            self.write(kv, |tx| kv.delete_item_in(tx, &asked), |output| output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn get_item(&self, kv: &Kv, request: &GetItemRequest) -> Result<GetItemOutput> {
        let asked = GetItemRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output = get_item::run(kv.catalog(), &mut kv.engine().latest(), &get_item::check(&asked)?)?;
        self.admit_read(kv, output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn query(&self, kv: &Kv, request: &QueryRequest) -> Result<QueryOutput> {
        let asked = QueryRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output = query::run(kv.catalog(), &mut kv.engine().snapshot()?, &query::check(&asked)?)?;
        self.admit_read(kv, output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn scan(&self, kv: &Kv, request: &ScanRequest) -> Result<ScanOutput> {
        let asked = ScanRequest { return_consumed_capacity: ALL, ..request.clone() };
        let mut output = scan::run(kv.catalog(), &mut kv.engine().snapshot()?, &scan::check(&asked)?)?;
        self.admit_read(kv, output.consumed_capacity.as_ref())?;
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    /// Reads key by key what there is capacity for, and leaves the others unprocessed; fails if there is none for any.
    pub(crate) fn batch_get_item(&self, kv: &Kv, request: &BatchGetItemRequest) -> Result<BatchGetItemOutput> {
        let mut snapshot = kv.engine().snapshot()?;
        let asked = BatchGetItemRequest { return_consumed_capacity: ALL, ..request.clone() };
        // As a whole first, for what may be wrong with it as a whole.
        let whole = batch_get_item::run(kv.catalog(), &mut snapshot, &batch_get_item::check(&asked)?)?;
        let (mut output, mut reports, mut drawn) = (BatchGetItemOutput::default(), Reports::default(), Vec::new());
        output.unprocessed_keys = whole.unprocessed_keys;
        let now = kv.engine().clock().now();
        let mut refused = None;
        for (parameter, keys) in &request.request_items {
            let found = output.responses.entry(parameter.clone()).or_default();
            for key in &keys.keys {
                if output.unprocessed_keys.get(parameter).is_some_and(|left| left.keys.contains(key)) {
                    continue; // it did not fit the answer
                }
                let one = KeysAndAttributes { keys: vec![key.clone()], ..keys.clone() };
                let one = BatchGetItemRequest {
                    request_items: BTreeMap::from([(parameter.clone(), one)]),
                    return_consumed_capacity: ALL,
                };
                let read = batch_get_item::run(kv.catalog(), &mut snapshot, &batch_get_item::check(&one)?)?;
                let consumed = read.consumed_capacity.unwrap_or_default();
                let charged = charges(kv.catalog(), &mut snapshot, Access::Read, &consumed)?;
                if let Some(charge) = self.exceeded(now, &charged, &drawn) {
                    refused = refused.or_else(|| Some(charge.error()));
                    let left = output.unprocessed_keys.entry(parameter.clone());
                    left.or_insert_with(|| KeysAndAttributes { keys: Vec::new(), ..keys.clone() })
                        .keys
                        .push(key.clone());
                    continue;
                }
                found.extend(read.responses.into_values().flatten());
                reports.add(consumed);
                drawn.extend(charged);
            }
        }
        match refused {
            Some(error) if reports.0.is_empty() => return Err(error),
            _ => self.draw(now, &drawn),
        }
        output.consumed_capacity = reports.shown(request.return_consumed_capacity);
        Ok(output)
    }

    /// Does write by write what there is capacity for, and leaves the others unprocessed; fails if there is none for any.
    pub(crate) fn batch_write_item(&self, kv: &Kv, request: &BatchWriteItemRequest) -> Result<BatchWriteItemOutput> {
        let (output, drawn) = kv.engine().transact(|tx| self.batch_write_in(kv, tx, request))?;
        self.draw(kv.engine().clock().now(), &drawn);
        Ok(output)
    }

    fn batch_write_in(
        &self,
        kv: &Kv,
        tx: &mut Transaction,
        request: &BatchWriteItemRequest,
    ) -> Result<(BatchWriteItemOutput, Vec<Charge>)> {
        // As a whole first, for what may be wrong with it as a whole; and undone.
        let whole = tx.savepoint(|tx| Err::<(), _>(kv.batch_write_item_in(tx, request).err()));
        if let Err(Some(error)) = whole {
            return Err(error);
        }
        let (mut output, mut reports, mut drawn) = (BatchWriteItemOutput::default(), Reports::default(), Vec::new());
        let mut refused = None;
        let writes = request.request_items.iter().flat_map(|(table, writes)| writes.iter().map(move |it| (table, it)));
        for (parameter, write) in writes {
            let one = BatchWriteItemRequest {
                request_items: BTreeMap::from([(parameter.clone(), vec![write.clone()])]),
                return_consumed_capacity: ALL,
                ..BatchWriteItemRequest::default()
            };
            let done = tx.savepoint(|tx| {
                let consumed = kv.batch_write_item_in(tx, &one)?.consumed_capacity.unwrap_or_default();
                let charged = charges(kv.catalog(), tx, Access::Write, &consumed)?;
                match self.exceeded(tx.clock().now(), &charged, &drawn) {
                    None => Ok((consumed, charged)),
                    Some(charge) => Err(charge.error()),
                }
            });
            match done {
                Ok((consumed, charged)) => {
                    reports.add(consumed);
                    drawn.extend(charged);
                }
                Err(error) if is_throttling(&error) => {
                    refused = refused.or(Some(error));
                    output.unprocessed_items.entry(parameter.clone()).or_default().push(write.clone());
                }
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) if reports.0.is_empty() => Err(error),
            _ => {
                output.consumed_capacity = reports.shown(request.return_consumed_capacity);
                Ok((output, drawn))
            }
        }
    }

    pub(crate) fn transact_get_items(
        &self,
        kv: &Kv,
        request: &TransactGetItemsRequest,
    ) -> Result<TransactGetItemsOutput> {
        let asked = TransactGetItemsRequest { return_consumed_capacity: ALL, ..request.clone() };
        let checked = transact_get_items::check(&asked)?;
        let mut output = transact_get_items::run(kv.catalog(), &mut kv.engine().snapshot()?, &checked)?;
        let consumed = output.consumed_capacity.take().unwrap_or_default();
        let drawn = charges(kv.catalog(), &mut kv.engine().latest(), Access::Read, &consumed)?;
        let tables: Vec<&str> = request.transact_items.iter().map(|get| get.table_name.as_str()).collect();
        self.check_actions(kv.engine().clock().now(), &drawn, &tables)?;
        self.draw(kv.engine().clock().now(), &drawn);
        output.consumed_capacity = shown_all(consumed, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn transact_write_items(
        &self,
        kv: &Kv,
        request: &TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput> {
        let asked = TransactWriteItemsRequest { return_consumed_capacity: ALL, ..request.clone() };
        let tables: Vec<&str> = request.transact_items.iter().map(table_of).collect();
        let (mut output, consumed, drawn) = kv.engine().transact(|tx| {
            let mut output = kv.transact_write_items_in(tx, &asked)?;
            let consumed = output.consumed_capacity.take().unwrap_or_default();
            let drawn = charges(kv.catalog(), tx, Access::Write, &consumed)?;
            self.check_actions(tx.clock().now(), &drawn, &tables)?;
            Ok::<_, Error>((output, consumed, drawn))
        })?;
        self.draw(kv.engine().clock().now(), &drawn);
        output.consumed_capacity = shown_all(consumed, request.return_consumed_capacity);
        Ok(output)
    }

    pub(super) fn write<T>(
        &self,
        kv: &Kv,
        mut run: impl FnMut(&mut Transaction) -> Result<T>,
        consumed: impl Fn(&T) -> Option<&ConsumedCapacity>,
    ) -> Result<T> {
        let (output, drawn) = kv.engine().transact(|tx| {
            let output = run(tx)?;
            let drawn = charges(kv.catalog(), tx, Access::Write, consumed(&output))?;
            match self.exceeded(tx.clock().now(), &drawn, &[]) {
                None => Ok((output, drawn)),
                Some(charge) => Err(charge.error()),
            }
        })?;
        self.draw(kv.engine().clock().now(), &drawn);
        Ok(output)
    }

    pub(super) fn admit_read(&self, kv: &Kv, consumed: Option<&ConsumedCapacity>) -> Result<()> {
        let drawn = charges(kv.catalog(), &mut kv.engine().latest(), Access::Read, consumed)?;
        let now = kv.engine().clock().now();
        if let Some(charge) = self.exceeded(now, &drawn, &[]) {
            return Err(charge.error());
        }
        self.draw(now, &drawn);
        Ok(())
    }

    /// A transaction is cancelled by the actions whose tables have no capacity left.
    pub(super) fn check_actions(
        &self,
        now: millpond_engine::Timestamp,
        drawn: &[Charge],
        tables: &[&str],
    ) -> Result<()> {
        if self.exceeded(now, drawn, &[]).is_none() {
            return Ok(());
        }
        let reason = |table: &&str| {
            let of_table: Vec<Charge> = drawn.iter().filter(|charge| charge.parameter == **table).cloned().collect();
            match self.exceeded(now, &of_table, &[]).map(Charge::error) {
                None => CancellationReason::NONE,
                Some(error) => CancellationReason {
                    code: match error {
                        Error::Throttling { .. } => CancellationCode::ThrottlingError,
                        _ => CancellationCode::ProvisionedThroughputExceeded,
                    },
                    message: Some(error.to_string()),
                    item: None,
                },
            }
        };
        Err(Error::TransactionCanceled { reasons: tables.iter().map(reason).collect() })
    }
}

fn table_of(action: &TransactWriteItem) -> &str {
    match action {
        TransactWriteItem::ConditionCheck(check) => &check.table_name,
        TransactWriteItem::Put(put) => &put.table_name,
        TransactWriteItem::Delete(delete) => &delete.table_name,
        TransactWriteItem::Update(update) => &update.table_name,
    }
}

pub(super) fn is_throttling(error: &Error) -> bool {
    matches!(error, Error::ProvisionedThroughputExceeded { .. } | Error::Throttling { .. })
}

/// What of a report was asked for.
pub(super) fn shown(report: Option<ConsumedCapacity>, asked: ReturnConsumedCapacity) -> Option<ConsumedCapacity> {
    match asked {
        ReturnConsumedCapacity::None => None,
        ReturnConsumedCapacity::Total => report.map(|report| ConsumedCapacity {
            table: None,
            local_secondary_indexes: None,
            global_secondary_indexes: None,
            ..report
        }),
        ReturnConsumedCapacity::Indexes => report,
    }
}

pub(super) fn shown_all(
    reports: Vec<ConsumedCapacity>,
    asked: ReturnConsumedCapacity,
) -> Option<Vec<ConsumedCapacity>> {
    let reports = reports.into_iter().filter_map(|report| shown(Some(report), asked)).collect();
    (asked != ReturnConsumedCapacity::None).then_some(reports)
}

/// The reports of single writes or reads, table by table.
#[derive(Default)]
pub(super) struct Reports(BTreeMap<String, ConsumedCapacity>);

impl Reports {
    pub(super) fn add(&mut self, reports: Vec<ConsumedCapacity>) {
        for report in reports {
            match self.0.get_mut(&report.table_name) {
                None => {
                    self.0.insert(report.table_name.clone(), report);
                }
                Some(sum) => {
                    sum.capacity_units += report.capacity_units;
                    let table = report.table.unwrap_or_default();
                    sum.table.get_or_insert_default().capacity_units += table.capacity_units;
                    add_arms(&mut sum.local_secondary_indexes, report.local_secondary_indexes);
                    add_arms(&mut sum.global_secondary_indexes, report.global_secondary_indexes);
                }
            }
        }
    }

    pub(super) fn shown(self, asked: ReturnConsumedCapacity) -> Option<Vec<ConsumedCapacity>> {
        shown_all(self.0.into_values().collect(), asked)
    }
}

fn add_arms(sum: &mut Option<BTreeMap<String, Capacity>>, arms: Option<BTreeMap<String, Capacity>>) {
    for (name, capacity) in arms.into_iter().flatten() {
        sum.get_or_insert_default().entry(name).or_default().capacity_units += capacity.capacity_units;
    }
}
