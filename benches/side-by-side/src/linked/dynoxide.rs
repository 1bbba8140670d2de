use std::{collections::HashMap, path::Path};

use dynoxide::{
    AttributeValue, Database,
    actions::{
        batch_write_item::{BatchWriteItemRequest, PutRequest, WriteRequest},
        get_item::GetItemRequest,
        put_item::PutItemRequest,
        query::QueryRequest,
        update_item::UpdateItemRequest,
    },
};

use crate::{
    Failure, http,
    store::{Client, Store},
    workload::{
        CONDITION, Fields, KEY_CONDITION, NAME, Operation, PARTITION, TABLE, TEXT, UPDATE, partition_key, sort_key,
    },
};

type Item = HashMap<String, AttributeValue>;

pub(super) struct Linked {
    database: Database,
}

impl Linked {
    pub(super) fn on_file(path: &Path) -> Result<Linked, Failure> {
        Ok(Linked { database: open(path)? })
    }

    /// The library has no option for it, but this is what it calls the normal settings after a bulk load.
    pub(super) fn on_file_unsynced(path: &Path) -> Result<Linked, Failure> {
        let database = open(path)?;
        database.disable_bulk_loading()?;
        Ok(Linked { database })
    }

    pub(super) fn in_memory() -> Result<Linked, Failure> {
        Ok(Linked { database: Database::memory()? })
    }
}

fn open(path: &Path) -> Result<Database, Failure> {
    Ok(Database::new(path.to_str().ok_or("a path is not text")?)?)
}

impl Store for Linked {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(self.database.clone()))
    }
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(number: usize) -> AttributeValue {
    AttributeValue::N(number.to_string())
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
        AttributeValue::S(text) | AttributeValue::N(text) => Ok((name, text)),
        other => Err(format!("{name} is {other:?}").into()),
    };
    item.into_iter().map(field).collect()
}

fn get(database: &Database, row: usize) -> Result<Option<Item>, Failure> {
    Ok(database.get_item(GetItemRequest { table_name: TABLE.into(), key: key(row), ..Default::default() })?.item)
}

fn query(database: &Database, row: usize) -> Result<Vec<Item>, Failure> {
    let request = QueryRequest {
        table_name: TABLE.into(),
        key_condition_expression: Some(KEY_CONDITION.into()),
        expression_attribute_values: Some(Item::from([(":p".into(), text(partition_key(row)))])),
        scan_index_forward: true,
        ..Default::default()
    };
    Ok(database.query(request)?.items.unwrap_or_default())
}

impl Client for Database {
    fn create_table(&mut self) -> Result<(), Failure> {
        Database::create_table(self, serde_json::from_str(&http::table())?)?;
        Ok(())
    }

    fn fill(&mut self, partition: usize) -> Result<(), Failure> {
        let rows: Vec<usize> = (partition * PARTITION..(partition + 1) * PARTITION).collect();
        for rows in rows.chunks(25) {
            let put =
                |row: &usize| WriteRequest { put_request: Some(PutRequest { item: item(*row) }), ..Default::default() };
            let request_items = [(TABLE.to_owned(), rows.iter().map(put).collect())].into();
            self.batch_write_item(BatchWriteItemRequest { request_items, ..Default::default() })?;
        }
        Ok(())
    }

    fn run(&mut self, operation: Operation, row: usize) -> Result<(), Failure> {
        let is_right = match operation {
            Operation::Put => {
                self.put_item(PutItemRequest { table_name: TABLE.into(), item: item(row), ..Default::default() })?;
                true
            }
            Operation::Get => get(self, row)?.is_some_and(|item| item.len() == 5),
            Operation::Query => query(self, row)?.len() == PARTITION,
            Operation::Update => {
                let values = [(":one".into(), number(1)), (":zero".into(), number(0))];
                let output = self.update_item(UpdateItemRequest {
                    table_name: TABLE.into(),
                    key: key(row),
                    update_expression: Some(UPDATE.into()),
                    condition_expression: Some(CONDITION.into()),
                    expression_attribute_values: Some(values.into()),
                    return_values: Some("UPDATED_NEW".into()),
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
