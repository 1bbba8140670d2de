//! Random calls against a list.

use std::time::Duration;

use bytes::Bytes;
use millpond_stream::log::{LogOptions, Logs, Most, Position};
use proptest::prelude::*;

use super::{engine, read};

#[derive(Clone, Debug)]
enum Step {
    Append { records: usize },
    Advance { secs: u64 },
    Trim,
    Read { from: usize, records: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..5_usize).prop_map(|records| Step::Append { records }),
        2 => (1..40_u64).prop_map(|secs| Step::Advance { secs }),
        1 => Just(Step::Trim),
        4 => (0..40_usize, 1..8_usize).prop_map(|(from, records)| Step::Read { from, records }),
    ]
}

proptest! {
    #[test]
    fn a_log_is_what_was_appended_within_its_retention(steps in prop::collection::vec(step(), 1..60)) {
        let engine = engine();
        let logs = Logs::open(&engine).unwrap();
        let options = LogOptions { shards: 1, retention: Duration::from_secs(100), roll_after: None };
        let log = engine.transact(|tx| logs.create_in(tx, &options)).unwrap();
        let shard = super::shards(&engine, &logs, log)[0];
        let mut model: Vec<(Position, Bytes)> = Vec::new();
        let mut count = 0_u32;
        for step in steps {
            let horizon = logs.horizon(&mut engine.snapshot().unwrap(), log).unwrap();
            match step {
                Step::Append { records } => {
                    let batch: Vec<Bytes> = (0..records).map(|_| {
                        count += 1;
                        Bytes::from(format!("record {count}"))
                    }).collect();
                    engine.transact(|tx| logs.append_batch_in(tx, log, 0, &batch)).unwrap();
                    let end = logs.end(&mut engine.snapshot().unwrap(), log, shard).unwrap().unwrap();
                    let first = end.get() - records as u64;
                    model.extend((first..).map(Position::new).zip(batch));
                }
                Step::Advance { secs } => engine.clock().advance(Duration::from_secs(secs)).unwrap(),
                Step::Trim => {
                    logs.trim().unwrap();
                }
                Step::Read { from, records } => {
                    let from = model.get(from % model.len().max(1)).map_or_else(Position::default, |(at, _)| *at);
                    let found = read(&engine, &logs, log, shard, from, Most { records, ..Most::default() });
                    let expected: Vec<_> =
                        model.iter().filter(|(at, _)| *at >= from.max(horizon)).take(records).cloned().collect();
                    let found: Vec<_> = found.records.into_iter().map(|it| (it.position, it.data)).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
