//! `$graphLookup`.

use std::{collections::HashSet, sync::Arc};

use bson::{RawBson, RawBsonRef, RawDocumentBuf};

use crate::{
    aggregation::{
        Pipeline, Row, Rows, Scope, identity, nested,
        rows::{EachRow, each},
        stage::{Stage, Stages, limit::whole, lookup, match_stage::Match, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::{CollectionName, Execution},
    expression::{Env, Expression, path::parse_path},
    filter::Filter,
    sort::MEMORY_BYTES,
    value::{ArrayBuilder, Doc, DocumentBuilder, Number, Path, empty, field, fields, items},
};

/// Joins the documents of a collection that a walk from document to document reaches.
#[derive(Debug)]
struct GraphLookup {
    from: CollectionName,
    start: Expression,
    connect_from: Path,
    connect_to: Path,
    into: Path,
    depth: Option<Path>,
    max_depth: Option<u64>,
    restrict: RawDocumentBuf,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(40327), "the $graphLookup stage specification must be an object");
    };
    let (mut from, mut start, mut connect_from, mut connect_to) = (None, None, None, None);
    let (mut into, mut depth, mut max_depth, mut restrict) = (None, None, None, None);
    for (name, value) in fields(document) {
        match (name, value) {
            ("startWith", value) => start = Some(Expression::parse(value, scope.context)?),
            ("maxDepth", value) => max_depth = Some(parse_depth(value)?),
            ("restrictSearchWithMatch", RawBsonRef::Document(filter)) => {
                Filter::parse(filter, scope.context)?;
                restrict = Some(filter.to_owned());
            }
            ("restrictSearchWithMatch", _) => {
                return refuse(Code(40185), "restrictSearchWithMatch must be an object");
            }
            ("from", RawBsonRef::String(name)) => from = Some(lookup::collection(name)?),
            ("connectFromField", RawBsonRef::String(path)) => connect_from = Some(parse_path(path)?),
            ("connectToField", RawBsonRef::String(path)) => connect_to = Some(parse_path(path)?),
            ("as", RawBsonRef::String(path)) => into = Some(parse_path(path)?),
            ("depthField", RawBsonRef::String(path)) => depth = Some(parse_path(path)?),
            ("from", _) => return refuse(Code::FAILED_TO_PARSE, "$graphLookup 'from' field must be a string"),
            ("connectFromField" | "connectToField" | "as" | "depthField", _) => {
                return refuse(Code(40103), format!("expected string as argument for {name}"));
            }
            _ => return refuse(Code(40104), format!("Unknown argument to $graphLookup: {name}")),
        }
    }
    let (Some(from), Some(start), Some(connect_from), Some(connect_to), Some(into)) =
        (from, start, connect_from, connect_to, into)
    else {
        return refuse(
            Code(40105),
            "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
        );
    };
    let restrict = restrict.unwrap_or_else(|| empty().to_owned());
    one(GraphLookup { from, start, connect_from, connect_to, into, depth, max_depth, restrict })
}

fn parse_depth(value: RawBsonRef<'_>) -> Result<u64> {
    match (Number::of(value), whole(value)) {
        (None, _) => refuse(Code(40100), "maxDepth requires numeric argument"),
        (Some(_), Some(depth)) => Ok(depth),
        (Some(number), None) if number.is_negative() => refuse(Code(40101), "maxDepth requires a nonnegative argument"),
        _ => refuse(Code(40102), "maxDepth could not be represented as a long long"),
    }
}

impl Stage for GraphLookup {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        each(self, input, context)
    }
}

/// The documents that were reached, and the values that are searched for next.
#[derive(Default)]
struct Walk {
    found: Vec<(Doc, i64)>,
    ids: HashSet<Vec<u8>>,
    searched: HashSet<Vec<u8>>,
    frontier: Vec<RawBson>,
    bytes: usize,
}

impl EachRow for GraphLookup {
    fn each(&self, row: Row, context: &Context, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let mut walk = Walk::default();
        let start = self.start.evaluate(&Env::new(context, &row.doc, &row.metadata))?;
        match start.get() {
            Some(RawBsonRef::Array(array)) => items(array).for_each(|value| walk.search_for(value, context)),
            Some(value) => walk.search_for(value, context),
            None => {}
        }
        let mut depth = 0;
        while !walk.frontier.is_empty() && self.max_depth.is_none_or(|most| depth <= most) {
            self.step(&mut walk, depth, context, execution)?;
            depth += 1;
        }
        let mut array = ArrayBuilder::new();
        for (doc, depth) in &walk.found {
            match &self.depth {
                Some(path) => array.push(RawBsonRef::Document(&nested::set(doc, path, RawBsonRef::Int64(*depth)))),
                None => array.push(RawBsonRef::Document(doc)),
            }
        }
        let doc = nested::set(&row.doc, &self.into, RawBsonRef::Array(&array.finish())).into();
        Ok(Some(Row { doc, ..row }))
    }
}

impl GraphLookup {
    /// Finds the documents that the values of the frontier lead to.
    fn step(&self, walk: &mut Walk, depth: u64, context: &Context, execution: &mut Execution<'_>) -> Result<()> {
        let frontier = std::mem::take(&mut walk.frontier);
        let values: Vec<RawBsonRef<'_>> = frontier.iter().map(RawBson::as_raw_bson_ref).collect();
        let connected = lookup::any_of(self.connect_to.as_str(), &values);
        let mut both = ArrayBuilder::new();
        both.push(RawBsonRef::Document(&connected));
        both.push(RawBsonRef::Document(&self.restrict));
        let mut filter = DocumentBuilder::new();
        filter.append_owned("$and", &RawBson::Array(both.finish()));
        let pipeline = Arc::new(Pipeline::of(vec![Arc::new(Match::parse(filter.finish(), context)?)]));
        let mut rows = execution.collections.open(&mut execution.reader, &self.from, &pipeline, context)?;
        while let Some(row) = rows.next(execution)? {
            let id = identity(field(&row.doc, "_id").unwrap_or(RawBsonRef::Null), None);
            if !walk.ids.insert(id) {
                continue;
            }
            walk.bytes += row.doc.bytes().len();
            if walk.bytes > MEMORY_BYTES {
                return refuse(Code(40099), "$graphLookup reached maximum memory consumption");
            }
            nested::visit(RawBsonRef::Document(&row.doc), self.connect_from.parts(), &mut |value| {
                walk.search_for(value, context);
            });
            walk.found.push((row.doc, i64::try_from(depth).unwrap_or(i64::MAX)));
        }
        Ok(())
    }
}

impl Walk {
    fn search_for(&mut self, value: RawBsonRef<'_>, context: &Context) {
        if self.searched.insert(identity(value, context.collation.as_deref())) {
            self.frontier.push(value.into());
        }
    }
}
