//! Whatever the indexes, a query finds the same; whatever the writes, indexes hold what a rebuild would.

use bson::{Bson, Decimal128, Document, RawDocumentBuf, doc};
use millpond_docdb::{
    Count, CreateCollection, Delete, DeleteStatement, Distinct, Docdb, Find, Hint, IndexChange, IndexSelection, Insert,
    ModifyCollection, Namespace, Update, UpdateModifications, UpdateStatement,
};
use millpond_engine::Engine;
use proptest::{prelude::*, sample::select};

fn raw(document: Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(&document).unwrap()
}

fn scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        6 => (0..4_i32).prop_map(Bson::Int32),
        1 => (0..3_i64).prop_map(Bson::Int64),
        2 => select(vec![0.5, 1.0, 2.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]).prop_map(Bson::Double),
        1 => select(vec!["1", "2.5", "NaN"]).prop_map(|text| Bson::Decimal128(text.parse::<Decimal128>().unwrap())),
        2 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        4 => select(vec!["", "a", "A", "ab", "b", "é"]).prop_map(|text| Bson::String(text.to_owned())),
        1 => select(vec![Bson::MinKey, Bson::MaxKey, Bson::Undefined]),
        1 => (0..3_i64).prop_map(|millis| Bson::DateTime(bson::DateTime::from_millis(millis))),
        1 => Just(Bson::RegularExpression(bson::Regex { pattern: "a".try_into().unwrap(), options: "".try_into().unwrap() })),
        1 => Just(Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1] })),
        1 => Just(Bson::String("z".repeat(1500))),
        1 => Just(Bson::String("z".repeat(1500) + "a")),
    ]
}

