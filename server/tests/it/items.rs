use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::transact_write_items::TransactWriteItemsError,
    primitives::Blob,
    types::{
        AttributeValue, Get, KeysAndAttributes, Put, PutRequest, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TableStatus, TransactGetItem, TransactWriteItem,
        WriteRequest,
    },
};

use millpond::{
    Pond,
    kv::{Item, aws_sdk},
};

use crate::server::{Server, create_table, n, s};

#[tokio::test]
async fn a_table_is_described_as_it_was_made() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "orders", Some(ScalarAttributeType::N)).await;
    let table = client.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
    assert_eq!(table.table_status(), Some(&TableStatus::Active));
    assert_eq!(table.table_arn(), Some("arn:aws:dynamodb:eu-central-1:000000000000:table/orders"));
    assert_eq!(table.key_schema().len(), 2);
    assert!(table.creation_date_time().unwrap().secs() > 1_600_000_000);
    let by_arn = client.describe_table().table_name(table.table_arn().unwrap()).send().await.unwrap();
    assert_eq!(by_arn.table.unwrap().table_id(), table.table_id());
    assert_eq!(client.list_tables().send().await.unwrap().table_names(), ["orders"]);
    client.delete_table().table_name("orders").send().await.unwrap();
    let gone = client.describe_table().table_name("orders").send().await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
}

#[tokio::test]
async fn values_of_all_types_come_back_as_they_were() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "values", None).await;
    let item = HashMap::from([
        ("pk".to_owned(), s("a")),
        ("n".to_owned(), n("-12345678901234567890123456789012345.678")),
        ("b".to_owned(), AttributeValue::B(Blob::new([0, 255, 7]))),
        ("bool".to_owned(), AttributeValue::Bool(true)),
        ("null".to_owned(), AttributeValue::Null(true)),
        ("ss".to_owned(), AttributeValue::Ss(vec!["x".to_owned(), "y".to_owned()])),
        ("ns".to_owned(), AttributeValue::Ns(vec!["1".to_owned(), "2.5".to_owned()])),
        ("bs".to_owned(), AttributeValue::Bs(vec![Blob::new([1]), Blob::new([2])])),
        ("l".to_owned(), AttributeValue::L(vec![s(""), AttributeValue::L(vec![])])),
        ("m".to_owned(), AttributeValue::M(HashMap::from([("ключ".to_owned(), s("\u{1}\"\\"))]))),
    ]);
    client.put_item().table_name("values").set_item(Some(item.clone())).send().await.unwrap();
    let found = client.get_item().table_name("values").key("pk", s("a")).send().await.unwrap();
    assert_eq!(found.item, Some(item.clone()));
    // The same item, linked: what the library stores is what the SDK sends.
    let pond = Pond::in_memory().unwrap();
    let table = millpond::kv::CreateTableRequest {
        table_name: "values".into(),
        key_schema: vec![millpond::kv::KeySchemaElement {
            attribute_name: "pk".into(),
            key_type: millpond::kv::KeyType::Hash,
        }],
        attribute_definitions: vec![millpond::kv::AttributeDefinition {
            attribute_name: "pk".into(),
            attribute_type: millpond::kv::ScalarAttributeType::S,
        }],
        billing_mode: Some(millpond::kv::BillingMode::PayPerRequest),
        ..Default::default()
    };
    pond.kv().create_table(&table).unwrap();
    let linked = aws_sdk::from_item(item.clone()).unwrap();
    let key = Item::from([("pk".to_owned(), linked["pk"].clone())]);
    let put = millpond::kv::PutItemRequest { table_name: "values".into(), item: linked, ..Default::default() };
    pond.kv().put_item(&put).unwrap();
    let get = millpond::kv::GetItemRequest { table_name: "values".into(), key, ..Default::default() };
    assert_eq!(pond.kv().get_item(&get).unwrap().item.map(aws_sdk::to_item), Some(item));
}

