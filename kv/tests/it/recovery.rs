//! Recovery to a point in time: what a table was is what a plain model of its past says.

use std::collections::BTreeMap;
use std::time::Duration;

use millpond_engine::{RangeRequest, Timestamp};
use millpond_kv::model::*;
use millpond_kv::{Error, Item, Kv};
use proptest::prelude::*;

use crate::support::*;

const START: u64 = 1_700_000_000;
const DAY: u64 = 86_400;

fn switch(kv: &Kv, table: &str, enabled: bool, days: Option<i64>) -> PointInTimeRecoveryDescription {
    let request = UpdateContinuousBackupsRequest {
        table_name: table.into(),
        point_in_time_recovery_enabled: enabled,
        recovery_period_in_days: days,
    };
    kv.update_continuous_backups(&request).unwrap().point_in_time_recovery_description
}

fn recovery(kv: &Kv, table: &str) -> PointInTimeRecoveryDescription {
    let request = DescribeContinuousBackupsRequest { table_name: table.into() };
    kv.describe_continuous_backups(&request).unwrap().point_in_time_recovery_description
}

fn to(source: &str, target: &str, secs: Option<u64>) -> RestoreTableToPointInTimeRequest {
    RestoreTableToPointInTimeRequest {
        source_table_name: source.into(),
        target_table_name: target.into(),
        restore_date_time: secs.map(Timestamp::from_secs),
        ..Default::default()
    }
}

fn wait(kv: &Kv, secs: u64) {
    kv.engine().clock().advance(Duration::from_secs(secs)).unwrap();
}

fn items(kv: &Kv, table: &str) -> Vec<Item> {
    kv.scan(&scan(table)).unwrap().items.unwrap()
}

/// What a table was, by a restore that is removed again.
fn items_at(kv: &Kv, table: &str, secs: u64) -> Vec<Item> {
    kv.restore_table_to_point_in_time(&to(table, "restored", Some(secs))).unwrap();
    let found = items(kv, "restored");
    kv.delete_table(&DeleteTableRequest { table_name: "restored".into() }).unwrap();
    found
}

fn row(pk: &str, value: i64) -> Item {
    item([("pk", s(pk)), ("value", n(value))])
}

fn history_rows(kv: &Kv) -> usize {
    let history = kv.engine().keyspace("kv.history").unwrap();
    kv.engine().snapshot().unwrap().scan(&history, &RangeRequest::all()).unwrap().count()
}

#[test]
fn a_table_is_restored_to_what_it_was_at_the_end_of_a_second() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", row("a", 1))).unwrap();
    switch(&kv, "hash", true, None);
    kv.put_item(&put("hash", row("a", 2))).unwrap();
    wait(&kv, 10);
    kv.put_item(&put("hash", row("a", 3))).unwrap();
    kv.put_item(&put("hash", row("a", 4))).unwrap();
    kv.put_item(&put("hash", row("b", 1))).unwrap();
    wait(&kv, 10);
    kv.delete_item(&delete("hash", item([("pk", s("a"))]))).unwrap();
    wait(&kv, 10);
    kv.update_item(&update("hash", item([("pk", s("c"))]), "SET pq = pk")).unwrap();
    for (secs, expected) in [
        (0, vec![row("a", 2)]),
        (9, vec![row("a", 2)]),
        (10, vec![row("a", 4), row("b", 1)]),
        (19, vec![row("a", 4), row("b", 1)]),
        (20, vec![row("b", 1)]),
        (29, vec![row("b", 1)]),
        (30, vec![row("b", 1), item([("pk", s("c")), ("pq", s("c"))])]),
    ] {
        let mut found = items_at(&kv, "hash", START + secs);
        found.sort_by_key(|item| format!("{item:?}"));
        assert_eq!(found.len(), expected.len(), "{secs}");
        for item in &expected {
            assert!(found.contains(item), "{secs}: {found:?}");
        }
    }
    kv.restore_table_to_point_in_time(&to("hash", "latest", None)).unwrap();
    assert_eq!(items(&kv, "latest").len(), 2);
}

