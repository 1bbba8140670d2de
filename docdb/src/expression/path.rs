//! Field paths and variables: `$a.b`, `$$ROOT`, `$$this.c`.

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, Timestamp};

use crate::{
    error::{Code, Result, refuse},
    expression::{Dependencies, Env, Evaluate, Expression, Names},
    value::{ArrayBuilder, Part, Path, Value, field, items},
};

/// How many components a path may have.
const MAX_PARTS: usize = 200;

#[derive(Debug)]
enum Start {
    Root,
    Local(usize),
    Let(Box<str>),
    Now,
    ClusterTime,
    UserRoles,
    /// `$$REMOVE`, and `$$SEARCH_META` where nothing was searched.
    Nothing,
}

#[derive(Debug)]
struct FieldPath {
    start: Start,
    path: Option<Path>,
}

pub(super) fn parse(text: &str, names: &Names<'_>) -> Result<Expression> {
    let Some(variable) = text.strip_prefix("$$") else {
        let path = text.strip_prefix('$').unwrap_or(text);
        if path.is_empty() {
            return refuse(Code(16872), "'$' by itself is not a valid FieldPath");
        }
        let start = names.local("CURRENT").map_or(Start::Root, Start::Local);
        return Ok(Expression::new(FieldPath { start, path: Some(parse_path(path)?) }));
    };
    let (name, path) = variable.split_once('.').map_or((variable, None), |(name, path)| (name, Some(path)));
    check_name(name, |first| first.is_ascii_alphabetic())?;
    let start = match (name, names.local(name)) {
        ("CURRENT", None) | ("ROOT", _) => Start::Root,
        (_, Some(distance)) => Start::Local(distance),
        ("NOW" | "CLUSTER_TIME", None) if !names.has_clock() => {
            return refuse(Code(51144), format!("Builtin variable '$${name}' is not available"));
        }
        ("NOW", None) => Start::Now,
        ("CLUSTER_TIME", None) => Start::ClusterTime,
        ("USER_ROLES", None) => Start::UserRoles,
        ("REMOVE" | "SEARCH_META", None) => Start::Nothing,
        (name, None) if names.context.variable(name).is_some() => Start::Let(name.into()),
        (name, None) => return refuse(Code(17276), format!("Use of undefined variable: {name}")),
    };
    // What follows a variable's dot is checked as the end of one path: `$$x.` ends with a dot.
    let path = path
        .map(|path| {
            if path.is_empty() {
                return refuse(Code(40353), "FieldPath must not end with a '.'.");
            }
            parse_path(path)
        })
        .transpose()?;
    Ok(Expression::new(FieldPath { start, path }))
}

/// Parses a dotted path of field names by the rules of expressions and projections.
///
/// # Errors
/// 40352 for an empty one, 40353 for a dot at its end, 15998 for an empty component, 16410 for one that begins with a
/// dollar sign, 16411 for one with a NUL, [`Code::OVERFLOW`] for more than 200 components.
pub(crate) fn parse_path(text: &str) -> Result<Path> {
    if text.is_empty() {
        return refuse(Code(40352), "FieldPath cannot be constructed with empty string");
    }
    if text.ends_with('.') {
        return refuse(Code(40353), "FieldPath must not end with a '.'.");
    }
    if text.split('.').nth(MAX_PARTS).is_some() {
        return refuse(Code::OVERFLOW, "FieldPath is too long");
    }
    for name in text.split('.') {
        check_field_name(name)?;
    }
    Path::parse(text)
}

/// Whether a name may be a component of a path, or the name of a field that an object in an expression makes.
///
/// # Errors
/// 15998, 16410, 16411, 16412.
pub(crate) fn check_field_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return refuse(Code(15998), "FieldPath field names may not be empty strings.");
    }
    // The names of a reference to another document are let through.
    if name.starts_with('$') && !matches!(name, "$id" | "$ref" | "$db") {
        return refuse(
            Code(16410),
            format!("FieldPath field names may not start with '$'. Consider using $getField or $setField: {name}"),
        );
    }
    if name.contains('\0') {
        return refuse(Code(16411), "FieldPath field names may not contain '\\0'.");
    }
    if name.contains('.') {
        return refuse(
            Code(16412),
            "FieldPath field names may not contain '.'. Consider using $getField or $setField.",
        );
    }
    Ok(())
}

