//! Legacy points, `[x, y]` or `{ any: x, name: y }`, and numbers in them.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    geo::Position,
    value::{fields, items},
};

/// A number of any type as a double.
pub(crate) fn double(value: RawBsonRef<'_>) -> Option<f64> {
    match value {
        RawBsonRef::Int32(value) => Some(value.into()),
        #[allow(clippy::cast_precision_loss, reason = "coordinates and distances are doubles")]
        RawBsonRef::Int64(value) => Some(value as f64),
        RawBsonRef::Double(value) => Some(value),
        RawBsonRef::Decimal128(value) => value.to_string().parse().ok(),
        _ => None,
    }
}

/// The values of an array or of a document.
pub(crate) fn elements<'a>(value: RawBsonRef<'a>) -> Option<Box<dyn Iterator<Item = RawBsonRef<'a>> + 'a>> {
    match value {
        RawBsonRef::Array(array) => Some(Box::new(items(array))),
        RawBsonRef::Document(document) => Some(Box::new(fields(document).map(|(_, value)| value))),
        _ => None,
    }
}

/// What may follow the two numbers of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Further {
    Refused,
    Ignored,
}

/// A point of the plane.
///
/// # Errors
/// [`Code::BAD_VALUE`].
pub(crate) fn point(value: RawBsonRef<'_>, further: Further) -> Result<Position> {
    let Some(mut elements) = elements(value) else {
        return refuse(Code::BAD_VALUE, format!("Point must be an array or object, instead got {value:?}"));
    };
    let (first, second) = (elements.next().and_then(double), elements.next().and_then(double));
    let (Some(x), Some(y)) = (first, second) else {
        return refuse(Code::BAD_VALUE, format!("Point must only contain numeric elements, instead got {value:?}"));
    };
    if further == Further::Refused && elements.next().is_some() {
        return refuse(Code::BAD_VALUE, "Point must only contain two numeric elements");
    }
    if !x.is_finite() || !y.is_finite() {
        return refuse(Code::BAD_VALUE, "Point coordinates must be finite numbers");
    }
    Ok(Position { x, y })
}

/// A longitude and a latitude.
///
/// # Errors
/// [`Code::BAD_VALUE`], as well if they are none.
pub(crate) fn point_on_sphere(value: RawBsonRef<'_>, further: Further) -> Result<Position> {
    let position = point(value, further)?;
    if !position.is_on_sphere() {
        return refuse(
            Code::BAD_VALUE,
            format!("longitude/latitude is out of bounds, lng: {} lat: {}", position.x, position.y),
        );
    }
    Ok(position)
}
