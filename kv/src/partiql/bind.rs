//! Statements with their parameters put in, and the checks that need no table.

use std::sync::{Arc, LazyLock};

use super::ast::{self, Expr, Returning, Source, Statement, Step};
use super::fault::Result;
use super::parse_statement::{Parsed, parse};
use super::{change, condition, literal};
use crate::expression::{Cache, Condition, Update};
use crate::value::{AttributeValue, Item};
use crate::{Error, constraints, write_item};

static CACHE: LazyLock<Cache<Parsed>> = LazyLock::new(Cache::new);

/// Longer statements are not kept: most of them are full of values, and come once.
const MAX_CACHED_BYTES: usize = 1024;

/// A statement that is ready for its table.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Read(Read),
    Write(Write),
    /// `EXISTS(SELECT …)`
    Exists(Read),
}

/// A `SELECT`.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// The table as the statement names it, and its name.
    pub(super) parameter: String,
    pub(super) table: String,
    pub(super) index: Option<String>,
    pub(super) condition: Option<Condition>,
    /// Columns and order are read when the table is known.
    pub(super) written: Arc<ast::Select>,
}

/// A statement that changes an item.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// The table as the statement names it, and its name.
    pub(super) parameter: String,
    pub(super) table: String,
    pub(super) kind: WriteKind,
}

#[derive(Clone, Debug)]
pub(super) enum WriteKind {
    Insert(Item),
    Update { update: Update, condition: Option<Condition>, returning: Option<Returning> },
    Delete { condition: Option<Condition>, returns_old: bool },
}

impl Bound {
    /// Reads a statement, or takes it from the cache, and puts its parameters in.
    ///
    /// # Errors
    /// A value of a parameter that is not allowed, a statement that is not well formed or says what the service does not
    /// do, or another number of parameters than it has.
    pub(crate) fn new(text: &str, parameters: &[AttributeValue]) -> Result<Bound> {
        parameters.iter().try_for_each(write_item::check_nesting)?;
        let parsed = match text.len() {
            ..=MAX_CACHED_BYTES => CACHE.get_or_parse(text, parse)?,
            _ => Arc::new(parse(text)?),
        };
        if parsed.parameters != parameters.len() {
            return Err(literal::wrong_count());
        }
        match &parsed.statement {
            Statement::Select(select) => Read::new(select, parameters).map(Bound::Read),
            Statement::Exists(select) => Read::new(select, parameters).map(Bound::Exists),
            Statement::Insert(insert) => Write::insert(insert, parameters).map(Bound::Write),
            Statement::Update(update) => Write::update(update, parameters).map(Bound::Write),
            Statement::Delete(delete) => Write::delete(delete, parameters).map(Bound::Write),
            Statement::Expression(kind) => Err(unsupported(kind)),
        }
    }

    /// The table as the statement names it.
    pub(crate) fn parameter(&self) -> &str {
        match self {
            Bound::Read(read) | Bound::Exists(read) => read.parameter(),
            Bound::Write(write) => write.parameter(),
        }
    }

    /// Whether it may stand among reads.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self, Bound::Read(_))
    }
}

fn unsupported(what: &str) -> Error {
    Error::validation(format!("Unsupported operation: {what}"))
}

impl Read {
    fn new(written: &Arc<ast::Select>, parameters: &[AttributeValue]) -> Result<Read> {
        if let Some((clause, at)) = written.unsupported {
            return Err(super::fault::at(format_args!("Unsupported clause: {clause}"), at));
        }
        let (parameter, index) = names(&written.source)?;
        let condition = bind_condition(written.condition.as_ref(), parameters)?;
        let table = constraints::table_name(&parameter)?.to_owned();
        Ok(Read { parameter, table, index, condition, written: Arc::clone(written) })
    }
}

impl Write {
    fn insert(insert: &ast::Insert, parameters: &[AttributeValue]) -> Result<Write> {
        let (parameter, index) = names(&insert.source)?;
        if index.is_some() {
            return Err(not_one_table());
        }
        if !insert.is_single {
            return Err(unsupported("Insert"));
        }
        let item = literal::item(&insert.value, parameters)?;
        write_item::check_item(&item)?;
        Write::new(parameter, WriteKind::Insert(item))
    }

    fn update(update: &ast::Update, parameters: &[AttributeValue]) -> Result<Write> {
        let parameter = base_table(&update.source)?;
        let condition = bind_condition(update.condition.as_ref(), parameters)?;
        let returning = update.returning;
        let update = change::update(&update.changes, parameters)?;
        Write::new(parameter, WriteKind::Update { update, condition, returning })
    }

    fn delete(delete: &ast::Delete, parameters: &[AttributeValue]) -> Result<Write> {
        let parameter = base_table(&delete.source)?;
        let condition = bind_condition(delete.condition.as_ref(), parameters)?;
        let returns_old = match delete.returning {
            None => false,
            Some(Returning::AllOld) => true,
            Some(other) => {
                return Err(Error::validation(format!(
                    "Invalid returning clause: {}. Only RETURNING ALL OLD * is allowed in DELETE statements.",
                    other.as_str()
                )));
            }
        };
        Write::new(parameter, WriteKind::Delete { condition, returns_old })
    }

    fn new(parameter: String, kind: WriteKind) -> Result<Write> {
        let table = constraints::table_name(&parameter)?.to_owned();
        Ok(Write { parameter, table, kind })
    }
}

fn bind_condition(node: Option<&ast::Node>, parameters: &[AttributeValue]) -> Result<Option<Condition>> {
    node.map(|node| condition::condition(node, parameters)).transpose()
}

fn not_one_table() -> Error {
    Error::validation("FROM clause may only contain a single table name")
}

/// The table that a write names, which must not be an index.
fn base_table(source: &Source) -> Result<String> {
    match names(source)? {
        (table, None) => Ok(table),
        _ => Err(Error::validation("This operation is not supported on an index")),
    }
}

/// The table and the index that a statement names.
fn names(source: &Source) -> Result<(String, Option<String>)> {
    if source.has_alias {
        return Err(Error::validation("Aliasing is not supported"));
    }
    let Expr::Path(path) = &source.node.expr else { return Err(not_one_table()) };
    let mut components = vec![path.root.to_string()];
    for step in &path.steps {
        let Step::Name(name) = step else { return Err(not_one_table()) };
        components.push(name.to_string());
    }
    if components.iter().any(String::is_empty) {
        return Err(Error::validation("Path component cannot be an empty string"));
    }
    let mut components = components.into_iter();
    match (components.next(), components.next(), components.next()) {
        (Some(table), index, None) => Ok((table, index)),
        _ => Err(Error::validation("A path may contain at most 2 components in the FROM clause")),
    }
}
