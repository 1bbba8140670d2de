//! `$near`, `$nearSphere` and the point of `$geoNear`.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    geo::{
        EARTH_RADIUS_METRES, Position, geojson,
        legacy::{self, Further, double},
        stored::{Stored, candidates},
    },
    value::fields,
};

/// How distances are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// On the sphere, from a point of GeoJSON.
    Metres,
    /// On the sphere, from a legacy point.
    Radians,
    /// In the plane.
    Plane,
}

/// A parsed `$near`: a point, and how far from it values may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    center: Position,
    unit: Unit,
    minimum: f64,
    maximum: f64,
}

/// Codes for a distance that is no number and for one that is negative.
type DistanceCodes = (i32, i32);

impl Near {
    /// Parses what a field is compared with, `{ $near: …, $maxDistance: …, $minDistance: … }`: the operator and its
    /// siblings.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`]; codes of their own for distances, points of the plane in `$geometry` (16681), and other
    /// operators beside it (34413).
    pub(crate) fn parse(operators: &RawDocument) -> Result<Near> {
        match Self::parse_legacy(operators)? {
            Some(near) => Ok(near),
            None => Self::parse_geometry(operators),
        }
    }

    /// `{ $near: [x, y], $maxDistance: … }`; none if the operator has no point.
    fn parse_legacy(operators: &RawDocument) -> Result<Option<Near>> {
        let (mut minimum, mut maximum, mut found) = (0.0, f64::INFINITY, None);
        for (name, value) in fields(operators) {
            match name {
                "$near" | "$nearSphere" | "$geoNear" => {
                    if legacy::elements(value).is_none() {
                        return refuse(Code::BAD_VALUE, "near must be first in: a point or an object is expected");
                    }
                    if let Some((center, is_geojson, limit)) = point_and_limit(value)? {
                        let unit = match (is_geojson, name) {
                            (true, _) => Unit::Metres,
                            (false, "$nearSphere") => Unit::Radians,
                            (false, _) => Unit::Plane,
                        };
                        found = Some((center, unit));
                        maximum = limit.unwrap_or(maximum);
                    }
                }
                "$minDistance" => minimum = distance(name, value, (16893, 16894))?,
                "$maxDistance" => maximum = distance(name, value, (16895, 16896))?,
                "$uniqueDocs" => {}
                _ => return refuse(Code(34413), format!("invalid argument in geo near query: {name}")),
            }
        }
        found.map(|(center, unit)| Near::new(center, unit, minimum, maximum)).transpose()
    }

    /// `{ $near: { $geometry: …, $maxDistance: … } }`.
    fn parse_geometry(operators: &RawDocument) -> Result<Near> {
        let mut siblings = fields(operators);
        let Some((_, RawBsonRef::Document(argument))) = siblings.next() else {
            return refuse(Code::BAD_VALUE, "geo near query argument is not an object");
        };
        if let Some((name, _)) = siblings.next() {
            let message = "geo near accepts just one argument when querying for a GeoJSON point. Extra field found: ";
            return refuse(Code::BAD_VALUE, format!("{message}{name}"));
        }
        let (mut minimum, mut maximum, mut center) = (0.0, f64::INFINITY, None);
        for (name, value) in fields(argument) {
            match name {
                "$geometry" => match point_and_limit(value) {
                    Ok(Some((position, true, None))) => center = Some(position),
                    Ok(Some((_, _, None))) => {
                        return refuse(Code(16681), format!("$near requires geojson point, given {value:?}"));
                    }
                    _ => {
                        return refuse(
                            Code::BAD_VALUE,
                            format!("invalid point in geo near query $geometry argument: {value:?}"),
                        );
                    }
                },
                "$minDistance" => minimum = distance(name, value, (16897, 16898))?,
                "$maxDistance" => maximum = distance(name, value, (16899, 16900))?,
                _ => return refuse(Code::BAD_VALUE, format!("invalid argument in geo near query: {name}")),
            }
        }
        match center {
            Some(center) => Near::new(center, Unit::Metres, minimum, maximum),
            None => refuse(Code::BAD_VALUE, "$geometry is required for geo near query"),
        }
    }

