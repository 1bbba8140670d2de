//! Scans of a collection and of an index.

use std::{
    collections::{HashSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use bson::{RawBson, RawDocument, RawDocumentBuf};
use bytes::Bytes;
use millpond_engine::{RangeRequest, Read};

use crate::{
    context::Metadata,
    error::Result,
    exec::{Done, Exec, Member, Scene, Work},
    execution::Execution,
    filter::Filter,
    index::{Index, RecordId, Stored, encode::encode, entry_key, truncate},
    plan::IndexScan,
    record::clustered_record_of,
    store::record_of,
    value::{Doc, DocumentBuilder, fields},
};

/// How many entries a scan reads at a time: few at first, for who wants few, then more.
const FIRST_PAGE: usize = 16;
const LARGEST_PAGE: usize = 512;
/// How many bytes of documents a scan reads at a time.
const PAGE_BYTES: usize = 1 << 20;

/// Nothing.
#[derive(Default)]
pub(super) struct Nothing {
    done: Done,
}

impl Exec for Nothing {
    fn step(&mut self, _: &mut Execution<'_>) -> Result<Work> {
        Ok(Work::Eof)
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }
}

/// A range that is read page by page.
pub(crate) struct Pages {
    request: Option<RangeRequest>,
    page: VecDeque<(Bytes, Bytes)>,
    size: usize,
}

impl Pages {
    pub(crate) fn new(from: &[u8], to: Option<&[u8]>, reverse: bool) -> Pages {
        let to = to.map_or(Bound::Unbounded, Bound::Excluded);
        let request = RangeRequest::between(Bound::Included(from), to).reverse_if(reverse).limit_bytes(PAGE_BYTES);
        Pages { request: Some(request), page: VecDeque::new(), size: FIRST_PAGE }
    }

    /// The next entry.
    pub(crate) fn next(
        &mut self,
        keyspace: &millpond_engine::Keyspace,
        execution: &mut Execution<'_>,
    ) -> Result<Option<(Bytes, Bytes)>> {
        loop {
            if let Some(entry) = self.page.pop_front() {
                return Ok(Some(entry));
            }
            let Some(request) = self.request.take() else { return Ok(None) };
            let request = request.limit(self.size);
            self.size = (self.size * 4).min(LARGEST_PAGE);
            let page = execution.reader.range(keyspace, &request)?;
            self.request = page.resume.map(|resume| request.resume_after(&resume));
            self.page = page.entries.into();
        }
    }
}

/// All documents of a collection, or those between two records.
pub(super) struct CollScan {
    scene: Scene,
    pages: Pages,
    filter: Filter,
    done: Done,
}

impl CollScan {
    pub(super) fn new(
        scene: Scene,
        reverse: bool,
        from: Option<RecordId>,
        to: Option<RecordId>,
        filter: Filter,
    ) -> CollScan {
        let id = scene.collection_id();
        let key = |record: &RecordId| crate::store::document_key(id, record);
        let low = from.as_ref().map_or_else(|| id.to_be_bytes().to_vec(), key);
        let high = to.as_ref().map(key).or_else(|| millpond_engine::key::prefix_end(&id.to_be_bytes()));
        CollScan { scene, pages: Pages::new(&low, high.as_deref(), reverse), filter, done: Done::default() }
    }
}

impl Exec for CollScan {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some((key, value)) = self.pages.next(&self.scene.store.documents, execution)? else { return Ok(Work::Eof) };
        self.done.docs_examined += 1;
        let doc = Doc::from_bytes(value);
        if !self.filter.matches(&doc, &self.scene.context)? {
            return Ok(Work::Busy);
        }
        let member = Member { record: Some(record_of(&key)), doc: Some(doc), key: None, metadata: Metadata::default() };
        Ok(Work::Found(Box::new(member)))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        out.append("docsExamined", bson::RawBsonRef::Int32(i32::try_from(self.done.docs_examined).unwrap_or(i32::MAX)));
    }
}

/// The document with an `_id`.
pub(super) struct IdLookup {
    scene: Scene,
    id: Option<RawBson>,
    done: Done,
}

impl IdLookup {
    pub(super) fn new(scene: Scene, id: RawBson) -> IdLookup {
        IdLookup { scene, id: Some(id), done: Done::default() }
    }
}

/// The record with an `_id`, if there is one.
pub(crate) fn record_of_id(
    scene: &Scene,
    id: bson::RawBsonRef<'_>,
    reader: &mut impl Read,
) -> Result<Option<RecordId>> {
    let Some(collection) = &scene.collection else { return Ok(None) };
    if collection.clustered {
        // An `_id` that is too large to be stored is not there.
        return Ok(clustered_record_of(collection, id).ok());
    }
    let Some(index) = collection.id_index() else { return Ok(None) };
    let mut components = Vec::with_capacity(24);
    encode(&mut components, id, index.collation.as_ref());
    truncate(&mut components);
    let value = reader.get(&scene.store.entries, &entry_key(index.id, &components, None))?;
    Ok(value.and_then(|value| Stored::decode(&value)).map(|stored| stored.record))
}

impl Exec for IdLookup {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(id) = self.id.take() else { return Ok(Work::Eof) };
        self.done.keys_examined += 1;
        let Some(record) = record_of_id(&self.scene, id.as_raw_bson_ref(), &mut execution.reader)? else {
            self.done.keys_examined -= 1;
            return Ok(Work::Eof);
        };
        let id = self.scene.collection_id();
        let Some(doc) = self.scene.store.document(&mut execution.reader, id, &record)? else { return Ok(Work::Eof) };
        self.done.docs_examined += 1;
        let member = Member { record: Some(record), doc: Some(doc), key: None, metadata: Metadata::default() };
        Ok(Work::Found(Box::new(member)))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        out.append("keysExamined", bson::RawBsonRef::Int32(i32::try_from(self.done.keys_examined).unwrap_or(i32::MAX)));
        out.append("docsExamined", bson::RawBsonRef::Int32(i32::try_from(self.done.docs_examined).unwrap_or(i32::MAX)));
    }
}

