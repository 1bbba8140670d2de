//! Iterators, shards, and what is not kept any more.

use millpond_engine::Timestamp;
use millpond_kv::Error;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A service whose table `one` has a stream of one shard, and that shard.
fn kv_with_one_shard() -> (Kv, String, String) {
    let kv = kv();
    let units = ProvisionedThroughput { read_capacity_units: 5, write_capacity_units: 5 };
    let stream_specification = Some(StreamSpecification { stream_enabled: true, stream_view_type: Some(ALL) });
    kv.create_table(&CreateTableRequest {
        billing_mode: None,
        provisioned_throughput: Some(units),
        stream_specification,
        ..create("one", &[("pk", ScalarAttributeType::S)])
    })
    .unwrap();
    let arn = arn(&kv, "one");
    let shard = describe(&kv, &arn).shards.remove(0).shard_id;
    (kv, arn, shard)
}

fn write(kv: &Kv, value: i64) {
    kv.put_item(&put("one", of("a", value))).unwrap();
}

fn wait(kv: &Kv, time: Duration) {
    kv.engine().clock().advance(time).unwrap();
}

/// The values that records say an item has now.
fn values(records: &[Record]) -> Vec<i128> {
    let value = |record: &Record| match &record.new_image.as_ref().unwrap()["value"] {
        millpond_kv::AttributeValue::N(number) => number.to_i128().unwrap(),
        other => panic!("{other:?}"),
    };
    records.iter().map(value).collect()
}

#[test]
fn an_iterator_begins_where_it_was_asked_to() {
    let (kv, arn, shard) = kv_with_one_shard();
    let early = iterator(&kv, &arn, &shard, ShardIteratorType::Latest);
    write(&kv, 1);
    wait(&kv, Duration::from_secs(2));
    write(&kv, 2);
    let written = records(&kv, &arn);
    let latest = iterator(&kv, &arn, &shard, ShardIteratorType::Latest);
    write(&kv, 3);
    let at = |kind, record: usize, seconds: Option<u64>| GetShardIteratorRequest {
        sequence_number: seconds.is_none().then(|| written[record].sequence_number.clone()),
        timestamp: seconds.map(|it| Timestamp::from_secs(1_700_000_000 + it)),
        ..iterator_request(&arn, &shard, kind)
    };
    let from = |request| values(&read(&kv, kv.get_shard_iterator(&request).unwrap().shard_iterator).records);
    assert_eq!(values(&read(&kv, early.clone()).records), [1, 2, 3], "all that came after it was given out");
    assert_eq!(values(&read(&kv, early).records), [1, 2, 3], "it can be used again");
    assert_eq!(values(&read(&kv, latest).records), [3]);
    assert_eq!(from(at(ShardIteratorType::AtSequenceNumber, 1, None)), [2, 3]);
    assert_eq!(from(at(ShardIteratorType::AfterSequenceNumber, 0, None)), [2, 3]);
    assert_eq!(from(at(ShardIteratorType::AfterSequenceNumber, 1, None)), [3]);
    assert_eq!(from(at(ShardIteratorType::AtTimestamp, 0, Some(0))), [1, 2, 3]);
    assert_eq!(from(at(ShardIteratorType::AtTimestamp, 0, Some(1))), [2, 3]);
    let starting = describe(&kv, &arn).shards[0].sequence_number_range.starting_sequence_number.clone();
    let request = iterator_request(&arn, &shard, ShardIteratorType::AtSequenceNumber);
    assert_eq!(from(GetShardIteratorRequest { sequence_number: Some(starting), ..request }), [1, 2, 3]);

    let future = kv.get_shard_iterator(&at(ShardIteratorType::AtTimestamp, 0, Some(3)));
    assert_invalid(future, "The timestamp of a shard iterator must not be in the future");
}

#[test]
fn records_are_read_a_page_at_a_time() {
    let (kv, arn, shard) = kv_with_one_shard();
    (1..=5).for_each(|value| write(&kv, value));
    let mut next = iterator(&kv, &arn, &shard, ShardIteratorType::TrimHorizon);
    let mut seen = Vec::new();
    for expected in [2, 2, 1, 0] {
        let page = kv.get_records(&GetRecordsRequest { shard_iterator: next, limit: Some(2) }).unwrap();
        assert_eq!(page.records.len(), expected);
        seen.extend(values(&page.records));
        next = page.next_shard_iterator.expect("the shard is open");
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    write(&kv, 6);
    assert_eq!(values(&read(&kv, next.clone()).records), [6]);
    let large = "x".repeat(300_000);
    for pk in ["b", "c", "d", "e", "f"] {
        kv.put_item(&put("one", item([("pk", s(pk)), ("large", s(&large))]))).unwrap();
    }
    let next = iterator(&kv, &arn, &shard, ShardIteratorType::TrimHorizon);
    assert_eq!(read(&kv, next.clone()).records.len(), 6 + 4, "1 MB is enough");
    for (limit, bound) in [(0, "greater than or equal to 1"), (1001, "less than or equal to 1000")] {
        let text = format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value {bound}"
        );
        let request = GetRecordsRequest { shard_iterator: next.clone(), limit: Some(limit) };
        assert_invalid(kv.get_records(&request), &text);
    }
}

