//! Places: geometries on the sphere and in the plane, the operators of queries on them, and the keys of their indexes.
//!
//! GeoJSON is on the sphere, with great circles for edges. Legacy points, pairs of numbers, are in the plane unless the
//! query is spherical.

pub(crate) use cells::KeyRange;
pub(crate) use geometry::{Geometry, Position};
pub(crate) use intersects::Intersects;
pub(crate) use legacy::double;
pub(crate) use near::Near;
pub(crate) use rings::Ring;
pub(crate) use within::Within;

mod cells;
mod geojson;
mod geometry;
pub(crate) mod index2d;
pub(crate) mod index2dsphere;
mod intersects;
mod legacy;
pub(crate) mod near;
mod planar;
mod polygon;
mod rings;
mod stored;
mod sweep;
mod vector;
mod within;

/// The radius of the Earth by which the server turns angles into metres.
pub(crate) const EARTH_RADIUS_METRES: f64 = 6_378_100.0;

#[cfg(test)]
mod index_tests;
#[cfg(test)]
mod tests;
