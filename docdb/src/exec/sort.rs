//! Sorting what was found.

use std::sync::Arc;

use crate::{
    aggregation::Row,
    error::Result,
    exec::{Done, Exec, Member, Work},
    execution::Execution,
    sort::{SortPattern, Sorter},
    value::DocumentBuilder,
};

/// What is underneath, in order.
pub(super) struct Sort {
    input: Box<dyn Exec>,
    sorter: Option<Sorter>,
    sorted: std::vec::IntoIter<Row>,
    done: Done,
}

impl Sort {
    pub(super) fn new(
        input: Box<dyn Exec>,
        pattern: Arc<SortPattern>,
        limit: Option<u64>,
        allow_disk_use: bool,
    ) -> Sort {
        Sort {
            input,
            sorter: Some(Sorter::new(pattern, limit, allow_disk_use)),
            sorted: Vec::new().into_iter(),
            done: Done::default(),
        }
    }
}

impl Exec for Sort {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(sorter) = &mut self.sorter else {
            return Ok(self.sorted.next().map_or(Work::Eof, |row| Work::Found(Box::new(member(row)))));
        };
        match self.input.work(execution)? {
            Work::Found(found) => {
                if let Some(row) = super::row(*found) {
                    sorter.push(row)?;
                }
            }
            Work::Busy => {}
            Work::Eof => {
                if let Some(sorter) = self.sorter.take() {
                    self.sorted = sorter.finish();
                }
            }
        }
        Ok(Work::Busy)
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn inputs(&self) -> Vec<&dyn Exec> {
        vec![&*self.input]
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        out.append("usedDisk", bson::RawBsonRef::Boolean(false));
        out.append("spills", bson::RawBsonRef::Int32(0));
    }
}

fn member(mut row: Row) -> Member {
    let key = row.metadata.index_key.take();
    let record = row.metadata.record_id.as_ref().and_then(super::record_in);
    Member { record, doc: Some(row.doc), key, metadata: row.metadata }
}
