//! Parsed statements. They depend on their text only: parameters stay numbers, so one tree serves every request with that
//! text and may be cached.

use std::sync::Arc;

use super::lexer::Position;

/// A part of an expression and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) expr: Expr,
    pub(super) at: Position,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Text(String),
    /// With its sign, if it has one.
    Number(String),
    Bool(bool),
    Null,
    Missing,
    /// Which `?` of the statement it is, from 0.
    Parameter(usize),
    Path(Path),
    List(Vec<Node>),
    Bag(Vec<Node>),
    Struct(Vec<(Node, Node)>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(&'static str, Box<Node>, Box<Node>),
    Between(Box<Node>, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    /// `IS` and the name of a type.
    Is(Box<Node>, String),
    Plus(Box<Node>, Box<Node>),
    Minus(Box<Node>, Box<Node>),
    /// An operator that the grammar has and the dialect has not, such as `LIKE` or a sign before what is no number. It is
    /// refused by name, whatever its operands.
    Unsupported(&'static str),
    /// A function's name in lower case, and its operands.
    Call(String, Vec<Node>),
    /// `COUNT(*)`
    CountAll,
    Statement(Box<Statement>),
}

/// A document path as written.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) root: Arc<str>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Name(Arc<str>),
    /// What stands in brackets; only a whole number is allowed there.
    Index(Box<Node>),
    /// `.*` or `[*]`
    Wildcard(Position),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Select(Arc<Select>),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    /// `EXISTS(SELECT …)`
    Exists(Arc<Select>),
    /// An expression that is no statement; holds what the service calls it.
    Expression(&'static str),
}

/// What stands after `FROM`, `UPDATE` or `INSERT INTO`.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) node: Node,
    pub(super) has_alias: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Projection {
    All,
    /// Expressions, of which some have an alias.
    Columns(Vec<(Node, bool)>),
    /// `SELECT VALUE` and `SELECT DISTINCT`, which are refused by name.
    Unsupported(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Select {
    pub(super) projection: Projection,
    pub(super) source: Source,
    pub(super) condition: Option<Node>,
    pub(super) order_by: Vec<OrderTerm>,
    /// A clause that the grammar has and the service has not, and where its expression stands.
    pub(super) unsupported: Option<(&'static str, Position)>,
}

#[derive(Clone, Debug)]
pub(super) struct OrderTerm {
    pub(super) node: Node,
    pub(super) is_descending: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Insert {
    pub(super) source: Source,
    pub(super) value: Node,
    /// Whether it is `VALUE`, and not a bag of items.
    pub(super) is_single: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) source: Source,
    pub(super) changes: Vec<Change>,
    pub(super) condition: Option<Node>,
    pub(super) returning: Option<Returning>,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Set(Path, Node),
    Remove(Path),
}

#[derive(Clone, Debug)]
pub(super) struct Delete {
    pub(super) source: Source,
    pub(super) condition: Option<Node>,
    pub(super) returning: Option<Returning>,
}

/// What a write gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returning {
    AllOld,
    ModifiedOld,
    AllNew,
    ModifiedNew,
}

impl Returning {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Returning::AllOld => "RETURNING ALL OLD *",
            Returning::ModifiedOld => "RETURNING MODIFIED OLD *",
            Returning::AllNew => "RETURNING ALL NEW *",
            Returning::ModifiedNew => "RETURNING MODIFIED NEW *",
        }
    }
}

impl Expr {
    /// What the service calls such an expression where it does not expect it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Null => "Lit",
            Expr::Missing => "Missing",
            Expr::Parameter(_) => "Parameter",
            Expr::Path(path) if path.steps.is_empty() => "Id",
            Expr::Path(_) => "Path",
            Expr::List(_) => "List",
            Expr::Bag(_) => "Bag",
            Expr::Struct(_) => "Struct",
            Expr::Not(_) => "Not",
            Expr::And(_) => "And",
            Expr::Or(_) => "Or",
            Expr::Compare("=", ..) => "Eq",
            Expr::Compare("<>", ..) => "Ne",
            Expr::Compare("<", ..) => "Lt",
            Expr::Compare("<=", ..) => "Lte",
            Expr::Compare(">", ..) => "Gt",
            Expr::Compare(..) => "Gte",
            Expr::Between(..) => "Between",
            Expr::In(..) => "InCollection",
            Expr::Is(..) => "IsType",
            Expr::Plus(..) => "Plus",
            Expr::Minus(..) => "Minus",
            Expr::Unsupported(..) => "NAry",
            Expr::Call(..) => "Call",
            Expr::CountAll => "CallAgg",
            Expr::Statement(_) => "Select",
        }
    }
}
