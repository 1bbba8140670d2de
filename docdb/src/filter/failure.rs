//! Why a document does not match a filter: `details` of the server's error 121.
//!
//! Source: <https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/>.

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, raw::RawArray};

use crate::{
    context::{Context, Metadata},
    error::Result,
    expression::{Env, Expression, truth::truthy},
    filter::{
        matches::Matcher,
        parse::{Parser, is_operators},
        schema::Schema,
        tree::Node,
        walk::{self, Leaf},
    },
    value::{ArrayBuilder, DocumentBuilder, Kind, Path, fields, items, type_name},
};

/// Explains one document.
pub(super) struct Explainer<'e> {
    context: &'e Context,
    document: &'e RawDocument,
}

/// One operator of a filter, as it was written.
struct Clause<'c> {
    /// The field's path, if it is on a field.
    path: Option<&'c str>,
    operator: &'c str,
    value: RawBsonRef<'c>,
    /// `{ path: value }` without an operator.
    implicit: bool,
    /// The operators beside it, which may be its options.
    siblings: Option<&'c RawDocument>,
}

/// Whether it is explained why something does not match, or why it does although it should not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Match,
    NoMatch,
}

impl Wanted {
    fn inverse(self) -> Wanted {
        match self {
            Wanted::Match => Wanted::NoMatch,
            Wanted::NoMatch => Wanted::Match,
        }
    }
}

impl<'e> Explainer<'e> {
    pub(super) fn new(context: &'e Context, document: &'e RawDocument) -> Self {
        Explainer { context, document }
    }

    /// Why the document does not match a filter that has been parsed.
    pub(super) fn explain(&self, filter: &RawDocument) -> Result<RawDocumentBuf> {
        self.filter(filter, Wanted::Match)
    }

    fn filter(&self, filter: &RawDocument, wanted: Wanted) -> Result<RawDocumentBuf> {
        let clauses = clauses(filter);
        match clauses.as_slice() {
            [only] => self.clause(only, wanted),
            clauses => self.conjunction(clauses, wanted),
        }
    }

    fn conjunction(&self, clauses: &[Clause<'_>], wanted: Wanted) -> Result<RawDocumentBuf> {
        let mut found = ArrayBuilder::new();
        for (index, clause) in (0..).zip(clauses) {
            if self.clause_matches(clause)? == (wanted == Wanted::NoMatch) {
                found.push(&*indexed(index, &self.clause(clause, wanted)?));
            }
        }
        let mut details = operator("$and");
        append_array(&mut details, name_of_list(wanted), found.finish());
        Ok(details.finish())
    }

    fn clause(&self, clause: &Clause<'_>, wanted: Wanted) -> Result<RawDocumentBuf> {
        match (clause.operator, clause.value) {
            (name @ ("$and" | "$or"), RawBsonRef::Array(array)) => self.list(name, array, wanted),
            ("$nor", RawBsonRef::Array(array)) => self.list("$nor", array, wanted.inverse()),
            ("$not", RawBsonRef::Document(inner)) => {
                let inner = operators(clause.path.unwrap_or(""), inner);
                let inner = match inner.as_slice() {
                    [only] => self.clause(only, wanted.inverse())?,
                    all => self.conjunction(all, wanted.inverse())?,
                };
                let mut details = operator("$not");
                details.append("details", &*inner);
                Ok(details.finish())
            }
            ("$jsonSchema", value) if wanted == Wanted::Match => Schema::parse(value)?.explain(self.document),
            ("$jsonSchema", _) => {
                let mut details = operator("$jsonSchema");
                details.append("reason", "schema matched");
                Ok(details.finish())
            }
            ("$expr", value) if clause.path.is_none() => {
                let mut details = clause.details();
                details.append(
                    "reason",
                    match wanted {
                        Wanted::Match => "expression did not match",
                        Wanted::NoMatch => "expression did match",
                    },
                );
                let expression = Expression::parse(value, self.context)?;
                let metadata = Metadata::default();
                let result = expression.evaluate(&Env::new(self.context, self.document, &metadata))?;
                if let Some(result) = result.get() {
                    details.append("expressionResult", result);
                }
                Ok(details.finish())
            }
            _ => self.leaf(clause, wanted),
        }
    }

    fn list(&self, name: &str, array: &RawArray, wanted: Wanted) -> Result<RawDocumentBuf> {
        let mut found = ArrayBuilder::new();
        for (index, item) in (0..).zip(items(array)) {
            let RawBsonRef::Document(filter) = item else { continue };
            if self.matches(&Parser::new(self.context).document(filter)?)? == (wanted == Wanted::NoMatch) {
                found.push(&*indexed(index, &self.filter(filter, wanted)?));
            }
        }
        let mut details = operator(name);
        append_array(&mut details, name_of_list(wanted), found.finish());
        Ok(details.finish())
    }

    fn leaf(&self, clause: &Clause<'_>, wanted: Wanted) -> Result<RawDocumentBuf> {
        let mut details = clause.details();
        let Some(path) = clause.path else {
            details.append("reason", "expression always evaluates to false");
            return Ok(details.finish());
        };
        let (failed, succeeded, leaf) = reasons(clause.operator);
        // These are contraries of operators: what they refuse is a match.
        let matched = match clause.operator {
            "$ne" | "$nin" | "$not" => wanted == Wanted::Match,
            "$exists" => (wanted == Wanted::Match) != truthy(Some(clause.value)),
            _ => wanted == Wanted::NoMatch,
        };
        if clause.operator == "$exists" {
            details.append("reason", if matched { succeeded } else { failed });
            return Ok(details.finish());
        }
        let values = self.values(&Path::parse(path)?, leaf)?;
        let mismatch = !matched && !values.is_empty() && mismatched(clause, &values);
        details.append(
            "reason",
            match (matched, values.is_empty(), mismatch) {
                (true, ..) => succeeded,
                (false, true, _) => "field was missing",
                (false, false, true) => "type did not match",
                (false, false, false) => failed,
            },
        );
        considered(&mut details, &values, mismatch || clause.operator == "$type");
        if mismatch {
            expected(&mut details, clause);
        }
        Ok(details.finish())
    }

    fn values(&self, path: &Path, leaf: Leaf) -> Result<Vec<RawBsonRef<'e>>> {
        let mut values = Vec::new();
        walk::document(self.document, path.parts(), leaf, None, &mut |value, _| {
            values.extend(value);
            Ok(false)
        })?;
        Ok(values)
    }

