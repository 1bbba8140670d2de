//! Intervals of values, as the encoded components of index keys: what a condition leaves to be scanned.

use std::ops::Bound;

use bson::RawBsonRef;

use crate::{collation::Collation, index::encode::encode, value::Kind};

/// Values from one to another, in the ascending encoding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: Bound<Vec<u8>>,
    pub(crate) high: Bound<Vec<u8>>,
    /// Its ends as `explain` shows them: `[1.0` and `5.0)`.
    pub(crate) shown: (String, String),
}

impl Interval {
    /// All values.
    pub(crate) fn all() -> Interval {
        Interval { low: Bound::Unbounded, high: Bound::Unbounded, shown: ("[MinKey".to_owned(), "MaxKey]".to_owned()) }
    }

    pub(crate) fn point(value: RawBsonRef<'_>, collation: Option<&Collation>) -> Interval {
        let component = component(value, collation);
        let shown = show(value);
        Interval {
            low: Bound::Included(component.clone()),
            high: Bound::Included(component),
            shown: (format!("[{shown}"), format!("{shown}]")),
        }
    }

    /// All values of a class.
    pub(crate) fn class(kind: Kind) -> Interval {
        let (low, high) = match kind {
            Kind::Number => (component(RawBsonRef::Double(f64::NAN), None), vec![Kind::Number as u8 + 1]),
            kind => (vec![kind as u8], vec![kind as u8 + 1]),
        };
        Interval { low: Bound::Included(low), high: Bound::Excluded(high), shown: class_text(kind) }
    }

    pub(crate) fn is_all(&self) -> bool {
        self.low == Bound::Unbounded && self.high == Bound::Unbounded
    }

    pub(crate) fn is_point(&self) -> bool {
        matches!((&self.low, &self.high), (Bound::Included(low), Bound::Included(high)) if low == high)
    }

    /// As `explain` shows it: `[1.0, 5.0)`, or `(5.0, 1.0]` for a scan that goes the other way.
    pub(crate) fn text(&self, reverse: bool) -> String {
        let (low, high) = (&self.shown.0, &self.shown.1);
        if !reverse {
            return format!("{low}, {high}");
        }
        let open = if high.ends_with(']') { '[' } else { '(' };
        let close = if low.starts_with('[') { ']' } else { ')' };
        let end = high.strip_suffix([']', ')']).unwrap_or(high);
        let start = low.strip_prefix(['[', '(']).unwrap_or(low);
        format!("{open}{end}, {start}{close}")
    }

    fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Bound::Included(low), Bound::Included(high)) => low > high,
            // A component that starts with an excluded one is equal to it.
            (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high)) => low >= high,
            (Bound::Excluded(low), Bound::Included(high)) => low >= high,
            _ => false,
        }
    }

    fn intersect(&self, other: &Interval) -> Option<Interval> {
        let low_from_other = low_cmp(&other.low, &self.low).is_gt();
        let high_from_other = high_cmp(&other.high, &self.high).is_lt();
        let interval = Interval {
            low: if low_from_other { other.low.clone() } else { self.low.clone() },
            high: if high_from_other { other.high.clone() } else { self.high.clone() },
            shown: (
                if low_from_other { other.shown.0.clone() } else { self.shown.0.clone() },
                if high_from_other { other.shown.1.clone() } else { self.shown.1.clone() },
            ),
        };
        (!interval.is_empty()).then_some(interval)
    }

    /// Whether all of it is within another one.
    pub(crate) fn is_within(&self, other: &Interval) -> bool {
        low_cmp(&self.low, &other.low).is_ge() && high_cmp(&self.high, &other.high).is_le()
    }
}

fn class_text(kind: Kind) -> (String, String) {
    let (low, high) = match kind {
        Kind::Number => ("[nan", "inf]"),
        Kind::String => ("[\"\"", "{})"),
        Kind::Document => ("[{}", "[])"),
        Kind::Array => ("[[]", "BinData(0, ))"),
        Kind::Binary => ("[BinData(0, )", "ObjectId('000000000000000000000000'))"),
        Kind::ObjectId => ("[ObjectId('000000000000000000000000')", "ObjectId('ffffffffffffffffffffffff')]"),
        Kind::Bool => ("[false", "true]"),
        Kind::Date => ("[new Date(-9223372036854775808)", "new Date(9223372036854775807)]"),
        Kind::Timestamp => ("[Timestamp(0, 0)", "Timestamp(4294967295, 4294967295)]"),
        Kind::Regex => ("[//", "DBRef('', ObjectId('000000000000000000000000')))"),
        Kind::Null => ("[null", "null]"),
        Kind::Undefined => ("[undefined", "undefined]"),
        Kind::MinKey => ("[MinKey", "MinKey]"),
        Kind::MaxKey => ("[MaxKey", "MaxKey]"),
        Kind::DbPointer | Kind::Code | Kind::CodeWithScope => ("[", "]"),
    };
    (low.to_owned(), high.to_owned())
}

pub(crate) fn component(value: RawBsonRef<'_>, collation: Option<&Collation>) -> Vec<u8> {
    let mut component = Vec::with_capacity(16);
    encode(&mut component, value, collation);
    component
}

