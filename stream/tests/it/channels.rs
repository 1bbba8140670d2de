//! Channels: what they can be set to, and what is due.

use std::time::Duration;

use millpond_engine::Engine;
use millpond_stream::{
    Channel, ChannelChanges, ChannelLogging, Compression, CreateChannel, CreateOptions, DeadLetterBucket, Destination,
    DestinationKind, Error, RecordFormat, Resource, S3Destination, S3TablesDestination, Stream, StreamingTable,
    Streams, TableCompression,
};

use crate::streams::{engine, texts};

fn bucket() -> S3Destination {
    S3Destination::new("arn:aws:s3:::landing", "000000000000", Compression::None)
}

fn table() -> Destination {
    Destination::S3Tables(S3TablesDestination {
        table: StreamingTable {
            bucket_arn: "arn:aws:s3tables:eu-west-1:000000000000:bucket/lake".into(),
            namespace: "clicks".into(),
            name: "raw".into(),
            compression: TableCompression::Zstd,
            partition_fields: None,
        },
        freshness_secs: 600,
        dead_letters: DeadLetterBucket {
            bucket_arn: "arn:aws:s3:::errors".into(),
            expected_owner: "000000000000".into(),
            error_prefix: None,
        },
    })
}

fn to(name: &str, destination: Destination) -> CreateChannel {
    CreateChannel {
        name: name.into(),
        role_arn: "arn:aws:iam::000000000000:role/delivery".into(),
        stream: "clicks".into(),
        format: RecordFormat::Json,
        schema_arn: None,
        destination,
        encryption_key: None,
        logging: ChannelLogging::default(),
        tags: [("team".to_owned(), "blue".to_owned())].into(),
    }
}

fn s3(change: impl FnOnce(&mut S3Destination)) -> CreateChannel {
    let mut bucket = bucket();
    change(&mut bucket);
    to("lake", Destination::S3(bucket))
}

fn stream_on(engine: &Engine) -> Stream {
    Streams::open(engine).unwrap().create("clicks", &CreateOptions::default()).unwrap()
}

fn channel() -> (Stream, Channel) {
    let stream = stream_on(&engine());
    let channel = stream.streams().create_channel(&s3(|_| {})).unwrap();
    (stream, channel)
}

fn advance(stream: &Stream, secs: u64) {
    stream.streams().engine().clock().advance(Duration::from_secs(secs)).unwrap();
}

/// All that is due, delivered.
fn deliver(channel: &Channel) -> Vec<String> {
    let mut delivered = Vec::new();
    while let Some(batch) = channel.due().unwrap() {
        delivered.extend(texts(&batch.records).into_iter().map(str::to_owned));
        channel.delivered(&batch).unwrap();
    }
    delivered.sort();
    delivered
}

#[test]
fn records_are_due_when_the_oldest_has_waited_for_as_long_as_it_may() {
    let engine = engine();
    let stream = stream_on(&engine);
    stream.append(("k", "before")).unwrap();
    let channel = stream.streams().create_channel(&s3(|_| {})).unwrap();
    stream.append(("k", "a")).unwrap();
    advance(&stream, 200);
    stream.append(("k", "b")).unwrap();
    advance(&stream, 99);
    assert_eq!(channel.due().unwrap(), None);
    advance(&stream, 1);
    let batch = channel.due().unwrap().unwrap();
    assert_eq!(texts(&batch.records), ["a", "b"]);
    assert_eq!(channel.due().unwrap(), Some(batch.clone()), "until it was delivered");
    channel.delivered(&batch).unwrap();
    assert_eq!(channel.due().unwrap(), None);
    assert!(matches!(channel.delivered(&batch), Err(Error::ResourceInUse(_))));
    stream.append(("k", "c")).unwrap();
    advance(&stream, 299);
    assert_eq!(channel.due().unwrap(), None);
    advance(&stream, 1);
    assert_eq!(deliver(&channel), ["c"]);
}

#[test]
fn all_shards_are_delivered_and_their_children() {
    let (stream, channel) = channel();
    stream.append_batch((0..40).map(|nth| (nth.to_string(), format!("{nth:03}")))).unwrap();
    stream.streams().set_commitment(true).unwrap();
    stream.set_warm_throughput(8).unwrap();
    stream.append_batch((40..80).map(|nth| (nth.to_string(), format!("{nth:03}")))).unwrap();
    advance(&stream, 300);
    assert_eq!(deliver(&channel), (0..80).map(|nth| format!("{nth:03}")).collect::<Vec<_>>());
}

