//! What can be wrong with a statement, in the words of the service.

use super::lexer::Position;
use crate::expression::Fault;
use crate::{Error, write_item};

/// The result of reading a statement.
pub(super) type Result<T> = crate::Result<T>;

/// The statement does not follow the grammar; `detail` is what the parser of PartiQL says.
pub(super) fn malformed(detail: impl std::fmt::Display) -> Error {
    Error::validation(format!("Statement wasn't well formed, can't be processed: {detail}"))
}

/// The statement cannot be split into tokens.
pub(super) fn unreadable() -> Error {
    malformed("")
}

/// The statement can be read, and says what is not allowed at a place.
pub(super) fn at(message: impl std::fmt::Display, position: Position) -> Error {
    Error::validation(format!("{message} at {position}"))
}

/// A fault in a condition or an update, which PartiQL tells without the name of a parameter.
pub(super) fn of(fault: Fault) -> Error {
    Error::validation(fault.to_string())
}

const TOO_DEEP: &str = "Nesting Levels have exceeded supported limits";

/// Statements that nest deeper than is allowed.
pub(super) fn too_deep() -> Error {
    Error::validation(TOO_DEEP)
}

/// What an update is answered, in the words of PartiQL: of a result that nests too deep they are fewer.
pub(crate) fn of_update(message: String) -> String {
    if message == write_item::TOO_DEEP { TOO_DEEP.to_owned() } else { message }
}
