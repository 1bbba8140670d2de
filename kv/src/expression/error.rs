//! What can be wrong with an expression, in the words of the service.

use super::{Kind, path::Path};

/// An expression, or the names and values given for it, that the service refuses with `ValidationException`.
///
/// `Display` is the whole message, for example
/// `Invalid ConditionExpression: Syntax error; token: "!", near: "!!"`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    message: String,
}

impl ExpressionError {
    /// The whole message, as the service writes it.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// One fault in an expression, before it is known which parameter held it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("The expression can not be empty;")]
    Empty,
    #[error("Expression size has exceeded the maximum allowed size; expression size: {0}")]
    TooLong(usize),
    #[error("Syntax error; token: \"{token}\", near: \"{near}\"")]
    Syntax { token: String, near: String },
    #[error("The expression has redundant parentheses;")]
    RedundantParentheses,
    #[error("The expression contains too many operators; operator count: {0}")]
    TooManyOperators(usize),
    #[error("Invalid function name; function: {0}")]
    UnknownFunction(String),
    #[error("The function is not allowed in a condition expression; function: {0}")]
    UpdateFunctionInCondition(String),
    #[error("The function is not allowed in an update expression; function: {0}")]
    ConditionFunctionInUpdate(String),
    #[error("The function is not allowed to be used this way in an expression; function: {0}")]
    MisusedFunction(String),
    #[error("Attribute name is a reserved keyword; reserved keyword: {0}")]
    ReservedWord(String),
    #[error("List index is not within the allowable range; index: [{0}]")]
    IndexOutOfRange(String),
    #[error("The document path has too many nesting levels; nesting levels: {0}")]
    PathTooDeep(usize),
    #[error("The \"{0}\" section can only be used once in an update expression;")]
    RepeatedSection(&'static str),
    #[error("An expression attribute name used in the document path is not defined; attribute name: {0}")]
    UndefinedName(String),
    #[error("An expression attribute value used in expression is not defined; attribute value: {0}")]
    UndefinedValue(String),
    #[error(
        "Incorrect number of operands for operator or function; operator or function: {function}, \
         number of operands: {count}"
    )]
    OperandCount { function: String, count: usize },
    #[error("The IN operator is provided with too many operands; number of operands: {0}")]
    TooManyInOperands(usize),
    #[error("Operator or function requires a document path; operator or function: {0}")]
    PathRequired(String),
    #[error("Incorrect operand type for operator or function; operator or function: {function}, operand type: {found}")]
    OperandType { function: String, found: &'static str },
    #[error(
        "Incorrect operand type for operator or function; operator: {section}, operand type: {found}, \
         typeSet: ALLOWED_FOR_{section}_OPERAND"
    )]
    SectionOperandType { section: &'static str, found: &'static str },
    #[error("Invalid attribute type name found; type: {0}, valid types: {{N,BS,L,B,NULL,M,S,SS,NS,BOOL}}")]
    UnknownTypeName(String),
    #[error(
        "The first operand must be distinct from the remaining operands for this operator or function; \
         operator: {operator}, first operand: {}", .operand.bracketed()
    )]
    NotDistinct { operator: String, operand: Path },
    #[error(
        "The BETWEEN operator requires same data type for lower and upper bounds; \
         lower bound operand: AttributeValue: {{{low}}}, upper bound operand: AttributeValue: {{{high}}}"
    )]
    BoundsOfTwoTypes { low: String, high: String },
    #[error(
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; \
         lower bound operand: AttributeValue: {{{low}}}, upper bound operand: AttributeValue: {{{high}}}"
    )]
    BoundsReversed { low: String, high: String },
    #[error(
        "Two document paths overlap with each other; must remove or rewrite one of these paths; \
         path one: {}, path two: {}", .0.bracketed(), .1.bracketed()
    )]
    PathsOverlap(Path, Path),
    #[error(
        "Two document paths conflict with each other; must remove or rewrite one of these paths; \
         path one: {}, path two: {}", .0.bracketed(), .1.bracketed()
    )]
    PathsConflict(Path, Path),
}

impl Fault {
    /// Names the parameter that held the fault.
    pub(crate) fn in_parameter(self, kind: Kind) -> ExpressionError {
        ExpressionError::new(format!("Invalid {}: {self}", kind.parameter()))
    }
}
