use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::key::{KeyAttribute, Keys};
use crate::model::ScalarAttributeType;

#[test]
fn an_expression_may_have_4096_bytes() {
    let at_limit = |size: usize| format!("attribute_exists({})", "a".repeat(size - "attribute_exists()".len()));
    assert_eq!(message(Kind::Condition, &at_limit(4096), None, None), None);
    assert_eq!(
        message(Kind::Condition, &at_limit(4097), None, None).unwrap(),
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"
    );
    for kind in [Kind::Projection, Kind::Update, Kind::KeyCondition, Kind::Filter] {
        let text = "é".repeat(2049);
        assert!(message(kind, &text, None, None).unwrap().ends_with("; expression size: 4098"));
    }
}

#[test]
fn an_expression_may_have_300_operators() {
    let values = item(&[(":v", n("1"))]);
    // One operator for each comparison and one between two of them.
    let chain = |comparisons: usize| vec!["a=:v"; comparisons].join(" OR ");
    assert_eq!(message(Kind::Filter, &chain(150), None, Some(&values)), None);
    assert_eq!(
        message(Kind::Filter, &format!("NOT {} AND NOT a=:v", chain(149)), None, Some(&values)).unwrap(),
        "Invalid FilterExpression: The expression contains too many operators; operator count: 301"
    );
    let calls = vec!["attribute_exists(a)"; 151].join(" OR ");
    assert_eq!(message(Kind::Filter, &calls, None, None), None, "calls are not operators");
    let sums = (0..301).map(|sum| format!("a{sum}=:v+:v")).collect::<Vec<_>>().join(",");
    assert_eq!(
        message(Kind::Update, &format!("SET {sums}"), None, Some(&values)).unwrap(),
        "Invalid UpdateExpression: The expression contains too many operators; operator count: 301"
    );
}

#[test]
fn the_list_of_in_may_have_100_operands() {
    let values: Values = (0..101).map(|value| (format!(":v{value}"), n(&value.to_string()))).collect();
    let text = |operands: usize| {
        let list: Vec<String> = (0..operands).map(|operand| format!(":v{operand}")).collect();
        format!("a IN ({})", list.join(", "))
    };
    assert_eq!(message(Kind::Filter, &text(100), None, Some(&values)), None);
    assert_eq!(
        message(Kind::Filter, &text(101), None, Some(&values)).unwrap(),
        "Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101"
    );
}

#[test]
fn a_path_may_have_32_levels() {
    let path = |levels: usize| vec!["a"; levels].join(".");
    assert_eq!(message(Kind::Projection, &path(32), None, None), None);
    assert_eq!(
        message(Kind::Projection, &path(33), None, None).unwrap(),
        "Invalid ProjectionExpression: The document path has too many nesting levels; nesting levels: 33"
    );
}

/// Runs `work` with half the stack a thread has by default.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap()
}

#[test]
fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
    let texts = [
        "(".repeat(4096),
        "NOT ".repeat(1024),
        "NOT(".repeat(1024),
        "f(".repeat(2048),
        "a=(".repeat(1365),
        "a=b OR (".repeat(512),
        "size(".repeat(819),
        "a[".repeat(2048),
        "a.".repeat(2048),
        "a IN (".repeat(682),
    ];
    for text in texts {
        let message = on_a_small_stack(move || message(Kind::Filter, &text, None, None));
        assert!(message.unwrap().starts_with("Invalid FilterExpression: "));
    }
    for text in ["SET a = ".to_owned() + &"(".repeat(4000), "SET a = ".to_owned() + &"list_append(".repeat(340)] {
        let message = on_a_small_stack(move || message(Kind::Update, &text, None, None));
        assert!(message.unwrap().starts_with("Invalid UpdateExpression: "));
    }
}

#[test]
fn the_deepest_legal_expressions_are_read_and_evaluated() {
    on_a_small_stack(|| {
        let values = item(&[(":v", n("1")), (":l", l(&[]))]);
        let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
        let text = format!("{}a = :v{}", "NOT (".repeat(299), ")".repeat(299));
        let deep = condition(Kind::Filter, &text, &mut substitutions).unwrap();
        assert!(!deep.evaluate(Some(&item(&[("a", n("1"))]))));
        assert!(deep.evaluate(None));
        let text = format!("SET a = {}:l{}", "if_not_exists(b, ".repeat(100), ")".repeat(100));
        let deep = update(&text, &mut substitutions).unwrap();
        assert_eq!(deep.apply(&item(&[])).unwrap().item, item(&[("a", l(&[]))]));
    });
}

