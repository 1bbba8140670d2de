//! Geometries on the sphere: points, lines and polygons together, whatever type of GeoJSON they came as.

use std::f64::consts::PI;

use crate::geo::{
    polygon::Polygon,
    vector::{Segment, TOUCH, Vector},
};

/// The parts of a geometry: all of a collection and of a `Multi…` type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Geometry {
    pub(crate) points: Vec<Vector>,
    pub(crate) lines: Vec<Line>,
    pub(crate) polygons: Vec<Polygon>,
    /// Longitude and latitude as they were given, if it is one point.
    pub(crate) position: Option<Position>,
    /// A polygon whose winding says which side is inside: for queries only.
    pub(crate) strict_winding: bool,
}

/// A point of the plane, or a longitude and a latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Position {
    pub(crate) fn is_on_sphere(self) -> bool {
        (-180.0..=180.0).contains(&self.x) && (-90.0..=90.0).contains(&self.y)
    }

    pub(crate) fn vector(self) -> Vector {
        Vector::of_degrees(self.x, self.y)
    }

    pub(crate) fn distance(self, other: Position) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// A line of great-circle segments.
#[derive(Debug, Clone)]
pub(crate) struct Line(Vec<Vector>);

impl Line {
    /// # Errors
    /// Why it is none.
    pub(crate) fn new(vertices: Vec<Vector>) -> Result<Line, String> {
        if vertices.len() < 2 {
            return Err("GeoJSON LineString must have at least 2 vertices".to_owned());
        }
        if vertices.windows(2).any(|pair| matches!(pair, [a, b] if *a == -*b)) {
            return Err("GeoJSON LineString has antipodal vertices next to each other".to_owned());
        }
        Ok(Line(vertices))
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.0.iter().zip(self.0.iter().skip(1)).map(|(a, b)| Segment::new(*a, *b))
    }

    fn distance(&self, point: Vector) -> f64 {
        self.segments().map(|segment| segment.distance(point)).fold(PI, f64::min)
    }
}

impl Geometry {
    pub(crate) fn of_point(position: Position) -> Geometry {
        Geometry { points: vec![position.vector()], position: Some(position), ..Geometry::default() }
    }

    /// Whether it has an inside that others can be within.
    pub(crate) fn has_area(&self) -> bool {
        !self.polygons.is_empty()
    }

    pub(crate) fn absorb(&mut self, other: Geometry) {
        self.points.extend(other.points);
        self.lines.extend(other.lines);
        self.polygons.extend(other.polygons);
    }

    /// The distance of a point to the nearest part, in radians.
    pub(crate) fn distance(&self, point: Vector) -> f64 {
        let points = self.points.iter().map(|part| part.angle(point));
        let lines = self.lines.iter().map(|part| part.distance(point));
        let polygons = self.polygons.iter().map(|part| part.distance(point));
        points.chain(lines).chain(polygons).fold(f64::INFINITY, f64::min)
    }

    /// As [`distance`](Self::distance), and below zero within a polygon: by how far the outside of it is.
    pub(crate) fn signed_distance(&self, point: Vector) -> f64 {
        let points = self.points.iter().map(|part| part.angle(point));
        let lines = self.lines.iter().map(|part| part.distance(point));
        let polygons = self.polygons.iter().map(|part| part.signed_distance(point));
        points.chain(lines).chain(polygons).fold(f64::INFINITY, f64::min)
    }

    /// Whether each part of another geometry is within a polygon of this one.
    pub(crate) fn contains(&self, other: &Geometry) -> bool {
        let within = |holds: &dyn Fn(&Polygon) -> bool| self.polygons.iter().any(holds);
        other.points.iter().all(|point| within(&|polygon| polygon.contains(*point)))
            && (other.lines.iter())
                .all(|line| within(&|polygon| line.segments().all(|segment| polygon.contains_segment(segment))))
            && other.polygons.iter().all(|part| within(&|polygon| polygon.contains_polygon(part)))
    }

    /// Whether the two have a point in common.
    pub(crate) fn intersects(&self, other: &Geometry) -> bool {
        let touches_point = |geometry: &Geometry, point: Vector| geometry.distance(point) <= TOUCH;
        if other.points.iter().any(|point| touches_point(self, *point))
            || self.points.iter().any(|point| touches_point(other, *point))
        {
            return true;
        }
        let segments = |geometry: &Geometry| geometry.lines.iter().flat_map(Line::segments).collect::<Vec<_>>();
        let (ours, theirs) = (segments(self), segments(other));
        ours.iter().any(|segment| theirs.iter().any(|other| segment.touches(*other)))
            || self.polygons.iter().any(|polygon| theirs.iter().any(|segment| polygon.touches_segment(*segment)))
            || other.polygons.iter().any(|polygon| ours.iter().any(|segment| polygon.touches_segment(*segment)))
            || self.polygons.iter().any(|polygon| other.polygons.iter().any(|part| polygon.touches_polygon(part)))
    }

    /// Whether all of it is within an angle of a point.
    pub(crate) fn is_within_cap(&self, center: Vector, radius: f64) -> bool {
        if radius >= PI {
            return true;
        }
        let reach = radius + TOUCH;
        let near = |point: Vector| center.angle(point) <= reach;
        // A cap no larger than a hemisphere holds the segments between its points; of a larger one, it is the rest that
        // must not be touched.
        let segment_near = |segment: Segment| {
            near(segment.a) && near(segment.b) && (radius <= PI / 2.0 || segment.distance(-center) >= PI - reach)
        };
        self.points.iter().all(|point| near(*point))
            && self.lines.iter().flat_map(Line::segments).all(segment_near)
            && self
                .polygons
                .iter()
                .all(|polygon| polygon.boundary().all(segment_near) && polygon.distance(-center) > 0.0)
    }
}
