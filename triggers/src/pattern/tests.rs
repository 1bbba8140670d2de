use serde_json::{Value, json};

use super::{MAX_PATTERN_CHARS, Pattern, Shape};

fn matches(pattern: &Value, event: &Value) -> bool {
    Pattern::parse(&pattern.to_string()).unwrap().matches(event)
}

#[test]
fn each_operator_allows_what_it_should_and_nothing_else() {
    // The values that field `a` may have, values that are allowed, and values that are not.
    let table = [
        (json!(["x"]), vec![json!("x"), json!(["y", "x"])], vec![json!("X"), json!("xy"), json!(1), json!(null)]),
        (json!([""]), vec![json!("")], vec![json!("x"), json!(null)]),
        (json!([null]), vec![json!(null)], vec![json!(""), json!(0), json!(false)]),
        (json!([300]), vec![json!(300)], vec![json!(300.0), json!("300"), json!(301)]),
        (json!([true]), vec![json!(true)], vec![json!(false), json!("true")]),
        (json!(["x", 1]), vec![json!("x"), json!(1)], vec![json!("y"), json!(2)]),
        (json!([{"prefix": "us-"}]), vec![json!("us-east-1"), json!("us-")], vec![json!("US-"), json!("eu-us-")]),
        (json!([{"prefix": {"equals-ignore-case": "Us-"}}]), vec![json!("uS-east")], vec![json!("eu-")]),
        (json!([{"suffix": ".png"}]), vec![json!("a.png")], vec![json!("a.PNG"), json!(".pngx"), json!(1)]),
        (json!([{"suffix": {"equals-ignore-case": ".png"}}]), vec![json!("a.PNG")], vec![json!("a.gif")]),
        (json!([{"equals-ignore-case": "Ab"}]), vec![json!("aB"), json!("AB")], vec![json!("abc"), json!(1)]),
        (json!([{"anything-but": "x"}]), vec![json!("y"), json!(1)], vec![json!("x"), json!(null), json!({"b": 1})]),
        (json!([{"anything-but": ["x", 5]}]), vec![json!("5"), json!(6)], vec![json!("x"), json!(5)]),
        (json!([{"anything-but": 5}]), vec![json!(4)], vec![json!(5)]),
        (json!([{"anything-but": {"prefix": "x"}}]), vec![json!("yx")], vec![json!("x"), json!("xy")]),
        (json!([{"anything-but": {"suffix": ["x", "y"]}}]), vec![json!("xz")], vec![json!("zx"), json!("zy")]),
        (json!([{"anything-but": {"equals-ignore-case": "ab"}}]), vec![json!("abc")], vec![json!("AB")]),
        (json!([{"numeric": ["=", 100]}]), vec![json!(100), json!(100.0)], vec![json!(101), json!("100")]),
        (json!([{"numeric": [">", 10, "<=", 20]}]), vec![json!(10.5), json!(20)], vec![json!(10), json!(21)]),
        (json!([{"numeric": [">=", -1]}]), vec![json!(-1), json!(0)], vec![json!(-2), json!(null)]),
        (json!([{"numeric": ["<", 0]}]), vec![json!(-0.1)], vec![json!(0)]),
        (json!([{"exists": true}]), vec![json!("x"), json!(null), json!(0)], vec![json!({"b": 1})]),
    ];
    for (allowed, good, bad) in table {
        let pattern = json!({ "a": allowed });
        for value in good {
            assert!(matches(&pattern, &json!({ "a": value })), "{pattern} of {value}");
        }
        for value in bad {
            assert!(!matches(&pattern, &json!({ "a": value })), "{pattern} of {value}");
        }
        assert!(!matches(&pattern, &json!({})), "{pattern} of nothing");
    }
}

#[test]
fn a_field_that_is_not_there_can_be_asked_for_at_any_depth() {
    let pattern = json!({"a": {"b": [{"exists": false}]}});
    for event in [json!({}), json!({"a": {}}), json!({"a": {"c": 1}}), json!({"a": 1})] {
        assert!(matches(&pattern, &event), "{event}");
    }
    assert!(!matches(&pattern, &json!({"a": {"b": null}})));
    // An object is no leaf.
    assert!(matches(&pattern, &json!({"a": {"b": {"c": 1}}})));
}