    fn clause_matches(&self, clause: &Clause<'_>) -> Result<bool> {
        self.matches(&Parser::new(self.context).document(&clause.filter())?)
    }

    fn matches(&self, node: &Node) -> Result<bool> {
        Matcher::new(self.context, self.context.collation.as_deref(), self.document).document(
            node,
            self.document,
            &mut None,
        )
    }
}

impl Clause<'_> {
    /// The clause as a filter of its own.
    fn filter(&self) -> RawDocumentBuf {
        let mut filter = DocumentBuilder::new();
        match self.path {
            None => filter.append(self.operator, self.value),
            Some(path) if self.implicit => filter.append(path, self.value),
            Some(path) => {
                let mut operators = DocumentBuilder::new();
                operators.append(self.operator, self.value);
                if self.operator == "$regex"
                    && let Some(options) = self.siblings.and_then(|all| crate::value::field(all, "$options"))
                {
                    operators.append("$options", options);
                }
                filter.append(path, &*operators.finish());
            }
        }
        filter.finish()
    }

    fn details(&self) -> DocumentBuilder {
        let mut details = operator(match (self.implicit, self.value) {
            (true, RawBsonRef::RegularExpression(_)) => "$regex",
            _ => self.operator,
        });
        details.append("specifiedAs", &*self.filter());
        details
    }
}

/// The clauses of a filter, those of one field one by one.
fn clauses(filter: &RawDocument) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    for (name, value) in fields(filter) {
        if matches!(name, "$comment" | "$alwaysTrue") {
            continue;
        }
        if name.starts_with('$') && !matches!(name, "$ref" | "$id" | "$db") {
            clauses.push(Clause { path: None, operator: name, value, implicit: false, siblings: None });
        } else if !name.starts_with('$')
            && let Some(all) = is_operators(value, false)
        {
            clauses.extend(operators(name, all));
        } else {
            let operator = if Kind::of(value) == Kind::Regex { "$regex" } else { "$eq" };
            clauses.push(Clause { path: Some(name), operator, value, implicit: true, siblings: None });
        }
    }
    clauses
}

fn operators<'c>(path: &'c str, operators: &'c RawDocument) -> Vec<Clause<'c>> {
    let has_regex = crate::value::field(operators, "$regex").is_some();
    fields(operators)
        .filter(|(name, _)| !(has_regex && *name == "$options"))
        .map(|(operator, value)| Clause {
            path: Some(path),
            operator,
            value,
            implicit: false,
            siblings: Some(operators),
        })
        .collect()
}

