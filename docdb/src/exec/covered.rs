//! Answering from an index alone.

use crate::{
    context::Metadata,
    error::Result,
    exec::{
        Done, Exec, Member, Scene, Work,
        scan::{Entries, named},
    },
    execution::Execution,
    filter::Filter,
    plan::{Cover, IndexScan},
    value::{Doc, DocumentBuilder},
};

/// Documents made of the keys of an index, if they match.
pub(super) struct Covered {
    scene: Scene,
    entries: Entries,
    scan: IndexScan,
    cover: Cover,
    filter: Filter,
    done: Done,
}

impl Covered {
    pub(super) fn new(scene: Scene, scan: &IndexScan, cover: Cover, filter: Filter) -> Covered {
        Covered { scene, entries: Entries::new(scan), scan: scan.clone(), cover, filter, done: Done::default() }
    }
}

impl Exec for Covered {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(stored) = self.entries.next(&self.scene, execution)? else { return Ok(Work::Eof) };
        self.done.keys_examined += 1;
        self.done.seeks = self.entries.seeks;
        let made = stored.values.as_ref().and_then(|values| self.cover.document(values));
        let doc = match made {
            Some(document) => Doc::from(document),
            // The key does not say all: a value too long to be kept, or part of a path that is missing.
            None => {
                let id = self.scene.collection_id();
                let found = self.scene.store.document(&mut execution.reader, id, &stored.record)?;
                self.done.docs_examined += 1;
                let Some(doc) = found else { return Ok(Work::Busy) };
                doc
            }
        };
        if !self.filter.matches(&doc, &self.scene.context)? {
            return Ok(Work::Busy);
        }
        let key = stored.values.as_ref().filter(|_| execution.wants_keys).map(|values| named(&self.scan.index, values));
        let member = Member { record: Some(stored.record), doc: Some(doc), key, metadata: Metadata::default() };
        Ok(Work::Found(Box::new(member)))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        let count = |value: u64| bson::RawBsonRef::Int32(i32::try_from(value).unwrap_or(i32::MAX));
        out.append("keysExamined", count(self.done.keys_examined));
        out.append("seeks", count(self.done.seeks));
    }
}