#[test]
fn what_is_delivered_within_a_transaction_is_so_once() {
    let (stream, channel) = channel();
    stream.append(("k", "a")).unwrap();
    advance(&stream, 300);
    let batch = channel.due().unwrap().unwrap();
    let engine = stream.streams().engine().clone();
    let failed: Result<(), Error> = engine.transact(|tx| {
        channel.delivered_in(tx, &batch)?;
        Err(Error::InvalidArgument("no".into()))
    });
    assert!(failed.is_err());
    assert_eq!(deliver(&channel), ["a"]);
    channel.delete().unwrap();
    assert!(matches!(channel.delivered(&batch), Err(Error::NotFound(_))));
}

#[test]
fn objects_are_called_by_the_template() {
    let (stream, channel) = channel();
    stream.append(("k", "a")).unwrap();
    advance(&stream, 300);
    let batch = channel.due().unwrap().unwrap();
    let id = channel.id();
    assert_eq!(
        batch.object_key("x"),
        format!("kinesis-channel/lake/{id}/2023/11/14/22/lake-{id}-2023-11-14-22-13-x.json")
    );
    assert_eq!(batch.error_key("x"), format!("kinesis-channel-errors/lake-{id}-x.json"));
    channel.delete().unwrap();
    let own = s3(|bucket| {
        bucket.key_template = Some("raw/day=!{dd}/!{channel-name}".into());
        bucket.compression = Compression::Gzip;
    });
    let channel = stream.streams().create_channel(&own).unwrap();
    stream.append(("k", "b")).unwrap();
    advance(&stream, 300);
    assert_eq!(channel.due().unwrap().unwrap().object_key("x"), "raw/day=14/lake-x");
}

#[test]
fn a_channel_is_what_it_was_made_as() {
    let (stream, channel) = channel();
    let streams = stream.streams();
    let shown = channel.describe().unwrap();
    let id = channel.id();
    assert_eq!((shown.name.as_str(), shown.stream.as_str(), shown.format), ("lake", "clicks", RecordFormat::Json));
    let Destination::S3(bucket) = &shown.destination else { panic!("{shown:?}") };
    assert_eq!(
        (bucket.freshness_secs, &*bucket.dead_letters.as_ref().unwrap().bucket_arn),
        (300, "arn:aws:s3:::landing")
    );
    assert_eq!(shown.logging.group, Some(format!("/aws/kinesis/lake/{id}")));
    assert_eq!(shown.logging.stream.as_deref(), Some("DestinationDelivery"));
    assert_eq!(streams.channel(id).unwrap().describe().unwrap(), shown);
    let resource = Resource::Channel { id: id.to_owned() };
    assert_eq!(streams.tags(&resource).unwrap().len(), 1);
    assert_eq!(stream.describe().unwrap().channels, 1);
    assert!(matches!(streams.delete("clicks", true), Err(Error::InUse { what: "channels", .. })));
    channel.delete().unwrap();
    assert!(matches!(channel.describe(), Err(Error::NotFound(_))));
    assert!(matches!(streams.tags(&resource), Err(Error::NotFound(_))));
    streams.delete("clicks", true).unwrap();
}

#[test]
fn what_does_not_go_together_is_refused() {
    let stream = stream_on(&engine());
    let streams = stream.streams();
    streams.create("fixed", &CreateOptions::shards(1)).unwrap();
    let code = |options: &CreateChannel| streams.create_channel(options).err().map_or("", |error| error.code());
    let with = |change: &dyn Fn(&mut CreateChannel), mut options: CreateChannel| {
        change(&mut options);
        code(&options)
    };
    let plain = || s3(|_| {});
    for code in [
        with(&|it| it.format = RecordFormat::GsrJson, plain()),
        with(&|it| it.stream = "fixed".into(), plain()),
        with(&|it| it.encryption_key = Some("alias/aws/kinesis".into()), plain()),
        with(&|it| it.name = "a b".into(), plain()),
        with(&|_| {}, s3(|bucket| bucket.freshness_secs = 299)),
        with(&|_| {}, s3(|bucket| bucket.freshness_secs = 901)),
        with(&|_| {}, s3(|bucket| bucket.key_template = Some("!{year}".into()))),
        with(&|_| {}, to("lake", table())),
        with(&|it| it.format = RecordFormat::String, to("lake", table())),
    ] {
        assert_eq!(code, "ValidationException");
    }
    assert_eq!(with(&|it| it.stream = "none".into(), plain()), "ResourceNotFoundException");
    assert_eq!(code(&plain()), "");
    assert_eq!(code(&plain()), "ResourceInUseException");
    assert_eq!(with(&|it| it.name = "second".into(), plain()), "LimitExceededException");
    let schema = |it: &mut CreateChannel| it.schema_arn = Some("arn:aws:glue:eu-west-1:000000000000:schema/a/b".into());
    assert_eq!(with(&schema, to("tables", table())), "");
}

