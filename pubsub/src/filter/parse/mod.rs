//! From text to alternatives: read as JSON, read as a policy, held against the limits, and `$or` resolved.

mod conditions;
mod fields;
mod limits;
mod tokens;

use super::{
    evaluate::Alternative,
    policy::{FilterScope, Forms, PolicyError},
};
use fields::{Failure, Or};
use tokens::Tokens;

/// What a policy stands for: one of these must hold.
pub(super) fn alternatives(text: &str, scope: FilterScope, forms: Forms) -> Result<Vec<Alternative>, PolicyError> {
    if text.trim_ascii().is_empty() {
        return Ok(vec![Alternative { fields: Box::default() }]);
    }
    if text.len() > limits::MOST_BYTES {
        return Err(PolicyError::too_complex());
    }
    let tokens = Tokens::read(text)?;
    if tokens.is_empty_object() {
        return Ok(vec![Alternative { fields: Box::default() }]);
    }
    let asked = match fields::read(tokens.clone(), forms, Or::IsOperator) {
        Err(Failure::OrIsName) => fields::read(tokens, forms, Or::IsName),
        asked => asked,
    };
    let asked = asked.map_err(|failure| match failure {
        Failure::Refused(error) => error,
        Failure::OrIsName => PolicyError::too_complex(), // It is not asked whether it is an operator.
    })?;
    limits::check(&asked, scope)?;
    Ok(limits::alternatives(&asked))
}