#[test]
fn the_window_is_described_and_kept() {
    let kv = kv_with_tables();
    let off = recovery(&kv, "hash");
    assert_eq!(off.point_in_time_recovery_status, PointInTimeRecoveryStatus::Disabled);
    assert_eq!((off.earliest_restorable_date_time, off.recovery_period_in_days), (None, None));
    assert_fails(
        kv.restore_table_to_point_in_time(&to("hash", "new", None)),
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'hash'",
    );
    assert_fails(
        kv.restore_table_to_point_in_time(&to("none", "new", None)),
        "TableNotFoundException",
        "Table not found: none",
    );
    let on = switch(&kv, "hash", true, Some(2));
    let at = |secs: u64| Some(Timestamp::from_secs(START + secs));
    assert_eq!((on.earliest_restorable_date_time, on.latest_restorable_date_time), (at(0), at(0)));
    assert_eq!(on.recovery_period_in_days, Some(2));
    assert_eq!(on, recovery(&kv, "hash"));
    wait(&kv, DAY);
    let later = recovery(&kv, "hash");
    assert_eq!((later.earliest_restorable_date_time, later.latest_restorable_date_time), (at(0), at(DAY)));
    wait(&kv, 2 * DAY);
    assert_eq!(recovery(&kv, "hash").earliest_restorable_date_time, at(DAY));
    // A longer period does not bring back what is gone.
    assert_eq!(switch(&kv, "hash", true, Some(35)).earliest_restorable_date_time, at(DAY));
    assert_eq!(switch(&kv, "hash", true, None).recovery_period_in_days, Some(35));
    for secs in [DAY - 1, 3 * DAY + 1] {
        assert_fails(
            kv.restore_table_to_point_in_time(&to("hash", "new", Some(START + secs))),
            "InvalidRestoreTimeException",
            &format!(
                "RestoreDateTime '{}' must be within EarliestRestorableDateTime '2023-11-15T22:13:20Z' and \
                 LatestRestorableDateTime '2023-11-17T22:13:20Z'",
                if secs < DAY { "2023-11-15T22:13:19Z" } else { "2023-11-17T22:13:21Z" }
            ),
        );
    }
    kv.restore_table_to_point_in_time(&to("hash", "new", Some(START + DAY))).unwrap();
    assert_fails(
        kv.restore_table_to_point_in_time(&to("hash", "range", Some(START + DAY))),
        "TableAlreadyExistsException",
        "Table already exists: range",
    );
    assert_eq!(recovery(&kv, "new").point_in_time_recovery_status, PointInTimeRecoveryStatus::Disabled);
    for (enabled, days, message) in [
        (true, 0, "greater than or equal to 1"),
        (true, 36, "less than or equal to 35"),
        (false, 3, "Cannot specify RecoveryPeriodInDays when disabling"),
    ] {
        let request = UpdateContinuousBackupsRequest {
            table_name: "hash".into(),
            point_in_time_recovery_enabled: enabled,
            recovery_period_in_days: Some(days),
        };
        let error = kv.update_continuous_backups(&request).unwrap_err();
        assert!(error.code() == "ValidationException" && error.to_string().contains(message), "{error}");
    }
}

