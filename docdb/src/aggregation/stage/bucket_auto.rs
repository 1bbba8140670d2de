//! `$bucketAuto`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        accumulator::Fold,
        rows::{self, AllRows, all},
        stage::{
            Field, Stage, Stages,
            bucket::{parse_group_by, parse_output},
            granularity::Granularity,
            group::bounded,
            one,
            sort_by_count::count,
        },
    },
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Env, Expression},
    sort::MEMORY_BYTES,
    value::{Comparator, DocumentBuilder, Number, as_whole_i64, empty, fields},
};

/// Puts documents into a number of ranges that are about equally full.
#[derive(Debug)]
struct BucketAuto {
    group_by: Expression,
    buckets: usize,
    granularity: Option<Granularity>,
    fields: Vec<Field>,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(40240), "The argument to $bucketAuto must be an object");
    };
    let (mut group_by, mut buckets, mut granularity, mut output) = (None, None, None, None);
    for (name, value) in fields(document) {
        match name {
            "groupBy" => group_by = Some(parse_group_by("$bucketAuto", Code(40239), value, scope)?),
            "buckets" => buckets = Some(parse_buckets(value)?),
            "output" => output = Some(parse_output("$bucketAuto", Code(40244), value, scope)?),
            "granularity" => granularity = Some(Granularity::parse(value)?),
            _ => return refuse(Code(40245), format!("Unrecognized option to $bucketAuto: {name}.")),
        }
    }
    let (Some(group_by), Some(buckets)) = (group_by, buckets) else {
        return refuse(Code(40246), "$bucketAuto requires 'groupBy' and 'buckets' to be specified.");
    };
    let fields = match output {
        Some(fields) => fields,
        None => vec![count(scope)?],
    };
    one(BucketAuto { group_by, buckets, granularity, fields })
}

fn parse_buckets(value: RawBsonRef<'_>) -> Result<usize> {
    if Number::of(value).is_none() {
        return refuse(Code(40241), "The $bucketAuto 'buckets' field must be a numeric value");
    }
    let Some(buckets) = as_whole_i64(value).and_then(|buckets| i32::try_from(buckets).ok()) else {
        return refuse(Code(40242), "The $bucketAuto 'buckets' field must be representable as a 32-bit integer");
    };
    match usize::try_from(buckets) {
        Ok(buckets) if buckets > 0 => Ok(buckets),
        _ => refuse(Code(40243), "The $bucketAuto 'buckets' field must be greater than 0"),
    }
}

impl Stage for BucketAuto {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }
}

type Keyed = (RawBson, Row);

impl AllRows for BucketAuto {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        let mut keyed: Vec<Keyed> = Vec::new();
        let mut bytes = 0;
        while let Some(row) = input.next(execution)? {
            bytes += size_of::<Keyed>() + 2 * row.doc.bytes().len();
            if bytes > MEMORY_BYTES && !execution.allow_disk_use {
                return refuse(Code::QUERY_EXCEEDED_MEMORY_LIMIT, "$bucketAuto holds more than 100 MiB of documents");
            }
            let value = self.group_by.evaluate(&Env::new(context, &row.doc, &row.metadata))?.into_owned();
            let value = value.unwrap_or(RawBson::Null);
            if self.granularity.is_some() {
                Granularity::check(value.as_raw_bson_ref())?;
            }
            keyed.push((value, row));
        }
        let comparator = Comparator::new(context.collation.as_deref());
        keyed.sort_by(|(a, _), (b, _)| comparator.compare(a.as_raw_bson_ref(), b.as_raw_bson_ref()));
        Ok(rows::values(self.fill(&keyed, context)?))
    }
}

impl BucketAuto {
    /// The buckets of values in their order.
    fn fill(&self, keyed: &[Keyed], context: &Context) -> Result<Vec<Row>> {
        // Rounded half up: earlier buckets take what does not divide evenly.
        let size = ((2 * keyed.len() + self.buckets) / (2 * self.buckets)).max(1);
        let comparator = Comparator::new(context.collation.as_deref());
        let mut results = Vec::new();
        let mut rest = keyed;
        let mut last_max: Option<RawBson> = None;
        while let Some((first, _)) = rest.first() {
            let is_last = results.len() + 1 == self.buckets;
            let mut taken = if is_last { rest.len() } else { size.min(rest.len()) };
            let max = taken.checked_sub(1).and_then(|index| rest.get(index)).map_or(first, |(value, _)| value);
            let (low, high) = match &self.granularity {
                Some(granularity) => {
                    let bound = granularity.up(max);
                    let below =
                        |value: &RawBson| comparator.compare(value.as_raw_bson_ref(), bound.as_raw_bson_ref()).is_lt();
                    taken += rest.iter().skip(taken).take_while(|(value, _)| below(value)).count();
                    let low = last_max.clone().unwrap_or_else(|| granularity.down(first));
                    let next = rest.get(taken).filter(|_| results.is_empty() && is_zero(max));
                    (low, next.map_or(bound, |(next, _)| granularity.down(next)))
                }
                None => {
                    let equal = |value: &RawBson| comparator.equal(value.as_raw_bson_ref(), max.as_raw_bson_ref());
                    taken += rest.iter().skip(taken).take_while(|(value, _)| equal(value)).count();
                    let last = taken.checked_sub(1).and_then(|index| rest.get(index));
                    let high = rest.get(taken).or(last).map_or(max, |(value, _)| value);
                    (first.clone(), high.clone())
                }
            };
            let (bucket, others) = rest.split_at(taken);
            results.push(self.bucket(&low, &high, bucket, context)?);
            (rest, last_max) = (others, Some(high));
        }
        Ok(results)
    }

    fn bucket(&self, low: &RawBson, high: &RawBson, rows: &[Keyed], context: &Context) -> Result<Row> {
        let mut id = DocumentBuilder::new();
        id.append_owned("min", low);
        id.append_owned("max", high);
        let mut document = DocumentBuilder::new();
        document.append_owned("_id", &RawBson::Document(id.finish()));
        let metadata = Metadata::default();
        let start = Env::new(context, empty(), &metadata);
        for (name, accumulate) in &self.fields {
            let mut fold: Box<dyn Fold> = accumulate.start(&start)?;
            for (_, row) in rows {
                fold.add(accumulate.argument(&Env::new(context, &row.doc, &row.metadata))?.get())?;
            }
            document.append_owned(name, &fold.finish()?.unwrap_or(RawBson::Null));
        }
        Ok(Row::new(bounded(document)?))
    }
}

fn is_zero(value: &RawBson) -> bool {
    Number::of(value.as_raw_bson_ref()).is_some_and(Number::is_zero)
}
