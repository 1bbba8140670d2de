//! Expressions: the grammar of PartiQL, as far as the service's dialect gets. What the grammar has and the dialect has not
//! is refused here or where it is bound, by the text of the service where it is known.
//!
//! Operators are read by precedence. Depth and operators are counted before they are recursed into.
//!
//! Source: <https://partiql.org/assets/PartiQL-Specification.pdf>, and the texts of its open parser.

use std::sync::Arc;

use super::ast::{Expr, Node, Path, Statement, Step};
use super::fault::{self, Result, malformed};
use super::lexer::{Position, Token, TokenKind, tokens};
use crate::expression::{Fault, MAX_OPERATORS};

/// How deep expressions may nest. The service's own bound is not known; values may nest 32 levels.
const MAX_NESTING: usize = 100;

/// Keywords that are functions when a parenthesis follows.
const FUNCTIONS: [&str; 19] = [
    "avg",
    "bag",
    "bit_length",
    "char_length",
    "character_length",
    "coalesce",
    "count",
    "exists",
    "list",
    "lower",
    "max",
    "min",
    "nullif",
    "octet_length",
    "sexp",
    "size",
    "substring",
    "sum",
    "upper",
];

/// Names of types, as they stand after `IS`.
const TYPES: [&str; 32] = [
    "bag",
    "bigint",
    "blob",
    "bool",
    "boolean",
    "char",
    "character",
    "clob",
    "date",
    "dec",
    "decimal",
    "float",
    "int",
    "int2",
    "int4",
    "int8",
    "integer",
    "integer2",
    "integer4",
    "integer8",
    "list",
    "missing",
    "null",
    "numeric",
    "real",
    "sexp",
    "smallint",
    "string",
    "struct",
    "symbol",
    "tuple",
    "varchar",
];

/// What binds an expression: the higher, the tighter.
mod precedence {
    pub(in super::super) const LOWEST: u8 = 0;
    pub(in super::super) const SELECT: u8 = 6;
    pub(super) const OR: u8 = 10;
    pub(super) const AND: u8 = 20;
    pub(super) const NOT: u8 = 30;
    pub(super) const EQUALITY: u8 = 40;
    pub(super) const COMPARISON: u8 = 50;
    pub(super) const ADDITION: u8 = 60;
    pub(super) const MULTIPLICATION: u8 = 70;
}
pub(super) use precedence::{LOWEST, SELECT};

/// An operator between two expressions.
#[derive(Clone, Copy)]
struct Infix {
    operator: &'static str,
    precedence: u8,
    /// Whether `NOT` stands before it.
    is_negated: bool,
}

/// A position in the tokens of one statement, and the counts its limits need.
pub(super) struct Cursor {
    tokens: Vec<Token>,
    position: usize,
    /// How many `?` were met.
    pub(super) parameters: usize,
    nesting: usize,
    operators: usize,
}

impl Cursor {
    pub(super) fn new(text: &str) -> Result<Cursor> {
        Ok(Cursor { tokens: tokens(text)?, position: 0, parameters: 0, nesting: 0, operators: 0 })
    }

    pub(super) fn kind(&self) -> &TokenKind {
        self.kind_at(self.position)
    }

    fn kind_at(&self, position: usize) -> &TokenKind {
        self.tokens.get(position).map_or(&TokenKind::End, |token| &token.kind)
    }

    pub(super) fn at(&self) -> Position {
        self.tokens.get(self.position).map_or_else(Position::default, |token| token.at)
    }

    pub(super) fn skip(&mut self) {
        self.position = (self.position + 1).min(self.tokens.len().saturating_sub(1));
    }

