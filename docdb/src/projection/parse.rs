//! Parses the projections of `find` and `$project`.

use bson::{RawBsonRef, RawDocument};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    expression::Expression,
    projection::{
        Mode, Projection,
        elem_match::ElemMatch,
        slice::Slice,
        tree::{Branch, Node, insert, parse_path},
    },
    value::{Decimal, Number, Path, fields, items, type_name},
};

pub(super) fn parse_find(document: &RawDocument, context: &Context) -> Result<Projection> {
    parse(document, true, context)
}

pub(super) fn parse_stage(document: &RawDocument, context: &Context) -> Result<Projection> {
    if fields(document).next().is_none() {
        return refuse(
            Code(51272),
            "Invalid $project :: caused by :: projection specification must have at least one field",
        );
    }
    parse(document, false, context)
}

fn parse(document: &RawDocument, is_find: bool, context: &Context) -> Result<Projection> {
    let mut parser = Parser {
        context,
        is_find,
        mode: None,
        includes_id: false,
        has_elem_match: false,
        root: Branch::default(),
        positional: None,
        metadata: Vec::new(),
    };
    parser.object(None, document)?;
    Ok(parser.finish())
}

struct Parser<'c> {
    context: &'c Context,
    is_find: bool,
    /// Known from the first field but `_id` that says it.
    mode: Option<Mode>,
    includes_id: bool,
    has_elem_match: bool,
    root: Branch,
    positional: Option<Path>,
    metadata: Vec<Box<str>>,
}

