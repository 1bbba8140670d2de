//! The index by which expired items are found: table, second of expiry, row. It is written with the items like every
//! other index, and filled and cleared away by the same code.

use std::ops::Bound;
use std::time::{Duration, Instant};

use millpond_engine::{Engine, RangeRequest, Timestamp, Transaction};

use crate::Result;
use crate::catalog::Catalog;
use crate::layout::{self, IndexId, TableId};
use crate::streams::Cause;
use crate::sweep::next_keys;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::write_item::{Before, write_item_for};

/// Items whose time is longer past are kept: the attribute then hardly is a time.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
const TOO_OLD_SECS: u64 = 5 * 365 * 86_400;
/// How many items are deleted in one transaction.
const PAGE_ITEMS: usize = 100;
/// A log-structured store walks over what was deleted at the front of the index until it is compacted. Once that takes
/// longer than this, the next walk is made to begin behind it, for which there is a write.
const LONG_WALK: Duration = Duration::from_millis(2);

/// The expiry of a table's items, as stored in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) attribute: String,
    /// Where the entries are.
    pub(crate) index: IndexId,
    /// Whether items that were there before it may be missing in the index.
    pub(crate) is_backfilling: bool,
}

impl Expiry {
    /// When an item expires, in whole seconds since 1970; `None` if it never does.
    fn of(&self, item: &Item) -> Option<u64> {
        match item.get(&self.attribute)? {
            AttributeValue::N(number) => number.floor_u64(),
            _ => None,
        }
    }
}

/// Removes what the catalog keeps of a table's expiry beside its record.
pub(crate) fn forget(tx: &mut Transaction, catalog: &Catalog, table: TableId, expiry: &Expiry) -> Result<()> {
    tx.delete(&catalog.tables, layout::expiring_key(table))?;
    tx.delete(&catalog.tables, layout::expired_key(table, expiry.index))?;
    Ok(())
}

/// Brings the index after a change of a row.
pub(crate) fn change(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    old: Option<&Item>,
    new: Option<&Item>,
) -> Result<()> {
    let Some(expiry) = &table.expiry else { return Ok(()) };
    let time = |item: Option<&Item>| expiry.of(item?);
    let (before, after) = (time(old), time(new));
    if before == after {
        return Ok(());
    }
    if let Some(secs) = before {
        tx.delete(&catalog.indexes, layout::expiry_key(table.id, expiry.index, secs, row))?;
    }
    new.map_or(Ok(()), |new| add(tx, catalog, table, expiry, row, new))
}

/// Adds the entry of a row.
pub(crate) fn add(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    expiry: &Expiry,
    row: &[u8],
    item: &Item,
) -> Result<()> {
    if let Some(secs) = expiry.of(item) {
        reach(tx, catalog, table.id, expiry, secs)?;
        tx.put(&catalog.indexes, layout::expiry_key(table.id, expiry.index, secs, row), "")?;
    }
    Ok(())
}

/// Sees to it that the next walk comes by an item that expires then.
fn reach(tx: &mut Transaction, catalog: &Catalog, table: TableId, expiry: &Expiry, secs: u64) -> Result<()> {
    let key = layout::expired_key(table, expiry.index);
    if let Some(begin) = tx.get(&catalog.tables, &key)?
        && secs < layout::read_expired(&begin)?
        && secs >= tx.clock().now().as_secs().saturating_sub(TOO_OLD_SECS)
    {
        tx.put(&catalog.tables, key, secs.to_be_bytes().to_vec())?;
    }
    Ok(())
}

/// Deletes the items whose time has come, of all tables. Gives their number.
pub(crate) fn expire(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    expire_all(engine, catalog, LONG_WALK)
}

fn expire_all(engine: &Engine, catalog: &Catalog, long_walk: Duration) -> Result<u64> {
    let now = engine.clock().now();
    let snapshot = engine.snapshot()?;
    let mut expired = 0;
    for mark in snapshot.scan(&catalog.tables, &RangeRequest::prefix(layout::EXPIRING_PREFIX))? {
        let (_, name) = mark?;
        let name = String::from_utf8_lossy(&name);
        if let Some(table) = catalog.find(&mut engine.latest(), &name)?
            && let Some(expiry) = &table.expiry
        {
            expired += expire_table(engine, catalog, &table, expiry, now, long_walk)?;
        }
    }
    Ok(expired)
}

