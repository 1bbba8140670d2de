//! Sorting rows in memory.

use std::{cmp::Ordering, sync::Arc};

use crate::{
    aggregation::Row,
    error::{Code, Result, refuse},
    sort::{SortKey, SortPattern},
};

/// How much memory a stage may take for the documents that it holds: 100 MiB.
///
/// Source: <https://www.mongodb.com/docs/manual/core/aggregation-pipeline-limits/>.
pub(crate) const MEMORY_BYTES: usize = 100 << 20;

/// Sorts rows, stably: rows of equal keys stay in the order in which they came. With a limit it holds about twice as many
/// rows as the limit, whatever comes.
#[derive(Debug)]
pub(crate) struct Sorter {
    pattern: Arc<SortPattern>,
    limit: Option<usize>,
    /// What memory is bounded by; nothing where the disk may be used, for which memory stands in.
    memory_bytes: Option<usize>,
    rows: Vec<(SortKey, Row)>,
    bytes: usize,
    /// How many of the rows are sorted already.
    sorted: usize,
}

impl Sorter {
    pub(crate) fn new(pattern: Arc<SortPattern>, limit: Option<u64>, allow_disk_use: bool) -> Sorter {
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let memory_bytes = if allow_disk_use { None } else { Some(MEMORY_BYTES) };
        Sorter { pattern, limit, memory_bytes, rows: Vec::new(), bytes: 0, sorted: 0 }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// As [`SortPattern::key`]; [`Code::QUERY_EXCEEDED_MEMORY_LIMIT`].
    pub(crate) fn push(&mut self, row: Row) -> Result<()> {
        let key = self.pattern.key(&row.doc, &row.metadata)?;
        if let Some(limit) = self.limit {
            let last = self.rows.get(limit.wrapping_sub(1)).filter(|_| self.sorted >= limit);
            if last.is_some_and(|(last, _)| self.pattern.compare(&key, last) != Ordering::Less) {
                return Ok(());
            }
        }
        self.bytes += row_bytes(&key, &row);
        self.rows.push((key, row));
        let full = self.limit.is_some_and(|limit| self.rows.len() >= limit.saturating_mul(2).max(16));
        let over = |sorter: &Sorter| sorter.memory_bytes.is_some_and(|most| sorter.bytes > most);
        if full || (over(self) && self.limit.is_some()) {
            self.sort();
        }
        if over(self) {
            return refuse(
                Code::QUERY_EXCEEDED_MEMORY_LIMIT,
                format!("Sort exceeded memory limit of {MEMORY_BYTES} bytes, but did not opt in to external sorting."),
            );
        }
        Ok(())
    }

    fn sort(&mut self) {
        let pattern = &self.pattern;
        self.rows.sort_by(|(a, _), (b, _)| pattern.compare(a, b));
        for (key, row) in self.rows.drain(self.limit.unwrap_or(usize::MAX).min(self.rows.len())..) {
            self.bytes -= row_bytes(&key, &row);
        }
        self.sorted = self.rows.len();
    }

    /// The rows in order, each with its key as `$meta: "sortKey"`.
    pub(crate) fn finish(mut self) -> std::vec::IntoIter<Row> {
        self.sort();
        let with_key = |(key, mut row): (SortKey, Row)| {
            row.metadata.sort_key = Some(key.to_array());
            row
        };
        self.rows.into_iter().map(with_key).collect::<Vec<_>>().into_iter()
    }
}

fn row_bytes(key: &SortKey, row: &Row) -> usize {
    size_of::<(SortKey, Row)>() + key.len_bytes() + row.doc.bytes().len()
}
