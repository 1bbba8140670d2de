//! Whether a message is what one policy wants.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    elements::{ElementId, Elements},
    event::Event,
    pattern::Pattern,
};

/// How many elements are tried to go together, for one policy and one message: so many, and so many more for each
/// value. They are about as many as there are values where each array has its own path. Only a body that has many
/// arrays under one path comes near: the policy does not match it then.
const MOST_TRIES: usize = 10_000;
const MOST_TRIES_A_VALUE: usize = 4;

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

/// Fields that must all hold: a policy, or with `$or` one of those that it stands for. They are in the order of their
/// paths.
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
        let values: usize = self.fields.iter().map(|field| event.values(&field.path).len()).sum();
        let mut tries_left = MOST_TRIES + MOST_TRIES_A_VALUE * values;
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
                    tries_left = tries_left.checked_sub(1)?;
                    with(element);
                }
                if field.may_be_absent() && that_go_with(way, &present, &event.elements).next().is_none() {
                    with(Elements::NONE);
                }
                tries_left = tries_left.checked_sub(1)?;
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

/// Of a way only those elements that a value of a later field may be in conflict with: ways that differ in nothing else
/// are one.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{FilterPolicy, FilterScope, Forms};

    /// What the documentation says, tried in all ways: values for all fields of which no two are in different elements
    /// of one array.
    fn tried(fields: &[Field], event: &Event<'_>, taken: &[ElementId]) -> bool {
        let Some((field, rest)) = fields.split_first() else { return true };
        let goes = |element: ElementId| {
            let around = event.elements.around(element);
            taken.iter().flat_map(|other| event.elements.around(*other)).all(|(array, element)| {
                around.iter().all(|(other_array, other)| array != *other_array || element == *other)
            })
        };
        let that_go: Vec<_> = event.values(&field.path).iter().filter(|value| goes(value.element)).collect();
        that_go.iter().any(|value| {
            let wanted = field.patterns.iter().any(|pattern| pattern.wants(&value.scalar));
            wanted && tried(rest, event, &[taken, &[value.element]].concat())
        }) || (that_go.is_empty() && field.may_be_absent() && tried(rest, event, taken))
    }

    struct Dice(u64);

    impl Dice {
        fn throw(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }

        fn name(&mut self) -> &'static str {
            ["a", "b", "c", "a.b", "b.c"][self.throw(5) as usize]
        }

        fn value(&mut self, depth: u64) -> String {
            let count = self.throw(4);
            match self.throw(if depth == 0 { 2 } else { 6 }) {
                0 | 1 => self.throw(2).to_string(),
                2 | 3 => {
                    let values: Vec<_> = (0..count).map(|_| self.value(depth - 1)).collect();
                    format!("[{}]", values.join(","))
                }
                _ => self.object(depth - 1, count),
            }
        }

        fn object(&mut self, depth: u64, count: u64) -> String {
            let fields: Vec<_> = (0..count).map(|_| format!("\"{}\":{}", self.name(), self.value(depth))).collect();
            format!("{{{}}}", fields.join(","))
        }

        fn policy(&mut self, depth: u64) -> String {
            let patterns = ["[0]", "[1]", "[0,1]", "[{\"exists\":false}]", "[1,{\"exists\":false}]"];
            let fields: Vec<_> = (0..1 + self.throw(3))
                .map(|_| {
                    let name = self.name();
                    let inner = match self.throw(if depth == 0 { 1 } else { 2 }) {
                        0 => patterns[self.throw(5) as usize].to_owned(),
                        _ => self.policy(depth - 1),
                    };
                    format!("\"{name}\":{inner}")
                })
                .collect();
            format!("{{{}}}", fields.join(","))
        }
    }

    #[test]
    fn values_that_go_together_are_found_as_by_trying_all() {
        let mut dice = Dice(7);
        let mut wanted = 0;
        for _ in 0..12_000 {
            let (policy, body) = (dice.policy(2), dice.object(4, 4));
            let Ok(policy) = FilterPolicy::parse(&policy, FilterScope::MessageBody, Forms::Service) else { continue };
            let event = Event::of_body(&body);
            for alternative in policy.alternatives.iter() {
                let holds = alternative.holds(&event);
                assert_eq!(holds, tried(&alternative.fields, &event, &[]), "{policy:?} of {body}");
                wanted += usize::from(holds && !event.elements.is_empty());
            }
        }
        assert!(wanted > 200, "{wanted}");
    }

    #[test]
    fn large_arrays_are_no_burden() {
        let policy = r#"{"r": {"a": {"x": [1]}, "b": {"x": [{"exists": true}], "y": [2]}}}"#;
        let policy = FilterPolicy::parse(policy, FilterScope::MessageBody, Forms::Service).unwrap();
        let elements = [r#"{"x":1}"#; 5_000].join(",");
        assert!(!policy.matches(&Default::default(), &format!(r#"{{"r":[{{"a":[{elements}],"b":[{elements}]}}]}}"#)));
        // The same array in several spellings: there is no end to what may go together.
        let policy = r#"{"a": {"b": {"p": [1], "q": [1], "r": [1], "t": [2]}}}"#;
        let policy = FilterPolicy::parse(policy, FilterScope::MessageBody, Forms::Service).unwrap();
        let elements = [r#"{"p":1,"q":1,"r":1,"t":1}"#; 1000].join(",");
        let body = format!(
            r#"{{"a":{{"b":[{elements}],"b":[{elements}],"b":[{elements}]}},"a.b":[{elements}],"a.b":[{elements}],"a.b.t":2}}"#
        );
        assert!(!policy.matches(&Default::default(), &body));
    }
}
