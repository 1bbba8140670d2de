use proptest::prelude::*;

use super::*;

/// A condition on `pk`, `sk` and `v`, of whatever form.
fn condition() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec!["a", "b", "c"]);
    let texts = prop::collection::vec(text.clone(), 1..3).prop_map(|texts| format!("['{}']", texts.join("', '")));
    let numbers = prop::collection::vec(0..6, 1..4).prop_map(|numbers| format!("{numbers:?}"));
    let operator = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        6 => text.prop_map(|text| format!("pk = '{text}'")),
        2 => texts.prop_map(|texts| format!("pk IN {texts}")),
        1 => Just("'b' <= pk".to_owned()),
        6 => (operator.clone(), 0..6).prop_map(|(operator, number)| format!("sk {operator} {number}")),
        2 => (operator.clone(), 0..6).prop_map(|(operator, number)| format!("{number} {operator} sk")),
        2 => (0..4, 0..3).prop_map(|(low, more)| format!("sk BETWEEN {low} AND {}", low + more)),
        2 => numbers.prop_map(|numbers| format!("sk IN {numbers}")),
        3 => (operator, 0..3).prop_map(|(operator, number)| format!("v {operator} {number}")),
        1 => Just("w IS MISSING".to_owned()),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" AND "))),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" OR "))),
            1 => inner.prop_map(|inner| format!("NOT {inner}")),
        ]
    })
}

/// Table `range` and table `plain`, whose key is another: they hold the same items.
fn kv_with_two_tables() -> Kv {
    let kv = kv_with_tables();
    kv.create_table(&create("plain", &[("id", ScalarAttributeType::S)])).unwrap();
    for pk in ["a", "b", "c"] {
        for sk in 0..6_i64 {
            let mut row = item([("pk", s(pk)), ("sk", n(sk)), ("v", n(sk % 3))]);
            if sk % 2 == 0 {
                row.insert("w".to_owned(), n(1));
            }
            kv.put_item(&put("range", row.clone())).unwrap();
            row.insert("id".to_owned(), s(&format!("{pk}{sk}")));
            kv.put_item(&put("plain", row)).unwrap();
        }
    }
    kv
}

/// All that a statement selects, page by page.
fn all(kv: &Kv, text: &str, limit: Option<i64>) -> Result<Vec<String>, Error> {
    let mut request = ExecuteStatementRequest { limit, ..statement(text) };
    let mut found = Vec::new();
    loop {
        let output = kv.execute_statement(&request)?;
        found.extend(keys(&output.items));
        request.next_token = output.next_token;
        if request.next_token.is_none() {
            return Ok(found);
        }
    }
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort_unstable();
    keys
}

thread_local! {
    static KV: Kv = kv_with_two_tables();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn ranges_of_keys_find_what_reading_everything_finds(condition in condition(), limit in 1..4_i64) {
        KV.with(|kv| {
            let expected = sorted(all(kv, &format!("SELECT * FROM plain WHERE {condition}"), None).unwrap());
            let text = format!("SELECT pk, sk FROM \"range\" WHERE {condition}");
            match all(kv, &text, None) {
                Ok(found) => {
                    prop_assert_eq!(all(kv, &text, Some(limit)).unwrap(), found.clone(), "in pages");
                    prop_assert_eq!(sorted(found), expected);
                }
                Err(error) => {
                    let known = ["Overlapping conditions with range keys", "Too many decomposed read operations"];
                    prop_assert!(known.iter().any(|text| error.to_string().starts_with(text)), "{error}");
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn order_turns_the_rows_and_no_more(condition in condition()) {
        KV.with(|kv| {
            let text = |order: &str| format!("SELECT pk, sk FROM \"range\" WHERE {condition} ORDER BY pk {order}, sk {order}");
            if let (Ok(mut up), Ok(down)) = (all(kv, &text("ASC"), None), all(kv, &text("DESC"), Some(2))) {
                prop_assert!(up.is_sorted());
                up.reverse();
                prop_assert_eq!(up, down);
            }
            Ok(())
        })?;
    }
}
