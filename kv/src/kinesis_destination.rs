//! Kinesis streams as destinations of a table's changes: which are named, whether one is active, and the delivery, which is part
//! of the transaction that changes an item. Nobody looks whether such a stream is there; until it is, nothing is delivered.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html>; the states and texts were measured
//! on the service.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::change_format::TableChange;
use crate::constraints::{self, Constraints};
use crate::layout::{self, attached};
use crate::model::{
    ApproximateCreationDateTimePrecision, DescribeKinesisStreamingDestinationOutput,
    DescribeKinesisStreamingDestinationRequest, DestinationStatus, DisableKinesisStreamingDestinationRequest,
    EnableKinesisStreamingDestinationRequest, KinesisDataStreamDestination, KinesisStreamingDestinationOutput,
    UpdateKinesisStreamingDestinationRequest,
};
use crate::record::Fields;
use crate::streams::Cause;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item, codec};
use crate::{Error, Kv, Result};

/// Where the changes of a table go, as its record says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The stream's name.
    pub(crate) stream: String,
    /// How precise times are.
    pub(crate) precision: ApproximateCreationDateTimePrecision,
}

/// Of destinations that were switched off, the older ones are forgotten.
const MAX_DISABLED: usize = 10;
const ARN_CHARACTERS: (usize, usize) = (37, 1024);

impl Kv {
    /// Names a Kinesis stream as the destination of a table's changes.
    ///
    /// # Errors
    /// [`Error::Validation`], also if a destination is active; [`Error::ResourceNotFound`], and those of the engine.
    pub fn enable_kinesis_streaming_destination(
        &self,
        request: &EnableKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        self.engine().transact(|tx| enable_in(self.catalog(), tx, request))
    }

    /// [`enable_kinesis_streaming_destination`](Kv::enable_kinesis_streaming_destination) in the caller's transaction.
    ///
    /// # Errors
    /// As [`enable_kinesis_streaming_destination`](Kv::enable_kinesis_streaming_destination).
    pub fn enable_kinesis_streaming_destination_in(
        &self,
        tx: &mut Transaction,
        request: &EnableKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        enable_in(self.catalog(), tx, request)
    }

    /// Takes a destination away from a table.
    ///
    /// # Errors
    /// [`Error::Validation`], also if it is not active; [`Error::ResourceNotFound`], and those of the engine.
    pub fn disable_kinesis_streaming_destination(
        &self,
        request: &DisableKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        self.engine().transact(|tx| disable_in(self.catalog(), tx, request))
    }

    /// [`disable_kinesis_streaming_destination`](Kv::disable_kinesis_streaming_destination) in the caller's transaction.
    ///
    /// # Errors
    /// As [`disable_kinesis_streaming_destination`](Kv::disable_kinesis_streaming_destination).
    pub fn disable_kinesis_streaming_destination_in(
        &self,
        tx: &mut Transaction,
        request: &DisableKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        disable_in(self.catalog(), tx, request)
    }

    /// Changes the active destination of a table.
    ///
    /// # Errors
    /// [`Error::Validation`], also if it is not active or nothing would change; [`Error::ResourceNotFound`], and those of
    /// the engine.
    pub fn update_kinesis_streaming_destination(
        &self,
        request: &UpdateKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        self.engine().transact(|tx| update_in(self.catalog(), tx, request))
    }

    /// [`update_kinesis_streaming_destination`](Kv::update_kinesis_streaming_destination) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update_kinesis_streaming_destination`](Kv::update_kinesis_streaming_destination).
    pub fn update_kinesis_streaming_destination_in(
        &self,
        tx: &mut Transaction,
        request: &UpdateKinesisStreamingDestinationRequest,
    ) -> Result<KinesisStreamingDestinationOutput> {
        update_in(self.catalog(), tx, request)
    }