fn expire_table(
    engine: &Engine,
    catalog: &Catalog,
    table: &TableRecord,
    expiry: &Expiry,
    now: Timestamp,
    long_walk: Duration,
) -> Result<u64> {
    let snapshot = engine.snapshot()?;
    let begin = snapshot.get(&catalog.tables, &layout::expired_key(table.id, expiry.index))?;
    let begin = begin.map_or(Ok(0), |begin| layout::read_expired(&begin))?;
    let begin = begin.max(now.as_secs().saturating_sub(TOO_OLD_SECS));
    let end = now.as_secs().saturating_add(1);
    if begin >= end {
        return Ok(0);
    }
    let at = |secs: u64| layout::expiry_key(table.id, expiry.index, secs, &layout::items_prefix(table.id));
    let (from, to) = (at(begin), at(end));
    let due = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
    let mut rows = snapshot.scan(&catalog.indexes, &due)?;
    let (mut expired, mut walked) = (0, Duration::ZERO);
    loop {
        let start = Instant::now();
        let keys = next_keys(&mut rows, PAGE_ITEMS)?;
        walked += start.elapsed();
        if keys.is_empty() {
            break;
        }
        expired += engine.transact(|tx| {
            let mut deleted = 0;
            for key in &keys {
                deleted += u64::from(expire_item(tx, catalog, table, key)?);
            }
            Ok::<_, crate::Error>(deleted)
        })?;
    }
    if walked > long_walk {
        remember(engine, catalog, table, expiry, &due, end)?;
    }
    Ok(expired)
}

/// Lets the next walk begin at a second, if nothing is left before it. A write that adds something there at the same time
/// conflicts with this: it reads where walks begin, and this reads the range.
fn remember(
    engine: &Engine,
    catalog: &Catalog,
    seen: &TableRecord,
    expiry: &Expiry,
    due: &RangeRequest,
    end: u64,
) -> Result<()> {
    engine.transact(|tx| {
        let table = catalog.find(tx, &seen.name)?;
        let is_same = table.is_some_and(|table| table.id == seen.id && table.expiry.as_ref() == Some(expiry));
        if is_same && tx.range(&catalog.indexes, &due.clone().limit(1))?.entries.is_empty() {
            let key = layout::expired_key(seen.id, expiry.index);
            tx.put(&catalog.tables, key, end.to_be_bytes().to_vec())?;
        }
        Ok(())
    })
}

