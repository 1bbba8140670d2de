//! Cells of the sphere: the six sides of a cube around it, each halved both ways up to 30 times.
//!
//! A cell's id is a number of 64 bits: three for the side, two for each level, a one, and zeros. So ids of the cells
//! within a cell are a range around its own, and its parents' are found by arithmetic, as with the server's S2 cells. The
//! smallest cells are a centimetre wide.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    f64::consts::{FRAC_PI_4, PI},
};

use crate::geo::vector::{TOUCH, Vector};

/// How many times a side is halved.
const LEVELS: u8 = 30;

/// Ids from the first to the second, both included.
pub(crate) type KeyRange = (u64, u64);

/// A cell by its side, its level, and its column and row among the cells of that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    level: u8,
    side: u8,
    column: u32,
    row: u32,
}

impl Cell {
    /// The smallest cell that a point is in.
    fn of(point: Vector) -> Cell {
        let Vector { x, y, z } = point;
        let (side, u, v) = if x.abs() >= y.abs() && x.abs() >= z.abs() {
            (if x >= 0.0 { 0 } else { 3 }, y / x, z / x)
        } else if y.abs() >= z.abs() {
            (if y >= 0.0 { 1 } else { 4 }, x / y, z / y)
        } else {
            (if z >= 0.0 { 2 } else { 5 }, x / z, y / z)
        };
        // Angles rather than tangents, so that cells of one level are about as large everywhere.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the columns there are")]
        let index = |tangent: f64| {
            let columns = f64::from(1_u32 << LEVELS);
            ((tangent.atan() / FRAC_PI_4 + 1.0) / 2.0 * columns).clamp(0.0, columns - 1.0) as u32
        };
        Cell { level: LEVELS, side, column: index(u), row: index(v) }
    }

    fn id(self) -> u64 {
        let below = 2 * u32::from(LEVELS - self.level);
        let position = spread(self.column) << 1 | spread(self.row);
        u64::from(self.side) << 61 | position << (below + 1) | 1 << below
    }

    fn children(self) -> [Cell; 4] {
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(right, up)| Cell {
            level: self.level + 1,
            side: self.side,
            column: self.column << 1 | right,
            row: self.row << 1 | up,
        })
    }

    /// The point at a place within the cell, from 0 to 1 both ways.
    fn at(self, right: f64, up: f64) -> Vector {
        let columns = f64::from(1_u32 << self.level);
        let tangent = |index: u32, part: f64| (FRAC_PI_4 * ((f64::from(index) + part) / columns * 2.0 - 1.0)).tan();
        let (u, v) = (tangent(self.column, right), tangent(self.row, up));
        let vector = match self.side {
            0 => Vector::new(1.0, u, v),
            1 => Vector::new(u, 1.0, v),
            2 => Vector::new(u, v, 1.0),
            3 => Vector::new(-1.0, -u, -v),
            4 => Vector::new(-u, -1.0, -v),
            _ => Vector::new(-u, -v, -1.0),
        };
        vector.normalized()
    }

    /// A circle around the cell: its centre and its radius.
    fn circle(self) -> (Vector, f64) {
        let center = self.at(0.5, 0.5);
        let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)];
        let radius = corners.into_iter().map(|(right, up)| center.angle(self.at(right, up))).fold(0.0, f64::max);
        // What rounding may have put on the other side of an edge.
        (center, radius + 1e-14)
    }
}

/// A number's bits with a zero before each.
pub(crate) fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF_u64),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// The id of the smallest cell that a point is in.
pub(crate) fn of_point(point: Vector) -> u64 {
    Cell::of(point).id()
}

/// The ids of at most `most` cells (six, if that is more) that together hold all of a region. The region is known by how
/// far points are from it: below zero inside, by how far they are from the outside.
pub(crate) fn covering(distance: &dyn Fn(Vector) -> f64, most: usize) -> Vec<u64> {
    let touched = |cell: Cell| {
        let (center, radius) = cell.circle();
        let distance = distance(center) - 2.0 * TOUCH;
        (distance <= radius).then_some((cell, distance <= -radius))
    };
    let mut found = Vec::new();
    let sides = (0..6).map(|side| Cell { level: 0, side, column: 0, row: 0 });
    let mut open: BinaryHeap<Reverse<(Cell, bool)>> = sides.filter_map(touched).map(Reverse).collect();
    while let Some(Reverse((cell, is_inside))) = open.pop() {
        if is_inside || cell.level == LEVELS {
            found.push(cell.id());
            continue;
        }
        let children: Vec<(Cell, bool)> = cell.children().into_iter().filter_map(touched).collect();
        if children.len() > 1 && found.len() + open.len() + children.len() > most {
            found.push(cell.id());
        } else {
            open.extend(children.into_iter().map(Reverse));
        }
    }
    found.sort_unstable();
    found
}

/// The ranges of ids at which a value that has a point in one of the cells may be: those of the cells within it, and its
/// parents.
pub(crate) fn ranges(cells: &[u64]) -> Vec<KeyRange> {
    let mut ranges = Vec::with_capacity(cells.len() * 4);
    for cell in cells {
        let lowest_bit = cell & cell.wrapping_neg();
        ranges.push((cell - (lowest_bit - 1), cell + (lowest_bit - 1)));
        let mut bit = lowest_bit;
        while bit < 1 << (2 * LEVELS) {
            bit <<= 2;
            let parent = (cell & (bit << 1).wrapping_neg()) | bit;
            ranges.push((parent, parent));
        }
    }
    merge(ranges)
}

/// The same ranges in order, none of them touching the next.
pub(crate) fn merge(mut ranges: Vec<KeyRange>) -> Vec<KeyRange> {
    ranges.sort_unstable();
    let mut merged: Vec<KeyRange> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// How far a point is from a cap, or from a ring around its centre: below zero inside.
pub(crate) fn distance_to_annulus(center: Vector, inner: f64, outer: f64) -> impl Fn(Vector) -> f64 {
    move |point| {
        let angle = center.angle(point);
        let from_hole = if inner > 0.0 { inner - angle } else { -PI };
        (angle - outer).max(from_hole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(ranges: &[KeyRange], id: u64) -> bool {
        ranges.iter().any(|(first, last)| (first..=last).contains(&&id))
    }

    #[test]
    fn a_covering_of_everything_is_the_six_sides() {
        let cells = covering(&|_| -PI, 20);
        assert_eq!(cells.len(), 6);
        assert!(holds(&ranges(&cells), of_point(Vector::of_degrees(12.0, 34.0))));
    }

    #[test]
    fn a_covering_is_about_as_large_as_its_region() {
        let center = Vector::of_degrees(10.0, 50.0);
        let cells = covering(&distance_to_annulus(center, 0.0, 0.001), 20);
        assert!(cells.len() <= 20 && cells.len() > 4);
        let ranges = ranges(&cells);
        assert!(holds(&ranges, of_point(center)));
        assert!(!holds(&ranges, of_point(Vector::of_degrees(10.5, 50.0))));
    }

    proptest! {
        #[test]
        fn parents_hold_the_cells_of_their_points(lng in -180.0..180.0_f64, lat in -90.0..90.0_f64, other in 0.0..0.01_f64) {
            let point = Vector::of_degrees(lng, lat);
            let near = Vector::of_degrees(lng, (lat + other).min(90.0));
            let stored = covering(&|at| at.angle(point), 4);
            let wanted = ranges(&covering(&distance_to_annulus(near, 0.0, 0.001), 8));
            prop_assert!(stored.iter().any(|id| holds(&wanted, *id)));
            prop_assert!(holds(&wanted, of_point(point)));
        }
    }
}
