//! Whether a message is what one policy wants.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    elements::{ElementId, Elements},
    event::Event,
    pattern::Pattern,
};

/// How many elements are tried to go together, for one policy and one message. Only a body that has the same array several
/// times under one path comes near: the policy does not match it.
const MOST_TRIES: usize = 1 << 20;

/// What a policy asks of one field: that one of these patterns wants one of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) path: Arc<str>,
    pub(super) patterns: Arc<[Pattern]>,
}

impl Field {
    pub(super) fn may_be_absent(&self) -> bool {
        self.patterns.contains(&Pattern::Absent)
    }
}

/// Fields that must all hold: a policy, or with `$or` one of those that it stands for. They are in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alternative {
    pub(super) fields: Box<[Field]>,
}

impl Alternative {
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        if self.fields.is_empty() {
            return true;
        }
        if event.is_unreadable() {
            return false;
        }
        if event.elements.is_empty() {
            return self.fields.iter().all(|field| field_holds(field, event));
        }
        self.goes_together(event).unwrap_or(false)
    }

    /// As `holds`, with values that go together. None if that takes too many tries.
    fn goes_together(&self, event: &Event<'_>) -> Option<bool> {
        let mut tries = 0;
        // The elements that the values of the fields so far were taken from: all ways to do so.
        let mut ways = BTreeSet::from([Vec::new()]);
        for (nth, field) in self.fields.iter().enumerate() {
            let values = event.values(&field.path);
            let wanted =
                values.iter().filter(|value| field.patterns.iter().any(|pattern| pattern.wants(&value.scalar)));
            let wanted: BTreeSet<ElementId> = wanted.map(|value| value.element).collect();
            let present: BTreeSet<ElementId> = values.iter().map(|value| value.element).collect();
            let later = self.fields.iter().skip(nth + 1).flat_map(|field| event.values(&field.path));
            let later: BTreeSet<ElementId> = later.map(|value| value.element).collect();

            let mut next_ways = BTreeSet::new();
            for way in &ways {
                let mut with = |element: ElementId| {
                    let next_way = way.iter().copied().chain([element]);
                    next_ways.insert(still_matters(next_way, &event.elements, &later));
                };
                for element in that_go_with(way, &wanted, &event.elements) {
                    tries += 1;
                    with(element);
                }
                if field.may_be_absent() && that_go_with(way, &present, &event.elements).next().is_none() {
                    with(Elements::NONE);
                }
                tries += 1;
                if tries > MOST_TRIES {
                    return None;
                }
            }
            ways = next_ways;
        }
        Some(!ways.is_empty())
    }
}

/// Whether a field holds in a message whose values all go together.
fn field_holds(field: &Field, event: &Event<'_>) -> bool {
    let values = event.values(&field.path);
    if values.is_empty() {
        return field.may_be_absent();
    }
    values.iter().any(|value| field.patterns.iter().any(|pattern| pattern.wants(&value.scalar)))
}

/// Whether a field holds in a message, or may hold because of what goes together.
pub(super) fn field_may_hold(field: &Field, event: &Event<'_>) -> bool {
    field_holds(field, event) || (!event.elements.is_empty() && field.may_be_absent())
}

/// Those of some elements that go together with all of a way.
fn that_go_with<'e>(
    way: &'e [ElementId],
    of: &'e BTreeSet<ElementId>,
    elements: &'e Elements,
) -> impl Iterator<Item = ElementId> + 'e {
    let innermost = way.last().copied().unwrap_or(Elements::NONE);
    let ranges = elements.ranges_with(innermost).into_iter().filter(|(from, to)| from < to);
    let with_innermost = ranges.flat_map(|(from, to)| of.range(from..to).copied());
    with_innermost.filter(|element| way.iter().all(|other| elements.go_together(*other, *element)))
}

/// Of a way only those elements that a value of a later field may be in conflict with: ways that differ in nothing else are one.
fn still_matters(
    way: impl Iterator<Item = ElementId>,
    elements: &Elements,
    later: &BTreeSet<ElementId>,
) -> Vec<ElementId> {
    let mut kept: Vec<ElementId> = way
        .map(|mut element| {
            while element != Elements::NONE {
                let (from, to) = elements.siblings(element);
                if later.range(from..to).next().is_some() {
                    break;
                }
                element = elements.parent(element);
            }
            element
        })
        .filter(|element| *element != Elements::NONE)
        .collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}
