use std::collections::BTreeSet;

use super::*;

fn present(kv: &Kv, pk: &str) -> Option<Item> {
    fetch(kv, "hash", item([("pk", s(pk))]))
}

fn texts(members: &[&str]) -> AttributeValue {
    AttributeValue::Ss(members.iter().map(|member| (*member).to_owned()).collect())
}

/// Puts item `a` with one attribute of each kind that updates work on.
fn kv_with_item() -> Kv {
    let kv = kv_with_tables();
    let map = AttributeValue::M(item([("x", n(1)), ("l", AttributeValue::L(vec![n(1), n(2)]))]));
    let list = AttributeValue::L(vec![n(1), s("two")]);
    let item = item([("pk", s("a")), ("n", n(5)), ("t", s("x")), ("m", map), ("l", list), ("ss", texts(&["p", "q"]))]);
    kv.put_item(&put("hash", item)).unwrap();
    kv
}

#[test]
fn an_insert_makes_an_item_of_literals_and_parameters() {
    let kv = kv_with_tables();
    let text = "INSERT INTO \"hash\" VALUE {'pk': ?, 'n': -1.50e1, 't': 'it''s', 'b': true, 'z': null, 'l': [1, ['x']], \
                'm': {'k': {'j': .5}}, 'ss': <<'b', 'a'>>, 'ns': <<1, 2.5>>, 'p': ?}";
    let output = kv.execute_statement(&with(text, &[s("a"), AttributeValue::B("xyz".into())])).unwrap();
    assert_eq!((output.items, output.next_token), (Vec::new(), None));
    let number = |text: &str| AttributeValue::N(text.parse().unwrap());
    let numbers: BTreeSet<_> = ["1", "2.5"].iter().map(|text| text.parse().unwrap()).collect();
    let expected = item([
        ("pk", s("a")),
        ("n", n(-15)),
        ("t", s("it's")),
        ("b", AttributeValue::Bool(true)),
        ("z", AttributeValue::Null),
        ("l", AttributeValue::L(vec![n(1), AttributeValue::L(vec![s("x")])])),
        ("m", AttributeValue::M(item([("k", AttributeValue::M(item([("j", number("0.5"))])))]))),
        ("ss", texts(&["a", "b"])),
        ("ns", AttributeValue::Ns(numbers)),
        ("p", AttributeValue::B("xyz".into())),
    ]);
    assert_eq!(present(&kv, "a"), Some(expected.clone()));
    let again = kv.execute_statement(&statement("INSERT INTO hash VALUE {'pk': 'a'}"));
    assert_fails(again, "DuplicateItemException", "Duplicate primary key exists in table");
    assert_eq!(present(&kv, "a"), Some(expected));
}

#[test]
fn an_insert_that_cannot_be_is_refused() {
    let kv = kv_with_tables();
    let invalid = "One or more parameter values were invalid:";
    for (value, message) in [
        ("{'pk': 1}", &*format!("{invalid} Type mismatch for key pk expected: S actual: N")),
        ("{'x': 1}", &*format!("{invalid} Missing the key pk in the item")),
        ("{'pk': 'a', 's': <<'x', 'x'>>}", &*format!("{invalid} Input collection [x, x] contains duplicates.")),
        ("{'pk': 'a', 'x': y}", "Unsupported data type: Id under key root at 1:42:1"),
        ("{'pk': 'a', 'x': MISSING}", "Unsupported data type: Missing under key root at 1:42:7"),
        ("<<{'pk': 'a'}>>", "Unsupported data type: Bag under key root at 1:25:2"),
    ] {
        assert_invalid(run(&kv, &format!("INSERT INTO hash VALUE  {value}")), message);
    }
    let large = kv.execute_statement(&with("INSERT INTO hash VALUE {'pk': 'a', 'x': ?}", &[s(&"x".repeat(409_600))]));
    assert_invalid(large, "Item size has exceeded the maximum allowed size");
    assert_eq!(kv.scan(&scan("hash")).unwrap().count, 0);
}

