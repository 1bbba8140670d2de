//! `$geoNear`.

use bson::{RawBson, RawBsonRef, RawDocument};

use crate::{
    aggregation::{
        Row, Rows, Scope, Source, nested, rows,
        stage::{Stages, one},
    },
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Dependencies, Env, Expression, path::parse_path},
    filter::Filter,
    geo::Near,
    sort::MEMORY_BYTES,
    value::{Number, Path, empty, fields},
};

/// Documents in the order of their distance from a point.
///
/// Which field the distance is measured to may only be known from the collection's indexes: whoever opens the pipeline
/// gives it documents that were measured by [`GeoNear::measured`], or by an index.
#[derive(Debug)]
pub(crate) struct GeoNear {
    pub(crate) near: Near,
    /// The field that has the positions; else it is the one of the only index of positions.
    pub(crate) key: Option<Path>,
    pub(crate) query: Filter,
    distance: Path,
    location: Option<Path>,
    multiplier: f64,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(10065), "invalid parameter: expected an object ($geoNear)");
    };
    one(Source::GeoNear(Box::new(parse_options(document, scope)?)))
}

fn parse_options(document: &RawDocument, scope: &Scope<'_>) -> Result<GeoNear> {
    let (mut near, mut minimum, mut maximum) = (None, None, None);
    let (mut distance, mut location, mut key) = (None, None, None);
    let (mut query, mut spherical, mut multiplier) = (empty(), false, 1.0);
    for (name, value) in fields(document) {
        match (name, value) {
            ("near", value) => near = Some(constant(value, Code(5_860_402), scope.context)?),
            ("minDistance", value) => minimum = Some(constant(value, Code(7_555_701), scope.context)?),
            ("maxDistance", value) => maximum = Some(constant(value, Code(7_555_702), scope.context)?),
            ("distanceField", RawBsonRef::String(path)) => distance = Some(parse_path(path)?),
            ("distanceField", _) => return refuse(Code(16606), "$geoNear requires that 'distanceField' is a string"),
            ("includeLocs", RawBsonRef::String(path)) => location = Some(parse_path(path)?),
            ("includeLocs", _) => {
                return refuse(Code(16607), "$geoNear requires that 'includeLocs' option is a String");
            }
            ("key", RawBsonRef::String("")) => {
                return refuse(Code::BAD_VALUE, "$geoNear parameter 'key' cannot be the empty string");
            }
            ("key", RawBsonRef::String(path)) => key = Some(parse_path(path)?),
            ("query", RawBsonRef::Document(filter)) => query = filter,
            ("key" | "query", _) => {
                return refuse(Code::TYPE_MISMATCH, format!("$geoNear parameter '{name}' is of a wrong type"));
            }
            ("spherical", value) => spherical = is_true(value),
            ("distanceMultiplier", value) => multiplier = parse_multiplier(value)?,
            ("uniqueDocs", _) => {}
            _ => return refuse(Code::FAILED_TO_PARSE, format!("Unknown argument to $geoNear: {name}")),
        }
    }
    let Some(near) = near else { return refuse(Code(5_860_400), "$geoNear requires a 'near' argument") };
    if !matches!(near, RawBson::Document(_) | RawBson::Array(_)) {
        return refuse(Code(5_860_401), "$geoNear requires that 'near' is a document or an array");
    }
    let Some(distance) = distance else {
        return refuse(Code(16605), "$geoNear requires a 'distanceField' option as a String");
    };
    let near = Near::of_stage(
        near.as_raw_bson_ref(),
        spherical,
        minimum.as_ref().map(RawBson::as_raw_bson_ref),
        maximum.as_ref().map(RawBson::as_raw_bson_ref),
    )?;
    Ok(GeoNear { near, key, query: Filter::parse(query, scope.context)?, distance, location, multiplier })
}

/// The value of an expression that does not depend on a document.
fn constant(value: RawBsonRef<'_>, code: Code, context: &Context) -> Result<RawBson> {
    let expression = Expression::parse(value, context)?;
    let metadata = Metadata::default();
    let known = match expression.constant() {
        Some(constant) => Some(constant.into()),
        None if expression.fields() == Dependencies::default() => {
            expression.evaluate(&Env::new(context, empty(), &metadata))?.into_owned()
        }
        None => None,
    };
    known.map_or_else(|| refuse(code, "$geoNear requires a constant here"), Ok)
}

