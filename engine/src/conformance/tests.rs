//! The suite notices what it is there for: each of these backends breaks one promise.

use std::{
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;

use super::{SEED, Subject, failures, sequences};
use crate::{
    BackendKind, Capabilities, Limits, Options, Result,
    backend::{Backend, BackendSnapshot, Batch, Entries, memory::Memory},
    engine,
    keyspace::KeyspaceId,
};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    None,
    DeletesNothing,
    ForgetsDirection,
    IncludesExcludedEnds,
    MixesKeyspaces,
    ReadsPastItsSnapshot,
    DropsLastChange,
    LosesEmptyValues,
}

struct Broken {
    memory: Arc<Memory>,
    fault: Fault,
}

struct BrokenView {
    memory: Arc<Memory>,
    view: Box<dyn BackendSnapshot>,
    fault: Fault,
}

impl Fault {
    fn keyspace(self, keyspace: KeyspaceId) -> KeyspaceId {
        // The engine's own stays what it is.
        if self == Fault::MixesKeyspaces && keyspace.0 > 1 { KeyspaceId(1) } else { keyspace }
    }
}

impl Backend for Broken {
    fn kind(&self) -> BackendKind {
        BackendKind::Memory
    }
    fn keyspaces(&self) -> Vec<(KeyspaceId, String)> {
        self.memory.keyspaces()
    }
    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()> {
        self.memory.create_keyspace(id, name)
    }
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        self.memory.get(self.fault.keyspace(keyspace), key)
    }
    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>> {
        let view = self.memory.snapshot()?;
        Ok(Box::new(BrokenView { memory: Arc::clone(&self.memory), view, fault: self.fault }))
    }
    fn apply(&self, batch: &Batch, sync: bool) -> Result<()> {
        let mut ops = batch.ops.clone();
        match self.fault {
            Fault::DeletesNothing => ops.retain(|op| op.value.is_some()),
            Fault::LosesEmptyValues => ops.retain(|op| op.value.as_ref().is_none_or(|value| !value.is_empty())),
            Fault::DropsLastChange if ops.len() > 2 => drop(ops.pop()),
            _ => {}
        }
        ops.iter_mut().for_each(|op| op.keyspace = self.fault.keyspace(op.keyspace));
        self.memory.apply(&Batch { ops }, sync)
    }
    fn checkpoint(&self, dir: &Path) -> Result<()> {
        self.memory.checkpoint(dir)
    }
    fn fork(&self) -> Result<Box<dyn Backend>> {
        self.memory.fork()
    }
    fn stored_bytes(&self) -> u64 {
        self.memory.stored_bytes()
    }
    fn limits(&self) -> Limits {
        self.memory.limits()
    }
    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }
}

impl BackendSnapshot for BrokenView {
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        if self.fault == Fault::ReadsPastItsSnapshot {
            return self.memory.get(keyspace, key);
        }
        self.view.get(self.fault.keyspace(keyspace), key)
    }

    fn range<'a>(&'a self, keyspace: KeyspaceId, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Entries<'a> {
        let keyspace = self.fault.keyspace(keyspace);
        let included = |bound| match bound {
            Bound::Excluded(key) if self.fault == Fault::IncludesExcludedEnds => Bound::Included(key),
            bound => bound,
        };
        if self.fault == Fault::ReadsPastItsSnapshot {
            let now = self.memory.snapshot().unwrap();
            let entries: Vec<_> = now.range(keyspace, from, to, reverse).collect();
            return Box::new(entries.into_iter());
        }
        self.view.range(keyspace, from, included(to), reverse && self.fault != Fault::ForgetsDirection)
    }
}

fn subject(fault: Fault) -> Subject {
    Subject::new(&format!("{fault:?}"), move |_: &Path, options: Options| {
        engine::over(Box::new(Broken { memory: Arc::default(), fault }), options.clock, options.durability)
    })
}

fn sequences_fail(fault: Fault) -> bool {
    catch_unwind(AssertUnwindSafe(|| sequences(&subject(fault), 300, SEED))).is_err()
}

#[test]
fn a_backend_without_fault_passes() {
    assert_eq!(failures(&subject(Fault::None)), [""; 0]);
    assert!(!sequences_fail(Fault::None));
}

#[test]
fn each_fault_is_found_by_its_check_and_by_the_sequences() {
    let faults = [
        (Fault::DeletesNothing, "a_value_is_what_was_put_last"),
        (Fault::ForgetsDirection, "ranges_hold_what_lies_between_their_bounds"),
        (Fault::IncludesExcludedEnds, "ranges_hold_what_lies_between_their_bounds"),
        (Fault::MixesKeyspaces, "keyspaces_are_separate_and_found_again_by_name"),
        (Fault::ReadsPastItsSnapshot, "a_snapshot_is_one_moment_of_all_keyspaces"),
        (Fault::DropsLastChange, "a_batch_is_all_or_nothing_and_its_last_change_counts"),
        (Fault::LosesEmptyValues, "a_value_is_what_was_put_last"),
    ];
    for (fault, check) in faults {
        let failed = failures(&subject(fault));
        assert!(failed.contains(&check), "{fault:?} fails only {failed:?}");
        assert!(sequences_fail(fault), "{fault:?}");
    }
}
