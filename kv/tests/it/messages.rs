//! The texts that the service gives for wrong requests, and which of several faults it reports.

use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Kv, Options, Wording};

use crate::support::*;

const S: ScalarAttributeType = ScalarAttributeType::S;

#[test]
fn wrong_tables_are_refused() {
    let kv = kv();
    let definition = |name: &str| AttributeDefinition { attribute_name: name.into(), attribute_type: S };
    let key = |name: &str, key_type| KeySchemaElement { attribute_name: name.into(), key_type };
    let base = || create("orders", &[("pk", S), ("sk", S)]);
    let all = || Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None };
    let cases = [
        (
            CreateTableRequest { table_name: "ab".into(), ..base() },
            "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have \
             length greater than or equal to 3",
        ),
        (
            CreateTableRequest {
                key_schema: vec![key("pk", KeyType::Hash), key("pk", KeyType::Range)],
                attribute_definitions: vec![definition("pk")],
                ..base()
            },
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            CreateTableRequest { key_schema: vec![key("pk", KeyType::Hash), key("pk", KeyType::Range)], ..base() },
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            CreateTableRequest { key_schema: vec![key("pk", KeyType::Range), key("sk", KeyType::Hash)], ..base() },
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            CreateTableRequest { key_schema: vec![key("pk", KeyType::Hash), key("sk", KeyType::Hash)], ..base() },
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            CreateTableRequest { key_schema: vec![key("id", KeyType::Hash)], ..base() },
            "One or more parameter values were invalid: Some index key attributes are not defined in \
             AttributeDefinitions. Keys: [id], AttributeDefinitions: [pk, sk]",
        ),
        (
            CreateTableRequest { key_schema: vec![key("pk", KeyType::Hash)], ..base() },
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match \
             number of attributes defined in AttributeDefinitions",
        ),
        (
            CreateTableRequest { key_schema: vec![], ..base() },
            "1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: Member must have \
             length greater than or equal to 1",
        ),
        (
            CreateTableRequest { key_schema: vec![key("pk", KeyType::Hash); 3], ..base() },
            "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), \
             KeySchemaElement(attributeName=pk, keyType=HASH), KeySchemaElement(attributeName=pk, keyType=HASH)]' at \
             'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
        (
            CreateTableRequest { billing_mode: None, ..base() },
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be \
             specified when BillingMode is PROVISIONED",
        ),
        (
            CreateTableRequest {
                provisioned_throughput: Some(ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 }),
                ..base()
            },
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be \
             specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            CreateTableRequest {
                billing_mode: None,
                provisioned_throughput: Some(ProvisionedThroughput::default()),
                ..base()
            },
            "2 validation errors detected: Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy \
             constraint: Member must have value greater than or equal to 1; Value '0' at \
             'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater \
             than or equal to 1",
        ),
        (
            CreateTableRequest {
                local_secondary_indexes: Some(vec![LocalSecondaryIndex {
                    index_name: "by-pk".into(),
                    key_schema: vec![key("pk", KeyType::Hash)],
                    projection: all(),
                }]),
                ..create("orders", &[("pk", S)])
            },
            "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required \
             when specifying a LocalSecondaryIndex",
        ),
        (
            CreateTableRequest {
                global_secondary_indexes: Some(vec![
                    GlobalSecondaryIndex {
                        index_name: "sameIndex".into(),
                        key_schema: vec![key("sk", KeyType::Hash)],
                        projection: all(),
                        ..Default::default()
                    };
                    2
                ]),
                ..base()
            },
            "One or more parameter values were invalid: Duplicate index name: sameIndex",
        ),
    ];
    for (request, message) in cases {
        assert_invalid(kv.create_table(&request), message);
    }
}

#[test]
fn wrong_items_are_refused() {
    let kv = kv_with_tables();
    let with = |name: &str, value| item([("pk", s("a")), ("sk", n(1)), (name, value)]);
    let empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                 empty string value. Key: pk";
    for (wrong, message) in [
        (item([("sk", n(1))]), "One or more parameter values were invalid: Missing the key pk in the item"),
        (item([("pk", s("a"))]), "One or more parameter values were invalid: Missing the key sk in the item"),
        (
            with("sk", s("1")),
            "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S",
        ),
        (with("pk", s("")), empty),
    ] {
        assert_invalid(kv.put_item(&put("range", wrong)), message);
    }
    for (wrong, message) in [
        (
            with("set", AttributeValue::Ss([].into())),
            "One or more parameter values were invalid: An string set  may not be empty",
        ),
        (
            with("deep", AttributeValue::L(vec![AttributeValue::Ns([].into())])),
            "One or more parameter values were invalid: An number set  may not be empty",
        ),
    ] {
        assert_malformed(kv.put_item(&put("range", wrong)), message);
    }
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 0);
}

