//! Users, kept in `admin.system.users` and read from memory.

use std::collections::BTreeMap;

use bson::{Binary, RawArrayBuf, RawDocument, RawDocumentBuf, raw::cstr, rawdoc, spec::BinarySubtype};
use millpond::docdb::{
    Code, Delete, DeleteStatement, Docdb, Find, Insert, Namespace, Result as Stored, Update, UpdateModifications,
    UpdateStatement,
};
use parking_lot::RwLock;

use super::{Action, Credentials, Identity, Mechanism, Role};
use crate::mongo::{failure::Failure, reply};

/// A user of a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct User {
    pub(crate) id: uuid::Uuid,
    pub(crate) name: String,
    pub(crate) database: String,
    pub(crate) credentials: Vec<Credentials>,
    pub(crate) roles: Vec<Role>,
    pub(crate) custom: Option<RawDocumentBuf>,
    pub(crate) restrictions: Option<bson::RawArrayBuf>,
}

/// A user's name, behind that of the database.
type Key = (String, String);

/// All users. What is changed is on disk before it is seen.
#[derive(Debug)]
pub(crate) struct Users {
    docdb: Docdb,
    known: RwLock<BTreeMap<Key, User>>,
}

impl User {
    /// Its id in `admin.system.users`.
    pub(crate) fn key(&self) -> String {
        format!("{}.{}", self.database, self.name)
    }

    /// Its roles as documents.
    pub(crate) fn shown_roles(&self) -> RawArrayBuf {
        let mut roles = RawArrayBuf::new();
        for role in &self.roles {
            roles.push(rawdoc! { "role": &*role.name, "db": &*role.database });
        }
        roles
    }

    /// As `usersInfo` shows it.
    pub(crate) fn shown(&self, with_credentials: bool) -> RawDocumentBuf {
        let mut shown = self.beginning();
        if with_credentials {
            shown.append(cstr!("credentials"), self.shown_credentials());
        }
        self.end(&mut shown);
        let mut mechanisms = RawArrayBuf::new();
        self.credentials.iter().for_each(|credentials| mechanisms.push(credentials.mechanism.name()));
        shown.append(cstr!("mechanisms"), mechanisms);
        shown
    }

    fn beginning(&self) -> RawDocumentBuf {
        let id = Binary { subtype: BinarySubtype::Uuid, bytes: self.id.into_bytes().to_vec() };
        rawdoc! { "_id": self.key(), "userId": id, "user": &*self.name, "db": &*self.database }
    }

    fn shown_credentials(&self) -> RawDocumentBuf {
        let mut shown = RawDocumentBuf::new();
        for credentials in &self.credentials {
            reply::append(&mut shown, credentials.mechanism.name(), credentials.to_document());
        }
        shown
    }

    fn end(&self, shown: &mut RawDocumentBuf) {
        if let Some(custom) = &self.custom {
            shown.append(cstr!("customData"), &**custom);
        }
        shown.append(cstr!("roles"), self.shown_roles());
        if let Some(restrictions) = &self.restrictions {
            shown.append(cstr!("authenticationRestrictions"), &**restrictions);
        }
    }

    /// As it is kept.
    fn to_document(&self) -> RawDocumentBuf {
        let mut document = self.beginning();
        document.append(cstr!("credentials"), self.shown_credentials());
        self.end(&mut document);
        document
    }

    fn from_document(document: &RawDocument) -> Option<User> {
        let kept = document.get_document("credentials").ok()?;
        let credentials = Mechanism::ALL
            .into_iter()
            .filter_map(|mechanism| Credentials::from_document(mechanism, kept.get_document(mechanism.name()).ok()?));
        let roles = reply::items(document.get_array("roles").ok()?).filter_map(|role| {
            let role = role.as_document()?;
            Some(Role { name: role.get_str("role").ok()?.to_owned(), database: role.get_str("db").ok()?.to_owned() })
        });
        Some(User {
            id: uuid::Uuid::from_slice(document.get_binary("userId").ok()?.bytes).ok()?,
            name: document.get_str("user").ok()?.to_owned(),
            database: document.get_str("db").ok()?.to_owned(),
            credentials: credentials.collect(),
            roles: roles.collect(),
            custom: document.get_document("customData").ok().map(ToOwned::to_owned),
            restrictions: document.get_array("authenticationRestrictions").ok().map(ToOwned::to_owned),
        })
    }
}

fn namespace() -> Stored<Namespace> {
    Namespace::new("admin", "system.users")
}

fn read(docdb: &Docdb) -> Stored<BTreeMap<Key, User>> {
    let mut known = BTreeMap::new();
    for document in docdb.find(&namespace()?, &Find::default())? {
        let document = document?;
        match User::from_document(document.raw()) {
            Some(user) => drop(known.insert((user.database.clone(), user.name.clone()), user)),
            // Not to be let in is the lesser harm.
            None => tracing::warn!("a document of admin.system.users is not a user"),
        }
    }
    Ok(known)
}

