//! A server that speaks MongoDB's protocol, through MongoDB's driver.

use std::collections::VecDeque;

use bson::{Document, RawDocumentBuf, doc};
use mongodb::{
    IndexModel,
    options::{ClientOptions, IndexOptions},
    sync::{Client as Driver, Database},
};
use serde_json::Value;

use crate::{
    Failure,
    millpond::{json, question, raw, update},
    server::Server,
    store::{Client, Find, MOVIES, Store},
};

pub(crate) struct Served {
    database: Database,
    _server: Option<Server>,
}

impl Served {
    /// Asks a server, and ends it with this value if it is one of ours.
    pub(crate) fn at(address: &str, server: Option<Server>) -> Result<Served, Failure> {
        let options = ClientOptions::parse(format!("mongodb://{address}/?directConnection=true")).run()?;
        let database = Driver::with_options(options)?.database("bench");
        database.drop().run()?;
        Ok(Served { database, _server: server })
    }
}

impl Store for Served {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(Asker { database: self.database.clone(), documents: VecDeque::new() }))
    }
}

struct Asker {
    database: Database,
    documents: VecDeque<RawDocumentBuf>,
}

impl Client for Asker {
    fn create(&mut self, collection: &str, all: bool) -> Result<(), Failure> {
        let mut keys = vec![doc! { "code": 1 }, doc! { "group": 1 }];
        if all {
            keys.extend([doc! { "rank": 1 }, doc! { "group": 1, "rating": 1 }]);
        }
        let options = IndexOptions::default();
        let indexes = keys.into_iter().map(|keys| IndexModel::builder().keys(keys).options(options.clone()).build());
        self.database.collection::<Document>(collection).create_indexes(indexes).run()?;
        Ok(())
    }

    fn take(&mut self, documents: Vec<Value>) {
        self.documents = documents.iter().filter_map(|document| raw(document).ok()).collect();
    }

    fn insert(&mut self, collection: &str, count: usize) -> Result<usize, Failure> {
        let collection = self.database.collection::<RawDocumentBuf>(collection);
        let count = count.min(self.documents.len());
        if count == 1
            && let Some(document) = self.documents.pop_front()
        {
            collection.insert_one(document).run()?;
        } else if count > 1 {
            collection.insert_many(self.documents.drain(..count)).run()?;
        }
        Ok(count)
    }

    fn find(&mut self, find: Find, id: i64) -> Result<Option<usize>, Failure> {
        let movies = self.database.collection::<RawDocumentBuf>(MOVIES);
        let (filter, projection, sort, limit) = question(find, id);
        let mut asked = movies.find(Document::try_from(&*filter)?).limit(i64::try_from(limit)?);
        if let Some(projection) = projection {
            asked = asked.projection(Document::try_from(&*projection)?);
        }
        if let Some(sort) = sort {
            asked = asked.sort(Document::try_from(&*sort)?);
        }
        let mut found = 0;
        let mut cursor = asked.run()?;
        while cursor.advance()? {
            found += usize::from(!cursor.current().is_empty());
        }
        Ok(Some(found))
    }

    fn update(&mut self, id: i64) -> Result<bool, Failure> {
        let movies = self.database.collection::<RawDocumentBuf>(MOVIES);
        Ok(movies.update_one(doc! { "_id": id }, Document::try_from(&*update())?).run()?.modified_count == 1)
    }

    fn delete(&mut self, collection: &str, id: i64) -> Result<bool, Failure> {
        let collection = self.database.collection::<RawDocumentBuf>(collection);
        Ok(collection.delete_one(doc! { "_id": id }).run()?.deleted_count == 1)
    }

    fn get(&mut self, id: i64) -> Result<Option<Value>, Failure> {
        let found = self.database.collection::<Document>(MOVIES).find_one(doc! { "_id": id }).run()?;
        Ok(found.as_ref().map(json))
    }
}