impl Parser<'_> {
    fn finish(self) -> Projection {
        let asks_only_for_metadata = !self.is_find && !self.metadata.is_empty();
        let mode = self.mode.unwrap_or(if self.includes_id || self.has_elem_match || asks_only_for_metadata {
            Mode::Include
        } else {
            Mode::Exclude
        });
        let mut root = self.root;
        if mode == Mode::Include && root.position("_id").is_none() {
            root.push("_id", Node::Keep);
        }
        Projection { mode, root, positional: self.positional, metadata: self.metadata }
    }

    fn object(&mut self, above: Option<&Path>, document: &RawDocument) -> Result<()> {
        if above.is_some_and(|above| above.parts().len() > 200) {
            return refuse(Code::OVERFLOW, "FieldPath is too long");
        }
        for (name, value) in fields(document) {
            let text = above.map_or_else(|| name.to_owned(), |above| format!("{above}.{name}"));
            match text.strip_suffix(".$") {
                Some(text) => self.positional(text, value)?,
                None if self.is_find && text.split('.').skip(1).any(|part| part == "$") => {
                    let message = "As of 4.4, it's illegal to specify positional operator in the middle of a path. \
                                   Positional projection may only be used at the end, for example: a.b.$.";
                    return refuse(Code(31394), message);
                }
                None => {
                    let path = parse_path(&text)?;
                    self.field(&path, value)?;
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, path: &Path, value: RawBsonRef<'_>) -> Result<()> {
        match value {
            value if flag(value).is_some() => self.flag(path, flag(value).unwrap_or_default()),
            RawBsonRef::Document(document) => {
                let mut all = fields(document);
                match (all.next(), all.next()) {
                    (None, _) => {
                        let message =
                            format!("An empty sub-projection is not a valid value. Found empty object at path {path}");
                        refuse(Code(51270), message)
                    }
                    (Some((name, operand)), None) if name.starts_with('$') => self.operator(path, name, operand, value),
                    _ => self.object(Some(path), document),
                }
            }
            value => {
                if self.mode == Some(Mode::Exclude) {
                    let message = format!("Cannot use an expression {path} in an exclusion projection");
                    return refuse(Code(31310), message);
                }
                self.mode = Some(Mode::Include);
                note_metadata(value, &mut self.metadata);
                insert(&mut self.root, path, Node::Compute(Expression::parse(value, self.context)?))
            }
        }
    }

    fn flag(&mut self, path: &Path, keep: bool) -> Result<()> {
        let node = if keep { Node::Keep } else { Node::Drop };
        if path.as_str() == "_id" {
            self.includes_id |= keep;
            return insert(&mut self.root, path, node);
        }
        self.set_mode(path, if keep { Mode::Include } else { Mode::Exclude })?;
        insert(&mut self.root, path, node)
    }

    fn set_mode(&mut self, path: &Path, mode: Mode) -> Result<()> {
        match (self.mode, mode) {
            (Some(Mode::Exclude), Mode::Include) => {
                refuse(Code(31253), format!("Cannot do inclusion on field {path} in exclusion projection"))
            }
            (Some(Mode::Include), Mode::Exclude) => {
                refuse(Code(31254), format!("Cannot do exclusion on field {path} in inclusion projection"))
            }
            _ => {
                self.mode = Some(mode);
                Ok(())
            }
        }
    }

    fn positional(&mut self, text: &str, value: RawBsonRef<'_>) -> Result<()> {
        if !self.is_find {
            return refuse(Code(31324), "Cannot use positional projection in aggregation projection");
        }
        let path = parse_path(text)?;
        let Some(keep) = flag(value) else {
            return refuse(Code(31271), "positional projection cannot be used with a literal");
        };
        if !keep {
            return refuse(Code(31395), "positional projection cannot be used with exclusion");
        }
        if self.positional.is_some() {
            return refuse(Code(31276), "Cannot specify more than one positional projection per query.");
        }
        if self.has_elem_match {
            return refuse(Code(31256), "Cannot specify positional operator and $elemMatch.");
        }
        self.set_mode(&path, Mode::Include)?;
        insert(&mut self.root, &path, Node::Keep)?;
        self.positional = Some(path);
        Ok(())
    }

    fn operator(&mut self, path: &Path, name: &str, operand: RawBsonRef<'_>, whole: RawBsonRef<'_>) -> Result<()> {
        match (name, operand) {
            ("$slice", operand) if self.is_find && Slice::is_one(operand) => {
                insert(&mut self.root, path, Node::Slice(Slice::parse(operand)?))
            }
            ("$elemMatch", RawBsonRef::Document(condition)) if self.is_find => {
                if self.positional.is_some() {
                    return refuse(Code(31255), "Cannot specify positional operator and $elemMatch.");
                }
                if path.parts().len() > 1 {
                    return refuse(Code(31275), "Cannot use $elemMatch projection on a nested field.");
                }
                self.has_elem_match = true;
                insert(&mut self.root, path, Node::ElemMatch(ElemMatch::parse(condition, self.context)?))
            }
            ("$elemMatch", operand) if self.is_find => {
                let message = format!("elemMatch: Invalid argument, object required, but got {}", type_name(operand));
                refuse(Code(31274), message)
            }
            (name, _) => {
                let is_meta = name == "$meta";
                if self.mode == Some(Mode::Exclude) && !is_meta {
                    let message = "Cannot use expression other than $meta in exclusion projection";
                    return refuse(Code(31252), message);
                }
                if !is_meta {
                    self.mode = Some(Mode::Include);
                }
                note_metadata(whole, &mut self.metadata);
                let expression = self.expression(name, whole)?;
                insert(&mut self.root, path, Node::Compute(expression))
            }
        }
    }

    /// An operator that nobody knows is refused with a code of its own here, but not one that only `find` knows.
    fn expression(&self, name: &str, whole: RawBsonRef<'_>) -> Result<Expression> {
        Expression::parse(whole, self.context).or_else(|error| {
            let is_about_this =
                error.code() == Code::INVALID_PIPELINE_OPERATOR && error.to_string().contains(&format!("'{name}'"));
            if is_about_this && name != "$elemMatch" {
                return refuse(Code(31325), format!("Unknown expression {name}"));
            }
            Err(error)
        })
    }
}

/// What a number or a boolean says: whether the field is kept.
fn flag(value: RawBsonRef<'_>) -> Option<bool> {
    match (value, Number::of(value)) {
        (RawBsonRef::Boolean(keep), _) => Some(keep),
        (_, Some(Number::Int32(number))) => Some(number != 0),
        (_, Some(Number::Int64(number))) => Some(number != 0),
        (_, Some(Number::Double(number))) => Some(number != 0.0),
        (_, Some(Number::Decimal(number))) => Some(!matches!(number, Decimal::Finite { coefficient: 0, .. })),
        (_, None) => None,
    }
}

/// Finds `{ $meta: … }`, however deep.
pub(super) fn note_metadata(value: RawBsonRef<'_>, found: &mut Vec<Box<str>>) {
    match value {
        RawBsonRef::Document(document) => {
            for (name, value) in fields(document) {
                match (name, value) {
                    ("$literal" | "$const", _) => {}
                    ("$meta", RawBsonRef::String(asked)) => found.push(asked.into()),
                    (_, value) => note_metadata(value, found),
                }
            }
        }
        RawBsonRef::Array(array) => items(array).for_each(|item| note_metadata(item, found)),
        _ => {}
    }
}
