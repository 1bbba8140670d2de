//! Points on the sphere as unit vectors, and the segments of great circles between them.

use std::ops::{Add, Mul, Neg, Sub};

/// Points nearer than this, in radians, are the same place: 6 mm on Earth, about as wide as the server's smallest cells,
/// which make its polygons and lines include what lies on them.
pub(crate) const TOUCH: f64 = 1e-9;

/// A vector; of length one where it is a point on the sphere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vector {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

impl Vector {
    pub(crate) const fn new(x: f64, y: f64, z: f64) -> Vector {
        Vector { x, y, z }
    }

    /// The point at a longitude and a latitude in degrees.
    pub(crate) fn of_degrees(longitude: f64, latitude: f64) -> Vector {
        let (lng, lat) = (longitude.to_radians(), latitude.to_radians());
        Vector::new(lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin())
    }

    /// Its longitude and latitude in degrees.
    pub(crate) fn to_degrees(self) -> (f64, f64) {
        (self.y.atan2(self.x).to_degrees(), self.z.atan2(self.x.hypot(self.y)).to_degrees())
    }

    pub(crate) fn dot(self, other: Vector) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Vector) -> Vector {
        Vector::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub(crate) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The same direction with length one; the vector itself if it has no direction.
    pub(crate) fn normalized(self) -> Vector {
        let length = self.length();
        if length > 0.0 { self * (1.0 / length) } else { self }
    }

    /// The angle to another vector in radians, exact for small and for large ones.
    pub(crate) fn angle(self, other: Vector) -> f64 {
        self.cross(other).length().atan2(self.dot(other))
    }

    /// The normal of the great circle through two points. Sums and differences keep its digits where the points are close
    /// to each other, which a plain product loses.
    pub(crate) fn normal_to(self, other: Vector) -> Vector {
        (other - self).cross(other + self) * -0.5
    }
}

