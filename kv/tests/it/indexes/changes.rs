//! Indexes of tables that exist, and the end of tables with indexes.

use super::*;

#[test]
fn an_index_is_added_to_a_table_with_items_and_removed_again() {
    let kv = kv_with_orders();
    let mut expected = Vec::new();
    for sk in 0..700 {
        let mut item = order("a", sk, &[]);
        match sk % 3 {
            0 => item.extend([("note".to_owned(), s("n"))]),
            1 => item.extend([("note".to_owned(), n(1))]), // of another type: it is passed over
            _ => {}
        }
        kv.put_item(&put("orders", item.clone())).unwrap();
        expected.extend((sk % 3 == 0).then_some(item));
    }
    let changed = kv.update_table(&add_by_note()).unwrap().table_description;
    assert_eq!(changed.table_status, TableStatus::Updating);
    let by_note = changed.global_secondary_indexes.last().unwrap();
    assert_eq!((by_note.index_status, by_note.backfilling), (IndexStatus::Creating, true));
    let table = kv.describe_table(&DescribeTableRequest { table_name: "orders".into() }).unwrap().table;
    assert_eq!(table.table_status, TableStatus::Active);
    let by_note = table.global_secondary_indexes.last().unwrap();
    assert_eq!((by_note.index_status, by_note.backfilling), (IndexStatus::Active, false));
    assert_eq!(by_note.item_count as usize, expected.len());
    assert_eq!(everything(&kv, "by-note"), sorted(expected.clone()));
    // A mistyped attribute that was there before does not get in the way of other changes.
    let request = UpdateItemRequest {
        expression_attribute_values: Some(item([(":x", n(1))])),
        ..update("orders", item([("pk", s("a")), ("sk", n(1))]), "SET x = :x")
    };
    kv.update_item(&request).unwrap();

    assert_invalid(kv.update_table(&add_by_note()), "Attempting to create an index which already exists");
    let changed = kv.update_table(&drop_by_note()).unwrap().table_description;
    assert_eq!(changed.global_secondary_indexes.last().unwrap().index_status, IndexStatus::Deleting);
    assert_eq!(entries(&kv), 0);
    assert_fails(kv.update_table(&drop_by_note()), "ResourceNotFoundException", "Requested resource not found");
    kv.put_item(&put("orders", order("a", 0, &[("note", n(1))]))).unwrap();
    kv.update_table(&add_by_note()).unwrap();
    assert_eq!(everything(&kv, "by-note"), sorted(expected[1..].to_vec()), "another index of the same name");
}

#[test]
fn an_index_can_be_added_and_removed_in_a_transaction_of_the_caller() {
    let kv = kv_with_orders();
    let noted = order("a", 1, &[("note", s("n"))]);
    kv.put_item(&put("orders", noted.clone())).unwrap();
    let run = |fails: bool| {
        kv.engine().transact(|tx| -> Result<(), millpond_kv::Error> {
            kv.update_table_in(tx, &add_by_note())?;
            let request = ScanRequest { index_name: Some("by-note".into()), ..scan("orders") };
            assert_eq!(kv.scan_in(tx, &request)?.items.unwrap(), std::slice::from_ref(&noted));
            if fails { Err(millpond_engine::Error::KeyEmpty.into()) } else { Ok(()) }
        })
    };
    run(true).unwrap_err();
    assert_eq!(entries(&kv), 0);
    run(false).unwrap();
    assert_eq!(everything(&kv, "by-note"), [noted]);
    kv.engine().transact(|tx| kv.update_table_in(tx, &drop_by_note())).unwrap();
    assert_eq!(entries(&kv), 1, "left for the next opening");
    Kv::open(kv.engine()).unwrap();
    assert_eq!(entries(&kv), 0);
}

#[test]
fn what_is_written_while_an_index_is_added_is_in_it() {
    let kv = kv_with_orders();
    for sk in 0..2000 {
        kv.put_item(&put("orders", order("a", sk, &[("note", s("old"))]))).unwrap();
    }
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let kv = &kv;
            scope.spawn(move || {
                for sk in 0..400 {
                    let sk = sk * 5 + writer;
                    match sk % 2 {
                        0 => drop(kv.put_item(&put("orders", order("a", sk, &[("note", s("new"))]))).unwrap()),
                        _ => drop(kv.delete_item(&delete("orders", item([("pk", s("a")), ("sk", n(sk))]))).unwrap()),
                    }
                }
            });
        }
        kv.update_table(&add_by_note()).unwrap();
    });
    let items = sorted(kv.scan(&scan("orders")).unwrap().items.unwrap());
    assert_eq!(everything(&kv, "by-note"), items);
}

