//! Parsed expressions, before names and values are put in.
//!
//! A tree depends on the text of the expression only: `#name` and `:value` stay references, so one tree serves every
//! request with that text and may be cached.

use std::sync::Arc;

/// A step of a document path as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An attribute name written in the expression.
    Literal(Arc<str>),
    /// A `#name` to be replaced; holds the `#` too.
    Placeholder(String),
    /// A list index.
    Index(usize),
}

/// A document path as written; never empty, and its first step is never an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathRef(pub(crate) Vec<Step>);

/// A function call as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) function: String,
    pub(crate) operands: Vec<Operand>,
}

/// What an operator or a function is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Path(PathRef),
    /// A `:value` to be replaced; holds the `:` too.
    Value(String),
    Call(Call),
}

/// An operator that compares two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    pub(crate) fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "<>" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether it asks for an order, which only strings, numbers and binaries have.
    pub(crate) fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// The comparator that holds when the operands change places.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// A condition. `And` and `Or` are flat, so that a long chain costs no depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConditionNode {
    Or(Vec<ConditionNode>),
    And(Vec<ConditionNode>),
    Not(Box<ConditionNode>),
    Compare { comparator: Comparator, left: Operand, right: Operand },
    Between { operand: Operand, low: Operand, high: Operand },
    In { operand: Operand, list: Vec<Operand> },
    Call(Call),
}

/// A section of an update expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Set,
    Remove,
    Add,
    Delete,
}

impl Section {
    pub(crate) const ALL: [Self; 4] = [Self::Set, Self::Remove, Self::Add, Self::Delete];

    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Remove => "REMOVE",
            Self::Add => "ADD",
            Self::Delete => "DELETE",
        }
    }
}

/// The right side of a `SET` action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetValue {
    Operand(Operand),
    Plus(Operand, Operand),
    Minus(Operand, Operand),
}

/// One action of an update expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Set(PathRef, SetValue),
    Remove(PathRef),
    /// The value is a `:value` reference.
    Add(PathRef, String),
    /// The value is a `:value` reference.
    Delete(PathRef, String),
}

/// The actions of an update expression, section by section as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpdateTree(pub(crate) Vec<(Section, Vec<Action>)>);
