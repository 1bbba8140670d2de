//! What every store can be asked, linked or over a connection.

use serde_json::Value;

use crate::{
    Failure,
    movie::{GROUP, Movies},
};

/// A store, and what one has to know of it to compare it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// What an acknowledged write means here.
    pub(crate) promise: &'static str,
    pub(crate) store: Box<dyn Store>,
}

pub(crate) trait Store: Sync {
    /// Each thread has its own.
    fn client(&self) -> Result<Box<dyn Client + '_>, Failure>;
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Find {
    /// `{ _id }`: one document.
    Id,
    /// `{ code }`: one document.
    Code,
    /// `{ group }`: ten documents.
    Group,
    /// The same, but only `Title` and `rating` of each.
    Projected,
    /// The same, but only what an index on `group` and `rating` has.
    Covered,
    /// `{ rank: { $gte } }`, by `rank`, the first 20.
    Page,
}

/// How many documents a page has.
pub(crate) const PAGE: usize = 20;

impl Find {
    pub(crate) fn results(self) -> usize {
        match self {
            Find::Id | Find::Code => 1,
            Find::Group | Find::Projected | Find::Covered => GROUP as usize,
            Find::Page => PAGE,
        }
    }
}

pub(crate) trait Client {
    /// Makes a collection, with indexes on `code` and `group`, and, if `all`, also on `rank` and on `group` with `rating`.
    fn create(&mut self, collection: &str, all: bool) -> Result<(), Failure>;

    /// Takes documents in the form that it inserts: that is not what is measured.
    fn take(&mut self, documents: Vec<Value>);

    /// Inserts some of those, and says how many there were.
    fn insert(&mut self, collection: &str, count: usize) -> Result<usize, Failure>;

    /// How many documents were found; `None` where the store cannot do that.
    fn find(&mut self, find: Find, id: i64) -> Result<Option<usize>, Failure>;

    /// `{ $set: { Distributor }, $inc: { views } }` of one document.
    fn update(&mut self, id: i64) -> Result<bool, Failure>;

    fn delete(&mut self, collection: &str, id: i64) -> Result<bool, Failure>;

    /// A document in full.
    fn get(&mut self, id: i64) -> Result<Option<Value>, Failure>;
}

/// The collection that is read and updated.
pub(crate) const MOVIES: &str = "movies";

pub(crate) fn load(subject: &Subject, movies: &Movies, documents: i64) -> Result<(), Failure> {
    let mut client = subject.store.client()?;
    client.create(MOVIES, true)?;
    client.take((0..documents).map(|id| movies.get(id)).collect());
    while client.insert(MOVIES, 1000)? > 0 {}
    Ok(())
}

/// Asks for everything once.
pub(crate) fn check(subject: &Subject, movies: &Movies, documents: i64) -> Result<(), Failure> {
    let mut client = subject.store.client()?;
    let id = documents / 2 + 3;
    let mut expected = movies.get(id);
    expect("get", &client.get(id)?, &Some(expected.clone()))?;
    for find in [Find::Id, Find::Code, Find::Group, Find::Projected, Find::Covered, Find::Page] {
        if let Some(found) = client.find(find, id)? {
            expect(&format!("{find:?}"), &found, &find.results())?;
        }
    }
    expect("update", &client.update(id)?, &true)?;
    if let Some(document) = expected.as_object_mut() {
        let votes = document.get("views").and_then(Value::as_i64).unwrap_or(0);
        document.insert("views".to_owned(), (votes + 1).into());
        document.insert("Distributor".to_owned(), DISTRIBUTOR.into());
    }
    expect("the updated document", &client.get(id)?, &Some(expected))?;
    expect("an update of nothing", &client.update(documents)?, &false)?;
    expect("delete", &client.delete(MOVIES, documents - 1)?, &true)?;
    expect("a second delete", &client.delete(MOVIES, documents - 1)?, &false)?;
    client.take(vec![movies.get(documents - 1)]);
    expect("insert", &client.insert(MOVIES, 1)?, &1)
}

/// What updates set.
pub(crate) const DISTRIBUTOR: &str = "Another Distributor";

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, answer: &T, expected: &T) -> Result<(), Failure> {
    if answer == expected {
        return Ok(());
    }
    Err(format!("{what} gave {answer:?} where it must give {expected:?}").into())
}
