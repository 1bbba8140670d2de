//! Polygons on the sphere: rings of great-circle edges, of which one side is inside.
//!
//! A polygon holds its boundary, and what is nearer to it than [`TOUCH`].

use std::f64::consts::PI;

use crate::geo::{
    sweep,
    vector::{Segment, TOUCH, Vector, turn},
};

/// A closed line that does not cross itself. Its inside is on the left.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    vertices: Vec<Vector>,
    /// A point inside, and how far around it there is no boundary. Rings without area have none.
    reference: Option<(Vector, f64)>,
}

impl Ring {
    /// A ring of at least three vertices, each given once. It is turned so that its inside is the smaller side, unless
    /// its winding is to be kept.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn new(mut vertices: Vec<Vector>, keep_winding: bool) -> Result<Ring, String> {
        if vertices.len() < 3 {
            return Err("Loop must have at least 3 different vertices".to_owned());
        }
        if let Some(index) = antipodal(&vertices) {
            return Err(format!("Vertices {index} and the next are antipodal"));
        }
        if repeats(&vertices) {
            return Err("Duplicate vertices".to_owned());
        }
        if !keep_winding && left_area(&vertices) > 2.0 * PI {
            vertices.reverse();
        }
        let mut ring = Ring { vertices, reference: None };
        if sweep::crosses(&ring.segments().collect::<Vec<_>>()) {
            return Err("Edges cross".to_owned());
        }
        ring.reference = ring.find_reference();
        Ok(ring)
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let next = self.vertices.iter().cycle().skip(1);
        self.vertices.iter().zip(next).map(|(a, b)| Segment::new(*a, *b))
    }

    /// The distance of a point from the boundary, in radians.
    pub(crate) fn distance_to_boundary(&self, point: Vector) -> f64 {
        self.segments().map(|segment| segment.distance(point)).fold(PI, f64::min)
    }

    /// Whether a point that is not on the boundary is inside: so it is if one gets to it from a point inside by crossing
    /// the boundary an even number of times.
    pub(crate) fn contains(&self, point: Vector) -> bool {
        let Some((reference, clearance)) = self.reference else { return false };
        let angle = reference.angle(point);
        if angle < clearance {
            return true;
        }
        // Between points opposite to each other the way is not determined: it goes over a third one.
        if angle > 3.0 {
            let Some(third) =
                perpendiculars(reference).into_iter().find(|third| self.distance_to_boundary(*third) > TOUCH)
            else {
                return false;
            };
            return !self.is_odd(reference, third) ^ self.is_odd(third, point);
        }
        !self.is_odd(reference, point)
    }

    /// Whether the way from one point to another crosses the boundary an odd number of times. A vertex on the way counts
    /// as being left of it, for both of its edges.
    fn is_odd(&self, from: Vector, to: Vector) -> bool {
        let way = from.normal_to(to);
        let is_left = |vertex: &Vector| turn(from, to, *vertex) >= 0.0;
        let mut odd = false;
        let Some(mut before) = self.vertices.last().copied() else { return false };
        let mut before_left = is_left(&before);
        for vertex in &self.vertices {
            let left = is_left(vertex);
            if left != before_left {
                let line = way.cross(before.normal_to(*vertex));
                let crossing = if line.dot(before + *vertex) < 0.0 { -line } else { line };
                odd ^= from.cross(crossing).dot(way) > 0.0 && crossing.cross(to).dot(way) > 0.0;
            }
            (before, before_left) = (*vertex, left);
        }
        odd
    }

    /// A point on the left of the middle of an edge that has no other edge near: one of the longest.
    fn find_reference(&self) -> Option<(Vector, f64)> {
        const TRIED: usize = 32;
        let mut segments: Vec<Segment> = self.segments().collect();
        segments.sort_by(|a, b| b.angle().total_cmp(&a.angle()));
        let clearance = |(index, segment): (usize, &Segment)| {
            let middle = segment.middle();
            let others = segments.iter().enumerate().filter(|(other, _)| *other != index);
            (others.map(|(_, other)| other.distance(middle)).fold(1.0, f64::min), middle, *segment)
        };
        let tried = segments.iter().enumerate().take(TRIED);
        let (clearance, middle, segment) = tried.map(clearance).max_by(|(a, ..), (b, ..)| a.total_cmp(b))?;
        if clearance < 4.0 * TOUCH {
            return None;
        }
        let aside = clearance / 2.0;
        let left = segment.a.normal_to(segment.b).normalized();
        Some(((middle * aside.cos() + left * aside.sin()).normalized(), aside * 0.999))
    }
}

/// The area on the left of a ring, from 0 to 4π: the sum of the triangles that its edges make with its first vertex.
fn left_area(vertices: &[Vector]) -> f64 {
    let Some((first, rest)) = vertices.split_first() else { return 0.0 };
    let triangles = rest.iter().zip(rest.iter().skip(1)).map(|(a, b)| {
        let volume = turn(*first, *a, *b);
        2.0 * volume.atan2(1.0 + first.dot(*a) + a.dot(*b) + b.dot(*first))
    });
    let area = triangles.sum::<f64>();
    // Rounding may put a ring without area just below nothing.
    if area < 0.0 && area > -1e-14 { 0.0 } else { area.rem_euclid(4.0 * PI) }
}

/// Three points as far from a point as can be without being opposite to it.
fn perpendiculars(point: Vector) -> [Vector; 3] {
    let axis = if point.x.abs() < 0.6 { Vector::new(1.0, 0.0, 0.0) } else { Vector::new(0.0, 1.0, 0.0) };
    let one = point.cross(axis).normalized();
    let two = point.cross(one).normalized();
    [one, two, (one + two).normalized()]
}