#[test]
fn an_iterator_expires_after_fifteen_minutes() {
    let (kv, arn, shard) = kv_with_one_shard();
    let first = iterator(&kv, &arn, &shard, ShardIteratorType::TrimHorizon);
    wait(&kv, Duration::from_secs(15 * 60));
    let next = read(&kv, first.clone()).next_shard_iterator.unwrap();
    wait(&kv, Duration::from_millis(1));
    let expired = kv.get_records(&GetRecordsRequest { shard_iterator: first, limit: None });
    assert_fails(expired, "ExpiredIteratorException", "The provided iterator exceeds the maximum age allowed.");
    assert!(read(&kv, next).records.is_empty());
}

#[test]
fn shards_go_on_in_children_that_are_read_in_their_place() {
    let (kv, arn, first) = kv_with_one_shard();
    let empty_so_far = iterator(&kv, &arn, &first, ShardIteratorType::Latest);
    write(&kv, 1);
    wait(&kv, 4 * HOUR - Duration::from_millis(1));
    write(&kv, 2);
    wait(&kv, Duration::from_millis(1));
    write(&kv, 3);
    wait(&kv, 5 * HOUR);
    write(&kv, 4);
    let shards = describe(&kv, &arn).shards;
    let parents: Vec<Option<&str>> = shards.iter().map(|shard| shard.parent_shard_id.as_deref()).collect();
    assert_eq!(parents, [None, Some(first.as_str()), Some(shards[1].shard_id.as_str())]);
    let ranges: Vec<_> = shards.iter().map(|shard| &shard.sequence_number_range).collect();
    for pair in ranges.windows(2) {
        assert!(*pair[0].ending_sequence_number.as_ref().unwrap() < pair[1].starting_sequence_number);
    }
    assert_eq!(ranges[2].ending_sequence_number, None);
    for (shard, expected) in shards.iter().zip([vec![1, 2], vec![3], vec![4]]) {
        let found = read(&kv, iterator(&kv, &arn, &shard.shard_id, ShardIteratorType::TrimHorizon));
        assert_eq!(values(&found.records), expected);
        let range = &shard.sequence_number_range;
        for record in &found.records {
            assert!(record.sequence_number >= range.starting_sequence_number);
            assert!(range.ending_sequence_number.as_ref().is_none_or(|last| record.sequence_number <= *last));
        }
        let is_open = range.ending_sequence_number.is_none();
        assert_eq!(found.next_shard_iterator.is_some(), is_open, "only an open shard goes on");
    }
    assert_eq!(values(&records(&kv, &arn)), [1, 2, 3, 4]);
    let expired = kv.get_records(&GetRecordsRequest { shard_iterator: empty_so_far, limit: None });
    assert!(matches!(expired, Err(Error::ExpiredIterator)));
}

#[test]
fn shards_are_described_a_page_at_a_time_and_by_their_parent() {
    let kv = kv_with_stream(ALL);
    let arn = arn(&kv, "hash");
    let shards = describe(&kv, &arn).shards;
    assert_eq!(shards.len(), 4, "one for each partition of a table on demand");
    let page = |limit, start: Option<&Shard>, parent: Option<&Shard>| {
        let request = DescribeStreamRequest {
            stream_arn: arn.clone(),
            limit,
            exclusive_start_shard_id: start.map(|shard| shard.shard_id.clone()),
            child_shards_of: parent.map(|shard| shard.shard_id.clone()),
        };
        let description = kv.describe_stream(&request).unwrap().stream_description;
        (description.shards, description.last_evaluated_shard_id)
    };
    let (first, last) = page(Some(3), None, None);
    assert_eq!((&first[..], last.as_ref()), (&shards[..3], Some(&shards[2].shard_id)));
    assert_eq!(page(Some(3), first.last(), None), (shards[3..].to_vec(), None));
    assert_eq!(page(None, None, Some(&shards[0])), (Vec::new(), None));
    kv.engine().clock().advance(4 * HOUR).unwrap();
    for pk in 0..30 {
        kv.put_item(&put("hash", of(&format!("{pk}"), pk))).unwrap();
    }
    let (children, _) = page(None, None, Some(&shards[0]));
    assert_eq!(children.len(), 1);
    assert_eq!(children[0].parent_shard_id.as_ref(), Some(&shards[0].shard_id));
    assert_eq!(describe(&kv, &arn).shards.len(), 8);
}

