//! Changes of tables as a source.

use millpond_kv::{DescribeTableRequest, StreamSpecification, StreamViewType, UpdateTableRequest};
use millpond_triggers::Error;

use crate::support::*;

fn enable(world: &World, view: Option<StreamViewType>) {
    let specification = StreamSpecification { stream_enabled: view.is_some(), stream_view_type: view };
    let request = UpdateTableRequest {
        table_name: "orders".into(),
        stream_specification: Some(specification),
        ..Default::default()
    };
    world.kv.update_table(&request).unwrap();
}

#[test]
fn changes_come_with_what_happened_and_with_the_images() {
    let world = World::new();
    world.table("orders");
    let seen = Log::new();
    let changes = seen.clone();
    let builder = world.triggers.on_table("t", &world.kv, "orders").unwrap();
    builder
        .run(move |batch| {
            for record in batch {
                let change = record.change().unwrap();
                assert!(record.data().is_none() && record.message().is_none());
                changes.add((change.event_name.as_str(), change.new_image.is_some(), change.old_image.is_some()));
            }
            Ok(())
        })
        .unwrap();
    world.put("orders", "a", 1);
    world.put("orders", "a", 2);
    let key = millpond_kv::Item::from([("pk".to_owned(), millpond_kv::AttributeValue::S("a".into()))]);
    let delete = millpond_kv::DeleteItemRequest { table_name: "orders".into(), key, ..Default::default() };
    world.kv.delete_item(&delete).unwrap();
    world.idle();
    assert_eq!(seen.take(), [("INSERT", true, false), ("MODIFY", true, true), ("REMOVE", false, true)]);
}

#[test]
fn an_item_that_is_written_makes_another_in_the_same_store_exactly_once() {
    let world = World::new();
    world.table("orders");
    world.table("copies");
    let kv = world.kv.clone();
    let builder = world.triggers.on_table("copy", &world.kv, "orders").unwrap().parallelization_factor(3);
    let trigger = builder.run_in(move |tx, batch| {
        for record in batch {
            let item = record.change().and_then(|change| change.new_image.clone()).unwrap_or_default();
            let put = millpond_kv::PutItemRequest { table_name: "copies".into(), item, ..Default::default() };
            kv.put_item_in(tx, &put)?;
        }
        Ok(())
    });
    for nth in 0..100 {
        world.put("orders", &format!("o{}", nth % 30), nth);
    }
    world.idle();
    assert_eq!(trigger.unwrap().status().records, 100);
    let items = |table: &str| {
        let scan = millpond_kv::ScanRequest { table_name: table.into(), ..Default::default() };
        world.kv.scan(&scan).unwrap().items.unwrap()
    };
    let (orders, copies) = (items("orders"), items("copies"));
    assert_eq!(copies.len(), 30);
    assert_eq!(format!("{orders:?}"), format!("{copies:?}"));
}

#[test]
fn a_stream_goes_on_in_new_shards_after_four_hours() {
    let world = World::new();
    world.table("orders");
    let seen = Log::new();
    let changes = seen.clone();
    let builder = world.triggers.on_table("t", &world.kv, "orders").unwrap();
    let trigger = builder.run(move |batch| {
        batch.records().iter().for_each(|record| changes.add(record.id().to_owned()));
        Ok(())
    });
    for round in 0..5 {
        for nth in 0..20 {
            world.put("orders", &format!("o{nth}"), round);
        }
        world.pass(4 * 3600);
    }
    let mut numbers = seen.take();
    assert_eq!(numbers.len(), 100);
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 100);
    drop(trigger);
}

#[test]
fn a_table_without_a_stream_is_refused_and_one_that_is_enabled_anew_is_another() {
    let world = World::new();
    world.table("orders");
    world.put("orders", "a", 1);
    let seen = Log::new();
    let changes = seen.clone();
    let trigger = world.triggers.on_table("t", &world.kv, "orders").unwrap().run(move |batch| {
        changes.add(batch.records().len());
        Ok(())
    });
    world.idle();
    let trigger = trigger.unwrap();
    enable(&world, None);
    // The end of the stream is one of its shards, not of the trigger.
    world.idle();
    assert_eq!(seen.take(), [1]);
    assert!(trigger.status().lanes.is_empty());
    trigger.stop();
    let error = world.triggers.on_table("t", &world.kv, "orders").unwrap_err();
    assert!(matches!(error, Error::NoChangeStream { .. }), "{error}");
    world.pass(1);
    enable(&world, Some(StreamViewType::KeysOnly));
    let described = world.kv.describe_table(&DescribeTableRequest { table_name: "orders".into() }).unwrap();
    assert!(described.table.latest_stream_label.is_some());
    let error = world.triggers.on_table("t", &world.kv, "orders").unwrap().run(|_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::OtherSource { .. }), "{error}");
}