    /// Describes the destinations of a table's changes.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], and those of the engine.
    pub fn describe_kinesis_streaming_destination(
        &self,
        request: &DescribeKinesisStreamingDestinationRequest,
    ) -> Result<DescribeKinesisStreamingDestinationOutput> {
        describe(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`describe_kinesis_streaming_destination`](Kv::describe_kinesis_streaming_destination) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_kinesis_streaming_destination`](Kv::describe_kinesis_streaming_destination).
    pub fn describe_kinesis_streaming_destination_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeKinesisStreamingDestinationRequest,
    ) -> Result<DescribeKinesisStreamingDestinationOutput> {
        describe(self.catalog(), tx, request)
    }
}

fn enable_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &EnableKinesisStreamingDestinationRequest,
) -> Result<KinesisStreamingDestinationOutput> {
    let (table, mut destinations) = find(catalog, tx, &request.table_name, &request.stream_arn)?;
    if destinations.iter().any(|it| it.destination_status == DestinationStatus::Active) {
        return Err(wrong_state(
            "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
        ));
    }
    destinations.retain(|it| it.stream_arn != request.stream_arn);
    destinations.truncate(MAX_DISABLED);
    destinations.insert(
        0,
        KinesisDataStreamDestination {
            stream_arn: request.stream_arn.clone(),
            destination_status: DestinationStatus::Active,
            precision: request.precision,
        },
    );
    write(catalog, tx, &table, &destinations)?;
    Ok(changed(&table, &request.stream_arn, DestinationStatus::Enabling, request.precision))
}

fn disable_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &DisableKinesisStreamingDestinationRequest,
) -> Result<KinesisStreamingDestinationOutput> {
    let (table, mut destinations) = find(catalog, tx, &request.table_name, &request.stream_arn)?;
    let is_it = |it: &&mut KinesisDataStreamDestination| {
        it.stream_arn == request.stream_arn && it.destination_status == DestinationStatus::Active
    };
    let destination = destinations
        .iter_mut()
        .find(is_it)
        .ok_or_else(|| wrong_state("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."))?;
    destination.destination_status = DestinationStatus::Disabled;
    write(catalog, tx, &table, &destinations)?;
    Ok(changed(&table, &request.stream_arn, DestinationStatus::Disabling, None))
}

fn update_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &UpdateKinesisStreamingDestinationRequest,
) -> Result<KinesisStreamingDestinationOutput> {
    let (name, arn) = (constraints::named_table(&request.table_name)?, request.stream_arn.as_str());
    check_arn(arn)?;
    let asked = request.precision.ok_or_else(|| {
        Error::validation(
            "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot \
             be null or contain only null values",
        )
    })?;
    let (table, mut destinations) = find(catalog, tx, name, arn)?;
    let destination = destinations.iter_mut().find(|it| it.stream_arn == arn).ok_or_else(|| {
        wrong_state(format_args!(
            "No streaming destination with streamArn: {arn} found for table with tableName: {}",
            table.name
        ))
    })?;
    if destination.destination_status != DestinationStatus::Active {
        return Err(wrong_state(format_args!(
            "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: {}, kdsArn: \
             {arn}",
            table.name
        )));
    }
    if destination.precision.unwrap_or_default() == asked {
        return Err(Error::validation(format!(
            "Invalid Request: Precision is already set to the desired value of {asked} for tableId: {}, kdsArn: {arn}",
            table.uuid()
        )));
    }
    destination.precision = Some(asked);
    write(catalog, tx, &table, &destinations)?;
    Ok(changed(&table, arn, DestinationStatus::Updating, Some(asked)))
}

fn describe(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeKinesisStreamingDestinationRequest,
) -> Result<DescribeKinesisStreamingDestinationOutput> {
    let table = catalog.need_named(reader, constraints::named_table(&request.table_name)?)?;
    let destinations = read(catalog, reader, &table)?;
    Ok(DescribeKinesisStreamingDestinationOutput { table_name: table.name.clone(), destinations })
}

fn find(
    catalog: &Catalog,
    reader: &mut impl Read,
    table: &str,
    arn: &str,
) -> Result<(Arc<TableRecord>, Vec<KinesisDataStreamDestination>)> {
    let name = constraints::named_table(table)?;
    check_arn(arn)?;
    let table = catalog.need_named(reader, name)?;
    let destinations = read(catalog, reader, &table)?;
    Ok((table, destinations))
}

fn check_arn(arn: &str) -> Result<()> {
    let mut broken = Constraints::default();
    broken.length(arn, "streamArn", ARN_CHARACTERS.0, ARN_CHARACTERS.1);
    broken.finish()
}

fn wrong_state(detail: impl std::fmt::Display) -> Error {
    // The service says so whatever was asked for.
    Error::validation(format!("Table is not in a valid state to enable Kinesis Streaming Destination: {detail}"))
}

fn changed(
    table: &TableRecord,
    arn: &str,
    destination_status: DestinationStatus,
    precision: Option<ApproximateCreationDateTimePrecision>,
) -> KinesisStreamingDestinationOutput {
    let (table_name, stream_arn) = (table.name.clone(), arn.to_owned());
    KinesisStreamingDestinationOutput { table_name, stream_arn, destination_status, precision }
}

fn read(catalog: &Catalog, reader: &mut impl Read, table: &TableRecord) -> Result<Vec<KinesisDataStreamDestination>> {
    let stored = reader.get(&catalog.attached, &attached::destinations_key(table.id))?;
    stored.as_ref().map_or(Ok(Vec::new()), decode)
}

fn write(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &TableRecord,
    destinations: &[KinesisDataStreamDestination],
) -> Result<()> {
    let key = Bytes::copy_from_slice(&attached::destinations_key(table.id));
    tx.put(&catalog.attached, key, encode(destinations))?;
    let active = destinations.iter().find(|it| it.destination_status == DestinationStatus::Active);
    let destination = active.and_then(|it| {
        let (_, stream) = it.stream_arn.split_once(":stream/")?;
        Some(Destination { stream: stream.to_owned(), precision: it.precision.unwrap_or_default() })
    });
    if table.destination == destination {
        return Ok(());
    }
    // Every write has read the record of its table, so it knows from the next one on.
    let changed = TableRecord { destination, ..table.clone() };
    Ok(tx.put(&catalog.tables, layout::table_key(&table.name), changed.encode())?)
}

/// Puts a change of an item into the stream of its table, if it has one.
pub(crate) fn deliver(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    (old, new): (Option<&Item>, Option<&Item>),
    cause: Cause,
) -> Result<()> {
    let (Some(destination), Some(format)) = (&table.destination, &catalog.change_format) else { return Ok(()) };
    let Some(change) = TableChange::of(table, old, new, cause, tx.began(), destination.precision) else {
        return Ok(());
    };
    // Changes of one item stay in order: they have one partition key.
    let record = (blake3::hash(row).to_hex().to_string(), format.write(&change));
    match catalog.streams.named(&destination.stream).append_unbounded_in(tx, record) {
        Ok(_) | Err(millpond_stream::Error::StreamNotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn encode(destinations: &[KinesisDataStreamDestination]) -> Vec<u8> {
    let destination = |it: &KinesisDataStreamDestination| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let mut item = Item::from([
            ("stream_arn".to_owned(), text(&it.stream_arn)),
            ("status".to_owned(), text(it.destination_status.as_str())),
        ]);
        if let Some(precision) = it.precision {
            item.insert("precision".to_owned(), text(precision.as_str()));
        }
        AttributeValue::M(item)
    };
    let destinations = AttributeValue::L(destinations.iter().map(destination).collect());
    codec::encode(&Item::from([("destinations".to_owned(), destinations)]))
}

fn decode(value: &Bytes) -> Result<Vec<KinesisDataStreamDestination>> {
    let item = codec::decode(value).map_err(|error| layout::corrupt(attached::ATTACHED, error))?;
    let destination = |value: &AttributeValue| {
        let AttributeValue::M(item) = value else { return None };
        let fields = Fields(item);
        Some(KinesisDataStreamDestination {
            stream_arn: fields.text("stream_arn")?,
            destination_status: fields.choice("status", DestinationStatus::from_name)?,
            precision: fields.choice("precision", ApproximateCreationDateTimePrecision::from_name),
        })
    };
    let destinations = match item.get("destinations") {
        Some(AttributeValue::L(destinations)) => destinations.iter().map(destination).collect(),
        _ => None,
    };
    destinations.ok_or_else(|| layout::corrupt(attached::ATTACHED, "a destination lacks an attribute"))
}