impl Add for Vector {
    type Output = Vector;
    fn add(self, other: Vector) -> Vector {
        Vector::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vector {
    type Output = Vector;
    fn sub(self, other: Vector) -> Vector {
        Vector::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f64> for Vector {
    type Output = Vector;
    fn mul(self, factor: f64) -> Vector {
        Vector::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl Neg for Vector {
    type Output = Vector;
    fn neg(self) -> Vector {
        self * -1.0
    }
}

/// Six times the volume of the tetrahedron of the origin and three points: positive if they turn left. Computed from
/// differences, so that it is right for points close to each other.
pub(crate) fn turn(a: Vector, b: Vector, c: Vector) -> f64 {
    (a - c).cross(b - c).dot(c)
}

/// The shorter part of the great circle through two points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) a: Vector,
    pub(crate) b: Vector,
}

impl Segment {
    pub(crate) fn new(a: Vector, b: Vector) -> Segment {
        Segment { a, b }
    }

    pub(crate) fn middle(self) -> Vector {
        (self.a + self.b).normalized()
    }

    pub(crate) fn angle(self) -> f64 {
        self.a.angle(self.b)
    }

    /// The point on the segment at a share of its length.
    pub(crate) fn at(self, share: f64) -> Vector {
        let angle = self.angle();
        let sine = angle.sin();
        if sine < 1e-12 {
            return (self.a * (1.0 - share) + self.b * share).normalized();
        }
        (self.a * (((1.0 - share) * angle).sin() / sine) + self.b * ((share * angle).sin() / sine)).normalized()
    }

    /// Where along the segment a point on it is, from 0 to 1.
    pub(crate) fn share_of(self, point: Vector) -> f64 {
        let angle = self.angle();
        if angle > 0.0 { (self.a.angle(point) / angle).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The distance to a point in radians.
    pub(crate) fn distance(self, point: Vector) -> f64 {
        let normal = self.a.normal_to(self.b);
        let length = normal.length();
        let beside = |from: Vector, to: Vector| from.cross(to).dot(normal) >= 0.0;
        if length > 1e-18 && beside(self.a, point) && beside(point, self.b) {
            // From the nearest vertex: the difference keeps the digits that the product with the point itself loses.
            let nearest = if self.a.dot(point) > self.b.dot(point) { self.a } else { self.b };
            return ((point - nearest).dot(normal) / length).abs().min(1.0).asin();
        }
        self.a.angle(point).min(self.b.angle(point))
    }

    /// The distance to another segment in radians: 0 if they cross.
    pub(crate) fn distance_to(self, other: Segment) -> f64 {
        if self.crossing(other).is_some() {
            return 0.0;
        }
        (self.distance(other.a).min(self.distance(other.b))).min(other.distance(self.a)).min(other.distance(self.b))
    }

    /// Whether the segments have a point in common, be it an end.
    pub(crate) fn touches(self, other: Segment) -> bool {
        !self.is_surely_apart(other) && self.distance_to(other) <= TOUCH
    }

    /// Whether a point is on the segment.
    pub(crate) fn holds(self, point: Vector) -> bool {
        // An arc is at most 1.6 times as long as its chord, and the square of a sum at most twice the sum of the squares:
        // far points are told without a root.
        let (from, chord) = (point - self.a, self.b - self.a);
        from.dot(from) <= 5.2 * chord.dot(chord) + 8.0 * TOUCH * TOUCH && self.distance(point) <= TOUCH
    }

    /// Whether the segments are certainly further from each other than they are long: by the same estimate.
    pub(crate) fn is_surely_apart(self, other: Segment) -> bool {
        let (between, chord, theirs) = (other.a - self.a, self.b - self.a, other.b - other.a);
        between.dot(between) > 7.8 * (chord.dot(chord) + theirs.dot(theirs) + TOUCH * TOUCH)
    }

    /// The point within both segments at which one passes from one side of the other to its other side.
    pub(crate) fn crossing(self, other: Segment) -> Option<Vector> {
        let Segment { a, b } = self;
        let Segment { a: c, b: d } = other;
        // The four triangles turn the same way around exactly if the segments cross; so do those of the antipodes, which
        // the first product tells apart.
        let (acb, bda) = (-turn(a, b, c), turn(a, b, d));
        if acb * bda <= 0.0 {
            return None;
        }
        let (cbd, dac) = (-turn(c, d, b), turn(c, d, a));
        if acb * cbd <= 0.0 || acb * dac <= 0.0 {
            return None;
        }
        let line = a.normal_to(b).cross(c.normal_to(d)).normalized();
        Some(if line.dot(a + b) < 0.0 { -line } else { line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lng: f64, lat: f64) -> Vector {
        Vector::of_degrees(lng, lat)
    }

    #[test]
    fn distances_are_to_the_nearest_point_of_a_segment() {
        let equator = Segment::new(at(0.0, 0.0), at(10.0, 0.0));
        for (point, expected) in [(at(5.0, 1.0), 1.0), (at(-2.0, 0.0), 2.0), (at(12.0, 0.0), 2.0), (at(3.0, 0.0), 0.0)]
        {
            assert!((equator.distance(point).to_degrees() - expected).abs() < 1e-9);
        }
        assert!((equator.distance(at(-175.0, 0.0)).to_degrees() - 175.0).abs() < 1e-9);
    }

    #[test]
    fn segments_cross_where_they_do_and_not_at_the_antipodes() {
        let equator = Segment::new(at(0.0, 0.0), at(10.0, 0.0));
        let crossing = equator.crossing(Segment::new(at(5.0, -5.0), at(5.0, 5.0))).unwrap();
        assert!(crossing.angle(at(5.0, 0.0)) < 1e-12);
        assert!(equator.crossing(Segment::new(at(-175.0, -5.0), at(-175.0, 5.0))).is_none());
        assert!(equator.crossing(Segment::new(at(15.0, -5.0), at(15.0, 5.0))).is_none());
        assert!(equator.crossing(Segment::new(at(5.0, 1.0), at(5.0, 5.0))).is_none());
        assert!(equator.touches(Segment::new(at(5.0, 0.0), at(5.0, 5.0))));
    }

    #[test]
    fn the_normal_points_left_of_the_segment() {
        assert!(at(0.0, 0.0).normal_to(at(10.0, 0.0)).z > 0.0);
        assert!(turn(at(0.0, 0.0), at(10.0, 0.0), at(5.0, 5.0)) > 0.0);
    }
}
