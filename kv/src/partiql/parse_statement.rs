//! Statements: `SELECT`, `INSERT`, `UPDATE`, `DELETE`, the `FROM … WHERE … SET` form of an update, and `EXISTS(SELECT …)`.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html>

use std::sync::Arc;

use super::ast::{
    Change, Delete, Expr, Insert, Node, OrderTerm, Path, Projection, Returning, Select, Source, Statement, Update,
};
use super::fault::{Result, malformed};
use super::lexer::{Position, TokenKind};
use super::parse::{Cursor, LOWEST, SELECT};
use crate::Error;

/// A statement as written.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) statement: Statement,
    /// How many `?` it has.
    pub(super) parameters: usize,
}

/// Reads a statement.
///
/// # Errors
/// What does not follow the grammar.
pub(super) fn parse(text: &str) -> Result<Parsed> {
    let mut cursor = Cursor::new(text)?;
    let node = cursor.expression(LOWEST)?;
    cursor.take_symbol(";");
    if !cursor.is_end() {
        return Err(malformed("Unexpected token after expression"));
    }
    let statement = match node.expr {
        Expr::Statement(statement) => *statement,
        Expr::Call(name, mut operands) if name == "exists" && operands.len() == 1 => match operands.pop() {
            Some(Node { expr: Expr::Statement(statement), .. }) => match *statement {
                Statement::Select(select) => Statement::Exists(select),
                _ => Statement::Expression("Call"),
            },
            _ => Statement::Expression("Call"),
        },
        other => Statement::Expression(other.kind()),
    };
    Ok(Parsed { statement, parameters: cursor.parameters })
}

impl Cursor {
    pub(super) fn select(&mut self) -> Result<Statement> {
        self.skip();
        let projection = self.projection()?;
        if !self.take_keyword("from") {
            return Err(malformed("Expected FROM after SELECT list"));
        }
        let source = self.source()?;
        let condition = self.condition(SELECT)?;
        let mut unsupported = self.group()?;
        unsupported = unsupported.or(self.clause("having", "HAVING")?);
        let order_by = self.order_by()?;
        unsupported = unsupported.or(self.clause("limit", "LIMIT")?);
        Ok(Statement::Select(Arc::new(Select { projection, source, condition, order_by, unsupported })))
    }

    fn projection(&mut self) -> Result<Projection> {
        let is_distinct = self.take_keyword("distinct");
        if !is_distinct {
            self.take_keyword("all");
        }
        if self.take_keyword("value") {
            self.expression(LOWEST)?;
            return Ok(Projection::Unsupported("SELECT VALUE"));
        }
        let columns = self.list(Self::column)?;
        let count = columns.len();
        let named: Vec<(Node, bool)> = columns.into_iter().flatten().collect();
        if named.is_empty() && count == 1 {
            return Ok(if is_distinct { Projection::Unsupported("SELECT DISTINCT") } else { Projection::All });
        }
        if named.len() < count {
            return Err(malformed(
                "Other expressions may not be present in the select list when '*' is used without dot notation.",
            ));
        }
        Ok(if is_distinct { Projection::Unsupported("SELECT DISTINCT") } else { Projection::Columns(named) })
    }

    /// An expression and whether it has an alias; `None` is `*`.
    fn column(&mut self) -> Result<Option<(Node, bool)>> {
        if self.take_symbol("*") {
            return Ok(None);
        }
        let node = self.expression(LOWEST)?;
        Ok(Some((node, self.alias()?)))
    }

    /// Steps over an alias, if there is one.
    fn alias(&mut self) -> Result<bool> {
        if self.take_keyword("as") {
            self.take_name().ok_or_else(|| malformed("Expected identifier for AS-alias"))?;
            return Ok(true);
        }
        Ok(self.take_name().is_some())
    }

    /// The aliases that a source may have.
    fn source_aliases(&mut self) -> Result<bool> {
        let mut has_alias = self.alias()?;
        for keyword in ["at", "by"] {
            if self.take_keyword(keyword) {
                let name = keyword.to_ascii_uppercase();
                self.take_name().ok_or_else(|| malformed(format_args!("Expected identifier for {name}-alias")))?;
                has_alias = true;
            }
        }
        Ok(has_alias)
    }

    fn source(&mut self) -> Result<Source> {
        let node = self.expression(SELECT)?;
        let has_alias = self.source_aliases()?;
        let joins = ["join", "inner", "left", "right", "full", "outer", "cross"];
        if self.is_symbol(",") || joins.iter().any(|join| self.is_keyword(join)) {
            return Err(Error::validation("FROM clause may only contain a single table name"));
        }
        Ok(Source { node, has_alias })
    }

