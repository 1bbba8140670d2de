use super::*;

fn fault(text: &str, names: Option<&Names>, values: Option<&Values>) -> String {
    let prefix = "Invalid FilterExpression: ";
    let message = message(Kind::Filter, text, names, values);
    message.map_or("accepted".to_owned(), |message| message.strip_prefix(prefix).unwrap_or(&message).to_owned())
}

#[test]
fn texts_outside_the_grammar_are_syntax_errors() {
    for text in [
        "things are not right",
        "a > 4",
        "attribute_exists(One-Two)",
        "attribute_exists(\"One.Two\")",
        "attribute_exists(One..Two)",
        "attribute_exists(O#ne.Two)",
        "attribute_exists(one[a])",
        "a in b, c",
        "a in b",
        "a in (b,c,)",
        "a in ()",
        "a > between",
        "(a)between(b.(c.d))and(c)",
        "(a)between(b.c.d)and((c)",
        "#$.b > a",
        "a > :things.stuff",
        "b[:a] > a",
        "b[#_] > a",
        "b[01] > a",
        "ü > a",
        "(a)between(b.c[4.5].#d)and(:a)",
        "size(a).b > a",
        "(size(a)).b > a",
        "size(a)[0] > a",
        "_a = b",
        "a = b c = d",
        "a = b AND",
        "AND a = b",
        "a = b OR OR c = d",
        "NOT",
        "()",
        "(a = b",
        "a = b)",
        "a = (b = c)",
        "(a = b) = c",
        "a",
        ":a",
        "(a)",
        "attribute_exists()",
        "contains(a b)",
        "a == b",
        "a != b",
        "a = 'text'",
        "a = b;",
        "a NOT BETWEEN b AND c",
        "a BETWEEN b, c",
        "begins_with a, b",
    ] {
        let fault = fault(text, None, None);
        assert!(fault.starts_with("Syntax error; token: \""), "{text}: {fault}");
    }
}

