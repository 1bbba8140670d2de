//! MongoDB's driver for Rust, asynchronous and blocking.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use mongodb::{
    Client, Collection, IndexModel, Namespace,
    bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId},
    error::{ErrorKind, WriteFailure},
    options::{
        ClientOptions, DeleteOneModel, IndexOptions, InsertOneModel, ReturnDocument, UpdateOneModel, WriteModel,
    },
};
use serde::{Deserialize, Serialize};

/// A binary with MongoDB's face.
struct Mongo {
    process: Child,
    uri: String,
}

impl Mongo {
    fn in_memory() -> Mongo {
        let mut process = Command::new(env!("CARGO_BIN_EXE_millpond"))
            .args(["serve", "--memory", "--aws-addr", "127.0.0.1:0", "--mongo-addr", "127.0.0.1:0"])
            .args(["--mongo-test-commands"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let uri =
            said.map(Result::unwrap).find_map(|line| line.strip_prefix("mongodb ").map(ToOwned::to_owned)).unwrap();
        Mongo { process, uri }
    }

    async fn client(&self) -> Client {
        let mut options = ClientOptions::parse(&self.uri).await.unwrap();
        options.app_name = Some("tests".to_owned());
        Client::with_options(options).unwrap()
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Film {
    #[serde(rename = "_id")]
    id: ObjectId,
    title: String,
    year: i32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    rating: Option<f64>,
}

fn films() -> Vec<Film> {
    let film = |number: i32| Film {
        id: ObjectId::new(),
        title: format!("film {number}"),
        year: 1990 + number % 20,
        tags: (0..number % 3).map(|tag| format!("tag{tag}")).collect(),
        rating: (number % 7 != 0).then(|| f64::from(number % 10)),
    };
    (0..300).map(film).collect()
}

async fn all<T: for<'a> Deserialize<'a> + Unpin + Send + Sync>(mut cursor: mongodb::Cursor<T>) -> Vec<T> {
    let mut found = Vec::new();
    while cursor.advance().await.unwrap() {
        found.push(cursor.deserialize_current().unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_documents_are_written_queried_and_grouped() {
    let server = Mongo::in_memory();
    let database = server.client().await.database("cinema");
    let collection: Collection<Film> = database.collection("films");
    let expected = films();
    assert_eq!(collection.insert_many(&expected).await.unwrap().inserted_ids.len(), 300);
    let found = all(collection.find(doc! {}).batch_size(17).await.unwrap()).await;
    assert_eq!(found, expected);
    let recent = all(collection
        .find(doc! { "year": { "$gte": 2005 }, "rating": null })
        .sort(doc! { "title": 1 })
        .await
        .unwrap())
    .await;
    let mut of_list: Vec<Film> =
        expected.iter().filter(|film| film.year >= 2005 && film.rating.is_none()).cloned().collect();
    of_list.sort_by(|a, b| a.title.cmp(&b.title));
    assert_eq!(recent, of_list);

    let pipeline = [
        doc! { "$unwind": "$tags" },
        doc! { "$group": { "_id": "$tags", "count": { "$sum": 1 } } },
        doc! { "$sort": { "_id": 1 } },
    ];
    let grouped = all(collection.aggregate(pipeline).await.unwrap()).await;
    assert_eq!(grouped, [doc! { "_id": "tag0", "count": 200 }, doc! { "_id": "tag1", "count": 100 }]);
    let years = collection.distinct("year", doc! {}).await.unwrap();
    assert_eq!(years, (1990..2010).map(Bson::from).collect::<Vec<_>>());
    assert_eq!(collection.count_documents(doc! { "tags": "tag1" }).await.unwrap(), 100);

    let updated = collection.update_many(doc! { "year": 1990 }, doc! { "$push": { "tags": "old" } }).await.unwrap();
    assert_eq!((updated.matched_count, updated.modified_count), (15, 15));
    let changed = collection
        .find_one_and_update(doc! { "_id": expected[1].id }, doc! { "$inc": { "year": 100 } })
        .return_document(ReturnDocument::After)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changed, Film { year: expected[1].year + 100, ..expected[1].clone() });
    let replaced =
        collection.replace_one(doc! { "_id": expected[2].id }, &Film { year: 1, ..expected[2].clone() }).await.unwrap();
    assert_eq!(replaced.modified_count, 1);
    assert_eq!(collection.delete_many(doc! { "tags": "old" }).await.unwrap().deleted_count, 15);
    assert_eq!(database.list_collection_names().await.unwrap(), ["films"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_are_made_and_refuse_what_they_must() {
    let server = Mongo::in_memory();
    let collection: Collection<Document> = server.client().await.database("shop").collection("users");
    let unique = IndexOptions::builder().unique(true).name("mail".to_owned()).build();
    let models = [
        IndexModel::builder().keys(doc! { "mail": 1 }).options(unique).build(),
        IndexModel::builder().keys(doc! { "at": "2dsphere" }).build(),
    ];
    assert_eq!(collection.create_indexes(models).await.unwrap().index_names, ["mail", "at_2dsphere"]);
    collection
        .insert_one(doc! { "mail": "a@b", "money": "1.50".parse::<Decimal128>().unwrap(), "at": [1, 2] })
        .await
        .unwrap();
    let refused = collection.insert_one(doc! { "mail": "a@b" }).await.unwrap_err();
    let ErrorKind::Write(WriteFailure::WriteError(error)) = *refused.kind else { panic!("{refused}") };
    assert_eq!(error.code, 11000);
    assert!(error.message.ends_with("index: mail dup key: { mail: \"a@b\" }"), "{}", error.message);
    let many = [doc! { "mail": "x" }, doc! { "mail": "a@b" }, doc! { "mail": "y" }];
    let refused = collection.insert_many(many).ordered(false).await.unwrap_err();
    let ErrorKind::InsertMany(errors) = *refused.kind else { panic!("{refused}") };
    assert_eq!(errors.write_errors.unwrap()[0].index, 1);
    assert_eq!(collection.list_index_names().await.unwrap(), ["_id_", "mail", "at_2dsphere"]);
    collection.drop_index("at_2dsphere").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_writes_sessions_and_retries_work() {
    let server = Mongo::in_memory();
    let client = server.client().await;
    let name = |collection: &str| Namespace { db: "bulk".to_owned(), coll: collection.to_owned() };
    let writes: Vec<WriteModel> = vec![
        InsertOneModel::builder().namespace(name("a")).document(doc! { "_id": 1, "n": 1 }).build().into(),
        InsertOneModel::builder().namespace(name("b")).document(doc! { "_id": 1 }).build().into(),
        UpdateOneModel::builder()
            .namespace(name("a"))
            .filter(doc! { "_id": 1 })
            .update(doc! { "$inc": { "n": 1 } })
            .build()
            .into(),
        UpdateOneModel::builder()
            .namespace(name("a"))
            .filter(doc! { "_id": 2 })
            .update(doc! { "$set": { "n": 5 } })
            .upsert(true)
            .build()
            .into(),
        DeleteOneModel::builder().namespace(name("b")).filter(doc! { "_id": 1 }).build().into(),
    ];
    let written = client.bulk_write(writes).verbose_results().await.unwrap();
    assert_eq!((written.summary.inserted_count, written.summary.modified_count), (2, 1));
    assert_eq!((written.summary.upserted_count, written.summary.deleted_count), (1, 1));
    assert_eq!(written.update_results[&3].upserted_id, Some(Bson::Int32(2)));

    let collection: Collection<Document> = client.database("bulk").collection("a");
    let failure = doc! {
        "configureFailPoint": "failCommand", "mode": { "times": 1 },
        "data": { "failCommands": ["update"], "closeConnection": true, "appName": "tests" },
    };
    client.database("admin").run_command(failure).await.unwrap();
    collection.update_one(doc! { "_id": 1 }, doc! { "$inc": { "n": 10 } }).await.unwrap();
    let mut session = client.start_session().causal_consistency(true).await.unwrap();
    let found = collection.find_one(doc! { "_id": 1 }).session(&mut session).await.unwrap().unwrap();
    assert_eq!(found, doc! { "_id": 1, "n": 12 });
    collection.insert_one(doc! { "_id": 3, "at": DateTime::MIN }).session(&mut session).await.unwrap();
    let mut cursor =
        collection.find(doc! {}).sort(doc! { "_id": 1 }).batch_size(1).session(&mut session).await.unwrap();
    let mut ids = Vec::new();
    while let Some(found) = cursor.next(&mut session).await {
        ids.push(found.unwrap().get_i32("_id").unwrap());
    }
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn the_blocking_driver_does_the_same() {
    let server = Mongo::in_memory();
    let client = mongodb::sync::Client::with_uri_str(&server.uri).unwrap();
    let collection = client.database("blocking").collection::<Film>("films");
    let expected = films();
    collection.insert_many(&expected).run().unwrap();
    let found: Vec<Film> = collection.find(doc! {}).batch_size(50).run().unwrap().map(Result::unwrap).collect();
    assert_eq!(found, expected);
    let deleted = collection.find_one_and_delete(doc! { "title": "film 7" }).run().unwrap();
    assert_eq!(deleted.as_ref(), expected.get(7));
    assert_eq!(collection.estimated_document_count().run().unwrap(), 299);
    assert!(client.list_database_names().run().unwrap().contains(&"blocking".to_owned()));
    client.database("blocking").drop().run().unwrap();
    assert_eq!(collection.count_documents(doc! {}).run().unwrap(), 0);
}
