//! Text search: what words a document has for a text index, and which documents a `$text` finds.
//!
//! This is version 3 of the server's text indexes: words are separated by what Unicode calls punctuation and space, and
//! compared without case and diacritics unless the query says otherwise.

pub(crate) use language::Language;
pub(crate) use query::{Query, Search};
pub(crate) use spec::TextIndexSpec;

mod language;
mod query;
mod score;
mod spec;
#[cfg(test)]
mod tests;
mod tokens;
mod values;
