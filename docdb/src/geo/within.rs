//! `$geoWithin`, and its older name `$within`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    geo::{
        Geometry, geojson,
        planar::{self, Shape},
        stored::{Stored, candidates},
        vector::Vector,
    },
    value::fields,
};

/// A parsed `$geoWithin`.
#[derive(Debug, Clone)]
pub(crate) struct Within {
    region: Region,
}

/// Where a value has to be.
#[derive(Debug, Clone)]
pub(crate) enum Region {
    /// `$geometry`: polygons on the sphere.
    Geometry(Geometry),
    /// `$centerSphere`.
    Cap { center: Vector, radius: f64 },
    /// `$box`, `$center`, `$polygon`.
    Planar(Shape),
}

impl Within {
    /// Parses the operator's value.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`].
    pub(crate) fn parse(operand: RawBsonRef<'_>) -> Result<Within> {
        let Some(document) = operand.as_document() else {
            return refuse(Code::BAD_VALUE, format!("geometry must be an object, got: {operand:?}"));
        };
        let mut region = None;
        for (name, value) in fields(document) {
            region = Some(match name {
                "$uniqueDocs" => continue,
                "$geometry" => Region::Geometry(query_geometry(value)?),
                "$box" => Region::Planar(Shape::parse_box(value)?),
                "$center" => Region::Planar(Shape::parse_center(value)?),
                "$polygon" => Region::Planar(Shape::parse_polygon(value)?),
                "$centerSphere" => {
                    let (center, radius) = planar::center_and_radius(value)?;
                    if !center.is_on_sphere() {
                        return refuse(Code::BAD_VALUE, "longitude/latitude is out of bounds in $centerSphere");
                    }
                    Region::Cap { center: center.vector(), radius }
                }
                _ => return refuse(Code::BAD_VALUE, format!("unknown geo specifier: {name}: {value:?}")),
            });
        }
        match region {
            Some(Region::Geometry(geometry)) if !geometry.has_area() => {
                refuse(Code::BAD_VALUE, format!("$geoWithin not supported with provided geometry: {document:?}"))
            }
            Some(region) => Ok(Within { region }),
            None => refuse(Code::BAD_VALUE, format!("geo query has no geometry: {document:?}")),
        }
    }

    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// Whether a field's value, or an item of it, is within.
    pub(crate) fn matches(&self, value: RawBsonRef<'_>) -> bool {
        candidates(value).filter_map(|value| Stored::parse(value).ok()).any(|stored| self.contains(stored))
    }

    fn contains(&self, stored: Stored) -> bool {
        match &self.region {
            Region::Planar(shape) => stored.in_plane().is_some_and(|position| shape.contains(position)),
            Region::Geometry(region) => stored.on_sphere().is_some_and(|geometry| region.contains(&geometry)),
            Region::Cap { center, radius } => {
                stored.on_sphere().is_some_and(|geometry| geometry.is_within_cap(*center, *radius))
            }
        }
    }
}

/// The geometry of a query: GeoJSON, or a legacy point.
///
/// # Errors
/// [`Code::BAD_VALUE`].
pub(crate) fn query_geometry(value: RawBsonRef<'_>) -> Result<Geometry> {
    match value {
        RawBsonRef::Document(document) if geojson::Kind::of(document).is_some() => geojson::parse(document),
        RawBsonRef::Array(_) => {
            super::legacy::point_on_sphere(value, super::legacy::Further::Refused).map(Geometry::of_point)
        }
        _ => refuse(Code::BAD_VALUE, format!("unknown GeoJSON type: {value:?}")),
    }
}
