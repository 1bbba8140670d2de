use super::*;

fn definition(name: &str) -> AttributeDefinition {
    AttributeDefinition { attribute_name: name.into(), attribute_type: ScalarAttributeType::S }
}

fn schema(names: &[(&str, KeyType)]) -> Vec<KeySchemaElement> {
    names
        .iter()
        .map(|(name, key_type)| KeySchemaElement { attribute_name: (*name).into(), key_type: *key_type })
        .collect()
}

fn projection(names: &[&str]) -> Projection {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let projection_type = if names.is_empty() { ProjectionType::KeysOnly } else { ProjectionType::Include };
    Projection { projection_type: Some(projection_type), non_key_attributes: (!names.is_empty()).then_some(names) }
}

/// Table `tab` (`pk` S, `sk` S) with the global indexes `gsi` (`g` S, with `held`) and `several` (`g` and `h` S), and the local
/// index `lsi` (`l` S, keys only). Items `s1` to `s3` are in all indexes, `s4` in none.
fn kv_with_indexes() -> Kv {
    let kv = kv();
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::S)];
    let global = |name: &str, keys: &[(&str, KeyType)]| GlobalSecondaryIndex {
        index_name: name.into(),
        key_schema: schema(keys),
        projection: projection(&["held"]),
        ..Default::default()
    };
    let mut request = create("tab", &keys);
    request.attribute_definitions.extend(["g", "h", "l"].map(definition));
    request.global_secondary_indexes = Some(vec![
        global("gsi", &[("g", KeyType::Hash)]),
        global("several", &[("g", KeyType::Hash), ("h", KeyType::Hash)]),
    ]);
    request.local_secondary_indexes = Some(vec![LocalSecondaryIndex {
        index_name: "lsi".into(),
        key_schema: schema(&[("pk", KeyType::Hash), ("l", KeyType::Range)]),
        projection: projection(&[]),
    }]);
    kv.create_table(&request).unwrap();
    for (sk, g) in [("s1", Some("x")), ("s2", Some("x")), ("s3", Some("y")), ("s4", None)] {
        let mut item = item([("pk", s("p")), ("sk", s(sk)), ("held", s(sk)), ("other", s(sk))]);
        if let Some(g) = g {
            item.extend([("g".to_owned(), s(g)), ("h".to_owned(), s("h")), ("l".to_owned(), s(&format!("l{sk}")))]);
        }
        kv.put_item(&put("tab", item)).unwrap();
    }
    kv
}

fn select(kv: &Kv, columns: &str, rest: &str) -> Result<Vec<Item>, Error> {
    run(kv, &format!("SELECT {columns} FROM \"tab\".{rest}"))
}

#[track_caller]
fn sort_keys_of(kv: &Kv, rest: &str) -> Vec<String> {
    let items = select(kv, "pk, sk", rest).unwrap_or_else(|error| panic!("{rest}: {error}"));
    let mut keys = keys(&items);
    keys.sort_unstable();
    keys
}

#[test]
fn an_index_is_read_by_its_own_keys() {
    let kv = kv_with_indexes();
    for (rest, expected) in [
        ("\"gsi\" WHERE g = 'x'", "ps1 ps2"),
        ("\"gsi\" WHERE g = 'x' AND held = 's2'", "ps2"),
        ("\"gsi\" WHERE g IN ['y', 'x']", "ps1 ps2 ps3"),
        ("\"gsi\"", "ps1 ps2 ps3"),
        ("\"gsi\" WHERE pk = 'p'", "ps1 ps2 ps3"),
        ("\"lsi\" WHERE pk = 'p' AND l > 'ls1'", "ps2 ps3"),
        ("\"lsi\" WHERE pk = 'p' AND begins_with(l, 'ls') AND NOT l = 'ls2'", "ps1 ps3"),
        // Without a condition on its key all of the index is read, and only what it holds is seen.
        ("\"gsi\" WHERE other = 's1'", ""),
        ("\"lsi\" WHERE other = 's1'", ""),
        ("\"gsi\" WHERE NOT other = 's1'", "ps1 ps2 ps3"),
        ("\"gsi\" WHERE (g = 'x' AND other = 's1') OR (g = 'y')", "ps3"),
        ("\"gsi\" WHERE g = 'x' AND (g = 'y' OR other = 's1')", ""),
    ] {
        assert_eq!(sort_keys_of(&kv, rest), expected.split_whitespace().collect::<Vec<_>>(), "{rest}");
    }
    let order = select(&kv, "pk, sk", "\"lsi\" WHERE pk = 'p' ORDER BY l DESC").unwrap();
    assert_eq!(keys(&order), ["ps3", "ps2", "ps1"]);
}

