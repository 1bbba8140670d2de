//! Parses `$addFields` and `$unset`.

use bson::{RawBsonRef, RawDocument};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    expression::Expression,
    projection::{
        Mode, Projection,
        parse::note_metadata,
        tree::{Branch, Node, insert, parse_path},
    },
    value::{Path, fields, items, type_name},
};

pub(super) fn parse(document: &RawDocument, context: &Context) -> Result<Projection> {
    let mut root = Branch::default();
    let mut metadata = Vec::new();
    for (name, value) in fields(document) {
        note_metadata(value, &mut metadata);
        add(&mut root, &parse_path(name)?, value, context)?;
    }
    if root.is_empty() {
        return refuse(Code(40177), "Invalid $addFields :: caused by :: specification must have at least one field");
    }
    Ok(Projection { mode: Mode::Exclude, root, positional: None, metadata })
}

fn add(root: &mut Branch, path: &Path, value: RawBsonRef<'_>, context: &Context) -> Result<()> {
    if path.parts().len() > 200 {
        return refuse(Code::OVERFLOW, "FieldPath is too long");
    }
    let fields_within = match value {
        RawBsonRef::Document(document) => {
            let mut all = fields(document);
            match (all.next(), all.next()) {
                (None, _) => {
                    return refuse(Code(40180), format!("an empty object is not a valid value. Found at {path}"));
                }
                (Some((name, _)), None) if name.starts_with('$') => None,
                (Some((name, _)), _) if name.starts_with('$') => {
                    let message = format!(
                        "an expression specification must contain exactly one field, the name of the expression. Found \
                         several at {path}"
                    );
                    return refuse(Code(40181), message);
                }
                _ => Some(document),
            }
        }
        _ => None,
    };
    let Some(document) = fields_within else {
        let node = Node::Compute(Expression::parse(value, context)?);
        return root.insert(path, node).or_else(|_| {
            let message = format!(
                "Invalid $addFields :: caused by :: specification contains two conflicting paths. One of them is '{path}'"
            );
            refuse(Code(40176), message)
        });
    };
    for (name, value) in fields(document) {
        if name.contains('.') {
            return refuse(Code(40183), format!("cannot use dotted field name '{name}' in a sub object"));
        }
        add(root, &path.join(&parse_path(name)?), value, context)?;
    }
    Ok(())
}

pub(super) fn parse_unset(value: RawBsonRef<'_>) -> Result<Projection> {
    let mut root = Branch::default();
    let mut unset = |value: RawBsonRef<'_>| match value {
        RawBsonRef::String(text) => insert(&mut root, &parse_path(text)?, Node::Drop),
        _ => refuse(Code(31120), "$unset specification must be a string or an array containing only string values"),
    };
    match value {
        RawBsonRef::String(_) => unset(value)?,
        RawBsonRef::Array(paths) => {
            let mut count = 0;
            for path in items(paths) {
                unset(path)?;
                count += 1;
            }
            if count == 0 {
                let message = "$unset specification must be a string or an array with at least one field";
                return refuse(Code(31119), message);
            }
        }
        other => {
            let message = format!("$unset specification must be a string or an array, not {}", type_name(other));
            return refuse(Code(31002), message);
        }
    }
    Ok(Projection { mode: Mode::Exclude, root, positional: None, metadata: Vec::new() })
}
