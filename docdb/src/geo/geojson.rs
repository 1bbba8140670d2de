//! GeoJSON: what its documents mean, and what makes them no geometry.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/geojson/>.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Error, Result, refuse},
    geo::{
        Geometry, Position,
        geometry::Line,
        legacy::{self, Further},
        polygon::{Polygon, Ring},
        vector::Vector,
    },
    value::{field, items},
};

/// The types of geometries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
}

impl Kind {
    /// The type that a document says it is, if it is one of GeoJSON's.
    pub(crate) fn of(document: &RawDocument) -> Option<Kind> {
        match field(document, "type") {
            Some(RawBsonRef::String("Point")) => Some(Kind::Point),
            Some(RawBsonRef::String("LineString")) => Some(Kind::LineString),
            Some(RawBsonRef::String("Polygon")) => Some(Kind::Polygon),
            Some(RawBsonRef::String("MultiPoint")) => Some(Kind::MultiPoint),
            Some(RawBsonRef::String("MultiLineString")) => Some(Kind::MultiLineString),
            Some(RawBsonRef::String("MultiPolygon")) => Some(Kind::MultiPolygon),
            Some(RawBsonRef::String("GeometryCollection")) => Some(Kind::GeometryCollection),
            _ => None,
        }
    }
}

/// Which side of a polygon is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crs {
    /// The smaller one.
    Sphere,
    /// The one on the left of its ring.
    StrictSphere,
}

/// Parses a geometry.
///
/// # Errors
/// [`Code::BAD_VALUE`].
pub(crate) fn parse(document: &RawDocument) -> Result<Geometry> {
    let Some(kind) = Kind::of(document) else {
        return bad(format!("unknown GeoJSON type: {document:?}"));
    };
    if kind == Kind::GeometryCollection {
        return collection(document);
    }
    let crs = crs(document)?;
    if crs == Crs::StrictSphere && kind != Kind::Polygon {
        return bad("only polygon supported with strict winding order");
    }
    let Some(RawBsonRef::Array(coordinates)) = field(document, "coordinates") else {
        return bad("GeoJSON coordinates must be an array");
    };
    let mut geometry = Geometry::default();
    match kind {
        Kind::Point => return position(coordinates.into()).map(Geometry::of_point),
        Kind::LineString => geometry.lines.push(line(coordinates)?),
        Kind::Polygon => {
            geometry.polygons.push(polygon(coordinates, crs)?);
            geometry.strict_winding = crs == Crs::StrictSphere;
        }
        Kind::MultiPoint => geometry.points = vertices(coordinates)?,
        Kind::MultiLineString => geometry.lines = each(coordinates, line)?,
        Kind::MultiPolygon => geometry.polygons = each(coordinates, |array| polygon(array, crs))?,
        Kind::GeometryCollection => {}
    }
    if matches!(kind, Kind::MultiPoint | Kind::MultiLineString | Kind::MultiPolygon)
        && items(coordinates).next().is_none()
    {
        return bad(format!("{kind:?} coordinates must have at least 1 element"));
    }
    Ok(geometry)
}

fn collection(document: &RawDocument) -> Result<Geometry> {
    let Some(RawBsonRef::Array(geometries)) = field(document, "geometries") else {
        return bad("GeometryCollection geometries must be an array");
    };
    let mut whole = Geometry::default();
    let mut count = 0;
    for part in items(geometries) {
        let RawBsonRef::Document(part) = part else {
            return bad(format!("Element {count} of \"geometries\" is not an object"));
        };
        if Kind::of(part) == Some(Kind::GeometryCollection) {
            return bad("GeometryCollections cannot be nested");
        }
        let geometry = parse(part)?;
        if geometry.strict_winding {
            return bad("only polygon supported with strict winding order");
        }
        whole.absorb(geometry);
        count += 1;
    }
    if count == 0 {
        return bad("GeometryCollection geometries must have at least 1 element");
    }
    Ok(whole)
}

fn crs(document: &RawDocument) -> Result<Crs> {
    let crs = match field(document, "crs") {
        None => return Ok(Crs::Sphere),
        Some(RawBsonRef::Document(crs)) => crs,
        Some(_) => return bad("GeoJSON CRS must be an object"),
    };
    if field(crs, "type") != Some(RawBsonRef::String("name")) {
        return bad("GeoJSON CRS must have field \"type\": \"name\"");
    }
    let Some(RawBsonRef::Document(properties)) = field(crs, "properties") else {
        return bad("CRS must have field \"properties\" which is an object");
    };
    match field(properties, "name") {
        Some(RawBsonRef::String("urn:ogc:def:crs:OGC:1.3:CRS84" | "EPSG:4326")) => Ok(Crs::Sphere),
        Some(RawBsonRef::String("urn:x-mongodb:crs:strictwinding:EPSG:4326")) => Ok(Crs::StrictSphere),
        _ => bad("Unknown CRS name"),
    }
}

fn position(value: RawBsonRef<'_>) -> Result<Position> {
    if !matches!(value, RawBsonRef::Array(_)) {
        return bad("GeoJSON point coordinates must be an array");
    }
    legacy::point_on_sphere(value, Further::Ignored)
}

fn vertices(coordinates: &RawArray) -> Result<Vec<Vector>> {
    items(coordinates).map(|item| position(item).map(Position::vector)).collect()
}

fn line(coordinates: &RawArray) -> Result<Line> {
    let mut vertices = vertices(coordinates)?;
    let given = vertices.len();
    vertices.dedup();
    // A line that stays at one place is one from a point to itself.
    if let ([only], true) = (vertices.as_slice(), given >= 2) {
        vertices = vec![*only, *only];
    }
    Line::new(vertices).or_else(bad)
}

fn polygon(coordinates: &RawArray, crs: Crs) -> Result<Polygon> {
    let mut rings = each(coordinates, |array| ring(array, crs))?.into_iter();
    let Some(outer) = rings.next() else {
        return bad("Polygon coordinates must have at least 1 element");
    };
    let holes: Vec<Ring> = rings.collect();
    if crs == Crs::StrictSphere && !holes.is_empty() {
        return bad("Only one simple loop is allowed in a big polygon");
    }
    Polygon::new(outer, holes).or_else(bad)
}

fn ring(coordinates: &RawArray, crs: Crs) -> Result<Ring> {
    let mut vertices = vertices(coordinates)?;
    vertices.dedup();
    if vertices.len() < 2 || vertices.first() != vertices.last() {
        return bad("Loop is not closed");
    }
    vertices.pop();
    Ring::new(vertices, crs == Crs::StrictSphere).or_else(|reason| bad(format!("Loop is not valid: {reason}")))
}

fn each<T>(coordinates: &RawArray, part: impl Fn(&RawArray) -> Result<T>) -> Result<Vec<T>> {
    let parts = items(coordinates).map(|item| match item {
        RawBsonRef::Array(array) => part(array),
        _ => bad("GeoJSON coordinates must be an array of coordinates"),
    });
    parts.collect()
}

fn bad<T>(message: impl Into<String>) -> Result<T, Error> {
    refuse(Code::BAD_VALUE, message)
}
