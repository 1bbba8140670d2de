use std::sync::Arc;

use bson::{Bson, Document, RawDocument, RawDocumentBuf, Uuid, doc};
use millpond_engine::{Engine, Timestamp};
use proptest::prelude::*;

use crate::{
    Code,
    aggregation::{Pipeline, Rows, Statistics},
    catalog::{Collection, CollectionRow},
    context::Context,
    error::{Result, refuse},
    exec::{Member, Scene, next, open},
    execution::{Change, CollectionName, Collections, Execution, Reader, UniqueIndex},
    filter::Filter,
    geo::Near,
    index::{IndexRow, parse},
    model::Namespace,
    plan::{Plan, Query, Special, choose, geo_near},
    store::Store,
    value::{Doc, Path},
};

/// No collections around.
struct Alone;

impl Collections for Alone {
    fn open(&self, _: &mut Reader<'_>, _: &CollectionName, _: &Arc<Pipeline>, _: &Context) -> Result<Box<dyn Rows>> {
        refuse(Code::INTERNAL_ERROR, "none")
    }
    fn statistics(&self, _: &mut Reader<'_>, _: &Statistics, _: &Context) -> Result<Vec<RawDocumentBuf>> {
        refuse(Code::INTERNAL_ERROR, "none")
    }
    fn unique_index(
        &self,
        _: &mut Reader<'_>,
        _: &CollectionName,
        _: &[Path],
        _: &Context,
    ) -> Result<Option<UniqueIndex>> {
        refuse(Code::INTERNAL_ERROR, "none")
    }
    fn change(
        &self,
        _: &mut Reader<'_>,
        _: &CollectionName,
        _: &RawDocument,
        _: &Context,
        _: &mut dyn FnMut(Option<&RawDocument>) -> Result<Change>,
    ) -> Result<()> {
        refuse(Code::INTERNAL_ERROR, "none")
    }
    fn swap(&self, _: &mut Reader<'_>, _: &CollectionName, _: Vec<Doc>) -> Result<()> {
        refuse(Code::INTERNAL_ERROR, "none")
    }
}

struct World {
    store: Arc<Store>,
    namespace: Namespace,
}

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn context() -> Context {
    Context::new(Timestamp::from_millis(0))
}

impl World {
    fn new(indexes: &[Document], documents: &[Document]) -> World {
        let store = Arc::new(Store::open(&Engine::in_memory()).unwrap());
        let namespace = Namespace::new("test", "places").unwrap();
        let mut row = CollectionRow::new(1, Uuid::from_bytes([0; 16]), RawDocumentBuf::new());
        for (id, index) in (2..).zip(indexes) {
            let definition = parse(&raw(index), None).unwrap();
            row.indexes.push(IndexRow { id, definition, multikey: Vec::new(), truncated: false, building: false });
        }
        let world = World { store, namespace };
        let insert = |tx: &mut millpond_engine::Transaction| -> Result<()> {
            world.store.put_collection(tx, &world.namespace, &row)?;
            for document in documents {
                let collection = world.store.collection(tx, &world.namespace)?.unwrap();
                world.store.insert_record(tx, &collection, &raw(document), &context())?;
            }
            Ok(())
        };
        world.store.engine.transact(insert).unwrap();
        world
    }

    fn collection(&self) -> Arc<Collection> {
        self.store.collection(&mut self.store.engine.latest(), &self.namespace).unwrap().unwrap()
    }