#[tokio::test]
async fn a_failed_condition_carries_the_item_where_asked() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "things", None).await;
    client.put_item().table_name("things").item("pk", s("a")).item("v", n(1)).send().await.unwrap();
    let put =
        client.put_item().table_name("things").item("pk", s("a")).condition_expression("attribute_not_exists(pk)");
    let plain = put.clone().send().await.unwrap_err().into_service_error();
    assert!(plain.is_conditional_check_failed_exception());
    assert_eq!(plain.message(), Some("The conditional request failed"));
    let with_item = put
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = with_item else {
        panic!("another error: {with_item:?}");
    };
    assert_eq!(failed.item().unwrap().get("v"), Some(&n(1)));
}

#[tokio::test]
async fn updates_give_back_the_image_that_was_asked_for() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "things", None).await;
    let update = |expression: &str, returned: ReturnValue| {
        client
            .update_item()
            .table_name("things")
            .key("pk", s("a"))
            .update_expression(expression)
            .expression_attribute_values(":v", n(2))
            .return_values(returned)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
    };
    let made = update("SET x = :v", ReturnValue::AllNew).await.unwrap();
    assert_eq!(made.attributes.unwrap(), HashMap::from([("pk".to_owned(), s("a")), ("x".to_owned(), n(2))]));
    assert_eq!(made.consumed_capacity.unwrap().capacity_units(), Some(1.0));
    let old = update("ADD x :v", ReturnValue::UpdatedOld).await.unwrap();
    assert_eq!(old.attributes.unwrap(), HashMap::from([("x".to_owned(), n(2))]));
    let new = update("SET x = x - :v, y = :v", ReturnValue::UpdatedNew).await.unwrap();
    assert_eq!(new.attributes.unwrap(), HashMap::from([("x".to_owned(), n(2)), ("y".to_owned(), n(2))]));
}

#[tokio::test]
async fn batches_write_and_read_several_tables() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "one", None).await;
    create_table(&client, "two", Some(ScalarAttributeType::S)).await;
    let put = |item: Vec<(&str, AttributeValue)>| {
        let item = item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let written = client
        .batch_write_item()
        .request_items("one", vec![put(vec![("pk", s("a"))]), put(vec![("pk", s("b"))])])
        .request_items("two", vec![put(vec![("pk", s("a")), ("sk", s("x"))])])
        .send()
        .await
        .unwrap();
    assert!(written.unprocessed_items().is_none_or(HashMap::is_empty));
    let key = |names: &[(&str, &str)]| -> HashMap<String, AttributeValue> {
        names.iter().map(|(name, value)| ((*name).to_owned(), s(*value))).collect()
    };
    let one = KeysAndAttributes::builder().keys(key(&[("pk", "a")])).keys(key(&[("pk", "no")])).build().unwrap();
    let two = KeysAndAttributes::builder().keys(key(&[("pk", "a"), ("sk", "x")])).build().unwrap();
    let read = client.batch_get_item().request_items("one", one).request_items("two", two).send().await.unwrap();
    let found = read.responses.unwrap();
    assert_eq!((found["one"].len(), found["two"].len()), (1, 1));
}

#[tokio::test]
async fn a_cancelled_transaction_carries_a_reason_for_each_action() {
    let server = Server::in_memory();
    let client = server.client();
    create_table(&client, "things", None).await;
    client.put_item().table_name("things").item("pk", s("a")).item("v", n(1)).send().await.unwrap();
    let put = |pk: &str| Put::builder().table_name("things").item("pk", s(pk)).item("v", n(2));
    let new = put("a")
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let actions = [put("b"), new].map(|put| TransactWriteItem::builder().put(put.build().unwrap()).build()).to_vec();
    let error = client.transact_write_items().set_transact_items(Some(actions)).send().await.unwrap_err();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.into_service_error() else {
        panic!("another error")
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(reasons[1].item().unwrap()["v"], n(1));
    let read = Get::builder().table_name("things").key("pk", s("b")).build().unwrap();
    let read = TransactGetItem::builder().get(read).build();
    let answer = client.transact_get_items().transact_items(read).send().await.unwrap();
    assert_eq!(answer.responses()[0].item(), None, "nothing of it was written");
}