/// Whether a user may define a variable of this name: by `let`, `$let`, `as`. Of the system's names it is `CURRENT` alone.
///
/// # Errors
/// [`Code::FAILED_TO_PARSE`].
pub(crate) fn check_variable_name(name: &str) -> Result<()> {
    if name == "CURRENT" {
        return Ok(());
    }
    check_name(name, |first| first.is_ascii_lowercase())
}

fn check_name(name: &str, may_begin: fn(char) -> bool) -> Result<()> {
    let mut letters = name.chars();
    let Some(first) = letters.next() else {
        return refuse(Code::FAILED_TO_PARSE, "empty variable names are not allowed");
    };
    if first.is_ascii() && !may_begin(first) {
        return refuse(
            Code::FAILED_TO_PARSE,
            format!("'{name}' starts with an invalid character for a user variable name"),
        );
    }
    if letters.any(|letter| letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_') {
        return refuse(Code::FAILED_TO_PARSE, format!("'{name}' contains an invalid character for a variable name"));
    }
    Ok(())
}

impl Evaluate for FieldPath {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let start = match &self.start {
            Start::Root => Value::Ref(RawBsonRef::Document(env.root)),
            Start::Local(distance) => env.local(*distance),
            Start::Let(name) => Value::from(env.context.variable(name).map(RawBson::as_raw_bson_ref)),
            Start::Now => Value::Ref(RawBsonRef::DateTime(env.context.now_bson())),
            Start::ClusterTime => Value::Ref(RawBsonRef::Timestamp(Timestamp {
                time: u32::try_from(env.context.now.as_secs()).unwrap_or(u32::MAX),
                increment: 1,
            })),
            Start::UserRoles => Value::Owned(RawBson::Array(RawArrayBuf::new())),
            Start::Nothing => Value::Missing,
        };
        let Some(path) = &self.path else { return Ok(start) };
        match start {
            Value::Ref(value) => Ok(walk(value, path.parts())),
            Value::Owned(value) => {
                Ok(walk(value.as_raw_bson_ref(), path.parts()).into_owned().map_or(Value::Missing, Value::Owned))
            }
            Value::Missing => Ok(Value::Missing),
        }
    }

    fn dependencies(&self, found: &mut Dependencies) {
        match (&self.start, &self.path) {
            (Start::Root, Some(path)) => found.path(path),
            (Start::Root, None) => found.everything(),
            _ => {}
        }
    }
}

/// Follows a path into documents; in an array, into the documents among its items, which yields an array. Numbers in a
/// path are names, not indexes.
pub(crate) fn walk<'a>(value: RawBsonRef<'a>, parts: &[Part]) -> Value<'a> {
    let Some((part, rest)) = parts.split_first() else { return Value::Ref(value) };
    match value {
        RawBsonRef::Document(document) => step(document, &part.name, rest),
        RawBsonRef::Array(array) => {
            let mut found = ArrayBuilder::new();
            for item in items(array) {
                // Arrays directly within arrays are not looked into.
                let RawBsonRef::Document(document) = item else { continue };
                if let Some(value) = step(document, &part.name, rest).get() {
                    found.push(value);
                }
            }
            Value::Owned(RawBson::Array(found.finish()))
        }
        _ => Value::Missing,
    }
}

