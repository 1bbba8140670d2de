//! `$merge`.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Output, Row, Rows, Scope, nested,
        stage::{
            Stages, one,
            options::Options,
            output::{is_reserved, target, with_id},
            variables::Let,
        },
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::{Change, CollectionName, Execution, UniqueIndex},
    expression::{Env, path::parse_path},
    update::{Update, UpdateModifications},
    value::{DocumentBuilder, Path, field, fields, items, values_equal},
};

/// Writes each document into a collection, as it is found there or not.
#[derive(Debug)]
pub(crate) struct Merge {
    into: CollectionName,
    /// The fields that documents are found by.
    on: Vec<Path>,
    matched: Matched,
    not_matched: NotMatched,
}

#[derive(Debug)]
enum Matched {
    Replace,
    Merge,
    Keep,
    Fail,
    /// An update of the document that is found, with variables of the one that is merged.
    Update(Let, Box<Update>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotMatched {
    Insert,
    Discard,
    Fail,
}

const KNOWN: [&str; 6] = ["into", "on", "let", "whenMatched", "whenNotMatched", "targetCollectionVersion"];

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let merge = match value {
        RawBsonRef::String(name) => Merge {
            into: parse_into(RawBsonRef::String(name))?,
            on: vec![Path::parse("_id")?],
            matched: Matched::Merge,
            not_matched: NotMatched::Insert,
        },
        RawBsonRef::Document(document) => parse_options(document, scope)?,
        other => {
            return refuse(
                Code::TYPE_MISMATCH,
                format!("$merge only supports a string or object argument, but found {other:?}"),
            );
        }
    };
    one(Output::Merge(merge))
}

fn parse_options(document: &RawDocument, scope: &Scope<'_>) -> Result<Merge> {
    let options = Options::new("$merge", document, &KNOWN)?;
    let into = parse_into(options.required("into", options.get("into"))?)?;
    let on = parse_on(options.get("on"))?;
    let matched = parse_matched(&options, scope.context)?;
    let not_matched = match options.string("whenNotMatched")? {
        None | Some("insert") => NotMatched::Insert,
        Some("discard") => NotMatched::Discard,
        Some("fail") => NotMatched::Fail,
        Some(other) => {
            return refuse(
                Code::BAD_VALUE,
                format!("Enumeration value '{other}' for field '$merge.whenNotMatched' is not a valid value."),
            );
        }
    };
    if matches!(matched, Matched::Fail | Matched::Keep) && not_matched != NotMatched::Insert {
        return refuse(Code(51181), "Combination of $merge modes 'whenMatched' and 'whenNotMatched' is not supported");
    }
    Ok(Merge { into, on, matched, not_matched })
}

fn parse_into(value: RawBsonRef<'_>) -> Result<CollectionName> {
    let (database, collection) = match value {
        RawBsonRef::String(name) => (None, name),
        RawBsonRef::Document(document) => {
            let options = Options::new("$merge.into", document, &["db", "coll"])?;
            match options.string("coll")? {
                Some(collection) => (options.string("db")?, collection),
                None => return refuse(Code(5_786_801), "$merge 'into' must name a collection"),
            }
        }
        other => {
            return refuse(
                Code(51178),
                format!("$merge 'into' field  must be either a string or an object, but found {other:?}"),
            );
        }
    };
    if collection.is_empty() {
        return refuse(Code(5_786_800), "$merge 'into' field cannot be an empty string");
    }
    if database.is_some_and(is_reserved) {
        return refuse(Code(31320), "Cannot $merge to internal database");
    }
    let target = target(database, collection)?;
    if collection.starts_with("system.") {
        return refuse(Code(31319), format!("Cannot $merge to special collection: {collection}"));
    }
    Ok(target)
}

fn parse_on(value: Option<RawBsonRef<'_>>) -> Result<Vec<Path>> {
    let mut on = Vec::new();
    match value {
        None => on.push(Path::parse("_id")?),
        Some(RawBsonRef::String(path)) => on.push(parse_path(path)?),
        Some(RawBsonRef::Array(paths)) => {
            for path in items(paths) {
                let RawBsonRef::String(path) = path else {
                    return refuse(Code(51134), "$merge 'on' array elements must be strings");
                };
                let path = parse_path(path)?;
                if on.contains(&path) {
                    return refuse(Code(31465), format!("Found a duplicate field '{path}' in $merge 'on' field"));
                }
                on.push(path);
            }
            if on.is_empty() {
                return refuse(Code(51187), "If explicitly specifying $merge 'on', must include at least one field");
            }
        }
        Some(other) => {
            return refuse(
                Code(51186),
                format!("$merge 'on' field  must be either a string or an array of strings, but found {other:?}"),
            );
        }
    }
    Ok(on)
}

fn parse_matched(options: &Options<'_>, context: &Context) -> Result<Matched> {
    let variables = options.document("let")?;
    let matched = match options.get("whenMatched") {
        None | Some(RawBsonRef::String("merge")) => Matched::Merge,
        Some(RawBsonRef::String("replace")) => Matched::Replace,
        Some(RawBsonRef::String("keepExisting")) => Matched::Keep,
        Some(RawBsonRef::String("fail")) => Matched::Fail,
        Some(RawBsonRef::Array(stages)) => return parse_update(stages, variables, context),
        Some(RawBsonRef::String(other)) => {
            return refuse(
                Code::BAD_VALUE,
                format!("Enumeration value '{other}' for field '$merge.whenMatched' is not a valid value."),
            );
        }
        Some(other) => {
            return refuse(
                Code(51191),
                format!("$merge 'whenMatched' field  must be either a string or an array, but found {other:?}"),
            );
        }
    };
    if variables.is_some() {
        return refuse(Code(51199), "Cannot use 'let' variables with 'whenMatched' that is not a pipeline");
    }
    Ok(matched)
}

fn parse_update(stages: &bson::RawArray, variables: Option<&RawDocument>, context: &Context) -> Result<Matched> {
    let mut new = DocumentBuilder::new();
    new.append("new", "$$ROOT");
    // The document that is merged is known as `new`, whatever else is defined.
    let new = new.finish();
    let given = variables.unwrap_or(&new);
    let is_root = |value| matches!(value, RawBsonRef::String("$$ROOT"));
    if field(given, "new").is_some_and(|value| !is_root(value)) {
        return refuse(Code(51273), "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'");
    }
    let mut definitions = DocumentBuilder::new();
    definitions.append("new", "$$ROOT");
    fields(given).filter(|(name, _)| *name != "new").for_each(|(name, value)| definitions.append(name, value));
    let variables = Let::parse(&definitions.finish(), context)?;
    let mut pipeline = Vec::new();
    for stage in items(stages) {
        let RawBsonRef::Document(stage) = stage else {
            return refuse(Code::TYPE_MISMATCH, "Each element of the 'pipeline' array must be an object");
        };
        pipeline.push(stage.to_owned());
    }
    let update = Update::parse(&UpdateModifications::Pipeline(pipeline), &[], &variables.declared(context))?;
    Ok(Matched::Update(variables, Box::new(update)))
}

impl Merge {
    #[cfg(test)]
    pub(super) fn target(&self) -> &CollectionName {
        &self.into
    }

