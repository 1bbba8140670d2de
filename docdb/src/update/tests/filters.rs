//! What depends on the query language: `$pull` with conditions, `$[identifier]`, and `$` by the filter that matched.

use super::*;
use crate::filter::Filter;

#[test]
fn items_are_pulled_by_conditions() {
    check(&[
        (doc! { "_id": 1, "a": [1, 5, 10] }, doc! { "$pull": { "a": { "$gte": 5 } } }, doc! { "_id": 1, "a": [1] }),
        (doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "$pull": { "a": { "$in": [1, 3] } } }, doc! { "_id": 1, "a": [2] }),
        (
            doc! { "_id": 1, "a": [{ "x": 1, "y": 2 }, { "y": 2, "x": 1 }, { "x": 1 }] },
            doc! { "$pull": { "a": { "x": 1, "y": 2 } } },
            doc! { "_id": 1, "a": [{ "x": 1 }] },
        ),
        (doc! { "_id": 1, "a": [1, { "x": 1 }] }, doc! { "$pull": { "a": {} } }, doc! { "_id": 1, "a": [1] }),
        (
            doc! { "_id": 1, "a": [1, bson::Bson::Null, 3] },
            doc! { "$pull": { "a": { "$eq": bson::Bson::Null } } },
            doc! { "_id": 1, "a": [1, 3] },
        ),
        (
            doc! { "_id": 1, "a": ["abc", "bcd", 1] },
            doc! { "$pull": { "a": bson::Regex { pattern: "^b".try_into().unwrap(), options: "".try_into().unwrap() } } },
            doc! { "_id": 1, "a": ["abc", 1] },
        ),
        (
            doc! { "_id": 1, "a": [{ "r": [{ "q": 1 }, { "q": 5 }] }, { "r": [{ "q": 1 }] }] },
            doc! { "$pull": { "a": { "r": { "$elemMatch": { "q": { "$gt": 3 } } } } } },
            doc! { "_id": 1, "a": [{ "r": [{ "q": 1 }] }] },
        ),
        (
            doc! { "_id": 1, "a": [{ "x": 1 }, { "y": 2 }, { "z": 3 }] },
            doc! { "$pull": { "a": { "$or": [{ "x": 1 }, { "z": 3 }] } } },
            doc! { "_id": 1, "a": [{ "y": 2 }] },
        ),
    ]);
    check_refused(&[
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "$each": [1] } } }, 2),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "$slice": -1 } } }, 2),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "$not": { "$gte": 3 } } } }, 2),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "$where": "true" } } }, 2),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "x": { "$near": [0, 0] } } } }, 2),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "a": { "$expr": true } } }, 224),
    ]);
}

#[test]
fn identifiers_stand_for_the_items_that_match() {
    let table = [
        (
            doc! { "_id": 1, "a": [1, 2, 3, 2] },
            doc! { "$set": { "a.$[x]": 9 } },
            vec![doc! { "x": 2 }],
            doc! { "_id": 1, "a": [1, 9, 3, 9] },
        ),
        (
            doc! { "_id": 1, "a": [{ "p": 1, "q": 10 }, { "p": 2, "q": 20 }] },
            doc! { "$set": { "a.$[x].p": 0, "a.$[y].q": 0 } },
            vec![doc! { "x.p": { "$gte": 2 } }, doc! { "y.q": { "$lte": 20 } }],
            doc! { "_id": 1, "a": [{ "p": 1, "q": 0 }, { "p": 0, "q": 0 }] },
        ),
        (
            doc! { "_id": 1, "a": [1, 2, 3] },
            doc! { "$inc": { "a.$[x]": 10 } },
            vec![doc! { "$or": [{ "x": 1 }, { "x": { "$gt": 2 } }] }],
            doc! { "_id": 1, "a": [11, 2, 13] },
        ),
        (
            doc! { "_id": 1, "a": [{ "b": [1, 5] }, { "b": [6] }] },
            doc! { "$unset": { "a.$[].b.$[x]": 1 } },
            vec![doc! { "x": { "$gt": 4 } }],
            doc! { "_id": 1, "a": [{ "b": [1, bson::Bson::Null] }, { "b": [bson::Bson::Null] }] },
        ),
        (
            doc! { "_id": 1, "a": [1] },
            doc! { "$set": { "a.$[x]": 9 } },
            vec![doc! { "x": 2 }],
            doc! { "_id": 1, "a": [1] },
        ),
    ];
    for (document, modifications, filters, expected) in table {
        assert_eq!(update_at(&document, &modifications, None, &filters).unwrap(), expected, "{modifications}");
    }
    let both = doc! { "$set": { "a.$[x]": 1, "a.$[y]": 2 } };
    let filters = [doc! { "x": { "$gt": 0 } }, doc! { "y": { "$lt": 2 } }];
    assert_eq!(code(update_at(&doc! { "_id": 1, "a": [1, 2] }, &both, None, &filters)), 40);
    assert!(update_at(&doc! { "_id": 1, "a": [2, -1] }, &both, None, &filters).is_ok());
}

#[test]
fn the_positional_operator_follows_the_filter() {
    let run = |document: Document, filter: Document, modifications: Document| {
        let filter = Filter::parse(&raw(&filter), &context()).unwrap();
        let position = filter.position(&raw(&document), &context()).unwrap();
        update_at(&document, &modifications, position, &[])
    };
    assert_eq!(
        run(doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "a": { "$gte": 2 } }, doc! { "$inc": { "a.$": 10 } }).unwrap(),
        doc! { "_id": 1, "a": [1, 12, 3] }
    );
    assert_eq!(
        run(
            doc! { "_id": 1, "a": [{ "b": 1, "c": 1 }, { "b": 2, "c": 2 }] },
            doc! { "a": { "$elemMatch": { "b": 2, "c": { "$gt": 1 } } } },
            doc! { "$set": { "a.$.c": 9 } },
        )
        .unwrap(),
        doc! { "_id": 1, "a": [{ "b": 1, "c": 1 }, { "b": 2, "c": 9 }] }
    );
    assert_eq!(code(run(doc! { "_id": 1, "a": [1] }, doc! { "_id": 1 }, doc! { "$set": { "a.$": 1 } })), 2);
    assert_eq!(code(run(doc! { "_id": 1, "a": [1] }, doc! { "a": { "$ne": 5 } }, doc! { "$set": { "a.$": 1 } })), 2);
}
