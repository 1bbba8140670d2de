//! How much a policy may ask, and what it stands for with `$or` resolved.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::{
        evaluate::{Alternative, Field},
        pattern::Pattern,
        policy::{FilterScope, PolicyError},
    },
    fields::Asked,
};

/// The longest policy.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// How deep objects may nest, those of `$or` with them. Whatever is deeper has more combinations than allowed: a nested
/// field has at least as many as it is deep, and an `$or` at least one more than the `$or` in it.
pub(super) const MOST_DEPTH: usize = 320;

/// The most keys at the top of a policy.
const MOST_KEYS: usize = 5;

/// The most combinations of values.
const MOST_COMBINATIONS: u64 = 150;

/// The most fields in all alternatives.
const MOST_FIELDS: u64 = 10_000;

/// Holds a policy against the limits of the service.
pub(super) fn check(asked: &[Asked], scope: FilterScope) -> Result<(), PolicyError> {
    let keys: BTreeSet<&str> = asked.iter().map(top).collect();
    if keys.len() > MOST_KEYS {
        return Err(PolicyError::new("Filter policy can not have more than 5 keys"));
    }
    if scope == FilterScope::MessageAttributes && asked.iter().any(is_nested) {
        let message = "Filter policy scope MessageAttributes does not support nested filter policy".into();
        return Err(PolicyError { message, is_of_scope: true });
    }
    let (alternatives, fields) = size(asked);
    if combinations(asked) > MOST_COMBINATIONS || alternatives.saturating_mul(fields) > MOST_FIELDS {
        return Err(PolicyError::too_complex());
    }
    Ok(())
}

fn top(asked: &Asked) -> &str {
    match asked {
        Asked::Field { top, .. } => top,
        Asked::Or(alternatives) => alternatives.iter().flatten().next().map_or("$or", top),
    }
}

fn is_nested(asked: &Asked) -> bool {
    match asked {
        Asked::Field { depth, .. } => *depth > 1,
        Asked::Or(alternatives) => alternatives.iter().flatten().any(is_nested),
    }
}

fn combinations(asked: &[Asked]) -> u64 {
    asked.iter().fold(1, |all, asked| {
        all.saturating_mul(match asked {
            Asked::Field { patterns, depth, .. } => (patterns.len() as u64).saturating_mul(*depth),
            Asked::Or(alternatives) => {
                alternatives.iter().fold(0, |sum: u64, one| sum.saturating_add(combinations(one)))
            }
        })
    })
}

/// How many alternatives there will be, and how many fields one has at most.
fn size(asked: &[Asked]) -> (u64, u64) {
    asked.iter().fold((1, 0), |(alternatives, fields), asked| match asked {
        Asked::Field { .. } => (alternatives, fields + 1),
        Asked::Or(inner) => {
            let sizes = inner.iter().map(|one| size(one));
            let (sum, most) =
                sizes.fold((0_u64, 0), |(sum, most), (count, fields)| (sum.saturating_add(count), most.max(fields)));
            (alternatives.saturating_mul(sum), fields + most)
        }
    })
}

type Fields = BTreeMap<Arc<str>, Arc<[Pattern]>>;

/// What a policy within the limits stands for. A field that is asked twice in one alternative is asked as it stands
/// last.
pub(super) fn alternatives(asked: &[Asked]) -> Vec<Alternative> {
    let fields_of = |fields: Fields| fields.into_iter().map(|(path, patterns)| Field { path, patterns }).collect();
    resolved(asked, vec![Fields::new()]).into_iter().map(|fields| Alternative { fields: fields_of(fields) }).collect()
}

fn resolved(asked: &[Asked], so_far: Vec<Fields>) -> Vec<Fields> {
    asked.iter().fold(so_far, |mut so_far, asked| match asked {
        Asked::Field { path, patterns, .. } => {
            for fields in &mut so_far {
                fields.insert(Arc::clone(path), Arc::clone(patterns));
            }
            so_far
        }
        Asked::Or(alternatives) => alternatives.iter().flat_map(|one| resolved(one, so_far.clone())).collect(),
    })
}