/// Ranges of an index, one after the other.
pub(crate) struct Entries {
    index: Arc<Index>,
    ranges: VecDeque<(Vec<u8>, Option<Vec<u8>>)>,
    reverse: bool,
    pages: Option<Pages>,
    pub(crate) seeks: u64,
}

impl Entries {
    pub(crate) fn new(scan: &IndexScan) -> Entries {
        let mut ranges: VecDeque<_> = scan.ranges().into();
        if scan.reverse {
            ranges = ranges.into_iter().rev().collect();
        }
        Entries { index: Arc::clone(&scan.index), ranges, reverse: scan.reverse, pages: None, seeks: 0 }
    }

    /// Entries between keys without the index's id.
    pub(crate) fn between(index: &Arc<Index>, ranges: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Entries {
        Entries { index: Arc::clone(index), ranges: ranges.into(), reverse: false, pages: None, seeks: 0 }
    }

    /// The next entry.
    pub(crate) fn next(&mut self, scene: &Scene, execution: &mut Execution<'_>) -> Result<Option<Stored>> {
        loop {
            if let Some(pages) = &mut self.pages {
                while let Some((_, value)) = pages.next(&scene.store.entries, execution)? {
                    if let Some(stored) = Stored::decode(&value) {
                        return Ok(Some(stored));
                    }
                }
            }
            let Some((from, to)) = self.ranges.pop_front() else { return Ok(None) };
            let prefix = self.index.id.to_be_bytes();
            let low = [&prefix, &*from].concat();
            let high = match to {
                Some(to) => Some([&prefix, &*to].concat()),
                None => millpond_engine::key::prefix_end(&prefix),
            };
            self.seeks += 1;
            self.pages = Some(Pages::new(&low, high.as_deref(), self.reverse));
        }
    }
}

/// Entries of an index, each record once.
pub(super) struct IxScan {
    scene: Scene,
    entries: Entries,
    scan: IndexScan,
    /// Fields that keys are looked at for before documents are.
    open: Vec<usize>,
    /// Records that were seen, where one record may have several entries.
    seen: Option<HashSet<RecordId>>,
    done: Done,
}

impl IxScan {
    pub(super) fn new(scene: Scene, scan: &IndexScan) -> IxScan {
        let several = scan.index.is_multikey() || scan.wildcard_path.is_some();
        IxScan {
            scene,
            entries: Entries::new(scan),
            open: scan.open_fields(),
            scan: scan.clone(),
            seen: several.then(HashSet::new),
            done: Done::default(),
        }
    }
}

/// The key of an entry under the names of its index.
pub(crate) fn named(index: &Index, values: &RawDocument) -> RawDocumentBuf {
    let mut key = DocumentBuilder::new();
    for ((name, _), (_, value)) in fields(&index.key_pattern).zip(fields(values)) {
        key.append(name, value);
    }
    key.finish()
}

impl Exec for IxScan {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(stored) = self.entries.next(&self.scene, execution)? else { return Ok(Work::Eof) };
        self.done.keys_examined += 1;
        self.done.seeks = self.entries.seeks;
        if let Some(values) = stored.values.as_ref().filter(|_| !self.open.is_empty())
            && !self.scan.admits(values, &self.open)
        {
            return Ok(Work::Busy);
        }
        if let Some(seen) = &mut self.seen
            && !seen.insert(stored.record.clone())
        {
            self.done.dups_dropped += 1;
            return Ok(Work::Busy);
        }
        let key = stored.values.as_ref().filter(|_| execution.wants_keys).map(|values| named(&self.scan.index, values));
        let member = Member { record: Some(stored.record), doc: None, key, metadata: Metadata::default() };
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
        out.append("dupsTested", count(self.seen.as_ref().map_or(0, |_| self.done.keys_examined)));
        out.append("dupsDropped", count(self.done.dups_dropped));
    }
}
