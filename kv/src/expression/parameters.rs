//! Rules on which parameters of a request may be given together.

use super::Kind;
use super::error::ExpressionError;

/// Checks that a request does not mix expressions with the older parameters they replace, and gives names and values
/// only with expressions that can use them.
///
/// `expressions` lists all the operation takes, in the service's order, with what the request gives; `legacy` the names
/// of the older parameters and whether the request gives them. (`KeyConditions` may be used beside other expressions, so
/// list it only where there is a `KeyConditionExpression`.)
///
/// # Errors
/// A mixture, or names or values without an expression.
pub(crate) fn check_parameters(
    expressions: &[(Kind, Option<&str>)],
    legacy: &[(&str, bool)],
    names_given: bool,
    values_given: bool,
) -> Result<(), ExpressionError> {
    let given: Vec<&str> =
        expressions.iter().filter(|(_, text)| text.is_some()).map(|(kind, _)| kind.parameter()).collect();
    let older: Vec<&str> = legacy.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if !given.is_empty() && !older.is_empty() {
        return Err(ExpressionError::new(format!(
            "Can not use both expression and non-expression parameters in the same request: \
             Non-expression parameters: {{{}}} Expression parameters: {{{}}}",
            older.join(", "),
            given.join(", ")
        )));
    }
    if names_given && given.is_empty() {
        return Err(ExpressionError::new("ExpressionAttributeNames can only be specified when using expressions"));
    }
    let with_values: Vec<_> = expressions.iter().filter(|(kind, _)| *kind != Kind::Projection).collect();
    if values_given && !with_values.is_empty() && with_values.iter().all(|(_, text)| text.is_none()) {
        let parameters: Vec<&str> = with_values.iter().map(|(kind, _)| kind.parameter()).collect();
        return Err(ExpressionError::new(format!(
            "ExpressionAttributeValues can only be specified when using expressions: {} {} null",
            parameters.join(" and "),
            if parameters.len() > 1 { "are" } else { "is" }
        )));
    }
    Ok(())
}