#[test]
fn an_index_gives_what_it_holds_and_a_local_one_the_rest_from_its_table() {
    let kv = kv_with_indexes();
    let one = |columns: &str, rest: &str| select(&kv, columns, rest).unwrap().swap_remove(0);
    let whole = item([("pk", s("p")), ("sk", s("s3")), ("g", s("y")), ("held", s("s3"))]);
    assert_eq!(one("*", "\"gsi\" WHERE g = 'y'"), whole);
    assert_eq!(
        one("*", "\"lsi\" WHERE pk = 'p' AND l = 'ls3'"),
        item([("pk", s("p")), ("sk", s("s3")), ("l", s("ls3"))])
    );
    assert_eq!(one("other", "\"lsi\" WHERE pk = 'p' AND l = 'ls3'"), item([("other", s("s3"))]));
    let text = "SELECT other FROM \"tab\".\"lsi\" WHERE pk = 'p'";
    let request =
        ExecuteStatementRequest { return_consumed_capacity: ReturnConsumedCapacity::Indexes, ..statement(text) };
    let consumed = kv.execute_statement(&request).unwrap().consumed_capacity.unwrap();
    assert!((consumed.table.unwrap().capacity_units - 1.5).abs() < 1e-9);
    assert!((consumed.local_secondary_indexes.unwrap()["lsi"].capacity_units - 0.5).abs() < 1e-9);
}

#[test]
fn what_an_index_cannot_give_is_refused() {
    let kv = kv_with_indexes();
    let invalid = "One or more parameter values were invalid:";
    let filter = |index: &str, names: &str| {
        format!("{invalid} Secondary index {index} does not project one or more filter attributes: [{names}]")
    };
    for (columns, rest, message) in [
        ("other, more", "\"gsi\"", format!("{invalid} Global secondary index gsi does not project [other, more]")),
        ("pk", "\"gsi\" WHERE g = 'x' AND other = '1'", filter("gsi", "other")),
        ("pk", "\"gsi\" WHERE g = 'x' AND NOT (other = '1' OR held = 'x')", filter("gsi", "other")),
        ("pk", "\"gsi\" WHERE g IN ['x', 'y'] AND other IS MISSING", filter("gsi", "other")),
        ("pk", "\"gsi\" WHERE g = 'x' AND b = '1' AND (a = '2' OR held = '3')", filter("gsi", "a, b")),
        ("pk", "\"gsi\" WHERE g = 'x' AND (zz = '1' OR aa = '2' OR mm = '3')", filter("gsi", "zz, aa, mm")),
        ("pk", "\"gsi\" WHERE (g = 'q' AND u1 = '1') OR (g = 'b' AND u2 = '1')", filter("gsi", "u1")),
        ("pk", "\"lsi\" WHERE pk = 'p' AND other = '1'", filter("lsi", "other")),
        ("*", "\"nope\" WHERE pk = 'p'", "The table does not have the specified index".to_owned()),
        ("*", "\"tab\" WHERE pk = 'p'", "The table does not have the specified index".to_owned()),
        (
            "COUNT(*)",
            "\"several\" WHERE g = 5",
            "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
                .to_owned(),
        ),
    ] {
        assert_invalid(select(&kv, columns, rest), &message);
    }
    let consistent = |index: &str| {
        let text = format!("SELECT * FROM \"tab\".\"{index}\" WHERE pk = 'p'");
        kv.execute_statement(&ExecuteStatementRequest { consistent_read: true, ..statement(&text) })
    };
    assert!(consistent("lsi").is_ok());
    assert_invalid(consistent("gsi"), "Strongly consistent read is not supported on Global Secondary Indexes");
}

#[test]
fn pages_of_an_index_go_on_where_the_last_one_ended() {
    let kv = kv_with_indexes();
    for text in ["SELECT * FROM \"tab\".\"gsi\" WHERE g IN ['x', 'y']", "SELECT * FROM \"tab\".\"gsi\""] {
        let mut request = ExecuteStatementRequest { limit: Some(1), ..statement(text) };
        let mut found = Vec::new();
        loop {
            let output = kv.execute_statement(&request).unwrap();
            if let Some(key) = &output.last_evaluated_key {
                assert_eq!(key.keys().collect::<Vec<_>>(), ["g", "pk", "sk"]);
            }
            found.extend(keys(&output.items));
            request.next_token = output.next_token;
            if request.next_token.is_none() {
                break;
            }
        }
        found.sort_unstable();
        assert_eq!(found, ["ps1", "ps2", "ps3"], "{text}");
    }
}