fn value() -> impl Strategy<Value = Bson> {
    scalar().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
            2 => prop::collection::vec((select(vec!["x", "y", "0"]), inner), 0..3)
                .prop_map(|fields| Bson::Document(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

/// Documents whose values are scalars for the most part, or all kinds.
fn document() -> impl Strategy<Value = Document> {
    let field = (select(vec!["a", "b", "c"]), prop_oneof![3 => scalar(), 2 => value()]);
    prop::collection::vec(field, 0..4)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn path() -> impl Strategy<Value = String> {
    select(vec!["a", "a", "a", "b", "b", "c", "a.x", "a.x", "a.y", "b.x", "a.0", "a.x.y", "a.0.x", "_id"])
        .prop_map(str::to_owned)
}

fn operand() -> impl Strategy<Value = Bson> {
    prop_oneof![4 => scalar(), 1 => value()]
        .prop_filter("no operand", |value| !matches!(value, Bson::Undefined | Bson::RegularExpression(_)))
}

fn operators() -> impl Strategy<Value = Document> {
    let one = prop_oneof![
        6 => (select(vec!["$eq", "$gt", "$gte", "$lt", "$lte", "$ne"]), operand()).prop_map(|(op, value)| doc! { op: value }),
        1 => (operand(), operand()).prop_map(|(low, high)| doc! { "$gte": low, "$lte": high }),
        2 => (select(vec!["$in", "$nin", "$all"]), prop::collection::vec(operand(), 0..4)).prop_map(|(op, all)| doc! { op: all }),
        1 => any::<bool>().prop_map(|exists| doc! { "$exists": exists }),
        1 => select(vec!["number", "string", "array", "object", "null"]).prop_map(|name| doc! { "$type": name }),
        1 => (0..3_i32).prop_map(|size| doc! { "$size": size }),
        1 => (1..3_i32, 0..2_i32).prop_map(|(divisor, rest)| doc! { "$mod": [divisor, rest] }),
        1 => select(vec!["^a", "a", "^", "^z", "^ab?"]).prop_map(|pattern| doc! { "$regex": pattern }),
    ];
    prop_oneof![
        6 => one.clone(),
        1 => one.clone().prop_map(|inner| doc! { "$not": inner }),
        1 => one.clone().prop_map(|inner| doc! { "$elemMatch": inner }),
        1 => (select(vec!["x", "y", "0"]), one.clone(), one).prop_map(|(name, x, y)| doc! { "$elemMatch": { name: x, "y": y } }),
    ]
}

fn filter() -> impl Strategy<Value = Document> {
    let condition = (path(), operators()).prop_map(|(path, operators)| doc! { path: operators }).boxed();
    let several = prop::collection::vec(condition.clone(), 1..4).prop_map(|all| doc! { "$and": all });
    prop_oneof![
        1 => Just(doc! {}),
        4 => condition.clone(),
        4 => several.clone(),
        4 => prop_oneof![condition, several].prop_recursive(2, 8, 3, |inner| {
            (select(vec!["$and", "$or", "$or", "$nor"]), prop::collection::vec(inner, 1..4)).prop_map(|(op, all)| doc! { op: all })
        }),
    ]
}

fn index() -> impl Strategy<Value = Document> {
    let fields = prop::collection::vec((path(), select(vec![1, -1])), 1..4);
    let plain =
        (fields, select(vec!["", "", "", "sparse", "partial", "partial_exists", "hidden", "collation", "unique"]));
    prop_oneof![
        8 => plain.prop_map(|(fields, option)| {
            let mut key: Document = fields.into_iter().map(|(name, direction)| (name, Bson::Int32(direction))).collect();
            match option {
                "" => doc! { "key": key },
                "partial" => doc! { "key": key, "partialFilterExpression": { "a": { "$gte": 1 } } },
                "partial_exists" => doc! { "key": key, "partialFilterExpression": { "b": { "$exists": true } } },
                "collation" => doc! { "key": key, "collation": { "locale": "en", "strength": 2 } },
                "unique" => {
                    key.insert("_id", 1);
                    doc! { "key": key, "unique": true }
                }
                option => doc! { "key": key, option: true },
            }
        }),
        1 => path().prop_map(|path| doc! { "key": { path: "hashed" } }),
        1 => (path(), path()).prop_filter("twice", |(a, b)| a != b).prop_map(|(a, b)| doc! { "key": { a: 1, b: "hashed" } }),
        2 => select(vec![
            doc! { "key": { "$**": 1 } },
            doc! { "key": { "a.$**": -1 } },
            doc! { "key": { "b": 1, "a.$**": 1 } },
            doc! { "key": { "a.$**": 1, "b": 1 } },
            doc! { "key": { "$**": 1 }, "wildcardProjection": { "a": 1 } },
            doc! { "key": { "$**": 1 }, "wildcardProjection": { "a.x": 0 } },
            doc! { "key": { "$**": 1 }, "wildcardProjection": { "_id": 1 } },
        ]),
    ]
}

#[derive(Debug, Clone)]
struct Question {
    filter: Document,
    sort: Option<Document>,
    limit: u64,
    projection: Option<Document>,
    collation: bool,
}

fn question() -> impl Strategy<Value = Question> {
    let sort = prop::collection::vec((path(), select(vec![1, -1])), 1..3)
        .prop_map(|fields| fields.into_iter().map(|(name, direction)| (name, Bson::Int32(direction))).collect());
    let projection = select(vec![
        doc! { "a": 1, "_id": 1 },
        doc! { "a": 1, "b": 1, "_id": 1 },
        doc! { "a.x": 1, "_id": 1 },
        doc! { "_id": 1 },
        doc! { "a": 0 },
    ]);
    (
        filter(),
        prop::option::of(sort),
        select(vec![0, 0, 1, 3]),
        prop::option::of(projection),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(filter, sort, limit, projection, collation)| Question {
            filter,
            sort,
            limit,
            projection,
            collation,
        })
}

#[derive(Debug, Clone)]
enum Write {
    Insert(Document),
    Update(Document, Document, bool),
    Replace(Document, Document),
    Delete(Document, bool),
    Index(Document),
}

fn write() -> impl Strategy<Value = Write> {
    let change = (select(vec!["$set", "$set", "$push", "$unset"]), path(), value())
        .prop_filter("the id stays", |(_, path, _)| path != "_id")
        .prop_map(|(op, path, value)| doc! { op: { path: value } });
    prop_oneof![
        6 => document().prop_map(Write::Insert),
        3 => (filter(), change, any::<bool>()).prop_map(|(filter, change, multi)| Write::Update(filter, change, multi)),
        2 => (filter(), document()).prop_map(|(filter, document)| Write::Replace(filter, document)),
        1 => (filter(), any::<bool>()).prop_map(|(filter, multi)| Write::Delete(filter, multi)),
        1 => index().prop_map(Write::Index),
    ]
}

struct Tested {
    docdb: Docdb,
    namespace: Namespace,
    indexes: Vec<Document>,
    next: i32,
}

impl Tested {
    fn new(clustered: bool) -> Tested {
        let docdb = Docdb::open(&Engine::in_memory()).unwrap();
        let namespace = Namespace::new("test", "c").unwrap();
        if clustered {
            let cluster = Some(raw(doc! { "key": { "_id": 1 }, "unique": true }));
            docdb
                .create_collection(
                    &namespace,
                    &CreateCollection { clustered_index: cluster, ..CreateCollection::default() },
                )
                .unwrap();
        }
        Tested { docdb, namespace, indexes: Vec::new(), next: 0 }
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Insert(document) => {
                let mut with_id = doc! { "_id": self.next };
                self.next += 1;
                with_id.extend(document);
                self.docdb
                    .insert(&self.namespace, Insert { documents: vec![raw(with_id)], ..Insert::default() })
                    .unwrap();
            }
            Write::Update(filter, change, multi) => self.update(filter, change, multi),
            Write::Replace(filter, document) => self.update(filter, document, false),
            Write::Delete(filter, multi) => {
                let statement = DeleteStatement { filter: raw(filter), multi, hint: None, collation: None };
                self.docdb
                    .delete(&self.namespace, &Delete { statements: vec![statement], ..Delete::default() })
                    .unwrap();
            }
            Write::Index(mut definition) => {
                definition.insert("name", format!("index{}", self.indexes.len()));
                if self.docdb.create_indexes(&self.namespace, &[raw(definition.clone())]).is_ok() {
                    self.indexes.push(definition);
                }
            }
        }
    }

    fn update(&self, filter: Document, change: Document, multi: bool) {
        let statement = UpdateStatement {
            filter: raw(filter),
            update: UpdateModifications::Document(raw(change)),
            constants: None,
            multi,
            upsert: false,
            array_filters: vec![],
            sort: None,
            hint: None,
            collation: None,
        };
        self.docdb.update(&self.namespace, &Update { statements: vec![statement], ..Update::default() }).unwrap();
    }

    fn find(&self, question: &Question, hint: Option<Hint>) -> Result<Vec<Document>, i32> {
        let find = Find {
            filter: raw(question.filter.clone()),
            sort: question.sort.clone().map(raw),
            limit: question.limit,
            projection: question.projection.clone().map(raw),
            collation: question.collation.then(|| raw(doc! { "locale": "en", "strength": 2 })),
            hint,
            allow_disk_use: true,
            ..Find::default()
        };
        let rows = self.docdb.find(&self.namespace, &find).map_err(|error| error.code().0)?;
        rows.map(|row| row.map(|row| Document::try_from(row.raw()).unwrap()).map_err(|error| error.code().0)).collect()
    }

    fn validate(&self) {
        let checked = self.docdb.validate(&self.namespace).unwrap();
        assert_eq!(checked.errors, Vec::<String>::new());
    }

    /// Asks in all ways.
    fn ask(&self, question: &Question) {
        let natural = || Some(Hint::Keys(raw(doc! { "$natural": 1 })));
        let whole = Question { limit: 0, projection: question.projection.clone(), ..question.clone() };
        let Ok(expected) = self.find(&whole, natural()) else { return };
        let keys = Question { projection: Some(doc! { "_id": 1, "k": { "$meta": "sortKey" } }), ..whole.clone() };
        let sorted = question.sort.is_some();
        let expected_keys = if sorted { self.find(&keys, natural()).unwrap() } else { Vec::new() };
        let mut hints: Vec<(Option<Hint>, bool)> = vec![(None, true)];
        for definition in &self.indexes {
            let name = definition.get_str("name").unwrap().to_owned();
            let partly = ["sparse", "partialFilterExpression"].iter().any(|option| definition.contains_key(*option));
            hints.push((Some(Hint::Name(name)), !partly));
        }
        for (hint, whole_answer) in hints {
            let label = format!("{question:?} by {hint:?} of {:?}", self.indexes);
            let found = match self.find(&whole, hint.clone()) {
                Ok(found) => found,
                Err(2 | 291) if hint.is_some() => continue,
                Err(code) => panic!("{code} for {label}"),
            };
            if !whole_answer {
                assert!(found.iter().all(|document| contains(&expected, document)), "{label}");
                continue;
            }
            same(&found, &expected, &label);
            if sorted {
                let found = self.find(&keys, hint.clone()).unwrap();
                assert_eq!(sort_keys(&found), sort_keys(&expected_keys), "the order of {label}");
            }
            if question.limit > 0 {
                let limited = Question { limit: question.limit, ..keys.clone() };
                let limited = if sorted { limited } else { Question { limit: question.limit, ..whole.clone() } };
                let found = self.find(&limited, hint.clone()).unwrap();
                assert_eq!(found.len() as u64, question.limit.min(expected.len() as u64), "{label}");
                if sorted {
                    assert_eq!(sort_keys(&found), sort_keys(&expected_keys)[..found.len()], "the first of {label}");
                }
            }
        }
        if !question.collation {
            let filter = raw(question.filter.clone());
            let count = Count { filter: filter.clone(), ..Count::default() };
            assert_eq!(
                self.docdb.count(&self.namespace, &count).unwrap(),
                expected.len() as u64,
                "count of {question:?} of {:?}",
                self.indexes
            );
            for key in ["a", "a.x"] {
                let distinct = Distinct { key: key.into(), filter: filter.clone(), ..Distinct::default() };
                let plain = self.docdb.distinct(&self.namespace, &distinct).unwrap();
                let natural = self.docdb.distinct(&self.namespace, &Distinct { hint: natural(), ..distinct }).unwrap();
                assert_eq!(
                    loose(&Bson::Array(plain.into_iter().map(|value| Bson::try_from(value).unwrap()).collect())),
                    loose(&Bson::Array(natural.into_iter().map(|value| Bson::try_from(value).unwrap()).collect())),
                    "distinct {question:?}"
                );
            }
        }
    }
}

fn contains(all: &[Document], one: &Document) -> bool {
    all.iter().any(|other| format!("{other:?}") == format!("{one:?}"))
}

fn same(found: &[Document], expected: &[Document], label: &str) {
    let texts = |all: &[Document]| {
        let mut texts: Vec<String> = all.iter().map(|document| format!("{document:?}")).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(found), texts(expected), "{label}");
}

/// Values that are equal to the order, as 1 and 1.0 are, are the same text.
fn loose(value: &Bson) -> String {
    match value {
        Bson::Int32(value) => format!("{:?}", f64::from(*value)),
        Bson::Int64(value) => format!("{:?}", *value as f64),
        Bson::Double(value) => format!("{:?}", *value + 0.0),
        Bson::Decimal128(value) => format!("{:?}", value.to_string().parse::<f64>().unwrap()),
        Bson::Array(all) => format!("[{}]", all.iter().map(loose).collect::<Vec<_>>().join(",")),
        Bson::Document(all) => format!(
            "{{{}}}",
            all.iter().map(|(name, value)| format!("{name}:{}", loose(value))).collect::<Vec<_>>().join(",")
        ),
        value => format!("{value:?}"),
    }
}

fn sort_keys(found: &[Document]) -> Vec<String> {
    // Strings that the collation holds equal are equal keys.
    found.iter().map(|document| loose(document.get("k").unwrap()).to_lowercase()).collect()
}

fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_query_finds_the_same_with_and_without_indexes(
        clustered in prop::bool::weighted(0.15),
        before in prop::collection::vec(document(), 0..12),
        indexes in prop::collection::vec(index(), 0..4),
        writes in prop::collection::vec(write(), 0..12),
        questions in prop::collection::vec(question(), 1..8),
    ) {
        let mut tested = Tested::new(clustered);
        before.into_iter().map(Write::Insert).chain(indexes.into_iter().map(Write::Index)).chain(writes).for_each(|write| tested.write(write));
        if tested.next > 0 || !tested.indexes.is_empty() {
            tested.validate();
        }
        for question in &questions {
            tested.ask(question);
        }
    }
}

#[test]
fn an_index_that_is_built_while_others_write_is_whole() {
    let tested = Tested::new(false);
    let documents = (0..2000).map(|n| raw(doc! { "_id": n, "a": n % 50, "b": [n % 7, n % 5] })).collect();
    tested.docdb.insert(&tested.namespace, Insert { documents, ..Insert::default() }).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let tested = &tested;
            scope.spawn(move || {
                for n in 0..150 {
                    let id = (n * 13 + thread * 701) % 2000;
                    tested.update(doc! { "_id": id }, doc! { "$inc": { "a": 1 }, "$push": { "b": thread } }, false);
                    let deleted = DeleteStatement {
                        filter: raw(doc! { "_id": (id + 5) % 2000 }),
                        multi: false,
                        hint: None,
                        collation: None,
                    };
                    tested
                        .docdb
                        .delete(&tested.namespace, &Delete { statements: vec![deleted], ..Delete::default() })
                        .unwrap();
                    let document = raw(doc! { "_id": 10_000 + thread * 1000 + n, "a": n, "b": { "x": n } });
                    tested
                        .docdb
                        .insert(&tested.namespace, Insert { documents: vec![document], ..Insert::default() })
                        .unwrap();
                }
            });
        }
        for (name, key) in [("one", doc! { "a": 1 }), ("two", doc! { "b": 1, "a": -1 }), ("three", doc! { "$**": 1 })] {
            tested.docdb.create_indexes(&tested.namespace, &[raw(doc! { "key": key, "name": name })]).unwrap();
        }
    });
    let checked = tested.docdb.validate(&tested.namespace).unwrap();
    assert_eq!(checked.errors, Vec::<String>::new());
    assert_eq!(checked.keys_per_index.len(), 4);
}

