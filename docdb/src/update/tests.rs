use bson::{Document, RawDocumentBuf, doc};
use millpond_engine::Timestamp;

use super::*;

mod arrays;
mod errors;
mod fields;
mod filters;
mod paths;
mod random;
mod whole;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

pub(super) fn context() -> Context {
    Context::new(Timestamp::from_millis(1_700_000_000_123))
}

fn parse(update: &Document, filters: &[Document]) -> Result<Update> {
    let filters: Vec<RawDocumentBuf> = filters.iter().map(raw).collect();
    Update::parse(&UpdateModifications::Document(raw(update)), &filters, &context())
}

/// The document after the update; the one before it, if it is the same.
fn update(document: &Document, update: &Document) -> Result<Document> {
    update_at(document, update, None, &[])
}

fn update_at(document: &Document, update: &Document, position: Option<u32>, filters: &[Document]) -> Result<Document> {
    let before = raw(document);
    let after = parse(update, filters)?.apply(&before, position, &context())?;
    Ok(Document::try_from(after.as_deref().unwrap_or(&before)).unwrap())
}

fn changes(document: &Document, update: &Document) -> bool {
    parse(update, &[]).unwrap().apply(&raw(document), None, &context()).unwrap().is_some()
}

fn code(result: Result<Document>) -> i32 {
    result.unwrap_err().code().0
}

/// Each row: a document, an update, the document after it.
fn check(table: &[(Document, Document, Document)]) {
    for (document, modifications, expected) in table {
        let result = update(document, modifications);
        match result {
            // Printed to tell numbers of different types apart.
            Ok(result) => {
                assert_eq!(format!("{result:?}"), format!("{expected:?}"), "{document} updated with {modifications}")
            }
            Err(error) => panic!("{document} updated with {modifications}: {error}"),
        }
    }
}

/// Each row: a document, an update, the code with which it is refused.
fn check_refused(table: &[(Document, Document, i32)]) {
    for (document, modifications, expected) in table {
        match update(document, modifications) {
            Ok(result) => panic!("{document} updated with {modifications} is {result}, not refused with {expected}"),
            Err(error) => assert_eq!(error.code().0, *expected, "{document} updated with {modifications}: {error}"),
        }
    }
}
