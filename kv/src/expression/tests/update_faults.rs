use super::*;

fn fault(text: &str, names: Option<&Names>, values: Option<&Values>) -> String {
    let message = message(Kind::Update, text, names, values);
    message.map_or("accepted".to_owned(), |message| {
        message.strip_prefix("Invalid UpdateExpression: ").unwrap_or(&message).to_owned()
    })
}

#[test]
fn texts_outside_the_grammar_are_syntax_errors() {
    for text in [
        "whatever",
        "set a",
        "add a",
        "delete a",
        "set a=set",
        "remove a = b",
        "add a = b",
        "delete a = b",
        "delete a b",
        "delete a if_not_exist(b)",
        "add abort b",
        "remove a b",
        "set a b",
        "set :a = b",
        "add :a b",
        "remove :a",
        "set a = b / c",
        "set a = b * c",
        "set a[1] = \"eight\"",
        "set a[1] = 1",
        "SET a = if_not_exist(a, 100)",
        "SET if_not_exist(a, b) = a",
        "set (a = (b + c))",
        "set a = (b.c).d + e",
        "set a = b + c + d",
        "set a = b, set c = d",
        "set a = b,",
        "set a = ()",
        "set a = if_not_exists()",
        "set a = if_not_exists(b, c + d)",
        "set _a = b",
        "remove",
        "set",
        "a = b",
    ] {
        let fault = fault(text, None, None);
        assert!(fault.starts_with("Syntax error; token: \""), "{text}: {fault}");
    }
    assert_eq!(fault("INVALID SYNTAX", None, None), "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"");
    assert_eq!(fault("SET _123 = :v", None, None), "Syntax error; token: \"_\", near: \"SET _123\"");
}

#[test]
fn legal_updates_are_accepted() {
    let values = item(&[(":v", n("1")), (":l", l(&[])), (":s", ss(&["a"]))]);
    for text in [
        "SET a = :v",
        "set a=:v,b=a",
        "SET a = a + :v, b = :v - b",
        "SET a = (a + :v)",
        "SET a = (a) + (:v)",
        "SET a = ((b.c.d)+(e))",
        "SET a = (:v)",
        "SET a = if_not_exists(a, :v) + :v",
        "SET a = if_not_exists(a, if_not_exists(b, :v))",
        "SET a = list_append(if_not_exists(a, :l), :l)",
        "SET a[1] = b.c[2], b.d = :v",
        "REMOVE a, b.c, d[3]",
        "ADD a :v, b.c :s",
        "DELETE a :s",
        "SET a = :v REMOVE b ADD c :v DELETE d :s",
        "REMOVE b SET a = :v",
    ] {
        assert_eq!(fault(text, None, Some(&values)), "accepted", "{text}");
    }
}

#[test]
fn faults_are_reported_in_the_order_of_the_service() {
    let names = names(&[("#a", "a"), ("#b", "b")]);
    let values = item(&[(":a", s("a"))]);
    for (text, expected) in [
        (" set #c = :c set abOrt = true ", "Attribute name is a reserved keyword; reserved keyword: abOrt"),
        (" remove Absolute ", "Attribute name is a reserved keyword; reserved keyword: Absolute"),
        ("set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"),
        ("set a = size(b)", "The function is not allowed in an update expression; function: size"),
        ("set a = #c set c = :d", "The \"SET\" section can only be used once in an update expression;"),
        ("remove #d set a = b remove e", "The \"REMOVE\" section can only be used once in an update expression;"),
        ("add #d :e set a = b add e :f", "The \"ADD\" section can only be used once in an update expression;"),
        (
            "delete #d :e set a = b delete #e :f",
            "The \"DELETE\" section can only be used once in an update expression;",
        ),
        (
            "SET #c = if_not_exists(:c)",
            "An expression attribute name used in the document path is not defined; attribute name: #c",
        ),
        (
            "SET #a = :nope, b = #nope",
            "An expression attribute name used in the document path is not defined; attribute name: #nope",
        ),
        (
            "SET #a = if_not_exists(:c)",
            "An expression attribute value used in expression is not defined; attribute value: :c",
        ),
        (
            "SET a = :nope, a = b ADD c :a",
            "An expression attribute value used in expression is not defined; attribute value: :nope",
        ),
        (
            "SET a = b + :a, a = c ADD d :a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [a], path two: [a]",
        ),
        (
            "SET a = b + :a ADD d :a",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, \
             typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "SET a = b + :a, b = if_not_exists(c)",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S",
        ),
    ] {
        assert_eq!(fault(text, Some(&names), Some(&values)), expected, "{text}");
    }
}

#[test]
fn paths_that_are_written_may_not_overlap_or_conflict() {
    let names = names(&[("#c", "c"), ("#d", "[3]")]);
    for (text, how, one, two) in [
        ("set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", "overlap", "[c, [1], a]", "[c]"),
        ("set c.b.#c = a, c = a, #d = a", "overlap", "[c, b, c]", "[c]"),
        ("set a = b remove a, #c, #d", "overlap", "[a]", "[a]"),
        ("set #c[3].#d = a, #c[3] = a", "overlap", "[c, [3], [3]]", "[c, [3]]"),
        ("remove c, #c.a, #d", "overlap", "[c]", "[c, a]"),
        ("remove a, #c, a, #d", "overlap", "[a]", "[a]"),
        ("set #c[3].#d = a, #c.#d[3] = if_not_exists(a)", "conflict", "[c, [3], [3]]", "[c, [3], [3]]"),
        ("remove a.#c set a[1] = #d", "conflict", "[a, c]", "[a, [1]]"),
    ] {
        let expected = format!(
            "Two document paths {how} with each other; must remove or rewrite one of these paths; \
             path one: {one}, path two: {two}"
        );
        assert_eq!(fault(text, Some(&names), None), expected, "{text}");
    }
}

#[test]
fn add_and_delete_take_only_some_types() {
    let values = every_type();
    for (kind, long) in [
        ("s", "STRING"),
        ("n", "NUMBER"),
        ("b", "BINARY"),
        ("bool", "BOOLEAN"),
        ("null", "NULL"),
        ("l", "LIST"),
        ("m", "MAP"),
        ("ss", "STRING_SET"),
        ("ns", "NUMBER_SET"),
        ("bs", "BINARY_SET"),
    ] {
        for (section, allowed) in [("ADD", &["n", "ss", "ns", "bs"][..]), ("DELETE", &["ss", "ns", "bs"][..])] {
            let expected = if allowed.contains(&kind) {
                "accepted".to_owned()
            } else {
                format!(
                    "Incorrect operand type for operator or function; operator: {section}, operand type: {long}, \
                     typeSet: ALLOWED_FOR_{section}_OPERAND"
                )
            };
            assert_eq!(fault(&format!("{section} a.b :{kind}"), None, Some(&values)), expected);
        }
    }
}

#[test]
fn functions_and_sums_take_only_some_operands() {
    let values = every_type();
    for (text, function, allowed) in [
        ("SET a = list_append(:?, a)", "list_append", "l"),
        ("SET a = list_append(a, :?)", "list_append", "l"),
        ("SET a = a + :?", "+", "n"),
        ("SET a = :? + a", "+", "n"),
        ("SET a = a - :?", "-", "n"),
        ("SET a = (:? - a)", "-", "n"),
    ] {
        for kind in ["s", "n", "b", "bool", "null", "ss", "ns", "bs", "l", "m"] {
            let text = text.replace('?', kind);
            let expected = if kind == allowed {
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
    for (text, expected) in [
        (
            "set a = if_not_exists(c)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, \
             number of operands: 1",
        ),
        (
            "set a = list_append(c, d, e)",
            "Incorrect number of operands for operator or function; operator or function: list_append, \
             number of operands: 3",
        ),
        (
            "set a = if_not_exists(:s, c)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "set a = if_not_exists(if_not_exists(a, b), c)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
    ] {
        assert_eq!(fault(text, None, Some(&values)), expected, "{text}");
    }
}

#[test]
fn an_update_tells_which_attributes_it_writes() {
    let values = item(&[(":v", n("1"))]);
    let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
    let update = update("SET a = b.c, d[1] = e REMOVE f ADD g :v", &mut substitutions).unwrap();
    assert_eq!(update.targets().collect::<Vec<_>>(), ["a", "d", "f", "g"]);
}