fn is_true(value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Boolean(value) => value,
        RawBsonRef::Null | RawBsonRef::Undefined => false,
        value => Number::of(value).is_none_or(|number| !number.is_zero()),
    }
}

fn parse_multiplier(value: RawBsonRef<'_>) -> Result<f64> {
    match Number::of(value).map(Number::to_double) {
        None => refuse(Code::TYPE_MISMATCH, "$geoNear parameter 'distanceMultiplier' must be a number"),
        Some(multiplier) if multiplier >= 0.0 => Ok(multiplier),
        Some(_) => refuse(Code::BAD_VALUE, "$geoNear parameter 'distanceMultiplier' must be nonnegative"),
    }
}

impl GeoNear {
    /// The documents that match and are within the limits, with their distances, read from all documents.
    pub(crate) fn measured(
        &self,
        input: &mut dyn Rows,
        key: &Path,
        context: &Context,
        execution: &mut Execution<'_>,
    ) -> Result<Vec<Row>> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(mut row) = input.next(execution)? {
            let Some((distance, location)) = self.nearest(&row.doc, key) else { continue };
            if !self.near.admits(distance) || !self.query.matches(&row.doc, context)? {
                continue;
            }
            bytes += size_of::<Row>() + row.doc.bytes().len();
            if bytes > MEMORY_BYTES && !execution.allow_disk_use {
                return refuse(Code::QUERY_EXCEEDED_MEMORY_LIMIT, "$geoNear holds more than 100 MiB of documents");
            }
            row.metadata.geo_distance = Some(distance);
            row.metadata.geo_point = Some(location);
            found.push(row);
        }
        found.sort_by(|a, b| {
            let distance = |row: &Row| row.metadata.geo_distance.unwrap_or(f64::INFINITY);
            distance(a).total_cmp(&distance(b))
        });
        Ok(found)
    }

    /// The nearest of the positions that a path leads to.
    fn nearest(&self, document: &RawDocument, key: &Path) -> Option<(f64, RawBson)> {
        let mut nearest: Option<(f64, RawBson)> = None;
        nested::leaves(RawBsonRef::Document(document), key.parts(), &mut |value| {
            if let Some((distance, location)) = self.near.nearest(value)
                && nearest.as_ref().is_none_or(|(least, _)| distance < *least)
            {
                nearest = Some((distance, location.into()));
            }
        });
        nearest
    }

    /// A measured document as the stage yields it.
    fn shown(&self, mut row: Row) -> Row {
        let distance = row.metadata.geo_distance.map_or(f64::NAN, |distance| distance * self.multiplier);
        row.metadata.geo_distance = Some(distance);
        let mut doc = nested::set(&row.doc, &self.distance, RawBsonRef::Double(distance));
        if let (Some(path), Some(location)) = (&self.location, &row.metadata.geo_point) {
            doc = nested::set(&doc, path, location.as_raw_bson_ref());
        }
        Row { doc: doc.into(), metadata: row.metadata }
    }

    /// Runs the stage on measured documents; on others it measures them first, where it says which field to measure to.
    pub(super) fn all(
        &self,
        input: &mut dyn Rows,
        context: &Context,
        execution: &mut Execution<'_>,
    ) -> Result<Box<dyn Rows>> {
        let mut measured = Vec::new();
        let mut others = Vec::new();
        while let Some(row) = input.next(execution)? {
            if row.metadata.geo_distance.is_some() { measured.push(self.shown(row)) } else { others.push(row) }
        }
        if !others.is_empty() {
            let Some(key) = &self.key else {
                return refuse(Code::INDEX_NOT_FOUND, "unable to find index for $geoNear query");
            };
            let found = self.measured(&mut *rows::values(others), key, context, execution)?;
            measured.extend(found.into_iter().map(|row| self.shown(row)));
        }
        Ok(rows::values(measured))
    }
}
