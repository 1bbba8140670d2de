//! `$geoIntersects`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    geo::{
        Geometry,
        stored::{Stored, candidates},
        within::query_geometry,
    },
    value::fields,
};

/// A parsed `$geoIntersects`.
#[derive(Debug, Clone)]
pub(crate) struct Intersects {
    geometry: Geometry,
}

impl Intersects {
    /// Parses the operator's value.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`].
    pub(crate) fn parse(operand: RawBsonRef<'_>) -> Result<Intersects> {
        let Some(document) = operand.as_document() else {
            return refuse(Code::BAD_VALUE, format!("geometry must be an object, got: {operand:?}"));
        };
        let mut geometry = None;
        for (name, value) in fields(document) {
            match name {
                "$uniqueDocs" => {}
                "$geometry" => geometry = Some(query_geometry(value)?),
                "$box" | "$center" | "$polygon" | "$centerSphere" => {
                    let message = format!("$geoIntersects not supported with provided geometry: {document:?}");
                    return refuse(Code::BAD_VALUE, message);
                }
                _ => return refuse(Code::BAD_VALUE, format!("unknown geo specifier: {name}: {value:?}")),
            }
        }
        match geometry {
            Some(geometry) => Ok(Intersects { geometry }),
            None => refuse(Code::BAD_VALUE, format!("geo query has no geometry: {document:?}")),
        }
    }

    pub(crate) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Whether a field's value, or an item of it, has a point in common with the geometry.
    pub(crate) fn matches(&self, value: RawBsonRef<'_>) -> bool {
        let stored = candidates(value).filter_map(|value| Stored::parse(value).ok()?.on_sphere());
        stored.into_iter().any(|geometry| self.geometry.intersects(&geometry))
    }
}
