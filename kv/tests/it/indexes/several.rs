//! Global indexes whose keys are made of several attributes.

use proptest::prelude::*;

use super::*;

const PARTITION: [&str; 2] = ["cup", "region"];
const SORT: [&str; 3] = ["round", "bracket", "points"];

fn long_schema(partition: &[&str], sort: &[&str]) -> Vec<KeySchemaElement> {
    let of = |key_type| move |name: &&str| KeySchemaElement { attribute_name: (*name).into(), key_type };
    partition.iter().map(of(KeyType::Hash)).chain(sort.iter().map(of(KeyType::Range))).collect()
}

fn by_round(schema: Vec<KeySchemaElement>) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex { key_schema: schema, ..global("by-round", "", None, projection(ProjectionType::All, &[])) }
}

/// Table `matches` (`pk` S) with the global index `by-round`.
fn matches_by(schema: Vec<KeySchemaElement>) -> CreateTableRequest {
    let mut request = create("matches", &[("pk", ScalarAttributeType::S)]);
    let names: BTreeSet<&str> = schema.iter().map(|element| element.attribute_name.as_str()).collect();
    request.attribute_definitions.extend(names.into_iter().filter(|name| *name != "pk").map(|name| match name {
        "round" | "points" => definition(name, ScalarAttributeType::N),
        _ => definition(name, ScalarAttributeType::S),
    }));
    request.global_secondary_indexes = Some(vec![by_round(schema)]);
    request
}

fn kv_with_matches() -> Kv {
    let kv = kv();
    kv.create_table(&matches_by(long_schema(&PARTITION, &SORT))).unwrap();
    kv
}

/// In conditions, `#r` stands for `region`, which is reserved.
fn in_matches(condition: &str, values: Item) -> QueryRequest {
    let names = if condition.contains("#r") { names([("#r", "region")]) } else { None };
    QueryRequest {
        table_name: "matches".into(),
        expression_attribute_names: names,
        ..on("by-round", condition, values)
    }
}

#[test]
fn keys_of_several_attributes_have_their_rules() {
    let names = ["cup", "region", "round", "bracket", "points"];
    let schema = long_schema(&PARTITION, &SORT);
    let described =
        kv_with_matches().describe_table(&DescribeTableRequest { table_name: "matches".into() }).unwrap().table;
    assert_eq!(described.global_secondary_indexes[0].key_schema, schema);
    let mut mixed = schema.clone();
    mixed.swap(1, 2);
    let mut reversed = schema.clone();
    reversed.reverse();
    for (schema, message) in [
        (reversed, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        (
            mixed,
            "One or more parameter values were invalid: All HASH key attributes must precede RANGE key attributes in \
             the KeySchema",
        ),
        (
            long_schema(&names, &[]),
            "One or more parameter values were invalid: The KeySchema exceeds the maximum allowed number of HASH key \
             attributes",
        ),
        (
            long_schema(&["pk"], &names),
            "One or more parameter values were invalid: The KeySchema exceeds the maximum allowed number of RANGE key \
             attributes",
        ),
        (
            long_schema(&["cup", "region"], &["cup"]),
            "The KeySchema contains multiple key attributes with the same name",
        ),
        (long_schema(&["cup", "cup"], &[]), "The KeySchema contains multiple key attributes with the same name"),
    ] {
        assert_eq!(kv().create_table(&matches_by(schema)).unwrap_err().to_string(), message);
    }
    let mut local_one = orders();
    let index = LocalSecondaryIndex {
        key_schema: long_schema(&["pk"], &["cost", "day"]),
        ..local("long", "cost", projection(ProjectionType::All, &[]))
    };
    local_one.local_secondary_indexes = Some(vec![index]);
    assert!(
        kv().create_table(&local_one).unwrap_err().to_string().contains("localSecondaryIndexes.1.member.keySchema")
    );
}

#[test]
fn an_index_of_several_attributes_is_added_to_a_table_with_items() {
    let kv = kv();
    let mut request = create("matches", &[("pk", ScalarAttributeType::S)]);
    request.billing_mode = Some(BillingMode::PayPerRequest);
    kv.create_table(&request).unwrap();
    for (pk, more) in [("a", Some(("region", s("eu")))), ("b", None)] {
        let mut row = item([("pk", s(pk)), ("cup", s("c")), ("round", n(1))]);
        row.extend(more.map(|(name, value)| (name.to_owned(), value)));
        kv.put_item(&put("matches", row)).unwrap();
    }
    kv.update_table(&UpdateTableRequest {
        table_name: "matches".into(),
        attribute_definitions: Some(vec![
            definition("cup", ScalarAttributeType::S),
            definition("region", ScalarAttributeType::S),
            definition("round", ScalarAttributeType::N),
        ]),
        global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(by_round(long_schema(
            &PARTITION,
            &["round"],
        )))],
        ..Default::default()
    })
    .unwrap();
    let items = found(&kv, &in_matches("cup = :c AND #r = :r", item([(":c", s("c")), (":r", s("eu"))])));
    assert_eq!(items.iter().map(|item| item["pk"].clone()).collect::<Vec<_>>(), [s("a")]);
}

