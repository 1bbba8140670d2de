//! Names of databases and collections.

use std::fmt;

use crate::error::{Code, Result, refuse};

/// A collection's full name: `database.collection`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace {
    database: Box<str>,
    collection: Box<str>,
}

/// The longest full name, in bytes.
const MAX_NAMESPACE_BYTES: usize = 255;
/// The longest name of a database, in bytes.
const MAX_DATABASE_BYTES: usize = 63;

impl Namespace {
    /// Checks the two names.
    ///
    /// # Errors
    /// [`Code::INVALID_NAMESPACE`] for names that are empty, too long (63 bytes for a database, 255 together) or have a
    /// character that is not allowed.
    ///
    /// Source: <https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions>.
    pub fn new(database: &str, collection: &str) -> Result<Namespace> {
        check_database(database)?;
        let namespace = Namespace { database: database.into(), collection: collection.into() };
        if collection.is_empty()
            || collection.contains('\0')
            || collection.starts_with('.')
            || collection.ends_with('.')
        {
            return refuse(Code::INVALID_NAMESPACE, format!("Invalid namespace specified '{database}.{collection}'"));
        }
        if collection.contains('$') && !collection.starts_with("$cmd") && collection != "oplog.$main" {
            return refuse(Code::INVALID_NAMESPACE, format!("Invalid collection name: {collection}"));
        }
        if database.len() + 1 + collection.len() > MAX_NAMESPACE_BYTES {
            return refuse(
                Code::INVALID_NAMESPACE,
                format!("Fully qualified namespace is too long. Namespace: {namespace} Max: {MAX_NAMESPACE_BYTES}"),
            );
        }
        Ok(namespace)
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The collection's name within the database.
    #[must_use]
    pub fn collection(&self) -> &str {
        &self.collection
    }
}

/// Whether a database may be called so.
///
/// # Errors
/// [`Code::INVALID_NAMESPACE`].
pub(crate) fn check_database(name: &str) -> Result<()> {
    let allowed = |character: char| !matches!(character, '/' | '\\' | '.' | ' ' | '"' | '$' | '\0');
    if name.is_empty() || name.len() > MAX_DATABASE_BYTES || !name.chars().all(allowed) {
        return refuse(Code::INVALID_NAMESPACE, format!("Invalid database name: '{name}'"));
    }
    Ok(())
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.collection)
    }
}
