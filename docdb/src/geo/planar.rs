//! Shapes of the plane: `$box`, `$center` and `$polygon`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    geo::{
        Position,
        legacy::{self, Further},
    },
};

/// A shape that legacy points can be within.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Box { low: Position, high: Position },
    Circle { center: Position, radius: f64 },
    Polygon(Vec<Position>),
}

impl Shape {
    /// # Errors
    /// [`Code::BAD_VALUE`].
    pub(crate) fn parse_box(value: RawBsonRef<'_>) -> Result<Shape> {
        match points(value, "$box")?.as_slice() {
            [a, b] => Ok(Shape::Box {
                low: Position { x: a.x.min(b.x), y: a.y.min(b.y) },
                high: Position { x: a.x.max(b.x), y: a.y.max(b.y) },
            }),
            _ => refuse(Code::BAD_VALUE, "Box must have exactly two points"),
        }
    }

    /// # Errors
    /// [`Code::BAD_VALUE`].
    pub(crate) fn parse_polygon(value: RawBsonRef<'_>) -> Result<Shape> {
        let points = points(value, "$polygon")?;
        if points.len() < 3 {
            return refuse(Code::BAD_VALUE, "Polygon must have at least 3 points");
        }
        Ok(Shape::Polygon(points))
    }

    /// # Errors
    /// [`Code::BAD_VALUE`].
    pub(crate) fn parse_center(value: RawBsonRef<'_>) -> Result<Shape> {
        let (center, radius) = center_and_radius(value)?;
        Ok(Shape::Circle { center, radius })
    }

    /// Whether a point is in the shape. Boxes and circles hold their boundaries. Polygons hold their vertices, their
    /// horizontal and vertical edges, and of slanted ones what the count of crossings makes of them, as the server's.
    pub(crate) fn contains(&self, point: Position) -> bool {
        match self {
            Shape::Box { low, high } => (low.x..=high.x).contains(&point.x) && (low.y..=high.y).contains(&point.y),
            Shape::Circle { center, radius } => center.distance(point) <= radius * (1.0 + 4.0 * f64::EPSILON),
            Shape::Polygon(vertices) => polygon_contains(vertices, point),
        }
    }

    /// A box around the shape.
    pub(crate) fn bounds(&self) -> (Position, Position) {
        match self {
            Shape::Box { low, high } => (*low, *high),
            Shape::Circle { center, radius } => {
                let radius = radius * (1.0 + 8.0 * f64::EPSILON);
                let corner = |by: f64| Position { x: center.x + by, y: center.y + by };
                (corner(-radius), corner(radius))
            }
            Shape::Polygon(vertices) => {
                let fold = |pick: fn(f64, f64) -> f64, start: f64| Position {
                    x: vertices.iter().map(|vertex| vertex.x).fold(start, pick),
                    y: vertices.iter().map(|vertex| vertex.y).fold(start, pick),
                };
                (fold(f64::min, f64::INFINITY), fold(f64::max, f64::NEG_INFINITY))
            }
        }
    }
}

/// The two elements of `$center` and `$centerSphere`.
///
/// # Errors
/// [`Code::BAD_VALUE`].
pub(crate) fn center_and_radius(value: RawBsonRef<'_>) -> Result<(Position, f64)> {
    let Some(mut elements) = legacy::elements(value) else {
        return refuse(Code::BAD_VALUE, "Circle must be an array");
    };
    let (Some(center), Some(radius)) = (elements.next(), elements.next()) else {
        return refuse(Code::BAD_VALUE, "Circle must have a center and a radius");
    };
    if elements.next().is_some() {
        return refuse(Code::BAD_VALUE, "Only 2 fields allowed for circular region");
    }
    let center = legacy::point(center, Further::Refused)?;
    match legacy::double(radius) {
        Some(radius) if radius >= 0.0 => Ok((center, radius)),
        _ => refuse(Code::BAD_VALUE, "radius must be a non-negative number"),
    }
}

fn points(value: RawBsonRef<'_>, operator: &str) -> Result<Vec<Position>> {
    let Some(elements) = legacy::elements(value) else {
        return refuse(Code::BAD_VALUE, format!("{operator} must be an object or array"));
    };
    elements.map(|element| legacy::point(element, Further::Refused)).collect()
}

#[allow(clippy::float_cmp, reason = "edges that are exactly horizontal or vertical hold their points")]
fn polygon_contains(vertices: &[Position], point: Position) -> bool {
    let mut odd = false;
    for (a, b) in vertices.iter().zip(vertices.iter().cycle().skip(1)) {
        let ((low_x, high_x), (low_y, high_y)) = ((a.x.min(b.x), a.x.max(b.x)), (a.y.min(b.y), a.y.max(b.y)));
        let in_x = (low_x..=high_x).contains(&point.x);
        let in_y = (low_y..=high_y).contains(&point.y);
        let is_on_straight_edge = in_x && in_y && (low_x == high_x || low_y == high_y);
        if *a == point || is_on_straight_edge {
            return true;
        }
        if point.y > low_y && point.y <= high_y && point.x <= high_x {
            let at_x = (point.y - a.y) * (b.x - a.x) / (b.y - a.y) + a.x;
            odd ^= a.x == b.x || point.x <= at_x;
        }
    }
    odd
}
