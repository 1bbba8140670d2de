//! Rings around the point of a `$near`: what is in one is nearer than what is in the next, so that sorting each ring
//! sorts everything.

use crate::geo::{Near, cells::KeyRange};

/// Distances from one to another: those of the ring, in the unit of the `$near`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ring {
    pub(crate) least: f64,
    pub(crate) most: f64,
    is_first: bool,
    is_last: bool,
}

impl Ring {
    /// One ring for everything.
    pub(crate) fn all() -> Ring {
        Ring { least: 0.0, most: f64::INFINITY, is_first: true, is_last: true }
    }

    /// Whether a value at a distance is this ring's to emit. A scan of the ring's ranges finds others as well: each of
    /// them is in a ring before or after this one, or further than the `$near` admits.
    pub(crate) fn holds(&self, near: &Near, distance: f64) -> bool {
        near.admits(distance) && (self.is_first || distance > self.least) && (self.is_last || distance <= self.most)
    }
}

/// The rings of a `$near`, each four times as far as the one before, with the ranges of keys to scan for it.
#[derive(Debug)]
pub(crate) struct Rings<F> {
    next: Option<Ring>,
    end: f64,
    step: f64,
    ranges: F,
}

impl<F: Fn(&Ring) -> Vec<KeyRange>> Rings<F> {
    /// Rings from the least distance of the `$near` to its largest, or to `farthest`, beyond which there is nothing.
    pub(crate) fn new(near: &Near, first: f64, farthest: f64, ranges: F) -> Self {
        let (least, most) = near.limits();
        let end = most.min(farthest);
        let is_empty = least > end;
        let mut rings = Rings { next: None, end, step: first, ranges };
        if !is_empty {
            rings.next = Some(rings.from(least, true));
        }
        rings
    }

    fn from(&mut self, least: f64, is_first: bool) -> Ring {
        let most = least + self.step;
        self.step *= 4.0;
        let is_last = most.is_nan() || most >= self.end;
        Ring { least, most: if is_last { self.end } else { most }, is_first, is_last }
    }
}

impl<F: Fn(&Ring) -> Vec<KeyRange>> Iterator for Rings<F> {
    type Item = (Ring, Vec<KeyRange>);

    fn next(&mut self) -> Option<(Ring, Vec<KeyRange>)> {
        let ring = self.next?;
        self.next = if ring.is_last { None } else { Some(self.from(ring.most, false)) };
        Some((ring, (self.ranges)(&ring)))
    }
}