    /// What `$geoNear` looks for: a point of GeoJSON, or a legacy one with `spherical`. Distances are as it has them,
    /// before `distanceMultiplier`.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`] if it is no point; [`Code::TYPE_MISMATCH`] for distances that are no numbers.
    pub(crate) fn of_stage(
        near: RawBsonRef<'_>,
        spherical: bool,
        minimum: Option<RawBsonRef<'_>>,
        maximum: Option<RawBsonRef<'_>>,
    ) -> Result<Near> {
        let Some((center, is_geojson, None)) = point_and_limit(near)? else {
            return refuse(Code::BAD_VALUE, format!("invalid point in $geoNear: {near:?}"));
        };
        let unit = match (is_geojson, spherical) {
            (true, _) => Unit::Metres,
            (false, true) => Unit::Radians,
            (false, false) => Unit::Plane,
        };
        let codes = (Code::TYPE_MISMATCH.0, Code::BAD_VALUE.0);
        let minimum = minimum.map(|value| distance("minDistance", value, codes)).transpose()?;
        let maximum = maximum.map(|value| distance("maxDistance", value, codes)).transpose()?;
        Near::new(center, unit, minimum.unwrap_or(0.0), maximum.unwrap_or(f64::INFINITY))
    }

    fn new(center: Position, unit: Unit, minimum: f64, maximum: f64) -> Result<Near> {
        if unit != Unit::Plane && !center.is_on_sphere() {
            return refuse(Code::BAD_VALUE, "Legacy point is out of bounds for spherical query");
        }
        Ok(Near { center, unit, minimum, maximum })
    }

    pub(crate) fn center(&self) -> Position {
        self.center
    }

    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    /// The least and the largest distance that a value may have, both included.
    pub(crate) fn limits(&self) -> (f64, f64) {
        (self.minimum, self.maximum)
    }

    /// Whether a distance is within the limits.
    pub(crate) fn admits(&self, distance: f64) -> bool {
        // Points exactly at a limit are in, whatever rounding made of them.
        let slack = distance.abs() * 1e-13;
        distance + slack >= self.minimum && distance - slack <= self.maximum
    }

    /// Whether a field's value has a geometry within the limits.
    pub(crate) fn matches(&self, value: RawBsonRef<'_>) -> bool {
        self.distance(value).is_some_and(|distance| self.admits(distance))
    }

    /// The distance to the nearest geometry of a field's value, in the unit.
    pub(crate) fn distance(&self, value: RawBsonRef<'_>) -> Option<f64> {
        self.nearest(value).map(|(distance, _)| distance)
    }

    /// The nearest geometry of a field's value with its distance: what `$geoNear` shows as `distanceField` and
    /// `includeLocs`.
    pub(crate) fn nearest<'a>(&self, value: RawBsonRef<'a>) -> Option<(f64, RawBsonRef<'a>)> {
        let distances =
            candidates(value).filter_map(|value| Some((self.distance_to(Stored::parse(value).ok()?)?, value)));
        distances.into_iter().min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    fn distance_to(&self, stored: Stored) -> Option<f64> {
        if self.unit == Unit::Plane {
            return stored.in_plane().map(|position| position.distance(self.center));
        }
        let radians = stored.on_sphere()?.distance(self.center.vector());
        Some(if self.unit == Unit::Metres { radians * EARTH_RADIUS_METRES } else { radians })
    }
}

/// The point of a query, whether it is GeoJSON, and the third number of `[x, y, maxDistance]`; none if it is no point.
fn point_and_limit(value: RawBsonRef<'_>) -> Result<Option<(Position, bool, Option<f64>)>> {
    if let RawBsonRef::Document(document) = value
        && geojson::Kind::of(document).is_some()
    {
        return match geojson::parse(document)?.position {
            Some(position) => Ok(Some((position, true, None))),
            None => refuse(Code::BAD_VALUE, format!("invalid point in geo near query $geometry argument: {value:?}")),
        };
    }
    if let Ok(position) = legacy::point(value, Further::Refused) {
        return Ok(Some((position, false, None)));
    }
    let Some(limit) = legacy::elements(value).and_then(|mut elements| elements.nth(2)).and_then(double) else {
        return Ok(None);
    };
    let Ok(position) = legacy::point(value, Further::Ignored) else { return Ok(None) };
    if limit < 0.0 || limit.is_nan() {
        return refuse(Code(18522), "max distance must be non-negative");
    }
    Ok(Some((position, false, Some(limit))))
}

fn distance(name: &str, value: RawBsonRef<'_>, (no_number, negative): DistanceCodes) -> Result<f64> {
    match double(value) {
        None => refuse(Code(no_number), format!("{name} must be a number")),
        Some(distance) if distance >= 0.0 => Ok(distance),
        Some(_) => refuse(Code(negative), format!("{name} must be non-negative")),
    }
}