#[test]
fn an_index_becomes_unique_once_no_key_is_there_twice() {
    let tested = Tested::new(false);
    let documents = [1, 2, 2].iter().enumerate().map(|(at, a)| raw(doc! { "_id": at as i32, "a": a })).collect();
    tested.docdb.insert(&tested.namespace, Insert { documents, ..Insert::default() }).unwrap();
    tested.docdb.create_indexes(&tested.namespace, &[raw(doc! { "key": { "a": 1 }, "name": "a" })]).unwrap();
    let modify = |prepare_unique, unique| {
        let index = IndexChange {
            index: IndexSelection::Name("a".to_owned()),
            expire_after_seconds: None,
            hidden: None,
            prepare_unique,
            unique,
        };
        tested.docdb.modify_collection(
            &tested.namespace,
            &ModifyCollection { index: Some(index), ..ModifyCollection::default() },
        )
    };
    let insert = |id: i32, a: i32| {
        let documents = vec![raw(doc! { "_id": id, "a": a })];
        let reply = tested.docdb.insert(&tested.namespace, Insert { documents, ..Insert::default() }).unwrap();
        reply.errors.first().map(|error| error.error.code().0)
    };
    assert_eq!(modify(None, true).unwrap_err().code().0, 72);
    modify(Some(true), false).unwrap();
    assert_eq!(insert(3, 1), Some(11000));
    assert_eq!(modify(None, true).unwrap_err().code().0, 359);
    tested.update(doc! { "_id": 2 }, doc! { "$set": { "a": 3 } }, false);
    modify(None, true).unwrap();
    assert_eq!((insert(4, 3), insert(5, 4)), (Some(11000), None));
    tested.validate();
    let found =
        Find { filter: raw(doc! { "a": { "$gte": 2 } }), hint: Some(Hint::Name("a".to_owned())), ..Find::default() };
    assert_eq!(tested.docdb.find(&tested.namespace, &found).unwrap().count(), 3);
    tested.docdb.maintain().unwrap();
    tested.validate();
}
