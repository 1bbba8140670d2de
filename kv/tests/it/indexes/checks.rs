//! What is refused, described and charged.

use super::*;

#[test]
fn key_attributes_of_the_wrong_type_are_refused() {
    let kv = kv_with_orders();
    let mistyped = "One or more parameter values were invalid: Type mismatch for Index Key flag Expected: S Actual: N \
                    IndexName: by-flag";
    assert_invalid(kv.put_item(&put("orders", order("a", 1, &[("flag", n(1))]))), mistyped);
    assert_invalid(
        kv.put_item(&put("orders", order("a", 1, &[("flag", s(""))]))),
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-flag, IndexKey: flag",
    );
    assert_invalid(
        kv.put_item(&put("orders", order("a", 1, &[("flag", s(&"x".repeat(2049)))]))),
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
    );
    kv.put_item(&put("orders", order("a", 1, &[("flag", s(&"x".repeat(2048)))]))).unwrap();
    let set = |value| UpdateItemRequest {
        expression_attribute_values: Some(item([(":v", value)])),
        ..update("orders", item([("pk", s("a")), ("sk", n(1))]), "SET flag = :v")
    };
    assert_invalid(
        kv.update_item(&set(n(1))),
        "The update expression attempted to update the secondary index key to unsupported type",
    );
    assert!(kv.update_item(&set(s(""))).unwrap_err().to_string().contains("cannot contain an empty string value"));
    let transact = |action| {
        kv.transact_write_items(&TransactWriteItemsRequest { transact_items: vec![action], ..Default::default() })
    };
    let cancelled = transact(TransactWriteItem::Update(set(n(1)))).unwrap_err();
    assert!(cancelled.to_string().contains("[ValidationError]"), "{cancelled}");
    let Error::TransactionCanceled { reasons } = cancelled else { panic!("{cancelled}") };
    assert_eq!(reasons[0].message.as_deref(), Some(mistyped));
    // An empty one is not the action's fault but the request's.
    let empty = put("orders", order("a", 1, &[("flag", s(""))]));
    let put_alone = kv.put_item(&empty).unwrap_err().to_string();
    assert_invalid(transact(TransactWriteItem::Put(empty)), &put_alone);
    let update_alone = kv.update_item(&set(s(""))).unwrap_err().to_string();
    assert_invalid(transact(TransactWriteItem::Update(set(s("")))), &update_alone);
}

#[test]
fn of_several_indexes_the_first_by_name_is_blamed() {
    let kv = kv();
    let mut request = orders();
    let all = || projection(ProjectionType::All, &[]);
    request.global_secondary_indexes =
        Some(["zzz", "mmm", "nnn"].map(|name| global(name, "flag", Some("day"), all())).into());
    kv.create_table(&request).unwrap();
    assert_invalid(
        kv.put_item(&put("orders", order("a", 1, &[("flag", n(1)), ("cost", s("x"))]))),
        "One or more parameter values were invalid: Type mismatch for Index Key cost Expected: N Actual: S IndexName: \
         by-total",
    );
    assert_invalid(
        kv.put_item(&put("orders", order("a", 1, &[("flag", s("f")), ("day", n(1))]))),
        "One or more parameter values were invalid: Type mismatch for Index Key day Expected: S Actual: N IndexName: mmm",
    );
}

