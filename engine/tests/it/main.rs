//! Every backend passes the conformance suite.

use millpond_engine::{
    BackendKind,
    conformance::{self, Subject},
};

/// Sequences of operations a backend and run.
const SEQUENCES: u32 = 10_000;

fn conforms(kind: BackendKind) {
    conformance::run(&Subject::backend(kind));
}

fn behaves_as_a_map(kind: BackendKind) {
    conformance::sequences(&Subject::backend(kind), SEQUENCES, conformance::SEED);
}

#[test]
fn memory_conforms() {
    conforms(BackendKind::Memory);
}

#[test]
fn fjall_conforms() {
    conforms(BackendKind::Fjall);
}

#[test]
fn sled_conforms() {
    conforms(BackendKind::Sled);
}

#[test]
fn memory_behaves_as_a_map() {
    behaves_as_a_map(BackendKind::Memory);
}

#[test]
fn fjall_behaves_as_a_map() {
    behaves_as_a_map(BackendKind::Fjall);
}

#[test]
fn sled_behaves_as_a_map() {
    behaves_as_a_map(BackendKind::Sled);
}