#[test]
fn the_last_evaluated_key_holds_every_attribute_of_both_keys() {
    let kv = kv_with_matches();
    for pk in ["a", "b"] {
        let row = [
            ("pk", s(pk)),
            ("cup", s("c")),
            ("region", s("eu")),
            ("round", n(1)),
            ("bracket", s("x")),
            ("points", n(3)),
        ];
        kv.put_item(&put("matches", item(row))).unwrap();
    }
    let values = item([(":c", s("c")), (":r", s("eu"))]);
    let request = QueryRequest { limit: Some(1), ..in_matches("cup = :c AND #r = :r", values) };
    let key = kv.query(&request).unwrap().last_evaluated_key.unwrap();
    let expected = ["bracket", "cup", "pk", "points", "region", "round"];
    assert_eq!(key.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    let mut elsewhere = key;
    elsewhere.insert("region".into(), s("us"));
    let error = kv.query(&QueryRequest { exclusive_start_key: Some(elsewhere), ..request }).unwrap_err();
    assert!(error.to_string().contains("outside query boundaries"), "{error}");
}

#[test]
fn the_lengths_of_the_attributes_of_a_key_are_added_up() {
    let kv = kv();
    let mut request = create("matches", &[("pk", ScalarAttributeType::S)]);
    request.attribute_definitions.extend(["a", "b", "c", "d"].map(|name| definition(name, ScalarAttributeType::S)));
    request.global_secondary_indexes = Some(vec![by_round(long_schema(&["a", "b"], &["c", "d"]))]);
    kv.create_table(&request).unwrap();
    let put_with = |lengths: [usize; 4]| {
        let mut row = item([("pk", s("p"))]);
        row.extend(
            ["a", "b", "c", "d"].iter().zip(lengths).map(|(name, bytes)| ((*name).into(), s(&"x".repeat(bytes)))),
        );
        kv.put_item(&put("matches", row))
    };
    put_with([1024, 1024, 512, 512]).unwrap();
    let error = put_with([1024, 1025, 1, 1]).unwrap_err().to_string();
    assert!(error.contains("Size of hashkey has exceeded the maximum size limit of2048 bytes"), "{error}");
    let error = put_with([1, 1, 512, 513]).unwrap_err().to_string();
    assert!(error.contains("Aggregated size of all range keys has exceeded the size limit of 1024 bytes"), "{error}");
    // The values of both are the same when written in a row, but not the values of each.
    let held = |partition: [&str; 2]| {
        let values = item([(":a", s(&"x".repeat(partition[0].len()))), (":b", s(&"x".repeat(partition[1].len())))]);
        found(&kv, &in_matches("a = :a AND b = :b", values)).len()
    };
    put_with([1, 2, 1, 1]).unwrap();
    assert_eq!((held(["x", "xx"]), held(["xx", "x"])), (1, 0));
}

/// A match; `None` where the item lacks the attribute.
type Match = (u8, u8, Option<u8>, Option<u8>, Option<u8>);

fn row(pk: usize, (cup, region, round, bracket, points): Match) -> Item {
    let mut row =
        item([("pk", s(&format!("m{pk}"))), ("cup", s(&cup.to_string())), ("region", s(&region.to_string()))]);
    row.extend(round.map(|round| ("round".to_owned(), n(i64::from(round) - 2))));
    // One is the beginning of another, which must not disturb what comes after.
    row.extend(bracket.map(|bracket| ("bracket".to_owned(), s(&"b".repeat(usize::from(bracket) * 5 + 1)))));
    row.extend(points.map(|points| ("points".to_owned(), n(points.into()))));
    row
}

fn place(item: &Item) -> Vec<(i64, usize)> {
    let rank = |name: &&str| match &item[*name] {
        AttributeValue::N(number) => (number.to_string().parse().unwrap(), 0),
        AttributeValue::S(text) => (0, text.len()),
        _ => unreachable!(),
    };
    SORT.iter().map(rank).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn queries_find_what_the_conditions_say_in_the_order_of_the_attributes(
        matches in proptest::collection::vec(
            (0_u8..2, 0_u8..2, proptest::option::weighted(0.9, 0_u8..4), proptest::option::weighted(0.9, 0_u8..3),
             proptest::option::weighted(0.9, 0_u8..4)),
            0..60,
        ),
        given in 0_usize..3,
        operator in prop_oneof![Just(None), Just(Some("=")), Just(Some("<")), Just(Some("<=")), Just(Some(">")), Just(Some(">="))],
        sample in (0_u8..2, 0_u8..2, 0_u8..4, 0_u8..3, 0_u8..4),
        forward in any::<bool>(),
        limit in 1_i64..5,
    ) {
        let kv = kv_with_matches();
        let rows: Vec<Item> = matches.iter().enumerate().map(|(pk, values)| row(pk, *values)).collect();
        for row in &rows {
            kv.put_item(&put("matches", row.clone())).unwrap();
        }
        let (cup, region, round, bracket, points) = sample;
        let sample = row(0, (cup, region, Some(round), Some(bracket), Some(points)));
        let mut conditions: Vec<String> = PARTITION.iter().chain(&SORT[..given]).map(|name| format!("#{name} = :{name}")).collect();
        conditions.extend(operator.map(|operator| format!("#{0} {operator} :{0}", SORT[given])));
        let used = PARTITION.len() + given + usize::from(operator.is_some());
        let used: Vec<&str> = PARTITION.iter().chain(&SORT).take(used).copied().collect();
        // The order of the conditions means nothing.
        conditions.rotate_left(given);
        let request = QueryRequest {
            expression_attribute_names: Some(used.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()),
            scan_index_forward: Some(forward),
            limit: Some(limit),
            ..in_matches(&conditions.join(" AND "), used.iter().map(|name| (format!(":{name}"), sample[*name].clone())).collect())
        };
        let found = all_pages(&kv, request);
        let satisfies = |row: &&Item| {
            let equal = PARTITION.iter().chain(&SORT[..given]).all(|name| row[*name] == sample[*name]);
            let (place, asked) = (place(row)[given], place(&sample)[given]);
            equal && match operator {
                None => true,
                Some("=") => place == asked,
                Some("<") => place < asked,
                Some("<=") => place <= asked,
                Some(">") => place > asked,
                _ => place >= asked,
            }
        };
        let has_keys = |row: &&Item| SORT.iter().all(|name| row.contains_key(*name));
        let expected: Vec<Item> = rows.iter().filter(has_keys).filter(satisfies).cloned().collect();
        let mut places: Vec<_> = expected.iter().map(place).collect();
        places.sort_unstable();
        if !forward {
            places.reverse();
        }
        prop_assert_eq!(found.iter().map(place).collect::<Vec<_>>(), places);
        prop_assert_eq!(sorted(found), sorted(expected));
    }
}
