//! `let` of commands: variables whose values are known before any document is read.

use bson::{RawBson, RawDocument};

use crate::{
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names, path::check_variable_name},
    value::{empty, fields},
};

/// How many variables a command may define: each makes the next one's dearer.
const MAX_VARIABLES: usize = 2_000;

/// The context with the variables that a command's `let` defines, each of which may use those before it.
///
/// # Errors
/// [`Code::FAILED_TO_PARSE`] and 4738901 for names that may not be used, 4890500 for values that read a field, 51144 for
/// values that read a variable of the system, and what the expressions refuse.
pub(crate) fn command_let(defined: &RawDocument, context: &Context) -> Result<Context> {
    let mut context = context.clone();
    let metadata = Metadata::default();
    if fields(defined).nth(MAX_VARIABLES).is_some() {
        return refuse(Code::BAD_VALUE, format!("let defines more than {MAX_VARIABLES} variables"));
    }
    for (name, value) in fields(defined) {
        if matches!(name, "NOW" | "CLUSTER_TIME" | "JS_SCOPE" | "IS_MR" | "USER_ROLES") {
            return refuse(Code(4_738_901), format!("Attempt to set internal constant: {name}"));
        }
        check_variable_name(name)?;
        let expression = Expression::parse_within(value, &Names::new(&context).without_clock())?;
        let reads = expression.fields();
        if reads.paths().is_none_or(|paths| !paths.is_empty()) || !reads.metadata().is_empty() {
            return refuse(
                Code(4_890_500),
                "Command let Expression tried to access a field, but this is not allowed because Command let Expressions \
                 run before the query examines any documents.",
            );
        }
        let value = expression.evaluate(&Env::new(&context, empty(), &metadata))?.into_owned();
        // No value at all is the one that is nearest to it: the name is known, and there is nothing to it.
        let variable = (name.into(), value.unwrap_or(RawBson::Undefined));
        context.variables = context.variables.iter().cloned().chain([variable]).collect();
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use bson::{Bson, RawDocumentBuf, bson, doc};

    use super::*;
    use crate::expression::testing::{Yields, context, evaluate_in};

    #[test]
    fn variables_are_defined_one_after_the_other() {
        let defined = RawDocumentBuf::try_from(&doc! { "a": 1, "b": ["$$a", { "$literal": "$x" }] }).unwrap();
        let context = command_let(&defined, &context()).unwrap();
        assert_eq!(evaluate_in("$$b", &doc! {}, &context), Yields::Value(bson!([1, "$x"])));
    }

    #[test]
    fn what_is_not_known_before_the_first_document_is_refused() {
        let table = [
            (doc! { "": 1 }, 9),
            (doc! { "a-b": 1 }, 9),
            (doc! { "A": 1 }, 9),
            (doc! { "ROOT": 1 }, 9),
            (doc! { "REMOVE": 1 }, 9),
            (doc! { "NOW": 1 }, 4_738_901),
            (doc! { "CLUSTER_TIME": 1 }, 4_738_901),
            (doc! { "a": "$$b", "b": 1 }, 17276),
            (doc! { "a": "$x" }, 4_890_500),
            (doc! { "a": "$$ROOT" }, 4_890_500),
            (doc! { "a": { "$meta": "textScore" } }, 4_890_500),
            (doc! { "a": "$$NOW" }, 51144),
            (doc! { "a": ["$$CLUSTER_TIME"] }, 51144),
            (doc! { "a": { "$size": Bson::Null } }, 17124),
        ];
        for (defined, code) in table {
            let raw = RawDocumentBuf::try_from(&defined).unwrap();
            assert_eq!(command_let(&raw, &context()).unwrap_err().code().0, code, "{defined}");
        }
    }
}