#[test]
fn a_syntax_error_names_the_token_and_quotes_its_neighbours() {
    for (text, token, near) in [
        ("foo", "<EOF>", "foo"),
        ("a = ", "<EOF>", "="),
        ("!!", "!", "!!"),
        ("a = :a AND __b = :b", "_", "AND __"),
        ("a ! b", "!", "a ! b"),
        ("[object Object]", "[", "[object"),
        ("a = b c", "c", "b c"),
        ("a = \"x\"", "\"", "= \"x"),
        ("a = é", "é", "= é"),
        ("(a) AND b", "AND", ") AND b"),
    ] {
        let expected = format!("Syntax error; token: \"{token}\", near: \"{near}\"");
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
}

#[test]
fn parentheses_around_parentheses_are_redundant() {
    for text in [
        "a=a and a > ((views))",
        "(a)between(((b.c)).d)and(c)",
        "a > whatever((:things), ((a)))",
        "a=a AND ((a=a AND a=a)) AND a=a",
        "a=a OR ((a=a OR a=a)) OR a=a",
        "a=a AND ((a=a AND (a=a AND a=a)))",
        "((a = b))",
        "((attribute_exists(a)))",
        "NOT ((a = b))",
        "((size(a))) > b",
    ] {
        assert_eq!(fault(text, None, None), "The expression has redundant parentheses;", "{text}");
    }
}

#[test]
fn parentheses_that_separate_are_accepted() {
    let values = item(&[(":v", n("1"))]);
    for text in [
        "(a = :v)",
        "(a) = (:v)",
        "((a) = :v)",
        "((a = :v) OR b = :v)",
        "((a = :v) AND (b = :v)) OR (c = :v)",
        "((a) BETWEEN (:v) AND (b))",
        "((a) IN ((:v), b))",
        "(size(a)) > :v",
        "((size(a)) > :v)",
        "(attribute_exists(a))",
        "NOT (attribute_exists(a)) AND NOT NOT b = :v",
        "((attribute_exists(a)) AND b = :v)",
        "((a = :v) OR b = :v AND c = :v) AND d = :v",
        "(a.b).c = :v",
        "((a)[0]) = :v",
        "a=:v and\tb=:v\r\nor c=:v",
        "Not a In (:v) aNd b BeTweeN :v anD c",
    ] {
        assert_eq!(fault(text, None, Some(&values)), "accepted", "{text}");
    }
}

#[test]
fn functions_are_known_by_their_exact_names_and_places() {
    for (text, expected) in [
        ("a=a and whatever((:things)) > a", "Invalid function name; function: whatever"),
        ("attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"),
        ("SIZE(a) > b", "Invalid function name; function: SIZE"),
        ("a < if_not_exists(b, c)", "The function is not allowed in a condition expression; function: if_not_exists"),
        ("list_append(b, c)", "The function is not allowed in a condition expression; function: list_append"),
    ] {
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
    for (text, function) in [
        ("a=a and attribute_exists((views), (#a)) > b", "attribute_exists"),
        ("attribute_not_exists(things) > b", "attribute_not_exists"),
        ("attribute_type(things, :a) > b", "attribute_type"),
        ("begins_with(things, a) > b", "begins_with"),
        ("contains(:things, c) > b", "contains"),
        ("size(contains(a, b)) > a", "contains"),
        ("size(things)", "size"),
        ("NOT size(things)", "size"),
        ("a = b OR size(things)", "size"),
        ("a between b and attribute_exists(things)", "attribute_exists"),
        ("a in (b, attribute_exists(things))", "attribute_exists"),
    ] {
        let expected =
            format!("The function is not allowed to be used this way in an expression; function: {function}");
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
}

#[test]
fn reserved_words_come_before_undefined_names_and_after_functions() {
    for (text, word) in [
        ("attribute_exists(views, #a)", "views"),
        (":a < abOrT", "abOrT"),
        ("a.status = :a", "status"),
        ("a[1].name = :a", "name"),
        ("NOT (a = :a OR data = :a)", "data"),
    ] {
        let expected = format!("Attribute name is a reserved keyword; reserved keyword: {word}");
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
    assert_eq!(
        fault("a[2147483648] = :a", None, None),
        "List index is not within the allowable range; index: [2147483648]"
    );
}

#[test]
fn undefined_names_and_values_are_reported_in_the_order_written() {
    for (text, name) in [
        ("attribute_exists(#One.Two, :a) and a=a", "#One"),
        ("begins_with(One.#Two)", "#Two"),
        ("(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", "#P"),
        ("#4g > a", "#4g"),
        ("#_ > a", "#_"),
        ("(a)between(b.c[45].#d)and(:a)", "#d"),
    ] {
        let expected =
            format!("An expression attribute name used in the document path is not defined; attribute name: {name}");
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
    for (text, value) in [("begins_with(:hello, #a, #b)", ":hello"), (":a < :b", ":a"), (":_ > a", ":_")] {
        let expected =
            format!("An expression attribute value used in expression is not defined; attribute value: {value}");
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
}

#[test]
fn functions_count_their_operands() {
    for (text, function, count) in [
        ("attribute_exists(things, a) and a=a", "attribute_exists", 2),
        ("attribute_not_exists(things, b)", "attribute_not_exists", 2),
        ("attribute_type(things)", "attribute_type", 1),
        ("begins_with(things)", "begins_with", 1),
        ("begins_with(things, size(a), b)", "begins_with", 3),
        ("contains(things)", "contains", 1),
        ("size(things, a) > b", "size", 2),
    ] {
        let expected = format!(
            "Incorrect number of operands for operator or function; operator or function: {function}, \
             number of operands: {count}"
        );
        assert_eq!(fault(text, None, None), expected, "{text}");
    }
}

#[test]
fn operands_known_to_be_of_a_wrong_type_are_refused_without_an_item() {
    let values = every_type();
    let all = ["s", "n", "b", "bool", "null", "ss", "ns", "bs", "l", "m"];
    let cases: [(&str, &str, &[&str]); 9] = [
        ("begins_with(a, :?)", "begins_with", &["s", "b"]),
        ("begins_with(:?, a)", "begins_with", &["s", "b"]),
        ("size(:?) > a", "size", &["s", "b", "ss", "ns", "bs", "l", "m"]),
        ("a < :?", "<", &["s", "n", "b"]),
        ("a <= :?", "<=", &["s", "n", "b"]),
        (":? > a", ">", &["s", "n", "b"]),
        ("a >= :?", ">=", &["s", "n", "b"]),
        (":? BETWEEN a AND b", "BETWEEN", &["s", "n", "b"]),
        ("a BETWEEN b AND :?", "BETWEEN", &["s", "n", "b"]),
    ];
    for (text, function, allowed) in cases {
        for kind in all {
            let text = text.replace('?', kind);
            let expected = if allowed.contains(&kind) {
                "accepted".to_owned()
            } else {
                format!(
                    "Incorrect operand type for operator or function; operator or function: {function}, \
                     operand type: {}",
                    kind.to_uppercase()
                )
            };
            assert_eq!(fault(&text, None, Some(&values)), expected, "{text}");
        }
    }
    for (text, function, found) in [
        ("attribute_type(a, size(b)) and a=:s", "attribute_type", "N"),
        ("attribute_type(a, :n)", "attribute_type", "N"),
        ("attribute_type(a, :l)", "attribute_type", "L"),
        ("begins_with(a, size(b)) and a=:s", "begins_with", "N"),
        ("size(size(a)) > :n", "size", "N"),
        ("attribute_not_exists(size(:n))", "size", "N"),
    ] {
        let expected = format!(
            "Incorrect operand type for operator or function; operator or function: {function}, operand type: {found}"
        );
        assert_eq!(fault(text, None, Some(&values)), expected, "{text}");
    }
}

#[test]
fn equality_and_contains_take_every_type() {
    let values = every_type();
    for kind in ["s", "n", "b", "bool", "null", "ss", "ns", "bs", "l", "m"] {
        for text in ["a = :?", "a <> :?", ":? = :?", "a IN (:?)", "contains(a, :?)", "contains(:?, a)"] {
            let text = text.replace('?', kind);
            assert_eq!(fault(&text, None, Some(&values)), "accepted", "{text}");
        }
    }
}

#[test]
fn some_functions_need_paths_and_type_names() {
    let values = every_type();
    for (text, function) in [
        ("attribute_exists(:s) and a=b", "attribute_exists"),
        ("attribute_not_exists(size(:s))", "attribute_not_exists"),
        ("attribute_type(:s, :s)", "attribute_type"),
    ] {
        let expected = format!("Operator or function requires a document path; operator or function: {function}");
        assert_eq!(fault(text, None, Some(&values)), expected, "{text}");
    }
    assert_eq!(
        fault("attribute_type(a, :s)", None, Some(&values)),
        "Invalid attribute type name found; type: a, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
    );
}

#[test]
fn the_first_operand_must_differ_from_the_others() {
    let names = names(&[("#a", "a")]);
    for (text, operator, operand) in [
        ("a = a AND #a = b AND :views > a", "=", "[a]"),
        ("#a <> a", "<>", "[a]"),
        ("a > #a", ">", "[a]"),
        ("((a=a) OR (a=a))", "=", "[a]"),
        ("a BETWEEN b AND #a", "BETWEEN", "[a]"),
        ("a IN (b, a)", "IN", "[a]"),
        ("contains(ab.bc[1].a, ab.bc[1].#a)", "contains", "[ab, bc, [1], a]"),
        ("attribute_type(ab.bc[1].#a, ab.bc[1].a)", "attribute_type", "[ab, bc, [1], a]"),
        ("begins_with(ab.bc[1].a, ab.bc[1].#a)", "begins_with", "[ab, bc, [1], a]"),
    ] {
        let expected = format!(
            "The first operand must be distinct from the remaining operands for this operator or function; \
             operator: {operator}, first operand: {operand}"
        );
        assert_eq!(fault(text, Some(&names), None), expected, "{text}");
    }
    let values = item(&[(":v", s("x"))]);
    assert_eq!(fault(":v = :v AND a.b = a[1] AND size(a) = size(a)", None, Some(&values)), "accepted");
}

#[test]
fn the_bounds_of_between_must_be_ordered_and_of_one_type() {
    let values = item(&[(":1", n("1")), (":2", n("2")), (":s", s("x")), (":t", s("y")), (":b", b(b"ab"))]);
    for (bounds, what, low, high) in [
        (":2 AND :1", "upper bound to be greater than or equal to lower bound", "N:2", "N:1"),
        (":t AND :s", "upper bound to be greater than or equal to lower bound", "S:y", "S:x"),
        (":1 AND :s", "same data type for lower and upper bounds", "N:1", "S:x"),
        (
            ":b AND :s",
            "same data type for lower and upper bounds",
            "B:java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]",
            "S:x",
        ),
    ] {
        let expected = format!(
            "The BETWEEN operator requires {what}; lower bound operand: AttributeValue: {{{low}}}, \
             upper bound operand: AttributeValue: {{{high}}}"
        );
        assert_eq!(fault(&format!("a BETWEEN {bounds}"), None, Some(&values)), expected, "{bounds}");
    }
    assert_eq!(fault("a BETWEEN :1 AND :1 OR a BETWEEN :1 AND :2", None, Some(&values)), "accepted");
}

#[test]
fn the_message_names_the_parameter_of_the_expression() {
    for (kind, parameter) in [
        (Kind::Condition, "ConditionExpression"),
        (Kind::Filter, "FilterExpression"),
        (Kind::KeyCondition, "KeyConditionExpression"),
        (Kind::Projection, "ProjectionExpression"),
        (Kind::Update, "UpdateExpression"),
    ] {
        let expected = format!("Invalid {parameter}: The expression can not be empty;");
        assert_eq!(message(kind, "", None, None), Some(expected));
    }
}