/// What is said where an operator does not match and where it does, and what becomes of arrays.
fn reasons(operator: &str) -> (&'static str, &'static str, Leaf) {
    match operator {
        "$in" | "$nin" => ("no matching value found in array", "matching value found in array", Leaf::Items),
        "$exists" => ("path does not exist", "path does exist", Leaf::Items),
        "$type" => ("type did not match", "type did match", Leaf::Items),
        "$mod" => {
            ("$mod did not evaluate to expected remainder", "$mod did evaluate to expected remainder", Leaf::Items)
        }
        "$regex" | "$not" => ("regular expression did not match", "regular expression did match", Leaf::Items),
        "$size" => ("array length was not equal to given size", "array length was equal to given size", Leaf::Whole),
        "$elemMatch" => {
            ("array did not satisfy the child predicate", "array did satisfy the child predicate", Leaf::Whole)
        }
        "$all" => ("array did not contain all specified values", "array did contain all specified values", Leaf::Whole),
        "$bitsAllSet" | "$bitsAnySet" | "$bitsAllClear" | "$bitsAnyClear" => {
            ("bitwise operator failed to match", "bitwise operator matched successfully", Leaf::Items)
        }
        "$geoWithin" | "$within" => (
            "none of the considered geometries were contained within the expression's geometry",
            "at least one of considered geometries was contained within the expression's geometry",
            Leaf::Whole,
        ),
        "$geoIntersects" => (
            "none of the considered geometries intersected the expression's geometry",
            "at least one of considered geometries intersected the expression's geometry",
            Leaf::Whole,
        ),
        _ => ("comparison failed", "comparison succeeded", Leaf::Items),
    }
}

/// The types that an operator looks at; none if it looks at all.
fn expected_types(operator: &str) -> &'static [&'static str] {
    match operator {
        "$mod" => &["decimal", "double", "int", "long"],
        "$regex" => &["regex", "string", "symbol"],
        "$bitsAllSet" | "$bitsAnySet" | "$bitsAllClear" | "$bitsAnyClear" => {
            &["binData", "decimal", "double", "int", "long"]
        }
        "$size" | "$elemMatch" | "$all" => &["array"],
        _ => &[],
    }
}

/// Whether no value is of a type that the operator looks at.
fn mismatched(clause: &Clause<'_>, values: &[RawBsonRef<'_>]) -> bool {
    if matches!(clause.operator, "$gt" | "$gte" | "$lt" | "$lte") {
        let kind = Kind::of(clause.value);
        return values.iter().all(|value| Kind::of(*value) != kind);
    }
    let types = expected_types(clause.operator);
    !types.is_empty() && values.iter().all(|value| !types.contains(&type_name(*value)))
}

fn expected(details: &mut DocumentBuilder, clause: &Clause<'_>) {
    match expected_types(clause.operator) {
        [] => details.append("expectedType", type_name(clause.value)),
        [only] => details.append("expectedType", *only),
        many => append_array(details, "expectedTypes", list_of(many.iter().copied())),
    }
}

fn considered(details: &mut DocumentBuilder, values: &[RawBsonRef<'_>], with_types: bool) {
    match values {
        [] => {}
        [only] => {
            details.append("consideredValue", *only);
            if with_types {
                details.append("consideredType", type_name(*only));
            }
        }
        many => {
            append_array(details, "consideredValues", list_of(many.iter().copied()));
            if with_types {
                let mut types: Vec<&str> = many.iter().map(|value| type_name(*value)).collect();
                types.sort_unstable();
                types.dedup();
                match types.as_slice() {
                    [only] => details.append("consideredType", *only),
                    all => append_array(details, "consideredTypes", list_of(all.iter().copied())),
                }
            }
        }
    }
}

fn list_of<'a, T: Into<RawBsonRef<'a>>>(values: impl Iterator<Item = T>) -> RawArrayBuf {
    let mut list = ArrayBuilder::new();
    values.for_each(|value| list.push(value));
    list.finish()
}

fn name_of_list(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Match => "clausesNotSatisfied",
        Wanted::NoMatch => "clausesSatisfied",
    }
}

fn operator(name: &str) -> DocumentBuilder {
    let mut details = DocumentBuilder::new();
    details.append("operatorName", name);
    details
}

fn indexed(index: i32, details: &RawDocument) -> RawDocumentBuf {
    let mut one = DocumentBuilder::new();
    one.append("index", index);
    one.append("details", details);
    one.finish()
}

fn append_array(details: &mut DocumentBuilder, name: &str, array: RawArrayBuf) {
    details.append_owned(name, &RawBson::Array(array));
}