fn step<'a>(document: &'a RawDocument, name: &str, rest: &[Part]) -> Value<'a> {
    field(document, name).map_or(Value::Missing, |value| walk(value, rest))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bson::{Bson, RawBson, RawDocumentBuf, bson, doc};

    use crate::{
        expression::{
            Expression,
            testing::{Yields, check, context, evaluate_in, fails, missing, yields},
        },
        value::field,
    };

    #[test]
    fn paths_lead_into_documents_and_into_the_documents_of_arrays() {
        let document = doc! {
            "a": { "b": 1, "0": "zero" }, "c": [{ "b": 1 }, { "x": 2 }, 3, [{ "b": 4 }], { "b": [{ "d": 5 }] }],
            "n": null, "e": [],
        };
        check(
            &document,
            [
                yields("$a.b", 1),
                yields("$a.0", "zero"),
                yields("$c.b", bson!([1, [{ "d": 5 }]])),
                yields("$c.b.d", bson!([[5]])),
                yields("$c.0", bson!([])),
                yields("$e.x", bson!([])),
                yields("$n", Bson::Null),
                missing("$n.x"),
                missing("$a.b.c"),
                missing("$nothing"),
                yields("$$ROOT.a.b", 1),
                yields("$$CURRENT.a.b", 1),
                missing("$$REMOVE"),
                missing("$$REMOVE.a"),
                yields("$$NOW", Bson::DateTime(bson::DateTime::from_millis(1_700_000_000_000))),
                yields("$$USER_ROLES", bson!([])),
            ],
        );
    }

    #[test]
    fn malformed_paths_and_variables_are_refused() {
        let long = format!("$a{}", ".a".repeat(200));
        check(
            &doc! {},
            [
                fails("$", 16872),
                fails("$$", 9),
                fails("$$.", 9),
                fails("$$$", 9),
                fails("$$$a", 9),
                fails("$$1a", 9),
                fails("$$_a", 9),
                fails("$$a-b", 9),
                fails("$.", 40353),
                fails("$.a", 15998),
                fails("$a.", 40353),
                fails("$a..b", 15998),
                fails("$a.$b", 16410),
                fails("$$ROOT.$a", 16410),
                fails("$$ROOT.", 40353),
                fails("$$ROOT..a", 15998),
                fails("$a\0b", 16411),
                fails("$$nothing", 17276),
                fails("$$root.a", 17276),
                fails("$$ROOT2", 17276),
                fails("$$PRUNE", 17276),
                fails("$$JS_SCOPE", 17276),
                fails(long, 15),
            ],
        );
    }

    #[test]
    fn variables_of_the_command_are_seen() {
        let mut context = context();
        context.variables = Arc::new([("x".into(), RawBson::Int32(7))]);
        assert_eq!(evaluate_in("$$x", &doc! {}, &context), Yields::Value(bson!(7)));
        assert_eq!(evaluate_in("$$x.a", &doc! {}, &context), Yields::Missing);
    }

    #[test]
    fn an_expression_knows_which_paths_it_reads() {
        let reads = |expression: Bson| {
            let document = RawDocumentBuf::try_from(&doc! { "e": expression }).unwrap();
            let parsed = Expression::parse(field(&document, "e").unwrap(), &context()).unwrap().fields();
            parsed.paths().map(|paths| paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let some = |paths: &[&str]| Some(paths.iter().map(ToString::to_string).collect::<Vec<_>>());
        let table = [
            (bson!("$a.b"), some(&["a.b"])),
            (bson!("$$ROOT.a"), some(&["a"])),
            (bson!("$$ROOT"), None),
            (bson!({ "$eq": ["$a", { "$size": "$b.c" }] }), some(&["a", "b.c"])),
            (bson!({ "x": ["$a", 1] }), some(&["a"])),
            (bson!({ "$map": { "input": "$a", "in": { "$eq": ["$$this.x", "$b"] } } }), some(&["a", "b"])),
            (bson!({ "$let": { "vars": { "CURRENT": "$a" }, "in": "$b" } }), some(&["a"])),
            (bson!({ "$getField": "a" }), some(&["a"])),
            (bson!({ "$getField": "a.b" }), None),
            (bson!({ "$meta": "textScore" }), some(&[])),
            (bson!(5), some(&[])),
        ];
        for (expression, expected) in table {
            assert_eq!(reads(expression.clone()), expected, "{expression}");
        }
    }
}
