use std::path::Path;

use millpond::{
    Durability, Pond,
    kv::{
        AttributeDefinition, AttributeValue, BatchWriteItemRequest, BillingMode, CreateTableRequest, GetItemRequest,
        Item, KeySchemaElement, KeyType, Kv, PutItemRequest, QueryRequest, ReturnValues, ScalarAttributeType,
        UpdateItemRequest, WriteRequest,
    },
};

use crate::{
    Failure,
    store::{Client, Store},
    workload::{
        CONDITION, Fields, KEY_CONDITION, NAME, Operation, PARTITION, TABLE, TEXT, UPDATE, partition_key, sort_key,
    },
};

pub(super) struct Linked {
    pond: Pond,
}

impl Linked {
    pub(super) fn on_file(path: &Path, durability: Durability) -> Result<Linked, Failure> {
        Ok(Linked { pond: Pond::options().path(path).durability(durability).open()? })
    }

    pub(super) fn in_memory() -> Result<Linked, Failure> {
        Ok(Linked { pond: Pond::in_memory()? })
    }
}

impl Store for Linked {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(self.pond.kv().clone()))
    }
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(number: usize) -> AttributeValue {
    AttributeValue::N((number as u64).into())
}

fn key(row: usize) -> Item {
    Item::from([("pk".into(), text(partition_key(row))), ("sk".into(), number(sort_key(row)))])
}

fn item(row: usize) -> Item {
    let mut item = key(row);
    item.insert("name".into(), text(NAME.as_str()));
    item.insert("text".into(), text(TEXT.as_str()));
    item.insert("amount".into(), number(0));
    item
}

fn fields(item: Item) -> Result<Fields, Failure> {
    let field = |(name, value)| match value {
        AttributeValue::S(text) => Ok((name, text)),
        AttributeValue::N(number) => Ok((name, number.to_string())),
        other => Err(format!("{name} is {other:?}").into()),
    };
    item.into_iter().map(field).collect()
}

fn get(kv: &Kv, row: usize) -> Result<Option<Item>, Failure> {
    Ok(kv.get_item(&GetItemRequest { table_name: TABLE.into(), key: key(row), ..Default::default() })?.item)
}

fn query(kv: &Kv, row: usize) -> Result<Vec<Item>, Failure> {
    let request = QueryRequest {
        table_name: TABLE.into(),
        key_condition_expression: Some(KEY_CONDITION.into()),
        expression_attribute_values: Some(Item::from([(":p".into(), text(partition_key(row)))])),
        ..Default::default()
    };
    Ok(kv.query(&request)?.items.unwrap_or_default())
}

impl Client for Kv {
    fn create_table(&mut self) -> Result<(), Failure> {
        let key = |name: &str, key_type| KeySchemaElement { attribute_name: name.into(), key_type };
        let define = |name: &str, attribute_type| AttributeDefinition { attribute_name: name.into(), attribute_type };
        Kv::create_table(
            self,
            &CreateTableRequest {
                table_name: TABLE.into(),
                key_schema: vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)],
                attribute_definitions: vec![define("pk", ScalarAttributeType::S), define("sk", ScalarAttributeType::N)],
                billing_mode: Some(BillingMode::PayPerRequest),
                ..Default::default()
            },
        )?;
        Ok(())
    }

    fn fill(&mut self, partition: usize) -> Result<(), Failure> {
        let rows: Vec<usize> = (partition * PARTITION..(partition + 1) * PARTITION).collect();
        for rows in rows.chunks(25) {
            let puts = rows.iter().map(|row| WriteRequest::Put { item: item(*row) }).collect();
            let request_items = [(TABLE.to_owned(), puts)].into();
            self.batch_write_item(&BatchWriteItemRequest { request_items, ..Default::default() })?;
        }
        Ok(())
    }

    fn run(&mut self, operation: Operation, row: usize) -> Result<(), Failure> {
        let is_right = match operation {
            Operation::Put => {
                self.put_item(&PutItemRequest { table_name: TABLE.into(), item: item(row), ..Default::default() })?;
                true
            }
            Operation::Get => get(self, row)?.is_some_and(|item| item.len() == 5),
            Operation::Query => query(self, row)?.len() == PARTITION,
            Operation::Update => {
                let values = [(":one".into(), number(1)), (":zero".into(), number(0))];
                let output = self.update_item(&UpdateItemRequest {
                    table_name: TABLE.into(),
                    key: key(row),
                    update_expression: Some(UPDATE.into()),
                    condition_expression: Some(CONDITION.into()),
                    expression_attribute_values: Some(values.into()),
                    return_values: ReturnValues::UpdatedNew,
                    ..Default::default()
                })?;
                output.attributes.is_some_and(|item| item.contains_key("amount"))
            }
        };
        if is_right { Ok(()) } else { Err(format!("a wrong answer to {operation:?}").into()) }
    }

    fn get(&mut self, row: usize) -> Result<Option<Fields>, Failure> {
        get(self, row)?.map(fields).transpose()
    }

    fn query(&mut self, row: usize) -> Result<Vec<Fields>, Failure> {
        query(self, row)?.into_iter().map(fields).collect()
    }
}
