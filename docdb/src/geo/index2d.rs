//! The keys of `2d` indexes: the bits of both coordinates, in turn.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    geo::{
        EARTH_RADIUS_METRES, Near, Position, Within,
        cells::{KeyRange, merge},
        legacy::{self, Further, double},
        near::Unit,
        rings::{Ring, Rings},
        within::Region,
    },
    value::field,
};

/// What a `2d` index is made with: coordinates from `min` to `max`, told apart by `bits` bits each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    bits: u32,
    min: f64,
    max: f64,
}

/// Columns and rows, first and last.
#[derive(Debug, Clone, Copy)]
struct Area {
    columns: (u32, u32),
    rows: (u32, u32),
}

impl Grid {
    /// Reads the options of an index.
    ///
    /// # Errors
    /// [`Code::INVALID_OPTIONS`].
    pub(crate) fn parse(options: &RawDocument) -> Result<Grid> {
        let number = |name: &str, or: f64| match field(options, name) {
            None => Ok(or),
            Some(value) => match double(value) {
                Some(value) => Ok(value),
                None => refuse(Code::TYPE_MISMATCH, format!("The option '{name}' of a 2d index must be a number")),
            },
        };
        let (bits, min, max) = (number("bits", 26.0)?, number("min", -180.0)?, number("max", 180.0)?);
        if !(1.0..=32.0).contains(&bits) {
            return refuse(
                Code::INVALID_OPTIONS,
                format!("bits for hash must be > 0 and <= 32, but {bits} bits were specified"),
            );
        }
        if !(max - min).is_finite() || min >= max {
            return refuse(
                Code::INVALID_OPTIONS,
                format!("region for hash must be valid and have positive area, but [{min}, {max}] was specified"),
            );
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 32")]
        Ok(Grid { bits: bits as u32, min, max })
    }

    /// The keys of a field's value: of a point, or of each of an array of points. What is no object and no array has
    /// none.
    ///
    /// # Errors
    /// 13027 for points outside of the index, 13068, 13026 and 16804 for what is no legacy point, such as GeoJSON.
    pub(crate) fn keys(&self, value: RawBsonRef<'_>) -> Result<Vec<u64>> {
        let Some(mut elements) = legacy::elements(value) else { return Ok(Vec::new()) };
        let Some(first) = elements.next() else { return Ok(Vec::new()) };
        if double(first).is_some() {
            return Ok(vec![self.key(value)?]);
        }
        let mut keys = Vec::new();
        for point in std::iter::once(first).chain(elements) {
            match legacy::elements(point) {
                None => return refuse(Code(16804), "location object expected, location array not in correct format"),
                Some(mut elements) => {
                    if elements.next().is_some() {
                        keys.push(self.key(point)?);
                    }
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    fn key(&self, point: RawBsonRef<'_>) -> Result<u64> {
        if legacy::elements(point).is_some_and(|elements| elements.count() < 2) {
            return refuse(Code(13068), "geo field only has 1 element");
        }
        let Ok(position) = legacy::point(point, Further::Ignored) else {
            return refuse(
                Code(13026),
                format!("geo values must be 'legacy coordinate pairs' for 2d indexes: {point:?}"),
            );
        };
        let is_in = |at: f64| at >= self.min && at <= self.max;
        if !is_in(position.x) || !is_in(position.y) {
            return refuse(Code(13027), format!("point not in interval of [ {}, {} ]: {point:?}", self.min, self.max));
        }
        Ok(interleave(self.index(position.x), self.index(position.y)))
    }

    /// The column, or the row, of a coordinate; the nearest one if it is outside.
    fn index(&self, at: f64) -> u32 {
        let count = 2_f64.powi(i32::try_from(self.bits).unwrap_or(32));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the columns there are")]
        let index = ((at - self.min) / (self.max - self.min) * count).clamp(0.0, count - 1.0) as u32;
        index
    }

    /// The ranges of keys that values matching a `$geoWithin` have one in; none if these indexes cannot tell, as for
    /// GeoJSON.
    pub(crate) fn of_within(&self, within: &Within) -> Option<Vec<KeyRange>> {
        match within.region() {
            Region::Planar(shape) => {
                let (low, high) = shape.bounds();
                Some(self.ranges(low, high, None))
            }
            Region::Cap { center, radius } => {
                let (longitude, latitude) = center.to_degrees();
                let (low, high) = bounds_of_cap(Position { x: longitude, y: latitude }, *radius);
                Some(self.ranges(low, high, None))
            }
            Region::Geometry(_) => None,
        }
    }

    /// The rings around the point of a `$near` with their ranges of keys.
    pub(crate) fn rings(&self, near: &Near) -> Rings<impl Fn(&Ring) -> Vec<KeyRange> + 'static> {
        let (grid, center, unit) = (*self, near.center(), near.unit());
        let ranges = move |ring: &Ring| {
            let radians = match unit {
                Unit::Plane => {
                    // Somewhat further, for what rounding does to distances.
                    let most = ring.most * (1.0 + 1e-12) + 1e-12 * (grid.max - grid.min);
                    let corner = |by: f64| Position { x: center.x + by, y: center.y + by };
                    let hole = (center, ring.least * (1.0 - 1e-12) - 1e-12 * (grid.max - grid.min));
                    return grid.ranges(corner(-most), corner(most), Some(hole));
                }
                Unit::Radians => ring.most,
                Unit::Metres => ring.most / EARTH_RADIUS_METRES,
            };
            let (low, high) = bounds_of_cap(center, radians);
            grid.ranges(low, high, None)
        };
        let corner = |x: f64, y: f64| center.distance(Position { x, y });
        let farthest = [(self.min, self.min), (self.min, self.max), (self.max, self.min), (self.max, self.max)];
        let (first, farthest) = match near.unit() {
            Unit::Plane => {
                let farthest = farthest.into_iter().map(|(x, y)| corner(x, y)).fold(0.0, f64::max);
                ((self.max - self.min) / 4096.0, farthest * (1.0 + 1e-9))
            }
            Unit::Radians => (2e-4, 3.2),
            Unit::Metres => (2e-4 * EARTH_RADIUS_METRES, 3.2 * EARTH_RADIUS_METRES),
        };
        Rings::new(near, first, farthest, ranges)
    }

    /// The ranges of the keys of points between two corners, but for those surely within a circle.
    fn ranges(&self, low: Position, high: Position, hole: Option<(Position, f64)>) -> Vec<KeyRange> {
        const MOST: usize = 32;
        if low.x > self.max || low.y > self.max || high.x < self.min || high.y < self.min {
            return Vec::new();
        }
        let area =
            Area { columns: (self.index(low.x), self.index(high.x)), rows: (self.index(low.y), self.index(high.y)) };
        let mut open = std::collections::VecDeque::from([Square { level: 0, column: 0, row: 0 }]);
        let mut found = Vec::new();
        while let Some(square) = open.pop_front() {
            let (columns, rows) = square.extent(self.bits);
            let overlaps = |(a, b): (u32, u32), (c, d): (u32, u32)| a <= d && c <= b;
            let is_within = |(a, b): (u32, u32), (c, d): (u32, u32)| c <= a && b <= d;
            if !overlaps(columns, area.columns) || !overlaps(rows, area.rows) {
                continue;
            }
            if hole.is_some_and(|(center, radius)| self.is_surely_within(columns, rows, center, radius)) {
                continue;
            }
            let all = hole.is_none() && is_within(columns, area.columns) && is_within(rows, area.rows);
            if all || square.level == self.bits || found.len() + open.len() + 4 > MOST {
                found.push((interleave(columns.0, rows.0), interleave(columns.1, rows.1)));
            } else {
                open.extend(square.children());
            }
        }
        merge(found)
    }

    /// Whether all points of a square are nearer to a centre than a radius.
    fn is_surely_within(&self, columns: (u32, u32), rows: (u32, u32), center: Position, radius: f64) -> bool {
        let width = (self.max - self.min) / 2_f64.powi(i32::try_from(self.bits).unwrap_or(32));
        let far = |(first, last): (u32, u32), at: f64| {
            let (low, high) = (self.min + f64::from(first) * width, self.min + (f64::from(last) + 1.0) * width);
            (at - low).abs().max((high - at).abs())
        };
        far(columns, center.x).hypot(far(rows, center.y)) < radius
    }
}

/// A square of the grid: one of `2^level` columns and rows.
#[derive(Debug, Clone, Copy)]
struct Square {
    level: u32,
    column: u32,
    row: u32,
}

impl Square {
    /// The columns and rows of the whole grid that it has.
    fn extent(self, bits: u32) -> ((u32, u32), (u32, u32)) {
        let below = bits - self.level;
        let span = |index: u32| {
            let first = u64::from(index) << below;
            let last = first + (1 << below) - 1;
            (u32::try_from(first).unwrap_or(u32::MAX), u32::try_from(last).unwrap_or(u32::MAX))
        };
        (span(self.column), span(self.row))
    }

    fn children(self) -> [Square; 4] {
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(right, up)| Square {
            level: self.level + 1,
            column: self.column << 1 | right,
            row: self.row << 1 | up,
        })
    }
}

fn interleave(column: u32, row: u32) -> u64 {
    super::cells::spread(column) << 1 | super::cells::spread(row)
}

/// Longitudes and latitudes between which a cap is: all longitudes if it has a pole or crosses the date line.
fn bounds_of_cap(center: Position, radius: f64) -> (Position, Position) {
    let all = (Position { x: -180.0, y: -90.0 }, Position { x: 180.0, y: 90.0 });
    let radius = radius + 1e-8;
    let latitude = center.y.to_radians();
    let (south, north) = ((latitude - radius).to_degrees(), (latitude + radius).to_degrees());
    if south <= -90.0 || north >= 90.0 || !radius.is_finite() {
        return if radius.is_finite() && radius < 3.0 {
            (Position { x: -180.0, y: south.max(-90.0) }, Position { x: 180.0, y: north.min(90.0) })
        } else {
            all
        };
    }
    let width = (radius.sin() / latitude.cos()).asin().to_degrees() + 1e-6;
    let (west, east) = (center.x - width, center.x + width);
    if width.is_nan() || west < -180.0 || east > 180.0 {
        return (Position { x: -180.0, y: south }, Position { x: 180.0, y: north });
    }
    (Position { x: west, y: south }, Position { x: east, y: north })
}