#[test]
fn deleting_a_table_removes_the_entries_of_its_indexes() {
    let kv = kv_with_orders();
    kv.put_item(&put("orders", order("a", 1, &[("flag", s("f")), ("cost", n(1))]))).unwrap();
    assert_eq!(entries(&kv), 2);
    kv.delete_table(&DeleteTableRequest { table_name: "orders".into() }).unwrap();
    assert_eq!(entries(&kv), 0);
}

#[test]
fn capacity_of_indexes_goes_with_the_billing_mode() {
    let kv = kv_with_orders();
    let units = |units| ProvisionedThroughput { read_capacity_units: units, write_capacity_units: units };
    let provisioned = |updates| UpdateTableRequest {
        table_name: "orders".into(),
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: Some(units(5)),
        global_secondary_index_updates: updates,
        ..Default::default()
    };
    let update = |name: &str| GlobalSecondaryIndexUpdate::Update {
        index_name: name.into(),
        provisioned_throughput: Some(units(3)),
        on_demand_throughput: None,
        warm_throughput: None,
    };
    assert_invalid(
        kv.update_table(&provisioned(vec![update("by-day")])),
        "One or more parameter values were invalid: ProvisionedThroughput must be specified for index: by-flag",
    );
    let table = kv.update_table(&provisioned(vec![update("by-day"), update("by-flag")])).unwrap().table_description;
    let error = kv.update_table(&change(vec![update("by-day")])).unwrap_err().to_string();
    assert!(error.starts_with("The provisioned throughput for the index by-day will not change."), "{error}");
    assert_invalid(
        kv.update_table(&add_by_note()),
        "One or more parameter values were invalid: Both ReadCapacityUnits and WriteCapacityUnits must be specified \
         for index: by-note",
    );
    let drop_and_raise = UpdateTableRequest { provisioned_throughput: Some(units(6)), ..drop_by_note() };
    assert_invalid(
        kv.update_table(&drop_and_raise),
        "One or more parameter values were invalid: You cannot create or delete index while updating table IOPS",
    );
    assert!(table.global_secondary_indexes.iter().all(|index| index.provisioned_throughput.read_capacity_units == 3));
    let request = UpdateTableRequest {
        table_name: "orders".into(),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..Default::default()
    };
    let table = kv.update_table(&request).unwrap().table_description;
    assert!(table.global_secondary_indexes.iter().all(|index| index.provisioned_throughput.read_capacity_units == 0));
    assert_invalid(
        kv.update_table(&change(vec![update("by-day")])),
        "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified \
         for index: by-day when BillingMode is PAY_PER_REQUEST",
    );
    let delete = |name: &str| GlobalSecondaryIndexUpdate::Delete { index_name: name.into() };
    assert_fails(
        kv.update_table(&change(vec![delete("by-day"), delete("by-flag")])),
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
    assert_invalid(
        kv.update_table(&change(vec![delete("by-day"), update("by-day")])),
        "One or more parameter values were invalid: Only one global secondary index update per index is allowed \
         simultaneously. Index: by-day",
    );
}

#[test]
fn changes_of_indexes_that_cannot_be_are_refused() {
    let kv = kv_with_orders();
    let delete = GlobalSecondaryIndexUpdate::Delete { index_name: "by-total".into() };
    assert_invalid(
        kv.update_table(&change(vec![delete])),
        "Cannot delete an index that is not a GlobalSecondaryIndex: by-total",
    );
    let update = GlobalSecondaryIndexUpdate::Update {
        index_name: "by-total".into(),
        provisioned_throughput: None,
        on_demand_throughput: None,
        warm_throughput: None,
    };
    assert_invalid(
        kv.update_table(&change(vec![update])),
        "Cannot update an index that is not a GlobalSecondaryIndex: by-total",
    );
    assert_invalid(
        kv.update_table(&UpdateTableRequest { attribute_definitions: None, ..add_by_note() }),
        "One or more parameter values were invalid: AttributeDefinitions is not specified for index: by-note",
    );
    for nth in 2..20 {
        let index = global(&format!("by-note-{nth}"), "note", None, projection(ProjectionType::KeysOnly, &[]));
        kv.update_table(&change(vec![GlobalSecondaryIndexUpdate::Create(index)])).unwrap();
    }
    assert_fails(
        kv.update_table(&add_by_note()),
        "LimitExceededException",
        "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20",
    );
}