/// A value as `explain` shows it in bounds.
pub(crate) fn show(value: RawBsonRef<'_>) -> String {
    match value {
        RawBsonRef::Int32(value) => format!("{value}"),
        RawBsonRef::Int64(value) => format!("{value}"),
        RawBsonRef::Double(value) => {
            if value.is_nan() {
                "nan".to_owned()
            } else if value.is_infinite() {
                (if value > 0.0 { "inf" } else { "-inf" }).to_owned()
            } else {
                format!("{value:?}")
            }
        }
        RawBsonRef::String(text) => format!("{text:?}"),
        RawBsonRef::ObjectId(id) => format!("ObjectId('{id}')"),
        RawBsonRef::DateTime(date) => format!("new Date({})", date.timestamp_millis()),
        RawBsonRef::MinKey => "MinKey".to_owned(),
        RawBsonRef::MaxKey => "MaxKey".to_owned(),
        RawBsonRef::Null => "null".to_owned(),
        RawBsonRef::Undefined => "undefined".to_owned(),
        value => bson::Bson::try_from(value).map(|value| value.to_string()).unwrap_or_default(),
    }
}

fn low_cmp(a: &Bound<Vec<u8>>, b: &Bound<Vec<u8>>) -> std::cmp::Ordering {
    let key = |bound: &Bound<Vec<u8>>| match bound {
        Bound::Unbounded => (0, Vec::new(), 0),
        Bound::Included(value) => (1, value.clone(), 0),
        Bound::Excluded(value) => (1, value.clone(), 1),
    };
    key(a).cmp(&key(b))
}

fn high_cmp(a: &Bound<Vec<u8>>, b: &Bound<Vec<u8>>) -> std::cmp::Ordering {
    let key = |bound: &Bound<Vec<u8>>| match bound {
        Bound::Unbounded => (1, Vec::new(), 0),
        Bound::Included(value) => (0, value.clone(), 1),
        Bound::Excluded(value) => (0, value.clone(), 0),
    };
    key(a).cmp(&key(b))
}

/// Sorted intervals that do not overlap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Intervals(pub(crate) Vec<Interval>);

impl Intervals {
    pub(crate) fn all() -> Intervals {
        Intervals(vec![Interval::all()])
    }

    pub(crate) fn none() -> Intervals {
        Intervals(Vec::new())
    }

    pub(crate) fn is_all(&self) -> bool {
        matches!(&*self.0, [only] if only.is_all())
    }

    /// Whether there are points only.
    pub(crate) fn are_points(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(Interval::is_point)
    }

    pub(crate) fn is_one_point(&self) -> bool {
        matches!(&*self.0, [only] if only.is_point())
    }

    pub(crate) fn union(mut self, other: Intervals) -> Intervals {
        self.0.extend(other.0);
        self.0.sort_by(|a, b| low_cmp(&a.low, &b.low));
        let mut merged: Vec<Interval> = Vec::with_capacity(self.0.len());
        for interval in self.0 {
            match merged.last_mut() {
                Some(last) if touches(&last.high, &interval.low) => {
                    if high_cmp(&interval.high, &last.high).is_gt() {
                        last.shown.1 = interval.shown.1;
                        last.high = interval.high;
                    }
                }
                _ => merged.push(interval),
            }
        }
        Intervals(merged)
    }

    pub(crate) fn intersect(&self, other: &Intervals) -> Intervals {
        let mut found = Vec::new();
        for a in &self.0 {
            found.extend(other.0.iter().filter_map(|b| a.intersect(b)));
        }
        Intervals(found)
    }

    /// All values that are not in these.
    pub(crate) fn complement(&self) -> Intervals {
        let (mut found, mut low, mut shown_low) = (Vec::new(), Bound::Unbounded, "[MinKey".to_owned());
        for interval in &self.0 {
            let high = match &interval.low {
                Bound::Unbounded => None,
                Bound::Included(value) => Some(Bound::Excluded(value.clone())),
                Bound::Excluded(value) => Some(Bound::Included(value.clone())),
            };
            if let Some(high) = high {
                let edge = interval.shown.0.strip_prefix(['[', '(']).unwrap_or_default();
                let close = if matches!(high, Bound::Excluded(_)) { ')' } else { ']' };
                let gap = Interval { low, high, shown: (shown_low, format!("{edge}{close}")) };
                if !gap.is_empty() {
                    found.push(gap);
                }
            }
            low = match &interval.high {
                Bound::Unbounded => return Intervals(found),
                Bound::Included(value) => Bound::Excluded(value.clone()),
                Bound::Excluded(value) => Bound::Included(value.clone()),
            };
            let edge = interval.shown.1.strip_suffix([']', ')']).unwrap_or_default();
            shown_low = format!("{}{edge}", if matches!(low, Bound::Excluded(_)) { '(' } else { '[' });
        }
        found.push(Interval { low, high: Bound::Unbounded, shown: (shown_low, "MaxKey]".to_owned()) });
        Intervals(found)
    }

    /// Whether a component is within one of them.
    pub(crate) fn hold(&self, component: &[u8]) -> bool {
        self.0.iter().any(|interval| {
            let above = match &interval.low {
                Bound::Unbounded => true,
                Bound::Included(low) => component >= low.as_slice(),
                Bound::Excluded(low) => component > low.as_slice(),
            };
            let below = match &interval.high {
                Bound::Unbounded => true,
                Bound::Included(high) => component <= high.as_slice(),
                Bound::Excluded(high) => component < high.as_slice(),
            };
            above && below
        })
    }

    /// Whether each of these is within one of the others.
    pub(crate) fn are_within(&self, other: &Intervals) -> bool {
        self.0.iter().all(|interval| other.0.iter().any(|wide| interval.is_within(wide)))
    }
}

fn touches(high: &Bound<Vec<u8>>, low: &Bound<Vec<u8>>) -> bool {
    match (high, low) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(high), Bound::Included(low) | Bound::Excluded(low))
        | (Bound::Excluded(high), Bound::Included(low)) => high >= low,
        (Bound::Excluded(high), Bound::Excluded(low)) => high > low,
    }
}