    fn execute<T>(&self, f: impl FnOnce(&mut Execution<'_>) -> Result<T>) -> Result<T> {
        let snapshot = self.store.engine.snapshot()?;
        f(&mut Execution {
            reader: Reader::Snapshot(&snapshot),
            collections: &Alone,
            allow_disk_use: true,
            deadline: None,
            wants_keys: false,
        })
    }

    fn run(&self, plan: &Plan) -> Result<Vec<Member>> {
        let (store, collection) = (Arc::clone(&self.store), Some(self.collection()));
        let scene = Scene { store, collection, context: Arc::new(context()) };
        let mut exec = open(plan, &scene, true);
        self.execute(|execution| std::iter::from_fn(|| next(&mut *exec, execution).transpose()).collect())
    }

    fn find(&self, filter: &Document) -> Result<(Plan, Vec<Member>)> {
        let context = Arc::new(context());
        let query = Query::new(Filter::parse(&raw(filter), &context)?, context);
        let choose = |execution: &mut Execution<'_>| choose(Some(&self.collection()), &query, &self.store, execution);
        let plan = self.execute(choose)?.plan;
        let found = self.run(&plan)?;
        Ok((plan, found))
    }

    /// The ids of what is found, in order.
    fn ids(&self, filter: &Document) -> Vec<i32> {
        self.find(filter).unwrap().1.iter().map(id).collect()
    }
}

fn id(member: &Member) -> i32 {
    crate::value::field(member.doc.as_ref().unwrap(), "_id").and_then(|id| id.as_i32()).unwrap()
}

fn index(key: Document) -> Document {
    doc! { "key": key, "name": "index" }
}

fn point(lng: f64, lat: f64) -> Document {
    doc! { "type": "Point", "coordinates": [lng, lat] }
}

fn places() -> Vec<Document> {
    vec![
        doc! { "_id": 1, "loc": point(5.0, 5.0), "kind": "a" },
        doc! { "_id": 2, "loc": point(0.0, 0.0), "kind": "b" },
        doc! { "_id": 3, "loc": point(1.0, 1.0), "kind": "a" },
        doc! { "_id": 4, "loc": [-170, 10], "kind": "a" },
        doc! { "_id": 5, "kind": "a" },
    ]
}

#[test]
fn near_finds_the_nearest_first() {
    let near = || doc! { "$near": { "$geometry": point(0.0, 0.0) } };
    let world = World::new(&[index(doc! { "loc": "2dsphere" })], &places());
    assert_eq!(world.ids(&doc! { "loc": near() }), [2, 3, 1, 4]);
    assert_eq!(world.ids(&doc! { "loc": near(), "kind": "a" }), [3, 1, 4]);
    assert_eq!(world.ids(&doc! { "loc": { "$nearSphere": [0, 0], "$maxDistance": 0.1 } }), [2, 3]);
    let limited = doc! { "$near": { "$geometry": point(0.0, 0.0), "$minDistance": 1000, "$maxDistance": 1_000_000 } };
    let (plan, found) = world.find(&doc! { "loc": limited }).unwrap();
    assert!(matches!(plan, Plan::Special(Special::Near { .. })));
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [3, 1]);
    assert!((found[0].metadata.geo_distance.unwrap() - 157_425.5).abs() < 1.0);
    assert_eq!(found[0].metadata.geo_point.as_ref().unwrap().as_document().unwrap(), &*raw(&point(1.0, 1.0)));
}

#[test]
fn near_uses_the_index_that_measures_as_it_does() {
    let legacy = [doc! { "_id": 1, "loc": [3, 4] }, doc! { "_id": 2, "loc": [[9, 9], [0, 1]] }];
    let world = World::new(&[index(doc! { "loc": "2d" })], &legacy);
    assert_eq!(world.ids(&doc! { "loc": { "$near": [0, 0] } }), [2, 1]);
    assert_eq!(world.ids(&doc! { "loc": { "$nearSphere": [3, 4] } }), [1, 2]);
    let refused = world.find(&doc! { "loc": { "$near": { "$geometry": point(0.0, 0.0) } } }).unwrap_err();
    assert_eq!(refused.code(), Code::NO_QUERY_EXECUTION_PLANS);
    let world = World::new(&[index(doc! { "loc": "2dsphere" })], &places());
    assert_eq!(world.find(&doc! { "loc": { "$near": [0, 0] } }).unwrap_err().code(), Code::NO_QUERY_EXECUTION_PLANS);
    let compound = World::new(&[index(doc! { "kind": 1, "loc": "2dsphere" })], &places());
    let near = || doc! { "$near": { "$geometry": point(0.0, 0.0) } };
    assert_eq!(compound.ids(&doc! { "loc": near(), "kind": "a" }), [3, 1, 4]);
    assert_eq!(compound.ids(&doc! { "loc": near() }), [2, 3, 1, 4]);
}

#[test]
fn geo_near_takes_the_only_index_of_places() {
    let near = Near::of_stage(bson::RawBsonRef::Document(&raw(&point(0.0, 0.0))), true, None, None);
    let near = near.unwrap();
    let plan = |world: &World, key: Option<&str>| {
        let query = Query::new(Filter::parse(&raw(&doc! { "kind": "a" }), &context()).unwrap(), Arc::new(context()));
        let key = key.map(|key| Path::parse(key).unwrap());
        geo_near(&world.collection(), &query, key.as_ref(), &near).map_err(|refused| refused.code().0)
    };
    let sphere = index(doc! { "loc": "2dsphere" });
    let mut other = index(doc! { "other": "2dsphere" });
    other.insert("name", "other");
    assert_eq!(plan(&World::new(&[], &places()), None).unwrap_err(), 27);
    assert_eq!(plan(&World::new(&[sphere.clone(), other.clone()], &places()), None).unwrap_err(), 27);
    assert_eq!(plan(&World::new(std::slice::from_ref(&sphere), &places()), Some("other")).unwrap_err(), 291);
    let world = World::new(&[sphere], &places());
    assert_eq!(world.run(&plan(&world, None).unwrap()).unwrap().iter().map(id).collect::<Vec<_>>(), [3, 1, 4]);
}