#[test]
fn wrong_keys_are_refused_by_every_operation_that_takes_one() {
    let kv = kv_with_tables();
    let no_match = "The provided key element does not match the schema";
    for wrong in [
        item([("pk", s("a"))]),
        item([("pk", s("a")), ("sk", s("1"))]),
        item([("pk", s("a")), ("other", n(1))]),
        item([("pk", s("a")), ("sk", n(1)), ("more", n(1))]),
        item([]),
    ] {
        assert_invalid(kv.get_item(&get("range", wrong.clone())), no_match);
        assert_invalid(kv.delete_item(&delete("range", wrong.clone())), no_match);
        assert_invalid(kv.update_item(&update("range", wrong, "REMOVE x")), no_match);
    }
    assert_invalid(
        kv.get_item(&get("hash", item([("pk", s(""))]))),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         string value. Key: pk",
    );
}

#[test]
fn return_values_that_an_operation_does_not_have_are_refused() {
    let kv = kv_with_tables();
    for return_values in [ReturnValues::AllNew, ReturnValues::UpdatedOld, ReturnValues::UpdatedNew] {
        let request = PutItemRequest { return_values, ..put("hash", item([("pk", s("a"))])) };
        assert_malformed(kv.put_item(&request), "ReturnValues can only be ALL_OLD or NONE");
        let request = DeleteItemRequest { return_values, ..delete("hash", item([("pk", s("a"))])) };
        assert_malformed(kv.delete_item(&request), "ReturnValues can only be ALL_OLD or NONE");
    }
}

#[test]
fn a_fault_in_an_expression_is_reported_before_a_missing_table() {
    let kv = kv();
    let request = GetItemRequest { projection_expression: Some("!!".into()), ..get("none", item([("pk", s("a"))])) };
    assert_invalid(kv.get_item(&request), "Invalid ProjectionExpression: Syntax error; token: \"!\", near: \"!!\"");
    let request = update("none", item([]), "");
    assert_malformed(kv.update_item(&request), "Invalid UpdateExpression: The expression can not be empty;");
}

#[test]
fn a_missing_table_is_reported_before_a_wrong_key() {
    let kv = kv();
    let (code, message) = ("ResourceNotFoundException", "Requested resource not found");
    assert_fails(kv.get_item(&get("none", item([]))), code, message);
    assert_fails(kv.put_item(&put("none", item([]))), code, message);
    assert_fails(kv.delete_item(&delete("none", item([]))), code, message);
    assert_fails(kv.update_item(&update("none", item([]), "REMOVE x")), code, message);
}

#[test]
fn unused_and_missing_substitutions_are_refused() {
    let kv = kv_with_tables();
    let key = || item([("pk", s("a"))]);
    let request = UpdateItemRequest {
        expression_attribute_names: names([("#unused", "x")]),
        ..update("hash", key(), "REMOVE y")
    };
    assert_malformed(
        kv.update_item(&request),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}",
    );
    let request = UpdateItemRequest {
        expression_attribute_values: Some(item([(":unused", n(1))])),
        ..update("hash", key(), "REMOVE y")
    };
    assert_malformed(
        kv.update_item(&request),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}",
    );
    let request = PutItemRequest { expression_attribute_values: Some(item([(":v", n(1))])), ..put("hash", key()) };
    let text = "ExpressionAttributeValues can only be specified when using expressions";
    assert_malformed(kv.put_item(&request), text);
    let earlier = Kv::open_with(kv.engine(), Options::default().wording(Wording::Earlier)).unwrap();
    assert_invalid(earlier.put_item(&request), &format!("{text}: ConditionExpression is null"));
}

#[test]
fn only_writes_of_single_items_have_the_current_wording() {
    let kv = kv_with_tables();
    let unused = PutItemRequest {
        condition_expression: Some("attribute_exists(pk)".into()),
        expression_attribute_names: names([("#unused", "x")]),
        ..put("hash", item([("pk", s("a"))]))
    };
    let text = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}";
    assert_malformed(kv.put_item(&unused), text);
    assert_malformed(kv.engine().transact(|tx| kv.put_item_in(tx, &unused)), text);
    let transact_items = vec![TransactWriteItem::Put(unused)];
    assert_invalid(kv.transact_write_items(&TransactWriteItemsRequest { transact_items, ..Default::default() }), text);
    let scan = ScanRequest { expression_attribute_names: names([("#unused", "x")]), ..scan("hash") };
    assert_invalid(kv.scan(&scan), "ExpressionAttributeNames can only be specified when using expressions");
}
