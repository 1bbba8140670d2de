use super::*;

#[test]
fn a_condition_on_keys_reads_ranges_and_any_other_all_rows() {
    let kv = kv_with_items();
    for (condition, expected) in [
        ("pk = 'a' AND sk = 2", "a2"),
        ("sk = 2 AND pk = 'a'", "a2"),
        ("'a' = pk AND 4 <= sk", "a4 a5"),
        ("pk = 'b'", "b1 b2 b3"),
        ("pk = 'a' AND sk BETWEEN 2 AND 3", "a2 a3"),
        ("pk = 'a' AND sk > 1 AND sk < 4 AND sk <> 2", "a3"),
        ("pk = 'a' AND (sk < 2 OR sk > 4)", "a1 a5"),
        ("pk = 'a' AND (sk > 4 OR sk < 2)", "a1 a5"),
        ("pk = 'a' AND sk IN [5, 1, 9]", "a1 a5"),
        ("pk IN ('b', 'a') AND sk = 3", "a3 b3"),
        ("pk IN ['a', 'b'] AND sk IN [1, 2]", "a1 a2 b1 b2"),
        ("pk = 'a' AND sk = 1 OR pk = 'b' AND sk = 3", "a1 b3"),
        ("pk = 'a' AND NOT sk = 1 OR pk = 'a' AND sk = 1", "a1 a2 a3 a4 a5"),
        ("pk = 'a' OR pk = 'a' AND NOT sk = 1", "a1 a2 a3 a4 a5"),
        ("pk = 'a' AND sk <> 1 OR pk = 'b' AND sk = 2", "a2 a3 a4 a5 b2"),
        ("pk = 'a' AND v > 20 AND v <= 40", "a3 a4"),
        ("(pk = 'a' AND (sk = 1)) AND v = 10", "a1"),
        ("pk = 'a' AND pk = 'a' AND sk = 1", "a1"),
        ("pk = 'a' AND pk = 'b'", ""),
        ("pk = 'a' AND sk > 4 AND sk < 2", ""),
        ("pk = 'none'", ""),
        ("begins_with(w, 'b') AND v < 30", "b1 b2"),
        ("pk > 'a'", "b1 b2 b3"),
        ("pk > 1", ""),
        ("NOT pk = 'a'", "b1 b2 b3"),
        ("v IN [10, 50] AND w <> 'a1'", "a5 b1"),
        ("pk = 'a' AND contains(w, '3')", "a3"),
        ("pk = 'b' AND size(w) = 2 AND attribute_type(v, 'N') AND attribute_exists(v)", "b1 b2 b3"),
        ("pk = 'b' AND x IS MISSING AND v IS NOT MISSING AND v IS NOT NULL AND v IS INTEGER", "b1 b2 b3"),
        ("pk = 'b' AND (v IS NULL OR w IS BOOL OR w IS LIST)", ""),
        ("pk = 'b' AND attribute_exists(x) = false AND (v = 10 OR v = 20) = true", "b1 b2"),
        ("pk = 'b' AND true = contains(w, '1')", "b1"),
        ("pk = 'b' AND attribute_exists(v) = 1", ""),
        ("pk = 'b' AND attribute_exists(v) IN [true, false]", "b1 b2 b3"),
    ] {
        let mut expected: Vec<&str> = expected.split_whitespace().collect();
        let mut found = found(&kv, condition);
        if !["pk = ", "pk IN", "sk = ", "(pk = ", "'a' = pk"].iter().any(|start| condition.starts_with(start)) {
            // The rows of a scan come in no order.
            found.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn what_keys_cannot_be_asked_is_refused() {
    let kv = kv_with_items();
    let list = |count: usize| (0..count).map(|number| format!("'v{number}'")).collect::<Vec<_>>().join(",");
    let overlapping = "Overlapping conditions with range keys are not supported in where clause";
    let too_many = "Too many decomposed read operations for a given query.";
    let wrong_type = "Key attribute's data type should match its data type in table's schema: Key";
    for (condition, message) in [
        ("pk IN ['a', 'a']".to_owned(), overlapping.to_owned()),
        ("pk = 'a' OR pk = 'a'".to_owned(), overlapping.to_owned()),
        ("pk = 'a' AND (sk > 0 OR sk < 5)".to_owned(), overlapping.to_owned()),
        ("pk = 'a' AND (sk = 1 OR v = 2)".to_owned(), overlapping.to_owned()),
        ("pk = 'a' AND v <> 1 OR pk = 'a' AND sk = 2".to_owned(), overlapping.to_owned()),
        (format!("pk IN [{}]", list(51)), too_many.to_owned()),
        (format!("pk IN [{}] AND sk IN [1, 2]", list(26)), too_many.to_owned()),
        (
            format!("pk = 'a' AND v IN [{}]", list(101)),
            "The IN operator is provided with too many operands; number of operands: 101".to_owned(),
        ),
        ("pk = 1".to_owned(), format!("{wrong_type} pk")),
        ("pk = 1 OR pk = 'a'".to_owned(), format!("{wrong_type} pk")),
        ("pk = 'a' AND sk IN [1, '2']".to_owned(), format!("{wrong_type} sk")),
        ("pk = true".to_owned(), "Key value must be of type S, N, or B. Key name: pk, Key type: BOOL".to_owned()),
    ] {
        let text = format!("SELECT * FROM \"range\" WHERE {condition}");
        assert_invalid(run(&kv, &text), &message);
    }
    for condition in [
        format!("pk IN [{}] AND v IN [{}]", list(50), list(100)),
        format!("pk IN [{}] OR v = 1", list(51)),
        "pk = 'a' OR sk = 1".to_owned(),
    ] {
        found(&kv, &condition);
    }
}

#[test]
fn columns_are_named_by_the_last_names_of_their_paths() {
    let kv = kv_with_tables();
    let deep = AttributeValue::M(item([("k", AttributeValue::L(vec![s("x"), s("y")])), ("l", s("z"))]));
    kv.put_item(&put("hash", item([("pk", s("a")), ("m", deep), ("data", n(1))]))).unwrap();
    let columns = |columns: &str| run(&kv, &format!("SELECT {columns} FROM hash WHERE pk = 'a'")).unwrap();
    assert_eq!(columns("data, m.l"), [item([("data", n(1)), ("l", s("z"))])]);
    assert_eq!(columns("m.k[1], nope, m.nope, m.k[7]"), [item([("k[1]", s("y"))])]);
    assert_eq!(columns("m.k[-0], \"pk\""), [item([("k[0]", s("x")), ("pk", s("a"))])]);
    assert_eq!(columns("nope"), [Item::new()]);
    let refused = |columns: &str, message: &str| {
        assert_invalid(run(&kv, &format!("SELECT {columns} FROM hash WHERE pk = 'a'")), message);
    };
    refused("attribute_exists(data)", "Unexpected path component at 1:8:16");
    refused("COUNT(*)", "Unexpected path component at 1:8:5");
    refused("data AS d", "Aliasing is not supported");
    refused("m.k[-1]", "List index is not within the allowable range; index: [-1] at 1:13:1");
    refused(
        "pk.x",
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
    );
}

#[test]
fn order_is_that_of_the_keys() {
    let kv = kv_with_items();
    for (condition, expected) in [
        ("pk = 'b' ORDER BY sk DESC", "b3 b2 b1"),
        ("pk = 'b' ORDER BY sk", "b1 b2 b3"),
        ("pk = 'b' ORDER BY pk ASC", "b3 b2 b1"),
        ("pk = 'a' AND sk IN [1, 4, 3] ORDER BY sk DESC", "a4 a3 a1"),
        ("pk IN ['a', 'b'] AND sk < 3 ORDER BY pk DESC, sk ASC", "b1 b2 a1 a2"),
        ("pk IN ['a', 'b'] AND sk < 3 ORDER BY pk ASC, sk DESC", "a2 a1 b2 b1"),
        ("pk IN ['a', 'b'] AND sk < 3 ORDER BY pk DESC", "b2 b1 a2 a1"),
    ] {
        assert_eq!(found(&kv, condition), expected.split_whitespace().collect::<Vec<_>>(), "{condition}");
    }
    for (rest, message) in [
        ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("WHERE pk = 'a' ORDER BY v DESC", "Attribute v in ORDER BY clause must be part of the primary key"),
        (
            "WHERE pk > 'a' ORDER BY sk",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            "WHERE pk IN ['a', 'b'] ORDER BY sk DESC",
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
    ] {
        assert_invalid(run(&kv, &format!("SELECT * FROM \"range\" {rest}")), message);
    }
}

/// All pages of a statement, each with at most so many items.
fn pages(kv: &Kv, text: &str, limit: i64) -> Vec<Vec<String>> {
    let mut request = ExecuteStatementRequest { limit: Some(limit), ..statement(text) };
    let mut pages = Vec::new();
    loop {
        let output = kv.execute_statement(&request).unwrap();
        assert_eq!(output.last_evaluated_key.is_some(), output.next_token.is_some());
        pages.push(keys(&output.items));
        request.next_token = output.next_token;
        if request.next_token.is_none() {
            return pages;
        }
        assert!(pages.len() < 20, "{pages:?}");
    }
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let kv = kv_with_items();
    for (text, limit, expected) in [
        ("SELECT * FROM \"range\" WHERE pk = 'a'", 2, "a1 a2|a3 a4|a5"),
        ("SELECT * FROM \"range\" WHERE pk = 'a' ORDER BY sk DESC", 3, "a5 a4 a3|a2 a1"),
        ("SELECT * FROM \"range\" WHERE pk = 'a' AND v > 30", 2, "|a4|a5"),
        ("SELECT * FROM \"range\" WHERE pk IN ['b', 'a'] AND sk <= 3", 2, "a1 a2|a3 b1|b2 b3|"),
        ("SELECT * FROM \"range\" WHERE pk IN ['b', 'a'] ORDER BY pk DESC", 4, "b3 b2 b1 a5|a4 a3 a2 a1|"),
        ("SELECT * FROM \"range\" WHERE pk = 'a' AND sk IN [1, 3, 5]", 1, "a1|a3|a5|"),
    ] {
        let expected: Vec<Vec<&str>> = expected.split('|').map(|page| page.split_whitespace().collect()).collect();
        assert_eq!(pages(&kv, text, limit), expected, "{text}");
    }
    let mut all = pages(&kv, "SELECT * FROM \"range\"", 3).concat();
    all.sort_unstable();
    assert_eq!(all, ["a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3"]);
}

#[test]
fn a_page_ends_at_one_megabyte_over_several_ranges() {
    let kv = kv_with_tables();
    for pk in ["a", "b"] {
        for sk in 1..=4 {
            let item = item([("pk", s(pk)), ("sk", n(sk)), ("v", s(&"x".repeat(250_000)))]);
            kv.put_item(&put("range", item)).unwrap();
        }
    }
    let mut request = statement("SELECT pk, sk FROM \"range\" WHERE pk IN ['a', 'b']");
    let first = kv.execute_statement(&request).unwrap();
    assert_eq!(keys(&first.items), ["a1", "a2", "a3", "a4"]);
    request.next_token = first.next_token;
    let second = kv.execute_statement(&request).unwrap();
    assert_eq!(keys(&second.items), ["b1", "b2", "b3", "b4"]);
    assert_eq!(second.next_token, None);
}

#[test]
fn a_token_is_of_its_statement_and_parameters() {
    let kv = kv_with_items();
    let request = |text: &str, parameters: &[AttributeValue], next_token: Option<String>| ExecuteStatementRequest {
        limit: Some(1),
        next_token,
        ..with(text, parameters)
    };
    let text = "SELECT * FROM \"range\" WHERE pk = ?";
    let token = kv.execute_statement(&request(text, &[s("a")], None)).unwrap().next_token;
    let next = kv.execute_statement(&request(text, &[s("a")], token.clone())).unwrap();
    assert_eq!(keys(&next.items), ["a2"]);
    let refused = |text: &str, parameters: &[AttributeValue], token: Option<String>, message: &str| {
        assert_invalid(kv.execute_statement(&request(text, parameters, token)), message);
    };
    refused(text, &[s("b")], token.clone(), "NextToken does not match request");
    refused("SELECT pk FROM \"range\" WHERE pk = ?", &[s("a")], token.clone(), "NextToken does not match request");
    refused(text, &[s("a")], Some("garbage".into()), "Invalid NextToken");
    // One that is made up leads to no row of another partition.
    let mut forged = token.unwrap();
    forged.replace_range(forged.len() - 60..forged.len() - 50, "ffffffffff");
    refused(text, &[s("a")], Some(forged), "NextToken does not match request");
}

#[test]
fn reads_are_charged_for_each_range() {
    let kv = kv_with_items();
    let units = |text: &str, consistent_read: bool| {
        let asked = ReturnConsumedCapacity::Total;
        let request = ExecuteStatementRequest { return_consumed_capacity: asked, consistent_read, ..statement(text) };
        kv.execute_statement(&request).unwrap().consumed_capacity.unwrap().capacity_units
    };
    assert!((units("SELECT * FROM \"range\" WHERE pk = 'a'", false) - 0.5).abs() < 1e-9);
    assert!((units("SELECT * FROM \"range\" WHERE pk = 'none'", true) - 1.0).abs() < 1e-9);
    assert!((units("SELECT * FROM \"range\" WHERE pk IN ['a', 'b']", true) - 2.0).abs() < 1e-9);
    assert!((units("SELECT * FROM \"range\"", false) - 0.5).abs() < 1e-9);
}

#[test]
fn requests_that_break_a_bound_are_refused() {
    let kv = kv_with_items();
    let least = |field: &str, value: &str, what: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must have \
             {what} greater than or equal to 1"
        )
    };
    assert_invalid(kv.execute_statement(&statement("")), &least("statement", "", "length"));
    assert_invalid(kv.execute_statement(&with("SELECT * FROM t", &[])), &least("parameters", "[]", "length"));
    let limit = ExecuteStatementRequest { limit: Some(0), ..statement("SELECT * FROM t") };
    assert_invalid(kv.execute_statement(&limit), &least("limit", "0", "value"));
    let token = ExecuteStatementRequest { next_token: Some(String::new()), ..statement("SELECT * FROM t") };
    assert_invalid(kv.execute_statement(&token), &least("nextToken", "", "length"));
    let padded = |length: usize| format!("{:length$}", "SELECT * FROM hash WHERE pk = 'é'");
    assert!(run(&kv, &padded(8192)).is_ok());
    let message = "1 validation error detected: Value at 'statement' failed to satisfy constraint: Member must have \
                   length less than or equal to 8192";
    assert_invalid(run(&kv, &padded(8193)), message);
    let missing = run(&kv, "SELECT * FROM nowhere WHERE pk = 'a'").unwrap_err();
    assert_eq!(missing.code(), "ResourceNotFoundException");
    let unkeyed = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                   empty string value. Key: pk";
    assert_invalid(run(&kv, "SELECT * FROM hash WHERE pk = ''"), unkeyed);
}

#[test]
fn a_read_in_a_transaction_sees_what_it_has_written() {
    let kv = kv_with_items();
    kv.engine()
        .transact(|tx| -> Result<(), Error> {
            kv.execute_statement_in(tx, &statement("DELETE FROM \"range\" WHERE pk = 'b' AND sk = 1"))?;
            kv.execute_statement_in(tx, &statement("INSERT INTO \"range\" VALUE {'pk': 'b', 'sk': 7}"))?;
            let duplicate = statement("INSERT INTO \"range\" VALUE {'pk': 'b', 'sk': 7}");
            assert_eq!(kv.execute_statement_in(tx, &duplicate).unwrap_err().code(), "DuplicateItemException");
            let read = kv.execute_statement_in(tx, &statement("SELECT * FROM \"range\" WHERE pk = 'b'"))?;
            assert_eq!(keys(&read.items), ["b2", "b3", "b7"]);
            Ok(())
        })
        .unwrap();
    assert_eq!(found(&kv, "pk = 'b'"), ["b2", "b3", "b7"]);
}

#[test]
fn a_value_that_is_too_large_for_a_key_is_refused_before_its_ranges_are_worked_out() {
    let kv = kv_with_items();
    let list = |from: usize| (from..from + 100).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let lists = (0..9).map(|number| format!("sk IN [{}]", list(number * 100))).collect::<Vec<_>>().join(" OR ");
    let text = format!("SELECT * FROM \"range\" WHERE pk = ? AND ({lists})");
    let message =
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes";
    assert_invalid(kv.execute_statement(&with(&text, &[s(&"x".repeat(1 << 20))])), message);
    assert_invalid(
        kv.execute_statement(&with(&text, &[s("a")])),
        "Too many decomposed read operations for a given query.",
    );
}
