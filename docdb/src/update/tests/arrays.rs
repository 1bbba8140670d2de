use super::*;

#[test]
fn items_are_pushed_at_a_position_sorted_and_sliced() {
    let at = |items: Vec<i32>| doc! { "_id": 1, "a": items };
    let push = |clauses: Document| doc! { "$push": { "a": clauses } };
    check(&[
        (doc! { "_id": 1 }, doc! { "$push": { "a": 1 } }, at(vec![1])),
        (at(vec![1]), doc! { "$push": { "a": 2 } }, at(vec![1, 2])),
        (at(vec![0]), push(doc! { "$each": [1, 2, 3], "$slice": -2 }), at(vec![2, 3])),
        (at(vec![1, 2, 3, 4, 5]), push(doc! { "$each": [], "$slice": 2 }), at(vec![1, 2])),
        (at(vec![1, 2]), push(doc! { "$each": [3], "$slice": 0 }), doc! { "_id": 1, "a": [] }),
        (at(vec![5, 3]), push(doc! { "$each": [1, 4, 2], "$sort": 1 }), at(vec![1, 2, 3, 4, 5])),
        (at(vec![5, 3]), push(doc! { "$each": [1, 4, 2], "$sort": -1 }), at(vec![5, 4, 3, 2, 1])),
        (at(vec![3, 4]), push(doc! { "$each": [1, 2], "$position": 0 }), at(vec![1, 2, 3, 4])),
        (at(vec![1, 4]), push(doc! { "$each": [2, 3], "$position": 1.0 }), at(vec![1, 2, 3, 4])),
        (at(vec![1, 4]), push(doc! { "$each": [2], "$position": -1 }), at(vec![1, 2, 4])),
        (at(vec![1, 4]), push(doc! { "$each": [2], "$position": -9 }), at(vec![2, 1, 4])),
        (at(vec![1, 4]), push(doc! { "$position": 0, "$each": [2], "$slice": 9_i64 }), at(vec![2, 1, 4])),
        (at(vec![3, 1]), push(doc! { "$sort": 1 }), doc! { "_id": 1, "a": [3, 1, { "$sort": 1 }] }),
        (
            doc! { "_id": 1, "a": [{ "x": 5 }, { "x": 3 }] },
            push(doc! { "$each": [{ "x": 1 }, { "x": 4 }], "$sort": { "x": 1 }, "$slice": -3 }),
            doc! { "_id": 1, "a": [{ "x": 3 }, { "x": 4 }, { "x": 5 }] },
        ),
        (
            doc! { "_id": 1, "a": [{ "a": { "b": 3 } }, { "a": { "b": 1 } }, 7] },
            push(doc! { "$each": [], "$sort": { "a.b": 1 } }),
            doc! { "_id": 1, "a": [7, { "a": { "b": 1 } }, { "a": { "b": 3 } }] },
        ),
    ]);
}

#[test]
fn a_set_takes_what_it_lacks() {
    check(&[
        (doc! { "_id": 1, "a": [1] }, doc! { "$addToSet": { "a": 2 } }, doc! { "_id": 1, "a": [1, 2] }),
        (doc! { "_id": 1 }, doc! { "$addToSet": { "a": [1] } }, doc! { "_id": 1, "a": [[1]] }),
        (
            doc! { "_id": 1, "a": [1] },
            doc! { "$addToSet": { "a": { "$each": [2, 1.0, 2, 3] } } },
            doc! { "_id": 1, "a": [1, 2, 3] },
        ),
        (doc! { "_id": 1 }, doc! { "$addToSet": { "a": { "$each": [] } } }, doc! { "_id": 1, "a": [] }),
        (
            doc! { "_id": 1, "a": [{ "x": 1, "y": 2 }] },
            doc! { "$addToSet": { "a": { "y": 2, "x": 1 } } },
            doc! { "_id": 1, "a": [{ "x": 1, "y": 2 }, { "y": 2, "x": 1 }] },
        ),
    ]);
}

#[test]
fn the_first_or_the_last_item_is_popped() {
    check(&[
        (doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "$pop": { "a": 1 } }, doc! { "_id": 1, "a": [1, 2] }),
        (doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "$pop": { "a": -1.0 } }, doc! { "_id": 1, "a": [2, 3] }),
        (doc! { "_id": 1, "a": [] }, doc! { "$pop": { "a": 1 } }, doc! { "_id": 1, "a": [] }),
        (doc! { "_id": 1 }, doc! { "$pop": { "a": 1 } }, doc! { "_id": 1 }),
    ]);
}

#[test]
fn equal_items_are_pulled() {
    check(&[
        (doc! { "_id": 1, "a": [1, 2, 3, 2.0] }, doc! { "$pull": { "a": 2 } }, doc! { "_id": 1, "a": [1, 3] }),
        (doc! { "_id": 1, "a": [1, [1, 2], 3] }, doc! { "$pull": { "a": 1 } }, doc! { "_id": 1, "a": [[1, 2], 3] }),
        (doc! { "_id": 1, "a": [[1, 2], [2, 1]] }, doc! { "$pull": { "a": [1, 2] } }, doc! { "_id": 1, "a": [[2, 1]] }),
        (doc! { "_id": 1, "a": [3, 3] }, doc! { "$pull": { "a": 3 } }, doc! { "_id": 1, "a": [] }),
        (doc! { "_id": 1, "a": [1, 2, 3, 1] }, doc! { "$pullAll": { "a": [1, 3] } }, doc! { "_id": 1, "a": [2] }),
        (
            doc! { "_id": 1, "a": [{ "x": 1 }, { "x": 1, "y": 2 }] },
            doc! { "$pullAll": { "a": [{ "x": 1 }] } },
            doc! { "_id": 1, "a": [{ "x": 1, "y": 2 }] },
        ),
        (doc! { "_id": 1 }, doc! { "$pull": { "a.b": 1 } }, doc! { "_id": 1 }),
    ]);
}

#[test]
fn many_values_are_found_as_few_are() {
    let numbers = |range: std::ops::Range<i32>| range.collect::<Vec<_>>();
    let twice: Vec<f64> = numbers(5..25).into_iter().chain(numbers(5..25)).map(f64::from).collect();
    let mut all: Vec<bson::Bson> = numbers(0..10).into_iter().map(Into::into).collect();
    all.extend(numbers(10..25).into_iter().map(|number| f64::from(number).into()));
    check(&[
        (
            doc! { "_id": 1, "a": numbers(0..10) },
            doc! { "$addToSet": { "a": { "$each": twice.clone() } } },
            doc! { "_id": 1, "a": all },
        ),
        (
            doc! { "_id": 1, "a": numbers(0..10) },
            doc! { "$pullAll": { "a": twice } },
            doc! { "_id": 1, "a": numbers(0..5) },
        ),
    ]);
}
