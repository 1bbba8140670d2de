//! Items that expire.

use std::time::Duration;

use millpond_engine::RangeRequest;
use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Item, Kv};

use crate::support::*;

/// The clock of the tests starts here.
const START: i64 = 1_700_000_000;

fn switch(attribute: &str, enabled: bool) -> UpdateTimeToLiveRequest {
    UpdateTimeToLiveRequest {
        table_name: "hash".into(),
        time_to_live_specification: TimeToLiveSpecification { attribute_name: attribute.into(), enabled },
    }
}

fn described(kv: &Kv) -> (TimeToLiveStatus, Option<String>) {
    let request = DescribeTimeToLiveRequest { table_name: "hash".into() };
    let described = kv.describe_time_to_live(&request).unwrap().time_to_live_description;
    (described.time_to_live_status, described.attribute_name)
}

fn until(pk: &str, until: impl Into<Option<AttributeValue>>) -> Item {
    let mut item = item([("pk", s(pk))]);
    item.extend(until.into().map(|until| ("until".to_owned(), until)));
    item
}

fn left(kv: &Kv) -> Vec<String> {
    let items = kv.scan(&scan("hash")).unwrap().items.unwrap();
    let mut keys: Vec<String> = items
        .iter()
        .map(|item| match &item["pk"] {
            AttributeValue::S(key) => key.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    keys.sort();
    keys
}

fn entries(kv: &Kv) -> usize {
    let keyspace = kv.engine().keyspace("kv.indexes").unwrap();
    kv.engine().snapshot().unwrap().scan(&keyspace, &RangeRequest::all()).unwrap().count()
}

fn wait(kv: &Kv, secs: u64) {
    kv.engine().clock().advance(Duration::from_secs(secs)).unwrap();
}

#[test]
fn items_are_deleted_once_their_time_has_come() {
    let kv = kv_with_tables();
    kv.update_time_to_live(&switch("until", true)).unwrap();
    assert_eq!(described(&kv), (TimeToLiveStatus::Enabled, Some("until".into())));
    let decimal = |text: &str| AttributeValue::N(text.parse().unwrap());
    for (pk, value) in [
        ("soon", Some(n(START + 10))),
        ("soon with a fraction", Some(decimal("1700000010.9"))),
        ("later", Some(n(START + 20))),
        ("never", None),
        ("text", Some(s("1700000000"))),
        ("negative", Some(n(-1))),
        ("zero", Some(n(0))),
        ("six years ago", Some(n(START - 6 * 365 * 86_400))),
        ("four years ago", Some(n(START - 4 * 365 * 86_400))),
        ("beyond all time", Some(decimal("1e30"))),
    ] {
        kv.put_item(&put("hash", until(pk, value))).unwrap();
    }
    assert_eq!(kv.expire_items().unwrap(), 1, "what is long past, but not too long");
    assert_eq!(kv.expire_items().unwrap(), 0);
    wait(&kv, 9);
    assert_eq!(kv.expire_items().unwrap(), 0);
    wait(&kv, 1);
    assert!(left(&kv).contains(&"soon".to_owned()), "an item is there until it is looked for");
    assert_eq!(kv.expire_items().unwrap(), 2);
    wait(&kv, 10);
    assert_eq!(kv.expire_items().unwrap(), 1);
    assert_eq!(left(&kv), ["beyond all time", "negative", "never", "six years ago", "text", "zero"]);
}

#[test]
fn a_change_of_the_attribute_changes_the_time() {
    let kv = kv_with_tables();
    kv.update_time_to_live(&switch("until", true)).unwrap();
    for pk in ["extended", "freed", "shortened", "replaced"] {
        kv.put_item(&put("hash", until(pk, n(START + 10)))).unwrap();
    }
    let set = |pk: &str, value: i64| UpdateItemRequest {
        expression_attribute_values: Some(item([(":u", n(value))])),
        ..update("hash", until(pk, None), "SET #u = :u")
    };
    let set = |pk: &str, value| {
        let request = UpdateItemRequest { expression_attribute_names: names([("#u", "until")]), ..set(pk, value) };
        kv.update_item(&request).unwrap();
    };
    set("extended", START + 100);
    set("shortened", START + 5);
    let free = UpdateItemRequest {
        expression_attribute_names: names([("#u", "until")]),
        ..update("hash", until("freed", None), "REMOVE #u")
    };
    kv.update_item(&free).unwrap();
    kv.put_item(&put("hash", until("replaced", None))).unwrap();
    wait(&kv, 5);
    assert_eq!(kv.expire_items().unwrap(), 1);
    wait(&kv, 50);
    assert_eq!(kv.expire_items().unwrap(), 0);
    wait(&kv, 50);
    assert_eq!(kv.expire_items().unwrap(), 1);
    assert_eq!(left(&kv), ["freed", "replaced"]);
    assert_eq!(entries(&kv), 0);
}

#[test]
fn an_expired_item_leaves_its_secondary_indexes_too() {
    let kv = kv();
    let mut request = create("hash", &[("pk", ScalarAttributeType::S)]);
    request
        .attribute_definitions
        .push(AttributeDefinition { attribute_name: "group".into(), attribute_type: ScalarAttributeType::S });
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-group".into(),
        key_schema: vec![KeySchemaElement { attribute_name: "group".into(), key_type: KeyType::Hash }],
        projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
        ..Default::default()
    }]);
    kv.create_table(&request).unwrap();
    kv.update_time_to_live(&switch("until", true)).unwrap();
    let mut grouped = until("a", n(START));
    grouped.insert("group".into(), s("g"));
    kv.put_item(&put("hash", grouped)).unwrap();
    assert_eq!(entries(&kv), 2);
    let table = kv.describe_table(&DescribeTableRequest { table_name: "hash".into() }).unwrap().table;
    assert_eq!((table.item_count, table.global_secondary_indexes[0].item_count), (1, 1));
    assert_eq!(kv.expire_items().unwrap(), 1);
    assert_eq!(entries(&kv), 0);
}

