//! The engine's hot paths under criterion, beside bare fjall in the same run.
#![allow(missing_docs, reason = "criterion's macros make public functions without docs")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use millpond_benches::{Bare, Keys, Millpond, Store, Values, load, settle};
use millpond_engine::Durability;

const KEYS: u64 = 200_000;

/// Reads and buffered writes: bare fjall, Millpond on fjall, and Millpond in memory.
fn buffered(c: &mut Criterion) {
    let values = Values::default();
    let bare = Bare::new(Durability::Buffered).unwrap();
    let millpond = Millpond::on_fjall(Durability::Buffered).unwrap();
    let memory = Millpond::in_memory().unwrap();
    let stores: [&dyn Store; 3] = [&bare, &millpond, &memory];
    for store in stores {
        load(store, KEYS, &values).unwrap();
    }
    settle(&[bare.path(), millpond.path()]);

    let mut group = c.benchmark_group("get");
    for store in stores {
        let keys = Keys::new(KEYS, 1);
        group.bench_function(store.name(), |b| b.iter(|| black_box(store.get(&keys.draw()).unwrap())));
    }
    group.finish();

    let mut group = c.benchmark_group("range of 100");
    group.throughput(Throughput::Elements(100));
    for store in stores {
        let keys = Keys::new(KEYS, 2);
        group.bench_function(store.name(), |b| b.iter(|| black_box(store.range(&keys.draw(), 100).unwrap())));
    }
    group.finish();

    let mut group = c.benchmark_group("put buffered");
    for store in stores {
        let keys = Keys::new(KEYS, 3);
        group.bench_function(store.name(), |b| b.iter(|| store.put(&keys.draw(), values.nth(1)).unwrap()));
    }
    group.finish();

    let mut group = c.benchmark_group("transact 10 reads 10 writes");
    for store in stores {
        let keys = Keys::new(KEYS, 4);
        let ten = || std::array::from_fn::<_, 10, _>(|_| keys.draw());
        group.bench_function(store.name(), |b| {
            b.iter_batched(
                || (ten(), ten()),
                |(reads, writes)| store.read_and_write(&reads, &writes, values.nth(2)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Commits that wait for the disk: bare fjall, where each writer syncs for itself, and Millpond's shared syncs.
fn durable(c: &mut Criterion) {
    let values = Values::default();
    let bare = Bare::new(Durability::Sync).unwrap();
    let millpond = Millpond::on_fjall(Durability::Sync).unwrap();
    let stores: [&dyn Store; 2] = [&bare, &millpond];
    for writers in [1, 8, 64] {
        let mut group = c.benchmark_group(format!("durable commit, writers {writers}"));
        group.sample_size(10).throughput(Throughput::Elements(1));
        for store in stores {
            let next = AtomicU64::new(0);
            group
                .bench_function(store.name(), |b| b.iter_custom(|count| commit(store, writers, count, &next, &values)));
        }
        group.finish();
    }
}

/// The time that `writers` threads take for `count` commits together.
fn commit(store: &dyn Store, writers: u64, count: u64, next: &AtomicU64, values: &Values) -> Duration {
    let left = AtomicU64::new(count);
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    store.put(&Keys::nth(n), values.nth(n)).unwrap();
                }
            });
        }
    });
    began.elapsed()
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = buffered, durable
}
criterion_main!(benches);