#[test]
fn places_are_found_by_cells() {
    let square = doc! { "type": "Polygon", "coordinates": [[[-2, -2], [2, -2], [2, 2], [-2, 2], [-2, -2]]] };
    let world = World::new(&[index(doc! { "loc": "2dsphere" })], &places());
    let (plan, found) = world.find(&doc! { "loc": { "$geoWithin": { "$geometry": &square } } }).unwrap();
    let Plan::Fetch { input, .. } = plan else { panic!("{plan:?}") };
    assert!(matches!(*input, Plan::Special(Special::Cells { .. })));
    let mut ids: Vec<i32> = found.iter().map(id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3]);
    assert_eq!(world.ids(&doc! { "loc": { "$geoIntersects": { "$geometry": &square } }, "kind": "b" }), [2]);
    assert_eq!(world.ids(&doc! { "loc": { "$geoWithin": { "$box": [[-180, 0], [-100, 20]] } } }), [4]);
}

fn texts() -> Vec<Document> {
    vec![
        doc! { "_id": 1, "content": "coffee", "kind": "a" },
        doc! { "_id": 2, "content": "coffee coffee coffee", "kind": "b" },
        doc! { "_id": 3, "content": "green tea and coffee", "kind": "a" },
        doc! { "_id": 4, "content": "python programming", "kind": "a" },
        doc! { "_id": 5, "kind": "a" },
    ]
}

#[test]
fn text_finds_documents_with_scores() {
    let world = World::new(&[index(doc! { "content": "text" })], &texts());
    let text = |search: &str| doc! { "$text": { "$search": search } };
    let mut found = world.find(&text("coffee tea")).unwrap().1;
    found.sort_by(|a, b| b.metadata.text_score.unwrap().total_cmp(&a.metadata.text_score.unwrap()));
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [2, 3, 1]);
    assert!(world.ids(&text("coffee -tea \"python coffee\"")).is_empty());
    assert!(world.ids(&text("the")).is_empty());
    assert_eq!(world.ids(&doc! { "$text": { "$search": "coffee" }, "kind": "b" }), [2]);
    assert_eq!(world.ids(&doc! { "$and": [{ "$text": { "$search": "programs" } }, { "kind": "a" }] }), [4]);
}

#[test]
fn text_needs_an_index_and_values_for_the_fields_before() {
    let text = doc! { "$text": { "$search": "coffee" } };
    assert_eq!(World::new(&[], &texts()).find(&text).unwrap_err().code(), Code::INDEX_NOT_FOUND);
    let world = World::new(&[index(doc! { "kind": 1, "content": "text" })], &texts());
    assert_eq!(world.find(&text).unwrap_err().code(), Code::NO_QUERY_EXECUTION_PLANS);
    assert_eq!(world.ids(&doc! { "$text": { "$search": "coffee" }, "kind": "b" }), [2]);
    let both = doc! { "$text": { "$search": "coffee" }, "loc": { "$near": [0, 0] } };
    assert_eq!(world.find(&both).unwrap_err().code(), Code::BAD_VALUE);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn near_emits_everything_in_order(at in prop::collection::vec((-180.0..180.0_f64, -90.0..90.0_f64), 1..40), from in (-180.0..180.0_f64, -90.0..90.0_f64)) {
        let documents: Vec<Document> =
            (0_i32..).zip(&at).map(|(id, (lng, lat))| doc! { "_id": id, "loc": [*lng, *lat] }).collect();
        for (kind, filter) in [
            ("2dsphere", doc! { "$near": { "$geometry": point(from.0, from.1) } }),
            ("2d", doc! { "$near": [from.0, from.1] }),
            ("2d", doc! { "$nearSphere": [from.0, from.1] }),
        ] {
            let world = World::new(&[index(doc! { "loc": Bson::from(kind) })], &documents);
            let found = world.find(&doc! { "loc": filter }).unwrap().1;
            let distances: Vec<f64> = found.iter().map(|member| member.metadata.geo_distance.unwrap()).collect();
            prop_assert!(distances.is_sorted());
            prop_assert_eq!(found.len(), at.len());
        }
    }
}
