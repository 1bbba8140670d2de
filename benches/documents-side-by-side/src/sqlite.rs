//! SQLite with JSON, linked: a table of documents with their `_id` as its key, and indexes on expressions.
//!
//! Writers wait for each other at a lock of this process, which is cheaper than SQLite's own waiting. In memory there is one
//! connection, which all wait for.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::{
    Failure,
    movie::{GROUP, code, rank},
    store::{Client, DISTRIBUTOR, Find, MOVIES, PAGE, Store},
};

/// How documents are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As JSON text.
    Text,
    /// In SQLite's binary form.
    Binary,
}

pub(crate) struct Linked {
    form: Form,
    place: Place,
}

enum Place {
    File { path: PathBuf, synchronous: &'static str, writers: Mutex<()> },
    Memory(Mutex<Connection>),
}

impl Linked {
    /// `synchronous` is FULL, which syncs each commit, or NORMAL, which does not.
    pub(crate) fn on_file(path: &Path, form: Form, synchronous: &'static str) -> Linked {
        Linked { form, place: Place::File { path: path.to_owned(), synchronous, writers: Mutex::new(()) } }
    }

    pub(crate) fn in_memory(form: Form) -> Result<Linked, Failure> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Linked { form, place: Place::Memory(Mutex::new(connection)) })
    }
}

impl Store for Linked {
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure> {
        let connection = match &self.place {
            Place::File { path, synchronous, .. } => {
                let connection = Connection::open(path)?;
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", synchronous)?;
                connection.busy_timeout(std::time::Duration::from_secs(30))?;
                connection.set_prepared_statement_cache_capacity(64);
                Some(connection)
            }
            Place::Memory(_) => None,
        };
        Ok(Box::new(Asker { store: self, connection, documents: VecDeque::new() }))
    }
}

struct Asker<'s> {
    store: &'s Linked,
    connection: Option<Connection>,
    documents: VecDeque<(i64, String)>,
}

impl Asker<'_> {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        match (&self.store.place, &self.connection) {
            (Place::Memory(connection), _) => read(&connection.lock().unwrap_or_else(PoisonError::into_inner)),
            (Place::File { .. }, Some(connection)) => read(connection),
            (Place::File { .. }, None) => Err("not connected".into()),
        }
    }

    fn write<T>(&self, write: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let _turn = match &self.store.place {
            Place::File { writers, .. } => Some(writers.lock().unwrap_or_else(PoisonError::into_inner)),
            Place::Memory(_) => None,
        };
        self.read(write)
    }

    fn name(&self, collection: &str) -> String {
        collection.replace('-', "_")
    }

    /// What is written for a parameter, and what is read for a document.
    fn forms(&self) -> (&'static str, &'static str) {
        match self.store.form {
            Form::Text => ("?2", "doc"),
            Form::Binary => ("jsonb(?2)", "json(doc)"),
        }
    }
}

impl Client for Asker<'_> {
    fn create(&mut self, collection: &str, all: bool) -> Result<(), Failure> {
        let table = self.name(collection);
        let mut statements = format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, doc BLOB NOT NULL);
             CREATE INDEX {table}_code ON {table} (json_extract(doc, '$.code'));
             CREATE INDEX {table}_group ON {table} (json_extract(doc, '$.group'));"
        );
        if all {
            statements += &format!(
                "CREATE INDEX {table}_rank ON {table} (json_extract(doc, '$.rank'));
                 CREATE INDEX {table}_group_rating ON {table} (json_extract(doc, '$.group'), json_extract(doc, '$.rating'));"
            );
        }
        self.write(|connection| Ok(connection.execute_batch(&statements)?))
    }

    fn take(&mut self, documents: Vec<Value>) {
        let id = |document: &Value| document.get("_id").and_then(Value::as_i64).unwrap_or_default();
        self.documents = documents.iter().map(|document| (id(document), document.to_string())).collect();
    }

    fn insert(&mut self, collection: &str, count: usize) -> Result<usize, Failure> {
        let count = count.min(self.documents.len());
        let documents: Vec<_> = self.documents.drain(..count).collect();
        let statement = format!("INSERT INTO {} (id, doc) VALUES (?1, {})", self.name(collection), self.forms().0);
        self.write(|connection| {
            let several = documents.len() > 1;
            if several {
                connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            }
            let mut insert = connection.prepare_cached(&statement)?;
            for (id, document) in &documents {
                insert.execute(params![id, document])?;
            }
            if several {
                connection.prepare_cached("COMMIT")?.execute([])?;
            }
            Ok(count)
        })
    }

    fn find(&mut self, find: Find, id: i64) -> Result<Option<usize>, Failure> {
        let doc = self.forms().1;
        let by_group = "json_extract(doc, '$.group') = ?1";
        let (what, condition) = match find {
            Find::Id => (doc, "id = ?1"),
            Find::Code => (doc, "json_extract(doc, '$.code') = ?1"),
            Find::Group => (doc, by_group),
            Find::Projected => {
                ("json_object('_id', id, 'Title', doc ->> '$.Title', 'rating', doc ->> '$.rating')", by_group)
            }
            Find::Covered => (
                "json_object('group', json_extract(doc, '$.group'), 'rating', json_extract(doc, '$.rating'))",
                by_group,
            ),
            Find::Page => (doc, "json_extract(doc, '$.rank') >= ?1 ORDER BY json_extract(doc, '$.rank') LIMIT 20"),
        };
        const { assert!(PAGE == 20) };
        let statement = format!("SELECT {what} FROM {MOVIES} WHERE {condition}");
        self.read(|connection| {
            let mut select = connection.prepare_cached(&statement)?;
            let mut rows = match find {
                Find::Id => select.query(params![id])?,
                Find::Code => select.query(params![code(id)])?,
                Find::Group | Find::Projected | Find::Covered => select.query(params![id / GROUP])?,
                Find::Page => select.query(params![rank(id) / 2])?,
            };
            let mut found = 0;
            while let Some(row) = rows.next()? {
                let document: String = row.get(0)?;
                found += usize::from(!document.is_empty());
            }
            Ok(Some(found))
        })
    }

    fn update(&mut self, id: i64) -> Result<bool, Failure> {
        let set = match self.store.form {
            Form::Text => "json_set",
            Form::Binary => "jsonb_set",
        };
        let statement = format!(
            "UPDATE {MOVIES} SET doc = {set}(doc, '$.Distributor', ?2, '$.views', \
             json_extract(doc, '$.views') + 1) WHERE id = ?1"
        );
        self.write(|connection| Ok(connection.prepare_cached(&statement)?.execute(params![id, DISTRIBUTOR])? == 1))
    }

    fn delete(&mut self, collection: &str, id: i64) -> Result<bool, Failure> {
        let statement = format!("DELETE FROM {} WHERE id = ?1", self.name(collection));
        self.write(|connection| Ok(connection.prepare_cached(&statement)?.execute(params![id])? == 1))
    }

    fn get(&mut self, id: i64) -> Result<Option<Value>, Failure> {
        let statement = format!("SELECT {} FROM {MOVIES} WHERE id = ?1", self.forms().1);
        let document: Option<String> =
            self.read(|connection| Ok(connection.query_row(&statement, params![id], |row| row.get(0)).optional()?))?;
        Ok(document.map(|document| serde_json::from_str(&document)).transpose()?)
    }
}