#[test]
fn an_update_changes_what_it_names() {
    for (changes, name, expected) in [
        ("SET n = 7", "n", Some(n(7))),
        ("SET n = n + 1", "n", Some(n(6))),
        ("SET n=n-1", "n", Some(n(4))),
        ("SET n = 10 - n", "n", Some(n(5))),
        ("SET c = n", "c", Some(n(5))),
        ("SET n = n - - 2", "n", Some(n(7))),
        ("SET c = [1, {'a': 'b'}]", "c", Some(AttributeValue::L(vec![n(1), AttributeValue::M(item([("a", s("b"))]))]))),
        ("SET l = list_append(l, [3])", "l", Some(AttributeValue::L(vec![n(1), s("two"), n(3)]))),
        ("SET l = LIST_APPEND([0], l)", "l", Some(AttributeValue::L(vec![n(0), n(1), s("two")]))),
        ("SET l[0] = 9 REMOVE l[1]", "l", Some(AttributeValue::L(vec![n(9)]))),
        ("SET ss = set_add(ss, <<'q', 'r'>>)", "ss", Some(texts(&["p", "q", "r"]))),
        ("SET fresh = set_add(fresh, <<'r'>>)", "fresh", Some(texts(&["r"]))),
        ("SET ss = SET_DELETE(ss, <<'q', 'z'>>)", "ss", Some(texts(&["p"]))),
        ("SET ss = set_delete(ss, <<'p', 'q'>>)", "ss", None),
        ("SET none = set_delete(none, <<'p'>>)", "none", None),
        ("SET n = 1, t = 'y' SET c = true", "c", Some(AttributeValue::Bool(true))),
        ("REMOVE t", "t", None),
        ("REMOVE absent", "absent", None),
        ("SET m.x = 2 REMOVE m.l", "m", Some(AttributeValue::M(item([("x", n(2))])))),
        ("SET \"with space\" = 1", "with space", Some(n(1))),
    ] {
        for text in [format!("UPDATE hash {changes} WHERE pk = 'a'"), format!("FROM hash WHERE pk = 'a' {changes}")] {
            let kv = kv_with_item();
            assert_eq!(run(&kv, &text).unwrap(), [], "{text}");
            assert_eq!(present(&kv, "a").unwrap().get(name), expected.as_ref(), "{text}");
        }
    }
}