#[test]
fn all_names_of_a_pattern_have_to_match_and_lists_are_looked_into() {
    let pattern = json!({"a": {"b": ["x"], "c": [1, 2]}, "d": [true]});
    assert!(matches(&pattern, &json!({"a": {"b": "x", "c": 2, "e": 0}, "d": true, "f": 0})));
    assert!(!matches(&pattern, &json!({"a": {"b": "x", "c": 3}, "d": true})));
    assert!(!matches(&pattern, &json!({"a": {"b": "x", "c": 1}})));
    assert!(matches(&pattern, &json!({"a": [{"b": "y"}, {"b": "x", "c": 1}], "d": [false, true]})));
    assert!(!matches(&pattern, &json!({"a": [{"b": "x"}, {"c": 1}], "d": true})));
}

#[test]
fn one_alternative_of_each_or_has_to_match() {
    let pattern = json!({"$or": [{"a": ["x"]}, {"b": {"c": [{"numeric": [">", 5]}]}}], "d": [1]});
    assert!(matches(&pattern, &json!({"a": "x", "d": 1})));
    assert!(matches(&pattern, &json!({"b": {"c": 6}, "d": 1})));
    assert!(!matches(&pattern, &json!({"b": {"c": 5}, "d": 1})));
    assert!(!matches(&pattern, &json!({"a": "x", "d": 2})));
    let nested = json!({"n": {"$or": [{"a": [{"exists": false}]}, {"a": ["x"]}]}});
    assert!(matches(&nested, &json!({})) && matches(&nested, &json!({"n": {"a": "x"}})));
    assert!(!matches(&nested, &json!({"n": {"a": "y"}})));
}

#[test]
fn what_is_no_pattern_is_refused_with_what_is_wrong() {
    for (text, wrong) in [
        ("{", "no JSON"),
        ("[]", "JSON object"),
        ("{}", "at least one field"),
        (r#"{"a": {}}"#, "at least one field"),
        (r#"{"a": []}"#, "is empty"),
        (r#"{"a": "x"}"#, "list of values"),
        (r#"{"a": [["x"]]}"#, "no list"),
        (r#"{"a": [{}]}"#, "one name"),
        (r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "one name"),
        (r#"{"a": [{"prefix": 1}]}"#, "needs a string"),
        (r#"{"a": [{"prefix": {"suffix": "x"}}]}"#, "no operator"),
        (r#"{"a": [{"like": "x"}]}"#, "no operator"),
        (r#"{"a": [{"equals-ignore-case": {"equals-ignore-case": "x"}}]}"#, "no operator"),
        (r#"{"a": [{"exists": "yes"}]}"#, "true or false"),
        (r#"{"a": [{"anything-but": []}]}"#, "at least one"),
        (r#"{"a": [{"anything-but": [null]}]}"#, "strings and numbers"),
        (r#"{"a": [{"numeric": []}]}"#, "one comparison"),
        (r#"{"a": [{"numeric": 5}]}"#, "list of operators"),
        (r#"{"a": [{"numeric": [">"]}]}"#, "followed by a number"),
        (r#"{"a": [{"numeric": ["!", 1]}]}"#, "no operator"),
        (r#"{"a": [{"numeric": [">", "1"]}]}"#, "with numbers"),
        (r#"{"a": [{"numeric": [">", 5, "<", 5]}]}"#, "below"),
        (r#"{"a": [{"numeric": ["<", 5, ">", 1]}]}"#, "lower bound and an upper"),
        (r#"{"$or": [{"a": ["x"]}]}"#, "at least two"),
        (r#"{"$or": [{"a": ["x"]}, 5]}"#, "at least two"),
    ] {
        let error = Pattern::parse(text).unwrap_err();
        assert!(error.contains(wrong), "{text}: {error}");
    }
    let long = json!({"a": ["x".repeat(MAX_PATTERN_CHARS)]}).to_string();
    assert!(Pattern::parse(&long).unwrap_err().contains("4096"));
    let deep = format!("{}{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    assert!(Pattern::parse(&deep).is_err());
}

#[test]
fn it_is_known_whether_a_pattern_looks_into_a_field() {
    let pattern = Pattern::parse(&json!({"$or": [{"body": ["x"]}, {"body": {"a": [1]}}]}).to_string()).unwrap();
    assert_eq!(pattern.shapes("body"), [Shape::Values, Shape::Object]);
    assert_eq!(pattern.shapes("data"), []);
}
