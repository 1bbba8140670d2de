//! Scans of the special kinds: by text, by distance, by place.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use bson::{RawBsonRef, RawDocument};

use crate::{
    context::Metadata,
    error::Result,
    exec::{Done, Exec, Member, Scene, Work, scan::Entries},
    execution::Execution,
    filter::Filter,
    geo::{KeyRange, Near, Ring, index2dsphere},
    index::{Index, MAX_KEY_BYTES, RecordId, encode::encode, values_under},
    plan::special_ranges,
    text::Search,
    value::{Doc, DocumentBuilder, Path},
};

/// Records of ranges of an index, each once.
struct Records {
    entries: Entries,
    seen: HashSet<RecordId>,
}

impl Records {
    fn new(index: &Arc<Index>, ranges: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Records {
        Records { entries: Entries::between(index, ranges), seen: HashSet::new() }
    }

    /// The next one; none if there is no more, and `Some(None)` for one that was there before.
    fn next(
        &mut self,
        scene: &Scene,
        execution: &mut Execution<'_>,
        done: &mut Done,
    ) -> Result<Option<Option<RecordId>>> {
        let Some(stored) = self.entries.next(scene, execution)? else { return Ok(None) };
        done.keys_examined += 1;
        done.seeks = self.entries.seeks;
        if self.seen.insert(stored.record.clone()) {
            return Ok(Some(Some(stored.record)));
        }
        done.dups_dropped += 1;
        Ok(Some(None))
    }
}

fn document(scene: &Scene, execution: &mut Execution<'_>, record: &RecordId, done: &mut Done) -> Result<Option<Doc>> {
    let doc = scene.store.document(&mut execution.reader, scene.collection_id(), record)?;
    done.docs_examined += u64::from(doc.is_some());
    Ok(doc)
}

fn explain(done: &Done, out: &mut DocumentBuilder) {
    let count = |value: u64| RawBsonRef::Int32(i32::try_from(value).unwrap_or(i32::MAX));
    out.append("keysExamined", count(done.keys_examined));
    out.append("docsExamined", count(done.docs_examined));
    out.append("dupsDropped", count(done.dups_dropped));
}

/// Records that have a geometry in some cells.
pub(crate) struct CellScan {
    scene: Scene,
    records: Records,
    done: Done,
}

impl CellScan {
    pub(crate) fn new(scene: Scene, index: &Arc<Index>, ranges: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> CellScan {
        CellScan { scene, records: Records::new(index, ranges), done: Done::default() }
    }
}

impl Exec for CellScan {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        match self.records.next(&self.scene, execution, &mut self.done)? {
            None => Ok(Work::Eof),
            Some(None) => Ok(Work::Busy),
            Some(Some(record)) => {
                let member = Member { record: Some(record), doc: None, key: None, metadata: Metadata::default() };
                Ok(Work::Found(Box::new(member)))
            }
        }
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        explain(&self.done, out);
    }
}

/// What a `$text` finds: the records of each of its words, of which those are taken that it matches.
pub(crate) struct TextScan {
    scene: Scene,
    index: Arc<Index>,
    records: Records,
    search: Arc<Search>,
    filter: Filter,
    done: Done,
}

impl TextScan {
    pub(crate) fn new(
        scene: Scene,
        index: &Arc<Index>,
        prefix: &[u8],
        search: &Arc<Search>,
        filter: Filter,
    ) -> TextScan {
        let range = |term: &str| {
            let mut components = Vec::with_capacity(term.len() + 3);
            encode(&mut components, RawBsonRef::String(term), None);
            components.truncate(MAX_KEY_BYTES);
            let from = [prefix, &components].concat();
            let to = millpond_engine::key::prefix_end(&from);
            (from, to)
        };
        let records = Records::new(index, search.terms().map(range).collect());
        TextScan { scene, index: Arc::clone(index), records, search: Arc::clone(search), filter, done: Done::default() }
    }