impl Users {
    /// Reads all users.
    pub(crate) fn open(docdb: &Docdb) -> Stored<Users> {
        Ok(Users { docdb: docdb.clone(), known: RwLock::new(read(docdb)?) })
    }

    /// Reads them again, since their collection has been dropped.
    pub(crate) fn reload(&self) -> Result<(), Failure> {
        let mut known = self.known.write();
        *known = read(&self.docdb)?;
        Ok(())
    }

    /// Whether there are any, so that clients have to authenticate.
    pub(crate) fn any(&self) -> bool {
        !self.known.read().is_empty()
    }

    pub(crate) fn get(&self, name: &str, database: &str) -> Option<User> {
        self.known.read().get(&(database.to_owned(), name.to_owned())).cloned()
    }

    /// Those of a database, or all.
    pub(crate) fn list(&self, database: Option<&str>) -> Vec<User> {
        let known = self.known.read();
        known.values().filter(|user| database.is_none_or(|database| user.database == database)).cloned().collect()
    }

    pub(super) fn credentials(&self, name: &str, database: &str, mechanism: Mechanism) -> Option<Credentials> {
        let user = self.get(name, database)?;
        user.credentials.into_iter().find(|credentials| credentials.mechanism == mechanism)
    }

    /// Whether a user may do something.
    pub(super) fn allows(&self, identity: &Identity, action: Action, database: &str) -> bool {
        let user = self.get(&identity.name, &identity.database);
        user.is_some_and(|user| user.roles.iter().any(|role| role.allows(action, database)))
    }

    /// Adds a user who was not there.
    pub(crate) fn create(&self, user: User) -> Result<(), Failure> {
        let mut known = self.known.write();
        let key = (user.database.clone(), user.name.clone());
        if known.contains_key(&key) {
            let message = format!("User \"{}@{}\" already exists", user.name, user.database);
            return Err(Failure::new(Code::USER_ALREADY_EXISTS, message));
        }
        self.insert(&user)?;
        known.insert(key, user);
        Ok(())
    }

    /// Changes a user who is there.
    pub(crate) fn change(
        &self,
        name: &str,
        database: &str,
        change: impl FnOnce(&mut User) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut known = self.known.write();
        let place = known.get_mut(&(database.to_owned(), name.to_owned())).ok_or_else(|| not_found(name, database))?;
        let mut user = place.clone();
        change(&mut user)?;
        self.replace(&user)?;
        *place = user;
        Ok(())
    }

    pub(crate) fn drop(&self, name: &str, database: &str) -> Result<(), Failure> {
        let mut known = self.known.write();
        let key = (database.to_owned(), name.to_owned());
        let user = known.get(&key).ok_or_else(|| not_found(name, database))?;
        self.delete(rawdoc! { "_id": user.key() })?;
        known.remove(&key);
        Ok(())
    }

    /// Drops the users of a database, and says how many there were.
    pub(crate) fn drop_all(&self, database: &str) -> Result<usize, Failure> {
        let mut known = self.known.write();
        self.delete(rawdoc! { "db": database })?;
        let before = known.len();
        known.retain(|(of, _), _| of != database);
        Ok(before - known.len())
    }

    fn insert(&self, user: &User) -> Result<(), Failure> {
        let insert = Insert { documents: vec![user.to_document()], ..Insert::default() };
        match self.docdb.insert(&namespace()?, insert)?.errors.into_iter().next() {
            Some(refused) => Err(refused.error.into()),
            None => Ok(()),
        }
    }

    /// In one commit, so that there is never none.
    fn replace(&self, user: &User) -> Result<(), Failure> {
        let statement = UpdateStatement {
            filter: rawdoc! { "_id": user.key() },
            update: UpdateModifications::Document(user.to_document()),
            upsert: true,
            ..UpdateStatement::default()
        };
        let update = Update { statements: vec![statement], ..Update::default() };
        match self.docdb.update(&namespace()?, &update)?.errors.into_iter().next() {
            Some(refused) => Err(refused.error.into()),
            None => Ok(()),
        }
    }

    fn delete(&self, filter: RawDocumentBuf) -> Result<(), Failure> {
        let statement = DeleteStatement { filter, multi: true, hint: None, collation: None };
        let delete = Delete { statements: vec![statement], ..Delete::default() };
        match self.docdb.delete(&namespace()?, &delete)?.errors.into_iter().next() {
            Some(refused) => Err(refused.error.into()),
            None => Ok(()),
        }
    }
}

fn not_found(name: &str, database: &str) -> Failure {
    Failure::new(Code::USER_NOT_FOUND, format!("User '{name}@{database}' not found"))
}
