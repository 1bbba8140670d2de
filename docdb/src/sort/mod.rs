//! Sort patterns: how documents are ordered by `find`'s sort, `$sort` and what else takes a pattern.

mod keys;
mod pattern;
mod sorter;

#[cfg(test)]
mod tests;

pub(crate) use pattern::{SortKey, SortPattern, natural};
pub(crate) use sorter::{MEMORY_BYTES, Sorter};