#[test]
fn an_update_that_cannot_be_is_refused_and_changes_nothing() {
    let kv = kv_with_item();
    let before = present(&kv, "a");
    let operand = "An operand in the update expression has an incorrect data type";
    let key = "Where clause does not contain a mandatory equality on all key attributes";
    for (rest, message) in [
        ("SET ss = set_add(ss, <<1>>) WHERE pk = 'a'", operand),
        ("SET t = set_add(t, <<'x'>>) WHERE pk = 'a'", operand),
        ("SET n = n + t WHERE pk = 'a'", operand),
        (
            "SET c = list_append(c, [1]) WHERE pk = 'a'",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        ("SET z.y = 1 WHERE pk = 'a'", "The document path provided in the update expression is invalid for update"),
        (
            "SET m.x = 1 REMOVE m WHERE pk = 'a'",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, x], \
             path two: [m]",
        ),
        (
            "SET pk = 'b' WHERE pk = 'a'",
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
        ("SET n = 1", key),
        ("SET n = 1 WHERE t = 'x'", key),
        ("SET n = 1 WHERE pk = 'a' OR pk = 'b'", key),
        ("SET n = 1 WHERE pk IN ['a']", key),
        ("SET n = 1 WHERE pk > 'a'", key),
        (
            "SET n = 1 WHERE pk = 'a' AND pk = 'b'",
            "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported",
        ),
        ("SET n = 1 WHERE pk = 1", "Key attribute's data type should match its data type in table's schema: Key pk"),
        ("SET n = if_not_exists(n, 1) WHERE pk = 'a'", "Unrecognized function: if_not_exists at 1:21:13"),
    ] {
        assert_invalid(run(&kv, &format!("UPDATE hash {rest}")), message);
        assert_eq!(present(&kv, "a"), before, "{rest}");
    }
}

#[test]
fn conditions_beside_the_key_decide_about_a_write() {
    let kv = kv_with_item();
    let failed = "The conditional request failed";
    for condition in
        ["n = 6", "nope = 'x'", "attribute_exists(nope)", "ss = <<'p'>>", "n BETWEEN 6 AND 9", "t IS MISSING"]
    {
        for text in [
            format!("UPDATE hash SET c = 1 WHERE pk = 'a' AND {condition}"),
            format!("DELETE FROM hash WHERE {condition} AND pk = 'a'"),
        ] {
            let result = kv.execute_statement(&statement(&text));
            assert_fails(result, "ConditionalCheckFailedException", failed);
        }
    }
    assert!(!present(&kv, "a").unwrap().contains_key("c"));
    for condition in ["n = 5", "NOT attribute_exists(nope)", "ss = <<'q', 'p'>>", "(n = 1 OR t = 'x')", "pk = 'a'"] {
        run(&kv, &format!("UPDATE hash SET c = 1 WHERE pk = 'a' AND {condition}")).unwrap();
    }
    let missing = kv.execute_statement(&statement("UPDATE hash SET c = 1 WHERE pk = 'none'"));
    assert_fails(missing, "ConditionalCheckFailedException", failed);
    assert_eq!(present(&kv, "none"), None);
    let asked = ExecuteStatementRequest {
        return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure::AllOld,
        ..statement("DELETE FROM hash WHERE pk = 'a' AND n = 6")
    };
    let Err(Error::ConditionalCheckFailed { item: Some(item) }) = kv.execute_statement(&asked) else {
        panic!("the condition holds");
    };
    assert_eq!(item["n"], n(5));
}

#[test]
fn a_delete_removes_one_item_or_none() {
    let kv = kv_with_item();
    for text in [
        "DELETE FROM hash WHERE pk = 'none'",
        "DELETE FROM hash WHERE pk = 'none' AND n = 1",
        "DELETE FROM hash WHERE pk = 'none' RETURNING ALL OLD *",
    ] {
        assert_eq!(run(&kv, text).unwrap(), [], "{text}");
    }
    let old = present(&kv, "a").unwrap();
    assert_eq!(run(&kv, "DELETE FROM hash WHERE pk = 'a' RETURNING ALL OLD *").unwrap(), [old]);
    assert_eq!(present(&kv, "a"), None);
    let key = "Where clause does not contain a mandatory equality on all key attributes";
    assert_invalid(run(&kv, "DELETE FROM \"range\" WHERE pk = 'a'"), key);
    assert_invalid(run(&kv, "DELETE FROM hash"), key);
}

#[test]
fn an_update_gives_back_what_its_returning_clause_asks_for() {
    for (returning, expected) in [
        ("ALL OLD *", Some(item([("pk", s("a")), ("n", n(5)), ("t", s("x"))]))),
        ("ALL NEW *", Some(item([("pk", s("a")), ("n", n(6)), ("c", n(1))]))),
        ("MODIFIED OLD *", Some(item([("n", n(5)), ("t", s("x"))]))),
        ("MODIFIED NEW *", Some(item([("n", n(6)), ("c", n(1))]))),
    ] {
        let kv = kv_with_tables();
        kv.put_item(&put("hash", item([("pk", s("a")), ("n", n(5)), ("t", s("x"))]))).unwrap();
        let text = format!("UPDATE hash SET n = n + 1 SET c = 1 REMOVE t WHERE pk = 'a' RETURNING {returning}");
        assert_eq!(run(&kv, &text).unwrap(), Vec::from_iter(expected), "{returning}");
    }
    let kv = kv_with_item();
    assert_eq!(run(&kv, "UPDATE hash REMOVE t WHERE pk = 'a' RETURNING MODIFIED NEW *").unwrap(), []);
}

#[test]
fn writes_are_charged_by_the_larger_image() {
    let kv = kv_with_tables();
    let units = |text: &str, parameters: &[AttributeValue]| {
        let request = ExecuteStatementRequest {
            return_consumed_capacity: ReturnConsumedCapacity::Total,
            parameters: (!parameters.is_empty()).then(|| parameters.to_vec()),
            ..statement(text)
        };
        kv.execute_statement(&request).unwrap().consumed_capacity.unwrap().capacity_units
    };
    for (text, parameters, expected) in [
        ("INSERT INTO hash VALUE {'pk': 'a', 'v': ?}", vec![s(&"x".repeat(1500))], 2.0),
        ("UPDATE hash SET v = 1 WHERE pk = 'a'", vec![], 2.0),
        ("UPDATE hash SET v = 2 WHERE pk = 'a'", vec![], 1.0),
        ("DELETE FROM hash WHERE pk = 'a'", vec![], 1.0),
    ] {
        assert!((units(text, &parameters) - expected).abs() < 1e-9, "{text}");
    }
}

#[test]
fn a_result_that_nests_too_deep_is_refused() {
    let kv = kv_with_item();
    let deep = (0..31).fold(s("x"), |value, _| AttributeValue::M(item([("a", value)])));
    let text = "UPDATE hash SET m.deep = ? WHERE pk = 'a'";
    let message = "Nesting Levels have exceeded supported limits";
    assert_invalid(kv.execute_statement(&with(text, std::slice::from_ref(&deep))), message);
    let member = ParameterizedStatement { statement: text.into(), parameters: Some(vec![deep]), ..Default::default() };
    let request = ExecuteTransactionRequest { transact_statements: vec![member], ..Default::default() };
    let Err(Error::TransactionCanceled { reasons }) = kv.execute_transaction(&request) else {
        panic!("it is done");
    };
    assert_eq!((reasons[0].code, reasons[0].message.as_deref()), (CancellationCode::ValidationError, Some(message)));
}
