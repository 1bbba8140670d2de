use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

type Change = fn(&mut Config);

/// The parameter that is refused.
fn refused(kind: Kind, change: Change) -> Option<&'static str> {
    let mut config = Config::new(kind);
    change(&mut config);
    match config.check(kind, NOW) {
        Ok(_) => None,
        Err(Error::InvalidParameter { parameter, .. }) => Some(parameter),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_service_and_fit() {
    let sizes = [Kind::Queue, Kind::FifoQueue, Kind::Stream, Kind::Table].map(|kind| {
        assert_eq!(refused(kind, |_| {}), None);
        Config::new(kind).batch_size
    });
    assert_eq!(sizes, [10, 10, 100, 100]);
}

#[test]
fn each_setting_has_its_limits() {
    use Kind::{FifoQueue, Queue, Stream, Table};
    let table: [(Kind, &str, Change, Change); 13] = [
        (Stream, "BatchSize", |it| it.batch_size = 10_000, |it| it.batch_size = 10_001),
        (Table, "BatchSize", |it| it.batch_size = 1, |it| it.batch_size = 0),
        (FifoQueue, "BatchSize", |it| it.batch_size = 10, |it| it.batch_size = 11),
        (
            Queue,
            "MaximumBatchingWindowInSeconds",
            |it| (it.batch_size, it.batching_window) = (11, Duration::from_secs(1)),
            |it| it.batch_size = 11,
        ),
        (
            Stream,
            "MaximumBatchingWindowInSeconds",
            |it| it.batching_window = Duration::from_secs(300),
            |it| it.batching_window = Duration::from_secs(301),
        ),
        (FifoQueue, "MaximumBatchingWindowInSeconds", |_| {}, |it| it.batching_window = Duration::from_secs(1)),
        (
            Stream,
            "MaximumRetryAttempts",
            |it| it.maximum_retry_attempts = Some(10_000),
            |it| it.maximum_retry_attempts = Some(10_001),
        ),
        (
            Table,
            "MaximumRecordAgeInSeconds",
            |it| it.maximum_record_age = Some(Duration::from_secs(604_800)),
            |it| it.maximum_record_age = Some(Duration::from_secs(604_801)),
        ),
        (
            Stream,
            "MaximumRecordAgeInSeconds",
            |it| it.maximum_record_age = Some(Duration::from_secs(60)),
            |it| it.maximum_record_age = Some(Duration::from_secs(59)),
        ),
        (Stream, "ParallelizationFactor", |it| it.parallelization_factor = 10, |it| it.parallelization_factor = 11),
        (
            Table,
            "TumblingWindowInSeconds",
            |it| it.tumbling_window = Duration::from_secs(900),
            |it| it.tumbling_window = Duration::from_secs(901),
        ),
        (Queue, "ScalingConfig", |it| it.maximum_concurrency = Some(1000), |it| it.maximum_concurrency = Some(1001)),
        (
            Stream,
            "FilterCriteria",
            |it| it.filters = vec![r#"{"partitionKey":["x"]}"#.into(); 10],
            |it| it.filters = vec![r#"{"partitionKey":["x"]}"#.into(); 11],
        ),
    ];
    for (kind, parameter, good, bad) in table {
        assert_eq!(refused(kind, good), None, "{kind:?} {parameter}");
        assert_eq!(refused(kind, bad), Some(parameter), "{kind:?}");
    }
    for (kind, parameter, bad) in [
        (Stream, "ParallelizationFactor", (|it| it.parallelization_factor = 0) as Change),
        (Stream, "TumblingWindowInSeconds", |it| it.tumbling_window = Duration::from_millis(1500)),
        (Queue, "ScalingConfig", |it| it.maximum_concurrency = Some(1)),
        (Stream, "DestinationConfig", |it| it.on_failure = Some("q.fifo".into())),
        (Stream, "FilterCriteria", |it| it.filters = vec!["{".into()]),
    ] {
        assert_eq!(refused(kind, bad), Some(parameter), "{kind:?}");
    }
}

#[test]
fn settings_of_another_kind_of_source_are_refused() {
    let of_logs: [(&str, Change); 7] = [
        ("StartingPosition", |it| it.starting_position = StartingPosition::Latest),
        ("BisectBatchOnFunctionError", |it| it.bisect_on_error = true),
        ("MaximumRetryAttempts", |it| it.maximum_retry_attempts = Some(1)),
        ("MaximumRecordAgeInSeconds", |it| it.maximum_record_age = Some(Duration::from_secs(60))),
        ("ParallelizationFactor", |it| it.parallelization_factor = 2),
        ("TumblingWindowInSeconds", |it| it.tumbling_window = Duration::from_secs(1)),
        ("DestinationConfig", |it| it.on_failure = Some("q".into())),
    ];
    for (parameter, change) in of_logs {
        assert_eq!(refused(Kind::Queue, change), Some(parameter));
        assert_eq!(refused(Kind::FifoQueue, change), Some(parameter));
        assert_eq!(refused(Kind::Stream, change), None, "{parameter}");
        assert_eq!(refused(Kind::Table, change), None, "{parameter}");
    }
    assert_eq!(refused(Kind::Stream, |it| it.maximum_concurrency = Some(2)), Some("ScalingConfig"));
}

#[test]
fn a_start_lies_in_the_past() {
    let at = |at| {
        let config = Config { starting_position: StartingPosition::AtTimestamp(at), ..Config::new(Kind::Stream) };
        config.check(Kind::Stream, NOW).is_ok()
    };
    assert!(at(NOW));
    assert!(!at(NOW.saturating_add(Duration::from_millis(1))));
}
