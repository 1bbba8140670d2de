//! The keys of `2dsphere` indexes: the cells of the sphere that cover a value.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    geo::{
        EARTH_RADIUS_METRES, Geometry, Intersects, Near, Within,
        cells::{self, KeyRange},
        near::Unit,
        rings::{Ring, Rings},
        stored::Stored,
        within::Region,
    },
};

/// How many cells cover the lines and polygons of a value, at most. Each of its points has a cell of its own.
const CELLS_OF_VALUE: usize = 20;

/// How many cells cover the region of a query.
const CELLS_OF_QUERY: usize = 24;

/// The keys of a field's value, in order; none for null, and for an empty array.
///
/// # Errors
/// 16755 for what is no geometry, an array of geometries among that.
pub(crate) fn keys(value: RawBsonRef<'_>) -> Result<Vec<u64>> {
    match value {
        RawBsonRef::Null | RawBsonRef::Undefined => return Ok(Vec::new()),
        RawBsonRef::Array(array) if array.is_empty() => return Ok(Vec::new()),
        _ => {}
    }
    let geometry = match Stored::parse(value) {
        Ok(stored) => stored.on_sphere(),
        Err(reason) => return refuse(Code(16755), format!("Can't extract geo keys: {value:?} {reason}")),
    };
    let Some(geometry) = geometry else {
        return refuse(Code(16755), format!("Can't extract geo keys: {value:?} longitude/latitude is out of bounds"));
    };
    let mut keys: Vec<u64> = geometry.points.iter().map(|point| cells::of_point(*point)).collect();
    let extended = Geometry { lines: geometry.lines, polygons: geometry.polygons, ..Geometry::default() };
    if !extended.lines.is_empty() || !extended.polygons.is_empty() {
        keys.extend(cells::covering(&|point| extended.signed_distance(point), CELLS_OF_VALUE));
    }
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return refuse(Code(16756), "Unable to generate keys for (likely malformed) geometry");
    }
    Ok(keys)
}

/// The ranges of keys that values matching a `$geoWithin` have one in; none if these indexes cannot tell, as for shapes of
/// the plane.
pub(crate) fn of_within(within: &Within) -> Option<Vec<KeyRange>> {
    match within.region() {
        Region::Geometry(geometry) => Some(of_geometry(geometry)),
        Region::Cap { center, radius } => {
            let region = cells::distance_to_annulus(*center, 0.0, *radius);
            Some(cells::ranges(&cells::covering(&region, CELLS_OF_QUERY)))
        }
        Region::Planar(_) => None,
    }
}

/// The ranges of keys that values matching a `$geoIntersects` have one in.
pub(crate) fn of_intersects(intersects: &Intersects) -> Vec<KeyRange> {
    of_geometry(intersects.geometry())
}

fn of_geometry(geometry: &Geometry) -> Vec<KeyRange> {
    cells::ranges(&cells::covering(&|point| geometry.signed_distance(point), CELLS_OF_QUERY))
}

/// The rings around the point of a `$near` with their ranges of keys; none if it measures in the plane.
pub(crate) fn rings(near: &Near) -> Option<Rings<impl Fn(&Ring) -> Vec<KeyRange> + 'static>> {
    /// Where the rings begin to widen, in radians: 100 metres.
    const FIRST: f64 = 100.0 / EARTH_RADIUS_METRES;
    let unit = match near.unit() {
        Unit::Metres => EARTH_RADIUS_METRES,
        Unit::Radians => 1.0,
        Unit::Plane => return None,
    };
    let center = near.center().vector();
    let ranges = move |ring: &Ring| {
        let region = cells::distance_to_annulus(center, ring.least / unit, ring.most / unit);
        cells::ranges(&cells::covering(&region, CELLS_OF_QUERY))
    };
    Some(Rings::new(near, FIRST * unit, 3.2 * unit, ranges))
}
