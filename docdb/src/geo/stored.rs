//! The geometries that a stored value is.

use bson::RawBsonRef;

use crate::{
    error::Result,
    geo::{
        Geometry, Position, geojson,
        legacy::{self, Further},
    },
    value::items,
};

/// What a stored value is to a query.
#[derive(Debug)]
pub(crate) enum Stored {
    /// GeoJSON.
    Geometry(Geometry),
    /// A legacy point, which may be off the sphere.
    Legacy(Position),
}

impl Stored {
    /// # Errors
    /// [`Code::BAD_VALUE`](crate::Code::BAD_VALUE) if it is none.
    pub(crate) fn parse(value: RawBsonRef<'_>) -> Result<Stored> {
        match value {
            RawBsonRef::Document(document) if geojson::Kind::of(document).is_some() => {
                geojson::parse(document).map(Stored::Geometry)
            }
            _ => legacy::point(value, Further::Ignored).map(Stored::Legacy),
        }
    }

    /// The geometry on the sphere, if it has one there. Polygons with strict winding are for queries: stored, they match
    /// nothing.
    pub(crate) fn on_sphere(self) -> Option<Geometry> {
        match self {
            Stored::Geometry(geometry) => (!geometry.strict_winding).then_some(geometry),
            Stored::Legacy(position) => position.is_on_sphere().then(|| Geometry::of_point(position)),
        }
    }

    /// The point in the plane, if it is a point.
    pub(crate) fn in_plane(&self) -> Option<Position> {
        match self {
            Stored::Geometry(geometry) => geometry.position,
            Stored::Legacy(position) => Some(*position),
        }
    }
}

/// The values that may each be a geometry: the value itself, and the items of an array.
pub(crate) fn candidates(value: RawBsonRef<'_>) -> impl Iterator<Item = RawBsonRef<'_>> {
    let array = value.as_array();
    let inner = array.into_iter().flat_map(items);
    std::iter::once(value).chain(inner).filter(|value| matches!(value, RawBsonRef::Array(_) | RawBsonRef::Document(_)))
}