#[test]
fn what_no_recovery_needs_is_removed() {
    let kv = kv_with_tables();
    switch(&kv, "hash", true, Some(1));
    assert_eq!(history_rows(&kv), 1, "the table is noted");
    for nth in 0..10 {
        kv.put_item(&put("hash", row("a", nth))).unwrap();
        kv.put_item(&put("hash", row("a", nth + 100))).unwrap();
        wait(&kv, 1);
    }
    assert_eq!(history_rows(&kv), 11, "one a second");
    assert_eq!(kv.trim_backups().unwrap(), 0);
    wait(&kv, DAY - 5);
    assert_eq!(kv.trim_backups().unwrap(), 5);
    assert_eq!(items_at(&kv, "hash", START + 5), [row("a", 105)]);
    kv.put_item(&put("hash", row("b", 1))).unwrap();
    wait(&kv, DAY - 1);
    assert_eq!(kv.trim_backups().unwrap(), 5);
    assert_eq!(kv.trim_backups().unwrap(), 0);
    assert_eq!(history_rows(&kv), 2);
    switch(&kv, "hash", false, None);
    assert_eq!(history_rows(&kv), 0);
    kv.put_item(&put("hash", row("b", 2))).unwrap();
    assert_eq!(history_rows(&kv), 0, "nothing is kept where it is off");
    // Switched on again, nothing from before can be reached.
    switch(&kv, "hash", true, None);
    assert!(kv.restore_table_to_point_in_time(&to("hash", "new", Some(START + DAY))).is_err());
}

#[test]
fn a_write_that_changes_nothing_keeps_nothing() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", row("a", 1))).unwrap();
    switch(&kv, "hash", true, None);
    kv.put_item(&put("hash", row("a", 1))).unwrap();
    kv.delete_item(&delete("hash", item([("pk", s("b"))]))).unwrap();
    assert_eq!(history_rows(&kv), 1);
}

#[test]
fn a_transaction_is_restored_as_a_whole_even_if_the_second_changes_meanwhile() {
    let kv = kv_with_tables();
    switch(&kv, "hash", true, None);
    wait(&kv, 10);
    kv.engine()
        .transact(|tx| {
            kv.put_item_in(tx, &put("hash", row("a", 1)))?;
            wait(&kv, 1);
            kv.put_item_in(tx, &put("hash", row("b", 1))).map(drop)
        })
        .unwrap();
    assert_eq!(items_at(&kv, "hash", START + 9), Vec::<Item>::new());
    let torn = items_at(&kv, "hash", START + 10).len();
    assert_eq!((torn, items_at(&kv, "hash", START + 11).len()), (2, 2));
}

#[test]
fn indexes_of_a_restored_table_hold_what_the_items_were() {
    let kv = kv();
    let mut request = create("orders", &[("pk", ScalarAttributeType::S)]);
    let owner = AttributeDefinition { attribute_name: "owner".into(), attribute_type: ScalarAttributeType::S };
    request.attribute_definitions.push(owner);
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-owner".into(),
        key_schema: vec![KeySchemaElement { attribute_name: "owner".into(), key_type: KeyType::Hash }],
        projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
        ..Default::default()
    }]);
    kv.create_table(&request).unwrap();
    switch(&kv, "orders", true, None);
    let of = |owner: &str| item([("pk", s("o-1")), ("owner", s(owner))]);
    kv.put_item(&put("orders", of("ada"))).unwrap();
    wait(&kv, 5);
    kv.put_item(&put("orders", of("bob"))).unwrap();
    kv.restore_table_to_point_in_time(&to("orders", "before", Some(START))).unwrap();
    let find = |table: &str, owner: &str| {
        let mut request = query(table, "#o = :o", item([(":o", s(owner))]));
        request.expression_attribute_names = names([("#o", "owner")]);
        request.index_name = Some("by-owner".into());
        kv.query(&request).unwrap().items.unwrap()
    };
    assert_eq!((find("before", "ada"), find("before", "bob")), (vec![of("ada")], Vec::new()));
    assert_eq!(find("orders", "bob"), [of("bob")]);
}

#[test]
fn expired_items_can_be_recovered() {
    let kv = kv_with_tables();
    switch(&kv, "hash", true, None);
    let time_to_live_specification = TimeToLiveSpecification { attribute_name: "until".into(), enabled: true };
    kv.update_time_to_live(&UpdateTimeToLiveRequest { table_name: "hash".into(), time_to_live_specification }).unwrap();
    let mortal = item([("pk", s("a")), ("until", n(1_700_000_005))]);
    kv.put_item(&put("hash", mortal.clone())).unwrap();
    wait(&kv, 10);
    assert_eq!(kv.expire_items().unwrap(), 1);
    assert_eq!(items(&kv, "hash"), Vec::<Item>::new());
    assert_eq!(items_at(&kv, "hash", START + 9), [mortal]);
}