fn antipodal(vertices: &[Vector]) -> Option<usize> {
    let next = vertices.iter().cycle().skip(1);
    vertices.iter().zip(next).position(|(a, b)| *a == -*b)
}

fn repeats(vertices: &[Vector]) -> bool {
    let mut sorted: Vec<[u64; 3]> = vertices.iter().map(|v| [v.x, v.y, v.z].map(|c| (c + 0.0).to_bits())).collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

/// A ring with the holes in it.
#[derive(Debug, Clone)]
pub(crate) struct Polygon {
    outer: Ring,
    holes: Vec<Ring>,
}

impl Polygon {
    /// # Errors
    /// Why it is none.
    pub(crate) fn new(outer: Ring, holes: Vec<Ring>) -> Result<Polygon, String> {
        if holes.is_empty() {
            return Ok(Polygon { outer, holes });
        }
        for hole in &holes {
            let inside = |point: Vector| outer.contains(point) && outer.distance_to_boundary(point) > TOUCH;
            let touches = |point: Vector| outer.contains(point) || outer.distance_to_boundary(point) <= TOUCH;
            if !hole.vertices.iter().all(|vertex| touches(*vertex))
                || !hole.segments().all(|edge| inside(edge.middle()))
            {
                return Err(
                    "Secondary loops not contained by first exterior loop - secondary loops must be holes".to_owned()
                );
            }
        }
        for (index, hole) in holes.iter().enumerate() {
            let others = holes.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others {
                let inside = |point: Vector| other.contains(point) && other.distance_to_boundary(point) > TOUCH;
                if hole.segments().any(|edge| inside(edge.a) || inside(edge.middle())) {
                    return Err("Polygon interior loops cannot overlap".to_owned());
                }
            }
        }
        let polygon = Polygon { outer, holes };
        if sweep::crosses(&polygon.boundary().collect::<Vec<_>>()) {
            return Err("Loops of the polygon cross".to_owned());
        }
        Ok(polygon)
    }

    pub(crate) fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.outer).chain(&self.holes)
    }

    pub(crate) fn boundary(&self) -> impl Iterator<Item = Segment> + '_ {
        self.rings().flat_map(Ring::segments)
    }

    fn distance_to_boundary(&self, point: Vector) -> f64 {
        self.boundary().map(|segment| segment.distance(point)).fold(PI, f64::min)
    }

    fn contains_off_boundary(&self, point: Vector) -> bool {
        self.outer.contains(point) && !self.holes.iter().any(|hole| hole.contains(point))
    }

    /// Whether a point is inside or on the boundary.
    pub(crate) fn contains(&self, point: Vector) -> bool {
        self.is_on_boundary(point) || self.contains_off_boundary(point)
    }

    fn is_on_boundary(&self, point: Vector) -> bool {
        self.boundary().any(|segment| segment.holds(point))
    }

    /// Whether a point is inside and not on the boundary.
    fn surrounds(&self, point: Vector) -> bool {
        !self.is_on_boundary(point) && self.contains_off_boundary(point)
    }

    /// The distance of a point in radians: 0 inside.
    pub(crate) fn distance(&self, point: Vector) -> f64 {
        let distance = self.distance_to_boundary(point);
        if distance > TOUCH && self.contains_off_boundary(point) { 0.0 } else { distance }
    }

    /// The distance of a point from the boundary in radians, below zero inside.
    pub(crate) fn signed_distance(&self, point: Vector) -> f64 {
        let distance = self.distance_to_boundary(point);
        if distance > TOUCH && self.contains_off_boundary(point) { -distance } else { distance }
    }

    /// Whether all of a segment is inside or on the boundary: so it is if the middles of the pieces are into which the
    /// boundary cuts it.
    pub(crate) fn contains_segment(&self, segment: Segment) -> bool {
        if !self.contains(segment.a) || !self.contains(segment.b) {
            return false;
        }
        let mut cuts = vec![0.0, 1.0];
        for edge in self.boundary().filter(|edge| !edge.is_surely_apart(segment)) {
            cuts.extend(segment.crossing(edge).map(|point| segment.share_of(point)));
            if segment.holds(edge.a) {
                cuts.push(segment.share_of(edge.a));
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts.windows(2).all(|piece| {
            let [from, to] = piece else { return true };
            (to - from) * segment.angle() <= TOUCH || self.contains(segment.at(f64::midpoint(*from, *to)))
        })
    }

    /// Whether all of another polygon is inside or on the boundary.
    pub(crate) fn contains_polygon(&self, other: &Polygon) -> bool {
        if !other.boundary().all(|segment| self.contains_segment(segment)) {
            return false;
        }
        // The other's boundary is in here. What could still be outside is a hole of this one within the other, or the
        // far side of a polygon larger than a hemisphere.
        let reaches_out = self.boundary().any(|edge| other.surrounds(edge.a) || other.surrounds(edge.middle()));
        !reaches_out && other.outer.reference.is_none_or(|(point, _)| !other.surrounds(point) || self.contains(point))
    }

    pub(crate) fn touches_segment(&self, segment: Segment) -> bool {
        self.contains(segment.a) || self.contains(segment.b) || self.boundary().any(|edge| edge.touches(segment))
    }

    /// Whether the polygons have a point in common: the boundaries do, or one is within the other.
    pub(crate) fn touches_polygon(&self, other: &Polygon) -> bool {
        let first = |ring: &Ring| ring.vertices.first().copied();
        self.rings().filter_map(first).any(|vertex| other.contains(vertex))
            || other.rings().filter_map(first).any(|vertex| self.contains(vertex))
            || self.boundary().any(|edge| other.boundary().any(|theirs| theirs.touches(edge)))
    }
}
