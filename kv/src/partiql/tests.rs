use std::ops::Range;

use proptest::prelude::*;

use super::Bound;
use crate::value::AttributeValue;

/// Reads a statement with as many parameters as it asks for, up to three.
fn read(text: &str) -> crate::Result<Bound> {
    let parameters = ["a", "b", "c"].map(|text| AttributeValue::S(text.into()));
    let count = text.matches('?').count().min(parameters.len());
    Bound::new(text, &parameters[..count])
}

#[track_caller]
fn assert_refused(text: &str, message: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), message, "{text}");
}

#[track_caller]
fn assert_malformed(text: &str, detail: &str) {
    assert_refused(text, &format!("Statement wasn't well formed, can't be processed: {detail}"));
}

#[test]
fn statements_of_the_documentation_are_read() {
    for text in [
        r#"SELECT OrderID, Total FROM "Orders" WHERE OrderID IN [1, 2, 3] ORDER BY OrderID DESC"#,
        r#"SELECT * FROM "Orders" WHERE OrderID = 100 OR (OrderID = 5 AND Total > 7)"#,
        "SELECT * FROM Music WHERE Artist=? and SongTitle=?",
        r#"SELECT Devices.FireStick.DateWatched[0] FROM WatchList WHERE UserID = 'U1' AND Devices.FireStick[0] = 1"#,
        r#"SELECT * FROM "Orders"."by-day" WHERE size("Image") > 300 AND NOT attribute_type("Total", 'N')"#,
        r#"SELECT * FROM Orders WHERE contains("Address", 'Kirkland') AND begins_with("Address", '7834 24th')"#,
        "SELECT * FROM Music WHERE Awards is MISSING AND x IS NOT MISSING AND y IS NULL AND z IS NOT NULL",
        "SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN 1 AND 2 AND c NOT IN (1, 2) AND d <> 1 AND e != 1;",
        "SELECT * FROM t WHERE x IS DOUBLE PRECISION OR x IS CHARACTER VARYING OR x IS BAG OR x IS INT4",
        r#"INSERT INTO "Music" value {'Artist' : 'Acme''s', 'b': true, 'n': null, 'l': [1, -.5e3], 's': <<'a', 'b'>>}"#,
        r#"UPDATE "Music" SET AwardsWon=1 SET AwardDetail={'Grammys':[2020, 2018]} REMOVE a.b[1] WHERE Artist='Acme'"#,
        r#"UPDATE "Music" SET n = n + 1, l = list_append(l, [2016]), s = set_add(s, <<'m'>>) WHERE k = ? RETURNING ALL NEW *"#,
        r#"DELETE FROM "Music" WHERE "Artist" = 'Acme' AND "SongTitle" = 'x' RETURNING ALL OLD *"#,
        "FROM t WHERE k = 1 SET a = 2 REMOVE b RETURNING MODIFIED OLD *",
        "EXISTS(SELECT * FROM Music WHERE Artist='Acme' AND SongTitle='x' AND Awards IS MISSING)",
        "-- a note\nSELECT/**/* FROM t -- another\n WHERE k /* key */ = 'a--b /*c*/'",
        "select * from t where attribute_exists(a) = true and (b = 5 or c = 'x') = false",
    ] {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
    }
}