    fn score(&self, doc: &RawDocument) -> Result<Option<f64>> {
        let Some(text) = &self.index.text else { return Ok(None) };
        if !self.search.matches(doc, text.spec())? || !self.filter.matches(doc, &self.scene.context)? {
            return Ok(None);
        }
        self.search.score(doc, text.spec()).map(Some)
    }
}

impl Exec for TextScan {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(record) = self.records.next(&self.scene, execution, &mut self.done)? else { return Ok(Work::Eof) };
        let Some(record) = record else { return Ok(Work::Busy) };
        let Some(doc) = document(&self.scene, execution, &record, &mut self.done)? else { return Ok(Work::Busy) };
        let Some(score) = self.score(&doc)? else { return Ok(Work::Busy) };
        let metadata = Metadata { text_score: Some(score), ..Metadata::default() };
        Ok(Work::Found(Box::new(Member { record: Some(record), doc: Some(doc), key: None, metadata })))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn explain(&self, out: &mut DocumentBuilder) {
        explain(&self.done, out);
    }
}

/// The rings of a `$near` with the ranges of keys to scan for each.
type Rings = Box<dyn Iterator<Item = (Ring, Vec<(Vec<u8>, Option<Vec<u8>>)>)> + Send>;

/// What a `$near` finds, nearest first: ring by ring, each sorted.
pub(crate) struct NearScan {
    scene: Scene,
    index: Arc<Index>,
    path: Path,
    near: Near,
    filter: Filter,
    rings: Rings,
    ring: Option<(Ring, Records)>,
    /// What the ring has so far, by distance.
    gathered: Vec<(f64, Member)>,
    sorted: VecDeque<Member>,
    done: Done,
}

impl NearScan {
    pub(crate) fn new(
        scene: Scene,
        index: &Arc<Index>,
        path: Path,
        prefix: Option<&[u8]>,
        near: &Near,
        filter: Filter,
    ) -> NearScan {
        NearScan {
            scene,
            index: Arc::clone(index),
            path,
            near: near.clone(),
            filter,
            rings: rings(index, prefix, near),
            ring: None,
            gathered: Vec::new(),
            sorted: VecDeque::new(),
            done: Done::default(),
        }
    }

    /// The document with its distance, if it is the ring's and matches.
    fn gather(&mut self, execution: &mut Execution<'_>, ring: &Ring, record: RecordId) -> Result<()> {
        let Some(doc) = document(&self.scene, execution, &record, &mut self.done)? else { return Ok(()) };
        let values = values_under(&doc, &self.path);
        let nearest =
            values.into_iter().filter_map(|value| self.near.nearest(value)).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((distance, point)) = nearest else { return Ok(()) };
        if !ring.holds(&self.near, distance) || !self.filter.matches(&doc, &self.scene.context)? {
            return Ok(());
        }
        let metadata = Metadata { geo_distance: Some(distance), geo_point: Some(point.into()), ..Metadata::default() };
        self.gathered.push((distance, Member { record: Some(record), doc: Some(doc), key: None, metadata }));
        Ok(())
    }
}

fn rings(index: &Arc<Index>, prefix: Option<&[u8]>, near: &Near) -> Rings {
    let Some(prefix) = prefix.map(<[u8]>::to_vec) else {
        return Box::new(std::iter::once((Ring::all(), vec![(Vec::new(), None)])));
    };
    let ranges = move |(ring, cells): (Ring, Vec<KeyRange>)| (ring, special_ranges(&prefix, &cells));
    match &index.two_d {
        Some(grid) => Box::new(grid.grid().rings(near).map(ranges)),
        None => match index2dsphere::rings(near) {
            Some(rings) => Box::new(rings.map(ranges)),
            None => Box::new(std::iter::empty()),
        },
    }
}

impl Exec for NearScan {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        if let Some(member) = self.sorted.pop_front() {
            return Ok(Work::Found(Box::new(member)));
        }
        let Some((ring, mut records)) = self.ring.take() else {
            let Some((ring, ranges)) = self.rings.next() else { return Ok(Work::Eof) };
            self.ring = Some((ring, Records::new(&self.index, ranges)));
            return Ok(Work::Busy);
        };
        match records.next(&self.scene, execution, &mut self.done)? {
            None => {
                self.gathered.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.sorted = self.gathered.drain(..).map(|(_, member)| member).collect();
            }
            Some(record) => {
                if let Some(record) = record {
                    self.gather(execution, &ring, record)?;
                }
                self.ring = Some((ring, records));
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

    fn explain(&self, out: &mut DocumentBuilder) {
        explain(&self.done, out);
    }
}