#[test]
fn maps_of_names_and_values_are_checked() {
    let long = format!("#{}", "a".repeat(255));
    for (given, expected) in [
        (names(&[]), "ExpressionAttributeNames must not be empty".to_owned()),
        (names(&[("a", "a")]), "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"".to_owned()),
        (names(&[("#", "a")]), "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\"".to_owned()),
        (
            names(&[("#a-b", "a")]),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\"".to_owned(),
        ),
        (
            names(&[("#a", "")]),
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a".to_owned(),
        ),
        (
            names(&[(&long, "a")]),
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too \
             long; size of key: 256"
                .to_owned(),
        ),
    ] {
        assert_eq!(Substitutions::new(Some(&given), None).unwrap_err().message(), expected);
    }
    for (given, expected) in [
        (item(&[]), "ExpressionAttributeValues must not be empty"),
        (item(&[("a", n("1"))]), "ExpressionAttributeValues contains invalid key: Syntax error; key: \"a\""),
        (item(&[("#a", n("1"))]), "ExpressionAttributeValues contains invalid key: Syntax error; key: \"#a\""),
    ] {
        assert_eq!(Substitutions::new(None, Some(&given)).unwrap_err().message(), expected);
    }
}

#[test]
fn values_may_nest_32_levels() {
    let nested = |wraps: usize| item(&[(":v", (0..wraps).fold(n("1"), |inner, _| m(&[("k", inner)])))]);
    assert!(Substitutions::new(None, Some(&nested(31))).is_ok());
    let deep = nested(32);
    assert_eq!(
        Substitutions::new(None, Some(&deep)).unwrap_err().message(),
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    );
}

#[test]
fn names_and_values_that_no_expression_uses_are_refused() {
    let names = names(&[("#a", "a"), ("#unused", "b")]);
    let values = item(&[(":a", n("1")), (":unused", n("2"))]);
    let mut substitutions = Substitutions::new(Some(&names), Some(&values)).unwrap();
    condition(Kind::Filter, "#a = :a", &mut substitutions).unwrap();
    assert_eq!(
        substitutions.finish().unwrap_err().message(),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"
    );
    let mut substitutions = Substitutions::new(Some(&names), Some(&values)).unwrap();
    condition(Kind::Filter, "#a = :a", &mut substitutions).unwrap();
    projection("#unused", &mut substitutions).unwrap();
    assert_eq!(
        substitutions.finish().unwrap_err().message(),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"
    );
}

#[test]
fn unused_names_are_listed_in_the_order_of_the_service() {
    let names = names(&[("#a", "a"), ("#b", "b"), ("#p", "c")]);
    let substitutions = Substitutions::new(Some(&names), None).unwrap();
    assert_eq!(
        substitutions.finish().unwrap_err().message(),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#p, #a, #b}"
    );
}

#[test]
fn parameters_that_exclude_each_other_are_refused() {
    let update = [(Kind::Update, Some("SET a = :a")), (Kind::Condition, None)];
    assert!(check_parameters(&update, &[("AttributeUpdates", false)], true, true).is_ok());
    assert_eq!(
        check_parameters(&update, &[("Expected", false), ("AttributeUpdates", true)], false, false)
            .unwrap_err()
            .message(),
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
         {AttributeUpdates} Expression parameters: {UpdateExpression}"
    );
    assert_eq!(
        check_parameters(&[(Kind::Condition, None)], &[], false, true).unwrap_err().message(),
        "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
    );
    assert_eq!(
        check_parameters(&[(Kind::Update, None), (Kind::Condition, None)], &[], false, true).unwrap_err().message(),
        "ExpressionAttributeValues can only be specified when using expressions: \
         UpdateExpression and ConditionExpression are null"
    );
    assert_eq!(
        check_parameters(&[(Kind::Projection, None)], &[("AttributesToGet", true)], true, false).unwrap_err().message(),
        "ExpressionAttributeNames can only be specified when using expressions"
    );
}

const WORDS: [&str; 48] = [
    "a",
    "b",
    "c",
    "#n",
    "#m",
    "#x",
    ":v",
    ":l",
    ":s",
    ":x",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "0",
    "1",
    "10",
    ".",
    ",",
    ",",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "AND",
    "or",
    "Not",
    "BETWEEN",
    "IN",
    "SET",
    "remove",
    "ADD",
    "DELETE",
    "size(",
    "contains(",
    "begins_with(",
    "attribute_exists(",
    "attribute_type(",
    "if_not_exists(",
    "list_append(",
    "!",
    "status",
];

#[test]
fn names_and_values_have_two_mebibytes_together() {
    let names = names(&[("#n", &"n".repeat(1000))]);
    // ":v", "#n" and the name count too.
    let fits = item(&[(":v", s(&"v".repeat((2 << 20) - 1004)))]);
    assert!(Substitutions::new(Some(&names), Some(&fits)).is_ok());
    let too_many = item(&[(":v", s(&"v".repeat((2 << 20) - 1003)))]);
    assert!(Substitutions::new(Some(&names), Some(&too_many)).unwrap_err().message().contains("2097152 bytes"));
}

#[test]
fn a_name_behind_a_placeholder_has_at_most_65535_bytes() {
    assert!(Substitutions::new(Some(&names(&[("#n", &"n".repeat(65_535))])), None).is_ok());
    let message = Substitutions::new(Some(&names(&[("#n", &"n".repeat(65_536))])), None).unwrap_err().to_string();
    assert_eq!(message, "ExpressionAttributeNames contains invalid value: Attribute name is too long for key #n");
}

#[test]
fn an_update_that_copies_more_than_an_item_holds_is_refused() {
    let values = item(&[(":v", s(&"v".repeat(200_000))), (":l", l(&[s(&"e".repeat(200_000))]))]);
    let apply = |text: &str| {
        let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
        update(text, &mut substitutions).unwrap().apply(&Item::new()).map_err(|error| error.to_string())
    };
    let too_large = Err("Item size to update has exceeded the maximum allowed size".to_owned());
    assert!(apply("SET a = :v, b = :v").is_ok());
    assert_eq!(apply("SET a = :v, b = :v, c = :v"), too_large);
    assert!(apply("SET a = list_append(:l, :l)").is_ok());
    assert_eq!(apply("SET a = list_append(:l, :l), b = :v"), too_large);
    // Each repetition costs four bytes of text and would cost 200,000 of memory.
    let many: Vec<String> = (0..400).map(|nth| format!("a{nth}=:v")).collect();
    assert_eq!(apply(&format!("SET {}", many.join(","))), too_large);
}

/// Reads `text` as everything and applies what it turns out to be.
fn exercise(text: &str) {
    let names = names(&[("#n", "a"), ("#m", "b")]);
    let values = item(&[(":v", n("1")), (":l", l(&[n("1")])), (":s", ss(&["x"]))]);
    let sample = item(&[("a", l(&[n("1"), m(&[("b", n("2"))])])), ("b", m(&[("c", n("3"))])), ("c", n("4"))]);
    let mut substitutions = Substitutions::new(Some(&names), Some(&values)).unwrap();
    if let Ok(condition) = condition(Kind::Filter, text, &mut substitutions) {
        condition.evaluate(Some(&sample));
        condition.evaluate(None);
    }
    if let Ok(condition) = key_condition(text, &mut substitutions) {
        let attribute = |name: &str| KeyAttribute { name: name.into(), attribute_type: ScalarAttributeType::S };
        for partition in 1..=2 {
            let keys = Keys::of(["a", "b", "c"].map(attribute).into(), partition).unwrap();
            let _ = condition.resolve(&keys);
        }
    }
    if let Ok(projection) = projection(text, &mut substitutions) {
        let picked = projection.apply(&sample);
        assert_eq!(projection.apply(&picked).len(), picked.len());
    }
    if let Ok(update) = update(text, &mut substitutions)
        && let Ok(updated) = update.apply(&sample)
    {
        assert_eq!(updated.touched.len(), update.targets().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
        exercise(&text);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_reader_panic(
        words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..24),
        clause in proptest::sample::select(vec!["", "SET a = ", "REMOVE ", "ADD a ", "DELETE a ", "a = ", "a IN ("]),
    ) {
        let mut text = clause.to_owned();
        for word in words {
            let _ = write!(text, "{word} ");
        }
        exercise(&text);
    }

    #[test]
    fn a_condition_and_its_negation_never_agree(
        left in proptest::sample::select(vec!["a", "b.c", "c", "gone", ":v", "size(a)"]),
        right in proptest::sample::select(vec!["a[0]", "b", "gone2", ":v", "size(b)"]),
        comparator in proptest::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]),
    ) {
        let values = item(&[(":v", n("3"))]);
        let sample = item(&[("a", l(&[n("3")])), ("b", m(&[("c", n("3"))])), ("c", n("4"))]);
        let mut substitutions = Substitutions::new(None, Some(&values)).unwrap();
        let plain = condition(Kind::Filter, &format!("{left} {comparator} {right}"), &mut substitutions).unwrap();
        let negated = condition(Kind::Filter, &format!("NOT ({left} {comparator} {right})"), &mut substitutions).unwrap();
        prop_assert_ne!(plain.evaluate(Some(&sample)), negated.evaluate(Some(&sample)));
    }
}
