//! Makes the documents of a projection.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    error::{Code, Result, refuse},
    expression::Env,
    projection::{
        Mode,
        tree::{Branch, Node},
    },
    value::{ArrayBuilder, DocumentBuilder, Value, items},
};

/// Projects a document. In an inclusion computed fields come last, in the order of the specification; otherwise they
/// take the place of the field that they replace.
pub(super) fn document(branch: &Branch, mode: Mode, document: &RawDocument, env: &Env<'_>) -> Result<RawDocumentBuf> {
    let mut result = DocumentBuilder::new();
    let mut done = vec![false; if branch.is_computed() { branch.fields().len() } else { 0 }];
    for element in document.iter_elements().map_while(std::result::Result::ok) {
        let name = element.key().as_str();
        let found = branch.position(name).and_then(|position| Some((position, branch.get(position)?)));
        // The values of most fields need not be looked at.
        if found.is_none() && mode == Mode::Include {
            continue;
        }
        let Ok(value) = element.value() else { break };
        let Some((position, node)) = found else {
            result.append(name, value);
            continue;
        };
        match node {
            Node::Drop => {}
            Node::Keep => result.append(name, value),
            Node::Slice(slice) => append(&mut result, name, &slice.apply(value)),
            Node::Compute(_) | Node::ElemMatch(_) if mode == Mode::Include => {}
            Node::Compute(_) | Node::ElemMatch(_) => {
                append(&mut result, name, &computed(node, name, env)?);
                mark(&mut done, position);
            }
            Node::Branch(below) => {
                append(&mut result, name, &within(below, mode, value, env)?);
                mark(&mut done, position);
            }
        }
    }
    if branch.is_computed() {
        for ((name, node), done) in branch.fields().iter().zip(done) {
            if !done {
                append(&mut result, name, &computed(node, name, env)?);
            }
        }
    }
    Ok(result.finish())
}

/// The largest document within a pipeline.
const MAX_BYTES: usize = 64 << 20;

/// One value may be put into each item of a large array: the whole is measured while it grows.
fn bytes_left(written: usize) -> Result<()> {
    if written > MAX_BYTES {
        let message = format!("BSONObj size is invalid. Size must be between 0 and {MAX_BYTES}");
        return refuse(Code::BSON_OBJECT_TOO_LARGE, message);
    }
    Ok(())
}

fn mark(done: &mut [bool], position: usize) {
    if let Some(done) = done.get_mut(position) {
        *done = true;
    }
}

fn append(result: &mut DocumentBuilder, name: &str, value: &Value<'_>) {
    if let Some(value) = value.get() {
        result.append(name, value);
    }
}

/// What a node makes where there is nothing.
fn computed<'a>(node: &'a Node, name: &str, env: &Env<'a>) -> Result<Value<'a>> {
    match node {
        Node::Compute(expression) => expression.evaluate(env),
        Node::ElemMatch(condition) => condition.apply(name, env),
        Node::Branch(branch) if branch.is_computed() => Ok(RawBson::Document(only_computed(branch, env)?).into()),
        Node::Keep | Node::Drop | Node::Slice(_) | Node::Branch(_) => Ok(Value::Missing),
    }
}

fn only_computed(branch: &Branch, env: &Env<'_>) -> Result<RawDocumentBuf> {
    let mut result = DocumentBuilder::new();
    for (name, node) in branch.fields() {
        append(&mut result, name, &computed(node, name, env)?);
    }
    Ok(result.finish())
}

/// Projects what is within a field: a document, or each item of an array. Anything else is replaced where something is
/// computed below it; where not, an inclusion leaves it out and an exclusion leaves it alone.
fn within<'a>(branch: &Branch, mode: Mode, value: RawBsonRef<'a>, env: &Env<'_>) -> Result<Value<'a>> {
    match value {
        RawBsonRef::Document(inner) => Ok(RawBson::Document(document(branch, mode, inner, env)?).into()),
        RawBsonRef::Array(array) => {
            let mut result = ArrayBuilder::new();
            for item in items(array) {
                if let Some(item) = within(branch, mode, item, env)?.get() {
                    result.push(item);
                }
                bytes_left(result.len_bytes())?;
            }
            Ok(RawBson::Array(result.finish()).into())
        }
        _ if branch.is_computed() => Ok(RawBson::Document(only_computed(branch, env)?).into()),
        _ if mode == Mode::Include => Ok(Value::Missing),
        value => Ok(Value::Ref(value)),
    }
}
