//! Running pipelines on collections that are lists.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use bson::{Bson, Document, RawDocument, RawDocumentBuf};
use millpond_engine::{Engine, Timestamp};

use crate::{
    aggregation::{Pipeline, Row, Rows, Statistics, values},
    context::Context,
    error::{Code, Result, refuse},
    execution::{Change, CollectionName, Collections, Execution, Reader, UniqueIndex},
    value::{Doc, Path, values_equal},
};

/// Collections by their names, `database.collection` where another database is named.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) documents: RefCell<BTreeMap<String, Vec<Doc>>>,
    /// The fields of unique indexes, and whether they are sparse.
    pub(super) unique: Vec<(Vec<String>, bool)>,
}

fn key(name: &CollectionName) -> String {
    name.database
        .as_ref()
        .map_or_else(|| name.collection.to_string(), |database| format!("{database}.{}", name.collection))
}

impl Lists {
    pub(super) fn with(collections: &[(&str, Vec<Document>)]) -> Lists {
        let lists = Lists::default();
        for (name, documents) in collections {
            lists.documents.borrow_mut().insert((*name).to_owned(), documents.iter().map(doc).collect());
        }
        lists
    }

    pub(super) fn of(&self, name: &str) -> Vec<Document> {
        let documents = self.documents.borrow();
        documents.get(name).into_iter().flatten().map(|doc| Document::try_from(doc.raw()).unwrap()).collect()
    }
}

impl Collections for Lists {
    fn open(
        &self,
        _: &mut Reader<'_>,
        from: &CollectionName,
        pipeline: &Arc<Pipeline>,
        context: &Context,
    ) -> Result<Box<dyn Rows>> {
        let documents = self.documents.borrow().get(&key(from)).cloned().unwrap_or_default();
        Ok(pipeline.open(values(documents.into_iter().map(Row::new)), context))
    }

    fn statistics(&self, _: &mut Reader<'_>, of: &Statistics, _: &Context) -> Result<Vec<RawDocumentBuf>> {
        Ok(vec![RawDocumentBuf::try_from(&bson::doc! { "of": format!("{of:?}") }).unwrap()])
    }

    fn unique_index(
        &self,
        _: &mut Reader<'_>,
        _: &CollectionName,
        fields: &[Path],
        _: &Context,
    ) -> Result<Option<UniqueIndex>> {
        let mut wanted: Vec<&str> = fields.iter().map(Path::as_str).collect();
        wanted.sort_unstable();
        if wanted == ["_id"] {
            return Ok(Some(UniqueIndex { sparse: false }));
        }
        Ok(self.unique.iter().find(|(fields, _)| *fields == wanted).map(|(_, sparse)| UniqueIndex { sparse: *sparse }))
    }

    fn change(
        &self,
        _: &mut Reader<'_>,
        of: &CollectionName,
        filter: &RawDocument,
        _: &Context,
        decide: &mut dyn FnMut(Option<&RawDocument>) -> Result<Change>,
    ) -> Result<()> {
        let mut collections = self.documents.borrow_mut();
        let documents = collections.entry(key(of)).or_default();
        let matches = |doc: &Doc| {
            crate::value::fields(filter).all(|(name, wanted)| {
                let wanted = match wanted {
                    bson::RawBsonRef::Document(operator) => crate::value::field(operator, "$eq").unwrap_or(wanted),
                    wanted => wanted,
                };
                super::nested::get(doc, &Path::parse(name).unwrap()).is_some_and(|value| values_equal(value, wanted))
            })
        };
        let place = documents.iter().position(matches);
        match (decide(place.map(|place| documents[place].raw()))?, place) {
            (Change::Keep, _) => {}
            (Change::Insert(document), _) => {
                let id = crate::value::field(&document, "_id").unwrap();
                if documents.iter().any(|doc| values_equal(crate::value::field(doc, "_id").unwrap(), id)) {
                    return refuse(Code::DUPLICATE_KEY, "duplicate");
                }
                documents.push(document.into());
            }
            (Change::Replace(document), Some(place)) => documents[place] = document.into(),
            (Change::Replace(_), None) => panic!("there is nothing to replace"),
        }
        Ok(())
    }

    fn swap(&self, _: &mut Reader<'_>, of: &CollectionName, documents: Vec<Doc>) -> Result<()> {
        self.documents.borrow_mut().insert(key(of), documents);
        Ok(())
    }
}

pub(super) fn doc(document: &Document) -> Doc {
    RawDocumentBuf::try_from(document).unwrap().into()
}

pub(super) fn context() -> Context {
    Context::new(Timestamp::from_millis(1_700_000_000_000))
}

/// What a pipeline makes of documents.
pub(super) fn run(documents: &[Document], pipeline: &[Document]) -> Result<Vec<Document>> {
    run_among(&Lists::default(), documents, pipeline)
}

/// What a pipeline makes of documents, with other collections around.
pub(super) fn run_among(lists: &Lists, documents: &[Document], pipeline: &[Document]) -> Result<Vec<Document>> {
    run_in(&context(), lists, documents, pipeline)
}

pub(super) fn run_in(
    context: &Context,
    lists: &Lists,
    documents: &[Document],
    pipeline: &[Document],
) -> Result<Vec<Document>> {
    let stages: Vec<RawDocumentBuf> = pipeline.iter().map(|stage| RawDocumentBuf::try_from(stage).unwrap()).collect();
    let stages: Vec<&RawDocument> = stages.iter().map(AsRef::as_ref).collect();
    let pipeline = Pipeline::parse(&stages, context)?;
    let input: Vec<Row> = documents.iter().map(|document| Row::new(doc(document))).collect();
    let mut rows = pipeline.open(values(input), context);
    let engine = Engine::in_memory();
    let snapshot = engine.snapshot().unwrap();
    let mut execution = Execution {
        reader: Reader::Snapshot(&snapshot),
        collections: lists,
        allow_disk_use: false,
        deadline: None,
        wants_keys: false,
    };
    let mut results = Vec::new();
    while let Some(row) = rows.next(&mut execution)? {
        results.push(Document::try_from(row.doc.raw()).unwrap());
    }
    assert!(rows.next(&mut execution).unwrap().is_none(), "the end stays the end");
    Ok(results)
}

/// The code that a pipeline is refused with, at parsing or while it runs.
pub(super) fn code(documents: &[Document], pipeline: &[Document]) -> i32 {
    match run(documents, pipeline) {
        Err(error) => error.code().0,
        Ok(results) => panic!("{pipeline:?} is not refused: {results:?}"),
    }
}

/// One stage with each of the values that nothing but some types may be.
pub(super) fn values_of_all_types() -> Vec<Bson> {
    vec![
        1.into(),
        1_i64.into(),
        1.5.into(),
        Bson::Decimal128("1".parse().unwrap()),
        "text".into(),
        true.into(),
        Bson::Null,
        Bson::Array(vec![1.into()]),
        bson::doc! { "x": 1 }.into(),
        bson::oid::ObjectId::from_bytes([1; 12]).into(),
        bson::DateTime::from_millis(0).into(),
        Bson::Timestamp(bson::Timestamp { time: 1, increment: 1 }),
        Bson::MinKey,
        Bson::MaxKey,
    ]
}
