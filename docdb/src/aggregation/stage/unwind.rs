//! `$unwind`.

use std::{iter::Enumerate, sync::Arc, vec::IntoIter};

use bson::{RawBson, RawBsonRef, RawDocument};

use crate::{
    aggregation::{
        Row, Rows, Scope, nested,
        stage::{Stage, Stages, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    expression::path::parse_path,
    value::{Path, fields, items},
};

/// Makes a document of each item of an array.
#[derive(Debug)]
pub(super) struct Unwind {
    pub(super) path: Path,
    index: Option<Path>,
    preserve: bool,
}

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    match value {
        RawBsonRef::String(path) => one(Unwind { path: parse_field(path)?, index: None, preserve: false }),
        RawBsonRef::Document(options) => one(parse_options(options)?),
        _ => refuse(Code(15981), "expected either a string or an object as specification for $unwind stage"),
    }
}

fn parse_options(options: &RawDocument) -> Result<Unwind> {
    let (mut path, mut index, mut preserve) = ("", None, false);
    for (name, value) in fields(options) {
        match (name, value) {
            ("path", RawBsonRef::String(text)) => path = text,
            ("path", _) => return refuse(Code(28808), "expected a string as the path for $unwind stage"),
            ("preserveNullAndEmptyArrays", RawBsonRef::Boolean(value)) => preserve = value,
            ("preserveNullAndEmptyArrays", _) => {
                return refuse(
                    Code(28809),
                    "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage",
                );
            }
            ("includeArrayIndex", RawBsonRef::String(name)) if !name.is_empty() => {
                if name.starts_with('$') {
                    return refuse(
                        Code(28822),
                        "includeArrayIndex option to $unwind stage should not be prefixed with a '$'",
                    );
                }
                index = Some(name);
            }
            ("includeArrayIndex", _) => {
                return refuse(
                    Code(28810),
                    "expected a non-empty string for the includeArrayIndex option to $unwind stage",
                );
            }
            _ => return refuse(Code(28811), format!("unrecognized option to $unwind stage: {name}")),
        }
    }
    Ok(Unwind { path: parse_field(path)?, index: index.map(parse_path).transpose()?, preserve })
}

fn parse_field(text: &str) -> Result<Path> {
    if text.is_empty() {
        return refuse(Code(28812), "no path specified to $unwind stage");
    }
    let Some(path) = text.strip_prefix('$') else {
        return refuse(Code(28818), format!("path option to $unwind stage should be prefixed with a '$': {text}"));
    };
    if path.contains('\0') {
        return refuse(Code(16419), "field path must not contain embedded null characters");
    }
    parse_path(path)
}

impl Stage for Unwind {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, _: &Context) -> Box<dyn Rows> {
        Box::new(Unwound { stage: self, input, current: None })
    }
}

struct Unwound {
    stage: Arc<Unwind>,
    input: Box<dyn Rows>,
    /// The document whose array is being unwound, and the items that are left.
    current: Option<(Row, Enumerate<IntoIter<RawBson>>)>,
}

impl Rows for Unwound {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        loop {
            if let Some((row, left)) = &mut self.current {
                if let Some((index, item)) = left.next() {
                    return Ok(Some(self.stage.with_item(row, index, &item)));
                }
                self.current = None;
            }
            let Some(row) = self.input.next(execution)? else { return Ok(None) };
            match nested::get(&row.doc, &self.stage.path) {
                Some(RawBsonRef::Array(array)) => {
                    let found: Vec<RawBson> = items(array).map(Into::into).collect();
                    if !found.is_empty() {
                        self.current = Some((row, found.into_iter().enumerate()));
                    } else if self.stage.preserve {
                        let doc = nested::remove(&row.doc, &self.stage.path).into();
                        return Ok(Some(self.stage.without_index(Row { doc, ..row })));
                    }
                }
                None | Some(RawBsonRef::Null | RawBsonRef::Undefined) if !self.stage.preserve => {}
                _ => return Ok(Some(self.stage.without_index(row))),
            }
        }
    }
}

impl Unwind {
    fn with_item(&self, row: &Row, index: usize, item: &RawBson) -> Row {
        let mut doc = nested::set(&row.doc, &self.path, item.as_raw_bson_ref());
        if let Some(path) = &self.index {
            doc = nested::set(&doc, path, RawBsonRef::Int64(i64::try_from(index).unwrap_or(i64::MAX)));
        }
        Row { doc: doc.into(), metadata: row.metadata.clone() }
    }

    fn without_index(&self, row: Row) -> Row {
        match &self.index {
            Some(path) => Row { doc: nested::set(&row.doc, path, RawBsonRef::Null).into(), ..row },
            None => row,
        }
    }
}
