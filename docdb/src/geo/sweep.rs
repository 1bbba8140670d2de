//! Whether any two of many segments cross, without trying all pairs.

use crate::geo::vector::{Segment, TOUCH};

/// A box around a segment.
struct Bound {
    segment: Segment,
    low: [f64; 3],
    high: [f64; 3],
}

impl Bound {
    fn new(segment: Segment) -> Bound {
        let Segment { a, b } = segment;
        // How far the arc rises above its chord.
        let rise = 1.0 - (segment.angle() / 2.0).cos() + TOUCH;
        let corner =
            |pick: fn(f64, f64) -> f64, by: f64| [pick(a.x, b.x) + by, pick(a.y, b.y) + by, pick(a.z, b.z) + by];
        Bound { segment, low: corner(f64::min, -rise), high: corner(f64::max, rise) }
    }

    fn overlaps(&self, other: &Bound) -> bool {
        let pairs = self.low.iter().zip(&self.high).zip(other.low.iter().zip(&other.high));
        pairs.into_iter().all(|((low, high), (other_low, other_high))| low <= other_high && other_low <= high)
    }
}

/// Whether any two segments cross other than at a common end.
pub(crate) fn crosses(segments: &[Segment]) -> bool {
    let mut bounds: Vec<Bound> = segments.iter().copied().map(Bound::new).collect();
    bounds.sort_by(|a, b| a.low[0].total_cmp(&b.low[0]));
    bounds.iter().enumerate().any(|(index, bound)| {
        let others = bounds.iter().skip(index + 1).take_while(|other| other.low[0] <= bound.high[0]);
        others.filter(|other| bound.overlaps(other)).any(|other| properly(bound.segment, other.segment))
    })
}

fn properly(one: Segment, other: Segment) -> bool {
    let meet = one.a == other.a || one.a == other.b || one.b == other.a || one.b == other.b;
    !meet && one.crossing(other).is_some()
}