#[test]
fn wrong_indexes_are_refused() {
    let kv = kv();
    let all = || projection(ProjectionType::All, &[]);
    let with_global = |index| CreateTableRequest { global_secondary_indexes: Some(vec![index]), ..orders() };
    let with_local = |index| CreateTableRequest { local_secondary_indexes: Some(vec![index]), ..orders() };
    let units = Some(ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 });
    let many = |count: usize, make: &dyn Fn(String) -> GlobalSecondaryIndex| {
        let indexes = (0..count).map(|nth| make(format!("index-{nth}"))).collect();
        CreateTableRequest { global_secondary_indexes: Some(indexes), ..orders() }
    };
    let included: Vec<String> = (0..20).map(|nth| format!("a{nth}")).collect();
    let included: Vec<&str> = included.iter().map(String::as_str).collect();
    for (request, message) in [
        (
            with_global(global("by-x", "x", None, all())),
            "One or more parameter values were invalid: Some index key attributes are not defined in \
             AttributeDefinitions. Keys: [x], AttributeDefinitions: [pk, sk, cost, day, flag]",
        ),
        (
            with_global(global("by-day", "day", Some("flag"), Projection::default())),
            "One or more parameter values were invalid: Unknown ProjectionType: null",
        ),
        (
            with_global(global("by-day", "day", Some("flag"), projection(ProjectionType::All, &["x"]))),
            "One or more parameter values were invalid: ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            with_global(global("by-day", "day", Some("flag"), projection(ProjectionType::Include, &[]))),
            "One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not \
             specified",
        ),
        (
            with_global(global("by-day", "day", Some("flag"), projection(ProjectionType::Include, &["x", "y", "x"]))),
            "One or more parameter values were invalid: Duplicate element in NonKeyAttributes: x",
        ),
        (
            CreateTableRequest { billing_mode: None, provisioned_throughput: units, ..orders() },
            "One or more parameter values were invalid: ProvisionedThroughput is not specified for index: by-day",
        ),
        (
            CreateTableRequest {
                attribute_definitions: [
                    orders().attribute_definitions,
                    vec![definition("day", ScalarAttributeType::S)],
                ]
                .concat(),
                ..orders()
            },
            "Attribute Name is duplicated: day",
        ),
        (
            with_global(GlobalSecondaryIndex {
                provisioned_throughput: units,
                ..global("by-day", "day", Some("flag"), all())
            }),
            "One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: \
             by-day when BillingMode is PAY_PER_REQUEST",
        ),
        (
            with_global(global("by-day", "day", None, all())),
            "One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: \
             [pk, sk, cost, day, flag], keys used: [cost, day, pk, sk]",
        ),
        (
            with_local(LocalSecondaryIndex { key_schema: schema("pk", None), ..local("by-total", "cost", all()) }),
            "One or more parameter values were invalid: Index KeySchema does not have a range key for index: by-total",
        ),
        (
            with_local(LocalSecondaryIndex {
                key_schema: schema("day", Some("cost")),
                ..local("by-total", "cost", all())
            }),
            "One or more parameter values were invalid: Index KeySchema does not have the same leading hash key as \
             table KeySchema for index: by-total. index hash key: day, table hash key: pk",
        ),
        (
            many(21, &|name| global(&name, "day", Some("flag"), all())),
            "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            many(6, &|name| global(&name, "day", Some("flag"), projection(ProjectionType::Include, &included))),
            "One or more parameter values were invalid: Number of NonKeyAttributes of all indexes exceeds per-table \
             limit of 100",
        ),
        (
            with_global(global(
                "x",
                "day",
                None,
                projection(ProjectionType::Include, &[&included[..], &["b"]].concat()),
            )),
            "2 validation errors detected: Value 'x' at 'globalSecondaryIndexes.1.member.indexName' failed to satisfy \
             constraint: Member must have length greater than or equal to 3; Value at \
             'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to satisfy constraint: Member must \
             have length less than or equal to 20",
        ),
    ] {
        assert_invalid(kv.create_table(&request), message);
    }
    kv.create_table(&many(20, &|name| global(&name, "day", Some("flag"), all()))).unwrap();
}

#[test]
fn indexes_are_described_and_counted() {
    let kv = kv_with_orders();
    for sk in 0..5 {
        let mut item = order("a", sk, &[("cost", n(sk)), ("note", s("12345"))]);
        if sk < 2 {
            item.insert("flag".into(), s("f"));
        }
        kv.put_item(&put("orders", item)).unwrap();
    }
    let table = kv.describe_table(&DescribeTableRequest { table_name: "orders".into() }).unwrap().table;
    let types: Vec<_> = table.attribute_definitions.iter().map(|defined| defined.attribute_name.as_str()).collect();
    assert_eq!(types, ["cost", "day", "flag", "pk", "sk"]);
    let [by_total] = &table.local_secondary_indexes[..] else { panic!("one local index") };
    assert_eq!((by_total.index_name.as_str(), by_total.item_count), ("by-total", 5));
    let [by_day, by_flag] = &table.global_secondary_indexes[..] else { panic!("two global indexes") };
    assert_eq!((by_day.item_count, by_flag.item_count), (0, 2));
    assert_eq!(by_flag.index_status, IndexStatus::Active);
    // pk, sk, flag and note, of two items: cost is not copied.
    let bytes = |sk: usize| 2 + 1 + 2 + if sk == 0 { 1 } else { 2 } + 4 + 1 + 4 + 5;
    assert_eq!(by_flag.index_size_bytes, (bytes(0) + bytes(1)) as u64);
    assert_eq!(by_flag.projection, projection(ProjectionType::Include, &["note"]));
    assert_eq!(by_day.key_schema, schema("day", Some("cost")));
}

