use bson::{Bson, Decimal128};

use super::*;

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse::<Decimal128>().unwrap())
}

#[test]
fn fields_are_set_removed_and_moved() {
    check(&[
        (doc! { "_id": 1 }, doc! { "$set": { "a": 1 } }, doc! { "_id": 1, "a": 1 }),
        (doc! { "_id": 1, "a": 1, "b": 2 }, doc! { "$set": { "a": "x" } }, doc! { "_id": 1, "a": "x", "b": 2 }),
        (doc! { "_id": 1, "a": 1 }, doc! { "$set": {} }, doc! { "_id": 1, "a": 1 }),
        (doc! { "_id": 1 }, doc! { "$set": { "a": { "$b": 1 } } }, doc! { "_id": 1, "a": { "$b": 1 } }),
        (doc! { "_id": 1, "a": 1, "b": 2 }, doc! { "$unset": { "a": "" } }, doc! { "_id": 1, "b": 2 }),
        (doc! { "_id": 1, "a": 1 }, doc! { "$unset": { "a.b": "", "c.d": "" } }, doc! { "_id": 1, "a": 1 }),
        (doc! { "_id": 1, "a": 1 }, doc! { "$setOnInsert": { "a": 2, "b": 3 } }, doc! { "_id": 1, "a": 1 }),
        (doc! { "_id": 1, "a": 10, "b": 20 }, doc! { "$rename": { "a": "c" } }, doc! { "_id": 1, "b": 20, "c": 10 }),
        (doc! { "_id": 1, "s": 42, "d": "old" }, doc! { "$rename": { "s": "d" } }, doc! { "_id": 1, "d": 42 }),
        (doc! { "_id": 1, "x": 1 }, doc! { "$rename": { "n": "y" } }, doc! { "_id": 1, "x": 1 }),
        (
            doc! { "_id": 1, "a": { "b": 5, "c": 6 } },
            doc! { "$rename": { "a.b": "a.d" } },
            doc! { "_id": 1, "a": { "c": 6, "d": 5 } },
        ),
        (doc! { "_id": 1, "x": 99 }, doc! { "$rename": { "x": "a.b" } }, doc! { "_id": 1, "a": { "b": 99 } }),
        (
            doc! { "_id": 1, "a": 10, "c": "keep" },
            doc! { "$rename": { "a": "b" }, "$set": { "c": "updated" } },
            doc! { "_id": 1, "c": "updated", "b": 10 },
        ),
    ]);
}

#[test]
fn new_fields_come_in_the_order_of_their_names_and_numbers_by_value() {
    check(&[
        (
            doc! { "_id": 1 },
            doc! { "$set": { "c": 1, "a": 2 }, "$inc": { "b": 3 } },
            doc! { "_id": 1, "a": 2, "b": 3, "c": 1 },
        ),
        (
            doc! { "_id": 1 },
            doc! { "$set": { "a.10": 1, "a.9": 2, "a.x": 3 } },
            doc! { "_id": 1, "a": { "9": 2, "10": 1, "x": 3 } },
        ),
    ]);
}

#[test]
fn numbers_are_added_and_multiplied_in_the_wider_type() {
    let at = |value: Bson| doc! { "_id": 1, "v": value };
    let inc = |value: Bson| doc! { "$inc": { "v": value } };
    let mul = |value: Bson| doc! { "$mul": { "v": value } };
    check(&[
        (at(10.into()), inc(5.into()), at(15.into())),
        (at(i32::MAX.into()), inc(1.into()), at(2_147_483_648_i64.into())),
        (at(i32::MIN.into()), inc((-1).into()), at((-2_147_483_649_i64).into())),
        (at(10.into()), inc(5_i64.into()), at(15_i64.into())),
        (at(10_i64.into()), inc(2.5.into()), at(12.5.into())),
        (at(f64::MAX.into()), inc(f64::MAX.into()), at(f64::INFINITY.into())),
        (at(decimal("1.10")), inc(2.into()), at(decimal("3.10"))),
        (at(1.into()), inc(decimal("0.5")), at(decimal("1.5"))),
        (at(0.1.into()), inc(decimal("0")), at(decimal("0.100000000000000"))),
        (at(10.5.into()), inc(decimal("2.5")), at(decimal("13.0000000000000"))),
        (at(decimal("10.5")), inc(2.5.into()), at(decimal("13.00000000000000"))),
        (at(decimal("Infinity")), inc(decimal("-Infinity")), at(decimal("NaN"))),
        (doc! { "_id": 1 }, inc(5_i64.into()), at(5_i64.into())),
        (at(10.into()), mul(3.into()), at(30.into())),
        (at(i32::MAX.into()), mul(2.into()), at(4_294_967_294_i64.into())),
        (at(10_i64.into()), mul(2.5.into()), at(25.0.into())),
        (at(decimal("10.5")), mul(2.into()), at(decimal("21.0"))),
        (doc! { "_id": 1 }, mul(3_i64.into()), at(0_i64.into())),
        (doc! { "_id": 1 }, mul(3.5.into()), at(0.0.into())),
        (doc! { "_id": 1 }, mul(decimal("3.5")), at(decimal("0"))),
    ]);
}