    /// Writes all documents. A document that is there already where it must not be ends the writing only after the others
    /// are written, as the server's unordered batches do.
    pub(super) fn run(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<()> {
        let index = execution.collections.unique_index(&mut execution.reader, &self.into, &self.on, context)?;
        let Some(index) = index else {
            return refuse(Code(51183), "Cannot find index to verify that join fields will be unique");
        };
        let mut duplicate = None;
        while let Some(row) = input.next(execution)? {
            match self.write(&row, index, context, execution) {
                Err(error) if error.code() == Code::DUPLICATE_KEY => duplicate = duplicate.or(Some(error)),
                done => done?,
            }
        }
        duplicate.map_or(Ok(()), Err)
    }

    fn write(&self, row: &Row, index: UniqueIndex, context: &Context, execution: &mut Execution<'_>) -> Result<()> {
        let document = with_id(&row.doc, context);
        let filter = self.filter(&document, index)?;
        let update = match &self.matched {
            Matched::Update(variables, update) => {
                Some((variables.bound(&Env::new(context, &document, &row.metadata))?, update))
            }
            _ => None,
        };
        let mut decide = |found: Option<&RawDocument>| match (found, &update) {
            (Some(found), Some((context, update))) => {
                let changed = update.apply(found, None, context)?;
                changed.map_or(Ok(Change::Keep), |changed| replacement(found, changed))
            }
            (Some(found), None) => self.change(found, &document),
            (None, _) => match self.not_matched {
                NotMatched::Insert => Ok(Change::Insert(document.clone())),
                NotMatched::Discard => Ok(Change::Keep),
                NotMatched::Fail => refuse(
                    Code(13113),
                    "$merge could not find a matching document in the target collection for at least one document in the source collection",
                ),
            },
        };
        execution.collections.change(&mut execution.reader, &self.into, &filter, context, &mut decide)
    }

    /// What finds the document that a document is merged with.
    fn filter(&self, document: &RawDocument, index: UniqueIndex) -> Result<RawDocumentBuf> {
        let mut filter = DocumentBuilder::new();
        for path in &self.on {
            let value = match nested::get(document, path) {
                Some(RawBsonRef::Array(_)) => {
                    return refuse(Code(51185), format!("$merge write error: 'on' field '{path}' cannot be an array"));
                }
                None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => {
                    if index.sparse {
                        return refuse(
                            Code(51132),
                            format!(
                                "$merge write error: 'on' field '{path}' cannot be missing, null, undefined or an array"
                            ),
                        );
                    }
                    RawBsonRef::Null
                }
                Some(value) => value,
            };
            let mut equal = DocumentBuilder::new();
            equal.append("$eq", value);
            filter.append_owned(path.as_str(), &RawBson::Document(equal.finish()));
        }
        Ok(filter.finish())
    }

    fn change(&self, found: &RawDocument, document: &RawDocument) -> Result<Change> {
        match &self.matched {
            Matched::Keep | Matched::Update(..) => Ok(Change::Keep),
            // The index refuses it, and says what it refused.
            Matched::Fail => Ok(Change::Insert(document.to_owned())),
            Matched::Replace => replacement(found, document.to_owned()),
            Matched::Merge => {
                let mut merged = DocumentBuilder::new();
                for (name, value) in fields(found) {
                    merged.append(name, field(document, name).unwrap_or(value));
                }
                for (name, value) in fields(document).filter(|(name, _)| field(found, name).is_none()) {
                    merged.append(name, value);
                }
                replacement(found, merged.finish())
            }
        }
    }
}

fn replacement(found: &RawDocument, document: RawDocumentBuf) -> Result<Change> {
    match (field(found, "_id"), field(&document, "_id")) {
        (Some(old), Some(new)) if !values_equal(old, new) => refuse(
            Code::IMMUTABLE_FIELD,
            "$merge failed to update the matching document, did you attempt to modify the _id or the shard key?",
        ),
        _ => Ok(Change::Replace(document)),
    }
}