#[test]
fn what_is_not_well_formed_is_refused_with_the_words_of_the_parser() {
    for (text, detail) in [
        ("SELECT * FROM t WHERE pk = 1 foo", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1 e5", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE pk = 1)", "Unexpected token after expression"),
        ("SELECT * FROM t ORDER BY pk WHERE pk = 1", "Unexpected token after expression"),
        ("SELECT * FROM t; SELECT * FROM t", "Unexpected token after expression"),
        ("INSERT INTO t VALUE {'pk': 1} foo", "Unexpected token after expression"),
        ("INSERT INTO t x VALUE {'pk': 'x'}", "Unexpected token after expression"),
        ("DELETE FROM t WHERE pk = 1 ORDER BY pk", "Unexpected token after expression"),
        ("FROM t SET c = 1 WHERE pk = 'a'", "Unexpected token after expression"),
        ("UPDATE t REMOVE a, b WHERE pk = 'a'", "Unexpected token after expression"),
        ("SLECT * FROM t WHERE pk = 'a'", "Expected data manipulation"),
        ("UPDATE t WHERE pk = 'a'", "Expected data manipulation"),
        ("SELECTT * FROMM t", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE", "Unexpected term"),
        ("SELECT * FROM t WHERE;", "Unexpected term"),
        ("SELECT * FROM t WHERE NOT", "Unexpected term"),
        ("SELECT * FROM t WHERE (", "Unexpected term"),
        ("SELECT * FROM", "Unexpected term"),
        ("", "Unexpected term"),
        ("SELECT * FROM t WHERE a = [1,]", "Unexpected term"),
        ("SELECT * FROM t WHERE pk = :p", "Unexpected term"),
        ("SELECT * FROM t WHERE pk = 'a' AND", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE pk = 'a' OR", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE pk =", "Missing right-hand side expression of infix operator"),
        ("SELECT * FROM t WHERE ORDER BY pk", "Unexpected keyword"),
        ("SELECT * FROM t WHERE pad = 1", "Unexpected keyword"),
        ("SELECT * FROM t WHERE IS NULL", "Unexpected operator"),
        ("SELECT * FROM t WHERE pk = LIKE", "Unexpected operator"),
        ("SELECT * FROM t WHERE pk = 'a' AND x IS FOO", "Expected type name"),
        ("SELECT * FROM t WHERE a BETWEEN 1", "Expected AND keyword"),
        ("SELECT * FROM t WHERE a BETWEEN 1 AND", "Expected expression after AND"),
        ("SELECT * FROM t WHERE attribute_exists(m.inner)", "Invalid path dot component"),
        ("SELECT * FROM t WHERE (a = 1", "Expected RIGHT_PAREN"),
        ("SELECT a", "Expected FROM after SELECT list"),
        ("DELETE t", "Expected FROM after DELETE"),
        ("DELETE FROM", "Expected identifier for simple path"),
        ("DELETE FROM;", "Expected identifier for simple path"),
        ("DELETE FROM WHERE pk = 'a'", "Expected identifier for simple path"),
        ("UPDATE t SET WHERE", "Expected identifier for simple path"),
        ("UPDATE t SET a 1", "Expected '='"),
        (
            "UPDATE t SET a = 1 WHERE k = 1 RETURNING *",
            "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.",
        ),
        ("SELECT * FROM t WHERE pk = 1e2147483648", ""),
        ("SELECT * FROM t WHERE pk = 1e99999999999", ""),
        ("SELECT * FROM t WHERE pk = 1.5e-2147483647", ""),
        ("SELECT * FROM t WHERE pk = 1 # note", ""),
        ("SELECT * FROM t WHERE pk = 1 /* note", ""),
        ("SELECT * FROM \"t", ""),
        ("SELECT * FROM t WHERE pk = 'a", ""),
    ] {
        assert_malformed(text, detail);
    }
}

#[test]
fn what_the_service_does_not_do_is_refused_before_a_table_is_looked_for() {
    let overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
    let underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
    let operand = "Incorrect operand type for operator or function; operator or function";
    for (text, message) in [
        ("SELECT * FROM t x WHERE pk = 'a'", "Aliasing is not supported"),
        ("SELECT * FROM t AS x WHERE pk = 'a'", "Aliasing is not supported"),
        ("UPDATE t x SET a = 3 WHERE pk = 'a'", "Aliasing is not supported"),
        ("DELETE FROM t x WHERE pk = 'a'", "Aliasing is not supported"),
        ("SELECT id FROM dbimp_page LIMIT 5", "Unsupported clause: LIMIT at 1:33:1"),
        ("SELECT * FROM a, b", "FROM clause may only contain a single table name"),
        ("SELECT * FROM \"\" WHERE pk = 'a'", "Path component cannot be an empty string"),
        ("SELECT * FROM a.\"\" WHERE pk = 'a'", "Path component cannot be an empty string"),
        ("SELECT * FROM a.b.c WHERE pk = 'a'", "A path may contain at most 2 components in the FROM clause"),
        ("INSERT INTO a.b VALUE {'pk': 'a'}", "FROM clause may only contain a single table name"),
        ("UPDATE a.b SET c = 1 WHERE pk = 'a'", "This operation is not supported on an index"),
        ("DELETE FROM a.b WHERE pk = 'a'", "This operation is not supported on an index"),
        ("x IS INT4", "Unsupported operation: IsType"),
        ("SELECT * FROM t WHERE pk = 1e126", &format!("{overflow} under root")),
        ("SELECT * FROM t WHERE pk = 1e-131", &format!("{underflow} under root")),
        ("INSERT INTO t VALUE {'pk': 1, 'm': {'x': 1e126}}", &format!("{overflow} under root.x")),
        ("INSERT INTO t VALUE {'pk': 1, 'l': [1, 1e126]}", &format!("{overflow} under root[1]")),
        ("INSERT INTO t VALUE {'s': <<>>}", "Empty bags are not supported"),
        (
            "INSERT INTO t VALUE {'s': <<1, 'a'>>}",
            "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags",
        ),
        (
            "UPDATE t SET n = <<2, 2.0>> WHERE k = 1",
            "One or more parameter values were invalid: Input collection [2, 2.0] contains duplicates! under root",
        ),
        ("UPDATE t SET x = [?] WHERE k = 1", "Unsupported data type: Parameter under key root[0] at 1:19:1"),
        ("INSERT INTO t VALUE {'s': set_add(<<'a'>>, 1)}", "Unsupported data type: set_add under key root at 1:27:7"),
        ("SELECT * FROM t WHERE EXISTS(ss)", "Unrecognized function: exists at 1:23:6"),
        (
            "UPDATE t SET a = set_add(b, <<1>>) WHERE k = 1",
            "The first argument to SET_ADD must equal the assignment value at 1:18:7",
        ),
        (
            "UPDATE t\nSET a = set_add(a, 'x')\nWHERE k = 1",
            "The second argument to SET_ADD must be a value with type SET at 2:17:1",
        ),
        ("UPDATE t SET a = SET_DELETE(a) WHERE k = 1", "SET_DELETE must have exactly two arguments at 1:18:10"),
        ("UPDATE t SET n = 'a' + 1 WHERE k = 1", &format!("{operand}: +, operand type: S")),
        ("SELECT * FROM t WHERE a < true", &format!("{operand}: <, operand type: BOOL")),
        ("SELECT * FROM t WHERE attribute_exists(n) > false", &format!("{operand}: >, operand type: BOOL")),
        ("SELECT * FROM t WHERE a > -?", "Unsupported operator in Condition Expression. Operator: -"),
        (
            "SELECT * FROM t WHERE attribute_exists('ss')",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "DELETE FROM t WHERE pk = 'x' RETURNING MODIFIED OLD *",
            "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
        ),
        ("REMOVE l[-1]", "Statement wasn't well formed, can't be processed: Unexpected keyword"),
        ("UPDATE t REMOVE l[-1] WHERE k = 1", "List index is not within the allowable range; index: [-1] at 1:20:1"),
        (
            "UPDATE t REMOVE l[2147483648] WHERE k = 1",
            "List index is not within the allowable range; index: [2147483648] at 1:19:10",
        ),
    ] {
        assert_refused(text, message);
    }
}

#[test]
fn parameters_and_question_marks_are_of_one_number() {
    let message = "Number of parameters in request and statement don't match.";
    for (text, given) in
        [("SELECT * FROM t WHERE a = ?", 0), ("SELECT * FROM t WHERE a = ?", 2), ("SELECT * FROM t", 1)]
    {
        let parameters = vec![AttributeValue::Null; given];
        assert_eq!(Bound::new(text, &parameters).unwrap_err().to_string(), message, "{text} with {given}");
    }
    assert!(Bound::new("SELECT * FROM t WHERE a = '?' AND \"b?\" = ? -- ?", &[AttributeValue::Null]).is_ok());
}

#[test]
fn values_nest_31_levels_in_a_list_or_a_map() {
    let nested = |levels: usize| {
        format!("INSERT INTO t VALUE {{'pk': 'a', 'd': {}1{}}}", "{'a':".repeat(levels), "}".repeat(levels))
    };
    assert!(read(&nested(31)).is_ok());
    let message = format!("Nesting Levels have exceeded supported limits under root{}", ".a".repeat(32));
    assert_refused(&nested(32), &message);
}

#[test]
fn hostile_statements_are_errors() {
    let many = |part: &str, count: usize| part.repeat(count);
    for text in [
        format!("SELECT * FROM t WHERE {}", many("(", 8000)),
        format!("SELECT * FROM t WHERE {}a = 1", many("NOT ", 2000)),
        format!("SELECT * FROM t WHERE a = {}1", many("- ", 4000)),
        format!("SELECT * FROM t WHERE a = {}", many("[", 8000)),
        format!("SELECT * FROM t WHERE a = {}", many("{'a':", 1500)),
        format!("SELECT * FROM t WHERE a = {}", many("<<", 4000)),
        format!("SELECT * FROM t WHERE {}", many("f(", 4000)),
        format!("SELECT * FROM t WHERE a{} = 1", many("[0]", 2600)),
        format!("SELECT * FROM t WHERE a{} = 1", many(".b", 4000)),
        format!("SELECT * FROM t WHERE a{}", many("[a", 4000)),
        format!("SELECT * FROM t WHERE a{}", many(" = a", 2000)),
        format!("SELECT * FROM t WHERE attribute_exists(a){}", many(" = b", 2000)),
        format!("SELECT * FROM t WHERE a = 1{}", many(" OR a = 1", 800)),
        format!("UPDATE t SET a = 1{} WHERE k = 1", many(" + 1", 2000)),
        format!("UPDATE t SET a = {} WHERE k = 1", many("list_append(", 600)),
        format!("{}* FROM t", many("SELECT ", 1100)),
        format!("SELECT * FROM {}t", many("(SELECT * FROM ", 500)),
        many("FROM ", 1600),
        many("EXISTS(SELECT * FROM t WHERE ", 250),
        many("/*", 4000),
        many("-", 8000),
        many("'", 8191),
        many("\u{1d11e}", 2000),
        format!("SELECT * FROM t WHERE a = {}", many("9", 8000)),
        format!("SELECT * FROM t WHERE a = .{}e-{}", many("0", 4000), many("9", 4000)),
    ] {
        assert!(read(&text).is_err(), "{} …", &text.chars().take(60).collect::<String>());
    }
}

#[test]
fn a_comparison_of_comparisons_is_as_large_as_its_text() {
    // Each truth is evaluated once, however long the chain is.
    let chain = format!("SELECT * FROM t WHERE attribute_exists(a){}", " = b".repeat(90));
    assert!(read(&chain).is_ok());
}

const PIECES: [&str; 58] = [
    "SELECT",
    "*",
    "FROM",
    "t",
    "\"t\"",
    ".",
    "WHERE",
    "pk",
    "=",
    "'a'",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<<",
    ">>",
    ",",
    ":",
    "?",
    "1",
    "-",
    "+",
    "1e5",
    "IN",
    "BETWEEN",
    "IS",
    "MISSING",
    "NULL",
    "INSERT",
    "INTO",
    "VALUE",
    "UPDATE",
    "SET",
    "REMOVE",
    "DELETE",
    "RETURNING",
    "ALL",
    "OLD",
    "EXISTS",
    "size",
    "begins_with",
    "set_add",
    "list_append",
    "ORDER",
    "BY",
    "LIMIT",
    "--",
    "/*",
    "*/",
    ";",
    "true",
    "<",
    "@",
];

proptest! {
    #[test]
    fn no_sequence_of_tokens_panics(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        let _ = read(&pieces.join(" "));
    }

    #[test]
    fn no_statement_with_a_part_changed_panics(
        which in 0..6_usize,
        cut in any::<prop::sample::Index>(),
        length in 0..12_usize,
        put in prop::sample::select(&PIECES[..]),
    ) {
        let text = [
            "SELECT a.b[1], c FROM \"t\".\"i\" WHERE pk IN ['a', ?] AND (sk > 1 OR size(x) = 2) ORDER BY sk DESC",
            "INSERT INTO \"t\" VALUE {'pk': ?, 'm': {'x': [1, -.5]}, 's': <<'a', 'b'>>, 'n': null}",
            "UPDATE t SET a = a + 1, b.c = list_append(b.c, [?]) REMOVE d[0] WHERE pk = 'a' RETURNING ALL NEW *",
            "DELETE FROM t WHERE pk = 'a' AND NOT begins_with(x, 'b') RETURNING ALL OLD *",
            "FROM t WHERE pk = 'a' SET s = set_add(s, <<1, 2>>) SET x = {'a': true}",
            "EXISTS(SELECT * FROM t WHERE pk = 'a' AND x IS NOT MISSING AND y BETWEEN 1 AND 2)",
        ][which];
        let start = cut.index(text.len());
        let range: Range<usize> = start..(start + length).min(text.len());
        let mut changed = text.to_owned();
        changed.replace_range(range, put);
        let _ = read(&changed);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = read(&text);
    }
}