#[test]
fn the_lesser_or_the_greater_value_stays() {
    let at = |value: Bson| doc! { "_id": 1, "v": value };
    check(&[
        (at(10.into()), doc! { "$min": { "v": 5 } }, at(5.into())),
        (at(10.into()), doc! { "$min": { "v": 10.0 } }, at(10.into())),
        (at(10.into()), doc! { "$max": { "v": "a" } }, at("a".into())),
        (at(10.into()), doc! { "$min": { "v": Bson::Null } }, at(Bson::Null)),
        (at(10.into()), doc! { "$max": { "v": 11_i64 } }, at(11_i64.into())),
        (doc! { "_id": 1 }, doc! { "$max": { "v": 11 } }, at(11.into())),
    ]);
}

#[test]
fn bits_are_combined_in_the_wider_type() {
    let at = |value: Bson| doc! { "_id": 1, "v": value };
    check(&[
        (at(13.into()), doc! { "$bit": { "v": { "and": 10 } } }, at(8.into())),
        (at(3.into()), doc! { "$bit": { "v": { "or": 5_i64 } } }, at(7_i64.into())),
        (at(1.into()), doc! { "$bit": { "v": { "xor": 5 } } }, at(4.into())),
        (at(1.into()), doc! { "$bit": { "v": { "or": 6, "and": 2 } } }, at(2.into())),
        (doc! { "_id": 1 }, doc! { "$bit": { "v": { "or": 5 } } }, at(5.into())),
        (doc! { "_id": 1 }, doc! { "$bit": { "v": { "and": 5 } } }, at(0.into())),
    ]);
}

#[test]
fn the_current_date_is_that_of_the_operation() {
    let date = bson::DateTime::from_millis(1_700_000_000_123);
    let timestamp = bson::Timestamp { time: 1_700_000_000, increment: 1 };
    check(&[
        (doc! { "_id": 1 }, doc! { "$currentDate": { "d": true } }, doc! { "_id": 1, "d": date }),
        (doc! { "_id": 1, "d": 1 }, doc! { "$currentDate": { "d": false } }, doc! { "_id": 1, "d": date }),
        (
            doc! { "_id": 1 },
            doc! { "$currentDate": { "d": { "$type": "timestamp" } } },
            doc! { "_id": 1, "d": timestamp },
        ),
    ]);
}

#[test]
fn an_update_to_the_same_value_changes_nothing() {
    let table = [
        (doc! { "_id": 1, "a": 1 }, doc! { "$set": { "a": 1 } }, false),
        (doc! { "_id": 1, "a": 1 }, doc! { "$set": { "a": 1.0 } }, true),
        (doc! { "_id": 1, "a": 1 }, doc! { "$set": { "a": 1_i64 } }, true),
        (doc! { "_id": 1, "a": 0.0 }, doc! { "$set": { "a": -0.0 } }, true),
        (doc! { "_id": 1, "a": f64::NAN }, doc! { "$set": { "a": f64::NAN } }, false),
        (doc! { "_id": 1, "a": 1 }, doc! { "$inc": { "a": 0 } }, false),
        (doc! { "_id": 1, "a": 7 }, doc! { "$mul": { "a": 1 } }, false),
        (doc! { "_id": 1, "a": { "b": [1] } }, doc! { "$set": { "a": { "b": [1] } } }, false),
        (doc! { "_id": 1 }, doc! { "$set": { "_id": 1 } }, false),
        (doc! { "_id": 1 }, doc! { "$unset": { "a": 1 } }, false),
        (doc! { "_id": 1, "a": [1] }, doc! { "$addToSet": { "a": 1.0 } }, false),
        (doc! { "_id": 1, "a": [1] }, doc! { "$push": { "a": { "$each": [] } } }, false),
        (doc! { "_id": 1, "a": [2, 1] }, doc! { "$push": { "a": { "$each": [], "$sort": 1 } } }, true),
        (doc! { "_id": 1, "a": [1] }, doc! { "$pull": { "b": 1 }, "$pop": { "c": 1 } }, false),
        (doc! { "_id": 1, "a": 1 }, doc! { "_id": 1, "a": 1 }, false),
    ];
    for (document, update, expected) in table {
        assert_eq!(changes(&document, &update), expected, "{document} updated with {update}");
    }
}

#[test]
fn many_fields_are_found_as_few_are() {
    let mut document = doc! { "_id": 1 };
    let mut set = Document::new();
    let mut unset = Document::new();
    let mut expected = doc! { "_id": 1 };
    for number in 0..200 {
        let name = format!("f{number:03}");
        document.insert(&name, number);
        match number % 3 {
            0 => {
                set.insert(&name, number + 1);
                expected.insert(&name, number + 1);
            }
            1 => {
                unset.insert(&name, 1);
            }
            _ => {
                expected.insert(&name, number);
            }
        }
    }
    set.insert("g", 7);
    expected.insert("g", 7);
    check(&[(document, doc! { "$set": set, "$unset": unset }, expected)]);
}