#[test]
fn a_deleted_table_that_could_be_recovered_leaves_a_backup_for_35_days() {
    let kv = kv_with_tables();
    let stored = kv.engine().keyspace("kv.items").unwrap();
    let rows = || kv.engine().snapshot().unwrap().scan(&stored, &RangeRequest::all()).unwrap().count();
    kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(1))]))).unwrap();
    kv.put_item(&put("hash", row("a", 1))).unwrap();
    switch(&kv, "hash", true, None);
    for name in ["hash", "range"] {
        kv.delete_table(&DeleteTableRequest { table_name: name.into() }).unwrap();
    }
    assert_eq!((rows(), history_rows(&kv)), (1, 0));
    let all = ListBackupsRequest { backup_type: Some(BackupTypeFilter::All), ..Default::default() };
    let found = kv.list_backups(&all).unwrap().backup_summaries;
    assert_eq!(found.len(), 1);
    let kept = &found[0].backup_details;
    assert_eq!((kept.backup_name.as_str(), kept.backup_type), ("hash$DeletedTableBackup", BackupType::System));
    assert!(kept.backup_id.ends_with("-00000000"));
    assert_eq!(kept.backup_expiry_date_time, Some(Timestamp::from_secs(START + 35 * DAY)));
    assert_eq!(kept.backup_size_bytes, Some(10));
    assert!(kv.list_backups(&ListBackupsRequest::default()).unwrap().backup_summaries.is_empty(), "not by default");
    let request = DeleteBackupRequest { backup_arn: kept.backup_id.clone() };
    assert_invalid(
        kv.delete_backup(&request),
        &format!(
            "User is not allowed to delete the system backup with arn {}. It will automatically expire on \
             2023-12-19T22:13:20Z",
            kept.backup_id
        ),
    );
    // A new table of the name has nothing to do with it.
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    kv.put_item(&put("hash", row("b", 2))).unwrap();
    let restore = RestoreTableFromBackupRequest {
        target_table_name: "rescued".into(),
        backup_arn: kept.backup_id.clone(),
        ..Default::default()
    };
    kv.restore_table_from_backup(&restore).unwrap();
    assert_eq!(items(&kv, "rescued"), [row("a", 1)]);
    wait(&kv, 35 * DAY - 1);
    assert_eq!(kv.trim_backups().unwrap(), 0);
    wait(&kv, 1);
    assert_eq!(kv.trim_backups().unwrap(), 1);
    assert!(kv.list_backups(&all).unwrap().backup_summaries.is_empty());
    assert_eq!((rows(), items(&kv, "rescued"), items(&kv, "hash")), (2, vec![row("a", 1)], vec![row("b", 2)]));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    Wait(u64),
    Transact(Vec<(u8, Option<u8>)>),
    Trim,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_u8..6, any::<u8>()).prop_map(|(row, value)| Step::Put(row, value)),
        2 => (0_u8..6).prop_map(Step::Delete),
        4 => (1_u64..8).prop_map(Step::Wait),
        1 => proptest::collection::btree_map(0_u8..6, proptest::option::of(any::<u8>()), 1..4)
            .prop_map(|writes| Step::Transact(writes.into_iter().collect())),
        1 => Just(Step::Trim),
    ]
}

type Rows = BTreeMap<u8, u8>;

fn stored(id: u8, value: u8) -> Item {
    row(&format!("row {id}"), i64::from(value))
}

fn by_row(items: Vec<Item>) -> BTreeMap<String, Item> {
    items.into_iter().map(|item| (format!("{:?}", item["pk"]), item)).collect()
}

