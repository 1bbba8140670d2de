//! One message against the filter policies of a topic, by their forms and number.
//!
//! "match" is of a message that was read, as when a topic has policies for attributes only; "read and match" reads its
//! body of 350 bytes, too. Each finds a few policies; "wanted by a hundredth" finds more.
#![allow(missing_docs, reason = "criterion's macros make public functions without docs")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use millpond_pubsub::filter::{Event, FilterPolicy, FilterScope, Forms, Matcher};

/// 350 bytes; what it says is what the policy of number 5,000 asks.
const BODY: &str = r#"{"id":"id-5000","tenant":"tenant-200","type":"type-15","path":"/area/5000/room/7/door","price":5000.5,"state":"open",
"source":{"ip":"10.0.19.136","agent":"Mozilla/5.0 (X11; Linux x86_64)","file":"report-5000.PDF"},"tags":["red","green","blue"],
"customer":{"name":"Ada","city":"London","since":1843,"newsletter":true},"note":null,"level":3}"#;

/// The policy of that number.
type Policy = fn(usize) -> String;

const FORMS: [(&str, Policy); 8] = [
    ("exact, one field", |n| format!(r#"{{"id":["id-{n}"]}}"#)),
    ("exact, two fields", |n| format!(r#"{{"tenant":["tenant-{}"],"type":["type-{}"]}}"#, n % 320, n / 320)),
    ("prefix", |n| format!(r#"{{"path":[{{"prefix":"/area/{n}/"}}]}}"#)),
    ("suffix", |n| format!(r#"{{"source":{{"file":[{{"suffix":"-{n}.PDF"}}]}}}}"#)),
    ("numeric range", |n| format!(r#"{{"price":[{{"numeric":[">=",{n},"<",{}]}}]}}"#, n + 3)),
    ("anything-but", |n| {
        format!(
            r#"{{"id":["id-{}"],"state":[{{"anything-but":["closed","gone-{n}"]}}],"tags":[{{"exists":true}}]}}"#,
            n / 2
        )
    }),
    ("wanted by a hundredth", |n| format!(r#"{{"level":[{}]}}"#, n % 100)),
    ("mixed", mixed),
];

fn mixed(n: usize) -> String {
    match n % 10 {
        0 => format!(r#"{{"id":["id-{n}","id-{}"]}}"#, n + 1),
        1 => format!(r#"{{"tenant":["tenant-{}"],"price":[{{"numeric":[">",{n}]}}]}}"#, n % 1000),
        2 => format!(r#"{{"path":[{{"prefix":"/area/{n}/"}}],"state":[{{"anything-but":["closed"]}}]}}"#),
        3 => format!(r#"{{"source":{{"ip":[{{"cidr":"10.{}.{}.0/24"}}]}}}}"#, n / 250 % 250, n % 250),
        4 => format!(r#"{{"customer":{{"name":[{{"equals-ignore-case":"ADA {n}"}}],"city":["London"]}}}}"#),
        5 => format!(r#"{{"price":[{{"numeric":[">=",{n},"<",{}]}}],"tags":["red"]}}"#, n + 10),
        6 => {
            format!(r#"{{"id":["id-{n}"],"state":[{{"anything-but":{{"prefix":"clo"}}}}],"note":[{{"exists":true}}]}}"#)
        }
        7 => format!(r#"{{"$or":[{{"id":["id-{n}"]}},{{"tenant":["tenant-{n}"],"type":["type-15"]}}]}}"#),
        8 => format!(r#"{{"source":{{"file":[{{"suffix":"-{n}.PDF"}}]}},"archived":[{{"exists":false}}]}}"#),
        _ => format!(r#"{{"path":[{{"wildcard":"/area/{n}/*/door"}}]}}"#),
    }
}

fn policy(text: &str) -> FilterPolicy {
    FilterPolicy::parse(text, FilterScope::MessageBody, Forms::All).unwrap()
}

fn filters(c: &mut Criterion) {
    for (form, write) in FORMS {
        let mut group = c.benchmark_group(form);
        for count in [100, 10_000, 100_000] {
            let mut matcher = Matcher::<u64>::new();
            for n in 0..count {
                matcher.insert(n as u64, &policy(&write(n)));
            }
            let event = Event::of_body(BODY);
            let mut found = Vec::new();
            matcher.matching(&event, &mut found);
            let wanted = format!("{count} policies, {} wanted", found.len());
            group.bench_function(BenchmarkId::new("match", &wanted), |b| {
                b.iter(|| matcher.matching(black_box(&event), &mut found));
            });
            group.bench_function(BenchmarkId::new("read and match", &wanted), |b| {
                b.iter(|| matcher.matching(&Event::of_body(black_box(BODY)), &mut found));
            });
            let others: Vec<_> = (0..1000).map(|n| policy(&write(count + n))).collect();
            group.bench_function(BenchmarkId::new("insert and remove", &wanted), |b| {
                let mut turn = 0;
                b.iter_batched(
                    || {
                        turn = (turn + 1) % others.len();
                        &others[turn]
                    },
                    |policy| {
                        matcher.insert(u64::MAX, policy);
                        matcher.remove(u64::MAX)
                    },
                    BatchSize::SmallInput,
                );
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = filters
}
criterion_main!(benches);