#[test]
fn items_from_before_expiry_was_switched_on_expire_too() {
    let kv = kv_with_tables();
    for number in 0..700 {
        kv.put_item(&put("hash", until(&number.to_string(), n(START + number)))).unwrap();
    }
    assert_eq!(kv.expire_items().unwrap(), 0);
    kv.update_time_to_live(&switch("until", true)).unwrap();
    wait(&kv, 499);
    assert_eq!(kv.expire_items().unwrap(), 500, "more than one page");
    assert_eq!(left(&kv).len(), 200);

    kv.update_time_to_live(&switch("until", false)).unwrap();
    assert_eq!(described(&kv), (TimeToLiveStatus::Disabled, None));
    assert_eq!(entries(&kv), 0);
    wait(&kv, 1000);
    assert_eq!(kv.expire_items().unwrap(), 0);
    assert_eq!(left(&kv).len(), 200);
    // Another attribute may tell the time from now on.
    kv.update_time_to_live(&switch("end", true)).unwrap();
    assert_eq!(kv.expire_items().unwrap(), 0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let kv = kv_with_tables();
    let run = |attribute: &str, enabled| kv.update_time_to_live(&switch(attribute, enabled));
    assert_invalid(run("until", false), "TimeToLive is already disabled");
    run("until", true).unwrap();
    assert_invalid(run("until", true), "TimeToLive is already enabled");
    let other = "TimeToLive is active on a different AttributeName: current AttributeName is until";
    assert_invalid(run("end", true), other);
    assert_invalid(run("end", false), other);
    assert_invalid(
        run("", true),
        "1 validation error detected: Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
    );
    assert!(run(&"x".repeat(256), true).is_err());
    let absent = UpdateTimeToLiveRequest { table_name: "absent".into(), ..switch("until", true) };
    assert_fails(
        kv.update_time_to_live(&absent),
        "ResourceNotFoundException",
        "Requested resource not found: Table: absent not found",
    );
}

#[test]
fn expiry_can_be_switched_in_a_transaction_of_the_caller() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", until("a", n(START)))).unwrap();
    let run = |fails: bool| {
        kv.engine().transact(|tx| -> Result<(), millpond_kv::Error> {
            kv.update_time_to_live_in(tx, &switch("until", true))?;
            let request = DescribeTimeToLiveRequest { table_name: "hash".into() };
            let described = kv.describe_time_to_live_in(tx, &request)?.time_to_live_description;
            assert_eq!(described.time_to_live_status, TimeToLiveStatus::Enabled);
            if fails { Err(millpond_engine::Error::KeyEmpty.into()) } else { Ok(()) }
        })
    };
    run(true).unwrap_err();
    assert_eq!(kv.expire_items().unwrap(), 0);
    run(false).unwrap();
    assert_eq!(kv.expire_items().unwrap(), 1);
}

#[test]
fn a_deleted_table_leaves_nothing_to_expire() {
    let kv = kv_with_tables();
    kv.update_time_to_live(&switch("until", true)).unwrap();
    kv.put_item(&put("hash", until("a", n(START)))).unwrap();
    kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap();
    assert_eq!((kv.expire_items().unwrap(), entries(&kv)), (0, 0));
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    kv.put_item(&put("hash", until("a", n(START)))).unwrap();
    assert_eq!(kv.expire_items().unwrap(), 0, "the new table's items do not expire");
}