fn expected(rows: &Rows) -> BTreeMap<String, Item> {
    by_row(rows.iter().map(|(id, value)| stored(*id, *value)).collect())
}

/// What the model was at the end of a second.
fn past(history: &[(u64, Rows)], secs: u64) -> Rows {
    history.iter().rev().find(|(at, _)| *at <= secs).map(|(_, rows)| rows.clone()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_second_of_the_past_is_restored_as_it_was(
        before in proptest::collection::btree_map(0_u8..6, any::<u8>(), 0..4),
        steps in proptest::collection::vec(steps(), 1..40),
        asked in proptest::collection::vec(any::<prop::sample::Index>(), 3),
    ) {
        let kv = kv_with_tables();
        let mut rows: Rows = before;
        for (id, value) in &rows {
            kv.put_item(&put("hash", stored(*id, *value))).unwrap();
        }
        switch(&kv, "hash", true, Some(1));
        let mut now = START;
        let mut history = vec![(now, rows.clone())];
        for step in steps {
            match step {
                Step::Put(id, value) => {
                    kv.put_item(&put("hash", stored(id, value))).unwrap();
                    rows.insert(id, value);
                }
                Step::Delete(id) => {
                    kv.delete_item(&delete("hash", item([("pk", s(&format!("row {id}")))]))).unwrap();
                    rows.remove(&id);
                }
                Step::Wait(secs) => {
                    wait(&kv, secs);
                    now += secs;
                }
                Step::Transact(writes) => {
                    kv.engine().transact(|tx| {
                        for (id, value) in &writes {
                            match value {
                                Some(value) => kv.put_item_in(tx, &put("hash", stored(*id, *value))).map(drop)?,
                                None => {
                                    let key = item([("pk", s(&format!("row {id}")))]);
                                    kv.delete_item_in(tx, &delete("hash", key)).map(drop)?;
                                }
                            }
                        }
                        Ok::<_, Error>(())
                    }).unwrap();
                    for (id, value) in writes {
                        match value {
                            Some(value) => rows.insert(id, value),
                            None => rows.remove(&id),
                        };
                    }
                }
                Step::Trim => drop(kv.trim_backups().unwrap()),
            }
            history.push((now, rows.clone()));
        }
        let seconds: Vec<u64> = (START..=now).collect();
        for index in &asked {
            let secs = *index.get(&seconds);
            prop_assert_eq!(by_row(items_at(&kv, "hash", secs)), expected(&past(&history, secs)), "second {}", secs - START);
            // The same, read without a table.
            let mut pages = kv.items_at("hash", Some(Timestamp::from_secs(secs))).unwrap();
            let mut read = Vec::new();
            while let Some(page) = pages.next_page().unwrap() {
                read.extend(page);
            }
            prop_assert_eq!(by_row(read), expected(&past(&history, secs)));
        }
        // What changed between two seconds leads from one to the other.
        let (from, to) = (*asked[0].get(&seconds), *asked[1].get(&seconds));
        let (from, to) = (from.min(to).max(START + 1).min(now), from.max(to));
        if from <= to {
            let old = expected(&past(&history, from - 1));
            let new = expected(&past(&history, to - 1));
            let mut changed = old.clone();
            let mut pages = kv
                .changes_between("hash", Timestamp::from_secs(from), Timestamp::from_secs(to))
                .unwrap();
            while let Some(page) = pages.next_page().unwrap() {
                for change in page {
                    let key = format!("{:?}", change.keys["pk"]);
                    prop_assert_eq!(change.old_image.as_ref(), old.get(&key));
                    let secs = change.last_written.as_secs();
                    prop_assert!(from <= secs && secs < to);
                    match change.new_image {
                        Some(image) => changed.insert(key, image),
                        None => changed.remove(&key),
                    };
                }
            }
            if from < to {
                prop_assert_eq!(changed, new);
            }
        }
    }
}
