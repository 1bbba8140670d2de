//! The positional `$` of a projection: of the first array on a path only the item that matched is left.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    error::{Code, Result, refuse},
    value::{ArrayBuilder, DocumentBuilder, Part, Path, Value, fields, item},
};

pub(super) fn reduce(document: &RawDocument, path: &Path, position: Option<u32>) -> Result<RawDocumentBuf> {
    within_document(document, path.parts(), position)
}

fn within_document(document: &RawDocument, parts: &[Part], position: Option<u32>) -> Result<RawDocumentBuf> {
    let Some((part, rest)) = parts.split_first() else { return Ok(document.to_owned()) };
    let mut result = DocumentBuilder::new();
    for (name, value) in fields(document) {
        if *name == *part.name {
            if let Some(value) = within(value, rest, position)?.get() {
                result.append(name, value);
            }
        } else {
            result.append(name, value);
        }
    }
    Ok(result.finish())
}

fn within<'a>(value: RawBsonRef<'a>, parts: &[Part], position: Option<u32>) -> Result<Value<'a>> {
    match value {
        RawBsonRef::Array(array) => {
            let Some(position) = position else {
                let message = "Executor error during find command :: caused by :: positional operator '.$' couldn't \
                               find a matching element in the array";
                return refuse(Code(51246), message);
            };
            let found = usize::try_from(position).ok().and_then(|position| item(array, position));
            let Some(found) = found else {
                let message = "Executor error during find command :: caused by :: positional operator '.$' element \
                               mismatch";
                return refuse(Code(51247), message);
            };
            let mut result = ArrayBuilder::new();
            result.push(found);
            Ok(RawBson::Array(result.finish()).into())
        }
        RawBsonRef::Document(document) => Ok(RawBson::Document(within_document(document, parts, position)?).into()),
        value => Ok(Value::Ref(value)),
    }
}