#[test]
fn consumed_capacity_tells_table_and_indexes_apart() {
    let kv = kv_with_orders();
    let report = |request: PutItemRequest| {
        let request = PutItemRequest { return_consumed_capacity: ReturnConsumedCapacity::Indexes, ..request };
        let consumed = kv.put_item(&request).unwrap().consumed_capacity.unwrap();
        let arms = |arms: Option<BTreeMap<String, Capacity>>| {
            arms.unwrap_or_default().into_iter().map(|(name, units)| (name, units.capacity_units)).collect::<Vec<_>>()
        };
        (
            consumed.capacity_units,
            consumed.table.unwrap().capacity_units,
            arms(consumed.local_secondary_indexes),
            arms(consumed.global_secondary_indexes),
        )
    };
    let flag = |units| vec![("by-flag".to_owned(), units)];
    let put_order = |rest: &[(&str, AttributeValue)]| put("orders", order("a", 1, rest));
    assert_eq!(report(put_order(&[("x", n(1))])), (1.0, 1.0, vec![], vec![]));
    assert_eq!(report(put_order(&[("flag", s("f"))])), (2.0, 1.0, vec![], flag(1.0)));
    assert_eq!(report(put_order(&[("flag", s("f")), ("x", n(2))])), (1.0, 1.0, vec![], vec![]), "no entry changed");
    assert_eq!(report(put_order(&[("flag", s("g"))])), (3.0, 1.0, vec![], flag(2.0)), "it moved");
    assert_eq!(report(put_order(&[("flag", s("g")), ("note", s("n"))])), (2.0, 1.0, vec![], flag(1.0)));
    let large = put_order(&[("flag", s("g")), ("cost", n(1)), ("x", s(&"x".repeat(2000)))]);
    assert_eq!(report(large), (4.0, 2.0, vec![("by-total".to_owned(), 1.0)], flag(1.0)));

    let asked = ReturnConsumedCapacity::Indexes;
    let request = QueryRequest {
        return_consumed_capacity: asked,
        select: Some(Select::AllAttributes),
        ..on("by-total", "pk = :p", item([(":p", s("a"))]))
    };
    let consumed = kv.query(&request).unwrap().consumed_capacity.unwrap();
    assert_eq!((consumed.capacity_units, consumed.table.unwrap().capacity_units), (1.0, 0.5), "one is fetched");
    assert_eq!(consumed.local_secondary_indexes.unwrap()["by-total"].capacity_units, 0.5);
}

#[test]
fn sizes_of_item_collections_are_told_where_there_are_local_indexes() {
    let kv = kv_with_orders();
    let asked = ReturnItemCollectionMetrics::Size;
    let metrics = |pk: &str| ItemCollectionMetricsOf { pk: pk.into(), range: vec![0.0, 1.0] };
    let seen = |metrics: ItemCollectionMetrics| ItemCollectionMetricsOf {
        pk: match &metrics.item_collection_key["pk"] {
            AttributeValue::S(pk) => pk.clone(),
            other => panic!("{other:?}"),
        },
        range: metrics.size_estimate_range_gb,
    };
    let put_order = |pk| PutItemRequest { return_item_collection_metrics: asked, ..put("orders", order(pk, 1, &[])) };
    assert_eq!(kv.put_item(&put_order("a")).unwrap().item_collection_metrics.map(seen), Some(metrics("a")));
    let writes = ["a", "b"].map(|pk| WriteRequest::Put { item: order(pk, 2, &[("cost", n(1))]) });
    let more = WriteRequest::Put { item: order("a", 3, &[]) };
    let request = BatchWriteItemRequest {
        request_items: BTreeMap::from([("orders".to_owned(), writes.into_iter().chain([more]).collect())]),
        return_item_collection_metrics: asked,
        ..Default::default()
    };
    let told = kv.batch_write_item(&request).unwrap().item_collection_metrics.unwrap();
    let told: Vec<_> = told["orders"].iter().cloned().map(seen).collect();
    assert_eq!(told, [metrics("a"), metrics("b")], "one for each collection");
    let request = TransactWriteItemsRequest {
        transact_items: vec![TransactWriteItem::Delete(delete("orders", item([("pk", s("b")), ("sk", n(2))])))],
        return_item_collection_metrics: asked,
        ..Default::default()
    };
    let told = kv.transact_write_items(&request).unwrap().item_collection_metrics.unwrap();
    assert_eq!(told["orders"].len(), 1);

    kv.create_table(&create("plain", &[("pk", ScalarAttributeType::S)])).unwrap();
    let request = PutItemRequest { return_item_collection_metrics: asked, ..put("plain", item([("pk", s("a"))])) };
    assert_eq!(kv.put_item(&request).unwrap().item_collection_metrics, None);
}

#[derive(Debug, PartialEq)]
struct ItemCollectionMetricsOf {
    pk: String,
    range: Vec<f64>,
}