#[test]
fn nothing_is_due_for_tables() {
    let stream = stream_on(&engine());
    let mut options = to("tables", table());
    options.schema_arn = Some("arn:aws:glue:eu-west-1:000000000000:schema/a/b".into());
    let channel = stream.streams().create_channel(&options).unwrap();
    stream.append(("k", "a")).unwrap();
    advance(&stream, 3600);
    assert_eq!(channel.due().unwrap(), None);
}

#[test]
fn freshness_and_logging_can_be_changed() {
    let (stream, channel) = channel();
    let freshness = |kind, secs| ChannelChanges { freshness: Some((kind, secs)), logging: None };
    channel.update(&freshness(DestinationKind::S3, 900)).unwrap();
    assert!(matches!(channel.update(&freshness(DestinationKind::S3, 901)), Err(Error::Validation(_))));
    assert!(matches!(channel.update(&freshness(DestinationKind::S3Tables, 400)), Err(Error::Validation(_))));
    let logging = Some(ChannelLogging { is_enabled: true, group: Some("mine".into()), stream: None });
    channel.update(&ChannelChanges { freshness: None, logging }).unwrap();
    let shown = channel.describe().unwrap();
    assert_eq!(shown.destination.freshness_secs(), 900);
    assert_eq!((shown.logging.is_enabled, shown.logging.group.as_deref()), (true, Some("mine")));
    assert_eq!(shown.logging.stream.as_deref(), Some("DestinationDelivery"));
    stream.append(("k", "a")).unwrap();
    advance(&stream, 899);
    assert_eq!(channel.due().unwrap(), None);
    advance(&stream, 1);
    assert_eq!(deliver(&channel), ["a"]);
}

#[test]
fn channels_are_listed_by_name_a_page_at_a_time() {
    let (stream, _) = channel();
    let streams = stream.streams();
    for name in ["b", "a"] {
        streams.create(name, &CreateOptions::default()).unwrap();
        let options = CreateChannel { name: name.into(), stream: name.into(), ..s3(|_| {}) };
        streams.create_channel(&options).unwrap();
    }
    let names = |of: &[&str], after, max| {
        let of: Vec<String> = of.iter().map(|name| (*name).to_owned()).collect();
        let page = streams.channels(&of, after, max).unwrap();
        (page.channels.into_iter().map(|channel| channel.name).collect::<Vec<_>>().join(" "), page.has_more)
    };
    assert_eq!(names(&[], None, 2), ("a b".to_owned(), true));
    assert_eq!(names(&[], Some("b"), 2), ("lake".to_owned(), false));
    assert_eq!(names(&["b", "clicks"], None, 5), ("b lake".to_owned(), false));
    assert_eq!(streams.all_channels().unwrap().len(), 3);
}

#[test]
fn a_store_that_is_opened_again_delivers_from_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let clock = millpond_engine::Clock::manual(millpond_engine::Timestamp::from_secs(1_700_000_000));
    let engine = Engine::options().path(dir.path()).clock(clock.clone()).open().unwrap();
    let stream = stream_on(&engine);
    let channel = stream.streams().create_channel(&s3(|_| {})).unwrap();
    stream.append(("k", "a")).unwrap();
    advance(&stream, 300);
    assert_eq!(deliver(&channel), ["a"]);
    stream.append(("k", "b")).unwrap();
    let id = channel.id().to_owned();
    drop((stream, channel));
    engine.close().unwrap();
    clock.advance(Duration::from_secs(300)).unwrap();
    let engine = Engine::options().path(dir.path()).clock(clock).open().unwrap();
    let channel = Streams::open(&engine).unwrap().channel(&id).unwrap();
    assert_eq!(deliver(&channel), ["b"]);
}
