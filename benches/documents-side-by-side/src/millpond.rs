//! Millpond, linked.

use std::{collections::VecDeque, path::Path};

use bson::{Bson, Document, RawDocumentBuf, rawdoc};
use millpond_docdb::{Delete, DeleteStatement, Docdb, Insert, Namespace, Update, UpdateModifications, UpdateStatement};
use millpond_engine::{Durability, Engine};
use serde_json::Value;

use crate::{
    Failure,
    movie::{GROUP, code, rank, to_bson},
    store::{Client, DISTRIBUTOR, Find, MOVIES, PAGE, Store},
};

pub(crate) struct Linked {
    docdb: Docdb,
}

impl Linked {
    pub(crate) fn on_file(path: &Path, durability: Durability) -> Result<Linked, Failure> {
        Ok(Linked { docdb: Docdb::open(&Engine::options().path(path).durability(durability).open()?)? })
    }

    pub(crate) fn in_memory() -> Result<Linked, Failure> {
        Ok(Linked { docdb: Docdb::open(&Engine::in_memory())? })
    }
}

impl Store for Linked {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        Ok(Box::new(Asker {
            docdb: self.docdb.clone(),
            movies: Namespace::new("bench", MOVIES)?,
            documents: VecDeque::new(),
        }))
    }
}

struct Asker {
    docdb: Docdb,
    movies: Namespace,
    documents: VecDeque<RawDocumentBuf>,
}

/// The filter, projection, sort and limit of a search, as all that speak BSON are asked.
pub(crate) fn question(find: Find, id: i64) -> (RawDocumentBuf, Option<RawDocumentBuf>, Option<RawDocumentBuf>, usize) {
    let group = || rawdoc! { "group": id / GROUP };
    match find {
        Find::Id => (rawdoc! { "_id": id }, None, None, 0),
        Find::Code => (rawdoc! { "code": code(id) }, None, None, 0),
        Find::Group => (group(), None, None, 0),
        Find::Projected => (group(), Some(rawdoc! { "Title": 1, "rating": 1 }), None, 0),
        Find::Covered => (group(), Some(rawdoc! { "_id": 0, "group": 1, "rating": 1 }), None, 0),
        Find::Page => (rawdoc! { "rank": { "$gte": rank(id) / 2 } }, None, Some(rawdoc! { "rank": 1 }), PAGE),
    }
}

pub(crate) fn update() -> RawDocumentBuf {
    rawdoc! { "$set": { "Distributor": DISTRIBUTOR }, "$inc": { "views": 1 } }
}

pub(crate) fn raw(document: &Value) -> Result<RawDocumentBuf, Failure> {
    Ok(RawDocumentBuf::try_from(&to_bson(document))?)
}

impl Client for Asker {
    fn create(&mut self, collection: &str, all: bool) -> Result<(), Failure> {
        let mut indexes = vec![
            rawdoc! { "key": { "code": 1 }, "name": "code_1" },
            rawdoc! { "key": { "group": 1 }, "name": "group_1" },
        ];
        if all {
            indexes.push(rawdoc! { "key": { "rank": 1 }, "name": "rank_1" });
            indexes.push(rawdoc! { "key": { "group": 1, "rating": 1 }, "name": "group_1_rating_1" });
        }
        self.docdb.create_indexes(&Namespace::new("bench", collection)?, &indexes)?;
        Ok(())
    }

    fn take(&mut self, documents: Vec<Value>) {
        self.documents = documents.iter().filter_map(|document| raw(document).ok()).collect();
    }

    fn insert(&mut self, collection: &str, count: usize) -> Result<usize, Failure> {
        let count = count.min(self.documents.len());
        if count == 0 {
            return Ok(0);
        }
        let documents = self.documents.drain(..count).collect();
        let reply =
            self.docdb.insert(&Namespace::new("bench", collection)?, Insert { documents, ..Insert::default() })?;
        match reply.errors.into_iter().next() {
            Some(failed) => Err(failed.error.into()),
            None => Ok(usize::try_from(reply.inserted)?),
        }
    }

    fn find(&mut self, find: Find, id: i64) -> Result<Option<usize>, Failure> {
        let (filter, projection, sort, limit) = question(find, id);
        let find = millpond_docdb::Find { filter, projection, sort, limit: limit as u64, ..Default::default() };
        let mut found = 0;
        for document in self.docdb.find(&self.movies, &find)? {
            found += usize::from(!document?.raw().is_empty());
        }
        Ok(Some(found))
    }

    fn update(&mut self, id: i64) -> Result<bool, Failure> {
        let statement = UpdateStatement {
            filter: rawdoc! { "_id": id },
            update: UpdateModifications::Document(update()),
            constants: None,
            multi: false,
            upsert: false,
            array_filters: Vec::new(),
            sort: None,
            hint: None,
            collation: None,
        };
        let reply = self.docdb.update(&self.movies, &Update { statements: vec![statement], ..Update::default() })?;
        match reply.errors.into_iter().next() {
            Some(failed) => Err(failed.error.into()),
            None => Ok(reply.modified == 1),
        }
    }

    fn delete(&mut self, collection: &str, id: i64) -> Result<bool, Failure> {
        let statement = DeleteStatement { filter: rawdoc! { "_id": id }, multi: false, hint: None, collation: None };
        let delete = Delete { statements: vec![statement], ..Delete::default() };
        let reply = self.docdb.delete(&Namespace::new("bench", collection)?, &delete)?;
        match reply.errors.into_iter().next() {
            Some(failed) => Err(failed.error.into()),
            None => Ok(reply.deleted == 1),
        }
    }

    fn get(&mut self, id: i64) -> Result<Option<Value>, Failure> {
        let find = millpond_docdb::Find { filter: rawdoc! { "_id": id }, ..Default::default() };
        match self.docdb.find(&self.movies, &find)?.next().transpose()? {
            Some(document) => Ok(Some(json(&Document::try_from(document.raw())?))),
            None => Ok(None),
        }
    }
}

/// A document as JSON.
pub(crate) fn json(document: &Document) -> Value {
    let value = |value: &Bson| match value {
        Bson::Null => Value::Null,
        Bson::Boolean(value) => (*value).into(),
        Bson::Int32(number) => (*number).into(),
        Bson::Int64(number) => (*number).into(),
        Bson::Double(number) => (*number).into(),
        Bson::String(text) => text.clone().into(),
        other => other.to_string().into(),
    };
    Value::Object(document.iter().map(|(name, field)| (name.clone(), value(field))).collect())
}