/// Deletes the item of an entry, if it still expires then.
fn expire_item(tx: &mut Transaction, catalog: &Catalog, seen: &TableRecord, key: &[u8]) -> Result<bool> {
    // The table may have changed since: its present record decides what follows from a deletion.
    let Some(table) = catalog.find(tx, &seen.name)?.filter(|table| table.id == seen.id) else { return Ok(false) };
    let Some(expiry) = &table.expiry else { return Ok(false) };
    let row = layout::expiring_row(table.id, key)?;
    let Some(stored) = tx.get(&catalog.items, &row)? else { return Ok(false) };
    let item = layout::decode(&stored)?;
    let is_due = |secs| layout::expiry_key(table.id, expiry.index, secs, &row) == key;
    if !expiry.of(&item).is_some_and(is_due) {
        return Ok(false);
    }
    write_item_for(Cause::Expiry, tx, catalog, &table, row, &Before::Read(Some(item)), None)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use millpond_engine::Clock;
    use proptest::prelude::*;

    use super::*;
    use crate::Kv;
    use crate::model::*;

    const START: u64 = 1_700_000_000;

    fn item(row: u8, until: Option<u64>) -> Item {
        let mut item = Item::from([("pk".to_owned(), AttributeValue::S(format!("row {row}")))]);
        item.extend(until.map(|until| ("until".to_owned(), AttributeValue::N(until.into()))));
        item
    }

    fn put(kv: &Kv, row: u8, until: Option<u64>) {
        let request = PutItemRequest { table_name: "tab".into(), item: item(row, until), ..Default::default() };
        kv.put_item(&request).unwrap();
    }

    fn switch(kv: &Kv, enabled: bool) {
        let time_to_live_specification = TimeToLiveSpecification { attribute_name: "until".into(), enabled };
        kv.update_time_to_live(&UpdateTimeToLiveRequest { table_name: "tab".into(), time_to_live_specification })
            .unwrap();
    }

    /// What is left, by row.
    fn rows(kv: &Kv) -> BTreeMap<String, Item> {
        let found = kv.scan(&ScanRequest { table_name: "tab".into(), ..Default::default() }).unwrap();
        by_row(found.items.unwrap())
    }

    fn by_row(items: impl IntoIterator<Item = crate::Item>) -> BTreeMap<String, Item> {
        items.into_iter().map(|item| (format!("{:?}", item["pk"]), item)).collect()
    }

    fn kv_with_expiry() -> Kv {
        let clock = Clock::manual(Timestamp::from_secs(START));
        let kv = Kv::open(&Engine::options().clock(clock).open().unwrap()).unwrap();
        kv.create_table(&CreateTableRequest {
            table_name: "tab".into(),
            key_schema: vec![KeySchemaElement { attribute_name: "pk".into(), key_type: KeyType::Hash }],
            attribute_definitions: vec![AttributeDefinition {
                attribute_name: "pk".into(),
                attribute_type: ScalarAttributeType::S,
            }],
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
        switch(&kv, true);
        kv
    }

    /// Where the next walk begins.
    fn begin(kv: &Kv) -> Option<u64> {
        let table = kv.catalog().find(&mut kv.engine().latest(), "tab").unwrap().unwrap();
        let key = layout::expired_key(table.id, table.expiry.as_ref()?.index);
        let stored = kv.engine().get(&kv.catalog().tables, &key).unwrap()?;
        Some(layout::read_expired(&stored).unwrap())
    }

    #[test]
    fn a_walk_begins_where_a_long_one_ended_or_where_something_was_added_since() {
        let kv = kv_with_expiry();
        put(&kv, 1, Some(START));
        assert_eq!(expire_all(kv.engine(), kv.catalog(), Duration::MAX).unwrap(), 1);
        assert_eq!(begin(&kv), None, "a short walk is not worth a write");
        assert_eq!(expire_all(kv.engine(), kv.catalog(), Duration::ZERO).unwrap(), 0);
        assert_eq!(begin(&kv), Some(START + 1));
        put(&kv, 1, Some(START + 50));
        put(&kv, 2, Some(7)); // hardly a time, and never looked for
        assert_eq!(begin(&kv), Some(START + 1));
        put(&kv, 3, Some(START - 50));
        assert_eq!(begin(&kv), Some(START - 50));
        assert_eq!(kv.expire_items().unwrap(), 1);
        assert_eq!(rows(&kv), by_row([item(1, Some(START + 50)), item(2, Some(7))]));
        switch(&kv, false);
        let mark = RangeRequest::prefix(&[5]);
        assert_eq!(kv.engine().snapshot().unwrap().scan(&kv.catalog().tables, &mark).unwrap().count(), 0);
    }

    #[test]
    fn what_a_walk_has_not_seen_is_not_left_behind() {
        let kv = kv_with_expiry();
        let table = kv.catalog().find(&mut kv.engine().latest(), "tab").unwrap().unwrap();
        let expiry = table.expiry.as_ref().unwrap();
        // A walk has ended, and before it is remembered an item comes that it had to find.
        put(&kv, 1, Some(START - 1));
        let due = RangeRequest::prefix(&layout::index_prefix(table.id, expiry.index));
        remember(kv.engine(), kv.catalog(), &table, expiry, &due, START + 1).unwrap();
        assert_eq!(begin(&kv), None);
        assert_eq!(kv.expire_items().unwrap(), 1);
        remember(kv.engine(), kv.catalog(), &table, expiry, &due, START + 1).unwrap();
        assert_eq!(begin(&kv), Some(START + 1));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put(u8, Option<u64>),
        Wait(u64),
        Expire,
        Switch,
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0_u8..8, proptest::option::weighted(0.8, START - 60..START + 200)).prop_map(|(row, until)| Step::Put(row, until)),
            2 => (1_u64..40).prop_map(Step::Wait),
            3 => Just(Step::Expire),
            1 => Just(Step::Switch),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_written_in_between_all_that_is_due_expires(steps in proptest::collection::vec(steps(), 1..60)) {
            let kv = kv_with_expiry();
            let (mut model, mut now, mut is_on) = (BTreeMap::new(), START, true);
            for step in steps {
                match step {
                    Step::Put(row, until) => {
                        put(&kv, row, until);
                        model.insert(row, until);
                    }
                    Step::Wait(secs) => {
                        kv.engine().clock().advance(Duration::from_secs(secs)).unwrap();
                        now += secs;
                    }
                    Step::Expire => {
                        expire_all(kv.engine(), kv.catalog(), Duration::ZERO).unwrap();
                        if is_on {
                            model.retain(|_, until| until.is_none_or(|until| until > now));
                        }
                    }
                    Step::Switch => {
                        is_on = !is_on;
                        switch(&kv, is_on);
                    }
                }
                prop_assert_eq!(rows(&kv), by_row(model.iter().map(|(row, until)| item(*row, *until))));
            }
        }
    }

    #[test]
    fn nothing_that_is_written_during_walks_is_missed() {
        let kv = kv_with_expiry();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4_u8)
                .map(|writer| {
                    let kv = &kv;
                    scope.spawn(move || {
                        for nth in 0..300_u64 {
                            put(kv, writer, Some(START - nth % 50));
                        }
                    })
                })
                .collect();
            while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                expire_all(kv.engine(), kv.catalog(), Duration::ZERO).unwrap();
            }
        });
        expire_all(kv.engine(), kv.catalog(), Duration::ZERO).unwrap();
        assert_eq!(rows(&kv), BTreeMap::new());
    }
}
