//! Documents beside the other services.

use std::time::Duration;

use millpond::{
    Error, Pond,
    docdb::bson::{Document, doc},
    queue::CreateOptions,
};

#[test]
fn a_document_and_a_message_commit_together_or_not_at_all() {
    let pond = Pond::in_memory().unwrap();
    let orders = pond.docdb().database("shop").collection::<Document>("orders");
    let jobs = pond.queues().create("jobs", &CreateOptions::default()).unwrap();
    let order = |id: &str| {
        pond.transact(|tx| -> Result<(), Error> {
            jobs.send_in(tx, id)?;
            orders.insert_one(doc! { "_id": id }).run_in(tx)?;
            Ok(())
        })
    };
    order("o-1").unwrap();
    let refused = order("o-1").unwrap_err();
    assert!(matches!(refused, Error::Docdb(_)), "{refused}");
    assert_eq!(orders.count_documents(doc! {}).run().unwrap(), 1);
    assert_eq!(jobs.receive(10, Duration::ZERO).unwrap().len(), 1);
}

#[test]
fn a_message_is_deleted_in_the_transaction_that_writes_its_document() {
    let pond = Pond::in_memory().unwrap();
    let seen = pond.docdb().database("shop").collection::<Document>("seen");
    let jobs = pond.queues().create("jobs", &CreateOptions::default()).unwrap();
    jobs.send("a").unwrap();
    for message in jobs.receive(10, Duration::ZERO).unwrap() {
        pond.transact(|tx| -> Result<(), Error> {
            let update = doc! { "$inc": { "n": 1 } };
            seen.update_one(doc! { "_id": message.body() }, update).upsert(true).run_in(tx)?;
            message.delete_in(tx)?;
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(seen.find_one(doc! {}).run().unwrap(), Some(doc! { "_id": "a", "n": 1 }));
}
