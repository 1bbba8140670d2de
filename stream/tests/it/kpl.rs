//! Records that hold several: the producer library's format.
//!
//! The fixtures were made by `aws-kinesis-agg` 1.2.3 (PyPI).

use millpond_stream::{
    NewRecord, Record, ShardId, StartingPosition, hash_key,
    kpl::{self, Aggregator, UserRecord},
};
use proptest::prelude::*;

use crate::streams::stream;

const BY_KEY: &str =
    "f3899ac20a05616c6963650a03626f621a0708001a036f6e651a0708011a0374776f1a0408001a00b8f3ce005fdec4fe4351837ce7d27a1f";
const BY_HASH_KEY: &str = "f3899ac20a05616c6963650a03626f6212013012273334303238323336363932303933383436333436333337343630373433313736383231313435351a09080010001a036f6e651a09080110011a0374776f1a08080010001a0200ff1a7d9e59af58f0621c0364a87b0354ba";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// As it is read, once it was put.
fn put(record: NewRecord) -> Record {
    let stream = stream(1);
    stream.set_max_record_kib(10_240).unwrap();
    stream.append(record).unwrap();
    let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    reader.try_read(1).unwrap().records.remove(0)
}

fn explicit(key: &str, hash_key: u128, data: &[u8]) -> NewRecord {
    NewRecord { explicit_hash_key: Some(hash_key), ..(key, data.to_vec()).into() }
}

fn fixtures() -> [(&'static str, Vec<NewRecord>); 2] {
    [
        (BY_KEY, vec![("alice", "one").into(), ("bob", "two").into(), ("alice", "").into()]),
        (
            BY_HASH_KEY,
            vec![explicit("alice", 0, b"one"), explicit("bob", u128::MAX, b"two"), explicit("alice", 0, b"\x00\xff")],
        ),
    ]
}

fn plain(user: &UserRecord) -> (String, Option<u128>, Vec<u8>) {
    (user.partition_key().to_owned(), user.explicit_hash_key, user.data.to_vec())
}

/// Whether it comes back as the one that it is.
fn is_itself(data: Vec<u8>) -> bool {
    let record = put(("k", data.clone()).into());
    let users: Vec<_> = kpl::deaggregate(&record).collect();
    users.len() == 1 && !users[0].is_aggregated && plain(&users[0]) == ("k".to_owned(), None, data)
}

#[test]
fn records_are_put_together_and_taken_apart_as_the_other_libraries_do_it() {
    for (fixture, records) in fixtures() {
        let aggregated = kpl::aggregate(&records).unwrap();
        assert_eq!(aggregated.data, unhex(fixture));
        assert_eq!(aggregated.partition_key, "alice");
        assert_eq!(aggregated.explicit_hash_key, records[0].explicit_hash_key);
        let record = put(aggregated);
        let users: Vec<_> = kpl::deaggregate(&record).collect();
        let new = |record: &NewRecord| (record.partition_key.clone(), record.explicit_hash_key, record.data.to_vec());
        assert!(users.iter().map(plain).eq(records.iter().map(new)));
        assert!(users.iter().all(|user| user.is_aggregated && user.arrived == record.arrived));
        assert!(users.iter().map(|user| user.sub_sequence_number).eq(0..3));
        assert!(users.iter().all(|user| user.sequence_number == record.sequence_number));
        assert_eq!(users[1].hash_key(), records[1].explicit_hash_key.unwrap_or_else(|| hash_key("bob")));
    }
    assert_eq!(kpl::aggregate(&[]), None);
}

#[test]
fn what_is_not_in_the_format_to_the_last_byte_is_a_record_itself() {
    for (fixture, _) in fixtures() {
        let bytes = unhex(fixture);
        for end in 0..bytes.len() {
            assert!(is_itself(bytes[..end].to_vec()));
        }
        for nth in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[nth] ^= 1;
            assert!(is_itself(changed));
        }
    }
    assert!(is_itself(Vec::new()) && is_itself(vec![0xF3, 0x89, 0x9A, 0xC2]));
}

/// A message with its magic and a digest that is right.
fn sealed(message: &[u8]) -> Vec<u8> {
    use md5::Digest;
    [&[0xF3, 0x89, 0x9A, 0xC2][..], message, &md5::Md5::digest(message)].concat()
}

