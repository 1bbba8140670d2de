//! PoloDB, linked. It has indexes on one field, which serve equality; no projections, no order of an index, and it syncs each transaction.

use std::{collections::VecDeque, path::Path};

use polodb_core::{
    CollectionT, Database, IndexModel,
    bson::{Bson, Document, doc},
};
use serde_json::Value;

use crate::{
    Failure,
    movie::{GROUP, code},
    store::{Client, DISTRIBUTOR, Find, MOVIES, Store},
};

pub(crate) struct Linked {
    database: Database,
}

impl Linked {
    pub(crate) fn on_file(path: &Path) -> Result<Linked, Failure> {
        Ok(Linked { database: Database::open_path(path).map_err(text)? })
    }
}

/// Its errors cannot be sent to other threads.
fn text(error: impl std::fmt::Display) -> Failure {
    error.to_string().into()
}

impl Store for Linked {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(Asker { database: self.database.clone(), documents: VecDeque::new() }))
    }
}

struct Asker {
    database: Database,
    documents: VecDeque<Document>,
}

fn to_bson(value: &Value) -> Document {
    let convert = |value: &Value| match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::String(text) => Bson::String(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Bson::Int64(integer),
            None => Bson::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        other => Bson::String(other.to_string()),
    };
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), convert(value))).collect()
}

impl Client for Asker {
    fn create(&mut self, collection: &str, all: bool) -> Result<(), Failure> {
        let collection = self.database.collection::<Document>(collection);
        for field in ["code", "group", "rank"].into_iter().take(if all { 3 } else { 2 }) {
            let mut keys = Document::new();
            keys.insert(field, 1);
            collection.create_index(IndexModel { keys, options: None }).map_err(text)?;
        }
        Ok(())
    }

    fn take(&mut self, documents: Vec<Value>) {
        self.documents = documents.iter().map(to_bson).collect();
    }

    fn insert(&mut self, collection: &str, count: usize) -> Result<usize, Failure> {
        let collection = self.database.collection::<Document>(collection);
        let count = count.min(self.documents.len());
        if count == 1
            && let Some(document) = self.documents.pop_front()
        {
            collection.insert_one(document).map_err(text)?;
        } else if count > 1 {
            collection.insert_many(self.documents.drain(..count)).map_err(text)?;
        }
        Ok(count)
    }

    fn find(&mut self, find: Find, id: i64) -> Result<Option<usize>, Failure> {
        let movies = self.database.collection::<Document>(MOVIES);
        let question = match find {
            Find::Id => movies.find(doc! { "_id": id }),
            Find::Code => movies.find(doc! { "code": code(id) }),
            Find::Group => movies.find(doc! { "group": id / GROUP }),
            // A page is all documents, sorted in memory: that takes seconds.
            Find::Projected | Find::Covered | Find::Page => return Ok(None),
        };
        let mut found = 0;
        for document in question.run().map_err(text)? {
            found += usize::from(!document.map_err(text)?.is_empty());
        }
        Ok(Some(found))
    }

    fn update(&mut self, id: i64) -> Result<bool, Failure> {
        let movies = self.database.collection::<Document>(MOVIES);
        let update = doc! { "$set": { "Distributor": DISTRIBUTOR }, "$inc": { "views": 1_i64 } };
        Ok(movies.update_one(doc! { "_id": id }, update).map_err(text)?.modified_count == 1)
    }

    fn delete(&mut self, collection: &str, id: i64) -> Result<bool, Failure> {
        let collection = self.database.collection::<Document>(collection);
        Ok(collection.delete_one(doc! { "_id": id }).map_err(text)?.deleted_count == 1)
    }

    fn get(&mut self, id: i64) -> Result<Option<Value>, Failure> {
        let movies = self.database.collection::<Document>(MOVIES);
        let found = movies.find_one(doc! { "_id": id }).map_err(text)?;
        let value = |value: &Bson| match value {
            Bson::Int64(number) => (*number).into(),
            other => other.clone().into_relaxed_extjson(),
        };
        Ok(found.map(|found| Value::Object(found.iter().map(|(name, field)| (name.clone(), value(field))).collect())))
    }
}
