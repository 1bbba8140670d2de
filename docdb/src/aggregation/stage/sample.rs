//! `$sample`.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        random::random_below,
        rows::{self, AllRows, all},
        stage::{Stage, Stages, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    sort::MEMORY_BYTES,
    value::{Number, Rounding, fields},
};

/// Takes documents at random, each at most once.
#[derive(Debug)]
struct Sample(usize);

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(28745), "the $sample stage specification must be an object");
    };
    one(Sample(size(document)?))
}

fn size(document: &RawDocument) -> Result<usize> {
    let mut size = None;
    for (name, value) in fields(document) {
        match (name, Number::of(value)) {
            ("size", Some(Number::Decimal(decimal))) => {
                let rounded = Number::Decimal(decimal.round_to(0, Rounding::HalfEven));
                size = Some(rounded.to_i64_saturating());
            }
            ("size", Some(number)) => size = Some(number.to_i64_saturating()),
            ("size", None) => return refuse(Code(28746), "size argument to $sample must be a number"),
            _ => return refuse(Code(28748), format!("unrecognized option to $sample: {name}")),
        }
    }
    match size {
        None => refuse(Code(28749), "$sample stage must specify a size"),
        Some(size) if size > 0 => Ok(usize::try_from(size).unwrap_or(usize::MAX)),
        Some(_) => refuse(Code(28747), "size argument to $sample must be a positive integer"),
    }
}

impl Stage for Sample {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }
}

impl AllRows for Sample {
    fn all(&self, input: &mut dyn Rows, _: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        // A reservoir: each document after the first ones takes the place of one of them with the chance that it should.
        let (mut sample, mut seen, mut bytes): (Vec<Row>, u64, usize) = (Vec::new(), 0, 0);
        while let Some(row) = input.next(execution)? {
            seen += 1;
            bytes += row.doc.bytes().len();
            if sample.len() < self.0 {
                sample.push(row);
            } else if let Some(place) = usize::try_from(random_below(seen)).ok().and_then(|at| sample.get_mut(at)) {
                bytes -= place.doc.bytes().len();
                *place = row;
            } else {
                bytes -= row.doc.bytes().len();
            }
            if bytes > MEMORY_BYTES && !execution.allow_disk_use {
                return refuse(Code::QUERY_EXCEEDED_MEMORY_LIMIT, "$sample holds more than 100 MiB of documents");
            }
        }
        for index in (1..sample.len()).rev() {
            sample.swap(index, usize::try_from(random_below(index as u64 + 1)).unwrap_or(index));
        }
        Ok(rows::values(sample))
    }
}
