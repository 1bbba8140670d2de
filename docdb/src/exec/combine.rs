//! Stages over several others.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    error::Result,
    exec::{Done, Exec, Member, Work},
    execution::Execution,
    index::RecordId,
    sort::{SortKey, SortPattern},
};

/// What any of several finds, each record once.
pub(super) struct Or {
    inputs: Vec<Box<dyn Exec>>,
    at: usize,
    seen: HashSet<RecordId>,
    done: Done,
}

impl Or {
    pub(super) fn new(inputs: Vec<Box<dyn Exec>>) -> Or {
        Or { inputs, at: 0, seen: HashSet::new(), done: Done::default() }
    }
}

impl Exec for Or {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let Some(input) = self.inputs.get_mut(self.at) else { return Ok(Work::Eof) };
        match input.work(execution)? {
            Work::Found(member) => {
                if let Some(record) = &member.record
                    && !self.seen.insert(record.clone())
                {
                    self.done.dups_dropped += 1;
                    return Ok(Work::Busy);
                }
                Ok(Work::Found(member))
            }
            Work::Busy => Ok(Work::Busy),
            Work::Eof => {
                self.at += 1;
                Ok(Work::Busy)
            }
        }
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn inputs(&self) -> Vec<&dyn Exec> {
        self.inputs.iter().map(|input| &**input).collect()
    }
}

/// Several that are in order each, merged.
pub(super) struct SortMerge {
    inputs: Vec<Box<dyn Exec>>,
    pattern: Arc<SortPattern>,
    /// The first thing of each input that is not over.
    heads: HashMap<usize, (SortKey, Box<Member>)>,
    over: HashSet<usize>,
    seen: HashSet<RecordId>,
    done: Done,
}

impl SortMerge {
    pub(super) fn new(inputs: Vec<Box<dyn Exec>>, pattern: Arc<SortPattern>) -> SortMerge {
        SortMerge {
            inputs,
            pattern,
            heads: HashMap::new(),
            over: HashSet::new(),
            seen: HashSet::new(),
            done: Done::default(),
        }
    }
}

impl Exec for SortMerge {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        for (at, input) in self.inputs.iter_mut().enumerate() {
            if self.over.contains(&at) || self.heads.contains_key(&at) {
                continue;
            }
            match input.work(execution)? {
                Work::Found(member) => {
                    if let Some(doc) = &member.doc {
                        let key = self.pattern.key(doc, &member.metadata)?;
                        self.heads.insert(at, (key, member));
                    }
                }
                Work::Busy => {}
                Work::Eof => {
                    self.over.insert(at);
                }
            }
            return Ok(Work::Busy);
        }
        let least =
            self.heads.iter().min_by(|(at, (a, _)), (other, (b, _))| self.pattern.compare(a, b).then(at.cmp(other)));
        let Some(at) = least.map(|(at, _)| *at) else { return Ok(Work::Eof) };
        let Some((_, member)) = self.heads.remove(&at) else { return Ok(Work::Eof) };
        if let Some(record) = &member.record
            && !self.seen.insert(record.clone())
        {
            return Ok(Work::Busy);
        }
        Ok(Work::Found(member))
    }

    fn done(&self) -> &Done {
        &self.done
    }

    fn done_mut(&mut self) -> &mut Done {
        &mut self.done
    }

    fn inputs(&self) -> Vec<&dyn Exec> {
        self.inputs.iter().map(|input| &**input).collect()
    }
}
