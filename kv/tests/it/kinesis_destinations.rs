use millpond_engine::Engine;
use millpond_kv::model::*;
use millpond_kv::{ChangeFormat, Error, Item, Kv, Options};
use millpond_stream::{CreateOptions, ShardId, StartingPosition, Streams};

use crate::support::*;

use ApproximateCreationDateTimePrecision::{Microsecond, Millisecond};
use DestinationStatus::{Active, Disabled, Disabling, Enabling, Updating};

const ARN: &str = "arn:aws:kinesis:eu-west-1:000000000000:stream/one";
const OTHER: &str = "arn:aws:kinesis:eu-west-1:000000000000:stream/two";
const WRONG_STATE: &str = "Table is not in a valid state to enable Kinesis Streaming Destination: ";

type Changed = Result<KinesisStreamingDestinationOutput, Error>;

fn enable(kv: &Kv, arn: &str, precision: Option<ApproximateCreationDateTimePrecision>) -> Changed {
    let (table_name, stream_arn) = ("hash".into(), arn.into());
    kv.enable_kinesis_streaming_destination(&EnableKinesisStreamingDestinationRequest {
        table_name,
        stream_arn,
        precision,
    })
}

fn disable(kv: &Kv, arn: &str) -> Changed {
    let (table_name, stream_arn) = ("hash".into(), arn.into());
    kv.disable_kinesis_streaming_destination(&DisableKinesisStreamingDestinationRequest { table_name, stream_arn })
}

fn update(kv: &Kv, arn: &str, precision: Option<ApproximateCreationDateTimePrecision>) -> Changed {
    let (table_name, stream_arn) = ("hash".into(), arn.into());
    kv.update_kinesis_streaming_destination(&UpdateKinesisStreamingDestinationRequest {
        table_name,
        stream_arn,
        precision,
    })
}

fn destinations(kv: &Kv) -> Vec<(String, DestinationStatus, Option<ApproximateCreationDateTimePrecision>)> {
    let request = DescribeKinesisStreamingDestinationRequest { table_name: "hash".into() };
    let output = kv.describe_kinesis_streaming_destination(&request).unwrap();
    output.destinations.into_iter().map(|it| (it.stream_arn, it.destination_status, it.precision)).collect()
}

#[test]
fn a_destination_is_named_changed_and_taken_away() {
    let kv = kv_with_tables();
    assert_eq!(destinations(&kv), []);
    let output = enable(&kv, ARN, None).unwrap();
    assert_eq!((output.destination_status, output.precision), (Enabling, None));
    assert_eq!(destinations(&kv), [(ARN.into(), Active, None)]);
    assert_eq!(update(&kv, ARN, Some(Microsecond)).unwrap().destination_status, Updating);
    assert_eq!(destinations(&kv), [(ARN.into(), Active, Some(Microsecond))]);
    assert_eq!(disable(&kv, ARN).unwrap().destination_status, Disabling);
    assert_eq!(destinations(&kv), [(ARN.into(), Disabled, Some(Microsecond))], "it stays listed");
    enable(&kv, OTHER, Some(Microsecond)).unwrap();
    disable(&kv, OTHER).unwrap();
    enable(&kv, ARN, None).unwrap();
    // Once, and with what it is named with now.
    assert_eq!(destinations(&kv), [(ARN.into(), Active, None), (OTHER.into(), Disabled, Some(Microsecond))]);
}

#[test]
fn what_does_not_fit_the_state_gets_the_services_texts() {
    let kv = kv_with_tables();
    let wrong = |text: &str| format!("{WRONG_STATE}{text}");
    let not_active = wrong("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
    assert_invalid(disable(&kv, ARN), &not_active);
    assert_invalid(
        update(&kv, ARN, Some(Microsecond)),
        &wrong(&format!("No streaming destination with streamArn: {ARN} found for table with tableName: hash")),
    );
    enable(&kv, ARN, None).unwrap();
    for arn in [ARN, OTHER] {
        assert_invalid(
            enable(&kv, arn, None),
            &wrong("EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."),
        );
    }
    let table = kv.describe_table(&DescribeTableRequest { table_name: "hash".into() }).unwrap().table;
    assert_invalid(
        update(&kv, ARN, Some(Millisecond)),
        &format!(
            "Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId: {}, kdsArn: {ARN}",
            table.table_id
        ),
    );
    assert_invalid(
        update(&kv, ARN, None),
        "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be \
         null or contain only null values",
    );
    disable(&kv, ARN).unwrap();
    assert_invalid(disable(&kv, ARN), &not_active);
    assert_invalid(
        update(&kv, ARN, Some(Microsecond)),
        &wrong(&format!(
            "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: hash, kdsArn: \
             {ARN}"
        )),
    );
    assert_invalid(
        enable(&kv, "arn", None),
        "1 validation error detected: Value 'arn' at 'streamArn' failed to satisfy constraint: Member must have length \
         greater than or equal to 37",
    );
}

#[test]
fn destinations_that_were_taken_away_are_forgotten_in_time() {
    let kv = kv_with_tables();
    for nth in 0..20 {
        let arn = format!("{ARN}-{nth}");
        enable(&kv, &arn, None).unwrap();
        disable(&kv, &arn).unwrap();
    }
    let listed = destinations(&kv);
    assert_eq!((listed.len(), listed[0].0.as_str()), (11, &*format!("{ARN}-19")));
}

#[test]
fn destinations_go_with_their_table() {
    let kv = kv_with_tables();
    enable(&kv, ARN, None).unwrap();
    kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap();
    assert_fails(
        enable(&kv, ARN, None),
        "ResourceNotFoundException",
        "Requested resource not found: Table: hash not found",
    );
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    assert_eq!(destinations(&kv), []);
}

#[test]
fn changes_go_into_the_stream_of_their_table_in_the_transaction_that_makes_them() {
    let engine = Engine::in_memory();
    let format = ChangeFormat::new(|change| {
        let value = |item: Option<&Item>| item.and_then(|item| item.get("v").cloned());
        let images = (value(change.old_image), value(change.new_image));
        format!("{} {} {images:?}", change.table_name, change.event_name.as_str()).into_bytes()
    });
    let kv = Kv::open_with(&engine, Options::default().change_format(format)).unwrap();
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    let put = |value: &str| kv.put_item(&put("hash", item([("pk", s("a")), ("v", s(value))]))).unwrap();
    enable(&kv, ARN, None).unwrap();
    put("there is no such stream yet");
    let streams = Streams::open(&engine).unwrap();
    let stream = streams.create("one", &CreateOptions::shards(1)).unwrap();
    put("one");
    put("one");
    let delete = delete("hash", item([("pk", s("a"))]));
    let undone = engine.transact(|tx| {
        kv.delete_item_in(tx, &delete)?;
        Err::<(), _>(Error::Validation { message: "no".into() })
    });
    assert!(undone.is_err());
    kv.delete_item(&delete).unwrap();
    disable(&kv, ARN).unwrap();
    put("nobody is told");
    let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    let read = reader.try_read(100).unwrap().records;
    let texts: Vec<_> = read.iter().map(|record| std::str::from_utf8(&record.data).unwrap()).collect();
    assert_eq!(
        texts,
        [
            r#"hash MODIFY (Some(S("there is no such stream yet")), Some(S("one")))"#,
            r#"hash REMOVE (Some(S("one")), None)"#,
        ]
    );
    assert_eq!(read[0].partition_key(), read[1].partition_key());
}