    fn keyword_at(&self, position: usize) -> Option<&str> {
        match self.kind_at(position) {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.keyword_at(self.position) == Some(keyword)
    }

    pub(super) fn is_next_keyword(&self, keyword: &str) -> bool {
        self.keyword_at(self.position + 1) == Some(keyword)
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.skip();
        }
        found
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind(), TokenKind::Symbol(found) if *found == symbol)
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.skip();
        }
        found
    }

    fn expect_symbol(&mut self, symbol: &str, token_type: &str) -> Result<()> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(malformed(format_args!("Expected {token_type}"))) }
    }

    pub(super) fn is_end(&self) -> bool {
        *self.kind() == TokenKind::End
    }

    /// A name, quoted or not, if one stands here.
    pub(super) fn take_name(&mut self) -> Option<String> {
        let (TokenKind::Name(name) | TokenKind::QuotedName(name)) = self.kind() else { return None };
        let name = name.clone();
        self.skip();
        Some(name)
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(fault::too_deep());
        }
        let found = read(self);
        self.nesting -= 1;
        found
    }

    fn count_operator(&mut self) -> Result<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS { Err(fault::of(Fault::TooManyOperators(self.operators))) } else { Ok(()) }
    }

    /// An expression of operators that bind tighter than `above`.
    pub(super) fn expression(&mut self, above: u8) -> Result<Node> {
        self.nested(|cursor| {
            let mut left = cursor.unary()?;
            while let Some(infix) = cursor.infix().filter(|infix| infix.precedence > above) {
                left = cursor.operation(left, infix)?;
            }
            Ok(left)
        })
    }

    /// The operator that stands here, if one does.
    fn infix(&self) -> Option<Infix> {
        let of = |operator, precedence| Some(Infix { operator, precedence, is_negated: false });
        let word = |word: &str| match word {
            "in" => of("in", precedence::EQUALITY),
            "between" => of("between", precedence::COMPARISON),
            "like" => of("like", precedence::COMPARISON),
            _ => None,
        };
        match self.kind() {
            TokenKind::Symbol("=") => of("=", precedence::EQUALITY),
            TokenKind::Symbol("<>" | "!=") => of("<>", precedence::EQUALITY),
            TokenKind::Symbol(operator @ ("<" | "<=" | ">" | ">=")) => of(operator, precedence::COMPARISON),
            TokenKind::Symbol(operator @ ("+" | "-" | "||")) => of(operator, precedence::ADDITION),
            TokenKind::Symbol(operator @ ("*" | "/" | "%")) => of(operator, precedence::MULTIPLICATION),
            TokenKind::Keyword(keyword) => match keyword.as_str() {
                "or" => of("or", precedence::OR),
                "and" => of("and", precedence::AND),
                "is" => of("is", precedence::EQUALITY),
                "not" => word(self.keyword_at(self.position + 1)?).map(|infix| Infix { is_negated: true, ..infix }),
                other => word(other),
            },
            _ => None,
        }
    }

    fn operation(&mut self, left: Node, infix: Infix) -> Result<Node> {
        let at = self.at();
        self.count_operator()?;
        self.skip();
        if infix.is_negated {
            self.skip();
        }
        let mut is_negated = infix.is_negated;
        let expr = match infix.operator {
            "is" => {
                is_negated = self.take_keyword("not");
                Expr::Is(Box::new(left), self.type_name()?)
            }
            "in" => Expr::In(Box::new(left), Box::new(self.in_list()?)),
            "between" => {
                let low = self.right_side(infix)?;
                self.expect_and()?;
                Expr::Between(Box::new(left), Box::new(low), Box::new(self.expression(infix.precedence)?))
            }
            "like" => self.like(infix)?,
            operator => combined(operator, left, self.right_side(infix)?),
        };
        let node = Node { expr, at };
        Ok(if is_negated { Node { expr: Expr::Not(Box::new(node)), at } } else { node })
    }

    fn right_side(&mut self, infix: Infix) -> Result<Node> {
        if self.is_end() {
            return Err(malformed("Missing right-hand side expression of infix operator"));
        }
        self.expression(infix.precedence)
    }

    fn expect_and(&mut self) -> Result<()> {
        if !self.take_keyword("and") {
            return Err(malformed("Expected AND keyword"));
        }
        if self.is_end() { Err(malformed("Expected expression after AND")) } else { Ok(()) }
    }

    fn like(&mut self, infix: Infix) -> Result<Expr> {
        self.right_side(infix)?;
        if self.take_keyword("escape") {
            if self.is_end() {
                return Err(malformed("Expected expression after ESCAPE"));
            }
            self.expression(infix.precedence)?;
        }
        Ok(Expr::Unsupported("like"))
    }

    /// Parentheses after `IN` always hold a list.
    fn in_list(&mut self) -> Result<Node> {
        let at = self.at();
        if self.is_symbol("(") && !self.is_next_keyword("select") {
            self.skip();
            let list = self.list(Self::element)?;
            self.expect_symbol(")", "RIGHT_PAREN")?;
            return Ok(Node { expr: Expr::List(list), at });
        }
        self.right_side(Infix { operator: "in", precedence: precedence::EQUALITY, is_negated: false })
    }

    fn type_name(&mut self) -> Result<String> {
        let (TokenKind::Keyword(name) | TokenKind::Name(name)) = self.kind() else {
            return Err(malformed("Expected type name"));
        };
        let mut name = name.to_ascii_lowercase();
        self.skip();
        for (first, second) in [("character", "varying"), ("double", "precision")] {
            if name == first && self.take_keyword(second) {
                name = format!("{first} {second}");
            }
        }
        let is_known = TYPES.binary_search(&name.as_str()).is_ok() || name.contains(' ');
        let is_known = is_known || matches!(name.as_str(), "time" | "timestamp");
        if !is_known {
            return Err(malformed("Expected type name"));
        }
        if self.take_symbol("(") {
            self.list(Self::element)?;
            self.expect_symbol(")", "RIGHT_PAREN")?;
        }
        Ok(name)
    }

    fn unary(&mut self) -> Result<Node> {
        let at = self.at();
        if self.take_keyword("not") {
            self.count_operator()?;
            let operand = self.expression(precedence::NOT)?;
            return Ok(Node { expr: Expr::Not(Box::new(operand)), at });
        }
        let sign = match self.kind() {
            TokenKind::Symbol(sign @ ("+" | "-")) => *sign,
            _ => return self.path(),
        };
        self.skip();
        let operand = self.nested(Self::unary)?;
        Ok(match operand {
            Node { expr: Expr::Number(number), at } => Node { expr: Expr::Number(signed(sign, number)), at },
            _ => Node { expr: Expr::Unsupported(sign), at },
        })
    }

    /// A term and the path that leads from it.
    fn path(&mut self) -> Result<Node> {
        let term = self.term()?;
        if !self.is_symbol(".") && !self.is_symbol("[") {
            return Ok(term);
        }
        let steps = self.steps(false)?;
        let expr = match term.expr {
            Expr::Path(path) => Expr::Path(Path { steps, ..path }),
            _ => Expr::Unsupported("path"),
        };
        Ok(Node { expr, at: term.at })
    }

    /// A path that can be written to, or names a table.
    pub(super) fn simple_path(&mut self) -> Result<Node> {
        let at = self.at();
        let root = self.take_name().ok_or_else(|| malformed("Expected identifier for simple path"))?;
        Ok(Node { expr: Expr::Path(Path { root: root.into(), steps: self.steps(true)? }), at })
    }

    fn steps(&mut self, is_simple: bool) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            if self.take_symbol(".") {
                let at = self.at();
                if let Some(name) = self.take_name() {
                    steps.push(Step::Name(name.into()));
                } else if self.is_symbol("*") && is_simple {
                    return Err(malformed("Invalid path dot component for simple path"));
                } else if self.take_symbol("*") {
                    steps.push(Step::Wildcard(at));
                } else {
                    return Err(malformed("Invalid path dot component"));
                }
            } else if self.take_symbol("[") {
                let at = self.at();
                if self.take_symbol("*") {
                    steps.push(Step::Wildcard(at));
                } else {
                    steps.push(Step::Index(Box::new(self.expression(LOWEST)?)));
                }
                self.expect_symbol("]", "RIGHT_BRACKET")?;
            } else {
                return Ok(steps);
            }
        }
    }

    fn term(&mut self) -> Result<Node> {
        let at = self.at();
        let expr = match self.kind().clone() {
            TokenKind::Name(name) | TokenKind::QuotedName(name) => {
                self.skip();
                if self.take_symbol("(") { self.call(&name)? } else { name_of(name) }
            }
            TokenKind::Keyword(keyword) => self.keyword(&keyword)?,
            TokenKind::Text(text) => {
                self.skip();
                Expr::Text(text)
            }
            TokenKind::Number(number) => {
                self.skip();
                Expr::Number(number)
            }
            TokenKind::Parameter => {
                self.skip();
                self.parameters += 1;
                Expr::Parameter(self.parameters - 1)
            }
            TokenKind::Symbol(symbol) => return self.symbol(symbol, at),
            TokenKind::End => return Err(malformed("Unexpected term")),
        };
        Ok(Node { expr, at })
    }

    fn symbol(&mut self, symbol: &str, at: Position) -> Result<Node> {
        let expr = match symbol {
            "(" => {
                self.skip();
                let mut group = self.list(Self::element)?;
                self.expect_symbol(")", "RIGHT_PAREN")?;
                match group.pop() {
                    Some(only) if group.is_empty() => return Ok(only),
                    last => Expr::List(group.into_iter().chain(last).collect()),
                }
            }
            "[" => Expr::List(self.collection("]", "RIGHT_BRACKET", Self::element)?),
            "<<" => Expr::Bag(self.collection(">>", "RIGHT_DOUBLE_ANGLE_BRACKET", Self::element)?),
            "{" => Expr::Struct(self.collection("}", "RIGHT_CURLY", Self::member)?),
            "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" | "||" | "/" | "%" | "@" | "^" => {
                return Err(malformed("Unexpected operator"));
            }
            _ => return Err(malformed("Unexpected term")),
        };
        Ok(Node { expr, at })
    }

    fn keyword(&mut self, keyword: &str) -> Result<Expr> {
        let literal = match keyword {
            "true" => Some(Expr::Bool(true)),
            "false" => Some(Expr::Bool(false)),
            "null" => Some(Expr::Null),
            "missing" => Some(Expr::Missing),
            _ => None,
        };
        if let Some(literal) = literal {
            self.skip();
            return Ok(literal);
        }
        if matches!(keyword, "and" | "or" | "is" | "in" | "between" | "like" | "union" | "except" | "intersect") {
            return Err(malformed("Unexpected operator"));
        }
        if let Some(statement) = self.statement(keyword)? {
            return Ok(Expr::Statement(Box::new(statement)));
        }
        let is_call = matches!(self.kind_at(self.position + 1), TokenKind::Symbol("("));
        if is_call && FUNCTIONS.contains(&keyword) {
            self.skip();
            self.skip();
            return self.call(keyword);
        }
        Err(malformed("Unexpected keyword"))
    }

    /// What follows a function's name and a parenthesis.
    fn call(&mut self, name: &str) -> Result<Expr> {
        let name = name.to_ascii_lowercase();
        if self.is_symbol("*") {
            if name != "count" {
                return Err(malformed(format_args!("{name}(*) is not allowed")));
            }
            self.skip();
            self.expect_symbol(")", "RIGHT_PAREN")?;
            return Ok(Expr::CountAll);
        }
        if self.take_symbol(")") {
            return Ok(Expr::Call(name, Vec::new()));
        }
        let operands = self.list(Self::element)?;
        self.expect_symbol(")", "RIGHT_PAREN")?;
        Ok(Expr::Call(name, operands))
    }

    fn element(&mut self) -> Result<Node> {
        self.expression(LOWEST)
    }

    fn member(&mut self) -> Result<(Node, Node)> {
        let name = self.expression(LOWEST)?;
        self.expect_symbol(":", "COLON")?;
        Ok((name, self.expression(LOWEST)?))
    }

    /// What stands between brackets, which may be nothing.
    fn collection<T>(&mut self, end: &str, name: &str, element: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.skip();
        if self.take_symbol(end) {
            return Ok(Vec::new());
        }
        let found = self.list(element)?;
        self.expect_symbol(end, name)?;
        Ok(found)
    }

    /// Elements with commas between them, at least one.
    pub(super) fn list<T>(&mut self, element: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut found = vec![element(self)?];
        while self.take_symbol(",") {
            found.push(element(self)?);
        }
        Ok(found)
    }

    fn statement(&mut self, keyword: &str) -> Result<Option<Statement>> {
        match keyword {
            "select" => self.select().map(Some),
            "insert" if self.is_next_keyword("into") => self.insert().map(Some),
            "update" => self.update().map(Some),
            "delete" => self.delete().map(Some),
            "from" => self.update_from().map(Some),
            _ => Ok(None),
        }
    }
}

fn name_of(name: String) -> Expr {
    Expr::Path(Path { root: Arc::from(name), steps: Vec::new() })
}

/// Chains of `AND` and of `OR` are kept flat, so that a long one costs no depth.
fn combined(operator: &'static str, left: Node, right: Node) -> Expr {
    match (operator, left.expr) {
        ("and", Expr::And(mut all)) => {
            all.push(right);
            Expr::And(all)
        }
        ("or", Expr::Or(mut all)) => {
            all.push(right);
            Expr::Or(all)
        }
        (operator, expr) => {
            let left = Node { expr, at: left.at };
            match operator {
                "and" => Expr::And(vec![left, right]),
                "or" => Expr::Or(vec![left, right]),
                "+" => Expr::Plus(Box::new(left), Box::new(right)),
                "-" => Expr::Minus(Box::new(left), Box::new(right)),
                "*" | "/" | "%" | "||" => Expr::Unsupported(operator),
                comparator => Expr::Compare(comparator, Box::new(left), Box::new(right)),
            }
        }
    }
}

fn signed(sign: &str, number: String) -> String {
    match number.strip_prefix('-') {
        _ if sign == "+" => number,
        Some(positive) => positive.to_owned(),
        None => format!("-{number}"),
    }
}