#[test]
fn what_is_a_day_old_is_not_read_and_what_names_it_is_told() {
    let (kv, arn, shard) = kv_with_one_shard();
    write(&kv, 1);
    wait(&kv, Duration::from_secs(60));
    write(&kv, 2);
    let [first, second] = &records(&kv, &arn)[..] else { panic!("two records") };
    wait(&kv, 24 * HOUR - Duration::from_secs(60));
    let before = iterator(&kv, &arn, &shard, ShardIteratorType::TrimHorizon);
    wait(&kv, Duration::from_secs(30));
    let at = |kind, record: &Record| {
        let sequence_number = Some(record.sequence_number.clone());
        kv.get_shard_iterator(&GetShardIteratorRequest { sequence_number, ..iterator_request(&arn, &shard, kind) })
    };
    for trimmed in [1, 0] {
        assert_eq!(values(&records(&kv, &arn)), [2]);
        let gone = "The data you are trying to access has been trimmed.";
        assert_fails(at(ShardIteratorType::AtSequenceNumber, first), "TrimmedDataAccessException", gone);
        let late = GetRecordsRequest { shard_iterator: before.clone(), limit: None };
        assert_fails(kv.get_records(&late), "TrimmedDataAccessException", gone);
        for (kind, record) in
            [(ShardIteratorType::AfterSequenceNumber, first), (ShardIteratorType::AtSequenceNumber, second)]
        {
            let found = read(&kv, at(kind, record).unwrap().shard_iterator);
            assert_eq!(values(&found.records), [2], "nothing is missing in between");
        }
        assert_eq!(kv.trim_streams().unwrap(), trimmed);
    }
    wait(&kv, 2 * HOUR);
    let idle = read(&kv, iterator(&kv, &arn, &shard, ShardIteratorType::Latest));
    wait(&kv, Duration::from_secs(600));
    assert!(read(&kv, idle.next_shard_iterator.unwrap()).records.is_empty(), "who waits for more has lost nothing");
}

#[test]
fn what_is_not_there_is_not_found() {
    let (kv, arn, shard) = kv_with_one_shard();
    let unknown = "table/one/stream/2020-01-01T00:00:00.000";
    let no_stream = format!("Requested resource not found: Stream: {unknown} not found");
    let request = iterator_request(unknown, &shard, ShardIteratorType::Latest);
    assert_fails(kv.get_shard_iterator(&request), "ResourceNotFoundException", &no_stream);
    let other = "shardId-00000000000000000007-00000000";
    let no_shard = format!("Requested resource not found: Shard: {other} not found");
    let request = iterator_request(&arn, other, ShardIteratorType::Latest);
    assert_fails(kv.get_shard_iterator(&request), "ResourceNotFoundException", &no_shard);
    let start = DescribeStreamRequest {
        stream_arn: arn.clone(),
        exclusive_start_shard_id: Some(other.into()),
        ..Default::default()
    };
    assert_fails(kv.describe_stream(&start), "ResourceNotFoundException", &no_shard);
    for kind in [ShardIteratorType::AtSequenceNumber, ShardIteratorType::AfterSequenceNumber] {
        let none = kv.get_shard_iterator(&iterator_request(&arn, &shard, kind));
        assert_invalid(none, &format!("SequenceNumber is required for the ShardIteratorType {kind}"));
        let sequence_number = Some("9".repeat(21));
        let odd = GetShardIteratorRequest { sequence_number, ..iterator_request(&arn, &shard, kind) };
        assert_invalid(kv.get_shard_iterator(&odd), "Invalid SequenceNumber");
    }
    let none = kv.get_shard_iterator(&iterator_request(&arn, &shard, ShardIteratorType::AtTimestamp));
    assert_invalid(none, "Timestamp is required for the ShardIteratorType AT_TIMESTAMP");
    assert_invalid(kv.describe_stream(&DescribeStreamRequest::default()), "Invalid StreamArn");
}

#[test]
fn an_iterator_survives_being_written_down() {
    let (kv, arn, shard) = kv_with_one_shard();
    write(&kv, 1);
    let bytes = iterator(&kv, &arn, &shard, ShardIteratorType::TrimHorizon).to_bytes();
    let read_back = ShardIterator::from_bytes(&arn, &bytes).unwrap();
    assert_eq!(values(&read(&kv, read_back).records), [1]);
    assert_invalid(ShardIterator::from_bytes("table/x/stream/y", &bytes), "Invalid ShardIterator");
}