    fn simple_source(&mut self) -> Result<Source> {
        let node = self.simple_path()?;
        Ok(Source { node, has_alias: self.source_aliases()? })
    }

    fn condition(&mut self, above: u8) -> Result<Option<Node>> {
        if self.take_keyword("where") { self.expression(above).map(Some) } else { Ok(None) }
    }

    fn group(&mut self) -> Result<Option<(&'static str, Position)>> {
        if !self.take_keyword("group") {
            return Ok(None);
        }
        self.take_keyword("partial");
        self.expect_by()?;
        let at = self.at();
        self.list(Self::column)?;
        Ok(Some(("GROUP BY", at)))
    }

    /// A clause with one expression that the service does not have.
    fn clause(&mut self, keyword: &str, name: &'static str) -> Result<Option<(&'static str, Position)>> {
        if !self.take_keyword(keyword) {
            return Ok(None);
        }
        Ok(Some((name, self.expression(SELECT)?.at)))
    }

    fn expect_by(&mut self) -> Result<()> {
        if self.take_keyword("by") { Ok(()) } else { Err(malformed("Expected BY")) }
    }

    fn order_by(&mut self) -> Result<Vec<OrderTerm>> {
        if !self.take_keyword("order") {
            return Ok(Vec::new());
        }
        self.expect_by()?;
        self.list(|cursor| {
            let node = cursor.expression(SELECT)?;
            let is_descending = cursor.take_keyword("desc");
            if !is_descending {
                cursor.take_keyword("asc");
            }
            Ok(OrderTerm { node, is_descending })
        })
    }

    pub(super) fn insert(&mut self) -> Result<Statement> {
        self.skip();
        self.skip();
        let source = Source { node: self.simple_path()?, has_alias: false };
        let is_single = self.take_keyword("value");
        let value = self.expression(LOWEST)?;
        Ok(Statement::Insert(Insert { source, value, is_single }))
    }

    pub(super) fn update(&mut self) -> Result<Statement> {
        self.skip();
        let source = self.simple_source()?;
        let changes = self.changes()?;
        let condition = self.condition(LOWEST)?;
        let returning = self.returning()?;
        Ok(Statement::Update(Update { source, changes, condition, returning }))
    }

    pub(super) fn update_from(&mut self) -> Result<Statement> {
        self.skip();
        let source = self.source()?;
        let condition = self.condition(LOWEST)?;
        let changes = self.changes()?;
        let returning = self.returning()?;
        Ok(Statement::Update(Update { source, changes, condition, returning }))
    }

    pub(super) fn delete(&mut self) -> Result<Statement> {
        self.skip();
        if !self.take_keyword("from") {
            return Err(malformed("Expected FROM after DELETE"));
        }
        let source = self.simple_source()?;
        let condition = self.condition(LOWEST)?;
        Ok(Statement::Delete(Delete { source, condition, returning: self.returning()? }))
    }

    /// `SET` and `REMOVE`, at least one.
    fn changes(&mut self) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        loop {
            if self.take_keyword("set") {
                changes.extend(self.list(Self::assignment)?);
            } else if self.take_keyword("remove") {
                changes.push(Change::Remove(self.target()?));
            } else if changes.is_empty() {
                return Err(malformed("Expected data manipulation"));
            } else {
                return Ok(changes);
            }
        }
    }

    fn assignment(&mut self) -> Result<Change> {
        let path = self.target()?;
        if !self.take_symbol("=") {
            return Err(malformed("Expected '='"));
        }
        Ok(Change::Set(path, self.expression(LOWEST)?))
    }

    fn target(&mut self) -> Result<Path> {
        match self.simple_path()?.expr {
            Expr::Path(path) => Ok(path),
            _ => Err(malformed("Expected identifier for simple path")),
        }
    }

    fn returning(&mut self) -> Result<Option<Returning>> {
        if !self.take_keyword("returning") {
            return Ok(None);
        }
        let (is_all, is_old) = (self.is_keyword("all"), self.is_next_keyword("old"));
        if !(is_all || self.is_keyword("modified")) || !(is_old || self.is_next_keyword("new")) {
            return Err(malformed("Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element."));
        }
        self.skip();
        self.skip();
        if !self.take_symbol("*") || *self.kind() == TokenKind::Symbol(",") {
            return Err(malformed("Unsupported syntax in RETURNING columns."));
        }
        Ok(Some(match (is_all, is_old) {
            (true, true) => Returning::AllOld,
            (false, true) => Returning::ModifiedOld,
            (true, false) => Returning::AllNew,
            (false, false) => Returning::ModifiedNew,
        }))
    }
}
