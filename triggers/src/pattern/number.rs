//! Comparisons of numbers.

use serde_json::Value;

/// One comparison with a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    pub(super) operator: Operator,
    pub(super) bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Operator::Equal,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return None,
        })
    }

    pub(super) fn is_upper(self) -> bool {
        matches!(self, Operator::Less | Operator::LessOrEqual)
    }

    pub(super) fn is_lower(self) -> bool {
        matches!(self, Operator::Greater | Operator::GreaterOrEqual)
    }
}

impl Comparison {
    /// Whether a value is a number within the bound.
    pub(super) fn allows(self, value: &Value) -> bool {
        let Some(number) = value.as_f64() else { return false };
        match self.operator {
            Operator::Equal => number == self.bound,
            Operator::Less => number < self.bound,
            Operator::LessOrEqual => number <= self.bound,
            Operator::Greater => number > self.bound,
            Operator::GreaterOrEqual => number >= self.bound,
        }
    }
}