#[test]
fn a_message_that_does_not_hold_together_is_a_record_itself() {
    for message in [
        // A record of a key that is not there; of a hash key that is not; without data; without a key.
        &b"\x0a\x01k\x1a\x05\x08\x01\x1a\x01d"[..],
        b"\x0a\x01k\x1a\x07\x08\x00\x10\x00\x1a\x01d",
        b"\x0a\x01k\x1a\x02\x08\x00",
        b"\x0a\x01k\x1a\x03\x1a\x01d",
        // A key that is no text; hash keys that are no numbers; more keys than records.
        b"\x0a\x01\xff\x1a\x05\x08\x00\x1a\x01d",
        b"\x0a\x01k\x12\x01x\x1a\x05\x08\x00\x1a\x01d",
        b"\x0a\x01k\x12\x02+1\x1a\x05\x08\x00\x1a\x01d",
        b"\x0a\x01k\x12\x0201\x1a\x05\x08\x00\x1a\x01d",
        b"\x0a\x01k\x0a\x01l\x1a\x05\x08\x00\x1a\x01d",
        // Lengths beyond the end, numbers that do not end, fields of another type, tag 0, groups that are not closed.
        b"\x0a\x7fk",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k",
        b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x08\x01",
        b"\x00",
        b"\x23\x23\x23\x23",
    ] {
        assert!(is_itself(sealed(message)), "{message:?}");
    }
    // What is unknown is passed over, tags of records too, and tables may stand behind the records.
    let odd = b"\x20\x07\x1a\x09\x08\x00\x1a\x01d\x22\x02\x0a\x00\x0a\x01k";
    let users: Vec<_> = kpl::deaggregate(&put(("p", sealed(odd)).into())).map(|user| plain(&user)).collect();
    assert_eq!(users, [("k".to_owned(), None, b"d".to_vec())]);
    assert_eq!(kpl::deaggregate(&put(("p", sealed(b"")).into())).count(), 0, "it holds none");
}

#[test]
fn many_empty_records_take_no_memory_before_they_are_asked_for() {
    let mut message = b"\x0a\x01k".to_vec();
    message.extend(b"\x1a\x04\x08\x00\x1a\x00".repeat(1_000_000));
    let record = put(("p", sealed(&message)).into());
    let users = kpl::deaggregate(&record);
    assert_eq!(users.clone().take(3).count(), 3);
    assert_eq!(users.last().unwrap().sub_sequence_number, 999_999);
    let keys = b"\x0a\x00".repeat(4_000_000);
    assert!(is_itself(sealed(&keys)), "keys that no record refers to");
}

#[test]
fn those_of_other_shards_are_left_out_where_that_is_asked_for() {
    let records = [explicit("a", 10, b"1"), explicit("b", 20, b"2")];
    let record = put(kpl::aggregate(&records).unwrap());
    for (range, count) in [(0..=u128::MAX, 2), (10..=20, 2), (10..=19, 0), (11..=20, 0), (30..=40, 0)] {
        assert_eq!(kpl::deaggregate_within(&record, &range).count(), count, "{range:?}");
    }
    let single = put(("k", "x").into());
    assert_eq!(kpl::deaggregate_within(&single, &(0..=0)).count(), 1, "one that holds no others is where it is");
}

#[test]
fn an_aggregator_fills_records_up_to_a_size() {
    let mut aggregator = Aggregator::new(200);
    let mut full = Vec::new();
    let records: Vec<NewRecord> = (0..50).map(|nth| (format!("key-{}", nth % 7), vec![b'x'; nth]).into()).collect();
    records.iter().for_each(|record| full.extend(aggregator.push(record.clone())));
    full.extend(aggregator.finish());
    assert_eq!(aggregator.finish(), None);
    assert!(full.len() > 5 && full.iter().all(|record| record.data.len() <= 200));
    let users: Vec<NewRecord> = full
        .into_iter()
        .flat_map(|record| kpl::deaggregate(&put(record)).collect::<Vec<_>>())
        .map(|user| (user.partition_key(), user.data.clone()).into())
        .collect();
    assert_eq!(users, records);
    let mut small = Aggregator::new(10);
    assert_eq!(small.push(records[49].clone()), None);
    assert!(small.push(records[1].clone()).unwrap().data.len() > 49, "one that is too long becomes one alone");
}

proptest! {
    #[test]
    fn any_records_are_taken_apart_as_they_were_put_together(
        records in proptest::collection::vec((".{0,6}", proptest::option::of(any::<u128>()), any::<Vec<u8>>()), 1..30),
        size in 1_usize..2000,
    ) {
        let new = |(key, hash_key, data): &(String, Option<u128>, Vec<u8>)| NewRecord {
            explicit_hash_key: *hash_key, ..(format!("k{key}"), data.clone()).into()
        };
        let mut aggregator = Aggregator::new(size);
        let mut full: Vec<NewRecord> = records.iter().filter_map(|record| aggregator.push(new(record))).collect();
        full.extend(aggregator.finish());
        let users: Vec<_> = full.into_iter().flat_map(|record| {
            let count = kpl::deaggregate(&put(record.clone())).count();
            assert!(count == 1 || record.data.len() <= size);
            kpl::deaggregate(&put(record)).map(|user| plain(&user)).collect::<Vec<_>>()
        }).collect();
        let expected: Vec<_> = records.iter().map(new)
            .map(|record| (record.partition_key, record.explicit_hash_key, record.data.to_vec())).collect();
        prop_assert_eq!(users, expected);
    }

    #[test]
    fn any_bytes_are_taken_apart_into_something(message in any::<Vec<u8>>()) {
        let record = put(("k", sealed(&message)).into());
        prop_assert!(kpl::deaggregate(&record).count() <= message.len().max(1));
    }
}
